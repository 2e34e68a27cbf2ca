"""Merging two records of one account, taking a merge back, and splitting two that were linked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from bridge.hub.models import Link, Merge, Record
from bridge.jobs import duplicates as work
from bridge.jobs import merging
from bridge.staff import desk, plan
from bridge.staff import sidebyside as show
from bridge.staff.pages import language, page, staff_view, tell_error
from bridge.staff.pairing import PAGE, address_of, asked_of, crumbs, last_decision, pair_of, remember, require, tabs
from bridge.staff.runs import vendor_url
from connectors.contract import SyncError


@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicate_merge(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Choose which of two records is kept, read what moves, and merge."""
    if kind != "inside":
        raise Http404
    pair = pair_of(request, kind, pk)
    asked = asked_of(request.GET, kind)
    suggested = merging.survivor(pair.left, pair.right)
    if request.method == "POST":
        require(request, "merge")
        wanted = request.POST.get("keep", "")
        ends = {str(pair.left_id): (pair.left, pair.right), str(pair.right_id): (pair.right, pair.left)}
        if wanted in ends and desk.confirmed(request):
            return _merged(request, pair, asked, *ends[wanted])
        messages.error(request, gettext("Choose which of the two is kept."))
    (view,) = show.views(kind, [pair], in_full=True)
    return page(
        request,
        "staff/duplicates_merge.html",
        gettext("Merge %(pair)s") % {"pair": show.words(pair)},
        crumbs((show.KINDS[kind], asked.list_url), (show.words(pair), address_of(kind, pair.pk, asked))),
        asked=asked,
        pair=pair,
        view=view,
        choices=[
            _Choice(side, other, side.record.pk == suggested.pk, merging.effects(side.record, other.record))
            for side, other in (view.sides, view.sides[::-1])
        ],
        by_call=merging.can_ask_vendor(pair.left),
        back=address_of(kind, pair.pk, asked),
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of the two as survivor, with what would move to it."""

    side: show.Side
    other: show.Side
    is_suggested: bool
    effects: merging.Effects

    @property
    def sentences(self) -> list[str]:
        return merge_sentences([self.effects])

    @property
    def lacking(self) -> list[str]:
        """Fields only the dropped record tells: a person may want to copy them first."""
        return [desk.field_label("contact", name) for name in self.effects.lacking]


def _merged(request: HttpRequest, pair: Any, asked: show.Asked, keep: Record, drop: Record) -> HttpResponse:
    try:
        made = merging.merge(keep, drop, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect(address_of("inside", pair.pk, asked))
    remember(request, "merge", made.pk)
    messages.success(
        request,
        gettext("Merged: %(drop)s is now %(keep)s. This can be undone.") % {"drop": drop, "keep": keep},
    )
    return redirect("admin:duplicates_merged", made.pk)


def merge_sentences(found: Sequence[merging.Effects]) -> list[str]:
    """Return what merging moves, in sentences; what is zero is not said."""

    def total(name: str) -> int:
        return sum(getattr(item, name) for item in found)

    told = [
        ngettext("%(n)d link moves to the record that is kept.", "%(n)d links move to the records that are kept.",
                 total("links")) % {"n": total("links")} if total("links") else "",
        ngettext("%(n)d record of the other side shares the twin of the record that is kept, and writes nothing.",
                 "%(n)d records of the other side share the twin of the record that is kept, and write nothing.",
                 total("shared")) % {"n": total("shared")} if total("shared") else "",
        ngettext("%(n)d open question or decision moves along.", "%(n)d open questions and decisions move along.",
                 total("questions")) % {"n": total("questions")} if total("questions") else "",
        ngettext("%(n)d past write is shown on the page of the record that is kept.",
                 "%(n)d past writes are shown on the page of the record that is kept.",
                 total("history")) % {"n": total("history")} if total("history") else "",
        ngettext("%(n)d document names the dropped record; it counts for the one that is kept, and stays as it is at "
                 "the vendor until the merge is done there.",
                 "%(n)d documents name the dropped record; they count for the one that is kept, and stay as they are "
                 "at the vendor until the merge is done there.",
                 total("documents")) % {"n": total("documents")} if total("documents") else "",
        ngettext("%(n)d planned or held line is planned anew.", "%(n)d planned or held lines are planned anew.",
                 total("planned")) % {"n": total("planned")} if total("planned") else "",
    ]  # fmt: skip
    moved = [text for text in told if text]
    return [
        *(moved or [gettext("Nothing hangs on the dropped record: no link, no document, no past write.")]),
        gettext("The dropped record is not planned any more. All of this can be undone."),
    ]


@staff_view(view="hub.view_candidate")
def duplicates_merges(request: HttpRequest) -> HttpResponse:
    """List merges, newest first: which stand, which are still to be done at the vendor."""
    rows = show.standing(request.user).defer("keep__document", "drop__document", "before").order_by("-pk")
    state = desk.pick(request.GET, "state", ("todo", "done", "undone"))
    if state == "todo":
        rows = rows.filter(state=Merge.State.DONE).exclude(vendor=Merge.Vendor.SEEN)
    elif state:
        rows = rows.filter(state=state)
    labels = {"todo": gettext("To be done at the vendor"), "done": gettext("Merged"), "undone": gettext("Taken back")}
    return page(
        request,
        "staff/duplicates_merges.html",
        gettext("Merges"),
        crumbs(),
        listing=desk.listing(request, rows, PAGE),
        tabs=tabs(request, None),
        filters=[
            ("state", gettext("State"), [desk.Option(key, text, None, key == state) for key, text in labels.items()])
        ],
        undoable=last_decision(request),
    )


@staff_view(view="hub.view_candidate")
def duplicates_merged(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one merge: what moved, what is left to do at the vendor, what was written since."""
    row = get_object_or_404(show.standing(request.user), pk=pk)
    resource = merging.resource_of(row.keep)
    written = list(merging.written_since(row)[:50])
    return page(
        request,
        "staff/duplicates_merged.html",
        gettext("%(drop)s merged into %(keep)s") % {"drop": row.drop, "keep": row.keep},
        crumbs((gettext("Merges"), reverse("admin:duplicates_merges"))),
        merge=row,
        newer=merging.newer(row),
        by_call=resource.merge is not None,
        is_planned=merging.is_planned_there(row),
        is_final=merging.is_done_there(row),
        steps=[text.say(language()) for text in resource.merge_steps],
        keep_url=vendor_url(row.connection, row.keep.resource, row.keep.remote_id),
        drop_url=vendor_url(row.connection, row.drop.resource, row.drop.remote_id),
        moved=_moved(row),
        written=plan.lines(written),
        run=row.change.run if row.change else None,
    )


def _moved(row: Merge) -> list[tuple[str, int]]:
    labels = {
        "links": gettext("links moved"),
        "shared": gettext("links shared"),
        "questions": gettext("questions and decisions moved"),
        "planned": gettext("lines planned anew"),
    }
    return [(label, int(row.moved.get(key, 0))) for key, label in labels.items()]


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_merge")
def duplicates_unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back."""
    return unmerged(request, get_object_or_404(show.standing(request.user), pk=pk))


def unmerged(request: HttpRequest, row: Merge) -> HttpResponse:
    """Take a merge back and say what came of it."""
    require(request, "merge")
    try:
        merging.unmerge(row, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:duplicates_merged", row.pk)
    messages.success(
        request,
        gettext("Taken back: %(drop)s and %(keep)s and their links are as they were.")
        % {"drop": row.drop, "keep": row.keep},
    )
    if row.double_id:
        return redirect("admin:duplicate", "inside", row.double_id)
    return redirect("admin:duplicates_merged", row.pk)


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_merge")
def duplicates_prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan the merge at the vendor; the plan waits for approval."""
    row = get_object_or_404(show.standing(request.user), pk=pk)
    try:
        run = merging.prepare(row, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:duplicates_merged", row.pk)
    messages.success(request, gettext("Planned. Nothing is merged at the vendor before you approve."))
    return redirect("admin:run_plan", run.pk)


def _link(request: HttpRequest, pk: int) -> Link:
    rows = Link.objects.for_user(request.user).select_related(
        "left__connection", "right__connection", "integration__organization", "integration__left", "integration__right"
    )
    return get_object_or_404(rows, pk=pk)


@staff_view(view="hub.view_candidate", write="hub.delete_link")
def duplicates_split(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a wrong link apart: first what it wrote and who shares it is listed, then a person confirms."""
    link = _link(request, pk)
    told = work.effects(link)
    if request.method == "POST" and desk.confirmed(request):
        return _split(request, link)
    return page(
        request,
        "staff/duplicates_split.html",
        gettext("Split %(left)s and %(right)s?") % {"left": link.left, "right": link.right},
        crumbs(),
        link=link,
        told=told,
        written=plan.lines(list(told.written)[:50]),
        more=max(0, len(told.written) - 50),
        why=desk.explained(link.why),
        may_undo=bool(told.written) and request.user.has_perm("hub.change_run"),
    )


def _split(request: HttpRequest, link: Link) -> HttpResponse:
    integration = link.integration
    names = {"left": link.left, "right": link.right}
    try:
        told = work.split(link, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:duplicates")
    messages.success(
        request,
        gettext("Split: %(left)s and %(right)s are never taken for the same again. Nothing was written.") % names,
    )
    if request.POST.get("undo") == "1" and told.written and request.user.has_perm("hub.change_run"):
        try:
            run = work.undo_written(integration, [item.pk for item in told.written], request.user)
            messages.info(request, gettext("This plan takes back what the link wrote. Read it and approve."))
            return redirect("admin:run_plan", run.pk)
        except SyncError as error:
            tell_error(request, error)
    else:
        work.replan(integration, request.user)
    return redirect("admin:record", link.left_id)


@staff_view(view="hub.view_candidate")
def duplicates_documents(request: HttpRequest, pk: int) -> HttpResponse:
    """List every document that names a record, newest first."""
    record = get_object_or_404(Record.objects.for_user(request.user).select_related("connection"), pk=pk)
    found = desk.listing(request, show.naming(record), 100)
    return page(
        request,
        "staff/duplicates_documents.html",
        gettext("Documents of %(name)s") % {"name": record},
        crumbs((str(record), reverse("admin:record", args=[record.pk]))),
        record=record,
        listing=found,
        lines=[(row, plan.resource_label(row.connection.vendor, row.resource)) for row in found.page.object_list],
    )


urls = [
    path("duplicates/merges/", duplicates_merges, name="duplicates_merges"),
    path("duplicates/merges/<int:pk>/", duplicates_merged, name="duplicates_merged"),
    path("duplicates/merges/<int:pk>/undo/", duplicates_unmerge, name="duplicates_unmerge"),
    path("duplicates/merges/<int:pk>/prepare/", duplicates_prepare, name="duplicates_prepare"),
    path("duplicates/links/<int:pk>/split/", duplicates_split, name="duplicates_split"),
    path("duplicates/documents/<int:pk>/", duplicates_documents, name="duplicates_documents"),
    path("duplicates/<str:kind>/<int:pk>/merge/", duplicate_merge, name="duplicate_merge"),
]
