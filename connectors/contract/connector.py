"""A vendor, as data and a few functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from connectors.contract.errors import ErrorRow, Explanation, SyncError
from connectors.contract.resources import Api, Feed, Finding, Resource
from connectors.contract.text import Text


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a person can pick. `id` is the vendor's, as text; `facts` help to decide (member count, rate, type)."""

    id: str
    label: str
    facts: Mapping[str, object] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """Something a person gives. `kind`: text, url, secret, choice, flag, date. Choices are fixed here or come from a
    reference list.
    """

    key: str
    label: Text
    kind: Literal["text", "url", "secret", "choice", "flag", "date"] = "text"
    help: Text | None = None
    required: bool = True
    default: str = ""
    pattern: str = ""
    example: str = ""
    choices: tuple[tuple[str, Text], ...] = ()
    choices_from: str = ""  # a Reference key of the connection at `side`
    side: Literal["", "left", "right"] = ""
    needs: tuple[str, str] | None = None  # asked only when another setting has this value
    group: Text | None = None  # those of one group are shown together under this name
    early: bool = False  # a switch asked on the page before the account of `side` is connected
    feature: str = ""  # offered only where the account at `side` tells it among the `features` of its facts
    without: Text | None = None  # why it is not offered there


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where a vendor lives in one environment. In "local_sandbox" `{sandbox}` is filled from BRIDGE_SANDBOX_URL, and
    `{address}` with what a person gave for the connection (`Connector.address`).

    `public_only`: calls must reach the public internet and nothing inside the house; set wherever a person names the
    host.
    """

    api: str
    authorize: str = ""
    token: str = ""
    revoke: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    public_only: bool = False

    def at(self, address: str) -> "Hosts":
        """Return these places with `{address}` filled."""

        def put(text: str) -> str:
            return text.replace("{address}", address.rstrip("/"))

        extra = {name: put(text) for name, text in self.extra.items()}
        return Hosts(put(self.api), put(self.authorize), put(self.token), put(self.revoke), extra, self.public_only)


@dataclass(frozen=True, slots=True)
class App:
    """Our registration with a vendor. Never printed."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a vendor gave us to act for an account. Lives sealed; `extra` is JSON (an endpoint, a data centre). Texts
    under "context" in it (a name told at sign-in only, the rights granted) are in the context of every call.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: float | None = None  # seconds from now; None: does not expire
    refresh_expires_in: float | None = None
    hard_expires_in: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which account a grant speaks for. `facts`: JSON, such as country, currency, time zone, plan."""

    account_id: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Http(Protocol):
    """Plain calls for sign-in: no retries, total deadline, no redirects. Answers (status, decoded JSON or {})."""

    def call(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Sign in by code. Functions take the environment's hosts and our app; all raise `SyncError`s.

    `exchange(http, hosts, app, redirect_uri, callback)` turns the vendor's return (its query parameters) into a grant
    and, where it is
    told there, the account id. `refresh` None: the grant does not expire. `rights` are the requested rights in plain
    words (M-14).
    """

    authorize_url: Callable[[Hosts, App, str, str], str]
    exchange: Callable[[Http, Hosts, App, str, Mapping[str, str]], tuple[Grant, str | None]]
    refresh: Callable[[Http, Hosts, App, Grant], Grant] | None = None
    revoke: Callable[[Http, Hosts, App, Grant], None] | None = None
    scopes: tuple[str, ...] = ()
    rights: tuple[Text, ...] = ()
    before: Text | None = None  # what a person should know before leaving for the vendor
    sign_up_url: str = ""
    after_revoke: Text | None = None  # what a person must do at the vendor, where we cannot


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Sign in with a key a person pastes. `grant(key)` checks its shape and raises `SettingInvalid`.

    `beside`: what else a person gives, where the key does not say whose it is; `placed(grant, values)` puts it into the
    grant and returns that with the account's id, or raises `SettingInvalid` with the field.
    """

    setting: Setting
    grant: Callable[[str, Hosts], Grant]
    beside: tuple[Setting, ...] = ()
    placed: Callable[[Grant, Mapping[str, str]], tuple[Grant, str]] | None = None


@dataclass(frozen=True, slots=True)
class Activation:
    """What a vendor's server hands over when a person activates us there: a pair of keys and a proof for one
    exchange. Never printed.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    verifier: str = field(repr=False)
    address: str


