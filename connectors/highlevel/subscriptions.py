"""Subscriptions: who pays again and again, and how that stands. Read only; their money comes as charges, each a receipt
of its own.

A list tells the form they were taken out on, a single read also the product. Their own id is not the provider's, which
is the one charges name: here it is the number.
Source: GoHighLevel/highlevel-api-docs:apps/payments.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.highlevel.wire import TEST, moment, money, text


def read(raw: Raw) -> Values:
    """The subscription's canonical values. `status` is the vendor's own, or "test" for one in test mode."""
    currency, contact = str(raw.get("currency") or ""), str(raw.get("contactId") or "")
    return {
        "name": name_of(raw),
        "number": text(raw.get("subscriptionId")),
        "status": TEST if raw.get("liveMode") is False else text(raw.get("status")),
        "amount": money(raw.get("amount"), currency),
        "currency": currency or None,
        "contact": Ref("contact", "contacts", contact) if contact else None,
        "created_at": moment(raw.get("createdAt")),
    }


def name_of(raw: Mapping[str, Any]) -> str | None:
    """What it is for, where that is told, else where it was taken out."""
    inner, recurring = raw.get("entitySource"), raw.get("recurringProduct")
    product = recurring.get("product") if isinstance(recurring, Mapping) else None
    named = text(product.get("name")) if isinstance(product, Mapping) else None
    where = text(inner.get("name")) if isinstance(inner, Mapping) else None
    return named or text(raw.get("entitySourceName")) or where


SUBSCRIPTIONS = Resource(
    name="subscriptions",
    entity="subscription",
    label=Text("Subscriptions", "Abonnements"),
    read=read,
    remote_id="_id",
    changed_at="updatedAt",
    page_size=100,
)
