"""The gate every request of a signed-in person goes through: sessions that are over, second steps that are owed, and
steps for which the person confirms who they are.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from bridge.hub import sessions

# Steps after which somebody else could come in, or somebody's access ends: "page" asks before the page is shown, so
# that nothing filled in is lost; "act" only before something is done there.
SENSITIVE: dict[str, str] = {
    "admin:connection_connect": "page",
    "admin:connection_forget": "page",
    "admin:integration_disconnect": "page",
    "admin:invite": "page",
    "admin:invitation_withdraw": "page",
    "admin:hub_user_add": "page",
    "admin:hub_user_change": "page",
    "admin:hub_vendorapp_add": "page",
    "admin:hub_vendorapp_change": "page",
    "admin:hub_vendorapp_delete": "page",
    "portal:connect": "page",
    "portal:revoke": "page",
    "portal:people": "act",
    "portal:member_again": "act",
    "portal:member_remove": "page",
    "account_everywhere": "act",
    "account_change_password": "page",
    "account_set_password": "page",
    "mfa_activate_totp": "page",
    "mfa_deactivate_totp": "page",
    "mfa_add_webauthn": "page",
    "mfa_edit_webauthn": "page",
    "mfa_remove_webauthn": "page",
    "mfa_generate_recovery_codes": "page",
    "mfa_view_recovery_codes": "page",
    "mfa_download_recovery_codes": "page",
}
# What somebody of the office can reach before the second step: setting it up or taking it, and leaving.
BEFORE_SECOND_STEP = frozenset({
    "mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "account_reauthenticate", "account_confirm_by_mail", "account_logout",
    "set_language", "session_left",
})  # fmt: skip
# Only where nothing is set up yet: a password alone must not replace or read a second step that is there.
SETTING_UP = frozenset({"mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn"})


class Gate:
    """Stands behind sign-in, before every page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End sessions that are over; note activity in the others."""
        if not request.user.is_authenticated:
            if SESSION_KEY in request.session:
                request.session.flush()  # switched off in the meantime: nothing of it comes back to life
            return self.get_response(request)
        if why := sessions.ended(request):
            return _signed_out(request, why)
        sessions.saw(request)
        seconds, why = sessions.left(request)
        # For the warning pages give before it is over.
        request.session_ends = {"seconds": seconds, "why": why, "began": request.session[sessions.BEGAN]}  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Ask for what is owed before this page."""
        if not request.user.is_authenticated or request.resolver_match is None:
            return None
        name = request.resolver_match.view_name
        owed = sessions.second_step(request)
        if owed:
            request.second_step_owed = owed  # type: ignore[attr-defined]
            if name not in BEFORE_SECOND_STEP or (owed == "take" and name in SETTING_UP):
                return _take(request) if owed == "take" else redirect("mfa_index")
        asked = SENSITIVE.get(name)
        acts = request.method not in ("GET", "HEAD", "OPTIONS")
        if asked and (acts or asked == "page") and not sessions.fresh(request):
            return _confirm(request, acts and asked == "act")
        return None


def leads_inside(address: str) -> bool:
    """Tell whether an address is a path of ours and nothing else, as a browser would read it."""
    alone = address.startswith("/") and address[1:2] not in ("/", "\\")
    return alone and url_has_allowed_host_and_scheme(address, None)


def place(request: HttpRequest) -> str:
    """Return where a person should come back to: this page, or the page whose button led to one that only acts."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return came.partition(request.get_host())[2] or "/"
    return "/"


def _signed_out(request: HttpRequest, why: str) -> HttpResponse:
    back = place(request)
    logout(request)
    minutes, hours = settings.STAFF_IDLE_SECONDS // 60, settings.SESSION_LONGEST_SECONDS // 3600
    said = {
        "idle": _("You were signed out after %(minutes)s minutes without activity.") % {"minutes": minutes},
        "long": _("You were signed out: nobody stays signed in longer than %(hours)s hours.") % {"hours": hours},
    }
    messages.info(request, said[why])
    if request.method not in ("GET", "HEAD") and request.path != reverse("session_left"):
        messages.warning(request, _("What you sent last was not carried out. Sign in, then send it again."))
    return HttpResponseRedirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': back})}")


def _ways(request: HttpRequest, second: bool = False) -> list[str]:
    methods = get_adapter().get_reauthentication_methods(request.user)
    return [way["url"] for way in methods if not second or way["id"].startswith("mfa_")]


def _take(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{_ways(request, second=True)[0]}?{urlencode({'next': place(request)})}")


def _confirm(request: HttpRequest, pressed: bool) -> HttpResponse:
    """Lead to the page where the person confirms who they are, and back."""
    if pressed:
        messages.info(request, _("Confirm that it is you, then press the button again."))
    return HttpResponseRedirect(f"{_ways(request)[0]}?{urlencode({'next': place(request)})}")
