"""Clearing accounts: what should lie in each by the source's payments, and what the books have there.

Amounts are Decimal in the account's own currency; money in is positive, money out negative.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)
Period = tuple[date, date]  # first and last day, both counted
Fault = Literal["missing", "extra", "doubled", "account", "amount", "date"]


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that went into an account, or out of it."""

    account: str
    currency: str
    date: date
    amount: Decimal
    number: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A movement that is not as expected. `amount` is what it adds to expected less booked in this account.

    "account": it lies in another one, and is told in both.
    """

    kind: Fault
    expected: Movement | None
    booked: Movement | None
    amount: Decimal
    code: str = "RECON-CLEARING"


@dataclass(frozen=True, slots=True)
class Account:
    """One clearing account in one currency: how much is expected in it, how much is booked, and why they differ.

    `others`: what else the books have there, which is not held against anything.
    """

    account: str
    currency: str
    expected_count: int
    expected: Decimal
    booked_count: int
    booked: Decimal
    strays: tuple[Stray, ...] = ()
    others_count: int = 0
    others: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Expected less booked."""
        return self.expected - self.booked

    @property
    def unexplained(self) -> Decimal:
        """What no stray accounts for; always 0."""
        return self.difference - sum((stray.amount for stray in self.strays), ZERO)


def clearing(
    expected: Iterable[Movement],
    booked: Iterable[Movement],
    links: Mapping[str, str],
    period: Period | None = None,
) -> tuple[Account, ...]:
    """Compare accounts over `period` (None: everything given), by account and currency.

    `links`: remote id of an expected movement -> of the one booked for it. Give movements from a little beyond the
    period too, so that one dated in it on one side only is seen as a wrong date. A booked movement that stands for no
    expected one counts where it has the number of one that does; all else is the books' own and only summed up, in the
    accounts that are compared.
    """
    first, last = period or (date.min, date.max)
    pairs, alone, loose = _pair_up(list(expected), list(booked), links)
    ours = {(other.number, other.currency) for _, other in pairs if other.number}
    ours |= {(item.number, item.currency) for item in alone if item.number}
    own = {*links.values()}
    extra = [item for item in loose if item.remote_id in own or (item.number, item.currency) in ours]
    strays: dict[tuple[str, str], list[Stray]] = defaultdict(list)
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO, ZERO])

    def counts(item: Movement) -> bool:
        return first <= item.date <= last

    for side, movements in ((0, [*(one for one, _ in pairs), *alone]), (2, [*(other for _, other in pairs), *extra])):
        for item in movements:
            if counts(item):
                row = sums[(item.account, item.currency)]
                row[side], row[side + 1] = row[side] + 1, row[side + 1] + item.amount
    for one, other in pairs:
        for place, stray in _compare(one, other, counts(one), counts(other)):
            strays[place].append(stray)
    for item in alone:
        if counts(item):
            strays[(item.account, item.currency)].append(Stray("missing", item, None, item.amount))
    known = {(other.number, other.account, other.currency, other.amount) for _, other in pairs if other.number}
    for item in extra:
        if counts(item):
            kind: Fault = "doubled" if (item.number, item.account, item.currency, item.amount) in known else "extra"
            strays[(item.account, item.currency)].append(Stray(kind, None, item, -item.amount))
    others: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    counted = {item.remote_id for item in extra}
    for item in loose:
        if counts(item) and item.remote_id not in counted:
            others[(item.account, item.currency)].append(item.amount)
    return tuple(
        Account(
            *place, int(row[0]), row[1], int(row[2]), row[3], tuple(strays[place]),
            len(others[place]), sum(others[place], ZERO),
        )
        for place, row in sorted(sums.items())
    )  # fmt: skip


def _pair_up(
    expected: Sequence[Movement], booked: Sequence[Movement], links: Mapping[str, str]
) -> tuple[list[tuple[Movement, Movement]], list[Movement], list[Movement]]:
    """Return (pairs, expected alone, booked alone): by link, then by number where only one of each side has it."""
    free = {item.remote_id: item for item in booked}
    pairs, waiting = [], []
    for item in expected:
        twin = free.pop(links.get(item.remote_id, ""), None)
        if twin:
            pairs.append((item, twin))
        else:
            waiting.append(item)
    ours, theirs = _by_number(waiting), _by_number(free.values())
    alone = []
    for item in waiting:
        key = (item.number, item.currency)
        if item.number and len(ours[key]) == 1 and len(theirs.get(key, ())) == 1:
            pairs.append((item, free.pop(theirs[key][0].remote_id)))
        else:
            alone.append(item)
    return pairs, alone, list(free.values())


def _by_number(movements: Iterable[Movement]) -> dict[tuple[str, str], list[Movement]]:
    found: dict[tuple[str, str], list[Movement]] = defaultdict(list)
    for item in movements:
        found[(item.number, item.currency)].append(item)
    return found


def _compare(one: Movement, other: Movement, here: bool, there: bool) -> list[tuple[tuple[str, str], Stray]]:
    """Return where two movements of one thing differ: (account and currency, why)."""
    place, elsewhere = (one.account, one.currency), (other.account, other.currency)
    came, went = (one.amount if here else ZERO), (other.amount if there else ZERO)
    if place != elsewhere:
        found = [(place, Stray("account", one, other, came))] if here else []
        return [*found, (elsewhere, Stray("account", one, other, -went))] if there else found
    if here != there:
        return [(place, Stray("date", one, other, came - went))]
    if here and one.amount != other.amount:
        return [(place, Stray("amount", one, other, came - went))]
    return []
