"""What two records have in common and what sets them apart, as named signals, the same whichever record is first.

A signal is "part:note", with "/and where it counts otherwise" behind it, and how often it counts (1, or a number of
doublings): ("given_name:nickname", 1.0), ("email_shared:shared", 1.6).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import log2

from rapidfuzz.distance import OSA, JaroWinkler

from bridge.engine.matching.counts import Counts
from bridge.engine.matching.forms import sound
from bridge.engine.matching.seen import Seen
from bridge.engine.matching.words import GIVEN, NICKNAMES

Signal = tuple[str, float]
Kind = str  # people | letters (people, and no way to reach either but by post) | colleagues | business | mixed

_NEAR_NAMES = ("equal", "accent", "typo", "sound", "nickname", "short", "initial", "part")


def signals(one: Seen, other: Seen, counts: Counts) -> tuple[Kind, list[Signal]]:
    """Return what kind of pair this is and everything that speaks for or against its being one customer."""
    email = email_level(one, other)
    phone = phone_level(one.phones, other.phones)
    address = address_level(one, other)
    business = business_level(one.business, other.business)
    people = bool(one.given or one.family) + bool(other.given or other.family)
    if people == 2:
        kind = "colleagues" if business in ("equal", "typo", "part", "short") else "people"
    else:
        kind = "mixed" if people or not (one.business and other.business) else "business"
    reached = phone[:5] == "equal" or address in ("equal", "typo")
    near = reached or email[:5] == "equal"
    if kind == "people" and _only_by_post(one, other):
        kind = "letters"
    found: list[Signal] = []
    if email:
        if email == "equal" and people == 2:
            email = f"equal/{mailbox_of(one, other)}"
        elif reached and email[:7] == "differs":
            email = "differs/near"
        found.append((f"email:{email}", 1.0))
        if email[:5] == "equal" and (sharing := counts.email(one.email)) > 1:
            found.append(("email_shared:shared", log2(sharing)))
    if phone:
        if phone[:7] == "differs" and (email[:5] == "equal" or address in ("equal", "typo")):
            phone = f"{phone} near"
        found.append((f"phone:{phone}", 1.0))
        if phone[:5] == "equal" and (sharing := counts.phone(one.phones, other.phones)) > 1:
            found.append(("phone_shared:shared", log2(sharing)))
    if people == 2:
        found += _person(one, other, counts, near)
    if business:
        found.append((f"company:{business}", 1.0))
        if business == "equal" and (sharing := counts.company(one.business)) > 2:
            found.append(("company_shared:shared", log2(sharing / 2)))
    if kind != "people" and bool(one.business) != bool(other.business):
        found.append(("company:one side", 1.0))
    found += _place(one, other, counts, address)
    return kind, found


def _only_by_post(one: Seen, other: Seen) -> bool:
    """Tell whether both have an address and neither has anything quicker."""
    if one.email or other.email or one.phones or other.phones:
        return False
    return all(seen.street or seen.postcode or seen.city for seen in (one, other))


# -- names


def _person(one: Seen, other: Seen, counts: Counts, near: bool) -> list[Signal]:
    given, family = given_level(one.given, other.given), family_level(one.family, other.family)
    swapped = False
    where = "/near" if near else ""
    if given not in ("equal", "nickname", "") or family not in ("equal", ""):
        crossed = crossed_levels(one, other)
        if crossed and _closeness(*crossed) > _closeness(given, family):
            (given, family), swapped = crossed, True
    found: list[Signal] = []
    if given:
        found.append((f"given_name:{given}{where if '/' not in given else where.replace('/', ' ')}", 1.0))
    if family:
        found.append((f"family_name:{family}{where}", 1.0))
    if swapped:
        found.append(("name:swapped", 1.0))
    if given == "differs" and family == "differs":
        found.append((f"name:differs{where}", 1.0))
    elif family in ("equal", "typo", "sound", "part"):
        if given in _NEAR_NAMES:
            chance = counts.namesakes(one, other)
        else:
            chance = counts.families(one.family, other.family)
        if chance > 0.05:
            found.append(("name_shared:shared" if given in _NEAR_NAMES else "family_shared:shared", log2(1 + chance)))
    if one.generation or other.generation:
        if one.generation and other.generation:
            found.append(("generation:equal" if one.generation == other.generation else "generation:differs", 1.0))
        else:
            found.append((f"generation:one side{where}", 1.0))
    return found


_CLOSENESS = {
    "equal": 4,
    "accent": 4,
    "nickname": 3,
    "sound": 3,
    "typo": 3,
    "part": 2,
    "short": 2,
    "initial": 2,
    "": 0,
    "far": 0,
}


def _closeness(given: str, family: str) -> int:
    return _CLOSENESS.get(given, -1) + _CLOSENESS.get(family, -1)


def crossed_levels(one: Seen, other: Seen) -> tuple[str, str] | None:
    """Return the levels of the names compared crosswise; None where that says nothing."""
    if not one.given or not other.given:  # "Roy" may be what one has as a given, the other as a family name
        if one.given and other.family and not one.family:
            return "", family_level(one.given, other.family)
        if other.given and one.family and not other.family:
            return "", family_level(other.given, one.family)
        return None
    if not one.family or not other.family:
        return None
    straight, turned = given_level(one.given, other.family), family_level(one.family, other.given)
    second = given_level(other.given, one.family), family_level(other.family, one.given)
    # Which of the two records has its names turned cannot be told: the better reading counts.
    return max((straight, turned), second, key=lambda levels: (_closeness(*levels), levels))


@lru_cache(maxsize=1 << 17)
def given_level(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Say how close two given names are: equal, nickname, sound, typo, initial, part, far (initials agree), differs."""
    if not one or not other:
        return ""
    if other < one:
        one, other = other, one
    if one == other:
        return "equal"
    left, right = "".join(one), "".join(other)
    if left == right or sorted(one) == sorted(other):
        return "equal"
    long_one, long_other = _without_initials(one), _without_initials(other)
    if long_one and long_other:
        if long_one == long_other:  # a second initial on one side, or on both and not the same
            return "equal" if len(one) == len(long_one) or len(other) == len(long_other) else "middle"
        level = _spelt(long_one, long_other)
        if level != "differs":
            return level
        return "far" if left[0] == right[0] else "differs"
    if NICKNAMES.get(left, _NONE) & NICKNAMES.get(right, _NONE):
        return "nickname"
    short, full = (one, other) if len(left) <= len(right) else (other, one)
    initials = "".join(word[0] for word in full)
    return (
        "initial" if initials.startswith("".join(short)) or "".join(short)[0] == initials[0] == short[0] else "differs"
    )


