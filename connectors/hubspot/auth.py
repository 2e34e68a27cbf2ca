"""Signing in: OAuth 2 by code. Access lasts half an hour; the refresh token has no published end.

What was granted is told as a list, and may be less than was asked for: the optional ones depend on the account's plan.
It is kept with the grant, together with the account's name, which no later call tells without our own secret.
Sources: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth,
OAuth reference 2026-03, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.contract import (
    App,
    AuthorizationExpired,
    ContractBroken,
    Grant,
    Hosts,
    Http,
    OAuth2,
    RateLimited,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)
from connectors.hubspot.wire import VERSION

# Without these the connection is of no use; an account that cannot grant one refuses the whole installation.
SCOPES = (
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.schemas.contacts.write",
    "crm.schemas.deals.write",
    "e-commerce",  # products and line items, and their properties
)
# Tied to the plan of an account.
OPTIONAL = (
    "crm.objects.invoices.read",
    "crm.objects.invoices.write",
    "crm.schemas.invoices.write",
    "crm.objects.commercepayments.read",
)
# What `e-commerce` stands for, where an app asks for the narrower ones instead.
INSTEAD_OF_COMMERCE = frozenset(
    {
        "crm.objects.products.read",
        "crm.objects.products.write",
        "crm.objects.line_items.read",
        "crm.objects.line_items.write",
    }
)

_LIVE = Hosts(
    "https://api.hubapi.com",
    "https://app.hubspot.com/oauth/authorize",
    f"https://api.hubapi.com/oauth/{VERSION}/token",
    f"https://api.hubapi.com/oauth/{VERSION}/token/revoke",
    {"introspect": f"https://api.hubapi.com/oauth/{VERSION}/token/introspect"},
)
ENVIRONMENTS = {
    "live": _LIVE,
    # A sandbox or test account is an account like any other, at the same address.
    "vendor_sandbox": _LIVE,
    "local_sandbox": Hosts(
        "{sandbox}/hubspot",
        "{sandbox}/hubspot/oauth/authorize",
        f"{{sandbox}}/hubspot/oauth/{VERSION}/token",
        f"{{sandbox}}/hubspot/oauth/{VERSION}/token/revoke",
        {"introspect": f"{{sandbox}}/hubspot/oauth/{VERSION}/token/introspect"},
    ),
}

_GONE = frozenset({"invalid_grant", "bad_refresh_token", "bad_hub", "access_denied"})
_OURS = frozenset(
    {
        *("invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type"),
        *("bad_client_id", "bad_client_secret", "bad_redirect_uri", "bad_grant_type", "bad_auth_code"),
    }
)


def authorize_url(hosts: Hosts, app: App, redirect_uri: str, state: str) -> str:
    """Where a person says yes and picks the account."""
    asked = {
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "optional_scope": " ".join(OPTIONAL),
        "state": state,
    }
    return f"{hosts.authorize}?{urlencode(asked)}"


def exchange(
    http: Http, hosts: Hosts, app: App, redirect_uri: str, callback: Mapping[str, str]
) -> tuple[Grant, str | None]:
    """Turn the code into a grant and the account's id. SettingInvalid names the rights that are missing, so that
    nothing begins without them.
    """
    if callback.get("error") or not callback.get("code"):
        said = callback.get("error_description") or callback.get("error") or ""
        raise SettingInvalid("HS-CONSENT-REFUSED", detail=said[:300])
    form = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": redirect_uri,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
    }
    grant = _grant(*http.call("POST", hosts.token, form=form), used=None)
    grant = _named(http, hosts, app, grant)
    missing = missing_scopes(SCOPES, scopes_of(grant))
    if missing:
        raise SettingInvalid("HS-SCOPES-MISSING", params={"scopes": ", ".join(missing)})
    return grant, str(grant.extra["context"].get("hub_id") or "") or None


def refresh(http: Http, hosts: Hosts, app: App, grant: Grant) -> Grant:
    """A new access token. AuthorizationExpired: the app was removed from the account, or its access withdrawn."""
    if not grant.refresh_token:
        raise AuthorizationExpired("HS-GRANT-GONE")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": grant.refresh_token,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
    }
    return _grant(*http.call("POST", hosts.token, form=form), used=grant)


def revoke(http: Http, hosts: Hosts, app: App, grant: Grant) -> None:
    """End the grant. One that is gone already is fine. The app stays installed until a person removes it."""
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "token": grant.refresh_token or grant.access_token,
        "token_type_hint": "refresh_token" if grant.refresh_token else "access_token",
    }
    status, body = http.call("POST", hosts.revoke, form=form)
    if status not in (200, 204, 400, 404):
        raise _refused(status, body)


def scopes_of(grant: Grant) -> frozenset[str]:
    """What was granted, as far as it was told."""
    return frozenset(str((grant.extra.get("context") or {}).get("scopes") or "").split())


def missing_scopes(asked: Iterable[str], granted: frozenset[str]) -> list[str]:
    """Those asked for and not granted; none while nothing is known of what was granted."""
    if not granted:
        return []
    has_parts = granted >= INSTEAD_OF_COMMERCE
    return [scope for scope in asked if scope not in granted and not (scope == "e-commerce" and has_parts)]


def _grant(status: int, body: Mapping[str, Any], used: Grant | None) -> Grant:
    if status != 200:
        raise _refused(status, body)
    access = body.get("access_token")
    kept = body.get("refresh_token") or (used.refresh_token if used else None)
    if not isinstance(access, str) or not access or not kept:
        # A page or a half answer with status 200: nothing to store, and nothing proven against the old grant.
        raise VendorUnavailable("HS-DOWN", params={"status": status})
    context = dict((used.extra.get("context") if used else None) or {})
    if isinstance(body.get("scopes"), list):
        context["scopes"] = " ".join(sorted(str(scope) for scope in body["scopes"]))
    if body.get("hub_id"):
        context["hub_id"] = str(body["hub_id"])
    extra = {**(used.extra if used else {}), "context": context}
    return Grant(access, str(kept), _seconds(body.get("expires_in")), extra=extra)


def _named(http: Http, hosts: Hosts, app: App, grant: Grant) -> Grant:
    """The grant with the account's domain and the person who said yes. Without them it works as well."""
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "token": grant.access_token,
        "token_type_hint": "access_token",
    }
    try:
        status, body = http.call("POST", hosts.extra["introspect"], form=form)
    except VendorUnavailable:
        return grant
    if status != 200 or not body.get("active"):
        return grant
    context = dict(grant.extra["context"])
    for ours, theirs in (("hub_id", "hub_id"), ("hub_domain", "hub_domain"), ("hub_user", "user")):
        if body.get(theirs):
            context[ours] = str(body[theirs])
    if isinstance(body.get("scopes"), list):
        context["scopes"] = " ".join(sorted(str(scope) for scope in body["scopes"]))
    return Grant(grant.access_token, grant.refresh_token, grant.expires_in, extra={**grant.extra, "context": context})


