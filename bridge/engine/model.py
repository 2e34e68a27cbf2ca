"""The values the engine takes and gives. All are plain data; frozen values are JSON as `freeze` makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from connectors.contract import Excluded, Record
from connectors.contract.recipe import Tree

Side = Literal["right", "left"]
Action = Literal[
    "create", "update", "link", "follow", "void", "remove", "skip", "hold", "none", "conflict", "candidate"
]


@dataclass(frozen=True, slots=True)
class Rule:
    """One mapping rule: a canonical field of the source to one of the target.

    `source` may name a part of an address ("address.city") and is blank where the transform needs none. `when`:
    "create" writes only to a new record, "if_empty" only where the target says it has no value. `on_conflict` decides
    when both sides changed: the source's value, the target's, or a person.
    """

    id: str
    source: str
    target: str
    transform: str = "copy"
    argument: str = ""
    when: Literal["always", "create", "if_empty"] = "always"
    on_conflict: Literal["source", "target", "ask"] = "source"
    toward: Side = "right"
    version: int = 1


@dataclass(frozen=True, slots=True)
class LinkState:
    """What a link remembers, for the direction being planned: frozen values by target field.

    `sent` is what the source said when both last agreed, `kept` what the target kept of it. `shared`: this source
    follows another one's target and never writes it. Of a two-way flow, `back_sent` and `back_kept` are the same for
    the other way, by field of the source. A field in `sent` and not in `kept` was written to a vendor that did not say
    what it made of it.
    """

    id: str
    sent: Mapping[str, Any]
    kept: Mapping[str, Any]
    shared: bool = False
    back_sent: Mapping[str, Any] = field(default_factory=dict)
    back_kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decided about a field both sides changed: whose value stands, or one of the person's own.

    It holds while the two sides still say what the person saw (frozen), or what was decided: a value that came later
    was seen by nobody.
    """

    winner: Literal["source", "target", "value"]
    source: Any = None
    target: Any = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One source record and what is known of its twin.

    `target` is the linked record. `twins` are unlinked targets found by blocking keys. `rival` is the remote id
    of another source already linked to the only twin (which is then in `target`, or the only one of `twins`).
    `same` is the id of the twin that is this very record because we chose its id ourselves. `never` are target
    ids a person said are never the same. `excluded_by_person` is a standing decision, with its reason. `refs`
    says, for records named by this one, which record stands for it at the target: (resource, id) -> (resource,
    id). `verdicts` are a person's decisions by target field. Of a two-way flow: `mates` are other unlinked records of
    the source's side that the twins may be as well, `back_excluded` says that a person keeps the target out of the
    other way, `expected` that a write whose answer was lost may have made this source, or its twin's.
    """

    source: Record
    link: LinkState | None = None
    target: Record | None = None
    twins: tuple[Record, ...] = ()
    rival: str | None = None
    same: str | None = None
    never: frozenset[str] = frozenset()
    excluded_by_person: str = ""
    refs: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    posted: "Composed | None" = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    mates: tuple[Record, ...] = ()
    back_excluded: bool = False
    expected: bool = False


class Composed(Protocol):
    """What a whole record becomes at the target: values by field, remarks as (code, params), and whether it is
    written, or what was written before is voided or just flagged.
    """

    @property
    def values(self) -> Mapping[str, Any]: ...

    @property
    def warnings(self) -> tuple[tuple[str, Mapping[str, object]], ...]: ...

    @property
    def action(self) -> str: ...


Compose = Callable[[Pair, Record | None], Composed]  # the pair, and its twin where it has one; may raise CannotMap


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """A flow as the engine sees it. Only target fields in `writable` are ever written; rules of the other direction
    are ignored.

    `start_date` holds for records with a `date` that have no link yet. Days of instants, there and in the filter, are
    those of the time zone `zone`, the organization's. `value_maps`: kind -> source key -> target id.
    `compose` makes a target's values from a whole record, over what rules say field by field: a sale is posted, not
    copied. Where the target has been edited since, `disputed` says whether a person decides or the edit stands. `back`
    is the other way of a two-way flow: no way is planned without knowing what the other would do with the same two
    records.
    """

    entity: str
    direction: Side
    rules: tuple[Rule, ...]
    filter: Tree = field(default_factory=dict)
    match_on: tuple[str, ...] = ()
    exclusions: tuple[Excluded, ...] = ()
    start_date: date | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    value_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    writable: frozenset[str] = frozenset()
    removes: Literal["never", "void", "remove"] = "never"
    allow_shared: bool = False
    compose: Compose | None = None
    back: "FlowSpec | None" = None
    disputed: Literal["ask", "target"] = "ask"
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about one source record, and why.

    An "update" of a record that has no link yet links it too; a "link" writes nothing. `before` and `after` hold just
    the target fields that change. `sent` are the rule outputs this decision settles: fed to `remember` when it is
    done. A "none" with a non-empty `sent` only refreshes that memory. `conflicts` (field -> agreed, want, have) may
    come with an update: the other fields flow, these wait. `code` is a key of the catalogue, or of `REASONS` for what
    is done. `trace`: the filter's conditions, for what it keeps back.
    """

    action: Action
    source_id: str
    source_resource: str
    target_id: str | None = None
    target_resource: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    trace: tuple[Mapping[str, Any], ...] = ()
    conflicts: Mapping[str, tuple[Any, Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a filter or a rule: where it is, a code of the catalogue, and what fills its sentence."""

    path: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


class CannotMap(Exception):
    """A rule has no output for this value: the record waits with this code."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
