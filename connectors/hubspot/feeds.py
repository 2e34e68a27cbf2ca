"""Reading: everything once by the listings, and from then on what changed, by search.

A listing has no order but by id and is not bound by the rules of search, so it serves the first reading. Changes are
those with a date of change at or after the newest one seen, less an overlap; that date is the vendor's, and so is the
whole cursor. One search tells how many there are and which is the newest: when both are as they were, nothing has
happened, and that one call was all. Up to a page of them is read at once. More are read by id (each page begins after
the last id, within the window that ends with the newest date known): reading by date would stand still where more
records than a search gives carry one date.

Search does not show what was archived. Those listings have neither order nor filter; one of them is read in a run, each
kind every half hour (webhooks tell sooner). A merged contact is told by its survivor. What links records does not move
their dates: links between deals and invoices are read anew each time, as are those of papers that had nobody yet.

Sources: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm, …/objects/*/guide, read
2026-11-21.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from connectors.contract import Api, Feed, Page, Payload, Raw, SettingInvalid
from connectors.contract.resources import Cursor
from connectors.hubspot.contacts import merged_stubs
from connectors.hubspot.links import read_links
from connectors.hubspot.properties import HAS_CUSTOM, custom_names, read_names
from connectors.hubspot.records import read_some, whole
from connectors.hubspot.wire import ROWS, milliseconds, objects, value_of

SEARCH_PAGE = 200
OVERLAP = 5 * 60_000  # milliseconds of the vendor's clock; the search index is behind by less
TOGETHER = 5  # pages of a listing that are handed on as one
NAMES_IN_ADDRESS = 4000  # characters; more names than this are asked for in a body
NAMES_IN_SEARCH = 2300  # of the 3,000 a search may have
CUSTOM_SECONDS = 1800  # our clock: how long the list of the account's own properties is taken as it was
ARCHIVED_SECONDS = 1800
LOOSE = 1000  # papers without a contact that are looked at again


@dataclass(frozen=True, slots=True)
class Source:
    """How one resource is read. `links` are read along; without the right to read it, it is an empty list."""

    kind: str
    stamp: str = "hs_lastmodifieddate"
    links: tuple[str, ...] = ()
    needs: str = ""  # the scope of a kind that an account may lack


SOURCES: dict[str, Source] = {
    "contacts": Source("contacts", "lastmodifieddate"),
    "products": Source("products"),
    "invoices": Source("invoices", links=("contacts", "line_items"), needs="crm.objects.invoices.read"),
    "payments": Source("commerce_payments", links=("contacts", "invoices"), needs="crm.objects.commercepayments.read"),
    "deals": Source("deals", links=("contacts", "invoices")),
}
NOT_READ = ("payment_notes",)  # written only


def read_crm(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Yield what changed since `cursor`; what it does not know yet is read in full. At least one page comes."""
    state: dict[str, dict[str, Any]] = deepcopy(cursor or {})
    names = [name for name in SOURCES if name in wanted]
    began = [name for name in names if "since" in state.get(name, {})]
    written = frozenset(name for name in NOT_READ if name in wanted)
    yielded = False
    for name in [*(name for name in names if name not in began), *began]:
        for page in _Reader(api, state, name).pages():
            yielded = True
            yield page
    for page in _archived(api, state, began):
        yielded = True
        yield page
    if written or not yielded:
        yield Page({}, deepcopy(state), ends=written)


