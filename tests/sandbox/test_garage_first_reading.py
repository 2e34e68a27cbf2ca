"""A garage's first reading: everything once, in as few calls as the vendor's lists allow."""

from datetime import date, timedelta

import pytest

from connectors.shopmonkey.feeds import FEEDS
from tests.factories import today
from tests.garage import RIVIERES, Garage, Reading, order

DAY = timedelta(days=1)


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
