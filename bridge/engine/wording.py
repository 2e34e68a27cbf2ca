"""How sentences for people are made: English and French side by side, French set as Québec sets it."""

import re

from connectors.contract import Explanation, Text

_BEFORE = re.compile(r" ([:;?!»%])")

Pair = tuple[str, str]  # English, French


def french(words: str) -> str:
    """Return French with the no-break spaces its punctuation wants."""
    return _BEFORE.sub("\u00a0\\1", words).replace("« ", "«\u00a0")


def text(pair: Pair) -> Text:
    """Return both languages as one text."""
    return Text(pair[0], french(pair[1]))


def explain(code: str, what: Pair, why: Pair, cure: Pair, who: str = "staff", can_retry: bool = True) -> Explanation:
    """Return a code with what happened, why, and what to do."""
    return Explanation(code, text(what), text(why), text(cure), who, can_retry)
