"""Records over the API: list, get, create, change, archive, search, merge, forget.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects, read 2026-11-21.
"""

from __future__ import annotations

from connectors.sandbox.core import Document, Response
from connectors.sandbox.hubspot import batches, reads, records, search
from connectors.sandbox.hubspot.account import Record, Shelf
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.schema import Kind
from connectors.sandbox.hubspot.wire import (
    Refusal,
    answer,
    bad,
    is_number,
    maybe_word,
    member,
    not_found,
    number_in,
    thing,
    word,
    wrong_url,
)

PAGE, MOST_PAGE, MOST_WITH_HISTORY = 10, 100, 50


def serve(call: Call, kind: Kind, rest: list[str]) -> Response:
    """Answer a call below `/crm/objects/{version}/{type}`. Raises `Refusal`."""
    if kind.name == "commerce_payments" and not call.account.payments:
        call.need(kind.read + kind.write)
        words = "Payments are not set up in this account: connect HubSpot payments or Stripe first."
        raise Refusal(403, words, "PAYMENTS_NOT_SET_UP")
    shelf = call.account.shelf(kind.name)
    step = (call.method, *rest)
    match step:
        case ("GET",):
            return _list(call, shelf)
        case ("POST",):
            return _create(call, shelf)
        case ("POST", "search"):
            call.need(kind.read)
            return answer(search.run(call.account, shelf, call.request.body, call.body()))
        case ("POST", "batch", verb) if verb in batches.VERBS:
            return batches.VERBS[verb](call, shelf)
        case ("POST", "merge") if kind.name == "contacts":
            return _merge(call, shelf)
        case ("POST", "gdpr-delete") if kind.name == "contacts":
            return _forget(call, shelf)
        case ("GET", id):
            return _get(call, shelf, id)
        case ("PATCH", id):
            return _change(call, shelf, id)
        case ("DELETE", id):
            return _archive(call, shelf, id)
    return wrong_url() if len(rest) > 1 else method_not_allowed()


def method_not_allowed() -> Response:
    return Refusal(405, "Method not allowed", "").response()


def _list(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.read)
    history = call.names("propertiesWithHistory")
    limit = number_in(call.arg("limit"), "limit", PAGE, MOST_WITH_HISTORY if history else MOST_PAGE)
    after = call.arg("after")
    if after is not None and not is_number(after):
        raise bad(f"after is not a paging position: {after!r}")
    is_archived = call.flag("archived")
    names = reads.wanted_names(shelf, call.names("properties") + history)
    words = call.names("associations")
    faults = call.account.world.faults
    rows: list[Document] = []
    for record in shelf.in_order(int(after) - 1 if after else -1):
        if (record.archived is not None) != is_archived:
            continue
        if faults.lossy_rate and faults.dice.random() < faults.lossy_rate:
            continue
        if len(rows) == limit:
            link = f"{call.request.base_url}{call.request.path}?after={record.id}"
            return answer({"results": rows, "paging": {"next": {"after": record.id, "link": link}}})
        rows.append(_shown(call, shelf, record, names, history, words))
    return answer({"results": rows})


def _shown(
    call: Call, shelf: Shelf, record: Record, names: tuple[str, ...], history: list[str], words: list[str]
) -> Document:
    found = reads.shown(shelf, record, names, history)
    if words:
        found["associations"] = reads.with_links(call.account, shelf.kind.name, record, words, call.request.base_url)
    return found


def _get(call: Call, shelf: Shelf, id: str) -> Response:
    call.need(shelf.kind.read)
    record = records.by_property(call.account, shelf.kind.name, call.arg("idProperty"), id)
    if (record.archived is not None) != call.flag("archived"):
        raise not_found()
    history = call.names("propertiesWithHistory")
    names = reads.wanted_names(shelf, call.names("properties") + history)
    return answer(_shown(call, shelf, record, names, history, call.names("associations")))


def _create(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.write)
    body = thing(call.body(), "the body")
    kind = shelf.kind.name
    given = thing(member(body, "properties"), "properties")
    birth = records.prepare_birth(call.account, kind, given, body.get("associations"), call.author)
    record = records.bear(call.account, birth)
    return answer(reads.shown(shelf, record, after_write(shelf, record)), 201)


def after_write(shelf: Shelf, record: Record) -> tuple[str, ...]:
    """What a write answers: everything the record has, and the default set."""
    return tuple(
        dict.fromkeys((*record.values, *shelf.kind.shown, shelf.kind.created, shelf.kind.cursor, "hs_object_id"))
    )


def _change(call: Call, shelf: Shelf, id: str) -> Response:
    call.need(shelf.kind.write)
    body = thing(call.body(), "the body")
    given = thing(member(body, "properties"), "properties")
    kind = shelf.kind.name
    record = records.by_property(call.account, kind, call.arg("idProperty"), id)
    if record.archived is not None:
        raise not_found()
    records.change(call.account, records.prepare_change(call.account, kind, record, given, call.author))
    names = (*after_write(shelf, record), *given)
    return answer(reads.shown(shelf, record, dict.fromkeys(names)))


def _archive(call: Call, shelf: Shelf, id: str) -> Response:
    call.need(shelf.kind.write)
    record = shelf.find(id)
    if record is not None:
        records.archive(call.account, shelf.kind.name, record, call.author)
    return Response(204)


def _merge(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.write)
    body = thing(call.body(), "the body")
    primary, other = word(body, "primaryObjectId"), word(body, "objectIdToMerge")
    record = records.merge(call.account, primary, other, call.author)
    return answer(reads.shown(shelf, record, after_write(shelf, record)))


def _forget(call: Call, shelf: Shelf) -> Response:
    call.need(shelf.kind.write)
    body = thing(call.body(), "the body")
    record = records.by_property(call.account, "contacts", maybe_word(body, "idProperty"), word(body, "objectId"))
    records.forget(call.account, record, call.author)
    return Response(204)
