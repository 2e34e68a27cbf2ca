"""Signing in to the Mailchimp stand-in: consent, tokens, keys, data centres, connections."""

import asyncio
import base64
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.unit.sandbox.mailchimp_desk import BASE, KEY, SECOND_KEY, Desk

BACK = "http://127.0.0.1:8000/connect/done?x=1"
ASK = {"response_type": "code", "client_id": "sandbox-client", "redirect_uri": BACK, "state": "st&te"}


@pytest.fixture
def desk():
    desk = Desk("demo")
    yield desk
    desk.close()


def authorize(desk, **more):
    return desk.raw("GET", f"/oauth2/authorize?{urlencode({**ASK, **more})}", key=None)


def sent_back(answer):
    assert answer.status == 302
    parts = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(BACK.partition("?")[0])
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def exchange(desk, code, **more):
    form = {
        "grant_type": "authorization_code",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "redirect_uri": BACK,
        "code": code,
        **more,
    }
    answer = desk.raw("POST", "/oauth2/token", urlencode(form).encode(), key=None)
    return answer.status, json.loads(answer.body)


def token(desk, **more):
    status, body = exchange(desk, sent_back(authorize(desk, auto="1", **more))["code"])
    assert status == 200
    return body["access_token"]


def metadata(desk, value, word="OAuth"):
    answer = desk.raw("GET", "/oauth2/metadata", key=None, headers={"authorization": f"{word} {value}"})
    return answer.status, json.loads(answer.body)


def test_the_consent_page_names_the_account_and_can_be_clicked(desk):
    page = authorize(desk)
    html = page.body.decode()
    assert page.status == 200
    for part in ("Atelier Boréal (fictif)", ">Allow</button>", ">Cancel</button>", "Phare Perdu"):
        assert part in html
    assert 'value="st&amp;te"' in html


@pytest.mark.parametrize("decision", ["allow", "cancel"])
def test_the_form_sends_the_browser_back_with_the_state(desk, decision):
    form = urlencode({**ASK, "decision": decision}).encode()
    back = sent_back(desk.raw("POST", "/oauth2/authorize", form, key=None))
    assert (back["state"], back["x"]) == ("st&te", "1")
    assert ("code" in back, back.get("error")) == ((True, None) if decision == "allow" else (False, "access_denied"))


@pytest.mark.parametrize(
    "wrong", [{"client_id": "who"}, {"redirect_uri": "javascript:x"}, {"response_type": "token"}, {"account": "none"}]
)
def test_a_request_that_cannot_be_trusted_gets_a_page_and_no_redirect(desk, wrong):
    assert authorize(desk, **wrong, auto="1").status == 400


def test_the_token_never_expires_and_carries_the_canary(desk):
    code = sent_back(authorize(desk, auto="1"))["code"]
    status, body = exchange(desk, code)
    assert (status, body["expires_in"], body["scope"], "refresh_token" in body) == (200, 0, None, False)
    assert body["access_token"].startswith("SECRET-")
    desk.sandbox.clock.advance(10 * 365 * 86400)
    assert desk.vendor.fault("expire_tokens", {}) is False
    assert desk.call("GET", "/ping", key=body["access_token"])[0] == 200


def test_a_code_is_good_once_for_ten_minutes_and_one_address(desk):
    code = sent_back(authorize(desk, auto="1"))["code"]
    assert exchange(desk, code)[0] == 200
    assert exchange(desk, code)[1]["error"] == "invalid_grant"
    other = sent_back(authorize(desk, auto="1"))["code"]
    assert exchange(desk, other, redirect_uri="http://127.0.0.1:8000/else")[1]["error"] == "invalid_grant"
    late = sent_back(authorize(desk, auto="1"))["code"]
    desk.sandbox.clock.advance(601)
    assert exchange(desk, late)[1]["error"] == "invalid_grant"


def test_wrong_app_credentials_are_refused(desk):
    code = sent_back(authorize(desk, auto="1"))["code"]
    assert exchange(desk, code, client_secret="wrong")[1]["error"] == "invalid_client"
    assert exchange(desk, code, grant_type="refresh_token")[1]["error"] == "unsupported_grant_type"


def test_metadata_wants_the_word_oauth_and_leads_to_the_api(desk):
    value = token(desk)
    status, found = metadata(desk, value)
    assert (status, found["dc"], found["accountname"]) == (200, "us19", "Atelier Boréal (fictif)")
    assert found["api_endpoint"] == BASE
    assert metadata(desk, value, word="Bearer")[0] == 401


def test_another_account_can_be_chosen_and_sees_only_its_own(desk):
    accounts = {account["name"]: account["id"] for account in desk.vendor.state()["accounts"]}
    value = token(desk, account=accounts["Phare Perdu (fictif)"])
    assert [a["name"] for a in desk.ok("GET", "/lists", key=value)["lists"]] == ["Amis du Phare"]
    assert desk.refused("GET", "/lists/b0rea1news", key=value)[0] == 404
    assert desk.ok("GET", "/", key=SECOND_KEY)["account_name"] == "Phare Perdu (fictif)"


def test_api_keys_work_as_bearer_and_as_any_user_with_basic(desk):
    assert KEY.endswith("-us19")
    basic = base64.b64encode(f"whoever:{KEY}".encode()).decode()
    assert desk.raw("GET", "/3.0/ping", key=None, headers={"authorization": f"Basic {basic}"}).status == 200
    for header in ("Basic !!!", "Basic " + base64.b64encode(b"x:wrong").decode(), f"OAuth {KEY}", ""):
        assert desk.raw("GET", "/3.0/ping", key=None, headers={"authorization": header}).status == 401


