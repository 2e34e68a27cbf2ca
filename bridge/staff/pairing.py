"""What the pages of the Duplicates desk share: the pair in an address, rights, tabs, a sitting's last decision."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from bridge.hub.models import Candidate, Double, Merge
from bridge.staff import sidebyside as show

PAGE = 25
UNDOABLE = 20
UNDO = "duplicates_undo"
RIGHTS = {"merge": "hub.add_merge", "split": "hub.delete_link", "same": "hub.add_link"}
Decision = Candidate.Decision


def require(request: HttpRequest, do: str) -> None:
    """Ask for the right to do this, beside the right to decide."""
    if do in RIGHTS and not request.user.has_perm(RIGHTS[do]):
        raise PermissionDenied


def model_of(kind: str) -> type[Candidate] | type[Double]:
    """Return the table of pairs between two systems or inside one; 404 for another word."""
    if kind not in show.KINDS:
        raise Http404
    return Candidate if kind == "between" else Double


def pair_of(request: HttpRequest, kind: str, pk: int) -> Candidate | Double:
    """Return the pair if the person may see it; 404 else."""
    rows = model_of(kind).objects.for_user(request.user)
    return get_object_or_404(show.loaded(rows, show.Asked(kind=kind)), pk=pk)


def address_of(kind: str, pk: int, asked: show.Asked, name: str = "duplicate") -> str:
    """Return the address of a pair, the filters of its list kept."""
    query = f"?{asked.query}" if asked.query else ""
    return f"{reverse(f'admin:{name}', args=[kind, pk])}{query}"


def crumbs(*more: tuple[object, str]) -> list[tuple[object, str]]:
    """Return the way from the desk to a page."""
    return [(gettext("Duplicates"), reverse("admin:duplicates")), *more]


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of the desk: its address, words, and how many wait there."""

    url: str
    words: str
    count: int | None
    is_here: bool


def tabs(request: HttpRequest, asked: show.Asked | None) -> list[Tab]:
    """Return the views of the desk; without `asked` the merges are on the page."""
    today, base = timezone.localdate(), reverse("admin:duplicates")
    found = [
        Tab(
            base if kind == "between" else f"{base}?kind={kind}",
            str(label),
            show.chosen(request.user, show.Asked(kind=kind), today).order_by().count(),
            asked is not None and asked.kind == kind,
        )
        for kind, label in show.KINDS.items()
    ]
    standing = Merge.objects.for_user(request.user).filter(state=Merge.State.DONE).exclude(vendor=Merge.Vendor.SEEN)
    return [*found, Tab(reverse("admin:duplicates_merges"), gettext("Merges"), standing.count(), asked is None)]


def asked_of(query: Any, kind: str) -> show.Asked:
    """Return the list a pair was opened from; one of the other kind cannot be it."""
    asked = show.Asked.of(query)
    return asked if asked.kind == kind else show.Asked(kind=kind)


def remember(request: HttpRequest, kind: str, pk: int) -> None:
    """Keep a decision of this sitting, to be undone in turn."""
    request.session[UNDO] = [*request.session.get(UNDO, []), [kind, pk]][-UNDOABLE:]


def last_decision(request: HttpRequest) -> str:
    """Return the last decision of this sitting in words; "" when there is none to undo."""
    for kind, pk in reversed(request.session.get(UNDO, [])):
        rows = Merge if kind == "merge" else model_of(kind)
        found = rows.objects.for_user(request.user).filter(pk=pk)
        if kind == "merge":
            row = found.filter(state=Merge.State.DONE).select_related("keep", "drop").first()
            if row:
                return gettext("%(drop)s merged into %(keep)s") % {"drop": row.drop, "keep": row.keep}
        else:
            row = found.exclude(decision__in=(Decision.OPEN, Decision.MOOT)).select_related("left", "right").first()
            if row:
                return f"{show.words(row)} – {row.get_decision_display()}"
    return ""
