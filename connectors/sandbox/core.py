"""What every stand-in is made of: requests and answers, a clock, tables of documents, outgoing webhooks.

One process, one event loop: state is only touched between awaits, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Protocol, TypeAlias, runtime_checkable
from urllib.parse import parse_qs

import aiohttp
import msgspec

log = logging.getLogger("sandbox")

Document: TypeAlias = dict[str, Any]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class SandboxError(Exception):
    """A control call that cannot be done; the text goes back to the caller as 400."""


def encode(data: object) -> bytes:
    """JSON bytes; a `Decimal` is written as a number with its own digits (`100.00` stays `100.00`)."""
    return _ENCODER.encode(data)


def decode(raw: bytes | str) -> Any:
    """Parse JSON; numbers with a fraction come out as `Decimal`. Raises `ValueError` on anything else than JSON."""
    return _DECODER.decode(raw)


@dataclass(frozen=True, slots=True)
class Request:
    """One call as the vendor sees it: `path` decoded once, without the vendor prefix; header names in lower case.

    `target` is path and query as they were sent, prefix included and nothing decoded: what signatures are made over.
    """

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = "http://127.0.0.1/vendor"
    target: str = ""

    def arg(self, name: str, default: str | None = None) -> str | None:
        """First value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def json(self) -> Any:
        """The body as JSON, fractions as `Decimal`. Raises `ValueError` when it is not JSON."""
        return decode(self.body)

    def form(self) -> dict[str, str]:
        """The body as a form, first value of each name."""
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. The content type is among the headers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(
    data: object, status: int = 200, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with a JSON body; decimals keep their digits."""
    return Response(status, encode(data), {"Content-Type": content_type, **(headers or {})})


class Clock:
    """The vendors' clock: real time plus what control calls have added. Always aware, always UTC."""

    def __init__(self, start: datetime | None = None) -> None:
        """Start at `start` (tests pin it), or at the present moment."""
        self._fixed_start = start
        self._listeners: list[Callable[[], None]] = []
        self.reset()

    def reset(self) -> None:
        """Forget every advance and begin again at the start."""
        self.started_at = self._fixed_start or datetime.now(UTC)
        self._real = time.monotonic()
        self._tell()

    def now(self) -> datetime:
        """The vendors' present moment; it runs on in real time."""
        return self.started_at + timedelta(seconds=time.monotonic() - self._real)

    def advance(self, seconds: float) -> None:
        """Jump ahead (or back, with a negative number)."""
        self.started_at += timedelta(seconds=seconds)
        self._tell()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each jump; waiting deliveries look at their watch again."""
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


_Key: TypeAlias = tuple[Any, Any, str]


class _Least:
    """Stands for a missing value in an order: below everything, equal to itself only."""

    def __lt__(self, other: object) -> bool:
        return other is not self

    def __gt__(self, other: object) -> bool:
        return False


_LEAST = _Least()


class _Order:
    """Ids sorted by one column, then by id. Few changes are slotted in, many make it sort again: both stay cheap."""

    __slots__ = ("_added", "_keys", "_removed", "_stale")

    MANY = 2000

    def __init__(self) -> None:
        self._keys: list[_Key] = []
        self._added: list[_Key] = []
        self._removed: list[_Key] = []
        self._stale = True

    def change(self, old: _Key | None, new: _Key | None) -> None:
        if self._stale or old == new:
            return
        if old is not None:
            if self._added and self._added[-1] == old:
                self._added.pop()
            else:
                self._settle()
                self._removed.append(old)
        if new is not None:
            self._added.append(new)
        if len(self._added) + len(self._removed) > self.MANY:
            self._stale = True
            self._added.clear()
            self._removed.clear()

    def _settle(self) -> None:
        for key in self._removed:
            del self._keys[bisect_left(self._keys, key)]
        for key in self._added:
            insort(self._keys, key)
        self._removed.clear()
        self._added.clear()

    def keys(self, every: Callable[[], Iterator[_Key]]) -> list[_Key]:
        """All keys in order; `every` lists them when the order must be made anew."""
        if self._stale:
            self._keys = sorted(every())
            self._stale = False
        elif self._added or self._removed:
            self._settle()
        return self._keys


class Table:
    """Documents by id, held as JSON bytes (100,000 of them stay small), with index columns as plain Python values.

    Ids are text. Columns are named up front; a column not given to `put` holds None, and None sorts first. Values of
    one column must be comparable with each other. `ids()` without an order is insertion order.
    """

    def __init__(self, *columns: str, id_key: Callable[[str], Any] = str) -> None:
        """`id_key` says how ids sort (`int` for numbers kept as text)."""
        self.columns = columns
        self._place = {name: at for at, name in enumerate(columns)}
        self._id_key = id_key
        self._raw: dict[str, bytes] = {}
        self._values: dict[str, tuple[Any, ...]] = {}
        self._orders: dict[str, _Order] = {}

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, id: object) -> bool:
        return id in self._raw

    def put(self, id: str, document: Document | bytes, **index: Any) -> None:
        """Insert or replace. Ready-made JSON bytes are taken as they are."""
        raw = document if isinstance(document, bytes) else encode(document)
        values = tuple(index.pop(name, None) for name in self.columns)
        if index:
            raise KeyError(f"no such index column: {', '.join(index)}")
        old = self._values.get(id)
        self._raw[id], self._values[id] = raw, values
        if self._orders:
            self._reorder(id, old, values)

    def get(self, id: str) -> Document | None:
        """The document decoded anew; changing it changes nothing until `put`."""
        raw = self._raw.get(id)
        return None if raw is None else decode(raw)

    def raw(self, id: str) -> bytes | None:
        """The stored JSON bytes."""
        return self._raw.get(id)

    def raws(self, ids: Sequence[str]) -> list[bytes]:
        """The stored JSON bytes of many ids, to be joined into an answer without decoding."""
        raw = self._raw
        return [raw[id] for id in ids]

    def value(self, id: str, column: str) -> Any:
        """One index value of one document."""
        return self._values[id][self._place[column]]

    def delete(self, id: str) -> bool:
        """Remove; True if it was there."""
        old = self._values.pop(id, None)
        if old is None:
            return False
        del self._raw[id]
        self._reorder(id, old, None)
        return True

    def clear(self) -> None:
        """Remove everything."""
        self._raw.clear()
        self._values.clear()
        self._orders.clear()

    def ids(
        self,
        order_by: str | None = None,
        *,
        descending: bool = False,
        low: Any = None,
        high: Any = None,
        where: tuple[str, Any] | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[str]:
        """Ids in the order of a column (or `"id"`), with ties by id.

        `low` and `high` are inclusive bounds on that column, `where` is (another column, wanted value), `offset` and
        `limit` cut a page out of what is left.
        """
        stop = None if limit is None else offset + limit
        if order_by is None:
            every = self._raw if where is None else self._having(self._raw, where)
            return list(islice(every, offset, stop))
        keys = self._between(order_by, low, high)
        if descending:
            keys = keys[::-1]
        if where is None:
            return [key[2] for key in keys[offset:stop]]
        return list(islice(self._having((key[2] for key in keys), where), offset, stop))

    def _having(self, ids: Iterable[str], where: tuple[str, Any]) -> Iterator[str]:
        place, wanted, values = self._place[where[0]], where[1], self._values
        return (id for id in ids if values[id][place] == wanted)

    def _between(self, order_by: str, low: Any, high: Any) -> list[_Key]:
        order = self._orders.setdefault(order_by, _Order())
        keys = order.keys(lambda: self._keys(order_by))
        start = 0 if low is None else bisect_left(keys, low, key=_column_part)
        stop = len(keys) if high is None else bisect_right(keys, high, key=_column_part)
        return keys[start:stop]

    def find(self, column: str, value: Any) -> list[str]:
        """Ids whose column equals `value`."""
        return self.ids(column, low=value, high=value)

    def documents(self) -> Iterator[Document]:
        """Every document, decoded one at a time."""
        for raw in list(self._raw.values()):
            yield decode(raw)

    def _key(self, id: str, values: tuple[Any, ...], column: str) -> _Key:
        if column == "id":
            return self._id_key(id), 0, id
        value = values[self._place[column]]
        return _LEAST if value is None else value, self._id_key(id), id

    def _keys(self, column: str) -> Iterator[_Key]:
        return (self._key(id, values, column) for id, values in self._values.items())

    def _reorder(self, id: str, old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> None:
        for column, order in self._orders.items():
            order.change(
                None if old is None else self._key(id, old, column),
                None if new is None else self._key(id, new, column),
            )


def _column_part(key: _Key) -> Any:
    return key[0]


DEFAULT_LADDER = (1.0, 5.0, 30.0, 300.0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook on its way. `ladder` is the wait in seconds (sandbox clock) before each repeat."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    ladder: Sequence[float] = DEFAULT_LADDER
    timeout_seconds: float = 3.0
    endless: bool = False
    # Makes body and headers of each try anew (tries counted from 0), for vendors who number and sign each try.
    renew: Callable[[int], tuple[bytes, Mapping[str, str]]] | None = None
    # The statuses after which a vendor tries again; None: after every failure.
    again_on: frozenset[int] | None = None

    def again(self, attempt: int) -> Delivery:
        """What the given attempt sends."""
        if self.renew is None:
            return self
        body, headers = self.renew(attempt)
        return replace(self, body=body, headers=headers)


class Sandbox:
    """What the stand-ins share: the clock and the outgoing post."""

    HOOK_LOG = 2000

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.delivered: deque[dict[str, object]] = deque(maxlen=self.HOOK_LOG)
        self._queues: dict[str, deque[Delivery]] = {}
        self._posts: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self.clock.on_change(self._wake.set)

    def hook(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        ladder: Sequence[float] = DEFAULT_LADDER,
        timeout_seconds: float = 3.0,
        endless: bool = False,
        renew: Callable[[int], tuple[bytes, Mapping[str, str]]] | None = None,
        again_on: frozenset[int] | None = None,
    ) -> None:
        """Queue a webhook. One address gets its deliveries in order: a later one waits for an earlier one's repeats.

        Given up after the ladder's last step, or never with `endless` (the last step is then repeated); at once when
        `again_on` is given and the answer is none of these statuses.
        """
        self._queues.setdefault(url, deque()).append(
            Delivery(url, body, dict(headers), tuple(ladder), timeout_seconds, endless, renew, again_on)
        )
        self._start(url)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float = 10.0) -> int:
        """POST once and wait for the answer: its HTTP status, 0 when there was none in time."""
        return await self._post(Delivery(url, body, dict(headers), timeout_seconds=timeout_seconds))

    def waiting(self) -> int:
        """Deliveries not yet acknowledged or given up."""
        return sum(len(queue) for queue in self._queues.values())

    def forget_hooks(self) -> None:
        """Drop what waits to be delivered (a reset world has nothing to say about the old one)."""
        for queue in self._queues.values():
            queue.clear()
        self.delivered.clear()
        self._wake.set()

    def start(self) -> None:
        """Begin delivering what was queued before the event loop ran."""
        for url in list(self._queues):
            self._start(url)

    async def close(self) -> None:
        """Stop delivering and close the connections."""
        tasks = list(self._posts.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._posts.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _start(self, url: str) -> None:
        task = self._posts.get(url)
        if (task is None or task.done()) and self._queues[url]:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # no loop yet: `start` will pick it up
            self._posts[url] = loop.create_task(self._deliver_all(self._queues[url]))

    async def _deliver_all(self, queue: deque[Delivery]) -> None:
        while queue:
            delivery = queue[0]
            await self._deliver(delivery, queue)
            if queue and queue[0] is delivery:
                queue.popleft()

    async def _deliver(self, delivery: Delivery, queue: deque[Delivery]) -> None:
        attempt = 0
        while queue and queue[0] is delivery:
            attempt += 1
            status = await self._post(delivery.again(attempt - 1))
            self.delivered.append(
                {"at": self.clock.now().isoformat(), "url": delivery.url, "status": status, "attempt": attempt}
            )
            if 200 <= status < 300:
                return
            is_final = delivery.again_on is not None and status not in delivery.again_on
            if is_final or (attempt > len(delivery.ladder) and not delivery.endless):
                log.warning("webhook given_up url=%s attempts=%d", delivery.url, attempt)
                return
            wait = delivery.ladder[min(attempt, len(delivery.ladder)) - 1]
            await self._sleep_until(self.clock.now() + timedelta(seconds=wait), delivery, queue)

    async def _sleep_until(self, due: datetime, delivery: Delivery, queue: deque[Delivery]) -> None:
        while (left := (due - self.clock.now()).total_seconds()) > 0 and queue and queue[0] is delivery:
            self._wake.clear()
            try:
                async with asyncio.timeout(left):
                    await self._wake.wait()
            except TimeoutError:
                return

    async def _post(self, delivery: Delivery) -> int:
        """HTTP status of one attempt; 0 when nobody answered in time."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.post(
                delivery.url,
                data=delivery.body,
                headers=delivery.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=delivery.timeout_seconds),
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0


