"""Sums of a service and of an order, in whole cents. Pure.

What one production integration reported is the rule: the sums by kind are net of discounts, and the total is parts +
labor + tires + subcontracts + fees + EPA + shop supplies + tax. What nobody published is decided here: rounding half
up, per service and per tax; a discount of a service, and a fixed price, are spread over its kinds in proportion; fees
are not taxed; tire fees count per tire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.shopmonkey.wire import cents, number

KINDS = ("labors", "parts", "tires", "subcontracts")
SUMS = {
    "labors": "calculatedLaborCents",
    "parts": "calculatedPartsCents",
    "tires": "calculatedTiresCents",
    "subcontracts": "calculatedSubcontractsCents",
}
HEADER = {
    "laborCents": "calculatedLaborCents",
    "partsCents": "calculatedPartsCents",
    "tiresCents": "calculatedTiresCents",
    "subcontractsCents": "calculatedSubcontractsCents",
    "feesCents": "calculatedFeeCents",
    "epaCents": "calculatedEpaCents",
    "shopSuppliesCents": "calculatedShopSuppliesCents",
    "discountCents": "calculatedDiscountCents",
    "taxCents": "calculatedTaxCents",
    "gstCents": "gstCents",
    "pstCents": "pstCents",
    "hstCents": "hstCents",
}
IN_TOTAL = (
    "laborCents", "partsCents", "tiresCents", "subcontractsCents", "feesCents", "epaCents",
    "shopSuppliesCents", "taxCents",
)  # fmt: skip
TAXES = ("tax", "gst", "pst", "hst")
TAXED_BY = {
    "labors": "laborTaxable",
    "parts": "partTaxable",
    "tires": "partTaxable",
    "subcontracts": "subcontractTaxable",
}
ENTITIES = {
    "Labor": ("labors", "laborId"),
    "Part": ("parts", "partId"),
    "Tire": ("tires", "tireId"),
    "Subcontract": ("subcontracts", "subcontractId"),
}
HUNDRED = Decimal(100)


def percent(base: int | Decimal, rate: object) -> int:
    return cents(Decimal(base) * number(rate) / HUNDRED)


def price(kind: str, line: Document) -> int:
    """What a line costs before its discount, without what the state puts on tires."""
    if kind == "labors":
        hours = number(line["hours"]) * (number(line.get("multiplier")) or 1)
        return cents(hours * number(line["rateCents"]))
    count = Decimal(1) if kind == "subcontracts" else number(line["quantity"])
    return cents(count * number(line["retailCostCents"]))


def discount(kind: str, line: Document) -> int:
    """What a line's own discount takes off; the value type says which of the two members rules."""
    if line["discountValueType"] == "FixedCents":
        return int(line["discountCents"])
    return percent(price(kind, line), line["discountPercent"])


def on_tires(line: Document, waste_tire: str) -> int:
    """Excise and, by the setting, the recycling fee that stand within the sum of tires."""
    each = number(line.get("federalExciseTaxCents"))
    if waste_tire == "tires":
        each += number(line.get("wasteTireFee"))
    return cents(number(line["quantity"]) * each)


def net(kind: str, line: Document, waste_tire: str = "tires") -> int:
    """What a line comes to."""
    more = on_tires(line, waste_tire) if kind == "tires" else 0
    return price(kind, line) - discount(kind, line) + more


def spread(amount: int, over: Sequence[int]) -> list[int]:
    """An amount in whole cents over parts in proportion; what rounding leaves goes to the largest part."""
    whole = sum(over)
    if not whole:
        return [amount, *([0] * (len(over) - 1))]
    shares = [cents(Decimal(amount) * part / whole) for part in over]
    shares[max(range(len(over)), key=lambda at: over[at])] += amount - sum(shares)
    return shares


