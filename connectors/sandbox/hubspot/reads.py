"""Records as answers show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.sandbox.core import Document
from connectors.sandbox.hubspot import links, schema
from connectors.sandbox.hubspot.account import Account, Record, Shelf
from connectors.sandbox.hubspot.links import End
from connectors.sandbox.hubspot.records import kind_of
from connectors.sandbox.hubspot.values import told
from connectors.sandbox.hubspot.wire import moment

LINKS_SHOWN = 100


def wanted_names(shelf: Shelf, asked: Sequence[str] | None) -> tuple[str, ...]:
    """The properties to show: what was asked for and is defined, and what always comes along."""
    kind = shelf.kind
    if not asked:
        return kind.shown
    known = [name for name in asked if name in shelf.definitions and not shelf.definitions[name]["archived"]]
    return tuple(dict.fromkeys((*known, kind.created, kind.cursor, "hs_object_id")))


def shown(
    shelf: Shelf, record: Record, names: Iterable[str], history: Sequence[str] = (), trace_id: str | None = None
) -> Document:
    """One record with the named properties; an empty one is null."""
    found: Document = {
        "id": record.id,
        "properties": {name: told(shelf, record, name) for name in names},
        "createdAt": moment(record.created),
        "updatedAt": moment(record.updated),
        "archived": record.archived is not None,
    }
    if record.archived is not None:
        found["archivedAt"] = moment(record.archived)
    if history:
        found["propertiesWithHistory"] = {
            name: _history(shelf, record, name) for name in history if name in shelf.definitions
        }
    if trace_id is not None:
        found["objectWriteTraceId"] = trace_id
    return found


def _history(shelf: Shelf, record: Record, name: str) -> list[Document]:
    past = record.past.get(name)
    if past is None:
        value = told(shelf, record, name)
        if value is None:
            return []
        return [{"value": value, "timestamp": moment(record.created), "sourceType": "INTEGRATION"}]
    return [
        {
            "value": value,
            "timestamp": moment(since),
            "sourceType": author.source,
            "sourceId": author.id,
            **({"updatedByUserId": int(author.id.rpartition(":")[2])} if author.is_person else {}),
        }
        for since, value, author in reversed(past)
    ]


def with_links(account: Account, kind: str, record: Record, words: Sequence[str], base_url: str) -> Document:
    """The `associations` of one record, the first hundred of each type asked for."""
    found: Document = {}
    for word in words:
        to_kind = kind_of(word)
        ids = links.linked(account, End(kind, record.id), to_kind.name)
        rows = [
            {"id": id, "type": f"{schema.KINDS[kind].singular}_to_{to_kind.singular}"} for id in list(ids)[:LINKS_SHOWN]
        ]
        if not rows:
            continue
        found[to_kind.name] = {"results": rows}
        if len(ids) > LINKS_SHOWN:
            after = rows[-1]["id"]
            link = f"{base_url}/crm/v4/objects/{kind}/{record.id}/associations/{to_kind.name}?after={after}"
            found[to_kind.name]["paging"] = {"next": {"after": after, "link": link}}
    return found
