"""An account while we call it: one door for tokens, a share of its limits, a circuit, and a line for each call.

Calls run in threads; the database is touched by the thread that opened the account alone, except for the renewal of a
grant. A process holds some of the account's slots; of each rate it may use the same share. So all workers together stay
inside the vendor's limits without asking the database before every call.
"""

import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Budget, Connection, Environment, Run, Slot, VendorCall
from bridge.jobs.crash import crash_point
from connectors.contract import AuthorizationExpired, Grant, Hosts, RateLimited, SyncError, VendorUnavailable
from connectors.transport import Api, Call, PlainHttp

log = logging.getLogger("bridge.jobs.account")

SLOT_SECONDS = int(2 * settings.LEASE_SECONDS)  # a slot of a dead process comes free after this
CIRCUIT_FAILURES = 5  # in a row, then the account rests
CIRCUIT_SECONDS = 30.0
HOLDER = secrets.token_hex(8)


def _new_holder() -> None:
    """Give a forked worker a name of its own: two of one name would both take every slot."""
    global HOLDER
    HOLDER = secrets.token_hex(8)


os.register_at_fork(after_in_child=_new_holder)


class Account:
    """The shared state of one connection, as the transport wants it. Use it in a `with`."""

    def __init__(self, connection: Connection, run: Run | None = None) -> None:
        self.connection = connection
        self.run = run
        self.connector = registry.connector(connection.vendor)
        self.calls = 0
        self._lock = threading.Lock()
        self._lines: deque[Call] = deque()
        self._slots = 1
        self._free = threading.BoundedSemaphore(1)
        self._rates: dict[str, list[_Rate]] = {}
        self._told: tuple[int, float] | None = None
        self._rest_until = 0.0
        self._failures = 0
        self._grant: Grant | None = None

    @property
    def _keeps_rates(self) -> bool:
        """Stand-ins need no sparing, unless it is wanted to see how it is done."""
        return settings.SANDBOX_KEEPS_RATES or self.connection.environment != Environment.LOCAL_SANDBOX

    # lifetime

    def __enter__(self) -> "Account":
        self._check_state()
        limits = self.connector.limits
        self._slots = _lease(self.connection.account_key, limits.concurrency)
        self._free = threading.BoundedSemaphore(self._slots)
        share = self._slots / limits.concurrency
        self._rates = {
            bucket: [_Rate(self.connection.account_key, bucket, calls, seconds, share) for calls, seconds in rates]
            for bucket, rates in {"": limits.rates, **limits.buckets}.items()
            if self._keeps_rates
        }
        self._grant = ready_grant(self.connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _give_back(self.connection.account_key)
        for rates in self._rates.values():
            for rate in rates:
                rate.save()
        self.flush()

    def _check_state(self) -> None:
        self.connection.refresh_from_db()
        state = Connection.State
        if self.connection.state == state.ATTENTION:
            raise AuthorizationExpired("CONNECTION-ATTENTION", params={"account": str(self.connection)})
        if self.connection.state in (state.PAUSED, state.DISCONNECTED):
            raise AuthorizationExpired("CONNECTION-PAUSED", params={"account": str(self.connection)})
        if self.connection.throttled():
            left = (self.connection.throttled_until - timezone.now()).total_seconds()
            raise RateLimited("BUDGET-SPENT", params={"account": str(self.connection)}, retry_after=max(1.0, left))

    def flush(self) -> None:
        """Store the lines of the calls made so far, and what the vendor said about waiting. Own thread only."""
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        if lines:
            VendorCall.objects.bulk_create(
                VendorCall(
                    connection_id=self.connection.pk,
                    run_id=self.run.pk if self.run else None,
                    method=line.method,
                    path=line.path[:200],
                    status=line.status or None,
                    milliseconds=int(line.milliseconds),
                    request_id=line.request_id[:100],
                    error_code=line.error_code[:80],
                    started_at=line.started_at,
                )
                for line in lines
            )
            self._note_clock(lines)
        rest = self._rest_until - time.monotonic()
        if rest > 1:
            until = timezone.now() + timedelta(seconds=rest)
            Connection.objects.filter(pk=self.connection.pk).update(throttled_until=until)

    def _note_clock(self, lines: list[Call]) -> None:
        told = [line for line in lines if line.server_time]
        if not told:
            return
        skew = (told[-1].server_time - told[-1].started_at).total_seconds()  # type: ignore[operator]
        if abs(skew - self.connection.clock_skew_seconds) > 30:
            self.connection.clock_skew_seconds = skew
            Connection.objects.filter(pk=self.connection.pk).update(clock_skew_seconds=skew)

    # what the transport asks

    def grant(self) -> Grant:
        """The grant to use now."""
        if self._grant is None:
            self._grant = ready_grant(self.connection)
        return self._grant

    def renew(self, used: Grant) -> Grant:
        """A grant other than `used`: another worker's newer one, or one made now under the row lock."""
        with self._lock:
            try:
                self._grant = renew(self.connection.pk, used)
            finally:
                if threading.current_thread() is not threading.main_thread():
                    database.close()
            return self._grant

    @contextmanager
    def slot(self, bucket: str) -> Iterator[None]:
        """Wait for a free place and for the rate of `bucket`."""
        with self._free:
            self._wait_out_rest()
            for rate in (*self._rates.get("", ()), *(self._rates.get(bucket, ()) if bucket else ())):
                rate.take()
            yield

    def _wait_out_rest(self) -> None:
        left = self._rest_until - time.monotonic()
        if left > 2:
            raise RateLimited("BUDGET-SPENT", params={"account": str(self.connection)}, retry_after=left)
        if left > 0:
            time.sleep(left)

    def throttled(self, seconds: float) -> None:
        """The vendor said: too many."""
        self._rest_until = max(self._rest_until, time.monotonic() + seconds)

    def paced(self, calls: int, seconds: float) -> None:
        """The vendor told its rate: this process keeps its share of it, beside the rates known before."""
        if self._told == (calls, seconds) or not self._keeps_rates:
            return
        with self._lock:
            share = self._slots / self.connector.limits.concurrency
            told = _Rate(self.connection.account_key, "told", calls, seconds, share, asks=False)
            known = self._rates.get("", [])
            self._rates[""] = [*(known if self._told is None else known[:-1]), told]
            self._told = (calls, seconds)

    def allow(self) -> None:
        """Refuse while the circuit is open."""
        if self._failures >= CIRCUIT_FAILURES:
            raise VendorUnavailable(
                "CIRCUIT-OPEN", params={"account": str(self.connection)}, retry_after=CIRCUIT_SECONDS
            )

    def feedback(self, up: bool) -> None:
        """Count failures in a row; a refusal is an answer."""
        self._failures = 0 if up else self._failures + 1

    def record(self, call: Call) -> None:
        """Keep a line, to be stored by the owning thread."""
        self.calls += 1
        self._lines.append(call)


_TAKEN: dict[str, deque[float]] = {}  # when this process made its latest calls, by rate: openings come and go
_TAKEN_LOCK = threading.Lock()
LATE = 0.25  # seconds a call may take longer to arrive than a later one


class _Rate:
    """This process's share of one rate: in no stretch of its length, wherever it begins, are more calls made.

    What other processes used of a long one is known by windows, and only when this one opens; one that is met later,
    in a thread that must not ask the database, leaves it at its share (`asks`).
    """

    def __init__(self, key: str, bucket: str, calls: int, seconds: float, share: float, *, asks: bool = True) -> None:
        self.seconds = seconds
        self.allowed = max(1, int(calls * share))
        self.key = f"{key}:{bucket}:{int(seconds)}"
        self._taken = _TAKEN.setdefault(self.key, deque())
        self._window = self._now()
        self._used = 0
        self._before = int(self._others() * share) if asks and seconds >= 10 else 0

    def _others(self) -> float:
        """Return what others used in this window, or of the last one in proportion to what of it still counts."""
        row = Budget.objects.filter(key=self.key).first()
        if row is None or self._window - row.window not in (0, 1):
            return 0
        began = time.monotonic() - (time.time() - row.window * self.seconds)
        mine = sum(1 for at in self._taken if began <= at < began + self.seconds)
        left = 1 - (time.time() / self.seconds - self._window) if row.window < self._window else 1
        return max(0, row.used - mine) * left

    def _now(self) -> int:
        return int(time.time() / self.seconds)

    def take(self) -> None:
        """Wait until one more call fits."""
        while True:
            with _TAKEN_LOCK:
                now = time.monotonic()
                while self._taken and self._taken[0] <= now - self.seconds - LATE:
                    self._taken.popleft()
                if self._now() != self._window:
                    self._window, self._used, self._before = self._now(), 0, 0
                if len(self._taken) + self._before < self.allowed:
                    self._taken.append(now)
                    self._used += 1
                    return
                wait = (self._window + 1) * self.seconds - time.time()
                if self._taken:
                    wait = min(wait, self._taken[0] + self.seconds + LATE - now)
            time.sleep(max(0.01, wait))

    def save(self) -> None:
        """Add what was used to the window all processes see."""
        if self.seconds < 10 or not self._used:
            return
        Budget.objects.get_or_create(key=self.key, defaults={"window": self._window})
        Budget.objects.filter(key=self.key).exclude(window=self._window).update(window=self._window, used=0)
        Budget.objects.filter(key=self.key, window=self._window).update(used=F("used") + self._used)


def _lease(key: str, wanted: int) -> int:
    """Take the free slots of an account, or half of them when others want it too; RateLimited when none is free."""
    if settings.REDIS_URL:
        from bridge.jobs.redis_slots import lease

        return lease(key, wanted, HOLDER, SLOT_SECONDS)
    if Slot.objects.filter(key=key).count() < wanted:
        Slot.objects.bulk_create([Slot(key=key, number=n) for n in range(wanted)], ignore_conflicts=True)
    now = timezone.now()
    others = Slot.objects.filter(key=key, until__gt=now).exclude(holder__in=("", HOLDER)).exists()
    target = max(1, wanted // 2) if others else max(1, wanted - 1)
    free = Q(until__isnull=True) | Q(until__lte=now) | Q(holder=HOLDER)
    got = 0
    for number in Slot.objects.filter(free, key=key).order_by("number").values_list("number", flat=True):
        if got == target:
            break
        got += Slot.objects.filter(free, key=key, number=number).update(
            holder=HOLDER, until=now + timedelta(seconds=SLOT_SECONDS)
        )
    if not got:
        raise RateLimited("BUDGET-SPENT", params={"account": key.rsplit(":", 1)[-1]}, retry_after=5)
    return got


def _give_back(key: str) -> None:
    if settings.REDIS_URL:
        from bridge.jobs.redis_slots import give_back

        give_back(key, HOLDER)
        return
    Slot.objects.filter(key=key, holder=HOLDER).update(holder="", until=None)


# grants


def stored(grant: Grant) -> dict[str, Any]:
    """Return what of a grant is kept (sealed)."""
    return {
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "extra": dict(grant.extra),
    }


def loaded(connection: Connection) -> Grant:
    """Return the stored grant; AuthorizationExpired when there is none."""
    kept = connection.grant
    if not kept.get("access_token"):
        raise AuthorizationExpired("CONNECTION-ATTENTION", params={"account": str(connection)})
    return Grant(
        access_token=kept["access_token"], refresh_token=kept.get("refresh_token"), extra=kept.get("extra") or {}
    )


def keep(connection: Connection, grant: Grant) -> None:
    """Store a grant and its dates on the row. The first thing done with what a vendor gave."""
    now = timezone.now()

    def after(seconds: float | None) -> Any:
        return now + timedelta(seconds=float(seconds)) if seconds else None

    connection.grant = stored(grant)
    connection.grant_expires_at = after(grant.expires_in)
    connection.refresh_expires_at = after(grant.refresh_expires_in)
    if grant.hard_expires_in:
        connection.hard_expires_at = after(grant.hard_expires_in)
    connection.refreshed_at = now
    connection.save(
        update_fields=["sealed_grant", "grant_expires_at", "refresh_expires_at", "hard_expires_at", "refreshed_at"]
    )


def ready_grant(connection: Connection) -> Grant:
    """Return a grant that will hold for a while, renewed ahead of its end."""
    connector = registry.connector(connection.vendor)
    ends = connection.grant_expires_at
    if ends and ends - timezone.now() < timedelta(seconds=connector.refresh_before_seconds):
        return renew(connection.pk, loaded(connection))
    return loaded(connection)


def renew(connection_id: int, used: Grant) -> Grant:
    """Return a grant other than `used`. One refresh at a time: row lock, look again, refresh, store, then use.

    When the vendor says the grant is gone the connection asks for a person; anything passing leaves it as it is.
    """
    try:
        with transaction.atomic():
            connection = Connection.objects.select_for_update().get(pk=connection_id)
            now_stored = loaded(connection)
            if now_stored.access_token != used.access_token:
                return now_stored
            connector = registry.connector(connection.vendor)
            way = next((way for way in connector.sign_in if hasattr(way, "refresh") and way.refresh), None)
            if way is None or not now_stored.refresh_token:
                raise AuthorizationExpired("CONNECTION-ATTENTION", params={"account": str(connection)})
            hosts = hosts_of(connection)
            # Shorter than the database lets the others wait for this row.
            fresh = way.refresh(PlainHttp(deadline_seconds=20), hosts, app_of(connection), now_stored)
            crash_point("after_token")
            keep(connection, fresh)
            log.info("grant renewed connection=%s", connection_id)
            return fresh
    except AuthorizationExpired as error:
        needs_person(connection_id, error)
        raise


def needs_person(connection_id: int, error: SyncError) -> None:
    """Mark the connection: a person must reconnect. Once; work waits where it is."""
    changed = Connection.objects.filter(pk=connection_id, state=Connection.State.CONNECTED).update(
        state=Connection.State.ATTENTION, reason_code=error.code, reason_params=dict(error.params)
    )
    if changed:
        log.warning("connection needs a person connection=%s code=%s", connection_id, error.code)
        from bridge.jobs.notices import reconnect_needed

        transaction.on_commit(lambda: reconnect_needed(connection_id))


def app_of(connection: Connection) -> Any:
    """Return our registration with this connection's vendor; SettingInvalid when there is none."""
    from bridge.hub.models import VendorApp
    from connectors.contract import App, SettingInvalid

    app = VendorApp.objects.filter(vendor=connection.vendor, environment=connection.environment).first()
    if app is None or not app.client_id:
        raise SettingInvalid("APP-MISSING", params={"environment": connection.get_environment_display()})
    return App(client_id=app.client_id, client_secret=app.secret)


def hosts_of(connection: Connection) -> Hosts:
    """Return where this connection's vendor lives: at the address a person gave, where it is asked for one."""
    return registry.hosts(connection.vendor, connection.environment).at(connection.base_url)


@contextmanager
def opened(
    connection: Connection, context: Mapping[str, str] | None = None, run: Run | None = None
) -> Iterator[tuple[Api, Account]]:
    """Open an account for calls: yields the Api connectors speak with, and the account to flush at commits."""
    account = Account(connection, run)
    with account:
        told = account.grant().extra.get("context") or {}  # what the vendor said at sign-in, and later calls do not
        values = {"account_id": connection.account_id, **told, **(context or {})}
        api = Api(
            account.connector,
            hosts_of(connection),
            account,
            values,
            deadline_seconds=settings.CALL_DEADLINE_SECONDS,
            pool=account._slots,
        )
        try:
            yield api, account
        except AuthorizationExpired as error:
            needs_person(connection.pk, error)
            raise
        finally:
            api.close()
