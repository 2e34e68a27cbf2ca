"""The Magento connector against its stand-in; every request it makes is held against the vendor's contract."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest
import requests

from connectors.contract import (
    Activation,
    AuthorizationExpired,
    Grant,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    SyncError,
    VendorUnavailable,
    Write,
)
from connectors.magento import CONNECTOR, auth, feeds
from connectors.magento.errors import classify
from connectors.sandbox.server import background
from connectors.transport import Api, PlainHttp, Signer, fill_hosts, plain
from connectors.transport import api as transport
from tests.account import Account
from tests.contracts import MAGENTO, Contract

pytestmark = [pytest.mark.contracts, MAGENTO.needed]
VALUES = {
    "consumer_key": "sandbox-consumer",
    "consumer_secret": "SECRET-sandbox-consumer-secret",
    "access_token": "SECRET-sandbox-access-token",
    "token_secret": "SECRET-sandbox-access-token-secret",
}
SALES = frozenset({"orders", "buyers", "captures", "credit_memos"})
OFF = {
    "msi": True,
    "input_limits": False,
    "denied_resources": [],
    "bearer": False,
    "seen_scheme": "",
    "repeat_last_page": False,
    "total_count_off_by": 0,
    "items_null_when_empty": False,
    "list_without_taxes": False,
    "maintenance": False,
    "masked_500": False,
    "html_403": False,
    "html_404": False,
    "login_wall": False,
    "moved_to": "",
    "encoded_slash_refused": False,
    "rate_limits": False,
}


FIXTURES = MAGENTO.data("fixtures.json", {}, parse_float=Decimal)
VECTORS = MAGENTO.data("oauth1-vectors.json", {})
SAMPLES = MAGENTO.data("samples.json", {})


def _never(used: Grant) -> Grant:
    raise AssertionError("values do not expire: there is nothing to renew")


@dataclass
class Shop:
    """The stand-in, and what was sent to it."""

    url: str
    sent: list[Any] = field(default_factory=list)
    account: Account | None = None

    def control(self, path: str, body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def configure(self, **settings: Any) -> None:
        self.control("configure/magento", settings)

    def load(self, **documents: Any) -> None:
        self.control("load/magento", documents)

    def state(self) -> Any:
        return requests.get(f"{self.url}/_sandbox/state/magento", timeout=30).json()

    @property
    def hosts(self) -> Any:
        return fill_hosts(CONNECTOR.environments["local_sandbox"], self.url)

    def api(self, grant: Grant | None = None, **context: str) -> Api:
        self.account = Account(grant or auth.grant_from_values(VALUES, self.hosts), renewed=_never)
        return Api(CONNECTOR, self.hosts, self.account, {"account_id": "shop", **context}, deadline_seconds=20)

    def read(self, *wanted: str, cursor: Any = None, feed: str = "shop", **context: str) -> "Reading":
        api = self.api(**context)
        reader = next(item for item in CONNECTOR.feeds if item.name == feed).read
        found = Reading()
        for page in reader(api, cursor, frozenset(wanted)):
            found.take(page)
        return found

    @property
    def paths(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.sent]


class Reading:
    """What a reading brought, by resource; the last document of each id counts."""

    def __init__(self) -> None:
        self.raw: dict[str, dict[str, Any]] = {}
        self.count: dict[str, int] = {}
        self.ends: set[str] = set()
        self.expected: dict[str, int] = {}
        self.notes: list[str] = []
        self.cursor: Any = None

    def take(self, page: Any) -> None:
        for name, documents in page.documents.items():
            for document in documents:
                record = CONNECTOR.resource(name).parse(document)
                self.raw.setdefault(name, {})[record.remote_id] = record
                self.count[name] = self.count.get(name, 0) + 1
        self.ends |= page.ends
        self.expected |= page.expected
        self.notes += [page.note] if page.note else []
        self.cursor = json.loads(json.dumps(page.cursor))

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.raw.get(name, {})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with background("empty") as url:
        yield url


@pytest.fixture
def shop(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A fresh store; what was sent to it must fit the contract when the test is over."""
    made = Shop(server)
    made.control("faults", [])
    made.configure(**OFF)
    made.control("reset", {"world": "empty"})
    real = transport.exchange

    def recorded(sessions: Any, request: Any, *rest: Any) -> Any:
        made.sent.append(request)
        return real(sessions, request, *rest)

    monkeypatch.setattr(transport, "exchange", recorded)
    monkeypatch.setattr(plain, "exchange", recorded)
    yield made
    assert [text for request in made.sent for text in complaints(request)] == []


def complaints(request: Any) -> list[str]:
    """What of a request does not fit the contract."""
    parts = urlsplit(request.url)
    if "/admin" in parts.path:
        return []
    address = f"{parts.path.removeprefix('/magento')}?{parts.query}"
    return MAGENTO.misfits(request.method, address, request.body, kind=request.headers.get("Content-Type", ""))


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """The store of the fixtures."""
    shop.load(**{name: value for name, value in MAGENTO.data("fixtures.json").items() if not name.startswith("_")})
    return shop


