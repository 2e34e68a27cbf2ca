"""Somebody with two addresses at one side and one of them at the other: nothing differs, and nobody is asked."""

import pytest

from bridge.engine.model import FlowSpec, LinkState, Pair, Rule
from bridge.engine.plan import plan_pair
from connectors.contract import Record

LINKED = LinkState("1", {}, {})


def spec(toward: str) -> FlowSpec:
    rule = Rule("1", "email", "email", on_conflict="ask", toward=toward)  # type: ignore[arg-type]
    return FlowSpec("contact", toward, (rule,), match_on=("email",), writable=frozenset({"email"}))  # type: ignore[arg-type]


BOOKS = Record("customers", "1", {"email": "zoe.b@fictive.example"})
CRM = Record("contacts", "5", {"email": "zoe@fictive.example", "other_emails": ["Zoe.B@fictive.example"]})
STRANGER = Record("contacts", "5", {"email": "zoe@fictive.example", "other_emails": ["z@fictive.example"]})


@pytest.mark.parametrize(("toward", "source", "target"), [("right", BOOKS, CRM), ("left", CRM, BOOKS)])
def test_an_address_known_as_a_second_one_is_no_difference(toward, source, target):
    decision = plan_pair(Pair(source, LINKED, target), spec(toward))
    assert decision.action == "none"
    assert decision.conflicts == {}


@pytest.mark.parametrize(("toward", "source", "target"), [("right", BOOKS, STRANGER), ("left", STRANGER, BOOKS)])
def test_an_address_the_other_side_does_not_know_is_put_before_a_person(toward, source, target):
    assert set(plan_pair(Pair(source, LINKED, target), spec(toward)).conflicts) == {"email"}


def test_what_people_see_is_what_the_parts_come_to_not_that_an_address_was_equal():
    shared = "accueil@fictive.example"
    source = Record("customers", "1", {"email": shared, "given_name": "François", "family_name": "Prud'Homme"})
    one = Record("contacts", "5", {"email": shared, "given_name": "Hervé", "family_name": "Boisjoli"})
    two = Record("contacts", "6", {"email": shared, "given_name": "Ondine", "family_name": "Inventée"})
    decision = plan_pair(Pair(source, twins=(one, two)), spec("right"))
    assert decision.code == "SEVERAL-MATCHES"
    parts = decision.params["parts"]
    assert decision.params["score"] == max(0, min(1, sum(part["weight"] for part in parts)))  # type: ignore[attr-defined]
    assert decision.params["score"] < 0.5
