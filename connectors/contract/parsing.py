"""From a document to a `Record`, by what its resource declares."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.contract.fields import dig, parse
from connectors.contract.values import Raw, Record

if TYPE_CHECKING:
    from connectors.contract.resources import Resource


def instant(value: Any) -> datetime | None:
    """Read an ISO 8601 instant as aware UTC; without an offset it is taken as UTC; blank is None."""
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    at = datetime.fromisoformat(str(value))
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _pick(raw: Raw, how: str | Callable[[Raw], Any] | None) -> Any:
    if how is None:
        return None
    return how(raw) if callable(how) else dig(raw, how)[1]


def parse_record(resource: "Resource", raw: Raw) -> Record:
    """Return `raw` as a `Record`; a document without an id raises KeyError."""
    remote_id = _pick(raw, resource.remote_id)
    if remote_id in (None, ""):
        raise KeyError(f"{resource.name}: no id")
    version = _pick(raw, resource.version)
    return Record(
        resource=resource.name,
        remote_id=str(remote_id),
        values=resource.read(raw) if resource.read else parse(resource.fields, raw),
        changed_at=instant(_pick(raw, resource.changed_at)),
        version=None if version is None else str(version),
        gone=bool(resource.is_gone and resource.is_gone(raw)),
        merged_into=resource.merged_into(raw) if resource.merged_into else None,
        raw=raw,
    )
