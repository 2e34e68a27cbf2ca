"""The staff menu, by what a person comes for."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bridge.hub import rights
from bridge.staff.pages import holds, looks_up_only


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu, seen by whoever may open its page."""

    title: Any
    icon: str
    name: str


SECTIONS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        _("Work"),
        (
            Entry(_("Today"), "home", "admin:index"),
            Entry(_("Held"), "pause", "admin:held"),
            Entry(_("Duplicates"), "people", "admin:duplicates"),
            Entry(_("Conflicts"), "both", "admin:conflicts"),
            Entry(_("Runs"), "refresh", "admin:runs"),
            Entry(_("Find"), "search", "admin:find"),
            Entry(_("Records"), "list", "admin:hub_record_changelist"),
        ),
    ),
    (
        _("Set up"),
        (
            Entry(_("Organizations"), "building", "admin:hub_organization_changelist"),
            Entry(_("Integrations"), "link", "admin:integrations"),
            Entry(_("Mappings"), "both", "admin:mappings_all"),
            Entry(_("Mapping files"), "list", "admin:mapping_files_all"),
            Entry(_("Connections"), "plug", "admin:connections"),
            Entry(_("People"), "people", "admin:hub_user_changelist"),
            Entry(_("Vendor apps"), "key", "admin:hub_vendorapp_changelist"),
        ),
    ),
    (
        _("Look after"),
        (
            Entry(_("Health"), "pulse", "admin:health"),
            Entry(_("Audit"), "eye", "admin:audit"),
            Entry(_("Simulators"), "flask", "admin:simulators"),
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
    own = entry.name.removeprefix("admin:")
    if own == "index" and looks_up_only(request.user):
        return False
    if own in rights.PAGES:
        return holds(request.user, rights.PAGES[own].open)
    app, model, _list = own.split("_")
    return request.user.has_perm(f"{app}.view_{model}")


def _item(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    address = reverse(entry.name)
    home = reverse("admin:index")
    active = request.path == address or (address != home and request.path.startswith(address))
    return {"title": entry.title, "icon": entry.icon, "link": address, "active": active}
