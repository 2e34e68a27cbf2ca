"""What two ways promise each other: owners, conflicts, echoes by content, no loops."""

from dataclasses import replace

import pytest

from bridge.engine.model import Pair, Rule, Verdict
from bridge.engine.plan import plan_pair, remember
from bridge.engine.two_way import Turn, alike, echo, loops, partner_field, winner
from connectors.contract import Record

from .people import linked
from .two_systems import both, rule, ways


def left(**values):
    return Record("lefts", "l1", values)


def right(**values):
    return Record("rights", "r1", values)


def decide(flows, toward, one, other, link=None, **more):
    """What one way decides about a pair."""
    source, target = (one, other) if toward == "right" else (other, one)
    pair = Pair(source, link, target, **more) if link else Pair(source, twins=(target,), **more)
    return plan_pair(pair, flows[toward])


@pytest.mark.parametrize(
    ("here", "there", "wins"),
    [("source", "target", "source"), ("target", "source", "target"), ("ask", "ask", "ask"),
     ("ask", "target", "ask"), ("source", "ask", "ask"), ("source", "source", "ask"), ("target", "target", "ask")],
)  # fmt: skip
def test_rules_that_contradict_each_other_ask_a_person(here, there, wins):
    one, other = both("phone", here, there)
    assert winner(one, other) == wins


def test_only_one_of_two_mutual_rules_writes_at_a_time():
    flows = ways(both("company", "source", "target"))
    link = linked({"company": "A"}, back_sent={"company": "A"}, back_kept={"company": "A"})
    one, other = left(company="B"), right(company="C")
    assert decide(flows, "right", one, other, link).after == {"company": "B"}
    assert decide(flows, "left", one, other, link).action == "none"


def test_a_conflict_is_told_once_and_by_the_way_to_the_right():
    flows = ways(both("phone"))
    link = linked({"phone": "1"}, back_sent={"phone": "1"}, back_kept={"phone": "1"})
    one, other = left(phone="2"), right(phone="3")
    decision = decide(flows, "right", one, other, link)
    assert decision.action == "conflict" and decision.conflicts == {"phone": ("1", "2", "3")}
    assert decide(flows, "left", one, other, link).action == "none"


def test_where_the_other_way_is_filtered_out_this_one_asks():
    flows = ways(both("phone"))
    closed = replace(flows["right"], back=replace(flows["left"], filter={"field": "email", "test": "known"}))
    link = linked({"phone": "1"}, back_sent={"phone": "1"}, back_kept={"phone": "1"})
    decision = plan_pair(Pair(left(phone="2"), link, right(phone="3")), closed)
    assert decision.conflicts == {"phone": ("1", "2", "3")}


def test_what_came_back_rewritten_by_a_vendor_that_told_nothing_is_an_echo():
    flows = ways(both("company"))
    blind = linked({}, {}, back_sent={"company": "Fiction inc."}, back_kept={})
    one = left(company="Fiction inc.")
    echoed = decide(flows, "left", one, right(company="FICTION, INC"), blind)
    assert (echoed.action, echoed.sent) == ("none", {"company": "FICTION, INC"}), "remembered, not sent back"
    assert decide(flows, "left", one, right(company="Other inc."), blind).after == {"company": "Other inc."}


@pytest.mark.parametrize(
    ("kind", "one", "other", "are"),
    [
        ("text", "Ève  Fictive", "eve fictive", True),
        ("text", "Boulangerie de l’Érable", "Boulangerie de", True),
        ("text", "Ann", "Anna", False),
        ("phone", "514-555-0101", "(514) 555-0101", True),
        ("phone", "514-555-0101", "438-555-0101", False),
        ("money", "10.004", "10", True),
        ("money", "10", "10.01", False),
        ("text", None, "x", False),
    ],
)
def test_what_a_vendor_may_make_of_a_value_is_told_from_what_a_person_types(kind, one, other, are):
    assert alike(kind, one, other) is are and alike(kind, other, one) is are


