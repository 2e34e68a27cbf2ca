"""Records of any kind: reading some by id, writing one or a hundred, and finding what a lost write left behind.

Every input of a batch carries a trace id, so that one bad row is refused alone (207) and every answer is known by it.
A create that meets our own mark was made before: it is adopted, and made to say what was sent.
Sources: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/*/guide, machine description 2026-03,
read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.contract import (
    Api,
    Bulk,
    Outcome,
    OutcomeUnknown,
    Payload,
    Raw,
    RecordRejected,
    SyncError,
    Write,
)
from connectors.hubspot.errors import CONFLICT, NOT_FOUND, row_error
from connectors.hubspot.links import listed_links, read_links
from connectors.hubspot.properties import MARK, OWN, READ, custom_names, definitions, ensure, own_names, read_names
from connectors.hubspot.wire import ROWS, lots, objects, shows, value_of

# What of a record is kept.
KEPT = ("id", "properties", "createdAt", "updatedAt", "archived", "archivedAt")
Result = Raw | SyncError  # what became of one input


def read_some(
    api: Api,
    kind: str,
    ids: Iterable[str],
    names: Sequence[str],
    *,
    by: str = "",
    archived: bool = False,
) -> list[Raw]:
    """The records with these ids (or values of the unique property `by`), in no order; those not there are left out."""
    calls = [_reading(api, kind, lot, names, by, archived) for lot in lots(dict.fromkeys(ids), ROWS)]
    return [row for answer in api.gather(calls) for row in answer.get("results", [])]


def _reading(
    api: Api, kind: str, ids: Sequence[str], names: Sequence[str], by: str, archived: bool
) -> Callable[[], Raw]:
    body: Payload = {"inputs": [{"id": one} for one in ids], "properties": list(names)}
    if by:
        body["idProperty"] = by
    params = {"archived": True} if archived else None
    return lambda: api.post(objects(kind, "/batch/read"), body, params, reads=True)


def all_names(api: Api, kind: str) -> list[str]:
    """Everything we read of a kind."""
    return read_names(kind, custom_names(api, kind))


def archived(raw: Raw) -> bool:
    """Whether a document says that its record was archived, or merged into another."""
    return bool(raw.get("archived") or raw.get("mergedInto"))


def read_one(api: Api, kind: str, remote_id: str) -> Raw:
    """One record, archived or not. RecordRejected HS-NOT-FOUND: it never was, or was deleted for good.

    An id that was merged away goes on answering, with its survivor: then a stub comes that names it.
    """
    names = all_names(api, kind)
    for archived in (False, True):
        rows = read_some(api, kind, [remote_id], names, archived=archived)
        if rows:
            here = str(rows[0]["id"])
            return rows[0] if here == remote_id else {"id": remote_id, "mergedInto": here}
    raise RecordRejected(NOT_FOUND, params={"status": 404, "said": "", "field": ""})


def whole(api: Api, kind: str, rows: Sequence[Raw], links: Sequence[str], *, listed: bool = False) -> list[Raw]:
    """Documents as they are kept, with the ids linked to each and an invoice's lines."""
    documents = [{name: row[name] for name in KEPT if name in row} for row in rows]
    if not links or not documents:
        return documents
    for document in documents:
        document["id"] = str(document["id"])
        document["links"] = {}
    for other in links:
        told = {str(row["id"]): listed_links(row, other) if listed else None for row in rows}
        missing = [remote_id for remote_id, ids in told.items() if ids is None]
        read = read_links(api, kind, other, missing) if missing else {}
        for document in documents:
            ids = told[document["id"]]
            document["links"][other] = read.get(document["id"], []) if ids is None else ids
    if "line_items" in links:
        _put_lines(api, documents)
    return documents


def _put_lines(api: Api, documents: Sequence[Raw]) -> None:
    """Put the lines into each invoice, in the order in which they were made."""
    ids = [one for document in documents for one in document["links"]["line_items"]]
    rows = read_some(api, "line_items", ids, READ["line_items"]) if ids else []
    lines = {str(row["id"]): {"id": str(row["id"]), "properties": row.get("properties", {})} for row in rows}
    for document in documents:
        mine = sorted((one for one in document["links"]["line_items"] if one in lines), key=int)
        document["lines"] = [lines[one] for one in mine]


# Batches of writes


def post_batch(api: Api, kind: str, verb: str, inputs: Sequence[Payload]) -> dict[str, Result]:
    """Send up to a hundred inputs, each with its trace id, and return what became of each. An input nobody spoke of
    is `OutcomeUnknown`. RecordRejected: the whole lot was refused and nothing was done.
    """
    answer = api.post(objects(kind, f"/batch/{verb}"), {"inputs": list(inputs)})
    asked = {str(one["objectWriteTraceId"]): one for one in inputs}
    found: dict[str, Result] = {}
    for row in answer.get("results") or ():
        trace = str(row.get("objectWriteTraceId") or "") or _trace_of(row, asked)
        if trace in asked:
            found[trace] = row
    for row in answer.get("errors") or ():
        error = row_error(row)
        for trace in _traces(row):
            found.setdefault(trace, error)
    for trace in asked:
        found.setdefault(trace, OutcomeUnknown("HS-NO-ROW"))
    return found


