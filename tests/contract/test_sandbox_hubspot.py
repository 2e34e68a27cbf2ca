"""The stand-in keeps the vendor's contract: it takes and refuses what the samples say, and answers as described."""

import json
import re
from urllib.parse import urlencode

import pytest

from tests.contracts import HUBSPOT
from tests.unit.sandbox.hubspot_desk import PORTAL, Desk

pytestmark = [pytest.mark.contracts, HUBSPOT.needed]
FILE = HUBSPOT.data("samples.json", {"requests": [], "responses": []})
REQUESTS, RESPONSES = FILE["requests"], FILE["responses"]
KINDS = ("contacts", "deals", "products", "invoices", "line_items", "commerce_payments", "notes")
KIND_OF = re.compile(rf"({'|'.join(KINDS)})_(.*)")
ENOUGH = {
    "contacts": {"email": "first@example.com", "firstname": "First"},
    "deals": {"dealname": "Roof", "dealstage": "contractsent"},
    "products": {"name": "Tile", "price": "12.50"},
    "invoices": {"hs_currency": "USD", "hs_invoice_billable": "false"},
    "line_items": {"name": "Tile", "quantity": "3", "price": "12.50"},
    "commerce_payments": {"hs_initial_amount": "5", "hs_initiated_date": "2026-11-05T00:00:00Z"},
    "notes": {"hs_timestamp": "2026-11-05T10:00:00Z"},
}
# What a sample makes must not be there yet.
MAKES_PROPERTY = ("properties_create", "properties_batch_create")


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def furnish(desk, operation):
    """Everything the samples speak of, under the ids they use."""
    desk.is_strict = False  # what is furnished is not what is tested
    load = desk.vendor.load
    for kind in KINDS:
        for id in ("501", "502"):
            mail = {"email": f"{id}@example.com"} if kind == "contacts" else {}
            load(kind, [{"id": id, "properties": {**ENOUGH[kind], **mail}}])
    load("contacts", [{"id": "501", "properties": {"email": "ann@example.com" if _reads_ann(operation) else ""}}])
    load("deals", [{"id": "601", "properties": ENOUGH["deals"]}])
    load("products", [{"id": "701", "properties": ENOUGH["products"]}])
    load("invoices", [{"id": id, "properties": ENOUGH["invoices"]} for id in ("9001", "9002")])
    for kind in KINDS:
        desk.vendor.load("groups", [{"objectType": kind, "name": "quickbooks", "label": "QuickBooks"}])
        if operation not in MAKES_PROPERTY:
            desk.unique(kind)
    if operation == "property_groups_create":
        desk.ok("DELETE", "/crm/properties/2026-09/invoices/groups/quickbooks")
    target = {"targetUrl": "https://app.example.com/h", "throttling": {"maxConcurrentRequests": 10}}
    assert desk.raw("PUT", "/webhooks/2026-03/77/settings", target).status == 200
    for _ in range(6):
        wish = {"eventType": "contact.creation", "active": True}
        assert desk.raw("POST", "/webhooks/2026-03/77/subscriptions", wish).status == 201
    desk.is_strict = True


def _reads_ann(operation):
    return operation in ("contacts_get", "contacts_gdpr_delete")


def send(desk, sample):
    """Send a sample with the desk's own token or credentials; the answer, held against the contract."""
    address = sample["url"].removeprefix(HUBSPOT.host)
    body, kind, headers = b"", "application/json", {}
    if "form" in sample:
        own = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "code": desk.code()}
        own |= {
            "refresh_token": desk.connect()["refresh_token"],
            "redirect_uri": "https://app.example.com/hubspot/callback",
        }
        body = urlencode({name: own.get(name, value) for name, value in sample["form"].items()}).encode()
        kind = "application/x-www-form-urlencoded"
    elif "json" in sample:
        body = json.dumps(sample["json"]).encode()
    if body:
        headers["content-type"] = kind
    if "Authorization" in sample.get("headers", {}):
        headers["authorization"] = f"Bearer {desk.token}"
    answer = desk.send(sample["method"], address, body, headers)
    desk.check(sample["method"], address, body, answer, kind, fits=False)
    return answer


@pytest.mark.parametrize("sample", REQUESTS, ids=lambda sample: f"{sample['operation']}: {sample['name']}")
def test_a_sample_is_taken_or_refused_as_marked_and_answered_as_described(sample, desk):
    furnish(desk, sample["operation"])
    answer = send(desk, sample)
    if sample["accepted"]:
        assert answer.status < 300, answer.body
    elif "missing" in sample["why"] and "Authorization" in sample["why"] or "credentials missing" in sample["why"]:
        assert answer.status == 401
    else:
        assert 400 <= answer.status < 500, answer.body


def test_every_operation_of_the_contract_is_among_the_samples():
    described = HUBSPOT.operations()
    assert described == {sample["operation"] for sample in REQUESTS if sample["accepted"]}
    assert len(described) == 119


