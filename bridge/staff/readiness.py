"""Readiness: what must stand before the first plan and before automatic runs, green or red, each with its cure."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.hub.models import Integration
from bridge.jobs import integrations as work
from bridge.staff.integrations import VIEW, crumb, get_integration, section
from bridge.staff.pages import page, staff_view
from bridge.staff.templatetags.bridge import code_cure, say
from connectors.contract import Finding

ORDER = {"blocker": 0, "warning": 1, "ok": 2}


@dataclass(frozen=True, slots=True)
class Point:
    """One line: what was looked at, how it stands, what to do and where. `first`: the first plan needs it too."""

    label: str
    level: str
    text: str
    cure: str
    place: str
    button: str
    first: bool


def points(integration: Integration) -> list[Point]:
    """Return the check's lines, what is in the way first."""
    steps = [step for step in work.steps(integration) if step.key not in ("first_run", "automatic")]
    codes = {"STEP-" + step.key.upper() for step in steps}
    found = [_step(integration, step) for step in steps]
    found += [
        _point(integration, item) for item in work.readiness(integration, automatic=True) if item.code not in codes
    ]
    found += _accounts(integration)
    return sorted(found, key=lambda item: (ORDER.get(item.level, 1), not item.first))


def _step(integration: Integration, step: work.Step) -> Point:
    place = reverse("admin:setup", args=[integration.pk, step.key])
    if step.key == "value_maps":
        place = reverse("admin:mappings", args=[integration.pk])
    first = step.key not in work.LATER
    if step.done:
        return Point(say(step.label), "ok", gettext("Done"), "", "", "", first)
    return Point(say(step.label), "blocker", say(step.why or step.label), "", place, gettext("Open the step"), first)


def _point(integration: Integration, item: Finding) -> Point:
    """A check of the recipe leads to the settings, the terms to their step, an account's own finding to the account."""
    checks = {check.code: check for check in registry.recipe(integration.recipe).checks}
    cure = code_cure(item.code, item.params) if item.level != "ok" else ""
    if item.code.startswith("TERMS-"):
        place, label = reverse("admin:setup", args=[integration.pk, "automatic"]), gettext("Terms")
    elif item.code in checks:
        place, label = reverse("admin:setup", args=[integration.pk, "settings"]), say(checks[item.code].label)
    else:
        place, label = _account_page(integration, item.code), gettext("Account")
    place = "" if item.level == "ok" else place
    return Point(label, item.level, say(item.text, item.params), cure, place, gettext("Go there"), False)


def _account_page(integration: Integration, code: str) -> str:
    for connection in (integration.left, integration.right):
        if connection and any(item["code"] == code for item in connection.findings):
            return reverse("admin:connection", args=[connection.pk])
    return reverse("admin:connections")


def _accounts(integration: Integration) -> list[Point]:
    """Say that an account's own check is good, or that it was never made."""
    found = []
    for connection in (integration.left, integration.right):
        if connection is None:
            continue
        place = reverse("admin:connection", args=[connection.pk])
        if connection.checked_at is None:
            words = gettext("This account was not checked yet.")
            cure = gettext("Open the connection and press “Check”.")
            found.append(Point(str(connection), "warning", words, cure, place, gettext("Go there"), False))
        elif not any(item["level"] != "ok" for item in connection.findings):
            words = gettext("The last check of this account found nothing in the way.")
            found.append(Point(str(connection), "ok", words, "", "", "", False))
    return found


@staff_view(view=VIEW)
def readiness(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the check."""
    integration = get_integration(request, pk)
    found = points(integration)
    return page(
        request,
        "staff/readiness.html",
        _("Readiness"),
        [section(), crumb(integration)],
        integration=integration,
        points=found,
        in_the_way=[item for item in found if item.level == "blocker"],
        before_plan=[item for item in found if item.level == "blocker" and item.first],
        as_of=timezone.now(),
    )


urls: list[URLPattern] = [path("integrations/<int:pk>/readiness/", readiness, name="readiness")]
