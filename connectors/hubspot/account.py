"""The account: who it is, what can be chosen in it, and whether it is fit to work with.

Source: account details, https://developers.hubspot.com/docs/api-reference/latest/account, and the property pages, read
2026-11-21.
"""

from __future__ import annotations

from typing import Any

from connectors.contract import Api, Choice, Finding, Identity, Raw, RecordRejected, Reference, SettingInvalid, Text
from connectors.hubspot.auth import OPTIONAL, SCOPES, missing_scopes
from connectors.hubspot.errors import NOT_FOUND
from connectors.hubspot.properties import OWN, SCHEMA_SCOPES, clashes
from connectors.hubspot.wire import VERSION, properties

STANDARD = "STANDARD"


def identify(api: Api) -> Identity:
    """Which account the grant speaks for. Its domain was told when we signed in; without it the number is the name."""
    raw = api.get(f"/account-info/{VERSION}/details")
    portal = str(raw["portalId"])
    granted = frozenset(api.context.get("scopes", "").split())
    kind = str(raw.get("accountType") or "").upper()
    return Identity(
        account_id=portal,
        name=api.context.get("hub_domain") or f"HubSpot {portal}",
        facts={
            "account_id": portal,
            "account_type": kind,
            "sandbox": kind not in ("", STANDARD),
            "domain": api.context.get("hub_domain", ""),
            "user": api.context.get("hub_user", ""),
            "currency": str(raw.get("companyCurrency") or ""),
            "additional_currencies": [str(item) for item in raw.get("additionalCurrencies") or ()],
            "time_zone": str(raw.get("timeZone") or ""),
            "ui_domain": str(raw.get("uiDomain") or ""),
            "hosting": str(raw.get("dataHostingLocation") or ""),
            "scopes": sorted(granted),
            "missing_scopes": missing_scopes(SCOPES, granted),
            "missing_optional_scopes": missing_scopes(OPTIONAL, granted),
        },
    )


# What can be chosen


def _options(api: Api, kind: str, name: str) -> list[Choice]:
    """The options of a property; none where the account does not have it."""
    try:
        raw = api.get(properties(kind, f"/{name}"))
    except (RecordRejected, SettingInvalid) as error:
        if isinstance(error, SettingInvalid) or error.code == NOT_FOUND:
            return []
        raise
    return [_choice(row) for row in raw.get("options") or ()]


def _choice(row: Raw) -> Choice:
    value = str(row.get("value") or "")
    return Choice(value, str(row.get("label") or value), active=not row.get("hidden"))


def pipelines(api: Api) -> list[Choice]:
    """The pipelines of deals."""
    return _options(api, "deals", "pipeline")


def stages(api: Api) -> list[Choice]:
    """The stages of deals, of all pipelines."""
    return _options(api, "deals", "dealstage")


def invoice_sources(api: Api) -> list[Choice]:
    """What an account says about where invoices were made."""
    return _options(api, "invoices", "hs_invoice_source")


def currencies(api: Api) -> list[Choice]:
    """The account's currencies, the main one first."""
    raw = api.get(f"/account-info/{VERSION}/details")
    codes = [raw.get("companyCurrency"), *(raw.get("additionalCurrencies") or ())]
    return [Choice(str(code), str(code)) for code in dict.fromkeys(codes) if code]


REFERENCES = (
    Reference("pipelines", Text("Deal pipelines", "Pipelines de transactions"), pipelines),
    Reference("stages", Text("Deal stages", "Étapes de transactions"), stages),
    Reference("invoice_sources", Text("Invoice sources", "Sources de factures"), invoice_sources),
    Reference("currencies", Text("Currencies", "Devises"), currencies),
)


# The connection check


def diagnose(api: Api) -> list[Finding]:
    """The connection check, most basic things first. An account that does not answer raises instead."""
    account = identify(api)
    return [
        Finding(
            "HS-CHECK-ACCOUNT",
            "ok",
            Text("HubSpot answers as {name}, account {id}.", "HubSpot répond au nom de {name}, compte {id}."),
            {"name": account.name, "id": account.account_id},
        ),
        _kind(str(account.facts["account_type"])),
        *_scopes(account.facts),
        _currency(account.facts),
        *_properties(api, frozenset(account.facts["scopes"])),
    ]


def _kind(kind: str) -> Finding:
    if kind in ("", STANDARD):
        return Finding("HS-CHECK-KIND", "ok", Text("It is a live account.", "C’est un compte réel."))
    return Finding(
        "HS-CHECK-KIND",
        "warning",
        Text(
            "It is a test account ({kind}): what is written there reaches no customers.",
            "C’est un compte d’essai ({kind}) : ce qui y est écrit n’atteint aucun client.",
        ),
        {"kind": kind.replace("_", " ").lower()},
    )


def _scopes(facts: Any) -> list[Finding]:
    """Every right that is missing, by name."""
    if not facts["scopes"]:
        words = Text(
            "HubSpot did not say which rights it granted; connect again to see them.",
            "HubSpot n’a pas dit quels droits il a accordés ; reconnectez-vous pour les voir.",
        )
        return [Finding("HS-CHECK-SCOPES", "warning", words)]
    found = [
        Finding(
            "HS-SCOPES-MISSING",
            "blocker",
            Text(
                "The right {scope} is missing. Connect again as someone who may grant it.",
                "Le droit {scope} manque. Reconnectez-vous avec une personne qui peut l’accorder.",
            ),
            {"scope": scope},
        )
        for scope in facts["missing_scopes"]
    ]
    found += [
        Finding("HS-CHECK-SCOPE-OPTIONAL", "warning", _effect(scope), {"scope": scope})
        for scope in facts["missing_optional_scopes"]
    ]
    words = Text("HubSpot granted every right.", "HubSpot a accordé tous les droits.")
    return found or [Finding("HS-CHECK-SCOPES", "ok", words)]


def _effect(scope: str) -> Text:
    """What goes without a right that depends on the plan."""
    if "invoices" in scope:
        return Text(
            "The right {scope} was not granted, or the account’s plan lacks it: invoices cannot be kept in step.",
            "Le droit {scope} n’a pas été accordé, ou le forfait ne l’offre pas : les factures ne peuvent pas être "
            "tenues au pas.",
        )
    return Text(
        "The right {scope} was not granted, or the plan lacks it: filters do not see payments taken in HubSpot.",
        "Le droit {scope} n’a pas été accordé, ou le forfait du compte ne l’offre pas : les filtres ne voient pas les "
        "paiements encaissés dans HubSpot.",
    )


def _currency(facts: Any) -> Finding:
    more = ", ".join(facts["additional_currencies"])
    if more:
        words = Text("Currency: {currency}; others in use: {more}.", "Devise : {currency} ; autres en usage : {more}.")
    else:
        words = Text("Currency: {currency}.", "Devise : {currency}.")
    return Finding("HS-CHECK-CURRENCY", "ok", words, {"currency": facts["currency"] or "?", "more": more})


def _properties(api: Api, granted: frozenset[str]) -> list[Finding]:
    """Properties of our names that are somebody else's. Kinds we may not define are not asked about."""
    kinds = [kind for kind in OWN if not granted or SCHEMA_SCOPES[kind] in granted]
    found = []
    for kind in kinds:
        for name in clashes(api, kind):
            found.append(
                Finding(
                    "HS-PROPERTY-TAKEN",
                    "blocker",
                    Text(
                        "The account has a property {property} of its own ({kind}): rename it or remove it.",
                        "Le compte a déjà une propriété {property} à lui ({kind}) : renommez-la ou supprimez-la.",
                    ),
                    {"property": name, "kind": kind},
                )
            )
    return found
