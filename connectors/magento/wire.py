"""Small helpers shared by the resources: searching, amounts, times, texts, addresses on the wire.

Keys whose value is null are left out by the store, so that in a whole document absence means empty.

Source: https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/ (read 2026-11)
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.contract import Api, ContractBroken, Raw, RecordRejected

ZERO = Decimal(0)
SIZE = 100
SMALLEST = 5
TIME = "%Y-%m-%d %H:%M:%S"

Test = tuple[str, str, object]  # field, operator, value
Tests = Sequence[Sequence[Test]]  # groups are all needed, of a group one is enough

_NO_CENTS = frozenset(re.findall("...", "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXVNDVUVXAFXOFXPF"))
_THOUSANDTHS = frozenset(re.findall("...", "BHDIQDJODKWDLYDOMRTND"))
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")


# searching


def criteria(
    tests: Tests = (), sort: Sequence[tuple[str, str]] = (), size: int = SIZE, page: int = 1, fields: str = ""
) -> dict[str, object]:
    """Return the query of a search. The page size is always named: without one a store sends everything it has."""
    query: dict[str, object] = {}
    for group, some in enumerate(tests):
        for number, (name, condition, value) in enumerate(some):
            root = f"searchCriteria[filter_groups][{group}][filters][{number}]"
            query |= {f"{root}[field]": name, f"{root}[condition_type]": condition, f"{root}[value]": value}
    for number, (name, direction) in enumerate(sort):
        root = f"searchCriteria[sortOrders][{number}]"
        query |= {f"{root}[field]": name, f"{root}[direction]": direction}
    query |= {"searchCriteria[pageSize]": size, "searchCriteria[currentPage]": page}
    if fields:
        query["fields"] = fields
    return query


def search(api: Api, path: str, query: Mapping[str, object]) -> tuple[list[Raw], int]:
    """Return the rows of one page and how many there are in all, as the store counts."""
    answer = api.get(path, query)
    rows, total = answer.get("items"), answer.get("total_count")
    if rows is None:
        rows = []
    if not isinstance(rows, list) or isinstance(total, bool) or not isinstance(total, int | Decimal):
        raise ContractBroken("ANSWER-SHAPE", detail=f"{path} was answered without items and total_count")
    return [row for row in rows if isinstance(row, dict)], int(total)


def everything(
    api: Api, path: str, key: str, tests: Tests = (), fields: str = "", most: int = 1000, identity: str = ""
) -> Iterator[list[Raw]]:
    """Yield all pages of a list in the order of `key`, each beginning where the last one ended.

    So neither a row that comes or goes meanwhile nor a store that repeats its last page for ever does harm. `identity`
    is the key's name in the rows where that is another one.
    """
    last: Any = None
    size = SIZE
    for _ in range(most):
        more = [*tests, [(key, "gt", last)]] if last is not None else tests
        try:
            rows, total = search(api, path, criteria(more, [(key, "ASC")], size, fields=fields))
        except RecordRejected as error:
            size = smaller(error, size)
            continue
        at = identity or key
        fresh = [row for row in rows if last is None or _after(row.get(at), last)]
        if fresh:
            yield fresh
            last = max((row[at] for row in fresh), key=_order)
        if not fresh or (len(rows) < size and total <= len(rows)):
            return


def numbered(api: Api, path: str, tests: Tests, key: str, fields: str = "", most: int = 50) -> Iterator[Raw]:
    """Yield the rows of a short list page by page, each once, for lists that know no order to go on by."""
    seen: set[str] = set()
    size, page = SIZE, 1
    while page <= most:
        try:
            rows, total = search(api, path, criteria(tests, (), size, page, fields))
        except RecordRejected as error:
            size = smaller(error, size)
            continue
        fresh = [row for row in rows if str(row.get(key)) not in seen]
        seen.update(str(row.get(key)) for row in fresh)
        yield from fresh
        if not fresh or len(seen) >= total:
            return
        page += 1


def _order(value: Any) -> tuple[int, Any]:
    return (0, int(value)) if isinstance(value, int) or str(value).isdigit() else (1, str(value))


def _after(value: Any, last: Any) -> bool:
    return value is not None and _order(value) > _order(last)


def smaller(error: RecordRejected, size: int) -> int:
    """Return half the page size where the store found it too large; raises the error else."""
    if error.code != "MAG-SIZE" or size <= SMALLEST:
        raise error
    return max(SMALLEST, size // 2)


def lots(values: Sequence[str], most: int = 2500) -> Iterator[list[str]]:
    """Yield values in lots that an address can hold: web servers take some eight thousand letters, encoded."""
    lot: list[str] = []
    length = 0
    for value in values:
        size = len(quote(value, safe="")) + 3
        if lot and length + size > most:
            yield lot
            lot, length = [], 0
        lot.append(value)
        length += size
    if lot:
        yield lot


def segment(value: str) -> str:
    """One part of a path, percent-encoded, slashes too. Braces would be taken for marks and are encoded as well."""
    return quote(value, safe="")


# values


def places(currency: str) -> int:
    """Digits after the point in a currency."""
    return 0 if currency in _NO_CENTS else 3 if currency in _THOUSANDTHS else 2


@lru_cache(maxsize=8)
def _unit(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


def number(value: Any) -> Decimal:
    """A number of the wire; nothing is zero, as the store leaves out what is null."""
    return ZERO if value in (None, "") else value if isinstance(value, Decimal) else Decimal(str(value))


def rounded(value: Any, currency: str) -> Decimal:
    """An amount, of up to four decimals in the store, to the currency's own, half up."""
    return number(value).quantize(_unit(places(currency)), ROUND_HALF_UP)


