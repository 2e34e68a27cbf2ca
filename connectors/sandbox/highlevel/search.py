"""Contact search: filters, groups, orders, and the two ways through the pages.

Source: the vendor's support text on advanced contact search (the published body is empty), read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from connectors.sandbox.core import Document, encode
from connectors.sandbox.highlevel.place import Location
from connectors.sandbox.highlevel.wire import Refusal, Shape, check, milliseconds, parse_moment, unfit

OPERATORS = ("eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range")
BOUNDS = {"gte": (0, 1), "gt": (1,), "lte": (0, -1), "lt": (-1,)}
TIMES = ("dateAdded", "dateUpdated")
DEEP = 8
BODY = {
    "locationId": Shape(needed=True, least=1),
    "pageLimit": Shape("whole", needed=True, least=1, most=500),
    "page": Shape("whole", least=1),
    "searchAfter": Shape("list"),
    "query": Shape(most=75),
    "filters": Shape("list", row=Shape("thing")),
    "sort": Shape("list", row=Shape("thing")),
}
SORT = {"field": Shape(needed=True), "direction": Shape(needed=True, choices=("asc", "desc"))}
SEARCHED = ("firstName", "lastName", "contactName", "email", "phone", "companyName")


def find(location: Location, body: Document) -> tuple[list[Document], int]:
    """The rows of one page, with their `searchAfter`, and how many there are in all. Raises `Refusal`."""
    filters = [_checked(entry, 0) for entry in body.get("filters", [])]
    orders = [check(entry, SORT, closed=True) for entry in body.get("sort", [])]
    sort = [(one["field"], one["direction"] == "desc") for one in orders] or [("dateAdded", True)]
    words = body.get("query", "").lower().split()
    rows = _matching(location, filters, words, sort)
    size, total = int(body["pageLimit"]), len(rows)
    if "searchAfter" in body:
        after = body["searchAfter"]
        if len(after) != len(sort) + 1:
            raise unfit(f"searchAfter must have {len(sort) + 1} values")
        start = _behind(rows, after, sort)
        rows = rows[start : start + size]
    else:
        page = int(body.get("page", 1))
        if page * size > location.world.settings.page_wall:
            raise Refusal(400, "page * pageLimit must not exceed 10000; use searchAfter for deeper pages")
        rows = rows[(page - 1) * size : page * size]
    return [{**row, "searchAfter": _place(row, sort)} for row in rows], total


def _matching(
    location: Location, filters: list[Document], words: list[str], sort: list[tuple[str, bool]]
) -> list[Document]:
    """Every row in order; the last answer is kept while nothing changes, since a scan asks for it page after page."""
    question = encode([filters, words, sort])
    kept = location.last_search
    if kept is not None and kept[0] == question:
        return kept[1]
    rows = [
        contact
        for contact in _candidates(location, filters)
        if all(_passes(contact, one) for one in filters) and _has(contact, words)
    ]
    _order(rows, sort)
    if location.is_settled:
        location.last_search = (question, rows)
    return rows


def _behind(rows: list[Document], after: list[Any], sort: list[tuple[str, bool]]) -> int:
    """The place of the first row behind a cursor."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if _compare(_place(rows[middle], sort), after, sort) > 0:
            high = middle
        else:
            low = middle + 1
    return low


def _candidates(location: Location, filters: list[Document]) -> Iterable[Document]:
    """All contacts, or those of one address where a filter names it."""
    for one in filters:
        names_mail = one.get("field") == "email" and one["operator"] == "eq" and isinstance(one.get("value"), str)
        found = location.seen_by_mail(one["value"]) if names_mail else None
        if found is not None:
            return found
    return location.seen_contacts()


def _order(rows: list[Document], sort: list[tuple[str, bool]]) -> None:
    """Sort in place, ties by id; those without a value come last, either way."""
    rows.sort(key=lambda row: str(row["id"]))
    for name, falling in reversed(sort):
        try:
            rows.sort(key=_key(name, falling), reverse=falling)
        except TypeError:
            raise unfit(f"sort.field {name} cannot be sorted by") from None


