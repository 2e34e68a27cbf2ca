"""Merge fields: what a value may look like per type, and how it is kept.

Source: https://mailchimp.com/developer/marketing/docs/merge-fields/, read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.core import Document, decode, encode
from connectors.sandbox.mailchimp.account import Audience, Member
from connectors.sandbox.mailchimp.checks import NUMERIC_TEXT
from connectors.sandbox.mailchimp.schemas import ADDRESS_PARTS
from connectors.sandbox.mailchimp.wire import invalid

LONGEST_TEXT_BYTES = 255
LONGEST_ADDRESS_LINE = 45
US_PHONE = re.compile(r"\d{3}-\d{3}-\d{4}")
BIRTHDAY = re.compile(r"(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}/\d{2}/\d{4}")
ZIP = re.compile(r"\d{5}(-\d{4})?")


class _Bad(Exception):
    """The message for this field."""


def _text(value: Any, field: Document) -> Any:
    if isinstance(value, dict):
        raise _Bad("Please enter a value")
    text = str(value)
    if len(text.encode()) > LONGEST_TEXT_BYTES:
        raise _Bad(f"Please enter {LONGEST_TEXT_BYTES} characters or less")
    return text


def _number(value: Any, field: Document) -> Any:
    if isinstance(value, dict) or (isinstance(value, str) and not NUMERIC_TEXT.fullmatch(value)):
        raise _Bad("Please enter a number")
    try:
        return Decimal(value.strip()) if isinstance(value, str) else value
    except InvalidOperation:
        raise _Bad("Please enter a number") from None


def _address(value: Any, field: Document) -> Any:
    if not isinstance(value, dict) or not all(str(value.get(part, "")).strip() for part in ADDRESS_PARTS):
        raise _Bad("Please enter a complete address")
    if any(len(value.get(part, "")) > LONGEST_ADDRESS_LINE for part in ("addr1", "addr2")):
        raise _Bad(f"Address lines have {LONGEST_ADDRESS_LINE} characters or less")
    country = value.get("country") or "US"
    if not re.fullmatch("[A-Z]{2}", country):
        raise _Bad("Please enter a valid country")
    parts = {name: value.get(name, "") for name in ("addr1", "addr2", "city", "state", "zip")}
    return {**parts, "country": country}


def _matching(pattern: re.Pattern[str], says: str) -> Callable[[Any, Document], Any]:
    def check(value: Any, field: Document) -> Any:
        if not pattern.fullmatch(str(value)):
            raise _Bad(says)
        return str(value)

    return check


def _phone(value: Any, field: Document) -> Any:
    if field["options"].get("phone_format") == "US" and not US_PHONE.fullmatch(str(value)):
        raise _Bad("Please enter a valid phone number")
    return _text(value, field)


def _choice(value: Any, field: Document) -> Any:
    if str(value) not in field["options"].get("choices", []):
        raise _Bad("Please choose one of the listed values")
    return str(value)


_URL = _matching(re.compile(r"https?://\S+"), "Please enter a valid URL")
BY_TYPE: Mapping[str, Callable[[Any, Document], Any]] = {
    "text": _text,
    "number": _number,
    "address": _address,
    "phone": _phone,
    "date": _matching(DATE, "Please enter a valid date"),
    "birthday": _matching(BIRTHDAY, "Please enter a month and day"),
    "zip": _matching(ZIP, "Please enter a 5 digit zip code"),
    "url": _URL,
    "imageurl": _URL,
    "radio": _choice,
    "dropdown": _choice,
}


def merged(audience: Audience, old: bytes, given: Document, *, required: bool) -> bytes:
    """The stored values after taking `given` (by tag) in. Unknown tags are ignored, empty text clears.

    Raises the refusal naming every bad field; with `required` a required field left empty is bad too.
    """
    values: Document = decode(old)
    bad: list[tuple[str, str]] = []
    for merge_id, field in audience.merge_fields.items():
        key, tag = str(merge_id), field["tag"]
        if tag in given:
            try:
                _put(values, key, given[tag], field)
            except _Bad as error:
                bad.append((tag, str(error)))
                continue
        if required and field["required"] and key not in values:
            bad.append((tag, "This field is required"))
    if bad:
        raise invalid(*bad, detail="Your merge fields were invalid.")
    return encode(values)


def _put(values: Document, key: str, value: Any, field: Document) -> None:
    if value == "":
        values.pop(key, None)
    else:
        values[key] = BY_TYPE[field["type"]](value, field)


def shown(audience: Audience, member: Member) -> Document:
    """Values by tag, empty text where there is none."""
    values: Document = decode(member.merge)
    return {field["tag"]: values.get(str(merge_id), "") for merge_id, field in audience.merge_fields.items()}


def full_name(audience: Audience, member: Member) -> str:
    """First and last name, when the audience still has those fields."""
    values: Document = decode(member.merge)
    parts = [
        str(values.get(str(merge_id), ""))
        for merge_id, field in audience.merge_fields.items()
        if field["tag"] in ("FNAME", "LNAME")
    ]
    return " ".join(part for part in parts if part)


def new_field(merge_id: int, body: Document) -> Document:
    """A merge field as it is kept, defaults filled in."""
    kind = body["type"]
    options: Document = dict(body.get("options") or {})
    if kind in ("text", "radio", "dropdown"):
        options.setdefault("size", 25)
    if kind == "phone":
        options.setdefault("phone_format", "none")
    if kind == "address":
        options.setdefault("default_country", 164)
    if kind == "date":
        options.setdefault("date_format", "MM/DD/YYYY")
    return {
        "merge_id": merge_id,
        "tag": body.get("tag", "").upper() or f"MMERGE{merge_id}",
        "name": body["name"],
        "type": kind,
        "required": body.get("required", False),
        "default_value": body.get("default_value", ""),
        "public": body.get("public", False),
        "display_order": body.get("display_order", merge_id + 1),
        "options": options,
        "help_text": body.get("help_text", ""),
    }


def default_fields(phone_format: str) -> dict[int, Document]:
    """What a new audience has."""
    bodies: list[Document] = [
        {"tag": "FNAME", "name": "First Name", "type": "text"},
        {"tag": "LNAME", "name": "Last Name", "type": "text"},
        {"tag": "ADDRESS", "name": "Address", "type": "address"},
        {"tag": "PHONE", "name": "Phone Number", "type": "phone", "options": {"phone_format": phone_format}},
        {"tag": "BIRTHDAY", "name": "Birthday", "type": "birthday", "options": {"date_format": "MM/DD"}},
    ]
    return {merge_id: new_field(merge_id, body) for merge_id, body in enumerate(bodies, start=1)}
