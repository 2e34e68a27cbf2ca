"""The simulators: faults on and off, the clock, a fresh world, and every call they saw. Only where some are in use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Connection, Environment
from bridge.jobs import sandbox
from bridge.staff import desk
from bridge.staff.pages import language, page, staff_view, tell_error
from connectors.contract import SyncError

WORLDS = {"demo": _("The demonstration world"), "empty": _("An empty world")}
KINDS = {
    "drop_before": _("Cut the line before the call is carried out"),
    "drop_after": _("Carry the call out, then lose the answer"),
    "delay": _("Answer late"),
    "status": _("Answer with an error"),
    "truncate": _("Answer with half of it"),
    "html": _("Answer with a web page"),
    "drip": _("Answer very slowly"),
    "lossy": _("Leave records out of lists at random"),
    "lag": _("Show changes late"),
    "expire_tokens": _("Let every sign-in run out now"),
    "revoke": _("Take back every consent now"),
}
ONCE = ("expire_tokens", "revoke")  # happen at once; nothing stays switched on
STEPS = {"3600": _("One hour"), "86400": _("One day"), "604800": _("One week"), "8640000": _("A hundred days")}
STATUSES = (
    "400", "401", "403", "404", "409", "423", "429", "477", "500", "502", "503", "504",
    "521", "522", "523", "524", "525", "526",
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CALLS = 100


def vendors(request: HttpRequest) -> dict[str, str]:
    """Return the vendors of which a person may see an account at a simulator, by key; 404 when there is none."""
    found = (
        Connection.objects.for_user(request.user)
        .filter(environment=Environment.LOCAL_SANDBOX)
        .exclude(state=Connection.State.DISCONNECTED)
        .order_by()
        .values_list("vendor", flat=True)
        .distinct()
    )
    known = registry.connectors()
    labels = {key: known[key].label.say(language()) for key in sorted(found) if key in known}
    if not labels:
        raise Http404
    return labels


@dataclass(frozen=True, slots=True)
class Shown:
    """A fault that is switched on, in words."""

    place: int
    vendor: str
    words: str
    details: str
    hits: int | None


def shown(faults: list[Mapping[str, Any]], labels: Mapping[str, str]) -> list[Shown]:
    """Return the faults now on, in words."""
    return [
        Shown(
            place,
            labels.get(str(fault.get("vendor") or ""), str(fault.get("vendor") or gettext("every vendor"))),
            str(KINDS.get(str(fault.get("kind")), fault.get("kind"))),
            _details(fault),
            fault.get("hits"),
        )
        for place, fault in enumerate(faults)
    ]


def _details(fault: Mapping[str, Any]) -> str:
    told = []
    if fault.get("method"):
        told.append(str(fault["method"]))
    if fault.get("path"):
        told.append(str(fault["path"]))
    if fault.get("kind") == "status":
        told.append(str(fault.get("status")))
    if fault.get("kind") in ("delay", "drip", "lag") and fault.get("seconds"):
        told.append(gettext("%(n)s s") % {"n": desk.shown(fault["seconds"], "number")})
    if fault.get("rate") is not None and float(str(fault["rate"])) < 1:
        told.append(f"{float(str(fault['rate'])):.0%}")
    if fault.get("times") is not None:
        told.append(gettext("at most %(n)s times") % {"n": fault["times"]})
    return " · ".join(told)


@staff_view(view="hub.view_connection")
def simulators(request: HttpRequest) -> HttpResponse:
    """Show what the simulators are doing."""
    labels = vendors(request)
    vendor = request.GET.get("vendor", "")
    vendor = vendor if vendor in labels else next(iter(labels))
    faults: list[Any] = []
    calls: list[Any] = []
    screens: dict[str, str] = {}
    is_silent = False
    try:
        faults = list(sandbox.get_faults())
        calls = list(sandbox.calls(vendor, _CALLS))[::-1]
        screens = sandbox.screens(labels)
    except SyncError:
        is_silent = True
    return page(
        request,
        "staff/simulators.html",
        gettext("Simulators"),
        is_silent=is_silent,
        faults=shown(faults, labels),
        calls=calls,
        vendor=vendor,
        vendors=labels.items(),
        screens=[(labels[key], address) for key, address in screens.items()],
        kinds=KINDS.items(),
        worlds=WORLDS.items(),
        steps=STEPS.items(),
        statuses=STATUSES,
        methods=METHODS,
    )


def fault_asked(request: HttpRequest, labels: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Read the form of a fault; the second value says what is wrong with it, "" when nothing is."""
    told = request.POST
    kind = told.get("kind", "")
    vendor = told.get("vendor", "")
    if kind not in KINDS or vendor not in labels:
        return {}, gettext("Choose a vendor and what should go wrong.")
    found: dict[str, Any] = {"kind": kind, "vendor": vendor}
    if told.get("method") in METHODS:
        found["method"] = told["method"]
    if told.get("path", "").strip():
        try:
            re.compile(told["path"].strip())
        except re.error:
            return {}, gettext("The path must be a pattern, such as /batches. This one cannot be read.")
        found["path"] = told["path"].strip()[:200]
    if kind == "status":
        found["status"] = int(told["status"]) if told.get("status") in STATUSES else 503
    for name, least, most in (("seconds", 0.0, 3600.0), ("rate", 1.0, 100.0), ("times", 1.0, 100_000.0)):
        text = told.get(name, "").strip().replace(",", ".")
        if not text:
            continue
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not least <= number <= most:
            return {}, gettext("“%(text)s” is not a number between %(least)g and %(most)g.") % {
                "text": text,
                "least": least,
                "most": most,
            }
        found[name] = int(number) if name == "times" else number / 100 if name == "rate" else number
    return found, ""


