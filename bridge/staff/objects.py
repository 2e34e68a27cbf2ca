"""What an integration keeps in step: its flows with their states, which way each goes, which fields become which."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.engine.filters import always, describe
from bridge.engine.kinds import fields_of
from bridge.engine.transforms import REGISTRY, read_number, rule_field
from bridge.hub.models import Connection, Flow, Integration, MappingRule
from bridge.jobs import custom, filtering, flowing, ruling
from bridge.jobs.context import writable
from bridge.jobs.plan import towards
from bridge.staff import desk
from bridge.staff.integrations import VIEW, WRITE, get_integration
from bridge.staff.pages import language, say_error, staff_view, tell_error
from bridge.staff.templatetags.bridge import day, entity_label, say, vendor_label
from bridge.staff.wizard import Problems, cadence_of, day_of, frame, number_of, words_of
from connectors.contract import CUSTOM, FilterPreset, Recipe, RecipeFlow, Resource, SyncError

STATES = {"on": _("On"), "off": _("Off"), "paused": _("Paused"), "none": _("Not set up")}


def way_words(recipe: Recipe, declared: RecipeFlow, toward: str) -> str:
    """Return a way in words, by the names of both systems."""
    if declared.inside:
        return gettext("Within %(vendor)s") % {"vendor": vendor_label(getattr(recipe, declared.inside))}
    names = [vendor_label(recipe.left), vendor_label(recipe.right)]
    source, target = names if toward == "right" else reversed(names)
    return gettext("From %(source)s to %(target)s") % {"source": source, "target": target}


def direction_words(recipe: Recipe, declared: RecipeFlow, direction: str) -> str:
    """Return a direction in words."""
    if direction != "both":
        return way_words(recipe, declared, direction)
    names = {"left": vendor_label(recipe.left), "right": vendor_label(recipe.right)}
    return gettext("Both ways between %(left)s and %(right)s") % names


# recommended sets


@dataclass(frozen=True, slots=True)
class PresetRow:
    """A recommended set with what it will set, said before it is applied."""

    key: str
    label: str
    help: str
    facts: list[tuple[str, str]]
    applied: bool
    holds_back: bool  # what comes the second way is filtered


def preset_rows(flow: Flow, declared: RecipeFlow) -> list[PresetRow]:
    """Return the whole sets a recipe recommends for a flow; filters alone are offered in the editor."""
    return [
        PresetRow(
            item.key,
            say(item.label),
            say(item.help) if item.help else "",
            preset_facts(flow, declared, item),
            filtering.is_applied(flow, item),
            bool(item.back),
        )
        for item in declared.presets
        if item.direction
    ]


def preset_facts(flow: Flow, declared: RecipeFlow, preset: FilterPreset) -> list[tuple[str, str]]:
    """Return what a set will set: direction, the filter of each way, the start date."""
    recipe = registry.recipe(flow.integration.recipe)
    facts = [(gettext("Direction"), direction_words(recipe, declared, preset.direction or flow.direction))]
    ways = towards(preset.direction or flow.direction)
    for toward, tree in zip(ways, (preset.tree, preset.back), strict=False):
        term = way_words(recipe, declared, toward) if len(ways) > 1 else gettext("Which records")
        facts.append((term, describe(tree, flow.entity, language())))
    if preset.from_today:
        today = day(flow.integration.organization.today)
        words = gettext("%(day)s, today where the client is: documents dated before stay out") % {"day": today}
    elif flow.start_date:
        words = gettext("stays %(day)s") % {"day": day(flow.start_date)}
    else:
        words = gettext("none, as now: the date does not count")
    return [*facts, (gettext("Start date"), words)]


# the list


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a flow: where from and to, which records go, whether that is all of them."""

    toward: str
    back: bool
    words: str
    filter_words: str
    lets_all: bool


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One flow as the pages show it; `flow` is None after its sync was deleted."""

    recipe: Recipe
    declared: RecipeFlow
    flow: Flow | None
    state: str
    sentence: str
    ways: list[Way]
    rule_count: int
    problems: list[str]
    presets: list[PresetRow]

    @property
    def entity(self) -> str:
        return self.declared.entity

    @property
    def state_words(self) -> str:
        return str(STATES[self.state])

    @property
    def direction_words(self) -> str:
        return direction_words(self.recipe, self.declared, self.flow.direction) if self.flow else ""

    @property
    def directions(self) -> list[tuple[str, str]]:
        return [(value, direction_words(self.recipe, self.declared, value)) for value in self.declared.directions]

    @property
    def is_made(self) -> bool:
        """Whether what it writes is made of whole records, with rules or without."""
        return bool(self.declared.compose or self.declared.posting)

    @property
    def unguarded(self) -> list[Way]:
        """The second ways that let every record through although a recommended set would hold some back (H-21)."""
        advised = any(item.holds_back and not item.applied for item in self.presets)
        return [way for way in self.ways if way.back and way.lets_all and advised]

    @property
    def keeps_documents(self) -> bool:
        """Whether this flow's records have an origin worth a list: documents made over there or brought by us."""
        return self.entity in ("sale", "payment", "refund") and not self.declared.inside and not self.declared.compose

    @property
    def updates_percent(self) -> str:
        """The share of updates that asks a person, as a number of per cent."""
        share = (self.flow.brakes or {}).get("updates_share") if self.flow else None
        return "" if share in (None, "") else format((Decimal(str(share)) * 100).normalize(), "f")


