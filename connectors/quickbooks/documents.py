"""What invoices, sales receipts, credit memos and refund receipts have in common: lines and totals.

`TotalAmt` = sales lines (those inside bundles too) - discount + shipping + tax, where stored line amounts are always
net of tax. Amounts are positive, also in credits and refunds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.contract import Raw, Ref, Values
from connectors.quickbooks.reading import contact, day, money, ref_id, ref_name, text

SHIPPING = "SHIPPING_ITEM_ID"
_ZERO = Decimal(0)
# The vendor has no status for a void: it zeroes the document and puts this before the note, in the company's language.
_VOIDED = ("voided", "void", "annulé", "annule")

Line = dict[str, Any]


class _Sums:
    """Lines of one document as they are walked."""

    __slots__ = ("discount", "items", "lines", "shipping", "whole")

    def __init__(self, whole: bool) -> None:
        self.whole = whole  # discount and shipping stay among the lines
        self.lines: list[Line] = []
        self.items = _ZERO
        self.discount = _ZERO
        self.shipping = _ZERO

    def walk(self, lines: list[Raw]) -> None:
        for line in lines:
            kind = line.get("DetailType")
            if kind == "SalesItemLineDetail":
                self._sold(line)
            elif kind == "SubTotalLineDetail":
                continue
            elif kind == "DiscountLineDetail":
                self._apart(line, "discount")
            elif kind == "GroupLineDetail":
                self._bundle(line)
            elif kind == "TaxLineDetail":
                continue  # told again, in whole, by TxnTaxDetail
            elif line.get("Description"):
                self.lines.append(_line(line, "note", None, None, None, None))

    def _sold(self, line: Raw) -> None:
        detail = line.get("SalesItemLineDetail") or {}
        amount = money(line.get("Amount")) or _ZERO
        item = ref_id(detail, "ItemRef")
        if item == SHIPPING:
            self._apart(line, "shipping")
            return
        self.items += amount
        product = Ref("product", "items", item) if item else None
        kind = "item" if item or amount else "note"
        self.lines.append(
            _line(line, kind, product, money(detail.get("Qty")), money(detail.get("UnitPrice")), amount, detail)
        )

    def _apart(self, line: Raw, kind: str) -> None:
        amount = money(line.get("Amount")) or _ZERO
        if self.whole:
            self.lines.append(_line(line, kind, None, None, None, amount))
        elif kind == "discount":
            self.discount += amount
        else:
            self.shipping += amount

    def _bundle(self, line: Raw) -> None:
        """A bundle's head is a note; what it holds are lines like others, with their own amounts."""
        detail = line.get("GroupLineDetail") or {}
        inner = detail.get("Line") or []
        head = _line(line, "note", None, money(detail.get("Quantity")), None, None)
        head["name"] = head["name"] or ref_name(detail, "GroupItemRef")
        self.lines.append(head)
        self.walk(inner)


def _line(
    line: Raw,
    kind: str,
    product: Ref | None,
    quantity: Decimal | None,
    unit_price: Decimal | None,
    amount: Decimal | None,
    detail: Raw | None = None,
) -> Line:
    name = line.get("Description") or (ref_name(detail, "ItemRef") if detail else None)
    return {
        "id": line.get("Id"),
        "kind": kind,
        "product": product,
        "name": text(name),
        "quantity": quantity,
        "unit_price": unit_price,
        "amount": amount,
        "tax_code": ref_id(detail, "TaxCodeRef") if detail else None,
        "class_id": ref_id(detail, "ClassRef") if detail else None,
    }


def is_void(raw: Raw) -> bool:
    """Zeroed, and marked so in its note."""
    note: str = raw.get("PrivateNote") or ""
    return not money(raw.get("TotalAmt")) and note.lstrip().lower().startswith(_VOIDED)


def tax_total(raw: Raw) -> Decimal:
    """Taxes of a document; none told is none charged."""
    return money((raw.get("TxnTaxDetail") or {}).get("TotalTax")) or _ZERO


def taxes(raw: Raw) -> list[dict[str, Any]]:
    """Taxes of a document by the books' own rates."""
    found = []
    for line in (raw.get("TxnTaxDetail") or {}).get("TaxLine") or ():
        detail = line.get("TaxLineDetail") or {}
        found.append(
            {
                "rate_id": ref_id(detail, "TaxRateRef"),
                "percent": money(detail.get("TaxPercent")),
                "net": money(detail.get("NetAmountTaxable")),
                "amount": money(line.get("Amount")),
            }
        )
    return found


def document(raw: Raw, kind: str) -> Values:
    """Return the values all sales documents share. Addresses are left out: edited ones come back as loose lines."""
    values: Values = {
        "document": kind,
        "number": text(raw.get("DocNumber")),
        "date": day(raw.get("TxnDate")),
        "contact": contact(raw),
        "total": money(raw.get("TotalAmt")),
        "memo": text(raw.get("PrivateNote")),
        "tax_total": tax_total(raw),
        "taxes": taxes(raw),
        "prices_include_tax": raw.get("GlobalTaxCalculation") == "TaxInclusive",
        "email": text((raw.get("BillEmail") or {}).get("Address")),
        "class_id": ref_id(raw, "ClassRef"),
        "location_id": ref_id(raw, "DepartmentRef"),
        **rate(raw),
    }
    currency = ref_id(raw, "CurrencyRef")
    if currency:  # without it the document is in the home currency, which only the company tells
        values["currency"] = currency
    return values


def rate(raw: Raw) -> Values:
    """The rate a document was booked at, where the company deals in several currencies."""
    return {"exchange_rate": money(raw["ExchangeRate"])} if "ExchangeRate" in raw else {}


def put_aside(raw: Raw) -> Values:
    """Where money went or came from, and how, by the books' own ids."""
    return {"account_id": ref_id(raw, "DepositToAccountRef"), "method_id": ref_id(raw, "PaymentMethodRef")}


def lines_and_totals(raw: Raw) -> Values:
    """Return lines (sold items and notes) with the totals of what is not among them: discount, shipping, subtotal."""
    sums = _Sums(whole=False)
    sums.walk(raw.get("Line") or [])
    return {
        "lines": sums.lines,
        "subtotal": sums.items,
        "discount_total": sums.discount,
        "shipping_total": sums.shipping,
    }


def all_lines(raw: Raw) -> list[Line]:
    """Return all lines that count, discount (positive, taken off) and shipping among them."""
    sums = _Sums(whole=True)
    sums.walk(raw.get("Line") or [])
    return sums.lines
