"""Links over the API: read, make, take away, one by one and in batches; labels of the account's own.

Source: the machine description of the association APIs, 2026-03, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.sandbox.core import Document, Response
from connectors.sandbox.hubspot import links
from connectors.sandbox.hubspot.account import Account
from connectors.sandbox.hubspot.batches import batch_answer
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.links import End, Type
from connectors.sandbox.hubspot.records import follow, kind_of
from connectors.sandbox.hubspot.schema import Kind
from connectors.sandbox.hubspot.wire import (
    Refusal,
    answer,
    bad,
    inputs,
    is_number,
    maybe_word,
    member,
    number_in,
    rows,
    thing,
    word,
    wrong_url,
)

MOST_LISTED = 500
MOST_READ, MOST_WRITTEN = 1000, 2000


def serve_record(call: Call, kind: Kind, id: str, rest: list[str]) -> Response:
    """Answer a call below `/crm/objects/{version}/{type}/{id}/associations`. Raises `Refusal`."""
    match (call.method, *rest):
        case ("GET", to):
            return _list(call, kind, id, kind_of(to))
        case ("PUT", "default", to, to_id):
            return _set_default(call, kind, id, kind_of(to), to_id)
        case ("PUT", to, to_id):
            return _set_types(call, kind, id, kind_of(to), to_id)
        case ("DELETE", to, to_id):
            call.need(kind.write + kind_of(to).write)
            to_kind = kind_of(to)
            one = End(kind.name, _own_id(call.account, kind, id))
            _cut(call, one, End(to_kind.name, _own_id(call.account, to_kind, to_id)))
            return Response(204)
    return wrong_url()


def serve_batch(call: Call, kind: Kind, to_kind: Kind, rest: list[str]) -> Response:
    """Answer a call below `/crm/associations/{version}/{from}/{to}`. Raises `Refusal`."""
    match (call.method, *rest):
        case ("POST", "batch", "read"):
            return _batch_read(call, kind, to_kind)
        case ("POST", "batch", "create"):
            return _batch_create(call, kind, to_kind)
        case ("POST", "batch", "associate", "default"):
            return _batch_default(call, kind, to_kind)
        case ("POST", "batch", "archive"):
            return _batch_archive(call, kind, to_kind)
        case ("POST", "batch", "labels", "archive"):
            return _batch_archive_types(call, kind, to_kind)
        case ("GET", "labels"):
            call.need(kind.read + to_kind.read)
            return answer({"results": links.known_types(call.account, kind.name, to_kind.name)})
        case ("POST", "labels"):
            return _add_label(call, kind, to_kind)
    return wrong_url()


def _own_id(account: Account, kind: Kind, id: str) -> str:
    """The id a record has now; a merged one has another."""
    record = account.shelf(kind.name).find(id)
    return id if record is None else record.id


def _row(account: Account, kind: Kind, to_kind: Kind, id: str, types: set[Type], as_text: bool = False) -> Document:
    shown = [
        {
            "category": category,
            "typeId": number,
            "label": links.label_of(account, kind.name, to_kind.name, (category, number)),
        }
        for category, number in sorted(types)
    ]
    return {"toObjectId": id if as_text else int(id), "associationTypes": shown}


def _list(call: Call, kind: Kind, id: str, to_kind: Kind) -> Response:
    call.need(kind.read + to_kind.read)
    limit = number_in(call.arg("limit"), "limit", MOST_LISTED, MOST_LISTED)
    record = links.require(call.account, kind.name, id)
    found = links.linked(call.account, End(kind.name, record.id), to_kind.name)
    page, after = _page(list(found), call.arg("after"), limit)
    body: Document = {"results": [_row(call.account, kind, to_kind, one, found[one]) for one in page]}
    if after is not None:
        body["paging"] = {"next": {"after": after, "link": f"{call.request.base_url}{call.request.path}?after={after}"}}
    return answer(body)


def _page(ids: list[str], after: str | None, limit: int) -> tuple[list[str], str | None]:
    """A page of ids above `after`, and what to ask for next."""
    start = int(after) if after and is_number(after) else -1
    left = [id for id in ids if int(id) > start]
    return left[:limit], left[limit - 1] if len(left) > limit else None


def _connect(call: Call, one: End, other: End, types: tuple[Type, ...]) -> None:
    links.connect(call.account, one, other, types, call.author)
    _follow(call, one, other)


def _cut(call: Call, one: End, other: End) -> None:
    links.disconnect(call.account, one, other, call.author)
    _follow(call, one, other)


def _follow(call: Call, *ends: End) -> None:
    for end in ends:
        record = call.account.shelf(end.kind).records.get(end.id)
        if end.kind == "invoices" and record is not None:
            follow(call.account, end.kind, record)


def _ends(call: Call, kind: Kind, id: str, to_kind: Kind, to_id: str) -> tuple[End, End]:
    one = links.require(call.account, kind.name, id)
    other = links.require(call.account, to_kind.name, to_id)
    return End(kind.name, one.id), End(to_kind.name, other.id)


def _set_default(call: Call, kind: Kind, id: str, to_kind: Kind, to_id: str) -> Response:
    call.need(kind.write + to_kind.write)
    type = links.default_type(kind.name, to_kind.name)
    one, other = _ends(call, kind, id, to_kind, to_id)
    _connect(call, one, other, (type,))
    return batch_answer(call.account.now(), _both(one, other, type), [])


def _both(one: End, other: End, type: Type) -> list[Document]:
    """A default link as its answer lists it: each direction the vendor has."""
    found = [_direction(one, other, type)]
    try:
        found.append(_direction(other, one, links.default_type(other.kind, one.kind)))
    except Refusal:
        return found
    return found


def _direction(one: End, other: End, type: Type) -> Document:
    spec = {"associationCategory": type[0], "associationTypeId": type[1]}
    return {"from": {"id": one.id}, "to": {"id": other.id}, "associationSpec": spec}


def _set_types(call: Call, kind: Kind, id: str, to_kind: Kind, to_id: str) -> Response:
    call.need(kind.write + to_kind.write)
    types = links.read_types(call.account, kind.name, to_kind.name, call.body())
    one, other = _ends(call, kind, id, to_kind, to_id)
    _connect(call, one, other, types)
    return answer(_labels_shown(call, kind, to_kind, one, other, types), 201)


def _labels_shown(call: Call, kind: Kind, to_kind: Kind, one: End, other: End, types: tuple[Type, ...]) -> Document:
    labels = [links.label_of(call.account, kind.name, to_kind.name, type) for type in types]
    return {
        "fromObjectTypeId": kind.type_id,
        "fromObjectId": one.id,
        "toObjectTypeId": to_kind.type_id,
        "toObjectId": other.id,
        "labels": [label for label in labels if label is not None],
    }


def _batch_read(call: Call, kind: Kind, to_kind: Kind) -> Response:
    call.need(kind.read + to_kind.read)
    results: list[Document] = []
    errors: list[Document] = []
    for row in inputs(call.body(), MOST_READ):
        id = word(row, "id")
        found = links.linked(call.account, End(kind.name, _own_id(call.account, kind, id)), to_kind.name)
        if not found:
            errors.append(_nothing(to_kind, id))
            continue
        page, after = _page(list(found), maybe_word(row, "after"), MOST_LISTED)
        # Batch answers have been seen with ids as text, single ones with numbers.
        shown = [_row(call.account, kind, to_kind, one, found[one], as_text=True) for one in page]
        result: Document = {"from": {"id": id}, "to": shown}
        if after is not None:
            result["paging"] = {"next": {"after": after}}
        results.append(result)
    return batch_answer(call.account.now(), results, errors)


def _nothing(to_kind: Kind, id: str) -> Document:
    return Refusal(
        404,
        f"No {to_kind.singular} is associated with {id}.",
        "OBJECT_NOT_FOUND",
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
        context={"fromObjectId": [id]},
    ).document()


def _each(call: Call, do: Callable[[Document], Document | list[Document]], status: int) -> Response:
    """Do every row of a batch; the ones that cannot be done end among the errors."""
    results: list[Document] = []
    errors: list[Document] = []
    for row in inputs(call.body(), MOST_WRITTEN):
        from_id = links.read_id(member(row, "from"))
        try:
            found = do(row)
        except Refusal as refusal:
            if refusal.status == 400 and refusal.message.startswith(("Invalid input", "Some required")):
                raise
            errors.append(refusal.row(id=from_id))
        else:
            results += found if isinstance(found, list) else [found]
    return batch_answer(call.account.now(), results, errors, status)


def _batch_create(call: Call, kind: Kind, to_kind: Kind) -> Response:
    call.need(kind.write + to_kind.write)

    def do(row: Document) -> Document:
        types = links.read_types(call.account, kind.name, to_kind.name, member(row, "types"))
        one, other = _ends(call, kind, links.read_id(member(row, "from")), to_kind, links.read_id(member(row, "to")))
        _connect(call, one, other, types)
        return _labels_shown(call, kind, to_kind, one, other, types)

    return _each(call, do, 201)


def _batch_default(call: Call, kind: Kind, to_kind: Kind) -> Response:
    call.need(kind.write + to_kind.write)
    type = links.default_type(kind.name, to_kind.name)

    def do(row: Document) -> list[Document]:
        one, other = _ends(call, kind, links.read_id(member(row, "from")), to_kind, links.read_id(member(row, "to")))
        _connect(call, one, other, (type,))
        return _both(one, other, type)

    return _each(call, do, 200)


def _batch_archive(call: Call, kind: Kind, to_kind: Kind) -> Response:
    call.need(kind.write + to_kind.write)
    pairs = []
    for row in inputs(call.body(), MOST_WRITTEN):
        from_id = links.read_id(member(row, "from"))
        pairs += [(from_id, links.read_id(to)) for to in rows(member(row, "to"), "to")]
    for from_id, to_id in pairs:
        one = End(kind.name, _own_id(call.account, kind, from_id))
        _cut(call, one, End(to_kind.name, _own_id(call.account, to_kind, to_id)))
    return Response(204)


def _batch_archive_types(call: Call, kind: Kind, to_kind: Kind) -> Response:
    call.need(kind.write + to_kind.write)
    for row in inputs(call.body(), MOST_WRITTEN):
        types = links.read_types(call.account, kind.name, to_kind.name, member(row, "types"))
        from_id, to_id = links.read_id(member(row, "from")), links.read_id(member(row, "to"))
        one = End(kind.name, _own_id(call.account, kind, from_id))
        other = End(to_kind.name, _own_id(call.account, to_kind, to_id))
        links.remove_types(call.account, one, other, types, call.author)
        _follow(call, one, other)
    return Response(204)


def _add_label(call: Call, kind: Kind, to_kind: Kind) -> Response:
    call.need(kind.define + to_kind.define)
    body = thing(call.body(), "the body")
    name, label = word(body, "name"), word(body, "label")
    if not name.replace("_", "").isalnum():
        raise bad(f"{name} is not a name for a label")
    entries = links.add_label(
        call.account, kind.name, to_kind.name, name, label, maybe_word(body, "inverseLabel") or ""
    )
    return answer({"results": entries})
