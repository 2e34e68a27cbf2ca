"""What a page shows fits what a person may do: no button and no link that would only be refused."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from bridge.hub import rights
from tests import factories
from tests.unit.rights import samples
from tests.unit.rights.routes import Route, all_routes
from tests.unit.rights.test_walk import _app, address, ask, asks, desk, holds, mine, quick, theirs, values  # noqa: F401

pytestmark = pytest.mark.django_db
STAFF = [key for key, _label in rights.STAFF_ROLES]
BY_NAME = {route.name: route for route in all_routes()}


class Offers(HTMLParser):
    """The links and the forms with a button of one page."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self.here, self.links, self.posts = here, set[str](), set[str]()
        self._form: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and found.get("href", "").startswith("/"):
            self.links.add(urlsplit(found["href"]).path)
        if tag == "form":
            is_post = found.get("method", "").lower() == "post"
            self._form = (urlsplit(found.get("action", "")).path or self.here) if is_post else None
        if tag == "button" and found.get("type", "submit") == "submit" and "disabled" not in found:
            place = urlsplit(found.get("formaction", "")).path or self._form
            if place:
                self.posts.add(place)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def route_of(place: str) -> Route | None:
    """Return the page of the desk an address leads to; None for anything else."""
    try:
        found = BY_NAME.get(resolve(place).view_name)
    except Resolver404:
        return None
    return found if found is not None and found in desk() else None


def offered(browser: Any, route: Route, world: samples.World) -> Offers | None:
    told = samples.told_besides(route, "get", world)
    place = address(route, values(route, world, "own"))
    answer = ask(browser, "get", place, told)
    if answer.status_code != 200 or "html" not in answer["Content-Type"]:
        return None
    found = Offers(place)
    found.feed(answer.seen)
    return found


@pytest.mark.fault("S07")
@pytest.mark.parametrize("role", STAFF)
def test_no_page_offers_what_the_role_may_not_do(mine, _app, role):  # noqa: F811
    browser = samples.signed_in(factories.office(role, mine.place.organization))
    wrong, links, posts = set(), 0, 0
    for route in desk():
        if not holds(role, asks(route)[0]):
            continue
        found = offered(browser, route, mine)
        if found is None:
            continue
        for place in found.links:
            leads = route_of(place)
            if leads is not None:
                links += 1
                if not holds(role, asks(leads)[0]):
                    wrong.add((route.name, "leads to", leads.name))
        for place in found.posts:
            leads = route_of(place)
            if leads is not None:
                posts += 1
                if not holds(role, asks(leads)[1]):
                    wrong.add((route.name, "has a button for", leads.name))
    assert not wrong, "\n".join(str(item) for item in sorted(wrong))
    assert links > 20 and (posts > 5 or role in ("viewer", "support"))