def spread(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return `total` in parts after `weights`, to the cent; they come to it exactly. Without any weight: all zero."""
    whole = sum(weights, ZERO)
    if not whole or not total:
        return [ZERO for _ in weights]
    parts, so_far, given = [], ZERO, ZERO
    for weight in weights:
        so_far += weight
        upto = rounded(total * so_far / whole, currency)
        parts.append(upto - given)
        given = upto
    return parts


def text(value: Any) -> str | None:
    """A text without blanks around it and with its HTML entities resolved; None when nothing is left."""
    return (_SPACE.sub(" ", html.unescape(str(value))).strip() or None) if value is not None else None


def plain(value: Any) -> str | None:
    """A text out of HTML."""
    return text(_TAG.sub(" ", str(value))) if value is not None else None


def email(value: Any) -> str:
    """An e-mail address as it names a buyer."""
    return str(value or "").strip().lower()


def moment(value: Any) -> datetime | None:
    """A time of the wire, which is UTC whatever the store's zone."""
    return datetime.strptime(str(value)[:19], TIME).replace(tzinfo=UTC) if value else None


def stamp(at: datetime) -> str:
    """A time as filters take it."""
    return at.astimezone(UTC).strftime(TIME)


def day(value: Any, zone: str) -> date | None:
    """The accounting day of a time: the calendar day in the store's own zone."""
    at = moment(value)
    return at.astimezone(zone_of(zone)).date() if at else None


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """A time zone by name; UTC where it is not known (the connection check says so)."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def address(found: Mapping[str, Any] | None) -> dict[str, str | None] | None:
    """An address; lines after the first are one."""
    if not found:
        return None
    street = found.get("street") or []
    lines = [line for line in map(text, street if isinstance(street, list) else [street]) if line]
    region = found.get("region")
    values = {
        "line1": lines[0] if lines else None,
        "line2": ", ".join(lines[1:]) or None,
        "city": text(found.get("city")),
        "region": text(found.get("region_code")) or (text(region) if isinstance(region, str) else None),
        "postcode": text(found.get("postcode")),
        "country": text(found.get("country_id")),
    }
    return values if any(values.values()) else None


def extra(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The extension attributes of a document; where there are none the store sends nothing or an empty list."""
    found = raw.get("extension_attributes")
    return found if isinstance(found, Mapping) else {}


def store(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the feed noted of the document's store view: code, time zone, locale."""
    found = raw.get("_store")
    return found if isinstance(found, Mapping) else {}


def rate(raw: Mapping[str, Any]) -> Decimal:
    """Units of the base currency for one of the document's: the store tells the reverse."""
    if raw.get("order_currency_code") == raw.get("base_currency_code"):
        return Decimal(1)
    told = number(raw.get("base_to_order_rate"))
    if told > 0:
        return (1 / told).quantize(Decimal("0.000000001"))
    ours, theirs = number(raw.get("grand_total")), number(raw.get("base_grand_total"))
    return (theirs / ours).quantize(Decimal("0.000000001")) if ours and theirs else Decimal(1)
