"""Reports: those that are kept, asking for one of any period, and when they come by themselves, to whom."""

from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_date
from django.utils.translation import gettext

from bridge.hub import pdf, voice
from bridge.hub.models import Membership, Report, ReportPlan, Weekday
from bridge.jobs import activity, reports_files
from bridge.jobs import reports as work
from bridge.jobs.reports_tables import paper, title_of
from bridge.portal.frame import Visit, listing, page, portal_view
from connectors.contract import SyncError

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """One report in the list."""

    report: Report
    title: str

    @property
    def is_slow(self) -> bool:
        return self.report.starts > 2


def _kept(report: Report) -> Kept:
    return Kept(report, title_of(report.kind, report.first, report.last))


# The list


@dataclass(frozen=True, slots=True)
class Period:
    """A period one often asks for."""

    words: str
    first: date
    last: date


def _periods(visit: Visit) -> list[Period]:
    first, last = activity.client_month(visit.organization)
    before = first - timedelta(days=1)
    return [
        Period(gettext("This month"), first, last),
        Period(gettext("Last month"), before.replace(day=1), before),
    ]


@portal_view()
def reports(visit: Visit) -> HttpResponse:
    """List the reports that are kept, the newest first; offer to make one, and to say when they come."""
    return _show(visit)


def _show(visit: Visit, problems: dict[str, list[str]] | None = None) -> HttpResponse:
    pairs = list(activity.live(visit.user, visit.organization))
    rows = visit.rows(Report).defer("content").order_by("-id")
    found = listing(visit, rows, PER_PAGE)
    plan = visit.rows(ReportPlan).first() or ReportPlan(organization=visit.organization)
    first, last = activity.client_month(visit.organization)
    return page(
        visit,
        "reports",
        gettext("Reports"),
        as_of=activity.newest_reading(pairs),
        rows=found,
        reports=[_kept(report) for report in found.object_list],
        has_pairs=bool(pairs),
        periods=_periods(visit),
        asked={
            "first": visit.request.POST.get("first", f"{first:%Y-%m-%d}"),
            "last": visit.request.POST.get("last", f"{last:%Y-%m-%d}"),
        },
        problems=problems or {},
        plan=plan,
        plan_words=_plan_words(plan),
        weekdays=Weekday.choices,
        month_days=range(1, 29),
        readers=_readers(visit, plan),
        may_pdf=pdf.available(),
    )


def _plan_words(plan: ReportPlan) -> list[str]:
    told = []
    if plan.weekday is not None:
        told.append(gettext("Weekly: every %(day)s") % {"day": Weekday(plan.weekday).label})
    if plan.month_day is not None:
        told.append(gettext("Monthly: on day %(day)s of the month") % {"day": plan.month_day})
    return told or [gettext("No report comes by itself.")]


@dataclass(frozen=True, slots=True)
class Reader:
    """A person of the client, and whether reports go there by mail."""

    member: Membership
    is_chosen: bool
    language: str


def _readers(visit: Visit, plan: ReportPlan) -> list[Reader]:
    chosen = set(plan.readers.values_list("pk", flat=True)) if plan.pk else set()
    members = activity.seen_by(visit.user, visit.organization)
    return [Reader(row, row.pk in chosen, row.user.get_language_display()) for row in members]


# Asking


@portal_view(post="answer")
def report_ask(visit: Visit) -> HttpResponse:
    """Ask for a report of any period."""
    if visit.request.method != "POST":
        return redirect(visit.url("reports"))
    days: dict[str, date] = {}
    problems: dict[str, list[str]] = {}
    for name in ("first", "last"):
        try:
            found = parse_date(visit.request.POST.get(name, "").strip())
        except ValueError:
            found = None
        if found is None:
            problems[name] = [gettext("Give a date as year-month-day, for example 2026-11-30.")]
        else:
            days[name] = found
    if not problems:
        try:
            with visit.acts():
                report = work.ask(visit.organization, days["first"], days["last"], visit.user)
            return redirect(visit.url("report", report.pk))
        except SyncError as error:
            problems[error.field or "first"] = [voice.refused(error)]
    return _show(visit, problems)


# One report


@portal_view()
def report(visit: Visit, pk: int) -> HttpResponse:
    """Show one report: the same tables as its files."""
    found = visit.one(Report, pk=pk)
    if not found.is_made:
        return page(visit, "reports", _kept(found).title, template="report_waits", kept=_kept(found))
    told = work.told(found)
    said = paper(told)
    return page(
        visit,
        "reports",
        said.title,
        template="report",
        as_of=told.as_of or told.made_at,
        report=found,
        paper=said,
        may_pdf=pdf.available(),
    )


def _file(visit: Visit, pk: int, kind: str) -> HttpResponse:
    found = visit.one(Report, pk=pk)
    if not found.is_made:
        raise Http404
    make = {"pdf": reports_files.as_pdf, "csv": reports_files.as_csv, "xlsx": reports_files.as_xlsx}
    try:
        content = make[kind](work.told(found))
    except pdf.PdfUnavailable:
        messages.warning(
            visit.request, gettext("PDF cannot be made on this installation. The spreadsheets have the same figures.")
        )
        return redirect(visit.url("report", pk))
    answer = HttpResponse(content, content_type=reports_files.MIME[kind])
    answer["Content-Disposition"] = f'attachment; filename="{reports_files.name_of(found)}.{kind}"'
    return answer


@portal_view()
def report_pdf(visit: Visit, pk: int) -> HttpResponse:
    """Download a report as PDF, in the reader's language."""
    return _file(visit, pk, "pdf")


@portal_view()
def report_csv(visit: Visit, pk: int) -> HttpResponse:
    """Download a report as CSV, in the reader's language."""
    return _file(visit, pk, "csv")


@portal_view()
def report_xlsx(visit: Visit, pk: int) -> HttpResponse:
    """Download a report as a workbook, in the reader's language."""
    return _file(visit, pk, "xlsx")


# When they come


class PlanForm(forms.ModelForm):
    """When reports come by themselves, and who gets them by mail."""

    class Meta:
        model = ReportPlan
        fields = ("weekday", "month_day", "readers")


@portal_view(post="people")
def report_plan(visit: Visit) -> HttpResponse:
    """Keep when reports come and to whom; the chosen ones are people of this client only."""
    if visit.request.method != "POST":
        return redirect(visit.url("reports"))
    with visit.acts():
        plan = visit.rows(ReportPlan).first() or ReportPlan(organization=visit.organization)
        form = PlanForm(visit.request.POST, instance=plan)
        form.fields["readers"].queryset = visit.rows(Membership)  # type: ignore[attr-defined]
        if form.is_valid():
            form.save()
    if form.errors:
        return _show(visit, {name: [str(one) for one in said] for name, said in form.errors.items()})
    messages.success(visit.request, gettext("Kept. The next report comes as you said."))
    return redirect(visit.url("reports"))
