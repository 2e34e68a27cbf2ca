"""Books and CRM both ways, over HTTP: a thousand random edits, lost answers, and then silence."""

import random

import pytest

from bridge.engine.two_way import alike
from bridge.hub.models import Change, Conflict, Link, Record
from bridge.jobs import conflicts
from bridge.jobs.account import opened
from connectors.hubspot.contacts import CONTACTS
from tests.sandbox.small_crm import contact, customer, records
from tests.sandbox.small_world import book_of, books, written

PEOPLE = 40
NAMES = ("Zoé", "Ondine", "Zoé-Ève", "Rémi", "Anne Marie")
PHONES = ("418 555-0101", "(514) 555-0102", "450-555-0103", "438.555.0104")
WHERE = {"given_name": ("GivenName", "firstname"), "company": ("CompanyName", "company")}


def in_books(server, name, number):
    """A field of a customer as the books have it."""
    row = next(row for row in book_of(server)["Customer"] if row["Id"] == str(number))
    if name == "phone":
        return (row.get("PrimaryPhone") or {}).get("FreeFormNumber")
    return row.get(WHERE[name][0])


def in_crm(server, name, number):
    """A field of a contact as the CRM has it."""
    return records(server, "contacts")[str(number)].get("phone" if name == "phone" else WHERE[name][1])


def edit(server, chance, side, number):
    """Somebody edits one field of one person, on one side."""
    name = chance.choice(["given_name", "phone", "company"])
    value = chance.choice(PHONES if name == "phone" else NAMES if name == "given_name" else ("Fiction", "Essai inc."))
    if side == "left":
        told = {"PrimaryPhone": {"FreeFormNumber": value}} if name == "phone" else {WHERE[name][0]: value}
        server.load("quickbooks", Customer=[{"Id": str(number), **told}])
    else:
        told = {"phone" if name == "phone" else WHERE[name][1]: value}
        server.load("hubspot", contacts=[{"id": str(500 + number), "properties": told}])


@pytest.mark.slow
@pytest.mark.row("H-03")
def test_a_thousand_edits_on_both_sides_and_then_silence_within_two_runs(house, server):
    chance = random.Random(20261121)
    books(server, *(customer(n, f"zoe{n}@fictive.example") for n in range(1, PEOPLE + 1)))
    server.load("hubspot", contacts=[
        contact(500 + n, f"zoe{n}@fictive.example", firstname="Zoé", lastname=f"Fictive {n}")
        for n in range(1, PEOPLE + 1)
    ])  # fmt: skip
    house.crm_pair("contact", presets=False)
    house.integration.flows.update(filter_back={})  # everybody, not just who buys
    house.run()
    assert Link.objects.count() == PEOPLE
    for number in range(1000):
        edit(server, chance, chance.choice(["left", "right"]), chance.randint(1, PEOPLE))
        if number in (300, 600, 900):
            server.faults({"vendor": "hubspot", "method": "POST", "path": "contacts.*(update|create)",
                           "kind": "drop_after", "times": int(number == 600)})  # fmt: skip
            house.run()
            server.faults()
    house.run()
    house.run()
    before = _writes(server)
    quiet = house.run()
    house.run()
    assert _writes(server) == before
    assert quiet.changes.filter(state=Change.State.DONE).count() == 0
    _in_step(server)

    waiting = conflicts.open_conflicts(house.ann)
    assert waiting.exists()
    told = conflicts.decide(waiting, "left", house.ann)
    house.finish(told.runs[0])
    house.run()
    assert not Conflict.objects.filter(decision="open").exists()
    _in_step(server)
    assert house.run().changes.filter(state=Change.State.DONE).count() == 0


def _writes(server):
    """The calls that changed something; searching and reading in lots are none."""
    calls = [*written(server, "quickbooks"), *written(server, "hubspot")]
    return [call for call in calls if not call.endswith(("/search", "/batch/read"))]


