"""Review requests. There is no call that sends one: a contact gets a tag the client's own workflow begins with, or is
put into a published workflow.

A contact that was asked carries a mark of ours beside, so that nobody is asked again whatever becomes of settings. A
tag given twice is there once, so a lost answer does no harm. A workflow may count twice, and nothing tells who is in
it: so the contact is marked before and after. After a lost answer the marks say whether it was never begun (it goes
again), is done, or is in between: then a person looks, and nobody is asked twice by us.
Source: GoHighLevel/highlevel-api-docs:apps/contacts.json, workflows.json; the vendor's help on review requests when an
invoice is paid, read 2026-11-21.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.contract import (
    Api,
    OutcomeUnknown,
    Payload,
    Raw,
    RecordRejected,
    Ref,
    Resource,
    SettingInvalid,
    SyncError,
    Text,
    Values,
    Write,
)
from connectors.highlevel.contacts import fetch, name_of

TAG = "bridge-review"
ASKING, ASKED = "bridge-review-asking", "bridge-review-asked"
TRIES = 3


def of_contact(contact: Raw) -> Raw:
    """What a contact tells of its review request, as a document of its own."""
    return {"id": contact["id"], "asked": ASKED in tags(contact), "name": name_of(contact)}


def read(raw: Raw) -> Values:
    """Whether a contact was asked."""
    return {"contact": Ref("contact", "contacts", str(raw["id"])), "asked": raw.get("asked") is True}


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """How the settings want it asked. SettingInvalid: a workflow is wanted and none is chosen."""
    by = context.get("review_by") or "tag"
    if by == "workflow" and not context.get("review_workflow"):
        raise SettingInvalid("HL-SETTING-MISSING", params={"setting": "review_workflow"}, field="review_workflow")
    return {"by": by, "tag": context.get("review_tag") or TAG, "workflow": context.get("review_workflow", "")}


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Ask, unless it was done before. RecordRejected: the contact does not want messages, or cannot get any."""
    contact = fetch(api, remote_id)
    if ASKED in tags(contact):
        return of_contact(contact)
    if contact.get("dnd") is True or not (contact.get("email") or contact.get("phone")):
        raise RecordRejected("HL-REVIEW-UNREACHABLE", params={"contact": name_of(contact) or "–"})
    done = {**of_contact(contact), "asked": True}
    if payload["by"] != "workflow":
        api.post(f"/contacts/{remote_id}/tags", {"tags": [payload["tag"], ASKED]})
        return done
    if ASKING in tags(contact):  # begun before, and planned anew since: only a person can tell
        raise RecordRejected("HL-REVIEW-UNSURE", params={"contact": name_of(contact) or "–"})
    _tag(api, remote_id, ASKING)
    api.post(f"/contacts/{remote_id}/workflow/{payload['workflow']}", {})
    with contextlib.suppress(SyncError):  # it is done, whatever becomes of the mark
        _tag(api, remote_id, ASKED)
    return done


def tags(contact: Mapping[str, Any]) -> frozenset[str]:
    """The tags of a contact."""
    return frozenset(str(tag).strip().lower() for tag in contact.get("tags") or ())


def _tag(api: Api, contact: str, tag: str) -> None:
    """Add a tag; again where the answer was lost, which does no harm."""
    for left in reversed(range(TRIES)):
        try:
            api.post(f"/contacts/{contact}/tags", {"tags": [tag]})
            return
        except OutcomeUnknown:
            if not left:
                if tag == ASKING:  # the workflow was not called: nothing to be unsure of
                    from connectors.contract import VendorUnavailable

                    raise VendorUnavailable("HL-DOWN", params={"status": 0}) from None
                raise


def find(api: Api, write: Write) -> Raw | None:
    """What a lost request left: None where it was surely not made. RecordRejected HL-REVIEW-UNSURE: a person looks."""
    contact = fetch(api, write.remote_id or "")
    has = tags(contact)
    if ASKED in has:
        return of_contact(contact)
    if write.payload["by"] == "workflow" and ASKING in has:
        raise RecordRejected("HL-REVIEW-UNSURE", params={"contact": name_of(contact) or "–"})
    return None


REVIEW_REQUESTS = Resource(
    name="review_requests",
    entity="review",
    label=Text("Review requests", "Demandes d’avis"),
    read=read,
    build=build,
    update=update,
    find=find,
    settle=timedelta(seconds=5),  # a tag is there at once
)
