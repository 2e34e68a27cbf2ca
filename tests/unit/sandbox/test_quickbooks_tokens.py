"""Consent, tokens, rotation and revocation as the vendor's policy has them."""

import pytest

from tests.unit.sandbox.quickbooks_desk import BACK, HOME, US, Desk

DAY = 86_400


def test_the_page_lists_rights_and_companies_and_can_be_answered():
    desk = Desk()
    page = desk.consent()
    text = page.body.decode()
    assert page.status == 200
    assert "customers, products, invoices" in text
    assert all(books.name.replace("&", "&amp;") in text for books in desk.vendor.companies.values())
    assert len(desk.vendor.companies) >= 3
    returned = desk.consent("POST", {"answer": "connect", "realm": US})
    assert returned["realmId"] == US
    assert returned["state"] == "s-1"
    assert desk.exchange(returned).status == 200


def test_cancel_and_bad_scopes_go_back_with_an_error():
    desk = Desk()
    assert desk.consent("POST", {"answer": "cancel"})["error"] == "access_denied"
    assert desk.consent(scope="everything", auto="1")["error"] == "invalid_scope"
    assert desk.consent(client_id="stranger").status == 400


def test_a_code_is_good_once_and_for_its_own_redirect():
    desk = Desk()
    returned = desk.consent(auto="1")
    assert desk.exchange(returned, BACK + "/other").status == 400
    again = desk.consent(auto="1")
    assert desk.exchange(again).status == 200
    refused = desk.exchange(again)
    assert (refused.status, desk.body(refused)["error"]) == (400, "invalid_grant")
    late = desk.consent(auto="1")
    desk.vendor.sandbox.clock.advance(601)
    assert desk.exchange(late).status == 400


def test_wrong_app_credentials_are_an_invalid_client():
    desk = Desk()
    answer = desk.token_call(app=("sandbox-client", "wrong"), grant_type="refresh_token", refresh_token="x")
    assert (answer.status, desk.body(answer)) == (401, {"error": "invalid_client"})
    assert desk.body(desk.token_call(grant_type="password"))["error"] == "unsupported_grant_type"
    desk.vendor.configure({"client_id": "other", "client_secret": "pair"})
    assert desk.refresh().status == 401


def test_an_access_token_ends_after_an_hour_and_a_refresh_gives_another():
    desk = Desk()
    desk.vendor.sandbox.clock.advance(3601)
    answer = desk.get("companyinfo/x")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert desk.body(answer)["fault"]["error"][0]["code"] == "3200"
    desk.tokens = desk.body(desk.refresh())
    assert desk.get("companyinfo/x").status == 200


def test_the_refresh_value_stays_a_day_then_changes_and_the_old_one_dies():
    desk = Desk()
    first = desk.tokens["refresh_token"]
    assert desk.body(desk.refresh())["refresh_token"] == first
    desk.vendor.sandbox.clock.advance(DAY / 2)
    assert desk.body(desk.refresh())["x_refresh_token_expires_in"] == 8_640_000 - DAY // 2
    desk.vendor.sandbox.clock.advance(DAY / 2 + 1)
    second = desk.body(desk.refresh())["refresh_token"]
    assert second != first
    refused = desk.refresh(first)
    assert (refused.status, desk.body(refused)["error"]) == (400, "invalid_grant")
    assert desk.refresh(second).status == 200


def test_a_retired_value_used_again_can_cost_the_whole_grant():
    desk = Desk()
    desk.vendor.configure({"refresh_rotation_seconds": 0, "revoke_on_concurrent_use": True})
    winner = desk.body(desk.refresh())
    assert desk.refresh().status == 400
    assert desk.refresh(winner["refresh_token"]).status == 400
    desk.tokens = winner
    assert desk.get("customer/1").status == 401


def test_a_grant_unused_for_a_hundred_days_or_older_than_five_years_is_over():
    idle, old = Desk(), Desk()
    idle.vendor.sandbox.clock.advance(100 * DAY + 1)
    assert idle.refresh().status == 400
    for _ in range(21):
        old.vendor.sandbox.clock.advance(90 * DAY)
        answer = old.refresh()
        if answer.status != 200:
            break
        old.tokens = old.body(answer)
    assert answer.status == 400


def test_the_hard_end_is_told_only_when_asked_for():
    desk = Desk()
    assert "x_refresh_token_hard_expires_in" not in desk.tokens
    asked = desk.token_call(hard_end=True, grant_type="refresh_token", refresh_token=desk.tokens["refresh_token"])
    assert desk.body(asked)["x_refresh_token_hard_expires_in"] == 5 * 365 * DAY


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(kind):
    import base64

    desk = Desk()
    basic = "Basic " + base64.b64encode(b"sandbox-client:sandbox-secret").decode()
    body = b'{"token": "%b"}' % desk.tokens[kind].encode()
    for expected in (200, 400):
        answer = desk.call("POST", "/v2/oauth2/tokens/revoke", (), body, authorization=basic)
        assert answer.status == expected
    assert desk.get("customer/1").status == 401
    assert desk.refresh().status == 400


def test_a_second_consent_for_a_company_replaces_the_first():
    desk = Desk()
    new = desk.body(desk.exchange(desk.consent(auto="1", realm=HOME)))
    assert desk.get("preferences").status == 401
    assert desk.get("preferences", token=new["access_token"]).status == 200


def test_faults_expire_tokens_or_revoke_one_company():
    desk = Desk()
    other = desk.body(desk.exchange(desk.consent(auto="1", realm=US)))["access_token"]
    assert desk.vendor.fault("expire_tokens", {"realm": HOME})
    assert desk.get("preferences").status == 401
    assert desk.get("preferences", realm=US, token=other).status == 200
    assert desk.vendor.fault("revoke", {})
    assert desk.get("preferences", realm=US, token=other).status == 401
    assert desk.refresh().status == 400
    assert not desk.vendor.fault("earthquake", {})


def test_a_token_of_one_company_is_forbidden_in_another():
    desk = Desk()
    answer = desk.get("customer/1", realm=US)
    assert answer.status == 403
    assert desk.body(answer)["fault"]["error"][0]["code"] == "3100"
    assert desk.get("customer/1", token="SECRET-invented").status == 401


def test_no_secret_stands_in_the_state():
    desk = Desk("demo")
    assert "SECRET-" not in str(desk.vendor.state())


def test_limits_answer_429_in_xml_only_when_switched_on():
    desk = Desk()
    assert {desk.get("preferences").status for _ in range(30)} == {200}
    desk.vendor.configure({"rate_limits": True})
    answers = [desk.get("preferences") for _ in range(12)]
    assert [a.status for a in answers].count(429) == 2
    assert b'<Error code="3001">' in answers[-1].body
    desk.vendor.sandbox.clock.advance(1.1)
    assert desk.get("preferences").status == 200
