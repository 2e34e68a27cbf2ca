"""Killed anywhere while an agency's papers go into the books: each is there once, and who paid is asked once."""

import pytest

from tests.faults.fire import fire_at_naive, prove, under_fire
from tests.faults.garage_stage import AgencyStage
from tests.house import House

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def agency(hub, quiet_sandbox):
    return AgencyStage(hub, House(quiet_sandbox), quiet_sandbox)


@pytest.mark.fault("A01")
@pytest.mark.fault("A03")
@pytest.mark.fault("G05")
def test_an_agency_under_a_hundred_kills_and_three_bad_calls_in_ten_is_booked_and_asks_once(agency):
    last = under_fire(
        agency,
        orders=200,
        buyers=60,
        kills=100,
        rate=0.07,
        seed=12,
        lot=2,
        reading=0.003,
        rounds=2,
        early=6,
        storm=50,
        burst=0.97,
    )
    prove(agency, last)
    assert agency.asked() == dict.fromkeys(agency.reviewers(), 1)


@pytest.mark.fault("A01")
def test_twin_the_checker_sees_what_a_naive_writer_books_twice_for_an_agency(agency):
    found = fire_at_naive(agency, "invoice_then_note")
    assert [row for row in found.doubled if row.startswith("invoice")]
    assert [row for row in found.balances if " owes " in row]
