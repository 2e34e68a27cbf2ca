"""Words of vendors without secrets in them."""

import re

REMOVED = "[removed]"

_NAMED = re.compile(
    r"""(?ix)
    ( ["']? \b
      (?: [\w-]* (?: token | secret | password | passwd | api[_-]?key | signature | authorization ) | code_verifier )
      ["']? (?: \s+ \w+ )? \s* [:=] \s* ["']? (?: (?:bearer|basic) \s+ )? )
    [^\s"'&,;})\]]+
    """
)
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[\w\-.~+/]{8,}=*")
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*){0,3}")
_USERINFO = re.compile(r"(?i)(https?://)[^/\s@]+@")
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_LONG = re.compile(r"[\w+/=~-]{32,}")
_UUID = re.compile(r"(?i)\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def redact(text: str) -> str:
    """Return `text` with tokens, keys, passwords, card-like numbers and long opaque strings taken out."""
    text = _TOKEN.sub(REMOVED, text)
    text = _NAMED.sub(lambda match: match.group(1) + REMOVED, text)
    text = _SCHEME.sub(lambda match: f"{match.group(1)} {REMOVED}", text)
    text = _USERINFO.sub(lambda match: match.group(1) + REMOVED + "@", text)
    text = _CARD.sub(lambda match: REMOVED if _is_card(match.group()) else match.group(), text)
    return _LONG.sub(lambda match: REMOVED if _is_opaque(match.group()) else match.group(), text)


def _is_opaque(word: str) -> bool:
    if _UUID.match(word):
        return False
    return any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)


def _is_card(word: str) -> bool:
    """Luhn's check, so that account ids and amounts stay readable."""
    digits = [int(letter) for letter in reversed(word) if letter.isdigit()]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return len(digits) >= 13 and (sum(digits[::2]) + sum(doubled)) % 10 == 0
