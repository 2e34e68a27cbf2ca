"""A reading of HighLevel that is broken off, between two lots or inside of one, goes on where it was."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import RateLimited
from connectors.highlevel import CONNECTOR
from connectors.transport import Api
from tests.contract.highlevel_bench import Bench
from tests.contract.test_highlevel import MAIL, bench, item, sandbox  # noqa: F401 - fixtures

NOW = datetime.now(UTC)
SINCE = (NOW - timedelta(days=200)).date().isoformat()
NAMES = ("contacts", "invoices", "receipts", "invoice_payments", "refunds")
OLD, SOLD, BILLS, PEOPLE = 75, 30, 110, 10
BUSY = {"vendor": "highlevel", "kind": "status", "status": 429, "headers": {"Retry-After": "1"}}


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bill(number: int, days: float, **more: Any) -> dict[str, Any]:
    day = (NOW - timedelta(days=days)).date().isoformat()
    return {"_id": f"64a0c0ffee00000000{number:06d}", "contact": MAIL, "items": [item()], "issueDate": day, **more}


def furnish(bench: Bench) -> None:  # noqa: F811
    """Lists of more than a page and a lot each: most charges are from before the first day, and cost no calls."""
    bench.load("contacts", {"email": MAIL}, *({"email": f"p{n}@inventee.example"} for n in range(PEOPLE - 1)))
    bench.load("payments", *(
        {"contact": MAIL, "amount": 10 + n, "at": days_ago(250 + n / 24 if n < OLD else 10 + (OLD + SOLD - n) / 10)}
        for n in range(OLD + SOLD)
    ))  # fmt: skip
    bench.load("invoices", *(bill(n, 200 if n < 40 else 20) for n in range(BILLS)))
    bench.load("invoices", *({"_id": bill(n, 0)["_id"], "send": True} for n in range(40)))
    charges = bench.state()["transactions"]
    bench.load("refunds", *({"transaction": one["_id"], "amount": 5} for one in charges[::9]))


@pytest.fixture
def api(bench: Bench) -> Any:  # noqa: F811
    furnish(bench)
    found, account = bench.connect(since=SINCE)
    with found:
        found.account = account
        yield found


def sent(pages: list[Any]) -> Counter[tuple[str, str]]:
    """How often each document came."""
    return Counter(
        (name, CONNECTOR.resource(name).parse(row).remote_id)
        for page in pages
        for name, rows in page.documents.items()
        for row in rows
    )


def whole(api: Api, cursor: Any = None, *names: str) -> list[Any]:
    return list(CONNECTOR.feeds[0].read(api, cursor, frozenset(names or NAMES)))


def through(value: Any) -> Any:
    """As a cursor is kept."""
    return json.loads(json.dumps(value))


def in_pieces(api: Api, cursor: Any = None, between: Any = None) -> tuple[list[Any], Any]:
    """Read page by page, each by a reader of its own, until the pass is over."""
    pages: list[Any] = []
    while not pages or "pass" in cursor:
        pages.append(next(CONNECTOR.feeds[0].read(api, cursor, frozenset(NAMES))))
        cursor = through(pages[-1].cursor)
        if between:
            between(len(pages), pages)
        assert len(pages) < 60
    return pages, cursor


def in_spite_of(failures: type, api: Api, *names: str, cursor: Any = None, feed: int = 0) -> tuple[list[Any], Any, int]:
    """Read on after every failure, until nothing is left; how often it failed."""
    pages: list[Any] = []
    for failed in range(300):
        try:
            for page in CONNECTOR.feeds[feed].read(api, cursor, frozenset(names)):
                pages.append(page)
                cursor = through(page.cursor)
            return pages, cursor, failed
        except failures:
            pass
    raise AssertionError("it does not end")


def test_stopped_after_every_page_it_brings_the_same_and_nothing_twice(bench: Bench, api: Any) -> None:  # noqa: F811
    uninterrupted = sent(whole(api))
    assert len(uninterrupted) > OLD + SOLD + BILLS + PEOPLE and set(uninterrupted.values()) == {1}
    pages, cursor = in_pieces(api)
    assert len(pages) == 1 + 2 + 5 and sent(pages) == uninterrupted
    assert all("reading" not in cursor[name] and cursor[name]["whole"] for name in ("invoices", "charges"))


@pytest.mark.slow
@pytest.mark.parametrize(("path", "rate"), [("/payments/", 0.15), ("", 0.1)])
def test_broken_off_inside_of_a_lot_it_goes_on_behind_what_it_has(
    bench: Bench,  # noqa: F811
    api: Any,
    path: str,
    rate: float,
) -> None:
    uninterrupted = sent(whole(api))
    before = len(bench.sent)
    bench.control("faults", [{**BUSY, "path": path, "rate": rate, "seed": 4}])
    pages, _, failures = in_spite_of(RateLimited, api, *NAMES)
    assert failures > 3, "it was broken off"
    assert sent(pages) == uninterrupted
    # A charge is asked about side by side with others: what was on its way beside the one that failed is lost.
    singles = [at for _, at, _ in bench.sent[before:] if at.startswith("/payments/transactions/")]
    assert len(singles) <= SOLD + failures * 9


def test_open_invoices_are_asked_for_in_lots_too(bench: Bench, api: Any) -> None:  # noqa: F811
    cursor = through(whole(api, None, "invoices")[-1].cursor)
    assert len(cursor["invoices"]["open"]) == 40
    bench.control("faults", [{**BUSY, "path": "/invoices/6", "rate": 0.25, "seed": 8}])
    pages, _, failures = in_spite_of(RateLimited, api, "invoices", cursor={**cursor, "invoices": {
        **cursor["invoices"], "far": NOW.date().isoformat()
    }})  # fmt: skip
    assert failures > 3 and pages[-1].ends == {"invoices"}
    assert len(sent(pages)) == BILLS and set(sent(pages).values()) == {1}


@pytest.mark.slow
def test_what_comes_and_goes_meanwhile_leaves_no_gap(bench: Bench, api: Any) -> None:  # noqa: F811
    there, new = sent(whole(api)), set()

    def meanwhile(turn: int, pages: list[Any]) -> None:
        """In front of what was read a draft goes, and sales come: more than a page of them at once."""
        if turn == 2:
            first = next(row for row in pages[-1].documents["invoices"] if row["status"] == "draft")
            bench.load("invoices", {"_id": first["_id"], "deleted": True})
        if turn in (5, 7):
            before = {one["_id"] for one in bench.state()["transactions"]}
            bench.load("payments", *({"contact": MAIL, "amount": 3} for _ in range(101 if turn == 5 else 9)))
            new.update({one["_id"] for one in bench.state()["transactions"]} - before)

    pages, cursor = in_pieces(api, between=meanwhile)
    found = sent(pages)
    assert set(there) - set(found) == set() and len(new) == 110
    assert max(found.values()) == 1, "and nothing was read twice"
    later = sent(whole(api, cursor, "receipts"))
    assert {("receipts", name) for name in new} <= set(found) | set(later), "what came is told by the next reading"


def test_where_nothing_is_found_again_it_begins_anew(bench: Bench, api: Any) -> None:  # noqa: F811
    page = next(CONNECTOR.feeds[0].read(api, None, frozenset({"receipts"})))
    cursor = through(page.cursor)
    cursor["charges"]["reading"]["behind"] = ["gone"] * 25
    pages = whole(api, cursor, "receipts")
    assert len(sent(pages)) == OLD + SOLD and pages[-1].ends == {"receipts"}


def test_a_pass_broken_off_long_ago_reads_anew_what_it_had_read_to_its_end(bench: Bench, api: Any) -> None:  # noqa: F811
    cursor = through(next(CONNECTOR.feeds[0].read(api, None, frozenset(NAMES))).cursor)
    assert cursor["pass"]["left"] == ["invoices", "charges"]
    assert "contacts" not in {name for page in whole(api, cursor) for name in page.documents}
    cursor["pass"]["at"] = (NOW - timedelta(hours=1)).isoformat()
    bench.load("contacts", {"email": "nouvelle@inventee.example"})
    assert "contacts" in {name for page in whole(api, cursor) for name in page.documents}


def test_lists_that_leave_rows_out_are_not_called_whole_and_are_read_again(bench: Bench, api: Any) -> None:  # noqa: F811
    for number in range(12):
        bench.load("payments", {"kind": "subscription", "contact": MAIL, "amount": 5 + number})
    names = ("invoices", "subscriptions", "receipts")
    bench.control("faults", [{"vendor": "highlevel", "kind": "lossy", "rate": 0.3, "seed": 3}])
    pages = whole(api, None, *names)
    assert frozenset().union(*(page.ends for page in pages)) == frozenset()
    notes = " | ".join(page.note for page in pages if page.note)
    for what in ("invoices: 110 counted", "subscriptions: 12 counted", f"charges: {OLD + SOLD + 12} counted"):
        assert what in notes
    bench.control("faults", [])
    healed = whole(api, through(pages[-1].cursor), *names)
    assert frozenset().union(*(page.ends for page in healed)) == set(names)
    assert len(sent(healed)) == BILLS + 12 + OLD + SOLD + 12


def test_a_charge_is_asked_about_once_and_again_when_its_row_says_that_it_changed(
    bench: Bench,  # noqa: F811
    api: Any,
) -> None:
    pages = whole(api, None, "receipts", "refunds")
    cursor = through(pages[-1].cursor)
    bench.load("payments", {"contact": MAIL, "amount": 77})
    charges = {one["_id"]: one for one in bench.state()["transactions"]}
    recent = [charges[name] for name in sorted(charges) if days_ago(15) < charges[name]["createdAt"] < days_ago(12)]
    plain = next(one for one in recent if not one["amountRefunded"])
    # The vendor does not promise that giving money back moves the row's time of change.
    bench.load("transactions", {"_id": plain["_id"], "amountRefunded": 4, "updatedAt": plain["updatedAt"]})
    cursor["charges"]["far"] = ""
    before = len(api.account.calls)
    pages = whole(api, cursor, "receipts", "refunds")
    asked = [call for call in api.account.calls[before:] if "/payments/transactions/" in call]
    came = sent(pages)
    assert ("refunds", plain["_id"]) in came and ("receipts", plain["_id"]) in came
    # A day's worth of the newest may yet be posted by the vendor's own integration; and money was given back just now,
    # at the edge of what was seen.
    young = {one["_id"] for one in charges.values() if one["createdAt"] > days_ago(11.1)}
    just_now = {one["_id"] for one in charges.values() if one["amountRefunded"] and one["createdAt"] > days_ago(100)}
    assert {name for _, name in came} == {plain["_id"]} | young | just_now
    assert len(asked) < SOLD


def test_the_day_of_a_refund_stands_whatever_else_becomes_of_its_charge(bench: Bench, api: Any) -> None:  # noqa: F811
    refunds = CONNECTOR.resource("refunds")
    name = max(bench.state()["transactions"], key=lambda one: one["createdAt"])["_id"]
    bench.load("refunds", {"transaction": name, "amount": 2})
    pages = whole(api, None, "refunds")

    def day(pages: list[Any]) -> Any:
        rows = [row for page in pages for row in page.documents.get("refunds", ()) if row["_id"] == name]
        return refunds.parse(rows[-1]).values["date"] if rows else None

    first = day(pages)
    bench.load("transactions", {"_id": name, "meta": {"seen": True}, "updatedAt": days_ago(-3)})
    pages = whole(api, through(pages[-1].cursor), "refunds")
    assert day(pages) == first, "its charge changed, and no money moved"
    bench.load("transactions", {"_id": name, "amountRefunded": 6, "updatedAt": days_ago(-5)})
    pages = whole(api, through(pages[-1].cursor), "refunds")
    assert day(pages) > first, "more was given back"


def test_products_are_gone_on_with_behind_the_last_price_that_came(bench: Bench, api: Any) -> None:  # noqa: F811
    for number in range(60):
        bench.load("products", {"_id": f"p{number:023d}", "name": f"Table {number}", "productType": "PHYSICAL"})
    bench.control("faults", [{**BUSY, "path": "/price", "rate": 0.2, "seed": 2}])
    pages, cursor, failures = in_spite_of(RateLimited, api, "products", feed=1)
    found = sent(pages)
    assert failures > 3 and len(found) == 60 and set(found.values()) == {1} and cursor == {"read": True}
