"""Bodies of requests from canonical values.

A document in the form the books take it names what is theirs by id: `item_id`, `tax_code`, `class_id` by line,
`contact_id`, `class_id`, `location_id`, `terms_id`, `account_id`, `method_id` for the whole. Amounts of lines are net
of tax and signed: a line that names an item is a sold line whatever its kind, so a discount or a gift card is a
negative line on an item of its own. A discount or shipping that names none becomes the vendor's own discount or
shipping line.

Sources: https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales,
…/manage-sales-tax-for-non-us-locales (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.contract import Payload, RecordRejected
from connectors.quickbooks.documents import SHIPPING
from connectors.quickbooks.reading import CENT

NUMBER_MAX = 21
TEXT_MAX = 4000
US_CODES = ("TAX", "NON")
_PRICE = Decimal("0.0000001")  # the vendor keeps seven decimals of a unit price
# canonical, on the wire
_ADDRESS = (
    ("line1", "Line1"),
    ("line2", "Line2"),
    ("city", "City"),
    ("region", "CountrySubDivisionCode"),
    ("postcode", "PostalCode"),
    ("country", "Country"),
)

Values = Mapping[str, Any]
Context = Mapping[str, str]


# Pieces


def put_text(payload: Payload, wire_name: str, values: Values, name: str, action: str) -> None:
    """Set a text field told in `values`. An empty text empties the field in an update and is left out of a create."""
    if name in values:
        value = values[name]
        if value or action != "create":
            payload[wire_name] = value or ""


def put_inner(payload: Payload, wire_name: str, inner: str, values: Values, name: str, action: str) -> None:
    """Set a text that sits in an object of its own."""
    if name in values and (values[name] or action != "create"):
        payload[wire_name] = {inner: values[name] or ""}


def put_address(payload: Payload, wire_name: str, address: Values | None, action: str) -> None:
    """Set an address; it is replaced as a whole."""
    found = {there: address.get(here) or "" for here, there in _ADDRESS} if address else {"Line1": ""}
    if action == "create":
        found = {name: value for name, value in found.items() if value}
    if found:
        payload[wire_name] = found


def put_ref(payload: Payload, wire_name: str, found: str | None) -> None:
    """Set a reference by its id; the vendor ignores labels."""
    if found:
        payload[wire_name] = {"value": found}


def put_chosen(payload: Payload, wire_name: str, values: Values, name: str, action: str, *defaults: str | None) -> None:
    """Set a reference from `values`, or in a create the first of the defaults that is set."""
    found = values.get(name)
    if not found and action == "create":
        found = next((default for default in defaults if default), None)
    put_ref(payload, wire_name, found)


def put_common(payload: Payload, values: Values, action: str, context: Context) -> None:
    """Set what all transactions have: customer, date, note, currency and rate."""
    contact = values.get("contact")
    put_ref(payload, "CustomerRef", contact.remote_id if contact else values.get("contact_id"))
    if values.get("date"):
        payload["TxnDate"] = _day(values["date"])
    put_text(payload, "PrivateNote", values, "memo", action)
    if "PrivateNote" in payload:
        payload["PrivateNote"] = payload["PrivateNote"][:TEXT_MAX]
    _put_currency(payload, values, context)


def _put_currency(payload: Payload, values: Values, context: Context) -> None:
    """Set currency and rate, where the company has several: a company of one currency refuses to hear of any."""
    rate = values.get("exchange_rate")
    if context.get("multi_currency") != "true" and rate in (None, 1):
        return
    put_ref(payload, "CurrencyRef", values.get("currency"))
    if rate is not None:
        payload["ExchangeRate"] = rate


def _day(value: date) -> str:
    return value.isoformat()


def cents(value: Decimal) -> Decimal:
    """Rounded half up, as the vendor rounds."""
    return value.quantize(CENT, ROUND_HALF_UP)


def put_number(payload: Payload, wire_name: str, values: Values, action: str) -> None:
    """Set a document's number. RecordRejected QBO-NUMBER-LONG: the vendor takes 21 characters."""
    number = values.get("number")
    if number and len(number) > NUMBER_MAX:
        params = {"number": number, "length": len(number), "most": NUMBER_MAX}
        raise RecordRejected("QBO-NUMBER-LONG", params=params, field="number")
    put_text(payload, wire_name, values, "number", action)


