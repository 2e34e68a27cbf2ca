"""Whatever is sent, the HubSpot stand-in answers as a vendor would: it refuses, it does not break."""

import json
import random
from urllib.parse import quote

import pytest

from tests.unit.sandbox.hubspot_desk import PORTAL, Desk

ODD = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    " ",
    "²",
    "NaN",
    "-Infinity",
    "1e400",
    "9" * 5000,
    "\x00\ud7ff",
    "é" * 70_000,
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "--5",
    [],
    {},
    [[]],
    {"id": {"id": []}},
    "../../etc",
    "*",
    "<script>",
]
PROPERTIES = {"email": "a@example.com", "firstname": "A"}
CONTACT = {"properties": PROPERTIES}
SEED_BODIES = [
    ("POST", "/crm/objects/2026-09/contacts", {**CONTACT, "associations": [{"to": {"id": "1"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}]}]}),
    ("POST", "/crm/objects/2026-09/invoices", {"properties": {"hs_currency": "CAD", "hs_due_date": "2026-11-05", "hs_invoice_billable": "false"}}),
    ("POST", "/crm/objects/2026-09/line_items", {"properties": {"price": "5", "quantity": "2", "discount": "1", "hs_discount_percentage": "3"}}),
    ("POST", "/crm/objects/2026-09/contacts/batch/create", {"inputs": [{**CONTACT, "objectWriteTraceId": "t"}]}),
    ("POST", "/crm/objects/2026-09/contacts/batch/upsert", {"inputs": [{"id": "a@example.com", "idProperty": "email", **CONTACT}]}),
    ("POST", "/crm/objects/2026-09/contacts/batch/read", {"inputs": [{"id": "1"}], "properties": ["email"], "idProperty": "email"}),
    ("POST", "/crm/objects/2026-09/contacts/search", {"filterGroups": [{"filters": [{"propertyName": "createdate", "operator": "BETWEEN", "value": "1", "highValue": "2"}]}], "sorts": [{"propertyName": "email"}], "query": "x", "limit": 5, "after": "0"}),
    ("POST", "/crm/objects/2026-09/deals/search", {"filters": [{"propertyName": "amount", "operator": "GT", "value": "1"}, {"propertyName": "dealname", "operator": "IN", "values": ["x"]}]}),
    ("POST", "/crm/objects/2026-09/contacts/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}),
    ("POST", "/crm/objects/2026-09/contacts/gdpr-delete", {"objectId": "1", "idProperty": "email"}),
    ("POST", "/crm/associations/2026-09/contacts/deals/batch/create", {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}]}]}),
    ("POST", "/crm/associations/2026-09/contacts/deals/batch/read", {"inputs": [{"id": "1", "after": "2"}]}),
    ("POST", "/crm/associations/2026-09/contacts/deals/labels", {"name": "a", "label": "A", "inverseLabel": "B"}),
    ("POST", "/crm/properties/2026-09/contacts", {"groupName": "contactinformation", "name": "own", "label": "Own", "type": "enumeration", "fieldType": "select", "options": [{"label": "A", "value": "a", "hidden": False, "displayOrder": 0}]}),
    ("POST", "/crm/properties/2026-09/contacts/groups", {"name": "g", "label": "G", "displayOrder": 1}),
    ("PUT", "/webhooks/2026-03/77/settings", {"targetUrl": "https://a.example.com", "throttling": {"maxConcurrentRequests": 10}}),
    ("POST", "/webhooks/2026-03/77/subscriptions", {"eventType": "contact.creation", "active": True, "propertyName": "x"}),
    ("POST", "/integrators/timeline/2026-03/events", {"eventTypeName": "e", "id": "1", "properties": {"a": "b"}}),
]  # fmt: skip


@pytest.fixture
def desk():
    desk = Desk()
    desk.is_strict = False
    desk.add("contacts", email="first@example.com")
    desk.add("products", name="Tile", price="5")
    yield desk
    desk.close()


def leaves(value, at=()):
    """Every place inside a document, itself included."""
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*at, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*at, place))


def changed(value, at, odd):
    if not at:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], odd)
    return copy


@pytest.mark.parametrize(
    ("method", "path", "body"), SEED_BODIES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_odd_value_anywhere_is_answered_and_never_an_accident(desk, method, path, body):
    dice = random.Random(path)
    for at in leaves(body):
        for odd in dice.sample(ODD, 14):
            raw = json.dumps(changed(body, at, odd)).encode()
            answer = desk.raw(method, path, raw)
            assert answer.status < 500, (at, str(odd)[:40], answer.body[:200])


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"[" * 50_000, b'"text"', b"5", b""], ids=lambda raw: str(raw[:8]))
def test_a_body_that_is_no_document_is_refused(desk, raw):
    for method, path, _ in SEED_BODIES:
        assert 400 <= desk.raw(method, path, raw).status < 500


@pytest.mark.parametrize(
    "odd", ["²", "-1", "9" * 4400, "a/b", "%", "é", "x" * 9000, "null", "0x1F", " "], ids=lambda odd: odd[:6]
)
def test_odd_addresses_and_parameters_are_answered(desk, odd):
    text = quote(odd, safe="")
    for address in (
        f"/contacts/{text}",
        f"/contacts?limit={text}",
        f"/contacts?after={text}",
        f"/contacts?properties={text}&associations=deals",
        f"/contacts?archived={text}",
        f"/contacts/{text}?idProperty=email",
        f"/contacts/5?idProperty={text}",
        f"/{text}",
        f"/contacts/{text}/associations/deals?after={text}",
    ):
        for method in ("GET", "PATCH", "DELETE"):
            answer = desk.raw(
                method, f"/crm/objects/2026-09{address}", {"properties": {}} if method == "PATCH" else None
            )
            assert answer.status < 500, (method, address)
    assert desk.send("GET", f"/app/{text}/contacts").status < 500
    assert desk.send("GET", f"/app/{PORTAL}/contacts?q={text}").status == 200
    assert desk.send("GET", f"/app/{PORTAL}/contacts/{text}").status == 404
    assert desk.send("GET", f"/oauth/authorize?client_id={text}").status == 400
    assert desk.send("POST", "/oauth/authorize", b"\xff=%ff").status == 400
