"""Customers, seen as contacts. Sub-customers and projects are customers too.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Payload, Raw, Resource, Text, Values
from connectors.contract.parsing import instant
from connectors.quickbooks import bodies, names, writing
from connectors.quickbooks.reading import address, changed_at, is_gone, is_stub, money, ref_id, text


def parse(raw: Raw) -> Values:
    """A customer's canonical values. `email` is the field as it stands; it may hold several addresses."""
    if is_stub(raw):
        return {}
    get = raw.get
    meta = get("MetaData")
    values: Values = {
        "name": text(get("DisplayName")),
        "given_name": text(get("GivenName")),
        "family_name": text(get("FamilyName")),
        "company": text(get("CompanyName")),
        "email": _inner(get("PrimaryEmailAddr"), "Address"),
        "phone": _inner(get("PrimaryPhone"), "FreeFormNumber"),
        "mobile": _inner(get("Mobile"), "FreeFormNumber"),
        "address": address(get("BillAddr")),
        "website": _inner(get("WebAddr"), "URI"),
        "notes": text(get("Notes")),
        "active": get("Active", True),
        "balance": money(get("Balance")),
        "created_at": instant(meta.get("CreateTime")) if meta else None,
    }
    currency = ref_id(raw, "CurrencyRef")
    if currency:
        values["currency"] = currency
    return values


def _inner(found: Any, name: str) -> str | None:
    return text(found.get(name)) if found else None


def clean_name(name: str) -> str:
    """A name as the vendor takes it: no colon, tab or line break, single blanks."""
    return " ".join(name.replace(":", " ").split())


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """A customer's body, with just the fields in `values`. Balance is never written: it would book an opening entry."""
    payload: Payload = {}
    for name, wire in (("given_name", "GivenName"), ("family_name", "FamilyName"), ("company", "CompanyName")):
        bodies.put_text(payload, wire, values, name, action)
    bodies.put_text(payload, "Notes", values, "notes", action)
    if values.get("name"):  # cannot be emptied
        payload["DisplayName"] = clean_name(values["name"])
    for name, wire, inner in (
        ("email", "PrimaryEmailAddr", "Address"),
        ("phone", "PrimaryPhone", "FreeFormNumber"),
        ("mobile", "Mobile", "FreeFormNumber"),
        ("website", "WebAddr", "URI"),
    ):
        bodies.put_inner(payload, wire, inner, values, name, action)
    if "address" in values:
        bodies.put_address(payload, "BillAddr", values["address"], action)
    if "active" in values and action != "create":
        payload["Active"] = bool(values["active"])
    if action == "create" and values.get("currency") and context.get("multi_currency") == "true":
        payload["CurrencyRef"] = {"value": values["currency"]}  # fixed for life
    return payload


KIND = writing.Kind("customers", "Customer", "customer", natural_key="DisplayName")

# There is no call for it. Source: https://quickbooks.intuit.com/learn-support/en-us/help-article/manage-customers/
# merge-duplicate-customers-quickbooks-online/L6s6B3PQd_US_en_US (read 2026-11)
MERGE_STEPS = (
    Text(
        "Check that neither customer has sub-customers or projects; make them customers of their own first.",
        "Vérifiez qu’aucun des deux clients n’a de sous-clients ni de projets ; faites-en d’abord des clients à part.",
    ),
    Text(
        "In QuickBooks, open the customer to keep and copy its display name.",
        "Dans QuickBooks, ouvrez le client à garder et copiez son nom affiché.",
    ),
    Text(
        "Open the customer to drop, choose Edit (or Merge contacts), and give it exactly the same display name.",
        "Ouvrez le client à abandonner, choisissez Modifier (ou Fusionner les contacts) et donnez-lui exactement le "
        "même nom affiché.",
    ),
    Text(
        "Save, and answer Yes when QuickBooks asks whether to merge the two. It cannot be taken back there: the "
        "documents move to the customer you keep, and the other one becomes inactive.",
        "Enregistrez, puis répondez Oui quand QuickBooks demande s’il faut fusionner les deux. C’est sans retour "
        "là-bas : les documents passent au client gardé, et l’autre devient inactif.",
    ),
)

CUSTOMERS = Resource(
    name="customers",
    entity="contact",
    label=Text("Customers", "Clients"),
    read=parse,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_gone,
    match_on=("email",),
    build=build,
    create=KIND.create,
    update=KIND.update,
    remove=KIND.deactivate,
    fetch=KIND.fetch,
    find=KIND.find,
    bulk=KIND.bulk(),
    repeat="keyed",
    open_in_vendor="https://qbo.intuit.com/app/customerdetail?nameId={id}",
    merge_steps=MERGE_STEPS,
    wires=names.CUSTOMER,
)
