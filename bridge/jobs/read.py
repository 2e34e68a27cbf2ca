"""Reading: each feed of both sides from its cursor on; page and cursor are committed together."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bridge import registry
from bridge.hub import bulk
from bridge.hub.models import Connection, Cursor, Run
from bridge.hub.models import Record as Row
from bridge.jobs import store
from bridge.jobs.account import opened
from bridge.jobs.context import recipe_of, scope_of, sides
from bridge.jobs.lease import Lease
from connectors.contract import Feed, Page, RecipeFlow

log = logging.getLogger("bridge.jobs.read")


class Overtaken(Exception):
    """Another reader moved the cursor: this one stops, nothing is lost."""


def wanted(run: Run) -> dict[str, dict[str, frozenset[str]]]:
    """Return which resources this run needs: side -> feed -> resources."""
    recipe = recipe_of(run)
    left, right = sides(run)
    found: dict[str, dict[str, set[str]]] = {"left": {}, "right": {}}
    for flow in recipe.flows:
        if flow.entity not in run.pinned["flows"]:
            continue
        for side, connection in (("left", left), ("right", right)):
            for resource in read_of(flow, side, run.pinned["flows"][flow.entity]["direction"]):
                feed = registry.connector(connection.vendor).feed_of(resource)
                found[side].setdefault(feed.name, set()).add(resource)
    return {side: {feed: frozenset(names) for feed, names in feeds.items()} for side, feeds in found.items()}


def read_of(flow: RecipeFlow, side: str, direction: str) -> frozenset[str]:
    """Return the resources a flow of this direction needs of a side: its own, those its documents name, those its
    filters ask about.
    """
    beside = flow.looks_up if side == direction else ()
    named = (item.resource for item in flow.associated if item.side == side)
    return frozenset((*getattr(flow, side), *beside, *named))


def read(run: Run, lease: Lease) -> bool:
    """Read what is left of this run's reading; True when all of it is read, False when the slice is over."""
    done = {(line["side"], line["feed"]) for line in run.statement if line.get("done")}
    left, right = sides(run)
    for side, connection in (("left", left), ("right", right)):
        feeds = wanted(run)[side]
        missing = [name for name in feeds if (side, name) not in done]
        if not missing:
            continue
        with opened(connection, run.pinned["context"], run) as (api, account):
            for name in missing:
                feed = next(feed for feed in account.connector.feeds if feed.name == name)
                reader = _Reader(run, lease, connection, side, feed, feeds[name])
                if not reader.read_pages(api, account.flush):
                    return False
    return True


@dataclass(slots=True)
class _Read:
    """One page as it is to be stored: by resource its rows, and what could not be read."""

    page: Page
    kept: dict[str, store.Prepared]
    bad: dict[str, list[tuple[str, str]]]


