"""The lines of an order: what its services are made of, by kind, and what is charged beside them.

A service tells labor, parts, tires, subcontracts and fees one by one, shop supplies and the environmental charge (EPA)
as amounts. How lines are rounded is not published, and a fixed price, a lump sum or a discount of the service leave the
lines as they are. So the sums by kind are the truth: first the service's, then the order's; they are net of discounts.
What the lines do not explain is cents on the largest line, a discount shared out, or a higher price.

Tires may carry an excise tax and a disposal fee: whether per tire or per line, and within which sum, is found from the
sums.

Sources: shopmonkeyus/go-datamodel:v3/{labor,part,tire,subcontract,fee,service}.go; field reports (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.contract import Raw, Ref
from connectors.shopmonkey import taxes
from connectors.shopmonkey.taxes import Line, net
from connectors.shopmonkey.wire import ZERO, cents, money, number, spread, text

# kind: where a service lists them, the service's sum, the order's sum
GROUPS = {
    "labor": ("labors", "calculatedLaborCents", "laborCents"),
    "part": ("parts", "calculatedPartsCents", "partsCents"),
    "tire": ("tires", "calculatedTiresCents", "tiresCents"),
    "subcontract": ("subcontracts", "calculatedSubcontractsCents", "subcontractsCents"),
    "fee": ("fees", "calculatedFeeCents", "feesCents"),
    "shop_supplies": ("", "calculatedShopSuppliesCents", "shopSuppliesCents"),
    "epa": ("", "calculatedEpaCents", "epaCents"),
}
KINDS = tuple(GROUPS)
GOODS = ("labor", "part", "tire", "subcontract")
_NAMES = {"shop_supplies": "Shop supplies", "epa": "EPA", "fee": "Fees"}
_STOCK = {"part": ("parts", "inventoryPartId"), "tire": ("tires", "inventoryTireId")}


def line(line_id: str, kind: str, name: str | None, amount: Decimal, **more: Any) -> Line:
    """One line; `amount` is before its discount and without tax."""
    return {
        "id": line_id,
        "kind": kind,
        "product": None,
        "sku": None,
        "name": name,
        "quantity": Decimal(1),
        "unit_price": amount,
        "amount": amount,
        "discount": ZERO,
        "tax_amount": ZERO,
        "taxes": [],
        "taxable": None,
        "unshipped": ZERO,
        "restock": False,
        **more,
    }


def counted(order: Raw) -> list[Raw]:
    """The services that count: authorised and not put off. Where just these do not come to the total and those without
    a word about it do, as in orders of older systems, these count too.
    """
    services = [item for item in order.get("_services") or () if isinstance(item, Mapping)]
    sure = [item for item in services if item.get("authorizationStatus") == "Authorized" and not _put_off(item)]
    open_ones = [item for item in services if item.get("authorizationStatus") != "Declined" and not _put_off(item)]
    total = cents(order.get("totalCostCents"))
    if len(open_ones) > len(sure) and total_of(sure) != total == total_of(open_ones):
        return [dict(item) for item in open_ones]
    return [dict(item) for item in sure]


def _put_off(service: Mapping[str, Any]) -> bool:
    return bool(service.get("deferredReason"))


def total_of(services: Iterable[Mapping[str, Any]]) -> Decimal:
    """What services come to, tax included, by their own totals."""
    return sum((cents(item.get("totalCents")) for item in services), ZERO)


def of_order(order: Raw, fixed_price: str = "spread") -> list[Line]:
    """The lines of an order, each with its taxes."""
    found: list[Line] = []
    for service in counted(order):
        lines = _of_service(service)
        if fixed_price == "service" and is_fixed(service):
            lines = _whole(service, lines)
        found += lines
    _settle_kinds(found, order)
    taxes.settle(found, taxes.of_header(order))
    surcharge = cents(order.get("transactionalFeeTotalCents"))
    rest = cents(order.get("totalCostCents")) - sum((net(item) + item["tax_amount"] for item in found), ZERO)
    if surcharge and rest == surcharge:
        found.append(line("surcharge", "fee", "Card surcharge", surcharge))
    return [{name: value for name, value in item.items() if name not in ("taxable", "fixed")} for item in found]


def is_fixed(service: Mapping[str, Any]) -> bool:
    """Tell whether a service has a price of its own, whatever its lines come to."""
    return bool(service.get("lumpSum")) or service.get("pricing") == "FixedPrice"


def _of_service(service: Raw) -> list[Line]:
    found: list[Line] = []
    for kind, (place, total, _) in GROUPS.items():
        told = [item for item in service.get(place) or () if isinstance(item, Mapping)] if place else []
        lines = [_fee(item, found) if kind == "fee" else _told(kind, item) for item in told]
        if service.get(total) is not None:
            want = cents(service[total])
            lines += _tire_fees(service, kind, want - _sum(lines))
            settle(lines, want, kind, service)
        found += lines
    taxes.put(found, taxes.of_service(service))
    return found


def _told(kind: str, item: Mapping[str, Any]) -> Line:
    if kind == "labor":
        factor = number(item.get("multiplier")) or Decimal(1)
        rate = factor if item.get("multiplierType") == "Rate" else Decimal(1)
        hours = factor if item.get("multiplierType") != "Rate" else Decimal(1)
        quantity, price = number(item.get("hours")) * hours, number(item.get("rateCents")) * rate / 100
    elif kind == "subcontract":
        quantity, price = Decimal(1), cents(item.get("retailCostCents"))
    else:
        quantity, price = number(item.get("quantity")), cents(item.get("retailCostCents"))
    amount = money(quantity * price)
    resource, key = _STOCK.get(kind, ("", ""))
    stocked = item.get(key) if key else None
    return line(
        str(item.get("id") or ""),
        kind,
        text(item.get("name")),
        amount,
        product=Ref("product", resource, str(stocked)) if stocked else None,
        sku=text(item.get("partNumber")),
        quantity=quantity,
        unit_price=price,
        discount=_discount(item, amount),
        taxable=item.get("taxable") is True,
    )


def _discount(item: Mapping[str, Any], amount: Decimal) -> Decimal:
    """A line's discount, positive. Which of the two figures rules is told; the other may be its result."""
    if item.get("discountValueType") == "FixedCents":
        return cents(item.get("discountCents"))
    return money(amount * number(item.get("discountPercent")) / 100)


