"""The company itself: who it is, what its plan and preferences allow, and the connection check.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/companyinfo, …/preferences
(read 2026-11)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import Api, Finding, Identity, Raw, Resource, Text, Values
from connectors.contract.fields import dig
from connectors.quickbooks import wire
from connectors.quickbooks.countries import two_letters
from connectors.quickbooks.reading import address, changed_at, text

GOOD_SUBSCRIPTIONS = ("PAID", "TRIAL", "ACTIVE", "SUBSCRIBED", "TRIAL_OPTED_IN")
ENDED_SUBSCRIPTIONS = ("EXPIRED", "CANCELLED", "CANCELED", "SUSPENDED", "DELINQUENT", "TERMINATED")


def read_company(api: Api) -> Raw:
    """Read CompanyInfo; its own Id is "1", the company is named by the path."""
    return _part(wire.read(api, "/companyinfo/{account_id}"), "CompanyInfo")


def read_preferences(api: Api) -> Raw:
    """Read Preferences."""
    return _part(wire.read(api, "/preferences"), "Preferences")


def _part(raw: Raw, name: str) -> Raw:
    found = raw.get(name)
    if isinstance(found, dict):
        return found
    rows = wire.rows(raw, name) if "QueryResponse" in raw else []
    return rows[0] if rows else {}


def name_values(raw: Raw) -> dict[str, str]:
    """The loose pairs of CompanyInfo as a mapping."""
    pairs = raw.get("NameValue") or []
    return {str(pair["Name"]): str(pair.get("Value", "")) for pair in pairs if pair.get("Name")}


def parse_company(raw: Raw) -> Values:
    """The company as a shop. Its currency is not told here but in the preferences."""
    languages = (text(raw.get("SupportedLanguages")) or "").split(",")
    country = text(raw.get("Country"))
    return {
        "name": text(raw.get("CompanyName")),
        "country": two_letters(country) if country else None,
        "language": languages[0].strip() or None,
        "time_zone": text(raw.get("DefaultTimeZone")),
        "email": text((raw.get("Email") or {}).get("Address")),
        "phone": text((raw.get("PrimaryPhone") or {}).get("FreeFormNumber")),
        "address": address(raw.get("CompanyAddr")),
    }


def _flag(raw: Raw, path: str) -> bool | None:
    """A preference; None where the company has no such feature."""
    told, value = dig(raw, path)
    if not told or value is None:
        return None
    return value if isinstance(value, bool) else str(value).lower() == "true"


def parse_preferences(raw: Raw) -> Values:
    """What the preferences say about writing documents; None: not offered to this company."""
    return {
        "currency": text(dig(raw, "CurrencyPrefs.HomeCurrency.value")[1]),
        "multi_currency": bool(_flag(raw, "CurrencyPrefs.MultiCurrencyEnabled")),
        "custom_numbers": bool(_flag(raw, "SalesFormsPrefs.CustomTxnNumbers")),
        "allows_discount": bool(_flag(raw, "SalesFormsPrefs.AllowDiscount")),
        "allows_shipping": bool(_flag(raw, "SalesFormsPrefs.AllowShipping")),
        "allows_deposit": bool(_flag(raw, "SalesFormsPrefs.AllowDeposit")),
        "applies_payments_itself": bool(_flag(raw, "SalesFormsPrefs.AutoApplyPayments")),
        "uses_sales_tax": bool(_flag(raw, "TaxPrefs.UsingSalesTax")),
        "automated_tax": _flag(raw, "TaxPrefs.PartnerTaxEnabled"),
        "class_per_document": bool(_flag(raw, "AccountingInfoPrefs.ClassTrackingPerTxn")),
        "class_per_line": bool(_flag(raw, "AccountingInfoPrefs.ClassTrackingPerTxnLine")),
        "tracks_locations": bool(_flag(raw, "AccountingInfoPrefs.TrackDepartments")),
        "book_close_date": text(dig(raw, "AccountingInfoPrefs.BookCloseDate")[1]),
        "tracks_stock": bool(_flag(raw, "ProductAndServicesPrefs.QuantityOnHand")),
    }


def _both(api: Api) -> tuple[Raw, Raw]:
    calls: list[Callable[[], Raw]] = [lambda: read_company(api), lambda: read_preferences(api)]
    company, preferences = api.gather(calls)
    return company, preferences


def identify(api: Api) -> Identity:
    """Return who the grant speaks for. Two calls, side by side.

    Facts that posting goes by: country, home_currency, multi_currency, automated_tax (not told outside the US),
    uses_sales_tax, custom_numbers (the company gives its own document numbers), book_close_date, class_per_document,
    class_per_line, tracks_locations, tracks_stock, plan.
    """
    company, preferences = _both(api)
    shop, allowed, pairs = parse_company(company), parse_preferences(preferences), name_values(company)
    facts: dict[str, Any] = {
        **{name: shop[name] for name in ("country", "language", "time_zone")},
        "plan": pairs.get("OfferingSku", ""),
        "subscription": pairs.get("SubscriptionStatus", ""),
        "legal_name": text(company.get("LegalName")),
        **allowed,
        "home_currency": allowed["currency"],
    }
    told = {name: value for name, value in facts.items() if value is not None}
    return Identity(api.context.get("account_id", ""), shop["name"] or "", told)


def diagnose(api: Api) -> list[Finding]:
    """Return what the company's plan and preferences mean for syncing."""
    company, preferences = _both(api)
    return findings(parse_company(company), name_values(company), parse_preferences(preferences))


