"""Journey 3 in a real browser: recommended sets in one click, an OR filter edited while its counts follow, one record
in and one out. With the books and the CRM of the stand-ins, in the demo world.
"""

import re

import pytest

from connectors.recipes.quickbooks_hubspot import RECIPE
from tests.browser import stops
from tests.browser.conftest import rooms_of
from tests.browser.installation import ORGANIZATION, PEOPLE, Installation

# Both accounts connected and made a pair; the rest is done by clicking.
_PAIR = f"""
import requests
from urllib.parse import parse_qs, urlsplit
from bridge.hub.models import Organization, User
from bridge.jobs import connections, integrations
person, client = User.objects.get(email={PEOPLE["en"]!r}), Organization.objects.get(name={ORGANIZATION!r})
def connect(vendor):
    made = connections.create(client, vendor, "local_sandbox", person)
    url = connections.authorize_url(made, person, "s")
    answer = requests.get(url, params={{"auto": "1"}}, allow_redirects=False, timeout=20)
    back = {{key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}}
    return connections.finish_sign_in(back.pop("state"), back, person, "s")[0]
books, crm = connect("quickbooks"), connect("hubspot")
pair = integrations.create(client, {RECIPE.key!r}, person)
integrations.attach(pair, "left", books)
integrations.attach(pair, "right", crm)
assert not integrations.save_settings(pair, {{}}, person)
print(pair.pk)
"""


class PairInstallation(Installation):
    """An installation with the pair already connected."""

    def begin(self):
        """Furnish it."""
        self.pair = int(self.tell(_PAIR))


rooms = rooms_of(PairInstallation)


def page(walk, *parts):
    return f"/admin/integrations/{walk.rooms.now.pair}/setup/flows/" + "".join(f"{part}/" for part in parts)


def counts(walk):
    """How many go and stay, as the page says."""
    words = walk.page.locator("[data-filter-count] .badge").all_inner_texts()
    found = [int(number[0]) for text in words if (number := re.search(r"\d+", text))]
    assert len(found) >= 2, words
    return tuple(found[:2])


def counts_other_than(walk, before):
    """Wait until the counts are others, as they are while one edits."""
    for _ in range(100):
        walk.page.wait_for_timeout(100)
        if (now := counts(walk)) != before:
            return now
    raise AssertionError(f"the counts stay {before}")


def written(walk):
    """Calls that change records over there; asking is done by POST too."""
    return [
        f"{call['method']} {call['path']}"
        for call in walk.vendors.calls("hubspot")
        if "/objects/" in call["path"] and call["method"] != "GET" and not call["path"].endswith(("/search", "/read"))
    ]


def use(walk, entity):
    """Read what the recommended set of a flow will set, and use it."""
    walk.go(page(walk, entity))
    walk.stop()
    preset = RECIPE.flow(entity).presets[0]
    told = walk.page.inner_text(".set")
    assert walk.says(preset.label) in told
    direction = {"both": "Both ways between %(left)s and %(right)s", "right": "From %(source)s to %(target)s"}
    assert walk.words(direction[preset.direction]).partition("%")[0].strip() in told
    if preset.from_today:
        assert (
            walk.words("%(day)s, today where the client is: documents dated before stay out").rpartition(")s")[2]
            in told
        )
    walk.press(f'button[name=do][value="preset:{preset.key}"]')
    assert walk.words("In use") in walk.page.inner_text(".set")
    walk.stop()


@pytest.mark.row("H-13")
@pytest.mark.row("H-24")
def test_recommended_sets_are_applied_and_an_or_filter_is_edited_while_counts_follow(traveller, chromium):
    walk = traveller
    walk.go(page(walk))
    walk.stop()
    for entity in ("contact", "product", "sale"):
        use(walk, entity)

    # The first plan reads both accounts; nothing is written.
    walk.go(f"/admin/integrations/{walk.rooms.now.pair}/")
    walk.press(f'form[action$="/integrations/{walk.rooms.now.pair}/run/"] button')
    walk.page.wait_for_url("**/admin/runs/*/**")
    walk.page.wait_for_selector('[data-phase="planned"]', timeout=120_000)
    assert written(walk) == [], "a plan is only a plan"

    walk.go(page(walk, "contact", "filter"))
    assert walk.page.locator(".tabs a").count() == 2
    assert counts(walk)[1] == 0, "every customer goes"
    walk.press(".tabs a:not([aria-current])")
    walk.stop()
    first = counts(walk)
    assert first[0] > 0 and first[1] > 0, "H-24: some go, some stay"
    value = 'input[name="value:0.0.0"]'
    assert walk.page.input_value(value) == "hubspot"
    assert walk.page.locator('datalist[id="values-sales.source"] option').count() >= 2
    inside = walk.page.locator("[data-filter-count] .grid > div").nth(0).locator("li").first.inner_text().strip()
    outside = walk.page.locator("[data-filter-count] .grid > div").nth(1).locator("ul.stack > li").first
    out_name = outside.locator("> span").inner_text().strip()
    assert walk.words("Does not hold:").rstrip(" :\u00a0") in outside.inner_text()

    # The counts follow while one edits; nothing is stored.
    walk.page.fill(value, "nowhere")
    without = counts_other_than(walk, first)
    assert without[0] < first[0] and sum(without) == sum(first)
    assert walk.words("Not saved yet") in walk.page.inner_text("[data-filter-count]")
    walk.page.fill(value, "hubspot")
    assert counts_other_than(walk, without) == first
    walk.page.select_option('select[name="kind:0"]', "all")
    both = counts_other_than(walk, first)
    assert both[0] < min(first[0], without[0]) + 1, "AND lets fewer through than OR"
    walk.stop()

    # One record in, one out, each with the condition that says so.
    walk.page.select_option('select[name="kind:0"]', "any")
    counts_other_than(walk, both)
    for name, words in ((inside, "goes."), (out_name, "stays.")):
        walk.page.fill("input[name=probe]", name)
        walk.press('button[name=do][value="probe"]')
        told = walk.page.inner_text("[data-filter-count] .alert")
        assert name in told and walk.words(words) in told
    walk.stop()

    # A condition more by buttons, saved.
    walk.press('button[name=do][value="add:0.1"]')
    walk.page.select_option('select[name="field:0.1.1"]', "email")
    walk.page.select_option('select[name="test:0.1.1"]', "known")
    walk.press('button[name=do][value="save"]')
    saved = counts(walk)
    assert saved[0] <= first[0]
    assert walk.words("Filter saved. The next run plans everything anew by it.") in walk.main()
    assert walk.page.input_value('select[name="field:0.1.1"]') == "email"
    walk.stop()
    without_scripts(walk, chromium)


def without_scripts(walk, chromium):
    """The same editor in a browser that runs no script: the buttons count."""
    state = walk.page.context.storage_state()
    context = chromium.new_context(viewport=stops.NARROW, java_script_enabled=False, storage_state=state)
    bare = context.new_page()
    bare.goto(walk.base + page(walk, "contact", "filter", "back"))
    before = bare.locator("[data-filter-count] .badge").all_inner_texts()
    bare.fill('input[name="value:0.0.0"]', "nowhere")
    bare.click('button[name=do][value="count"]')
    after = bare.locator("[data-filter-count] .badge").all_inner_texts()
    assert before != after and bare.input_value('input[name="value:0.0.0"]') == "nowhere"
    context.close()
