"""Rules, links, items and decisions in files, and a set-up copied to another client."""

import json

import pytest

from bridge.hub.models import Candidate, Change, Link, MappingFile, MappingRule, Record, ValueMap
from bridge.jobs import copying, duplicates, ruling
from tests import factories
from tests.unit.files.conftest import csv_text, done, make_shop_pair, offer, returned, sent, value

pytestmark = pytest.mark.django_db


def coded(file):
    """Outcome and code of the rows, in order."""
    return [(row.outcome, row.code) for row in file.rows.order_by("line")]


# rules


@pytest.fixture
def ruled(books_pair):
    """The pair with two rules for contacts."""
    flow = books_pair.flows.get(entity="contact")
    factories.rule(flow, "given_name", "given_name", note="Prénom d’abord")
    factories.rule(flow, "family_name", "family_name", position=1)
    return books_pair


@pytest.mark.parametrize("language", ["en", "fr"])
def test_rules_come_back_unchanged_in_both_languages(ruled, ann, language):
    text = csv_text(ruled, "rules", language)
    assert ("toujours" in text) == (language == "fr")
    assert sent(ruled, "rules", text, ann).counts == {"same": 2, "waiting": 0}


def test_rules_are_changed_added_and_removed_and_return(ruled, line_fr):
    flow, before = ruled.flows.get(entity="contact"), csv_text(ruled, "rules", "fr")
    lines = before.splitlines()
    lines[1] = lines[1].replace("toujours", "à la création seulement").replace("Prénom d’abord", "Autre note")
    cells = lines[2].split(";")
    cells[-3] = "supprimer"
    lines[2] = ";".join(cells)
    cells[2], cells[3], cells[5], cells[-3], cells[-2] = "vers la droite", "company", "company", "", ""
    lines.append(";".join(cells))
    found = sent(ruled, "rules", "\n".join(lines), line_fr)
    assert sorted(outcome for outcome, _ in coded(found)) == ["changed", "new", "removed"], coded(found)
    assert csv_text(ruled, "rules", "fr") == before
    done(found, line_fr)
    rows = {rule.source: rule for rule in MappingRule.objects.filter(flow=flow)}
    assert (set(rows), rows["given_name"].when) == ({"given_name", "company"}, "create")
    assert ruled.flows.get(entity="contact").rules_version == flow.rules_version + 1
    assert ruling.rule_problems(ruled) == []
    assert returned(found, line_fr).code == ""
    assert csv_text(ruled, "rules", "fr") == before


def test_a_rule_the_page_would_refuse_is_refused_in_a_file(ruled, ann):
    heads = "flow,toward,source,target,transform,position"
    found = sent(
        ruled,
        "rules",
        "\n".join(
            [
                heads,
                "contact,right,nonsense,given_name,copy,1",
                "contact,right,email,nonsense,copy,1",
                "contact,right,company,company,explode,1",
                "contact,up,company,company,copy,1",
                "weather,right,company,company,copy,1",
                "contact,right,phone,phone,copy,first",
            ]
        ),
        ann,
    )
    assert {outcome for outcome, _ in coded(found)} == {"invalid"}
    assert [code for _, code in coded(found)][-2:] == ["ROW-KIND", "ROW-NUMBER"]


# links


def linked(pair, number, other=None):
    """Two records of the pair made one."""
    left, right = (
        Record.objects.get(connection=at, remote_id=f"00{n}")
        for at, n in ((pair.left, number), (pair.right, other or number))
    )
    return factories.link(pair, left, right, sent={"right": {"email": "a@example.com"}})


HEADS = "entity,left_resource,left_id,right_resource,right_id,action"


def test_links_come_back_unchanged_are_made_and_taken_apart_and_return(books_pair, ann):
    linked(books_pair, 1)
    before = csv_text(books_pair, "links")
    assert sent(books_pair, "links", before, ann).counts == {"same": 1, "waiting": 0}
    text = "\n".join(
        [
            HEADS,
            "contact,customers,001,members,001,remove",
            "contact,customers,001,members,002,",
            "contact,customers,003,members,003,",
        ]
    )
    found = sent(books_pair, "links", text, ann)
    assert coded(found) == [("removed", ""), ("new", ""), ("new", "")]
    done(found, ann)
    pairs = set(Link.objects.filter(integration=books_pair).values_list("left__remote_id", "right__remote_id"))
    assert pairs == {("001", "002"), ("003", "003")}
    never = Candidate.objects.get(integration=books_pair)
    assert never.decision == "never"
    assert Record.objects.get(connection=books_pair.left, remote_id="003").touched > 0
    assert returned(found, ann).code == ""
    assert csv_text(books_pair, "links").split(",Ann")[0] == before.split(",Ann")[0]
    assert Link.objects.get(integration=books_pair).sent == {"right": {"email": "a@example.com"}}
    assert not Candidate.objects.filter(integration=books_pair).exists()


