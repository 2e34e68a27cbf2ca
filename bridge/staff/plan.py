"""The plan of a run: what would be written, line by line, and the person's word on it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Change, Run
from bridge.jobs import runs as work
from bridge.staff import asking, desk
from bridge.staff.conflicts import Dispute, disputes_of
from bridge.staff.pages import language, page, staff_view, tell_error
from connectors.contract import SyncError, Text

# What the lines of a page need; documents, payloads and traces stay in the database.
LINE_COLUMNS = (
    "id",
    "run_id",
    "integration_id",
    "entity",
    "action",
    "toward",
    "title",
    "amount",
    "currency",
    "before",
    "after",
    "code",
    "params",
    "error_code",
    "error_params",
    "state",
    "source_id",
    "target_id",
)
DECIDABLE = (Change.State.PLANNED, Change.State.HELD, Change.State.REJECTED)
_COUNTED = (Change.State.PLANNED, *Change.IN_FLIGHT, Change.State.DONE)


@dataclass(slots=True)
class Group:
    """Lines of one entity and action: how many, how many still wait, and the money by currency."""

    entity: str
    action: str
    label: str = ""
    action_label: str = ""
    total: int = 0
    waiting: int = 0
    money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def query(self) -> str:
        return urlencode({"entity": self.entity, "action": self.action})

    @property
    def amounts(self) -> list[tuple[Decimal, str]]:
        return [(amount, currency) for currency, amount in sorted(self.money.items())]


@dataclass(slots=True)
class Overview:
    """A plan in numbers, from one grouped question to the database."""

    groups: list[Group]
    states: dict[str, int]
    entities: dict[str, int]
    actions: dict[str, int]
    codes: dict[str, int]
    money: dict[str, Decimal]
    waiting: int
    waiting_by_entity: dict[str, int]
    new_contacts: int

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Line:
    """One change as the page shows it."""

    change: Change
    entity: str
    fields: list[desk.FieldChange]
    reason: desk.Explained | None
    remarks: list[desk.Explained] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)

    @property
    def can_be_decided(self) -> bool:
        return self.change.state in DECIDABLE


def run_of(request: HttpRequest, pk: int) -> Run:
    """Return the run if the person may see it; 404 else."""
    runs = Run.objects.for_user(request.user).select_related(
        "integration__organization", "integration__left", "integration__right", "user", "undo_of"
    )
    return get_object_or_404(runs, pk=pk)


def crumbs(run: Run, last: str = "") -> list[tuple[object, str]]:
    """Return the way to a run: all runs, those of its integration, the run itself when the page is below it."""
    found: list[tuple[object, str]] = [
        (gettext("Runs"), reverse("admin:runs")),
        (desk.pair_name(run.integration), f"{reverse('admin:runs')}?integration={run.integration_id}"),
    ]
    return [*found, (last, reverse("admin:run_page", args=[run.pk]))] if last else found


def overview(run: Run) -> Overview:
    """Count a plan by entity, action, state and reason."""
    rows = (
        Change.objects.filter(run=run)
        .order_by()
        .values("entity", "action", "toward", "state", "currency", cause=desk.CAUSE)
        .annotate(n=Count("id"), money=Sum("amount"))
    )
    groups: dict[tuple[str, str], Group] = {}
    states: dict[str, int] = defaultdict(int)
    entities: dict[str, int] = defaultdict(int)
    actions: dict[str, int] = defaultdict(int)
    codes: dict[str, int] = defaultdict(int)
    money: dict[str, Decimal] = defaultdict(Decimal)
    waiting_by_entity: dict[str, int] = defaultdict(int)
    waiting = new_contacts = 0
    for row in rows:
        n, entity, action = row["n"], row["entity"], row["action"]
        group = groups.setdefault((entity, action), Group(entity, action))
        group.total += n
        states[row["state"]] += n
        entities[entity] += n
        actions[action] += n
        codes[row["cause"]] += n
        if row["money"] is not None and action != Change.Action.SKIP:
            group.money[row["currency"]] += row["money"]
            if row["state"] in _COUNTED:
                money[row["currency"]] += row["money"]
        if row["state"] == Change.State.PLANNED:
            group.waiting += n
            waiting += n
            waiting_by_entity[entity] += n
        made = action == Change.Action.CREATE and row["state"] in _COUNTED
        if entity == "contact" and made and row["toward"] == "right":  # books charge nothing for a customer
            new_contacts += n
    labels = dict(Change.Action.choices)
    for group in groups.values():
        group.label, group.action_label = desk.entity_label(group.entity), str(labels.get(group.action, group.action))
    return Overview(
        groups=sorted(groups.values(), key=lambda item: (item.label, item.action)),
        states=dict(states),
        entities=dict(entities),
        actions=dict(actions),
        codes=dict(codes),
        money=dict(money),
        waiting=waiting,
        waiting_by_entity=dict(waiting_by_entity),
        new_contacts=new_contacts,
    )


def consents(run: Run) -> dict[str, int]:
    """Return how many new contacts would go with which consent."""
    rows = (
        Change.objects.filter(run=run, entity="contact", action=Change.Action.CREATE, state__in=_COUNTED)
        .order_by()
        .values(consent=KeyTextTransform("consent", "after"))
        .annotate(n=Count("id"))
    )
    return {row["consent"] or "": row["n"] for row in rows}


def filtered(run: Run, query: Any) -> QuerySet[Change]:
    """Return the lines a person asked to see."""
    rows = Change.objects.filter(run=run)
    if not query.get("state"):
        rows = newest(rows, "run")
    for name in ("action", "entity", "state"):
        if query.get(name):
            rows = rows.filter(**{name: query[name]})
    if query.get("code"):
        rows = rows.annotate(cause=desk.CAUSE).filter(cause=query["code"])
    if query.get("text", "").strip():
        rows = rows.filter(title__icontains=query["text"].strip())
    return rows.order_by("stage", "id")


def newest(rows: QuerySet[Change], within: str) -> QuerySet[Change]:
    """Leave out what was planned anew since, in the same run or integration: its newer line says what holds."""
    again = Change.objects.filter(
        source=OuterRef("source"), toward=OuterRef("toward"), pk__gt=OuterRef("pk"), **{within: OuterRef(within)}
    )
    return rows.exclude(Q(state=Change.State.SUPERSEDED) & Exists(again))


def lines(changes: Iterable[Change]) -> list[Line]:
    """Return changes as the page shows them."""
    changes = list(changes)
    disputed = disputes_of(changes)
    return [
        Line(
            change,
            desk.entity_label(change.entity),
            desk.field_changes(change.entity, change.before, change.after),
            desk.explained(change.reason, change.error_params if change.error_code else change.params, change.entity),
            remarks(change),
            disputed.get(change.pk, []),
        )
        for change in changes
    ]


def remarks(change: Change) -> list[desk.Explained]:
    """Return what was remarked while the line was made up: a default item used, a date moved."""
    remarked = change.params.get("warnings") or ()
    told = [desk.explained(item["code"], item.get("params"), change.entity) for item in remarked]
    return [item for item in told if item]


@staff_view(view="hub.view_run")
def run_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a run would write, and why."""
    run = run_of(request, pk)
    found = overview(run)
    found_lines = desk.listing(request, filtered(run, request.GET).only(*LINE_COLUMNS))
    query = request.GET
    return page(
        request,
        "staff/plan.html",
        gettext("Plan of run %(run)s") % {"run": f"#{run.pk}"},
        crumbs(run, gettext("Run %(run)s") % {"run": f"#{run.pk}"}),
        run=run,
        overview=found,
        consents=[(_consent_word(name), number) for name, number in consents(run).items()]
        if found.new_contacts
        else [],
        beyond=beyond_values(run, found.groups),
        brakes=[desk.explained(*code_and_params(brake)) for brake in run.brakes],
        statement=statement(run),
        listing=found_lines,
        lines=lines(found_lines.page.object_list),
        filters=[
            ("entity", gettext("Kind"), desk.options(found.entities, query.get("entity", ""), desk.entity_label)),
            (
                "action",
                gettext("Action"),
                desk.options(found.actions, query.get("action", ""), dict(Change.Action.choices)),
            ),
            ("state", gettext("State"), desk.options(found.states, query.get("state", ""), dict(Change.State.choices))),
            ("code", gettext("Reason"), desk.options(found.codes, query.get("code", ""), desk.short_code_words)),
        ],
        text=query.get("text", ""),
        can_approve=run.state == Run.State.PLANNED and found.waiting > 0,
        entities_waiting=[
            (name, desk.entity_label(name), number) for name, number in found.waiting_by_entity.items() if number
        ],
    )


