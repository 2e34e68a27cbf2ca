"""Rows C on the screens of staff: set-up, switches, Diagnose, a test that goes all the way, duplicates, rules as text."""

import pytest
from django.urls import reverse

from bridge.hub.models import Change, Connection, Integration, Record, Run
from bridge.jobs import connections, rules_text, trials
from tests.sandbox.small_agency import MAIL, act, agency_pair, amount, bill, book, bought, furnish, person, place, sent
from tests.sandbox.small_world import book_of, kept_back, plain, words, written

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture
def empty(house, server):
    server.control("POST", "configure/highlevel", {"allow_duplicate_contact": False, "lose_answers": 0})
    furnish(server)


@pytest.fixture
def staff(house, client):
    client.force_login(house.ann)
    return client


def shown(staff, name, *args):
    return words(staff.get(reverse(f"admin:{name}", args=args)))


@pytest.mark.row("C-21")
@pytest.mark.row("C-22")
def test_the_two_switches_are_asked_before_the_account_is_connected(house, staff):
    staff.post(
        reverse("admin:integration_new"), {"organization": house.organization.pk, "recipe": "quickbooks_highlevel"}
    )
    integration = Integration.objects.get(recipe="quickbooks_highlevel")
    said = shown(staff, "setup", integration.pk, "connect_right")
    assert "Bring past invoices of QuickBooks" in said and "Ask for a review" in said
    staff.post(
        reverse("admin:setup", args=[integration.pk, "connect_right"]),
        {"do": "new", "environment": "local_sandbox", "reviews": "yes"},
    )
    integration.refresh_from_db()
    assert (integration.settings["reviews"], integration.settings["import_invoices"]) == ("yes", "no")
    assert integration.right.state == Connection.State.NEW, "kept before anything was connected"
    staff.post(
        reverse("admin:setup", args=[integration.pk, "connect_right"]), {"do": "early", "import_invoices": "yes"}
    )
    integration.refresh_from_db()
    assert (integration.settings["reviews"], integration.settings["import_invoices"]) == ("no", "yes")


@pytest.mark.row("C-23")
@pytest.mark.row("C-24")
def test_connected_shows_the_account_the_time_and_what_moves_both_ways(house, staff):
    agency_pair(house)
    integration = house.integration
    said = shown(staff, "connections")
    assert integration.right.account_name in said and "Connected" in said
    said = shown(staff, "integration", integration.pk)
    assert "Customers and contacts are kept in step" in said and "An invoice goes once it is sent" in said


@pytest.mark.row("C-20")
def test_without_the_rights_the_review_switch_is_absent_and_the_reason_is_shown(house, staff):
    agency_pair(house)
    right = house.integration.right
    assert "Ask for a review" in shown(staff, "setup", house.integration.pk, "settings")
    right.facts = {**right.facts, "features": []}
    right.save(update_fields=["facts"])
    page = staff.get(reverse("admin:setup", args=[house.integration.pk, "settings"]))
    assert 'name="reviews"' not in page.content.decode()
    assert "do not let Bridge tag contacts" in words(page)


@pytest.mark.row("C-25")
def test_diagnose_says_not_connected_first_and_offers_to_reconnect(house, server, staff):
    agency_pair(house)
    left = house.integration.left
    server.faults({"vendor": "quickbooks", "kind": "revoke"})
    found = connections.check(left)
    assert found[0].code == "NOT-CONNECTED" and found[0].text.say("en").startswith("Not connected")
    said = shown(staff, "connection", left.pk)
    assert "Not connected" in said and "Reconnect" in said


@pytest.mark.row("C-26")
def test_rights_withdrawn_at_the_books_are_told_within_one_run(house, server, mailoutbox):
    server.load("highlevel", contacts=[person(1, MAIL)])
    agency_pair(house, "contact")
    house.run()
    server.faults({"vendor": "quickbooks", "kind": "revoke"})
    run = house.run()
    house.integration.left.refresh_from_db()
    assert run.state == Run.State.INTERRUPTED
    assert house.integration.left.state == Connection.State.ATTENTION