def test_revoking_ends_tokens_and_keys_with_api_key_invalid(desk):
    value = token(desk)
    assert desk.vendor.fault("revoke", {})
    for key in (value, KEY):
        assert desk.refused("GET", "/ping", key=key)[:2] == (401, "API Key Invalid")
    assert metadata(desk, value)[0] == 401


def test_the_wrong_data_centre_answers_like_a_dead_key(desk):
    assert desk.raw("GET", "/us19/3.0/ping").status == 200
    assert desk.raw("GET", "/us3/3.0/ping").status == 401
    assert desk.raw("GET", "/3.0/ping", headers={"host": "us3.api.mailchimp.test"}).status == 401
    desk.vendor.configure({"wrong_dc": True})
    assert desk.refused("GET", "/ping")[1] == "API Key Invalid"


def test_after_a_move_metadata_tells_the_new_data_centre(desk):
    desk.vendor.configure({"dc_in_path": True})
    value = token(desk)
    old = metadata(desk, value)[1]["api_endpoint"].removeprefix(BASE)
    assert desk.raw("GET", f"{old}/3.0/ping", key=value).status == 200
    desk.vendor.configure({"dc": "us21"})
    assert desk.raw("GET", f"{old}/3.0/ping", key=value).status == 401
    new = metadata(desk, value)[1]["api_endpoint"].removeprefix(BASE)
    assert desk.raw("GET", f"{new}/3.0/ping", key=value).status == 200


def together(desk, count, key=KEY):
    async def all_at_once():
        calls = [desk.vendor.handle(desk.request("GET", "/3.0/ping", key=key)) for _ in range(count)]
        return await asyncio.gather(*calls)

    return desk.loop.run_until_complete(all_at_once())


def test_the_eleventh_connection_gets_429_without_rate_headers(desk):
    desk.vendor.configure({"limits": True})
    answers = together(desk, 12)
    assert sorted(answer.status for answer in answers) == [200] * 10 + [429] * 2
    refused = next(answer for answer in answers if answer.status == 429)
    assert json.loads(refused.body)["title"] == "Too Many Requests"
    assert set(refused.headers) == {"Content-Type"}
    assert [answer.status for answer in together(desk, 10)] == [200] * 10


def test_at_high_volume_the_refusal_can_be_a_403_without_a_body(desk):
    desk.vendor.configure({"rate_limits": True, "volume_403": True})
    refused = [answer for answer in together(desk, 13) if answer.status != 200]
    assert [(answer.status, answer.body) for answer in refused] == [(403, b"")] * 3


def test_without_limits_any_number_of_connections_is_served(desk):
    assert {answer.status for answer in together(desk, 50)} == {200}


def test_a_reader_may_not_write(desk):
    desk.vendor.configure({"role": "viewer"})
    desk.ok("GET", "/lists")
    status, title, _ = desk.refused("DELETE", "/lists/b0rea1news/members/nobody@example.com")
    assert (status, title) == (403, "Forbidden")


def test_the_method_can_be_overridden_in_a_post_only(desk):
    headers = {"x-http-method-override": "PATCH"}
    body = {"name": "Nom"}
    assert desk.raw("POST", "/3.0/lists/b0rea1news/merge-fields/2", body, headers=headers).status == 200
    assert desk.raw("GET", "/3.0/ping", headers=headers).status == 422


def test_an_unknown_setting_or_one_of_another_type_is_refused(desk):
    from connectors.sandbox.core import SandboxError

    for wrong in ({"nonsense": 1}, {"rate_limits": "yes"}, {"batch_seconds": "1"}):
        with pytest.raises(SandboxError):
            desk.vendor.configure(wrong)


def test_the_demo_world_has_every_status_and_is_the_same_each_time(desk):
    first = desk.vendor.state()
    statuses = [member["status"] for member in first["members"]["b0rea1news"]]
    assert set(statuses) == {"subscribed", "unsubscribed", "cleaned", "archived", "transactional"}
    assert 100 < len(statuses) < 130
    assert first["members"]["b0rea1cust"] == []
    desk.put("x@example.com", list_id="b0rea1cust")
    desk.vendor.reset("demo")
    again = desk.vendor.state()
    assert [m["id"] for m in again["members"]["b0rea1news"]] == [m["id"] for m in first["members"]["b0rea1news"]]
    assert again["members"]["b0rea1cust"] == []


def test_a_reset_keeps_the_connection_and_the_settings_and_ends_faults(desk):
    value = token(desk)
    desk.vendor.configure({"webhook_signing": False})
    desk.vendor.fault("lossy", {"rate": 1})
    desk.vendor.reset("empty")
    desk.put("a@example.com", list_id="empty00001")
    assert desk.ok("GET", "/lists/empty00001/members", key=value)["total_items"] == 1
    hook = {"url": "http://127.0.0.1:1/hook", "events": {"subscribe": True}}
    assert desk.ok("POST", "/lists/empty00001/webhooks", hook)["signing_enabled"] is False


def test_the_state_holds_no_secret(desk):
    token(desk)
    hook = {"url": "http://127.0.0.1:1/hook", "events": {"subscribe": True}}
    desk.ok("POST", "/lists/b0rea1news/webhooks", hook)
    assert "SECRET-" not in json.dumps(desk.vendor.state(), default=str)
