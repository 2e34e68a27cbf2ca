"""Signing in: consent, codes, tokens, introspection, revocation, uninstalling.

Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth,
read 2026-11-21.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectors.sandbox.core import Document, Request, Response, encode
from connectors.sandbox.hubspot import pages, schema
from connectors.sandbox.hubspot.account import Account, Author, World
from connectors.sandbox.hubspot.wire import JSON, Refusal, form_of, is_number

TOKEN_BYTES = 240  # 320 characters
USER_ID = 42
KEPT = ("client_id", "redirect_uri", "scope", "optional_scope", "state", "code_challenge", "code_challenge_method")


@dataclass(frozen=True, slots=True)
class Code:
    """A code waiting to be exchanged, once, with the same redirect address."""

    portal: int
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str
    expires: int


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token; `expires` in milliseconds, None for a service key."""

    portal: int
    scopes: frozenset[str]
    expires: int | None
    is_service_key: bool = False


@dataclass(frozen=True, slots=True)
class Lasting:
    """A refresh token."""

    portal: int
    scopes: frozenset[str]


class SignIn:
    """Consent, codes and tokens of all accounts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Lasting] = {}

    # The browser

    def authorize(self, request: Request, accounts: Mapping[int, Account]) -> Response:
        """Show the consent page, or (`auto=1`, or the form sent) send the browser back."""
        given = {name: values[0] for name, values in request.query.items()}
        if request.method == "POST":
            given |= form_of(request)
        lang = pages.language(request.headers.get("accept-language", ""))
        trouble = self._trouble(given)
        if trouble:
            return pages.refusal(trouble, lang)
        portal = given.get("account") or given.get("portal") or ""
        account = next(iter(accounts.values())) if not portal else accounts.get(int(portal) if is_number(portal) else 0)
        if account is None:
            return pages.refusal(f"There is no account {portal}.", lang)
        if given.get("answer") == "cancel":
            return _back(given, {"error": "access_denied", "error_description": "The user refused."})
        asked, optional = given.get("scope", "").split(), given.get("optional_scope", "").split()
        if given.get("auto") == "1" or given.get("answer") == "connect":
            lacking = sorted(set(asked) & account.scopes_missing())
            if lacking:
                return pages.refusal(pages.lacking(account.name, lacking, lang), lang)
            granted = {"oauth", *asked, *(set(optional) - account.scopes_missing())}
            return _back(given, {"code": self._code(account, given, frozenset(granted))})
        hidden = {name: given[name] for name in KEPT if name in given}
        return pages.consent(accounts.values(), [*asked, *optional], hidden, lang)

    def _trouble(self, given: Mapping[str, str]) -> str:
        settings = self._world.settings
        if given.get("client_id") != settings.client_id:
            return "client_id"
        redirect_uri = given.get("redirect_uri", "")
        if urlsplit(redirect_uri).scheme not in ("http", "https"):
            return "redirect_uri"
        if settings.redirect_uris and redirect_uri not in settings.redirect_uris:
            return "redirect_uri"
        asked = [*given.get("scope", "").split(), *given.get("optional_scope", "").split()]
        unknown = sorted(set(asked) - schema.SCOPES)
        return f"scope: {', '.join(unknown)}" if unknown or not asked else ""

    def _code(self, account: Account, given: Mapping[str, str], scopes: frozenset[str]) -> str:
        code = f"SECRET-code-{secrets.token_hex(16)}"
        expires = self._world.now() + int(self._world.settings.code_seconds * 1000)
        challenge = given.get("code_challenge", "")
        self._codes[code] = Code(account.portal, given["redirect_uri"], scopes, challenge, expires)
        return code

    # The application's server

    def token(self, request: Request, step: str, accounts: Mapping[int, Account]) -> Response:
        """Answer `/oauth/{version}/token` (step "") and below it `introspect` and `revoke`."""
        if request.method != "POST":
            return _refused(405, "invalid_request", "BAD_REQUEST", "Use POST")
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _refused(415, "invalid_request", "BAD_REQUEST", "The body must be form-urlencoded")
        form = form_of(request)
        settings = self._world.settings
        if form.get("client_id") != settings.client_id:
            return _refused(400, "invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
        if form.get("client_secret") != settings.client_secret:
            return _refused(400, "invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")
        if step == "introspect":
            return self._introspect(form.get("token", ""), accounts)
        if step == "revoke":
            return self._revoke(form.get("token", ""))
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form, accounts)
        if form.get("grant_type") == "refresh_token":
            return self._renew(form.get("refresh_token", ""), accounts)
        return _refused(400, "unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")

    def _exchange(self, form: Mapping[str, str], accounts: Mapping[int, Account]) -> Response:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires < self._world.now() or code.portal not in accounts:
            return _refused(400, "", "BAD_AUTH_CODE", "missing or unknown auth code")
        if code.redirect_uri != form.get("redirect_uri"):
            return _refused(400, "", "BAD_REDIRECT_URI", "missing or unknown redirect uri")
        if code.challenge and code.challenge not in _challenges(form.get("code_verifier", "")):
            return _refused(400, "", "BAD_AUTH_CODE", "the code verifier does not match")
        refresh = f"SECRET-refresh-{secrets.token_hex(20)}"
        self._refresh[refresh] = Lasting(code.portal, code.scopes)
        return self._issue(self._refresh[refresh], refresh)

    def _renew(self, refresh: str, accounts: Mapping[int, Account]) -> Response:
        lasting = self._refresh.get(refresh)
        if lasting is None or lasting.portal not in accounts:
            return _refused(400, "invalid_grant", "BAD_REFRESH_TOKEN", "missing or invalid refresh token")
        if self._world.settings.rotate_refresh_tokens:
            del self._refresh[refresh]
            refresh = f"SECRET-refresh-{secrets.token_hex(20)}"
            self._refresh[refresh] = lasting
        return self._issue(lasting, refresh)

    def _issue(self, lasting: Lasting, refresh: str) -> Response:
        token = f"SECRET-{secrets.token_urlsafe(TOKEN_BYTES)}"
        seconds = self._world.settings.access_token_seconds
        expires = self._world.now() + int(seconds * 1000)
        self._access[token] = Grant(lasting.portal, lasting.scopes, expires)
        return _json(
            {
                "token_type": "bearer",
                "access_token": token,
                "refresh_token": refresh,
                "expires_in": int(seconds),
                "token_use": "access_token",
                "hub_id": lasting.portal,
                "user_id": USER_ID,
                "scopes": sorted(lasting.scopes),
            }
        )

    def _introspect(self, token: str, accounts: Mapping[int, Account]) -> Response:
        now = self._world.now()
        grant, lasting = self._access.get(token), self._refresh.get(token)
        owner = lasting or grant
        is_over = grant is not None and grant.expires is not None and grant.expires <= now
        if owner is None or is_over or owner.portal not in accounts:
            return _json({"active": False, "token": token})
        account = accounts[owner.portal]
        found: Document = {
            "active": True,
            "token": token,
            "token_type": "bearer",
            "token_use": "refresh_token" if lasting else "access_token",
            "client_id": self._world.settings.client_id,
            "app_id": self._world.settings.app_id,
            "hub_id": account.portal,
            "hub_domain": f"{account.portal}.example",
            "user": account.user_email,
            "user_id": USER_ID,
            "scopes": sorted(owner.scopes),
            "is_private_distribution": True,
        }
        if grant is not None and grant.expires is not None:
            found["expires_in"] = (grant.expires - now) // 1000
        return _json(found)

    def _revoke(self, token: str) -> Response:
        """Connections of one app to one account share their fate: with one token go all of them."""
        owner = self._refresh.get(token) or self._access.get(token)
        if owner is not None:
            self.end(owner.portal)
        return Response(204)

    # Whose call it is

    def admit(self, request: Request, accounts: Mapping[int, Account]) -> tuple[Account, Grant, Author]:
        """The account of a bearer token, and how it may act. Raises `Refusal` (401)."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            words = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
            raise Refusal(401, words, "INVALID_AUTHENTICATION")
        settings = self._world.settings
        grant = self._access.get(token) or _service_grant(token, accounts)
        if grant is None or grant.portal not in accounts:
            raise Refusal(401, "The OAuth token used to make this call is not valid.", "INVALID_AUTHENTICATION")
        over = 0 if grant.expires is None else self._world.now() - grant.expires
        if over >= 0 and grant.expires is not None:
            ago = f"{over // 60_000} minute(s)" if over >= 60_000 else f"{over // 1000} second(s)"
            raise Refusal(401, f"The OAuth token used to make this call expired {ago} ago.", "EXPIRED_AUTHENTICATION")
        source = "API" if grant.is_service_key else "INTEGRATION"
        return accounts[grant.portal], grant, Author(source, str(settings.app_id))

    def end(self, portal: int | None = None) -> None:
        """Forget every token of an account, or of all: revoked or uninstalled."""
        for tokens in (self._access, self._refresh):
            for token in [token for token, owner in tokens.items() if portal in (None, owner.portal)]:
                del tokens[token]

    def expire(self) -> None:
        """Let every access token run out now."""
        now = self._world.now()
        for token, grant in self._access.items():
            self._access[token] = Grant(grant.portal, grant.scopes, now)


def _service_grant(token: str, accounts: Mapping[int, Account]) -> Grant | None:
    for account in accounts.values():
        if account.service_key and token == account.service_key:
            return Grant(account.portal, schema.SCOPES - account.scopes_missing(), None, is_service_key=True)
    return None


def _challenges(verifier: str) -> tuple[str, str]:
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _back(given: Mapping[str, str], told: Mapping[str, str]) -> Response:
    parts = urlsplit(given["redirect_uri"])
    state = {"state": given["state"]} if "state" in given else {}
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *told.items(), *state.items()])
    return Response(302, b"", {"Location": urlunsplit(parts._replace(query=query))})


def _json(data: Document, status: int = 200) -> Response:
    return Response(status, encode(data), {"Content-Type": JSON, "Cache-Control": "no-store"})


def _refused(status: int, error: str, code: str, words: str) -> Response:
    body: Document = {"status": code, "message": words, "correlationId": str(uuid.uuid4())}
    if error:
        body["error"], body["error_description"] = error, words
    return _json(body, status)
