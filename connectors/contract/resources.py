"""Reading and writing one kind of thing at a vendor."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

from connectors.contract.errors import SyncError
from connectors.contract.fields import Field
from connectors.contract.fields import build as build_fields
from connectors.contract.text import Text
from connectors.contract.values import Payload, Raw, Record, Values

Action = Literal["create", "update", "void", "remove", "merge"]
Cursor = dict[str, Any]  # JSON, opaque to everyone but the connector; made of the vendor's clock
T = TypeVar("T")


class Api(Protocol):
    """One authorised account, as a connector sees it. Safe to use from several threads.

    `{name}` marks in a path are filled from `context` (account id and settings) and percent-encoded. Answers are
    decoded JSON with Decimal
    numbers. Errors are `SyncError`s made by the connector's `classify`; a write that left and got no readable answer
    is `OutcomeUnknown`, a read in that case `VendorUnavailable`. With `any_shape` an answer that is no JSON object is
    taken too and comes as {"answer": value}.
    """

    @property
    def context(self) -> Mapping[str, str]: ...

    def get(
        self, path: str, params: Mapping[str, object] | None = None, *, bucket: str = "", any_shape: bool = False
    ) -> Raw: ...

    def post(
        self,
        path: str,
        body: Payload | None = None,
        params: Mapping[str, object] | None = None,
        *,
        text: str | None = None,
        reads: bool = False,
        bucket: str = "",
        any_shape: bool = False,
    ) -> Raw: ...

    def put(
        self, path: str, body: Payload, params: Mapping[str, object] | None = None, *, any_shape: bool = False
    ) -> Raw: ...

    def patch(self, path: str, body: Payload, params: Mapping[str, object] | None = None) -> Raw: ...

    def delete(self, path: str, params: Mapping[str, object] | None = None, *, body: Payload | None = None) -> Raw: ...

    def download(self, url: str, max_bytes: int = 200_000_000) -> bytes:
        """Fetch a link the vendor gave, without credentials."""
        ...

    def gather(self, calls: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Run calls side by side within the account's limits and yield their answers in the given order."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What one reading step brought: documents by resource, and where to go on.

    `cursor` is saved in the same commit as the documents. `expected` is the vendor's own count for a resource where it
    gives one. `ends` names the resources whose listing is complete with this page; a listing that could not be proven
    complete is never in `ends`, and `note` says why. `missing` names those of which it is known that not all was
    brought, with how many are missing at least (0: nobody knows how many); it says so of later readings too, where
    `ends` says nothing. What the last page says counts.
    """

    documents: Mapping[str, Sequence[Raw]]
    cursor: Cursor
    expected: Mapping[str, int] = field(default_factory=dict)
    ends: frozenset[str] = frozenset()
    note: str = ""
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """A way to read some resources of an account together, from a cursor on.

    `read(api, cursor, wanted)` yields pages; without a cursor it reads everything, with one what changed since. A
    cursor
    may hold only some of the wanted resources: the missing ones are read in full. `scope` names the setting the
    documents belong to (an audience), "" when they belong to the account.
    """

    name: str
    resources: tuple[str, ...]
    read: Callable[[Api, Cursor | None, frozenset[str]], Iterator[Page]]
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """One write on its way. `change` is our id (text), `key` the idempotency key (at most 50 characters).

    `again`: it went out before and its answer was lost, so that it may be there already.
    """

    change: str
    action: Action
    remote_id: str | None
    payload: Payload
    key: str
    version: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write: `error` None is done, with the vendor's document; `OutcomeUnknown` is neither."""

    change: str
    remote_id: str | None = None
    raw: Raw | None = None
    error: SyncError | None = None
    differs: tuple[str, ...] = ()  # wire fields the vendor kept otherwise than sent


@dataclass(frozen=True, slots=True)
class Ticket:
    """Work a vendor took in and has not finished. `state` is JSON and enough to ask again after a restart."""

    state: Mapping[str, Any]
    poll_after_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Bulk:
    """Many writes in one call.

    `send` returns outcomes, one per write, or a ticket; `poll` takes all open tickets of the account at once and
    returns
    for each: None (not yet), another ticket (a next stage began) or the outcomes. `minimum` is the number of writes
    from which a batch beats single calls.
    """

    size: int
    send: Callable[[Api, Sequence[Write]], Sequence[Outcome] | Ticket]
    poll: Callable[[Api, Sequence[Ticket]], Sequence[Sequence[Outcome] | Ticket | None]] | None = None
    actions: frozenset[str] = frozenset({"create", "update"})
    minimum: int = 2


