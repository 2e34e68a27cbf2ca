"""Runs: begin, work in slices, wait for approval, end honestly; stop, retry and undo."""

import gc
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Change, Exclusion, Flow, Integration, Link, Run, User
from bridge.hub.models import Record as Row
from bridge.jobs import approvals, instance, queue, values
from bridge.jobs import pointed as pointed_at
from bridge.jobs.apply import apply
from bridge.jobs.context import context_of, pin, scope_of
from bridge.jobs.lease import Lease, Lost, Stopped
from bridge.jobs.plan import needs_approval, plan
from bridge.jobs.read import Overtaken, incomplete, known_missing, read
from bridge.jobs.records import touch
from bridge.jobs.totals import cents, of_run
from connectors.contract import STAGES, RateLimited, SettingInvalid, SyncError

log = logging.getLogger("bridge.jobs.runs")

ASIDE = (Run.Kind.IMPORT, Run.Kind.MAKE)  # beside what is kept in step: the schedule knows nothing of them
STARTS = 5  # slices in a row that moved nothing, then a person looks
State = Change.State


# beginning


def start(
    integration: Integration,
    trigger: str = "person",
    user: User | None = None,
    plan_only: bool = False,
    only: Iterable[str] = (),
    kind: str = Run.Kind.SYNC,
    enqueue: bool = True,
    pointed: Sequence[Sequence[str]] = (),
    pinned: Mapping[str, Any] | None = None,
) -> Run:
    """Begin a run and ring for a worker. SettingInvalid when one is open or the set-up is not finished.

    `pointed`: fetch just these records ([side, resource, remote id]) instead of reading the feeds. `pinned`: what the
    run goes by, where that is not what is set up.
    """
    if integration.left is None or integration.right is None:
        raise SettingInvalid("INTEGRATION-UNFINISHED", params={"integration": str(integration)})
    if integration.state == Integration.State.DISCONNECTED:
        raise SettingInvalid("INTEGRATION-DISCONNECTED", params={"integration": str(integration)})
    if integration.state == Integration.State.PAUSED and trigger != "person":
        raise SettingInvalid("INTEGRATION-PAUSED", params={"integration": str(integration)})
    try:
        with transaction.atomic():
            run = Run.objects.create(
                integration=integration, kind=kind, trigger=trigger, user=user, plan_only=plan_only,
                only=list(only), wake_at=timezone.now(),
                pinned={**(pinned or pin(integration)), "pointed": [list(item) for item in pointed]},
            )  # fmt: skip
            adopt(run)
            if enqueue:
                queue.ring("work", run.pk)
    except IntegrityError as error:
        raise SettingInvalid("RUN-OPEN", params={"integration": str(integration)}) from error
    log.info("run begun run=%s integration=%s trigger=%s", run.pk, integration.pk, trigger)
    return run


def adopt(run: Run) -> None:
    """Take over writes an earlier, broken-off run left on their way; what it had only planned is planned anew."""
    left = Change.objects.filter(integration=run.integration).exclude(run=run)
    doubt(left)
    left.filter(state__in=(State.SENDING, State.UNKNOWN)).update(run=run)
    from bridge.hub.models import Dispatch

    Dispatch.objects.filter(run__integration=run.integration, is_open=True).exclude(run=run).update(run=run)
    abandoned = left.filter(state__in=(State.PLANNED, State.READY))
    sources = [pk for pk in abandoned.values_list("source_id", flat=True) if pk]
    abandoned.update(state=State.SUPERSEDED, settled_at=timezone.now())
    if sources:
        touch(sources)


def doubt(changes: Any) -> None:
    """What has left before and only waits to be sent again may be there: it is looked for, never planned anew."""
    left = changes.filter(state=State.READY, claimed_at__isnull=False)
    left.update(state=State.UNKNOWN, error_code="OUTCOME-UNKNOWN", retry_at=timezone.now())


# working


def work(run_id: int, slice_seconds: float | None = None, progress: Callable[[Run], None] | None = None) -> str:
    """Work one slice of a run and return its state. May be called twice: the second caller finds nothing to do."""
    gc.set_threshold(50_000, 25, 50)  # many rows live shortly: looking for cycles after each 700 costs a tenth of a run
    lease = Lease.take(run_id, slice_seconds)
    if lease is None:
        return "busy"
    lease.progress = progress
    run = lease.run
    try:
        _slice(run, lease)
    except Lost:
        return "lost"
    finally:
        lease.give_back()
    if run.state in Run.WORKING and (run.wake_at is None or run.wake_at <= timezone.now()):
        queue.ring("work", run.pk)
    return run.state


