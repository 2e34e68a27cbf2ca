"""A garage's stand-in and its connector, for tests that read and write over HTTP without the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.sandbox.server import background
from connectors.shopmonkey import CONNECTOR, auth
from connectors.transport import Api, fill_hosts
from tests.account import Account

KEY, READ_ONLY, OTTAWA = (
    f"smk-SECRET-garage-{name}" for name in ("point-mort-0001", "lecture-0003", "ottawa-0004")
)  # fmt: skip
COMPANY = "5b1c0ffe-0001-4a00-8000-000000000001"
RIVIERES, CAPITAL = "10c00000-0001-4a00-8000-000000000001", "10c00000-0002-4a00-8000-000000000002"
SALES = ("orders", "customers", "payments", "refunds")
# Every switch a test turns, back to how the vendor is.
PLAIN: dict[str, Any] = {
    "rate_limits": False, "calls_per_minute": 300, "page_limit": 100, "has_more_lies": True, "shuffle": False,
    "ignore_filters": [], "ignore_writes": [], "search_routes": "nested", "inventory_create": True, "number_kind": "kept",
    "tax_cents_in_canada": True, "waste_tire": "tires", "surcharge_in_total": False, "firewall_calls": 0,
    "odd_success_calls": 0, "hang_calls": 0, "hang_seconds": 45.0,
}  # fmt: skip


class Reading:
    """What a reading brought, by resource; the last document of each id counts."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.ends: set[str] = set()
        self.expected: dict[str, int] = {}
        self.missing: dict[str, int] = {}
        self.notes: list[str] = []
        self.pages: list[Any] = []
        self.cursor: Any = None

    def take(self, page: Any) -> None:
        for name, documents in page.documents.items():
            for document in documents:
                record = CONNECTOR.resource(name).parse(document)
                self.records.setdefault(name, {})[record.remote_id] = record
        self.ends |= page.ends
        self.expected |= page.expected
        self.missing |= page.missing
        self.notes += [page.note] if page.note else []
        self.pages.append(page)
        self.cursor = json.loads(json.dumps(page.cursor))

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.records.get(name, {})

    def __contains__(self, name: str) -> bool:
        return bool(self.records.get(name))


@dataclass
class Garage:
    """The stand-in, and what was sent to it."""

    url: str
    sent: list[Any] = field(default_factory=list)
    account: Account | None = None

    def control(self, path: str, body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def reset(self, world: str = "empty") -> None:
        self.control("faults", [])
        self.configure(**PLAIN)
        self.control("reset", {"world": world})

    def configure(self, **settings: Any) -> None:
        self.control("configure/shopmonkey", settings)

    def lose(self, rate: float, seed: int = 1, path: str = "") -> None:
        """Let each row of each list (whose path fits) be missing at random."""
        fault = {"kind": "lossy", "rate": rate, "seed": seed, "path": path}
        self.control("faults", [fault] if rate else [])

    def load(self, **documents: Any) -> Any:
        return self.control("load/shopmonkey", {**documents, "company": COMPANY})

    @property
    def state(self) -> Any:
        """All the garage holds."""
        found = requests.get(f"{self.url}/_sandbox/state/shopmonkey", timeout=60).json()["companies"]
        return next(item for item in found if item["id"] == COMPANY)

    def api(self, key: str = KEY, *, seconds: float = 20, **context: str) -> Api:
        hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], self.url)
        self.account = Account(auth.grant_from_key(key, hosts), "SM-KEY")
        return Api(CONNECTOR, hosts, self.account, {"account_id": COMPANY, **context}, deadline_seconds=seconds)

    def read(self, *wanted: str, cursor: Any = None, feed: str = "garage", key: str = KEY, **context: str) -> Reading:
        """Read a feed to its end."""
        reader = next(item for item in CONNECTOR.feeds if item.name == feed).read
        found = Reading()
        with self.api(key, **context) as api:
            for page in reader(api, cursor, frozenset(wanted)):
                found.take(page)
        return found

    @property
    def calls(self) -> list[str]:
        """The calls of the newest account, as method and path."""
        return self.account.calls if self.account else []

    @property
    def paths(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.sent]


@contextmanager
def running(world: str = "empty") -> Iterator[Garage]:
    """A garage on a server of its own."""
    with background(world) as url:
        yield Garage(url)


def service(name: str = "Entretien (inventé)", hours: str = "1", **more: Any) -> dict[str, Any]:
    """A service with an hour of labor, authorised."""
    labor = {"name": "Main-d’œuvre", "hours": Decimal(hours), "rateCents": 10000, "taxable": True}
    told = {"name": name, "authorizationStatus": "Authorized", "labors": [labor], **more}
    return json.loads(json.dumps(told, default=float))


def order(place: str = RIVIERES, **more: Any) -> dict[str, Any]:
    """An order with one service, invoiced."""
    return {"locationId": place, "authorize": True, "invoice": True, "services": [service()], **more}


def comes_to(values: dict[str, Any]) -> Decimal:
    """What a sale's lines come to, discounts and taxes counted."""
    parts = (line["amount"] - line["discount"] + line["tax_amount"] for line in values["lines"])
    return sum(parts, Decimal(0))
