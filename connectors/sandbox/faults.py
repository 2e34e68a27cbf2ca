"""Faults on demand: which call goes wrong, how, and how often. Pure rules; the server plays them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.sandbox.core import SandboxError

WIRE_KINDS = ("drop_before", "drop_after", "delay", "status", "truncate", "html", "drip")
VENDOR_KINDS = ("expire_tokens", "revoke", "lag", "lossy")
# The other two happen once; these go on until the list of faults is replaced.
LASTING_KINDS = ("lag", "lossy")

_OPTIONS = {"vendor", "method", "path", "kind", "status", "seconds", "rate", "times", "seed", "headers"}


@dataclass(slots=True)
class Fault:
    """One rule. Counts its own hits; the dice are seeded, so the same calls meet the same faults."""

    kind: str
    vendor: str | None = None
    method: str | None = None
    path: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    status: int = 503
    seconds: float = 1.0
    rate: float = 1.0
    times: int | None = None
    seed: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    hits: int = 0
    dice: random.Random = field(default_factory=random.Random)

    def strikes(self, vendor: str, method: str, path: str) -> bool:
        """Decide for one call, and count it when it does."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.vendor not in (None, vendor) or self.method not in (None, method) or not self.path.search(path):
            return False
        if self.rate < 1.0 and self.dice.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def describe(self) -> dict[str, object]:
        """As the control call lists it."""
        return {
            "kind": self.kind,
            "vendor": self.vendor,
            "method": self.method,
            "path": self.path.pattern,
            "status": self.status,
            "seconds": self.seconds,
            "rate": self.rate,
            "times": self.times,
            "seed": self.seed,
            "hits": self.hits,
        }


def parse_faults(data: object) -> list[Fault | tuple[str, Mapping[str, object]]]:
    """Rules out of a control call: a `Fault` for what the server plays, (kind, options) for what the vendor plays."""
    if not isinstance(data, Sequence) or isinstance(data, (str, bytes)):
        raise SandboxError("faults must be a list of objects")
    return [_parse(entry) for entry in data]


def _parse(entry: object) -> Fault | tuple[str, Mapping[str, object]]:
    if not isinstance(entry, Mapping):
        raise SandboxError("each fault must be an object")
    kind = entry.get("kind")
    if kind in VENDOR_KINDS:
        return str(kind), entry
    if kind not in WIRE_KINDS:
        raise SandboxError(f"unknown fault kind {kind!r}; known: {', '.join(WIRE_KINDS + VENDOR_KINDS)}")
    unknown = set(entry) - _OPTIONS
    if unknown:
        raise SandboxError(f"unknown fault options: {', '.join(sorted(unknown))}")
    return _wire_fault(str(kind), entry)


def _wire_fault(kind: str, entry: Mapping[str, object]) -> Fault:
    method = entry.get("method")
    vendor = entry.get("vendor")
    times = entry.get("times")
    seed = int(str(entry.get("seed") or 0))
    headers = entry.get("headers") or {}
    try:
        return Fault(
            kind=kind,
            vendor=None if vendor in (None, "", "*") else str(vendor),
            method=None if method in (None, "", "*") else str(method).upper(),
            path=re.compile(str(entry.get("path") or "")),
            status=int(str(entry.get("status") or 503)),
            seconds=float(str(entry.get("seconds", 10.0 if kind == "drip" else 1.0))),
            rate=float(str(entry.get("rate", 1.0))),
            times=None if times is None else int(str(times)),
            seed=seed,
            headers={str(k): str(v) for k, v in headers.items()} if isinstance(headers, Mapping) else {},
            dice=random.Random(seed),  # noqa: S311 - dice for tests, not for secrets
        )
    except (ValueError, re.error) as error:
        raise SandboxError(f"fault {kind}: {error}") from error