def service_sums(
    service: Document, config: Mapping[str, object], *, exempt: bool, left: int | None, waste_tire: str = "tires"
) -> Document:
    """The calculated members of a service. `left` is what the order's cap leaves for shop supplies, None: no cap."""
    lines = {kind: [net(kind, line, waste_tire) for line in service[kind]] for kind in KINDS}
    plain = [sum(lines[kind]) for kind in KINDS]
    off = 0 if service["pricing"] == "FixedPrice" else _service_discount(service, sum(plain))
    if service["pricing"] == "FixedPrice":
        wanted = int(service["fixedPriceCents"] or 0)
        sums = spread(wanted, plain)
    else:
        sums = [part - less for part, less in zip(plain, spread(off, plain), strict=True)]
        off += sum(discount(kind, line) for kind in KINDS for line in service[kind])
    by_kind = dict(zip(KINDS, sums, strict=True))
    found: Document = {SUMS[kind]: amount for kind, amount in by_kind.items()}
    fees = [fee_cents(fee, service, sum(sums), waste_tire) for fee in service["fees"]]
    if waste_tire == "fees":
        fees.append(sum(cents(number(one["quantity"]) * number(one.get("wasteTireFee"))) for one in service["tires"]))
    epa = _part_of(by_kind, config, service, "epa", ("includeEpaOnLabor", "includeEpaOnParts"))
    supplies = _part_of(by_kind, config, service, "shopSupplies", ("laborShopSupplies", "partShopSupplies"))
    if left is not None:
        supplies = min(supplies, max(0, left))
    base = Decimal(epa if config.get("epaTaxable") else 0)
    base += supplies if config.get("shopSuppliesTaxable") else 0
    for kind, was in zip(KINDS, plain, strict=True):
        if config.get(TAXED_BY[kind]) and was:
            taxed = sum(amount for amount, line in zip(lines[kind], service[kind], strict=True) if line.get("taxable"))
            base += Decimal(by_kind[kind]) * taxed / was
    rates = {one: 0 if exempt else config.get(f"{one}Percent") or 0 for one in TAXES}
    taxes = {one: percent(base, rate) for one, rate in rates.items()}
    found |= {f"{one}Percent": rate for one, rate in rates.items()}
    found |= {f"{one}Cents": amount for one, amount in taxes.items()}
    found |= {
        "calculatedFeeCents": sum(fees),
        "calculatedEpaCents": epa,
        "calculatedShopSuppliesCents": supplies,
        "calculatedDiscountCents": off,
        "calculatedTaxCents": sum(taxes.values()),
        "shopSuppliesApplied": supplies > 0,
    }
    found["totalCents"] = sum(sums) + sum(fees) + epa + supplies + found["calculatedTaxCents"]
    return found


def _service_discount(service: Document, whole: int) -> int:
    if service["discountValueType"] == "FixedCents":
        return min(int(service["discountCents"]), whole)
    return percent(whole, service["discountPercent"])


def _part_of(
    sums: Mapping[str, int], config: Mapping[str, object], service: Document, what: str, flags: tuple[str, str]
) -> int:
    """EPA or shop supplies of a service: fixed, or a share of its labor and parts as the tax set-up says."""
    if service[f"{what}ValueType"] == "FixedCents":
        return int(service[f"{what}Cents"])
    base = sum(sums[kind] for kind, flag in zip(("labors", "parts"), flags, strict=True) if config.get(flag))
    return percent(base, service[f"{what}Percent"])


def fee_cents(fee: Document, service: Document, whole: int, waste_tire: str = "tires") -> int:
    """What a fee comes to: fixed, or a share of the service or of one line."""
    if fee["feeType"] == "FixedCents":
        return int(fee["amountCents"])
    if fee["feeType"] == "PercentService":
        return percent(whole, fee["percent"])
    kind, member = ENTITIES[fee["lineItemEntity"]]
    line = next((one for one in service[kind] if one["id"] == fee[member]), None)
    return 0 if line is None else percent(net(kind, line, waste_tire), fee["percent"])


def counts(service: Document, *, invoiced: bool) -> bool:
    """Whether a service is within the total: all that is not declined, and once invoiced only what was agreed."""
    if service["authorizationStatus"] == "Declined" or service["deferredReason"]:
        return False
    return not invoiced or service["authorizationStatus"] == "Authorized"


def order_sums(services: Iterable[Document], *, invoiced: bool) -> Document:
    """The sums of an order's header over the services that count."""
    counted = [one for one in services if counts(one, invoiced=invoiced)]
    found: Document = {name: sum(one[of] for one in counted) for name, of in HEADER.items()}
    found["totalCostCents"] = sum(found[name] for name in IN_TOTAL)
    found["totalLaborHours"] = sum((number(line["hours"]) for one in counted for line in one["labors"]), Decimal(0))
    return found


def paid_cents(payments: Iterable[Document], order_id: str, charges: Mapping[str, Document]) -> int:
    """What was paid on an order: succeeded charges less refunds; a transfer takes from its charge's order."""
    paid = 0
    for one in payments:
        if one["status"] != "succeeded":
            continue
        amount = int(one["amountCents"])
        if one["transactionType"] == "Refund":
            paid -= amount if one["orderId"] == order_id else 0
        elif one["transactionType"] == "Charge":
            paid += amount if one["orderId"] == order_id else 0
        else:
            source = charges.get(one["chargeId"] or "")
            paid += amount if one["orderId"] == order_id else 0
            paid -= amount if source is not None and source["orderId"] == order_id else 0
    return paid
