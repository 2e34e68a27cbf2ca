"""The stand-in keeps the vendor's contract: it takes and refuses what the samples say, and answers as described.

Where the contract is stricter than the live API on purpose, the stand-in is as lenient as the API, and refuses only
with its switch `strict`.
"""

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from connectors.sandbox.core import decode
from connectors.sandbox.shopmonkey.world import GARAGE, KEY, OTTAWA, RIVERS
from tests.contracts import SHOPMONKEY, Contract
from tests.unit.sandbox.shopmonkey_desk import Desk, work

pytestmark = [pytest.mark.contracts, SHOPMONKEY.needed]
FILE, FIXTURES = (
    SHOPMONKEY.data("samples.json", {"requests": [], "responses": []}),
    SHOPMONKEY.data("fixtures.json", {}),
)
REQUESTS, RESPONSES = FILE["requests"], FILE["responses"]
# The live API clamps or silently ignores these (contracts/shopmonkey/README.md); refused only with `strict`.
IGNORED = (
    "limit above 100",
    "dollar operator (silently ignored live)",
    "dollar operator",
    "page is not a parameter",
    "flat email field",
    "body with content",
)
DRAWERS = {
    "locations": "locations",
    "customers": "customers",
    "vendors": "vendors",
    "workflowStatuses": "workflow_statuses",
    "vehicles": "vehicles",
    "inventoryParts": "inventory_parts",
    "inventoryTires": "inventory_tires",
}
THEIRS = FIXTURES["locations"][0]["companyId"] if SHOPMONKEY.have else ""


def sample_answer(operation, name="ok"):
    return next(one["body"]["data"] for one in RESPONSES if (one["operation"], one["name"]) == (operation, name))


def ours(value):
    """A sample as the stand-in keeps it: our company in the place of theirs, fractions exact."""
    return decode(json.dumps(value).replace(THEIRS, GARAGE))


@pytest.fixture
def desk():
    desk = Desk()
    for theirs, mine in DRAWERS.items():
        desk.load(mine, *ours(FIXTURES[theirs]))
    for order in ours(FIXTURES["orders"]):
        desk.load("orders", {**order, "services": ours(FIXTURES["servicesByOrderId"][order["id"]])})
    desk.load("payments", *ours(FIXTURES["payments"]))
    desk.load("inventory_labors", ours(sample_answer("getInventoryLabor")))
    desk.load("inventory_fees", ours(sample_answer("getInventoryFee")))
    desk.load("webhooks", ours(sample_answer("getWebhook")), {**ours(sample_answer("createWebhook")), "name": "other"})
    yield desk
    desk.close()


def send(desk, sample):
    """Send a sample with the desk's own key; the answer, held against the contract."""
    headers = {"authorization": f"Bearer {KEY}"} if "Authorization" in sample["headers"] else {}
    address = sample["path"] + (f"?{urlencode(sample['query'])}" if sample.get("query") else "")
    body = b"" if sample.get("body") is None else json.dumps(sample["body"]).encode()
    if sample["operation"] == "createWebhook" and sample["valid"]:
        desk.load("webhooks", *({"id": one["id"], "name": f"old {one['id']}"} for one in desk.held()["webhooks"]))
    if body:
        headers["content-type"] = "application/json"
    answer = desk.send(sample["method"], address, body, headers)
    desk.check(sample["method"], address, body, answer, fits=False)
    return answer


def named(sample):
    return f"{sample['operation']}: {sample['name']}"


@pytest.mark.parametrize("sample", REQUESTS, ids=named)
def test_a_sample_is_taken_or_refused_as_marked_and_answered_as_described(sample, desk):
    answer = send(desk, sample)
    if sample["valid"] or sample["name"] in IGNORED:
        assert answer.status == 200, answer.body
    elif sample["name"] == "no key":
        assert answer.status == 401, answer.body
    elif sample["name"] == "malformed id":
        assert answer.status == 404, answer.body
    else:
        assert answer.status == 400, answer.body


@pytest.mark.parametrize("sample", [one for one in REQUESTS if one["name"] in IGNORED], ids=named)
def test_what_the_vendor_silently_ignores_is_refused_when_strict(sample, desk):
    desk.vendor.configure({"strict": True})
    assert send(desk, sample).status == 400


def test_every_operation_of_the_contract_is_among_the_samples():
    described = SHOPMONKEY.operations()
    assert described == {sample["operation"] for sample in REQUESTS if sample["valid"]}
    assert len(described) == 28