def _slice(run: Run, lease: Lease) -> None:
    """Work one slice, and keep what ended it. Raises Lost, also when another worker took over while it ended."""
    try:
        instance.check()
        if run.starts > STARTS:
            _end(run, lease, Run.State.INTERRUPTED, "RUN-NO-PROGRESS", {"starts": run.starts - 1})
            return
        _steps(run, lease)
        lease.hold()  # it ended in good order: waiting for a vendor's slow batch is no reason to give up
    except Stopped:
        _end(run, lease, Run.State.STOPPED, "RUN-STOPPED", {})
    except Overtaken:
        lease.save(wake_at=timezone.now() + timedelta(seconds=2))
    except SyncError as error:
        _failed(run, lease, error)


def _steps(run: Run, lease: Lease) -> None:
    """Read, plan, apply, reconcile: each step ends the slice when its time is over."""
    if run.state == Run.State.READING:
        if not _read(run, lease):
            return
        values.freshen(run.integration)
        from bridge.jobs import guide

        guide.freshen(run.integration)
        lease.save(state=Run.State.PLANNING)
    if run.state == Run.State.PLANNING:
        if not plan(run, lease):
            return
        if not _settle_plan(run, lease):
            return
    if run.state == Run.State.APPLYING:
        if not apply(run, lease):
            return
        if closing(run) and not apply(run, lease):
            return
        _finish(run, lease)


def _read(run: Run, lease: Lease) -> bool:
    """Fetch the records the run points at, or read its feeds where it points at none, or where one is gone."""
    if run.pinned.get("pointed"):
        if pointed_at.read(run, lease):
            return True
        run.pinned = {**run.pinned, "pointed": []}
        lease.save(pinned=run.pinned)
    return read(run, lease)


def _settle_plan(run: Run, lease: Lease) -> bool:
    """Let the plan go ahead, or let it wait for a person; True when there is something to carry out now."""
    now = timezone.now()
    planned = run.changes.filter(state=State.PLANNED)
    reasons = needs_approval(run)
    if reasons and not run.plan_only:
        approvals.carry_over(run)
    if planned.exists() and reasons:
        lease.save(state=Run.State.PLANNED, planned_at=now, brakes=reasons, counts=counts(run), wake_at=None)
        log.info("run waits for approval run=%s reasons=%s", run.pk, [item["code"] for item in reasons])
        return False
    with transaction.atomic():
        lease.check()
        planned.update(state=State.READY, approved_at=now)
        lease.save(state=Run.State.APPLYING, planned_at=now, counts=counts(run))
    return True


def closing(run: Run) -> bool:
    """Add what a recipe writes once everything else has settled (such as the end of a first import)."""
    if run.kind != Run.Kind.SYNC or run.changes.filter(stage=len(STAGES)).exists():
        return False
    recipe = registry.recipe(run.integration.recipe)
    added = False
    for flow in recipe.flows:
        if not flow.at_end or flow.entity not in run.pinned["flows"]:
            continue
        for link in Link.objects.filter(integration=run.integration, entity=flow.entity).select_related("right"):
            resource = registry.connector(run.integration.right.vendor).resource(link.right.resource)
            values = resource.parse(link.right.document).values
            after = {name: value for name, value in flow.at_end.items() if values.get(name) != value}
            if after and not link.right.gone:
                Change.objects.create(
                    integration=run.integration, run=run, flow=run.integration.flows.get(entity=flow.entity),
                    entity=flow.entity, stage=len(STAGES), action=Change.Action.UPDATE, target=link.right,
                    connection=run.integration.right, resource=link.right.resource, scope=link.right.scope,
                    remote_id=link.right.remote_id, title=str(link.right), after=after, sent=after,
                    before={name: values.get(name) for name in after}, code="at-end", state=State.READY,
                    approved_at=timezone.now(),
                )  # fmt: skip
                added = True
    return added


