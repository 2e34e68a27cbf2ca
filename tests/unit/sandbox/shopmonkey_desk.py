"""A caller's desk in front of the stand-in: one company's key, an event loop, a clock that starts where we put it.

With contract data beside the project every request the desk sends and every answer it gets is held against them.
"""

import asyncio
import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from connectors.sandbox.core import Clock, Request, Sandbox, encode
from connectors.sandbox.shopmonkey import ShopmonkeyStandIn
from connectors.sandbox.shopmonkey.world import GARAGE, KEY, RIVERS

BASE = "http://127.0.0.1:9100/shopmonkey"
HOST = "https://api.shopmonkey.cloud"
# Not in the contract: routes only one live test or another file describes.
UNDESCRIBED = ("/v3/tax_config", "/v3/payment_term", "/app", "search-by-")
CONTRACTS = Path(os.environ.get("BRIDGE_CONTRACTS") or Path(__file__).parents[4] / "shared" / "contracts")
FOLDER = CONTRACTS / "shopmonkey"
HAVE = (FOLDER / "shopmonkey-v3.openapi.json").exists()


@cache
def contract(name="shopmonkey-v3.openapi.json"):
    """The vendor's contract, or None where it is not at hand."""
    if not HAVE:
        return None
    import openapi_core

    return openapi_core.OpenAPI.from_dict(json.loads((FOLDER / name).read_text()))


def sample_file(name):
    """A file of contract data, or nothing."""
    return json.loads((FOLDER / name).read_text()) if HAVE else {"requests": [], "responses": []}


class KeptPost(Sandbox):
    """Keeps webhooks instead of sending them."""

    def __init__(self):
        super().__init__(Clock(datetime(2026, 11, 5, 10, tzinfo=UTC)))
        self.posted = []

    def hook(self, url, body, headers, **more):
        self.posted.append((url, body, headers, more))


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
        api = contract()
        if api is None or not self.watched or any(part in address for part in UNDESCRIBED):
            return
        from openapi_core.templating.paths.exceptions import PathError
        from openapi_core.testing import MockRequest, MockResponse

        parts = urlsplit(address)
        request = MockRequest(
            HOST,
            method.lower(),
            parts.path,
            args={name: values[0] for name, values in parse_qs(parts.query).items()},
            headers={"Authorization": "Bearer x"},
            data=body or None,
            content_type="application/json",
        )
        found = answer.headers.get("Content-Type", "application/json").partition(";")[0]
        if fits:
            result = api.unmarshal_request(request)
            assert not result.errors, (method, address, body, [_words(error) for error in result.errors])
        result = api.unmarshal_response(request, MockResponse(answer.body, answer.status, content_type=found))
        if not fits and any(isinstance(error, PathError) for error in result.errors):
            return
        assert not result.errors, (method, address, answer.body[:2000], [_words(error) for error in result.errors])

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


def _words(error):
    cause = error.__cause__
    return f"{error} {getattr(error, 'schema_errors', '')} {cause} {getattr(cause, 'schema_errors', '')}"
