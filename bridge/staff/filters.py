"""Which records go: the filter of each way of a flow, with counts that follow as it is edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext

from bridge import registry
from bridge.engine.filters import always, describe_condition, evaluate
from bridge.engine.kinds import fields_of
from bridge.engine.model import Problem
from bridge.hub.models import Flow, Record
from bridge.jobs import custom, filtering, flowing
from bridge.jobs.plan import towards
from bridge.staff import desk
from bridge.staff import tree as forms
from bridge.staff.integrations import VIEW, WRITE
from bridge.staff.objects import get_flow, preset_rows, use_preset, way_words
from bridge.staff.pages import language, staff_view
from bridge.staff.templatetags.bridge import code_cure, code_what, entity_label, say, vendor_label
from bridge.staff.wizard import Problems, frame, words_of
from connectors.contract import CUSTOM, RecipeFlow

Conditions = list[tuple[str, str, bool]]  # in words, what the record has, whether it holds


@dataclass(frozen=True, slots=True)
class Probe:
    """One record held against a filter: does it go, and which condition says what."""

    record: Record
    passed: bool
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Tab:
    """One way of a flow, as a link to its filter."""

    words: str
    address: str
    here: bool


@staff_view(view=VIEW, write=WRITE)
def flow_filter(request: HttpRequest, pk: int, entity: str, back: bool = False) -> HttpResponse:
    """Edit the filter of one way of a flow. "Save" and a recommended set store; every other button shows."""
    integration, flow, declared = get_flow(request, pk, entity)
    if back and flow.direction != "both":
        return redirect("admin:setup_filter", pk, entity)
    stored = (flow.filter_back if back else flow.filter) or {}
    problems: Problems = {}
    root = forms.form_of(stored)
    order = request.POST.get("do", "") if request.method == "POST" else ""
    if order.startswith("set:"):
        return use_preset(request, flow, declared, order.removeprefix("set:"))
    if request.method == "POST":
        root = _edited(request, declared, order, back)
    wanted = forms.tree_of(root, entity, language())
    if order == "save":
        found = filtering.save_filter(flow, wanted, request.user, back)
        if not found:
            messages.success(request, gettext("Filter saved. The next run plans everything anew by it."))
            if said := always(wanted, entity):
                code = f"FILTER-{said.upper()}"
                messages.warning(request, f"{code_what(code)} {code_cure(code) if said == 'nothing' else ''}".strip())
            return redirect(request.path)
        problems = _by_path(found, entity)
    elif order:
        problems = _by_path(filtering.check_filter(flow, wanted, back), entity)
    count = filtering.count_filter(flow, wanted, back) if not problems else None
    words = request.POST.get("probe", "")
    context = {
        "integration": integration,
        "flow": flow,
        "declared": declared,
        "count": count,
        "outs": [(row, in_words(entity, why)) for row, why in count.samples_out] if count else [],
        "problems": problems,
        "probe": _probe(flow, wanted, back, words) if not problems else None,
        "probe_words": words,
        "entity_words": entity_label(entity),
        "unsaved": wanted != stored,
    }
    if request.headers.get("X-Fragment") == "count":
        return HttpResponse(render_to_string("staff/setup_filter_count.html", context, request))
    tabs = _tabs(flow, declared, back)
    return frame(
        request,
        integration,
        "flows",
        "staff/setup_filter.html",
        gettext("Which records go: %(flow)s") % {"flow": say(declared.label)},
        root=root,
        tabs=tabs,
        way=next((item.words for item in tabs if item.here), ""),
        groups=forms.GROUPS.items(),
        tests=forms.WORDS.items(),
        fields=forms.field_groups(
            entity,
            language(),
            flowing.told_beside(flow, back),
            filtering.fields_told(flow, back),
            forms.fields_used(root),
            *_own_fields(flow, back),
        ),
        plain_presets=[(item.key, say(item.label)) for item in declared.presets if not item.direction],
        sets=preset_rows(flow, declared),
        next_address=request.path,
        **{key: value for key, value in context.items() if key != "integration"},
    )


def _own_fields(flow: Flow, back: bool) -> tuple[str, dict[str, str]]:
    """Return what the fields are called that people added at the account a filter looks at, and those last listed;
    "" where that account has none.
    """
    side = flowing.source_side(flow, back)
    place = next((item for item in custom.places(flow) if item.side == side), None)
    if place is None:
        return "", {}
    vendor = vendor_label(place.connection.vendor)
    named = {f"{CUSTOM}{item.id}": item.label for item in place.listed}
    return gettext("Fields added at %(vendor)s") % {"vendor": vendor}, named


def _tabs(flow: Flow, declared: RecipeFlow, back: bool) -> list[Tab]:
    recipe = registry.recipe(flow.integration.recipe)
    names = ("setup_filter", "setup_filter_back")
    return [
        Tab(
            way_words(recipe, declared, toward),
            reverse(f"admin:{names[place]}", args=[flow.integration_id, flow.entity]),
            bool(place) is back,
        )
        for place, toward in enumerate(towards(flow.direction))
    ]


def _edited(request: HttpRequest, declared: RecipeFlow, order: str, back: bool) -> forms.Node:
    if order.startswith("preset:"):
        preset = next((item for item in declared.presets if item.key == order.removeprefix("preset:")), None)
        if preset:
            return forms.form_of(preset.back if back else preset.tree)
    if order == "clear":
        return forms.form_of({})
    first = next(iter(fields_of(declared.entity)))
    return forms.changed(forms.read(request.POST), order, first)


def _by_path(found: Sequence[Problem], entity: str) -> Problems:
    problems = Problems()
    for problem in found:
        problems.setdefault(forms.path_in_form(problem.path), []).append(words_of(problem, entity))
    return problems


def in_words(entity: str, trace: Sequence[Mapping[str, Any]]) -> Conditions:
    """Return conditions that were tried, in words."""
    return [(describe_condition(item, entity, language()), _have(item["have"]), bool(item["passed"])) for item in trace]


def _have(value: Any) -> str:
    """Return what a record has in words; several associated records are told once each."""
    told = value if isinstance(value, list) else [value]
    words = [text for item in told if (text := desk.shown(item))]
    return ", ".join(dict.fromkeys(words)) or gettext("nothing")


def _probe(flow: Flow, wanted: Mapping[str, Any], back: bool, words: str) -> Probe | None:
    """Hold the first record whose name, number, address or id has these words against the filter."""
    text = words.strip()
    if not text:
        return None
    named = Q(name__icontains=text) | Q(number__iexact=text) | Q(remote_id=text) | Q(email_key__icontains=text)
    for row, record in filtering.source_records(flow, wanted, back, chosen=named, most=1):
        passed, trace = evaluate(wanted, record.values, flow.integration.organization.time_zone)
        return Probe(row, passed, in_words(flow.entity, trace))
    return None


urls: list[URLPattern] = [
    path("integrations/<int:pk>/setup/flows/<slug:entity>/filter/", flow_filter, name="setup_filter"),
    path(
        "integrations/<int:pk>/setup/flows/<slug:entity>/filter/back/",
        flow_filter,
        {"back": True},
        name="setup_filter_back",
    ),
]
