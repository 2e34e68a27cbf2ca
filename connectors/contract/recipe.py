"""A recipe: two vendors and what may flow between them, as data. Wizard, field page and "rules as text" are made from
it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from connectors.contract.connector import Setting
from connectors.contract.errors import Explanation
from connectors.contract.resources import Finding
from connectors.contract.text import Text

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
    """A recommended filter, applied in one click."""

    key: str
    label: Text
    tree: Tree


@dataclass(frozen=True, slots=True)
class RecipeFlow:
    """One entity kept in step.

    `left` and `right` name resources; with several on a side the first takes creates. `match_on` are canonical fields
    whose equality makes one clear match. `cadence_minutes` is the
    default. `at_end` are values written to the linked right record once everything else of a run has settled.
    `shared` lets several left records stand for one right record (as followers that never write it). `posting` names
    what the engine's posting makes of a whole record, over the rules. `looks_up` are resources of the side written to
    that are read along, since documents name their records.
    """

    entity: str
    label: Text
    left: tuple[str, ...]
    right: tuple[str, ...]
    directions: tuple[Direction, ...]
    rules: tuple[RuleSpec, ...]
    match_on: tuple[str, ...] = ()
    exclusions: tuple[Excluded, ...] = ()
    presets: tuple[FilterPreset, ...] = ()
    default_filter: Tree = field(default_factory=dict)
    at_end: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = True
    cadence_minutes: int = 60
    removes: Literal["never", "void", "remove"] = "never"  # what a gone source does to its target, after approval
    side_of_totals: bool = False
    sentence: Text | None = None  # what moves, in one sentence, for clients
    posting: Literal["", "contact", "product", "sale", "payment", "refund", "stock_level"] = ""
    looks_up: tuple[str, ...] = ()


class SeenValue(NamedTuple):
    """A value some source record names: its key, what people call it there, and a tax's percentages."""

    key: str
    label: str = ""
    percents: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueMapSpec:
    """A value map a recipe needs: `kind` of value, the reference list its targets come from (at `side`), and whether
    automatic sync waits for it.

    `seen(values)` yields what the canonical values of one source record name (the taxes of an order), as
    `SeenValue` or (key, label); it is asked about records of `entities`. `sources` is a reference list of the other
    side, for values no record has used yet. `suggest` are the ways a target is guessed, the first that finds exactly
    one counts: "id" (the same key), "name" (equal or near), "percent" (the same rates). `needs`: wanted only while a
    setting has this value.
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


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person accepts before automatic sync may begin. A new text gets a new `version`."""

    version: str
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """How a demonstration sets the pair up between the simulator's accounts: settings by key, and targets of value
    maps by kind and key, both by id or by the name the list offers.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the readiness check. `test(facts, settings)` gets what both sides told about themselves."""

    code: str
    label: Text
    test: Callable[[Mapping[str, Any], Mapping[str, str]], Finding]


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

    def flow(self, entity: str) -> RecipeFlow:
        """Return the flow of `entity`; KeyError when the recipe has none."""
        for item in self.flows:
            if item.entity == entity:
                return item
        raise KeyError(f"{self.key} has no flow for {entity!r}")
