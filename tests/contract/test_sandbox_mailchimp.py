"""The stand-in keeps the vendor's contract: it takes and refuses what the samples say, and answers as described."""

import base64
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.contracts import MAILCHIMP
from tests.unit.sandbox.mailchimp_desk import KEY, Desk

pytestmark = [pytest.mark.contracts, MAILCHIMP.needed]
SAMPLES = MAILCHIMP.data("samples.json", {"requests": []})["requests"]
LIST, STORE, EMAIL = "abc123def4", "qbo-123", "ann.lee@example.com"
MEMBER = f"/lists/{LIST}/members/{EMAIL}"
HOST = "https://us1.api.mailchimp.com/3.0"
# What a sample makes must not be there yet.
TAKEN_AWAY = {
    "members_create": ("DELETE_FOR_GOOD", MEMBER),
    "segments_create": ("DELETE", f"/lists/{LIST}/segments/9"),
    "webhooks_create": ("DELETE", f"/lists/{LIST}/webhooks/ef01"),
    "stores_create": ("DELETE", f"/ecommerce/stores/{STORE}"),
    "customers_create": ("DELETE", f"/ecommerce/stores/{STORE}/customers/qbo-17"),
    "products_create": ("DELETE", f"/ecommerce/stores/{STORE}/products/qbo-item-5"),
    "variants_create": ("DELETE", f"/ecommerce/stores/{STORE}/products/qbo-item-5/variants/qbo-item-5"),
    "orders_create": ("DELETE", f"/ecommerce/stores/{STORE}/orders/inv-130"),
}


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def furnish(desk):
    """Everything the samples speak of, and the ids they use for what the vendor numbers itself."""
    desk.vendor.load("lists", [{"id": LIST, "name": "Customers"}])
    desk.vendor.load("members", [{"list_id": LIST, "email_address": "first@example.com", "status": "subscribed"}])
    desk.ok("PUT", MEMBER, {"email_address": EMAIL, "status_if_new": "transactional", "tags": ["QuickBooks"]})
    desk.ok(
        "POST",
        "/ecommerce/stores",
        {"id": STORE, "list_id": LIST, "name": "Acme", "currency_code": "USD", "is_syncing": True},
    )
    variants = [{"id": name, "title": "Roof tile", "price": 12.5} for name in ("other", "qbo-item-5")]
    product = {"id": "qbo-item-5", "title": "Roof tile", "variants": variants}
    desk.ok("POST", f"/ecommerce/stores/{STORE}/products", product)
    customer = {"id": "qbo-17", "email_address": EMAIL, "opt_in_status": False}
    desk.ok("PUT", f"/ecommerce/stores/{STORE}/customers/qbo-17", customer)
    line = {"id": "1", "product_id": "qbo-item-5", "product_variant_id": "qbo-item-5", "quantity": 3, "price": 12.5}
    order = {
        "id": "inv-130",
        "customer": {"id": "qbo-17"},
        "currency_code": "USD",
        "order_total": 37.5,
        "lines": [line],
    }
    desk.ok("POST", f"/ecommerce/stores/{STORE}/orders", order)
    hook = {"url": "https://app.example.com/hooks/mailchimp/7f3c", "events": {"subscribe": True}}
    webhook = desk.ok("POST", f"/lists/{LIST}/webhooks", hook)
    batch, _ = desk.batch([{"method": "GET", "path": "/ping", "operation_id": "1"}])
    tag = desk.ok("GET", f"/lists/{LIST}/tag-search?name=Quick")["tags"][0]
    return {
        "/segments/9": f"/segments/{tag['id']}",
        "/webhooks/ef01": f"/webhooks/{webhook['id']}",
        "/batches/b1": f"/batches/{batch['id']}",
    }


def make_room(desk, operation, ids):
    method, path = TAKEN_AWAY.get(operation, (None, ""))
    for sample_id, own_id in ids.items():
        path = path.replace(sample_id, own_id)
    if method == "DELETE_FOR_GOOD":
        # Only a fresh audience forgets an address without banning it.
        desk.vendor.load("lists", [{"id": "fresh00001", "name": "Fresh"}])
        ids[f"/lists/{LIST}/"] = "/lists/fresh00001/"
    elif method:
        desk.ok(method, path)


def credentials(sample):
    """The sample's header with the stand-in's own key in it."""
    header = sample.get("headers", {}).get("Authorization")
    if header is None:
        return {}
    word = header.split()[0]
    if word == "Basic":
        return {"authorization": "Basic " + base64.b64encode(f"any:{KEY}".encode()).decode()}
    return {"authorization": f"{word} {KEY}"}


def send(desk, sample):
    """Send an API sample; the call and its answer."""
    ids = furnish(desk)
    make_room(desk, sample["operation"], ids)
    address = sample["url"].removeprefix(HOST) or "/"
    for sample_id, own_id in ids.items():
        address = address.replace(sample_id, own_id)
    body = json.dumps(sample["json"]).encode() if "json" in sample else None
    answer = desk.raw(sample["method"], f"/3.0{address}", body, key=None, headers=credentials(sample))
    return sample["method"], f"/3.0{address}", body, answer


def check(method, address, body, answer, **more):
    """No violation of the contract in the answer."""
    assert MAILCHIMP.misfits(method, address, body, answer, fits=False, **more) == []


API_SAMPLES = [sample for sample in SAMPLES if not sample["operation"].startswith("oauth")]


@pytest.mark.parametrize("sample", API_SAMPLES, ids=lambda sample: f"{sample['operation']}: {sample['name']}")
def test_a_sample_is_taken_or_refused_as_marked_and_answered_as_described(sample, desk):
    *call, answer = send(desk, sample)
    if sample["accepted"]:
        assert answer.status in (200, 204), answer.body
    else:
        assert answer.status == (401 if sample["why"].startswith("Authorization") else 400) or (
            sample["name"] == "id over 50 characters" and answer.status == 404
        ), answer.body
    check(*call, answer)


