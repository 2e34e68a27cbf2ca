"""Before a session ends by itself people are warned, and what they typed outlasts it; the switch warns without scripts."""

import pytest

from tests.browser import stops
from tests.browser.conftest import rooms_of
from tests.browser.installation import PASSWORD, PEOPLE
from tests.browser.test_language_journeys import CLIENTS, ClientInstallation

IDLE = 30 * 60

rooms = rooms_of(ClientInstallation)


@pytest.fixture
def passer_by(visitor):
    """Somebody who has not signed in, with a phone."""
    return visitor(stops.NARROW)


def answers(walk, seconds, why="idle"):
    """Let the server say that so many seconds are left; return what pages asked of it."""
    asked = []

    def told(route):
        asked.append(route.request.method)
        left = IDLE if route.request.method == "POST" else seconds
        route.fulfill(json={"seconds": left, "why": why})

    walk.page.route("**/session/", told)
    return asked


def test_a_warning_three_minutes_before_and_staying_keeps_the_page_as_it_is(passer_by, rooms):
    walk = passer_by
    walk.enter(PEOPLE[rooms.language])
    walk.page.clock.install()
    asked = answers(walk, 170)
    walk.go("/admin/find/")
    walk.page.fill("#q", "émile")
    warning = walk.page.get_by_role("alertdialog")
    assert not warning.is_visible()
    walk.page.clock.fast_forward("26:00")
    assert not warning.is_visible() and not asked
    walk.page.clock.fast_forward("01:10")
    warning.wait_for()
    stay = warning.get_by_role("button", name=walk.words("Stay signed in"))
    assert walk.words("Are you still there?") in warning.inner_text() and asked == ["GET"]
    assert stay.evaluate("(item) => item === document.activeElement")
    walk.stop()
    walk.page.keyboard.press("Enter")
    warning.wait_for(state="hidden")
    assert asked == ["GET", "POST"] and walk.page.input_value("#q") == "émile"
    assert walk.page.evaluate("() => document.activeElement.id") == "q"
    walk.page.clock.fast_forward("27:10")
    warning.wait_for()
    walk.page.keyboard.press("Escape")
    warning.wait_for(state="hidden")


def test_who_is_busy_in_another_tab_is_not_warned(passer_by, rooms):
    walk = passer_by
    walk.enter(PEOPLE[rooms.language])
    walk.page.clock.install()
    asked = answers(walk, IDLE - 60)
    walk.go("/admin/find/")
    walk.page.clock.fast_forward("27:30")
    walk.page.wait_for_timeout(300)
    assert asked == ["GET"] and not walk.page.get_by_role("alertdialog").is_visible()


def test_what_was_typed_is_back_after_signing_in_again_and_never_for_somebody_else(passer_by, rooms):
    walk = passer_by
    walk.page.clock.install()
    for back in (CLIENTS[rooms.language], CLIENTS["en" if rooms.language == "fr" else "fr"]):
        walk.enter(CLIENTS[rooms.language])
        walk.go(f"/portal/{rooms.now.client}/people/")
        walk.page.fill("#email", "new@client.example")
        walk.page.fill("#name", "Zoé Inventée")
        walk.page.context.clear_cookies()
        walk.page.clock.fast_forward("12:00:00")
        over = walk.page.get_by_role("alertdialog")
        over.wait_for()
        assert walk.words("You are signed out") in over.inner_text()
        walk.stop()
        walk.press("[data-session-part=over] a")
        assert walk.path() == f"/accounts/login/?next=/portal/{rooms.now.client}/people/"
        walk.page.fill("input[name=login]", back)
        walk.page.fill("input[name=password]", PASSWORD)
        walk.press("main form .button-main")
        assert walk.path() == f"/portal/{rooms.now.client}/people/"
        mine = back == CLIENTS[rooms.language]
        assert walk.page.input_value("#name") == ("Zoé Inventée" if mine else "")
        assert walk.page.locator("[data-typed-back]").is_visible() == mine
        if mine:
            walk.stop()
        walk.page.context.clear_cookies()


@pytest.fixture
def without_scripts(visitor):
    """Somebody whose browser runs no scripts."""
    return visitor(stops.NARROW, scripts=False)


def test_without_scripts_the_language_switch_warns_where_something_can_be_typed(without_scripts, rooms):
    walk = without_scripts
    walk.enter(CLIENTS[rooms.language])
    warning = walk.page.locator(".language-warning")  # what stands in noscript has no text to look for
    walk.go(f"/portal/{rooms.now.client}/people/")
    words = walk.words("Switching empties unsent fields:")
    assert warning.is_visible() and warning.inner_text() == words
    assert not walk.page.locator("dialog").is_visible()
    walk.go(f"/portal/{rooms.now.client}/activity/")
    assert not warning.is_visible()