@pytest.mark.row("C-27")
def test_an_invoice_that_is_not_sent_says_that_it_is_excluded_and_why(house, server, staff):
    server.load("highlevel", contacts=[person(1, MAIL)], invoices=[bill(1)])
    agency_pair(house)
    house.run()
    row = Record.objects.get(resource="invoices", connection=house.integration.right)
    said = shown(staff, "record", row.pk)
    assert "Excluded: status Draft" in said
    house.ann.language = "fr"
    house.ann.save(update_fields=["language"])
    assert plain("Exclue : état Brouillon") in shown(staff, "record", row.pk)


@pytest.mark.row("C-28")
@pytest.mark.row("C-32")
def test_a_test_goes_all_the_way_is_taken_back_and_ends_untested(house, server, staff):
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought()])
    agency_pair(house)
    house.run()
    house.integration.refresh_from_db()
    assert house.integration.state == Integration.State.UNTESTED
    assert "Untested" in shown(staff, "integration", house.integration.pk)
    before = len(written(server, "quickbooks"))
    run = house.finish(trials.send(house.integration, house.ann, enqueue=False))
    assert run.pinned["trial"]["passed"] is True, (run.state, kept_back(run), run.pinned["trial"])
    reversal = house.integration.runs.filter(kind=Run.Kind.UNDO).get()
    reversal = house.finish(reversal)
    assert reversal.state == "done", kept_back(reversal)
    assert len(written(server, "quickbooks")) > before
    (tested,) = [one for one in place(server)["invoices"] if one["name"].startswith("Bridge")]
    assert tested["status"] == "void" and place(server)["messages"] == []
    assert all(amount(one["TotalAmt"]) == 0 for one in book(server, "Invoice").values())
    assert [one for one in book_of(server)["Customer"] if one["DisplayName"] == "Bridge Test" and one["Active"]] == []
    house.integration.refresh_from_db()
    assert house.integration.state == Integration.State.ACTIVE
    assert "The last test went through" in shown(staff, "integration", house.integration.pk)
    house.run()
    assert not Change.objects.filter(state__in=("held", "unknown"), entity="sale").exists()


@pytest.mark.row("C-28")
def test_a_test_that_cannot_pass_says_why_and_leaves_nothing_behind(house, server, staff):
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought()])
    agency_pair(house)
    house.run()
    house.integration.value_maps.filter(kind="tax", source_key="none").delete()
    run = house.finish(trials.send(house.integration, house.ann, enqueue=False))
    assert run.pinned["trial"]["passed"] is False and run.pinned["trial"]["code"]
    assert [one["status"] for one in place(server)["invoices"]] == ["void"]
    house.integration.refresh_from_db()
    assert house.integration.state == Integration.State.UNTESTED
    assert "Failed" in shown(staff, "integration", house.integration.pk)


@pytest.mark.row("C-28")
def test_a_new_invoice_after_activation_goes_at_once(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)])
    agency_pair(house)
    house.run()
    sent(server, bill(1))
    assert house.run().state == "done" and len(book(server, "Invoice")) == 1
    server.load("highlevel", invoices=[act(1, void=True)])
    house.run()
    assert amount(book(server, "Invoice").popitem()[1]["TotalAmt"]) == 0


@pytest.mark.row("C-29")
def test_two_that_may_be_one_are_shown_side_by_side_with_their_addresses(house, server, staff):
    from bridge.hub.models import Candidate
    from tests.sandbox.small_world import books, customer

    books(
        server,
        customer(7, "zoe@autre.example", GivenName="Ondine", FamilyName="Inventée 1", DisplayName="Ondine Inventée 1"),
    )
    server.load("highlevel", contacts=[person(1, MAIL, phone="+15145550007")])
    agency_pair(house, "contact")
    house.run()
    pair = Candidate.objects.get()
    said = words(staff.get(reverse("admin:duplicate", args=["between", pair.pk])))
    told = said.replace(" ", "")  # what differs is marked inside the addresses
    assert "zoe@autre.example" in told and MAIL in told


@pytest.mark.row("C-33")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_rules_are_there_to_be_read(house, language):
    agency_pair(house)
    told = rules_text.rules_as_text(house.integration, language)
    said = " ".join(str(section) for section in told)
    assert ("E-mail" in said) if language == "en" else ("Courriel" in said)
    assert ("QuickBooks" in said) and len(told) >= 5