# Documents


def document(values: Values, action: str, context: Context) -> Payload:
    """Return a sales document's body with just what is told in `values`.

    Settings used: multi_currency ("true": name the currency), country, tax_calculation (GlobalTaxCalculation, outside
    the US), discount_account. A document that does not say its kind also takes class_id, location_id (or
    department_id) and default_item (for lines that name no item) from the settings; one that does was made with them in
    sight, and what it leaves out is left out (`own_choices`). RecordRejected QBO-LINE-ITEM, QBO-NUMBER-LONG: the vendor
    would take it otherwise than it is meant.
    """
    payload: Payload = {}
    chosen = own_choices(values, context)
    put_common(payload, values, action, context)
    put_number(payload, "DocNumber", values, action)
    if "lines" in values:
        _put_lines(payload, values, context)
    put_inner(payload, "BillEmail", "Address", values, "email", action)
    for name, wire_name in (("billing_address", "BillAddr"), ("shipping_address", "ShipAddr")):
        if values.get(name):
            put_address(payload, wire_name, values[name], action)
    put_chosen(payload, "ClassRef", values, "class_id", action, chosen.get("class_id"))
    place = chosen.get("location_id") or chosen.get("department_id")
    put_chosen(payload, "DepartmentRef", values, "location_id", action, place)
    return payload


def own_choices(values: Values, context: Context) -> Context:
    """The settings a document falls back on; none for one that says its kind. A class among the settings may be meant
    for lines only, or for books that keep no classes.
    """
    return {} if values.get("document") else context


def _put_lines(payload: Payload, values: Values, context: Context) -> None:
    calculation = _calculation(values, context)
    payload["Line"] = _lines(values, context, gross=calculation == "TaxInclusive")
    if calculation:
        payload["GlobalTaxCalculation"] = calculation
    if calculation != "NotApplicable":
        detail = _tax_detail(values, us=_is_us(values, context))
        if detail:
            payload["TxnTaxDetail"] = detail


def _is_us(values: Values, context: Context) -> bool:
    """Whether the document is one of a US company: told by the setting, or by the codes only such lines carry."""
    codes = {line.get("tax_code") for line in values["lines"] or ()}
    return context.get("country") == "US" or bool(codes & {*US_CODES})


def _calculation(values: Values, context: Context) -> str | None:
    """How amounts relate to tax, which must be said everywhere but in the US, where it may not.

    Prices with tax inside are said so only if every taxed line tells its tax: amounts are net either way, and the
    vendor finds the tax inside from the gross it is told.
    """
    if _is_us(values, context):
        return None
    inside = values.get("prices_include_tax")
    if inside is None:
        return context.get("tax_calculation") or None
    taxed = [line for line in values["lines"] or () if line.get("tax_code")]
    if not taxed and not values.get("taxes") and not values.get("tax_total"):
        return "NotApplicable"
    whole = all(line.get("tax_amount") is not None for line in taxed)
    return "TaxInclusive" if inside and whole else "TaxExcluded"


def _tax_detail(values: Values, *, us: bool) -> Payload:
    """The taxes as charged, to the cent, standing above what the vendor would compute.

    `taxes` by rate become one line for each rate; the US engine takes a total alone and spreads it over its own rates.
    """
    detail: Payload = {}
    if values.get("tax_total") is not None:
        detail["TotalTax"] = values["tax_total"]
    lines = [] if us else _tax_lines(values.get("taxes") or ())
    if lines:
        detail.setdefault("TotalTax", sum((line["Amount"] for line in lines), Decimal(0)))
        detail["TaxLine"] = lines
    return detail


def _tax_lines(taxes: Sequence[Values]) -> list[Payload]:
    """One line for each rate of the books: a rate may be named once, so parts of one rate are added up."""
    found: dict[str, Payload] = {}
    for tax in taxes:
        rate = tax.get("rate_id")
        if not rate:
            continue
        line = found.setdefault(rate, _tax_line(rate, tax))
        line["Amount"] += tax["amount"]
        if tax.get("net") is not None:
            inner = line["TaxLineDetail"]
            inner["NetAmountTaxable"] = inner.get("NetAmountTaxable", Decimal(0)) + tax["net"]
    return list(found.values())


