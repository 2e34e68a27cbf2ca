"""Addresses for machines: vendors' deliveries (proven by signature or path, so without a CSRF token) and health."""

import logging
import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from bridge.jobs import connections, intake
from bridge.jobs import health as machinery

log = logging.getLogger("bridge.webhooks")

ACTIVATION_MAX_BYTES = 10_000
DELIVERY = re.compile(r"/hooks/([-a-zA-Z0-9_]+)/(?:([^/]+)/)?")  # as in `urlpatterns`


@csrf_exempt
def deliver(request: HttpRequest, vendor: str, secret: str = "") -> HttpResponse:
    """Take one delivery: the raw bytes are proven before anything reads them. 503 when it could not be stored."""
    if request.method == "GET":
        return HttpResponse(status=200 if intake.known(vendor, secret) else 404)
    if request.method != "POST":
        return HttpResponse(status=405)
    body = _body(request)
    if body is None:
        # What is left of it is not read: the line is closed instead.
        return HttpResponse(status=413, headers={"Connection": "close"})
    headers = {name.lower(): value for name, value in request.headers.items()}
    # Some sign the address too: as they call it, which behind a proxy only our settings know.
    address = settings.BRIDGE_BASE_URL + request.get_full_path()
    headers |= {":method": request.method or "", ":address": address}
    try:
        return HttpResponse(status=_received(vendor, secret or None, body, headers))
    except DatabaseError:
        return HttpResponse(status=503)


def _received(vendor: str, secret: str | None, body: bytes, headers: dict[str, str]) -> int:
    """Receive, and once more where the kept connection to the database turns out dead: an event is stored once."""
    try:
        return intake.receive(vendor, secret, body, headers)
    except DatabaseError:
        connection.close_if_unusable_or_obsolete()
        return intake.receive(vendor, secret, body, headers)
    finally:
        if connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()


def _body(request: HttpRequest) -> bytes | None:
    """Return the body as it was sent, also in chunks of no told length; None where it is larger than we take."""
    most = settings.WEBHOOK_MAX_BYTES
    length = request.META.get("CONTENT_LENGTH")
    if request.META.get("wsgi.input_terminated") and not length:
        body = _all_of(request.META["wsgi.input"], most + 1)  # the server ends it; Django would take it for empty
    elif (length or "0").isdigit() and int(length or "0") <= most:
        body = request.read(most + 1)
    else:
        return None
    return body if len(body) <= most else None


def _all_of(stream: Any, most: int) -> bytes:
    """Read a stream to its end, or so many bytes of it: one read may bring less."""
    parts: list[bytes] = []
    left = most
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def ahead(application: WSGIApplication) -> WSGIApplication:
    """Take deliveries before sessions, languages and pages are thought of: they need none, and come by the hundred.

    Whatever is not plainly a delivery, from a host and by a way Django would let in, goes Django's own way.
    """

    def handle(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = DELIVERY.fullmatch(environ.get("PATH_INFO", ""))
        if found is None or environ["REQUEST_METHOD"] != "POST" or environ.get("SCRIPT_NAME"):
            return application(environ, start_response)
        request = WSGIRequest(environ)
        try:
            request.get_host()
        except DisallowedHost:
            return application(environ, start_response)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return application(environ, start_response)
        try:
            response = deliver(request, *found.groups(default=""))
        except Exception:  # the edge: the web server would log the address itself, and with it its secret
            log.exception("delivery failed path=%s", found[1])
            response = HttpResponse(status=500)
        response["Cache-Control"], response["X-Content-Type-Options"] = "no-store", "nosniff"
        response["Content-Length"] = "0"
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.headers.items()))
        return [b""]

    return handle


@csrf_exempt
def activate(request: HttpRequest, vendor: str, secret: str) -> HttpResponse:
    """Take the keys a vendor's server brings when a person activates us there; the address is the proof."""
    if request.method != "POST":
        return HttpResponse(status=405)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > ACTIVATION_MAX_BYTES:
        return HttpResponse(status=413)
    try:
        return HttpResponse(status=connections.take_activation(vendor, secret, dict(request.POST.items())))
    except DatabaseError:
        return HttpResponse(status=503)


def health(request: HttpRequest, key: str) -> HttpResponse:
    """Tell a monitor whether anything is stuck: 200 or 503 and no client data. Without the right key: not there."""
    if not settings.BRIDGE_HEALTH_KEY or not constant_time_compare(key, settings.BRIDGE_HEALTH_KEY):
        return HttpResponse(status=404)
    told = machinery.as_words(machinery.snapshot())
    return JsonResponse(told, status=200 if told["ok"] else 503)


urlpatterns = [
    path("connect/<slug:vendor>/activate/<str:secret>/", activate, name="vendor_activate"),
    path("health/<str:key>/", health, name="health"),
    path("hooks/<slug:vendor>/", deliver, name="hook"),
    path("hooks/<slug:vendor>/<str:secret>/", deliver, name="hook_of_connection"),
]