def order(number: int, at: str = "2026-03-01 12:00:00", **more: Any) -> Any:
    """A small order with one line."""
    made = deepcopy(next(item for item in MAGENTO.data("fixtures.json")["orders"] if item["entity_id"] == 8))
    item = {**made["items"][0], "item_id": 10_000 + number, "order_id": number, "qty_canceled": 0}
    return {
        **made,
        "state": "processing",
        "status": "processing",
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "created_at": at,
        "updated_at": at,
        "items": [item],
        **more,
    }


def total_of(values: Any) -> Decimal:
    return sum((line["amount"] - line["discount"] + line["tax_amount"] for line in values["lines"]), Decimal(0))


# signatures and sign-in


@pytest.mark.parametrize("vector", VECTORS.get("vectors", []), ids=lambda vector: vector["name"])
def test_signatures_equal_the_vectors(vector):
    keys, told = VECTORS["credentials"], vector["oauth_params"]
    signer = Signer(
        keys["consumer_key"],
        keys["consumer_secret"],
        told.get("oauth_token", ""),
        keys["token_secret"] if vector["signing_key_uses_token_secret"] else "",
    )
    header = signer.header(
        vector["method"],
        vector["url"],
        verifier=told.get("oauth_verifier", ""),
        nonce=told["oauth_nonce"],
        timestamp=told["oauth_timestamp"],
    )
    pairs = dict(re.findall(r'(\w+)="([^"]*)"', header))
    assert unquote(pairs.pop("oauth_signature")) == vector["signature"]
    assert {name: unquote(value) for name, value in pairs.items()} == told


def test_four_pasted_values_identify_the_shop(shop):
    who = CONNECTOR.identify(shop.api())
    assert who.account_id.endswith("/magento") and "Boutique Boréal" in who.name
    assert who.facts["currency"] == "CAD" and who.facts["time_zone"] == "America/Toronto"
    assert who.facts["language"] == "fr" and who.facts["stock_by_source"] == "true"
    assert {view["code"] for view in who.facts["stores"]} >= {"default", "en"}


@pytest.mark.parametrize("name", list(VALUES))
@pytest.mark.parametrize("value", ["", "with blank", "a" * 129, "accentué"])
def test_a_value_that_cannot_be_one_is_named_with_its_field(name, value):
    with pytest.raises(SettingInvalid) as refused:
        auth.grant_from_values({**VALUES, name: value}, fill_hosts(CONNECTOR.environments["local_sandbox"], "http://x"))
    assert refused.value.code == "MAG-VALUE-SHAPE" and refused.value.field == name


def test_the_cloud_service_is_refused_politely():
    hosts = CONNECTOR.environments["live"].at("https://na1.api.commerce.adobe.com/tenant")
    with pytest.raises(SettingInvalid) as refused:
        auth.grant_from_values(VALUES, hosts)
    assert refused.value.code == "MAG-CLOUD"


@pytest.mark.parametrize(
    "address", ["https://a.example.com", "https://a.example.com/rest", "https://a.example.com/rest/V1/"]
)
def test_an_address_copied_with_its_interface_still_leads_to_the_root(address):
    hosts = CONNECTOR.environments["live"].at(address)
    assert auth.base_url(hosts, Grant(""), "") == "https://a.example.com/rest"


def test_a_live_shop_is_called_on_the_public_internet_only():
    assert CONNECTOR.environments["live"].public_only
    assert fill_hosts(CONNECTOR.environments["live"], "http://x").public_only
    assert CONNECTOR.environments["live"].at("https://a.example.com").public_only


def test_the_token_alone_works_only_where_the_shop_allows_it(shop):
    grant = auth.grant_from_values({"access_token": VALUES["access_token"], "bearer": "true"}, shop.hosts)
    with pytest.raises((AuthorizationExpired, SettingInvalid)):
        CONNECTOR.identify(shop.api(grant))
    shop.configure(bearer=True)
    assert CONNECTOR.identify(shop.api(grant)).account_id


def test_no_secret_is_in_a_repr_or_a_log(shop, caplog):
    caplog.set_level(logging.DEBUG)
    grant = auth.grant_from_values(VALUES, shop.hosts)
    CONNECTOR.identify(shop.api(grant))
    shop.configure(denied_resources=["Magento_Sales::actions_view"])
    with pytest.raises(SyncError) as refused:
        shop.read("orders")
    brought = Activation("key", "SECRET-a", "SECRET-b", "https://a.example.com")
    for text in (caplog.text, repr(grant), repr(brought), repr(refused.value), str(refused.value), repr(CONNECTOR)):
        assert "SECRET-" not in text


# activation


