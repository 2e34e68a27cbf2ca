"""Invented customers, French and English, hard on purpose, and which of them are the same: `customers(count, seed)`.

Families share addresses, lines and mailboxes; fathers and sons share even their name; companies have branches and
people; what is written down twice is written down differently. Every record says which real customer it is and what was
done to it. Domains end in .example, exchanges begin with 0 or 1 as no real one does. As a command it writes a file for
`manage.py match` and the truth beside it: `python -m benchmarks.people 1000 FILE.csv TRUTH.csv --seed 1`.
"""

import argparse
import csv
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations
from pathlib import Path
from random import Random

from benchmarks import people_words as words

COLUMNS = (
    *("id", "source", "name", "given_name", "family_name", "company", "email", "phone", "mobile"),
    *("street", "city", "region", "postcode", "country"),
)
SOURCES = ("shop", "books", "letters")
COPIES = {1: 0.57, 2: 0.30, 3: 0.09, 4: 0.03, 6: 0.01}  # records of one customer: share of the customers


@dataclass(frozen=True, slots=True)
class Customer:
    """One record: `row` has all of COLUMNS, `who` is the real customer, `done` names what differs from the truth."""

    row: dict[str, str]
    who: int
    done: tuple[str, ...]


@dataclass(slots=True)
class Place:
    number: str
    street: str
    kind: str
    flat: str
    city: int
    postcode: str
    french: bool


@dataclass(slots=True)
class Real:
    """A customer as life has it, before anybody writes it down. `company` without a given name is a business."""

    who: int
    french: bool
    given: str = ""
    family: str = ""
    woman: bool = False
    suffix: str = ""
    married: str = ""
    company: str = ""
    form: str = ""
    emails: list[str] = field(default_factory=list)
    phone: str = ""
    mobile: str = ""
    place: Place | None = None
    before: Place | None = None
    contacts: tuple[tuple[str, str], ...] = ()  # given and family names of who answers for a business


def _zipf(names: Sequence[str], flat: int = 4) -> tuple[Sequence[str], list[float]]:
    return names, list(accumulate(1 / (rank + flat) for rank in range(len(names))))


_TAIL_FR = [one + two for one in words.TAIL_FR[0] for two in words.TAIL_FR[1]]
_TAIL_EN = [one + two for one in words.TAIL_EN[0] for two in words.TAIL_EN[1]]
_GIVEN = {
    (True, False): _zipf(words.MEN_FR),
    (True, True): _zipf(words.WOMEN_FR),
    (False, False): _zipf(words.MEN_EN),
    (False, True): _zipf(words.WOMEN_EN),
}
_FAMILY = {True: _zipf(words.FAMILIES_FR, 12), False: _zipf(words.FAMILIES_EN, 12)}
_STREETS = {True: _zipf(words.STREETS_FR, 10), False: _zipf(words.STREETS_EN, 10)}
_CITY_SUMS = list(accumulate(words.CITY_WEIGHTS))


def customers(count: int, seed: int, *, one_each: bool = False) -> list[Customer]:
    """Return `count` records in an order that says nothing; the same for the same seed.

    `one_each`: two sources, each with at most one record of a customer.
    """
    world = World(Random(f"customers {seed}"), one_each)
    while len(world.found) < count:
        world.more()
    found = world.found[:count]
    world.rng.shuffle(found)
    for number, customer in enumerate(found):
        customer.row["id"] = f"c{number}"
    return found


def true_pairs(found: Iterable[Customer]) -> set[tuple[str, str]]:
    """Return the pairs of ids that are one customer, the lesser id first."""
    groups: dict[int, list[str]] = defaultdict(list)
    for customer in found:
        groups[customer.who].append(customer.row["id"])
    return {tuple(sorted(pair)) for ids in groups.values() for pair in combinations(ids, 2)}  # type: ignore[misc]


