"""Killed anywhere while a shop's sales go into books that do not keep their promises: each document is there once.

The twins show that the same faults undo a writer that has not thought of them.
"""

import pytest

from tests.faults.fire import fire_at_naive, prove, under_fire
from tests.faults.shop_stage import ShopStage
from tests.house import House

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def shop(hub, quiet_sandbox):
    yield ShopStage(hub, House(quiet_sandbox), quiet_sandbox)
    quiet_sandbox.control("POST", "configure/quickbooks", {"ignore_request_ids": False, "query_lag_seconds": 0})


@pytest.mark.fault("A01")
@pytest.mark.fault("D03")
def test_books_that_ignore_request_ids_and_guard_no_numbers_hold_each_document_once(shop):
    settings = {"ignore_request_ids": True, "allow_duplicate_numbers": True}
    shop.server.control("POST", "configure/quickbooks", settings)
    prove(shop, under_fire(shop, orders=300, buyers=60, kills=60, rate=0.1, seed=3, storm=30))


@pytest.mark.fault("E05")
@pytest.mark.fault("A16")
def test_books_whose_search_lags_hold_each_document_once(shop):
    shop.server.control("POST", "configure/quickbooks", {"query_lag_seconds": 3})
    prove(shop, under_fire(shop, orders=300, buyers=60, kills=60, rate=0.1, seed=4, storm=30, settle=6))


@pytest.mark.fault("A01")
def test_twin_the_checker_sees_what_a_naive_writer_books_twice_and_who_then_owes_too_much(shop):
    found = fire_at_naive(shop, "invoice_then_note")
    assert [row for row in found.doubled if row.startswith("invoice")]
    assert [row for row in found.balances if " owes " in row]


@pytest.mark.fault("A02")
def test_twin_the_checker_sees_what_a_naive_writer_that_notes_first_never_books(shop):
    found = fire_at_naive(shop, "note_then_invoice")
    lost = [row for row in found.lost if row.startswith("invoice")]
    assert lost and len(lost) < len(shop.server.state("magento")["orders"]), "nothing lost, or nothing sent"
