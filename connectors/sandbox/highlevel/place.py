"""What a location (a sub-account) holds, the switches, and what all locations share. State with its bookkeeping."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from connectors.sandbox.core import Document, Sandbox, SandboxError
from connectors.sandbox.highlevel.wire import MOST_DIGITS, moment

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
Drawer: TypeAlias = dict[str, Document]


@dataclass(slots=True)
class Settings:
    """Switches a control call may set; the names are the keys of `configure`."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    app_id: str = "6512f0a1b2c3d4e5f6071829"
    brand: str = "CrocoClick"
    redirect_uris: list[str] = field(default_factory=list)  # empty: any address
    refuse_brand_in_redirect: bool = False  # said of the vendor, unverified
    code_seconds: float = 300.0
    access_token_seconds: float = 86_399.0
    refresh_token_seconds: float = 31_536_000.0
    refresh_grace_seconds: float = 0.0  # a used refresh token given again this soon gets the same answer again
    revoke_on_reuse: bool = False  # a used refresh token given again ends the whole connection
    reconnect_api: bool = False  # POST /oauth/reconnect is described, its availability unverified
    version: str = "2021-07-28"
    rate_limits: bool = False
    burst_calls: int = 100
    burst_seconds: float = 10.0
    daily_calls: int = 200_000
    search_lag_seconds: float = 0.0
    page_wall: int = 10_000  # rows `page` can reach in a contact search
    lowercase_emails: bool = True
    lowercase_names: bool = False  # searches give names in lower case, the originals beside them
    allow_duplicate_contact: bool = False
    tax_rounding: str = "document"  # or "line"
    invoice_dates: str = "issueDate"  # what startAt and endAt test, or "createdAt"
    order_taxes: bool = True  # whether reads of an order tell tax and shipping
    lose_answers: int = 0  # that many next writes are done and answered 504
    webhook_url: str = ""
    webhook_signatures: str = "both"  # "both", "current", "legacy", "none"
    webhook_bare_invoices: bool = False  # invoice events without type, locationId and webhookId
    webhook_linger_seconds: float = 0.2
    webhook_drop: float = 0.0
    webhook_double: float = 0.0
    webhook_shuffle: bool = False
    webhook_seed: int = 0

    CHOICES = {  # noqa: RUF012 - a table of the class, not a field
        "tax_rounding": ("document", "line"),
        "invoice_dates": ("issueDate", "createdAt"),
        "webhook_signatures": ("both", "current", "legacy", "none"),
    }

    def change(self, name: str, value: object) -> None:
        """Set one switch. Raises `SandboxError` for an unknown name or a value of another type."""
        if name not in self.__slots__:
            raise SandboxError(f"highlevel has no setting {name!r}; known: {', '.join(self.__slots__)}")
        kind = type(getattr(self, name))
        if kind is float and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not kind:
            raise SandboxError(f"highlevel setting {name} wants {kind.__name__}")
        if name in self.CHOICES and value not in self.CHOICES[name]:
            raise SandboxError(f"highlevel setting {name} wants one of {', '.join(self.CHOICES[name])}")
        setattr(self, name, value)


@dataclass(slots=True)
class Faults:
    """Troubles only this vendor can play. `lossy_rate`: share of rows that lists and searches leave out."""

    lossy_rate: float = 0.0
    lag_seconds: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(0))


@dataclass(slots=True)
class World:
    """What all locations share. `at` stands in for the clock while a world is built."""

    sandbox: Sandbox
    settings: Settings = field(default_factory=Settings)
    faults: Faults = field(default_factory=Faults)
    at: datetime | None = None
    tell: Callable[[Location, str, Document], None] = lambda location, event, document: None

    def now(self) -> datetime:
        return self.at or self.sandbox.clock.now()

    def lag(self) -> timedelta:
        """How long until a search knows of a change."""
        seconds = 0.0 if self.at else max(self.settings.search_lag_seconds, self.faults.lag_seconds)
        return timedelta(seconds=seconds)

    def kept(self, rows: list[Document]) -> list[Document]:
        """The rows a list gives: all, unless it is lossy."""
        faults = self.faults
        if not faults.lossy_rate:
            return rows
        return [row for row in rows if faults.dice.random() >= faults.lossy_rate]


@dataclass(frozen=True, slots=True)
class PrivateToken:
    """A private integration's token: which scopes were ticked (None: all), and until when it works."""

    scopes: frozenset[str] | None = None
    ends: datetime | None = None


