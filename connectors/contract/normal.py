"""One normal form for e-mail addresses, shared by the engine and the recipes."""

import re
import unicodedata
from functools import lru_cache

# Invisible marks people paste along with an address, and the separators they put between two.
_INVISIBLE = dict.fromkeys((173, 8203, 8204, 8205, 8206, 8207, 8288, 65279, 0))
_BETWEEN = re.compile(r"[\s,;|<>()\[\]\"]+")
_LOCAL = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x1f]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}\Z")
_PLAIN = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9][a-z0-9-]*\.)+[a-z]{2,}\Z")


def looks_like_email(text: str | None) -> bool:
    """Tell whether `text`, once trimmed, is one address a mail system could take. It says nothing of a mailbox."""
    return normal_email(text) is not None


def normal_email(text: str | None) -> str | None:
    """Return the single address in `text`, trimmed and in lower case; None when there is none, several, or no address.

    Plus signs and dots stay: two such addresses may be two people.
    """
    return _normal(text) if text and len(text) <= 500 else None


@lru_cache(maxsize=4096)
def _normal(text: str) -> str | None:
    plain = text.strip().lower()
    if len(plain) > 254:
        return None
    if _PLAIN.match(plain) and "-." not in plain:
        local, _, domain = plain.partition("@")
        return plain if len(local) <= 64 and max(map(len, domain.split("."))) <= 63 else None
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).strip().lower()
    local, at, domain = plain.rpartition("@")
    if not at or len(plain) > 254 or local[:1] == "." or local[-1:] == "." or ".." in plain:
        return None
    return plain if _LOCAL.match(local) and _DOMAIN.match(domain) and "-." not in domain else None


def split_emails(text: str | None) -> list[str]:
    """Return every address in `text`, normalised, each once, in the order given; what is no address is left out."""
    if not text:
        return []
    whole = normal_email(text)
    if whole:
        return [whole]
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
    if plain.count("@") > 1:
        plain = plain.replace("/", " ")
    found = (normal_email(part.strip(".:'").removeprefix("mailto:")) for part in _BETWEEN.split(plain) if "@" in part)
    return list(dict.fromkeys(item for item in found if item))
