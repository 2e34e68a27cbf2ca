"""Runs: what each did, how far it is, what it wrote; stopping, retrying, undoing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.documents import decode, encode
from bridge.hub.models import Change, Connection, Environment, Integration, Organization, Run, VendorCall
from bridge.jobs import runs as work
from bridge.staff import desk, plan
from bridge.staff.pages import page, staff_view, tell_error
from connectors.contract import SyncError

PER_PAGE = 50
FAILED = (Change.State.REJECTED, Change.State.HELD)
WRITES = (Change.Action.CREATE, Change.Action.UPDATE, Change.Action.VOID, Change.Action.REMOVE)

# The list of runs


@dataclass(frozen=True, slots=True)
class Row:
    """One run in the list."""

    run: Run
    seconds: int | None
    written: int
    held: int
    calls: int


@staff_view(view="hub.view_run")
def run_list(request: HttpRequest) -> HttpResponse:
    """List runs, newest first."""
    query = request.GET
    runs = (
        Run.objects.for_user(request.user)
        .select_related("integration__organization", "integration__left", "integration__right", "user")
        .defer("pinned", "statement", "reconciliation", "brakes", "integration__settings")
        .order_by("-id")
    )
    for name in ("integration", "integration__organization"):
        value = query.get(name.removeprefix("integration__"), "")
        if value.isdigit():
            runs = runs.filter(**{name: int(value)})
    wanted = {
        "state": desk.pick(query, "state", Run.State.values),
        "trigger": desk.pick(query, "trigger", Run.Trigger.values),
        "kind": desk.pick(query, "kind", Run.Kind.values),
    }
    found = desk.listing(request, runs.filter(**{name: value for name, value in wanted.items() if value}), PER_PAGE)
    rows = list(found.page.object_list)
    calls = dict(
        VendorCall.objects.filter(run__in=[run.pk for run in rows]).order_by().values_list("run").annotate(Count("id"))
    )
    organizations = Organization.objects.for_user(request.user)
    integrations = Integration.objects.for_user(request.user).select_related("organization")
    return page(
        request,
        "staff/runs.html",
        gettext("Runs"),
        listing=found,
        rows=[_row(run, calls.get(run.pk, 0)) for run in rows],
        filters=[
            ("organization", gettext("Client"), _of_rows(organizations, query.get("organization", ""))),
            (
                "integration",
                gettext("Integration"),
                _of_rows(integrations, query.get("integration", ""), desk.pair_name),
            ),
            ("state", gettext("State"), _fixed(Run.State.choices, wanted["state"])),
            ("trigger", gettext("Started by"), _fixed(Run.Trigger.choices, wanted["trigger"])),
            ("kind", gettext("Kind"), _fixed(Run.Kind.choices, wanted["kind"])),
        ],
    )


def _row(run: Run, calls: int) -> Row:
    states = (run.counts or {}).get("states") or {}
    held = sum(int(states.get(state) or 0) for state in ("held", "rejected", "unknown"))
    return Row(run, desk.seconds_between(run.started_at, run.finished_at), int(states.get("done") or 0), held, calls)


def _of_rows(rows: QuerySet[Any], chosen: str, say: Any = str) -> list[desk.Option]:
    return [desk.Option(str(item.pk), say(item), None, str(item.pk) == chosen) for item in rows[:200]]


def _fixed(choices: Sequence[tuple[str, Any]], chosen: str) -> list[desk.Option]:
    return [desk.Option(value, str(label), None, value == chosen) for value, label in choices]


# One run


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: which phase, how much of it, and what became of the lines so far."""

    phase: str
    words: str
    done: int
    total: int | None
    percent: int | None
    is_open: bool
    states: list[tuple[str, str, int]]
    calls: int
    seconds: int | None


