"""Signing in: where to install, codes, single-use refresh tokens, tokens of one location out of an agency's.

Source: GoHighLevel/highlevel-api-docs:docs/oauth/Authorization.md and apps/oauth.json, read 2026-11-21.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectors.sandbox.core import Document, Request, Response, encode
from connectors.sandbox.highlevel import pages
from connectors.sandbox.highlevel.place import Location, World
from connectors.sandbox.highlevel.wire import JSON, Refusal, form_of, moment, query_count, query_text, trace, unfit

AGENCY = "agency"
KEPT = ("client_id", "redirect_uri", "scope", "state", "version_id", "loginWindowOpenMode")
BRANDS = ("highlevel", "gohighlevel", "leadconnector")
SCOPES = frozenset(
    f"{thing}.{right}"
    for thing in (
        "contacts", "invoices", "payments/orders", "payments/transactions", "payments/subscriptions", "products",
        "products/prices", "locations", "locations/customFields", "locations/tags", "workflows", "oauth", "users",
        "invoices/schedule", "invoices/template", "calendars", "opportunities", "businesses",
    )
    for right in ("readonly", "write")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code, a refresh token or an access token stands for. `location` is "" for an agency's."""

    company: str
    location: str
    scopes: frozenset[str]
    user: str
    chain: str  # tokens that came out of one consent share their fate
    expires: datetime | None = None  # None: a private integration token

    @property
    def kind(self) -> str:
        return "Location" if self.location else "Company"


@dataclass(frozen=True, slots=True)
class Spent:
    """A refresh token that was used, and what it was answered."""

    grant: Grant
    at: datetime
    answer: Document


