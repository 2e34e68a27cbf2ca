"""Spreadsheets as people and attackers send them, made from a seed: damage, encodings, bombs. The same seed, the same file.

`spreadsheet(seed, rows)` returns a name, its bytes, and what was done to it.
"""

import csv
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence

from openpyxl import Workbook

Rows = Sequence[Sequence[str]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman", "cp850", "iso8859_15", "latin-1",
    "cp437", "utf-7",
)  # fmt: skip


def csv_bytes(rows: Rows, encoding: str = "utf-8-sig", delimiter: str = ";", errors: str = "replace") -> bytes:
    """Return rows as CSV."""
    kept = io.StringIO()
    csv.writer(kept, delimiter=delimiter).writerows(rows)
    return kept.getvalue().encode(encoding, errors)


def book_bytes(rows: Rows) -> bytes:
    """Return rows as a workbook a person could have made: text only."""
    book = Workbook()
    for row in rows:
        book.active.append([_legal(cell) for cell in row])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _legal(text: str) -> str:
    return "".join(char for char in text if char >= " " or char in "\n\t")


def book_of(sheet: bytes, extra: dict[str, bytes] | None = None, level: int = 6) -> bytes:
    """Return a workbook around one sheet's XML, with parts added or put in the place of others."""
    parts = {
        "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        b'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        b'<Override PartName="/xl/worksheets/sheet1.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        b'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{MAIN}" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": b'<?xml version="1.0"?><Relationships '
        b'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        b'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        **(extra or {}),
    }  # fmt: skip
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as book:
        for name, content in parts.items():
            book.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def sheet_of(rows: Rows) -> bytes:
    """Return the XML of a sheet with these cells."""
    body = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows
    )
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'.encode()


def many_rows(count: int) -> bytes:
    """Return a workbook of very many rows that differ, so that it does not look like a bomb by its ratio."""
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (n, n, n * 7919 % 999_983) for n in range(1, count))
    head = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>'.encode()
    return book_of(head + rows + b"</sheetData></worksheet>", level=1)


def huge_cell(size: int) -> bytes:
    """Return a workbook with one cell of that many characters, made without holding them."""
    start = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData><row><c t="inlineStr"><is><t>'.encode()
    end = b"</t></is></c></row></sheetData></worksheet>"
    packer, crc, parts = zlib.compressobj(9, zlib.DEFLATED, -15), 0, []
    for chunk in (start, *([b"x" * 1_000_000] * (size // 1_000_000)), end):
        crc = zlib.crc32(chunk, crc)
        parts.append(packer.compress(chunk))
    parts.append(packer.flush())
    return _with_raw(book_of(b""), "xl/worksheets/sheet1.xml", b"".join(parts), crc, size + len(start) + len(end))


def _with_raw(book: bytes, name: str, packed: bytes, crc: int, size: int) -> bytes:
    """Return a zip in which one part is already packed bytes; what its directory says of the size may be a lie."""
    kept, offset, directory = [], 0, []
    with zipfile.ZipFile(io.BytesIO(book)) as source:
        parts = [(part.filename, source.read(part)) for part in source.infolist()]
    for part, content in parts:
        if part == name:
            data, check, whole = packed, crc, size
        else:
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            data, check, whole = packer.compress(content) + packer.flush(), zlib.crc32(content), len(content)
        raw = part.encode()
        common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(data), whole, len(raw), 0)
        kept.append(b"PK\x03\x04" + common + raw + data)
        directory.append(
            b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, offset) + raw
        )
        offset += len(kept[-1])
    tail = b"".join(directory)
    count = len(parts)
    return b"".join(kept) + tail + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(tail), offset, 0)


