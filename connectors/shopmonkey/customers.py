"""Customers, seen as contacts. E-mails and phone numbers are lists of records of their own; nothing is unique, so who
is to be added is looked for first: by e-mail, then phone, then name.

A fleet is an organization; its people are in its name fields where it has any.

Sources: https://shopmonkey.dev (customer); AbbottDevelopments/shopmonkey-mcp-server:src/ (searches; read 2026-11)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, Resource, SyncError, Text, Values, Write
from connectors.contract.normal import normal_email
from connectors.shopmonkey import writing
from connectors.shopmonkey.wire import CUSTOMERS as LIST
from connectors.shopmonkey.wire import NOT_FOUND, address, moment, number, one, read, rows, segment, text

PATH = "/customer"
SWEEPS = 8  # of a search for one customer
_NAMES = {"given_name": "firstName", "family_name": "lastName", "company": "companyName", "website": "website",
          "notes": "note"}  # fmt: skip
_ADDRESS = {"line1": "address1", "line2": "address2", "city": "city", "region": "state", "postcode": "postalCode"}
# Public sources name each search in two ways.
_BY_EMAIL = ("/customer/email/search", "/customer/search-by-email")
_BY_PHONE = ("/customer/phone_number/search", "/customer/search-by-phone")
_TRIMMED = frozenset(
    ("appointmentCount", "deferredServiceCount", "messageCount", "statementCount", "transactionCount",
     "lastTimeOrderWorked")
)  # fmt: skip


def trimmed(raw: Raw) -> Raw:
    """The customer without counts that change by themselves."""
    return {key: value for key, value in raw.items() if key not in _TRIMMED}


def parse(raw: Raw) -> Values:
    """The contact's canonical values. What the newer lists of addresses and numbers do not tell is not told."""
    given, family, company = (text(raw.get(name)) for name in ("firstName", "lastName", "companyName"))
    values: Values = {
        "name": (company if raw.get("customerType") == "Fleet" else None) or writing.person(raw) or company,
        "given_name": given,
        "family_name": family,
        "company": company,
        "address": address(raw),
        "website": text(raw.get("website")),
        "notes": text(raw.get("note")),
        "active": raw.get("deleted") is not True,
        "created_at": moment(raw.get("createdDate")),
    }
    if isinstance(raw.get("emails"), list):
        told = [str(item["email"]).strip() for item in _ordered(raw["emails"]) if text(item.get("email"))]
        values["email"] = told[0] if told else None
        values["other_emails"] = told[1:]
    if isinstance(raw.get("phoneNumbers"), list):
        numbers = [item for item in _ordered(raw["phoneNumbers"]) if text(item.get("number"))]
        mobile = next((item for item in numbers if item.get("type") == "Mobile"), None)
        other = next((item for item in numbers if item is not mobile), None)
        values["phone"] = _number(other or mobile)
        values["mobile"] = _number(mobile)
    return values


def _ordered(found: list[Any]) -> list[Mapping[str, Any]]:
    """The entries, the primary one first."""
    return sorted(
        (item for item in found if isinstance(item, Mapping)), key=lambda item: item.get("primary") is not True
    )


def _number(item: Mapping[str, Any] | None) -> str | None:
    if item is None:
        return None
    number, extension = text(item.get("number")), text(item.get("extension"))
    return f"{number} x{extension}" if number and extension else number


# writing


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The body. RecordRejected SM-NAME-MISSING: nothing to call a new customer by."""
    payload: Payload = {wire: values[name] for name, wire in _NAMES.items() if name in values}
    if action == "create" and not any(payload.get(wire) for wire in ("firstName", "lastName", "companyName")):
        name = text(values.get("name"))
        if not name:
            raise RecordRejected("SM-NAME-MISSING", field="name")
        payload |= _named(name)
    if action == "create":
        is_person = payload.get("firstName") or payload.get("lastName")
        payload["customerType"] = "Customer" if is_person else "Fleet"
        if context.get("location"):
            payload["locationIds"] = [context["location"]]
    if "address" in values:
        told = values["address"] or {}
        payload |= {wire: told.get(name) for name, wire in _ADDRESS.items()}
        country = str(told.get("country") or "")
        payload["country"] = country.upper() if len(country) == 2 else None
    if "email" in values and (values["email"] or action == "update"):
        payload["emails"] = [{"email": values["email"], "primary": True}] if values["email"] else []
    if numbers := list(_numbers(values)):
        payload["phoneNumbers"] = numbers
    return payload if action == "update" else {name: value for name, value in payload.items() if value is not None}


def _named(name: str) -> Payload:
    """A display name as a person's: the last word is the family name."""
    head, _, tail = name.rpartition(" ")
    return {"firstName": head, "lastName": tail} if head else {"companyName": tail}


