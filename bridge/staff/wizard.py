"""The set-up of an integration, step by step. Every step saves by itself; what is missing is said, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.engine.filters import check_tree, describe, describe_condition, evaluate
from bridge.engine.kinds import fields_of, label_of
from bridge.engine.model import Problem
from bridge.engine.transforms import REGISTRY, read_number
from bridge.hub.models import Connection, Environment, Flow, Integration, MappingRule, Record
from bridge.jobs import connections, matching, runs
from bridge.jobs import integrations as work
from bridge.jobs.context import context_of, scope_of, settings_of, writable
from bridge.staff import desk
from bridge.staff import tree as forms
from bridge.staff.connections import environments, oauth
from bridge.staff.integrations import VIEW, WRITE, crumb, get_integration, section
from bridge.staff.mappings import tabs
from bridge.staff.pages import language, page, say_error, staff_view, tell_error
from bridge.staff.templatetags.bridge import code_cure, code_what, entity_label, say, vendor_label
from connectors.contract import Choice, Recipe, RecipeFlow, Setting, SyncError

Problems = dict[str, list[str]]


def words_of(problem: Problem, entity: str = "") -> str:
    """Return what is wrong and what to do about it; fields by the name people know."""
    params = dict(problem.params)
    for name in ("field", "source", "target"):
        if entity and params.get(name):
            params[name] = label_of(entity, str(params[name]), language())
    return f"{code_what(problem.code, params)} {code_cure(problem.code, params)}".strip()


@dataclass(frozen=True, slots=True)
class Setup:
    """What every step's page needs."""

    integration: Integration
    recipe: Recipe
    steps: list[work.Step]
    here: str

    @property
    def following(self) -> str:
        """The key of the step after this one; "" at the end."""
        keys = [step.key for step in self.steps]
        place = keys.index(self.here) if self.here in keys else -1
        return keys[place + 1] if 0 <= place < len(keys) - 1 else ""


def frame(
    request: HttpRequest, integration: Integration, here: str, template: str, title: object, **context: Any
) -> HttpResponse:
    """Return a page of the set-up, with the list of steps beside it."""
    setup = Setup(integration, registry.recipe(integration.recipe), work.steps(integration), here)
    return page(
        request,
        template,
        title,
        [section(), crumb(integration)],
        integration=integration,
        setup=setup,
        steps=setup.steps,
        here=here,
        may_write=request.user.has_perm(WRITE),
        **context,
    )