def _tax_line(rate: str, tax: Values) -> Payload:
    inner: Payload = {"TaxRateRef": {"value": rate}, "PercentBased": tax.get("percent") is not None}
    if tax.get("percent") is not None:
        inner["TaxPercent"] = tax["percent"]
    return {"Amount": Decimal(0), "DetailType": "TaxLineDetail", "TaxLineDetail": inner}


# Lines


def _lines(values: Values, context: Context, *, gross: bool) -> list[Payload]:
    """Sold lines and notes first, then shipping, then the discount, as the vendor orders them."""
    lines = values["lines"] or ()
    default_item = own_choices(values, context).get("default_item")
    totals = {"shipping": values.get("shipping_total"), "discount": values.get("discount_total")}
    for kind in totals:
        if any(line.get("kind") == kind and _item(line) for line in lines):
            totals[kind] = Decimal(0)  # it stands among the lines, on an item of its own
    found: list[Payload] = []
    for line in lines:
        kind = line.get("kind")
        if kind == "note":
            found.append(_note(line))
        elif _item(line) or kind not in ("shipping", "discount", "tax"):
            found.append(_sold(line, default_item, gross=gross))
        elif kind != "tax" and totals[kind] is None:
            totals[kind] = abs(line["amount"]) if kind == "discount" else line["amount"]
    if totals["shipping"]:
        found.append(_detail(totals["shipping"], "SalesItemLineDetail", {"ItemRef": {"value": SHIPPING}}))
    if totals["discount"]:
        found.append(_discount(totals["discount"], context))
    return found


def _item(line: Values) -> str | None:
    """The books' own item a line is on."""
    found = line["product"].remote_id if line.get("product") else line.get("item_id")
    return str(found) if found else None


def _note(line: Values) -> Payload:
    note = {"Description": (line.get("name") or " ")[:TEXT_MAX], "DetailType": "DescriptionOnly"}
    return {**note, "DescriptionLineDetail": {}}


def _discount(amount: Decimal, context: Context) -> Payload:
    detail: Payload = {"PercentBased": False}
    put_ref(detail, "DiscountAccountRef", context.get("discount_account"))
    return _detail(amount, "DiscountLineDetail", detail)


def _sold(line: Values, default_item: str | None, *, gross: bool) -> Payload:
    item = _item(line) or default_item
    if not item:
        # Without an item the vendor takes the line for a comment and drops its amount.
        raise RecordRejected("QBO-LINE-ITEM", params={"line": line.get("name") or ""}, field="lines")
    amount = line["amount"]
    detail: Payload = {"ItemRef": {"value": item}, **_priced(line.get("quantity"), line.get("unit_price"), amount)}
    put_ref(detail, "TaxCodeRef", line.get("tax_code"))
    put_ref(detail, "ClassRef", line.get("class_id"))
    if line.get("date"):
        detail["ServiceDate"] = _day(line["date"])
    if gross and line.get("tax_code"):
        detail["TaxInclusiveAmt"] = amount + line["tax_amount"]
    found = _detail(amount, "SalesItemLineDetail", detail)
    if line.get("name"):
        found["Description"] = line["name"][:TEXT_MAX]
    return found


def _priced(quantity: Decimal | None, price: Decimal | None, amount: Decimal) -> Payload:
    """Quantity and price, which must come to the amount exactly; stock moves by the quantity, so it is kept.

    A price that does not come to the amount gives way to the one that does, to the vendor's seven decimals; if none
    does, the amount travels alone.
    """
    if not quantity:
        return {}
    if price is not None and cents(quantity * price) == amount:
        return {"Qty": quantity, "UnitPrice": price}
    fitting = (amount / quantity).quantize(_PRICE, ROUND_HALF_UP)
    return {"Qty": quantity, "UnitPrice": fitting} if cents(quantity * fitting) == amount else {}


def _detail(amount: Decimal, kind: str, detail: Payload) -> Payload:
    return {"Amount": amount, "DetailType": kind, kind: detail}
