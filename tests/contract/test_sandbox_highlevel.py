"""The stand-in keeps the vendor's contract: it takes and refuses what the samples say, and answers as described."""

import base64
import json
from urllib.parse import urlencode

import pytest

from connectors.sandbox.core import decode
from tests.contracts import HIGHLEVEL, Contract
from tests.unit.sandbox.highlevel_desk import AGENCY_SCOPES, ATELIER, FORM, Desk

pytestmark = [pytest.mark.contracts, HIGHLEVEL.needed]
FILE, FIXTURES = HIGHLEVEL.data("samples.json", {"requests": [], "responses": []}), HIGHLEVEL.data("fixtures.json", {})
REQUESTS, RESPONSES = FILE["requests"], FILE["responses"]
THEIRS = FIXTURES["location"]["id"] if HIGHLEVEL.have else ""
DRAWERS = ("contacts", "invoices", "orders", "transactions", "subscriptions", "workflows", "products", "prices")
STAFF = "kyvPZ0pPr3naCFtkIPDk"


@pytest.fixture
def desk():
    desk = Desk(world="empty")
    desk.vendor.configure({"allow_duplicate_contact": True})
    for name in DRAWERS:
        desk.load(name, *decode(json.dumps(ours(FIXTURES[name]))))
    desk.load("users", {"id": STAFF})
    yield desk
    desk.close()


def ours(value):
    """A sample with our location in the place of theirs."""
    return json.loads(json.dumps(value).replace(THEIRS, ATELIER).replace(FIXTURES["location"]["companyId"], COMPANY))


COMPANY = "agcAgenceFictive0001"


def send(desk, sample):
    """Send a sample with the desk's own credentials; the answer, held against the contract."""
    headers = {}
    address = ours(sample["path"])
    if sample.get("query"):
        address += "?" + urlencode(ours(sample["query"]))
    if "Version" in sample["headers"]:
        headers["version"] = sample["headers"]["Version"]
    if "Authorization" in sample["headers"]:
        is_agency = sample["operation"] in ("get-location-access-token", "get-installed-location")
        headers["authorization"] = f"Bearer {desk.agency()['access_token'] if is_agency else desk.token}"
    body, kind = b"", sample.get("content_type", "application/json")
    if kind == FORM:
        given = ours(sample["body"])
        if sample["operation"] == "get-access-token":
            own = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "code": desk.code()}
            own |= {
                "refresh_token": desk.connect()["refresh_token"],
                "redirect_uri": "https://app.example.com/connect/return",
            }
            given = {name: own.get(name, value) for name, value in given.items()}
        body = urlencode(given).encode()
    elif sample.get("body") is not None:
        body = json.dumps(ours(sample["body"])).encode()
    if body:
        headers["content-type"] = kind
    answer = desk.send(sample["method"], address, body, headers)
    desk.check(sample["method"], address, body, answer, kind, fits=False)
    return answer


@pytest.mark.parametrize("sample", REQUESTS, ids=lambda sample: f"{sample['operation']}: {sample['name']}")
def test_a_sample_is_taken_or_refused_as_marked_and_answered_as_described(sample, desk):
    answer = send(desk, sample)
    if sample["valid"]:
        assert answer.status < 300, answer.body
    elif sample["name"] in ("no token", "no Version header"):
        assert answer.status == 401, answer.body
    else:
        assert 400 <= answer.status < 500, answer.body


def test_every_operation_of_the_contract_is_among_the_samples():
    described = HIGHLEVEL.operations()
    assert described == {sample["operation"] for sample in REQUESTS if sample["valid"]}
    assert len(described) == 31


def test_the_check_itself_notices_a_wrong_answer(desk):
    address = desk.alt("/invoices/", limit="10", offset="0")
    answer = desk.raw("GET", address)
    broken = type(answer)(200, answer.body.replace(b'"status"', b'"stat"'), answer.headers)
    with pytest.raises(AssertionError):
        desk.check("GET", address, b"", broken)
    assert HIGHLEVEL.openapi is not None


