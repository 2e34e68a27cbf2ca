"""Calls with the minor version on them, and answers looked at before they are trusted."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Api, ContractBroken, OutcomeUnknown, Payload, Raw
from connectors.quickbooks.errors import sound

# Versions below 75 are gone since August 2025; a higher one may change shapes under us.
MINOR_VERSION = "75"
# Statements longer than this travel in a body: addresses have an end.
LONG_STATEMENT = 4000


def read(api: Api, path: str, params: Mapping[str, object] | None = None) -> Raw:
    """GET a path of the company; raises also for a fault inside a 200."""
    return sound(api.get(path, {**(params or {}), "minorversion": MINOR_VERSION}))


def ask(api: Api, statement: str) -> Raw:
    """Run a query and return its whole answer, `time` included. `QueryResponse` is sure to be an object."""
    if len(statement) > LONG_STATEMENT:
        raw = sound(api.post("/query", None, {"minorversion": MINOR_VERSION}, text=statement, reads=True))
    else:
        raw = read(api, "/query", {"query": statement})
    if not isinstance(raw.get("QueryResponse"), dict):
        raise ContractBroken("ANSWER-SHAPE", detail="a query was answered without QueryResponse")
    return raw


def rows(raw: Raw, entity: str) -> list[Raw]:
    """Rows of one entity in a query answer; an empty answer has no such key."""
    found = raw["QueryResponse"].get(entity, [])
    if not isinstance(found, list):
        raise ContractBroken("ANSWER-SHAPE", detail=f"{entity} rows are no list")
    return found


def one(api: Api, path: str, entity: str, remote_id: str) -> Raw:
    """Read one object, inactive ones too. A deleted or unknown one raises QBO-610."""
    raw = read(api, f"/{path}/{quoted(remote_id)}")
    return _object(raw, entity, ContractBroken)


def send(api: Api, path: str, entity: str, body: Payload, key: str, params: Mapping[str, object] | None = None) -> Raw:
    """POST one write under its request id (at most 50 characters) and return the object in the answer."""
    query = {**(params or {}), "requestid": key[:50], "minorversion": MINOR_VERSION}
    raw = sound(api.post(f"/{path}", body, query))
    return _object(raw, entity, OutcomeUnknown)


def _object(raw: Raw, entity: str, raises: type[ContractBroken] | type[OutcomeUnknown]) -> Raw:
    found = raw.get(entity)
    if not isinstance(found, dict):
        raise raises("ANSWER-SHAPE", detail=f"the answer holds no {entity}")
    return found


def quoted(remote_id: str) -> str:
    """A remote id as it may stand in a path: the vendor's are digits, and only those are let through."""
    if not remote_id.isascii() or not remote_id.isalnum():
        raise ContractBroken("QBO-REQUEST", params={"vendor_code": "2030"}, detail="an id that is no id")
    return remote_id
