"""Sign-in with an Intuit account, against the stand-in over HTTP: it opens doors that were there, and makes none."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from bridge.hub.models import User
from connectors.sandbox.quickbooks.identity import PEOPLE
from tests import factories
from tests.house import CLIENT, SECRET, Server
from tests.unit.accounts.conftest import give_app, signed_in, with_password

pytestmark = pytest.mark.django_db(transaction=True)
LOGIN = "/accounts/oidc/intuit/login/"


@pytest.fixture(scope="module")
def server():
    """The stand-in."""
    running = Server("empty")
    yield running
    running.close()


@pytest.fixture
def provider(settings, server):
    """An app of one's own, pointed at the stand-in."""
    place = f"{server.url}/quickbooks/.well-known/openid_sandbox_configuration/"
    settings.SIGN_IN_PROVIDER = {"key": "intuit", "name": "Intuit", "origins": [server.url]}
    app = {
        "provider_id": "intuit", "name": "Intuit", "client_id": CLIENT, "secret": SECRET,
        "settings": {"server_url": place, "token_auth_method": "client_secret_basic"},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def come_back(client, person: str = "carla@boreal.example", **changed: str):
    """Press the button, choose an account over there, and follow the way back."""
    leaving = client.post(LOGIN)
    assert leaving.status_code == 302, leaving.content
    chosen = requests.get(
        leaving["Location"], params={"auto": "1", "person": person}, allow_redirects=False, timeout=20
    ).headers["Location"]
    back = {key: values[0] for key, values in parse_qs(urlsplit(chosen).query).items()} | changed
    return client.get(urlsplit(chosen).path, back)


def invited(email: str = "carla@boreal.example") -> User:
    """Somebody of a client under this address."""
    return factories.client_person(factories.organization(), email=email)


def test_an_invited_person_comes_in_under_the_verified_address_and_keeps_the_password(client, provider):
    carla = with_password(invited())
    page = client.get("/accounts/login/").content.decode()
    assert "Sign in with Intuit" in page
    answer = come_back(client)
    assert answer.status_code == 302 and signed_in(client)
    assert int(client.session["_auth_user_id"]) == carla.pk
    carla.refresh_from_db()
    assert carla.has_usable_password(), "the password went"
    assert not SocialAccount.objects.exists(), "something of the other house was kept"


@pytest.mark.parametrize("who", ["nobody@elsewhere.example", next(one.sub for one in PEOPLE if not one.verified)])
def test_nobody_is_made_and_an_address_that_is_not_verified_opens_nothing(client, provider, who):
    invited()
    before = User.objects.count()
    answer = come_back(client, who)
    assert answer.status_code == 302 and answer["Location"] == "/accounts/login/" and not signed_in(client)
    assert User.objects.count() == before
    assert "only invited people come in" in client.get("/accounts/login/").content.decode()


def test_whoever_is_switched_off_stays_outside(client, provider):
    carla = invited()
    carla.is_active = False
    carla.save()
    come_back(client)
    assert not signed_in(client)


@pytest.mark.fault("S12")
def test_the_office_takes_its_second_step_here_too(client, provider):
    ann = factories.staff("ann@bridge.example")
    answer = come_back(client, "ann@bridge.example")
    assert client.get("/admin/")["Location"] == "/accounts/2fa/", answer
    client.post("/accounts/logout/")
    give_app(ann)
    assert come_back(client, "ann@bridge.example")["Location"] == "/accounts/2fa/authenticate/"
    assert not signed_in(client)


@pytest.mark.fault("S28")
def test_a_way_back_nobody_left_for_opens_nothing(client, provider):
    invited()
    assert not signed_in(client)
    come_back(client, state="made-up")
    assert not signed_in(client)


def test_no_account_of_another_address_can_be_tied_to_ones_own(client, provider):
    dan = with_password(invited("dan@northwind.example"))
    client.force_login(dan)
    leaving = client.post(f"{LOGIN}?process=connect")
    chosen = requests.get(
        leaving["Location"], params={"auto": "1", "person": "carla@boreal.example"}, allow_redirects=False, timeout=20
    ).headers["Location"]
    client.get(urlsplit(chosen).path, {key: value[0] for key, value in parse_qs(urlsplit(chosen).query).items()})
    assert not SocialAccount.objects.exists()
    assert not EmailAddress.objects.filter(email="carla@boreal.example").exists()
    assert int(client.session["_auth_user_id"]) == dan.pk


def test_without_an_app_there_is_no_button_and_no_way(client):
    assert "Intuit" not in client.get("/accounts/login/").content.decode()
    assert client.post(LOGIN).status_code == 404


def test_the_stand_in_signs_what_it_says(client, provider, server):
    """The identity token holds against the published key, and not against another audience."""
    import jwt

    base = f"{server.url}/quickbooks"
    found = requests.get(f"{base}/.well-known/openid_configuration/", timeout=20).json()
    asked = {"client_id": CLIENT, "response_type": "code", "scope": "openid email", "redirect_uri": "http://x.example/",
             "state": "s", "auto": "1"}  # fmt: skip
    back = requests.get(found["authorization_endpoint"], params=asked, allow_redirects=False, timeout=20)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://x.example/"}
    told = requests.post(found["token_endpoint"], data=form, auth=(CLIENT, SECRET), timeout=20).json()
    key = jwt.PyJWK(requests.get(found["jwks_uri"], timeout=20).json()["keys"][0])
    claims = jwt.decode(told["id_token"], key, algorithms=["RS256"], audience=CLIENT, issuer=found["issuer"])
    assert claims["sub"] == PEOPLE[0].sub
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(told["id_token"], key, algorithms=["RS256"], audience="another", issuer=found["issuer"])
    again = requests.post(found["token_endpoint"], data=form, auth=(CLIENT, SECRET), timeout=20)
    assert again.status_code == 400, "a code was good twice"
    assert requests.get(found["userinfo_endpoint"], timeout=20).status_code == 401
