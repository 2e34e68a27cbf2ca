"""The stand-in itself: who is calling, which operation it is, what the web server does; and the control calls."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode, urlsplit

from connectors.sandbox.core import Document, Request, Response, Sandbox, SandboxError, decode
from connectors.sandbox.magento import pages, reads, routes, till, world, writes
from connectors.sandbox.magento.bulk import Bulks
from connectors.sandbox.magento.loading import load_document, load_whole
from connectors.sandbox.magento.oauth import FORM, Gate, new_integration
from connectors.sandbox.magento.reads import Reader
from connectors.sandbox.magento.routes import Route
from connectors.sandbox.magento.shop import KINDS, Faults, Settings, Shop
from connectors.sandbox.magento.wire import (
    Refusal,
    answer,
    invalid,
    masked,
    no_route,
    not_allowed,
    page,
    required,
)

ALIASES = {"limits": "input_limits", "without_acl": "denied_resources"}
VERBS = ("GET", "POST", "PUT", "DELETE")
CALLS_PER_SECOND = 20
MADE = ("carts", "events")
WHOLE = ("currency", "stockItems", "modules")
T = TypeVar("T")
INVENTORY_MODULE = "Magento_Inventory"


class MagentoStandIn:
    """Plays one store under `/magento`: its REST API, the token exchange, and the admin page of its integrations."""

    key = "magento"
    screens = "admin"

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.settings = Settings()
        self.gate = Gate(sandbox.clock)
        self.bulks = Bulks()
        self._recent: deque[float] = deque(maxlen=CALLS_PER_SECOND)
        self.shop = Shop(sandbox.clock)
        self._reader = Reader(self.shop, self.settings)
        self.reset("empty")

    # Control calls

    def reset(self, world_name: str) -> None:
        """Hold exactly the named world, without faults. Settings and integrations stay: a connected app stays so."""
        self.shop = world.build(self._sandbox.clock, world_name)
        self._reader = Reader(self.shop, self.settings)
        self.bulks.clear()

    def configure(self, settings: Mapping[str, object]) -> None:
        """Change settings; `Settings` names them. `limits` means `input_limits`, `without_acl` `denied_resources`."""
        for name, value in settings.items():
            self.settings.change(ALIASES.get(name, name), value)
        self.gate.bearer = self.settings.bearer
        self.gate.seen_scheme = self.settings.seen_scheme

    def fault(self, kind: str, options: Mapping[str, object]) -> bool:
        """`revoke` (all, or one `consumer_key`), `lag` (`seconds`), `lossy` (`rate`, `seed`). Tokens never expire."""
        if kind == "clear":
            self.shop.faults = Faults()
            self.shop.settle(everything=True)
        elif kind == "revoke":
            key = options.get("consumer_key")
            self.gate.revoke(None if key is None else str(key))
        elif kind == "lag":
            self.shop.faults.lag_seconds = float(str(options.get("seconds", 60)))
        elif kind == "lossy":
            self.shop.faults.lossy_rate = float(str(options.get("rate", 0.1)))
            self.shop.faults.dice = random.Random(int(str(options.get("seed") or 0)))
        else:
            return False
        return True

    def load(self, resource: str, documents: list[Document]) -> int:
        """Take documents in the vendor's own shape; those already there are changed as the store's people would."""
        if resource == "carts":
            return _loaded(resource, lambda: till.take(self.shop, documents, world.VIEWS))
        if resource == "events":
            return _loaded(resource, lambda: till.happen(self.shop, documents))
        if resource in WHOLE:
            return load_whole(self.shop, resource, documents)
        if resource not in KINDS:
            raise SandboxError(f"magento cannot load {resource!r}; known: {', '.join((*KINDS, *WHOLE, *MADE))}")
        for document in documents:
            _loaded(resource, lambda one=document: load_document(self.shop, resource, one))  # type: ignore[misc]
        return len(documents)

    def load_all(self, data: Mapping[str, object]) -> dict[str, int]:
        """The body of a load call. Names that begin with `_` are remarks; some resources are objects, not lists."""
        taken: dict[str, int] = {}
        # Products first: stock is part of them, and carts are filled with them.
        names = sorted((n for n in data if not n.startswith("_")), key=lambda name: (name in MADE, name in WHOLE))
        for name in names:
            value: Any = data[name]
            if not isinstance(value, (list, dict)):
                raise SandboxError(f"{name} must be a list of documents")
            taken[name] = self.load(name, value)  # type: ignore[arg-type]
        return taken

    def state(self) -> dict[str, object]:
        """Everything held, without the secrets of the integrations."""
        held: dict[str, object] = {name: list(self.shop.documents(name)) for name in KINDS}
        integrations = [
            {"name": one.name, "consumer_key": one.consumer_key, "state": one.state}
            for one in self.gate.integrations.values()
        ]
        return {**held, "currency": self.shop.currency, "modules": self._modules(), "integrations": integrations}

    def error_response(self, status: int, request: Request) -> Response:
        """What an injected error looks like."""
        if status == 401:
            return Refusal(401, "The signature is invalid. Verify and try again.").response()
        if status == 429:
            return Response(429, b'{"message":"Too Many Requests","trace":null}', {"Content-Type": "application/json"})
        if status in (403, 404, 502, 503, 504):
            return page(status, str(status), "Service unavailable" if status >= 500 else "Access denied")
        if status == 500:
            return masked().response()
        return Refusal(status, f"An error was injected for {request.method} {request.path}.").response()

    # Vendor's calls

    async def handle(self, request: Request) -> Response:
        """Answer one call: what stands in front of the store first, then the admin, the token exchange, the API."""
        self.shop.settle()
        path = request.path.rstrip("/")
        if path.startswith("/admin"):
            return await self._admin(request, path)
        front = self._front(request)
        if front is not None:
            return front
        if path in ("/oauth/token/request", "/oauth/token/access"):
            return self.gate.token_call(request, path.rpartition("/")[2])
        if not path.startswith(("/rest/", "/index.php/rest/")):
            return page(404, "404 Not Found", "The page you requested was not found.")
        try:
            return self._operate(request)
        except Refusal as refused:
            return refused.response()

    def _front(self, request: Request) -> Response | None:
        """Maintenance mode, firewalls, redirects: no JSON, whatever was asked."""
        settings = self.settings
        if settings.maintenance:
            return page(503, "503 Service Unavailable", "The store is down for maintenance. Please come back soon.")
        if settings.html_403:
            return page(403, "403 Forbidden", "Access denied by the web application firewall.")
        if settings.html_404:
            return page(404, "404 Not Found", "The page you requested was not found.")
        if settings.login_wall:
            return page(200, "Sign in", "Please sign in to visit this store.")
        if settings.rate_limits and self._too_fast():
            return self.error_response(429, request)
        if settings.moved_to:
            target = settings.moved_to.rstrip("/") + (request.target or request.path)
            return Response(301, b"", {"Location": target, "Content-Type": "text/html"})
        if settings.encoded_slash_refused and "%2f" in request.target.lower().partition("?")[0]:
            return page(404, "Not Found", "The requested URL was not found on this server.")
        return None

    def _too_fast(self) -> bool:
        """What a web server in front of a small shop minds: more than so many calls in one second."""
        now = self._sandbox.clock.now().timestamp()
        if len(self._recent) == CALLS_PER_SECOND and self._recent[0] > now - 1:
            return True
        self._recent.append(now)
        return False

    def _operate(self, request: Request) -> Response:
        if self.settings.masked_500:
            raise masked()
        if request.method not in VERBS:
            raise Refusal(405, "Request method is invalid.")
        _check_accept(request.headers.get("accept", ""))
        table, parts = self._route_parts(request)
        route, values = routes.find(table, request.method, parts)
        if route is None or (route.inventory and not self.settings.msi):
            raise no_route()
        self._admit(request, route)
        return self._run(route, values, parts, request)

    def _route_parts(self, request: Request) -> tuple[dict[tuple[str, str], Route], list[str]]:
        """Segments behind `V1`, each decoded for itself: a SKU may hold an encoded slash."""
        raw = request.target.partition("?")[0] if request.target else ""
        path = raw[len(urlsplit(request.base_url).path) :] if raw else request.path
        parts = [unquote(part) for part in path.strip("/").removeprefix("index.php/").split("/")][1:]
        store = ""
        if parts and parts[0] in {"all", *(view["code"] for view in self.shop.documents("storeViews"))}:
            store = parts.pop(0)
        table = routes.ROUTES
        if parts[:2] == ["async", "bulk"]:
            table, parts = routes.ASYNC_ROUTES, parts[2:]
        if parts[:1] != ["V1"]:
            raise no_route()
        if store == "all" and request.method == "GET":
            raise Refusal(400, "Cannot perform GET operation with store code 'all'")
        return table, parts[1:]

    def _admit(self, request: Request, route: Route) -> None:
        """Let an integration pass that may touch the resource."""
        caller = self.gate.caller(request)
        if caller is None or route.acl in self.settings.denied_resources:
            raise not_allowed(route.acl)

    def _run(self, route: Route, values: list[str], parts: list[str], request: Request) -> Response:
        if route.action == "list":
            return self._reader.listing(route.kind, request.query)
        if route.action == "one":
            return reads.one(self.shop, route.kind, values[0], request.query)
        if route.action == "all":
            return self._every(route.kind, request)
        if request.method == "GET":
            return self._read(route, values, parts, request)
        return self._write(route, values, _body(request))

    def _every(self, kind: str, request: Request) -> Response:
        """Lists that come whole; store configurations can be chosen by code."""
        rows = list(self.shop.documents(kind))
        codes = [code for name, given in request.query.items() if name.startswith("storeCodes") for code in given]
        if kind == "storeConfigs":
            rows = [self._with_address(row, request.base_url) for row in rows if not codes or row["code"] in codes]
        return reads.shown(rows, request.query)

    def _with_address(self, row: Document, base_url: str) -> Document:
        """The configuration with the address it is asked under, unless a loaded one says its own."""
        here = base_url + "/"
        return {name: here if value == world.HERE else value for name, value in row.items()}

    def _read(self, route: Route, values: list[str], parts: list[str], request: Request) -> Response:
        query, shop = request.query, self.shop
        match route.action:
            case "order_items":
                return reads.order_items(shop, self._reader, query)
            case "comments":
                return reads.comments(shop, self._reader, values[0])
            case "product":
                return reads.product(shop, values[0], query)
            case "stock_item":
                reads.number(request.arg("scopeId") or "0")
                return reads.shown(writes.stock_item(shop, values[0]), query)
            case "stock_resolver":
                return reads.shown(writes.resolve_stock(shop, values[0], values[1]), query)
            case "salable":
                return answer(writes.salable(shop, values[0], values[1]))
            case "bulk":
                return self.bulks.show(values[0], parts[2], values[1] if len(values) > 1 else "")
            case "currency":
                return reads.shown(shop.currency, query)
            case _:
                return reads.shown(self._modules(), query)

    def _write(self, route: Route, values: list[str], body: Any) -> Response:
        shop, settings = self.shop, self.settings
        match route.action:
            case "comment":
                return answer(writes.comment(shop, values[0], body))
            case "put_stock_item":
                return answer(writes.put_stock_item(shop, settings, values[0], values[1], body))
            case "put_source_items":
                return answer(writes.put_source_items(shop, settings, body))
            case "bulk_source_items":
                topic = "async.magento.inventoryapi.api.sourceitemssaveinterface.execute.post"
                return self._bulk(topic, body, lambda one: writes.put_source_items(shop, settings, one))
            case _:
                topic = "async.magento.cataloginventory.api.stockregistryinterface.updatestockitembysku.put"
                return self._bulk(topic, body, self._bulk_stock_item)

    def _bulk(self, topic: str, body: Any, act: Any) -> Response:
        _check_bulk(topic, body)
        return self.bulks.accept(topic, body, act if self.settings.bulk_consumer else None, self.shop.now())

    def _bulk_stock_item(self, one: Any) -> object:
        return writes.put_stock_item(self.shop, self.settings, str(one["productSku"]), str(one["itemId"]), one)

    def _modules(self) -> list[str]:
        return [one for one in self.shop.modules if self.settings.msi or not one.startswith(INVENTORY_MODULE)]

    # The admin page of the integrations

    async def _admin(self, request: Request, path: str) -> Response:
        lang = pages.language(request.headers.get("accept-language", ""))
        if path == "/admin/integrations/success":
            return pages.done(lang)
        if path.startswith("/admin/integrations/"):
            one = self.gate.integrations.get(path.rpartition("/")[2])
            if one is None:
                return page(404, "404 Not Found", "There is no such integration.")
            return pages.keys(one, request.base_url, lang)
        if path not in ("/admin", "/admin/integrations"):
            return page(404, "404 Not Found", "The page you requested was not found.")
        asked = {name: values[0] for name, values in request.query.items()}
        if request.method == "POST":
            return await self._activate({**asked, **request.form()}, request, lang)
        if asked.get("auto") == "1":
            return await self._activate(asked, request, lang)
        filled = asked.get("callback_url", ""), asked.get("identity_url", "")
        return pages.listing(self.gate.integrations.values(), request.base_url, lang, filled)

    async def _activate(self, asked: Mapping[str, str], request: Request, lang: str) -> Response:
        """Activate an integration: tell its server the keys, then send the browser to its identity link."""
        callback, identity = asked.get("callback_url", ""), asked.get("identity_url", "")
        if not all(url.startswith(("http://", "https://")) for url in (callback, identity)):
            return pages.failed("callback_url, identity_url: http(s)://", lang)
        one = self.gate.add(new_integration(asked.get("name") or "Bridge", callback, identity))
        form = {
            "store_base_url": request.base_url + "/",
            "oauth_verifier": one.verifier,
            "oauth_consumer_key": one.consumer_key,
            "oauth_consumer_secret": one.consumer_secret,
        }
        status = await self._sandbox.post(callback, urlencode(form).encode(), {"Content-Type": FORM})
        if status != 200:
            del self.gate.integrations[one.consumer_key]
            return pages.failed(f"{callback}: {status or '-'}", lang, 502)
        back = f"{request.base_url}/admin/integrations/success"
        query = urlencode({"oauth_consumer_key": one.consumer_key, "success_call_back": back})
        glue = "&" if "?" in identity else "?"
        return Response(302, b"", {"Location": f"{identity}{glue}{query}", "Cache-Control": "no-store"})


def _loaded(resource: str, act: Callable[[], T]) -> T:
    """Do it, and say of a document that cannot be understood what is wrong with it."""
    try:
        return act()
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise SandboxError(f"{resource}: {type(error).__name__} {error}") from error


def _check_accept(accept: str) -> None:
    kinds = [part.partition(";")[0].strip() for part in accept.split(",")]
    if accept and not any(kind in ("*/*", "application/*", "application/json") for kind in kinds):
        message = "Server cannot match any of the given Accept HTTP header media type(s) from the request: %1"
        raise Refusal(406, message, [accept])


def _body(request: Request) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(400, "Server cannot understand Content-Type HTTP header media type %1", [kind])
    try:
        return decode(request.body)
    except ValueError:
        raise invalid("Decoding error: Syntax error") from None


def _check_bulk(topic: str, body: Any) -> None:
    """Messages are looked at before they are queued."""
    if not isinstance(body, list):
        raise required("array")
    for message in body:
        if "sourceitemssave" in topic:
            for row in writes.member(message, "sourceItems", list):
                for name in ("sku", "source_code", "quantity", "status"):
                    if not isinstance(row, Mapping) or name not in row:
                        raise required(name)
        else:
            for name in ("productSku", "itemId", "stockItem"):
                if not isinstance(message, Mapping) or name not in message:
                    raise required(name)
