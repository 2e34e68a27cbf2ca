"""The gate: sessions that end, second steps that are owed, and confirming who one is."""

import re
import time

import pytest
from django.core import mail
from django.test import Client
from django.urls import get_resolver, reverse

from bridge.hub import gate, sessions
from bridge.hub.models import User
from tests import factories
from tests.unit.accounts.conftest import PASSWORD, code_now, give_app, sign_in, signed_in

pytestmark = pytest.mark.django_db
KINDS = ("admin:", "portal:", "")


@pytest.fixture
def clock(monkeypatch):
    """A clock the tests set."""

    class Clock:
        ahead = 0.0

    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + Clock.ahead)
    return Clock


def names() -> set[str]:
    """Return every named address of the project."""
    found = set()

    def walk(some, space):
        for item in some:
            if hasattr(item, "url_patterns"):
                walk(item.url_patterns, f"{space}{item.namespace}:" if item.namespace else space)
            elif item.name:
                found.add(f"{space}{item.name}")

    walk(get_resolver().url_patterns, "")
    return found


def enter(client: Client, person: User) -> str:
    """Sign in with password and app; return the app's secret."""
    secret = give_app(person)
    sign_in(client, person)
    answer = client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert answer.status_code == 302 and signed_in(client), answer.content.decode()[:400]
    return secret


# The second step


@pytest.mark.fault("S12")
@pytest.mark.parametrize("way", ["is_staff", "is_superuser"])
def test_the_office_without_a_second_step_reaches_only_the_page_that_sets_it_up(client, ann, way):
    User.objects.filter(pk=ann.pk).update(is_staff=way == "is_staff", is_superuser=way == "is_superuser")
    owner = factories.organization()
    sign_in(client, ann)
    for name in ("admin:index", "admin:connections", "admin:hub_user_changelist", "start", "portal:start"):
        for method in (client.get, client.post):
            assert method(reverse(name))["Location"] == reverse("mfa_index"), name
    assert client.get(f"/portal/{owner.pk}/")["Location"] == reverse("mfa_index")
    page = client.get(reverse("mfa_index"))
    assert page.status_code == 200 and "need a second step" in page.content.decode()
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200
    assert client.post(reverse("account_logout")).status_code == 302


