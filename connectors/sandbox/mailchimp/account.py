"""What an account holds: audiences, members, tags, hooks, stores, batches. Plain state with its own bookkeeping.

100,000 members and 300,000 orders must fit a small process, so rows are slotted structs around JSON bytes.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from connectors.sandbox.core import Clock, Document, Sandbox, SandboxError

ZERO = Decimal(0)


@dataclass(slots=True)
class Settings:
    """Switches a control call may set; the names are the keys of `configure`."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105 - the invented credential of an invented vendor
    redirect_uris: list[str] = field(default_factory=list)  # empty: any address
    batch_seconds: float = 0.3
    result_link_seconds: float = 600.0
    result_days: float = 7.0
    rate_limits: bool = False
    connections: int = 10
    latency_seconds: float = 0.02  # how long a call holds its connection while limits are on
    volume_403: bool = False  # over the limit: 403 without a body instead of 429
    wrong_dc: bool = False  # every API call answers 401, as after an account move
    dc: str = "us19"
    dc_in_path: bool = False  # api_endpoint ends in the data centre, so that a stale one can be noticed
    role: str = "owner"  # author and viewer may only read
    webhook_check: bool = True
    webhook_signing: bool = True
    webhook_duplicates: bool = False
    fake_addresses: list[str] = field(default_factory=list)
    busy_addresses: list[str] = field(default_factory=list)  # "has signed up to a lot of lists very recently"
    archived_returns: bool = False  # e-commerce data brings an archived contact back (reports differ)

    def change(self, name: str, value: object) -> None:
        """Set one switch. Raises `SandboxError` for an unknown name or a value of another type."""
        if name not in self.__slots__:
            raise SandboxError(f"mailchimp has no setting {name!r}; known: {', '.join(self.__slots__)}")
        kind = type(getattr(self, name))
        if kind is float and type(value) is int:
            value = float(value)
        if isinstance(value, Decimal) and kind is float:
            value = float(value)
        if type(value) is not kind:
            raise SandboxError(f"mailchimp setting {name} wants {kind.__name__}")
        setattr(self, name, value)


@dataclass(slots=True)
class Faults:
    """Troubles only this vendor can play. `lag_seconds`: listings show a change that much later; `lossy_rate`: share
    of contacts that listings leave out."""

    lag_seconds: float = 0.0
    lossy_rate: float = 0.0
    seed: int = 0


@dataclass(slots=True)
class World:
    """What all accounts share."""

    sandbox: Sandbox
    settings: Settings = field(default_factory=Settings)
    faults: Faults = field(default_factory=Faults)
    _last: int = 0

    @property
    def clock(self) -> Clock:
        """The vendors' clock."""
        return self.sandbox.clock

    def now(self) -> int:
        """Seconds since 1970 on the vendors' clock; this vendor keeps whole seconds.

        The same second is the same object: a hundred thousand contacts keep several each.
        """
        now = int(self.clock.now().timestamp())
        if now != self._last:
            self._last = now
        return self._last


class Member(msgspec.Struct, gc=False):
    """One contact of one audience. `merge` and `extra` are JSON bytes; `merge` is keyed by merge id, which survives a
    renamed tag. `own_choice`: left or bounced, so only the person can come back. Times are seconds since 1970."""

    email: str
    hash: str
    web_id: int
    status: str
    changed: int
    merge: bytes = b"{}"
    extra: bytes = b""
    tags: tuple[int, ...] = ()
    own_choice: bool = False
    reason: str = ""
    signup: int | None = None
    opt: int | None = None
    left: int | None = None
    language: str = ""
    email_type: str = "html"
    vip: bool = False
    source: str = "API - Generic"
    orders: int = 0
    revenue: Decimal = ZERO
    currency: str = ""


@dataclass(slots=True)
class Tag:
    """A tag, which is a static segment. `members`: hash to the second it was put on."""

    id: int
    name: str
    created: int
    updated: int
    members: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Segment:
    """A saved segment: conditions, evaluated when asked."""

    id: int
    name: str
    created: int
    updated: int
    match: str
    conditions: list[Document]


@dataclass(slots=True)
class Hook:
    """An audience webhook. Without a secret its deliveries are not signed."""

    id: str
    url: str
    events: dict[str, bool]
    sources: dict[str, bool]
    secret: str


