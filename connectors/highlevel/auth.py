"""Signing in: OAuth 2 by code, for one location (sub-account).

Access lasts a day; a refresh token works once, and its answer holds the next one. So there is one renewal at a time,
the new pair is stored before it is used, and where an answer is lost the connection is lost: a person connects again.

An agency that agrees for just one of its locations gives its own token: it is kept, and the location's is made from it
anew each day. Should that second step fail, the agency's new pair is kept all the same and the step is made again.

Or with a private integration token, made in the location's own settings: no app, nothing to renew, good until somebody
rotates it. It tells neither its location nor its rights, and brings no webhooks; the vendor advises a new one every 90
days, and lets the one before work for seven days more.
Sources: GoHighLevel/highlevel-api-docs:docs/oauth/Authorization.md, apps/oauth.json, read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from connectors.contract import (
    ApiKey,
    App,
    AuthorizationExpired,
    ContractBroken,
    Grant,
    Hosts,
    Http,
    OAuth2,
    RateLimited,
    Setting,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)
from connectors.highlevel.brand import CONSENT, NAME
from connectors.highlevel.wire import VERSION

SCOPES = (
    "contacts.readonly",
    "contacts.write",
    "invoices.readonly",
    "invoices.write",
    "payments/orders.readonly",
    "payments/transactions.readonly",
    "payments/subscriptions.readonly",
    "products.readonly",
    "products/prices.readonly",
    "locations.readonly",
    "workflows.readonly",
)
API = "https://services.leadconnectorhq.com"
_LIVE = Hosts(API, CONSENT, f"{API}/oauth/token", "", {"location": f"{API}/oauth/locationToken"})
ENVIRONMENTS = {
    "live": _LIVE,
    # There is no sandbox of the vendor's: a test location is a location like any other.
    "vendor_sandbox": _LIVE,
    "local_sandbox": Hosts(
        "{sandbox}/highlevel",
        "{sandbox}/highlevel/v2/oauth/chooselocation",
        "{sandbox}/highlevel/oauth/token",
        "",
        {"location": "{sandbox}/highlevel/oauth/locationToken"},
    ),
}
LOCATION, COMPANY = "Location", "Company"
SOON = 1.0  # seconds: a grant that is to be renewed before it is used


def authorize_url(hosts: Hosts, app: App, redirect_uri: str, state: str) -> str:
    """Where a person chooses the location and says yes."""
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
    }
    return f"{hosts.authorize}?{urlencode(asked)}"


def exchange(
    http: Http, hosts: Hosts, app: App, redirect_uri: str, callback: Mapping[str, str]
) -> tuple[Grant, str | None]:
    """Turn the code into a grant and the location's id. SettingInvalid where rights are missing, or where a whole
    agency was chosen.
    """
    if callback.get("error") or not callback.get("code"):
        said = callback.get("error_description") or callback.get("error") or ""
        raise SettingInvalid("HL-CONSENT-REFUSED", detail=said[:300])
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": redirect_uri,
    }
    grant = _grant(*http.call("POST", hosts.token, form=form), used=None)
    if "agency" in grant.extra:
        grant = _of_location(http, hosts, grant)
    missing = missing_scopes(SCOPES, scopes_of(grant))
    if missing:
        raise SettingInvalid("HL-SCOPES-MISSING", params={"scopes": ", ".join(missing)})
    return grant, str(grant.extra["context"].get("location") or "") or None


def refresh(http: Http, hosts: Hosts, app: App, grant: Grant) -> Grant:
    """The next pair. AuthorizationExpired: the refresh token was used before, or the app was removed."""
    if grant.extra.get("unmade"):
        try:
            return _of_location(http, hosts, grant)
        except AuthorizationExpired:
            pass  # the agency's own access has run out meanwhile: the next pair first
    if not grant.refresh_token:
        raise AuthorizationExpired("HL-GRANT-GONE")
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": grant.refresh_token,
        "user_type": COMPANY if "agency" in grant.extra else LOCATION,
    }
    found = _grant(*http.call("POST", hosts.token, form=form), used=grant)
    if "agency" not in found.extra:
        return found
    try:
        return _of_location(http, hosts, found)
    except (VendorUnavailable, RateLimited):
        # The old refresh token is spent: what came for it must be stored, whatever became of the second step.
        return Grant(found.access_token, found.refresh_token, SOON, extra={**found.extra, "unmade": True})


def scopes_of(grant: Grant) -> frozenset[str]:
    """What was granted, as far as it was told."""
    return frozenset(str((grant.extra.get("context") or {}).get("scopes") or "").split())


def missing_scopes(asked: Iterable[str], granted: frozenset[str]) -> list[str]:
    """Those asked for and not granted; none while nothing is known of what was granted."""
    return [scope for scope in asked if granted and scope not in granted]


def _grant(status: int, body: Mapping[str, Any], used: Grant | None) -> Grant:
    if not 200 <= status < 300:
        raise _refused(status, body)
    access, fresh = body.get("access_token"), body.get("refresh_token")
    if not isinstance(access, str) or not access or not isinstance(fresh, str) or not fresh:
        # A page or a half answer: nothing to store, and nothing proven against the old grant.
        raise VendorUnavailable("HL-DOWN", params={"status": status})
    before = used.extra if used else {}
    context = dict(before.get("context") or {})
    for ours, theirs in (("scopes", "scope"), ("location", "locationId"), ("company", "companyId"), ("user", "userId")):
        if body.get(theirs):
            context[ours] = str(body[theirs])
    extra: dict[str, Any] = {"context": context}
    if body.get("userType") == COMPANY or "agency" in before:
        approved = [str(item) for item in body.get("approvedLocations") or ()]
        extra["agency"] = {**(before.get("agency") or {}), **({"approved": approved} if approved else {})}
    return Grant(access, fresh, _seconds(body.get("expires_in")), extra=extra)


def _of_location(http: Http, hosts: Hosts, agency: Grant) -> Grant:
    """A token of the one location an agency agreed for; the agency's own refresh token stays beside it."""
    context = dict(agency.extra["context"])
    approved = [context["location"]] if context.get("location") else list(agency.extra["agency"].get("approved") or ())
    if len(approved) != 1:
        raise SettingInvalid("HL-AGENCY", params={"count": len(approved)})
    form = {"companyId": str(context.get("company") or ""), "locationId": str(approved[0])}
    head = {"Authorization": f"Bearer {agency.access_token}", "Version": VERSION}
    status, body = http.call("POST", hosts.extra["location"], form=form, headers=head)
    if not 200 <= status < 300:
        raise _refused(status, body)
    access = body.get("access_token")
    if not isinstance(access, str) or not access:
        raise VendorUnavailable("HL-DOWN", params={"status": status})
    context["location"] = str(body.get("locationId") or approved[0])
    if body.get("userId"):
        context["user"] = str(body["userId"])
    kept = {name: value for name, value in agency.extra.items() if name != "unmade"}
    return Grant(access, agency.refresh_token, _seconds(body.get("expires_in")), extra={**kept, "context": context})