def test_the_check_itself_notices_a_wrong_answer(desk):
    answer = desk.raw("GET", "/order?limit=10")
    broken = type(answer)(200, answer.body.replace(b'"totalCostCents"', b'"total"'), answer.headers)
    with pytest.raises(AssertionError):
        desk.check("GET", "/v3/order?limit=10", b"", broken)


# Fixtures and answers


@pytest.mark.parametrize("number", range(len(FIXTURES.get("orders", []))))
def test_an_order_of_the_fixtures_comes_back_whole(number, desk):
    theirs = FIXTURES["orders"][number]
    assert desk.read(theirs["id"]) == json.loads(json.dumps(theirs).replace(THEIRS, GARAGE))
    services = json.loads(json.dumps(FIXTURES["servicesByOrderId"][theirs["id"]]).replace(THEIRS, GARAGE))
    found = desk.services(theirs["id"])
    assert [{name: mine[name] for name in one} for mine, one in zip(found, services, strict=True)] == services


def test_payments_and_stock_of_the_fixtures_come_back_as_loaded(desk):
    rows, meta = desk.search("integration/payment")
    assert meta["total"] == len(FIXTURES["payments"])
    assert rows == json.loads(json.dumps(FIXTURES["payments"]).replace(THEIRS, GARAGE))
    for drawer, word in (("inventoryParts", "inventory_part"), ("inventoryTires", "inventory_tire")):
        for theirs in json.loads(json.dumps(FIXTURES[drawer]).replace(THEIRS, GARAGE)):
            found = desk.ok("GET", f"/{word}/{theirs['id']}")
            assert {name: found[name] for name in theirs} == theirs


def test_customers_of_the_fixtures_come_back_with_their_addresses(desk):
    for theirs in json.loads(json.dumps(FIXTURES["customers"]).replace(THEIRS, GARAGE)):
        found = desk.ok("GET", f"/customer/{theirs['id']}")
        assert {name: found[name] for name in theirs} == theirs


LIVE = [one for one in FIXTURES.get("orders", []) if FIXTURES["servicesByOrderId"][one["id"]]]


@pytest.mark.parametrize("theirs", LIVE, ids=lambda one: str(one["number"]))
def test_sums_follow_the_rule_of_the_fixtures(theirs, desk):
    """The same lines under the same rates, added up by the stand-in, come to the same cents."""
    services = ours(FIXTURES["servicesByOrderId"][theirs["id"]])
    first = services[0]
    country = next(one["country"] for one in FIXTURES["locations"] if one["id"] == theirs["locationId"])
    rate = first["taxPercent"] or (decode("8.25") if first["calculatedTaxCents"] and country == "US" else 0)
    config = {
        "id": "fixed",
        "locationId": theirs["locationId"],
        "taxSystem": country,
        "taxPercent": rate,
        "gstPercent": first["gstPercent"],
        "pstPercent": first["pstPercent"],
        "includeEpaOnLabor": True,
        "includeEpaOnParts": True,
        "laborShopSupplies": True,
        "partShopSupplies": True,
        "shopSuppliesTaxable": True,
    }
    desk.load("tax_configs", config)
    exempt = theirs["customerId"] if theirs["number"] == 1002 else None
    told = {name: theirs[name] for name in ("locationId", "invoiced", "status")}
    drop = ("id", "orderId", "serviceId")
    plain = [{name: value for name, value in one.items() if name not in drop} for one in services]
    desk.load("orders", {**told, "id": "mine", "taxConfigId": "fixed", "customerId": exempt, "services": plain})
    mine = desk.read("mine")
    sums = [name for name in theirs if name.endswith("Cents") and not name.startswith(("paid", "remaining"))]
    assert {name: mine[name] for name in sums} == {name: theirs[name] for name in sums}


def test_what_was_paid_follows_the_rule_of_the_fixtures(desk):
    for theirs in FIXTURES["orders"]:
        mine = desk.read(theirs["id"])
        for name in ("paidCostCents", "remainingCostCents", "paid"):
            assert mine[name] == theirs[name], (theirs["number"], name)


@pytest.mark.parametrize("sample", [one for one in RESPONSES if one["status"] == 200], ids=named)
def test_an_answer_has_the_members_of_the_sample_answer(sample, desk):
    """Every member of a sample answer is in ours, level by level."""
    asked = next(one for one in REQUESTS if one["operation"] == sample["operation"] and one["valid"])
    covers(json.loads(send(desk, asked).body), sample["body"])