def _key(name: str, falling: bool) -> Callable[[Document], Any]:
    def key(row: Document) -> Any:
        value = milliseconds(row.get(name)) if name in TIMES else row.get(name)
        return (value is None) != falling, value

    return key


def _checked(entry: Any, depth: int) -> Document:
    if not isinstance(entry, dict) or depth > DEEP:
        raise unfit("each value in filters must be an object")
    if "group" in entry:
        shapes = {"group": Shape(needed=True, choices=("AND", "OR")), "filters": Shape("list", needed=True)}
        found = check(entry, shapes, closed=True)
        return {"group": found["group"], "filters": [_checked(inner, depth + 1) for inner in found["filters"]]}
    shapes = {
        "field": Shape(needed=True),
        "operator": Shape(needed=True, choices=OPERATORS),
        "value": Shape("any", nullable=True),
    }
    found = check(entry, shapes, closed=True)
    if found["operator"] == "range":
        bounds = found.get("value")
        if not isinstance(bounds, dict) or not bounds or set(bounds) - set(BOUNDS):
            raise unfit(f"value of a range must have some of {', '.join(BOUNDS)}")
    return found


def _passes(contact: Document, rule: Document) -> bool:
    if "group" in rule:
        tests = (_passes(contact, inner) for inner in rule["filters"])
        return all(tests) if rule["group"] == "AND" else any(tests)
    value, wanted = _value(contact, rule["field"]), rule.get("value")
    match rule["operator"]:
        case "exists":
            return value not in (None, "", [])
        case "not_exists":
            return value in (None, "", [])
        case "eq":
            return _same(value, wanted)
        case "not_eq":
            return not _same(value, wanted)
        case "contains":
            return _contains(value, wanted)
        case "not_contains":
            return not _contains(value, wanted)
    return _within(rule["field"], value, rule["value"])


def _value(contact: Document, field: str) -> Any:
    head, _, id = field.partition(".")
    if head == "customFields" and id:
        return next((one["value"] for one in contact["customFields"] if one["id"] == id), None)
    return contact.get(field)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_same(value, one) for one in wanted)
    if isinstance(value, list):
        return any(_same(one, wanted) for one in value)
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.strip().lower()
    return bool(value == wanted)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(_same(one, wanted) for one in value)
    return isinstance(value, str) and str(wanted).lower() in value.lower()


def _within(field: str, value: Any, bounds: Document) -> bool:
    if value is None:
        return False
    for name, bound in bounds.items():
        own, other = (value, bound)
        if field in TIMES:
            if parse_moment(bound) is None:
                raise unfit(f"value.{name} must be a date")
            own, other = milliseconds(value), milliseconds(bound)
        try:
            order = (own > other) - (own < other)
        except TypeError:
            raise unfit(f"value.{name} does not compare with {field}") from None
        if order not in BOUNDS[name]:
            return False
    return True


def _has(contact: Document, words: list[str]) -> bool:
    if not words:
        return True
    text = " ".join(str(contact.get(name) or "") for name in SEARCHED).lower()
    return all(word in text for word in words)


def _place(contact: Document, sort: list[tuple[str, bool]]) -> list[Any]:
    """Where a contact stands in the order: its values, then its id."""
    values = [milliseconds(contact.get(name)) if name in TIMES else contact.get(name) for name, _ in sort]
    return [*values, contact["id"]]


def _compare(one: list[Any], other: list[Any], sort: list[tuple[str, bool]]) -> int:
    for at, left in enumerate(one):
        right = other[at]
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1  # those without a value come last, either way
        falling = at < len(sort) and sort[at][1]
        try:
            return 1 if (left > right) != falling else -1
        except TypeError:
            raise unfit("searchAfter does not fit the sort") from None
    return 0
