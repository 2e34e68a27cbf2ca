"""Today: what needs a person, first; then how things stand. The home of the staff desk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from babel.dates import format_date
from django.db.models import Count, Exists, Min, Q
from django.db.models.functions import TruncDate
from django.db.models.query import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bridge import registry
from bridge.hub.models import Change, Connection, Integration, Organization, Run, User
from bridge.jobs import questions
from bridge.staff import desk
from bridge.staff import held as held_desk
from bridge.staff.charts import Bar, Chart
from bridge.staff.pages import language, page
from bridge.staff.templatetags.bridge import code_title, number

DAYS = 14
SOON = timedelta(days=120)
STUCK_AFTER = timedelta(minutes=5)
T = TypeVar("T", bound="QuerySet[Any]")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the house a person looks at: one client, one vendor, or the clients they own."""

    user: User
    organization: int | None
    vendor: str
    mine: bool

    @classmethod
    def of(cls, request: HttpRequest) -> "Scope":
        """Read the filters of the address; what is not valid is left out."""
        wanted = request.GET.get("organization", "")
        vendor = request.GET.get("vendor", "")
        return cls(
            request.user,  # type: ignore[arg-type]
            int(wanted) if wanted.isdecimal() else None,
            vendor if vendor in registry.connectors() else "",
            request.GET.get("mine") == "1",
        )

    def integrations(self) -> "QuerySet[Integration]":
        """Integrations in view, disconnected ones too."""
        rows = self._owned(Integration.objects.for_user(self.user), "organization")
        return rows.filter(Q(left__vendor=self.vendor) | Q(right__vendor=self.vendor)) if self.vendor else rows

    def connections(self) -> "QuerySet[Connection]":
        """Connections in view."""
        rows = self._owned(Connection.objects.for_user(self.user), "organization")
        return rows.filter(vendor=self.vendor) if self.vendor else rows

    def on_integration(self, rows: T) -> T:
        """Rows that hang on an integration in view."""
        rows = self._owned(rows, "integration__organization")
        if self.vendor:
            rows = rows.filter(Q(integration__left__vendor=self.vendor) | Q(integration__right__vendor=self.vendor))
        return rows

    def _owned(self, rows: T, path: str) -> T:
        if self.organization is not None:
            rows = rows.filter(**{path: self.organization})
        return rows.filter(**{f"{path}__owner": self.user}) if self.mine else rows


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person: how many, in words, since when, and the page where it is settled."""

    count: int
    words: str
    address: str
    note: str = ""
    grave: bool = False
    since: datetime | None = None


def today(request: HttpRequest) -> HttpResponse:
    """Show what needs a person, connections by state, the last day's runs, two charts and dates ahead."""
    scope = Scope.of(request)
    connections = list(scope.connections().select_related("organization"))
    held = held_by_cause(scope)
    return page(
        request,
        "staff/today.html",
        _("Today"),
        scope=scope,
        organizations=Organization.objects.for_user(request.user).only("id", "name"),
        vendors=[(key, item.label) for key, item in registry.connectors().items()],
        needs=needs(scope, connections, held),
        states=connection_states(connections),
        runs=last_runs(scope),
        moved=records_per_day(scope),
        held=held,
        held_chart=held_chart(held),
        dates=dates_ahead(connections),
        as_of=timezone.now(),
        any_integration=Integration.objects.for_user(request.user).exists(),
    )


def needs(scope: Scope, connections: Sequence[Connection], held: "Sequence[Cause]") -> list[Need]:
    """Return what waits for a person, gravest first; nothing that is zero."""
    found = [
        *_reconnects(connections),
        *_broken_runs(scope),
        *_unsafe(connections),
        *_plans(scope),
        *_held(held),
        *_duplicates(scope),
        *_conflicts(scope),
        *_differences(scope),
        *_questions(scope),
        *_unfinished(scope),
    ]
    return sorted(found, key=lambda need: not need.grave)


