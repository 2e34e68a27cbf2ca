"""People who sign in, quickly: passwords cost nothing here, counts live in memory, and links are mailed at once."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from bridge.hub.models import User
from tests import factories

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick(settings):
    """One test's attempts do not count for another's."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture(autouse=True)
def second_step(settings):
    """As in a real installation."""
    settings.STAFF_SECOND_STEP = True


@pytest.fixture
def ann() -> User:
    """Somebody of the office, with a password."""
    return with_password(factories.staff("ann@house.example"))


@pytest.fixture
def carla() -> User:
    """A manager of a client, with a password."""
    person = factories.client_person(factories.organization(name="Atelier Inventé"), email="carla@client.example")
    person.memberships.update(role="manager")
    return with_password(person)


def with_password(person: User) -> User:
    """Give somebody the password of these tests."""
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(client: Client, person: User, password: str = PASSWORD, **more):
    """Send the sign-in form."""
    return client.post("/accounts/login/", {"login": person.email, "password": password, **more})


def signed_in(client: Client) -> bool:
    """Tell whether a page for signed-in people opens."""
    return "_auth_user_id" in client.session


def link_in(message=None) -> str:
    """Return the path of the link in a mail, by default the latest."""
    body = (message or mail.outbox[-1]).body
    found = re.search(r"https?://[^/\s]+(/accounts/\S+)", body)
    assert found, body
    return found.group(1)


def code_now(secret: str, ahead: int = 0) -> str:
    """Return the code an app shows now, or `ahead` half minutes later."""
    from allauth.mfa.totp.internal import auth

    counter = next(iter(auth.yield_hotp_counters_from_time())) + ahead
    return auth.format_hotp_value(auth.hotp_value(secret, counter))


def give_app(person: User) -> str:
    """Set an app up for somebody; return its secret."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret
