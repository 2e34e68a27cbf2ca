"""Signing in at the stand-in: consent, single-use refresh tokens, an agency's token for one location, limits."""

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from connectors.sandbox.core import SandboxError
from connectors.sandbox.highlevel.world import ATELIER, CAFE, COMPANY, PINECREST
from tests.unit.sandbox.highlevel_desk import AGENCY_SCOPES, BACK, SCOPES, VERSION, Desk


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def works(desk, token):
    return desk.send("GET", f"/locations/{ATELIER}", headers=bearer(token)).status == 200


def bearer(token):
    return {"authorization": f"Bearer {token}", "version": VERSION}


def asked(**more):
    told = {"response_type": "code", "client_id": "sandbox-client", "redirect_uri": BACK, "scope": SCOPES, "state": "s"}
    return "/oauth/chooselocation?" + urlencode(told | more)


def test_the_consent_page_lists_the_locations_and_sends_back_a_code(desk):
    page = desk.send("GET", asked(), headers={"accept-language": "fr-CA"})
    assert page.status == 200
    text = page.body.decode()
    assert "CrocoClick" in text and 'lang="fr"' in text
    assert all(id in text for id in (ATELIER, PINECREST, CAFE, "agency", "contacts.readonly"))
    told = {"client_id": "sandbox-client", "redirect_uri": BACK, "scope": SCOPES, "state": "s"}
    sent = urlencode({**told, "answer": "connect", "location": PINECREST}).encode()
    back = desk.send("POST", "/oauth/chooselocation", sent, {"content-type": "application/x-www-form-urlencoded"})
    query = parse_qs(urlsplit(back.headers["Location"]).query)
    assert back.status == 302 and query["state"] == ["s"]
    status, tokens = desk.form(grant_type="authorization_code", code=query["code"][0], redirect_uri=BACK)
    assert (status, tokens["locationId"], tokens["userType"]) == (200, PINECREST, "Location")
    assert tokens["expires_in"] == 86399


def test_a_person_who_says_no_sends_back_no_code(desk):
    back = desk.send("GET", asked(answer="cancel"))
    assert parse_qs(urlsplit(back.headers["Location"]).query) == {"error": ["access_denied"], "state": ["s"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "other"},
        {"redirect_uri": "javascript:x"},
        {"scope": "everything.write"},
        {"scope": ""},
        {"response_type": "token"},
        {"location": "nowhere", "auto": "1"},
    ],
)
def test_a_request_that_cannot_be_used_is_shown_not_sent_back(wrong, desk):
    assert desk.send("GET", asked(**wrong)).status == 400


def test_the_brand_is_a_setting(desk):
    desk.vendor.configure({"brand": "Autre marque"})
    assert "Autre marque" in desk.send("GET", asked()).body.decode()


def test_a_code_works_once_and_not_for_long(desk):
    code = desk.code()
    assert desk.form(grant_type="authorization_code", code=code, redirect_uri=BACK)[0] == 200
    assert desk.form(grant_type="authorization_code", code=code, redirect_uri=BACK)[0] == 400
    late = desk.code()
    desk.sandbox.clock.advance(301)
    assert desk.form(grant_type="authorization_code", code=late, redirect_uri=BACK)[0] == 400


def test_a_refresh_token_works_once_and_each_answer_brings_a_new_one(desk):
    first = desk.connect()
    status, second = desk.refresh(first["refresh_token"])
    assert status == 200 and second["refresh_token"] != first["refresh_token"]
    status, refused = desk.refresh(first["refresh_token"])
    assert (status, refused["message"]) == (401, "This refresh token is invalid")
    assert works(desk, second["access_token"])
    assert desk.refresh(second["refresh_token"])[0] == 200


def test_a_used_refresh_token_may_end_the_whole_connection(desk):
    desk.vendor.configure({"revoke_on_reuse": True})
    first, other = desk.connect(), desk.connect()
    _, second = desk.refresh(first["refresh_token"])
    assert desk.refresh(first["refresh_token"])[0] == 401
    assert not works(desk, second["access_token"])
    assert desk.refresh(second["refresh_token"])[0] == 401
    assert works(desk, other["access_token"])


