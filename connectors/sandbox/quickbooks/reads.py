"""Reading: queries, single objects and the change feed. Pages are joined from stored bytes without decoding them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias

from connectors.sandbox.core import Document, Response, Table, decode, encode
from connectors.sandbox.quickbooks.books import Books, id_key
from connectors.sandbox.quickbooks.entities import BY_PATH, Entity, field_kind
from connectors.sandbox.quickbooks.errors import Refusal, stamp
from connectors.sandbox.quickbooks.query import Condition, Statement, comparable, dig, instant, parse, test

FEED_CAP = 1000
_JSON = {"Content-Type": "application/json;charset=UTF-8"}

# Query field -> index column, by which both filtering and sorting avoid decoding.
_INDEXED = {
    "Active": "active",
    "MetaData.LastUpdatedTime": "changed",
    "FullyQualifiedName": "name",
    "DisplayName": "label",
    "Name": "label",
    "DocNumber": "label",
    "PrimaryEmailAddr": "email",
    "TxnDate": "date",
    "CustomerRef": "customer",
}
_Wanted: TypeAlias = tuple[str, bool | None]
_EXACT = ("label", "email", "customer", "date", "name")


class Lossy:
    """A played fault: each row of a listing is left out with some probability."""

    def __init__(self, rate: float = 0.0, seed: int = 0) -> None:
        self.rate = rate
        self._dice = random.Random(seed)  # noqa: S311 - dice for tests, not for secrets

    def thin(self, ids: Sequence[str]) -> Sequence[str]:
        return ids if not self.rate else [id for id in ids if self._dice.random() >= self.rate]


def query_response(books: Books, text: str, began: datetime, lossy: Lossy) -> Response:
    """Answer one query."""
    body = query_fragment(books, text, lossy)
    return Response(200, b'{"QueryResponse":' + body + b',"time":' + _time(began) + b"}", _JSON)


def query_fragment(books: Books, text: str, lossy: Lossy) -> bytes:
    """The inner `QueryResponse` object as JSON, for a query alone or inside a batch."""
    statement = parse(text)
    special = _special(books, statement)
    if special is not None:
        return encode(special)
    entity, statement = _resolve(statement)
    table = books.tables[entity.name]
    unseen = books.unseen(entity.name)
    found = _lagging(table, entity, statement, unseen) if unseen else _select(table, entity, statement)
    if statement.count:
        return b'{"totalCount":%d}' % len(found)
    chosen = lossy.thin(found)
    if not chosen:
        return b"{}"
    rows = table.raws(chosen)
    if unseen:
        rows = [unseen.get(id) or raw for id, raw in zip(chosen, rows, strict=True)]
    if statement.fields:
        rows = [encode(_some_fields(decode(raw), statement.fields)) for raw in rows]
    return b'{"%b":[%b],"startPosition":%d,"maxResults":%d}' % (
        entity.name.encode(),
        b",".join(rows),
        statement.start,
        len(rows),
    )


def _lagging(table: Table, entity: Entity, statement: Statement, unseen: Mapping[str, bytes | None]) -> Sequence[str]:
    """Ids as an index that is behind tells them: what was just made is not in it yet."""
    whole = _select(table, entity, replace(statement, start=1, limit=len(table) + 1))
    seen = [id for id in whole if unseen.get(id, b"") is not None]
    return seen if statement.count else seen[statement.start - 1 : statement.start - 1 + statement.limit]


def one_response(books: Books, entity: str, id: str, began: datetime) -> Response:
    """Answer with one object."""
    raw = books.tables[entity].raw(id)
    if raw is None:
        books.require(entity, id)
    return envelope(entity, raw or b"", began)


def envelope(entity: str, raw: bytes, began: datetime) -> Response:
    """One object with the server's time around it."""
    return Response(200, b'{"%b":%b,"time":%b}' % (entity.encode(), raw, _time(began)), _JSON)