def test_a_record_has_one_twin_and_is_of_this_client(books_pair, ann):
    linked(books_pair, 1)
    other = factories.integration()
    factories.record(other.left, "customers", remote_id="theirs", name="Their customer")
    text = "\n".join(
        [
            HEADS + ",left_name",
            "contact,customers,001,members,002,,",
            "contact,customers,002,members,002,,",
            "contact,customers,003,members,002,,",
            "contact,customers,theirs,members,003,,",
            "contact,members,003,customers,003,,",
            "contact,customers,003,members,003,,Somebody Else",
            "product,items,1,products,1,,",
        ]
    )
    found = sent(books_pair, "links", text, ann)
    assert [code for _, code in coded(found)] == [
        "ROW-TAKEN", "", "ROW-TAKEN", "ROW-RECORD", "ROW-RECORD", "ROW-ID-NAME", "ROW-KIND",
    ]  # fmt: skip


def test_a_link_by_which_something_was_written_stays_when_the_file_is_taken_back(books_pair, ann):
    found = done(sent(books_pair, "links", f"{HEADS}\ncontact,customers,001,members,001,", ann), ann)
    link = Link.objects.get(integration=books_pair)
    run = factories.run(books_pair, state="done")
    factories.change(run, state=Change.State.DONE, source=link.left, target=link.right, action="update")
    found = returned(found, ann)
    assert (found.code, Link.objects.filter(pk=link.pk).exists()) == ("FILE-LEFT", True)


# decisions


@pytest.fixture
def asked(books_pair):
    """Two pairs that may be the same."""
    for number, other in ((1, 1), (2, 3)):
        left = Record.objects.get(connection=books_pair.left, remote_id=f"00{number}")
        right = Record.objects.get(connection=books_pair.right, remote_id=f"00{other}")
        Candidate.objects.create(integration=books_pair, entity="contact", left=left, right=right, score="0.81")
    return books_pair


def test_decisions_come_back_unchanged_are_taken_and_return(asked, line_fr):
    before = csv_text(asked, "customers", "fr")
    assert ";0,810;Ouvert" in before.replace("Ouverte", "Ouvert") or ";0,810;" in before
    assert sent(asked, "customers", before, line_fr).counts == {"same": 2, "waiting": 0}
    text = (
        "entity;left_resource;left_id;right_resource;right_id;decision;until\n"
        "contact;customers;001;members;001;same;\n"
        "contact;customers;002;members;003;never;\n"
        "contact;customers;003;members;002;later;2027-01-15\n"
    )
    found = done(sent(asked, "customers", text, line_fr), line_fr)
    told = {row.left.remote_id: row.decision for row in Candidate.objects.filter(integration=asked)}
    assert (found.state, told) == ("done", {"001": "same", "002": "never", "003": "later"})
    assert Link.objects.get(integration=asked).left.remote_id == "001"
    assert returned(found, line_fr).code == ""
    assert not Link.objects.filter(integration=asked).exists()
    rows = Candidate.objects.filter(integration=asked)
    assert {row.left.remote_id: row.decision for row in rows} == {"001": "open", "002": "open"}


def test_wrong_decisions_are_named(asked, ann):
    linked(asked, 1, 2)
    text = (
        "entity,left_resource,left_id,right_resource,right_id,decision,until,action\n"
        "contact,customers,001,members,001,same,,\n"
        "contact,customers,002,members,003,perhaps,,\n"
        "contact,customers,003,members,003,later,13/13/2026,\n"
    )
    assert [code for _, code in coded(sent(asked, "customers", text, ann))] == ["ROW-TAKEN", "ROW-DECISION", "ROW-DAY"]
    text = "entity,left_resource,left_id,right_resource,right_id,action\ncontact,customers,001,members,001,remove\n"
    assert coded(sent(asked, "customers", text, ann)) == [("invalid", "ROW-OPEN-INSTEAD")]


