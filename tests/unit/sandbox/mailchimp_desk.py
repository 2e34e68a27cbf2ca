"""A caller's desk in front of the stand-in: one account's key, an event loop, a clock that stands still."""

import asyncio
import io
import json
import tarfile
from urllib.parse import parse_qs, parse_qsl, urlsplit

from connectors.sandbox.core import Request, encode
from connectors.sandbox.mailchimp import MailchimpStandIn
from tests.unit.sandbox.still import KeptPost

BASE = "http://127.0.0.1:9100/mailchimp"
KEY = "SECRET-sandbox-atelier-boreal-us19"
SECOND_KEY = "SECRET-sandbox-phare-perdu-us19"
FIRST, SECOND = "empty00001", "empty00002"


class Desk:
    """Calls the stand-in and reads its answers."""

    def __init__(self, world="empty"):
        self.sandbox = KeptPost()
        self.vendor = MailchimpStandIn(self.sandbox)
        self.vendor.reset(world)
        self.vendor.configure({"batch_seconds": 0.01, "webhook_check": False})
        self.loop = asyncio.new_event_loop()

    def close(self):
        self.vendor.reset("empty")
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(self.sandbox.close())
        self.loop.close()

    def request(self, method, address, data=None, key=KEY, headers=None):
        parts = urlsplit(address)
        auth = {"authorization": f"Bearer {key}"} if key else {}
        body = data if isinstance(data, bytes) else b"" if data is None else encode(data)
        return Request(
            method, parts.path, parse_qs(parts.query, keep_blank_values=True), auth | (headers or {}), body, BASE
        )

    def raw(self, method, address, data=None, key=KEY, headers=None):
        request = self.request(method, address, data, key, headers)
        return self.loop.run_until_complete(self.vendor.handle(request))

    def call(self, method, path, data=None, **more):
        """Status and body of an API call; `path` is below `/3.0`."""
        answer = self.raw(method, f"/3.0{path}", data, **more)
        return answer.status, json.loads(answer.body) if answer.body else None

    def ok(self, method, path, data=None, **more):
        """The body of a call that must succeed."""
        status, body = self.call(method, path, data, **more)
        assert status in (200, 204), body
        return body

    def refused(self, method, path, data=None, **more):
        """Status, title and body of a call that must be refused."""
        status, body = self.call(method, path, data, **more)
        assert status >= 400, body
        assert body["status"] == status
        return status, body["title"], body

    def member(self, email, list_id=FIRST):
        return self.ok("GET", f"/lists/{list_id}/members/{email.lower()}")

    def put(self, email, list_id=FIRST, **body):
        return self.ok(
            "PUT",
            f"/lists/{list_id}/members/{email.lower()}",
            {"email_address": email, "status_if_new": "subscribed", **body},
        )

    def shop(self, store_id="s1", list_id=FIRST, product="p1"):
        """A store with one product of one variant."""
        self.ok(
            "POST",
            "/ecommerce/stores",
            {"id": store_id, "list_id": list_id, "name": "Boutique", "currency_code": "CAD"},
        )
        self.ok(
            "POST",
            f"/ecommerce/stores/{store_id}/products",
            {"id": product, "title": "Tuile", "variants": [{"id": product, "title": "Tuile", "price": 12.5}]},
        )
        return f"/ecommerce/stores/{store_id}"

    def batch(self, operations):
        """Run a batch to its end; the batch and its rows by operation id."""
        batch = self.ok("POST", "/batches", {"operations": operations})
        while batch["status"] != "finished":
            self.loop.run_until_complete(asyncio.sleep(0.005))
            batch = self.ok("GET", f"/batches/{batch['id']}")
        return batch, {row["operation_id"]: row for row in self.rows(batch["response_body_url"])}

    def rows(self, address):
        answer = self.raw("GET", address.removeprefix(BASE), key=None)
        assert answer.status == 200, answer.body
        with tarfile.open(fileobj=io.BytesIO(answer.body)) as tar:
            files = [tar.extractfile(entry).read() for entry in tar.getmembers() if entry.isfile()]
        return [row for data in files for row in json.loads(data)]

    def posted(self):
        """Webhooks since the last look, as fields."""
        found = [dict(parse_qsl(body.decode(), keep_blank_values=True)) for _, body, *_ in self.sandbox.posted]
        self.sandbox.posted.clear()
        return found


def order(order_id="o1", customer=None, total=25, **more):
    """An order of two pieces of the desk's product."""
    line = {"id": "1", "product_id": "p1", "product_variant_id": "p1", "quantity": 2, "price": 12.5}
    return {
        "id": order_id,
        "customer": customer or {"id": "c1"},
        "currency_code": "CAD",
        "order_total": total,
        "lines": [line],
        **more,
    }
