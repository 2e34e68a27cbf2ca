"""Health: is anything stuck, leaking or about to expire? With the two hands that free it: replay and release."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Connection, InboxEvent, Letter, Membership, Report, Run
from bridge.jobs import health as work
from bridge.jobs import letters
from bridge.staff import desk
from bridge.staff.pages import page, staff_view, tell_error
from connectors.contract import SyncError

LISTED = 50  # connections: those that need an eye first
SOON = timedelta(days=30)
REPLAYED = (InboxEvent.State.NEW, InboxEvent.State.FAILED, InboxEvent.State.UNKNOWN, InboxEvent.State.NOBODY)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Dates:
    """When the consent of a connection ends, and how near that is: ok, soon or over."""

    connection: Connection
    first: datetime | None
    state: str


def dates(connections: Sequence[Connection], now: datetime) -> list[Dates]:
    """Return connections with the date on which someone must act at the latest, the nearest first."""
    found = []
    for item in connections:
        known = [date for date in (item.refresh_expires_at, item.hard_expires_at) if date]
        first = min(known) if known else None
        state = "ok" if first is None or first > now + SOON else "soon" if first > now else "over"
        found.append(Dates(item, first, state))
    return sorted(found, key=lambda item: (item.first is None, item.first or now))


def of_person(request: HttpRequest, found: work.Health) -> work.Health:
    """Leave out what belongs to clients this person does not look after; numbers of the whole machine stay."""
    seen = set(Connection.objects.for_user(request.user).values_list("pk", flat=True))
    runs = Run.objects.for_user(request.user).filter(pk__in=[item.pk for item in found.stuck_runs])
    mine = set(runs.values_list("pk", flat=True))
    written = set(letters_of(request).filter(pk__in=[item.pk for item in found.letters]).values_list("pk", flat=True))
    reports = Report.objects.for_user(request.user).filter(pk__in=[item.pk for item in found.late_reports])
    late = set(reports.values_list("pk", flat=True))
    return replace(
        found,
        connections=[item for item in found.connections if item.pk in seen],
        stuck_runs=[item for item in found.stuck_runs if item.pk in mine],
        calls=[item for item in found.calls if item.connection.pk in seen],
        letters=[item for item in found.letters if item.pk in written],
        late_reports=[item for item in found.late_reports if item.pk in late],
    )


@staff_view(view="hub.view_run")
def health(request: HttpRequest) -> HttpResponse:
    """Show the machinery as of now."""
    now = timezone.now()
    found = of_person(request, work.snapshot(now))
    inbox = {state: found.inbox.get(state, 0) for state in InboxEvent.State.values}
    return page(
        request,
        "staff/health.html",
        gettext("Health"),
        health=found,
        now=now,
        dates=dates(found.connections, now)[:LISTED],
        more_dates=max(0, len(found.connections) - LISTED),
        calls=sorted(found.calls, key=lambda item: -item.forecast)[:LISTED],
        more_calls=max(0, len(found.calls) - LISTED),
        inbox=[(state, label, inbox[state]) for state, label in InboxEvent.State.choices],
        refused=sum(item.refused for item in found.intake),
        most_calls=max((item.forecast for item in found.calls), default=0),
    )


def letters_of(request: HttpRequest) -> QuerySet[Letter]:
    """Return the letters a person may see: to the office, and to people of the clients they look after."""
    mine = Membership.objects.for_user(request.user).values("user")
    return Letter.objects.filter(Q(user__is_staff=True) | Q(user__in=mine))


@require_POST
@staff_view(view="hub.view_inboxevent", write="hub.change_run")
def health_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Try at once to send a mail that did not leave."""
    letter = get_object_or_404(letters_of(request), pk=pk, state__in=(Letter.State.WAITING, Letter.State.GIVEN_UP))
    letters.again(letter)
    messages.success(request, gettext("The mail is tried again now. This page says if it does not leave."))
    return redirect("admin:health")


@require_POST
@staff_view(view="hub.view_run", write="hub.change_run")
def health_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Free a run whose worker is gone."""
    run = get_object_or_404(Run.objects.for_user(request.user), pk=pk)
    if run.state not in Run.WORKING:
        messages.warning(request, gettext("This run is not under way any more."))
        return redirect("admin:health")
    work.release(run)
    messages.success(request, gettext("Run %(run)s is free: the next free worker takes it up.") % {"run": run})
    return redirect("admin:health")


# Webhooks


def events_of(request: HttpRequest) -> QuerySet[InboxEvent]:
    """Return the webhook events a person may see; those of no connection are for people who see all clients."""
    visible = Connection.objects.for_user(request.user)
    rows = InboxEvent.objects.select_related("connection__organization")
    found = rows.filter(connection__in=visible)
    return found | rows.filter(connection__isnull=True) if request.user.is_staff else found


@staff_view(view="hub.view_inboxevent")
def events(request: HttpRequest) -> HttpResponse:
    """List webhook events, newest first."""
    state = desk.pick(request.GET, "state", InboxEvent.State.values)
    vendor = desk.pick(request.GET, "vendor", registry.connectors())
    rows = events_of(request).order_by("-id")
    if state:
        rows = rows.filter(state=state)
    if vendor:
        rows = rows.filter(vendor=vendor)
    found = desk.listing(request, rows)
    return page(
        request,
        "staff/health_events.html",
        gettext("Webhooks"),
        [(gettext("Health"), reverse("admin:health"))],
        listing=found,
        filters=[
            (
                "state",
                gettext("State"),
                [desk.Option(value, str(label), None, value == state) for value, label in InboxEvent.State.choices],
            ),
            (
                "vendor",
                gettext("Vendor"),
                [
                    desk.Option(key, item.label.say(desk.language()), None, key == vendor)
                    for key, item in registry.connectors().items()
                ],
            ),
        ],
        state=state,
        can_replay_all=state in REPLAYED and found.total > 0,
    )


@require_POST
@staff_view(view="hub.view_inboxevent", write="hub.change_inboxevent")
def events_replay(request: HttpRequest) -> HttpResponse:
    """Act on chosen events once more, or on all of one state."""
    ids = [int(value) for value in request.POST.getlist("event") if value.isdigit()]
    state = desk.pick(request.POST, "state", REPLAYED)
    rows = events_of(request).filter(pk__in=ids) if ids else events_of(request).filter(state=state) if state else None
    back = f"{reverse('admin:events')}?state={state}" if state else reverse("admin:events")
    if rows is None:
        messages.warning(request, gettext("No event was chosen, so nothing was changed."))
        return redirect(back)
    done = 0
    try:
        for event in rows.order_by("id")[:_AT_ONCE]:
            work.replay(event)
            done += 1
    except SyncError as error:
        tell_error(request, error)
    messages.success(
        request, ngettext("%(n)d event is acted on again.", "%(n)d events are acted on again.", done) % {"n": done}
    )
    return redirect(back)


urls = [
    path("health/", health, name="health"),
    path("health/runs/<int:pk>/release/", health_release, name="health_release"),
    path("health/letters/<int:pk>/again/", health_letter, name="health_letter"),
    path("health/webhooks/", events, name="events"),
    path("health/webhooks/replay/", events_replay, name="events_replay"),
]