@pytest.mark.parametrize(
    "sample",
    MAGENTO.data("inbound-samples.json", {}).get("requests", []),
    ids=lambda one: f"{one['operation']} {one['name']}",
)
def test_activation_calls_are_taken_and_refused_as_the_inbound_contract_says(sample):
    inbound = Contract("magento", "magento-inbound.openapi.json", "https://bridge.example.com")
    address = f"{sample['path']}?{urlencode(sample.get('query') or {})}"
    body = urlencode(sample["body"]).encode() if "body" in sample else None
    wrong = inbound.misfits(sample["method"], address, body, kind=sample.get("content_type", ""))
    assert bool(wrong) is not sample["valid"]
    read = auth.activation if sample["method"] == "POST" else auth.returns
    given = sample.get("body") or sample.get("query")
    if sample["valid"]:
        assert read(given)
    else:
        with pytest.raises(ValueError, match="no "):
            read(given)


class Callback:
    """Takes what the store posts while it is activated, on loopback."""

    def __init__(self) -> None:
        import threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        outer = self
        self.form: dict[str, str] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.form = {name: values[0] for name, values in parse_qs(body).items()}
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def activated(shop: Shop) -> tuple[Activation, str]:
    callback = Callback()
    asked = {"auto": "1", "callback_url": f"{callback.url}/activate", "identity_url": f"{callback.url}/identity"}
    there = requests.get(f"{shop.url}/magento/admin/integrations", params=asked, allow_redirects=False, timeout=10)
    callback.close()
    key, back = auth.returns(
        {name: values[0] for name, values in parse_qs(urlsplit(there.headers["Location"]).query).items()}
    )
    brought = auth.activation(callback.form)
    assert key == brought.consumer_key and urlsplit(back).path.startswith("/magento/admin")
    return brought, back


def test_an_activation_is_exchanged_for_values_that_sign(shop):
    brought, _ = activated(shop)
    grant = auth.exchange(PlainHttp(), shop.hosts, brought)
    assert CONNECTOR.identify(shop.api(grant)).account_id
    assert [path for path in shop.paths if "oauth" in path] == [
        "/magento/oauth/token/request",
        "/magento/oauth/token/access",
    ]


def test_an_activation_with_a_wrong_proof_gets_nothing(shop):
    brought, _ = activated(shop)
    wrong = Activation(brought.consumer_key, brought.consumer_secret, "not-the-verifier", brought.address)
    with pytest.raises(AuthorizationExpired) as refused:
        auth.exchange(PlainHttp(), shop.hosts, wrong)
    assert refused.value.code == "MAG-EXCHANGE"
    wrong = Activation(brought.consumer_key, "not-the-secret", brought.verifier, brought.address)
    with pytest.raises(AuthorizationExpired) as refused:
        auth.exchange(PlainHttp(), shop.hosts, wrong)
    assert refused.value.code == "MAG-SIGNATURE"


# reading


def test_every_order_of_the_fixtures_adds_up_to_the_cent(stocked):
    found = stocked.read(*SALES)
    assert len(found["orders"]) == len(FIXTURES["orders"]) == 12
    for record in found["orders"].values():
        assert total_of(record.values) == record.values["total"], record.values["number"]
        assert sum((tax["amount"] for tax in record.values["taxes"]), Decimal(0)) == record.values["tax_total"]
        assert (
            sum((tax["amount"] for line in record.values["lines"] for tax in line["taxes"]), Decimal(0))
            == record.values["tax_total"]
        )
    for record in found["credit_memos"].values():
        assert total_of(record.values) == record.values["total"]
    assert found.ends == SALES and found.notes == []
    assert found.expected["orders"] == 12


def test_the_demo_shop_adds_up_but_for_a_surcharge_no_field_explains(shop):
    shop.control("reset", {"world": "demo"})
    found = shop.read(*SALES)
    left = {total_of(record.values) - record.values["total"] for record in found["orders"].values()}
    assert left == {Decimal("0.00"), Decimal("-3.50")}
    assert all(total_of(record.values) == record.values["total"] for record in found["credit_memos"].values())
    assert len(found["orders"]) > 300 and found.ends == SALES


@pytest.mark.row("O-42")
def test_an_order_is_dated_by_the_stores_own_calendar(stocked):
    stocked.load(
        orders=[
            order(101, "2026-03-01 05:59:00", store_id=1),
            order(102, "2026-03-01 06:01:00", store_id=1),
            order(103, "2026-02-28 22:59:00", store_id=2),
            order(104, "2026-02-28 23:01:00", store_id=2),
        ]
    )
    found = stocked.read("orders")["orders"]
    days = [found[str(number)].values["date"] for number in (101, 102, 103, 104)]
    february, march = date(2026, 2, 28), date(2026, 3, 1)
    assert days == [february, march, february, march]
    assert found["104"].values["store"] == "fr"


