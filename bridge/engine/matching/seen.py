"""What a record says of a person or a business, taken apart once so that it can be compared many times."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bridge.engine.matching import words as known
from bridge.engine.matching.forms import normal_phone, words
from connectors.contract.normal import normal_email, split_emails

_HOUSE = re.compile(r"\d+[a-z]?\Z")
_FLAT_FIRST = re.compile(r"\s*(\w{1,6})\s*-\s*(?=\d+[\s,])")
_ORDINAL = re.compile(r"(\d+)(?:re|er|e|eme|ieme|st|nd|rd|th|ere)\Z")
_HIDDEN = ("Ã", "Â")  # how UTF-8 looks that was read as Windows text
LONGEST = 200  # characters of a field that are looked at


@dataclass(slots=True)
class Seen:
    """One record, taken apart. Words are without case, accents and marks; "" and () where it tells nothing.

    `given` and `family` are a person's; `business` are the words of a company's name without its legal form. `told` are
    the texts to show, by the name of the part that compares them.
    """

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    generation: str = ""
    business: tuple[str, ...] = ()
    email: str = ""
    local: str = ""
    domain: str = ""
    role: bool = False
    phones: tuple[str, ...] = ()
    number: str = ""
    street: tuple[str, ...] = ()
    flat: str = ""
    extra: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""

    @property
    def kind(self) -> str:
        """Say whether this is a person, a business, or neither."""
        return "person" if self.given or self.family else "business" if self.business else ""


def text_of(value: Any) -> str:
    """Return a value as one text; "" for nothing."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def address_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the address of a record's values; empty where it has none."""
    address = values.get("address")
    return address if isinstance(address, Mapping) else {}


def country_of(values: Mapping[str, Any]) -> str:
    """Return the two letters of the country that a number without a country code is dialled in."""
    return text_of(address_of(values).get("country")).strip().upper() or "CA"


def email_of(value: Any) -> str:
    """Return the first address of a field in its normal form; "" where there is none."""
    text = text_of(value)
    return normal_email(text) or next(iter(split_emails(text)), "")


def seen(values: Mapping[str, Any]) -> Seen:
    """Return what canonical values say of a customer."""
    found = Seen()
    _names(found, values)
    _email(found, email_of(values.get("email")))
    if values.get("phone") or values.get("mobile"):
        country = country_of(values)
        numbers = (normal_phone(text_of(values.get(name)), country) for name in ("phone", "mobile"))
        found.phones = tuple(dict.fromkeys(number for number in numbers if number and not _empty_number(number)))
    address = address_of(values)
    if address:
        _address(found, address)
    return found


def plain_words(value: Any) -> list[str]:
    """Return the words of a field, repaired where its accents were read in the wrong alphabet."""
    text = text_of(value)[:LONGEST]
    if not text.isascii() and any(mark in text for mark in _HIDDEN):
        with suppress(UnicodeError):
            text = text.encode("cp1252").decode()
    return words(text)


# -- names


def _names(found: Seen, values: Mapping[str, Any]) -> None:
    given, family = plain_words(values.get("given_name")), plain_words(values.get("family_name"))
    shown, company = text_of(values.get("name")), plain_words(values.get("company"))
    name = plain_words(shown)
    if given or family:
        _person(found, given, family)
        if not company and name and _is_business(name, shown):
            company = name
    elif name and name != company and not _is_business(name, shown):
        _person(found, *_parted(shown, name))
    elif not company:
        company = name
    found.business = _business(company)


def _person(found: Seen, given: list[str], family: list[str]) -> None:
    """Note a person's names, with titles left out and "Jr" apart."""
    kept = []
    for part in (given, family):
        for word in part[1:]:
            if word in known.GENERATIONS:
                found.generation = known.GENERATIONS[word]
        bare = [word for at, word in enumerate(part) if not (at and word in known.GENERATIONS)]
        while len(bare) > 1 and bare[0] in known.TITLES:
            bare = bare[1:]
        kept.append(tuple("st" if word in ("saint", "sainte", "ste") else word for word in bare))
    if not kept[1] and len(kept[0]) > 1:
        given_words, family_words = _ordered(list(kept[0]))
        kept = [tuple(given_words), tuple(family_words)]
    found.given, found.family = kept


def _parted(shown: str, name: list[str]) -> tuple[list[str], list[str]]:
    """Return the given and the family names of a name in one field."""
    first, comma, last = shown.partition(",")
    if comma and (before := plain_words(first)) and (after := plain_words(last)):
        if after[0] not in known.GENERATIONS:
            return after, before
        name = [*before, *after]
    while len(name) > 1 and name[0] in known.TITLES:
        name = name[1:]
    ending = [word for word in name[1:] if word in known.GENERATIONS]
    # "Marie-Ève" is one, whatever stands beside it.
    groups = [group for text in shown.split() if (group := plain_words(text))]
    while len(groups) > 1 and groups[0][0] in known.TITLES and len(groups[0]) == 1:
        groups = groups[1:]
    groups = [group for at, group in enumerate(groups) if not (at and group[0] in known.GENERATIONS)]
    if len(groups) == 2:
        one, two = groups
        turned = not _first_name(one) and _first_name(two)
        given, family = (two, one) if turned else (one, two)
    else:
        given, family = _ordered([word for group in groups for word in group])
    return given, [*family, *ending] if family else [*given, *ending]


