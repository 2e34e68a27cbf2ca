"""The store keeps the vendor's contract: it takes and refuses what the samples say, and every answer is as described."""

import json
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from connectors.sandbox.magento import oauth
from tests.contracts import MAGENTO, Contract
from tests.unit.sandbox.magento_desk import HOST, Desk, criteria

pytestmark = [pytest.mark.contracts, MAGENTO.needed]


FIXTURES = MAGENTO.data("fixtures.json", {})
SAMPLES = MAGENTO.data("samples.json", {}).get("requests", [])
VECTORS = MAGENTO.data("oauth1-vectors.json", {})
BULK = "799a59c2-09c3-4d10-ab62-c5e3b2a2b8fb"
# Paths of the list calls, and the fixtures behind them.
LISTS = {
    "orders": "orders",
    "invoices": "invoices",
    "creditmemos": "creditmemos",
    "transactions": "transactions",
    "products": "products",
    "customers/search": "customers",
    "customerGroups/search": "customerGroups",
    "taxRates/search": "taxRates",
    "taxRules/search": "taxRules",
    "taxClasses/search": "taxClasses",
    "inventory/source-items": "sourceItems",
    "inventory/sources": "sources",
    "inventory/stocks": "stocks",
    "inventory/stock-source-links": "stockSourceLinks",
}
WHOLE = {
    "store/storeConfigs": "storeConfigs",
    "store/storeViews": "storeViews",
    "store/storeGroups": "storeGroups",
    "store/websites": "websites",
}


@pytest.fixture
def desk():
    """The store of the fixtures."""
    desk = Desk()
    desk.vendor.load_all(FIXTURES)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def demo():
    """The demo world, for tests that only read."""
    desk = Desk("demo")
    yield desk
    desk.close()


def check(method, target, body, answer):
    """No violation of the contract in the answer."""
    assert MAGENTO.misfits(method, target.removeprefix("/magento"), body, answer, fits=False) == []


def send(desk, sample):
    """A sample with the store's own keys: `magento` before the path, signed where the sample has a header."""
    query = urlencode(sample.get("query", {}), quote_via=quote)
    target = "/magento" + sample["path"].replace(BULK, bulk_of(desk)) + (f"?{query}" if query else "")
    headers, body = {}, None
    if sample.get("headers", {}).get("Authorization"):
        keys = handshake_keys(desk, sample) if "oauth" in sample["path"] else None
        more = {"verifier": keys[4]} if keys and keys[4] else {}
        headers["Authorization"] = desk.sign(sample["method"], target, keys=keys and keys[:4], **more)
    if "body" in sample:
        body = json.dumps(sample["body"]).encode()
        headers["Content-Type"] = "application/json"
    answer = desk.raw(sample["method"], target, body or b"", headers)
    return sample["method"], target, body, answer


def bulk_of(desk):
    """A bulk the store knows."""
    target = "/magento/rest/default/async/bulk/V1/inventory/source-items"
    body = [{"sourceItems": [{"sku": "24-MB01", "source_code": "default", "quantity": 100, "status": 1}]}]
    headers = {"Authorization": desk.sign("POST", target), "Content-Type": "application/json"}
    answer = desk.raw("POST", target, json.dumps(body).encode(), headers)
    return json.loads(answer.body)["bulk_uuid"]


def handshake_keys(desk, sample):
    """Keys at the stage of the handshake the sample is about; the last is the verifier."""
    form = urlencode({"callback_url": "https://bridge.example/a", "identity_url": "https://bridge.example/b"})
    desk.raw("GET", f"/magento/admin/integrations?auto=1&{form}")
    told = desk.sandbox.posted[-1][1]
    key, secret = told["oauth_consumer_key"], told["oauth_consumer_secret"]
    if sample["path"].endswith("/request"):
        return key, secret, None, None, ""
    target = "/magento/oauth/token/request"
    header = desk.sign("POST", target, keys=(key, secret, None, None))
    pair = parse_qs(desk.raw("POST", target, b"", {"Authorization": header}).body.decode())
    return key, secret, pair["oauth_token"][0], pair["oauth_token_secret"][0], told["oauth_verifier"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['operation']}: {sample['name']}")
def test_a_sample_is_taken_or_refused_as_marked_and_answered_as_described(sample, desk):
    *call, answer = send(desk, sample)
    if sample["valid"]:
        assert answer.status in (200, 202), answer.body
    else:
        assert answer.status in (400, 401, 404), answer.body
    check(*call, answer)


def test_every_operation_of_the_contract_is_among_the_samples():
    described = MAGENTO.operations()
    assert described == {sample["operation"] for sample in SAMPLES if sample["valid"]}
    assert len(described) == 44


def test_the_check_itself_notices_a_wrong_answer(desk):
    sample = next(sample for sample in SAMPLES if sample["operation"] == "GetV1OrdersId" and sample["valid"])
    *call, answer = send(desk, sample)
    wrong = {**json.loads(answer.body), "grand_total": "much"}
    with pytest.raises(AssertionError):
        check(*call, type(answer)(200, json.dumps(wrong).encode(), answer.headers))


# Fixtures


@pytest.mark.parametrize(("path", "name"), list(LISTS.items()))
def test_the_fixtures_are_loaded_and_come_back_as_they_are(path, name, desk):
    answer = desk.call("GET", f"{path}?{criteria(size=300)}")
    check("GET", f"/magento/rest/default/V1/{path}?searchCriteria=", None, answer)
    held = {identity(row): row for row in json.loads(answer.body)["items"]}
    wanted = {identity(row): row for row in FIXTURES[name]}
    assert {key: held[key] for key in wanted} == wanted


