"""Refusals of the vendor, as rows. A body has a status, a message (or a list of them) and a trace id; texts count where
nothing else tells cases apart. Closed by default.

Source: GoHighLevel/highlevel-api-docs:apps/*.json, docs/oauth/Authorization.md, read 2026-11-21; the refusal of
duplicates and of unknown properties from field reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    ErrorRow,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    SyncError,
    VendorUnavailable,
)
from connectors.transport import BadAnswer, decode, redact, retry_after

NOT_FOUND, DUPLICATE, SCOPE, DAILY = "HL-NOT-FOUND", "HL-DUPLICATE", "HL-SCOPE", "HL-DAILY"
BURST_SECONDS = 10.0

# The first row that fits counts.
ROWS: tuple[ErrorRow, ...] = (
    ErrorRow(RecordRejected, DUPLICATE, status=400, contains="duplicate"),
    ErrorRow(RecordRejected, "HL-WORKFLOW", status=400, contains="workflow"),
    ErrorRow(RecordRejected, NOT_FOUND, status=400, contains="not found"),
    ErrorRow(RecordRejected, "HL-REFUSED", status=400),
    ErrorRow(ContractBroken, "HL-OUR-FAULT", status=401, contains="version header"),
    ErrorRow(SettingInvalid, SCOPE, status=401, contains="scope"),
    ErrorRow(SettingInvalid, "HL-PLACE", status=401, contains="location"),
    ErrorRow(AuthorizationExpired, "HL-TOKEN", status=401),
    ErrorRow(SettingInvalid, SCOPE, status=403, contains="scope"),
    ErrorRow(SettingInvalid, "HL-PLACE", status=403),
    ErrorRow(ContractBroken, "HL-OUR-FAULT", status=404, contains="cannot "),
    ErrorRow(RecordRejected, NOT_FOUND, status=404),
    ErrorRow(ContractBroken, "HL-OUR-FAULT", status=405),
    ErrorRow(RecordRejected, "HL-INVALID", status=422),
    ErrorRow(RateLimited, DAILY, status=429, vendor_code="day"),
    ErrorRow(RateLimited, "HL-BUSY", status=429),
    *(ErrorRow(VendorUnavailable, "HL-DOWN", status=status) for status in (500, 502, 503, 504)),
    *(ErrorRow(VendorUnavailable, "HL-EDGE", status=status) for status in range(520, 528)),
    # What our own code raises, beside what the vendor answers.
    ErrorRow(ContractBroken, "HL-UNEXPECTED"),
    ErrorRow(RecordRejected, "HL-NUMBER-TAKEN"),
    ErrorRow(RecordRejected, "HL-CONTACT-NAMELESS"),
    ErrorRow(RecordRejected, "HL-REVIEW-UNREACHABLE"),
    ErrorRow(RecordRejected, "HL-REVIEW-UNSURE"),
    ErrorRow(RecordRejected, "HL-INVOICE-NO-ADDRESS"),
    ErrorRow(SettingInvalid, "HL-SETTING-MISSING"),
    ErrorRow(SettingInvalid, "HL-PRIVATE-SHAPE"),
    ErrorRow(SettingInvalid, "HL-PRIVATE-LOCATION"),
    ErrorRow(SettingInvalid, "HL-PRIVATE-USER"),
    ErrorRow(OutcomeUnknown, "HL-UNKNOWN"),
)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> SyncError:
    """The error an answer stands for."""
    told = _body(body)
    said = redact(_said(told))
    mark = "day" if headers.get("x-ratelimit-daily-remaining", "").strip() == "0" else ""
    for row in ROWS:
        if row.status == status and (row.vendor_code or mark) == mark and (row.contains or "") in said.lower():
            return _error(row, status, headers, told, said)
    return ContractBroken("HL-UNEXPECTED", params={"status": status, "said": said[:300] or "–"}, detail=said)


def _error(row: ErrorRow, status: int, headers: Mapping[str, str], told: Mapping[str, Any], said: str) -> SyncError:
    meta = told.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    params: dict[str, object] = {"status": status, "said": said[:300] or "–"}
    if row.code == DUPLICATE:
        params |= {"existing": str(meta.get("contactId") or ""), "field": str(meta.get("matchingField") or "")}
    error = row.raises(
        row.code, params=params, detail=said, field=str(meta.get("matchingField") or ""),
        request_id=str(told.get("traceId") or ""),
    )  # fmt: skip
    if isinstance(error, RateLimited):
        error.retry_after = retry_after(headers) or _interval(headers)
        if row.code == DAILY:
            midnight = _midnight(headers)
            error.params["until"] = midnight.strftime("%Y-%m-%d %H:%M UTC")
            error.retry_after = max(1.0, (midnight - _now(headers)).total_seconds())
    return error


def _interval(headers: Mapping[str, str]) -> float:
    told = headers.get("x-ratelimit-interval-milliseconds", "")
    return int(told) / 1000 if told.isdecimal() and len(told) < 9 else BURST_SECONDS


def _now(headers: Mapping[str, str]) -> datetime:
    """The vendor's own clock, where the answer tells it."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC)


def _midnight(headers: Mapping[str, str]) -> datetime:
    """When the next day's calls begin: days are taken to be UTC ones, the vendor does not say."""
    return (_now(headers) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _body(body: bytes) -> dict[str, Any]:
    try:
        return decode(body) if body else {}
    except BadAnswer:
        return {}


def _said(told: Mapping[str, Any]) -> str:
    found = told.get("message") or told.get("error_description") or told.get("error") or ""
    return " | ".join(str(item) for item in found) if isinstance(found, list) else str(found)
