"""The arithmetic of sales documents: lines, subtotal, discount, taxes, total. Half up, two decimals.

Rules as recorded: `TotalAmt` = lines - discount + tax; tax is made on the sum per rate, then rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.quickbooks.books import Books
from connectors.sandbox.quickbooks.errors import Refusal

CENT = Decimal("0.01")
ZERO = Decimal(0)
SHIPPING = "SHIPPING_ITEM_ID"
GRATUITY = "GRATUITY_ITEM_ID"
_NO_TAX = "NON"


def decimal(value: Any) -> Decimal:
    """A number out of a document; missing is nought."""
    return ZERO if value in (None, "") else Decimal(str(value))


def cents(value: Decimal) -> Decimal:
    """Rounded to cents, half up; a plain 0 when there is nothing."""
    rounded = value.quantize(CENT, ROUND_HALF_UP)
    return rounded if rounded else ZERO


@dataclass(frozen=True, slots=True)
class Taxed:
    """One line as the tax sees it."""

    net: Decimal
    code: str
    gross: Decimal | None


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
            code = detail.get("TaxCodeRef", {}).get("value", _NO_TAX)
            taxed.append(Taxed(net, code, None if gross is None else decimal(gross)))
    if not sold and not after:
        raise Refusal("2020", "Required parameter Line is missing in the request", element="Line")
    discount, discount_lines = _discount(books, discounts, subtotal, numbered)
    subtotal_line = {"Amount": cents(subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    tax = _tax(books, body, taxed, discount, subtotal)
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
        detail["ItemRef"] = {"value": item["Id"], "name": item["Name"]}
    if detail.get("ClassRef"):
        found = books.refer("Class", detail["ClassRef"], "Line.SalesItemLineDetail.ClassRef")
        detail["ClassRef"] = {"value": found["Id"], "name": found["Name"]}
    code = (detail.get("TaxCodeRef") or {}).get("value")
    if books.country == "US":
        if code not in (None, "TAX", "NON"):
            raise Refusal("6100", f"Line tax code must be TAX or NON. Supplied value:{code}")
        detail["TaxCodeRef"] = {"value": code or _NO_TAX}
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
        detail["TaxCodeRef"] = {"value": "TAX" if item.get("Taxable") else _NO_TAX}
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


# Tax


def _tax(books: Books, body: Document, taxed: Sequence[Taxed], discount: Decimal, subtotal: Decimal) -> Document:
    """`TxnTaxDetail` as stored: what was sent wins over what would be computed."""
    sent = body.get("TxnTaxDetail") or {}
    if body.get("GlobalTaxCalculation") == "NotApplicable" and sent:
        raise Refusal("6170", "TxnTaxDetail cannot be sent when GlobalTaxCalculation is NotApplicable")
    if not books.preferences["TaxPrefs"].get("UsingSalesTax"):
        return {"TotalTax": ZERO}
    if sent.get("TaxLine"):
        return _sent_tax(books, sent)
    rates = _us_rates(books, sent, taxed) if books.country == "US" else _line_rates(books, taxed)
    discounted = books.country != "US" or bool(body.get("ApplyTaxAfterDiscount"))
    share = discount / subtotal if discounted and subtotal else ZERO
    lines = [_tax_line(rate, net - net * share) for rate, net in rates]
    total = sum((decimal(line["Amount"]) for line in lines), ZERO)
    if sent.get("TotalTax") is not None:
        total = _spread(lines, cents(decimal(sent["TotalTax"])))
    elif body.get("GlobalTaxCalculation") == "TaxInclusive":
        total = _spread(lines, _included(taxed, lines, total, share))
    detail: Document = {"TotalTax": cents(total)}
    if sent.get("TxnTaxCodeRef"):
        detail["TxnTaxCodeRef"] = {"value": sent["TxnTaxCodeRef"]["value"]}
    if lines:
        detail["TaxLine"] = lines
    return detail


def _included(taxed: Sequence[Taxed], lines: Sequence[Document], computed: Decimal, share: Decimal) -> Decimal:
    """Tax inside the prices: what was asked from the buyer less the net amounts, as far as gross amounts were sent."""
    if not lines or any(line.gross is None for line in taxed):
        return computed
    gross = sum((decimal(line.gross) for line in taxed), ZERO)
    net = sum((line.net for line in taxed), ZERO)
    return cents(gross * (1 - share)) - (net - cents(net * share))


def _spread(lines: list[Document], total: Decimal) -> Decimal:
    """Make the lines add up to a total that was given; the last one takes the difference."""
    if lines:
        others = sum((decimal(line["Amount"]) for line in lines[:-1]), ZERO)
        lines[-1]["Amount"] = cents(total - others)
    return total


def _sent_tax(books: Books, sent: Document) -> Document:
    lines = []
    for line in sent["TaxLine"]:
        detail = line.get("TaxLineDetail") or {}
        books.refer("TaxRate", detail.get("TaxRateRef"), "TxnTaxDetail.TaxLine.TaxLineDetail.TaxRateRef")
        lines.append({**line, "Amount": cents(decimal(line.get("Amount"))), "DetailType": "TaxLineDetail"})
    total = sent.get("TotalTax")
    amount = sum((line["Amount"] for line in lines), ZERO) if total is None else decimal(total)
    return {**sent, "TotalTax": cents(amount), "TaxLine": lines}


def _line_rates(books: Books, taxed: Sequence[Taxed]) -> list[tuple[Document, Decimal]]:
    """(rate, net amount) for every rate of the codes on the lines, in the order they first appear."""
    nets: dict[str, Decimal] = {}
    for line in taxed:
        code = books.get("TaxCode", line.code) or {}
        for entry in (code.get("SalesTaxRateList") or {}).get("TaxRateDetail", []):
            rate = entry["TaxRateRef"]["value"]
            nets[rate] = nets.get(rate, ZERO) + line.net
    return [(books.require("TaxRate", rate), net) for rate, net in nets.items()]


def _us_rates(books: Books, sent: Document, taxed: Sequence[Taxed]) -> list[tuple[Document, Decimal]]:
    """The document's code decides the rates, over the sum of the lines marked TAX."""
    net = sum((line.net for line in taxed if line.code == "TAX"), ZERO)
    ref = sent.get("TxnTaxCodeRef")
    if not ref or not net:
        return []
    code = books.refer("TaxCode", ref, "TxnTaxDetail.TxnTaxCodeRef")
    entries = (code.get("SalesTaxRateList") or {}).get("TaxRateDetail", [])
    return [(books.require("TaxRate", entry["TaxRateRef"]["value"]), net) for entry in entries]


def _tax_line(rate: Document, net: Decimal) -> Document:
    percent = decimal(rate["RateValue"])
    taxable = cents(net)
    return {
        "Amount": cents(taxable * percent / 100),
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rate["Id"]},
            "PercentBased": True,
            "TaxPercent": percent,
            "NetAmountTaxable": taxable,
        },
    }