@pytest.mark.fault("S12")
def test_setting_an_app_up_is_the_second_step_and_gives_recovery_codes(client, ann):
    sign_in(client, ann)
    address = reverse("mfa_activate_totp")
    secret = client.get(address).context["form"].secret
    assert client.post(address, {"code": "000000"}).status_code == 200
    answer = client.post(address, {"code": code_now(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    codes = client.get(answer["Location"]).context["unused_codes"]
    assert len(codes) == 10 and client.get("/admin/").status_code == 200


@pytest.mark.fault("S12")
def test_a_session_of_before_does_not_profit_from_a_second_step_set_up_elsewhere(client, ann):
    thief = Client()
    sign_in(thief, ann)
    give_app(ann)
    for name in (
        "admin:index",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
    ):
        assert thief.get(reverse(name))["Location"].startswith(reverse("mfa_reauthenticate")), name


@pytest.mark.fault("S12")
def test_clients_are_offered_a_second_step_and_then_asked_for_it(client, carla):
    sign_in(client, carla)
    assert client.get("/", follow=True).status_code == 200
    assert "Set up a second step" in client.get(reverse("account_own")).content.decode()
    give_app(carla)
    client.post(reverse("account_logout"))
    assert sign_in(client, carla)["Location"] == reverse("mfa_authenticate") and not signed_in(client)


@pytest.mark.fault("S14")
def test_a_code_and_a_recovery_code_work_once(client, ann, clock):
    secret = enter(client, ann)
    other = Client()
    sign_in(other, ann)
    assert other.post(reverse("mfa_authenticate"), {"code": code_now(secret)}).status_code == 200 and not signed_in(
        other
    )
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    spare = RecoveryCodes.activate(ann).get_unused_codes()[0]
    assert other.post(reverse("mfa_authenticate"), {"code": spare}).status_code == 302 and signed_in(other)
    third = Client()
    sign_in(third, ann)
    assert third.post(reverse("mfa_authenticate"), {"code": spare}).status_code == 200 and not signed_in(third)


@pytest.mark.fault("S20")
def test_secrets_of_second_steps_are_sealed(ann):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    secret = give_app(ann)
    RecoveryCodes.activate(ann)
    kept = [str(row.data) for row in Authenticator.objects.all()]
    assert all("v1:" in text for text in kept) and secret not in "".join(kept)


@pytest.mark.fault("S23")
def test_second_steps_move_to_a_new_key_and_the_old_one_can_go(ann, settings, capsys):
    import base64

    from allauth.mfa.models import Authenticator
    from allauth.mfa.utils import decrypt
    from django.core.management import call_command

    secret = give_app(ann)
    new = "next:" + base64.b64encode(bytes(range(32))).decode()
    settings.BRIDGE_KEYS = f"{new},{settings.BRIDGE_KEYS}"
    call_command("rotate_keys")
    assert "0 left" in capsys.readouterr().out
    settings.BRIDGE_KEYS = new
    assert decrypt(Authenticator.objects.get().data["secret"]) == secret


@pytest.mark.fault("S51")
def test_the_check_for_production_complains_when_the_second_step_is_off(settings):
    from bridge.hub.checks import fit_for_production

    settings.STAFF_SECOND_STEP = False
    assert "bridge.W005" in [found.id for found in fit_for_production(None)]
    settings.STAFF_SECOND_STEP = True
    assert "bridge.W005" not in [found.id for found in fit_for_production(None)]


def test_the_sign_in_page_says_that_a_demonstration_does_without(client, settings):
    assert "demonstration" not in client.get("/accounts/login/").content.decode()
    settings.STAFF_SECOND_STEP = False
    assert "demonstration" in client.get("/accounts/login/").content.decode()


# Confirming who one is


def test_every_page_the_gate_knows_is_one_there_is():
    assert not (set(gate.SENSITIVE) | gate.BEFORE_SECOND_STEP | gate.SETTING_UP) - names()


@pytest.mark.fault("S12")
def test_sensitive_pages_ask_who_one_is_after_a_while_and_lead_back(client, ann, clock, settings):
    settings.STAFF_SECOND_STEP = False
    account = factories.connection()
    sign_in(client, ann)
    wanted = reverse("admin:connection_forget", args=[account.pk])
    assert client.get(wanted).status_code == 200
    clock.ahead = settings.FRESH_SECONDS + 1
    asked = client.get(wanted)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(wanted)["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(asked["Location"], {"password": "wrong password"}).status_code == 200
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == wanted
    assert client.get(wanted).status_code == 200


@pytest.mark.fault("S12")
def test_a_button_that_only_acts_leads_back_to_its_page_and_does_nothing(client, carla, clock, settings):
    organization = carla.memberships.get().organization
    sign_in(client, carla)
    here = reverse("portal:people", args=[organization.pk])
    clock.ahead = settings.FRESH_SECONDS + 1
    assert client.get(here).status_code == 200
    answer = client.post(
        here, {"email": "x@client.example", "name": "", "role": "manager", "language": "en"},
        headers={"referer": f"http://testserver{here}"},
    )  # fmt: skip
    assert (
        answer["Location"].startswith(reverse("account_reauthenticate"))
        and here.replace("/", "%2F") in answer["Location"]
    )
    assert not User.objects.filter(email="x@client.example").exists() and not mail.outbox


def test_people_without_a_password_confirm_with_a_code_by_mail(client, carla, clock, settings):
    carla.set_unusable_password()
    carla.save()
    client.force_login(carla)
    client.get("/")
    wanted = reverse("mfa_activate_totp")
    clock.ahead = settings.FRESH_SECONDS + 1
    asked = client.get(wanted)["Location"]
    assert asked.startswith(reverse("account_confirm_by_mail"))
    assert client.get(asked).status_code == 200 and not mail.outbox
    client.post(asked, {"send": "yes", "next": wanted})
    code = mail.outbox[-1].body.split("\n\n")[2].strip()
    for wrong in ("AAAAAAAA", ""):
        assert client.post(asked, {"code": wrong, "next": wanted}).status_code == 200
    assert client.get(wanted).status_code == 302
    assert client.post(asked, {"code": code, "next": wanted})["Location"] == wanted
    assert client.get(wanted).status_code == 200


def test_three_wrong_codes_by_mail_end_the_code(client, carla, clock, settings):
    carla.set_unusable_password()
    carla.save()
    client.force_login(carla)
    here = reverse("account_confirm_by_mail")
    client.post(here, {"send": "yes"})
    code = mail.outbox[-1].body.split("\n\n")[2].strip()
    for _ in range(3):
        client.post(here, {"code": "WRONGONE"})
    client.post(here, {"code": code})
    assert sessions.BEGAN in client.session
    clock.ahead = settings.FRESH_SECONDS + 1
    assert client.get(reverse("mfa_activate_totp")).status_code == 302


# Sessions


@pytest.mark.fault("S15")
def test_a_session_is_new_after_sign_in(client, carla):
    client.get("/accounts/login/?next=/portal/")
    session = client.session
    session["kept"] = "x"
    session.save()
    client.cookies["sessionid"] = session.session_key
    before = session.session_key
    sign_in(client, carla)
    assert client.session.session_key != before


@pytest.mark.fault("S15")
def test_the_office_is_signed_out_after_half_an_hour_without_activity_and_clients_are_not(
    client, ann, carla, clock, settings
):
    settings.STAFF_SECOND_STEP = False
    sign_in(client, ann)
    guest = Client()
    sign_in(guest, carla)
    for _ in range(3):  # who works stays in
        clock.ahead += settings.STAFF_IDLE_SECONDS - 30
        assert client.get("/admin/").status_code == 200
    guest.get("/")
    clock.ahead += settings.STAFF_IDLE_SECONDS + 1
    answer = client.get("/admin/connections/?state=paused")
    assert answer["Location"] == "/accounts/login/?next=%2Fadmin%2Fconnections%2F%3Fstate%3Dpaused"
    assert "without activity" in client.get(answer["Location"]).content.decode() and not signed_in(client)
    assert guest.get("/", follow=True).status_code == 200 and signed_in(guest)


@pytest.mark.fault("S15")
def test_what_a_page_fetches_by_itself_keeps_nobody_signed_in(client, ann, clock, settings):
    settings.STAFF_SECOND_STEP = False
    sign_in(client, ann)
    for _ in range(4):
        clock.ahead += settings.STAFF_IDLE_SECONDS / 3
        client.get("/admin/", headers={"sec-fetch-dest": "empty"})
    assert not signed_in(client)


def test_pages_know_when_the_session_ends_and_only_pressing_stays(client, ann, carla, clock, settings):
    settings.STAFF_SECOND_STEP = False
    sign_in(client, ann)
    page = client.get("/admin/").content.decode()
    told = re.search(r'data-seconds="(\d+)"', page)
    assert "Stay signed in" in page and told and abs(int(told.group(1)) - settings.STAFF_IDLE_SECONDS) <= 2
    address = reverse("session_left")
    clock.ahead += 600
    for _ in range(2):  # asking is no activity
        told = client.get(address, headers={"sec-fetch-dest": "empty"}).json()
        assert told["why"] == "idle" and abs(told["seconds"] - (settings.STAFF_IDLE_SECONDS - 600)) <= 1
    assert client.post(address, headers={"sec-fetch-dest": "empty"}).json()["seconds"] >= 1799
    guest = Client()
    assert guest.get(address).json() == {"seconds": 0, "why": ""} == guest.post(address).json()
    sign_in(guest, carla)
    told = guest.get(address).json()
    assert told["why"] == "long" and told["seconds"] > settings.SESSION_LONGEST_SECONDS - 700
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann)
    assert strict.post(address).status_code == 403


def test_who_sends_something_after_the_session_ended_hears_that_it_was_not_carried_out(client, ann, clock, settings):
    settings.STAFF_SECOND_STEP = False
    for method, told in ((client.post, True), (client.get, False)):
        sign_in(client, ann)
        clock.ahead += settings.STAFF_IDLE_SECONDS + 1
        answer = method("/admin/find/", headers={"referer": "http://testserver/admin/find/?q=1"})
        assert answer["Location"].startswith("/accounts/login/?next=%2Fadmin%2Ffind%2F")
        assert ("was not carried out" in client.get(answer["Location"]).content.decode()) == told
    sign_in(client, ann)
    clock.ahead += settings.STAFF_IDLE_SECONDS + 1
    answer = client.post(reverse("session_left"))
    assert "was not carried out" not in client.get(answer["Location"]).content.decode()


@pytest.mark.fault("S15")
def test_nobody_stays_signed_in_longer_than_twelve_hours(client, carla, clock, settings):
    sign_in(client, carla)
    for _ in range(11):
        clock.ahead += 3600
        client.get("/")
        assert signed_in(client)
    clock.ahead += 3601
    client.get("/")
    assert not signed_in(client)


@pytest.mark.fault("S11")
@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"is_staff": False}, {"is_superuser": False}, {"staff_role": "viewer"}, {"password": "x"}],
)
def test_a_changed_role_and_a_switched_off_account_end_sessions_with_the_next_request(client, ann, settings, change):
    settings.STAFF_SECOND_STEP = False
    sign_in(client, ann)
    assert client.get("/admin/").status_code == 200
    before = {name: getattr(ann, name) for name in change}
    User.objects.filter(pk=ann.pk).update(**change)
    assert "/login/" in client.get("/admin/")["Location"] and not signed_in(client)
    User.objects.filter(pk=ann.pk).update(**before)
    assert client.get("/admin/").status_code == 302, "a session came back to life"


