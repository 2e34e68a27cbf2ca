"""Audience members, seen as contacts. One member is one contact.

A write never carries `status`: with `status_if_new` alone an existing member keeps the status the person gave it.
Sources: https://mailchimp.com/developer/marketing/api/list-members/, /list-member-tags/, /docs/merge-fields/,
read 2026-11-21.
"""

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.contract import (
    Api,
    Bulk,
    Field,
    Outcome,
    Payload,
    Raw,
    RecordRejected,
    Resource,
    SyncError,
    Text,
    Write,
)
from connectors.contract.parsing import instant
from connectors.mailchimp.batches import Answer, Item, Op, Script, Step, bulk, error_of, settle, written
from connectors.mailchimp.errors import NOT_FOUND
from connectors.mailchimp.wire import filled, member_hash, segment, setting, words

# What a stored member holds; without this list one takes about 2 kB.
KEPT = (
    "id", "contact_id", "email_address", "unique_email_id", "web_id", "full_name", "status", "unsubscribe_reason",
    "merge_fields", "timestamp_signup", "timestamp_opt", "last_changed", "language", "source", "tags_count", "tags",
    "list_id",
)  # fmt: skip

CONSENT = {
    "subscribed": "granted",
    "pending": "asked",
    "unsubscribed": "withdrawn",
    "cleaned": "bounced",
    "transactional": "none",
    "archived": "archived",
}
# Words that lower the status a new contact gets; nothing here or elsewhere raises it.
NO_CONSENT = frozenset({"none", "withdrawn", "bounced", "archived", "unknown", "expired"})
NEW_STATUSES = frozenset({"subscribed", "transactional", "pending"})

# A new audience asks for phone numbers as they are written in the United States and Canada.
# A field it lacks is passed over, so the company may be tried.
DEFAULT_TAGS = "FNAME:text,LNAME:text,ADDRESS:address,PHONE:phone_us,COMPANY:text"
ADDRESS_LINE = 45
_NORTH_AMERICAN = re.compile(r"1?([2-9]\d{2})(\d{3})(\d{4})")


def merge_types(context: Mapping[str, str]) -> dict[str, str]:
    """The audience's merge fields by tag, from `merge_tags` ("FNAME:text,PHONE:phone"), else those of a new one."""
    told = context.get("merge_tags") or DEFAULT_TAGS
    pairs = (item.strip().partition(":") for item in told.split(",") if item.strip())
    return {tag: kind or "text" for tag, _, kind in pairs}


def company_tag(context: Mapping[str, str]) -> str | None:
    """The text field the company goes to: the one chosen, else COMPANY where the audience has it."""
    chosen = context.get("company_field")
    if chosen and not context.get("merge_tags"):
        return chosen
    found = chosen or "COMPANY"
    return found if merge_types(context).get(found) == "text" else None


def read_address(value: Any) -> dict[str, str | None] | None:
    """A canonical address from a merge field: an object, or text where the owner keeps it in a text field."""
    if isinstance(value, Mapping):
        names = (("line1", "addr1"), ("line2", "addr2"), ("city", "city"), ("region", "state"), ("postcode", "zip"))
        found = {ours: filled(value.get(theirs)) for ours, theirs in (*names, ("country", "country"))}
        return found if any(found.values()) else None
    return {"line1": str(value)} if value else None


def write_address(address: Mapping[str, Any], country: str = "") -> dict[str, str] | None:
    """The address object, or None when it is not complete: one missing part refuses the whole contact.

    Without a country the vendor takes the United States, so an unknown one makes the address incomplete too.
    """
    lines = _lines(address)
    parts = {name: str(address.get(name) or "").strip() for name in ("city", "region", "postcode", "country")}
    parts["country"] = (parts["country"] or country).upper()
    if not (lines[0] and parts["city"] and parts["region"] and parts["postcode"] and len(parts["country"]) == 2):
        return None
    return {
        "addr1": lines[0],
        "addr2": lines[1],
        "city": parts["city"][:ADDRESS_LINE],
        "state": parts["region"][:ADDRESS_LINE],
        "zip": parts["postcode"],
        "country": parts["country"],
    }


def _lines(address: Mapping[str, Any]) -> tuple[str, str]:
    """Two address lines of at most 45 characters; a long first line runs on into an empty second one."""
    first, second = (str(address.get(name) or "").strip() for name in ("line1", "line2"))
    if len(first) > ADDRESS_LINE and not second:
        rows = textwrap.wrap(first, ADDRESS_LINE)
        first, second = rows[0], (rows[1] if len(rows) > 1 else "")
    return first[:ADDRESS_LINE], second[:ADDRESS_LINE]


