"""Records that webhooks point at, fetched by their ids: a change is planned within seconds, whatever search and feeds
show yet. Cursors stay where they are: the next reading of the feeds proves that nothing was missed.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, InboxEvent, Integration, Run
from bridge.hub.models import Record as Row
from bridge.jobs import store
from bridge.jobs.account import opened
from bridge.jobs.context import scope_of, sides
from bridge.jobs.lease import Lease
from bridge.jobs.read import wanted
from connectors.contract import Api, Raw, RecordRejected, Resource

log = logging.getLogger("bridge.jobs.pointed")

MOST = 100  # events in one run; reading on from the cursors costs less beyond it
GONE = ("deleted", "merged")
Named = tuple[str, str]  # resource, remote id


def news(events: Iterable[InboxEvent]) -> list[InboxEvent]:
    """Return the events that tell of something later than what is stored: our own writes come back as events too."""
    found = list(events)
    by_name: dict[tuple[int, str, str], Row] = {}
    for connection_id in {event.connection_id for event in found}:
        mine = [event for event in found if event.connection_id == connection_id]
        rows = Row.objects.filter(
            connection_id=connection_id,
            resource__in={event.resource for event in mine},
            remote_id__in={event.remote_id for event in mine},
        ).only("connection_id", "resource", "remote_id", "changed_at", "gone")
        by_name.update({(row.connection_id, row.resource, row.remote_id): row for row in rows})

    def known(event: InboxEvent) -> bool:
        row = by_name.get((event.connection_id or 0, event.resource, event.remote_id))
        if row is None or row.changed_at is None or event.happened_at is None or event.kind in GONE:
            return False
        return bool(row.changed_at >= event.happened_at)

    return [event for event in found if not known(event)]


def points(integration: Integration, connection: Connection, events: Iterable[InboxEvent]) -> list[list[str]]:
    """Return what a run of this integration is to fetch, as [side, resource, remote id]; [] where it had better read
    its feeds: too much changed, something was deleted or merged, or cannot be fetched by itself.
    """
    side = "left" if integration.left_id == connection.pk else "right"
    connector = registry.connector(connection.vendor)
    found = {(event.resource, event.remote_id) for event in events}
    whole = any(event.kind in GONE or event.merged_from for event in events)
    known = {item.name: item for item in connector.resources}
    if whole or len(found) > MOST or any(name not in known or known[name].fetch is None for name, _ in found):
        return []
    return sorted([side, name, remote_id] for name, remote_id in found)


def read(run: Run, lease: Lease) -> bool:
    """Fetch what the run points at; False where its feeds must be read after all (a record is not there any more)."""
    left, right = sides(run)
    for side, connection in (("left", left), ("right", right)):
        needed = {name for names in wanted(run)[side].values() for name in names}
        named = [(name, remote_id) for where, name, remote_id in run.pinned["pointed"] if where == side]
        named = [(name, remote_id) for name, remote_id in named if name in needed]
        if named and not _fetch(run, lease, connection, side, named):
            return False
    return True


def _fetch(run: Run, lease: Lease, connection: Connection, side: str, named: list[Named]) -> bool:
    connector = registry.connector(connection.vendor)
    with opened(connection, run.pinned["context"], run) as (api, account):
        calls = [_call(api, connector.resource(name), remote_id) for name, remote_id in named]
        documents = list(api.gather(calls))
        account.flush()
    if any(raw is None for raw in documents):
        return False
    with transaction.atomic():
        lease.check()
        locked = Connection.objects.select_for_update().only("read_seq").get(pk=connection.pk)
        touched = locked.read_seq + 1
        Connection.objects.filter(pk=connection.pk).update(read_seq=touched)
        for name in sorted({name for name, _ in named}):
            raws = [raw for (mine, _), raw in zip(named, documents, strict=True) if mine == name and raw is not None]
            resource = connector.resource(name)
            records, bad = store.parse_all(resource, raws)
            if bad or {item.remote_id for item in records} != {remote_id for mine, remote_id in named if mine == name}:
                return False  # another record answers for it: merged away, or not what we know
            scope = scope_of(connection, name, run.pinned["context"])
            store.store(connection, resource, scope, records, touched, timezone.now())
        run.statement = [*run.statement, _line(side, named)]
        lease.save(statement=run.statement)
    return True


def _call(api: Api, resource: Resource, remote_id: str) -> Callable[[], Raw | None]:
    def call() -> Raw | None:
        assert resource.fetch is not None  # noqa: S101 - `points` names only such
        try:
            return resource.fetch(api, remote_id)
        except RecordRejected as error:
            log.info("pointed record refused resource=%s id=%s code=%s", resource.name, remote_id, error.code)
            return None

    return call


def _line(side: str, named: list[Named]) -> Mapping[str, Any]:
    seen: dict[str, int] = {}
    for name, _ in named:
        seen[name] = seen.get(name, 0) + 1
    return {"side": side, "feed": "events", "seen": seen, "expected": {}, "unreadable": [], "notes": [],
            "ends": [], "pages": 1, "first": False, "done": True}  # fmt: skip
