"""A report in words: its title, figures and tables as the reader of the moment reads them.

Page, PDF and workbook show these tables and nothing else, so that they cannot differ; the CSV is made of the same
figures (see `reports_files`). All of it is said in the language now spoken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from bridge.hub import formats, voice
from bridge.hub.formats import language
from bridge.jobs.reports_data import Pair, Told, two
from connectors.contract import Text


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the value as it is, and as it is read. `is_data`: a name or number of the client's, in no language."""

    value: Any
    words: str
    is_number: bool = False
    is_data: bool = False
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `note` stands below it; `empty` instead of it where there are no rows."""

    key: str
    title: str
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    note: str = ""

    @property
    def lines(self) -> list[list[tuple[Cell, Cell]]]:
        """The rows, each cell with its head."""
        return [list(zip(self.heads, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Part:
    """What is told of two accounts."""

    title: str
    accounts: str
    as_of: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the top line, with what it means below."""

    name: str
    words: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole report in words."""

    title: str
    organization: str
    period: str
    as_of: str
    standing: str
    tone: str
    figures: tuple[Figure, ...]
    parts: tuple[Part, ...]
    estimate: str
    remark: str = ""


def title_of(kind: str, first: date, last: date) -> str:
    """Return what a report of a period is called."""
    told = {"first": formats.day(first), "last": formats.day(last), "month": formats.month(first)}
    if kind == "month":
        return gettext("Monthly report: %(month)s") % told
    if kind == "week":
        return gettext("Weekly report: %(first)s to %(last)s") % told
    return gettext("Report: %(first)s to %(last)s") % told


def paper(told: Told) -> Paper:
    """Return a report in the language now spoken; times are the client's."""
    with timezone.override(ZoneInfo(told.time_zone)):
        as_of = told.as_of
        tone, standing = _standing(told)
        remark = ""
        if not told.is_over:
            remark = gettext(
                "This period was not over yet when the report was made: later figures are in later reports."
            )
        return Paper(
            title=title_of(told.kind, told.first, told.last), organization=told.organization,
            period=gettext("%(first)s to %(last)s") % {
                "first": formats.day(told.first), "last": formats.day(told.last)
            },
            as_of=formats.instant(as_of) if as_of else gettext("not compared to the end yet"),
            standing=standing, tone=tone, figures=_figures(told), parts=tuple(_part(pair) for pair in told.pairs),
            estimate=_estimate(told), remark=remark,
        )  # fmt: skip


def _standing(told: Told) -> tuple[str, str]:
    if not told.pairs:
        return "info", gettext("Nothing was connected in this period.")
    if told.as_of is None:
        return "info", gettext("The first pass was not finished: there is nothing to compare yet.")
    parts = []
    if told.differing_count:
        n = told.differing_count
        words = ngettext("%(n)s document differs.", "%(n)s documents differ.", n)
        parts.append(words % {"n": formats.number(n)})
    if told.waiting_count:
        n = told.waiting_count
        words = ngettext("%(n)s record waits.", "%(n)s records wait.", n)
        parts.append(words % {"n": formats.number(n)})
    if parts:
        return "warn", " ".join(parts)
    return "ok", gettext("Both sides agree, and nothing waits.")


def hours(minutes: int) -> str:
    """Return minutes as people say them: 2 h 05 min."""
    whole, rest = divmod(minutes, 60)
    return f"{formats.number(whole)}\u00a0h\u00a0{rest:02d}\u00a0min" if whole else f"{rest}\u00a0min"


def _estimate(told: Told) -> str:
    return gettext(
        "Time saved is an estimate: %(new)s minutes for each record added and %(changed)s for each one changed, as if "
        "somebody had looked it up, typed it in and checked it."
    ) % {"new": formats.number(told.minutes_new), "changed": formats.number(told.minutes_changed)}


def _figures(told: Told) -> tuple[Figure, ...]:
    count = formats.number
    note = gettext("%(added)s added, %(changed)s changed") % {
        "added": count(told.added),
        "changed": count(told.changed),
    }
    return (
        Figure(gettext("Moved"), count(told.added + told.changed), note),
        _watched(gettext("Waits"), told.waiting_count, gettext("when this was made")),
        _watched(gettext("Differs"), told.differing_count, gettext("between both sides")),
        Figure(gettext("Time saved"), hours(told.minutes_saved), gettext("estimated")),
    )  # fmt: skip


def _watched(name: str, count: int, note: str) -> Figure:
    """A figure that had better be zero."""
    return Figure(name, formats.number(count), note, "warn" if count else "ok")


# Cells


def say(text: Text) -> str:
    """Return a kept text in the language now spoken."""
    return text.say(language())


def _text(words: Any) -> Cell:
    return Cell(str(words), str(words))


def _data(words: str) -> Cell:
    return Cell(words, words or "–", is_data=True)


def _count(value: int) -> Cell:
    return Cell(value, formats.number(value), is_number=True)


def _money(amount: Decimal | None, currency: str) -> Cell:
    if amount is None:
        return Cell(None, "–", is_number=True)
    return Cell(two(amount), formats.money(two(amount), currency), is_number=True, currency=currency)


def _sums(amounts: Mapping[str, Decimal]) -> Cell:
    """One currency is a number; several are words."""
    if len(amounts) == 1:
        ((currency, amount),) = amounts.items()
        return _money(amount, currency)
    words = voice.amounts({currency: two(amount) for currency, amount in amounts.items()})
    return Cell(words or None, words or "–", is_number=True)


