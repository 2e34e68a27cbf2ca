"""Coming in, in a real browser, in French and in English: second steps, invitations, links, another house's account."""

import re
import time
from functools import partial
from pathlib import Path

import pytest

from tests.browser import stops
from tests.browser.conftest import Traveller, rooms_of
from tests.browser.installation import ORGANIZATION, PASSWORD, PEOPLE, Installation
from tests.house import CLIENT, SECRET

# The people of the client are known over there too, under the same address.
CLIENTS = {"en": "dan@northwind.example", "fr": "carla@boreal.example"}
_CLIENT = f"""
from bridge.hub.models import Membership, Organization, User
client = Organization.objects.get(name={ORGANIZATION!r})
for language, email in {CLIENTS!r}.items():
    person = User.objects.create_user(email, {PASSWORD!r}, first_name=email.split("@")[0].title(), last_name="Fictif",
                                      language=language)
    Membership.objects.create(organization=client, user=person, role="manager")
print(client.pk)
"""


class StrictInstallation(Installation):
    """An installation as a real one: the office takes a second step; people may sign in with an Intuit account."""

    def more(self) -> dict[str, str]:
        """Return how it is strict."""
        return {
            "BRIDGE_STAFF_SECOND_STEP": "1",
            "INTUIT_SIGN_IN_CLIENT_ID": CLIENT,
            "INTUIT_SIGN_IN_CLIENT_SECRET": SECRET,
            "INTUIT_SIGN_IN_DISCOVERY": f"{self.vendors.url}/quickbooks/.well-known/openid_configuration/",
            "PYTHONUNBUFFERED": "1",
        }

    def begin(self) -> None:
        """Let the people of the client in."""
        self.client = int(self.tell(_CLIENT))

    def link(self, email: str, seconds: float = 120) -> str:
        """Return the path of the latest link mailed to somebody: without a mail server, mails are printed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            letters = Path(self._log.name).read_text(encoding="utf-8", errors="replace").split("\nTo: ")
            mine = [text for text in letters if text.startswith(email)]
            found = re.findall(r"https?://[^/\s]+(/accounts/link/\S+)", mine[-1]) if mine else []
            if found:
                return str(found[-1])
            time.sleep(0.2)
        raise AssertionError(f"no link was mailed to {email}")


rooms = rooms_of(StrictInstallation)


@pytest.fixture
def caller(visitor):
    """Make people with a phone, not signed in: `caller()`, or `caller(scripts=False)`."""
    return partial(visitor, stops.NARROW)


def fill_in(person: Traveller, email: str, password: str = PASSWORD) -> None:
    """Fill in the sign-in page and press the button."""
    person.page.fill("input[name=login]", email)
    person.page.fill("input[name=password]", password)
    person.press("main form .button-main")


def code_now(secret: str) -> str:
    """Return what an app would show."""
    import base64
    import hmac
    import struct

    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.mark.row("S-12")
def test_the_office_sets_up_a_second_step_and_comes_in_with_it(caller):
    ann = caller()
    email = PEOPLE[ann.language]
    ann.go("/admin/connections/")
    ann.stop()
    fill_in(ann, email)
    assert ann.path() == "/accounts/2fa/"
    ann.stop()
    ann.go("/admin/")
    assert ann.path() == "/accounts/2fa/"
    ann.press("a.button-main")
    ann.page.click("summary")
    ann.stop()
    secret = ann.page.inner_text("code.secret").strip()
    ann.page.fill("input[name=code]", code_now(secret))
    ann.press("main form .button-main")
    assert ann.path() == "/accounts/2fa/recovery-codes/"
    ann.stop()
    spare = ann.page.inner_text(".codes li:first-child").strip()
    ann.press("main a.button-main")
    assert ann.path() == "/admin/"

    ann.go("/accounts/2fa/")
    ann.stop()
    keys = ann.page.context.new_cdp_session(ann.page)
    keys.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
              "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    ann.go("/accounts/2fa/webauthn/add/")
    ann.stop()
    ann.page.fill("input[name=name]", "Carnet")
    if ann.page.locator("input[name=passwordless]").count():
        ann.page.check("input[name=passwordless]")
    ann.press("#mfa_webauthn_add")
    ann.go("/accounts/2fa/webauthn/")
    assert "Carnet" in ann.main()
    ann.stop()
    ann.go("/accounts/")
    ann.stop()
    ann.press("form[action='/accounts/logout/'] button")

    fill_in(ann, email)
    assert ann.path().startswith("/accounts/2fa/authenticate/")
    ann.stop()
    ann.page.fill("input[name=code]", "000000")
    ann.press("main form .button-main")
    assert ann.page.locator(".errorlist").count() == 1
    ann.stop()
    ann.page.fill("input[name=code]", spare)
    ann.press("main form .button-main")
    assert ann.path() == "/admin/"
    ann.go("/accounts/")
    ann.press("form[action='/accounts/logout/'] button")
    ann.press("#passkey_login")
    ann.page.wait_for_url("**/admin/")


@pytest.mark.row("S-12")
def test_a_client_invites_somebody_who_comes_in_by_links_without_scripts(caller):
    manager = caller()
    manager.go("/accounts/login/")
    fill_in(manager, CLIENTS[manager.language])
    manager.go(f"/portal/{manager.rooms.now.client}/people/")
    new = f"zoe-{manager.language}@client.example"
    manager.page.fill("#email", new)
    manager.page.fill("#name", "Zoé Fictive")
    manager.page.select_option("#language", manager.language)
    manager.press("#invite-form .button-main")
    assert new in manager.main()
    manager.stop()

    zoe = caller()
    zoe.go(manager.rooms.now.link(new))
    zoe.stop()
    zoe.press("main form .button-main")
    assert zoe.path() == f"/portal/{manager.rooms.now.client}/"
    zoe.go("/accounts/")
    zoe.stop()
    used = manager.rooms.now.link(new)

    phone = caller(scripts=False)
    phone.go(used)
    assert phone.page.locator("main form input[name=password1]").count() == 0, "a link was good twice"
    phone.go("/accounts/login/")
    phone.press("a[href^='/accounts/link/']")
    phone.page.fill("input[name=email]", new)
    phone.press("main form .button-main")
    assert phone.path() == "/accounts/link/sent/"
    fresh = used
    end = time.monotonic() + 120
    while fresh == used and time.monotonic() < end:
        fresh = phone.rooms.now.link(new)
    phone.go(fresh)
    phone.press("main form .button-main")
    assert phone.path() == f"/portal/{manager.rooms.now.client}/"


@pytest.mark.row("S-12")
def test_pages_before_sign_in_hold_in_both_languages_and_another_house_opens_the_door(caller):
    guest = caller()
    for path in ("/accounts/login/", "/accounts/link/", "/accounts/link/sent/", "/accounts/password/reset/",
                 "/accounts/password/reset/done/", "/accounts/signup/", "/accounts/inactive/",
                 "/accounts/password/reset/key/done/", "/accounts/3rdparty/login/cancelled/"):  # fmt: skip
        guest.go(path)
        guest.stop()
    guest.go("/accounts/login/")
    other = {"fr": "en", "en": "fr"}[guest.language]
    guest.press("form.language button")
    assert guest.page.get_attribute("html", "lang") == other
    guest.press("form.language button")
    guest.press("form[action*='/oidc/'] button")
    assert guest.page.url.startswith(guest.vendors.url)
    guest.stop(ours=False)
    guest.page.check(f"label:has-text('{CLIENTS[guest.language]}') input >> nth=0")
    guest.press("button.yes")
    assert guest.path() == f"/portal/{guest.rooms.now.client}/"
