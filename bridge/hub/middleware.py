"""A person's language and time zone, and headers that keep a browser honest."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Handler = Callable[[HttpRequest], HttpResponse]


def _known(language: str) -> str:
    short = language[:2].lower()
    return short if short in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def PersonalLanguage(get_response: Handler) -> Handler:  # noqa: N802
    """Before sign-in: the cookie, else what the browser asks for."""

    def handle(request: HttpRequest) -> HttpResponse:
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        asked = cookie or translation.get_language_from_request(request)
        with translation.override(_known(asked)):
            request.LANGUAGE_CODE = _known(asked)
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
            return response

    return handle


def PersonalSettings(get_response: Handler) -> Handler:  # noqa: N802
    """After sign-in: the person's own language and time zone."""

    def handle(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return get_response(request)
        try:
            zone = zoneinfo.ZoneInfo(user.time_zone)
        except (KeyError, ValueError):
            zone = zoneinfo.ZoneInfo("America/Toronto")
        translation.activate(_known(user.language))
        request.LANGUAGE_CODE = _known(user.language)
        with timezone.override(zone):
            return get_response(request)

    return handle


# The admin theme evaluates attribute expressions in the page, which needs 'unsafe-eval'; no inline script is let in.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-eval'; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'{forms}; "
    "frame-ancestors 'none'"
)


def SecurityHeaders(get_response: Handler) -> Handler:  # noqa: N802
    """Content policy on every page, and nothing of a signed-in page kept by caches.

    A page whose form leads to a vendor's consent page names that origin in `response.form_targets`: browsers hold the
    redirect after a form to the same rule as the form.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        forms = "".join(f" {origin}" for origin in getattr(response, "form_targets", ()))
        response.headers.setdefault("Content-Security-Policy", _POLICY.format(forms=forms))
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return handle
