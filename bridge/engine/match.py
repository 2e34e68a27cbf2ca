"""Which records may be the same: normal forms, blocking keys, and a comparison whose parts people can see.

Nothing is ever linked on a score: only equality of the flow's own match fields makes one clear match.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Literal

from connectors.contract import Record, Ref, freeze
from connectors.contract.normal import looks_like_email, normal_email, split_emails

__all__ = [
    "Keys",
    "Match",
    "Part",
    "keys",
    "looks_like_email",
    "match",
    "match_value",
    "normal_email",
    "normal_name",
    "normal_number",
    "normal_phone",
    "split_emails",
]

# Legal forms of Québec, Canada, the United States and some of Europe, as they look without dots and accents.
SUFFIXES = frozenset(
    [
        "inc",
        "incorporated",
        "incorporee",
        "ltd",
        "ltee",
        "limited",
        "limitee",
        "llc",
        "llp",
        "lp",
        "plc",
        "corp",
        "corporation",
        "cie",
        "co",
        "company",
        "compagnie",
        "enr",
        "senc",
        "sencrl",
        "srl",
        "sarl",
        "sas",
        "sa",
        "gmbh",
        "ag",
        "bv",
        "nv",
        "oy",
        "ab",
        "pty",
    ]
)
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


@dataclass(frozen=True, slots=True)
class Keys:
    """Cheap keys under which possible twins are looked up; "" where the record gives none.

    `phone_key` are the digits of the E.164 number without the plus sign.
    """

    email_key: str = ""
    phone_key: str = ""
    name_key: str = ""
    number_key: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing compared. `weight` is what it added to or took from the score; `note`: equal, close, differs."""

    name: str
    left: str
    right: str
    weight: float
    note: Literal["equal", "close", "differs"]


@dataclass(frozen=True, slots=True)
class Match:
    """What a comparison found. `target_id` is the one, or the best of several; `others` are all that come in question.

    "one": equal in every match field, and alone so. "several": more than one is. "maybe": a middling score. "barred":
    equal, but a person said these are never the same.
    """

    kind: Literal["one", "several", "none", "maybe", "barred"]
    target_id: str | None = None
    score: float = 0.0
    parts: tuple[Part, ...] = ()
    others: tuple[str, ...] = ()


NO_MATCH = Match("none")
MAYBE_FROM = 0.5


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


def normal_number(text: str | None) -> str:
    """Return a document number or code without case, spaces and a leading "#"; zeros stay: "007" is not "7"."""
    if not text:
        return ""
    return "".join(unicodedata.normalize("NFKC", text).split()).lstrip("#").casefold()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _country(values: Mapping[str, Any]) -> str:
    address = values.get("address")
    return (address.get("country") or "CA") if isinstance(address, Mapping) else "CA"


def _full_name(values: Mapping[str, Any]) -> str:
    name = values.get("name")
    if name:
        return _text(name)
    parts = f"{_text(values.get('given_name'))} {_text(values.get('family_name'))}".strip()
    return parts or _text(values.get("company"))


def keys(entity: str, values: Mapping[str, Any]) -> Keys:
    """Return the blocking keys of a record from its canonical values. Of several addresses the first counts."""
    email = values.get("email")
    phone = values.get("phone") or values.get("mobile")
    number = values.get("sku" if entity == "product" else "number")
    return Keys(
        _email_key(email) if email else "",
        (normal_phone(_text(phone), _country(values)) or "")[1:] if phone else "",
        normal_name(_full_name(values)),
        normal_number(_text(number)) if number else "",
    )


def _email_key(email: Any) -> str:
    text = _text(email)
    return normal_email(text) or next(iter(split_emails(text)), "")


