"""Consent, tokens and their rotation.

The value of a refresh token stays for a day and then changes; the old one dies at that moment. Source: vendor pages on
OAuth 2.0 and on the refresh token policy, read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from connectors.sandbox.core import Clock, Request, Response, json_response
from connectors.sandbox.quickbooks.identity import IdentityDesk

ACCOUNTING = "com.intuit.quickbooks.accounting"
KNOWN_SCOPES = (ACCOUNTING, "com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address")

CODE_LIFE = timedelta(minutes=10)
ROLLING = timedelta(days=100)
HARD_END = timedelta(days=5 * 365)

_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(slots=True)
class Settings:
    """What a control call may change. Seconds count on the sandbox clock."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105 - the invented app of the sandbox
    access_token_seconds: int = 3600
    refresh_rotation_seconds: int = 86_400
    revoke_on_concurrent_use: bool = False


@dataclass(slots=True)
class Grant:
    """What one app may do in one company."""

    client_id: str
    realm: str
    scope: str
    consented_at: datetime
    refresh_token: str
    issued_at: datetime
    used_at: datetime
    revoked: bool = False
    retired: set[str] = field(default_factory=set)

    def alive(self, now: datetime) -> bool:
        """Neither revoked, nor unused for 100 days, nor older than five years."""
        return not self.revoked and now < self.used_at + ROLLING and now < self.consented_at + HARD_END


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code waiting to be exchanged, once."""

    client_id: str
    realm: str
    scope: str
    redirect_uri: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """An access token's grant and end."""

    grant: Grant
    ends_at: datetime