def write(found: Iterable[Customer], path: Path) -> None:
    """Write the records as the file that `manage.py match` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, COLUMNS)
        out.writeheader()
        out.writerows(customer.row for customer in found)


class World:
    """Makes families and companies one after the other, and the records they left behind."""

    def __init__(self, rng: Random, one_each: bool = False) -> None:
        self.rng, self.one_each = rng, one_each
        self.found: list[Customer] = []
        self.next = 0
        self.taken: set[str] = set()  # mailboxes and lines: strangers never have the same

    def more(self) -> None:
        """Add a family or a company with everybody in it."""
        reals = self._company() if self.rng.random() < 0.2 else self._family()
        for real in reals:
            self._write(real)

    # who there is

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share

    def _pick(self, weighted: tuple[Sequence[str], list[float]]) -> str:
        return self.rng.choices(weighted[0], cum_weights=weighted[1])[0]

    def _given(self, french: bool, woman: bool) -> str:
        name = self._pick(_GIVEN[french, woman])
        if self._chance(0.03):
            name += ("-" if french else " ") + self._pick(_GIVEN[french, woman])
        return name

    def _family_name(self, french: bool) -> str:
        if self._chance(0.28):
            return self.rng.choice(_TAIL_FR if french else _TAIL_EN)
        if self._chance(0.03):
            return f"{self._pick(_FAMILY[french])}-{self._pick(_FAMILY[french])}"
        return self._pick(_FAMILY[french])

    def _place(self, city: int | None = None) -> Place:
        rng = self.rng
        if city is None:
            city = rng.choices(range(len(words.CITIES)), cum_weights=_CITY_SUMS)[0]
        _, _, country, starts, _, language, _ = words.CITIES[city]
        french = language == "f"
        start = rng.choice(starts.split())
        if country == "CA":
            letters = "ABCEGHJKLMNPRSTVWXYZ"
            start += f" {rng.randrange(10)}{rng.choice(letters)}{rng.randrange(10)}"
        flat = (
            str(rng.choice((1, 2, 3, 4, 5, 6, 8, 12, 101, 201, 202, 304, 402, 505, 1104))) if self._chance(0.25) else ""
        )
        kind = rng.choices(
            words.STREET_TYPES_FR if french else words.STREET_TYPES_EN,
            (50, 15, 12, 8, 3, 5, 2, 2, 2) if french else (40, 20, 12, 10, 4, 5, 3, 3, 3),
        )[0]
        number = str(rng.choice((rng.randrange(1, 200), rng.randrange(1, 3000), rng.randrange(100, 9999))))
        return Place(number, self._pick(_STREETS[french]), kind, flat, city, start, french)

    def _phone(self, city: int) -> str:
        _, _, country, _, areas, _, _ = words.CITIES[city]
        area = self.rng.choice(areas.split())
        if country == "FR":
            return self._unused(lambda: f"FR{area}{self.rng.randrange(100_000_000):08d}")
        return self._unused(lambda: f"{area}{self.rng.randrange(200):03d}{self.rng.randrange(10_000):04d}")

    def _unused(self, make: Callable[[], str]) -> str:
        while (made := make()) in self.taken:
            pass
        self.taken.add(made)
        return made

    def _email(self, real: Real, domain: str | None = None) -> str:
        return self._unused(lambda: self._address_of(real, domain))

    def _address_of(self, real: Real, domain: str | None) -> str:
        rng = self.rng
        given, family = _ascii(real.given), _ascii(real.family)
        number = str(rng.randrange(1, 99)) if self._chance(0.35) else ""
        year = str(rng.randrange(1945, 2004))
        shapes = (
            f"{given}.{family}{number}",
            f"{given}{family}{number}",
            f"{given[:1]}{family}{number}",
            f"{given[:1]}.{family}",
            f"{family}.{given}",
            f"{given}_{family}{number}",
            f"{given}{year}",
            f"{family}{given[:1]}{number}",
            f"{given}{number}",
            f"{rng.choice(words.HANDLES)}{rng.choice((number, year, rng.choice(words.HANDLES)))}",
            f"{given[:3]}{family[:4]}{number}",
        )
        shape = rng.choices(shapes, (18, 14, 14, 8, 6, 5, 6, 6, 4, 14, 5))[0]
        return f"{shape}@{domain or rng.choices(words.MAIL, (30, 20, 12, 10, 8, 6, 5, 4, 3, 2))[0]}"

    def _real(self, **more: object) -> Real:
        self.next += 1
        return Real(who=self.next, **more)  # type: ignore[arg-type]

    def _family(self) -> list[Real]:
        """A household: one to five customers who share what households share."""
        rng = self.rng
        place = self._place()
        french = place.french != self._chance(0.12)
        family = self._family_name(french)
        line = self._phone(place.city) if self._chance(0.6) else ""
        size = rng.choices((1, 2, 3, 4, 5), (86, 9, 3, 1.5, 0.5))[0]
        before, after = rng.choice(("famille", "fam", "the", "les", "")), rng.choice(("", "", str(rng.randrange(99))))
        shared = f"{before}{_ascii(family)}{after}@{rng.choice(words.MAIL)}"
        while shared in self.taken:
            shared = f"{before}{_ascii(family)}{rng.randrange(9999)}@{rng.choice(words.MAIL)}"
        shares = size > 1 and self._chance(0.3)
        reals: list[Real] = []
        for order in range(size):
            woman = (order == 1) != self._chance(0.15) if order < 2 else self._chance(0.5)
            real = self._real(french=french, woman=woman, family=family, given=self._given(french, woman))
            own_name = 0.65 if french else 0.15
            if order == 1 and self._chance(own_name):
                real.family = self._family_name(french)
            elif order > 1 and french and size > 2 and self._chance(0.1):
                real.family = f"{reals[1].family}-{family}" if reals[1].family != family else family
            if order >= 2 and not woman and not reals[0].woman and self._chance(0.12):
                real.given, real.family = reals[0].given, reals[0].family  # called after his father
                if self._chance(0.6):
                    reals[0].suffix, real.suffix = ("père", "fils") if french else ("Sr", "Jr")
            if real.woman and self._chance(0.12):
                real.married = self._family_name(french)
            real.place = place
            if order > 1 and self._chance(0.3):
                real.place = self._place(place.city)  # grown up and gone, the line at home still on file
            real.phone = line
            if not line and self._chance(0.3):
                real.phone = self._phone(place.city)
            if self._chance(0.75):
                real.mobile = self._phone(place.city)
            self._mailboxes(real, shared if shares and self._chance(0.7) else "")
            if self._chance(0.3):
                real.before = self._place(place.city if self._chance(0.6) else None)
            if self._chance(0.06):
                real.company = self._company_name(french, real.family)[0]
            reals.append(real)
        return reals

    def _mailboxes(self, real: Real, shared: str) -> None:
        if self._chance(0.13):
            return  # no e-mail at all
        if shared:
            real.emails.append(shared)
        if not shared or self._chance(0.4):
            real.emails.append(self._email(real))
        if self._chance(0.3):
            real.emails.append(self._email(real))

    def _company_name(self, french: bool, family: str = "") -> tuple[str, str]:
        """Return a company's name and its legal form."""
        rng = self.rng
        trade = rng.choice(words.TRADES_FR if french else words.TRADES_EN)
        form = rng.choice(words.FORMS_FR if french else words.FORMS_EN)
        family = family or self._family_name(french)
        if self._chance(0.5):
            word = rng.choice(words.WORDS_FR if french else words.WORDS_EN)
            return (f"{trade} {word}", form) if french else (f"{word} {trade}", form)
        if self._chance(0.25):
            given = self._pick(_GIVEN[french, False])
            return (f"{trade} {given} {family}", form) if french else (f"{given} {family} {trade}", form)
        if french:
            return f"{trade} {rng.choice(('', '', 'R. ', 'M. ', 'J. ', 'G. '))}{family}", form
        return f"{family} {trade}" if self._chance(0.6) else f"{family} & {self._family_name(False)} {trade}", form

    def _company(self) -> list[Real]:
        """A business, its branches as customers of their own, and the people there who buy in their own name."""
        rng = self.rng
        place = self._place()
        name, form = self._company_name(place.french)
        domain = self._unused(lambda: f"{_ascii(name)[:22]}{rng.choice(('', '', rng.randrange(99)))}.example")
        owns_domain = self._chance(0.6)
        phone = self._phone(place.city)
        role = f"{rng.choice(words.ROLES)}@{domain}" if owns_domain else self._company_mailbox(name)
        found = []
        branches = rng.choices((1, 2, 3, 5, 8), (84, 9, 4, 2, 1))[0]
        for order in range(branches):
            real = self._real(french=place.french, company=name, form=form)
            real.place = place if not order else self._place(place.city if self._chance(0.5) else None)
            real.contacts = tuple(
                (self._given(place.french, self._chance(0.5)), self._family_name(place.french)) for _ in range(2)
            )
            if order and self._chance(0.6):
                assert real.place is not None
                where = words.CITIES[real.place.city][0] if real.place.city != place.city else real.place.street
                real.company = f"{name} {rng.choice(('', '- ', '('))}{where}".rstrip()
                real.company += ")" if "(" in real.company else ""
            real.phone = phone if not order or self._chance(0.35) else self._phone(real.place.city)
            if self._chance(0.85):
                same = not order or self._chance(0.5)
                real.emails.append(role if same else self._role(real, domain if owns_domain else None))
            if self._chance(0.25):
                real.before = self._place(real.place.city)
            found.append(real)
        for _ in range(rng.choices((0, 1, 2, 4), (80, 14, 4, 2))[0]):
            found.append(self._employee(rng.choice(found[:branches]), role, domain if owns_domain else None))
        return found

    def _company_mailbox(self, name: str) -> str:
        return self._unused(
            lambda: (
                f"{_ascii(name)[:14]}{self.rng.choice(('', '', self.rng.randrange(99)))}@{self.rng.choice(words.MAIL)}"
            )
        )

    def _role(self, real: Real, domain: str | None) -> str:
        assert real.place is not None
        city = _ascii(words.CITIES[real.place.city][0])
        return f"{city}@{domain}" if domain else f"{city}{_ascii(real.company)[:9]}@{self.rng.choice(words.MAIL)}"

    def _employee(self, at: Real, role: str, domain: str | None) -> Real:
        french, woman = at.french != self._chance(0.1), self._chance(0.5)
        real = self._real(
            french=french, woman=woman, given=self._given(french, woman), family=self._family_name(french)
        )
        real.company, real.form, real.place, real.phone = at.company, at.form, at.place, at.phone
        if self._chance(0.5):
            real.mobile = self._phone(at.place.city)  # type: ignore[union-attr]
        if self._chance(0.2):
            real.emails.append(role)
        elif self._chance(0.85):
            real.emails.append(self._email(real, domain))
        return real

    # what was written down

    def _write(self, real: Real) -> None:
        copies = self.rng.choices(list(COPIES), list(COPIES.values()))[0]
        if self.one_each:
            sources = self.rng.sample(SOURCES[:2], min(copies, 2))
        else:
            sources = self.rng.choices(SOURCES, (45, 35, 20), k=copies)
        for source in sources:
            self.found.append(Pen(self, real, source).customer())