def progress(run: Run, states: Mapping[str, int] | None = None) -> Progress:
    """Measure a run now, in at most three questions to the database."""
    if states is None:
        states = dict(
            Change.objects.filter(run=run)
            .order_by()
            .values_list("state")
            .annotate(n=Count("id"))
            .values_list("state", "n")
        )
    done, total = _reading(run) if run.state == Run.State.READING else _writing(states)
    percent = min(100, done * 100 // total) if total else None
    if not run.is_open:
        percent = 100 if run.state in (Run.State.DONE, Run.State.HELD) else percent
    words = {
        Run.State.READING: gettext("Reading both sides"),
        Run.State.PLANNING: gettext("Comparing both sides"),
        Run.State.PLANNED: gettext("The plan waits for your approval"),
        Run.State.APPLYING: gettext("Writing what was approved"),
    }
    labels = dict(Change.State.choices)
    return Progress(
        phase=run.state,
        words=words.get(run.state, str(run.get_state_display())),
        done=done,
        total=total,
        percent=percent,
        is_open=run.state in Run.WORKING,
        states=[(state, str(labels[state]), states[state]) for state in Change.State.values if states.get(state)],
        calls=VendorCall.objects.filter(run=run).count(),
        seconds=desk.seconds_between(run.started_at, run.finished_at),
    )


def _reading(run: Run) -> tuple[int, int | None]:
    """Return records read and expected; None while no vendor has given a count."""
    read = plan.statement(run)
    seen = sum(line.seen for line in read)
    expected = sum(max(line.seen, line.expected or 0) for line in read)
    return seen, expected if any(line.expected for line in read) else None


def _writing(states: Mapping[str, int]) -> tuple[int, int | None]:
    """Return lines settled and lines approved; what still waits for a person counts for neither."""
    settled = sum(states.get(state, 0) for state in (Change.State.DONE, Change.State.REJECTED, Change.State.UNDONE))
    moving = sum(states.get(state, 0) for state in Change.IN_FLIGHT)
    return settled, settled + moving or None


@staff_view(view="hub.view_run")
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one run: progress, completeness, totals, what it wrote and what it holds."""
    run = plan.run_of(request, pk)
    found = plan.overview(run)
    may_undo = (
        run.kind in (Run.Kind.SYNC, *work.ASIDE) and not run.is_open and found.states.get(Change.State.DONE, 0) > 0
    )
    return page(
        request,
        "staff/run.html",
        gettext("Run %(run)s") % {"run": f"#{run.pk}"},
        plan.crumbs(run),
        run=run,
        recipe=registry.recipes().get(run.integration.recipe),
        overview=found,
        progress=progress(run, found.states),
        statement=plan.statement(run),
        is_complete=all(line.complete for line in plan.statement(run)),
        totals=totals(run),
        differences=differences(run),
        difference_count=int((run.reconciliation or {}).get("difference_count") or 0),
        # Why it waits matters while it waits.
        brakes=[desk.explained(*plan.code_and_params(brake)) for brake in run.brakes if run.state == Run.State.PLANNED],
        reason=desk.explained(run.reason_code, run.reason_params),
        causes=[
            (row["cause"], desk.short_code_words(row["cause"]), row["n"])
            for row in Change.objects.filter(run=run, state__in=FAILED)
            .order_by()
            .values(cause=desk.CAUSE)
            .annotate(n=Count("id"))
            .order_by("-n")
        ],
        tags=tags_written(Change.objects.filter(run=run)),
        may_stop=run.is_open,
        may_retry=not run.is_open and run.kind not in work.ASIDE and any(found.states.get(state) for state in FAILED),
        may_undo=may_undo,
        undone_by=list(run.undone_by.order_by("-id").only("id", "state", "undo_of")[:5]),
        done=found.states.get(Change.State.DONE, 0),
    )


@staff_view(view="hub.view_run")
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the progress part of a run's page, for pages that refresh themselves."""
    run = get_object_or_404(
        Run.objects.for_user(request.user)
        .select_related("integration__left", "integration__right")
        .defer("pinned", "reconciliation", "integration__settings"),
        pk=pk,
    )
    return render(request, "staff/run_progress.html", {"run": run, "progress": progress(run)})


# Totals of both sides


@dataclass(frozen=True, slots=True)
class SideTotal:
    """Documents of one kind and currency on both sides."""

    kind: str
    currency: str
    left_count: int
    right_count: int
    left: Decimal
    right: Decimal
    left_tax: Decimal
    right_tax: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True)
