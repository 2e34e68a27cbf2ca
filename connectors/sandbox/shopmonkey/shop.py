"""What a company holds, the switches, and what all companies share. State with its bookkeeping."""

from __future__ import annotations

import random
import re
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from connectors.sandbox.core import Document, Sandbox, SandboxError
from connectors.sandbox.shopmonkey.shapes import TABLES
from connectors.sandbox.shopmonkey.wire import moment, no_record

Drawer: TypeAlias = dict[str, Document]
PERMISSIONS = (
    "order:read", "payment:read", "customer:read", "customer:write", "inventory:read", "inventory:write",
    "location:read", "vendor:read", "vehicle:read", "workflow:read", "webhook:read", "webhook:write",
)  # fmt: skip
MARKS = ("updatedDate", "meta")


@dataclass(slots=True)
class Settings:
    """Switches a control call may set; the names are the keys of `configure`."""

    rate_limits: bool = False
    calls_per_minute: int = 300  # the vendor does not publish its number
    page_limit: int = 100  # more rows than this no page has, whatever was asked
    has_more_lies: bool = True  # meta.hasMore says the opposite of what is true
    shuffle: bool = False  # listings come in another order each time
    ignore_filters: list[str] = field(default_factory=list)  # "order": all of where; "order.status": this name
    ignore_writes: list[str] = field(default_factory=list)  # members a write leaves as they were, answering 200
    strict: bool = False  # refuse what the vendor silently ignores
    search_routes: str = "nested"
    inventory_create: bool = True  # whether parts can be made and changed is unverified
    customer_list: bool = True
    unlisted_routes: bool = False  # tax set-ups and payment terms, for which no public route was found
    number_kind: str = "kept"
    tax_cents_in_canada: bool = True  # whether taxCents stands beside gst, pst and hst is unverified
    waste_tire: str = "tires"
    fee_subtotals: bool = True  # whether a fee that is a percentage tells its amount
    surcharge_in_total: bool = False
    firewall_calls: int = 0  # so many next calls are turned away by the edge
    firewall_rate: float = 0.0
    odd_success_calls: int = 0  # so many next calls are answered 200 with success false
    odd_success_rate: float = 0.0
    hang_calls: int = 0
    hang_rate: float = 0.0
    hang_seconds: float = 45.0
    trouble_seed: int = 0
    webhook_linger_seconds: float = 0.2
    webhook_drop: float = 0.0
    webhook_double: float = 0.0
    webhook_shuffle: bool = False
    webhook_seed: int = 0
    webhook_key: str = "standard"

    CHOICES = {  # noqa: RUF012 - a table of the class, not a field
        "search_routes": ("nested", "flat", "both"),
        "number_kind": ("kept", "text", "integer"),
        "waste_tire": ("tires", "fees"),
        "webhook_key": ("standard", "raw"),
    }

    def change(self, name: str, value: object) -> None:
        """Set one switch. Raises `SandboxError` for an unknown name or a value of another type."""
        if name not in self.__slots__:
            raise SandboxError(f"shopmonkey has no setting {name!r}; known: {', '.join(self.__slots__)}")
        kind = type(getattr(self, name))
        if kind is float and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not kind:
            raise SandboxError(f"shopmonkey setting {name} wants {kind.__name__}")
        if name in self.CHOICES and value not in self.CHOICES[name]:
            raise SandboxError(f"shopmonkey setting {name} wants one of {', '.join(self.CHOICES[name])}")
        setattr(self, name, value)


@dataclass(slots=True)
class Faults:
    """Troubles only this vendor can play. `lossy_rate`: share of rows that listings (of these paths) leave out."""

    lossy_rate: float = 0.0
    lossy_path: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    lag_seconds: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    dead_keys: set[str] | None = None  # None: none; empty: all


@dataclass(slots=True)
class Key:
    """A key a person made: what it may do and where (empty: everywhere)."""

    id: str
    secret: str
    name: str
    permissions: frozenset[str] = frozenset(PERMISSIONS)
    locations: frozenset[str] = frozenset()
    revoked: bool = False
    calls: deque[float] = field(default_factory=deque)


@dataclass(slots=True)
class World:
    """What all companies share. `at` stands in for the clock while a world is built."""

    sandbox: Sandbox
    settings: Settings = field(default_factory=Settings)
    faults: Faults = field(default_factory=Faults)
    at: datetime | None = None
    tell: Callable[[Company, str, str, Document, Sequence[str]], None] = lambda *_: None

    def now(self) -> datetime:
        return self.at or self.sandbox.clock.now()

    def stamp(self) -> str:
        return moment(self.now())


