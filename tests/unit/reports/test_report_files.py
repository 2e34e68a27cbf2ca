"""The figures of a report, and its files: the same totals in page, PDF, CSV and workbook, in both languages."""

import csv
import io
import re
import subprocess
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pikepdf
import pytest
from django.utils import translation

from bridge.hub import formats, pdf
from bridge.hub.models import Change
from bridge.jobs import reports_files, reports_tables
from bridge.jobs.reports_data import from_content, to_content
from tests.unit.reports.conftest import NOON, paper

pytestmark = pytest.mark.django_db


def text_of(content: bytes, tmp_path) -> str:
    """The words of a PDF, spaces evened out."""
    place = tmp_path / "report.pdf"
    place.write_bytes(content)
    told = subprocess.run(["pdftotext", "-layout", place, "-"], capture_output=True, check=True, timeout=60)
    return re.sub(r"[\s\u202f\u00a0]+", " ", told.stdout.decode())


def lines_of(content: bytes, language: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";" if language == "fr" else ","))


def test_the_figures_are_those_of_the_records(books):
    told = books.told()
    (pair,) = told.pairs
    (sides,) = pair.sides
    assert (sides.currency, sides.left_count, sides.left) == ("CAD", 3, Decimal("1384.50"))
    assert (sides.right_count, sides.right, sides.difference) == (2, Decimal("1324.50"), Decimal("60.00"))
    assert pair.unexplained == {} and sum(one.amount for one in pair.differing) == sides.difference
    assert {(one.number, one.amount) for one in pair.differing} == {("2", Decimal("10.00")), ("3", Decimal("50.00"))}
    moved = {one.kind.en: one for one in pair.moved}
    assert sum(one.added for one in pair.moved) == 2 and told.added == 2 and told.changed == 1
    assert [one.amounts for one in moved.values() if one.added] == [{"CAD": Decimal("1334.50")}]
    assert sum(one.recognized for one in pair.moved) == 1
    assert {one.why.fr for one in pair.differing if one.number == "2"} == {"Les deux totaux diffèrent de 10,00\xa0$."}
    (cause,) = pair.causes
    assert (cause.count, cause.amounts, cause.who) == (1, {"CAD": Decimal(50)}, "office")
    assert "taxes" in cause.words.en and "taxes" in cause.words.fr and cause.words.en != cause.words.fr
    assert told.minutes_saved == 2 * 3 + 1


def test_what_happened_outside_the_period_is_not_told(books):
    Change.objects.filter(state="done").update(settled_at=NOON - timedelta(days=30))
    late = paper(books.pair, "left", "9", "7", date=date(2026, 12, 1))
    (pair,) = books.told().pairs
    assert pair.moved == () and late.number not in {one.number for one in pair.differing}
    assert pair.sides[0].left == Decimal("1384.50")


def test_days_are_those_of_the_client(books):
    """30 November, 23:30 in Toronto, is 1 December in UTC."""
    from datetime import UTC, datetime

    Change.objects.filter(state="done").update(settled_at=datetime(2026, 12, 1, 4, 30, tzinfo=UTC))
    assert books.told().added == 2
    Change.objects.filter(state="done").update(settled_at=datetime(2026, 12, 1, 5, 30, tzinfo=UTC))
    assert books.told().added == 0


def test_what_was_undone_counts_as_undone_only(books):
    Change.objects.filter(title="Order 1").update(state="undone")
    (pair,) = books.told().pairs
    assert sum(one.added for one in pair.moved) == 1 and sum(one.undone for one in pair.moved) == 1


def test_a_pair_never_read_to_the_end_is_not_compared(books):
    books.pair.last_good_at = None
    books.pair.save()
    told = books.told()
    assert told.pairs[0].sides == () and told.as_of is None
    with translation.override("en"):
        said = reports_tables.paper(told)
        assert said.tone == "info" and "nothing to compare yet" in said.standing


