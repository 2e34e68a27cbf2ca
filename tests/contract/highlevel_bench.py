"""A workbench for the HighLevel connector: the stand-in over HTTP, an account at it, and the vendor's contract held
against every request the connector makes and every answer it gets.
"""

import json
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connectors.contract import App, Grant, Write
from connectors.highlevel import CONNECTOR, auth
from connectors.transport import Api, PlainHttp, fill_hosts
from tests.account import Account
from tests.contracts import HIGHLEVEL
from tests.unit.sandbox.highlevel_desk import UNDESCRIBED

APP = App("sandbox-client", "sandbox-secret")
BACK = "https://app.example.com/connect/return"
ATELIER, PINECREST = "locAtelierBoreal0001", "locPinecrestGarden02"
REVIEW = "1c0ffee0-0000-4000-8000-000000000001"
REALM = "9130000000000001"
SETTINGS = {
    "lose_answers": 0, "search_lag_seconds": 0.0, "rate_limits": False, "burst_calls": 100, "daily_calls": 200_000,
    "allow_duplicate_contact": False, "refresh_grace_seconds": 0.0, "lowercase_names": False, "tax_rounding": "document",
    "order_taxes": True, "page_wall": 10_000,
}  # fmt: skip


@dataclass
class Bench:
    """The stand-in, what was said that breaks the contract, and every call with its body."""

    url: str
    complaints: list[str] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def control(self, name: str, data: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=data, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def configure(self, **settings: Any) -> None:
        self.control("configure/highlevel", settings)

    def load(self, kind: str, *documents: Any) -> None:
        """Edit as a person would in the product."""
        self.control("load/highlevel", {kind: list(documents)})

    def state(self) -> dict[str, Any]:
        """What the first location holds."""
        told = requests.get(f"{self.url}/_sandbox/state/highlevel", timeout=30).json()
        found: dict[str, Any] = told["locations"][0]
        return found

    @property
    def hosts(self) -> Any:
        return fill_hosts(CONNECTOR.environments["local_sandbox"], self.url)

    def callback(self, location: str = ATELIER) -> dict[str, str]:
        """A person says yes: what comes back to us."""
        url = auth.authorize_url(self.hosts, APP, BACK, "state-1") + f"&auto=1&location={location}"
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {key: values[0] for key, values in query.items()}

    def grant(self, location: str = ATELIER) -> Grant:
        return auth.exchange(PlainHttp(), self.hosts, APP, BACK, self.callback(location))[0]

    def connect(self, location: str = ATELIER, **context: str) -> tuple[Api, Account]:
        """A connected account, with the context a run would give it."""
        grant = self.grant(location)
        account = Account(grant, "HL-TOKEN", lambda used: auth.refresh(PlainHttp(), self.hosts, APP, used))
        told = {
            "account_id": location, **grant.extra["context"], "realm": REALM, "location_zone": "America/Toronto",
            **context,
        }  # fmt: skip
        return Api(CONNECTOR, self.hosts, account, told, deadline_seconds=20), account

    def watch(self, request: Any, answer: Any) -> None:
        """Hold one call against the contract."""
        parts = urlsplit(request.url)
        if not parts.path.startswith("/highlevel/"):
            return
        path = parts.path.removeprefix("/highlevel")
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        kind = str(request.headers.get("Content-Type") or "application/json")
        with self.lock:
            told = json.loads(body) if body and "json" in kind else None
            self.sent.append((request.method, path, told))
            self.complaints += _complaints(request, f"{path}?{parts.query}", body, kind, answer)

    def bodies(self, ending: str) -> list[Any]:
        """The bodies sent to paths with this ending."""
        return [body for _, path, body in self.sent if path.endswith(ending)]


def _complaints(request: Any, address: str, body: bytes, kind: str, answer: Any) -> list[str]:
    if any(part in address for part in UNDESCRIBED):
        return []
    version = {"Version": str(request.headers["Version"])} if "Version" in request.headers else {}
    described = (
        answer and answer.status < 500 and answer.body and "json" in str(answer.headers.get("content-type", "json"))
    )
    return HIGHLEVEL.misfits(request.method, address, body, answer if described else None, kind=kind, **version)


def write(resource: Any, values: dict[str, Any], context: Any, action: Any = "create", **more: Any) -> Write:
    """A write as a run would make it, its body through JSON as it would go through a table."""
    payload = json.loads(json.dumps(resource.payload(values, action, context)))
    return Write("1", action, values.get("remote_id"), payload, "key-1", **more)


def read(api: Api, cursor: Any, *names: str, feed: int = 0) -> tuple[dict[str, list[Any]], Any, list[Any]]:
    """Documents by resource, the cursor (through JSON, as it is kept), and the pages."""
    found: dict[str, list[Any]] = {}
    seen = []
    for page in CONNECTOR.feeds[feed].read(api, cursor, frozenset(names)):
        for name, rows in page.documents.items():
            found.setdefault(name, []).extend(rows)
        cursor = json.loads(json.dumps(page.cursor))
        seen.append(page)
    return found, cursor, seen
