"""The store over HTTP: the published OAuth library gets in, control calls work, and it is fast enough."""

import asyncio
import json
import threading
import time
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from aiohttp import web
from requests_oauthlib import OAuth1Session

from connectors.sandbox import server
from tests.contracts import MAGENTO
from tests.unit.sandbox.magento_desk import KEYS, Desk, criteria

SINCE = criteria(
    ("updated_at", "gteq", "2026-01-01 00:00:00"), sort=(("updated_at", "ASC"), ("entity_id", "ASC")), size=100
)


@pytest.fixture(scope="module")
def address():
    with server.background("empty") as url:
        yield url


@pytest.fixture
def control(address):
    """Control calls; the world is empty before and without faults after."""
    with requests.Session() as session:
        session.trust_env = False

        def call(name, body=None, expect=200):
            url = f"{address}/_sandbox/{name}"
            answer = session.get(url) if body is None else session.post(url, json=body)
            assert answer.status_code == expect, answer.text
            return answer.json()

        call("reset", {"world": "empty"})
        yield call
        call("faults", [])


@pytest.fixture
def shop(address):
    with OAuth1Session(*KEYS, signature_method="HMAC-SHA256") as session:
        session.trust_env = False
        session.base = f"{address}/magento/rest/default/V1"
        yield session


def test_the_library_signs_what_the_store_accepts(shop, control):
    control("load/magento", {"products": [{"sku": "SVC/POSE 1", "name": "Pose"}]})
    assert shop.get(f"{shop.base}/orders?{SINCE}").json()["total_count"] == 0
    assert shop.get(f"{shop.base}/products/{quote('SVC/POSE 1', safe='')}").json()["name"] == "Pose"
    body = {"stockItem": {"qty": 4}}
    assert shop.put(f"{shop.base}/products/SVC%2FPOSE%201/stockItems/1", json=body).json() == 1
    config = shop.get(f"{shop.base}/store/storeConfigs").json()[0]
    assert config["base_url"] == shop.base.removesuffix("rest/default/V1")
    with OAuth1Session(*KEYS) as weak:
        weak.trust_env = False
        assert weak.get(f"{shop.base}/modules").status_code == 400


@pytest.mark.contracts
@MAGENTO.needed
def test_the_fixture_file_is_loaded_as_it_is(shop, control):
    loaded = control("load/magento", MAGENTO.data("fixtures.json"))["loaded"]
    assert (loaded["orders"], loaded["products"], loaded["stockItems"]) == (12, 27, 27)
    assert shop.get(f"{shop.base}/orders?{SINCE}").json()["total_count"] == 12
    assert len(control("state/magento")["invoices"]) == 8


def test_an_answer_cut_after_the_write_leaves_the_write_done(shop, control):
    control("load/magento", {"products": [{"sku": "A-1"}]})
    control(
        "faults", [{"kind": "drop_after", "vendor": "magento", "method": "POST", "path": "source-items", "times": 1}]
    )
    body = {"sourceItems": [{"sku": "A-1", "source_code": "default", "quantity": 3, "status": 1}]}
    with pytest.raises(requests.ConnectionError):
        shop.post(f"{shop.base}/inventory/source-items", json=body)
    assert control("state/magento")["sourceItems"] == [body["sourceItems"][0]]
    last = control("calls?vendor=magento")["calls"][-1]
    assert (last["method"], last["path"], last["status"]) == ("POST", "/rest/default/V1/inventory/source-items", 0)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "json"), (429, "json"), (500, "json"), (403, "html"), (503, "html")]
)
def test_injected_errors_look_like_the_vendors(shop, control, status, kind):
    control("faults", [{"kind": "status", "vendor": "magento", "status": status}])
    answer = shop.get(f"{shop.base}/modules")
    assert (answer.status_code, kind in answer.headers["Content-Type"]) == (status, True)


def test_the_clock_moves_and_a_caller_whose_clock_then_runs_ahead_is_refused(shop, control):
    assert shop.get(f"{shop.base}/modules").status_code == 200
    control("clock", {"advance_seconds": -1200})
    assert shop.get(f"{shop.base}/modules").status_code == 400


