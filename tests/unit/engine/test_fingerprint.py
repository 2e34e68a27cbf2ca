"""Keys and fingerprints: equal content, equal name; other content, another name."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.fingerprint import fingerprint, revision_key

leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.decimals(-5, 5, places=2)
payloads = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        leaves, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3)
    ),
    max_size=4,
)


def tagged(value):
    """Return `value` so that Python's == tells what a wire tells apart: True is not 1, "1" is not 1."""
    if isinstance(value, dict):
        return {key: tagged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    return (type(value), value)


@pytest.mark.fault("A15")
@settings(max_examples=200, deadline=None)
@given(payloads, payloads)
def test_keys_collide_exactly_when_payloads_are_equal(one, other):
    keys = {revision_key("1", "contact", "7", payload) for payload in (one, other)}
    assert (len(keys) == 1) == (tagged(one) == tagged(other))


@settings(max_examples=100, deadline=None)
@given(payloads)
def test_a_key_is_short_and_does_not_hang_on_the_order_of_fields(payload):
    backwards = dict(reversed(list(payload.items())))
    assert revision_key(1, "contact", "7", payload) == revision_key("1", "contact", "7", backwards)
    assert len(revision_key(1, "contact", "7", payload)) <= 36


def test_each_part_of_a_key_counts_and_parts_do_not_run_together():
    parts = [
        ("1", "contact", "7"),
        ("17", "contact", ""),
        ("1", "contac", "t7"),
        ("2", "contact", "7"),
        ("1", "sale", "7"),
    ]
    assert len({revision_key(*part, {"a": 1}) for part in parts}) == len(parts)
    assert revision_key("1", "a", "7", {"x": None}) != revision_key("1", "a", "7", {})


def test_no_float_gets_into_a_body():
    with pytest.raises(TypeError):
        revision_key("1", "sale", "7", {"total": 1.1})


def test_fingerprints_go_by_meaning():
    assert fingerprint({"a": Decimal("100.00"), "b": None}) == fingerprint({"b": "", "a": Decimal("1E+2")})
    assert fingerprint({"a": Decimal("100.01")}) != fingerprint({"a": Decimal("100.00")})
    assert len(fingerprint({})) == 32
    assert fingerprint({"a": "\ud800"})