def feed_response(books: Books, entities: str, changed_since: str, began: datetime) -> Response:
    """Answer the change feed: at most 1000 objects over all types together, and no way to ask for the rest."""
    try:
        since = instant(changed_since)
    except ValueError as error:
        raise Refusal("2060", f"Invalid Date Format : {changed_since}", element="changedSince") from error
    blocks: list[bytes] = []
    left = FEED_CAP
    for name in entities.split(","):
        entity = BY_PATH.get(name.strip().lower())
        if entity is None or not entity.in_change_feed:
            raise Refusal("2000", f"Invalid or unsupported object name : {name.strip()}")
        block, count = _feed_block(books, entity, since, left)
        blocks.append(block)
        left -= count
    body = b'{"CDCResponse":[{"QueryResponse":[' + b",".join(blocks) + b']}],"time":' + _time(began) + b"}"
    return Response(200, body, _JSON)


def _feed_block(books: Books, entity: Entity, since: int, left: int) -> tuple[bytes, int]:
    table = books.tables[entity.name]
    changed = table.ids("changed", low=since, limit=left)
    rows = table.raws(changed)
    stubs = sorted((at, id_key(id), stub) for id, (at, stub) in books.gone[entity.name].items() if at >= since)[
        : left - len(rows)
    ]
    rows += [encode(stub) for _, _, stub in stubs]
    if not rows:
        return b"{}", 0
    total = b',"totalCount":%d' % len(rows) if stubs else b""
    head = b'{"%b":[%b],"startPosition":1,"maxResults":%d' % (entity.name.encode(), b",".join(rows), len(rows))
    return head + total + b"}", len(rows)


def _time(began: datetime) -> bytes:
    return b'"' + stamp(began, "milliseconds").encode() + b'"'


def _special(books: Books, statement: Statement) -> Document | None:
    """CompanyInfo and Preferences can be queried too, though there is only one of each."""
    name = statement.entity.lower()
    if name not in ("companyinfo", "preferences"):
        return None
    label, row = ("CompanyInfo", books.info) if name == "companyinfo" else ("Preferences", books.preferences)
    return {"totalCount": 1} if statement.count else {label: [row], "startPosition": 1, "maxResults": 1}


def _resolve(statement: Statement) -> tuple[Entity, Statement]:
    """The entity meant, and the statement with field names in the vendor's spelling. Raises 4001."""
    entity = BY_PATH.get(statement.entity.lower())
    if entity is None:
        raise Refusal("4001", f"QueryValidationError: invalid context declaration: {statement.entity}")
    where = tuple(Condition(_spelled(c.field, entity, entity.filters), c.operator, c.values) for c in statement.where)
    for condition in where:
        if condition.field == "Id" and condition.operator not in ("=", "IN"):
            raise Refusal("4001", f"QueryValidationError: operator {condition.operator} is not supported for Id")
    order = tuple((_spelled(field, entity, entity.sorts), descending) for field, descending in statement.order_by)
    return entity, Statement(
        entity.name, statement.count, statement.fields, where, order, statement.start, statement.limit
    )


def _spelled(field: str, entity: Entity, allowed: frozenset[str]) -> str:
    for name in allowed:
        if name.lower() == field.lower():
            return name
    raise Refusal("4001", f"QueryValidationError: Property {field} not found for Entity {entity.name}")


def _select(table: Table, entity: Entity, statement: Statement) -> Sequence[str]:
    """Ids that match, in order, as far as the page asked for reaches (all of them for a count)."""
    active, where = _activity(entity, statement.where)
    order = statement.order_by or ((("FullyQualifiedName", False),) if entity.kind == "list" else ())
    column, descending = _order_column(order)
    offset, limit = (0, None) if statement.count else (statement.start - 1, statement.limit)
    if not where and (column is not None or not order or statement.count):
        by = None if statement.count else column
        return table.ids(by, descending=descending, where=active, offset=offset, limit=limit)
    low, high = _time_window(where)
    if column == "changed" and not statement.count and not _without_window(where):
        return table.ids(column, descending=descending, low=low, high=high, where=active, offset=offset, limit=limit)
    ids, where, in_order = _candidates(table, where, column, descending, active)
    found: Iterable[str] = _matching(table, ids, where)
    if not statement.count and not in_order and order:
        found = _sorted(table, found, order)
    return list(islice(found, offset, None if limit is None else offset + limit))


def _activity(entity: Entity, where: Sequence[Condition]) -> tuple[_Wanted | None, list[Condition]]:
    """The wanted value of `Active` (None: either), and the other conditions. Lists answer only active ones unasked."""
    rest = [c for c in where if c.field != "Active"]
    wanted = {True} if entity.kind == "list" else {True, False}
    if len(rest) < len(where):
        wanted = {True, False}
        for condition in where:
            if condition.field == "Active":
                predicate = test(condition, "bool")
                wanted = {value for value in wanted if predicate(value)}
    if len(wanted) == 2:
        return None, rest
    # Contradicting conditions leave nothing: no document has a third value.
    return ("active", wanted.pop() if wanted else None), rest


def _order_column(order: Sequence[tuple[str, bool]]) -> tuple[str | None, bool]:
    """The index column that gives this order at once, if there is one."""
    if len(order) != 1:
        return None, False
    field, descending = order[0]
    return ("id" if field == "Id" else _INDEXED.get(field)), descending


def _candidates(
    table: Table, where: list[Condition], column: str | None, descending: bool, active: _Wanted | None
) -> tuple[list[str], list[Condition], bool]:
    """A first choice of ids by the sharpest index, the conditions still to be tested, and whether they are in order."""
    for condition in where:
        indexed = _INDEXED.get(condition.field)
        sharp = condition.operator == "=" and indexed in _EXACT and condition.values[0] != " "
        if condition.field != "Id" and not sharp:
            continue
        rest = [c for c in where if c is not condition]
        if condition.field == "Id":
            ids = sorted({str(value) for value in condition.values if value in table}, key=id_key, reverse=descending)
        else:
            ids = table.find(str(indexed), str(condition.values[0]).casefold())
        kept = [id for id in ids if active is None or table.value(id, "active") == active[1]]
        return kept, rest, condition.field == "Id" and column == "id"
    low, high = _time_window(where)
    if low is None and high is None:
        return table.ids(column, descending=descending, where=active), where, column is not None
    in_order = column == "changed"
    ids = table.ids("changed", low=low, high=high, descending=in_order and descending, where=active)
    return ids, _without_window(where), in_order


def _without_window(where: Iterable[Condition]) -> list[Condition]:
    """The conditions a window of change times does not answer."""
    return [c for c in where if c.field != "MetaData.LastUpdatedTime" or c.operator in ("IN", "LIKE")]


def _time_window(where: Iterable[Condition]) -> tuple[int | None, int | None]:
    """Inclusive bounds in seconds out of the conditions on the time of last change."""
    low: int | None = None
    high: int | None = None
    for condition in where:
        if condition.field != "MetaData.LastUpdatedTime" or condition.operator in ("IN", "LIKE"):
            continue
        second = comparable(condition.field, "time", condition.values[0])
        if condition.operator in (">", ">=", "="):
            bound = second + (condition.operator == ">")
            low = bound if low is None else max(low, bound)
        if condition.operator in ("<", "<=", "="):
            bound = second - (condition.operator == "<")
            high = bound if high is None else min(high, bound)
    return low, high


def _matching(table: Table, ids: Iterable[str], where: Sequence[Condition]) -> Iterator[str]:
    """Those ids whose documents pass the rest of the conditions; each is decoded."""
    tests = [(condition.field, test(condition, field_kind(condition.field))) for condition in where]
    for id in ids:
        document = table.get(id) or {} if tests else {}
        if all(predicate(dig(document, field)) for field, predicate in tests):
            yield id


def _sorted(table: Table, ids: Iterable[str], order: Sequence[tuple[str, bool]]) -> list[str]:
    """In an order no single index gives: by the last field first; documents are decoded only where they must be."""
    rows = sorted(ids, key=id_key)
    for field, descending in reversed(order):

        def key(id: str, field: str = field) -> tuple[bool, Any]:
            if field == "Id":
                return True, id_key(id)
            value = _value(table, id, field)
            return value is not None, 0 if value is None else value

        rows.sort(key=key, reverse=descending)
    return rows


def _value(table: Table, id: str, field: str) -> Any:
    column = _INDEXED.get(field)
    if column is not None:
        return table.value(id, column)
    return comparable(field, field_kind(field), dig(table.get(id) or {}, field))


def _some_fields(document: Document, fields: Sequence[str]) -> Document:
    """A sparse object with the asked fields, as field lists give in practice."""
    wanted = {field.split(".")[0].lower() for field in fields}
    chosen = {name: value for name, value in document.items() if name.lower() in wanted or name == "Id"}
    return {**chosen, "domain": "QBO", "sparse": True}