def test_settings_are_changed_by_a_control_call_and_survive_a_reset(shop, control):
    control("configure/magento", {"without_acl": ["Magento_Backend::admin"]})
    control("reset", {"world": "empty"})
    assert shop.get(f"{shop.base}/modules").status_code == 401
    control("configure/magento", {"denied_resources": []})
    assert shop.get(f"{shop.base}/modules").status_code == 200
    assert "seen_scheme" in control("configure/magento", {"colour": 1}, expect=400)["error"]


def test_activation_reaches_a_real_server_before_the_browser_is_sent_on(address):
    """The callback is a call of the store's server; a whole handshake over HTTP follows from it."""
    told = {}

    async def callback(request):
        told.update(await request.post())
        return web.Response()

    with listening(callback) as home:
        query = {"auto": "1", "callback_url": f"{home}/activate", "identity_url": f"{home}/identity"}
        answer = requests.get(f"{address}/magento/admin/integrations", params=query, allow_redirects=False, timeout=10)
    assert answer.headers["Location"].startswith(f"{home}/identity?")
    key, secret = told["oauth_consumer_key"], told["oauth_consumer_secret"]
    pair = exchange(told["store_base_url"], "request", key, secret)
    keys = (pair["oauth_token"], pair["oauth_token_secret"])
    pair = exchange(told["store_base_url"], "access", key, secret, *keys, verifier=told["oauth_verifier"])
    with OAuth1Session(
        key, secret, pair["oauth_token"], pair["oauth_token_secret"], signature_method="HMAC-SHA256"
    ) as session:
        session.trust_env = False
        assert session.get(f"{told['store_base_url']}rest/V1/modules").status_code == 200
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["oauth_consumer_key"] == [key]


def exchange(base, which, key, secret, token=None, token_secret=None, verifier=None):
    more = {"verifier": verifier} if verifier else {}
    with OAuth1Session(key, secret, token, token_secret, signature_method="HMAC-SHA256", **more) as session:
        session.trust_env = False
        answer = session.post(f"{base}oauth/token/{which}")
    assert answer.status_code == 200, answer.text
    return {name: values[0] for name, values in parse_qs(answer.text).items()}


class listening:
    """A small server of the connector's side, in a thread, for the length of a `with`."""

    def __init__(self, handler):
        self.handler = handler

    def __enter__(self):
        ready = threading.Event()

        def run():
            self.loop = asyncio.new_event_loop()

            async def main():
                app = web.Application()
                app.router.add_post("/activate", self.handler)
                runner = web.AppRunner(app)
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                self.port = runner.addresses[0][1]
                self.stop = asyncio.Event()
                ready.set()
                await self.stop.wait()
                await runner.cleanup()

            self.loop.run_until_complete(main())

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        ready.wait(10)
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(10)


# Speed: processor time of the stand-in, so that a benchmark measures the hub


def cpu(action, times):
    """Best of three, seconds of processor time for one action."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        for _ in range(times):
            action()
        taken.append((time.process_time() - began) / times)
    return min(taken)


def test_a_page_of_a_hundred_orders_takes_a_few_milliseconds():
    desk = Desk("demo")
    desk.load(
        orders=[
            {**order, "entity_id": 10_000 + at} for at in range(5) for order in desk.get("orders", size=300)["items"]
        ]
    )
    header = {"Authorization": f"Bearer {KEYS[2]}"}
    with desk.configured(bearer=True):
        target = f"/magento/rest/V1/orders?{SINCE}"
        assert len(json.loads(desk.raw("GET", target, b"", header).body)["items"]) == 100
        assert cpu(lambda: desk.raw("GET", target, b"", header), 30) < 0.005
    desk.close()


def test_five_hundred_simple_signed_calls_fit_into_a_second_with_the_signing():
    desk = Desk("demo")
    assert cpu(lambda: desk.call("GET", "orders/7"), 200) < 0.002
    desk.close()
