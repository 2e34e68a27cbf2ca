"""`manage.py match`: a spreadsheet in, pairs with reasons out; what it cannot read it refuses in both languages."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from benchmarks.matching_data import generated
from benchmarks.people import customers, write

HEAD = "id,source,name,email,phone\n"
ANN = "Ann Essai,ann.essai@exemple.ca,514 555-0101\n"


@pytest.fixture
def run(tmp_path):
    def run(text, *more, encoding="utf-8"):
        path = tmp_path / "in.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        told, warned = StringIO(), StringIO()
        call_command("match", path, "--out", tmp_path / "out.csv", *more, stdout=told, stderr=warned)
        with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file)), told.getvalue(), warned.getvalue()

    return run


def test_pairs_come_out_with_zone_and_reasons(run):
    rows, told, warned = run(HEAD + "1,shop," + ANN + "2,books," + ANN + "3,books,Bob Autre,,\n")
    assert [*rows[0]] == ["id_a", "id_b", "score", "zone", "reasons"]
    assert [(row["id_a"], row["id_b"], row["score"], row["zone"]) for row in rows] == [("1", "2", "1.000", "link")]
    assert rows[0]["reasons"].startswith("email equal +0.") and "; given name equal +" in rows[0]["reasons"]
    assert told.startswith("3 records, 1 pairs compared, 1 to link, 0 to ask about, in ") and warned == ""


def test_one_source_is_looked_through_only_when_asked_or_alone(run):
    text = HEAD + "1,shop," + ANN + "2,shop," + ANN + "3,books,Bob Autre,,\n"
    assert run(text)[0] == []
    assert [row["zone"] for row in run(text, "--within")[0]] == ["link"]
    assert len(run("id,name,email,phone\n1," + ANN + "2," + ANN)[0]) == 1


def test_the_summary_as_json(run):
    told = json.loads(run(HEAD + "1,shop," + ANN + "2,books," + ANN, "--json")[1])
    assert {name: told[name] for name in ("records", "compared", "link", "ask")} == {
        "records": 2, "compared": 1, "link": 1, "ask": 0,
    }  # fmt: skip
    assert told["seconds"] >= 0 and told["peak_mb"] > 0


@pytest.mark.parametrize(("mark", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16")])
def test_a_file_is_read_as_spreadsheets_save_it(run, mark, encoding):
    text = "ID;Source;Name;Email\r\n1;shop;Éloïse Essai;e@exemple.ca\r\n2;books;Eloise Essai;e@exemple.ca\r\n"
    rows, _, _ = run(text.replace(";", mark), encoding=encoding)
    assert [(row["id_a"], row["id_b"]) for row in rows] == [("1", "2")]
    assert "given name accent" in rows[0]["reasons"]


def test_unknown_columns_are_named_and_ignored(run):
    rows, _, warned = run("id,shoe_size,name,email,phone\n1,42," + ANN + "2,42," + ANN)
    assert len(rows) == 1 and "shoe_size" in warned and "Colonnes ignorées" in warned


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        ("", "is empty", "est vide"),
        ("\n\n", "is empty", "est vide"),
        ("name,email\nAnn,a@exemple.ca\n", "no column “id”", "pas de colonne «\u00a0id\u00a0»"),
        ("id,name\n1,Ann\n,Bob\n", "Line 3", "La ligne 3"),
        ("id,name\n1,Ann\n2,Bob\n1,Eve\n", "has the id 1, as line 2", "porte l’identifiant 1, comme la ligne 2"),
        (b'id,name\n1,"' + b"a" * 200_000 + b'"\n', "cannot be read", "ne peut pas être lu"),
    ],
)
def test_a_bad_file_is_refused_plainly_in_both_languages(run, tmp_path, text, english, french):
    with pytest.raises(CommandError) as refused:
        run(text)
    first, second = str(refused.value).split("\n")
    assert english in first and french in second
    assert not (tmp_path / "out.csv").exists() and sorted(tmp_path.iterdir()) == [tmp_path / "in.csv"]


def test_files_that_cannot_be_read_or_written_are_refused(run, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("match", tmp_path / "none.csv", "--out", tmp_path / "out.csv")
    with pytest.raises(CommandError, match="cannot be written"):
        run("id,name\n1,Ann\n", "--out", tmp_path / "none" / "out.csv")
    with pytest.raises(CommandError, match="would overwrite"):
        run("id,name\n1,Ann\n", "--out", tmp_path / "in.csv")
    assert (tmp_path / "in.csv").read_text() == "id,name\n1,Ann\n"


def test_pairs_told_apart_stay_apart(run, tmp_path):
    never = tmp_path / "never.csv"
    never.write_text("id_a,id_b,zone\n2,1,ask\nx,y,ask\n")
    text = HEAD + "1,shop," + ANN + "2,books," + ANN
    assert len(run(text)[0]) == 1
    assert run(text, "--never", never)[0] == []
    never.write_text("one,two\n1,2\n")
    with pytest.raises(CommandError, match="no column “id_a”"):
        run(text, "--never", never)


def test_hostile_cells_do_no_harm(run):
    long = "a" * 10_000
    rows, _, _ = run(
        f"id,source,name,email,phone\n=1+1,shop,{long},,\n-5,books,{long},,\n3,books,\x00\x1b[31m,,\n4,shop\n5,shop,,,,,,,\n"
    )
    assert [(row["id_a"], row["id_b"]) for row in rows] in ([], [("'=1+1", "-5")])


def test_a_file_of_invented_customers_goes_through(tmp_path):
    write(customers(1500, 41), tmp_path / "in.csv")
    told = StringIO()
    call_command("match", tmp_path / "in.csv", "--out", tmp_path / "out.csv", "--within", "--json", stdout=told)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = generated(1500, 41).truth
    right = [tuple(sorted((row["id_a"], row["id_b"]))) in truth for row in rows]
    counted = json.loads(told.getvalue())
    assert counted["records"] == 1500 and counted["link"] + counted["ask"] == len(rows)
    assert sum(right) > 0.9 * len(rows) and sum(right) > 0.8 * len(truth)
    assert all(row["reasons"] and 0 <= float(row["score"]) <= 1 for row in rows)
