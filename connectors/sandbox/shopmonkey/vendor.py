"""The stand-in itself: who is calling, what stands in the way, how the answer goes out; and the control calls."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Mapping
from dataclasses import fields

from connectors.sandbox.core import Document, Request, Response, Sandbox, SandboxError
from connectors.sandbox.shopmonkey import calls, control, screens, world
from connectors.sandbox.shopmonkey.calls import Call
from connectors.sandbox.shopmonkey.hooks import Post
from connectors.sandbox.shopmonkey.shop import Company, Faults, Key, Settings, World
from connectors.sandbox.shopmonkey.wire import Refusal, firewall, no_record

MINUTE = 60.0
EDGE = (502, 503, 520, 521, 522, 523, 524, 525, 526)
INJECTED = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Insufficient permissions",
    404: "Not found",
    409: "Conflict",
    422: "Validation failed",
    429: "Rate limit exceeded",
    500: "Internal server error",
}


class ShopmonkeyStandIn:
    """Plays the vendor under `/shopmonkey`: keys, API, webhooks. One event loop, so no locks."""

    key = "shopmonkey"
    screens = "app"

    def __init__(self, sandbox: Sandbox) -> None:
        self._world = World(sandbox)
        self._post = Post(self._world)
        self._world.tell = self._post.tell
        self._dice = random.Random(0)  # noqa: S311 - dice for tests, not for secrets
        self._companies: dict[str, Company] = {}
        self.reset("empty")

    # Control calls

    def reset(self, world_name: str) -> None:
        """Hold exactly the named world, without faults. Settings stay."""
        companies = world.build(self._world, world_name)
        self._post.forget()
        self._world.faults = Faults()
        self._companies = companies

    def configure(self, settings: Mapping[str, object]) -> None:
        """Change settings; `Settings` names them."""
        for name, value in settings.items():
            self._world.settings.change(name, value)
        self._post.reseed()
        self._dice.seed(self._world.settings.trouble_seed)

    def fault(self, kind: str, options: Mapping[str, object]) -> bool:
        """`revoke` (all keys, or one `key`); `lag` (`seconds`); `lossy` (`rate`, `seed`, `path`).

        Keys here do not age, so `expire_tokens` is not known.
        """
        faults = self._world.faults
        if kind == "clear":
            self._world.faults = Faults()
        elif kind == "revoke":
            self._revoke(options.get("key"))
        elif kind == "lag":
            faults.lag_seconds = float(str(options.get("seconds", 60)))
        elif kind == "lossy":
            faults.lossy_rate = float(str(options.get("rate", 0.1)))
            faults.dice = random.Random(int(str(options.get("seed") or 0)))  # noqa: S311 - dice for tests
            try:
                faults.lossy_path = re.compile(str(options.get("path") or ""))
            except re.error as error:
                raise SandboxError(f"fault lossy: {error}") from error
        else:
            return False
        return True

    def _revoke(self, secret: object) -> None:
        """The keys end until the list of faults is replaced."""
        dead = self._world.faults.dead_keys or set()
        everyone = {one for company in self._companies.values() for one in company.keys}
        self._world.faults.dead_keys = dead | ({str(secret)} if secret else everyone)

    def load(self, resource: str, documents: list[Document]) -> int:
        """Take documents in the vendor's own shape; those already there are edits by a person in the product."""
        return self.load_with(resource, documents, {})

    def load_with(self, resource: str, documents: list[Document], options: Mapping[str, object]) -> int:
        """`load` into the company named by the option `company`."""
        unknown = options.keys() - {"company"}
        if unknown:
            raise SandboxError(f"shopmonkey load knows no {', '.join(sorted(unknown))}; known: company")
        company = self._company(options.get("company"))
        rows = []
        for document in documents:
            if not isinstance(document, dict):
                raise SandboxError(f"{resource}: each document must be an object")
            try:
                rows.append(control.load(company, resource, document))
            except Refusal as refusal:
                raise SandboxError(f"{resource}: {refusal} {refusal.data or ''}") from refusal
            except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
                raise SandboxError(f"{resource}: {type(error).__name__} {error}") from error
        if resource == "payments":
            control.settle(company, rows)
        return len(documents)

    def _company(self, id: object) -> Company:
        if id is None:
            return next(iter(self._companies.values()))
        if str(id) not in self._companies:
            raise SandboxError(f"shopmonkey has no company {id!r}; known: {', '.join(self._companies)}")
        return self._companies[str(id)]

    def state(self) -> dict[str, object]:
        """Everything held, without secrets, by company."""
        kept = self._world.settings
        return {
            "companies": [control.state(company) for company in self._companies.values()],
            "settings": {one.name: getattr(kept, one.name) for one in fields(Settings)},
        }

    # Vendor's calls

    async def handle(self, request: Request) -> Response:
        """Answer one call as the vendor would."""
        parts = request.path.split("/")[1:]
        try:
            if parts[0] == "app" and request.method in ("GET", "POST"):
                return screens.serve(request, parts, self._companies)
            settings = self._world.settings
            if self._strikes("hang"):
                await asyncio.sleep(settings.hang_seconds)
            if self._strikes("firewall"):
                return firewall()
            if self._strikes("odd_success"):
                odd = Refusal(200, "Something went wrong").response()
                return Response(200, odd.body, odd.headers)
            if parts[0] != "v3":
                raise no_record()
            return self._connected(request, parts[1:])
        except Refusal as refusal:
            return refusal.response()

    def _strikes(self, trouble: str) -> bool:
        """Whether a trouble meets this call: counted ones first, then by the dice."""
        settings = self._world.settings
        left = getattr(settings, f"{trouble}_calls")
        if left > 0:
            setattr(settings, f"{trouble}_calls", left - 1)
            return True
        rate = getattr(settings, f"{trouble}_rate")
        return bool(rate) and self._dice.random() < rate

    def _connected(self, request: Request, parts: list[str]) -> Response:
        """A call with a key: admit it, count it, do it."""
        company, key = self._admit(request)
        rate = self._count(key)
        try:
            found = calls.operate(Call(request, company, key), parts)
        except Refusal as refusal:
            found = refusal.response()
        return Response(found.status, found.body, {**found.headers, **rate})

    def _admit(self, request: Request) -> tuple[Company, Key]:
        """Whose key it is. Raises `Refusal` (401)."""
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        secret = secret.strip()
        if kind.lower() == "bearer" and secret and secret not in (self._world.faults.dead_keys or ()):
            for company in self._companies.values():
                key = company.keys.get(secret)
                if key is not None and not key.revoked:
                    return company, key
        raise Refusal(401, "Unauthorized")

    def _count(self, key: Key) -> Mapping[str, str]:
        """Count a call in the rolling minute; the headers that tell of it. Raises `Refusal` (429)."""
        settings = self._world.settings
        if not settings.rate_limits:
            return {}
        now, times = self._world.now().timestamp(), key.calls
        while times and not now - MINUTE < times[0] <= now:
            times.popleft()
        most = settings.calls_per_minute
        if len(times) >= most:
            wait = max(1, int(times[0] + MINUTE - now) + 1) if times else int(MINUTE)
            raise Refusal(429, "Rate limit exceeded", headers={"Retry-After": str(wait), **_limit(most, 0)})
        times.append(now)
        return _limit(most, most - len(times))

    def error_response(self, status: int, request: Request) -> Response:
        """What an injected error looks like: JSON, or a page of the edge."""
        if status in EDGE:
            page = f"<html><head><title>{status}</title></head><body><h1>Error {status}</h1></body></html>"
            return Response(status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})
        headers = {"Retry-After": "5", **_limit(self._world.settings.calls_per_minute, 0)} if status == 429 else {}
        return Refusal(status, INJECTED.get(status, f"injected error {status}"), headers=headers).response()


def _limit(most: int, left: int) -> dict[str, str]:
    return {"X-RateLimit-Limit-Minute": str(most), "X-RateLimit-Remaining-Minute": str(left)}