@staff_view(view=VIEW, write=WRITE)
def setup_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Show or save one step."""
    integration = get_integration(request, pk)
    known = {
        "connect_left": connect_left,
        "connect_right": connect_right,
        "settings": settings_step,
        "flows": flows_step,
        "value_maps": value_maps_step,
        "first_run": first_run_step,
        "automatic": sync_step,
    }
    if step not in known:
        raise Http404
    return known[step](request, integration)


# accounts


def connect_left(request: HttpRequest, integration: Integration) -> HttpResponse:
    """Choose the left account."""
    return _connect(request, integration, "left")


def connect_right(request: HttpRequest, integration: Integration) -> HttpResponse:
    """Choose the right account."""
    return _connect(request, integration, "right")


def _connect(request: HttpRequest, integration: Integration, side: str) -> HttpResponse:
    vendor = getattr(registry.recipe(integration.recipe), side)
    here = f"connect_{side}"
    mine = Connection.objects.filter(organization=integration.organization, vendor=vendor).exclude(
        state=Connection.State.DISCONNECTED
    )
    problems: Problems = {}
    holder = None
    if request.method == "POST":
        try:
            if request.POST.get("do") == "new":
                return _connect_new(request, integration, side, vendor)
            chosen = get_object_or_404(mine, pk=_number(request.POST.get("connection", "")))
            work.attach(integration, side, chosen)
        except SyncError as error:
            problems["connection"] = [say_error(error)]
            if error.code == "INTEGRATION-TAKEN":
                holder = error.params.get("integration", integration.pk)
        else:
            if chosen.state != Connection.State.CONNECTED:
                return redirect(_sign_in_address(integration, here, chosen))
            messages.success(request, gettext("%(account)s is on its side.") % {"account": chosen})
            return redirect("admin:setup", integration.pk, here)
    current = getattr(integration, side)
    consent = oauth(registry.connector(vendor))
    other = integration.right if side == "left" else integration.left
    return frame(
        request,
        integration,
        here,
        "staff/setup_connect.html",
        gettext("Connect %(vendor)s") % {"vendor": vendor_label(vendor)},
        side=side,
        vendor=vendor,
        current=current,
        choices=list(mine.order_by("account_name", "pk")),
        places=[item for item in environments(vendor) if _fits(other, item.key)],
        consent=consent,
        problems=problems,
        holder=holder,
    )


def _fits(other: Connection | None, environment: str) -> bool:
    """Simulated data meets only simulated data."""
    local = Environment.LOCAL_SANDBOX
    return other is None or (other.environment == local) == (environment == local)


def _connect_new(request: HttpRequest, integration: Integration, side: str, vendor: str) -> HttpResponse:
    """Make an account to be connected, put it in its place, and go on to the page that explains consent."""
    with transaction.atomic():
        connection = connections.create(
            integration.organization, vendor, request.POST.get("environment", ""), request.user
        )
        work.attach(integration, side, connection)
    return redirect(_sign_in_address(integration, f"connect_{side}", connection))


def _sign_in_address(integration: Integration, step: str, connection: Connection) -> str:
    back = reverse("admin:setup", args=[integration.pk, step])
    return f"{reverse('admin:connection_connect', args=[connection.pk])}?next={back}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


# settings


@dataclass(frozen=True, slots=True)
class Asked:
    """One setting as a form field, with its choices read from the account where they come from there."""

    setting: Setting
    value: str
    choices: list[Choice] = field(default_factory=list)
    trouble: str = ""

    @property
    def fixed_choices(self) -> list[tuple[str, str]]:
        return [(key, say(text)) for key, text in self.setting.choices]

    @property
    def needs(self) -> str:
        return "=".join(self.setting.needs) if self.setting.needs else ""

    @property
    def is_absent(self) -> bool:
        """Whether there is nothing to choose from: an optional setting is not shown then, but why is said."""
        listed = self.setting.choices_from and not self.trouble
        return bool(listed) and not self.setting.required and not any(item.active for item in self.choices)


def settings_step(request: HttpRequest, integration: Integration) -> HttpResponse:
    """Ask what the recipe wants to know; live lists come from the accounts."""
    recipe = registry.recipe(integration.recipe)
    values: Mapping[str, str] = settings_of(integration)
    problems: Problems = {}
    posted: dict[str, str] = {}
    if request.method == "POST":
        posted = {item.key: _given(request, item) for item in recipe.settings}
        values = {**values, **posted}
    lists = Lists(integration)
    asked = [_asked(lists, item, values.get(item.key, "")) for item in recipe.settings]
    if request.method == "POST":
        if (effect := matching.effect(integration, posted.get(matching.SETTING, ""))) and not desk.confirmed(request):
            return _show_effect(request, integration, effect)
        labels = {
            f"{item.setting.key}_label": choice.label
            for item in asked
            for choice in item.choices
            if choice.id == item.value
        }
        kept = {key: value for key, value in posted.items() if value or not _is_secret(recipe, key)}
        found = work.save_settings(integration, {**kept, **labels}, request.user)
        named = {item.key: say(item.label) for item in recipe.settings}
        problems = {
            key: [gettext("%(label)s: %(problem)s") % {"label": named.get(key, key), "problem": words_of(problem)}]
            for key, problem in found.items()
        }
        if not problems:
            messages.success(request, gettext("Settings saved."))
            return redirect(_after(integration, "settings"))
    return frame(
        request,
        integration,
        "settings",
        "staff/setup_settings.html",
        _("Settings"),
        asked=[item for item in asked if not item.is_absent],
        absent=[(say(item.setting.label), lists.account(item.setting)) for item in asked if item.is_absent],
        problems=problems,
    )


def _show_effect(request: HttpRequest, integration: Integration, effect: matching.Effect) -> HttpResponse:
    """Show what another way of finding items means for what is linked, before it is saved (O-27)."""
    effects = [
        gettext("The same item: %(n)d") % {"n": effect.same},
        gettext("Another item: %(n)d") % {"n": effect.other},
        gettext("No item: %(n)d") % {"n": effect.none},
    ]
    effects += [
        gettext("%(sku)s: %(was)s, then %(becomes)s")
        % {"sku": sku, "was": was, "becomes": becomes or gettext("no item")}
        for sku, was, becomes in effect.examples
    ]
    question = desk.Question(
        title=gettext("Find items by another field?"),
        sentence=gettext(
            "Products already linked stay linked to their items. This is what the new choice would find for them:"
        ),
        effects=effects,
        button=gettext("Save the new choice"),
        back=reverse("admin:setup", args=[integration.pk, "settings"]),
    )
    return desk.ask(request, question)


class Lists:
    """The live lists of one page: each is read once, however many settings choose from it."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self.context = context_of(integration)
        self._read: dict[tuple[str, str], list[Choice]] = {}

    def account(self, item: Setting) -> Connection | None:
        """Return the account a setting's choices come from."""
        return getattr(self.integration, item.side or "right")

    def of(self, item: Setting) -> list[Choice]:
        """Return a setting's choices; SyncError where the account does not give them."""
        connection, key = self.account(item), (item.side or "right", item.choices_from)
        if key not in self._read and connection is not None:
            self._read[key] = connections.choices(connection, item.choices_from, self.context)
        return self._read.get(key, [])


