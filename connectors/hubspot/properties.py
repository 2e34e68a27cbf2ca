"""Properties: what we read, what we add to an account, and what its people added.

Ours lie in a group of their own, are made before the first write that needs them, and stay when we go. One of them,
`qbo_id`, is unique: it is what makes a repeated create harmless.
Source: https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide, read 2026-11-21.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from connectors.contract import (
    CUSTOM,
    Api,
    CustomFields,
    OutcomeUnknown,
    Payload,
    Raw,
    RecordRejected,
    SettingInvalid,
    Text,
    Values,
    VendorUnavailable,
)
from connectors.hubspot.errors import CONFLICT, EXISTS, row_error
from connectors.hubspot.wire import number, properties, text, value_of

GROUP = "bridge"
GROUP_LABEL = "Bridge (QuickBooks)"
MARK = "qbo_id"
STATUSES = (
    ("open", Text("Open", "Ouverte")),
    ("partly_paid", Text("Partly paid", "Payée en partie")),
    ("paid", Text("Paid", "Payée")),
    ("void", Text("Void", "Annulée")),
)


@dataclass(frozen=True, slots=True)
class Own:
    """One property of ours. `kind`: text, number, date or status."""

    name: str
    label: Text
    kind: str = "text"
    unique: bool = False


_MARK = Own(MARK, Text("QuickBooks: record", "QuickBooks : enregistrement"), unique=True)
OWN: Mapping[str, tuple[Own, ...]] = {
    "contacts": (_MARK,),
    "products": (_MARK,),
    "invoices": (
        _MARK,
        Own("qbo_number", Text("QuickBooks: number", "QuickBooks : numéro")),
        Own("qbo_date", Text("QuickBooks: date", "QuickBooks : date"), "date"),
        Own("qbo_due_date", Text("QuickBooks: due date", "QuickBooks : échéance"), "date"),
        Own("qbo_subtotal", Text("QuickBooks: subtotal", "QuickBooks : sous-total"), "number"),
        Own("qbo_discount", Text("QuickBooks: discount", "QuickBooks : remise"), "number"),
        Own("qbo_tax", Text("QuickBooks: taxes", "QuickBooks : taxes"), "number"),
        Own("qbo_total", Text("QuickBooks: total", "QuickBooks : total"), "number"),
        Own("qbo_balance", Text("QuickBooks: balance due", "QuickBooks : solde dû"), "number"),
        Own("qbo_status", Text("QuickBooks: status", "QuickBooks : état"), "status"),
        Own("qbo_currency", Text("QuickBooks: currency", "QuickBooks : devise")),
    ),
    "deals": (
        Own("qbo_invoice_number", Text("Newest invoice: number", "Dernière facture : numéro")),
        Own("qbo_invoice_date", Text("Newest invoice: date", "Dernière facture : date"), "date"),
        Own("qbo_invoice_due_date", Text("Newest invoice: due date", "Dernière facture : échéance"), "date"),
        Own("qbo_invoice_total", Text("Newest invoice: total", "Dernière facture : total"), "number"),
        Own("qbo_invoice_balance", Text("Newest invoice: balance due", "Dernière facture : solde dû"), "number"),
        Own("qbo_invoice_status", Text("Newest invoice: status", "Dernière facture : état"), "status"),
        Own("qbo_invoice_currency", Text("Newest invoice: currency", "Dernière facture : devise")),
    ),
}
# What the definition of each kind needs, when it is ours to make.
SCHEMA_SCOPES = {
    "contacts": "crm.schemas.contacts.write",
    "products": "e-commerce",
    "invoices": "crm.schemas.invoices.write",
    "deals": "crm.schemas.deals.write",
}
_TYPES = {
    "text": {"type": "string", "fieldType": "text"},
    "number": {"type": "number", "fieldType": "number"},
    "date": {"type": "date", "fieldType": "date"},
    "status": {"type": "enumeration", "fieldType": "select"},
}
# The vendor's own that we read. Those an account does not have are left out of its answers.
READ: Mapping[str, tuple[str, ...]] = {
    "contacts": (
        *("email", "hs_additional_emails", "firstname", "lastname", "company", "phone", "mobilephone", "website"),
        *("address", "city", "state", "zip", "country", "hs_language", "createdate", "lastmodifieddate"),
        "hs_merged_object_ids",
    ),
    "products": (
        *("name", "hs_sku", "description", "price", "hs_cost_of_goods_sold", "hs_product_type", "hs_pricing_model"),
        *("createdate", "hs_createdate", "hs_lastmodifieddate"),
    ),
    "invoices": (
        *("hs_number", "hs_title", "hs_currency", "hs_invoice_date", "hs_due_date", "hs_invoice_status"),
        *("hs_invoice_billable", "hs_invoice_source", "hs_object_source", "hs_comments", "hs_amount_billed"),
        *("hs_amount_paid", "hs_balance_due", "hs_createdate", "hs_lastmodifieddate"),
    ),
    "line_items": (
        *("name", "description", "hs_sku", "hs_product_id", "quantity", "price", "amount", "discount"),
        "hs_discount_percentage",
    ),
    "commerce_payments": (
        *("hs_initial_amount", "hs_initiated_date", "hs_currency_code", "hs_latest_status", "hs_payment_method_type"),
        *("hs_reference_number", "hs_refunds_amount", "hs_customer_email", "hs_createdate", "hs_lastmodifieddate"),
    ),
    "deals": (
        *("dealname", "dealstage", "pipeline", "amount", "deal_currency_code", "closedate", "hs_createdate"),
        *("createdate", "hs_lastmodifieddate"),
    ),
    "notes": ("hs_note_body", "hs_timestamp", "hs_lastmodifieddate"),
}
# Kinds whose people may add fields that we read and write.
HAS_CUSTOM = frozenset({"contacts", "products", "invoices"})


def own_names(kind: str) -> tuple[str, ...]:
    """The names of our properties of a kind."""
    return tuple(item.name for item in OWN.get(kind, ()))


def read_names(kind: str, custom: Sequence[str] = ()) -> list[str]:
    """What to ask for: the vendor's, ours, and the account's own."""
    return list(dict.fromkeys((*READ[kind], *own_names(kind), *custom)))


# What is defined, asked once for each opened account


@dataclass(slots=True)
class _Known:
    lock: threading.Lock
    definitions: dict[str, dict[str, Raw]]
    whole: set[str]


_KNOWN: WeakKeyDictionary[Any, _Known] = WeakKeyDictionary()
_KNOWN_LOCK = threading.Lock()


def _memory(api: Api) -> _Known:
    with _KNOWN_LOCK:
        found = _KNOWN.get(api)
        if found is None:
            found = _KNOWN[api] = _Known(threading.Lock(), {}, set())
        return found


def definitions(api: Api, kind: str) -> dict[str, Raw]:
    """The definitions of a kind by name."""
    memory = _memory(api)
    with memory.lock:
        return _definitions(api, memory, kind)


def _definitions(api: Api, memory: _Known, kind: str) -> dict[str, Raw]:
    if kind not in memory.definitions:
        rows = api.get(properties(kind), {"archived": False}).get("results", [])
        memory.definitions[kind] = {str(row["name"]): row for row in rows if not row.get("archived")}
    return memory.definitions[kind]


def ensure(api: Api, kind: str) -> None:
    """Make our properties where they are missing. SettingInvalid names the right that is lacking, or the property
    somebody else made in another way.
    """
    memory = _memory(api)
    with memory.lock:
        if kind in memory.whole:
            return
        known = _definitions(api, memory, kind)
        for item in OWN[kind]:
            if item.name in known and not _is_ours(item, known[item.name]):
                raise SettingInvalid("HS-PROPERTY-TAKEN", params={"property": item.name, "kind": kind}, field=item.name)
        missing = [item for item in OWN[kind] if item.name not in known]
        if missing:
            made = {str(row["name"]): row for row in _make(api, kind, missing)}
            known.update(made)
            if len(made) < len(missing):  # somebody else made some meanwhile
                memory.definitions.pop(kind)
        memory.whole.add(kind)


def _is_ours(item: Own, definition: Raw) -> bool:
    """Whether a property of our name is what ours is."""
    is_same = str(definition.get("type")) == _TYPES[item.kind]["type"]
    return is_same and not (item.unique and definition.get("hasUniqueValue") is False)


def clashes(api: Api, kind: str) -> list[str]:
    """The names of ours that somebody else made, in another way; none where we may not look."""
    try:
        known = definitions(api, kind)
    except SettingInvalid:
        return []
    return [item.name for item in OWN[kind] if item.name in known and not _is_ours(item, known[item.name])]


def _make(api: Api, kind: str, missing: Sequence[Own]) -> list[Raw]:
    """Make these, and return those that were made; one that is there already is fine."""
    scope = SCHEMA_SCOPES[kind]
    granted = api.context.get("scopes", "").split()
    if granted and scope not in granted:
        raise SettingInvalid("HS-SCOPE", params={"scopes": scope, "said": ""}, field=scope)
    try:
        make_group(api, kind)
        rows = [definition(item, api.context.get("language", "en")) for item in missing]
        answer = api.post(properties(kind, "/batch/create"), {"inputs": rows})
    except SettingInvalid as error:
        if not error.params.get("scopes"):
            error.params["scopes"] = scope
        raise
    except RecordRejected as error:
        if error.code not in (EXISTS, CONFLICT):
            raise
        return []
    except OutcomeUnknown as error:
        # No record was written yet: whether the properties are there by now shows when they are made again.
        raise VendorUnavailable(error.code, params=error.params, detail=error.detail) from error
    for row in answer.get("errors") or ():
        error_of_row = row_error(row)
        if error_of_row.code not in (EXISTS, CONFLICT):
            raise error_of_row
    return list(answer.get("results") or ())


def make_group(api: Api, kind: str) -> None:
    """Our group; one that is there is fine."""
    try:
        api.post(properties(kind, "/groups"), {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1})
    except RecordRejected as error:
        if error.code not in (EXISTS, CONFLICT):
            raise


def definition(item: Own, language: str) -> Payload:
    """The body that makes one of ours."""
    body: Payload = {
        "name": item.name,
        "label": item.label.say(language),
        "groupName": GROUP,
        "description": Text("Written by Bridge.", "Inscrit par Bridge.").say(language),
        **_TYPES[item.kind],
    }
    if item.unique:
        body["hasUniqueValue"] = True
    if item.kind == "status":
        body["options"] = [
            {"value": value, "label": label.say(language), "displayOrder": place, "hidden": False}
            for place, (value, label) in enumerate(STATUSES)
        ]
    return body


# The account's own


def custom_names(api: Api, kind: str) -> list[str]:
    """The names of properties people added and that may be written."""
    return [name for name, _ in listed(api, kind)] if kind in HAS_CUSTOM else []


def listed(api: Api, kind: str) -> list[tuple[str, str]]:
    """(name, label) of each property people added and that may be written."""
    ours = set(own_names(kind))
    return [
        (name, str(row.get("label") or name))
        for name, row in sorted(definitions(api, kind).items())
        if name not in ours and _is_custom(row)
    ]


def _is_custom(row: Raw) -> bool:
    locked = (row.get("modificationMetadata") or {}).get("readOnlyValue")
    return not (row.get("hubspotDefined") or row.get("calculated") or row.get("hidden") or locked)


def make(api: Api, label: str, kind: str) -> str:
    """Add a text property in our group and return its name. One of the same label that people or we added is taken;
    a name somebody uses for something else gets a number.
    """
    for name, known in listed(api, kind):
        if known.strip().lower() == label.strip().lower():
            return name
    taken = definitions(api, kind)
    base = slug(label)
    names = [base, *(f"{base}_{number}" for number in range(2, 20))]
    name = next((name for name in names if name not in taken), names[-1])
    make_group(api, kind)
    body = {"name": name, "label": label.strip(), "groupName": GROUP, "type": "string", "fieldType": "text"}
    try:
        api.post(properties(kind), body)
    except RecordRejected as error:
        if error.code not in (EXISTS, CONFLICT):
            raise
    memory = _memory(api)
    with memory.lock:
        memory.definitions.pop(kind, None)
    return name


def slug(label: str) -> str:
    """A name as the vendor takes it: small letters without accents, digits and underlines, a letter first."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:80]
    return found if found[:1].isalpha() else f"field_{found}".rstrip("_")


def custom_fields(kind: str) -> CustomFields:
    """What people may add to a kind."""
    return CustomFields(listed=partial(listed, kind=kind), make=partial(make, kind=kind))


def read_custom(kind: str, raw: Raw) -> Values:
    """The account's own properties a record tells, as text: all that are neither the vendor's nor ours."""
    known = {*READ[kind], *own_names(kind), "hs_object_id"}
    values = raw.get("properties") or {}
    return {
        CUSTOM + name: text(value_of(raw, name)) for name in values if name not in known and not name.startswith("hs_")
    }


def write_custom(values: Mapping[str, Any], payload: dict[str, str]) -> None:
    """Put "custom." values into the properties of a write."""
    for name, value in values.items():
        if name.startswith(CUSTOM):
            payload[name.removeprefix(CUSTOM)] = _as_text(value)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ";".join(str(item) for item in value)
    return number(value) if not isinstance(value, str) and hasattr(value, "as_tuple") else str(value)
