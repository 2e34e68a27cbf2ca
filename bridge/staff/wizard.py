"""The set-up of an integration, step by step. Every step saves by itself; what is missing is said, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.engine.kinds import label_of
from bridge.engine.model import Problem
from bridge.hub.models import Connection, Environment, Flow, Integration
from bridge.jobs import connections, matching, runs
from bridge.jobs import integrations as work
from bridge.jobs.context import context_of, settings_of
from bridge.staff import desk
from bridge.staff.connections import environments, oauth
from bridge.staff.integrations import VIEW, WRITE, crumb, get_integration, section
from bridge.staff.mappings import tabs
from bridge.staff.pages import language, page, say_error, staff_view, tell_error
from bridge.staff.templatetags.bridge import code_cure, code_what, say, vendor_label
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
            if request.POST.get("do") == "early":
                return _save_early(request, integration, side)
            if request.POST.get("do") == "new":
                _keep_early(request, integration, side)
                return _connect_new(request, integration, side, vendor)
            chosen = get_object_or_404(mine, pk=number_of(request.POST.get("connection", "")))
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
    chosen = settings_of(integration)
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
        switches=[Asked(item, chosen.get(item.key, "")) for item in _early(integration, side)],
    )


def _early(integration: Integration, side: str) -> list[Setting]:
    """Return the switches asked before an account is connected."""
    return [item for item in registry.recipe(integration.recipe).settings if item.early and item.side == side]


def _keep_early(request: HttpRequest, integration: Integration, side: str) -> None:
    """Keep the switches of this page; each can be changed later in the settings."""
    given = {item.key: _given(request, item) for item in _early(integration, side)}
    if given:
        work.keep_settings(integration, given)


def _save_early(request: HttpRequest, integration: Integration, side: str) -> HttpResponse:
    """Save just the switches."""
    _keep_early(request, integration, side)
    messages.success(request, gettext("Settings saved."))
    return redirect("admin:setup", integration.pk, f"connect_{side}")


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


def number_of(text: str) -> int:
    """Return the number a form sent; 0 where it is none."""
    return int(text) if text.isdecimal() else 0


# settings


@dataclass(frozen=True, slots=True)
class Asked:
    """One setting as a form field, with its choices read from the account where they come from there."""

    setting: Setting
    value: str
    choices: list[Choice] = field(default_factory=list)
    trouble: str = ""
    is_lacking: bool = False  # the account does not offer what it is for

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

    @property
    def chosen(self) -> str:
        """What is chosen, in words; "" for nothing, and for a secret."""
        if self.setting.kind == "flag":
            return gettext("yes") if self.value == "yes" else ""
        if self.setting.kind != "choice":
            return "" if self.setting.kind == "secret" else self.value
        named = dict(self.fixed_choices) | {item.id: item.label for item in self.choices}
        return named.get(self.value, self.value)

    @property
    def is_typed(self) -> bool:
        """Whether what is chosen are words of no language of ours: shown as they are."""
        return self.setting.kind not in ("flag", "choice")


@dataclass(frozen=True, slots=True)
class Group:
    """Settings shown together. Folded, it still says what is chosen, as (label, words, whether somebody typed them)."""

    label: str
    items: list[Asked]
    chosen: list[tuple[str, str, bool]]
    is_open: bool


def _groups(asked: list[Asked], values: Mapping[str, str], problems: Problems) -> list[Group]:
    """Return the settings by group, in the order groups first come; those of none are in one without a name.

    What has a problem, or wants an answer, is open.
    """
    found: dict[str, list[Asked]] = {}
    for item in asked:
        found.setdefault(say(item.setting.group) if item.setting.group else "", []).append(item)
    groups = []
    for label, items in found.items():
        shown = [item for item in items if _is_asked(item.setting, values)]
        wants = any(item.trouble or (item.setting.required and not item.value) for item in shown)
        chosen = [(say(item.setting.label), item.chosen, item.is_typed) for item in shown if item.chosen]
        groups.append(Group(label, items, chosen, wants or any(item.setting.key in problems for item in items)))
    return groups


def _is_asked(item: Setting, values: Mapping[str, str]) -> bool:
    return item.needs is None or values.get(item.needs[0]) == item.needs[1]


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
    asked = [
        replace(_asked(lists, item, values.get(item.key, "")), is_lacking=work.lacks(integration, item))
        for item in recipe.settings
    ]
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
        groups=_groups([item for item in asked if not (item.is_absent or item.is_lacking)], values, problems),
        lacking=[
            (say(item.setting.label), say(item.setting.without))
            for item in asked
            if item.is_lacking and item.setting.without
        ],
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
        flow.start_date, wrong = day_of(request.POST.get(f"{name}-start_date", ""))
        if wrong:
            problems[f"{name}-start_date"] = [wrong]
        cadence, wrong = cadence_of(request.POST.get(f"{name}-cadence_minutes", ""))
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


def day_of(text: str) -> tuple[date | None, str]:
    """Return the day a person gave, None for a blank, and what is wrong with it."""
    if not text.strip():
        return None, ""
    try:
        return date.fromisoformat(text.strip()), ""
    except ValueError:
        return None, gettext("Give a date as year-month-day, or leave it blank.")


def cadence_of(text: str) -> tuple[int, str]:
    """Return the minutes a person gave, and what is wrong with them."""
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
]
