"""Matching: one normal form for what people type in many, and nothing linked on a likeness."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.match import Keys, compare, keys, match, normal_name, normal_number, normal_phone, score
from connectors.contract.normal import looks_like_email, normal_email, split_emails

from .people import customer, member


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Ann@Exemple.CA ", "ann@exemple.ca"),
        ("ann+shop@exemple.co.uk", "ann+shop@exemple.co.uk"),
        ("ann@exemple.ca\u200b", "ann@exemple.ca"),
        ("ａｎｎ@exemple.ca", "ann@exemple.ca"),
        ("o'neil@exemple.ca", "o'neil@exemple.ca"),
        ("ève@exemple.ca", "ève@exemple.ca"),
        ("e\u0300ve@exemple.ca", "ève@exemple.ca"),
        ("ann@montréal.ca", "ann@montréal.ca"),
        ("ann", None),
        ("ann@", None),
        ("@exemple.ca", None),
        ("ann@exemple", None),
        ("ann@@exemple.ca", None),
        ("a@x.ca, b@x.ca", None),
        ("a b@exemple.ca", None),
        (".ann@exemple.ca", None),
        ("ann.@exemple.ca", None),
        ("a..n@exemple.ca", None),
        ("ann@exemple..ca", None),
        ("ann@-x.ca", None),
        ("ann@x-.ca", None),
        ("ann@exemple.c", None),
        ("ann@1.2.3.4", None),
        ("<ann@exemple.ca>", None),
        ("a" * 65 + "@exemple.ca", None),
        ("a@" + "b" * 64 + ".ca", None),
        ("a" * 999 + "@exemple.ca", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_has_one_normal_form(text, expected):
    assert normal_email(text) == expected
    assert looks_like_email(text) is (expected is not None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@x.ca, B@x.ca; c@x.ca", ["a@x.ca", "b@x.ca", "c@x.ca"]),
        ("a@x.ca b@x.ca", ["a@x.ca", "b@x.ca"]),
        ("a@x.ca\nb@x.ca", ["a@x.ca", "b@x.ca"]),
        ("a@x.ca/b@x.ca", ["a@x.ca", "b@x.ca"]),
        ("Ann Essai <a@x.ca>, Eve <b@x.ca>", ["a@x.ca", "b@x.ca"]),
        ("a@x.ca ou b@x.ca", ["a@x.ca", "b@x.ca"]),
        ("a@x.ca; A@X.CA", ["a@x.ca"]),
        ("mailto:a@x.ca", ["a@x.ca"]),
        ("a@x.ca.", ["a@x.ca"]),
        ("a@x.ca; tél. 514 555-0101", ["a@x.ca"]),
        ("a@x.ca", ["a@x.ca"]),
        ("nobody", []),
        ("", []),
        (None, []),
    ],
)
def test_several_addresses_in_one_field_are_seen(text, expected):
    assert split_emails(text) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("(514) 555-0101", "CA", "+15145550101"),
        ("514.555.0101", "CA", "+15145550101"),
        ("1 514 555 0101", "US", "+15145550101"),
        ("+1-514-555-0101", "FR", "+15145550101"),
        ("514 555-0101 poste 23", "CA", "+15145550101"),
        ("514-555-0101 x23", "CA", "+15145550101"),
        ("514-555-0101 ext. 7", "CA", "+15145550101"),
        ("514-555-0101 #4", "CA", "+15145550101"),
        ("01 23 45 67 89", "FR", "+33123456789"),
        ("+33 (0)1 23 45 67 89", "CA", "+33123456789"),
        ("0033 1 23 45 67 89", "CA", "+33123456789"),
        ("011 33 1 23 45 67 89", "CA", "+33123456789"),
        ("０２０ 7946 0018", "GB", "+442079460018"),
        ("٥١٤", "CA", None),
        ("555-0101", "CA", None),
        ("014 555 0101", "CA", None),
        ("none", "CA", None),
        ("", "CA", None),
        (None, "CA", None),
        ("5" * 70, "CA", None),
        ("514 555-0101", "ZZ", "+15145550101"),
    ],
)
def test_a_phone_number_has_one_normal_form(text, country, expected):
    assert normal_phone(text, country) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ève Roy", "eve ROY"),
        ("E\u0301loise", "Éloise"),
        ("Garage Fictif inc.", "GARAGE FICTIF"),
        ("Garage Fictif Ltée", "Garage Fictif Ltd"),
        ("Essai, Ann", "Ann Essai"),
        ("L’Atelier", "L'Atelier"),
        ("J.P. Essai", "JP Essai"),
        ("Œuvres Fictives S.E.N.C.", "oeuvres fictives"),
        ("Ann  Essai\u200b", "Ann Essai"),
        ("Ａｎｎ", "Ann"),
        ("Straße", "STRASSE"),
        ("Jean-Guy Essai", "Jean Guy Essai"),
    ],
)
def test_a_name_written_two_ways_is_one(one, other):
    assert normal_name(one) == normal_name(other) != ""


def test_names_that_differ_stay_apart():
    different = ["Ann Essai", "Anne Essai", "Garage 1", "Garage 2", "Roy", "مثال", "例え", "🙂"]
    assert len({normal_name(name) for name in different}) == len(different)
    assert normal_name("Inc.") == "inc"
    assert normal_name(" ") == ""


def test_ids_are_text():
    assert normal_number("#007 ") == "007" != normal_number("7")
    assert normal_number("fv-12 a") == "fv-12a"


def test_keys_of_a_record():
    values = {
        "given_name": "Ève",
        "family_name": "Roy",
        "email": "EVE@exemple.ca; b@exemple.ca",
        "phone": None,
        "mobile": "514 555-0101",
        "number": "#12",
    }
    assert keys("contact", values) == Keys("eve@exemple.ca", "15145550101", "eve roy", "12")
    assert keys("contact", {"phone": "01 23 45 67 89", "address": {"country": "FR"}}).phone_key == "33123456789"
    assert keys("product", {"name": "Pneu d’essai", "sku": "AB-1", "number": "9"}) == Keys(
        "", "", "dessai pneu", "ab-1"
    )
    assert keys("contact", {}) == Keys()


@settings(max_examples=500)
@given(
    st.dictionaries(
        st.sampled_from(["name", "email", "phone", "number", "company", "address"]), st.none() | st.text(max_size=40)
    )
)
def test_whatever_a_record_says_has_keys(values):
    found = keys("contact", values)
    assert found == keys("contact", values)
    assert normal_name(found.name_key) == found.name_key
    assert normal_email(found.email_key) == (found.email_key or None)


def test_no_text_makes_a_key_slow():
    for text in [
        "a" * 50_000,
        "a@" * 25_000,
        "@." * 25_000,
        " " * 50_000,
        "a." * 25_000 + "@x",
        "1" * 50_000,
        "x1" * 25_000,
        "é" * 50_000,
    ]:
        started = time.perf_counter()
        keys("contact", {"name": text, "email": text, "phone": text, "number": text})
        assert time.perf_counter() - started < 0.25


def test_equality_of_all_match_fields_alone_makes_a_link():
    source = customer(number="7", total="5")
    twins = [member("m1", number="7", total="6"), member("m2", number="7", total="5")]
    assert match(source, twins, ("number", "total"), entity="sale").target_id == "m2"
    assert match(source, twins, ("number",), entity="sale").kind == "several"
    assert match(customer(number=None), [member(number=None)], ("number",), entity="sale").kind == "none"


def test_a_living_twin_comes_before_a_gone_one():
    from dataclasses import replace

    gone = replace(member("m1", email="a@exemple.ca"), gone=True)
    assert (
        match(customer(email="a@exemple.ca"), [gone, member("m2", email="a@exemple.ca")], ("email",)).target_id == "m2"
    )
    assert match(customer(email="a@exemple.ca"), [gone], ("email",)).kind == "one"


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ({"name": "Ann Essai", "phone": "514 555-0101"}, {"name": "Essai Ann", "phone": "+15145550101"}, "maybe"),
        ({"name": "Ann Essai", "email": "a@exemple.ca"}, {"name": "Ann Essai", "email": "b@exemple.ca"}, "none"),
        ({"name": "Ann Essai"}, {"name": "Ann Essai"}, "none"),
        (
            {"name": "Ann Essai", "address": {"line1": "1, rue Fictive", "postcode": "H0H 0H0"}},
            {"name": "ANN ESSAI", "address": {"line1": "1 rue Fictive", "postcode": "h0h0h0"}},
            "maybe",
        ),
        ({"name": "Ann Essai", "phone": "514 555-0101"}, {"name": "Bob Autre", "phone": "514 555-0101"}, "none"),
    ],
)
def test_a_likeness_is_only_ever_a_question(ours, theirs, kind):
    found = match(customer(**ours), [member(**theirs)], ("email",))
    assert found.kind == kind
    assert found.score == (score(found.parts) if found.parts else 0.0)


@settings(max_examples=200)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from(["a", "b", "Ann Essai", "a@exemple.ca", "514 555-0101"])
            for name in ("name", "email", "phone", "company")
        },
    ),
    st.data(),
)
def test_no_score_alone_links(values, data):
    other = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.sampled_from(["a", "Ann Essai", "b@exemple.ca", "514 555-0101"])
                for name in ("name", "email", "phone", "company")
            },
        )
    )
    found = match(customer(**values), [member(**other)], ("email",))
    assert found.kind != "one" or keys("contact", values).email_key == keys("contact", other).email_key != ""
    assert 0.0 <= found.score <= 1.0


def test_parts_can_be_seen():
    parts = compare(
        customer(name="Ann Essai", email="a@exemple.ca"), member(name="Anne Essai", email="b@exemple.ca", phone="5")
    )
    assert [(part.name, part.left, part.right, part.note) for part in parts[:3]] == [
        ("email", "a@exemple.ca", "b@exemple.ca", "differs"),
        ("given_name", "Ann Essai", "Anne Essai", "nickname"),
        ("family_name", "Ann Essai", "Anne Essai", "equal"),
    ]
    assert score(parts) == round(sum(part.weight for part in parts), 3)
