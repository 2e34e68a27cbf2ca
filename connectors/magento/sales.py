"""Orders, seen as sales. Amounts are those of the order's own currency, never of the base family.

An order's total is subtotal + shipping + taxes - discounts + discount tax compensation - gift cards - store credit -
reward points. What is in the total and in no field (a surcharge of an extension) is left over: total less the lines.

- A configurable product is two rows: the parent has all money, the child the product that is sold.
- A bundle whose price follows its parts has the money in the parts, and again, summed up, in the parent: only the parts
  count. A bundle of fixed price has it in the parent.
- Discount tax compensation gives back the tax inside a discount on prices with tax: a line's discount less it is net.
- A cancelled order is gone; an edited one is cancelled and followed by another of its own number.

Sources: AdobeDocs/commerce-webapi:src/openapi/admin-schema-2.4.8.yaml, src/pages/rest/tutorials/orders/ (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.magento import taxes
from connectors.magento.wire import (
    ZERO,
    address,
    day,
    email,
    extra,
    moment,
    number,
    places,
    rate,
    rounded,
    spread,
    store,
    text,
)

Line = dict[str, Any]
NOT_SHIPPED = ("virtual", "downloadable")


@dataclass(frozen=True, slots=True)
class Row:
    """One row that counts: the row with the money, and the product it is about."""

    money: Raw
    product: Raw
    name: str | None


def parent_of(item: Mapping[str, Any]) -> str:
    """The id of the row this one is part of, "" for a row of its own."""
    inner = item.get("parent_item")
    found = item.get("parent_item_id") or (inner.get("item_id") if isinstance(inner, Mapping) else None)
    return str(found) if found else ""


def rows(items: Iterable[Raw]) -> Iterator[Row]:
    """Yield the rows of an order that count, each once."""
    listed = [item for item in items if isinstance(item, Mapping)]
    known = {str(item.get("item_id")) for item in listed}
    parts: dict[str, list[Raw]] = {}
    for item in listed:
        parts.setdefault(parent_of(item), []).append(item)
    for item in listed:
        if parent_of(item) in known:
            continue
        inside = parts.get(str(item.get("item_id")), [])
        kind = item.get("product_type")
        if kind == "bundle" and any(number(part.get("row_total")) > 0 for part in inside):
            yield from (Row(part, part, text(part.get("name"))) for part in inside)
        elif kind == "configurable" and inside:
            yield Row(item, inside[0], text(inside[0].get("name")) or text(item.get("name")))
        else:
            yield Row(item, item, text(item.get("name")))


def unshipped(item: Mapping[str, Any]) -> Decimal:
    """How many of a row are still to be shipped, as the store counts them; none of what is not shipped at all."""
    if item.get("is_virtual") or item.get("product_type") in NOT_SHIPPED:
        return ZERO
    done = max(number(item.get("qty_shipped")), number(item.get("qty_refunded")))
    return max(ZERO, number(item.get("qty_ordered")) - done - number(item.get("qty_canceled")))


def net_discount(row: Mapping[str, Any], prefix: str = "") -> Decimal:
    """A discount without the tax inside it, positive."""
    gross = abs(number(row.get(f"{prefix}discount_amount")))
    return gross - number(row.get(f"{prefix}discount_tax_compensation_amount"))


def parse(raw: Raw) -> Values:
    """The sale's canonical values."""
    currency = str(raw["order_currency_code"])
    payment = raw.get("payment") or {}
    found = taxes.of_document(raw, currency)
    lines = list(_lines(raw, found, currency))
    zone = str(store(raw).get("time_zone") or "")
    who = email(raw.get("customer_email"))
    return {
        "number": text(raw.get("increment_id")),
        "date": day(raw.get("created_at"), zone),
        "updated_at": moment(raw.get("updated_at")),
        "status": text(raw.get("status")) or text(raw.get("state")),
        "contact": Ref("contact", "buyers", who) if who else None,
        "email": who or None,
        "currency": currency,
        "home_currency": text(raw.get("base_currency_code")),
        "exchange_rate": rate(raw),
        "total": rounded(raw.get("grand_total"), currency),
        "subtotal": rounded(raw.get("subtotal"), currency),
        "tax_total": rounded(raw.get("tax_amount"), currency),
        "discount_total": sum((line["discount"] for line in lines), ZERO),
        "shipping_total": rounded(raw.get("shipping_amount"), currency),
        "balance": rounded(raw.get("total_due"), currency),
        "paid": rounded(raw.get("total_paid"), currency),
        "payment_method": text(payment.get("method")),
        "store": text(store(raw).get("code")) or text(raw.get("store_id")),
        "prices_include_tax": prices_include_tax(raw),
        "billing_address": address(raw.get("billing_address")),
        "shipping_address": address(shipping_address(raw)),
        "memo": text(payment.get("po_number")) or text(raw.get("customer_note")),
        "taxes": found,
        "lines": lines,
    }


