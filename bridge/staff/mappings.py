"""Mappings: what each value of one system is called in the other, by name and id, with what waits for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.engine.suggest import plain
from bridge.hub.models import Integration, ValueMap
from bridge.jobs import guide, values
from bridge.staff import desk
from bridge.staff.integrations import crumb, get_integration, section
from bridge.staff.pages import page, say_error, staff_view, tell_error
from bridge.staff.templatetags.bridge import choice_words, say
from connectors.contract import SettingInvalid, SyncError, ValueMapSpec

VIEW, WRITE, RUN = "hub.view_valuemap", "hub.change_valuemap", "hub.change_run"
FEW = 60  # longer lists are typed into, with the choices offered
State = ValueMap.State


@dataclass(frozen=True, slots=True)
class Look:
    """A state as a word, a colour and a drawing."""

    word: Any
    tone: str
    icon: str


LOOKS = {
    State.MISSING: Look(State.MISSING.label, "warn", "alert"),
    State.SUGGESTED: Look(State.SUGGESTED.label, "info", "question"),
    State.ACCEPTED: Look(State.ACCEPTED.label, "ok", "check"),
    State.ASKED: Look(State.ASKED.label, "warn", "clock"),
    State.GONE: Look(State.GONE.label, "bad", "cross"),
    "unused": Look(_("Not used of late"), "quiet", "minus"),
}
# What a person filters by, in the order of work.
TODO = (State.MISSING, State.SUGGESTED, State.GONE)
FILTERS = {
    "todo": _("To do"),
    State.ASKED: State.ASKED.label,
    State.ACCEPTED: State.ACCEPTED.label,
    "unused": _("Not used of late"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One value and what it becomes. `wanted` is what the form shows, `posted` what a person typed and was refused."""

    row: ValueMap
    waiting: int
    wanted: str
    shown: str

    @property
    def state(self) -> str:
        """The state; a value without a target that nobody uses is in nobody's way."""
        found = self.row.state
        return "unused" if found in (State.MISSING, State.SUGGESTED) and not self.row.in_use else found

    @property
    def look(self) -> Look:
        return LOOKS[self.state]

    @property
    def group(self) -> str:
        return "todo" if self.state in TODO else self.state

    @property
    def name(self) -> str:
        return self.row.source_label or self.row.source_key

    @property
    def can_accept(self) -> bool:
        return self.row.state == State.SUGGESTED and not self.row.target_gone


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of value, with how many of them are to do."""

    spec: ValueMapSpec
    label: str
    todo: int
    here: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the page of one kind shows."""

    integration: Integration
    spec: ValueMapSpec
    lines: list[Line]
    offered: list[values.Offered]

    @property
    def choices(self) -> list[values.Offered]:
        return [item for item in self.offered if item.usable]

    @property
    def many(self) -> bool:
        return len(self.choices) > FEW

    @property
    def suggested(self) -> int:
        return sum(line.can_accept for line in self.lines)

    @property
    def counted(self) -> dict[str, int]:
        found = dict.fromkeys(FILTERS, 0)
        for line in self.lines:
            found[line.group] += 1
        return found


def _spec(integration: Integration, kind: str) -> ValueMapSpec:
    try:
        return values.kind_of(integration, kind)
    except KeyError as error:
        raise Http404 from error


def _desk(integration: Integration, spec: ValueMapSpec, posted: Mapping[str, str] | None = None) -> Desk:
    rows = integration.value_maps.filter(kind=spec.kind).select_related("question", "decided_by")
    waiting = values.waiting(integration)
    offered = values.targets(integration, spec.kind)
    names = {item.id: item for item in offered}
    lines = []
    for row in rows:
        row.integration = integration
        if wanted_as := spec.wanted.get(row.source_key):
            row.source_label = say(wanted_as.label)  # shown in the reader's language, stored in the client's
        told = (posted or {}).get(f"target-{row.pk}")
        wanted = row.target_id if told is None else (_id_of(told, offered) or "")
        shown = choice_words(names[wanted]) if wanted in names else (told if told is not None else _kept(row))
        lines.append(Line(row, waiting.get((spec.kind, row.source_key), 0), wanted, shown or ""))
    order = {"todo": 0, State.ASKED: 1, State.ACCEPTED: 2, "unused": 3}
    lines.sort(key=lambda line: (-line.waiting, order[line.group], -line.row.seen_count, plain(line.name)))
    return Desk(integration, spec, lines, offered)