def match_value(field: str, values: Mapping[str, Any]) -> str:
    """Return a field's value in the form that match fields are compared in; "" when there is none to compare."""
    value = values.get(field)
    if value is None or value == "":
        return ""
    if field == "email":
        return _email_key(value)
    if field in ("phone", "mobile"):
        return normal_phone(_text(value), _country(values)) or ""
    if isinstance(value, Ref):
        return f"{value.resource}:{value.remote_id}"
    if isinstance(value, str):
        return normal_number(value) if field in ("number", "sku") else _folded(value)
    return value.isoformat() if isinstance(value, date) else str(freeze(value))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def match(
    source: Record,
    twins: Sequence[Record],
    match_on: tuple[str, ...],
    never: Collection[str] = frozenset(),
    entity: str = "contact",
) -> Match:
    """Return what `twins` say about `source`: every field of `match_on` equal is a clear match if only one has it.

    Twins the vendor calls gone count only where no living one matches. Contacts without a clear match are scored.
    """
    if not twins:
        return NO_MATCH
    wanted = [match_value(name, source.values) for name in match_on]
    equal: list[Record] = []
    if wanted and all(wanted):
        equal = [twin for twin in twins if [match_value(name, twin.values) for name in match_on] == wanted]
    allowed = [twin for twin in equal if twin.remote_id not in never]
    allowed = [twin for twin in allowed if not twin.gone] or allowed
    if len(allowed) == 1:
        return Match("one", allowed[0].remote_id, 1.0, compare(source, allowed[0]), (allowed[0].remote_id,))
    if allowed:
        scored = sorted(((score(compare(source, twin)), twin.remote_id, twin) for twin in allowed), key=_best_first)
        others = tuple(item[1] for item in scored)
        return Match("several", others[0], scored[0][0], compare(source, scored[0][2]), others)
    if equal:
        return Match("barred", equal[0].remote_id, 1.0, compare(source, equal[0]), tuple(t.remote_id for t in equal))
    return (
        _maybe(source, [t for t in twins if t.remote_id not in never and not t.gone])
        if entity == "contact"
        else NO_MATCH
    )


def _best_first(item: tuple[float, str, Record]) -> tuple[float, str]:
    return -item[0], item[1]


def _maybe(source: Record, twins: Sequence[Record]) -> Match:
    found = []
    for twin in twins:
        parts = compare(source, twin)
        if (points := score(parts)) >= MAYBE_FROM:
            found.append((points, twin.remote_id, parts))
    if not found:
        return NO_MATCH
    found.sort(key=lambda item: (-item[0], item[1]))
    return Match("maybe", found[0][1], found[0][0], found[0][2], tuple(item[1] for item in found))


# What is compared -> added when equal, added when close, added when both are told and differ.
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "email": (0.5, 0.0, -0.25),
    "phone": (0.3, 0.0, -0.05),
    "name": (0.35, 0.15, -0.3),
    "company": (0.15, 0.05, -0.1),
    "address": (0.15, 0.05, -0.05),
    "postcode": (0.1, 0.0, -0.1),
}


def _comparable(values: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return, for each thing compared, its words as told and its normal form."""
    address = values.get("address")
    parts = address if isinstance(address, Mapping) else {}
    email, phone = _text(values.get("email")), _text(values.get("phone") or values.get("mobile"))
    name, company = _full_name(values), _text(values.get("company"))
    line, postcode = _text(parts.get("line1")), _text(parts.get("postcode"))
    return {
        "email": (email, _email_key(email)),
        "phone": (phone, normal_phone(phone, _country(values)) or ""),
        "name": (name, normal_name(name)),
        "company": (company, normal_name(company)),
        "address": (line, normal_name(line)),
        "postcode": (postcode, normal_number(postcode)),
    }


def compare(source: Record, twin: Record) -> tuple[Part, ...]:
    """Return every part that both records tell, with what it weighs."""
    ours, theirs = _comparable(source.values), _comparable(twin.values)
    found = []
    for name, (equal, close, differs) in WEIGHTS.items():
        (left, left_key), (right, right_key) = ours[name], theirs[name]
        if not left_key or not right_key:
            continue
        if left_key == right_key:
            found.append(Part(name, left, right, equal, "equal"))
        elif close and _close(left_key, right_key):
            found.append(Part(name, left, right, close, "close"))
        else:
            found.append(Part(name, left, right, differs, "differs"))
    return tuple(found)


def _close(left: str, right: str) -> bool:
    one, other = set(left.split()), set(right.split())
    if min(len(one), len(other)) > 1 and (one <= other or other <= one):
        return True
    return SequenceMatcher(None, left[:100], right[:100], autojunk=False).ratio() >= 0.86


def score(parts: Sequence[Part]) -> float:
    """Return the sum of the weights, kept between 0 and 1."""
    return round(min(1.0, max(0.0, sum(part.weight for part in parts))), 3)
