"""OAuth 1.0a as the store checks it: HMAC-SHA256 only, every nonce once, the address as the store sees it.

Written over `hmac` alone, so that it checks the library the connector signs with.
Sources: RFC 5849; AdobeDocs/commerce-webapi gs-authentication-oauth.md, oauth-errors.md;
magento/magento2 lib/internal/Magento/Framework/Oauth/, app/code/Magento/Integration/; read 2026-11-21.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from connectors.sandbox.core import Clock, Request, Response
from connectors.sandbox.magento.wire import HTML, Refusal, required

METHOD = "HMAC-SHA256"
FUTURE_SECONDS = 600
NONCE_SECONDS = 3600
SIGNATURE_INVALID = "The signature is invalid. Verify and try again."
PLAIN_PARAMETERS = ("oauth_consumer_key", "oauth_signature", "oauth_signature_method", "oauth_nonce", "oauth_timestamp")
FORM = "application/x-www-form-urlencoded"
_PAIR = re.compile(r'\s*([A-Za-z_]+)="?([^",]*)"?\s*')


@dataclass(slots=True)
class Integration:
    """One integration of the store's admin: its keys, and how far its activation has come."""

    name: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)
    request_token: str = field(default="", repr=False)
    request_secret: str = field(default="", repr=False)
    callback_url: str = ""
    identity_url: str = ""
    state: str = "active"
    nonces: dict[str, float] = field(default_factory=dict, repr=False)


def encoded(text: str) -> str:
    """Percent-encoding of RFC 3986: only letters, digits and `-._~` stay."""
    return quote(text, safe="-._~")


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """What is signed: verb, address without query, sorted parameters of header and query, each part encoded."""
    parts = urlsplit(url)
    host = (parts.hostname or "") if parts.port in (None, {"http": 80, "https": 443}[parts.scheme]) else parts.netloc
    address = f"{parts.scheme}://{host.lower()}{parts.path}"
    query = parse_qsl(parts.query, keep_blank_values=True)
    pairs = sorted((encoded(name), encoded(value)) for name, value in [*parameters, *query])
    joined = "&".join(f"{name}={value}" for name, value in pairs if name not in ("oauth_signature", "realm"))
    return "&".join(encoded(part) for part in (method.upper(), address, joined))


def signature(text: str, consumer_secret: str, token_secret: str = "") -> str:
    """The signature of a base string."""
    key = f"{encoded(consumer_secret)}&{encoded(token_secret)}"
    return b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def header_parameters(header: str) -> dict[str, str]:
    """The parameters of an `Authorization: OAuth` header, decoded. Empty for any other header."""
    word, _, rest = header.partition(" ")
    if word.lower() != "oauth":
        return {}
    pairs = (_PAIR.fullmatch(part) for part in rest.split(","))
    return {unquote(pair[1]): unquote(pair[2]) for pair in pairs if pair}


