"""Where to look for twins: records that share a key are compared, others are not. Keys that many share are left out."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from bridge.engine.matching.forms import sound
from bridge.engine.matching.seen import Seen
from bridge.engine.matching.words import NICKNAMES

Keys = Callable[[Seen], Iterator[str]]


def _email(seen: Seen) -> Iterator[str]:
    if seen.email:
        yield seen.email


def _mailbox(seen: Seen) -> Iterator[str]:
    if len(seen.local) > 4 and not seen.role:
        yield "".join(letter for letter in seen.local if letter.isalnum())


def _phone(seen: Seen) -> Iterator[str]:
    yield from seen.phones


def _town(seen: Seen) -> str:
    return seen.city[:4] or seen.postcode[:2]


def _name(seen: Seen) -> Iterator[str]:
    """Both names whichever comes first, as they are and as they sound."""
    if seen.given and seen.family:
        yield " ".join(sorted(("".join(seen.given), "".join(seen.family))))


def _first_names(seen: Seen) -> Iterator[str]:
    if seen.given and seen.family:
        for given in seen.given[:2]:
            for family in seen.family[:2]:
                yield " ".join(sorted((given, family)))


def _name_in_town(seen: Seen) -> Iterator[str]:
    town = _town(seen)
    if town:
        for key in _first_names(seen):
            yield f"{key} {town}"


def _sounds(seen: Seen) -> Iterator[str]:
    if seen.given and seen.family:
        yield " ".join(sorted((sound(seen.given[0]), sound("".join(seen.family)))))


def _sounds_in_town(seen: Seen) -> Iterator[str]:
    town = _town(seen)
    if town:
        for key in _sounds(seen):
            yield f"{key} {town}"


def _nickname(seen: Seen) -> Iterator[str]:
    if seen.given and seen.family:
        given = "".join(seen.given)
        for line in NICKNAMES.get(given) or NICKNAMES.get(seen.given[0]) or ():
            yield f"{line} {''.join(seen.family)}"


def _family(seen: Seen) -> Iterator[str]:
    yield from seen.family
    if len(seen.family) > 1:
        yield "".join(seen.family)


def _family_typo(seen: Seen) -> Iterator[str]:
    """The family name with each letter left out in turn, with an initial: a slip of one letter meets itself."""
    if seen.given and seen.family:
        family, initial = "".join(seen.family)[:24], seen.given[0][0]
        yield f"{family} {initial}"
        if len(family) > 3:
            for at in range(len(family)):
                yield f"{family[:at]}{family[at + 1 :]} {initial}"


def _names_by(seen: Seen, place: str) -> Iterator[str]:
    if place:
        for word in (*seen.given[:2], *seen.family):
            if len(word) > 1:
                yield f"{word} {place}"


def _names_at_postcode(seen: Seen) -> Iterator[str]:
    return _names_by(seen, seen.postcode)


def _names_at_number(seen: Seen) -> Iterator[str]:
    return _names_by(seen, seen.number)


def _names_in_town(seen: Seen) -> Iterator[str]:
    return _names_by(seen, seen.city)


def _house(seen: Seen) -> Iterator[str]:
    if seen.number:
        for word in (*seen.street, *seen.extra):
            if len(word) > 2:
                yield f"{seen.number} {word[:5]} {seen.postcode[:1]}"


def _number_at_postcode(seen: Seen) -> Iterator[str]:
    if seen.number and seen.postcode:
        yield f"{seen.number} {seen.postcode}"


def _number_in_town(seen: Seen) -> Iterator[str]:
    if seen.number and seen.city:
        yield f"{seen.number} {seen.city}"


def _street(seen: Seen) -> Iterator[str]:
    if seen.street:
        street = "".join(seen.street)
        for place in (seen.city[:5], seen.postcode[:4]):
            if place:
                yield f"{street} {place}"


def _starts(seen: Seen) -> tuple[list[str], list[str], list[str]]:
    """Return the beginnings of names, of street words, and of places."""
    names = [word[:4] for word in (*seen.given[:2], *seen.family[:2]) if len(word) > 1]
    streets = [word[:5] for word in (*seen.street[:3], *seen.extra[:3]) if len(word) > 2]
    places = [place for place in (seen.postcode, seen.city[:6]) if place]
    return names, streets, places


def _street_by_place(seen: Seen) -> Iterator[str]:
    _, streets, places = _starts(seen)
    for street in streets:
        for place in places:
            yield f"{street} {place}"


def _street_by_name(seen: Seen) -> Iterator[str]:
    names, streets, _ = _starts(seen)
    for street in streets:
        for name in names:
            yield f"{street} {name}"


def _name_by_place(seen: Seen) -> Iterator[str]:
    names, _, places = _starts(seen)
    for name in names:
        for place in places:
            yield f"{name} {place}"


def _place_alone(seen: Seen) -> Iterator[str]:
    if seen.postcode and seen.city:
        yield f"{seen.postcode} {seen.city}"


def _building(seen: Seen) -> Iterator[str]:
    for line in (seen.street, seen.extra):
        if line:
            yield "".join(line)


def _company(seen: Seen) -> Iterator[str]:
    if seen.business:
        yield " ".join(sorted(seen.business))
        if len(seen.business) > 2:
            yield " ".join(sorted(seen.business[:2]))


def _company_words(seen: Seen) -> Iterator[str]:
    for word in seen.business:
        if len(word) > 2:
            yield word
            for place in (seen.phones[0] if seen.phones else "", seen.postcode, seen.city[:5], seen.domain):
                if place:
                    yield f"{word} {place}"


# How a twin is looked for, and how many records may share a key before it says nothing.
PASSES: tuple[tuple[Keys, int], ...] = (
    (_email, 40), (_mailbox, 12), (_phone, 40), (_name, 30), (_first_names, 16), (_name_in_town, 40), (_sounds, 12),
    (_sounds_in_town, 24), (_nickname, 16), (_family, 12), (_family_typo, 10), (_names_at_postcode, 20),
    (_names_at_number, 10), (_names_in_town, 10), (_house, 16), (_number_at_postcode, 20), (_number_in_town, 10),
    (_street, 10), (_street_by_place, 8), (_street_by_name, 8), (_name_by_place, 8), (_place_alone, 8),
    (_building, 6), (_company, 40), (_company_words, 12),
)  # fmt: skip


def candidates(records: Sequence[Seen], apart: Callable[[int, int], bool] | None = None) -> list[tuple[int, int]]:
    """Return the pairs of places in `records` worth comparing, lesser first, each once, in order.

    `apart` tells which pairs are out of the question, such as two records of one source.
    """
    total = len(records)
    found: set[int] = set()
    for keys, most in PASSES:
        blocks: dict[str, list[int]] = defaultdict(list)
        for place, seen in enumerate(records):
            for key in set(keys(seen)):
                blocks[key].append(place)
        for block in blocks.values():
            if 1 < len(block) <= most:
                found.update(one * total + other for one, other in combinations(block, 2))
    pairs = [divmod(pair, total) for pair in sorted(found)]
    return [pair for pair in pairs if not apart(*pair)] if apart else pairs
