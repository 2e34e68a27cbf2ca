"""Webhooks going out: arrays of up to a hundred events, in no order, repeated, signed v3 and v1, retried.

Source: https://developers.hubspot.com/docs/api-reference/2026-03/webhooks/guide and
https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation, read
2026-11-21.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.sandbox.core import Document, encode
from connectors.sandbox.hubspot import schema
from connectors.sandbox.hubspot.account import Account, World

PER_BODY = 100
ANSWER_SECONDS = 5.0
# Ten repeats over about a day.
LADDER = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0, 18_000.0, 21_600.0)
EVENT_IDS = 9_973  # ids come round again: they are not unique
_DECODED = {f"%{ord(mark):02X}": mark for mark in ":/?@!$'()*,;"}


@dataclass(slots=True)
class Subscription:
    """One thing the app wants to hear of."""

    id: int
    event_type: str
    active: bool
    created: int
    property_name: str = ""
    object_type_id: str = ""

    def wants(self, event: Document) -> bool:
        """Whether a change is what was asked for."""
        kind = schema.KINDS[event["kind"]]
        word, _, verb = self.event_type.partition(".")
        if not self.active or verb != event["verb"]:
            return False
        if word == "object":
            if self.object_type_id and self.object_type_id != kind.type_id:
                return False
        elif word != kind.event:
            return False
        return verb != "propertyChange" or not self.property_name or self.property_name == event["propertyName"]


@dataclass(slots=True)
class Post:
    """Collects events of all accounts for a moment, then sends them on in one body."""

    world: World
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    target: Document | None = None
    _waiting: list[Document] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _dice: random.Random = field(default_factory=lambda: random.Random(0))
    _made: int = 100

    def reseed(self) -> None:
        self._dice.seed(self.world.settings.webhook_seed)

    def address(self) -> str:
        """Where deliveries go: what a control call said, or what the app set over the API."""
        return self.world.settings.webhook_url or str((self.target or {}).get("targetUrl", ""))

    def tell(self, account: Account, event: Document) -> None:
        """Take a change; one event for each subscription that wants it."""
        if self.world.at is not None or not self.address():
            return
        for subscription_id, event_type, is_generic in self._wanted(event):
            self._waiting.append(self._event(account, event, subscription_id, event_type, is_generic))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nobody to wait for us: `flush` sends what is there
        if self._timer is None and self._waiting:
            self._timer = loop.call_later(self.world.settings.webhook_linger_seconds, self.flush)

    def _wanted(self, event: Document) -> list[tuple[int, str, bool]]:
        """Subscriptions made over the API, or, when there are none, those of an app that listens to everything."""
        if self.subscriptions:
            return [
                (one.id, one.event_type, one.event_type.startswith("object."))
                for one in self.subscriptions.values()
                if one.wants(event)
            ]
        kind = schema.KINDS[event["kind"]]
        is_generic = kind.event == "object" or (kind.event == "product" and event["verb"] == "associationChange")
        place = list(schema.KINDS).index(kind.name) * 10 + 1
        return [(place, f"{'object' if is_generic else kind.event}.{event['verb']}", is_generic)]

    def _event(
        self, account: Account, event: Document, subscription_id: int, event_type: str, is_generic: bool
    ) -> Document:
        self._made = self._made % EVENT_IDS + 1
        found: Document = {
            "eventId": self._made,
            "subscriptionId": subscription_id,
            "portalId": account.portal,
            "appId": self.world.settings.app_id,
            "occurredAt": account.now(),
            "subscriptionType": event_type,
            "attemptNumber": 0,
        }
        if is_generic and event["verb"] != "associationChange":
            found["objectTypeId"] = schema.KINDS[event["kind"]].type_id
        found |= {name: value for name, value in event.items() if name not in ("verb", "kind")}
        if event["verb"] == "propertyChange":
            found["isSensitive"] = False
        return found

    def forget(self) -> None:
        """Drop what was not yet posted."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def flush(self) -> None:
        """Post everything collected."""
        events = self._disturbed(self._waiting)
        self.forget()
        for start in range(0, len(events), PER_BODY):
            self._post(events[start : start + PER_BODY])

    def _disturbed(self, events: list[Document]) -> list[Document]:
        settings = self.world.settings
        kept = [event for event in events if self._dice.random() >= settings.webhook_drop]
        kept += [event for event in kept if self._dice.random() < settings.webhook_double]
        if settings.webhook_shuffle:
            self._dice.shuffle(kept)
        return kept

    def _post(self, events: list[Document]) -> None:
        address = self.address()
        if not address:
            return
        settings = self.world.settings
        signed = settings.webhook_signed_url or address

        def renew(attempt: int) -> tuple[bytes, Mapping[str, str]]:
            body = encode([{**event, "attemptNumber": attempt} for event in events])
            # Signed with real time: the receiver measures its tolerance by its own clock.
            secret = settings.verifier_token or settings.client_secret
            return body, headers(secret, signed, body, int(time.time() * 1000))

        body, head = renew(0)
        self.world.sandbox.hook(address, body, head, ladder=LADDER, timeout_seconds=ANSWER_SECONDS, renew=renew)


def headers(secret: str, address: str, body: bytes, at_ms: int) -> dict[str, str]:
    """Content type and the signatures an event carries: v3, and the old v1 beside it."""
    return {
        "Content-Type": "application/json;charset=utf-8",
        "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/) - WebHooks",
        "X-HubSpot-Request-Timestamp": str(at_ms),
        "X-HubSpot-Signature-v3": signature_v3(secret, "POST", address, body, str(at_ms)),
        "X-HubSpot-Signature": hashlib.sha256(secret.encode() + body).hexdigest(),
        "X-HubSpot-Signature-Version": "v1",
    }


def signature_v3(secret: str, method: str, address: str, body: bytes, timestamp: str) -> str:
    """Base64 of HMAC-SHA256 over method, address, body and time; a few escapes of the address are undone first."""
    for escape, mark in _DECODED.items():
        address = address.replace(escape, mark).replace(escape.lower(), mark)
    message = f"{method}{address}".encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()
