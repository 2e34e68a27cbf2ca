"""Deciding what both sides changed: whose value stands, for one field, for many, or for good as a rule.

A decision is kept with the conflict and carried out by the next run, through the plan like every write: only that field
goes, only to the side that gives in. It holds for the values a person saw; what comes later is asked anew.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bridge.engine.kinds import coerce, frozen, kinds_of
from bridge.engine.match import normal_email
from bridge.hub.models import Conflict, Flow, Integration, Link, MappingRule, Run, User
from bridge.jobs import ruling, runs
from bridge.jobs.records import touch
from bridge.jobs.two_way import other
from connectors.contract import SettingInvalid, SyncError

log = logging.getLogger("bridge.jobs.conflicts")

Decision = Conflict.Decision
WINNERS = (Decision.LEFT, Decision.RIGHT, Decision.VALUE)
TYPED = ("text", "email", "phone", "choice", "money", "number", "date", "flag")  # kinds a person can type
AT_ONCE = 2000  # decided by one press; more would keep the page waiting


@dataclass(frozen=True, slots=True)
class Decided:
    """What a press of a button settled: how many, the runs that were begun for it, and why one was not."""

    count: int
    runs: list[Run] = field(default_factory=list)
    waits: list[SyncError] = field(default_factory=list)


def open_conflicts(user: Any) -> "QuerySet[Conflict]":
    """Return what waits for a decision and this person may see; where a record is gone there is nothing to decide."""
    rows = Conflict.objects.for_user(user).filter(
        decision=Decision.OPEN, link__left__gone=False, link__right__gone=False
    )
    return rows.exclude(link__integration__state=Integration.State.DISCONNECTED)


def decide(conflicts: Iterable[Conflict], winner: str, user: User | None, value: Any = None) -> Decided:
    """Settle these conflicts one way; those decided by somebody else meanwhile are left as they are.

    SettingInvalid where a typed value does not fit the field.
    """
    if winner not in WINNERS:
        raise SettingInvalid("CONFLICT-WINNER")
    waiting = list(conflicts)[:AT_ONCE]
    given = {item.pk: _typed(item, value) for item in waiting} if winner == Decision.VALUE else {}
    now, done = timezone.now(), []
    with transaction.atomic():
        for item in waiting:
            done += [item] if _claim(item, winner, user, now, given.get(item.pk)) else []
        _touch_both(done)
    if waiting and not done:
        raise SettingInvalid("CONFLICT-DECIDED")
    log.info("conflicts decided count=%s winner=%s user=%s", len(done), winner, user and user.pk)
    return _begun(done, user)


def _claim(item: Conflict, winner: str, user: User | None, now: Any, value: Any) -> bool:
    """Write the decision, if it is still open; of two people who decide at once one is told that it is done."""
    locked = Conflict.objects.select_for_update().filter(pk=item.pk, decision=Decision.OPEN).first()
    if locked is None:
        return False
    locked.decision, locked.decided_by, locked.decided_at, locked.value = winner, user, now, value
    locked.save(update_fields=["decision", "decided_by", "decided_at", "value"])
    return True


def _typed(item: Conflict, value: Any) -> Any:
    """Return a typed value in the field's own kind, frozen. Nothing is no value: a slip would empty both sides."""
    kind = kinds_of(item.link.entity).get(item.field, "text")
    text = str(value or "").strip()
    told = coerce(text, kind)
    wrong = not text or kind not in TYPED or (kind == "email" and normal_email(text) is None)
    if wrong or (kind not in ("text", "email", "phone", "choice") and isinstance(told, str)):
        raise SettingInvalid("CONFLICT-VALUE", params={"value": text[:100]}, field="value")
    return frozen(told, kind)


def take_back(conflict: Conflict, user: User | None) -> None:
    """Ask again; SettingInvalid once the decision is carried out, or where it is open anyway."""
    with transaction.atomic():
        rows = Conflict.objects.select_for_update().filter(pk=conflict.pk, settled_at__isnull=True)
        item = rows.filter(decision__in=WINNERS).first()
        newer = Conflict.objects.filter(link=conflict.link_id, field=conflict.field, decision=Decision.OPEN)
        if item is None or newer.exists():
            raise SettingInvalid("CONFLICT-DONE")
        item.decision, item.decided_by, item.decided_at, item.value = Decision.OPEN, None, None, None
        item.save(update_fields=["decision", "decided_by", "decided_at", "value"])
        _touch_both([item])


def _touch_both(done: Iterable[Conflict]) -> None:
    ids = Link.objects.filter(pk__in={item.link_id for item in done}).values_list("left_id", "right_id")
    if found := [pk for pair in ids for pk in pair]:
        touch(found)


def _begun(done: Iterable[Conflict], user: User | None) -> Decided:
    """Begin a run for what was decided, one per integration; where none can begin now the next one carries it out."""
    wanted: dict[int, set[str]] = {}
    done = list(done)
    for item in done:
        wanted.setdefault(item.link.integration_id, set()).add(item.link.entity)
    begun, waits = [], []
    for integration in Integration.objects.filter(pk__in=wanted).select_related("left", "right", "organization"):
        try:
            begun.append(runs.start(integration, "person", user, only=sorted(wanted[integration.pk])))
        except SyncError as error:
            waits.append(error)
    return Decided(len(done), begun, waits)


# rules


@dataclass(frozen=True, slots=True)
class AsRule:
    """What making a rule of a decision would change, and for how many open conflicts it decides."""

    flow: Flow
    rules: list[tuple[MappingRule, str]]  # each with what it says from then on
    waiting: int


def fields_of(conflict: Conflict) -> dict[str, str]:
    """Return the name of a conflict's field by side; "" where only one way writes it."""
    return {conflict.toward: conflict.field, other(conflict.toward): conflict.twin_field}


def as_rule(conflict: Conflict, winner: str) -> AsRule:
    """Return what "always do this for this field" would change. SettingInvalid where no rule writes it any more."""
    if winner not in (Decision.LEFT, Decision.RIGHT):
        raise SettingInvalid("CONFLICT-WINNER")
    flow = Flow.objects.filter(integration=conflict.link.integration_id, entity=conflict.link.entity).first()
    found = []
    for toward, name in fields_of(conflict).items():
        says = MappingRule.OnConflict.TARGET if toward == winner else MappingRule.OnConflict.SOURCE
        rules = flow.rules.filter(toward=toward, target=name).exclude(when="create") if flow and name else []
        found += [(rule, says) for rule in rules]
    if flow is None or not found:
        raise SettingInvalid("CONFLICT-NO-RULE")
    return AsRule(flow, found, _same_field(conflict).count())


def _same_field(conflict: Conflict) -> "QuerySet[Conflict]":
    return Conflict.objects.filter(
        link__integration=conflict.link.integration_id, link__entity=conflict.link.entity, field=conflict.field,
        toward=conflict.toward, decision=Decision.OPEN,
    )  # fmt: skip


def make_rule(conflict: Conflict, winner: str, user: User | None) -> Decided:
    """Let one side own this field from now on: its rules say so in a new version, and what is open of it is decided."""
    change = as_rule(conflict, winner)
    with transaction.atomic():
        for rule, says in change.rules:
            problems = ruling.save_rule(change.flow, {"id": rule.pk, "on_conflict": says}, user)
            if problems:
                raise SettingInvalid(problems[0].code, params=dict(problems[0].params))
    log.info("rule made flow=%s field=%s winner=%s user=%s", change.flow.pk, conflict.field, winner, user and user.pk)
    waiting = list(_same_field(conflict).select_related("link")[:AT_ONCE])
    return decide(waiting, winner, user) if waiting else Decided(0)