def _kept(fault: Mapping[str, Any]) -> dict[str, Any]:
    """Return a listed fault as it is set: without its counter, and without what it does not say."""
    return {name: value for name, value in fault.items() if name != "hits" and value not in (None, "")}


@require_POST
@staff_view(view="hub.view_connection", write="hub.change_connection")
def simulators_act(request: HttpRequest) -> HttpResponse:
    """Switch a fault on or off, move the clock, or start from a fresh world."""
    labels = vendors(request)
    acts = {"fault": _fault, "off": _off, "clear": _clear, "clock": _clock, "reset": _reset}
    act = acts.get(request.POST.get("do", ""))
    if act is None:
        raise Http404
    try:
        answer = act(request, labels)
    except SyncError as error:
        tell_error(request, error)
        answer = None
    return answer or redirect("admin:simulators")


def _fault(request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse | None:
    wanted, problem = fault_asked(request, labels)
    if problem:
        messages.error(request, problem)
        return None
    sandbox.set_faults([*(_kept(fault) for fault in sandbox.get_faults()), wanted])
    told = (
        gettext("Done, once.") if wanted["kind"] in ONCE else gettext("Switched on. It stays until it is switched off.")
    )
    messages.success(request, told)
    return None


def _off(request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse | None:
    place = request.POST.get("place", "")
    faults = [_kept(fault) for fault in sandbox.get_faults()]
    if not place.isdigit() or int(place) >= len(faults):
        messages.warning(request, gettext("This fault is not on any more."))
        return None
    del faults[int(place)]
    sandbox.set_faults(faults)
    messages.success(request, gettext("Switched off."))
    return None


def _clear(request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse | None:
    sandbox.set_faults([])
    messages.success(request, gettext("All faults are off."))
    return None


def _clock(request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse | None:
    step = desk.pick(request.POST, "seconds", STEPS)
    if not step:
        messages.error(request, gettext("Choose how far the clock goes forward."))
        return None
    sandbox.clock(int(step))
    messages.success(request, gettext("The vendors' clock went forward: %(step)s.") % {"step": STEPS[step]})
    return None


def _reset(request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse | None:
    world = desk.pick(request.POST, "world", WORLDS)
    if not world:
        messages.error(request, gettext("Choose a world."))
        return None
    if not desk.confirmed(request):
        return desk.ask(
            request,
            desk.Question(
                title=gettext("Start from a fresh world?"),
                sentence=gettext(
                    "Everything the simulators hold is thrown away and replaced. What Bridge remembers of them "
                    "stays, so the next run may find that records are gone."
                ),
                effects=[str(WORLDS[world])],
                button=gettext("Start afresh"),
                back=reverse("admin:simulators"),
                grave=True,
            ),
        )
    sandbox.reset(world)
    messages.success(request, gettext("The simulators start afresh: %(world)s.") % {"world": WORLDS[world]})
    return None


urls = [
    path("simulators/", simulators, name="simulators"),
    path("simulators/act/", simulators_act, name="simulators_act"),
]