def covers(mine, theirs, at=""):
    if isinstance(theirs, dict):
        assert isinstance(mine, dict) or mine is None, at
        for name, inner in theirs.items() if mine is not None else ():
            assert name in mine, f"{at}.{name}"
            covers(mine[name], inner, f"{at}.{name}")
    elif isinstance(theirs, list) and theirs and mine:
        covers(mine[0], theirs[0], f"{at}[]")


@pytest.mark.parametrize("sample", [one for one in RESPONSES if one["status"] >= 400], ids=named)
def test_refusals_have_the_words_and_members_of_the_samples(sample, desk):
    status = sample["status"]
    if sample["name"] == "edge firewall":
        desk.vendor.configure({"firewall_calls": 1})
        answer = desk.raw("GET", "/order")
        assert (answer.status, answer.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
        return
    if status in (429, 500):
        answer = desk.vendor.error_response(status, None)
    elif status == 401:
        answer = desk.raw("GET", "/order", key="smk-unknown")
    elif status == 403:
        desk.load("keys", {"key": "weak", "permissions": ["order:read"]})
        answer = desk.raw("POST", "/customer/search", {}, key="weak")
    elif status == 404:
        answer = desk.raw("GET", "/order/nobody", fits=True)
    elif sample["name"] == "lower-case orderby":
        answer = desk.raw("GET", "/order?orderby=%7B%7D", fits=False)
    else:
        answer = desk.raw("POST", "/customer", {"customerType": "Business"}, fits=False)
    mine = json.loads(answer.body)
    assert answer.status == status
    assert set(sample["body"]) <= set(mine)
    assert mine["message"] == sample["body"]["message"]


def test_the_demo_world_fits_the_contract_wherever_it_is_read():
    desk = Desk("demo")
    try:
        for place in (RIVERS, OTTAWA):
            for skip in range(0, 400, 100):
                for row in desk.page("order", locationId=place, limit=100, skip=skip)[0][::17]:
                    desk.services(row["id"])
        for word in ("customer", "inventory_part", "inventory_tire", "integration/payment"):
            rows, meta = desk.search(word, limit=100)
            assert rows and meta["total"] >= len(rows)
        for word in ("location", "vendor", "workflow_status", "webhook"):
            desk.page(word)
        for word, table in (("inventory_labor", "inventory_labors"), ("inventory_fee", "inventory_fees")):
            for row in desk.held()[table]:
                desk.ok("GET", f"/{word}/{row['id']}")
        for car in desk.held()["vehicles"][:5]:
            desk.ok("GET", f"/vehicle/{car['id']}")
    finally:
        desk.close()


# Webhooks


def test_deliveries_fit_the_contract_and_their_signatures_verify(desk):
    told = {
        "name": "all",
        "url": "https://hub.example/hooks",
        "triggers": ["Order", "Payment", "Customer", "Inventory"],
    }
    hook = desk.ok("POST", "/webhook", told)
    secret = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    order = desk.order(work())
    desk.act(order["id"], authorize=True)
    desk.act(order["id"], invoice=True)
    desk.act(order["id"], pay=True)
    made = desk.ok("POST", "/customer", {"customerType": "Customer", "firstName": "Ann"})
    desk.ok("PUT", f"/customer/{made['id']}", {"city": "Lévis"})
    desk.load("inventory_parts", {"id": "part", "name": "Belt", "number": "B-1"})
    desk.load("inventory_parts", {"id": "part", "quantity": 3})
    desk.vendor._post.flush()
    inbound = Contract("shopmonkey", "shopmonkey-webhook.openapi.json", SHOPMONKEY.host)
    seen = set()
    for url, _, _, more in desk.sandbox.posted:
        body, headers = more["renew"](1)
        if url != hook["url"]:
            continue
        event = json.loads(body)
        seen.add((event["table"], event["operation"]))
        assert ("diff" in event) is (event["operation"] == "UPDATE")
        assert inbound.misfits("POST", "/shopmonkey/webhook", body, **headers) == []
        signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
        mine = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{mine}"
        assert headers["X-Attempt"] == "2"
    assert {"order", "payment", "customer", "inventory_part"} == {table for table, _ in seen}
    assert {("order", "INSERT"), ("order", "UPDATE"), ("payment", "INSERT"), ("customer", "UPDATE")} <= seen
