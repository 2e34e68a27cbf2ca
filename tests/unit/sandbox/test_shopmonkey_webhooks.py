"""Webhooks of the stand-in: who is told what, signed as Standard Webhooks does, and once over HTTP from end to end."""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.request import Request, urlopen

import pytest

from connectors.sandbox.server import background
from connectors.sandbox.shopmonkey.hooks import key_bytes
from connectors.sandbox.shopmonkey.world import KEY, OTTAWA, RIVERS
from tests.unit.sandbox.shopmonkey_desk import Desk, work


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def subscribe(desk, *triggers, **more):
    told = {"name": f"hook {len(desk.held()['webhooks'])}", "url": "https://hub.example/in", "triggers": list(triggers)}
    return desk.ok("POST", "/webhook", {**told, **more})


def signed(secret, headers, body, form="standard"):
    text = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    return base64.b64encode(hmac.new(key_bytes(secret, form), text, hashlib.sha256).digest()).decode()


def test_a_change_is_told_with_its_row_and_what_changed(desk):
    subscribe(desk, "Order", "Payment")
    order = desk.order(work())
    events = desk.posted()
    assert [(one["table"], one["operation"]) for one in events] == [("order", "INSERT"), ("order", "UPDATE")]
    assert "diff" not in events[0] and "totalCostCents" in events[1]["diff"]
    assert events[1]["data"]["id"] == order["id"] and events[1]["data"]["totalCostCents"] == order["totalCostCents"]
    desk.act(order["id"], invoice=True)
    assert {"invoiced", "invoicedDate", "status"} <= set(desk.posted()[-1]["diff"])
    desk.act(order["id"], pay=1000)
    assert [one["table"] for one in desk.posted()] == ["payment", "order"]


def test_a_save_without_a_change_tells_nothing(desk):
    subscribe(desk, "Order", "Customer")
    desk.load("customers", {"id": "cust", "firstName": "Ann"})
    order = desk.order(work(), customerId="cust")
    desk.posted()
    desk.load("customers", {"id": "cust", "firstName": "Ann"})
    desk.load("orders", {"id": order["id"], "name": order["name"]})
    assert desk.posted() == []
    assert desk.read(order["id"])["meta"] == order["meta"]


def test_only_those_who_asked_for_the_table_and_the_location_are_told(desk):
    subscribe(desk, "Customer")
    subscribe(desk, "Order", locationId=OTTAWA, url="https://hub.example/ottawa")
    subscribe(desk, "Order", enabled=False, url="https://hub.example/off")
    desk.load("orders", {"id": "here0", "locationId": RIVERS}, {"id": "there0", "locationId": OTTAWA})
    desk.vendor._post.flush()
    told = [(url, json.loads(body)["data"]["id"]) for url, body, _, _ in desk.sandbox.posted]
    assert {id for _, id in told} == {"there0"} and {url for url, _ in told} == {"https://hub.example/ottawa"}


@pytest.mark.parametrize("secret", ["plain words", "whsec_c2VjcmV0LW9mLWEtZ2FyYWdl", "whsec_not base64!"])
@pytest.mark.parametrize("form", ["standard", "raw"])
def test_each_try_is_signed_with_its_time_under_one_message_id(secret, form, desk):
    desk.vendor.configure({"webhook_key": form})
    subscribe(desk, "Customer", secret=secret)
    desk.load("customers", {"firstName": "Ann"})
    desk.vendor._post.flush()
    _, body, first, more = desk.sandbox.posted[0]
    desk.sandbox.clock.advance(90)
    again, second = more["renew"](1)
    assert again == body and second["webhook-id"] == first["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) >= 90
    for headers in (first, second):
        assert headers["webhook-signature"] == f"v1,{signed(secret, headers, body, form)}"
        assert headers["webhook-version"] == "3" and headers["User-Agent"].startswith("Shopmonkey")
    assert (first["X-Attempt"], second["X-Attempt"]) == ("1", "2")


def test_a_webhook_tells_that_its_deliveries_fail_until_it_is_saved_anew(desk):
    hook = subscribe(desk, "Customer")
    desk.load("customers", {"firstName": "Ann"})
    desk.vendor._post.flush()
    assert desk.ok("GET", f"/webhook/{hook['id']}")["error"] is False
    desk.sandbox.posted[0][3]["renew"](1)
    found = desk.ok("GET", f"/webhook/{hook['id']}")
    assert (found["error"], found["errorMessage"]) == (True, "Delivery failed") and found["errorDate"]
    assert desk.ok("PUT", f"/webhook/{hook['id']}", {"enabled": True})["error"] is False


def test_deliveries_can_be_lost_doubled_and_shuffled_by_seed(desk):
    subscribe(desk, "Customer")
    desk.vendor.configure({"webhook_drop": 0.4, "webhook_double": 0.5, "webhook_shuffle": True, "webhook_seed": 2})
    desk.load("customers", *({"firstName": f"Ann {at:02d}"} for at in range(40)))
    names = [one["data"]["firstName"] for one in desk.posted()]
    assert len(set(names)) < 40 and len(names) > len(set(names)) and names != sorted(names)


def test_building_a_world_and_forgetting_one_tells_nobody(desk):
    subscribe(desk, "Order")
    desk.order(work())
    desk.vendor.reset("demo")
    assert desk.posted() == []


def test_a_change_reaches_its_receiver_over_http():
    got: Queue = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    def call(url, path, data):
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        with urlopen(Request(f"{url}{path}", data=json.dumps(data).encode(), headers=headers), timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        with background("empty") as url:
            call(url, "/_sandbox/configure/shopmonkey", {"webhook_linger_seconds": 0.01})
            told = {"name": "hub", "url": f"http://127.0.0.1:{receiver.server_port}/in", "triggers": ["Customer"]}
            hook = call(url, "/shopmonkey/v3/webhook", told)["data"]
            call(url, "/shopmonkey/v3/customer", {"customerType": "Customer", "firstName": "Ann"})
            headers, body = got.get(timeout=60)
    finally:
        receiver.shutdown()
        receiver.server_close()
    lower = {name.lower(): value for name, value in headers.items()}
    assert json.loads(body)["data"]["firstName"] == "Ann"
    assert lower["webhook-signature"] == f"v1,{signed(hook['secret'], lower, body)}"
