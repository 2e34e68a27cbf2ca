"""Payments of invoices, online or recorded by hand. No event tells of them: they are polled.

Source: GoHighLevel/highlevel-api-docs:apps/payments.json, read 2026-11-21.
"""

from __future__ import annotations

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.highlevel.receipts import common, provider_of
from connectors.highlevel.wire import text


def read(raw: Raw) -> Values:
    """The payment's canonical values."""
    invoice = str(raw.get("invoiceId") or raw.get("entityId") or "")
    return {
        **common(raw, "P"),
        "method": provider_of(raw),
        "sale": Ref("sale", "invoices", invoice) if invoice else None,
        "memo": text(raw.get("chargeId")),
    }


INVOICE_PAYMENTS = Resource(
    name="invoice_payments",
    entity="payment",
    label=Text("Payments of invoices", "Paiements de factures"),
    read=read,
    remote_id="_id",
    changed_at="updatedAt",
    page_size=100,
)
