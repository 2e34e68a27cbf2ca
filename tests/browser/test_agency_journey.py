"""Journey 5 in a real browser: a draft stays out, Sent goes, paid follows, and the first paid invoice asks for one
review.
"""

import pytest

from tests.browser.conftest import rooms_of
from tests.browser.installation import ORGANIZATION, PEOPLE, Installation
from tests.browser.test_garage_journey import approve, settled
from tests.sandbox import small_agency as a
from tests.sandbox.small_world import written

# Both accounts connected and made a pair, taxes and accounts mapped; whether reviews are asked for is for the journey.
_PAIR = f"""
from bridge.hub.models import Organization, User
from tests.house import House
from tests.sandbox import small_agency as a
class Home(House):
    def __init__(self):
        self.ann = User.objects.get(email={PEOPLE["en"]!r})
        self.organization = Organization.objects.get(name={ORGANIZATION!r})
print(a.agency_pair(Home(), *a.FLOWS, "review").pk)
"""


class AgencyInstallation(Installation):
    """An installation whose agency has one contact and the draft of one invoice."""

    def begin(self):
        """Furnish it."""
        self.vendors.reset("empty")
        a.furnish(self.vendors)
        self.vendors.load("highlevel", contacts=[a.person(1, a.MAIL)], invoices=[a.bill(1)])
        self.pair = int(self.tell(_PAIR))


rooms = rooms_of(AgencyInstallation)


def run(walk):
    """Press the button to a run, approve what is planned where that is asked for, and look at its end."""
    walk.go(f"/admin/integrations/{walk.rooms.now.pair}/")
    walk.press("form[action$='/run/'] button")
    settled(walk)
    if not walk.page.locator("[data-open=no]").count():
        walk.press("a[href$='/plan/']")
        walk.stop()
        approve(walk)
    walk.stop()


def act(walk, number, button):
    """Open an invoice on the agency's own screen and press a button there."""
    name = a.act(number)["_id"]
    walk.page.goto(f"{walk.vendors.url}/highlevel/app/{a.PLACE}/invoices/{name}")
    walk.stop(ours=False)
    walk.press(f"button[value={button}]")
    assert walk.page.locator("[role=status]").count() == 1, walk.main()


def tagged(walk):
    """Who carries the tag the agency's workflow begins with, and how many calls gave one."""
    who = [one["email"] for one in a.place(walk.vendors)["contacts"] if "bridge-review" in one["tags"]]
    return who, len([call for call in written(walk.vendors, "highlevel") if call.endswith("/tags")])


def look(walk, number):
    """Look for an invoice of the agency by its number and open its page."""
    invoice = next(one for one in a.place(walk.vendors)["invoices"] if one["_id"] == a.act(number)["_id"])
    walk.go(f"/admin/find/?q={invoice['_id']}")
    walk.stop()
    if "/records/" not in walk.path():
        walk.press("tbody tr a[href^='/admin/records/']")
    walk.stop()


@pytest.mark.row("C-07")
@pytest.mark.row("C-19")
def test_a_draft_stays_out_sent_goes_paid_follows_and_the_first_paid_invoice_asks_for_one_review(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    walk.go(f"/admin/integrations/{pair}/setup/settings/")
    walk.stop()
    walk.page.locator("details:has(input[name=reviews]) > summary").click()
    walk.page.check("input[name=reviews]")
    walk.press("#settings .button-main")
    assert walk.page.locator(".error-summary").count() == 0
    walk.go(f"/admin/integrations/{pair}/")
    walk.stop()

    # The draft stays out, and its page says why.
    run(walk)
    assert a.book(walk.vendors, "Invoice") == {}
    look(walk, 1)
    assert {"en": "Excluded: status Draft", "fr": "Exclue : état Brouillon"}[walk.language] in walk.main()

    # Sent, it goes.
    act(walk, 1, "send")
    run(walk)
    (number,) = a.book(walk.vendors, "Invoice")
    assert a.amount(a.book(walk.vendors, "Invoice")[number]["Balance"]) > 0 and tagged(walk) == ([], 0)
    look(walk, 1)
    assert number in walk.main()

    # Paid, the money follows; the books say that the first invoice is paid, and one review is asked for.
    act(walk, 1, "pay")
    run(walk)
    assert a.amount(a.book(walk.vendors, "Invoice")[number]["Balance"]) == 0
    (payment,) = a.book(walk.vendors, "Payment").values()
    assert a.amount(payment["TotalAmt"]) == a.amount(a.place(walk.vendors)["invoices"][0]["total"])
    run(walk)
    assert tagged(walk) == ([a.MAIL], 1)

    # A second paid invoice goes as the first did, and nobody is asked again.
    a.sent(walk.vendors, a.bill(2))
    act(walk, 2, "pay")
    run(walk)
    run(walk)
    balances = [a.amount(one["Balance"]) for one in a.book(walk.vendors, "Invoice").values()]
    assert balances == [0, 0] and tagged(walk) == ([a.MAIL], 1)
