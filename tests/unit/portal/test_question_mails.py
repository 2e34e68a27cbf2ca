"""A question asked of nobody in particular is told to those who may answer: once each, in their language, if they wish."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from bridge.hub.models import Letter, Membership, Question
from bridge.jobs import helping, letters, notices, questions, reminders, ticking
from tests import factories
from tests.unit.portal.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(mine):
    """Two managers, an accountant, a viewer and a manager who was switched off, of different languages."""
    Membership.objects.filter(organization=mine.organization).delete()
    told = (
        ("carla", "manager", "fr"),
        ("marc", "manager", "en"),
        ("zoe", "accountant", "fr"),
        ("vera", "viewer", "en"),
    )
    made = {
        name: person(mine.organization, role, email=f"{name}@client.example", language=language)
        for name, role, language in told
    }
    person(mine.organization, "manager", email="gone@client.example", is_active=False)
    return made


def readers():
    return sorted(one.to[0].partition("@")[0] for one in mail.outbox)


def send_all():
    for letter in Letter.objects.filter(state="waiting"):
        letters.send(letter.pk)


def test_the_managers_are_told_once_each_in_their_own_language(mine, people):
    assert notices.question_asked(mine.question.pk) == 2
    assert notices.question_asked(mine.question.pk) == 0
    Question.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    notices.tick()
    send_all()
    assert readers() == ["carla", "marc"]
    told = {one.to[0].partition("@")[0]: one for one in mail.outbox}
    assert "Qu’est-ce que Ptarmigan" in told["carla"].body and "What is Ptarmigan" in told["marc"].body
    assert f"/portal/{mine.organization.pk}/questions/{mine.question.pk}/" in told["marc"].body


def test_the_beat_tells_them_where_the_bell_got_lost(mine, people):
    notices.tick()
    assert not Letter.objects.exists(), "its own bell may still come"
    Question.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    ticking.tick()
    ticking.tick()
    send_all()
    assert readers() == ["carla", "marc"]


def test_accountants_are_told_where_no_manager_wants_to_be(mine, people):
    questions.want_mails(mine.organization, people["carla"], wanted=False)
    notices.question_asked(mine.question.pk)
    assert readers() == ["marc"]
    questions.want_mails(mine.organization, people["marc"], wanted=False)
    mail.outbox.clear()
    notices.question_asked(mine.question.pk)
    assert readers() == ["zoe"]
    questions.want_mails(mine.organization, people["zoe"], wanted=False)
    assert questions.addressees(mine.question) == []


def test_passed_on_it_goes_to_the_accountant_also_without_the_wish_and_to_nobody_else(mine, people):
    questions.want_mails(mine.organization, people["zoe"], wanted=False)
    late = letters.add(people["carla"], "question", f"question:{mine.question.pk}:{people['carla'].pk}",
                       question=mine.question)  # fmt: skip
    questions.pass_on(mine.question, people["zoe"], people["marc"])
    notices.question_asked(mine.question.pk)
    letters.send(late.pk)
    assert readers() == ["zoe"]


def test_what_staff_ask_their_own_house_is_mailed_to_no_client(mine, people):
    asked = helping.ask(mine.integration, "connect", "How do I?", factories.staff())
    assert notices.question_asked(asked.pk) == 0
    Question.objects.filter(pk=asked.pk).update(asked_at=timezone.now() - timedelta(minutes=5))
    mine.question.delete()
    ticking.tick()
    send_all()
    assert not mail.outbox


def test_all_of_them_are_reminded_and_a_stranger_never(mine, theirs, people):
    Question.objects.update(asked_at=timezone.now() - timedelta(days=4), due_on=factories.today() + timedelta(days=3))
    theirs.question.delete()
    Letter.objects.all().delete()
    assert reminders.tick() == 2 and reminders.tick() == 0
    send_all()
    assert readers() == ["carla", "marc"]
    assert all("Ptarmigan" in one.body for one in mail.outbox)


@pytest.mark.parametrize("role", ["manager", "accountant"])
def test_a_person_says_on_the_page_that_they_want_no_such_mails(client, mine, role):
    who = person(mine.organization, role, language="en")
    client.force_login(who)
    page = f"/portal/{mine.organization.pk}/questions/"
    assert "No such mails for me" in client.get(page).content.decode()
    told = client.post(f"{page}mails/", {"mails": "no"}, follow=True).content.decode()
    assert "You get no mail of new questions any more" in told and "Mail me again" in told
    assert not Membership.objects.get(user=who).question_mails
    assert Membership.objects.filter(question_mails=False).count() == 1
    client.post(f"{page}mails/", {"mails": "yes"})
    assert Membership.objects.get(user=who).question_mails


def test_a_viewer_has_nothing_to_choose(client, mine):
    client.force_login(person(mine.organization, "viewer", language="en"))
    page = f"/portal/{mine.organization.pk}/questions/"
    assert "No such mails" not in client.get(page).content.decode()
    assert client.post(f"{page}mails/", {"mails": "no"}).status_code == 403