def _day(value: date | None) -> Cell:
    return Cell(value, formats.day(value) or "–")


def _heads(*names: tuple[str, bool]) -> tuple[Cell, ...]:
    return tuple(Cell(words, words, is_number=is_number) for words, is_number in names)


# Tables


def _part(pair: Pair) -> Part:
    tables = [_sides(pair)] if pair.has_documents else []
    tables += [_moved(pair), _causes(pair)]
    tables += [_waiting(pair)] if pair.waiting else []
    tables += [_differing(pair)] if pair.has_documents and pair.as_of else []
    return Part(
        title=say(pair.name), accounts=f"{say(pair.left)} – {say(pair.right)}",
        as_of=formats.instant(pair.as_of) if pair.as_of else "", tables=tuple(tables),
    )  # fmt: skip


def _sides(pair: Pair) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in pair.sides:
        rows.append((_data(say(pair.left)), _count(one.left_count), _money(one.left, one.currency)))
        rows.append((_data(say(pair.right)), _count(one.right_count), _money(one.right, one.currency)))
        rows.append(
            (
                _text(gettext("Difference")),
                _count(one.left_count - one.right_count),
                _money(one.difference, one.currency),
            )
        )
    note = ""
    if pair.unexplained:
        note = gettext(
            "Of the difference, %(amount)s is not explained by the documents below; the office looks into it."
        )
        note %= {"amount": voice.amounts(pair.unexplained)}
    empty = gettext("No document of this period was read on either side.")
    if pair.as_of is None:
        empty = gettext("Not compared yet: the first pass waits for the office.")
    heads = _heads((gettext("Side"), False), (gettext("Documents"), True), (gettext("Total"), True))
    return Table("sides", gettext("Totals of both sides"), heads, tuple(rows), empty, note)


def _moved(pair: Pair) -> Table:
    rows = tuple(
        (_text(say(one.kind)), _count(one.added), _count(one.changed), _count(one.removed), _count(one.recognized),
         _count(one.undone), _sums(one.amounts))
        for one in pair.moved
    )  # fmt: skip
    heads = _heads(
        (gettext("Kind"), False), (gettext("Added"), True), (gettext("Changed"), True), (gettext("Taken away"), True),
        (gettext("Recognized"), True), (gettext("Undone"), True), (gettext("Amount of the added"), True),
    )  # fmt: skip
    note = gettext("“Recognized” was on both sides already; nothing was written.")
    if not any(one.recognized for one in pair.moved):
        note = ""
    return Table("moved", gettext("What moved"), heads, rows, gettext("Nothing moved in this period."), note)


def _causes(pair: Pair) -> Table:
    rows = tuple(
        (_text(f"{say(one.words)} {say(one.cure)}".strip()), _count(one.count), _sums(one.amounts),
         _text(voice.WHO[one.who]))
        for one in pair.causes
    )  # fmt: skip
    heads = _heads(
        (gettext("Why"), False), (gettext("Records"), True), (gettext("Amount"), True), (gettext("Who acts"), False)
    )
    return Table("causes", gettext("What waits, by cause"), heads, rows, gettext("Nothing waits."))


def _waiting(pair: Pair) -> Table:
    rows = tuple(
        (_data(one.name), _text(say(one.kind)), _data(one.number), _day(one.date), _money(one.amount, one.currency),
         _text(say(one.words)))
        for one in pair.waiting
    )  # fmt: skip
    heads = _heads(
        (gettext("Name"), False), (gettext("Kind"), False), (gettext("Number"), False), (gettext("Date"), False),
        (gettext("Amount"), True), (gettext("Why"), False),
    )  # fmt: skip
    return Table(
        "waiting", gettext("Records that wait"), heads, rows, gettext("Nothing waits."),
        _shown(len(pair.waiting), pair.waiting_count),
    )  # fmt: skip


def _differing(pair: Pair) -> Table:
    rows = tuple(
        (_text(say(one.what)), _data(one.number), _day(one.date), _money(one.left, one.currency),
         _money(one.right, one.currency), _money(one.amount, one.currency), _text(say(one.why)),
         _text(voice.WHO[one.who]))
        for one in pair.differing
    )  # fmt: skip
    heads = (
        *_heads((gettext("What differs"), False), (gettext("Number"), False), (gettext("Date"), False)),
        Cell(say(pair.left), say(pair.left), is_number=True, is_data=True),
        Cell(say(pair.right), say(pair.right), is_number=True, is_data=True),
        *_heads((gettext("Difference"), True), (gettext("Why"), False), (gettext("Who acts"), False)),
    )
    empty = gettext("Nothing differs: both sides have the same documents with the same amounts.")
    return Table(
        "differing", gettext("What differs"), heads, rows, empty, _shown(len(pair.differing), pair.differing_count)
    )


def _shown(shown: int, count: int) -> str:
    if shown >= count:
        return ""
    told = {"shown": formats.number(shown), "all": formats.number(count)}
    return gettext("%(shown)s of %(all)s are listed here; all of them stand on your pages.") % told


def flat(parts: Iterable[Part], key: str) -> tuple[tuple[Cell, ...], Sequence[tuple[Cell, ...]]]:
    """Return one table of all pairs, with the pair in front; ((), []) where no pair has it."""
    heads: tuple[Cell, ...] = ()
    rows: list[tuple[Cell, ...]] = []
    for part in parts:
        for table in part.tables:
            if table.key == key:
                heads = heads or (_text(gettext("Between")), *table.heads)
                rows += [(_data(part.accounts), *row) for row in table.rows]
    return heads, rows
