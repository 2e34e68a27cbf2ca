"""Operations on audiences: lists, members, tags, merge fields, webhooks, search.

Source: https://mailchimp.com/developer/marketing/api/lists/ and its neighbours, read 2026-11-21.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator

import aiohttp

from connectors.sandbox.core import Document
from connectors.sandbox.mailchimp import hooks, merge, people, schemas
from connectors.sandbox.mailchimp.account import Audience, Hook, Member
from connectors.sandbox.mailchimp.checks import validate
from connectors.sandbox.mailchimp.people import Intent
from connectors.sandbox.mailchimp.wire import Call, Refusal, invalid, iso, not_found

MERGE_FIELD_LIMIT = 30
DEFAULT_EVENTS = frozenset({"subscribe", "unsubscribe", "profile", "cleaned", "upemail"})


def audience_of(call: Call) -> Audience:
    """The audience named in the path, or 404."""
    audience = call.account.audiences.get(call.args[0])
    if audience is None:
        raise not_found()
    return audience


def member_of(call: Call, audience: Audience) -> Member:
    """The contact named in the path, or 404. An archived one is found too."""
    member = audience.find(call.args[1])
    if member is None:
        raise not_found()
    return member


# Lists


def show_list(call: Call, audience: Audience) -> Document:
    """A list as an answer shows it. `total_contacts` only when asked for."""
    counts = audience.counts
    stats: Document = {
        "member_count": counts["subscribed"],
        "unsubscribe_count": counts["unsubscribed"],
        "cleaned_count": counts["cleaned"],
        "member_count_since_send": counts["subscribed"],
        "unsubscribe_count_since_send": 0,
        "cleaned_count_since_send": 0,
        "campaign_count": 0,
        "campaign_last_sent": "",
        "merge_field_count": len(audience.merge_fields),
        "avg_sub_rate": 0,
        "avg_unsub_rate": 0,
        "target_sub_rate": 0,
        "open_rate": 0,
        "click_rate": 0,
        "last_sub_date": "",
        "last_unsub_date": "",
    }
    if call.flag("include_total_contacts"):
        stats["total_contacts"] = sum(counts[status] for status in schemas.WRITABLE_STATUSES if status != "cleaned")
    return {
        "id": audience.id,
        "web_id": audience.web_id,
        "name": audience.name,
        "contact": audience.details.get("contact", {}),
        "permission_reminder": audience.details.get("permission_reminder", ""),
        "use_archive_bar": False,
        "campaign_defaults": audience.details.get("campaign_defaults", {}),
        "notify_on_subscribe": "",
        "notify_on_unsubscribe": "",
        "date_created": iso(audience.created),
        "list_rating": 0,
        "email_type_option": False,
        "visibility": "prv",
        "double_optin": audience.double_optin,
        "has_welcome": False,
        "marketing_permissions": False,
        "modules": [],
        "stats": stats,
    }


def lists_list(call: Call) -> Document:
    """Audiences of the account, oldest first."""
    call.choice("sort_field", ("date_created",))
    found = list(call.account.audiences.values())
    if "has_ecommerce_store" in call.query:
        with_store = {store.audience.id for store in call.account.stores.values()}
        found = [audience for audience in found if (audience.id in with_store) == call.flag("has_ecommerce_store")]
    if email := call.query.get("email"):
        found = [audience for audience in found if audience.find(email)]
    since, before = call.moment("since_date_created"), call.moment("before_date_created")
    found = [
        audience
        for audience in found
        if (since is None or audience.created > since) and (before is None or audience.created < before)
    ]
    found.sort(key=lambda audience: audience.created, reverse=call.choice("sort_dir", ("ASC", "DESC")) == "DESC")
    return call.page("lists", found, len(found), lambda audience, _: show_list(call, audience))


def lists_get(call: Call) -> Document:
    """One audience."""
    return show_list(call, audience_of(call))


def lists_batch_subscribe(call: Call) -> Document:
    """Up to 500 contacts at once; 200 even when rows fail. `update_existing` applies each row's status."""
    audience = audience_of(call)
    body = validate(schemas.BATCH_SUBSCRIBE, call.data())
    created: list[Document] = []
    updated: list[Document] = []
    errors: list[Document] = []
    for row in body["members"]:
        try:
            fresh, member = _subscribe_row(call, audience, row, body)
        except Refusal as refused:
            errors.append(_row_error(row, refused))
        else:
            (created if fresh else updated).append(people.shown(audience, member))
    return {
        "new_members": created,
        "updated_members": updated,
        "errors": errors,
        "total_created": len(created),
        "total_updated": len(updated),
        "error_count": len(errors),
    }


