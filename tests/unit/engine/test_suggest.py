"""Suggestions: exactly one choice that fits is offered; two that look alike are left to a person."""

import time
from decimal import Decimal

import pytest

from bridge.engine.suggest import Guesser, Offer, percents_in, plain

D = Decimal
ACCOUNTS = [
    Offer("35", "Chequing"),
    Offer("91", "PayPal"),
    Offer("92", "Stripe clearing"),
    Offer("93", "Undeposited Funds"),
    Offer("94", "Comptes clients"),
]
TAXES = [
    Offer("1", "TPS/TVQ QC", (D("5"), D("9.975"))),
    Offer("2", "TPS", (D("5"),)),
    Offer("3", "TVH ON", (D("13"),)),
    Offer("4", "TVH NB", (D("15"),)),
    Offer("5", "TVH NS", (D("15"),)),
    Offer("6", "Détaxé", (D("0"),)),
    Offer("7", "GST/QST 14.975 %"),
]


@pytest.mark.parametrize(
    ("key", "label", "wanted"),
    [
        ("paypal", "PAYPAL", "91"),  # equal but for case
        ("paypal_express", "PayPal Express Checkout", "91"),  # all words of the one in the other
        ("undeposited", "Undeposited fund", "93"),  # near
        ("checkmo", "Money order", None),  # nothing like it
        ("comptes", "Comptes-clients", "94"),
    ],
)
def test_a_name_equal_or_clearly_near_is_offered(key, label, wanted):
    assert Guesser(ACCOUNTS).suggest(key, label, (), ("name",)) == wanted


def test_two_names_as_near_as_each_other_are_a_persons_to_tell_apart():
    twins = [Offer("1", "Clearing A"), Offer("2", "Clearing B")]
    assert Guesser(twins).suggest("x", "Clearing", (), ("name",)) is None
    assert Guesser([Offer("1", "Card"), Offer("2", "card")]).suggest("card", "Card", (), ("name",)) is None


@pytest.mark.parametrize(
    ("percents", "label", "wanted"),
    [
        ((D("9.975"), D("5")), "TPS + TVQ", "1"),  # in any order
        ((D("13"),), "Ontario", "3"),
        ((D("15"),), "somewhere", None),  # two of them
        ((D("15"),), "TVH NB", "4"),  # … whose name tells
        ((D("14.975"),), "one rate for both", "7"),  # the rates first, their sum only where no rates are so
        ((D("7"),), "unknown", None),
        ((), "TVH 13 %", "3"),  # the name tells the rate
        ((), "Untaxed", None),
        ((D("0"),), "zero", "6"),
    ],
)
def test_taxes_are_offered_by_their_rates(percents, label, wanted):
    assert Guesser(TAXES).suggest("key", label, percents, ("percent",)) == wanted


def test_the_first_way_that_is_sure_decides():
    offers = [Offer("AB-1", "Table"), Offer("7", "AB-1")]
    guesser = Guesser(offers)
    assert guesser.suggest("AB-1", "", (), ("id", "name")) == "AB-1"
    assert guesser.suggest("AB-1", "", (), ("name", "id")) == "7"
    assert guesser.suggest("AB-2", "Nothing", (), ("id", "percent")) is None


def test_names_are_read_without_accents_case_and_signs():
    assert plain("Détaxé – TPS/TVQ (0 %)") == "detaxe tps tvq 0"
    assert percents_in("TPS/TVQ 14,975 % et 5%") == (D("14.975"), D("5"))


def test_a_long_list_is_guessed_through_in_a_moment():
    guesser = Guesser([Offer(str(number), f"Item {number} of the list") for number in range(2000)])
    begin = time.process_time()
    found = [guesser.suggest(f"K-{number}", f"item {number} of the LIST", (), ("name",)) for number in range(500)]
    assert time.process_time() - begin < 3
    assert found[:2] == ["0", "1"]
