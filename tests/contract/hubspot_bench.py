"""A workbench for the HubSpot connector: the stand-in over HTTP, an account at it, and the vendor's contract held
against every request the connector makes and every answer it gets.
"""

import json
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connectors.contract import App, Grant, Resource, Write
from connectors.hubspot import CONNECTOR, auth
from connectors.transport import Api, PlainHttp, fill_hosts
from tests.account import Account
from tests.contracts import HUBSPOT

APP = App("sandbox-client", "sandbox-secret")
BACK = "https://app.example.com/connect/hubspot/return"
PORTAL, TEST_PORTAL, SMALL_PORTAL = "24100001", "24100002", "24100003"
REALM = "9130000000000001"


@dataclass
class Bench:
    """The stand-in, what was said that breaks the contract, and every call with its body."""

    url: str
    complaints: list[str] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def control(self, name: str, data: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=data, timeout=20)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def load(self, kind: str, *documents: Any) -> None:
        """Edit as a person would in the product."""
        self.control("load/hubspot", {kind: list(documents)})

    def state(self) -> dict[str, Any]:
        """What the first account holds."""
        told = requests.get(f"{self.url}/_sandbox/state/hubspot", timeout=20).json()
        found: dict[str, Any] = told["accounts"][0]
        return found

    def held(self, kind: str) -> list[dict[str, Any]]:
        """The records of a kind the first account holds, without archived ones."""
        return [row for row in self.state()["records"][kind] if not row.get("archived")]

    @property
    def hosts(self) -> Any:
        return fill_hosts(CONNECTOR.environments["local_sandbox"], self.url)

    def callback(self, portal: str = PORTAL) -> dict[str, str]:
        """A person says yes: what comes back to us."""
        url = auth.authorize_url(self.hosts, APP, BACK, "state-1") + f"&auto=1&account={portal}"
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {key: values[0] for key, values in query.items()}

    def grant(self, portal: str = PORTAL) -> Grant:
        return auth.exchange(PlainHttp(), self.hosts, APP, BACK, self.callback(portal))[0]

    def connect(self, portal: str = PORTAL, **context: str) -> tuple[Api, Account]:
        """A connected account, with the context a run would give it."""
        grant = self.grant(portal)
        account = Account(grant, "HS-TOKEN", lambda used: auth.refresh(PlainHttp(), self.hosts, APP, used))
        told = {"account_id": portal, **grant.extra["context"], "realm": REALM, "language": "fr", **context}
        return Api(CONNECTOR, self.hosts, account, told, deadline_seconds=20), account

    def watch(self, request: Any, answer: Any) -> None:
        """Hold one call against the contract."""
        parts = urlsplit(request.url)
        if not parts.path.startswith("/hubspot/"):
            return
        path = parts.path.removeprefix("/hubspot")
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        kind = str(request.headers.get("Content-Type") or "application/json")
        with self.lock:
            told = json.loads(body) if body and "json" in kind else None
            self.sent.append((request.method, path, told))
            self.complaints += _complaints(request.method, f"{path}?{parts.query}", body, kind, answer)

    def bodies(self, ending: str) -> list[Any]:
        """The bodies sent to paths with this ending."""
        return [body for _, path, body in self.sent if path.endswith(ending)]


def _complaints(method: str, address: str, body: bytes, kind: str, answer: Any) -> list[str]:
    described = answer and answer.body and "json" in str(answer.headers.get("content-type", "json"))
    return HUBSPOT.misfits(method, address, body, answer if described else None, kind=kind)


def writes(resource: Resource, values: list[dict[str, Any]], context: Any, action: Any = "create") -> list[Write]:
    """Writes as a run would make them, their bodies through JSON as they would go through a table."""
    found = []
    for place, item in enumerate(values):
        payload = json.loads(json.dumps(resource.payload(item, action, context)))
        found.append(Write(str(place + 1), action, item.get("remote_id"), payload, f"key-{place}"))
    return found


def read(api: Api, cursor: Any, *names: str, pages: int = 0) -> tuple[dict[str, list[Any]], Any, list[Any]]:
    """Documents by resource, the cursor (through JSON, as it is kept), and the pages. `pages`: stop after so many."""
    found: dict[str, list[Any]] = {}
    seen = []
    for page in CONNECTOR.feeds[0].read(api, cursor, frozenset(names)):
        for name, rows in page.documents.items():
            found.setdefault(name, []).extend(rows)
        cursor = json.loads(json.dumps(page.cursor))
        seen.append(page)
        if pages and len(seen) >= pages:
            break
    return found, cursor, seen
