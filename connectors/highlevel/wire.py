"""How this vendor writes things: amounts in units of the currency, times in ISO 8601 (UTC), plain days, opaque ids.

Source: GoHighLevel/highlevel-api-docs:apps/*.json of version 2021-07-28, read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Raw
from connectors.contract.parsing import instant

TEST = "test"  # the status of what was made in test mode, whatever the vendor calls it
VERSION = "2021-07-28"  # the generation of the API every call names
ZERO = Decimal(0)
HUNDRED = Decimal(100)
_NO_CENTS = frozenset(re.findall("...", "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXVNDVUVXAFXOFXPF"))
PLACE = "_place"  # what the feed puts beside a document: the location's time zone and currency


def text(value: Any) -> str | None:
    """Text, trimmed; blank means empty."""
    found = "" if value is None else str(value).strip()
    return found or None


def number(value: Any) -> Decimal:
    """An exact number; what is none is zero."""
    try:
        found = Decimal(str(value)) if value not in (None, "") else ZERO
    except InvalidOperation:
        return ZERO
    return found if found.is_finite() else ZERO


def unit(currency: str) -> Decimal:
    """The smallest unit of a currency."""
    return Decimal(1) if currency in _NO_CENTS else Decimal("0.01")


def money(value: Any, currency: str) -> Decimal:
    """An amount in whole smallest units, half up."""
    return number(value).quantize(unit(currency), ROUND_HALF_UP)


def share(whole: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share an amount out by weights, in smallest units; the parts add up to it, the largest remainders get the
    rest.
    """
    total = sum(weights, ZERO)
    if not weights:
        return []
    if not total:
        return [whole, *([ZERO] * (len(weights) - 1))]
    step = unit(currency)
    exact = [whole * weight / total for weight in weights]
    parts = [item.quantize(step, ROUND_DOWN) for item in exact]
    left = int((whole - sum(parts, ZERO)) / step)
    order = sorted(range(len(parts)), key=lambda at: (-abs(exact[at] - parts[at]), at))
    for at in order[: abs(left)]:
        parts[at] += step if left > 0 else -step
    return parts


def moment(value: Any) -> datetime | None:
    """An aware instant; None where there is none, or none that can be read."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    try:
        return instant(value)
    except ValueError:
        return None


def plain_day(value: Any) -> date | None:
    """A calendar day that is told as one; an instant in its place counts by the day written."""
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """A time zone; one nobody knows is UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def day(value: Any, raw: Mapping[str, Any]) -> date | None:
    """The calendar day of an instant where the location is, as the feed noted it beside the document."""
    at = moment(value)
    return at.astimezone(zone(place(raw, "zone"))).date() if at else None


def place(raw: Mapping[str, Any], name: str) -> str:
    """What is known of the location a document is from."""
    found = raw.get(PLACE)
    return str(found.get(name) or "") if isinstance(found, Mapping) else ""


def address(found: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, str | None] | None:
    """An address; `names` are the vendor's for street, second line, town, region, postcode and country."""
    if not isinstance(found, Mapping):
        return None
    keys = ("line1", "line2", "city", "region", "postcode", "country")
    told = {key: text(found.get(name)) if name else None for key, name in zip(keys, names, strict=True)}
    return told if any(told.values()) else None


def kept(raw: Raw, *left_out: str) -> Raw:
    """A document without members that change from answer to answer, or that nobody needs."""
    return {name: value for name, value in raw.items() if name not in ("traceId", "searchAfter", *left_out)}
