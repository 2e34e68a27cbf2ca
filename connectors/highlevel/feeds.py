"""Reading a location.

Contacts are searched by time of change, oldest first, and paged by where the last row stood: pages by number end at ten
thousand. The index is seconds behind, so the next reading begins some minutes earlier.

Invoices and charges have no "changed since". Of invoices each reading lists the newest by issue date and reads those
one by one that are still open and older; once a day it lists further back: an invoice dated back. What an invoice that
is open no longer answers to is deleted; nothing is concluded from a row that is missing in a list. Subscriptions end
without a time to ask by: all are listed once a day. Charges are in `charges.py`.

A reading that is broken off, at a lot's end or inside of one, goes on where it was (`lists.py`): what a call that
failed left undone is asked for again, and nothing else.

The cursor holds, for each list, the newest time seen (the vendor's), whether it has been read to its end, and the
reading that is under way; which invoices are open; since which day charges are read whole; the day of the last look
further back (our clock: a matter of when to look, not of what was seen).
Sources: GoHighLevel/highlevel-api-docs:apps/contacts.json, invoices.json, payments.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Api, Feed, Page, Raw, RecordRejected, SettingInvalid
from connectors.contract.resources import Cursor
from connectors.highlevel import invoices
from connectors.highlevel.charges import FAR_DAYS, MONEY, NEAR_DAYS, Charges, listing
from connectors.highlevel.contacts import located
from connectors.highlevel.errors import NOT_FOUND, SCOPE
from connectors.highlevel.lists import LOT, ROWS, Listed, as_far_as_it_goes, go_on, read_to_its_end
from connectors.highlevel.place import marked, noted
from connectors.highlevel.products import PRICE
from connectors.highlevel.reviews import of_contact
from connectors.highlevel.wire import kept, moment

SEARCHED = 500  # rows of a contact search
OVERLAP = timedelta(minutes=10)
OPEN = frozenset({"sent", "payment_processing", "partially_paid"})
INVOICE_DAYS = 30  # what each reading lists; once a day it is more


def read_location(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Yield what changed since `cursor`; what it does not know yet is read in full. At least one page comes."""
    state: dict[str, Any] = deepcopy(cursor or {})
    asking = "review_requests" in wanted and api.context.get("reviews") == "yes"
    for name in go_on(state, _lists(wanted, asking)):
        if name == "contacts":
            yield from _Contacts(api, state, wanted, asking).pages()
        elif name == "invoices":
            yield from _Invoices(api, state).pages()
        elif name == "subscriptions":
            yield from _Subscriptions(api, state).pages()
        elif name == "charges":
            yield from Charges(api, state, wanted, _today()).pages()
        else:  # nobody is asked: there is nothing to know
            read_to_its_end(state, name)
            yield Page({}, deepcopy(state), ends=frozenset({"review_requests"}))


def _lists(wanted: frozenset[str], asking: bool) -> Iterator[str]:
    if "contacts" in wanted or asking:
        yield "contacts"
    if "invoices" in wanted:
        yield "invoices"
    if "subscriptions" in wanted:
        yield "subscriptions"
    if wanted & MONEY:
        yield "charges"
    if "review_requests" in wanted and not asking:
        yield "review_requests"


