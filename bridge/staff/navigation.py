"""The staff menu, by what a person comes for."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. `right` is the permission to see it; "" is for all staff."""

    title: Any
    icon: str
    name: str
    right: str = ""


SECTIONS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        _("Work"),
        (
            Entry(_("Today"), "home", "admin:index"),
            Entry(_("Held"), "pause", "admin:held", "hub.view_change"),
            Entry(_("Runs"), "refresh", "admin:runs", "hub.view_run"),
            Entry(_("Find"), "search", "admin:find", "hub.view_record"),
            Entry(_("Records"), "list", "admin:hub_record_changelist", "hub.view_record"),
        ),
    ),
    (
        _("Set up"),
        (
            Entry(_("Organizations"), "building", "admin:hub_organization_changelist", "hub.view_organization"),
            Entry(_("Integrations"), "link", "admin:integrations", "hub.view_integration"),
            Entry(_("Mappings"), "both", "admin:mappings_all", "hub.view_valuemap"),
            Entry(_("Connections"), "plug", "admin:connections", "hub.view_connection"),
            Entry(_("People"), "people", "admin:hub_user_changelist", "hub.view_user"),
            Entry(_("Vendor apps"), "key", "admin:hub_vendorapp_changelist", "hub.view_vendorapp"),
        ),
    ),
    (
        _("Look after"),
        (
            Entry(_("Health"), "pulse", "admin:health", "hub.view_run"),
            Entry(_("Audit"), "eye", "admin:audit", "auditlog.view_logentry"),
            Entry(_("Simulators"), "flask", "admin:simulators", "hub.change_connection"),
        ),
    ),
    (
        _("Read"),
        (
            Entry(_("What the codes mean"), "question", "admin:catalogue"),
            Entry(_("Help"), "book", "admin:help"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu of this person; lines without the right to open them are left out."""
    return [
        {"title": title, "items": [_item(request, entry) for entry in entries if _may(request, entry)]}
        for title, entries in SECTIONS
        if any(_may(request, entry) for entry in entries)
    ]


def _may(request: HttpRequest, entry: Entry) -> bool:
    if entry.name == "admin:simulators" and not settings.BRIDGE_SANDBOX_URL:
        return False
    return not entry.right or request.user.has_perm(entry.right)


def _item(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    address = reverse(entry.name)
    home = reverse("admin:index")
    active = request.path == address or (address != home and request.path.startswith(address))
    return {"title": entry.title, "icon": entry.icon, "link": address, "active": active}
