"""From signals to a score whose parts people can see. One scorer, for two records in the hub and for a file of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bridge.engine.matching.counts import EVERYWHERE, Counts
from bridge.engine.matching.seen import Seen, address_of, text_of
from bridge.engine.matching.signals import Signal, signals
from bridge.engine.matching.weights import WEIGHTS

Note = Literal[
    "equal", "accent", "typo", "sound", "nickname", "initial", "part", "close", "swapped", "shared", "one side",
    "differs",
]  # fmt: skip

# What is left of a signal's note when it is shown; what is not here is shown by its first word.
_NOTES: dict[str, Note] = {
    "typo/two names": "differs", "sound/two names": "differs", "far": "differs", "middle": "close", "short": "close",
    "street": "part", "number": "part", "number typo": "typo", "other number": "differs", "area": "close",
    "one side": "one side",
}  # fmt: skip
_PLAIN: frozenset[str] = frozenset(Note.__args__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing compared. `weight` is what it added to or took from the score, `note` how the two stand to each other.

    `left` and `right` are what each record tells; of a part that ends in "_shared" both are how many share it.
    """

    name: str
    left: str
    right: str
    weight: float
    note: Note


def total(kind: str, found: Sequence[Signal]) -> float:
    """Return the sum of the weights, which may lie outside 0 to 1."""
    weights = WEIGHTS[kind]
    return sum(weights.get(name, 0.0) * value for name, value in found)


def score(parts: Sequence[Part]) -> float:
    """Return the sum of the weights, kept between 0 and 1."""
    return as_score(sum(part.weight for part in parts))


def as_score(points: float) -> float:
    """Return a sum of weights as a score, kept between 0 and 1."""
    return round(min(1.0, max(0.0, points)), 3)


def parts_of(
    one: Seen, other: Seen, left: Mapping[str, Any], right: Mapping[str, Any], counts: Counts = EVERYWHERE
) -> tuple[Part, ...]:
    """Return every signal as a part with the words of both records, from what is compared first to what is last."""
    kind, found = signals(one, other, counts)
    weights = WEIGHTS[kind]
    return tuple(_part(name, value, weights.get(name, 0.0), (one, left), (other, right)) for name, value in found)


def _part(
    signal: str, value: float, weight: float, one: tuple[Seen, Mapping[str, Any]], other: tuple[Seen, Mapping[str, Any]]
) -> Part:
    name, _, level = signal.partition(":")
    if level == "shared":
        sharing = str(max(2, round(2**value * (2 if name in _HALVED else 1)))) if value else ""
        return Part(name, sharing, sharing, round(weight * value, 3), "shared")
    left, right = _told(name, *one), _told(name, *other)
    note = _note(level)
    if note == "equal" and left.casefold() != right.casefold() and not (left + right).isascii():
        note = "accent"
    return Part(name, left, right, round(weight * value, 3), note)


_HALVED = frozenset(("company_shared", "postcode_shared", "city_shared"))


def _note(level: str) -> Note:
    for start in (level, level.partition("/near")[0], level.partition(" near")[0], level.partition("/")[0]):
        if start in _NOTES:
            return _NOTES[start]
        if start in _PLAIN:
            return start  # type: ignore[return-value]
    return "close"


def _told(part: str, seen: Seen, values: Mapping[str, Any]) -> str:
    """Return the words of a record that a part compares, as they were told."""
    address = address_of(values)
    if part in ("postcode", "city", "region", "country"):
        return text_of(address.get(part))
    if part in ("address", "building"):
        return ", ".join(line for name in ("line1", "line2") if (line := text_of(address.get(name))))
    if part == "phone":
        return ", ".join(number for name in ("phone", "mobile") if (number := text_of(values.get(name))))
    if part in ("generation", "flat"):
        return seen.generation if part == "generation" else seen.flat
    if part == "company":
        return text_of(values.get("company")) or (text_of(values.get("name")) if seen.business else "")
    if part == "name":
        return name_of(values)
    told = text_of(values.get(part))
    return told or (text_of(values.get("name")) if part in ("given_name", "family_name") else "")


def name_of(values: Mapping[str, Any]) -> str:
    """Return the name to show of a record: its own, or its given and family names, or its company's."""
    name = values.get("name")
    if name:
        return text_of(name)
    both = f"{text_of(values.get('given_name'))} {text_of(values.get('family_name'))}".strip()
    return both or text_of(values.get("company"))