def flow_row(integration: Integration, declared: RecipeFlow, flow: Flow | None, trouble: Sequence[str] = ()) -> FlowRow:
    """Return one flow as the pages show it."""
    recipe = registry.recipe(integration.recipe)
    if flow is not None:
        flow.integration = integration
    return FlowRow(
        recipe,
        declared,
        flow,
        _state(integration, flow),
        say(declared.sentence),
        ways_of(recipe, declared, flow) if flow else [],
        len(flow.rules.all()) if flow else 0,
        list(trouble),
        preset_rows(flow, declared) if flow else [],
    )


def _state(integration: Integration, flow: Flow | None) -> str:
    if flow is None:
        return "none"
    if not flow.is_on:
        return "off"
    accounts = [item for item in (integration.left, integration.right) if item is not None]
    held = integration.state == Integration.State.PAUSED or any(
        item.state == Connection.State.PAUSED for item in accounts
    )
    return "paused" if held else "on"


def ways_of(recipe: Recipe, declared: RecipeFlow, flow: Flow) -> list[Way]:
    """Return the ways a flow goes now, each with its filter in words."""
    found = []
    for place, toward in enumerate(towards(flow.direction)):
        tree = (flow.filter_back if place else flow.filter) or {}
        words = describe(tree, flow.entity, language())
        lets_all = always(tree, flow.entity) == "everything"
        found.append(Way(toward, bool(place), way_words(recipe, declared, toward), words, lets_all))
    return found


@staff_view(view=VIEW, write=WRITE)
def flows_step(request: HttpRequest, pk: int) -> HttpResponse:
    """List what is kept in step, each with its state and the way to configure it."""
    if request.method == "POST":
        return flow_page(request, pk, request.POST.get("entity", ""))
    integration = get_integration(request, pk)
    trouble: dict[int, list[str]] = {}
    for flow, problem in ruling.rule_problems(integration):
        trouble.setdefault(flow.pk, []).append(words_of(problem, flow.entity))
    flows = {flow.entity: flow for flow in integration.flows.prefetch_related("rules")}
    rows = []
    for declared in registry.recipe(integration.recipe).flows:
        flow = flows.get(declared.entity)
        rows.append(flow_row(integration, declared, flow, trouble.get(flow.pk, []) if flow else []))
    return frame(request, integration, "flows", "staff/setup_flows.html", _("Fields and filters"), rows=rows)


# one flow


def declared_flow(request: HttpRequest, pk: int, entity: str) -> tuple[Integration, RecipeFlow]:
    """Return an integration this person may see, and what its recipe says of an entity; 404 else."""
    integration = get_integration(request, pk)
    try:
        return integration, registry.recipe(integration.recipe).flow(entity)
    except KeyError as error:
        raise Http404 from error


