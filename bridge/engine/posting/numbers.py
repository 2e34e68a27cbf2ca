"""Document numbers: prefix, length, and who already has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.engine.model import CannotMap
from bridge.engine.posting.policy import Books, Policy

LONGEST = 21


@dataclass(frozen=True, slots=True)
class Clash:
    """A number that could not be used: the source's, what it would become, why, and who has it ("" when too long)."""

    number: str
    posted: str
    code: str
    who: str


def number_of(told: object, policy: Policy, books: Books) -> str:
    """Return the number a document gets; "" where the books give it themselves.

    CannotMap NUMBER-TOO-LONG, or NUMBER-TAKEN with who has it.
    """
    if policy.number == "books" or not books.custom_numbers or told in (None, ""):
        return ""
    number = reference_of(told, policy, books)
    if who := books.number_holders.get(number):
        raise CannotMap("NUMBER-TAKEN", number=number, who=who)
    return number


def reference_of(told: object, policy: Policy, books: Books) -> str:
    """Return the source's number with the prefix, "" where it tells none. CannotMap NUMBER-TOO-LONG."""
    if told in (None, ""):
        return ""
    number = f"{policy.number_prefix}{told}"
    if len(number) > books.longest_number:
        raise CannotMap("NUMBER-TOO-LONG", number=number, length=len(number), most=books.longest_number)
    return number


def clashes(numbers: Iterable[str], taken: Mapping[str, str], prefix: str, longest: int = LONGEST) -> tuple[Clash, ...]:
    """Return which of these source numbers could not be used under `prefix`, in their order.

    `taken`: numbers the books already have -> who has them. Case does not tell two numbers apart. A number that comes
    twice clashes with its own first.
    """
    there = {number.casefold(): who for number, who in taken.items()}
    found = []
    for number in numbers:
        posted = f"{prefix}{number}"
        key = posted.casefold()
        if len(posted) > longest:
            found.append(Clash(number, posted, "NUMBER-TOO-LONG", ""))
        elif key in there:
            found.append(Clash(number, posted, "NUMBER-TAKEN", there[key]))
        else:
            there[key] = number
    return tuple(found)


def prefix_taken(prefix: str, others: Mapping[str, str]) -> str:
    """Return which other shop (name -> its prefix) already uses this prefix; "" for none. Case and blanks do not
    count, and no prefix is one too.
    """
    mine = prefix.strip().casefold()
    return next((name for name, other in others.items() if other.strip().casefold() == mine), "")
