"""Journey 4 in a real browser: five steps with two missing items, and a held invoice released once it is mapped."""

import pytest

from tests.browser.conftest import rooms_of
from tests.browser.installation import ORGANIZATION, PEOPLE, Installation
from tests.browser.test_journeys import confirm
from tests.sandbox import small_garage as g

# Both accounts connected and made a pair, taxes and clearing accounts mapped; the rest is for the journey.
_PAIR = f"""
import requests
from urllib.parse import parse_qs, urlsplit
from bridge.hub.models import Organization, User
from bridge.jobs import connections, integrations, values
from tests.house import House
from tests.sandbox import small_garage as g
class Home(House):
    def __init__(self):
        self.ann = User.objects.get(email={PEOPLE["en"]!r})
        self.organization = Organization.objects.get(name={ORGANIZATION!r})
home = Home()
pair = g.pair(home, {{"income_account": "7"}}, mapped=False)
home.map("payment_method", **dict.fromkeys(g.METHODS, "5"))
home.map("tax", **{{"GST 5%+PST 9.975%": "1", "none": "4"}})
print(pair.pk)
"""


class GarageInstallation(Installation):
    """An installation whose garage has two invoices, and books without items for tires and EPA."""

    def begin(self):
        """Furnish it."""
        self.vendors.reset("empty")
        g.items(self.vendors, "tire", "epa")
        self.vendors.load("shopmonkey", customers=[g.customer(1)])
        g.work(self.vendors, g.order(1001), g.order(1002, {"name": "Pneus", "tires": [g.TIRE]}))
        self.pair = int(self.tell(_PAIR))


rooms = rooms_of(GarageInstallation)


def settled(walk):
    """Wait until the run's page says that it is over or waits for a person."""
    walk.page.wait_for_selector("[data-open=no], a[href$='/plan/']", timeout=60_000)


def approve(walk):
    """Approve the plan that is open, and wait for its end."""
    walk.press("button[name=do][value=approve].button-main")
    confirm(walk)
    walk.page.wait_for_selector("[data-open=no]", timeout=60_000)


def documents(walk):
    """The numbers of the invoices in the books."""
    return {row["DocNumber"] for row in g.books(walk.vendors, "Invoice")}


@pytest.mark.row("S-04")
@pytest.mark.row("S-09")
@pytest.mark.row("S-18")
@pytest.mark.row("S-20")
def test_five_steps_two_missing_items_and_a_held_invoice_that_goes_once_it_is_mapped(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    walk.go(f"/admin/integrations/{pair}/")
    walk.stop()
    walk.press("a[href$='/guide/#step-items']")
    walk.stop()
    assert walk.page.locator("section.card[id^=step-]").count() == 5
    missing = walk.page.locator("#step-items tbody tr").filter(has_text=walk.words("Missing"))
    assert missing.count() == 2

    # What is missing is planned, approved and made.
    walk.press("#step-items form button")
    walk.stop()
    assert "Shopmonkey Tire" in walk.main() and "Shopmonkey EPA" in walk.main()
    approve(walk)
    walk.stop()
    walk.go(f"/admin/integrations/{pair}/guide/")
    assert walk.page.locator("#step-items .badge-ok").count() >= 1
    assert not walk.page.locator("#step-items form").count()

    # Every kind has its suggestion; all but tires are accepted, one by one.
    walk.press("#step-map a.button")
    walk.stop()
    rows = walk.page.locator("table.mapping tbody tr")
    assert rows.count() == 7
    for kind in ("labor", "part", "subcontract", "fee", "shop_supplies", "epa"):
        row = rows.filter(has=walk.page.locator("th .mono", has_text=kind)).first
        with walk.page.expect_navigation():
            row.locator("button[value^='accept:']").click()
    walk.stop()

    # The first plan: one invoice goes, the one with tires waits and says for what.
    walk.go(f"/admin/integrations/{pair}/")
    walk.press("form[action$='/run/'] button")
    settled(walk)
    walk.press("a[href$='/plan/']")
    approve(walk)
    assert documents(walk) == {"1001"}
    walk.press("a[href*='LINE-TIRE-UNMAPPED']")
    walk.stop()
    told = {"en": "Map Tire to an item.", "fr": "Associez «\u00a0Pneu\u00a0» à un article."}
    assert told[walk.language] in walk.page.inner_text("main")

    # Mapped, it goes.
    walk.go(f"/admin/integrations/{pair}/mappings/line_kind/")
    row = walk.page.locator("table.mapping tbody tr").filter(has=walk.page.locator("th .mono", has_text="tire")).first
    with walk.page.expect_navigation():
        row.locator("button[value^='accept:']").click()
    walk.stop()
    walk.press("form[action$='/again/'] button")
    walk.page.wait_for_selector("[data-open=no], a[href$='/plan/'].button-main", timeout=60_000)
    if walk.page.locator("a[href$='/plan/'].button-main").count():
        walk.press("a[href$='/plan/'].button-main")
        approve(walk)
    assert documents(walk) == {"1001", "1002"}
    walk.go(f"/admin/integrations/{pair}/guide/")
    walk.stop()
    assert walk.page.locator("#step-map h2 .badge-ok").count() == 1
    walk.go(f"/admin/integrations/{pair}/imports/")
    walk.stop()