def get_flow(request: HttpRequest, pk: int, entity: str) -> tuple[Integration, Flow, RecipeFlow]:
    """Return one flow of an integration this person may see; 404 else, also for one that was deleted."""
    integration, declared = declared_flow(request, pk, entity)
    flow = get_object_or_404(integration.flows, entity=entity)
    flow.integration = integration
    return integration, flow, declared


@staff_view(view=VIEW, write=WRITE)
def flow_page(request: HttpRequest, pk: int, entity: str) -> HttpResponse:
    """Configure one flow: direction, dates, limits, recommended sets; turn it off and on; delete its sync."""
    integration, declared = declared_flow(request, pk, entity)
    flow = integration.flows.prefetch_related("rules").filter(entity=entity).first()
    problems: Problems = {}
    if request.method == "POST":
        order, _colon, key = request.POST.get("do", "save").partition(":")
        if flow is None:
            return _set_up(request, integration, declared) if order == "set_up" else _to_flow(integration, entity)
        flow.integration = integration
        if order == "delete":
            return _delete(request, flow, declared)
        if order in ("on", "off"):
            return _switch(request, flow, declared, order == "on")
        if order == "preset":
            return use_preset(request, flow, declared, key)
        problems = _save_flow(flow, declared, request)
        if not problems:
            messages.success(request, gettext("%(flow)s saved.") % {"flow": say(declared.label)})
            return redirect("admin:setup", pk, "flows")
    row = flow_row(integration, declared, flow)
    return frame(
        request,
        integration,
        "flows",
        "staff/setup_flow.html",
        say(declared.label),
        row=row,
        flow=flow,
        approvals=Flow.Approval.choices,
        problems=problems,
    )


def _to_flow(integration: Integration, entity: str) -> HttpResponse:
    return redirect("admin:setup_flow", integration.pk, entity)


def _set_up(request: HttpRequest, integration: Integration, declared: RecipeFlow) -> HttpResponse:
    flowing.set_up_flow(integration, declared.entity, request.user)
    messages.success(request, gettext("Set up anew, with the default rules. It is off until you turn it on."))
    return _to_flow(integration, declared.entity)


def _switch(request: HttpRequest, flow: Flow, declared: RecipeFlow, on: bool) -> HttpResponse:
    """Turn a flow off or on by itself, without its form."""
    if declared.optional and flow.is_on != on:
        flow.is_on = on
        with transaction.atomic():
            flow.save(update_fields=["is_on"])
            Flow.objects.filter(pk=flow.pk).update(rules_version=F("rules_version") + 1)
        words = (
            gettext("%(flow)s: on. The next run looks for what changed meanwhile.")
            if on
            else gettext("%(flow)s: off. Nothing of it is written any more, at either side; the rest goes on.")
        )
        messages.success(request, words % {"flow": say(declared.label)})
    return redirect("admin:setup", flow.integration_id, "flows")


