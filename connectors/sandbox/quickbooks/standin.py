"""The stand-in: routes calls to consent, tokens, reads and writes, and answers the control calls."""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox.core import Document, Request, Response, Sandbox, SandboxError, encode, json_response
from connectors.sandbox.quickbooks import control, events, identity, oauth, pages, shapes, world, writes
from connectors.sandbox.quickbooks.books import Books
from connectors.sandbox.quickbooks.entities import BY_PATH, ENTITIES, Entity
from connectors.sandbox.quickbooks.errors import Refusal, forbidden, refused, stamp, throttled, unauthenticated
from connectors.sandbox.quickbooks.reads import (
    Lossy,
    envelope,
    feed_response,
    one_response,
    query_fragment,
    query_response,
)

BATCH_MAX = 30
REQUEST_ID_MAX = 50
_COMPANY = re.compile(r"/v3/company/([^/]+)/([^/]+)(?:/([^/]+))?(?:/([^/]+))?/?")
_SWITCHES = (
    "rate_limits",
    "allow_duplicate_numbers",
    "french_messages",
    "ignore_request_ids",  # a repeat acts again: what the vendor promises not to do, and was once seen to do
    "closing_password",  # closed books ask for a password (6210) instead of refusing outright (6200)
)
_SECONDS = ("query_lag_seconds",)  # queries see a change that much later; reads by id and the change feed do not lag
_LAPSED = ("EXPIRED", "CANCELLED", "SUSPENDED")
_OPERATIONS = ("create", "update", "delete", "void", "query")


class Throttle:
    """Calls of one company within the last second and minute, batches within the minute."""

    PER_SECOND, PER_MINUTE, BATCHES = 10, 500, 40

    def __init__(self) -> None:
        self._calls: deque[float] = deque()
        self._batches: deque[float] = deque()

    def allows(self, now: float, *, batch: bool) -> bool:
        """Count a call, unless it is one too many."""
        for kept in (self._calls, self._batches):
            while kept and kept[0] <= now - 60:
                kept.popleft()
        recent = sum(1 for at in self._calls if at > now - 1)
        if recent >= self.PER_SECOND or len(self._calls) >= self.PER_MINUTE:
            return False
        if batch and len(self._batches) >= self.BATCHES:
            return False
        self._calls.append(now)
        if batch:
            self._batches.append(now)
        return True