def test_every_order_is_read_once_although_many_changed_in_the_same_second(shop):
    shop.load(orders=[order(number) for number in range(1, 251)])
    found = shop.read("orders", "buyers")
    assert len(found["orders"]) == 250 and found.count["orders"] == 250
    assert found.ends == {"orders", "buyers"} and found.expected == {"orders": 250}


def test_a_reading_that_was_cut_off_goes_on_where_it_was(shop):
    shop.load(orders=[order(number) for number in range(1, 251)])
    feed, seen, cursor = CONNECTOR.feeds[0], [], None
    for _ in range(10):
        for page in feed.read(shop.api(), cursor, frozenset({"orders"})):
            seen += [row["entity_id"] for row in page.documents["orders"]]
            cursor = json.loads(json.dumps(page.cursor))
            break
        if page.ends:
            break
    assert sorted(seen) == list(range(1, 251))


def test_only_what_changed_comes_again(shop):
    shop.load(orders=[order(number, f"2026-03-{number:02d} 12:00:00") for number in range(1, 21)])
    first = shop.read(*SALES)
    assert not first["orders"]["3"].gone
    again = shop.read(*SALES, cursor=first.cursor)
    assert set(again["orders"]) == {"20"}, "the last quarter of an hour is read again"
    shop.load(orders=[{"entity_id": 3, "state": "canceled", "status": "canceled"}])
    third = shop.read(*SALES, cursor=again.cursor)
    assert "3" in third["orders"] and third["orders"]["3"].gone
    assert third["orders"]["3"].values["status"] == "canceled"


def test_an_order_that_changes_while_we_read_is_met_again_and_none_is_missed(shop):
    shop.load(orders=[order(number, f"2026-03-01 12:{number % 60:02d}:{number // 60:02d}") for number in range(1, 251)])
    seen = {}
    for page in CONNECTOR.feeds[0].read(shop.api(), None, frozenset({"orders"})):
        seen |= {row["entity_id"]: row["status"] for row in page.documents["orders"]}
        if len(seen) == 100:
            first = min(seen)
            shop.load(orders=[{"entity_id": first, "state": "holded", "status": "holded"}])
    assert len(seen) == 250 and seen[first] == "holded" and page.ends


@pytest.mark.parametrize("mode", [{"repeat_last_page": True}, {"items_null_when_empty": True}])
def test_a_store_that_behaves_oddly_past_its_end_is_read_in_full(shop, mode):
    shop.configure(**mode)
    shop.load(orders=[order(number) for number in range(1, 201)])
    found = shop.read(*SALES)
    assert len(found["orders"]) == 200 and found.ends == SALES and not found.notes
    assert len([path for path in shop.paths if path.endswith("/orders")]) == 3


@pytest.mark.parametrize("off", [7, -3])
def test_a_store_that_miscounts_is_never_said_to_be_whole(shop, off):
    shop.configure(total_count_off_by=off)
    shop.load(orders=[order(number) for number in range(1, 151)])
    found = shop.read("orders")
    assert len(found["orders"]) == 150, "all the same all of it came"
    assert found.ends == set() and "counted" in found.notes[-1]


def test_an_order_read_from_a_list_without_taxes_is_read_again_whole(stocked):
    stocked.configure(list_without_taxes=True)
    found = stocked.read("orders")["orders"]
    assert all(record.values["taxes"] for record in found.values() if record.values["tax_total"])
    assert any(re.search(r"/orders/\d+$", path) for path in stocked.paths)


@pytest.mark.row("O-04")
def test_with_sales_alone_no_product_or_stock_call_is_made(stocked):
    found = stocked.read(*SALES)
    assert not [path for path in stocked.paths if re.search(r"product|inventory|stock", path)]
    assert set(found["products"]) >= {"1430", "29", "2100"}, "what the lines name comes along"
    assert all(record.values["sold"] is True for record in found["products"].values())


@pytest.mark.row("O-06")
def test_the_catalogue_is_read_where_products_are_wanted(stocked):
    found = stocked.read("products")
    assert len(found["products"]) == len(FIXTURES["products"]) and found.ends == {"products"}
    bag = found["products"]["1"].values
    assert bag["sku"] == "24-MB01" and bag["kind"] == "simple" and bag["price"] == 34 and bag["active"] is True
    assert found["products"]["2101"].values["sku"] == "SVC/INSTALL 1"
    assert all("/orders" not in path for path in stocked.paths)


@pytest.mark.row("O-34")
def test_only_sold_products_come_when_only_those_are_asked_for(stocked):
    found = stocked.read(*SALES, "products", products_scope="sold")
    assert set(found["products"]) < {str(row["id"]) for row in FIXTURES["products"]}
    assert found["products"]["1"].values["sold"] is True and found["products"]["1"].values["active"] is True
    assert "2102" not in found["products"] and "products" in found.ends
    assert found.count["products"] == len(found["products"]), "each is asked for once"