@dataclass(slots=True)
class _Contacts:
    """Contacts by time of change, and with them who was asked for a review."""

    api: Api
    state: dict[str, Any]
    wanted: frozenset[str]
    asking: bool

    def pages(self) -> Iterator[Page]:
        mine = self.state.setdefault("contacts", {})
        together = {"contacts"} & self.wanted | ({"review_requests"} if self.asking else set())
        if not together <= set(mine.get("with", ())):
            mine = self.state["contacts"] = {"with": sorted({*mine.get("with", ()), *together})}
        full = not mine.get("whole")
        if mine.pop("done", False):
            mine.pop("after", None)
        since = None if full else moment(mine.get("at"))
        seen = int(mine.get("seen") or 0) if full else 0
        while True:
            rows, total = self._search(since - OVERLAP if since else None, mine.get("after"))
            seen += len(rows)
            times = [str(row.get("dateUpdated") or row.get("dateAdded") or "") for row in rows]
            mine["at"] = max([str(mine.get("at") or ""), *times])
            if rows and rows[-1].get("searchAfter"):
                mine["after"] = rows[-1]["searchAfter"]
            last = len(rows) < SEARCHED
            note = ""
            expected: dict[str, int] = {}
            if full:
                mine["seen"], expected = seen, dict.fromkeys(together, total)
                if last and seen < total:
                    note = f"contacts: {total} counted, {seen} sent"
            if last:
                mine["done"] = True
                if not note:
                    mine["whole"] = True
                mine.pop("seen", None)
                read_to_its_end(self.state, "contacts")
            documents: dict[str, list[Raw]] = {}
            if "contacts" in self.wanted:
                documents["contacts"] = [kept(row) for row in rows]
            if self.asking:
                documents["review_requests"] = [of_contact(row) for row in rows]
            ends = frozenset(together) if last and not note else frozenset()
            yield Page(documents, deepcopy(self.state), expected, ends, note)
            if last:
                return

    def _search(self, since: datetime | None, after: Any) -> tuple[list[Raw], int]:
        body: dict[str, Any] = {
            "locationId": located(self.api),
            "pageLimit": SEARCHED,
            "sort": [{"field": "dateUpdated", "direction": "asc"}],
        }
        if since:
            stamp = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            body["filters"] = [{"field": "dateUpdated", "operator": "range", "value": {"gte": stamp}}]
        if after:
            body["searchAfter"] = after
        answer = self.api.post("/contacts/search", body, reads=True)
        rows = [row for row in answer.get("contacts") or () if isinstance(row, dict)]
        return rows, int(answer.get("total") or 0)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@dataclass(slots=True)
class _Invoices:
    """Invoices: the newest, and those still open."""

    api: Api
    state: dict[str, Any]

    def pages(self) -> Iterator[Page]:
        mine = self.state.setdefault("invoices", {})
        full = not mine.get("whole")
        reading = mine.setdefault("reading", self._begin(mine))
        if not reading.get("listed"):
            yield from self._listed(mine, reading, full)
        while reading["ask"]:
            found, failure = as_far_as_it_goes(self.api, [self._one(remote_id) for remote_id in reading["ask"][:LOT]])
            reading["ask"] = reading["ask"][len(found) :]
            for row in found:
                self._note(mine["open"], row)
            yield self._page(mine, reading, found, {})
            if failure:
                raise failure

    def _begin(self, mine: dict[str, Any]) -> dict[str, Any]:
        """What is to be listed, and who of the open ones is to be asked for unless the list tells of them."""
        query: dict[str, object] = {"sortField": "issueDate", "sortOrder": "descend"}
        if mine.get("whole"):
            days = INVOICE_DAYS if mine.get("far") == _today() else FAR_DAYS
            newest = moment(mine.get("newest")) or datetime.now(UTC)
            query["startAt"] = (newest - timedelta(days=days)).date().isoformat()
        return {"query": query, "ask": sorted(mine.setdefault("open", {})), "newest": str(mine.get("newest") or "")}

    def _listed(self, mine: dict[str, Any], reading: dict[str, Any], full: bool) -> Iterator[Page]:
        listed = Listed(listing(self.api, "/invoices/", "invoices", "total", reading["query"]), reading)
        for lot in listed.lots():
            named = {str(row["_id"]) for row in lot.rows}
            reading["ask"] = [remote_id for remote_id in reading["ask"] if remote_id not in named]
            for row in lot.rows:
                self._note(mine["open"], row)
            reading["newest"] = max([reading["newest"], *(str(row.get("createdAt") or "") for row in lot.rows)])
            listed.took(lot)
            note = ""
            if lot.last:
                reading["listed"] = True
                if listed.lacks():
                    note = f"invoices: {listed.total} counted, {reading['sent']} sent"
                    reading["lacks"] = True
            yield self._page(mine, reading, lot.rows, {"invoices": listed.total} if full else {}, note)

    def _page(
        self, mine: dict[str, Any], reading: dict[str, Any], rows: list[Raw], expected: dict[str, int], note: str = ""
    ) -> Page:
        ends = bool(reading.get("listed")) and not reading["ask"]
        if ends:
            del mine["reading"]
            read_to_its_end(self.state, "invoices")
            if not reading.get("lacks"):
                mine |= {"whole": True, "far": _today(), "newest": reading["newest"]}
        whole = frozenset({"invoices"} if ends and not reading.get("lacks") else ())
        found = noted(self.api, [kept(row) for row in rows])
        return Page({"invoices": found}, deepcopy(self.state), expected, whole, note)

    @staticmethod
    def _note(still: dict[str, str], row: Mapping[str, Any]) -> None:
        remote_id = str(row["_id"])
        if row.get("status") in OPEN and not row.get(invoices.DELETED):
            still[remote_id] = str(row.get("updatedAt") or "")
        else:
            still.pop(remote_id, None)

    def _one(self, remote_id: str) -> Callable[[], Raw]:
        def read() -> Raw:
            asked = {"altId": located(self.api), "altType": "location"}
            try:
                return kept(self.api.get(f"/invoices/{remote_id}", asked))
            except RecordRejected as error:
                if error.code != NOT_FOUND:
                    raise
                return {"_id": remote_id, invoices.DELETED: True}

        return read


