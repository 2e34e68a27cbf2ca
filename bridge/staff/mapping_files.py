"""Mappings in and out of spreadsheets: what to export, what was imported, each file from its check to its return."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge.hub.models import Integration, MappingFile, MappingFileRow
from bridge.jobs import copying, mapping_files, values
from bridge.jobs.mapping_planning import MappingSet
from bridge.jobs.mapping_reading import MOST_BYTES
from bridge.jobs.mapping_sets import SETS
from bridge.staff import desk
from bridge.staff.integrations import get_integration
from bridge.staff.mappings import Look
from bridge.staff.pages import language, page, staff_view, tell_error
from bridge.staff.templatetags.bridge import recipe_label
from connectors.contract import SyncError

VIEW, EXPORT, IMPORT = "hub.view_mappingfile", "hub.export_mappingfile", "hub.import_mappingfile"
What, State, Outcome = MappingFile.What, MappingFile.State, MappingFileRow.Outcome

LOOKS = {
    State.CHECKING: Look(State.CHECKING.label, "info", "clock"),
    State.ASKING: Look(State.ASKING.label, "warn", "question"),
    State.CHECKED: Look(State.CHECKED.label, "warn", "eye"),
    State.APPLYING: Look(State.APPLYING.label, "info", "clock"),
    State.DONE: Look(State.DONE.label, "ok", "check"),
    State.RETURNING: Look(State.RETURNING.label, "info", "clock"),
    State.RETURNED: Look(State.RETURNED.label, "quiet", "undo"),
    State.REFUSED: Look(State.REFUSED.label, "bad", "cross"),
    State.DROPPED: Look(State.DROPPED.label, "quiet", "minus"),
}
OUTCOMES = {
    Outcome.INVALID: Look(Outcome.INVALID.label, "bad", "alert"),
    Outcome.NEW: Look(Outcome.NEW.label, "ok", "plus"),
    Outcome.CHANGED: Look(Outcome.CHANGED.label, "info", "both"),
    Outcome.REMOVED: Look(Outcome.REMOVED.label, "warn", "minus"),
    Outcome.KEPT: Look(Outcome.KEPT.label, "quiet", "check"),
}
HELP = {
    What.VALUES: _("Items, taxes, payment methods, classes, locations: what each value becomes, by name and id."),
    What.RULES: _("Which field goes to which, how, and who wins."),
    What.LINKS: _("Which two records are the same thing."),
    What.ITEMS: _("Which two items are the same."),
    What.CUSTOMERS: _("What people decided about customers that may be the same."),
    What.SETUP: _(
        "Settings, flows, filters, rules and values together, to copy to another client. No secret is in it."
    ),
}


@dataclass(frozen=True, slots=True)
class Set:
    """One line of the page: a set, and what it is."""

    what: str
    label: Any
    help: Any

    @property
    def is_setup(self) -> bool:
        return self.what == What.SETUP


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a row: what it was and what it becomes; None where there is nothing."""

    label: str
    was: str | None
    becomes: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a preview."""

    row: MappingFileRow
    look: Look
    cells: list[Cell]


def _crumbs(integration: Integration | None = None) -> list[tuple[object, str]]:
    found: list[tuple[object, str]] = [(_("Mapping files"), reverse("admin:mapping_files_all"))]
    if integration is not None:
        words = f"{integration.organization} · {recipe_label(integration.recipe)}"
        found.append((words, reverse("admin:mapping_files", args=[integration.pk])))
    return found


@staff_view(view=VIEW)
def mapping_files_all(request: HttpRequest) -> HttpResponse:
    """List the integrations, and the newest files of all of them."""
    integrations = Integration.objects.for_user(request.user).exclude(state=Integration.State.DISCONNECTED)
    rows = integrations.select_related("organization", "left", "right").order_by("organization__name", "pk")
    return page(
        request, "staff/mapping_files_all.html", _("Mapping files"), listing=desk.listing(request, rows),
        files=_history(MappingFile.objects.for_user(request.user))[:20],
    )  # fmt: skip


def _history(rows: Any) -> Any:
    near = rows.select_related("integration__organization", "user", "confirmed_by").defer("content", "reading")
    return near.order_by("-id")


@staff_view(view=VIEW, write=IMPORT)
def mapping_files_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer the exports of one integration, take an upload, show what was uploaded before."""
    integration = get_integration(request, pk)
    if request.method == "POST":
        found = _uploaded(request, integration)
        if found is not None:
            return redirect("admin:mapping_file", found.pk)
        return redirect("admin:mapping_files", pk)
    listing = desk.listing(
        request, _history(MappingFile.objects.for_user(request.user).filter(integration=integration)), 50
    )
    return page(
        request, "staff/mapping_files.html", _("Mapping files"), _crumbs()[:1], integration=integration,
        sets=[Set(what, What(what).label, HELP[What(what)]) for what in What.values], listing=listing,
        may_import=request.user.has_perm(IMPORT), may_export=request.user.has_perm(EXPORT),
        most=MOST_BYTES // 1_000_000,
    )  # fmt: skip


