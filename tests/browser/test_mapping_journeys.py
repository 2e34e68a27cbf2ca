"""Mapping values in a real browser: what waits is seen, lists come fresh without a reload, a decision lets records go."""

import os
import re

import pytest

from tests import factories
from tests.browser.conftest import rooms_of
from tests.browser.installation import ORGANIZATION, PEOPLE, Installation
from tests.corner_shop import RECIPE, Shop, order

# Both accounts connected and made a pair; the first plan is made by clicking.
_PAIR = f"""
import requests
from urllib.parse import parse_qs, urlsplit
from bridge.hub.models import Membership, Organization, User
from bridge.jobs import connections, integrations
person, client = User.objects.get(email={PEOPLE["en"]!r}), Organization.objects.get(name={ORGANIZATION!r})
books = connections.create(client, "quickbooks", "local_sandbox", person)
answer = requests.get(connections.authorize_url(books, person, "s"), params={{"auto": "1"}}, allow_redirects=False, timeout=20)
back = {{key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}}
books, _ = connections.finish_sign_in(back.pop("state"), back, person, "s")
shop = connections.create(client, "corner_shop", "local_sandbox", person)
connections.sign_in_with_key(shop, "a-key", person)
shop.refresh_from_db()
pair = integrations.create(client, "corner_shop_books", person)
integrations.attach(pair, "left", shop)
integrations.attach(pair, "right", books)
marc = User.objects.create_user("marc@client.example", first_name="Marc", last_name="Fictif", language="fr")
Membership.objects.create(organization=client, user=marc, role="accountant")
print(pair.pk)
"""


class ShopInstallation(Installation):
    """An installation that knows the corner shop, with the pair already connected."""

    def more(self):
        """Return where the shop is: one that lives as long as the installation."""
        self.shop = Shop()
        self.shop.orders = [
            order(1, "card"), order(2, "card"), order(3, "PayPal"), order(4, "card", taxes=()),
            order(5, "PayPal", total="0", taxes=(("TVH", "13"),)),
        ]  # fmt: skip
        return {"DJANGO_SETTINGS_MODULE": "tests.browser.shop_settings", "CORNER_SHOP_URL": self.shop.url}

    def begin(self):
        """Connect both accounts."""
        self.pair = int(self.tell(_PAIR))

    def close(self):
        """End the shop with the rest."""
        super().close()
        self.shop.shutdown()


rooms = rooms_of(ShopInstallation)


def label_of(walk, kind):
    """What a kind is called in the walker's language."""
    return walk.says(next(item.label for item in RECIPE.value_maps if item.kind == kind))


def wait_for_plan(walk):
    """Wait until the run's page says that it is over or waits for a person."""
    walk.page.wait_for_selector("[data-open=no], a[href$='/plan/']", timeout=60_000)


def first_plan(walk, pair):
    """Make the first plan by clicking; nothing is mapped, so nothing goes."""
    walk.go(f"/admin/integrations/{pair}/")
    walk.press("form[action$='/run/'] button")
    wait_for_plan(walk)


def mapping(walk, pair, kind="payment_method"):
    walk.go(f"/admin/integrations/{pair}/mappings/{kind}/")


def row_of(walk, key):
    """The row of one value."""
    return walk.page.locator("table.mapping tbody tr").filter(has=walk.page.locator("th", has_text=key))


