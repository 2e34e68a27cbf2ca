"""Webhooks: what changed, in the CloudEvents form or the one before it, signed over the raw bytes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.sandbox.core import Document, Sandbox, SandboxError, encode

# Seconds before each repeat; after the last one, every six hours. Source: vendor webhook pages, read 2026-11.
LADDER = (10, 20, 30, 300, 1200, 7200, 14_400, 21_600)
PER_BODY = 50

SILENT = ("TaxCode", "TaxRate", "CompanyInfo", "Attachable", "CustomerType", "CompanyCurrency")
_SOURCE = "intuit." + base64.b64encode(hashlib.sha256(b"sandbox").digest()[:16]).decode()
_LEGACY_VERBS = {
    "created": "Create",
    "updated": "Update",
    "deleted": "Delete",
    "merged": "Merge",
    "voided": "Void",
    "emailed": "Emailed",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one object of one company."""

    realm: str
    entity: str
    id: str
    verb: str
    deleted_id: str | None
    at: datetime


@dataclass(slots=True)
class Settings:
    """Where to send, and with what secret. `drop`, `double` and `shuffle` play a bad day at the post office."""

    webhook_url: str = ""
    verifier_token: str = ""
    webhook_form: str = "cloudevents"
    webhook_linger_seconds: float = 0.05
    webhook_drop: float = 0.0
    webhook_double: float = 0.0
    webhook_shuffle: bool = False
    webhook_seed: int = 0


@dataclass(slots=True)
class Sender:
    """Collects events for a moment, so that what belongs together travels together, then posts them."""

    sandbox: Sandbox
    settings: Settings = field(default_factory=Settings)
    _waiting: list[Event] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - dice for tests

    def reseed(self) -> None:
        """Begin the dice anew after a settings change."""
        self._dice.seed(self.settings.webhook_seed)

    def add(self, event: Event) -> None:
        """Take an event; several changes of one object in one moment fold into one."""
        if not self.settings.webhook_url or event.entity in SILENT:
            return
        if event.verb == "updated" and any(
            (e.realm, e.entity, e.id) == (event.realm, event.entity, event.id) and e.verb in ("created", "updated")
            for e in self._waiting[-PER_BODY:]
        ):
            return
        self._waiting.append(event)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nobody to wait for us: `flush` sends what is there
        if self._timer is None:
            self._timer = loop.call_later(self.settings.webhook_linger_seconds, self.flush)

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

    def _disturbed(self, events: list[Event]) -> list[Event]:
        settings = self.settings
        kept = [event for event in events if self._dice.random() >= settings.webhook_drop]
        kept += [event for event in kept if self._dice.random() < settings.webhook_double]
        if settings.webhook_shuffle:
            self._dice.shuffle(kept)
        return kept

    def _post(self, events: list[Event]) -> None:
        settings = self.settings
        body = encode(cloud_events(events) if settings.webhook_form == "cloudevents" else legacy(events))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "intuit_notification_server/0.1",
            "intuit-signature": signature(settings.verifier_token, body),
            "intuit-created-time": self.sandbox.clock.now().isoformat(),
            "intuit-t-id": str(uuid.uuid4()),
            "intuit-notification-schema-version": "0.1",
        }
        self.sandbox.hook(settings.webhook_url, body, headers, ladder=LADDER, timeout_seconds=3.0, endless=True)


def check(settings: Settings) -> None:
    """Raises `SandboxError` for a form that does not exist."""
    if settings.webhook_form not in ("cloudevents", "legacy"):
        raise SandboxError("webhook_form is cloudevents or legacy")


def signature(verifier_token: str, body: bytes) -> str:
    """`intuit-signature`: base64 of HMAC-SHA256 over the raw bytes."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


def cloud_events(events: list[Event]) -> list[Document]:
    """The form in force since May 2026: a bare array."""
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": _SOURCE,
            "type": f"qbo.{event.entity.lower()}.{event.verb}.v1",
            "datacontenttype": "application/json",
            "time": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "intuitentityid": event.id,
            "intuitaccountid": event.realm,
            "data": {} if event.deleted_id is None else {"deletedid": event.deleted_id},
        }
        for event in events
    ]


def legacy(events: list[Event]) -> Document:
    """The form before the switch, grouped by company."""
    realms: dict[str, list[Document]] = {}
    for event in events:
        entry = {
            "name": event.entity,
            "id": event.id,
            "operation": _LEGACY_VERBS[event.verb],
            "lastUpdated": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if event.deleted_id is not None:
            entry["deletedId"] = event.deleted_id
        realms.setdefault(event.realm, []).append(entry)
    return {
        "eventNotifications": [
            {"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in realms.items()
        ]
    }
