"""What every page of the staff desk shares: frame, rights, messages of refused work."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.translation import get_language

from bridge import registry
from bridge.hub import rights
from connectors.contract import SyncError

View = Callable[..., HttpResponse]
Crumb = tuple[object, str]  # label, address


def page(
    request: HttpRequest, template: str, title: object, crumbs: Sequence[Crumb] = (), status: int = 200, **context: Any
) -> TemplateResponse:
    """Return a page in the frame of the admin. `crumbs` lead from the section to here, without this page."""
    frame = admin.site.each_context(request)
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    return TemplateResponse(
        request, template, {**frame, "title": title, "crumbs": list(crumbs), **context}, status=status
    )


def staff_view(view: str = "", write: str = "") -> Callable[[View], View]:
    """Ask for rights: `view` to open the page, `write` to post to it (such as "hub.change_connection").

    The staff check itself is done by the site for every page.
    """

    def decorate(function: View) -> View:
        @wraps(function)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if view and not request.user.has_perm(view):
                raise PermissionDenied
            if request.method not in ("GET", "HEAD") and write and not request.user.has_perm(write):
                raise PermissionDenied
            return function(request, *args, **kwargs)

        guarded.rights = (view, write)  # type: ignore[attr-defined]
        return guarded

    return decorate


def by_table(name: str, view: View) -> View:
    """Hold a page to its row in the table of rights; without a row only an administrator opens it."""
    row = rights.PAGES.get(name)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if row is None:
            if not request.user.is_superuser:
                raise PermissionDenied
            return view(request, *args, **kwargs)
        if not holds(request.user, row.open):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            if request.method != "POST" or not row.act:
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"] if row.act else ["GET", "HEAD"])
            if not holds(request.user, row.act):
                raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def holds(user: Any, right: str) -> bool:
    """Tell whether a person of the office holds a right of the table."""
    return bool(user.is_active and user.is_staff) if right == rights.STAFF else user.has_perm(right)


def looks_up_only(user: Any) -> bool:
    """Tell whether a person finds and explains records and has nothing to run: "Find" is their home."""
    return user.has_perm("hub.view_record") and not user.has_perm("hub.view_integration")


def language() -> str:
    """Return the language of the person now served: "en" or "fr"."""
    return (get_language() or "en")[:2]


def say_error(error: SyncError) -> str:
    """Return one message: what happened, what it means, what to do, in the person's language."""
    entry = registry.catalogue().get(error.code)
    if entry is None:
        return error.code
    parts = (entry.what, entry.why, entry.cure)
    values = {key: value for key, value in error.params.items() if key not in ("self", "language")}
    return " ".join(part.say(language(), **values) for part in parts)


def tell_error(request: HttpRequest, error: SyncError) -> None:
    """Put a refused piece of work before the person, by the catalogue."""
    messages.error(request, f"{say_error(error)} [{error.code}]")
