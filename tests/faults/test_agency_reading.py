"""A first reading of an agency while three of ten calls fail and workers die: it ends, and has everything once."""

import time
from collections import Counter

import pytest

from bridge.hub.models import Cursor, Record
from bridge.jobs import runs
from connectors.highlevel.lists import LOT
from tests.faults.fire import Nemesis, faults
from tests.faults.garage_stage import AgencyStage
from tests.faults.stage import Workers
from tests.house import House

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
BUYERS, BILLS, KILLS, SECONDS = 40, 100, 25, 240


@pytest.fixture
def agency(hub, quiet_sandbox):
    return AgencyStage(hub, House(quiet_sandbox), quiet_sandbox)


def read_under_fire(stage):
    """Let workers read, and be killed, until the run has its plan; how many runs that took."""
    stage.server.faults(*faults(0.07))
    workers = Workers(stage.hub, 2, BRIDGE_TEST_SETTLE="4", BRIDGE_TEST_PACE="free")
    try:
        workers.wait_ready()
        nemesis = Nemesis(stage, workers, KILLS, seed=6, storm=SECONDS, early=KILLS, burst=0.5)
        begun, end_at = 1, time.monotonic() + SECONDS
        run = runs.start(stage.house.integration, user=stage.house.ann, plan_only=True)
        while time.monotonic() < end_at:
            run.refresh_from_db()
            if run.state in (run.State.INTERRUPTED, run.State.INCOMPLETE):
                stage.interrupted.append((run.state, run.reason_code))
                run, begun = runs.start(stage.house.integration, user=stage.house.ann, plan_only=True), begun + 1
            elif run.state not in (run.State.READING, run.State.PLANNING):
                print(f"{len(workers.kills)} kills, {begun} runs {Counter(stage.interrupted)}, "
                      f"{SECONDS - (end_at - time.monotonic()):.0f} s")  # fmt: skip
                return run, begun
            nemesis()
        raise AssertionError(f"still {run.state} after {SECONDS} s, {begun} runs: {run.reason_code} {run.statement}")
    finally:
        stage.server.faults()
        workers.close()


def told():
    """What our tables hold of both sides, without when it was read."""
    return set(Record.objects.values_list("connection__vendor", "resource", "remote_id", "fingerprint", "gone"))


@pytest.mark.fault("A01")
@pytest.mark.fault("G05")
def test_a_first_reading_under_kills_and_three_bad_calls_in_ten_ends_and_has_everything(agency):
    agency.load(BUYERS, BILLS)
    agency.pair()
    run, begun = read_under_fire(agency)
    runs.stop(run, agency.house.ann)
    assert begun <= 4, agency.interrupted
    found = agency.check()
    assert found.cursors == [], "what a cursor has passed is in our tables"
    under_fire = told()
    calls = Counter(
        call["path"] for call in agency.server.calls("highlevel")
        if "/payments/transactions/" in call["path"] and call["status"] == 200
    )  # fmt: skip
    print(f"{sum(calls.values())} readings of {len(calls)} charges")
    Cursor.objects.all().delete()
    agency.house.run(approve=False, plan_only=True)
    assert told() == under_fire, "in peace nothing more is found, and nothing else"
    # Who dies loses the lot being read, whoever reads on goes on behind the last one that came.
    assert sum(calls.values()) <= len(calls) + LOT * KILLS