def test_the_check_itself_notices_a_wrong_answer(desk):
    answer = desk.raw("GET", "/crm/objects/2026-09/contacts")
    broken = type(answer)(200, answer.body.replace(b"results", b"rows"), answer.headers)
    with pytest.raises(AssertionError):
        desk.check("GET", "/crm/objects/2026-09/contacts", b"", broken)
    assert HUBSPOT.openapi is not None


# Answers


def record_of(sample):
    """The records an answer shows, and the kind and verb of the operation."""
    found = KIND_OF.fullmatch(sample["operation"])
    if found is None or sample["status"] >= 300 and sample["status"] != 207 or not sample["accepted"]:
        return None
    body = sample["json"]
    return (*found.groups(), body.get("results", [body]))


SHOWN = [sample for sample in RESPONSES if record_of(sample) and record_of(sample)[2]]


@pytest.mark.parametrize("sample", SHOWN, ids=lambda sample: f"{sample['operation']}: {sample['name']}")
def test_a_record_of_a_sample_answer_comes_back_as_the_sample_shows_it(sample, desk):
    kind, verb, rows = record_of(sample)
    wanted = rows[0]
    given = {name: value for name, value in wanted["properties"].items() if value is not None}
    desk.vendor.load("products", [{"id": "701", "properties": {"name": "Tile"}}])
    document = {name: wanted[name] for name in ("id", "createdAt", "updatedAt")}
    # What the sample shows as empty may be needed to create one: it is cleared afterwards.
    desk.vendor.load(kind, [{**document, "properties": {**ENOUGH[kind], **given}}])
    empty = dict.fromkeys((name for name, value in wanted["properties"].items() if value is None), "")
    if empty:
        desk.vendor.load(kind, [{"id": wanted["id"], "properties": empty}])
    names = ",".join(wanted["properties"])
    if verb == "list":
        found = desk.ok("GET", f"/{kind}?properties={names}")["results"][0]
    elif verb == "search":
        found = desk.find(kind, ("hs_object_id", "EQ", wanted["id"]), properties=names.split(","))["results"][0]
    else:
        found = desk.ok("GET", f"/{kind}/{wanted['id']}?properties={names}")
    assert set(wanted) - {"objectWriteTraceId", "new", "associations"} <= set(found)
    moving = {"updatedAt"} if empty else set()
    for name in {"id", "archived", "createdAt", "updatedAt"} - moving:
        assert found[name] == wanted[name]
    stamps = {"lastmodifieddate", "hs_lastmodifieddate"} if empty else set()
    assert {name: value for name, value in found["properties"].items() if name in set(names.split(",")) - stamps} == {
        name: value for name, value in wanted["properties"].items() if name not in stamps
    }


def test_links_of_a_record_come_back_as_the_sample_shows_them(desk):
    contact, deal = desk.add("contacts", firstname="Ann"), desk.add("deals", **ENOUGH["deals"])
    desk.ok("PUT", f"/contacts/{contact['id']}/associations/default/deals/{deal['id']}")
    theirs = answer_named("contacts_get", "one, null value")["associations"]
    ours = desk.ok("GET", f"/contacts/{contact['id']}?associations=deals")["associations"]
    covers(shape(ours), shape(theirs))
    assert ours["deals"]["results"][0]["id"] == deal["id"]


def shape(value):
    """The names a document has, level by level; lists by their first row."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def covers(ours, theirs, at=""):
    """Every name of the sample is in our answer too."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict), at
        for name, inner in theirs.items():
            assert name in ours, f"{at}.{name}"
            covers(ours[name], inner, f"{at}.{name}")
    elif isinstance(theirs, list) and theirs and ours:
        covers(ours[0], theirs[0], f"{at}[]")


def answer_named(operation, name):
    return next(one["json"] for one in RESPONSES if (one["operation"], one["name"]) == (operation, name))


def test_refusals_have_the_words_and_members_of_the_samples(desk):
    first = desk.add("contacts", email="ann@example.com")
    again = desk.refused("POST", "/contacts", {"properties": {"email": "ANN@example.com"}}, status=409, fits=True)
    theirs = answer_named("contacts_create", "duplicate email")
    covers(shape(again), shape(theirs))
    assert again["message"] == theirs["message"].replace("501", first["id"])
    bad = desk.refused("POST", "/contacts", {"properties": {"email": "nope"}}, fits=True)
    theirs = answer_named("contacts_create", "bad email")
    head, _, rows = bad["message"].partition(": ")
    their_head, _, their_rows = theirs["message"].partition(": ")
    assert head == their_head
    covers(json.loads(rows), json.loads(their_rows))
    assert json.loads(rows)[0]["message"] == json.loads(their_rows)[0]["message"]
    gone = desk.refused("GET", "/contacts/404404", status=404, fits=True)
    assert gone["message"] == answer_named("contacts_get", "not found")["message"]
    desk.unique("invoices")
    _, taken = desk.call("POST", "/crm/properties/2026-09/invoices", PROPERTY)
    theirs = answer_named("properties_create", "name taken")
    assert (taken["message"], taken["category"]) == (theirs["message"], theirs["category"])


