"""Words for people, in both languages, without a framework."""

import re
from dataclasses import dataclass
from functools import lru_cache

_BEFORE = re.compile(r" ([:;?!»%$])|(?<=\w)(;)(?= )")


@lru_cache(maxsize=4096)
def _spaced(words: str) -> str:
    """Return French words with the no-break spaces its marks ask for."""
    return _BEFORE.sub(lambda found: "\u00a0" + (found[1] or found[2]), words).replace("« ", "«\u00a0")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in English and in French (Québec). `{name}` marks are filled by `say`."""

    en: str
    fr: str

    def say(self, language: str, **values: object) -> str:
        """Return the words in `language` ("fr", "fr-ca", "en"…), marks filled; an unknown mark stays as it is."""
        words = _spaced(self.fr) if language.lower().startswith("fr") else self.en
        for name, value in values.items():
            words = words.replace("{" + name + "}", str(value))
        return words
