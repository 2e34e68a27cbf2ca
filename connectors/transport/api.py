"""The authorised calls of one account: deadline, budget, circuit, renewal, errors."""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests
from requests.utils import get_environ_proxies

from connectors.contract import (
    AuthorizationExpired,
    Connector,
    ContractBroken,
    Grant,
    Hosts,
    OutcomeUnknown,
    Payload,
    RateLimited,
    Raw,
    SettingInvalid,
    SyncError,
    VendorUnavailable,
)
from connectors.transport.account import Account, Call
from connectors.transport.addresses import public_name
from connectors.transport.answers import BadAnswer, decode, encode
from connectors.transport.wire import Answer, Sessions, WireError, exchange

log = logging.getLogger("connectors.calls")

T = TypeVar("T")
READ_TRIES = 3
MAX_WAIT = 900.0  # seconds; a vendor that asks for more is asked again after this
USER_AGENT = "Bridge/1.0"

_MARK = re.compile(r"\{(\w+)\}")
_REQUEST_ID = re.compile(r"(?:\A|[-_])(?:tid|request-?id|correlation-?id|trace-?id)\Z")
_FORM = re.compile(rb"\s*[\w.-]+=[^\s<>]*\s*\Z")
_CODES = {
    "refused": "CALL-REFUSED",
    "lost": "CALL-LOST",
    "slow": "CALL-TIMEOUT",
    "truncated": "ANSWER-TRUNCATED",
    "too_large": "ANSWER-TOO-LARGE",
}


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str  # the template
    target: str  # filled and with its query
    data: bytes | None
    content_type: str
    reads: bool
    bucket: str
    any_shape: bool = False


class _Unauthorized(Exception):
    def __init__(self, error: SyncError) -> None:
        super().__init__(error.code)
        self.error = error


