"""Journey 16: somebody of support finds a held order by its amount and reads why; retrying is for who may."""

import re

import pytest

from tests.browser import stops
from tests.browser.conftest import rooms_of
from tests.browser.installation import ORGANIZATION, PASSWORD, PEOPLE, Installation

SUPPORT = {"en": "sam@bridge.example", "fr": "samuelle@bridge.example"}
AMOUNTS = {"en": "$1,234.50", "fr": "1\u202f234,50\u00a0$"}

_HELD = f"""
from decimal import Decimal
from bridge.hub.models import Organization, User
from tests import factories
client = Organization.objects.get(name={ORGANIZATION!r})
for language, email in {SUPPORT!r}.items():
    person = factories.office("support", client, email=email, first_name="Sam", last_name="Fictif", language=language)
    person.set_password({PASSWORD!r})
    person.save()
pair = factories.integration(client, recipe="quickbooks_magento", right=factories.connection(client, "magento"))
order = factories.record(pair.right, "orders", name="B-1001", number="B-1001", amount=Decimal("1234.50"), currency="CAD")
factories.change(factories.run(pair, state="held"), source=order, entity="sale", state="held", code="TAX-UNMAPPED",
                 params={{"key": "TPS", "map": "tax"}}, title="B-1001", amount=Decimal("1234.50"), currency="CAD")
factories.record(factories.connection(vendor="magento"), "orders", name="W-1", number="W-1", amount=Decimal("1234.50"))
print(order.pk)
"""


class FindInstallation(Installation):
    """An installation with people of support, an order that waits, and one of a client they do not look after."""

    def begin(self):
        """Let them in."""
        self.order = int(self.tell(_HELD))


rooms = rooms_of(FindInstallation)


@pytest.fixture
def comer(visitor):
    """Somebody who has not signed in yet."""
    return visitor()


def buttons(walk):
    """The words of everything in the main part that acts."""
    found = walk.page.locator("main form[method=post] button, main a.button[href*='admin'], main button.button-danger")
    return [re.sub(r"\s+", " ", text).strip() for text in found.all_inner_texts() if text.strip()]


def test_support_finds_by_amount_opens_why_and_sees_no_other_button(comer, rooms):
    walk = comer
    walk.enter(SUPPORT[walk.language])
    walk.go("/admin/find/")
    walk.page.set_viewport_size(stops.NARROW)
    walk.page.fill("#q", AMOUNTS[walk.language])
    walk.press("form[role=search] button")
    assert "W-1" not in walk.main(), "another client's order of the same amount"
    assert walk.words("Held") in walk.main() and walk.page.locator("tbody tr").count() == 1
    walk.stop()
    walk.press(f"tbody a[href='/admin/records/{rooms.now.order}/']")
    assert walk.path() == f"/admin/records/{rooms.now.order}/"
    walk.stop()
    assert walk.page.locator("main").inner_text().count("1234") or "234" in walk.main()
    assert buttons(walk) == [], "support explains; it does not act"
    assert walk.page.locator(f"form[action$='/records/{rooms.now.order}/retry/']").count() == 0


def test_who_may_retries_where_the_record_was_found(comer, rooms):
    walk = comer
    walk.enter(PEOPLE[walk.language])
    walk.go("/admin/find/?q=B-1001")
    walk.press(f"tbody a[href='/admin/records/{rooms.now.order}/']")
    assert walk.words("Retry") in buttons(walk)
    walk.press(f"form[action$='/records/{rooms.now.order}/retry/'] button")
    assert walk.page.locator("main .alert").count() >= 1, "what came of it is said"
    walk.stop()
