"""Reading a location.

Contacts are searched by time of change, oldest first, and paged by where the last row stood: pages by number end at ten
thousand. The index is seconds behind, so the next reading begins some minutes earlier.

Invoices, charges and refunds have no "changed since". So of invoices each reading lists the newest by issue date and
reads those one by one that are still open and older; of charges it lists the newest days. Once a day both are listed
further back: an invoice dated back, a refund of an old charge. What an invoice that is open no longer answers to is
deleted; nothing is concluded from a row that is missing in a list.

A charge is read by itself once, when it is new, with the order behind it: only so it tells what was sold, and whether
the vendor's own books integration posted it. Those from before the first day are kept as the list tells them.

The cursor holds, for each list, the newest time seen (the vendor's) and whether it has been read to its end; which
invoices are open; since which day charges are read whole; the day of the last look further back (our clock: a matter of
when to look, not of what was seen).
Sources: GoHighLevel/highlevel-api-docs:apps/contacts.json, invoices.json, payments.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.contract import Api, Feed, Page, Raw, RecordRejected, SettingInvalid
from connectors.contract.resources import Cursor
from connectors.highlevel import invoices, receipts, refunds
from connectors.highlevel.contacts import MERGED, located
from connectors.highlevel.errors import NOT_FOUND, SCOPE
from connectors.highlevel.place import marked, noted
from connectors.highlevel.products import PRICE
from connectors.highlevel.reviews import of_contact
from connectors.highlevel.wire import kept, moment

ROWS = 100
LOT = 25  # charges that travel together: each costs calls, and one that fails costs those beside it
SEARCHED = 500  # rows of a contact search
OVERLAP = timedelta(minutes=10)
OPEN = frozenset({"sent", "payment_processing", "partially_paid"})
INVOICE_DAYS, CHARGE_DAYS = 30, 7  # what each reading lists
FAR_DAYS = 120  # what is listed once a day
MONEY = frozenset({"receipts", "invoice_payments", "refunds"})


def read_location(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Yield what changed since `cursor`; what it does not know yet is read in full. At least one page comes."""
    state: dict[str, Any] = deepcopy(cursor or {})
    asking = "review_requests" in wanted and api.context.get("reviews") == "yes"
    if "contacts" in wanted or asking:
        yield from _Contacts(api, state, wanted, asking).pages()
    if "invoices" in wanted:
        yield from _Invoices(api, state).pages()
    if wanted & MONEY:
        yield from _Charges(api, state, wanted).pages()
    if not asking and "review_requests" in wanted:  # nobody is asked: there is nothing to know
        yield Page({}, deepcopy(state), ends=frozenset({"review_requests"}))


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


def _today() -> date:
    return datetime.now(UTC).date()


def _listed(
    api: Api, path: str, rows: str, count: str, query: Mapping[str, object], offset: int = 0
) -> Iterator[tuple[list[Raw], int]]:
    """Yield the pages of a list by offset, with the count of all. It ends with an empty page or the last counted
    row.
    """
    while True:
        asked = {"altId": located(api), "altType": "location", "limit": str(ROWS), "offset": str(offset), **query}
        answer = api.get(path, asked)
        found = [row for row in answer.get(rows) or () if isinstance(row, dict)]
        total = int(answer.get(count) or 0)
        yield found, total
        offset += ROWS
        if not found or offset >= total:
            return


