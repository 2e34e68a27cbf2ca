"""Listings and searches: where, orderBy, limit, skip; what is silently ignored, clamped and left out.

Source: ngsalmon/shopmonkey-api-quirks:README.md, https://shopmonkey.dev/overview, read 2026-11-21.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.core import Document, Request, Response, decode
from connectors.sandbox.shopmonkey.shop import Company, places
from connectors.sandbox.shopmonkey.wire import Refusal, answer, is_number, parse_moment

QUERY = ("where", "orderBy", "limit", "skip", "locationId")
BODY = ("where", "orderBy", "limit", "skip", "collate", "params")
MOST_DIGITS = 9
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
OPERATORS = (*COMPARE, "in", "contains")
DIRECTIONS = ("asc", "desc")


def wrong(problem: str) -> Refusal:
    """What was asked cannot be made sense of."""
    return Refusal(400, "Invalid query parameter", {"errors": [problem]})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a listing was asked for, made sense of; `ignored` are the names nobody knows."""

    where: Mapping[str, Any] = field(default_factory=dict)
    order: Mapping[str, str] = field(default_factory=dict)
    limit: int = 100
    skip: int = 0
    location: str = ""
    ignored: tuple[str, ...] = ()


def of_query(request: Request) -> Asked:
    """Out of an address. Raises `Refusal` (400)."""
    if "orderby" in request.query:
        raise wrong("Unknown parameter orderby")
    return _asked(
        where=_json(request.arg("where"), "where"),
        order=_json(request.arg("orderBy"), "orderBy"),
        limit=_count(request.arg("limit"), "limit", 1, 100),
        skip=_count(request.arg("skip"), "skip", 0, 0),
        location=request.arg("locationId") or "",
        ignored=tuple(name for name in request.query if name not in QUERY),
    )


def of_body(body: Document) -> Asked:
    """Out of the body of a search. Raises `Refusal` (400)."""
    for name, least in (("limit", 1), ("skip", 0)):
        value = body.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 10**MOST_DIGITS:
            raise wrong(f"{name} must be a whole number of at least {least}")
    return _asked(
        where=body.get("where") if body.get("where") is not None else {},
        order=body.get("orderBy") if body.get("orderBy") is not None else {},
        limit=body.get("limit", 100),
        skip=body.get("skip", 0),
        location="",
        ignored=tuple(name for name in body if name not in BODY),
    )


def _asked(where: Any, order: Any, **more: Any) -> Asked:
    if not isinstance(where, dict):
        raise wrong("where must be a JSON object")
    if not isinstance(order, dict) or any(way not in DIRECTIONS for way in order.values()):
        raise wrong("orderBy must be a JSON object of asc and desc")
    return Asked(where=where, order=order, **more)


def _json(text: str | None, name: str) -> Any:
    if text is None:
        return {}
    try:
        return decode(text)
    except (ValueError, RecursionError):
        raise wrong(f"{name} is not valid JSON") from None