PROPERTY = {
    "groupName": "quickbooks",
    "name": "qbo_id",
    "label": "QuickBooks id",
    "type": "string",
    "fieldType": "text",
    "hasUniqueValue": True,
}


def test_other_answers_have_the_members_of_the_samples(desk):
    invoice, deal = desk.add("invoices", hs_currency="USD"), desk.add("deals", **ENOUGH["deals"])
    both = desk.ok("PUT", f"/invoices/{invoice['id']}/associations/default/deals/{deal['id']}")
    covers(shape(both), shape(answer_named("associations_set_default", "both directions")))
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 175}]
    made = desk.ok("PUT", f"/invoices/{invoice['id']}/associations/deals/{deal['id']}", types)
    covers(shape(made), shape(answer_named("associations_set_labels", "set")))
    found = desk.ok("GET", f"/invoices/{invoice['id']}/associations/deals")
    theirs = answer_named("associations_list", "two links")
    covers(shape(found), shape(theirs))
    assert isinstance(found["results"][0]["toObjectId"], type(theirs["results"][0]["toObjectId"]))
    other = desk.add("invoices", hs_currency="USD")
    body = {"inputs": [{"id": invoice["id"]}, {"id": other["id"]}]}
    status, found = desk.call("POST", "/crm/associations/2026-09/invoices/deals/batch/read", body)
    theirs = answer_named("associations_batch_read", "one input without links")
    covers(shape(found), shape(theirs))
    assert status == 207
    assert found["errors"][0]["subCategory"] == theirs["errors"][0]["subCategory"]
    covers(shape(desk.unique("invoices")), shape(answer_named("properties_create", "created")))
    covers(shape(desk.connect()), shape(answer_named("oauth_token", "tokens")))
    _, told = desk.form("/introspect", token=desk.connect()["access_token"])
    covers(shape(told), shape(answer_named("oauth_introspect", "active")))
    details = json.loads(desk.raw("GET", "/account-info/2026-09/details").body)
    covers(shape(details), shape(answer_named("account_details", "details")))
    assert details["portalId"] == PORTAL


# Webhooks


def test_signatures_agree_with_the_vectors():
    from connectors.sandbox.hubspot.hooks import headers, signature_v3

    vectors = HUBSPOT.data("webhooks.json")["signature_vectors"]
    checked = 0
    for vector in vectors:
        sent = vector["headers"]
        if "X-HubSpot-Signature-v3" not in sent:
            continue
        body = vector["raw_body"].encode()
        own = signature_v3(vector["client_secret"], vector["method"], vector["uri"], body, vector["timestamp_ms"])
        assert (own == sent["X-HubSpot-Signature-v3"]) != vector.get("must_be_rejected", False), vector["name"]
        whole = headers(vector["client_secret"], vector["uri"], body, int(vector["timestamp_ms"]))
        if sent.get("X-HubSpot-Signature-Version") == "v1":
            assert whole == whole | sent
        checked += 1
    assert checked >= 3


def test_deliveries_carry_the_members_of_the_contract(desk):
    desk.vendor.configure({"webhook_url": "http://127.0.0.1:9/hooks"})
    described = HUBSPOT.data("webhooks.json")["events"]
    contact, other = desk.add("contacts", email="a@example.com"), desk.add("contacts", email="b@example.com")
    desk.ok("PATCH", f"/contacts/{contact['id']}", {"properties": {"email": "c@example.com"}})
    gone = desk.add("contacts", email="gone@example.com")
    desk.ok("DELETE", f"/contacts/{gone['id']}")
    forgotten = desk.add("contacts", email="forget@example.com")
    desk.ok("POST", "/contacts/gdpr-delete", {"objectId": forgotten["id"]})
    desk.ok("POST", "/contacts/merge", {"primaryObjectId": contact["id"], "objectIdToMerge": other["id"]})
    invoice, deal = desk.add("invoices", hs_currency="USD"), desk.add("deals", **ENOUGH["deals"])
    product = desk.add("products", name="Tile", price="1")
    desk.ok("PATCH", f"/products/{product['id']}", {"properties": {"price": "12.50"}})
    desk.ok("PUT", f"/invoices/{invoice['id']}/associations/default/deals/{deal['id']}")
    events = desk.posted()
    for name, theirs in described.items():
        kind = name.partition(" ")[0]
        if name == "object.propertyChange (product)":
            kind = "product.propertyChange"  # products have a word of their own
        found = [event for event in events if event["subscriptionType"] == kind]
        found = [event for event in found if event.get("objectTypeId", "") in (theirs.get("objectTypeId", ""), "")]
        assert found, name
        assert set(theirs) - {"objectTypeId"} <= set(found[0]), name
    linked = [event for event in events if event["subscriptionType"] == "object.associationChange"]
    assert {event["associationTypeId"] for event in linked} == {175}
