"""The guided set-up of a pair: its steps in order, what is missing by name, how to make it, and an offer to make it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.jobs import guide as work
from bridge.staff.integrations import VIEW, crumb, get_integration, section
from bridge.staff.pages import page, staff_view, tell_error
from bridge.staff.templatetags.bridge import say
from connectors.contract import SyncError


@staff_view(view=VIEW)
def guide(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the steps, done or to do."""
    integration = get_integration(request, pk)
    recipe = registry.recipe(integration.recipe)
    if not recipe.guide:
        raise Http404
    work.freshen(integration)
    found = work.guide(integration)
    missing = next((item.missing for item in found if item.spec.done == "present"), [])
    accounts = [setting for setting in recipe.settings if setting.key == "income_account"]
    chosen = integration.settings or {}
    return page(
        request,
        "staff/guide.html",
        _("Set-up, step by step"),
        [section(), crumb(integration)],
        integration=integration,
        recipe=recipe,
        steps=found,
        missing=missing,
        account=chosen.get("income_account_label") or chosen.get("income_account", ""),
        wants_account=bool(accounts),
        open_run=next((run for run in integration.runs.all()[:1] if run.is_open), None),
    )


@require_POST
@staff_view(view=VIEW, write="hub.change_valuemap")
def guide_refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the lists anew and show what is there now."""
    integration = get_integration(request, pk)
    try:
        work.refresh(integration)
        messages.success(request, gettext("The lists were read anew."))
    except SyncError as error:
        tell_error(request, error)
    return redirect("admin:guide", pk)


@require_POST
@staff_view(view=VIEW, write="hub.add_run")
def guide_make(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Plan what is missing; the plan waits for approval like any other."""
    integration = get_integration(request, pk)
    recipe = registry.recipe(integration.recipe)
    if not any(step.done == "present" and step.of == kind for step in recipe.guide):
        raise Http404
    account = next((item for item in recipe.settings if item.key == "income_account"), None)
    if account and not (integration.settings or {}).get(account.key):
        messages.error(
            request, gettext("Choose “%(setting)s” in the settings first.") % {"setting": say(account.label)}
        )
        return redirect("admin:guide", pk)
    try:
        run = work.make(integration, kind, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:guide", pk)
    return redirect("admin:run_plan", run.pk)


urls: list[URLPattern] = [
    path("integrations/<int:pk>/guide/", guide, name="guide"),
    path("integrations/<int:pk>/guide/refresh/", guide_refresh, name="guide_refresh"),
    path("integrations/<int:pk>/guide/make/<slug:kind>/", guide_make, name="guide_make"),
]
