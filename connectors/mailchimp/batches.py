"""Many writes through `/batches`: sent as one call, done by the vendor in its own time, fetched as an archive.

A batch that "finished" says nothing about its operations: each one's answer is read from the archive. Nothing is
promised about their order, so what must follow goes into a next batch: a resource's script says which.
Sources: https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/, read 2026-11-21.
"""

import base64
import io
import tarfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from connectors.contract import (
    Api,
    Bulk,
    ContractBroken,
    Outcome,
    OutcomeUnknown,
    Payload,
    RateLimited,
    Raw,
    RecordRejected,
    SyncError,
    Ticket,
    VendorUnavailable,
    Write,
)
from connectors.mailchimp.errors import NOT_FOUND, classify
from connectors.mailchimp.wire import segment
from connectors.transport import BadAnswer, decode, encode

MOST_OPS = 1000
MOST_UNPACKED = 400_000_000
MOST_FILES = 2000
POLL_SECONDS = 1.0
FIELDS = "id,status,total_operations,finished_operations,errored_operations,response_body_url"
_LISTED = ",".join(f"batches.{name}" for name in FIELDS.split(",")) + ",total_items"
_ANSWERS = msgspec.json.Decoder(list[dict[str, Any]])


@dataclass(frozen=True, slots=True)
class Op:
    """One operation. `id` is the change's id, or "<change>~<n>" where a change takes several."""

    id: str
    method: str
    path: str
    body: Payload | None = None
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered to one operation."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One write as a script carries it from batch to batch. `raw` is what an earlier batch told about the record."""

    change: str
    action: str
    remote_id: str
    payload: Payload
    tag: str = ""
    raw: Raw = field(default_factory=dict)
    left_out: Sequence[str] = ()  # what the vendor would not take, so it was sent without

    def with_raw(self, raw: Raw) -> "Item":
        return replace(self, raw=raw)

    def done(self, raw: Raw | None, remote_id: str, differs: tuple[str, ...] = ()) -> Outcome:
        return Outcome(self.change, remote_id or self.remote_id or None, raw or None, None, (*self.left_out, *differs))

    def failed(self, error: SyncError) -> Outcome:
        return Outcome(self.change, self.remote_id or None, None, error)


@dataclass(slots=True)
class Step:
    """What a script says next: outcomes that stand, and operations of a next stage for the items still on their way."""

    outcomes: list[Outcome] = field(default_factory=list)
    stage: str = ""
    ops: list[Op] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Script:
    """How one resource uses batches: the first operations, and what follows from each stage's answers."""

    resource: str
    start: Callable[[Mapping[str, str], Sequence[Item]], Step]
    advance: Callable[[Mapping[str, str], str, Sequence[Item], Mapping[str, Answer]], Step]


_SCRIPTS: dict[str, Script] = {}


def bulk(script: Script, *, size: int, actions: frozenset[str]) -> Bulk:
    """The contract's bulk of a resource that uses batches; below three writes single calls are quicker."""
    _SCRIPTS[script.resource] = script

    def send(api: Api, writes: Sequence[Write]) -> Sequence[Outcome] | Ticket:
        return _send(api, script, writes)

    return Bulk(size=size, send=send, poll=poll, actions=actions, minimum=3)


def trim(raw: Raw, keep: Sequence[str]) -> Raw:
    """A document without what we never read (links, statistics): the same shape as a listing gives."""
    return {name: raw[name] for name in keep if name in raw}


def written(raw: Raw, keep: Sequence[str]) -> Raw:
    """The trimmed answer to a write. OutcomeUnknown when it shows no record: a success that names nothing is none."""
    if not raw.get("id"):
        raise OutcomeUnknown("ANSWER-SHAPE", detail="the answer to a write names no record")
    return trim(raw, keep)


def settle(
    item: Item, answer: Answer | None, keep: Sequence[str], remote_id: Callable[[Mapping[str, Any]], str]
) -> Outcome:
    """The outcome of one operation. Without an answer, or with a failure of the vendor's, nobody knows."""
    error = error_of(answer)
    if error:
        return item.failed(error)
    try:
        raw = written(body_of(answer), keep)
    except OutcomeUnknown as unknown:
        return item.failed(unknown)
    return item.done(raw, remote_id(raw))


def error_of(answer: Answer | None) -> SyncError | None:
    """What went wrong with an operation, None when nothing did."""
    if answer is None:
        return OutcomeUnknown("MC-BATCH-LOST")
    if 200 <= answer.status < 300:
        try:
            body_of(answer)
        except BadAnswer as bad:
            return OutcomeUnknown("MC-BATCH-LOST", detail=bad.why)
        return None
    error = classify(answer.status, {}, answer.body)
    if isinstance(error, VendorUnavailable):
        return OutcomeUnknown(error.code, params=error.params, detail=error.detail)
    return error