@dataclass(slots=True)
class _Invoices:
    """Invoices: the newest, and those still open."""

    api: Api
    state: dict[str, Any]

    def pages(self) -> Iterator[Page]:
        mine = self.state.setdefault("invoices", {})
        full, today = not mine.get("whole"), _today().isoformat()
        query: dict[str, object] = {"sortField": "issueDate", "sortOrder": "descend"}
        if not full:
            days = INVOICE_DAYS if mine.get("far") == today else FAR_DAYS
            newest = moment(mine.get("newest")) or datetime.now(UTC)
            query["startAt"] = (newest - timedelta(days=days)).date().isoformat()
        seen: set[str] = set()
        open_before: dict[str, str] = mine.get("open") or {}
        still = dict(open_before)
        for rows, total in _listed(self.api, "/invoices/", "invoices", "total", query):
            seen |= {str(row["_id"]) for row in rows}
            for row in rows:
                self._note(still, row)
            times = [str(row.get("createdAt") or "") for row in rows]
            mine["newest"] = max([str(mine.get("newest") or ""), *times])
            mine["open"] = still
            found = noted(self.api, [kept(row) for row in rows])
            last = len(rows) < ROWS or len(seen) >= total
            note = f"invoices: {total} counted, {len(seen)} sent" if not rows and len(seen) < total else ""
            expected = {"invoices": total} if full else {}
            if last and not note:
                mine |= {"whole": True, "far": today}
            yield Page({"invoices": found}, deepcopy(self.state), expected, self._ends(last and not note), note)
            if last:
                break
        if missing := sorted(set(open_before) - seen):
            found = list(self.api.gather(self._one(remote_id) for remote_id in missing))
            for row in found:
                self._note(still, row)
            mine["open"] = still
            yield Page({"invoices": noted(self.api, found)}, deepcopy(self.state), {}, self._ends(True))

    @staticmethod
    def _ends(whole: bool) -> frozenset[str]:
        return frozenset({"invoices"} if whole else ())

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
class _Charges:
    """Charges: payments of invoices, sales without one, and what was given back of either."""

    api: Api
    state: dict[str, Any]
    wanted: frozenset[str]

    def pages(self) -> Iterator[Page]:
        since = str(self.api.context.get("since") or "")[:10]
        mine = self.state.get("charges") or {}
        together = self.wanted & MONEY
        if mine and (not together <= set(mine.get("with", ())) or since < str(mine.get("since") or "")):
            mine = {}  # more is wanted than was read: other kinds, or earlier days
        mine = {**mine, "with": sorted({*mine.get("with", ()), *together}), "since": mine.get("since", since)}
        self.state["charges"] = mine
        full, today = not mine.get("whole"), _today().isoformat()
        query: dict[str, object] = {}
        far = mine.get("far") != today
        if not full:
            newest = moment(mine.get("newest")) or datetime.now(UTC)
            query["startAt"] = (newest - timedelta(days=FAR_DAYS if far else CHARGE_DAYS)).date().isoformat()
        # A charge costs calls of its own. A first reading that was interrupted goes on where it was: what came
        # meanwhile moved the rest back, so some are read twice, and none is missed.
        seen = int(mine.get("offset") or 0) if full else 0
        orders: dict[str, Raw | None] = {}
        fresh_since = str(mine.get("newest") or "") if not full else ""
        for rows, total in _listed(self.api, "/payments/transactions", "data", "totalCount", query, seen):
            for at in range(0, max(1, len(rows)), LOT):
                part = rows[at : at + LOT]
                seen += len(part)
                documents = self._documents(part, mine["since"], orders, fresh_since)
                times = [str(row.get("createdAt") or "") for row in part]
                mine["newest"] = max([str(mine.get("newest") or ""), *times])
                last = at + LOT >= len(rows) and (len(rows) < ROWS or seen >= total)
                note = f"charges: {total} counted, {seen} sent" if not rows and seen < total else ""
                if full:
                    mine["offset"] = seen
                if last:
                    mine.pop("offset", None)
                if last and not note:
                    mine |= {"whole": True, "far": today}
                yield Page(documents, deepcopy(self.state), {}, together if last and not note else frozenset(), note)
            if last:
                return

    def _documents(
        self, rows: list[Raw], since: str, orders: dict[str, Raw | None], fresh_since: str
    ) -> dict[str, list[Raw]]:
        rows = noted(self.api, [kept(row, "chargeSnapshot") for row in rows])
        whole = [row for row in rows if str(row.get("createdAt") or "")[:10] >= _day_before(since)]
        for row, told in zip(whole, self.api.gather(self._single(row) for row in whole), strict=True):
            row[receipts.WHOLE] = told
        sales = [row for row in whole if not receipts.is_of_invoice(row) and row.get("entityId")]
        names = list(dict.fromkeys(str(row["entityId"]) for row in sales))
        named = [name for name in names if name not in orders]
        orders.update(zip(named, self.api.gather(self._order(name) for name in named), strict=True))
        for row in sales:
            if found := orders[str(row["entityId"])]:
                row[receipts.ORDER] = found
        documents: dict[str, list[Raw]] = {
            "receipts": [row for row in rows if not receipts.is_of_invoice(row)],
            "invoice_payments": [row for row in rows if receipts.is_of_invoice(row)],
            "refunds": [row for row in rows if refunds.is_refunded(row)],
        }
        merged = [
            {"id": str(row["mergedFromContactId"]), MERGED: str(row["contactId"])}
            for row in rows
            if row.get("mergedFromContactId") and row.get("contactId")
        ]
        found_documents = {name: found for name, found in documents.items() if name in self.wanted}
        if merged and "contacts" in self.wanted:
            found_documents["contacts"] = merged
        return found_documents

    def _single(self, row: Mapping[str, Any]) -> Callable[[], Raw]:
        asked = {"altId": located(self.api), "altType": "location"}

        def read() -> Raw:
            told = self.api.get(f"/payments/transactions/{row['_id']}", asked)
            return {name: told[name] for name in ("qboSynced", "qboResponse") if name in told}

        return read

    def _order(self, name: str) -> Callable[[], Raw | None]:
        asked = {"altId": located(self.api), "altType": "location"}

        def read() -> Raw | None:
            try:
                return kept(self.api.get(f"/payments/orders/{name}", asked), "contactSnapshot")
            except RecordRejected as error:
                if error.code != NOT_FOUND:
                    raise
                return None

        return read


def _day_before(since: str) -> str:
    """A day early: a day of the location may begin the day before in the world's time."""
    return (date.fromisoformat(since) - timedelta(days=1)).isoformat() if since else ""


# the catalogue


def read_catalogue(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """All products with their first price. A list without a time of change: it is short, and read whole."""
    offset, total = 0, 1
    while offset < total:
        answer = api.get("/products/", {"locationId": located(api), "limit": ROWS, "offset": offset})
        rows = [kept(row) for row in answer.get("products") or () if isinstance(row, dict)]
        told = answer.get("total")
        total = int(told[0].get("total") or 0) if isinstance(told, list) and told else len(rows)
        for row, price in zip(rows, api.gather(_price(api, str(row["_id"])) for row in rows), strict=True):
            row[PRICE] = price
        offset += ROWS
        last = offset >= total or not rows
        yield Page({"products": rows}, {"read": True}, {"products": total}, frozenset({"products"} if last else ()))
        if last:
            return


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
        ("contacts", "invoices", "receipts", "invoice_payments", "refunds", "review_requests"),
        read_location,
    ),
    Feed("catalogue", ("products",), read_catalogue),
)
__all__ = ["FEEDS", "marked", "read_catalogue", "read_location"]