def test_a_list_that_is_newly_wanted_is_read_from_its_beginning(stocked):
    first = stocked.read("orders")
    both = stocked.read("orders", "buyers", "captures", cursor=first.cursor)
    assert len(both["buyers"]) == 4 and len(both["captures"]) == 8


# buyers


def address(city: str) -> Any:
    return {**order(1)["billing_address"], "city": city}


def test_the_newest_order_of_a_buyer_has_the_last_word(shop):
    told = {"customer_email": "Ann@Example.com", "customer_is_guest": 1}
    shop.load(
        orders=[
            order(1, "2026-03-01 10:00:00", billing_address=address("Old"), **told),
            order(2, "2026-03-02 10:00:00", billing_address=address("New"), **told),
            order(3, "2026-03-05 10:00:00", billing_address=address("Other"), customer_email="bob@example.com"),
        ]
    )
    first = shop.read("orders", "buyers")
    assert set(first["buyers"]) == {"ann@example.com", "bob@example.com"}
    assert first["buyers"]["ann@example.com"].values["address"]["city"] == "New"
    shop.load(orders=[{"entity_id": 1, "state": "closed", "status": "closed"}])
    again = shop.read("orders", "buyers", cursor=first.cursor)
    assert "1" in again["orders"] and "ann@example.com" not in again["buyers"], "an old order says nothing new"
    shop.load(orders=[{"entity_id": 2, "billing_address": address("Newest")}])
    third = shop.read("orders", "buyers", cursor=again.cursor)
    assert third["buyers"]["ann@example.com"].values["address"]["city"] == "Newest"


def test_the_newest_order_has_the_last_word_within_one_reading_too(shop):
    told = {"customer_email": "ann@example.com"}
    shop.load(
        orders=[
            order(1, "2026-03-01 10:00:00", billing_address=address("Old"), **told)
            | {"updated_at": "2026-03-09 10:00:00"},
            order(2, "2026-03-02 10:00:00", billing_address=address("New"), **told),
        ]
    )
    assert shop.read("buyers")["buyers"]["ann@example.com"].values["address"]["city"] == "New"


def test_a_guest_has_the_name_of_the_bill_and_a_company_its_own(stocked):
    buyers = stocked.read("buyers")["buyers"]
    assert buyers["sam.guest@example.com"].values["company"] == "Guest Outfitters LLC"
    assert buyers["claire.martin@example.com"].values["company"] == "Atelier Martin SARL"
    assert buyers["claire.martin@example.com"].values["language"] == "en", "her newest order came from that view"
    assert buyers["jdoe@example.com"].values["name"] == "Jane Doe"
    assert buyers["jdoe@example.com"].values["address"] == {
        "line1": "123 Oak Ave", "line2": None, "city": "Purchase", "region": "NY", "postcode": "10577", "country": "US",
    }  # fmt: skip


# payments and refunds


@pytest.mark.row("O-30")
def test_a_payment_is_an_invoice_that_is_paid_dated_by_its_capture(stocked):
    stocked.load(transactions=[{"transaction_id": 3, "created_at": "2026-03-13 04:00:00"}])
    reading = stocked.read("captures")
    found = reading["captures"]
    assert len(found) == 8 and reading.ends == {"captures"} and reading.expected == {}
    card = found["7"].values
    assert card["date"] == date(2026, 3, 12), "the capture's instant, in the store's own zone"
    assert (card["method"], card["total"], card["sale"].remote_id) == ("braintree", Decimal("59.80"), "9")
    assert card["contact"].remote_id == "roni_cost@example.com" and card["memo"] == "b8s2bb0d"
    assert found["1"].values["method"] == "checkmo" and found["6"].values["exchange_rate"] > 1


def test_an_open_invoice_is_no_payment_and_a_cancelled_one_is_gone(stocked):
    stocked.load(invoices=[{"entity_id": 1, "state": 1}, {"entity_id": 2, "state": 3}])
    found = stocked.read("captures")["captures"]
    assert "1" not in found and found["2"].gone and not found["3"].gone


def test_without_the_right_to_transactions_payments_are_dated_by_their_invoices(stocked):
    stocked.configure(denied_resources=["Magento_Sales::transactions_fetch", "Magento_Sales::transactions"])
    found = stocked.read("captures")
    assert len(found["captures"]) == 8 and "MAG-ACL" in found.notes[-1]


def test_a_refund_comes_line_by_line_with_its_taxes_and_what_was_kept(stocked):
    found = stocked.read("credit_memos")["credit_memos"]
    part = found["2"].values
    assert part["online"] is True and part["total"] == Decimal("6.58") and part["method"] == "braintree"
    assert [(line["kind"], line["amount"], line["tax_amount"]) for line in part["lines"]] == [
        ("item", Decimal("7.00"), Decimal("0.58")),
        ("fee", Decimal("-1.00"), Decimal(0)),
    ]
    assert part["taxes"] == [
        {"code": "US-MI-*-Rate 1", "title": "US-MI-*-Rate 1", "percent": Decimal("8.25"), "amount": Decimal("0.58")}
    ]
    full = found["1"].values
    assert full["online"] is False and full["lines"][0]["product"].remote_id == "1509"
    assert full["lines"][0]["name"] == "Minerva LumaTech™ V-Tee-XS-Blue"


