"""Duplicates in a whole file: candidates, scores, zones, one to one between sources, and no link against another."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bridge.engine.matching.blocking import candidates
from bridge.engine.matching.counts import Counts, FileCounts
from bridge.engine.matching.scoring import as_score, total
from bridge.engine.matching.seen import Seen
from bridge.engine.matching.signals import Signal, signals

ASK_FROM = 0.5  # as likely as not
LINK_FROM = 1.0  # of such links fewer than 1 in 1,000 are wrong, see benchmarks/README.md
RIVAL = 0.12  # how close a second choice comes before a person is asked about both
AGAINST = 0.2  # a score under this says that two records are not one

Zone = Literal["link", "ask"]


@dataclass(frozen=True, slots=True)
class Found:
    """Two places in the records, the lesser first, that may be one customer. `points`: the score before it is cut."""

    one: int
    other: int
    points: float
    zone: Zone

    @property
    def score(self) -> float:
        return as_score(self.points)


def zone_of(kind: str, said: Sequence[Signal], points: float) -> Zone:
    """Say whether a pair links by itself or is asked about; what follows is asked about whatever it scores.

    A company and somebody who works there; two namesakes who write from different mailboxes, as father and son do; a
    given name that is only like the other without a mailbox in common; "Jr" on one side; people who have nothing in
    common but what their household shares.
    """
    if points < LINK_FROM or kind == "mixed":
        return "ask"
    names = {name for name, _ in said}
    if names & _OTHER_MAILBOX and kind != "business":
        return "ask"
    if names & _GENERATIONS or (kind == "people" and _of_a_household(names)):
        return "ask"
    given = next((name for name in names if name.startswith("given_name:")), "")
    same_mailbox = any(name.startswith("email:equal") for name in names)
    if given and not same_mailbox and not given.startswith(("given_name:equal", "given_name:nickname")):
        return "link" if kind == "letters" else "ask"
    return "link"


def _of_a_household(names: Collection[str]) -> bool:
    """Tell whether all that ties two people together is a mailbox, line or home that others in the file have too."""
    ties = {name.partition(":")[0] for name in names if name.startswith(_TIES)}
    return bool(ties) and all(f"{tie}_shared:shared" in names or tie == "address" for tie in ties)


_TIES = ("email:equal", "phone:equal", "address:equal", "address:typo")
_OTHER_MAILBOX = frozenset(("email:differs", "email:differs/near", "email:differs/same host", "email:close"))
_GENERATIONS = frozenset(("generation:differs", "generation:one side", "generation:one side/near"))


class Matcher:
    """Finds the pairs of one file. `sources` are the records' sources; `never` are pairs of places a person told apart.

    `within`: look within one source too, not only across; then a record may have several twins.
    """

    def __init__(
        self, records: Sequence[Seen], sources: Sequence[str], within: bool, never: Collection[tuple[int, int]] = ()
    ) -> None:
        self.records, self.sources, self.within = records, sources, within
        self.never = {(min(pair), max(pair)) for pair in never}
        self.counts: Counts = FileCounts(records)

    def candidates(self) -> list[tuple[int, int]]:
        """Return the pairs worth comparing."""
        return candidates(self.records, self._apart)

    def _apart(self, one: int, other: int) -> bool:
        return (not self.within and self.sources[one] == self.sources[other]) or (one, other) in self.never

    def points(self, one: int, other: int) -> float:
        """Return what the parts of a pair add up to."""
        return total(*signals(self.records[one], self.records[other], self.counts))

    def scored(self, pairs: Sequence[tuple[int, int]], told: Callable[[int], None] | None = None) -> list[Found]:
        """Return the pairs that are as likely as not one customer; `told` hears of every thousand compared."""
        found = []
        for number, (one, other) in enumerate(pairs, 1):
            kind, said = signals(self.records[one], self.records[other], self.counts)
            points = total(kind, said)
            if points >= ASK_FROM:
                found.append(Found(one, other, points, zone_of(kind, said, points)))
            if told and not number % 1000:
                told(1000)
        if told:
            told(len(pairs) % 1000)
        return found

    def settled(self, found: Sequence[Found]) -> list[Found]:
        """Return what is left once records have one twin per other source and links do not speak against each other."""
        chosen = found if self.within else self._one_to_one(found)
        return sorted(self._agreeing(chosen), key=lambda pair: (pair.one, pair.other))

    def find(self) -> list[Found]:
        """Return all pairs of the file, in the order of their places."""
        return self.settled(self.scored(self.candidates()))

    def _one_to_one(self, found: Sequence[Found]) -> Iterator[Found]:
        """Give each record its best twin in each other source; a close second is asked about, with the first."""
        best: dict[tuple[int, str], float] = {}
        second: dict[tuple[int, str], float] = {}
        for pair in found:
            for place, source in self._ends(pair):
                held = best.get((place, source), 0.0)
                if pair.points > held:
                    best[place, source], second[place, source] = pair.points, held
                else:
                    second[place, source] = max(second.get((place, source), 0.0), pair.points)
        for pair in found:
            if any(pair.points < best[end] - RIVAL for end in self._ends(pair)):
                continue
            rival = any(second[end] >= pair.points - RIVAL for end in self._ends(pair) if end in second)
            yield replace(pair, zone="ask") if rival else pair

    def _ends(self, pair: Found) -> tuple[tuple[int, str], tuple[int, str]]:
        return (pair.one, self.sources[pair.other]), (pair.other, self.sources[pair.one])

    def _agreeing(self, found: Sequence[Found] | Iterator[Found]) -> Iterator[Found]:
        """Ask about a link that would make one customer of two records that cannot be one: the surer links stand."""
        groups: dict[int, list[int]] = {}
        for pair in sorted(found, key=lambda pair: (-pair.points, pair.one, pair.other)):
            if pair.zone == "link":
                one, other = groups.setdefault(pair.one, [pair.one]), groups.setdefault(pair.other, [pair.other])
                if one is not other:
                    if self._against(one, other):
                        yield replace(pair, zone="ask")
                        continue
                    one += other
                    groups.update(dict.fromkeys(other, one))
            yield pair

    def _against(self, one: Sequence[int], other: Sequence[int]) -> bool:
        for first in one:
            for second in other:
                pair = (first, second) if first < second else (second, first)
                if pair in self.never or self.points(*pair) < AGAINST:
                    return True
        return False
