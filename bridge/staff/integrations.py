"""Integrations: the list, one page each, going automatic, pausing, and disconnecting with its effects told first."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Change, Integration, Organization, Run
from bridge.jobs import delays, guide, runs, trials
from bridge.jobs import integrations as work
from bridge.staff.connections import moves
from bridge.staff.pages import language, page, staff_view, tell_error
from bridge.staff.templatetags.bridge import recipe_label, say
from connectors.contract import SyncError

VIEW, WRITE, ADD = "hub.view_integration", "hub.change_integration", "hub.add_integration"


def section() -> tuple[object, str]:
    """The first crumb of these pages."""
    return (_("Integrations"), reverse("admin:integrations"))


def get_integration(request: HttpRequest, pk: int) -> Integration:
    """Return one integration this person may see, with both accounts; 404 else."""
    rows = Integration.objects.for_user(request.user).select_related("organization", "left", "right")
    return get_object_or_404(rows, pk=pk)


def crumb(integration: Integration) -> tuple[object, str]:
    """The crumb of one integration."""
    words = f"{integration.organization} · {recipe_label(integration.recipe)}"
    return (words, reverse("admin:integration", args=[integration.pk]))


@staff_view(view=VIEW)
def integration_list(request: HttpRequest) -> HttpResponse:
    """List integrations with both accounts, state, last good and next run; beta ones say so (M-17)."""
    rows = (
        Integration.objects.for_user(request.user)
        .select_related("organization", "left", "right")
        .order_by("organization__name", "pk")
    )
    organization, state = request.GET.get("organization", ""), request.GET.get("state", "")
    if organization.isdecimal():
        rows = rows.filter(organization=int(organization))
    rows = (
        rows.filter(state=state)
        if state in Integration.State.values
        else rows.exclude(state=Integration.State.DISCONNECTED)
    )
    return page(
        request,
        "staff/integrations.html",
        _("Integrations"),
        rows=list(rows[:500]),
        recipes=registry.recipes(),
        organizations=Organization.objects.for_user(request.user).only("id", "name"),
        states=Integration.State.choices,
        chosen={"organization": organization, "state": state},
    )


@staff_view(view=VIEW, write=ADD)
def integration_new(request: HttpRequest) -> HttpResponse:
    """Choose a client and a pair of systems; the steps come after."""
    given = request.POST if request.method == "POST" else request.GET
    organizations = Organization.objects.for_user(request.user).only("id", "name", "language")
    problems: dict[str, list[str]] = {}
    if request.method == "POST":
        wanted = given.get("organization", "")
        organization = organizations.filter(pk=wanted).first() if wanted.isdecimal() else None
        if organization is None:
            problems["organization"] = [gettext("Choose the client.")]
        if given.get("recipe") not in registry.recipes():
            problems["recipe"] = [gettext("Choose what to keep in step.")]
        if not problems and organization is not None:
            integration = work.create(organization, given["recipe"], request.user)
            return redirect("admin:integration", integration.pk)
    return page(
        request,
        "staff/integration_new.html",
        _("Set up an integration"),
        [section()],
        organizations=organizations,
        recipes=registry.recipes(),
        chosen={name: given.get(name, "") for name in ("organization", "recipe")},
        problems=problems,
    )


@dataclass(frozen=True, slots=True)
class Synced:
    """What the newest finished run did, in numbers."""

    run: Run
    created: int
    updated: int
    linked: int
    waiting: int


def last_synced(integration: Integration) -> Synced | None:
    """Return the newest run that ended, with its counts (M-16); None before the first."""
    ended = (Run.State.DONE, Run.State.HELD, Run.State.INCOMPLETE, Run.State.STOPPED, Run.State.INTERRUPTED)
    run = integration.runs.filter(kind=Run.Kind.SYNC, state__in=ended).select_related("user").first()
    if run is None:
        return None
    done: dict[str, int] = {}
    for line in (run.counts or {}).get("lines", ()):
        if line["state"] == Change.State.DONE:
            done[line["action"]] = done.get(line["action"], 0) + int(line["n"])
    return Synced(
        run,
        done.get(Change.Action.CREATE, 0),
        done.get(Change.Action.UPDATE, 0),
        done.get(Change.Action.LINK, 0) + done.get(Change.Action.FOLLOW, 0),
        int((run.counts or {}).get("waiting") or 0),
    )


@staff_view(view=VIEW)
def integration_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one integration: both accounts, the set-up with what is still to do, the last run, what comes next."""
    integration = get_integration(request, pk)
    recipe = registry.recipe(integration.recipe)
    steps = work.steps(integration)
    newest = integration.runs.select_related("user").first()
    return page(
        request,
        "staff/integration.html",
        recipe_label(integration.recipe),
        [section()],
        integration=integration,
        recipe=recipe,
        steps=steps,
        ready=work.may_plan(steps),
        blocking=work.blocking(steps),
        newest=newest,
        open_run=newest if newest and newest.is_open else None,
        synced=last_synced(integration),
        moves=moves(integration),
        held=Change.objects.filter(
            integration=integration, state__in=(Change.State.HELD, Change.State.REJECTED)
        ).count(),
        first_done=integration.flows.aggregate(at=Max("first_done_at"))["at"],
        next_steps=[(say(text), address) for text, address in recipe.next_steps],
        delays=delays.lately(integration, timezone.now()),
        guide=guide.guide(integration),
        trial=recipe.trial,
        trial_run=trials.newest(integration) if recipe.trial else None,
    )


