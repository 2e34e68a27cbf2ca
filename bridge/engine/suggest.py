"""Guessing which of a list's choices a value of the other side stands for. Pure: a guess is shown, never used unseen.

A way answers only when exactly one choice fits: two that look alike are a person's to tell apart.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher

NEAR, CLEAR = 0.82, 0.06  # how alike two names must be, and by how much more than the next best
FEW = 300  # in longer lists only equal names are looked for, and names that hold one another
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)\s*%")


@dataclass(frozen=True, slots=True)
class Offer:
    """One choice of the list. `percents` are the rates of a tax, () where it has none told."""

    id: str
    label: str
    percents: tuple[Decimal, ...] = ()


def percents_in(text: str) -> tuple[Decimal, ...]:
    """Return the percentages a name tells, in order: "TPS/TVQ 14,975 %" gives 14.975."""
    return tuple(Decimal(item.replace(",", ".")) for item in _PERCENT.findall(text))


def plain(text: str) -> str:
    """Return a name without case, accents and signs, its words kept apart by single spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(item for item in letters if not unicodedata.combining(item))))


class Guesser:
    """A list of choices, made ready to be asked for many values."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self.ids = {item.id for item in offers}
        self.names = [(item.id, plain(item.label)) for item in offers]
        self.words = [(one, frozenset(name.split())) for one, name in self.names]
        self.rates = [(item.id, sorted(item.percents or percents_in(item.label))) for item in offers]
        self.equal: dict[str, list[str]] = defaultdict(list)
        for one, name in self.names:
            self.equal[name].append(one)

    def suggest(self, key: str, label: str, percents: Sequence[Decimal], ways: Sequence[str]) -> str | None:
        """Return the id of the one choice the first way that is sure has found; None where none is."""
        names = [name for name in dict.fromkeys((plain(label), plain(key))) if name]
        for way in ways:
            if way == "id":
                found = [key] if key in self.ids else []
            elif way == "percent":
                found = self._by_percent(names, sorted(percents or percents_in(label)))
            else:
                found = self._by_name(names)
            if len(found) == 1:
                return found[0]
        return None

    def _by_name(self, names: Sequence[str]) -> list[str]:
        """Equal names win; else names one of which has all words of the other; else the nearest, if clearly so."""
        equal = [one for name in names for one in self.equal.get(name, ())]
        if equal:
            return sorted(set(equal))
        wanted = [frozenset(name.split()) for name in names]
        within = [one for one, words in self.words if any(_within(words, want) for want in wanted)]
        return within or (self._nearest(names) if len(self.names) <= FEW else [])

    def _nearest(self, names: Sequence[str]) -> list[str]:
        scored = [
            (max((SequenceMatcher(None, want, name).ratio() for want in names), default=0.0), one)
            for one, name in self.names
        ]
        best = sorted(scored, reverse=True)[:2]
        if not best or best[0][0] < NEAR or (len(best) > 1 and best[0][0] - best[1][0] < CLEAR):
            return []
        return [best[0][1]]

    def _by_percent(self, names: Sequence[str], wanted: list[Decimal]) -> list[str]:
        """The same rates, else the same sum of rates; of several, the one whose name fits."""
        if not wanted:
            return []
        same = [one for one, rates in self.rates if rates == wanted]
        same = same or [one for one, rates in self.rates if rates and sum(rates) == sum(wanted)]
        named = [one for one in self._by_name(names) if one in same] if len(same) > 1 else []
        return named if len(named) == 1 else same


def _within(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether all words of the shorter name, one of them longer than three letters, are in the other."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return short <= long and any(len(word) > 3 and not word.isdigit() for word in short)
