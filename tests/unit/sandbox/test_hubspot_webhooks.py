"""Webhooks of the HubSpot stand-in: what is told, in what shape, signed how, repeated when."""

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import pytest
import requests

from connectors.sandbox import server
from tests.unit.sandbox.hubspot_desk import BACK, PORTAL, Desk

HOOK = "http://127.0.0.1:9/hooks"


@pytest.fixture
def desk():
    desk = Desk()
    # Nothing goes out by itself: the desk says when.
    desk.vendor.configure({"webhook_url": HOOK, "webhook_linger_seconds": 3600})
    yield desk
    desk.close()


def kinds(events):
    return sorted(event["subscriptionType"] for event in events)


def test_each_thing_that_happens_to_a_contact_is_told(desk):
    ann = desk.add("contacts", email="ann@example.com")
    (event,) = desk.posted()
    assert event["subscriptionType"] == "contact.creation"
    assert (event["portalId"], event["objectId"], event["appId"]) == (PORTAL, int(ann["id"]), 77)
    assert (event["changeFlag"], event["changeSource"], event["sourceId"]) == ("CREATED", "INTEGRATION", "77")
    assert "objectTypeId" not in event
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"email": "lee@example.com", "city": "Lévis"}})
    told = {event["propertyName"]: event["propertyValue"] for event in desk.posted()}
    assert told == {"email": "lee@example.com", "city": "Lévis"}
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"city": "Lévis"}})
    assert desk.posted() == []
    desk.ok("DELETE", f"/contacts/{ann['id']}")
    assert kinds(desk.posted()) == ["contact.deletion"]
    desk.vendor.load("contacts", [{"id": ann["id"], "archived": False}])
    assert kinds(desk.posted()) == ["contact.restore"]
    bo = desk.add("contacts", firstname="Bo")
    desk.posted()
    merged = desk.ok("POST", "/contacts/merge", {"primaryObjectId": ann["id"], "objectIdToMerge": bo["id"]})
    (event,) = desk.posted()
    assert event["subscriptionType"] == "contact.merge"
    assert (event["newObjectId"], event["mergedObjectIds"]) == (int(merged["id"]), [int(bo["id"])])
    desk.ok("POST", "/contacts/gdpr-delete", {"objectId": merged["id"]})
    assert kinds(desk.posted()) == ["contact.privacyDeletion"]


def test_invoices_and_payments_are_told_as_objects_with_their_type(desk):
    invoice = desk.add("invoices", hs_currency="CAD")
    (event,) = desk.posted()
    assert (event["subscriptionType"], event["objectTypeId"]) == ("object.creation", "0-53")
    desk.add("line_items", [(410, invoice["id"])], name="Work", price="5")
    events = desk.posted()
    changed = {e["propertyName"] for e in events if e["subscriptionType"] == "object.propertyChange"}
    assert {"hs_amount_billed", "hs_balance_due"} <= changed
    assert {e["changeSource"] for e in events if e.get("propertyName") == "hs_amount_billed"} == {"CALCULATED"}
    linked = {e["associationTypeId"]: e for e in events if e["subscriptionType"].endswith("associationChange")}
    assert set(linked) == {410, 409}
    assert linked[409]["associationType"] == "INVOICE_TO_LINE_ITEM"
    assert linked[409]["fromObjectTypeId"] == "0-53"


def test_an_edit_by_a_person_says_so(desk):
    ann = desk.add("contacts", firstname="Ann")
    desk.posted()
    desk.vendor.load("contacts", [{"id": ann["id"], "properties": {"phone": "514 555-0101"}}])
    (event,) = desk.posted()
    assert (event["changeSource"], event["sourceId"], event["isSensitive"]) == ("CRM_UI", "userId:42", False)


def test_bodies_have_a_hundred_events_at_most_in_no_order_and_some_twice(desk):
    desk.vendor.configure({"webhook_double": 0.2, "webhook_seed": 3})
    for _ in range(3):
        desk.ok("POST", "/products/batch/create", {"inputs": [{"properties": {"name": "P"}}] * 100})
    desk.vendor._post.flush()
    bodies = [json.loads(body) for _, body, _, _ in desk.sandbox.posted]
    assert {len(body) for body in bodies[:-1]} == {100}
    ids = [event["objectId"] for body in bodies for event in body]
    assert len(set(ids)) == 300
    assert len(ids) > 320
    assert ids != sorted(ids)


