"""Credit memos, seen as refunds, line by line. A memo may hold no product at all, only an adjustment.

Its total is subtotal + shipping + taxes - discounts + compensation + what is given back beside + less what is kept. It
names no tax rates: those of the order's lines are shared out over what of each line comes back.

Source: AdobeDocs/commerce-webapi:src/pages/rest/tutorials/orders/order-issue-refund.md (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.magento import taxes
from connectors.magento.sales import (
    Line,
    credits,
    extra_line,
    net_discount,
    parent_of,
    prices_include_tax,
    settle_discounts,
    shipping_line,
)
from connectors.magento.wire import ZERO, day, email, number, rate, rounded, store, text

CANCELLED = 3


def parse(raw: Raw) -> Values:
    """The refund's canonical values; the feed has put what is needed of the order beside the memo."""
    currency = str(raw["order_currency_code"])
    order: Any = raw.get("_order") or {}
    who = email(order.get("customer_email"))
    lines = _lines(raw, order, currency)
    return {
        "number": text(raw.get("increment_id")),
        "date": day(raw.get("created_at"), str(store(raw).get("time_zone") or "")),
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
        "sale": Ref("sale", "orders", str(raw["order_id"])),
        "online": bool(raw.get("invoice_id") and raw.get("transaction_id")),
        "method": text((order.get("payment") or {}).get("method")),
        "prices_include_tax": prices_include_tax(raw),
        "memo": text(order.get("increment_id")),
        "taxes": taxes.united(tax for line in lines for tax in line["taxes"]),
        "lines": lines,
    }


def _lines(raw: Raw, order: Mapping[str, Any], currency: str) -> list[Line]:
    known = taxes.of_document(dict(order), currency)
    by_line = taxes.by_line(dict(order), currency)
    lines = list(_sold(raw, order, known, by_line, currency))
    tax = rounded(raw.get("shipping_tax_amount"), currency)
    told = taxes.shared(by_line.get("shipping", []), tax, currency)
    shipping = shipping_line(raw, order.get("shipping_description"), told, known, currency)
    if shipping:
        lines.append(shipping)
    whole = net_discount(raw) - number(raw.get("shipping_discount_tax_compensation_amount"))
    left = rounded(whole, currency) - sum((line["discount"] for line in lines), ZERO)
    if shipping and left > 0:
        # The memo tells the discount on shipping within the whole only.
        shipping["discount"] += min(left, shipping["amount"])
    settle_discounts(lines, rounded(whole, currency), currency)
    return [*lines, *_adjustments(raw, currency), *credits(raw, currency)]


def _sold(
    raw: Raw,
    order: Mapping[str, Any],
    known: list[taxes.Tax],
    by_line: Mapping[str, list[taxes.Tax]],
    currency: str,
) -> Iterator[Line]:
    rows = [row for row in raw.get("items") or () if isinstance(row, Mapping)]
    ordered = {str(item.get("item_id")): item for item in order.get("items") or ()}
    for row in rows:
        quantity, amount = number(row.get("qty")), rounded(row.get("row_total"), currency)
        if row.get("row_total") is None or not (quantity or amount):
            continue  # parts of a whole come without money, and what was not taken back with a quantity of zero
        inside = [other for other in rows if _part_of(other, row, ordered)]
        kind = ordered.get(str(row.get("order_item_id")), {}).get("product_type")
        if kind == "bundle" and any(number(other.get("row_total")) for other in inside):
            continue
        part = inside[0] if inside and kind != "bundle" else row
        tax = rounded(row.get("tax_amount"), currency)
        mine = taxes.shared(by_line.get(str(row.get("order_item_id")), []), tax, currency)
        percent = number(ordered.get(str(row.get("order_item_id")), {}).get("tax_percent"))
        yield {
            "id": str(row.get("order_item_id") or row.get("entity_id")),
            "kind": "item",
            "product": Ref("product", "products", str(part["product_id"])) if part.get("product_id") else None,
            "sku": text(row.get("sku")),
            "name": text(part.get("name")) or text(row.get("name")),
            "quantity": quantity,
            "unit_price": number(row.get("price")),
            "amount": amount,
            "discount": rounded(net_discount(row), currency),
            "tax_amount": tax,
            "taxes": mine if mine else taxes.guessed(known, tax, percent, currency),
            "unshipped": ZERO,
        }


def _part_of(other: Mapping[str, Any], row: Mapping[str, Any], ordered: Mapping[str, Any]) -> bool:
    """Tell whether a row of a memo is part of another: by the order's rows, or, without those, by its SKU alone."""
    if other is row:
        return False
    mine = ordered.get(str(other.get("order_item_id")))
    if mine is not None:
        return parent_of(mine) == str(row.get("order_item_id"))
    return other.get("row_total") is None and other.get("sku") == row.get("sku")


def _adjustments(raw: Raw, currency: str) -> Iterator[Line]:
    """Lines for what is given back beside the goods, and for what is kept."""
    given, kept = (rounded(raw.get(f"adjustment_{side}"), currency) for side in ("positive", "negative"))
    if given:
        yield extra_line("adjustment_positive", "fee", "Adjustment refund", abs(given))
    if kept:
        yield extra_line("adjustment_negative", "fee", "Adjustment fee", -abs(kept))


CREDIT_MEMOS = Resource(
    name="credit_memos",
    entity="refund",
    label=Text("Credit memos", "Notes de crédit"),
    read=parse,
    remote_id="entity_id",
    changed_at="updated_at",
    is_gone=lambda raw: raw.get("state") == CANCELLED,
    page_size=100,
)
