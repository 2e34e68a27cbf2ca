"""Notices of changes: hints that something is to be read again. Nothing in them is taken for data.

The headers are those of Standard Webhooks: "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body". Whether the
secret is the key as it stands or its base64 after "whsec_" is not published: both are tried. A delivery is good for
five minutes.

Sources: https://shopmonkey.dev/webhooks; shopmonkeyus/go-datamodel:v3/datatypes/dbchange.go (read 2026-11)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Api, ContractBroken, Event, Webhooks
from connectors.shopmonkey.wire import moment, segment, text, written
from connectors.transport import BadAnswer, decode

ID, TIME, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = 300  # seconds
PREFIX = "whsec_"
PATH = "/webhook"
TRIGGERS = ("Order", "Payment", "Customer", "Inventory")
NAME = "Bridge"
# Table of a change: which record of ours it is about, and where its id stands in the row.
TABLES: dict[str, tuple[str, str]] = {
    "order": ("orders", "id"),
    "service": ("orders", "orderId"),
    "labor": ("orders", "orderId"),
    "part": ("orders", "orderId"),
    "tire": ("orders", "orderId"),
    "subcontract": ("orders", "orderId"),
    "fee": ("orders", "orderId"),
    "payment": ("payments", "id"),
    "customer": ("customers", "id"),
    "email": ("customers", "customerId"),
    "phone_number": ("customers", "customerId"),
    "inventory_part": ("parts", "id"),
    "inventory_tire": ("tires", "id"),
}
_KINDS = {"INSERT": "created", "UPDATE": "updated", "DELETE": "deleted"}


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether the raw bytes were signed not long ago with one of `secrets`, in either reading of them."""
    stamp, name = headers.get(TIME, ""), headers.get(ID, "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 13) or not name:
        return False
    if abs(int(now.timestamp()) - int(stamp)) > TOLERANCE:
        return False
    message = name.encode("utf-8", "replace") + b"." + stamp.encode() + b"." + body
    told = [part[3:] for part in headers.get(SIGNATURE, "").split() if part.startswith("v1,")]
    proven = False
    for secret in secrets:
        for key in _keys(secret):
            made = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest())
            for given in told:
                proven |= hmac.compare_digest(made, given.encode("utf-8", "replace"))
    return proven


def _keys(secret: str) -> Iterator[bytes]:
    """The bytes a secret may stand for."""
    if not secret:
        return
    yield secret.encode()
    bare = secret.removeprefix(PREFIX)
    if bare != secret and bare:
        yield bare.encode()
    try:
        decoded = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return
    if len(decoded) >= 16:  # shorter ones are words that happen to look like it
        yield decoded


def parse(body: bytes, headers: Mapping[str, str]) -> list[Event]:
    """The event of a delivery; of a table we do not read `resource` is None."""
    try:
        told = decode(body)
    except BadAnswer:
        raise ContractBroken("SM-WEBHOOK", detail="no JSON") from None
    row: Any = told.get("data")
    if not isinstance(row, Mapping) or not told.get("table"):
        raise ContractBroken("SM-WEBHOOK", detail="no table or no row")
    resource, key = TABLES.get(str(told["table"]), ("", "id"))
    if resource == "payments" and row.get("transactionType") == "Refund":
        resource = "refunds"
    remote_id = text(row.get(key))
    operation = str(told.get("operation") or "")
    return [
        Event(
            unique_id=_unique(headers, body),
            account_id=text(row.get("companyId")) or "",
            resource=resource if resource and remote_id else None,
            remote_id=remote_id or text(row.get("id")) or "",
            kind=_KINDS.get(operation, operation.lower() or "unknown")[:40],
            at=moment(row.get("updatedDate")) or moment(row.get("createdDate")) or _sent(headers),
        )
    ]


def _unique(headers: Mapping[str, str], body: bytes) -> str:
    return text(headers.get(ID)) or hashlib.sha256(body).hexdigest()[:40]


def _sent(headers: Mapping[str, str]) -> datetime | None:
    stamp = headers.get(TIME, "")
    return (
        datetime.fromtimestamp(int(stamp), UTC) if stamp.isascii() and stamp.isdecimal() and len(stamp) < 12 else None
    )


def subscribe(api: Api, address: str) -> tuple[str, str]:
    """Ask for notices at an address, for the whole company; returns the subscription's id and its secret."""
    body = {"name": f"{NAME} {hashlib.sha256(address.encode()).hexdigest()[:8]}", "url": address,
            "triggers": list(TRIGGERS), "enabled": True}  # fmt: skip
    made = written(PATH, lambda: api.post(PATH, body))
    return str(made.get("id") or ""), str(made.get("secret") or "")


def unsubscribe(api: Api, subscription: str) -> None:
    """End a subscription."""
    written(PATH, lambda: api.delete(f"{PATH}/{segment(subscription)}", body={}))


WEBHOOKS = Webhooks(verify=verify, parse=parse, per_connection=True, subscribe=subscribe, unsubscribe=unsubscribe)
