"""Webhooks: signed lists of up to a hundred hints, in any order, for all accounts of the app, and repeated at will.

What is signed holds method, address, body and time, with the app's client secret as the key. Older signatures hold no
time, so a copy of an old delivery would pass: they are not taken. The address is the one the vendor called, which only
we know behind a proxy: whoever receives a delivery puts it, with the method, among the headers under `ADDRESS` and
`METHOD` (names no client can send).

Our own writes come back too and are dropped by their source. Many events of one record in a delivery are one.
Sources: https://developers.hubspot.com/docs/api-reference/2026-03/webhooks/guide, …/authentication/request-validation,
read 2026-11-21.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.contract import ContractBroken, Event, Webhooks

ADDRESS, METHOD = ":address", ":method"
SIGNATURE, TIME = "x-hubspot-signature-v3", "x-hubspot-request-timestamp"
TOLERANCE = 300_000  # milliseconds

# What is decoded in an address before it is signed, and nothing else.
_DECODED = {
    "3A": ":", "2F": "/", "3F": "?", "40": "@", "21": "!", "24": "$", "27": "'", "28": "(", "29": ")", "2A": "*",
    "2C": ",", "3B": ";",
}  # fmt: skip
_CODE = re.compile(r"%([0-9A-Fa-f]{2})")

RESOURCES = {
    "0-1": "contacts",
    "0-3": "deals",
    "0-7": "products",
    "0-53": "invoices",
    "0-101": "payments",
    "contact": "contacts",
    "deal": "deals",
    "product": "products",
}
_KINDS = {
    "creation": "created",
    "propertyChange": "updated",
    "restore": "restored",
    # What was archived can still be read, and says so itself.
    "deletion": "archived",
    "privacyDeletion": "deleted",
}
# Of a link that changed, the record to read again: the one that names the other.
_ORDER = ("deals", "payments", "invoices", "contacts", "products")


def signed_address(address: str) -> str:
    """The address as it is signed."""
    return _CODE.sub(lambda found: _DECODED.get(found.group(1).upper(), found.group(0)), address)


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether the raw bytes were signed, for this address and not long ago, with one of `secrets`."""
    stamp = headers.get(TIME, "")
    address, method = headers.get(ADDRESS, ""), headers.get(METHOD, "POST")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 16) or not address:
        return False
    if abs(int(now.timestamp() * 1000) - int(stamp)) > TOLERANCE:
        return False
    given = headers.get(SIGNATURE, "").encode("utf-8", "replace")
    message = f"{method}{signed_address(address)}".encode() + body + stamp.encode()
    proven = False
    for secret in secrets:
        made = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())
        proven |= bool(secret) and hmac.compare_digest(made, given)
    return proven


def parse(body: bytes, headers: Mapping[str, str]) -> list[Event]:
    """The events of a delivery, one for each record and kind of change; kinds we do not know have `resource` None."""
    try:
        rows = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ContractBroken("HS-WEBHOOK", detail="no JSON") from None
    if not isinstance(rows, list):
        raise ContractBroken("HS-WEBHOOK", detail="no list")
    found: dict[tuple[str, str | None, str, str], Event] = {}
    for row in rows:
        if not isinstance(row, dict) or _is_ours(row):
            continue
        for event in _events(row):
            key = (event.account_id, event.resource, event.remote_id, event.kind)
            kept = found.get(key)
            # Whatever the order they came in, the same one stands for them all: a repeat is known again.
            if event.resource is None or kept is None or _later(event, kept):
                found[key if event.resource else (*key[:3], event.unique_id)] = event
    return list(found.values())


def _later(one: Event, other: Event) -> bool:
    ends = [(event.at or datetime.min.replace(tzinfo=UTC), event.unique_id) for event in (one, other)]
    return ends[0] > ends[1]


def _is_ours(row: Mapping[str, Any]) -> bool:
    """Whether this is what we wrote ourselves."""
    source, app = str(row.get("sourceId") or ""), str(row.get("appId") or "")
    return bool(app) and source == app and row.get("changeSource") in ("API", "INTEGRATION")


def _events(row: Mapping[str, Any]) -> Iterator[Event]:
    subject, _, verb = str(row.get("subscriptionType") or "").partition(".")
    if verb == "merge":
        yield from _merge(row, subject)
    elif verb == "associationChange":
        yield _link(row, subject)
    else:
        resource = RESOURCES.get(str(row.get("objectTypeId") or subject)) if verb in _KINDS else None
        yield _event(row, resource, row.get("objectId"), _KINDS.get(verb, verb or "unknown"))


def _merge(row: Mapping[str, Any], subject: str) -> Iterator[Event]:
    """The survivor, and those that went into it: each of these answers with the survivor when it is read."""
    resource = RESOURCES.get(str(row.get("objectTypeId") or subject))
    survivor = row.get("newObjectId") or row.get("primaryObjectId") or row.get("objectId")
    gone = [row.get("primaryObjectId"), *(row.get("mergedObjectIds") or ())]
    yield _event(row, resource, survivor, "updated")
    for old in dict.fromkeys(str(item) for item in gone if item):
        if old != str(survivor):
            yield _event(row, resource, old, "archived")


def _link(row: Mapping[str, Any], subject: str) -> Event:
    ends = []
    for side in ("from", "to"):
        resource = RESOURCES.get(str(row.get(f"{side}ObjectTypeId") or ""))
        if resource:
            ends.append((resource, row.get(f"{side}ObjectId")))
    ends.sort(key=lambda end: _ORDER.index(end[0]))
    resource, remote_id = ends[0] if ends else (None, row.get("fromObjectId") or row.get("objectId"))
    return _event(row, resource, remote_id, "updated")


def _event(row: Mapping[str, Any], resource: str | None, remote_id: Any, kind: str) -> Event:
    names = ("portalId", "subscriptionType", "objectId", "eventId", "occurredAt")
    told = [str(row.get(name) or "") for name in names]
    digest = hashlib.sha256("\n".join([*told, str(remote_id), kind]).encode()).hexdigest()[:40]
    return Event(
        unique_id=digest,
        account_id=str(row.get("portalId") or ""),
        resource=resource,
        remote_id=str(remote_id or ""),
        kind=kind[:40],
        at=_instant(row.get("occurredAt")),
    )


def _instant(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


WEBHOOKS = Webhooks(verify=verify, parse=parse)
