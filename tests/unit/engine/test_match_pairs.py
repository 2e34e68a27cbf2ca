"""Matching a whole file: the same scorer as for two records, nothing lost by blocking, no link against another."""

from dataclasses import replace
from itertools import combinations
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching_data import generated
from bridge.engine.match import compare, score
from bridge.engine.matching.counts import EVERYWHERE, FileCounts
from bridge.engine.matching.forms import sound
from bridge.engine.matching.pairs import ASK_FROM, LINK_FROM, Matcher
from bridge.engine.matching.scoring import Note, parts_of, total
from bridge.engine.matching.seen import Seen, seen
from bridge.engine.matching.signals import (
    address_level,
    business_level,
    email_level,
    family_level,
    given_level,
    phone_level,
    postcode_level,
    signals,
)
from bridge.engine.matching.weights import WEIGHTS
from bridge.engine.matching.wording import NOTES, PARTS

from .people import customer, member

# -- what is taken apart


@pytest.mark.parametrize(
    ("values", "given_name", "family", "generation"),
    [
        ({"name": "Ann Essai"}, "ann", "essai", ""),
        ({"name": "Essai, Ann"}, "ann", "essai", ""),
        ({"name": "ESSAI ANN"}, "ann", "essai", ""),
        ({"name": "Mme Ann Essai"}, "ann", "essai", ""),
        ({"name": "Roy Anne-Marie"}, "anne marie", "roy", ""),
        ({"name": "Isabelle Essai-Fictif"}, "isabelle", "essai fictif", ""),
        ({"name": "Jean Essai fils"}, "jean", "essai", "jr"),
        ({"name": "John Essai, Jr."}, "john", "essai", "jr"),
        ({"given_name": "John", "family_name": "Essai Sr"}, "john", "essai", "sr"),
        ({"given_name": "MontrÃ©a", "family_name": "Essai"}, "montrea", "essai", ""),
        ({"name": "Garage Essai inc."}, "", "", ""),
        ({"company": "Essai", "name": "Essai"}, "", "", ""),
    ],
)
def test_a_name_is_taken_apart_however_it_is_written(values, given_name, family, generation):
    found = seen(values)
    assert (" ".join(found.given), " ".join(found.family), found.generation) == (given_name, family, generation)


@pytest.mark.parametrize(
    ("line", "number", "street", "flat"),
    [
        ("12, rue de l'Église", "12", "leglise", ""),
        ("12 Church Street", "12", "church", ""),
        ("4-12 rue Fictive", "12", "fictive", "4"),
        ("12 rue Fictive, app. 4", "12", "fictive", "4"),
        ("12 rue Fictive #4", "12", "fictive", "4"),
        ("12 Fictive St, Unit 4", "12", "fictive", "4"),
        ("12 St. Fictive St", "12", "st fictive", ""),
        ("12 rue Sainte-Fictive", "12", "st fictive", ""),
        ("12, 3e avenue", "12", "3e", ""),
        ("12 3rd Ave", "12", "3e", ""),
        ("12 boul. Fictif Ouest", "12", "fictif o", ""),
        ("12 Fictif Blvd West", "12", "fictif o", ""),
        ("", "", "", ""),
    ],
)
def test_an_address_is_taken_apart_in_both_languages(line, number, street, flat):
    found = seen({"address": {"line1": line}})
    assert (found.number, " ".join(found.street), found.flat) == (number, street, flat)


def test_what_people_type_where_there_is_nothing_says_nothing():
    found = seen({"email": "none@none.example", "phone": "000-000-0000", "mobile": "514-555-5555"})
    assert (found.email, found.phones) == ("", ())
    assert seen({"email": "Info@exemple.ca"}).role and not seen({"email": "ann@exemple.ca"}).role
    assert seen({"email": "ann+shop@exemple.ca"}).email == "ann@exemple.ca"


