"""Taking deliveries in: proven, stored once, committed before they are answered, with one bell for many."""

import base64
import hashlib
import hmac
import io
import json
import threading
import time

import pytest
from django.db import DatabaseError

from bridge.hub.models import Connection, InboxEvent, Intake, Organization, VendorApp
from bridge.jobs import intake, queue

VERIFIER, COMPANY = "SECRET-verifier-of-the-tests", "9130000000000001"


@pytest.fixture
def bells(monkeypatch):
    """Whom a worker is rung for."""
    rung = []
    monkeypatch.setattr(queue, "ring", lambda name, row_id: rung.append((name, row_id)))
    return rung


@pytest.fixture
def account(transactional_db, bells):
    app = VendorApp(vendor="quickbooks", environment="local_sandbox")
    app.webhook_secrets = [VERIFIER]
    app.save()
    owner = Organization.objects.create(name="Atelier d’essai (fictif)")
    return Connection.objects.create(
        organization=owner, vendor="quickbooks", environment="local_sandbox", account_id=COMPANY, state="connected"
    )


def body_of(*names, realm=COMPANY):
    return json.dumps(
        [
            {"specversion": "1.0", "id": name, "type": "qbo.customer.updated.v1", "time": "2026-11-20T10:00:00Z",
             "intuitentityid": "1", "intuitaccountid": realm, "data": {}}
            for name in names
        ]
    ).encode()  # fmt: skip


def signed(body, secret=VERIFIER):
    return {"intuit-signature": base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()}


def deliver(body, headers=None):
    return intake.receive("quickbooks", None, body, signed(body) if headers is None else headers)


class Server:
    """The production entry, called as a server calls it."""

    def __call__(self, body, path="/hooks/quickbooks/", step=None, **environ):
        from bridge.wsgi import application

        stream = io.BytesIO(body)
        if step:  # a server hands over chunks as they come: one read brings less than was asked for
            whole, stream = stream, io.BytesIO()
            stream.read = lambda size=-1: whole.read(step if size < 0 else min(step, size))
        told = {}
        answer = application(
            {
                "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
                "HTTP_HOST": "testserver", "wsgi.url_scheme": "http", "wsgi.input": stream,
                "wsgi.input_terminated": True, "HTTP_INTUIT_SIGNATURE": signed(body)["intuit-signature"],
                **({} if step else {"CONTENT_LENGTH": str(len(body))}), **environ,
            },
            lambda status, headers, error=None: told.update(status=int(status[:3]), headers=dict(headers)),
        )  # fmt: skip
        assert b"".join(answer) == b"" or told["status"] >= 400
        return told["status"], told["headers"]


def test_a_delivery_in_chunks_of_no_told_length_is_taken_whole(account):
    assert Server()(body_of("a", "b", "c"), step=7)[0] == 200
    assert InboxEvent.objects.filter(connection=account, state="new").count() == 3


def test_what_is_larger_than_we_take_is_refused_and_the_line_closed(account, settings):
    settings.WEBHOOK_MAX_BYTES = 100
    for step in (None, 7):
        status, headers = Server()(body_of("a"), step=step)
        assert (status, headers["Connection"]) == (413, "close")
    assert not InboxEvent.objects.exists()


def test_the_short_way_answers_as_djangos_own_does(account, client):
    body = body_of("a")
    for path, secret in (
        ("/hooks/quickbooks/", VERIFIER),
        ("/hooks/quickbooks/", "another"),
        ("/hooks/nobody/", VERIFIER),
    ):
        header = signed(body, secret)["intuit-signature"]
        short = Server()(body, path, HTTP_INTUIT_SIGNATURE=header)[0]
        long = client.post(path, body, content_type="application/json", headers={"intuit-signature": header})
        assert short == long.status_code
    assert InboxEvent.objects.count() == 1
    assert Server()(body, HTTP_HOST="elsewhere.example.com")[0] == 400


def test_an_event_told_twice_even_in_one_delivery_is_stored_and_acted_on_once(account, bells):
    assert deliver(body_of("a", "a", "b")) == 200
    assert deliver(body_of("b", "a")) == 200
    assert InboxEvent.objects.count() == 2
    assert Intake.objects.values_list("accepted", "doubled", "refused").get() == (2, 3, 0)
    assert len(bells) == 1


def test_a_bell_rings_for_all_that_wait_and_again_once_the_first_was_claimed(account, bells):
    deliver(body_of("a"))
    deliver(body_of("b"))
    assert [name for name, _ in bells] == ["intake"]
    InboxEvent.objects.update(attempts=1)
    deliver(body_of("c"))
    assert len(bells) == 2


def test_what_comes_while_a_run_is_begun_is_not_done_with_it_and_has_a_bell(account, bells, monkeypatch):
    from bridge.jobs import pointed, webhooks

    deliver(body_of("a"))

    def meanwhile(events):
        found = list(events)
        deliver(body_of("late"))
        return found

    monkeypatch.setattr(pointed, "news", meanwhile)
    first = InboxEvent.objects.get(unique_id="a")
    assert webhooks.process(first.pk) == "done"
    late = InboxEvent.objects.get(unique_id="late")
    assert late.state == "new"
    assert ("intake", late.pk) in bells


def test_a_forged_delivery_is_counted_and_an_unreadable_one_too(account):
    assert deliver(body_of("a"), signed(body_of("a"), "another")) == 401
    assert deliver(b"{") == 400
    assert Intake.objects.values_list("accepted", "refused").get() == (0, 2)
    assert not InboxEvent.objects.exists()


