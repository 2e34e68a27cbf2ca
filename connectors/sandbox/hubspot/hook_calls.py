"""Webhook settings and subscriptions of the app, over the API.

Source: https://developers.hubspot.com/docs/api-reference/2026-03/webhooks/guide, read 2026-11-21.
"""

from __future__ import annotations

from connectors.sandbox.core import Document, Response
from connectors.sandbox.hubspot.batches import batch_answer
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.hooks import Post, Subscription
from connectors.sandbox.hubspot.wire import (
    answer,
    bad,
    bad_json,
    inputs,
    is_number,
    maybe_word,
    member,
    moment,
    not_found,
    thing,
    word,
    wrong_url,
)

LEAST_CONCURRENCY = 5
MOST = 1000
_VERBS = ("associationChange", "creation", "deletion", "merge", "propertyChange", "restore")
EVENT_TYPES = frozenset(
    {
        f"{word}.{verb}"
        for word in ("company", "contact", "deal", "line_item", "object", "product", "ticket")
        for verb in _VERBS
    }
    - {"product.associationChange"}
    | {
        "contact.privacyDeletion",
        "event.completed",
        *(f"conversation.{verb}" for verb in ("creation", "deletion", "newMessage", "privacyDeletion")),
        "conversation.propertyChange",
    }
)


def serve(call: Call, post: Post, app: str, rest: list[str]) -> Response:
    """Answer a call below `/webhooks/2026-03/{appId}`. Raises `Refusal`."""
    if not is_number(app):
        raise bad(f"appId must be a number, was {app}")
    if int(app) != call.account.world.settings.app_id:
        raise not_found("no such app")
    match (call.method, *rest):
        case ("GET", "settings"):
            if post.target is None:
                raise not_found("no webhook settings")
            return answer(post.target)
        case ("PUT", "settings"):
            return answer(_set_target(call, post))
        case ("DELETE", "settings"):
            post.target = None
            return Response(204)
        case ("GET", "subscriptions"):
            return answer({"results": [shown(one) for one in post.subscriptions.values()]})
        case ("POST", "subscriptions"):
            return answer(shown(_subscribe(call, post)), 201)
        case ("POST", "subscriptions", "batch", "update"):
            return _batch_update(call, post)
        case ("GET", "subscriptions", id):
            return answer(shown(_require(post, id)))
        case ("PATCH", "subscriptions", id):
            one = _require(post, id)
            one.active = _switch(thing(call.body(), "the body").get("active", one.active))
            return answer(shown(one))
        case ("DELETE", "subscriptions", id):
            post.subscriptions.pop(_require(post, id).id)
            return Response(204)
    return wrong_url()


def _set_target(call: Call, post: Post) -> Document:
    body = thing(call.body(), "the body")
    address = word(body, "targetUrl")
    throttling = thing(member(body, "throttling"), "throttling")
    most = member(throttling, "maxConcurrentRequests")
    if not address.startswith("https://"):
        raise bad("targetUrl must begin with https://")
    if isinstance(most, bool) or not isinstance(most, int) or most < LEAST_CONCURRENCY:
        raise bad(f"maxConcurrentRequests must be at least {LEAST_CONCURRENCY}")
    now = moment(call.account.now())
    post.target = {
        "targetUrl": address,
        "throttling": {"maxConcurrentRequests": most},
        "createdAt": (post.target or {}).get("createdAt", now),
        "updatedAt": now,
    }
    return post.target


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise bad_json("active must be true or false")
    return value


def _subscribe(call: Call, post: Post) -> Subscription:
    body = thing(call.body(), "the body")
    event_type, is_active = word(body, "eventType"), _switch(member(body, "active"))
    if event_type not in EVENT_TYPES:
        raise bad(f"{event_type} is not an event type")
    if len(post.subscriptions) >= MOST:
        raise bad(f"An app can have {MOST} subscriptions")
    property_name = maybe_word(body, "propertyName") or ""
    if event_type.endswith(".propertyChange") and not property_name:
        raise bad("propertyName is required for propertyChange")
    object_type = maybe_word(body, "objectTypeId") or ""
    if event_type.startswith("object.") and not object_type:
        raise bad("objectTypeId is required for object events")
    id = max(post.subscriptions, default=0) + 1
    made = Subscription(id, event_type, is_active, call.account.now(), property_name, object_type)
    post.subscriptions[id] = made
    return made


def _require(post: Post, id: str) -> Subscription:
    if not is_number(id):
        raise bad(f"subscriptionId must be a number, was {id}")
    if int(id) not in post.subscriptions:
        raise not_found(f"no subscription {id}")
    return post.subscriptions[int(id)]


def _batch_update(call: Call, post: Post) -> Response:
    wanted = []
    for row in inputs(call.body(), MOST):
        id = member(row, "id")
        if isinstance(id, bool) or not isinstance(id, int):
            raise bad_json("id must be a number")
        wanted.append((id, _switch(member(row, "active"))))
    found, errors = [], []
    for id, is_active in wanted:
        if id in post.subscriptions:
            post.subscriptions[id].active = is_active
            found.append(shown(post.subscriptions[id]))
        else:
            errors.append(not_found(f"no subscription {id}").row(id=str(id)))
    return batch_answer(call.account.now(), found, errors)


def shown(one: Subscription) -> Document:
    """A subscription as the API shows it."""
    found: Document = {
        "id": str(one.id),
        "eventType": one.event_type,
        "active": one.active,
        "createdAt": moment(one.created),
    }
    if one.property_name:
        found["propertyName"] = one.property_name
    if one.object_type_id:
        found["objectTypeId"] = one.object_type_id
    return found