def _questions(scope: Scope) -> list[Need]:
    """Questions the client has not answered in time; they stay open, and the records behind them wait."""
    rows = scope.on_integration(questions.waiting(scope.user))
    late = rows.filter(due_on__lt=timezone.localdate()).select_related("integration__organization")
    found = list(late[:50])
    if not found:
        return []
    first = found[0].integration_id
    same = all(item.integration_id == first for item in found)
    address = reverse("admin:integration", args=[first]) if same else reverse("admin:integrations")
    names = ", ".join(dict.fromkeys(str(item.integration.organization) for item in found))
    words = ngettext("question overdue at the client", "questions overdue at the client", len(found))
    return [Need(len(found), words, address, names[:120], since=min(item.asked_at for item in found))]


def _reconnects(connections: Iterable[Connection]) -> list[Need]:
    lost = [item for item in connections if item.state == Connection.State.ATTENTION]
    if not lost:
        return []
    words = ngettext("account to reconnect", "accounts to reconnect", len(lost))
    address = (
        reverse("admin:connection", args=[lost[0].pk])
        if len(lost) == 1
        else f"{reverse('admin:connections')}?{urlencode({'state': Connection.State.ATTENTION})}"
    )
    return [Need(len(lost), words, address, ", ".join(str(item) for item in lost[:3]), grave=True)]


def _broken_runs(scope: Scope) -> list[Need]:
    rows = scope.on_integration(Run.objects.for_user(scope.user))
    recent = timezone.now() - timedelta(days=1)
    broken = rows.filter(state__in=(Run.State.INTERRUPTED, Run.State.INCOMPLETE), finished_at__gte=recent)
    stuck = rows.filter(state__in=Run.WORKING, lease_until__lt=timezone.now() - STUCK_AFTER)
    found = []
    for listed, words, state in (
        (broken, lambda n: ngettext("run that did not finish", "runs that did not finish", n), Run.State.INTERRUPTED),
        (stuck, lambda n: ngettext("run that stands still", "runs that stand still", n), Run.State.APPLYING),
    ):
        ids = list(listed.values_list("pk", flat=True)[:50])
        if ids:
            one = reverse("admin:run_page", args=[ids[0]])
            many = f"{reverse('admin:runs')}?{urlencode({'state': state})}"
            found.append(Need(len(ids), words(len(ids)), one if len(ids) == 1 else many, grave=True))
    return found


def _unsafe(connections: Iterable[Connection]) -> list[Need]:
    flagged = [
        item
        for item in connections
        if item.is_usable and any(finding.get("level") == "blocker" for finding in item.findings or [])
    ]
    if not flagged:
        return []
    words = ngettext("account with a finding in the way", "accounts with a finding in the way", len(flagged))
    address = reverse("admin:connection", args=[flagged[0].pk]) if len(flagged) == 1 else reverse("admin:connections")
    return [Need(len(flagged), words, address, ", ".join(str(item) for item in flagged[:3]), grave=True)]


def _plans(scope: Scope) -> list[Need]:
    rows = scope.on_integration(Run.objects.for_user(scope.user)).filter(state=Run.State.PLANNED)
    waiting = list(rows.select_related("integration__organization").order_by("planned_at", "pk")[:50])
    if not waiting:
        return []
    words = ngettext("plan to approve", "plans to approve", len(waiting))
    oldest = waiting[0]
    address = (
        reverse("admin:run_plan", args=[oldest.pk])
        if len(waiting) == 1
        else f"{reverse('admin:runs')}?{urlencode({'state': Run.State.PLANNED})}"
    )
    return [Need(len(waiting), words, address, str(oldest.integration.organization), since=oldest.planned_at)]


def _held(causes: "Sequence[Cause]") -> list[Need]:
    total = sum(cause.count for cause in causes)
    if not total:
        return []
    yours = sum(cause.yours for cause in causes)
    told = [ngettext("%(n)s of them yours", "%(n)s of them yours", yours) % {"n": number(yours)}] if yours else []
    note = " · ".join([*told, code_title(causes[0].code)])
    oldest = min((cause.since for cause in causes if cause.since), default=None)
    words = ngettext("record held", "records held", total)
    return [Need(total, words, reverse("admin:held"), note, since=oldest)]


