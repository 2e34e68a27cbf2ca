"""Property values: what may be written, how it is kept, and who refuses it.

Everything is text on reads. Source: the object guides and the error guide of https://developers.hubspot.com/docs,
read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from connectors.sandbox.core import Document
from connectors.sandbox.hubspot import schema
from connectors.sandbox.hubspot.account import Account, Author, Record, Shelf
from connectors.sandbox.hubspot.wire import bad_json, invalid_values, moment, parse_moment, property_moment, thing

TEXT_LIMIT = 65_536
MOST_DIGITS = 12  # before the decimal point
DAY = 86_400_000
_EMAIL = re.compile(r"[^\s@,;<>\"()]+@(?:[^\s@,;<>\"().]+\.)+[^\s@,;<>\"().]{2,}")

Problem = tuple[str, str, str]


class Wrong(Exception):
    """A value that does not fit its property: code and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


def is_email(text: str) -> bool:
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def text_of(name: str, value: object) -> str:
    """A value of the body as text; null is empty. Raises `Refusal` for a list or an object."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal, float)):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if not isinstance(value, str):
        raise bad_json(f"the value of {name} must be text, a number, true, false or null")
    return value


def check(account: Account, shelf: Shelf, given: object, record: Record | None, author: Author) -> dict[str, str]:
    """What a write means, by property, as it is kept ("" clears). Raises `Refusal` naming everything that is wrong.

    A person building a world (`author.is_person`) may also set what the interface keeps to itself.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name, value in thing(given, "properties").items():
        definition = shelf.definitions.get(name)
        if definition is None or definition["archived"]:
            problems.append((name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            continue
        if definition["modificationMetadata"]["readOnlyValue"] and not author.is_person:
            problems.append((name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'))
            continue
        try:
            found[name] = _kept(account, definition, text_of(name, value))
        except Wrong as wrong:
            problems.append((name, wrong.code, wrong.words))
    if not author.is_person:
        problems += _unwanted(account, shelf, found, record)
    if problems:
        raise invalid_values(problems)
    return found


def _kept(account: Account, definition: Document, text: str) -> str:
    if text.strip() == "":
        return ""
    name, kind = definition["name"], definition["type"]
    if kind == "number":
        return _number(text)
    if kind == "datetime":
        return _datetime(text)
    if kind == "date":
        return _date(text)
    if kind == "bool":
        return _boolean(text)
    if kind == "enumeration":
        return _chosen(definition, text)
    if len(text) > TEXT_LIMIT:
        raise Wrong("VALUE_TOO_LONG", f"{name} is limited to {TEXT_LIMIT} characters, has {len(text)}")
    if name == "email":
        return _address(account, text)
    if name == "hs_additional_emails":
        return ";".join(_address(account, part) for part in text.split(";") if part.strip())
    return text


def _address(account: Account, text: str) -> str:
    address = text.strip()
    if not is_email(address):
        raise Wrong("INVALID_EMAIL", f"Email address {address} is invalid")
    return address.lower() if account.world.settings.lowercase_emails else address


def _number(text: str) -> str:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.adjusted() > MOST_DIGITS or len(text) > TEXT_LIMIT:
        raise Wrong("INVALID_LONG", f"{text} was not a valid number.")
    return text.strip()


def _datetime(text: str) -> str:
    found = parse_moment(text.strip())
    if found is None:
        raise Wrong("INVALID_DATE", f"{text} was not a valid date-time.")
    return property_moment(found)


def _date(text: str) -> str:
    found = parse_moment(text.strip())
    if found is None:
        raise Wrong("INVALID_DATE", f"{text} was not a valid date.")
    if found % DAY:
        raise Wrong("INVALID_DATE", f"{text} is at a time of day, not at midnight UTC.")
    return property_moment(found)[:10]


def _boolean(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise Wrong("INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")
    return text.lower()


def _chosen(definition: Document, text: str) -> str:
    if definition["externalOptions"]:
        return text
    allowed = [option["value"] for option in definition["options"]]
    parts = text.split(";") if definition["fieldType"] == "checkbox" else [text]
    for part in parts:
        if part not in allowed:
            raise Wrong("INVALID_OPTION", f"{part} was not one of the allowed options: {allowed}")
    return text


def _unwanted(account: Account, shelf: Shelf, found: Mapping[str, str], record: Record | None) -> list[Problem]:
    """What rules of an administrator say against it."""
    problems: list[Problem] = []
    for rule in account.rules:
        if rule.kind != shelf.kind.name:
            continue
        is_missing = record is None and rule.property not in found
        value = found.get(rule.property)
        if rule.required and (is_missing or value == ""):
            problems.append((rule.property, "REQUIRED_VALUE", rule.message))
        elif rule.pattern and value and re.fullmatch(rule.pattern, value) is None:
            problems.append((rule.property, "PROPERTY_VALIDATION_RULE", rule.message))
    return problems


def told(shelf: Shelf, record: Record, name: str) -> str | None:
    """A value as a read shows it; None when it is empty. The name must be defined."""
    if name == "hs_object_id":
        return record.id
    if name in ("createdate", "hs_createdate"):
        return moment(record.created)
    if name == shelf.kind.cursor:
        return moment(record.updated)
    return record.values.get(name)


def forward_only(old: str, new: str) -> str:
    """The life-cycle stage after a write: it moves ahead, or not at all, unless it is cleared."""
    order = schema.LIFECYCLE
    if not old or not new or old not in order or new not in order:
        return new
    return new if order.index(new) > order.index(old) else old
