"""How this vendor writes things: the version in every path, amounts, days and instants as text, ids of references.

Source: https://developers.hubspot.com/docs/api-reference/latest, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from connectors.contract import Raw, RecordRejected, Ref, SettingInvalid

# Versions are dates. "2026-03" has the same shapes and would do as well (supported until about September 2027).
VERSION = "2026-09"
ROWS = 100  # inputs of a batch, rows of a listing
LINKS = 1000  # associations read in one call

T = TypeVar("T")


def objects(kind: str, rest: str = "") -> str:
    """The path of records of one type."""
    return f"/crm/objects/{VERSION}/{kind}{rest}"


def associations(one: str, other: str, rest: str) -> str:
    """The path of links between records of two types."""
    return f"/crm/associations/{VERSION}/{one}/{other}/{rest}"


def properties(kind: str, rest: str = "") -> str:
    """The path of the definitions of one type."""
    return f"/crm/properties/{VERSION}/{kind}{rest}"


def lots(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most `size`."""
    lot: list[T] = []
    for item in items:
        lot.append(item)
        if len(lot) == size:
            yield lot
            lot = []
    if lot:
        yield lot


def setting(context: Mapping[str, str], key: str) -> str:
    """A value the setup must have given; SettingInvalid when it is missing."""
    found = context.get(key, "")
    if not found:
        raise SettingInvalid("HS-SETTING-MISSING", params={"setting": key}, field=key)
    return found


# Values on their way in: text or null, whatever the type


def text(value: Any) -> str | None:
    """Text; blank means empty."""
    return str(value) if value not in (None, "") else None


def amount(value: Any) -> Decimal | None:
    """An exact number; blank and what is none are empty."""
    if value in (None, ""):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def moment(value: Any) -> datetime | None:
    """An instant from ISO 8601 or milliseconds since 1970."""
    if value in (None, ""):
        return None
    written = str(value)
    if written.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(written) / 1000, UTC)
    found = datetime.fromisoformat(written)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def day(value: Any) -> date | None:
    """The day of a date or of an instant, in UTC as the vendor keeps both."""
    found = moment(value)
    return found.date() if found else None


def milliseconds(value: Any) -> int:
    """An instant as filters take it; 0 for none."""
    found = moment(value)
    return int(found.timestamp() * 1000) if found else 0


# Values on their way out: always text, "" clears


def words(value: Any) -> str:
    """Text."""
    return "" if value is None else str(value).strip()


def number(value: Any) -> str:
    """A number with its own digits."""
    if value is None:
        return ""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise RecordRejected("HS-AMOUNT", params={"value": str(value)[:40]}) from None
    if not found.is_finite():
        raise RecordRejected("HS-AMOUNT", params={"value": str(value)[:40]})
    return format(found, "f")


def a_day(value: Any) -> str:
    """A day for a property of type date, which wants midnight UTC."""
    return "" if value is None else str(value)[:10]


def noon(value: Any) -> str:
    """A day for a property of type date-time: noon UTC is the same day from Vancouver to Paris."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{str(value)[:10]}T12:00:00.000Z"


def reference_id(value: Any) -> str | None:
    """The remote id of a `Ref`, live or frozen to JSON; None when there is none."""
    if isinstance(value, Ref):
        return value.remote_id
    if isinstance(value, Mapping) and value.get("id"):
        return str(value["id"])
    return None


def our_mark(values: Mapping[str, Any], context: Mapping[str, str]) -> str:
    """What our unique property `qbo_id` holds: the company and the record a write comes from, which is the reference
    under `source` in the values. SettingInvalid when the company is not known.
    """
    found = reference_id(values.get("source"))
    return f"{setting(context, 'realm')}:{found}" if found else ""


def told(raw: Raw, name: str) -> tuple[bool, Any]:
    """Whether a record tells a property, and its value (None: empty)."""
    values = raw.get("properties")
    if not isinstance(values, Mapping) or name not in values:
        return False, None
    return True, values[name]


def value_of(raw: Raw, name: str) -> Any:
    """A property, None where it is empty or not told."""
    return told(raw, name)[1]


def first_filled(raw: Raw, names: Sequence[str]) -> Any:
    """The first of these properties that is not empty."""
    return next((found for name in names if (found := value_of(raw, name)) not in (None, "")), None)


# Properties whose values are compared as numbers; all other digits are text: 007 is not 7.
_NUMBERS = frozenset(
    {
        *("price", "quantity", "discount", "amount", "hs_cost_of_goods_sold"),
        *("qbo_subtotal", "qbo_discount", "qbo_tax", "qbo_total", "qbo_balance"),
        *("qbo_invoice_total", "qbo_invoice_balance"),
    }
)
_TIMES = frozenset(
    {
        *("hs_invoice_date", "hs_due_date", "hs_timestamp"),
        *("qbo_date", "qbo_due_date", "qbo_invoice_date", "qbo_invoice_due_date"),
    }
)


def shows(raw: Raw, sent: Mapping[str, Any]) -> bool:
    """Tell whether a record says what the properties of a write say: numbers by value, times by instant, addresses
    whatever their case.
    """
    return all(_same(name, value_of(raw, name), value) for name, value in sent.items())


def _same(name: str, have: Any, wanted: Any) -> bool:
    one, other = str(have or "").strip(), str(wanted or "").strip()
    if one == other:
        return True
    if name in _NUMBERS:
        return amount(one) is not None and amount(one) == amount(other)
    if name in _TIMES:
        return bool(one and other) and moment(one) == moment(other)
    return name == "email" and one.lower() == other.lower()
