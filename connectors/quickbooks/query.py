"""Statements of the query language, with every value escaped.

There is no OR, no parentheses and no NOT. Values stand in single quotes, `'` and `\\` in them get a backslash; the
whole statement is percent-encoded by the caller. Without an `Active` condition lists answer only active objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

PAGE = 1000
STAMP = "MetaData.LastUpdatedTime"


@dataclass(frozen=True, slots=True)
class Where:
    """One condition. `value` is a boolean, a text, a number, a date, or a list of these for IN."""

    field: str
    operator: str
    value: object


ANY_STATE = Where("Active", "IN", (True, False))


def literal(value: object) -> str:
    """Return a value as the language wants it: booleans bare, all else in quotes, escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        text = value.isoformat()
    elif isinstance(value, Decimal):
        text = format(value, "f")
    else:
        text = str(value)
    # An empty text is written as one space.
    return "'" + (text.replace("\\", "\\\\").replace("'", "\\'") or " ") + "'"


def select(
    entity: str,
    where: Sequence[Where] = (),
    *,
    order: str = "",
    start: int = 1,
    limit: int = PAGE,
    what: str = "*",
) -> str:
    """Return a SELECT; with an `order` it is safe to page, without one rows come in no useful order."""
    parts = [f"SELECT {what} FROM {entity}"]  # noqa: S608 - no SQL; names are ours, values are escaped
    if where:
        parts.append("WHERE " + " AND ".join(_condition(item) for item in where))
    if order:
        parts.append(f"ORDERBY {order}")
    parts.append(f"STARTPOSITION {start} MAXRESULTS {limit}")
    return " ".join(parts)


def count(entity: str, where: Sequence[Where] = ()) -> str:
    """Return a statement that counts."""
    conditions = " WHERE " + " AND ".join(_condition(item) for item in where) if where else ""
    return f"SELECT COUNT(*) FROM {entity}{conditions}"  # noqa: S608 - no SQL; names are ours, values are escaped


def _condition(item: Where) -> str:
    if item.operator == "IN" and isinstance(item.value, list | tuple):
        return f"{item.field} IN ({', '.join(literal(value) for value in item.value)})"
    return f"{item.field} {item.operator} {literal(item.value)}"
