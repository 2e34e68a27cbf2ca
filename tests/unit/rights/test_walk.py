"""Every address of the project, with every role, method and form of id: the tables of rights say what comes back.

Routes are read from the URLconf, roles and rights from `bridge.hub.rights`. Another client's address is answered like
one that does not exist, byte for byte.
"""

import re
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse

from bridge import registry
from bridge.hub import rights
from tests import factories
from tests.unit.rights import samples
from tests.unit.rights.routes import Route, all_routes

pytestmark = pytest.mark.django_db

READS, WRITES, OTHERS = ("get", "head"), ("post",), ("put", "patch", "delete")
MISSING, ODD = 10**7, ("-1", "abc", "1%00", "%27", str(10**30))
SHOWN, TAKEN = {200, 302}, {200, 302, 400}
STAFF = [key for key, _label in rights.STAFF_ROLES]

# Pages of libraries and doors that belong to no client: who may come, and the answers they give.
OPEN_PAGES = {"admin:login", "admin:logout", "admin:password_change", "admin:password_change_done", "admin:jsi18n"}
# What is reached with a key of its own instead of a person: it answers without rows of clients.
DOORS = {
    "start", "set_language", "session_left", "see_as_end", "vendor_callback", "vendor_identity", "vendor_activate", "health", "hook",
    "hook_of_connection",
}  # fmt: skip
# The recipe of the sample pair has no guide and no one-time import: its own pages are not there either.
NOT_THERE = {"admin:guide", "admin:guide_make", "admin:imports", "admin:import_run", "admin:import_file"}


def is_account(route: Route) -> bool:
    """Of the sign-in pages: about the person who asks, and nobody else."""
    return route.pattern.startswith("accounts/")


# addresses


def values(route: Route, world: samples.World, form: str) -> dict[str, Any]:
    """Return the arguments of a route: the own rows, or in their place numbers nobody has."""
    found: dict[str, Any] = {}
    for name, converter in route.arguments:
        if samples.is_number(route, name, converter):
            found[name] = MISSING if form == "missing" else world.rows[samples.kind_of(route, name)].pk
        elif converter == "UUIDConverter":
            found[name] = uuid.UUID(int=7) if form == "missing" else world.place.connection.public_id
        else:
            found[name] = samples.word_of(route, name)
    if "topic" in found:
        found["topic"] = registry.recipe(found["recipe"]).help[0].key
    return found


def address(route: Route, told: dict[str, Any]) -> str:
    """Return the address of a route; one without a name is the catch-all of the desk."""
    return "/admin/nothing/here/" if route.name.endswith(":None") else reverse(route.name, kwargs=told)


def numbers(route: Route) -> list[str]:
    return [name for name, kind in route.arguments if samples.is_number(route, name, kind) or kind == "UUIDConverter"]


def odd(route: Route, told: dict[str, Any]) -> list[str]:
    """Return addresses with something else where numbers stand."""
    marked = address(route, {**told, **dict.fromkeys(numbers(route), 987654321)}) if numbers(route) else ""
    return [marked.replace("987654321", form) for form in ODD] if "987654321" in marked else []


def is_of_client(route: Route) -> bool:
    """Tell whether an address names a row of a client."""
    return any(samples.kind_of(route, name) != "vendorapp" if kind != "UUIDConverter" else True
               for name, kind in route.arguments if name in numbers(route))  # fmt: skip


# what the tables promise


def asks(route: Route) -> tuple[str, str]:
    """Return the rights a page of the desk asks for, to open it and to post to it; "" for none."""
    own = route.name.removeprefix("admin:")
    if own in rights.PAGES:
        return rights.PAGES[own].open, rights.PAGES[own].act
    app, model, action = re.fullmatch(r"([a-z]+)_([a-z]+)_([a-z]+)", own).groups()
    row = rights.MODELS[f"{app}.{model}"]
    view, may = (
        f"{app}.view_{model}",
        {"changelist": f"{app}.delete_{model}", "history": ""}.get(action, f"{app}.{action}_{model}"),
    )
    opens = may if action in ("add", "delete") else view
    return opens, may if action in row or action in ("changelist", "history") else "nobody"


def holds(role: str, right: str) -> bool:
    return role == "superuser" or role in rights.roles_with(right) or right == rights.STAFF


def promised(route: Route, role: str, method: str, is_own: bool) -> set[int]:
    """Return the answers a page of the desk may give somebody of the office."""
    opens, acts = asks(route)
    there = (SHOWN | {404} if route.name in NOT_THERE else SHOWN) if is_own else {404}
    if route.is_model:
        there |= refused_anyway(route)
    if method in OTHERS:
        return {405} if holds(role, opens) or route.is_model else {403, 405}
    if not holds(role, opens):
        return {403} | ({404} if route.is_model and (not is_own or not role) else set())  # without a role: no rows
    if method in READS:
        return there | {405}  # what only takes posts says so before it looks
    if route.is_model:
        return there | {400, 403, 405}
    if not acts:
        return {405}
    if not holds(role, acts):
        return {403}
    return there | {400} if is_own else there


