"""The taxes of a sales document: by the codes of its lines, by the engine of a US company, or as they were sent.

Tax is made on the sum per rate and then rounded, never line by line. A rate may be taken on the line, on the line with
the taxes before it, or on those taxes alone. What a request says of its taxes stands above what would be computed.
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
NO_TAX = "NON"
_INCLUSIVE = "TaxInclusive"


@dataclass(frozen=True, slots=True)
class Taxed:
    """One line as the tax sees it."""

    net: Decimal
    code: str
    gross: Decimal | None
    shipping: bool = False


@dataclass(frozen=True, slots=True)
class Rated:
    """One rate of a document with the amount it is taken on."""

    rate: Document
    base: Decimal


def decimal(value: Any) -> Decimal:
    """A number out of a document; missing is nought."""
    if type(value) is Decimal:
        return value
    return ZERO if value in (None, "") else Decimal(str(value))


def cents(value: Decimal) -> Decimal:
    """Rounded to cents, half up; a plain 0 when there is nothing."""
    rounded = value.quantize(CENT, ROUND_HALF_UP)
    return rounded if rounded else ZERO


def detail(books: Books, body: Document, taxed: Sequence[Taxed], discount: Decimal, subtotal: Decimal) -> Document:
    """`TxnTaxDetail` as stored."""
    sent = body.get("TxnTaxDetail") or {}
    calculation = body.get("GlobalTaxCalculation")
    if calculation == "NotApplicable" and sent:
        raise Refusal("6170", "TxnTaxDetail cannot be sent when GlobalTaxCalculation is NotApplicable")
    if books.country == "US" and calculation == _INCLUSIVE:
        raise Refusal("6000", "Business Validation Error: Tax inclusive amounts are not supported for this company.")
    if not books.preferences["TaxPrefs"].get("UsingSalesTax"):
        return {"TotalTax": ZERO}
    discounted = books.country != "US" or bool(body.get("ApplyTaxAfterDiscount"))
    share = discount / subtotal if discounted and subtotal else ZERO
    if books.country != "US":
        return _by_codes(books, body, sent, taxed, share)
    if books.preferences["TaxPrefs"].get("PartnerTaxEnabled"):
        return _by_engine(books, body, sent, taxed, share)
    return _by_document(books, sent, taxed, share)


# Outside the US: each line names a code, each code its rates


def _by_codes(books: Books, body: Document, sent: Document, taxed: Sequence[Taxed], share: Decimal) -> Document:
    rated = _line_rates(books, taxed)
    if sent.get("TaxLine"):
        return _sent(books, sent, {item.rate["Id"] for item in rated})
    lines = [_tax_line(item, share) for item in rated]
    total = sum((decimal(line["Amount"]) for line in lines), ZERO)
    if sent.get("TotalTax") is not None:
        total = _spread(lines, cents(decimal(sent["TotalTax"])))
    elif body.get("GlobalTaxCalculation") == _INCLUSIVE:
        total = _spread(lines, _included(taxed, lines, total, share))
    return {"TotalTax": cents(total), **({"TaxLine": lines} if lines else {})}


def _line_rates(books: Books, taxed: Sequence[Taxed]) -> list[Rated]:
    """Every rate of the codes on the lines with what it is taken on, in the order they first appear."""
    nets: dict[str, Decimal] = {}
    for line in taxed:
        nets[line.code] = nets.get(line.code, ZERO) + line.net
    found: dict[str, Rated] = {}
    for code, net in nets.items():
        for item in _code_rates(books, code, net):
            known = found.get(item.rate["Id"])
            found[item.rate["Id"]] = Rated(item.rate, item.base + (known.base if known else ZERO))
    return list(found.values())


def _code_rates(books: Books, code: str, net: Decimal) -> list[Rated]:
    """The rates of one code over a net amount, in their order: later ones may be taken on the earlier ones' tax."""
    entries = ((books.look("TaxCode", code) or {}).get("SalesTaxRateList") or {}).get("TaxRateDetail", [])
    found: list[Rated] = []
    taxes = ZERO
    for entry in sorted(entries, key=lambda entry: int(entry.get("TaxOrder") or 0)):
        id = entry["TaxRateRef"]["value"]
        rate = books.look("TaxRate", id) or books.require("TaxRate", id)
        on = entry.get("TaxTypeApplicable")
        base = {"TaxOnAmountPlusTax": net + taxes, "TaxOnTax": taxes}.get(on, net)
        found.append(Rated(rate, base))
        taxes += base * decimal(rate["RateValue"]) / 100
    return found


def _included(taxed: Sequence[Taxed], lines: Sequence[Document], computed: Decimal, share: Decimal) -> Decimal:
    """Tax inside the prices: what was asked from the buyer less the net amounts, as far as gross amounts were sent."""
    if not lines or any(line.gross is None for line in taxed):
        return computed
    gross = sum((decimal(line.gross) for line in taxed), ZERO)
    net = sum((line.net for line in taxed), ZERO)
    return cents(gross * (1 - share)) - (net - cents(net * share))