def test_every_operation_of_the_contract_is_among_the_samples_and_answered():
    described = MAILCHIMP.operations()
    assert described == {sample["operation"] for sample in SAMPLES if sample["accepted"]}
    assert len(described) == 75


def test_the_check_itself_notices_a_wrong_answer(desk):
    sample = next(sample for sample in API_SAMPLES if sample["operation"] == "members_get" and sample["accepted"])
    *call, answer = send(desk, sample)
    wrong = {**json.loads(answer.body), "status": "gone"}
    with pytest.raises(AssertionError):
        check(*call, type(answer)(200, json.dumps(wrong).encode(), answer.headers))


def code_of(desk, redirect_uri, client_id):
    query = urlencode({"response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, "auto": "1"})
    answer = desk.raw("GET", f"/oauth2/authorize?{query}", key=None)
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if s["operation"] == "oauth_token"], ids=lambda sample: sample["name"]
)
def test_the_token_samples_are_taken_or_refused_as_marked(sample, desk):
    desk.vendor.configure({"client_id": "C", "client_secret": "S"})
    form = dict(sample["form"])
    if "code" in form:
        form["code"] = code_of(desk, form["redirect_uri"], form["client_id"])
    body = urlencode(form).encode()
    answer = desk.raw("POST", "/oauth2/token", body, key=None)
    assert (answer.status == 200) == sample["accepted"]
    check("POST", "/oauth2/token", body, answer, host="https://login.mailchimp.com")


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if s["operation"] == "oauth_metadata"], ids=lambda sample: sample["name"]
)
def test_the_metadata_samples_are_taken_or_refused_as_marked(sample, desk):
    back = "https://app.example.com/callback"
    form = {
        "grant_type": "authorization_code",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "redirect_uri": back,
        "code": code_of(desk, back, "sandbox-client"),
    }
    token = json.loads(desk.raw("POST", "/oauth2/token", urlencode(form).encode(), key=None).body)["access_token"]
    headers = {"authorization": f"OAuth {token}"} if sample["accepted"] else {}
    answer = desk.raw("GET", "/oauth2/metadata", key=None, headers=headers)
    assert (answer.status == 200) == sample["accepted"]
    check("GET", "/oauth2/metadata", None, answer, host="https://login.mailchimp.com")


REFUSALS = [
    ("POST", f"/lists/{LIST}/members", {"email_address": EMAIL, "status": "subscribed"}, "Member Exists"),
    ("GET", "/lists/nowhere", None, "Resource Not Found"),
    ("PUT", "/lists", {}, "Method Not Allowed"),
    (
        "POST",
        f"/lists/{LIST}/members",
        {"email_address": "bo@example.invalid", "status": "subscribed"},
        "Invalid Resource",
    ),
    ("POST", f"/lists/{LIST}/members", b"{not json", "JSON Parse Error"),
    (
        "POST",
        f"/ecommerce/stores/{STORE}/products",
        {"id": "qbo-item-5", "title": "T", "variants": [{"id": 1, "title": "T"}]},
        "Bad Request",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "title"), REFUSALS, ids=lambda value: str(value)[:40])
def test_a_refusal_has_the_shape_and_title_of_the_contract(method, path, body, title, desk):
    furnish(desk)
    answer = desk.raw(method, f"/3.0{path}", body)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    shape = MAILCHIMP.data("errors.json")["body"]
    problem = json.loads(answer.body)
    assert set(problem) - {"errors"} == set(shape["required"])
    assert problem["title"] == title


def test_hashes_and_signatures_agree_with_the_vectors():
    from connectors.sandbox.mailchimp.hooks import signature
    from connectors.sandbox.mailchimp.wire import subscriber_hash

    data = MAILCHIMP.data("webhooks.json")
    for vector in data["subscriber_hash_vectors"]:
        assert subscriber_hash(vector["email"]) == vector["hash"]
    good = data["signature_vectors"][0]
    at = int(good["header"].partition(",")[0].removeprefix("t="))
    assert signature(good["secret"], at, good["raw_body"].encode()) == good["header"]


@pytest.mark.parametrize("name", ["subscribe", "unsubscribe", "archived by a user", "profile", "cleaned", "upemail"])
def test_deliveries_carry_the_fields_of_the_contract(name, desk):
    described = {event["name"]: event for event in MAILCHIMP.data("webhooks.json")["events"]}[name]
    expected = {field for field, _ in described["fields"]}
    person = {"list_id": "empty00001", "email_address": EMAIL, "status": "subscribed"}
    left = {"status": "unsubscribed", "unsubscribe_reason": "No more"}
    edits = {
        "subscribe": person,
        "unsubscribe": {**person, **left},
        "archived by a user": {**person, "status": "archived"},
        "profile": {**person, "merge_fields": {"FNAME": "Ann"}},
        "cleaned": {**person, "status": "cleaned"},
        "upemail": {**person, "email_address": "ann@new.example.com"},
    }
    if name != "subscribe":
        desk.vendor.load("members", [person])
        edits[name]["contact_id"] = desk.member(EMAIL)["contact_id"]
    events = dict.fromkeys(("subscribe", "unsubscribe", "profile", "cleaned", "upemail"), True)
    hook = {"url": "http://127.0.0.1:9/hook", "events": events, "sources": {"user": True, "admin": True}}
    desk.ok("POST", "/lists/empty00001/webhooks", hook)
    desk.vendor.load("members", [edits[name]])
    (fields,) = desk.posted()
    assert fields["type"] == dict(described["fields"])["type"]
    assert expected <= set(fields)
