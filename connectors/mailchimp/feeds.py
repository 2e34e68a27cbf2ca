"""Reading: the members of an audience by what changed, and the store in full, once.

Sources: https://mailchimp.com/developer/marketing/docs/methods-parameters/, read 2026-11-21.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Api, Feed, Page, Raw, RecordRejected, SettingInvalid
from connectors.contract.parsing import instant
from connectors.contract.resources import Cursor
from connectors.mailchimp import customers, members, orders, products, shop
from connectors.mailchimp.errors import NOT_FOUND
from connectors.mailchimp.wire import setting

SIZE = 1000
PASSES = 2
# A listing without a status leaves the archived ones out; they come only when asked for.
SIDES: tuple[tuple[str, str | None], ...] = (("open", None), ("archived", "archived"))
_FIELDS = ",".join(f"members.{name}" for name in members.KEPT) + ",total_items"


@dataclass(slots=True)
class _Side:
    """One of the two listings as it was read: last change by member, and what the vendor counted."""

    seen: dict[str, str] = field(default_factory=dict)
    total: int = 0

    def take(self, answer: Raw) -> list[Raw]:
        """The page's members that are new to this reading or have changed since."""
        self.total = int(answer.get("total_items", 0))
        rows = [row for row in answer.get("members", ()) if self.seen.get(row["id"]) != str(row.get("last_changed"))]
        self.seen.update({row["id"]: str(row.get("last_changed", "")) for row in rows})
        return rows

    @property
    def whole(self) -> bool:
        return len(self.seen) >= self.total


