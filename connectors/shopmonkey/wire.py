"""The wire: envelopes, lists, cents, dates. Amounts are whole cents, dates RFC 3339 in UTC, ids opaque text.

Source: https://shopmonkey.dev/overview; ngsalmon/shopmonkey-api-quirks:README.md (read 2026-11)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.contract import (
    Api,
    ContractBroken,
    OutcomeUnknown,
    Payload,
    RateLimited,
    Raw,
    RecordRejected,
    SettingInvalid,
    VendorUnavailable,
)
from connectors.contract.parsing import instant
from connectors.transport import redact

T = TypeVar("T")
LIMIT = 100  # more is cut to this without a word
TRIES = 3
MOMENT = 2.0  # seconds a call that is put off is waited for in its place
ZERO = Decimal(0)
FORBIDDEN, NOT_FOUND, NOT_SUCCESS, REFUSED = "SM-FORBIDDEN", "SM-NOT-FOUND", "SM-NOT-SUCCESS", "SM-REFUSED"
CURRENCIES = {"CA": "CAD", "US": "USD", "MX": "MXN"}
# What a route needs: the feature as people know it, and what the key must be allowed.
FEATURES: dict[str, tuple[str, str]] = {
    "/order": ("orders", "Orders: read"),
    "/integration": ("payments", "Payments: read"),
    "/customer": ("customers", "Customers: read"),
    "/inventory": ("inventory", "Inventory: read"),
    "/location": ("locations", "Locations: read"),
    "/webhook": ("webhooks", "Webhooks: read and write"),
}
Where = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A list: its path, whether it is asked by GET or searched by POST, and whether rows belong to a location."""

    name: str
    path: str
    search: bool
    by_location: bool


ORDERS = Source("orders", "/order", search=False, by_location=True)
PAYMENTS = Source("payments", "/integration/payment", search=True, by_location=True)
CUSTOMERS = Source("customers", "/customer", search=True, by_location=False)
PARTS = Source("parts", "/inventory_part", search=True, by_location=True)
TIRES = Source("tires", "/inventory_tire", search=True, by_location=True)
LOCATIONS = Source("locations", "/location", search=False, by_location=False)


# calls


def named(path: str, call: Callable[[], T], *, writes: bool = False) -> T:
    """Make a call, and name the feature and the permission where the key may not make it."""
    try:
        return call()
    except SettingInvalid as error:
        if error.code != FORBIDDEN:
            raise
        feature, permission = next((told for root, told in FEATURES.items() if path.startswith(root)), ("?", path))
        permission = permission.replace(": read", ": write") if writes else permission
        params = {**error.params, "feature": feature, "permission": permission}
        raise SettingInvalid(FORBIDDEN, params=params, detail=error.detail, request_id=error.request_id) from None


def read(path: str, call: Callable[[], Raw]) -> Any:
    """Return the data and the count of an answer; one that says it is no success is asked for again, and so is one to
    come back in a moment: the account rests so long by itself, and what was read beside it need not be read anew.
    """
    for left in range(TRIES - 1, -1, -1):
        try:
            answer = named(path, call)
        except RateLimited as error:
            if not left or error.retry_after is None or error.retry_after > MOMENT:
                raise
            continue
        if answer.get("success") is not False:
            return answer
        if not left:
            raise VendorUnavailable(NOT_SUCCESS, params={"said": said(answer)}, detail=said(answer))
    raise AssertionError


def rows(api: Api, source: Source, where: Where, skip: int = 0, order: str = "asc") -> tuple[list[Raw], int | None]:
    """Return one page of a list and how many rows there are in all, as the vendor counts; None where it does not.

    A page is some of the rows, seldom all: see `lists`.
    """
    if source.search:
        body: Payload = {"orderBy": {"id": order}, "limit": LIMIT, "skip": skip}
        if where:
            body["where"] = dict(where)
        answer = read(source.path, lambda: api.post(f"{source.path}/search", body, reads=True))
    else:
        params: dict[str, object] = {"orderBy": f'{{"id":"{order}"}}', "limit": LIMIT, "skip": skip}
        if where:
            params["where"] = json.dumps(where, separators=(",", ":"))
        answer = read(source.path, lambda: api.get(source.path, params))
    found, meta = answer.get("data"), answer.get("meta")
    if not isinstance(found, list):
        raise ContractBroken("ANSWER-SHAPE", detail=f"{source.path} was answered without a list")
    total = meta.get("total") if isinstance(meta, Mapping) else None
    whole = int(total) if isinstance(total, int | Decimal) and not isinstance(total, bool) else None
    return [row for row in found if isinstance(row, dict) and row.get("id")], whole


