"""Sales, payments and refunds of a shop as the documents its books take.

Pure: the same source, policy and facts give the same document. What cannot be posted raises `CannotMap`, whose code and
params say why; what was posted with a remark says so in `Posted.warnings`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from bridge.engine.model import CannotMap
from bridge.engine.posting.amounts import HUNDRED, ZERO, amount_of, exact, quantum, rounded, shown
from bridge.engine.posting.folding import folded
from bridge.engine.posting.header import account_of, common, memo_of, note, places, want
from bridge.engine.posting.policy import Books, Policy
from bridge.engine.posting.sheet import Sheet, Warnings
from connectors.contract import Ref

RECEIPT = "sales_receipt"
CANCELLED = frozenset({"canceled", "cancelled", "void", "voided"})
# What holds a payment or sale only in name: it is right as it is, and needs nobody.
SKIPS = frozenset({"PAYMENTS-OFF", "PAYMENT-IN-RECEIPT", "PAYMENT-ZERO"})
_KEPT = ("email", "due_date", "billing_address", "shipping_address")
_OF_THE_SALE = ("contact", "currency", "home_currency", "exchange_rate", "store", "email", "billing_address",
                "shipping_address", "prices_include_tax")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posted:
    """Fields of the books' document in live form (Decimal, date, Ref), and remarks as (code, params).

    `action`: "write" it; "void" what was posted before; "flag" it, with just the fields that change. A sale that was
    never posted needs neither of the last two.

    Line amounts are net of tax and signed; a note has none. Where `prices_include_tax` is true each line also has
    `tax_amount`, signed, and these come to the document's tax.
    """

    values: dict[str, Any]
    warnings: tuple[tuple[str, Mapping[str, object]], ...] = ()
    action: Literal["write", "void", "flag"] = "write"


def post_sale(sale: Mapping[str, Any], policy: Policy, books: Books) -> Posted:
    """Return the invoice or sales receipt of an order. A cancelled one is voided or flagged, by the policy."""
    if str(sale.get("status") or "").lower() in CANCELLED:
        return _cancelled(sale, policy, books)
    warnings: Warnings = []
    document = document_of(sale, policy)
    values: dict[str, Any] = {"document": document}
    values |= common(sale, policy, books, _order_notes(sale, policy), warnings)
    values |= _sheet(Sheet(folded(sale, policy), policy, books), sale.get("store"), warnings)
    for name in _KEPT:
        if sale.get(name):
            values[name] = sale[name]
    _company(sale, policy, warnings)
    if document == RECEIPT:
        values.pop("due_date", None)
        values |= _received(sale, values["total"], policy, warnings)
    elif terms := policy.mapped("terms", sale.get("terms")) or policy.terms_id:
        values["terms_id"] = terms
    return Posted(values, tuple(warnings))


def post_payment(
    payment: Mapping[str, Any],
    sale: Mapping[str, Any],
    policy: Policy,
    books: Books,
    open_balance: Decimal | None = None,
) -> Posted:
    """Return a payment received, applied to its sale as far as that is open; the rest stays unapplied. A deposit whose
    sale is not in the books yet is unapplied as a whole, where the policy takes deposits so.

    `open_balance`: what the books still want for the sale; None: all of its total.
    """
    if not policy.payments:
        raise CannotMap("PAYMENTS-OFF")
    if policy.document == RECEIPT:
        raise CannotMap("PAYMENT-IN-RECEIPT")
    warnings: Warnings = []
    named = payment.get("sale")
    early = (
        policy.deposits == "unapplied" and isinstance(named, Ref) and not books.knows(named.resource, named.remote_id)
    )
    parent = named if early and isinstance(named, Ref) else _parent(payment, books)
    told = _with_sale(payment, sale)
    notes = [note(policy, "payment", number=payment.get("number") or "", order=sale.get("number") or "")]
    values: dict[str, Any] = {"document": "payment"}
    values |= common(told, policy, books, notes, warnings, reference=True)
    unit = quantum(values["currency"], books.rounded_to)
    total = exact(payment, "total", unit)
    if total <= 0:
        raise CannotMap("PAYMENT-ZERO", total=shown(total), currency=values["currency"])
    if sale.get("currency") not in (None, values["currency"]):
        raise CannotMap("PAYMENT-CURRENCY", currency=values["currency"], sale=sale["currency"])
    values["total"] = total
    values |= account_of(told, payment.get("method"), policy)
    if early:
        warnings.insert(0, ("DEPOSIT-UNAPPLIED", {"parent_key": f"{parent.resource}:{parent.remote_id}"}))
        values["applied"] = []
        return Posted(values, tuple(warnings))
    applied = min(total, max(amount_of(sale, "total", unit) if open_balance is None else open_balance, ZERO))
    values["applied"] = [{"document": parent, "amount": applied}] if applied else []
    if applied < total:
        warnings.append(("PAYMENT-OVER", {"unapplied": shown(total - applied), "currency": values["currency"]}))
    return Posted(values, tuple(warnings))


def post_refund(
    refund: Mapping[str, Any],
    sale: Mapping[str, Any],
    policy: Policy,
    books: Books,
    refunded: Decimal = ZERO,
) -> Posted:
    """Return the credit memo or refund receipt of a refund, line by line; goods go back to stock by the policy.

    `refunded`: what earlier refunds of the sale already gave back.
    """
    warnings: Warnings = []
    parent = _parent(refund, books)
    told = folded(_with_sale(refund, sale), policy)
    number, order = refund.get("number") or parent.remote_id, sale.get("number") or ""
    values: dict[str, Any] = {"document": _refund_document(refund, policy)}
    values |= common(told, policy, books, [note(policy, "refund", number=number, order=order)], warnings)
    sheet = Sheet(told, policy, books, refund=True)
    _not_too_large(sheet, sale, refunded)
    values |= _sheet(sheet, told.get("store"), warnings)
    for name in _KEPT:
        if told.get(name) and name != "due_date":
            values[name] = told[name]
    if values["document"] == "refund_receipt":
        values |= account_of(told, refund.get("method") or sale.get("payment_method"), policy)
    return Posted(values, tuple(warnings))


def post_contact(contact: Mapping[str, Any], policy: Policy) -> Posted:
    """Return how a buyer is named in the books: as a person, or as the organisation, falling back to the person."""
    name = contact.get("name") or " ".join(
        str(contact[part]) for part in ("given_name", "family_name") if contact.get(part)
    )
    name = str(name or contact.get("email") or "").strip()
    company = str(contact.get("company") or "").strip()
    if policy.customer != "company":
        return Posted({"name": name})
    if company:
        return Posted({"name": company, "company": company})
    return Posted({"name": name}, (("COMPANY-NOT-TOLD", {"name": name}),))


def name_apart(name: str, mark: str, longest: int) -> str:
    """Return a name with what tells it from others of the same: "Ann Lee (ann@example.com)"; the name gives way."""
    end = f" ({mark})"
    return name[: max(0, longest - len(end))].rstrip() + end


def compare(posted: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[str, dict[str, object]] | None:
    """Return how the books' own sums differ from what was posted, as (code, params); None when they agree.

    For books that compute tax themselves: only their answer tells what they made of it.
    """
    params: dict[str, object] = {"currency": posted.get("currency", "")}
    for name in ("total", "tax_total"):
        want, have = posted.get(name), kept.get(name)
        if want is None or have is None:
            continue
        params |= {f"{name}_sent": shown(want), f"{name}_kept": shown(have)}
        if want != have:
            params["difference"] = shown(have - want)
            return ("BOOKS-TOTAL-DIFFERS" if name == "total" else "BOOKS-TAX-DIFFERS", params)
    return None


def document_of(sale: Mapping[str, Any], policy: Policy) -> str:
    """Return what a sale becomes: what the policy says of all, or what it tells itself."""
    if policy.document != "told":
        return policy.document
    told = str(sale.get("document") or "")
    if told not in ("invoice", RECEIPT):
        raise CannotMap("SETTING-INVALID", setting="document", value=told)
    return told


# Parts


def _order_notes(sale: Mapping[str, Any], policy: Policy) -> list[str]:
    return [note(policy, "order", number=sale["number"])] if sale.get("number") else []


def _cancelled(sale: Mapping[str, Any], policy: Policy, books: Books) -> Posted:
    """Return what becomes of the document of an order that was cancelled after it was posted."""
    notes = [*_order_notes(sale, policy), note(policy, "cancelled")]
    warnings = (("SALE-CANCELLED", {"number": str(sale.get("number") or "")}),)
    action: Literal["void", "flag"] = "void" if policy.cancellations == "void" else "flag"
    return Posted({"memo": memo_of(notes, sale.get("memo"), books)} if action == "flag" else {}, warnings, action)


def _sheet(sheet: Sheet, store: object, warnings: Warnings) -> dict[str, Any]:
    """Return lines, taxes and total of a document, with class and location where the books keep them."""
    policy, books = sheet.policy, sheet.books
    found: dict[str, Any] = {}
    class_id, location = places(store, policy, books, warnings)
    if class_id and books.classes == "line":
        sheet.class_id = class_id
    elif class_id:
        found["class_id"] = class_id
    if location:
        found["location_id"] = location
    sheet.read()
    sheet.close()
    rows = sheet.rate_rows()
    found |= {
        "lines": sheet.lines,
        "taxes": rows,
        "tax_total": sheet.tax,
        "total": sheet.total,
        "prices_include_tax": sheet.inclusive,
    }
    warnings.extend(sheet.warnings)
    if books.computes_tax and policy.tax not in ("none", "fold"):
        if sheet.tax:
            warnings.append(("TAX-BY-BOOKS", {"amount": shown(sheet.tax), "currency": sheet.values["currency"]}))
    else:
        _say_forced(rows, sheet, warnings)
    return found


def _say_forced(rows: list[dict[str, Any]], sheet: Sheet, warnings: Warnings) -> None:
    """Say where the shop charged another tax than the books would have computed, by more than rounding explains."""
    slack = sheet.unit * max(sheet.policy.rounding_tolerance, 1)
    for row in rows:
        alone = rounded(row["net"] * row["percent"] / HUNDRED, sheet.unit)
        if abs(alone - row["amount"]) <= slack:
            continue
        others = sheet.tax - row["amount"]
        upon = rounded((row["net"] + others) * row["percent"] / HUNDRED, sheet.unit)
        if abs(upon - row["amount"]) > slack:
            params: dict[str, object] = {
                "charged": shown(row["amount"]),
                "computed": shown(alone),
                "percent": shown(row["percent"]),
                "currency": sheet.values["currency"],
            }
            warnings.append(("TAX-FORCED", params))


def _company(sale: Mapping[str, Any], policy: Policy, warnings: Warnings) -> None:
    """Say that the person is used where an order names no organisation; one that does not tell is not asked."""
    if policy.customer != "company":
        return
    address = sale.get("billing_address")
    if isinstance(address, Mapping) and "company" in address and not address["company"]:
        warnings.append(("COMPANY-NOT-TOLD", {"name": str(sale.get("email") or sale.get("number") or "")}))


def _received(sale: Mapping[str, Any], total: Decimal, policy: Policy, warnings: Warnings) -> dict[str, str]:
    """Return where a sales receipt's money lies; without recorded payments that is left to the books."""
    if isinstance(sale.get("balance"), Decimal) and sale["balance"] > 0:
        warnings.append(("RECEIPT-NOT-PAID", {"balance": shown(sale["balance"]), "currency": sale["currency"]}))
    if not policy.payments or not total:
        return {}
    return account_of(sale, sale.get("payment_method"), policy)