def _is_secret(recipe: Recipe, key: str) -> bool:
    return any(item.key == key and item.kind == "secret" for item in recipe.settings)


def _given(request: HttpRequest, item: Setting) -> str:
    if item.kind == "flag":
        return "yes" if request.POST.get(item.key) else "no"
    return request.POST.get(item.key, "").strip()


def _asked(lists: Lists, item: Setting, value: str) -> Asked:
    if not item.choices_from:
        return Asked(item, "" if item.kind == "secret" else value)
    connection = lists.account(item)
    if connection is None or not connection.is_usable:
        return Asked(item, value, trouble=gettext("Connect the account first; the choices come from there."))
    try:
        return Asked(item, value, lists.of(item))
    except SyncError as error:
        return Asked(item, value, trouble=say_error(error))


def _after(integration: Integration, here: str) -> str:
    """The next step that is still to do; this page when all is done."""
    for step in work.steps(integration):
        if not step.done and step.key != here:
            return reverse("admin:setup", args=[integration.pk, step.key])
    return reverse("admin:integration", args=[integration.pk])


# flows: what moves, which way, how often


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One flow as the page shows it."""

    flow: Flow
    declared: RecipeFlow
    sentence: str
    filter_words: str
    rule_count: int
    problems: list[str]

    @property
    def directions(self) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in Flow.Direction.choices if value in self.declared.directions]

    @property
    def updates_percent(self) -> str:
        """The share of updates that asks a person, as a number of per cent."""
        share = (self.flow.brakes or {}).get("updates_share")
        return "" if share in (None, "") else format((Decimal(str(share)) * 100).normalize(), "f")


def flows_step(request: HttpRequest, integration: Integration) -> HttpResponse:
    """List what moves; each flow saves by itself."""
    recipe = registry.recipe(integration.recipe)
    problems: Problems = {}
    if request.method == "POST":
        flow = get_object_or_404(integration.flows, entity=request.POST.get("entity", ""))
        problems = _save_flow(flow, recipe.flow(flow.entity), request)
        if not problems:
            messages.success(request, gettext("%(flow)s saved.") % {"flow": say(recipe.flow(flow.entity).label)})
            return redirect("admin:setup", integration.pk, "flows")
    trouble: dict[int, list[str]] = {}
    for flow, problem in work.rule_problems(integration):
        trouble.setdefault(flow.pk, []).append(words_of(problem, flow.entity))
    declared = {item.entity: item for item in recipe.flows}
    order = list(declared)
    rows = sorted(
        (flow for flow in integration.flows.prefetch_related("rules") if flow.entity in declared),
        key=lambda flow: order.index(flow.entity),
    )
    return frame(
        request,
        integration,
        "flows",
        "staff/setup_flows.html",
        _("Fields and filters"),
        rows=[
            FlowRow(
                flow,
                declared[flow.entity],
                say(declared[flow.entity].sentence),
                _filter_words(flow),
                len(flow.rules.all()),
                trouble.get(flow.pk, []),
            )
            for flow in rows
        ],
        approvals=Flow.Approval.choices,
        problems=problems,
        posted_entity=request.POST.get("entity", ""),
    )


def _filter_words(flow: Flow) -> str:
    return describe(flow.filter or {}, flow.entity, language())


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
    cadence, problem = _cadence(post.get("cadence_minutes", ""))
    if problem:
        problems[f"{prefix}-cadence_minutes"] = [problem]
    else:
        flow.cadence_minutes = cadence
    flow.start_date, problem = _date(post.get("start_date", ""))
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


def _date(text: str) -> tuple[date | None, str]:
    if not text.strip():
        return None, ""
    try:
        return date.fromisoformat(text.strip()), ""
    except ValueError:
        return None, gettext("Give a date as year-month-day, or leave it blank.")


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


def get_flow(request: HttpRequest, pk: int, entity: str) -> tuple[Integration, Flow, RecipeFlow]:
    """Return one flow of an integration this person may see; 404 else."""
    integration = get_integration(request, pk)
    flow = get_object_or_404(integration.flows, entity=entity)
    flow.integration = integration
    try:
        return integration, flow, registry.recipe(integration.recipe).flow(entity)
    except KeyError as error:
        raise Http404 from error


@staff_view(view=VIEW, write=WRITE)
def flow_fields(request: HttpRequest, pk: int, entity: str) -> HttpResponse:
    """Show which field becomes which; add, change and delete rules, problems shown beside them."""
    integration, flow, declared = get_flow(request, pk, entity)
    here = reverse("admin:setup_fields", args=[pk, entity])
    problems: Problems = {}
    values: Mapping[str, Any] = {}
    if request.method == "POST":
        if request.POST.get("do") == "delete":
            rule = get_object_or_404(flow.rules, pk=_number(request.POST.get("id", "")))
            work.delete_rule(rule, request.user)
            messages.success(request, gettext("Rule deleted. What it wrote stays."))
            return redirect(here)
        names = ("id", "source", "target", "transform", "argument", "when", "on_conflict", "note")
        values = {name: request.POST.get(name, "") for name in names}
        for problem in work.save_rule(flow, values, request.user):
            problems.setdefault(problem.path or "rule", []).append(words_of(problem, entity))
        if not problems:
            messages.success(request, gettext("Rule saved."))
            return redirect(here)
    editing = flow.rules.filter(pk=_number(request.GET.get("edit", "") or str(values.get("id", "")))).first()
    if editing and not values:
        values = {
            name: getattr(editing, name)
            for name in ("source", "target", "transform", "argument", "when", "on_conflict", "note")
        } | {"id": editing.pk}
    return frame(
        request,
        integration,
        "flows",
        "staff/setup_fields.html",
        gettext("Fields of %(flow)s") % {"flow": say(declared.label)},
        flow=flow,
        declared=declared,
        rows=_rule_rows(flow),
        fields=[(name, say(item.label), item.kind) for name, item in fields_of(entity).items()],
        targets=_targets(flow, declared),
        transforms=[(name, say(item.label)) for name, item in REGISTRY.items()],
        whens=MappingRule.When.choices,
        conflicts=MappingRule.OnConflict.choices,
        values=values,
        editing=editing,
        problems=problems,
        kinds=KINDS,
    )


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
    "lines": _("lines"),
    "tags": _("tags"),
}


def _targets(flow: Flow, declared: RecipeFlow) -> list[tuple[str, str, str]]:
    _source, target = work.resources(flow)
    allowed = writable(target, declared.rules)
    return [(name, say(item.label), item.kind) for name, item in fields_of(flow.entity).items() if name in allowed]


def _rule_rows(flow: Flow) -> list[RuleRow]:
    known = fields_of(flow.entity)
    rows = []
    for rule in flow.rules.select_related("created_by"):
        source, target = work.resources(flow, rule.toward)
        one, other = known.get(rule.source), known.get(rule.target)
        rows.append(
            RuleRow(
                rule,
                say(one.label) if one else rule.source,
                _wire(source, rule.source.partition(".")[0]),
                str(KINDS.get(one.kind, one.kind)) if one else "",
                say(other.label) if other else rule.target,
                _wire(target, rule.target),
                str(KINDS.get(other.kind, other.kind)) if other else "",
                say(REGISTRY[rule.transform].label) if rule.transform in REGISTRY else rule.transform,
            )
        )
    return rows


def _wire(resource: Any, name: str) -> str:
    return next((item.wire for item in resource.fields if item.name == name), "")


# filters


@dataclass(frozen=True, slots=True)
class Probe:
    """One record held against a filter: does it go, and which condition says what."""

    record: Record
    passed: bool
    conditions: list[tuple[str, Any, bool]]


@staff_view(view=VIEW, write=WRITE)
def flow_filter(request: HttpRequest, pk: int, entity: str) -> HttpResponse:
    """Edit the filter of a flow. Only "save" stores it; every other button shows what it would do."""
    integration, flow, declared = get_flow(request, pk, entity)
    problems: Problems = {}
    root = forms.form_of(flow.filter or {})
    order = request.POST.get("do", "") if request.method == "POST" else ""
    if request.method == "POST":
        root = _edited(request, declared, order)
    wanted = forms.tree_of(root, entity, language())
    if order == "save":
        found = work.save_filter(flow, wanted, request.user)
        if not found:
            messages.success(request, gettext("Filter saved. The next run plans everything anew by it."))
            return redirect("admin:setup_filter", pk, entity)
        problems = _by_path(found, entity)
    elif order:
        problems = _by_path(_checked(wanted, entity), entity)
    context = {
        "integration": integration,
        "flow": flow,
        "declared": declared,
        "count": work.count_filter(flow, wanted) if not problems else None,
        "problems": problems,
        "probe": _probe(flow, declared, wanted, request.POST.get("probe", "")) if not problems else None,
        "probe_words": request.POST.get("probe", ""),
        "entity_words": entity_label(entity),
        "unsaved": wanted != (flow.filter or {}),
    }
    if request.headers.get("X-Fragment") == "count":
        return HttpResponse(render_to_string("staff/setup_filter_count.html", context, request))
    return frame(
        request,
        integration,
        "flows",
        "staff/setup_filter.html",
        gettext("Which records go: %(flow)s") % {"flow": say(declared.label)},
        root=root,
        groups=forms.GROUPS.items(),
        tests=forms.WORDS.items(),
        fields=forms.field_choices(entity, language()),
        presets=[(item.key, say(item.label)) for item in declared.presets],
        **{key: value for key, value in context.items() if key != "integration"},
    )


def _edited(request: HttpRequest, declared: RecipeFlow, order: str) -> forms.Node:
    if order.startswith("preset:"):
        preset = next((item for item in declared.presets if item.key == order.removeprefix("preset:")), None)
        if preset:
            return forms.form_of(preset.tree)
    if order == "clear":
        return forms.form_of({})
    first = next(iter(fields_of(declared.entity)))
    return forms.changed(forms.read(request.POST), order, first)


def _checked(wanted: Mapping[str, Any], entity: str) -> list[Problem]:
    return list(check_tree(wanted, entity)) if wanted else []


def _by_path(found: Sequence[Problem], entity: str) -> Problems:
    problems = Problems()
    for problem in found:
        problems.setdefault(forms.path_in_form(problem.path), []).append(words_of(problem, entity))
    return problems


def _probe(flow: Flow, declared: RecipeFlow, wanted: Mapping[str, Any], words: str) -> Probe | None:
    """Hold the first record whose name, number, address or id has these words against the filter."""
    left = flow.integration.left
    if left is None or not words.strip():
        return None
    text = words.strip()
    named = Q(name__icontains=text) | Q(number__iexact=text) | Q(remote_id=text) | Q(email_key__icontains=text)
    context = context_of(flow.integration)
    for name in declared.left:
        scope = scope_of(left, name, context)
        row = Record.objects.filter(named, connection=left, resource=name, scope=scope).order_by("pk").first()
        if row:
            resource = registry.connector(left.vendor).resource(name)
            passed, trace = evaluate(wanted, resource.parse(row.document).values) if wanted else (True, ())
            told = [
                (describe_condition(item, flow.entity, language()), item["have"], bool(item["passed"]))
                for item in trace
            ]
            return Probe(row, passed, told)
    return None


# values


def value_maps_step(request: HttpRequest, integration: Integration) -> HttpResponse:
    """List the kinds of values to map, with what is to do in each; each has its own page."""
    return frame(request, integration, "value_maps", "staff/setup_values.html", _("Map values"), tabs=tabs(integration))


# ready


def first_run_step(request: HttpRequest, integration: Integration) -> HttpResponse:
    """The readiness check, green and red, and the button to the first plan, disabled with the reason (M-12, M-15)."""
    steps = work.steps(integration)
    ready = work.may_plan(steps)
    if request.method == "POST":
        if not ready:
            for step in work.blocking(steps):
                messages.error(request, say(step.why or step.label))
            return redirect("admin:setup", integration.pk, "first_run")
        try:
            run = runs.start(integration, "person", request.user)
        except SyncError as error:
            tell_error(request, error)
            return redirect("admin:setup", integration.pk, "first_run")
        return redirect("admin:run_page", run.pk)
    findings = work.readiness(integration)
    newest = integration.runs.first()
    return frame(
        request,
        integration,
        "first_run",
        "staff/setup_ready.html",
        _("Ready?"),
        findings=findings,
        blockers=[item for item in findings if item.level == "blocker"],
        ready=ready,
        blocking=work.blocking(steps),
        newest=newest,
        open_run=newest if newest and newest.is_open else None,
        first_done=integration.flows.filter(first_done_at__isnull=False).exists(),
    )


# sync


@dataclass(frozen=True, slots=True)
class Pace:
    """Start date and cadence of one flow as the form shows them: what was typed, where that was refused."""

    entity: str
    label: str
    start: str
    cadence: str


def _pace(flow: Flow, declared: RecipeFlow, typed: Mapping[str, str]) -> Pace:
    start = flow.start_date.isoformat() if flow.start_date else ""
    return Pace(
        flow.entity,
        say(declared.label),
        typed.get(f"{flow.entity}-start_date", start),
        typed.get(f"{flow.entity}-cadence_minutes", str(flow.cadence_minutes)),
    )


def sync_step(request: HttpRequest, integration: Integration) -> HttpResponse:
    """Start dates and cadence of the flows, the terms, and the switch that lets runs begin by themselves."""
    problems: Problems = {}
    if request.method == "POST":
        problems = _accept_terms(request, integration) if "accept" in request.POST else _save_pace(request, integration)
        if not problems:
            return redirect("admin:setup", integration.pk, "automatic")
    declared = {item.entity: item for item in registry.recipe(integration.recipe).flows}
    rows = [flow for flow in integration.flows.filter(is_on=True).order_by("pk") if flow.entity in declared]
    return frame(
        request,
        integration,
        "automatic",
        "staff/setup_sync.html",
        _("Sync"),
        rows=[_pace(flow, declared[flow.entity], request.POST if problems else {}) for flow in rows],
        terms=work.terms_of(integration),
        acceptance=work.acceptance(integration),
        blockers=work.automatic_blockers(integration) if not integration.automatic else [],
        problems=problems,
        name=request.POST.get("name", "") or request.user.get_full_name(),
    )


def _save_pace(request: HttpRequest, integration: Integration) -> Problems:
    """Store start date and cadence of each flow; a new start date makes a new version of its rules."""
    problems, changed = Problems(), []
    for flow in integration.flows.filter(is_on=True):
        before, name = flow.start_date, flow.entity
        flow.start_date, wrong = _date(request.POST.get(f"{name}-start_date", ""))
        if wrong:
            problems[f"{name}-start_date"] = [wrong]
        cadence, wrong = _cadence(request.POST.get(f"{name}-cadence_minutes", ""))
        if wrong:
            problems[f"{name}-cadence_minutes"] = [wrong]
        flow.cadence_minutes = cadence
        flow.rules_version += before != flow.start_date
        changed.append(flow)
    if not problems:
        for flow in changed:
            flow.save(update_fields=["start_date", "cadence_minutes", "rules_version"])
        messages.success(request, gettext("Sync settings saved."))
    return problems


def _cadence(text: str) -> tuple[int, str]:
    if text.isdecimal() and 5 <= int(text) <= 10_080:
        return int(text), ""
    return 60, gettext("Give a number of minutes between 5 and 10,080 (a week).")


def _accept_terms(request: HttpRequest, integration: Integration) -> Problems:
    problems = Problems()
    if request.POST.get("accept") != "yes":
        problems["accept"] = [gettext("Tick that you accept the terms.")]
    if not request.POST.get("name", "").strip():
        problems["name"] = [gettext("Give the name of the person who accepts.")]
    if not problems:
        work.accept_terms(integration, request.POST["name"], language(), request.user)
        messages.success(request, gettext("The terms are accepted."))
    return problems


urls: list[URLPattern] = [
    path("integrations/<int:pk>/setup/<slug:step>/", setup_step, name="setup"),
    path("integrations/<int:pk>/setup/flows/<slug:entity>/fields/", flow_fields, name="setup_fields"),
    path("integrations/<int:pk>/setup/flows/<slug:entity>/filter/", flow_filter, name="setup_filter"),
]