def _in_step(server):
    asked = {(item.link.left.remote_id, item.field) for item in Conflict.objects.filter(decision="open")}
    for number in range(1, PEOPLE + 1):
        for name in ("given_name", "phone", "company"):
            if (str(number), name) in asked:
                continue
            pair = in_books(server, name, number), in_crm(server, name, 500 + number)
            assert pair[0] == pair[1] or alike("text", *pair) or not any(pair), (number, name, pair)


def test_phone_changed_on_both_sides_and_memo_on_one_choosing_the_books_writes_only_the_phone(house, server):
    books(server, customer(1, "zoe@fictive.example", PrimaryPhone={"FreeFormNumber": "418 555-0101"}))
    house.crm_pair("contact")
    house.run()
    (number,) = records(server, "contacts")
    server.load("quickbooks", Customer=[{"Id": "1", "PrimaryPhone": {"FreeFormNumber": "418 555-0102"}}])
    server.load("hubspot", contacts=[{"id": number, "properties": {"phone": "418 555-0103", "company": "Fiction"}}])
    house.integration.flows.update(filter_back={})
    house.run()
    assert in_books(server, "company", 1) == "Fiction"
    conflict = Conflict.objects.get(decision="open")
    assert (conflict.field, conflict.left, conflict.right) == ("phone", "418 555-0102", "418 555-0103")
    assert conflict.facts["left"]["changed_at"] and conflict.facts["right"]["changed_at"]
    told = conflicts.decide([conflict], "left", house.ann)
    run = house.finish(told.runs[0])
    (line,) = run.changes.filter(state=Change.State.DONE)
    assert (line.toward, line.after) == ("right", {"phone": "418 555-0102"})
    assert records(server, "contacts")[number]["phone"] == "418 555-0102"
    assert house.run().changes.filter(state=Change.State.DONE).count() == 0


def readings_by_id(server):
    """How many times contacts were read by their ids."""
    return sum(call["path"].endswith("/contacts/batch/read") for call in server.calls("hubspot"))


def disputed(house, server):
    """One phone changed on both sides, people's screens used on the CRM's."""
    books(server, customer(1, "zoe@fictive.example", PrimaryPhone={"FreeFormNumber": "418 555-0101"}))
    house.crm_pair("contact")
    house.run()
    (number,) = records(server, "contacts")
    house.integration.flows.update(filter_back={})
    server.load("quickbooks", Customer=[{"Id": "1", "PrimaryPhone": {"FreeFormNumber": "418 555-0102"}}])
    server.load("hubspot", contacts=[{"id": number, "properties": {"phone": "418 555-0103"}}])
    return number


def test_who_changed_a_value_and_when_is_told_where_the_vendor_tells_it_and_never_guessed(house, server):
    disputed(house, server)
    house.run()
    facts = Conflict.objects.get(decision="open").facts
    there = facts["right"]
    assert (there["who"]["fr"], there["way"]["en"]) == ("utilisateur 42", "in HubSpot’s own screens")
    assert there["field_changed_at"]
    assert "who" not in facts["left"] and "field_changed_at" not in facts["left"], "the books tell nobody"
    before = readings_by_id(server)
    house.run()
    assert readings_by_id(server) == before, "nobody is asked twice"


def test_a_vendor_that_does_not_say_now_who_changed_a_value_is_asked_by_the_next_run(house, server):
    disputed(house, server)
    server.faults({"vendor": "hubspot", "kind": "status", "status": 403, "path": "/contacts/batch/read"})
    house.run()
    conflict = Conflict.objects.get(decision="open")
    assert conflict.facts["right"]["changed_at"] and "who" not in conflict.facts["right"]
    server.faults()
    house.run()
    conflict.refresh_from_db()
    assert conflict.facts["right"]["who"]["en"] == "user 42"


def test_who_changed_a_value_that_has_moved_since_it_was_read_is_not_told(house, server):
    number = disputed(house, server)
    house.run()
    row = Record.objects.get(remote_id=number)
    server.load("hubspot", contacts=[{"id": number, "properties": {"phone": "418 555-0177"}}])
    with opened(row.connection) as (api, _):
        told = CONTACTS.edits(api, [(row.document, ("phone", "company")), ({"id": "999"}, ("phone",))])
    assert told == [{}, {}]
