"""Contacts: create, upsert, change, tags, workflows, search and the lookup of duplicates.

Source: GoHighLevel/highlevel-api-docs:apps/contacts.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.core import Document, Response
from connectors.sandbox.highlevel import search
from connectors.sandbox.highlevel.call import WRONG_PLACE, Call
from connectors.sandbox.highlevel.place import Location
from connectors.sandbox.highlevel.wire import (
    Refusal,
    Shape,
    answer,
    milliseconds,
    no_contact,
    nobody_serves,
    parse_moment,
    query_count,
    query_text,
    trace,
    unfit,
)

TEXT = Shape(nullable=True)
UPDATE: Mapping[str, Shape] = {
    "firstName": TEXT,
    "lastName": TEXT,
    "name": TEXT,
    "email": Shape(nullable=True, mail=True),
    "phone": TEXT,
    "address1": TEXT,
    "city": TEXT,
    "state": TEXT,
    "postalCode": Shape(),
    "website": TEXT,
    "timezone": TEXT,
    "dnd": Shape("flag"),
    "dndSettings": Shape("thing"),
    "inboundDndSettings": Shape("thing"),
    "tags": Shape("list", row=Shape()),
    "customFields": Shape("list", inner={"id": Shape(), "key": Shape()}),
    "source": TEXT,
    "dateOfBirth": TEXT,
    "country": Shape(least=2, most=2),
    "assignedTo": TEXT,
}
CREATE: Mapping[str, Shape] = {
    **UPDATE,
    "locationId": Shape(needed=True, least=1),
    "gender": Shape(),
    "companyName": TEXT,
    "source": Shape(),
    "assignedTo": Shape(),
}
UPSERT: Mapping[str, Shape] = {**CREATE, "createNewIfDuplicateAllowed": Shape("flag")}
KEPT = (
    "firstName", "lastName", "email", "phone", "companyName", "address1", "city", "state", "postalCode", "country",
    "website", "timezone", "source", "dnd", "dateOfBirth", "assignedTo",
)  # fmt: skip
# Changes of these alone say ContactUpdate; tags and DND have events of their own.
TOLD_APART = {"tags": "ContactTagUpdate", "dnd": "ContactDndUpdate"}
CALLING_CODES = {"CA": "1", "US": "1"}
OLD_PAGE = 100
MOST_MILLISECONDS = 14  # digits: until the year 5138


def serve(call: Call, parts: list[str]) -> Response:
    """`/contacts/…`; `parts` is what follows."""
    match call.method, parts:
        case "POST", ["search"]:
            call.need("contacts.readonly")
            return _search(call)
        case "GET", ["search", "duplicate"]:
            call.need("contacts.readonly")
            return _duplicate(call)
        case "POST", ["upsert"]:
            call.need("contacts.write")
            return _upsert(call)
        case "POST", [""]:
            call.need("contacts.write")
            body = call.body(CREATE, closed=True)
            location = call.at(body["locationId"])
            refuse_double(location, body)
            return answer({"contact": create(location, body), "traceId": trace()}, 201)
        case "GET", [""]:
            call.need("contacts.readonly")
            return _old_list(call)
        case "GET", [id]:
            call.need("contacts.readonly")
            return answer({"contact": known(call, id)[1], "traceId": trace()})
        case "PUT", [id]:
            call.need("contacts.write")
            return _update(call, id)
        case "POST", [id, "tags"]:
            call.need("contacts.write")
            return _tags(call, id)
        case "POST", [id, "workflow", workflow]:
            call.need("contacts.write")
            return _enrol(call, id, workflow)
    raise nobody_serves(call.request)


def known(call: Call, id: str) -> tuple[Location, Document]:
    """A contact of the token's location. Raises `Refusal`."""
    location = call.own()
    if id in location.contacts:
        return location, location.contacts[id]
    if any(id in one.contacts for one in call.locations.values()):
        raise Refusal(403, WRONG_PLACE)
    raise no_contact(id)


# Reading


def _search(call: Call) -> Response:
    body = call.body(search.BODY, closed=True)
    location = call.at(body["locationId"])
    rows, total = search.find(location, body)
    if location.world.settings.lowercase_names:
        rows = [_lowered(row) for row in rows]
    return answer({"contacts": location.world.kept(rows), "total": total, "traceId": trace()})