def _subscribe_row(call: Call, audience: Audience, row: Document, body: Document) -> tuple[bool, Member]:
    if "email_address" not in row:
        raise invalid(("email_address", "Required fields were not provided: email_address"))
    member = audience.find(row["email_address"])
    if member is not None and not body.get("update_existing", False):
        raise Refusal(400, "Member Exists", f"{row['email_address']} is already a list member, do you want to update?")
    intent = Intent(status=row.get("status"), skip_required=call.flag("skip_merge_validation"))
    fresh = member is None
    member = people.write(audience, member, row, intent)
    if body.get("sync_tags", False):
        _replace_tags(audience, member, row.get("tags", []))
    return fresh, member


def _replace_tags(audience: Audience, member: Member, names: list[str]) -> None:
    keep = {name.lower() for name in names}
    for tag_id in member.tags:
        if audience.tags[tag_id].name.lower() not in keep:
            people.take_tag(audience, member, audience.tags[tag_id])
    people.add_tags(audience, member, names)


def _row_error(row: Document, refused: Refusal) -> Document:
    first = refused.errors[0] if refused.errors else None
    return {
        "email_address": row.get("email_address", ""),
        "error": refused.detail,
        "error_code": "ERROR_CONTACT_EXISTS" if refused.title == "Member Exists" else "ERROR_GENERIC",
        "field": first.field if first else "",
        "field_message": first.message if first else "",
    }


# Members


def members_list(call: Call) -> Document:
    """A page of contacts. Archived ones only when `status=archived` asks for them."""
    audience = audience_of(call)
    found = _matching(call, audience)
    page = call.page("members", found, len(found), lambda member, wanted: people.shown(audience, member, wanted))
    return {**page, "list_id": audience.id}


def _matching(call: Call, audience: Audience) -> list[Member]:
    """Contacts the query asks for, in its order; kept until something changes, so that paging is cheap."""
    names = ("status", "sort_field", "sort_dir", "email_type", "unique_email_id", "unsubscribed_since")
    times = ("since_last_changed", "before_last_changed", "since_timestamp_opt", "before_timestamp_opt")
    key = (audience.generation, *(call.query.get(name) for name in (*names, *times, "vip_only")))
    faults = audience.account.world.faults
    troubled = bool(audience.shadows) or faults.lossy_rate > 0
    if audience.cached and audience.cached[0] == key and not troubled:
        return audience.cached[1]
    found = _select(call, audience)
    audience.cached = None if troubled else (key, found)
    return found


def _select(call: Call, audience: Audience) -> list[Member]:
    status = call.choice("status", schemas.ALL_STATUSES)
    sort_field = call.choice("sort_field", ("timestamp_opt", "timestamp_signup", "last_changed"))
    descending = call.choice("sort_dir", ("ASC", "DESC")) == "DESC"
    call.choice("interest_match", ("any", "all", "none"))
    if call.query.get("unsubscribed_since") and status != "unsubscribed":
        raise invalid(("unsubscribed_since", "Only allowed with status=unsubscribed"))
    everyone = visible(audience, audience.ordered_by_change() if sort_field == "last_changed" else None)
    if status is None:
        found = [member for member in everyone if member.status != "archived"]
    else:
        found = [member for member in everyone if member.status == status]
    found = _in_time(call, found)
    if email_type := call.query.get("email_type"):
        found = [member for member in found if member.email_type == email_type]
    if unique := call.query.get("unique_email_id"):
        found = [member for member in found if hooks.unique_email_id(member.email) == unique]
    if call.flag("vip_only"):
        found = [member for member in found if member.vip]
    if sort_field in ("timestamp_opt", "timestamp_signup"):
        place = "opt" if sort_field == "timestamp_opt" else "signup"
        found.sort(key=lambda member: getattr(member, place) or 0)
    if descending:
        found.reverse()
    return found


