"""Filters of flows and the recommended sets of them: what is wrong with one, and what it would let through."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q

from bridge import registry
from bridge.engine.filters import always, check_tree, describe, failing, passes
from bridge.engine.kinds import day_in, fields_of
from bridge.engine.model import Problem
from bridge.hub.models import Flow, Link, User
from bridge.hub.models import Record as Row
from bridge.jobs import flowing
from bridge.jobs.associated import asked_about, with_associated
from bridge.jobs.context import context_of, scope_of
from bridge.jobs.records import parsed
from connectors.contract import CUSTOM, FilterPreset, Record, Text


def apply_preset(flow: Flow, preset: FilterPreset, user: User | None) -> list[Problem]:
    """Store all that a preset sets: filters, direction, and today as start date where it says so; [] when stored.

    A preset that names no direction leaves direction and the filter of the way back as they are; one that is not from
    today leaves the start date.
    """
    flow.direction = preset.direction or flow.direction
    problems = check_filter(flow, preset.tree)
    if preset.direction and flow.direction == "both":
        problems += check_filter(flow, preset.back, back=True)
    if problems:
        flow.refresh_from_db()
        return problems
    flow.filter = dict(preset.tree)
    if preset.direction:
        flow.filter_back = dict(preset.back)
    if preset.from_today:
        flow.start_date = flow.integration.organization.today
    with transaction.atomic():
        flow.save(update_fields=["direction", "filter", "filter_back", "start_date"])
        flowing.new_version(flow)
    return []


def is_applied(flow: Flow, preset: FilterPreset) -> bool:
    """Tell whether a flow stands as a preset would set it, whatever the day it was applied."""
    whole = not preset.direction or (
        flow.direction == preset.direction
        and (flow.direction != "both" or (flow.filter_back or {}) == dict(preset.back))
    )
    dated = not preset.from_today or flow.start_date is not None
    return whole and dated and (flow.filter or {}) == dict(preset.tree)


def check_filter(flow: Flow, tree: Mapping[str, Any], back: bool = False) -> list[Problem]:
    """Return what is wrong with a filter, for the side whose records it looks at."""
    if not tree:
        return []
    problems = list(check_tree(tree, flow.entity))
    if problems:
        return problems
    known, beside = fields_of(flow.entity), flowing.told_beside(flow, back)
    source = flowing.resources(flow, flowing.toward_of(flow, back))[0]
    for path, condition in conditions_of(tree):
        name = str(condition["field"])
        whole = name.partition(".")[0]
        elsewhere = whole in known and known[whole].kind == "records" and whole not in beside
        if elsewhere or (name.startswith(CUSTOM) and source.custom is None):
            problems.append(Problem(path, "FILTER-UNKNOWN-FIELD", {"field": condition["field"]}))
    return problems


def save_filter(flow: Flow, tree: Mapping[str, Any], user: User | None, back: bool = False) -> list[Problem]:
    """Store a filter, `back`: of what comes to the left in a two-way flow; [] when stored, else what is wrong."""
    problems = check_filter(flow, tree, back)
    if problems:
        return problems
    name = "filter_back" if back else "filter"
    with transaction.atomic():
        setattr(flow, name, dict(tree))
        flow.save(update_fields=[name])
        flowing.new_version(flow)
    return []


SHOWN = 3  # records shown as examples of each outcome
MOST_VALUES = 30  # values offered for a field


@dataclass(frozen=True, slots=True)
class FilterCount:
    """How many stored records a filter lets through, with a few of each, and what can be said of it without any.

    `early` ones would pass, but are dated before the flow's start. `samples_out` come with the conditions that keep
    them out; `seen` are the values of choice fields, by field.
    """

    inside: int
    outside: int
    early: int = 0
    samples_in: list[Row] = field(default_factory=list)
    samples_out: list[tuple[Row, tuple[Mapping[str, Any], ...]]] = field(default_factory=list)
    always: str | None = None
    sentence: Text | None = None
    seen: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many were looked at."""
        return self.inside + self.outside + self.early


def count_filter(flow: Flow, tree: Mapping[str, Any], back: bool = False, most: int = 20_000) -> FilterCount:
    """Count what a filter would let through among the records read from the side it looks at.

    Of each resource at most `most` are looked at, those read first.
    """
    outside = inside = early = 0
    samples_in: list[Row] = []
    samples_out: list[tuple[Row, tuple[Mapping[str, Any], ...]]] = []
    values_seen, is_early = Seen(flow, back), _early(flow, back)
    zone = flow.integration.organization.time_zone
    for row, record in source_records(flow, tree, back, most=most):
        values_seen.note(record.values)
        if passes(tree, record.values, zone):
            if is_early(row, record):
                early += 1
                continue
            inside += 1
            if len(samples_in) < SHOWN:
                samples_in.append(row)
        else:
            outside += 1
            if len(samples_out) < SHOWN:
                samples_out.append((row, failing(tree, record.values, zone)))
    said = always(tree, flow.entity) if tree else "everything"
    sentence = Text(describe(tree, flow.entity, "en"), describe(tree, flow.entity, "fr")) if tree else None
    return FilterCount(inside, outside, early, samples_in, samples_out, said, sentence, values_seen.by_field())


