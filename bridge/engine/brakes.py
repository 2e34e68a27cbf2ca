"""Brakes: when a plan waits for a person although each of its lines is in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do alone. Shares are of the linked records; None: no limit.

    Up to `removals_min` removals and `updates_min` updates never brake: a share of a handful says nothing.
    """

    removals_min: int = 10
    removals_share: Decimal = Decimal("0.05")
    updates_min: int = 10
    updates_share: Decimal = Decimal("0.30")
    first_run: bool = True
    creates_max: int | None = None
    amount_max: Decimal | None = None
    empty_reading_min: int = 10


@dataclass(frozen=True, slots=True)
class Counts:
    """What a plan holds. `amount_max` is the largest total it would write; `read` and `read_before` count the source's
    living records in this reading and in the one before.
    """

    linked: int = 0
    creates: int = 0
    updates: int = 0
    removals: int = 0
    amount_max: Decimal | None = None
    read: int = 0
    read_before: int = 0
    first_run: bool = False
    rules_changed: bool = False


@dataclass(frozen=True, slots=True)
class Brake:
    """A reason to wait: a code of the catalogue, and what fills its sentence."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


def brakes(counts: Counts, limits: Limits) -> list[Brake]:
    """Return every reason why this plan waits for approval; none means it may go ahead."""
    found = []
    if counts.read == 0 and counts.read_before >= limits.empty_reading_min:
        found.append(Brake("BRAKE-EMPTY-READING", {"before": counts.read_before}))
    writes = counts.creates + counts.updates + counts.removals
    if not writes:
        return found
    if counts.first_run and limits.first_run:
        found.append(Brake("BRAKE-FIRST-RUN", {"writes": writes}))
    if counts.rules_changed:
        found.append(Brake("BRAKE-RULES-CHANGED", {"writes": writes}))
    return found + _over_limits(counts, limits)


def _over_limits(counts: Counts, limits: Limits) -> list[Brake]:
    found = []
    most = max(limits.removals_min, int(limits.removals_share * counts.linked))
    if counts.removals > most:
        found.append(Brake("BRAKE-REMOVALS", {"count": counts.removals, "most": most}))
    most = max(limits.updates_min, int(limits.updates_share * counts.linked))
    if counts.updates > most:
        found.append(Brake("BRAKE-UPDATES", {"count": counts.updates, "most": most}))
    if limits.creates_max is not None and counts.creates > limits.creates_max:
        found.append(Brake("BRAKE-CREATES", {"count": counts.creates, "most": limits.creates_max}))
    if limits.amount_max is not None and counts.amount_max is not None and counts.amount_max > limits.amount_max:
        found.append(Brake("BRAKE-AMOUNT", {"amount": str(counts.amount_max), "most": str(limits.amount_max)}))
    return found
