"""The sandbox server: every stand-in under its prefix, control calls under `/_sandbox/`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from connectors.sandbox.core import (
    Clock,
    HasErrorShape,
    HasScreens,
    Request,
    Response,
    Sandbox,
    SandboxError,
    TakesLoadOptions,
    TakesWholeLoad,
    Vendor,
    decode,
    encode,
)
from connectors.sandbox.faults import LASTING_KINDS, Fault, parse_faults
from connectors.sandbox.highlevel import HighLevelStandIn
from connectors.sandbox.hubspot import HubSpotStandIn
from connectors.sandbox.magento import MagentoStandIn
from connectors.sandbox.mailchimp import MailchimpStandIn
from connectors.sandbox.quickbooks import QuickBooksStandIn
from connectors.sandbox.shopmonkey import ShopmonkeyStandIn

log = logging.getLogger("sandbox")

STAND_INS: tuple[Callable[[Sandbox], Vendor], ...] = (
    QuickBooksStandIn,
    MailchimpStandIn,
    MagentoStandIn,
    HubSpotStandIn,
    HighLevelStandIn,
    ShopmonkeyStandIn,
)
WORLDS = ("demo", "empty")
MAX_BODY = 256 * 1024 * 1024
CALLS_KEPT = 200_000
PIECES = 20

_HTML_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>"
    b"<body><h1>We'll be right back</h1><p>Please try again in a few minutes.</p></body></html>\n"
)


class Calls:
    """The log of vendor calls: a bounded ring with totals that go on counting."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._ring: deque[tuple[float, str, str, str, str, int, float, str]] = deque(maxlen=CALLS_KEPT)
        self.totals: Counter[tuple[str, str, int]] = Counter()

    def add(self, at: float, vendor: str, request: Request, query: str, status: int, ms: float) -> None:
        digest = hashlib.blake2b(request.body, digest_size=8).hexdigest() if request.body else ""
        self._ring.append((at, vendor, request.method, request.path, query, status, ms, digest))
        self.totals[vendor, request.method, status] += 1

    def listing(self, vendor: str | None, limit: int) -> dict[str, object]:
        """The latest `limit` calls, oldest first, with totals over everything since the last reset."""
        found = [row for row in self._ring if vendor in (None, row[1])][-limit:]
        names = ("at", "vendor", "method", "path", "query", "status", "milliseconds", "digest")
        totals = [
            {"vendor": key[0], "method": key[1], "status": key[2], "count": count}
            for key, count in sorted(self.totals.items())
            if vendor in (None, key[0])
        ]
        return {
            "total": sum(count for key, count in self.totals.items() if vendor in (None, key[0])),
            "totals": totals,
            "calls": [{**dict(zip(names, row, strict=True)), "at": _moment(row[0])} for row in found],
        }


