"""Webhooks: one event a body, for all locations of the app, signed over the raw bytes. Events are hints.

Two kinds of signature. The current one is Ed25519; where its header is there, it must hold. The older one (RSA) was
retired by the vendor on 2026-07-01: it counts only where an RSA public key stands among the app's webhook secrets, put
there by somebody who wants it. Ed25519 keys among the secrets are taken beside the vendor's own, which may change.

Deliveries are repeated only after a 429, with their old time: no age is refused, and the event's own id tells repeats.
Invoice events may come bare, without envelope.
Sources: GoHighLevel/highlevel-api-docs:docs/oauth/WebhookAuthentication.md, docs/webhook events/*.md, read 2026-11-21.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connectors.contract import ContractBroken, Event, Webhooks
from connectors.highlevel.wire import moment

CURRENT, RETIRED = "x-ghl-signature", "x-wh-signature"
# The vendor's key, as two independent public implementations have it; confirmed by the first delivery that holds.
VENDOR_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=\n"
    "-----END PUBLIC KEY-----\n"
)
RESOURCES = {
    "Contact": "contacts",
    "Invoice": "invoices",
    "Order": "receipts",
    "Product": "products",
    "Price": "products",
}
_KINDS = {"Create": "created", "Update": "updated", "Delete": "deleted", "Void": "voided"}


@lru_cache(maxsize=32)
def _key(pem: str) -> Ed25519PublicKey | RSAPublicKey | None:
    """A public key; None for a secret that is none."""
    if "BEGIN PUBLIC KEY" not in pem:
        return None
    try:
        found = load_pem_public_key(pem.replace("\\n", "\n").encode())
    except ValueError:
        return None
    return found if isinstance(found, Ed25519PublicKey | RSAPublicKey) else None


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether the raw bytes were signed by the vendor, or by a key among `secrets`."""
    keys = [found for pem in (VENDOR_KEY, *secrets) if (found := _key(pem))]
    if headers.get(CURRENT):
        signature = _decoded(headers[CURRENT])
        return any(_holds(key, signature, body) for key in keys if isinstance(key, Ed25519PublicKey))
    signature = _decoded(headers.get(RETIRED, ""))
    return any(_holds(key, signature, body) for key in keys if isinstance(key, RSAPublicKey))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _holds(key: Ed25519PublicKey | RSAPublicKey, signature: bytes, body: bytes) -> bool:
    if not signature:
        return False
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, body)
        else:
            key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def parse(body: bytes, headers: Mapping[str, str]) -> list[Event]:
    """The one event of a delivery; a kind we do not know has no resource."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ContractBroken("HL-WEBHOOK", detail="no JSON") from None
    if not isinstance(told, dict):
        raise ContractBroken("HL-WEBHOOK", detail="no object")
    kind = str(told.get("type") or "")
    bare = "invoiceItems" in told and "webhookId" not in told
    word = "Invoice" if bare else next((name for name in RESOURCES if kind.startswith(name)), "")
    return [
        Event(
            unique_id=str(told.get("webhookId") or hashlib.sha256(body).hexdigest()[:40]),
            account_id=str(told.get("locationId") or told.get("altId") or ""),
            resource=_resource(word, kind, told),
            remote_id=_remote_id(word, told),
            kind=_kind(word, kind, bare),
            at=moment(told.get("timestamp") or told.get("updatedAt")),
        )
    ]


def _resource(word: str, kind: str, told: Mapping[str, Any]) -> str | None:
    return RESOURCES.get(word) if _remote_id(word, told) else None


def _remote_id(word: str, told: Mapping[str, Any]) -> str:
    if word == "Price":
        return str(told.get("product") or "")
    return str(told.get("id") or told.get("_id") or "")


def _kind(word: str, kind: str, bare: bool) -> str:
    rest = "" if bare else kind.removeprefix(word)
    return next((name for end, name in _KINDS.items() if rest.endswith(end)), "updated" if word else kind or "unknown")


# Public keys of two kinds, and the next of each.
WEBHOOKS = Webhooks(verify=verify, parse=parse, secrets_kept=4)