def _conflicts(scope: Scope) -> list[Need]:
    """Fields that both systems changed."""
    from bridge.jobs.conflicts import open_conflicts

    mine = scope.integrations()
    told = open_conflicts(scope.user).filter(link__integration__in=mine).order_by()
    found = told.aggregate(count=Count("pk"), since=Min("found_at"))
    if not found["count"]:
        return []
    words = ngettext("field changed on both sides", "fields changed on both sides", found["count"])
    return [Need(found["count"], words, reverse("admin:conflicts"), since=found["since"])]


def _duplicates(scope: Scope) -> list[Need]:
    """Pairs that wait for a person, between two systems."""
    from bridge.staff import sidebyside

    rows = scope.on_integration(sidebyside.chosen(scope.user, sidebyside.Asked(), timezone.localdate()))
    told = rows.order_by().aggregate(count=Count("pk"), since=Min("found_at"))
    if not told["count"]:
        return []
    words = ngettext("pair that may be the same", "pairs that may be the same", told["count"])
    return [Need(told["count"], words, reverse("admin:duplicates"), since=told["since"])]


def _differences(scope: Scope) -> list[Need]:
    """The newest reconciliation of each integration, where it does not come out at zero."""
    rows = (
        scope.on_integration(Run.objects.for_user(scope.user))
        .filter(reconciliation__isnull=False)
        .exclude(integration__state=Integration.State.DISCONNECTED)
        .order_by("integration_id", "-id")
        .values_list("integration_id", "pk", "reconciliation")
    )
    newest: dict[int, tuple[int, Any]] = {}
    for integration, run, told in rows[:200]:
        newest.setdefault(integration, (run, told))
    off = [(run, _unexplained(told)) for run, told in newest.values() if isinstance(told, dict)]
    off = [(run, count) for run, count in off if count]
    count = sum(number for _run, number in off)
    if not count:
        return []
    words = ngettext("document that does not tie out", "documents that do not tie out", count)
    return [Need(count, words, reverse("admin:run_page", args=[off[0][0]]))]


def _unexplained(told: dict[str, Any]) -> int:
    """How many documents differ for no reason we know; held and left-out ones have theirs and are listed there."""
    odd = sum(1 for item in told.get("differences") or () if not item.get("code"))
    rest = any(Decimal(str(amount)) for amount in (told.get("unexplained") or {}).values())
    return odd or int(rest)


def _unfinished(scope: Scope) -> list[Need]:
    rows = list(scope.integrations().filter(state=Integration.State.SETUP).select_related("organization")[:50])
    if not rows:
        return []
    words = ngettext("integration to finish setting up", "integrations to finish setting up", len(rows))
    address = reverse("admin:integration", args=[rows[0].pk]) if len(rows) == 1 else reverse("admin:integrations")
    return [Need(len(rows), words, address, str(rows[0].organization), since=rows[0].created_at)]


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many connections are in a state."""

    state: str
    label: str
    count: int
    address: str


def connection_states(connections: Sequence[Connection]) -> list[StateCount]:
    """Count connections by state; those that are gone are left out."""
    counted = Counter(item.state for item in connections)
    base = reverse("admin:connections")
    return [
        StateCount(value, str(label), counted[value], f"{base}?{urlencode({'state': value})}")
        for value, label in Connection.State.choices
        if value != Connection.State.DISCONNECTED and counted[value]
    ]


def last_runs(scope: Scope) -> list[Run]:
    """Return the runs of the last day, newest first."""
    since = timezone.now() - timedelta(days=1)
    rows = scope.on_integration(Run.objects.for_user(scope.user)).filter(started_at__gte=since)
    related = ("integration__organization", "integration__left", "integration__right", "user")
    return list(rows.select_related(*related)[:25])


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why records wait: how many, how many of them are assigned to the person, and since when."""

    code: str
    count: int
    yours: int
    since: datetime | None
    share: int  # of the biggest, in per cent

    @property
    def address(self) -> str:
        return reverse("admin:held_cause", args=[self.code]) if self.code else reverse("admin:held")


