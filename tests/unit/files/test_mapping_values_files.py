"""Value maps in files: what comes back unchanged changes nothing, what is wrong is named, what was replaced returns."""

import time

import pytest

from bridge.hub.models import Change, Integration, MappingFile, Run, ValueMap
from bridge.jobs import mapping_files, ticking, values
from connectors.contract import SettingInvalid
from tests import factories
from tests.tools import spreadsheets
from tests.unit.files.conftest import (
    csv_text,
    done,
    make_shop_pair,
    offer,
    returned,
    sent,
    value,
)

pytestmark = pytest.mark.django_db


def state_of(integration):
    """All that stands, as it would be exported."""
    return csv_text(integration, "values")


def outcomes(file):
    """Outcome and code of each row that says something, by line."""
    return {row.line: (row.outcome, row.code) for row in file.rows.all()}


def sheet(*rows, heads="kind,source_id,target_id,target_name"):
    """A file a person typed."""
    return "\n".join([heads, *rows])


def one(integration, key):
    """The map of one value."""
    return ValueMap.objects.get(integration=integration, source_key=key)


@pytest.mark.fault("I13")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_export_that_comes_back_changes_nothing(shop_pair, ann, language):
    found = sent(shop_pair, "values", csv_text(shop_pair, "values", language), ann)
    assert found.state == "checked"
    assert found.counts == {"same": 3, "waiting": 0}


def test_an_export_holds_names_and_ids_and_no_number_of_ours(shop_pair):
    row = one(shop_pair, "TPS+TVQ")
    text = state_of(shop_pair)
    assert "TPS+TVQ" in text and "TPS/TVQ QC" in text and str(shop_pair.public_id) in text
    cells = [line.split(",") for line in text.splitlines()]
    assert "id" not in [head.lower() for head in cells[0]]
    ValueMap.objects.filter(pk=row.pk).update(id=row.pk + 990_000)
    assert state_of(shop_pair) == text


def test_a_french_file_with_new_targets_is_taken_and_returns(shop_pair, line_fr):
    before = state_of(shop_pair)
    text = csv_text(shop_pair, "values", "fr")
    assert text.startswith("\ufeffGenre;")
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if ";none;" in line)
    lines[at] = lines[at].replace(";;;non;", ";9;Hors champ;non;")
    found = sent(shop_pair, "values", "\r\n".join(lines), line_fr)
    assert outcomes(found) == {at + 1: ("changed", "")}
    assert one(shop_pair, "none").target_id == ""  # a dry run writes nothing
    found = done(found, line_fr)
    row = one(shop_pair, "none")
    assert (found.state, row.target_id, row.confirmed, row.decided_by) == ("done", "9", True, line_fr)
    assert [past.becomes for past in values.history(row)][:1] == ["Hors champ"]
    found = returned(found, line_fr)
    assert (found.state, state_of(shop_pair)) == ("returned", before)


