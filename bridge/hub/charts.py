"""Charts as values: a drawing, a summary in words and the table behind it are made from one thing."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, cut in parts by series; `x`, `width` and the rest are drawing units of a 0–100 high field."""

    label: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """One drawn part of a bar."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over some series. `summary` says in one sentence what a person would read off the picture."""

    title: str
    summary: str
    series: tuple[str, ...]
    bars: tuple[Bar, ...]
    label_head: str
    link: str = ""

    @property
    def highest(self) -> int:
        return max((sum(bar.values) for bar in self.bars), default=0)

    @property
    def width(self) -> int:
        return max(len(self.bars), 1) * 20

    @property
    def segments(self) -> Sequence[Segment]:
        """The drawing, bottom up; nothing for zeros."""
        top = self.highest or 1
        found = []
        for place, bar in enumerate(self.bars):
            base = 100.0
            for series, value in enumerate(bar.values):
                height = 100.0 * value / top
                if value:
                    base -= height
                    found.append(Segment(place * 20 + 3, round(base, 2), 14, round(height, 2), series))
        return found