class Differing:
    """One document that makes up a difference."""

    words: str
    left: str
    right: str
    amount: Decimal
    currency: str
    reason: desk.Explained | None


def _money(value: Any) -> Decimal:
    try:
        return Decimal(str(value if value is not None else 0))
    except InvalidOperation:
        return Decimal(0)


def totals(run: Run) -> list[SideTotal]:
    """Return the totals a run ended with, by kind and currency."""
    return [
        SideTotal(
            _kind_label(run, str(line["kind"])),
            str(line["currency"]),
            int(line["left_count"]),
            int(line["right_count"]),
            _money(line["left_total"]),
            _money(line["right_total"]),
            _money(line["left_tax"]),
            _money(line["right_tax"]),
            _money(line["difference"]),
        )
        for line in (run.reconciliation or {}).get("totals", ())
    ]


def _kind_label(run: Run, kind: str) -> str:
    """Return what people call a kind of document, by whichever side knows it."""
    for side in (run.integration.left, run.integration.right):
        label = plan.resource_label(side.vendor, kind) if side else kind
        if label != kind:
            return label
    return kind


def differences(run: Run) -> list[Differing]:
    """Return the documents that make up the difference, with the cause in words."""
    words = {
        "missing": gettext("missing on the other side"),
        "extra": gettext("only on the other side"),
        "amount": gettext("another amount"),
        "date": gettext("another date"),
        "tax": gettext("another tax"),
        "doubled": gettext("twice on the other side"),
        "kind": gettext("another kind of document"),
        "refund": gettext("refund missing or different"),
    }
    return [
        Differing(
            words=words.get(str(item.get("kind")), str(item.get("kind", ""))),
            left=_document(item.get("left")),
            right=_document(item.get("right")),
            amount=_money(item.get("amount")),
            currency=str(item.get("currency", "")),
            reason=desk.explained(str(item.get("code") or ""), item.get("params")),
        )
        for item in (run.reconciliation or {}).get("differences", ())
    ]


def _document(told: Any) -> str:
    return str(told.get("number") or told.get("id") or "") if isinstance(told, Mapping) else ""


# What was written


def tags_written(changes: QuerySet[Change]) -> list[tuple[str, int]]:
    """Return the tags put on contacts these changes created, with how many contacts each."""
    found: dict[str, int] = defaultdict(int)
    rows = (
        changes.filter(entity="contact", action=Change.Action.CREATE, state=Change.State.DONE)
        .order_by()
        .values(tags=KeyTextTransform("tags", "after"), kept=KeyTextTransform("tags", "target__document"))
        .annotate(n=Count("id"))
    )
    for row in rows:
        for tag in {*_tags(row["tags"]), *_tags(row["kept"])}:
            found[tag] += row["n"]
    return sorted(found.items())


def _tags(text: str | None) -> list[str]:
    if not text:
        return []
    value = decode(text) if text.startswith("[") else [text]
    return [str(item.get("name", "")) if isinstance(item, Mapping) else str(item) for item in value]


def with_tag(changes: QuerySet[Change], tag: str) -> QuerySet[Change]:
    """Keep contacts created with this tag: one a rule wrote, or one the new contact carries over there.

    The stored list is compared as text, which both databases can do.
    """
    mark = encode(tag)
    return changes.annotate(
        tagged=Cast(KeyTextTransform("tags", "after"), TextField()),
        kept_tags=Cast(KeyTextTransform("tags", "target__document"), TextField()),
    ).filter(Q(tagged__contains=mark) | Q(kept_tags__contains=mark), entity="contact", action=Change.Action.CREATE)


@dataclass(frozen=True, slots=True)
class Written:
    """One change in the list, with the way to its record at the vendor."""

    line: plan.Line
    open_url: str = ""


def vendor_url(connection: Connection, resource: str, remote_id: str) -> str:
    """Return where a person sees a record at its vendor; "" where there is no such page, as for all simulators."""
    known = registry.connectors().get(connection.vendor)
    if known is None or not remote_id or connection.environment != Environment.LIVE:
        return ""
    try:
        pattern = str(known.resource(resource).open_in_vendor)
    except KeyError:
        return ""
    pattern = pattern.replace("{account}", quote(connection.account_id, safe=""))
    return pattern.replace("{id}", quote(remote_id, safe="")) if pattern.startswith("https://") else ""


