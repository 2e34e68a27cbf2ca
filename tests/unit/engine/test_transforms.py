"""Transforms: what each verb gives, what a rule may not do, and the words for it."""

import contextlib
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.catalogue import ENGINE_CATALOGUE
from bridge.engine.kinds import NOT_TOLD
from bridge.engine.model import CannotMap, Rule
from bridge.engine.transforms import REGISTRY, apply, check_rule, rule_as_text
from connectors.contract import ENTITIES

CODES = {item.code for item in ENGINE_CATALOGUE}
D = Decimal

TABLE = [
    ("copy", "", "x", "x"),
    ("copy", "", None, None),
    ("copy", "", D("1.10"), D("1.10")),
    ("copy", "", False, False),
    ("constant", "QuickShop", "x", "QuickShop"),
    ("constant", "a", None, "a"),
    ("upper", "", "été", "ÉTÉ"),
    ("upper", "", None, None),
    ("upper", "", "", None),
    ("lower", "", "ÉTÉ", "été"),
    ("lower", "", ["A", "B"], ["a", "b"]),
    ("title", "", "jean-guy o'neil", "Jean-Guy O'Neil"),
    ("title", "", "ÉLOÏSE ROY", "Éloïse Roy"),
    ("title", "", "3e rang", "3E Rang"),
    ("trim", "", "  a \u00a0 b ", "a b"),
    ("trim", "", "   ", None),
    ("join", "family_name", "Ann", "Ann Essai"),
    ("join", "family_name|, ", "Ann", "Ann, Essai"),
    ("join", "notes", "Ann", "Ann"),
    ("join", "family_name|", "Ann", "AnnEssai"),
    ("join", "notes", None, None),
    ("join", "family_name", None, "Essai"),
    ("split_first", "", "Ann Marie Essai", "Ann"),
    ("split_first", ",", "Essai, Ann", "Essai"),
    ("split_first", "", "Ann", "Ann"),
    ("split_first", "", None, None),
    ("split_rest", "", "Ann Marie Essai", "Marie Essai"),
    ("split_rest", ",", "Essai, Ann", "Ann"),
    ("split_rest", "", "Ann", None),
    ("first_email", "", "A@exemple.ca; b@exemple.ca", "a@exemple.ca"),
    ("first_email", "", "nobody", "nobody"),
    ("first_email", "", None, None),
    ("truncate", "3", "abcdef", "abc"),
    ("truncate", "9", "abc", "abc"),
    ("truncate", "4", "abc def", "abc"),
    ("truncate", "1", "e\u0301te\u0301", None),
    ("truncate", "2", "e\u0301te\u0301", "e\u0301"),
    ("truncate", "3", "ab👩\u200d🔧c", "ab"),
    ("truncate", "2", D(1234), "12"),
    ("prefix", "QB-", "7", "QB-7"),
    ("prefix", "QB-", None, None),
    ("prefix", "QB-", "", None),
    ("suffix", " (shop)", "Ann", "Ann (shop)"),
    ("suffix", "x", None, None),
    ("lookup", "pay", "cash", "12"),
    ("lookup", "pay|99", "gold", "99"),
    ("lookup", "pay|", "gold", None),
    ("lookup", "pay", None, None),
    ("default", "n/a", None, "n/a"),
    ("default", "n/a", "", "n/a"),
    ("default", "n/a", D(0), D(0)),
    ("default", "n/a", False, False),
    ("default", "n/a", "x", "x"),
    ("date_format", "", date(2026, 3, 4), "2026-03-04"),
    ("date_format", "DD/MM/YYYY", date(2026, 3, 4), "04/03/2026"),
    ("date_format", "MM/DD", "2026-03-04", "03/04"),
    ("date_format", "YY-MM", date(2026, 3, 4), "26-03"),
    ("date_format", "YYYY-MM-DD HH:mm", datetime(2026, 3, 4, 5, 6, tzinfo=UTC), "2026-03-04 05:06"),
    ("date_format", "", None, None),
    ("date_format", "YYYY", date(33, 1, 1), "0033"),
    ("number", "", "1 234,56 $", D("1234.56")),
    ("number", "", "1\u202f234,56\u00a0$", D("1234.56")),
    ("number", "", "$1,234.56", D("1234.56")),
    ("number", "", "(12.50)", D("-12.50")),
    ("number", "", "-3,5", D("-3.5")),
    ("number", "", "\u22123.5", D("-3.5")),
    ("number", "", "12-", D("-12")),
    ("number", "", "1,234", D("1234")),
    ("number", "fr", "1,234", D("1.234")),
    ("number", "en", "1,23", D("123")),
    ("number", "", "1.234,5", D("1234.5")),
    ("number", "", "1.234.567", D("1234567")),
    ("number", "", "1,234,567.8", D("1234567.8")),
    ("number", "", "0,5", D("0.5")),
    ("number", "", "007", D("7")),
    ("number", "", ".5", D("0.5")),
    ("number", "", "12 CAD", D("12")),
    ("number", "", None, None),
    ("number", "", " ", None),
    ("number", "", 3, 3),
    ("number", "", D("1.1"), D("1.1")),
    ("digits", "", "(514) 555-0101", "5145550101"),
    ("digits", "", "abc", None),
    ("digits", "", "４２", "42"),
    ("digits", "", None, None),
    ("choose", "granted=yes; withdrawn=no", "granted", "yes"),
    ("choose", "granted=yes; *=no", "other", "no"),
    ("choose", "a=", "a", None),
    ("choose", "a=1; *=0", None, "0"),
    ("choose", "a=1", None, None),
    ("choose", "true=1;false=0", True, "1"),
    ("choose", "true=1;false=0", False, "0"),
    ("template", "{given_name} {family_name}", "", "Ann Essai"),
    ("template", "{given_name} ({notes})", "", "Ann ()"),
    ("template", "{notes}", "", None),
    ("template", "Hello", "", "Hello"),
    ("template", "{address.city}, {address.region}", "", "Laval, QC"),
    ("template", "{balance} $", "", "12.5 $"),
    ("template", "{active}", "", "true"),
    ("template", "{{given_name}}", "", "{Ann}"),
    ("template", "{given_name.__class__}", "", NOT_TOLD),
    ("template", "{0}%s{}", "", "{0}%s{}"),
    ("template", "{tags}", "", "VIP, Atelier"),
]
AROUND = {
    "given_name": "Ann",
    "family_name": "Essai",
    "notes": None,
    "address": {"city": "Laval", "region": "QC"},
    "balance": D("12.50"),
    "active": True,
    "tags": ["VIP", "Atelier"],
}
MAPS = {"pay": {"cash": "12"}}


