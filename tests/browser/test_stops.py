"""What is looked at on every stop of a journey catches what it should."""

import pytest

from tests.browser import stops

GOOD = """<!doctype html><html lang="fr"><head><title>Aujourd’hui</title></head><body><main><h1>Aujourd’hui</h1>
<p>Rien n’attend. <span translate="no">The End of the Road</span> <span lang="en">The vendor’s own words</span></p>%s</main></body></html>"""


@pytest.fixture
def page(chromium):
    """An empty page."""
    found = chromium.new_page()
    yield found
    found.close()


def test_a_good_page_passes(page):
    page.set_content(GOOD % "")
    assert stops.english_in_french(page) == []
    assert stops.axe_findings(page) == []
    assert stops.wider_than_the_screen(page) == []


@pytest.mark.parametrize(
    "left",
    [
        "<p>Simulators</p>",
        "<p>Run #12</p>",
        '<button aria-label="Disconnect now">x</button>',
        "<p>This record of the vendor</p>",
        "<p>One or two, which is for you</p>",
    ],
)
def test_english_left_on_a_french_page_is_found(page, left):
    page.set_content(GOOD % left)
    assert len(stops.english_in_french(page)) == 1


def test_a_picture_without_words_is_found(page):
    page.set_content(GOOD % '<img src="data:,">')
    assert [item.split()[0] for item in stops.axe_findings(page)] == ["image-alt"]


def test_a_page_that_scrolls_sideways_on_a_phone_is_found_but_a_table_in_its_own_region_is_not(page):
    page.set_content(GOOD % '<div style="overflow-x: auto"><p style="width: 900px">large</p></div>')
    assert stops.wider_than_the_screen(page) == []
    page.set_content(GOOD % '<p style="width: 900px">large</p>')
    assert [item.split(" it is")[0] for item in stops.wider_than_the_screen(page)] == ["at 360 px"]
