"""searchCriteria: read out of the query string, and held against rows as the store's database does.

Groups are ANDed, filters of one group ORed. Texts compare without regard to case, as the usual collation does.
Sources: AdobeDocs/commerce-webapi performing-searches.md; magento/magento2 issues #3787, #25001, #26986; read
2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.magento.wire import Refusal, invalid, masked, required, wrong_type

PREFIXES = ("searchCriteria", "search_criteria")
OPERATORS = (
    "eq",
    "neq",
    "gt",
    "gteq",
    "lt",
    "lteq",
    "moreq",
    "from",
    "to",
    "in",
    "nin",
    "like",
    "nlike",
    "null",
    "notnull",
    "finset",
    "nfinset",
)
MAX_PAGE, DEFAULT_PAGE = 300, 20
_KEY = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, its value as sent."""

    field: str
    value: str
    operator: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a list call asks for. `page_size` None means everything."""

    groups: tuple[tuple[Filter, ...], ...]
    sorts: tuple[tuple[str, bool], ...]
    page_size: int | None
    page: int

    def echo(self) -> Document:
        """As the answer repeats it."""
        told: Document = {
            "filter_groups": [
                {"filters": [{"field": f.field, "value": f.value, "condition_type": f.operator} for f in group]}
                for group in self.groups
            ]
        }
        if self.sorts:
            told["sort_orders"] = [{"field": f, "direction": "DESC" if down else "ASC"} for f, down in self.sorts]
        if self.page_size is not None:
            told["page_size"] = self.page_size
        if self.page:
            told["current_page"] = self.page
        return told


def parse(query: Mapping[str, Sequence[str]], *, input_limits: bool = False) -> Criteria:
    """The criteria of a query string, in either spelling. Raises `Refusal` when there are none or they are no good."""
    tree = _tree(query)
    if tree is None:
        raise required("searchCriteria")
    size = _whole(tree.get("page_size"))
    if input_limits:
        size = DEFAULT_PAGE if size is None else size
        if size > MAX_PAGE:
            raise invalid("Maximum SearchCriteria pageSize is %max", max=MAX_PAGE)
    return Criteria(
        tuple(tuple(_filter(one) for one in _rows(group.get("filters"))) for group in _rows(tree.get("filter_groups"))),
        tuple(_sort(one) for one in _rows(tree.get("sort_orders"))),
        size or None,
        _whole(tree.get("current_page")) or 0,
    )


def _tree(query: Mapping[str, Sequence[str]]) -> Document | None:
    found: Document | None = None
    for key, values in query.items():
        name, bracket, rest = key.partition("[")
        if name not in PREFIXES:
            continue
        found = {} if found is None else found
        at = found
        path = [_snake(part) for part in _KEY.findall(bracket + rest)]
        for part in path[:-1]:
            below = at.setdefault(part, {})
            if not isinstance(below, dict):
                raise invalid("Decoding error: a search criterion cannot be both a value and a group.")
            at = below
        if path:
            at[path[-1]] = values[-1]
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"_{match[1].lower()}", name)


def _rows(part: Any) -> list[Document]:
    """The members of a numbered list, in the order of their numbers."""
    if not isinstance(part, dict):
        return []
    rows = sorted(part.items(), key=lambda item: (len(item[0]), item[0]))
    return [row for _, row in rows if isinstance(row, dict)]


def _whole(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if not str(value).isdigit():
        raise wrong_type(value, "int")
    return int(value)


def _filter(row: Document) -> Filter:
    operator = str(row.get("condition_type") or "eq")
    if "field" not in row:
        raise required("field")
    if operator not in OPERATORS:
        raise invalid('The "%type" condition type is not supported.', type=operator)
    return Filter(str(row["field"]), str(row.get("value", "")), operator)


def _sort(row: Document) -> tuple[str, bool]:
    """Descending is what no direction means."""
    direction = str(row.get("direction") or "DESC").upper()
    if direction not in ("ASC", "DESC"):
        raise Refusal(400, 'Invalid sort order direction: "%1"', [direction])
    return str(row.get("field", "")), direction == "DESC"


# Comparing


def matcher(one: Filter, kind: str) -> Callable[[Any], bool]:
    """A test of one column value. `kind` is number, text, date or list; an unreadable value is the database's error."""
    if one.operator == "null":
        return lambda have: have is None
    if one.operator == "notnull":
        return lambda have: have is not None
    if one.operator in ("finset", "nfinset"):
        wanted = one.value.lower()
        inside = one.operator == "finset"
        return lambda have: (have is not None) and ((wanted in str(have).lower().split(",")) == inside)
    if one.operator in ("like", "nlike"):
        return _like(one.value, positive=one.operator == "like")
    if one.operator in ("in", "nin"):
        values = {_typed(part, kind) for part in one.value.split(",")}
        return _membership(values, kind, positive=one.operator == "in")
    return _comparison(one.operator, _typed(one.value, kind), kind)


def _like(pattern: str, *, positive: bool) -> Callable[[Any], bool]:
    parts = ("." if sign == "_" else ".*" if sign == "%" else re.escape(sign) for sign in pattern)
    wanted = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return lambda have: have is not None and (wanted.fullmatch(str(have)) is not None) == positive


def _membership(values: set[Any], kind: str, *, positive: bool) -> Callable[[Any], bool]:
    return lambda have: have is not None and (column(have, kind) in values) == positive


def _comparison(operator: str, wanted: Any, kind: str) -> Callable[[Any], bool]:
    tests: dict[str, Callable[[Any], bool]] = {
        "eq": lambda have: have == wanted,
        "neq": lambda have: have != wanted,
        "gt": lambda have: have > wanted,
        "lt": lambda have: have < wanted,
        "gteq": lambda have: have >= wanted,
        "lteq": lambda have: have <= wanted,
    }
    tests |= {"moreq": tests["gteq"], "from": tests["gteq"], "to": tests["lteq"]}
    test = tests[operator]
    # NULL is neither equal nor unequal to anything.
    return lambda have: have is not None and test(column(have, kind))


def column(value: Any, kind: str) -> Any:
    """A stored value as it compares: numbers as `Decimal`, texts without case, dates as the text they are."""
    if kind == "number":
        return Decimal(str(value))
    return str(value).lower() if kind == "text" else str(value)


def _typed(value: str, kind: str) -> Any:
    if kind == "number":
        try:
            return Decimal(value.strip())
        except InvalidOperation:
            return Decimal(0)  # what the database makes of a word
    return moment(value) if kind == "date" else value.lower()


def moment(value: str) -> str:
    """A date or time as the database keeps it, UTC. What is none is an error nobody shows: 500, masked."""
    text = value.strip()
    if len(text) == 10:
        text += " 00:00:00"
    try:
        return datetime.strptime(text.replace("T", " "), "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise masked() from None
