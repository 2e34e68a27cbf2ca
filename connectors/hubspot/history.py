"""Who gave a property the value it has: the history of properties, fifty records at a time.

Only the newest entry is told, and only while it is the value that was read: what came since is somebody else's. A
person is a number here; names are for who may read the account's users.
Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide, machine description 2026-03
(`ValueWithTimestamp`), read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from connectors.contract import Api, Edit, Payload, Raw, Text
from connectors.contract.entities import CUSTOM
from connectors.hubspot.wire import lots, moment, objects

MOST = 50  # records in a reading with history
_WAYS: Mapping[str, Text] = {
    "CRM_UI": Text("in HubSpot’s own screens", "dans les écrans de HubSpot"),
    "MOBILE_IOS": Text("in HubSpot’s mobile app", "dans l’appli mobile de HubSpot"),
    "MOBILE_ANDROID": Text("in HubSpot’s mobile app", "dans l’appli mobile de HubSpot"),
    "IMPORT": Text("by an import", "par une importation"),
    "FORM": Text("by a form", "par un formulaire"),
    "INTEGRATION": Text("by an app", "par une application"),
    "API": Text("by an app", "par une application"),
    "AUTOMATION_PLATFORM": Text("by a workflow", "par un workflow"),
    "WORKFLOWS": Text("by a workflow", "par un workflow"),
    "CALCULATED": Text("worked out by HubSpot", "calculé par HubSpot"),
}


def edits_of(
    kind: str, wires: Mapping[str, str]
) -> Callable[[Api, Sequence[tuple[Raw, Collection[str]]]], list[dict[str, Edit]]]:
    """Return how edits of this kind are asked for; `wires` names the properties of each canonical field."""

    def edits(api: Api, asked: Sequence[tuple[Raw, Collection[str]]]) -> list[dict[str, Edit]]:
        found: dict[str, Raw] = {}
        for lot in lots(asked, MOST):
            names = sorted({name for _, fields in lot for field in fields for name in _properties(field, wires)})
            if names:
                found |= _histories(api, kind, [str(raw["id"]) for raw, _ in lot], names)
        return [_told(raw, fields, wires, found.get(str(raw["id"])) or {}) for raw, fields in asked]

    return edits


def _properties(field: str, wires: Mapping[str, str]) -> list[str]:
    if field.startswith(CUSTOM):
        return [field.removeprefix(CUSTOM)]
    return [name.strip() for name in wires.get(field, "").split(",") if name.strip()]


def _histories(api: Api, kind: str, ids: Iterable[str], names: Sequence[str]) -> dict[str, Raw]:
    body: Payload = {
        "inputs": [{"id": one} for one in dict.fromkeys(ids)], "properties": [], "propertiesWithHistory": list(names),
    }  # fmt: skip
    answer = api.post(objects(kind, "/batch/read"), body, reads=True)
    return {str(row["id"]): row.get("propertiesWithHistory") or {} for row in answer.get("results") or ()}


def _told(raw: Raw, fields: Collection[str], wires: Mapping[str, str], histories: Raw) -> dict[str, Edit]:
    read = raw.get("properties") or {}
    found: dict[str, Edit] = {}
    for field in fields:
        newest = [_newest(histories.get(name) or (), read.get(name)) for name in _properties(field, wires)]
        if told := [item for item in newest if item and item.at]:
            found[field] = max(told, key=lambda item: item.at)  # type: ignore[arg-type, return-value]
    return found


def _newest(rows: Sequence[Mapping[str, Any]], value: Any) -> Edit | None:
    """Return the newest entry, unless it is about another value than the one that was read."""
    newest = max(rows, key=lambda row: str(row.get("timestamp") or ""), default=None)
    if newest is None or (newest.get("value") or None) != (value or None):
        return None
    return Edit(at=moment(newest.get("timestamp")), who=_who(newest), way=_way(newest))


def _who(row: Mapping[str, Any]) -> Text | None:
    number = str(row.get("updatedByUserId") or "")
    if not number and str(row.get("sourceId") or "").startswith("userId:"):
        number = str(row["sourceId"]).removeprefix("userId:")
    return Text(f"user {number}", f"utilisateur {number}") if number else None


def _way(row: Mapping[str, Any]) -> Text | None:
    source, label = str(row.get("sourceType") or ""), str(row.get("sourceLabel") or "")
    way = _WAYS.get(source) or (Text(source, source) if source else None)
    return Text(f"{way.en} ({label})", f"{way.fr} ({label})") if way and label else way
