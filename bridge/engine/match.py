"""Which records may be the same: normal forms, blocking keys, and a comparison whose parts people can see.

Nothing is ever linked on a score: only equality of the flow's own match fields makes one clear match. The scorer
itself is `bridge.engine.matching`, the same for two records here and for a whole spreadsheet.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from bridge.engine.matching.forms import normal_name, normal_number, normal_phone
from bridge.engine.matching.pairs import ASK_FROM
from bridge.engine.matching.scoring import Part, name_of, parts_of, score
from bridge.engine.matching.seen import Seen, country_of, email_of, seen, text_of
from connectors.contract import Record, Ref, freeze
from connectors.contract.normal import looks_like_email, normal_email, split_emails

__all__ = [
    "Keys",
    "Match",
    "Part",
    "compare",
    "keys",
    "looks_like_email",
    "match",
    "match_value",
    "normal_email",
    "normal_name",
    "normal_number",
    "normal_phone",
    "score",
    "split_emails",
]


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
MAYBE_FROM = ASK_FROM


def keys(entity: str, values: Mapping[str, Any]) -> Keys:
    """Return the blocking keys of a record from its canonical values. Of several addresses the first counts."""
    email = values.get("email")
    phone = values.get("phone") or values.get("mobile")
    number = values.get("sku" if entity == "product" else "number")
    return Keys(
        email_of(email) if email else "",
        (normal_phone(text_of(phone), country_of(values)) or "")[1:] if phone else "",
        normal_name(name_of(values)),
        normal_number(text_of(number)) if number else "",
    )


def match_value(field: str, values: Mapping[str, Any]) -> str:
    """Return a field's value in the form that match fields are compared in; "" when there is none to compare."""
    value = values.get(field)
    if value is None or value == "":
        return ""
    if field == "email":
        return email_of(value)
    if field in ("phone", "mobile"):
        return normal_phone(text_of(value), country_of(values)) or ""
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
        equal = [twin for twin in twins if all(_has(twin, *item) for item in zip(match_on, wanted, strict=True))]
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


def _has(record: Record, field: str, wanted: str) -> bool:
    """Tell whether a record has this value; of several e-mail addresses any one counts."""
    if match_value(field, record.values) == wanted:
        return True
    return field == "email" and any(email_of(other) == wanted for other in record.values.get("other_emails") or ())


def _best_first(item: tuple[float, str, Record]) -> tuple[float, str]:
    return -item[0], item[1]


def _maybe(source: Record, twins: Sequence[Record]) -> Match:
    found = []
    ours = seen(source.values)
    for twin in twins:
        parts = _compared(ours, source, twin)
        if (points := score(parts)) >= MAYBE_FROM:
            found.append((points, twin.remote_id, parts))
    if not found:
        return NO_MATCH
    found.sort(key=lambda item: (-item[0], item[1]))
    return Match("maybe", found[0][1], found[0][0], found[0][2], tuple(item[1] for item in found))


def compare(source: Record, twin: Record) -> tuple[Part, ...]:
    """Return every part that both records tell, with what it weighs; their sum, cut to 0..1, is the score.

    Mirrored when the two change places. How common a name is comes from a short list of common names: there is no
    file to count in.
    """
    return _compared(seen(source.values), source, twin)


def _compared(ours: Seen, source: Record, twin: Record) -> tuple[Part, ...]:
    return parts_of(ours, seen(twin.values), source.values, twin.values)
