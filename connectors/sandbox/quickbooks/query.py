"""The query language: text in, `Statement` out.

SELECT * | COUNT(*) | fields FROM Entity [WHERE a [AND b]] [ORDERBY f [ASC|DESC]] [STARTPOSITION n] [MAXRESULTS m]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.quickbooks.errors import PACIFIC, Refusal

PAGE_DEFAULT = 100
PAGE_MAX = 1000

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<op><=|>=|=|<|>)|(?P<mark>[(),*])|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+))"""
)
_ESCAPED = re.compile(r"\\(.)", re.S)
_OPERATORS = ("=", "<", ">", "<=", ">=", "IN", "LIKE")


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` has several members only for IN."""

    field: str
    operator: str
    values: tuple[str | bool, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed query; names as they were written. `fields` is empty for `*`."""

    entity: str
    count: bool = False
    fields: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    order_by: tuple[tuple[str, bool], ...] = ()
    start: int = 1
    limit: int = PAGE_DEFAULT


class _Tokens:
    """The words of one statement, taken from the left."""

    def __init__(self, text: str) -> None:
        self._found: list[tuple[str, str]] = []
        self._at = 0
        text = text.strip()
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise _syntax(text[place:].split(maxsplit=1)[0], place)
            self._found.append((str(match.lastgroup), match.group().strip()))
            place = match.end()

    def peek(self) -> tuple[str, str]:
        return self._found[self._at] if self._at < len(self._found) else ("end", "")

    def next(self) -> tuple[str, str]:
        token = self.peek()
        self._at += 1
        return token

    def keyword(self, *words: str) -> bool:
        """Take the words if they come next, in any case."""
        ahead = self._found[self._at : self._at + len(words)]
        if len(ahead) < len(words) or any(
            kind != "word" or value.upper() != word for (kind, value), word in zip(ahead, words, strict=True)
        ):
            return False
        self._at += len(words)
        return True

    def expect(self, kind: str, value: str | None = None) -> str:
        found_kind, found = self.next()
        if found_kind != kind or (value is not None and found.upper() != value):
            raise _syntax(found or "end of query", self._at)
        return found


def _syntax(near: str, place: int) -> Refusal:
    return Refusal("4000", f'QueryParserError: Encountered "{near}" at column {place + 1}.')


def parse(text: str) -> Statement:
    """Read one statement. Raises `Refusal` 4000 on bad grammar, 4001 on numbers out of range."""
    tokens = _Tokens(text)
    tokens.expect("word", "SELECT")
    count, fields = _selection(tokens)
    tokens.expect("word", "FROM")
    entity = tokens.expect("word")
    where = _where(tokens)
    order: tuple[tuple[str, bool], ...] = ()
    start, limit = 1, PAGE_DEFAULT
    while tokens.peek()[0] != "end":
        if tokens.keyword("ORDERBY") or tokens.keyword("ORDER", "BY"):
            order = _order(tokens)
        elif tokens.keyword("STARTPOSITION"):
            start = _positive(tokens)
        elif tokens.keyword("MAXRESULTS"):
            limit = min(_positive(tokens), PAGE_MAX)
        else:
            raise _syntax(tokens.peek()[1], 0)
    return Statement(entity, count, fields, where, order, start, limit)


def _selection(tokens: _Tokens) -> tuple[bool, tuple[str, ...]]:
    if tokens.keyword("COUNT"):
        tokens.expect("mark", "(")
        tokens.expect("mark", "*")
        tokens.expect("mark", ")")
        return True, ()
    fields: list[str] = []
    everything = False
    while True:
        kind, value = tokens.next()
        if kind == "word":
            fields.append(value)
        elif (kind, value) == ("mark", "*"):
            everything = True
        else:
            raise _syntax(value or "end of query", 0)
        if tokens.peek() != ("mark", ","):
            return False, () if everything else tuple(fields)
        tokens.next()


def _where(tokens: _Tokens) -> tuple[Condition, ...]:
    if not tokens.keyword("WHERE"):
        return ()
    found = [_condition(tokens)]
    while tokens.keyword("AND"):
        found.append(_condition(tokens))
    return tuple(found)


def _condition(tokens: _Tokens) -> Condition:
    field = tokens.expect("word")
    kind, value = tokens.next()
    operator = value.upper()
    if kind not in ("op", "word") or operator not in _OPERATORS:
        raise _syntax(value or "end of query", 0)
    if operator != "IN":
        return Condition(field, operator, (_value(tokens),))
    tokens.expect("mark", "(")
    values = [_value(tokens)]
    while tokens.peek() == ("mark", ","):
        tokens.next()
        values.append(_value(tokens))
    tokens.expect("mark", ")")
    return Condition(field, operator, tuple(values))


def _value(tokens: _Tokens) -> str | bool:
    """A quoted literal without its escapes, a bare boolean, or today's date."""
    kind, value = tokens.next()
    if kind == "text":
        return _ESCAPED.sub(r"\1", value[1:-1])
    if kind == "word" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if kind == "word" and value.upper() == "CURRENT_DATE":
        return datetime.now(PACIFIC).date().isoformat()
    raise _syntax(value or "end of query", 0)


def _order(tokens: _Tokens) -> tuple[tuple[str, bool], ...]:
    found: list[tuple[str, bool]] = []
    while True:
        field = tokens.expect("word")
        descending = tokens.keyword("DESC")
        if not descending:
            tokens.keyword("ASC")
        found.append((field, descending))
        if tokens.peek() != ("mark", ","):
            return tuple(found)
        tokens.next()


def _positive(tokens: _Tokens) -> int:
    number = int(tokens.expect("number"))
    if number < 1:
        raise Refusal("4001", f"QueryValidationError: value {number} is too small. Min allowed value is 1")
    return number


# Comparing


def instant(text: str) -> int:
    """Whole seconds since 1970 of a date or a moment; without an offset it is Pacific. Raises `ValueError`."""
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=PACIFIC)
    return int(moment.astimezone(UTC).timestamp())


def dig(document: Document, field: str) -> Any:
    """The value a condition on `field` looks at: a reference's id, an e-mail's address, or the plain value."""
    value: Any = document
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return value.get("value", value.get("Address"))
    return value


def comparable(field: str, kind: str, value: Any) -> Any:
    """A stored or asked value in the form in which it is compared; texts without regard to case. Raises `Refusal`."""
    if value is None:
        return None
    try:
        if kind == "time":
            return instant(str(value))
        if kind == "number":
            return Decimal(str(value))
    except (ValueError, InvalidOperation) as error:
        raise Refusal("4001", f"QueryValidationError: {value!r} is not a valid value for {field}") from error
    if kind == "bool":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    return str(value).casefold()


def test(condition: Condition, kind: str) -> Callable[[Any], bool]:
    """A predicate over stored values. Missing values match nothing but `= ' '`, which asks for empty ones."""
    field = condition.field
    if condition.operator == "LIKE":
        pattern = re.compile(".*".join(map(re.escape, str(condition.values[0]).split("%"))), re.I | re.S)
        return lambda value: value is not None and pattern.fullmatch(str(value)) is not None
    asked = [comparable(field, kind, value) for value in condition.values if value != " "]
    if not asked:
        return lambda value: value is None or value == ""
    wanted, first, operator = set(asked), asked[0], condition.operator
    if operator in ("=", "IN"):
        return lambda value: comparable(field, kind, value) in wanted
    return lambda value: value is not None and _ordered(operator, comparable(field, kind, value), first)


def _ordered(operator: str, left: Any, right: Any) -> bool:
    if operator == "<":
        return bool(left < right)
    if operator == ">":
        return bool(left > right)
    if operator == "<=":
        return bool(left <= right)
    return bool(left >= right)
