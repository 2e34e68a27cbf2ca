"""Body checks: closures made once, run on every request; each collects what is wrong and where.

`item:0` in a field name is how the vendor names places in a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from connectors.sandbox.mailchimp.wire import FieldError, Refusal, invalid

Found: TypeAlias = list[FieldError]
Check: TypeAlias = Callable[[Any, str, Found], None]

NUMERIC_TEXT = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


def _kind(value: Any) -> str:
    names = {bool: "boolean", int: "integer", Decimal: "double", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "NULL")


def _wrong(expected: str, value: Any, at: str, found: Found) -> None:
    found.append(FieldError(at, f"Schema describes {expected}, {_kind(value)} found instead"))


def text(
    *, filled: bool = False, longest: int | None = None, pattern: str | None = None, says: str = "Invalid value"
) -> Check:
    """A string; `filled` wants at least one character, `pattern` must match somewhere in it."""
    rule = re.compile(pattern) if pattern else None

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, str):
            _wrong("string", value, at, found)
        elif filled and not value:
            found.append(FieldError(at, "This value should not be blank."))
        elif longest is not None and len(value) > longest:
            found.append(FieldError(at, f"This value is too long. It should have {longest} characters or less."))
        elif rule is not None and not rule.search(value):
            found.append(FieldError(at, says))

    return check


def one_of(*allowed: str) -> Check:
    """A string out of a fixed list."""

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, str):
            _wrong("string", value, at, found)
        elif value not in allowed:
            found.append(FieldError(at, f"Value must be one of: {', '.join(allowed)}"))

    return check


def boolean(value: Any, at: str, found: Found) -> None:
    """True or false, not text."""
    if value is not True and value is not False:
        _wrong("boolean", value, at, found)


def whole(value: Any, at: str, found: Found) -> None:
    """An integer; 3.0 is a double to this vendor."""
    if type(value) is not int:
        _wrong("integer", value, at, found)


def number(value: Any, at: str, found: Found) -> None:
    """Any JSON number."""
    if type(value) is not int and not isinstance(value, Decimal):
        _wrong("number", value, at, found)


def money(value: Any, at: str, found: Found) -> None:
    """A number, or text that reads as one."""
    if type(value) is int or isinstance(value, Decimal):
        return
    if not isinstance(value, str) or not NUMERIC_TEXT.fullmatch(value):
        _wrong("number", value, at, found)


def identifier(value: Any, at: str, found: Found) -> None:
    """A product or variant id: text that is not blank, or a whole number above 0."""
    if isinstance(value, str):
        if not value.strip():
            found.append(FieldError(at, "This value should not be blank."))
    elif type(value) is not int:
        _wrong("string", value, at, found)
    elif value < 1:
        found.append(FieldError(at, "Value must be greater than 0"))


def anything(value: Any, at: str, found: Found) -> None:
    """An object the contract leaves open."""
    if not isinstance(value, dict):
        _wrong("object", value, at, found)


def listing(item: Check, *, least: int = 0, most: int | None = None) -> Check:
    """A list of `item`s."""

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, list):
            return _wrong("array", value, at, found)
        if len(value) < least:
            found.append(FieldError(at, f"This collection should contain {least} element or more."))
        if most is not None and len(value) > most:
            found.append(FieldError(at, f"This collection should contain {most} elements or less."))
            return None
        prefix = f"{at}.item:" if at else "item:"
        for place, entry in enumerate(value):
            item(entry, f"{prefix}{place}", found)
        return None

    return check


def fields(known: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """An object; names it does not know are ignored, as the vendor ignores them."""
    lookup = dict(known)

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, dict):
            return _wrong("object", value, at, found)
        missing = [name for name in required if name not in value]
        if missing:
            found.append(FieldError(at, f"Required fields were not provided: {', '.join(missing)}"))
        for name, inner in value.items():
            rule = lookup.get(name)
            if rule is not None:
                rule(inner, f"{at}.{name}" if at else name, found)
        return None

    return check


def values_of(item: Check) -> Check:
    """An object with free names whose values all pass `item`."""

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, dict):
            return _wrong("object", value, at, found)
        for name, inner in value.items():
            item(inner, f"{at}.{name}" if at else name, found)
        return None

    return check


def validate(check: Check, body: Any) -> Any:
    """Return the body, or raise the refusal that lists everything wrong with it."""
    found: Found = []
    check(body, "", found)
    if found:
        raise refusal(found)
    return body


def refusal(found: Found) -> Refusal:
    """400 with the findings; trouble in merge fields has its own headline."""
    if all(error.field.startswith("merge_fields.") for error in found):
        pairs = [(error.field.removeprefix("merge_fields.").split(".")[0], error.message) for error in found]
        return invalid(*pairs, detail="Your merge fields were invalid.")
    return invalid(*[(error.field, error.message) for error in found])