def _lowered(row: Document) -> Document:
    names = {name: row.get(name) for name in ("firstName", "lastName")}
    raw = {f"{name}Raw": value for name, value in names.items()}
    return {**row, **{name: value.lower() if value else value for name, value in names.items()}, **raw}


def _duplicate(call: Call) -> Response:
    location = call.located()
    mail, number = query_text(call.request, "email"), query_text(call.request, "number")
    if not mail and not number:
        raise unfit("email or number should not be empty")
    found = location.contacts_by("email", mail) if mail else []
    found = found or (location.contacts_by("phone", number) if number else [])
    return answer({"contact": found[0] if found else None, "traceId": trace()})


def _old_list(call: Call) -> Response:
    """The deprecated list: newest first, the last row's time and id lead to the next page."""
    location = call.located()
    limit = query_count(call.request, "limit", 20)
    if not 1 <= limit <= OLD_PAGE:
        raise unfit(f"limit must not be greater than {OLD_PAGE}")
    body: Document = {"pageLimit": limit, "query": (call.arg("query") or "")[:75]}
    if call.arg("startAfterId"):
        body["searchAfter"] = [query_count_of_time(call), call.arg("startAfterId")]
    rows, total = search.find(location, body)
    contacts = [{name: value for name, value in row.items() if name != "searchAfter"} for row in rows]
    meta: Document = {"total": total, "currentPage": None, "nextPage": None, "prevPage": None}
    if len(rows) == limit:
        meta |= {"startAfter": milliseconds(rows[-1]["dateAdded"]), "startAfterId": rows[-1]["id"]}
    return answer({"contacts": location.world.kept(contacts), "count": total, "meta": meta, "traceId": trace()})


def query_count_of_time(call: Call) -> int:
    """`startAfter`, in milliseconds. Raises `Refusal`."""
    text = call.arg("startAfter") or ""
    if not text.isdecimal() or len(text) > MOST_MILLISECONDS or parse_moment(int(text)) is None:
        raise unfit("startAfter must be a number")
    return int(text)


# Writing


def refuse_double(location: Location, body: Document, but: str = "") -> None:
    """Raises `Refusal` (400) when the location allows no duplicates and the address or the number is taken."""
    if location.world.settings.allow_duplicate_contact:
        return
    for kind in ("email", "phone"):
        value = body.get(kind)
        for taken in location.contacts_by(kind, value) if value else []:
            if taken["id"] != but:
                meta = {"contactId": taken["id"], "matchingField": kind}
                raise Refusal(400, "This location does not allow duplicated contacts.", meta=meta)


def create(location: Location, body: Document) -> Document:
    """A new contact out of a checked body."""
    now = location.now()
    blank: Document = dict.fromkeys(("firstName", "lastName", *KEPT[2:]))
    contact: Document = {
        "id": location.short_id(),
        "locationId": location.id,
        "contactName": None,
        **blank,
        "type": "lead",
        "dnd": False,
        "tags": [],
        "customFields": [],
        "dateAdded": now,
        "dateUpdated": now,
    }
    contact |= changes(location, contact, body)
    contact["source"] = contact["source"] or "public api"
    location.put_contact(contact)
    location.world.tell(location, "ContactCreate", contact)
    return contact


def change(location: Location, contact: Document, body: Document) -> Document:
    """Change a contact as a checked body says, and tell of it. Nothing changed: nothing is told."""
    told = changes(location, contact, body)
    changed = {name for name, value in told.items() if contact.get(name) != value}
    if not changed:
        return contact
    contact = {**contact, **told, "dateUpdated": location.now()}
    location.put_contact(contact)
    events = {TOLD_APART.get(name, "ContactUpdate") for name in changed}
    for event in sorted(events):
        location.world.tell(location, event, contact)
    return contact


