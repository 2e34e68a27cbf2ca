"""Journeys in a real browser: Chromium, an installation per language, and a stop check for every page."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error

from connectors.contract import Text
from tests.browser import stops
from tests.browser.installation import PASSWORD, PEOPLE, Installation, furnish

CHROMIUM = os.environ.get("CHROMIUM") or next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
FLAGS = (
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage",
)  # fmt: skip

WALK = pytest.StashKey["Traveller"]()


def pytest_collection_modifyitems(items):
    """Every test of this folder is a browser test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def pytest_exception_interact(node, call, report):
    """Say where the person stood, and what the page said, when a journey ended badly."""
    walk = node.stash.get(WALK, None)
    if walk is not None and not walk.page.is_closed():
        report.sections.append(("page", f"{walk.page.url}\n{walk.page.inner_text('body')[:3000]}"))


@pytest.fixture(scope="module")
def chromium():
    """One browser. Ended with the module: while it runs, this thread has an event loop, which Django's ORM refuses."""
    if not CHROMIUM:
        reason = "Chromium is not installed: install it or name it in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """Tables and people, made once."""
    folder = tmp_path_factory.mktemp("browser") / "template"
    furnish(folder)
    return folder


class Rooms:
    """The installation the journeys of one language walk through; a spent one is followed by a new one."""

    def __init__(self, template: Path, language: str, kind: type[Installation] = Installation) -> None:
        self.template, self.language, self.kind = template, language, kind
        self.synced = 0  # the number of the integration once it is set up and its first run has ended
        self._number = 0
        self._now: Installation | None = None

    @property
    def now(self) -> Any:
        """The installation, started when first asked for."""
        if self._now is None:
            self._number += 1
            folder = self.template.parent / f"{self.language}{self._number}"
            self._now = self.kind(self.template, folder)
        return self._now

    def spend(self) -> None:
        """End it: the next journey starts in a new one."""
        if self._now is not None:
            self._now.close()
        self._now, self.synced = None, 0


def rooms_of(kind: type[Installation]) -> Any:
    """Make the fixture `rooms` with installations of a kind."""

    @pytest.fixture(scope="module", params=["fr", "en"], name="rooms")
    def made(request, template) -> Iterator[Rooms]:
        """The rooms of one language; all journeys of that language run before those of the other."""
        rooms = Rooms(template, request.param, kind)
        yield rooms
        rooms.spend()

    return made


rooms = rooms_of(Installation)


class Traveller:
    """A person with a browser, in one language."""

    def __init__(self, page, rooms: Rooms) -> None:
        self.page, self.rooms, self.language = page, rooms, rooms.language
        self.base = rooms.now.url
        self.noise: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.noise.append(str(error)))
        page.add_init_script(
            "window.refused = []; addEventListener('securitypolicyviolation', "
            "(event) => refused.push(`${event.violatedDirective} ${event.blockedURI}`));"
        )

    def _hear(self, said) -> None:
        """Keep errors of our own pages; a stand-in without an icon is not ours to mend."""
        where = said.location.get("url", "")
        if said.type == "error" and not where.startswith(self.vendors.url):
            self.noise.append(f"{said.text} ({where})")

    @property
    def vendors(self):
        """The stand-ins of the vendors."""
        return self.rooms.now.vendors

    def words(self, text: str) -> str:
        """An English text of the pages as this person reads it."""
        if self.language == "en":
            return text
        kept = stops.french().get(text)
        found = kept.string if kept is not None else ""
        return (found if isinstance(found, str) else found[0]) or text

    def says(self, text: Text, **values: object) -> str:
        """A two-language text as this person reads it."""
        return text.say(self.language, **values)

    def go(self, path: str) -> None:
        """Open a page of ours. A page that follows a run reloads itself at its end, which may cut this short once."""
        try:
            self.page.goto(self.base + path)
        except Error as error:
            if "ERR_ABORTED" not in error.message:
                raise
            self.page.wait_for_load_state()
            self.page.goto(self.base + path)

    def press(self, what: str) -> None:
        """Press a button or link that leads on, and wait until the next page is there."""
        with self.page.expect_navigation():
            self.page.locator(what).first.click()

    def enter(self, email: str, path: str = "/accounts/login/") -> None:
        """Give one's address and password at the door."""
        self.go(path)
        self.page.fill("input[name=login]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.press("main form .button-main")

    def sign_in(self) -> None:
        """Come in by the front door."""
        self.enter(PEOPLE[self.language], "/")
        assert self.path() == "/admin/", self.page.url

    def path(self) -> str:
        """Where this person is, without the host."""
        return self.page.url.removeprefix(self.base)

    def number(self) -> int:
        """The first number in the address: that of the run, integration or connection."""
        found = re.search(r"/(\d+)/", self.path())
        assert found, self.page.url
        return int(found.group(1))

    def main(self) -> str:
        """The words of the page's main part, white space evened out."""
        return re.sub(r"\s+", " ", self.page.inner_text("main"))

    def stop(self, ours: bool = True) -> None:
        """Look around: everything that must hold of any page holds of this one."""
        try:
            wrong = self._look(ours)
        except Error as error:
            # A page that follows a run reloads itself at its end: look at the new one.
            if "context was destroyed" not in error.message:
                raise
            self.page.wait_for_load_state()
            wrong = self._look(ours)
        assert not wrong, f"{self.page.url}\n" + "\n".join(wrong)

    def _look(self, ours: bool) -> list[str]:
        wrong = [f"console: {text}" for text in self.noise]
        wrong += [f"policy: {text}" for text in self.page.evaluate("() => window.refused || []")]
        wrong += stops.wider_than_the_screen(self.page)
        wrong += stops.axe_findings(self.page)
        if ours:
            spoken = self.page.get_attribute("html", "lang")
            if spoken != self.language:
                wrong.append(f"the page says its language is {spoken}")
            if self.language == "fr":
                wrong += [f"English: {text}" for text in stops.english_in_french(self.page)]
        return wrong


@pytest.fixture
def visitor(request, chromium, rooms) -> Iterator[Callable[..., Any]]:
    """Make people with a browser of their own, not signed in: `visitor()`, `visitor(stops.NARROW, scripts=False)`."""
    made = []

    def come(viewport: Any = stops.WIDE, kind: type[Traveller] = Traveller, scripts: bool = True) -> Traveller:
        locale = {"fr": "fr-CA", "en": "en-CA"}[rooms.language]
        context = chromium.new_context(
            viewport=viewport, locale=locale, timezone_id="America/Toronto", java_script_enabled=scripts
        )
        context.set_default_timeout(20_000)
        made.append(context)
        person = request.node.stash[WALK] = kind(context.new_page(), rooms)
        return person

    yield come
    for context in made:
        context.close()


@pytest.fixture
def traveller(visitor) -> Traveller:
    """Ann or Anne, signed in."""
    person = visitor()
    person.sign_in()
    return person
