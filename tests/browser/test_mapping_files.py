"""Mappings out to a spreadsheet and back, in a real browser: three bad rows, mended, confirmed, taken back."""

import csv
import io

from tests.browser.conftest import rooms_of
from tests.browser.installation import PASSWORD
from tests.browser.test_mapping_journeys import ShopInstallation, first_plan, mapping
from tests.tools import spreadsheets

SUPPORT = {"en": "sam@bridge.example", "fr": "samuelle@bridge.example"}
_SUPPORT = f"""
from bridge.hub.models import User
for language, email in {SUPPORT!r}.items():
    User.objects.create_user(
        email, {PASSWORD!r}, is_staff=True, staff_role="support", first_name="Sam", language=language
    )
"""


class FileInstallation(ShopInstallation):
    """An installation with the shop, and people of support."""

    def begin(self):
        """Connect both accounts, and let support in."""
        super().begin()
        self.tell(_SUPPORT)


rooms = rooms_of(FileInstallation)


def exported(walk, pair, what="values"):
    """The rows of an export as a person's spreadsheet opens it."""
    with walk.page.expect_download() as download:
        walk.page.locator(f"a[href$='what={what}&format=csv']").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";" if walk.language == "fr" else ","))


def uploaded(walk, pair, rows, name):
    """Upload a workbook with these rows and wait until it is checked."""
    walk.go(f"/admin/integrations/{pair}/files/")
    walk.page.select_option("#what", "values")
    walk.page.set_input_files(
        "#file", {"name": name, "mimeType": "application/zip", "buffer": spreadsheets.book_bytes(rows)}
    )
    walk.press("form[enctype] button")
    settled(walk)


def settled(walk):
    """Wait until nobody works on the file any more."""
    for _ in range(60):
        if not walk.page.locator("[data-open=yes]").count() and not walk.page.locator("[data-live]").count():
            return
        walk.page.wait_for_timeout(500)
        walk.page.reload()
    raise AssertionError(walk.main())


def test_a_workbook_with_three_bad_rows_is_mended_confirmed_and_taken_back(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    first_plan(walk, pair)
    for kind in ("payment_method", "tax"):
        mapping(walk, pair, kind)
        walk.page.locator("button[hx-post]").click()
        walk.page.wait_for_selector("#values option[value='1'], #choices option", state="attached")
    walk.press(f"a[href='/admin/integrations/{pair}/files/']")
    walk.stop()
    before = exported(walk, pair)
    heads, rows = before[0], [list(row) for row in before[1:]]
    taxes = [row for row in rows if row[0] == "tax"]
    choices = {row[4] for row in taxes if row[4]}
    assert len(taxes) >= 3 and choices
    good = sorted(choices)[0]
    for row in taxes:
        row[4], row[5] = "nowhere", ""
    extra = ["tax", "", "new", "", good, *[""] * (len(heads) - 5)]
    uploaded(walk, pair, [heads, *rows, extra], "taxes.xlsx")
    walk.stop()
    bad = walk.page.locator("table.preview .badge-bad").count()
    assert bad == len(taxes)
    assert walk.page.locator("button[name=rows][value=all]").count() == 0
    with walk.page.expect_download() as download:
        walk.page.locator("a[href$='/rejected/']").click()
    assert download.value.path().read_text(encoding="utf-8-sig").count("nowhere") >= bad

    for row in taxes:
        row[4] = good
    uploaded(walk, pair, [heads, *rows, extra], "taxes-2.xlsx")
    assert walk.page.locator("table.preview .badge-bad").count() == 0
    walk.page.set_viewport_size({"width": 360, "height": 800})
    walk.stop()
    walk.press("button[name=rows][value=all]")
    settled(walk)
    walk.stop()
    walk.go(f"/admin/integrations/{pair}/files/")
    walk.stop()
    walk.page.set_viewport_size({"width": 1280, "height": 800})
    assert {row[4] for row in exported(walk, pair)[1:] if row[0] == "tax"} == {good}
    walk.press("table a[href*='/admin/files/']")
    walk.press("form[action$='/return/'] button")
    settled(walk)
    walk.stop()
    walk.go(f"/admin/integrations/{pair}/files/")
    assert exported(walk, pair) == before


def test_a_file_of_unknown_letters_is_asked_about(traveller, rooms):
    walk, pair = traveller, rooms.now.pair
    walk.go(f"/admin/integrations/{pair}/files/")
    content = "Genre;ID de la valeur;Devient\r\ntax;TPS;Détaxé à l'export\r\n".encode("cp1252")
    walk.page.select_option("#what", "values")
    walk.page.set_input_files("#file", {"name": "accents.csv", "mimeType": "text/csv", "buffer": content})
    walk.press("form[enctype] button")
    settled(walk)
    walk.stop()
    assert "Détaxé à l'export" in walk.main()
    walk.press("form[action$='/encoding/'] button")
    settled(walk)
    walk.stop()
    assert walk.page.locator("table.preview .badge-bad").count() == 1


def test_support_moves_mappings_and_sees_no_other_button(visitor, rooms):
    pair, walk = rooms.now.pair, visitor()
    walk.enter(SUPPORT[walk.language], "/accounts/login/?next=/admin/files/")
    assert walk.path() == "/admin/files/"
    walk.stop()
    walk.press(f"main a[href='/admin/integrations/{pair}/files/']")
    walk.stop()
    assert exported(walk, pair)
    leads = {link.get_attribute("href").split("?")[0] for link in walk.page.locator("main a[href^='/admin/']").all()}
    assert all("/files/" in one for one in leads), leads
    for path in (f"/admin/integrations/{pair}/", f"/admin/integrations/{pair}/mappings/tax/", "/admin/hub/user/"):
        assert walk.page.request.get(walk.base + path).status in (403, 404)
