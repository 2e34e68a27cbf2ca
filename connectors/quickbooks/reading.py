"""From wire values to canonical ones, for all documents of the vendor.

Only fields with a value are present in its documents and `null` is not sent, so that in a whole document absence means
empty. A deletion stub tells nothing but that it is gone.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.contract import Raw, Ref
from connectors.quickbooks.countries import two_letters

CENT = Decimal("0.01")


def is_stub(raw: Raw) -> bool:
    """Tell whether this is all that is left of a deleted object."""
    return bool(raw.get("status") == "Deleted")


def is_gone(raw: Raw) -> bool:
    """A deletion stub, or a list object that was made inactive."""
    return raw.get("Active") is False or is_stub(raw)


def money(value: Any) -> Decimal | None:
    """A number of the wire as Decimal; None stays None, a text that is no number is a KeyError's kind of wrong."""
    if value is None or isinstance(value, Decimal):
        return value
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"no amount: {value!r}") from error


def text(value: Any) -> str | None:
    """A text without blanks around it; None when nothing is left."""
    return (str(value).strip() or None) if value is not None else None


def day(value: Any) -> date | None:
    """A date; times and offsets behind it, as XML forms have them, do not count."""
    return date.fromisoformat(value[:10]) if value else None


def ref_id(raw: Raw, name: str) -> str | None:
    """The id in a reference."""
    found = raw.get(name)
    return found.get("value") or None if found else None


def ref_name(raw: Raw, name: str) -> str | None:
    """The label in a reference; not every reference has one."""
    found = raw.get(name)
    return found.get("name") or None if found else None


def contact(raw: Raw) -> Ref | None:
    """The customer of a document."""
    found = ref_id(raw, "CustomerRef")
    return Ref("contact", "customers", found) if found else None


def address(found: Any) -> dict[str, str | None] | None:
    """An address; lines after the first are one, and the country is two letters or nothing."""
    if not found:
        return None
    get = found.get
    more = [line for line in (get("Line2"), get("Line3"), get("Line4"), get("Line5")) if line]
    country = get("Country")
    values = {
        "line1": text(get("Line1")),
        "line2": ", ".join(more) or None if more else None,
        "city": text(get("City")),
        "region": text(get("CountrySubDivisionCode")),
        "postcode": text(get("PostalCode")),
        "country": two_letters(country) if country else None,
    }
    return values if any(values.values()) else None


def changed_at(raw: Raw) -> str | None:
    """When the vendor last touched the object; pseudo tax codes have no such time."""
    found = raw.get("MetaData")
    return found.get("LastUpdatedTime") if found else None