def write_phone(phone: str, kind: str) -> str | None:
    """The number as the field's format wants it; None: it cannot be put so, and is left out."""
    if kind != "phone_us" or not phone.strip():
        return words(phone)
    found = _NORTH_AMERICAN.fullmatch("".join(letter for letter in phone if letter.isdigit()))
    return "-".join(found.groups()) if found else None


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The body for canonical values: just the fields named, in the fields the audience has."""
    payload: Payload = {}
    if "email" in values:
        payload["email_address"] = str(values["email"] or "").strip()
    if action == "create":
        payload["status_if_new"] = _status_if_new(values, context)
    merge = _merge_fields(values, context)
    if merge:
        payload["merge_fields"] = merge
    return payload


def _status_if_new(values: Mapping[str, Any], context: Mapping[str, str]) -> str:
    """What a new contact becomes: the setting, or non-subscribed when this person's consent says less."""
    chosen = setting(context, "status_if_new")
    if chosen not in NEW_STATUSES or values.get("consent") in NO_CONSENT:
        return "transactional"
    return chosen


def _merge_fields(values: Mapping[str, Any], context: Mapping[str, str]) -> dict[str, Any]:
    kinds = merge_types(context)
    merge: dict[str, Any] = {}
    names = [
        (name, tag) for name, tag in (("given_name", "FNAME"), ("family_name", "LNAME")) if kinds.get(tag) == "text"
    ]
    for name, tag in (*names, ("company", company_tag(context))):
        if name in values and tag:
            merge[tag] = words(values[name])
    if "phone" in values and kinds.get("PHONE") in ("phone", "phone_us", "text"):
        number = write_phone(str(values["phone"] or ""), kinds["PHONE"])
        if number is not None:
            merge["PHONE"] = number
    if isinstance(values.get("address"), Mapping):
        merge.update(_address_field(values["address"], kinds.get("ADDRESS", ""), context.get("country", "")))
    return merge


def _address_field(address: Mapping[str, Any], kind: str, country: str) -> dict[str, Any]:
    if kind == "address":
        whole = write_address(address, country)
        return {"ADDRESS": whole} if whole else {}
    if kind == "text":
        names = ("line1", "line2", "city", "region", "postcode", "country")
        return {"ADDRESS": words(", ".join(str(address[name]) for name in names if address.get(name)))}
    return {}


FIELDS = (
    Field("name", "full_name", read=filled),
    Field("email", "email_address", read=filled, write=words, required=True),
    Field("given_name", "merge_fields.FNAME", read=filled, write=words, max_length=255),
    Field("family_name", "merge_fields.LNAME", read=filled, write=words, max_length=255),
    Field("company", "merge_fields.COMPANY", read=filled, write=words, max_length=255),
    Field("phone", "merge_fields.PHONE", read=filled, write=words),
    Field("address", "merge_fields.ADDRESS", read=read_address, write=write_address),
    # Writable on create only, and only downwards (see `_status_if_new`): consent is the person's to give.
    Field("consent", "status", read=lambda status: CONSENT.get(status, "unknown"), write=words),
    Field("tags", "tags", read=lambda tags: [str(tag["name"]) for tag in tags]),
    Field("language", "language", read=filled),
    Field("created_at", "timestamp_signup", read=instant),
)

FIELD_REFUSALS = frozenset({"MC-MERGE-FIELDS", "MC-ADDRESS-INCOMPLETE"})

# A required merge field that QuickBooks cannot know must not keep a customer out; format checks stay on.
PARAMS = {"skip_merge_validation": True}
_BATCH_PARAMS = {"skip_merge_validation": "true"}


def tag_body(tag: str) -> Payload:
    """The tag of new contacts. `is_syncing` keeps automations that start on a tag quiet."""
    return {"tags": [{"name": tag, "status": "active"}], "is_syncing": True}


def _hash_of(payload: Mapping[str, Any]) -> str:
    email = str(payload.get("email_address") or "")
    if not email:
        raise RecordRejected("MC-NO-EMAIL", field="email")
    return member_hash(email)


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Add the member, or meet the one already there; then the tag. The address decides, so a repeat is harmless."""
    name = _hash_of(payload)
    raw = written(_sparing(payload, lambda body: api.put(f"/lists/{{audience}}/members/{name}", body, PARAMS)), KEPT)
    tag = api.context.get("tag", "")
    if tag:
        api.post(f"/lists/{{audience}}/members/{name}/tags", tag_body(tag))
    return _tagged(raw, tag)


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Change the named fields of a member; a new address renames it. Never creates, never touches the status."""
    if not payload:
        return fetch(api, remote_id)
    path = f"/lists/{{audience}}/members/{segment(remote_id)}"
    return written(_sparing(payload, lambda body: api.patch(path, body, PARAMS)), KEPT)


def _sparing(payload: Payload, send: Callable[[Payload], Raw]) -> Raw:
    """Send, and where the audience will not take a field, once more without it: the rest still arrives."""
    try:
        return send(payload)
    except RecordRejected as error:
        rest, left_out = without_refused(payload, error)
        if not left_out:
            raise
    return send(rest)


def without_refused(payload: Payload, error: SyncError | None) -> tuple[Payload, list[str]]:
    """The body without the fields a refusal names, and their tags; none when it was refused for something else."""
    if error is None or error.code not in FIELD_REFUSALS:
        return payload, []
    merge = dict(payload.get("merge_fields") or {})
    named = {part.rpartition(".")[2] for part in str(error.params.get("fields", "")).split(",")}
    left_out = [tag for tag in merge if tag in named]
    return {**payload, "merge_fields": {tag: merge[tag] for tag in merge if tag not in named}}, left_out


