"""What is held or was refused, by cause: how many, how old, how much money, and what cures it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Min, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Change, Integration, Organization
from bridge.jobs import runs as work
from bridge.staff import desk, plan
from bridge.staff.pages import page, staff_view, tell_error
from connectors.contract import SyncError

HELD = (Change.State.HELD, Change.State.REJECTED, Change.State.UNKNOWN)
RETRIED = (Change.State.HELD, Change.State.REJECTED)
# What is settled on the Duplicates desk.
ASKS_WHO = frozenset(("SEVERAL-MATCHES", "MAYBE-MATCH", "NEVER-MATCH"))


@dataclass(slots=True)
class Cause:
    """One reason, over all clients and runs a person may see."""

    code: str
    explained: desk.Explained | None
    total: int = 0
    can_wait: int = 0
    oldest: datetime | None = None
    money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    integrations: set[int] = field(default_factory=set)

    @property
    def amounts(self) -> list[tuple[Decimal, str]]:
        return [(amount, currency) for currency, amount in sorted(self.money.items())]

    @property
    def can_retry(self) -> bool:
        return self.can_wait > 0 and (self.explained is None or self.explained.can_retry)


def waiting(request: HttpRequest) -> QuerySet[Change]:
    """Return what is held, refused or being checked, narrowed by the page's filters."""
    rows = Change.objects.for_user(request.user).filter(state__in=HELD)
    rows = rows.exclude(integration__state=Integration.State.DISCONNECTED)
    for name, key in (
        ("integration", "integration"),
        ("organization", "integration__organization"),
        ("run", "run"),
    ):
        value = request.GET.get(name) or request.POST.get(name) or ""
        if value.isdigit():
            rows = rows.filter(**{key: int(value)})
    return rows


def causes(rows: QuerySet[Change]) -> list[Cause]:
    """Group what waits by cause, most records first."""
    grouped = (
        rows.order_by()
        .values("integration", "currency", "state", cause=desk.CAUSE)
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
    return sorted(found.values(), key=lambda item: (-item.total, item.code))


def _filters(request: HttpRequest) -> list[tuple[str, str, list[desk.Option]]]:
    chosen = request.GET.get("organization", "")
    clients = Organization.objects.for_user(request.user)
    return [
        (
            "organization",
            gettext("Client"),
            [desk.Option(str(item.pk), str(item), None, str(item.pk) == chosen) for item in clients[:200]],
        )
    ]


def _narrowed(request: HttpRequest) -> list[tuple[str, str]]:
    told = request.GET if request.method == "GET" else request.POST
    return [(name, told[name]) for name in ("integration", "organization", "run") if told.get(name, "").isdigit()]


@staff_view(view="hub.view_change")
def held(request: HttpRequest) -> HttpResponse:
    """List the causes."""
    narrowed = _narrowed(request)
    return page(
        request,
        "staff/held.html",
        gettext("Held"),
        causes=causes(waiting(request)),
        filters=_filters(request),
        hidden=[(name, value) for name, value in narrowed if name != "organization"],
        query=urlencode(narrowed),
    )


@staff_view(view="hub.view_change")
def held_cause(request: HttpRequest, code: str) -> HttpResponse:
    """List the records of one cause, with the cure."""
    rows = waiting(request).annotate(cause=desk.CAUSE).filter(cause=code)
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
        filters=_filters(request),
        hidden=[(name, value) for name, value in _narrowed(request) if name != "organization"],
        narrowed=_narrowed(request),
    )


@require_POST
@staff_view(view="hub.view_change", write="hub.change_run")
def held_retry(request: HttpRequest, code: str) -> HttpResponse:
    """Try all records of a cause again, in one run per integration."""
    rows = waiting(request).annotate(cause=desk.CAUSE).filter(cause=code, state__in=RETRIED)
    counted = dict(rows.order_by().values_list("integration").annotate(n=Count("id")))
    back = f"{reverse('admin:held_cause', args=[code])}?{urlencode(_narrowed(request))}"
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


urls = [
    path("held/", held, name="held"),
    path("held/<str:code>/", held_cause, name="held_cause"),
    path("held/<str:code>/retry/", held_retry, name="held_retry"),
]
