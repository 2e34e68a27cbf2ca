"""Amounts the vendor works out itself: a line from its price, an invoice from its lines and payments."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from connectors.sandbox.hubspot.account import Account, Record
from connectors.sandbox.hubspot.links import End, linked

CENT = Decimal("0.01")
COUNTED = ("succeeded", "partially_refunded", "refunded")


def amount_of(values: dict[str, str], name: str, default: str = "0") -> Decimal:
    return Decimal(values.get(name) or default)


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def line_amount(values: dict[str, str]) -> str:
    """Price times quantity, less the discount on each unit or the percentage."""
    price = amount_of(values, "price") - amount_of(values, "discount")
    total = price * amount_of(values, "quantity", "1")
    total -= total * amount_of(values, "hs_discount_percentage") / 100
    return str(cents(total))


def invoice_amounts(account: Account, invoice: Record) -> dict[str, str]:
    """What the lines and payments of an invoice make of it now."""
    billed = Decimal(0)
    one = End("invoices", invoice.id)
    for id in linked(account, one, "line_items"):
        values = account.shelf("line_items").records[id].values
        amount = Decimal(line_amount(values))
        rate = account.tax_rates.get(values.get("hs_tax_rate_group_id", ""), Decimal(0))
        billed += amount + cents(amount * rate / 100)
    paid = Decimal(0)
    for id in linked(account, one, "commerce_payments"):
        values = account.shelf("commerce_payments").records[id].values
        if values.get("hs_latest_status", "succeeded") in COUNTED:
            paid += amount_of(values, "hs_initial_amount") - amount_of(values, "hs_refunds_amount")
    return {
        "hs_amount_billed": str(cents(billed)),
        "hs_amount_paid": str(cents(paid)),
        "hs_balance_due": str(cents(billed - paid)),
    }