def _in_time(call: Call, found: list[Member]) -> list[Member]:
    """Both bounds exclude the moment itself."""
    for name, place in (("last_changed", "changed"), ("timestamp_opt", "opt")):
        since, before = call.moment(f"since_{name}"), call.moment(f"before_{name}")
        if since is not None:
            found = [member for member in found if (getattr(member, place) or 0) > since]
        if before is not None:
            found = [member for member in found if (getattr(member, place) or 0) < before]
    left = call.moment("unsubscribed_since")
    return found if left is None else [member for member in found if (member.left or 0) > left]


def visible(audience: Audience, order: Iterator[Member] | None = None) -> Iterator[Member]:
    """Contacts as listings see them: late while `lag` is on, with gaps while `lossy` is."""
    faults = audience.account.world.faults
    members: Iterator[Member] = iter(audience.members.values()) if order is None else order
    if audience.shadows:
        members = _delayed(audience, members)
    if faults.lossy_rate <= 0:
        return members
    return (member for member in members if not _lost(member, faults.seed, faults.lossy_rate))


def _delayed(audience: Audience, members: Iterator[Member]) -> Iterator[Member]:
    now = audience.account.world.clock.now().timestamp()
    for hash in [hash for hash, (_, until) in audience.shadows.items() if until <= now]:
        del audience.shadows[hash]
    for member in members:
        held = audience.shadows.get(member.hash)
        if held is None:
            yield member
        elif held[0] is not None:
            yield held[0]