# Fixtures and answers


@pytest.mark.parametrize("number", range(len(FIXTURES.get("invoices", []))))
def test_an_invoice_of_the_fixtures_comes_back_whole(number, desk):
    wanted = ours(FIXTURES["invoices"][number])
    assert desk.invoice(wanted["_id"]) == wanted


@pytest.mark.parametrize("number", range(len(FIXTURES.get("invoices", []))))
def test_sums_follow_the_rule_of_the_fixtures(number, desk):
    """The same lines, discount and taxes as a draft of ours come to the same total."""
    theirs = FIXTURES["invoices"][number]
    theirs = decode(json.dumps(theirs))
    told = {name: theirs[name] for name in ("currency", "discount", "issueDate", "dueDate", "invoiceNumber")}
    desk.load(
        "invoices", {**told, "_id": "mine", "items": theirs["invoiceItems"], "contact": theirs["contactDetails"]["id"]}
    )
    mine = desk.invoice("mine")
    theirs = FIXTURES["invoices"][number]
    assert (mine["total"], mine["totalSummary"]) == (theirs["total"], theirs["totalSummary"])


@pytest.mark.parametrize("kind", ["orders", "transactions", "subscriptions"])
def test_sales_of_the_fixtures_come_back_as_loaded(kind, desk):
    for theirs in ours(FIXTURES[kind]):
        found = desk.ok("GET", desk.alt(f"/payments/{kind}/{theirs['_id']}"))
        assert {name: found[name] for name in theirs if name != "traceId"} == {
            name: value for name, value in theirs.items() if name != "traceId"
        }
    rows = desk.ok("GET", desk.alt(f"/payments/{kind}", limit="100", offset="0"))
    assert rows["totalCount"] == len(FIXTURES[kind])
    assert {row["_id"] for row in rows["data"]} == {one["_id"] for one in FIXTURES[kind]}


def test_lists_show_what_the_sample_lists_show(desk):
    for operation, kind in (
        ("list-orders", "orders"),
        ("list-transactions", "transactions"),
        ("list-subscriptions", "subscriptions"),
    ):
        theirs = next(
            one["body"]["data"] for one in RESPONSES if one["operation"] == operation and one["status"] == 200
        )
        found = desk.ok("GET", desk.alt(f"/payments/{kind}", limit="100"))["data"]
        rows = {row["_id"]: row for row in found}
        for row in ours(theirs):
            mine = rows[row["_id"]]
            assert set(row) <= set(mine), (operation, set(row) - set(mine))
            for name in ("amount", "status", "contactId", "contactName", "contactEmail", "createdAt", "liveMode"):
                assert mine[name] == row[name], (operation, name)


def test_contacts_of_the_fixtures_come_back_as_loaded(desk):
    for theirs in ours(FIXTURES["contacts"]):
        found = desk.ok("GET", f"/contacts/{theirs['id']}")["contact"]
        assert {name: found[name] for name in theirs} == theirs
    found = desk.find({"field": "email", "operator": "eq", "value": "alex.reed@example.com"})
    assert found["total"] == 2


def test_refusals_have_the_words_and_members_of_the_samples(desk):
    desk.vendor.configure({"allow_duplicate_contact": False})
    theirs = next(one["body"] for one in RESPONSES if one.get("name") == "duplicate")
    told = {"locationId": ATELIER, "email": "bianca@example.com"}
    mine = desk.refused("POST", "/contacts/", told, status=400, fits=True)
    assert (mine["message"], set(mine["meta"])) == (theirs["message"], set(theirs["meta"]))
    used = desk.connect()["refresh_token"]
    assert desk.refresh(used)[0] == 200
    theirs = next(one["body"] for one in RESPONSES if one.get("name") == "used refresh token")
    status, mine = desk.refresh(used)
    assert status == theirs["statusCode"]
    assert {name: mine[name] for name in theirs} == theirs
    gone = desk.refused("GET", "/contacts/x", status=400, fits=True)
    assert gone["message"] == next(one["body"] for one in RESPONSES if one.get("name") == "unknown")["message"]


