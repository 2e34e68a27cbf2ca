"""Writing to books that honour keys: a lost answer never becomes a second document.

Invoices are the hardest case: the company takes the same number twice, so nothing but the protocol stands between a lost
answer and a second bill.
"""

import datetime

import pytest

from tests.faults import checker
from tests.faults.checker import Findings
from tests.faults.stage import Workers, customer, item

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

COMPANY = "9130000000000001"


@pytest.fixture
def bills(stage):
    """Change rows for 500 invoices, ready to be written into books that take any number twice."""
    from django.utils import timezone

    from bridge.hub.models import Change, Link, Record, Run
    from bridge.jobs import runs

    stage.server.control("POST", "configure/quickbooks", {"allow_duplicate_numbers": True})
    stage.server.load("quickbooks", Item=[item(1)], Customer=[customer(1)])
    stage.pair()
    integration = stage.house.integration
    now = timezone.now()

    def record(connection, resource, remote_id, **more):
        return Record.objects.create(
            connection=connection, resource=resource, remote_id=remote_id, document={"Id": remote_id, "id": remote_id},
            fingerprint=f"f{remote_id}", read_at=now, **more,
        )  # fmt: skip

    for entity, resource, left, right in (("contact", "customers", "1", "m1"), ("product", "items", "901", "p1")):
        there = "members" if entity == "contact" else "products"
        Link.objects.create(
            integration=integration, entity=entity, left=record(integration.left, resource, left),
            right=record(integration.right, there, right),
        )  # fmt: skip

    def make(count):
        run = runs.start(integration, user=stage.house.ann, enqueue=False)
        sources = [record(integration.right, "orders", f"o{n}", number=f"ESSAI-{n}") for n in range(count)]
        rows = []
        for n, source in enumerate(sources):
            price = str(10 + n % 7)
            after = {
                "contact": {"ref": "contact", "resource": "members", "id": "m1"},
                "date": datetime.date(2026, 10, 1 + n % 28).isoformat(),
                "number": f"ESSAI-{n}",
                "lines": [{"kind": "item", "name": f"Thing {n}", "amount": price, "quantity": "1", "unit_price": price, "tax_code": "4",
                           "product": {"ref": "product", "resource": "products", "id": "p1"}}],
            }  # fmt: skip
            rows.append(Change(
                integration=integration, run=run, flow=integration.flows.get(entity="sale"), entity="sale", stage=3,
                action="create", toward="left", source=source, connection=integration.left, resource="invoices",
                title=f"ESSAI-{n}", after=after, sent=after, state="ready", approved_at=now, code="new",
            ))  # fmt: skip
        Change.objects.bulk_create(rows)
        pinned = {**run.pinned, "context": {**run.pinned["context"], "tax_calculation": "TaxExcluded"}}
        Run.objects.filter(pk=run.pk).update(state="applying", planned_at=now, pinned=pinned)
        run.refresh_from_db()
        return run

    return make


def written(stage):
    return stage.server.state("quickbooks")["companies"][COMPANY].get("Invoice", [])


def look(stage, count):
    found = Findings()
    checker.books(found, [f"ESSAI-{n}" for n in range(count)], written(stage))
    checker.outcomes(found)
    checker.clients(found)
    checker.deletions(found, stage.server)
    checker.leaks(found, stage.hub)
    if found.lost:
        found.lost.append(f"ledger: {ledger()}")
        found.lost.reverse()
    return found


def ledger():
    """Return how many changes are in which state, and why."""
    from django.db.models import Count

    from bridge.hub.models import Change

    rows = Change.objects.order_by().values_list("state", "error_code", "code", "error_params")
    return list(rows.annotate(n=Count("id")))[:10]


def lost_calls(stage, path):
    return [
        call for call in stage.server.calls("quickbooks")
        if call["status"] == 0 and call["path"].endswith(path) and call["method"] == "POST"
    ]  # fmt: skip


@pytest.fixture
def one_by_one(monkeypatch):
    """Send invoices one at a time, as fast as they go: the sandbox does not count."""
    from bridge import registry

    connector = registry.connector("quickbooks")
    bulk, size, rates = (
        connector.resource("invoices").bulk,
        connector.resource("invoices").bulk.size,
        connector.limits.rates,
    )
    object.__setattr__(bulk, "size", 1)
    object.__setattr__(connector.limits, "rates", ())
    yield
    object.__setattr__(bulk, "size", size)
    object.__setattr__(connector.limits, "rates", rates)


@pytest.mark.fault("A01")
@pytest.mark.fault("D02")
def test_fifty_lost_answers_among_five_hundred_invoices_make_no_second_one(stage, bills, one_by_one):
    run = bills(500)
    stage.server.faults(
        {"kind": "drop_after", "vendor": "quickbooks", "path": "/invoice$", "rate": 0.12, "seed": 7, "times": 50}
    )
    run = stage.let_settle(run, seconds=100)
    found = look(stage, 500)
    assert found.none(), str(found)
    assert len(written(stage)) == 500
    assert len(lost_calls(stage, "/invoice")) == 50
    told = dict(run.changes.filter(state="done").exclude(resolution="").values_list("title", "resolution"))
    twice = run.changes.filter(state="done", attempts__gt=2).count() + sum(
        word == "found and adopted" for word in told.values()
    )
    assert len(told) + twice >= 50 > twice
    assert set(told.values()) <= {"sent again", "found and adopted"}
    assert run.changes.filter(state="done", resolution="", attempts__gt=1).count() == 0