def test_a_decision_that_cannot_be_carried_out_changes_nothing(asked, ann, monkeypatch):
    from connectors.contract import SettingInvalid

    text = (
        "entity,left_resource,left_id,right_resource,right_id,decision\n"
        "contact,customers,001,members,001,never\ncontact,customers,002,members,003,never\n"
    )
    found = sent(asked, "customers", text, ann)
    real, calls = duplicates.decide, []

    def decide(pair, *more):
        calls.append(pair)
        if len(calls) == 2:
            raise SettingInvalid("DUPLICATE-OPEN")
        return real(pair, *more)

    monkeypatch.setattr(duplicates, "decide", decide)
    found = done(found, ann)
    assert (found.state, found.code) == ("checked", "DUPLICATE-OPEN")
    assert set(Candidate.objects.values_list("decision", flat=True)) == {"open"}


# a whole set-up


def copied(source, target, user):
    """The set-up of one pair, uploaded to another."""
    return sent(target, "setup", json.dumps(copying.exported(source)), user, "setup.json")


def test_a_set_up_is_copied_to_another_client_by_names_and_tells_what_it_did_not_find(shop, ann):
    source, target = make_shop_pair(), make_shop_pair(choices=[("81", "TPS/TVQ QC"), ("82", "Hors champ")])
    factories.rule(source.flows.get(), "number", "number", note="Ours")
    source.flows.update(cadence_minutes=30, start_date="2026-01-01")
    value(source, "A", target_id="1", target_label="TPS/TVQ QC", confirmed=True)
    value(source, "B", target_id="2", target_label="TPS", confirmed=True)
    value(source, "C", target_id="9", target_label="Hors champ")  # only suggested: nobody decided
    offer(target.right, "tax_codes", [("81", "TPS/TVQ QC"), ("82", "Hors champ")])
    before = copying.exported(target)
    found = copied(source, target, ann)
    told = {tuple(row.key[:3]): (row.outcome, row.code) for row in found.rows.all()}
    assert told[("values", "tax", "A")] == ("new", "")
    assert told[("values", "tax", "B")] == ("invalid", "ROW-NAME-UNKNOWN")
    assert told[("flows", "sale")] == ("changed", "")
    assert ("values", "tax", "C") not in told
    found = done(found, ann, only_valid=True)
    assert found.state == "done", found.code
    row = ValueMap.objects.get(integration=target, source_key="A")
    assert (row.target_id, row.confirmed) == ("81", True)
    assert target.flows.get().cadence_minutes == 30
    assert target.flows.get().rules.filter(source="number").exists()
    assert returned(found, ann).code == ""
    assert copying.exported(target) == before


def test_ids_in_settings_are_found_by_name_at_the_other_client_or_named(books_pair, ann):
    source, target, without = books_pair, factories.integration(), factories.integration()
    source.settings = {"audience": "aud1", "audience_label": "Clients fidèles"}
    source.save()
    offer(target.right, "audiences", [("other-7", "Clients fidèles"), ("other-8", "Prospects")])
    offer(without.right, "audiences", [("third-1", "Prospects")])
    found = copied(source, target, ann)
    assert {tuple(row.key): row.after for row in found.rows.all()}["settings", "audience"] == {
        "value": "Clients fidèles"
    }
    done(found, ann, only_valid=True)
    target.refresh_from_db()
    assert target.settings["audience"] == "other-7"
    assert returned(found, ann).state == "returned"
    target.refresh_from_db()
    assert "audience" not in target.settings
    row = copied(source, without, ann).rows.get(outcome="invalid", key=["settings", "audience"])
    assert (row.code, row.params["value"]) == ("SETUP-UNMATCHED", "Clients fidèles")


def test_a_set_up_of_another_pair_or_of_no_shape_is_refused(shop, ann, books_pair):
    target = make_shop_pair()
    assert copied(books_pair, target, ann).code == "SETUP-RECIPE"
    good = copying.exported(target)
    for broken in (
        "{", "[]", "{}", '"x"', json.dumps({**good, "values": [1]}), json.dumps({**good, "flows": [{"entity": 1}]}),
        json.dumps({**good, "settings": [{"key": 1}]}), "[" * 100_000,
        json.dumps({**good, "flows": [{"entity": "sale", "rules": [], "is_on": 1}]}),
    ):  # fmt: skip
        assert sent(target, "setup", broken, ann, "setup.json").code == "SETUP-SHAPE", broken[:80]
    assert MappingFile.objects.filter(state="refused").count() == 10


def test_no_secret_is_in_an_exported_set_up(books_pair):
    books_pair.left.client_secret = "canary-secret"
    books_pair.settings = {**books_pair.settings, "api_key": "canary-secret"}
    books_pair.save()
    assert "canary" not in json.dumps(copying.exported(books_pair))
