"""Many records in one call: a row can fail by itself only when every row has a trace id.

Source: the machine description of the object APIs, 2026-03, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.sandbox.core import Document, Response
from connectors.sandbox.hubspot import reads, records
from connectors.sandbox.hubspot.account import Record, Shelf
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.wire import (
    Refusal,
    answer,
    bad,
    inputs,
    maybe_word,
    member,
    moment,
    not_found,
    thing,
    word,
    words,
)

MOST = 100
GONE = "Could not get some objects, they may be deleted or not exist. Check that ids are valid."


def batch_answer(call_now: int, results: list[Document], errors: list[Document], status: int = 200) -> Response:
    """The answer of every batch: 207 when some rows failed."""
    body: Document = {"status": "COMPLETE", "results": results}
    if errors:
        body["numErrors"], body["errors"] = len(errors), errors
    body["startedAt"] = body["completedAt"] = moment(call_now)
    return answer(body, 207 if errors else status)


def _read(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.read)
    body = thing(call.body(), "the body")
    ids = [word(row, "id") for row in inputs(body, MOST)]
    history = words(body.get("propertiesWithHistory"), "propertiesWithHistory")
    names = reads.wanted_names(shelf, words(body.get("properties"), "properties") + history)
    id_property = maybe_word(body, "idProperty")
    is_archived = call.flag("archived")
    found: dict[str, Record] = {}
    missing: list[str] = []
    for id in ids:
        record = _look(shelf, id_property, id)
        if record is None or (record.archived is not None) != is_archived:
            missing.append(id)
        else:
            found[record.id] = record
    errors = [] if not missing else [Refusal(404, GONE, "OBJECT_NOT_FOUND", context={"ids": missing}).document()]
    rows = [reads.shown(shelf, record, names, history) for record in _mixed(found)]
    return batch_answer(call.account.now(), rows, errors)


def _look(shelf: Shelf, id_property: str | None, id: str) -> Record | None:
    if id_property in (None, "", "hs_object_id"):
        return shelf.find(id)
    return records.holder(shelf, str(id_property), id)


def _mixed(found: Mapping[str, Record]) -> list[Record]:
    """Rows in an order nobody promised: newest id first."""
    return [found[id] for id in sorted(found, key=int, reverse=True)]


@dataclass(frozen=True, slots=True)
class Row:
    """One input of a writing batch: who sent it, what may be done, and what came of it."""

    trace_id: str | None
    prepare: Callable[[], Callable[[], Record]]
    is_new: Callable[[], bool] | None = None


def _write(call: Call, shelf: Shelf, rows: list[Row], status: int) -> Response:
    traced = all(row.trace_id is not None for row in rows)
    ids = [row.trace_id for row in rows if row.trace_id is not None]
    if len(set(ids)) != len(ids):
        raise bad("objectWriteTraceId must be unique in a request")
    results: list[Document] = []
    errors: list[Document] = []
    if not traced:
        # Everything is looked at before anything is stored: one bad row refuses them all.
        for row in rows:
            row.prepare()
    for row in rows:
        is_new = row.is_new() if row.is_new is not None else None
        try:
            record = row.prepare()()
        except Refusal as refusal:
            if not traced:
                raise
            errors.append(refusal.row(row.trace_id))
            continue
        shown = reads.shown(shelf, record, _all_names(shelf, record), trace_id=row.trace_id)
        if is_new is not None:
            shown["new"] = is_new
        results.append(shown)
    return batch_answer(call.account.now(), results[::-1], errors, status)


def _all_names(shelf: Shelf, record: Record) -> tuple[str, ...]:
    kind = shelf.kind
    return tuple(dict.fromkeys((*record.values, *kind.shown, kind.created, kind.cursor, "hs_object_id")))


def _refuse_twins(shelf: Shelf, rows: list[Document]) -> None:
    """The same address, or another unique value, twice in one batch is an error of the batch."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        given = thing(row.get("properties", {}), "properties")
        own = {name: value for name, value in given.items() if isinstance(value, str)}
        for name, value in shelf.unique_of(own):
            if (name, value) in seen:
                raise bad(f"Duplicate {name} in the batch: {value}")
            seen.add((name, value))


def _create(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.write)
    given = inputs(call.body(), MOST)
    traces = [maybe_word(row, "objectWriteTraceId") for row in given]
    for row in given:
        thing(member(row, "properties"), "properties")
    if None in traces:
        _refuse_twins(shelf, given)

    def prepare(row: Document) -> Callable[[], Record]:
        birth = records.prepare_birth(
            call.account, shelf.kind.name, row["properties"], row.get("associations"), call.author
        )
        return lambda: records.bear(call.account, birth)

    rows = [Row(trace, lambda row=row: prepare(row)) for trace, row in zip(traces, given, strict=True)]  # type: ignore[misc]
    return _write(call, shelf, rows, 201)


def _update(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.write)
    given = inputs(call.body(), MOST)
    rows = []
    for row in given:
        id, trace, name = word(row, "id"), maybe_word(row, "objectWriteTraceId"), maybe_word(row, "idProperty")
        values = thing(member(row, "properties"), "properties")
        rows.append(Row(trace, _updating(call, shelf, name, id, values)))
    if any(row.trace_id is None for row in rows):
        _refuse_twins(shelf, given)
    return _write(call, shelf, rows, 200)


def _updating(
    call: Call, shelf: Shelf, name: str | None, id: str, values: Document
) -> Callable[[], Callable[[], Record]]:
    def prepare() -> Callable[[], Record]:
        record = records.by_property(call.account, shelf.kind.name, name, id)
        if record.archived is not None:
            raise not_found(f"Object not found. objectId is {id}.")
        wanted = records.prepare_change(call.account, shelf.kind.name, record, values, call.author)
        return lambda: records.change(call.account, wanted)

    return prepare


def _upsert(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.write)
    given = inputs(call.body(), MOST)
    rows, seen = [], set()
    for row in given:
        id, trace, name = word(row, "id"), maybe_word(row, "objectWriteTraceId"), maybe_word(row, "idProperty")
        values = thing(member(row, "properties"), "properties")
        if (name, id.lower()) in seen:
            raise bad(f"The same record twice in one upsert: {id}")
        seen.add((name, id.lower()))
        rows.append(_upserting(call, shelf, trace, name, id, values))
    return _write(call, shelf, rows, 200)


def _upserting(call: Call, shelf: Shelf, trace: str | None, name: str | None, id: str, values: Document) -> Row:
    kind = shelf.kind.name

    def prepare() -> Callable[[], Record]:
        record = _look(shelf, name, id)
        if record is not None and record.archived is None:
            return _updating(call, shelf, name, id, values)()
        if name in (None, "", "hs_object_id"):
            raise not_found(f"Object not found. objectId is {id}.")
        birth = records.prepare_birth(call.account, kind, {str(name): id, **values}, None, call.author)
        return lambda: records.bear(call.account, birth)

    def is_new() -> bool:
        return name in shelf.unique and shelf.holder(str(name), id) is None

    return Row(trace, prepare, is_new)


def _archive(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.write)
    for id in [word(row, "id") for row in inputs(call.body(), MOST)]:
        record = shelf.find(id)
        if record is not None:
            records.archive(call.account, shelf.kind.name, record, call.author)
    return Response(204)


VERBS: Mapping[str, Callable[[Call, Shelf], Response]] = {
    "read": _read,
    "create": _create,
    "update": _update,
    "upsert": _upsert,
    "archive": _archive,
}
