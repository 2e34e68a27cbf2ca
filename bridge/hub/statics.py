"""Addresses of our own static files, for the admin theme's settings."""

from django.http import HttpRequest
from django.templatetags.static import static


def stylesheet(request: HttpRequest) -> str:
    """Return the address of the staff pages' stylesheet."""
    return static("bridge/staff.css")
