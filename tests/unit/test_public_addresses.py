"""An address a person gives leads to the public internet or nowhere: as text, and again whenever it is connected to."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.contract import ContractBroken, Hosts, SettingInvalid, SyncError
from connectors.transport import Api, PlainHttp, addresses, public_url
from connectors.transport.addresses import is_public
from connectors.transport.api import prepare
from connectors.transport.wire import Sessions, WireError, exchange
from tests.unit.test_transport import FakeAccount, connector

pytestmark = pytest.mark.fault("S30")

GOOD = {
    "https://shop.example.com": "https://shop.example.com",
    "https://shop.example.com/": "https://shop.example.com",
    "  https://shop.example.com  ": "https://shop.example.com",
    "HTTPS://Shop.Example.COM/": "https://shop.example.com",
    "shop.example.com": "https://shop.example.com",
    "shop.example.com/boutique": "https://shop.example.com/boutique",
    "https://shop.example.com:443": "https://shop.example.com",
    "https://shop.example.com.": "https://shop.example.com",
    "https://shop.example.com/index.php/": "https://shop.example.com/index.php",
    "https://shop.example.com/a/b-c_d.e~f": "https://shop.example.com/a/b-c_d.e~f",
    "https://café.example.com": "https://xn--caf-dma.example.com",
    "https://xn--caf-dma.example.com": "https://xn--caf-dma.example.com",
    "https://boutique.例え.com": "https://boutique.xn--r8jz45g.com",
    "https://10.shop.example.com": "https://10.shop.example.com",
    "https://0x7f.example.com": "https://0x7f.example.com",
    "https://localhost.example.com": "https://localhost.example.com",
    "https://my-shop.co.uk": "https://my-shop.co.uk",
}

BAD = {
    "ADDRESS-FORM": (
        "",
        " ",
        "https://",
        "https:///path",
        "https://?",
        "https://shop.example.com?x=1",
        "https://shop.example.com/?",
        "https://shop.example.com#top",
        "https://shop.example.com/#",
        "https://shop.example.com\\@127.0.0.1/",
        "https://shop.example.com\\",
        "https://shop.exa mple.com",
        "https://shop.example.com\n127.0.0.1",
        "https://shop.example.com\x00.evil.example.com",
        "https://shop.example.com/a b",
        "https://shop.example.com/../rest",
        "https://shop.example.com/a/../../b",
        "https://shop.example.com/%2e%2e/",
        "https://shop.example.com/a%2Fb",
        "https://shop.example.com/a%5cb",
        "https://shop.example.com//double",
        "https://shop..example.com",
        "https://.example.com",
        "https://-shop.example.com",
        "https://shop-.example.com",
        "https://" + "a" * 64 + ".example.com",
        "https://" + "a." * 130 + "com",
        "https://shop.example.com/" + "a" * 200,
        "https://shop.example.com:port",
        "https://shop.example.com:99999",
        "https://shop.example.com/<script>",
        "https://shop!.example.com",
        "https://shop.example.com..",
        "https://sh%6fp.example.com",
        "https://shop\u2044.example.com",
        "https://shop\u200b\u200b\u2100.example.com",
    ),
    "ADDRESS-HTTPS": (
        "http://shop.example.com",
        "ftp://shop.example.com",
        "file:///etc/passwd",
        "gopher://shop.example.com",
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:ann@example.com",
        "ws://shop.example.com",
        "HTTP://SHOP.EXAMPLE.COM",
    ),
    "ADDRESS-USERINFO": (
        "https://user@shop.example.com",
        "https://user:pass@shop.example.com",
        "https://shop.example.com@127.0.0.1",
        "https://shop.example.com:443@evil.example.com",
        "https://@shop.example.com",
    ),
    "ADDRESS-PORT": (
        "https://shop.example.com:80",
        "https://shop.example.com:8443",
        "https://shop.example.com:22",
        "https://shop.example.com:0",
        "https://shop.example.com:",
        "shop.example.com:8080",
    ),
    "ADDRESS-NUMBER": (
        "https://127.0.0.1",
        "https://127.0.0.1.",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0x7f.0.0.1",
        "https://0177.0.0.1",
        "https://017700000001",
        "https://0",
        "https://0.0.0.0",
        "https://10.0.0.1",
        "https://192.168.1.1/admin",
        "https://169.254.169.254/latest/meta-data",
        "https://100.100.100.200",
        "https://8.8.8.8",
        "https://1.2.3.4.5",
        "https://shop.example.123",
        "https://１２７.０.０.１",
        "https://127。0。0。1",
        "https://①②⑦.0.0.1",
        "https://[::1]",
        "https://[::]",
        "https://[::ffff:127.0.0.1]",
        "https://[fe80::1%25eth0]",
        "https://[2001:db8::1]",
        "https://[2606:4700:4700::1111]",
        "https://[64:ff9b::7f00:1]",
    ),
    "ADDRESS-INSIDE": (
        "https://localhost",
        "https://localhost.",
        "https://LOCALHOST",
        "https://shop",
        "https://shop.localhost",
        "https://shop.local",
        "https://router.lan",
        "https://db.internal",
        "https://metadata.google.internal",
        "https://metadata",
        "https://nas.home.arpa",
        "https://intranet.corp",
        "https://printer.home",
        "https://shop.test",
        "https://shop.invalid",
        "https://abc.onion",
        "https://1.0.0.127.in-addr.arpa",
        "https://ｌｏｃａｌｈｏｓｔ",
    ),
}

PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "1.1.1.1", "172.15.0.1")

INSIDE = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.254"),  # noqa: S104 - a test case
    *("127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1"),
    *("192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
    *("100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:db8::1", "2002:7f00:1::1"),
    *("3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
)


def test_the_corpus_holds_at_least_120_addresses():
    assert len(GOOD) + sum(map(len, BAD.values())) + len(PUBLIC) + len(INSIDE) >= 120
    assert sum(map(len, BAD.values())) >= 90


@pytest.mark.parametrize(("given", "kept"), GOOD.items())
def test_an_address_of_the_public_internet_is_kept_in_one_form(given, kept):
    assert public_url(given) == kept
    assert public_url(kept) == kept


@pytest.mark.parametrize(("code", "given"), [(code, text) for code, texts in BAD.items() for text in texts])
def test_any_other_address_is_refused_with_its_reason(code, given):
    with pytest.raises(SettingInvalid) as refused:
        public_url(given)
    assert refused.value.code == code
    assert refused.value.field == "base_url"


@pytest.mark.parametrize("text", PUBLIC)
def test_machines_of_the_public_internet_are_known(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", INSIDE)
def test_machines_inside_are_known_in_every_writing(text):
    assert not is_public(ipaddress.ip_address(text))


# what is connected to


class Listener:
    """A machine inside the house: it counts who knocks."""

    def __init__(self, family: int = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self.socket = socket.socket(family)
        self.socket.bind((host, 0))
        self.socket.listen(8)
        self.port = self.socket.getsockname()[1]
        self.knocks = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            self.knocks += 1
            sock.close()

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def inside() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


class Names:
    """Names that lead where the test says, one answer after the other; numbers lead to themselves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0
        real = socket.getaddrinfo

        def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
            try:
                ipaddress.ip_address(host)
                return real(host, port, *args, **more)
            except ValueError:
                pass
            self.asked += 1
            found = self.answers[min(self.asked, len(self.answers)) - 1]
            return [item for text in found for item in real(text, port, *args, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)


def api(port: int, host: str = "shop.example.com") -> Any:
    made = connector()
    hosts = Hosts(f"https://{host}:{port}", public_only=True)
    return Api(made, hosts, FakeAccount(), {"account_id": "1"})


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "192.168.0.9", "0.0.0.0"])  # noqa: S104
def test_a_name_that_leads_inside_is_refused_before_a_packet_leaves(monkeypatch, inside, text):
    Names(monkeypatch, [text])
    with pytest.raises(SettingInvalid) as refused, api(inside.port) as calls:
        calls.get("/things")
    assert refused.value.code == "ADDRESS-INSIDE" and inside.knocks == 0


