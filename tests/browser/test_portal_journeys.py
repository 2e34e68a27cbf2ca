"""Journeys of clients in a real browser, in French and in English: on a phone, with their own login, and nowhere else."""

import pytest

from tests.browser import stops
from tests.browser.conftest import Traveller, rooms_of
from tests.browser.installation import ORGANIZATION, PASSWORD, Installation

CLIENTS = {"en": "carl@client.example", "fr": "carla@client.example"}

RECIPE, TAX = "quickbooks_magento", "CA-QC-TPS"

# The client's people, another client, and a shop whose first run is carried out but for what only the client can say.
_CLIENT = f"""
import sys, time
from bridge import registry
from bridge.hub.models import Change, Connection, Integration, Membership, Organization, User, ValueMap
from bridge.jobs import connections, runs, values
from bridge.jobs.management.commands import demo
ann, client = User.objects.get(email="ann@bridge.example"), Organization.objects.get(name={ORGANIZATION!r})
client.owner = ann
client.save()
for language, email in {CLIENTS!r}.items():
    person = User.objects.create_user(email, {PASSWORD!r}, first_name=email.split("@")[0].title(), last_name="Fictif",
                                      language=language)
    Membership.objects.create(organization=client, user=person, role="manager")
other = Organization.objects.create(name="Dépanneur Wolverine (fictif)")
User.objects.create_user("dan@other.example", {PASSWORD!r}, language="en").memberships.create(organization=other, role="manager")
demo.Command()._pair(client, registry.recipe({RECIPE!r}), first_plan=False)
pair = Integration.objects.get(organization=client)
pair.flows.exclude(entity__in=("contact", "sale", "product")).update(is_on=False)
values.clear(ValueMap.objects.get(integration=pair, kind="tax", source_key={TAX!r}), ann)
run = runs.start(pair, "person", ann, enqueue=False)
end = time.monotonic() + 240
while run.is_open and time.monotonic() < end:
    if run.state == run.State.PLANNED:
        runs.approve(run, ann)
    else:
        runs.work(run.pk)
    run.refresh_from_db()
assert not run.is_open, run.state
row = ValueMap.objects.get(integration=pair, kind="tax", source_key={TAX!r})
held = values.held(pair, "tax", [{TAX!r}]).filter(entity="sale").select_related("source").first()
question = values.ask_accountant(row, ann)
Connection.objects.filter(pk=pair.left_id).update(state="attention", reason_code="CONNECTION-ATTENTION")
books = Connection.objects.get(pk=pair.left_id)
print(client.pk, other.pk, question.pk, books.pk, held.source.number, connections.invitation_url(books))
"""


class PortalInstallation(Installation):
    """An installation with two clients, one of whom has a question to answer and an account to connect again."""

    def begin(self):
        """Carry out the shop's first run."""
        *numbers, self.held, self.link = self.tell(_CLIENT).split()
        self.client, self.other, self.question, self.books = (int(one) for one in numbers)


rooms = rooms_of(PortalInstallation)


class Guest(Traveller):
    """A person of a client."""

    def sign_in(self):
        """Come in by the front door, and land on one's own pages."""
        self.enter(CLIENTS[self.language], "/")
        assert self.path() == f"/portal/{self.rooms.now.client}/", self.page.url

    def open(self, tail=""):
        """Open a page of one's own organization."""
        self.go(f"/portal/{self.rooms.now.client}/{tail}")


@pytest.fixture
def guest(visitor):
    """Carl or Carla, with a phone, signed in."""
    person = visitor(stops.NARROW, Guest)
    person.sign_in()
    return person


def state_of(walk, number):
    """What the pages say of one order: the words of its newest state."""
    walk.open(f"moved/?q={number}")
    row = walk.page.locator(f'tbody tr:has(td[translate=no]:text-is("{number}"))').first
    return row.locator(".badge").inner_text().strip()


@pytest.mark.row("O-33")
def test_a_client_reconnects_by_the_link_with_their_own_login(guest, rooms):
    walk = guest
    assert walk.words("Reconnect needed") in walk_open(walk, "connections/")
    walk.stop()
    walk.page.goto(rooms.now.link)
    walk.stop()
    assert walk.path() == f"/portal/{rooms.now.client}/connections/{rooms.now.books}/connect/"
    walk.press("button[name=by][value=consent]")
    walk.page.wait_for_url("**/quickbooks/connect/oauth2**")
    walk.press("button[value=connect]")
    walk.page.wait_for_url(f"{walk.base}/portal/**")
    walk.stop()
    assert walk.page.locator("main .badge-ok").count() == 2, walk.main()