def identity(row):
    names = ("entity_id", "transaction_id", "class_id", "id", "sku", "stock_id", "source_code")
    return tuple(row.get(name) for name in names)


def test_each_order_of_the_fixtures_comes_back_alone_to_the_last_field(desk):
    assert len(FIXTURES["orders"]) == len(FIXTURES["_cases"]) == 12
    for order in FIXTURES["orders"]:
        answer = desk.call("GET", f"orders/{order['entity_id']}")
        check("GET", f"/magento/rest/default/V1/orders/{order['entity_id']}", None, answer)
        assert json.loads(answer.body) == order


def test_what_comes_whole_comes_back_as_it_is(desk):
    for path, name in WHOLE.items():
        held = {row["id"]: row for row in desk.ok("GET", path)}
        assert {row["id"]: held[row["id"]] for row in FIXTURES[name]} == {row["id"]: row for row in FIXTURES[name]}
    assert desk.ok("GET", "directory/currency") == FIXTURES["currency"]
    assert desk.ok("GET", "modules") == FIXTURES["modules"]
    for sku, item in FIXTURES["stockItems"].items():
        assert desk.ok("GET", f"stockItems/{quote(sku, safe='')}") == item


# The demo world


@pytest.mark.parametrize("path", LISTS)
def test_every_document_of_the_demo_world_has_the_published_shape(path, demo):
    answer = demo.call("GET", f"{path}?{criteria(size=1000)}")
    assert json.loads(answer.body)["items"]
    check("GET", f"/magento/rest/default/V1/{path}?searchCriteria=", None, answer)


@pytest.mark.parametrize("path", [*WHOLE, "directory/currency", "modules", "inventory/stock-resolver/website/base"])
def test_reference_data_of_the_demo_world_has_the_published_shape(path, demo):
    answer = demo.call("GET", path)
    assert answer.status == 200
    check("GET", f"/magento/rest/default/V1/{path}", None, answer)


def test_order_lines_stock_and_comments_have_the_published_shape():
    desk = Desk("demo")
    calls = [
        ("GET", f"orders/items?{criteria(size=200)}", None),
        ("GET", "stockItems/TABL-011", None),
        ("GET", "inventory/get-product-salable-quantity/TABL-011/1", None),
        ("PUT", "products/TABL-011/stockItems/1", {"stockItem": {"qty": 3.5, "is_in_stock": True}}),
        ("POST", "orders/5/comments", {"statusHistory": {"comment": "Facture 12", "is_customer_notified": 0}}),
        ("GET", "orders/5/comments", None),
        ("GET", "orders/5", None),
    ]
    for method, path, body in calls:
        answer = desk.call(method, path, body)
        assert answer.status == 200, answer.body
        check(method, f"/magento/rest/default/V1/{path}", body and json.dumps(body).encode(), answer)
    desk.close()


# Refusals


REFUSALS = [
    ("GET", "orders", None, {}, 400),
    ("GET", "orders/999999", None, {}, 404),
    ("GET", f"orders?{criteria(('no_such', 'eq', '1'))}", None, {}, 500),
    ("GET", f"products?{criteria(('no_such', 'eq', '1'))}", None, {}, 400),
    ("GET", "products/NOBODY", None, {}, 404),
    ("GET", f"orders?{criteria(size=301)}", None, {"input_limits": True}, 400),
    ("GET", f"invoices?{criteria(size=1)}", None, {"denied_resources": ["Magento_Sales::sales_invoice"]}, 401),
    ("GET", f"inventory/sources?{criteria(size=1)}", None, {"msi": False}, 404),
    ("GET", "modules", None, {"masked_500": True}, 500),
    ("POST", "orders/999999/comments", {"statusHistory": {"comment": "x"}}, {}, 404),
    ("PUT", "products/TABL-011/stockItems/77", {"stockItem": {"qty": 1}}, {}, 404),
    (
        "POST",
        "inventory/source-items",
        {"sourceItems": [{"sku": "TABL-011", "source_code": "nowhere", "quantity": 1, "status": 1}]},
        {},
        400,
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "settings", "status"), REFUSALS)
def test_every_refusal_has_the_published_frame(method, path, body, settings, status, demo):
    with demo.configured(**settings):
        answer = demo.call(method, path, body)
    assert answer.status == status
    check(method, f"/magento/rest/default/V1/{path}", body and json.dumps(body).encode(), answer)


# Signatures


@pytest.mark.parametrize("vector", VECTORS.get("vectors", []), ids=lambda vector: vector["name"])
def test_base_strings_and_signatures_equal_the_vectors(vector):
    keys = VECTORS["credentials"]
    text = oauth.base_string(vector["method"], vector["url"], vector["oauth_params"].items())
    assert text == vector["base_string"]
    token_secret = keys["token_secret"] if vector["signing_key_uses_token_secret"] else ""
    assert oauth.signature(text, keys["consumer_secret"], token_secret) == vector["signature"]


def test_the_activation_call_is_what_the_inbound_contract_says(desk):
    inbound = Contract("magento", "magento-inbound.openapi.json", HOST)
    form = urlencode({"callback_url": f"{HOST}/magento/activate", "identity_url": f"{HOST}/magento/identity"})
    answer = desk.raw("GET", f"/magento/admin/integrations?auto=1&{form}")
    url, told = desk.sandbox.posted[-1]
    body = urlencode(told).encode()
    form = "application/x-www-form-urlencoded"
    assert inbound.misfits("POST", urlsplit(url).path, body, kind=form) == []
    assert inbound.misfits("GET", answer.headers["Location"].removeprefix(HOST), None) == []
