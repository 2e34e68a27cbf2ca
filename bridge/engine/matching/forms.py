"""One normal form for names, numbers and phones that people write in many ways."""

import re
import unicodedata
from functools import lru_cache

from bridge.engine.matching.words import SUFFIXES

# Country -> calling code, the prefix dialled inside the country, shortest and longest national number.
_CALLING = {
    "CA": ("1", "1", 10, 10),
    "US": ("1", "1", 10, 10),
    "FR": ("33", "0", 9, 9),
    "BE": ("32", "0", 8, 9),
    "CH": ("41", "0", 9, 9),
    "GB": ("44", "0", 9, 10),
    "DE": ("49", "0", 6, 11),
    "ES": ("34", "", 9, 9),
    "IT": ("39", "", 6, 11),
    "MX": ("52", "01", 10, 10),
    "AU": ("61", "0", 9, 9),
}
_EXTENSION = re.compile(r"(?:\b(?:ext|extension|poste|x)|#)\s*[.:]?\s*\d{1,6}\s*\Z", re.IGNORECASE)


def _name_table() -> dict[int, str | None]:
    """Return what `str.translate` needs to drop case, dots and apostrophes and to turn other marks into spaces."""
    table: dict[int, str | None] = {}
    for code in range(0x3000):
        letter = chr(code)
        category = unicodedata.category(letter)
        if letter in ".'’`´ʼ" or category in ("Mn", "Cf"):
            table[code] = None
        elif category[0] not in "LN":
            table[code] = " "
        elif letter != letter.lower():
            table[code] = letter.lower()
    return table | {
        ord("œ"): "oe",
        ord("Œ"): "oe",
        ord("æ"): "ae",
        ord("Æ"): "ae",
        ord("ß"): "ss",
        ord("ø"): "o",
        ord("Ø"): "o",
    }


_NAME = _name_table()


@lru_cache(maxsize=8192)
def _phone(text: str, country: str) -> str | None:
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = _EXTENSION.sub("", plain.strip())
    digits = re.sub(r"[^0-9]", "", plain)
    abroad = plain.startswith(("+", "(+"))
    if not abroad and digits.startswith("00"):
        digits, abroad = digits[2:], True
    elif not abroad and digits.startswith("011") and len(digits) > 11:
        digits, abroad = digits[3:], True
    if abroad:
        return _abroad(digits)
    code, trunk, shortest, longest = _CALLING.get(country, _CALLING["CA"])
    if trunk and digits.startswith(trunk) and len(digits) > shortest:
        digits = digits[len(trunk) :]
    if not shortest <= len(digits) <= longest or (code == "1" and digits[0] in "01"):
        return None
    return f"+{code}{digits}"


def _abroad(digits: str) -> str | None:
    # +33 (0)1 … is written often and dialled never.
    for code, trunk, _, longest in _CALLING.values():
        if trunk == "0" and digits.startswith(code + "0") and len(digits) > len(code) + longest:
            digits = code + digits[len(code) + 1 :]
    if digits.startswith("1") and len(digits) != 11:
        return None
    return f"+{digits}" if 7 <= len(digits) <= 15 else None


def normal_phone(text: str | None, country: str = "CA") -> str | None:
    """Return a phone number as E.164 ("+15145550123"), extension dropped; None where it is no whole number.

    `country` (two letters) is where a number without a country code is dialled; unknown ones count as North America.
    """
    return _phone(text, country) if text and len(text) <= 60 else None


def normal_name(text: str | None) -> str:
    """Return a name without case, accents, marks and legal forms, its words sorted: "Ève Roy inc." is "eve roy"."""
    if not text:
        return ""
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text[:500])
    words = plain[:500].translate(_NAME).split()
    kept = [word for word in words if word not in SUFFIXES] or words
    if len(kept) > 1:
        kept.sort()
    return " ".join(kept)


def words(text: str | None) -> list[str]:
    """Return a text's words in their order, without case, accents and marks; legal forms stay."""
    if not text:
        return []
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text[:500])
    return plain[:500].translate(_NAME).split()


def normal_number(text: str | None) -> str:
    """Return a document number or code without case, spaces and a leading "#"; zeros stay: "007" is not "7"."""
    if not text:
        return ""
    return "".join(unicodedata.normalize("NFKC", text).split()).lstrip("#").casefold()


_SOUNDS = (
    (re.compile("ph"), "f"), (re.compile("(?:qu|q|ck|ch(?=[rl]))"), "k"), (re.compile("c(?=[eiy])"), "s"),
    (re.compile("sch|sh|ch"), "j"), (re.compile("g(?=[eiy])"), "j"), (re.compile("gn|gh"), "n"), (re.compile("c"), "k"),
    (re.compile("th"), "t"), (re.compile("^mac|^mc"), "mk"), (re.compile("w"), "v"), (re.compile("z"), "s"),
    (re.compile("x"), "ks"), (re.compile("[hy]"), ""),
)  # fmt: skip
_MUTE = re.compile("(?:eaux|eault|ault|eau|aux|aud|au|ets|et|ez|es|e|s|t|d|x|p)+$")


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """Return how a word sounds, roughly, in French or in English: its first sound and the consonants that follow."""
    plain = word
    if len(plain) > 3:
        plain = _MUTE.sub("", plain) or plain
    for pattern, letters in _SOUNDS:
        plain = pattern.sub(letters, plain)
    if not plain:
        return word[:1]
    first = "a" if plain[0] in "aeiou" else plain[0]
    kept = [first]
    for letter in plain[1:]:
        if letter not in "aeiou" and letter != kept[-1]:
            kept.append(letter)
    return "".join(kept)
