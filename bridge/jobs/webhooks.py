"""Webhooks: proven over the raw bytes, stored, answered; acted on later. The body is a hint, never data."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, InboxEvent, Intake, Integration, Run, VendorApp
from bridge.jobs import queue, runs
from connectors.contract import Event, SyncError

log = logging.getLogger("bridge.jobs.webhooks")

ATTEMPTS = 3


def receive(vendor: str, path_secret: str | None, body: bytes, headers: Mapping[str, str]) -> int:
    """Store a delivery and return the HTTP status to answer: 200 stored, 400 unreadable, 401 unproven, 404 nobody's."""
    connector = registry.connectors().get(vendor)
    if connector is None or connector.webhooks is None:
        return 404
    hooks = connector.webhooks
    secrets, connection = _secrets(vendor, path_secret, hooks.per_connection)
    if hooks.per_connection and connection is None:
        return 404
    if hooks.signature_required and not secrets:
        _count(vendor, "refused")
        log.warning("webhook refused: no secret is set vendor=%s", vendor)
        return 401
    if (secrets or hooks.signature_required) and not hooks.verify(body, headers, secrets, timezone.now()):
        _count(vendor, "refused")
        return 401
    try:
        events = hooks.parse(body, headers)
    except (SyncError, ValueError, KeyError, TypeError):
        _count(vendor, "refused")
        return 400
    for event in events:
        _keep(vendor, connection, event)
    return 200


def known(vendor: str, path_secret: str | None) -> bool:
    """Tell whether an address is one we gave out (for vendors that ask before they deliver)."""
    connector = registry.connectors().get(vendor)
    if connector is None or connector.webhooks is None or not connector.webhooks.answers_get:
        return False
    return bool(path_secret) and Connection.objects.filter(vendor=vendor, path_secret=path_secret).exists()


def _secrets(vendor: str, path_secret: str | None, per_connection: bool) -> tuple[list[str], Connection | None]:
    if per_connection:
        if not path_secret:
            return [], None
        connection = Connection.objects.filter(vendor=vendor, path_secret=path_secret).first()
        return ([connection.webhook_secret] if connection and connection.webhook_secret else []), connection
    found: list[str] = []
    for app in VendorApp.objects.filter(vendor=vendor):
        found += app.webhook_secrets
    return found, None


def _keep(vendor: str, connection: Connection | None, event: Event) -> None:
    """Store one event, once; an event of an account we do not know is counted and dropped."""
    if connection is None:
        connection = (
            Connection.objects.filter(vendor=vendor, account_id=event.account_id)
            .exclude(state=Connection.State.DISCONNECTED)
            .first()
        )
    state = InboxEvent.State.NEW
    if event.resource is None:
        state = InboxEvent.State.UNKNOWN
    elif connection is None:
        state = InboxEvent.State.NOBODY
    try:
        with transaction.atomic():
            row = InboxEvent.objects.create(
                vendor=vendor, connection=connection, unique_id=event.unique_id[:120],
                resource=(event.resource or "")[:40], remote_id=event.remote_id[:200] if connection else "",
                kind=event.kind[:40], merged_from=(event.merged_from or "")[:200], happened_at=event.at, state=state,
            )  # fmt: skip
    except IntegrityError:
        _count(vendor, "doubled")
        return
    _count(vendor, "accepted")
    if state == InboxEvent.State.NEW:
        queue.ring("intake", row.pk)


def _count(vendor: str, what: str) -> None:
    row, _ = Intake.objects.get_or_create(vendor=vendor, day=timezone.now().date())
    Intake.objects.filter(pk=row.pk).update(**{what: F(what) + 1})


def process(event_id: int) -> str:
    """Look again where an event points: begin a run for each live integration that reads its resource.

    Many events of one account make one run: those a run that begins now will read anyway are done with it.
    """
    now = timezone.now()
    claimed = InboxEvent.objects.filter(pk=event_id, state=InboxEvent.State.NEW, attempts__lt=ATTEMPTS).update(
        attempts=F("attempts") + 1
    )
    if not claimed:
        InboxEvent.objects.filter(pk=event_id, state=InboxEvent.State.NEW).update(
            state=InboxEvent.State.FAILED, processed_at=now
        )
        return "nothing to do"
    event = InboxEvent.objects.select_related("connection").get(pk=event_id)
    connection = event.connection
    if connection is None:
        return "nobody"
    same = InboxEvent.objects.filter(connection=connection, state=InboxEvent.State.NEW, received_at__lte=now)
    for integration in _readers(connection, event.resource):
        if Run.objects.filter(integration=integration, state__in=Run.OPEN).exists():
            # A run is under way and may be past this record: look again soon after it.
            Integration.objects.filter(pk=integration.pk).filter(
                Q(next_run_at__isnull=True) | Q(next_run_at__gt=now + timedelta(minutes=1))
            ).update(next_run_at=now + timedelta(minutes=1))
            continue
        try:
            runs.start(integration, "webhook")
        except SyncError as error:
            log.info("no run for event=%s integration=%s code=%s", event_id, integration.pk, error.code)
    same.update(state=InboxEvent.State.DONE, processed_at=now)
    return "done"


def _readers(connection: Connection, resource: str) -> list[Integration]:
    found = []
    rows = Integration.objects.filter(
        Q(left=connection) | Q(right=connection), automatic=True, state=Integration.State.ACTIVE
    ).select_related("left", "right", "organization")
    for integration in rows:
        recipe = registry.recipe(integration.recipe)
        side = "left" if integration.left_id == connection.pk else "right"
        on = set(integration.flows.filter(is_on=True).values_list("entity", flat=True))
        if any(resource in getattr(flow, side) for flow in recipe.flows if flow.entity in on):
            found.append(integration)
    return found


def replay(event: InboxEvent) -> None:
    """Act on an event once more."""
    InboxEvent.objects.filter(pk=event.pk).update(
        state=InboxEvent.State.NEW, attempts=0, replayed_count=F("replayed_count") + 1, processed_at=None
    )
    queue.ring("intake", event.pk)
