"""Searching one account for what looks like the same contact twice."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Connection, DoubleSearch
from bridge.jobs import doubles
from bridge.staff import sidebyside as show
from bridge.staff.pages import page, staff_view, tell_error
from bridge.staff.pairing import crumbs
from connectors.contract import SyncError


def accounts(request: HttpRequest, asked: show.Asked) -> list[tuple[Connection, bool]]:
    """Return accounts that hold contacts, with whether this one is chosen."""
    holding = [
        key
        for key, vendor in registry.connectors().items()
        if any(item.entity == "contact" for item in vendor.resources)
    ]
    rows = Connection.objects.for_user(request.user).filter(vendor__in=holding)
    rows = rows.exclude(state=Connection.State.DISCONNECTED).select_related("organization")
    return [(row, row.pk == asked.connection) for row in rows[:200]]


def searches_of(request: HttpRequest) -> list[DoubleSearch]:
    """Return the newest searches."""
    rows = DoubleSearch.objects.for_user(request.user).select_related("connection__organization", "user")
    return list(rows.order_by("-pk")[:5])


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_doublesearch")
def duplicates_search(request: HttpRequest) -> HttpResponse:
    """Begin a search inside an account."""
    wanted = request.POST.get("connection", "")
    if not wanted.isdecimal():
        raise Http404
    connection = get_object_or_404(Connection.objects.for_user(request.user), pk=int(wanted))
    try:
        made = doubles.begin(connection, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect(show.Asked(kind="inside").list_url)
    return redirect("admin:duplicates_searching", made.pk)


def _search(request: HttpRequest, pk: int) -> DoubleSearch:
    rows = DoubleSearch.objects.for_user(request.user).select_related("connection__organization")
    return get_object_or_404(rows, pk=pk)


@staff_view(view="hub.view_candidate")
def duplicates_searching(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a search is."""
    search = _search(request, pk)
    return page(
        request,
        "staff/duplicates_search.html",
        gettext("Search inside %(account)s") % {"account": search.connection},
        crumbs((show.KINDS["inside"], show.Asked(kind="inside").list_url)),
        found_url=show.Asked(kind="inside", connection=search.connection_id).list_url,
        **_progress(search),
    )


@staff_view(view="hub.view_candidate")
def duplicates_search_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the progress part of that page, for pages that refresh themselves."""
    return render(request, "staff/duplicates_search_progress.html", _progress(_search(request, pk)))


def _progress(search: DoubleSearch) -> dict[str, Any]:
    is_open = search.state == DoubleSearch.State.RUNNING
    return {
        "search": search,
        "is_open": is_open,
        "percent": min(100, search.seen * 100 // search.total) if search.total else (None if is_open else 100),
    }


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_doublesearch")
def duplicates_search_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a search; what it found stays."""
    doubles.stop(_search(request, pk))
    return redirect("admin:duplicates_searching", pk)


urls = [
    path("duplicates/search/", duplicates_search, name="duplicates_search"),
    path("duplicates/search/<int:pk>/", duplicates_searching, name="duplicates_searching"),
    path("duplicates/search/<int:pk>/progress/", duplicates_search_progress, name="duplicates_search_progress"),
    path("duplicates/search/<int:pk>/stop/", duplicates_search_stop, name="duplicates_search_stop"),
]
