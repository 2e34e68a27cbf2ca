"""Webhooks going out: one event a body, signed over the raw bytes, tried again only when the receiver says 429.

Source: GoHighLevel/highlevel-api-docs:docs/webhook events/*.md, docs/oauth/WebhookAuthentication.md;
https://help.gohighlevel.com article 155000007071, read 2026-11-21.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connectors.sandbox.core import Document, encode
from connectors.sandbox.highlevel.keys import signatures
from connectors.sandbox.highlevel.oauth import SignIn
from connectors.sandbox.highlevel.place import Location, World

ANSWER_SECONDS = 10.0
TOO_MANY = 429
HEADERS = {"Content-Type": "application/json"}
REPEATS, EVERY_SECONDS, JITTER_SECONDS = 6, 600.0, 60.0
NEEDS = {
    "Contact": "contacts.readonly",
    "Invoice": "invoices.readonly",
    "Order": "payments/orders.readonly",
    "Product": "products.readonly",
    "Price": "products/prices.readonly",
}
APP_EVENTS = ("INSTALL", "UNINSTALL")


@dataclass(slots=True)
class Post:
    """Collects events of all locations for a moment, then sends each on."""

    world: World
    sign_in: SignIn
    _waiting: list[bytes] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _dice: random.Random = field(default_factory=lambda: random.Random(0))

    def reseed(self) -> None:
        self._dice.seed(self.world.settings.webhook_seed)

    def tell(self, location: Location, event: str, document: Document) -> None:
        """Take an event; it goes out where the app is installed with the scope that covers it."""
        settings = self.world.settings
        if self.world.at is not None or not settings.webhook_url or not self._is_wanted(location, event):
            return
        self._waiting.append(self._body(location, event, document))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nobody to wait for us: `flush` sends what is there
        if self._timer is None:
            self._timer = loop.call_later(settings.webhook_linger_seconds, self.flush)

    def _is_wanted(self, location: Location, event: str) -> bool:
        if event in APP_EVENTS:
            return True
        scope = next((scope for word, scope in NEEDS.items() if event.startswith(word)), "")
        return scope in self.sign_in.installed.get(location.id, frozenset())

    def _body(self, location: Location, event: str, document: Document) -> bytes:
        if self.world.settings.webhook_bare_invoices and event.startswith("Invoice"):
            return encode(document)
        envelope = {
            "type": event,
            "locationId": location.id,
            "companyId": location.company_id,
            "appId": self.world.settings.app_id,
            "timestamp": location.now(),
            "webhookId": str(uuid.uuid4()),
        }
        # A contact's own `type` (lead, customer) is only in reads.
        return encode({**document, **envelope})

    def forget(self) -> None:
        """Drop what was not yet posted."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def flush(self) -> None:
        """Post everything collected."""
        bodies = self._disturbed(self._waiting)
        self.forget()
        settings = self.world.settings
        for body in bodies:
            ladder = [EVERY_SECONDS + self._dice.uniform(-JITTER_SECONDS, JITTER_SECONDS) for _ in range(REPEATS)]
            self.world.sandbox.hook(
                settings.webhook_url,
                body,
                HEADERS,
                ladder=ladder,
                timeout_seconds=ANSWER_SECONDS,
                renew=self._sealed(body),
                again_on=frozenset({TOO_MANY}),
            )

    def _sealed(self, body: bytes) -> Callable[[int], tuple[bytes, Mapping[str, str]]]:
        """What a try sends: signed when it goes out, since the long key is slow and a crowd of events comes at once."""
        return lambda attempt: (body, {**HEADERS, **signatures(body, self.world.settings.webhook_signatures)})

    def _disturbed(self, bodies: list[bytes]) -> list[bytes]:
        settings = self.world.settings
        kept = [body for body in bodies if self._dice.random() >= settings.webhook_drop]
        kept += [body for body in kept if self._dice.random() < settings.webhook_double]
        if settings.webhook_shuffle:
            self._dice.shuffle(kept)
        return kept
