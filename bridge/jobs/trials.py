"""A test that goes all the way: something marked is made at the right side, kept in step, compared, and taken back.

Until one has passed, an integration whose recipe has such a test is "untested"; it runs all the same.
"""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Change, Integration, Run, User
from bridge.hub.models import Record as Row
from bridge.jobs import queue, runs
from bridge.jobs.account import opened
from bridge.jobs.context import context_of, pin
from connectors.contract import SettingInvalid, SyncError

log = logging.getLogger("bridge.jobs.trials")
FACTS = ("total", "number", "date", "currency")


def newest(integration: Integration) -> Run | None:
    """Return the last test's run."""
    return integration.runs.filter(pinned__has_key="trial").order_by("-id").first()


def has_passed(integration: Integration) -> bool:
    """Tell whether a test has passed."""
    return integration.runs.filter(pinned__trial__passed=True).exists()


def send(integration: Integration, user: User | None, enqueue: bool = True) -> Run:
    """Make the test record at its side and begin the run that carries it. SettingInvalid where there is no test to
    make, before the first plan is done, or while a run is open; other SyncErrors as the vendor says.
    """
    trial = registry.recipe(integration.recipe).trial
    if trial is None or integration.left is None or integration.right is None:
        raise SettingInvalid("TRIAL-NONE", params={"integration": str(integration)})
    if not integration.flows.filter(entity=trial.flow, is_on=True, first_done_at__isnull=False).exists():
        raise SettingInvalid("TRIAL-FIRST-RUN", params={"integration": str(integration)})
    if integration.runs.filter(state__in=(*Run.WORKING, Run.State.PLANNED)).exists():
        raise SettingInvalid("RUN-OPEN", params={"integration": str(integration)})
    name = f"Bridge test {integration.public_id} {timezone.now():%Y-%m-%d %H:%M:%S}"
    with opened(integration.right, context_of(integration)) as (api, account):
        made = trial.make(api, name)
        account.flush()
    resource, remote_id = made[-1]
    told = {"resource": resource, "remote_id": remote_id, "passed": None, "user": user.pk if user else None}
    log.info("trial made integration=%s resource=%s", integration.pk, resource)
    return runs.start(
        integration, "person", user, pointed=[["right", *one] for one in made], enqueue=enqueue,
        pinned={**pin(integration), "trial": told},
    )  # fmt: skip


def settled(run: Run) -> None:
    """After its run: say whether the test passed, and take everything back, whatever came of it."""
    told = dict(run.pinned.get("trial") or {})
    if not told or told["passed"] is not None:
        return
    change = run.changes.filter(
        source__resource=told["resource"], source__remote_id=told["remote_id"], state=Change.State.DONE
    ).first()  # fmt: skip
    told |= {"passed": False, **_compared(run, change)}
    run.pinned = {**run.pinned, "trial": told}
    Run.objects.filter(pk=run.pk).update(pinned=run.pinned)
    if told["passed"]:
        Integration.objects.filter(pk=run.integration_id, state=Integration.State.UNTESTED).update(
            state=Integration.State.ACTIVE
        )
    _take_back(run, told)


def _compared(run: Run, change: Change | None) -> Mapping[str, Any]:
    """Say what both sides hold of the test: passed when they agree to the cent."""
    if change is None or change.target is None or change.source is None:
        held = run.changes.filter(state__in=(Change.State.HELD, Change.State.REJECTED, Change.State.UNKNOWN)).first()
        return {"code": held.reason if held else "TRIAL-NOT-CARRIED"}
    there, here = _values(change.target), _values(change.source)
    facts = {name: [str(here.get(name)), str(there.get(name))] for name in FACTS}
    same = here.get("total") == there.get("total") and isinstance(there.get("total"), Decimal)
    return {"passed": same, "facts": facts, "code": "" if same else "BOOKS-TOTAL-DIFFERS"}


def _values(row: Row) -> Mapping[str, Any]:
    return registry.connector(row.connection.vendor).resource(row.resource).parse(row.document).values


def _take_back(run: Run, told: Mapping[str, Any]) -> None:
    """Void or remove what was made on both sides. What fails stays visible: the record is marked as a test."""
    integration, user = run.integration, User.objects.filter(pk=told.get("user")).first()
    trial = registry.recipe(integration.recipe).trial
    assert trial and integration.right  # noqa: S101 - the run was begun with both
    try:
        with opened(integration.right, run.pinned["context"], run) as (api, account):
            trial.undo(api, told["remote_id"])
            account.flush()
        made = run.changes.filter(state=Change.State.DONE, action=Change.Action.CREATE)
        if made.exists():
            with transaction.atomic():
                reversal = runs.undo_lines(integration, made, user, run)
            runs.approve(reversal, user)
            queue.ring("work", reversal.pk)
    except SyncError as error:
        log.warning("trial not taken back run=%s code=%s", run.pk, error.code)
        Run.objects.filter(pk=run.pk).update(pinned={**run.pinned, "trial": {**told, "left": error.code}})