def _uploaded(request: HttpRequest, integration: Integration) -> MappingFile | None:
    what, sent = request.POST.get("what", ""), request.FILES.get("file")
    if what not in What.values or sent is None:
        messages.error(request, gettext("Choose what the file holds, and the file."))
        return None
    return mapping_files.upload(integration, what, sent.name or "", sent.read(MOST_BYTES + 1), request.user)


@staff_view(view=EXPORT)
def mapping_file_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send one set as it stands: CSV or a workbook, the whole set-up as JSON; in the reader's language."""
    integration = get_integration(request, pk)
    what, kind = request.GET.get("what", ""), request.GET.get("format", "csv")
    if what not in What.values or kind not in ("csv", "xlsx"):
        raise Http404
    client = slugify(integration.organization.name) or "client"
    name = f"{client}-{what}-{timezone.localdate().isoformat()}"
    if what == What.SETUP:
        answer: HttpResponseBase = JsonResponse(
            copying.exported(integration), json_dumps_params={"indent": 1, "ensure_ascii": False}
        )
        return _attached(answer, f"{name}.json")
    lines = mapping_files.exported(integration, what, language())
    if kind == "csv":
        streamed = StreamingHttpResponse(
            mapping_files.csv_of(lines, language()), content_type="text/csv; charset=utf-8"
        )
        return _attached(streamed, f"{name}.csv")
    try:
        book = mapping_files.workbook_of(lines, str(What(what).label))
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:mapping_files", pk)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _attached(HttpResponse(book, content_type=kind), f"{name}.xlsx")


def _attached(answer: HttpResponseBase, name: str) -> HttpResponseBase:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# One file


def _file(request: HttpRequest, pk: int) -> MappingFile:
    rows = MappingFile.objects.for_user(request.user).select_related(
        "integration__organization", "integration__left", "integration__right", "user", "confirmed_by", "returned_by"
    )
    return get_object_or_404(rows.defer("content"), pk=pk)


@staff_view(view=VIEW)
def mapping_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one file: how far it is, what each row would do or did, and what can be done with it now."""
    file = _file(request, pk)
    rows = file.rows.order_by("line")
    chosen = desk.pick(request.GET, "outcome", Outcome.values)
    if chosen:
        rows = rows.filter(outcome=chosen)
    listing = desk.listing(request, rows)
    columns = _columns(file)
    lines = [Line(row, OUTCOMES[Outcome(row.outcome)], list(_cells(row, columns))) for row in listing.page.object_list]
    told = [(Outcome(key), OUTCOMES[Outcome(key)], file.counts.get(key, 0), chosen == key) for key in OUTCOMES]
    may = request.user.has_perm(IMPORT)
    doing = sum(file.counts.get(outcome, 0) for outcome in MappingFileRow.LIVE)
    return page(
        request, "staff/mapping_file.html", file.name, _crumbs(file.integration), file=file,
        look=LOOKS[State(file.state)], is_open=file.state in MappingFile.WORKING, listing=listing, lines=lines,
        counted=[item for item in told if item[2]], chosen=chosen, may=may, doing=doing,
        same=file.counts.get("same", 0), invalid=file.counts.get("invalid", 0),
        waiting=file.counts.get("waiting", 0), percent=_percent(file), unknown=file.reading.get("unknown") or [],
        delimiter=DELIMITERS.get(file.reading.get("delimiter", ""), ""),
        ready=_ready(file, request) if file.state == State.DONE else 0,
    )  # fmt: skip


DELIMITERS = {";": _("semicolon"), ",": _("comma"), "\t": _("tab"), "|": _("bar")}


def _ready(file: MappingFile, request: HttpRequest) -> int:
    if file.what != What.VALUES or not request.user.has_perm("hub.view_valuemap"):
        return 0
    return len(values.mapped_and_waiting(file.integration))


def _columns(file: MappingFile) -> dict[str, Any]:
    kind: type[MappingSet] | None = SETS.get(file.what)
    return {item.key: item for item in kind.columns} if kind else {}


def _cells(row: MappingFileRow, columns: Mapping[str, Any]) -> Iterable[Cell]:
    for name in dict.fromkeys((*row.before, *row.after)):
        item = columns.get(name)
        label = item.title.say(language()) if item else copying.column_words(name, language())
        was, becomes = (_word(item, side.get(name)) for side in (row.before, row.after))
        yield Cell(label, was, None if row.outcome == Outcome.REMOVED else becomes)


def _word(item: Any, value: str | None) -> str | None:
    if value is None or value == "":
        return None
    return dict(item.ways)[value].say(language()) if item and value in dict(item.ways) else value


def _percent(file: MappingFile) -> int | None:
    return file.seen * 100 // file.total if file.total else None


@staff_view(view=VIEW)
def mapping_file_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the progress part of that page, for pages that refresh themselves."""
    file = _file(request, pk)
    told = {"file": file, "is_open": file.state in MappingFile.WORKING, "percent": _percent(file)}
    return render(request, "staff/mapping_file_progress.html", told)


