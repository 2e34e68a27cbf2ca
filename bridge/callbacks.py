"""Coming back from a vendor's consent page: whose trip it was decides which face goes on."""

from django.http import HttpRequest, HttpResponse

from bridge.portal import connections as portal
from bridge.staff import connections as staff


def vendor_callback(request: HttpRequest, vendor: str) -> HttpResponse:
    """People of a client go back to the portal; staff, and whoever is not signed in, to the staff pages' own view."""
    if request.user.is_authenticated and not request.user.is_staff:
        return portal.callback(request, vendor)
    return staff.vendor_callback(request, vendor)
