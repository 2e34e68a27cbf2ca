"""Captures, seen as payments: an invoice of the store that is paid is money taken.

There is no "paid" flag on orders and several partial captures are normal. The day is that of the gateway's capture
where there was one, else that of the invoice. A cancelled invoice is gone; an open one is no payment yet.

Source: AdobeDocs/commerce-webapi:src/pages/rest/tutorials/orders/order-create-invoice.md (read 2026-11)
"""

from __future__ import annotations

from typing import Any

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.magento.wire import day, email, number, rate, rounded, store, text

OPEN, PAID, CANCELLED = 1, 2, 3


def is_payment(raw: Raw) -> bool:
    """Tell whether an invoice says something about money: paid, or cancelled after all, and not for nothing."""
    return raw.get("state") in (PAID, CANCELLED) and number(raw.get("grand_total")) != 0


def parse(raw: Raw) -> Values:
    """The payment's canonical values; the feed has put the order's number, buyer and method beside the invoice."""
    currency = str(raw["order_currency_code"])
    order: Any = raw.get("_order") or {}
    taken: Any = raw.get("_transaction") or {}
    who = email(order.get("customer_email"))
    zone = str(store(raw).get("time_zone") or "")
    return {
        "number": text(raw.get("increment_id")),
        "date": day(taken.get("created_at") or raw.get("created_at"), zone),
        "contact": Ref("contact", "buyers", who) if who else None,
        "email": who or None,
        "currency": currency,
        "home_currency": text(raw.get("base_currency_code")),
        "exchange_rate": rate(raw),
        "total": rounded(raw.get("grand_total"), currency),
        "method": text((order.get("payment") or {}).get("method")),
        "sale": Ref("sale", "orders", str(raw["order_id"])),
        "memo": text(raw.get("transaction_id")),
    }


CAPTURES = Resource(
    name="captures",
    entity="payment",
    label=Text("Payments", "Paiements"),
    read=parse,
    remote_id="entity_id",
    changed_at="updated_at",
    is_gone=lambda raw: raw.get("state") == CANCELLED,
    page_size=100,
)
