"""Reading. There is no feed of changes: lists are read in windows of time, each proven by the vendor's own count.

A first reading takes all that was created; where a day is set, all that was created since, and what was created before
but invoiced since: the vendor's count of all invoiced since says whether these two are everything. Later ones take what
was created and what was changed since, and read the last weeks over again: orders by the day they were invoiced,
payments by the day they were recorded. What was met before is known by a digest of its row, so that only orders that
moved cost a call for their lines. An invoice that is no longer among those of its day is asked for by its id: nothing
is concluded from its absence.

The cursor never goes past a window that was not proven: that one is read again next time, and the reading says that it
is incomplete. It holds for each list and location: `created` and `updated` (how far it has been read), `resume`,
`count` and `recent` (how far a first reading has come, how many rows it proved, and how many of these have the second
time), `top` (the newest time told, which is the vendor's clock), `seen` (digests of the last weeks), `half` (times
of rows met where not all came), `with`, `since` and `fixed` (what was read along). `reading` names a first reading
while it lasts, for the orders kept for its refunds.

Source: ngsalmon/shopmonkey-api-quirks:README.md (read 2026-11)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from connectors.contract import Api, Feed, Page, Raw, RecordRejected, SettingInvalid, SyncError
from connectors.contract.resources import Cursor
from connectors.shopmonkey import customers, payments, sales
from connectors.shopmonkey.lists import Ignored, Lists, Tally, Window
from connectors.shopmonkey.recent import Recent, forget, of_reading
from connectors.shopmonkey.shop import chosen, note
from connectors.shopmonkey.wire import (
    CUSTOMERS,
    FORBIDDEN,
    ORDERS,
    PARTS,
    PAYMENTS,
    TIRES,
    Source,
    moment,
    one,
    segment,
    stamp,
)

LOT = 25  # rows that travel together: each may cost a call, and one that fails costs those beside it
OVERLAP = timedelta(hours=1)
ROLLING = timedelta(days=35)
DOUBT = timedelta(days=1)  # what changed while a first reading went on is met by the next one
_DATES = ("createdDate", "updatedDate", "invoicedDate", "recordedDate")
# The time by which recent rows are read over again, and are kept in mind.
_RECENT = {"orders": "invoicedDate", "payments": "recordedDate"}
_KEPT_BY = {"orders": ("invoicedDate",), "payments": ("createdDate",)}

# Of the times that have no later change: the name of the cursor, and of the newest one told.
_MARKS = {"createdDate": ("created", "top_created"), "updatedDate": ("updated", "top_updated")}


@dataclass(slots=True)
class Reader:
    """One list of one location being read. `mine` is its part of the cursor and moves with every window."""

    api: Api
    source: Source
    mine: dict[str, Any]
    place: Raw | None = None
    since: date | None = None
    always_whole: bool = False  # nothing tells what changed: read in full every time
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)
    missing: int | None = None  # None: all of it was proven
    total: int | None = None  # the vendor's count, where all was read
    _met: set[str] = field(default_factory=set)
    _times: dict[str, str] = field(default_factory=dict)  # of the rows met: when created, and the second time
    _open: dict[str, int] = field(default_factory=dict)  # of a first reading: what its last window counts

    @property
    def key(self) -> str:
        """Which part of the cursor is this reader's."""
        return str(self.place["id"]) if self.place else ""

    def batches(self) -> Iterator[list[Raw]]:
        """Yield new and changed rows, window by window; the cursor is ahead of them when they come."""
        lists = Lists(self.api, self.source, self._fixed(), datetime.now(UTC), self.tally)
        first = not self.mine.get("created")
        for by, low in list(self._passes(first)):
            yield from self._pass(lists, by, low, first)
        if first and self.missing is None:
            yield from self._whole(lists)
        if self.missing is None and first and self.mine.get("top_created"):
            self._begin_changes()
        if self.missing is None:
            self.mine.pop("half", None)
        self._prune()

    def _fixed(self) -> dict[str, Any]:
        return {"locationId": str(self.place["id"])} if self.place and self.source.by_location else {}

    def _start(self) -> datetime | None:
        """From when on a first reading asks: a day ahead of the day that is set, which is one of the shop."""
        return datetime.combine(self.since, time(), UTC) - timedelta(days=1) if self.since else None

    def _passes(self, first: bool) -> Iterator[tuple[str, datetime | None]]:
        """Which times are read from where on."""
        start = self._start()
        recent = _RECENT.get(self.source.name, "")
        if first:
            yield "createdDate", moment(self.mine.get("resume")) or start
            if start and recent:
                yield recent, start
            return
        created = (moment(self.mine["created"]) or datetime.now(UTC)) - OVERLAP
        weeks = (moment(self.mine.get("top")) or created) - ROLLING
        yield "createdDate", min(created, weeks) if self.source is PAYMENTS else created
        if updated := moment(self.mine.get("updated")):
            yield "updatedDate", updated - OVERLAP
        if recent:
            yield recent, weeks

    def _pass(self, lists: Lists, by: str, low: datetime | None, first: bool) -> Iterator[list[Raw]]:
        """Read by one time from `low` on, and move the cursor as far as all of it was proven."""
        reached: datetime | None = None
        lacking: int | None = None
        counts = first and by == "createdDate"
        met: set[str] = set()
        earlier = self._earlier(by, low) if first and not counts else None
        for window in earlier or self._windows(lists, by, low):
            self._note(window)
            if window.missing is not None:
                lacking = (lacking or 0) + self._lacking(window, low if earlier else None)
            if lacking is not None:
                self._remember(window)
            else:
                reached = window.high
                if counts:
                    self._count(window)
            met |= window.found.keys()
            if rows := self._fresh(window.found.values()):
                yield rows
        if lacking is not None:
            self.missing = max(self.missing or 0, lacking)
        self._advance(by, reached, whole=lacking is None, first=first)
        if by == "invoicedDate" and not first and lacking is None and by not in self.mine.get("ignored", ()):
            yield from self._vanished(low, met)

    def _note(self, window: Window) -> None:
        """Note the times of the rows met: windows and passes overlap, and what one lacks another may have brought."""
        names = ("createdDate", _RECENT.get(self.source.name, ""))
        for key, row in window.found.items():
            self._times[key] = "|".join(stamp(at) if (at := moment(row.get(name))) else "" for name in names)

    def _remember(self, window: Window) -> None:
        """Keep in the cursor what was met from the first window on that was not proven: it is met by chance only, and
        what a later reading lacks of it is not missing.
        """
        half = self.mine.setdefault("half", {})
        half |= {key: self._times[key] for key in window.found if self._here(window.found[key])}

    def _lacking(self, window: Window, before: datetime | None) -> int:
        """How many rows of a window were met neither now nor earlier, at least; 0 where nobody knows. `before`: of its
        rows only those created by then.
        """
        by = {"createdDate": 0, _RECENT.get(self.source.name, ""): 1}.get(window.by)
        if window.total is None or (window.by and by is None):
            return window.missing or 0  # an earlier state of what was changed says nothing
        known = set(window.found)
        for key, told in {**self.mine.get("half", {}), **self._times}.items():
            times = told.split("|")
            early = before is None or (times[0] and times[0] < stamp(before))
            if early and (by is None or (times[by] and window.holds({window.by: times[by]}))):
                known.add(key)
        return max(0, window.total - len(known))

    def _count(self, window: Window) -> None:
        """Count what a first reading proved. The last window is open and read again after a pause, so it is counted
        apart: twice counted, its rows would stand for rows nobody saw.
        """
        start = self._start()
        recent = (moment(row.get(_RECENT.get(self.source.name, ""))) for row in window.found.values())
        told = {"count": len(window.found), "recent": sum(1 for at in recent if at and start and at >= start)}
        if window.high is None:
            self._open = told
            return
        for name, number in told.items():
            self.mine[name] = int(self.mine.get(name) or 0) + number
        self.mine["resume"] = stamp(window.high)

    def _counted(self, name: str) -> int:
        return int(self.mine.get(name) or 0) + self._open.get(name, 0)

    def _earlier(self, by: str, start: datetime | None) -> list[Window] | None:
        """What was invoiced (or recorded) since, but created before: all that the first pass has not read already.

        None where that cannot be relied on, and everything of this time is to be read: a filter of two times that is
        not kept to, or a count of what it leaves apart that is not what the first pass brought. Where that one lacks
        rows, it is read again next time, and all of this is.
        """
        if start is None or {by, "createdDate"} & set(self.mine.get("ignored", ())):
            return None
        before = {**self._fixed(), "createdDate": {"lt": stamp(start)}}
        lists = Lists(self.api, self.source, before, datetime.now(UTC), self.tally)
        try:
            windows = list(lists.windows(Window(by, start)))
        except Ignored:
            return None
        found = [row for window in windows for row in window.found.values()]
        times = [(moment(row.get("createdDate")), moment(row.get(by))) for row in found]
        if not all(made and made < start and at and at >= start for made, at in times):
            return None
        if self.missing is not None:
            return windows
        if any(window.missing is not None for window in windows):
            return None
        total = lists.count({**self._fixed(), **Window(by, start).where()})
        return windows if total == self._counted("recent") + len(found) else None

    def _windows(self, lists: Lists, by: str, low: datetime | None) -> Iterator[Window]:
        """The windows of a pass. Where the filter is ignored the list is read as a whole, or, where other passes do as
        well, not by this time at all.
        """
        ignored = self.mine.setdefault("ignored", [])
        try:
            for window in lists.windows(Window(by, low)):
                if by in ignored:
                    ignored.remove(by)
                yield window
            return
        except Ignored:
            if by not in ignored:
                ignored.append(by)
            self._say(f"the filter on {by} is ignored")
        if by == "createdDate" or self.source.name not in _RECENT:
            self.mine["count"], self._open = 0, {}
            yield from lists.windows(Window(""))
        elif by == _RECENT.get(self.source.name) and low is not None:
            yield from self._instead(lists, low)

    def _instead(self, lists: Lists, low: datetime) -> Iterator[Window]:
        """The recent weeks by the day of creation, where another day cannot be asked for."""
        try:
            yield from lists.windows(Window("createdDate", low))
        except Ignored:
            yield from lists.windows(Window(""))

    def _advance(self, by: str, reached: datetime | None, *, whole: bool, first: bool) -> None:
        """Move the cursor: to the newest row where all was proven, else to the first window that was not."""
        if first or self.always_whole:
            return
        if by not in _MARKS:
            return
        name, top = _MARKS[by]
        there = moment(self.mine.get(top)) if whole else reached
        here = moment(self.mine.get(name))
        if there and (here is None or there > here):
            self.mine[name] = stamp(there)

    def _whole(self, lists: Lists) -> Iterator[list[Raw]]:
        """Hold what was read against the count of all rows: some may be in no window."""
        if self.since or "createdDate" in self.mine.get("ignored", ()):
            return
        self.total = lists.count(self._fixed())
        if self.total is None or self._counted("count") >= self.total:
            return
        # Somebody may have added one since: what came last is read once more.
        low = moment(self.mine.get("resume"))
        for window in self._windows(lists, "createdDate", low):
            if window.missing is None:
                self._count(window)
            if rows := self._fresh(window.found.values()):
                yield rows
        self.total = lists.count(self._fixed())
        if self.total is not None and self._counted("count") < self.total:
            self.missing = self.total - self._counted("count")
            self._say(f"{self.total} counted, {self._counted('count')} found in all windows")
            self.mine.pop("resume", None)
            self.mine["count"], self.mine["recent"], self._open = 0, 0, {}

    def _begin_changes(self) -> None:
        """A first reading is over: from here on only changes are read."""
        if self.always_whole:
            self.mine["created"] = "read"
            return
        self.mine["created"] = self.mine["top_created"]
        top = moment(self.mine.get("top"))
        self.mine["updated"] = stamp(top - DOUBT) if top else None
        for name in ("resume", "count", "recent"):
            self.mine.pop(name, None)

    # rows

    def _fresh(self, found: Any) -> list[Raw]:
        """The rows of this place that are new or moved, each once in a reading."""
        rows = []
        for row in found:
            self._clock(row)
            key = str(row["id"])
            if not self._here(row) or key in self._met:
                continue
            self._met.add(key)
            mark, kept = digest(row), self.mine.setdefault("seen", {}).get(key, "")
            if kept.partition("|")[0] == mark:
                continue
            self._keep(key, row, mark)
            rows.append(row)
        return rows

    def _keep(self, key: str, row: Raw, mark: str) -> None:
        """Keep in mind what the row says, with the day by which it is read over again, and when it was changed."""
        names = _KEPT_BY.get(self.source.name, ())
        at = next((moment(row.get(name)) for name in names if moment(row.get(name))), None)
        if at:
            changed = moment(row.get("updatedDate"))
            self.mine["seen"][key] = "|".join((mark, stamp(at), *([stamp(changed)] if changed else ())))
        else:
            self.mine["seen"].pop(key, None)

    def _here(self, row: Raw) -> bool:
        """Tell whether a row is one that was asked for; lists may bring others."""
        if self.place and self.source.by_location and str(row.get("locationId")) != str(self.place["id"]):
            return False
        if not self.since:
            return True
        days = (moment(row.get(name)) for name in ("createdDate", _RECENT.get(self.source.name, "createdDate")))
        return any(at.date() >= self.since - timedelta(days=1) for at in days if at)

    def _clock(self, row: Raw) -> None:
        """Keep the newest times told."""
        for name, top in (("createdDate", "top_created"), ("updatedDate", "top_updated")):
            self._later(top, moment(row.get(name)))
        for name in _DATES[:2]:  # other dates are set by people, and may lie ahead
            self._later("top", moment(row.get(name)))

    def _later(self, name: str, at: datetime | None) -> None:
        here = moment(self.mine.get(name))
        # A row dated by a wrong clock must not carry the cursor past what is still to come.
        if at and at < datetime.now(UTC) + DOUBT and (here is None or at > here):
            self.mine[name] = stamp(at)

    def _prune(self) -> None:
        """Forget digests of rows that are not read over again: neither by their day nor by their change."""
        top = moment(self.mine.get("top"))
        if top:
            oldest, changed = stamp(top - ROLLING - DOUBT), stamp(top - DOUBT - OVERLAP)
            seen = (self.mine.get("seen") or {}).items()
            self.mine["seen"] = {key: told for key, told in seen if _day(told) >= oldest or _change(told) >= changed}

    def _vanished(self, low: datetime | None, met: set[str]) -> Iterator[list[Raw]]:
        """Ask for invoices that were among those of these weeks and are not any more: edited, or turned back."""
        oldest = stamp(low) if low else ""
        gone = [key for key, told in (self.mine.get("seen") or {}).items()
                if _day(told) >= oldest and key not in met and key not in self._met]  # fmt: skip
        rows = [row for row in self.api.gather([self._asked(key) for key in gone]) if row is not None]
        for key in gone:
            self.mine["seen"].pop(key, None)
        if fresh := self._fresh(rows):
            yield fresh

    def _asked(self, key: str) -> Callable[[], Raw | None]:
        def call() -> Raw | None:
            try:
                return one(self.api, f"{self.source.path}/{segment(key)}")
            except RecordRejected:
                return None  # not there for this key: nothing is concluded from that

        return call

    def _say(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)


