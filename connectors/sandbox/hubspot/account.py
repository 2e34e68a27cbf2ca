"""What an account holds: records by type, their definitions, links between them. State with its own bookkeeping."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.sandbox.core import Clock, Document, Sandbox, SandboxError
from connectors.sandbox.hubspot import schema
from connectors.sandbox.hubspot.schema import Kind

DAILY = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}
BURST = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
LINK_BURST = {"free": 100, "starter": 100, "professional": 150, "enterprise": 150}


@dataclass(slots=True)
class Settings:
    """Switches a control call may set; the names are the keys of `configure`."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    verifier_token: str = ""  # signs webhooks in place of the client secret, which signs them at the real vendor
    app_id: int = 77
    app_name: str = "Bridge"
    redirect_uris: list[str] = field(default_factory=list)  # empty: any address
    code_seconds: float = 300.0
    access_token_seconds: float = 1800.0
    rotate_refresh_tokens: bool = False
    rate_limits: bool = False
    oauth_burst: int = 110
    daily_calls: int = 0  # 0: what the account's tier allows
    search_per_second: int = 5
    search_lag_seconds: float = 0.0
    ui_domain: str = "app.hubspot.com"
    lowercase_emails: bool = True
    keep_old_email: bool = False  # setting `email` keeps the old address as an additional one
    keep_primary_id: bool = False  # a merge keeps the primary's id (a beta) instead of making a new record
    api_invoice_source: str = ""  # what an invoice made over the API says in hs_invoice_source; "" for nothing
    allow_invoice_delete: bool = True
    lose_answers: int = 0  # that many next writes are done and answered 504
    webhook_url: str = ""
    webhook_signed_url: str = ""  # what is signed, when the receiver is known by another address
    webhook_linger_seconds: float = 0.2
    webhook_drop: float = 0.0
    webhook_double: float = 0.0
    webhook_shuffle: bool = True
    webhook_seed: int = 0

    def change(self, name: str, value: object) -> None:
        """Set one switch. Raises `SandboxError` for an unknown name or a value of another type."""
        if name not in self.__slots__:
            raise SandboxError(f"hubspot has no setting {name!r}; known: {', '.join(self.__slots__)}")
        kind = type(getattr(self, name))
        if kind is float and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not kind:
            raise SandboxError(f"hubspot setting {name} wants {kind.__name__}")
        setattr(self, name, value)