class Server:
    """State of one running sandbox, and the two handlers: vendors' calls and control calls."""

    def __init__(self, world: str = "demo", *, rate_limits: bool = False, clock: Clock | None = None) -> None:
        self.sandbox = Sandbox(clock)
        self.vendors: dict[str, Vendor] = {}
        for make in STAND_INS:
            vendor = make(self.sandbox)
            self.vendors[vendor.key] = vendor
        self.calls = Calls()
        self.faults: list[Fault] = []
        self.lasting: list[Mapping[str, object]] = []
        self.world = world
        self.reset(world)
        if rate_limits:
            for vendor in self.vendors.values():
                vendor.configure({"rate_limits": True})

    def reset(self, world: str) -> None:
        """A named world, no faults, an empty call log, the clock back at the present."""
        if world not in WORLDS:
            raise SandboxError(f"unknown world {world!r}; known: {', '.join(WORLDS)}")
        self.sandbox.forget_hooks()
        self.sandbox.clock.reset()
        self.clear_faults()
        for vendor in self.vendors.values():
            vendor.reset(world)
        self.calls.clear()
        self.world = world

    def clear_faults(self) -> None:
        self.faults = []
        self.lasting = []
        for vendor in self.vendors.values():
            vendor.fault("clear", {})

    def vendor(self, key: str) -> Vendor:
        if key not in self.vendors:
            raise SandboxError(f"unknown vendor {key!r}; known: {', '.join(sorted(self.vendors))}")
        return self.vendors[key]

    # Vendors' calls

    async def handle(self, http: web.Request) -> web.StreamResponse:
        """Everything that comes in."""
        raw_path, _, raw_query = http.raw_path.partition("?")
        prefix, _, _ = raw_path.lstrip("/").partition("/")
        if prefix == "_sandbox":
            return await self._control(http)
        vendor = self.vendors.get(prefix)
        if vendor is None:
            return web.Response(status=404, text=f"No stand-in at /{prefix}\n")
        began = time.perf_counter()
        request = Request(
            method=http.method,
            path=http.path[len(prefix) + 1 :] or "/",
            query=parse_qs(raw_query, keep_blank_values=True) if raw_query else {},
            headers={name.lower(): value for name, value in http.headers.items()},
            body=await http.read(),
            base_url=f"{http.scheme}://{http.host}/{prefix}",
            target=http.raw_path,
        )
        struck = [fault for fault in self.faults if fault.strikes(prefix, request.method, request.path)]
        answer, seen = await self._play(http, vendor, request, struck)
        self.calls.add(time.time(), prefix, request, raw_query, seen, (time.perf_counter() - began) * 1000)
        return answer

    async def _play(
        self, http: web.Request, vendor: Vendor, request: Request, struck: Sequence[Fault]
    ) -> tuple[web.StreamResponse, int]:
        """The answer with the faults that struck, and the status for the log (0: the caller got none)."""
        for fault in struck:
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
        wire = next((fault for fault in struck if fault.kind != "delay"), None)
        if wire is None:
            response = await self._ask(vendor, request)
            headers = {**response.headers, "Date": self._date()}
            return web.Response(status=response.status, body=response.body, headers=headers), response.status
        if wire.kind == "drop_before":
            return _abort(http), 0
        if wire.kind == "html":
            return web.Response(status=200, body=_HTML_PAGE, content_type="text/html"), 200
        if wire.kind == "status":
            response = _error(vendor, wire, request)
            return web.Response(status=response.status, body=response.body, headers=response.headers), response.status
        response = await self._ask(vendor, request)
        if wire.kind == "drop_after":
            return _abort(http), 0
        if wire.kind == "truncate":
            return await _send_part(http, response), response.status
        return await _send_slowly(http, response, wire.seconds), response.status

    def _date(self) -> str:
        """The vendors' time, as their answers' heads tell it."""
        return format_datetime(self.sandbox.clock.now(), usegmt=True)

    async def _ask(self, vendor: Vendor, request: Request) -> Response:
        try:
            return await vendor.handle(request)
        except Exception:
            # The stand-in's own fault, not a played one: say so loudly instead of looking like the vendor's outage.
            log.exception("stand-in failed vendor=%s method=%s path=%s", vendor.key, request.method, request.path)
            return Response(500, b'{"sandbox_error": "the stand-in failed; see its log"}', _JSON)

    # Control calls

    async def _control(self, http: web.Request) -> web.Response:
        name, _, rest = http.path.removeprefix("/_sandbox/").strip("/").partition("/")
        body = await http.read()
        try:
            data = decode(body) if body else {}
            answer = self._do_control(http.method, name, rest, data, http.query)
        except SandboxError as error:
            return _json({"error": str(error)}, 400)
        except ValueError as error:
            return _json({"error": f"not JSON: {error}"}, 400)
        return _json({"error": f"no control call {http.method} {name}"}, 404) if answer is None else _json(answer)

    def _do_control(self, method: str, name: str, rest: str, data: object, query: Mapping[str, str]) -> object | None:
        if method == "GET":
            return self._read_control(name, rest, query)
        if method != "POST":
            return None
        if name == "faults":
            return self._set_faults(data)
        if not isinstance(data, dict):
            raise SandboxError("the body must be an object")
        if name == "reset":
            self.reset(str(data.get("world", "demo")))
            return self._health()
        if name == "load":
            return self._load(self.vendor(rest), data)
        if name == "configure":
            self.vendor(rest).configure(data)
            return {"ok": True}
        if name == "clock":
            self.sandbox.clock.advance(float(str(data.get("advance_seconds", 0))))
            return {"now": self.sandbox.clock.now().isoformat()}
        return None

    def _read_control(self, name: str, rest: str, query: Mapping[str, str]) -> object | None:
        if name == "health":
            return self._health()
        if name == "state":
            return self.vendor(rest).state()
        if name == "calls":
            return self.calls.listing(query.get("vendor"), int(query.get("limit", str(CALLS_KEPT))))
        if name == "faults":
            return self._list_faults()
        if name == "clock":
            return {"now": self.sandbox.clock.now().isoformat()}
        if name == "hooks":
            return {"waiting": self.sandbox.waiting(), "deliveries": list(self.sandbox.delivered)}
        return None

    def _health(self) -> dict[str, object]:
        return {
            "ok": True,
            "world": self.world,
            "vendors": sorted(self.vendors),
            "screens": {
                key: f"/{key}/{vendor.screens}"
                for key, vendor in self.vendors.items()
                if isinstance(vendor, HasScreens)
            },
            "now": self.sandbox.clock.now().isoformat(),
            "calls": sum(self.calls.totals.values()),
        }

    def _load(self, vendor: Vendor, data: Mapping[str, object]) -> dict[str, object]:
        """Every key with a list is a resource; other keys are options (a company, say)."""
        if isinstance(vendor, TakesWholeLoad):
            return {"loaded": vendor.load_all(data)}
        resources = {name: value for name, value in data.items() if isinstance(value, list)}
        options = {name: value for name, value in data.items() if name not in resources}
        if not options:
            return {"loaded": {name: vendor.load(name, documents) for name, documents in resources.items()}}
        if not isinstance(vendor, TakesLoadOptions):
            raise SandboxError(f"{vendor.key} takes no options: {', '.join(sorted(options))}")
        return {"loaded": {name: vendor.load_with(name, docs, options) for name, docs in resources.items()}}

    def _set_faults(self, data: object) -> dict[str, object]:
        parsed = parse_faults(data)
        self.clear_faults()
        for entry in parsed:
            if isinstance(entry, Fault):
                self.faults.append(entry)
            else:
                self._vendor_fault(*entry)
        return self._list_faults()

    def _list_faults(self) -> dict[str, object]:
        return {"faults": [*(fault.describe() for fault in self.faults), *self.lasting]}

    def _vendor_fault(self, kind: str, options: Mapping[str, object]) -> None:
        key = options.get("vendor")
        targets = list(self.vendors.values()) if key in (None, "", "*") else [self.vendor(str(key))]
        # All are asked: a fault without a vendor is for everyone who knows it.
        known = [vendor.fault(kind, options) for vendor in targets]
        if not any(known):
            raise SandboxError(f"{key or 'no vendor'} does not know the fault {kind!r}")
        if kind in LASTING_KINDS:
            self.lasting.append(options)


