"""Addresses of Bridge."""

from django.contrib import admin
from django.urls import include, path

from bridge.staff import door
from bridge.staff.connections import vendor_callback, vendor_identity

urlpatterns = [
    path("", door.start, name="start"),
    path("language/", door.set_language, name="set_language"),
    path("connect/<str:vendor>/callback/", vendor_callback, name="vendor_callback"),
    path("connect/<str:vendor>/identity/<str:secret>/", vendor_identity, name="vendor_identity"),
    path("", include("bridge.webhooks")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