def refused_anyway(route: Route) -> set[int]:
    """Return what some models refuse to everybody: read-only lists, people and clients with a history stay."""
    if "_record_" in route.name or route.name.endswith("_delete"):
        return {403}
    return {404} if route.name.endswith("_history") else set()  # looks the row up before it asks who is there


def without_marks(answer: Any) -> str:
    """Return a page without what differs from one request to the next."""
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    plain = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text.decode(errors="replace"))
    plain = re.sub(r'<dialog class="session".*?</dialog>', "", plain, flags=re.DOTALL)  # seconds, and this address
    return re.sub(r'name="next" value="[^"]*"', "", plain)


def ask(browser: Any, method: str, place: str, body: dict[str, str] | None = None) -> Any:
    """Ask, and take back whatever was changed and said."""
    with transaction.atomic():
        answer = getattr(browser, method)(place, {**(body or {}), "confirmed": "yes"} if method == "post" else body)
        answer.seen = without_marks(answer)
        transaction.set_rollback(True)
    browser.cookies.pop("messages", None)
    return answer


# the walk


@pytest.fixture(autouse=True)
def quick(settings):
    """Sessions and what pages keep for a while are kept in memory."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    cache.clear()


@pytest.fixture
def mine():
    """The client of whoever walks."""
    return samples.world("Atelier Inventé", "Ptarmigan")


@pytest.fixture
def theirs():
    """Another client."""
    return samples.world("Dépanneur Inventé", "Wolverine")


@pytest.fixture
def _app(mine, theirs):
    from bridge.hub.models import VendorApp

    app = VendorApp.objects.create(vendor="quickbooks", environment="sandbox", client_id="invented")
    for world in (mine, theirs):
        world.rows["vendorapp"] = app


def desk() -> list[Route]:
    return [route for route in all_routes() if route.is_desk_page or route.is_model or route.name == "admin:index"]


def test_every_route_has_a_sample(mine, _app):
    for route in all_routes():
        if not route.name.endswith(":None"):
            values(route, mine, "own")
        known = route.is_desk or route.name.startswith("portal:") or is_account(route) or route.name in DOORS
        assert known, f"{route.name}: say in tests/unit/rights who may open it"
    assert len(desk()) > 100


class Walk:
    """One person's way through every page of the desk, and what was not as promised."""

    def __init__(self, mine: samples.World, theirs: samples.World, role: str) -> None:
        self.mine, self.theirs, self.role = mine, theirs, role
        person = factories.staff() if role == "superuser" else factories.office(role, mine.place.organization)
        self.browser = samples.signed_in(person)
        self.wrong: list[tuple[str, ...]] = []

    def look(self, route: Route, method: str, told: dict[str, Any], form: str = "own") -> str:
        """Ask for one page; return what came."""
        besides = samples.told_besides(route, method, self.mine) if form == "own" else {}
        answer = ask(self.browser, method, address(route, told), besides)
        if answer.status_code not in promised(route, self.role, method, form == "own"):
            self.wrong.append((route.name, method, form, f"{answer.status_code}"))
        if self.role != "superuser" and self.theirs.secret in answer.seen:
            self.wrong.append((route.name, method, form, "shows the other client"))
        return str(answer.seen)

    def foreign(self, route: Route) -> list[tuple[str, dict[str, Any]]]:
        """Return the arguments that must not be found: nobody's, another client's, and each of those by itself."""
        found = [("missing", values(route, self.mine, "missing"))]
        if self.role == "superuser" or not is_of_client(route):
            return found
        own, other = values(route, self.mine, "own"), values(route, self.theirs, "own")
        single = numbers(route) if len(numbers(route)) > 1 else []
        return [*found, ("theirs", other), *((f"their {name}", {**own, name: other[name]}) for name in single)]

    def route(self, route: Route, own: tuple[str, ...], foreign: tuple[str, ...], odd_too: bool) -> None:
        """Ask for one route in every way."""
        told = values(route, self.mine, "own")
        for method in own:
            self.look(route, method, told)
        if not numbers(route):
            return
        for method in foreign:
            pages = {self.look(route, method, other, form) for form, other in self.foreign(route)}
            if len(pages) > 1:
                self.wrong.append((route.name, method, "another client’s page differs from a missing one"))
        for place in odd(route, told) if odd_too else ():
            answer = ask(self.browser, "get", place)
            if answer.status_code not in (403, 404, 405):
                self.wrong.append((route.name, place, f"{answer.status_code}"))


