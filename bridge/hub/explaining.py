"""One entry of a catalogue, from its sentences in English and in French."""

from connectors.contract import Explanation, Text


def entry(
    code: str, en: tuple[str, str, str], fr: tuple[str, str, str], who: str = "staff", can_retry: bool = True
) -> Explanation:
    """Return an entry; `en` and `fr` are each: what happened, why, what to do."""
    what, why, cure = (Text(one, other) for one, other in zip(en, fr, strict=True))
    return Explanation(code, what, why, cure, who, can_retry)