def _trace_of(row: Raw, asked: Mapping[str, Payload]) -> str:
    """Which input a row without a trace id answers: the one of its id, or of its mark."""
    mark = value_of(row, MARK)
    for trace, one in asked.items():
        if one.get("id") == str(row.get("id")) or (mark and (one.get("properties") or {}).get(MARK) == mark):
            return trace
    return ""


def _traces(row: Raw) -> list[str]:
    found = (row.get("context") or {}).get("objectWriteTraceId")
    return [str(trace) for trace in found] if isinstance(found, list) else []


def trace_input(trace: str, payload: Payload, remote_id: str = "", **more: object) -> Payload:
    """One input of a batch."""
    found: Payload = {"objectWriteTraceId": trace, "properties": dict(payload.get("properties") or {}), **more}
    if remote_id:
        found["id"] = remote_id
    return found


def told_whole(kind: str, row: Raw, sent: Payload, empty: Iterable[str] = ()) -> Raw:
    """The answer of a write with what was sent put in, since answers leave out what is empty, and without what nobody
    asked for. `empty` names the properties a new record surely does not have.
    """
    values: dict[str, object] = dict.fromkeys(empty)
    values.update({name: value or None for name, value in (sent.get("properties") or {}).items()})
    asked = {*read_names(kind), *values}
    values.update({name: value for name, value in (row.get("properties") or {}).items() if name in asked})
    return {**{name: row[name] for name in KEPT if name in row}, "properties": values}


def defined_names(api: Api, kind: str) -> list[str]:
    """Of what we read, what the account has."""
    known = definitions(api, kind)
    return [name for name in all_names(api, kind) if name in known]


# One kind on the write side