@staff_view(view=EXPORT)
def mapping_file_rejected(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the rows that were not taken, as they were read, with the reason of each."""
    file = _file(request, pk)
    heads = [*(file.reading.get("heads") or [gettext("Row")]), gettext("Reason")]

    def lines() -> Iterable[list[str]]:
        yield heads
        for row in file.rows.filter(outcome=Outcome.INVALID).order_by("line").iterator(chunk_size=500):
            cells = [str(cell) for cell in (row.cells or [row.title])][: len(heads) - 1]
            cells += [""] * (len(heads) - 1 - len(cells))
            yield [*cells, reason_of(row)]

    text = "".join(mapping_files.csv_of(lines(), language()))
    stem = slugify(file.name.rpartition(".")[0]) or "mapping"
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    return _attached(answer, f"{stem}-{slugify(gettext('rejected'))}.csv")


def reason_of(row: MappingFileRow) -> str:
    """Return why a row was not taken, in one sentence or three."""
    found = desk.explained(row.code, row.params)
    return " ".join(part for part in (found.what, found.why, found.cure) if part) if found else ""


def _act(pk: int, request: HttpRequest, work: Callable[[MappingFile], None]) -> HttpResponse:
    file = _file(request, pk)
    try:
        work(file)
    except SyncError as error:
        tell_error(request, error)
    return redirect("admin:mapping_file", pk)


@require_POST
@staff_view(view=VIEW, write=IMPORT)
def mapping_file_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it carried out: all of it, or the valid rows."""
    only_valid = request.POST.get("rows") == "valid"
    return _act(pk, request, lambda file: mapping_files.confirm(file, request.user, only_valid))


@require_POST
@staff_view(view=VIEW, write=IMPORT)
def mapping_file_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Check it anew."""
    return _act(pk, request, mapping_files.check_again)


@require_POST
@staff_view(view=VIEW, write=IMPORT)
def mapping_file_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget it."""
    return _act(pk, request, mapping_files.drop)


@require_POST
@staff_view(view=VIEW, write=IMPORT)
def mapping_file_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the former set back."""
    return _act(pk, request, lambda file: mapping_files.take_back(file, request.user))


@require_POST
@staff_view(view=VIEW, write=IMPORT)
def mapping_file_encoding(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it as the person says."""
    encoding = request.POST.get("encoding", "")
    return _act(pk, request, lambda file: mapping_files.answer_encoding(file, encoding))


urls: list[URLPattern] = [
    path("files/", mapping_files_all, name="mapping_files_all"),
    path("integrations/<int:pk>/files/", mapping_files_page, name="mapping_files"),
    path("integrations/<int:pk>/files/export/", mapping_file_export, name="mapping_file_export"),
    path("files/<int:pk>/", mapping_file, name="mapping_file"),
    path("files/<int:pk>/progress/", mapping_file_progress, name="mapping_file_progress"),
    path("files/<int:pk>/rejected/", mapping_file_rejected, name="mapping_file_rejected"),
    path("files/<int:pk>/confirm/", mapping_file_confirm, name="mapping_file_confirm"),
    path("files/<int:pk>/again/", mapping_file_again, name="mapping_file_again"),
    path("files/<int:pk>/drop/", mapping_file_drop, name="mapping_file_drop"),
    path("files/<int:pk>/return/", mapping_file_return, name="mapping_file_return"),
    path("files/<int:pk>/encoding/", mapping_file_encoding, name="mapping_file_encoding"),
]
