"""One HTTP exchange under a total deadline: connections, sessions, and reading an answer piece by piece.

The usual time-outs of HTTP libraries start anew with every read, so that a server that sends one byte a second holds a
worker for ever. Here each read of the socket, headers included, is given just the time that is left of the call.
"""

from __future__ import annotations

import http.client
import io
import logging
import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from connectors.transport.addresses import checked

CONNECT_SECONDS = 10.0
PIECE = 64 * 1024
SEND_PIECE = 16 * 1024
MAX_RATIO = 100  # unpacked to packed
RATIO_FROM = 1_000_000  # unpacked bytes from which the ratio counts
IDLE_SECONDS = 20.0  # older kept connections are the ones servers hang up on in the moment we write

# At DEBUG these write whole URLs, queries included; no setting may turn that on.
for _name in ("urllib3.connectionpool", "urllib3.util.retry", "requests"):
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.WARNING)


class Attempt:
    """One try of a call: when it must be over, and whether any byte of it may have left."""

    __slots__ = ("ends_at", "sent")

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self.sent = False

    def left(self) -> float:
        """Seconds left; TimeoutError when there are none."""
        seconds = self.ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the call's time is over")
        return seconds


class _Local(threading.local):
    attempt: Attempt | None = None


_local = _Local()


class _TimedIO(socket.SocketIO):
    """Reads of a socket, each given only the time that is left."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        super().__init__(sock, "r")
        self._timed = sock
        self._attempt = attempt

    def readinto(self, buffer: Any) -> int | None:
        self._timed.settimeout(self._attempt.left())
        return super().readinto(buffer)


class _TimedResponse(http.client.HTTPResponse):
    """An answer whose status line, headers and body come under the deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        attempt = _local.attempt
        if attempt is not None and isinstance(sock, socket.socket):
            self.fp.close()
            sock._io_refs += 1  # type: ignore[attr-defined]  # as makefile does, so that closing waits for the reader
            self.fp = io.BufferedReader(_TimedIO(sock, attempt), PIECE)


def _send(connection: HTTPConnection, data: Any, send: Any) -> None:
    """Send under the deadline, and note that bytes may have left."""
    attempt = _local.attempt
    if attempt is None:
        send(data)
        return
    if connection.sock is None:
        connection.connect()
    attempt.sent = True
    pieces = (
        [data] if not isinstance(data, bytes) else [data[i : i + SEND_PIECE] for i in range(0, len(data), SEND_PIECE)]
    )
    for piece in pieces:
        connection.sock.settimeout(attempt.left())
        send(piece)


class _Plain(HTTPConnection):
    response_class = _TimedResponse
    debuglevel = 0  # not the library's shared one, which prints headers when somebody sets it

    def send(self, data: Any) -> None:
        _send(self, data, super().send)


class _Secure(HTTPSConnection):
    response_class = _TimedResponse
    debuglevel = 0

    def send(self, data: Any) -> None:
        _send(self, data, super().send)


