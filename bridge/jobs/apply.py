"""The write protocol: the only place where vendors are written to.

ready → claimed by a filtered UPDATE that commits the frozen payload, its revision, its key and the deadline of its
dispatch → the call, with no transaction open → settled with the new link in one commit, or refused with a code, or
unknown. Unknown is neither: it is replayed with the same key where the vendor honours keys or repeats are harmless,
else looked for once the settle time has passed, then adopted, sent again, or given to a person.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from bridge.engine.fingerprint import revision_key
from bridge.engine.kinds import kinds_of, number, thawed
from bridge.engine.posting import compare
from bridge.hub import bulk
from bridge.hub.documents import encode
from bridge.hub.models import Change, Connection, Dispatch, Link, Run
from bridge.hub.models import Record as Row
from bridge.jobs import merged, store, two_way
from bridge.jobs.account import Account, opened
from bridge.jobs.context import recipe_of, sides
from bridge.jobs.crash import crash_point
from bridge.jobs.lease import Lease
from bridge.jobs.records import touch
from connectors.contract import (
    PARENTS,
    STAGES,
    Outcome,
    OutcomeUnknown,
    Raw,
    Record,
    Ref,
    Resource,
    SyncError,
    Ticket,
    VendorUnavailable,
    Write,
)

log = logging.getLogger("bridge.jobs.apply")

ATTEMPTS = 3
POLLED = 6  # tickets asked about at once
NEEDED = (
    "pk", "integration_id", "run_id", "entity", "action", "toward", "source_id", "target_id", "resource", "scope",
    "remote_id", "title", "sent", "code", "based_on", "key", "attempts", "undo_of_id", "resolution", "claimed_at",
)  # fmt: skip
ENDS = ("source__resource", "source__remote_id", "target__version")
# The state as an expression no index knows: rows are to be found by their ids, whatever old counts say of states.
AS_IT_STANDS = "(t.state || '')"
BACKOFF = timedelta(seconds=5)
KEY_LIFE = timedelta(hours=1)  # after this a key may be forgotten at the vendor's
PARENT_WAIT = timedelta(seconds=2)
State = Change.State
Twin = tuple[str, str, Mapping[str, Any]]  # resource and id at the side written to, and what is known of it


def apply(run: Run, lease: Lease) -> bool:
    """Carry out what is ready; True when nothing of this run is in flight any more, False when the slice is over."""
    sides(run)
    targets = run.changes.filter(state__in=Change.IN_FLIGHT).values_list("connection_id", flat=True).distinct()
    for connection in Connection.objects.filter(pk__in=list(targets)):
        with opened(connection, run.pinned["context"], run) as (api, account):
            if not Writer(run, lease, connection, api, account).work():
                return False
    return not run.changes.filter(state__in=Change.IN_FLIGHT).exists()


@dataclass(slots=True)
class Line:
    """What writing needs of one change and of its two records. A model instance would cost more than the write."""

    pk: int
    integration_id: int
    run_id: int
    entity: str
    action: str
    toward: str
    source_id: int | None
    target_id: int | None
    resource: str
    scope: str
    remote_id: str
    title: str
    sent: dict[str, Any]
    code: str
    based_on: str
    key: str
    attempts: int
    undo_of_id: int | None
    resolution: str
    claimed_at: Any
    source_resource: str
    source_remote_id: str
    target_version: str | None
    payload: dict[str, Any] | None = None
    params: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    revision: str = ""


@dataclass(slots=True)
class Group:
    """Changes claimed together: one call, or one at a time within a pool."""

    resource: Resource
    action: str
    changes: list[Line]
    dispatch: Dispatch
    bulk: bool
    writes: list[Write] = field(default_factory=list)


@dataclass(slots=True)
class Asked:
    """Tickets asked about with one question."""

    resource: Resource
    dispatches: list[Dispatch]


class Writer:
    """One run writing to one account."""

    def __init__(self, run: Run, lease: Lease, connection: Connection, api: Any, account: Account) -> None:
        self.run, self.lease, self.connection, self.api, self.account = run, lease, connection, api, account
        self.connector = account.connector
        self.context = {**run.pinned["context"], "account_id": connection.account_id}
        self.mine = Change.objects.filter(run=run, connection=connection)
        self.open = Dispatch.objects.filter(run=run, connection=connection, is_open=True)
        self.rescued = False
        recipe = recipe_of(run)
        self.whole = {flow.entity for flow in recipe.flows if flow.posting}  # all that these name must be there
        self.pool = ThreadPoolExecutor(max_workers=account._slots, thread_name_prefix="writes")
        self.flying: dict[Future[Any], Group | Asked] = {}
        self.wake: float = 0.0

    def work(self) -> bool:
        """Send, poll and settle until nothing is left to do now; False when the slice is over or time must pass."""
        try:
            while True:
                if not self.lease.goes_on():
                    return False
                self.rescue()
                sent = self._send_what_fits()
                asked = self._poll()
                if self.flying:
                    self._collect(0 if sent or asked else 1.0)
                    continue
                if sent:
                    continue
                pause = self._pause()
                if pause is None:
                    return True
                if pause > 3:
                    self.wake = pause
                    Run.objects.filter(pk=self.run.pk).update(wake_at=timezone.now() + timedelta(seconds=pause))
                    return False
                time.sleep(pause)
        finally:
            self._leave()

    def _leave(self) -> None:
        """What has left is answered for, whatever ended the loop."""
        try:
            while self.flying:
                self._collect(1.0)
        finally:
            self.pool.shutdown(wait=True)

    def _pause(self) -> float | None:
        """Return the seconds until the next thing is due; None when nothing is in flight."""
        now = timezone.now()
        times = [*self.open.values_list("poll_at", "deadline")]
        due = [poll_at or deadline for poll_at, deadline in times]
        due += list(self.mine.filter(state=State.READY, retry_at__gt=now).values_list("retry_at", flat=True)[:1])
        due += list(self.mine.filter(state=State.UNKNOWN).order_by("retry_at").values_list("retry_at", flat=True)[:1])
        waits = [(at - now).total_seconds() for at in due if at]
        if not waits:
            return None if not self.mine.filter(state__in=Change.IN_FLIGHT).exists() else 0.5
        return max(0.02, min(waits))

    # picking and claiming

    def _send_what_fits(self) -> bool:
        """Claim groups of the earliest stage that has something ready, as many as calls are free; of lots one, so that
        what has been answered is settled before the next.
        """
        sent = False
        while len(self.flying) < self.account._slots:
            group = self._next_group()
            if group is None:
                break
            self._launch(group)
            sent = True
            if group.bulk:
                break
        return sent

    def _next_group(self) -> Group | None:
        """Claim the next group that can go; None when nothing is ready or the parents of all that is are on their
        way.
        """
        while True:
            picked = self._pick()
            if picked is None:
                return None
            due, stage, name, action = picked
            resource = self.connector.resource(name)
            same = due.filter(stage=stage, resource=name, action=action).order_by("id")
            if action in (Change.Action.LINK, Change.Action.FOLLOW):
                self._link_only(list(same[:500]))
                continue
            ids, as_bulk = list(same.values_list("pk", flat=True)[:1]), False
            if resource.bulk and action in resource.bulk.actions:
                many = list(_lot(resource, same).values_list("pk", flat=True)[: resource.bulk.size])
                as_bulk = len(many) >= resource.bulk.minimum
                ids = many if as_bulk else ids
            if ids and (group := self._claim(resource, action, ids, as_bulk)):
                return group

    def _pick(self) -> tuple[Any, int, str, str] | None:
        """Return the first kind of write whose parents have settled: those of one stage go before those of the next."""
        now = timezone.now()
        due = self.mine.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now), state=State.READY)
        stage = -1
        # From stage to stage along the index: asking for all kinds at once would look at every waiting row.
        while kind := (
            due.filter(stage__gt=stage).order_by("stage", "id").values_list("stage", "entity", "resource", "action")
        ).first():
            stage, entity, name, action = kind
            before = Q(entity__in=PARENTS.get(entity, ()))
            if stage >= len(STAGES) or self.run.kind != Run.Kind.SYNC:
                before = Q(stage__lt=stage)  # what closes a run, and reversals: strictly one stage after the other
            if not self.mine.filter(before, stage__lt=stage, state__in=(State.READY, State.SENDING)).exists():
                return due, stage, name, action
        return None

    def _claim(self, resource: Resource, action: str, ids: list[int], as_bulk: bool) -> Group | None:
        """Freeze payload, revision and key, and commit "sending": from here on the write may have happened."""
        now = timezone.now()
        rows, values = self._resolve(ids)
        deadline = now + timedelta(seconds=settings.CALL_DEADLINE_SECONDS + 30)
        built: list[tuple[Any, ...]] = []
        ready: list[Line] = []
        writes: list[Write] = []
        for change in rows:
            write = self._built(resource, change, values.get(change.pk, {}))
            if write is None:
                continue
            change.payload, change.key = write.payload, write.key
            ready.append(change)
            writes.append(write)
        if not ready:
            return None
        with transaction.atomic():
            self.lease.check()
            dispatch = Dispatch.objects.create(
                run=self.run, connection=self.connection, resource=resource.name, deadline=deadline
            )
            built = [
                (change.pk, State.SENDING, change.payload, change.revision, change.key, change.attempts + 1,
                 dispatch.pk, now)
                for change in ready
            ]  # fmt: skip
            met = bulk.update(
                Change, "id",
                ["state", "payload", "revision", "key", "attempts", "dispatch", "claimed_at"],
                built, f"{AS_IT_STANDS} = %s", [State.READY],
            )  # fmt: skip
            if len(met) != len(ready):
                # Somebody held or replaced one of them meanwhile: send none of this group, look again.
                transaction.set_rollback(True)
        if len(met) != len(ready):
            return None
        crash_point("after_claim")
        for change in ready:
            change.attempts += 1
        return Group(resource, action, ready, dispatch, as_bulk, writes)

    def _built(self, resource: Resource, change: Line, values: Mapping[str, Any]) -> Write | None:
        """Return the write with its body; a value that fits nothing there holds this change only."""
        if change.payload is not None and change.attempts:
            # Sent before: the same content under the same key, whatever changed since.
            payload, key = change.payload, change.key
        else:
            try:
                payload = (
                    resource.payload(values, change.action, self.context)
                    if change.action in ("create", "update")
                    else {"drop": change.params["drop"]}
                    if change.action == "merge"
                    else {}
                )
            except (SyncError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
                code = error.code if isinstance(error, SyncError) else "PAYLOAD-IMPOSSIBLE"
                params = dict(error.params) if isinstance(error, SyncError) else {"detail": str(error)[:200]}
                self.mine.filter(pk=change.pk, state=State.READY).update(
                    state=State.HELD, error_code=code, error_params=params, settled_at=timezone.now()
                )
                return None
            change.revision = blake2b(encode(payload).encode(), digest_size=16).hexdigest()
            again = change.run_id if change.undo_of_id else change.params.get("after", "")
            named = f"{change.source_id or ''}:{change.action}:{change.remote_id}:{again}"
            based_on = change.based_on if change.action != "create" else ""
            key = revision_key(
                change.integration_id, change.entity, named, {"revision": change.revision, "based_on": based_on}
            )
        return Write(
            str(change.pk), change.action, change.remote_id or None, payload, key, change.target_version or None,
            again=change.attempts > 0,
        )  # fmt: skip

    def _resolve(self, ids: list[int]) -> tuple[list[Line], dict[int, dict[str, Any]]]:
        """Turn the records that values name into this side's; what waits for a parent waits, what lost it is held."""
        rows = _with_ends(Change.objects.filter(bulk.among("id", ids)).order_by("id"), "payload", "params", "after")
        refs = {key for row in rows for key in _named(row.after)}
        found = self._twins_of(refs, rows[0].toward if rows else "right")
        going: list[Line] = []
        values: dict[int, dict[str, Any]] = {}
        for row in rows:
            needed = _named(row.after) if row.entity in self.whole else _named_first(row.after)
            missing = sorted(needed - found.keys())
            if missing:
                self._wait_for_parent(row, missing[0])
                continue
            going.append(row)
            values[row.pk] = _live(row, found)
        return going, values

    def _twins_of(self, refs: set[tuple[str, str]], toward: str) -> dict[tuple[str, str], Twin]:
        if not refs:
            return {}
        near, far = ("left", "right") if toward == "right" else ("right", "left")
        named = Row.objects.filter(
            bulk.among("remote_id", {remote_id for _, remote_id in refs}),
            connection=getattr(self.run.integration, near),
            resource__in={resource for resource, _ in refs},
        ).values_list("pk", "resource", "remote_id")
        keys = {pk: (resource, remote_id) for pk, resource, remote_id in named if (resource, remote_id) in refs}
        links = self.linked(near, keys).values_list(
            f"{near}_id", "integration_id", f"{far}__resource", f"{far}__remote_id", "sent", "kept"
        )
        return {
            keys[pk]: (far_resource, far_id, {**(sent.get(far) or {}), **(kept.get(far) or {})})
            for pk, integration_id, far_resource, far_id, sent, kept in links
            if integration_id == self.run.integration_id
        }

    def linked(self, side: str, ids: Iterable[int | None]) -> Any:
        """Links of these records, of all integrations: by the integration as well, a database without statistics
        would read all links of it.
        """
        return Link.objects.filter(bulk.among(f"{side}_id", ids))

    def _wait_for_parent(self, change: Line, key: tuple[str, str]) -> None:
        parent = Change.objects.filter(
            integration_id=change.integration_id, source__resource=key[0], source__remote_id=key[1],
            state__in=Change.OPEN,
        ).order_by("-id").first()  # fmt: skip
        if parent and parent.state in Change.IN_FLIGHT:
            self.mine.filter(pk=change.pk, state=State.READY).update(retry_at=timezone.now() + PARENT_WAIT)
            return
        params = {"parent": parent.title if parent else key[1], "cause": parent.reason if parent else "",
                  "parent_key": f"{key[0]}:{key[1]}"}  # fmt: skip
        code = "PARENT-HELD" if parent else "PARENT-MISSING"
        self.mine.filter(pk=change.pk, state=State.READY).update(
            state=State.HELD, code=code, params=params, settled_at=timezone.now()
        )

    def _link_only(self, rows: list[Change]) -> None:
        """Link records; that writes nothing anywhere but here. A follower waits for the one it shares a record with."""
        now = timezone.now()
        with transaction.atomic():
            self.lease.check()
            met = set(
                self.mine.filter(pk__in=[row.pk for row in rows], state=State.READY)
                .select_for_update()
                .values_list("pk", flat=True)
            )
            rows = [row for row in rows if row.pk in met]
            leaders = self._leaders([row for row in rows if not row.target_id])
            targets = Row.objects.in_bulk(
                [row.target_id for row in rows if row.target_id] + [pk for _, pk in leaders.values() if pk]
            )
            pairs = []
            for row in rows:
                key, led = leaders.get(row.pk, (None, None))
                target = targets.get(row.target_id or led)
                if target is not None:
                    pairs.append((row, target.pk, self._parsed(target)))
                    if key:
                        self.mine.filter(pk=row.pk).update(target=target, remote_id=target.remote_id)
                elif key:
                    met.discard(row.pk)
                    self._wait_for_parent(row, key)
            self._links(pairs)
            self.mine.filter(pk__in=met).update(state=State.DONE, settled_at=now)

    def _leaders(self, rows: Sequence[Change]) -> dict[int, tuple[tuple[str, str], int | None]]:
        """Return, for followers planned before their leader's record was there, the leader's key and that record."""
        rows = [row for row in rows if row.source_id and row.params.get("leader")]
        if not rows:
            return {}
        near, far = ("left", "right") if rows[0].toward == "right" else ("right", "left")
        resources = dict(Row.objects.filter(pk__in=[row.source_id for row in rows]).values_list("pk", "resource"))
        keys = {row.pk: (resources[row.source_id], str(row.params["leader"])) for row in rows}
        links = Link.objects.filter(
            integration_id=self.run.integration_id,
            **{f"{near}__resource__in": {key[0] for key in keys.values()},
               f"{near}__remote_id__in": {key[1] for key in keys.values()}},
        ).values_list(f"{near}__resource", f"{near}__remote_id", f"{far}_id")  # fmt: skip
        found = {(resource, remote_id): pk for resource, remote_id, pk in links}
        return {pk: (key, found.get(key)) for pk, key in keys.items()}

    # calling

    def _launch(self, group: Group) -> None:
        work = self._send_bulk if group.bulk else self._send_one
        self.flying[self.pool.submit(work, group)] = group

    def _send_bulk(self, group: Group) -> Sequence[Outcome] | Ticket:
        assert group.resource.bulk  # noqa: S101 - only bulk groups come here
        try:
            return group.resource.bulk.send(self.api, group.writes)
        except SyncError as error:
            return [Outcome(write.change, error=error) for write in group.writes]

    def _send_one(self, group: Group) -> Sequence[Outcome]:
        return [self._speak(group.resource, write) for write in group.writes]

    def _speak(self, resource: Resource, write: Write) -> Outcome:
        """Make one call; the network, no transaction open."""
        try:
            raw: Raw | None
            if write.again and write.action == "create" and resource.repeat == "keyed" and resource.find:
                # Beside the key: not every vendor was seen to keep its word about keys.
                raw = resource.find(self.api, write)
                if raw is not None:
                    return Outcome(write.change, raw=raw)
            if write.action == "create" and resource.create:
                raw = resource.create(self.api, write.payload, write.key)
            elif write.action == "update" and resource.update:
                raw = resource.update(self.api, write.remote_id or "", _versioned(resource, write), write.key)
            elif write.action == "void" and resource.void:
                raw = resource.void(self.api, write.remote_id or "", _versioned(resource, write), write.key)
            elif write.action == "remove" and resource.remove:
                raw = resource.remove(self.api, write.remote_id or "", _versioned(resource, write), write.key)
            elif write.action == "merge" and resource.merge:
                raw = resource.merge(self.api, write.remote_id or "", str(write.payload["drop"]))
            else:
                from connectors.contract import SettingInvalid

                raise SettingInvalid("ACTION-IMPOSSIBLE", params={"action": write.action, "resource": resource.name})
            return Outcome(write.change, remote_id=write.remote_id, raw=raw)
        except SyncError as error:
            return Outcome(write.change, error=error)

    def _collect(self, seconds: float) -> None:
        """Take in what calls brought, waiting so long at most for the first of them."""
        done, _ = wait(self.flying, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in done:
            made = self.flying.pop(future)
            if isinstance(made, Asked):
                self._told(made, future)
                continue
            crash_point("after_call")
            answer = future.result()
            if isinstance(answer, Ticket):
                self._keep_ticket(made.dispatch, answer)
            else:
                self._settle(made.dispatch, made.resource, answer, made.changes)
        self.account.flush()

    def _settle(
        self, dispatch: Dispatch, resource: Resource, answer: Sequence[Outcome], changes: Sequence[Line] | None = None
    ) -> None:
        """Settle a group; after a ticket its changes are looked up."""
        rows = _with_ends(self.mine.filter(dispatch=dispatch, state=State.SENDING)) if changes is None else changes
        self.settle(resource, {change.pk: change for change in rows}, answer, dispatch)

    def _keep_ticket(self, dispatch: Dispatch, ticket: Ticket) -> None:
        poll_at = timezone.now() + timedelta(seconds=ticket.poll_after_seconds)
        deadline = timezone.now() + timedelta(hours=2)
        with transaction.atomic():
            self.lease.hold()
            Dispatch.objects.filter(pk=dispatch.pk).update(
                ticket=dict(ticket.state), poll_at=poll_at, deadline=deadline
            )

    def _poll(self) -> bool:
        """Ask about work the vendor took in; several tickets of a resource with one question, one at a time."""
        busy = [made for made in self.flying.values() if isinstance(made, Asked)]
        if busy:
            return False
        due = self.open.filter(ticket__isnull=False, poll_at__lte=timezone.now())
        by_resource: dict[str, list[Dispatch]] = defaultdict(list)
        # A few at a time: the answers of one are as large as what was sent, and all would be in memory at once.
        for dispatch in due.order_by("poll_at", "id")[:POLLED]:
            by_resource[dispatch.resource].append(dispatch)
        for name, dispatches in by_resource.items():
            resource = self.connector.resource(name)
            if resource.bulk and resource.bulk.poll:
                tickets = [Ticket(state=item.ticket) for item in dispatches]
                self.flying[self.pool.submit(resource.bulk.poll, self.api, tickets)] = Asked(resource, dispatches)
        return bool(by_resource)

    def _told(self, asked: Asked, future: Future[Any]) -> None:
        try:
            answers = future.result()
        except SyncError as error:
            self._poll_later(asked.dispatches, error)
            return
        for dispatch, answer in zip(asked.dispatches, answers, strict=True):
            self._polled(asked.resource, dispatch, answer)

    def _poll_later(self, dispatches: Sequence[Dispatch], error: SyncError) -> None:
        if error.then == "ask":
            raise error
        pause = timedelta(seconds=min(60.0, error.retry_after or 5.0))
        Dispatch.objects.filter(pk__in=[item.pk for item in dispatches]).update(poll_at=timezone.now() + pause)

    def _polled(self, resource: Resource, dispatch: Dispatch, answer: Sequence[Outcome] | Ticket | None) -> None:
        if answer is None:
            age = (timezone.now() - dispatch.created_at).total_seconds()
            pause = min(10.0, max(0.25, age / 2))  # asks often at first, then less and less
            Dispatch.objects.filter(pk=dispatch.pk).update(poll_at=timezone.now() + timedelta(seconds=pause))
        elif isinstance(answer, Ticket):
            self._keep_ticket(dispatch, answer)
        else:
            self._settle(dispatch, resource, answer)

    # settling

    def settle(
        self, resource: Resource, changes: Mapping[int, Line], outcomes: Iterable[Outcome], dispatch: Dispatch | None
    ) -> None:
        """Commit what became of these writes: records, links and ledger together."""
        told = {int(outcome.change): outcome for outcome in outcomes}
        done: list[tuple[Line, Outcome, Record | None]] = []
        failed: list[tuple[Line, SyncError]] = []
        for pk, change in changes.items():
            outcome = told.get(pk)
            if outcome is None:
                failed.append((change, OutcomeUnknown("OUTCOME-UNKNOWN")))
            elif outcome.error is not None:
                failed.append((change, outcome.error))
            else:
                record = self._answer(resource, change, outcome)
                if (
                    record is None
                    and change.action == Change.Action.CREATE
                    and not (outcome.remote_id or change.remote_id)
                ):
                    # Said to be made, but nothing says which record it is: look before anything is made again.
                    failed.append((change, OutcomeUnknown("OUTCOME-UNKNOWN")))
                    continue
                done.append((change, outcome, record))
        with transaction.atomic():
            bulk.may_be_lost()  # then the outcome is unknown, and is looked for
            self.lease.hold()  # whoever was overtaken settles nothing: the other one finds out for itself
            self._mark_failed(failed)
            self._mark_done(resource, done)
            if dispatch:
                Dispatch.objects.filter(pk=dispatch.pk).update(is_open=False)
        crash_point("after_outcome")
        for error in (error for _, error in failed if error.then == "ask"):
            raise error  # a person must act first: nothing more is sent to this account

    def _answer(self, resource: Resource, change: Line, outcome: Outcome) -> Record | None:
        """Return the vendor's document in canonical form, if it gave one we can read and it is about this record."""
        if not outcome.raw:
            return None
        try:
            return resource.parse(outcome.raw)
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
            log.warning("answer unreadable change=%s resource=%s", change.pk, resource.name)
            return None

    def _mark_done(self, resource: Resource, done: Sequence[tuple[Line, Outcome, Record | None]]) -> None:
        if not done:
            return
        now = timezone.now()
        self._store_targets(resource, done, now)
        written = [item for item in done if item[0].action in ("create", "update")]
        targets = self._rows_of(resource, [(c, self._remote_id(c, o, r)) for c, o, r in written])
        rows = []
        for change, outcome, record in done:
            remote_id = self._remote_id(change, outcome, record)
            target_id = targets.get((change.scope, remote_id), change.target_id)
            code, params = self._kept_otherwise(change, record)
            rows.append((change.pk, State.DONE, remote_id, target_id, now, change.resolution or "", code, params, ""))
        met = bulk.update(
            Change, "id",
            ["state", "remote_id", "target", "settled_at", "resolution", "error_code", "error_params",
             "error_detail"],
            rows, f"{AS_IT_STANDS} IN (%s, %s)", [State.SENDING, State.UNKNOWN],
        )  # fmt: skip
        done, written = ([item for item in items if item[0].pk in met] for items in (done, written))
        self._links(
            [
                (change, targets[change.scope, self._remote_id(change, outcome, record)], record)
                for change, outcome, record in written
                if (change.scope, self._remote_id(change, outcome, record)) in targets
            ]
        )
        for change, _, _ in done:
            if change.action in ("remove", "void"):
                self._forget(change)
        merged.done_there({c.pk: self._remote_id(c, o, r) for c, o, r in done if c.action == "merge"}, now)
        self._look_again(done)

    def _kept_otherwise(self, change: Line, record: Record | None) -> tuple[str, dict[str, Any]]:
        """Return a code where the books made another sum of a document than was posted: written, yet to be seen to."""
        if record is None or change.entity not in self.whole or change.action not in ("create", "update"):
            return "", {}
        told = {name: number(change.sent.get(name)) for name in ("total", "tax_total")}
        found = compare({**told, "currency": change.sent.get("currency") or ""}, record.values)
        return (found[0], _plain(found[1])) if found else ("", {})

    def _remote_id(self, change: Line, outcome: Outcome, record: Record | None) -> str:
        return record.remote_id if record else (outcome.remote_id or change.remote_id)

    def _rows_of(self, resource: Resource, wanted: Sequence[tuple[Line, str]]) -> dict[tuple[str, str], Row]:
        if not wanted:
            return {}
        rows = Row.objects.filter(
            bulk.among("remote_id", {remote_id for _, remote_id in wanted}),
            connection=self.connection,
            resource=resource.name,
            scope__in={change.scope for change, _ in wanted},
        ).values_list("scope", "remote_id", "pk")
        return {(scope, remote_id): pk for scope, remote_id, pk in rows}

    def _store_targets(self, resource: Resource, done: Sequence[tuple[Line, Outcome, Record | None]], now: Any) -> None:
        """Keep what the vendor answered; where it answers nothing, what was sent stands for it."""
        by_scope: dict[str, list[Record]] = defaultdict(list)
        for change, outcome, record in done:
            if change.action in ("remove", "void"):
                continue
            if record is None and change.action != "merge":
                record = self._as_sent(resource, change, outcome)
            if record is not None:
                by_scope[change.scope].append(record)
        for scope, records in by_scope.items():
            latest = {record.remote_id: record for record in records}
            store.store(self.connection, resource, scope, list(latest.values()), 0, now)

    def _as_sent(self, resource: Resource, change: Line, outcome: Outcome) -> Record | None:
        remote_id = outcome.remote_id or change.remote_id
        if not remote_id:
            return None
        document = dict(change.payload or {})
        if change.target_id:
            kept = Row.objects.filter(pk=change.target_id).values_list("document", flat=True).first() or {}
            document = {**kept, **document}
        if isinstance(resource.remote_id, str) and "." not in resource.remote_id:
            document.setdefault(resource.remote_id, remote_id)
        try:
            return resource.parse(document)
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
            return None

    def _parsed(self, row: Row) -> Record | None:
        try:
            return self.connector.resource(row.resource).parse(row.document)
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
            return None

    def _links(self, pairs: Sequence[tuple[Any, int, Record | None]]) -> None:
        """Link source and target, with what was sent and what the target kept of it."""
        pairs = [item for item in pairs if item[0].source_id]
        if not pairs:
            return
        now = timezone.now()
        toward = pairs[0][0].toward
        near, far = ("left", "right") if toward == "right" else ("right", "left")
        known: dict[int, Link] = {}
        for link in self.linked(near, [change.source_id for change, _, _ in pairs]):
            own = getattr(link, f"{near}_id")
            if link.integration_id == self.run.integration_id and not (link.shared and own in known):
                known[own] = link
        back = two_way.settled(self.run, pairs)
        two_way.carried_out(self.run, [change for change, _, _ in pairs])
        fresh, changed = [], []
        for change, row_id, record in pairs:
            values = record.values if record else {}
            # A follower sends nothing of its own: what is known of the record it shares is what is there.
            told = values if change.action == Change.Action.FOLLOW else change.sent
            sent, kept = {far: dict(change.sent)}, {far: two_way.kept_of(change, told, values)}
            if change.pk in back:
                sent[near], kept[near] = back[change.pk]
            link = known.get(change.source_id)
            if link is None:
                one, other = (change.source_id, row_id) if near == "left" else (row_id, change.source_id)
                fresh.append(
                    (change.integration_id, change.entity, one, other, sent, kept,
                     change.action == Change.Action.FOLLOW, Link.Maker.PROGRAM, (change.code or "")[:200], now, now)
                )  # fmt: skip
            else:
                changed.append((link.pk, _over(link.sent, sent), _over(link.kept, kept), now))
        bulk.insert_ignoring(
            Link,
            ["integration", "entity", "left", "right", "sent", "kept", "shared", "made_by", "why", "made_at",
             "agreed_at"],
            fresh,
        )  # fmt: skip
        bulk.update(Link, "id", ["sent", "kept", "agreed_at"], changed)

    def _forget(self, change: Line) -> None:
        """After a removal: the record is gone there, its link too, and what vanished with it is done as well."""
        now = timezone.now()
        gone = self.mine.filter(carried_by_id=change.pk, state__in=(State.READY, State.PLANNED))
        targets = [change.target_id, *gone.values_list("target_id", flat=True)]
        gone.update(state=State.DONE, settled_at=now)
        if change.action == "remove":
            Row.objects.filter(pk__in=[pk for pk in targets if pk]).update(gone=True, read_at=now)
            Link.objects.filter(
                Q(left_id__in=[pk for pk in targets if pk]) | Q(right_id__in=[pk for pk in targets if pk]),
                integration_id=change.integration_id,
            ).delete()
        if change.undo_of_id:
            Change.objects.filter(pk=change.undo_of_id).update(state=State.UNDONE)

    def _look_again(self, done: Sequence[tuple[Line, Outcome, Record | None]]) -> None:
        """A source that moved while its write was on the way is planned again by the next run."""
        ids = {change.source_id: change.based_on.split(":", 1)[0] for change, _, _ in done if change.based_on}
        now = Row.objects.filter(bulk.among("id", [pk for pk in ids if pk])).values_list("pk", "fingerprint")
        moved = [pk for pk, fingerprint in now if fingerprint != ids[pk]]
        undone = [change.undo_of_id for change, _, _ in done if change.undo_of_id]
        if undone:
            two_way.undone(self.run, [(change, record) for change, _, record in done if change.action == "update"])
            Change.objects.filter(pk__in=undone).update(state=State.UNDONE)
        if moved:
            touch(moved)

    def _mark_failed(self, failed: Sequence[tuple[Line, SyncError]]) -> None:
        now = timezone.now()
        for change, error in failed:
            fields: dict[str, Any] = {
                "error_code": error.code, "error_params": _plain(error.params),
                "error_detail": _clean(error.detail), "request_id": error.request_id[:100],
            }  # fmt: skip
            state, more = self._after(change, error, now)
            self.mine.filter(pk=change.pk, state__in=(State.SENDING, State.UNKNOWN)).update(
                state=state, **fields, **more
            )

    def _after(self, change: Line, error: SyncError, now: Any) -> tuple[str, dict[str, Any]]:
        """Return the next state of a write that did not simply succeed."""
        if error.then == "look":
            resource = self.connector.resource(change.resource)
            return State.UNKNOWN, {"retry_at": now + (resource.settle if resource.repeat == "look_first" else BACKOFF)}
        if error.then == "wait":
            # Surely not carried out; waiting does not count as an attempt of this record's own.
            pause = timedelta(seconds=error.retry_after) if error.retry_after else BACKOFF * max(1, change.attempts)
            tries = change.attempts if isinstance(error, VendorUnavailable) else max(0, change.attempts - 1)
            if tries >= 10:
                return State.HELD, {"settled_at": now}
            return State.READY, {"retry_at": now + pause, "attempts": tries, "claimed_at": None}
        if error.then == "ask":
            return State.READY, {"attempts": max(0, change.attempts - 1), "retry_at": None}
        if error.then == "stop":
            return State.HELD, {"settled_at": now}
        return State.REJECTED, {"settled_at": now}

    # unknown outcomes

    def rescue(self) -> None:
        """Find out about writes whose answer was lost, and those of a worker that died while sending."""
        now = timezone.now()
        if not self.rescued:
            self._orphans(now)
            self.rescued = True
        late = list(self.open.filter(ticket__isnull=False, deadline__lt=now).values_list("pk", flat=True))
        if late:
            with transaction.atomic():
                self.mine.filter(state=State.SENDING, dispatch__in=late).update(state=State.UNKNOWN, retry_at=now)
                Dispatch.objects.filter(pk__in=late).update(is_open=False)
        due = self.mine.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now), state=State.UNKNOWN)
        repeatable = due.exclude(action=Change.Action.MERGE)
        self._repeat_keyed(repeatable)
        for change in _with_ends(due.order_by("stage", "id")[:50], "payload", "params"):
            self._resolve_unknown(change)
            if not self.lease.goes_on():
                return
        self._requeue_harmless(repeatable.filter(attempts__lt=ATTEMPTS))

    def _orphans(self, now: Any) -> None:
        """The lease is ours, so whoever sent what has no ticket is gone; whether it landed is open. Looked for once:
        what this writer sends itself it also settles.
        """
        asked = Dispatch.objects.filter(pk=OuterRef("dispatch"), is_open=True, ticket__isnull=False)
        orphans = self.mine.filter(~Exists(asked), state=State.SENDING)
        for name in list(orphans.values_list("resource", flat=True).distinct()):
            resource = self.connector.resource(name)
            orphans.filter(resource=name).update(
                state=State.UNKNOWN, error_code="OUTCOME-UNKNOWN",
                retry_at=now if resource.repeat != "look_first" else F("claimed_at") + resource.settle,
            )  # fmt: skip
        self.open.filter(ticket__isnull=True).update(is_open=False)

    def _requeue_harmless(self, due: Any) -> None:
        """Where a repeat does no harm the whole lot is simply ready again, and goes out in bulk."""
        for name in list(due.values_list("resource", flat=True).distinct()):
            if self.connector.resource(name).repeat == "harmless":
                due.filter(resource=name).update(state=State.READY, retry_at=None, resolution="sent again")

    def _repeat_keyed(self, due: Any) -> None:
        """Where the vendor knows a repeat by its key, what was lost once goes again, at once and exactly as it went.

        A lot has one key: it goes again whole or not at all. What was lost twice, or long ago, is looked for first: no
        vendor says how long it remembers keys.
        """
        for name in list(due.values_list("resource", flat=True).distinct()):
            if self.connector.resource(name).repeat != "keyed":
                continue
            settled = self.mine.filter(dispatch=OuterRef("dispatch")).exclude(state=State.UNKNOWN)
            lost = due.filter(
                ~Exists(settled), resource=name, dispatch__isnull=False, attempts__lt=ATTEMPTS - 1,
                claimed_at__gte=timezone.now() - KEY_LIFE,
            )  # fmt: skip
            with transaction.atomic():
                self.lease.check()
                lost.update(state=State.READY, retry_at=None, resolution="sent again")

    def _resolve_unknown(self, change: Line) -> None:
        """Look, then adopt, send again with the same key, or ask a person after three attempts."""
        resource = self.connector.resource(change.resource)
        is_harmless = resource.repeat == "harmless" and change.action != "merge"  # a second merge is refused
        if change.attempts >= ATTEMPTS and is_harmless:
            self._give_up(change)
            return
        settles_at = change.claimed_at + resource.settle if change.claimed_at else timezone.now()
        if not is_harmless and settles_at > timezone.now():
            self.mine.filter(pk=change.pk).update(retry_at=settles_at)
            return
        if is_harmless:
            self.mine.filter(pk=change.pk, state=State.UNKNOWN).update(
                state=State.READY, retry_at=None, resolution="sent again"
            )
            return
        write = Write(
            str(change.pk), change.action, change.remote_id or None, change.payload or {}, change.key,
            change.target_version or None,
        )  # fmt: skip
        if (resource.fetch if write.action == "merge" else resource.find) is None:
            self._give_up(change)
            return
        try:
            raw = self._merge_seen(resource, write) if write.action == "merge" else resource.find(self.api, write)
        except SyncError as error:
            if error.then == "ask":
                raise
            if error.then in ("reject", "look"):  # what is there is not surely ours: a person decides, not another try
                self.mine.filter(pk=change.pk, state=State.UNKNOWN).update(
                    state=State.HELD, error_code=error.code, error_params=_plain(error.params),
                    settled_at=timezone.now(),
                )  # fmt: skip
                return
            pause = timedelta(seconds=error.retry_after or 5)
            self.mine.filter(pk=change.pk).update(retry_at=timezone.now() + pause)
            return
        if change.action in ("remove", "void"):
            if raw is None:
                change.resolution = "found gone"
                self.settle(resource, {change.pk: change}, [Outcome(str(change.pk))], None)
            else:
                self._again_or_give_up(change)
        elif raw is not None:
            change.resolution = "found and adopted"
            self.settle(resource, {change.pk: change}, [Outcome(str(change.pk), raw=raw)], None)
        else:
            self._again_or_give_up(change)

    def _merge_seen(self, resource: Resource, write: Write) -> Raw | None:
        """Return what the survivor's id answers where the vendor has no two any more; None where it still has."""
        drop = str(write.payload["drop"])
        try:
            there = resource.parse(resource.fetch(self.api, drop))
        except SyncError as error:
            if error.then != "reject":
                raise
            there = None  # nothing answers under its id
        if there is not None and there.remote_id == drop and not (there.gone or there.merged_into):
            return None
        raw = resource.fetch(self.api, write.remote_id or "")
        survivor = resource.parse(raw).merged_into  # of two, some vendors make a third
        return resource.fetch(self.api, survivor) if survivor else raw

    def _again_or_give_up(self, change: Line) -> None:
        if change.attempts >= ATTEMPTS:
            self._give_up(change)
            return
        self.mine.filter(pk=change.pk, state=State.UNKNOWN).update(
            state=State.READY, retry_at=None, resolution="not found, sent again"
        )

    def _give_up(self, change: Line) -> None:
        self.mine.filter(pk=change.pk, state=State.UNKNOWN).update(
            state=State.HELD, error_code="ATTEMPTS-EXHAUSTED", settled_at=timezone.now(),
            error_params={"attempts": change.attempts},
        )  # fmt: skip


