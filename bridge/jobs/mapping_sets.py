"""The sets that travel as files, by name, and which of them a file is."""

from collections.abc import Iterable

from bridge.jobs.mapping_pairs import CustomersSet, ItemsSet, LinksSet
from bridge.jobs.mapping_planning import MappingSet
from bridge.jobs.mapping_reading import folded
from bridge.jobs.mapping_rules import RulesSet
from bridge.jobs.mapping_values import ValuesSet

SETS: dict[str, type[MappingSet]] = {
    kind.what: kind for kind in (ValuesSet, RulesSet, LinksSet, ItemsSet, CustomersSet)
}


def known_heads() -> frozenset[str]:
    """Return every heading of every set, folded: what tells the delimiter and the sheet."""
    return frozenset(head for kind in SETS.values() for head in kind.titles())


def other_set(heads: Iterable[str], but: str) -> str:
    """Return the set that has all its keys among these headings; "" for none."""
    told = {folded(head) for head in heads}
    for what, kind in SETS.items():
        titles = kind.titles()
        if what != but and set(kind.keys) <= {titles[head] for head in told if head in titles}:
            return what
    return ""
