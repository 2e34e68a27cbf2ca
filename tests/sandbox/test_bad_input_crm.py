"""What a CRM does to a run: search that lags, records merged or deleted in its midst, deliveries that are not its own."""

import pytest

from bridge.hub.models import Change, Link
from bridge.jobs import runs
from tests.sandbox.small_crm import by, contact, customer, records
from tests.sandbox.small_world import book_of, books

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def clean(server):
    server.reset("empty")
    yield
    server.faults()


def held() -> dict[str, str]:
    rows = Change.objects.filter(state__in=("held", "rejected", "unknown")).order_by("id")
    return {row.title: row.reason for row in rows}


def both_ways(house) -> None:
    house.crm_pair("contact", presets=False)
    house.integration.flows.filter(entity="contact").update(direction="both", filter_back={})


def test_a_search_that_lags_neither_doubles_nor_loses(house, server):
    books(server, customer(1, "zoe@fictive.example"))
    both_ways(house)
    server.faults({"vendor": "hubspot", "kind": "lag", "seconds": 3600})
    assert house.run().state == "done"
    server.load("quickbooks", Customer=[customer(2, "ondine@fictive.example")])
    house.run()
    house.run()
    assert sorted(by(server, "contacts", "email")) == ["ondine@fictive.example", "zoe@fictive.example"]
    server.load("hubspot", contacts=[contact(700, "gaston@fictive.example")])
    house.run()
    assert len(book_of(server)["Customer"]) == 2, "the index does not show it yet"
    server.faults()
    server.control("POST", "clock", {"advance_seconds": 3700})
    house.run()
    house.run()
    emails = [row["PrimaryEmailAddr"]["Address"] for row in book_of(server)["Customer"]]
    assert sorted(emails) == ["gaston@fictive.example", "ondine@fictive.example", "zoe@fictive.example"]


def test_a_contact_merged_between_plan_and_approval_is_followed_not_doubled(house, server):
    books(server, customer(1, "zoe@fictive.example", CompanyName="Boréal"))
    server.load("hubspot", contacts=[contact(501, "zoe@fictive.example"), contact(502, "z@fictive.example")])
    house.crm_pair("contact")
    run = house.run(approve=False)
    assert run.state == "planned"
    server.load("hubspot", contacts=[{"id": "501", "merge_into": "502"}])
    runs.approve(run, house.ann)
    house.finish(run)
    house.run()
    house.run()
    (link,) = Link.objects.all()
    (left,) = records(server, "contacts")
    assert link.right.remote_id == left
    assert len(book_of(server)["Customer"]) == 1


def test_a_contact_deleted_between_plan_and_approval_is_not_made_again_in_silence(house, server):
    books(server, customer(1, "zoe@fictive.example", CompanyName="Boréal"))
    server.load("hubspot", contacts=[contact(501, "zoe@fictive.example")])
    house.crm_pair("contact")
    run = house.run(approve=False)
    server.load("hubspot", contacts=[{"id": "501", "archived": True}])
    runs.approve(run, house.ann)
    assert house.finish(run).state == "held"
    assert list(held().values()), "somebody is told"
    assert records(server, "contacts") == {}
    assert book_of(server)["Customer"][0]["Active"] is not False, "and nothing is deleted over here"


def test_people_without_an_address_go_by_their_name(house, server):
    books(server, customer(1))
    both_ways(house)
    assert house.run().state == "done"
    ((_, made),) = records(server, "contacts").items()
    assert (made["firstname"], made.get("email")) == ("Zoé", None)
    assert house.run().changes.filter(state=Change.State.DONE).count() == 0