def test_within_the_grace_a_used_refresh_token_gets_the_same_answer_again(desk):
    desk.vendor.configure({"refresh_grace_seconds": 30})
    first = desk.connect()["refresh_token"]
    answer = desk.refresh(first)
    assert desk.refresh(first) == answer
    desk.sandbox.clock.advance(31)
    assert desk.refresh(first)[0] == 401


def test_tokens_run_out(desk):
    tokens = desk.connect()
    desk.sandbox.clock.advance(86_400)
    assert not works(desk, tokens["access_token"])
    desk.sandbox.clock.advance(366 * 86_400)
    assert desk.refresh(tokens["refresh_token"])[0] == 401


def test_wrong_credentials_grants_and_bodies_are_refused(desk):
    assert desk.form(client_secret="wrong", grant_type="refresh_token", refresh_token="x")[0] == 401
    assert desk.form(grant_type="password", fits=False)[0] == 400
    assert desk.send("POST", "/oauth/token", b"{}", {"content-type": "application/json"}).status == 422
    company = desk.form(grant_type="authorization_code", code=desk.code(), redirect_uri=BACK, user_type="Company")
    assert company[0] == 400


def test_an_agency_token_becomes_one_locations_token_without_refresh(desk):
    agency = desk.agency()
    assert (agency["userType"], agency["locationId"]) == ("Company", None)
    assert set(agency["approvedLocations"]) == {ATELIER, PINECREST, CAFE}
    assert desk.send("GET", "/contacts/x", headers=bearer(agency["access_token"])).status == 403
    listed = desk.ok(
        "GET",
        f"/oauth/installedLocations?companyId={COMPANY}&appId=6512f0a1b2c3d4e5f6071829&isInstalled=true",
        token=agency["access_token"],
    )
    assert listed["count"] == 3
    status, own = desk.form("/oauth/locationToken", agency["access_token"], companyId=COMPANY, locationId=PINECREST)
    assert status == 200 and "refresh_token" not in own
    assert desk.send("GET", f"/locations/{PINECREST}", headers=bearer(own["access_token"])).status == 200
    assert desk.send("GET", f"/locations/{ATELIER}", headers=bearer(own["access_token"])).status == 403
    status, _ = desk.form("/oauth/locationToken", desk.token, fits=True, companyId=COMPANY, locationId=PINECREST)
    assert status == 401  # the scope is an agency's
    assert "oauth.readonly" in AGENCY_SCOPES


def test_a_private_integration_token_opens_its_location_and_brings_no_events(desk):
    desk.vendor.configure({"webhook_url": "http://127.0.0.1:9/hooks"})
    token = "pit-SECRET-cafe-imaginaire-0003"
    told = {"locationId": CAFE, "email": "a@example.com"}
    assert desk.raw("POST", "/contacts/", told, token=token).status == 201
    assert desk.posted() == []


def test_a_rotated_private_token_ends_at_once_or_in_seven_days_and_has_the_scopes_that_were_ticked(desk):
    def status(token, path=f"/locations/{ATELIER}"):
        return desk.raw("GET", path, token=token).status

    first = "pit-SECRET-atelier-boreal-0001"
    desk.load("private_tokens", {"token": "pit-second-0000000000", "later": True, "scopes": ["locations.readonly"]})
    assert status(first) == status("pit-second-0000000000") == 200
    assert status("pit-second-0000000000", f"/workflows/?locationId={ATELIER}") == 401
    desk.sandbox.clock.advance(7 * 86_400)
    assert status(first) == 401 and status("pit-second-0000000000") == 200
    desk.load("private_tokens", {"token": "pit-third-00000000000"})
    assert status("pit-second-0000000000") == 401 and status("pit-third-00000000000") == 200


