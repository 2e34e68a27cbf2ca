"""What a vendor call promises: deadlines, limits, no redirects, honest errors, nothing secret kept."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    AuthorizationExpired,
    Connector,
    ContractBroken,
    Grant,
    Hosts,
    Limits,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)
from connectors.transport import CATALOGUE, Api, Call, PlainHttp, decode, encode, fill, redact, retry_after
from connectors.transport.answers import BadAnswer

Handler = Callable[[socket.socket, bytes], None]
CANARY = "CANARYtoken0123456789abcdefXYZ"


def ok(body: bytes, *, status: str = "200 OK", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


class Peer:
    """A bare server on loopback: each request goes to `handler`, whole, with the socket to answer on."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            while request := self._request(sock):
                self.requests.append(request)
                self.handler(sock, request)
        except OSError:
            pass
        finally:
            sock.close()

    @staticmethod
    def _request(sock: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._listener.close()
        for sock in self._open:
            sock.close()


class FakeAccount:
    """An account that hands out numbered grants and keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.throttles: list[float] = []
        self.ups: list[bool] = []
        self.renewals = 0
        self.current = Grant(f"{CANARY}-0")
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def grant(self) -> Grant:
        return self.current

    def renew(self, used: Grant) -> Grant:
        self.renewals += 1
        self.current = Grant(f"{CANARY}-{self.renewals}")
        return self.current

    @contextmanager
    def slot(self, bucket: str) -> Iterator[None]:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        yield
        with self._lock:
            self.inside -= 1

    def throttled(self, seconds: float) -> None:
        self.throttles.append(seconds)

    def allow(self) -> None:
        return None

    def feedback(self, up: bool) -> None:
        self.ups.append(up)

    def record(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)


def classify(status: int, headers: Any, body: bytes) -> SyncError:
    if status == 401:
        return AuthorizationExpired("T-401")
    if status == 429:
        return RateLimited("T-429")
    if status >= 500:
        return VendorUnavailable("T-500")
    return RecordRejected("T-400")


def connector() -> Connector:
    return Connector(
        key="acme",
        label=Text("Acme", "Acme"),
        environments={},
        resources=(),
        feeds=(),
        sign_in=(),
        headers=lambda grant: {"Authorization": f"Bearer {grant.access_token}"},
        base_url=lambda hosts, grant, account: f"{hosts.api}/v1/{account}",
        classify=classify,
        identify=lambda api: pytest.fail("not called"),
        limits=Limits(4, pause_seconds=60),
    )


@pytest.fixture
def world() -> Iterator[Callable[..., tuple[Api, Peer, FakeAccount]]]:
    made: list[Any] = []

    def make(handler: Handler, **options: Any) -> tuple[Api, Peer, FakeAccount]:
        peer, account = Peer(handler), FakeAccount()
        api = Api(connector(), Hosts(peer.url), account, {"account_id": "42", "list": "a/b é"}, **options)
        made.extend([api, peer])
        return api, peer, account

    yield make
    for item in made:
        item.close()


def always(answer: bytes) -> Handler:
    return lambda sock, request: sock.sendall(answer)


def in_turn(*answers: bytes | None) -> Handler:
    """Each request gets the next answer; None hangs up."""
    left = list(answers)

    def handler(sock: socket.socket, request: bytes) -> None:
        answer = left.pop(0)
        if answer is None:
            sock.shutdown(socket.SHUT_RDWR)
            raise OSError
        sock.sendall(answer)

    return handler


def test_numbers_come_as_decimals_with_their_digits_and_go_the_same_way(world: Any) -> None:
    api, peer, _ = world(always(ok(b'{"total": 100.00, "count": 3}')))
    assert api.post("/x", {"amount": Decimal("100.10")}) == {"total": Decimal("100.00"), "count": 3}
    assert str(api.get("/x")["total"]) == "100.00"
    assert peer.requests[0].endswith(b'{"amount":100.10}')


def test_marks_are_filled_percent_encoded_and_the_record_keeps_the_template_without_query(world: Any) -> None:
    api, peer, account = world(always(ok(b"{}", extra="X-Request-Id: r-1\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n")))
    api.get("/lists/{list}", {"q": "O'Brien & Söhne", "on": True, "skip": None}, bucket="slow")
    assert peer.requests[0].startswith(
        b"GET /v1/42/lists/a%2Fb%20%C3%A9?q=O%27Brien%20%26%20S%C3%B6hne&on=true HTTP/1.1"
    )
    call = account.calls[0]
    assert (call.method, call.path, call.status, call.request_id, call.bucket) == (
        "GET",
        "/lists/{list}",
        200,
        "r-1",
        "slow",
    )
    assert call.server_time is not None and call.server_time.isoformat() == "2026-11-21T10:00:00+00:00"
    assert call.bytes_in == 2


def test_a_missing_setting_is_named_before_anything_is_sent(world: Any) -> None:
    api, peer, _ = world(always(ok(b"{}")))
    with pytest.raises(SettingInvalid) as caught:
        api.get("/lists/{audience}")
    assert caught.value.params == {"setting": "audience"} and not peer.requests
    assert fill("/x", {}) == "/x"


def drip(where: str) -> Handler:
    def handler(sock: socket.socket, request: bytes) -> None:
        whole = b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"a":"'
        cut = 4 if where == "headers" else len(whole)
        sock.sendall(whole[:cut])
        for index in range(300):
            rest = whole[cut + index : cut + index + 1] or b"x"
            sock.sendall(rest)
            time.sleep(0.05)

    return handler


@pytest.mark.fault("D04")
@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_dripping_answer_ends_with_the_deadline(world: Any, where: str) -> None:
    api, _, account = world(drip(where), deadline_seconds=1.0)
    for call, error in ((lambda: api.get("/x"), VendorUnavailable), (lambda: api.post("/x", {}), OutcomeUnknown)):
        began = time.monotonic()
        with pytest.raises(error) as caught:
            call()
        assert time.monotonic() - began < 1.5
        assert caught.value.code == "CALL-TIMEOUT"
    assert account.ups == [False, False]


def test_a_silent_server_ends_with_the_deadline(world: Any) -> None:
    api, _, _ = world(lambda sock, request: time.sleep(5), deadline_seconds=0.6)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        api.post("/x", {})
    assert time.monotonic() - began < 1.1


@pytest.mark.fault("D01")
def test_a_refused_connection_is_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    account = FakeAccount()
    with Api(connector(), Hosts(url), account, {"account_id": "1"}) as api, pytest.raises(VendorUnavailable) as caught:
        api.post("/x", {"a": 1})
    assert caught.value.code == "CALL-REFUSED"
    assert account.calls[0].status == 0 and account.ups == [False]


@pytest.mark.fault("D03")
def test_a_write_that_left_and_got_no_answer_is_unknown_and_sent_once(world: Any) -> None:
    api, peer, _ = world(in_turn(None, ok(b"{}")))
    with pytest.raises(OutcomeUnknown) as caught:
        api.post("/x", {"a": 1})
    assert caught.value.code == "CALL-LOST" and len(peer.requests) == 1


def test_a_read_is_repeated_up_to_three_times(world: Any) -> None:
    api, peer, account = world(in_turn(None, ok(b"{}", status="503 Busy"), ok(b'{"a":1}')))
    assert api.get("/x") == {"a": 1}
    assert [call.status for call in account.calls] == [0, 503, 200]
    api, peer, _ = world(in_turn(*[None] * 5))
    with pytest.raises(VendorUnavailable):
        api.post("/query", text="select 1", reads=True)
    assert len(peer.requests) == 3


@pytest.mark.fault("D05")
def test_a_cut_answer_is_repeated_for_reads_and_unknown_for_writes_at_every_byte(world: Any) -> None:
    whole = b'{"Customer":{"Id":"63","Note":"\xc3\xa9t\xc3\xa9","Balance":10.50}}'
    for cut in range(1, len(whole)):
        with_length = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n".encode() + whole[:cut]
        without = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + whole[:cut]
        for part in (with_length, without):

            def handler(sock: socket.socket, request: bytes, part: bytes = part) -> None:
                sock.sendall(part)
                sock.shutdown(socket.SHUT_RDWR)

            api, peer, _ = world(handler)
            with pytest.raises(OutcomeUnknown) as caught:
                api.post("/x", {})
            assert caught.value.code == "ANSWER-TRUNCATED"
            api.close()
            peer.close()
    api, _, _ = world(in_turn(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"a":', ok(b'{"a":1}')))
    api.close()


@pytest.mark.fault("D06")
def test_a_page_instead_of_data_is_an_outage_for_reads_and_unknown_for_writes(world: Any) -> None:
    page = ok(b"<!DOCTYPE html><html>maintenance</html>")
    api, peer, _ = world(always(page))
    with pytest.raises(VendorUnavailable) as caught:
        api.get("/x")
    assert caught.value.code == "ANSWER-NOT-JSON" and len(peer.requests) == 3
    with pytest.raises(OutcomeUnknown):
        api.post("/x", {})


@pytest.mark.fault("D16")
@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_no_redirect_is_followed(world: Any, status: str) -> None:
    reached: list[bytes] = []
    other = Peer(lambda sock, request: reached.append(request) or sock.sendall(ok(b"{}")))  # type: ignore[func-returns-value]
    api, _, _ = world(always(ok(b"", status=status, extra=f"Location: {other.url}/x\r\n")))
    with pytest.raises(ContractBroken) as caught:
        api.get("/x")
    assert caught.value.code == "CALL-REDIRECTED"
    with pytest.raises(SyncError, match="CALL-REDIRECTED"):
        api.post("/x", {})
    with pytest.raises(ContractBroken):
        PlainHttp().call("POST", api._hosts.api, form={"a": "b"})
    other.close()
    assert not reached


@pytest.mark.fault("D17")
def test_a_huge_answer_and_a_gzip_bomb_are_cut_off(world: Any) -> None:
    bomb = gzip.compress(b"[" + b" " * 30_000_000 + b"]")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    api, _, _ = world(always(head + bomb))
    with pytest.raises(ContractBroken) as caught:
        api.get("/x")
    assert caught.value.code == "ANSWER-TOO-LARGE"
    with pytest.raises(OutcomeUnknown):
        api.post("/x", {})
    api, _, _ = world(always(ok(b'{"a":"' + b"x" * 5000 + b'"}')), max_bytes=4000)
    with pytest.raises(ContractBroken):
        api.get("/x")


def test_packed_answers_are_unpacked_and_their_size_on_the_wire_is_kept(world: Any) -> None:
    packed = gzip.compress(b'{"a":"' + b"word " * 1000 + b'"}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    api, peer, account = world(always(head + packed))
    assert len(api.get("/x")["a"]) == 5000
    assert account.calls[0].bytes_in == len(packed)
    assert b"Accept-Encoding: gzip\r\n" in peer.requests[0]


@pytest.mark.fault("D18")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": NaN}', "ANSWER-SHAPE"),
        (b'{"a": Infinity}', "ANSWER-SHAPE"),
        (b'{"a": 1e999}', "ANSWER-SHAPE"),
        (b'{"a": 1e999999999}', "ANSWER-SHAPE"),
        (b'{"a": 0.' + b"1" * 100 + b"}", "ANSWER-SHAPE"),
        (b'{"a": "\xff\xfe"}', "ANSWER-SHAPE"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "ANSWER-SHAPE"),
        (b'{"a": 1} {"b": 2}', "ANSWER-SHAPE"),
        (b"[1, 2]", "ANSWER-SHAPE"),
        (b'"text"', "ANSWER-SHAPE"),
        (b"null", "ANSWER-SHAPE"),
        (b'{"a": 01}', "ANSWER-SHAPE"),
        (b'{"a": 1,}', "ANSWER-SHAPE"),
        (b'{"a": [1, 2', "ANSWER-TRUNCATED"),
        (b'{"a": "half', "ANSWER-TRUNCATED"),
        (b"", "ANSWER-NOT-JSON"),
        (b"<xml/>", "ANSWER-NOT-JSON"),
        (b"Gateway timeout", "ANSWER-NOT-JSON"),
    ],
)
def test_bodies_that_are_not_sound_are_refused_by_name(body: bytes, code: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        decode(body)
    assert caught.value.code == code


def test_sound_oddities_are_taken() -> None:
    assert decode(b'\xef\xbb\xbf{"a": 1, "a": 2}') == {"a": 2}
    assert decode('{"n": "🚗 שלום"}'.encode()) == {"n": "🚗 שלום"}
    assert decode(b'{"a": 1.5e3}') == {"a": Decimal("1500")}
    assert decode(encode({"a": Decimal("0.5306667")})) == {"a": Decimal("0.5306667")}


def test_a_refused_grant_is_renewed_once_and_the_call_repeated_once(world: Any) -> None:
    api, peer, account = world(in_turn(ok(b"{}", status="401 No"), ok(b'{"a":1}')))
    assert api.post("/x", {"b": 2}) == {"a": 1}
    assert account.renewals == 1
    assert f"Bearer {CANARY}-0".encode() in peer.requests[0] and f"Bearer {CANARY}-1".encode() in peer.requests[1]


@pytest.mark.fault("C05")
def test_a_vendor_that_always_says_401_is_asked_twice(world: Any) -> None:
    api, peer, account = world(always(ok(b"{}", status="401 No")))
    with pytest.raises(AuthorizationExpired):
        api.get("/x")
    assert len(peer.requests) == 2 and account.renewals == 1


@pytest.mark.fault("D14")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7\r\n", 7.0),
        ("Retry-After: Sat, 21 Nov 2026 10:01:30 GMT\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n", 90.0),
        ("Retry-After: 99999999\r\n", 900.0),
        ("Retry-After: -5\r\n", 0.0),
        ("Retry-After: soon\r\n", None),
        ("Retry-After: nan\r\n", None),
        ("", None),
    ],
)
def test_a_throttle_says_how_long_to_wait_and_the_account_rests(world: Any, header: str, seconds: float | None) -> None:
    api, peer, account = world(always(ok(b"{}", status="429 Slow", extra=header)))
    with pytest.raises(RateLimited) as caught:
        api.post("/x", {})
    assert caught.value.retry_after == seconds
    assert account.throttles == [seconds or 60.0] and account.ups == [True]
    assert len(peer.requests) == 1


def test_dates_without_a_vendor_clock_count_from_ours() -> None:
    assert retry_after({"retry-after": "Sat, 21 Nov 2020 10:00:00 GMT"}) == 0.0
    assert retry_after({}) is None


@pytest.mark.fault("D15")
def test_a_server_error_on_a_write_is_unknown_and_a_refusal_is_not(world: Any) -> None:
    api, peer, account = world(in_turn(ok(b"{}", status="500 Oops"), ok(b"{}", status="400 Bad")))
    with pytest.raises(OutcomeUnknown, match="T-500"):
        api.post("/x", {})
    with pytest.raises(RecordRejected):
        api.post("/x", {})
    assert account.ups == [False, True] and len(peer.requests) == 2


def test_an_empty_answer_is_fine_for_writes_only(world: Any) -> None:
    api, _, _ = world(always(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert api.delete("/x") == {}
    api, _, _ = world(always(ok(b"")))
    assert api.put("/x", {}) == {} and api.patch("/x", {}) == {}
    with pytest.raises(VendorUnavailable):
        api.get("/x")


def test_connections_are_kept_and_cookies_are_not(world: Any) -> None:
    api, peer, _ = world(always(ok(b"{}", extra="Set-Cookie: a=b\r\n")))
    for _ in range(5):
        api.get("/x")
    assert peer.connections == 1
    assert all(b"ookie" not in request for request in peer.requests)


def test_gather_keeps_the_order_bounds_the_threads_and_stops_at_a_failure(world: Any) -> None:
    def handler(sock: socket.socket, request: bytes) -> None:
        number = int(request.split(b"/n/")[1].split(b" ")[0])
        time.sleep(0.05 if number % 2 == 0 else 0.01)
        sock.sendall(ok(b"{}", status="400 Bad") if number == 13 else ok(b'{"n":%d}' % number))

    api, peer, account = world(handler, pool=3)
    answers = list(api.gather(lambda n=n: api.get(f"/n/{n}")["n"] for n in range(10)))
    assert answers == list(range(10))
    assert 2 <= account.most <= 3 and peer.connections <= 3
    begun = len(peer.requests)
    with pytest.raises(RecordRejected):
        list(api.gather(lambda n=n: api.get(f"/n/{n}") for n in range(13, 500)))
    assert len(peer.requests) - begun <= 7


def test_gather_inside_gather_does_not_hang(world: Any) -> None:
    api, _, _ = world(always(ok(b'{"a":1}')), pool=2)
    inner = lambda: [item["a"] for item in api.gather([lambda: api.get("/x")] * 3)]  # noqa: E731
    assert list(api.gather([inner] * 4)) == [[1, 1, 1]] * 4


def test_sign_in_calls_answer_status_and_object(world: Any) -> None:
    answers = in_turn(
        ok(b'{"access_token":"t"}'), ok(b"<html>", status="502 Bad"), ok(b'{"error":"x"}', status="400 No"), None
    )
    _, peer, _ = world(answers)
    http = PlainHttp(deadline_seconds=2)
    assert http.call("POST", peer.url, form={"a": "é"}, basic=("id", "secret")) == (200, {"access_token": "t"})
    assert b"Authorization: Basic aWQ6c2VjcmV0\r\n" in peer.requests[0] and peer.requests[0].endswith(b"a=%C3%A9")
    assert http.call("GET", peer.url) == (502, {})
    assert http.call("POST", peer.url, body={"token": "t"}) == (400, {"error": "x"})
    with pytest.raises(VendorUnavailable):
        http.call("GET", peer.url)


def test_downloads_carry_no_grant_and_stay_on_safe_links(world: Any) -> None:
    api, peer, account = world(always(ok(b"bytes")))
    assert api.download(peer.url + "/file?signature=abc") == b"bytes"
    assert b"uthorization" not in peer.requests[0]
    assert account.calls[0].path == "(link)"
    with pytest.raises(ContractBroken):
        api.download("http://files.example.com/x")
    with pytest.raises(ContractBroken):
        api.download(peer.url + "/file", max_bytes=3)


@pytest.mark.fault("S25")
def test_no_secret_reaches_a_log_even_with_everything_at_debug(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    import http.client

    caplog.set_level(logging.DEBUG)
    http.client.HTTPConnection.debuglevel = 1
    try:
        api, _, account = world(in_turn(ok(b'{"secret":"%s"}' % CANARY.encode(), status="400 Bad"), None))
        with pytest.raises(RecordRejected):
            api.get("/x", {"query": CANARY})
        with pytest.raises(OutcomeUnknown) as caught:
            api.post("/x", {"note": CANARY}, {"q": CANARY})
    finally:
        http.client.HTTPConnection.debuglevel = 0
    assert CANARY not in caplog.text and CANARY not in repr(account.calls) and CANARY not in repr(caught.value)
    assert "code=T-400" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        f"Token expired: {CANARY}",
        f"Authorization: Bearer {CANARY}",
        f'{{"access_token": "{CANARY}", "x": 1}}',
        f"refresh_token={CANARY}&grant_type=refresh_token",
        f"client_secret: '{CANARY}'",
        f"https://user:{CANARY}@shop.example.com/x",
        f"eyJhbGciOi.{CANARY}.{CANARY}",
        f"key {CANARY}{CANARY}",
    ],
)
def test_redaction_takes_secrets_out(text: str) -> None:
    assert "CANARY" not in redact(text) and "[removed]" in redact(text)


def test_redaction_leaves_words_ids_and_amounts() -> None:
    text = (
        "Stale Object Error : Id=5000000000000503624, TotalAmt 1234567.89, request 0f6c1d1e-7a2b-4a7e-9d43-6b2f0c3a9e51"
    )
    assert redact(text) == text
    assert redact("card 4111 1111 1111 1111 here") == "card [removed] here"


def test_every_code_of_a_call_is_explained_in_both_languages() -> None:
    codes = {item.code for item in CATALOGUE}
    assert codes >= {"CALL-REFUSED", "CALL-LOST", "CALL-TIMEOUT", "CALL-REDIRECTED", "CALL-SETTING-MISSING"}
    assert codes >= {"ANSWER-NOT-JSON", "ANSWER-TRUNCATED", "ANSWER-TOO-LARGE", "ANSWER-SHAPE"}
    for item in CATALOGUE:
        for words in (item.what, item.why, item.cure):
            assert words.en and words.fr and words.en != words.fr