def _numbers(values: Mapping[str, Any]) -> Iterator[Payload]:
    told = {name: text(values.get(name)) for name in ("phone", "mobile")}
    first = told["phone"] or told["mobile"]
    if first and len(first) >= 5:
        yield {"number": first, "primary": True}
    if told["mobile"] and told["mobile"] != first and len(told["mobile"]) >= 5:
        yield {"number": told["mobile"], "primary": False}


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Add a customer unless somebody of that e-mail, phone or name is there; answers with what was kept."""
    return writing.create(api, PATH, payload, key, there(api, payload, key))


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Change a customer. Addresses and numbers that are not named stay: the lists are sent whole."""
    lists = [name for name in ("emails", "phoneNumbers") if name in payload]
    if lists:
        now = one(api, f"{PATH}/{segment(remote_id)}")
        payload = {**payload, **{name: _merged(now.get(name), payload[name], name) for name in lists}}
    return writing.update(api, PATH, remote_id, payload)


def _merged(now: Any, sent: list[Payload], name: str) -> list[Payload]:
    """The entries sent, in place of the primary one, and those there beside it."""
    field = "email" if name == "emails" else "number"
    others = _ordered(now if isinstance(now, list) else [])[1:]
    mine = {_plain(item[field]) for item in sent}
    kept = [{field: str(item[field]), "primary": False} for item in others if item.get(field)]
    return [*sent, *(item for item in kept if _plain(str(item[field])) not in mine)]


def _plain(value: str) -> str:
    return normal_email(value) or re.sub(r"[^\d+]", "", value) or value


def there(api: Api, payload: Payload, key: str = "") -> tuple[Raw, str] | None:
    """Who is there already, and what they share; the one made by the write with this key before all others."""
    for by, found in _like(api, payload):
        mine = [row for row in found if row.get("deleted") is not True]
        ours = next((row for row in mine if writing.is_ours(row, key)), None)
        if ours or mine:
            return ours or mine[0], by
    return None


def _like(api: Api, payload: Payload) -> Iterator[tuple[str, list[Raw]]]:
    emails = [str(item["email"]) for item in payload.get("emails") or () if item.get("email")]
    if emails:
        wanted = {normal_email(item) for item in emails}
        found = _probe(api, _BY_EMAIL, {"emails": emails})
        yield "email", [row for row in found if wanted & {normal_email(item) for item in _told(row, "emails", "email")}]
    numbers = [str(item["number"]) for item in payload.get("phoneNumbers") or () if item.get("number")]
    names = {name: payload[name] for name in ("firstName", "lastName", "companyName") if payload.get(name)}
    if numbers:
        wanted_numbers = {_digits(item) for item in numbers}
        found = _probe(api, _BY_PHONE, {"phoneNumbers": [{"number": item} for item in numbers]})
        same = [row for row in found if wanted_numbers & {_digits(x) for x in _told(row, "phoneNumbers", "number")}]
        # A household shares a telephone: the name must be the same as well.
        yield "phone", [row for row in same if _same_name(row, names)]
    if names:
        met: dict[str, Raw] = {}
        for _ in range(SWEEPS):
            some, total = rows(api, LIST, names)
            met |= {str(row["id"]): row for row in some}
            if total is None or len(met) >= total:
                break
        yield "name", [row for row in met.values() if _same_name(row, names)]


def _probe(api: Api, paths: tuple[str, ...], body: Payload) -> list[Raw]:
    """The rows of a search, by the route this account has; none where it has neither."""
    for path in paths:
        try:
            return _swept(api, path, body)
        except SyncError as error:
            if error.code != NOT_FOUND:
                raise
    return []


def _swept(api: Api, path: str, body: Payload) -> list[Raw]:
    """The rows of a search, asked for until as many were met as are counted: it leaves rows out."""
    met: dict[str, Raw] = {}
    for _ in range(SWEEPS):
        answer = read(path, lambda: api.post(path, body, reads=True))
        data, meta = answer.get("data"), answer.get("meta")
        found = data if isinstance(data, list) else [data]
        met |= {str(row["id"]): row for row in found if isinstance(row, dict) and row.get("id")}
        if not isinstance(meta, Mapping) or len(met) >= number(meta.get("total")):
            break
    return list(met.values())


def _told(row: Raw, place: str, name: str) -> list[str]:
    return [str(item.get(name) or "") for item in row.get(place) or () if isinstance(item, Mapping)]


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value)[-10:]


def _same_name(row: Raw, names: Mapping[str, Any]) -> bool:
    return all((text(row.get(name)) or "").casefold() == str(value).strip().casefold() for name, value in names.items())


def fetch(api: Api, remote_id: str) -> Raw:
    """A customer as it is now."""
    return trimmed(one(api, f"{PATH}/{segment(remote_id)}"))


def find(api: Api, write: Write) -> Raw | None:
    """What a lost write left behind, if it says what was sent."""
    if write.action != "create":
        return writing.shown(fetch(api, write.remote_id or ""), write.payload)
    return writing.adopted(there(api, write.payload, write.key), write)


CUSTOMERS = Resource(
    name="customers",
    entity="contact",
    label=Text("Customers", "Clients"),
    read=parse,
    changed_at=lambda raw: moment(raw.get("updatedDate")) or moment(raw.get("createdDate")),
    is_gone=lambda raw: raw.get("deleted") is True,
    match_on=("email", "phone", "name"),
    build=build,
    create=create,
    update=update,
    fetch=fetch,
    find=find,
    repeat="look_first",
    page_size=100,
    wires={**_NAMES, "email": "emails", "phone": "phoneNumbers", "mobile": "phoneNumbers", "address": "address1"},
)