class Pen:
    """Writes one customer down once, in the manner of one source, with what goes wrong on the way."""

    def __init__(self, world: World, real: Real, source: str) -> None:
        self.world, self.rng, self.real, self.source = world, world.rng, real, source
        self.care = self.rng.choices((0.3, 0.9, 2.0), (42, 43, 15))[0]  # how often things go wrong, times the usual
        self.done: list[str] = []
        self.row = dict.fromkeys(COLUMNS, "")

    def customer(self) -> Customer:
        self.row["source"] = self.source
        if self.real.given:
            self._person()
        else:
            self._business()
        self._mail()
        self._lines()
        self._address()
        self._typos()
        if self.source == "books" and self._chance(0.12):
            self.row.update(
                {name: value.upper() for name, value in self.row.items() if name not in ("id", "source", "email")}
            )
            self.done.append("capitals")
        return Customer(self.row, self.real.who, tuple(self.done))

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share

    def _slips(self, share: float, what: str) -> bool:
        """Tell whether it goes wrong this time, and note it."""
        if self.rng.random() >= share * self.care:
            return False
        self.done.append(what)
        return True

    def _person(self) -> None:
        real, rng = self.real, self.rng
        given, family = self._given(), real.family
        if real.married and self._chance(0.5):
            family = rng.choice((real.married, f"{family}-{real.married}", f"{family} {real.married}"))
            self.done.append("married name")
        elif "-" in family and self._slips(0.25, "half of a double name"):
            family = rng.choice(family.split("-"))
        elif "-" in family and self._slips(0.3, "double name respaced"):
            family = family.replace("-", " ")
        for name, also in words.ALSO_SPELT.items():
            if family == name and self._slips(0.06, "spelt otherwise"):
                family = also
        if real.suffix and self._chance(0.5):
            family = f"{family} {real.suffix}"
        if self._slips(0.03, "swapped"):
            given, family = family, given
        if self._slips(0.012, "given name missing"):
            given = ""
        if self.source == "books" and not self._chance(0.35):
            shown = rng.choice((f"{given} {family}", f"{given} {family}", f"{family}, {given}", f"{family} {given}"))
            self.row["name"] = shown.strip(" ,")
            if not self._chance(0.06):
                return self._works(0.6)
            titles = ("Mme ", "Mrs. ", "Ms. ", "Dr ") if real.woman else ("M. ", "Mr. ", "Mr ", "Dr ")
            self.row["name"] = rng.choice(titles) + self.row["name"]
            self.done.append("title")
        else:
            self.row["given_name"], self.row["family_name"] = given, family
            if self._chance(0.2):
                self.row["name"] = f"{given} {family}".strip()
        return self._works(0.6)

    def _works(self, share: float) -> None:
        if self.real.company and self._chance(share):
            self.row["company"] = self._company()
            if self.row["given_name"] and self.source == "books" and self._chance(0.3):
                self.row["name"] = self.row["company"]

    def _given(self) -> str:
        real, rng = self.real, self.rng
        given = real.given
        if "-" in given and self._slips(0.35, "compound name respelt"):
            one, _, two = given.partition("-")
            given = rng.choice(
                (
                    f"{one} {two}",
                    f"{one} {two}",
                    f"{one[0]}.-{two[0]}.",
                    f"{one[0]}-{two[0]}",
                    f"{one[0]}{two[0]}",
                    one,
                    two,
                    f"{one}{two.lower()}",
                    f"{one[0]}. {two}",
                    f"{two}-{one}",
                )
            )
        elif (short := _short(given)) and self._slips(0.1, "nickname"):
            given = rng.choice(short)
        elif given in words.ALSO_SPELT and self._slips(0.1, "spelt otherwise"):
            given = words.ALSO_SPELT[given]
        elif self._slips(0.04, "initial"):
            given = given[0] + rng.choice(("", "."))
        elif self._slips(0.05, "middle initial"):
            given += f" {rng.choice('ABCDEGHJLMPRST')}{rng.choice(('', '.'))}"
        return given

    def _business(self) -> None:
        name = self._company()
        if self._chance(0.55):
            self.row["company"] = name
            if self._chance(0.5):
                self.row["name"] = name
        else:
            self.row["name"] = name
        if self._chance(0.25):  # somebody who answers there, not always the same one
            self.row["given_name"], self.row["family_name"] = self.real.contacts[0 if self._chance(0.8) else 1]
            self.done.append("person at a company")

    def _company(self) -> str:
        real, rng = self.real, self.rng
        name, form = real.company, real.form
        if form and self._slips(0.3, "legal form respelt"):
            form = rng.choice((words.SAME_FORM.get(form) or ";").split(";"))
        if " & " in name and self._slips(0.3, "ampersand"):
            name = name.replace(" & ", rng.choice((" and ", " et ", " ")))
        parts = name.split()
        if len(parts) > 2 and self._slips(0.07, "company shortened"):
            name = " ".join(parts[: rng.choice((len(parts) - 1, 2))])
        elif len(parts) > 1 and self._slips(0.04, "company reordered"):
            name = " ".join(parts[1:] + parts[:1])
        elif len(parts) > 1 and self._slips(0.02, "acronym"):
            name = "".join(part[0] for part in parts).upper()
        return f"{name} {form}".strip()

    def _mail(self) -> None:
        real, rng = self.real, self.rng
        if self._chance(0.015 if self.source == "books" else 0.004):
            self.row["email"] = rng.choice(words.PLACEHOLDER_MAIL)
            self.done.append("placeholder e-mail")
            return
        if not real.emails or self._chance(
            0.02 if self.source == "letters" else 0.22 if self.source == "books" else 0.08
        ):
            self.done.append("no e-mail")
            return
        email = real.emails[0]
        if len(real.emails) > 1 and self._chance(0.3):
            email = rng.choice(real.emails[1:])
            self.done.append("other e-mail")
        if self._slips(0.012, "plus tag"):
            email = email.replace("@", f"+{rng.choice(('shop', 'achats', 'news'))}@")
        if self._slips(0.02, "typo in e-mail"):
            local, _, domain = email.partition("@")
            email = f"{_typo(rng, local)}@{domain}" if self._chance(0.6) else f"{local}@{_typo(rng, domain)}"
        self.row["email"] = email.upper() if self._chance(0.03) else email.capitalize() if self._chance(0.03) else email

    def _lines(self) -> None:
        real, rng = self.real, self.rng
        if self.source == "letters" and self._chance(0.8):
            return
        phone = real.phone if self._chance(0.8) else ""
        mobile = real.mobile if self._chance(0.65) else ""
        if (phone or mobile) and self._slips(0.06, "changed phone"):
            where = (real.place or real.before).city  # type: ignore[union-attr]
            changed = self.world._phone(where)
            phone, mobile = (changed, mobile) if phone else (phone, changed)
        if phone and self._slips(0.012, "typo in phone"):
            spot = rng.randrange(5, len(phone))
            phone = phone[:spot] + rng.choice("0123456789") + phone[spot + 1 :]
        if not phone and mobile and self._chance(0.6):
            phone, mobile = mobile, ""  # the only number is the phone
        elif phone and mobile and self._slips(0.08, "phones swapped"):
            phone, mobile = mobile, phone
        self.row["phone"], self.row["mobile"] = self._number(phone), self._number(mobile)
        if not phone and self._chance(0.015):
            self.row["phone"] = rng.choice(words.PLACEHOLDER_PHONE)
            self.done.append("placeholder phone")

    def _number(self, digits: str) -> str:
        """Write a number the way people do."""
        if not digits:
            return ""
        rng = self.rng
        if digits.startswith("FR"):
            tail = digits[3:]
            pairs = [digits[2:4], *(digits[at : at + 2] for at in range(4, 12, 2))]
            return rng.choice((" ".join(pairs), "".join(pairs), f"+33 {tail[:1]} {tail[1:]}", ".".join(pairs)))
        area, middle, last = digits[:3], digits[3:6], digits[6:]
        shapes = (
            f"({area}) {middle}-{last}",
            f"{area}-{middle}-{last}",
            f"{area} {middle}-{last}",
            f"{area}.{middle}.{last}",
            digits,
            f"1-{area}-{middle}-{last}",
            f"+1 {area} {middle} {last}",
            f"+1{digits}",
            f"({area}){middle}-{last}",
        )
        shown = rng.choices(shapes, (25, 22, 15, 6, 12, 6, 6, 5, 3))[0]
        if not self.real.given and self._chance(0.12):
            shown += rng.choice((" poste ", " ext. ", " x", " #")) + str(rng.randrange(100, 400))
        return shown

    def _address(self) -> None:
        real, rng = self.real, self.rng
        if self._chance(0.65 if self.source == "letters" else 0.12):
            self.done.append("no address")
            return
        place = real.place
        if real.before and self._chance(0.25):
            place = real.before
            self.done.append("old address")
        assert place is not None
        city, region, country, _, _, _, others = words.CITIES[place.city]
        if self._slips(0.12, "city written otherwise"):
            city = rng.choice(others.split(";"))
        elif city.startswith("Saint") and self._slips(0.15, "saint"):
            city = city.replace("Sainte-", "Ste ").replace("Saint-", rng.choice(("St ", "St-", "Saint ")))
        postcode = place.postcode
        if country == "CA" and self._chance(0.4):
            postcode = postcode.replace(" ", rng.choice(("", "-", "")))
        postcode = postcode.lower() if self._chance(0.1) else postcode
        shown = {
            "street": self._street(place),
            "city": city,
            "region": rng.choice((words.REGIONS[region] or " ").split() or [""]),
            "postcode": postcode,
            "country": country if self.source != "books" or self._chance(0.5) else "",
        }
        for name in ("street", "city", "postcode", "region"):
            if self._slips({"street": 0.05, "city": 0.04, "postcode": 0.09, "region": 0.25}[name], f"no {name}"):
                shown[name] = ""
        self.row.update(shown)

    def _street(self, place: Place) -> str:
        rng = self.rng
        street, kind, number = place.street, place.kind, place.number
        if "Saint" in street and self._slips(0.3, "saint"):
            street = (
                street.replace("Sainte-", "Ste-")
                .replace("Saint-", rng.choice(("St-", "St ", "St. ")))
                .replace("Saint ", "St ")
            )
        if kind in words.SHORT_TYPES and self._slips(0.3, "street type shortened"):
            kind = rng.choice(words.SHORT_TYPES[kind].split(";")).strip()
        elif self._slips(0.06, "street type missing"):
            kind = ""
        elif self._slips(0.03, "street type of the other language"):
            kind = {
                "rue": "Street",
                "Street": "rue",
                "boulevard": "Boulevard",
                "Avenue": "avenue",
                "chemin": "Road",
            }.get(kind, kind)
        if street[0].isdigit() and place.french:
            line = f"{number}, {street} {kind}"
        elif place.french:
            line = f"{number}{rng.choice((',', ',', ''))} {kind} {street}"
        else:
            line = f"{number} {street} {kind}"
        if place.flat and not self._slips(0.25, "flat missing"):
            flat = rng.choice(
                (
                    f", app. {place.flat}",
                    f" #{place.flat}",
                    f" apt {place.flat}",
                    f", Unit {place.flat}",
                    f", bureau {place.flat}",
                )
            )
            line = f"{place.flat}-{line}" if self._chance(0.25) else line + flat
        return " ".join(line.split())

    def _typos(self) -> None:
        row, rng = self.row, self.rng
        for name, share in (
            ("name", 0.09),
            ("given_name", 0.055),
            ("family_name", 0.085),
            ("company", 0.1),
            ("street", 0.1),
            ("city", 0.06),
            ("postcode", 0.04),
        ):
            if row[name] and self._slips(share, f"typo in {name}"):
                row[name] = _typo(rng, row[name])
                if self.care > 2 and self._chance(0.25):
                    row[name] = _typo(rng, row[name])
        for name in ("name", "given_name", "family_name", "company", "street", "city"):
            if not row[name].isascii() and self._slips(0.3, f"accents lost in {name}"):
                row[name] = _bare(row[name])
            elif not row[name].isascii() and self._slips(0.012, f"mojibake in {name}"):
                row[name] = row[name].encode().decode("cp1252", "replace")