def findings(shop: Mapping[str, Any], pairs: Mapping[str, str], allowed: Mapping[str, Any]) -> list[Finding]:
    """The lines of the connection check, from what was read."""
    return [
        Finding(
            "QBO-COMPANY", "ok", Text("Connected to {name}.", "Connecté à {name}."), {"name": shop.get("name") or ""}
        ),
        _country(shop.get("country")),
        _plan(pairs.get("OfferingSku", "")),
        _subscription(pairs.get("SubscriptionStatus", "")),
        _currency(allowed),
        _numbers(allowed),
        _closing(allowed),
        _tax(allowed),
    ]


def _country(country: str | None) -> Finding:
    if country == "FR":
        return Finding(
            "QBO-COUNTRY",
            "blocker",
            Text("QuickBooks Online is no longer offered in France.", "QuickBooks Online n’est plus offert en France."),
        )
    if not country:
        return Finding(
            "QBO-COUNTRY", "warning", Text("The company names no country.", "L’entreprise n’indique pas de pays.")
        )
    return Finding("QBO-COUNTRY", "ok", Text("Country: {country}.", "Pays : {country}."), {"country": country})


def _plan(plan: str) -> Finding:
    if not plan:
        return Finding(
            "QBO-PLAN", "warning", Text("QuickBooks does not name the plan.", "QuickBooks n’indique pas le forfait.")
        )
    return Finding("QBO-PLAN", "ok", Text("Plan: {plan}.", "Forfait : {plan}."), {"plan": plan})


def _subscription(status: str) -> Finding:
    params = {"status": status or "?"}
    if status.upper() in GOOD_SUBSCRIPTIONS:
        return Finding("QBO-SUBSCRIPTION", "ok", Text("Subscription: {status}.", "Abonnement : {status}."), params)
    if status.upper() in ENDED_SUBSCRIPTIONS:
        words = Text(
            "The subscription has ended ({status}): QuickBooks takes no writes.",
            "L’abonnement a pris fin ({status}) : QuickBooks n’accepte aucune écriture.",
        )
        return Finding("QBO-SUBSCRIPTION", "blocker", words, params)
    words = Text("The subscription's state is unusual: {status}.", "L’état de l’abonnement est inhabituel : {status}.")
    return Finding("QBO-SUBSCRIPTION", "warning", words, params)


def _currency(allowed: Mapping[str, Any]) -> Finding:
    currency = allowed["currency"]
    if not currency:
        words = Text("QuickBooks does not tell the home currency.", "QuickBooks n’indique pas la devise principale.")
        return Finding("QBO-CURRENCY", "warning", words)
    if allowed["multi_currency"]:
        words = Text(
            "Home currency: {currency}; several currencies are in use.",
            "Devise principale : {currency}; plusieurs devises sont utilisées.",
        )
    else:
        words = Text("Currency: {currency}.", "Devise : {currency}.")
    return Finding("QBO-CURRENCY", "ok", words, {"currency": currency})


def _numbers(allowed: Mapping[str, Any]) -> Finding:
    if allowed["custom_numbers"]:
        words = Text(
            "Document numbers are your own: a document sent without a number has none.",
            "Les numéros de documents sont les vôtres : un document envoyé sans numéro n’en a pas.",
        )
    else:
        words = Text("QuickBooks numbers documents itself.", "QuickBooks numérote lui-même les documents.")
    return Finding("QBO-NUMBERS", "ok", words)


def _closing(allowed: Mapping[str, Any]) -> Finding:
    closed = allowed["book_close_date"]
    if not closed:
        return Finding("QBO-CLOSING", "ok", Text("The books are open.", "Les livres sont ouverts."))
    words = Text(
        "The books are closed up to {date}: nothing dated before can be written.",
        "Les livres sont fermés jusqu’au {date} : rien d’antérieur ne peut être écrit.",
    )
    return Finding("QBO-CLOSING", "warning", words, {"date": closed})


def _tax(allowed: Mapping[str, Any]) -> Finding:
    if not allowed["uses_sales_tax"]:
        words = Text(
            "Sales tax is off: taxes sent with documents are not kept.",
            "Les taxes de vente sont désactivées : celles envoyées avec les documents ne sont pas conservées.",
        )
        return Finding("QBO-SALES-TAX", "warning", words)
    if allowed["automated_tax"]:
        words = Text("Taxes are computed by QuickBooks.", "Les taxes sont calculées par QuickBooks.")
    else:
        words = Text("Taxes follow the tax codes of the lines.", "Les taxes suivent les codes de taxe des lignes.")
    return Finding("QBO-SALES-TAX", "ok", words)


COMPANY_INFO = Resource(
    name="company_info",
    entity="shop",
    label=Text("Company", "Entreprise"),
    read=parse_company,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
)

PREFERENCES = Resource(
    name="preferences",
    entity="",
    label=Text("Preferences", "Préférences"),
    read=parse_preferences,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
)
