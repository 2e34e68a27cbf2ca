"""Review requests while three of ten calls fail: each contact is asked once, or a person is told, and never twice."""

from datetime import date

import pytest

from bridge.hub.models import Change
from bridge.jobs import runs
from tests.sandbox.small_agency import REVIEW, agency_pair, furnish, place, times_tagged
from tests.sandbox.small_world import books, customer, sale

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

PEOPLE = 12
TODAY = date.today().isoformat()
# Calls that never arrive, are refused as too many, or are carried out and answered with a failure: three of ten.
TROUBLE = (
    {"kind": "drop_before", "rate": 0.1, "seed": 3},
    {"kind": "status", "status": 502, "rate": 0.1, "seed": 5},
    {"kind": "drop_after", "rate": 0.1, "seed": 7},
)


def paid(stage, **settings):
    """A company whose customers paid their first invoice, and who are contacts already."""
    server, house = stage.server, stage.house
    furnish(server)
    books(server, *(customer(n) for n in range(1, PEOPLE + 1)))
    agency_pair(house, "contact", "review", settings={"reviews": "yes", **settings})
    assert house.run().state == "done"
    server.load("quickbooks", Invoice=[sale(100 + n, n, 50, TxnDate=TODAY) for n in range(1, PEOPLE + 1)])


def go_on(stage, rounds=6):
    """Run under trouble, then without, as long as there is something to do; a person tries again what was unlucky."""
    stage.server.faults(*({"vendor": "highlevel", "path": "/(tags|workflow)", **one} for one in TROUBLE))
    for turn in range(rounds):
        if turn == 3:
            stage.server.faults()
        stage.house.finish(runs.start(stage.house.integration, user=stage.house.ann, enqueue=False), seconds=150)
        unlucky = Change.objects.filter(state="held", error_code="ATTEMPTS-EXHAUSTED")
        if unlucky.exists():
            unlucky.update(retry_at=unlucky.first().settled_at)


@pytest.mark.row("C-19")
def test_by_tag_each_is_asked_once_although_answers_are_lost(stage):
    paid(stage)
    go_on(stage)
    state = place(stage.server)
    everybody = dict.fromkeys((one["id"] for one in state["contacts"]), 1)
    assert len(everybody) == PEOPLE
    assert times_tagged(state) == everybody, "no call that got there was made twice"
    assert times_tagged(state, added=True) == everybody, "each workflow began once"
    assert not Change.objects.filter(entity="review", state__in=("sending", "unknown", "ready")).exists()


@pytest.mark.row("C-19")
def test_by_workflow_nobody_is_asked_twice_and_who_may_not_have_been_is_put_before_a_person(stage):
    paid(stage, review_by="workflow", review_workflow=REVIEW)
    go_on(stage)
    state = place(stage.server)
    assert set(state["enrolment_counts"].values()) <= {1}, "never twice"
    unsure = Change.objects.filter(entity="review", error_code="HL-REVIEW-UNSURE")
    asked = {key.split()[0] for key in state["enrolment_counts"]}
    told = set(unsure.values_list("remote_id", flat=True))
    assert {one["id"] for one in state["contacts"]} == asked | told, "nobody is forgotten"
