"""A caller's desk in front of the stand-in: one location's token, an event loop, a clock that stands still.

With contract data beside the project every request the desk sends and every answer it gets is held against them.
"""

import asyncio
import json
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from connectors.sandbox.core import Request, encode
from connectors.sandbox.highlevel import HighLevelStandIn
from connectors.sandbox.highlevel.world import ATELIER
from tests.contracts import HIGHLEVEL
from tests.unit.sandbox.still import KeptPost

BASE = "http://127.0.0.1:9100/highlevel"
BACK = "https://app.example.com/connect/return"
VERSION = "2021-07-28"
SCOPES = (
    "contacts.readonly contacts.write invoices.readonly invoices.write payments/orders.readonly "
    "payments/transactions.readonly payments/subscriptions.readonly products.readonly products/prices.readonly "
    "locations.readonly workflows.readonly"
)
AGENCY_SCOPES = f"{SCOPES} oauth.readonly oauth.write"
FORM = "application/x-www-form-urlencoded"
# Not in the contract: pages for people, and calls only the help centre or another file describes.
UNDESCRIBED = ("/oauth/chooselocation", "/oauth/reconnect", "/customFields")


class Desk:
    """Calls the stand-in and reads its answers."""

    def __init__(self, world="empty", location=ATELIER):
        self.sandbox = KeptPost()
        self.vendor = HighLevelStandIn(self.sandbox)
        self.vendor.reset(world)
        self.loop = asyncio.new_event_loop()
        self.location = location
        self.token = self.connect(location)["access_token"]

    def close(self):
        self.loop.close()

    def send(self, method, address, body=b"", headers=None):
        """The raw answer of one call; `address` is below the vendor's prefix."""
        parts = urlsplit(address)
        query = parse_qs(parts.query, keep_blank_values=True)
        request = Request(method, unquote(parts.path), query, headers or {}, body, BASE, f"/highlevel{address}")
        return self.loop.run_until_complete(self.vendor.handle(request))

    def form(self, path="/oauth/token", token=None, fits=True, **form):
        """Status and body of a form that is sent."""
        own = {} if token else {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
        headers = {"content-type": FORM}
        if token:
            headers |= {"authorization": f"Bearer {token}", "version": VERSION}
        body = urlencode({**own, **form}).encode()
        answer = self.send("POST", path, body, headers)
        self.check("POST", path, body, answer, FORM, fits=fits)
        return answer.status, json.loads(answer.body)

    def code(self, location=ATELIER, scope=SCOPES, **more):
        asked = {"response_type": "code", "client_id": "sandbox-client", "redirect_uri": BACK, "scope": scope}
        query = urlencode({**asked, "state": "s", "location": location, "auto": "1", **more})
        answer = self.send("GET", f"/oauth/chooselocation?{query}")
        assert answer.status == 302, answer.body
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def connect(self, location=ATELIER, scope=SCOPES, user_type="Location"):
        """The tokens of a fresh consent."""
        told = {"code": self.code(location, scope), "redirect_uri": BACK, "user_type": user_type}
        status, body = self.form(grant_type="authorization_code", **told)
        assert status == 200, body
        return body

    def agency(self):
        return self.connect("agency", AGENCY_SCOPES, "Company")

    def refresh(self, token):
        return self.form(grant_type="refresh_token", refresh_token=token, user_type="Location")

    def raw(self, method, address, data=None, token=None, fits=True, version=VERSION):
        """An API call with the token; the answer is held against the contract, the request too if it should fit."""
        body = data if isinstance(data, bytes) else b"" if data is None else encode(data)
        headers = {"authorization": f"Bearer {token or self.token}", "version": version}
        if body:
            headers["content-type"] = "application/json"
        answer = self.send(method, address, body, headers)
        self.check(method, address, body, answer, fits=fits)
        return answer

    def check(self, method, address, body, answer, kind="application/json", fits=True):
        """No violation of the contract, in the request (if it should fit) and in the answer."""
        if any(part in address for part in UNDESCRIBED):
            return
        assert (
            HIGHLEVEL.misfits(method, address, body, answer, kind=kind, fits=fits, stray=not fits, Version=VERSION)
            == []
        )

    def ok(self, method, path, data=None, **more):
        """The body of a call that must succeed."""
        answer = self.raw(method, path, data, **more)
        assert answer.status in (200, 201), (answer.status, answer.body)
        return json.loads(answer.body)

    def refused(self, method, path, data=None, status=422, fits=False, **more):
        """The error of a call that must be refused."""
        answer = self.raw(method, path, data, fits=fits, **more)
        assert answer.status == status, (answer.status, answer.body)
        return json.loads(answer.body)

    def alt(self, path, **more):
        """An address with `altId` and `altType`."""
        return f"{path}?{urlencode({'altId': self.location, 'altType': 'location', **more})}"

    def add(self, **members):
        """A new contact over the API."""
        return self.ok("POST", "/contacts/", {"locationId": self.location, **members})["contact"]

    def find(self, *filters, size=100, **more):
        """What a contact search gives."""
        body = {"locationId": self.location, "pageLimit": size, **more}
        if filters:
            body["filters"] = list(filters)
        return self.ok("POST", "/contacts/search", body)

    def draft(self, contact, *items, **more):
        """A draft over the API; items are (name, amount, quantity)."""
        body = {
            "altId": self.location,
            "altType": "location",
            "name": "Invoice",
            "businessDetails": {"name": "Atelier"},
            "currency": "CAD",
            "items": [
                {"name": name, "currency": "CAD", "amount": amount, "qty": quantity, "taxes": TAXES}
                for name, amount, quantity in items or (("Table", 100, 1),)
            ],
            "discount": {"type": "percentage", "value": 0},
            "contactDetails": {"id": contact["id"], "name": "Ann", "phoneNo": "", "email": "ann@example.com"},
            "issueDate": "2026-11-05",
            "dueDate": "2026-12-05",
            "sentTo": {"email": ["ann@example.com"]},
            "liveMode": True,
            **more,
        }
        return self.ok("POST", "/invoices/", body)

    def act(self, invoice, what, **body):
        """`send`, `void` or `record-payment` on an invoice."""
        path = f"/invoices/{invoice['_id']}/{what}"
        return self.ok("POST", path, {"altId": self.location, "altType": "location", **body})

    def mark_sent(self, invoice):
        user = {"userId": self.held()["users"][0], "action": "send_manually", "liveMode": True}
        return self.act(invoice, "send", **user)["invoice"]

    def invoice(self, id):
        return self.ok("GET", self.alt(f"/invoices/{id}"))

    def held(self):
        """What the location holds, as control tells it."""
        return next(one for one in self.vendor.state()["locations"] if one["id"] == self.location)

    def load(self, resource, *documents):
        return self.vendor.load_with(resource, list(documents), {"location": self.location})

    def posted(self):
        """Webhook events since the last look."""
        self.vendor._post.flush()
        found = [json.loads(body) for _, body, _, _ in self.sandbox.posted]
        self.sandbox.posted.clear()
        return found


TAXES = [
    {"_id": "tps", "name": "TPS", "rate": 5, "calculation": "exclusive"},
    {"_id": "tvq", "name": "TVQ", "rate": 9.975, "calculation": "exclusive"},
]