def _over(past: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a link remembers by side, with what was settled now over it."""
    return {**past, **{side: {**(past.get(side) or {}), **values} for side, values in now.items()}}


def _with_ends(changes: Any, *more: str) -> list["Line"]:
    """Changes with just the columns a write needs, and what is needed of their two records: no rows, no documents."""
    if not more:
        return [Line(*row) for row in changes.values_list(*NEEDED, *ENDS)]
    return [Line(*row) for row in changes.values_list(*NEEDED, *ENDS, *more)]


def _lot(resource: Resource, same: Any) -> Any:
    """Return what may travel together with the first of `same`: a lot that went before goes again as it was."""
    if resource.repeat != "keyed":
        return same
    dispatch, claimed_at = same.values_list("dispatch", "claimed_at").first()
    if claimed_at is None:
        return same.filter(claimed_at__isnull=True)
    return same.filter(dispatch=dispatch, claimed_at__isnull=False)


def _versioned(resource: Resource, write: Write) -> dict[str, Any]:
    """Put the version the vendor wants back into the body, where its place is a plain name."""
    if write.version and isinstance(resource.version, str) and "." not in resource.version:
        return {**write.payload, resource.version: write.version}
    return write.payload


def _named_first(values: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the records that frozen values name at their top level: those a write cannot do without."""
    return {(value["resource"], value["id"]) for value in values.values() if type(value) is dict and "ref" in value}


def _named(values: Any) -> set[tuple[str, str]]:
    """Return every record frozen values name, at any depth."""
    found: set[tuple[str, str]] = set()
    _name(values, found)
    return found


def _name(values: Any, found: set[tuple[str, str]]) -> None:
    kind = type(values)  # decoded JSON has just these
    if kind is dict:
        if "ref" in values and "id" in values:
            found.add((values["resource"], values["id"]))
            return
        values = values.values()
    elif kind is not list:
        return
    for item in values:
        if type(item) is not str:
            _name(item, found)


def _live(change: Line, found: Mapping[tuple[str, str], Twin]) -> dict[str, Any]:
    """Return the values of a change with its references turned to this side, each with what is known of its record."""
    values: dict[str, Any] = {}
    kinds = kinds_of(change.entity)
    for name, value in change.after.items():
        values[name] = thawed(value if type(value) is str else _turned(value, found), kinds.get(name, ""))
        if type(value) is dict and "ref" in value:
            values[f"{name}_values"] = dict(found[value["resource"], value["id"]][2])
    if change.source_id:
        values["source"] = Ref(change.entity, change.source_resource, change.source_remote_id)
    return values


def _turned(value: Any, found: Mapping[tuple[str, str], Twin]) -> Any:
    kind = type(value)
    if kind is dict:
        if "ref" in value and "id" in value:
            twin = found.get((value["resource"], value["id"]))
            return Ref(value["ref"], twin[0], twin[1]) if twin else None
        return {key: item if type(item) is str else _turned(item, found) for key, item in value.items()}
    if kind is list:
        return [_turned(item, found) for item in value]
    return value


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    return {key: value if isinstance(value, str | int | bool | None) else str(value) for key, value in params.items()}


def _clean(detail: str) -> str:
    from bridge.hub.logs import redact

    return redact(detail)[:2000]