@dataclass(frozen=True, slots=True)
class Edit:
    """Who gave a field the value it has, and when, as the vendor tells it; nothing of it is guessed.

    `who` names the person (None: not told), `way` says through what it came, in the vendor's terms.
    """

    at: datetime | None = None
    who: Text | None = None
    way: Text | None = None


@dataclass(frozen=True, slots=True)
class CustomFields:
    """Fields people add to a resource at the vendor; in canonical values each is "custom." and the vendor's name.

    `listed(api)` returns (name, label) of each that may be written, `make(api, label)` adds a text field and returns
    its name.
    """

    listed: Callable[[Api], Sequence[tuple[str, str]]]
    make: Callable[[Api, str], str] | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of thing a connector reads and perhaps writes.

    Reading: `fields` (or `read` where a table does not fit), `remote_id` and `changed_at` (dotted wire paths or
    functions), `version`, `is_gone`,
    `merged_into`. Writing: `build` (canonical values and action to body; None: from `fields`), `create`, `update`,
    `void`, `remove` for
    one, `bulk` for many, `find` to look for what a lost write may have made (by `Write`; None: not there; of a removal
    or void it answers what still stands),
    `chosen_id` where we choose the remote id ourselves (values -> id). `compared` lists canonical fields a
    program may write; others are read only. `document` is the kind of document it holds, where an entity has several
    ("invoice", "sales_receipt"): what is made goes where its kind is kept. `custom`: people may add fields of their
    own. `merge(api, keep, drop)` makes one record of two and answers the survivor's document (its id may be a new one);
    where the vendor has no such call, `merge_steps` tell a person what to do there. `wires`: what the vendor calls its
    fields, by canonical name, for people to read, where `fields` do not tell. `edits(api, asked)` tells, for each
    (document as it was read, canonical fields) in that order, who gave these fields their values; a field the vendor
    says nothing about, or whose value has moved since, is left out. None: this vendor tells nobody's changes.
    """

    name: str
    entity: str
    label: Any
    fields: tuple[Field, ...] = ()
    read: Callable[[Raw], Values] | None = None
    remote_id: str | Callable[[Raw], str] = "id"
    changed_at: str | Callable[[Raw], Any] | None = None
    version: str | None = None
    is_gone: Callable[[Raw], bool] | None = None
    merged_into: Callable[[Raw], str | None] | None = None
    match_on: tuple[str, ...] = ()
    build: Callable[[Mapping[str, Any], str, Mapping[str, str]], Payload] | None = None
    create: Callable[[Api, Payload, str], Raw] | None = None
    update: Callable[[Api, str, Payload, str], Raw] | None = None
    void: Callable[[Api, str, Payload, str], Raw] | None = None
    remove: Callable[[Api, str, Payload, str], Raw] | None = None
    fetch: Callable[[Api, str], Raw] | None = None
    find: Callable[[Api, Write], Raw | None] | None = None
    chosen_id: Callable[[Mapping[str, Any], Mapping[str, str]], str] | None = None
    bulk: Bulk | None = None
    overlap: timedelta = timedelta(minutes=5)
    settle: timedelta = timedelta(seconds=30)  # after this a lost write has either landed or never will
    absence_means_deleted: bool = False
    repeat: Literal["harmless", "keyed", "look_first"] = "look_first"
    open_in_vendor: str = ""  # a web address with {id}, and {account} where it needs it, for "open in vendor"
    page_size: int = 1000
    document: str = ""
    custom: CustomFields | None = None
    merge: Callable[[Api, str, str], Raw] | None = None
    merge_steps: tuple[Text, ...] = ()
    wires: Mapping[str, str] = field(default_factory=dict)
    edits: Callable[[Api, Sequence[tuple[Raw, Collection[str]]]], Sequence[Mapping[str, Edit]]] | None = None

    def parse(self, raw: Raw) -> Record:
        """Return the document in canonical form. KeyError: the document has no id and is not one of ours."""
        from connectors.contract.parsing import parse_record

        return parse_record(self, raw)

    def payload(self, values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
        """Return the wire body for canonical `values`; `Ref`s in them already name records of this side."""
        if self.build:
            return self.build(values, action, context)
        return build_fields(self.fields, values)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a connection check. `level`: ok, warning or blocker; `code` is a key of the catalogue or of the
    check.
    """

    code: str
    level: Literal["ok", "warning", "blocker"]
    text: Any
    params: Mapping[str, object] = field(default_factory=dict)
