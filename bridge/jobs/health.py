"""Is anything stuck, leaking or about to expire?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from bridge.hub.models import Connection, Heartbeat, InboxEvent, Intake, Letter, Report, Run, VendorCall
from bridge.jobs import letters, queue

TICK_LATE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one connection: today, this month, and what the month comes to at this pace."""

    connection: Connection
    today: int
    month: int
    forecast: int


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the machinery, as of now."""

    queue_depth: int
    oldest_wait_seconds: float
    last_tick_at: datetime | None
    tick_is_late: bool
    worker_seen_at: datetime | None
    failed_parts: str  # of the last beat
    stuck_runs: Sequence[Run]
    inbox: Mapping[str, int]
    intake: Sequence[Intake]
    connections: Sequence[Connection]
    calls: Sequence[Calls]
    letters: Sequence[Letter]  # mails that did not leave
    late_reports: Sequence[Report]


def snapshot(now: datetime | None = None) -> Health:
    """Look at everything that could be stuck."""
    now = now or timezone.now()
    beats = {item.name: item for item in Heartbeat.objects.exclude(name__startswith="mail:")}
    tick = beats.get("tick")
    worker = beats.get("worker")
    depth, oldest = _queue(now)
    stuck = Run.objects.filter(state__in=Run.WORKING).filter(
        Q(starts__gt=2) | Q(lease_until__lt=now - timedelta(minutes=5)) | Q(started_at__lt=now - timedelta(hours=6))
    )
    inbox = dict(InboxEvent.objects.order_by().values_list("state").annotate(n=Count("id")))
    return Health(
        queue_depth=depth,
        oldest_wait_seconds=oldest,
        last_tick_at=tick.beat_at if tick else None,
        tick_is_late=tick is None or now - tick.beat_at > TICK_LATE,
        worker_seen_at=worker.beat_at if worker else None,
        failed_parts=tick.note if tick else "",
        stuck_runs=list(stuck.select_related("integration__organization")[:50]),
        inbox=inbox,
        intake=list(Intake.objects.order_by("-day", "vendor")[:14]),
        connections=list(
            Connection.objects.exclude(state=Connection.State.DISCONNECTED)
            .select_related("organization")
            .order_by("refresh_expires_at")
        ),
        calls=_calls(now),
        letters=letters.in_trouble(),
        late_reports=list(
            Report.objects.filter(state=Report.State.ASKED, starts__gt=2).select_related("organization")[:50]
        ),
    )


def _queue(now: datetime) -> tuple[int, float]:
    """Return how many tasks wait and how long the oldest has."""
    if settings.REDIS_URL:
        from django_q.brokers import get_broker

        return int(get_broker().queue_size()), 0.0
    from django_q.models import OrmQ

    waiting = OrmQ.objects.filter(lock__lte=now).aggregate(n=Count("id"), first=Min("lock"))
    oldest = (now - waiting["first"]).total_seconds() if waiting["first"] else 0.0
    return waiting["n"], max(0.0, oldest)


def _calls(now: datetime) -> list[Calls]:
    day, first = now - timedelta(days=1), now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    passed = max(0.5, (now - first).total_seconds() / 86400)
    days = ((first + timedelta(days=32)).replace(day=1) - first).days
    rows = (
        VendorCall.objects.filter(started_at__gte=first)
        .order_by()
        .values("connection")
        .annotate(month=Count("id"), today=Count("id", filter=Q(started_at__gte=day)))
    )
    by_id = {row["connection"]: row for row in rows}
    return [
        Calls(item, by_id[item.pk]["today"], by_id[item.pk]["month"], int(by_id[item.pk]["month"] / passed * days))
        for item in Connection.objects.filter(pk__in=by_id).select_related("organization")
    ]


def release(run: Run) -> None:
    """Free a run whose worker is gone and ring for another."""
    Run.objects.filter(pk=run.pk, state__in=Run.WORKING).update(lease_until=None, starts=0, wake_at=timezone.now())
    queue.ring("work", run.pk)


def replay(event: InboxEvent) -> None:
    """Act on a webhook event once more."""
    from bridge.jobs import webhooks

    webhooks.replay(event)


def as_words(health: Health) -> dict[str, Any]:
    """Return the health in short words, for a health address: no client data."""
    return {
        "ok": not health.tick_is_late and not health.stuck_runs,
        "tick_is_late": health.tick_is_late,
        "queue_depth": health.queue_depth,
        "stuck_runs": len(health.stuck_runs),
    }