def _seconds(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _refused(status: int, body: Mapping[str, Any]) -> SyncError:
    """Gone for good, ours to mend, or not now."""
    said = str(body.get("error_description") or body.get("message") or body.get("error") or "")[:300]
    params = {"status": status, "said": said or "–"}
    low = said.lower()
    if status == 429:
        return RateLimited("HL-BUSY", params=params, detail=said)
    if status >= 500 or not body:
        return VendorUnavailable("HL-DOWN", params=params, detail=said)
    if "client" in low or "redirect_uri" in low or "authorization code" in low or "grant_type" in low:
        return SettingInvalid("HL-SIGN-IN", params=params, detail=said)
    if "location" in low or "company" in low or status == 403:
        return SettingInvalid("HL-PLACE", params=params, detail=said)
    if status in (400, 401) and ("token" in low or "grant" in low):
        return AuthorizationExpired("HL-GRANT-GONE", params=params, detail=said)
    return ContractBroken("HL-UNEXPECTED", params=params, detail=said)


def headers(grant: Grant) -> Mapping[str, str]:
    """What authorises a call."""
    return {"Authorization": f"Bearer {grant.access_token}", "Version": VERSION}


def base_url(hosts: Hosts, grant: Grant, account_id: str) -> str:
    """One address for all locations."""
    return hosts.api


OAUTH = OAuth2(
    authorize_url=authorize_url,
    exchange=exchange,
    refresh=refresh,
    scopes=SCOPES,
    rights=(
        Text("Read and write contacts, and add tags to them.",
            "Lire et écrire les contacts, et leur mettre des étiquettes."),
        Text(
            "Put a contact into a workflow of yours, where review requests are on.",
            "Mettre un contact dans un de vos workflows, si les demandes d’avis sont activées.",
        ),
        Text("Read invoices, and write those you choose to import.",
            "Lire les factures, et écrire celles que vous choisissez d’importer."),
        Text(
            "Read orders, payments, subscriptions, products and prices.",
            "Lire les commandes, les paiements, les abonnements, les produits et les prix.",
        ),
        Text("Read the account’s settings and the list of its workflows.",
            "Lire les réglages du compte et la liste de ses workflows."),
    ),
    before=Text(
        f"Sign in to {NAME} as an administrator, and on the next page choose the one sub-account to connect, not the "
        "whole agency.",
        f"Connectez-vous à {NAME} comme administrateur et, à la page suivante, choisissez le sous-compte à connecter, "
        "pas toute l’agence.",
    ),
    after_revoke=Text(
        f"Bridge has forgotten its access. The app is still listed in {NAME}: open Settings, Integrations, and "
        "uninstall it there.",
        f"Bridge a oublié son accès. L’application figure encore dans {NAME} : ouvrez Paramètres, Intégrations, et "
        "désinstallez-la.",
    ),
)  # fmt: skip

# Private integration tokens

TOKEN = re.compile(r"pit-[A-Za-z0-9_-]{16,200}")
NAMED = re.compile(r"[A-Za-z0-9]{18,30}")  # a location, a member of the staff
IN_ADDRESS = re.compile(r"/location/([A-Za-z0-9]{18,30})")
PRIVATE = "private_since"  # in the context of a connection made so: the day the token was given to us


def private_grant(key: str, hosts: Hosts) -> Grant:
    """A grant from the pasted token. SettingInvalid HL-PRIVATE-SHAPE: it cannot be one."""
    if not TOKEN.fullmatch(key):
        raise SettingInvalid("HL-PRIVATE-SHAPE", field="key")
    return Grant(access_token=key)


def placed(grant: Grant, values: Mapping[str, str]) -> tuple[Grant, str]:
    """The grant with its location, which may be given by its id or by the address of any of its pages, and the member
    of the staff in whose name invoices are marked as sent, where one was named.
    """
    told = values.get("location", "")
    found = IN_ADDRESS.search(told)
    location = found.group(1) if found else told
    if not NAMED.fullmatch(location):
        raise SettingInvalid("HL-PRIVATE-LOCATION", field="location")
    user = values.get("user", "")
    if user and not NAMED.fullmatch(user):
        raise SettingInvalid("HL-PRIVATE-USER", field="user")
    context = {"location": location, PRIVATE: datetime.now(UTC).date().isoformat(), **({"user": user} if user else {})}
    return Grant(grant.access_token, extra={"context": context}), location


PRIVATE_TOKEN = ApiKey(
    setting=Setting(
        key="private_token",
        label=Text("Private integration token", "Jeton d’intégration privée"),
        kind="secret",
        help=Text(
            f"In {NAME}, in the sub-account: Settings, Private Integrations, create one with the rights listed above. "
            "It is shown once. Changes then take as long as the schedule: no notices come with it. Make another every "
            "90 days with “rotate and expire later”, and paste it here within seven days.",
            f"Dans {NAME}, dans le sous-compte : Paramètres, Intégrations privées, créez-en une avec les droits "
            "énumérés plus haut. Elle ne s’affiche qu’une fois. Les changements prennent alors le temps de l’horaire : "
            "aucun avis ne vient avec. Faites-en un nouveau tous les 90 jours avec « renouveler et laisser expirer "
            "plus tard », et collez-le ici dans les sept jours.",
        ),
        pattern=TOKEN.pattern,
        example="pit-00000000-0000-0000-0000-000000000000",
    ),
    grant=private_grant,
    beside=(
        Setting(
            key="location",
            label=Text("Sub-account", "Sous-compte"),
            help=Text(
                f"Its identifier, or simply the address of one of its pages in {NAME}.",
                f"Son identifiant, ou simplement l’adresse d’une de ses pages dans {NAME}.",
            ),
        ),
        Setting(
            key="user",
            label=Text("Staff member", "Membre de l’équipe"),
            required=False,
            help=Text(
                "The identifier of somebody of the team, only for Send a test and the import of past invoices: an "
                "invoice is marked as sent in a person’s name.",
                "L’identifiant d’une personne de l’équipe, seulement pour Envoyer un essai et l’importation des "
                "anciennes factures : une facture est marquée comme envoyée au nom de quelqu’un.",
            ),
        ),
    ),
    placed=placed,
)
