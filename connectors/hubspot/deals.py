"""Deals. People make them and say which invoices belong to them; we write the figures of the newest one.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/deals/guide, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import Payload, Raw, Ref, Resource, Text, Values
from connectors.hubspot.links import linked_to
from connectors.hubspot.records import Kind, archived
from connectors.hubspot.statuses import engine_word, status_word
from connectors.hubspot.wire import a_day, amount, day, moment, number, text, told, value_of, words

# canonical, property, wire -> canonical, canonical -> wire
NEWEST: tuple[tuple[str, str, Callable[[Any], Any], Callable[[Any], str]], ...] = (
    ("newest_number", "qbo_invoice_number", text, words),
    ("newest_date", "qbo_invoice_date", day, a_day),
    ("newest_due_date", "qbo_invoice_due_date", day, a_day),
    ("newest_total", "qbo_invoice_total", amount, number),
    ("newest_balance", "qbo_invoice_balance", amount, number),
    ("newest_status", "qbo_invoice_status", engine_word, status_word),
    ("newest_currency", "qbo_invoice_currency", text, words),
)
_PLAIN: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("name", "dealname", text),
    ("amount", "amount", amount),
    ("currency", "deal_currency_code", text),
    ("stage", "dealstage", text),
    ("date", "closedate", day),
)


def read(raw: Raw) -> Values:
    """A deal's canonical values, with the invoices people put to it, the oldest first."""
    if archived(raw):
        return {}
    values: Values = {}
    for ours, theirs, how in (*_PLAIN, *((ours, theirs, how) for ours, theirs, how, _ in NEWEST)):
        known, value = told(raw, theirs)
        if known:
            values[ours] = how(value)
    created = value_of(raw, "hs_createdate") or value_of(raw, "createdate") or raw.get("createdAt")
    if created:
        values["created_at"] = moment(created)
    contacts, invoices = linked_to(raw, "contacts"), linked_to(raw, "invoices")
    if contacts is not None:
        values["contact"] = Ref("contact", "contacts", contacts[0]) if contacts else None
    if invoices is not None:
        values["invoices"] = [Ref("sale", "invoices", one) for one in sorted(invoices, key=int)]
    return values


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """What we say about the newest invoice, and nothing else."""
    return {"properties": {theirs: write(values[ours]) for ours, theirs, _, write in NEWEST if ours in values}}


KIND = Kind("deals", links=("contacts", "invoices"))

DEALS = Resource(
    name="deals",
    entity="deal",
    label=Text("Deals", "Transactions"),
    read=read,
    changed_at=lambda raw: value_of(raw, "hs_lastmodifieddate") or raw.get("updatedAt"),
    is_gone=archived,
    build=build,
    update=KIND.update,
    fetch=KIND.fetch,
    find=KIND.find,
    bulk=KIND.bulk(("update",)),
    repeat="harmless",
    wires={**{ours: theirs for ours, theirs, _ in _PLAIN}, **{ours: theirs for ours, theirs, _, _ in NEWEST}},
    open_in_vendor="https://app.hubspot.com/contacts/{account}/record/0-3/{id}",
)
