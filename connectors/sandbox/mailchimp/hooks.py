"""Audience webhooks going out: form bodies, sources respected, signed when the hook has a secret.

Source: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/, read 2026-11-21.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode

from connectors.sandbox.mailchimp import merge
from connectors.sandbox.mailchimp.account import Audience, Hook, Member

Pairs: TypeAlias = list[tuple[str, str]]

# Growing gaps over about 75 minutes, then the delivery is lost.
LADDER = (60.0, 120.0, 240.0, 480.0, 960.0, 1260.0, 1380.0)
ANSWER_SECONDS = 10.0


def unique_email_id(email: str) -> str:
    """The id webhooks use; the same address has the same one in every audience."""
    return hashlib.sha256(email.lower().encode()).hexdigest()[:10]


def _address_line(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    rest = " ".join(value[part] for part in ("city", "state", "zip", "country"))
    return f"{value['addr1']}  {value['addr2'] + '  ' if value['addr2'] else ''}{rest}"


def _person(audience: Audience, member: Member) -> Pairs:
    pairs = [
        ("data[id]", unique_email_id(member.email)),
        ("data[list_id]", audience.id),
        ("data[email]", member.email),
        ("data[email_type]", member.email_type),
        ("data[ip_opt]", ""),
        ("data[web_id]", str(member.web_id)),
        ("data[merges][EMAIL]", member.email),
    ]
    shown = merge.shown(audience, member)
    pairs += [(f"data[merges][{tag}]", _address_line(value)) for tag, value in shown.items()]
    return [*pairs, ("data[ip_signup]", "")]


def _listeners(audience: Audience, event: str, source: str) -> list[Hook]:
    return [hook for hook in audience.hooks.values() if hook.events.get(event) and hook.sources.get(source)]


def status_changed(audience: Audience, member: Member, source: str) -> None:
    """Tell of the status the member now has; `transactional` and `pending` are not events."""
    if member.status == "subscribed":
        announce(audience, "subscribe", source, lambda: _person(audience, member))
    elif member.status in ("unsubscribed", "archived"):
        action = "unsub" if member.status == "unsubscribed" else "delete"
        reason = "abuse" if "spam" in member.reason.lower() else "manual"
        head = [("data[action]", action), ("data[reason]", reason)]
        announce(
            audience,
            "unsubscribe",
            source,
            lambda: [*head, *_person(audience, member), ("data[campaign_id]", "")],
        )
    elif member.status == "cleaned":
        pairs = [
            ("data[list_id]", audience.id),
            ("data[campaign_id]", ""),
            ("data[reason]", "hard"),
            ("data[email]", member.email),
        ]
        announce(audience, "cleaned", source, lambda: pairs)


def profile_changed(audience: Audience, member: Member, source: str) -> None:
    """Tell of changed merge values."""
    announce(audience, "profile", source, lambda: _person(audience, member))


def address_changed(audience: Audience, old_email: str, new_email: str, source: str) -> None:
    """Tell of a new address."""
    pairs = [
        ("data[list_id]", audience.id),
        ("data[new_id]", unique_email_id(new_email)),
        ("data[new_email]", new_email),
        ("data[old_email]", old_email),
    ]
    announce(audience, "upemail", source, lambda: pairs)


def announce(audience: Audience, event: str, source: str, pairs: Any) -> None:
    """Queue the event for every hook that wants it from this source; `pairs` is only called when one does."""
    listeners = _listeners(audience, event, source) if audience.hooks else []
    if not listeners:
        return
    world = audience.account.world
    fired_at = datetime.fromtimestamp(world.now(), UTC).strftime("%Y-%m-%d %H:%M:%S")
    body = urlencode([("type", event), ("fired_at", fired_at), *pairs()]).encode()
    copies = 2 if world.settings.webhook_duplicates else 1
    for hook in listeners:
        for _ in range(copies):
            world.sandbox.hook(hook.url, body, headers(hook, body), ladder=LADDER, timeout_seconds=ANSWER_SECONDS)


def headers(hook: Hook, body: bytes) -> dict[str, str]:
    """Content type and signature. Signed with real time: the receiver measures its tolerance by its own clock."""
    found = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "MailChimp"}
    if hook.secret:
        found["X-Mailchimp-Signature"] = signature(hook.secret, int(time.time()), body)
    return found


def signature(secret: str, at: int, body: bytes) -> str:
    """`t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def pick(given: dict[str, bool] | None, known: Iterable[str], default: bool) -> dict[str, bool]:
    """Switches as they are kept, one per known name."""
    chosen = given or {}
    return {name: chosen.get(name, default) for name in known}
