"""Killed anywhere while a garage's orders go into the books: each paper is there once, and each balance is right."""

import pytest

from tests.faults.fire import fire_at_naive, prove, under_fire
from tests.faults.garage_stage import GarageStage
from tests.house import House

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def garage(hub, quiet_sandbox):
    return GarageStage(hub, House(quiet_sandbox), quiet_sandbox)


@pytest.mark.fault("A01")
@pytest.mark.fault("A03")
@pytest.mark.fault("G05")
def test_three_hundred_orders_under_a_hundred_kills_and_three_bad_calls_in_ten_are_booked_once(garage):
    prove(
        garage,
        under_fire(
            garage,
            orders=300,
            buyers=60,
            kills=100,
            rate=0.07,
            seed=11,
            lot=2,
            reading=0.003,
            early=6,
            storm=50,
            burst=0.97,
        ),
    )


@pytest.mark.fault("A01")
def test_twin_the_checker_sees_what_a_naive_writer_books_twice_for_a_garage(garage):
    found = fire_at_naive(garage, "invoice_then_note")
    assert [row for row in found.doubled if row.startswith("invoice")]
    assert [row for row in found.balances if " owes " in row]


@pytest.mark.fault("A02")
def test_twin_the_checker_sees_what_a_naive_writer_that_notes_first_never_books_for_a_garage(garage):
    found = fire_at_naive(garage, "note_then_invoice")
    lost = [row for row in found.lost if row.startswith("invoice")]
    assert lost and len(lost) < len(garage.papers()["orders"]), "nothing lost, or nothing sent"
