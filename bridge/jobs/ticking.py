"""The beat: each minute find what is due in our own tables. Any number of beats at once do no harm."""

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, Heartbeat, InboxEvent, Integration, Run, SignInState, VendorCall
from bridge.hub.seals import seal_new
from bridge.jobs import doubles, links, mapping_files, notices, questions, queue, reminders, reports, runs
from connectors.contract import SyncError

log = logging.getLogger("bridge.jobs.tick")

KEEP_CALLS = timedelta(days=60)
KEEP_EVENTS = timedelta(days=30)


def beat(name: str, note: str = "") -> None:
    """Show a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now(), "note": note[:200]})


def tick() -> str:
    """Do one beat: each part in its own guard, so that one that fails stops no other."""
    failed = []
    for part in PARTS:
        try:
            part()
        except Exception:  # one part must not silence the others
            log.exception("tick part failed part=%s", part.__name__)
            failed.append(part.__name__)
    beat("tick", ",".join(failed))
    queue.ring("canary", int(timezone.now().timestamp()))
    return "failed: " + ",".join(failed) if failed else "ok"


def due_reminders() -> None:
    """Withdraw questions that no longer stand; remind of those whose time is half over, or over."""
    questions.withdraw_over()
    reminders.tick()


def due_runs() -> None:
    """Ring for open runs nobody works on, fairly: those of the organization that was served longest ago come first."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Run.objects.filter(free, state__in=Run.WORKING).filter(Q(wake_at__isnull=True) | Q(wake_at__lte=now))
    waiting: dict[int, list[int]] = {}
    for pk, organization in due.order_by("id").values_list("pk", "integration__organization_id"):
        waiting.setdefault(organization, []).append(pk)
    while waiting:
        for organization in list(waiting):
            queue.ring("work", waiting[organization].pop(0))
            if not waiting[organization]:
                del waiting[organization]


def due_integrations() -> None:
    """Begin the runs whose time has come; after a long pause one run is enough, and the starts are spread."""
    now = timezone.now()
    due = Integration.objects.filter(
        automatic=True, state__in=Integration.RUNNING, next_run_at__lte=now,
        left__state=Connection.State.CONNECTED, right__state=Connection.State.CONNECTED,
    ).select_related("left", "right", "organization")  # fmt: skip
    for number, integration in enumerate(due.order_by("next_run_at")[:200]):
        claimed = Integration.objects.filter(pk=integration.pk, next_run_at=integration.next_run_at).update(
            next_run_at=now + timedelta(minutes=60, seconds=number % 60)
        )
        if not claimed:
            continue
        try:
            runs.start(integration, "schedule")
        except SyncError as error:
            log.info("run not begun integration=%s code=%s", integration.pk, error.code)
        except Exception:  # one broken row must not keep the others waiting (never N9)
            log.exception("run not begun integration=%s", integration.pk)


def due_events() -> None:
    """Ring for webhook events that were stored and not acted on."""
    old = timezone.now() - timedelta(seconds=20)
    for pk in (
        InboxEvent.objects.filter(state=InboxEvent.State.NEW, received_at__lt=old)
        .order_by("id")
        .values_list("pk", flat=True)[:500]
    ):
        queue.ring("intake", pk)


def due_searches() -> None:
    """Ring for searches for doubles that nobody works on."""
    for pk in doubles.due():
        queue.ring("search_doubles", pk)


def due_files() -> None:
    """Ring for mapping files that nobody works on."""
    for pk in mapping_files.due():
        queue.ring("mapping_file", pk)


def due_reports() -> None:
    """Begin the reports whose time has come, and ring for those nobody makes."""
    reports.tick()


def due_letters() -> None:
    """Tell people what needs them, and ring for mails that have not left."""
    notices.tick()


def idle_grants() -> None:
    """Renew grants that would die of idleness."""
    from bridge.jobs.account import loaded, renew

    for vendor in registry.connectors().values():
        if not vendor.idle_refresh_days:
            continue
        old = timezone.now() - timedelta(days=vendor.idle_refresh_days)
        idle = Connection.objects.filter(vendor=vendor.key, state=Connection.State.CONNECTED, refreshed_at__lt=old)
        for connection in idle[:20]:
            try:
                renew(connection.pk, loaded(connection))
            except SyncError as error:
                log.warning("idle renewal failed connection=%s code=%s", connection.pk, error.code)


def tidy() -> None:
    """Drop what is only kept for a while."""
    now = timezone.now()
    VendorCall.objects.filter(started_at__lt=now - KEEP_CALLS).delete()
    InboxEvent.objects.filter(state=InboxEvent.State.DONE, received_at__lt=now - KEEP_EVENTS).delete()
    SignInState.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    links.tidy()
    mapping_files.tidy(now)


PARTS = (
    due_runs, due_integrations, due_events, due_searches, due_files, due_reports, due_letters, due_reminders, seal_new,
    idle_grants, tidy,
)  # fmt: skip


def ensure_schedule() -> None:
    """Keep exactly one schedule row in the queue's table, owned by this code."""
    from django_q.models import Schedule

    Schedule.objects.exclude(name="tick").delete()
    rows = list(Schedule.objects.filter(name="tick"))
    for extra in rows[1:]:
        extra.delete()
    wanted = {"func": "bridge.jobs.tasks.tick", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1,
              "args": None, "kwargs": None, "hook": None, "cluster": None}  # fmt: skip
    if rows:
        Schedule.objects.filter(pk=rows[0].pk).update(**wanted)
        Schedule.objects.filter(pk=rows[0].pk, next_run__isnull=True).update(next_run=timezone.now())
    else:
        Schedule.objects.create(name="tick", next_run=timezone.now(), **wanted)
