"""Webhooks in earnest: what an event names is fetched and written at once; sweeps go on proving the rest."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Change, Cursor, InboxEvent, Integration, Record, Run
from bridge.jobs import delays, webhooks


@pytest.fixture
def live(house, server):
    """A pair in step that runs by itself."""
    server.reset("demo")
    house.pair()
    assert house.run().state in ("done", "held")
    later = timezone.now() + timedelta(minutes=30)
    Integration.objects.update(automatic=True, state=Integration.State.ACTIVE, next_run_at=later)
    house.later = later
    return house


def customer_in_step() -> Record:
    done = Change.objects.filter(entity="contact", state=Change.State.DONE).order_by("id").first()
    return done.source


def event(house, record: Record, kind: str = "updated", happened_at=None, number: int = 1) -> InboxEvent:
    return InboxEvent.objects.create(
        vendor="quickbooks", connection=house.integration.left, unique_id=f"e{number}", resource=record.resource,
        remote_id=record.remote_id, kind=kind, happened_at=happened_at or timezone.now(),
    )  # fmt: skip


def begun() -> list[Run]:
    return list(Run.objects.filter(trigger="webhook").order_by("id"))


def test_a_changed_record_is_fetched_by_its_id_and_written_without_reading_the_feeds(live, server):
    record = customer_in_step()
    server.load("quickbooks", Customer=[{"Id": record.remote_id, "GivenName": "Ondine"}])
    cursors = dict(Cursor.objects.values_list("pk", "version"))
    before = len(server.calls("quickbooks"))
    webhooks.process(event(live, record).pk)
    (run,) = begun()
    live.finish(run)
    run.refresh_from_db()
    assert run.state in ("done", "held"), run.reason_code
    asked = [call for call in server.calls("quickbooks")[before:] if "/oauth2" not in call["path"]]
    assert [call["path"].rsplit("/", 2)[-2:] for call in asked] == [["customer", record.remote_id]]
    assert [change.after["given_name"] for change in run.changes.filter(state="done")] == ["Ondine"]
    assert dict(Cursor.objects.values_list("pk", "version")) == cursors, "cursors prove sweeps, not events"


def test_no_sweep_is_put_off_by_webhooks(live, server):
    record = customer_in_step()
    server.load("quickbooks", Customer=[{"Id": record.remote_id, "GivenName": "Ondine"}])
    soon = timezone.now() + timedelta(minutes=2)
    Integration.objects.update(next_run_at=soon)
    webhooks.process(event(live, record).pk)
    live.finish(begun()[0])
    assert Integration.objects.get().next_run_at == soon


def test_the_echo_of_what_is_stored_already_begins_no_run(live):
    record = customer_in_step()
    webhooks.process(event(live, record, happened_at=record.changed_at).pk)
    assert begun() == []
    assert not InboxEvent.objects.filter(state=InboxEvent.State.NEW).exists()


def test_a_deletion_reads_the_feeds_since_it_cannot_be_fetched(live, server):
    record = Record.objects.filter(resource="invoices", gone=False).order_by("id").first()
    webhooks.process(event(live, record, kind="deleted").pk)
    (run,) = begun()
    assert run.pinned["pointed"] == []


def test_a_record_that_is_not_there_any_more_is_looked_for_in_the_feeds(live, server):
    record = customer_in_step()
    ghost = Record(resource=record.resource, remote_id="99999999")
    webhooks.process(event(live, ghost).pk)
    (run,) = begun()
    live.finish(run)
    run.refresh_from_db()
    assert run.state in ("done", "held"), run.reason_code
    assert {line["feed"] for line in run.statement} != {"events"}


def test_a_flood_of_events_makes_one_run_that_reads_the_feeds(live):
    rows = list(Record.objects.filter(resource="invoices").order_by("id")[:101])
    assert len(rows) == 101
    found = [event(live, record, number=number) for number, record in enumerate(rows)]
    webhooks.process(found[0].pk)
    (run,) = begun()
    assert run.pinned["pointed"] == []
    assert not InboxEvent.objects.filter(state=InboxEvent.State.NEW).exists()


def test_a_held_document_named_by_an_event_is_looked_at_with_what_it_names(live, server):
    record = Record.objects.filter(resource="invoices", gone=False).order_by("id").first()
    webhooks.process(event(live, record).pk)
    (run,) = begun()
    live.finish(run)
    run.refresh_from_db()
    assert run.state in ("done", "held")
    assert run.statement[0]["seen"] == {"invoices": 1}


@pytest.mark.row("H-15")
def test_the_delay_of_a_change_is_measured_by_the_vendors_clock_and_shown(live, server, client):
    record = customer_in_step()
    server.load("quickbooks", Customer=[{"Id": record.remote_id, "GivenName": "Ondine"}])
    webhooks.process(event(live, record).pk)
    live.finish(begun()[0])
    (change,) = begun()[0].changes.filter(state=Change.State.DONE)
    record.refresh_from_db()
    assert change.happened_at == record.changed_at
    found = delays.lately(live.integration, timezone.now())
    assert found is not None
    assert found.count == 1, "the first sync, which a person approved, does not count"
    assert found.slowest == change
    assert found.median == change.settled_at - change.happened_at < delays.PROMISED
    client.force_login(live.ann)
    said = client.get(reverse("admin:integration", args=[live.integration.pk])).content.decode()
    assert "From a change at one side to the other" in said
    assert "On time" in said
    assert "after the change" in client.get(reverse("admin:record", args=[record.pk])).content.decode()
