"""A shop that makes up orders, refunds and payments by its own arithmetic, with faults planted in some of them.

Each case says what must become of it: posted, or held with one of the named codes. Nothing is imported from posting but
the shape of its settings and facts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bridge.engine.posting import Books, Policy, TaxCode, policy
from connectors.contract import Ref

D = Decimal
UNIT = {"CAD": D("0.01"), "USD": D("0.01"), "EUR": D("0.01"), "JPY": D("1"), "KWD": D("0.001")}
# name -> (code, percent) charged one beside the other, or (compound) each upon the one before
REGIMES: dict[str, tuple[tuple[tuple[str, Decimal], ...], bool]] = {
    "none": ((), False),
    "zero": ((("ZERO", D("0")),), False),
    "single": ((("TVH", D("13")),), False),
    "two": ((("TPS", D("5")), ("TVQ", D("9.975"))), False),
    "compound": ((("TPS", D("5")), ("OLD-TVQ", D("9.5"))), True),
    "places": ((("STATE", D("4")), ("COUNTY", D("1.25")), ("CITY", D("0.875"))), False),
}
CODES = {
    "E": TaxCode(()),
    "Z": TaxCode((("r0", D("0")),)),
    "H": TaxCode((("r13", D("13")),)),
    "Q": TaxCode((("r5", D("5")), ("r9", D("9.975")))),
    "O": TaxCode((("r5", D("5")), ("r95", D("9.5")))),
    "S": TaxCode((("s4", D("4")), ("s1", D("1.25")), ("s0", D("0.875")))),
}
TAX_MAP = {"none": "E", "ZERO": "Z", "TVH": "H", "TPS+TVQ": "Q", "OLD-TVQ+TPS": "O", "CITY+COUNTY+STATE": "S"}
METHODS = {"card": "A1", "cheque": "A2", "paypal": "A3"}
OWN = ("shipping", "discount", "gift_card", "store_credit", "fee", "rounding", "refund")
FAULTS = ("tax", "item", "method", "currency", "number", "fee", "empty", "lines", "shipping", "closed", "buyer")
CODES_OF = {
    "tax": {"TAX-UNMAPPED"},
    "item": {"ITEM-UNMAPPED"},
    "method": {"METHOD-UNMAPPED"},
    "currency": {"CURRENCY-NOT-IN-BOOKS", "CURRENCY-SINGLE"},
    "number": {"NUMBER-TOO-LONG"},
    "fee": {"TOTAL-DIFFERS"},
    "empty": {"SALE-NO-LINES"},
    "lines": {"TOTAL-DIFFERS", "SALE-NO-LINES"},
    "shipping": {"SHIPPING-ITEM-MISSING"},
    "closed": {"BOOKS-CLOSED"},
    "buyer": {"PARENT-MISSING"},
}


@dataclass
class Case:
    """One order with what it goes by. `must`: one of these codes holds it; none: it is posted. `may`: these can hold it
    too; amounts that the books cannot keep are then rounded.
    """

    sale: dict[str, Any]
    policy: Policy
    books: Books
    regime: str
    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)


def near(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, ROUND_HALF_UP)


class Shop:
    """Makes cases up, the same for a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def money(self, unit: Decimal, most: int = 20_000) -> Decimal:
        return unit * self.random.randint(1, most)

    # Taxes as the shop charges them

    def charge(self, regime: str, base: Decimal, unit: Decimal) -> list[dict[str, Any]]:
        """Taxes on a net amount, each rounded on its own."""
        rates, compound = REGIMES[regime]
        found, upon = [], base
        for code, percent in rates:
            amount = near(upon * percent / 100, unit)
            found.append({"code": code, "title": code, "percent": percent, "amount": amount})
            if compound:
                upon += amount
        return found

    def inside(self, regime: str, gross: Decimal, unit: Decimal) -> tuple[Decimal, list[dict[str, Any]]]:
        """Net and taxes of an amount that includes them; the last tax takes what rounding leaves."""
        rates, compound = REGIMES[regime]
        factor = D(1)
        for _, percent in rates:
            factor = factor * (1 + percent / 100) if compound else factor + percent / 100
        net = near(gross / factor, unit)
        taxes = self.charge(regime, net, unit)
        if taxes:
            taxes[-1]["amount"] = gross - net - sum((tax["amount"] for tax in taxes[:-1]), D(0))
        return net, taxes

    # Lines

    def line(self, at: int, kind: str, regime: str, unit: Decimal, *, inclusive: bool, before: bool) -> dict[str, Any]:
        """A line sold. `before`: tax is charged on the price before its discount."""
        quantity = D(self.random.choice((1, 1, 1, 2, 3, 7, 12, D("0.5")))) if kind == "item" else D(1)
        price = self.money(unit, 9_000)
        row = near(price * quantity, unit)
        off = near(row * self.random.choice((0, 0, 0, 5, 10, 15, 33, 100)) / 100, unit)
        if self.random.random() < 0.1:
            off = min(self.money(unit, 300), row)
        if inclusive:
            net, taxes = self.inside(regime, row, unit)
            discount, _ = self.inside(regime, off, unit)
            if off and not before:
                rest, taxes = self.inside(regime, row - off, unit)
                discount = net - rest
        else:
            net, discount = row, off
            taxes = self.charge(regime, net if before else net - discount, unit)
        return {
            "id": str(at),
            "kind": kind,
            "product": Ref("product", "products", str(at)) if kind == "item" else None,
            "sku": f"SKU-{at}" if kind == "item" else None,
            "name": f"{kind} {at}",
            "quantity": quantity,
            "unit_price": price,
            "amount": net,
            "discount": discount,
            "tax_amount": sum((tax["amount"] for tax in taxes), D(0)),
            "taxes": taxes,
            "unshipped": D(0),
        }

    def plain(self, at: int, kind: str, amount: Decimal) -> dict[str, Any]:
        return {
            "id": str(at), "kind": kind, "product": None, "sku": None, "name": kind, "quantity": D(1),
            "unit_price": amount, "amount": amount, "discount": D(0), "tax_amount": D(0), "taxes": [],
        }  # fmt: skip

    def lines(self, regime: str, unit: Decimal) -> list[dict[str, Any]]:
        chance = self.random.random
        inclusive, before = chance() < 0.35, chance() < 0.25
        found = []
        for at in range(1, self.random.choice((1, 1, 2, 3, 4)) + 1):
            own = "none" if chance() < 0.1 else regime
            found.append(self.line(at, "item", own, unit, inclusive=inclusive, before=before))
        if chance() < 0.6:
            own = regime if chance() < 0.7 else "none"
            found.append(self.line(5, "shipping", own, unit, inclusive=inclusive, before=before))
        worth = sum((line["amount"] - line["discount"] + line["tax_amount"] for line in found), D(0))
        for at, kind in ((6, "gift_card"), (7, "store_credit")):
            if chance() < 0.08 and worth > 0:
                part = min(self.money(unit, 3_000), worth)
                worth -= part
                found.append(self.plain(at, kind, -part))
        if chance() < 0.1:
            found.append(self.plain(8, "fee", self.money(unit, 500)))
        if chance() < 0.05 and worth > 0:
            found.append(self.plain(9, "item", -min(self.money(unit, 500), worth)) | {"sku": "SKU-9"})
        if chance() < 0.05:
            found.append({"id": "10", "kind": "note", "name": "Leave at the door"})
        return found

    # Orders

    def case(self, *, clean: bool = False) -> Case:
        """An order as a shop may have it; a third of them with something planted that must hold it."""
        chance = self.random.random
        currency = self.random.choice(("CAD", "CAD", "CAD", "USD", "EUR", "JPY", "KWD"))
        regime = self.random.choice(tuple(REGIMES))
        unit = UNIT[currency]
        american = chance() < 0.2
        lines = self.lines(regime, unit)
        sold = [line for line in lines if line["kind"] != "note"]
        net = sum((line["amount"] - line["discount"] for line in sold), D(0))
        by_line = sum((line["tax_amount"] for line in sold), D(0))
        taxes = self.by_code(sold)
        tax = by_line
        if by_line and chance() < 0.2:
            # A shop that rounds once, at the end: its total tax is not its lines'.
            move = self.random.choice((-2, -1, 1, 2)) * unit
            tax += move
            taxes[0]["amount"] += move
        sale = {
            "number": f"{self.random.randint(1, 10**9):09d}",
            "date": date(2026, 1, 1) + timedelta(days=self.random.randint(40, 300)),
            "status": "processing",
            "contact": Ref("contact", "buyers", "ann@example.com"),
            "email": "ann@example.com",
            "currency": currency,
            "home_currency": "CAD",
            "exchange_rate": D(1) if currency == "CAD" else near(D(self.random.uniform(0.1, 2)), D("0.00001")),
            "total": net + tax,
            "tax_total": tax,
            "subtotal": sum((line["amount"] for line in sold if line["kind"] == "item"), D(0)),
            "discount_total": sum((line["discount"] for line in sold), D(0)),
            "shipping_total": sum((line["amount"] for line in sold if line["kind"] == "shipping"), D(0)),
            "prices_include_tax": chance() < 0.3,
            "payment_method": self.random.choice(tuple(METHODS)),
            "taxes": taxes,
            "lines": lines,
        }
        found = self._with_facts(sale, regime, american)
        if not clean and chance() < 0.35:
            self._plant(found, unit)
        self._expect(found, unit)
        return found

    def by_code(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        sums: dict[str, dict[str, Any]] = {}
        for line in lines:
            for tax in line["taxes"]:
                row = sums.setdefault(tax["code"], {**tax, "amount": D(0)})
                row["amount"] += tax["amount"]
        return sorted(sums.values(), key=lambda row: -row["amount"])

    def _with_facts(self, sale: dict[str, Any], regime: str, american: bool) -> Case:
        choose = self.random.choice
        settings = {f"{name}_item": f"I-{name}" for name in OWN} | {
            "document": choose(("invoice", "sales_receipt")),
            "number": choose(("source", "source", "books")),
            "number_prefix": choose(("", "Mag-", "B")),
            "restock": choose(("yes", "no")),
            "prices": choose(("net", "source", "gross")),
            "tax": choose(("auto", "code")),
            "unexplained": choose(("hold", "hold", "fee")),
            "closed_books": choose(("hold", "first_open_day")),
        }
        maps = {"tax": dict(TAX_MAP), "payment_method": dict(METHODS)}
        linked = {("buyers", "ann@example.com"): ("customers", "7")}
        linked |= {("products", str(at)): ("items", str(at)) for at in range(1, 10)}
        books = Books(
            country="US" if american else "CA",
            home_currency="CAD",
            multi_currency=True,
            automated_tax=american,
            tax_codes=CODES,
            closed_until=choose((None, date(2026, 1, 15))),
            linked=linked,
            expected=frozenset({("orders", "o1")}),
            item_skus={"SKU-9": ("99",)},
            rounded_to=3 if sale["currency"] == "KWD" and self.random.random() < 0.7 else 2,
            classes=choose(("", "document", "line")),
        )
        return Case(sale, policy(settings, maps), books, regime)

    def _plant(self, case: Case, unit: Decimal) -> None:
        """Put one fault in."""
        fault = self.random.choice(FAULTS)
        sale, rules = case.sale, case.policy
        if getattr(self, f"_plant_{fault}")(case, sale, rules, unit):
            case.must |= CODES_OF[fault]

    def _plant_tax(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        for key in TAX_MAP:
            rules.maps["tax"].pop(key)  # type: ignore[attr-defined]
        return not case.books.computes_tax or rules.tax == "code"

    def _plant_item(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        for line in sale["lines"]:
            if line["kind"] == "item":
                line["product"], line["sku"] = Ref("product", "products", "gone"), "GONE"
        return True

    def _plant_method(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        sale["payment_method"] = "shells"
        return rules.document == "sales_receipt" and sale["total"] != 0

    def _plant_currency(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        case.books = replace(case.books, currencies=frozenset({"CAD", "GBP"}))
        return bool(sale["currency"] != "CAD")

    def _plant_number(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        sale["number"] = "0" * 22
        return rules.number == "source"

    def _plant_fee(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        fee = unit * self.random.randint(400, 4000) * self.random.choice((1, 1, -1))
        sale["total"] += fee
        return fee < 0 or rules.unexplained == "hold"

    def _plant_empty(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        sale["lines"] = [line for line in sale["lines"] if line["kind"] == "note"]
        return True

    def _plant_lines(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        """A line lost on the way: the rest does not come to the total."""
        if rules.unexplained == "fee":
            return False
        lost = sale["lines"].pop(0)
        return bool(abs(lost["amount"] - lost["discount"] + lost["tax_amount"]) > 12 * unit) or self._undo(sale, lost)

    def _undo(self, sale: dict[str, Any], lost: dict[str, Any]) -> bool:
        sale["lines"].insert(0, lost)
        return False

    def _plant_shipping(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        case.policy = replace(rules, shipping_item="")
        return any(line["kind"] == "shipping" for line in sale["lines"])

    def _plant_closed(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        case.books = replace(case.books, closed_until=date(2026, 12, 31))
        return rules.closed_books == "hold"

    def _plant_buyer(self, case: Case, sale: dict[str, Any], rules: Policy, unit: Decimal) -> bool:
        sale["contact"] = Ref("contact", "buyers", "stranger@example.com")
        return True

    def _expect(self, case: Case, unit: Decimal) -> None:
        """Add what holds an order whatever was planted: amounts finer than the books keep, a negative total."""
        if unit < D(1).scaleb(-case.books.rounded_to):
            case.may |= {"AMOUNT-TOO-FINE", "TOTAL-DIFFERS"}
        if case.sale["total"] < 0:
            case.must |= {"TOTAL-NEGATIVE"}

    # What comes after

    def refund(self, case: Case) -> dict[str, Any]:
        """A part of an order given back: some lines, part of their quantity, and a fee withheld or a gift on top."""
        unit = UNIT[case.sale["currency"]]
        lines = []
        for line in case.sale["lines"]:
            if line["kind"] in ("item", "shipping") and line["amount"] > 0 and self.random.random() < 0.7:
                share = D(self.random.choice((25, 50, 100))) / 100
                taxes = [{**tax, "amount": near(tax["amount"] * share, unit)} for tax in line["taxes"]]
                lines.append(
                    {
                        **line,
                        "quantity": line["quantity"] * share,
                        "amount": near(line["amount"] * share, unit),
                        "discount": near(line["discount"] * share, unit),
                        "taxes": taxes,
                        "tax_amount": sum((tax["amount"] for tax in taxes), D(0)),
                    }
                )
        worth = sum((line["amount"] - line["discount"] + line["tax_amount"] for line in lines), D(0))
        room = case.sale["total"] - worth
        if worth > 0 and self.random.random() < 0.3:
            lines.append(self.plain(20, "fee", -min(self.money(unit, 300), worth)))
        elif room > 0 and (not lines or self.random.random() < 0.2):
            lines.append(self.plain(21, "fee", min(self.money(unit, 300), room)))
        total = sum((line["amount"] - line["discount"] + line["tax_amount"] for line in lines), D(0))
        return {
            "number": f"{self.random.randint(1, 10**6):06d}",
            "date": case.sale["date"] + timedelta(days=5),
            "sale": Ref("sale", "orders", "o1"),
            "currency": case.sale["currency"],
            "total": total,
            "tax_total": sum((line["tax_amount"] for line in lines), D(0)),
            "taxes": self.by_code(lines),
            "online": self.random.random() < 0.5,
            "lines": lines,
        }
