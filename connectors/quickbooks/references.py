"""Lists a person chooses from: accounts, classes, locations, tax codes, payment methods, terms.

They are read as resources too (entity ""), so that a stored copy can label what documents refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial

from connectors.contract import Api, Choice, Raw, Reference, Resource, Text, Values
from connectors.quickbooks import wire
from connectors.quickbooks.query import ANY_STATE, PAGE, Where, select
from connectors.quickbooks.reading import changed_at, is_gone, is_stub, money, ref_id, text

Facts = Callable[[Raw], Mapping[str, object]]
# What a rate is taken on: the line alone, the line with the taxes before it, or those taxes alone.
_TAKEN_ON = {"TaxOnAmount": "amount", "TaxOnAmountPlusTax": "amount_and_tax", "TaxOnTax": "tax"}


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
        "rate_order": [
            {
                "id": ref_id(rate, "TaxRateRef") or "",
                "on": _TAKEN_ON.get(rate.get("TaxTypeApplicable"), "amount"),
            }
            for rate in sorted(rates, key=lambda rate: int(rate.get("TaxOrder") or 0))
        ],
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


def _accounts(key: str, label: Text, *types: str) -> Reference:
    return _reference(key, label, "Account", _account, Where("AccountType", "IN", types))


def _item(raw: Raw) -> Mapping[str, object]:
    return {
        "type": raw.get("Type"),
        "sku": text(raw.get("Sku")),
        "price": money(raw.get("UnitPrice")),
        "tracked": raw.get("TrackQtyOnHand", False),
        "quantity": money(raw.get("QtyOnHand")) if raw.get("TrackQtyOnHand") else None,
    }


def _customer(raw: Raw) -> Mapping[str, object]:
    return {
        "email": text((raw.get("PrimaryEmailAddr") or {}).get("Address")),
        "currency": ref_id(raw, "CurrencyRef"),
    }


def _tax_codes(api: Api) -> list[Choice]:
    """Tax codes with the rates they are made of, as far as sales go: `rates` lists id, name, percent and what it is
    taken on (amount, amount_and_tax, tax: the taxes before it); `percent` is what they come to.
    """
    calls = (
        partial(_choices, "TaxCode", _tax_code, (ANY_STATE,), api),
        partial(_choices, "TaxRate", _tax_rate, (ANY_STATE,), api),
    )
    codes, rates = api.gather(calls)
    known = {rate.id: rate for rate in rates}
    return [replace(code, facts={**code.facts, **_with_rates(code, known)}) for code in codes]


def _with_rates(code: Choice, known: Mapping[str, Choice]) -> dict[str, object]:
    order = code.facts.get("rate_order")
    rates = [_rate(entry, known) for entry in order] if isinstance(order, list) else []
    whole = Decimal(0)
    for rate in rates:
        percent = rate["percent"]
        if not isinstance(percent, Decimal):
            return {"rates": rates}  # a rate nobody told: better no sum than a wrong one
        base = {"amount": Decimal(100), "amount_and_tax": 100 + whole, "tax": whole}[str(rate["on"])]
        whole += percent * base / 100
    return {"rates": rates, "percent": whole}


def _rate(entry: Mapping[str, str], known: Mapping[str, Choice]) -> dict[str, object]:
    found = known.get(entry["id"])
    facts = found.facts if found else {}
    return {**entry, "name": found.label if found else "", "percent": facts.get("rate"), "agency": facts.get("agency")}


REFERENCES = (
    _reference("accounts", Text("Accounts", "Comptes"), "Account", _account),
    _accounts("income_accounts", Text("Income accounts", "Comptes de revenus"), "Income", "Other Income"),
    _accounts(
        "expense_accounts",
        Text("Expense accounts", "Comptes de dépenses"),
        *("Cost of Goods Sold", "Expense", "Other Expense"),
    ),
    _accounts("asset_accounts", Text("Inventory asset accounts", "Comptes d’actif des stocks"), "Other Current Asset"),
    _accounts(
        "deposit_accounts",
        Text("Bank and clearing accounts", "Comptes bancaires et de compensation"),
        *("Bank", "Other Current Asset"),
    ),
    _reference("customers", Text("Customers", "Clients"), "Customer", _customer),
    _reference("items", Text("Products and services", "Produits et services"), "Item", _item),
    _reference("classes", Text("Classes", "Catégories comptables"), "Class", _parent),
    _reference("departments", Text("Locations", "Emplacements"), "Department", _parent),
    Reference("tax_codes", Text("Tax codes", "Codes de taxe"), _tax_codes),
    _reference("tax_rates", Text("Tax rates", "Taux de taxe"), "TaxRate", _tax_rate),
    Reference(
        "tax_agencies",
        Text("Tax agencies", "Administrations fiscales"),
        partial(_choices, "TaxAgency", _tax_agency, ()),  # agencies have no Active
    ),
    _reference("payment_methods", Text("Payment methods", "Modes de paiement"), "PaymentMethod", _payment_method),
    _reference("terms", Text("Payment terms", "Modalités de paiement"), "Term", _term),
)