class Company:
    """One company. Rows are kept as reads show them and never changed in place: an edit puts a new row."""

    def __init__(self, id: str, name: str, world: World) -> None:
        self.id, self.name, self.world = id, name, world
        self.keys: dict[str, Key] = {}
        self.tables: dict[str, Drawer] = {name: {} for name in TABLES}
        self._services: dict[str, list[str]] = {}
        self._payments: dict[str, list[str]] = {}
        self._numbers: dict[str, int] = {}
        self._receipts = 5000
        self._before: dict[tuple[str, str], deque[tuple[datetime, Document | None]]] = {}
        self._dice = random.Random(f"shopmonkey {id}")  # noqa: S311 - invention, not secrecy

    def __getitem__(self, table: str) -> Drawer:
        return self.tables[table]

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def old_id(self) -> str:
        """An id of the vendor's older system."""
        return f"{self._dice.getrandbits(96):024x}"

    def secret_bytes(self) -> bytes:
        return self._dice.randbytes(24)

    def zone(self, location: str | None) -> ZoneInfo:
        return ZoneInfo(self["locations"].get(location or "", {}).get("timezone", "UTC"))

    def home(self) -> str:
        """The location a row belongs to when nobody says."""
        return next(iter(self["locations"]))

    def find(self, table: str, id: object) -> Document:
        """A row. Raises `Refusal` (404)."""
        found = self[table].get(str(id))
        if found is None:
            raise no_record()
        return found

    # Rows

    def fill(self, table: str, document: Document) -> Document:
        """A whole row out of what is told of it."""
        shape = TABLES[table]
        stamp = self.world.stamp()
        row: Document = {
            "id": str(document.get("id") or self.new_id()),
            "createdDate": document.get("createdDate") or stamp,
            "updatedDate": None,
            "companyId": self.id,
            **shape.blank(),
            "meta": {"userId": "", "sessionId": "", "version": 1},
        }
        row |= {name: value for name, value in document.items() if name not in ("id", "createdDate")}
        if shape.is_local and table != "webhooks" and not row.get("locationId"):
            row["locationId"] = self.home()
        return row

    def put(self, table: str, row: Document) -> Document:
        """Keep a new row or a changed one; a changed one gets its time and its version, and both are told."""
        old = self[table].get(row["id"])
        changed: list[str] = []
        if old is not None:
            changed = [name for name in row if name not in MARKS and row[name] != old.get(name, ...)]
            if not changed:
                return old
            meta = {**old["meta"], "version": old["meta"].get("version", 1) + 1}
            row = {**row, "updatedDate": self.world.stamp(), "meta": meta}
        self._remember(table, row["id"], old)
        self[table][row["id"]] = row
        if old is None:
            self._list(table, row)
        self.world.tell(self, table, "INSERT" if old is None else "UPDATE", row, [*changed, "updatedDate"])
        return row

    def edit(self, table: str, id: str, **changes: object) -> Document:
        return self.put(table, {**self[table][id], **changes})

    def drop(self, table: str, id: str) -> Document:
        """Take a row away for good (webhooks; the rest is only marked)."""
        row = self[table].pop(id)
        self.world.tell(self, table, "DELETE", row, ())
        return row

    def _list(self, table: str, row: Document) -> None:
        if table == "services":
            self._services.setdefault(row["orderId"], []).append(row["id"])
        elif table == "payments":
            self._receipts = max(self._receipts, _as_count(row["receiptNumber"]))
            for order in {row["orderId"], self["payments"].get(row["chargeId"] or "", {}).get("orderId")} - {None}:
                self._payments.setdefault(order, []).append(row["id"])
        elif table == "orders":
            where = row["locationId"]
            self._numbers[where] = max(self._numbers.get(where, 1000), _as_count(row["number"]))

    def next_number(self, location: str) -> int:
        return self._numbers.get(location, 1000) + 1

    def next_receipt(self) -> int:
        return self._receipts + 1

    def services_of(self, order: str) -> list[Document]:
        return [self["services"][id] for id in self._services.get(order, ())]

    def payments_of(self, order: str) -> list[Document]:
        """Payments on an order, and those that took money away from it."""
        return [self["payments"][id] for id in self._payments.get(order, ())]

    # What listings know

    def _remember(self, table: str, id: str, old: Document | None) -> None:
        seconds = self.world.faults.lag_seconds
        if seconds and self.world.at is None:
            due = self.world.now() + timedelta(seconds=seconds)
            self._before.setdefault((table, id), deque()).append((due, old))

    def seen(self, table: str) -> Iterable[Document]:
        """The rows as listings know them at this moment."""
        if not self._before:
            return self[table].values()
        now = self.world.now()
        for key in list(self._before):
            changes = self._before[key]
            while changes and changes[0][0] <= now:
                changes.popleft()
            if not changes:
                del self._before[key]
        waiting = {id: changes[0][1] for (name, id), changes in self._before.items() if name == table}
        rows = [waiting.get(id, row) if id in waiting else row for id, row in self[table].items()]
        return [row for row in rows if row is not None]


def places(row: Document) -> Sequence[str]:
    """The locations a row belongs to; none: the whole company."""
    if "locationIds" in row:
        return list(row["locationIds"])
    return [row["locationId"]] if row.get("locationId") else []


def _as_count(number: object) -> int:
    """The digits an order or receipt number ends with."""
    digits = re.search(r"(\d{1,12})$", str(number))
    return int(digits[1]) if digits else 0
