"""The arithmetic of sales documents: lines, subtotal, discount, total. Half up, two decimals. Taxes are in `taxes`.

Rule as recorded: `TotalAmt` = lines - discount + tax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.quickbooks import taxes
from connectors.sandbox.quickbooks.books import Books
from connectors.sandbox.quickbooks.errors import Refusal
from connectors.sandbox.quickbooks.taxes import NO_TAX, ZERO, Taxed, cents, decimal

__all__ = ("ZERO", "Priced", "cents", "decimal", "demand_plan", "price")

SHIPPING = "SHIPPING_ITEM_ID"
GRATUITY = "GRATUITY_ITEM_ID"


@dataclass(frozen=True, slots=True)
class Priced:
    """The computed parts of a document."""

    lines: list[Document]
    tax: Document
    total: Decimal


def price(books: Books, body: Document, old_lines: Sequence[Document] = ()) -> Priced:
    """Lines as they will be stored, the tax, and the total. Raises `Refusal` for what the vendor would refuse."""
    numbered = _Numbers(old_lines)
    sold: list[Document] = []
    after: list[Document] = []
    taxed: list[Taxed] = []
    subtotal = shipping = ZERO
    discounts: list[Document] = []
    for raw in body.get("Line") or []:
        kind = raw.get("DetailType")
        if kind == "SubTotalLineDetail":
            continue
        if kind == "DiscountLineDetail":
            discounts.append(raw)
            continue
        line, net = _line(books, body, raw)
        if _is_item(line, SHIPPING):
            after.append(numbered.give(line))
            shipping += net
        else:
            sold.append(numbered.give(line))
            subtotal += net
        if kind == "SalesItemLineDetail":
            detail = line["SalesItemLineDetail"]
            gross = detail.get("TaxInclusiveAmt")
            code = detail.get("TaxCodeRef", {}).get("value", NO_TAX)
            taxed.append(Taxed(net, code, None if gross is None else decimal(gross), _is_item(line, SHIPPING)))
    if not sold and not after:
        raise Refusal("2020", "Required parameter Line is missing in the request", element="Line")
    discount, discount_lines = _discount(books, discounts, subtotal, numbered)
    subtotal_line = {"Amount": cents(subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    tax = taxes.detail(books, body, taxed, discount, subtotal)
    total = cents(subtotal + shipping - discount + decimal(tax.get("TotalTax")))
    if total < 0:
        raise Refusal("6000", "Business Validation Error: Transaction amount must be 0 or greater.")
    return Priced([*sold, subtotal_line, *discount_lines, *after], tax, total)


class _Numbers:
    """Line ids and numbers: a line sent with its id keeps it, others get the next one."""

    def __init__(self, old_lines: Sequence[Document]) -> None:
        self._known = {line["Id"] for line in old_lines if "Id" in line}
        self._last = max((int(id) for id in self._known if id.isdigit()), default=0)
        self._count = 0

    def give(self, line: Document) -> Document:
        if line.get("Id") not in self._known:
            self._last += 1
            line["Id"] = str(self._last)
        self._count += 1
        line["LineNum"] = self._count
        return {"Id": line.pop("Id"), "LineNum": line.pop("LineNum"), **line}


def _is_item(line: Document, item: str) -> bool:
    ref = (line.get("SalesItemLineDetail") or {}).get("ItemRef") or {}
    return bool(ref.get("value") == item)


def _line(books: Books, body: Document, raw: Document) -> tuple[Document, Decimal]:
    """One stored line and what it adds to the subtotal."""
    kind = raw.get("DetailType")
    line = {name: value for name, value in raw.items() if value is not None}
    if kind == "DescriptionOnly":
        line.pop("Amount", None)
        line.setdefault("DescriptionLineDetail", {})
        return line, ZERO
    if kind == "GroupLineDetail":
        return _group(books, body, line)
    if kind != "SalesItemLineDetail":
        raise Refusal("2170", f"Invalid Enumeration : {kind}", element="DetailType")
    if line.get("Amount") is None:
        raise Refusal("2020", "Required parameter Line.Amount is missing in the request", element="Line.Amount")
    detail = dict(line.get("SalesItemLineDetail") or {})
    amount = decimal(line["Amount"])
    if detail.get("Qty") is not None and detail.get("UnitPrice") is not None:
        expected = cents(decimal(detail["Qty"]) * decimal(detail["UnitPrice"]))
        if expected != cents(amount):
            raise Refusal(
                "6070", f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount}", element="Line.Amount"
            )
    line["Amount"] = cents(amount)
    line["SalesItemLineDetail"] = _detail(books, body, detail)
    return line, cents(amount)


def _detail(books: Books, body: Document, detail: Document) -> Document:
    ref = detail.get("ItemRef")
    if ref and ref.get("value") not in (SHIPPING, GRATUITY):
        item = books.refer("Item", ref, "Line.SalesItemLineDetail.ItemRef")
        if item.get("Type") in ("Category", "Group"):
            raise Refusal("6000", "Business Validation Error: A category or bundle cannot be used on this line.")
        if item.get("TrackQtyOnHand") and detail.get("Qty") is None:
            raise Refusal("6520", f"Missing tracked inventory item quantity : {item['Name']}", element="Line")
        detail["ItemRef"] = {"value": item["Id"], "name": item["Name"]}
    if detail.get("ClassRef"):
        demand_plan(books, "Class tracking")
        found = books.refer("Class", detail["ClassRef"], "Line.SalesItemLineDetail.ClassRef")
        detail["ClassRef"] = {"value": found["Id"], "name": found["Name"]}
    code = (detail.get("TaxCodeRef") or {}).get("value")
    if books.country == "US":
        if code not in (None, "TAX", "NON"):
            raise Refusal("6100", f"Line tax code must be TAX or NON. Supplied value:{code}")
        detail["TaxCodeRef"] = {"value": code or NO_TAX}
    elif code is not None:
        books.refer("TaxCode", detail["TaxCodeRef"], "Line.SalesItemLineDetail.TaxCodeRef")
        detail["TaxCodeRef"] = {"value": code}
    elif body.get("GlobalTaxCalculation") != "NotApplicable":
        raise Refusal(
            "6000", "Business Validation Error: Make sure all your transactions have a GST/HST rate before you save."
        )
    return detail


def _group(books: Books, body: Document, line: Document) -> tuple[Document, Decimal]:
    """A bundle: its lines are made from the bundle's parts unless they were sent."""
    detail = dict(line["GroupLineDetail"])
    bundle = books.refer("Item", detail.get("GroupItemRef"), "Line.GroupLineDetail.GroupItemRef")
    detail["GroupItemRef"] = {"value": bundle["Id"], "name": bundle["Name"]}
    quantity = decimal(detail.get("Quantity", 1))
    inner = detail.get("Line") or [
        _part(books, part, quantity) for part in (bundle.get("ItemGroupDetail") or {}).get("ItemGroupLine", [])
    ]
    lines, total = [], ZERO
    for raw in inner:
        made, net = _line(books, body, raw)
        lines.append(made)
        total += net
    detail["Line"] = lines
    return {**line, "Amount": cents(total), "GroupLineDetail": detail}, total


