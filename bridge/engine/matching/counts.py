"""How common names, mailboxes, numbers and addresses are in one file: what everybody has says little of anybody."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from bridge.engine.matching.seen import Seen
from bridge.engine.matching.words import COMMON_FAMILIES, COMMON_GIVEN

# Where there is no file to count in: about how many customers bear both of two names, of which so many are frequent.
NAMESAKES = (3.0, 6.0, 16.0)


class Counts:
    """What is counted in no file at all: names that are common everywhere count as such, nothing is shared."""

    def email(self, email: str) -> int:
        """Return how many people share an address, told apart by their first letters."""
        return 1

    def phone(self, one: Sequence[str], other: Sequence[str]) -> int:
        """Return how many share the number that two have in common, told apart likewise; of several, the fewest."""
        return 1

    def address(self, one: Seen, other: Seen) -> int:
        """Return how many live at a house, told apart likewise."""
        return 1

    def company(self, business: tuple[str, ...]) -> int:
        """Return how many records have a company's name."""
        return 1

    def postcode(self, postcode: str) -> int:
        """Return how many records have a postcode."""
        return 1

    def city(self, city: str) -> int:
        """Return how many records are in a town."""
        return 1

    def namesakes(self, one: Seen, other: Seen) -> float:
        """Return how many records would bear both names by chance."""
        family = any(word in COMMON_FAMILIES for word in (*one.family, *other.family))
        return NAMESAKES[family + any(word in COMMON_GIVEN for word in (*one.given, *other.given))]

    def families(self, one: tuple[str, ...], other: tuple[str, ...]) -> float:
        """Return how many records bear a family's name."""
        return 16.0 if any(word in COMMON_FAMILIES for word in (*one, *other)) else 2.0


EVERYWHERE = Counts()


def _first_letter(seen: Seen) -> str:
    names = seen.given or seen.family or seen.business
    return names[0][0] if names else ""


class FileCounts(Counts):
    """What is counted in one file before it is compared with itself."""

    def __init__(self, records: Iterable[Seen]) -> None:
        emails: dict[str, set[str]] = defaultdict(set)
        phones: dict[str, set[str]] = defaultdict(set)
        houses: dict[str, set[str]] = defaultdict(set)
        self._given: Counter[str] = Counter()
        self._family: Counter[str] = Counter()
        self._company: Counter[tuple[str, ...]] = Counter()
        self._postcode: Counter[str] = Counter()
        self._city: Counter[str] = Counter()
        self._total = 1
        for seen in records:
            letter = _first_letter(seen)
            self._total += 1
            if seen.email:
                emails[seen.email].add(letter)
            for number in seen.phones:
                phones[number].add(letter)
            if seen.number and seen.street:
                houses[house(seen)].add(letter)
            if seen.postcode:
                self._postcode[seen.postcode] += 1
            if seen.city:
                self._city[seen.city] += 1
            if seen.given:
                self._given["".join(seen.given)] += 1
            if seen.family:
                self._family["".join(seen.family)] += 1
            if seen.business:
                self._company[tuple(sorted(seen.business))] += 1
        self._email, self._phone, self._house = (
            {key: len(letters) for key, letters in found.items() if len(letters) > 1}
            for found in (emails, phones, houses)
        )

    def email(self, email: str) -> int:
        return self._email.get(email, 1)

    def phone(self, one: Sequence[str], other: Sequence[str]) -> int:
        return min((self._phone.get(number, 1) for number in one if number in other), default=1)

    def address(self, one: Seen, other: Seen) -> int:
        return max(self._house.get(house(one), 1), self._house.get(house(other), 1))

    def postcode(self, postcode: str) -> int:
        return self._postcode[postcode]

    def city(self, city: str) -> int:
        return self._city[city]

    def company(self, business: tuple[str, ...]) -> int:
        return self._company.get(tuple(sorted(business)), 1)

    def namesakes(self, one: Seen, other: Seen) -> float:
        given = max(self._given["".join(one.given)], self._given["".join(other.given)])
        return given * self.families(one.family, other.family) / self._total

    def families(self, one: tuple[str, ...], other: tuple[str, ...]) -> float:
        return max(self._family["".join(one)], self._family["".join(other)])


def house(seen: Seen) -> str:
    """Return the key of a house: its number, street and town."""
    return f"{seen.number} {''.join(seen.street)} {seen.postcode[:3] or seen.city[:4]}"