class _Reader:
    """One feed being read."""

    def __init__(
        self, run: Run, lease: Lease, connection: Connection, side: str, feed: Feed, resources: frozenset[str]
    ) -> None:
        self.run, self.lease, self.connection, self.side, self.feed = run, lease, connection, side, feed
        self.resources = resources
        self.connector = registry.connector(connection.vendor)
        self.scope = str(run.pinned["context"].get(feed.scope, "")) if feed.scope else ""
        self.cursor, _ = Cursor.objects.get_or_create(connection=connection, feed=feed.name, scope=self.scope)
        self.line = self._line()

    def _line(self) -> dict[str, Any]:
        for line in self.run.statement:
            if line["side"] == self.side and line["feed"] == self.feed.name:
                return dict(line)
        return {"side": self.side, "feed": self.feed.name, "seen": {}, "expected": {}, "unreadable": [], "notes": [],
                "ends": [], "missing": {}, "pages": 0, "first": self.cursor.value is None, "done": False}  # fmt: skip

    def read_pages(self, api: Any, flush: Callable[[], None]) -> bool:
        """Store page after page while the next one is on its way; what comes late for the slice is read again."""
        pages = self._pages(api)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages") as ahead:
            coming = ahead.submit(next, pages, None)
            while read := self._come(coming):
                coming = ahead.submit(next, pages, None)
                self._keep(read)
                flush()
                if not self.lease.goes_on():
                    return False
        self.line["done"] = True
        self._say()
        return True

    def _come(self, coming: Future[_Read | None]) -> _Read | None:
        """The page that is on its way. The run stays ours however long a vendor that fails and puts us off takes: else
        another worker would begin the same page anew, and come no further.
        """
        while wait([coming], timeout=min(1.0, settings.LEASE_SECONDS / 4)).not_done:
            self.lease.renew()
        return coming.result()

    def _pages(self, api: Any) -> Iterator[_Read]:
        """Yield the pages from the cursor on, made ready to be stored. Touches no table: it runs beside the storing."""
        for page in self.feed.read(api, self.cursor.value, self.resources):
            read = _Read(page, {}, {})
            for name, documents in page.documents.items():
                resource = self.connector.resource(name)
                records, read.bad[name] = store.parse_all(resource, documents)
                read.kept[name] = store.prepare(self.connection.pk, resource, self.scope, records, timezone.now())
            yield read

    def _keep(self, read: _Read) -> None:
        """Store one page: documents, cursor and statement in one commit, or none of them."""
        page, now = read.page, timezone.now()
        with transaction.atomic():
            bulk.may_be_lost()  # cursor and documents together
            self.lease.check()
            moved = Cursor.objects.filter(pk=self.cursor.pk, version=self.cursor.version).update(
                value=page.cursor, version=self.cursor.version + 1, moved_at=now
            )
            if not moved:
                raise Overtaken(self.feed.name)
            locked = Connection.objects.select_for_update().only("read_seq").get(pk=self.connection.pk)
            touched = locked.read_seq + 1
            Connection.objects.filter(pk=self.connection.pk).update(read_seq=touched)
            for name, kept in read.kept.items():
                bad = read.bad[name]
                store.keep(self.connection, self.connector.resource(name), self.scope, kept, touched, now)
                self.line["seen"][name] = self.line["seen"].get(name, 0) + len(kept.records) + len(bad)
                self.line["unreadable"] += [[name, *item] for item in bad][:50]
            self.line["expected"].update(page.expected)
            self.line["missing"] = {**(self.line.get("missing") or {}), **page.missing}
            self.line["pages"] += 1
            self.line["ends"] = sorted({*self.line["ends"], *page.ends})
            if page.note:
                self.line["notes"] = [*self.line["notes"], page.note][-20:]
            self._say()
        self.cursor.value, self.cursor.version = page.cursor, self.cursor.version + 1

    def _say(self) -> None:
        others = [
            line for line in self.run.statement
            if (line["side"], line["feed"]) != (self.side, self.feed.name)
        ]  # fmt: skip
        self.run.statement = [*others, self.line]
        self.lease.save(statement=self.run.statement)


def emptied(run: Run) -> list[dict[str, Any]]:
    """Return full readings that brought nothing where there was data: a reason to ask before going on (fault E11)."""
    found = []
    left, right = sides(run)
    for line in run.statement:
        connection = left if line["side"] == "left" else right
        if not line.get("first"):
            continue
        for name in line["ends"]:
            scope = scope_of(connection, name, run.pinned["context"])
            before = Row.objects.filter(connection=connection, resource=name, scope=scope, gone=False).count()
            if not line["seen"].get(name) and before >= 10:
                found.append({"resource": name, "before": before})
    return found


def incomplete(run: Run) -> list[str]:
    """Return the resources whose reading could not be proven complete."""
    needed = wanted(run)
    return sorted(
        name
        for line in run.statement
        for name in needed[line["side"]].get(line["feed"], ())
        if (line.get("first") and name not in line["ends"]) or name in (line.get("missing") or {})
    )


def known_missing(run: Run) -> int:
    """Return how many records are known to be missing from what was read; 0 where nobody knows how many."""
    needed = wanted(run)
    return sum(
        (line.get("missing") or {}).get(name, 0)
        for line in run.statement
        for name in needed[line["side"]].get(line["feed"], ())
    )
