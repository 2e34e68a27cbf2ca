"""Who may call the store: signatures, nonces, clocks, rights, and the activation of an integration."""

import json
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from tests.unit.sandbox.magento_desk import BASE, HOST, KEYS, NOW, Desk, criteria

MODULES = "/magento/rest/default/V1/modules"
BACK = f"{HOST}/bridge/activate"
HOME = f"{HOST}/bridge/identity"


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def said(answer):
    return answer.status, json.loads(answer.body)["message"]


def ask(desk, header, target=MODULES, method="GET"):
    return desk.raw(method, target, b"", {"Authorization": header} if header else {})


def activate(desk, **more):
    query = urlencode({"auto": "1", "callback_url": BACK, "identity_url": HOME, **more})
    return desk.raw("GET", f"/magento/admin/integrations?{query}")


def token(desk, which, keys, **more):
    target = f"/magento/oauth/token/{which}"
    answer = desk.raw("POST", target, b"", {"Authorization": desk.sign("POST", target, keys=keys, **more)})
    return answer.status, {name: values[0] for name, values in parse_qs(answer.body.decode()).items()}


def test_a_signed_call_passes_and_an_unsigned_one_is_told_which_right_it_lacks(desk):
    assert desk.call("GET", "modules").status == 200
    answer = ask(desk, "", f"/magento/rest/V1/invoices?{criteria(size=1)}")
    assert said(answer) == (401, "The consumer isn't authorized to access %resources.")
    assert json.loads(answer.body)["parameters"] == {"resources": "Magento_Sales::sales_invoice"}


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_wrong_secret_or_token_is_refused(desk, place):
    keys = list(KEYS)
    keys[place] += "x"
    status, message = said(desk.call("GET", "modules", keys=tuple(keys)))
    assert status == 401
    assert message == (
        "Specified token does not exist" if place == 2 else "The signature is invalid. Verify and try again."
    )


def test_the_query_is_signed_with_the_rest(desk):
    target = f"/magento/rest/V1/orders?{criteria(('state', 'eq', 'new'))}"
    header = desk.sign("GET", target)
    assert ask(desk, header, target.replace("new", "closed")).status == 401
    assert ask(desk, desk.sign("GET", target), target).status == 200


def test_the_path_is_signed_with_its_percent_signs_and_the_body_is_not(desk):
    desk.load(products=[{"sku": "SVC/POSE 1", "name": "Pose"}])
    path = quote("SVC/POSE 1", safe="")
    assert desk.ok("GET", f"products/{path}")["name"] == "Pose"
    target = f"/magento/rest/default/V1/products/{path}/stockItems/1"
    headers = {"Authorization": desk.sign("PUT", target), "Content-Type": "application/json"}
    assert desk.raw("PUT", target, b'{"stockItem":{"qty":9}}', headers).status == 200


@pytest.mark.parametrize("host", ["https://127.0.0.1:9100", "http://127.0.0.1", "http://localhost:9100"])
def test_scheme_host_and_port_are_part_of_the_signature(desk, host):
    assert said(desk.call("GET", "modules", host=host))[0] == 401


def test_behind_a_proxy_that_tells_nothing_the_store_signs_another_scheme(desk):
    with desk.configured(seen_scheme="https"):
        assert desk.call("GET", "modules").status == 401
        assert desk.call("GET", "modules", host=HOST.replace("http", "https")).status == 200


def test_a_nonce_is_good_once_and_a_retry_must_be_signed_anew(desk):
    header = desk.sign("GET", MODULES)
    assert ask(desk, header).status == 200
    status, message = said(ask(desk, header))
    assert (status, message[:28]) == (401, "The nonce is already being u")
    assert desk.call("GET", "modules").status == 200


def test_a_clock_that_runs_ahead_is_refused_after_ten_minutes(desk):
    now = int(NOW.timestamp())
    assert desk.call("GET", "modules", timestamp=str(now + 590)).status == 200
    assert desk.call("GET", "modules", timestamp=str(now - 86_400)).status == 200
    assert said(desk.call("GET", "modules", timestamp=str(now + 660)))[0] == 400
    desk.sandbox.clock.advance(-3600)
    assert desk.call("GET", "modules", timestamp=str(now)).status == 400


def test_only_hmac_sha256_is_known_and_nothing_may_be_missing(desk):
    header = desk.sign("GET", MODULES)
    for wrong in (
        header.replace("HMAC-SHA256", "HMAC-SHA1"),
        header.replace("oauth_nonce", "oauth_other"),
        header.replace('oauth_version="1.0"', 'oauth_version="2.0"'),
    ):
        assert ask(desk, wrong).status == 400
    assert ask(desk, header.replace("sandbox-consumer", "nobody")).status == 401


