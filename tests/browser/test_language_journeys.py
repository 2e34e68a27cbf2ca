"""Changing the language keeps the page and what was typed on it: at the desk, on a client's pages, and before sign-in."""

import pytest

from tests.browser import stops
from tests.browser.conftest import rooms_of
from tests.browser.installation import ORGANIZATION, PASSWORD, PEOPLE, Installation

CLIENTS = {"en": "carl@client.example", "fr": "carla@client.example"}
OTHER = {"fr": "en", "en": "fr"}

_CLIENT = f"""
from bridge.hub.models import Organization, User
client = Organization.objects.get(name={ORGANIZATION!r})
for language, email in {CLIENTS!r}.items():
    person = User.objects.create_user(email, {PASSWORD!r}, first_name=email.split("@")[0].title(), last_name="Fictif",
                                      language=language)
    person.memberships.create(organization=client, role="manager")
print(client.pk)
"""


class ClientInstallation(Installation):
    """An installation with a person of the client."""

    def begin(self):
        """Let them in."""
        self.client = int(self.tell(_CLIENT))


rooms = rooms_of(ClientInstallation)


@pytest.fixture
def passer_by(visitor):
    """Somebody who has not signed in, with a phone."""
    return visitor(stops.NARROW)


def switch(walk, to):
    """Press the switch; the page that comes is the same one, in the other language."""
    here = walk.path()
    with walk.page.expect_navigation():
        walk.page.locator(f"[data-language-form] button[value={to}]").first.click()
    walk.page.wait_for_load_state()
    assert walk.page.get_attribute("html", "lang") == to
    return here


def there_and_back(walk, typed, ticked=(), chosen=()):
    """Type, change the language twice: page and contents stay."""
    for place, text in typed.items():
        walk.page.fill(place, text)
    for place in ticked:
        walk.page.check(place)
    for place, value in dict(chosen).items():
        walk.page.select_option(place, value)
    for language in (OTHER[walk.language], walk.language):
        here = switch(walk, language)
        assert walk.path() == here
        for place, text in typed.items():
            assert walk.page.input_value(place) == text, place
        for place in ticked:
            assert walk.page.is_checked(place), place
        for place, value in dict(chosen).items():
            assert walk.page.input_value(place) == value, place


def test_pages_of_sign_in_keep_what_was_typed_but_never_a_password(passer_by):
    walk = passer_by
    walk.go("/accounts/login/?next=/portal/")
    walk.page.fill("input[name=password]", "half-typed")
    there_and_back(walk, {"input[name=login]": "carla@client.example"})
    assert walk.page.input_value("input[name=password]") == ""
    assert walk.page.evaluate("() => Object.values(sessionStorage).join()").find("half-typed") == -1
    walk.go("/accounts/link/")
    there_and_back(walk, {"input[name=email]": "carla@client.example"})


def test_a_refused_sign_in_stays_on_its_page_with_the_address_given(passer_by):
    walk = passer_by
    walk.go("/accounts/login/")
    walk.page.fill("input[name=login]", CLIENTS[walk.language])
    walk.page.fill("input[name=password]", "not the right one")
    walk.press("main form .button-main")
    here = switch(walk, OTHER[walk.language])
    assert walk.path() == here == "/accounts/login/"
    assert walk.page.input_value("input[name=login]") == CLIENTS[walk.language]


def test_pages_of_a_client_keep_forms_and_what_was_searched(passer_by, rooms):
    walk = passer_by
    walk.enter(CLIENTS[rooms.language])
    walk.go(f"/portal/{rooms.now.client}/people/")
    there_and_back(
        walk, {"#email": "new@client.example", "#name": "Zoé Inventée"}, ticked=["input[name=role][value=accountant]"],
        chosen={"select#language": "en"},
    )  # fmt: skip
    walk.page.fill("#email", CLIENTS[OTHER[rooms.language]])
    walk.press("#invite-form .button-main")
    switch(walk, OTHER[walk.language])
    switch(walk, walk.language)
    walk.go(f"/portal/{rooms.now.client}/moved/?q=12")
    there_and_back(walk, {"main input[name=q]": "1 234,50"})
    assert walk.path().endswith("/moved/?q=12")
    # The key of an app for codes is the one that was shown, whatever the language.
    walk.go("/accounts/2fa/totp/activate/")
    if "reauthenticate" in walk.path():
        walk.page.fill("input[name=password]", PASSWORD)
        walk.press("main form .button-main")
    key = walk.page.locator("code.secret").first.text_content()
    switch(walk, OTHER[walk.language])
    assert walk.page.locator("code.secret").first.text_content() == key != ""


def test_pages_of_the_desk_keep_forms_of_ours_and_of_the_admin(passer_by, rooms):
    walk = passer_by
    walk.page.set_viewport_size(stops.WIDE)
    walk.enter(PEOPLE[rooms.language])
    walk.go("/admin/find/?q=nobody")
    there_and_back(walk, {"#q": "émile"})
    assert walk.path() == "/admin/find/?q=nobody"
    walk.go(f"/admin/hub/organization/{rooms.now.client}/change/")
    there_and_back(walk, {"input[name=name]": "Nom pas encore enregistré"}, chosen={"select[name=language]": "en"})
    walk.page.fill("input[name=name]", "")
    walk.page.evaluate("() => document.querySelector('main form').noValidate = true")
    walk.page.fill("input[name=time_zone]", "Nowhere/Invented")
    with walk.page.expect_navigation():
        walk.page.evaluate("() => document.querySelector('main form#organization_form').requestSubmit()")
    assert switch(walk, OTHER[walk.language]) == walk.path()
    assert walk.page.input_value("input[name=time_zone]") == "Nowhere/Invented", "the answer to a refused form too"
