"""Search: filters, query, sort, paging, and an index that may lag behind.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm, read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.hubspot import reads, schema
from connectors.sandbox.hubspot.account import Account, Record, Shelf
from connectors.sandbox.hubspot.links import End, linked
from connectors.sandbox.hubspot.values import text_of, told
from connectors.sandbox.hubspot.wire import bad, bad_json, is_number, member, parse_moment, rows, thing, words

MOST_CHARACTERS = 3000
MOST_GROUPS = 5
MOST_IN_GROUP = 6
MOST_FILTERS = 18
MOST_RESULTS = 10_000
PAGE, MOST_PAGE = 10, 200
COMPARED = ("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN")
LISTED = ("IN", "NOT_IN")
OPERATORS = (*COMPARED, *LISTED, "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN")
_TOKEN = re.compile(r"[\w'’*]+")

Test = Callable[[Record], bool]
Order = Callable[[Record], Any]


def run(account: Account, shelf: Shelf, raw: bytes, body: object) -> Document:
    """One page of a search. Raises `Refusal` for everything the vendor's limits refuse."""
    if len(raw.decode(errors="replace")) > MOST_CHARACTERS:
        raise bad(f"The search body is longer than {MOST_CHARACTERS} characters")
    asked = thing(body, "the body")
    limit, after = _page(asked)
    names = reads.wanted_names(shelf, words(asked.get("properties"), "properties"))
    groups = _groups(account, shelf, asked)
    tests = _query(shelf, asked)
    key, descending = _sort(shelf, asked)
    found = _candidates(account, shelf, asked)
    if len(groups) > 1:
        found = [record for record in found if any(all(test(record) for test in group) for group in groups)]
    for test in (*(groups[0] if len(groups) == 1 else ()), *tests):
        found = [record for record in found if test(record)]
    if key is not None:
        found.sort(key=key, reverse=descending)
    elif descending:
        found.reverse()
    page = found[after : after + limit]
    answer: Document = {"total": len(found), "results": [reads.shown(shelf, record, names) for record in page]}
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _page(asked: Document) -> tuple[int, int]:
    limit, after = asked.get("limit", PAGE), asked.get("after", 0)
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise bad_json("limit must be a number")
    if not 0 <= limit <= MOST_PAGE:
        raise bad(f"limit must be at most {MOST_PAGE}, was {limit}")
    text = str(after or 0)
    if isinstance(after, bool) or not is_number(text):
        raise bad(f"after must be a whole number, was {after!r}")
    if int(text) + limit > MOST_RESULTS:
        raise bad(f"A search gives its first {MOST_RESULTS} results only; after {text} is past them")
    return limit, int(text)


def _candidates(account: Account, shelf: Shelf, asked: Document) -> list[Record]:
    """Live records as the index has them now, by id; fewer of them where a filter says which."""
    faults = account.world.faults
    if shelf.waiting:
        found = sorted(_indexed(account, shelf), key=lambda record: int(record.id))
    else:
        holder = _named(shelf, asked)
        records = shelf.in_order(_least_id(asked)) if holder is None else iter(holder)
        found = [record for record in records if record.archived is None]
    if faults.lossy_rate:
        found = [record for record in found if faults.dice.random() >= faults.lossy_rate]
    return found


def _indexed(account: Account, shelf: Shelf) -> Iterator[Record]:
    """What an index that lags behind has."""
    now = account.now()
    old: dict[str, Record | None] = {}
    for id, versions in list(shelf.waiting.items()):
        while versions and versions[0].due <= now:
            versions.popleft()
        if versions:
            old[id] = versions[0].record
        else:
            del shelf.waiting[id]
    for record in shelf.in_order():
        seen = old.pop(record.id) if record.id in old else record
        if seen is not None and seen.archived is None:
            yield seen
    yield from (seen for seen in old.values() if seen is not None and seen.archived is None)


# Filters


def _groups(account: Account, shelf: Shelf, asked: Document) -> list[list[Test]]:
    groups = [thing(group, "a filter group") for group in rows(asked.get("filterGroups") or [], "filterGroups")]
    lists = [rows(member(group, "filters"), "filters") for group in groups]
    if asked.get("filters"):
        lists.append(rows(asked["filters"], "filters"))
    if len(lists) > MOST_GROUPS:
        raise bad(f"At most {MOST_GROUPS} filter groups are allowed, received {len(lists)}")
    if any(len(filters) > MOST_IN_GROUP for filters in lists):
        raise bad(f"At most {MOST_IN_GROUP} filters are allowed in a group")
    if sum(map(len, lists)) > MOST_FILTERS:
        raise bad(f"At most {MOST_FILTERS} filters are allowed in all")
    return [[_test(account, shelf, thing(one, "a filter")) for one in filters] for filters in lists]


def _least_id(asked: Document) -> int:
    """Where to begin, when the only group says that ids are above something: pages by id stay quick."""
    for one in _only_group(asked):
        value = str(one.get("value", ""))
        if one["propertyName"] == "hs_object_id" and one["operator"] == "GT" and is_number(value):
            return int(value)
    return -1


def _named(shelf: Shelf, asked: Document) -> list[Record] | None:
    """The one record that can be meant when the only group names a unique value; None when it names none."""
    for one in _only_group(asked):
        if one["operator"] == "EQ" and one["propertyName"] in shelf.unique and isinstance(one.get("value"), str):
            holder = shelf.holder(one["propertyName"], one["value"])
            return [] if holder is None else [holder]
    return None


def _only_group(asked: Document) -> list[Document]:
    groups = asked.get("filterGroups") or []
    if len(groups) != 1 or asked.get("filters"):
        return []
    filters: list[Document] = groups[0]["filters"]
    return filters


def _test(account: Account, shelf: Shelf, one: Document) -> Test:
    name, operator = member(one, "propertyName"), member(one, "operator")
    if operator not in OPERATORS:
        raise bad(f"{operator} is not an operator; known: {', '.join(OPERATORS)}")
    if not isinstance(name, str):
        raise bad_json("propertyName must be text")
    if name.startswith("associations."):
        return _link_test(account, shelf, name.removeprefix("associations."), operator, one)
    definition = shelf.definitions.get(name)
    if definition is None or definition["archived"]:
        raise bad(f"There was a problem with the request: property {name} does not exist", propertyName=name)
    if operator == "HAS_PROPERTY":
        return lambda record: told(shelf, record, name) is not None
    if operator == "NOT_HAS_PROPERTY":
        return lambda record: told(shelf, record, name) is None
    return _value_test(shelf, definition, operator, one)


def _link_test(account: Account, shelf: Shelf, word: str, operator: str, one: Document) -> Test:
    kind = schema.BY_WORD.get(word)
    if kind is None or operator != "EQ" or "value" not in one:
        raise bad(f"associations.{word} can be filtered with EQ and a record id only")
    id = text_of("value", one["value"])
    to_kind = kind.name
    return lambda record: id in linked(account, End(shelf.kind.name, record.id), to_kind)


def _value_test(shelf: Shelf, definition: Document, operator: str, one: Document) -> Test:
    name = definition["name"]
    read = _reader(shelf, definition)
    if operator in LISTED:
        if not rows(one.get("values"), "values"):
            raise bad(f"{operator} needs values", propertyName=name)
        # The vendor compares in lower case here but leaves the given values as they are.
        as_given = definition["type"] in ("string", "phone_number")
        listed = {value if as_given else _given(definition, value) for value in words(one["values"], "values")}
        if operator == "IN":
            return lambda record: read(record) in listed
        return lambda record: (value := read(record)) is not None and value not in listed
    if "value" not in one:
        raise bad(f"{operator} needs a value", propertyName=name)
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return _token_test(shelf, name, text_of(name, one["value"]), operator == "CONTAINS_TOKEN")
    want = _given(definition, one["value"])
    if operator == "BETWEEN":
        if "highValue" not in one:
            raise bad("BETWEEN needs a highValue", propertyName=name)
        high = _given(definition, one["highValue"])
        return lambda record: (value := read(record)) is not None and want <= value <= high
    return _compared(read, operator, want)


def _compared(read: Callable[[Record], Any], operator: str, want: Any) -> Test:
    if operator == "EQ":
        return lambda record: read(record) == want
    if operator == "NEQ":
        return lambda record: (value := read(record)) is not None and value != want
    if operator == "LT":
        return lambda record: (value := read(record)) is not None and value < want
    if operator == "LTE":
        return lambda record: (value := read(record)) is not None and value <= want
    if operator == "GT":
        return lambda record: (value := read(record)) is not None and value > want
    return lambda record: (value := read(record)) is not None and value >= want


def _reader(shelf: Shelf, definition: Document) -> Callable[[Record], Any]:
    """A value as it is compared: a number, milliseconds, or text in lower case (options keep theirs)."""
    name, kind = definition["name"], definition["type"]
    if name == "hs_object_id":
        return lambda record: int(record.id)
    if name in ("createdate", "hs_createdate"):
        return lambda record: record.created
    if name == shelf.kind.cursor:
        return lambda record: record.updated
    if kind == "number":
        return lambda record: Decimal(record.values[name]) if name in record.values else None
    if kind in ("datetime", "date"):
        return lambda record: parse_moment(record.values[name]) if name in record.values else None
    if kind == "enumeration":
        return lambda record: record.values.get(name)
    return lambda record: record.values[name].lower() if name in record.values else None


def _given(definition: Document, value: object) -> Any:
    name, kind = definition["name"], definition["type"]
    text = text_of(name, value)
    if kind == "number":
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise bad(f"{text} is not a number", propertyName=name)
        return number
    if kind in ("datetime", "date"):
        if not text.removeprefix("-").isdecimal():
            raise bad(f"{text} is not a time in milliseconds", propertyName=name)
        return int(text)
    return text if kind == "enumeration" else text.lower()


def _token_test(shelf: Shelf, name: str, text: str, wanted: bool) -> Test:
    patterns = [re.compile(re.escape(token).replace(r"\*", ".*")) for token in _TOKEN.findall(text.lower())]
    if not patterns:
        raise bad(f"{text!r} has nothing to look for", propertyName=name)

    def test(record: Record) -> bool:
        value = told(shelf, record, name)
        if value is None:
            return False
        tokens = _TOKEN.findall(value.lower())
        return all(any(pattern.fullmatch(token) for token in tokens) for pattern in patterns) == wanted

    return test


def _query(shelf: Shelf, asked: Document) -> list[Test]:
    query = asked.get("query")
    if query is None or query == "":
        return []
    if not isinstance(query, str):
        raise bad_json("query must be text")
    parts = query.lower().split()

    def test(record: Record) -> bool:
        text = "\n".join(record.values.get(name, "") for name in shelf.kind.searched).lower()
        return all(part in text for part in parts)

    return [test]


def _sort(shelf: Shelf, asked: Document) -> tuple[Order | None, bool]:
    """What to sort by, and whether downward; None for the order of ids, which is how candidates come."""
    sorts = rows(asked.get("sorts") or [], "sorts")
    if len(sorts) > 1:
        raise bad("Only one sort rule is allowed")
    if not sorts:
        return (lambda record: (record.created, int(record.id))), False
    rule = sorts[0]
    if isinstance(rule, str):
        rule = {"propertyName": rule.lstrip("-"), "direction": "DESCENDING" if rule.startswith("-") else "ASCENDING"}
    name, direction = member(thing(rule, "a sort rule"), "propertyName"), rule.get("direction", "ASCENDING")
    if direction not in ("ASCENDING", "DESCENDING"):
        raise bad_json("direction must be ASCENDING or DESCENDING")
    definition = shelf.definitions.get(name) if isinstance(name, str) else None
    if definition is None:
        raise bad(f"Cannot sort by {name}: there is no such property")
    read = _reader(shelf, definition)
    if name == "hs_object_id":
        return None, direction == "DESCENDING"

    def key(record: Record) -> tuple[bool, Any, int]:
        value = read(record)
        return value is not None, 0 if value is None else value, int(record.id)

    return key, direction == "DESCENDING"
