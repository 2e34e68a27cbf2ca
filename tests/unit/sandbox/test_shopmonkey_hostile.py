"""Nothing a caller sends makes the stand-in itself fail: it answers as the vendor would, and stays as it was."""

import json

import pytest

from connectors.sandbox.shopmonkey.world import RIVERS
from tests.unit.sandbox.shopmonkey_desk import Desk, work

STRANGE = (
    None, True, -1, 0, 1.5, "1e400", 10**40, "", " ", "x" * 5000, "\x00", "é\u202e", "' OR 1=1 --", "<b>", [], [[]], {},
    [None], [1, "a"], {"id": []}, {"gte": {}}, {"in": 5}, {"contains": None}, "2026-13-45", "NaN", -0.0,
)  # fmt: skip
NUMBERS = (b"1e400", b"-1e400", b"1e-400", b"9" * 400, b"0.1e1")
WRITES = {
    ("POST", "/customer"): {"customerType": "Customer", "firstName": "A", "emails": [{"email": "a@example.com"}],
                            "phoneNumbers": [{"number": "+15145550101"}], "locationIds": [RIVERS], "discountPercent": 5,
                            "country": "CA", "preferredContactMethod": "SMS", "metadata": {}},
    ("PUT", "/customer/cust"): {"lastName": "B", "emails": [], "phoneNumbers": [], "taxExempt": True},
    ("POST", "/customer/email/search"): {"emails": ["a@example.com"]},
    ("POST", "/customer/phone_number/search"): {"phoneNumbers": [{"number": "5145550101"}]},
    ("POST", "/customer/search"): {"where": {"lastName": "x", "createdDate": {"gte": "2026"}}, "orderBy": {"id": "asc"},
                                   "limit": 5, "skip": 0, "collate": 1, "params": 1},
    ("POST", "/integration/payment/search"): {"where": {"amountCents": {"gt": 5}}, "orderBy": {"recordedDate": "asc"}},
    ("POST", "/inventory_part"): {"name": "n", "number": "n", "quantity": 1, "retailCostCents": 1,
                                  "wholesaleCostCents": 1, "locationId": RIVERS, "metadata": {}},
    ("PUT", "/inventory_part/part"): {"name": "n", "quantity": 2, "locationId": RIVERS},
    ("POST", "/webhook"): {"name": "w", "url": "https://a.example/x", "triggers": ["Order"], "enabled": True,
                           "secret": "s", "locationId": None},
    ("PUT", "/webhook/hook"): {"name": "w2", "url": "https://a.example/x", "triggers": ["Order"]},
    ("DELETE", "/webhook/none"): {},
}  # fmt: skip
CALM = (200, 400, 404)


@pytest.fixture
def desk():
    desk = Desk()
    desk.load(
        "customers", {"id": "cust", "firstName": "Ann", "createdDate": "empty", "emails": [{"email": "a@b.example"}]}
    )
    desk.load("orders", {"id": "ord-1", "services": [work()], "dueDate": "empty", "invoice": True, "pay": 500})
    desk.load("inventory_parts", {"id": "part", "number": "P", "name": "P"})
    desk.load("webhooks", {"id": "hook", "name": "h", "url": "https://a.example/y", "triggers": ["Order"]})
    yield desk
    desk.close()


@pytest.mark.parametrize(("method", "path"), WRITES, ids=lambda one: one)
def test_any_value_in_any_place_is_answered_as_the_vendor_would(method, path, desk):
    whole = WRITES[method, path]
    for name in [*whole, "unknown"]:
        for value in STRANGE:
            answer = desk.raw(method, path, json.dumps({**whole, name: value}).encode(), fits=False)
            assert answer.status in CALM, (name, value, answer.body)
        for number in NUMBERS:
            body = json.dumps({**whole, name: "@"}).encode().replace(b'"@"', number)
            assert desk.raw(method, path, body, fits=False).status in CALM, (name, number)
    assert desk.page("order", limit=100)[1]["total"] == 1


@pytest.mark.parametrize("name", ["id", "createdDate", "dueDate", "totalCostCents", "invoiced", "metadata", "services"])
def test_any_filter_on_any_column_is_answered(name, desk):
    from urllib.parse import urlencode

    for value in STRANGE:
        for where in (
            {name: value},
            {name: {"gte": value}},
            {name: {"in": [value, value]}},
            {name: {"contains": value}},
        ):
            query = urlencode({"where": json.dumps(where), "orderBy": json.dumps({name: "asc"})})
            answer = desk.raw("GET", f"/order?{query}", fits=False)
            assert answer.status in CALM, (where, answer.body)


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "9" * 5000, "\x00", "é", "1e9", "٣", "null", "[]", "{", '{"a":' * 3000]
)
def test_any_text_in_any_query_is_answered(text, desk):
    from urllib.parse import urlencode

    for name in ("where", "orderBy", "limit", "skip", "locationId", "other"):
        answer = desk.raw("GET", f"/order?{urlencode({name: text})}", fits=False)
        assert answer.status in CALM, (name, answer.body)


def test_bodies_that_are_deep_or_broken_are_refused(desk):
    deep = b'{"where":' * 3000 + b"1" + b"}" * 3000
    for body in (deep, b"[" * 5000, b'{"a":', b"\xff\xfe", b"[]", b'"x"', b"", b'{"a":1}x'):
        assert desk.raw("POST", "/customer/search", body, fits=False).status == 400


def test_strange_addresses_are_none_of_ours(desk):
    for path in (
        "",
        "/",
        "//",
        "/order//service",
        "/order/%00",
        "/order/ord-1/service/x",
        "/customer/cust/x",
        "/schema",
    ):
        assert desk.raw("GET", path, fits=False).status in CALM, path
    for path in ("/", "/v2/order", "/v3", "/app/x/y/z/q"):
        assert desk.send("GET", path, headers={"authorization": f"Bearer {desk.key}"}).status == 404, path
    for method in ("PATCH", "DELETE", "HEAD", "OPTIONS"):
        assert desk.raw(method, "/order", fits=False).status == 404, method
