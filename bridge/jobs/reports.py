"""Reports from being due or asked for to being kept: each made once, however many beats, tasks and workers there are.

A report that is due is a row before it is work: the unique constraint lets one beat win. Making it is claimed by a
filtered update; a worker that dies leaves a lease that runs out. What was made is never changed.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from bridge.hub.models import Integration, Membership, Organization, Report, ReportPlan, User
from bridge.hub.models.reports import digest_of
from bridge.jobs import letters, queue
from bridge.jobs.crash import crash_point
from bridge.jobs.reports_data import Told, from_content, to_content
from bridge.jobs.reports_gather import gather
from connectors.contract import ContractBroken, SettingInvalid

log = logging.getLogger("bridge.jobs.reports")

LEASE = timedelta(minutes=5)  # longer than a task may take
LONGEST = timedelta(days=366)  # of a period asked for
HOUR = 6  # of the client's clock: not before it is the new day's report made
STATE, KIND = Report.State, Report.Kind


# Asking


def ask(organization: Organization, first: date, last: date, user: User) -> Report:
    """Ask for a report of any period; one of the same period that is being made already is returned.

    SettingInvalid: the period is none, too long, or not begun.
    """
    today = organization.today
    if last < first:
        raise SettingInvalid("REPORT-PERIOD", field="last")
    if last - first > LONGEST:
        raise SettingInvalid("REPORT-LONG", params={"days": LONGEST.days}, field="first")
    if first > today:
        raise SettingInvalid("REPORT-AHEAD", field="first")
    with transaction.atomic():
        found = _add(organization, KIND.ASKED, first, last, user)
    if found is None:
        found = Report.objects.get(
            organization=organization, kind=KIND.ASKED, state=STATE.ASKED, first=first, last=last
        )
    return found


def _add(organization: Organization, kind: str, first: date, last: date, user: User | None = None) -> Report | None:
    """Keep that a report is wanted and ring for it; None where it is kept already."""
    report = Report(organization=organization, kind=kind, first=first, last=last, asked_by=user)
    try:
        with transaction.atomic():
            report.save()
    except IntegrityError:
        return None
    queue.ring("report", report.pk)
    return report


# Making


def make(report_id: int) -> str:
    """Make one report, and letters to those who get it. May be called twice: the second finds nothing to claim."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    waiting = Report.objects.filter(free, pk=report_id, state=STATE.ASKED)
    # The next try, should this one fail, waits a little longer each time: it is set before the work, which may not end.
    starts = Report.objects.filter(pk=report_id).values_list("starts", flat=True).first() or 0
    pause = min(timedelta(minutes=2**starts), timedelta(hours=6))
    if not waiting.update(lease_until=now + LEASE, starts=F("starts") + 1, wake_at=now + pause):
        return "nothing to do"
    report = Report.objects.select_related("organization").get(pk=report_id)
    told = gather(report.organization, report.kind, report.first, report.last)
    content = to_content(told)
    crash_point("report_gathered")
    with transaction.atomic():
        kept = Report.objects.filter(pk=report_id, state=STATE.ASKED).update(
            state=STATE.MADE, content=content, digest=digest_of(content), made_at=told.made_at, lease_until=None,
            wake_at=None,
        )  # fmt: skip
        if not kept:
            return "made meanwhile"
        written = [
            letters.add(user, "report", f"report:{report_id}:{user.pk}", report=report) for user in readers(report)
        ]
    crash_point("report_made")
    log.info("report made report=%s kind=%s letters=%s", report_id, report.kind, len(written))
    return "made"


def readers(report: Report) -> list[User]:
    """Return who gets a report by mail: the chosen members of a scheduled one, nobody of one asked for."""
    if report.kind == KIND.ASKED:
        return []
    members = Membership.objects.filter(
        organization=report.organization_id, report_plans__organization=report.organization_id, user__is_active=True
    )
    return [member.user for member in members.select_related("user").order_by("pk")]


def told(report: Report) -> Told:
    """Return what a kept report says. ContractBroken when it is not what was kept."""
    if digest_of(report.content) != report.digest:
        raise ContractBroken("REPORT-CHANGED", params={"report": report.pk})
    return from_content(report.content)


# What is due


def tick() -> None:
    """Find the reports whose time has come, ring for those nobody makes."""
    now = timezone.now()
    _plans_for_all()
    plans = list(ReportPlan.objects.select_related("organization"))
    newest = _newest(plan.organization_id for plan in plans)
    for plan in plans:
        for kind, first, last in due(plan, now):
            if newest.get((plan.organization_id, kind), date.min) < first:
                with transaction.atomic():
                    _add(plan.organization, kind, first, last)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    late = Report.objects.filter(free, state=STATE.ASKED).filter(Q(wake_at__isnull=True) | Q(wake_at__lte=now))
    for pk in late.order_by("pk").values_list("pk", flat=True)[:100]:
        queue.ring("report", pk)


def _plans_for_all() -> None:
    """Give every client whose accounts are in use a schedule; mails begin when somebody chooses who gets them."""
    used = Integration.objects.filter(organization=OuterRef("pk"), last_good_at__isnull=False)
    plans = ReportPlan.objects.filter(organization=OuterRef("pk"))
    without = Organization.objects.filter(Exists(used), ~Exists(plans))
    for organization in without:
        ReportPlan.objects.get_or_create(organization=organization)


def _newest(organizations: Iterable[int]) -> dict[tuple[int, str], date]:
    rows = Report.objects.filter(organization__in=list(organizations), kind__in=(KIND.WEEK, KIND.MONTH))
    found: dict[tuple[int, str], date] = {}
    for organization, kind, first in rows.order_by("first").values_list("organization", "kind", "first"):
        found[(organization, kind)] = first
    return found


def due(plan: ReportPlan, now: datetime) -> list[tuple[str, date, date]]:
    """Return the newest periods that are over and told about by now: kind, first and last day.

    Of time before the schedule nothing is told; after a long pause just the newest is.
    """
    local = timezone.localtime(now, ZoneInfo(plan.organization.time_zone))
    today = local.date() if local.hour >= HOUR else local.date() - timedelta(days=1)
    found = []
    if plan.weekday is not None:
        last = today - timedelta(days=(today.weekday() - plan.weekday) % 7 + 1)
        first = last - timedelta(days=6)
        if first >= plan.started_on:
            found.append((str(KIND.WEEK), first, last))
    if plan.month_day is not None:
        month = today.replace(day=1)
        if today.day < plan.month_day:
            month = (month - timedelta(days=1)).replace(day=1)
        last = month - timedelta(days=1)
        if last >= plan.started_on:
            found.append((str(KIND.MONTH), last.replace(day=1), last))
    return found