def _delete(request: HttpRequest, flow: Flow, declared: RecipeFlow) -> HttpResponse:
    """Delete a flow's settings after saying what goes and what stays (H-19)."""
    here = reverse("admin:setup_flow", args=[flow.integration_id, flow.entity])
    if not desk.confirmed(request):
        question = desk.Question(
            title=gettext("Delete the sync of %(flow)s?") % {"flow": say(declared.label)},
            sentence=gettext("It stops, and its settings, rules and filters are gone."),
            effects=[
                gettext("Records stay as they are at both sides; which ones belong together stays known."),
                gettext("What was written stays readable under Runs and on the page of each record."),
                gettext("What waits to be sent is closed, and open conflicts with it."),
                gettext("It can be set up again from scratch, with the default rules."),
            ],
            button=gettext("Delete the sync"),
            back=here,
            grave=True,
        )
        return desk.ask(request, question)
    try:
        flowing.delete_flow(flow, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect(here)
    messages.success(request, gettext("The sync of %(flow)s is deleted.") % {"flow": say(declared.label)})
    return redirect("admin:setup", flow.integration_id, "flows")


def use_preset(request: HttpRequest, flow: Flow, declared: RecipeFlow, key: str) -> HttpResponse:
    """Store a recommended set at once, and say what was set."""
    preset = next((item for item in declared.presets if item.key == key), None)
    if preset is None:
        raise Http404
    if problems := filtering.apply_preset(flow, preset, request.user):
        for problem in problems:
            messages.error(request, words_of(problem, flow.entity))
    else:
        words = gettext("“%(set)s” is in use. The next run plans everything anew by it.")
        messages.success(request, words % {"set": say(preset.label)})
    return redirect(desk.next_url(request, reverse("admin:setup_flow", args=[flow.integration_id, flow.entity])))


def _save_flow(flow: Flow, declared: RecipeFlow, request: HttpRequest) -> Problems:
    """Store switches, dates and limits of a flow. A change makes a new version of the rules: all is planned anew."""
    post, problems = request.POST, Problems()
    prefix = flow.entity
    before = (flow.is_on, flow.direction, flow.start_date, dict(flow.brakes or {}))
    if declared.optional:
        flow.is_on = post.get("is_on") == "1"
    if post.get("direction") in declared.directions:
        flow.direction = post["direction"]
    if post.get("approval") in Flow.Approval.values:
        flow.approval = post["approval"]
    cadence, problem = cadence_of(post.get("cadence_minutes", ""))
    if problem:
        problems[f"{prefix}-cadence_minutes"] = [problem]
    else:
        flow.cadence_minutes = cadence
    flow.start_date, problem = day_of(post.get("start_date", ""))
    if problem:
        problems[f"{prefix}-start_date"] = [problem]
    flow.brakes, wrong = _brakes(post, prefix)
    problems.update(wrong)
    if problems:
        return problems
    with transaction.atomic():
        flow.save()
        if before != (flow.is_on, flow.direction, flow.start_date, dict(flow.brakes)):
            Flow.objects.filter(pk=flow.pk).update(rules_version=F("rules_version") + 1)
    return {}


def _brakes(post: Mapping[str, str], prefix: str) -> tuple[dict[str, Any], Problems]:
    found: dict[str, Any] = {}
    problems = Problems()
    manner = "fr" if language() == "fr" else ""
    for name, whole in (
        ("creates_max", True),
        ("removals_min", True),
        ("updates_percent", False),
        ("amount_max", False),
    ):
        text = post.get(name, "").strip()
        if not text:
            continue
        number = read_number(text, manner)
        if number is None or number < 0 or (whole and number != int(number)):
            problems[f"{prefix}-{name}"] = [gettext("Give a number, or leave it blank for no limit of your own.")]
        elif name == "updates_percent":
            found["updates_share"] = format(number / 100, "f")
        else:
            found[name] = int(number) if whole else format(number, "f")
    return found, problems


# fields


KINDS = {
    "text": _("text"),
    "email": _("e-mail"),
    "phone": _("phone"),
    "address": _("address"),
    "money": _("amount"),
    "number": _("number"),
    "date": _("date"),
    "instant": _("date and time"),
    "flag": _("yes or no"),
    "choice": _("choice"),
    "ref": _("reference"),
    "refs": _("references"),
    "records": _("associated records"),
    "lines": _("lines"),
    "tags": _("tags"),
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule with the names both systems use."""

    rule: MappingRule
    source: str
    source_wire: str
    source_kind: str
    target: str
    target_wire: str
    target_kind: str
    transform: str


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field a rule may name."""

    name: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class FieldsOfWay:
    """The fields of one way: the rules, and what is made of whole records without any."""

    toward: str
    words: str
    source: str
    target: str
    in_use: bool
    rows: list[RuleRow]
    made: list[FieldChoice]


@staff_view(view=VIEW, write=WRITE)
def flow_fields(request: HttpRequest, pk: int, entity: str) -> HttpResponse:
    """Show which field becomes which, way by way; add, change and delete rules, problems shown beside them."""
    integration, flow, declared = get_flow(request, pk, entity)
    here = reverse("admin:setup_fields", args=[pk, entity])
    problems: Problems = {}
    values: Mapping[str, Any] = {}
    order = request.POST.get("do", "") if request.method == "POST" else ""
    if order == "delete":
        rule = get_object_or_404(flow.rules, pk=number_of(request.POST.get("id", "")))
        ruling.delete_rule(rule, request.user)
        messages.success(request, gettext("Rule deleted. What it wrote stays."))
        return redirect(here)
    if order in ("list", "make"):
        if (problems := _own_fields(request, flow, order)) == {}:
            return redirect(f"{here}#own")
    elif request.method == "POST":
        names = ("id", "source", "target", "transform", "argument", "when", "on_conflict", "note", "toward")
        values = {name: request.POST[name] for name in names if name in request.POST}
        for problem in ruling.save_rule(flow, values, request.user):
            problems.setdefault(problem.path or "rule", []).append(words_of(problem, entity))
        if not problems:
            messages.success(request, gettext("Rule saved."))
            return redirect(here)
    editing = flow.rules.filter(pk=number_of(request.GET.get("edit", "") or str(values.get("id", "")))).first()
    if editing and not values:
        names = ("source", "target", "transform", "argument", "when", "on_conflict", "note", "toward")
        values = {name: getattr(editing, name) for name in names} | {"id": editing.pk}
    ways = flowing.possible_ways(flow)
    toward = str(values.get("toward") or request.GET.get("toward", ""))
    toward = toward if toward in ways else ways[0]
    own = custom.places(flow)
    shown = [_fields_of_way(flow, declared, item, own) for item in ways]
    return frame(
        request,
        integration,
        "flows",
        "staff/setup_fields.html",
        gettext("Fields of %(flow)s") % {"flow": say(declared.label)},
        flow=flow,
        declared=declared,
        ways=shown,
        way=next(item for item in shown if item.toward == toward),
        fields=_sources(flow, toward, own, str(values.get("source", ""))),
        targets=_targets(flow, declared, toward, own, str(values.get("target", ""))),
        transforms=[(name, say(item.label)) for name, item in REGISTRY.items()],
        whens=MappingRule.When.choices,
        conflicts=MappingRule.OnConflict.choices,
        values=values,
        editing=editing,
        problems=problems,
        kinds=KINDS,
        own=[(place, vendor_label(place.connection.vendor)) for place in own],
        own_label=request.POST.get("label", "") if order == "make" else "",
        own_side=request.POST.get("side", ""),
    )


def _own_fields(request: HttpRequest, flow: Flow, order: str) -> Problems:
    """List the account's own fields anew, or make one there; {} when done."""
    place = next((item for item in custom.places(flow) if item.side == request.POST.get("side")), None)
    if place is None:
        raise Http404
    try:
        if order == "list":
            count = custom.refresh(place)
            words = ngettext(
                "The account has %(n)d field of its own.", "The account has %(n)d fields of its own.", count
            )
            messages.success(request, words % {"n": count})
        else:
            custom.make(place, request.POST.get("label", ""), request.user)
            messages.success(request, gettext("The field is there now. Add a rule to fill it."))
    except SyncError as error:
        return {f"{error.field or 'own'}-{place.side}": [say_error(error)]}
    return {}


def _own_names(own: Iterable[custom.Place], resource: Resource) -> dict[str, str]:
    """Return the listed fields of an account's own, by the name rules know them by."""
    return {
        f"{CUSTOM}{item.id}": item.label for place in own if place.resource is resource for item in place.listed
    }  # fmt: skip


def _sources(flow: Flow, toward: str, own: Sequence[custom.Place], chosen: str) -> list[FieldChoice]:
    source, _target = flowing.resources(flow, toward)
    found = [
        FieldChoice(name, say(item.label), item.kind)
        for name, item in fields_of(flow.entity).items()
        if rule_field(flow.entity, name)
    ]
    return found + _own_choices(_own_names(own, source), chosen)


def _targets(
    flow: Flow, declared: RecipeFlow, toward: str, own: Sequence[custom.Place], chosen: str
) -> list[FieldChoice]:
    _source, target = flowing.resources(flow, toward)
    allowed = writable(target, declared.rules)
    found = [
        FieldChoice(name, say(item.label), item.kind)
        for name, item in fields_of(flow.entity).items()
        if name in allowed and rule_field(flow.entity, name)
    ]
    return found + _own_choices(_own_names(own, target), chosen)


def _own_choices(named: Mapping[str, str], chosen: str) -> list[FieldChoice]:
    """The account's own fields, the one a rule has already even where the list does not."""
    more = {chosen: chosen.removeprefix(CUSTOM)} if chosen.startswith(CUSTOM) else {}
    return [FieldChoice(name, label, "text") for name, label in {**more, **named}.items()]


def _fields_of_way(flow: Flow, declared: RecipeFlow, toward: str, own: Sequence[custom.Place]) -> FieldsOfWay:
    recipe = registry.recipe(flow.integration.recipe)
    sides = (recipe.left, recipe.right) if toward == "right" else (recipe.right, recipe.left)
    if declared.inside:
        sides = (getattr(recipe, declared.inside),) * 2
    source, target = flowing.resources(flow, toward)
    names = {**_own_names(own, source), **_own_names(own, target)}
    rows = [
        _rule_row(flow, rule, source, target, names)
        for rule in flow.rules.select_related("created_by")
        if rule.toward == toward
    ]
    written = {row.rule.target for row in rows}
    return FieldsOfWay(
        toward,
        way_words(recipe, declared, toward),
        vendor_label(sides[0]),
        vendor_label(sides[1]),
        toward in towards(flow.direction),
        rows,
        _made(flow, declared, target, written),
    )


def _made(flow: Flow, declared: RecipeFlow, target: Resource, written: set[str]) -> list[FieldChoice]:
    """Return the fields that are made of whole records, without a rule."""
    if not (declared.compose or declared.posting):
        return []
    if declared.posting:
        return [FieldChoice("", entity_label(flow.entity), "")]
    known = fields_of(flow.entity)
    named = {**{item.name: item.wire for item in target.fields if item.write}, **target.wires}
    return [
        FieldChoice(wire, say(known[name].label), known[name].kind)
        for name, wire in named.items()
        if name in known and name not in written and _is_written(target, name)
    ]


def _is_written(resource: Resource, name: str) -> bool:
    """Tell whether a body says anything about a field: some are only read."""
    try:
        return resource.payload({name: None}, "update", {}) != resource.payload({}, "update", {})
    except (KeyError, TypeError, ValueError, AttributeError, SyncError):
        return True


def _rule_row(
    flow: Flow, rule: MappingRule, source: Resource, target: Resource, own: Mapping[str, str]
) -> RuleRow:  # fmt: skip
    one, other = rule_field(flow.entity, rule.source), rule_field(flow.entity, rule.target)
    return RuleRow(
        rule,
        own.get(rule.source) or (say(one.label) if one else rule.source),
        _wire(source, rule.source),
        str(KINDS.get(one.kind, one.kind)) if one else "",
        own.get(rule.target) or (say(other.label) if other else rule.target),
        _wire(target, rule.target),
        str(KINDS.get(other.kind, other.kind)) if other else "",
        say(REGISTRY[rule.transform].label) if rule.transform in REGISTRY else rule.transform,
    )


def _wire(resource: Resource, name: str) -> str:
    """Return what the vendor calls a field, as far as its connector says."""
    if name.startswith(CUSTOM):
        return name.removeprefix(CUSTOM)
    whole = name.partition(".")[0]
    return resource.wires.get(whole) or next((item.wire for item in resource.fields if item.name == whole), "")


urls: list[URLPattern] = [
    path("integrations/<int:pk>/setup/flows/", flows_step, name="setup_flows"),
    path("integrations/<int:pk>/setup/flows/<slug:entity>/", flow_page, name="setup_flow"),
    path("integrations/<int:pk>/setup/flows/<slug:entity>/fields/", flow_fields, name="setup_fields"),
]
