"""A question is brought to mind when half of its time is over and on its day: once a day, in the reader's language."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone, translation

from bridge.hub.models import Connection, Letter, Question, ValueMap
from bridge.jobs import letters, questions, reminders, ticking, values
from bridge.staff import today as desk
from tests import factories
from tests.unit.portal.conftest import furnish, person

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/Toronto")
ASKED = date(2026, 3, 2)
DUE_FR = "Était attendu le"


@pytest.fixture
def carla(mine):
    """Somebody of the client, who reads French."""
    return person(mine.organization, "manager", language="fr", time_zone="America/Toronto")


@pytest.fixture
def question(mine, carla):
    """A question of the second of March that is due eight days later."""
    found = mine.question
    Question.objects.filter(pk=found.pk).update(asked_of=carla, due_on=ASKED + timedelta(days=8), asked_at=at(ASKED))
    found.refresh_from_db()
    return found


def at(day, hour=10):
    return datetime.combine(day, time(hour), ZONE)


def beats(days, monkeypatch):
    """Let two beats fall on each day; return the days, counted from the asking, on which a mail left."""
    left = []
    for number in days:
        for hour in (9, 15):
            now = at(ASKED + timedelta(days=number), hour)
            monkeypatch.setattr(timezone, "now", lambda now=now: now)
            reminders.tick(now)
            for letter in Letter.objects.filter(state="waiting"):
                before = len(mail.outbox)
                letters.send(letter.pk)
                left += [number] * (len(mail.outbox) - before)
    return left


def test_reminded_at_half_time_and_on_the_day_and_then_no_more(question, monkeypatch):
    assert beats(range(25), monkeypatch) == [4, 8]
    assert {tuple(one.to) for one in mail.outbox} == {(question.asked_of.email,)}


def test_the_mail_speaks_the_readers_language_and_says_what_waits_and_when_it_is_due(question, monkeypatch):
    beats([8], monkeypatch)
    one = mail.outbox[0]
    assert "Qu’est-ce que Ptarmigan" in one.body and f"/questions/{question.pk}/" in one.body
    assert "10 mars 2026" in one.body and "127.0.0.1" not in one.subject


def test_several_questions_of_a_day_are_one_mail(question, monkeypatch):
    other = Question.objects.create(
        integration=question.integration, code="help:guide", asked_of=question.asked_of, due_on=question.due_on,
        text={"en": "And this?", "fr": "Et ceci ?"}, choices=[],
    )  # fmt: skip
    Question.objects.filter(pk=other.pk).update(asked_at=at(ASKED))
    assert beats(range(10), monkeypatch) == [4, 8]
    assert "Et ceci" in mail.outbox[0].body and "Ptarmigan" in mail.outbox[0].body


def test_an_answered_question_is_not_brought_to_mind_even_by_a_letter_written_before(question, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: at(ASKED + timedelta(days=4)))
    assert reminders.tick() == 1 and reminders.tick() == 0, "two beats write one letter"
    Question.objects.update(answered_at=at(ASKED), answer="1")
    letters.send(Letter.objects.get().pk)
    assert not mail.outbox and Letter.objects.get().state == "needless"


def test_after_passing_on_the_other_person_is_reminded_and_not_on_the_day_of_the_first_mail(
    question, mine, monkeypatch
):
    zoe = person(mine.organization, "accountant")
    Question.objects.filter(pk=question.pk).update(asked_of=zoe)
    now = at(ASKED + timedelta(days=5))
    monkeypatch.setattr(timezone, "now", lambda: now)
    letters.add(zoe, "question", f"question:{question.pk}:{zoe.pk}", question=question)
    assert reminders.tick() == 0
    assert beats([5, 6, 7, 8], monkeypatch).count(8) == 1
    assert mail.outbox[-1].to == [zoe.email] and mail.outbox[-1].subject.startswith("Reminder")


def test_an_old_question_found_after_a_long_pause_reminds_nobody(question, monkeypatch):
    assert beats([40], monkeypatch) == []


def test_the_beat_writes_reminders(question):
    asked = timezone.now() - timedelta(days=4)
    Question.objects.update(asked_at=asked, due_on=factories.today() + timedelta(days=3))
    letters.add(question.asked_of, "question", f"question:{question.pk}:{question.asked_of_id}", question=question)
    Letter.objects.update(made_at=asked)
    ticking.tick()
    assert Letter.objects.filter(key__startswith=reminders.KEY).count() == 1


def test_overdue_it_stays_open_is_marked_for_the_client_and_stands_on_today(question, mine, client):
    assert question in questions.waiting(question.asked_of)
    client.force_login(question.asked_of)
    page = client.get(f"/portal/{mine.organization.pk}/questions/").content.decode()
    assert f"<strong>{DUE_FR}" in page
    ann = factories.staff()
    theirs = furnish("Dépanneur Inventé", "Wolverine")
    Question.objects.filter(pk=theirs.question.pk).update(due_on=factories.today() + timedelta(days=1))
    with translation.override("en"):
        needs = desk._questions(desk.Scope(ann, None, "", False))
    assert [(need.count, need.note) for need in needs] == [(1, "Atelier Inventé")]


def test_no_question_names_a_machine(mine):
    Connection.objects.filter(pk=mine.integration.right_id).update(account_name="127.0.0.1:9100/shop")
    pair = factories.integration(
        recipe="quickbooks_magento", right=factories.connection(vendor="magento", account_name="localhost:9100/x")
    )
    row = ValueMap.objects.create(integration=pair, kind="tax", source_key="TPS")
    told = values.question_text(row)
    assert "localhost" not in str(told) and "9100" not in str(told) and "TPS" in told["fr"]
    assert "Magento" in told["en"]
