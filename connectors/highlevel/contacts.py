"""Contacts. One may have no e-mail address, and where the location allows duplicates several may have the same.

A new contact with an address is written by `upsert`, so that a repeat meets what is there; but that call also takes a
contact of the same phone number for the same person, so the number is looked up first. Its `tags` would replace all of
the contact's: they are never sent. A change may not name the location, and cannot change the company's name.
Source: GoHighLevel/highlevel-api-docs:apps/contacts.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, Ref, Resource, Text, Values, Write
from connectors.contract.normal import normal_email, split_emails
from connectors.highlevel.brand import APP
from connectors.highlevel.errors import DUPLICATE, NOT_FOUND
from connectors.highlevel.wire import address, moment, text

# canonical -> wire
PLAIN = {
    "given_name": "firstName",
    "family_name": "lastName",
    "company": "companyName",
    "email": "email",
    "phone": "phone",
    "website": "website",
}
_ADDRESS = ("address1", "", "city", "state", "postalCode", "country")
_PARTS = (("city", "city"), ("region", "state"), ("postcode", "postalCode"))
ONLY_NEW = ("companyName", "source", "locationId")
MERGED, DELETED = "_mergedInto", "_deleted"


def read(raw: Raw) -> Values:
    """A contact's canonical values. Some answers tell names in small letters, with the true ones beside them."""
    if raw.get(MERGED) or raw.get(DELETED):
        return {}
    values: Values = {ours: text(_true(raw, theirs)) for ours, theirs in PLAIN.items() if theirs in raw}
    values["name"] = name_of(raw)
    values["address"] = address(raw, _ADDRESS)
    values["tags"] = sorted(str(tag) for tag in raw.get("tags") or ())
    values["created_at"] = moment(raw.get("dateAdded"))
    if "additionalEmails" in raw:
        values["other_emails"] = [found for item in raw["additionalEmails"] or () if (found := _mail(item))]
    return values


def _true(raw: Mapping[str, Any], name: str) -> Any:
    return raw.get(f"{name}Raw") or raw.get(name)


def _mail(item: Any) -> str | None:
    return normal_email(str(item.get("email") or "") if isinstance(item, Mapping) else str(item))


def name_of(raw: Mapping[str, Any]) -> str | None:
    """What people call a contact: the person, else the company, else the address."""
    person = " ".join(str(part) for name in ("firstName", "lastName") if (part := _true(raw, name)))
    return person or text(raw.get("companyName")) or text(raw.get("email"))


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The body. Of several addresses in one field the first goes; country only as a code of two letters."""
    sent: Payload = {}
    for ours, theirs in PLAIN.items():
        if ours in values:
            sent[theirs] = text(values[ours])
    if values.get("email"):
        found = split_emails(str(values["email"]))
        sent["email"] = found[0] if found else None
    if "address" in values:
        sent |= _address(values["address"] or {})
    if action != "create":
        return {name: value for name, value in sent.items() if name not in ONLY_NEW}
    sent = {name: value for name, value in sent.items() if value}
    if not any(sent.get(name) for name in ("firstName", "lastName", "email", "phone")):
        name = text(values.get("name") or values.get("company"))
        if not name:
            raise RecordRejected("HL-CONTACT-NAMELESS", field="name")
        sent["firstName"] = name
    return {**sent, "source": mark_of(values, context)}


def mark_of(values: Mapping[str, Any], context: Mapping[str, str]) -> str:
    """Where a contact comes from, as people see it, and by which one whose answer was lost is known again."""
    source = values.get("source")
    name = source.remote_id if isinstance(source, Ref) else str((source or {}).get("id") or "")
    return f"QuickBooks {context.get('realm', '')}:{name} (Bridge)".replace("  ", " ")


def _address(told: Mapping[str, Any]) -> Payload:
    street = ", ".join(str(told[name]) for name in ("line1", "line2") if told.get(name))
    found: Payload = {"address1": street or None}
    found |= {theirs: text(told.get(ours)) for ours, theirs in _PARTS}
    country = str(told.get("country") or "").strip().upper()
    if len(country) == 2 and country.isalpha():
        found["country"] = country
    if found["postalCode"] is None:  # the vendor takes no empty one
        found["postalCode"] = ""
    return found


def located(api: Api) -> str:
    """The location's id."""
    return api.context.get("account_id") or api.context.get("location", "")


def lookup(api: Api, email: str = "", phone: str = "") -> Raw | None:
    """The first contact with an address, or a number; None where there is none."""
    asked = {"locationId": located(api), **({"email": email} if email else {"number": phone})}
    found = api.get("/contacts/search/duplicate", asked).get("contact")
    return found if isinstance(found, dict) else None


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Add a contact, or meet the one with its address. RecordRejected: another person has its phone number."""
    email, phone = str(payload.get("email") or ""), str(payload.get("phone") or "")
    body = {**payload, "locationId": located(api)}
    if not email:
        return dict(api.post("/contacts/", body)["contact"])
    if phone and (other := lookup(api, phone=phone)) and normal_email(str(other.get("email") or "")) != email:
        params = {"existing": str(other.get("id") or ""), "field": "phone", "said": name_of(other) or "–"}
        raise RecordRejected(DUPLICATE, params=params, field="phone")
    return dict(api.post("/contacts/upsert", body)["contact"])


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Change just these fields."""
    body = {name: value for name, value in payload.items() if name not in ONLY_NEW}
    if not body:
        return fetch(api, remote_id)
    return dict(api.put(f"/contacts/{remote_id}", body)["contact"])


def fetch(api: Api, remote_id: str) -> Raw:
    """One contact as it is now."""
    return dict(api.get(f"/contacts/{remote_id}")["contact"])


def find(api: Api, write: Write) -> Raw | None:
    """What a lost write left: by address or number where it told one, else by the mark search knows after a while."""
    sent = write.payload
    if write.remote_id:
        try:
            there = fetch(api, write.remote_id)
        except RecordRejected as error:
            if error.code == NOT_FOUND:
                return None
            raise
        return there if _shows(there, sent) else None
    if sent.get("email"):
        return lookup(api, email=str(sent["email"]))
    if sent.get("phone"):
        there_or_none = lookup(api, phone=str(sent["phone"]))
        if there_or_none and there_or_none.get("source") == sent.get("source"):
            return there_or_none
    body = {
        "locationId": located(api),
        "pageLimit": 2,
        "filters": [{"field": "source", "operator": "eq", "value": sent.get("source")}],
    }
    rows = api.post("/contacts/search", body, reads=True).get("contacts") or []
    return dict(rows[0]) if rows else None


def _shows(raw: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    return all(str(raw.get(name) or "").lower() == str(value or "").lower() for name, value in sent.items())


CONTACTS = Resource(
    name="contacts",
    entity="contact",
    label=Text("Contacts", "Contacts"),
    read=read,
    changed_at="dateUpdated",
    is_gone=lambda raw: bool(raw.get(DELETED)),
    merged_into=lambda raw: str(raw[MERGED]) if raw.get(MERGED) else None,
    match_on=("email",),
    build=build,
    create=create,
    update=update,
    fetch=fetch,
    find=find,
    open_in_vendor=f"{APP}/v2/location/{{account}}/contacts/detail/{{id}}",
    wires={**PLAIN, "address": "address1, city, state, postalCode, country", "created_at": "dateAdded"},
)
