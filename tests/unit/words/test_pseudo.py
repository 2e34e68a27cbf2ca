"""Every page of the desk, of clients and of sign-in, read in a language nobody speaks: no text was left unmarked."""

import pytest
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext_lazy

from connectors.contract import Text
from tests import factories
from tests.unit.rights import samples
from tests.unit.rights.routes import all_routes
from tests.unit.rights.test_walk import DOORS, address, is_account, values
from tests.unit.words import pseudo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(settings):
    """Sessions and what pages keep for a while are kept in memory."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"


@pytest.fixture
def mine():
    """A client with everything."""
    from bridge.hub.models import VendorApp

    made = samples.world("Atelier Inventé", "Ptarmigan")
    made.rows["vendorapp"] = VendorApp.objects.create(
        vendor="quickbooks", environment="vendor_sandbox", client_id="invented"
    )
    return made


def look(browser, routes, world):
    """Open every address; return how many were pages, and what they say outside the brackets."""
    known, wrong, seen = pseudo.data(), [], 0
    for route in routes:
        answer = browser.get(address(route, values(route, world, "own")))
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            seen += 1
            told = pseudo.ledger() + known if route.name == "admin:audit" else known
            wrong += [f"{route.name}: {text}" for text in pseudo.unmarked(answer.content.decode(), told)]
    return seen, wrong


def test_every_page_of_the_desk_says_nothing_unmarked(mine, monkeypatch):
    routes = [route for route in all_routes() if route.is_desk and not route.name.endswith(("logout", "jsi18n"))]
    browser = samples.signed_in(factories.staff())
    pseudo.bracketed(monkeypatch)
    seen, wrong = look(browser, routes, mine)
    assert seen >= 75
    assert not wrong, "\n".join(dict.fromkeys(wrong))


def test_every_page_of_a_client_says_nothing_unmarked(mine, monkeypatch):
    routes = [route for route in all_routes() if route.name.startswith("portal:")]
    browser = samples.signed_in(samples.member(mine, "manager"))
    pseudo.bracketed(monkeypatch)
    seen, wrong = look(browser, routes, mine)
    assert seen >= 10
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["nobody", "manager"])
def test_every_page_of_sign_in_says_nothing_unmarked(mine, monkeypatch, who):
    routes = [route for route in all_routes() if is_account(route) or route.name in DOORS - {"hook_of_connection"}]
    person = None if who == "nobody" else samples.member(mine, "manager")
    if person:
        person.set_password("one-of-a-kind-words")
        person.save()
    pseudo.bracketed(monkeypatch)
    wrong, seen = [], 0
    for route in routes:
        found, texts = look(samples.signed_in(person), [route], mine)
        seen += found
        wrong += texts
    assert seen >= 5
    assert not wrong, "\n".join(wrong)


LAZY, IN_CONTEXT = gettext_lazy("Save"), pgettext_lazy("month", "May")


def test_twin_every_way_to_say_something_is_in_brackets_and_everything_else_is_found(monkeypatch):
    pseudo.bracketed(monkeypatch)
    marked = [
        gettext("Save"),
        str(LAZY),
        str(IN_CONTEXT),
        ngettext("%s day", "%s days", 2) % 2,
        Text("A b", "A").say("en"),
    ]
    assert all(text.startswith("⟦") and text.endswith("⟧") for text in marked), marked
    page = f'<p title="{marked[0]}">{marked[1]} <span translate="no">The End</span> Jane Invented 21 Nov 2026, 14:05 EST</p>'
    assert pseudo.unmarked(page, ["Jane Invented"]) == []
    for left in (
        "<p>Hard coded</p>", '<a title="Hard coded">⟦x⟧</a>', '<a aria-label="Hard coded">⟦x⟧</a>',
        '<input placeholder="Hard coded">', '<img alt="Hard coded">', '<input type="submit" value="Hard coded">',
        "<title>⟦x⟧ Hard coded</title>", "<p>⟦with <b>bold</b>⟧ coded</p>",
    ):  # fmt: skip
        assert len(pseudo.unmarked(page + left, ["Jane Invented"])) == 1, left