def beyond_values(run: Run, groups: Iterable[Group]) -> list[str]:
    """Return what the writes of a plan do beyond the values they list, one sentence for each kind of them."""
    recipe = registry.recipe(run.integration.recipe)
    chosen_ = {
        item.key: next((str(label.say(desk.language())) for key, label in item.choices if key == value), value)
        for item in recipe.settings
        if (value := run.pinned.get("settings", {}).get(item.key, item.default))
    }
    flows = {flow.entity: flow for flow in recipe.flows}
    return [
        flows[group.entity].also[group.action].say(desk.language(), **chosen_)
        for group in groups
        if group.entity in flows and group.action in flows[group.entity].also
    ]


def _consent_word(name: str) -> str:
    return {
        "granted": gettext("with marketing consent"),
        "subscribed": gettext("with marketing consent"),
        "asked": gettext("asked for consent"),
        "withdrawn": gettext("consent withdrawn"),
    }.get(name, gettext("without marketing consent"))


def code_and_params(item: Any) -> tuple[str, dict[str, Any]]:
    """Return the code and params of a stored reason, kept as a mapping or as a bare code."""
    if isinstance(item, dict):
        return str(item.get("code", "")), dict(item.get("params") or {})
    return str(item), {}


@dataclass(frozen=True, slots=True)
class Read:
    """One line of the statement of completeness: a resource of one side. `expected` None: the vendor gives no count.

    `whole` tells a full reading from one of what changed since the last; only a full one can prove that nothing is
    missing.
    """

    side: str
    account: str
    resource: str
    seen: int
    expected: int | None
    complete: bool
    whole: bool
    unreadable: int = 0
    notes: tuple[str, ...] = ()
    least: int = 0  # so many are missing at least, as the reading itself found

    @property
    def missing(self) -> int:
        """How many are known to be missing."""
        if self.least:
            return self.least
        return max(0, self.expected - self.seen) if self.whole and self.expected is not None else 0


