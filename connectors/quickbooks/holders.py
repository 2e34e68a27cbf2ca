"""Who holds a name or a number the vendor refused to give twice.

A refusal of a name (6240) or a number (6140) is not the last word on a create: the holder may be the very thing a lost
first try had made. It is read by its id, which no search index delays; only where the refusal names no id is it
searched for. Names are shared by customers, vendors and employees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, SyncError
from connectors.quickbooks import wire
from connectors.quickbooks.query import ANY_STATE, Where, select
from connectors.quickbooks.reading import is_stub, ref_name

NAMED = ("Customer", "Vendor", "Employee")
_NAME_CODES = {
    "Customer": "QBO-NAME-CUSTOMER",
    "Vendor": "QBO-NAME-VENDOR",
    "Employee": "QBO-NAME-EMPLOYEE",
    "Item": "QBO-NAME-ITEM",
}


def display_name(payload: Payload) -> str:
    """The name the vendor will show for a customer: the one sent, or made from the parts as it makes it."""
    if payload.get("DisplayName"):
        return str(payload["DisplayName"])
    parts = (payload.get(name) for name in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix"))
    return " ".join(str(part) for part in parts if part)


def of_name(api: Api, entity: str, payload: Payload, error: SyncError) -> tuple[str, Raw] | None:
    """(entity, document) of who has the name in `payload`; None when nobody is found."""
    field = "DisplayName" if entity in NAMED else "Name"
    name = display_name(payload) if entity in NAMED else str(payload.get("Name") or "")
    kinds = (entity, *(kind for kind in NAMED if kind != entity)) if entity in NAMED else (entity,)
    remote_id = error.params.get("id")
    for kind in kinds if remote_id else ():
        raw = _read(api, kind, str(remote_id))
        if raw and str(raw.get(field, "")).casefold() == name.casefold():
            return kind, raw
    for kind in kinds if name else ():
        rows = _search(api, kind, field, name)
        if rows:
            return kind, rows[0]
    return None


def of_number(api: Api, entity: str, payload: Payload, error: SyncError) -> Raw | None:
    """The document of this kind that has the number in `payload`; None when none is found."""
    kind, remote_id = error.params.get("type"), error.params.get("transaction")
    if remote_id and kind in (None, entity):
        raw = _read(api, entity, str(remote_id))
        if raw:
            return raw
    rows = _search(api, entity, "DocNumber", str(payload["DocNumber"])) if payload.get("DocNumber") else []
    return rows[0] if rows else None


def _read(api: Api, entity: str, remote_id: str) -> Raw | None:
    """One object by its id; ids are unique within a kind only, so another kind may have none of this id."""
    try:
        raw = wire.one(api, entity.lower(), entity, remote_id)
    except RecordRejected:
        return None
    return None if is_stub(raw) else raw


def _search(api: Api, entity: str, field: str, value: str) -> list[Raw]:
    where = [Where(field, "=", value), *([ANY_STATE] if field != "DocNumber" else [])]
    return wire.rows(wire.ask(api, select(entity, where)), entity)


def name_error(found: tuple[str, Raw], error: SyncError) -> RecordRejected:
    """The refusal of a name, with its holder named."""
    kind, raw = found
    params = {"holder": raw.get("DisplayName") or raw.get("Name") or "", "id": str(raw.get("Id"))}
    return _told(_NAME_CODES.get(kind, error.code), error, params)


def number_error(raw: Raw, error: SyncError) -> RecordRejected:
    """The refusal of a number, with the document named that has it."""
    params = {
        "number": str(raw.get("DocNumber") or ""),
        "id": str(raw.get("Id")),
        "date": str(raw.get("TxnDate") or ""),
        "total": str(raw.get("TotalAmt", "")),
        "holder": ref_name(raw, "CustomerRef") or "",
    }
    return _told("QBO-NUMBER-HELD", error, params)


def _told(code: str, error: SyncError, params: Mapping[str, Any]) -> RecordRejected:
    return RecordRejected(
        code,
        params={**error.params, **params},
        detail=error.detail,
        field=error.field,
        request_id=error.request_id,
    )
