"""Lines of invoices and orders: amounts net of tax, what of the discount each bears, its taxes to the cent.

The vendor publishes no rule of rounding, and tells discount and tax of the whole document only: both are shared out
over the lines so that they come to just what it says. Taxes are named by their name, as orders tell no other mark of
them. Source: GoHighLevel/highlevel-api-docs:apps/invoices.json, payments.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.contract import Ref
from connectors.highlevel.wire import HUNDRED, ZERO, money, number, share, text, unit

Line = dict[str, Any]
SLACK = 5  # smallest units by which sums may differ through rounding


@dataclass(slots=True)
class Item:
    """One line as it is sold; `off` is its exact share of the discount, tax included where prices include it."""

    id: str
    name: str | None
    product: str
    quantity: Decimal
    price: Decimal
    inclusive: bool
    taxes: list[tuple[str, Decimal]]  # name, percent
    off: Decimal = ZERO
    parts: dict[str, Decimal] = field(default_factory=dict)  # tax by name, in smallest units

    @property
    def gross(self) -> Decimal:
        return self.quantity * self.price

    @property
    def factor(self) -> Decimal:
        """What takes a price with tax to one without; 1 where tax is added."""
        rate = sum((percent for _, percent in self.taxes), ZERO)
        return HUNDRED / (HUNDRED + rate) if self.inclusive else Decimal(1)

    @property
    def base(self) -> Decimal:
        return (self.gross - self.off) * self.factor


def item_of(raw: Mapping[str, Any], at: int) -> Item:
    """A line of an invoice or of an order."""
    price, product = raw.get("price"), raw.get("product")
    price = price if isinstance(price, Mapping) else {}
    product = product if isinstance(product, Mapping) else {}
    told = [tax for tax in raw.get("taxes") or () if isinstance(tax, Mapping)]
    return Item(
        id=str(raw.get("_id") or f"line-{at}"),
        name=text(raw.get("name")) or text(product.get("name")),
        product=str(raw.get("productId") or product.get("_id") or ""),
        quantity=number(raw.get("qty", 1)),
        price=number(raw.get("amount", price.get("amount"))),
        inclusive=raw.get("taxInclusive") is True,
        taxes=[(tax_name(tax), number(tax.get("rate"))) for tax in told],
    )


def tax_name(tax: Mapping[str, Any]) -> str:
    """What a tax is called; one without a name goes by its rate."""
    return text(tax.get("name")) or f"{number(tax.get('rate')).normalize():f} %"


def discounted(items: Sequence[Item], discount: Mapping[str, Any]) -> None:
    """Let each line bear its part of an invoice's discount, which may hold for some products only."""
    only = {str(item) for item in discount.get("validOnProductIds") or ()}
    bears = [item for item in items if not only or item.product in only]
    base, value = sum((item.gross for item in bears), ZERO), number(discount.get("value"))
    if not base or not value:
        return
    rate = value / HUNDRED if discount.get("type") == "percentage" else min(value / base, Decimal(1))
    for item in bears:
        item.off = item.gross * rate


def shared_discount(items: Sequence[Item], amount: Decimal) -> None:
    """Let all lines bear a discount told as an amount."""
    base = sum((item.gross for item in items), ZERO)
    for item in items:
        item.off = item.gross * amount / base if base else ZERO


def lines_of(
    items: Sequence[Item], currency: str, discount: Decimal | None, taxes: Mapping[str, Decimal] | None,
    tax_total: Decimal | None,
) -> list[Line]:  # fmt: skip
    """The lines. `discount`, `taxes` (by name) and `tax_total` are the document's own sums, where it tells them."""
    _tax(items, currency, taxes, tax_total)
    offs = [money(item.off, currency) for item in items]
    if discount is not None and not any(item.inclusive for item in items):
        offs = _settled(offs, money(discount, currency), [item.off for item in items], currency)
    return [_line(item, off, currency) for item, off in zip(items, offs, strict=True)]


