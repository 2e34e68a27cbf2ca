"""Killed anywhere while an agency's papers go into the books: each is there once, and who paid is asked once."""

from collections import Counter

import pytest

from bridge.hub.models import Change
from tests.faults.fire import fire_at_naive, prove, under_fire
from tests.faults.garage_stage import AgencyStage
from tests.house import House
from tests.sandbox.small_agency import REVIEW

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


class TagStage(AgencyStage):
    """The storm begins with the first review request: all other papers are in the books by then."""

    def writes(self):
        return Change.objects.filter(entity="review", attempts__gt=0).exists()


class WorkflowStage(TagStage):
    """The same, asking by workflow: a call made twice counts twice there, and nothing tells who is in."""

    settings = {"reviews": "yes", "review_by": "workflow", "review_workflow": REVIEW}


@pytest.mark.fault("A02")
@pytest.mark.row("C-19")
@pytest.mark.parametrize(("staged", "call"), [(TagStage, "/tags"), (WorkflowStage, "/workflow/")])
def test_review_requests_under_fire_are_made_once_or_put_before_a_person(hub, quiet_sandbox, staged, call):
    agency = staged(hub, House(quiet_sandbox), quiet_sandbox)
    slow = {"vendor": "highlevel", "kind": "delay", "seconds": 0.6, "path": call}
    under_fire(agency, orders=120, buyers=110, kills=40, rate=0.07, seed=21, storm=40, burst=0.8, early=2, reading=0.0,
               peaceful=True, more=[slow])  # fmt: skip
    found = agency.check()
    found.stuck = [row for row in found.stuck if not row.endswith("HL-REVIEW-UNSURE")]  # looked at below
    assert found.none(), str(found)
    unsure = Change.objects.filter(entity="review", error_code="HL-REVIEW-UNSURE")
    told = set(unsure.values_list("remote_id", flat=True))
    met = Counter(one["status"] for one in agency.server.calls("highlevel") if call in one["path"])
    print(f"{dict(met)}: {len(agency.asked())} asked, {len(told)} put before a person")
    assert len(met) > 1, "the storm was over before anybody was asked"
    assert set(agency.asked().values()) == {1}, "never twice"
    assert set(agency.asked()) | told == agency.reviewers(), "nobody is forgotten"
    assert not told or staged is WorkflowStage, "a tag that was given can be seen: nobody needs to look"


@pytest.mark.fault("A01")
def test_twin_the_checker_sees_what_a_naive_writer_books_twice_for_an_agency(agency):
    found = fire_at_naive(agency, "invoice_then_note")
    assert [row for row in found.doubled if row.startswith("invoice")]
    assert [row for row in found.balances if " owes " in row]
