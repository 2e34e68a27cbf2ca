"""The location: who it is, what can be chosen in it, whether it is fit to work with, and what its documents need of it.

Source: GoHighLevel/highlevel-api-docs:apps/locations.json, workflows.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from connectors.contract import (
    Api,
    Choice,
    Finding,
    Identity,
    Raw,
    RecordRejected,
    Reference,
    SettingInvalid,
    SyncError,
    Text,
)
from connectors.highlevel.auth import PRIVATE, SCOPES, missing_scopes
from connectors.highlevel.brand import NAME
from connectors.highlevel.contacts import located
from connectors.highlevel.errors import SCOPE
from connectors.highlevel.wire import PLACE, plain_day, text

PUBLISHED = "published"
ROTATE_DAYS = 90


def _location(api: Api) -> Raw:
    found = api.get(f"/locations/{located(api)}").get("location")
    return dict(found) if isinstance(found, Mapping) else {}


def identify(api: Api) -> Identity:
    """Which location the grant speaks for, and how much it holds from before: asked about when a pair is set up."""
    raw = _location(api)
    granted = frozenset(api.context.get("scopes", "").split())
    settings = raw.get("settings")
    settings = settings if isinstance(settings, Mapping) else {}
    name = str(raw.get("name") or located(api))
    return Identity(
        account_id=str(raw.get("id") or located(api)),
        name=name,
        facts={
            "account_id": str(raw.get("id") or located(api)),
            "country": str(raw.get("country") or ""),
            "currency": str(raw.get("currency") or ""),
            "time_zone": str(raw.get("timezone") or ""),
            "location_name": name,
            "allows_duplicates": settings.get("allowDuplicateContact") is True,
            "company": api.context.get("company", ""),
            "user": api.context.get("user", ""),
            "scopes": sorted(granted),
            "missing_scopes": missing_scopes(SCOPES, granted),
            "features": ["reviews"] if not granted or {"contacts.write", "workflows.readonly"} <= granted else [],
            "invoices_count": _count(api, "/invoices/", "total"),
            "charges_count": _count(api, "/payments/transactions", "totalCount"),
        },
    )


def _count(api: Api, path: str, name: str) -> int | None:
    """How many there are; None where we may not ask."""
    asked = {"altId": located(api), "altType": "location", "limit": "1", "offset": "0"}
    try:
        return int(api.get(path, asked).get(name) or 0)
    except (SettingInvalid, RecordRejected):
        return None


def noted(api: Api, rows: Iterable[Raw]) -> list[Raw]:
    """Documents with what is needed of the location beside them: when its days begin. As it said when last checked."""
    known = {"zone": api.context.get("location_zone", "")}
    return [{**row, PLACE: known} for row in rows]


def marked(api: Api, raw: Raw) -> Raw:
    """One document, the same way."""
    return noted(api, [{name: value for name, value in raw.items() if name != "traceId"}])[0]


# What can be chosen


def workflows(api: Api) -> list[Choice]:
    """The workflows of the location; only published ones take anybody."""
    rows = api.get("/workflows/", {"locationId": located(api)}).get("workflows") or ()
    return [
        Choice(str(row["id"]), text(row.get("name")) or str(row["id"]), active=row.get("status") == PUBLISHED)
        for row in rows
        if isinstance(row, Mapping) and row.get("id")
    ]


def providers(api: Api) -> list[Choice]:
    """Ways to be paid that the newest charges name."""
    from connectors.highlevel.receipts import provider_of

    asked = {"altId": located(api), "altType": "location", "limit": "100", "offset": "0"}
    rows = api.get("/payments/transactions", asked).get("data") or ()
    found = dict.fromkeys(name for row in rows if isinstance(row, Mapping) and (name := provider_of(row)))
    return [Choice(name, name) for name in found]


REFERENCES = (
    Reference("workflows", Text("Workflows", "Workflows"), workflows),
    Reference("payment_methods", Text("Ways of payment", "Modes de paiement"), providers),
)


# The connection check


def diagnose(api: Api) -> list[Finding]:
    """The connection check, most basic things first. An account that does not answer raises instead."""
    found = identify(api)
    facts = found.facts
    return [
        Finding(
            "HL-CHECK-ACCOUNT",
            "ok",
            Text(f"{NAME} answers as {{name}}.", f"{NAME} répond au nom de {{name}}."),
            {"name": found.name},
        ),
        *_scopes(api, facts),
        *_private(api),
        _currency(facts),
        _duplicates(facts),
        *_own_integration(api),
    ]


def _scopes(api: Api, facts: Mapping[str, Any]) -> list[Finding]:
    missing = facts["missing_scopes"] or ([] if facts["scopes"] else _refused(api))
    found = [
        Finding(
            "HL-SCOPES-MISSING",
            "blocker",
            Text(
                "The right {scope} is missing. Connect again as an administrator, and agree to all.",
                "Le droit {scope} manque. Reconnectez-vous comme administrateur, et acceptez tout.",
            ),
            {"scope": scope},
        )
        for scope in missing
    ]
    if not found and not facts["scopes"]:
        words = Text("Every right to read is there; those to write are not told.",
                     "Tous les droits de lire y sont ; ceux d’écrire ne sont pas dits.")  # fmt: skip
        return [Finding("HL-CHECK-SCOPES", "ok", words)]
    return found or [
        Finding("HL-CHECK-SCOPES", "ok", Text("Every right was granted.", "Tous les droits sont accordés."))
    ]


def _refused(api: Api) -> list[str]:
    """The rights to read that turn out to be missing, where the token does not tell which it has."""
    place = {"altId": located(api), "altType": "location", "limit": "1", "offset": "0"}
    tries: tuple[tuple[str, Callable[[], Raw]], ...] = (
        ("contacts.readonly",
         lambda: api.post("/contacts/search", {"locationId": located(api), "pageLimit": 1}, reads=True)),
        ("invoices.readonly", lambda: api.get("/invoices/", place)),
        *((f"payments/{name}.readonly", partial(api.get, f"/payments/{name}", place))
          for name in ("orders", "transactions", "subscriptions")),
        ("products.readonly",
         lambda: api.get("/products/", {"locationId": located(api), "limit": 1, "offset": 0})),
        ("workflows.readonly", lambda: api.get("/workflows/", {"locationId": located(api)})),
    )  # fmt: skip
    missing = []
    for scope, call in tries:
        try:
            call()
        except SettingInvalid as error:
            if error.code != SCOPE:
                raise
            missing.append(scope)
    return missing


def _private(api: Api) -> list[Finding]:
    """How old a private integration token is: the vendor advises another after ninety days."""
    if not (since := plain_day(api.context.get(PRIVATE))):
        return []
    age = (datetime.now(UTC).date() - since).days
    words = Text(
        "The private integration token was given {days} days ago.",
        "Le jeton d’intégration privée a été donné il y a {days} jours.",
    )
    if age >= ROTATE_DAYS:
        words = Text(
            "The private integration token was given {days} days ago. Make a new one, and paste it on the page that "
            "connects this account.",
            "Le jeton d’intégration privée a été donné il y a {days} jours. Faites-en un nouveau, et collez-le à la "
            "page qui connecte ce compte.",
        )
    return [Finding("HL-CHECK-PRIVATE", "warning" if age >= ROTATE_DAYS else "ok", words, {"days": age})]


def _currency(facts: Mapping[str, Any]) -> Finding:
    return Finding(
        "HL-CHECK-PLACE",
        "ok",
        Text("Country {country}, currency {currency}, {zone}.", "Pays {country}, devise {currency}, {zone}."),
        {"country": facts["country"] or "?", "currency": facts["currency"] or "?", "zone": facts["time_zone"] or "?"},
    )


def _duplicates(facts: Mapping[str, Any]) -> Finding:
    if not facts["allows_duplicates"]:
        words = Text("Each address belongs to one contact.", "Chaque adresse appartient à un seul contact.")
        return Finding("HL-CHECK-DUPLICATES", "ok", words)
    words = Text(
        "“Allow duplicate contact” is on: several contacts may share an address, and a person then decides which is "
        "whose.",
        "« Autoriser les contacts en double » est activé : plusieurs contacts peuvent partager une adresse, et une "
        "personne décide alors lequel est le bon.",
    )
    return Finding("HL-CHECK-DUPLICATES", "warning", words)


def _own_integration(api: Api) -> list[Finding]:
    """Whether the vendor's own books integration posts as well: what it has posted is left alone, but two are too
    many.
    """
    asked = {"altId": located(api), "altType": "location"}
    try:
        rows = api.get("/payments/transactions", {**asked, "limit": "5", "offset": "0"}).get("data") or ()
        singles = [api.get(f"/payments/transactions/{row['_id']}", asked) for row in rows]
    except SyncError as error:
        if error.then in ("wait", "look"):
            raise
        return []
    if not any(row.get("qboSynced") is True for row in singles):
        return []
    words = Text(
        f"{NAME}’s own QuickBooks integration still posts payments. Disconnect it there: what it has posted is left "
        f"alone.",
        f"L’intégration QuickBooks de {NAME} elle-même inscrit encore des paiements. Déconnectez-la là-bas : ce "
        f"qu’elle a "
        "inscrit n’est pas touché.",
    )
    return [Finding("HL-CHECK-OWN", "warning", words)]
