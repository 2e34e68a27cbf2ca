"""A client makes this month's report and takes it away as PDF and CSV: in both languages, on a phone and at a desk."""

import csv
import io
import re
import subprocess
from decimal import Decimal

from tests.browser.test_portal_journeys import guest, rooms  # noqa: F401

HEADS = {"en": ("Totals of both sides", "Amount", ","), "fr": ("Totaux des deux côtés", "Montant", ";")}


def even(text: str) -> str:
    return re.sub(r"[\s\u202f\u00a0]+", " ", text)


def test_a_client_makes_this_months_report_with_equal_totals_in_pdf_and_csv(guest, rooms, tmp_path):  # noqa: F811
    walk = guest
    walk.open("reports/")
    walk.stop()
    walk.press("section[aria-labelledby=ask] .button-main")
    for _ in range(120):
        if walk.page.locator("a[href$='/report.pdf']").count():
            break
        walk.page.wait_for_timeout(500)
        walk.page.reload()
    walk.stop()
    kept = {}
    for ending in ("pdf", "csv"):
        with walk.page.expect_download() as told:
            walk.page.locator(f"a[href$='/report.{ending}']").first.click()
        kept[ending] = tmp_path / f"report.{ending}"
        told.value.save_as(kept[ending])
    section, head, delimiter = HEADS[walk.language]
    lines = list(csv.reader(io.StringIO(kept["csv"].read_text(encoding="utf-8-sig")), delimiter=delimiter))
    place = lines[0].index(head)
    totals = [Decimal(line[place].replace(",", ".")) for line in lines if line[0] == section]
    assert len(totals) >= 3 and totals[0] - totals[1] == totals[2]
    paged = subprocess.run(["pdftotext", "-layout", kept["pdf"], "-"], capture_output=True, check=True, timeout=60)
    said = even(paged.stdout.decode())
    for amount in totals:
        digits = f"{abs(amount):,.2f}"
        shown = digits if walk.language == "en" else digits.replace(",", " ").replace(".", ",")
        assert shown in said and shown in even(walk.page.inner_text("main")), shown
    walk.open("reports/")
    walk.stop()
    assert walk.page.locator("table a[href$='/report.xlsx']").count() == 1