def test_a_name_that_leads_both_ways_is_refused(monkeypatch, inside):
    Names(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(SettingInvalid), api(inside.port) as calls:
        calls.get("/things")
    assert inside.knocks == 0


def test_a_name_that_changes_its_answer_after_the_check_gains_nothing(monkeypatch, inside):
    """Looked up once: what was checked is connected to, and the second answer is never asked for."""
    names = Names(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    sessions = Sessions("https://shop.example.com", public_only=True)
    request = prepare("GET", f"https://shop.example.com:{inside.port}/", {}, None)
    # The guard of these tests lets nothing out, and says where to: to the address that was checked.
    with pytest.raises(RuntimeError, match=r"93\.184\.216\.34"):
        exchange(sessions, request, 2.0, 1000)
    assert names.asked == 1 and inside.knocks == 0


def test_signing_in_calls_no_machine_inside(monkeypatch, inside):
    Names(monkeypatch, ["127.0.0.1"])
    with pytest.raises(SyncError) as refused:
        PlainHttp(public_only=True).call("POST", f"https://shop.example.com:{inside.port}/oauth/token/request")
    assert refused.value.code == "ADDRESS-INSIDE" and inside.knocks == 0


def test_a_number_as_host_is_held_to_the_same_table(inside):
    with pytest.raises(SettingInvalid), api(inside.port, "127.0.0.1") as calls:
        calls.get("/things")
    assert inside.knocks == 0


def test_no_plain_http_and_no_proxy_where_a_person_gave_the_address(monkeypatch, inside):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{inside.port}")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{inside.port}")
    Names(monkeypatch, ["127.0.0.1"])
    with pytest.raises(SettingInvalid), api(inside.port) as calls:
        calls.get("/things")
    sessions = Sessions("http://shop.example.com", public_only=True)
    with pytest.raises(WireError):
        exchange(sessions, prepare("GET", f"http://127.0.0.1:{inside.port}/", {}, None), 2.0, 1000)
    assert inside.knocks == 0


def test_a_link_of_a_vendor_leads_inside_neither(monkeypatch, inside):
    Names(monkeypatch, ["127.0.0.1"])
    calls = Api(connector(), Hosts("https://api.example.com"), FakeAccount(), {"account_id": "1"})
    with pytest.raises(ContractBroken) as refused:
        calls.download(f"https://files.example.com:{inside.port}/a.zip")
    assert refused.value.code == "CALL-LINK" and inside.knocks == 0
    calls.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "metadata.google.internal", "0x7f000001"])