class Vendor(Protocol):
    """One stand-in. `key` is the path prefix and the name control calls use."""

    key: str

    def __init__(self, sandbox: Sandbox) -> None: ...

    def reset(self, world: str) -> None:
        """Hold exactly the named world (`demo`, `empty`), the same each time. Raises `SandboxError` for others."""

    def load(self, resource: str, documents: list[Document]) -> int:
        """Add documents in the vendor's own shape, filling ids and the like only where absent; how many were taken."""

    def state(self) -> dict[str, object]:
        """Everything it now holds, ready for JSON."""

    def configure(self, settings: Mapping[str, object]) -> None:
        """Change settings by name. Raises `SandboxError` for a name it does not know."""

    async def handle(self, request: Request) -> Response:
        """Answer one call as the vendor would."""

    def fault(self, kind: str, options: Mapping[str, object]) -> bool:
        """Begin a fault only the vendor can play; False if it does not know the kind. `clear` ends them all."""


@runtime_checkable
class HasErrorShape(Protocol):
    """A vendor that can say what its error answers look like; others get a plain JSON body for `status` faults."""

    def error_response(self, status: int, request: Request) -> Response: ...


@runtime_checkable
class HasScreens(Protocol):
    """A vendor with pages of its own for people, in place of the product's: where they begin, below its prefix."""

    screens: str


@runtime_checkable
class TakesWholeLoad(Protocol):
    """A vendor that reads the body of a `load` call itself: some of its resources are no lists of documents."""

    def load_all(self, data: Mapping[str, object]) -> dict[str, int]: ...


@runtime_checkable
class TakesLoadOptions(Protocol):
    """A vendor whose `load` call may say more than the documents (which company, say)."""

    def load_with(self, resource: str, documents: list[Document], options: Mapping[str, object]) -> int: ...
