"""Reading the books: everything once, and from then on what changed.

A full read asks for windows of `MetaData.LastUpdatedTime` in its own order, a page of a thousand at a time, each window
beginning where the last one ended: rows that change meanwhile move to the end and are met again, none slips between two
pages. Rows of the very same second are told apart by what was already seen; where they fill a whole page they are read
by position in the order of their ids. Different resources are read side by side.

Changes come from the change data capture call: at most a thousand objects in the whole answer with no way to page, a
look back of 30 days, stubs for what was deleted. At the cap each type is asked alone; a type that reaches the cap alone
is read by windows, and deletions are gathered as far as they can be. Tax codes, rates and agencies are not in it.

A resource may be another view of documents that are read anyway (the stock of items): it costs no call. Who is told of
a source's documents is kept in the cursor (`told`); a view that is new to it has the source read in full once.

The cursor holds, by resource: `since` (the vendor's clock at the beginning of the last reading, less an overlap),
`edge` (what was already read of that overlap) and `full` (how far an unfinished full read has come).

Source: https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture,
…/data-queries (read 2026-11)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

from connectors.contract import Api, ContractBroken, Feed, Page, Raw, RecordRejected
from connectors.contract.parsing import instant
from connectors.contract.resources import Cursor
from connectors.quickbooks import company, wire
from connectors.quickbooks.errors import sound
from connectors.quickbooks.query import ANY_STATE, PAGE, STAMP, Where, count, select
from connectors.quickbooks.reading import changed_at, is_stub

CAP = 1000
LOOK_BACK = timedelta(days=30)
OVERLAP = timedelta(minutes=5)
# More pages than this at once would be held in memory.
SIDE_BY_SIDE = 3
# Positions move when a row leaves the second that is being read; pages by position overlap by this much.
SHIFT = 100
EDGE = 500
SAME_CALL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Source:
    """How one resource is read. `active`: inactive ones come only when asked for; `changes`: the capture has it."""

    entity: str
    active: bool = False
    changes: bool = True


SOURCES: dict[str, Source] = {
    "customers": Source("Customer", active=True),
    "items": Source("Item", active=True),
    "invoices": Source("Invoice"),
    "sales_receipts": Source("SalesReceipt"),
    "payments": Source("Payment"),
    "credit_memos": Source("CreditMemo"),
    "refund_receipts": Source("RefundReceipt"),
    "accounts": Source("Account", active=True),
    "classes": Source("Class", active=True),
    "departments": Source("Department", active=True),
    "tax_codes": Source("TaxCode", active=True, changes=False),
    "tax_rates": Source("TaxRate", active=True, changes=False),
    "tax_agencies": Source("TaxAgency", changes=False),
    "payment_methods": Source("PaymentMethod", active=True),
    "terms": Source("Term", active=True),
}
_NAMES = {source.entity: name for name, source in SOURCES.items()}
# view -> the source whose documents it shows
VIEWS = {"stock_levels": "items"}


def _key(raw: Raw) -> str:
    """What tells two readings of the same state apart from two states.

    Token and time alone would not: what a merge moves keeps its token, and times are whole seconds.
    """
    content = crc32(json.dumps(raw, sort_keys=True, default=str).encode())
    return f"{raw.get('Id')}:{raw.get('SyncToken', '')}:{changed_at(raw)}:{content:08x}"


def _time(raw: Raw) -> datetime:
    """The vendor's clock when it began this answer."""
    found = raw.get("time")
    if not isinstance(found, str):
        raise ContractBroken("ANSWER-SHAPE", detail="an answer without its time")
    return datetime.fromisoformat(found)


