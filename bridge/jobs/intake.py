"""Taking webhook deliveries in: proven over the raw bytes, committed, then answered.

Whoever comes while another one is writing waits and is written with the next: one INSERT and one commit for all of
them. A delivery is answered 200 only after that commit, which waits for the disk; ringing and counting come after the
answers. What costs is asking the database, and the ORM in front of it: a batch asks three times, in plain SQL.
"""

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import DatabaseError
from django.db import connection as database
from django.utils import timezone

from bridge import registry
from bridge.hub import bulk, vault
from bridge.hub.models import Connection, InboxEvent, Intake, VendorApp
from bridge.jobs import queue
from connectors.contract import Event, SyncError, Webhooks

log = logging.getLogger("bridge.jobs.intake")

COLUMNS = (
    "vendor", "connection", "unique_id", "resource", "remote_id", "kind", "merged_from", "happened_at", "received_at",
    "state", "attempts", "replayed_count",
)  # fmt: skip
BELL = timedelta(seconds=10)  # so long a bell rung for one event of an account is taken to ring for the next ones
COUNT_SECONDS = 0.5  # while deliveries queue up, counts are written no more often
# What a reader of deliveries meets in one of a shape nobody foresaw.
UNREADABLE = (SyncError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
State = InboxEvent.State


def receive(vendor: str, path_secret: str | None, body: bytes, headers: Mapping[str, str]) -> int:
    """Store a delivery and return the HTTP status to answer: 200 stored, 400 unreadable, 401 unproven, 404 nobody's.

    DatabaseError when it could not be stored: then it must not be acknowledged.
    """
    connector = registry.connectors().get(vendor)
    if connector is None or connector.webhooks is None:
        return 404
    return _PEN.write(Delivery(vendor, connector.webhooks, path_secret, body, headers))


def known(vendor: str, path_secret: str | None) -> bool:
    """Tell whether an address is one we gave out (for vendors that ask before they deliver)."""
    connector = registry.connectors().get(vendor)
    if connector is None or connector.webhooks is None or not connector.webhooks.answers_get:
        return False
    return bool(path_secret) and Connection.objects.filter(vendor=vendor, path_secret=path_secret).exists()


def _secrets(vendor: str, path_secret: str | None, per_connection: bool) -> tuple[list[str], int | None]:
    """Return what a delivery may be signed with, as stored now, and for an address of its own the connection."""
    if per_connection:
        if not path_secret:
            return [], None
        connection = Connection.objects.filter(vendor=vendor, path_secret=path_secret).first()
        if connection is None:
            return [], None
        return ([connection.webhook_secret] if connection.webhook_secret else []), connection.pk
    rows = _asked(
        f'SELECT "environment", "sealed_webhook_secrets" FROM "{VendorApp._meta.db_table}" WHERE "vendor" = %s',  # noqa: S608
        [vendor],
    )
    return [secret for environment, sealed in rows for secret in _opened(vendor, environment, sealed)], None


def _asked(sql: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


@lru_cache(maxsize=64)
def _unsealed(ring: str, sealed: str, place: str) -> tuple[str, ...]:
    return tuple(vault.unseal(sealed, place))


def _opened(vendor: str, environment: str, sealed: str) -> tuple[str, ...]:
    """Open an app's secrets: what is sealed is looked up each time, so that a changed secret counts at once."""
    from django.conf import settings

    app = VendorApp(vendor=vendor, environment=environment)
    return _unsealed(settings.BRIDGE_KEYS, sealed, f"{app.place}:webhook") if sealed else ()


@dataclass(slots=True, eq=False)
class Delivery:
    """One delivery on its way into the inbox, and what is to be answered: nothing yet while `status` is 0."""

    vendor: str
    hooks: Webhooks
    path_secret: str | None
    body: bytes
    headers: Mapping[str, str]
    connection_id: int | None = None
    events: Sequence[Event] = ()
    status: int = 0
    error: DatabaseError | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)  # held until it is written, or is to write
    done: bool = False


class Pen:
    """One at a time in this process writes, for itself and for all who wait; then the first of those who came
    meanwhile does. Each is woken once.
    """

    def __init__(self) -> None:
        self._listing, self._is_taken = threading.Lock(), False
        self._waiting: list[Delivery] = []

    def write(self, delivery: Delivery) -> int:
        """Return the status once this delivery is proven and committed; DatabaseError when it could not be."""
        delivery.turn.acquire()
        with self._listing:
            self._waiting.append(delivery)
            waits, self._is_taken = self._is_taken, True
        if waits:
            delivery.turn.acquire()
        if not delivery.done:
            try:
                with self._listing:
                    batch, self._waiting = self._waiting, []
                self._commit(batch)
                self._tidy()
            finally:
                self._pass_on()
        if not delivery.status:
            raise delivery.error or DatabaseError("not stored")
        return delivery.status

    def _commit(self, batch: Sequence[Delivery]) -> None:
        """Write a batch; if that fails, each one alone: a bad one, or a connection that died, is no fault of others.

        Whatever happens, none is answered 200 that was not committed.
        """
        is_known = False
        try:
            try:
                _store(batch)
            except DatabaseError:
                database.close_if_unusable_or_obsolete()
                for delivery in batch:
                    try:
                        _store([delivery])
                    except DatabaseError as error:
                        delivery.status, delivery.error = 0, error
            is_known = True
        finally:
            for delivery in batch:
                delivery.status = delivery.status if is_known else 0
                delivery.done = True
                if delivery.turn.locked():
                    delivery.turn.release()

    def _tidy(self) -> None:
        """Ring and count for what was committed. It is kept, and answered, whatever becomes of that."""
        try:
            _AFTER.ring()
            _AFTER.count(at_once=not self._waiting)
        except DatabaseError:
            log.warning("events are kept, but nobody was rung: the next tick finds them")
            database.close_if_unusable_or_obsolete()

    def _pass_on(self) -> None:
        """Let the first of those who wait write, or the next who comes."""
        with self._listing:
            self._is_taken = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.release()


_PEN = Pen()


def _store(batch: Sequence[Delivery]) -> None:
    """Prove these deliveries and commit their events, each event once."""
    now = timezone.now()
    opened: dict[tuple[str, str | None], tuple[list[str], int | None]] = {}
    for item in batch:
        door = (item.vendor, item.path_secret if item.hooks.per_connection else None)
        if door not in opened:
            opened[door] = _secrets(item.vendor, item.path_secret, item.hooks.per_connection)
        _prove(item, *opened[door], now)
    told = [item for item in batch if item.events]
    fresh: list[tuple[Any, ...]] = []
    if told:
        owners = _owners(told)
        rows = [_row(item, event, owners, now) for item in told for event in item.events]
        fresh = bulk.insert_new(InboxEvent, COLUMNS, rows, ("id", "vendor", "connection", "state"))
        _AFTER.stored(rows, fresh)
    _AFTER.refused(item.vendor for item in batch if item.status in (400, 401))


def _prove(item: Delivery, secrets: Sequence[str], connection_id: int | None, now: datetime) -> None:
    """Find the status to answer, and the events where it is 200."""
    item.connection_id, item.events = connection_id, ()
    if item.hooks.per_connection and connection_id is None:
        item.status = 404
        return
    if item.hooks.signature_required and not secrets:
        log.warning("webhook refused: no secret is set vendor=%s", item.vendor)
        item.status = 401
        return
    signed = bool(secrets) or item.hooks.signature_required
    try:
        if signed and not item.hooks.verify(item.body, item.headers, secrets, now):
            item.status = 401
            return
        item.events, item.status = item.hooks.parse(item.body, item.headers), 200
    except UNREADABLE:
        item.status = 400


def _owners(batch: Iterable[Delivery]) -> dict[tuple[str, str], int]:
    """Return the connections of the accounts these deliveries speak of."""
    accounts: dict[str, set[str]] = defaultdict(set)
    for item in batch:
        if item.connection_id is None:
            accounts[item.vendor].update(event.account_id for event in item.events)
    found: dict[tuple[str, str], int] = {}
    for vendor, ids in accounts.items():
        names = [_plain(one) for one in ids]
        marks = ", ".join(["%s"] * len(names))
        rows = _asked(
            f'SELECT "id", "account_id" FROM "{Connection._meta.db_table}" WHERE "vendor" = %s'  # noqa: S608
            f' AND "account_id" IN ({marks}) AND "state" <> %s ORDER BY "id" DESC',
            [vendor, *names, str(Connection.State.DISCONNECTED)],
        )
        found |= {(vendor, account_id): pk for pk, account_id in rows}
    return found


def _row(item: Delivery, event: Event, owners: Mapping[tuple[str, str], int], now: datetime) -> tuple[object, ...]:
    """Return one event as COLUMNS; of an account we do not know only that it came."""
    owner = item.connection_id or owners.get((item.vendor, event.account_id))
    state = State.NEW if owner else State.NOBODY
    if event.resource is None:
        state = State.UNKNOWN
    return (
        item.vendor, owner, _plain(event.unique_id)[:120], (event.resource or "")[:40],
        _plain(event.remote_id)[:200] if owner else "", _plain(event.kind)[:40], _plain(event.merged_from or "")[:200],
        event.at, now, str(state), 0, 0,
    )  # fmt: skip


def _plain(text: str) -> str:
    """Drop NUL, which PostgreSQL cannot keep: nobody but a forger with our secret sends it."""
    return text.replace("\x00", "")


class After:
    """What is left to do once events are committed: a bell for each account, and the day's counts.

    Counts stand apart from the events: one lost in a crash is no loss, waiting in line for it is. While deliveries
    queue up they are kept for a moment and written together.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh: list[tuple[Any, ...]] = []
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._counted_at = 0.0

    def stored(self, rows: Sequence[tuple[object, ...]], fresh: Sequence[tuple[Any, ...]]) -> None:
        """Remember what was told, and what of it is new, as (id, vendor, connection, state)."""
        told, accepted = Counter(str(row[0]) for row in rows), Counter(str(row[1]) for row in fresh)
        with self._lock:
            self._fresh += [row for row in fresh if row[3] == State.NEW]
            for vendor, count in told.items():
                self._counts[vendor].update(accepted=accepted[vendor], doubled=count - accepted[vendor])

    def refused(self, vendors: Iterable[str]) -> None:
        """Remember deliveries that were not taken."""
        with self._lock:
            for vendor in vendors:
                self._counts[vendor].update(refused=1)

    def count(self, at_once: bool) -> None:
        """Add to the day's counts, at once or when the last time is a while ago."""
        with self._lock:
            if not self._counts or not (at_once or time.monotonic() - self._counted_at >= COUNT_SECONDS):
                return
            counts, self._counts = self._counts, defaultdict(Counter)
            self._counted_at = time.monotonic()
        day = timezone.now().date()
        for vendor, found in counts.items():
            amounts = {name: found[name] for name in ("accepted", "refused", "doubled")}
            bulk.add(Intake, {"vendor": vendor, "day": day}, amounts)

    def ring(self) -> None:
        """Ring once for each account, unless an earlier event waits for a bell just rung: acting on it acts on all.

        That bell is not answered before its event is claimed; whoever claims it looks for others afterwards, and finds
        those committed before this looked.
        """
        with self._lock:
            fresh, self._fresh = self._fresh, []
        first: dict[object, int] = {}
        for pk, _, connection_id, _ in fresh:
            first[connection_id] = min(pk, first.get(connection_id, pk))
        now = timezone.now()
        for connection_id, pk in first.items():
            if not _rung(connection_id, pk, now - BELL):
                queue.ring("intake", pk)


_AFTER = After()


def _rung(connection_id: object, pk: int, since: datetime) -> bool:
    """Tell whether an earlier event of this account still waits."""
    return bool(
        _asked(
            f'SELECT 1 FROM "{InboxEvent._meta.db_table}" WHERE "state" = %s AND "received_at" > %s'  # noqa: S608
            ' AND "connection_id" = %s AND "attempts" = 0 AND "id" < %s ORDER BY "received_at" DESC LIMIT 1',
            [str(State.NEW), database.ops.adapt_datetimefield_value(since), connection_id, pk],
        )
    )