@pytest.mark.fault("S01")
@pytest.mark.fault("S07")
@pytest.mark.parametrize("role", [*STAFF, "", "superuser"])
def test_the_desk_answers_each_role_as_the_table_says(mine, theirs, _app, role):
    """Whoever may do most tries the other client's ids here; with the slow tests, everybody and every method."""
    walk = Walk(mine, theirs, role)
    most = role in ("owner", "support")
    for route in desk():
        walk.route(route, ("get", "post", "put"), ("get", "post") if most else (), odd_too=role == "owner")
    assert not walk.wrong, "\n".join(map(str, walk.wrong))


@pytest.mark.slow
@pytest.mark.fault("S01")
@pytest.mark.parametrize("role", [*STAFF, "", "superuser"])
def test_the_desk_answers_every_method_and_every_form_of_id(mine, theirs, _app, role):
    walk = Walk(mine, theirs, role)
    methods = (*READS, *WRITES, *OTHERS)
    for route in desk():
        walk.route(route, methods, methods, odd_too=True)
    assert not walk.wrong, "\n".join(map(str, walk.wrong))


@pytest.mark.fault("S01")
@pytest.mark.parametrize("who", ["nobody", "switched off", "viewer", "accountant", "manager"])
def test_who_is_not_of_the_office_reaches_nothing_of_the_desk(mine, _app, who):
    person = None if who == "nobody" else samples.member(mine, who if who in rights.MEMBER_ROLES else "manager")
    browser = samples.signed_in(person)
    if who == "switched off":
        gone = factories.office("owner")
        browser.force_login(gone)
        gone.is_active = False
        gone.save()
    wrong = []
    for route in all_routes():
        if not route.is_desk or route.name in OPEN_PAGES:
            continue
        for method in (*READS, *WRITES, *OTHERS):
            answer = ask(browser, method, address(route, values(route, mine, "own")))
            if answer.status_code not in (302, 403, 404, 405) or mine.secret in answer.seen:
                wrong.append((route.name, method, answer.status_code))
    assert not wrong, "\n".join(str(item) for item in wrong)


@pytest.mark.fault("S01")
@pytest.mark.parametrize("role", [*rights.MEMBER_ROLES, "nobody", "staff"])
def test_the_portal_answers_each_role_as_the_table_says(mine, theirs, role):
    if role == "staff":
        browser = samples.signed_in(factories.office("owner", mine.place.organization))
    else:
        browser = samples.signed_in(None if role == "nobody" else samples.member(mine, role))
    wrong = []
    for route in all_routes():
        name = route.name.removeprefix("portal:")
        if name not in rights.PORTAL:
            continue
        right = rights.PORTAL[name]
        forms = [("own", values(route, mine, "own")), ("missing", values(route, mine, "missing")),
                 ("theirs", values(route, theirs, "own"))]  # fmt: skip
        pages: dict[str, set[str]] = {}
        for form, told in forms:
            for method in (*READS, *WRITES, *OTHERS):
                answer = ask(browser, method, address(route, told))
                if role == "nobody":
                    good = {302}
                elif role == "staff" or form != "own":
                    good = {404}
                elif method in OTHERS or (method == "post" and not right):
                    good = {405}
                elif method == "post" and role not in rights.MEMBERS[right]:
                    good = {403}
                else:
                    good = TAKEN
                if answer.status_code not in good or (theirs.secret in answer.seen):
                    wrong.append((name, method, form, answer.status_code))
                if form != "own":
                    pages.setdefault(method, set()).add(answer.seen)
        wrong += [(name, method, "differs") for method, seen in pages.items() if len(seen) > 1 and role != "nobody"]
    assert not wrong, "\n".join(str(item) for item in wrong)


@pytest.mark.parametrize("who", ["nobody", "manager", "owner"])
def test_doors_and_sign_in_pages_show_no_rows_and_never_break(mine, theirs, who):
    person = {"nobody": lambda: None, "manager": lambda: samples.member(mine, "manager"),
              "owner": lambda: factories.office("owner")}[who]()  # fmt: skip
    wrong = []
    for route in all_routes():
        if not (is_account(route) or route.name in DOORS):
            continue
        told = {
            name: samples.word_of(route, name) if kind != "IntConverter" else theirs.rows["key"].pk
            for name, kind in route.arguments
        }
        browser = samples.signed_in(person)
        for method in (*READS, *WRITES, *OTHERS):
            answer = ask(browser, method, reverse(route.name, kwargs=told))
            if answer.status_code >= 500 or mine.secret in answer.seen or theirs.secret in answer.seen:
                wrong.append((route.name, method, answer.status_code))
    assert not wrong, "\n".join(str(item) for item in wrong)
