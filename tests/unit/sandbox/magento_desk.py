"""A caller's desk in front of the store: it signs as the published library does, and reads the answers."""

import asyncio
import contextlib
import json
import secrets
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from connectors.sandbox.core import Request, Sandbox, encode
from connectors.sandbox.magento import MagentoStandIn
from tests.unit.sandbox.still import StillClock

HOST = "http://127.0.0.1:9100"
BASE = f"{HOST}/magento"
KEYS = (
    "sandbox-consumer",
    "SECRET-sandbox-consumer-secret",
    "SECRET-sandbox-access-token",
    "SECRET-sandbox-access-token-secret",
)
NOW = datetime(2026, 11, 5, 15, tzinfo=UTC)


def criteria(*filters, sort=(), size=None, page=None, spelling="filter_groups", **more):
    """A query string: filters are (field, operator, value), ANDed; a list of them is one ORed group."""
    names = {"filter_groups": "condition_type", "filterGroups": "conditionType"}
    query = {}
    for at, group in enumerate(filters):
        for place, (field, operator, value) in enumerate(group if isinstance(group, list) else [group]):
            root = f"searchCriteria[{spelling}][{at}][filters][{place}]"
            query |= {f"{root}[field]": field, f"{root}[value]": value, f"{root}[{names[spelling]}]": operator}
    for at, (field, direction) in enumerate(sort):
        query[f"searchCriteria[sortOrders][{at}][field]"] = field
        if direction:
            query[f"searchCriteria[sortOrders][{at}][direction]"] = direction
    if size is not None:
        query["searchCriteria[pageSize]"] = str(size)
    if page is not None:
        query["searchCriteria[currentPage]"] = str(page)
    return urlencode(query or {"searchCriteria": ""}, quote_via=quote) + "".join(f"&{k}={v}" for k, v in more.items())


class KeptPost(Sandbox):
    """Keeps what the store sends to the connector's server, and answers for it."""

    def __init__(self):
        super().__init__(StillClock(NOW))
        self.posted, self.status = [], 200

    async def post(self, url, body, headers, timeout_seconds=10.0):
        self.posted.append((url, {k: v[0] for k, v in parse_qs(body.decode()).items()}))
        return self.status


class Desk:
    """Calls the stand-in. The clock stands still at NOW unless a test moves it."""

    def __init__(self, world="empty"):
        self.sandbox = KeptPost()
        self.vendor = MagentoStandIn(self.sandbox)
        self.vendor.reset(world)
        self.keys = KEYS
        self.loop = asyncio.new_event_loop()

    def close(self):
        self.loop.close()

    def raw(self, method, target, body=b"", headers=None):
        """The answer to exactly this; `target` is path and query as they go over the wire."""
        parts = urlsplit(target)
        request = Request(
            method,
            unquote(parts.path).removeprefix("/magento"),
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in (headers or {}).items()},
            body,
            BASE,
            target,
        )
        return self.loop.run_until_complete(self.vendor.handle(request))

    def sign(self, method, target, host=HOST, keys=None, **more):
        """The Authorization header as the library makes it."""
        key, secret, token, token_secret = keys or self.keys
        more = {"nonce": secrets.token_hex(8), "timestamp": str(int(self.sandbox.clock.now().timestamp())), **more}
        client = Client(key, secret, token, token_secret, signature_method=SIGNATURE_HMAC_SHA256, **more)
        return client.sign(host + target, method)[1]["Authorization"]

    def call(self, method, path, data=None, store="default/", **sign):
        """A signed call; `path` is below `V1`."""
        target = f"/magento/rest/{store}V1/{path}"
        headers = {"Authorization": self.sign(method, target, **sign), "Accept": "application/json"}
        body = b""
        if data is not None:
            headers["Content-Type"], body = "application/json", encode(data)
        return self.raw(method, target, body, headers)

    def ok(self, method, path, data=None, **more):
        answer = self.call(method, path, data, **more)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def refused(self, method, path, data=None, **more):
        answer = self.call(method, path, data, **more)
        assert answer.status >= 400, answer.body
        return answer.status, json.loads(answer.body)

    def get(self, path, *filters, **more):
        """A page of a list."""
        return self.ok("GET", f"{path}?{criteria(*filters, **more)}")

    def ids(self, path, *filters, id="entity_id", **more):
        return [row[id] for row in self.get(path, *filters, **more)["items"]]

    @contextlib.contextmanager
    def configured(self, **settings):
        """Settings for the length of a `with`."""
        before = {name: getattr(self.vendor.settings, name) for name in settings}
        self.vendor.configure(settings)
        try:
            yield self
        finally:
            self.vendor.configure(before)

    def load(self, **documents):
        return self.vendor.load_all(documents)