def _parent(values: Mapping[str, Any], books: Books) -> Ref:
    """Return the sale a payment or refund belongs to; it must be in the books, or on its way there."""
    parent = values.get("sale")
    if not isinstance(parent, Ref):
        raise CannotMap("SALE-NOT-TOLD", number=str(values.get("number") or ""))
    want(parent, books)
    return parent


def _with_sale(values: Mapping[str, Any], sale: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payment's or refund's values, with its sale's where it does not tell its own."""
    inherited = {name: sale[name] for name in _OF_THE_SALE if sale.get(name) is not None}
    return {**inherited, **{name: value for name, value in values.items() if value is not None}}


def _refund_document(refund: Mapping[str, Any], policy: Policy) -> str:
    """Return what a refund becomes: money that went out leaves an account only where incoming money was recorded."""
    if policy.refunds != "auto":
        return policy.refunds
    recorded = policy.payments or policy.document == RECEIPT
    return "refund_receipt" if recorded and refund.get("online") and refund.get("total") else "credit_memo"


def _not_too_large(sheet: Sheet, sale: Mapping[str, Any], refunded: Decimal) -> None:
    if sale.get("total") is None:
        return
    paid = amount_of(sale, "total", sheet.unit)
    if sheet.total + refunded > paid:
        raise CannotMap(
            "REFUND-TOO-LARGE",
            total=shown(sheet.total),
            refunded=shown(refunded),
            sale=shown(paid),
            currency=sheet.values["currency"],
        )
