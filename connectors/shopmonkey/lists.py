"""Lists that lie, read until they are proven.

The same call, repeated, brings different rows each time; more than a hundred are cut to a hundred; filters may be
ignored; "more to come" is not to be trusted. What was measured to be right is the count (`meta.total`). So time is cut
into windows of at most a hundred rows, each window is asked for again and again, and is proven when as many different
ids were met as are counted. One that never comes so far is incomplete, and nothing goes past it.

A list that has not left rows out yet is first asked for all pages of a window of up to a thousand rows: where these
bring as many ids as each of them counts, that is the same proof for a call a hundred rows. A page with fewer rows than
there must be gives the list away: from then on its windows are cut, and nothing of the pages stands as proof.

Every row is held against the filter. Where one does not satisfy it, the filter was ignored and the count is of another
set: then the list is read as a whole, page by page, until its own count is met.

A count that changes while a window is read begins it anew: what left the window must not stand for what is still to
come. What was met before is kept as rows, not as proof.

Source: ngsalmon/shopmonkey-api-quirks:README.md and evidence/ (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Api, Raw
from connectors.shopmonkey.wire import LIMIT, Source, Where, moment, rows, stamp

SWEEPS = 24  # of one window
IDLE = 8  # sweeps in a row that brought nothing new: asking the same again is of no use
DEPTH = 4  # how often a window is cut in two because it would not come together
WIDTH = 8  # windows asked for side by side
FULL = 50  # rows a window is cut to, about
PARTS = 16
PAGES = 10  # of a window that is tried page by page
TICK = timedelta(milliseconds=1)


class Ignored(Exception):
    """The vendor did not keep to a filter."""


@dataclass(slots=True)
class Tally:
    """What the reading of lists came to: calls of lists, windows, sweeps."""

    calls: int = 0
    windows: int = 0
    incomplete: int = 0


@dataclass(slots=True)
class Window:
    """Rows whose `by` lies from `low` to before `high`; without `by` all rows there are.

    `found` are the rows met, `proof` the ids that count towards `total`.
    """

    by: str
    low: datetime | None = None
    high: datetime | None = None
    found: dict[str, Raw] = field(default_factory=dict)
    proof: set[str] = field(default_factory=set)
    total: int | None = None
    sweeps: int = 0
    idle: int = 0
    depth: int = 0
    tried: bool = False  # its pages after the first one are asked for, side by side
    paged: bool = False  # it cannot be cut: each sweep is of all its pages
    done: bool = False

    @property
    def missing(self) -> int | None:
        """None: proven. Else how many are missing at least; 0 where nobody knows."""
        if self.total is not None and len(self.proof) == self.total:
            return None
        return max(0, self.total - len(self.found)) if self.total is not None else 0

    @property
    def skips(self) -> Sequence[int]:
        """Where the pages of its next sweep begin."""
        if self.total is None or not (self.tried or self.paged):
            return (0,)
        return range(LIMIT if self.tried else 0, max(1, self.total), LIMIT)

    def where(self) -> dict[str, Any]:
        """The filter of this window."""
        bounds = {name: stamp(at) for name, at in (("gte", self.low), ("lt", self.high)) if at is not None}
        return {self.by: bounds} if self.by and bounds else {}

    def holds(self, row: Raw) -> bool:
        """Tell whether a row satisfies the filter. A row that tells no time cannot be held against it."""
        at = moment(row.get(self.by)) if self.by else None
        return at is None or ((self.low is None or at >= self.low) and (self.high is None or at < self.high))


@dataclass(slots=True)
class Lists:
    """One list of an account, read in proven windows. `fixed` is the part of the filter all windows share."""

    api: Api
    source: Source
    fixed: Where
    now: datetime  # only a guess where the rows may end: windows at the end are open
    tally: Tally = field(default_factory=Tally)
    lossy: bool = False  # it was seen to leave rows out: its pages are not worth asking for

    def windows(self, first: Window) -> Iterator[Window]:
        """Yield the windows `first` falls into, earliest first, each proven or given up. Raises `Ignored`."""
        queue = [first]
        while queue:
            busy = [window for window in queue[: 4 * WIDTH] if not window.done][:WIDTH]
            asked = [(window, skip) for window in busy for skip in window.skips]
            answers = list(self.api.gather([self._page(window, skip) for window, skip in asked]))
            for window in busy:
                pages = [(skip, *told) for (of, skip), told in zip(asked, answers, strict=True) if of is window]
                at = next(index for index, item in enumerate(queue) if item is window)
                queue[at : at + 1] = self._sweep(window, pages)
            while queue and queue[0].done:
                window = queue.pop(0)
                self.tally.windows += 1
                self.tally.incomplete += window.missing is not None
                yield window

    def count(self, where: Where) -> int | None:
        """How many rows there are, as the vendor counts."""
        self.tally.calls += 1
        return rows(self.api, self.source, where)[1]

    def _page(self, window: Window, skip: int) -> Callable[[], tuple[list[Raw], int | None]]:
        where = {**self.fixed, **window.where()}
        order = "desc" if window.sweeps % 2 and not window.tried else "asc"

        def call() -> tuple[list[Raw], int | None]:
            self.tally.calls += 1
            return rows(self.api, self.source, where, skip, order)

        return call

    def _sweep(self, window: Window, pages: Sequence[tuple[int, list[Raw], int | None]]) -> list[Window]:
        """Take in the pages of one sweep. Pages that do not count alike are of a list that changed under them."""
        for skip, got, total in pages:
            if total is not None and len(got) < min(LIMIT, total - skip):
                self.lossy = True
        alike = len({total for _, _, total in pages}) == 1
        return self._take(window, [row for _, got, _ in pages for row in got], pages[-1][2], proves=alike)

    def _take(self, window: Window, got: Sequence[Raw], total: int | None, proves: bool = True) -> list[Window]:
        """Take in one sweep and return what takes the window's place: itself, or its parts."""
        if not all(window.holds(row) for row in got):
            raise Ignored(window.by)
        if not proves or (window.total is not None and (total != window.total or len(window.proof) > window.total)):
            window.proof.clear()
            window.idle = 0
        window.total = total
        before = len(window.proof)
        window.found |= {str(row["id"]): row for row in got}
        if proves:
            window.proof |= {str(row["id"]) for row in got}
        window.sweeps += 1
        window.idle = window.idle + 1 if len(window.proof) == before else 0
        tried, window.tried = window.tried, False
        if window.missing is None:
            window.done = True
        elif total is not None and total > LIMIT and not window.paged:
            if total <= PAGES * LIMIT and not tried and not self.lossy:
                window.tried = True
                return [window]
            return self._cut(window, min(PARTS, max(2, -(-total // FULL))))
        elif window.idle >= IDLE and window.depth < DEPTH and not window.paged and window.by:
            return self._cut(window, 2, window.depth + 1)
        elif window.idle >= IDLE or window.sweeps >= SWEEPS:
            window.done = True
        return [window]

    def _cut(self, window: Window, parts: int, depth: int = 0) -> list[Window]:
        """Cut a window by time and by the rows met in it; where it cannot be cut it is read page by page."""
        points = self._points(window, parts)
        if not points:
            window.paged, window.idle = True, 0
            window.done = bool(depth)
            return [window]
        edges = [window.low, *points, window.high]
        cut = [Window(window.by, low, high, depth=depth) for low, high in zip(edges, edges[1:], strict=False)]
        for row in window.found.values():
            part = next((item for item in cut if moment(row.get(window.by)) and item.holds(row)), None)
            if part is not None:  # as a row only: what is proof was counted in the answer it came with
                part.found[str(row["id"])] = row
        return cut

    def _points(self, window: Window, parts: int) -> list[datetime]:
        met = (moment(row.get(window.by)) for row in window.found.values()) if window.by else ()
        dates = sorted(_whole(at) for at in met if at is not None)
        low = window.low or (dates[0] if dates else None)
        if low is None:
            return []
        high = window.high or max(self.now, dates[-1] + TICK if dates else self.now, low + TICK)
        # One page may be of the oldest only, and tell nothing of where the rest is; several tell it well enough.
        even = range(1, parts) if len(dates) <= LIMIT else ()
        points = {_whole(low + (high - low) * step / parts) for step in even}
        points |= {dates[len(dates) * step // parts] for step in range(1, parts) if dates}
        if dates and parts > 2:
            points |= {dates[0], dates[-1] + TICK}
        inside = (at for at in points if at < high or (window.high is None and at == high))
        return sorted(at for at in inside if window.low is None or at > window.low)


def _whole(at: datetime) -> datetime:
    """A time to the thousandth of a second: filters know no smaller part."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
