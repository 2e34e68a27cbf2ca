"""Killed anywhere while a shop's sales go into the books: each document is there once, and each balance is right.

Kills are counted by the clock, not by what they hit: how many fall into the run depends on the machine, and no test
asks for a number of them.
"""

import pytest

from tests.faults.fire import prove, under_fire
from tests.faults.shop_stage import ShopStage
from tests.house import House

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def shop(hub, quiet_sandbox):
    yield ShopStage(hub, House(quiet_sandbox), quiet_sandbox)
    quiet_sandbox.control("POST", "configure/quickbooks", {"ignore_request_ids": False, "query_lag_seconds": 0})


@pytest.mark.fault("A01")
@pytest.mark.fault("A03")
@pytest.mark.fault("G05")
def test_a_thousand_orders_under_two_hundred_kills_and_three_bad_calls_in_ten_are_booked_once(shop):
    prove(shop, under_fire(shop, orders=1000, buyers=150, kills=200, rate=0.07, seed=1, lot=20))


@pytest.mark.fault("A01")
@pytest.mark.fault("D03")
@pytest.mark.fault("G05")
def test_a_thousand_orders_under_two_hundred_kills_and_six_bad_calls_in_ten_are_booked_once(shop):
    prove(
        shop, under_fire(shop, orders=1000, buyers=150, kills=200, rate=0.17, seed=2, lot=20, storm=100, reading=0.03)
    )
