"""Signing in at the HubSpot stand-in: consent, tokens, refused scopes, whose account it is."""

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.unit.sandbox.hubspot_desk import BACK, OPTIONAL, PORTAL, SCOPES, SMALL_PORTAL, TEST_PORTAL, Desk

CONTACTS = "/crm/objects/2026-09/contacts"


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def page(desk, **more):
    asked = {"client_id": "sandbox-client", "redirect_uri": BACK, "scope": SCOPES, "optional_scope": OPTIONAL}
    return desk.send("GET", f"/oauth/authorize?{urlencode({**asked, 'state': 's1', **more})}")


def test_a_person_chooses_the_account_and_is_sent_back_with_a_code(desk):
    shown = page(desk)
    assert shown.status == 200
    assert str(TEST_PORTAL).encode() in shown.body
    assert "crm.objects.invoices.read" in shown.body.decode()
    form = {
        "client_id": "sandbox-client",
        "redirect_uri": BACK,
        "scope": SCOPES,
        "state": "s1",
        "account": TEST_PORTAL,
        "answer": "connect",
    }
    back = desk.send("POST", "/oauth/authorize", urlencode(form).encode())
    told = parse_qs(urlsplit(back.headers["Location"]).query)
    assert (back.status, told["state"]) == (302, ["s1"])
    status, body = desk.form(grant_type="authorization_code", code=told["code"][0], redirect_uri=BACK)
    assert (status, body["hub_id"]) == (200, TEST_PORTAL)


def test_a_person_who_refuses_is_sent_back_without_a_code(desk):
    form = {"client_id": "sandbox-client", "redirect_uri": BACK, "scope": SCOPES, "answer": "cancel"}
    back = desk.send("POST", "/oauth/authorize", urlencode(form).encode())
    assert "error=access_denied" in back.headers["Location"]


@pytest.mark.parametrize(
    "wrong", [{"client_id": "x"}, {"redirect_uri": "x"}, {"scope": "crm.objects.cats.read"}, {"account": "5"}], ids=str
)
def test_a_request_that_cannot_be_trusted_goes_nowhere(desk, wrong):
    shown = page(desk, auto="1", **wrong)
    assert shown.status == 400
    assert "Location" not in shown.headers


def test_tokens_are_long_and_say_which_account_and_what_was_granted(desk):
    body = desk.connect()
    assert len(body["access_token"]) >= 300
    assert (body["expires_in"], body["hub_id"], body["token_type"]) == (1800, PORTAL, "bearer")
    assert set(body["scopes"]) == set(SCOPES.split()) | set(OPTIONAL.split())
    assert "scope" not in body


def test_an_account_whose_tier_lacks_invoices_grants_the_rest_or_blocks_the_install(desk):
    body = desk.connect(SMALL_PORTAL)
    assert "crm.objects.invoices.read" not in body["scopes"]
    assert "crm.objects.contacts.read" in body["scopes"]
    shown = page(desk, auto="1", account=SMALL_PORTAL, scope="oauth crm.objects.invoices.read", optional_scope="")
    assert shown.status == 400
    assert b"crm.objects.invoices.read" in shown.body
    refused = desk.refused("GET", "/invoices", status=403, token=body["access_token"])
    assert refused["category"] == "MISSING_SCOPES"
    assert refused["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.invoices.read"]


def test_a_code_works_once_for_five_minutes_and_with_its_own_address(desk):
    code = desk.code()
    _, body = desk.form(grant_type="authorization_code", code=code, redirect_uri="https://app.example.com/other")
    assert body["status"] == "BAD_REDIRECT_URI"
    code = desk.code()
    assert desk.form(grant_type="authorization_code", code=code, redirect_uri=BACK)[0] == 200
    status, body = desk.form(grant_type="authorization_code", code=code, redirect_uri=BACK)
    assert (status, body["status"], "error" in body) == (400, "BAD_AUTH_CODE", False)
    code = desk.code()
    desk.sandbox.clock.advance(301)
    assert desk.form(grant_type="authorization_code", code=code, redirect_uri=BACK)[0] == 400


def test_a_challenge_wants_its_verifier(desk):
    # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    for given, expected in ((verifier, 200), ("wrong", 400)):
        code = desk.code(code_challenge=challenge, code_challenge_method="S256")
        told = desk.form(grant_type="authorization_code", code=code, redirect_uri=BACK, code_verifier=given)
        assert told[0] == expected


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"client_id": "x"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "BAD_REFRESH_TOKEN"),
    ],
)
def test_each_refusal_of_the_token_endpoint_has_its_name(desk, form, code):
    status, body = desk.form(**form)
    assert (status, body["status"]) == (400, code)