# -- how close two are


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("robert", "bob", "nickname"),
        ("jean francois", "jeff", "nickname"),
        ("jean pierre", "jp", "nickname"),
        ("pierre olivier", "po", "initial"),
        ("pierre olivier", "p o", "initial"),
        ("jean pierre", "j p", "nickname"),
        ("jean pierre", "jeanpierre", "equal"),
        ("jean pierre", "pierre jean", "equal"),
        ("jean pierre", "jean", "part"),
        ("john q", "john", "equal"),
        ("john q", "john r", "middle"),
        ("jean", "j", "initial"),
        ("jean", "m", "differs"),
        ("mathieu", "mathhieu", "typo"),
        ("mark", "mary", "typo/two names"),
        ("daniel", "donald", "sound/two names"),
        ("ann", "bob", "differs"),
        ("ann", "", ""),
    ],
)
def test_given_names(one, other, level):
    left, right = tuple(one.split()), tuple(other.split())
    assert given_level(left, right) == given_level(right, left) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("st pierre", "stpierre", "equal"),
        ("tremblay", "trembaly", "typo"),
        ("gauthier", "gautier", "typo"),
        ("lefebvre", "lefevre", "typo"),
        ("perreault", "perro", "sound"),
        ("tremblay gagnon", "tremblay", "part"),
        ("tremblay gagnon", "gagnon tremblay", "equal"),
        ("roy", "cote", "differs"),
    ],
)
def test_family_names(one, other, level):
    left, right = tuple(one.split()), tuple(other.split())
    assert family_level(left, right) == family_level(right, left) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Garage Fictif inc.", "GARAGE FICTIF LTÉE", "equal"),
        ("Garage Fictif S.E.N.C.", "Fictif Garage", "equal"),
        ("Garage Fictif - Laval", "Garage Fictif", "part"),
        ("Garage Fictfi", "Garage Fictif", "typo"),
        ("Garage du Coin", "GDC", "short"),
        ("Garage Fictif", "Garage Essai", "close"),
        ("Garage Fictif", "Boulangerie Essai", "differs"),
    ],
)
def test_company_names(one, other, level):
    left, right = (seen({"company": name}).business for name in (one, other))
    assert business_level(left, right) == business_level(right, left) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ann@exemple.ca", "ANN@exemple.ca", "equal"),
        ("info@exemple.ca", "info@exemple.ca", "equal/role"),
        ("ann.essai@exemple.ca", "ann.essai@exmeple.ca", "typo"),
        ("ann.essai@exemple.ca", "ann.essia@exemple.ca", "typo"),
        ("j.fictif@exemple.ca", "m.fictif@exemple.ca", "typo/first letter"),
        ("ann12@exemple.ca", "ann13@exemple.ca", "typo/digits"),
        ("ann.essai@exemple.ca", "ann.essai@autre.example", "close"),
        ("info@exemple.ca", "info@autre.example", "differs"),
        ("ann@exemple.ca", "bob@exemple.ca", "differs/same host"),
    ],
)
def test_addresses(one, other, level):
    left, right = seen({"email": one}), seen({"email": other})
    assert email_level(left, right) == email_level(right, left) == level


def test_numbers_streets_and_postcodes():
    assert phone_level(("+15145550101",), ("+15145550199", "+15145550101")) == "equal"
    assert phone_level(("+15145550101",), ("+15145550111",)) == "typo"
    assert phone_level(("+15145550101",), ("+14505559876",)) == "differs"
    assert [postcode_level("h2x1y4", code) for code in ("h2x1y4", "h2x1y5", "h2x9z9", "g1b2c3")] == [
        "equal", "typo", "area", "differs",
    ]  # fmt: skip
    lines = ["12 rue Fictive", "12 rue Fictve", "21 rue Fictive", "99 rue Fictive", "12 rue Autrement", "rue Fictive"]
    places = [seen({"address": {"line1": line}}) for line in lines]
    assert [address_level(places[0], place) for place in places] == [
        "equal", "typo", "number typo", "other number", "number", "street",
    ]  # fmt: skip


def test_a_name_sounds_the_same_in_two_spellings():
    for one, other in (
        ("ouellet", "ouellette"),
        ("perreault", "perrault"),
        ("macdonald", "mcdonald"),
        ("kathy", "cathy"),
    ):
        assert sound(one) == sound(other)


# -- the score


def test_every_point_of_a_score_is_in_a_part():
    one = customer(given_name="Robert", family_name="Essai", email="bob.essai@exemple.ca", phone="514 555-0101")
    two = member(name="Bob Éssai", email="Bob.Essai@exemple.ca", phone="+1 514-555-0101")
    parts = compare(one, two)
    assert score(parts) == 1.0 and sum(part.weight for part in parts) > 1.0
    assert {part.name: part.note for part in parts} == {
        "email": "equal", "phone": "equal", "given_name": "nickname", "family_name": "accent", "name_shared": "shared",
    }  # fmt: skip


def test_a_father_and_his_son_are_not_one():
    home = {"address": {"line1": "12 rue Fictive", "postcode": "H0H 0H0"}, "phone": "514 555-0101"}
    father = customer(given_name="Jean", family_name="Essai Sr", **home)
    son = member(given_name="Jean", family_name="Essai Jr", **home)
    assert score(compare(father, son)) < score(compare(father, replace(father, remote_id="m1"))) == 1.0
    assert {part.note for part in compare(father, son) if part.name == "generation"} == {"differs"}


