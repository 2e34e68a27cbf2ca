"""Addresses for machines: vendors' deliveries (proven by signature or path, so without a CSRF token) and health."""

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from bridge.jobs import connections, webhooks
from bridge.jobs import health as machinery

ACTIVATION_MAX_BYTES = 10_000


@csrf_exempt
def deliver(request: HttpRequest, vendor: str, secret: str = "") -> HttpResponse:
    """Take one delivery: the raw bytes are proven before anything reads them. 503 when it could not be stored."""
    if request.method == "GET":
        return HttpResponse(status=200 if webhooks.known(vendor, secret) else 404)
    if request.method != "POST":
        return HttpResponse(status=405)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > settings.WEBHOOK_MAX_BYTES:
        return HttpResponse(status=413)
    body = request.read(settings.WEBHOOK_MAX_BYTES + 1)
    if len(body) > settings.WEBHOOK_MAX_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return HttpResponse(status=webhooks.receive(vendor, secret or None, body, headers))
    except DatabaseError:
        return HttpResponse(status=503)


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
