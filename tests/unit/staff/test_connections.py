"""Connections: what an account is and may do is told before and after connecting, and secrets are never shown."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, SignInState, VendorApp
from bridge.jobs import connections as work
from connectors.contract import SettingInvalid
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    """A person of the house."""
    return factories.staff()


@pytest.fixture
def ann(client: Client, person) -> Client:
    """The same, signed in."""
    client.force_login(person)
    return client


@pytest.fixture
def app() -> VendorApp:
    """Our registration at the simulator."""
    made = VendorApp(vendor="quickbooks", environment="local_sandbox", client_id="sandbox-client")
    made.secret = "sandbox-secret-tail"
    made.webhook_secrets = ["hook-secret-tail"]
    made.save()
    return made


def words(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text)


def viewer() -> Client:
    """Someone who may look and not touch."""
    looking = factories.office()
    client = Client()
    client.force_login(looking)
    return client


def test_the_list_shows_both_name_and_id_and_where_each_account_lives(ann):
    factories.connection(account_name="Books A", account_id="a-1")
    factories.connection(account_name="Books B", account_id="b-2", environment="live")
    told = words(ann.get(reverse("admin:connections")))
    for text in ("Books A", "a-1", "Simulator", "Books B", "b-2", "Live"):
        assert text in told


def test_the_list_filters_by_state_and_leaves_disconnected_ones_out(ann):
    factories.connection(account_name="Books gone", state="disconnected")
    factories.connection(account_name="Books paused", state="paused")
    factories.connection(account_name="Books fine")
    told = words(ann.get(reverse("admin:connections")))
    assert "Books gone" not in told and "Books fine" in told
    told = words(ann.get(reverse("admin:connections"), {"state": "paused"}))
    assert "Books paused" in told and "Books fine" not in told


def test_the_list_stays_quick(ann, django_assert_max_num_queries):
    for _ in range(20):
        factories.integration()
    with django_assert_max_num_queries(30):
        ann.get(reverse("admin:connections"))
    with django_assert_max_num_queries(30):
        ann.get(reverse("admin:integrations"))
    with django_assert_max_num_queries(30):
        ann.get(reverse("admin:hub_organization_changelist"))
    with django_assert_max_num_queries(30):
        ann.get(reverse("admin:hub_user_changelist"))


def test_the_page_of_an_account_shows_its_health_and_never_its_secret(ann, django_assert_max_num_queries):
    at = factories.connection(refresh_expires_at=timezone.now(), findings=[
        {"code": "X", "level": "warning", "en": "The plan is small.", "fr": "Le forfait est petit.", "params": {}}
    ])  # fmt: skip
    at.grant = {"access_token": "very-secret-token", "refresh_token": "other-secret-token"}
    at.save()
    factories.call(at)
    factories.call(at, status=500, error_code="CALL-REFUSED")
    factories.integration(at.organization, left=at)
    with django_assert_max_num_queries(30):
        page = ann.get(reverse("admin:connection", args=[at.pk]))
    told = words(page)
    assert at.account_name in told and at.account_id in told
    assert "The plan is small." in told and "2 · 1 not answered well" in told
    assert "very-secret-token" not in page.content.decode() and at.sealed_grant not in page.content.decode()


def test_the_consent_page_may_be_reached_from_the_form_and_nowhere_else(ann, person, app):
    at = work.create(factories.organization(), "quickbooks", "local_sandbox", person)
    page = ann.get(reverse("admin:connection_connect", args=[at.pk]))
    host = registry.hosts("quickbooks", "local_sandbox").authorize
    origin = "/".join(host.split("/")[:3])
    assert f"form-action 'self' {origin};" in page["Content-Security-Policy"]
    answer = ann.post(reverse("admin:connection_connect", args=[at.pk]), {"by": "consent"})
    assert answer.status_code == 302 and answer["Location"].startswith(host)
    assert answer["Referrer-Policy"] == "no-referrer"


def test_leaving_without_our_registration_is_stopped_with_the_reason(ann, person):
    at = work.create(factories.organization(), "quickbooks", "local_sandbox", person)
    page = ann.get(reverse("admin:connection_connect", args=[at.pk]))
    assert "Bridge is not registered with this vendor" in words(page)
    assert ann.post(reverse("admin:connection_connect", args=[at.pk]), {"by": "consent"}).status_code == 200


def test_a_refused_consent_says_so_and_leads_back_to_where_it_began(ann, person, app):
    at = work.create(factories.organization(), "quickbooks", "local_sandbox", person)
    back = reverse("admin:integrations")
    ann.post(reverse("admin:connection_connect", args=[at.pk]), {"by": "consent", "next": back})
    trip = SignInState.objects.get()
    answer = ann.get(reverse("vendor_callback", args=["quickbooks"]), {"state": trip.state, "error": "access_denied"})
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Location"].startswith(reverse("admin:connection_connect", args=[at.pk]))
    assert "next=" in answer["Location"]
    assert "SIGNIN-REFUSED" in words(ann.get(answer["Location"]))
    at.refresh_from_db()
    assert at.state == Connection.State.NEW


def test_a_return_nobody_asked_for_connects_nothing(ann, app):
    answer = ann.get(reverse("vendor_callback", args=["quickbooks"]), {"state": "forged", "code": "x", "realmId": "1"})
    assert answer.status_code == 302
    assert "SIGNIN-STATE" in words(ann.get(answer["Location"]))
    assert ann.get(reverse("vendor_callback", args=["nobody"])).status_code == 404


def test_a_return_of_somebody_else_is_refused(ann, person, app):
    at = work.create(factories.organization(), "quickbooks", "local_sandbox", person)
    ann.post(reverse("admin:connection_connect", args=[at.pk]), {"by": "consent"})
    trip = SignInState.objects.get()
    other = Client()
    other.force_login(factories.staff())
    answer = other.get(reverse("vendor_callback", args=["quickbooks"]), {"state": trip.state, "code": "x"})
    assert "SIGNIN-STATE" in words(other.get(answer["Location"]))
    assert not SignInState.objects.get().used_at


def test_the_return_is_for_staff_who_may_connect_only(app):
    address = reverse("vendor_callback", args=["quickbooks"])
    assert Client().get(address)["Location"] == reverse("account_login")
    assert viewer().get(address).status_code == 403


def test_after_connecting_no_other_site_is_followed(ann, person, app, monkeypatch):
    at = factories.connection()
    monkeypatch.setattr(work, "finish_sign_in", lambda *given: (at, "https://elsewhere.example/"))
    answer = ann.get(reverse("vendor_callback", args=["quickbooks"]), {"state": "s", "code": "c"})
    assert answer["Location"] == reverse("admin:connection", args=[at.pk])


def test_a_wrong_key_is_told_beside_its_field_and_not_echoed(ann, person, monkeypatch):
    at = work.create(factories.organization(), "mailchimp", "local_sandbox", person)

    def refuse(*given):
        raise SettingInvalid("SIGNIN-STATE")

    monkeypatch.setattr(work, "sign_in_with_key", refuse)
    page = ann.post(reverse("admin:connection_connect", args=[at.pk]), {"by": "key", "key": "pasted-key-1"})
    assert page.status_code == 200 and "pasted-key-1" not in page.content.decode()
    assert 'href="#field-key"' in page.content.decode()


def test_an_account_in_use_is_not_forgotten_from_its_own_page(ann):
    pair = factories.integration()
    address = reverse("admin:connection_forget", args=[pair.left_id])
    assert reverse("admin:integration_disconnect", args=[pair.pk]) in ann.get(address).content.decode()
    ann.post(address, {"confirmed": "yes"})
    pair.left.refresh_from_db()
    assert pair.left.state == Connection.State.CONNECTED


def test_forgetting_asks_first(ann):
    at = factories.connection()
    address = reverse("admin:connection_forget", args=[at.pk])
    ann.get(address)
    ann.post(address)
    at.refresh_from_db()
    assert at.state == Connection.State.CONNECTED
    ann.post(address, {"confirmed": "yes"})
    at.refresh_from_db()
    assert at.state == Connection.State.DISCONNECTED and not at.sealed_grant


def test_pause_and_resume(ann):
    at = factories.connection()
    address = reverse("admin:connection_pause", args=[at.pk])
    ann.post(address, {"do": "pause"})
    at.refresh_from_db()
    assert at.state == Connection.State.PAUSED
    ann.post(address, {"do": "resume"})
    at.refresh_from_db()
    assert at.state == Connection.State.CONNECTED
    assert ann.get(address).status_code == 405


def test_who_may_only_look_sees_no_button_and_a_forged_post_is_refused():
    at = factories.connection()
    looking = viewer()
    body = looking.get(reverse("admin:connection", args=[at.pk])).content.decode()
    for name in ("connection_pause", "connection_check", "connection_forget", "connection_connect"):
        address = reverse(f"admin:{name}", args=[at.pk])
        assert address not in body
        assert looking.post(address, {"do": "pause", "confirmed": "yes"}).status_code == 403
    at.refresh_from_db()
    assert at.state == Connection.State.CONNECTED


def test_secrets_of_an_app_go_in_and_never_come_out(ann, app):
    address = reverse("admin:hub_vendorapp_change", args=[app.pk])
    body = ann.get(address).content.decode()
    assert "sandbox-secret-tail" not in body and "hook-secret-tail" not in body
    assert "…tail" in body
    answer = ann.post(address, {"client_id": "sandbox-client", "new_secret": "", "new_webhook_secret": "hook-two"})
    assert answer.status_code == 302, answer.content.decode()[-800:]
    app.refresh_from_db()
    assert app.secret == "sandbox-secret-tail"
    assert app.webhook_secrets == ["hook-two", "hook-secret-tail"]
    ann.post(address, {"client_id": "sandbox-client", "new_secret": "fresh", "new_webhook_secret": ""})
    app.refresh_from_db()
    assert app.secret == "fresh"


@pytest.mark.parametrize(("vendor", "kept"), [("quickbooks", 2), ("highlevel", 4)])
def test_whose_turn_it_is_to_go_among_webhook_secrets_is_told(ann, vendor, kept):
    app = VendorApp(vendor=vendor, environment="local_sandbox", client_id="sandbox-client")
    app.webhook_secrets = [f"hook-{n:04d}" for n in range(kept - 1, 0, -1)]
    app.save()
    address = reverse("admin:hub_vendorapp_change", args=[app.pk])
    assert f"the newest {kept} stay valid" in words(ann.get(address))

    def give(secret):
        answer = ann.post(address, {"client_id": "x", "new_secret": "", "new_webhook_secret": secret}, follow=True)
        app.refresh_from_db()
        return words(answer)

    assert "no longer valid" not in give("hook-last") and len(app.webhook_secrets) == kept
    assert "no longer valid" not in give("hook-last") and len(app.webhook_secrets) == kept, "the same once more"
    assert f"There is room for {kept} webhook secrets: the oldest, which ends in …0001" in give("hook-next")
    assert app.webhook_secrets[:2] == ["hook-next", "hook-last"] and len(app.webhook_secrets) == kept


def test_a_client_with_connections_is_not_deleted_with_its_history(ann):
    at = factories.connection()
    assert (
        ann.post(reverse("admin:hub_organization_delete", args=[at.organization_id]), {"post": "yes"}).status_code
        == 403
    )