def read_members(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Pages of members of all statuses; with a cursor those changed since, two calls when there are none.

    Newest first: somebody who changes while we read moves to the front, pushing others into pages still to come, so
    nobody is missed, and the mover is newer than our mark and comes next time.
    """
    if "members" not in wanted:
        return
    before: Mapping[str, Any] = (cursor or {}).get("members") or {}
    after: dict[str, Any] = {}
    expected, notes = 0, []
    for name, status in SIDES:
        side, told = _Side(), before.get(name) or {}
        quiet = yield from _read_side(api, status, told, side, dict(cursor or {}))
        after[name] = told if quiet else _mark(side, told)
        expected += side.total
        if not quiet and not side.whole:
            notes.append(f"{name}: {side.total} counted, {len(side.seen)} seen")
    yield Page(
        documents={"members": []},
        # What could not be proven whole is read again from the same place next time.
        cursor={**(cursor or {}), **({} if notes else {"members": after})},
        expected={} if before else {"members": expected},
        ends=frozenset() if notes else frozenset({"members"}),
        note="; ".join(notes),
    )


def _read_side(
    api: Api, status: str | None, told: Mapping[str, Any], side: _Side, cursor: Cursor
) -> Generator[Page, None, bool]:
    """Yield one listing's pages; return whether nothing had changed."""
    since = str(told.get("since", ""))
    first = _members(api, status, since, 0)
    rows = first.get("members", [])
    newest = str(rows[0].get("last_changed", "")) if rows else ""
    if told and int(first.get("total_items", 0)) == told["count"] and newest == told["newest"]:
        side.total = told["count"]
        # An edit within the very second of our mark changes neither count nor mark: those are handed on again.
        again = [row for row in rows if row.get("last_changed") == newest][: SIZE if len(rows) < SIZE else 0]
        if again:
            yield Page({"members": again}, cursor)
        return True
    yield Page({"members": side.take(first)}, cursor)
    for _ in range(PASSES):
        for page in api.gather(_page_calls(api, status, since, SIZE, side.total)):
            yield Page({"members": side.take(page)}, cursor)
        if side.whole:
            return False
        yield Page({"members": side.take(_members(api, status, since, 0))}, cursor)
    return False


def _page_calls(api: Api, status: str | None, since: str, first: int, total: int) -> Iterator[Callable[[], Raw]]:
    for offset in range(first, total, SIZE):
        yield lambda at=offset: _members(api, status, since, at)  # type: ignore[misc]


def _members(api: Api, status: str | None, since: str, offset: int) -> Raw:
    params: dict[str, object] = {
        "count": SIZE,
        "offset": offset,
        "fields": _FIELDS,
        "sort_field": "last_changed",
        "sort_dir": "DESC",
    }
    if status:
        params["status"] = status
    if since:
        params["since_last_changed"] = since
    try:
        return api.get("/lists/{audience}/members", params)
    except RecordRejected as error:
        if error.code == NOT_FOUND:
            raise SettingInvalid("MC-AUDIENCE-GONE", params={"audience": setting(api.context, "audience")}) from None
        raise


def _mark(side: _Side, told: Mapping[str, Any]) -> dict[str, Any]:
    """Where to go on: the newest change seen (the vendor's clock), less an overlap, and how many lie within it."""
    newest = max((at for at in side.seen.values() if at), key=_at, default=str(told.get("newest", "")))
    if not newest:
        return {"since": "", "newest": "", "count": 0}
    begins = _at(newest) - members.MEMBERS.overlap
    inside = sum(1 for at in side.seen.values() if at and _at(at) >= begins)
    return {"since": begins.isoformat(), "newest": newest, "count": inside}


def _at(text: str) -> Any:
    found = instant(text)
    if found is None:
        raise ValueError("a change without a time")
    return found


# The store

_STORE_LISTS = {
    "products": ("products", products.KEPT),
    "customers": ("customers", customers.KEPT),
    "orders": ("orders", orders.KEPT),
}


def read_store(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """The store and what it holds, in full where the cursor does not name it yet.

    The vendor has no "changed since" here, and only we write to this store: what a cursor names is not read again.
    """
    done = dict(cursor or {})
    missing = [name for name in ("stores", "products", "customers", "orders") if name in wanted and name not in done]
    if not missing:
        return
    store = shop.maybe(lambda: shop.fetch(api, setting(api.context, "store")))
    for name in missing:
        if name == "stores" or store is None:
            found = [store] if store and name == "stores" else []
            done[name] = {"read": True}
            yield Page({name: found}, dict(done), {name: len(found)}, frozenset({name}))
        else:
            yield from _read_list(api, name, done)


def _read_list(api: Api, name: str, done: dict[str, Any]) -> Iterator[Page]:
    """All pages of one list; without an order to rely on, ids are counted and a gap is read over once."""
    seen: set[str] = set()
    total = 0
    for _ in range(PASSES):
        first = _listed(api, name, 0)
        total = int(first.get("total_items", 0))
        yield Page({name: _fresh(first[name], seen)}, dict(done))
        for page in api.gather(_list_calls(api, name, total)):
            yield Page({name: _fresh(page[name], seen)}, dict(done))
        if len(seen) >= total:
            done[name] = {"read": True}
            yield Page({name: []}, dict(done), {name: total}, frozenset({name}))
            return
    yield Page({name: []}, dict(done), {name: total}, note=f"{name}: {total} counted, {len(seen)} seen")


def _fresh(rows: Sequence[Raw], seen: set[str]) -> list[Raw]:
    found = [row for row in rows if str(row["id"]) not in seen]
    seen.update(str(row["id"]) for row in found)
    return found


def _list_calls(api: Api, name: str, total: int) -> Iterator[Callable[[], Raw]]:
    for offset in range(SIZE, total, SIZE):
        yield lambda at=offset: _listed(api, name, at)  # type: ignore[misc]


def _listed(api: Api, name: str, offset: int) -> Raw:
    path, kept = _STORE_LISTS[name]
    fields = ",".join(f"{name}.{item}" for item in kept) + ",total_items"
    return api.get(f"/ecommerce/stores/{{store}}/{path}", {"count": SIZE, "offset": offset, "fields": fields})


FEEDS = (
    Feed("members", ("members",), read_members, scope="audience"),
    Feed("store", ("stores", "products", "customers", "orders"), read_store, scope="audience"),
)
