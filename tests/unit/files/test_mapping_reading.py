"""Reading spreadsheets: formulas, encodings, dialects, damage and bombs, before anything is planned."""

import io
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from openpyxl import Workbook, load_workbook

from bridge.jobs import mapping_files
from bridge.jobs.mapping_reading import (
    EncodingUnknown,
    decoded,
    is_garbled,
    kind_of,
    neutral,
    plain,
    read,
)
from bridge.jobs.mapping_sets import known_heads
from connectors.contract import SettingInvalid
from tests.house import ROOT
from tests.tools import spreadsheets

KNOWN = known_heads()
RISKY = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1", " =1", "'=1", "''", "'a")


@pytest.mark.fault("I01")
@pytest.mark.parametrize("cell", RISKY)
def test_no_cell_of_an_export_is_a_formula_and_all_read_back_as_they_were(cell):
    assert neutral(cell)[0] == "'"
    rows = [["Kind", "Value ID"], ["tax", cell]]
    text = "".join(mapping_files.csv_of(rows, "fr"))
    assert read("a.csv", text.encode(), "csv", KNOWN).lines[0].cells == ["tax", cell]
    book = mapping_files.workbook_of(rows, "Values")
    assert read("a.xlsx", book, "xlsx", KNOWN).lines[0].cells == ["tax", cell]
    written = load_workbook(io.BytesIO(book)).active["B2"]
    assert written.data_type == "s"


@pytest.mark.fault("I13")
@given(some.text(max_size=60))
def test_any_text_survives_a_workbook_and_a_csv(cell):
    cell = "".join(char for char in cell if not 0xD800 <= ord(char) <= 0xDFFF and char not in "\x00\r\ufeff")
    assert plain(neutral(cell)) == cell
    rows = [["Kind", "Value ID", "Becomes"], ["tax", cell, "end"]]
    for name, raw in (
        ("a.csv", "".join(mapping_files.csv_of(rows, "en")).encode()),
        ("a.xlsx", mapping_files.workbook_of(rows, "x")),
    ):
        assert read(name, raw, name[2:], KNOWN).lines[0].cells == ["tax", cell, "end"]


@pytest.mark.fault("I01")
def test_a_negative_number_in_a_number_cell_stays_one():
    book = Workbook()
    book.active.append(["Kind", "Value ID"])
    book.active.append(["tax", -12])
    kept = io.BytesIO()
    book.save(kept)
    (line,) = read("a.xlsx", kept.getvalue(), "xlsx", KNOWN).lines
    assert (line.cells, line.kinds) == (["tax", "-12"], {1: "number"})


@pytest.mark.fault("I02")
def test_formulas_of_an_upload_are_only_what_they_last_gave():
    book = Workbook()
    book.active.append(["Kind", "Value ID"])
    book.active.append(["tax", '=HYPERLINK("http://127.0.0.1/","x")'])
    kept = io.BytesIO()
    book.save(kept)
    (line,) = read("a.xlsx", kept.getvalue(), "xlsx", KNOWN).lines
    assert line.cells == ["tax"]


FRENCH = "Genre;ID de la valeur;Devient\r\ntax;A;Détaxé à l’export – 5 %\r\n"


@pytest.mark.fault("I06")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_the_bytes_say_is_read_without_asking(encoding):
    table = read("a.csv", FRENCH.encode(encoding), "csv", KNOWN)
    assert table.heads == ["Genre", "ID de la valeur", "Devient"]
    assert table.lines[0].cells[2] == "Détaxé à l’export – 5 %"


@pytest.mark.fault("I06")
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850", "iso8859_15", "latin-1"])
def test_what_the_bytes_do_not_say_is_asked_about(encoding):
    raw = FRENCH.replace("’", "'").replace("–", "-").encode(encoding)
    with pytest.raises(EncodingUnknown) as asked:
        read("a.csv", raw, "csv", KNOWN)
    samples = dict(asked.value.samples)
    wanted = encoding if encoding in samples else "cp1252"
    assert "Détaxé à l'export" in samples[wanted][0]
    assert read("a.csv", raw, "csv", KNOWN, wanted).lines[0].cells[2].startswith("Détaxé")