@pytest.mark.row("O-24")
def test_a_mapped_value_lets_its_records_go_and_the_others_wait(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    first_plan(walk, pair)
    walk.go("/admin/mappings/")
    walk.stop()
    walk.press(f"a[href='/admin/integrations/{pair}/mappings/payment_method/']")
    walk.stop()
    assert label_of(walk, "payment_method") in walk.main()
    assert row_of(walk, "Credit card").locator("td.num").inner_text().strip() == "3"

    # Fresh lists come without a reload, and what was chosen in the meantime stays.
    walk.page.evaluate("window.stayed = true")
    walk.page.locator("button[hx-post]").click()
    walk.page.wait_for_selector("#values option[value='1']", state="attached")
    assert walk.page.evaluate("window.stayed")
    select = row_of(walk, "Credit card").locator("select")
    select.select_option(
        label=next(text for text in select.locator("option").all_inner_texts() if text.startswith("Visa"))
    )
    chosen = select.input_value()
    walk.page.locator("button[hx-post]").click()
    walk.page.wait_for_function("document.querySelector('#list-told').textContent.includes('0')")
    assert row_of(walk, "Credit card").locator("select").input_value() == chosen
    walk.stop()

    walk.press("button[name=do][value=save].button-main")
    walk.stop()
    assert row_of(walk, "Credit card").locator("select").input_value() == chosen
    again = walk.page.locator("form[action$='/again/'] button")
    assert "3" in again.inner_text()
    walk.press("form[action$='/again/'] button")
    wait_for_plan(walk)
    mapping(walk, pair)
    assert row_of(walk, "Credit card").locator("td.num").inner_text().strip() == "0"
    assert row_of(walk, "PayPal").first.locator("td.num").inner_text().strip() == "1"


@pytest.mark.row("O-37")
def test_suggestions_are_accepted_by_keyboard_and_the_accountant_is_asked(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    mapping(walk, pair, "tax")
    if not walk.page.locator("#values button[value=accept_all]").count():
        walk.page.locator("button[hx-post]").click()
        walk.page.wait_for_selector("#values button[value=accept_all]")
    walk.stop()
    assert {"TPS+TVQ", "TVH", "none"} <= set(walk.page.locator("table.mapping th .mono").all_inner_texts())
    walk.page.locator("#values button[value=accept_all]").focus()
    with walk.page.expect_navigation():
        walk.page.keyboard.press("Enter")
    walk.stop()
    assert row_of(walk, "TPS+TVQ").locator(".badge-ok").count() == 1

    row_of(walk, "none").locator("a[href$='#ask']").click()
    walk.page.wait_for_selector("#ask")
    walk.stop()
    assert "Marc Fictif" in walk.main()
    walk.press("button[value=ask]")
    walk.stop()
    walk.page.locator("#answer").select_option(index=1)
    walk.press("button[value=answer]")
    walk.stop()
    assert walk.page.locator(".page-head .badge-ok").count() == 1


@pytest.mark.row("O-43")
def test_readiness_is_red_until_the_terms_are_accepted(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    walk.go(f"/admin/integrations/{pair}/readiness/")
    walk.stop()
    walk.press("tbody a[href$='/setup/automatic/']")
    walk.stop()
    assert walk.says(RECIPE.terms.paragraphs[0]) in walk.main()
    assert walk.page.locator("section[aria-labelledby=auto] button:disabled").count() == 1
    walk.press("#terms-form button")
    walk.page.wait_for_selector(".error-summary")
    walk.stop()
    walk.page.get_by_role("checkbox").check()
    walk.page.fill("#name", "Carla Fictive")
    walk.press("#terms-form button")
    walk.stop()
    assert "Carla Fictive" in walk.main() and "test-1" in walk.main()


def test_the_month_is_compared_on_any_screen(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    walk.go(f"/admin/integrations/{pair}/reconciliation/?month={factories.today():%Y-%m}")
    walk.stop()
    assert "W-1" in walk.main()
    heads = walk.page.locator("table thead th[scope=col]").all_inner_texts()
    assert {walk.words("Kind"), walk.words("Difference")} <= {head.strip() for head in heads}
    with walk.page.expect_download() as download:
        walk.page.locator("a[href*='what=documents']").click()
    assert re.match(r"bridge-\d+-\d{4}-\d\d-documents\.csv", download.value.suggested_filename)
    if os.environ.get("BRIDGE_PICTURES"):
        pictures(walk, pair)


def pictures(walk, pair):
    """Keep pictures of the pages, wide and narrow, where BRIDGE_PICTURES says."""
    folder = os.environ["BRIDGE_PICTURES"]
    for name, path in (
        ("mappings", f"/admin/integrations/{pair}/mappings/payment_method/"),
        ("taxes", f"/admin/integrations/{pair}/mappings/tax/"),
        ("readiness", f"/admin/integrations/{pair}/readiness/"),
        ("sync", f"/admin/integrations/{pair}/setup/automatic/"),
        ("reconciliation", f"/admin/integrations/{pair}/reconciliation/"),
        ("values", f"/admin/integrations/{pair}/setup/value_maps/"),
    ):
        for width in (1280, 360):
            walk.page.set_viewport_size({"width": width, "height": 900})
            walk.go(path)
            walk.page.screenshot(path=f"{folder}/{name}-{walk.language}-{width}.png", full_page=True)
