"""Mails that always leave: once each, again until they have left, grouped, with the cure, in the reader's language."""

import socketserver
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Connection, Integration, Letter, Membership, Notice, Question, Run
from bridge.jobs import health, letters, notices, ticking
from tests import factories
from tests.house import free_port
from tests.unit.reports.test_reports_kept import Killed, dies_at

pytestmark = pytest.mark.django_db
SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Post(socketserver.ThreadingTCPServer):
    """A mail server on loopback that refuses as many recipients as it is told to, and keeps what it took."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, refuse: int = 0) -> None:
        self.refuse, self.taken = refuse, []
        super().__init__(("127.0.0.1", 0), Talk)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Talk(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs."""

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                kept = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    kept += line
                self.server.taken.append(kept.decode("utf-8", "replace"))
                self.say("250 taken")
            elif word == b"RCPT" and self.server.refuse > 0:
                self.server.refuse -= 1
                self.say("550 SECRET-mailbox of nobody")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 yes")

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def post(settings):
    """A mail server, and Bridge told to use it."""
    server = Post()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", server.server_address[1]
    settings.EMAIL_USE_TLS = False
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def lost():
    """A connection that needs a person, of a client with an owner and a manager."""
    ann = factories.staff("ann@house.example", language="en")
    owner = factories.organization(name="Atelier Inventé", owner=ann)
    pair = factories.integration(owner, last_good_at=timezone.now())
    carla = factories.client_person(owner, email="carla@client.example", language="fr")
    Membership.objects.filter(user=carla).update(role="manager")
    factories.client_person(owner, email="vera@client.example")
    Connection.objects.filter(pk=pair.left_id).update(
        state="attention", reason_code="CONNECTION-ATTENTION", reason_params={"account": "Livres"},
        account_name="Livres de l’atelier",
    )  # fmt: skip
    pair.refresh_from_db()
    return pair


def send_all() -> int:
    return sum(letters.send(pk) for pk in Letter.objects.values_list("pk", flat=True))


def told(address: str):
    (found,) = [item for item in mail.outbox if item.to == [address]]
    return found


def test_office_and_client_are_told_to_reconnect_each_in_their_words_and_language(lost):
    assert notices.reconnect_needed(lost.left_id) == 2
    notices.group()
    assert send_all() == 2
    assert {item.to[0] for item in mail.outbox} == {"ann@house.example", "carla@client.example"}, "viewers cannot act"
    ann, carla = told("ann@house.example"), told("carla@client.example")
    assert f"https://bridge.example/admin/connections/{lost.left_id}/" in ann.body
    assert f"https://bridge.example/portal/{lost.organization_id}/connections/{lost.left_id}/connect/" in carla.body
    assert "no longer lets Bridge in" in ann.body and "Livres de l’atelier" in ann.subject
    for item, language in ((ann, "en"), (carla, "fr")):
        (html,) = [part for part, kind in item.alternatives if kind == "text/html"]
        assert f'<html lang="{language}">' in html and "#0b5d66" in html and 'href="https://bridge.example' in html
        assert item.extra_headers["Auto-Submitted"] == "auto-generated"


def test_one_cause_is_one_mail_a_day_whatever_finds_it(lost):
    for _ in range(3):
        notices.reconnect_needed(lost.left_id)
        notices.tick()
        send_all()
    assert len(mail.outbox) == 2
    Notice.objects.update(made_at=timezone.now() - timedelta(days=2), day=factories.today() - timedelta(days=2))
    notices.tick()
    send_all()
    assert len(mail.outbox) == 2, "what was told is not told each day"
    notices.reconnect_needed(lost.left_id)
    notices.tick()
    send_all()
    assert len(mail.outbox) == 4, "lost anew on another day is news"


def test_a_lost_first_notice_is_found_and_what_still_stands_is_told_after_a_week(lost):
    notices.tick()
    assert Notice.objects.filter(cause="reconnect").count() == 2
    Notice.objects.update(made_at=timezone.now() - timedelta(days=8), day=factories.today() - timedelta(days=8))
    notices.tick()
    assert Notice.objects.filter(cause="reconnect").count() == 4


