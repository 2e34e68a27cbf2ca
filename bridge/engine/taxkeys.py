"""One word for a tax on both sides: the shop's rate codes and the books' rates that stand for each other share a key.

A value map says which code of the books a combination of the shop's rates becomes. Rates of one percentage are the same
tax; where they do not pair off (one rate there for two here), all of the combination is one tax.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

Node = tuple[str, str]  # "source" or "target", and the code or rate id there
_ALIKE = Decimal("0.001")  # percents told with fewer decimals on one side


@dataclass(frozen=True, slots=True)
class Mapped:
    """A combination of the source's rates as (code, percent; None where it is not told), and the rates of the target's
    code it is mapped to as (id, percent).
    """

    parts: Sequence[tuple[str, Decimal | None]]
    rates: Sequence[tuple[str, Decimal]]


class TaxKeys:
    """Keys of taxes that both sides share."""

    def __init__(
        self, maps: Iterable[Mapped], names: Mapping[str, str], source_names: Mapping[str, str] | None = None
    ) -> None:
        """`names`: what people call the target's rates, by id; `source_names`: the source's, by code."""
        self._names, self._source_names = names, source_names or {}
        self._next: dict[Node, Node] = {}
        for item in maps:
            for one, other in _pairs(item):
                self._unite(("source", one), ("target", other))
        self._told = {root: self._words(root) for root in map(self._root, list(self._next))}

    def __bool__(self) -> bool:
        return bool(self._told)

    def source(self, code: str) -> str:
        """Return the key of a rate of the source; its own name where no map names it."""
        return self._key(("source", code), self._source_names.get(code) or code)

    def target(self, rate: str) -> str:
        """Return the key of a rate of the target; its own name where nothing is mapped to it."""
        return self._key(("target", rate), self._names.get(rate) or rate)

    def _key(self, node: Node, otherwise: str) -> str:
        return self._told[self._root(node)] if node in self._next else otherwise

    def _root(self, node: Node) -> Node:
        while (up := self._next.get(node, node)) != node:
            node = up
        return node

    def _unite(self, one: Node, other: Node) -> None:
        for node in (one, other):
            self._next.setdefault(node, node)
        first, second = sorted((self._root(one), self._root(other)))
        self._next[second] = first

    def _words(self, root: Node) -> str:
        rates = sorted(node[1] for node in self._next if node[0] == "target" and self._root(node) == root)
        return " + ".join(dict.fromkeys(self._names.get(rate) or rate for rate in rates))


def _pairs(item: Mapped) -> list[tuple[str, str]]:
    """Return which part is which rate: by percentage where each finds one of its own, else all are one tax."""
    free, found = list(item.rates), []
    for code, percent in item.parts:
        place = next((rate for rate in free if percent is not None and abs(rate[1] - percent) <= _ALIKE), None)
        if place is None:
            return [(code, rate) for code, _ in item.parts for rate, _ in item.rates]
        free.remove(place)
        found.append((code, place[0]))
    return found if not free else [(code, rate) for code, _ in item.parts for rate, _ in item.rates]