def _tax(items: Sequence[Item], currency: str, told: Mapping[str, Decimal] | None, total: Decimal | None) -> None:
    """Share each tax out over the lines that bear it, in smallest units."""
    sums: dict[str, Decimal] = {}
    for name in dict.fromkeys(name for item in items for name, _ in item.taxes):
        exact = sum(
            (item.base * percent / HUNDRED for item in items for tax, percent in item.taxes if tax == name), ZERO
        )
        sums[name] = told[name] if told and name in told else money(exact, currency)
    rest = money(total, currency) - sum(sums.values(), ZERO) if total is not None else ZERO
    if rest and sums and abs(rest) <= unit(currency) * SLACK:
        sums[max(sums, key=lambda name: abs(sums[name]))] += rest
    for name, amount in sums.items():
        bears = [(item, percent) for item in items for tax, percent in item.taxes if tax == name]
        for (item, _), part in zip(
            bears, share(amount, [item.base * percent for item, percent in bears], currency), strict=True
        ):
            item.parts[name] = item.parts.get(name, ZERO) + part


def _settled(found: list[Decimal], whole: Decimal, exact: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Let rounded parts come to the whole, where only rounding stands between."""
    rest = whole - sum(found, ZERO)
    if rest and abs(rest) <= unit(currency) * max(SLACK, len(found)):
        return share(whole, exact, currency)
    return found


def _line(item: Item, off: Decimal, currency: str) -> Line:
    tax = sum(item.parts.values(), ZERO)
    gross = money(item.gross, currency)
    if item.inclusive:
        net_off = money(off * item.factor, currency)
        amount = gross - off - tax + net_off  # so that line, discount and tax come to what was asked for
        off = net_off
    else:
        amount = gross
    return {
        "id": item.id,
        "kind": "item",
        "product": Ref("product", "products", item.product) if item.product else None,
        "sku": item.name,
        "name": item.name,
        "quantity": item.quantity,
        "unit_price": (item.price * item.factor).quantize(Decimal("0.0000001"), ROUND_HALF_UP).normalize() + ZERO,
        "amount": amount,
        "discount": off,
        "tax_amount": tax,
        "taxes": [
            {"code": name, "title": name, "percent": percent, "amount": item.parts.get(name, ZERO)}
            for name, percent in item.taxes
        ],
        "unshipped": ZERO,
    }


def extra_line(line_id: str, kind: str, name: str | None, amount: Decimal) -> Line:
    """A line that is no product."""
    return {
        "id": line_id, "kind": kind, "product": None, "sku": name, "name": name, "quantity": Decimal(1),
        "unit_price": amount, "amount": amount, "discount": ZERO, "tax_amount": ZERO, "taxes": [], "unshipped": ZERO,
    }  # fmt: skip


def united(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The document's taxes, each once."""
    found: dict[str, dict[str, Any]] = {}
    for tax in (tax for line in lines for tax in line["taxes"]):
        kept = found.setdefault(tax["code"], {**tax, "amount": ZERO})
        kept["amount"] += tax["amount"]
    return list(found.values())


def scaled(lines: Sequence[Line], part: Decimal, whole: Decimal, currency: str) -> list[Line]:
    """The lines of a part of a document: all in proportion, and together just that part."""
    if part == whole or not whole:
        return [dict(line) for line in lines]
    worth = [line["amount"] - line["discount"] + line["tax_amount"] for line in lines]
    found = []
    for line, mine in zip(lines, share(part, worth, currency), strict=True):
        ratio = part / whole
        taxes = [{**tax, "amount": money(tax["amount"] * ratio, currency)} for tax in line["taxes"]]
        tax = sum((row["amount"] for row in taxes), ZERO)
        off = money(line["discount"] * ratio, currency)
        found.append(
            {**line, "amount": mine - tax + off, "discount": off, "tax_amount": tax, "taxes": taxes,
             "quantity": Decimal(1), "unit_price": mine - tax + off}
        )  # fmt: skip
    return found
