"""Answers that are no success, as errors. Bodies are {success, code, message}; the code is a reference for support and
says nothing, so the status decides. What is no JSON comes from the firewall in front.

Sources: https://shopmonkey.dev/overview; ngsalmon/shopmonkey-api-quirks:README.md (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    ErrorRow,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    SyncError,
    VendorUnavailable,
)
from connectors.shopmonkey.wire import FORBIDDEN, NOT_FOUND, REFUSED, said
from connectors.transport import BadAnswer, decode

PAGE = "html"  # the vendor code of an answer that is a page
FIREWALL_SECONDS = 300.0
RESERVE = 0.2  # of the calls of a minute: people use the same account

# The first row that fits counts.
ROWS = (
    ErrorRow(ContractBroken, "SM-OUR-FAULT", status=400, contains="parameter"),
    ErrorRow(ContractBroken, "SM-OUR-FAULT", status=400, contains="json"),
    ErrorRow(VendorUnavailable, "SM-FIREWALL", status=400, vendor_code=PAGE),
    ErrorRow(RecordRejected, REFUSED, status=400),
    ErrorRow(AuthorizationExpired, "SM-KEY", status=401),
    ErrorRow(VendorUnavailable, "SM-FIREWALL", status=403, vendor_code=PAGE),
    ErrorRow(SettingInvalid, FORBIDDEN, status=403),
    ErrorRow(RecordRejected, NOT_FOUND, status=404),
    ErrorRow(ContractBroken, "SM-OUR-FAULT", status=405),
    ErrorRow(RecordRejected, REFUSED, status=409),
    ErrorRow(RecordRejected, REFUSED, status=422),
    ErrorRow(RateLimited, "SM-BUSY", status=429),
    ErrorRow(VendorUnavailable, "SM-DOWN", status=500),
    ErrorRow(VendorUnavailable, "SM-DOWN", status=502),
    ErrorRow(VendorUnavailable, "SM-DOWN", status=503),
    ErrorRow(VendorUnavailable, "SM-DOWN", status=504),
    # What our own code raises, beside what the vendor answers.
    ErrorRow(ContractBroken, "SM-UNEXPECTED"),
)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> SyncError:
    """Return the error an answer stands for."""
    told, page = _read(body)
    words = said(told)
    for row in ROWS:
        if _fits(row, status, PAGE if page else "", words):
            return row.raises(
                row.code,
                params={"status": status, "said": words, "feature": "?", "permission": "?"},
                detail=words,
                request_id=str(told.get("code") or "")[:100],
                retry_after=FIREWALL_SECONDS if row.code == "SM-FIREWALL" else None,
            )
    if status >= 500:  # those of the network in front have numbers of their own
        return VendorUnavailable("SM-DOWN", params={"status": status, "said": words}, detail=words)
    return ContractBroken("SM-UNEXPECTED", params={"status": status, "said": words}, detail=words)


def _read(body: bytes) -> tuple[dict[str, Any], bool]:
    """The answer's JSON, and whether it is none."""
    try:
        return (decode(body), False) if body else ({}, False)
    except BadAnswer:
        return {}, True


def _fits(row: ErrorRow, status: int, kind: str, words: str) -> bool:
    return (
        row.status == status
        and (row.vendor_code is None or row.vendor_code == kind)
        and (row.contains is None or row.contains in words.lower())
    )


def pace(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """The calls of any minute we may make, by what the headers tell of the limit; the reserve is left to others."""
    limit = _count(headers, "x-ratelimit-limit-minute")
    return (max(1, int(limit * (1 - RESERVE))), 60.0) if limit else None


def _count(headers: Mapping[str, str], name: str) -> int | None:
    told = headers.get(name, "").strip()
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else None
