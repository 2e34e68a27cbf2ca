"""The rules about contacts: who may get which status, which addresses are refused, what an answer shows.

Source: https://mailchimp.com/developer/marketing/api/list-members/, read 2026-11-21; consent rules from public reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Document, decode, encode
from connectors.sandbox.mailchimp import hooks, merge
from connectors.sandbox.mailchimp.account import Audience, Member, Settings, Tag, contact_id
from connectors.sandbox.mailchimp.wire import Refusal, bad_request, invalid, iso, parse_time, subscriber_hash

BY_ADMIN = "N/A (Unsubscribed by an admin)"
BY_PERSON = "N/A (Unsubscribed by the contact)"
ADDRESS = re.compile(r"[^\s@,;<>\"]+@([^\s@.,;<>\"]+\.)+[^\s@.,;<>\"\d]{2,}")
FAKE_NAMES = frozenset({"abuse", "noreply", "no-reply", "postmaster", "spam", "root", "asdf", "fake"})
FAKE_ENDINGS = (".invalid", ".localhost", ".local")
EXTRA = ("interests", "location", "marketing_permissions", "ip_signup", "ip_opt")
NO_RATES = {"avg_open_rate": 0, "avg_click_rate": 0}
SHOWN_STATUS = {"archived": "Deleted", "transactional": "Non-Subscribed"}


@dataclass(frozen=True, slots=True)
class Intent:
    """A write to one contact. `status` is asked for whatever the contact is; `if_new` counts only for a new one."""

    source: str = "api"
    status: str | None = None
    if_new: str | None = None
    skip_required: bool = False


def check_address(settings: Settings, email: str) -> None:
    """Refuse what is no address, or a made-up or role one, or one seen in too many audiences."""
    local, _, domain = email.strip().lower().rpartition("@")
    fake = (
        not ADDRESS.fullmatch(email.strip())
        or local in FAKE_NAMES
        or domain.endswith(FAKE_ENDINGS)
        or email.lower() in settings.fake_addresses
    )
    if fake:
        raise invalid(detail=f"{email} looks fake or invalid, please enter a real email address.")
    if email.lower() in settings.busy_addresses:
        raise bad_request(
            f"{email} has signed up to a lot of lists very recently; we're not allowing more signups for now"
        )


def check_not_forgotten(audience: Audience, email: str) -> None:
    """Refuse an address that was deleted for good."""
    if subscriber_hash(email) in audience.forgotten:
        detail = (
            f"{email} was permanently deleted and cannot be re-imported. "
            "The contact must re-subscribe to get back on the list."
        )
        raise Refusal(400, "Forgotten Email Not Subscribed", detail)


def check_consent(member: Member, status: str | None) -> None:
    """Nobody who left, bounced or complained is subscribed again by a program."""
    if status == "subscribed" and member.own_choice and member.status != "subscribed":
        detail = (
            f"{member.email} is in a compliance state due to unsubscribe, bounce, or compliance review "
            "and cannot be subscribed."
        )
        raise Refusal(400, "Member In Compliance State", detail)


def write(audience: Audience, member: Member | None, body: Document, intent: Intent) -> Member:
    """Add the contact or change it; everything is checked before anything moves."""
    if member is None:
        return _add(audience, body, intent)
    return _change(audience, member, body, intent)


def _add(audience: Audience, body: Document, intent: Intent) -> Member:
    email = body["email_address"].strip()
    status = intent.status or intent.if_new
    if status is None:
        raise invalid(("status_if_new", "Required fields were not provided: status_if_new"))
    check_not_forgotten(audience, email)
    check_address(audience.account.world.settings, email)
    values = merge.merged(audience, b"{}", body.get("merge_fields", {}), required=not intent.skip_required)
    now = audience.account.world.now()
    member = Member(
        email=email,
        hash=subscriber_hash(email),
        web_id=audience.account.number(),
        status=status,
        changed=now,
        merge=values,
        opt=now,
        source="API - Generic" if intent.source == "api" else "Admin Add",
    )
    _mark_leaving(member, status, intent.source, now)
    _take_details(member, body)
    audience.add(member)
    add_tags(audience, member, body.get("tags", ()))
    hooks.status_changed(audience, member, intent.source)
    return member


def _change(audience: Audience, member: Member, body: Document, intent: Intent) -> Member:
    check_consent(member, intent.status)
    email = body.get("email_address", member.email).strip()
    if subscriber_hash(email) != member.hash:
        _check_rename(audience, email)
    given = body.get("merge_fields")
    values = member.merge
    if given is not None:
        values = merge.merged(audience, values, given, required=not intent.skip_required)
    before = member.email
    audience.before_change(member.hash)
    if email != member.email:
        audience.rename(member, email, subscriber_hash(email))
    if before.lower() != email.lower():
        hooks.address_changed(audience, before, email, intent.source)
    changed_values = values != member.merge
    member.merge = values
    _take_details(member, body)
    audience.touch(member)
    add_tags(audience, member, body.get("tags", ()))
    moved = intent.status is not None and set_status(audience, member, intent.status, intent.source)
    if changed_values and not moved:
        hooks.profile_changed(audience, member, intent.source)
    return member


def _check_rename(audience: Audience, email: str) -> None:
    other = audience.members.get(subscriber_hash(email))
    if other is not None:
        status = SHOWN_STATUS.get(other.status, other.status.capitalize())
        raise invalid(("email address", f'{email} is already in this list with a status of "{status}".'))
    check_not_forgotten(audience, email)
    check_address(audience.account.world.settings, email)


def set_status(audience: Audience, member: Member, status: str, source: str, reason: str = "") -> bool:
    """Move the member to a status and tell the hooks; True if it was another one before."""
    if member.status == status:
        return False
    audience.before_change(member.hash)
    audience.set_status(member, status)
    now = audience.account.world.now()
    _mark_leaving(member, status, source, now, reason)
    if status == "subscribed":
        member.opt = now
    audience.touch(member)
    hooks.status_changed(audience, member, source)
    return True


def _mark_leaving(member: Member, status: str, source: str, now: int, reason: str = "") -> None:
    """Remember whether the person left or somebody else decided it: the one is final for programs, the other not."""
    if status == "unsubscribed":
        member.reason = reason or (BY_PERSON if source == "user" else BY_ADMIN)
        member.own_choice = source == "user" or member.own_choice
        member.left = now
    elif status == "cleaned":
        member.own_choice = True
        member.left = now
    elif status in ("subscribed", "pending"):
        member.own_choice = member.own_choice and status == "pending"
        member.reason = ""
        member.left = None


def _take_details(member: Member, body: Document) -> None:
    for name in ("language", "vip", "email_type"):
        if name in body:
            setattr(member, name, body[name])
    for name, place in (("timestamp_signup", "signup"), ("timestamp_opt", "opt")):
        if name in body:
            setattr(member, place, int(parse_time(body[name], name)) if body[name] else None)
    extra = {name: body[name] for name in EXTRA if name in body}
    if extra:
        kept: Document = decode(member.extra) if member.extra else {}
        member.extra = encode({**kept, **extra})


def archive(audience: Audience, member: Member, source: str) -> None:
    """Hide the contact; it keeps everything and can be found by status."""
    set_status(audience, member, "archived", source)


def forget(audience: Audience, member: Member) -> None:
    """Erase the contact; its address can never be imported again."""
    audience.before_change(member.hash)
    audience.forgotten.add(member.hash)
    audience.remove(member)


def tag_named(audience: Audience, name: str) -> Tag:
    """The tag of that name, made when new. Case does not tell tags apart."""
    known = audience.tag_names.get(name.lower())
    if known is not None:
        return audience.tags[known]
    now = audience.account.world.now()
    tag = Tag(audience.account.number(), name, now, now)
    audience.tags[tag.id] = tag
    audience.tag_names[name.lower()] = tag.id
    return tag


def add_tags(audience: Audience, member: Member, names: Iterable[str]) -> None:
    """Put tags on the member; those it has stay."""
    for name in names:
        put_tag(audience, member, tag_named(audience, name))


def put_tag(audience: Audience, member: Member, tag: Tag) -> bool:
    """Put one tag on; True if it was not there."""
    if tag.id in member.tags:
        return False
    audience.before_change(member.hash)
    tag.updated = audience.account.world.now()
    tag.members[member.hash] = tag.updated
    member.tags = (*member.tags, tag.id)
    audience.touch(member)
    return True


def take_tag(audience: Audience, member: Member, tag: Tag) -> bool:
    """Take one tag off; True if it was there."""
    if tag.id not in member.tags:
        return False
    audience.before_change(member.hash)
    tag.updated = audience.account.world.now()
    tag.members.pop(member.hash, None)
    member.tags = tuple(kept for kept in member.tags if kept != tag.id)
    audience.touch(member)
    return True


def _stats(audience: Audience, member: Member) -> Document:
    if not member.orders and not member.currency:
        return NO_RATES
    bought = {
        "total_revenue": member.revenue,
        "number_of_orders": member.orders,
        "currency_code": member.currency,
    }
    return {**NO_RATES, "ecommerce_data": bought}


def _full(audience: Audience, member: Member) -> Document:
    document: Document = {
        "id": member.hash,
        "email_address": member.email,
        "unique_email_id": hooks.unique_email_id(member.email),
        "contact_id": contact_id(audience, member),
        "full_name": merge.full_name(audience, member),
        "web_id": member.web_id,
        "email_type": member.email_type,
        "status": member.status,
        "consents_to_one_to_one_messaging": member.status == "subscribed",
        "sms_phone_number": "",
        "merge_fields": merge.shown(audience, member),
        "interests": {},
        "stats": _stats(audience, member),
        "ip_signup": "",
        "timestamp_signup": iso(member.signup),
        "ip_opt": "",
        "timestamp_opt": iso(member.opt),
        "member_rating": 2,
        "last_changed": iso(member.changed),
        "language": member.language,
        "vip": member.vip,
        "email_client": "",
        "location": {
            "latitude": 0,
            "longitude": 0,
            "gmtoff": 0,
            "dstoff": 0,
            "country_code": "",
            "timezone": "",
            "region": "",
        },
        "marketing_permissions": [],
        "source": member.source,
        "tags_count": len(member.tags),
        "tags": [{"id": tag_id, "name": audience.tags[tag_id].name} for tag_id in member.tags],
        "list_id": audience.id,
    }
    if member.status == "unsubscribed":
        document["unsubscribe_reason"] = member.reason
    if member.extra:
        extra: Document = decode(member.extra)
        document["location"] |= extra.pop("location", {})
        document |= extra
    return document


_QUICK: dict[str, Any] = {
    "id": lambda audience, member: member.hash,
    "email_address": lambda audience, member: member.email,
    "contact_id": contact_id,
    "status": lambda audience, member: member.status,
    "last_changed": lambda audience, member: iso(member.changed),
    "merge_fields": merge.shown,
    "full_name": merge.full_name,
    "stats": _stats,
    "web_id": lambda audience, member: member.web_id,
    "unique_email_id": lambda audience, member: hooks.unique_email_id(member.email),
    "tags_count": lambda audience, member: len(member.tags),
    "tags": lambda audience, member: [{"id": tag, "name": audience.tags[tag].name} for tag in member.tags],
    "list_id": lambda audience, member: audience.id,
    "timestamp_opt": lambda audience, member: iso(member.opt),
}


def shown(audience: Audience, member: Member, wanted: frozenset[str] | None = None) -> Document:
    """The contact as an answer shows it; with `wanted` only those names are worked out."""
    if wanted is None or not wanted <= _QUICK.keys():
        return _full(audience, member)
    return {name: _QUICK[name](audience, member) for name in wanted}


def joined(audience: Audience, customer: Document) -> str:
    """Status of a contact that an e-commerce customer brings into the audience."""
    if not customer["opt_in_status"]:
        return "transactional"
    return "pending" if audience.double_optin else "subscribed"


def load(audience: Audience, document: Document) -> Member:
    """Take a contact in the vendor's own shape: a new one as it is, a known one as an edit by a person in the product.

    A status `unsubscribed` with another `unsubscribe_reason` than the admin's means the person left by themselves.
    """
    member = _loaded_target(audience, document)
    reason = document.get("unsubscribe_reason", "")
    by_person = document.get("status") == "cleaned" or (
        document.get("status") == "unsubscribed" and reason not in ("", BY_ADMIN)
    )
    source = "user" if by_person else "admin"
    status = document.get("status")
    tags = [tag["name"] if isinstance(tag, dict) else tag for tag in document.get("tags", ())]
    body = {**document, "tags": tags}
    fresh = member is None
    if member is None:
        member = _add(audience, body, Intent(source, status=status or "subscribed", skip_required=True))
        if source == "user":
            member.reason = reason or member.reason
    else:
        _change(audience, member, body, Intent("admin", skip_required=True))
        if status is not None:
            set_status(audience, member, status, source, reason)
    if fresh and document.get("last_changed"):
        member.changed = int(datetime.fromisoformat(document["last_changed"]).timestamp())
        audience.moved(member)
    return member


def _loaded_target(audience: Audience, document: Document) -> Member | None:
    for name in ("id", "contact_id", "email_address"):
        member = audience.find(str(document[name])) if document.get(name) else None
        if member is not None:
            return member
    return None


def count_order(audience: Audience, web_id: int, orders: int, revenue: Decimal, currency: str) -> None:
    """Add to what the contact has bought (negative numbers take away). Not a change of the contact's profile."""
    member = audience.by_number(web_id)
    if member is not None:
        member.orders += orders
        member.revenue += revenue
        member.currency = currency