class SignIn:
    """Consent, codes and tokens of all locations."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, tuple[Grant, str]] = {}
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._spent: dict[str, Spent] = {}
        self.installed: dict[str, frozenset[str]] = {}  # location -> scopes: where the app hears of events

    # The browser

    def choose(self, request: Request, locations: Mapping[str, Location]) -> Response:
        """Show where the app can be installed, or (`auto=1`, or the form sent) send the browser back with a code."""
        given = {name: values[0] for name, values in request.query.items()}
        if request.method == "POST":
            given |= form_of(request)
        lang = pages.language(request.headers.get("accept-language", ""))
        trouble = self._trouble(given, request.method == "GET")
        chosen = given.get("location") or next(iter(locations))
        if not trouble and chosen != AGENCY and chosen not in locations:
            trouble = f"location {chosen}"
        if trouble:
            return pages.refusal(trouble, lang)
        if given.get("answer") == "cancel":
            return _back(given, {"error": "access_denied"})
        if given.get("auto") == "1" or given.get("answer") == "connect":
            return _back(given, {"code": self._code(given, chosen, locations)})
        hidden = {name: given[name] for name in KEPT if name in given}
        brand = self._world.settings.brand
        return pages.consent(brand, locations.values(), given["scope"].split(), hidden, lang)

    def _trouble(self, given: Mapping[str, str], is_first: bool) -> str:
        settings = self._world.settings
        address = given.get("redirect_uri", "")
        if is_first and given.get("response_type") != "code":
            return "response_type"
        if given.get("client_id") != settings.client_id:
            return "client_id"
        if urlsplit(address).scheme not in ("http", "https") or (
            settings.redirect_uris and address not in settings.redirect_uris
        ):
            return "redirect_uri"
        if settings.refuse_brand_in_redirect and any(brand in address.lower() for brand in BRANDS):
            return "redirect_uri: it may not name the platform"
        unknown = sorted(set(given.get("scope", "").split()) - SCOPES)
        return f"scope: {', '.join(unknown)}" if unknown or not given.get("scope") else ""

    def _code(self, given: Mapping[str, str], chosen: str, locations: Mapping[str, Location]) -> str:
        first = next(iter(locations.values()))
        place = locations.get(chosen, first)
        location = "" if chosen == AGENCY else chosen
        chain = secrets.token_hex(8)
        grant = Grant(place.company_id, location, frozenset(given["scope"].split()), place.users[0], chain)
        return self._new_code(grant, given["redirect_uri"])

    def _new_code(self, grant: Grant, redirect_uri: str) -> str:
        code = f"SECRET-code-{secrets.token_hex(20)}"
        lasts = timedelta(seconds=self._world.settings.code_seconds)
        self._codes[code] = (replace(grant, expires=self._world.now() + lasts), redirect_uri)
        return code

    # The application's server

    def token(self, request: Request, installed: Callable[[Grant], None]) -> Response:
        """`POST /oauth/token`. `installed` is told of a code that was exchanged."""
        form = self._form(request)
        settings = self._world.settings
        kind = form.get("grant_type", "")
        if kind not in ("authorization_code", "refresh_token"):
            return _refused(400, "Bad Request", "Invalid grant_type")
        if form.get("client_id") != settings.client_id or form.get("client_secret") != settings.client_secret:
            return _refused(401, "UnAuthorized!", "Invalid client credentials!")
        if form.get("user_type", "Location") not in ("Location", "Company"):
            return _refused(400, "Bad Request", "user_type must be Location or Company")
        if kind == "refresh_token":
            return self._renew(form)
        return self._exchange(form, installed)

    def _form(self, request: Request) -> dict[str, str]:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise unfit("the body must be sent as application/x-www-form-urlencoded")
        return form_of(request)

    def _exchange(self, form: Mapping[str, str], installed: Callable[[Grant], None]) -> Response:
        grant, redirect_uri = self._codes.pop(form.get("code", ""), (None, ""))
        if grant is None or (grant.expires is not None and grant.expires <= self._world.now()):
            return _refused(400, "invalid_grant", "Invalid grant: authorization code is invalid")
        if form.get("redirect_uri", redirect_uri) != redirect_uri:
            return _refused(400, "invalid_grant", "Invalid grant: redirect_uri does not match")
        if form.get("user_type", grant.kind) != grant.kind:
            return _refused(400, "invalid_grant", f"Invalid grant: the code is for user_type {grant.kind}")
        installed(grant)
        return _json(self._pair(grant))

    def _renew(self, form: Mapping[str, str]) -> Response:
        """A refresh token works once; its answer may be given again only within the grace, when there is one."""
        token = form.get("refresh_token", "")
        if not token:
            return _refused(422, "Unprocessable Entity", "refresh_token should not be empty")
        now, settings = self._world.now(), self._world.settings
        spent = self._spent.get(token)
        if spent is not None:
            if now - spent.at < timedelta(seconds=settings.refresh_grace_seconds):
                return _json(spent.answer)
            if settings.revoke_on_reuse:
                self.end(chain=spent.grant.chain)
        grant = self._refresh.get(token)
        if grant is None or (grant.expires is not None and grant.expires <= now):
            return _refused(401, "Unauthorized", "This refresh token is invalid")
        if form.get("user_type", grant.kind) != grant.kind:
            return _refused(400, "Bad Request", f"the refresh token is for user_type {grant.kind}")
        del self._refresh[token]
        answer = self._pair(grant)
        self._spent[token] = Spent(grant, now, answer)
        return _json(answer)

    def _pair(self, grant: Grant) -> Document:
        refresh = f"SECRET-refresh-{secrets.token_urlsafe(48)}"
        lasts = timedelta(seconds=self._world.settings.refresh_token_seconds)
        self._refresh[refresh] = replace(grant, expires=self._world.now() + lasts)
        found: Document = {
            **self._access_of(grant),
            "refresh_token": refresh,
            "userType": grant.kind,
            "companyId": grant.company,
            "locationId": grant.location or None,
            "isBulkInstallation": not grant.location,
        }
        if not grant.location:
            found |= {"approvedLocations": sorted(self.installed), "installToFutureLocations": False}
        return found

    def _access_of(self, grant: Grant) -> Document:
        token = f"SECRET-access-{secrets.token_urlsafe(96)}"
        seconds = self._world.settings.access_token_seconds
        self._access[token] = replace(grant, expires=self._world.now() + timedelta(seconds=seconds))
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(seconds),
            "scope": " ".join(sorted(grant.scopes)),
            "userId": grant.user,
        }

    def location_token(self, request: Request, grant: Grant, locations: Mapping[str, Location]) -> Response:
        """`POST /oauth/locationToken`: an agency's token becomes one location's, without a refresh token."""
        form = self._form(request)
        lacking = [f"{name} should not be empty" for name in ("companyId", "locationId") if not form.get(name)]
        if lacking:
            raise unfit(*lacking)
        location = locations.get(form["locationId"])
        if grant.location or form["companyId"] != grant.company or location is None:
            raise Refusal(403, "The token does not have access to this location.")
        if location.id not in self.installed:
            raise Refusal(400, "The app is not installed in this location.")
        own = replace(grant, location=location.id, user=location.users[0])
        return _json({**self._access_of(own), "locationId": location.id})

    def installed_locations(self, request: Request, grant: Grant, locations: Mapping[str, Location]) -> Response:
        """`GET /oauth/installedLocations`."""
        company, app = query_text(request, "companyId", needed=True), query_text(request, "appId", needed=True)
        if grant.location or company != grant.company:
            raise Refusal(403, "The token does not have access to this company.")
        skip, limit = query_count(request, "skip", 0), query_count(request, "limit", 20)
        word = (request.arg("query") or "").lower()
        rows: list[Document] = [
            {
                "_id": one.id,
                "name": one.name,
                "address": str(one.address.get("addressLine1", "")),
                "isInstalled": one.id in self.installed and app == self._world.settings.app_id,
            }
            for one in locations.values()
            if word in one.name.lower() and request.arg("locationId") in (None, one.id)
        ]
        if request.arg("isInstalled") in ("true", "false"):
            rows = [row for row in rows if row["isInstalled"] == (request.arg("isInstalled") == "true")]
        page = rows[skip : skip + limit]
        return _json({"locations": page, "count": len(rows), "installToFutureLocations": False})

    def reconnect(self, request: Request, locations: Mapping[str, Location]) -> Response:
        """`POST /oauth/reconnect`, as the help centre describes it: a fresh code while the app is still installed."""
        settings = self._world.settings
        try:
            body = request.json()
        except (ValueError, RecursionError):
            return _refused(400, "Bad Request", "Unexpected token in JSON")
        given = body if isinstance(body, dict) else {}
        if given.get("clientKey") != settings.client_id or given.get("clientSecret") != settings.client_secret:
            return _refused(401, "UnAuthorized!", "Invalid client credentials!")
        location = locations.get(str(given.get("locationId", "")))
        if location is None or location.id not in self.installed:
            return _refused(400, "Bad Request", "The app is not installed in this location.")
        chain = secrets.token_hex(8)
        scopes = self.installed[location.id]
        code = self._new_code(Grant(location.company_id, location.id, scopes, location.users[0], chain), "")
        return _json(
            {"authorizationCode": code, "expiresAt": moment(self._codes[code][0].expires or self._world.now())}
        )

    # Whose call it is

    def admit(self, request: Request, locations: Mapping[str, Location]) -> Grant:
        """What a bearer token stands for. Raises `Refusal` (401)."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._access.get(token) or _private(token, locations)
        if kind.lower() != "bearer" or grant is None:
            raise Refusal(401, "Invalid token: access token is invalid")
        if grant.expires is not None and grant.expires <= self._world.now():
            raise Refusal(401, "Invalid token: access token has expired")
        version = request.headers.get("version")
        if version != self._world.settings.version:
            raise Refusal(401, "version header was not found." if not version else "version header is invalid.")
        return grant

    def end(self, location: str | None = None, chain: str | None = None) -> None:
        """Forget tokens: of one consent, of one location, or all."""
        for tokens in (self._access, self._refresh):
            for token, grant in list(tokens.items()):
                if chain == grant.chain or (chain is None and location in (None, grant.location)):
                    del tokens[token]

    def expire(self) -> None:
        """Let every access token run out now."""
        now = self._world.now()
        self._access = {token: replace(grant, expires=now) for token, grant in self._access.items()}


def _private(token: str, locations: Mapping[str, Location]) -> Grant | None:
    for location in locations.values():
        if found := location.private_tokens.get(token):
            scopes = SCOPES if found.scopes is None else found.scopes
            return Grant(location.company_id, location.id, scopes, location.users[0], "private", found.ends)
    return None


def _back(given: Mapping[str, str], told: Mapping[str, str]) -> Response:
    parts = urlsplit(given["redirect_uri"])
    state = {"state": given["state"]} if "state" in given else {}
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *told.items(), *state.items()])
    return Response(302, b"", {"Location": urlunsplit(parts._replace(query=query))})


def _json(data: Document) -> Response:
    return Response(200, encode(data), {"Content-Type": JSON, "Cache-Control": "no-store"})


def _refused(status: int, error: str, words: str) -> Response:
    body = {"error": error, "error_description": words, "message": words, "statusCode": status, "traceId": trace()}
    return Response(status, encode(body), {"Content-Type": JSON, "Cache-Control": "no-store"})
