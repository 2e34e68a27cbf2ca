"""A caller's desk in front of the stand-in: one company's key, an event loop, a clock that stands still.

With contract data beside the project every request the desk sends and every answer it gets is held against them.
"""

import asyncio
import json
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from connectors.sandbox.core import Request, encode
from connectors.sandbox.shopmonkey import ShopmonkeyStandIn
from connectors.sandbox.shopmonkey.world import GARAGE, KEY, RIVERS
from tests.contracts import SHOPMONKEY
from tests.unit.sandbox.still import KeptPost

BASE = "http://127.0.0.1:9100/shopmonkey"
# Not in the contract: routes only one live test or another file describes.
UNDESCRIBED = ("/v3/tax_config", "/v3/payment_term", "/app", "search-by-")


class Desk:
    """Calls the stand-in and reads its answers."""

    def __init__(self, world="empty", key=KEY, company=GARAGE):
        self.sandbox = KeptPost()
        self.vendor = ShopmonkeyStandIn(self.sandbox)
        self.vendor.reset(world)
        self.loop = asyncio.new_event_loop()
        self.key, self.company, self.place = key, company, RIVERS
        self.watched = True  # hold everything against the contract, which takes its time with many rows

    def close(self):
        self.loop.close()

    def send(self, method, address, body=b"", headers=None):
        """The raw answer of one call; `address` is below the vendor's prefix."""
        parts = urlsplit(address)
        query = parse_qs(parts.query, keep_blank_values=True)
        request = Request(method, unquote(parts.path), query, headers or {}, body, BASE, f"/shopmonkey{address}")
        return self.loop.run_until_complete(self.vendor.handle(request))

    def raw(self, method, address, data=None, *, key=None, fits=True):
        """An API call with the key; the answer is held against the contract, the request too if it should fit."""
        body = data if isinstance(data, bytes) else b"" if data is None else encode(data)
        headers = {"authorization": f"Bearer {key or self.key}"}
        if body:
            headers["content-type"] = "application/json"
        answer = self.send(method, f"/v3{address}", body, headers)
        self.check(method, f"/v3{address}", body, answer, fits=fits)
        return answer

    def check(self, method, address, body, answer, *, fits=True):
        """No violation of the contract, in the request (if it should fit) and in the answer."""
        if not self.watched or any(part in address for part in UNDESCRIBED):
            return
        assert SHOPMONKEY.misfits(method, address, body or None, answer, fits=fits, stray=not fits) == []

    def ok(self, method, path, data=None, **more):
        """The data of a call that must succeed."""
        answer = self.raw(method, path, data, **more)
        assert answer.status == 200, (answer.status, answer.body)
        body = json.loads(answer.body)
        assert body["success"] is True
        return body["data"]

    def refused(self, method, path, data=None, status=400, fits=False, **more):
        """The error of a call that must be refused."""
        answer = self.raw(method, path, data, fits=fits, **more)
        assert answer.status == status, (answer.status, answer.body)
        body = json.loads(answer.body)
        assert body["success"] is False
        return body

    def page(self, word, where=None, fits=True, key=None, **more):
        """Rows and meta of a listing."""
        query = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in more.items()}
        if where is not None:
            query["where"] = json.dumps(where)
        answer = self.raw("GET", f"/{word}?{urlencode(query)}", fits=fits, key=key)
        assert answer.status == 200, answer.body
        body = json.loads(answer.body)
        return body["data"], body["meta"]

    def search(self, word, fits=True, **body):
        """Rows and meta of a search."""
        answer = self.raw("POST", f"/{word}/search", body, fits=fits)
        assert answer.status == 200, answer.body
        found = json.loads(answer.body)
        return found["data"], found["meta"]

    def load(self, resource, *documents):
        return self.vendor.load_with(resource, list(documents), {"company": self.company})

    def order(self, *services, **more):
        """A new order, as reads give it."""
        before = set(self.held()["services"])
        self.load("orders", {"services": list(services), **more})
        return self.read((set(self.held()["services"]) - before).pop())

    def read(self, id):
        return self.ok("GET", f"/order/{id}")

    def services(self, id):
        return self.ok("GET", f"/order/{id}/service")

    def payments(self, order):
        return self.search("integration/payment", where={"orderId": order})[0]

    def act(self, id, **what):
        """An act of a person on an order; the order afterwards."""
        self.load("orders", {"id": id, **what})
        return self.read(id)

    def held(self):
        """What the company holds, as control tells it."""
        return next(one for one in self.vendor.state()["companies"] if one["id"] == self.company)

    def posted(self):
        """Webhook events since the last look."""
        self.vendor._post.flush()
        found = [json.loads(body) for _, body, _, _ in self.sandbox.posted]
        self.sandbox.posted.clear()
        return found


def work(name="Brakes", rate=10000, hours=1, **more):
    """A service of one hour of labor."""
    return {"name": name, "labors": [{"name": name, "hours": hours, "rateCents": rate, "taxable": True}], **more}