def _sent(books: Books, sent: Document, known: set[str]) -> Document:
    """Amounts by rate as they were sent: each rate once, and one of a code on the lines."""
    lines: list[Document] = []
    seen: set[str] = set()
    for line in sent["TaxLine"]:
        ref = (line.get("TaxLineDetail") or {}).get("TaxRateRef")
        rate = books.refer("TaxRate", ref, "TxnTaxDetail.TaxLine.TaxLineDetail.TaxRateRef")["Id"]
        if rate in seen or rate not in known:
            raise Refusal("6170", f"Invalid TxnTaxDetail : tax rate {rate} is named twice or by no tax code of a line")
        seen.add(rate)
        lines.append({**line, "Amount": cents(decimal(line.get("Amount"))), "DetailType": "TaxLineDetail"})
    total = sent.get("TotalTax")
    amount = sum((line["Amount"] for line in lines), ZERO) if total is None else decimal(total)
    return {**sent, "TotalTax": cents(amount), "TaxLine": lines}


# In the US: lines are taxed or not, the document or the engine picks the rates


def _by_document(books: Books, sent: Document, taxed: Sequence[Taxed], share: Decimal) -> Document:
    """A company without the engine: the document's code decides, over the sum of the lines marked TAX."""
    net = sum((line.net for line in taxed if line.code == "TAX"), ZERO)
    ref = sent.get("TxnTaxCodeRef")
    code = books.refer("TaxCode", ref, "TxnTaxDetail.TxnTaxCodeRef")["Id"] if ref else ""
    lines = [_tax_line(item, share) for item in _code_rates(books, code, net)] if code and net else []
    total = sum((decimal(line["Amount"]) for line in lines), ZERO)
    if sent.get("TaxLine"):
        return _sent(books, sent, {line["TaxLineDetail"]["TaxRateRef"]["value"] for line in lines})
    if sent.get("TotalTax") is not None:
        total = _spread(lines, cents(decimal(sent["TotalTax"])))
    made: Document = {"TotalTax": cents(total)}
    if code:
        made["TxnTaxCodeRef"] = {"value": code}
    return {**made, **({"TaxLine": lines} if lines else {})}


def _by_engine(books: Books, body: Document, sent: Document, taxed: Sequence[Taxed], share: Decimal) -> Document:
    """The engine picks code and rates by where the goods go, and taxes no shipping. A total that was sent stands above
    its own, spread over its rates; rates and codes that were sent do not count.
    """
    net = sum((line.net for line in taxed if line.code == "TAX" and not line.shipping), ZERO)
    code = str((books.preferences["TaxPrefs"].get("TaxGroupCodeRef") or {}).get("value", ""))
    due = bool(code and net) and _is_here(books, body) and _is_taxable(books, body)
    lines = [_tax_line(item, share) for item in _code_rates(books, code, net)] if due else []
    total = sum((decimal(line["Amount"]) for line in lines), ZERO)
    made: Document = {"TxnTaxCodeRef": {"value": code}} if due else {}
    told = sent.get("TotalTax")
    if told is not None and cents(decimal(told)) != cents(total):
        total = _spread(lines, cents(decimal(told)))
        made["TaxReviewStatus"] = "AST_TAX_OVERRIDE"
    return {"TotalTax": cents(total), **made, **({"TaxLine": lines} if lines else {})}


def _is_here(books: Books, body: Document) -> bool:
    """Whether the goods go where the company has to collect: here, its own state. No address is as good as its own."""
    home = (books.info.get("LegalAddr") or {}).get("CountrySubDivisionCode", "")
    for field in ("ShipAddr", "BillAddr"):
        region = (body.get(field) or {}).get("CountrySubDivisionCode")
        if region:
            return bool(str(region).casefold() == str(home).casefold())
    return True


def _is_taxable(books: Books, body: Document) -> bool:
    customer = books.look("Customer", str((body.get("CustomerRef") or {}).get("value", "")))
    return (customer or {}).get("Taxable") is not False


# Both


def _spread(lines: list[Document], total: Decimal) -> Decimal:
    """Make the lines add up to a total that was given; the last one takes the difference."""
    if lines:
        others = sum((decimal(line["Amount"]) for line in lines[:-1]), ZERO)
        lines[-1]["Amount"] = cents(total - others)
    return total


def _tax_line(rated: Rated, share: Decimal) -> Document:
    percent = decimal(rated.rate["RateValue"])
    taxable = cents(rated.base - rated.base * share)
    return {
        "Amount": cents(taxable * percent / 100),
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rated.rate["Id"]},
            "PercentBased": True,
            "TaxPercent": percent,
            "NetAmountTaxable": taxable,
        },
    }
