"""Sums of an invoice or an order: lines, discount, taxes.

The vendor does not publish its rounding; here each tax is rounded once over the whole document (or once a line, by the
setting), after the discount was spread over the lines it concerns in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.highlevel.wire import cents

ZERO = Decimal("0.00")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a document comes to; `taxes` has one row for each tax, with its amount."""

    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    taxes: list[Document]


def add_up(lines: Sequence[Document], discount: Document | None, rounding: str = "document") -> Sums:
    """Sums of lines `{amount, qty, taxes, taxInclusive, productId}`."""
    gross = [Decimal(line["amount"]) * Decimal(line["qty"]) for line in lines]
    off = _spread(lines, gross, discount or {})
    by_tax: dict[str, tuple[Document, Decimal]] = {}
    included = ZERO
    for line, whole, less in zip(lines, gross, off, strict=True):
        taxes = line.get("taxes") or []
        rate = sum((Decimal(tax["rate"]) for tax in taxes), Decimal(0))
        base = whole - less
        if line.get("taxInclusive"):
            base = base * HUNDRED / (HUNDRED + rate)
        for tax in taxes:
            amount = base * Decimal(tax["rate"]) / HUNDRED
            amount = cents(amount) if rounding == "line" else amount
            key = f"{tax.get('_id') or tax['name']} {tax['rate']}"
            by_tax[key] = (tax, by_tax.get(key, (tax, Decimal(0)))[1] + amount)
            if line.get("taxInclusive"):
                included += amount
    taxes = [{**tax, "amount": cents(amount)} for tax, amount in by_tax.values()]
    subtotal, taken = cents(sum(gross, ZERO)), cents(sum(off, ZERO))
    tax = sum((row["amount"] for row in taxes), ZERO)
    return Sums(subtotal, taken, tax, subtotal - taken + tax - cents(included), taxes)


def _spread(lines: Sequence[Document], gross: Sequence[Decimal], discount: Document) -> list[Decimal]:
    """How much of the discount each line bears."""
    value = Decimal(discount.get("value") or 0)
    only = discount.get("validOnProductIds") or []
    bears = [not only or line.get("productId") in only for line in lines]
    base = sum((amount for amount, one in zip(gross, bears, strict=True) if one), Decimal(0))
    if not base or not value:
        return [Decimal(0)] * len(lines)
    share = value / HUNDRED if discount.get("type") == "percentage" else min(value / base, Decimal(1))
    return [amount * share if one else Decimal(0) for amount, one in zip(gross, bears, strict=True)]
