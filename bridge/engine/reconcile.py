"""Reconciliation: both sides per day, kind, currency and tax, and the documents that make up every difference.

Amounts are Decimal in the document's own currency; nothing is converted. Only documents in state "live" count.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)
Key = tuple[date, str, str]  # day, kind, currency
Period = tuple[date, date]  # first and last day, both counted


@dataclass(frozen=True, slots=True)
class Document:
    """One accounting document as a side has it. `state`: "live" counts, everything else (void, gone, draft) does not.

    `kind` is the recipe's common word for what a document is on both sides. `rates`: its taxes one by one, under keys
    both sides share; none where a side does not tell them.
    """

    date: date
    kind: str
    currency: str
    total: Decimal
    tax: Decimal
    number: str
    remote_id: str
    state: str = "live"
    is_refund: bool = False
    rates: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Total:
    """Count, total and tax of some documents."""

    count: int = 0
    total: Decimal = ZERO
    tax: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Day:
    """One line of the comparison. Differences are left less right."""

    date: date
    kind: str
    currency: str
    left: Total
    right: Total

    @property
    def difference(self) -> Decimal:
        """Left total less right total."""
        return self.left.total - self.right.total

    @property
    def tax_difference(self) -> Decimal:
        """Left tax less right tax."""
        return self.left.tax - self.right.tax

    @property
    def even(self) -> bool:
        """Whether both sides have the same count, total and tax."""
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class TaxDay:
    """One tax of one line of the comparison: how many documents charge it on each side, and what it comes to.

    `tax` is a key of `Document.rates`; "" is tax that its documents do not tell one by one.
    """

    date: date
    kind: str
    currency: str
    tax: str
    left_count: int
    left: Decimal
    right_count: int
    right: Decimal

    @property
    def difference(self) -> Decimal:
        """Left less right."""
        return self.left - self.right

    @property
    def even(self) -> bool:
        """Whether both sides charge the same, as often."""
        return self.left == self.right and self.left_count == self.right_count


Cause = Literal["missing", "extra", "amount", "date", "tax", "doubled", "kind", "refund"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One document, or pair, that differs. `amount` and `tax` are what it adds to left less right of its own kind over
    the period; `net` and `net_tax` what it adds to the balance, from which refunds are taken off.

    `code` is why: the reason the document is held for, or a key of the catalogue. "refund" is a refund on one side
    only, or of another amount.
    """

    kind: Cause
    left: Document | None
    right: Document | None
    amount: Decimal
    tax: Decimal
    currency: str
    code: str

    @property
    def net(self) -> Decimal:
        """What it adds to the balance: a refund takes off."""
        return -self.amount if self._is_refund else self.amount

    @property
    def net_tax(self) -> Decimal:
        """What it adds to the balance of taxes."""
        return -self.tax if self._is_refund else self.tax

    @property
    def _is_refund(self) -> bool:
        one = self.left or self.right
        return one is not None and one.is_refund

    @property
    def params(self) -> dict[str, object]:
        """What fills the sentences of `code`: by how much the two differ, in which currency."""
        by = self.tax if self.code == "RECON-TAX" else self.amount
        return {"amount": f"{abs(by):f} {self.currency}"}

    def touches(self, day: Day) -> bool:
        """Whether it is one of the reasons why this line of the comparison is not even."""
        key = (day.date, day.kind, day.currency)
        return any(item and (item.date, item.kind, item.currency) == key for item in (self.left, self.right))


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both sides of a period. `balance` is left less right by currency, refunds taken off sales; `unexplained` is what
    no difference accounts for, and 0 in every currency.
    """

    days: tuple[Day, ...]
    differences: tuple[Difference, ...]
    balance: Mapping[str, Decimal] = field(default_factory=dict)
    tax_balance: Mapping[str, Decimal] = field(default_factory=dict)
    unexplained: Mapping[str, Decimal] = field(default_factory=dict)
    taxes: tuple[TaxDay, ...] = ()

    def behind(self, day: Day) -> tuple[Difference, ...]:
        """Return the differences that make up one line of the comparison."""
        return tuple(item for item in self.differences if item.touches(day))

    @property
    def even(self) -> bool:
        """Whether nothing differs."""
        return not self.differences and all(day.even for day in self.days)


def totals(documents: Iterable[Document]) -> dict[Key, Total]:
    """Return count, total and tax of living documents by day, kind and currency."""
    sums: dict[Key, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for item in documents:
        if item.state == "live":
            row = sums[(item.date, item.kind, item.currency)]
            row[0], row[1], row[2] = row[0] + 1, row[1] + item.total, row[2] + item.tax
    return {key: Total(int(row[0]), row[1], row[2]) for key, row in sums.items()}


def reconcile(
    left: Iterable[Document],
    right: Iterable[Document],
    links: Mapping[str, str],
    held: Mapping[str, str] | None = None,
    period: Period | None = None,
) -> Reconciliation:
    """Compare two sides over `period` (None: everything given).

    `links`: left remote id -> right remote id. `held`: left remote id -> the code it waits for. Give documents from a
    little beyond the period too, so that one dated in it on one side only is seen as a wrong date.
    """
    ours, theirs = [item for item in left if item.state == "live"], [item for item in right if item.state == "live"]
    counts = _in_period(period)
    pairs, alone, extra = _pair_up(ours, theirs, links)
    differences: list[Difference] = []
    for one, other in pairs:
        differences.extend(_compare(one, other, counts))
    differences.extend(_missing(one, (held or {}).get(one.remote_id, "RECON-MISSING")) for one in alone if counts(one))
    known = {(item.number, item.kind, item.currency, item.total) for _, item in pairs if item.number}
    differences.extend(_extra(item, known) for item in extra if counts(item))
    ours, theirs = [item for item in ours if counts(item)], [item for item in theirs if counts(item)]
    signed = [(1, item) for item in ours] + [(-1, item) for item in theirs]
    signed = [(-sign if item.is_refund else sign, item) for sign, item in signed]
    balance = _by_currency((item.currency, sign * item.total) for sign, item in signed)
    explained = _by_currency((item.currency, item.net) for item in differences)
    return Reconciliation(
        days=_days(ours, theirs),
        differences=tuple(sorted(differences, key=_by_date)),
        balance=balance,
        tax_balance=_by_currency((item.currency, sign * item.tax) for sign, item in signed),
        unexplained={key: balance.get(key, ZERO) - explained.get(key, ZERO) for key in {**balance, **explained}},
        taxes=_tax_days(ours, theirs),
    )


def _in_period(period: Period | None) -> Callable[[Document], bool]:
    if period is None:
        return lambda item: True
    first, last = period
    return lambda item: first <= item.date <= last


def _pair_up(
    left: Sequence[Document], right: Sequence[Document], links: Mapping[str, str]
) -> tuple[list[tuple[Document, Document]], list[Document], list[Document]]:
    """Return (pairs, left alone, right alone): by link, then by number, kind and currency where only
    one on the left has them. A right document is paired once.
    """
    free = {item.remote_id: item for item in right}
    pairs, waiting = [], []
    for item in left:
        twin = free.pop(links.get(item.remote_id, ""), None)
        if twin:
            pairs.append((item, twin))
        else:
            waiting.append(item)
    ours, theirs = _by_number(waiting), _by_number(free.values())
    alone = []
    for item in waiting:
        key = (item.number, item.kind, item.currency)
        if item.remote_id not in links and len(ours.get(key, ())) == 1 and key in theirs:
            pairs.append((item, free.pop(_nearest(item, theirs[key]).remote_id)))
        else:
            alone.append(item)
    return pairs, alone, list(free.values())


def _nearest(item: Document, others: Sequence[Document]) -> Document:
    return min(others, key=lambda other: (other.total != item.total, other.date != item.date, other.remote_id))


def _by_number(documents: Iterable[Document]) -> dict[tuple[str, str, str], list[Document]]:
    found: dict[tuple[str, str, str], list[Document]] = defaultdict(list)
    for item in documents:
        if item.number:
            found[(item.number, item.kind, item.currency)].append(item)
    return found


def _compare(one: Document, other: Document, counts: Callable[[Document], bool]) -> list[Difference]:
    here, there = counts(one), counts(other)
    if not here and not there:
        return []
    if one.currency != other.currency:
        return [item for item in (_currency(one, None, here), _currency(None, other, there)) if item]
    if one.is_refund != other.is_refund:  # money in does not stand for money out
        gone = [_missing(one, "RECON-MISSING")] if here else []
        return [*gone, _extra(other, set())] if there else gone
    amount = (one.total if here else ZERO) - (other.total if there else ZERO)
    tax = (one.tax if here else ZERO) - (other.tax if there else ZERO)
    found = []
    if one.date != other.date:
        # What the period alone makes; the documents' own difference is told apart from it.
        own = (one.total - other.total, one.tax - other.tax) if here and there else (ZERO, ZERO)
        found.append(_pair("date", one, other, amount - own[0], tax - own[1], "RECON-DATE"))
        amount, tax = own
    if one.kind != other.kind:
        found.append(_pair("kind", one, other, ZERO, ZERO, "RECON-KIND"))
    if one.total != other.total and (here and there):
        if one.is_refund or other.is_refund:
            found.append(_pair("refund", one, other, amount, tax, "RECON-REFUND-AMOUNT"))
        else:
            found.append(_pair("amount", one, other, amount, tax, "RECON-AMOUNT"))
    elif one.tax != other.tax and (here and there):
        found.append(_pair("tax", one, other, ZERO, tax, "RECON-TAX"))
    elif (here and there) and one.rates and other.rates and _charged(one) != _charged(other):
        found.append(_pair("tax", one, other, ZERO, ZERO, "RECON-RATES"))
    return found


def _pair(kind: Cause, one: Document, other: Document, amount: Decimal, tax: Decimal, code: str) -> Difference:
    return Difference(kind, one, other, amount, tax, one.currency, code)


def _currency(one: Document | None, other: Document | None, counted: bool) -> Difference | None:
    if not counted:
        return None
    if one:
        return Difference("missing", one, None, one.total, one.tax, one.currency, "RECON-CURRENCY")
    if other:
        return Difference("extra", None, other, -other.total, -other.tax, other.currency, "RECON-CURRENCY")
    return None


def _charged(item: Document) -> dict[str, Decimal]:
    """Return a document's tax by key, without those that come to nothing; "" is what it does not tell one by one."""
    sums: dict[str, Decimal] = {}
    for key, amount in item.rates:
        sums[key] = sums.get(key, ZERO) + amount
    rest = item.tax - sum(sums.values(), ZERO)
    sums[""] = sums.get("", ZERO) + rest
    return {key: amount for key, amount in sums.items() if amount}


