"""The store's arithmetic, in `Decimal`: what a row comes to, its taxes, its discount, and shares of it.

Tax is taken per row and per rate, after discount, rounded half up. With prices that include tax the discount includes
it too, and part of it is given back as compensation: `row_total - discount + compensation + tax` is what is paid.
Source: magento/magento2 app/code/Magento/Tax/Model/Calculation/RowBaseCalculator.php, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias

from connectors.sandbox.core import Document

# An amount in the store's base currency, and in the order's own.
Twice: TypeAlias = tuple[Decimal, Decimal]

CENT = Decimal("0.01")
ZERO = Decimal(0)
NOTHING: Twice = (ZERO, ZERO)


def cents(value: Decimal) -> Decimal:
    """Rounded half up to two decimals."""
    return value.quantize(CENT, ROUND_HALF_UP)


def plain(value: Decimal) -> int | Decimal:
    """A number as PHP writes it: no trailing zeros, whole numbers without a point."""
    whole = value.to_integral_value()
    return int(whole) if whole == value else value.normalize()


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax rate of the store, in percent."""

    id: int
    code: str
    title: str
    percent: Decimal
    country: str
    region: str
    region_id: int


@dataclass(frozen=True, slots=True)
class Money:
    """One row in one currency. `taxes` has one amount for each rate, in the rates' order."""

    row_total: Decimal = ZERO
    row_total_incl_tax: Decimal = ZERO
    tax_amount: Decimal = ZERO
    discount_amount: Decimal = ZERO
    discount_tax_compensation_amount: Decimal = ZERO
    taxes: tuple[Decimal, ...] = ()

    def __add__(self, other: Money) -> Money:
        """Row by row sums; the taxes of different rates cannot be told apart any more and are dropped."""
        return Money(*(getattr(self, name) + getattr(other, name) for name in AMOUNTS))

    def paid(self) -> Decimal:
        """What the customer pays for it."""
        return self.row_total - self.discount_amount + self.discount_tax_compensation_amount + self.tax_amount


AMOUNTS = tuple(one.name for one in fields(Money) if one.name != "taxes")


@dataclass(frozen=True, slots=True)
class Both:
    """The same row in base currency and in the order's, each rounded by itself."""

    base: Money = Money()
    own: Money = Money()

    def __add__(self, other: Both) -> Both:
        return Both(self.base + other.base, self.own + other.own)

    def amount(self, name: str) -> Twice:
        """One amount by its name."""
        return getattr(self.base, name), getattr(self.own, name)

    def paid(self) -> Twice:
        """What the customer pays for it."""
        return self.base.paid(), self.own.paid()

    def share(self, done: int, now: int, of: int) -> Both:
        """As `share`, in both currencies."""
        return Both(share(self.base, done, now, of), share(self.own, done, now, of))


def together(rows: Iterable[Both]) -> Both:
    """The sum of rows."""
    total = Both()
    for one in rows:
        total += one
    return total


def plus(one: Twice, other: Twice) -> Twice:
    """The sum of two amounts."""
    return one[0] + other[0], one[1] + other[1]


def minus(one: Twice, other: Twice) -> Twice:
    """The difference of two amounts."""
    return one[0] - other[0], one[1] - other[1]


def write(document: Document, name: str, amount: Twice) -> Document:
    """Write an amount under its name and, in base currency, under `base_` and its name."""
    document[name] = plain(amount[1])
    document[f"base_{name}"] = plain(amount[0])
    return document


def row(unit: Decimal, quantity: int, rates: Sequence[Rate], discount_percent: Decimal, *, inclusive: bool) -> Money:
    """What `quantity` pieces come to. `unit` includes tax when `inclusive`."""
    percents = [rate.percent for rate in rates]
    return (_inclusive if inclusive else _exclusive)(cents(unit * quantity), percents, discount_percent)


def _exclusive(total: Decimal, percents: Sequence[Decimal], discount_percent: Decimal) -> Money:
    discount = cents(total * discount_percent / 100)
    taxes = tuple(cents((total - discount) * percent / 100) for percent in percents)
    before = sum((cents(total * percent / 100) for percent in percents), ZERO)
    return Money(total, total + before, sum(taxes, ZERO), discount, ZERO, taxes)


def _inclusive(total: Decimal, percents: Sequence[Decimal], discount_percent: Decimal) -> Money:
    whole = sum(percents, ZERO)
    discount = cents(total * discount_percent / 100)
    before, after = (cents(amount * whole / (100 + whole)) for amount in (total, total - discount))
    return Money(total - before, total, after, discount, before - after, split(after, percents))


def split(tax: Decimal, percents: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """One amount over several rates; the last takes what rounding leaves."""
    whole, parts = sum(percents, ZERO), [ZERO for _ in percents]
    for at, percent in enumerate(percents):
        parts[at] = cents(tax * percent / whole) if at < len(parts) - 1 else tax - sum(parts, ZERO)
    return tuple(parts)


def share(money: Money, done: int, now: int, of: int) -> Money:
    """The part of a row that `now` pieces make up after `done` others of `of`: all parts add up to the row exactly."""
    if not now:
        return Money(taxes=(ZERO,) * len(money.taxes))
    if now == of:
        return money

    def part(amount: Decimal) -> Decimal:
        return cents(amount * (done + now) / of) - cents(amount * done / of)

    amounts = {name: part(getattr(money, name)) for name in AMOUNTS}
    return replace(money, **amounts, taxes=tuple(part(tax) for tax in money.taxes))