def test_a_sign_the_database_cannot_keep_is_dropped(account):
    assert deliver(body_of("a\x00b")) == 200
    assert InboxEvent.objects.get().unique_id == "ab"


def wait_until(there):
    """Wait for another thread to get there."""
    for _ in range(2000):
        if there():
            return
        time.sleep(0.01)
    raise AssertionError("never came")


def test_one_that_cannot_be_stored_fails_alone(account, monkeypatch):
    """Deliveries written together: a failing one is told so, the others are stored."""
    pen, real = intake.Pen(), intake._store

    def store(batch):
        if any(b"bad" in item.body for item in batch):
            raise DatabaseError("not this one")
        real(batch)

    monkeypatch.setattr(intake, "_store", store)
    hooks = intake.registry.connectors()["quickbooks"].webhooks
    batch = [
        intake.Delivery("quickbooks", hooks, None, body, signed(body))
        for body in (body_of("a"), body_of("bad"), body_of("b"))
    ]
    pen._commit(batch)
    assert [item.error is None for item in batch] == [True, False, True]
    assert sorted(InboxEvent.objects.values_list("unique_id", flat=True)) == ["a", "b"]


def test_who_waits_is_written_by_who_writes_and_each_once(account, monkeypatch):
    """Eight at once: what came while the first was writing goes in together."""
    from django.db import connection

    pen, real, sizes, go = intake.Pen(), intake._store, [], threading.Event()

    def store(batch):
        sizes.append(len(batch))
        if len(sizes) == 1:
            go.wait(20)
        real(batch)

    monkeypatch.setattr(intake, "_store", store)
    hooks = intake.registry.connectors()["quickbooks"].webhooks
    answers = []

    def one(number):
        body = body_of(f"n{number}")
        answers.append(pen.write(intake.Delivery("quickbooks", hooks, None, body, signed(body))))
        connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    threads[0].start()
    wait_until(lambda: sizes)
    for thread in threads[1:]:
        thread.start()
    wait_until(lambda: len(pen._waiting) == 7)
    go.set()
    for thread in threads:
        thread.join(30)
    assert (sizes, answers) == ([1, 7], [200] * 8)
    assert InboxEvent.objects.count() == 8


def delivery(body):
    hooks = intake.registry.connectors()["quickbooks"].webhooks
    return intake.Delivery("quickbooks", hooks, None, body, signed(body))


def test_nobody_is_told_200_when_something_unforeseen_broke_after_the_proof(account, monkeypatch):
    def breaks(*told):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(intake.bulk, "insert_new", breaks)
    batch = [delivery(body_of("a")), delivery(body_of("b"))]
    with pytest.raises(RuntimeError):
        intake.Pen()._commit(batch)
    assert [item.status for item in batch] == [0, 0] and all(item.done for item in batch)
    with pytest.raises(RuntimeError):
        deliver(body_of("a"))
    monkeypatch.undo()
    assert deliver(body_of("a")) == 200, "the pen is free again"


def test_who_waits_while_something_unforeseen_breaks_is_not_told_200_and_the_next_one_writes(account, monkeypatch):
    from django.db import connection

    pen, real, begun, go = intake.Pen(), intake._store, threading.Event(), threading.Event()

    def store(batch):
        if not begun.is_set():
            begun.set()
            go.wait(20)
        if any(b"bad" in item.body for item in batch):
            for item in batch:
                item.status = 200  # proven, and then it breaks
            raise RuntimeError("unforeseen")
        real(batch)

    monkeypatch.setattr(intake, "_store", store)
    told = {}

    def one(name):
        try:
            told[name] = pen.write(delivery(body_of(name)))
        except (RuntimeError, DatabaseError) as error:
            told[name] = type(error).__name__
        connection.close()

    threads = [threading.Thread(target=one, args=(name,)) for name in ("first", "bad", "beside")]
    threads[0].start()
    begun.wait(20)
    for number, thread in enumerate(threads[1:], 1):
        thread.start()
        wait_until(lambda number=number: len(pen._waiting) == number)
    go.set()
    for thread in threads:
        thread.join(30)
    assert told == {"first": 200, "bad": "RuntimeError", "beside": "DatabaseError"}
    assert pen.write(delivery(body_of("later"))) == 200
    assert sorted(InboxEvent.objects.values_list("unique_id", flat=True)) == ["first", "later"]


def test_a_delivery_of_a_shape_nobody_foresaw_is_refused_and_those_with_it_are_kept(account):
    strange = json.dumps({"eventNotifications": [{"realmId": COMPANY, "dataChangeEvent": {"entities": 7}}]}).encode()
    batch = [delivery(body_of("a")), delivery(strange), delivery(body_of("b"))]
    intake.Pen()._commit(batch)
    assert [item.status for item in batch] == [200, 400, 200]
    assert InboxEvent.objects.count() == 2


def test_while_deliveries_queue_up_counts_wait_and_are_all_there_in_the_end(account):
    after = intake.After()
    after.refused(["quickbooks"])
    after.count(at_once=False)  # the first time is at once
    after.stored([("quickbooks",)] * 3, [(1, "quickbooks", account.pk, "done")])
    after.count(at_once=False)
    assert Intake.objects.values_list("accepted", "doubled", "refused").get() == (0, 0, 1)
    after.count(at_once=True)
    assert Intake.objects.values_list("accepted", "doubled", "refused").get() == (1, 2, 1)


def test_what_is_committed_is_answered_200_whatever_becomes_of_the_bell(account, monkeypatch):
    def silent(*told):
        raise DatabaseError("gone")

    monkeypatch.setattr(intake, "_rung", silent)
    assert deliver(body_of("a")) == 200
    assert InboxEvent.objects.get().state == "new"