def fetch(api: Api, remote_id: str) -> Raw:
    """One member by contact id or by the hash of its address."""
    return api.get(f"/lists/{{audience}}/members/{segment(remote_id)}", {"fields": ",".join(KEPT)})


def find(api: Api, write: Write) -> Raw | None:
    """The member a lost write meant. A new one without our tag is only half done, so it is not there yet."""
    name = write.remote_id if write.action != "create" and write.remote_id else _hash_of(write.payload)
    try:
        raw = fetch(api, name)
    except RecordRejected as error:
        if error.code == NOT_FOUND:
            return None
        raise
    tag = api.context.get("tag", "")
    if write.action == "create" and tag and tag.lower() not in _tag_names(raw):
        return None
    return raw


def _tag_names(raw: Raw) -> set[str]:
    return {str(item.get("name", "")).lower() for item in raw.get("tags") or ()}


def _tagged(raw: Raw, tag: str) -> Raw:
    """The document with the tag we have just put on it, which the answer to the first call cannot show."""
    if not tag or tag.lower() in _tag_names(raw):
        return raw
    tags = [*(raw.get("tags") or ()), {"name": tag}]
    return {**raw, "tags": tags, "tags_count": len(tags)}


# Many at once: first the members, then, for the new ones, the tag.


def start(context: Mapping[str, str], items: Sequence[Item]) -> Step:
    """One operation for each member."""
    return Step(stage="write", ops=[_op(context, item) for item in items], items=list(items))


def _op(context: Mapping[str, str], item: Item) -> Op:
    audience = segment(setting(context, "audience"))
    if item.action == "create":
        path = f"/lists/{audience}/members/{_hash_of(item.payload)}"
        return Op(item.change, "PUT", path, item.payload, _BATCH_PARAMS)
    path = f"/lists/{audience}/members/{segment(item.remote_id)}"
    return Op(item.change, "PATCH", path, item.payload, _BATCH_PARAMS)


def advance(context: Mapping[str, str], stage: str, items: Sequence[Item], answers: Mapping[str, Answer]) -> Step:
    """After a member the tag; where a field was refused, the member once more without it. With the tag all is done."""
    step = Step(stage="write")
    for item in items:
        answer = answers.get(item.change)
        rest, left_out = without_refused(item.payload, error_of(answer))
        if item.raw:
            step.outcomes.append(_after_tag(item, answer))
        elif left_out and not item.left_out:
            again = replace(item, payload=rest, left_out=[f"merge_fields.{tag}" for tag in left_out])
            step.items.append(again)
            step.ops.append(_op(context, again))
        else:
            _after_member(context, step, item, settle(item, answer, KEPT, _remote_id))
    return step


def _after_member(context: Mapping[str, str], step: Step, item: Item, outcome: Outcome) -> None:
    if outcome.error or item.action != "create" or not item.tag:
        step.outcomes.append(outcome)
        return
    path = f"/lists/{segment(setting(context, 'audience'))}/members/{_hash_of(item.payload)}/tags"
    step.ops.append(Op(item.change, "POST", path, tag_body(item.tag)))
    step.items.append(item.with_raw(outcome.raw or {}))


def _after_tag(item: Item, answer: Answer | None) -> Outcome:
    error = error_of(answer)
    if error and error.then != "reject":
        return item.failed(error)
    if error:  # the contact is there, only the tag is not: saying "rejected" would hide the contact
        return item.done(item.raw, _remote_id(item.raw), differs=("tags",))
    return item.done(_tagged(item.raw, item.tag), _remote_id(item.raw))


def _remote_id(raw: Mapping[str, Any]) -> str:
    return str(raw.get("contact_id") or raw.get("id") or "")


def merge_tags_of(choices: Iterable[Any]) -> str:
    """`merge_tags` for the context, from the choices of the merge field reference list (or their JSON)."""
    found = []
    for choice in choices:
        told = choice if isinstance(choice, Mapping) else {"id": choice.id, "facts": choice.facts}
        facts = told.get("facts") or {}
        kind = str(facts.get("type", "text"))
        if kind == "phone" and str(facts.get("phone_format", "")).upper() == "US":
            kind = "phone_us"
        found.append(f"{told['id']}:{kind}")
    return ",".join(found)


SCRIPT = Script("members", start, advance)
BULK: Bulk = bulk(SCRIPT, size=500, actions=frozenset({"create", "update"}))

MEMBERS = Resource(
    name="members",
    entity="contact",
    label=Text("Contacts", "Contacts"),
    fields=FIELDS,
    remote_id=_remote_id,  # "id" is a hash of the address and changes with it
    changed_at="last_changed",
    is_gone=lambda raw: raw.get("status") == "archived",
    match_on=("email",),
    build=build,
    create=create,
    update=update,
    fetch=fetch,
    find=find,
    bulk=BULK,
    overlap=timedelta(minutes=10),
    absence_means_deleted=False,
    repeat="harmless",
    open_in_vendor="https://admin.mailchimp.com/audience/contact-profile?contact_id={id}",
)