@dataclass(slots=True)
class Audience:
    """A list. `members` is in order of arrival, `by_change` in order of last change (old to new)."""

    id: str
    web_id: int
    name: str
    created: int
    account: Account
    double_optin: bool = False
    details: Document = field(default_factory=dict)
    merge_fields: dict[int, Document] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    by_change: dict[str, None] = field(default_factory=dict)
    by_web_id: dict[int, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    tags: dict[int, Tag] = field(default_factory=dict)
    tag_names: dict[str, int] = field(default_factory=dict)
    segments: dict[int, Segment] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    generation: int = 0
    out_of_order: bool = False
    shadows: dict[str, tuple[Member | None, float]] = field(default_factory=dict)
    cached: tuple[object, list[Member]] | None = None

    def find(self, key: str) -> Member | None:
        """A member by subscriber hash, address or contact id."""
        member = self.members.get(key.lower())
        if member is None and "@" in key:
            digest = hashlib.md5(key.strip().lower().encode(), usedforsecurity=False).hexdigest()
            member = self.members.get(digest)
        if member is None and len(key) == 32:
            member = self._by_contact_id(key)
        return member

    def _by_contact_id(self, key: str) -> Member | None:
        try:
            place = self.by_web_id.get(int(key[:8], 16))
        except ValueError:
            return None
        member = self.members.get(place) if place else None
        return member if member is not None and contact_id(self, member) == key else None

    def by_number(self, web_id: int) -> Member | None:
        """A member by the number that stays when the address changes."""
        return self.members.get(self.by_web_id.get(web_id, ""))

    def before_change(self, hash: str) -> None:
        """While listings lag, remember how the member looked before."""
        lag = self.account.world.faults.lag_seconds
        if lag <= 0:
            return
        now = self.account.world.clock.now().timestamp()
        held = self.shadows.get(hash)
        if held is None or held[1] <= now:
            member = self.members.get(hash)
            self.shadows[hash] = (None if member is None else copy(member), now + lag)

    def add(self, member: Member) -> None:
        """Take a new member in."""
        self.before_change(member.hash)
        self.members[member.hash] = member
        self.by_web_id[member.web_id] = member.hash
        self.counts[member.status] += 1
        self.moved(member)

    def touch(self, member: Member) -> None:
        """Note that something about the member changed now."""
        member.changed = self.account.world.now()
        self.moved(member)

    def moved(self, member: Member) -> None:
        """Put the member last in the order of changes; an older stamp than the last one asks for sorting."""
        self.generation += 1
        self.by_change.pop(member.hash, None)
        if self.by_change:
            last = self.members.get(next(reversed(self.by_change)))
            self.out_of_order |= last is not None and last.changed > member.changed
        self.by_change[member.hash] = None

    def set_status(self, member: Member, status: str) -> None:
        """Change the status and keep the counts right."""
        self.counts[member.status] -= 1
        self.counts[status] += 1
        member.status = status
        self.generation += 1

    def rename(self, member: Member, email: str, hash: str) -> None:
        """Give the member another address; its numbers, tags and history stay. Order of arrival is kept."""
        self.before_change(member.hash)
        old = member.hash
        self.before_change(hash)
        for tag_id in member.tags:
            members = self.tags[tag_id].members
            members[hash] = members.pop(old)
        if hash != old:
            del self.members[old]
            self.by_change.pop(old, None)
        member.email, member.hash = email, hash
        self.members[hash] = member
        self.by_web_id[member.web_id] = hash
        self.moved(member)

    def remove(self, member: Member) -> None:
        """Erase the member for good."""
        for tag_id in member.tags:
            self.tags[tag_id].members.pop(member.hash, None)
        self.counts[member.status] -= 1
        del self.members[member.hash]
        del self.by_web_id[member.web_id]
        self.by_change.pop(member.hash, None)
        self.shadows.pop(member.hash, None)
        self.generation += 1

    def ordered_by_change(self) -> Iterator[Member]:
        """Members by last change, oldest first."""
        if self.out_of_order:
            hashes = sorted(self.by_change, key=lambda hash: self.members[hash].changed)
            self.by_change = dict.fromkeys(hashes)
            self.out_of_order = False
        return map(self.members.__getitem__, self.by_change)


def contact_id(audience: Audience, member: Member) -> str:
    """Stays when the address changes; its first eight digits are the member's number, so no index is needed."""
    seed = f"{audience.id}:{member.web_id}".encode()
    return f"{member.web_id:08x}{hashlib.md5(seed, usedforsecurity=False).hexdigest()[:24]}"


class Customer(msgspec.Struct, gc=False):
    """An e-commerce customer. `member` is the contact's number; `details` is JSON bytes."""

    id: str
    email: str
    opt_in: bool
    member: int
    created: int
    updated: int
    details: bytes = b"{}"
    orders: int = 0
    spent: Decimal = ZERO


@dataclass(slots=True)
class Store:
    """A store of one audience. `orders`: id to (customer id, JSON bytes of the order without its customer)."""

    id: str
    audience: Audience
    details: Document
    created: int
    updated: int
    customers: dict[str, Customer] = field(default_factory=dict)
    products: dict[str, Document] = field(default_factory=dict)
    orders: dict[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """A set of operations run in the background. `archive` is the finished tar.gz; what was asked is not kept."""

    id: str
    total: int
    submitted: int
    status: str = "pending"
    finished: int = 0
    errored: int = 0
    completed: int | None = None
    stopped: bool = False
    archive: bytes = b""


@dataclass(slots=True)
class Account:
    """One customer of the vendor, with the person who signs in."""

    id: str
    name: str
    login: Document
    api_keys: set[str]
    world: World
    timezone: str = "America/Toronto"
    tokens: set[str] = field(default_factory=set)
    audiences: dict[str, Audience] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    open_connections: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100_001))

    def number(self) -> int:
        """The next number for a contact, tag or segment."""
        return next(self.numbers)
