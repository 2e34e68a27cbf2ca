"""Addresses: one line for the street, and a country by name, where ours have two lines and two letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.contract import Raw
from connectors.hubspot.wire import text, told, value_of, words

PARTS = (("city", "city"), ("region", "state"), ("postcode", "zip"))
NAMES = ("address", "city", "state", "zip", "country")
# Words a second line begins with; anything else after a comma belongs to the street.
_UNIT_WORDS = r"suite|ste|unit|unité|apt|app|appartement|bureau|bur|local|floor|étage|room|po box|p\.o\.|c\.?p\.?"
_UNIT = re.compile(rf",\s+(?=(?:{_UNIT_WORDS})\b|#)", re.IGNORECASE)
# What people write, in English and in French, and the name that is written.
_COUNTRIES = {
    "CA": ("Canada",),
    "US": ("United States", "United States of America", "USA", "U.S.A.", "U.S.", "États-Unis", "Etats-Unis"),
    "FR": ("France",),
    "GB": ("United Kingdom", "Great Britain", "UK", "England", "Scotland", "Wales", "Royaume-Uni"),
    "MX": ("Mexico", "México", "Mexique"),
    "AU": ("Australia", "Australie"),
    "NZ": ("New Zealand", "Nouvelle-Zélande"),
    "IE": ("Ireland", "Irlande"),
    "DE": ("Germany", "Deutschland", "Allemagne"),
    "BE": ("Belgium", "Belgique"),
    "CH": ("Switzerland", "Suisse"),
    "ES": ("Spain", "Espagne"),
    "IT": ("Italy", "Italie"),
    "PT": ("Portugal",),
    "NL": ("Netherlands", "Pays-Bas"),
    "LU": ("Luxembourg",),
    "AT": ("Austria", "Autriche"),
    "DK": ("Denmark", "Danemark"),
    "SE": ("Sweden", "Suède"),
    "NO": ("Norway", "Norvège"),
    "FI": ("Finland", "Finlande"),
    "PL": ("Poland", "Pologne"),
    "IN": ("India", "Inde"),
    "CN": ("China", "Chine"),
    "JP": ("Japan", "Japon"),
    "BR": ("Brazil", "Brésil"),
    "HT": ("Haiti", "Haïti"),
    "MA": ("Morocco", "Maroc"),
    "DZ": ("Algeria", "Algérie"),
    "TN": ("Tunisia", "Tunisie"),
    "SN": ("Senegal", "Sénégal"),
    "CI": ("Côte d’Ivoire", "Côte d'Ivoire", "Ivory Coast"),
    "ZA": ("South Africa", "Afrique du Sud"),
    "SG": ("Singapore", "Singapour"),
    "AE": ("United Arab Emirates", "Émirats arabes unis"),
}
_BY_NAME = {name.lower(): code for code, names in _COUNTRIES.items() for name in names}


def country_code(written: Any) -> str | None:
    """Two letters; a country we do not know stays as it is written."""
    word = text(written)
    if word is None:
        return None
    found = _BY_NAME.get(word.strip().lower())
    return found or (word.strip().upper() if len(word.strip()) == 2 else word)


def country_name(code: Any) -> str:
    """The name the vendor's people see."""
    word = words(code)
    return _COUNTRIES.get(word.upper(), (word,))[0]


def read_address(raw: Raw) -> tuple[bool, dict[str, str | None] | None]:
    """Whether a contact tells an address, and the address (None: empty)."""
    if not any(told(raw, name)[0] for name in NAMES):
        return False, None
    line1, *rest = _UNIT.split(text(value_of(raw, "address")) or "", maxsplit=1)
    found = {
        "line1": text(line1),
        "line2": text(rest[0]) if rest else None,
        **{ours: text(value_of(raw, theirs)) for ours, theirs in PARTS},
        "country": country_code(value_of(raw, "country")),
    }
    return True, found if any(found.values()) else None


def write_address(address: Mapping[str, Any] | None) -> dict[str, str]:
    """All parts, so that none of an older address stays."""
    told_parts = address or {}
    lines = [words(told_parts.get(name)) for name in ("line1", "line2")]
    return {
        "address": ", ".join(line for line in lines if line),
        **{theirs: words(told_parts.get(ours)) for ours, theirs in PARTS},
        "country": country_name(told_parts.get("country")),
    }
