"""Writing: look before adding, read back after writing. The vendor takes fields it does not know without a word, has no
key against repeats, and its lists do not always show what is there.

Source: ngsalmon/shopmonkey-api-quirks:README.md (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import Api, OutcomeUnknown, Payload, Raw, RecordRejected, SyncError, Write
from connectors.shopmonkey.wire import NOT_FOUND, one, segment, text, written

MARK = "bridge"  # our mark in `metadata`, which the vendor promises to leave alone


def marked(payload: Payload, key: str) -> Payload:
    """The body with our mark, by which a record that was made is known again."""
    return {**payload, "metadata": {**(payload.get("metadata") or {}), MARK: key}}


def is_ours(raw: Mapping[str, Any], key: str) -> bool:
    """Tell whether a record was made by the write with this key."""
    told = raw.get("metadata")
    return isinstance(told, Mapping) and str(told.get(MARK) or "") == key


def create(api: Api, path: str, payload: Payload, key: str, there: tuple[Raw, str] | None) -> Raw:
    """Add a record unless one like it is `there` (with what they share), and return it as it is kept.

    RecordRejected SM-EXISTS where it is another's; SM-NO-ROUTE where the vendor has no way; SM-NOT-TAKEN names what it
    did not keep: then the record is there all the same, and is met by the next reading.
    """
    if there is not None:
        found, by = there
        if is_ours(found, key):
            return found
        name = text(found.get("companyName")) or text(found.get("name")) or person(found) or str(found["id"])
        raise RecordRejected("SM-EXISTS", params={"name": name, "by": by, "id": str(found["id"])}, field=by)
    try:
        made = written(path, lambda: api.post(path, marked(payload, key)))
    except RecordRejected as error:
        raise no_route(error) from None
    if not made.get("id"):
        raise OutcomeUnknown("OUTCOME-UNKNOWN", detail="a record was made without an id")
    return kept(api, path, str(made["id"]), payload)


def update(api: Api, path: str, remote_id: str, payload: Payload) -> Raw:
    """Change a record and return it as it is kept. SM-NOT-TAKEN names what was not."""
    place = f"{path}/{segment(remote_id)}"
    written(place, lambda: api.put(place, payload))
    return kept(api, path, remote_id, payload)


def kept(api: Api, path: str, remote_id: str, payload: Payload) -> Raw:
    """The record as it is now. RecordRejected SM-NOT-TAKEN: fields do not hold what was sent."""
    raw = one(api, f"{path}/{segment(remote_id)}")
    lost = [name for name, value in payload.items() if name != "metadata" and not holds(raw.get(name), value)]
    if lost:
        params = {"fields": ", ".join(lost), "id": remote_id}
        raise RecordRejected("SM-NOT-TAKEN", params=params, field=lost[0], detail=f"kept otherwise: {params['fields']}")
    return raw


def no_route(error: SyncError) -> SyncError:
    """What a refusal of an addition means: a 404 that names no record says that there is no such call."""
    return RecordRejected("SM-NO-ROUTE", params=error.params, detail=error.detail) if error.code == NOT_FOUND else error


def holds(told: Any, sent: Any) -> bool:
    """Tell whether a field holds what was sent: of lists every entry with all its values, numbers by their worth."""
    if isinstance(sent, list):
        mine = told if isinstance(told, list) else []
        return all(any(holds(found, entry) for found in mine) for entry in sent)
    if isinstance(sent, Mapping):
        return isinstance(told, Mapping) and all(holds(told.get(name), value) for name, value in sent.items())
    if isinstance(sent, bool) or isinstance(told, bool):
        return bool(told) is bool(sent)
    if isinstance(sent, int | Decimal) and isinstance(told, int | Decimal):
        return Decimal(told) == Decimal(sent)
    if sent in (None, "") or told in (None, ""):
        return sent in (None, "") and told in (None, "")
    return _alike(str(told)) == _alike(str(sent))


def _alike(value: str) -> str:
    """A text as it is compared: vendors write addresses small and numbers without blanks."""
    plain = " ".join(value.split()).casefold()
    digits = "".join(mark for mark in plain if mark.isdigit() or mark == "+")
    return digits if len(digits) > 6 and not any(mark.isalpha() for mark in plain) else plain


def person(raw: Mapping[str, Any]) -> str | None:
    """A person's name."""
    return " ".join(part for part in (text(raw.get("firstName")), text(raw.get("lastName"))) if part) or None


def shown(raw: Raw, payload: Payload) -> Raw | None:
    """The record if it holds all that was sent."""
    return raw if all(holds(raw.get(name), value) for name, value in payload.items() if name != "metadata") else None


def adopted(found: tuple[Raw, str] | None, write: Write) -> Raw | None:
    """What a lost addition made: a record with our mark, or one that holds all that was sent."""
    if found is None:
        return None
    return found[0] if is_ours(found[0], write.key) else shown(found[0], write.payload)