class _State:
    """The cursor as it is worked on."""

    def __init__(self, cursor: Cursor | None) -> None:
        kept = deepcopy(cursor or {})
        self.since: dict[str, str] = kept.get("since", {})
        self.edge: dict[str, list[str]] = kept.get("edge", {})
        self.full: dict[str, dict[str, Any]] = kept.get("full", {})
        self.told: dict[str, list[str]] = kept.get("told", {})

    def cursor(self) -> Cursor:
        return deepcopy({"since": self.since, "edge": self.edge, "full": self.full, "told": self.told})

    def tell(self, wanted: frozenset[str]) -> list[str]:
        """The sources to read for what is wanted. One whose documents somebody new wants is begun anew."""
        for source in set(VIEWS.values()):
            before = self.told.get(source) or ([source] if source in self.since or source in self.full else [])
            views = [view for view, shown in VIEWS.items() if shown == source]
            asked = [name for name in (source, *views) if name in wanted]
            if set(asked) - set(before):
                self.since.pop(source, None)
                self.full.pop(source, None)
                self.edge.pop(source, None)
            if asked:
                self.told[source] = sorted({*before, *asked})
        return [name for name in SOURCES if name in wanted or set(self.told.get(name, ())) & wanted]

    def page(self, page: Page) -> Page:
        """The page as those who are told see it: a view has the documents, the count and the end of its source."""
        readers = {name: self.told.get(name, [name]) for name in SOURCES}
        return replace(
            page,
            documents={reader: rows for name, rows in page.documents.items() for reader in readers[name]},
            expected={reader: count for name, count in page.expected.items() for reader in readers[name]},
            ends=frozenset(reader for name in page.ends for reader in readers[name]),
        )

    def done(self, name: str, began: datetime, recent: Sequence[str]) -> None:
        """A reading of `name` that began at `began` is over; `recent` lies in the overlap and will come again."""
        since = began - OVERLAP
        before = self.since.get(name)
        # A vendor's clock that was set back must not make us read the same stretch for ever, nor skip one.
        self.since[name] = since.isoformat() if before is None else max(since, _at(before)).isoformat()
        self.edge[name] = list(recent) if len(recent) <= EDGE else []
        self.full.pop(name, None)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read_books(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Yield what changed since `cursor`; what it does not know yet is read in full. At least one page comes."""
    state = _State(cursor)
    names = state.tell(wanted)
    # What is not whole yet comes first: a reader that is cut off after every page must still arrive.
    unread = [name for name in names if name not in state.since or name in state.full]
    again = [name for name in names if name not in unread]
    stale = [name for name in again if not SOURCES[name].changes]
    yielded = False
    for pages in (
        _everything(api, state, unread),
        _changes(api, state, [name for name in again if name not in stale], stale),
        _everything(api, state, stale),
    ):
        for page in pages:
            yielded = True
            yield state.page(page)
    if not yielded:
        yield Page({}, state.cursor())


# Everything


@dataclass(slots=True)
class _Listing:
    """A full read (or, with a beginning, a read of all that changed since) of one resource on its way."""

    name: str
    source: Source
    at: str | None = None  # the stamp where the next window begins
    position: int = 0  # above 0: reading the second `at` by position
    time: str = ""  # the vendor's clock at the first answer
    expected: int | None = None
    read: int = 0
    seen: set[str] = field(default_factory=set)
    recent: list[str] = field(default_factory=list)
    over: bool = False
    note: str = ""
    counts: bool = True

    def ask(self, api: Api) -> Raw:
        """The next page. A feature the company does not have is a list without rows."""
        try:
            if self.expected is None and self.counts:
                self.expected = self.count(api)
            return wire.ask(api, self._statement())
        except RecordRejected as error:
            if error.code != "QBO-5020":
                raise
            self.note = f"{self.name}: not part of this company's plan"
            return {"QueryResponse": {}, "time": datetime.now(UTC).isoformat()}

    def count(self, api: Api) -> int:
        """The vendor's own count."""
        raw = wire.ask(api, count(self.source.entity, self._states()))
        return int(raw["QueryResponse"].get("totalCount", 0))

    def _states(self) -> list[Where]:
        return [ANY_STATE] if self.source.active else []

    def _statement(self) -> str:
        where = self._states()
        if not self.source.changes:
            return select(self.source.entity, where, order="Id", start=self.position or 1)
        if self.position:
            # Not "=": stamps may be finer inside than they are shown.
            where += [Where(STAMP, ">=", self.at), Where(STAMP, "<", self._next_second())]
            return select(self.source.entity, where, order="Id", start=self.position)
        if self.at:
            where.append(Where(STAMP, ">=", self.at))
        return select(self.source.entity, where, order=STAMP)

    def _next_second(self) -> str:
        return (_at(self.at or "") + timedelta(seconds=1)).isoformat()

    def take(self, raw: Raw) -> list[Raw]:
        """Take an answer in: return the rows not seen before, and move on."""
        self.time = self.time or _time(raw).isoformat()
        rows = wire.rows(raw, self.source.entity)
        fresh = [row for row in rows if _key(row) not in self.seen] if self.seen else rows
        self.read += len(fresh)
        edge = _at(self.time) - OVERLAP
        for row in fresh:
            stamp = instant(changed_at(row))
            if len(self.recent) <= EDGE and stamp is not None and stamp >= edge:
                self.recent.append(_key(row))
        self._move(rows, fresh)
        return fresh

    def _move(self, rows: list[Raw], fresh: list[Raw]) -> None:
        if not self.source.changes:
            self.seen.update(map(_key, fresh))
            self.position = (self.position or 1) + PAGE - SHIFT
            self.over = len(rows) < PAGE
        elif self.position:
            self.seen.update(map(_key, fresh))
            self.position += PAGE - SHIFT
            if len(rows) < PAGE:
                self.position, self.at, self.seen = 0, self._next_second(), set()
        elif len(rows) < PAGE:
            self.over = True
        else:
            self._next_window(rows)

    def _next_window(self, rows: list[Raw]) -> None:
        first, last = changed_at(rows[0]), changed_at(rows[-1])
        # Every window must begin no earlier and end no earlier than the last one did, or reading would go in circles.
        if not first or not last or _at(first) > _at(last) or (self.at and _at(first) < _at(self.at)):
            raise ContractBroken("QBO-ORDER", detail=f"{self.source.entity} rows came out of order")
        if first == last:
            # One second fills the page: its rows are read by position, in another order.
            self.seen = set(map(_key, rows))
            self.position = 1
        else:
            self.seen = {_key(row) for row in rows if changed_at(row) == last}
        self.at = last

    def save(self) -> dict[str, Any]:
        """How far it has come, as JSON. Of a crowded second only some are kept: a row met twice does no harm."""
        return {
            "at": self.at,
            "position": self.position,
            "time": self.time,
            "expected": self.expected,
            "read": self.read,
            "seen": sorted(self.seen)[:PAGE],
            "recent": self.recent,
        }

    @classmethod
    def load(cls, name: str, kept: dict[str, Any] | None) -> _Listing:
        """Begin, or go on where `kept` says."""
        listing = cls(name, SOURCES[name])
        if kept:
            listing.at, listing.position = kept["at"], kept["position"]
            listing.time, listing.expected, listing.read = kept["time"], kept["expected"], kept["read"]
            listing.seen, listing.recent = set(kept["seen"]), list(kept["recent"])
        return listing


def _everything(api: Api, state: _State, names: Sequence[str]) -> Iterator[Page]:
    """Read `names` in full, a few side by side; one page for each answer."""
    waiting = [_Listing.load(name, state.full.get(name)) for name in names]
    while waiting:
        now = waiting[:SIDE_BY_SIDE]
        calls: list[Callable[[], Raw]] = [partial(listing.ask, api) for listing in now]
        for listing, raw in zip(now, api.gather(calls), strict=True):
            yield _page(api, state, listing, listing.take(raw))
        waiting = [listing for listing in waiting if not listing.over]


def _page(api: Api, state: _State, listing: _Listing, rows: list[Raw]) -> Page:
    name, ends = listing.name, False
    if listing.over:
        ends = _complete(api, listing)
        state.done(name, _at(listing.time), listing.recent)
    else:
        state.full[name] = listing.save()
    expected = {name: listing.expected} if listing.expected is not None else {}
    return Page({name: rows}, state.cursor(), expected, frozenset({name} if ends else ()), listing.note)


def _complete(api: Api, listing: _Listing) -> bool:
    """Whether as many came as the vendor counts. Some may have gone meanwhile, so it is asked again before we doubt."""
    if listing.expected is None or listing.read >= listing.expected:
        return True
    listing.expected = listing.count(api)
    if listing.read >= listing.expected:
        return True
    listing.note = f"{listing.name}: {listing.read} of {listing.expected} came"
    return False


# Changes


def _changes(api: Api, state: _State, names: Sequence[str], stale: list[str]) -> Iterator[Page]:
    """Read what changed; names whose look back is over are put in `stale`."""
    for group in _groups(state, names, stale):
        since = min(_at(state.since[name]) for name in group)
        raw = _capture(api, group, since)
        if _time(raw) - since > LOOK_BACK:
            stale.extend(group)
        elif _size(raw) < CAP:
            yield _changed(state, raw, group)
        elif len(group) == 1:
            yield from _crowded(api, state, group[0], since, raw)
        else:
            calls: list[Callable[[], Raw]] = [partial(_capture, api, [name], since) for name in group]
            for name, alone in zip(group, api.gather(calls), strict=True):
                if _size(alone) < CAP:
                    yield _changed(state, alone, [name])
                else:
                    yield from _crowded(api, state, name, since, alone)


def _groups(state: _State, names: Sequence[str], stale: list[str]) -> list[list[str]]:
    """Names that share a call: those last read at about the same time. Too old ones need none."""
    groups: list[list[str]] = []
    now = datetime.now(UTC)
    for name in sorted(names, key=lambda name: _at(state.since[name])):
        at = _at(state.since[name])
        if now - at > LOOK_BACK:
            stale.append(name)
        elif groups and at - _at(state.since[groups[-1][0]]) <= SAME_CALL:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def _capture(api: Api, names: Sequence[str], since: datetime) -> Raw:
    entities = ",".join(SOURCES[name].entity for name in names)
    raw = wire.read(api, "/cdc", {"entities": entities, "changedSince": since.isoformat()})
    if not isinstance(raw.get("CDCResponse"), list):
        raise ContractBroken("ANSWER-SHAPE", detail="changes were answered without CDCResponse")
    return raw


def _blocks(raw: Raw) -> Iterator[tuple[str, list[Raw]]]:
    """(entity, rows) of a capture. Types without changes leave an empty block: keys count, not places."""
    for outer in raw["CDCResponse"]:
        for block in sound(outer).get("QueryResponse") or []:
            for entity, rows in sound(block).items():
                if isinstance(rows, list):
                    yield entity, rows


def _size(raw: Raw) -> int:
    return sum(len(rows) for _, rows in _blocks(raw))


def _changed(state: _State, raw: Raw, names: Sequence[str]) -> Page:
    """The page of a whole capture answer."""
    began = _time(raw)
    found: dict[str, list[Raw]] = {}
    recent: dict[str, list[str]] = {name: [] for name in names}
    for entity, rows in _blocks(raw):
        name = _NAMES.get(entity)
        if name not in recent:
            continue
        before = set(state.edge.get(name, ()))
        for row in rows:
            key = _key(row)
            stamp = instant(changed_at(row))
            if stamp is None or stamp >= began - OVERLAP:
                recent[name].append(key)
            if key not in before:
                found.setdefault(name, []).append(row)
    for name in names:
        state.done(name, began, recent[name])
    return Page(found, state.cursor())


def _crowded(api: Api, state: _State, name: str, since: datetime, raw: Raw) -> Iterator[Page]:
    """More changes of one type than the capture tells: read the living by windows, and the deletions we can get."""
    listing = _Listing(name, SOURCES[name], at=since.isoformat(), counts=False)
    began = _time(raw)
    listing.time = began.isoformat()
    while not listing.over:
        rows = listing.take(listing.ask(api))
        if not listing.over:
            # `since` stays: a restart begins this stretch anew, and meeting a row twice does no harm.
            yield Page({name: rows}, state.cursor())
    stubs, sure_from = _deletions(api, name, since, raw)
    state.done(name, began, listing.recent)
    note = f"{name}: more than {CAP} changes; deletions before {sure_from.isoformat()} may be missing"
    yield Page({name: [*rows, *stubs]}, state.cursor(), note=note)


def _deletions(api: Api, name: str, since: datetime, raw: Raw) -> tuple[list[Raw], datetime]:
    """Stubs from ever shorter looks back, until one is told in whole; with the moment from which they are."""
    found: dict[str, Raw] = {}
    end = _time(raw)
    while True:
        for _, rows in _blocks(raw):
            found.update({str(row.get("Id")): row for row in rows if is_stub(row)})
        if _size(raw) < CAP or end - since < timedelta(minutes=1):
            return list(found.values()), since
        since += (end - since) / 2
        raw = _capture(api, [name], since)


# The company


def read_company(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Read the two single documents of the company; they are small and have no history."""
    readers: dict[str, Callable[[Api], Raw]] = {
        "company_info": company.read_company,
        "preferences": company.read_preferences,
    }
    names = [name for name in readers if name in wanted]
    calls: list[Callable[[], Raw]] = [partial(readers[name], api) for name in names]
    documents = {name: [raw] for name, raw in zip(names, api.gather(calls), strict=True)}
    yield Page(documents, {}, ends=frozenset(names))


FEEDS = (
    Feed("books", (*SOURCES, *VIEWS), read_books),
    Feed("company", ("company_info", "preferences"), read_company),
)
