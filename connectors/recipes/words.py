"""Sentences for people, with the typography French wants."""

import re

from connectors.contract import Explanation, Text

_BEFORE = re.compile(r" ([:;?!»%])")


def text(en: str, fr: str) -> Text:
    """A sentence in both languages; French written with plain spaces gets its no-break ones."""
    return Text(en, _BEFORE.sub("\u00a0\\1", fr).replace("« ", "«\u00a0"))


def explanation(
    code: str,
    what: tuple[str, str],
    why: tuple[str, str],
    cure: tuple[str, str],
    who: str = "staff",
    can_retry: bool = True,
) -> Explanation:
    """A catalogue entry from pairs of English and French."""
    return Explanation(code, text(*what), text(*why), text(*cure), who, can_retry)