def _part(books: Books, part: Document, quantity: Decimal) -> Document:
    item = books.require("Item", part["ItemRef"]["value"])
    count, unit = decimal(part.get("Qty", 1)) * quantity, decimal(item.get("UnitPrice"))
    detail: Document = {"ItemRef": {"value": item["Id"]}, "UnitPrice": unit, "Qty": count}
    if books.country == "US":
        detail["TaxCodeRef"] = {"value": "TAX" if item.get("Taxable") else NO_TAX}
    elif item.get("SalesTaxCodeRef"):
        detail["TaxCodeRef"] = item["SalesTaxCodeRef"]
    return {"Amount": cents(count * unit), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def _discount(
    books: Books, raw: Sequence[Document], subtotal: Decimal, numbered: _Numbers
) -> tuple[Decimal, list[Document]]:
    """The discount of a document: a positive amount that is taken off."""
    if not raw:
        return ZERO, []
    if len(raw) > 1:
        raise Refusal("6000", "Business Validation Error: Only one discount line is allowed.")
    line = dict(raw[0])
    detail = dict(line.get("DiscountLineDetail") or {})
    if detail.get("PercentBased"):
        line["Amount"] = cents(subtotal * decimal(detail.get("DiscountPercent")) / 100)
    elif line.get("Amount") is None:
        raise Refusal("2020", "Required parameter Line.Amount is missing in the request", element="Line.Amount")
    if detail.get("DiscountAccountRef"):
        account = books.refer("Account", detail["DiscountAccountRef"], "Line.DiscountLineDetail.DiscountAccountRef")
        detail["DiscountAccountRef"] = {"value": account["Id"], "name": account["Name"]}
    amount = cents(decimal(line["Amount"]))
    line.update(Amount=amount, DetailType="DiscountLineDetail", DiscountLineDetail=detail)
    return amount, [numbered.give(line)]


def demand_plan(books: Books, feature: str) -> None:
    """Refuse what the smaller plans do not have."""
    if not books.is_full_plan:
        raise Refusal("5020", f"Permission Denied Error : {feature} is not part of this company's subscription.")
