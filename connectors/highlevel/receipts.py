"""Money taken without an invoice, seen as sales paid at once: order forms, subscriptions, checkouts, calendars, stores,
payment links. Each charge is one, so that every renewal of a subscription is its own.

What was sold is told by the order behind a charge. Where a charge is not the order's whole amount it is for what
recurs in it, or for the rest, if that comes to just as much; else (an instalment, a price that changed) there is one
line of the amount charged. `posted_by` is told where the vendor's own books integration has
posted a charge already.
Source: GoHighLevel/highlevel-api-docs:apps/payments.json, docs/webhook events/OrderCreate.md, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.contract.normal import normal_email
from connectors.highlevel.lines import Item, Line, extra_line, item_of, lines_of, shared_discount, tax_name, united
from connectors.highlevel.subscriptions import name_of
from connectors.highlevel.wire import TEST, ZERO, day, moment, money, number, text

# What the feed puts beside a charge: its order, its subscription, and the charge read by itself.
ORDER, TAKEN_OUT, WHOLE = "_order", "_subscription", "_whole"
# How what was bought is called: by the source's type and subtype.
KINDS = {"funnel": "order_form", "membership": "checkout", "calendar": "calendar", "payment_link": "payment_link"}
INVOICE, SUBSCRIPTION = "invoice", "subscription"
SUCCEEDED = "succeeded"


def is_of_invoice(raw: Mapping[str, Any]) -> bool:
    """Whether a charge pays an invoice: that is a payment, not a sale."""
    return raw.get("entityType") == INVOICE or source_of(raw) == INVOICE


def source_of(raw: Mapping[str, Any]) -> str:
    """The vendor's word for where a charge came from, in a list's row as in a single read."""
    inner = raw.get("entitySource")
    return str(raw.get("entitySourceType") or (inner.get("type") if isinstance(inner, Mapping) else "") or "")


def kind_of(raw: Mapping[str, Any]) -> str:
    """Order form, subscription, checkout, calendar…"""
    found = source_of(raw)
    return SUBSCRIPTION if subscription_of(raw) else KINDS.get(found, found or "manual")


def subscription_of(raw: Mapping[str, Any]) -> str | None:
    """The number of the subscription a charge is for, as the provider has it; else the platform's own."""
    inner = raw.get(TAKEN_OUT)
    behind = text(inner.get("subscriptionId")) if isinstance(inner, Mapping) else None
    own = text(raw.get("entityId")) if raw.get("entityType") == SUBSCRIPTION else None
    return text(raw.get("subscriptionId")) or behind or own


def provider_of(raw: Mapping[str, Any]) -> str | None:
    """Who took the money; of what was recorded by hand, how it was paid."""
    inner = raw.get("paymentProvider")
    found = text(raw.get("paymentProviderType")) or (text(inner.get("type")) if isinstance(inner, Mapping) else None)
    how = raw.get("paymentMethod")
    by_hand = text(how.get("mode")) if isinstance(how, Mapping) else None
    return by_hand if found == "manual" and by_hand else found


def short(raw: Mapping[str, Any], letter: str) -> str:
    """A number for what has none: a letter, and the end of its id."""
    return f"{letter}-{str(raw['_id'])[-8:].upper()}"


def posted_by(raw: Mapping[str, Any]) -> str | None:
    """Whether the vendor's own books integration posted a charge, and as what."""
    whole = raw.get(WHOLE) or raw
    if not isinstance(whole, Mapping) or whole.get("qboSynced") is not True:
        return None
    answer = whole.get("qboResponse")
    return str((answer.get("Id") if isinstance(answer, Mapping) else "") or "?")