def one(api: Api, path: str) -> Raw:
    """Return one record. RecordRejected SM-NOT-FOUND: there is none of this id, or not for this key."""
    data = read(path, lambda: api.get(path)).get("data")
    if not isinstance(data, dict):
        raise ContractBroken("ANSWER-SHAPE", detail="a record was answered without data")
    return data


def written(path: str, call: Callable[[], Raw]) -> Raw:
    """Make a write and return its data, {} where the answer has none. What says it is no success was refused."""
    answer = named(path, call, writes=True)
    if answer.get("success") is False:
        words = said(answer)
        raise RecordRejected(REFUSED, params={"said": words}, detail=words)
    data = answer.get("data")
    if data is None and answer:
        raise OutcomeUnknown("ANSWER-SHAPE", detail="a write was answered without data")
    return data if isinstance(data, dict) else {}


def said(answer: Mapping[str, Any]) -> str:
    """The vendor's words, redacted, with its reference for support."""
    words = redact(str(answer.get("message") or ""))[:300]
    code = str(answer.get("code") or "")
    return f"{words} ({code})" if words and code else words or code or "–"


def segment(value: object) -> str:
    """One part of a path, percent-encoded, slashes and braces too."""
    return quote(str(value), safe="")


# values


def cents(value: Any) -> Decimal:
    """An amount of the wire, in units of the currency; nothing is zero."""
    return (Decimal(str(value)) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) if value not in (None, "") else ZERO


def to_cents(value: Decimal) -> int:
    """An amount for the wire. Half a cent goes up."""
    return int((Decimal(value) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def money(value: Decimal) -> Decimal:
    """An amount to the cent, half up."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def number(value: Any) -> Decimal:
    """A quantity or percentage; nothing is zero."""
    return Decimal(str(value)) if value not in (None, "") else ZERO


def plain(value: Decimal) -> str:
    """A number without idle zeros: 9.975, 5."""
    told = format(value.normalize(), "f")
    return told if told != "-0" else "0"


def text(value: Any) -> str | None:
    """A text without blanks around it; None when nothing is left."""
    return " ".join(str(value).split()) or None if value is not None else None


def moment(value: Any) -> datetime | None:
    """A time of the wire. Some date fields hold the word "empty" instead of one."""
    if value in (None, "", "empty"):
        return None
    try:
        return instant(value)
    except (ValueError, TypeError):
        return None


def stamp(at: datetime) -> str:
    """A time as filters take it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def location(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the feed noted of the document's location: id, name, time zone, country."""
    found = raw.get("_location")
    return found if isinstance(found, Mapping) else {}


def day(raw: Mapping[str, Any], *names: str) -> date | None:
    """The accounting day of the first of these times that is told: the calendar day where the shop is."""
    for name in names:
        if at := moment(raw.get(name)):
            return at.astimezone(zone_of(str(location(raw).get("timezone") or ""))).date()
    return None


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """A time zone by name; UTC where it is not known (the connection check says so)."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def currency(raw: Mapping[str, Any]) -> str | None:
    """The currency of a document: no field tells it, it follows the location's country."""
    return CURRENCIES.get(str(location(raw).get("country") or "").upper())


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Return `total` in parts after `weights`, to the cent; they come to it exactly. Without any weight: all zero."""
    whole = sum(weights, ZERO)
    if not whole or not total:
        return [ZERO for _ in weights]
    parts, so_far, given = [], ZERO, ZERO
    for weight in weights:
        so_far += weight
        upto = money(total * so_far / whole)
        parts.append(upto - given)
        given = upto
    return parts


def address(raw: Mapping[str, Any]) -> dict[str, str | None] | None:
    """An address, from the fields a customer or a location has."""
    values = {
        "line1": text(raw.get("address1")),
        "line2": text(raw.get("address2")),
        "city": text(raw.get("city")),
        "region": text(raw.get("state")),
        "postcode": text(raw.get("postalCode")),
        "country": text(raw.get("country")),
    }
    return values if any(values.values()) else None
