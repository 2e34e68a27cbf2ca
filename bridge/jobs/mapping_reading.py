"""From the bytes of a spreadsheet to rows of text: safely, and never by a silent guess.

Nothing is unpacked to disk, and nothing is parsed before what is inside was counted: entries, inflated bytes, rows. A
workbook is refused for macros, document types and entities, for being encrypted, and for not being one. Text whose
encoding does not show in its bytes is asked about, with samples. Cells are values: formulas are what they last gave.
"""

import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from connectors.contract import SettingInvalid

MOST_BYTES = 20_000_000  # of an upload
MOST_INFLATED = 50_000_000
MOST_RATIO = 100
MOST_ENTRIES = 50
MOST_ROWS = 50_000
MOST_COLUMNS = 60
MOST_CELL = 32_767  # characters, as spreadsheets have it
_CHUNK = 65_536
_SMALL = 1_000_000  # a ratio says nothing of little

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_PART = re.compile(rb"\.bin$|vba|macro|activex|embeddings", re.IGNORECASE)
_UNDERSCORED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

# What a spreadsheet may take for the beginning of a formula, full-width forms too.
FORMULA = "=+-@\t\r\n＝＋－＠"
ENCODINGS = ("cp1252", "mac_roman", "cp850", "iso8859_15")
DELIMITERS = (";", ",", "\t", "|")


def refused(code: str, **params: Any) -> SettingInvalid:
    """Return why a file is not taken."""
    return SettingInvalid(code, params=params)


class EncodingUnknown(Exception):
    """The bytes may be read in several ways: `samples` are (encoding, lines that differ), the likeliest first."""

    def __init__(self, samples: list[tuple[str, list[str]]]) -> None:
        super().__init__("encoding")
        self.samples = samples


@dataclass(slots=True)
class Line:
    """One row as it was read. `kinds` names the cells that were not text: number, date, flag, error."""

    number: int
    cells: list[str]
    kinds: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Table:
    """What a file holds. `is_loose`: its cells have no types, so what a program made of an id does not show."""

    heads: list[str]
    lines: list[Line]
    reading: dict[str, Any]
    is_loose: bool = True


# formulas