@require_POST
@staff_view(view=VIEW, write="hub.add_run")
def integration_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a run. The first one, and any that a brake stops, waits with its plan before anything is written."""
    integration = get_integration(request, pk)
    steps = work.steps(integration)
    if not work.may_plan(steps):
        for step in work.blocking(steps):
            messages.error(request, say(step.why or step.label))
        return redirect("admin:integration", pk)
    try:
        run = runs.start(integration, "person", request.user, plan_only=request.POST.get("plan_only") in ("1", "yes"))
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:integration", pk)
    return redirect("admin:run_page", run.pk)


@require_POST
@staff_view(view=VIEW, write="hub.approve_run")
def integration_trial(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test that goes all the way and is taken back."""
    integration = get_integration(request, pk)
    try:
        run = trials.send(integration, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:integration", pk)
    messages.success(request, gettext("The test is on its way. Its result is on the integration’s page."))
    return redirect("admin:run_page", run.pk)


@require_POST
@staff_view(view=VIEW, write="hub.approve_run")
def integration_automatic(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn runs by themselves on or off; what stands in the way is said."""
    integration = get_integration(request, pk)
    on = request.POST.get("on") == "1"
    blockers = work.set_automatic(integration, on, request.user)
    for item in blockers:
        messages.error(request, say(item.text, item.params))
    if not blockers:
        messages.success(
            request,
            gettext("This integration now runs by itself.") if on else gettext("It runs only when a person starts it."),
        )
    return redirect("admin:integration", pk)


@require_POST
@staff_view(view=VIEW, write="hub.change_run")
def integration_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause or resume."""
    integration = get_integration(request, pk)
    if request.POST.get("do") == "resume":
        work.resume(integration, request.user)
        messages.success(request, gettext("The integration runs again."))
    else:
        work.pause(integration, request.user)
        messages.success(request, gettext("Paused: no run begins until someone resumes."))
    return redirect("admin:integration", pk)


@staff_view(view=VIEW, write="hub.delete_integration")
def integration_disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """List what disconnecting does, and do it only on the second, explicit confirmation (M-27)."""
    integration = get_integration(request, pk)
    problems: dict[str, list[str]] = {}
    if request.method == "POST" and integration.state != Integration.State.DISCONNECTED:
        if request.POST.get("understood") != "yes":
            problems["understood"] = [gettext("Tick that you have read what happens.")]
        else:
            try:
                run = work.disconnect(integration, request.user)
            except SyncError as error:
                tell_error(request, error)
                return redirect("admin:integration", pk)
            messages.success(request, gettext("Disconnecting has begun. Nothing is synced any more."))
            return redirect("admin:run_page", run.pk)
    return page(
        request,
        "staff/integration_disconnect.html",
        gettext("Disconnect %(integration)s?") % {"integration": recipe_label(integration.recipe)},
        [section(), crumb(integration)],
        integration=integration,
        effects=work.disconnect_effects(integration, language()),
        problems=problems,
    )


urls: list[URLPattern] = [
    path("integrations/", integration_list, name="integrations"),
    path("integrations/new/", integration_new, name="integration_new"),
    path("integrations/<int:pk>/", integration_page, name="integration"),
    path("integrations/<int:pk>/run/", integration_run, name="integration_run"),
    path("integrations/<int:pk>/trial/", integration_trial, name="integration_trial"),
    path("integrations/<int:pk>/automatic/", integration_automatic, name="integration_automatic"),
    path("integrations/<int:pk>/pause/", integration_pause, name="integration_pause"),
    path("integrations/<int:pk>/disconnect/", integration_disconnect, name="integration_disconnect"),
]
