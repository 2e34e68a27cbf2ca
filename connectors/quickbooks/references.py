"""Lists a person chooses from: accounts, classes, locations, tax codes, payment methods, terms.

They are read as resources too (entity ""), so that a stored copy can label what documents refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from connectors.contract import Api, Choice, Raw, Reference, Resource, Text, Values
from connectors.quickbooks import wire
from connectors.quickbooks.query import ANY_STATE, PAGE, Where, select
from connectors.quickbooks.reading import changed_at, is_gone, is_stub, money, ref_id, text

Facts = Callable[[Raw], Mapping[str, object]]


def _account(raw: Raw) -> Values:
    return {
        "type": raw.get("AccountType"),
        "subtype": raw.get("AccountSubType"),
        "classification": raw.get("Classification"),
        "number": text(raw.get("AcctNum")),
        "currency": ref_id(raw, "CurrencyRef"),
    }


def _parent(raw: Raw) -> Values:
    return {"parent": ref_id(raw, "ParentRef")}


def _tax_code(raw: Raw) -> Values:
    """Rates by id, of sales only; `taxable` tells the pseudo codes TAX and NON of US companies apart."""
    rates = (raw.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
    return {
        "description": text(raw.get("Description")),
        "taxable": raw.get("Taxable"),
        "group": raw.get("TaxGroup"),
        "hidden": raw.get("Hidden", False),
        "sales_rates": [ref_id(rate, "TaxRateRef") for rate in rates],
    }


def _tax_rate(raw: Raw) -> Values:
    return {
        "rate": money(raw.get("RateValue")),
        "agency": ref_id(raw, "AgencyRef"),
        "description": text(raw.get("Description")),
    }


def _tax_agency(raw: Raw) -> Values:
    return {
        "on_sales": raw.get("TaxTrackedOnSales"),
        "on_purchases": raw.get("TaxTrackedOnPurchases"),
        "registration": text(raw.get("TaxRegistrationNumber")),
    }


def _payment_method(raw: Raw) -> Values:
    return {"type": raw.get("Type")}


def _term(raw: Raw) -> Values:
    return {
        "type": raw.get("Type"),
        "due_days": raw.get("DueDays"),
        "day_of_month": raw.get("DayOfMonthDue"),
        "discount_percent": money(raw.get("DiscountPercent")),
        "discount_days": raw.get("DiscountDays"),
    }


def _read(facts: Callable[[Raw], Values], raw: Raw) -> Values:
    if is_stub(raw):
        return {}
    return {"name": _label(raw), "active": raw.get("Active", True), **facts(raw)}


def _label(raw: Raw) -> str | None:
    return text(raw.get("FullyQualifiedName") or raw.get("Name") or raw.get("DisplayName"))


def _resource(name: str, label: Text, facts: Callable[[Raw], Values]) -> Resource:
    return Resource(
        name=name,
        entity="",
        label=label,
        read=partial(_read, facts),
        remote_id="Id",
        changed_at=changed_at,
        version="SyncToken",
        is_gone=is_gone,
    )


RESOURCES = (
    _resource("accounts", Text("Accounts", "Comptes"), _account),
    _resource("classes", Text("Classes", "Catégories comptables"), _parent),
    _resource("departments", Text("Locations", "Emplacements"), _parent),
    _resource("tax_codes", Text("Tax codes", "Codes de taxe"), _tax_code),
    _resource("tax_rates", Text("Tax rates", "Taux de taxe"), _tax_rate),
    _resource("tax_agencies", Text("Tax agencies", "Administrations fiscales"), _tax_agency),
    _resource("payment_methods", Text("Payment methods", "Modes de paiement"), _payment_method),
    _resource("terms", Text("Payment terms", "Modalités de paiement"), _term),
)


def _choices(entity: str, facts: Facts, where: tuple[Where, ...], api: Api) -> list[Choice]:
    """All of a list, inactive ones marked, by name. These lists are short: a plan allows few hundred of each."""
    found: list[Choice] = []
    start = 1
    while True:
        rows = wire.rows(wire.ask(api, select(entity, where, order="Id", start=start)), entity)
        for raw in rows:
            told = {name: value for name, value in facts(raw).items() if value is not None}
            found.append(Choice(str(raw["Id"]), _label(raw) or str(raw["Id"]), told, raw.get("Active", True)))
        if len(rows) < PAGE:
            return sorted(found, key=lambda item: (not item.active, item.label.casefold()))
        start += PAGE


def _reference(key: str, label: Text, entity: str, facts: Facts, *where: Where) -> Reference:
    return Reference(key, label, partial(_choices, entity, facts, (ANY_STATE, *where)))


def _item(raw: Raw) -> Mapping[str, object]:
    return {"type": raw.get("Type"), "sku": text(raw.get("Sku")), "price": money(raw.get("UnitPrice"))}


REFERENCES = (
    _reference("accounts", Text("Accounts", "Comptes"), "Account", _account),
    _reference(
        "income_accounts",
        Text("Income accounts", "Comptes de revenus"),
        "Account",
        _account,
        Where("AccountType", "IN", ("Income", "Other Income")),
    ),
    _reference(
        "deposit_accounts",
        Text("Bank and clearing accounts", "Comptes bancaires et de compensation"),
        "Account",
        _account,
        Where("AccountType", "IN", ("Bank", "Other Current Asset")),
    ),
    _reference("items", Text("Products and services", "Produits et services"), "Item", _item),
    _reference("classes", Text("Classes", "Catégories comptables"), "Class", _parent),
    _reference("departments", Text("Locations", "Emplacements"), "Department", _parent),
    _reference("tax_codes", Text("Tax codes", "Codes de taxe"), "TaxCode", _tax_code),
    _reference("tax_rates", Text("Tax rates", "Taux de taxe"), "TaxRate", _tax_rate),
    Reference(
        "tax_agencies",
        Text("Tax agencies", "Administrations fiscales"),
        partial(_choices, "TaxAgency", _tax_agency, ()),  # agencies have no Active
    ),
    _reference("payment_methods", Text("Payment methods", "Modes de paiement"), "PaymentMethod", _payment_method),
    _reference("terms", Text("Payment terms", "Modalités de paiement"), "Term", _term),
)