def _kept(row: ValueMap) -> str:
    return f"{row.target_label or row.target_id} ({row.target_id})" if row.target_id else ""


def _id_of(told: str, offered: Iterable[values.Offered]) -> str | None:
    """Return the id a person chose or typed: the id, the name with its id, or a name only one choice has."""
    text = told.strip()
    if not text:
        return ""
    usable = [item for item in offered if item.usable]
    for item in usable:
        if text in (item.id, choice_words(item)):
            return item.id
    named = [item.id for item in usable if plain(item.label) == plain(text)]
    return named[0] if len(named) == 1 else None


def _chosen(found: Desk, query: Mapping[str, str]) -> list[Line]:
    """Return the lines a person asked for, by state and by words; accents and case do not matter."""
    state, words = query.get("state", ""), plain(query.get("text", ""))
    lines = [line for line in found.lines if not state or line.group == state]
    if not words:
        return lines
    return [
        line
        for line in lines
        if words in plain(f"{line.row.source_label} {line.row.source_key} {line.row.target_label} {line.row.target_id}")
    ]


def tabs(integration: Integration, here: str = "") -> list[Tab]:
    """Return the kinds this integration wants mapped now, and the one looked at."""
    specs = values.kinds(integration)
    if here and here not in {item.kind for item in specs}:
        specs = [*specs, _spec(integration, here)]
    open_rows = integration.value_maps.filter(in_use=True).filter(
        Q(confirmed=False) | Q(target_gone=True) | Q(target_id="")
    )
    todo = dict(open_rows.order_by().values_list("kind").annotate(n=Count("id")))
    return [Tab(item, say(item.label), todo.get(item.kind, 0), item.kind == here) for item in specs]


# Pages


@staff_view(view=VIEW)
def mappings_all(request: HttpRequest) -> HttpResponse:
    """List the integrations that map values, with what is to do in each."""
    rows = Integration.objects.for_user(request.user).exclude(state=Integration.State.DISCONNECTED)
    maps = [key for key, recipe in registry.recipes().items() if recipe.value_maps]
    found = []
    for integration in rows.filter(recipe__in=maps).select_related("organization", "left", "right")[:200]:
        found.append((integration, tabs(integration), sum(values.waiting(integration).values())))
    return page(request, "staff/mappings_all.html", _("Mappings"), rows=found)