def test_a_shared_mailbox_does_not_make_a_couple_one():
    mailbox = {"email": "famille.essai@exemple.ca", "phone": "514 555-0101"}
    parts = compare(
        customer(given_name="Jean", family_name="Essai", **mailbox),
        member(given_name="Sylvie", family_name="Essai", **mailbox),
    )
    assert score(parts) < ASK_FROM
    assert min(parts, key=lambda part: part.weight).name == "given_name"


def test_two_branches_are_not_one():
    shop = {"company": "Garage Fictif inc.", "email": "info@exemple.ca"}
    here = customer(**shop, address={"line1": "1 rue Fictive", "city": "Laval", "postcode": "H0H 0H0"})
    there = member(**shop, address={"line1": "99 boul. Inventé", "city": "Québec", "postcode": "G1A 1A1"})
    assert score(compare(here, there)) < score(compare(here, replace(here, remote_id="m1")))


@pytest.fixture(scope="module")
def data():
    return generated(4000, 31)


@pytest.fixture(scope="module")
def records(data):
    return [seen(values) for values in data.values]


def matcher(data, records, within=True, never=()):
    return Matcher(records, [row["source"] for row in data.rows], within, never)


def test_comparing_is_the_same_from_both_sides(data, records):
    counts, values = FileCounts(records), data.values
    for one, other in Matcher(records, [""] * len(records), True).candidates()[:4000]:
        there = parts_of(records[one], records[other], values[one], values[other], counts)
        back = parts_of(records[other], records[one], values[other], values[one], counts)
        assert [(p.name, p.weight, p.note, p.left, p.right) for p in there] == [
            (p.name, p.weight, p.note, p.right, p.left) for p in back
        ]


def test_the_file_and_the_hub_have_one_scorer(data, records):
    values = data.values
    for one, other in matcher(data, records).candidates()[:500]:
        parts = compare(customer("a", **values[one]), member("b", **values[other]))
        assert sum(part.weight for part in parts) == pytest.approx(
            total(*signals(records[one], records[other], EVERYWHERE)), abs=0.01
        )


def test_every_signal_there_is_has_been_weighed(data, records):
    counts = FileCounts(records)
    said = [signals(records[one], records[other], counts) for one, other in matcher(data, records).candidates()]
    assert {kind for kind, _ in said} == set(WEIGHTS)
    assert all(weight <= 0 for table in WEIGHTS.values() for name, weight in table.items() if ":differs" in name)
    assert all(weight >= 0 for table in WEIGHTS.values() for name, weight in table.items() if ":equal" in name)


def test_every_part_and_note_has_words_in_both_languages(data, records):
    values, counts = data.values, FileCounts(records)
    parts = [
        part
        for one, other in matcher(data, records).candidates()[:3000]
        for part in parts_of(records[one], records[other], values[one], values[other], counts)
    ]
    assert {name.partition(":")[0] for table in WEIGHTS.values() for name in table} <= set(PARTS)
    assert {part.note for part in parts} <= set(NOTES) == set(get_args(Note))
    assert all(words.en and words.fr for words in (*PARTS.values(), *NOTES.values()))


def test_blocking_loses_at_most_one_true_pair_in_a_hundred(data, records):
    some = [place for place, row in enumerate(data.rows) if place < 900]
    few = [records[place] for place in some]
    found = matcher(data, few)
    wanted = {pair for pair in combinations(some, 2) if data.same(*pair) and found.points(*pair) >= ASK_FROM}
    assert len(wanted) > 20
    assert len(wanted - set(found.candidates())) <= len(wanted) / 100
    everywhere = {pair for pair in combinations(some[:300], 2) if found.points(*pair) >= ASK_FROM}
    assert len(everywhere - set(found.candidates())) <= max(1, len(everywhere) / 20)


def test_the_order_of_the_records_changes_nothing(data, records):
    def pairs(order, within):
        rows = [data.rows[place] for place in order]
        found = Matcher([records[place] for place in order], [row["source"] for row in rows], within)
        return {
            (*sorted((rows[pair.one]["id"], rows[pair.other]["id"])), pair.zone, round(pair.points, 9))
            for pair in found.find()
        }

    order = list(range(1500))
    for within in (True, False):
        straight = pairs(order, within)
        Random(7).shuffle(order)
        assert pairs(order, within) == straight
        order.sort()


def test_no_pair_that_a_person_told_apart_comes_back(data, records):
    links = [pair for pair in matcher(data, records).find() if pair.zone == "link"]
    never = {(pair.other, pair.one) for pair in links[:50]}
    again = {(pair.one, pair.other) for pair in matcher(data, records, never=never).find()}
    assert len(links) > 100 and not {(one, other) for other, one in never} & again