# rights and refusals


def test_a_missing_right_is_named_and_the_rest_goes_on(stocked):
    stocked.configure(denied_resources=["Magento_Sales::sales_creditmemo"])
    found = stocked.read(*SALES)
    assert len(found["orders"]) == 12 and len(found["captures"]) == 8
    assert "credit_memos" not in found.ends and "Magento_Sales::sales_creditmemo" in found.notes[-1]
    assert "credit_memos" not in found.cursor or not found.cursor["credit_memos"].get("done")


def test_without_the_right_to_orders_a_person_is_asked(stocked):
    stocked.configure(denied_resources=["Magento_Sales::actions_view"])
    with pytest.raises(SettingInvalid) as refused:
        stocked.read(*SALES)
    assert refused.value.code == "MAG-ACL"
    assert refused.value.params["resource"] == "Magento_Sales::actions_view"
    assert "Orders > Actions > View" in refused.value.params["title"]


@pytest.mark.parametrize(
    ("mode", "kind", "code"),
    [
        ({"maintenance": True}, VendorUnavailable, "MAG-MAINTENANCE"),
        ({"masked_500": True}, VendorUnavailable, "MAG-INTERNAL"),
        ({"html_403": True}, SettingInvalid, "MAG-FORBIDDEN"),
        ({"html_404": True}, SettingInvalid, "MAG-ROUTE"),
        ({"login_wall": True}, SettingInvalid, "MAG-PAGE"),
        ({"moved_to": "https://www.shop.example.com/"}, SettingInvalid, "ADDRESS-MOVED"),
        ({"seen_scheme": "https"}, AuthorizationExpired, "MAG-SIGNATURE"),
    ],
)
def test_every_odd_answer_has_a_code_and_a_consequence(stocked, mode, kind, code):
    stocked.configure(**mode)
    with pytest.raises(kind) as refused:
        stocked.read("orders")
    assert refused.value.code == code
    if code == "MAG-INTERNAL":
        assert str(refused.value.params["report"]).startswith("webapi-")
    if code == "ADDRESS-MOVED":
        assert "www.shop.example.com" in refused.value.params["where"]
    if code == "MAG-MAINTENANCE":
        assert refused.value.retry_after == 300


def test_a_busy_shop_is_left_alone_for_a_while(stocked):
    api = stocked.api()
    stocked.control("faults", [{"kind": "status", "vendor": "magento", "status": 429, "times": 1}])
    with pytest.raises(RateLimited) as refused:
        CONNECTOR.identify(api)
    assert refused.value.code == "MAG-BUSY" and stocked.account.rests


@pytest.mark.parametrize(
    "sample",
    [one for one in SAMPLES.get("responses", []) if one.get("status", 200) >= 300],
    ids=lambda one: f"{one['operation']} {one['name']}",
)
def test_every_refusal_of_the_samples_classifies(sample):
    body = sample["body"] if isinstance(sample["body"], str) else json.dumps(sample["body"])
    error = classify(sample["status"], {}, body.encode())
    expected = {
        "missing ACL": "MAG-ACL",
        "bad signature": "MAG-SIGNATURE",
        "server error": "MAG-INTERNAL",
        "not found": "MAG-NOT-FOUND",
        "unknown source": "MAG-REFUSED",
    }[sample["name"]]
    assert error.code == expected and "%" not in error.detail


# stock


def writes(quantities: dict[str, Any]) -> list[Write]:
    build = CONNECTOR.resource("stock").payload
    return [
        Write(f"c{product}", "update", product, build({"quantity": Decimal(quantity)}, "update", {}), f"key-{product}")
        for product, quantity in quantities.items()
    ]


def source_items(shop: Shop, source: str = "default") -> dict[str, Any]:
    return {row["sku"]: row for row in shop.state()["sourceItems"] if row["source_code"] == source}


@pytest.mark.row("O-07")
def test_a_quantity_of_the_books_is_the_shops_quantity(stocked):
    outcome = CONNECTOR.resource("stock").update(stocked.api(), "1", {"quantity": Decimal(7)}, "key")
    assert outcome["quantity"] == 7 and outcome["status"] == 1
    assert source_items(stocked)["24-MB01"] == {"sku": "24-MB01", "source_code": "default", "quantity": 7, "status": 1}
    assert stocked.read("stock", feed="stock")["stock"]["1"].values["quantity"] == 7


