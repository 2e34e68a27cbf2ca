"""Brakes: when a plan waits for a person although each of its lines is in order."""

from collections.abc import Iterable, Mapping
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
    falls_min: int = 3
    falls_share: Decimal = Decimal("0.10")
    units_share: Decimal = Decimal("0.50")


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


def wipe(falls: Iterable[tuple[Decimal, Decimal]], limits: Limits) -> Brake | None:
    """Return why quantities must not be set, given what each would be changed from and to; None: they may.

    Too many would fall to nothing, or too many units in all would go: a side where nobody has counted yet looks like
    that. This blocks; approval does not help, only other quantities or other limits do.
    """
    changes = list(falls)
    emptied = sum(before > 0 and after <= 0 for before, after in changes)
    units = sum((before - after for before, after in changes if before > after), Decimal(0))
    had = sum((before for before, _ in changes if before > 0), Decimal(0))
    falling = sum(before > after for before, after in changes)
    many = emptied > max(limits.falls_min, int(limits.falls_share * len(changes)))
    if not many and (falling <= limits.falls_min or units <= limits.units_share * had):
        return None
    told = {"items": emptied, "units": f"{units.normalize():f}", "of": len(changes)}
    return Brake("STOCK-WOULD-WIPE", told)


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
