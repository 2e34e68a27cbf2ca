"""What a report says, as values: figures, names and sentences in both languages. Pure; kept as plain JSON."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import Text

ZERO = Decimal(0)
# What the same work takes by hand, in minutes: opening both systems, looking the record up, typing and checking it.
MINUTES_NEW = 3
MINUTES_CHANGED = 1


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved of one kind: how many records were added, changed, taken away, or only recognized as the same.

    `amounts`: what the added ones come to, by currency.
    """

    kind: Text
    added: int
    changed: int
    removed: int
    recognized: int
    undone: int
    amounts: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of the period in one currency; refunds are taken off."""

    currency: str
    left_count: int
    left: Decimal
    right_count: int
    right: Decimal

    @property
    def difference(self) -> Decimal:
        """Left less right."""
        return self.left - self.right


@dataclass(frozen=True, slots=True)
class Cause:
    """Why records wait: in plain words, how many, what they come to by currency, and who acts."""

    words: Text
    cure: Text
    who: str
    count: int
    amounts: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One record that waits."""

    kind: Text
    name: str
    number: str
    date: date | None
    amount: Decimal | None
    currency: str
    words: Text
    who: str


@dataclass(frozen=True, slots=True)
class Differing:
    """One document that is not the same on both sides. `amount` is what it adds to the difference of the totals."""

    what: Text
    number: str
    date: date
    left: Decimal | None
    right: Decimal | None
    amount: Decimal
    currency: str
    why: Text
    who: str


@dataclass(frozen=True, slots=True)
class Pair:
    """What happened between two accounts."""

    name: Text
    left: Text
    right: Text
    as_of: datetime | None  # up to when both were read to the end; None: never
    has_documents: bool
    moved: tuple[Moved, ...] = ()
    sides: tuple[Sides, ...] = ()
    causes: tuple[Cause, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    waiting_count: int = 0
    differing: tuple[Differing, ...] = ()
    differing_count: int = 0
    unexplained: dict[str, Decimal] = field(default_factory=dict)  # of the difference, by no document here


@dataclass(frozen=True, slots=True)
class Told:
    """A whole report: one organization, one period, as of one instant."""

    organization: str
    time_zone: str
    currency: str
    kind: str
    first: date
    last: date
    made_at: datetime
    is_over: bool  # whether the period was over when this was made
    pairs: tuple[Pair, ...]
    minutes_new: int = MINUTES_NEW
    minutes_changed: int = MINUTES_CHANGED

    @property
    def as_of(self) -> datetime | None:
        """Up to when all pairs are told about; None where one was never read to the end."""
        times = [pair.as_of for pair in self.pairs]
        return min((one for one in times if one), default=None) if all(times) else None

    @property
    def added(self) -> int:
        return sum(line.added for pair in self.pairs for line in pair.moved)

    @property
    def changed(self) -> int:
        return sum(line.changed + line.removed for pair in self.pairs for line in pair.moved)

    @property
    def waiting_count(self) -> int:
        return sum(pair.waiting_count for pair in self.pairs)

    @property
    def differing_count(self) -> int:
        return sum(pair.differing_count for pair in self.pairs)

    @property
    def minutes_saved(self) -> int:
        """An estimate: each record at what it takes by hand."""
        return self.added * self.minutes_new + self.changed * self.minutes_changed


def two(amount: Decimal) -> Decimal:
    """Return an amount with two decimals, and with more only where it has them."""
    short = amount.quantize(Decimal("0.01"))
    return short if short == amount else amount.normalize()


def to_content(told: Told) -> Any:
    """Return a report as plain JSON data; amounts are text, digit by digit."""
    return msgspec.to_builtins(told)


def from_content(content: Any) -> Told:
    """Return what `to_content` was given."""
    return msgspec.convert(content, Told)
