"""Answers that are no success, as errors. The code decides, never the text: texts are translated per company.

Four frames exist: the accounting service's `Fault`, the gateway's `fault` in small letters, XML from the throttle, and
HTML from the edge. The table is closed: what no row names is `ContractBroken`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    ErrorRow,
    OutcomeUnknown,
    RateLimited,
    Raw,
    RecordRejected,
    SettingInvalid,
    StaleVersion,
    SyncError,
    VendorUnavailable,
)
from connectors.transport import BadAnswer, decode, redact, request_id


def _rows(raises: type[SyncError], code: str, *vendor_codes: str) -> tuple[ErrorRow, ...]:
    return tuple(ErrorRow(raises, code, vendor_code=item) for item in vendor_codes)


ERRORS: tuple[ErrorRow, ...] = (
    *_rows(AuthorizationExpired, "QBO-3200", "3200", "100", "110"),
    *_rows(SettingInvalid, "QBO-120", "120"),
    *_rows(AuthorizationExpired, "QBO-3100", "3100"),
    *_rows(SettingInvalid, "QBO-140", "140"),
    *_rows(SettingInvalid, "QBO-6190", "6190"),
    *_rows(SettingInvalid, "QBO-10200", "10200"),
    *_rows(RateLimited, "QBO-3001", "3001"),
    *_rows(VendorUnavailable, "QBO-LATER", "10000", "130", "150", "4002"),
    *_rows(OutcomeUnknown, "QBO-600", "600"),
    *_rows(StaleVersion, "QBO-5010", "5010"),
    *_rows(StaleVersion, "QBO-620", "620"),
    *_rows(RecordRejected, "QBO-610", "610"),
    *_rows(RecordRejected, "QBO-630", "630"),
    *_rows(RecordRejected, "QBO-6240", "6240"),
    *_rows(RecordRejected, "QBO-6140", "6140"),
    *_rows(RecordRejected, "QBO-2500", "2500"),
    *_rows(RecordRejected, "QBO-PARENT", "700", "900", "6150", "6180"),
    *_rows(RecordRejected, "QBO-REFUSED", "800", "1000", "1010", "1020"),
    *_rows(RecordRejected, "QBO-MISSING", "2020", "2250", "6080", "6090", "6420", "6440", "6520"),
    *_rows(RecordRejected, "QBO-2050", "2050", "2180"),
    *_rows(
        RecordRejected,
        "QBO-VALUE",
        *("2030", "2040", "2060", "2070", "2080", "2090", "2110", "2120", "2140", "2150", "2160", "2170"),
        *("2200", "2220", "2240", "2300", "3000"),
    ),
    *_rows(RecordRejected, "QBO-2210", "2210"),
    *_rows(RecordRejected, "QBO-2290", "2290"),
    *_rows(RecordRejected, "QBO-5020", "5020", "5030"),
    *_rows(RecordRejected, "QBO-6000", "6000"),
    *_rows(RecordRejected, "QBO-6070", "6070"),
    *_rows(RecordRejected, "QBO-TAX", "6100", "6160", "6170", "6470"),
    *_rows(RecordRejected, "QBO-ACCOUNT", "6010", "6430"),
    *_rows(RecordRejected, "QBO-6200", "6200", "6210"),
    *_rows(RecordRejected, "QBO-6220", "6220"),
    *_rows(RecordRejected, "QBO-6250", "6250", "6130"),
    *_rows(RecordRejected, "QBO-6270", "6270"),
    *_rows(RecordRejected, "QBO-6280", "6280"),
    *_rows(RecordRejected, "QBO-LOCKED", "6110", "6120", "6450", "6480", "6540"),
    *_rows(RecordRejected, "QBO-6530", "6530"),
    *_rows(RecordRejected, "QBO-FILE", "6020", "6030", "6041"),
    *_rows(
        ContractBroken,
        "QBO-REQUEST",
        *("500", "1040", "2000", "2010", "2130", "2600", "3202", "4000", "4001", "5000", "10100"),
    ),
    ErrorRow(AuthorizationExpired, "QBO-3200", status=401),
    ErrorRow(RateLimited, "QBO-3001", status=429),
    ErrorRow(ContractBroken, "QBO-REQUEST", status=404),
    ErrorRow(RecordRejected, "QBO-FILE", status=413),
    *(ErrorRow(VendorUnavailable, "QBO-LATER", status=status) for status in (408, 500, 502, 503, 504)),
)
_BY_CODE = {row.vendor_code: row for row in ERRORS if row.vendor_code}
_BY_STATUS = {row.status: row for row in ERRORS if row.status}
# Where the status says "not now", it stands above whatever the body holds.
_STATUS_FIRST = (429, 502, 503, 504)

_XML = re.compile(rb'<Error\b[^>]*?\bcode="(\d+)"[^>]*>(.*?)</Error>', re.S)
_XML_TAG = re.compile(rb"<(Message|Detail)>(.*?)</\1>", re.S)
_IN_MESSAGE = re.compile(r"errorCode=0*(\d+)")
# The only parts of details that are not translated.
_STABLE = {
    "id": re.compile(r"\bId=(\d+)"),
    "transaction": re.compile(r"\bTxnId=(\d+)"),
    "type": re.compile(r"\bTxnType=(\w+)"),
    "number": re.compile(r"\bDocNumber=(\S+)"),
}
_ELEMENT = re.compile(r"(\w+) element id (\d+)")
_UNKNOWN_FIELD = re.compile(r'Unrecognized field "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of an answer."""

    code: str
    message: str = ""
    detail: str = ""
    element: str = ""


