"""A garage's first reading: everything once, in as few calls as the vendor's lists allow."""

import json
import threading
from datetime import date, timedelta

import pytest

from bridge.hub.models import Change
from connectors.contract import RateLimited, VendorUnavailable
from connectors.shopmonkey.feeds import FEEDS, LOT
from connectors.shopmonkey.payments import REFUNDS, beside
from connectors.shopmonkey.recent import _READINGS, Recent, forget, of_reading
from tests.factories import today
from tests.garage import RIVIERES, Garage, Reading, order
from tests.sandbox import small_garage

DAY = timedelta(days=1)
POOL = 4  # calls side by side of an account as it comes


@pytest.fixture
def garage(server):
    found = Garage(server.url)
    found.reset()
    return found


def noon(day: date) -> str:
    return f"{day.isoformat()}T12:00:00.000Z"


def made(day: date, invoiced: date | None = None, **more):
    """An order of a day, invoiced on another."""
    told = {"invoicedDate": noon(invoiced)} if invoiced else {"invoice": False}
    return order(RIVIERES, createdDate=noon(day), **{**told, **more})


def lists(garage, path):
    """The calls of a list."""
    return [call for call in garage.calls if call.split()[1] == path]


@pytest.fixture
def since(garage):
    """A garage of 260 orders about a day: before it and since, invoiced since or before or not at all."""
    start = today() - 60 * DAY
    rows = [made(start - 2 * DAY, start - 2 * DAY) for _ in range(40)]
    rows += [made(start - 20 * DAY, start + 5 * DAY) for _ in range(12)]
    rows += [made(start - 10 * DAY) for _ in range(8)]
    rows += [made(start + at % 50 * DAY, start + (at % 50 + 3) * DAY) for at in range(150)]
    rows += [made(start + at * DAY) for at in range(50)]
    garage.load(orders=rows)
    told = [(row["id"], row["createdDate"][:10], (row["invoicedDate"] or "")[:10]) for row in garage.state["orders"]]
    truth = {name for name, day, invoiced in told if day >= start.isoformat() or invoiced >= start.isoformat()}
    assert len(truth) == 212
    return start.isoformat(), truth


def test_what_was_invoiced_since_a_day_is_listed_once_whenever_it_was_created(garage, since):
    start, truth = since
    found = garage.read("orders", orders_since=start, locations=RIVIERES)
    assert set(found["orders"]) == truth and found.ends == {"orders"} and not found.missing
    # Two pages of what was created since, one of what was created before, and the count of both.
    assert len(lists(garage, "/order")) == 4
    assert sum(call.endswith("/service") for call in garage.calls) == 162


@pytest.mark.parametrize("ignored", [["order.createdDate"], ["order"]], ids=str)
def test_a_filter_that_is_ignored_leaves_no_order_out_of_those_since_a_day(garage, since, ignored):
    start, truth = since
    garage.configure(ignore_filters=ignored)
    found = garage.read("orders", orders_since=start, locations=RIVIERES)
    assert set(found["orders"]) == truth and any("is ignored" in note for note in found.notes)


def test_where_only_the_day_of_the_invoice_is_ignored_it_is_said(garage, since):
    start, truth = since
    garage.configure(ignore_filters=["order.invoicedDate"])
    found = garage.read("orders", orders_since=start, locations=RIVIERES)
    assert len(truth - set(found["orders"])) <= 12  # those created before
    assert any("invoicedDate is ignored" in note for note in found.notes)


class Deaf:
    """The account of a vendor that answers nothing at all to a filter of two times, with 200 and a count of none."""

    def __init__(self, api):
        self.api = api

    def __getattr__(self, name):
        return getattr(self.api, name)

    def get(self, path, params=None, **more):
        where = str((params or {}).get("where"))
        if "createdDate" in where and "invoicedDate" in where:
            return {"success": True, "data": [], "meta": {"total": 0, "hasMore": False}}
        return self.api.get(path, params, **more)