@pytest.mark.parametrize(
    "sample", [one for one in RESPONSES if one["status"] == 200], ids=lambda one: f"{one['operation']}: {one['name']}"
)
def test_an_answer_has_the_members_of_the_sample_answer(sample, desk):
    """Every member of a sample answer is in ours, level by level."""
    asked = next(one for one in REQUESTS if one["operation"] == sample["operation"] and one["valid"])
    if sample["name"] == "agency token":
        covers(desk.agency(), sample["body"])
        return
    answer = send(desk, asked)
    covers(json.loads(answer.body), sample["body"])


def covers(mine, theirs, at=""):
    if isinstance(theirs, dict):
        assert isinstance(mine, dict) or mine is None, at
        for name, inner in theirs.items():
            if mine is not None and name not in (
                "coupon",
                "meta",
                "chargeSnapshot",
                "businessDetails",
                "contact",
                "connectedAccount",
            ):
                assert name in mine, f"{at}.{name}"
                covers(mine[name], inner, f"{at}.{name}")
    elif isinstance(theirs, list) and theirs and mine:
        covers(mine[0], theirs[0], f"{at}[]")


# Webhooks


def test_deliveries_fit_the_contract_and_their_signatures_verify(desk):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    desk.vendor.configure({"webhook_url": "http://127.0.0.1:9/hooks"})
    desk.agency()
    contact = desk.add(email="new@example.com", firstName="New")
    desk.ok("PUT", f"/contacts/{contact['id']}", {"firstName": "Newer"})
    desk.ok("POST", f"/contacts/{contact['id']}/tags", {"tags": ["a"]})
    invoice = desk.mark_sent(desk.draft(contact))
    desk.load("invoices", {"_id": invoice["_id"], "invoiceNumber": "X-1"}, {"_id": invoice["_id"], "pay": 10})
    desk.load("invoices", {"_id": invoice["_id"], "pay": True})
    other = desk.draft(contact)
    desk.act(other, "void")
    desk.load("invoices", {"_id": other["_id"], "deleted": True})
    desk.load("payments", {"kind": "calendar", "contact": contact["id"], "amount": 60})
    desk.load("products", {"_id": "p", "name": "Course", "productType": "DIGITAL"})
    desk.load("contacts", {"id": contact["id"], "deleted": True})
    desk.load("app", {"uninstall": True})
    desk.vendor._post.flush()
    inbound = Contract("highlevel", "highlevel-webhook.openapi.json", HIGHLEVEL.host)
    keys = {
        one["header"]: load_pem_public_key(one["public_key_pem"].encode())
        for one in desk.vendor.state()["webhook_keys"]
    }
    seen = []
    for _, _, _, more in desk.sandbox.posted:
        body, headers = more["renew"](0)
        event = json.loads(body)
        seen.append(event["type"])
        assert inbound.misfits("POST", "/highlevel/webhook", body, **headers) == []
        keys["X-GHL-Signature"].verify(base64.b64decode(headers["X-GHL-Signature"]), body)
        old = base64.b64decode(headers["x-wh-signature"])
        keys["x-wh-signature"].verify(old, body, padding.PKCS1v15(), hashes.SHA256())
    wanted = "ContactCreate ContactUpdate ContactTagUpdate InvoiceCreate InvoiceSent InvoiceUpdate InvoicePartiallyPaid"
    wanted += " InvoicePaid InvoiceVoid InvoiceDelete OrderCreate ProductCreate ContactDelete INSTALL UNINSTALL"
    assert set(wanted.split()) <= set(seen), set(wanted.split()) - set(seen)
    assert "oauth.write" in AGENCY_SCOPES
