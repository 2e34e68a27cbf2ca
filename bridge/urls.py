"""Addresses of Bridge."""

from django.contrib import admin
from django.urls import include, path

from bridge.callbacks import vendor_callback
from bridge.staff import door, seeing
from bridge.staff.connections import vendor_identity

urlpatterns = [
    path("", door.start, name="start"),
    path("seeing/end/", seeing.see_as_end, name="see_as_end"),
    path("session/", door.session_left, name="session_left"),
    path("language/", door.set_language, name="set_language"),
    path("connect/<str:vendor>/callback/", vendor_callback, name="vendor_callback"),
    path("connect/<str:vendor>/identity/<str:secret>/", vendor_identity, name="vendor_identity"),
    path("", include("bridge.webhooks")),
    path("portal/", include("bridge.portal.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("bridge.accounts")),
]
