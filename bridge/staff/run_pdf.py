"""A run on paper: what its page says, as a tagged PDF in the reader's language. The CSV beside it has every line."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext

from bridge.hub import pdf
from bridge.hub.formats import instant, money, number
from bridge.hub.models import Change, Run
from bridge.jobs.reports_tables import Cell, Table
from bridge.staff import desk, plan, runs
from bridge.staff.pages import staff_view


@staff_view(view="hub.view_change")
def run_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Download one run as PDF; where none can be drawn, say what to install."""
    run = plan.run_of(request, pk)
    title = gettext("Run %(run)s") % {"run": f"#{run.pk}"}
    facts = _facts(run)
    try:
        content = pdf.render(
            "reports/run.html",
            {"title": title, "description": facts[0][1], "run": run, "facts": facts, "tables": tables(run)},
        )
    except pdf.PdfUnavailable as error:
        messages.warning(request, str(error))
        return redirect("admin:run_page", run.pk)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="bridge-run-{run.pk}.pdf"'
    return answer


def _facts(run: Run) -> list[tuple[str, str]]:
    found = [(gettext("State"), str(run.get_state_display()))]
    if reason := desk.explained(run.reason_code, run.reason_params):
        found.append((gettext("Why"), reason.what))
    found += [
        (gettext("Client"), str(run.integration.organization)),
        (gettext("Between"), f"{run.integration.left or '–'} – {run.integration.right or '–'}"),
        (gettext("Kind"), str(run.get_kind_display())),
        (gettext("Started by"), str(run.user or run.get_trigger_display())),
        (gettext("Started"), instant(run.started_at)),
    ]
    if run.finished_at:
        found.append((gettext("Ended"), instant(run.finished_at)))
    read = plan.statement(run)
    if read:
        complete = (
            gettext("Everything was read.") if all(line.complete for line in read) else gettext("Not all was read.")
        )
        found.append((gettext("Completeness"), complete))
    return found


def _heads(*names: str, numbers: Iterable[int] = ()) -> tuple[Cell, ...]:
    places = set(numbers)
    return tuple(Cell(words, words, is_number=place in places) for place, words in enumerate(names))


def _cell(words: Any, is_number: bool = False, is_data: bool = False) -> Cell:
    return Cell(words, str(words) or "–", is_number, is_data)


def tables(run: Run) -> list[Table]:
    """Return the tables of a run's page: what was written, totals of both sides, what differs, what is held."""
    return [_written(run), _totals(run), *_differing(run), *_held(run)]


def _written(run: Run) -> Table:
    rows = tuple(
        (_cell(group.label), _cell(group.action_label), _cell(number(group.total), True),
         _cell(number(group.waiting), True),
         _cell(" + ".join(money(amount, currency) for amount, currency in group.amounts), True))
        for group in plan.overview(run).groups
    )  # fmt: skip
    heads = _heads(
        gettext("Kind"), gettext("Action"), gettext("Lines"), gettext("Waiting"), gettext("Money"), numbers=(2, 3, 4)
    )
    return Table("written", gettext("What was written"), heads, rows, gettext("Nothing was planned in this run."))


def _totals(run: Run) -> Table:
    rows = tuple(
        (_cell(line.kind), _cell(number(line.left_count), True), _cell(money(line.left, line.currency), True),
         _cell(number(line.right_count), True), _cell(money(line.right, line.currency), True),
         _cell(money(line.difference, line.currency), True))
        for line in runs.totals(run)
    )  # fmt: skip
    left, right = str(run.integration.left or ""), str(run.integration.right or "")
    heads = _heads(
        gettext("Kind"), gettext("Documents"), left, gettext("Documents"), right, gettext("Difference"),
        numbers=range(1, 6),
    )  # fmt: skip
    empty = gettext("No documents with amounts were compared in this run. Totals appear here when it has ended.")
    return Table("totals", gettext("Totals of both sides"), heads, rows, empty)


def _differing(run: Run) -> list[Table]:
    found = runs.differences(run)
    if not found:
        return []
    rows = tuple(
        (_cell(item.words), _cell(item.left, is_data=True), _cell(item.right, is_data=True),
         _cell(money(item.amount, item.currency), True), _cell(item.reason.what if item.reason else ""))
        for item in found
    )  # fmt: skip
    heads = _heads(
        gettext("What differs"), str(run.integration.left or ""), str(run.integration.right or ""), gettext("Amount"),
        gettext("Why"), numbers=(3,),
    )  # fmt: skip
    count = int((run.reconciliation or {}).get("difference_count") or 0)
    note = ""
    if count > len(found):
        told = {"shown": number(len(found)), "all": number(count)}
        note = gettext("%(shown)s of %(all)s are shown.") % told
    return [Table("differing", gettext("Documents that make up the difference"), heads, rows, "", note)]


def _held(run: Run) -> list[Table]:
    changes = Change.objects.filter(run=run, state__in=runs.FAILED).order_by()
    causes = changes.values(cause=desk.CAUSE).annotate(n=Count("id")).order_by("-n")
    rows = tuple((_cell(desk.short_code_words(row["cause"])), _cell(number(row["n"]), True)) for row in causes)
    if not rows:
        return []
    heads = _heads(gettext("Cause"), gettext("Records"), numbers=(1,))
    return [Table("causes", gettext("Held or not sent, by cause"), heads, rows, "")]


urls = [path("runs/<int:pk>/run.pdf", run_pdf, name="run_pdf")]