def _finish(run: Run, lease: Lease) -> None:
    """End a run with the truth about it, and plan the next one."""
    now = timezone.now()
    for flow in run.integration.flows.filter(entity__in=run.pinned["flows"], first_done_at__isnull=True):
        if run.kind == Run.Kind.SYNC and _carried_out(run, flow.entity):
            Flow.objects.filter(pk=flow.pk).update(first_done_at=now)
    missing = incomplete(run) if run.kind in (Run.Kind.SYNC, Run.Kind.IMPORT) else []
    told = counts(run)
    if run.kind == Run.Kind.SYNC and told.get("changed"):
        run.reconciliation = of_run(run)
        lease.save(reconciliation=run.reconciliation)
    if missing:
        least = known_missing(run)
        code = "READ-MISSING" if least else "READ-INCOMPLETE"
        _end(run, lease, Run.State.INCOMPLETE, code, {"resources": ", ".join(missing), "missing": least}, told)
    elif told["waiting"]:
        _end(run, lease, Run.State.HELD, "", {"count": told["waiting"]}, told)
    else:
        _end(run, lease, Run.State.DONE, "", {}, told)
    if run.kind == Run.Kind.DISCONNECT and run.state == Run.State.DONE:
        from bridge.jobs.integrations import disconnected

        disconnected(run.integration)
    elif run.kind == Run.Kind.MAKE:
        from bridge.jobs.guide import made

        made(run)
    elif run.kind == Run.Kind.SYNC and run.state in (Run.State.DONE, Run.State.HELD):
        good = {"last_good_at": now}
        if run.integration.state == Integration.State.SETUP:
            wants_test = registry.recipe(run.integration.recipe).trial is not None
            good["state"] = Integration.State.UNTESTED if wants_test else Integration.State.ACTIVE
        Integration.objects.filter(pk=run.integration_id).update(**good)
        from bridge.jobs.imports import begin_chosen
        from bridge.jobs.trials import settled

        settled(run)
        begin_chosen(run)


def _carried_out(run: Run, entity: str) -> bool:
    """Tell whether a flow's first plan is behind it; while all of it is held, nothing was written and it is not."""
    if run.changes.filter(entity=entity, state=State.PLANNED).exists():
        return False
    lines = Change.objects.filter(integration=run.integration, entity=entity)
    return lines.filter(state=State.DONE).exists() or not lines.filter(state=State.HELD).exists()


def _end(
    run: Run, lease: Lease, state: str, code: str, params: Mapping[str, object], told: dict[str, Any] | None = None
) -> None:
    now = timezone.now()
    told = told or counts(run)
    if state in (Run.State.STOPPED, Run.State.INTERRUPTED):
        close_plan(run)
    lease.save(state=state, reason_code=code, reason_params=dict(params), finished_at=now, counts=told, wake_at=None)
    if run.kind not in ASIDE:
        schedule_next(run.integration, now, swept=not run.pinned.get("pointed"))
    log.info("run ended run=%s state=%s code=%s", run.pk, state, code)


def _failed(run: Run, lease: Lease, error: SyncError) -> None:
    """A run met something that is not about one record: wait and go on, or end and say what a person must do."""
    now = timezone.now()
    busy = isinstance(error, RateLimited)  # others use the account: no reason to give up, however long it takes
    if error.then in ("wait", "look") and (busy or run.starts < STARTS):
        pause = min(900.0, error.retry_after or 15.0 * max(1, run.starts))
        lease.save(wake_at=now + timedelta(seconds=pause), reason_code=error.code, reason_params=_plain(error))
        if not busy:
            # Waiting is not progress: the count of fruitless slices goes on.
            Run.objects.filter(pk=run.pk).update(starts=run.starts)
        return
    log.warning("run failed run=%s code=%s detail=%s", run.pk, error.code, error.detail[:200])
    _end(run, lease, Run.State.INTERRUPTED, error.code, _plain(error))


def _plain(error: SyncError) -> dict[str, Any]:
    return {key: str(value) for key, value in error.params.items()}


def schedule_next(integration: Integration, now: Any, swept: bool = True) -> None:
    """Set when the next run is due, by the shortest cadence of the flows that are on. A run that only fetched what
    webhooks pointed at puts no sweep off.
    """
    shortest = integration.flows.filter(is_on=True).order_by("cadence_minutes").first()
    minutes = shortest.cadence_minutes if shortest else 60
    due = now + timedelta(minutes=minutes)
    sooner = Q() if swept else Q(next_run_at__isnull=True) | Q(next_run_at__gt=due)
    Integration.objects.filter(sooner, pk=integration.pk).update(next_run_at=due)


# counting


