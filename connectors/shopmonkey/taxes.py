"""Taxes of a service, by line. The vendor tells amounts by service and percentages; which lines were taxed depends on a
configuration that cannot be read. So it is found: the lines whose sum, at the percentage, gives the amount.

Source: shopmonkeyus/go-datamodel:v3/service.go, taxconfig.go (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

from connectors.contract import Raw
from connectors.shopmonkey.wire import ZERO, cents, money, number, plain, spread

Line = dict[str, Any]
Tax = dict[str, Any]
NAMES = (("gst", "GST"), ("pst", "PST"), ("hst", "HST"), ("tax", "Tax"))
# Whether lines of a kind are held to be taxed as long as nothing says otherwise.
USUAL = {
    "labor": True,
    "part": True,
    "tire": True,
    "subcontract": True,
    "shop_supplies": False,
    "epa": False,
    "fee": False,
}
_CENT = Decimal("0.01")


def tax(name: str, percent: Decimal, amount: Decimal) -> Tax:
    """One tax; its code names the percentage, so that another rate is another tax."""
    title = dict(NAMES)[name]
    return {"code": f"{title} {plain(percent)}%", "title": title, "percent": percent, "amount": amount}


def of_service(service: Raw) -> list[Tax]:
    """The taxes of a service, with their amounts."""
    percents = {name: number(service.get(f"{name}Percent")) for name, _ in NAMES}
    amounts = {name: cents(service.get(f"{name}Cents")) for name, _ in NAMES}
    whole = cents(service.get("calculatedTaxCents"))
    parts = ("gst", "pst", "hst")
    if any(amounts[name] for name in parts):
        amounts["tax"] = ZERO  # the sum of the others, told beside them
    elif whole and any(percents[name] for name in parts):
        shares = spread(whole, [percents[name] for name in parts])
        amounts = {**dict(zip(parts, shares, strict=True)), "tax": ZERO}
    elif whole:
        amounts = {"tax": whole}
    return [tax(name, percents[name], amounts[name]) for name, _ in NAMES if amounts.get(name)]


def of_header(order: Raw) -> dict[str, Decimal]:
    """What an order as a whole is taxed, by the title of the tax; the sum is told beside its parts, or not at all."""
    found = {title: cents(order.get(f"{name}Cents")) for name, title in NAMES}
    if any(found[title] for title in ("GST", "PST", "HST")):
        found["Tax"] = ZERO
    return {title: amount for title, amount in found.items() if amount}


def put(lines: Sequence[Line], taxes: Sequence[Tax]) -> None:
    """Give each line its part of the service's taxes."""
    taxed = _taxed(lines, taxes)
    for one in taxes:
        shares = spread(one["amount"], [net(line) for line in taxed])
        if taxed and not any(shares):
            shares = [one["amount"], *shares[1:]]
        for line, share in zip(taxed, shares, strict=True):
            # Also where its share rounds to nothing: the line is still taxed by the same rates as its neighbours.
            line["taxes"].append({**one, "amount": share})
            line["tax_amount"] += share


def net(line: Mapping[str, Any]) -> Decimal:
    """What a line comes to before tax."""
    found: Decimal = line["amount"] - line["discount"]
    return found


@cache
def _guesses() -> tuple[dict[str, bool], ...]:
    """Which kinds may be taxed, the least unusual first."""
    every = (dict(zip(USUAL, told, strict=True)) for told in product((False, True), repeat=len(USUAL)))
    return tuple(sorted(every, key=lambda guess: sum(guess[kind] != USUAL[kind] for kind in USUAL)))


def _taxed(lines: Sequence[Line], taxes: Sequence[Tax]) -> list[Line]:
    """The lines that explain the taxes; where none do, those that say they are taxable, or all of them."""
    sure = [one for one in taxes if one["percent"]]
    if not taxes:
        return []
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line["taxable"] is not False:
            sums[line["kind"]] = sums.get(line["kind"], ZERO) + net(line)
    for guess in _guesses():
        base = sum((amount for kind, amount in sums.items() if guess.get(kind)), ZERO)
        if sure and all(abs(money(base * one["percent"] / 100) - one["amount"]) <= _CENT for one in sure):
            found = [line for line in lines if guess.get(line["kind"]) and line["taxable"] is not False]
            if any(net(line) for line in found):
                return found
    usual = [line for line in lines if line["taxable"] and USUAL.get(line["kind"])]
    return usual or [line for line in lines if line["kind"] != "fee"] or list(lines)


def settle(lines: Sequence[Line], whole: Mapping[str, Decimal]) -> None:
    """Let the lines' taxes come to the order's, by title: a difference of cents goes to the line with most of it."""
    for title, amount in whole.items():
        parts = [(line, one) for line in lines for one in line["taxes"] if one["title"] == title]
        rest = amount - sum((one["amount"] for _, one in parts), ZERO)
        if rest and parts and abs(rest) <= _CENT * max(2, len(parts)):
            line, one = max(parts, key=lambda pair: pair[1]["amount"])
            one["amount"] += rest
            line["tax_amount"] += rest


def summed(lines: Sequence[Line]) -> list[Tax]:
    """The taxes of a document, by code."""
    found: dict[str, Tax] = {}
    for one in _all(lines):
        kept = found.setdefault(one["code"], {**one, "amount": ZERO})
        kept["amount"] += one["amount"]
    return list(found.values())


def _all(lines: Sequence[Line]) -> Iterator[Tax]:
    for line in lines:
        yield from line["taxes"]