@dataclass(frozen=True, slots=True)
class OAuth1:
    """Sign every call with four values that do not expire.

    A person pastes them (`settings`, in the order of the form; `grant(values, hosts)` checks their shape and raises
    `SettingInvalid` with the field), or the vendor's server brings the first two: it posts a form to an address of
    ours (`activation(form)` reads it; ValueError: not one), then sends a person's browser to another with the consumer
    key and the way back (`returns(query)` reads both; ValueError: not one), and `exchange(http, hosts, activation)`
    fetches the other two. `rights` are what a person ticks at the vendor.
    """

    settings: tuple[Setting, ...]
    grant: Callable[[Mapping[str, str], Hosts], Grant]
    activation: Callable[[Mapping[str, str]], Activation] | None = None
    returns: Callable[[Mapping[str, str]], tuple[str, str]] | None = None
    exchange: Callable[[Http, Hosts, Activation], Grant] | None = None
    rights: tuple[Text, ...] = ()
    steps: tuple[Text, ...] = ()  # where to find the values, one step each
    after_revoke: Text | None = None
    simulator: Mapping[str, str] = field(default_factory=dict, repr=False)  # what the stand-in takes; known to all


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a webhook delivery: a hint to look again. `unique_id` dedupes (the vendor's id or a digest)."""

    unique_id: str
    account_id: str
    resource: str | None  # None: a kind we do not know, kept and acknowledged
    remote_id: str
    kind: str  # created | updated | deleted | merged | voided | …
    at: datetime | None = None
    merged_from: str | None = None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How deliveries are proven and read. `verify` gets the raw bytes, lower-case headers and all secrets now valid;
    among the headers ":method" and ":address" are the call itself, with the public address as the vendor knows it.

    `per_connection` deliveries come to an address with an unguessable part of the connection, others to one of the app.
    `secrets_kept` is how many of the app's secrets are valid at once: two while one is being replaced, more where they
    are of several kinds.
    `subscribe` and `unsubscribe` manage the subscription where the vendor has calls for it (returns id and secret).
    """

    verify: Callable[[bytes, Mapping[str, str], Sequence[str], datetime], bool]
    parse: Callable[[bytes, Mapping[str, str]], list[Event]]
    per_connection: bool = False
    answers_get: bool = False
    signature_required: bool = True
    secrets_kept: int = 2
    subscribe: Callable[[Api, str], tuple[str, str]] | None = None
    unsubscribe: Callable[[Api, str], None] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may be asked: calls at once, and calls per number of seconds; named buckets have their own
    rates.
    """

    concurrency: int
    rates: tuple[tuple[int, float], ...] = ()
    buckets: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    pause_seconds: float = 60.0  # after a throttle answer that names no time


@dataclass(frozen=True, slots=True)
class Reference:
    """A list of things to choose from at the account (accounts, tax codes, audiences…), read fresh."""

    key: str
    label: Text
    read: Callable[[Api], list[Choice]]


@dataclass(frozen=True, slots=True)
class Connector:
    """A vendor. `headers(grant)` authorises a call; `base_url(hosts, grant, account_id)` is the root of its paths.

    `classify(status, headers, body)` turns an answer that is not a success into an error; it may also be shown a 200
    body
    that holds a fault, and with an `address` a success that is no JSON. `sign(grant, method, url)` returns the headers
    of one call where each is signed, beside those of `headers`; it is asked anew for every repeat. `pace(headers)`
    reads the rate an answer's headers tell, as (calls, seconds) we may use; None where they tell none. `identify` is
    the cheap "who am I" call; `diagnose` the connection check. `catalogue` explains the codes of its errors in both
    languages.
    """

    key: str
    label: Text
    environments: Mapping[str, Hosts]
    resources: tuple[Resource, ...]
    feeds: tuple[Feed, ...]
    sign_in: tuple[OAuth2 | ApiKey | OAuth1, ...]
    headers: Callable[[Grant], Mapping[str, str]]
    base_url: Callable[[Hosts, Grant, str], str]
    classify: Callable[[int, Mapping[str, str], bytes], SyncError]
    identify: Callable[[Api], Identity]
    limits: Limits
    errors: tuple[ErrorRow, ...] = ()
    catalogue: tuple[Explanation, ...] = ()
    diagnose: Callable[[Api], list[Finding]] | None = None
    settings: tuple[Setting, ...] = ()
    references: tuple[Reference, ...] = ()
    webhooks: Webhooks | None = None
    keeps_books: bool = False  # the side whose company decides country, currency and environment warnings
    refresh_before_seconds: float = 300.0
    idle_refresh_days: int | None = None
    address: Setting | None = None  # asked where a person says where the vendor lives; fills `{address}` of hosts
    sign: Callable[[Grant, str, str], Mapping[str, str]] | None = None
    pace: Callable[[Mapping[str, str]], tuple[int, float] | None] | None = None

    def resource(self, name: str) -> Resource:
        """Return the resource called `name`; KeyError when there is none."""
        for item in self.resources:
            if item.name == name:
                return item
        raise KeyError(f"{self.key} has no resource {name!r}")

    def feed_of(self, resource: str) -> Feed:
        """Return the feed that reads `resource`; KeyError when none does."""
        for feed in self.feeds:
            if resource in feed.resources:
                return feed
        raise KeyError(f"{self.key} has no feed for {resource!r}")
