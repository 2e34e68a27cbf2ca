"""Guessing passwords, addresses that lead elsewhere, and what the pages before sign-in look like."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from bridge.hub.models import User
from tests.unit.accounts.conftest import PASSWORD, sign_in, signed_in

pytestmark = pytest.mark.django_db

ELSEWHERE = (
    "https://evil.example/", "http://evil.example", "//evil.example", "///evil.example", "////evil.example/x",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "https:evil.example", "https:/evil.example",
    "http:///evil.example", "https://testserver@evil.example", "https://testserver.evil.example", "https://evil.example#testserver",
    "https://evil.example?testserver", "https://evil.example\\@testserver", "//testserver@evil.example", "//evil.example\\@testserver",
    "javascript:alert(1)", "JavaScript:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x",
    "file:///etc/passwd", "ftp://evil.example", "mailto:x@evil.example", "blob:https://evil.example/x",
    "%2f%2fevil.example", "/%2fevil.example/..//evil.example", "https:%2f%2fevil.example", "//%65vil.example", "%0d%0aLocation:%20//evil.example",
    "/\r\nLocation: //evil.example", "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "\x00//evil.example", " //evil.example",
    "https://evil。example", "//evil。example", "//evil．example", "https://ⓔvil.example", "//％65vil.example", "／／evil.example", "〱evil.example",
    "//[::1]/", "//[::ffff:1.2.3.4]", "http://0x7f000001/", "//2130706433/", "//127.0.0.1:81/", "https://[evil.example", "http://testserver:81/",
    "//localhost", "//localhost:9100/", "https://.", "//", "///", "?next=//evil.example&next=/", "//evil.example/%2e%2e", "http://evil.example/\\",
)  # fmt: skip


def inside(answer) -> bool:
    """Tell whether a redirect stays here, as a browser reads it."""
    place = answer.get("Location", "")
    read = re.sub(r"[\t\r\n]", "", place).strip("\x00 ").replace("\\", "/")
    return (
        not read
        or (not read.startswith("//") and re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", read) is None)
        or read.startswith("http://testserver/")
    )


@pytest.mark.fault("S17")
@pytest.mark.parametrize("place", ELSEWHERE)
def test_no_door_leads_elsewhere(client, carla, place):
    assert inside(sign_in(client, carla, next=place)), "sign-in"
    assert inside(client.get(reverse("account_login"), {"next": place})), "sign-in of somebody who is in"
    for name in ("set_language", "account_reauthenticate", "account_confirm_by_mail", "account_logout"):
        answer = client.post(f"{reverse(name)}?next={place}", {"next": place, "language": "fr", "password": PASSWORD})
        assert inside(answer), name
    assert inside(client.get("/admin/login/", {"next": place})), "the admin's door"
    assert inside(client.get("/connect/quickbooks/callback/", {"state": place, "next": place})), (
        "the way back of a vendor"
    )


def guess(client: Client, email: str, place: str = "127.0.0.1", **headers: str):
    """Try a wrong password from an address."""
    return client.post(
        "/accounts/login/", {"login": email, "password": "wrong"}, REMOTE_ADDR=place, headers=headers or None
    )


@pytest.mark.fault("S13")
def test_guessing_from_many_places_does_not_shut_out_the_browser_of_the_person(client, carla, monkeypatch):
    sign_in(client, carla)
    client.post(reverse("account_logout"))
    checked = []
    check = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: checked.append(raw) or check(self, raw))
    stranger = Client()
    for n in range(100):
        guess(stranger, carla.email, f"203.0.113.{n % 50}")
    assert len(checked) == 5, f"{len(checked)} guesses were looked at"
    sign_in(Client(REMOTE_ADDR="198.51.100.9"), carla)
    assert len(checked) == 5, "a strange browser was let try"
    sign_in(client, carla)
    assert signed_in(client), "the person was shut out of a browser of their own"


@pytest.mark.fault("S13")
def test_guessing_in_a_browser_of_the_person_ends_too(client, carla):
    sign_in(client, carla)
    client.post(reverse("account_logout"))
    for _ in range(10):
        guess(client, carla.email)
    sign_in(client, carla)
    assert not signed_in(client)


@pytest.mark.fault("S13")
def test_the_cookie_of_one_person_helps_nobody_guess_at_another(client, carla, ann):
    sign_in(client, carla)
    client.post(reverse("account_logout"))
    for n in range(6):
        guess(client, ann.email, f"203.0.113.{n}")
    sign_in(client, ann)
    assert not signed_in(client)
    client.cookies["known_browser"] = client.cookies["known_browser"].value[:-2] + "xx"
    assert guess(client, carla.email, "203.0.113.99").status_code == 200


@pytest.mark.fault("S13")
def test_one_place_that_tries_many_addresses_is_slowed_and_a_forged_place_does_not_help(client):
    for n in range(12):
        answer = guess(client, f"x{n}@client.example", "203.0.113.7", **{"x-forwarded-for": f"198.51.100.{n}"})
    assert "Too many wrong passwords" in answer.content.decode()


@pytest.mark.fault("S13")
def test_a_wrong_password_and_an_unknown_address_are_answered_alike_and_at_the_same_cost(client, carla, monkeypatch):
    from django.contrib.auth import hashers

    made = []
    hasher = hashers.get_hasher("default")
    encode = type(hasher).encode
    monkeypatch.setattr(
        type(hasher), "encode", lambda self, *args, **more: made.append(1) or encode(self, *args, **more)
    )
    told, costs = [], []
    carla.set_unusable_password()
    for email in (User.objects.create_user("p@client.example", PASSWORD).email, "nobody@elsewhere.example"):
        made.clear()
        answer = guess(Client(), email)
        told.append(re.sub(r'value="[^"]*"', "", answer.content.decode()))
        costs.append(len(made))
    assert told[0] == told[1] and costs[0] == costs[1] == 1
    mails = []
    for email in ("p@client.example", "nobody@elsewhere.example"):
        answer = client.post(reverse("account_reset_password"), {"email": email})
        mails.append((answer.status_code, answer["Location"]))
    assert mails[0] == mails[1] and len(mail.outbox) == 2


def test_nobody_changes_the_address_they_were_invited_under(client, carla):
    sign_in(client, carla)
    for address in (
        "/accounts/email/",
        "/accounts/3rdparty/",
        "/accounts/3rdparty/signup/",
        "/accounts/confirm-email/",
    ):
        assert (
            client.get(address).status_code == 404 and client.post(address, {"email": "x@y.example"}).status_code == 404
        )


def test_a_chosen_language_stays_after_signing_out(client, carla):
    User.objects.filter(pk=carla.pk).update(language="fr")
    sign_in(client, carla)
    client.post(reverse("account_logout"))
    assert '<html lang="fr"' in client.get(reverse("account_login")).content.decode()


@pytest.mark.fault("S15")
def test_cookies_of_sign_in_are_not_for_scripts(client, carla):
    answer = sign_in(client, carla)
    for name in ("sessionid", "known_browser"):
        kept = answer.cookies[name]
        assert kept["httponly"] and kept["samesite"] == "Lax", name


def test_a_new_password_by_mail_signs_out_everywhere_and_works_once(client, carla):
    other = Client()
    sign_in(other, carla)
    client.post(reverse("account_reset_password"), {"email": carla.email})
    address = re.search(r"https?://[^/\s]+(/\S+)", mail.outbox[0].body).group(1)
    form = client.get(address, follow=True).redirect_chain[-1][0]
    chosen = {"password1": "another horse battery", "password2": "another horse battery"}
    assert client.post(form, chosen).status_code == 302
    assert other.get("/")["Location"].startswith("/accounts/login/")
    assert "no longer works" in Client().get(address).content.decode()
    assert sign_in(Client(), carla, "another horse battery").status_code == 302
