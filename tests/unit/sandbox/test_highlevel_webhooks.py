"""Webhooks of the stand-in over HTTP: signed with both keys, tried again on 429 only, dropped otherwise."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connectors.sandbox.highlevel.world import ATELIER
from connectors.sandbox.server import background
from tests.unit.sandbox.highlevel_desk import Desk


class Receiver:
    """An address that keeps what it gets and answers what it is told to."""

    def __init__(self):
        self.got, self.answers = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"

    def wait(self, count):
        for _ in range(400):
            if len(self.got) >= count:
                return [json.loads(body) for _, body in self.got]
            time.sleep(0.02)
        raise AssertionError(f"{len(self.got)} of {count} deliveries came")


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def sandbox():
    with background("empty") as url:
        yield url


def control(url, name, data=None):
    body = None if data is None else json.dumps(data).encode()
    with urlopen(Request(f"{url}/_sandbox/{name}", data=body), timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


def install(url):
    """Sign in as an app would, over HTTP."""
    from urllib.error import HTTPError
    from urllib.parse import parse_qs, urlencode, urlsplit
    from urllib.request import HTTPRedirectHandler, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *args):
            return None

    told = {
        "response_type": "code",
        "client_id": "sandbox-client",
        "redirect_uri": "https://app.example.com/x",
        "auto": 1,
    }
    scope = "contacts.readonly contacts.write invoices.readonly"
    try:
        build_opener(Stay).open(
            f"{url}/highlevel/oauth/chooselocation?{urlencode({**told, 'scope': scope})}", timeout=10
        )
    except HTTPError as redirect:
        code = parse_qs(urlsplit(redirect.headers["Location"]).query)["code"][0]
    app = {
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "grant_type": "authorization_code",
        "code": code,
    }
    with urlopen(f"{url}/highlevel/oauth/token", data=urlencode(app).encode(), timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


def test_deliveries_are_signed_with_keys_that_control_tells(sandbox, receiver):
    install(sandbox)
    control(sandbox, "configure/highlevel", {"webhook_url": receiver.url, "webhook_linger_seconds": 0})
    control(sandbox, "load/highlevel", {"contacts": [{"email": "ann@example.com"}]})
    event = receiver.wait(1)[0]
    assert (event["type"], event["locationId"], event["email"]) == ("ContactCreate", ATELIER, "ann@example.com")
    keys = {
        one["header"]: load_pem_public_key(one["public_key_pem"].encode())
        for one in control(sandbox, "state/highlevel")["webhook_keys"]
    }
    headers, body = receiver.got[0]
    current = base64.b64decode(headers["X-GHL-Signature"])
    keys["X-GHL-Signature"].verify(current, body)
    retiring = base64.b64decode(headers["x-wh-signature"])
    keys["x-wh-signature"].verify(retiring, body, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        keys["X-GHL-Signature"].verify(current, body + b" ")
    with pytest.raises(InvalidSignature):
        keys["x-wh-signature"].verify(retiring, body + b" ", padding.PKCS1v15(), hashes.SHA256())


def test_only_429_is_tried_again_and_any_other_failure_loses_the_event(sandbox, receiver):
    install(sandbox)
    control(sandbox, "configure/highlevel", {"webhook_url": receiver.url, "webhook_linger_seconds": 0})
    receiver.answers = [500, 429, 429]
    control(sandbox, "load/highlevel", {"contacts": [{"email": "lost@example.com"}]})
    receiver.wait(1)
    control(sandbox, "load/highlevel", {"contacts": [{"email": "kept@example.com"}]})
    receiver.wait(2)
    for tries in (3, 4):
        waits_for(lambda wanted=tries - 2: control(sandbox, "hooks")["deliveries"][-1]["attempt"] == wanted)
        control(sandbox, "clock", {"advance_seconds": 661})
        receiver.wait(tries)
    waits_for(lambda: control(sandbox, "hooks")["waiting"] == 0)
    events = receiver.wait(4)
    assert [event["email"].partition("@")[0] for event in events] == ["lost", "kept", "kept", "kept"]
    assert len({event["webhookId"] for event in events[1:]}) == 1
    assert [row["status"] for row in control(sandbox, "hooks")["deliveries"]] == [500, 429, 429, 200]


def waits_for(test):
    for _ in range(400):
        if test():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


# Without a receiver


@pytest.fixture
def desk():
    desk = Desk()
    desk.vendor.configure({"webhook_url": "http://127.0.0.1:9/hooks"})
    yield desk
    desk.close()


def test_the_life_of_an_invoice_is_told_event_by_event(desk):
    ann = desk.add(email="ann@example.com")
    invoice = desk.mark_sent(desk.draft(ann))
    desk.load("invoices", {"_id": invoice["_id"], "invoiceNumber": "7"}, {"_id": invoice["_id"], "pay": 14})
    desk.load("invoices", {"_id": invoice["_id"], "pay": True})
    events = desk.posted()
    assert [event["type"] for event in events] == [
        "ContactCreate",
        "InvoiceCreate",
        "InvoiceSent",
        "InvoiceUpdate",
        "InvoicePartiallyPaid",
        "InvoicePaid",
    ]
    assert len({event["webhookId"] for event in events}) == 6
    assert all("_fulfilledAt" not in event for event in events)


def test_no_event_tells_of_charges_refunds_or_subscriptions(desk):
    ann = desk.add(email="ann@example.com")
    desk.agency()
    desk.posted()
    desk.load("payments", {"kind": "subscription", "contact": ann["id"], "amount": 29})
    held = desk.held()
    desk.load("renewals", {"subscription": held["subscriptions"][0]["_id"]})
    desk.load("refunds", {"transaction": held["transactions"][0]["_id"], "amount": 1})
    assert [event["type"] for event in desk.posted()] == ["OrderCreate"]
    order = held["orders"][0]["_id"]
    desk.load("refunds", {"transaction": held["transactions"][0]["_id"], "amount": 28})
    desk.load("orders", {"_id": order, "fulfillmentStatus": "fulfilled"})
    told = desk.posted()
    assert [event["type"] for event in told] == ["OrderStatusUpdate"]
    assert not any(name.startswith("_") and name != "_id" for name in told[0])


def test_events_go_where_the_app_is_installed_with_the_scope(desk):
    desk.connect(scope="invoices.readonly")
    desk.posted()
    desk.load("contacts", {"id": "ann", "email": "ann@example.com"})
    desk.load("invoices", {"contact": "ann", "items": [{"name": "x", "amount": 1, "qty": 1}]})
    assert [event["type"] for event in desk.posted()] == ["InvoiceCreate"]
    desk.load("app", {"uninstall": True})
    assert [event["type"] for event in desk.posted()] == ["UNINSTALL"]
    desk.load("invoices", {"contact": "ann", "items": [{"name": "x", "amount": 1, "qty": 1}]})
    assert desk.posted() == []


def test_invoice_events_may_come_without_an_envelope(desk):
    desk.vendor.configure({"webhook_bare_invoices": True})
    desk.draft(desk.add(email="ann@example.com"))
    contact, invoice = desk.posted()
    assert contact["type"] == "ContactCreate"
    assert not {"type", "locationId", "webhookId"} & set(invoice) and invoice["altId"] == ATELIER


@pytest.mark.parametrize(
    ("which", "headers"),
    [("both", 2), ("current", 1), ("legacy", 1), ("none", 0)],
)
def test_which_signatures_are_sent_is_a_setting(which, headers, desk):
    desk.vendor.configure({"webhook_signatures": which})
    desk.add(email="ann@example.com")
    desk.vendor._post.flush()
    _, sent = desk.sandbox.posted[0][3]["renew"](0)
    assert len(set(sent) & {"X-GHL-Signature", "x-wh-signature"}) == headers


def test_the_post_can_drop_double_and_shuffle_by_a_seed(desk):
    def run(**settings):
        desk.vendor.configure({"webhook_drop": 0.0, "webhook_double": 0.0, "webhook_seed": 4, **settings})
        desk.load("contacts", *({"id": f"c{at}"} for at in range(20)))
        desk.load("contacts", *({"id": f"c{at}", "deleted": True} for at in range(20)))
        return [(event["type"], event["id"]) for event in desk.posted()]

    whole = run()
    assert len(whole) == 40
    assert len(run(webhook_drop=0.5)) < 35
    assert len(run(webhook_double=0.5)) > 45
    shuffled = run(webhook_shuffle=True)
    assert shuffled != whole and sorted(shuffled) == sorted(whole)
    assert run(webhook_shuffle=True) == shuffled