def _missing(one: Document, code: str) -> Difference:
    if one.is_refund:
        code = "RECON-REFUND" if code == "RECON-MISSING" else code
        return Difference("refund", one, None, one.total, one.tax, one.currency, code)
    return Difference("missing", one, None, one.total, one.tax, one.currency, code)


def _extra(item: Document, known: set[tuple[str, str, str, Decimal]]) -> Difference:
    doubled = (item.number, item.kind, item.currency, item.total) in known
    kind: Cause = "doubled" if doubled else "refund" if item.is_refund else "extra"
    code = {"doubled": "RECON-DOUBLED", "refund": "RECON-REFUND"}.get(kind, "RECON-EXTRA")
    return Difference(kind, None, item, -item.total, -item.tax, item.currency, code)


def _days(left: Sequence[Document], right: Sequence[Document]) -> tuple[Day, ...]:
    ours, theirs = totals(left), totals(right)
    none = Total()
    return tuple(Day(*key, ours.get(key, none), theirs.get(key, none)) for key in sorted({**ours, **theirs}))


def _tax_days(left: Sequence[Document], right: Sequence[Document]) -> tuple[TaxDay, ...]:
    """Return count and sum of each tax on each side, by day, kind and currency."""
    rows: dict[tuple[date, str, str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO, ZERO])
    for side, documents in ((0, left), (2, right)):
        for item in documents:
            for tax, amount in _charged(item).items():
                row = rows[(item.date, item.kind, item.currency, tax)]
                row[side], row[side + 1] = row[side] + 1, row[side + 1] + amount
    return tuple(TaxDay(*key, int(row[0]), row[1], int(row[2]), row[3]) for key, row in sorted(rows.items()))


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, ZERO) + amount
    return sums


def _by_date(item: Difference) -> tuple[date, str, str]:
    one = item.left or item.right
    return (one.date, one.number, item.kind) if one else (date.min, "", item.kind)
