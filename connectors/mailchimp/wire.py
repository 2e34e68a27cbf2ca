"""Small helpers shared by the resources: names of members, amounts, references, times on the wire."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from connectors.contract import RecordRejected, Ref, SettingInvalid

TEXT_BYTES = 255


def member_hash(email: str) -> str:
    """The name of a member in paths: MD5 of the trimmed, lower-cased address. A name, not a secret.

    Source: https://mailchimp.com/developer/marketing/docs/methods-parameters/, read 2026-11-21.
    """
    return hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def segment(value: str) -> str:
    """One part of a path, percent-encoded."""
    return quote(value, safe="")


def setting(context: Mapping[str, str], key: str) -> str:
    """A value the setup must have given; SettingInvalid when it is missing."""
    found = context.get(key, "")
    if not found:
        raise SettingInvalid("MC-SETTING-MISSING", params={"setting": key}, field=key)
    return found


def cut(text: str, most_bytes: int = TEXT_BYTES) -> str:
    """Text shortened to what a field of the vendor takes, never in the middle of a character."""
    data = text.strip().encode()
    return text.strip() if len(data) <= most_bytes else data[:most_bytes].decode(errors="ignore").rstrip()


def words(value: Any) -> str:
    """Text on its way out: blank clears a field, None is refused by this vendor."""
    return "" if value is None else cut(str(value))


def filled(value: Any) -> str | None:
    """Text on its way in: blank means empty here."""
    return str(value) if value not in (None, "") else None


def amount(value: Any) -> Decimal:
    """An exact amount, from a decimal, a whole number or their text."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise RecordRejected("MC-AMOUNT", params={"value": str(value)[:40]}) from None
    if not found.is_finite():
        raise RecordRejected("MC-AMOUNT", params={"value": str(value)[:40]})
    return found


def maybe_amount(value: Any) -> Decimal | None:
    """An amount that may be empty."""
    return None if value in (None, "") else amount(value)


def reference_id(value: Any) -> str | None:
    """The remote id of a `Ref`, live or frozen to JSON; None when there is none."""
    if isinstance(value, Ref):
        return value.remote_id
    if isinstance(value, Mapping) and value.get("id"):
        return str(value["id"])
    return None


def source_of(values: Mapping[str, Any], context: Mapping[str, str]) -> tuple[str, str]:
    """(resource, id) of the record a write comes from; we make ids of ours out of it.

    It is the `Ref` under `source` in the values, or `source_resource` and `source_id` of the context.
    """
    told = values.get("source")
    if isinstance(told, Ref):
        return told.resource, told.remote_id
    if isinstance(told, Mapping):
        return str(told.get("resource", "")), setting({"source_id": str(told.get("id") or "")}, "source_id")
    return setting(context, "source_resource"), setting(context, "source_id")


def shows(raw: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Tell whether a document already says what a payload's plain values want; lists and objects are not looked at."""
    for name, wanted in payload.items():
        if isinstance(wanted, list | Mapping):
            continue
        have = raw.get(name)
        if isinstance(wanted, Decimal) or isinstance(have, Decimal):
            if maybe_amount(have) != maybe_amount(wanted):
                return False
        elif (have or None) != (wanted or None):
            return False
    return True


def moment(value: Any) -> str:
    """A date or an instant as ISO 8601 with an offset; a date is noon UTC, the same day from Vancouver to Paris."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}T12:00:00+00:00"
    text = str(value)
    return f"{text}T12:00:00+00:00" if len(text) == 10 else text


def day(value: Any) -> date | None:
    """The day of a time the vendor keeps; unset is empty text."""
    return datetime.fromisoformat(str(value)).astimezone(UTC).date() if value else None