def _early(flow: Flow, back: bool) -> Callable[[Row, Record], bool]:
    """Return what tells whether a record is dated before the flow's start; linked ones go on whatever their date."""
    start, zone = flow.start_date, flow.integration.organization.time_zone
    if start is None:
        return lambda row, record: False
    links = Link.objects.filter(integration=flow.integration, entity=flow.entity)
    linked = set(links.values_list(f"{flowing.source_side(flow, back)}_id", flat=True))

    def is_early(row: Row, record: Record) -> bool:
        dated = day_in(record.values.get("date"), zone)
        return dated is not None and dated < start and row.pk not in linked

    return is_early


def source_records(
    flow: Flow, tree: Mapping[str, Any], back: bool = False, chosen: Q | None = None, most: int = 20_000
) -> Iterator[tuple[Row, Record]]:
    """Yield the records a filter looks at as it sees them: with what the associated records it asks about tell.

    Those that are gone, merged or unreadable are left out.
    """
    side = flowing.source_side(flow, back)
    connection = getattr(flow.integration, side)
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    if connection is None:
        return
    asked_of, context = asked_about(declared, side, tree), context_of(flow.integration)
    for name in getattr(declared, side):
        rows = Row.objects.filter(
            connection=connection, resource=name, scope=scope_of(connection, name, context), gone=False, merged_into=""
        )
        rows = rows.filter(chosen) if chosen is not None else rows
        ordered = rows.order_by("id")[:most].iterator(chunk_size=500)
        while batch := list(islice(ordered, 500)):
            records: dict[int, Record | None] = {row.pk: parsed(row, connection) for row in batch}
            for item in asked_of:
                records = with_associated(connection, records, item, parsed)
            yield from ((row, record) for row in batch if (record := records[row.pk]) is not None)


def fields_told(flow: Flow, back: bool = False, most: int = 200) -> frozenset[str]:
    """Return the fields that records of the side a filter looks at tell, as far as `most` of each kind show; those of
    associated records with them ("sales.source"). Empty where nothing was read yet.
    """
    side = flowing.source_side(flow, back)
    connection = getattr(flow.integration, side)
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    if connection is None:
        return frozenset()
    found: set[str] = set()
    places = [("", name) for name in getattr(declared, side)]
    places += [(f"{item.name}.", item.resource) for item in declared.associated if item.side == side]
    for prefix, resource in places:
        rows = Row.objects.filter(connection=connection, resource=resource, gone=False).order_by("-id")
        for row in rows.only("resource", "document")[:most]:
            record = parsed(row, connection)
            found |= {prefix + name for name in (record.values if record else ())}
    return frozenset(found)


class Seen:
    """The values records tell of choice fields, their own and those of associated records, and what presets name."""

    def __init__(self, flow: Flow, back: bool) -> None:
        beside = flowing.told_beside(flow, back)
        self._own, self._beside = [], dict[str, list[str]]()
        for name, item in fields_of(flow.entity).items():
            whole, dot, inner = name.partition(".")
            if item.kind == "choice" and not dot:
                self._own.append(name)
            elif item.kind == "choice" and whole in beside:
                self._beside.setdefault(whole, []).append(inner)
        self._found: dict[str, set[str]] = defaultdict(set)
        for preset in registry.recipe(flow.integration.recipe).flow(flow.entity).presets:
            for _, condition in (*conditions_of(preset.tree), *conditions_of(preset.back)):
                known = fields_of(flow.entity).get(condition["field"])
                value = condition.get("value")
                if known and known.kind == "choice" and value:
                    self._found[condition["field"]] |= set(value if isinstance(value, list) else [value])

    def note(self, values: Mapping[str, Any]) -> None:
        """Remember what one record tells."""
        for name in self._own:
            self._note(name, values.get(name))
        for whole, names in self._beside.items():
            for item in values.get(whole) or ():
                for name in names:
                    self._note(f"{whole}.{name}", item.get(name))

    def _note(self, name: str, value: Any) -> None:
        if isinstance(value, str) and value and len(self._found[name]) < MOST_VALUES:
            self._found[name].add(value)

    def by_field(self) -> dict[str, list[str]]:
        """Return the values of each field that has any, in order."""
        return {name: sorted(found) for name, found in self._found.items() if found}


def conditions_of(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each condition of a well-formed filter with its path ("all.0")."""
    if "field" in tree:
        yield path, tree
    for kind in ("all", "any"):
        for place, item in enumerate(tree.get(kind, ())):
            yield from conditions_of(item, f"{path}.{kind}.{place}".lstrip("."))
    if "not" in tree:
        yield from conditions_of(tree["not"], f"{path}.not".lstrip("."))