@dataclass(slots=True)
class Location:
    """One sub-account. Documents are kept as reads show them; members that begin with `_` are never shown."""

    id: str
    company_id: str
    name: str
    country: str
    currency: str
    timezone: str
    email: str
    phone: str
    address: Document
    world: World
    private_token: str = ""
    invoice_prefix: str = "INV-"
    users: list[str] = field(default_factory=list)
    private_tokens: dict[str, PrivateToken] = field(default_factory=dict)
    contacts: Drawer = field(default_factory=dict)
    invoices: Drawer = field(default_factory=dict)
    orders: Drawer = field(default_factory=dict)
    transactions: Drawer = field(default_factory=dict)
    subscriptions: Drawer = field(default_factory=dict)
    products: Drawer = field(default_factory=dict)
    prices: Drawer = field(default_factory=dict)
    workflows: Drawer = field(default_factory=dict)
    custom_fields: Drawer = field(default_factory=dict)
    enrolments: list[Document] = field(default_factory=list)
    taggings: list[Document] = field(default_factory=list)  # each tag of each call that gave some
    messages: list[Document] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    calls: deque[float] = field(default_factory=deque)
    day: tuple[str, int] = ("", 0)
    last_search: tuple[bytes, list[Document]] | None = None
    _numbers: int = 100
    _addresses: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    _before: dict[str, deque[tuple[datetime, Document | None]]] = field(default_factory=dict)
    _dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"highlevel {self.id}")
        self.users = self.users or [self.short_id()]
        if self.private_token:
            self.private_tokens[self.private_token] = PrivateToken()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def rotate(self, token: str, later: bool = False, scopes: frozenset[str] | None = None) -> None:
        """Make another private token; those before end now, or with `later` in seven days."""
        ends = self.world.now() + timedelta(days=7 if later else 0)
        self.private_tokens = {old: replace(one, ends=one.ends or ends) for old, one in self.private_tokens.items()}
        self.private_tokens[token] = PrivateToken(scopes)

    def now(self) -> str:
        return moment(self.world.now())

    def today(self) -> str:
        """The calendar day where the location is."""
        return self.world.now().astimezone(self.zone).date().isoformat()

    def short_id(self) -> str:
        """Twenty letters: contacts, users, calendars."""
        return "".join(self._dice.choices(LETTERS, k=20))

    def long_id(self) -> str:
        """Twenty-four hexadecimal digits: invoices, orders, transactions."""
        return f"{self._dice.getrandbits(96):024x}"

    def next_number(self) -> str:
        """The number the next invoice gets."""
        return f"{self._numbers + 1:06d}"

    def take_number(self, number: object) -> None:
        """Remember a number that was given: the next one is behind it."""
        text = str(number)
        if text.isdecimal() and len(text) <= MOST_DIGITS:
            self._numbers = max(self._numbers, int(text))

    def business(self) -> Document:
        """What invoices say of the seller."""
        return {"name": self.name, "phoneNo": self.phone, "address": dict(self.address)}

    # Contacts, with what they can be found by

    def put_contact(self, contact: Document) -> None:
        """Keep a contact; searches learn of it after the lag."""
        id = contact["id"]
        self.last_search = None
        old = self.contacts.get(id)
        lag = self.world.lag()
        if lag:
            self._before.setdefault(id, deque()).append((self.world.now() + lag, old))
        if old is not None:
            self._unlist(old)
        self.contacts[id] = contact
        for key in _findable(contact):
            self._addresses.setdefault(key, {})[id] = None

    def drop_contact(self, id: str) -> Document:
        contact = self.contacts.pop(id)
        self.last_search = None
        lag = self.world.lag()
        if lag:
            self._before.setdefault(id, deque()).append((self.world.now() + lag, contact))
        self._unlist(contact)
        return contact

    def _unlist(self, contact: Document) -> None:
        for key in _findable(contact):
            self._addresses.get(key, {}).pop(contact["id"], None)

    def contacts_by(self, kind: str, value: str) -> list[Document]:
        """Contacts with this `email` or `phone`, oldest first."""
        found = [self.contacts[id] for id in self._addresses.get((kind, plain(kind, value)), {})]
        return sorted(found, key=lambda contact: (contact["dateAdded"], contact["id"]))

    @property
    def is_settled(self) -> bool:
        """Whether searches know of every change."""
        return not self._before

    def seen_by_mail(self, mail: str) -> list[Document] | None:
        """The contacts searches know by this address; None while some changes are still unknown to them."""
        return None if self._before else self.contacts_by("email", mail)

    def seen_contacts(self) -> Iterator[Document]:
        """The contacts as searches know them at this moment."""
        if not self._before:
            yield from self.contacts.values()
            return
        now = self.world.now()
        for id in [id for id, changes in self._before.items() if _caught_up(changes, now)]:
            del self._before[id]
        for id, contact in self.contacts.items():
            if id not in self._before:
                yield contact
        for changes in self._before.values():
            if (before := changes[0][1]) is not None:
                yield before


def _caught_up(changes: deque[tuple[datetime, Document | None]], now: datetime) -> bool:
    while changes and changes[0][0] <= now:
        changes.popleft()
    return not changes


def plain(kind: str, value: str) -> str:
    """What is compared: addresses without case and blanks, numbers by their digits."""
    if kind == "email":
        return value.strip().lower()
    return "".join(letter for letter in value if letter.isdecimal())[-10:]


def _findable(contact: Document) -> Iterator[tuple[str, str]]:
    for kind in ("email", "phone"):
        if contact.get(kind):
            yield kind, plain(kind, contact[kind])


def shown(document: Document) -> Document:
    """A document without what only the stand-in knows."""
    return {name: value for name, value in document.items() if not name.startswith("_") or name == "_id"}
