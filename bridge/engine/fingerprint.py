"""Short names for content: what a record says, and what a write carries."""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from connectors.contract import freeze


def fingerprint(values: Mapping[str, Any]) -> str:
    """Return 32 hex digits that are equal when the canonical `values` mean the same."""
    text = json.dumps(freeze(values), sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def revision_key(integration: str | int, entity: str, source_id: str, payload: Mapping[str, Any]) -> str:
    """Return the idempotency key (32 characters) of one write: other content, another key.

    Unlike a fingerprint it tells an empty field from one that is not there: on the wire they do different things.
    TypeError for a float, which no body may hold.
    """
    parts = [str(integration), entity, source_id, _exact(payload)]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _exact(value: Any) -> Any:
    """Return `value` as JSON in which numbers and texts stay apart."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return {"\0number": freeze(value)}
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    raise TypeError(f"no value for a body: {type(value).__name__}")