class Gate:
    """The integrations, and who may pass. Its clock is the sandbox's: a caller whose clock runs ahead is refused."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.bearer = False
        self.seen_scheme = ""
        self.integrations: dict[str, Integration] = {}
        self.add(demo_integration())

    def add(self, integration: Integration) -> Integration:
        """Keep an integration under its consumer key."""
        self.integrations[integration.consumer_key] = integration
        return integration

    def revoke(self, key: str | None = None) -> None:
        """Deactivate one integration, or all: their tokens are gone for good."""
        for integration in self.integrations.values():
            if key in (None, integration.consumer_key):
                integration.token = integration.token_secret = ""
                integration.state = "inactive"

    def caller(self, request: Request) -> Integration | None:
        """Whose signature (or bearer token) this is; None when the call carries neither. Raises `Refusal`."""
        header = request.headers.get("authorization", "")
        if header.lower().startswith("bearer "):
            return self._bearer(header[7:].strip())
        given = header_parameters(header)
        if not given:
            return None
        integration = self._checked(given, token_needed=True)
        if not integration.token or not hmac.compare_digest(given["oauth_token"], integration.token):
            raise Refusal(401, "Specified token does not exist")
        self._verify(request, given, integration, integration.token_secret)
        return integration

    def _bearer(self, token: str) -> Integration | None:
        """An integration's access token alone: off unless the store setting allows it, and then as if unsigned."""
        if not self.bearer:
            return None
        return next((one for one in self.integrations.values() if one.token and one.token == token), None)

    def _checked(self, given: Mapping[str, str], *, token_needed: bool = False) -> Integration:
        for name in (*PLAIN_PARAMETERS, *(("oauth_token",) if token_needed else ())):
            if not given.get(name):
                raise required(name)
        if given.get("oauth_version", "1.0") != "1.0":
            raise Refusal(400, "The %1 version is not supported.", [given["oauth_version"]])
        if given["oauth_signature_method"] != METHOD:
            raise Refusal(400, "Signature method %1 is not supported.", [given["oauth_signature_method"]])
        integration = self.integrations.get(given["oauth_consumer_key"])
        if integration is None:
            raise Refusal(401, "A consumer having the specified key does not exist")
        self._check_time(given["oauth_timestamp"])
        return integration

    def _check_time(self, stamp: str) -> None:
        if not stamp.isdigit() or not 0 < int(stamp) <= self._clock.now().timestamp() + FUTURE_SECONDS:
            raise Refusal(400, "The timestamp value in the oauth_timestamp parameter is invalid.")

    def _verify(self, request: Request, given: Mapping[str, str], owner: Integration, token_secret: str) -> None:
        """The nonce is spent before the signature is looked at, as the vendor does."""
        self._spend(owner, given["oauth_nonce"])
        text = base_string(request.method, self._address(request), _signed(request, given))
        wanted = signature(text, owner.consumer_secret, token_secret)
        if not hmac.compare_digest(wanted.encode(), given["oauth_signature"].encode()):
            raise Refusal(401, SIGNATURE_INVALID)

    def _spend(self, owner: Integration, nonce: str) -> None:
        now = self._clock.now().timestamp()
        if nonce in owner.nonces:
            raise Refusal(401, "The nonce is already being used by the consumer with ID %1.", [1])
        owner.nonces[nonce] = now
        while (oldest := next(iter(owner.nonces))) != nonce and owner.nonces[oldest] < now - NONCE_SECONDS:
            del owner.nonces[oldest]

    def _address(self, request: Request) -> str:
        """The address as the store sees it; `seen_scheme` plays a proxy that ends TLS without telling."""
        parts = urlsplit(request.base_url)
        target = request.target or parts.path + quote(request.path)
        return f"{self.seen_scheme or parts.scheme}://{parts.netloc}{target}"

    # The two calls under the store's root

    def token_call(self, request: Request, which: str) -> Response:
        """`/oauth/token/request` and `/oauth/token/access`: a URL-encoded pair, or `oauth_problem` with the reason."""
        try:
            if request.method != "POST":
                raise Refusal(405, "method_not_allowed")
            given = header_parameters(request.headers.get("authorization", ""))
            token, secret = self._request_token(request, given) if which == "request" else self._access(request, given)
        except Refusal as refused:
            return Response(refused.status, urlencode({"oauth_problem": refused.text()}).encode(), HTML)
        return Response(200, urlencode({"oauth_token": token, "oauth_token_secret": secret}).encode(), HTML)

    def _request_token(self, request: Request, given: Mapping[str, str]) -> tuple[str, str]:
        owner = self._checked(given)
        self._verify(request, given, owner, "")
        if owner.state != "waiting":
            raise Refusal(401, "Consumer is not waiting for a request token")
        owner.request_token, owner.request_secret = new_token(), new_secret()
        return owner.request_token, owner.request_secret

    def _access(self, request: Request, given: Mapping[str, str]) -> tuple[str, str]:
        owner = self._checked(given, token_needed=True)
        if not given.get("oauth_verifier"):
            raise required("oauth_verifier")
        if not owner.request_token or given["oauth_token"] != owner.request_token:
            raise Refusal(401, "Request token is not associated with the specified consumer")
        self._verify(request, given, owner, owner.request_secret)
        if not hmac.compare_digest(given["oauth_verifier"].encode(), owner.verifier.encode()):
            raise Refusal(401, "Verifier is invalid.")
        owner.token, owner.token_secret = new_token(), new_secret()
        # A request token is good once.
        owner.request_token = owner.request_secret = owner.verifier = ""
        owner.state = "active"
        return owner.token, owner.token_secret


def _signed(request: Request, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Parameters beside those of the address: the header's, and a form body's. A JSON body is not signed."""
    pairs = [(name, value) for name, value in given.items() if name not in ("oauth_signature", "realm")]
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        pairs += parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
    return pairs


def demo_integration() -> Integration:
    """The one that is ready to use, with keys everybody knows. Values that are secret say SECRET-."""
    return Integration(
        "Bridge (démo)",
        "sandbox-consumer",
        "SECRET-sandbox-consumer-secret",
        "SECRET-sandbox-access-token",
        "SECRET-sandbox-access-token-secret",
    )


def new_secret() -> str:
    return f"SECRET-{secrets.token_hex(16)}"


def new_token() -> str:
    return f"SECRET-{secrets.token_hex(16)}"


def new_integration(name: str, callback_url: str, identity_url: str) -> Integration:
    """An integration whose activation has just begun: it waits for the handshake."""
    return Integration(
        name,
        secrets.token_hex(16),
        new_secret(),
        verifier=secrets.token_hex(16),
        callback_url=callback_url,
        identity_url=identity_url,
        state="waiting",
    )
