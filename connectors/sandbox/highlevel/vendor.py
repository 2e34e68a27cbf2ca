"""The stand-in itself: who is calling, which operation it is, how the answer goes out; and the control calls."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import fields

from connectors.sandbox.core import Document, Request, Response, Sandbox, SandboxError
from connectors.sandbox.highlevel import catalogue, contacts, control, invoices, keys, limits, payments, screens, world
from connectors.sandbox.highlevel.call import Call
from connectors.sandbox.highlevel.hooks import Post
from connectors.sandbox.highlevel.limits import Limited
from connectors.sandbox.highlevel.oauth import Grant, SignIn
from connectors.sandbox.highlevel.place import Faults, Location, Settings, World
from connectors.sandbox.highlevel.wire import Refusal, answer, nobody_serves

READING_POSTS = ("/contacts/search",)
EDGE = (502, 503, 520, 521, 522, 524)
INJECTED = {
    400: "Bad Request Exception",
    401: "Invalid token: access token is invalid",
    403: "The token does not have access to this location.",
    404: "Not Found",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal server error",
    504: "Gateway Timeout",
}


class HighLevelStandIn:
    """Plays the vendor under `/highlevel`: sign-in, API, webhooks. One event loop, so no locks."""

    key = "highlevel"
    screens = "app"

    def __init__(self, sandbox: Sandbox) -> None:
        self._world = World(sandbox)
        self._sign_in = SignIn(self._world)
        self._post = Post(self._world, self._sign_in)
        self._world.tell = self._post.tell
        self._locations: dict[str, Location] = {}
        self.reset("empty")

    # Control calls

    def reset(self, world_name: str) -> None:
        """Hold exactly the named world, without faults. Settings and tokens stay: a connected app stays connected."""
        locations = world.build(self._world, world_name)
        self._post.forget()
        self._world.faults = Faults()
        self._locations = locations

    def configure(self, settings: Mapping[str, object]) -> None:
        """Change settings; `Settings` names them."""
        for name, value in settings.items():
            self._world.settings.change(name, value)
        self._post.reseed()

    def fault(self, kind: str, options: Mapping[str, object]) -> bool:
        """`expire_tokens`; `revoke` (everywhere or one `location`); `lag` (`seconds`); `lossy` (`rate`, `seed`)."""
        faults = self._world.faults
        if kind == "clear":
            self._world.faults = Faults()
        elif kind == "expire_tokens":
            self._sign_in.expire()
        elif kind == "revoke":
            location = options.get("location")
            self._sign_in.end(None if location is None else str(location))
        elif kind == "lag":
            faults.lag_seconds = float(str(options.get("seconds", 60)))
        elif kind == "lossy":
            faults.lossy_rate = float(str(options.get("rate", 0.1)))
            faults.dice = random.Random(int(str(options.get("seed") or 0)))
        else:
            return False
        return True

    def load(self, resource: str, documents: list[Document]) -> int:
        """Take documents in the vendor's own shape; those already there are edits by a person in the product."""
        return self.load_with(resource, documents, {})

    def load_with(self, resource: str, documents: list[Document], options: Mapping[str, object]) -> int:
        """`load` into the location named by the option `location`."""
        unknown = options.keys() - {"location"}
        if unknown:
            raise SandboxError(f"highlevel load knows no {', '.join(sorted(unknown))}; known: location")
        for document in documents:
            location = self._location(document.get("location", options.get("location")))
            try:
                if resource == "app":
                    self._app(location, document)
                else:
                    control.load(location, resource, document)
            except Refusal as refusal:
                raise SandboxError(f"{resource}: {refusal}") from refusal
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                raise SandboxError(f"{resource}: {type(error).__name__} {error}") from error
        return len(documents)

    def _location(self, id: object) -> Location:
        if id is None:
            return next(iter(self._locations.values()))
        if str(id) not in self._locations:
            raise SandboxError(f"highlevel has no location {id!r}; known: {', '.join(self._locations)}")
        return self._locations[str(id)]

    def _app(self, location: Location, document: Document) -> None:
        """`{"uninstall": true}`: a person takes the app away; its tokens die and one last event tells."""
        if set(document) - {"location", "uninstall"} or not document.get("uninstall"):
            raise SandboxError("app takes uninstall: true")
        self._sign_in.end(location.id)
        self._post.tell(location, "UNINSTALL", {})
        self._sign_in.installed.pop(location.id, None)

    def state(self) -> dict[str, object]:
        """Everything held, without tokens and secrets, by location; with the keys that verify our webhooks."""
        kept = self._world.settings
        return {
            "locations": [control.state(location) for location in self._locations.values()],
            "settings": {one.name: getattr(kept, one.name) for one in fields(Settings) if one.name != "client_secret"},
            "installed": {id: sorted(scopes) for id, scopes in self._sign_in.installed.items()},
            "webhook_keys": keys.public_keys(),
        }

    # Vendor's calls

    async def handle(self, request: Request) -> Response:
        """Answer one call as the vendor would."""
        try:
            return self._route(request, request.path.split("/")[1:])
        except Limited as limited:
            found = limited.response()
            return Response(found.status, found.body, {**found.headers, **limited.headers})
        except Refusal as refusal:
            return refusal.response()

    def _route(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts:
            case _, ["oauth", "chooselocation"] | ["v2", "oauth", "chooselocation"]:
                return self._sign_in.choose(request, self._locations)
            case "GET" | "POST", ["app", *_] | ["v2", "location", _, *_]:
                return screens.serve(request, parts, self._locations, self._world.settings.brand)
            case "POST", ["oauth", "token"]:
                return self._sign_in.token(request, self._installed)
            case "POST", ["oauth", "reconnect"] if self._world.settings.reconnect_api:
                return self._sign_in.reconnect(request, self._locations)
        return self._connected(request, parts)

    def _installed(self, grant: Grant) -> None:
        """An app was installed: events of these locations go out from now on."""
        for location in self._locations.values():
            if location.id == grant.location or (not grant.location and location.company_id == grant.company):
                self._sign_in.installed[location.id] = grant.scopes
                self._post.tell(location, "INSTALL", {"userId": grant.user, "isWhitelabelCompany": True})

    def _connected(self, request: Request, parts: list[str]) -> Response:
        """A call with a token: admit it, count it, do it."""
        grant = self._sign_in.admit(request, self._locations)
        home = self._locations.get(grant.location)
        rate = limits.count(home) if home is not None else {}
        try:
            found = self._operate(Call(request, grant, home, self._locations), parts)
        except Refusal as refusal:
            found = refusal.response()
        settings = self._world.settings
        is_write = request.method != "GET" and request.path not in READING_POSTS
        if settings.lose_answers and is_write and found.status < 300:
            settings.lose_answers -= 1
            found = self.error_response(504, request)
        return Response(found.status, found.body, {**found.headers, **rate})

    def _operate(self, call: Call, parts: list[str]) -> Response:
        match call.method, parts:
            case "POST", ["oauth", "locationToken"]:
                call.need("oauth.write")
                return self._sign_in.location_token(call.request, call.grant, self._locations)
            case "GET", ["oauth", "installedLocations"]:
                call.need("oauth.readonly")
                return self._sign_in.installed_locations(call.request, call.grant, self._locations)
            case _, ["contacts", *rest] if rest:
                return contacts.serve(call, rest)
            case _, ["invoices", *rest] if rest:
                return invoices.serve(call, rest)
            case _, ["payments", *rest] if rest:
                return payments.serve(call, rest)
            case "GET", ["products", *rest] if rest:
                return catalogue.products(call, rest)
            case "GET", ["workflows", ""]:
                return catalogue.workflows(call)
            case "GET", ["locations", id]:
                return catalogue.location(call, id)
            case "GET", ["locations", id, "customFields"]:
                return catalogue.custom_fields(call, id)
        raise nobody_serves(call.request)

    def error_response(self, status: int, request: Request) -> Response:
        """What an injected error looks like: JSON, or a page of the edge."""
        if status in EDGE:
            page = f"<html><head><title>{status}</title></head><body><h1>Error {status}</h1></body></html>"
            return Response(status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})
        words = INJECTED.get(status, f"injected error {status}")
        if request.path == "/oauth/token":
            return answer({"error": words, "error_description": words, "message": words, "statusCode": status}, status)
        found = Refusal(status, words).response()
        if status == 429:
            headers = limits.used_up(next(iter(self._locations.values())))
            return Response(429, found.body, {**found.headers, **headers})
        return found
