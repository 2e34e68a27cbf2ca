"""A report as a file in the language now spoken: PDF, CSV and workbook, of the same figures as its page."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from bridge.hub import pdf, voice
from bridge.hub.formats import language, locale
from bridge.hub.models import Report
from bridge.hub.sheets import safe_cell
from bridge.jobs.mapping_reading import to_xml
from bridge.jobs.reports_data import Pair, Told, two
from bridge.jobs.reports_tables import Cell, Paper, flat, paper, say

MIME = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def as_pdf(told: Told) -> bytes:
    """Return a tagged PDF. `pdf.PdfUnavailable` where it cannot be drawn."""
    said = paper(told)
    with timezone.override(ZoneInfo(told.time_zone)):
        context = {"title": said.title, "description": said.standing, "paper": said, "made_at": told.made_at}
        return pdf.render("reports/paper.html", context)


# CSV: every line has the same columns, so that it can be filtered and added up


def as_csv(told: Told) -> bytes:
    """Return one table of everything, as the reader's spreadsheet opens it; nothing in it is a formula."""
    french = language().startswith("fr")
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=";" if french else ",")
    for line in _lines(told):
        writer.writerow([safe_cell(cell, comma=french) for cell in line])
    return ("\ufeff" + kept.getvalue()).encode()


def _lines(told: Told) -> Iterator[Sequence[Any]]:
    yield (
        gettext("Section"), gettext("Between"), gettext("What"), gettext("Account"), gettext("Number"), gettext("Date"),
        gettext("Records"), gettext("First account"), gettext("Second account"), gettext("Amount"), gettext("Currency"),
        gettext("Why"), gettext("Who acts"),
    )  # fmt: skip
    for pair in told.pairs:
        name = f"{say(pair.left)} – {say(pair.right)}"
        for line in (*_sides(pair), *_moved(pair), *_waits(pair), *_differs(pair)):
            section, what, account, number, day, records, left, right, amount, currency, why, who = line
            yield section, name, what, account, number, day, records, left, right, amount, currency, why, who
    yield (
        gettext("Time saved"),
        "",
        gettext("Minutes (estimate)"),
        "",
        "",
        "",
        told.minutes_saved,
        "",
        "",
        "",
        "",
        "",
        "",
    )


def _sides(pair: Pair) -> Iterator[Sequence[Any]]:
    section = gettext("Totals of both sides")
    for one in pair.sides:
        left, right, currency = two(one.left), two(one.right), one.currency
        yield section, gettext("Total"), say(pair.left), "", "", one.left_count, left, "", left, currency, "", ""
        yield section, gettext("Total"), say(pair.right), "", "", one.right_count, "", right, right, currency, "", ""
        count, rest = one.left_count - one.right_count, two(one.difference)
        yield section, gettext("Difference"), "", "", "", count, left, right, rest, currency, "", ""


def _moved(pair: Pair) -> Iterator[Sequence[Any]]:
    section = gettext("What moved")
    for one in pair.moved:
        kind = say(one.kind)
        told = (
            (gettext("Changed"), one.changed), (gettext("Taken away"), one.removed),
            (gettext("Recognized"), one.recognized), (gettext("Undone"), one.undone),
        )  # fmt: skip
        if one.added:
            # The count stands once, beside the first currency.
            sums: list[tuple[str, Decimal | str]] = [(key, two(amount)) for key, amount in one.amounts.items()]
            for place, (currency, amount) in enumerate(sums or [("", "")]):
                count = "" if place else one.added
                yield section, f"{kind} – {gettext('Added')}", "", "", "", count, "", "", amount, currency, "", ""
        for words, count in told:
            if count:
                yield section, f"{kind} – {words}", "", "", "", count, "", "", "", "", "", ""