def test_many_quantities_go_in_one_call_and_are_read_back(stocked):
    outcomes = CONNECTOR.resource("stock").bulk.send(stocked.api(), writes({"1": 3, "2": 0, "6": "2.5", "9": -4}))
    assert [outcome.error for outcome in outcomes] == [None] * 4
    kept = source_items(stocked)
    assert (kept["24-MB01"]["quantity"], kept["24-MB01"]["status"]) == (3, 1)
    assert (kept["24-MB04"]["quantity"], kept["24-MB04"]["status"]) == (0, 0)
    assert kept["24-MB02"]["quantity"] == 2.5 and kept["24-WB02"]["quantity"] == 0
    assert [outcome.differs for outcome in outcomes] == [()] * 4
    assert len([request for request in stocked.sent if request.method == "POST"]) == 1


def test_a_product_that_may_be_ordered_without_stock_stays_for_sale(stocked):
    stocked.load(stockItems={"24-MB04": {**FIXTURES["stockItems"]["24-MB04"], "backorders": 1, "low_stock_date": None}})
    CONNECTOR.resource("stock").bulk.send(stocked.api(), writes({"2": 0, "6": 0}))
    kept = source_items(stocked)
    assert kept["24-MB04"]["status"] == 1 and kept["24-MB02"]["status"] == 0


def test_a_limit_on_input_makes_the_calls_smaller(stocked):
    stocked.configure(input_limits=True)
    ids = [str(row["id"]) for row in FIXTURES["products"] if row["type_id"] in ("simple", "virtual", "downloadable")]
    new = [
        {**MAGENTO.data("fixtures.json")["products"][0], "id": 5000 + n, "sku": f"NEW-{n}", "name": f"New {n}"}
        for n in range(25)
    ]
    stocked.load(products=new)
    wanted = {str(5000 + n): n for n in range(25)}
    outcomes = CONNECTOR.resource("stock").bulk.send(stocked.api(), writes(wanted))
    assert all(outcome.error is None for outcome in outcomes) and ids
    kept = source_items(stocked)
    assert [kept[f"NEW-{n}"]["quantity"] for n in range(25)] == list(range(25))


def test_one_refused_quantity_does_not_take_the_others_with_it(stocked):
    outcomes = CONNECTOR.resource("stock").bulk.send(stocked.api(), writes({"1": 3, "999999": 4, "6": 5}))
    assert [outcome.error and outcome.error.code for outcome in outcomes] == [None, "MAG-NOT-FOUND", None]
    assert source_items(stocked)["24-MB02"]["quantity"] == 5


def test_a_source_that_is_not_there_refuses_each_record_with_its_reason(stocked):
    api = stocked.api(stock_source="nowhere")
    outcomes = CONNECTOR.resource("stock").bulk.send(api, writes({"1": 3, "2": 4}))
    assert all(isinstance(outcome.error, RecordRejected) for outcome in outcomes)
    assert "nowhere" in str(outcomes[0].error.params["said"])


def test_an_older_store_keeps_one_quantity_for_each_product(stocked):
    stocked.configure(msi=False)
    outcomes = CONNECTOR.resource("stock").bulk.send(stocked.api(), writes({"1": 7, "2": 0, "2101": 5}))
    assert [outcome.error for outcome in outcomes[:2]] == [None, None]
    stock = {row["sku"]: row for row in stocked.state()["products"]}
    assert stock["24-MB01"]["extension_attributes"]["stock_item"]["qty"] == 7
    assert stock["24-MB04"]["extension_attributes"]["stock_item"]["is_in_stock"] is False
    found = stocked.read("stock", feed="stock")
    assert found["stock"]["1"].values["quantity"] == 7 and found["stock"]["1"].values["source"] is None
    assert found.ends == {"stock"}


def test_an_answer_lost_on_its_way_back_is_open_and_a_repeat_does_no_harm(stocked):
    stocked.control("faults", [{"kind": "drop_after", "vendor": "magento", "method": "POST", "times": 1}])
    send = CONNECTOR.resource("stock").bulk.send
    with pytest.raises(OutcomeUnknown):
        send(stocked.api(), writes({"1": 3, "2": 4}))
    assert source_items(stocked)["24-MB01"]["quantity"] == 3
    assert all(outcome.error is None for outcome in send(stocked.api(), writes({"1": 3, "2": 4})))
    assert CONNECTOR.resource("stock").repeat == "harmless"


@pytest.mark.row("O-36")
def test_stock_tells_what_was_sold_and_not_yet_shipped(stocked):
    found = stocked.read("stock", feed="stock")["stock"]
    waiting = {key: record.values["unshipped"] for key, record in found.items() if record.values["unshipped"]}
    alone = {"1": 1, "6": 3, "9": 1, "14": 1, "20": 5, "33": 1, "1553": 1}
    bundled = {"15": 2, "18": 1, "21": 1, "22": 1, "29": 1, "34": 2}
    assert waiting == {**alone, **bundled, "56": 1}, "refunded, cancelled, shipped and downloaded ones do not count"
    assert found["56"].values["unshipped"] == 1, "of a configurable product the variant is what ships"
    assert found["29"].values["unshipped"] == 1, "of a bundle its parts are"