def _typo(rng: Random, text: str) -> str:
    """Return `text` with one slip of finger, eye or ear."""
    spots = [at for at, letter in enumerate(text) if letter.isalnum()]
    if len(spots) < 3:
        return text
    kind = rng.choices(
        ("near", "drop", "double", "swap", "add", "read", "sound", "space"), (20, 22, 9, 18, 8, 8, 12, 3)
    )[0]
    at = rng.choice(spots[1:] if rng.random() < 0.9 else spots)
    letter = text[at].lower()
    if kind == "near" and letter in words.KEYBOARD:
        return text[:at] + rng.choice(words.KEYBOARD[letter]) + text[at + 1 :]
    if kind == "drop":
        return text[:at] + text[at + 1 :]
    if kind == "double":
        return text[:at] + letter + text[at:]
    if kind == "swap" and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == "add":
        return text[:at] + rng.choice("aeioulnrst") + text[at:]
    if kind in ("read", "sound"):
        fitting = [
            pair for pair in (words.READ_WRONG if kind == "read" else words.SOUNDS) if pair[0] in text.lower()[1:]
        ]
        if fitting:
            old, new = rng.choice(fitting)
            start = text.lower().index(old, 1)
            return text[:start] + new + text[start + len(old) :]
    if kind == "space" and " " in text:
        return text.replace(" ", "", 1)
    return text[:at] + rng.choice("aeioulnrst") + text[at + 1 :]


def _bare(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _ascii(text: str) -> str:
    return "".join(letter for letter in _bare(text).lower() if letter.isalnum())


def _short(given: str) -> list[str]:
    return f"{words.NICKNAMES.get(given, '')} {words.NICKNAMES.get(given + '_', '')}".split()


def main() -> None:
    """Write a file of customers and, beside it, who they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--one-each", action="store_true", help="two sources, each with at most one record of a customer"
    )
    options = parser.parse_args()
    found = customers(options.count, options.seed, one_each=options.one_each)
    write(found, options.file)
    with options.truth.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "who", "done"])
        out.writerows([customer.row["id"], customer.who, "; ".join(customer.done)] for customer in found)


if __name__ == "__main__":
    main()
