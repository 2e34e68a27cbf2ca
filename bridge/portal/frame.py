"""What every page of the portal shares: whose pages these are, what the person may do there, and the frame.

Nothing is read but through `Visit.rows`, which starts from what the person may see and keeps to one organization.
Another client's address is answered as one that does not exist.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.base import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from bridge.hub import rights, voice, wall
from bridge.hub.models import Membership, Organization
from bridge.jobs import questions
from connectors.contract import SyncError

# What each role may do besides looking.
RIGHTS: dict[str, frozenset[str]] = {role: rights.member_rights(role) for role in rights.MEMBER_ROLES}
PAGES = (
    ("home", _("Home")),
    ("questions", _("Questions")),
    ("moved", _("What has moved")),
    ("differences", _("Differences")),
    ("reports", _("Reports")),
    ("connections", _("Connections")),
    ("people", _("People and access")),
    ("activity", _("Activity")),
)
PAGE_LENGTH = 50


@dataclass(frozen=True)
class Visit:
    """One person on the pages of one organization. `role` is "" for staff who only look."""

    request: HttpRequest
    organization: Organization
    role: str

    @property
    def user(self) -> Any:
        return self.request.user

    @property
    def is_looking(self) -> bool:
        """Whether somebody of the office looks in, and may change nothing."""
        return not self.role

    def may(self, right: str) -> bool:
        """Tell whether this person may do something here."""
        return right in RIGHTS.get(self.role, frozenset())

    @cached_property
    def rights(self) -> dict[str, bool]:
        """What this person may do, for templates."""
        return {right: self.may(right) for right in rights.MEMBERS}

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """Return the rows of this organization that the person may see."""
        rows = model._default_manager.for_user(self.user)  # type: ignore[attr-defined]
        return rows.filter(**{rows.path or "pk": self.organization})

    def one(self, model: type[Model], **where: Any) -> Any:
        """Return one row of this organization, looked up behind the wall; 404 else."""
        with self.wall():
            return get_object_or_404(self.rows(model), **where)

    def wall(self) -> AbstractContextManager[None]:
        """Read as the portal's own role: what the database shows is this organization's."""
        return wall.behind(self.user, self.organization.pk, self.is_looking)

    def acts(self) -> AbstractContextManager[None]:
        """Read and write as the portal's own role: what is changed is this organization's, in one transaction."""
        return wall.behind(self.user, self.organization.pk, acting=True)

    def url(self, name: str, *args: Any, **query: Any) -> str:
        """Return the address of a page of this organization."""
        asked = {key: value for key, value in query.items() if value not in ("", None)}
        return reverse(f"portal:{name}", args=[self.organization.pk, *args], query=asked or None)


View = Callable[..., HttpResponse]


def enter(request: HttpRequest, organization: int) -> Visit:
    """Return the visit of a signed-in person; 404 where these pages are not theirs."""
    seeing = is_seeing(request, organization)
    with wall.behind(request.user, organization, seeing):
        found = get_object_or_404(Organization.objects.for_user(request.user), pk=organization)
        member = Membership.objects.for_user(request.user).filter(user=request.user, organization=found).first()
    if member is not None:
        return Visit(request, found, member.role)
    if seeing:
        return Visit(request, found, "")
    raise Http404


def is_seeing(request: HttpRequest, organization: int) -> bool:
    """Tell whether somebody of the office looks at these pages as the client, and may still do so."""
    seen = request.session.get(rights.SEEING_AS) or {}
    if seen.get("organization") != organization or not request.user.has_perm("hub.see_as_organization"):
        return False
    if seen["until"] <= time.time():
        del request.session[rights.SEEING_AS]
        return False
    return True


def portal_view(post: str = "") -> Callable[[View], View]:
    """Make a view of a `Visit`: signed in, one's own organization, and with the right `post` for what changes."""

    def decorate(function: View) -> View:
        @never_cache
        @login_required
        @wraps(function)
        def guarded(request: HttpRequest, organization: int, **more: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                with wall.behind(request.user, organization, is_seeing(request, organization)):
                    visit = enter(request, organization)
                    answer = _rendered(function(visit, **more))
                if isinstance(answer, StreamingHttpResponse):  # its rows are read while it is sent
                    answer.streaming_content = _behind_the_wall(visit, answer.streaming_content)  # type: ignore[assignment]
                return answer
            visit = enter(request, organization)
            if not post or request.method != "POST":
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"] if post else ["GET", "HEAD"])
            if visit.is_looking:
                raise PermissionDenied(
                    gettext("You see these pages as the client does: nothing can be changed from here.")
                )
            if not visit.may(post):
                raise PermissionDenied
            answer = function(visit, **more)
            with visit.wall():
                return _rendered(answer)

        guarded.post_right = post  # type: ignore[attr-defined]
        return guarded

    return decorate


def _rendered(answer: HttpResponse) -> HttpResponse:
    """Render now: the rows of a page are read while it is made."""
    if isinstance(answer, TemplateResponse) and not answer.is_rendered:
        answer.render()
    return answer


def _behind_the_wall(visit: Visit, parts: Any) -> Iterator[bytes]:
    with visit.wall():
        yield from parts


def page(
    visit: Visit, name: str, title: object, template: str = "", as_of: datetime | None = None, **context: Any
) -> TemplateResponse:
    """Return a page in the portal's frame. `name` is the entry of the menu it belongs to."""
    mine = Organization.objects.for_user(visit.user).exclude(pk=visit.organization.pk)
    others = [] if visit.user.is_staff else list(mine[:20])
    return TemplateResponse(
        visit.request,
        f"portal/{template or name}.html",
        {
            "visit": visit,
            "organization": visit.organization,
            "rights": visit.rights,
            "title": title,
            "place": name,
            "menu": [(key, label, visit.url(key)) for key, label in PAGES],
            "open_count": questions.waiting(visit.user).filter(integration__organization=visit.organization).count(),
            "others": others,
            "as_of": as_of or timezone.now(),
            **context,
        },
    )


def tell_error(visit: Visit, error: SyncError) -> None:
    """Say in the client's words what could not be done."""
    messages.error(visit.request, voice.refused(error))


def listing(visit: Visit, rows: Any, length: int = PAGE_LENGTH) -> Page:
    """Return the part of a list a person asked for; one that is not there becomes the nearest one."""
    return Paginator(rows, length).get_page(visit.request.GET.get("page"))
