"""Refusals of the vendor, as rows. Branch on status, category and the codes inside; texts only where nothing else
tells cases apart. Closed by default.

Source: https://developers.hubspot.com/docs/api-reference/error-handling, read 2026-11-21; code names from the vendor's
public client libraries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
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

NOT_FOUND = "HS-NOT-FOUND"
CONFLICT = "HS-CONFLICT"
EXISTS = "HS-EXISTS"
SCOPE = "HS-SCOPE"
DAY_OVER = 900.0  # seconds; asked again after this, since the hour of the account's midnight is not told


def _rows(raises: type[SyncError], code: str, status: int, *vendor_codes: str) -> tuple[ErrorRow, ...]:
    return tuple(ErrorRow(raises, code, status=status, vendor_code=item) for item in vendor_codes)


# The first row that fits counts. `vendor_code` is a code of one value where a property was refused, else the category
# or, of a throttle, the policy.
ROWS: tuple[ErrorRow, ...] = (
    *_rows(RecordRejected, "HS-EMAIL-INVALID", 400, "INVALID_EMAIL"),
    *_rows(RecordRejected, "HS-FORGOTTEN", 400, "GDPR_BLOCKED", "GDPR_BLOCKLISTED"),
    *_rows(RecordRejected, "HS-PROPERTY-UNKNOWN", 400, "PROPERTY_DOESNT_EXIST"),
    *_rows(RecordRejected, "HS-PROPERTY-READ-ONLY", 400, "READ_ONLY_VALUE"),
    *_rows(RecordRejected, "HS-OPTION", 400, "INVALID_OPTION"),
    *_rows(RecordRejected, CONFLICT, 400, "CONFLICTING_UNIQUE_VALUE", "UNIQUE_VALUE_CONFLICT", "DUPLICATE_VALUE"),
    *_rows(RecordRejected, "HS-RULE", 400, "PROPERTY_VALIDATION_RULE", "VALIDATION_RULE", "FAILED_VALIDATION"),
    *_rows(RecordRejected, "HS-REQUIRED", 400, "REQUIRED_VALUE", "REQUIRED_FIELD", "MISSING_REQUIRED_PROPERTY"),
    *_rows(RecordRejected, "HS-TOO-LONG", 400, "VALUE_TOO_LONG", "PROPERTY_TOO_LONG"),
    ErrorRow(RecordRejected, CONFLICT, status=400, contains="already has that value"),
    ErrorRow(RecordRejected, "HS-REQUIRED", status=400, contains="required propert"),
    ErrorRow(RecordRejected, "HS-INVALID", status=400),
    *_rows(AuthorizationExpired, "HS-TOKEN-OLD", 401, "EXPIRED_AUTHENTICATION"),
    ErrorRow(AuthorizationExpired, "HS-TOKEN", status=401),
    *_rows(SettingInvalid, SCOPE, 403, "MISSING_SCOPES"),
    ErrorRow(SettingInvalid, "HS-FORBIDDEN", status=403),
    *_rows(RecordRejected, NOT_FOUND, 404, "OBJECT_NOT_FOUND"),
    ErrorRow(RecordRejected, NOT_FOUND, status=404),
    *_rows(RecordRejected, EXISTS, 409, "OBJECT_ALREADY_EXISTS"),
    ErrorRow(RecordRejected, CONFLICT, status=409),
    *(ErrorRow(ContractBroken, "HS-OUR-FAULT", status=status) for status in (405, 406, 413, 414, 415)),
    ErrorRow(RateLimited, "HS-LOCKED", status=423),
    *_rows(RateLimited, "HS-DAILY", 429, "DAILY"),
    *_rows(RateLimited, "HS-BUSY", 429, "TEN_SECONDLY_ROLLING", "SECONDLY"),
    ErrorRow(RateLimited, "HS-BUSY", status=429),
    ErrorRow(RateLimited, "HS-MOVING", status=477),
    *(ErrorRow(VendorUnavailable, "HS-DOWN", status=status) for status in (500, 502, 503, 504, 521, 523, 524)),
    *(ErrorRow(VendorUnavailable, "HS-EDGE", status=status) for status in (522, 525, 526)),
    # What our own code raises, beside what the vendor answers.
    ErrorRow(ContractBroken, "HS-WRONG-URL"),
    ErrorRow(ContractBroken, "HS-UNEXPECTED"),
    ErrorRow(OutcomeUnknown, "HS-NO-ROW"),
)
# Seconds to wait where the answer names none.
_WAITS = {"HS-LOCKED": 2.0, "HS-DAILY": DAY_OVER, "HS-MOVING": 60.0}
_POLICY_WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}

_EXISTING = re.compile(r"existing (?:contact |object |record )?id:?\s*(\d+)", re.IGNORECASE)
_HOLDER = re.compile(r"\b(\d{1,19}) already has that value", re.IGNORECASE)
_LIST = re.compile(r"\[\s*\{.*\}\s*\]", re.DOTALL)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> SyncError:
    """The error an answer stands for. A 404 without a body of theirs is an address nobody serves: our fault."""
    problem = _problem(body)
    if status == 404 and not problem:
        return ContractBroken("HS-WRONG-URL", params={"status": status})
    error = _error(status, problem)
    if isinstance(error, RateLimited):
        policy = _POLICY_WAITS.get(str(problem.get("policyName") or ""), 10.0)
        error.retry_after = retry_after(headers) or _WAITS.get(error.code, policy)
    return error


def row_error(row: Mapping[str, Any]) -> SyncError:
    """The error of one row of a batch answer, which has a category and no status of its own."""
    return _error(_status_of(row), row)


def _status_of(row: Mapping[str, Any]) -> int:
    category = str(row.get("category") or "").upper()
    known = {
        "CONFLICT": 409,
        "OBJECT_ALREADY_EXISTS": 409,
        "OBJECT_NOT_FOUND": 404,
        "MISSING_SCOPES": 403,
        "RATE_LIMITS": 429,
    }
    return known.get(category, 400)


def _error(status: int, problem: Mapping[str, Any]) -> SyncError:
    values = refused_values(problem)
    said = redact(_said(problem, values))
    for row in ROWS:
        if row.status == status and _fits(row, problem, values, said):
            return row.raises(
                row.code,
                params=_params(status, problem, values, said, row),
                detail=said,
                field=_field(values, row),
                request_id=str(problem.get("correlationId") or ""),
            )
    return ContractBroken("HS-UNEXPECTED", params={"status": status}, detail=said)


def _fits(row: ErrorRow, problem: Mapping[str, Any], values: list[dict[str, str]], said: str) -> bool:
    if row.contains is not None and row.contains not in said.lower():
        return False
    if row.vendor_code is None:
        return True
    told = {str(problem.get(name) or "").upper() for name in ("category", "policyName", "subCategory", "errorType")}
    return row.vendor_code in told or any(row.vendor_code == value["error"].upper() for value in values)


def _params(
    status: int, problem: Mapping[str, Any], values: list[dict[str, str]], said: str, row: ErrorRow
) -> dict[str, object]:
    found = _EXISTING.search(said) or _HOLDER.search(said)
    return {
        "status": status,
        "said": said[:300],
        "field": _field(values, row),
        "existing": found.group(1) if found else "",
        "scopes": ", ".join(_scopes(problem)),
    }


def _field(values: list[dict[str, str]], row: ErrorRow) -> str:
    same = [value["name"] for value in values if row.vendor_code in (None, value["error"].upper())]
    return next((name for name in same if name), "")


def refused_values(problem: Mapping[str, Any]) -> list[dict[str, str]]:
    """The properties that were refused, each with name, error and message: from the list at the end of the message,
    or from the rows of `errors`.
    """
    match = _LIST.search(str(problem.get("message") or ""))
    rows: Any = []
    if match:
        try:
            rows = json.loads(match.group(0))
        except ValueError:
            rows = []
    found = [_value(row, row.get("name")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if not found:
        for row in _errors(problem):
            context = row.get("context")
            named = context.get("propertyName") if isinstance(context, Mapping) else None
            name = named[0] if isinstance(named, list) and named else row.get("in")
            found.append(_value({"error": row.get("code"), "message": row.get("message")}, name))
    return [value for value in found if value["error"] or value["name"]]


def _value(row: Mapping[str, Any], name: Any) -> dict[str, str]:
    return {"name": str(name or ""), "error": str(row.get("error") or ""), "message": str(row.get("message") or "")}


def _errors(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = problem.get("errors")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _scopes(problem: Mapping[str, Any]) -> list[str]:
    """The scopes an answer says are missing, wherever it says so."""
    found: list[str] = []
    for context in (problem.get("context"), *(row.get("context") for row in _errors(problem))):
        if not isinstance(context, Mapping):
            continue
        for name in ("requiredGranularScopes", "requiredScopes", "missingScopes"):
            listed = context.get(name)
            if isinstance(listed, list):
                found += [str(scope) for scope in listed]
    return list(dict.fromkeys(found))


def _said(problem: Mapping[str, Any], values: list[dict[str, str]]) -> str:
    """What the vendor says, without the list of values in it; those in their own words."""
    message = _LIST.sub("", str(problem.get("message") or "")).strip(" :")
    own = [value["message"] for value in values if value["message"] and value["message"] not in message]
    return " | ".join(part for part in [message, *own] if part)[:1000]


def _problem(body: bytes) -> dict[str, Any]:
    try:
        return decode(body) if body else {}
    except BadAnswer:
        return {}
