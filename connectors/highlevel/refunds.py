"""Refunds. A charge tells only how much of it was given back in all, neither when nor in how many parts.

So a charge has one refund, of all that was given back so far: it grows with the charge, and reading everything anew
makes no second one. Its day is the one on which the charge last changed when this sum was first seen. A refund made at
the provider is seen only if the provider tells the platform; a charge marked as refunded without an amount waits for a
person.
Source: GoHighLevel/highlevel-api-docs:apps/payments.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.highlevel.lines import Line, extra_line, scaled, united
from connectors.highlevel.receipts import common, is_of_invoice, lines_for, provider_of, short
from connectors.highlevel.wire import ZERO, day, money, number, text

REFUNDED = "refunded"
SINCE = "_given_at"  # what the feed puts beside a charge: when what was given back became what it is


def is_refunded(raw: Mapping[str, Any]) -> bool:
    """Whether money of a charge went back. It may be so and be so no longer: the bank sent it back, and it was paid."""
    return number(raw.get("amountRefunded")) > 0 or raw.get("status") == REFUNDED


def read(raw: Raw) -> Values:
    """The refund's canonical values, its lines in proportion to what was given back."""
    if not is_refunded(raw):
        return {}
    values = common(raw, "F")
    currency = str(values["currency"] or "")
    given = money(raw.get("amountRefunded"), currency)
    of_invoice = is_of_invoice(raw)
    parent = str(raw.get("invoiceId") or raw.get("entityId") or "") if of_invoice else str(raw["_id"])
    lines: list[Line] = []
    if given:
        whole = values["total"]
        sold = [extra_line("refund", "item", text(raw.get("entitySourceName")), whole)]
        lines = scaled(sold if of_invoice else lines_for(raw, whole, currency), given, whole, currency)
    more: dict[str, Any] = {
        "date": day(raw.get(SINCE) or raw.get("updatedAt"), raw) or values["date"],
        "total": given,
        "sale": Ref("sale", "invoices" if of_invoice else "receipts", parent) if parent else None,
        "online": True,
        "method": provider_of(raw),
        "memo": short(raw, "P" if of_invoice else "R"),
        "lines": lines,
        "taxes": united(lines),
        "tax_total": sum((line["tax_amount"] for line in lines), ZERO),
        "prices_include_tax": False,
    }
    return {**values, **more}


REFUNDS = Resource(
    name="refunds",
    entity="refund",
    label=Text("Refunds", "Remboursements"),
    read=read,
    remote_id="_id",
    changed_at="updatedAt",
    is_gone=lambda raw: not is_refunded(raw),
    page_size=100,
)