def changes(location: Location, contact: Document, body: Document) -> Document:
    """What a body makes of a contact, by member."""
    told = {name: body[name] for name in KEPT if name in body}
    if body.get("name") and "firstName" not in body and "lastName" not in body:
        told["firstName"], _, family = body["name"].partition(" ")
        told["lastName"] = family or None
    if told.get("email"):
        mail = told["email"].strip()
        told["email"] = mail.lower() if location.world.settings.lowercase_emails else mail
    if told.get("phone"):
        told["phone"] = _number(told["phone"], body.get("country") or contact.get("country") or location.country)
    names = [told.get(name, contact.get(name)) for name in ("firstName", "lastName")]
    if "firstName" in told or "lastName" in told:
        told["contactName"] = " ".join(name for name in names if name) or None
    if "tags" in body:
        told["tags"] = _unique(body["tags"])
    if "customFields" in body:
        told["customFields"] = _custom(location, contact["customFields"], body["customFields"])
    return told


def _number(text: str, country: str) -> str:
    digits = "".join(letter for letter in text if letter.isdecimal())
    if text.strip().startswith("+"):
        return f"+{digits}"
    code = CALLING_CODES.get(country, "")
    if code and len(digits) == 10:
        return f"+{code}{digits}"
    return f"+{digits}" if code and len(digits) == 11 and digits.startswith(code) else text.strip()


def _unique(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tag.strip().lower() for tag in tags if tag.strip()))


def _custom(location: Location, old: list[Document], given: list[Document]) -> list[Document]:
    """The custom values after a write: named ones change, fields the location does not have are passed over."""
    values: dict[str, Any] = {one["id"]: one["value"] for one in old}
    by_key = {one["fieldKey"]: id for id, one in location.custom_fields.items()}
    for one in given:
        id = one.get("id") or by_key.get(one.get("key") or "", "") or by_key.get(f"contact.{one.get('key')}", "")
        value = one.get("field_value", one.get("fieldValue", one.get("value")))
        if id not in location.custom_fields:
            continue
        if value in (None, ""):
            values.pop(id, None)
        else:
            values[id] = value
    return [{"id": id, "value": value} for id, value in values.items()]


def _upsert(call: Call) -> Response:
    """Update the first that has the address, else the number; make one where there is none."""
    body = call.body(UPSERT, closed=True)
    location = call.at(body["locationId"])
    allowed = location.world.settings.allow_duplicate_contact
    found: list[Document] = []
    if not (allowed and body.get("createNewIfDuplicateAllowed")):
        for kind in ("email", "phone"):
            found = found or (location.contacts_by(kind, body[kind]) if body.get(kind) else [])
    contact = change(location, found[0], body) if found else create(location, body)
    return answer({"new": not found, "contact": contact, "traceId": trace()})


def _update(call: Call, id: str) -> Response:
    body = call.body(UPDATE, closed=True)
    location, contact = known(call, id)
    refuse_double(location, body, but=id)
    return answer({"succeded": True, "contact": change(location, contact, body), "traceId": trace()})


def _tags(call: Call, id: str) -> Response:
    body = call.body({"tags": Shape("list", needed=True, row=Shape())})
    location, contact = known(call, id)
    had = set(contact["tags"])
    contact = change(location, contact, {"tags": [*contact["tags"], *body["tags"]]})
    for tag in _unique(body["tags"]):
        location.taggings.append({"contactId": id, "tag": tag, "added": tag not in had, "at": location.now()})
    return answer({"tags": contact["tags"]}, 201)


def _enrol(call: Call, id: str, workflow_id: str) -> Response:
    """Put a contact into a published workflow. Each call counts: the vendor does not say it looks for a first one."""
    body = call.body({"eventStartTime": Shape()})
    starts = body.get("eventStartTime")
    if starts is not None and ("T" not in starts or parse_moment(starts) is None):
        raise unfit("eventStartTime must be a valid ISO 8601 date string")
    location, contact = known(call, id)
    workflow = location.workflows.get(workflow_id)
    if workflow is None:
        raise Refusal(400, f"Workflow with id {workflow_id} not found")
    if workflow["status"] != "published":
        raise Refusal(400, "The workflow is not published")
    location.enrolments.append(
        {"contactId": contact["id"], "workflowId": workflow_id, "eventStartTime": starts, "at": location.now()}
    )
    return answer({"succeded": True})
