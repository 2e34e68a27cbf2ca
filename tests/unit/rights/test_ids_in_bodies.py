"""Numbers in forms and query strings: every one swapped for another client's changes and shows nothing of that client."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.db import transaction

from bridge.hub.models import Organization
from tests import factories
from tests.unit.rights import samples
from tests.unit.rights.routes import all_routes
from tests.unit.rights.test_walk import (  # noqa: F401
    _app,
    address,
    ask,
    desk,
    mine,
    quick,
    theirs,
    values,
    without_marks,
)

pytestmark = pytest.mark.django_db
# Numbers that name no row.
PLAIN = {"csrfmiddlewaretoken", "page", "_save", "_continue", "_addanother"}
QUERIES = ("organization", "integration", "connection", "account", "run", "person", "question", "owner__id__exact",
           "change", "pair", "record", "left", "right", "q", "client")  # fmt: skip


class Forms(HTMLParser):
    """The forms of a page: where each posts to, and its fields with a value, those that hold a number apart."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self.here, self.forms = here, list[tuple[str, dict[str, str], set[str]]]()
        self._select = ""
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = told.get("method", "").lower() == "post"
            if self._open:
                self.forms.append((urlsplit(told.get("action", "")).path or self.here, {}, set()))
        if not self._open or not self.forms:
            return
        _place, fields, numbers = self.forms[-1]
        name, value = told.get("name", ""), told.get("value", "")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and value:
            fields.setdefault(self._select, value)
            if value.isdecimal():
                numbers.add(self._select)
        if tag in ("input", "button") and name and name not in PLAIN:
            fields.setdefault(name, value)
            if value.isdecimal():
                numbers.add(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        if tag == "select":
            self._select = ""


def belongings(of: Organization) -> dict[str, Any]:
    """Return all rows of a client, table by table."""
    found = {}
    for model in apps.get_app_config("hub").get_models():
        path = getattr(model._default_manager.all(), "path", None)
        if path is not None:
            found[model._meta.object_name] = list(
                model._default_manager.filter(**{path or "pk": of.pk}).order_by("pk").values_list()
            )
    return found


def swapped(browser: Any, routes: Any, mine: Any, theirs: Any) -> tuple[int, list[Any]]:  # noqa: F811
    """Post every form of these pages with each of its numbers swapped for each of the other client's."""
    before, tried, wrong = belongings(theirs.place.organization), 0, []
    hostile = sorted({row.pk for kind, row in theirs.rows.items() if kind != "vendorapp"})
    seen = set()
    for route in routes:
        page = ask(browser, "get", address(route, values(route, mine, "own")), samples.told_besides(route, "get", mine))
        if page.status_code != 200:
            continue
        forms = Forms(address(route, values(route, mine, "own")))
        forms.feed(page.seen)
        for place, fields, numbers in forms.forms:
            for name in sorted(numbers):
                if (place, name) in seen or not place.startswith(("/admin/", "/portal/")):
                    continue
                seen.add((place, name))
                for number in hostile:
                    tried += 1
                    with transaction.atomic():
                        answer = browser.post(place, {**fields, name: number, "confirmed": "yes"})
                        shows = theirs.secret in without_marks(answer)
                        changed = belongings(theirs.place.organization) != before
                        transaction.set_rollback(True)
                    browser.cookies.pop("messages", None)
                    if shows or changed or answer.status_code >= 500:
                        wrong.append((route.name, place, name, shows, changed, answer.status_code))
                        break
    return tried, wrong


@pytest.mark.fault("S02")
def test_no_number_in_a_form_of_the_desk_reaches_another_client(mine, theirs, _app):  # noqa: F811
    browser = samples.signed_in(factories.office("owner", mine.place.organization))
    tried, wrong = swapped(browser, desk(), mine, theirs)
    assert not wrong, "\n".join(map(str, wrong))
    assert tried > 100


@pytest.mark.fault("S02")
def test_no_number_in_a_form_of_the_portal_reaches_another_client(mine, theirs):  # noqa: F811
    browser = samples.signed_in(samples.member(mine, "manager"))
    portal = [route for route in all_routes() if route.name.startswith("portal:")]
    tried, wrong = swapped(browser, portal, mine, theirs)
    assert not wrong, "\n".join(map(str, wrong))
    assert tried > 10


@pytest.mark.fault("S02")
@pytest.mark.parametrize("who", ["owner", "manager"])
@pytest.mark.parametrize("way", ["together", pytest.param("one by one", marks=pytest.mark.slow)])
def test_no_number_in_a_query_string_shows_another_client(mine, theirs, _app, who, way):  # noqa: F811
    if who == "owner":
        browser = samples.signed_in(factories.office("owner", mine.place.organization))
        routes = desk()
    else:
        browser = samples.signed_in(samples.member(mine, "manager"))
        routes = [route for route in all_routes() if route.name.startswith("portal:")]
    hostile = {name: str(theirs.rows.get(name, theirs.place.organization).pk) for name in QUERIES if name != "q"}
    queries = [hostile]
    if way == "one by one":
        queries += [{name: number} for name, number in hostile.items()]
    queries += [{"q": theirs.secret}, {"integration": str(theirs.rows["shop"].pk)}, {"o": "-1.2", "page": "999"}]
    wrong = []
    for route in routes:
        place = address(route, values(route, mine, "own"))
        for query in queries:
            answer = ask(browser, "get", place, {**samples.told_besides(route, "get", mine), **query})
            page = answer.seen.replace(f'value="{theirs.secret}"', "").replace(f"“{theirs.secret}”", "")
            if answer.status_code >= 500 or (theirs.secret in page and "q" not in query):
                wrong.append((route.name, query, answer.status_code))
            if "q" in query and any(f"{word} {theirs.secret}" in page for word in ("Joan", "Jane", "Held", "Books")):
                wrong.append((route.name, query, "found the other client"))
    assert not wrong, "\n".join(map(str, wrong))
