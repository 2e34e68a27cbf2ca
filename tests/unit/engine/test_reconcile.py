"""Reconciliation: to the cent, and every cent has a document's name on it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.catalogue import ENGINE_CATALOGUE
from bridge.engine.clearing import Movement, clearing
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
        lambda found: [
            replace(item, remote_id=f"{letter}{at}", is_refund=item.kind == "refund") for at, item in enumerate(found)
        ]
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
        currency: sum((item.net_tax for item in found.differences if item.currency == currency), Decimal(0))
        for currency in found.tax_balance
    }
    assert taxes == found.tax_balance
    assert found.differences or all(day.even for day in found.days)
    assert {item.code for item in found.differences} <= CODES


def test_totals_count_and_add():
    assert totals([document(0), document(30), document(1, state="draft")]) == {
        (date(2026, 6, 1), "invoice", "CAD"): Total(2, Decimal(20), Decimal("2.60"))
    }


# A month of a shop: sales, payments and refunds, with their taxes one by one.


def month_of_a_shop():
    found = []
    for at in range(900):
        day = date(2026, 6, 1) + timedelta(days=at % 30)
        kind = ("sale", "sale", "payment", "refund")[at % 4]
        tps, tvq = Decimal(at % 70) / 100, Decimal(at % 90) / 100
        taxes = () if kind == "payment" else (("TPS", tps), ("TVQ", tvq))
        tax = sum((amount for _, amount in taxes), Decimal(0))
        found.append(
            Document(
                day, kind, "CAD" if at % 5 else "USD", Decimal(2000 + at) / 100, tax, f"{at:06d}", f"l{at}",
                is_refund=kind == "refund", rates=taxes,
            )
        )  # fmt: skip
    return found


def test_five_planted_faults_are_named_exactly():
    left = month_of_a_shop()
    right = {item.remote_id: item for item in on_the_other_side(left)}
    links = links_of(left)
    assert reconcile(left, right.values(), links, period=JUNE).even
    del right["r100"], links["l100"]  # a sale that never arrived
    right["again"] = replace(right["r201"], remote_id="again")  # one that arrived twice
    right["r302"] = replace(right["r302"], total=right["r302"].total + Decimal("0.01"))  # a cent on a payment
    right["r404"] = replace(right["r404"], date=date(2026, 6, 30))  # another day
    del right["r503"], links["l503"]  # a refund that was never entered
    found = reconcile(left, right.values(), links, period=JUNE)
    assert {(item.kind, item.code, (item.left or item.right).remote_id) for item in found.differences} == {
        ("missing", "RECON-MISSING", "l100"),
        ("doubled", "RECON-DOUBLED", "again"),
        ("amount", "RECON-AMOUNT", "l302"),
        ("date", "RECON-DATE", "l404"),
        ("refund", "RECON-REFUND", "l503"),
    }
    assert len(found.differences) == 5
    assert set(found.unexplained.values()) == {Decimal(0)}
    uneven = [day for day in found.days if not day.even]
    assert all(found.behind(day) for day in uneven)
    assert {item for day in uneven for item in found.behind(day)} == set(found.differences)
    assert not any(found.behind(day) for day in found.days if day.even)


def test_every_fault_says_by_how_much_in_both_languages():
    left = month_of_a_shop()
    right = {item.remote_id: item for item in on_the_other_side(left)}
    right["r2"] = replace(right["r2"], total=right["r2"].total - Decimal("1.10"))
    right["r3"] = replace(right["r3"], total=Decimal("1.00"))
    right["r4"] = replace(right["r4"], tax=right["r4"].tax + Decimal("0.02"), rates=())
    found = reconcile(left, right.values(), links_of(left))
    sentences = {item.code: item for item in ENGINE_CATALOGUE}
    said = {
        item.code: sentences[item.code].what.say(language, **item.params)
        for language in ("fr", "en")
        for item in found.differences
    }
    assert said == {
        "RECON-AMOUNT": "The two totals differ by 1.10 CAD.",
        "RECON-REFUND-AMOUNT": "The refund differs by 19.03 CAD.",
        "RECON-TAX": "The totals agree, but the taxes differ by 0.02 CAD.",
    }


def test_a_refund_on_the_books_side_only_is_a_refund_too():
    only = document(1, remote_id="r1", is_refund=True)
    assert [(item.kind, item.code) for item in reconcile([], [only], {}).differences] == [("refund", "RECON-REFUND")]


def test_the_balance_of_a_month_takes_refunds_off_its_sales():
    sale, refund = document(1, "100"), document(2, "30", is_refund=True)
    found = reconcile([sale, refund], [], {})
    assert found.balance == {"CAD": Decimal(70)}
    assert [(item.amount, item.net) for item in found.differences] == [
        (Decimal(100), Decimal(100)),
        (Decimal(30), Decimal(-30)),
    ]
    assert found.unexplained == {"CAD": Decimal(0)}


def test_a_refund_never_stands_for_a_sale_even_where_a_link_says_so():
    found = reconcile([document(1)], [document(1, remote_id="r1", is_refund=True)], {"l1": "r1"})
    assert [item.kind for item in found.differences] == ["missing", "refund"]
    assert found.balance == {"CAD": Decimal(20)}
    assert found.unexplained == {"CAD": Decimal(0)}


def test_a_held_refund_says_what_it_waits_for():
    found = reconcile([document(1, is_refund=True)], [], {}, held={"l1": "METHOD-UNMAPPED"})
    assert [(item.kind, item.code) for item in found.differences] == [("refund", "METHOD-UNMAPPED")]


def test_each_tax_is_counted_and_added_on_both_sides():
    left = month_of_a_shop()
    right = {item.remote_id: item for item in on_the_other_side(left)}
    right["r4"] = replace(right["r4"], rates=(("TPS", right["r4"].tax),))
    found = reconcile(left, right.values(), links_of(left))
    assert [item.code for item in found.differences] == ["RECON-RATES"]
    assert [(row.tax, row.difference) for row in found.taxes if not row.even] == [
        ("TPS", Decimal("-0.04")),
        ("TVQ", Decimal("0.04")),
    ]
    for side, documents in (("left", left), ("right", right.values())):
        for key in ("TPS", "TVQ"):
            told = [amount for item in documents for tax, amount in item.rates if tax == key and amount]
            rows = [row for row in found.taxes if row.tax == key]
            assert sum(getattr(row, side) for row in rows) == sum(told)
            assert sum(getattr(row, f"{side}_count") for row in rows) == len(told)
    days = {(day.date, day.kind, day.currency): day for day in found.days}
    for place, day in days.items():
        assert sum(row.left for row in found.taxes if (row.date, row.kind, row.currency) == place) == day.left.tax


def test_tax_that_a_side_does_not_tell_one_by_one_is_not_a_difference():
    left = [document(1, rates=(("TPS", Decimal("1.30")),))]
    found = reconcile(left, [document(1, remote_id="r1")], {"l1": "r1"})
    assert found.differences == ()
    assert [(row.tax, row.left, row.right) for row in found.taxes] == [
        ("", Decimal(0), Decimal("1.30")),
        ("TPS", Decimal("1.30"), Decimal(0)),
    ]


# Clearing accounts


def movement(at, amount="10.00", **more):
    base = Movement("card", "CAD", date(2026, 6, 1) + timedelta(days=at % 30), Decimal(amount), f"P-{at}", f"l{at}")
    return replace(base, **more)


def test_clearing_accounts_tie_out_or_name_every_stray():
    expected = [movement(at, f"{at + 1}.00", account=("card", "paypal")[at % 2]) for at in range(100)]
    booked = {
        item.remote_id.replace("l", "r"): replace(item, remote_id=item.remote_id.replace("l", "r")) for item in expected
    }
    links = {item.remote_id: item.remote_id.replace("l", "r") for item in expected}
    even = clearing(expected, booked.values(), links, JUNE)
    assert [(item.account, item.expected_count, item.difference, item.strays) for item in even] == [
        ("card", 50, Decimal(0), ()),
        ("paypal", 50, Decimal(0), ()),
    ]
    del booked["r10"]
    booked["again"] = replace(booked["r20"], remote_id="again")
    booked["r31"] = replace(booked["r31"], account="card")
    booked["r40"] = replace(booked["r40"], amount=booked["r40"].amount - Decimal("0.01"))
    booked["r51"] = replace(booked["r51"], date=date(2026, 7, 1))
    booked["payout"] = movement(0, "-500.00", remote_id="payout", number="by hand", account="paypal")
    card, paypal = clearing(expected, booked.values(), links, JUNE)
    assert {(item.kind, (item.expected or item.booked).remote_id, item.amount) for item in card.strays} == {
        ("missing", "l10", Decimal(11)),
        ("doubled", "again", Decimal(-21)),
        ("account", "l31", Decimal(-32)),
        ("amount", "l40", Decimal("0.01")),
    }
    assert {(item.kind, (item.expected or item.booked).remote_id, item.amount) for item in paypal.strays} == {
        ("account", "l31", Decimal(32)),
        ("date", "l51", Decimal(52)),
    }
    assert (paypal.others_count, paypal.others) == (1, Decimal(-500)), "what was moved to the bank is the books' own"
    assert card.unexplained == paypal.unexplained == 0
    assert card.difference == Decimal(11 - 21 - 32) + Decimal("0.01")


def test_movements_without_a_link_pair_by_number_only_where_one_of_each_has_it():
    (one,) = clearing([movement(1)], [movement(1, remote_id="r1")], {})
    assert one.strays == ()
    (two,) = clearing([movement(1), movement(2, number="P-1")], [movement(1, remote_id="r1")], {})
    assert sorted(item.kind for item in two.strays) == ["extra", "missing", "missing"]


movements = st.builds(
    Movement,
    account=st.sampled_from(["card", "paypal"]),
    currency=st.sampled_from(["CAD", "USD"]),
    date=st.dates(date(2026, 5, 28), date(2026, 7, 3)),
    amount=cents,
    number=st.sampled_from(["", "1", "2"]),
    remote_id=st.just(""),
)


def moved(letter):
    return st.lists(movements, max_size=6).map(
        lambda found: [replace(item, remote_id=f"{letter}{at}") for at, item in enumerate(found)]
    )


@settings(max_examples=300)
@given(
    moved("l"),
    moved("r"),
    st.dictionaries(
        st.sampled_from([f"l{n}" for n in range(6)]), st.sampled_from([f"r{n}" for n in range(6)]), max_size=5
    ),
    st.sampled_from([None, JUNE]),
)
def test_strays_always_add_up_to_what_an_account_is_off_by(left, right, links, period):
    for account in clearing(left, right, links, period):
        assert account.unexplained == 0
        assert account.strays or account.difference == 0
