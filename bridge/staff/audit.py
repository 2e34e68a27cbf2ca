"""Who changed what, when, from what to what: settings and decisions, and every write at a vendor. Never edited."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Max, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge.hub import seals
from bridge.hub.models import (
    Candidate,
    Change,
    Conflict,
    Connection,
    Double,
    Exclusion,
    Flow,
    HeldCause,
    Integration,
    MappingRule,
    Membership,
    Merge,
    Organization,
    Question,
    TermsAcceptance,
    User,
    ValueMap,
)
from bridge.staff import desk, plan
from bridge.staff.audit_words import Words
from bridge.staff.pages import page, staff_view
from bridge.staff.runs import registry_entities

# Where a row of each kind finds its client.
TO_ORGANIZATION: Mapping[type[Model], str] = {
    Organization: "pk",
    Membership: "organization",
    Connection: "organization",
    Integration: "organization",
    Flow: "integration__organization",
    MappingRule: "flow__integration__organization",
    ValueMap: "integration__organization",
    Candidate: "integration__organization",
    Double: "connection__organization",
    Merge: "connection__organization",
    Conflict: "link__integration__organization",
    Exclusion: "integration__organization",
    HeldCause: "integration__organization",
    Question: "integration__organization",
    TermsAcceptance: "integration__organization",
}
_ACTIONS = {0: _("Added"), 1: _("Changed"), 2: _("Deleted"), 3: _("Opened")}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to see."""

    person: int | None
    organization: int | None
    model: str
    first: date | None
    last: date | None

    def between(self) -> tuple[datetime | None, datetime | None]:
        """Return the days as instants in the person's zone, the end open."""
        zone = timezone.get_current_timezone()

        def start(day: date) -> datetime:
            return datetime(day.year, day.month, day.day, tzinfo=zone)

        return (
            start(self.first) if self.first else None,
            start(self.last + timedelta(days=1)) if self.last else None,
        )


def asked(request: HttpRequest) -> Asked:
    """Read the filters; what cannot be read is not asked."""
    query = request.GET

    def number(name: str) -> int | None:
        return int(query[name]) if query.get(name, "").isdigit() else None

    def day(name: str) -> date | None:
        try:
            return parse_date(query.get(name, ""))
        except ValueError:
            return None

    return Asked(number("person"), number("organization"), query.get("model", "")[:40], day("first"), day("last"))


# Settings and decisions


def entries(request: HttpRequest, wanted: Asked) -> QuerySet[LogEntry]:
    """Return the history of settings, rules and decisions of the clients a person may see."""
    rows = (
        LogEntry.objects.select_related("actor", "content_type").defer("serialized_data").order_by("-timestamp", "-id")
    )
    if not (request.user.is_superuser or request.user.sees_all):
        rows = rows.filter(_of_organization(Organization.objects.for_user(request.user)))
    if wanted.person:
        rows = rows.filter(actor=wanted.person)
    models = {model._meta.model_name: model for model in (*TO_ORGANIZATION, User)}
    if wanted.model in models:
        rows = rows.filter(content_type=ContentType.objects.get_for_model(models[wanted.model]))
    if wanted.organization:
        visible = Organization.objects.for_user(request.user).filter(pk=wanted.organization)
        rows = rows.filter(_of_organization(visible))
    since, until = wanted.between()
    if since:
        rows = rows.filter(timestamp__gte=since)
    if until:
        rows = rows.filter(timestamp__lt=until)
    return rows


