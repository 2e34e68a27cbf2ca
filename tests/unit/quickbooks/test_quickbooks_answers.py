"""QuickBooks' refusals in all their frames, its notices, and its sign-in answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import (
    App,
    AuthorizationExpired,
    ContractBroken,
    Grant,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    StaleVersion,
    SyncError,
    VendorUnavailable,
)
from connectors.quickbooks import CONNECTOR, auth, webhooks
from connectors.quickbooks.company import findings, parse_preferences
from connectors.quickbooks.errors import classify, sound

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CANARY = "CANARYab01234567890123456789"


def fault(code: str, detail: str = "", message: str = "") -> bytes:
    return json.dumps({"Fault": {"Error": [{"Message": message, "Detail": detail, "code": code}]}}).encode()


def gateway(code: str, detail: str, message: str) -> bytes:
    frame = {"error": [{"message": message, "detail": detail, "code": code, "element": None}], "type": "SERVICE"}
    return json.dumps({"warnings": None, "fault": frame, "batchItemResponse": []}).encode()


XML = (
    b'<IntuitResponse time="2016-12-07T15:27:09.527-08:00" xmlns="http://schema.intuit.com/finance/v3">'
    b'<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429'
    b"</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, fault("5010", "Vous et une autre personne"), StaleVersion, "QBO-5010"),
        (400, fault("6140", "Numéro de document en double"), RecordRejected, "QBO-6140"),
        (200, fault("610"), RecordRejected, "QBO-610"),
        (
            401,
            gateway("3200", f"Token expired: {CANARY}", "message=x; errorCode=003200"),
            AuthorizationExpired,
            "QBO-3200",
        ),
        (403, gateway("", "", "message=x; errorCode=003100; statusCode=403"), AuthorizationExpired, "QBO-3100"),
        (401, b"", AuthorizationExpired, "QBO-3200"),
        (429, XML, RateLimited, "QBO-3001"),
        (403, XML, RateLimited, "QBO-3001"),
        (429, gateway("3001", "", ""), RateLimited, "QBO-3001"),
        (429, b"<html>slow down</html>", RateLimited, "QBO-3001"),
        (503, b"<html>maintenance</html>", VendorUnavailable, "QBO-LATER"),
        (503, fault("6000"), VendorUnavailable, "QBO-LATER"),
        (500, fault("10000"), VendorUnavailable, "QBO-LATER"),
        (500, fault("6000"), RecordRejected, "QBO-6000"),
        (400, fault("600"), OutcomeUnknown, "QBO-600"),
        (400, fault("6190"), SettingInvalid, "QBO-6190"),
        (400, fault("500"), ContractBroken, "QBO-REQUEST"),
        (400, fault("6999"), ContractBroken, "QBO-UNKNOWN"),
        (400, b"{}", ContractBroken, "QBO-UNKNOWN"),
        (400, b"<html>", ContractBroken, "QBO-UNKNOWN"),
        (400, b"null", ContractBroken, "QBO-UNKNOWN"),
        (403, b"", ContractBroken, "QBO-UNKNOWN"),
        (418, b"\xff\xfe", ContractBroken, "QBO-UNKNOWN"),
        (400, b'{"Fault": []}', ContractBroken, "QBO-UNKNOWN"),
        (400, b'{"Fault": {"Error": "x"}}', ContractBroken, "QBO-UNKNOWN"),
    ],
)
def test_refusals_are_told_by_status_and_code_in_every_frame(
    status: int, body: bytes, kind: type[SyncError], code: str
) -> None:
    error = classify(status, {"intuit_tid": "tid-1"}, body)
    assert (type(error), error.code, error.request_id) == (kind, code, "tid-1")
    assert CANARY not in str(error) and CANARY not in str(error.params)


def test_what_is_not_translated_in_a_detail_becomes_params() -> None:
    error = classify(400, {}, fault("6240", "Ce nom existe déjà. : Id=1209"))
    assert error.params["id"] == "1209"
    error = classify(400, {}, fault("6140", "DocNumber=INV-1 is assigned to TxnType=Invoice with TxnId=1109"))
    assert (error.params["number"], error.params["type"], error.params["transaction"]) == ("INV-1", "Invoice", "1109")
    error = classify(400, {}, fault("2500", "Invalid Reference Id : Names element id 75 not found"))
    assert (error.params["list"], error.params["id"]) == ("Names", "75")
    assert "id" not in classify(400, {}, fault("6240", "The name supplied already exists. : null")).params


def test_of_several_errors_a_known_one_decides() -> None:
    body = json.dumps({"Fault": {"Error": [{"code": "6999"}, {"code": "6200"}]}}).encode()
    assert classify(400, {}, body).code == "QBO-6200"


def test_a_fault_inside_a_200_is_raised_and_an_empty_frame_is_not() -> None:
    with pytest.raises(RecordRejected):
        sound(json.loads(fault("6000")))
    assert sound({"fault": None, "QueryResponse": {}}) == {"fault": None, "QueryResponse": {}}


def test_every_code_is_explained_in_two_languages_once() -> None:
    codes = [entry.code for entry in CONNECTOR.catalogue]
    assert len(codes) == len(set(codes)) and {row.code for row in CONNECTOR.errors} <= set(codes)
    for entry in CONNECTOR.catalogue:
        for words in (entry.what, entry.why, entry.cure):
            assert words.en and words.fr and words.en != words.fr, entry.code


# Notices

EVENTS = json.dumps(
    [
        {
            "id": "0f6c1d1e",
            "type": "qbo.invoice.updated.v1",
            "time": "2026-06-01T17:20:31.114208733Z",
            "intuitentityid": "1045",
            "intuitaccountid": "4620816365000000001",
            "data": {},
        },
        {
            "id": "5b0a7c52",
            "type": "qbo.customer.merged.v1",
            "intuitentityid": "12",
            "intuitaccountid": "4620816365000000001",
            "data": {"deletedid": "27"},
        },
        {"id": "9", "type": "qbo.spaceship.landed.v7", "intuitentityid": "1", "intuitaccountid": "4"},
        {"id": "10", "type": "who.knows"},
    ]
).encode()


def sign(body: bytes, secret: str) -> dict[str, str]:
    made = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"intuit-signature": base64.b64encode(made).decode()}


@pytest.mark.fault("F")
def test_a_notice_is_proven_over_its_raw_bytes_with_any_valid_secret() -> None:
    assert webhooks.verify(EVENTS, sign(EVENTS, "new"), ["old", "new"], NOW)
    assert not webhooks.verify(EVENTS + b" ", sign(EVENTS, "new"), ["new"], NOW)
    assert not webhooks.verify(EVENTS, sign(EVENTS, "other"), ["old", "new"], NOW)
    assert not webhooks.verify(EVENTS, sign(EVENTS, ""), ["", "new"], NOW)
    for headers in ({}, {"intuit-signature": ""}, {"intuit-signature": "é"}):
        assert not webhooks.verify(EVENTS, headers, ["new"], NOW)
    assert not webhooks.verify(EVENTS, sign(EVENTS, "new"), [], NOW)


def test_cloud_events_are_read_and_unknown_kinds_kept() -> None:
    first, merge, odd, strange = webhooks.parse(EVENTS, {})
    assert (first.unique_id, first.account_id, first.resource, first.remote_id, first.kind) == (
        "0f6c1d1e",
        "4620816365000000001",
        "invoices",
        "1045",
        "updated",
    )
    assert first.at is not None and first.at.year == 2026
    assert (merge.resource, merge.remote_id, merge.kind, merge.merged_from) == ("customers", "12", "merged", "27")
    assert odd.resource is None and odd.kind == "landed"
    assert strange.resource is None and strange.kind == "unknown"


@pytest.mark.parametrize("key", ["deletedId", "deletedID"])
def test_the_older_form_is_read_and_a_repeat_has_the_same_id(key: str) -> None:
    entities = [
        {"name": "Invoice", "id": "1045", "operation": "Void", "lastUpdated": "2026-04-01T17:20:31.000Z"},
        {
            "name": "Customer",
            "id": "12",
            "operation": "Merge",
            "lastUpdated": "2026-04-01T17:20:33.000-0700",
            key: "27",
        },
    ]
    body = json.dumps({"eventNotifications": [{"realmId": "46", "dataChangeEvent": {"entities": entities}}]}).encode()
    void, merge = webhooks.parse(body, {})
    assert (void.account_id, void.resource, void.kind) == ("46", "invoices", "voided")
    assert (merge.kind, merge.merged_from) == ("merged", "27") and merge.at is not None
    assert [item.unique_id for item in webhooks.parse(body, {})] == [void.unique_id, merge.unique_id]
    assert void.unique_id != merge.unique_id


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'"x"', b'{"eventNotifications": 3}', b"[" * 5000])
def test_a_notice_of_neither_form_is_named(body: bytes) -> None:
    with pytest.raises(ContractBroken, match="QBO-WEBHOOK"):
        webhooks.parse(body, {})


# Signing in


class Answers:
    """An `Http` that gives one answer and keeps what it was asked."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.answer = (status, body)
        self.asked: list[dict[str, Any]] = []

    def call(self, method: str, url: str, **asked: Any) -> tuple[int, dict[str, Any]]:
        self.asked.append({"method": method, "url": url, **asked})
        return self.answer


