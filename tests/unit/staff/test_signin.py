"""Sign-in: one door for all, a language that follows the person, and nothing a browser would run that is not ours."""

import re
import time

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from bridge.hub.models import User
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick(settings):
    """Passwords cost nothing here, and one test's failed attempts do not count for another's."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def ann() -> User:
    """A person of the house with a password."""
    person = factories.staff("ann@house.example")
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(client: Client, password: str = PASSWORD, **more: str):
    return client.post(reverse("account_login"), {"login": "ann@house.example", "password": password, **more})


def test_the_admin_is_reached_only_through_the_accounts_pages(client, ann):
    answer = client.get(reverse("admin:connections"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    answer = client.post("/admin/login/", {"username": "ann@house.example", "password": PASSWORD})
    assert answer.status_code == 302 and "_auth_user_id" not in client.session
    assert sign_in(client)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_after_sign_in_people_land_where_they_wanted_to_go(client, ann):
    wanted = reverse("admin:integrations")
    assert sign_in(client, next=wanted)["Location"] == wanted


def test_an_address_elsewhere_is_not_followed_after_sign_in(client, ann):
    assert sign_in(client, next="https://elsewhere.example/")["Location"] == "/admin/"


def test_a_person_of_a_client_gets_their_own_pages_and_no_staff_page(client):
    owner = factories.organization(name="Quincaillerie Inventée")
    client.force_login(factories.client_person(owner))
    page = client.get("/", follow=True)
    assert page.redirect_chain[-1][0] == f"/portal/{owner.pk}/" and "Quincaillerie Inventée" in page.content.decode()
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/portal/{owner.pk}/"


def test_staff_who_open_the_start_page_go_to_their_desk(client, ann):
    client.force_login(ann)
    assert client.get("/")["Location"] == "/admin/"


def test_nobody_signs_up_alone(client):
    answer = client.post(
        reverse("account_signup"), {"email": "x@x.example", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.status_code in (200, 302) and not User.objects.filter(email="x@x.example").exists()


def test_many_wrong_passwords_lock_the_door_for_a_while(client, ann):
    for _ in range(6):
        answer = sign_in(client, "wrong")
    answer = sign_in(client)
    assert "_auth_user_id" not in client.session, answer.content.decode()[:200]


def test_the_language_switch_keeps_the_page_and_follows_the_person(client, ann):
    client.force_login(ann)
    place = reverse("admin:connections") + "?state=paused"
    answer = client.post(reverse("set_language"), {"language": "fr", "next": place})
    assert answer["Location"] == place
    ann.refresh_from_db()
    assert ann.language == "fr"
    assert '<html lang="fr"' in client.get(place).content.decode()
    other = Client()
    other.force_login(ann)
    assert '<html lang="fr"' in other.get(place).content.decode()


def test_before_sign_in_the_language_stays_in_a_cookie(client):
    client.post(reverse("set_language"), {"language": "fr", "next": reverse("account_login")})
    assert '<html lang="fr"' in client.get(reverse("account_login")).content.decode()


def test_the_language_switch_leads_to_no_other_site_and_takes_no_other_language(client, ann):
    client.force_login(ann)
    answer = client.post(reverse("set_language"), {"language": "xx", "next": "//elsewhere.example/"})
    assert answer["Location"] == "/"
    ann.refresh_from_db()
    assert ann.language == "en"
    assert client.get(reverse("set_language")).status_code == 405


@pytest.mark.parametrize(
    "name", ["account_login", "admin:index", "admin:connections", "admin:hub_organization_changelist"]
)
def test_pages_let_no_inline_script_of_their_own_in(client, ann, name):
    if name != "account_login":
        client.force_login(ann)
    answer = client.get(reverse(name))
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["frame-ancestors"] == "'none'" and policy["form-action"] == "'self'"
    body = answer.content.decode()
    for attributes, inside in re.findall(r"<script([^>]*)>(.*?)</script>", body, re.S):
        assert "src=" in attributes or "application/json" in attributes or not inside.strip(), inside[:80]
    assert not re.search(r"\son(click|load|change|submit)=", body)


def test_an_invitation_goes_out_in_the_language_of_the_person_and_only_after_the_button(client, ann):
    client.force_login(ann)
    paul = factories.client_person(factories.organization(), email="paul@client.example", language="fr")
    address = reverse("admin:invite", args=[paul.pk])
    assert client.get(address).status_code == 200 and not mail.outbox
    client.post(address)
    assert [message.to for message in mail.outbox] == [["paul@client.example"]]
    assert "/accounts/link/" in mail.outbox[0].body


def test_who_may_not_change_people_sends_no_invitation(client):
    viewer = factories.staff("vera@house.example", is_superuser=False)
    client.force_login(viewer)
    paul = factories.client_person(factories.organization())
    assert client.post(reverse("admin:invite", args=[paul.pk])).status_code == 403 and not mail.outbox


def test_what_libraries_keep_for_themselves_is_not_in_the_admin(client, ann):
    client.force_login(ann)
    for app in ("django_q", "account", "mfa", "sessions", "auditlog"):
        assert client.get(f"/admin/{app}/").status_code == 404


def test_a_new_person_has_no_password_until_they_choose_one(client, ann):
    client.force_login(ann)
    form = {
        "email": "New@Client.example", "first_name": "Nour", "last_name": "Inventée", "language": "fr",
        "time_zone": "America/Toronto", "is_active": "on", "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0", "memberships-MIN_NUM_FORMS": "0", "memberships-MAX_NUM_FORMS": "1000",
    }  # fmt: skip
    answer = client.post(reverse("admin:hub_user_add"), form)
    assert answer.status_code == 302, answer.content.decode()[-500:]
    made = User.objects.get(email="new@client.example")
    assert not made.has_usable_password() and not made.is_staff
    answer = client.post(reverse("admin:hub_user_add"), {**form, "email": "NEW@client.example"})
    assert answer.status_code == 200 and User.objects.filter(email__iexact="new@client.example").count() == 1


def test_who_is_no_administrator_hands_out_no_rights(client):
    helper = factories.office("owner", email="sam@house.example")
    client.force_login(helper)
    client.post(
        reverse("admin:hub_user_change", args=[helper.pk]),
        {
            "email": helper.email,
            "language": "en",
            "time_zone": "America/Toronto",
            "is_active": "on",
            "is_superuser": "on",
            "staff_role": "support",
        },
    )
    helper.refresh_from_db()
    assert not helper.is_superuser and helper.staff_role == "owner"


def test_a_second_step_can_be_set_up_and_is_then_asked_for(client, ann, monkeypatch, settings):
    from allauth.mfa.totp.internal import auth as totp

    sign_in(client)
    address = reverse("mfa_activate_totp")
    assert client.get(address).status_code == 200, "who has just signed in is not asked again"
    later = time.time() + settings.FRESH_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    asked = client.get(address)["Location"]
    assert asked.startswith(reverse("account_reauthenticate")), "the password was not asked for again"
    assert client.post(asked, {"password": PASSWORD})["Location"] == address
    page = client.get(address)
    secret = page.context["form"].secret
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    assert client.post(address, {"code": code}).status_code == 302
    client.logout()
    assert sign_in(client)["Location"].startswith(reverse("mfa_authenticate"))
    assert client.get("/admin/").status_code == 302
    assert client.get(reverse("mfa_authenticate")).status_code == 200