@pytest.mark.parametrize(("name", "argument", "value", "expected"), TABLE)
def test_a_verb_gives_what_it_says(name, argument, value, expected):
    source = "" if name == "template" else "name"
    assert apply(Rule("1", source, "name", name, argument), {**AROUND, "name": value}, MAPS) == expected


def test_the_tables_reach_every_verb():
    assert {row[0] for row in TABLE} == set(REGISTRY)
    assert len(TABLE) >= 100


@pytest.mark.parametrize("name", sorted(set(REGISTRY) - {"constant", "template"}))
def test_what_is_not_told_gives_nothing(name):
    assert apply(Rule("1", "name", "name", name, "1"), {}, {}) is NOT_TOLD


def test_a_text_of_several_fields_waits_until_all_are_told():
    assert apply(Rule("1", "", "name", "template", "{given_name} {family_name}"), {"given_name": "Ann"}, {}) is NOT_TOLD
    assert apply(Rule("1", "given_name", "name", "join", "family_name"), {"given_name": "Ann"}, {}) is NOT_TOLD


@pytest.mark.parametrize(
    ("name", "argument", "value", "code"),
    [
        ("lookup", "pay", "gold", "VALUE-NOT-MAPPED"),
        ("lookup", "none", "x", "VALUE-NOT-MAPPED"),
        ("choose", "a=1", "b", "VALUE-NOT-CHOSEN"),
        ("number", "", "ten", "VALUE-NOT-A-NUMBER"),
        ("number", "", "1.2.3,4,5", "VALUE-NOT-A-NUMBER"),
        ("number", "", "NaN", "VALUE-NOT-A-NUMBER"),
        ("number", "", "1e999", "VALUE-NOT-A-NUMBER"),
        ("number", "", "9" * 40, "VALUE-NOT-A-NUMBER"),
        ("number", "", True, "VALUE-NOT-A-NUMBER"),
        ("date_format", "", "soon", "VALUE-NOT-A-DATE"),
    ],
)
def test_a_verb_without_an_answer_says_so(name, argument, value, code):
    with pytest.raises(CannotMap) as caught:
        apply(Rule("1", "name", "name", name, argument), {"name": value}, MAPS)
    assert caught.value.code == code
    assert code in CODES