class TokenDesk:
    """Hands out and takes back tokens. Every secret begins with `SECRET-`, so that a leak can be found by searching."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.settings = Settings()
        self.grants: dict[tuple[str, str], Grant] = {}
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Grant] = {}

    # Consent

    def issue_code(self, client_id: str, realm: str, scope: str, redirect_uri: str) -> str:
        """A code for a company a person has chosen."""
        code = "SECRET-code-" + secrets.token_urlsafe(24)
        self._codes[code] = Code(client_id, realm, scope, redirect_uri, self.clock.now())
        return code

    # API calls

    def check(self, authorization: str) -> Grant | str:
        """The grant behind a bearer header, or the words of the 401."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            return "Malformed bearer token: bearer token is missing"
        access = self._access.get(token)
        if access is None:
            return f"Malformed bearer token: {token}"
        if access.grant.revoked:
            return f"Token revoked: {token}"
        if self.clock.now() >= access.ends_at:
            return f"Token expired: {token}"
        return access.grant

    # Token endpoint

    def token_call(self, request: Request, identity: IdentityDesk | None = None) -> Response:
        """`POST /oauth2/v1/tokens/bearer`; codes of people who only signed in are `identity`'s to answer."""
        if not self._known_client(request.headers.get("authorization", "")):
            return _refuse(401, "invalid_client")
        form = request.form()
        if identity is not None and identity.knows(form.get("code", "")):
            return identity.exchange(form)
        grant_type = form.get("grant_type")
        with_hard_end = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
        if grant_type == "authorization_code":
            return self._exchange(form, with_hard_end)
        if grant_type == "refresh_token":
            return self._renew(form, with_hard_end)
        return _refuse(400, "unsupported_grant_type" if grant_type else "invalid_request")

    def revoke_call(self, request: Request) -> Response:
        """`POST /v2/oauth2/tokens/revoke`: either token ends the whole grant."""
        if not self._known_client(request.headers.get("authorization", "")):
            return _refuse(401, "invalid_client")
        try:
            body = request.json() if "json" in request.headers.get("content-type", "json") else request.form()
        except ValueError:
            body = {}
        token = str(body.get("token", "")) if isinstance(body, Mapping) else ""
        grant = self._refresh.get(token) or (self._access[token].grant if token in self._access else None)
        if grant is None or grant.revoked:
            return _refuse(400, "invalid_request")
        grant.revoked = True
        return Response(200)

    def _exchange(self, form: Mapping[str, str], with_hard_end: bool) -> Response:
        code = self._codes.pop(form.get("code", ""), None)
        now = self.clock.now()
        if (
            code is None
            or now > code.issued_at + CODE_LIFE
            or code.redirect_uri != form.get("redirect_uri")
            or code.client_id != self.settings.client_id
        ):
            return _refuse(400, "invalid_grant", "Invalid authorization code")
        # One grant per app and company: a new consent replaces what was there.
        replaced = self.grants.get((code.client_id, code.realm))
        if replaced is not None:
            replaced.revoked = True
        grant = Grant(code.client_id, code.realm, code.scope, now, _refresh_value(), now, now)
        self.grants[code.client_id, code.realm] = grant
        self._refresh[grant.refresh_token] = grant
        return self._answer(grant, with_hard_end)

    def _renew(self, form: Mapping[str, str], with_hard_end: bool) -> Response:
        token = form.get("refresh_token", "")
        grant = self._refresh.get(token)
        now = self.clock.now()
        if grant is None or not grant.alive(now):
            return _refuse(400, "invalid_grant")
        if token in grant.retired:
            if self.settings.revoke_on_concurrent_use:
                grant.revoked = True
            return _refuse(400, "invalid_grant")
        if (now - grant.issued_at).total_seconds() >= self.settings.refresh_rotation_seconds:
            grant.retired.add(token)
            grant.refresh_token, grant.issued_at = _refresh_value(), now
            self._refresh[grant.refresh_token] = grant
        grant.used_at = now
        return self._answer(grant, with_hard_end)

    def _answer(self, grant: Grant, with_hard_end: bool) -> Response:
        now = self.clock.now()
        access = "SECRET-at-" + secrets.token_urlsafe(40)
        self._access[access] = Access(grant, now + timedelta(seconds=self.settings.access_token_seconds))
        # The value's own age counts down; a call that returned the same value did not make it younger.
        left = ROLLING - (now - grant.issued_at)
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": self.settings.access_token_seconds,
            "refresh_token": grant.refresh_token,
            "x_refresh_token_expires_in": max(0, round(left.total_seconds())),
        }
        if with_hard_end:
            hard = grant.consented_at + HARD_END - now
            body["x_refresh_token_hard_expires_in"] = max(0, round(hard.total_seconds()))
        return json_response(body, headers=_NO_STORE)

    def _known_client(self, authorization: str) -> bool:
        kind, _, value = authorization.partition(" ")
        try:
            given = base64.b64decode(value, validate=True).decode() if kind.lower() == "basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            return False
        return given == f"{self.settings.client_id}:{self.settings.client_secret}"

    # Faults and state

    def expire(self, realm: str | None = None) -> None:
        """Every access token (of one company) ends now; refresh tokens stay good."""
        now = self.clock.now()
        for token, access in self._access.items():
            if realm in (None, access.grant.realm):
                self._access[token] = Access(access.grant, now)

    def revoke(self, realm: str | None = None) -> None:
        """A person disconnects the app inside the product."""
        for grant in self.grants.values():
            if realm in (None, grant.realm):
                grant.revoked = True

    def state(self) -> list[dict[str, object]]:
        """Grants without their secrets."""
        now = self.clock.now()
        return [
            {
                "client_id": grant.client_id,
                "realm": grant.realm,
                "scope": grant.scope,
                "consented_at": grant.consented_at.isoformat(),
                "refresh_issued_at": grant.issued_at.isoformat(),
                "rotations": len(grant.retired),
                "alive": grant.alive(now),
            }
            for grant in self.grants.values()
        ]


def _refresh_value() -> str:
    return "SECRET-rt-" + secrets.token_urlsafe(30)


def _refuse(status: int, error: str, description: str | None = None) -> Response:
    body = {"error": error} if description is None else {"error": error, "error_description": description}
    return json_response(body, status, headers=_NO_STORE)


def return_address(redirect_uri: str, **answer: str) -> str:
    """Where the browser goes after the consent page."""
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(answer)