@dataclass(frozen=True, slots=True)
class Kind:
    """Records of one kind that are plain properties. `refused(api, payload, error)` may say more about a conflict."""

    name: str
    refused: Callable[[Api, Sequence[tuple[Payload, SyncError]]], list[SyncError]] | None = None
    twice: Callable[[Payload], str] | None = None  # what must not be in one batch twice
    links: tuple[str, ...] = ()  # what its documents tell of others

    def fetch(self, api: Api, remote_id: str) -> Raw:
        """Read one."""
        row = read_one(api, self.name, remote_id)
        return row if archived(row) else whole(api, self.name, [row], self.links)[0]

    def by_mark(self, api: Api, marks: Iterable[str]) -> list[Raw]:
        """Those that carry these marks of ours."""
        return read_some(api, self.name, (mark for mark in marks if mark), all_names(api, self.name), by=MARK)

    def again(self, api: Api, ids: Iterable[str]) -> dict[str, Raw]:
        """These as they are now, with their links: an answer tells none, and a document without them says something
        else.
        """
        rows = read_some(api, self.name, ids, all_names(api, self.name))
        return {str(row["id"]): row for row in whole(api, self.name, rows, self.links)}

    def prepare(self, api: Api, payloads: Iterable[Payload]) -> None:
        """Make our properties, where one of these writes needs them."""
        ours = set(own_names(self.name))
        if any(ours & set(payload.get("properties") or {}) for payload in payloads):
            ensure(api, self.name)

    def create(self, api: Api, payload: Payload, key: str) -> Raw:
        """Make one, or adopt what an earlier try made."""
        self.prepare(api, [payload])
        try:
            row = api.post(objects(self.name), {"properties": payload["properties"]})
        except RecordRejected as error:
            if error.code != CONFLICT:
                raise
            found = self._adopt(api, {"1": payload}, {"1": error}).get("1", error)
            if isinstance(found, SyncError):
                raise found from error
            return found
        return told_whole(self.name, row, payload, defined_names(api, self.name))

    def update(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Change the properties named. The answer's id is another where the record was merged away."""
        if not payload["properties"]:
            return self.fetch(api, remote_id)  # nothing of it is there to be said
        self.prepare(api, [payload])
        try:
            row = api.patch(objects(self.name, f"/{remote_id}"), {"properties": payload["properties"]})
        except RecordRejected as error:
            if error.code == CONFLICT and self.refused:
                raise self.refused(api, [(payload, error)])[0] from error
            raise
        raw = told_whole(self.name, row, payload)
        return self.again(api, [str(raw["id"])]).get(str(raw["id"]), raw) if self.links else raw

    def archive(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Put one into the recycle bin; one that is there already is fine."""
        try:
            api.delete(objects(self.name, f"/{remote_id}"))
        except RecordRejected as error:
            if error.code != NOT_FOUND:
                raise
        return {"id": remote_id, "archived": True}

    def bulk(self, actions: Iterable[str] = ("create", "update")) -> Bulk:
        """A hundred at a time."""
        return Bulk(size=ROWS, send=self.send, actions=frozenset(actions), minimum=2)

    def send(self, api: Api, writes: Sequence[Write]) -> list[Outcome]:
        """Create or update up to a hundred; one outcome for each."""
        self.prepare(api, [write.payload for write in writes])
        outcomes: list[Outcome] = []
        for lot in self._apart(writes):
            for is_new in (True, False):
                some = [write for write in lot if (write.action == "create") == is_new]
                outcomes += [self._alone(api, write) for write in some if not write.payload["properties"]]
                if said := [write for write in some if write.payload["properties"]]:
                    outcomes += self._send(api, said, is_new)
        return outcomes

    def _apart(self, writes: Sequence[Write]) -> list[list[Write]]:
        """Cut so that nothing that must be unique is in one call twice."""
        found: list[tuple[list[Write], set[str]]] = []
        for write in writes:
            value = self.twice(write.payload) if self.twice else ""
            place = next((item for item in found if not value or value not in item[1]), None)
            if place is None:
                place = ([], set())
                found.append(place)
            place[0].append(write)
            place[1].add(value)
        return [lot for lot, _ in found]

    def _send(self, api: Api, writes: Sequence[Write], is_new: bool) -> list[Outcome]:
        inputs = [trace_input(write.change, write.payload, "" if is_new else str(write.remote_id)) for write in writes]
        try:
            found = post_batch(api, self.name, "create" if is_new else "update", inputs)
        except RecordRejected:
            # Refused as a whole, and nothing done: one after the other tells which it was.
            return [self._alone(api, write) for write in writes]
        if is_new:
            found |= self._met(api, writes, found)
        empty = defined_names(api, self.name) if is_new else []
        outcomes = [_outcome(self.name, write, found[write.change], empty) for write in writes]
        return self._with_links(api, outcomes) if self.links else outcomes

    def _with_links(self, api: Api, outcomes: Sequence[Outcome]) -> list[Outcome]:
        now = self.again(api, (str(item.remote_id) for item in outcomes if item.error is None))
        return [replace(item, raw=now.get(str(item.remote_id), item.raw)) for item in outcomes]

    def _alone(self, api: Api, write: Write) -> Outcome:
        try:
            if write.action == "create":
                return Outcome(write.change, raw=self.create(api, write.payload, write.key))
            raw = self.update(api, str(write.remote_id), write.payload, write.key)
            return Outcome(write.change, remote_id=write.remote_id, raw=raw)
        except SyncError as error:
            return Outcome(write.change, error=error)

    def _met(self, api: Api, writes: Sequence[Write], found: Mapping[str, Result]) -> dict[str, Result]:
        """What became of creates that met something there."""
        payloads = {write.change: write.payload for write in writes}
        errors = {
            trace: error for trace, error in found.items() if isinstance(error, SyncError) and error.code == CONFLICT
        }
        return self._adopt(api, {trace: payloads[trace] for trace in errors}, errors) if errors else {}

    def _adopt(self, api: Api, payloads: Mapping[str, Payload], errors: Mapping[str, SyncError]) -> dict[str, Result]:
        """Those that carry our mark already were made before; the others stay refused, with the holder named."""
        marks = (
            {str(payload["properties"].get(MARK) or ""): trace for trace, payload in payloads.items()}
            if (self.name in OWN)
            else {}
        )
        marks.pop("", None)
        rows = read_some(api, self.name, marks, all_names(api, self.name), by=MARK) if marks else []
        found: dict[str, Result] = {}
        for row in rows:
            trace = marks.get(str(value_of(row, MARK) or ""))
            if trace is not None:
                found[trace] = self._made_same(api, row, payloads[trace])
        left = [trace for trace in payloads if trace not in found]
        if left and self.refused:
            told = self.refused(api, [(payloads[trace], errors[trace]) for trace in left])
            found.update(zip(left, told, strict=True))
        return found

    def _made_same(self, api: Api, row: Raw, payload: Payload) -> Result:
        """A record made before, saying what was sent."""
        if shows(row, payload["properties"]):
            return row
        try:
            return {**row, **self.update(api, str(row["id"]), payload, "")}
        except SyncError as error:
            return error

    def find(self, api: Api, write: Write) -> Raw | None:
        """What a lost write left behind, if it says all that was sent; of a removal what still stands."""
        if write.action in ("remove", "void"):
            return self.standing(api, str(write.remote_id))
        if write.action == "update":
            return self._unless(self._there(api, str(write.remote_id)), write.payload)
        mark = str(write.payload["properties"].get(MARK) or "")
        rows = read_some(api, self.name, [mark], all_names(api, self.name), by=MARK) if mark else []
        return self._unless(rows[0] if rows else None, write.payload)

    def _unless(self, row: Raw | None, payload: Payload) -> Raw | None:
        return row if row is not None and shows(row, payload["properties"]) else None

    def _there(self, api: Api, remote_id: str) -> Raw | None:
        rows = read_some(api, self.name, [remote_id], all_names(api, self.name))
        return rows[0] if rows else None

    def standing(self, api: Api, remote_id: str) -> Raw | None:
        """The record, if it is not archived."""
        return self._there(api, remote_id)


def _outcome(kind: str, write: Write, found: Result, empty: Iterable[str]) -> Outcome:
    if isinstance(found, SyncError):
        return Outcome(write.change, error=found)
    raw = told_whole(kind, found, write.payload, empty)
    return Outcome(write.change, remote_id=str(raw["id"]), raw=raw)
