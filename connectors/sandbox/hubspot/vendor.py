"""The stand-in itself: who is calling, which operation it is, how the answer goes out; and the control calls."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import fields

from connectors.sandbox.core import Document, Request, Response, Sandbox, SandboxError
from connectors.sandbox.hubspot import (
    assoc_calls,
    control,
    definitions,
    hook_calls,
    limits,
    objects,
    schema,
    screens,
    timeline,
    world,
)
from connectors.sandbox.hubspot.account import Account, Faults, Settings, World
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.hooks import Post
from connectors.sandbox.hubspot.oauth import SignIn
from connectors.sandbox.hubspot.records import kind_of
from connectors.sandbox.hubspot.wire import Refusal, answer, is_number, wrong_url

WRITES = ("POST", "PATCH", "PUT", "DELETE")
READING_POSTS = ("search", "read")
EDGE = (520, 521, 522, 523, 524, 525, 526)
INJECTED: Mapping[int, tuple[str, str]] = {
    400: ("VALIDATION_ERROR", "There was a problem with the request."),
    401: ("EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 5 minute(s) ago."),
    403: ("MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
    404: ("OBJECT_NOT_FOUND", "resource not found"),
    409: ("CONFLICT", "The record was changed by another call."),
    423: ("LOCKED", "The resource is locked by many writes; try again later."),
    477: ("MIGRATION_IN_PROGRESS", "The account is being moved to another data centre."),
    500: ("INTERNAL_ERROR", "internal error"),
    502: ("GATEWAY", "bad gateway"),
    503: ("UNAVAILABLE", "service temporarily unavailable"),
    504: ("TIMEOUT", "the request timed out"),
}


class HubSpotStandIn:
    """Plays the vendor under `/hubspot`: sign-in, API, webhooks, a few screens. One event loop, so no locks."""

    key = "hubspot"
    screens = "app"

    def __init__(self, sandbox: Sandbox) -> None:
        self._world = World(sandbox)
        self._post = Post(self._world)
        self._world.tell = self._post.tell
        self._sign_in = SignIn(self._world)
        self._accounts: dict[int, Account] = {}
        self.reset("empty")

    # Control calls

    def reset(self, world_name: str) -> None:
        """Hold exactly the named world, without faults. Settings and tokens stay: a connected app stays connected."""
        accounts = world.build(self._world, world_name)
        self._post.forget()
        self._world.faults = Faults()
        self._accounts = accounts

    def configure(self, settings: Mapping[str, object]) -> None:
        """Change settings; `Settings` names them."""
        for name, value in settings.items():
            self._world.settings.change(name, value)
        self._post.reseed()

    def fault(self, kind: str, options: Mapping[str, object]) -> bool:
        """`expire_tokens`; `revoke` (everywhere or one `account`); `lag` (`seconds`); `lossy` (`rate`, `seed`)."""
        faults = self._world.faults
        if kind == "clear":
            self._world.faults = Faults()
        elif kind == "expire_tokens":
            self._sign_in.expire()
        elif kind == "revoke":
            account = options.get("account")
            self._sign_in.end(None if account is None else int(str(account)))
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
        """`load` into the account named by the option `portal`."""
        unknown = options.keys() - {"portal"}
        if unknown:
            raise SandboxError(f"hubspot load knows no {', '.join(sorted(unknown))}; known: portal")
        for document in documents:
            account = self._account(document.get("portal", options.get("portal")))
            try:
                control.load(account, resource, document)
            except Refusal as refusal:
                raise SandboxError(f"{resource}: {refusal.message}") from refusal
            except (KeyError, TypeError, ValueError) as error:
                raise SandboxError(f"{resource}: {type(error).__name__} {error}") from error
        return len(documents)

    def _account(self, portal: object) -> Account:
        if portal is None:
            return next(iter(self._accounts.values()))
        text = str(portal)
        if not is_number(text) or int(text) not in self._accounts:
            raise SandboxError(f"hubspot has no account {text!r}; known: {', '.join(map(str, self._accounts))}")
        return self._accounts[int(text)]

    def state(self) -> dict[str, object]:
        """Everything held, without tokens and secrets, by account."""
        secrets = ("client_secret", "verifier_token")
        kept = self._world.settings
        return {
            "accounts": [control.state(account) for account in self._accounts.values()],
            "settings": {one.name: getattr(kept, one.name) for one in fields(Settings) if one.name not in secrets},
            "subscriptions": [hook_calls.shown(one) for one in self._post.subscriptions.values()],
        }

    # Vendor's calls

    async def handle(self, request: Request) -> Response:
        """Answer one call as the vendor would."""
        parts = request.path.strip("/").split("/")
        try:
            return self._route(request, parts)
        except Refusal as refusal:
            return refusal.response()

    def _route(self, request: Request, parts: list[str]) -> Response:
        match parts:
            case ["oauth", "authorize"]:
                return self._sign_in.authorize(request, self._accounts)
            case ["oauth", version, "token", *step] if version in schema.VERSIONS:
                if step in ([], ["introspect"], ["revoke"]):
                    return self._sign_in.token(request, "".join(step), self._accounts)
            case ["app", *_] | ["contacts", _, "record", *_]:
                return screens.serve(request, parts, self._accounts)
            case ["crm", "objects" | "associations" | "properties", version, _, *_] if version in schema.VERSIONS:
                return self._connected(request, parts)
            case ["account-info", version, "details"] if version in schema.VERSIONS:
                return self._connected(request, parts)
            case ["appinstalls", version, "external-install"] if version in schema.VERSIONS:
                return self._connected(request, parts)
            case ["webhooks", "2026-03", _, *_] | ["integrators", "timeline", "2026-03", "events", *_]:
                return self._connected(request, parts)
        return wrong_url()

    def _connected(self, request: Request, parts: list[str]) -> Response:
        """A call with a token: admit it, count it, do it."""
        account, grant, author = self._sign_in.admit(request, self._accounts)
        rate = limits.count(
            account,
            is_search=parts[:2] == ["crm", "objects"] and parts[-1] == "search",
            is_link=parts[1] == "associations" or "associations" in parts[4:],
            is_service_key=grant.is_service_key,
        )
        call = Call(account, author, grant.scopes, request)
        try:
            found = self._operate(call, parts)
        except Refusal as refusal:
            found = refusal.response()
        settings = self._world.settings
        is_write = request.method in WRITES and parts[-1] not in READING_POSTS
        if settings.lose_answers and is_write and found.status < 300:
            settings.lose_answers -= 1
            found = self.error_response(504, request)
        return Response(found.status, found.body, {**found.headers, **rate})

    def _operate(self, call: Call, parts: list[str]) -> Response:
        match parts:
            case ["crm", "objects", _, word, id, "associations", *rest]:
                return assoc_calls.serve_record(call, kind_of(word), id, rest)
            case ["crm", "objects", _, word, *rest]:
                return objects.serve(call, kind_of(word), rest)
            case ["crm", "associations", _, word, to_word, *rest]:
                return assoc_calls.serve_batch(call, kind_of(word), kind_of(to_word), rest)
            case ["crm", "properties", _, word, *rest]:
                return definitions.serve(call, kind_of(word), rest)
            case ["account-info", *_] if call.method == "GET":
                call.need(["oauth"])
                return answer(_details(call.account))
            case ["appinstalls", *_] if call.method == "DELETE":
                self._sign_in.end(call.account.portal)
                return Response(204)
            case ["webhooks", _, app, *rest]:
                return hook_calls.serve(call, self._post, app, rest)
            case ["integrators", _, _, _, *rest]:
                return timeline.serve(call, rest)
        return wrong_url() if parts[0] == "crm" else objects.method_not_allowed()

    def error_response(self, status: int, request: Request) -> Response:
        """What an injected error looks like: JSON, a page of the edge, or a limit with its policy."""
        if status in EDGE:
            page = f"<html><head><title>Error {status}</title></head><body><h1>Error {status}</h1></body></html>"
            return Response(status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})
        if status == 429:
            is_search = request.path.endswith("/search")
            return limits.refusal("SECONDLY" if is_search else "TEN_SECONDLY_ROLLING").response()
        if status == 414:
            return Response(414, b"", {"Content-Type": "text/html"})
        category, words = INJECTED.get(status, ("INTERNAL_ERROR", f"injected error {status}"))
        errors = []
        if status == 403:
            context = {"requiredGranularScopes": ["crm.objects.contacts.read"]}
            errors = [{"message": "One or more of the following scopes are required.", "context": context}]
        found = Refusal(status, words, category, errors=errors).response()
        more = {"Retry-After": "60"} if status == 477 else {}
        return Response(found.status, found.body, {**found.headers, **more})


def _details(account: Account) -> Document:
    now = account.world.clock.now().astimezone(account.zone)
    offset = now.utcoffset()
    seconds = 0 if offset is None else int(offset.total_seconds())
    sign = "-" if seconds < 0 else "+"
    return {
        "portalId": account.portal,
        "accountType": account.type,
        "timeZone": account.timezone,
        "companyCurrency": account.currency,
        "additionalCurrencies": list(account.currencies),
        "utcOffset": f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}",
        "utcOffsetMilliseconds": seconds * 1000,
        "uiDomain": account.world.settings.ui_domain,
        "dataHostingLocation": "na1",
    }
