"""Invented people and companies, the same for every stand-in, so that the worlds of different vendors overlap.

Nobody here exists: addresses end in the reserved `.example`, phone numbers are of the 555-01xx range kept for fiction.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from functools import cache

SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person and the company they answer for ("" for private customers); e-mail "" means none is known."""

    key: str
    given_name: str
    family_name: str
    company: str
    email: str
    phone: str
    street: str
    city: str
    region: str
    postcode: str
    country: str
    language: str


# fmt: off
_FRENCH_GIVEN = (
    "Émilie", "Zoé", "François", "Hélène", "Benoît", "Gaëlle", "Loïc", "Noémie", "Théo", "Céline", "Étienne",
    "Mélanie", "Jérôme", "Anaïs", "Rémi", "Chloé", "Cédric", "Léa", "Raphaël", "Maëlle", "Gérard", "Josée",
    "Mathieu", "Amélie", "Frédéric", "Solène", "Hervé", "Océane", "Stéphane", "Valérie", "Maxime", "Élodie",
    "Yannick", "Thérèse", "Clément", "Geneviève", "Marc-André", "Marie-Ève", "Jean-Sébastien", "Anne-Sophie",
)
_ENGLISH_GIVEN = (
    "Oliver", "Maeve", "Graham", "Priya", "Fiona", "Wesley", "Harriet", "Dylan", "Siobhan", "Marcus", "Tessa",
    "Owen", "Beatrice", "Callum", "Nadia", "Rupert", "Ingrid", "Desmond", "Paige", "Winston",
)
_FRENCH_FAMILY = (
    "Bellerive", "Beauséjour", "Côté-Dubois", "L'Heureux", "D'Amours", "Lacombe", "Boisjoli", "Grandmaître",
    "Châtelain", "Desrosiers", "Sansoucy", "Bélanger-Roy", "Fontainebleue", "Lafrenière", "Monfette", "Pépinville",
    "Quenneville", "Rivesaltes", "Saint-Fictif", "Têtreault-Pin", "Vadeboncœur", "Brisebois", "Lespérance",
    "Courtemanche", "Bonenfant", "Larivée", "Prud'Homme", "Sauvé", "Tranchemontagne", "Vaillancourt-Île",
)
_ENGLISH_FAMILY = (
    "O'Fancy", "Merriweather", "Ashgrove", "Fairbairn", "Hollowell", "Kingsbrook", "McMadeup", "Pennywhistle",
    "Quillfeather", "Ravenscroft", "Thistledown", "Underhay", "Westerhope", "Yarrow", "Zimmerfield",
)
# fmt: on
_TRADES = (
    ("Ébénisterie", "inc."),
    ("Boulangerie", "enr."),
    ("Quincaillerie", "ltée"),
    ("Atelier vélo", "inc."),
    ("Fromagerie", "senc"),
    ("Plomberie", "inc."),
    ("Librairie", "enr."),
    ("Garage", "ltée"),
    ("Auberge", "inc."),
    ("Pépinière", "enr."),
    ("Clinique vétérinaire", "inc."),
    ("Traiteur", "inc."),
)
_PLACES = (
    "du Lac-Imaginaire",
    "de la Butte-Rêvée",
    "des Deux-Rives fictives",
    "du Vieux-Port inventé",
    "de l'Érable bleu",
    "du Phare-Perdu",
    "de la Côte-Nulle-Part",
    "des Aurores",
    "du Hibou & Fils",
    "Saint-Exemple",
)
_CITIES = (
    ("Montréal", "H2X", "514"),
    ("Québec", "G1K", "418"),
    ("Trois-Rivières", "G9A", "819"),
    ("Saint-Jérôme", "J7Z", "450"),
    ("Lévis", "G6V", "581"),
    ("Sherbrooke", "J1H", "873"),
    ("Gatineau", "J8X", "367"),
    ("Rivière-du-Loup", "G5R", "438"),
)
_STREETS = (
    "rue Inventée",
    "avenue des Exemples",
    "chemin du Modèle",
    "boulevard Fictif",
    "rang de l'Épinette-Rose",
    "côte de la Démo",
)
_US_PLACES = (("Springvale", "VT", "05099"), ("Fairmock", "NH", "03499"), ("Lake Sample", "NY", "12099"))
_LETTERS = "ABCEGHJKLMNPRSTVWXYZ"