def _lost(member: Member, seed: int, rate: float) -> bool:
    digest = hashlib.md5(f"{seed}:{member.hash}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4]) / 2**32 < rate


def members_create(call: Call) -> Document:
    """Add a contact; one that is there already is refused, whatever its status."""
    audience = audience_of(call)
    body = validate(schemas.MEMBER_CREATE, call.data())
    if audience.find(body["email_address"]) is not None:
        detail = f"{body['email_address']} is already a list member. Use PUT to insert or update list members."
        raise Refusal(400, "Member Exists", detail)
    return _write(call, audience, None, body, body["status"])


def members_get(call: Call) -> Document:
    """One contact."""
    audience = audience_of(call)
    return people.shown(audience, member_of(call, audience))


def members_upsert(call: Call) -> Document:
    """Add or change. `status_if_new` alone never touches the status of a known contact."""
    audience = audience_of(call)
    body = validate(schemas.MEMBER_UPSERT, call.data())
    member = audience.find(call.args[1])
    if member is None:
        member = audience.find(body["email_address"])
    return _write(call, audience, member, body, body.get("status"), body.get("status_if_new"))


def members_update(call: Call) -> Document:
    """Change a known contact; another `email_address` renames it."""
    audience = audience_of(call)
    member = member_of(call, audience)
    body = validate(schemas.MEMBER_PATCH, call.data())
    return _write(call, audience, member, body, body.get("status"))


def _write(
    call: Call,
    audience: Audience,
    member: Member | None,
    body: Document,
    status: str | None,
    if_new: str | None = None,
) -> Document:
    intent = Intent("api", status, if_new, call.flag("skip_merge_validation"))
    return people.shown(audience, people.write(audience, member, body, intent))


def members_archive(call: Call) -> None:
    """Archive; doing it twice answers 404, as the contact is no longer there to be archived."""
    audience = audience_of(call)
    member = member_of(call, audience)
    if member.status == "archived":
        raise not_found()
    people.archive(audience, member, "api")


def members_delete_permanent(call: Call) -> None:
    """Erase for good."""
    audience = audience_of(call)
    people.forget(audience, member_of(call, audience))


# Tags


def member_tags_list(call: Call) -> Document:
    """Tags of one contact."""
    audience = audience_of(call)
    member = member_of(call, audience)
    found = [audience.tags[tag_id] for tag_id in member.tags]
    return call.page(
        "tags",
        found,
        len(found),
        lambda tag, _: {"id": tag.id, "name": tag.name, "date_added": iso(tag.members[member.hash])},
    )


def member_tags_update(call: Call) -> None:
    """Put on what is active, take off what is inactive, leave the others."""
    audience = audience_of(call)
    member = member_of(call, audience)
    for wish in validate(schemas.TAGS_UPDATE, call.data())["tags"]:
        if wish["status"] == "active":
            people.put_tag(audience, member, people.tag_named(audience, wish["name"]))
        elif wish["name"].lower() in audience.tag_names:
            people.take_tag(audience, member, people.tag_named(audience, wish["name"]))


def tags_search(call: Call) -> Document:
    """Tags whose name begins with the text."""
    start = call.query.get("name", "").lower()
    found = [tag for tag in audience_of(call).tags.values() if tag.name.lower().startswith(start)]
    return {"tags": [{"id": tag.id, "name": tag.name} for tag in found], "total_items": len(found)}


# Merge fields


def _shown_field(audience: Audience, field: Document) -> Document:
    return {
        **field,
        "list_id": audience.id,
        "merge_field_limit": MERGE_FIELD_LIMIT,
        "total_items": len(audience.merge_fields),
    }


def merge_field_of(call: Call, audience: Audience) -> Document:
    """The merge field named in the path, or 404."""
    field = audience.merge_fields.get(int(call.args[1])) if call.args[1].isdigit() else None
    if field is None:
        raise not_found()
    return field


def merge_fields_list(call: Call) -> Document:
    """Merge fields of the audience; the address itself is not one of them."""
    audience = audience_of(call)
    found = list(audience.merge_fields.values())
    if kind := call.query.get("type"):
        found = [field for field in found if field["type"] == kind]
    if "required" in call.query:
        found = [field for field in found if field["required"] == call.flag("required")]
    page = call.page("merge_fields", found, len(found), lambda field, _: _shown_field(audience, field))
    return {**page, "list_id": audience.id}


def merge_fields_create(call: Call) -> Document:
    """Add a merge field; the plan limits how many."""
    audience = audience_of(call)
    body = validate(schemas.MERGE_FIELD_CREATE, call.data())
    if len(audience.merge_fields) >= MERGE_FIELD_LIMIT:
        raise invalid(("", f"You have reached the limit of {MERGE_FIELD_LIMIT} merge fields"))
    merge_id = max(audience.merge_fields, default=0) + 1
    field = merge.new_field(merge_id, body)
    _check_tag_free(audience, field["tag"], merge_id)
    audience.merge_fields[merge_id] = field
    return _shown_field(audience, field)


def _check_tag_free(audience: Audience, tag: str, merge_id: int) -> None:
    taken = [field for field in audience.merge_fields.values() if field["tag"] == tag and field["merge_id"] != merge_id]
    if taken or tag == "EMAIL":
        raise invalid(("tag", f'A Merge Field with the tag "{tag}" already exists for this list.'))


def merge_fields_get(call: Call) -> Document:
    """One merge field."""
    audience = audience_of(call)
    return _shown_field(audience, merge_field_of(call, audience))


def merge_fields_update(call: Call) -> Document:
    """Rename or change; the type stays."""
    audience = audience_of(call)
    field = merge_field_of(call, audience)
    body = validate(schemas.MERGE_FIELD_PATCH, call.data())
    if body.get("tag"):
        _check_tag_free(audience, body["tag"].upper(), field["merge_id"])
        field["tag"] = body["tag"].upper()
    for name in ("name", "required", "default_value", "public", "display_order", "help_text"):
        if name in body:
            field[name] = body[name]
    field["options"] |= body.get("options", {})
    return _shown_field(audience, field)


def merge_fields_delete(call: Call) -> None:
    """Remove the field and, with it, its values."""
    audience = audience_of(call)
    del audience.merge_fields[merge_field_of(call, audience)["merge_id"]]


# Webhooks


def show_hook(audience: Audience, hook: Hook) -> Document:
    """A webhook without its secret."""
    return {
        "id": hook.id,
        "url": hook.url,
        "events": hook.events,
        "sources": hook.sources,
        "signing_enabled": bool(hook.secret),
        "list_id": audience.id,
    }


def hook_of(call: Call, audience: Audience) -> Hook:
    """The webhook named in the path, or 404."""
    hook = audience.hooks.get(call.args[1])
    if hook is None:
        raise not_found()
    return hook


def webhooks_list(call: Call) -> Document:
    """Webhooks of the audience."""
    audience = audience_of(call)
    found = [show_hook(audience, hook) for hook in audience.hooks.values()]
    return {"webhooks": found, "list_id": audience.id, "total_items": len(found)}


async def webhooks_create(call: Call) -> Document:
    """Add a webhook after its address has answered a GET with 200. The signing secret is shown this once."""
    audience = audience_of(call)
    body = validate(schemas.WEBHOOK_CREATE, call.data())
    await _check_url(call, audience, body["url"], "")
    secret = f"SECRET-{secrets.token_hex(16)}" if call.account.world.settings.webhook_signing else ""
    hook = Hook(
        id=f"{call.account.number():x}",
        url=body["url"],
        events=_events(body),
        sources=hooks.pick(body.get("sources"), schemas.HOOK_SOURCES, False),
        secret=secret,
    )
    audience.hooks[hook.id] = hook
    created = show_hook(audience, hook)
    return {**created, "signing_secret": secret} if secret else created


def _events(body: Document) -> dict[str, bool]:
    if "events" in body:
        return hooks.pick(body["events"], schemas.HOOK_EVENTS, False)
    return {name: name in DEFAULT_EVENTS for name in schemas.HOOK_EVENTS}


async def _check_url(call: Call, audience: Audience, url: str, own_id: str) -> None:
    if any(hook.url == url and hook.id != own_id for hook in audience.hooks.values()):
        raise invalid(("url", "Sorry, you can't set up multiple WebHooks for one URL"))
    if call.account.world.settings.webhook_check and not await _answers(url):
        raise invalid(
            ("url", "We're sorry, but that URL could not be validated. Please make sure it answers with 200.")
        )


async def _answers(url: str) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=hooks.ANSWER_SECONDS)) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def webhooks_get(call: Call) -> Document:
    """One webhook."""
    audience = audience_of(call)
    return show_hook(audience, hook_of(call, audience))