def body_of(answer: Answer | None) -> Raw:
    """The decoded answer of an operation; {} where it has none (deletions, tags)."""
    return decode(answer.body) if answer and answer.body.strip() else {}


# Sending


def _send(api: Api, script: Script, writes: Sequence[Write]) -> Sequence[Outcome] | Ticket:
    tag = api.context.get("tag", "")
    items = []
    refused = []
    for write in writes:
        item = Item(write.change, write.action, write.remote_id or "", write.payload, tag)
        try:
            script.start(api.context, [item])
        except RecordRejected as error:  # this one only: the others go on
            refused.append(item.failed(error))
        else:
            items.append(item)
    step = script.start(api.context, items)
    step.outcomes += refused
    return _go_on(api, script.resource, step)


def _go_on(api: Api, resource: str, step: Step) -> Sequence[Outcome] | Ticket:
    if not step.ops:
        return step.outcomes
    batches = [_submit(api, step.ops[at : at + MOST_OPS]) for at in range(0, len(step.ops), MOST_OPS)]
    return _ticket(resource, step, batches)


def _submit(api: Api, ops: Sequence[Op]) -> str:
    """Hand in at most 1,000 operations and return the batch's id."""
    answer = api.post("/batches", {"operations": [_operation(op) for op in ops]})
    if not answer.get("id"):
        raise ContractBroken("MC-UNEXPECTED", params={"status": 200}, detail="the new batch has no id")
    return str(answer["id"])


def _operation(op: Op) -> dict[str, Any]:
    said: dict[str, Any] = {"method": op.method, "path": op.path, "operation_id": op.id}
    if op.params:
        said["params"] = dict(op.params)
    if op.body is not None:
        said["body"] = encode(op.body).decode()  # a text with JSON in it, says the vendor
    return said


def _ticket(resource: str, step: Step, batches: Sequence[str]) -> Ticket:
    carry = {
        "items": [[i.change, i.action, i.remote_id, i.payload, i.tag, i.raw, i.left_out] for i in step.items],
        "outcomes": [_plain(outcome) for outcome in step.outcomes],
    }
    state = {"resource": resource, "stage": step.stage, "batches": list(batches), "carry": _pack(carry)}
    return Ticket(state, POLL_SECONDS)


# Asking


@dataclass(slots=True)
class _Reading:
    """One round of asking: what batches say, each asked and fetched once however many tickets wait for it."""

    api: Api
    known: dict[str, Raw | None] = field(default_factory=dict)  # None: the vendor has forgotten it
    answers: dict[str, dict[str, Answer] | None] = field(default_factory=dict)


def poll(api: Api, tickets: Sequence[Ticket]) -> Sequence[Sequence[Outcome] | Ticket | None]:
    """For each ticket: None (not yet), a ticket of the next stage, or the outcomes.

    Next stages of one resource that come about together share batches.
    """
    reading = _look(api, [name for ticket in tickets for name in ticket.state["batches"]])
    found: list[Sequence[Outcome] | Ticket | None] = []
    waiting: list[tuple[int, str, Step]] = []
    for place, ticket in enumerate(tickets):
        answers = _gather(reading, ticket.state["batches"])
        if answers is None:
            found.append(None)
            continue
        step = _advance(api, ticket, answers)
        found.append(step.outcomes)
        if step.ops:
            waiting.append((place, ticket.state["resource"], step))
    for place, ticket in _submit_together(api, waiting):
        found[place] = ticket
    return found


def _look(api: Api, names: Sequence[str]) -> _Reading:
    """Ask for the state of all batches with one call: one by its id, several by a listing."""
    reading = _Reading(api)
    wanted = list(dict.fromkeys(names))
    if len(wanted) > 1:
        listed = api.get("/batches", {"count": 1000, "fields": _LISTED})
        reading.known.update({str(raw["id"]): raw for raw in listed.get("batches", ()) if raw.get("id") in set(wanted)})
    for name in wanted:
        if name not in reading.known:
            reading.known[name] = _ask(api, name)
    return reading


def _ask(api: Api, name: str) -> Raw | None:
    try:
        return api.get(f"/batches/{segment(name)}", {"fields": FIELDS})
    except RecordRejected as error:
        if error.code == NOT_FOUND:
            return None
        raise


def _gather(reading: _Reading, names: Sequence[str]) -> dict[str, Answer] | None:
    """All answers of a ticket's batches; None while one of them is not finished."""
    states = [reading.known[name] for name in names]
    if any(state is not None and state.get("status") != "finished" for state in states):
        return None
    together: dict[str, Answer] = {}
    for name in names:
        if name not in reading.answers:
            reading.answers[name] = _fetch(reading.api, name, reading.known[name])
        found = reading.answers[name]
        if found is None:
            return None
        together.update(found)
    return together