def test_a_report_survives_being_kept(books):
    told = books.told()
    assert from_content(to_content(told)) == told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_pdf_csv_and_workbook_have_equal_totals(books, language, tmp_path):
    told = books.told()
    with translation.override(language):
        paged = text_of(reports_files.as_pdf(told), tmp_path)
        lines = lines_of(reports_files.as_csv(told), language)
        book = openpyxl.load_workbook(io.BytesIO(reports_files.as_xlsx(told)))
        heads = lines[0]
        amount = heads.index({"en": "Amount", "fr": "Montant"}[language])
        totals = [line for line in lines if line[0] == lines[1][0]]
        assert len(totals) == 3
        said = [Decimal(line[amount].replace(",", ".")) for line in totals]
        assert said == [Decimal("1384.50"), Decimal("1324.50"), Decimal("60.00")]
        for value in said:
            assert re.sub(r"[\u202f\u00a0]", " ", formats.money(value, "CAD")) in paged
        sheet = book.worksheets[1]
        assert [row[3].value for row in sheet.iter_rows(min_row=2)] == [1384.5, 1324.5, 60]
        assert all(isinstance(row[3].value, int | float) for row in sheet.iter_rows(min_row=2))
    assert {"en": "$1,384.50", "fr": "1 384,50 $"}[language] in paged


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pdf_is_tagged_titled_and_says_its_language(books, language):
    with translation.override(language):
        content = reports_files.as_pdf(books.told())
    with pikepdf.open(io.BytesIO(content)) as found:
        assert str(found.Root.Lang) == {"en": "en-CA", "fr": "fr-CA"}[language]
        assert bool(found.Root.MarkInfo.Marked) and found.Root.ViewerPreferences.DisplayDocTitle
        tags = tags_of(found.Root.StructTreeRoot)
        assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Caption"} <= tags, tags
        with found.open_metadata() as told:
            assert told["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
            title = told["{http://purl.org/dc/elements/1.1/}title"]
            assert {"en": "November 2026", "fr": "novembre 2026"}[language] in title
        assert not found.Root.get("/AcroForm") and not found.Root.get("/OpenAction")
        for page in found.pages:
            fonts = page.Resources.Font
            assert all("/FontDescriptor" in repr(font.DescendantFonts[0].keys()) for font in fonts.values())


def tags_of(root) -> set[str]:
    """The names of all tags of a PDF."""
    found, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting += list(node)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                found.add(str(node.S))
            if "/K" in node and not isinstance(node.K, int):
                waiting.append(node.K)
    return found


def test_the_same_report_is_the_same_pdf(books):
    told = books.told()
    assert reports_files.as_pdf(told) == reports_files.as_pdf(told)


def test_no_cell_is_a_formula(books):
    told = books.told()
    lines = lines_of(reports_files.as_csv(told), "en")
    assert not [cell for line in lines for cell in line if cell[:1] in ("=", "+", "@", "\t")]
    assert any("HYPERLINK" in cell for line in lines for cell in line)
    book = openpyxl.load_workbook(io.BytesIO(reports_files.as_xlsx(told)))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert [cell.value for cell in cells if isinstance(cell.value, str) and "HYPERLINK" in cell.value][0].startswith(
        "'="
    )


def test_a_name_made_to_break_out_of_the_pdf_is_just_words(books, tmp_path):
    Change.objects.filter(state="held").update(
        title="<script>x</script><img src='file:///etc/hostname'><link rel=attachment href='file:///etc/hostname'>"
    )
    content = reports_files.as_pdf(books.told())
    assert "<script>" in text_of(content, tmp_path)
    with pikepdf.open(io.BytesIO(content)) as found:
        assert not list(found.attachments)


@pytest.mark.parametrize(
    "address", ["file:///etc/hostname", "http://127.0.0.1/x", "https://bridge.example/x", "data:,x"]
)
def test_the_pdf_reads_nothing_but_static_files(address):
    with pytest.raises(ValueError):
        pdf.read(address)
    with pytest.raises(FileNotFoundError):
        pdf.read("static:nothing/here.css")


def test_without_pango_a_check_says_what_to_install(monkeypatch):
    assert pdf.available() and pdf.pdf_can_be_drawn(None) == []
    monkeypatch.setattr(pdf, "_LIBRARIES", (("libnothing-of-the-kind.so.0",),))
    pdf.available.cache_clear()
    try:
        (found,) = pdf.pdf_can_be_drawn(None)
        assert found.id == "bridge.W005" and "libpango-1.0-0" in found.hint
        with pytest.raises(pdf.PdfUnavailable, match="libpangoft2"):
            pdf.render("reports/paper.html", {})
    finally:
        pdf.available.cache_clear()


def test_thousands_of_lines_are_counted_and_a_hundred_told(books, tmp_path):
    run = books.pair.runs.get()
    from tests import factories

    factories.many_changes(run, 300, state="held", code="ITEM-UNMAPPED", entity="sale")
    Change.objects.filter(integration=books.pair).update(created_at=NOON)
    told = books.told()
    assert told.waiting_count == 301 and len(told.pairs[0].waiting) == 100
    with translation.override("en"):
        assert "100 of 301 are listed here" in text_of(reports_files.as_pdf(told), tmp_path)