def test_the_access_token_alone_passes_only_where_the_store_allows_it(desk):
    header = f"Bearer {KEYS[2]}"
    assert said(ask(desk, header))[1] == "The consumer isn't authorized to access %resources."
    with desk.configured(bearer=True):
        assert ask(desk, header).status == 200
        assert ask(desk, "Bearer other").status == 401


def test_a_right_that_is_not_ticked_is_named_and_the_others_stay(desk):
    with desk.configured(denied_resources=["Magento_Tax::manage_tax"]):
        status, body = desk.refused("GET", f"taxRates/search?{criteria(size=1)}")
        assert (status, body["parameters"]) == (401, {"resources": "Magento_Tax::manage_tax"})
        assert desk.get("orders", size=1)["total_count"] == 0


def test_a_revoked_integration_stays_out(desk):
    assert desk.vendor.fault("revoke", {"consumer_key": KEYS[0]})
    assert said(desk.call("GET", "modules")) == (401, "Specified token does not exist")
    desk.vendor.reset("demo")
    assert desk.call("GET", "modules").status == 401


# Activation


def test_activation_tells_the_server_the_keys_and_sends_the_browser_on(desk):
    answer = activate(desk, name="Pont")
    url, told = desk.sandbox.posted[0]
    assert url == BACK
    assert set(told) == {"store_base_url", "oauth_verifier", "oauth_consumer_key", "oauth_consumer_secret"}
    assert told["store_base_url"] == f"{BASE}/"
    assert "SECRET-" in told["oauth_consumer_secret"]
    there = urlsplit(answer.headers["Location"])
    query = parse_qs(there.query)
    assert (answer.status, f"{there.scheme}://{there.netloc}{there.path}") == (302, HOME)
    assert query["oauth_consumer_key"] == [told["oauth_consumer_key"]]
    # The browser carries no secret.
    assert "SECRET-" not in answer.headers["Location"]
    assert desk.raw("GET", urlsplit(query["success_call_back"][0]).path).status == 200


def test_the_handshake_ends_with_keys_that_open_the_store(desk):
    activate(desk)
    told = desk.sandbox.posted[0][1]
    key, secret, verifier = told["oauth_consumer_key"], told["oauth_consumer_secret"], told["oauth_verifier"]
    status, pair = token(desk, "request", (key, secret, None, None))
    assert status == 200
    waiting = (key, secret, pair["oauth_token"], pair["oauth_token_secret"])
    assert desk.call("GET", "modules", keys=waiting).status == 401
    assert token(desk, "access", waiting, verifier="wrong")[0] == 401
    assert token(desk, "access", waiting)[0] == 400
    status, pair = token(desk, "access", waiting, verifier=verifier)
    assert status == 200
    keys = (key, secret, pair["oauth_token"], pair["oauth_token_secret"])
    assert "SECRET-" in keys[3]
    assert desk.call("GET", "modules", keys=keys).status == 200
    status, problem = token(desk, "access", waiting, verifier=verifier)
    assert (status, list(problem)) == (401, ["oauth_problem"])


def test_an_active_integration_gets_no_second_request_token(desk):
    assert token(desk, "request", (KEYS[0], KEYS[1], None, None))[0] == 401


@pytest.mark.parametrize("status", [0, 404, 500])
def test_a_server_that_does_not_answer_well_fails_the_activation(desk, status):
    desk.sandbox.status = status
    assert activate(desk).status == 502
    told = desk.sandbox.posted[0][1]
    assert token(desk, "request", (told["oauth_consumer_key"], told["oauth_consumer_secret"], None, None))[0] == 401
    assert activate(desk, callback_url="file:///etc/passwd").status == 400


def test_a_person_can_fill_in_the_form_and_copy_the_keys(desk):
    page = desk.raw("GET", "/magento/admin/integrations", headers={"Accept-Language": "fr-CA"}).body.decode()
    assert "Activer" in page
    assert "SECRET-" not in page
    form = urlencode({"name": "<Pont>", "callback_url": BACK, "identity_url": HOME}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert desk.raw("POST", "/magento/admin/integrations", form, kind).status == 302
    assert "&lt;Pont&gt;" in desk.raw("GET", "/magento/admin/integrations").body.decode()
    keys = desk.raw("GET", "/magento/admin/integrations/sandbox-consumer").body.decode()
    assert all(value in keys for value in KEYS)
    assert desk.raw("GET", "/magento/admin/integrations/nobody").status == 404


def test_no_secret_is_in_the_state_or_a_repr(desk):
    activate(desk)
    assert "SECRET-" not in repr(desk.vendor.state())
    assert "SECRET-" not in repr(desk.vendor.gate.integrations)
