"""Sheets to download: CSV that opens in the reader's spreadsheet and runs nothing there."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone, translation

from bridge.hub.formats import language


def safe_cell(value: Any, comma: bool = False) -> str:
    """Return a cell no spreadsheet takes for a formula. Numbers stay numbers; text that starts like one is quoted."""
    if value is None:
        return ""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
        return text.replace(".", ",") if comma else text
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text


class _Echo:
    """A file that gives back what is written, for streaming."""

    def write(self, text: str) -> str:
        return text


def sheet(name: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Return a CSV download that opens in the reader's spreadsheet: BOM always; semicolon, decimal comma in French.

    Rows are made while they are sent, when the page's language is gone: it is put back around each.
    """
    words, zone = language(), timezone.get_current_timezone()
    french = words.startswith("fr")
    writer = csv.writer(_Echo(), delimiter=";" if french else ",")

    def lines() -> Iterator[str]:
        source = iter(rows)
        yield "\ufeff" + writer.writerow([safe_cell(head) for head in titles])
        while True:
            with translation.override(words), timezone.override(zone):
                row = next(source, None)
            if row is None:
                return
            yield writer.writerow([safe_cell(cell, comma=french) for cell in row])

    titles = [str(head) for head in heads]
    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
