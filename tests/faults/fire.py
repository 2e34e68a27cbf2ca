"""The nemesis: calls that fail in five ways, workers killed at any moment, and the books brought in step meanwhile."""

import random
import time
from collections import Counter

from tests.faults.shop_stage import BooksFindings
from tests.faults.stage import Workers

CALLS = "/(rest|v3|invoices|payments|contacts)/"  # of every vendor, but not where one signs in
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


class Nemesis:
    """Kills a worker, any worker, at random moments until it has killed enough; wakes what waits for minutes.

    It keeps most of its kills until something is being written: reading and planning do no harm elsewhere. From then on
    calls fail as `worse` says. When the storm has lasted long enough, it leaves off and so do the faults: what is left
    must then come right by itself.
    """

    def __init__(self, stage, workers, kills, seed, storm=0.0, worse=(), early=None, burst=0.92):
        self.stage, self.workers, self.dice = stage, workers, random.Random(seed)
        self.burst, self.early = burst, kills // 5 if early is None else early
        self.kills, self.storm, self.ends, self.worse = kills, storm, time.monotonic() + 2 * storm, worse
        self.next = time.monotonic() + 0.3
        self.look, self.writing = 0.0, False

    def __call__(self):
        time.sleep(0.02)
        now = time.monotonic()
        if now >= self.look:
            self.stage.hurry()
            if not self.writing and self.stage.writes():
                self.writing, self.ends = True, now + self.storm
                print(f"first write after {len(self.workers.kills)} kills")
                if self.kills and self.worse:
                    self.stage.server.faults(*self.worse)
            self.look = now + 0.5
        if self.kills and now >= self.ends:
            self.kills = 0
            self.stage.server.faults()
        allowed = self.kills if self.writing else min(self.kills, self.early)
        if len(self.workers.kills) < allowed and now >= self.next and self.workers.alive:
            self.workers.kill_one(self.dice)
            # In bursts: whoever died holds lease and places for four seconds, and until then there is nobody at work.
            burst = self.dice.random() < self.burst
            slower = 1.5 ** len(self.stage.interrupted)
            self.next = now + (self.dice.uniform(0.05, 0.2) if burst else self.dice.uniform(3, min(12, 6 * slower)))


def under_fire(
    stage,
    *,
    orders,
    buyers,
    kills,
    rate,
    seed,
    lot=10,
    settle=4,
    storm=60,
    seconds=300,
    reading=None,
    rounds=1,
    early=None,
    burst=0.92,
    peaceful=False,
    more=(),
):
    """Bring the books in step while workers die and calls fail, then twice in peace; answers the last run.

    `early` is how many kills fall before the first write; `rounds` is how many runs go through it: some papers come
    only of what an earlier run has written; with `peaceful` such a run is made beforehand, without faults, so that the
    storm is not over before they come. `burst` is how often the next kill comes at once. `more` are faults beside.

    `rate` is how often each way to fail is met while something is written, `reading` before that: a thousand orders
    are read with one call after the other, and the storm would be over before the first write.
    """
    stage.load(buyers, orders)
    stage.pair()
    if peaceful:
        assert stage.house.run().state == "done"
    stage.server.faults(SLOW, *more, *faults(rate if reading is None else reading))
    env = {"BRIDGE_TEST_LOT": str(lot), "BRIDGE_TEST_SETTLE": str(settle), "BRIDGE_TEST_PACE": "free"}
    workers = Workers(stage.hub, 3, **env)
    try:
        workers.wait_ready()
        began = time.monotonic()
        worse = (SLOW, *more, *faults(rate))
        nemesis = Nemesis(stage, workers, kills, seed, storm, worse, early, burst)
        for _ in range(rounds):
            stage.drive(stage.start(), seconds, nemesis)
        print(f"{len(workers.kills)} kills, {sum(busy for _, busy in workers.kills)} at work, "
              f"{time.monotonic() - began:.0f} s, {Counter(stage.interrupted)}")  # fmt: skip
        stage.server.faults()
        calm = Nemesis(stage, workers, 0, seed)
        stage.drive(stage.start(), 60, calm)
        return stage.drive(stage.start(), 40, calm)
    finally:
        workers.close()


def prove(stage, last):
    found = stage.check()
    assert found.none(), str(found)
    assert last.state == "done"
    assert last.changes.filter(state="done").count() == 0, "a run after it found something left to write"


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
    stage.look(found)
    return found