class QuickBooksStandIn:
    """QuickBooks Online as far as Bridge knows it."""

    key = "quickbooks"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.desk = oauth.TokenDesk(sandbox.clock)
        self.identity = identity.IdentityDesk(sandbox.clock)
        self.sender = events.Sender(sandbox)
        self.companies: dict[str, Books] = {}
        self.lossy = Lossy()
        self.rate_limits = False
        self.allow_duplicate_numbers = False
        self.french_messages = False
        self.ignore_request_ids = False
        self.closing_password = False
        self.query_lag_seconds = 0.0
        self._throttles: dict[str, Throttle] = {}
        self.reset("empty")

    # Control

    def reset(self, name: str) -> None:
        """A named world. Grants and settings stay: an app does not lose its keys because the books are new."""
        self.sender.forget()
        self.companies = world.companies(name, self.sandbox.clock, self._tell)
        self._throttles.clear()
        self._tell_modes()

    def _tell_modes(self) -> None:
        for books in self.companies.values():
            books.lag_seconds = self.query_lag_seconds
            books.closing_password = self.closing_password

    def load(self, resource: str, documents: list[Document]) -> int:
        """Add or edit documents of the first company."""
        return self.load_with(resource, documents, {})

    def load_with(self, resource: str, documents: list[Document], options: Mapping[str, object]) -> int:
        """The same for the company named by `realm`."""
        unknown = set(options) - {"realm"}
        if unknown:
            raise SandboxError(f"unknown load options: {', '.join(sorted(unknown))}")
        realm = str(options.get("realm") or next(iter(self.companies)))
        if realm not in self.companies:
            raise SandboxError(f"unknown realm {realm}; known: {', '.join(self.companies)}")
        return control.load(self.companies[realm], resource, documents)

    def state(self) -> dict[str, object]:
        """Every company with all its documents, and the grants without their secrets."""
        return {
            "companies": {
                realm: {
                    "CompanyInfo": books.info,
                    "Preferences": books.preferences,
                    **{name: list(table.documents()) for name, table in books.tables.items() if len(table)},
                    "deleted": {name: sorted(gone) for name, gone in books.gone.items() if gone},
                }
                for realm, books in self.companies.items()
            },
            "grants": self.desk.state(),
        }

    def configure(self, settings: Mapping[str, object]) -> None:
        """Change settings by name: of the app and its tokens, of the webhooks, or of the stand-in itself."""
        for name, value in settings.items():
            if name in _SWITCHES:
                setattr(self, name, bool(value))
            elif name in _SECONDS:
                setattr(self, name, _seconds(name, value))
            elif not _set(self.desk.settings, name, value) and not _set(self.sender.settings, name, value):
                raise SandboxError(f"unknown setting {name!r}; known: {', '.join(self._settings())}")
        self._tell_modes()
        events.check(self.sender.settings)
        self.sender.reseed()

    def fault(self, kind: str, options: Mapping[str, object]) -> bool:
        """`expire_tokens` and `revoke` (of one `realm`, or all), `lossy` (`rate`, `seed`); `clear` ends the last."""
        realm = None if options.get("realm") is None else str(options["realm"])
        if kind == "clear":
            self.lossy = Lossy()
        elif kind == "expire_tokens":
            self.desk.expire(realm)
        elif kind == "revoke":
            self.desk.revoke(realm)
        elif kind == "lossy":
            self.lossy = Lossy(float(str(options.get("rate", 0.3))), int(str(options.get("seed") or 0)))
        else:
            return False
        return True

    def error_response(self, status: int, request: Request) -> Response:
        """What the vendor would say with this status."""
        now = self.sandbox.clock.now()
        if status == 401:
            return unauthenticated("Token expired: (injected)", now)
        if status == 403:
            return forbidden(now)
        if status == 429:
            return throttled(now)
        if status in (502, 503, 504):
            page = f"<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
            return Response(status, page.encode(), {"Content-Type": "text/html"})
        refusal = Refusal("10000", "An error has occurred", status=status)
        return refused(refusal, now, self._headers())

    def _settings(self) -> list[str]:
        named = [field.name for part in (self.desk.settings, self.sender.settings) for field in fields(part)]
        return [*named, *_SWITCHES, *_SECONDS]

    def _tell(self, books: Books, entity: str, id: str, verb: str, deleted_id: str | None) -> None:
        self.sender.add(events.Event(books.realm, entity, id, verb, deleted_id, books.now()))

    # Calls

    async def handle(self, request: Request) -> Response:
        """Route one call."""
        path = request.path.rstrip("/")
        if path == "/connect/oauth2":
            return self._consent(request)
        if path == "/oauth2/v1/tokens/bearer" and request.method == "POST":
            return self.desk.token_call(request, self.identity)
        if path == "/v2/oauth2/tokens/revoke" and request.method == "POST":
            return self.desk.revoke_call(request)
        if path == "/v1/openid_connect/userinfo" and request.method == "GET":
            return self.identity.userinfo(request)
        if path == "/op/v1/jwks" and request.method == "GET":
            return self.identity.keys()
        if path.startswith("/.well-known/openid"):
            return self._discovery(request)
        match = _COMPANY.fullmatch(request.path)
        if match is None:
            return Response(404, b"", {"Content-Type": "text/plain"})
        return self._company_call(request, match)

    def _company_call(self, request: Request, match: re.Match[str]) -> Response:
        began = self.sandbox.clock.now()
        grant = self.desk.check(request.headers.get("authorization", ""))
        if isinstance(grant, str):
            return unauthenticated(grant, began)
        realm, resource, id, tail = match.groups()
        books = self.companies.get(realm)
        if books is None or grant.realm != realm or oauth.ACCOUNTING not in grant.scope.split():
            return forbidden(began)
        if self.rate_limits and not self._throttles.setdefault(realm, Throttle()).allows(
            began.timestamp(), batch=resource == "batch"
        ):
            return throttled(began)
        try:
            answer = self._route(request, books, resource.lower(), id, tail, began)
        except Refusal as refusal:
            return refused(refusal, began, self._headers(), french=self.french_messages)
        return Response(answer.status, answer.body, {**answer.headers, **self._headers()})

    def _route(
        self, request: Request, books: Books, resource: str, id: str | None, tail: str | None, began: datetime
    ) -> Response:
        if resource == "query" and id is None:
            text = request.arg("query") if request.method == "GET" else request.body.decode(errors="replace")
            return query_response(books, text or "", began, self.lossy)
        if resource == "cdc" and request.method == "GET":
            return feed_response(books, request.arg("entities") or "", request.arg("changedSince") or "", began)
        if resource == "companyinfo" and request.method == "GET":
            return envelope("CompanyInfo", encode(books.info), began)
        if resource == "preferences" and request.method == "GET":
            return envelope("Preferences", encode(books.preferences), began)
        if resource == "batch" and request.method == "POST":
            return self._replayed(request, books, lambda: self._batch(request, books, began))
        entity = BY_PATH.get(resource)
        if entity is None or (id is not None and (request.method != "GET" or tail not in (None, "pdf"))):
            raise _no_such_path(request)
        if request.method == "GET" and id is not None:
            return self._one(books, entity, id, tail, began)
        if request.method == "POST":
            return self._replayed(request, books, lambda: self._write(request, books, entity, began))
        raise _no_such_path(request)

    def _one(self, books: Books, entity: Entity, id: str, tail: str | None, began: datetime) -> Response:
        if not id.isdigit() and id not in books.tables[entity.name]:
            raise Refusal("2030", f"Id should be a valid number. Supplied value:{id}", element="Id")
        if tail == "pdf":
            document = books.require(entity.name, id)
            text = f"%PDF-1.4\n% {entity.name} {document.get('DocNumber', id)}\n%%EOF\n"
            return Response(200, text.encode(), {"Content-Type": "application/pdf"})
        return one_response(books, entity.name, id, began)

    # Writes

    def _replayed(self, request: Request, books: Books, act: Callable[[], Response]) -> Response:
        """The first answer again for a request id that was answered well; a failed one is forgotten."""
        request_id = request.arg("requestid")
        if not request_id:
            return act()
        if len(request_id) > REQUEST_ID_MAX:
            raise Refusal("2130", f"Invalid Request Id Format : at most {REQUEST_ID_MAX} characters")
        known = None if self.ignore_request_ids else books.replays.get(request_id)
        if known is not None:
            return known
        answer = act()
        books.remember(request_id, answer)
        return answer

    def _write(self, request: Request, books: Books, entity: Entity, began: datetime) -> Response:
        operation = request.arg("operation") or ""
        include = (request.arg("include") or "").split(",")
        try:
            body = request.json()
        except ValueError as error:
            raise Refusal("2010", f"Property Name:Can not parse the request: {error}") from error
        document = self._do(books, entity, operation, include, body)
        return envelope(entity.name, encode(document), began)

    def _do(self, books: Books, entity: Entity, operation: str, include: Iterable[str], body: Any) -> Document:
        """Carry out one write; `operation` as in the query string or the batch item."""
        if _subscription(books) in _LAPSED:
            raise Refusal("6190", "Invalid Company Status : the subscription has ended or is unpaid.")
        shapes.check(entity.name, body)
        if entity.kind == "plain":
            raise Refusal("500", f"Operation {operation or 'create'} is not supported for {entity.name}.")
        duplicates = self.allow_duplicate_numbers or "allowduplicatedocnum" in include
        if operation == "delete":
            return writes.delete(books, entity.name, body)
        if operation == "void" or "void" in include:
            return writes.void(books, entity.name, body)
        if body.get("Id"):
            return writes.update(books, entity.name, body, duplicate_number=duplicates)
        if operation == "update":
            raise Refusal("2020", "Required parameter Id is missing in the request", element="Id")
        return writes.create(books, entity.name, body, duplicate_number=duplicates)

    def _batch(self, request: Request, books: Books, began: datetime) -> Response:
        try:
            items = request.json()["BatchItemRequest"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refusal("2010", f"Property Name:Can not parse the request: {error}") from error
        if len(items) > BATCH_MAX:
            raise Refusal("1040", f"Batch size exceeds allowed limit. Max {BATCH_MAX}, supplied {len(items)}")
        parts = [self._batch_item(books, item) for item in items]
        time = encode(stamp(began, "milliseconds"))
        body = b'{"BatchItemResponse":[' + b",".join(parts) + b'],"time":' + time + b"}"
        return Response(200, body, {"Content-Type": "application/json;charset=UTF-8"})

    def _batch_item(self, books: Books, item: Any) -> bytes:
        """One answer; a refusal of one item leaves the others alone."""
        bid = item.get("bId", "") if isinstance(item, Mapping) else ""
        try:
            if "Query" in item:
                fragment = query_fragment(books, item["Query"], self.lossy)
                return b'{"QueryResponse":' + fragment + b',"bId":' + encode(bid) + b"}"
            name = next((key for key in item if key in ENTITIES), None)
            operation = item.get("operation")
            if name is None or operation not in _OPERATIONS:
                raise Refusal("2010", "Property Name:A batch item needs an operation and one entity")
            include = str(item.get("optionsData") or "").split(",")
            document = self._do(books, ENTITIES[name], operation, include, item[name])
            return encode({name: document, "bId": bid})
        except Refusal as refusal:
            return encode({"Fault": refusal.fault(french=self.french_messages), "bId": bid})

    def _headers(self) -> dict[str, str]:
        tid = uuid.uuid4().hex
        return {
            "intuit_tid": f"1-{tid[:8]}-{tid[8:]}",
            "QBO-Version": "1990.1",
            "Service-Time": "total=2, db=1",
            "Cache-Control": "no-store",
        }

    # Consent

    def _consent(self, request: Request) -> Response:
        """Show the page, or act on the answer. `auto=1` approves at once, for `realm` or the first company."""
        asked = {name: values[0] for name, values in request.query.items() if values}
        answer = {**asked, **request.form()} if request.method == "POST" else asked
        lang = pages.language(request.headers.get("accept-language", ""))
        redirect, state = answer.get("redirect_uri", ""), answer.get("state", "")
        if answer.get("client_id") != self.desk.settings.client_id:
            return pages.refusal_page("invalid_client: unknown client_id", lang)
        if not redirect.startswith(("http://", "https://")):
            return pages.refusal_page("invalid_request: redirect_uri", lang)
        scopes = answer.get("scope", "").split()
        if answer.get("response_type") != "code":
            return _back(redirect, error="unsupported_response_type", state=state)
        if not scopes or any(scope not in oauth.KNOWN_SCOPES for scope in scopes):
            return _back(redirect, error="invalid_scope", state=state)
        only_who = "openid" in scopes and not any(scope.startswith("com.") for scope in scopes)
        if request.method != "POST" and answer.get("auto") != "1":
            if only_who:
                return self.identity.page(answer, lang)
            kinds = [
                (realm, books.name, f"{books.country}, {books.currency['value']}")
                for realm, books in self.companies.items()
            ]
            hidden = {n: answer.get(n, "") for n in ("client_id", "response_type", "scope", "redirect_uri", "state")}
            return pages.consent_page(kinds, scopes, hidden, lang)
        if request.method == "POST" and answer.get("answer") != "connect":
            return _back(redirect, error="access_denied", state=state)
        if only_who:
            told = self.identity.issue_code(answer)
            return _back(redirect, code=told, state=state) if told else pages.refusal_page("unknown account", lang)
        realm = answer.get("realm") or next(iter(self.companies))
        if realm not in self.companies:
            return pages.refusal_page(f"unknown company {realm}", lang)
        code = self.desk.issue_code(answer["client_id"], realm, " ".join(scopes), redirect)
        return _back(redirect, code=code, state=state, realmId=realm)

    def _discovery(self, request: Request) -> Response:
        base = request.base_url
        return json_response(
            {
                "issuer": identity.ISSUER,
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "email", "profile", "address", "phone"],
                **identity.endpoints(base),
            }
        )


def _subscription(books: Books) -> str:
    entries = {entry["Name"]: entry["Value"] for entry in books.info.get("NameValue", [])}
    return str(entries.get("SubscriptionStatus", ""))


def _seconds(name: str, value: object) -> float:
    try:
        return max(0.0, float(str(value)))
    except ValueError as error:
        raise SandboxError(f"{name}: {value!r} is no number of seconds") from error


def _set(part: Any, name: str, value: object) -> bool:
    """Set a field of a settings object, in the type it has; False if it has no such field."""
    if not is_dataclass(part) or name not in {field.name for field in fields(part)}:
        return False
    kind = type(getattr(part, name))
    try:
        setattr(part, name, kind(value))
    except (TypeError, ValueError) as error:
        raise SandboxError(f"{name}: {error}") from error
    return True


def _back(redirect_uri: str, **answer: str) -> Response:
    return Response(302, b"", {"Location": oauth.return_address(redirect_uri, **answer), "Cache-Control": "no-store"})


def _no_such_path(request: Request) -> Refusal:
    where = f"{request.base_url}{request.path}"
    return Refusal(
        "500",
        f"Operation Could not find resource for relative : {request.path} of full path: {where} is not supported.",
    )
