"""Canonical values: what connectors hand to the engine and get back.

In `Record.values` a missing key means "not told", `None` means "the vendor says empty". Amounts are `Decimal` with the
currency in the record's own `currency` field, dates are `date`, instants are aware `datetime` in UTC, ids are text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Raw = dict[str, Any]  # a vendor's document, decoded; numbers with a point are Decimal
Payload = dict[str, Any]  # a body on its way to a vendor
Values = dict[str, Any]  # canonical field name -> value


@dataclass(frozen=True, slots=True)
class Ref:
    """A record named by another one: `resource` and `remote_id` at the side it was read from."""

    entity: str
    resource: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One remote thing in canonical form.

    `version` is what the vendor wants back with an update (SyncToken), `raw` the whole document. `gone` is only true
    when
    the vendor said so (a deletion stub, an inactive or archived state): never because something was absent from a list.
    `merged_into` names the survivor when the vendor merged this one away.
    """

    resource: str
    remote_id: str
    values: Values
    changed_at: datetime | None = None
    version: str | None = None
    gone: bool = False
    merged_into: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


def freeze(value: Any) -> Any:
    """Return `value` as plain JSON that compares by meaning: 100.00 and 100 are one, dates are ISO text, blank text
    is None.
    """
    kind = type(value)  # the plain kinds first: asking what something is an instance of costs more than the rest
    if kind is str:
        return value or None
    if value is None or kind is int or kind is bool:
        return value
    if kind is Decimal:
        return _plain(value)
    if kind is dict:
        told = {key: found for key, item in value.items() if (found := freeze(item)) is not None}
        return told or None
    if kind is list:
        return [freeze(item) for item in value] or None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value if value else None
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Ref):
        return {"ref": value.entity, "resource": value.resource, "id": value.remote_id}
    if isinstance(value, Mapping):
        frozen = {key: freeze(item) for key, item in value.items()}
        return {key: item for key, item in frozen.items() if item is not None} or None
    if isinstance(value, list | tuple):
        return [freeze(item) for item in value] or None
    raise TypeError(f"no canonical value: {type(value).__name__}")


def same(one: Any, other: Any) -> bool:
    """Tell whether two canonical values mean the same; frozen and live forms mix."""
    return bool(freeze(one) == freeze(other))


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