@dataclass(slots=True)
class _Reader:
    """One resource being read. Its part of the state moves with every page."""

    api: Api
    state: dict[str, dict[str, Any]]
    name: str

    @property
    def source(self) -> Source:
        return SOURCES[self.name]

    @property
    def mine(self) -> dict[str, Any]:
        return self.state.setdefault(self.name, {})

    def pages(self) -> Iterator[Page]:
        granted = self.api.context.get("scopes", "").split()
        if self.source.needs and granted and self.source.needs not in granted:
            yield self._not_ours()
            return
        try:
            yield from self._changes() if "since" in self.mine else self._everything()
        except SettingInvalid as error:
            if not self.source.needs or error.code not in ("HS-SCOPE", "HS-FORBIDDEN"):
                raise
            yield self._not_ours()

    def _not_ours(self) -> Page:
        """What we may not read is a list without rows; the other kinds go on."""
        self.state.pop(self.name, None)
        note = f"{self.name}: not readable without {self.source.needs}"
        return Page({self.name: []}, deepcopy(self.state), ends=frozenset({self.name}), note=note)

    def _page(self, documents: Sequence[Raw], *, ended: bool = False) -> Page:
        told = {self.name: list(documents)} if documents or ended else {}
        return Page(told, deepcopy(self.state), ends=frozenset({self.name} if ended else ()))

    # names

    def _names(self) -> list[str]:
        return read_names(self.source.kind, self.mine.get("custom", ()))

    def _look_at_names(self) -> None:
        """Take the account's own properties as they are now, now and then. What a new one has said meanwhile is read
        by going back as far as the old list was used.
        """
        if self.source.kind not in HAS_CUSTOM:
            return
        now, before = time.time(), self.mine.get("custom")
        age = now - float(self.mine.get("custom_at", 0))
        if before is not None and 0 <= age < CUSTOM_SECONDS:
            return
        names = custom_names(self.api, self.source.kind)
        if before is not None and set(names) - set(before) and "since" in self.mine:
            back = int((age + 600) * 1000)
            self.mine["since"] = min(self.mine["since"], max(0, self.mine.get("newest", 0) - back))
            self.mine["edge"], self.mine["count"] = {}, -1
        self.mine["custom"], self.mine["custom_at"] = names, int(now)

    # everything

    def _everything(self) -> Iterator[Page]:
        if "full" not in self.mine:
            # The newest date before the listing begins: what changes while we list has a later one.
            self._look_at_names()
            newest = self._newest()
            self.mine["full"] = {
                "after": "",
                "newest": newest,
                "since": max(0, newest - OVERLAP),
                "count": 0,
            }
        full = self.mine["full"]
        while True:
            rows: list[Raw] = []
            ended = False
            for _ in range(TOGETHER):
                answer = self._list(full["after"])
                rows += answer.get("results") or ()
                full["after"] = str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")
                ended = not full["after"]
                if ended:
                    break
            self._count(full, rows)
            documents = self._whole(rows, listed=True)
            if ended:
                del self.mine["full"]
                self.mine.update({"since": full["since"], "newest": full["newest"], "count": full["count"], "edge": {}})
            yield self._page(documents, ended=ended)
            if ended:
                return

    def _count(self, full: dict[str, Any], rows: Sequence[Raw]) -> None:
        stamps = [self._stamp(row) for row in rows]
        full["count"] += sum(stamp >= full["since"] for stamp in stamps)
        full["newest"] = max([full["newest"], *stamps])

    def _list(self, after: str) -> Raw:
        names, params = self._names(), dict[str, object]()
        params["limit"] = ROWS
        params["properties"] = ",".join(names) if self._in_address(names) else self.source.stamp
        params["archived"] = False
        if self.source.links:
            params["associations"] = ",".join(self.source.links)
        if after:
            params["after"] = after
        answer = self.api.get(objects(self.source.kind), params)
        if not self._in_address(names):
            answer = {**answer, "results": self._filled(answer.get("results") or ())}
        return answer

    def _in_address(self, names: Sequence[str]) -> bool:
        return sum(map(len, names)) + len(names) <= NAMES_IN_ADDRESS

    def _filled(self, rows: Sequence[Raw]) -> list[Raw]:
        """The rows with all properties, where there were too many names to ask for them at once."""
        found = read_some(self.api, self.source.kind, (str(row["id"]) for row in rows), self._names())
        by_id = {str(row["id"]): row for row in found}
        return [{**row, "properties": by_id.get(str(row["id"]), row).get("properties", {})} for row in rows]

    def _newest(self) -> int:
        answer = self._search([], self.source.stamp, "DESCENDING", 1, [self.source.stamp])
        return max((self._stamp(row) for row in answer.get("results") or ()), default=0)

    # changes

    def _changes(self) -> Iterator[Page]:
        self._look_at_names()
        if "window" in self.mine:
            yield from self._window()
        answer = self._search(
            [{"propertyName": self.source.stamp, "operator": "GTE", "value": str(self.mine["since"])}],
            self.source.stamp, "DESCENDING", SEARCH_PAGE,
        )  # fmt: skip
        rows, total = list(answer.get("results") or ()), int(answer.get("total") or 0)
        newest = max((self._stamp(row) for row in rows), default=self.mine["newest"])
        if total != self.mine["count"] or newest != self.mine["newest"]:
            if total > len(rows):
                self.mine["window"] = {"since": self.mine["since"], "until": newest, "last": "0", "count": 0}
                yield from self._window()
            else:
                documents = self._fresh(rows)
                self._move(newest, rows)
                yield self._page(documents)
        yield from self._links_again()

    def _fresh(self, rows: Sequence[Raw]) -> list[Raw]:
        """The rows that were not there, or not so, at the last reading."""
        edge = self.mine.get("edge") or {}
        fresh = [row for row in rows if edge.get(str(row["id"])) != self._stamp(row)]
        return self._whole(self._full(fresh), listed=False)

    def _move(self, newest: int, rows: Sequence[Raw]) -> None:
        since = max(self.mine["since"], newest - OVERLAP)
        edge = {str(row["id"]): stamp for row in rows if (stamp := self._stamp(row)) >= since}
        self.mine.update({"since": since, "newest": newest, "count": len(edge), "edge": edge})

    def _window(self) -> Iterator[Page]:
        """Read a crowded stretch of time in the order of ids. Its end does not move, however long that takes."""
        window = self.mine["window"]
        between = {
            "propertyName": self.source.stamp,
            "operator": "BETWEEN",
            "value": str(window["since"]),
            "highValue": str(window["until"]),
        }
        while True:
            after = {"propertyName": "hs_object_id", "operator": "GT", "value": window["last"]}
            answer = self._search([between, after], "hs_object_id", "ASCENDING", SEARCH_PAGE)
            rows = list(answer.get("results") or ())
            since = max(window["since"], window["until"] - OVERLAP)
            window["count"] += sum(self._stamp(row) >= since for row in rows)
            if rows:
                window["last"] = max((str(row["id"]) for row in rows), key=int)
            ended = len(rows) < SEARCH_PAGE
            documents = self._whole(self._full(rows), listed=False)
            if ended:
                del self.mine["window"]
                self.mine.update({"since": since, "newest": window["until"], "count": window["count"], "edge": {}})
            yield self._page(documents)
            if ended:
                return

    def _search(
        self, filters: list[Payload], by: str, direction: str, limit: int, names: Sequence[str] | None = None
    ) -> Raw:
        body: Payload = {
            "sorts": [{"propertyName": by, "direction": direction}],
            "properties": list(names) if names is not None else self._searched(),
            "limit": limit,
        }
        if filters:
            body["filterGroups"] = [{"filters": filters}]
        return self.api.post(objects(self.source.kind, "/search"), body, reads=True, bucket="search")

    def _searched(self) -> list[str]:
        names = self._names()
        return names if sum(len(name) + 3 for name in names) <= NAMES_IN_SEARCH else [self.source.stamp]

    def _full(self, rows: Sequence[Raw]) -> list[Raw]:
        return self._filled(rows) if rows and len(self._searched()) == 1 else list(rows)

    # what belongs to a record

    def _stamp(self, row: Raw) -> int:
        return milliseconds(value_of(row, self.source.stamp) or row.get("updatedAt"))

    def _whole(self, rows: Sequence[Raw], *, listed: bool) -> list[Raw]:
        """The documents as they are kept: with the ids linked to them and, of an invoice, its lines."""
        documents = whole(self.api, self.source.kind, rows, self.source.links, listed=listed)
        if self.name == "contacts":
            documents += [stub for row in rows for stub in merged_stubs(row)]
        if self.name in ("invoices", "payments"):
            self._keep_loose(documents)
        if self.name == "deals":
            known = self.mine.setdefault("deals", {})
            known.update({row["id"]: ",".join(row["links"]["invoices"]) for row in documents})
        return documents

    def _keep_loose(self, documents: Sequence[Raw]) -> None:
        loose = set(self.mine.get("loose") or ())
        for row in documents:
            (loose.discard if row["links"]["contacts"] else loose.add)(row["id"])
        self.mine["loose"] = sorted(loose, key=int)[-LOOSE:]

    def _links_again(self) -> Iterator[Page]:
        """Read anew the records whose links changed: that moves no date."""
        if self.name == "deals":
            known: dict[str, str] = self.mine.setdefault("deals", {})
            now = read_links(self.api, "deals", "invoices", known) if known else {}
            moved = [remote_id for remote_id, ids in now.items() if ",".join(ids) != known.get(remote_id)]
        else:
            loose = self.mine.get("loose") or []
            links = read_links(self.api, self.source.kind, "contacts", loose) if loose else {}
            moved = [remote_id for remote_id, ids in links.items() if ids]
        if moved:
            rows = read_some(self.api, self.source.kind, moved, self._names())
            yield self._page(self._whole(rows, listed=False))