def _day(told: str) -> str:
    """Of what is kept in mind of a row: its day."""
    return told.split("|")[1]


def _change(told: str) -> str:
    """When it was changed; "" where that was not told."""
    return told.partition("|")[2].partition("|")[2]


def digest(row: Mapping[str, Any]) -> str:
    """A short mark of what a row says, without what changes by itself."""
    told = sales.trimmed(customers.trimmed(dict(row)))
    whole = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(whole.encode(), digest_size=6).hexdigest()


# lists

Brought = Callable[[], tuple[Sequence[str], Raw]]  # brings a row's document, for these resources
Bring = Callable[[Reader, Raw], Brought]


@dataclass(slots=True)
class Listing:
    """A list over all its locations, and what its rows become."""

    api: Api
    source: Source
    names: frozenset[str]  # the resources it brings
    state: dict[str, Any]
    places: Sequence[Raw | None]
    since: date | None = None
    always_whole: bool = False

    def pages(self, bring: Bring) -> Iterator[Page]:
        """Yield the pages of all locations, and a last one that says whether all of it was brought."""
        tally, notes = Tally(), []
        missing: int | None = None
        total: int | None = 0
        for place in self.places:
            reader = self._reader(place, tally)
            if self.always_whole and reader.mine.get("created"):
                continue  # read before a pause, in this same round
            first = not reader.mine.get("created")
            for batch in reader.batches():
                yield from self._lots(reader, batch, bring)
            if reader.missing is not None:
                missing = (missing or 0) + reader.missing
            total = total + reader.total if first and total is not None and reader.total is not None else None
            notes += [item for item in reader.notes if item not in notes]
        if self.always_whole:
            for mine in self.state.get(self.source.name, {}).values():
                mine.clear()
        if self.source is PAYMENTS and "reading" in self.state:
            forget(self.state.pop("reading"))
        yield self._last(missing, total, tally, notes)

    def _lots(self, reader: Reader, batch: Sequence[Raw], bring: Bring) -> Iterator[Page]:
        """Yield a batch lot by lot, the calls of the next lot being on their way. What came before one that failed is
        kept, so that each try comes further.
        """
        brought: list[Raw] = []
        documents: dict[str, list[Raw]] = {name: [] for name in self.names}
        try:
            for names, document in self.api.gather([bring(reader, row) for row in batch]):
                brought.append(batch[len(brought)])
                for name in names:
                    documents[name].append(document)
                if len(brought) % LOT == 0 and len(brought) < len(batch):
                    yield Page(documents, self._halfway(reader, brought))
                    documents = {name: [] for name in self.names}
        except SyncError:
            if any(documents.values()):
                yield Page(documents, self._halfway(reader, brought))
            raise
        yield Page(documents, self._cursor(whole=True))

    def _last(self, missing: int | None, total: int | None, tally: Tally, notes: Sequence[str]) -> Page:
        told = [*notes]
        if missing is not None:
            told.append(f"incomplete: at least {missing} missing" if missing else "incomplete: nobody knows how many")
        if told:
            told.append(f"{tally.calls} calls, {tally.windows} windows, {tally.incomplete} not proven")
        return Page(
            {name: [] for name in self.names},
            self._cursor(whole=True),
            # Payments are counted together with refunds: the count is of neither.
            expected={self.source.name: total} if total is not None and self.source is not PAYMENTS else {},
            ends=self.names if missing is None else frozenset(),
            note=f"{self.source.name}: {'; '.join(told)}" if told else "",
            missing=dict.fromkeys(self.names, missing) if missing is not None else {},
        )

    def _reader(self, place: Raw | None, tally: Tally) -> Reader:
        """The reader of a location, with its part of the cursor: an empty one where more has to be read than before."""
        states = self.state.setdefault(self.source.name, {})
        key = str(place["id"]) if place else ""
        mine: dict[str, Any] = states.get(key) or {}
        floor = self.since.isoformat() if self.since else ""
        fixed = self.api.context.get("fixed_price", "") if self.source is ORDERS else ""
        if mine and (
            not self.names <= set(mine.get("with", self.names))
            or floor < mine.get("since", "")
            or fixed != mine.get("fixed", fixed)
        ):
            mine = {}
        mine |= {
            "with": sorted({*mine.get("with", ()), *self.names}),
            "since": mine.get("since", floor),
            "fixed": fixed,
        }
        states[key] = mine
        since = date.fromisoformat(mine["since"]) if mine["since"] else None
        return Reader(self.api, self.source, mine, place, since, self.always_whole, tally)

    def _cursor(self, *, whole: bool) -> Cursor:
        """The cursor as it is after these documents; in the midst of a window it stays where the last one ended."""
        if whole:
            self._kept = deepcopy(self.state)
        return self._kept

    def _halfway(self, reader: Reader, brought: Sequence[Raw]) -> Cursor:
        """The cursor in the midst of a window: where the last one ended, but what was brought is not asked for again.

        An order costs a call for its lines; a vendor that says "later" once in a window must not cost them all.
        """
        mine = self._kept.setdefault(self.source.name, {}).setdefault(reader.key, {})
        fixed = {name: deepcopy(reader.mine[name]) for name in ("with", "since", "fixed")}
        if any(mine.get(name, value) != value for name, value in fixed.items()):
            mine.clear()  # more is wanted than was read before: this is a first reading
        mine |= fixed
        known = reader.mine.get("seen") or {}
        told = {str(row["id"]): known[str(row["id"])] for row in brought if str(row["id"]) in known}
        mine["seen"] = {**(mine.get("seen") or {}), **told}
        return deepcopy(self._kept)

    _kept: Cursor = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kept = deepcopy(self.state)