def common(raw: Raw, letter: str) -> Values:
    """What charges tell, whatever they are for."""
    currency = str(raw.get("currency") or "")
    contact, email = str(raw.get("contactId") or ""), text(raw.get("contactEmail"))
    return {
        "number": short(raw, letter),
        "date": day(raw.get("fulfilledAt") or raw.get("createdAt"), raw),
        "created_at": moment(raw.get("createdAt")),
        "contact": Ref("contact", "contacts", contact) if contact else None,
        "email": normal_email(email) or email,
        "currency": currency or None,
        "status": TEST if raw.get("liveMode") is False else text(raw.get("status")),
        "total": money(raw.get("amount"), currency),
        "posted_by": posted_by(raw),
    }


def read(raw: Raw) -> Values:
    """The sale's canonical values; without its order, as from before the first day, just what the charge tells."""
    values = {**common(raw, "R"), "document": "sales_receipt", "source": kind_of(raw)}
    total, currency = values["total"], str(values["currency"] or "")
    values |= {
        "updated_at": moment(raw.get("updatedAt")),
        "payment_method": provider_of(raw),
        "paid": total,
        "balance": ZERO,
        "memo": what_for(raw),
        "subscription": subscription_of(raw),
    }
    lines = lines_for(raw, total, currency)
    return {
        **values,
        "lines": lines,
        "taxes": united(lines),
        "tax_total": sum((line["tax_amount"] for line in lines), ZERO),
        "discount_total": sum((line["discount"] for line in lines), ZERO),
        "prices_include_tax": False,
    }


def what_for(raw: Mapping[str, Any]) -> str | None:
    """What a charge is called: where it was made, else the subscription's name."""
    inner = raw.get(TAKEN_OUT)
    return text(raw.get("entitySourceName")) or (name_of(inner) if isinstance(inner, Mapping) else None)


def lines_for(raw: Mapping[str, Any], total: Decimal, currency: str) -> list[Line]:
    """What was sold with a charge."""
    order = raw.get(ORDER)
    order = order if isinstance(order, Mapping) else {}
    rows = [item for item in order.get("items") or () if isinstance(item, Mapping)]
    if rows and money(order.get("amount"), currency) == total:
        return _of_order(order, rows, currency)
    recurring = [row for row in rows if _recurs(row)]
    for some in (recurring, [row for row in rows if not _recurs(row)]):
        lines = lines_of(_items(some), currency, None, None, None)
        if some and sum((line["amount"] + line["tax_amount"] for line in lines), ZERO) == total:
            return lines
    name = item_of(recurring[0], 1).name if len(recurring) == 1 else None
    return [extra_line("charge", "item", name or what_for(raw) or kind_of(raw), total)]


def _recurs(item: Mapping[str, Any]) -> bool:
    price = item.get("price")
    return isinstance(price, Mapping) and price.get("type") == "recurring"


def _items(rows: Sequence[Mapping[str, Any]]) -> list[Item]:
    return [item_of(row, at) for at, row in enumerate(rows, 1)]


def _of_order(order: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], currency: str) -> list[Line]:
    """The lines of a whole order, by its own sums."""
    items, sums = _items(rows), order.get("amountSummary") or {}
    told = [tax for tax in order.get("taxSummary") or () if isinstance(tax, Mapping)]
    if told and not any(item.taxes for item in items):
        for item in items:
            item.taxes = [(tax_name(tax), number(tax.get("rate"))) for tax in told]
    discount = money(sums.get("discount"), currency)
    shared_discount(items, discount)
    by_name: dict[str, Decimal] = {}
    for tax in told:
        by_name[tax_name(tax)] = by_name.get(tax_name(tax), ZERO) + money(tax.get("amount"), currency)
    whole = money(sums["tax"], currency) if sums.get("tax") is not None else None
    lines = lines_of(items, currency, discount, by_name, whole)
    shipping = money(sums.get("shipping"), currency)
    if shipping:
        lines.append(extra_line("shipping", "shipping", None, shipping))
    return lines


RECEIPTS = Resource(
    name="receipts",
    entity="sale",
    label=Text("Payments without an invoice", "Paiements sans facture"),
    read=read,
    remote_id="_id",
    changed_at="updatedAt",
    document="sales_receipt",
    page_size=100,
)
