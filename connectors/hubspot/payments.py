"""Payments HubSpot knows of ("commerce payments"). Only read: the books say what was paid.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/commerce-payments/guide, read 2026-11-21.
"""

from __future__ import annotations

from connectors.contract import Raw, Ref, Resource, Text, Values
from connectors.hubspot.links import linked_to
from connectors.hubspot.records import Kind, archived
from connectors.hubspot.wire import amount, day, moment, text, told, value_of

METHODS = {
    "card": "card",
    "ach": "bank_transfer",
    "wire_transfer": "bank_transfer",
    "sepa": "bank_transfer",
    "bacs": "bank_transfer",
    "pads": "bank_transfer",
    "cash": "cash",
    "check": "check",
}


def read(raw: Raw) -> Values:
    """A payment's canonical values."""
    if archived(raw):
        return {}
    values: Values = {}
    for ours, theirs in (("number", "hs_reference_number"), ("currency", "hs_currency_code")):
        known, value = told(raw, theirs)
        if known:
            values[ours] = text(value)
    known, total = told(raw, "hs_initial_amount")
    if known:
        values["total"] = amount(total)
    known, paid_at = told(raw, "hs_initiated_date")
    if known:
        values["date"] = day(paid_at)
    known, method = told(raw, "hs_payment_method_type")
    if known:
        values["method"] = METHODS.get(str(method or ""), text(method))
    created = value_of(raw, "hs_createdate") or raw.get("createdAt")
    if created:
        values["created_at"] = moment(created)
    for name, entity, other in (("contact", "contact", "contacts"), ("sale", "sale", "invoices")):
        ids = linked_to(raw, other)
        if ids is not None:
            values[name] = Ref(entity, other, ids[0]) if ids else None
    return values


KIND = Kind("commerce_payments", links=("contacts", "invoices"))

PAYMENTS = Resource(
    name="payments",
    entity="payment",
    label=Text("Payments", "Paiements"),
    read=read,
    changed_at=lambda raw: value_of(raw, "hs_lastmodifieddate") or raw.get("updatedAt"),
    is_gone=archived,
    fetch=KIND.fetch,
    wires={
        "number": "hs_reference_number",
        "total": "hs_initial_amount",
        "date": "hs_initiated_date",
        "currency": "hs_currency_code",
        "method": "hs_payment_method_type",
        "created_at": "hs_createdate",
    },
    open_in_vendor="https://app.hubspot.com/contacts/{account}/record/0-101/{id}",
)