async def webhooks_update(call: Call) -> Document:
    """Change address, events or sources; names not given stay as they are."""
    audience = audience_of(call)
    hook = hook_of(call, audience)
    body = validate(schemas.WEBHOOK_WRITE, call.data())
    if "url" in body and body["url"] != hook.url:
        await _check_url(call, audience, body["url"], hook.id)
        hook.url = body["url"]
    hook.events |= {name: on for name, on in body.get("events", {}).items() if name in hook.events}
    hook.sources |= {name: on for name, on in body.get("sources", {}).items() if name in hook.sources}
    return show_hook(audience, hook)


def webhooks_delete(call: Call) -> None:
    """Remove a webhook."""
    audience = audience_of(call)
    del audience.hooks[hook_of(call, audience).id]


# Search


def search_members(call: Call) -> Document:
    """Contacts by address or name: exact addresses apart from everything that contains the text."""
    query = call.query.get("query", "").strip().lower()
    if len(query) < 1:
        raise invalid(("query", "Required fields were not provided: query"))
    chosen = call.query.get("list_id")
    if chosen is not None and chosen not in call.account.audiences:
        raise not_found()
    exact: list[Document] = []
    full: list[Document] = []
    for audience in call.account.audiences.values():
        if chosen in (None, audience.id):
            _search(audience, query, exact, full)
    return {
        "exact_matches": {"members": exact, "total_items": len(exact)},
        "full_search": {"members": full, "total_items": len(full)},
    }


def _search(audience: Audience, query: str, exact: list[Document], full: list[Document]) -> None:
    for member in visible(audience):
        if member.status == "archived":
            continue
        if member.email.lower() == query:
            exact.append(people.shown(audience, member))
        if query in member.email.lower() or query in merge.full_name(audience, member).lower():
            full.append(people.shown(audience, member))
