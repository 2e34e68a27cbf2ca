"""Refusals of the vendor, as rows. Branch on status and title; the text only where nothing better tells cases apart.

Source: https://mailchimp.com/developer/marketing/docs/errors/, read 2026-11-21; wordings from public reports.
"""

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
from connectors.transport import BadAnswer, decode, redact

EXISTS = "MC-EXISTS"
NOT_FOUND = "MC-NOT-FOUND"
PRODUCT_UNKNOWN = "MC-PRODUCT-UNKNOWN"

# The first row that fits counts.
ROWS = (
    ErrorRow(AuthorizationExpired, "MC-TOKEN", status=401),
    ErrorRow(RateLimited, "MC-BUSY", status=429),
    ErrorRow(SettingInvalid, "MC-FORBIDDEN", status=403),
    ErrorRow(RecordRejected, NOT_FOUND, status=404),
    ErrorRow(RecordRejected, "MC-MEMBER-EXISTS", status=400, vendor_code="Member Exists"),
    ErrorRow(RecordRejected, "MC-COMPLIANCE", status=400, vendor_code="Member In Compliance State"),
    ErrorRow(RecordRejected, "MC-FORGOTTEN", status=400, vendor_code="Forgotten Email Not Subscribed"),
    ErrorRow(RecordRejected, "MC-EMAIL-FAKE", status=400, contains="looks fake or invalid"),
    ErrorRow(RecordRejected, "MC-TOO-MANY-LISTS", status=400, contains="signed up to a lot of lists"),
    ErrorRow(RecordRejected, "MC-ADDRESS-INCOMPLETE", status=400, contains="please enter a complete address"),
    ErrorRow(RecordRejected, "MC-MERGE-FIELDS", status=400, contains="your merge fields were invalid"),
    ErrorRow(RecordRejected, "MC-EMAIL-TAKEN", status=400, vendor_code="Invalid Resource", contains="email address:"),
    ErrorRow(RecordRejected, "MC-HOOK-EXISTS", status=400, contains="multiple webhooks for one url"),
    ErrorRow(RecordRejected, EXISTS, status=400, contains="already exists"),
    ErrorRow(RecordRejected, PRODUCT_UNKNOWN, status=400, contains="product with the provided id does not exist"),
    ErrorRow(RecordRejected, PRODUCT_UNKNOWN, status=400, contains="variant with the provided id does not exist"),
    ErrorRow(ContractBroken, "MC-NOT-JSON", status=400, vendor_code="JSON Parse Error"),
    ErrorRow(RecordRejected, "MC-INVALID", status=400, vendor_code="Invalid Resource"),
    ErrorRow(RecordRejected, "MC-BAD-REQUEST", status=400),
    ErrorRow(ContractBroken, "MC-OUR-FAULT", status=405),
    ErrorRow(ContractBroken, "MC-OUR-FAULT", status=414),
    ErrorRow(ContractBroken, "MC-OUR-FAULT", status=422),
    ErrorRow(ContractBroken, "MC-OUR-FAULT", status=426),
    ErrorRow(VendorUnavailable, "MC-DOWN", status=500),
    ErrorRow(VendorUnavailable, "MC-DOWN", status=502),
    ErrorRow(VendorUnavailable, "MC-DOWN", status=503),
    ErrorRow(VendorUnavailable, "MC-DOWN", status=504),
    # What our own code raises, beside what the vendor answers.
    ErrorRow(ContractBroken, "MC-UNEXPECTED"),
)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> SyncError:
    """The error an answer stands for. A 403 without a problem in it means "too many" at great volume."""
    problem = _problem(body)
    if status == 403 and not problem:
        return RateLimited("MC-BUSY", params={"status": status})
    said = _said(problem)
    for row in ROWS:
        if _fits(row, status, str(problem.get("title", "")), said):
            return row.raises(
                row.code,
                params={
                    "status": status,
                    "field": _field(problem),
                    "fields": ",".join(str(item.get("field", "")) for item in _errors(problem)),
                    "said": redact(said)[:300],
                },
                detail=redact(said),
                field=_field(problem),
                request_id=str(problem.get("instance", "")),
            )
    return ContractBroken("MC-UNEXPECTED", params={"status": status}, detail=redact(said))


def _fits(row: ErrorRow, status: int, title: str, said: str) -> bool:
    return (
        (row.status is None or row.status == status)
        and (row.vendor_code is None or row.vendor_code.lower() == title.lower())
        and (row.contains is None or row.contains in said.lower())
    )


def _problem(body: bytes) -> dict[str, Any]:
    try:
        return decode(body)
    except BadAnswer:
        return {}


def _errors(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = problem.get("errors")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _said(problem: Mapping[str, Any]) -> str:
    parts = [str(problem.get("detail", ""))]
    parts += [f"{item.get('field', '')}: {item.get('message', '')}" for item in _errors(problem)]
    return " | ".join(part for part in parts if part)


def _field(problem: Mapping[str, Any]) -> str:
    return next((str(item["field"]) for item in _errors(problem) if item.get("field")), "")