# What was archived


def _archived(api: Api, state: dict[str, dict[str, Any]], names: Sequence[str]) -> Iterator[Page]:
    """Read the archived ones of the kind that waits longest, if its time has come."""
    now = time.time()
    due = [name for name in names if "since" in state.get(name, {})]
    due = [name for name in due if abs(now - state[name].get("archived_at", 0)) >= ARCHIVED_SECONDS]
    if not due:
        return
    name = min(due, key=lambda one: float(state[one].get("archived_at", 0)))
    mine, source = state[name], SOURCES[name]
    seen = newest = int(mine.get("archived", 0))
    after = ""
    while True:
        params: dict[str, object] = {"limit": ROWS, "archived": True, "properties": source.stamp}
        if after:
            params["after"] = after
        answer = api.get(objects(source.kind), params)
        stubs = []
        for row in answer.get("results") or ():
            at = milliseconds(row.get("archivedAt"))
            newest = max(newest, at)
            if not at or at >= seen - OVERLAP:
                stubs.append(
                    {key: row[key] for key in ("id", "archivedAt", "updatedAt") if key in row} | {"archived": True}
                )
                mine.get("deals", {}).pop(str(row["id"]), None)
        after = str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")
        if not after:
            mine["archived"], mine["archived_at"] = newest, int(now)
        yield Page({name: stubs} if stubs else {}, deepcopy(state))
        if not after:
            return


FEEDS = (Feed("crm", (*SOURCES, *NOT_READ), read_crm),)