@staff_view(view="hub.view_change")
def change_list(request: HttpRequest) -> HttpResponse:
    """List changes of a run or of an integration: what was created, updated, left out, held; contacts by tag."""
    query = request.GET
    changes = Change.objects.for_user(request.user)
    run = integration = None
    if query.get("run", "").isdigit():
        run = plan.run_of(request, int(query["run"]))
        integration, changes = run.integration, changes.filter(run=run)
    elif query.get("integration", "").isdigit():
        integration = get_object_or_404(Integration.objects.for_user(request.user), pk=int(query["integration"]))
        changes = changes.filter(integration=integration)
    scope = changes
    wanted = {
        "entity": query.get("entity", ""),
        "action": desk.pick(query, "action", Change.Action.values),
        "state": desk.pick(query, "state", Change.State.values),
    }
    changes = changes.filter(**{name: value for name, value in wanted.items() if value})
    if not wanted["state"]:
        changes = plan.newest(changes, "run" if run else "integration")
    if query.get("code"):
        changes = changes.annotate(cause=desk.CAUSE).filter(cause=query["code"])
    if query.get("tag"):
        changes = with_tag(changes, query["tag"])
    if query.get("text", "").strip():
        changes = changes.filter(title__icontains=query["text"].strip())
    found = desk.listing(
        request,
        changes.select_related("connection")
        .only(
            *plan.LINE_COLUMNS,
            "remote_id",
            "resource",
            "settled_at",
            "connection__vendor",
            "connection__account_name",
            "connection__environment",
        )
        .order_by("-id"),
    )
    entities = sorted(registry_entities())
    return page(
        request,
        "staff/changes.html",
        gettext("What was written"),
        plan.crumbs(run, gettext("Run %(run)s") % {"run": f"#{run.pk}"})
        if run
        else [(gettext("Runs"), reverse("admin:runs"))],
        run=run,
        integration=integration,
        listing=found,
        rows=[
            Written(line, vendor_url(line.change.connection, line.change.resource, line.change.remote_id))
            for line in plan.lines(found.page.object_list)
        ],
        filters=[
            (
                "entity",
                gettext("Kind"),
                _fixed([(name, desk.entity_label(name)) for name in entities], wanted["entity"]),
            ),
            ("action", gettext("Action"), _fixed(Change.Action.choices, wanted["action"])),
            ("state", gettext("State"), _fixed(Change.State.choices, wanted["state"])),
            (
                "tag",
                gettext("Tag put on new contacts"),
                desk.options(dict(tags_written(scope)), query.get("tag", ""), {}) if integration else [],
            ),
        ],
        hidden=[(name, query[name]) for name in ("run", "integration", "code") if query.get(name)],
        text=query.get("text", ""),
    )


def registry_entities() -> set[str]:
    """Return the entities any recipe keeps in step."""
    return {flow.entity for recipe in registry.recipes().values() for flow in recipe.flows}