def test_a_sku_with_a_slash_is_read_where_the_web_server_refuses_it_in_a_path(stocked):
    stocked.configure(msi=False, encoded_slash_refused=True)
    found = stocked.read("stock", feed="stock")["stock"]["2101"].values
    assert found["quantity"] is None or found["quantity"] >= 0


# the check and the lists


def test_the_check_names_each_missing_right_and_what_the_shop_is(stocked):
    stocked.configure(denied_resources=["Magento_Tax::manage_tax", "Magento_Sales::actions_view"])
    found = {finding.code: finding for finding in CONNECTOR.diagnose(stocked.api())}
    lines = [finding for finding in CONNECTOR.diagnose(stocked.api()) if finding.code == "MAG-ACL"]
    assert {(line.level, line.params["resource"]) for line in lines} == {
        ("blocker", "Magento_Sales::actions_view"),
        ("warning", "Magento_Tax::manage_tax"),
    }
    assert found["MAG-TIME-ZONE"].level == "ok" and found["MAG-STOCK"].level == "ok"
    for line in lines:
        assert "Magento_" in line.text.say("fr", **line.params) and "{" not in line.text.say("fr", **line.params)


@pytest.mark.row("O-25")
def test_two_products_of_one_sku_are_both_listed(stocked):
    twin = {**MAGENTO.data("fixtures.json")["products"][0], "id": 9001, "sku": "24-mb01 ", "name": "Twin bag"}
    stocked.load(products=[twin])
    found = [line for line in CONNECTOR.diagnose(stocked.api()) if line.code == "MAG-SKU-TWICE"]
    assert len(found) == 1
    told = found[0].text.say("en", **found[0].params)
    assert "Joust Duffle Bag (id 1" in told and "Twin bag (id 9001" in told


def test_lists_to_choose_from(stocked):
    lists = {item.key: item.read(stocked.api()) for item in CONNECTOR.references}
    assert {choice.id for choice in lists["order_statuses"]} >= {"pending", "processing", "complete", "canceled"}
    assert {choice.id for choice in lists["payment_methods"]} >= {"checkmo", "braintree", "paypal_express"}
    rates = {choice.id: choice for choice in lists["tax_rates"]}
    assert rates["US-OH-049-County"].facts["rate"] == "1.25 %" and rates["US-OH-049-County"].facts["rules"] == "Ohio"
    assert {choice.id for choice in lists["store_views"]} >= {"default", "fr"}
    assert {choice.id for choice in lists["stock_sources"]} >= {"default", "east"}
    assert "US-OH-*-State" in next(item for item in lists["tax_rules"] if item.label == "Ohio").facts["rates"]


def test_one_call_at_a_time(shop):
    assert CONNECTOR.limits.concurrency == 1
    used: list[Callable[..., Any]] = [feeds.read_shop, feeds.read_stock]
    assert [feed.read for feed in CONNECTOR.feeds] == used


def test_an_address_never_grows_longer_than_web_servers_take(stocked):
    long = [
        {
            **MAGENTO.data("fixtures.json")["products"][0],
            "id": 6000 + n,
            "sku": f"{n:03d}" + "é" * 40,
            "name": f"Long {n}",
        }
        for n in range(120)
    ]
    stocked.load(products=long)
    wanted = {str(6000 + n): n + 1 for n in range(100)}
    outcomes = CONNECTOR.resource("stock").bulk.send(stocked.api(), writes(wanted))
    assert all(outcome.error is None and not outcome.differs for outcome in outcomes)
    found = stocked.read("stock", feed="stock")["stock"]
    assert [found[key].values["quantity"] for key in wanted] == list(wanted.values())
    assert max(len(request.url) for request in stocked.sent) < 6000


@pytest.mark.row("O-34")
def test_sold_products_come_as_the_orders_tell_them_without_the_right_to_the_catalogue(stocked):
    stocked.configure(denied_resources=["Magento_Catalog::products"])
    found = stocked.read(*SALES, "products", products_scope="sold")
    assert found["products"]["1"].values["sold"] is True and len(found["orders"]) == 12


def test_orders_that_never_go_do_not_count_as_sold_and_unshipped(stocked):
    """What the books never took off must not be added to their numbers; the first day is one of the store's own."""
    stocked.load(
        orders=[
            order(201, "2026-04-01 04:30:00", store_id=1, state="processing", status="processing"),
            order(202, "2026-04-01 05:30:00", store_id=1, state="processing", status="processing"),
            order(203, "2026-04-02 12:00:00", store_id=1, state="processing", status="odd_one"),
        ]
    )
    every = stocked.read("stock", feed="stock", orders_since="2026-04-01")["stock"]["2"].values["unshipped"]
    chosen = stocked.read("stock", feed="stock", orders_since="2026-04-01", order_statuses="processing")
    assert (every, chosen["stock"]["2"].values["unshipped"]) == (2, 1)
