"""Lists by offset, newest first: read in lots, and where a reading was broken off, gone on with from there.

What is under way is kept in the cursor: how far it came, the count it began with, and the names of the last rows taken.
What comes meanwhile stands in front and moves the rest back, what is deleted moves it forward: so the last rows are
looked for, and reading goes on behind them. Where none of them is found it begins anew: rather twice than never.

Several lists are read in one pass; one that was read to its end is not begun again by who goes on with the pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from connectors.contract import Api, Raw, SyncError

ROWS = 100
LOT = 25  # rows that travel together where each costs calls; so many of the last ones are remembered
PASS = timedelta(minutes=10)  # a pass broken off longer ago begins anew: what was read of it is old
Ask = Callable[[int], tuple[list[Raw], int]]  # offset -> the rows from there on, and the count of all
T = TypeVar("T")


def go_on(state: dict[str, Any], names: Iterable[str]) -> list[str]:
    """Return which of these lists are left of the pass under way, in order; all of them where there is none."""
    asked, under_way = list(names), state.get("pass") or {}
    at = datetime.fromisoformat(under_way["at"]) if under_way else None
    if at is None or under_way["of"] != asked or not timedelta(0) <= datetime.now(UTC) - at < PASS:
        state["pass"] = {"at": datetime.now(UTC).isoformat(), "of": asked, "left": asked}
    return list(state["pass"]["left"])


def read_to_its_end(state: dict[str, Any], name: str) -> None:
    """Note that a list of the pass is over, and with the last one the pass."""
    if not (left := [other for other in state["pass"]["left"] if other != name]):
        del state["pass"]
    else:
        state["pass"] = {**state["pass"], "left": left}


@dataclass(frozen=True, slots=True)
class Lot:
    """Some rows of a list. `at` is where in the list the first stands, `ends_at` where the next lot begins; `last`
    where there is none.
    """

    rows: list[Raw]
    at: int
    ends_at: int
    last: bool


@dataclass(slots=True)
class Listed:
    """One list being read; `state` is its part of the cursor and says how far it came."""

    ask: Ask
    state: dict[str, Any]
    size: int = ROWS
    total: int = 0

    def lots(self) -> Iterator[Lot]:
        """Yield what is left of the list, at least one lot. Say with `took` what became of each before the next."""
        for rows, at, ends_at in self._pages():
            starts = range(0, max(1, len(rows)), self.size)
            for start in starts:
                part = rows[start : start + self.size]
                through = start + self.size >= len(rows)
                last = through and ends_at >= self.total
                if part or last:
                    yield Lot(part, at + start, ends_at if through else at + start + len(part), last)

    def took(self, lot: Lot, count: int | None = None) -> None:
        """Note that a lot was taken, or only its first `count` rows."""
        rows = lot.rows if count is None else lot.rows[:count]
        whole = len(rows) == len(lot.rows)
        self.state["at"] = lot.ends_at if whole else lot.at + len(rows)
        self.state["counted"] = self.total
        self.state["sent"] = int(self.state.get("sent") or 0) + len(rows)
        self.state["behind"] = [*self.state.get("behind", ()), *(str(row["_id"]) for row in rows)][-LOT:]

    def lacks(self) -> int:
        """How many rows were counted and not sent, by the smaller of the first and the latest count."""
        return max(0, min(int(self.state.get("total") or 0), self.total) - int(self.state.get("sent") or 0))

    def _pages(self) -> Iterator[tuple[list[Raw], int, int]]:
        """Yield rows, where the first of them stands, and where the next page begins."""
        rows, at, next_at = self._where_it_was()
        while True:
            yield rows, at, next_at
            if next_at >= self.total:
                return
            at = next_at
            rows = self._asked(at)
            # A list that is empty before its end sends no more, whatever it counts.
            next_at = at + ROWS if rows else self.total

    def _where_it_was(self) -> tuple[list[Raw], int, int]:
        came = int(self.state.get("at") or 0)
        behind = frozenset(self.state.get("behind", ()))
        if came and behind:
            back = max(0, came - LOT)
            rows = self._asked(back)
            grown = self.total - int(self.state.get("counted") or 0)
            if grown > 0 and not self._after(rows, behind):
                back += grown
                rows = self._asked(back)
            if cut := self._after(rows, behind):
                return rows[cut:], back + cut, back + ROWS
        self.state |= {"at": 0, "sent": 0, "behind": []}
        rows = self._asked(0)
        self.state["total"] = self.total
        return rows, 0, ROWS if rows else self.total

    @staticmethod
    def _after(rows: list[Raw], behind: frozenset[str]) -> int:
        """Where the rows begin that were not taken yet; 0 where none of those taken is among them."""
        return max((at for at, row in enumerate(rows, 1) if str(row["_id"]) in behind), default=0)

    def _asked(self, offset: int) -> list[Raw]:
        rows, self.total = self.ask(offset)
        return rows


def as_far_as_it_goes(api: Api, calls: Iterable[Callable[[], T]]) -> tuple[list[T], SyncError | None]:
    """Answers in order up to the first call that fails, and why it did: what came before is not asked for again."""
    found: list[T] = []
    try:
        for answer in api.gather(calls):
            found.append(answer)
    except SyncError as error:
        return found, error
    return found, None