def _lines(raw: Raw, known: list[taxes.Tax], currency: str) -> Iterator[Line]:
    by_line = taxes.by_line(raw, currency)
    lines = [_sold(row, by_line, known, currency) for row in rows(raw.get("items") or ())]
    shipping = shipping_line(raw, raw.get("shipping_description"), by_line.get("shipping"), known, currency)
    if shipping:
        lines.append(shipping)
    whole = net_discount(raw) - number(raw.get("shipping_discount_tax_compensation_amount"))
    settle_discounts(lines, rounded(whole, currency), currency)
    yield from lines
    yield from credits(raw, currency)
    yield from _product_taxes(raw, lines, currency)


def _sold(row: Row, by_line: Mapping[str, list[taxes.Tax]], known: list[taxes.Tax], currency: str) -> Line:
    money = row.money
    tax = rounded(money.get("tax_amount"), currency)
    told = by_line.get(str(money.get("item_id")))
    product = row.product.get("product_id")
    return {
        "id": str(money["item_id"]),
        "kind": "item",
        "product": Ref("product", "products", str(product)) if product else None,
        "sku": text(money.get("sku")),
        "name": row.name,
        "quantity": number(money.get("qty_ordered")),
        "unit_price": number(money.get("price")),
        "amount": rounded(money.get("row_total"), currency),
        "discount": rounded(net_discount(money), currency),
        "tax_amount": tax,
        "taxes": told if told else taxes.guessed(known, tax, number(money.get("tax_percent")), currency),
        "unshipped": unshipped(money),
    }


def extra_line(line_id: str, kind: str, name: str | None, amount: Decimal, **more: Any) -> Line:
    """A line that is no product."""
    return {
        "id": line_id,
        "kind": kind,
        "product": None,
        "sku": None,
        "name": name,
        "quantity": Decimal(1),
        "unit_price": amount,
        "amount": amount,
        "discount": ZERO,
        "tax_amount": ZERO,
        "taxes": [],
        "unshipped": ZERO,
        **more,
    }


def shipping_line(
    raw: Raw, name: Any, told: list[taxes.Tax] | None, known: list[taxes.Tax], currency: str
) -> Line | None:
    """The line for shipping, net of tax; None where nothing is charged."""
    amount, tax = rounded(raw.get("shipping_amount"), currency), rounded(raw.get("shipping_tax_amount"), currency)
    if not amount and not tax:
        return None
    gross = number(raw.get("shipping_discount_amount"))
    discount = gross - number(raw.get("shipping_discount_tax_compensation_amount")) if gross else ZERO
    percent = (tax / amount * 100).quantize(Decimal("0.001")) if amount else ZERO
    return extra_line(
        "shipping",
        "shipping",
        text(name),
        amount,
        discount=rounded(discount, currency),
        tax_amount=tax,
        taxes=told if told else taxes.guessed(known, tax, percent if len(known) > 1 else ZERO, currency),
    )


def settle_discounts(lines: list[Line], whole: Decimal, currency: str) -> None:
    """Make the lines' discounts come to the document's: what no line tells is shared out, as it was given on all."""
    left = whole - sum((line["discount"] for line in lines), ZERO)
    if not left:
        return
    weights = [line["discount"] for line in lines]
    if not any(weights) or left > 0:
        weights = [max(ZERO, line["amount"] - line["discount"]) for line in lines]
    for line, part in zip(lines, spread(left, weights, currency), strict=True):
        line["discount"] += part