def read_garage(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Pages of customers, orders, payments and refunds, each only if wanted. What the key may not read is passed over
    with a note, but never taken for read; without orders there is nothing to do.
    """
    state: dict[str, Any] = deepcopy(cursor or {})
    places = chosen(api)
    told = api.context.get("orders_since", "")
    since = date.fromisoformat(told[:10]) if told else None
    if "customers" in wanted:
        listing = Listing(api, CUSTOMERS, frozenset({"customers"}), state, [None])
        yield from _tolerant(listing, _customer)
    if cursor is None and {"orders", "refunds"} <= wanted:
        state["reading"] = uuid4().hex
    recent = of_reading(state["reading"]) if "reading" in state else Recent()
    if "orders" in wanted:
        listing = Listing(api, ORDERS, frozenset({"orders"}), state, places, since)
        yield from listing.pages(partial(_order, recent))
    if names := wanted & {"payments", "refunds"}:
        listing = Listing(api, PAYMENTS, frozenset(names), state, places, since)
        yield from _tolerant(listing, partial(_payment, recent))


def _customer(reader: Reader, row: Raw) -> Brought:
    return _as_it_is(customers.trimmed(row), "customers")


def _order(recent: Recent, reader: Reader, row: Raw) -> Brought:
    complete = sales.completed(reader.api, {**_noted(reader, row), **sales.fixed(reader.api)})

    def call() -> tuple[Sequence[str], Raw]:
        found = complete()
        recent.keep(found)
        return ("orders",), found

    return call


def _payment(recent: Recent, reader: Reader, row: Raw) -> Brought:
    marked = payments.trimmed(_noted(reader, row))
    if not payments.is_refund(row):
        return _as_it_is(marked, *({"payments"} & set(reader.mine["with"])))
    if "refunds" not in reader.mine["with"]:
        return _as_it_is(marked)
    return lambda: (("refunds",), payments.beside(reader.api, marked, recent))


def _as_it_is(document: Raw, *names: str) -> Brought:
    """A row that costs no call."""
    return lambda: (names, document)


def _noted(reader: Reader, row: Raw) -> Raw:
    return {**row, "_location": note(reader.place)} if reader.place else row


def read_inventory(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Pages of parts with their stock, and of tires, in full every time: what moves a quantity may leave no trace."""
    state: dict[str, Any] = deepcopy(cursor or {})
    places = chosen(api)
    if names := wanted & {"parts", "stock"}:
        listing = Listing(api, PARTS, frozenset(names), state, places, always_whole=True)
        yield from _tolerant(listing, lambda reader, row: _as_it_is(_noted(reader, row), *names))
    if "tires" in wanted:
        listing = Listing(api, TIRES, frozenset({"tires"}), state, places, always_whole=True)
        yield from _tolerant(listing, lambda reader, row: _as_it_is(_noted(reader, row), "tires"))


def _tolerant(listing: Listing, bring: Bring) -> Iterator[Page]:
    try:
        yield from listing.pages(bring)
    except SettingInvalid as error:
        if error.code != FORBIDDEN:
            raise
        words = f"{listing.source.name}: {error.code} {error.params.get('permission', '')}"
        nothing: dict[str, list[Raw]] = {name: [] for name in listing.names}
        yield Page(nothing, listing._cursor(whole=False), note=words, missing=dict.fromkeys(listing.names, 0))


FEEDS = (
    Feed("garage", ("orders", "customers", "payments", "refunds"), read_garage),
    Feed("inventory", ("parts", "tires", "stock"), read_inventory),
)