def test_behind_a_proxy_a_link_still_names_no_machine_inside(monkeypatch, inside, host):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{inside.port}")
    monkeypatch.setenv("NO_PROXY", "")
    calls = Api(connector(), Hosts("https://api.example.com"), FakeAccount(), {"account_id": "1"})
    with pytest.raises(ContractBroken) as refused:
        calls.download(f"https://{host}/a.zip")
    assert refused.value.code == "CALL-LINK" and inside.knocks == 0
    calls.close()


# that an honest shop is reached


@pytest.fixture
def shop(tmp_path: Path, monkeypatch) -> Iterator[tuple[int, list[str]]]:
    """A shop with a certificate of its own name, on loopback, which the table lets pass for this test alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = tmp_path / "shop.pem", tmp_path / "shop.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[str] = []

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    head = secure.recv(65536).decode()
                    seen.append(head)
                    body = b'{"ok":true}'
                    secure.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
                    )
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    real = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda address: str(address) == "127.0.0.1" or real(address))
    yield listener.getsockname()[1], seen
    listener.close()


def test_an_honest_shop_is_reached_at_the_checked_address_by_its_own_name(monkeypatch, shop):
    port, seen = shop
    names = Names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with api(port) as calls:
        assert calls.get("/things") == {"ok": True}
    assert names.asked == 1
    assert f"Host: shop.example.com:{port}" in seen[0]


def test_a_machine_that_cannot_prove_the_name_is_not_the_shop(monkeypatch, shop):
    port, seen = shop
    Names(monkeypatch, ["127.0.0.1"])
    with pytest.raises(SyncError) as refused, api(port, "other.example.com") as calls:
        calls.get("/things")
    assert refused.value.code == "CALL-REFUSED" and not seen
