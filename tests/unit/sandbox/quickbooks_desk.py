"""A connected client of the QuickBooks stand-in, without a network between them."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.sandbox.core import Request, Sandbox, encode
from connectors.sandbox.quickbooks import QuickBooksStandIn
from connectors.sandbox.quickbooks.world import QUEBEC as HOME
from connectors.sandbox.quickbooks.world import VERMONT as US
from tests.unit.sandbox.still import StillClock

START = datetime(2026, 10, 15, 15, tzinfo=UTC)
BACK = "http://localhost/back"
APP = ("sandbox-client", "sandbox-secret")


class Desk:
    """Signs in to one company and makes calls; `vendor` is the stand-in itself."""

    def __init__(self, world="empty", realm=HOME):
        self.vendor = QuickBooksStandIn(Sandbox(StillClock(START)))
        self.vendor.reset(world)
        self.realm = realm
        self.tokens = self.body(self.exchange(self.consent(auto="1", realm=realm)))

    @property
    def books(self):
        return self.vendor.companies[self.realm]

    def call(self, method, path, query=(), body=b"", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, path, parse_qs(urlencode(query), keep_blank_values=True), headers, body)
        return asyncio.run(self.vendor.handle(request))

    # Signing in

    def consent(self, method="GET", form=(), **query):
        asked = {
            "client_id": APP[0],
            "response_type": "code",
            "scope": "com.intuit.quickbooks.accounting",
            "redirect_uri": BACK,
            "state": "s-1",
            **query,
        }
        answer = self.call(method, "/connect/oauth2", asked, urlencode(form).encode())
        if answer.status != 302:
            return answer
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def exchange(self, returned, redirect_uri=BACK):
        return self.token_call(grant_type="authorization_code", code=returned["code"], redirect_uri=redirect_uri)

    def token_call(self, app=APP, hard_end=False, **form):
        basic = "Basic " + base64.b64encode(":".join(app).encode()).decode()
        extra = {"x_include_refresh_token_hard_expires_in": "true"} if hard_end else {}
        return self.call("POST", "/oauth2/v1/tokens/bearer", (), urlencode(form).encode(), authorization=basic, **extra)

    def refresh(self, token=None):
        return self.token_call(grant_type="refresh_token", refresh_token=token or self.tokens["refresh_token"])

    # Calls to the company

    def get(self, resource, realm=None, token=None, **query):
        bearer = f"Bearer {token or self.tokens['access_token']}"
        return self.call("GET", f"/v3/company/{realm or self.realm}/{resource}", query, authorization=bearer)

    def post(self, resource, body, **query):
        bearer = f"Bearer {self.tokens['access_token']}"
        raw = body if isinstance(body, bytes) else encode(body)
        return self.call("POST", f"/v3/company/{self.realm}/{resource}", query, raw, authorization=bearer)

    def query(self, text):
        return self.get("query", query=text)

    def rows(self, text):
        """The rows of a query that must be answered well."""
        answer = self.query(text)
        assert answer.status == 200, answer.body
        found = self.body(answer)["QueryResponse"]
        return next((value for value in found.values() if isinstance(value, list)), [])

    def made(self, resource, body, **query):
        """What a write that must succeed has stored."""
        answer = self.post(resource, body, **query)
        assert answer.status == 200, answer.body
        return next(iter(self.body(answer).values()))

    def code(self, answer):
        """The code of a refusal of the accounting service."""
        assert answer.status == 400, answer.body
        return self.body(answer)["Fault"]["Error"][0]["code"]

    @staticmethod
    def body(answer):
        return json.loads(answer.body)

    @staticmethod
    def plain(document):
        return json.loads(encode(document))

    def ago(self, **delta):
        return (self.vendor.sandbox.clock.now() - timedelta(**delta)).isoformat()

    # Ready-made things

    def line(self, item, amount, code="1", **detail):
        inner = {"ItemRef": {"value": item}, "TaxCodeRef": {"value": code}, **detail}
        return {"Amount": float(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": inner}

    def customer(self, name="Cliente Inventée", **more):
        return self.made("customer", {"DisplayName": name, **more})

    def service(self, name="Service inventé", **more):
        return self.made("item", {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "8"}, **more})

    def sale(self, customer, *lines, **more):
        """The body of a sales document."""
        body = {"CustomerRef": {"value": customer["Id"]}, "Line": list(lines), **more}
        return body if self.realm == US else {"GlobalTaxCalculation": "TaxExcluded", **body}

    def invoice(self, customer, amount="100", code="4", **more):
        """A stored invoice of one line; code 4 is exempt."""
        item = next(iter(self.rows("select * from Item")), None) or self.service()
        return self.made("invoice", self.sale(customer, self.line(item["Id"], amount, code), **more))

    def pay(self, customer, amount, *targets, **more):
        """A stored payment; targets are (amount, document, type)."""
        lines = [{"Amount": a, "LinkedTxn": [{"TxnId": d["Id"], "TxnType": kind}]} for a, d, kind in targets]
        return self.post(
            "payment", {"CustomerRef": {"value": customer["Id"]}, "TotalAmt": amount, "Line": lines, **more}
        )

    def again(self, entity, document):
        """The document as it is now."""
        return self.body(self.get(f"{entity.lower()}/{document['Id']}"))[entity]

    def furnish(self, held, request):
        """Make up the objects a recorded write refers to, where the recording does not show them."""
        body = request["body"] or {}
        for write in [
            body,
            *(item.get(k) for item in body.get("BatchItemRequest", []) for k in ("Invoice", "SalesReceipt")),
        ]:
            for line in (write or {}).get("Line", []):
                ref = line["SalesItemLineDetail"]["ItemRef"]
                item = {"Id": ref["value"], "Name": ref.get("name", "x"), "Type": "Service", "SyncToken": "0"}
                held.setdefault("Item", {}).setdefault(ref["value"], item)
            if (write or {}).get("CustomerRef"):
                id = write["CustomerRef"]["value"]
                place = {"Id": "2", "Line1": "1 Rue", "City": "X", "PostalCode": "1", "CountrySubDivisionCode": "CA"}
                place.update(Lat="INVALID", Long="INVALID")
                customer = {"Id": id, "DisplayName": "Invented", "BillAddr": place, "ShipAddr": place}
                held.setdefault("Customer", {}).setdefault(id, customer)