def lying_size(size: int) -> bytes:
    """Return a workbook whose directory says that a part of many bytes is small."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(b"<a>" + b" " * size) + packer.flush()
    return _with_raw(book_of(b""), "xl/worksheets/sheet1.xml", data, zlib.crc32(b"<a>" + b" " * size), 100)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><worksheet xmlns="' + MAIN.encode() + b'"><sheetData><row>'
    b'<c t="inlineStr"><is><t>&c;</t></is></c></row></sheetData></worksheet>'
)
READS_FILE = LAUGHS.replace(b'<!ENTITY a "lol">', b'<!ENTITY a SYSTEM "file:///etc/hostname">')


def bombs() -> dict[str, tuple[str, bytes]]:
    """Return what is made to exhaust or to trick, by name: file name and bytes."""
    good = book_of(sheet_of([["a"]]))
    slip = book_of(sheet_of([["a"]]), {"../../evil.xml": b"<a/>"})
    many = book_of(sheet_of([["a"]]), {f"xl/part{n}.xml": b"<a/>" for n in range(60)})
    macro = book_of(sheet_of([["a"]]), {"xl/vbaProject.bin": b"\xcc\x61"})
    spread = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'  # noqa: E501
    locked = bytearray(good)
    locked[6] |= 1
    at = locked.rfind(b"PK\x01\x02")
    while at >= 0:
        locked[at + 8] |= 1
        at = locked.rfind(b"PK\x01\x02", 0, at)
    return {
        "a million rows": ("rows.xlsx", many_rows(1_048_576)),
        "one cell of 400 MB": ("cell.xlsx", huge_cell(400_000_000)),
        "a size that lies": ("lie.xlsx", lying_size(80_000_000)),
        "a billion laughs": ("laughs.xlsx", book_of(LAUGHS)),
        "an entity that reads files": ("reads.xlsx", book_of(READS_FILE)),
        "laughs in UTF-16": ("wide.xlsx", book_of(LAUGHS.decode().encode("utf-16"))),
        "a part outside": ("slip.xlsx", slip),
        "very many parts": ("parts.xlsx", many),
        "macros": ("macro.xlsm", good),
        "macros by another name": ("macro.xlsx", macro),
        "the last row and column": ("far.xlsx", book_of(spread.encode())),
        "a password": ("locked.xlsx", bytes(locked)),
        "the old kind": ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512),
        "a program": ("setup.csv", b"MZ\x90\x00\x03\x00\x00\x00\x04" * 50),
        "a picture": ("list.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
        "a workbook named CSV": ("book.csv", good),
        "a zip that is none": ("half.xlsx", good[: len(good) // 2]),
        "a huge cell in text": ("cell.csv", b"kind;source_id;target_id\ntax;" + b"x" * 200_000 + b";1\n"),
        "a million lines": ("lines.csv", b"kind;source_id;target_id\n" + b"tax;A;1\n" * 1_048_576),
    }


# damage


def _drop_column(rows: list[list[str]], dice: random.Random) -> None:
    at = dice.randrange(len(rows[0]))
    for row in rows:
        del row[at : at + 1]


def _double_column(rows: list[list[str]], dice: random.Random) -> None:
    at = dice.randrange(len(rows[0]))
    for row in rows:
        row.append(row[at] if at < len(row) else "")


def _shuffle_columns(rows: list[list[str]], dice: random.Random) -> None:
    order = list(range(len(rows[0])))
    dice.shuffle(order)
    for row in rows:
        row[:] = [row[at] if at < len(row) else "" for at in order]


def _shift_row(rows: list[list[str]], dice: random.Random) -> None:
    dice.choice(rows[1:] or rows).insert(dice.randrange(len(rows[0])), "")


def _repeat_row(rows: list[list[str]], dice: random.Random) -> None:
    rows.append(list(dice.choice(rows[1:] or rows)))


def _drop_rows(rows: list[list[str]], dice: random.Random) -> None:
    del rows[1 + dice.randrange(max(1, len(rows) - 1)) :]


def _write_cells(rows: list[list[str]], dice: random.Random) -> None:
    for _ in range(dice.randrange(1, 8)):
        row = dice.choice(rows[1:] or rows)
        if row:
            row[dice.randrange(len(row))] = dice.choice(ODD)


def _formulas(rows: list[list[str]], dice: random.Random) -> None:
    for row in rows[1:]:
        if row:
            row[dice.randrange(len(row))] = dice.choice("=+-@") + 'HYPERLINK("http://127.0.0.1/?"&A1)'


def _remove(rows: list[list[str]], dice: random.Random) -> None:
    for row in dice.sample(rows[1:], min(3, len(rows) - 1)):
        if len(row) >= 3:
            row[-3] = dice.choice(["remove", "supprimer", "DELETE", "x"])


ODD = (
    "", " ", "9", "999999", "1,5", "1 234,50", "1.23E+15", "1,23E+15", "2026-11-21", "TRUE", "VRAI", "#REF!", "007",
    "7", "TPS", "Hors champ", "hors CHAMP", "CrÃ¨me", "\ufffd", "é" * 400, "'=1+1", "=1+1", "\u00a09\u00a0", "oui",
    "yes", "non", "x" * 40_000, "none", "tax", "class", "a\nb", 'a"b', "00000000-0000-0000-0000-000000000000", "🙂",
)  # fmt: skip
DAMAGE: tuple[Callable[[list[list[str]], random.Random], None], ...] = (
    _drop_column, _double_column, _shuffle_columns, _shift_row, _repeat_row, _drop_rows, _write_cells, _write_cells,
    _write_cells, _formulas, _remove,
)  # fmt: skip


def spreadsheet(seed: int, rows: Rows) -> tuple[str, bytes, str]:
    """Return one file made of these rows: damaged, then encoded, then perhaps broken in its bytes."""
    dice = random.Random(seed)
    made = [list(row) for row in rows]
    done = [dice.choice(DAMAGE) for _ in range(dice.randrange(0, 4))]
    for damage in done:
        if made and made[0]:
            damage(made, dice)
    told = [damage.__name__.strip("_") for damage in done]
    if dice.random() < 0.35:
        name, raw = "file.xlsx", book_bytes(made)
    else:
        encoding = dice.choice(ENCODINGS)
        told.append(encoding)
        name, raw = "file.csv", csv_bytes(made, encoding, dice.choice(";,\t"))
    if dice.random() < 0.2:
        told.append("broken bytes")
        broken = bytearray(raw)
        for _ in range(dice.randrange(1, 30)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        raw = bytes(broken[: dice.randrange(len(broken) // 2, len(broken) + 1)])
    if dice.random() < 0.05:
        name = dice.choice(["file.xlsm", "file.xls", "file.pdf", "file", "file.CSV", "file.XLSX"])
        told.append(name)
    return name, raw, ", ".join(told)