def test_a_filter_of_two_times_that_brings_too_little_is_not_believed(garage, since):
    start, truth = since
    found = Reading()
    with garage.api(orders_since=start, locations=RIVIERES) as api:
        for page in FEEDS[0].read(Deaf(api), None, frozenset({"orders"})):
            found.take(page)
    assert set(found["orders"]) == truth and found.ends == {"orders"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_orders_since_a_day_come_together_from_lists_that_leave_rows_out(garage, since, seed):
    start, truth = since
    garage.lose(0.41, seed)
    found = garage.read("orders", orders_since=start, locations=RIVIERES)
    assert set(found["orders"]) == truth and found.ends == {"orders"}


def test_a_pause_after_the_last_window_does_not_count_its_rows_for_rows_nobody_saw(garage):
    """Orders without a day are in no window: only the count of all tells that they are missing."""
    garage.configure(page_limit=20)
    start = today() - 60 * DAY
    garage.load(orders=[made(start + at * DAY) for at in range(50)])
    garage.load(orders=[{**made(start), "createdDate": "empty"} for _ in range(5)])
    cursor = None
    for _ in range(3):
        with garage.api(locations=RIVIERES) as api:
            pages = list(FEEDS[0].read(api, cursor, frozenset({"orders"})))
        assert pages[-1].missing == {"orders": 5} and not pages[-1].ends
        cursor = pages[-2].cursor  # the last one, which says so, was not kept


# Orders with their lines, payments and refunds, stopped anywhere


ALL = frozenset({"orders", "payments", "refunds"})


def read(api, cursor=None, wanted=ALL):
    return FEEDS[0].read(api, cursor, wanted)


def told(found):
    """What a reading brought, as values of each record."""
    return {(name, key): item.values for name, records in found.records.items() for key, item in records.items()}


@pytest.fixture
def busy(garage):
    """A garage of 90 orders, most of them invoiced and paid, every sixth given back in part, some twice."""
    start = today() - 90 * DAY
    garage.load(orders=[made(start + at * DAY, start + (at + 1) * DAY, pay=True) for at in range(80)])
    garage.load(orders=[made(start + at * DAY) for at in range(10)])
    charges = sorted(row["id"] for row in garage.state["payments"])
    backs = [{"chargeId": key, "amountCents": 1000} for key in charges[::6]]
    garage.load(refunds=[*backs, *backs[:4]])
    return garage


def singles(garage):
    """The calls that are about one order."""
    return [call for call in garage.calls if call.count("/") > 1 and "/order/" in call]


def test_a_refund_asks_for_no_order_that_came_in_the_same_reading(busy):
    found = busy.read(*ALL)
    assert len(found["refunds"]) == 18 and all(item.values["lines"] for item in found["refunds"].values())
    assert len(singles(busy)) == 80  # the lines of each invoice, and nothing else
    with busy.api() as api:
        alone = {key: REFUNDS.parse(REFUNDS.fetch(api, key)).values for key in found["refunds"]}
    assert alone == {key: item.values for key, item in found["refunds"].items()}


def test_refunds_of_one_order_ask_for_it_once_where_orders_are_not_read(busy):
    found = busy.read("refunds")
    assert len(found["refunds"]) == 18 and all(item.values["lines"] for item in found["refunds"].values())
    with busy.api() as api:
        rows = [row for page in read(api, wanted=frozenset({"refunds"})) for row in page.documents["refunds"]]
        before, recent = len(singles(busy)), Recent()
        again = [beside(api, {name: value for name, value in row.items() if name != "_order"}, recent) for row in rows]
    assert again == rows
    assert len(singles(busy)) - before == 2 * len({row["orderId"] for row in rows}) == 28


def test_of_the_orders_kept_for_refunds_the_oldest_make_room(monkeypatch):
    monkeypatch.setattr("connectors.shopmonkey.recent.MOST", 2)
    recent = Recent()
    for name in ("a", "b", "c"):
        recent.keep({"id": name, "_services": [], "_location": {"id": "here"}, "totalCostCents": 12345, "note": "é"})
    recent.keep({"id": "d"})
    assert [recent.get(name) is not None for name in "abcd"] == [False, True, True, False]
    assert recent.get("c") == {"id": "c", "_services": [], "totalCostCents": 12345, "note": "é"}


@pytest.mark.parametrize("killed", [False, True], ids=["paused", "killed"])
def test_a_reading_stopped_at_any_lot_goes_on_there(busy, killed):
    whole = busy.read(*ALL)
    calls = len(singles(busy))
    for stop in range(1, len(whole.pages)):
        found = Reading()
        with busy.api() as api:
            pages = read(api)
            for _ in range(stop):
                found.take(next(pages))
            pages.close()
        spent, refunded, brought = len(singles(busy)), 0, set(found["orders"])
        if killed:  # a process of its own remembers nothing
            _READINGS.clear()
        with busy.api() as api:
            for page in read(api, found.cursor):
                found.take(page)
                refunded += len({row["orderId"] for row in page.documents.get("refunds", ())} & brought)
        assert told(found) == told(whole) and found.ends == ALL
        # Whose lines came before is not asked again; only a process that did not bring them asks for refunds' orders.
        assert spent + len(singles(busy)) <= calls + LOT + (2 * refunded if killed else 0), stop
        assert "reading" not in found.cursor and not _READINGS


def test_orders_kept_for_a_reading_are_its_own_and_not_for_ever(monkeypatch):
    kept = of_reading("one")
    assert of_reading("one") is kept and of_reading("two") is not kept
    for name in ("three", "four", "five"):
        of_reading(name)
    assert len(_READINGS) == 4 and of_reading("one") is not kept
    monkeypatch.setattr("connectors.shopmonkey.recent.HELD_SECONDS", -1.0)
    assert of_reading("five") is not None and set(_READINGS) == {"five"}
    forget("five")
    assert not _READINGS


class Failing:
    """An account some calls of which fail for good: each `every`th that is about one order, or of lists."""

    def __init__(self, api, fails):
        self.api, self.fails, self.count, self.lock = api, fails, 0, threading.Lock()

    def __getattr__(self, name):
        return getattr(self.api, name)

    def get(self, path, params=None, **more):
        if "/order/" in path:
            with self.lock:
                self.count += 1
                if self.count == self.fails:
                    raise VendorUnavailable("SM-DOWN", params={"status": "503"})
        return self.api.get(path, params, **more)


@pytest.mark.parametrize("fails", [1, 2, 13, 25, 26, 40, 60, 75, 80])
def test_a_reading_that_fails_in_the_middle_of_a_lot_keeps_what_came_before(busy, fails):
    whole = busy.read(*ALL)
    calls = len(singles(busy))
    found = Reading()
    with busy.api() as api, pytest.raises(VendorUnavailable):
        for page in read(Failing(api, fails)):
            found.take(page)
    spent = len(singles(busy))
    lines = sum("lines" in item.values for item in found["orders"].values())
    assert lines == fails - 1 or (lines < fails - 1 and spent <= lines + 2 * POOL)
    with busy.api() as api:
        for page in read(api, found.cursor):
            found.take(page)
    refunded = len({item.values["sale"].remote_id for item in found["refunds"].values()})
    assert told(found) == told(whole) and found.ends == ALL
    assert spent + len(singles(busy)) <= calls + LOT + 2 * refunded


def test_a_call_that_is_put_off_for_a_moment_is_made_again_in_its_place(busy):
    """One in ten: with each of them the reading would begin anew at its last lot."""
    calls = len(busy.read(*ALL).pages), len(singles(busy))
    later = {"kind": "status", "status": 429, "rate": 0.1, "headers": {"Retry-After": "1"}, "path": "/order/"}
    busy.control("faults", [later])
    found = busy.read(*ALL)
    assert len(found["orders"]) == 90 and found.ends == ALL and busy.account.rests
    assert (len(found.pages), len(singles(busy)) - len(busy.account.rests)) == calls
    busy.control("faults", [{**later, "rate": 1.0, "headers": {"Retry-After": "40"}}])
    with pytest.raises(RateLimited):
        busy.read(*ALL)
    # Whoever is put off for longer is not asked again: each of the calls under way was made once.
    assert len(busy.account.rests) <= 2 * POOL


@pytest.mark.parametrize("since", ["", "2020-01-01"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_an_earlier_part_of_the_reading_brought_is_not_said_to_be_missing(garage, since, seed):
    start = today() - 60 * DAY
    garage.load(orders=[made(start + at % 50 * DAY, start + (at % 50 + 2) * DAY) for at in range(110)])
    truth = {row["id"] for row in garage.state["orders"]}
    context = {"locations": RIVIERES, **({"orders_since": since} if since else {})}
    cursor, met, lacks = None, set(), []
    for turn in range(4):
        garage.lose(0.97, 10 * seed + turn, "order$")
        found = garage.read("orders", cursor=cursor, **context)
        cursor, met = found.cursor, met | set(found["orders"])
        assert not found.ends and 0 < found.missing["orders"] <= len(truth - met), turn
        lacks.append(found.missing["orders"])
        if len(truth - met) < 10:
            break
    assert sorted(lacks, reverse=True) == lacks
    garage.lose(0)
    rest = garage.read("orders", cursor=cursor, **context)
    assert met | set(rest["orders"]) == truth and rest.ends == {"orders"}
    assert "half" not in json.dumps(rest.cursor)


def test_a_payment_that_came_before_its_order_was_ever_seen_goes_when_the_order_comes(house, server):
    server.reset("empty")
    small_garage.items(server)
    server.load("shopmonkey", customers=[small_garage.customer(1)])
    small_garage.work(server, *(small_garage.order(n, pay=True, paymentType="Cash") for n in range(1, 6)))
    small_garage.pair(house)
    server.faults({"kind": "lossy", "vendor": "shopmonkey", "rate": 0.9999, "path": "/order$"})
    run = house.run()
    assert (run.state, run.reason_code) == ("incomplete", "READ-MISSING")
    assert Change.objects.filter(entity="payment", state="held", code="PARENT-MISSING").count() == 5
    server.faults()
    assert house.run().state == "done"
    assert len(small_garage.books(server, "Invoice")) == len(small_garage.books(server, "Payment")) == 5
    assert all(row["Balance"] == 0 for row in small_garage.books(server, "Invoice"))
