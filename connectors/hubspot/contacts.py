"""Contacts. One may have no e-mail address; each address, also a secondary one, belongs to one contact only.

Merging makes a new record: both old ids go on answering with the new one, which lists them.
Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, Resource, SyncError, Text, Values, Write
from connectors.contract.normal import split_emails
from connectors.hubspot.history import edits_of
from connectors.hubspot.places import read_address, write_address
from connectors.hubspot.properties import MARK, custom_fields, read_custom, write_custom
from connectors.hubspot.records import Kind, all_names, archived, read_one, read_some
from connectors.hubspot.wire import moment, objects, our_mark, shows, text, told, value_of, words

# canonical -> property
PLAIN = {
    "email": "email",
    "given_name": "firstname",
    "family_name": "lastname",
    "company": "company",
    "phone": "phone",
    "mobile": "mobilephone",
    "website": "website",
}
WIRES = {**PLAIN, "address": "address, city, state, zip, country", "created_at": "createdate"}
_NAMED = ("email", "firstname", "lastname")  # a contact needs one of these


def read(raw: Raw) -> Values:
    """A contact's canonical values. `email` is the primary address."""
    if archived(raw):
        return {}
    values: Values = {}
    for ours, theirs in (*PLAIN.items(), ("language", "hs_language")):
        known, value = told(raw, theirs)
        if known:
            values[ours] = text(value)
    values["name"] = name_of(raw)
    if told(raw, "hs_additional_emails")[0]:
        values["other_emails"] = other_emails(raw)
    known, address = read_address(raw)
    if known:
        values["address"] = address
    known, created = told(raw, "createdate")
    if known or raw.get("createdAt"):
        values["created_at"] = moment(created or raw.get("createdAt"))
    return {**values, **read_custom("contacts", raw)}


def name_of(raw: Raw) -> str | None:
    """What people call a contact: the name, else the company, else the address."""
    person = " ".join(str(value) for name in ("firstname", "lastname") if (value := value_of(raw, name)))
    return person or text(value_of(raw, "company")) or text(value_of(raw, "email"))


def other_emails(raw: Raw) -> list[str]:
    """The secondary addresses."""
    return split_emails(str(value_of(raw, "hs_additional_emails") or "").replace(";", ","))


def merged_into(raw: Raw) -> str | None:
    """The survivor, of a record that was merged away."""
    return str(raw["mergedInto"]) if raw.get("mergedInto") else None


def merged_stubs(raw: Raw) -> list[Raw]:
    """What is left of the records that went into this one, as documents of their own."""
    gone = str(value_of(raw, "hs_merged_object_ids") or "").split(";")
    here = str(raw["id"])
    return [
        {"id": old, "mergedInto": here} for old in dict.fromkeys(part.strip() for part in gone) if old not in ("", here)
    ]


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The properties named in `values`. A field of the books may hold several addresses: the first valid one goes, and
    one that is no address at all is left out.
    """
    sent: dict[str, str] = {}
    for ours, theirs in PLAIN.items():
        if ours not in values:
            continue
        if ours == "email" and values[ours]:
            addresses = split_emails(str(values[ours]))
            if addresses:
                sent[theirs] = addresses[0]
        else:
            sent[theirs] = words(values[ours])
    if "address" in values:
        sent |= write_address(values["address"])
    write_custom(values, sent)
    if action == "create":
        sent = {name: value for name, value in sent.items() if value}
        _name(sent, values)
        sent |= {MARK: mark} if (mark := our_mark(values, context)) else {}
    return {"properties": sent}


def _name(sent: dict[str, str], values: Mapping[str, Any]) -> None:
    """A firm without an address has its name where people have theirs: the vendor takes no contact without one."""
    if any(sent.get(name) for name in _NAMED):
        return
    name = words(values.get("name") or values.get("company"))
    if not name:
        raise RecordRejected("HS-CONTACT-NAMELESS", field="email")
    sent["lastname"] = name


def _address_of(payload: Payload) -> str:
    return str(payload["properties"].get("email") or "").lower()


def refused(api: Api, met: Sequence[tuple[Payload, SyncError]]) -> list[SyncError]:
    """Say who has the address that stands in the way of each of these writes."""
    addresses = [address for payload, _ in met if (address := _address_of(payload))]
    ids = [str(error.params["existing"]) for _, error in met if error.params.get("existing")]
    names = ("email", "hs_additional_emails", "firstname", "lastname", "company", MARK)
    rows = read_some(api, "contacts", ids, names) if ids else []
    if addresses and len(rows) < len(met):
        rows += read_some(api, "contacts", addresses, names, by="email")
    return [_named(payload, error, rows) for payload, error in met]


def _named(payload: Payload, error: SyncError, rows: Sequence[Raw]) -> SyncError:
    address, existing = _address_of(payload), str(error.params.get("existing") or "")
    holder = next((row for row in rows if address and address in _addresses(row)), None)
    holder = holder or next((row for row in rows if str(row["id"]) == existing), None)
    if holder is None:
        return error
    is_secondary = address in other_emails(holder) and address != str(value_of(holder, "email") or "").lower()
    params = {**error.params, "email": address, "contact": name_of(holder) or "?", "existing": str(holder["id"])}
    code = "HS-EMAIL-SECONDARY" if is_secondary else "HS-EMAIL-TAKEN"
    return RecordRejected(code, params=params, detail=error.detail, field="email", request_id=error.request_id)


def _addresses(raw: Raw) -> set[str]:
    return {str(value_of(raw, "email") or "").lower(), *other_emails(raw)}


KIND = Kind("contacts", refused=refused, twice=_address_of)


def find(api: Api, write: Write) -> Raw | None:
    """What a lost write left behind: by our mark, and where it has none by the address, primary or secondary."""
    found = KIND.find(api, write)
    sent = write.payload.get("properties") or {}
    if found or write.action != "create" or sent.get(MARK) or not sent.get("email"):
        return found
    rows = read_some(api, "contacts", [sent["email"]], all_names(api, "contacts"), by="email")
    return rows[0] if rows and shows(rows[0], sent) else None


def merge(api: Api, keep: str, drop: str) -> Raw:
    """Make one contact of two, for good; the survivor may have an id of its own."""
    made = api.post(objects("contacts", "/merge"), {"primaryObjectId": keep, "objectIdToMerge": drop})
    try:
        return read_one(api, "contacts", str(made["id"]))
    except SyncError:
        return made  # it is merged, whatever reading it says


CONTACTS = Resource(
    name="contacts",
    entity="contact",
    label=Text("Contacts", "Contacts"),
    read=read,
    changed_at=lambda raw: value_of(raw, "lastmodifieddate") or raw.get("updatedAt"),
    is_gone=archived,
    merged_into=merged_into,
    match_on=("email",),
    build=build,
    create=KIND.create,
    update=KIND.update,
    remove=KIND.archive,
    fetch=KIND.fetch,
    find=find,
    bulk=KIND.bulk(),
    repeat="harmless",  # a second create meets our mark
    open_in_vendor="https://app.hubspot.com/contacts/{account}/record/0-1/{id}",
    custom=custom_fields("contacts"),
    wires=WIRES,
    edits=edits_of("contacts", WIRES),
    merge=merge,
)