def _count(text: str | None, name: str, least: int, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > MOST_DIGITS or int(text) < least:
        raise wrong(f"{name} must be a whole number of at least {least}")
    return int(text)


def listing(
    company: Company,
    rows: Iterable[Document],
    asked: Asked,
    resource: str,
    show: Callable[[Document], Document] = lambda row: row,
    *,
    columns: Iterable[str] = (),
    path: str = "",
) -> Response:
    """A page of rows. `meta.total` is honest, `meta.hasMore` need not be."""
    world = company.world
    settings, faults = world.settings, world.faults
    known = frozenset(columns)
    tests = _tests(asked, known, resource, settings.ignore_filters)
    if settings.strict:
        _be_strict(asked, known, settings.page_limit)
    found = [row for row in rows if all(test(row) for test in tests)]
    total = len(found)
    found = _ordered(found, asked, resource)
    if settings.shuffle:
        faults.dice.shuffle(found)
    if faults.lossy_rate and faults.lossy_path.search(path):
        found = [row for row in found if faults.dice.random() >= faults.lossy_rate]
    end = asked.skip + min(asked.limit, settings.page_limit)
    page = found[asked.skip : end]
    more = end < total
    return answer([show(row) for row in page], {"total": total, "hasMore": more is not settings.has_more_lies})


def _be_strict(asked: Asked, known: frozenset[str], page_limit: int) -> None:
    """Refuse what is otherwise silently ignored."""
    strange = [*asked.ignored, *(name for name in asked.where if name not in known)]
    for value in asked.where.values():
        strange += [name for name in value if name not in OPERATORS] if isinstance(value, dict) else []
    if strange or asked.limit > page_limit:
        raise wrong(f"ignored by the vendor: {', '.join(strange) or 'limit'}")


# Filters


def _tests(
    asked: Asked, known: frozenset[str], resource: str, ignored: Sequence[str]
) -> list[Callable[[Document], bool]]:
    """One test for each condition the vendor heeds: unknown names and operators are none."""
    tests: list[Callable[[Document], bool]] = []
    if asked.location:
        tests.append(lambda row: asked.location in (places(row) or [asked.location]))
    if resource in ignored:
        return tests
    for name, wanted in asked.where.items():
        if name not in known or f"{resource}.{name}" in ignored:
            continue
        if not isinstance(wanted, dict):
            tests.append(_equals(name, wanted))
        for word, bound in wanted.items() if isinstance(wanted, dict) else ():
            if word in COMPARE:
                tests.append(_compares(name, COMPARE[word], bound))
            elif word == "in" and isinstance(bound, list):
                tests.append(_among(name, bound))
            elif word == "contains":
                tests.append(_contains(name, bound))
    return tests


def _same(value: object, wanted: object) -> bool:
    """Equality as the database sees it: times as times, numbers and their text alike, otherwise of one kind."""
    if value is None or wanted is None or isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    left, right = parse_moment(value), parse_moment(wanted)
    if left is not None and right is not None:
        return left == right
    if is_number(value) is not is_number(wanted):
        return str(value) == str(wanted)
    return value == wanted


def _equals(name: str, wanted: object) -> Callable[[Document], bool]:
    return lambda row: _same(row.get(name), wanted)


def _among(name: str, wanted: Sequence[object]) -> Callable[[Document], bool]:
    return lambda row: any(_same(row.get(name), one) for one in wanted)


def _contains(name: str, wanted: object) -> Callable[[Document], bool]:
    text = str(wanted).lower()

    def test(row: Document) -> bool:
        value = row.get(name)
        if isinstance(value, list):
            return any(str(one).lower() == text for one in value)
        return value is not None and text in str(value).lower()

    return test


def _compares(name: str, compare: Callable[[Any, Any], bool], bound: object) -> Callable[[Document], bool]:
    limit = _comparable(bound)

    def test(row: Document) -> bool:
        value = _comparable(row.get(name))
        return value is not None and limit is not None and type(value) is type(limit) and compare(value, limit)

    return test


def _comparable(value: object) -> object:
    """A time, a number or a text; None for what has no order."""
    if value is None or isinstance(value, (bool, dict, list)):
        return None
    if is_number(value):
        return float(str(value))
    return parse_moment(value) or str(value)


def _ordered(rows: list[Document], asked: Asked, resource: str) -> list[Document]:
    """On orders only `id` is honoured (measured); elsewhere the columns that are asked for."""
    for name, way in reversed(list(asked.order.items())):
        if resource == "order" and name != "id":
            continue
        rows = sorted(rows, key=lambda row: _rank(row.get(name)), reverse=way == "desc")
    return rows


def _rank(value: object) -> tuple[str, Any]:
    """Any two values in an order: by kind, then by size."""
    found = _comparable(value)
    if found is None:
        return ("", 0)
    return (type(found).__name__, found)
