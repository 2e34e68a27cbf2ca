"""The stand-in itself: who is calling, which operation it is, how the answer goes out; and the control calls."""

from __future__ import annotations

import asyncio
import base64
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote

from connectors.sandbox.core import Document, Request, Response, Sandbox, SandboxError, decode, encode
from connectors.sandbox.mailchimp import audiences, batches, merge, people, shops, world
from connectors.sandbox.mailchimp.account import Account, Audience, Faults, Store, World
from connectors.sandbox.mailchimp.batches import Runner
from connectors.sandbox.mailchimp.oauth import SignIn
from connectors.sandbox.mailchimp.routes import ROUTES, Operation, Router
from connectors.sandbox.mailchimp.wire import Call, Refusal, bad_request, key_invalid, not_found

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ALIASES = {"limits": "rate_limits"}
JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
CENTRE_HOST = re.compile(r"(us\d+)\.api\.")
LOAD_OPTIONS = ("account", "list_id", "store_id")
READERS = ("author", "viewer")
STATUS_TITLES = {
    400: "Bad Request",
    401: "API Key Invalid",
    403: "Forbidden",
    404: "Resource Not Found",
    405: "Method Not Allowed",
    414: "Resource Nesting Too Deep",
    422: "Invalid Method Override",
    426: "Upgrade Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class MailchimpStandIn:
    """Plays the vendor under `/mailchimp`: sign-in, API, result links. One event loop, so no locks."""

    key = "mailchimp"

    def __init__(self, sandbox: Sandbox) -> None:
        self._world = World(sandbox)
        self._sign_in = SignIn(self._world)
        self._runner = Runner(self._world, self._run_row)
        self._accounts: dict[str, Account] = {}
        own: dict[str, dict[str, Operation]] = {
            "ping": {"GET": _ping},
            "batches": {"GET": batches.batches_list, "POST": self._runner.create},
        }
        self._router = Router(ROUTES | own)
        self.reset("empty")

    # Control calls

    def reset(self, world_name: str) -> None:
        """Hold exactly the named world, without faults. Settings and tokens stay: a connected app stays connected."""
        accounts = world.build(self._world, world_name)
        for account_id in accounts.keys() & self._accounts.keys():
            accounts[account_id].tokens = self._accounts[account_id].tokens
        self._runner.cancel()
        self._world.faults = Faults()
        self._accounts = accounts

    def configure(self, settings: Mapping[str, object]) -> None:
        """Change settings; `Settings` names them. `limits` means `rate_limits`."""
        for name, value in settings.items():
            self._world.settings.change(ALIASES.get(name, name), value)

    def fault(self, kind: str, options: Mapping[str, object]) -> bool:
        """`revoke` (everywhere or one `account`), `lag` (`seconds`), `lossy` (`rate`, `seed`). Tokens never expire."""
        if kind == "clear":
            self._world.faults = Faults()
            self._forget_shadows()
            return True
        if kind == "revoke":
            for account in self._chosen(options.get("account")):
                account.tokens.clear()
                account.api_keys.clear()
            return True
        if kind == "lag":
            self._world.faults.lag_seconds = float(str(options.get("seconds", 60)))
            return True
        if kind == "lossy":
            self._world.faults.lossy_rate = float(str(options.get("rate", 0.1)))
            self._world.faults.seed = int(str(options.get("seed") or 0))
            return True
        return False

    def _forget_shadows(self) -> None:
        for account in self._accounts.values():
            for audience in account.audiences.values():
                audience.shadows.clear()
                audience.cached = None

    def _chosen(self, account_id: object) -> Iterable[Account]:
        if account_id is None:
            return list(self._accounts.values())
        return [self._account(str(account_id))]

    def _account(self, account_id: str | None) -> Account:
        if account_id is None:
            return next(iter(self._accounts.values()))
        if account_id not in self._accounts:
            raise SandboxError(f"mailchimp has no account {account_id!r}; known: {', '.join(self._accounts)}")
        return self._accounts[account_id]

    def load(self, resource: str, documents: list[Document]) -> int:
        """Take documents in the vendor's own shape; those already there are edits by a person in the product."""
        return self.load_with(resource, documents, {})

    def load_with(self, resource: str, documents: list[Document], options: Mapping[str, object]) -> int:
        """`load` with defaults for all documents: `account`, `list_id`, `store_id`."""
        loaders: dict[str, Callable[[Document], object]] = {
            "lists": self._load_list,
            "members": self._load_member,
            "merge_fields": self._load_merge_field,
            "stores": self._load_store,
            "products": self._load_product,
            "customers": self._load_customer,
            "orders": self._load_order,
        }
        unknown = options.keys() - LOAD_OPTIONS
        if unknown:
            raise SandboxError(
                f"mailchimp load knows no {', '.join(sorted(unknown))}; known: {', '.join(LOAD_OPTIONS)}"
            )
        if resource not in loaders:
            raise SandboxError(f"mailchimp cannot load {resource!r}; known: {', '.join(loaders)}")
        for document in documents:
            try:
                loaders[resource]({**options, **document})
            except Refusal as refused:
                raise SandboxError(f"{resource}: {refused.document()}") from refused
            except (KeyError, TypeError, ValueError) as error:
                raise SandboxError(f"{resource}: {type(error).__name__} {error}") from error
        return len(documents)

    def _audience(self, document: Document) -> Audience:
        account = self._account(document.get("account"))
        list_id = document.get("list_id")
        if list_id is None:
            return next(iter(account.audiences.values()))
        for owner in [account, *self._accounts.values()]:
            if list_id in owner.audiences:
                return owner.audiences[list_id]
        raise SandboxError(f"mailchimp has no audience {list_id!r}")

    def _store(self, document: Document) -> Store:
        stores = {store.id: store for account in self._accounts.values() for store in account.stores.values()}
        store_id = document.get("store_id")
        if store_id is None and len(stores) == 1:
            return next(iter(stores.values()))
        if store_id not in stores:
            raise SandboxError(f"mailchimp has no store {store_id!r}; say store_id")
        return stores[store_id]

    def _load_list(self, document: Document) -> None:
        account = self._account(document.get("account"))
        list_id = str(document.get("id") or f"list{account.number():06d}")
        audience = account.audiences.get(list_id)
        if audience is None:
            audience = world.new_audience(account, list_id, str(document.get("name", list_id)))
        audience.name = document.get("name", audience.name)
        audience.double_optin = document.get("double_optin", audience.double_optin)

    def _load_member(self, document: Document) -> None:
        people.load(self._audience(document), document)

    def _load_merge_field(self, document: Document) -> None:
        audience = self._audience(document)
        fields = audience.merge_fields
        same = next((field for field in fields.values() if field["tag"] == document.get("tag")), None)
        merge_id = int(document.get("merge_id") or (same or {}).get("merge_id") or max(fields, default=0) + 1)
        fields[merge_id] = merge.new_field(merge_id, {**fields.get(merge_id, {}), **document})

    def _load_store(self, document: Document) -> None:
        audience = self._audience(document)
        store = audience.account.stores.get(document["id"])
        if store is None:
            shops.open_store(audience, {"name": document["id"], "currency_code": "CAD", **document})
        else:
            store.details |= {name: document[name] for name in shops.STORE_DETAILS if name in document}

    def _load_product(self, document: Document) -> None:
        shops.save_product(self._store(document), document)

    def _load_customer(self, document: Document) -> None:
        shops.load_customer(self._store(document), document)

    def _load_order(self, document: Document) -> None:
        shops.load_order(self._store(document), document)

    def state(self) -> dict[str, object]:
        """Everything held, without tokens, keys and signing secrets. Members are listed in every status."""
        lists: list[Document] = []
        members: dict[str, list[Document]] = {}
        found: dict[str, dict[str, list[Document]]] = {"tags": {}, "merge_fields": {}, "segments": {}, "webhooks": {}}
        stores: dict[str, Document] = {}
        batch_rows: list[Document] = []
        for account in self._accounts.values():
            call = Call(account, "GET", (), {"include_total_contacts": "true"}, b"", "")
            for audience in account.audiences.values():
                lists.append({**audiences.show_list(call, audience), "account": account.id})
                members[audience.id] = [people.shown(audience, member) for member in audience.members.values()]
                _describe(audience, found)
            for store in account.stores.values():
                stores[store.id] = _store_state(store)
            batch_rows += [batches.show_batch(call, batch) for batch in account.batches.values()]
        accounts = [{"id": account.id, "name": account.name} for account in self._accounts.values()]
        return {
            "accounts": accounts,
            "lists": lists,
            "members": members,
            **found,
            "stores": stores,
            "batches": batch_rows,
        }

    # Vendor's calls

    async def handle(self, request: Request) -> Response:
        """Answer one call as the vendor would."""
        path = request.path.strip("/")
        if path.startswith("oauth2/"):
            return self._answer_sign_in(path, request)
        if path.startswith("batch-results/"):
            return batches.download(self._world, list(self._accounts.values()), request)
        try:
            account = self._admit(path, request)
            return await self._connected(account, request, path.partition("3.0")[2])
        except Refusal as refused:
            return refused.response()

    def _answer_sign_in(self, path: str, request: Request) -> Response:
        if path == "oauth2/authorize":
            return self._sign_in.authorize(request, self._accounts)
        if path == "oauth2/token":
            return self._sign_in.token(request, self._accounts)
        if path == "oauth2/metadata" and request.method == "GET":
            return self._sign_in.metadata(request, self._accounts)
        return not_found().response()

    def _admit(self, path: str, request: Request) -> Account:
        """The account of the caller. The data centre may stand before `3.0` in the path or in the host name."""
        before, version, after = path.partition("3.0")
        if not version or (after and not after.startswith("/")):
            raise not_found()
        settings = self._world.settings
        account = self._account_of(request.headers.get("authorization", ""))
        named = CENTRE_HOST.match(request.headers.get("host", ""))
        centre = before.strip("/") or (named[1] if named else settings.dc)
        if account is None or settings.wrong_dc or centre != settings.dc:
            raise key_invalid()
        if settings.role in READERS and request.method != "GET":
            raise Refusal(403, "Forbidden", "The API key is not allowed to do this with the role of its user.")
        return account

    def _account_of(self, header: str) -> Account | None:
        word, _, value = header.partition(" ")
        if word.lower() == "basic":
            try:
                value = base64.b64decode(value, validate=True).decode().partition(":")[2]
            except ValueError:
                return None
        elif word.lower() != "bearer":
            return None
        for account in self._accounts.values():
            if value in account.tokens or value in account.api_keys:
                return account
        return None

    async def _connected(self, account: Account, request: Request, path: str) -> Response:
        """Hold one of the user's connections while the call lasts, when limits are on."""
        settings = self._world.settings
        if not settings.rate_limits:
            return await self._operate(account, request, path)
        if account.open_connections >= settings.connections:
            if settings.volume_403:
                return Response(403)
            detail = f"You have exceeded the limit of {settings.connections} simultaneous connections."
            raise Refusal(429, "Too Many Requests", detail)
        account.open_connections += 1
        try:
            await asyncio.sleep(settings.latency_seconds)
            return await self._operate(account, request, path)
        finally:
            account.open_connections -= 1

    async def _operate(self, account: Account, request: Request, path: str) -> Response:
        method = request.method
        override = request.headers.get("x-http-method-override")
        if override is not None:
            if method != "POST" or override.upper() not in METHODS:
                raise Refusal(422, "Invalid Method Override", "The method override is not valid.")
            method = override.upper()
        query = {name: values[0] for name, values in request.query.items()}
        return await self._do(partial(Call, account), method, path, query, request.body, request.base_url)

    async def _do(
        self, make: Callable[..., Call], method: str, path: str, query: Mapping[str, str], body: bytes, base_url: str
    ) -> Response:
        """Find the operation and run it; a refusal is raised."""
        bare = path.strip("/")
        operations, args = ({"GET": _root}, []) if not bare else self._router.find(bare)
        if operations is None:
            raise not_found()
        operation = operations.get(method)
        if operation is None:
            detail = "The requested method and resource are not compatible."
            raise Refusal(405, "Method Not Allowed", detail)
        call = make(method, args, query, body, base_url)
        call.check_query()
        answer = operation(call)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is None:
            return Response(204)
        return Response(200, encode(call.sparse(answer)), JSON_HEADERS)

    async def _run_row(self, account: Account, operation: Document, base_url: str) -> Response:
        """One operation of a batch, answered like a call of its own."""
        make = partial(Call, account, in_batch=True)
        path, _, own_query = operation["path"].removeprefix("/3.0").partition("?")
        query = dict(parse_qsl(own_query, keep_blank_values=True))
        query |= {name: _parameter(value) for name, value in operation.get("params", {}).items()}
        body = operation.get("body", "").encode()
        try:
            if path.strip("/").startswith("batches"):
                raise bad_request("Batch operations cannot be nested.")
            return await self._do(make, operation["method"], unquote(path), query, body, base_url)
        except Refusal as refused:
            return refused.response()

    def error_response(self, status: int, request: Request) -> Response:
        """What an injected error looks like: a problem, or nothing at all for a gateway's own."""
        if status not in STATUS_TITLES:
            return Response(status)
        detail = f"An error was injected for {request.method} {request.path}."
        return Refusal(status, STATUS_TITLES[status], detail).response()


def _parameter(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _ping(call: Call) -> Document:
    """The health check."""
    return {"health_status": "Everything's Chimpy!"}


def _root(call: Call) -> Document:
    """The account and its contact details."""
    account = call.account
    settings = account.world.settings
    total = sum(audience.counts["subscribed"] for audience in account.audiences.values())
    return {
        "account_id": account.id,
        "login_id": str(account.login["login_id"]),
        "account_name": account.name,
        "email": account.login["email"],
        "first_name": account.login["first_name"],
        "last_name": account.login["last_name"],
        "username": account.login["name"],
        "avatar_url": "",
        "role": settings.role,
        "member_since": "2024-03-01T14:00:00+00:00",
        "pricing_plan_type": "monthly",
        "first_payment": "",
        "account_timezone": account.timezone,
        "account_industry": "",
        "contact": {
            **dict.fromkeys(("addr1", "addr2", "city", "state", "zip"), ""),
            "company": account.name,
            "country": "CA",
        },
        "pro_enabled": False,
        "last_login": "",
        "total_subscribers": total,
    }


def _describe(audience: Audience, found: dict[str, dict[str, list[Document]]]) -> None:
    found["tags"][audience.id] = [
        {"id": tag.id, "name": tag.name, "member_count": len(tag.members)} for tag in audience.tags.values()
    ]
    found["merge_fields"][audience.id] = [dict(field) for field in audience.merge_fields.values()]
    found["segments"][audience.id] = [
        {"id": segment.id, "name": segment.name, "match": segment.match, "conditions": segment.conditions}
        for segment in audience.segments.values()
    ]
    found["webhooks"][audience.id] = [audiences.show_hook(audience, hook) for hook in audience.hooks.values()]


def _store_state(store: Store) -> Document:
    return {
        "store": shops.show_store(store),
        "customers": [shops.show_customer(customer) for customer in store.customers.values()],
        "products": [shops.show_product(store, product) for product in store.products.values()],
        "orders": [shops.show_order(store, owner, decode(raw)) for owner, raw in store.orders.values()],
    }
