"""Webhooks going out: one change a body, signed as Standard Webhooks does, tried again a few times.

The vendor publishes neither algorithm nor retries: what one public implementation verifies is what we sign.
Source: https://shopmonkey.dev/webhooks, shopmonkeyus/go-datamodel:v3/datatypes/dbchange.go, read 2026-11-21.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.sandbox.core import Document, encode
from connectors.sandbox.shopmonkey.orders import shown
from connectors.sandbox.shopmonkey.shapes import TABLES
from connectors.sandbox.shopmonkey.shop import Company, World

ANSWER_SECONDS = 10.0
LADDER = (30.0, 300.0, 1800.0)
PREFIX = "whsec_"
AGENT = "Shopmonkey (+https://shopmonkey.io)"


@dataclass(frozen=True, slots=True)
class Hook:
    """One change for one webhook."""

    company: Company
    id: str
    url: str
    secret: str
    body: bytes

    def fail(self) -> None:
        """Note at the webhook that a try came to nothing; its owner sees it there until the webhook is saved anew."""
        row = self.company["webhooks"].get(self.id)
        if row is not None:
            stamp = self.company.world.stamp()
            trouble = {"error": True, "errorMessage": "Delivery failed", "errorDate": stamp}
            self.company["webhooks"][self.id] = {**row, **trouble}


@dataclass(slots=True)
class Post:
    """Collects changes for a moment, then sends each on."""

    world: World
    _waiting: list[Hook] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _dice: random.Random = field(default_factory=lambda: random.Random(0))

    def reseed(self) -> None:
        self._dice.seed(self.world.settings.webhook_seed)

    def tell(self, company: Company, table: str, operation: str, row: Document, diff: Sequence[str]) -> None:
        """Take a change; it goes to every webhook that wants this table at this location."""
        shape = TABLES[table]
        if self.world.at is not None or not shape.trigger or not company["webhooks"]:
            return
        hooks = [one for one in company["webhooks"].values() if _wants(one, shape.trigger, row)]
        if not hooks:
            return
        body = encode(_event(company, table, operation, row, diff))
        self._waiting += [Hook(company, one["id"], one["url"], one["secret"], body) for one in hooks]
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nobody to wait for us: `flush` sends what is there
        if self._timer is None:
            self._timer = loop.call_later(self.world.settings.webhook_linger_seconds, self.flush)

    def forget(self) -> None:
        """Drop what was not yet posted."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def flush(self) -> None:
        """Post everything collected."""
        hooks = self._disturbed(self._waiting)
        self.forget()
        for hook in hooks:
            renew = self._sealed(hook)
            body, headers = renew(0)
            self.world.sandbox.hook(hook.url, body, headers, ladder=LADDER, timeout_seconds=ANSWER_SECONDS, renew=renew)

    def _sealed(self, hook: Hook) -> Callable[[int], tuple[bytes, Mapping[str, str]]]:
        """What a try sends: one message id for all tries, a signature with the time of each."""
        message = f"msg_{uuid.uuid4().hex}"

        def renew(attempt: int) -> tuple[bytes, Mapping[str, str]]:
            if attempt:
                hook.fail()
            seconds = str(int(self.world.sandbox.clock.now().timestamp()))
            key = key_bytes(hook.secret, self.world.settings.webhook_key)
            return hook.body, {
                "Content-Type": "application/json",
                "User-Agent": AGENT,
                "X-Attempt": str(attempt + 1),
                "X-Request-Id": str(uuid.uuid4()),
                "webhook-id": message,
                "webhook-timestamp": seconds,
                "webhook-signature": f"v1,{signature(key, message, seconds, hook.body)}",
                "webhook-version": "3",
            }

        return renew

    def _disturbed(self, hooks: list[Hook]) -> list[Hook]:
        settings = self.world.settings
        kept = [hook for hook in hooks if self._dice.random() >= settings.webhook_drop]
        kept += [hook for hook in kept if self._dice.random() < settings.webhook_double]
        if settings.webhook_shuffle:
            self._dice.shuffle(kept)
        return kept


def _wants(hook: Document, trigger: str, row: Document) -> bool:
    if not hook["enabled"] or trigger not in hook["triggers"]:
        return False
    return hook["locationId"] is None or row.get("locationId", hook["locationId"]) == hook["locationId"]


def _event(company: Company, table: str, operation: str, row: Document, diff: Sequence[str]) -> Document:
    event: Document = {
        "apiVersion": "v3",
        "id": str(uuid.uuid4()),
        "operation": operation,
        "table": TABLES[table].word,
        "companyId": company.id,
        "locationId": row.get("locationId"),
        "userId": None,
        "data": shown(company, row) if table == "orders" else row,
    }
    return {**event, "diff": list(diff)} if operation == "UPDATE" else event


def new_secret(company: Company) -> str:
    """A secret as Standard Webhooks writes them."""
    return PREFIX + base64.b64encode(company.secret_bytes()).decode()


def key_bytes(secret: str, form: str) -> bytes:
    """The key a secret stands for: base64 behind the prefix, or (`raw`, or without prefix) its letters."""
    if form == "standard" and secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()


def signature(key: bytes, message: str, seconds: str, body: bytes) -> str:
    signed = b".".join((message.encode(), seconds.encode(), body))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