def statement(run: Run) -> list[Read]:
    """Return what was read of each resource, and whether all of it was."""
    found = []
    for line in run.statement:
        connection = run.integration.left if line.get("side") == "left" else run.integration.right
        seen, expected = line.get("seen") or {}, line.get("expected") or {}
        ends, whole = line.get("ends") or [], bool(line.get("first"))
        lacking = line.get("missing") or {}
        bad = [item[0] for item in line.get("unreadable") or [] if item]
        names = sorted({*seen, *expected, *ends, *lacking})
        for name in names:
            found.append(
                Read(
                    side=str(line.get("side", "")),
                    account=str(connection or ""),
                    resource=resource_label(connection.vendor, name) if connection else name,
                    seen=int(seen.get(name) or 0),
                    expected=int(expected[name]) if expected.get(name) is not None else None,
                    complete=name not in lacking and (name in ends or (not whole and bool(line.get("done")))),
                    whole=whole,
                    unreadable=bad.count(name),
                    # Notes are about the whole reading: said once, beside its first list.
                    notes=tuple(str(note) for note in line.get("notes") or []) if name == names[0] else (),
                    least=int(lacking.get(name) or 0),
                )
            )
    return found


def resource_label(vendor: str, name: str) -> str:
    """Return what people call a resource of a vendor; its own name when it is not known."""
    known = registry.connectors().get(vendor)
    try:
        label = known.resource(name).label if known else name
    except KeyError:
        return name
    return label.say(language()) if isinstance(label, Text) else str(label)


