"""Fields as data: from one table follow `parse` (wire to canonical) and `build` (canonical to wire), both sparse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract.values import Payload, Raw, Values


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical field of a resource and where it sits on the wire.

    `wire` is a dotted path. `read` turns the wire value into the canonical one, `write` the reverse; a field without
    `write` is read only. `absent_is_empty` says what a missing key means: some vendors leave out what is empty (True),
    others what they were not asked for (False: not told).
    """

    name: str
    wire: str
    read: Callable[[Any], Any] | None = None
    write: Callable[[Any], Any] | None = None
    required: bool = False
    max_length: int | None = None
    absent_is_empty: bool = False


def dig(raw: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    """Return (told, value) for a dotted path."""
    here: Any = raw
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return False, None
        here = here[part]
    return True, here


def put(payload: Payload, path: str, value: Any) -> None:
    """Set a dotted path, making the objects on the way."""
    *parents, last = path.split(".")
    for part in parents:
        payload = payload.setdefault(part, {})
    payload[last] = value


def parse(fields: Sequence[Field], raw: Raw) -> Values:
    """Return the canonical values a document tells; what it does not tell has no key."""
    values: Values = {}
    for item in fields:
        told, wire = dig(raw, item.wire)
        if told:
            values[item.name] = item.read(wire) if item.read and wire is not None else wire
        elif item.absent_is_empty:
            values[item.name] = None
    return values


def build(fields: Sequence[Field], values: Mapping[str, Any]) -> Payload:
    """Return a body with just the fields named in `values` that may be written."""
    payload: Payload = {}
    for item in fields:
        if item.write and item.name in values:
            put(payload, item.wire, item.write(values[item.name]))
    return payload
