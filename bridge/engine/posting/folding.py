"""Discounts and taxes folded into the prices of lines, for books that are to be told of neither."""

from collections.abc import Mapping
from typing import Any

from bridge.engine.posting.amounts import ZERO
from bridge.engine.posting.policy import Policy


def folded(values: Mapping[str, Any], policy: Policy) -> Mapping[str, Any]:
    """Return a document whose lines come to its total by themselves, where the policy wants that; else as it is.

    Each line takes its own discount and tax into its amount; quantities stay, prices follow.
    """
    if policy.tax != "fold" or not values.get("lines"):
        return values
    lines = [_line(line) for line in values["lines"] if line.get("kind") not in ("discount", "tax")]
    return {**values, "lines": lines, "taxes": [], "tax_total": ZERO, "discount_total": ZERO,
            "prices_include_tax": False}  # fmt: skip


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    amount = line.get("amount")
    if amount is None:
        return dict(line)
    whole = amount - (line.get("discount") or ZERO) + (line.get("tax_amount") or ZERO)
    return {**line, "amount": whole, "discount": ZERO, "tax_amount": ZERO, "taxes": [], "unit_price": None}
