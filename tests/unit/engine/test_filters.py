"""Filters: what each test lets through, what is refused, and the words for it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.catalogue import ENGINE_CATALOGUE
from bridge.engine.filters import TESTS, always, check_tree, describe, evaluate, failing, passes
from connectors.contract import ENTITIES, Ref

CODES = {item.code for item in ENGINE_CATALOGUE}
NOT_TOLD = object()


def leaf(test, value=None, field="name"):
    return {"field": field, "test": test} if value is None else {"field": field, "test": test, "value": value}


YES = [
    ("equals", "Ann", "ann"),
    ("equals", " Ann ", "ANN"),
    ("equals", "É", "E\u0301"),
    ("equals", Decimal("100.00"), "100"),
    ("equals", 3, "3.0"),
    ("equals", date(2026, 1, 31), "2026-01-31"),
    ("equals", datetime(2026, 1, 31, 23, tzinfo=UTC), "2026-01-31"),
    ("equals", True, True),
    ("equals", False, "false"),
    ("equals", Ref("contact", "customers", "7"), "7"),
    ("not_equals", "Ann", "Eve"),
    ("not_equals", None, "Eve"),
    ("not_equals", NOT_TOLD, "Eve"),
    ("contains", "Garage Fictif", "fictif"),
    ("contains", ["VIP", "Atelier"], "vip"),
    ("starts_with", "Garage", "gar"),
    ("known", "x", None),
    ("known", Decimal(0), None),
    ("known", False, None),
    ("unknown", None, None),
    ("unknown", "", None),
    ("unknown", [], None),
    ("unknown", NOT_TOLD, None),
    ("greater", Decimal("10.01"), "10"),
    ("less", Decimal("-1"), "0"),
    ("at_least", Decimal(10), 10),
    ("at_most", 10, Decimal("10.0")),
    ("between", Decimal(5), ["5", "9"]),
    ("between", date(2026, 2, 1), ["2026-02-01", "2026-02-28"]),
    ("in", "QC", ["on", "qc"]),
    ("in", ["VIP"], ["vip", "x"]),
    ("not_in", "BC", ["on", "qc"]),
    ("not_in", None, ["on"]),
    ("before", date(2026, 1, 31), "2026-02-01"),
    ("after", datetime(2026, 2, 2, tzinfo=UTC), "2026-02-01"),
    ("is_true", True, None),
    ("is_false", False, None),
]
NO = [
    ("equals", "Québec", "Quebec"),
    ("equals", None, "x"),
    ("equals", NOT_TOLD, "x"),
    ("equals", "007", "7"),
    ("equals", Decimal(1), "one"),
    ("not_equals", "Ann", "ann"),
    ("contains", None, "x"),
    ("contains", Decimal(10), "1"),
    ("starts_with", "Ann", "nn"),
    ("known", None, None),
    ("known", {}, None),
    ("known", NOT_TOLD, None),
    ("unknown", Decimal(0), None),
    ("unknown", False, None),
    ("greater", Decimal(10), "10"),
    ("greater", None, "0"),
    ("greater", "abc", "0"),
    ("less", NOT_TOLD, "0"),
    ("at_least", Decimal("9.999"), "10"),
    ("at_most", Decimal("10.001"), "10"),
    ("between", Decimal("9.01"), ["5", "9"]),
    ("between", None, ["5", "9"]),
    ("in", "BC", ["on", "qc"]),
    ("in", None, ["x"]),
    ("not_in", "qc", ["QC"]),
    ("before", date(2026, 2, 1), "2026-02-01"),
    ("before", None, "2026-02-01"),
    ("after", date(2026, 2, 1), "2026-02-01"),
    ("is_true", None, None),
    ("is_true", "true", None),
    ("is_false", None, None),
    ("is_false", NOT_TOLD, None),
    ("no_such_test", "x", "x"),
]


@pytest.mark.parametrize(("test", "have", "value", "expected"), [(*c, True) for c in YES] + [(*c, False) for c in NO])
def test_a_condition_lets_through_what_it_says(test, have, value, expected):
    values = {} if have is NOT_TOLD else {"name": have}
    assert passes(leaf(test, value), values) is expected
    assert passes({"not": leaf(test, value)}, values) is not expected


def test_groups_nest_and_empty_lets_all_through():
    tree = {"all": [leaf("known"), {"any": [leaf("equals", "a"), {"not": leaf("starts_with", "z")}]}]}
    assert passes({}, {})
    assert passes(tree, {"name": "b"})
    assert not passes(tree, {"name": "zoo"})
    assert not passes(tree, {})
    assert not passes({"any": []}, {})
    assert not passes({"nonsense": 1}, {})


def test_parts_of_an_address_can_be_asked():
    tree = leaf("equals", "Montréal", "address.city")
    assert check_tree(tree, "contact") == []
    assert passes(tree, {"address": {"city": "montréal"}})
    assert not passes(tree, {"address": None})
    assert not passes(tree, {})


def test_the_trace_shows_every_condition_with_what_it_met():
    tree = {"any": [leaf("at_least", "10", "balance"), {"not": leaf("is_true", None, "active")}]}
    passed, trace = evaluate(tree, {"balance": Decimal("9.90"), "active": True})
    assert passed is False
    assert trace == (
        {"field": "balance", "test": "at_least", "value": "10", "have": "9.9", "passed": False},
        {"field": "active", "test": "is_true", "value": None, "have": True, "passed": True},
    )


BAD = [
    ([], "FILTER-SHAPE", ""),
    ({"all": {}}, "FILTER-SHAPE", "all"),
    ({"all": [], "any": []}, "FILTER-SHAPE", ""),
    ({"some": []}, "FILTER-SHAPE", ""),
    ({"all": [None]}, "FILTER-SHAPE", "all.0"),
    ({"field": "name", "test": "known", "all": []}, "FILTER-SHAPE", ""),
    (leaf("known", None, "no_such"), "FILTER-UNKNOWN-FIELD", "field"),
    (leaf("known", None, "__class__"), "FILTER-UNKNOWN-FIELD", "field"),
    (leaf("known", None, "name.upper"), "FILTER-UNKNOWN-FIELD", "field"),
    ({"not": leaf("roughly", "x")}, "FILTER-UNKNOWN-TEST", "not.test"),
    (leaf("greater", "5"), "FILTER-TEST-KIND", "test"),
    (leaf("contains", "5", "balance"), "FILTER-TEST-KIND", "test"),
    (leaf("equals", "x", "address"), "FILTER-TEST-KIND", "test"),
    ({"any": [leaf("known"), leaf("equals", " ")]}, "FILTER-BAD-VALUE", "any.1.value"),
    (leaf("equals"), "FILTER-BAD-VALUE", "value"),
    (leaf("at_least", "ten", "balance"), "FILTER-BAD-VALUE", "value"),
    (leaf("at_least", "NaN", "balance"), "FILTER-BAD-VALUE", "value"),
    (leaf("between", ["9", "5"], "balance"), "FILTER-BAD-VALUE", "value"),
    (leaf("between", "5", "balance"), "FILTER-BAD-VALUE", "value"),
    (leaf("before", "31/01/2026", "created_at"), "FILTER-BAD-VALUE", "value"),
    (leaf("in", []), "FILTER-BAD-VALUE", "value"),
    (leaf("in", "QC"), "FILTER-BAD-VALUE", "value"),
    (leaf("known", "x"), "FILTER-BAD-VALUE", "value"),
    (leaf("equals", "perhaps", "active"), "FILTER-BAD-VALUE", "value"),
]


@pytest.mark.parametrize(("tree", "code", "path"), BAD)
def test_a_wrong_filter_is_refused_where_it_is_wrong(tree, code, path):
    problem = check_tree(tree, "contact")[0]
    assert (problem.code, problem.path) == (code, path)
    assert problem.code in CODES


def test_a_filter_of_any_size_is_refused_without_falling_over():
    deep = leaf("known")
    for _ in range(5000):
        deep = {"not": deep}
    assert check_tree(deep, "contact")[0].code == "FILTER-TOO-LARGE"
    assert check_tree({"all": [leaf("known")] * 10_000}, "contact")[0].code == "FILTER-TOO-LARGE"


@pytest.mark.parametrize(
    ("tree", "verdict"),
    [
        ({}, "everything"),
        ({"all": []}, "everything"),
        ({"all": [{}, {"all": []}]}, "everything"),
        ({"any": []}, "nothing"),
        ({"not": {}}, "nothing"),
        ({"any": [leaf("known"), leaf("unknown")]}, "everything"),
        ({"any": [leaf("equals", "a"), leaf("not_equals", "a")]}, "everything"),
        ({"any": [leaf("equals", "a"), leaf("not_equals", "b")]}, None),
        ({"all": [leaf("known"), leaf("unknown")]}, "nothing"),
        ({"all": [leaf("equals", "a"), leaf("equals", "b")]}, "nothing"),
        ({"all": [leaf("equals", "a"), leaf("equals", "A")]}, None),
        ({"all": [leaf("equals", "a"), leaf("in", ["b", "c"])]}, "nothing"),
        ({"all": [leaf("unknown"), leaf("contains", "a")]}, "nothing"),
        ({"all": [leaf("unknown"), leaf("not_equals", "a")]}, None),
        ({"all": [leaf("greater", "10", "balance"), leaf("less", "5", "balance")]}, "nothing"),
        ({"all": [leaf("at_least", "5", "balance"), leaf("at_most", "5", "balance")]}, None),
        ({"all": [leaf("greater", "5", "balance"), leaf("at_most", "5", "balance")]}, "nothing"),
        ({"all": [leaf("after", "2026-02-01", "created_at"), leaf("before", "2026-01-01", "created_at")]}, "nothing"),
        ({"all": [leaf("is_true", None, "active"), leaf("is_false", None, "active")]}, "nothing"),
        ({"any": [leaf("is_true", None, "active"), leaf("is_false", None, "active")]}, None),
        ({"all": [leaf("contains", "a", "tags"), leaf("contains", "b", "tags")]}, None),
        ({"all": [leaf("known"), {"any": []}]}, "nothing"),
        ({"not": {"all": [leaf("known"), leaf("unknown")]}}, "everything"),
        (leaf("known"), None),
    ],
)
def test_a_filter_for_all_or_nobody_is_noticed(tree, verdict):
    assert always(tree, "contact") == verdict


texts = st.sampled_from(["a", "A", "ab", "b"])
leaves = st.one_of(
    st.builds(leaf, st.sampled_from(["equals", "not_equals", "contains", "starts_with"]), texts),
    st.builds(leaf, st.sampled_from(["known", "unknown"])),
    st.builds(leaf, st.sampled_from(["in", "not_in"]), st.lists(texts, min_size=1, max_size=2)),
    st.builds(
        leaf,
        st.sampled_from(["greater", "less", "at_least", "at_most", "equals", "not_equals"]),
        st.sampled_from(["1", "2.0", "3"]),
        st.just("balance"),
    ),
    st.builds(leaf, st.sampled_from(["is_true", "is_false"]), st.none(), st.just("active")),
    st.builds(leaf, st.just("equals"), st.sampled_from([True, "false"]), st.just("active")),
    st.builds(leaf, st.sampled_from(["contains", "known", "unknown"]), st.none() | texts, st.just("tags")),
)
trees = st.recursive(
    leaves,
    lambda t: (
        st.fixed_dictionaries({"not": t})
        | st.fixed_dictionaries({"all": st.lists(t, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(t, max_size=3)})
    ),
    max_leaves=5,
)
records = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | texts,
        "balance": st.none() | st.sampled_from([Decimal(n) for n in ("0", "1", "1.5", "2", "3", "9")]),
        "active": st.none() | st.booleans(),
        "tags": st.none() | st.lists(texts, max_size=2),
    },
)


@settings(max_examples=400)
@given(trees, records)
def test_what_is_said_of_all_records_holds_for_each(tree, values):
    verdict = always(tree, "contact")
    if verdict:
        assert passes(tree, values) is (verdict == "everything")


@settings(max_examples=300)
@given(trees)
def test_every_filter_has_its_sentence_in_both_languages(tree):
    for language in ("en", "fr"):
        sentence = describe(tree, "contact", language)
        assert sentence.endswith(".")
        assert "{" not in sentence
    assert describe(tree, "contact", "en") != describe(tree, "contact", "fr")


def test_sentences_read_plainly():
    tree = {
        "all": [
            leaf("is_true", None, "active"),
            {"any": [leaf("equals", "Montréal", "address.city"), leaf("at_least", "10.5", "balance")]},
        ]
    }
    assert describe(tree, "contact", "en") == (
        "A record goes only if “Active” is yes and (“Business address (city)” is “Montréal” or “Open balance” is at least 10.5)."
    )
    assert describe(tree, "contact", "fr-ca") == (
        "Une fiche ne passe que si «\u00a0Actif\u00a0» est oui et («\u00a0Adresse d’affaires (ville)\u00a0» est «\u00a0Montréal\u00a0» "
        "ou «\u00a0Solde ouvert\u00a0» est d’au moins 10,5)."
    )
    assert describe({}, "contact", "fr") == "Chaque fiche passe."
    assert describe({"any": []}, "contact", "en") == "No record goes."


def test_every_kind_of_field_has_tests():
    kinds = {field.kind for fields in ENTITIES.values() for field in fields}
    assert kinds <= set(TESTS)


@pytest.mark.parametrize(
    ("instant", "passed"),
    [
        (datetime(2026, 11, 20, 4, 59, 59, tzinfo=UTC), False),  # 19 November, 23:59:59 in Montréal
        (datetime(2026, 11, 20, 5, tzinfo=UTC), True),  # 20 November, 00:00
        (datetime(2026, 11, 21, 4, 59, 59, tzinfo=UTC), True),  # still 20 November
    ],
)
def test_an_instant_is_compared_by_its_day_where_the_organization_is(instant, passed):
    tree = {"not": {"field": "created_at", "test": "before", "value": "2026-11-20"}}
    values, zone = {"created_at": instant}, "America/Toronto"
    assert passes(tree, values, zone) is passed
    told, trace = evaluate(tree, values, zone)
    assert told is passed and trace[0]["passed"] is not passed
    assert bool(failing(tree, values, zone)) is not passed
    assert passes(leaf("equals", "2026-11-20", "created_at"), values, zone) is passed


def test_instants_of_associated_records_and_plain_dates_are_compared_in_the_same_way():
    zone = "America/Toronto"
    late = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    values = {"payments": [{"created_at": late}], "date": date(2026, 11, 20)}
    assert passes(leaf("equals", "2026-11-19", "payments.created_at"), values, zone)
    assert not passes(leaf("equals", "2026-11-20", "payments.created_at"), values, zone)
    assert passes(leaf("equals", "2026-11-20", "date"), values, zone), "a plain date is the same day everywhere"