@staff_view(view="hub.view_change")
def run_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Download every line of a run."""
    run = plan.run_of(request, pk)
    changes = (
        Change.objects.filter(run=run)
        .select_related("source", "target", "approved_by")
        .only(
            *plan.LINE_COLUMNS,
            "remote_id",
            "settled_at",
            "approved_at",
            "approved_by__email",
            "approved_by__first_name",
            "approved_by__last_name",
            "source__remote_id",
            "target__remote_id",
        )
        .order_by("stage", "id")
    )
    heads = [
        gettext("Line"),
        gettext("Kind"),
        gettext("Action"),
        gettext("Record"),
        gettext("Id at the source"),
        gettext("Id at the target"),
        gettext("Amount"),
        gettext("Currency"),
        gettext("Was"),
        gettext("Becomes"),
        gettext("State"),
        gettext("Reason code"),
        gettext("Reason"),
        gettext("Settled"),
        gettext("Approved by"),
    ]
    return desk.sheet(f"bridge-run-{run.pk}", heads, _csv_rows(changes))


def _csv_rows(changes: QuerySet[Change]) -> Iterator[list[Any]]:
    for change in changes.iterator(chunk_size=500):
        (line,) = plan.lines([change])
        yield [
            change.pk,
            line.entity,
            change.get_action_display(),
            change.title,
            change.source.remote_id if change.source else "",
            change.remote_id or (change.target.remote_id if change.target else ""),
            change.amount,
            change.currency,
            "; ".join(f"{item.label}: {item.was}" for item in line.fields if item.was is not None),
            "; ".join(f"{item.label}: {item.becomes}" for item in line.fields if item.becomes is not None),
            change.get_state_display(),
            change.reason,
            line.reason.what if line.reason else "",
            change.settled_at.isoformat(timespec="seconds") if change.settled_at else "",
            str(change.approved_by or ""),
        ]


# Acting


@require_POST
@staff_view(view="hub.view_run", write="hub.change_run")
def run_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop after the calls now under way."""
    run = plan.run_of(request, pk)
    back = reverse("admin:run_page", args=[run.pk])
    if not desk.confirmed(request):
        return desk.ask(
            request,
            desk.Question(
                title=gettext("Stop run %(run)s?") % {"run": f"#{run.pk}"},
                sentence=gettext(
                    "Calls under way are finished and their answers kept; nothing more is sent. What was not sent is "
                    "looked at again by the next run."
                ),
                button=gettext("Stop"),
                back=back,
            ),
        )
    try:
        work.stop(run, request.user)
        messages.success(request, gettext("The run stops as soon as the calls under way have answered."))
    except SyncError as error:
        tell_error(request, error)
    return redirect(back)


@require_POST
@staff_view(view="hub.view_run", write="hub.change_run")
def run_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again what this run holds or was refused."""
    run = plan.run_of(request, pk)
    failed = list(Change.objects.filter(run=run, state__in=FAILED).values_list("pk", flat=True))
    if not failed:
        messages.warning(request, gettext("Nothing of this run is held or refused any more."))
        return redirect("admin:run_page", run.pk)
    try:
        started = work.retry(run.integration, request.user, changes=failed)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:run_page", run.pk)
    messages.success(
        request,
        ngettext("%(n)d line is looked at again.", "%(n)d lines are looked at again.", len(failed))
        % {"n": len(failed)},
    )
    return redirect("admin:run_page", started.pk)


@require_POST
@staff_view(view="hub.view_run", write="hub.undo_run")
def run_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan the reversal of what a run wrote; the plan waits for approval."""
    run = plan.run_of(request, pk)
    back = reverse("admin:run_page", args=[run.pk])
    if not desk.confirmed(request):
        number = Change.objects.filter(run=run, state=Change.State.DONE).count()
        return desk.ask(
            request,
            desk.Question(
                title=gettext("Plan the undoing of run %(run)s?") % {"run": f"#{run.pk}"},
                sentence=ngettext(
                    "Bridge plans the reversal of %(n)d written line and shows it to you. Nothing is sent before "
                    "you approve; what cannot be undone is listed with the reason.",
                    "Bridge plans the reversal of %(n)d written lines and shows them to you. Nothing is sent before "
                    "you approve; what cannot be undone is listed with the reason.",
                    number,
                )
                % {"n": number},
                button=gettext("Plan the undoing"),
                back=back,
                grave=True,
            ),
        )
    try:
        made = work.undo(run, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect(back)
    return redirect("admin:run_plan", made.pk)


urls = [
    path("runs/", run_list, name="runs"),
    path("runs/<int:pk>/", run_page, name="run_page"),
    path("runs/<int:pk>/progress/", run_progress, name="run_progress"),
    path("runs/<int:pk>/stop/", run_stop, name="run_stop"),
    path("runs/<int:pk>/retry/", run_retry, name="run_retry"),
    path("runs/<int:pk>/undo/", run_undo, name="run_undo"),
    path("runs/<int:pk>/lines.csv", run_csv, name="run_csv"),
    path("changes/", change_list, name="changes"),
]
