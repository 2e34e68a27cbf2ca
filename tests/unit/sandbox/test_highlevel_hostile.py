"""Nothing a caller sends makes the stand-in itself fail: it answers as the vendor would, and stays as it was."""

import json
import random

import pytest

from connectors.sandbox.highlevel.world import REVIEW
from tests.unit.sandbox.highlevel_desk import Desk

STRANGE = (
    None, True, -1, 0, 1.5, "1e400", 10**40, "", " ", "x" * 5000, "\x00", "é\u202e", "' OR 1=1 --", "<b>", [], [[]], {},
    [None], [1, "a"], {"id": []}, {"a": {"b": {}}}, "2026-13-45", "NaN", -0.0,
)  # fmt: skip
NUMBERS = (b"1e400", b"-1e400", b"1e-400", b"9" * 400, b"0.1e1")
WRITES = {
    ("POST", "/contacts/"): {"locationId": "L", "email": "a@example.com", "tags": ["x"], "customFields": [{"id": "x"}]},
    ("POST", "/contacts/upsert"): {"locationId": "L", "phone": "+15145550101", "name": "Ann Lee"},
    ("PUT", "/contacts/ann"): {"firstName": "A", "country": "CA", "dnd": False},
    ("POST", "/contacts/ann/tags"): {"tags": ["x"]},
    ("POST", f"/contacts/ann/workflow/{REVIEW}"): {"eventStartTime": "2026-11-05T10:00:00Z"},
    ("POST", "/contacts/search"): {
        "locationId": "L", "pageLimit": 5, "page": 1, "query": "a", "searchAfter": [1, "a"],
        "filters": [{"field": "email", "operator": "range", "value": {"gte": "a"}}],
        "sort": [{"field": "email", "direction": "asc"}],
    },
    ("POST", "/invoices/"): {
        "altId": "L", "altType": "location", "name": "n", "businessDetails": {}, "currency": "CAD",
        "items": [{"name": "x", "currency": "CAD", "amount": 1, "qty": 1, "taxes": []}],
        "discount": {"type": "fixed", "value": 1}, "issueDate": "2026-11-05", "liveMode": True,
        "contactDetails": {"id": "ann", "name": "x", "email": "", "phoneNo": ""}, "sentTo": {"email": []},
    },
    ("POST", "/invoices/inv/send"): {"altId": "L", "altType": "location", "userId": "u", "action": "email", "liveMode": True},
    ("POST", "/invoices/inv/record-payment"): {
        "altId": "L", "altType": "location", "mode": "cash", "notes": "", "amount": 1, "fulfilledAt": "2026-11-05",
    },
    ("POST", "/invoices/inv/void"): {"altId": "L", "altType": "location"},
}  # fmt: skip
READS = {
    "/contacts/": ("locationId", "limit", "startAfter", "startAfterId", "query"),
    "/contacts/search/duplicate": ("locationId", "email", "number"),
    "/invoices/": ("altId", "altType", "limit", "offset", "status", "startAt", "search", "sortOrder"),
    "/payments/orders": ("altId", "limit", "offset", "startAt", "paymentStatus", "search"),
    "/payments/transactions": ("altId", "altType", "limit", "offset", "endAt", "contactId"),
    "/payments/subscriptions": ("altId", "altType", "limit", "id"),
    "/products/": ("locationId", "limit", "offset", "search", "sortOrder"),
    "/workflows/": ("locationId",),
    "/oauth/installedLocations": ("companyId", "appId", "skip", "limit"),
}
TEXTS = ("", "x", "-1", "9" * 5000, "\x00", "é", "2026-99-99", "1e9", "٣", "null", "location")
CALM = (200, 201, 400, 401, 403, 404, 422)


@pytest.fixture
def desk():
    desk = Desk()
    desk.load("contacts", {"id": "ann", "email": "ann@example.com"})
    desk.load(
        "invoices", {"_id": "inv", "contact": "ann", "items": [{"name": "x", "amount": 10, "qty": 1}], "send": True}
    )
    yield desk
    desk.close()


@pytest.mark.parametrize(("method", "path"), WRITES, ids=lambda one: one)
def test_any_value_in_any_place_is_answered_as_the_vendor_would(method, path, desk):
    whole = json.loads(json.dumps(WRITES[method, path]).replace('"L"', f'"{desk.location}"'))
    for name in list(whole):
        for value in STRANGE:
            answer = desk.raw(method, path, json.dumps({**whole, name: value}).encode(), fits=False)
            assert answer.status in CALM, (name, value, answer.body)
        for number in NUMBERS:
            body = json.dumps({**whole, name: "@"}).encode().replace(b'"@"', number)
            assert desk.raw(method, path, body, fits=False).status in CALM, (name, number)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_any_size_within_lines_are_answered(number, desk):
    whole = json.loads(json.dumps(WRITES["POST", "/invoices/"]).replace('"L"', f'"{desk.location}"'))
    tax = {"_id": "t", "name": "t", "rate": "@rate", "calculation": "exclusive"}
    whole["items"][0] |= {"amount": "@amount", "qty": "@qty", "taxes": [tax]}
    whole["discount"]["value"] = "@value"
    for strange in ("@rate", "@amount", "@qty", "@value"):
        body = json.dumps(whole).encode()
        for place in ("@rate", "@amount", "@qty", "@value"):
            body = body.replace(f'"{place}"'.encode(), number if place == strange else b"1")
        assert desk.raw("POST", "/invoices/", body, fits=False).status in CALM, strange


@pytest.mark.parametrize("path", READS)
def test_any_text_in_any_query_is_answered(path, desk):
    from urllib.parse import urlencode

    dice = random.Random(5)
    for name in READS[path]:
        for text in TEXTS:
            told = {one: desk.location if one in ("altId", "locationId") else dice.choice(TEXTS) for one in READS[path]}
            answer = desk.raw("GET", f"{path}?{urlencode(told | {name: text})}", fits=False)
            assert answer.status in CALM, (name, text, answer.body)


def test_bodies_that_are_deep_or_broken_are_refused(desk):
    deep = b'{"filters":' * 2000 + b"1" + b"}" * 2000
    for body in (deep, b"[" * 5000, b'{"a":', b"\xff\xfe", b'{"a":1}x'):
        assert desk.raw("POST", "/contacts/search", body, fits=False).status in (400, 422)
    filters = [{"field": "email", "operator": "exists"}]
    for _ in range(60):
        filters = [{"group": "AND", "filters": filters}]
    body = {"locationId": desk.location, "pageLimit": 5, "filters": filters}
    desk.refused("POST", "/contacts/search", body)


def test_strange_addresses_are_none_of_ours(desk):
    for path in (
        "/",
        "//",
        "/contacts//tags",
        "/contacts/%00",
        "/payments/",
        "/payments/refunds",
        "/locations/",
        "/x/y/z",
    ):
        assert desk.raw("GET", path, fits=False).status in CALM, path