def _of_organization(visible: QuerySet[Organization]) -> Q:
    found = Q(pk__in=[])
    for model, way in TO_ORGANIZATION.items():
        ids = model._default_manager.filter(**{f"{way}__in": visible}).values("pk")
        found |= Q(content_type=ContentType.objects.get_for_model(model), object_id__in=ids)
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit: who, when, where from, what, and the fields from old to new."""

    at: datetime
    who: str
    where: str
    action: str
    kind: str
    what: str
    fields: list[desk.FieldChange]
    run: int | None = None
    state: str = ""
    version: int | None = None


def entry_lines(entries: Sequence[LogEntry]) -> list[Entry]:
    """Return history rows as the page shows them."""
    words = Words(entries)
    return [_entry_line(entry, words) for entry in entries]


def _entry_line(entry: LogEntry, words: Words) -> Entry:
    model = entry.content_type.model_class()
    return Entry(
        at=entry.timestamp,
        who=str(entry.actor) if entry.actor else (entry.actor_email or gettext("Bridge itself")),
        where=entry.remote_addr or "",
        action=str(_ACTIONS.get(entry.action, entry.action)),
        kind=str(model._meta.verbose_name) if model else entry.content_type.name,
        what=words.what(entry),
        fields=words.fields(entry),
    )


# Writes at vendors


def writes(request: HttpRequest, wanted: Asked) -> QuerySet[Change]:
    """Return the ledger: what was sent to a vendor, or refused by it."""
    rows = (
        Change.objects.for_user(request.user)
        .filter(settled_at__isnull=False)
        .exclude(action=Change.Action.SKIP)
        .select_related("approved_by", "run__user", "integration__organization", "connection")
        .only(
            *plan.LINE_COLUMNS,
            "settled_at",
            "rules_version",
            "request_id",
            "remote_id",
            "approved_by__email",
            "approved_by__first_name",
            "approved_by__last_name",
            "run__trigger",
            "run__user__email",
            "run__user__first_name",
            "run__user__last_name",
            "integration__recipe",
            "integration__organization__name",
            "connection__vendor",
            "connection__account_name",
        )
        .order_by("-settled_at", "-id")
    )
    if wanted.person:
        rows = rows.filter(Q(approved_by=wanted.person) | Q(run__user=wanted.person))
    if wanted.organization:
        rows = rows.filter(integration__organization=wanted.organization)
    if wanted.model:
        rows = rows.filter(entity=wanted.model)
    since, until = wanted.between()
    if since:
        rows = rows.filter(settled_at__gte=since)
    if until:
        rows = rows.filter(settled_at__lt=until)
    return rows


def write_lines(changes: Sequence[Change]) -> list[Entry]:
    """Return writes as the page shows them."""
    return [write_line(change) for change in changes]


def write_line(change: Change) -> Entry:
    """Return a write as the page shows it."""
    person = change.approved_by or change.run.user
    return Entry(
        at=change.settled_at,
        who=str(person)
        if person
        else gettext("Bridge, started by %(trigger)s") % {"trigger": change.run.get_trigger_display()},
        where=str(change.connection),
        action=change.get_action_display(),
        kind=desk.entity_label(change.entity),
        what=change.title,
        fields=desk.field_changes(change.entity, change.before, change.after),
        run=change.run_id,
        state=change.get_state_display(),
        version=change.rules_version,
    )


# Pages


@dataclass(frozen=True, slots=True)
class Book:
    """One of the two books: its rows, and how some of them become lines."""

    key: str
    label: Any
    rows: Callable[[HttpRequest, Asked], QuerySet[Any]]
    lines: Callable[[Sequence[Any]], list[Entry]]


BOOKS = {
    "settings": Book("settings", _("Settings and decisions"), entries, entry_lines),
    "writes": Book("writes", _("Writes at vendors"), writes, write_lines),
}


def _book(request: HttpRequest) -> Book:
    return BOOKS.get(request.GET.get("book", ""), BOOKS["settings"])


@staff_view(view="auditlog.view_logentry")
def audit(request: HttpRequest) -> HttpResponse:
    """Show the book a person chose."""
    book, wanted = _book(request), asked(request)
    found = desk.listing(request, book.rows(request, wanted))
    seen = User.objects.for_user(request.user)
    people = seen.filter(is_staff=True) | seen.filter(memberships__isnull=False)
    kinds = (
        [(model._meta.model_name, str(model._meta.verbose_name)) for model in (*TO_ORGANIZATION, User)]
        if book.key == "settings"
        else [(name, desk.entity_label(name)) for name in sorted(registry_entities())]
    )
    return page(
        request,
        "staff/audit.html",
        gettext("Audit"),
        book=book,
        books=BOOKS.values(),
        listing=found,
        lines=book.lines(list(found.page.object_list)),
        newest=LogEntry.objects.aggregate(at=Max("timestamp"))["at"],
        filters=[
            ("person", gettext("Person"), _choices(people.distinct().order_by("email"), wanted.person)),
            (
                "organization",
                gettext("Client"),
                _choices(Organization.objects.for_user(request.user), wanted.organization),
            ),
            (
                "model",
                gettext("What"),
                [desk.Option(name, label, None, name == wanted.model) for name, label in kinds],
            ),
        ],
        dates=[
            ("first", gettext("From"), wanted.first.isoformat() if wanted.first else ""),
            ("last", gettext("To"), wanted.last.isoformat() if wanted.last else ""),
        ],
        hidden=[("book", book.key)],
        query=request.GET.urlencode(),
    )


def _choices(rows: QuerySet[Any], chosen: int | None) -> list[desk.Option]:
    return [desk.Option(str(row.pk), str(row), None, row.pk == chosen) for row in rows[:200]]


@staff_view(view="auditlog.view_logentry")
def audit_csv(request: HttpRequest) -> HttpResponse:
    """Download the book a person chose, with the same filters."""
    book, wanted = _book(request), asked(request)
    heads = [
        gettext("When"),
        gettext("Who"),
        gettext("From where"),
        gettext("Action"),
        gettext("Kind"),
        gettext("What"),
        gettext("Field"),
        gettext("Was"),
        gettext("Becomes"),
        gettext("Run"),
        gettext("State"),
        gettext("Rules version"),
    ]
    return desk.sheet(f"bridge-audit-{book.key}", heads, _csv(book, book.rows(request, wanted)))


def _each(book: Book, rows: QuerySet[Any]) -> Iterator[Entry]:
    """Yield the lines of all rows, some hundred at a time: what they name is looked up for each lot."""
    ordered = rows.iterator(chunk_size=500)
    while some := list(islice(ordered, 500)):
        yield from book.lines(some)


def _csv(book: Book, rows: QuerySet[Any]) -> Iterator[list[Any]]:
    for line in _each(book, rows):
        head = [line.at.isoformat(timespec="seconds"), line.who, line.where, line.action, line.kind, line.what]
        tail = [line.run, line.state, line.version]
        for item in line.fields or [desk.FieldChange("", "", None, None)]:
            yield [*head, item.label, item.was, item.becomes, *tail]


@staff_view(view="auditlog.view_logentry")
def audit_seals(request: HttpRequest) -> HttpResponse:
    """Walk along the chain of seals and show what fits and what does not."""
    found = seals.check()
    doubtful = entries(request, asked(request)).filter(id__in=found.broken[:50]).order_by("id")
    return page(
        request,
        "staff/audit_seals.html",
        gettext("Seals of the audit"),
        found=found,
        lines=entry_lines(list(doubtful)),
        missing=found.missing[:50],
    )


urls = [
    path("audit/", audit, name="audit"),
    path("audit.csv", audit_csv, name="audit_csv"),
    path("audit/seals/", audit_seals, name="audit_seals"),
]
