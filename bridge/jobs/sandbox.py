"""Control of the local stand-ins of vendors, over HTTP; never of anything but BRIDGE_SANDBOX_URL."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.conf import settings

from bridge.hub.models import Connection, Environment
from connectors.contract import SyncError, VendorUnavailable
from connectors.transport import PlainHttp


def in_use() -> bool:
    """Tell whether any connection is to the local stand-ins."""
    return Connection.objects.filter(environment=Environment.LOCAL_SANDBOX).exists()


def _call(method: str, path: str, body: Any = None) -> dict[str, Any]:
    url = f"{settings.BRIDGE_SANDBOX_URL}/_sandbox/{path}"
    status, answer = PlainHttp(deadline_seconds=30, max_bytes=20_000_000).call(method, url, body=body)
    if status >= 400:
        raise VendorUnavailable("SANDBOX-REFUSED", params={"detail": str(answer.get("error", status))})
    return answer


def health() -> dict[str, Any] | None:
    """Return what the stand-ins say of themselves; None when they do not run."""
    try:
        return _call("GET", "health")
    except SyncError:
        return None


def screens(vendors: Collection[str]) -> dict[str, str]:
    """Return the addresses of the pages for people that these vendors' stand-ins have; those without any are left out.

    SyncError when the stand-ins do not answer.
    """
    told = _call("GET", "health").get("screens") or {}
    return {key: f"{settings.BRIDGE_SANDBOX_URL}{path}" for key, path in sorted(told.items()) if key in vendors}


def reset(world: str = "demo") -> None:
    """Start again from a named world."""
    _call("POST", "reset", {"world": world})


def get_faults() -> list[Mapping[str, Any]]:
    """Return the faults now on."""
    return list(_call("GET", "faults").get("faults", []))


def set_faults(faults: Sequence[Mapping[str, Any]]) -> None:
    """Replace the faults; [] switches all of them off."""
    _call("POST", "faults", list(faults))


def clock(seconds: float) -> str:
    """Move the vendors' clock forward and return it."""
    return str(_call("POST", "clock", {"advance_seconds": seconds}).get("now", ""))


def calls(vendor: str = "", limit: int = 200) -> list[Mapping[str, Any]]:
    """Return the newest calls the stand-ins saw."""
    query = f"calls?limit={int(limit)}" + (f"&vendor={vendor}" if vendor else "")
    answer = _call("GET", query)
    return list(answer.get("calls", []))


def load(vendor: str, documents: Mapping[str, Any]) -> None:
    """Add or edit documents in the vendor's own shape."""
    _call("POST", f"load/{vendor}", dict(documents))


def configure(vendor: str, values: Mapping[str, Any]) -> None:
    """Change a stand-in's settings."""
    _call("POST", f"configure/{vendor}", dict(values))


def state(vendor: str) -> dict[str, Any]:
    """Return everything a stand-in holds."""
    return _call("GET", f"state/{vendor}")