_NONE: frozenset[int] = frozenset()


def _without_initials(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if len(word) > 1)


def _spelt(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    left, right = "".join(one), "".join(other)
    if NICKNAMES.get(left, _NONE) & NICKNAMES.get(right, _NONE):
        return "nickname"
    for short, full in ((one, other), (other, one)):
        if len(short) == 1 and len(full) > 1 and short[0] == "".join(word[0] for word in full):
            return "initial"  # JP for Jean-Pierre
    if _alike(left, right):
        return "typo/two names" if left in GIVEN and right in GIVEN else "typo"
    if len(one) > 1 or len(other) > 1:
        for first in one:
            for second in other:
                if first == second or (len(first) > 3 and _alike(first, second)):
                    return "part"
                if NICKNAMES.get(first, _NONE) & NICKNAMES.get(second, _NONE):
                    return "part"
    if sound(left) == sound(right) and len(sound(left)) > 1:
        return "sound/two names" if left in GIVEN and right in GIVEN else "sound"
    if min(len(left), len(right)) > 2 and (left.startswith(right) or right.startswith(left)):
        return "short"
    return "differs"


def _alike(left: str, right: str) -> bool:
    """Tell whether a slip of the finger or two makes one word of the other."""
    longest = max(len(left), len(right))
    allowed = 0 if longest < 4 else 1 if longest < 7 else 2
    return OSA.distance(left, right, score_cutoff=allowed) <= allowed


@lru_cache(maxsize=1 << 17)
def family_level(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Say how close two family names are: equal, typo, sound, part (of a double name), far, differs."""
    if not one or not other:
        return ""
    if one == other:
        return "equal"
    left, right = "".join(one), "".join(other)
    if left == right or sorted(one) == sorted(other):
        return "equal"
    if _alike(left, right):
        return "typo"
    if len(one) > 1 or len(other) > 1:
        for first in one:
            for second in other:
                if len(first) > 2 and (first == second or (len(first) > 3 and _alike(first, second))):
                    return "part"
    if (len(left) == 1 or len(right) == 1) and left[0] == right[0]:
        return "initial"
    if sound(left) == sound(right) and len(sound(left)) > 1:
        return "sound"
    if JaroWinkler.similarity(left, right, score_cutoff=0.86) >= 0.86:
        return "far"
    return "differs"


@lru_cache(maxsize=1 << 16)
def business_level(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Say how close two company names are: equal, typo, part (one has all of the other), short, close, differs."""
    if not one or not other:
        return ""
    if one == other or sorted(one) == sorted(other):
        return "equal"
    left, right = "".join(one), "".join(other)
    if left == right:
        return "equal"
    if _close_text(left, right, 0.86):
        return "typo"
    first, second = set(one), set(other)
    if first <= second or second <= first:
        return "part" if min(len(first), len(second)) > 1 else "close"
    for short, full in ((one, other), (other, one)):
        if len(short) == 1 and len(full) > 2 and len(short[0]) > 2 and short[0] == "".join(word[0] for word in full):
            return "short"
    same = min(_found_in(first, second), _found_in(second, first))
    fewest = min(len(first), len(second))
    if same >= fewest > 1:
        return "part"
    return "close" if same * 2 >= fewest and same else "differs"


def _found_in(first: set[str], second: set[str]) -> int:
    return sum(any(a == b or (len(a) > 3 and _alike(a, b)) for b in second) for a in first)


def _close_text(left: str, right: str, least: float) -> bool:
    return OSA.normalized_similarity(left, right, score_cutoff=least) >= least


# -- how to reach them


def email_level(one: Seen, other: Seen) -> str:
    """Say how close two addresses are: equal, typo, close (one name at two hosts), differs."""
    if not one.email or not other.email:
        return ""
    if one.email == other.email:
        return "equal/role" if one.role else "equal"
    if one.local == other.local:
        if OSA.distance(one.domain, other.domain, score_cutoff=2) <= 2:
            return "typo"
        return "close" if len(one.local) > 4 and not one.role else "differs"
    if one.domain == other.domain or OSA.distance(one.domain, other.domain, score_cutoff=1) <= 1:
        longest = max(len(one.local), len(other.local))
        allowed = 1 if longest < 10 else 2
        if longest > 4 and OSA.distance(one.local, other.local, score_cutoff=allowed) <= allowed:
            letters = [[c for c in seen.local if not c.isdigit()] for seen in (one, other)]
            if letters[0] == letters[1]:
                return "typo/digits"
            return "typo" if one.local[0] == other.local[0] else "typo/first letter"
        return "differs/same host"
    return "differs"


_HOUSEHOLD = frozenset(("", "famille", "fam", "family", "les", "the", "la", "chez", "maison", "clan", "team"))


@lru_cache(maxsize=1 << 16)
def _owner(local: str, given: tuple[str, ...], family: tuple[str, ...]) -> str:
    """Say whom a mailbox is named after: own (the given name is in it), initial, family, or other."""
    letters = "".join(letter for letter in local if letter.isalpha())
    first, last = "".join(given), "".join(family)
    if first and (first[:4] in letters if len(first) > 2 else first == letters):
        return "own"
    if not last or last[:5] not in letters:
        return "other"
    rest = letters.replace(last, "", 1)
    if rest in _HOUSEHOLD:
        return "family"
    return "initial" if first and rest == first[0] else "other"


def mailbox_of(one: Seen, other: Seen) -> str:
    """Say whom a shared mailbox is named after, seen from both records; of two answers, the one that binds less."""
    found = {_owner(seen.local, seen.given, seen.family) for seen in (one, other)}
    return next(owner for owner in ("family", "other", "initial", "own") if owner in found)


def phone_level(one: Sequence[str], other: Sequence[str]) -> str:
    """Say how close two sets of numbers are: equal, typo, differs."""
    if not one or not other:
        return ""
    same = sum(number in other for number in one)
    if same:
        return "equal/both" if same > 1 else "equal"
    for number in one:
        for second in other:
            if len(number) == len(second) and OSA.distance(number, second, score_cutoff=1) <= 1:
                return "typo"
    return "differs/both" if len(one) + len(other) > 3 else "differs"


# -- where they are


@lru_cache(maxsize=1 << 16)
def _street_level(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if one == other:
        return "equal"
    left, right = "".join(one), "".join(other)
    if left == right:
        return "equal"
    if left[-1:] == "e" and right[-1:] == "e" and left[:-1].isdigit() and right[:-1].isdigit():
        return "differs"
    if _close_text(left, right, 0.7):
        return "typo"
    first, second = set(one), set(other)
    if first <= second or second <= first:
        return "typo"
    return "differs"


def address_level(one: Seen, other: Seen) -> str:
    """Say how close two address lines are, by their street and their house number."""
    if not (one.street and other.street):
        if one.number and other.number:
            return "number" if one.number == other.number else "differs"
        return ""
    street = _street_level(one.street, other.street)
    if street == "differs" and (one.extra or other.extra):
        # The building may stand where the street should: any two lines that are alike will do.
        crossed = [_street_level(a, b) for a, b in ((one.street, other.extra), (one.extra, other.street)) if a and b]
        street = next((level for level in ("equal", "typo") if level in crossed), street)
    if not one.number or not other.number:
        return "differs" if street == "differs" else "street"
    if one.number == other.number:
        return street if street != "differs" else "number"
    if street == "differs":
        return "differs"
    if min(len(one.number), len(other.number)) > 1 and OSA.distance(one.number, other.number, score_cutoff=1) <= 1:
        return "number typo"
    return "other number"


def _place(one: Seen, other: Seen, counts: Counts, address: str) -> list[Signal]:
    found: list[Signal] = []
    same = address in ("equal", "typo", "street", "number typo")
    if address:
        found.append((f"address:{address}", 1.0))
        if address in ("equal", "typo") and (sharing := counts.address(one, other)) > 1:
            found.append(("address_shared:shared", log2(sharing)))
        if same and one.flat and other.flat:
            found.append(("flat:equal" if one.flat == other.flat else "flat:differs", 1.0))
        if level := building_level(one, other):
            found.append((f"building:{level}{'/same street' if same else ''}", 1.0))
    where = "/same street" if same else "/other street" if address else ""
    near = False
    if one.postcode and other.postcode:
        level = postcode_level(one.postcode, other.postcode)
        near = level in ("equal", "typo")
        found.append((f"postcode:{level}{where}", 1.0))
        if level == "equal" and not same and (sharing := counts.postcode(one.postcode)) > 2:
            found.append(("postcode_shared:shared", log2(sharing / 2)))
    if one.city and other.city:
        if one.city == other.city:
            level = "equal"
            if not same and not near and (sharing := counts.city(one.city)) > 2:
                found.append(("city_shared:shared", log2(sharing / 2)))
        else:
            level = "typo" if _close_text(one.city, other.city, 0.75) else "differs"
        found.append((f"city:{level}{'/same street' if same else '/same postcode' if near else ''}", 1.0))
    if one.region and other.region and one.region != other.region:
        found.append(("region:differs", 1.0))
    if one.country and other.country and one.country != other.country:
        found.append(("country:differs", 1.0))
    return found


def building_level(one: Seen, other: Seen) -> str:
    """Say how close the buildings or second lines of two addresses are, the street's own place not counted."""
    if one.extra and other.extra:
        level = _street_level(one.extra, other.extra)
        if level == "differs" and "differs" not in (
            _street_level(one.extra, other.street), _street_level(one.street, other.extra)
        ):  # fmt: skip
            return "typo"  # the two lines are turned
        return level
    return ""


def postcode_level(one: str, other: str) -> str:
    """Say how close two postcodes are: equal, typo, area (the first three agree), differs."""
    if one == other:
        return "equal"
    if OSA.distance(one, other, score_cutoff=1) <= 1:
        return "typo"
    return "area" if one[:3] == other[:3] else "differs"