@staff_view(view=VIEW)
def mappings(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to the kind with most to do."""
    integration = get_integration(request, pk)
    found = sorted(tabs(integration), key=lambda tab: -tab.todo)
    if not found:
        return page(
            request, "staff/mappings_none.html", _("Mappings"), [section(), crumb(integration)], integration=integration
        )
    return redirect("admin:mapping", pk, found[0].spec.kind)


@staff_view(view=VIEW, write=WRITE)
def mapping(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Show the values of one kind; save targets, accept suggestions."""
    integration = get_integration(request, pk)
    spec = _spec(integration, kind)
    values.look(integration)
    problems: dict[str, list[str]] = {}
    posted: dict[str, str] = {}
    if request.method == "POST":
        problems, posted = _act(request, _desk(integration, spec))
        if not problems:
            return redirect(desk.next_url(request, reverse("admin:mapping", args=[pk, kind])))
    context = _context(request, integration, spec, posted, problems)
    return page(request, "staff/mapping.html", _("Mappings"), [section(), crumb(integration)], **context)


def _context(
    request: HttpRequest,
    integration: Integration,
    spec: ValueMapSpec,
    posted: Mapping[str, str] | None = None,
    problems: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    found = _desk(integration, spec, posted)
    source, target = values.ends(integration, spec)
    query = request.GET
    listing = desk.listing(request, _chosen(found, query))
    counted = found.counted
    return {
        "integration": integration,
        "spec": spec,
        "desk": found,
        "listing": listing,
        "lines": listing.page.object_list,
        "tabs": tabs(integration, spec.kind),
        "source": source,
        "target": target,
        "read_at": values.read_at(integration, spec.kind),
        "wrong": [item for item in guide.targets(integration, spec) if item.other_type] if spec.wanted else [],
        "ready": len(values.mapped_and_waiting(integration, spec.kind)),
        "waiting": sum(line.waiting for line in found.lines),
        "may_write": request.user.has_perm(WRITE),
        "may_run": request.user.has_perm(RUN),
        "problems": problems or {},
        "text": query.get("text", ""),
        "filters": [
            (
                "state",
                gettext("State"),
                [
                    desk.Option(key, str(label), counted[key], query.get("state") == key)
                    for key, label in FILTERS.items()
                    if counted[key] or query.get("state") == key
                ],
            )
        ],
    }


def _act(request: HttpRequest, found: Desk) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Do what was asked; returns problems by field, and what was typed, where something was refused."""
    do = request.POST.get("do", "save")
    if do.startswith("accept"):
        _accept(request, found, do)
        return {}, {}
    problems: dict[str, list[str]] = {}
    saved = 0
    for line in found.lines:
        told = request.POST.get(f"target-{line.row.pk}")
        if told is None:
            continue
        try:
            saved += _save(request, found, line, told)
        except SettingInvalid as error:
            problems[f"target-{line.row.pk}"] = [
                gettext("%(label)s: %(problem)s") % {"label": line.name, "problem": say_error(error)}
            ]
    if saved:
        _tell_saved(request, found, saved)
    elif not problems:
        messages.info(request, gettext("Nothing was changed."))
    return problems, request.POST.dict() if problems else {}


def _save(request: HttpRequest, found: Desk, line: Line, told: str) -> bool:
    """Save one row; what is as it was shown is left alone, so that saving never accepts a suggestion unseen."""
    wanted = _id_of(told, found.offered)
    if wanted is None and told.strip() == line.shown:
        return False  # a target that is gone, left as it is
    if wanted is None:
        raise SettingInvalid("MAP-TARGET-UNKNOWN", params={"target": told, "value": line.name})
    if wanted == line.row.target_id:
        return False
    if not wanted:
        return values.clear(line.row, request.user)
    return values.set_target(line.row, wanted, request.user)


def _accept(request: HttpRequest, found: Desk, do: str) -> None:
    ids: Sequence[int] | None = None
    if do == "accept":
        ids = [int(value) for value in request.POST.getlist("value") if value.isdecimal()]
    elif do.startswith("accept:"):
        ids = [int(do.removeprefix("accept:"))] if do.removeprefix("accept:").isdecimal() else []
    taken = values.accept_all(found.integration, found.spec.kind, request.user, ids)
    if taken:
        _tell_saved(request, found, taken)
    else:
        messages.warning(request, gettext("No suggestion was chosen, so nothing was changed."))


def _tell_saved(request: HttpRequest, found: Desk, number: int) -> None:
    messages.success(request, ngettext("%(n)d value saved.", "%(n)d values saved.", number) % {"n": number})


@require_POST
@staff_view(view=VIEW, write=WRITE)
def mapping_refresh(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Read the lists anew. Asked by a script, only the table comes back, with what was typed in it meanwhile."""
    integration = get_integration(request, pk)
    spec = _spec(integration, kind)
    problem = ""
    told = None
    try:
        told = values.refresh(integration, kind)
    except SyncError as error:
        problem = f"{say_error(error)} [{error.code}]"
    if request.headers.get("HX-Request"):
        context = _context(request, integration, spec, request.POST.dict())
        context |= {"told": _refreshed(told), "problem": problem, "swapped": True}
        return HttpResponse(render_to_string("staff/mapping_values.html", context, request))
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, _refreshed(told))
    return redirect(desk.next_url(request, reverse("admin:mapping", args=[pk, kind])))


def _refreshed(told: values.Refreshed | None) -> str:
    if told is None:
        return ""
    words = ngettext(
        "List read: %(n)s choice, %(new)s new, %(gone)s gone.",
        "List read: %(n)s choices, %(new)s new, %(gone)s gone.",
        told.count,
    )
    return words % {"n": told.count, "new": told.new, "gone": told.gone}


@require_POST
@staff_view(view=VIEW, write=RUN)
def mapping_again(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Look again, now, at the records whose values have a target by now."""
    integration = get_integration(request, pk)
    _spec(integration, kind)
    try:
        run = values.replan(integration, request.user, kind)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:mapping", pk, kind)
    return redirect("admin:run_page", run.pk)


# One value


@dataclass(frozen=True, slots=True)
class Asking:
    """What the page of a value needs to ask, or to take an answer."""

    text: Mapping[str, str]
    people: list[Any]
    choices: list[tuple[str, str]] = field(default_factory=list)


@staff_view(view=VIEW, write=WRITE)
def mapping_value(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Show one value: what was decided and by whom; ask the accountant, take the answer, go back to a former target."""
    integration = get_integration(request, pk)
    found = get_object_or_404(integration.value_maps.select_related("question", "decided_by"), pk=row)
    found.integration = integration
    spec = _spec(integration, found.kind)
    if request.method == "POST":
        try:
            _decide(request, found)
        except SyncError as error:
            tell_error(request, error)
        return redirect("admin:mapping_value", pk, row)
    (line,) = [item for item in _desk(integration, spec).lines if item.row.pk == found.pk]
    question = found.question
    return page(
        request,
        "staff/mapping_value.html",
        line.name,
        [section(), crumb(integration), (say(spec.label), reverse("admin:mapping", args=[pk, found.kind]))],
        integration=integration,
        spec=spec,
        line=line,
        question=question,
        is_open=question is not None and question.answered_at is None,
        asking=Asking(values.question_text(found), values.accountants(integration)),
        past=values.history(found),
        usable={item.id for item in values.targets(integration, found.kind) if item.usable},
        may_write=request.user.has_perm(WRITE),
    )


def _decide(request: HttpRequest, found: ValueMap) -> None:
    do, post = request.POST.get("do", ""), request.POST
    if do == "ask":
        people = {str(person.pk): person for person in values.accountants(found.integration)}
        due = parse_date(post.get("due_on", "")) if _is_day(post.get("due_on", "")) else None
        values.ask_accountant(found, request.user, people.get(post.get("to", "")), due)
        messages.success(request, gettext("The question was asked. Its records wait for the answer."))
    elif do == "answer" and found.question is not None:
        values.answer(found.question, post.get("answer", ""), request.user)
        messages.success(request, gettext("The answer was kept, and the value is mapped."))
    elif do == "back":
        values.set_target(found, post.get("target", ""), request.user)
        messages.success(request, gettext("The former target is back. What was sent meanwhile stays as it is."))


def _is_day(text: str) -> bool:
    try:
        return parse_date(text) is not None
    except ValueError:
        return False


urls: list[URLPattern] = [
    path("mappings/", mappings_all, name="mappings_all"),
    path("integrations/<int:pk>/mappings/", mappings, name="mappings"),
    path("integrations/<int:pk>/mappings/value/<int:row>/", mapping_value, name="mapping_value"),
    path("integrations/<int:pk>/mappings/<slug:kind>/", mapping, name="mapping"),
    path("integrations/<int:pk>/mappings/<slug:kind>/refresh/", mapping_refresh, name="mapping_refresh"),
    path("integrations/<int:pk>/mappings/<slug:kind>/again/", mapping_again, name="mapping_again"),
]