def _fetch(api: Api, name: str, state: Raw | None) -> dict[str, Answer] | None:
    """The answers of a finished batch; {} when the vendor has forgotten it, None when the archive is not to be had yet.

    The link lives for minutes and carries its own permission: a dead one is asked for anew, once a round.
    """
    if state is None:
        return {}
    for attempt in (1, 2):
        url = str(state.get("response_body_url") or "") if state else ""
        if url:
            try:
                return read_archive(api.download(url))
            except (VendorUnavailable, RateLimited):
                if attempt == 2:
                    return None
            except ContractBroken:
                if attempt == 2:  # twice unreadable: what became of these writes has to be looked up one by one
                    return {}
        if attempt == 1:
            state = _ask(api, name)
            if state is None:
                return {}
    return None


def read_archive(data: bytes) -> dict[str, Answer]:
    """Answers by operation id from a tar.gz of JSON files, each a list of {status_code, operation_id, response}.

    Nothing is written to disk, only plain files are read, and never more than a set amount of them.
    """
    found: dict[str, Answer] = {}
    left, files = MOST_UNPACKED, 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
            for entry in archive:
                files += 1
                left -= entry.size
                if left < 0 or files > MOST_FILES:
                    raise ContractBroken("MC-ARCHIVE", detail="the archive of a batch is too large")
                source = archive.extractfile(entry) if entry.isfile() and entry.name.endswith(".json") else None
                if source:
                    _take(found, source.read(entry.size))
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise ContractBroken("MC-ARCHIVE", detail=type(error).__name__) from None
    return found


def _take(found: dict[str, Answer], data: bytes) -> None:
    try:
        rows = _ANSWERS.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ContractBroken("MC-ARCHIVE", detail="a file of the archive is no list of answers") from None
    for row in rows:
        status, response = row.get("status_code"), row.get("response")
        if isinstance(status, int) and row.get("operation_id"):
            body = response.encode() if isinstance(response, str) else b""
            found[str(row["operation_id"])] = Answer(status, body)


def _advance(api: Api, ticket: Ticket, answers: Mapping[str, Answer]) -> Step:
    carry = _unpack(ticket.state["carry"])
    items = [Item(*row) for row in carry["items"]]
    step = _SCRIPTS[ticket.state["resource"]].advance(api.context, ticket.state["stage"], items, answers)
    step.outcomes[:0] = [_outcome(row) for row in carry["outcomes"]]
    return step


def _submit_together(api: Api, waiting: Sequence[tuple[int, str, Step]]) -> list[tuple[int, Ticket]]:
    """Tickets for the next stages; operations of several go into one batch where they fit."""
    made: list[tuple[int, Ticket]] = []
    group: list[tuple[int, str, Step]] = []
    for entry in [*waiting, None]:
        size = sum(len(step.ops) for _, _, step in group)
        if group and (entry is None or size + len(entry[2].ops) > MOST_OPS):
            ops = [op for _, _, step in group for op in step.ops]
            names = [_submit(api, ops[at : at + MOST_OPS]) for at in range(0, len(ops), MOST_OPS)]
            made += [(place, _ticket(resource, step, names)) for place, resource, step in group]
            group = []
        if entry is not None:
            group.append(entry)
    return made


# What a ticket keeps is JSON, and may hold a thousand documents: packed it is a tenth of the size.


def _pack(carry: Mapping[str, Any]) -> str:
    return base64.b64encode(zlib.compress(encode(carry), 1)).decode()


def _unpack(text: str) -> dict[str, Any]:
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(base64.b64decode(text), MOST_UNPACKED)
    return decode(data)


def _plain(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    told = None
    if error:
        kind = type(error).__name__
        params = {key: str(value) for key, value in error.params.items()}
        told = [kind, error.code, params, error.detail, error.field, error.request_id]
    return {
        "change": outcome.change,
        "remote_id": outcome.remote_id,
        "raw": outcome.raw,
        "error": told,
        "differs": list(outcome.differs),
    }


def _outcome(row: Mapping[str, Any]) -> Outcome:
    error = None
    if row["error"]:
        kind, code, params, detail, named, request_id = row["error"]
        raises = _KINDS.get(kind, SyncError)
        error = raises(code, params=params, detail=detail, field=named, request_id=request_id)
    return Outcome(row["change"], row["remote_id"], row["raw"], error, tuple(row["differs"]))


def _kinds() -> dict[str, type[SyncError]]:
    return {kind.__name__: kind for kind in SyncError.__subclasses__()}


_KINDS = _kinds()