def _fee(item: Mapping[str, Any], before: Sequence[Line]) -> Line:
    """A fee: its computed amount where that is told, a fixed one, or a percentage of what it is on."""
    if item.get("subtotalCents") is not None:
        amount = cents(item["subtotalCents"])
    elif item.get("feeType") == "FixedCents":
        amount = cents(item.get("amountCents"))
    else:
        target = next((item[key] for key in ("laborId", "partId", "tireId", "subcontractId") if item.get(key)), None)
        base = [one for one in before if item.get("feeType") == "PercentService" or one["id"] == str(target)]
        told = item.get("percent") if item.get("percent") is not None else item.get("percentValue")
        amount = money(_sum(base) * number(told) / 100)
    return line(str(item.get("id") or ""), "fee", text(item.get("name")), amount)


def _tire_fees(service: Raw, kind: str, rest: Decimal) -> list[Line]:
    """What tires are charged beside their price, where just that explains what is left over in this sum."""
    tires = [item for item in service.get("tires") or () if isinstance(item, Mapping)]
    if kind not in ("tire", "fee") or rest <= 0 or not tires:
        return []
    each = [cents(item.get("federalExciseTaxCents")) + cents(item.get("wasteTireFee")) for item in tires]
    for found in ([fee * number(item.get("quantity")) for fee, item in zip(each, tires, strict=True)], each):
        if sum(found, ZERO) == rest:
            return [
                line(f"{item.get('id')}-fees", kind, f"{text(item.get('name')) or '?'} – tire fees", amount)
                for item, amount in zip(tires, found, strict=True)
                if amount
            ]
    return []


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((net(item) for item in lines), ZERO)


def settle(lines: list[Line], want: Decimal, kind: str, owner: Mapping[str, Any]) -> None:
    """Let lines of one kind come to a sum: cents on the largest, less as a discount, more as a price."""
    rest = want - _sum(lines)
    if not rest:
        return
    if not lines:
        name = _NAMES.get(kind) or text(owner.get("name")) or text(owner.get("coalescedName"))
        lines.append(line(f"{owner.get('id')}-{kind}", kind, name, want))
        return
    weights = [max(ZERO, net(item)) for item in lines]
    if abs(rest) <= Decimal("0.01") * len(lines) or not any(weights):
        largest = max(lines, key=net)
        largest["amount"] += rest
        _price(largest)
    elif rest < 0:
        for item, part in zip(lines, spread(-rest, weights), strict=True):
            item["discount"] += part
    else:
        for item, part in zip(lines, spread(rest, weights), strict=True):
            item["amount"] += part
            _price(item)


def _price(item: Line) -> None:
    """Let the unit price follow an amount that was settled."""
    item["unit_price"] = item["amount"] / item["quantity"] if item["quantity"] else item["amount"]
    item["quantity"] = item["quantity"] or Decimal(1)


def _whole(service: Raw, lines: Sequence[Line]) -> list[Line]:
    """A service of fixed price as one line, or one for each way it is taxed; what is charged beside it stays apart."""
    goods = [item for item in lines if item["kind"] in GOODS]
    kept = [item for item in lines if item["kind"] not in GOODS]
    sets: dict[tuple[str, ...], list[Line]] = {}
    for item in goods:
        sets.setdefault(tuple(one["code"] for one in item["taxes"]), []).append(item)
    found = []
    for at, same in enumerate(sets.values(), 1):
        amount = _sum(same)
        if not amount:
            continue
        told = taxes.summed(same)
        tax_amount = sum((one["amount"] for one in told), ZERO)
        more = {"tax_amount": tax_amount, "taxes": told, "taxable": bool(told), "fixed": True}
        found.append(line(f"{service.get('id')}-{at}", "labor", text(service.get("name")), amount, **more))
    return [*found, *kept]


def _settle_kinds(lines: list[Line], order: Raw) -> None:
    """Let the lines come to the order's own sums. Where services stand whole, their kinds count together."""
    together = any(item.get("fixed") for item in lines)
    for kind, (_, _, total) in GROUPS.items():
        if order.get(total) is None or (together and kind in GOODS):
            continue
        _to_sum(lines, (kind,), cents(order[total]), order)
    if together:
        whole = sum((cents(order.get(GROUPS[kind][2])) for kind in GOODS), ZERO)
        _to_sum(lines, GOODS, whole, order)


def _to_sum(lines: list[Line], kinds: Sequence[str], want: Decimal, order: Raw) -> None:
    mine = [item for item in lines if item["kind"] in kinds]
    before = len(mine)
    settle(mine, want, kinds[0], order)
    lines += mine[before:]