def credits(raw: Raw, currency: str) -> Iterator[Line]:
    """Lines for what was paid with something else than money: gift cards, store credit, reward points."""
    more = extra(raw)
    for key, kind, name in (
        ("gift_cards_amount", "gift_card", "Gift card"),
        ("customer_balance_amount", "store_credit", "Store credit"),
        ("reward_currency_amount", "store_credit", "Reward points"),
    ):
        amount = abs(rounded(more.get(key, raw.get(key)), currency))
        if amount:
            yield extra_line(key.removesuffix("_amount"), kind, name, -amount)


def _product_taxes(raw: Raw, lines: list[Line], currency: str) -> Iterator[Line]:
    """Fixed product taxes, where just they explain the total: stores tell them by row and may count them already."""
    found = [
        (str(row.money["item_id"]), rounded(row.money.get("weee_tax_applied_row_amount"), currency))
        for row in rows(raw.get("items") or ())
    ]
    so_far = sum((line["amount"] - line["discount"] + line["tax_amount"] for line in lines), ZERO)
    so_far += sum((line["amount"] for line in credits(raw, currency)), ZERO)
    left = rounded(raw.get("grand_total"), currency) - so_far
    if left and left == sum((amount for _, amount in found), ZERO):
        for item, amount in found:
            if amount:
                yield extra_line(f"fpt-{item}", "fee", "Fixed product tax", amount)


def prices_include_tax(raw: Raw) -> bool:
    """Tell whether the store's prices include tax. No field says so; what only such stores write gives it away:

    tax given back with a discount, or net prices of more digits than money has beside gross ones of no more.
    """
    digits = places(str(raw.get("order_currency_code")))

    def fine(value: Any) -> bool:
        exponent = number(value).normalize().as_tuple().exponent
        return isinstance(exponent, int) and -exponent > digits

    for row in (raw, *(raw.get("items") or ())):
        if number(row.get("discount_tax_compensation_amount")):
            return True
        if fine(row.get("price")) and row.get("price_incl_tax") and not fine(row.get("price_incl_tax")):
            return True
    return bool(number(raw.get("shipping_discount_tax_compensation_amount")))


def shipping_address(raw: Raw) -> Mapping[str, Any] | None:
    """Where an order goes; a virtual one goes nowhere."""
    for assigned in extra(raw).get("shipping_assignments") or ():
        found = (assigned.get("shipping") or {}).get("address")
        if isinstance(found, Mapping):
            return found
    return None


def is_cancelled(raw: Raw) -> bool:
    """Tell whether an order was cancelled, also by being edited."""
    return raw.get("state") == "canceled"


_TRIMMED = frozenset(
    ("protect_code", "remote_ip", "x_forwarded_for", "status_histories", "quote_id", "customer_dob", "customer_gender")
)
_CARD = frozenset(
    ("cc_exp_month", "cc_exp_year", "cc_owner", "cc_number_enc", "additional_data", "protection_eligibility")
)


def trimmed(raw: Raw) -> Raw:
    """The order without what no one here needs: doubled rows, traces of the browser, card data."""
    order = {key: value for key, value in raw.items() if key not in _TRIMMED}
    order["items"] = [_row(item) for item in raw.get("items") or () if isinstance(item, dict)]
    if isinstance(raw.get("payment"), Mapping):
        order["payment"] = {key: value for key, value in raw["payment"].items() if key not in _CARD}
    more = extra(raw)
    if more.get("shipping_assignments"):
        assigned = [
            {key: value for key, value in item.items() if key != "items"} for item in more["shipping_assignments"]
        ]
        order["extension_attributes"] = {**more, "shipping_assignments": assigned}
    return order


def _row(item: Raw) -> Raw:
    kept = {key: value for key, value in item.items() if key not in ("parent_item", "product_option")}
    parent = parent_of(item)
    return {**kept, "parent_item_id": int(parent)} if parent.isdigit() else kept


ORDERS = Resource(
    name="orders",
    entity="sale",
    label=Text("Orders", "Commandes"),
    read=parse,
    remote_id="entity_id",
    changed_at="updated_at",
    is_gone=is_cancelled,
    page_size=100,
)