# Deciding


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines a person means: chosen ones, or all still planned of an action, an entity or the whole plan."""

    ids: tuple[int, ...]
    action: str
    entity: str
    everything: bool

    @property
    def is_empty(self) -> bool:
        return not (self.ids or self.action or self.entity or self.everything)


def choice(request: HttpRequest) -> Choice:
    """Read which lines are meant from a posted form."""
    ids = tuple(int(value) for value in request.POST.getlist("change") if value.isdigit())
    return Choice(
        ids,
        desk.pick(request.POST, "action", Change.Action.values),
        request.POST.get("entity", "")[:20],
        request.POST.get("all") == "yes",
    )


def chosen(run: Run, meant: Choice) -> QuerySet[Change]:
    """Return the lines meant, of this run only."""
    rows = Change.objects.filter(run=run)
    if meant.ids:
        return rows.filter(pk__in=meant.ids)
    rows = rows.filter(state=Change.State.PLANNED)
    if meant.action:
        rows = rows.filter(action=meant.action)
    if meant.entity:
        rows = rows.filter(entity=meant.entity)
    return rows


@require_POST
@staff_view(view="hub.view_run", write="hub.approve_run")
def run_plan_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, hold, leave out for ever, or close the plan; asks first, then acts."""
    run = run_of(request, pk)
    back = desk.next_url(request, reverse("admin:run_plan", args=[run.pk]))
    acts = {"approve": _approve, "hold": _hold, "ask": _ask, "exclude": _exclude, "close": _close}
    act = acts.get(request.POST.get("do", ""))
    if act is None:
        raise Http404
    meant = choice(request)
    if meant.is_empty and act is not _close:
        messages.warning(request, gettext("No line was chosen, so nothing was changed."))
        return redirect(back)
    try:
        return act(request, run, meant, back)
    except SyncError as error:
        tell_error(request, error)
        return redirect(back)


def _approve(request: HttpRequest, run: Run, meant: Choice, back: str) -> HttpResponse:
    rows = chosen(run, meant).filter(state=Change.State.PLANNED)
    number = rows.count()
    if not number:
        messages.warning(request, gettext("None of these lines waits for approval any more."))
        return redirect(back)
    if not desk.confirmed(request):
        return desk.ask(
            request,
            desk.Question(
                title=ngettext("Approve %(n)d line?", "Approve %(n)d lines?", number) % {"n": number},
                sentence=gettext(
                    "What is approved is what is sent. A record that changes before it is sent is planned anew and "
                    "shown to you again."
                ),
                effects=_effects(rows),
                button=ngettext("Approve and send %(n)d line", "Approve and send %(n)d lines", number) % {"n": number},
                back=back,
            ),
        )
    done = work.approve(
        run,
        request.user,
        changes=meant.ids or None,
        action=meant.action or None,
        entity=meant.entity or None,
    )
    messages.success(request, ngettext("%(n)d line approved.", "%(n)d lines approved.", done) % {"n": done})
    return redirect("admin:run_page", run.pk)


def _effects(rows: QuerySet[Change]) -> list[str]:
    """Say in sentences what approving these lines does, by action and entity."""
    labels = dict(Change.Action.choices)
    counted = rows.order_by().values("entity", "action").annotate(n=Count("id"))
    return [
        gettext("%(action)s – %(entity)s: %(n)d")
        % {
            "action": labels.get(row["action"], row["action"]),
            "entity": desk.entity_label(row["entity"]),
            "n": row["n"],
        }
        for row in counted
    ]


