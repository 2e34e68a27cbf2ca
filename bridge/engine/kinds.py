"""What the kinds of canonical fields mean to the engine: how values are told, read from text, and compared."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from bridge.engine.match import normal_email, normal_phone
from connectors.contract import CUSTOM, ENTITIES, EntityField, Ref, Text, entity_fields, freeze

ADDRESS_PARTS = {
    "line1": Text("street", "rue"),
    "line2": Text("second line", "deuxième ligne"),
    "city": Text("city", "ville"),
    "region": Text("province or state", "province ou État"),
    "postcode": Text("postal code", "code postal"),
    "country": Text("country", "pays"),
}
LINE_NUMBERS = frozenset({"quantity", "unit_price", "amount", "discount", "tax_amount", "percent", "net"})
TRUE_WORDS = frozenset({"true", "yes", "1", "oui", "vrai"})
FALSE_WORDS = frozenset({"false", "no", "0", "non", "faux"})


class Several(tuple[Any, ...]):
    """What each of several associated records tells of one field."""

    __slots__ = ()


class _NotTold:
    """Marks a value the record does not tell; it is not the same as an empty one."""

    def __repr__(self) -> str:
        return "NOT_TOLD"


NOT_TOLD = _NotTold()


@lru_cache(maxsize=64)
def fields_of(entity: str) -> Mapping[str, EntityField]:
    """Return an entity's fields by name, the parts of its addresses and what its associated records tell among them;
    {} for an unknown entity.
    """
    if entity not in ENTITIES:
        return {}
    found = entity_fields(entity)
    for item in ENTITIES[entity]:
        if item.kind == "address":
            for part, label in ADDRESS_PARTS.items():
                name = f"{item.name}.{part}"
                words = Text(f"{item.label.en} ({label.en})", f"{item.label.fr} ({label.fr})")
                found[name] = EntityField(name, "text", words)
        if item.kind == "records":
            for inner in ENTITIES[item.refers_to]:
                name = f"{item.name}.{inner.name}"
                words = Text(
                    f"{item.label.en}: {inner.label.en.lower()}", f"{item.label.fr} : {inner.label.fr.lower()}"
                )
                found[name] = EntityField(name, inner.kind, words)
    return found


@lru_cache(maxsize=1024)
def field_of(entity: str, name: str) -> EntityField | None:
    """Return a field of an entity, one that an account's people added among them: those are text, called as the
    vendor calls them. None where there is none.
    """
    if entity in ENTITIES and name.startswith(CUSTOM) and name != CUSTOM:
        own = name.removeprefix(CUSTOM)
        return EntityField(name, "text", Text(own, own))
    return fields_of(entity).get(name)


@lru_cache(maxsize=64)
def kinds_of(entity: str) -> Mapping[str, str]:
    """Return the kind of every field of an entity."""
    return {name: item.kind for name, item in fields_of(entity).items()}


def label_of(entity: str, name: str, language: str) -> str:
    """Return what people call a field; its own name when the entity has no such field."""
    item = fields_of(entity).get(name)
    return item.label.say(language) if item else name.removeprefix(CUSTOM)


def told(values: Mapping[str, Any], name: str) -> Any:
    """Return a field's value, a part of an address, or `Several` for a field of associated records; NOT_TOLD when
    the record does not say.
    """
    if name in values:
        return values[name]
    whole, dot, part = name.partition(".")
    if not dot or whole not in values:
        return NOT_TOLD
    inside = values[whole]
    if inside is None:
        return None
    if isinstance(inside, list):
        return Several(told(item, part) for item in inside if isinstance(item, Mapping))
    return inside.get(part) if isinstance(inside, Mapping) else NOT_TOLD


def number(value: Any) -> Decimal | None:
    """Return a number as Decimal; None where it is none. Text is read with a point; floats are no numbers here."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int):
        return Decimal(value)
    if not isinstance(value, str):
        return None
    try:
        found = Decimal(value.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def day(value: Any) -> date | None:
    """Return the day of a date, an instant or ISO text; None where it is none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None


def in_zone(value: Any, zone: str) -> Any:
    """Return an instant as the clocks of a time zone ("America/Toronto", "": as it is) show it; other values as they
    are: a plain date is the same day everywhere.
    """
    return value.astimezone(ZoneInfo(zone)) if zone and isinstance(value, datetime) and value.tzinfo else value


def day_in(value: Any, zone: str) -> date | None:
    """Return the day a date or an instant falls on in a time zone; None where it is none."""
    return day(in_zone(value, zone))


def coerce(value: Any, kind: str) -> Any:
    """Return text a person typed as a value of `kind`; what cannot be read that way comes back as it is."""
    if not isinstance(value, str) or kind in ("text", "email", "phone", "choice"):
        return value
    if kind == "flag":
        word = value.strip().lower()
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else value
    if kind in ("money", "number"):
        found = number(value)
        return value if found is None else found
    if kind == "date":
        return day(value) or value
    if kind == "tags":
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def frozen(value: Any, kind: str) -> Any:
    """Return `freeze(value)`, with whole numbers and decimals of one kind made alike. TypeError for a float."""
    if type(value) is str:
        return value or None
    if type(value) is int and kind in ("money", "number"):
        return str(value)
    return freeze(value)


def thawed(value: Any, kind: str) -> Any:
    """Return a frozen value as connectors are promised it: Decimal amounts, dates, and both inside lines."""
    if value is None:
        return None
    if kind in ("money", "number"):
        found = number(value)
        return value if found is None else found
    if kind == "date":
        return day(value) or value
    if kind == "lines" and isinstance(value, list):
        return [
            {key: thawed(item, "number") if key in LINE_NUMBERS else item for key, item in line.items()}
            if type(line) is dict
            else line
            for line in value
        ]
    return value


def same_value(kind: str, one: Any, other: Any) -> bool:
    """Tell whether two frozen values mean the same for a field of `kind`: case of an address and punctuation of a
    phone number do not count.
    """
    if one == other:
        return True
    if not isinstance(one, str) or not isinstance(other, str):
        return kind == "tags" and isinstance(one, list) and isinstance(other, list) and sorted(one) == sorted(other)
    if kind == "email":
        return one.strip().lower() == other.strip().lower() or _alike(normal_email, one, other)
    if kind == "phone":
        return _alike(normal_phone, one, other)
    return unicodedata.normalize("NFC", one).strip() == unicodedata.normalize("NFC", other).strip()


def _alike(normal: Any, one: str, other: str) -> bool:
    left = normal(one)
    return left is not None and left == normal(other)


def plain(value: Any) -> str:
    """Return a canonical value as text for a template or a sentence; empty is ""."""
    if value is None or value is NOT_TOLD:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Ref):
        return value.remote_id
    if isinstance(value, Mapping):
        return ", ".join(plain(item) for item in value.values() if item)
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(freeze(value))