_JSON = {"Content-Type": "application/json"}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _json(data: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=encode(data), headers=_JSON)


def _error(vendor: Vendor, fault: Fault, request: Request) -> Response:
    """What the vendor says with this status, as near as it can tell."""
    if isinstance(vendor, HasErrorShape):
        shaped = vendor.error_response(fault.status, request)
    else:
        shaped = Response(fault.status, encode({"error": "injected fault", "status": fault.status}), _JSON)
    return Response(shaped.status, shaped.body, {**shaped.headers, **fault.headers})


def _abort(http: web.Request) -> web.Response:
    """Cut the connection: the caller sees a reset, never an answer."""
    if http.transport is not None:
        http.transport.abort()
    return web.Response(status=503)


async def _send_part(http: web.Request, response: Response) -> web.StreamResponse:
    """Promise the whole body, send half of it, hang up."""
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    stream.content_length = len(response.body)
    stream.force_close()
    with contextlib.suppress(ConnectionError):
        await stream.prepare(http)
        await stream.write(response.body[: len(response.body) // 2])
    if http.transport is not None:
        http.transport.close()
    return stream


async def _send_slowly(http: web.Request, response: Response, seconds: float) -> web.StreamResponse:
    """The right answer in small pieces, spread over `seconds`."""
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    stream.content_length = len(response.body)
    step = max(1, -(-len(response.body) // PIECES))
    with contextlib.suppress(ConnectionError):
        await stream.prepare(http)
        for start in range(0, len(response.body), step):
            await asyncio.sleep(seconds / PIECES)
            await stream.write(response.body[start : start + step])
        await stream.write_eof()
    return stream


def create_app(world: str = "demo", *, rate_limits: bool = False, clock: Clock | None = None) -> web.Application:
    """The sandbox as an aiohttp application; the running `Server` is `app[SERVER]`."""
    server = Server(world, rate_limits=rate_limits, clock=clock)
    app = web.Application(client_max_size=MAX_BODY)
    app[SERVER] = server
    app.router.add_route("*", "/{path:.*}", server.handle)

    async def start(_: web.Application) -> None:
        server.sandbox.start()

    async def stop(_: web.Application) -> None:
        await server.sandbox.close()

    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    return app


SERVER = web.AppKey("server", Server)


async def _serve(
    app: web.Application, host: str, port: int, ready: Callable[[int], object] | None, stop: asyncio.Event
) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=1024)
    await site.start()
    bound = runner.addresses[0][1]
    if ready is not None:
        ready(bound)
    try:
        await stop.wait()
    finally:
        await runner.cleanup()


def serve(
    host: str = "127.0.0.1",
    port: int = 9100,
    world: str = "demo",
    ready: Callable[[int], object] | None = None,
    *,
    rate_limits: bool = False,
) -> None:
    """Serve until interrupted. `ready` is called with the port once it listens (port 0 takes a free one).

    Also runs in a thread, where it ends when the process does; `background` gives a thread that can be stopped.
    """

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        # In a thread there is no main-thread signal handling to hook into.
        with contextlib.suppress(RuntimeError, ValueError, NotImplementedError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.set)
        await _serve(create_app(world, rate_limits=rate_limits), host, port, ready, stop)

    asyncio.run(main())


@contextlib.contextmanager
def background(
    world: str = "demo", *, host: str = "127.0.0.1", port: int = 0, rate_limits: bool = False
) -> Iterator[str]:
    """A sandbox in a thread of this process for the length of a `with`; gives its address, `http://127.0.0.1:PORT`."""
    started = threading.Event()
    shared: dict[str, Any] = {}

    async def main() -> None:
        shared["stop"], shared["loop"] = asyncio.Event(), asyncio.get_running_loop()
        app = create_app(world, rate_limits=rate_limits)

        def ready(bound: int) -> None:
            shared["port"] = bound
            started.set()

        await _serve(app, host, port, ready, shared["stop"])

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # handed to the caller, who is waiting
            shared["error"] = error
            started.set()

    thread = threading.Thread(target=run, name="sandbox", daemon=True)
    thread.start()
    started.wait(30)
    if "error" in shared:
        raise shared["error"]
    try:
        yield f"http://{host}:{shared['port']}"
    finally:
        shared["loop"].call_soon_threadsafe(shared["stop"].set)
        thread.join(10)