@pytest.mark.parametrize(
    ("argument", "kind", "expected"),
    [
        ("true", "flag", True),
        ("non", "flag", False),
        ("12.50", "money", D("12.50")),
        ("2026-01-31", "date", date(2026, 1, 31)),
        ("a, b,", "tags", ["a", "b"]),
        ("7", "text", "7"),
        ("x", "money", "x"),
    ],
)
def test_typed_text_becomes_a_value_of_the_target(argument, kind, expected):
    assert apply(Rule("1", "", "x", "constant", argument), {}, {}, kind) == expected


WRITABLE = frozenset({"name", "email", "phone", "balance", "active", "tags", "created_at", "notes"})


@pytest.mark.parametrize(
    ("rule", "code", "path"),
    [
        (Rule("1", "nope", "name"), "RULE-UNKNOWN-FIELD", "source"),
        (Rule("1", "__class__", "name"), "RULE-UNKNOWN-FIELD", "source"),
        (Rule("1", "", "name"), "RULE-UNKNOWN-FIELD", "source"),
        (Rule("1", "name", "nope"), "RULE-UNKNOWN-FIELD", "target"),
        (Rule("1", "name", "consent"), "RULE-NOT-WRITABLE", "target"),
        (Rule("1", "name", "name", "eval"), "RULE-UNKNOWN-TRANSFORM", "transform"),
        (Rule("1", "name", "name", "truncate", "x"), "RULE-BAD-ARGUMENT", "argument"),
        (Rule("1", "name", "name", "truncate", "-1"), "RULE-BAD-ARGUMENT", "argument"),
        (Rule("1", "name", "name", "template", "{name!r}"), "RULE-BAD-ARGUMENT", "argument"),
        (Rule("1", "", "name", "template", "{name.__class__}"), "RULE-UNKNOWN-FIELD", "argument"),
        (Rule("1", "", "name", "template", "{% load x %}"), "RULE-BAD-ARGUMENT", "argument"),
        (Rule("1", "", "name", "template", "{nope}"), "RULE-UNKNOWN-FIELD", "argument"),
        (Rule("1", "name", "name", "join", "nope"), "RULE-UNKNOWN-FIELD", "argument"),
        (Rule("1", "created_at", "name", "date_format", "%Y"), "RULE-BAD-ARGUMENT", "argument"),
        (Rule("1", "name", "balance"), "RULE-KINDS-DIFFER", "transform"),
        (Rule("1", "address", "name"), "RULE-KINDS-DIFFER", "transform"),
        (Rule("1", "address", "name", "upper"), "RULE-KINDS-DIFFER", "transform"),
        (Rule("1", "", "active", "constant", "perhaps"), "RULE-KINDS-DIFFER", "transform"),
        (Rule("1", "name", "name", when="never"), "RULE-BAD-CHOICE", "when"),
        (Rule("1", "name", "name", on_conflict="both"), "RULE-BAD-CHOICE", "on_conflict"),
    ],
)
def test_a_wrong_rule_is_refused_where_it_is_wrong(rule, code, path):
    problem = check_rule(rule, "contact", "contact", WRITABLE)[0]
    assert (problem.code, problem.path) == (code, path)
    assert code in CODES


