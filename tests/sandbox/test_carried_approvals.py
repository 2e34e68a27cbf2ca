"""What a person approved stays approved where the run broke off; anything else is asked anew."""

import pytest

from bridge.hub.models import Change
from bridge.jobs import runs
from tests.sandbox.small_world import books, contacts, customer


@pytest.fixture
def broken_off(house, server):
    """A first sync of three customers that was approved and lost its access before anything was written."""
    server.reset("empty")
    books(server, *(customer(number) for number in (1, 2, 3)))
    house.pair()
    run = house.run(approve=False)
    assert run.state == "planned"
    server.faults({"vendor": "mailchimp", "kind": "revoke"})
    runs.approve(run, house.ann)
    run = house.finish(run)
    assert run.state == "interrupted", (run.state, run.reason_code)
    assert contacts(server) == {}
    server.faults()
    house.sign_in(house.integration.right)
    house.integration.refresh_from_db()
    return house


def test_what_was_approved_goes_without_asking_again(broken_off, server):
    run = broken_off.run(approve=False)
    assert run.state == "done", (run.state, run.brakes)
    assert len(contacts(server)) == 3
    approved = run.changes.filter(state=Change.State.DONE, entity="contact")
    assert {change.approved_by for change in approved} == {broken_off.ann}


def test_what_a_person_stopped_is_asked_again(house, server):
    server.reset("empty")
    books(server, customer(1))
    house.pair()
    run = house.run(approve=False)
    runs.approve(run, house.ann)
    runs.stop(run, house.ann)
    assert house.finish(run).state == "stopped"
    assert house.run(approve=False).state == "planned"
