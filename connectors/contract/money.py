"""Sums of documents."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_ZERO = Decimal(0)
# A line of these kinds is counted through the total that names it, or, where that is not told, by its own amount.
_TOTALS = {"discount": "discount_total", "shipping": "shipping_total", "tax": "tax_total"}


def lines_total(values: Mapping[str, Any]) -> Decimal:
    """Return what the lines of a document come to: goods and services - discount + shipping + tax.

    Discounts are positive and taken off, whether told as `discount_total` or as lines. Notes do not count.
    """
    sums = dict.fromkeys(_TOTALS, _ZERO)
    total = _ZERO
    for line in values.get("lines") or ():
        kind, amount = line.get("kind"), line.get("amount")
        if amount is None or kind == "note":
            continue
        if kind in sums:
            sums[kind] += abs(amount) if kind == "discount" else amount
        else:
            total += amount
    for kind, name in _TOTALS.items():
        told = values.get(name)
        part = sums[kind] if told is None else told
        total += -part if kind == "discount" else part
    return total


def lines_add_up(values: Mapping[str, Any]) -> bool:
    """Tell whether the lines of a document come to its total, to the cent; a document that tells no lines or no total
    cannot be wrong about them.
    """
    total = values.get("total")
    if total is None or "lines" not in values:
        return True
    return bool(lines_total(values) == total)
