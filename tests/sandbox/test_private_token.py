"""CrocoClick connected with a private integration token: pasted on the page, used by a run, rotated by a person."""

import pytest
from django.test import Client
from django.urls import reverse

from bridge.hub.models import Connection, Run
from bridge.jobs import connections
from tests.sandbox.small_agency import PLACE, agency_pair, book, bought, furnish, person, place
from tests.sandbox.small_world import kept_back

TOKEN, NEXT = "pit-SECRET-atelier-boreal-0001", "pit-SECRET-atelier-boreal-0002"
MAIL = "ondine@inventee.example"


@pytest.fixture
def desk(house):
    client = Client()
    client.force_login(house.ann)
    return client


def paste(desk, connection, **values):
    """Fill in the page that connects an account."""
    address = reverse("admin:connection_connect", args=[connection.pk])
    answer = desk.post(address, {"by": "key", "key": TOKEN, "location": "", "user": "", **values})
    connection.refresh_from_db()
    return answer


@pytest.fixture
def connection(house):
    return connections.create(house.organization, "highlevel", "local_sandbox", house.ann)


def test_a_token_is_pasted_with_its_sub_account_and_what_is_wrong_is_said_beside_it(desk, connection):
    page = desk.get(reverse("admin:connection_connect", args=[connection.pk])).content.decode()
    assert "Private integration token" in page and 'name="location"' in page and 'name="user"' in page
    for values, said in (
        ({"key": "pit-short", "location": PLACE}, "This is no private integration token"),
        ({"location": "Atelier"}, "This names no sub-account"),
        ({"location": PLACE, "user": "Alice F."}, "This names no member of the team"),
        ({"location": "locPinecrestGarden02"}, "not for this sub-account"),
        ({"key": NEXT, "location": PLACE}, "The vendor refused this key"),
    ):
        answer = paste(desk, connection, **values)
        assert answer.status_code == 200 and said in answer.content.decode(), values
        assert TOKEN not in answer.content.decode() and connection.state == Connection.State.NEW
    answer = paste(desk, connection, location=f"https://app.crococlick.com/v2/location/{PLACE}/dashboard")
    assert answer.status_code == 302
    assert (connection.state, connection.account_id) == (Connection.State.CONNECTED, PLACE)


@pytest.mark.row("C-26")
def test_a_run_goes_by_a_token_and_after_its_rotation_waits_for_the_next_one(house, server, desk, connection):
    furnish(server)
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought()])
    assert paste(desk, connection, location=PLACE, user="usrAliceFictive00001").status_code == 302
    agency_pair(house, right=connection)
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert len(book(server, "SalesReceipt")) == 1

    server.load("highlevel", private_tokens=[{"token": NEXT}], payments=[bought("checkout")])
    run = house.run()
    assert run.state == Run.State.INTERRUPTED
    connection.refresh_from_db()
    assert connection.state == Connection.State.ATTENTION
    page = desk.get(reverse("admin:connection_connect", args=[connection.pk])).content.decode()
    assert f'value="{PLACE}"' in page, "whose it is need not be looked for again"
    assert paste(desk, connection, key=NEXT, location=PLACE).status_code == 302
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert len(book(server, "SalesReceipt")) == len(place(server)["transactions"]) == 2
