"""A recipe: two vendors and what may flow between them, as data. Wizard, field page and "rules as text" are made from
it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol

from connectors.contract.connector import Setting
from connectors.contract.errors import Explanation
from connectors.contract.resources import Api, Finding
from connectors.contract.text import Text
from connectors.contract.values import Record, Ref

Direction = Literal["right", "left", "both"]  # "right": left to right
Tree = Mapping[str, Any]  # {"all": [...]} | {"any": [...]} | {"field", "test", "value"}


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A default mapping rule: canonical field to canonical field on the other side."""

    source: str
    target: str
    transform: str = "copy"
    argument: str = ""
    when: Literal["always", "create", "if_empty"] = "always"
    on_conflict: Literal["source", "target", "ask"] = "source"
    toward: Literal["right", "left"] = "right"
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A reason why a record does not go, or waits.

    `test(source, target, settings)` gets canonical values (target None: not there yet) and returns the sentence's
    params when it applies, else None. `kind`: "skip" (right as it
    is), "hold" (a person must do something).
    """

    code: str
    kind: Literal["skip", "hold"]
    test: Callable[[Mapping[str, Any], Mapping[str, Any] | None, Mapping[str, str]], Mapping[str, object] | None]


@dataclass(frozen=True, slots=True)
class FilterPreset:
    """A recommended filter, applied in one click; a whole set where it also names the direction.

    `tree` filters what goes to the right (or the only way a flow goes), `back` what comes to the left of a two-way
    flow. `from_today`: records dated before the day it is applied, where the organization is, stay out.
    """

    key: str
    label: Text
    tree: Tree
    back: Tree = field(default_factory=dict)
    direction: Literal["", "right", "left", "both"] = ""
    from_today: bool = False
    help: Text | None = None


@dataclass(frozen=True, slots=True)
class Associated:
    """Records at `side` that name records of this flow as their contact; filters ask about them as `name`.field."""

    name: str  # a field of kind "records"
    side: Literal["left", "right"]
    resource: str


class Known(Protocol):
    """What is known of other records while one is composed. At the side written to, unless said otherwise; gone ones
    are left out.
    """

    def twin(self, ref: Ref) -> Record | None:
        """Return the record that stands for one the source names; None: there is none (yet)."""
        ...

    def named(self, resource: str, remote_ids: Iterable[str]) -> list[Record]:
        """Return these records."""
        ...

    def naming(self, resource: str, ref: Ref) -> list[Record]:
        """Return the records of `resource` that name this one."""
        ...

    def across(self, resource: str, ref: Ref) -> list[Record]:
        """Return the records of `resource` at the other side that name the twin of this one; for flows inside one
        side, which declare that resource among their associated ones.
        """
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """What a whole record becomes: values by field, remarks as (code, params). `action` "skip": nothing is written,
    and the first remark says why.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[tuple[str, Mapping[str, object]], ...] = ()
    action: Literal["write", "skip"] = "write"


@dataclass(frozen=True, slots=True)
class RecipeFlow:
    """One entity kept in step.

    `left` and `right` name resources; with several on a side the first takes creates. `match_on` are canonical fields
    whose equality makes one clear match; `match_by` is a setting that names another one. `suspects`: where
    nothing is equal, records with the same name or phone number are put before a person. `cadence_minutes` is the
    default. `at_end` are values written to the linked right record once everything else of a run has settled.
    `shared` lets several left records stand for one right record (as followers that never write it). `posting` names
    what the engine's posting makes of a whole record, over the rules. `looks_up` are resources of the side written to
    that are read along, since documents name their records. `associated` records can be asked about in filters.
    `also` tells by action what each such write does beyond its values; marks are filled with settings as people chose
    them. `compose` makes the values of a whole record, over the rules, from what is known of others. `inside`: source
    and target are one and the same record of that side, which gets values made from others. `disputed`: what counts
    where a posted document was edited over there and its source changed too: a person's decision, or what is there.
    """

    entity: str
    label: Text
    left: tuple[str, ...]
    right: tuple[str, ...]
    directions: tuple[Direction, ...]
    rules: tuple[RuleSpec, ...]
    match_on: tuple[str, ...] = ()
    match_by: str = ""
    suspects: tuple[Literal["name", "phone"], ...] = ()
    exclusions: tuple[Excluded, ...] = ()
    presets: tuple[FilterPreset, ...] = ()
    default_filter: Tree = field(default_factory=dict)
    default_back: Tree = field(default_factory=dict)  # of what comes to the left, where a flow goes both ways
    at_end: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = True
    starts_on: bool = True  # False: off until a person turns it on
    cadence_minutes: int = 60
    removes: Literal["never", "void", "remove"] = "never"  # what a gone source does to its target, after approval
    side_of_totals: bool = False
    sentence: Text | None = None  # what moves, in one sentence, for clients
    posting: Literal["", "contact", "product", "sale", "payment", "refund", "stock_level"] = ""
    looks_up: tuple[str, ...] = ()
    associated: tuple[Associated, ...] = ()
    compose: Callable[[Record, Known, Mapping[str, str]], Made] | None = None
    also: Mapping[str, Text] = field(default_factory=dict)
    inside: Literal["", "left", "right"] = ""
    disputed: Literal["ask", "target"] = "ask"