def walk_open(walk, tail):
    walk.open(tail)
    return walk.main()


def test_a_client_answers_on_a_phone_and_the_held_order_goes(guest, rooms):
    walk, number = guest, rooms.now.held
    assert state_of(walk, number) == walk.words("Waiting")
    walk.open()
    walk.stop()
    walk.page.set_viewport_size(stops.NARROW)
    walk.press(f"main a[href='/portal/{rooms.now.client}/questions/']")
    walk.stop()
    walk.page.set_viewport_size(stops.NARROW)
    assert number in walk.page.locator("main details").first.text_content()
    tap = walk.page.locator("form[action$='/answer/'] button.button-main")
    assert tap.count() == 1 and tap.bounding_box()["height"] >= 24 and "TPS" in tap.inner_text()
    with walk.page.expect_navigation():
        tap.click()
    walk.stop()
    assert walk.page.locator("main .alert-ok").count() == 1 and "TPS" in walk.main()
    for _ in range(90):
        if (now := state_of(walk, number)) == walk.words("Sent"):
            break
        walk.page.wait_for_timeout(500)
    assert now == walk.words("Sent"), walk.main()
    posted = walk.vendors.state("quickbooks")
    assert number in str(posted), "the order is in the books"
    walk.stop()
    walk.open("activity/")
    walk.stop()
    assert "TPS" in walk.main() and CLIENTS[walk.language].split("@")[0].title() in walk.main()


def test_every_page_is_calm_in_any_width_language_and_light(guest, rooms):
    walk = guest
    walk.page.emulate_media(color_scheme="dark")
    for tail in ("", "questions/", "moved/", "differences/", "reports/", "connections/", "people/", "activity/"):
        walk.open(tail)
        walk.stop()
    walk.page.emulate_media(color_scheme="light")
    walk.open(f"connections/{rooms.now.books}/revoke/")
    walk.stop()
    walk.open()
    with walk.page.expect_navigation():
        walk.page.locator(".figure-side a").first.click()
    walk.stop()


def test_another_clients_link_leads_nowhere(guest, rooms):
    walk = guest
    for place in (f"/portal/{rooms.now.other}/", f"/portal/{rooms.now.other}/questions/{rooms.now.question}/",
                  f"/portal/{rooms.now.client}/questions/999999/"):  # fmt: skip
        with walk.page.expect_response(lambda answer, place=place: answer.url.endswith(place)) as told:
            walk.page.goto(walk.base + place)
        assert told.value.status == 404
        assert walk.words("There is nothing here") in walk.main() and "Wolverine" not in walk.page.content()
    walk.noise.clear()  # the browser's own word on the 404


def test_changing_the_language_keeps_the_page_and_what_was_typed(guest, rooms):
    walk = guest
    walk.open("people/")
    walk.page.fill("#email", "marc@client.example")
    walk.page.fill("#name", "Marc Fictif")
    walk.page.check("input[name=role][value=accountant]")
    before = walk.path()
    walk.press("form.language button")
    other = {"fr": "en", "en": "fr"}[walk.language]
    assert walk.path() == before and walk.page.get_attribute("html", "lang") == other
    assert walk.page.input_value("#email") == "marc@client.example" and walk.page.input_value("#name") == "Marc Fictif"
    assert walk.page.is_checked("input[name=role][value=accountant]")
    walk.press("form.language button")
    assert walk.page.get_attribute("html", "lang") == walk.language
    assert walk.page.input_value("#name") == "Marc Fictif"


def test_the_pages_work_without_scripts(chromium, rooms):
    context = chromium.new_context(viewport=stops.NARROW, java_script_enabled=False)
    page = context.new_page()
    page.goto(rooms.now.url + "/")
    page.fill("input[name=login]", CLIENTS[rooms.language])
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form .button-main").first.click()
    page.wait_for_url(f"**/portal/{rooms.now.client}/")
    page.locator(f".portal-menu a[href='/portal/{rooms.now.client}/moved/']").click()
    page.fill("input[name=q]", rooms.now.held)
    page.locator("form[role=search] button").click()
    assert rooms.now.held in page.inner_text("main")
    page.goto(f"{rooms.now.url}/portal/{rooms.now.client}/questions/{rooms.now.question}/")
    if page.locator("main details:has(textarea)").count():
        page.locator("main details:has(textarea) summary").click()
        page.fill("main textarea", "Sans script")
        page.locator("form[action$='/comment/'] button").click()
        assert "Sans script" in page.inner_text("main")
    context.close()