def _hold(request: HttpRequest, run: Run, meant: Choice, back: str) -> HttpResponse:
    ids = list(chosen(run, meant).filter(state=Change.State.PLANNED).values_list("pk", flat=True))
    if not ids:
        messages.warning(request, gettext("None of these lines waits for approval any more."))
        return redirect(back)
    reason = request.POST.get("reason", "").strip()
    if not (desk.confirmed(request) and reason):
        return desk.ask(
            request,
            desk.Question(
                title=ngettext("Hold %(n)d line?", "Hold %(n)d lines?", len(ids)) % {"n": len(ids)},
                sentence=gettext("Held lines are not sent. They stay listed under Held until someone releases them."),
                button=gettext("Hold"),
                back=back,
                ask_reason=True,
            ),
            missing=gettext("Say why, so that others understand it later.") if desk.confirmed(request) else "",
        )
    done = work.hold(run, request.user, ids, reason)
    messages.success(request, ngettext("%(n)d line held.", "%(n)d lines held.", done) % {"n": done})
    return redirect(back)


def _ask(request: HttpRequest, run: Run, meant: Choice, back: str) -> HttpResponse:
    rows = chosen(run, meant).filter(state=Change.State.PLANNED)
    return asking.about_lines(request, run, list(rows.values_list("pk", flat=True)[: asking.MOST]), back)


def _exclude(request: HttpRequest, run: Run, meant: Choice, back: str) -> HttpResponse:
    rows = list(chosen(run, meant).filter(state__in=DECIDABLE, source__isnull=False).defer("payload", "sent", "trace"))
    if not rows:
        messages.warning(request, gettext("None of these lines can be left out any more."))
        return redirect(back)
    reason = request.POST.get("reason", "").strip()
    if not (desk.confirmed(request) and reason):
        names = [change.title for change in rows[:10]]
        return desk.ask(
            request,
            desk.Question(
                title=ngettext("Leave out %(n)d record for ever?", "Leave out %(n)d records for ever?", len(rows))
                % {"n": len(rows)},
                sentence=gettext(
                    "No later run will write these records in this integration, until someone takes the decision "
                    "back on the record's page. Nothing is deleted at either side."
                ),
                effects=names + ([gettext("and %(n)d more") % {"n": len(rows) - 10}] if len(rows) > 10 else []),
                button=gettext("Leave out for ever"),
                back=back,
                ask_reason=True,
                grave=True,
            ),
            missing=gettext("Say why, so that others understand it later.") if desk.confirmed(request) else "",
        )
    for change in rows:
        work.exclude(change, request.user, reason)
    messages.success(
        request, ngettext("%(n)d record left out.", "%(n)d records left out.", len(rows)) % {"n": len(rows)}
    )
    return redirect(back)


def _close(request: HttpRequest, run: Run, meant: Choice, back: str) -> HttpResponse:
    if not desk.confirmed(request):
        number = Change.objects.filter(run=run, state=Change.State.PLANNED).count()
        return desk.ask(
            request,
            desk.Question(
                title=gettext("Close the plan?"),
                sentence=ngettext(
                    "%(n)d line that still waits is not sent. The next run looks at it again.",
                    "%(n)d lines that still wait are not sent. The next run looks at them again.",
                    number,
                )
                % {"n": number},
                button=gettext("Close the plan"),
                back=back,
            ),
        )
    done = work.approve_rest_not(run, request.user)
    messages.success(
        request,
        ngettext("Plan closed; %(n)d line was not sent.", "Plan closed; %(n)d lines were not sent.", done)
        % {"n": done},
    )
    return redirect("admin:run_page", run.pk)


urls = [
    path("runs/<int:pk>/plan/", run_plan, name="run_plan"),
    path("runs/<int:pk>/plan/decide/", run_plan_act, name="run_plan_act"),
]
