"""Refusals by class, the reserve of calls, and notices: proven, read as hints, never as data."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from bridge import registry
from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    VendorUnavailable,
)
from connectors.shopmonkey import CONNECTOR
from connectors.shopmonkey.errors import ROWS, classify, pace
from connectors.shopmonkey.webhooks import parse, verify

HTML = b"<html><body>Access denied</body></html>"


def body(message: str, **more: object) -> bytes:
    return json.dumps({"success": False, "code": "BOFF-97d5f9", "message": message, **more}).encode()


CASES = [
    (400, body("Invalid query parameter"), ContractBroken, "SM-OUR-FAULT"),
    (400, body("Validation failed"), RecordRejected, "SM-REFUSED"),
    (400, HTML, VendorUnavailable, "SM-FIREWALL"),
    (401, body("Unauthorized"), AuthorizationExpired, "SM-KEY"),
    (403, body("Insufficient permissions"), SettingInvalid, "SM-FORBIDDEN"),
    (403, HTML, VendorUnavailable, "SM-FIREWALL"),
    (404, body("Not found"), RecordRejected, "SM-NOT-FOUND"),
    (405, b"", ContractBroken, "SM-OUR-FAULT"),
    (409, body("Already there"), RecordRejected, "SM-REFUSED"),
    (422, body("Invalid"), RecordRejected, "SM-REFUSED"),
    (429, body("Rate limit exceeded"), RateLimited, "SM-BUSY"),
    (500, body("Oops"), VendorUnavailable, "SM-DOWN"),
    (503, HTML, VendorUnavailable, "SM-DOWN"),
    (522, b"", VendorUnavailable, "SM-DOWN"),
    (418, body("Tea"), ContractBroken, "SM-UNEXPECTED"),
]


@pytest.mark.parametrize(("status", "answer", "kind", "code"), CASES, ids=[f"{case[0]} {case[3]}" for case in CASES])
def test_an_answer_is_the_error_it_stands_for(status, answer, kind, code):
    error = classify(status, {}, answer)
    assert type(error) is kind and error.code == code


def test_every_code_is_explained_in_both_languages():
    known = {entry.code: entry for entry in CONNECTOR.catalogue}
    assert {row.code for row in ROWS} <= set(known)
    for entry in known.values():
        for words in (entry.what, entry.why, entry.cure):
            assert words.en and words.fr and words.en != words.fr
    assert registry.problems() == []


@pytest.mark.parametrize(
    ("limit", "told"), [("300", (240, 60.0)), ("1", (1, 60.0)), ("", None), ("x", None), ("0", None), ("-5", None)]
)
def test_a_fifth_of_the_minute_is_left_to_people(limit, told):
    assert pace({"x-ratelimit-limit-minute": limit, "x-ratelimit-remaining-minute": "7"}) == told
    assert pace({}) is None


# notices

NOW = datetime(2026, 3, 2, 21, 15, tzinfo=UTC)
BYTES = bytes(range(24))
CODED = "whsec_" + base64.b64encode(BYTES).decode()


def notice(table: str = "order", operation: str = "UPDATE", **row: object) -> bytes:
    told = {"id": "o-1", "companyId": "c-1", "updatedDate": "2026-03-02T21:14:59.000Z", **row}
    return json.dumps({"apiVersion": "v3", "operation": operation, "table": table, "data": told}).encode()


def signed(raw: bytes, key: bytes, at: datetime = NOW, name: str = "msg_1") -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    made = hmac.new(key, f"{name}.{stamp}.".encode() + raw, hashlib.sha256).digest()
    return {"webhook-id": name, "webhook-timestamp": stamp,
            "webhook-signature": f"v2,AAAA v1,{base64.b64encode(made).decode()}"}  # fmt: skip


@pytest.mark.parametrize(("secret", "key"), [
    (CODED, BYTES), (CODED, CODED.encode()), (CODED, CODED.removeprefix("whsec_").encode()),
    ("plain words as a secret", b"plain words as a secret"), (base64.b64encode(BYTES).decode(), BYTES),
])  # fmt: skip
def test_a_secret_counts_as_it_stands_and_decoded(secret, key):
    raw = notice()
    assert verify(raw, signed(raw, key), ["another secret of somebody", secret], NOW)
    assert not verify(raw, signed(raw, key), ["another secret of somebody"], NOW)


def test_what_was_changed_repeated_late_or_not_signed_is_no_notice():
    raw = notice()
    headers = signed(raw, BYTES)
    assert not verify(raw + b" ", headers, [CODED], NOW)
    assert not verify(raw, {**headers, "webhook-id": "msg_2"}, [CODED], NOW)
    for minutes, proven in ((4, True), (6, False), (-4, True), (-6, False)):
        assert verify(raw, headers, [CODED], NOW + timedelta(minutes=minutes)) is proven
    for name in headers:
        assert not verify(raw, {key: value for key, value in headers.items() if key != name}, [CODED], NOW)
    assert not verify(raw, {**headers, "webhook-timestamp": "۱۷۷۲۴۸۶۱۰۰"}, [CODED], NOW)
    assert not verify(raw, headers, [""], NOW) and not verify(raw, headers, [], NOW)


def test_a_short_word_is_not_taken_for_the_code_of_another_secret():
    raw = notice()
    assert not verify(raw, signed(raw, base64.b64decode("abcd")), ["abcd"], NOW)


@pytest.mark.parametrize(("table", "row", "resource", "remote_id"), [
    ("order", {}, "orders", "o-1"), ("labor", {"id": "l", "orderId": "o-9"}, "orders", "o-9"),
    ("customer", {}, "customers", "o-1"), ("email", {"id": "e", "customerId": "c-9"}, "customers", "c-9"),
    ("payment", {"transactionType": "Charge"}, "payments", "o-1"),
    ("payment", {"transactionType": "Refund"}, "refunds", "o-1"), ("inventory_part", {}, "parts", "o-1"),
    ("message", {}, None, "o-1"), ("fee", {"id": "f"}, None, "f"),
])  # fmt: skip
def test_a_notice_says_what_to_read_again(table, row, resource, remote_id):
    raw = notice(table, **row)
    (event,) = parse(raw, signed(raw, BYTES))
    assert (event.resource, event.remote_id, event.account_id) == (resource, remote_id, "c-1")
    assert event.unique_id == "msg_1" and event.at == datetime(2026, 3, 2, 21, 14, 59, tzinfo=UTC)


@pytest.mark.parametrize("raw", [b"", b"no", b"[]", b"{}", b'{"table":"order"}', b'{"table":"order","data":[]}'])
def test_what_is_no_notice_is_refused(raw):
    with pytest.raises(ContractBroken):
        parse(raw, {})


def test_every_trigger_and_table_names_a_resource_there_is():
    from connectors.shopmonkey.webhooks import TABLES

    assert {name for name, _ in TABLES.values()} <= {item.name for item in CONNECTOR.resources}