class Api:
    """Calls in the name of one account. Safe to use from several threads; close it, or use it in a `with`.

    `deadline_seconds` bounds the time on the wire of one call with its repeats, waiting for the budget not counted;
    `pool` is how many calls `gather` runs at once. `context` must hold `account_id` where base address or paths name
    it.
    """

    def __init__(
        self,
        connector: Connector,
        hosts: Hosts,
        account: Account,
        context: Mapping[str, str],
        *,
        deadline_seconds: float = 60.0,
        max_bytes: int = 50_000_000,
        pool: int = 4,
    ) -> None:
        self._connector = connector
        self._hosts = hosts
        self._account = account
        self._context = dict(context)
        self._deadline = deadline_seconds
        self._max_bytes = max_bytes
        self._pool = max(1, pool)
        self._sessions = Sessions(hosts.api, hosts.public_only)
        self._executor: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._inside = threading.local()

    @property
    def context(self) -> Mapping[str, str]:
        """Account id and settings, as marks in paths are filled from them."""
        return self._context

    def get(
        self, path: str, params: Mapping[str, object] | None = None, *, bucket: str = "", any_shape: bool = False
    ) -> Raw:
        """Read."""
        return self._call("GET", path, params, reads=True, bucket=bucket, any_shape=any_shape)

    def post(
        self,
        path: str,
        body: Payload | None = None,
        params: Mapping[str, object] | None = None,
        *,
        text: str | None = None,
        reads: bool = False,
        bucket: str = "",
        any_shape: bool = False,
    ) -> Raw:
        """Write, or with `reads` a read too long for an address. `text` is sent as it stands."""
        return self._call("POST", path, params, body=body, text=text, reads=reads, bucket=bucket, any_shape=any_shape)

    def put(
        self, path: str, body: Payload, params: Mapping[str, object] | None = None, *, any_shape: bool = False
    ) -> Raw:
        """Write."""
        return self._call("PUT", path, params, body=body, any_shape=any_shape)

    def patch(self, path: str, body: Payload, params: Mapping[str, object] | None = None) -> Raw:
        """Write."""
        return self._call("PATCH", path, params, body=body)

    def delete(self, path: str, params: Mapping[str, object] | None = None, *, body: Payload | None = None) -> Raw:
        """Write. Some vendors want a body, be it an empty one."""
        return self._call("DELETE", path, params, body=body)

    def download(self, url: str, max_bytes: int = 200_000_000) -> bytes:
        """Fetch a link the vendor gave, without credentials: from the host our calls go to, or by https from a
        machine of the public internet. A link, too, must not lead back into the house.

        Where the house goes out through a proxy, that looks names up and decides; then only the name is checked here.
        """
        link = urlsplit(url)
        ours = link.netloc == urlsplit(self._hosts.api).netloc
        if link.scheme != "https" and not ours:
            raise ContractBroken("CALL-LINK", detail=f"a link to {link.scheme}://{link.hostname} was given")
        request = prepare("GET", url, {"Accept-Encoding": "gzip", "User-Agent": USER_AGENT}, None)
        began, started_at = time.monotonic(), datetime.now(UTC)
        proxied = not self._hosts.public_only and bool(get_environ_proxies(url))
        sessions = Sessions(url, self._hosts.public_only or not (ours or proxied))
        answer: Answer | None = None
        error: SyncError | None = None
        try:
            if not ours:
                public_name(link.hostname or "")
            answer = exchange(sessions, request, self._deadline, max_bytes)
            if answer.status != 200:
                error = VendorUnavailable("CALL-LINK", detail=f"status {answer.status}")
        except WireError as failure:
            error = _wire_error(failure, reads=True)
        except SettingInvalid as failure:
            error = ContractBroken("CALL-LINK", detail=f"a link to {link.hostname} leads inside: {failure.code}")
        finally:
            sessions.close()
        template = _Request("GET", "(link)", "", None, "", True, "")
        self._note(template, answer, error, began, started_at)
        if error:
            raise error
        return answer.body if answer else b""

    def gather(self, calls: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Run calls side by side, at most `pool` at once, and yield their answers in the given order.

        Takes from `calls` no further ahead than twice the pool; the first failure ends it, the rest is not begun.
        """
        if self._pool == 1 or getattr(self._inside, "gather", False):
            for call in calls:
                yield call()
            return
        with self._lock:
            self._executor = self._executor or ThreadPoolExecutor(self._pool, "calls", initializer=self._enter)
        waiting: deque[Future[T]] = deque()
        source = iter(calls)
        try:
            for call in source:
                waiting.append(self._executor.submit(call))
                if len(waiting) >= 2 * self._pool:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the threads and close the connections."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor:
            executor.shutdown(wait=True, cancel_futures=True)
        self._sessions.close()

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # one call

    def _enter(self) -> None:
        self._inside.gather = True  # a call that gathers again runs in line: waiting for our own pool would hang

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, object] | None,
        *,
        body: Payload | None = None,
        text: str | None = None,
        reads: bool = False,
        bucket: str = "",
        any_shape: bool = False,
    ) -> Raw:
        data = text.encode() if text is not None else encode(body) if body is not None else None
        kind = "application/text" if text is not None else "application/json"
        target = fill(path, self._context) + _query(params)
        request = _Request(method, path, target, data, kind if data is not None else "", reads, bucket, any_shape)
        return self._try(request, self._account.grant())

    def _try(self, request: _Request, grant: Grant) -> Raw:
        """Try until the answer, the deadline or the last try; one renewal of the grant in between.

        A signed call is not renewed but signed anew, once: a nonce that was met before is refused, and what is refused
        was not carried out.
        """
        left, tries, renewed = self._deadline, 0, False
        while True:
            spent: list[float] = []
            try:
                return self._once(request, grant, left, spent)
            except _Unauthorized as refusal:
                if renewed:
                    raise refusal.error from None
                renewed = True
                if self._connector.sign is None:
                    grant = self._account.renew(grant)
            except VendorUnavailable:
                tries += 1
                pause = random.uniform(0.5, 1.0) * 0.2 * 4 ** (tries - 1)  # noqa: S311 - spreads load, hides nothing
                if not request.reads or tries >= READ_TRIES or left - sum(spent) - pause < 1:
                    raise
                time.sleep(pause)
                left -= pause
            left -= sum(spent)

    def _once(self, request: _Request, grant: Grant, left: float, spent: list[float]) -> Raw:
        """One try. Raises a `SyncError`, or `_Unauthorized` where a new grant may help."""
        prepared = self._prepared(request, grant)
        with self._account.slot(request.bucket):
            self._account.allow()
            began, started_at = time.monotonic(), datetime.now(UTC)
            answer: Answer | None = None
            error: SyncError | None = None
            raw: Raw = {}
            try:
                answer = exchange(self._sessions, prepared, left, self._max_bytes)
                raw = self._take(request, answer)
            except WireError as failure:
                error = _wire_error(failure, request.reads)
            except SyncError as failure:
                error = failure
            spent.append(time.monotonic() - began)
        self._note(request, answer, error, began, started_at)
        self._account.feedback(not isinstance(error, VendorUnavailable | OutcomeUnknown))
        if isinstance(error, RateLimited):
            self._account.throttled(error.retry_after or self._connector.limits.pause_seconds)
        if answer is not None and self._connector.pace and (told := self._connector.pace(answer.headers)):
            self._account.paced(*told)
        if error is None:
            return raw
        if answer is not None and answer.status == 401 and isinstance(error, AuthorizationExpired):
            raise _Unauthorized(error)
        raise error

    def _prepared(self, request: _Request, grant: Grant) -> requests.PreparedRequest:
        base = self._connector.base_url(self._hosts, grant, self._context.get("account_id", ""))
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        headers.update(self._connector.headers(grant))
        prepared = prepare(request.method, base.rstrip("/") + request.target, headers, request.data)
        if self._connector.sign and prepared.url:
            prepared.headers.update(self._connector.sign(grant, request.method, prepared.url))
        return prepared

    def _take(self, request: _Request, answer: Answer) -> Raw:
        """The decoded answer, or the error it stands for."""
        if 200 <= answer.status < 300:
            if not answer.body and (answer.status in (204, 205) or not request.reads):
                return {}
            try:
                return decode(answer.body, request.any_shape)
            except BadAnswer as bad:
                if self._connector.address and bad.code == "ANSWER-NOT-JSON" and request.reads:
                    self._refuse(request, answer)  # a page where data should be: the vendor's own table knows which
                raise _answer_error(bad, request.reads, answer) from None
        if 300 <= answer.status < 400:
            if self._connector.address:
                raise moved(answer)
            raise _redirected(answer, request.reads)
        return self._refuse(request, answer)

    def _refuse(self, request: _Request, answer: Answer) -> NoReturn:
        error = self._connector.classify(answer.status, answer.headers, answer.body)
        error.request_id = error.request_id or request_id(answer.headers)
        if isinstance(error, RateLimited):
            error.retry_after = _capped(error.retry_after or retry_after(answer.headers))
        if isinstance(error, VendorUnavailable) and not request.reads:
            # The vendor failed while it may have been writing.
            raise OutcomeUnknown(
                error.code, params=error.params, detail=error.detail, request_id=error.request_id
            ) from None
        raise error

    def _note(
        self, request: _Request, answer: Answer | None, error: SyncError | None, began: float, started_at: datetime
    ) -> None:
        milliseconds = (time.monotonic() - began) * 1000
        headers = answer.headers if answer else {}
        call = Call(
            method=request.method,
            path=request.path,
            status=answer.status if answer else 0,
            milliseconds=milliseconds,
            started_at=started_at,
            request_id=request_id(headers) or (error.request_id if error else ""),
            error_code=error.code if error else "",
            bytes_in=answer.bytes_in if answer else 0,
            bucket=request.bucket,
            server_time=_date(headers.get("date", "")),
        )
        self._account.record(call)
        level = logging.WARNING if error else logging.DEBUG
        if log.isEnabledFor(level):
            log.log(
                level,
                "call vendor=%s method=%s path=%s status=%s ms=%.0f code=%s request_id=%s",
                self._connector.key,
                call.method,
                call.path,
                call.status,
                call.milliseconds,
                call.error_code,
                call.request_id,
            )


def fill(path: str, context: Mapping[str, str]) -> str:
    """Fill `{name}` marks of a path from `context`, percent-encoded; SettingInvalid when one is missing."""

    def value(match: re.Match[str]) -> str:
        found = context.get(match.group(1), "")
        if not found:
            raise SettingInvalid("CALL-SETTING-MISSING", params={"setting": match.group(1)}, field=match.group(1))
        return quote(str(found), safe="")

    return _MARK.sub(value, path)


def fill_hosts(hosts: Hosts, sandbox_url: str) -> Hosts:
    """Return `hosts` with `{sandbox}` replaced by the address of the sandbox server."""
    base = sandbox_url.rstrip("/")

    def put(url: str) -> str:
        return url.replace("{sandbox}", base)

    extra = {name: put(url) for name, url in hosts.extra.items()}
    return Hosts(put(hosts.api), put(hosts.authorize), put(hosts.token), put(hosts.revoke), extra, hosts.public_only)


def request_id(headers: Mapping[str, str]) -> str:
    """The vendor's trace id among lower-case headers, "" without one."""
    for name, value in headers.items():
        if _REQUEST_ID.search(name):
            return value[:100]
    return ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by Retry-After, a number or a date by the vendor's own clock; None without a usable one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return _capped(float(text))
    except ValueError:
        at = _date(text)
    if at is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return _capped((at - now).total_seconds())


def _capped(seconds: float | None) -> float | None:
    if seconds is None or seconds != seconds:
        return None
    return min(max(seconds, 0.0), MAX_WAIT)


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text) if text else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if at is None:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _query(params: Mapping[str, object] | None) -> str:
    if not params:
        return ""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if value is None:
            continue
        pairs.extend((name, _plain(item)) for item in (value if isinstance(value, list | tuple) else [value]))
    return "?" + urlencode(pairs, quote_via=quote) if pairs else ""


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def prepare(method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> requests.PreparedRequest:
    request = requests.PreparedRequest()
    request.prepare_method(method)
    try:
        request.prepare_url(url, None)
    except requests.RequestException:
        raise SettingInvalid("CALL-ADDRESS", detail=f"{urlsplit(url).hostname} is no address") from None
    request.prepare_headers(headers)
    request.prepare_body(data, None)
    return request


def _wire_error(failure: WireError, reads: bool) -> SyncError:
    code = _CODES[failure.failure]
    if failure.failure == "refused":
        return VendorUnavailable(code, detail=failure.why)
    if not reads:
        return OutcomeUnknown(code, detail=failure.why)
    return (ContractBroken if failure.failure == "too_large" else VendorUnavailable)(code, detail=failure.why)


def _answer_error(bad: BadAnswer, reads: bool, answer: Answer) -> SyncError:
    kind: type[SyncError] = OutcomeUnknown
    if reads:
        kind = ContractBroken if bad.code == "ANSWER-SHAPE" else VendorUnavailable
    return kind(bad.code, detail=bad.why, request_id=request_id(answer.headers))


def _redirected(answer: Answer, reads: bool) -> SyncError:
    """A redirect is never followed: it could carry the grant to another host, or a write to another address."""
    where = urlsplit(answer.headers.get("location", "")).hostname or "nowhere"
    sure = reads or answer.status in (304, 307, 308)  # those promise that the request itself was not acted on
    kind: type[SyncError] = ContractBroken if sure else OutcomeUnknown
    return kind("CALL-REDIRECTED", params={"host": where}, detail=f"{answer.status} to {where}")


def moved(answer: Answer) -> SyncError:
    """The answer of an address a person gave and that leads elsewhere: where to is told, and never gone to.

    Servers answer so before anything is carried out, also to a write.
    """
    there = urlsplit(answer.headers.get("location", ""))
    where = f"{there.scheme or 'https'}://{there.hostname or '?'}{there.path}"[:200]
    return SettingInvalid(
        "ADDRESS-MOVED", params={"where": where}, detail=f"{answer.status} to {where}", field="base_url"
    )


def body_text(body: bytes, limit: int = 500) -> str:
    """The beginning of a body as text, for error details; redact it before keeping it."""
    return body[:limit].decode("utf-8", "replace")


def plain_answer(answer: Answer) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of an answer, or the pairs of a form; {} when its body is neither."""
    try:
        return answer.status, decode(answer.body) if answer.body else {}
    except BadAnswer:
        return answer.status, _pairs(answer.body)


def _pairs(body: bytes) -> dict[str, Any]:
    if len(body) > 10_000 or not _FORM.match(body):
        return {}
    return dict(parse_qsl(body.decode("ascii", "replace").strip()))