def test_what_only_a_new_record_gets_is_neither_cleared_nor_sent_back():
    rules = (Rule("c", "name", "given_name", when="create"), *both("given_name"))
    flows = ways(rules)
    made = plan_pair(Pair(left(name="Fictive inc.", given_name=None)), flows["right"])
    assert made.after == {"given_name": "Fictive inc."}
    sent, kept = remember(made, None, {"given_name": "Fictive inc."}, "contact")
    back_sent, back_kept = echo(
        flows["right"], {**made.sent, **made.after}, {"given_name": "Fictive inc."}, {"given_name": None}
    )
    link = linked(sent, kept, back_sent=back_sent, back_kept=back_kept)
    one, other = left(name="Fictive inc.", given_name=None), right(given_name="Fictive inc.")
    assert decide(flows, "right", one, other, link).after == {}
    turned = linked(back_sent, back_kept, back_sent=sent, back_kept=kept)
    assert decide(flows, "left", one, other, turned).after == {}


def test_several_of_ours_that_could_be_one_over_there_are_asked_about():
    flows = ways(both("email"))
    one, mate = left(email="ann@example.com"), Record("lefts", "l2", {"email": "ann@example.com"})
    decision = decide(flows, "right", one, right(email="ann@example.com"), mates=(mate,))
    assert (decision.action, decision.code, decision.params["count"]) == ("candidate", "SEVERAL-SOURCES", 2)


def test_what_a_lost_write_may_have_made_waits():
    flows = ways(both("email"))
    assert plan_pair(Pair(left(email="ann@example.com"), expected=True), flows["right"]).code == "TWIN-ON-ITS-WAY"


@pytest.mark.parametrize(
    ("verdict", "to_right", "to_left"),
    [
        (Verdict("source", "2", "3"), {"phone": "2"}, {}),
        (Verdict("target", "2", "3"), {}, {"phone": "3"}),
        (Verdict("value", "2", "3", "4"), {"phone": "4"}, {"phone": "4"}),
        (Verdict("source", "2", "9"), {}, {}),  # the right one moved since
    ],
)
def test_a_decision_is_carried_out_by_the_way_it_concerns(verdict, to_right, to_left):
    flows = ways(both("phone"))
    link = linked({"phone": "1"}, back_sent={"phone": "1"}, back_kept={"phone": "1"})
    one, other = left(phone="2"), right(phone="3")
    turned = {"source": "target", "target": "source", "value": "value"}[verdict.winner]
    mirrored = Verdict(turned, verdict.target, verdict.source, verdict.value)
    assert decide(flows, "right", one, other, link, verdicts={"phone": verdict}).after == to_right
    assert decide(flows, "left", one, other, link, verdicts={"phone": mirrored}).after == to_left


def test_fields_are_in_step_with_the_one_that_writes_back():
    rules = (rule("phone", "right"), Rule("m", "phone", "mobile", toward="left"), rule("mobile", "right"))
    assert partner_field(ways(rules)["right"], "phone") == ""
    assert partner_field(ways(both("phone"))["right"], "phone") == "phone"


def test_a_value_made_of_our_own_writes_again_and_again_is_a_loop():
    grow = Rule("r", "company", "name", transform="template", argument="{company}+", toward="right")
    back = Rule("l", "name", "company", toward="left")
    flows = ways((grow, back))
    turns, value = [], "a"
    for run in range(1, 3):
        turns += [Turn("right", {"name": value + "+"}, 2 * run), Turn("left", {"company": value + "+"}, 2 * run + 1)]
        value += "+"
    found = loops(flows["right"], {"name": value + "+"}, turns, {"company": value}, {"name": value})
    assert found == {"name": (grow, back)}
    assert not loops(flows["right"], {"name": value + "+"}, turns[:2], {"company": value}, {"name": value})


def test_the_same_value_back_and_forth_is_a_loop_and_people_who_disagree_slowly_are_none():
    flows = ways(both("company"))
    brisk = [Turn(way, {"company": word}, n) for n, (way, word) in enumerate([("right", "A"), ("left", "B")] * 3, 1)]
    assert loops(flows["right"], {"company": "A"}, brisk, {"company": "A"}, {"company": "B"})
    slow = [replace(turn, run=turn.run * 10) for turn in brisk]
    assert not loops(flows["right"], {"company": "A"}, slow, {"company": "A"}, {"company": "B"})
    assert not loops(flows["right"], {"company": "C"}, brisk, {"company": "C"}, {"company": "B"})
