"""Killed anywhere while a shop's sales go into the books: each document is there once, and each balance is right.

Kills are counted by the clock, not by what they hit: how many fall into the run depends on the machine, and no test
asks for a number of them. The twins show that the same faults undo a writer that has not thought of them.
"""

import random
import time
from collections import Counter

import pytest

from tests.faults.shop_stage import BooksFindings, ShopStage, check, look
from tests.faults.stage import Workers
from tests.house import House

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

CALLS = "/(rest|v3)/"
SLOW = {"kind": "delay", "seconds": 0.03, "path": CALLS}
WAYS = (
    ("drop_before", {}),
    ("drop_after", {}),
    ("status", {"status": 500}),
    ("status", {"status": 429, "headers": {"Retry-After": "1"}}),
    ("delay", {"seconds": 0.3}),
)


def faults(rate):
    """Five ways for a call to go wrong, each at this rate: at 0.07 three calls in ten meet one, at 0.17 six."""
    return [{"kind": kind, "rate": rate, "seed": at, "path": CALLS, **more} for at, (kind, more) in enumerate(WAYS)]


@pytest.fixture
def shop(hub, quiet_sandbox):
    yield ShopStage(hub, House(quiet_sandbox), quiet_sandbox)
    quiet_sandbox.control("POST", "configure/quickbooks", {"ignore_request_ids": False, "query_lag_seconds": 0})


class Nemesis:
    """Kills a worker, any worker, at random moments until it has killed enough; wakes what waits for minutes.

    It keeps most of its kills until something is being written: reading and planning do no harm elsewhere. When the
    storm has lasted long enough, it leaves off and so do the faults: what is left must then come right by itself.
    """

    def __init__(self, stage, workers, kills, seed, storm=0.0):
        self.stage, self.workers, self.dice = stage, workers, random.Random(seed)
        self.kills, self.ends = kills, time.monotonic() + storm
        self.next = time.monotonic() + 0.3
        self.look, self.writing = 0.0, False

    def __call__(self):
        time.sleep(0.02)
        now = time.monotonic()
        if now >= self.look:
            self.stage.hurry()
            self.writing = self.writing or self.stage.writes()
            self.look = now + 0.5
        if self.kills and now >= self.ends:
            self.kills = 0
            self.stage.server.faults()
        allowed = self.kills if self.writing else self.kills // 5
        if len(self.workers.kills) < allowed and now >= self.next and self.workers.alive:
            self.workers.kill_one(self.dice)
            # In bursts: whoever died holds lease and places for four seconds, and until then there is nobody at work.
            burst = self.dice.random() < 0.92
            slower = 1.5 ** len(self.stage.interrupted)
            self.next = now + (self.dice.uniform(0.05, 0.2) if burst else self.dice.uniform(3, min(12, 6 * slower)))


def under_fire(stage, *, orders, buyers, kills, rate, seed, lot=10, settle=4, storm=100, seconds=240):
    """Bring the books in step while workers die and calls fail, then twice in peace; answers the last run."""
    stage.load(buyers, orders)
    stage.pair()
    stage.server.faults(SLOW, *faults(rate))
    env = {"BRIDGE_TEST_LOT": str(lot), "BRIDGE_TEST_SETTLE": str(settle), "BRIDGE_TEST_PACE": "free"}
    workers = Workers(stage.hub, 3, **env)
    try:
        workers.wait_ready()
        began = time.monotonic()
        stage.drive(stage.start(), seconds, Nemesis(stage, workers, kills, seed, storm))
        print(f"{len(workers.kills)} kills, {sum(busy for _, busy in workers.kills)} at work, "
              f"{time.monotonic() - began:.0f} s, {Counter(stage.interrupted)}")  # fmt: skip
        stage.server.faults()
        calm = Nemesis(stage, workers, 0, seed)
        stage.drive(stage.start(), 60, calm)
        return stage.drive(stage.start(), 40, calm)
    finally:
        workers.close()


def prove(stage, last):
    found = check(stage)
    assert found.none(), str(found)
    assert last.state == "done"
    assert last.changes.filter(state="done").count() == 0, "a run after it found something left to write"


@pytest.mark.fault("A01")
@pytest.mark.fault("A03")
@pytest.mark.fault("G05")
def test_a_thousand_orders_under_two_hundred_kills_and_three_bad_calls_in_ten_are_booked_once(shop):
    prove(shop, under_fire(shop, orders=1000, buyers=150, kills=200, rate=0.07, seed=1, lot=20, storm=120))


@pytest.mark.fault("A01")
@pytest.mark.fault("D03")
@pytest.mark.fault("G05")
def test_three_hundred_orders_under_two_hundred_kills_and_six_bad_calls_in_ten_are_booked_once(shop):
    prove(shop, under_fire(shop, orders=300, buyers=60, kills=200, rate=0.17, seed=2, lot=20))


@pytest.mark.fault("A01")
@pytest.mark.fault("D03")
def test_books_that_ignore_request_ids_and_guard_no_numbers_hold_each_document_once(shop):
    settings = {"ignore_request_ids": True, "allow_duplicate_numbers": True}
    shop.server.control("POST", "configure/quickbooks", settings)
    prove(shop, under_fire(shop, orders=300, buyers=60, kills=60, rate=0.1, seed=3, storm=60))


@pytest.mark.fault("E05")
@pytest.mark.fault("A16")
def test_books_whose_search_lags_hold_each_document_once(shop):
    shop.server.control("POST", "configure/quickbooks", {"query_lag_seconds": 3})
    prove(shop, under_fire(shop, orders=300, buyers=60, kills=60, rate=0.1, seed=4, storm=60, settle=6))


def fire_at_naive(stage, writer):
    """Plan invoices, let a naive writer send them under the same faults and kills, and let the checker look."""
    from bridge.hub.models import Change
    from bridge.jobs import runs

    stage.load(40, 200)
    stage.pair()
    run = stage.house.run(approve=False)
    runs.approve(run, stage.house.ann, entity="contact")
    stage.house.finish(run, approve=False)
    Change.objects.filter(resource="invoices", state__in=("planned", "superseded")).update(state="ready")
    # Its list of customers is the one thing a naive writer is spared: it must get to its first invoice.
    stage.server.faults(*[{**fault, "path": "/invoice$"} for fault in (SLOW, *faults(0.07))])
    workers = Workers(stage.hub, 1, writer)
    try:
        workers.wait_ready()
        nemesis = Nemesis(stage, workers, 30, 5, storm=60)
        end_at = time.monotonic() + 60
        while Change.objects.filter(resource="invoices", state="ready").exists() and time.monotonic() < end_at:
            nemesis()
    finally:
        workers.close()
    stage.server.faults()
    found = BooksFindings()
    look(found, stage.server.state("magento"), stage.books())
    return found


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