@pytest.mark.fault("I09")
@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("tax,TPS,77,", "MAP-TARGET-UNKNOWN"),
        ("tax,TPS,7,", "ROW-ZEROS"),
        ("tax,TPS,1,Hors champ", "ROW-ID-NAME"),
        ("tax,TPS,,Inconnu", "ROW-NAME-UNKNOWN"),
        ("taxes,TPS,1,", ""),
        ("colour,TPS,1,", "ROW-KIND"),
        ("tax,,1,", "ROW-KEY"),
        ('tax,"1,23E+15",1,', "ROW-DAMAGED"),
        ("tax,2026-11-21,1,", "ROW-DAMAGED"),
        ("tax,VRAI,1,", "ROW-DAMAGED"),
        ("tax,TPS+TVQ,,", "ROW-EMPTIED"),
        ("tax,CrÃ¨me,1,", "ROW-GARBLED"),
        ("tax,TPS,1,,,7,8", "ROW-SHIFTED"),
        ("tax,TPS,1,\ufffd", "ROW-LOST"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(shop_pair, ann, row, code):
    found = sent(shop_pair, "values", sheet(row), ann)
    told = outcomes(found)
    assert told == ({2: ("invalid", code)} if code else {2: ("changed", "")})


def test_a_name_alone_is_enough_where_one_choice_has_it(shop_pair, ann):
    found = done(sent(shop_pair, "values", sheet("tax,none,,detaxe a l’EXPORT"), ann), ann)
    assert (found.state, one(shop_pair, "none").target_id) == ("done", "007")


def test_a_missing_row_deletes_nothing_and_the_word_remove_does(shop_pair, ann):
    before = state_of(shop_pair)
    heads, *rows = csv_text(shop_pair, "values").splitlines()
    mapped = next(row for row in rows if "TPS+TVQ" in row)
    assert sent(shop_pair, "values", f"{heads}\n{mapped}", ann).counts == {"same": 1, "waiting": 0}
    cells = mapped.split(",")
    cells[-3] = "supprimer"
    found = sent(shop_pair, "values", f"{heads}\n{','.join(cells)}", ann)
    assert found.counts == {"removed": 1, "waiting": 0}
    found = done(found, ann)
    assert one(shop_pair, "TPS+TVQ").target_id == ""
    returned(found, ann)
    assert state_of(shop_pair) == before


def test_an_id_alone_is_enough_also_where_the_value_had_another_name(shop_pair, ann):
    found = sent(shop_pair, "values", sheet("tax,TPS+TVQ,9", heads="kind,source_id,target_id"), ann)
    assert outcomes(found) == {2: ("changed", "")}
    assert found.rows.get().after["target_name"] == "Hors champ"


@pytest.mark.fault("I17")
def test_a_file_with_invalid_rows_is_all_or_nothing_unless_the_valid_ones_are_asked_for(shop_pair, ann):
    found = sent(shop_pair, "values", sheet("tax,none,9,", "tax,TPS,77,"), ann)
    with pytest.raises(SettingInvalid) as refused:
        mapping_files.confirm(found, ann)
    assert (refused.value.code, one(shop_pair, "none").target_id) == ("FILE-INVALID-ROWS", "")
    found = done(found, ann, only_valid=True)
    assert (found.state, one(shop_pair, "none").target_id, one(shop_pair, "TPS").confirmed) == ("done", "9", False)


def test_records_that_wait_are_told_beforehand_and_freed_afterwards(shop_pair, ann):
    run = factories.run(shop_pair, state=Run.State.HELD)
    held = factories.change(run, state=Change.State.HELD, code="TAX-OF-SHOP", params={"map": "tax", "key": "none"})
    other = factories.change(run, state=Change.State.HELD, code="TAX-OF-SHOP", params={"map": "tax", "key": "TPS"})
    version = shop_pair.maps_version
    found = sent(shop_pair, "values", sheet("tax,none,9,"), ann)
    assert (found.counts["waiting"], found.rows.get().waiting) == (1, 1)
    done(found, ann)
    held.refresh_from_db()
    other.refresh_from_db()
    assert held.retry_at is not None and other.retry_at is None
    assert Integration.objects.get(pk=shop_pair.pk).maps_version == version + 1


@pytest.mark.fault("I15")
def test_rows_of_another_client_are_refused_whatever_they_name(shop_pair, ann):
    theirs = make_shop_pair(choices=[("501", "Their tax")])
    value(theirs, "none", target_id="501", target_label="Their tax", confirmed=True)
    found = sent(shop_pair, "values", csv_text(theirs, "values"), ann)
    assert [row.code for row in found.rows.all()] == ["ROW-OTHER"]
    found = sent(shop_pair, "values", sheet("tax,none,501,Their tax"), ann)
    assert [row.code for row in found.rows.all()] == ["MAP-TARGET-UNKNOWN"]


@pytest.mark.fault("I11")
def test_what_two_people_edited_is_named_and_neither_is_lost(shop_pair, ann, line_fr):
    text = csv_text(shop_pair, "values").replace(",none,Hors taxe – à l’export,,,", ",none,Hors taxe – à l’export,9,,")
    values.set_target(one(shop_pair, "none"), "2", line_fr)
    values.set_target(one(shop_pair, "TPS"), "9", line_fr)
    found = sent(shop_pair, "values", text, ann)
    told = {row.key[1]: (row.outcome, row.code, row.params.get("who")) for row in found.rows.all()}
    assert told == {
        "none": ("invalid", "ROW-MOVED", str(line_fr)),  # both edited it: the person says which
        "TPS": ("kept", "ROW-NEWER", str(line_fr)),  # only we did: it stays
    }
    assert found.rows.get(key=["tax", "none"]).params["now"].startswith("2, TPS")


@pytest.mark.fault("I11")
def test_an_edit_between_check_and_confirmation_sends_the_file_back_with_what_moved(shop_pair, ann, line_fr):
    found = sent(shop_pair, "values", sheet("tax,none,9,"), ann)
    values.set_target(one(shop_pair, "none"), "2", line_fr)
    found = done(found, ann)
    assert (found.state, found.code, found.params["count"]) == ("checked", "FILE-MOVED", 1)
    assert one(shop_pair, "none").target_id == "2"
    assert found.rows.get().before["target_id"] == "2"
    found = done(found, ann)
    assert (found.state, one(shop_pair, "none").target_id) == ("done", "9")


def test_a_return_leaves_what_was_edited_after_the_import_and_names_it(shop_pair, ann):
    found = done(sent(shop_pair, "values", sheet("tax,none,9,", "tax,TPS,9,"), ann), ann)
    values.set_target(one(shop_pair, "none"), "2", ann)
    found = returned(found, ann)
    assert (found.code, found.params["count"]) == ("FILE-LEFT", 1)
    assert one(shop_pair, "none").target_id == "2"
    assert (one(shop_pair, "TPS").target_id, one(shop_pair, "TPS").confirmed) == ("2", False)


def test_a_file_is_carried_out_once_whoever_asks_twice(shop_pair, ann):
    found = sent(shop_pair, "values", sheet("tax,none,9,"), ann)
    mapping_files.confirm(found, ann)
    with pytest.raises(SettingInvalid):
        mapping_files.confirm(MappingFile.objects.get(pk=found.pk), ann)
    assert [mapping_files.work(found.pk), mapping_files.work(found.pk)] == ["done", "busy"]


def test_a_lost_bell_is_found_by_the_beat_and_a_file_that_never_ends_is_given_up(shop_pair, ann, monkeypatch):
    found = sent(shop_pair, "values", sheet("tax,none,9,"), ann, run=False)
    assert mapping_files.due() == [found.pk]
    rung = []
    monkeypatch.setattr(ticking.queue, "ring", lambda name, pk: rung.append((name, pk)))
    ticking.due_files()
    assert rung == [("mapping_file", found.pk)]
    MappingFile.objects.filter(pk=found.pk).update(starts=3)
    assert mapping_files.work(found.pk) == "given up"
    found.refresh_from_db()
    assert (found.state, found.code) == ("refused", "FILE-GIVEN-UP")


def test_a_file_of_another_set_says_which(shop_pair, ann):
    found = sent(shop_pair, "values", csv_text(shop_pair, "rules"), ann)
    assert (found.state, found.code, found.params) == ("refused", "FILE-OTHER-SET", {"set": "Mapping rules"})
    assert sent(shop_pair, "values", "a,b\n1,2\n", ann).code == "FILE-HEADS"


def many(pair, number):
    """A pair with that many values, and an equal number of choices."""
    offer(pair.right, "tax_codes", [(f"{n:05d}", f"Choice {n}") for n in range(number)])
    ValueMap.objects.bulk_create(
        ValueMap(integration=pair, kind="tax", source_key=f"key-{n:05d}", source_label=f"Value {n}")
        for n in range(number)
    )


def filled(pair, wrong=()):
    """The export of a pair with a target in each row; those of `wrong` name none there is."""
    lines = []
    for number, line in enumerate(csv_text(pair, "values", "fr").splitlines()):
        cells = line.split(";")
        if number:
            key = int(cells[2].split("-")[1])
            cells[4] = f"{'9' if key in wrong else ''}{key:05d}"
        lines.append(";".join(cells))
    return "\r\n".join(lines)


def test_of_5000_rows_with_40_wrong_the_40_are_listed_and_nothing_is_written_until_confirmed(shop, line_fr):
    pair = make_shop_pair()
    many(pair, 5000)
    before = state_of(pair)
    wrong = set(range(0, 4000, 100))
    found = sent(pair, "values", filled(pair, wrong), line_fr)
    assert (found.counts["changed"], found.counts["invalid"]) == (4960, 40)
    assert {row.key[1] for row in found.rows.filter(outcome="invalid")} == {f"key-{n:05d}" for n in wrong}
    assert state_of(pair) == before
    found = done(found, line_fr, only_valid=True)
    assert pair.value_maps.filter(confirmed=True).count() == 4960
    found = returned(found, line_fr)
    assert state_of(pair) == before


@pytest.mark.slow
def test_20000_rows_are_checked_in_less_than_half_a_minute(shop, line_fr):
    pair = make_shop_pair()
    many(pair, 20_000)
    content = filled(pair)
    started = time.process_time()
    found = sent(pair, "values", content, line_fr)
    assert (found.state, found.counts["changed"]) == ("checked", 20_000)
    assert time.process_time() - started < 30


@pytest.mark.fault("I10")
@pytest.mark.parametrize("part", range(10))
def test_of_500_made_spreadsheets_none_leaves_a_mapping_that_is_not_valid(shop_pair, ann, part):
    """Whatever comes is refused, asked about or checked; what is confirmed names only choices there are."""
    for number in range(12):
        value(
            shop_pair, f"00{number}", f"Taxe « {number} » é", target_id="9", target_label="Hors champ", confirmed=True
        )
    rows = list(mapping_files.exported(shop_pair, "values", "fr"))
    offered = {item.id for item in values.targets(shop_pair, "tax")}
    seen = set()
    for seed in range(part * 50, part * 50 + 50):
        name, content, told = spreadsheets.spreadsheet(seed, rows)
        before = state_of(shop_pair)
        found = sent(shop_pair, "values", content, ann, name)
        seen.add(found.state)
        assert found.state in ("refused", "asking", "checked"), (seed, told)
        assert state_of(shop_pair) == before, (seed, told)
        if found.state == "asking":
            mapping_files.answer_encoding(found, found.reading["samples"][0][0])
            mapping_files.work(found.pk)
            found.refresh_from_db()
        if found.state == "checked" and any(found.counts.get(name) for name in ("new", "changed", "removed")):
            found = done(found, ann, only_valid=True)
            assert found.state == "done", (seed, told, found.code)
            mapped = ValueMap.objects.filter(integration=shop_pair).exclude(target_id="")
            assert {row.target_id for row in mapped} <= offered, (seed, told)
            assert returned(found, ann).code == "", (seed, told)
        assert state_of(shop_pair) == before, (seed, told)
    assert {"refused", "checked"} <= seen
