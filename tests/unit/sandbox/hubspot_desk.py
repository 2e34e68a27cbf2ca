"""A caller's desk in front of the stand-in: one account's token, an event loop, a clock that stands still.

With contract data beside the project every request the desk sends and every answer it gets is held against them.
"""

import asyncio
import json
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.sandbox.core import Request, encode
from connectors.sandbox.hubspot import HubSpotStandIn
from tests.contracts import HUBSPOT
from tests.unit.sandbox.still import KeptPost

BASE = "http://127.0.0.1:9100/hubspot"
PORTAL, TEST_PORTAL, SMALL_PORTAL = 24100001, 24100002, 24100003
BACK = "https://app.example.com/hubspot/callback"
SCOPES = (
    "oauth crm.objects.contacts.read crm.objects.contacts.write crm.objects.deals.read crm.objects.deals.write "
    "crm.objects.line_items.read crm.objects.line_items.write crm.objects.products.read crm.objects.products.write "
    "crm.objects.companies.read crm.objects.companies.write crm.schemas.companies.write "
    "crm.schemas.contacts.write crm.schemas.deals.write e-commerce timeline"
)
OPTIONAL = (
    "crm.objects.invoices.read crm.objects.invoices.write crm.schemas.invoices.write "
    "crm.objects.commercepayments.read crm.objects.commercepayments.write crm.schemas.commercepayments.write"
)


class Desk:
    """Calls the stand-in and reads its answers."""

    def __init__(self, world="empty", portal=PORTAL):
        self.sandbox = KeptPost()
        self.vendor = HubSpotStandIn(self.sandbox)
        self.vendor.reset(world)
        self.loop = asyncio.new_event_loop()
        self.is_strict = True
        self.token = self.connect(portal)["access_token"]

    def close(self):
        self.loop.close()

    def send(self, method, address, body=b"", headers=None):
        """The raw answer of one call; `address` is below the vendor's prefix."""
        parts = urlsplit(address)
        query = parse_qs(parts.query, keep_blank_values=True)
        from urllib.parse import unquote

        request = Request(method, unquote(parts.path), query, headers or {}, body, BASE, f"/hubspot{address}")
        return self.loop.run_until_complete(self.vendor.handle(request))

    def form(self, step="", **form):
        credentials = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
        body = urlencode({**credentials, **form}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        address = f"/oauth/2026-09/token{step}"
        answer = self.send("POST", address, body, kind)
        self.check("POST", address, body, answer, "application/x-www-form-urlencoded", fits=False)
        return answer.status, json.loads(answer.body) if answer.body else None

    def code(self, portal=PORTAL, scope=SCOPES, optional=OPTIONAL, **more):
        asked = {"client_id": "sandbox-client", "redirect_uri": BACK, "scope": scope, "optional_scope": optional}
        query = urlencode({**asked, "state": "s", "account": portal, "auto": "1", **more})
        answer = self.send("GET", f"/oauth/authorize?{query}")
        assert answer.status == 302, answer.body
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def connect(self, portal=PORTAL, **more):
        code = self.code(portal, **more)
        status, body = self.form(grant_type="authorization_code", code=code, redirect_uri=BACK)
        assert status == 200, body
        return body

    def raw(self, method, address, data=None, token=None, fits=True):
        """An API call with the token; the answer is held against the contract, the request too if it should fit."""
        body = data if isinstance(data, bytes) else b"" if data is None else encode(data)
        headers = {"authorization": f"Bearer {token or self.token}"}
        if body:
            headers["content-type"] = "application/json"
        answer = self.send(method, address, body, headers)
        self.check(method, address, body, answer, fits=fits)
        return answer

    def check(self, method, address, body, answer, kind="application/json", fits=True):
        """No violation of the contract. Companies and addresses nobody serves are not in it."""
        if not self.is_strict or "/companies" in address:
            return
        page = "html" in answer.headers.get("Content-Type", "") or answer.status == 405  # served by no operation
        assert (
            HUBSPOT.misfits(method, address, body, None if page else answer, kind=kind, fits=fits, stray=not fits) == []
        )

    def call(self, method, path, data=None, **more):
        """Status and body of a call below `/crm/objects/2026-09`."""
        answer = self.raw(method, path if path.startswith("/crm") else f"/crm/objects/2026-09{path}", data, **more)
        return answer.status, json.loads(answer.body) if answer.body else None

    def ok(self, method, path, data=None, **more):
        """The body of a call that must succeed in full."""
        status, body = self.call(method, path, data, **more)
        assert status in (200, 201, 204), (status, body)
        return body

    def refused(self, method, path, data=None, status=400, fits=False, **more):
        """The error of a call that must be refused."""
        found, body = self.call(method, path, data, fits=fits, **more)
        assert found == status, (found, body)
        return body

    def add(self, kind, links=(), **properties):
        """A new record; links are (type id, id)."""
        body = {"properties": properties}
        if links:
            body["associations"] = [
                {
                    "to": {"id": id},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}],
                }
                for number, id in links
            ]
        return self.ok("POST", f"/{kind}", body)

    def find(self, kind, *filters, **more):
        """What a search gives; filters are (property, operator, value...)."""
        rows = []
        for name, operator, *values in filters:
            row = {"propertyName": name, "operator": operator}
            if operator in ("IN", "NOT_IN"):
                row["values"] = values
            elif values:
                row["value"] = values[0]
            if operator == "BETWEEN":
                row["highValue"] = values[1]
            rows.append(row)
        return self.ok("POST", f"/{kind}/search", {"filterGroups": [{"filters": rows}] if rows else [], **more})

    def unique(self, kind, name="qbo_id"):
        """A property of our own with unique values, in a group of our own."""
        self.call("POST", f"/crm/properties/2026-09/{kind}/groups", {"name": "quickbooks", "label": "QuickBooks"})
        body = {
            "groupName": "quickbooks",
            "name": name,
            "label": "QuickBooks id",
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": True,
        }
        return self.ok("POST", f"/crm/properties/2026-09/{kind}", body)

    def posted(self):
        """Webhook events since the last look."""
        self.vendor._post.flush()
        found = [event for _, body, _, _ in self.sandbox.posted for event in json.loads(body)]
        self.sandbox.posted.clear()
        return found