def test_an_access_token_lives_half_an_hour_and_a_refresh_token_makes_another(desk):
    body = desk.connect()
    assert desk.raw("GET", CONTACTS, token=body["access_token"]).status == 200
    desk.sandbox.clock.advance(1801)
    refused = desk.refused("GET", "/contacts", status=401, token=body["access_token"])
    assert refused["category"] == "EXPIRED_AUTHENTICATION"
    status, new = desk.form(grant_type="refresh_token", refresh_token=body["refresh_token"])
    assert (status, new["refresh_token"]) == (200, body["refresh_token"])
    assert desk.raw("GET", CONTACTS, token=new["access_token"]).status == 200


def test_a_refresh_token_can_change_and_then_the_old_one_is_dead(desk):
    desk.vendor.configure({"rotate_refresh_tokens": True})
    old = desk.connect()["refresh_token"]
    _, new = desk.form(grant_type="refresh_token", refresh_token=old)
    assert new["refresh_token"] != old
    assert desk.form(grant_type="refresh_token", refresh_token=old)[1]["error"] == "invalid_grant"


def test_introspection_tells_whose_token_it_is_until_it_is_revoked(desk):
    body = desk.connect()
    _, told = desk.form("/introspect", token=body["access_token"])
    assert (told["active"], told["hub_id"], told["token_use"]) == (True, PORTAL, "access_token")
    assert 0 < told["expires_in"] <= 1800
    _, told = desk.form("/introspect", token=body["refresh_token"], token_type_hint="refresh_token")
    assert (told["active"], told["token_use"]) == (True, "refresh_token")
    assert desk.form("/revoke", token=body["refresh_token"])[0] == 204
    assert desk.form("/introspect", token=body["access_token"])[1]["active"] is False
    assert desk.refused("GET", "/contacts", status=401, token=body["access_token"])["category"] == (
        "INVALID_AUTHENTICATION"
    )


def test_two_connections_to_one_account_share_their_fate_and_others_do_not(desk):
    first, second, other = desk.connect(), desk.connect(), desk.connect(TEST_PORTAL)
    answer = desk.raw("DELETE", "/appinstalls/2026-09/external-install", token=first["access_token"])
    assert answer.status == 204
    assert desk.raw("GET", CONTACTS, token=second["access_token"], fits=False).status == 401
    assert desk.form(grant_type="refresh_token", refresh_token=second["refresh_token"])[0] == 400
    assert desk.raw("GET", CONTACTS, token=other["access_token"]).status == 200


def test_account_details_say_which_account_it_is(desk):
    told = json.loads(desk.raw("GET", "/account-info/2026-09/details").body)
    assert (told["portalId"], told["accountType"]) == (PORTAL, "STANDARD")
    assert (told["companyCurrency"], told["timeZone"], told["utcOffset"]) == ("CAD", "America/Toronto", "-05:00")
    token = desk.connect(TEST_PORTAL)["access_token"]
    told = json.loads(desk.raw("GET", "/account-info/2026-03/details", token=token).body)
    assert told["accountType"] == "DEVELOPER_TEST"


@pytest.mark.parametrize(
    "address",
    [
        "/crm/objects/2025-09/contacts",
        "/crm/v3/objects/contacts",
        "/oauth/v1/token",
        "/account-info/v3/details",
        "/elsewhere",
    ],
)
def test_other_versions_and_addresses_are_not_served(desk, address):
    answer = desk.raw("GET", address, fits=False)
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_call_without_a_token_is_refused(desk):
    answer = desk.send("GET", CONTACTS)
    assert (answer.status, json.loads(answer.body)["category"]) == (401, "INVALID_AUTHENTICATION")


def test_a_service_key_opens_the_account_and_hears_of_its_day(desk):
    answer = desk.raw("GET", CONTACTS, token="pat-na1-SECRET-atelier-boreal-0001")
    assert answer.status == 200
    assert answer.headers["X-HubSpot-RateLimit-Daily"] == "625000"
    assert answer.headers["X-HubSpot-RateLimit-Max"] == "190"


def test_nothing_secret_is_in_the_state(desk):
    body = desk.connect()
    told = json.dumps(desk.vendor.state(), default=str)
    assert body["access_token"] not in told
    assert body["refresh_token"] not in told
    assert "sandbox-secret" not in told
    assert "pat-na1" not in told


def test_a_reset_keeps_the_connection_and_faults_end_it(desk):
    body = desk.connect()
    desk.vendor.reset("empty")
    assert desk.raw("GET", CONTACTS, token=body["access_token"]).status == 200
    assert desk.vendor.fault("expire_tokens", {})
    assert desk.raw("GET", CONTACTS, token=body["access_token"], fits=False).status == 401
    assert desk.form(grant_type="refresh_token", refresh_token=body["refresh_token"])[0] == 200
    assert desk.vendor.fault("revoke", {})
    assert desk.form(grant_type="refresh_token", refresh_token=body["refresh_token"])[0] == 400