def test_a_link_never_joins_two_that_a_person_told_apart():
    ann = seen({"name": "Ann Essai", "email": "ann.essai@exemple.ca", "phone": "514 555-0101"})
    found = Matcher([ann, ann, ann], ["", "", ""], True, never=[(0, 2)]).find()
    assert [(pair.one, pair.other) for pair in found] == [(0, 1), (1, 2)]
    assert [pair.zone for pair in found].count("link") == 1


def test_across_sources_a_record_has_one_twin(data):
    held = generated(3000, 32, one_each=True)
    found = matcher(held, [seen(values) for values in held.values], within=False).find()
    links = [pair for pair in found if pair.zone == "link"]
    ends = [end for pair in links for end in (pair.one, pair.other)]
    assert len(links) > 100 and len(set(ends)) == len(ends)
    assert all(held.rows[pair.one]["source"] != held.rows[pair.other]["source"] for pair in found)


def test_two_equal_choices_are_both_a_question():
    ann = seen({"name": "Ann Essai", "email": "ann.essai@exemple.ca", "phone": "514 555-0101"})
    found = Matcher([ann, ann, ann], ["shop", "books", "books"], False).find()
    assert [(pair.one, pair.other, pair.zone) for pair in found] == [(0, 1, "ask"), (0, 2, "ask")]


def test_among_a_thousand_labelled_pairs_none_is_linked_wrongly_and_all_show_their_parts(data, records):
    """Half are one customer, half are the likeliest pairs of different ones: families, branches, namesakes."""
    found, values, counts = matcher(data, records), data.values, FileCounts(records)
    scored = sorted((-found.points(*pair), pair) for pair in found.candidates())
    labelled = [
        pair for same in (True, False) for pair in [pair for _, pair in scored if data.same(*pair) is same][:500]
    ]
    zones = {(pair.one, pair.other): pair.zone for pair in found.settled(found.scored(labelled))}
    linked = [pair for pair in labelled if zones.get(pair) == "link"]
    assert len(labelled) == 1000 and len(linked) > 400
    assert not [pair for pair in linked if not data.same(*pair)]
    for one, other in labelled:
        parts = parts_of(records[one], records[other], values[one], values[other], counts)
        assert parts and sum(part.weight for part in parts) == pytest.approx(found.points(one, other), abs=0.02)
        assert all(part.note != "equal" or part.left and part.right for part in parts)


def test_a_person_and_the_company_they_work_for_are_only_ever_a_question():
    company = {"company": "Garage Fictif inc.", "email": "garagefictif@exemple.ca", "phone": "514 555-0101"}
    found = Matcher([seen(company), seen({"name": "Ann Essai", **company})], ["", ""], True).find()
    assert [pair.zone for pair in found] in ([], ["ask"])


def test_people_whom_only_their_household_ties_are_a_question():
    home = {
        "email": "famille.essai@exemple.ca",
        "phone": "514 555-0101",
        "address": {"line1": "1 rue Fictive", "city": "Laval"},
    }
    alone = Matcher([seen({"name": "Ann Essai", **home})] * 2, ["", ""], True).find()
    shared = [seen({"name": name, **home}) for name in ("Ann Essai", "Ann Essai", "Bob Essai")]
    zones = {(pair.one, pair.other): pair.zone for pair in Matcher(shared, [""] * 3, True).find()}
    assert [pair.zone for pair in alone] == ["link"] and zones[0, 1] == "ask"


def test_scores_are_cut_and_zones_are_not():
    assert 0 < ASK_FROM < LINK_FROM <= 1.0
    ann = seen({"name": "Ann Essai", "email": "ann.essai@exemple.ca", "phone": "514 555-0101"})
    (pair,) = Matcher([ann, ann], ["", ""], True).find()
    assert pair.score == 1.0 < pair.points and pair.zone == "link"


# -- hostile input

_texts = (
    st.none()
    | st.text(max_size=60)
    | st.sampled_from(["a" * 10_000, "\x00\x1b[31m", "é" * 9_999, "٣٤", "🙂" * 80, "-", "12"])
)


@settings(max_examples=200)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                **dict.fromkeys(("name", "given_name", "family_name", "company", "email", "phone", "mobile"), _texts),
                "address": st.none()
                | st.fixed_dictionaries(
                    {}, optional=dict.fromkeys(("line1", "line2", "city", "region", "postcode", "country"), _texts)
                ),
            },
        ),
        min_size=2,
        max_size=6,
    )
)
def test_whatever_records_say_they_can_be_compared(values):
    records = [seen(one) for one in values]
    found = Matcher(records, [""] * len(records), True)
    for one, other in combinations(range(len(records)), 2):
        assert found.points(one, other) == pytest.approx(found.points(other, one))
    assert all(0 <= pair.score <= 1 for pair in found.find())


def test_nothing_matches_nothing():
    assert Matcher([], [], True).find() == []
    assert Matcher([Seen(), Seen()], ["", ""], True).find() == []