def held_by_cause(scope: Scope) -> list[Cause]:
    """Return why records wait, the commonest first; what is put off waits for its day, not for a person."""
    assigned = Exists(held_desk.HERE.filter(assigned_to=scope.user))
    rows = (
        scope.on_integration(Change.objects.for_user(scope.user))
        .filter(state__in=(Change.State.HELD, Change.State.REJECTED))
        .exclude(integration__state=Integration.State.DISCONNECTED)
        .annotate(cause=desk.CAUSE)
        .exclude(held_desk.put_off(scope.user))
        .values("cause")
        .annotate(count=Count("pk"), yours=Count("pk", filter=assigned), since=Min("created_at"))
        .order_by("-count", "cause")
    )
    counted = list(rows)
    top = counted[0]["count"] if counted else 1
    return [
        Cause(row["cause"], row["count"], row["yours"], row["since"], max(1, round(100 * row["count"] / top)))
        for row in counted
    ]


def held_chart(causes: Sequence[Cause]) -> str:
    """Return the sentence that says what the list of causes shows."""
    if not causes:
        return _("Nothing is held.")
    total = sum(cause.count for cause in causes)
    return ngettext(
        "%(total)s record is held, for: %(cause)s",
        "%(total)s records are held, most of them (%(count)s) for: %(cause)s",
        total,
    ) % {"total": number(total), "count": number(causes[0].count), "cause": code_title(causes[0].code)}


def records_per_day(scope: Scope) -> Chart:
    """Return how many records were written on each of the last days, by what was done."""
    today_here = timezone.localdate()
    first = today_here - timedelta(days=DAYS - 1)
    start = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    rows = (
        scope.on_integration(Change.objects.for_user(scope.user))
        .filter(state=Change.State.DONE, settled_at__gte=start)
        .annotate(day=TruncDate("settled_at"))
        .values("day", "action")
        .annotate(count=Count("pk"))
        .order_by()
    )
    counted: dict[tuple[date, int], int] = {}
    for row in rows:
        key = (row["day"], _series(row["action"]))
        counted[key] = counted.get(key, 0) + row["count"]
    days = [first + timedelta(days=place) for place in range(DAYS)]
    drawn = tuple(
        Bar(_short(day), tuple(counted.get((day, series), 0) for series in range(len(_series_names())))) for day in days
    )
    return Chart(
        title=_("Records written per day"),
        summary=_moved_summary(drawn),
        series=tuple(_series_names()),
        bars=drawn,
        label_head=_("Day"),
    )


def _series(action: str) -> int:
    return {Change.Action.CREATE: 0, Change.Action.UPDATE: 1, Change.Action.REMOVE: 3, Change.Action.VOID: 3}.get(
        Change.Action(action), 2
    )


def _series_names() -> list[str]:
    return [_("Created"), _("Updated"), _("Linked"), _("Removed")]


def _short(day: date) -> str:
    return format_date(day, "d MMM", locale="fr_CA" if language() == "fr" else "en_CA")


def _moved_summary(bars: Sequence[Bar]) -> str:
    total = sum(sum(bar.values) for bar in bars)
    if not total:
        return _("Nothing was written in the last %(days)s days.") % {"days": DAYS}
    best = max(bars, key=lambda bar: sum(bar.values))
    return ngettext(
        "%(total)s record written in %(days)s days.",
        "%(total)s records written in %(days)s days; most on %(day)s (%(most)s).",
        total,
    ) % {"total": number(total), "days": DAYS, "day": best.label, "most": number(sum(best.values))}


@dataclass(frozen=True, slots=True)
class DateAhead:
    """A day on which a vendor stops listening unless someone acts."""

    connection: Connection
    words: str
    at: datetime
    tone: str


def dates_ahead(connections: Iterable[Connection]) -> list[DateAhead]:
    """Return the days on which consents end, nearest first."""
    now = timezone.now()
    found = []
    for item in connections:
        if item.state == Connection.State.DISCONNECTED:
            continue
        ends = [
            (item.hard_expires_at, _("consent ends: a person must connect again")),
            (item.refresh_expires_at, _("access can no longer be renewed if it is not used before")),
        ]
        for at, words in ends:
            if at and at < now + SOON:
                left = at - now
                tone = "bad" if left < timedelta(days=7) else "warn" if left < timedelta(days=30) else "info"
                found.append(DateAhead(item, words, at, tone))
    return sorted(found, key=lambda row: row.at)[:10]