def neutral(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; `plain` reads it back."""
    return f"'{text}" if _is_risky(text) else text


def plain(text: str) -> str:
    """Return what `neutral` was given."""
    return text[1:] if text.startswith("'") and _is_risky(text[1:]) else text


def _is_risky(text: str) -> bool:
    return text[:1] == "'" or text.lstrip(" \u00a0\u202f")[:1] in tuple(FORMULA)


def to_xml(text: str) -> str:
    """Return text as a workbook keeps it: what XML cannot say is written as spreadsheets do, _x000D_."""
    return _NOT_IN_XML.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def from_xml(text: str) -> str:
    """Return what `to_xml` was given."""
    return _UNDERSCORED.sub(lambda found: chr(int(found.group(1), 16)), text)


# what kind of file


def kind_of(name: str, content: bytes) -> str:
    """Return csv, xlsx or json by what the bytes are. SettingInvalid for all else, and where the name says another."""
    ending = name.rpartition(".")[2].lower()
    if not content.strip():
        raise refused("FILE-EMPTY", file=name)
    if len(content) > MOST_BYTES:
        raise refused("FILE-TOO-BIG", file=name, most=MOST_BYTES // 1_000_000)
    if ending in ("xlsm", "xltm", "xlam", "xlsb"):
        raise refused("FILE-MACROS", file=name)
    if content.startswith(_OLE):
        raise refused("FILE-LOCKED", file=name)
    if content.startswith(_ZIP):
        if ending != "xlsx":
            raise refused("FILE-NAME", file=name, kind="xlsx")
        _look_inside(name, content)
        return "xlsx"
    if ending == "json":
        return "json"
    if ending not in ("csv", "txt", "tsv"):
        raise refused("FILE-KIND", file=name)
    if _is_binary(content):
        raise refused("FILE-BINARY", file=name)
    return "csv"


def _is_binary(content: bytes) -> bool:
    """Tell whether these are no characters in any encoding we read: NULs outside UTF-16, or many control characters."""
    start = content[:4096]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or _wide(start):
        return False
    return b"\x00" in content or sum(byte < 9 or 13 < byte < 32 for byte in start) > len(start) // 50


def _look_inside(name: str, content: bytes) -> None:
    """Count what a workbook holds without keeping any of it; what its directory declares is not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            parts = book.infolist()
            _check_parts(name, parts)
            left = MOST_INFLATED
            for part in parts:
                left -= _inflate(name, book, part, min(left, max(len(content) * MOST_RATIO, _SMALL)))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise refused("FILE-DAMAGED", file=name) from error


def _check_parts(name: str, parts: Sequence[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    if len(names) > MOST_ENTRIES or len(set(names)) < len(names):
        raise refused("FILE-BOMB", file=name)
    if any(part.startswith(("/", "\\")) or ".." in part.replace("\\", "/").split("/") for part in names):
        raise refused("FILE-DAMAGED", file=name)
    if any(part.flag_bits & 1 for part in parts):
        raise refused("FILE-LOCKED", file=name)
    if any(_PART.search(part.encode()) and "printersettings" not in part.lower() for part in names):
        raise refused("FILE-MACROS", file=name)
    if "[Content_Types].xml" not in names or not any(part.startswith("xl/workbook") for part in names):
        raise refused("FILE-KIND", file=name)


def _inflate(name: str, book: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    """Return how many bytes a part inflates to. SettingInvalid past `most`, for too many rows and for entities."""
    size = rows = 0
    is_sheet, tail = part.filename.startswith("xl/worksheets/"), b""
    with book.open(part) as opened:
        while chunk := opened.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise refused("FILE-BOMB", file=name)
            if not tail and (b"\x00" in chunk[:200]) and part.filename.endswith((".xml", ".rels")):
                raise refused("FILE-DAMAGED", file=name)  # no workbook is written in UTF-16: it would hide from us
            seen = tail + chunk
            if _DOCTYPE.search(seen):
                raise refused("FILE-ENTITIES", file=name)
            if is_sheet:
                rows += sum(found.end() > len(tail) for found in _ROW.finditer(seen))
                if rows > MOST_ROWS + 1:
                    raise refused("FILE-ROWS", file=name, most=MOST_ROWS)
            tail = seen[-16:]
    return size


# characters


def decoded(content: bytes, encoding: str = "") -> tuple[str, str]:
    """Return text and the encoding it was read in. EncodingUnknown where the bytes do not say it."""
    if encoding:
        if encoding not in ENCODINGS:
            raise refused("FILE-ENCODING", encoding=encoding)
        return content.decode(encoding, "replace"), encoding
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return _strictly(content[len(mark) :], name), name
    if wide := _wide(content[:4096]):
        return _strictly(content, wide), wide
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        raise EncodingUnknown(_samples(content)) from None


def _strictly(content: bytes, name: str) -> str:
    try:
        return content.decode(name)
    except UnicodeDecodeError as error:
        raise refused("FILE-ENCODING", encoding=name.upper()) from error


def _wide(start: bytes) -> str:
    """Return which UTF-16 this is by where its zeros stand; "" for neither."""
    if len(start) < 4 or b"\x00" not in start:
        return ""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > len(start) * 0.3 and even < len(start) * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > len(start) * 0.3 and odd < len(start) * 0.05 else ""


def _samples(content: bytes, most: int = 5) -> list[tuple[str, list[str]]]:
    """Return the lines that look different by encoding, the encoding that gives the most letters first."""
    lines = [line for line in content.splitlines() if any(byte > 127 for byte in line)][:200]
    found = []
    for order, name in enumerate(ENCODINGS):
        told = [line.decode(name, "replace") for line in lines]
        found.append((-_likely("".join(told)), order, name, told[:most]))
    return [(name, told) for _, _, name, told in sorted(found)]


_FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæ«»’–—°$\u00a0")


def _likely(text: str) -> int:
    """Return how much text looks like French or English: its letters count, a capital inside a word counts against it,
    and so does any other sign.
    """
    found = 0
    for before, char in zip(" " + text, text, strict=False):
        if ord(char) > 127:
            capital = char.lower() in _FRENCH and not before.islower()
            found += 2 if char in _FRENCH else 1 if capital else -2
    return found


def is_garbled(text: str) -> str:
    """Return what text was before it was read in a wrong encoding and saved so ("CrÃ¨me": "Crème"); "" if not."""
    if all(ord(char) < 128 for char in text):
        return ""
    try:
        back = text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return ""
    return back if back != text else ""


# rows


def folded(head: Any) -> str:
    """Return a heading as it is compared: accents, case, blanks and signs do not matter."""
    text = unicodedata.normalize("NFKD", str(head)).casefold()
    return re.sub(r"[^a-z0-9]+", "", text.replace("œ", "oe"))


def read(name: str, content: bytes, kind: str, known: Iterable[str], encoding: str = "") -> Table:
    """Return heads and rows. `known` are folded headings: they tell the delimiter, and the sheet that is meant.

    SettingInvalid where it cannot be read as it is meant, EncodingUnknown where a person must say.
    """
    wanted = frozenset(known)
    table = _workbook(name, content, wanted) if kind == "xlsx" else _text(name, content, wanted, encoding)
    heads = [folded(head) for head in table.heads]
    twice = [head for at, head in enumerate(table.heads) if heads[at] and heads[at] in heads[:at]]
    if twice:
        raise refused("FILE-HEADS-TWICE", column=twice[0])
    return table


def _text(name: str, content: bytes, wanted: frozenset[str], encoding: str) -> Table:
    text, read_in = decoded(content, encoding)
    text = text.removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r'"?sep=(.)"?\s*', first)
    if told:
        text = rest
    delimiter = told.group(1) if told else _delimiter(text, wanted)
    reading = {"encoding": read_in.upper(), "delimiter": delimiter}
    lines = list(_csv_lines(name, text, delimiter, 2 if told else 1))
    return _table(name, lines, reading, True)


def _delimiter(text: str, wanted: frozenset[str]) -> str:
    """Return what parts the cells: what makes the most known headings of the first line; if equal, the most cells."""
    head = next((line for line in text.splitlines()[:20] if line.strip()), "")

    def known(delimiter: str) -> tuple[int, int]:
        cells = next(iter(csv.reader([head[:MOST_CELL]], delimiter=delimiter)), [])
        return sum(folded(cell) in wanted for cell in cells), len(cells)

    return max(DELIMITERS, key=known)


def _csv_lines(name: str, text: str, delimiter: str, first: int) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, count = first, 0
    try:
        for cells in reader:
            at, number = number, first + reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > MOST_ROWS + 1:
                raise refused("FILE-ROWS", file=name, most=MOST_ROWS)
            _check_cells(name, at, cells)
            yield Line(at, [plain(cell) for cell in cells])
    except csv.Error as error:
        code = "FILE-CELL" if "limit" in str(error) else "FILE-QUOTES"
        raise refused(code, line=number, most=MOST_CELL) from error


def _check_cells(name: str, line: int, cells: Sequence[str]) -> None:
    if any(len(cell) > MOST_CELL for cell in cells):
        raise refused("FILE-CELL", line=line, most=MOST_CELL)
    if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
        raise refused("FILE-COLUMNS", file=name, most=MOST_COLUMNS)


def _workbook(name: str, content: bytes, wanted: frozenset[str]) -> Table:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            sheet = max(sheets, key=lambda item: _known_heads(item, wanted), default=None)
            if sheet is None:
                raise refused("FILE-EMPTY", file=name)
            lines = list(_sheet_lines(name, sheet))
        finally:
            book.close()
    except SettingInvalid:
        raise
    except (InvalidFileException, zipfile.BadZipFile) as error:
        raise refused("FILE-DAMAGED", file=name) from error
    except (
        Exception
    ) as error:  # a library's parser over a stranger's bytes: whatever it trips over, the file is damaged
        raise refused("FILE-DAMAGED", file=name) from error
    return _table(name, lines, {"encoding": "XLSX", "sheet": sheet.title}, False)


def _known_heads(sheet: Any, wanted: frozenset[str]) -> int:
    rows = sheet.iter_rows(min_row=1, max_row=5, max_col=MOST_COLUMNS, values_only=True)
    return max((sum(folded(cell) in wanted for cell in row if cell is not None) for row in rows), default=0)


def _sheet_lines(name: str, sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()  # what a sheet says of its size is not believed
    for number, row in enumerate(sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True), 1):
        if number > MOST_ROWS + 1:
            raise refused("FILE-ROWS", file=name, most=MOST_ROWS)
        if all(value is None or value == "" for value in row):
            continue
        told = [_cell(value) for value in row]
        cells = [text for text, _ in told]
        _check_cells(name, number, cells)
        while cells and not cells[-1]:
            cells.pop()
        yield Line(number, cells, {at: kind for at, (_, kind) in enumerate(told) if kind and at < len(cells)})


def _cell(value: Any) -> tuple[str, str]:
    """Return the text of a cell and what it was if not text."""
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), "flag"
    if isinstance(value, datetime | date):
        whole = isinstance(value, datetime) and (value.hour or value.minute or value.second)
        return (value.isoformat(sep=" ") if whole else value.isoformat()[:10]), "date"  # type: ignore[call-arg]
    if isinstance(value, int | float):
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        return str(value), "number" if abs(value) < 1e15 and isinstance(value, int) else "rounded"
    if not isinstance(value, str):
        return str(value), "date"  # a time of day, a duration
    if re.fullmatch(r"#[A-Z/0!?]+", value):
        return value, "error"
    return plain(from_xml(value)), ""


def _table(name: str, lines: list[Line], reading: dict[str, Any], is_loose: bool) -> Table:
    if not lines:
        raise refused("FILE-EMPTY", file=name)
    heads = [" ".join(cell.split()) for cell in lines[0].cells]
    while heads and not heads[-1]:
        heads.pop()
    return Table(heads, lines[1:], {**reading, "heads": heads}, is_loose)