HOSTS = CONNECTOR.environments["live"]
APP = App("id", CANARY)
GRANT = Grant("access", "refresh", extra={"a": 1})
BACK = {"code": "c", "realmId": "4620816365000000001", "state": "s"}


def test_the_consent_address_asks_for_accounting_only() -> None:
    query = parse_qs(urlsplit(auth.authorize_url(HOSTS, APP, "https://hub.example.com/back", "s&1")).query)
    assert query["scope"] == ["com.intuit.quickbooks.accounting"] and query["state"] == ["s&1"]
    assert query["redirect_uri"] == ["https://hub.example.com/back"]


def test_a_grant_keeps_what_the_vendor_gives_and_refresh_keeps_an_unchanged_token() -> None:
    body = {"access_token": "a2", "refresh_token": "r2", "expires_in": 3600, "x_refresh_token_expires_in": 8640000}
    http = Answers(200, {**body, "x_refresh_token_hard_expires_in": 157680000})
    grant, realm = auth.exchange(http, HOSTS, APP, "https://hub.example.com/back", BACK)
    assert realm == BACK["realmId"] and grant.refresh_token == "r2"
    assert (grant.expires_in, grant.refresh_expires_in, grant.hard_expires_in) == (3600, 8640000, 157680000)
    assert http.asked[0]["basic"] == ("id", CANARY)
    assert http.asked[0]["headers"]["x-include-refresh-token-hard-expires-in"] == "true"
    renewed = auth.refresh(Answers(200, {"access_token": "a3", "expires_in": 3600}), HOSTS, APP, GRANT)
    assert (renewed.access_token, renewed.refresh_token, renewed.extra) == ("a3", "refresh", {"a": 1})
    assert CANARY not in repr(APP) and "a3" not in repr(renewed)