@pytest.mark.fault("S11")
def test_who_is_sent_away_by_a_manager_is_out_with_the_next_request(client, carla):
    organization = carla.memberships.get().organization
    zoe = factories.client_person(organization, email="zoe@client.example")
    guest = Client()
    guest.force_login(zoe)
    assert guest.get(f"/portal/{organization.pk}/").status_code == 200
    sign_in(client, carla)
    client.post(reverse("portal:member_remove", args=[organization.pk, zoe.memberships.get().pk]), {"confirmed": "yes"})
    assert guest.get(f"/portal/{organization.pk}/")["Location"].startswith("/accounts/login/")


@pytest.mark.fault("S11")
def test_rights_changed_on_the_staff_page_end_the_sessions_of_that_person_and_a_new_name_does_not(
    client, ann, carla, settings
):
    settings.STAFF_SECOND_STEP = False
    sign_in(client, ann)
    membership = carla.memberships.get()
    guest = Client()
    sign_in(guest, carla)
    form = {
        "email": carla.email, "first_name": "Carla", "last_name": "Nouvelle", "language": "en", "time_zone": "America/Toronto",
        "is_active": "on", "sees_all": "on", "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "1",
        "memberships-MIN_NUM_FORMS": "0", "memberships-MAX_NUM_FORMS": "1000", "memberships-0-id": str(membership.pk),
        "memberships-0-user": str(carla.pk), "memberships-0-organization": str(membership.organization_id),
        "memberships-0-role": "manager",
    }  # fmt: skip
    address = reverse("admin:hub_user_change", args=[carla.pk])
    assert client.post(address, form).status_code == 302
    home = f"/portal/{membership.organization_id}/"
    assert guest.get(home).status_code == 200
    assert client.post(address, {**form, "memberships-0-role": "viewer"}).status_code == 302
    assert guest.get(home)["Location"].startswith("/accounts/login/")


def test_signing_out_everywhere_else_leaves_this_browser_in(client, carla):
    other = Client()
    sign_in(other, carla)
    sign_in(client, carla)
    client.post(reverse("account_everywhere"))
    assert client.get(reverse("account_own")).status_code == 200
    assert other.get(reverse("account_own")).status_code == 302