class Column(NamedTuple):
    """One column of a file in a vendor's import shape: its heading there, and the canonical field it holds. A part of
    an address is named by "address.city".
    """

    heading: str
    field: str


@dataclass(frozen=True, slots=True)
class OneTimeImport:
    """Records of one side brought to the other when a person says so, and only then: no schedule, no second flow.

    `flow` says what goes, in one direction: entity, resources, rules, what matches, filter, reasons to stay out. It
    is another declared way for its entity: links it makes are those of the integration, known to the flow of the
    same entity. Nothing is ever removed by it. `mark` are values each record it makes gets besides. `comes_back`
    False: what it made stays out of the flow of that entity. `columns`: the file of what is missing, for where the
    vendor lets nobody make such a record by its interface.
    """

    key: str
    label: Text
    flow: RecipeFlow
    help: Text | None = None
    mark: Mapping[str, Any] = field(default_factory=dict)
    comes_back: bool = True
    columns: tuple[Column, ...] = ()
    chosen_by: tuple[str, str] | None = None  # begun after the first run where a setting has this value; its plan waits


class SeenValue(NamedTuple):
    """A value some source record names: its key, what people call it there, and a tax's percentages."""

    key: str
    label: str = ""
    percents: tuple[Decimal, ...] = ()


class Wanted(NamedTuple):
    """A target that a value should become, where the other side has none yet: what the value is called, the target's
    name there, its kind (as a product tells it) and that kind in words. `others` are names by which it may be known as
    well.
    """

    label: Text
    name: str
    kind: str
    kind_label: Text
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueMapSpec:
    """A value map a recipe needs: `kind` of value, the reference list its targets come from (at `side`), and whether
    automatic sync waits for it.

    `seen(values)` yields what the canonical values of one source record name (the taxes of an order), as
    `SeenValue` or (key, label); it is asked about records of `entities`. `sources` is a reference list of the other
    side, for values no record has used yet. `suggest` are the ways a target is guessed, the first that finds exactly
    one counts: "id" (the same key), "name" (equal or near), "percent" (the same rates). `needs`: wanted only while a
    setting has this value. `wanted` names, by source key, the targets there should be: such a value is there from the
    beginning, finds its target by these names, and a target that is missing can be made. It is "product" that is made.
    """

    kind: str
    label: Text
    targets: str
    side: Literal["left", "right"]
    required: bool = True
    entities: tuple[str, ...] = ("sale",)
    seen: Callable[[Mapping[str, Any]], Iterable[tuple[Any, ...]]] | None = None
    sources: str = ""
    suggest: tuple[Literal["id", "name", "percent"], ...] = ("name",)
    needs: tuple[str, str] | None = None
    help: Text | None = None
    wanted: Mapping[str, Wanted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person accepts before automatic sync may begin. A new text gets a new `version`."""

    version: str
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """How a demonstration sets the pair up between the simulator's accounts: settings by key, and targets of value
    maps by kind and key, both by id or by the name the list offers.

    `presets` are applied by flow; `days` is how far back dated records go. `in_step`: the first plan is approved, and
    the pair then runs by itself. `edits(left, right)` gets the documents of one linked contact and returns what people
    change on both sides afterwards, as the simulators load it: something to decide. `asked`: by kind of value map, the
    value that is left undecided for the demo's client to answer. `client`: name, language, country,
    currency and time zone of a client of its own, whose accounts consent pages find by the query
    `chosen`; `key` is the one its other account takes. Known to all: simulators have no secrets.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    presets: Mapping[str, str] = field(default_factory=dict)
    days: int = 0
    in_step: bool = False
    edits: Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Mapping[str, Any], Mapping[str, Any]]] | None = None
    client: tuple[str, str, str, str, str] | None = None
    chosen: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that goes all the way: something marked is made at the right side, kept in step, looked at, taken back.

    `make(api, name)` makes it and returns (resource, remote id) of each record made, the one that `flow` is to carry
    last; `name` is put where people see it, and makes a repeat meet what is there. `undo(api, remote_id)` takes it
    back.
    """

    flow: str
    make: Callable[[Api, str], Sequence[tuple[str, str]]]
    undo: Callable[[Api, str], None]
    sentence: Text


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the readiness check. `test(facts, settings)` gets what both sides told about themselves. `first`: no
    plan is made while it is in the way.
    """

    code: str
    label: Text
    test: Callable[[Mapping[str, Any], Mapping[str, str]], Finding]
    first: bool = False


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step of a guided set-up, in order. `done` says what it takes: both accounts "connected" (and the checks that
    come first in order), the targets a value map `of` wants "present", a reference list `of` the left side with
    something in it ("listed"), the value map `of` "mapped", an import "imported" (each is optional). `how` tells the
    way at the vendor, sentence by sentence; `link` leads there.
    """

    key: str
    label: Text
    done: Literal["connected", "present", "listed", "mapped", "imported"]
    of: str = ""
    how: tuple[Text, ...] = ()
    link: tuple[Text, str] | None = None
    help: Text | None = None

    @property
    def optional(self) -> bool:
        """Whether automatic runs may begin without it."""
        return self.done == "imported"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """What disconnecting does: effects as statements, and as data: the entities removed at the right side.

    `removes` names flows whose right records are removed by one write each; `carries` those that vanish with them and
    are listed one by one.
    """

    effects: tuple[Text, ...]
    removes: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HelpTopic:
    """A help text, in both languages, with links by address."""

    key: str
    title: Text
    body: Text
    links: tuple[tuple[Text, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A pair of vendors. `left` keeps the books in all five pairs. `context(settings, left_facts, right_facts)` gives
    what paths and payloads of both sides need beyond settings.
    """

    key: str
    label: Text
    left: str
    right: str
    flows: tuple[RecipeFlow, ...]
    settings: tuple[Setting, ...] = ()
    value_maps: tuple[ValueMapSpec, ...] = ()
    checks: tuple[Check, ...] = ()
    disconnect: Disconnect = field(default_factory=lambda: Disconnect(effects=()))
    help: tuple[HelpTopic, ...] = ()
    next_steps: tuple[tuple[Text, str], ...] = ()
    beta: bool = False
    catalogue: tuple[Explanation, ...] = ()
    lists: tuple[tuple[Literal["left", "right"], str, str], ...] = ()
    context: Callable[[Mapping[str, str], Mapping[str, Any], Mapping[str, Any]], Mapping[str, str]] | None = None
    one_to_one: bool = True  # one left account to one right account (M-03)
    summary: Text | None = None
    terms: Terms | None = None
    demo: Demo = field(default_factory=Demo)
    trial: Trial | None = None
    imports: tuple[OneTimeImport, ...] = ()
    guide: tuple[GuideStep, ...] = ()

    def one_time(self, key: str) -> OneTimeImport:
        """Return the import called `key`; KeyError when the recipe has none."""
        for item in self.imports:
            if item.key == key:
                return item
        raise KeyError(f"{self.key} has no import {key!r}")

    def flow(self, entity: str) -> RecipeFlow:
        """Return the flow of `entity`; KeyError when the recipe has none."""
        for item in self.flows:
            if item.entity == entity:
                return item
        raise KeyError(f"{self.key} has no flow for {entity!r}")
