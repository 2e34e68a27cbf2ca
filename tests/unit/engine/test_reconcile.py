"""Reconciliation: to the cent, and every cent has a document's name on it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.catalogue import ENGINE_CATALOGUE
from bridge.engine.reconcile import Document, Total, reconcile, totals

CODES = {item.code for item in ENGINE_CATALOGUE}
JUNE = (date(2026, 6, 1), date(2026, 6, 30))


def document(at, total="10.00", **more):
    base = Document(
        date(2026, 6, 1) + timedelta(days=at % 30),
        "invoice",
        "CAD",
        Decimal(total),
        Decimal("1.30"),
        f"F-{at}",
        f"l{at}",
    )
    return replace(base, **more)


def on_the_other_side(documents):
    return [replace(item, remote_id="r" + item.remote_id[1:]) for item in documents]


def links_of(documents):
    return {item.remote_id: "r" + item.remote_id[1:] for item in documents}


def test_equal_sides_differ_by_nothing():
    left = [document(at, str(at)) for at in range(100)]
    found = reconcile(left, on_the_other_side(left), links_of(left), period=JUNE)
    assert found.even
    assert found.balance == {"CAD": Decimal(0)}
    assert found.unexplained == {"CAD": Decimal(0)}
    assert sum(day.left.count for day in found.days) == 100


def test_planted_faults_are_named_and_the_rest_is_even():
    left = [document(at, f"{at + 1}.25") for at in range(1000)]
    right = {item.remote_id: item for item in on_the_other_side(left)}
    links = links_of(left)
    del right["r10"], links["l10"]
    right["twice"] = replace(right["r20"], remote_id="twice")
    right["r30"] = replace(right["r30"], total=right["r30"].total + Decimal("0.01"))
    right["r40"] = replace(right["r40"], date=right["r40"].date + timedelta(days=1))
    right["r50"] = replace(right["r50"], tax=Decimal("1.29"))
    right["hand"] = document(0, "77", remote_id="hand", number="by hand", kind="refund")
    found = reconcile(left, right.values(), links)
    assert {(item.kind, (item.left or item.right).remote_id, item.amount) for item in found.differences} == {
        ("missing", "l10", Decimal("11.25")),
        ("doubled", "twice", Decimal("-21.25")),
        ("amount", "l30", Decimal("-0.01")),
        ("date", "l40", Decimal(0)),
        ("tax", "l50", Decimal(0)),
        ("extra", "hand", Decimal(-77)),
    }
    assert found.balance == {"CAD": Decimal("11.25") - Decimal("21.25") - Decimal("0.01") - 77}
    assert found.unexplained == {"CAD": Decimal(0)}


def test_a_held_document_is_missing_for_its_own_reason():
    found = reconcile([document(1)], [], {}, held={"l1": "CONTACT-NO-EMAIL"})
    assert [(item.kind, item.code) for item in found.differences] == [("missing", "CONTACT-NO-EMAIL")]


def test_voided_documents_do_not_count():
    left = [document(1, state="void"), document(2)]
    right = [document(1, remote_id="r1"), document(2, remote_id="r2", state="gone")]
    found = reconcile(left, right, {"l1": "r1", "l2": "r2"})
    assert [(item.kind, item.amount) for item in found.differences] == [
        ("extra", Decimal(-10)),
        ("missing", Decimal(10)),
    ]


def test_a_date_beyond_the_period_is_a_wrong_date_not_a_missing_document():
    late = replace(document(29), date=date(2026, 7, 1), remote_id="r29")
    found = reconcile([document(29)], [late], {"l29": "r29"}, period=JUNE)
    assert [(item.kind, item.amount) for item in found.differences] == [("date", Decimal(10))]
    assert found.unexplained == {"CAD": Decimal(0)}


def test_currencies_are_never_converted_or_mixed():
    left, right = [document(1)], [document(1, remote_id="r1", currency="USD")]
    found = reconcile(left, right, {"l1": "r1"})
    assert found.balance == {"CAD": Decimal(10), "USD": Decimal(-10)}
    assert {item.code for item in found.differences} == {"RECON-CURRENCY"}


def test_without_a_link_equal_numbers_pair_up():
    left = [document(1)]
    right = [document(1, "9.99", remote_id="r1"), document(1, remote_id="r2")]
    found = reconcile(left, right, {})
    assert [(item.kind, item.right.remote_id) for item in found.differences] == [("extra", "r1")]


cents = st.integers(-500, 50_000).map(lambda value: Decimal(value) / 100)
documents = st.builds(
    Document,
    date=st.dates(date(2026, 5, 25), date(2026, 7, 5)),
    kind=st.sampled_from(["invoice", "refund"]),
    currency=st.sampled_from(["CAD", "USD"]),
    total=cents,
    tax=cents,
    number=st.sampled_from(["", "1", "2", "3"]),
    remote_id=st.just(""),
    state=st.sampled_from(["live", "live", "live", "void"]),
)


def sides(letter):
    return st.lists(documents, max_size=6).map(
        lambda found: [replace(item, remote_id=f"{letter}{at}") for at, item in enumerate(found)]
    )


@settings(max_examples=300)
@given(
    sides("l"),
    sides("r"),
    st.dictionaries(
        st.sampled_from([f"l{n}" for n in range(6)]), st.sampled_from([f"r{n}" for n in range(6)]), max_size=5
    ),
    st.sampled_from([None, JUNE]),
)
def test_differences_always_add_up_to_the_balance(left, right, links, period):
    found = reconcile(left, right, links, period=period)
    assert set(found.unexplained.values()) <= {Decimal(0)}
    taxes = {
        currency: sum((item.tax for item in found.differences if item.currency == currency), Decimal(0))
        for currency in found.tax_balance
    }
    assert taxes == found.tax_balance
    assert found.differences or all(day.even for day in found.days)
    assert {item.code for item in found.differences} <= CODES


def test_totals_count_and_add():
    assert totals([document(0), document(30), document(1, state="draft")]) == {
        (date(2026, 6, 1), "invoice", "CAD"): Total(2, Decimal(20), Decimal("2.60"))
    }