def test_only_what_the_app_subscribed_to_is_told(desk):
    base = "/webhooks/2026-03/77/subscriptions"

    def subscribe(**wish):
        return json.loads(desk.raw("POST", base, {"active": True, **wish}).body)["id"]

    mail = subscribe(eventType="contact.propertyChange", propertyName="email")
    subscribe(eventType="object.creation", objectTypeId="0-53")
    ann = desk.add("contacts", email="ann@example.com")
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"email": "lee@example.com", "city": "Lévis"}})
    desk.add("invoices", hs_currency="CAD")
    desk.add("deals", dealname="D", dealstage="closedwon")
    events = desk.posted()
    assert kinds(events) == ["contact.propertyChange", "object.creation"]
    assert {event["subscriptionId"] for event in events} == {1, 2}
    assert desk.raw("PATCH", f"{base}/{mail}", {"active": False}).status == 200
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"email": "ann@example.com"}})
    assert desk.posted() == []
    assert json.loads(desk.raw("GET", base).body)["results"][0]["active"] is False


def test_without_an_address_nothing_is_kept_for_later(desk):
    desk.vendor.configure({"webhook_url": ""})
    desk.add("contacts", firstname="Ann")
    desk.vendor.configure({"webhook_url": HOOK})
    assert desk.posted() == []


def test_a_fresh_world_says_nothing(desk):
    desk.vendor.reset("demo")
    assert desk.posted() == []


def signed_by_hand(secret, address, body, timestamp):
    """Version 3 as the guide describes it."""
    digest = hmac.new(secret, b"POST" + address + body + timestamp, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def test_a_body_carries_both_signatures_over_the_address_the_receiver_is_known_by(desk):
    desk.vendor.configure({"webhook_signed_url": "https://app.example.com/hooks?x=%2Fp"})
    desk.add("contacts", firstname="Ann")
    desk.vendor._post.flush()
    ((url, body, headers, more),) = desk.sandbox.posted
    assert url == HOOK
    timestamp = headers["X-HubSpot-Request-Timestamp"].encode()
    expected = signed_by_hand(b"sandbox-secret", b"https://app.example.com/hooks?x=/p", body, timestamp)
    assert headers["X-HubSpot-Signature-v3"] == expected
    assert headers["X-HubSpot-Signature"] == hashlib.sha256(b"sandbox-secret" + body).hexdigest()
    again, headers = more["renew"](2)
    assert [event["attemptNumber"] for event in json.loads(again)] == [2]
    assert headers["X-HubSpot-Signature"] == hashlib.sha256(b"sandbox-secret" + again).hexdigest()


# Over the wire


@pytest.fixture
def receiver():
    """An application that refuses the first delivery of all."""
    seen = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            first = seen.empty() and not getattr(receiver, "refused", False)
            receiver.refused = True
            self.send_response(500 if first else 200)
            self.end_headers()
            seen.put((body, dict(self.headers)))

        def log_message(self, *_):
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{receiver.server_address[1]}/hooks", seen
    receiver.shutdown()
    receiver.server_close()
    thread.join(5)


def test_a_refused_delivery_comes_again_numbered_and_signed_anew(receiver):
    address, seen = receiver
    with server.background("empty") as url, requests.Session() as http:
        http.trust_env = False
        settings = {"webhook_url": address, "webhook_linger_seconds": 0.01}
        http.post(f"{url}/_sandbox/configure/hubspot", json=settings).raise_for_status()
        token = sign_in(http, url)
        headers = {"Authorization": f"Bearer {token}"}
        body = {"properties": {"firstname": "Ann"}}
        made = http.post(f"{url}/hubspot/crm/objects/2026-09/contacts", json=body, headers=headers)
        assert made.status_code == 201, made.text
        first, _ = seen.get(timeout=10)
        # The stand-in waits a minute of its own time; it is brought forward once it waits.
        while not http.get(f"{url}/_sandbox/hooks").json()["deliveries"]:
            time.sleep(0.01)
        http.post(f"{url}/_sandbox/clock", json={"advance_seconds": 61}).raise_for_status()
        again, headers = seen.get(timeout=10)
    assert json.loads(first)[0]["attemptNumber"] == 0
    assert json.loads(again)[0]["attemptNumber"] == 1
    headers = {name.lower(): value for name, value in headers.items()}
    timestamp = headers["x-hubspot-request-timestamp"].encode()
    assert headers["x-hubspot-signature-v3"] == signed_by_hand(b"sandbox-secret", address.encode(), again, timestamp)


def sign_in(http, url):
    """A token got the way an application gets it."""
    asked = {"client_id": "sandbox-client", "redirect_uri": BACK, "auto": "1"}
    asked["scope"] = "oauth crm.objects.contacts.read crm.objects.contacts.write"
    back = http.get(f"{url}/hubspot/oauth/authorize?{urlencode(asked)}", allow_redirects=False)
    code = back.headers["Location"].partition("code=")[2].partition("&")[0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
    }
    return http.post(f"{url}/hubspot/oauth/2026-09/token", data=form).json()["access_token"]