@pytest.mark.fault("G12")
def test_a_lost_batch_goes_again_whole_and_under_its_own_key(stage, bills):
    run = bills(500)
    stage.server.faults(
        {"kind": "drop_after", "vendor": "quickbooks", "path": "/batch$", "rate": 0.5, "seed": 3, "times": 8}
    )
    run = stage.let_settle(run, seconds=100)
    found = look(stage, 500)
    assert found.none(), str(found)
    assert len(written(stage)) == 500
    lost = len(lost_calls(stage, "/batch"))
    assert lost >= 5
    resolved = run.changes.filter(state="done").exclude(resolution="").count()
    assert resolved >= (lost - 1) * 30


@pytest.mark.fault("A01")
@pytest.mark.fault("E05")
@pytest.mark.parametrize("mode", [{"ignore_request_ids": True}, {"query_lag_seconds": 60}], ids=["ignores", "lags"])
@pytest.mark.parametrize("together", [True, False], ids=["batches", "one by one"])
def test_a_vendor_that_keeps_one_promise_only_gets_no_second_invoice(stage, bills, request, mode, together):
    """It forgets request ids, or its searches are late; numbers are taken twice here, so they guard nothing."""
    if not together:
        request.getfixturevalue("one_by_one")
    stage.server.control("POST", "configure/quickbooks", mode)
    path = "/batch$" if together else "/invoice$"
    try:
        run = bills(300 if together else 150)
        lost = {"kind": "drop_after", "vendor": "quickbooks", "path": path, "rate": 0.5 if together else 0.3, "seed": 5}
        stage.server.faults(lost, {**lost, "kind": "drop_before", "rate": 0.1, "seed": 6})
        run = stage.let_settle(run, seconds=100, vendors_too=True)
        # What was unlucky three times waits for a person, who has it looked for again once the line is quiet.
        stage.server.faults()
        if run.changes.filter(error_code="ATTEMPTS-EXHAUSTED").update(state="unknown", attempts=2, retry_at=None):
            type(run).objects.filter(pk=run.pk).update(state="applying", finished_at=None)
            run = stage.let_settle(run, seconds=60, vendors_too=True)
    finally:
        stage.server.control("POST", "configure/quickbooks", {"ignore_request_ids": False, "query_lag_seconds": 0})
    found = look(stage, run.changes.count())
    assert found.none(), str(found)
    assert len(written(stage)) == run.changes.count()
    assert len(lost_calls(stage, path.rstrip("$"))) >= 3


@pytest.mark.fault("A01")
def test_the_checker_sees_second_invoices_when_lost_answers_are_sent_again_without_a_key(
    stage, bills, one_by_one, monkeypatch
):
    """The twin: the same losses, and a writer whose repeats carry fresh keys and that does not look first."""
    import secrets

    from bridge import registry

    invoices = registry.connector("quickbooks").resource("invoices")
    keyed, find = invoices.create, invoices.find
    object.__setattr__(invoices, "create", lambda api, payload, key: keyed(api, payload, secrets.token_hex(16)))
    object.__setattr__(invoices, "find", lambda api, write: None)
    try:
        run = bills(100)
        stage.server.faults(
            {"kind": "drop_after", "vendor": "quickbooks", "path": "/invoice$", "rate": 0.2, "seed": 7, "times": 10}
        )
        stage.let_settle(run, seconds=100)
    finally:
        object.__setattr__(invoices, "create", keyed)
        object.__setattr__(invoices, "find", find)
    found = look(stage, 100)
    assert len(found.doubled) == 10, str(found)
    assert not found.lost


@pytest.mark.fault("A01")
@pytest.mark.parametrize("point", ["after_claim", "after_call", "after_outcome"])
def test_workers_dying_at_each_point_of_a_write_bill_nobody_twice(stage, bills, point):
    run = bills(150)
    workers = Workers(stage.hub, 2, BRIDGE_TEST_LOT="10", BRIDGE_CRASH=f"{point}:0.15")
    try:
        workers.wait_ready()
        stage.drive_to_rest(run, 60)
        died = workers.deaths
    finally:
        workers.close()
    # What was lost twice is looked for only when the vendor must be done with it: that is minutes, so the clock is ours.
    stage.let_settle(run)
    found = look(stage, 150)
    assert found.none(), str(found)
    # The dice decide how many die (two or three of fifteen lots, mostly); whatever they say, nothing may be doubled.
    print(f"{died} workers died at {point}")
    assert len(written(stage)) == 150


@pytest.mark.fault("D12")
@pytest.mark.parametrize("lost", ["just now", "long ago"])
def test_a_lost_number_that_another_document_has_is_left_to_a_person(stage, bills, one_by_one, lost):
    """Its company takes numbers twice, so a repeat would make a second document of that number."""
    from django.utils import timezone

    from bridge.hub.models import Change
    from bridge.jobs.apply import KEY_LIFE

    held = {
        "DocNumber": "ESSAI-0",
        "CustomerRef": {"value": "1"},
        "TotalAmt": 99,
        "Balance": 99,
        "TxnDate": "2026-10-09",
        "Line": [],
    }
    stage.server.load("quickbooks", Invoice=[held])
    run = bills(1)
    if lost == "just now":
        stage.server.faults({"kind": "drop_before", "vendor": "quickbooks", "path": "/invoice$", "times": 1})
    else:
        payload = {"DocNumber": "ESSAI-0", "CustomerRef": {"value": "1"}, "TxnDate": "2026-10-01"}
        run.changes.update(
            state=Change.State.UNKNOWN, attempts=1, payload=payload, key="k", claimed_at=timezone.now() - 2 * KEY_LIFE
        )
    stage.let_settle(run)
    change = run.changes.get()
    assert change.state in (Change.State.REJECTED, Change.State.HELD) and change.error_code == "QBO-NUMBER-HELD"
    assert change.error_params["total"] == "99" and change.error_params["number"] == "ESSAI-0"
    assert len(written(stage)) == 1
