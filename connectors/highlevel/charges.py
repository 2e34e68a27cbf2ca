"""Reading charges: payments of invoices, sales without one, and what was given back of either.

Charges have no "changed since". Each reading lists the newest days, once a day many more: a refund of an old charge. A
charge is read by itself when it is new, with the order behind it, or the subscription: only so it tells what was sold,
and whether the vendor's own books integration posted it. Again only when its row shows a change, or while it is younger
than a day: that integration may be late. Those from before the first day are kept as the list tells them.

A row tells how much was given back in all, not when: the cursor keeps when each sum was seen first, so that the day of
a refund stands whatever else becomes of its charge.
Source: GoHighLevel/highlevel-api-docs:apps/payments.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.contract import Api, Page, Raw, RecordRejected
from connectors.highlevel import receipts, refunds
from connectors.highlevel.contacts import MERGED, located
from connectors.highlevel.errors import NOT_FOUND
from connectors.highlevel.lists import LOT, ROWS, Listed, as_far_as_it_goes, read_to_its_end
from connectors.highlevel.place import noted
from connectors.highlevel.wire import kept, moment, number

MONEY = frozenset({"receipts", "invoice_payments", "refunds"})
NEAR_DAYS, FAR_DAYS = 7, 120  # what each reading lists, and what once a day does
OVERLAP = timedelta(minutes=10)
YOUNG = timedelta(days=1)
PLAIN = ["succeeded", "0", "", ""]  # what most charges tell: it is not written down


@dataclass(slots=True)
class Charges:
    """One reading of the charges, with `state` the whole cursor."""

    api: Api
    state: dict[str, Any]
    wanted: frozenset[str]
    today: str
    sources: dict[str, Raw | None] = field(default_factory=dict)

    def pages(self) -> Iterator[Page]:
        """Yield the lots. One that a call broke off ends there: what it brought is kept, then the failure raised."""
        mine = self._mine()
        reading = mine.setdefault("reading", self._begin(mine))
        listed = Listed(self._ask(reading["query"]), reading, LOT)
        together = self.wanted & MONEY
        for lot in listed.lots():
            news = [at for at, row in enumerate(lot.rows) if self._is_news(mine, row)]
            rows = noted(self.api, [self._dated(mine, kept(lot.rows[at], "chargeSnapshot")) for at in news])
            found, failure = as_far_as_it_goes(self.api, [self._whole(row, mine["since"]) for row in rows])
            count = news[len(found)] if failure else len(lot.rows)
            listed.took(lot, count)
            self._remember(reading, mine, lot.rows[:count])
            ends, note = False, ""
            if lot.last and not failure:
                note = f"charges: {listed.total} counted, {reading['sent']} sent" if listed.lacks() else ""
                ends = not note
                self._close(mine, whole=ends)
                read_to_its_end(self.state, "charges")
            yield Page(self._sorted(found), deepcopy(self.state), {}, together if ends else frozenset(), note)
            if failure:
                raise failure

    # what is known, and what is under way

    def _mine(self) -> dict[str, Any]:
        since = str(self.api.context.get("since") or "")[:10]
        mine = self.state.get("charges") or {}
        together = self.wanted & MONEY
        if mine and (not together <= set(mine.get("with", ())) or since < str(mine.get("since") or "")):
            mine = {"known": mine.get("known", {})}  # more is wanted than was read: other kinds, or earlier days
        mine = {**mine, "with": sorted({*mine.get("with", ()), *together}), "since": mine.get("since", since)}
        mine.pop("offset", None)  # of cursors written before lists could be gone on with
        self.state["charges"] = mine
        return mine

    def _begin(self, mine: Mapping[str, Any]) -> dict[str, Any]:
        far = mine.get("far") != self.today
        if not mine.get("whole"):
            return {"query": {}, "far": True}
        newest = moment(mine.get("newest")) or datetime.now(UTC)
        start = newest - timedelta(days=FAR_DAYS if far else NEAR_DAYS)
        return {"query": {"startAt": start.date().isoformat()}, "far": far}

    def _remember(self, reading: dict[str, Any], mine: Mapping[str, Any], rows: list[Raw]) -> None:
        for name, wire in (("newest", "createdAt"), ("mark", "updatedAt")):
            reading[name] = max([str(reading.get(name) or ""), *(str(row.get(wire) or "") for row in rows)])
        known = reading.setdefault("known", {})
        for row in rows:
            name = str(row["_id"])
            if (told := self._told(mine, row))[:3] != PLAIN[:3] or name in mine.get("known", {}):
                known[name] = told

    def _close(self, mine: dict[str, Any], whole: bool) -> None:
        """End the reading. What it saw counts only if it saw all."""
        reading = mine.pop("reading")
        if not whole:
            return
        known = reading.get("known", {})
        mine["known"] = known if reading["far"] else {**mine.get("known", {}), **known}
        for name in ("newest", "mark"):
            mine[name] = max(str(mine.get(name) or ""), str(reading.get(name) or ""))
        mine["whole"] = True
        if reading["far"]:
            mine["far"] = self.today

    def _told(self, mine: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
        """What of a row may change: its state, what was given back, whom it was merged from; and since when the sum
        given back is what it is.
        """
        given = str(number(row.get("amountRefunded")).normalize())
        before = (mine.get("known") or {}).get(str(row["_id"]), PLAIN)
        at = before[3] if before[1] == given and before[3] else str(row.get("updatedAt") or "")
        return [
            str(row.get("status") or ""),
            given,
            str(row.get("mergedFromContactId") or ""),
            at if refunds.is_refunded(row) else "",
        ]

    def _is_news(self, mine: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
        """Whether a row tells more than was read of it, as far as a row can tell."""
        made, changed, seen = moment(row.get("createdAt")), moment(row.get("updatedAt")), moment(mine.get("mark"))
        newest = moment(mine.get("newest"))
        if not mine.get("whole") or not (made and changed and seen and newest):
            return True
        if changed > seen - OVERLAP or made > newest - YOUNG:
            return True
        return bool(self._told(mine, row)[:3] != (mine.get("known") or {}).get(str(row["_id"]), PLAIN)[:3])

    # rows, and what is read for each

    def _ask(self, query: Mapping[str, object]) -> Callable[[int], tuple[list[Raw], int]]:
        return listing(self.api, "/payments/transactions", "data", "totalCount", query)

    def _dated(self, mine: Mapping[str, Any], row: Raw) -> Raw:
        """Say beside a charge since when what was given back is what it is; also where it was and is nothing now."""
        before = (mine.get("known") or {}).get(str(row["_id"]), PLAIN)
        if refunds.is_refunded(row) or before[3]:
            row[refunds.SINCE] = self._told(mine, row)[3]
        return row

    def _whole(self, row: Raw, since: str) -> Callable[[], Raw]:
        """A charge with what its own reading and its order tell."""

        def read() -> Raw:
            if str(row.get("createdAt") or "")[:10] < _day_before(since):
                return row
            row[receipts.WHOLE] = self._single(str(row["_id"]))
            if receipts.is_of_invoice(row):
                return row
            name = str(row.get("entityId") or "")
            if row.get("entityType") == receipts.SUBSCRIPTION:
                found = self._found(f"/payments/subscriptions/{name}", "contactSnapshot", "subscriptionSnapshot")
                row[receipts.TAKEN_OUT] = found or {}
                name = str((found or {}).get("entityId") or "") if (found or {}).get("entityType") == "order" else ""
            if name and (order := self._found(f"/payments/orders/{name}", "contactSnapshot")):
                row[receipts.ORDER] = order
            return row

        return read

    def _single(self, name: str) -> Raw:
        told = self.api.get(f"/payments/transactions/{name}", self._where())
        return {name: told[name] for name in ("qboSynced", "qboResponse") if name in told}

    def _found(self, path: str, *left_out: str) -> Raw | None:
        """What charges are for, read once however many there are; None where there is none of this name."""
        if path not in self.sources:
            try:
                self.sources[path] = kept(self.api.get(path, self._where()), *left_out)
            except RecordRejected as error:
                if error.code != NOT_FOUND:
                    raise
                self.sources[path] = None
        return self.sources[path]

    def _where(self) -> dict[str, object]:
        return {"altId": located(self.api), "altType": "location"}

    def _sorted(self, rows: list[Raw]) -> dict[str, list[Raw]]:
        """Each charge among its kind; and contacts that went up in others, as charges tell."""
        documents: dict[str, list[Raw]] = {
            "receipts": [row for row in rows if not receipts.is_of_invoice(row)],
            "invoice_payments": [row for row in rows if receipts.is_of_invoice(row)],
            "refunds": [row for row in rows if refunds.SINCE in row],
            "contacts": [
                {"id": str(row["mergedFromContactId"]), MERGED: str(row["contactId"])}
                for row in rows
                if row.get("mergedFromContactId") and row.get("contactId")
            ],
        }
        return {name: found for name, found in documents.items() if name in self.wanted and (found or name in MONEY)}


def listing(
    api: Api, path: str, rows: str, count: str, query: Mapping[str, object]
) -> Callable[[int], tuple[list[Raw], int]]:
    """How a list of the location is asked for. Numbers go as text: some of these lists take nothing else."""

    def ask(offset: int) -> tuple[list[Raw], int]:
        asked = {"altId": located(api), "altType": "location", "limit": str(ROWS), "offset": str(offset), **query}
        answer = api.get(path, asked)
        return [row for row in answer.get(rows) or () if isinstance(row, dict)], int(answer.get(count) or 0)

    return ask


def _day_before(since: str) -> str:
    """A day early: a day of the location may begin the day before in the world's time."""
    return (date.fromisoformat(since) - timedelta(days=1)).isoformat() if since else ""
