"""Lines of the readiness check, as recipes make them."""

from collections.abc import Mapping
from typing import Any, Literal

from connectors.contract import Finding, Text


def side(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What one side told; facts may come as one mapping per side or all together."""
    found = facts.get(name)
    return found if isinstance(found, Mapping) else facts


def finding(
    code: str, good: bool, ok: Text, bad: Text, level: Literal["warning", "blocker"] = "blocker", **params: object
) -> Finding:
    """Return the good line or the other one."""
    return Finding(code, "ok" if good else level, ok if good else bad, params)