class _Public(_Secure):
    """A connection to a name a person gave: its addresses are checked here, and one of just these is connected to.

    The certificate is still that of the name. SettingInvalid when an address is not public; no packet has left then.
    """

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            addresses = checked(name, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(name, self, error) from error
        failed: Exception | None = None
        for address in addresses:
            self._dns_host = address
            try:
                return super()._new_conn()
            except HTTPError as error:
                failed = error
            finally:
                self._dns_host = name
        raise failed or OSError("no address")


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _Public


class _Adapter(HTTPAdapter):
    """Requests' adapter with our connections in it."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager


class _PublicAdapter(HTTPAdapter):
    """The same for addresses people give; it knows no plain http and no proxy, which would look names up anew."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}


class _Session(requests.Session):
    """A session that knows no redirects. Requests would read a redirect's whole body to prepare the next call."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def _session(url: str, public_only: bool) -> requests.Session:
    """A session that keeps connections, reads no .netrc, keeps no cookies and always checks certificates."""
    session = _Session()
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.headers.clear()
    if public_only:
        session.adapters.clear()
        session.mount("https://", _PublicAdapter(pool_connections=2, pool_maxsize=1, max_retries=0))
        return session
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        session.proxies.update(get_environ_proxies(url))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=2, pool_maxsize=1, max_retries=0))
    return session


class Sessions:
    """Idle sessions, each used by one thread at a time. Threads come and go, their connections stay.

    `public_only`: calls reach machines of the public internet and nothing else, over https and without a proxy.
    """

    def __init__(self, url: str, public_only: bool = False) -> None:
        self._url = url
        self._public_only = public_only
        self._idle: list[tuple[float, requests.Session]] = []
        self._lock = threading.Lock()

    def borrow(self) -> requests.Session:
        """The session used last, or a new one; those idle for too long are closed."""
        now = time.monotonic()
        with self._lock:
            old = [session for at, session in self._idle if now - at > IDLE_SECONDS]
            self._idle = [(at, session) for at, session in self._idle if now - at <= IDLE_SECONDS]
            found = self._idle.pop()[1] if self._idle else None
        for session in old:
            session.close()
        return found or _session(self._url, self._public_only)

    def give_back(self, session: requests.Session) -> None:
        """Keep the session for the next call."""
        session.cookies.clear()
        with self._lock:
            self._idle.append((time.monotonic(), session))

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, session in idle:
            session.close()


Failure = Literal["refused", "lost", "slow", "truncated", "too_large"]


class WireError(Exception):
    """No whole answer came. `failure` "refused" is the only one where surely nothing was carried out."""

    def __init__(self, failure: Failure, why: str, status: int = 0) -> None:
        super().__init__(f"{failure}: {why}")
        self.failure: Failure = failure
        self.why = why
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: header names in lower case, the body unpacked, `bytes_in` as they came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    bytes_in: int


def exchange(sessions: Sessions, request: requests.PreparedRequest, seconds: float, max_bytes: int) -> Answer:
    """Send `request` and read its whole answer within `seconds`; `WireError` when that fails. Follows no redirect."""
    attempt = Attempt(seconds)
    _local.attempt = attempt
    session = sessions.borrow()
    whole = False
    try:
        answer = _exchange(session, request, attempt, max_bytes)
        whole = True
        return answer
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _failed(attempt, error) from error
    finally:
        _local.attempt = None
        if whole:
            sessions.give_back(session)
        else:
            session.close()


def _exchange(session: requests.Session, request: requests.PreparedRequest, attempt: Attempt, max_bytes: int) -> Answer:
    left = attempt.left()
    # A name may stand for several addresses, each of which gets the connect time-out.
    response = session.send(request, timeout=(min(CONNECT_SECONDS, left / 3), left), stream=True, allow_redirects=False)
    try:
        headers = {name.lower(): value for name, value in response.headers.items()}
        body, bytes_in = _read(response, headers, max_bytes)
        return Answer(response.status_code, headers, body, bytes_in)
    except WireError as error:
        error.status = response.status_code
        raise
    except ReadTimeoutError as error:
        raise WireError("slow", "the answer came too slowly", response.status_code) from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise WireError("truncated", type(error).__name__, response.status_code) from error
    finally:
        response.close()


def _read(response: requests.Response, headers: dict[str, str], max_bytes: int) -> tuple[bytes, int]:
    """The body unpacked, and its size on the wire. Never holds more than `max_bytes` and one piece."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise WireError("too_large", f"{declared} bytes announced")
    raw = response.raw
    pieces: list[bytes] = []
    size = 0
    while piece := raw.read(PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise WireError("too_large", f"more than {max_bytes} bytes")
        if size > RATIO_FROM and size > MAX_RATIO * max(1, raw.tell()):
            raise WireError("too_large", f"unpacks to more than {MAX_RATIO} times its size")
    return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), raw.tell()


def _failed(attempt: Attempt, error: Exception) -> WireError:
    slow = isinstance(error, requests.Timeout | TimeoutError)
    if not attempt.sent:
        return WireError("refused", _cause(error))
    return WireError("slow" if slow else "lost", _cause(error))


def _cause(error: BaseException) -> str:
    """Names of the errors behind this one. Never their texts: those hold addresses with queries."""
    names: list[str] = []
    here: BaseException | None = error
    while here is not None and len(names) < 5:
        names.append(type(here).__name__)
        here = here.__cause__ or here.__context__
    return " < ".join(names)