def test_every_call_needs_the_version_a_token_and_the_scope(desk):
    path = f"/locations/{ATELIER}"
    assert desk.send("GET", path, headers={"authorization": f"Bearer {desk.token}"}).status == 401
    assert desk.raw("GET", path, version="v3", fits=False).status == 401
    assert desk.send("GET", path, headers={"version": VERSION}).status == 401
    narrow = desk.connect(scope="contacts.readonly")["access_token"]
    refused = desk.refused("GET", path, status=401, token=narrow)
    assert refused["message"] == "The token is not authorized for this scope."


def test_a_lost_connection_can_be_taken_up_again_only_where_the_call_exists(desk):
    def ask():
        told = {"clientKey": "sandbox-client", "clientSecret": "sandbox-secret", "locationId": ATELIER}
        return desk.send("POST", "/oauth/reconnect", json.dumps(told).encode())

    assert ask().status in (401, 404)
    desk.vendor.configure({"reconnect_api": True})
    code = json.loads(ask().body)["authorizationCode"]
    assert desk.form(grant_type="authorization_code", code=code, user_type="Location")[0] == 200
    desk.load("app", {"uninstall": True})
    assert ask().status == 400
    assert desk.send("POST", "/oauth/reconnect", b"{").status == 400


def test_faults_expire_and_revoke(desk):
    other = desk.connect(PINECREST)
    assert desk.vendor.fault("expire_tokens", {})
    assert not works(desk, desk.token)
    desk.vendor.fault("revoke", {"location": PINECREST})
    assert desk.refresh(other["refresh_token"])[0] == 401
    assert not desk.vendor.fault("gravity", {})


def test_uninstalling_ends_the_tokens_of_that_location_only(desk):
    other = desk.connect(PINECREST)
    mine = desk.connect()
    desk.load("app", {"uninstall": True})
    assert desk.refresh(mine["refresh_token"])[0] == 401
    assert desk.refresh(other["refresh_token"])[0] == 200


# Limits


def test_the_burst_of_a_location_is_over_after_its_hundred_calls(desk):
    desk.vendor.configure({"rate_limits": True})
    for left in (99, 98):
        answer = desk.raw("GET", f"/locations/{ATELIER}")
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
    for _ in range(98):
        desk.raw("GET", f"/locations/{ATELIER}")
    answer = desk.raw("GET", f"/locations/{ATELIER}")
    assert answer.status == 429 and json.loads(answer.body)["message"] == "Too Many Requests"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["X-RateLimit-Interval-Milliseconds"] == "10000"
    other = desk.connect(PINECREST)["access_token"]
    assert desk.raw("GET", f"/locations/{PINECREST}", token=other).status == 200
    desk.sandbox.clock.advance(11)
    assert desk.raw("GET", f"/locations/{ATELIER}").status == 200


def test_the_day_of_a_location_is_over_until_the_next_one(desk):
    desk.vendor.configure({"rate_limits": True, "daily_calls": 2})
    assert desk.raw("GET", f"/locations/{ATELIER}").headers["X-RateLimit-Daily-Remaining"] == "1"
    desk.raw("GET", f"/locations/{ATELIER}")
    desk.sandbox.clock.advance(3600)
    answer = desk.raw("GET", f"/locations/{ATELIER}")
    assert (answer.status, answer.headers["X-RateLimit-Daily-Remaining"]) == (429, "0")
    assert answer.headers["X-RateLimit-Remaining"] == "100"
    desk.sandbox.clock.advance(14 * 3600)
    assert desk.raw("GET", f"/locations/{ATELIER}").status == 200


def test_settings_are_checked(desk):
    for wrong in ({"colour": "red"}, {"rate_limits": "yes"}, {"tax_rounding": "up"}):
        with pytest.raises(SandboxError):
            desk.vendor.configure(wrong)


def test_an_injected_error_looks_like_the_vendors(desk):
    from connectors.sandbox.core import Request

    limited = desk.vendor.error_response(429, Request("GET", "/contacts/x"))
    assert limited.headers["X-RateLimit-Remaining"] == "0"
    assert b"<html>" in desk.vendor.error_response(502, Request("GET", "/x")).body
    assert "error_description" in json.loads(desk.vendor.error_response(401, Request("POST", "/oauth/token")).body)
