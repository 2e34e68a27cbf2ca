"""Taxes of a document, by rate. The store keeps rate codes on orders, never the rules they came from.

`applied_taxes` sums them up for the document, `item_applied_taxes` tells them by line and for shipping. Rates applied
together may come as one row with the rates inside; they are told apart here by their percents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import Raw
from connectors.magento.wire import ZERO, extra, number, rounded, spread, text

Tax = dict[str, Any]  # code, title, percent, amount


def split(row: Mapping[str, Any], currency: str) -> list[Tax]:
    """Return one applied tax by its rates."""
    amount = rounded(row.get("amount"), currency)
    rates = [rate for rate in extra(row).get("rates") or () if isinstance(rate, Mapping)]
    if len(rates) < 2:
        inner = rates[0] if rates else {}
        return [_tax({**row, **{key: inner[key] for key in ("code", "title") if inner.get(key)}}, amount)]
    parts = spread(amount, [number(rate.get("percent")) for rate in rates], currency)
    return [_tax(rate, part) for rate, part in zip(rates, parts, strict=True)]


def _tax(row: Mapping[str, Any], amount: Decimal) -> Tax:
    code = text(row.get("code")) or text(row.get("title")) or ""
    return {
        "code": code,
        "title": text(row.get("title")) or code,
        "percent": number(row.get("percent")),
        "amount": amount,
    }


def united(taxes: Iterable[Tax]) -> list[Tax]:
    """Return the taxes with one entry for each rate, in the order they first came."""
    found: dict[tuple[str, Decimal], Tax] = {}
    for tax in taxes:
        key = (tax["code"], tax["percent"])
        if key in found:
            found[key] = {**found[key], "amount": found[key]["amount"] + tax["amount"]}
        else:
            found[key] = dict(tax)
    return list(found.values())


def of_document(raw: Raw, currency: str) -> list[Tax]:
    """The taxes of an order, by rate."""
    more = extra(raw)
    rows = more.get("applied_taxes") or more.get("taxes") or ()
    return united(tax for row in rows if isinstance(row, Mapping) for tax in split(row, currency))


def by_line(raw: Raw, currency: str) -> dict[str, list[Tax]]:
    """The taxes of an order by the id of its line; those of shipping under "shipping"."""
    found: dict[str, list[Tax]] = {}
    for row in extra(raw).get("item_applied_taxes") or ():
        kind = row.get("type")
        key = "shipping" if kind == "shipping" else str(row.get("item_id") or "")
        if kind not in ("product", "shipping") or not key:
            continue
        for tax in row.get("applied_taxes") or ():
            found.setdefault(key, []).extend(split(tax, currency))
    return {key: united(taxes) for key, taxes in found.items()}


def guessed(known: list[Tax], amount: Decimal, percent: Decimal, currency: str) -> list[Tax]:
    """A line's taxes where the store tells only its sum: all rates of the document when they fit, else none."""
    if not amount or not known:
        return []
    weights = [tax["percent"] for tax in known]
    if len(known) > 1 and sum(weights, ZERO) != percent:
        same = [tax for tax in known if tax["percent"] == percent]
        if len(same) != 1:
            return []
        known, weights = same, [percent]
    parts = spread(amount, weights, currency)
    return [{**tax, "amount": part} for tax, part in zip(known, parts, strict=True)]


def shared(known: list[Tax], amount: Decimal, currency: str) -> list[Tax]:
    """Part of a line's taxes, for what of it is given back."""
    if not amount or not known:
        return []
    parts = spread(amount, [tax["amount"] for tax in known], currency)
    return [{**tax, "amount": part} for tax, part in zip(known, parts, strict=True) if part]
