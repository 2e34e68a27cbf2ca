"""App events on a record's timeline: stored, shown in the state, never changed.

Source: the machine description of the timeline API, 2026-03, read 2026-11-21.
"""

from __future__ import annotations

from connectors.sandbox.core import Document, Response
from connectors.sandbox.hubspot.batches import batch_answer
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.wire import Refusal, answer, bad_json, inputs, member, moment, thing, word, wrong_url

SCOPES = (
    "timeline",
    "tickets",
    *(f"crm.{part}.{kind}.write" for part in ("objects", "schemas") for kind in ("companies", "contacts", "deals")),
)
MOST = 100


def serve(call: Call, rest: list[str]) -> Response:
    """Answer a call below `/integrators/timeline/2026-03/events`. Raises `Refusal`."""
    call.need(SCOPES)
    match (call.method, *rest):
        case ("POST",):
            return answer(_send(call, thing(call.body(), "the body")), 201)
        case ("POST", "batch"):
            return batch_answer(call.account.now(), [_send(call, row) for row in inputs(call.body(), MOST)], [])
    return wrong_url()


def _send(call: Call, body: Document) -> Document:
    name, id = word(body, "eventTypeName"), word(body, "id")
    values = thing(member(body, "properties"), "properties")
    if not all(isinstance(value, str) for value in values.values()):
        raise bad_json("properties must be text")
    if (name, id) in call.account.events:
        raise Refusal(409, f"An event {id} of type {name} exists already.", "CONFLICT")
    event: Document = {"timestamp": moment(call.account.now()), **body}
    call.account.events[name, id] = event
    return event
