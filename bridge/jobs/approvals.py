"""What a person approved stays approved, also where the run that was to write it broke off."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from bridge.hub.models import Change, Run

KEPT = timedelta(days=7)
CHUNK = 1_000
SAME = ("action", "toward", "entity", "target_id", "resource", "remote_id", "rules_version", "based_on")
COLUMNS = ("pk", "source_id", *SAME, "after", "approved_by_id")


def carry_over(run: Run) -> int:
    """Let those lines of a plan go that a person approved before, word for word, and return how many.

    Only lines of runs that broke off by themselves count: who stopped a run, or closed its plan, meant it. A line that
    says anything else by now, or rests on a record that moved, is put before a person again.
    """
    now = timezone.now()
    approved = Change.objects.filter(
        integration=run.integration, state=Change.State.SUPERSEDED, run__state=Run.State.INTERRUPTED,
        approved_by__isnull=False, approved_at__gte=now - KEPT, source__isnull=False,
    )  # fmt: skip
    if not approved.exists():
        return 0
    carried = 0
    planned = run.changes.filter(state=Change.State.PLANNED, source__isnull=False).order_by("pk")
    lines = list(planned.values_list("pk", "source_id"))
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start : start + CHUNK]
        earlier = {_told(row): row[-1] for row in _rows(approved.filter(source_id__in=[line[1] for line in chunk]))}
        by: dict[int, list[int]] = {}
        for row in _rows(run.changes.filter(pk__in=[line[0] for line in chunk])):
            if who := earlier.get(_told(row)):
                by.setdefault(who, []).append(row[0])
        for who, ids in by.items():
            carried += run.changes.filter(pk__in=ids, state=Change.State.PLANNED).update(
                state=Change.State.READY, approved_by_id=who, approved_at=now
            )
    return carried


def _rows(changes: Any) -> Any:
    return changes.order_by("pk").values_list(*COLUMNS)


def _told(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return all that a line says, to be compared."""
    return (*row[1:-2], _frozen(row[-2]))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted((key, _frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value