def test_the_likeliest_encoding_is_offered_first():
    for encoding in ("cp1252", "mac_roman", "cp850"):
        with pytest.raises(EncodingUnknown) as asked:
            decoded("Détaxé à Québec".encode(encoding))
        assert asked.value.samples[0][0] == encoding


def test_text_read_in_a_wrong_encoding_and_saved_so_is_seen():
    assert is_garbled("CrÃ¨me") == "Crème"
    assert [is_garbled(text) for text in ("Crème", "cafe", "Łódź", "5 €")] == ["", "", "", ""]


@pytest.mark.fault("I07")
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiters_are_found_by_the_headings_and_cells_may_hold_lines(delimiter):
    rows = [["Genre", "ID de la valeur", "Devient"], ["tax", "a;b,c\td|e", 'x "y"\r\nz']]
    table = read("a.csv", spreadsheets.csv_bytes(rows, "utf-8", delimiter), "csv", KNOWN)
    assert table.lines[0].cells == rows[1]
    assert table.reading["delimiter"] == delimiter
    told = b"sep=;\r\n" + spreadsheets.csv_bytes(rows, "utf-8", ";")
    assert read("a.csv", told, "csv", KNOWN).lines[0].cells == rows[1]


@pytest.mark.fault("I08")
def test_a_doubled_heading_is_refused():
    with pytest.raises(SettingInvalid) as refused:
        read("a.csv", b"Kind,kind \ntax,tax\n", "csv", KNOWN)
    assert refused.value.code == "FILE-HEADS-TWICE"


BOMBS = {
    "a million rows": "FILE-ROWS", "one cell of 400 MB": "FILE-BOMB", "a size that lies": "FILE-",
    "a billion laughs": "FILE-ENTITIES", "an entity that reads files": "FILE-ENTITIES",
    "laughs in UTF-16": "FILE-", "a part outside": "FILE-DAMAGED", "very many parts": "FILE-BOMB",
    "macros": "FILE-MACROS", "macros by another name": "FILE-MACROS", "the last row and column": "FILE-ROWS",
    "a password": "FILE-LOCKED", "the old kind": "FILE-LOCKED", "a program": "FILE-BINARY",
    "a picture": "FILE-KIND", "a workbook named CSV": "FILE-NAME", "a zip that is none": "FILE-DAMAGED",
    "a huge cell in text": "FILE-CELL", "a million lines": "FILE-ROWS",
}  # fmt: skip

# Runs alone, with its own peak: what the file needed is what the process grew by.
_ALONE = """
import resource, sys, time
from bridge.jobs.mapping_reading import kind_of, read
from bridge.jobs.mapping_sets import known_heads
from connectors.contract import SettingInvalid
name, known = sys.argv[1], known_heads()
content = open(sys.argv[2], "rb").read()
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    read(name, content, kind_of(name, content), known)
    code = "taken"
except SettingInvalid as error:
    code = error.code
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(code, round(time.process_time() - start, 3), grown // 1024)
"""


@pytest.fixture(scope="module")
def made():
    """The bombs, made once."""
    return spreadsheets.bombs()


@pytest.mark.fault("I03")
@pytest.mark.fault("I04")
@pytest.mark.fault("I05")
@pytest.mark.fault("I16")
@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_within_a_second_and_a_hundred_megabytes(bomb, made, tmp_path, settings):
    name, content = made[bomb]
    kept = tmp_path / "file"
    kept.write_bytes(content)
    script = (
        "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'bridge.settings'); import django; django.setup()"
    )
    told = subprocess.run(
        [sys.executable, "-c", script + _ALONE, name, str(kept)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 0, told.stderr
    code, seconds, megabytes = told.stdout.split()
    assert code.startswith(BOMBS[bomb])
    assert float(seconds) < 1, seconds
    assert int(megabytes) < 100, megabytes


def test_a_good_workbook_is_no_bomb():
    rows = [["Kind", "Value ID", "Becomes ID"], *(["tax", f"key {n}", str(n)] for n in range(5000))]
    raw = mapping_files.workbook_of(rows, "Values")
    started = time.process_time()
    assert kind_of("a.xlsx", raw) == "xlsx"
    assert time.process_time() - started < 1
    assert len(read("a.xlsx", raw, "xlsx", KNOWN).lines) == 5000