@dataclass(slots=True)
class _Subscriptions:
    """Subscriptions: the newest, and once a day all of them, since nothing tells of a change."""

    api: Api
    state: dict[str, Any]

    def pages(self) -> Iterator[Page]:
        mine = self.state.setdefault("subscriptions", {})
        reading = mine.setdefault("reading", self._begin(mine))
        listed = Listed(listing(self.api, "/payments/subscriptions", "data", "totalCount", reading["query"]), reading)
        for lot in listed.lots():
            reading["newest"] = max([reading["newest"], *(str(row.get("createdAt") or "") for row in lot.rows)])
            listed.took(lot)
            ends, note = False, ""
            if lot.last:
                note = f"subscriptions: {listed.total} counted, {reading['sent']} sent" if listed.lacks() else ""
                ends = not note
                self._close(mine, whole=ends)
            found = [kept(row, "subscriptionSnapshot") for row in lot.rows]
            expected = {} if reading["query"] else {"subscriptions": listed.total}
            whole = frozenset({"subscriptions"} if ends else ())
            yield Page({"subscriptions": found}, deepcopy(self.state), expected, whole, note)

    @staticmethod
    def _begin(mine: dict[str, Any]) -> dict[str, Any]:
        newest = moment(mine.get("newest"))
        start = (newest - timedelta(days=NEAR_DAYS)).date().isoformat() if newest else ""
        near = mine.get("whole") and mine.get("far") == _today() and start
        return {"query": {"startAt": start} if near else {}, "newest": str(mine.get("newest") or "")}

    def _close(self, mine: dict[str, Any], whole: bool) -> None:
        reading = mine.pop("reading")
        if whole:
            mine |= {"whole": True, "newest": reading["newest"]}
            if not reading["query"]:
                mine["far"] = _today()
        read_to_its_end(self.state, "subscriptions")


# the catalogue


def read_catalogue(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """All products with their first price. A list without a time of change: it is short, and read whole."""
    reading: dict[str, Any] = deepcopy((cursor or {}).get("reading") or {})
    listed = Listed(lambda offset: _products(api, offset), reading, LOT)
    for lot in listed.lots():
        prices, failure = as_far_as_it_goes(api, [_price(api, str(row["_id"])) for row in lot.rows])
        rows = [{**row, PRICE: price} for row, price in zip(lot.rows, prices, strict=False)]
        listed.took(lot, len(rows))
        last = lot.last and not failure
        note = f"products: {listed.total} counted, {reading['sent']} sent" if last and listed.lacks() else ""
        ends = frozenset({"products"} if last and not note else ())
        after: Cursor = {"read": True} if last else {"reading": deepcopy(reading)}
        yield Page({"products": rows}, after, {"products": listed.total}, ends, note)
        if failure:
            raise failure


def _products(api: Api, offset: int) -> tuple[list[Raw], int]:
    answer = api.get("/products/", {"locationId": located(api), "limit": ROWS, "offset": offset})
    rows = [kept(row) for row in answer.get("products") or () if isinstance(row, dict)]
    told = answer.get("total")
    return rows, int(told[0].get("total") or 0) if isinstance(told, list) and told else offset + len(rows)


def _price(api: Api, product: str) -> Callable[[], Raw]:
    def read() -> Raw:
        try:
            answer = api.get(f"/products/{product}/price", {"locationId": located(api), "limit": 1, "offset": 0})
        except SettingInvalid as error:
            if error.code != SCOPE:
                raise
            return {}
        rows = [row for row in answer.get("prices") or () if isinstance(row, dict)]
        return {name: rows[0].get(name) for name in ("_id", "sku", "amount", "currency")} if rows else {}

    return read


FEEDS = (
    Feed(
        "location",
        ("contacts", "invoices", "receipts", "invoice_payments", "refunds", "subscriptions", "review_requests"),
        read_location,
    ),
    Feed("catalogue", ("products",), read_catalogue),
)
__all__ = ["FEEDS", "marked", "read_catalogue", "read_location"]
