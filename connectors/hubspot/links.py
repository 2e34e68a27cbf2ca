"""Links between records: reading them for many at once, making and removing them.

A link does not move the date of the records it joins, so it is read where it matters, not waited for. Each direction
has a type id of its own.
Source: https://developers.hubspot.com/docs/api-reference/legacy/crm/associations/associate-records/guide, read
2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connectors.contract import Api, Payload, Raw
from connectors.hubspot.wire import LINKS, associations, lots

INVOICE_CONTACT = 177
LINE_INVOICE = 410
NOTE_DEAL = 214


def to(remote_id: str, type_id: int) -> Payload:
    """A link made together with a record."""
    return {
        "to": {"id": remote_id},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
    }


def read_links(api: Api, one: str, other: str, ids: Iterable[str]) -> dict[str, list[str]]:
    """The linked ids of each record, the primary one first; a record without links has an empty list."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, list[str]] = {remote_id: [] for remote_id in wanted}
    waiting: list[Payload] = [{"id": remote_id} for remote_id in wanted]
    ranked: dict[str, list[tuple[int, str]]] = {remote_id: [] for remote_id in wanted}
    while waiting:
        calls = [_reading(api, one, other, lot) for lot in lots(waiting, LINKS)]
        waiting = []
        for answer in api.gather(calls):
            for row in answer.get("results") or ():
                remote_id = str(row["from"]["id"])
                ranked.setdefault(remote_id, []).extend(
                    (_rank(link.get("associationTypes")), str(link["toObjectId"])) for link in row.get("to") or ()
                )
                after = ((row.get("paging") or {}).get("next") or {}).get("after")
                if after:
                    waiting.append({"id": remote_id, "after": str(after)})
    for remote_id, links in ranked.items():
        found[remote_id] = _in_order(links)
    return found


def _reading(api: Api, one: str, other: str, inputs: Sequence[Payload]) -> Callable[[], Raw]:
    body: Payload = {"inputs": list(inputs)}
    return lambda: api.post(associations(one, other, "batch/read"), body, reads=True)


def _rank(types: Any) -> int:
    """0 for a link labelled as the primary one, 1 for any other."""
    labels = [str(item.get("label") or "") for item in types or () if isinstance(item, Mapping)]
    return 0 if any("primary" in label.lower() for label in labels) else 1


def _in_order(links: Sequence[tuple[int, str]]) -> list[str]:
    """Each id once, primary ones first, else as the vendor has them."""
    return list(dict.fromkeys(remote_id for _, remote_id in sorted(links, key=lambda link: link[0])))


def listed_links(raw: Raw, other: str) -> list[str] | None:
    """The linked ids a listing told with a record; None when there are more than it told."""
    told = raw.get("associations") or {}
    part = told.get(other) or told.get(other.replace("_", " ")) or {}
    if part.get("paging"):
        return None
    rows = [
        (0 if "primary" in str(row.get("type")).lower() else 1, str(row["id"])) for row in part.get("results") or ()
    ]
    return _in_order(rows)


def linked_to(raw: Raw, other: str) -> list[str] | None:
    """The linked ids a kept document tells; None where they were not read."""
    links = raw.get("links")
    if not isinstance(links, Mapping) or other not in links:
        return None
    return [str(one) for one in links[other]]


def link(api: Api, one: str, other: str, pairs: Sequence[tuple[str, str]], type_id: int) -> None:
    """Link pairs; one that is linked already is fine."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    for lot in lots(pairs, LINKS):
        inputs = [{"from": {"id": left}, "to": {"id": right}, "types": types} for left, right in lot]
        api.post(associations(one, other, "batch/create"), {"inputs": inputs})


def unlink(api: Api, one: str, other: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Take all links of these pairs away, labelled ones too."""
    for lot in lots(pairs, LINKS):
        inputs = [{"from": {"id": left}, "to": [{"id": right}]} for left, right in lot]
        api.post(associations(one, other, "batch/archive"), {"inputs": inputs})