@dataclass(slots=True)
class Faults:
    """Troubles only this vendor can play. `lossy_rate`: share of records that lists and searches leave out."""

    lossy_rate: float = 0.0
    lag_seconds: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(0))


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, in the words of webhooks and of property history."""

    source: str
    id: str
    is_person: bool = False


PERSON = Author("CRM_UI", "userId:42", is_person=True)


@dataclass(slots=True)
class Record:
    """One record. Times are milliseconds since 1970. `values` holds what is not empty; ids and times are not in it.

    `past` has, for each property that ever changed, (since, value, author) oldest first, the present value last.
    """

    id: str
    values: dict[str, str]
    created: int
    updated: int
    archived: int | None = None
    past: dict[str, list[tuple[int, str, Author]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """A record as the search index still has it; None for one it does not know yet."""

    due: int
    record: Record | None


class Shelf:
    """All records of one type in one account, with their definitions and the values that must be unique."""

    def __init__(self, kind: Kind, definitions: dict[str, Document], first_id: int) -> None:
        self.kind = kind
        self.definitions = definitions
        self.groups: dict[str, Document] = {
            kind.group: {
                "name": kind.group,
                "label": f"{kind.label} information",
                "displayOrder": 0,
                "archived": False,
            }
        }
        self.records: dict[str, Record] = {}
        self.merged: dict[str, str] = {}
        self.unique: dict[str, dict[str, str]] = {
            name: {} for name, definition in definitions.items() if definition["hasUniqueValue"]
        }
        self.blocked: set[str] = set()  # addresses of people who were forgotten for good
        self.waiting: dict[str, deque[Version]] = {}
        self._next = first_id
        self._order: list[Record] | None = None

    def new_id(self) -> str:
        while str(self._next) in self.records or str(self._next) in self.merged:
            self._next += 1
        self._next += 1
        return str(self._next - 1)

    def find(self, id: str) -> Record | None:
        """The record of an id; a merged one answers with the record it went into. Archived ones are found too."""
        while id in self.merged:
            id = self.merged[id]
        return self.records.get(id)

    def holder(self, property_name: str, value: str) -> Record | None:
        """The live record that holds a unique value."""
        id = self.unique.get(property_name, {}).get(value.strip().lower())
        return None if id is None else self.records[id]

    def add(self, record: Record) -> None:
        self.records[record.id] = record
        if self._order is not None:
            if not self._order or int(record.id) > int(self._order[-1].id):
                self._order.append(record)
            else:
                self._order = None

    def drop(self, id: str) -> None:
        del self.records[id]
        self._order = None

    def in_order(self, after: int = -1) -> Iterator[Record]:
        """Records by id as a number, those above `after`."""
        if self._order is None:
            self._order = sorted(self.records.values(), key=_number)
        start = bisect_right(self._order, after, key=_number) if after >= 0 else 0
        return (self._order[at] for at in range(start, len(self._order)))

    def live(self) -> Iterator[Record]:
        return (record for record in self.in_order() if record.archived is None)

    def unique_of(self, values: dict[str, str]) -> Iterator[tuple[str, str]]:
        """The unique values among these: (property the index is kept under, value in lower case)."""
        for name in self.unique:
            value = values.get(name)
            if value:
                yield name, value.strip().lower()
        if self.kind.name == "contacts":
            for address in values.get("hs_additional_emails", "").split(";"):
                if address.strip():
                    yield "email", address.strip().lower()

    def index(self, record: Record) -> None:
        for name, value in self.unique_of(record.values):
            self.unique[name][value] = record.id

    def unindex(self, record: Record) -> None:
        for name, value in self.unique_of(record.values):
            if self.unique[name].get(value) == record.id:
                del self.unique[name][value]


def _number(record: Record) -> int:
    return int(record.id)


@dataclass(slots=True)
class Rule:
    """A validation rule an administrator made: `needs` the property, or wants it to look like `pattern`."""

    kind: str
    property: str
    message: str
    required: bool = False
    pattern: str = ""


@dataclass(slots=True)
class Account:
    """One account (a "portal"). `links`: by (type, id), then by type, then by id, the (category, type id) set."""

    portal: int
    name: str
    type: str
    tier: str
    currency: str
    timezone: str
    world: World
    currencies: tuple[str, ...] = ()
    payments: bool = True
    refused_scopes: frozenset[str] = frozenset()
    service_key: str = ""
    user_email: str = "person@connexion.example"
    pipelines: dict[str, tuple[str, ...]] = field(default_factory=lambda: {schema.PIPELINE: schema.STAGES})
    tax_rates: dict[str, Decimal] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    shelves: dict[str, Shelf] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, dict[str, set[tuple[str, int]]]]] = field(default_factory=dict)
    labels: dict[tuple[str, str], list[Document]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    calls: deque[float] = field(default_factory=deque)
    link_calls: deque[float] = field(default_factory=deque)
    searches: deque[float] = field(default_factory=deque)
    day: tuple[str, int] = ("", 0)
    events: dict[tuple[str, str], Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        codes = [self.currency, *self.currencies]
        offset = (self.portal % 97) * 10_000_000_000
        for kind in schema.KINDS.values():
            definitions = schema.definitions(kind, codes, tuple(self.pipelines))
            self.shelves[kind.name] = Shelf(kind, definitions, kind.first_id + offset)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def now(self) -> int:
        return self.world.now()

    def number(self, name: str, start: int) -> int:
        """The next of a series of the account's own numbers."""
        self.numbers[name] = self.numbers.get(name, start - 1) + 1
        return self.numbers[name]

    def shelf(self, kind: str) -> Shelf:
        return self.shelves[kind]

    def scopes_missing(self) -> frozenset[str]:
        """Scopes nobody can grant here, because the tier lacks what they are for."""
        return self.refused_scopes

    def daily(self) -> int:
        return self.world.settings.daily_calls or DAILY[self.tier]


@dataclass(slots=True)
class World:
    """What all accounts share. `at` stands in for the clock while a world is built."""

    sandbox: Sandbox
    settings: Settings = field(default_factory=Settings)
    faults: Faults = field(default_factory=Faults)
    at: int | None = None
    tell: Callable[[Account, Document], None] = lambda account, event: None

    @property
    def clock(self) -> Clock:
        return self.sandbox.clock

    def now(self) -> int:
        """Milliseconds since 1970 on the vendors' clock."""
        if self.at is not None:
            return self.at
        return int(self.clock.now().timestamp() * 1000)

    def lag(self) -> int:
        """Milliseconds until the search index knows a change."""
        if self.at is not None:
            return 0
        return int(max(self.settings.search_lag_seconds, self.faults.lag_seconds) * 1000)
