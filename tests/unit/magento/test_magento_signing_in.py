"""Connecting a shop: its address and four values, or an activation; nothing is called that a person did not name."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from django.urls import reverse

from bridge.hub.models import Connection
from bridge.jobs import connections as work
from bridge.jobs.account import hosts_of
from connectors.contract import SettingInvalid
from connectors.magento.auth import SIGN_IN
from connectors.sandbox.server import background
from tests import factories

VALUES = {
    "consumer_key": "sandbox-consumer",
    "consumer_secret": "SECRET-sandbox-consumer-secret",
    "access_token": "SECRET-sandbox-access-token",
    "token_secret": "SECRET-sandbox-access-token-secret",
}


@pytest.fixture(scope="module")
def sandbox():
    with background("empty") as url:
        yield url


@pytest.fixture
def person(db):
    return factories.staff()


@pytest.fixture
def ann(client: Client, person, settings, sandbox) -> Client:
    settings.BRIDGE_SANDBOX_URL = sandbox
    client.force_login(person)
    return client


@pytest.fixture
def shop(ann, person) -> Connection:
    return work.create(factories.organization(), "magento", "local_sandbox", person)


def page_of(connection: Connection) -> str:
    return reverse("admin:connection_connect", args=[connection.pk])


def test_the_form_asks_for_address_and_values_and_shows_what_to_tick(ann, shop):
    body = ann.get(page_of(shop)).content.decode()
    for name in ("base_url", *VALUES, "bearer"):
        assert f'name="{name}"' in body
    assert "Sales &gt; Operations &gt; Orders &gt; Actions &gt; View" in body
    callback, identity = work.activation_addresses(shop)
    assert callback in body and identity in body


def test_four_pasted_values_connect_the_shop(ann, shop):
    answer = ann.post(page_of(shop), {"by": "values", "base_url": "", **VALUES})
    assert answer.status_code == 302 and answer["Location"] == reverse("admin:connection", args=[shop.pk])
    shop.refresh_from_db()
    assert shop.state == Connection.State.CONNECTED and "Boutique Boréal" in shop.account_name
    assert shop.facts["currency"] == "CAD" and shop.grant["extra"]["kind"] == "signed"
    told = ann.get(answer["Location"]).content.decode() + ann.get(page_of(shop)).content.decode()
    assert "SECRET-" not in told and shop.sealed_grant not in told
    assert work.check(shop) and {line["level"] for line in shop.findings} == {"ok"}


def test_a_wrong_value_is_told_beside_its_field_and_no_secret_is_echoed(ann, shop):
    answer = ann.post(page_of(shop), {"by": "values", "base_url": "", **VALUES, "access_token": "not one"})
    body = answer.content.decode()
    assert answer.status_code == 200 and 'href="#field-access_token"' in body and "SECRET-" not in body
    answer = ann.post(page_of(shop), {"by": "values", **VALUES, "token_secret": "SECRET-other"})
    body = answer.content.decode()
    assert "refuses our signature" in body and "SECRET-" not in body
    shop.refresh_from_db()
    assert shop.state == Connection.State.NEW and not shop.sealed_grant


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "not a web address"),
        ("http://shop.example.com", "must begin with https"),
        ("https://127.0.0.1", "a number, not a name"),
        ("https://user:pass@shop.example.com", "user name or a password"),
        ("https://shop.example.com:8443", "names a port"),
        ("https://localhost", "not on the public internet"),
    ],
)
def test_an_address_that_cannot_be_a_shop_is_refused_beside_its_field(ann, person, given, words):
    live = work.create(factories.organization(), "magento", "live", person)
    answer = ann.post(page_of(live), {"by": "values", "base_url": given, **VALUES})
    body = answer.content.decode()
    assert answer.status_code == 200 and 'href="#field-base_url"' in body and words in body
    live.refresh_from_db()
    assert live.base_url == ""


def test_the_address_reaches_every_call(ann, person):
    live = work.create(factories.organization(), "magento", "live", person)
    ann.post(page_of(live), {"by": "address", "base_url": "Shop.Example.com/boutique/"})
    live.refresh_from_db()
    assert live.base_url == "https://shop.example.com/boutique"
    assert hosts_of(live).api == "https://shop.example.com/boutique" and hosts_of(live).public_only
    body = ann.get(page_of(live)).content.decode()
    assert work.activation_addresses(live)[0] in body


def test_at_the_simulator_the_page_says_where_the_values_are(ann, shop, sandbox):
    body = ann.get(page_of(shop)).content.decode()
    address = f"{sandbox}/magento/admin/integrations/sandbox-consumer"
    assert f'href="{address}"' in body
    shown = requests.get(address, timeout=10).text
    assert all(value in shown for value in SIGN_IN.simulator.values()) and "SECRET-" not in repr(SIGN_IN)
    assert dict(SIGN_IN.simulator) == VALUES


def test_before_the_address_is_known_no_activation_is_offered(ann, person):
    live = work.create(factories.organization(), "magento", "live", person)
    assert "/activate/" not in ann.get(page_of(live)).content.decode()


def test_a_connection_to_the_simulator_goes_nowhere_else(ann, shop, sandbox):
    for text in ("http://127.0.0.1:1/magento", "https://shop.example.com", "http://localhost"):
        with pytest.raises(SettingInvalid) as refused:
            work.give_address(shop, text)
        assert refused.value.code == "ADDRESS-SIMULATOR"
    work.give_address(shop, f"{sandbox}/magento/")
    assert hosts_of(shop).api == f"{sandbox}/magento"


def test_a_shop_in_use_keeps_its_host(ann, person):
    live = factories.connection(vendor="magento", environment="live", base_url="https://shop.example.com")
    work.give_address(live, "https://shop.example.com/index.php")
    with pytest.raises(SettingInvalid) as refused:
        work.give_address(live, "https://other.example.com")
    assert refused.value.code == "ADDRESS-OTHER"


def test_forgetting_says_what_is_left_to_do_at_the_shop(ann, shop):
    ann.post(page_of(shop), {"by": "values", "base_url": "", **VALUES})
    body = ann.get(reverse("admin:connection_forget", args=[shop.pk])).content.decode()
    assert "deactivate or delete the integration" in body


# activation


def form(**more: str) -> dict[str, str]:
    return {
        "store_base_url": "http://127.0.0.1/magento/",
        "oauth_verifier": "verifier",
        "oauth_consumer_key": "key",
        "oauth_consumer_secret": "SECRET-brought",
        **more,
    }


def test_keys_that_come_to_no_address_of_ours_are_nobodys(ann, shop):
    address = reverse("vendor_activate", args=["magento", "x" * 32])
    assert Client().post(address, form()).status_code == 404
    assert Client().post(reverse("vendor_activate", args=["quickbooks", shop.path_secret]), form()).status_code == 404
    assert Client().get(reverse("vendor_activate", args=["magento", shop.path_secret])).status_code == 405
    assert Client().get(reverse("vendor_identity", args=["magento", "x" * 32])).status_code == 404


def test_keys_are_kept_sealed_and_without_a_session(ann, shop):
    address = reverse("vendor_activate", args=["magento", shop.path_secret])
    assert Client(enforce_csrf_checks=True).post(address, form()).status_code == 200
    shop.refresh_from_db()
    assert shop.grant["pending"]["consumer_secret"] == "SECRET-brought" and "SECRET" not in shop.sealed_grant
    assert shop.state == Connection.State.NEW


@pytest.mark.parametrize("missing", ["oauth_consumer_secret", "oauth_verifier", "oauth_consumer_key", "store_base_url"])
def test_a_call_without_its_keys_is_refused(ann, shop, missing):
    given = form()
    del given[missing]
    assert Client().post(reverse("vendor_activate", args=["magento", shop.path_secret]), given).status_code == 400
    assert Client().post(
        reverse("vendor_activate", args=["magento", shop.path_secret]), form(oauth_verifier="x" * 20_000)
    ).status_code in (400, 413)
    shop.refresh_from_db()
    assert not shop.sealed_grant


def test_keys_for_another_shop_are_refused_and_the_page_says_so(ann, person):
    live = work.create(factories.organization(), "magento", "live", person)
    address = reverse("vendor_activate", args=["magento", live.path_secret])
    assert Client().post(address, form(store_base_url="https://shop.example.com/")).status_code == 400
    ann.post(page_of(live), {"by": "address", "base_url": "https://shop.example.com"})
    assert Client().post(address, form(store_base_url="https://evil.example.com/")).status_code == 400
    live.refresh_from_db()
    assert not live.sealed_grant and live.reason_code == "ACTIVATION-OTHER"
    assert "evil.example.com" in ann.get(page_of(live)).content.decode()
    assert Client().post(address, form(store_base_url="https://shop.example.com/")).status_code == 200


def test_a_browser_that_comes_before_the_keys_waits(ann, shop):
    address = reverse("vendor_identity", args=["magento", shop.path_secret])
    answer = Client().get(address, {"oauth_consumer_key": "key", "success_call_back": "http://127.0.0.1/magento/back"})
    assert answer.status_code == 200 and answer["Refresh"] == "4" and answer["Referrer-Policy"] == "no-referrer"
    assert Client().get(address, {"oauth_consumer_key": "key"}).status_code == 404
    script = {"oauth_consumer_key": "key", "success_call_back": "javascript:alert(1)"}
    assert Client().get(address, script).status_code == 404


def test_another_key_finds_nothing_and_spoils_nothing(ann, shop):
    Client().post(reverse("vendor_activate", args=["magento", shop.path_secret]), form())
    address = reverse("vendor_identity", args=["magento", shop.path_secret])
    query = {"oauth_consumer_key": "other", "success_call_back": "http://127.0.0.1/magento/back"}
    assert "Refresh" in Client().get(address, query)
    shop.refresh_from_db()
    assert shop.grant["pending"]["consumer_key"] == "key"


def test_an_activation_that_is_too_old_is_refused(ann, shop):
    Client().post(reverse("vendor_activate", args=["magento", shop.path_secret]), form())
    shop.refresh_from_db()
    kept = shop.grant
    kept["pending"]["at"] = "2026-01-01T00:00:00+00:00"
    shop.grant = kept
    shop.save()
    query = {"oauth_consumer_key": "key", "success_call_back": "http://127.0.0.1/magento/back"}
    answer = Client().get(reverse("vendor_identity", args=["magento", shop.path_secret]), query)
    assert "ACTIVATION-LATE" in answer.content.decode()
    shop.refresh_from_db()
    assert "pending" not in shop.grant, "the keys are good for one try"


@pytest.mark.django_db(transaction=True)
def test_an_activation_at_the_shop_connects_it_and_leads_back(live_server, settings, sandbox):
    """The whole way over HTTP: the shop's server brings the keys, a browser follows, and is sent home."""
    settings.BRIDGE_SANDBOX_URL, settings.BRIDGE_BASE_URL = sandbox, live_server.url
    shop = work.create(factories.organization(), "magento", "local_sandbox", factories.staff())
    callback, identity = work.activation_addresses(shop)
    asked = {"auto": "1", "callback_url": callback, "identity_url": identity}
    there = requests.get(f"{sandbox}/magento/admin/integrations", params=asked, allow_redirects=False, timeout=10)
    assert there.status_code == 302 and there.headers["Location"].startswith(identity)
    answer = requests.get(there.headers["Location"], allow_redirects=False, timeout=10)
    back = parse_qs(urlsplit(there.headers["Location"]).query)["success_call_back"][0]
    assert answer.status_code == 302 and answer.headers["Location"] == back
    shop.refresh_from_db()
    assert shop.state == Connection.State.CONNECTED and shop.connected_by is None
    assert "pending" not in shop.grant and shop.grant["access_token"]
    again = requests.get(there.headers["Location"], allow_redirects=False, timeout=10)
    assert again.status_code == 200 and "Refresh" in again.headers, "the keys were used up"


def test_a_browser_is_not_sent_to_another_site_unasked(ann, shop, monkeypatch):
    monkeypatch.setattr(work, "finish_activation", lambda *given: (shop, "https://elsewhere.example/phish"))
    query = {"oauth_consumer_key": "key", "success_call_back": "https://elsewhere.example/phish"}
    answer = Client().get(reverse("vendor_identity", args=["magento", shop.path_secret]), query)
    assert answer.status_code == 200 and "elsewhere.example" in answer.content.decode()


def test_what_comes_to_the_addresses_of_a_forgotten_shop_is_nobodys(ann, shop, person):
    ann.post(page_of(shop), {"by": "values", "base_url": "", **VALUES})
    before = shop.path_secret
    shop.refresh_from_db()
    work.forget(shop, person)
    assert Client().post(reverse("vendor_activate", args=["magento", before]), form()).status_code == 404
    shop.refresh_from_db()
    assert shop.state == Connection.State.DISCONNECTED and not shop.sealed_grant
