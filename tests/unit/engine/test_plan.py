"""What the plan promises: nothing twice, nothing cleared by silence, nothing of a person's overwritten unasked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.catalogue import ENGINE_CATALOGUE, REASONS
from bridge.engine.model import Pair, Rule
from bridge.engine.plan import plan, plan_pair, remember
from connectors.contract import Excluded, Record, Ref

from .people import carry_out, customer, flow, linked, member

CODES = {item.code for item in ENGINE_CATALOGUE} | set(REASONS)

words = st.sampled_from(["", "Ann Essai", "Ève Fictive", "ann@exemple.ca", "514-555-0101", " 007 ", "مثال", "🙂"])
tags = st.lists(st.sampled_from(["VIP", "vip", "QuickShop", "Atelier"]), max_size=3)
amounts = st.decimals(min_value=-999, max_value=999, places=2)
some_values = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | words,
        "email": st.none() | st.sampled_from(["ann@exemple.ca", "Ann@Exemple.ca", "eve@exemple.ca"]),
        "phone": st.none() | words,
        "notes": st.none() | words,
        "tags": st.none() | tags,
        "balance": st.none() | amounts,
    },
)
memories = st.none() | st.builds(linked, some_values.map(lambda v: _frozen(v)), some_values.map(lambda v: _frozen(v)))
policies = st.sampled_from(["source", "target", "ask"])
whens = st.sampled_from(["always", "create", "if_empty"])


def _frozen(values):
    from connectors.contract import freeze

    return {name: freeze(value) for name, value in values.items()}


@st.composite
def pairs(draw):
    link = draw(memories)
    target = member(**draw(some_values))
    source = customer(**draw(some_values))
    return Pair(source, link, target) if link else Pair(source, twins=draw(st.sampled_from([(), (target,)])))


@st.composite
def flows(draw):
    rules = [
        Rule(name, name, name, when=draw(whens), on_conflict=draw(policies))
        for name in ("name", "email", "phone", "notes", "tags", "balance")
    ]
    return flow(*rules)


@settings(max_examples=200, deadline=None)
@given(pairs(), flows())
def test_the_same_plan_twice(pair, spec):
    assert plan_pair(pair, spec) == plan_pair(pair, spec)


@settings(max_examples=200, deadline=None)
@given(pairs(), flows())
def test_once_done_there_is_nothing_left_to_do(pair, spec):
    decision = plan_pair(pair, spec)
    after = carry_out(decision, pair)
    again = plan_pair(after, spec)
    if decision.action in ("create", "update", "link", "none"):
        assert not again.after
        assert again.action in ("none", "conflict")
        assert again.conflicts == decision.conflicts
    else:
        assert again == decision


@settings(max_examples=200, deadline=None)
@given(pairs(), flows())
def test_a_vendor_that_trims_and_rewrites_hears_of_it_once(pair, spec):
    def keeps(name, value):
        return value.upper()[:5].strip() if isinstance(value, str) and name in ("name", "notes") else value

    after = carry_out(plan_pair(pair, spec), pair, keeps=keeps)
    if after.link:
        assert not plan_pair(after, spec).after


@settings(max_examples=200, deadline=None)
@given(pairs(), flows())
def test_only_what_is_told_is_written_and_only_where_it_may_be(pair, spec):
    narrow = replace(spec, writable=frozenset({"name", "tags"}))
    decision = plan_pair(pair, narrow)
    assert set(decision.after) <= set(pair.source.values) & {"name", "tags"}


@settings(max_examples=200, deadline=None)
@given(pairs(), flows())
def test_every_reason_given_has_its_words(pair, spec):
    code = plan_pair(pair, spec).code
    assert not code or code in CODES


def test_silence_never_clears_and_empty_clears_only_what_was_sent():
    past = linked({"phone": "514-555-0101", "notes": "a"})
    target = member(phone="514-555-0101", notes="a", name="Theirs")
    assert plan_pair(Pair(customer(), past, target), flow()).action == "none"
    decision = plan_pair(Pair(customer(phone=None, name=None), past, target), flow())
    assert decision.after == {"phone": None}
    assert decision.before == {"phone": "514-555-0101"}


def test_zero_empty_and_missing_are_three_things():
    past = linked({"balance": "5"})
    target = member(balance=Decimal(5))
    assert plan_pair(Pair(customer(balance=Decimal(0)), past, target), flow()).after == {"balance": "0"}
    assert plan_pair(Pair(customer(balance=None), past, target), flow()).after == {"balance": None}
    assert plan_pair(Pair(customer(), past, target), flow()).after == {}


def test_our_own_write_coming_back_is_no_news():
    pair = Pair(customer(name="Ann Essai ", email="Ann@Exemple.CA", phone="(514) 555-0101"))
    done = carry_out(plan_pair(pair, flow()), pair)
    told_otherwise = replace(
        done.target, values={"name": "Ann Essai", "email": "ann@exemple.ca", "phone": "+15145550101"}
    )
    assert plan_pair(replace(done, target=told_otherwise), flow()).action == "none"


def test_a_change_on_the_other_side_alone_is_left_alone():
    past = linked({"phone": "1"})
    decision = plan_pair(Pair(customer(phone="1"), past, member(phone="2")), flow())
    assert decision.action == "none"
    assert decision.sent == {}


@pytest.mark.parametrize(
    ("policy", "action", "after"),
    [
        ("source", "update", {"phone": "2", "notes": "b"}),
        ("target", "update", {"notes": "b"}),
        ("ask", "update", {"notes": "b"}),
    ],
)
def test_both_changed_goes_by_the_rule_and_the_other_fields_flow(policy, action, after):
    spec = flow(Rule("1", "phone", "phone", on_conflict=policy), Rule("2", "notes", "notes", on_conflict=policy))
    past = linked({"phone": "1", "notes": "a"})
    decision = plan_pair(Pair(customer(phone="2", notes="b"), past, member(phone="3", notes="a")), spec)
    assert (decision.action, decision.after) == (action, after)
    assert decision.conflicts == ({"phone": ("1", "2", "3")} if policy == "ask" else {})
    assert "phone" not in decision.sent or policy == "source"


def test_a_conflict_alone_asks_and_names_its_fields():
    spec = flow(Rule("1", "phone", "phone", on_conflict="ask"))
    decision = plan_pair(Pair(customer(phone="2"), linked({"phone": "1"}), member(phone="3")), spec)
    assert (decision.action, decision.code, decision.params) == ("conflict", "CONFLICT", {"fields": ["phone"]})


def test_a_persons_edit_survives_changes_of_other_fields():
    spec = flow(Rule("1", "phone", "phone", on_conflict="target"), Rule("2", "notes", "notes", on_conflict="target"))
    pair = Pair(customer(phone="1", notes="b"), linked({"phone": "1", "notes": "a"}), member(phone="edited", notes="a"))
    done = carry_out(plan_pair(pair, spec), pair)
    later = replace(done, source=customer(phone="2", notes="b"))
    assert plan_pair(later, spec).after == {}


def test_both_sides_coming_to_agree_is_remembered_without_a_write():
    pair = Pair(customer(phone="2"), linked({"phone": "1"}), member(phone="2"))
    decision = plan_pair(pair, flow())
    assert (decision.action, decision.code, decision.after, decision.sent) == ("none", "agreed", {}, {"phone": "2"})
    done = carry_out(decision, pair)
    assert plan_pair(replace(done, source=customer(phone="1")), flow()).after == {"phone": "1"}


def test_tags_of_others_stay_and_ours_come_and_go():
    past = linked({"tags": ["Books", "Old"]})
    target = member(tags=["VIP", "Old", "Books"])
    decision = plan_pair(Pair(customer(tags=["Books", "New"]), past, target), flow())
    assert decision.after == {"tags": ["VIP", "Books", "New"]}
    removed_there = plan_pair(Pair(customer(tags=["Books", "Old"]), past, member(tags=["VIP"])), flow())
    assert removed_there.action == "none"


def test_rules_of_the_other_direction_are_not_asked():
    spec = flow(Rule("1", "name", "name", toward="left"), Rule("2", "email", "email"))
    assert plan_pair(Pair(customer(name="Ann", email="a@exemple.ca")), spec).after == {"email": "a@exemple.ca"}


@pytest.mark.parametrize(
    ("when", "have", "after"),
    [
        ("create", None, {}),
        ("create", "x", {}),
        ("if_empty", None, {"notes": "n"}),
        ("if_empty", "x", {}),
        ("always", "x", {"notes": "n"}),
    ],
)
def test_when_a_rule_applies(when, have, after):
    spec = flow(Rule("1", "notes", "notes", when=when))
    past = linked({"notes": "o"}, {"notes": have})
    assert plan_pair(Pair(customer(notes="n"), past, member(notes=have)), spec).after == after
    assert plan_pair(Pair(customer(notes="n")), spec).after == {"notes": "n"}


def test_a_field_the_target_never_shows_is_written_once():
    pair = Pair(customer(email="a@exemple.ca", notes="n"), None, None, (member(email="a@exemple.ca"),))
    decision = plan_pair(pair, flow())
    assert decision.after == {"notes": "n"}
    sent, kept = remember(decision, None, {"email": "a@exemple.ca"}, "contact")
    again = plan_pair(Pair(pair.source, linked(sent, kept), member(email="a@exemple.ca")), flow())
    assert again.action == "none"


def test_one_clear_match_is_linked_or_updated_never_doubled():
    same = plan_pair(Pair(customer(email="Ann@Exemple.ca"), twins=(member(email="ann@exemple.ca"),)), flow())
    assert (same.action, same.target_id, same.code) == ("link", "m1", "same-email")
    more = plan_pair(
        Pair(customer(email="ann@exemple.ca", name="Ann"), twins=(member(email="ann@exemple.ca", name=None),)), flow()
    )
    assert (more.action, more.target_id, more.after) == ("update", "m1", {"name": "Ann"})


def test_several_equal_records_are_a_persons_to_choose():
    twins = (member("m1", email="ann@exemple.ca"), member("m2", email="ANN@exemple.ca", name="Ann Essai"))
    decision = plan_pair(Pair(customer(email="ann@exemple.ca", name="Ann Essai"), twins=twins), flow())
    assert (decision.action, decision.code, decision.target_id) == ("candidate", "SEVERAL-MATCHES", "m2")
    assert decision.params["targets"] == ["m2", "m1"]
    assert decision.after == {}


def test_a_middling_likeness_is_asked_with_its_parts():
    twin = member(name="Essai, Ann", phone="514 555-0101", email=None)
    decision = plan_pair(
        Pair(customer(name="Ann Essai", phone="(514) 555-0101", email="ann@exemple.ca"), twins=(twin,)), flow()
    )
    assert (decision.action, decision.code) == ("candidate", "MAYBE-MATCH")
    names = [part["name"] for part in decision.params["parts"]]
    assert names == ["phone", "given_name", "family_name", "name_shared"]


def test_a_twin_of_another_record_is_not_stolen():
    pair = Pair(customer("c2", email="ann@exemple.ca"), twins=(member(email="ann@exemple.ca"),), rival="c1")
    held = plan_pair(pair, flow())
    assert (held.action, held.code, held.params["rival"]) == ("hold", "CONTACT-EMAIL-SHARED", "c1")
    follower = plan_pair(pair, flow(allow_shared=True))
    assert (follower.action, follower.target_id, follower.after) == ("follow", "m1", {})
    product = flow(Rule("1", "sku", "sku"), entity="product", match_on=("sku",))
    taken = plan_pair(
        Pair(Record("items", "2", {"sku": "A-1"}), twins=(Record("products", "9", {"sku": "a-1"}),), rival="1"), product
    )
    assert (taken.action, taken.code) == ("hold", "TWIN-TAKEN")


def test_never_means_never():
    pair = Pair(customer(email="ann@exemple.ca"), twins=(member(email="ann@exemple.ca"),), never=frozenset({"m1"}))
    decision = plan_pair(pair, flow())
    assert (decision.action, decision.code) == ("hold", "NEVER-MATCH")


def test_two_sources_wanting_one_new_target_do_not_make_two():
    chunk = [Pair(customer("c1", email="shop@exemple.ca")), Pair(customer("c2", email="SHOP@exemple.ca ", name="B"))]
    first, second = plan(chunk, flow())
    assert (first.action, second.action, second.code) == ("create", "hold", "CONTACT-EMAIL-SHARED")
    assert second.params == {"email": "shop@exemple.ca", "rival": "c1"}
    first, second = plan(chunk, flow(allow_shared=True))
    assert (first.action, second.action, second.params) == ("create", "follow", {"leader": "c1"})


def test_two_sources_wanting_one_free_twin_do_not_both_get_it():
    twin = member(email="shop@exemple.ca")
    chunk = [Pair(customer(name_id, email="shop@exemple.ca", name=name_id), twins=(twin,)) for name_id in ("c1", "c2")]
    assert [decision.action for decision in plan(chunk, flow())] == ["update", "hold"]


def test_a_follower_never_writes_its_leaders_record():
    pair = Pair(customer(name="Other"), linked({}, shared=True), member(name="Leader"))
    assert plan_pair(pair, flow()).action == "none"
    gone = replace(pair, source=replace(pair.source, gone=True))
    assert plan_pair(gone, flow(removes="remove")).action == "skip"


@pytest.mark.parametrize(
    ("removes", "link", "action", "code"),
    [
        ("never", None, "skip", "SOURCE-INACTIVE"),
        ("remove", None, "skip", "SOURCE-INACTIVE"),
        ("never", linked({}), "skip", "SOURCE-GONE"),
        ("void", linked({}), "void", "source-gone"),
        ("remove", linked({}), "remove", "source-gone"),
    ],
)
def test_a_gone_source_acts_only_by_policy(removes, link, action, code):
    source = replace(customer(name="Ann"), gone=True)
    pair = Pair(source, link, member(name="Ann") if link else None)
    decision = plan_pair(pair, flow(removes=removes))
    assert (decision.action, decision.code) == (action, code)
    assert decision.before == ({"name": "Ann"} if action in ("void", "remove") else {})
    again = replace(pair, target=replace(member(), gone=True))
    assert plan_pair(again, flow(removes=removes)).action in ("skip", "none")


def test_a_merged_source_and_a_lost_target_wait_for_people():
    merged = replace(customer(), merged_into="c9")
    assert plan_pair(Pair(merged, linked({}), member()), flow()).code == "SOURCE-MERGED"
    assert plan_pair(Pair(customer(), linked({}), None), flow()).code == "TARGET-GONE"
    assert plan_pair(Pair(customer(), linked({}), replace(member(), gone=True)), flow()).code == "TARGET-GONE"
    assert plan_pair(Pair(customer(), linked({}), replace(member(), merged_into="m9")), flow()).code == "TARGET-MERGED"
    archived = replace(member(email="a@exemple.ca"), gone=True)
    assert plan_pair(Pair(customer(email="a@exemple.ca"), twins=(archived,)), flow()).code == "TARGET-GONE"


def test_what_a_filter_keeps_back_says_which_condition_and_value():
    tree = {"all": [{"field": "email", "test": "known"}, {"field": "balance", "test": "at_least", "value": "10"}]}
    decision = plan_pair(Pair(customer(email="a@exemple.ca", balance=Decimal("9.99"))), flow(filter=tree))
    assert (decision.action, decision.code) == ("skip", "FILTERED")
    assert [row["passed"] for row in decision.trace] == [True, False]
    assert decision.params["have"] == "9.99"


def test_documents_before_the_start_stay_unless_already_linked():
    spec = flow(Rule("1", "number", "number"), entity="sale", match_on=("number",), start_date=date(2026, 1, 1))
    old = Record("invoices", "1", {"number": "7", "date": date(2025, 12, 31)})
    assert plan_pair(Pair(old), spec).code == "BEFORE-START"
    assert plan_pair(Pair(replace(old, values={**old.values, "date": date(2026, 1, 1)})), spec).action == "create"
    assert (
        plan_pair(Pair(old, linked({"number": "6"}), Record("orders", "1", {"number": "6"})), spec).action == "update"
    )


def test_the_first_day_begins_at_midnight_where_the_organization_is():
    spec = flow(
        Rule("1", "number", "number"), entity="sale", match_on=("number",), start_date=date(2026, 11, 20),
        zone="America/Toronto",
    )  # fmt: skip
    last_of_19 = datetime(2026, 11, 20, 4, 59, 59, tzinfo=UTC)
    for dated, action in (
        (last_of_19, "skip"),
        (last_of_19 + timedelta(seconds=1), "create"),
        (date(2026, 11, 19), "skip"),
        (date(2026, 11, 20), "create"),
    ):
        decision = plan_pair(Pair(Record("invoices", "1", {"number": "7", "date": dated})), spec)
        assert decision.action == action, dated
        assert action == "create" or (decision.code, decision.params["date"]) == ("BEFORE-START", "2026-11-19")


def test_a_persons_decision_comes_first():
    decision = plan_pair(Pair(customer(email="a@exemple.ca"), excluded_by_person="a test account"), flow())
    assert (decision.action, decision.code, decision.params) == (
        "skip",
        "EXCLUDED-BY-PERSON",
        {"reason": "a test account"},
    )


def test_recipes_exclude_with_the_target_in_sight_and_a_surprise_holds_only_that_record():
    def unsubscribed(source, target, settings):
        return {"email": source["email"]} if target and target["consent"] == "withdrawn" else None

    spec = flow(exclusions=(Excluded("CONTACT-NO-EMAIL", "skip", unsubscribed),))
    twin = member(email="a@exemple.ca", consent="withdrawn")
    assert plan_pair(Pair(customer(email="a@exemple.ca"), twins=(twin,)), spec).action == "skip"
    assert plan_pair(Pair(customer(email="a@exemple.ca")), spec).action == "create"
    odd = plan_pair(Pair(customer(email="a@exemple.ca"), linked({}), member(name="No consent told")), spec)
    assert (odd.action, odd.code) == ("hold", "VALUE-UNREADABLE")


def test_a_record_the_rules_have_nothing_for_is_held():
    assert plan_pair(Pair(customer(name=None)), flow()).code == "NO-RULE-OUTPUT"


def test_money_is_never_a_float():
    decision = plan_pair(Pair(customer(balance=1.1)), flow())
    assert (decision.action, decision.code) == ("hold", "VALUE-UNREADABLE")


def test_a_value_without_a_place_in_its_map_holds_the_record():
    spec = flow(Rule("1", "language", "language", "lookup", "language"), value_maps={"language": {"fr": "French"}})
    assert plan_pair(Pair(customer(language="fr")), spec).after == {"language": "French"}
    held = plan_pair(Pair(customer(language="de")), spec)
    assert (held.action, held.code, held.params) == ("hold", "VALUE-NOT-MAPPED", {"kind": "language", "value": "de"})


def test_records_named_by_others_are_compared_through_their_twins():
    spec = flow(Rule("1", "contact", "contact"), entity="sale", match_on=("number",))
    source = Record("invoices", "1", {"number": "7", "contact": Ref("contact", "customers", "c1")})
    twin = Record("orders", "o1", {"number": "7", "contact": Ref("contact", "members", "m1")})
    known = {("customers", "c1"): ("members", "m1")}
    assert plan_pair(Pair(source, twins=(twin,), refs=known), spec).action == "link"
    other = plan_pair(Pair(source, twins=(twin,), refs={("customers", "c1"): ("members", "m2")}), spec)
    assert other.after == {"contact": {"ref": "contact", "resource": "customers", "id": "c1"}}
