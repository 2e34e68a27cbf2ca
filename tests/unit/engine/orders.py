"""Short ways to make a shop's orders and the books they go to. All people are invented.

`seen` adds a posted document up as the books do, by its own rules, so that posting is checked by other arithmetic than
its own.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bridge.engine.posting import Books, Policy, TaxCode, policy
from connectors.contract import Ref

D = Decimal
BUYER = Ref("contact", "buyers", "ann@example.com")
TPS = {"code": "TPS", "title": "TPS", "percent": D("5")}
TVQ = {"code": "TVQ", "title": "TVQ", "percent": D("9.975")}
ITEMS = {
    "shipping_item": "S1",
    "discount_item": "D1",
    "gift_card_item": "G1",
    "store_credit_item": "C1",
    "fee_item": "F1",
    "rounding_item": "R1",
    "refund_item": "B1",
}
TAX_MAP = {"none": "10", "TPS+TVQ": "20", "TVH": "30", "ZERO": "40"}
CODES = {
    "10": TaxCode((), True, "Exempt"),
    "20": TaxCode((("r5", D("5")), ("r9", D("9.975"))), True, "TPS/TVQ"),
    "30": TaxCode((("r13", D("13")),), True, "TVH"),
    "40": TaxCode((("r0", D("0")),), True, "Zero-rated"),
    "50": TaxCode((("r5", D("5")),), True, "TPS"),
    "60": TaxCode((("r9", D("9.975")),), True, "TVQ"),
    "70": TaxCode((("r5", D("5")),), False, "Old TPS"),
}
MAPS = {
    "tax": TAX_MAP,
    "payment_method": {"card": "A-card", "paypal": "A-paypal"},
    "method": {"card": "M-card"},
}


def product(number: int) -> Ref:
    return Ref("product", "products", str(number))


def tax(told: dict[str, Any], amount: str) -> dict[str, Any]:
    return {**told, "amount": D(amount)}


def line(amount: str = "10.00", tax_amount: str = "0", **more: Any) -> dict[str, Any]:
    base = {
        "id": "1",
        "kind": "item",
        "product": product(1),
        "sku": "AB-1",
        "name": "Mug",
        "quantity": D(1),
        "unit_price": D(amount),
        "amount": D(amount),
        "discount": D(0),
        "tax_amount": D(tax_amount),
        "taxes": [],
    }
    return {**base, **more}


def taxed(amount: str = "10.00", tps: str = "0.50", tvq: str = "1.00", **more: Any) -> dict[str, Any]:
    whole = str(D(tps) + D(tvq))
    return line(amount, whole, taxes=[tax(TPS, tps), tax(TVQ, tvq)], **more)


def sale(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order whose totals are those of its lines, unless told otherwise."""
    told = list(lines) or [taxed()]
    counted = [item for item in told if item["kind"] != "note"]
    base = {
        "number": "1234",
        "date": date(2026, 6, 1),
        "status": "processing",
        "contact": BUYER,
        "email": "ann@example.com",
        "currency": "CAD",
        "home_currency": "CAD",
        "exchange_rate": D(1),
        "total": sum((x["amount"] - x["discount"] + x["tax_amount"] for x in counted), D(0)),
        "tax_total": sum((x["tax_amount"] for x in counted), D(0)),
        "discount_total": sum((x["discount"] for x in counted), D(0)),
        "shipping_total": sum((x["amount"] for x in counted if x["kind"] == "shipping"), D(0)),
        "subtotal": sum((x["amount"] for x in counted if x["kind"] == "item"), D(0)),
        "prices_include_tax": False,
        "payment_method": "card",
        "store": "fr",
        "lines": told,
    }
    return {**base, **more}


def rules(maps: dict[str, dict[str, str]] | None = None, **settings: str) -> Policy:
    return policy({**ITEMS, **settings}, MAPS if maps is None else {**MAPS, **maps})


def books(**more: Any) -> Books:
    base: dict[str, Any] = {
        "country": "CA",
        "home_currency": "CAD",
        "tax_codes": CODES,
        "linked": {
            ("buyers", "ann@example.com"): ("customers", "7"),
            **{("products", str(number)): ("items", str(100 + number)) for number in range(1, 60)},
        },
        "expected": frozenset({("orders", "o1")}),
    }
    return Books(**{**base, **more})


def american(**more: Any) -> Books:
    return books(country="US", home_currency="USD", automated_tax=True, tax_codes={}, **more)


def seen(values: dict[str, Any], facts: Books) -> tuple[Decimal, Decimal]:
    """Return total and tax as the books come to them: stored lines, rounded, and tax as it was told by rate.

    Fails where the books would refuse: a rate of no code used, a rate twice, a quantity times price that is not the
    amount, a code that is not there.
    """
    cent = D(1).scaleb(-facts.rounded_to)
    net = D(0)
    rates_used: set[str] = set()
    nets: dict[str, Decimal] = {}
    for item in values["lines"]:
        if item["kind"] == "note":
            continue
        assert "product" in item or item.get("item_id"), item
        amount = item["amount"]
        assert amount == amount.quantize(cent), item
        if "quantity" in item:
            assert (item["quantity"] * item["unit_price"]).quantize(cent, ROUND_HALF_UP) == amount, item
        net += amount
        if facts.country == "US":
            assert item["tax_code"] in ("TAX", "NON")
        else:
            found = facts.tax_codes[item["tax_code"]]
            assert found.active
            rates_used |= {rate for rate, _ in found.rates}
            for rate, _ in found.rates:
                nets[rate] = nets.get(rate, D(0)) + amount
    told = [row["rate_id"] for row in values["taxes"]]
    assert len(told) == len(set(told))
    assert set(told) <= rates_used
    for row in values["taxes"]:
        assert row["net"] == nets[row["rate_id"]]
        assert row["amount"] == row["amount"].quantize(cent)
    whole = values["tax_total"]
    if facts.country != "US":
        assert sum((row["amount"] for row in values["taxes"]), D(0)) == whole
    if values["prices_include_tax"]:
        gross = sum((item["amount"] + item["tax_amount"] for item in values["lines"] if item["kind"] != "note"), D(0))
        assert gross == values["total"]
    return net + whole, whole