@pytest.mark.parametrize(
    "rule",
    [
        Rule("1", "name", "name"),
        Rule("1", "email", "email", "first_email"),
        Rule("1", "notes", "balance", "number", "fr"),
        Rule("1", "", "active", "constant", "oui"),
        Rule("1", "", "tags", "constant", "QuickShop"),
        Rule("1", "", "name", "template", "{address.city} {name}"),
        Rule("1", "consent", "active", "choose", "granted=true; *=false"),
        Rule("1", "address.city", "notes", "upper"),
        Rule("1", "tags", "tags"),
        Rule("1", "phone", "notes", "digits"),
        Rule("1", "balance", "notes"),
    ],
)
def test_a_sound_rule_is_accepted(rule):
    assert check_rule(rule, "contact", "contact", WRITABLE) == []


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(REGISTRY)),
    st.text(max_size=12),
    st.none() | st.text(max_size=30) | st.decimals(allow_nan=False, allow_infinity=False) | st.booleans(),
)
def test_whatever_a_person_types_gives_a_value_or_a_reason(name, argument, value):
    rule = Rule("1", "name", "name", name, argument)
    if check_rule(rule, "contact", "contact", WRITABLE):
        return
    try:
        given_back = apply(rule, {**AROUND, "name": value}, MAPS)
    except CannotMap as error:
        assert error.code in CODES
    else:
        assert given_back is None or isinstance(given_back, str | Decimal | bool)


def test_no_text_makes_a_verb_slow():
    nasty = [
        "a" * 20_000 + "!",
        "1," * 10_000,
        "(" * 20_000,
        "{" * 20_000,
        "@" * 20_000,
        "a@" * 10_000,
        " " * 20_000 + "x",
        "9" * 20_000,
    ]
    for text in nasty:
        for name in REGISTRY:
            started = time.perf_counter()
            with contextlib.suppress(CannotMap):
                apply(
                    Rule(
                        "1",
                        "name",
                        "name",
                        name,
                        "5" if name == "truncate" else "YYYY" if name == "date_format" else ",",
                    ),
                    {**AROUND, "name": text},
                    {},
                )
            assert time.perf_counter() - started < 0.25


LABELS = {"left": "QuickShop", "right": "Postbox"}


def test_rules_read_as_plain_sentences():
    rule = Rule("1", "email", "email", "lower", when="create", on_conflict="ask")
    assert rule_as_text(rule, "contact", "en", LABELS) == (
        "“E-mail” of Postbox is “E-mail” of QuickShop, in small letters, only when the record is new. If both sides changed it, a person decides."
    )
    assert rule_as_text(rule, "contact", "fr", LABELS) == (
        "«\u00a0Courriel\u00a0» de Postbox reçoit «\u00a0Courriel\u00a0» de QuickShop, en minuscules, seulement quand la fiche est nouvelle. "
        "Si les deux côtés l’ont changé, une personne décide."
    )
    back = Rule("1", "", "notes", "template", "{given_name} {family_name}", toward="left")
    assert rule_as_text(back, "contact", "fr", LABELS).startswith(
        "«\u00a0Notes\u00a0» de QuickShop reçoit le texte «\u00a0{Prénom} {Nom de famille}\u00a0»."
    )


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_verb_has_words_in_both_languages(name):
    transform = REGISTRY[name]
    words = [transform.label, transform.words, *([transform.argument.label] if transform.argument else [])]
    assert all(text.en and text.fr for text in words)
    sentences = {
        rule_as_text(Rule("1", "name", "name", name, "family_name"), "contact", language, LABELS)
        for language in ("en", "fr")
    }
    assert len(sentences) == 2
    assert transform.kinds_in <= {"*"} | {field.kind for fields in ENTITIES.values() for field in fields}