def _seconds(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _refused(status: int, body: Mapping[str, Any]) -> SyncError:
    """The three classes of refusals: gone for good, ours to mend, and not now."""
    marks = {str(body.get(name) or "").lower() for name in ("error", "status")} - {"", "error"}
    params = {"vendor_code": ", ".join(sorted(marks))[:60] or str(status), "status": status}
    said = str(body.get("error_description") or body.get("message") or "")[:300]
    if status in (429, 423, 477):
        return RateLimited("HS-BUSY", params=params, detail=said)
    if status >= 500:
        return VendorUnavailable("HS-DOWN", params=params, detail=said)
    if marks & _OURS:
        return SettingInvalid("HS-SIGN-IN", params=params, detail=said)
    if marks & _GONE:
        return AuthorizationExpired("HS-GRANT-GONE", params=params, detail=said)
    if not marks:
        return VendorUnavailable("HS-DOWN", params=params, detail=said)
    return ContractBroken("HS-UNEXPECTED", params=params, detail=said)


def headers(grant: Grant) -> Mapping[str, str]:
    """What authorises a call."""
    return {"Authorization": f"Bearer {grant.access_token}"}


def base_url(hosts: Hosts, grant: Grant, account_id: str) -> str:
    """One address for all accounts: the token says which."""
    return hosts.api


OAUTH = OAuth2(
    authorize_url=authorize_url,
    exchange=exchange,
    refresh=refresh,
    revoke=revoke,
    scopes=SCOPES,
    rights=(
        Text(
            "Read and write contacts, and add notes to them and to deals.",
            "Lire et écrire les contacts, et ajouter des notes à ceux-ci et aux transactions.",
        ),
        Text(
            "Read deals, and write the figures of their newest invoice into properties of our own.",
            "Lire les transactions, et inscrire les chiffres de leur facture la plus récente dans des propriétés à "
            "nous.",
        ),
        Text(
            "Read and write products and line items.",
            "Lire et écrire les produits et les lignes d’articles.",
        ),
        Text(
            "Where the account offers it: read and write invoices, and read payments.",
            "Si le compte l’offre : lire et écrire les factures, et lire les paiements.",
        ),
        Text(
            "Add properties, in a group named Bridge (QuickBooks), to contacts, products, invoices and deals.",
            "Ajouter des propriétés, dans un groupe nommé Bridge (QuickBooks), aux contacts, aux produits, aux "
            "factures et aux transactions.",
        ),
    ),
    before=Text(
        "Sign in as a super admin of the account, or as someone who may install apps, and choose the right account on "
        "the next page.",
        "Connectez-vous comme super administrateur du compte, ou comme quelqu’un qui peut installer des applications, "
        "et choisissez le bon compte à la page suivante.",
    ),
    sign_up_url="https://www.hubspot.com/",
    after_revoke=Text(
        "Bridge’s access is withdrawn. The app is still listed in HubSpot: open Settings, Integrations, Connected apps "
        "and uninstall it there.",
        "L’accès de Bridge est retiré. L’application figure encore dans HubSpot : ouvrez Paramètres, Intégrations, "
        "Applications connectées et désinstallez-la.",
    ),
)
