"""Acting on webhook events taken in: the body was a hint, never data, so what it points at is read again."""

import logging
from collections.abc import Set
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from bridge import registry
from bridge.hub import bulk
from bridge.hub.models import Connection, InboxEvent, Integration, Run
from bridge.jobs import pointed, queue, runs
from bridge.jobs.read import read_of
from connectors.contract import SyncError

log = logging.getLogger("bridge.jobs.webhooks")

ATTEMPTS = 3


def process(event_id: int) -> str:
    """Look again where an event points: begin a run for each live integration that reads its resource.

    Many events of one account make one run: those a run that begins now will read anyway are done with it. What
    they name is fetched; events that tell nothing later than what is stored begin no run.
    """
    claimed = InboxEvent.objects.filter(pk=event_id, state=InboxEvent.State.NEW, attempts__lt=ATTEMPTS).update(
        attempts=F("attempts") + 1
    )
    if not claimed:
        InboxEvent.objects.filter(pk=event_id, state=InboxEvent.State.NEW).update(
            state=InboxEvent.State.FAILED, processed_at=timezone.now()
        )
        return "nothing to do"
    event = InboxEvent.objects.select_related("connection").get(pk=event_id)
    connection = event.connection
    if connection is None:
        return "nobody"
    now = timezone.now()
    # Those there now, after the claim, and no others: one that comes while a run is begun is not done with it.
    waiting = InboxEvent.objects.filter(connection=connection, state=InboxEvent.State.NEW)
    same = waiting.filter(bulk.among("id", list(waiting.values_list("pk", flat=True))))
    told = pointed.news(same)
    for integration in _readers(connection, {item.resource for item in told}):
        if Run.objects.filter(integration=integration, state__in=Run.OPEN).exists():
            # A run is under way and may be past this record: look again soon after it.
            Integration.objects.filter(pk=integration.pk).filter(
                Q(next_run_at__isnull=True) | Q(next_run_at__gt=now + timedelta(minutes=1))
            ).update(next_run_at=now + timedelta(minutes=1))
            continue
        try:
            runs.start(integration, "webhook", pointed=pointed.points(integration, connection, told))
        except SyncError as error:
            log.info("no run for event=%s integration=%s code=%s", event_id, integration.pk, error.code)
    same.update(state=InboxEvent.State.DONE, processed_at=now)
    # What came meanwhile may have taken the bell of these for its own.
    if late := waiting.filter(attempts__lt=ATTEMPTS).order_by("pk").values_list("pk", flat=True).first():
        queue.ring("intake", late)
    return "done"


def _readers(connection: Connection, resources: Set[str]) -> list[Integration]:
    """Return the live integrations that read one of these resources, also those read along for others."""
    found = []
    rows = Integration.objects.filter(
        Q(left=connection) | Q(right=connection), automatic=True, state__in=Integration.RUNNING
    ).select_related("left", "right", "organization")
    for integration in rows:
        recipe = registry.recipe(integration.recipe)
        side = "left" if integration.left_id == connection.pk else "right"
        on = dict(integration.flows.filter(is_on=True).values_list("entity", "direction"))
        if any(resources & read_of(flow, side, on[flow.entity]) for flow in recipe.flows if flow.entity in on):
            found.append(integration)
    return found


def replay(event: InboxEvent) -> None:
    """Act on an event once more."""
    InboxEvent.objects.filter(pk=event.pk).update(
        state=InboxEvent.State.NEW, attempts=0, replayed_count=F("replayed_count") + 1, processed_at=None
    )
    queue.ring("intake", event.pk)