def _first_name(group: list[str]) -> bool:
    return all(word in known.GIVEN or len(word) == 1 for word in group)


def _ordered(name: list[str]) -> tuple[list[str], list[str]]:
    """Guess which words are given names: "Roy Anne-Marie" as well as "Anne-Marie Roy"."""
    if len(name) < 2:
        return [], name
    firsts = [word in known.GIVEN or len(word) == 1 for word in name]
    if not firsts[0] and firsts[-1]:
        cut = next(at for at in range(len(name)) if all(firsts[at:]))
        return name[cut:], name[:cut]
    cut = len(name) - 1
    if cut > 1 and name[cut - 1] in ("st", "saint", "sainte", "ste", "de", "la", "le", "van", "von", "mac", "mc", "o"):
        cut -= 1
    return name[:cut], name[cut:]


@lru_cache(maxsize=65536)
def _is_business_word(word: str) -> bool:
    return word in known.BUSINESS or any(letter.isdigit() for letter in word)


def _is_business(name: list[str], shown: str = "") -> bool:
    """Tell whether a name is a company's; "Jean Roy fils" is a son, "Roy & Fils" a company."""
    if len(name) > 2 and name[-1] in known.GENERATIONS and "&" not in shown:
        name = name[:-1]
    return any(map(_is_business_word, name))


def _business(company: list[str]) -> tuple[str, ...]:
    kept = [word for word in company if word not in known.SUFFIXES and word not in ("et", "and", "les", "the")]
    return tuple("st" if word in known.SAINTS else word for word in kept or company)


# -- e-mail and phones


def _email(found: Seen, email: str) -> None:
    if not email:
        return
    local, _, domain = email.partition("@")
    plain = local.partition("+")[0]
    if plain in known.NOBODY or domain.partition(".")[0] in known.NOBODY:
        return
    found.email, found.local, found.domain = f"{plain}@{domain}", plain, domain
    found.role = plain in known.ROLES


def _empty_number(number: str) -> bool:
    """Tell whether a number is what people type when they have none: 000 000-0000, 514 555-5555."""
    return len(set(number[-7:])) == 1


# -- addresses


def _address(found: Seen, address: Mapping[str, Any]) -> None:
    found.postcode = "".join(plain_words(address.get("postcode")))[:12]
    found.city = _city(text_of(address.get("city"))[:LONGEST])
    region = plain_words(address.get("region"))
    found.region = known.REGIONS.get("".join(region), known.REGIONS.get(region[-1], "".join(region))) if region else ""
    found.country = text_of(address.get("country")).strip().upper()[:40]
    line = text_of(address.get("line1"))[:LONGEST]
    more = text_of(address.get("line2"))[:LONGEST]
    if not line and not more:
        return
    ahead = _FLAT_FIRST.match(line)
    if ahead and any(letter.isdigit() for letter in ahead[1]):
        found.flat, line = ahead[1].lower(), line[ahead.end() :]
    extra: list[str] = []
    for segment in [*re.split(r"[,;\n]", line.replace("#", " app ")), more]:
        street = _segment(found, segment)
        if not found.street:
            found.street = tuple(street)
        else:
            extra += street
    found.extra = tuple(extra)


def _segment(found: Seen, segment: str) -> list[str]:
    """Return the words of one part of an address line that tell streets apart; note its number and flat."""
    street: list[str] = []
    line = plain_words(segment)
    last = len(line) - 1
    for at, word in enumerate(line):
        if word in known.FLATS and at < last and (len(line[at + 1]) <= 6 and line[at + 1][-1:].isdigit()):
            continue
        if at and line[at - 1] in known.FLATS and word[-1:].isdigit():
            found.flat = found.flat or word
        elif not found.number and _HOUSE.match(word) and word[0].isdigit() and not _ORDINAL.match(word):
            found.number = word
        elif word in known.SAINTS and at < last:
            street.append("st")
        elif word in known.STREET_TYPES or word in known.PARTICLES or (word == "st" and street):
            continue
        elif ordinal := _ORDINAL.match(word):
            street.append(ordinal[1] + "e")
        else:
            street.append(known.DIRECTIONS.get(word, word))
    if not street and line and not line[-1].isdigit():
        street = [word for word in line if not word[0].isdigit() and word not in known.FLATS]
    return street


@lru_cache(maxsize=16384)
def _city(text: str) -> str:
    name = plain_words(text)
    kept = [word for word in name if word not in ("city", "ville", "de", "of", "la", "le")] or name
    return "".join("st" if word in known.SAINTS else word for word in kept)