_PRIVATE_SHARE = 0.62
_PEOPLE = 284
_US_PEOPLE = 64


def plain(text: str) -> str:
    """Lower-case letters and digits only, accents taken off: for addresses."""
    spread = unicodedata.normalize("NFKD", text.replace("œ", "oe"))
    return "".join(letter for letter in spread.lower() if letter.isascii() and letter.isalnum())


@cache
def people() -> tuple[Person, ...]:
    """Québec people, French and English: the first ones are the same however many a world takes.

    One in twelve has no e-mail; every 23rd shares the address of the one before (a couple, a common bookkeeper).
    """
    dice = random.Random(SEED)  # noqa: S311 - invention, not secrecy
    found: list[Person] = []
    names = _names(dice, _PEOPLE)
    companies = _companies(dice)
    for at, (given, family, language) in enumerate(names):
        company = "" if dice.random() < _PRIVATE_SHARE or not companies else companies.pop()
        city, sector, area = _CITIES[at % len(_CITIES)]
        email = f"{plain(given)}.{plain(family)}@courriel.example"
        if company:
            email = f"{plain(given)}@{plain(company)[:30]}.example"
        if at % 12 == 7:
            email = ""
        elif at % 23 == 22 and found:
            email = found[-1].email
        found.append(
            Person(
                key=f"p{at + 1:03d}",
                given_name=given,
                family_name=family,
                company=company,
                email=email,
                phone=f"{area} 555-01{at // len(_CITIES):02d}",
                street=f"{dice.randrange(1, 9900)}, {dice.choice(_STREETS)}",
                city=city,
                region="QC",
                postcode=f"{sector} {dice.randrange(10)}{dice.choice(_LETTERS)}{dice.randrange(10)}",
                country="CA",
                language=language,
            )
        )
    return tuple(found)


@cache
def us_people() -> tuple[Person, ...]:
    """English-speaking people of invented towns, for the company that keeps its books in US dollars."""
    dice = random.Random(SEED + 1)  # noqa: S311 - invention, not secrecy
    found: list[Person] = []
    for at in range(_US_PEOPLE):
        given = _ENGLISH_GIVEN[at % len(_ENGLISH_GIVEN)]
        family = _ENGLISH_FAMILY[(at * 7 + at // 15) % len(_ENGLISH_FAMILY)]
        town, state, postcode = _US_PLACES[at % len(_US_PLACES)]
        company = f"{family} {dice.choice(('Gardens', 'Outfitters', 'Bakery', 'Hardware'))} LLC" if at % 3 == 0 else ""
        found.append(
            Person(
                key=f"u{at + 1:03d}",
                given_name=given,
                family_name=family,
                company=company,
                email="" if at % 12 == 7 else f"{plain(given)}.{plain(family)}{at}@mail.example",
                phone=f"802 555-01{at:02d}",
                street=f"{dice.randrange(1, 990)} Madeup Lane",
                city=town,
                region=state,
                postcode=postcode,
                country="US",
                language="en",
            )
        )
    return tuple(found)


def _names(dice: random.Random, count: int) -> list[tuple[str, str, str]]:
    """Distinct given and family names, four French for one English, with the language."""
    french = [(given, family, "fr") for given in _FRENCH_GIVEN for family in _FRENCH_FAMILY]
    english = [(given, family, "en") for given in _ENGLISH_GIVEN for family in _ENGLISH_FAMILY]
    dice.shuffle(french)
    dice.shuffle(english)
    return [english.pop() if at % 5 == 4 else french.pop() for at in range(count)]


def _companies(dice: random.Random) -> list[str]:
    found = [f"{trade} {place} {form}" for trade, form in _TRADES for place in _PLACES]
    dice.shuffle(found)
    return found
