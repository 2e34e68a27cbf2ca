"""Segments: tags (static) and saved ones, whose conditions are worked out when somebody looks.

Source: https://mailchimp.com/developer/marketing/api/list-segments/, read 2026-11-21. Operators of conditions are the
product's own: `greater` 1 on the order count means two orders or more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.mailchimp import merge, people, schemas
from connectors.sandbox.mailchimp.account import Audience, Member, Segment, Tag
from connectors.sandbox.mailchimp.audiences import audience_of, visible
from connectors.sandbox.mailchimp.checks import NUMERIC_TEXT, validate
from connectors.sandbox.mailchimp.wire import Call, Refusal, invalid, iso, not_found

# Who else is shown when asked: a segment by itself shows those who can be mailed.
OTHERS = {
    "include_cleaned": "cleaned",
    "include_transactional": "transactional",
    "include_unsubscribed": "unsubscribed",
}


def _number(value: Any) -> Decimal:
    return Decimal(str(value).strip())


COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "is": lambda have, want: have == want,
    "not": lambda have, want: have != want,
    "greater": lambda have, want: have > want,
    "less": lambda have, want: have < want,
}
TEXT: dict[str, Callable[[str, str], bool]] = {
    "is": lambda have, want: have == want,
    "not": lambda have, want: have != want,
    "contains": lambda have, want: want in have,
    "notcontain": lambda have, want: want not in have,
    "starts": lambda have, want: have.startswith(want),
    "ends": lambda have, want: have.endswith(want),
    "blank": lambda have, want: have == "",
    "blank_not": lambda have, want: have != "",
}
ORDER_COUNT = frozenset({"ecomm_orders", "ecomm_number"})
SPENT = frozenset({"ecomm_spent_all"})
EMAIL_FIELDS = frozenset({"merge0", "EMAIL"})


def meets(audience: Audience, condition: Document) -> Callable[[Member], bool]:
    """The condition as a test on one contact; a condition this vendor does not know is refused."""
    name, op, value = condition.get("field"), condition.get("op"), condition.get("value")
    if name in ORDER_COUNT | SPENT and op in COMPARE and NUMERIC_TEXT.fullmatch(str(value)):
        compare, want = COMPARE[op], _number(value)
        if name in SPENT:
            return lambda member: compare(member.revenue, want)
        return lambda member: compare(Decimal(member.orders), want)
    if name == "ecomm_purchased" and op in ("member", "notmember"):
        return lambda member: (member.orders > 0) == (op == "member")
    if name == "static_segment" and op in ("static_is", "static_not") and str(value).isdigit():
        tag_id = int(str(value))
        return lambda member: (tag_id in member.tags) == (op == "static_is")
    tags = {field["tag"] for field in audience.merge_fields.values()}
    if op in TEXT and (name in EMAIL_FIELDS or name in tags):
        return _text_test(audience, str(name), TEXT[op], str(value or "").lower())
    raise invalid(("options.conditions", f"Unknown condition: field {name!r}, op {op!r}, value {value!r}"))


def _text_test(
    audience: Audience, name: str, compare: Callable[[str, str], bool], want: str
) -> Callable[[Member], bool]:
    if name in EMAIL_FIELDS:
        return lambda member: compare(member.email.lower(), want)
    return lambda member: compare(str(merge.shown(audience, member)[name]).lower(), want)


def _statuses(call: Call) -> set[str]:
    return {"subscribed", "pending", *(status for flag, status in OTHERS.items() if call.flag(flag))}


def _members(audience: Audience, segment: Tag | Segment, statuses: set[str]) -> Iterator[Member]:
    everyone = (member for member in visible(audience) if member.status in statuses)
    if isinstance(segment, Tag):
        return (member for member in everyone if segment.id in member.tags)
    tests = [meets(audience, condition) for condition in segment.conditions]
    all_of = all if segment.match == "all" else any
    return (member for member in everyone if all_of(test(member) for test in tests))


def _shown(call: Call, audience: Audience, segment: Tag | Segment) -> Document:
    saved = isinstance(segment, Segment)
    wanted = call.wanted("segments")
    document: Document = {
        "id": segment.id,
        "name": segment.name,
        "type": "saved" if saved else "static",
        "created_at": iso(segment.created),
        "updated_at": iso(segment.updated),
        "list_id": audience.id,
    }
    if wanted is None or "member_count" in wanted or not wanted:
        document["member_count"] = sum(1 for _ in _members(audience, segment, _statuses(call)))
    if isinstance(segment, Segment):
        document["options"] = {"match": segment.match, "conditions": segment.conditions}
    return document


def segment_of(call: Call, audience: Audience) -> Tag | Segment:
    """The segment named in the path, or 404."""
    number = int(call.args[1]) if call.args[1].isdigit() else -1
    segment = audience.tags.get(number) or audience.segments.get(number)
    if segment is None:
        raise not_found()
    return segment


def tag_of(call: Call, audience: Audience) -> Tag:
    """The static segment named in the path; membership of a saved one cannot be set."""
    segment = segment_of(call, audience)
    if isinstance(segment, Segment):
        raise Refusal(400, "Bad Request", "This segment is not static, its members follow from its conditions.")
    return segment


def segments_list(call: Call) -> Document:
    """Tags and saved segments."""
    audience = audience_of(call)
    found: list[Tag | Segment] = [*audience.tags.values(), *audience.segments.values()]
    kind, other = call.query.get("type"), call.query.get("exclude_type")
    found = [segment for segment in found if kind in (None, _type(segment)) and _type(segment) != other]
    for name, place in (("created_at", "created"), ("updated_at", "updated")):
        since, before = call.moment(f"since_{name}"), call.moment(f"before_{name}")
        found = [
            segment
            for segment in found
            if (since is None or getattr(segment, place) > since)
            and (before is None or getattr(segment, place) < before)
        ]
    page = call.page("segments", found, len(found), lambda segment, _: _shown(call, audience, segment))
    return {**page, "list_id": audience.id}


def _type(segment: Tag | Segment) -> str:
    return "static" if isinstance(segment, Tag) else "saved"


def segments_create(call: Call) -> Document:
    """A tag with the given addresses, or a saved segment with conditions."""
    audience = audience_of(call)
    body = validate(schemas.SEGMENT_WRITE, call.data())
    if "options" in body and "static_segment" not in body:
        return _shown(call, audience, _new_saved(audience, body))
    if body["name"].lower() in audience.tag_names:
        raise invalid(("name", "Sorry, that tag already exists."))
    tag = people.tag_named(audience, body["name"])
    for email in body.get("static_segment", []):
        if member := audience.find(email):
            people.put_tag(audience, member, tag)
    return _shown(call, audience, tag)


def _new_saved(audience: Audience, body: Document) -> Segment:
    options = body["options"]
    now = audience.account.world.now()
    conditions = options.get("conditions", [])
    for condition in conditions:
        meets(audience, condition)
    if not conditions:
        raise invalid(("options.conditions", "Please add at least one condition"))
    segment = Segment(audience.account.number(), body["name"], now, now, options.get("match", "all"), conditions)
    audience.segments[segment.id] = segment
    return segment


def segments_get(call: Call) -> Document:
    """One segment with its count."""
    audience = audience_of(call)
    return _shown(call, audience, segment_of(call, audience))


def segments_update(call: Call) -> Document:
    """Rename; replace the conditions or, with `static_segment`, the members."""
    audience = audience_of(call)
    segment = segment_of(call, audience)
    body = validate(schemas.SEGMENT_WRITE, call.data())
    segment.updated = audience.account.world.now()
    if isinstance(segment, Tag):
        _rename_tag(audience, segment, body["name"])
        if "static_segment" in body:
            _replace_members(audience, segment, body["static_segment"])
    else:
        for condition in body.get("options", {}).get("conditions", []):
            meets(audience, condition)
        segment.name = body["name"]
        segment.match = body.get("options", {}).get("match", segment.match)
        segment.conditions = body.get("options", {}).get("conditions", segment.conditions)
    return _shown(call, audience, segment)


def _rename_tag(audience: Audience, tag: Tag, name: str) -> None:
    if audience.tag_names.get(name.lower(), tag.id) != tag.id:
        raise invalid(("name", "Sorry, that tag already exists."))
    del audience.tag_names[tag.name.lower()]
    audience.tag_names[name.lower()] = tag.id
    tag.name = name


def _replace_members(audience: Audience, tag: Tag, emails: list[str]) -> None:
    keep = [member for email in emails if (member := audience.find(email))]
    hashes = {member.hash for member in keep}
    for hash in [hash for hash in tag.members if hash not in hashes]:
        people.take_tag(audience, audience.members[hash], tag)
    for member in keep:
        people.put_tag(audience, member, tag)


def segments_change_members(call: Call) -> Document:
    """Put a tag on up to 500 contacts and take it off up to 500; unknown addresses are errors inside a 200."""
    audience = audience_of(call)
    tag = tag_of(call, audience)
    body = validate(schemas.SEGMENT_CHANGE, call.data())
    added, missing_add = _apply(audience, tag, body.get("members_to_add", []), people.put_tag)
    removed, missing_remove = _apply(audience, tag, body.get("members_to_remove", []), people.take_tag)
    errors: list[Document] = []
    if missing_add:
        errors.append({"email_addresses": missing_add, "error": "Emails addresses are not subscribed to the list."})
    if missing_remove:
        errors.append({"email_addresses": missing_remove, "error": "Emails addresses are not in the segment."})
    return {
        "members_added": added,
        "members_removed": removed,
        "errors": errors,
        "total_added": len(added),
        "total_removed": len(removed),
        "error_count": len(missing_add) + len(missing_remove),
    }


def _apply(
    audience: Audience, tag: Tag, emails: list[str], change: Callable[[Audience, Member, Tag], bool]
) -> tuple[list[Document], list[str]]:
    done: list[Document] = []
    missing: list[str] = []
    for email in emails:
        member = audience.find(email)
        if member is None:
            missing.append(email)
        elif change(audience, member, tag):
            done.append(people.shown(audience, member))
    return done, missing


def segments_delete(call: Call) -> None:
    """Remove the segment; contacts lose the tag, nothing else."""
    audience = audience_of(call)
    segment = segment_of(call, audience)
    if isinstance(segment, Segment):
        del audience.segments[segment.id]
        return
    for hash in list(segment.members):
        people.take_tag(audience, audience.members[hash], segment)
    del audience.tags[segment.id], audience.tag_names[segment.name.lower()]


def segment_members_list(call: Call) -> Document:
    """Contacts of the segment that can be mailed, and others when the query includes them; never archived ones."""
    audience = audience_of(call)
    found = list(_members(audience, segment_of(call, audience), _statuses(call)))
    return call.page("members", found, len(found), lambda member, wanted: people.shown(audience, member, wanted))


def segment_members_add(call: Call) -> Document:
    """Put the tag on one contact."""
    audience = audience_of(call)
    tag = tag_of(call, audience)
    member = audience.find(validate(schemas.SEGMENT_MEMBER, call.data())["email_address"])
    if member is None:
        raise not_found()
    people.put_tag(audience, member, tag)
    return people.shown(audience, member)


def segment_members_remove(call: Call) -> None:
    """Take the tag off one contact."""
    audience = audience_of(call)
    member = audience.find(call.args[2])
    if member is None or not people.take_tag(audience, member, tag_of(call, audience)):
        raise not_found()
