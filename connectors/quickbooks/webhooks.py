"""Webhooks: signed hints that something changed. CloudEvents since May 2026; the older form is still read.

One address for all companies of an app. Each delivery must be answered 200 within three seconds, or later ones are held
back; so deliveries are proven and stored, and read afterwards. The signature holds no time: the event's id is the guard
against replays.

Source: https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks (read 2026-11)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from connectors.contract import ContractBroken, Event, Webhooks
from connectors.contract.parsing import instant
from connectors.quickbooks.feed import SOURCES

_BY_ENTITY = {source.entity.lower(): name for name, source in SOURCES.items()} | {
    "preferences": "preferences",
    "companyinfo": "company_info",
}
_KINDS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "void": "voided",
    "email": "emailed",
    "emailed": "emailed",
}


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether the raw bytes were signed with one of `secrets`. Every secret is tried, in constant time each."""
    given = headers.get("intuit-signature", "").encode("utf-8", "replace")
    proven = False
    for secret in secrets:
        made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        proven |= bool(secret) and hmac.compare_digest(made, given)
    return proven


def parse(body: bytes, headers: Mapping[str, str]) -> list[Event]:
    """Return the events of a delivery, of either form; kinds we do not know have `resource` None."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ContractBroken("QBO-WEBHOOK", detail="no JSON") from None
    if isinstance(data, list):
        return [_event(item) for item in data if isinstance(item, dict)]
    if isinstance(data, dict) and "specversion" in data:
        return [_event(data)]
    notices = data.get("eventNotifications") if isinstance(data, dict) else None
    if not isinstance(notices, list):
        raise ContractBroken("QBO-WEBHOOK", detail="neither form")
    return [event for notice in notices if isinstance(notice, dict) for event in _older(notice)]


def _event(item: Mapping[str, Any]) -> Event:
    """One CloudEvent: type is qbo.<entity>.<verb>.v<n>."""
    parts = str(item.get("type", "")).lower().split(".")
    known = len(parts) == 4 and parts[0] == "qbo"
    extra = item.get("data")
    merged = extra.get("deletedid") or extra.get("deletedId") if isinstance(extra, dict) else None
    account, remote_id = str(item.get("intuitaccountid", "")), str(item.get("intuitentityid", ""))
    return Event(
        unique_id=str(item.get("id") or "") or _digest(account, remote_id, *parts, item.get("time")),
        account_id=account,
        resource=_BY_ENTITY.get(parts[1]) if known else None,
        remote_id=remote_id,
        kind=_KINDS.get(parts[2], parts[2]) if known else "unknown",
        at=_instant(item.get("time")),
        merged_from=str(merged) if merged else None,
    )


def _older(notice: Mapping[str, Any]) -> list[Event]:
    """The form before CloudEvents. It has no ids, so one is made of what it says."""
    realm = str(notice.get("realmId", ""))
    change = notice.get("dataChangeEvent")
    entities = change.get("entities") if isinstance(change, dict) else None
    found = []
    for item in entities or []:
        if not isinstance(item, dict):
            continue
        name, remote_id = str(item.get("name", "")), str(item.get("id", ""))
        operation = str(item.get("operation", "")).lower()
        merged = item.get("deletedId") or item.get("deletedID")
        found.append(
            Event(
                unique_id=_digest(realm, name, remote_id, operation, item.get("lastUpdated"), merged),
                account_id=realm,
                resource=_BY_ENTITY.get(name.lower()),
                remote_id=remote_id,
                kind=_KINDS.get(operation, operation or "unknown"),
                at=_instant(item.get("lastUpdated")),
                merged_from=str(merged) if merged else None,
            )
        )
    return found


def _instant(value: Any) -> datetime | None:
    try:
        return instant(value)
    except ValueError:
        return None


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()


WEBHOOKS = Webhooks(verify=verify, parse=parse)