def test_several_causes_are_one_mail_each_with_its_cure(lost):
    other = factories.connection(lost.organization, "mailchimp", state="attention", reason_code="CONNECTION-ATTENTION")
    run = factories.run(lost, state="held", finished_at=timezone.now())
    for _ in range(3):
        factories.change(run, entity="sale", state="held", code="TAX-UNMAPPED")
    factories.change(run, entity="sale", state="held", code="PARENT-HELD")
    factories.change(run, entity="sale", state="held", code="HELD-BY-PERSON")
    notices.tick()
    send_all()
    ann = told("ann@house.example")
    assert ann.subject.startswith("3 things need you") and "3 records wait" in ann.body
    assert ann.body.count("What to do:") == 3 and str(other.account_name) in ann.body
    assert f"/admin/held/TAX-UNMAPPED/?integration={lost.pk}" in ann.body
    assert "3 records wait" not in told("carla@client.example").body, "the office acts on this one"


def test_records_that_wait_are_news_when_they_become_more(lost):
    Connection.objects.update(state="connected")
    run = factories.run(lost, state="held", finished_at=timezone.now())
    factories.change(run, entity="sale", state="held", code="TAX-UNMAPPED")

    def days_pass() -> None:
        Notice.objects.update(made_at=timezone.now() - timedelta(days=2), day=factories.today() - timedelta(days=2))
        Run.objects.filter(pk=run.pk).update(finished_at=timezone.now())

    notices.tick()
    days_pass()
    notices.tick()
    assert Notice.objects.filter(cause="held").count() == 1
    factories.change(run, entity="sale", state="rejected", error_code="TAX-UNMAPPED")
    notices.tick()
    assert Notice.objects.filter(cause="held").count() == 2


def test_a_run_that_ended_badly_is_told_unless_a_good_one_followed(lost):
    Connection.objects.update(state="connected")
    lost.last_good_at = timezone.now() - timedelta(days=1)
    lost.save()
    run = factories.run(lost, state="interrupted", finished_at=timezone.now(), reason_code="RUN-STUCK")
    notices.tick()
    send_all()
    assert [item.to for item in mail.outbox] == [["ann@house.example"]]
    assert "did not end well" in mail.outbox[0].subject and f"/admin/runs/{run.pk}/" in mail.outbox[0].body
    Letter.objects.update(state="waiting", lease_until=None)
    lost.last_good_at = timezone.now()
    lost.save()
    assert send_all() == 0 and Letter.objects.get().state == "needless"


def test_what_is_settled_by_the_time_the_letter_leaves_is_left_out(lost):
    notices.tick()
    Connection.objects.filter(pk=lost.left_id).update(state="connected")
    assert send_all() == 0 and not mail.outbox
    assert set(Letter.objects.values_list("state", flat=True)) == {"needless"}


def test_a_client_who_withdrew_access_is_not_told_so(lost):
    Connection.objects.filter(pk=lost.left_id).update(reason_code="CONNECTION-REVOKED", reason_params={"who": "Carla"})
    notices.tick()
    assert {item.user.email for item in Notice.objects.all()} == {"ann@house.example"}


def test_nobody_of_another_client_is_told(lost):
    dan = factories.client_person(factories.organization(), email="dan@other.example")
    Membership.objects.filter(user=dan).update(role="manager")
    notices.tick()
    assert dan not in {item.user for item in Notice.objects.all()}


# leaving


def test_of_two_tasks_one_sends(lost):
    notices.tick()
    letter = Letter.objects.first()
    assert letters.send(letter.pk) + letters.send(letter.pk) == 1 and len(mail.outbox) == 1


