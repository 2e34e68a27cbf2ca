"""What is held or was refused, by cause: how many, how old, how much money, what cures it and who looks after it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Exists, Min, OuterRef, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.formats import day as day_words
from bridge.hub.models import Change, HeldCause, Integration, Organization, User
from bridge.jobs import held as keeping
from bridge.jobs import runs as work
from bridge.staff import desk, plan
from bridge.staff.pages import page, staff_view, tell_error
from connectors.contract import SyncError

HELD = (Change.State.HELD, Change.State.REJECTED, Change.State.UNKNOWN)
RETRIED = (Change.State.HELD, Change.State.REJECTED)
# What is settled on the Duplicates desk.
ASKS_WHO = frozenset(("SEVERAL-MATCHES", "MAYBE-MATCH", "NEVER-MATCH"))
LATER = "later"
ME, NOBODY = "me", "nobody"
_USUAL = timedelta(days=7)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to see: of which client, integration or run, put off or not, and assigned to whom."""

    organization: int | None = None
    integration: int | None = None
    run: int | None = None
    later: bool = False
    assigned: str = ""  # ME, NOBODY or the number of a person

    @classmethod
    def of(cls, told: QueryDict) -> "Asked":
        """Read an address or a form; what cannot be read is not asked."""

        def number(name: str) -> int | None:
            value = told.get(name, "")
            return min(int(value), _LARGEST) if value.isdecimal() else None

        assigned = told.get("assigned", "")
        person = number("assigned")
        return cls(
            number("organization"), number("integration"), number("run"), told.get("state") == LATER,
            assigned if assigned in (ME, NOBODY) else str(person) if person is not None else "",
        )  # fmt: skip

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return what narrows the page, as it travels along with everything that is pressed on it."""
        numbers = (("organization", self.organization), ("integration", self.integration), ("run", self.run))
        found = [(name, str(value)) for name, value in numbers if value is not None]
        words = (("state", LATER if self.later else ""), ("assigned", self.assigned))
        return [*found, *((name, value) for name, value in words if value)]

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    def rows(self, user: Any) -> QuerySet[Change]:
        """Return what is held, refused or being checked and fits, each with its `cause`."""
        rows = Change.objects.for_user(user).filter(state__in=HELD).annotate(cause=desk.CAUSE)
        rows = rows.exclude(integration__state=Integration.State.DISCONNECTED)
        if self.organization is not None:
            rows = rows.filter(integration__organization=self.organization)
        if self.integration is not None:
            rows = rows.filter(integration=self.integration)
        if self.run is not None:
            rows = rows.filter(run=self.run)
        rows = rows.filter(put_off(user)) if self.later else rows.exclude(put_off(user))
        taken = HERE.filter(assigned_to__isnull=False)
        if self.assigned == NOBODY:
            return rows.exclude(Exists(taken))
        if self.assigned:
            return rows.filter(Exists(taken.filter(assigned_to=user.pk if self.assigned == ME else self.assigned)))
        return rows


# Who looks after a change with its `cause`.
HERE = HeldCause.objects.filter(integration=OuterRef("integration"), cause=OuterRef("cause"))


def put_off(user: Any) -> Exists:
    """Return the condition that a change, with its `cause`, is put off to a day that has not come."""
    asleep = [care.pk for care in HeldCause.objects.for_user(user).put_off()]
    return Exists(HERE.filter(pk__in=asleep))


@dataclass(slots=True)
class Cause:
    """One reason, over all clients and runs a person may see; `cares` says who looks after it where."""

    code: str
    explained: desk.Explained | None
    total: int = 0
    can_wait: int = 0
    oldest: datetime | None = None
    money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    integrations: set[int] = field(default_factory=set)
    cares: list[HeldCause] = field(default_factory=list)

    @property
    def amounts(self) -> list[tuple[Decimal, str]]:
        return [(amount, currency) for currency, amount in sorted(self.money.items())]

    @property
    def can_retry(self) -> bool:
        return self.can_wait > 0 and (self.explained is None or self.explained.can_retry)

    @property
    def people(self) -> list[User]:
        """Return who looks after it, each once."""
        return list(dict.fromkeys(care.assigned_to for care in self.cares if care.assigned_to is not None))

    @property
    def is_partly_nobodys(self) -> bool:
        """Tell whether somebody looks after it for one client and nobody for another."""
        taken = sum(1 for care in self.cares if care.assigned_to_id is not None)
        return 0 < taken < len(self.integrations)

    @property
    def until(self) -> date | None:
        """Return the next day some of it comes back on; None where nothing is put off."""
        return min((care.until for care in self.cares if care.until and care.is_put_off), default=None)

    @property
    def back_since(self) -> date | None:
        """Return the day it came back on; None where it was never put off."""
        return max((care.until for care in self.cares if care.until and not care.is_put_off), default=None)


def causes(rows: QuerySet[Change]) -> list[Cause]:
    """Group what waits by cause, most records first, with who looks after it."""
    grouped = (
        rows.order_by()
        .values("integration", "currency", "state", "cause")
        .annotate(n=Count("id"), money=Sum("amount"), oldest=Min("created_at"))
    )
    found: dict[str, Cause] = {}
    for row in grouped:
        code = row["cause"]
        cause = found.setdefault(code, Cause(code, desk.explained(code)))
        cause.total += row["n"]
        cause.can_wait += row["n"] if row["state"] in RETRIED else 0
        cause.oldest = min(cause.oldest or row["oldest"], row["oldest"])
        cause.integrations.add(row["integration"])
        if row["money"] is not None:
            cause.money[row["currency"]] += row["money"]
    _add_cares(found)
    return sorted(found.values(), key=lambda item: (-item.total, item.code))


def _add_cares(found: Mapping[str, Cause]) -> None:
    places = {place for cause in found.values() for place in cause.integrations}
    rows = HeldCause.objects.filter(cause__in=found, integration__in=places).order_by("integration")
    for care in rows.select_related("assigned_to", "integration__organization"):
        if care.integration_id in found[care.cause].integrations:
            found[care.cause].cares.append(care)


@dataclass(frozen=True, slots=True)
class Half:
    """What waits now, or what is put off: how many records, and where they are listed."""

    words: str
    count: int
    url: str
    is_here: bool


def _halves(user: User, asked: Asked, total: int, code: str = "") -> list[Half]:
    """Return the two halves of what is held. `total` is that of the half on the page; the other one is counted."""
    found = []
    for later, words in ((False, gettext("Waiting now")), (True, gettext("Put off for now"))):
        half = replace(asked, later=later)
        rows = half.rows(user).filter(cause=code) if code else half.rows(user)
        count = total if later == asked.later else rows.order_by().count()
        found.append(Half(words, count, f"?{half.query}", later == asked.later))
    return found


def _filters(asked: Asked, clients: Sequence[Organization], user: User, people: Collection[User]) -> list[Any]:
    persons = [(ME, gettext("Me")), (NOBODY, gettext("Nobody yet"))]
    persons += [(str(person.pk), str(person)) for person in people if person.pk != user.pk]
    return [
        (
            "organization",
            gettext("Client"),
            [desk.Option(str(item.pk), str(item), None, item.pk == asked.organization) for item in clients[:200]],
        ),
        (
            "assigned",
            gettext("Assigned to"),
            [desk.Option(value, label, None, value == asked.assigned) for value, label in persons],
        ),
    ]


def _frame(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """Return what the list of causes and one cause have in common: filters, and who can be given what is held."""
    clients = list(Organization.objects.for_user(request.user))
    people = keeping.colleagues(request.user)
    return {
        "asked": asked,
        "narrowed": asked.pairs,
        "filters": _filters(asked, clients, request.user, people),
        "hidden": [(name, value) for name, value in asked.pairs if name not in ("organization", "assigned")],
        "people": people,
        "first_day": timezone.localdate() + timedelta(days=1),
        "usual_day": timezone.localdate() + _USUAL,
    }


@staff_view(view="hub.view_change")
def held(request: HttpRequest) -> HttpResponse:
    """List the causes."""
    asked = Asked.of(request.GET)
    found = causes(asked.rows(request.user))
    return page(
        request,
        "staff/held.html",
        gettext("Held"),
        causes=found,
        halves=_halves(request.user, asked, sum(cause.total for cause in found)),
        **_frame(request, asked),
    )


@staff_view(view="hub.view_change")
def held_cause(request: HttpRequest, code: str) -> HttpResponse:
    """List the records of one cause, with the cure."""
    asked = Asked.of(request.GET)
    rows = asked.rows(request.user).filter(cause=code)
    found = desk.listing(
        request,
        rows.select_related("integration__organization")
        .only(*plan.LINE_COLUMNS, "created_at", "integration__recipe", "integration__organization__name")
        .order_by("created_at", "id"),
    )
    if not found.total and code not in registry.catalogue():
        raise Http404
    (cause,) = causes(rows) or [Cause(code, desk.explained(code))]
    return page(
        request,
        "staff/held_cause.html",
        desk.short_code_words(code),
        [(gettext("Held"), reverse("admin:held"))],
        cause=cause,
        code=code,
        asks_who=code in ASKS_WHO,
        is_disputed=code == "CONFLICT",
        listing=found,
        lines=plan.lines(found.page.object_list),
        halves=_halves(request.user, asked, cause.total, code),
        **_frame(request, asked),
    )


@require_POST
@staff_view(view="hub.view_change", write="hub.change_run")
def held_retry(request: HttpRequest, code: str) -> HttpResponse:
    """Try all records of a cause again, in one run per integration."""
    asked = Asked.of(request.POST)
    rows = asked.rows(request.user).filter(cause=code, state__in=RETRIED)
    counted = dict(rows.order_by().values_list("integration").annotate(n=Count("id")))
    back = f"{reverse('admin:held_cause', args=[code])}?{asked.query}"
    if not counted:
        messages.warning(request, gettext("Nothing waits for this cause any more."))
        return redirect("admin:held")
    started = 0
    last: Any = None
    for integration in Integration.objects.for_user(request.user).filter(pk__in=counted):
        try:
            last = work.retry(integration, request.user, code=code)
            started += counted[integration.pk]
        except SyncError as error:
            tell_error(request, error)
    if not started:
        return redirect(back)
    messages.success(
        request,
        ngettext("%(n)d record is looked at again.", "%(n)d records are looked at again.", started) % {"n": started},
    )
    return redirect("admin:run_page", last.pk) if len(counted) == 1 else redirect(back)


@require_POST
@staff_view(view="hub.view_change", write="hub.change_heldcause")
def held_care(request: HttpRequest) -> HttpResponse:
    """Assign the causes that were ticked, put them off or take that back: at every client the page showed them for."""
    asked = Asked.of(request.POST)
    back = desk.next_url(request, f"{reverse('admin:held')}?{asked.query}")
    rows = asked.rows(request.user).filter(cause__in=[code for code in request.POST.getlist("cause") if code])
    found = rows.order_by().values_list("integration", "cause").distinct()
    pairs = Integration.objects.for_user(request.user).select_related("organization").in_bulk({pk for pk, _ in found})
    places = [(pairs[pk], cause) for pk, cause in found]
    if not places:
        messages.warning(request, gettext("Nothing was ticked, or it does not wait any more. Nothing changed."))
        return redirect(back)
    try:
        told = _care(request, places)
    except SyncError as error:
        tell_error(request, error)
    else:
        messages.success(request, told)
    return redirect(back)


def _care(request: HttpRequest, places: Collection[keeping.Place]) -> str:
    """Do what was pressed and say so; SyncError: it was refused, and nothing changed."""
    do, number = request.POST.get("do", ""), len({cause for _pair, cause in places})
    if do == LATER:
        until = _day(request)
        keeping.put_off(places, until)
        words = ngettext("%(n)d cause is put off until %(day)s.", "%(n)d causes are put off until %(day)s.", number)
        return words % {"n": number, "day": day_words(until)}
    if do == "now":
        keeping.take_back(places)
        return ngettext("%(n)d cause waits again.", "%(n)d causes wait again.", number) % {"n": number}
    if do != "assign":
        raise Http404
    person = _person(request)
    keeping.assign(places, person)
    if person is None:
        return ngettext("%(n)d cause is nobody’s now.", "%(n)d causes are nobody’s now.", number) % {"n": number}
    words = ngettext("%(n)d cause is now with %(who)s.", "%(n)d causes are now with %(who)s.", number)
    return words % {"n": number, "who": person}


def _person(request: HttpRequest) -> User | None:
    """Return who was chosen among those the page offers; None for nobody. 404 for anybody else."""
    wanted = request.POST.get("person", "")
    if not wanted:
        return None
    found = next((person for person in keeping.colleagues(request.user) if str(person.pk) == wanted), None)
    if found is None:
        raise Http404
    return found


def _day(request: HttpRequest) -> date | None:
    try:
        return parse_date(request.POST.get("until", ""))
    except ValueError:
        return None


urls = [
    path("held/", held, name="held"),
    path("held-care/", held_care, name="held_care"),
    path("held/<str:code>/", held_cause, name="held_cause"),
    path("held/<str:code>/retry/", held_retry, name="held_retry"),
]
