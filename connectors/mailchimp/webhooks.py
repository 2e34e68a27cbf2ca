"""Audience webhooks: form-encoded hints that a member changed.

Only hooks made lately are signed, so the unguessable part of the address is what proves the others. There is no event
id: a digest of the body stands for it.
Sources: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/, /api/list-webhooks/,
read 2026-11-21.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs

from connectors.contract import Api, Event, RecordRejected, Webhooks
from connectors.mailchimp.errors import NOT_FOUND
from connectors.mailchimp.wire import member_hash, segment

HEADER = "x-mailchimp-signature"
TOLERANCE_SECONDS = 300
EVENTS = {"subscribe": True, "unsubscribe": True, "profile": True, "cleaned": True, "upemail": True, "campaign": False}
# Our own writes are not sent back; other programs' changes are found by the next reading.
SOURCES = {"user": True, "admin": True, "api": False}
_KINDS = {
    "subscribe": "created",
    "unsubscribe": "updated",
    "profile": "updated",
    "cleaned": "updated",
    "upemail": "updated",
}


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether a delivery is genuine: by its signature when the hook has a secret, else by its address.

    With a secret known, a delivery without a signature is refused.
    """
    keys = [secret for secret in secrets if secret]
    if not keys:
        return True
    at, signatures = _parts(headers.get(HEADER, ""))
    if at is None or abs(now.timestamp() - at) > TOLERANCE_SECONDS:
        return False
    signed = str(at).encode() + b"." + body
    wanted = [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest().encode() for key in keys]
    return any(hmac.compare_digest(want, given.encode()) for want in wanted for given in signatures)


def _parts(header: str) -> tuple[int | None, list[str]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    at = (
        int(times[0])
        if len(times) == 1 and times[0].isascii() and times[0].isdecimal() and len(times[0]) < 13
        else None
    )
    return at, [value for name, _, value in pairs if name == "v1"]


def parse(body: bytes, headers: Mapping[str, str]) -> list[Event]:
    """The one event of a delivery. Its member is named by the hash of the address, as `fetch` takes it too."""
    told = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    kind = told.get("type", "")
    email = told.get("data[new_email]") or told.get("data[email]", "")
    known = kind in _KINDS and bool(email)
    archived = kind == "unsubscribe" and told.get("data[action]") == "delete"
    return [
        Event(
            unique_id=hashlib.sha256(body).hexdigest()[:40],
            account_id="",  # a delivery names its audience only; the address it came to names the connection
            resource="members" if known else None,
            remote_id=member_hash(email) if known else "",
            kind="deleted" if archived else _KINDS.get(kind, kind[:40]),
            at=_fired_at(told.get("fired_at", "")),
        )
    ]


def _fired_at(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def subscribe(api: Api, url: str) -> tuple[str, str]:
    """Make the hook and return its id and signing secret ("" when it is not signed, or is there from before).

    The vendor asks the address with GET first. A second hook for one address is refused: the first is taken.
    """
    try:
        made = api.post("/lists/{audience}/webhooks", {"url": url, "events": EVENTS, "sources": SOURCES})
    except RecordRejected as error:
        if error.code != "MC-HOOK-EXISTS":
            raise
        return _existing(api, url), ""
    return str(made["id"]), str(made.get("signing_secret") or "")


def _existing(api: Api, url: str) -> str:
    for hook in api.get("/lists/{audience}/webhooks").get("webhooks", ()):
        if hook.get("url") == url:
            return str(hook["id"])
    raise RecordRejected("MC-HOOK-EXISTS", field="url")


def unsubscribe(api: Api, hook: str) -> None:
    """Remove the hook; one that is not there is removed."""
    try:
        api.delete(f"/lists/{{audience}}/webhooks/{segment(hook)}")
    except RecordRejected as error:
        if error.code != NOT_FOUND:
            raise


WEBHOOKS = Webhooks(
    verify=verify,
    parse=parse,
    per_connection=True,
    answers_get=True,
    signature_required=False,
    subscribe=subscribe,
    unsubscribe=unsubscribe,
)