def test_a_mail_server_that_is_away_costs_no_mail_and_is_seen_on_the_health_page(lost, settings):
    notices.tick()
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", free_port()
    assert send_all() == 0
    letter = Letter.objects.filter(user__email="ann@house.example").get()
    assert (letter.state, letter.attempts, letter.error) == ("waiting", 1, "ConnectionRefusedError")
    assert letter.pk not in letters.due(), "not at once"
    desk = Client()
    desk.force_login(lost.organization.owner)
    page = desk.get(reverse("admin:health")).content.decode()
    assert "ConnectionRefusedError" in page and "ann@house.example" in page
    settings.EMAIL_BACKEND = backend
    desk.post(reverse("admin:health_letter", args=[letter.pk]))
    assert letter.pk in letters.due() and letters.send(letter.pk) == 1
    assert not [item for item in health.snapshot().letters if item.pk == letter.pk]


def test_pauses_grow_and_after_a_week_it_is_given_up_in_sight(lost, settings):
    notices.tick()
    letter = Letter.objects.first()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", free_port()
    waits = []
    for _ in range(12):
        letters.send(letter.pk)
        letter.refresh_from_db()
        waits.append(letter.wake_at)
    assert waits == sorted(waits) and waits[0] < waits[5] < waits[-1] <= timezone.now() + timedelta(hours=6)
    Letter.objects.filter(pk=letter.pk).update(made_at=timezone.now() - timedelta(days=8))
    letters.send(letter.pk)
    letter.refresh_from_db()
    assert letter.state == "given_up" and letters.send(letter.pk) == 0
    assert letter.pk in {item.pk for item in health.snapshot().letters}


def test_a_refusal_is_kept_without_the_servers_words(lost, post):
    notices.tick()
    post.refuse = 1
    letter = Letter.objects.first()
    assert letters.send(letter.pk) == 0
    letter.refresh_from_db()
    assert letter.error == "SMTPRecipientsRefused" and "SECRET" not in letter.error
    assert letters.send(letter.pk) == 1 and len(post.taken) == 1


@pytest.mark.parametrize(("point", "mails"), [("letter_claimed", 1), ("letter_sent", 2)])
def test_a_worker_that_dies_loses_no_mail_and_a_repeat_is_known_as_one(lost, post, monkeypatch, point, mails):
    notices.tick()
    letter = Letter.objects.first()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        dies_at(patch, letters, point)
        letters.send(letter.pk)
    assert letters.send(letter.pk) == 0, "the lease holds"
    Letter.objects.filter(pk=letter.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert letters.send(letter.pk) == 1 and len(post.taken) == mails
    names = {line for item in post.taken for line in item.splitlines() if line.startswith("Message-ID:")}
    assert names == {f"Message-ID: <{letter.public_id}@bridge.example>"}


def test_line_breaks_in_names_make_no_headers(lost, post):
    Connection.objects.filter(pk=lost.left_id).update(account_name="Livres\r\nBcc: eve@evil.example\r\n\r\nhello")
    notices.tick()
    assert send_all() == 2 and not [item for item in post.taken if "\nBcc:" in item.split("\r\n\r\n")[0]]


def test_a_question_whose_bell_got_lost_is_still_sent_once(lost):
    carla = Membership.objects.get(role="manager").user
    question = Question.objects.create(
        integration=lost, code="map:tax", asked_of=carla, asked_by=lost.organization.owner,
        text={"en": "What is this?", "fr": "Qu’est-ce que c’est ?"}, choices=[{"value": "1", "en": "This", "fr": "Ceci"}],
    )  # fmt: skip
    lost.value_maps.create(kind="tax", source_key="TPS", question=question)
    Integration.objects.update(recipe="quickbooks_magento")
    Connection.objects.update(state="connected")
    notices.tick()
    assert not Letter.objects.exists(), "its own bell may still come"
    Question.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    ticking.tick()
    ticking.tick()
    send_all()
    (found,) = mail.outbox
    assert "Qu’est-ce que c’est ?" in found.body and "– Ceci (1)" in found.body
    assert f"https://bridge.example/portal/{lost.organization_id}/questions/{question.pk}/" in found.body
    assert found.reply_to == ["ann@house.example"] and notices.question_asked(question.pk) == 0