@pytest.mark.fault("C07")
@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"error": "invalid_grant"}, AuthorizationExpired, "QBO-GRANT-GONE"),
        (401, {"error": "invalid_client"}, SettingInvalid, "QBO-CLIENT"),
        (400, {"error": "unsupported_grant_type"}, ContractBroken, "QBO-REQUEST"),
        (429, {}, RateLimited, "QBO-3001"),
        (500, {"error": "invalid_grant"}, VendorUnavailable, "QBO-LATER"),
        (503, {}, VendorUnavailable, "QBO-LATER"),
        (400, {}, VendorUnavailable, "QBO-LATER"),
        (200, {}, VendorUnavailable, "QBO-LATER"),
        (200, {"access_token": ""}, VendorUnavailable, "QBO-LATER"),
        (200, {"access_token": ["x"]}, VendorUnavailable, "QBO-LATER"),
    ],
)
def test_only_the_vendors_word_ends_a_grant(
    status: int, body: dict[str, Any], kind: type[SyncError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        auth.refresh(Answers(status, body), HOSTS, APP, GRANT)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("callback", "code"),
    [
        ({"error": "access_denied", "state": "s"}, "QBO-CONSENT"),
        ({"code": "c"}, "QBO-CALLBACK"),
        ({"realmId": "46"}, "QBO-CALLBACK"),
        ({"code": "c", "realmId": "../46"}, "QBO-CALLBACK"),
    ],
)
def test_a_return_without_consent_or_company_is_refused_before_any_call(callback: Mapping[str, str], code: str) -> None:
    http = Answers(200, {"access_token": "a", "refresh_token": "r"})
    with pytest.raises(SettingInvalid) as caught:
        auth.exchange(http, HOSTS, APP, "x", callback)
    assert caught.value.code == code and not http.asked


def test_revoking_what_is_gone_is_fine_and_an_outage_is_told() -> None:
    for status in (200, 400):
        auth.revoke(Answers(status, {}), HOSTS, APP, GRANT)
    with pytest.raises(VendorUnavailable):
        auth.revoke(Answers(503, {}), HOSTS, APP, GRANT)


# The check


def test_findings_warn_and_block_where_they_should() -> None:
    def levels(country: str | None, subscription: str, preferences: dict[str, Any]) -> dict[str, str]:
        pairs = {"SubscriptionStatus": subscription, "OfferingSku": "QuickBooks Online Plus"}
        lines = findings({"name": "Garage Inventé", "country": country}, pairs, parse_preferences(preferences))
        return {line.code: line.level for line in lines}

    good = {"CurrencyPrefs": {"HomeCurrency": {"value": "CAD"}}, "TaxPrefs": {"UsingSalesTax": True}}
    assert set(levels("CA", "PAID", good).values()) == {"ok"}
    closed = {**good, "AccountingInfoPrefs": {"BookCloseDate": "2026-09-30"}}
    assert levels("CA", "TRIAL", closed)["QBO-CLOSING"] == "warning"
    bad = levels("FR", "EXPIRED", {})
    assert bad["QBO-COUNTRY"] == bad["QBO-SUBSCRIPTION"] == "blocker"
    assert bad["QBO-CURRENCY"] == bad["QBO-SALES-TAX"] == "warning"
    assert levels(None, "?", good)["QBO-COUNTRY"] == levels("CA", "ODD", good)["QBO-SUBSCRIPTION"] == "warning"