def faults(body: Raw) -> list[Fault]:
    """Return the errors a JSON body holds, in either frame; none in a success."""
    frame = body.get("Fault") or body.get("fault")
    if not isinstance(frame, Mapping):
        return []
    listed = frame.get("Error") or frame.get("error") or []
    found = [_fault(item) for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return found or [Fault(code="", message=str(frame.get("type", "")))]


def _fault(item: Mapping[str, Any]) -> Fault:
    def text(name: str) -> str:
        value = item.get(name, item.get(name.capitalize()))
        return "" if value is None else str(value)

    message = text("message")
    code = text("code")
    if not code and (match := _IN_MESSAGE.search(message)):
        code = match.group(1)
    return Fault(code, message, text("detail"), text("element"))


def _xml_faults(body: bytes) -> list[Fault]:
    """Errors of the throttle's XML. Read by pattern: nothing in it is worth a parser's risks."""
    found = []
    for code, inner in _XML.findall(body[:20_000]):
        tags = {name.decode(): text.decode("utf-8", "replace") for name, text in _XML_TAG.findall(inner)}
        found.append(Fault(code.decode(), tags.get("Message", ""), tags.get("Detail", "")))
    return found


def classify(status: int, headers: Mapping[str, str], body: bytes) -> SyncError:
    """Return the error an answer stands for; a 200 that holds a fault may be shown too."""
    try:
        found = faults(decode(body)) if body else []
    except BadAnswer:
        found = _xml_faults(body)
    return _error(status, found, request_id(headers))


def sound(raw: Raw, status: int = 200) -> Raw:
    """Return `raw`; raises what its fault stands for when it holds one."""
    found = faults(raw) if ("Fault" in raw or "fault" in raw) else []
    if found:
        raise _error(status, found, "")
    return raw


def item_error(raw: Raw) -> SyncError | None:
    """Return the error of one item of a batch answer, None when it is a success."""
    found = faults(raw)
    return _error(200, found, "") if found else None


def _error(status: int, found: list[Fault], trace: str) -> SyncError:
    known = next((item for item in found if item.code in _BY_CODE), None)
    shown = known or (found[0] if found else Fault(code=""))
    row = _BY_CODE[known.code] if known else None
    if row is None or (status in _STATUS_FIRST and row.raises is not RateLimited):
        row = _BY_STATUS.get(status, row)
    if row is None:
        row = ErrorRow(ContractBroken, "QBO-UNKNOWN")
    detail = redact(" / ".join(filter(None, (shown.message, shown.detail))))
    # Sign-in faults quote the token itself.
    if issubclass(row.raises, AuthorizationExpired):
        detail = shown.message if "errorCode=" in shown.message else ""
    return row.raises(
        row.code,
        params={"vendor_code": shown.code or str(status), "detail": detail[:300], **_params(shown.detail)},
        detail=detail,
        field=shown.element,
        request_id=trace,
    )


def _params(detail: str) -> dict[str, object]:
    params: dict[str, object] = {}
    for name, pattern in _STABLE.items():
        if match := pattern.search(detail):
            params[name] = match.group(1)
    if match := _ELEMENT.search(detail):
        params["list"], params["id"] = match.groups()
    if match := _UNKNOWN_FIELD.search(detail):
        params["field"] = match.group(1)
    return params