def counts(run: Run) -> dict[str, Any]:
    """Return what a run planned and did: by state, by entity and action, and how much still waits for a person."""
    rows = run.changes.order_by().values("entity", "action", "state").annotate(n=Count("id"), amount=Sum("amount"))
    by_state: dict[str, int] = {}
    lines = []
    for row in rows:
        by_state[row["state"]] = by_state.get(row["state"], 0) + row["n"]
        lines.append({**row, "amount": cents(row["amount"]) if row["amount"] is not None else None})
    held = Change.objects.filter(state__in=(State.HELD, State.REJECTED, State.UNKNOWN))
    # A sync answers for all that waits in its integration but what one-time imports hold; all else for its own lines.
    if run.kind == Run.Kind.SYNC:
        waiting = held.filter(integration=run.integration).exclude(run__kind__in=ASIDE).count()
    else:
        waiting = held.filter(run=run).count()
    return {
        "states": by_state,
        "lines": lines,
        "waiting": waiting,
        "changed": by_state.get(State.DONE, 0),
        "calls": run.calls.count(),
    }


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in numbers, for pages and commands."""

    run: Run
    states: Mapping[str, int]
    lines: list[Mapping[str, Any]]
    waiting: int
    held_by_code: list[tuple[str, int]]
    calls: int
    seconds: float
    statement: list[Mapping[str, Any]] = field(default_factory=list)
    totals: Mapping[str, Any] | None = None


def summary(run: Run) -> RunSummary:
    """Return a run in numbers, as of now."""
    told = counts(run)
    held = run.changes.filter(state__in=(State.HELD, State.REJECTED, State.UNKNOWN)).order_by()
    codes: dict[str, int] = {}
    for row in held.values("code", "error_code").annotate(n=Count("id")):
        code = row["error_code"] or row["code"]
        codes[code] = codes.get(code, 0) + row["n"]
    end = run.finished_at or timezone.now()
    return RunSummary(
        run=run,
        states=told["states"],
        lines=told["lines"],
        waiting=told["waiting"],
        held_by_code=sorted(codes.items(), key=lambda item: -item[1]),
        calls=told["calls"],
        seconds=(end - run.started_at).total_seconds(),
        statement=list(run.statement),
        totals=run.reconciliation,
    )


# deciding


def approve(
    run: Run,
    user: User | None,
    *,
    changes: Iterable[int] | None = None,
    action: str | None = None,
    entity: str | None = None,
) -> int:
    """Let planned lines go: all, of one action, of one entity, or named ones; returns how many. Then work goes on.

    Lines whose source or target moved since planning are not forced: they are planned anew by the next run.
    """
    lines = run.changes.filter(state=State.PLANNED)
    if changes is not None:
        lines = lines.filter(pk__in=list(changes))
    if action:
        lines = lines.filter(action=action)
    if entity:
        lines = lines.filter(entity=entity)
    now = timezone.now()
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.state not in (Run.State.PLANNED, Run.State.APPLYING):
            return 0
        moved = moved_since(lines)
        lines.filter(pk__in=moved).update(state=State.SUPERSEDED, code="moved", settled_at=now)
        approved = lines.update(state=State.READY, approved_by=user, approved_at=now)
        if approved or not run.changes.filter(state=State.PLANNED).exists():
            Run.objects.filter(pk=run.pk).update(state=Run.State.APPLYING, wake_at=now)
            queue.ring("work", run.pk)
        if moved:
            touch(list(Change.objects.filter(pk__in=moved, source__isnull=False).values_list("source_id", flat=True)))
    run.refresh_from_db()
    log.info("plan approved run=%s lines=%s moved=%s user=%s", run.pk, approved, len(moved), user and user.pk)
    return approved


def moved_since(lines: Any) -> list[int]:
    """Return the planned lines whose source or target changed after they were planned."""
    found = []
    rows = lines.exclude(based_on="").values_list("pk", "based_on", "source__fingerprint", "target__fingerprint")
    for pk, based_on, source, target in rows.iterator(chunk_size=2000):
        was_source, _, was_target = based_on.partition(":")
        if (source is not None and source != was_source) or (was_target and target != was_target):
            found.append(pk)
    return found


def approve_rest_not(run: Run, user: User | None) -> int:
    """Close a plan: what is still planned is not written now; the next run plans it again."""
    closed = close_plan(run)
    with transaction.atomic():
        Run.objects.filter(pk=run.pk, state=Run.State.PLANNED).update(state=Run.State.APPLYING, wake_at=timezone.now())
        queue.ring("work", run.pk)
    run.refresh_from_db()
    return closed


def close_plan(run: Run) -> int:
    """Replace what is planned or ready and not yet sent; its records are looked at again.

    Both in one commit: a worker that dies between them would leave records that no run ever looks at again.
    """
    with transaction.atomic():
        doubt(run.changes)
        open_lines = run.changes.filter(state__in=(State.PLANNED, State.READY))
        sources = [pk for pk in open_lines.select_for_update().values_list("source_id", flat=True) if pk]
        closed = open_lines.update(state=State.SUPERSEDED, settled_at=timezone.now())
        if sources:
            touch(sources)
    return closed


def hold(run: Run, user: User | None, changes: Iterable[int], reason: str) -> int:
    """Keep planned lines back until a person takes them up again."""
    lines = run.changes.filter(pk__in=list(changes), state__in=(State.PLANNED, State.READY), claimed_at__isnull=True)
    return lines.update(
        state=State.HELD, error_code="HELD-BY-PERSON", error_params={"reason": reason, "who": str(user or "")},
        settled_at=timezone.now(),
    )  # fmt: skip


def exclude(change: Change, user: User | None, reason: str) -> None:
    """Keep a record out of the integration for good, with its reason."""
    if change.source is None:
        return
    Exclusion.objects.get_or_create(
        integration=change.integration, record=change.source, defaults={"reason": reason, "user": user}
    )
    Change.objects.filter(
        integration=change.integration, source=change.source,
        state__in=(State.PLANNED, State.READY, State.HELD, State.REJECTED),
    ).update(
        state=State.SKIPPED, code="EXCLUDED-BY-PERSON", error_code="", params={"reason": reason},
        settled_at=timezone.now(),
    )  # fmt: skip


def unexclude(exclusion: Exclusion, user: User | None) -> None:
    """Take a record up again; the next run looks at it."""
    with transaction.atomic():
        touch([exclusion.record_id])
        exclusion.delete()


def stop(run: Run, user: User | None) -> None:
    """Ask a run to stop: what was sent stays, what was not is planned anew by a later run."""
    Run.objects.filter(pk=run.pk, state__in=Run.OPEN).update(stop_asked=True)
    if Run.objects.filter(pk=run.pk, state=Run.State.PLANNED).exists():
        now = timezone.now()
        close_plan(run)
        Run.objects.filter(pk=run.pk, state=Run.State.PLANNED).update(
            state=Run.State.STOPPED, reason_code="RUN-STOPPED", finished_at=now, wake_at=None
        )
        if run.kind not in ASIDE:
            schedule_next(run.integration, now)
    run.refresh_from_db()


def retry(
    integration: Integration,
    user: User | None,
    *,
    code: str | None = None,
    changes: Iterable[int] | None = None,
) -> Run:
    """Try again what was refused or held, of one cause or named ones, in a new run."""
    lines = Change.objects.filter(integration=integration, state__in=(State.REJECTED, State.HELD))
    if code is not None:
        lines = lines.filter(Q(error_code=code) | Q(error_code="", code=code))
    if changes is not None:
        lines = lines.filter(pk__in=list(changes))
    now = timezone.now()
    with transaction.atomic():
        lines.filter(state=State.REJECTED).update(retry_at=now)
        lines.filter(state=State.HELD).update(retry_at=now)
    return start(integration, "person", user)


# undoing


def undo(run: Run, user: User | None) -> Run:
    """Plan the reversal of what a run wrote; it waits for approval. What cannot be undone is listed with its reason."""
    return undo_lines(run.integration, run.changes.all(), user, run)


def undo_lines(integration: Integration, lines: Any, user: User | None, of: Run | None = None) -> Run:
    """Plan the reversal of these lines; it waits for approval. `of` is the run they all belong to, where it is one."""
    with transaction.atomic():
        reversal = start(integration, "person", user, plan_only=True, kind=Run.Kind.UNDO, enqueue=False)
        Run.objects.filter(pk=reversal.pk).update(undo_of=of)
        done = lines.filter(state=State.DONE, action__in=("create", "update", "link")).select_related("target")
        for change in done.order_by("-stage", "-id").iterator(chunk_size=500):
            _reverse(reversal, change)
        Run.objects.filter(pk=reversal.pk).update(
            state=Run.State.PLANNED, planned_at=timezone.now(), wake_at=None, counts=counts(reversal),
            brakes=[{"code": "UNDO", "params": {"run": of.pk}} if of else {"code": "UNDO-SPLIT", "params": {}}],
        )  # fmt: skip
    reversal.refresh_from_db()
    return reversal


def _reverse(reversal: Run, change: Change) -> None:
    resource = registry.connector(change.connection.vendor).resource(change.resource)
    action, code, state = _reversal(change, resource)
    last = len(STAGES) - change.stage
    Change.objects.create(
        integration=reversal.integration, run=reversal, flow=change.flow, entity=change.entity, stage=last,
        action=action, toward=change.toward, source=None, target=change.target, connection=change.connection,
        resource=change.resource, scope=change.scope, remote_id=change.remote_id, title=change.title,
        amount=change.amount, currency=change.currency, before=change.after if action == "update" else {},
        after=change.before if action == "update" else {}, sent=change.before if action == "update" else {},
        code=code, state=state, undo_of=change, based_on=f":{change.target.fingerprint if change.target else ''}",
    )  # fmt: skip


def _reversal(change: Change, resource: Any) -> tuple[str, str, str]:
    target = change.target
    if target is None or target.gone:
        return Change.Action.SKIP, "UNDO-GONE", State.HELD
    later = Change.objects.filter(target=target, state=State.DONE, pk__gt=change.pk, undo_of__isnull=True)
    if later.exists():
        return Change.Action.SKIP, "UNDO-LATER", State.HELD
    if change.settled_at and target.touched and target.changed_at and target.changed_at > change.settled_at:
        return Change.Action.SKIP, "UNDO-EDITED", State.HELD
    if change.action == Change.Action.CREATE:
        if resource.void and change.entity in ("sale", "payment"):
            return Change.Action.VOID, "undo", State.PLANNED
        if resource.remove:
            return Change.Action.REMOVE, "undo", State.PLANNED
        return Change.Action.SKIP, "UNDO-IMPOSSIBLE", State.HELD
    if change.action == Change.Action.UPDATE and change.before:
        return Change.Action.UPDATE, "undo", State.PLANNED
    return Change.Action.SKIP, "UNDO-IMPOSSIBLE", State.HELD


# disconnecting


def disconnect(integration: Integration, user: User | None) -> Run:
    """Remove at the other side what the recipe says, listing each record that vanishes; contacts and books stay."""
    recipe = registry.recipe(integration.recipe)
    for open_run in integration.runs.filter(state__in=Run.OPEN):
        stop(open_run, user)
    with transaction.atomic():
        run = start(integration, "person", user, kind=Run.Kind.DISCONNECT, enqueue=False)
        context = context_of(integration)
        carrier = None
        for entity in recipe.disconnect.removes:
            for link in Link.objects.filter(integration=integration, entity=entity).select_related("right"):
                if link.right.gone:
                    continue
                carrier = _removal(run, integration, entity, link.right, None)
        for entity in recipe.disconnect.carries:
            flow = recipe.flow(entity)
            for name in flow.right:
                scope = scope_of(integration.right, name, context)
                linked = Row.objects.filter(
                    links_right__integration=integration, resource=name, scope=scope, gone=False
                )
                for row in linked.only(
                    "name", "number", "remote_id", "resource", "scope", "amount", "currency", "fingerprint"
                ).iterator(chunk_size=1000):
                    _removal(run, integration, entity, row, carrier)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.APPLYING, planned_at=timezone.now(), wake_at=timezone.now(), counts=counts(run)
        )
        queue.ring("work", run.pk)
    run.refresh_from_db()
    return run


def _removal(run: Run, integration: Integration, entity: str, row: Row, carrier: Change | None) -> Change:
    carried = carrier is not None
    return Change.objects.create(
        integration=integration, run=run, flow=integration.flows.filter(entity=entity).first(), entity=entity,
        stage=STAGES.index(entity), action=Change.Action.REMOVE, target=row, connection=integration.right,
        resource=row.resource, scope=row.scope, remote_id=row.remote_id, title=str(row), amount=row.amount,
        currency=row.currency, code="disconnect", carried_by=carrier,
        state=State.PLANNED if carried else State.READY, approved_by=run.user, approved_at=timezone.now(),
    )  # fmt: skip