def _waits(pair: Pair) -> Iterator[Sequence[Any]]:
    section = gettext("What waits, by cause")
    for cause in pair.causes:
        why, who = say(cause.words), str(voice.WHO[cause.who])
        sums: list[tuple[str, Decimal | str]] = [(key, two(amount)) for key, amount in cause.amounts.items()]
        for place, (currency, amount) in enumerate(sums or [("", "")]):
            yield section, "", "", "", "", "" if place else cause.count, "", "", amount, currency, why, who
    section = gettext("Records that wait")
    for one in pair.waiting:
        amount = "" if one.amount is None else two(one.amount)
        day = one.date.isoformat() if one.date else ""
        what = f"{say(one.kind)} – {one.name}"
        yield (
            section,
            what,
            "",
            one.number,
            day,
            "",
            "",
            "",
            amount,
            one.currency,
            say(one.words),
            str(voice.WHO[one.who]),
        )


def _differs(pair: Pair) -> Iterator[Sequence[Any]]:
    section = gettext("What differs")
    for one in pair.differing:
        left, right = ("" if amount is None else two(amount) for amount in (one.left, one.right))
        yield (
            section, say(one.what), "", one.number, one.date.isoformat(), "", left, right, two(one.amount),
            one.currency, say(one.why), str(voice.WHO[one.who]),
        )  # fmt: skip


# workbook


def as_xlsx(told: Told) -> bytes:
    """Return a workbook: a sheet of figures, then one for each kind of table; numbers and dates are such."""
    said = paper(told)
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = said.title, "Bridge"
    book.properties.language = locale().replace("_", "-")
    book.properties.created = book.properties.modified = told.made_at.astimezone(UTC).replace(tzinfo=None)
    _sheet(book, gettext("Summary"), *_summary(said))
    for key, name in (
        ("sides", gettext("Totals")), ("moved", gettext("What moved")), ("causes", gettext("Causes")),
        ("waiting", gettext("Waits")), ("differing", gettext("Differs")),
    ):  # fmt: skip
        heads, rows = flat(said.parts, key)
        if heads:
            _sheet(book, name, heads, rows)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _summary(said: Paper) -> tuple[Sequence[Cell], Sequence[Sequence[Cell]]]:
    def pair(name: str, words: str) -> tuple[Cell, Cell]:
        return Cell(name, name), Cell(words, words)

    rows = [
        pair(gettext("Client"), said.organization), pair(gettext("Period"), said.period),
        pair(gettext("As of"), said.as_of), pair(gettext("State"), said.standing),
        *(pair(figure.name, f"{figure.words} ({figure.note})") for figure in said.figures),
        pair(gettext("Estimate"), said.estimate),
    ]  # fmt: skip
    if said.remark:
        rows.append(pair(gettext("Remark"), said.remark))
    return pair(gettext("Report"), said.title), rows


def _sheet(book: Workbook, name: str, heads: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> None:
    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    for place, head in enumerate(heads, 1):
        widest = max((len(str(row[place - 1].words)) for row in rows), default=0)
        sheet.column_dimensions[get_column_letter(place)].width = min(60, max(len(head.words), widest) + 2)
    sheet.append([_cell(sheet, Cell(head.words, head.words), bold=True) for head in heads])
    for row in rows:
        sheet.append([_cell(sheet, cell) for cell in row])


def _cell(sheet: Any, cell: Cell, bold: bool = False) -> Any:
    value = cell.value
    if isinstance(value, str):
        value = to_xml(safe_cell(value))
    made = WriteOnlyCell(sheet, value=value)
    if isinstance(cell.value, str):
        made.data_type = "s"  # never a formula, whatever it begins with
    elif isinstance(cell.value, Decimal):
        made.number_format = f'#,##0.00 "{cell.currency}"' if cell.currency else "#,##0.00"
    elif cell.value is not None and not cell.is_number:
        made.number_format = "yyyy-mm-dd"
    made.font, made.alignment = Font(bold=bold), Alignment(wrap_text=True, vertical="top")
    return made


def name_of(report: Report) -> str:
    """Return a file's name without its ending, the same in any language: bridge-<client>-<first>-<last>."""
    return f"bridge-{report.organization_id}-{report.first:%Y-%m-%d}-{report.last:%Y-%m-%d}"
