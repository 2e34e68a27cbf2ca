"""Rows M-01 to M-26 that are about data: each asserted on what the vendors hold afterwards."""

from decimal import Decimal

import pytest

from bridge.jobs import integrations, runs, tasks, ticking
from connectors.contract import SyncError
from tests.sandbox.small_world import (
    SUBSCRIBED,
    audience_of,
    book_of,
    books,
    contacts,
    customer,
    mailchimp,
    orders,
    sale,
    store,
    tags,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(server, settings):
    """Batches are worked off at once and passwords cost nothing; the tests here are about neither."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0})
    yield
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0.3})


def synced(house, **settings):
    """Connect, plan, approve and write; the run must end without anything held."""
    house.pair(settings)
    run = house.run()
    assert run.state == "done", (run.state, run.reason_code, run.counts)
    return run


@pytest.mark.row("M-01")
def test_a_segment_on_two_orders_finds_the_customer_with_two_paid_invoices(house, server):
    books(server, customer(501), customer(502), Invoice=[sale(701, 501), sale(702, 501, 30), sale(703, 502)])
    synced(house, **SUBSCRIBED)
    audience = audience_of(server)
    condition = {"condition_type": "EcommNumber", "field": "ecomm_orders", "op": "greater", "value": 1}
    segment = mailchimp(
        server, "POST", f"/lists/{audience}/segments", name="Two or more",
        options={"match": "all", "conditions": [condition]},
    )  # fmt: skip
    found = mailchimp(server, "GET", f"/lists/{audience}/segments/{segment['id']}/members")["members"]
    assert [item["email_address"] for item in found] == ["zoe501@fictive.example"]


@pytest.mark.row("M-03")
def test_a_company_connected_to_one_account_is_not_connected_to_another(house, server):
    server.reset("demo")
    house.pair()
    first = house.integration
    other = house.connect("mailchimp", account="f1c7000000000000000000002")
    assert other.account_name == "Phare Perdu (fictif)"
    with pytest.raises(SyncError) as refused:
        integrations.attach(integrations.create(house.organization, first.recipe, house.ann), "left", first.left)
    assert refused.value.code == "INTEGRATION-TAKEN"
    assert "Atelier Boréal (fictif)" in refused.value.params["other"]
    house.run(approve=False)
    with pytest.raises(SyncError) as refused:
        integrations.attach(first, "right", other)
    assert refused.value.code == "INTEGRATION-TAKEN"
    assert "Atelier Boréal (fictif)" in refused.value.params["other"]
    first.refresh_from_db()
    assert first.right.account_name == "Atelier Boréal (fictif)"


@pytest.mark.row("M-04")
def test_an_edit_in_mailchimp_writes_nothing_to_quickbooks(house, server):
    books(server, customer(501), Invoice=[sale(701, 501)])
    synced(house)
    before = book_of(server)
    edited = {"email_address": "zoe501@fictive.example", "merge_fields": {"FNAME": "Zoë", "PHONE": "514-555-0199"}}
    server.load("mailchimp", list_id=audience_of(server), members=[edited])
    server.control("POST", "clock", {"advance_seconds": 60})
    house.run()
    assert contacts(server)["zoe501@fictive.example"]["merge_fields"]["FNAME"] == "Zoë"
    assert written(server, "quickbooks") == []
    assert book_of(server) == before


@pytest.mark.row("M-05")
def test_name_e_mail_address_and_phone_arrive_as_they_are_in_the_books(house, server):
    books(server, customer(501, PrimaryPhone={"FreeFormNumber": "(418) 555-0142"}))
    synced(house)
    contact = contacts(server)["zoe501@fictive.example"]
    fields = contact["merge_fields"]
    assert (fields["FNAME"], fields["LNAME"]) == ("Zoé", "Fictive 501")
    assert fields["PHONE"] == "418-555-0142"
    assert fields["ADDRESS"] == {
        "addr1": "1, rue Inventée", "addr2": "", "city": "Québec", "state": "QC", "zip": "G1K 1A1", "country": "CA",
    }  # fmt: skip


@pytest.mark.row("M-06")
def test_three_invoices_and_a_receipt_become_four_orders_of_equal_total_date_and_number(house, server):
    invoices = [
        sale(701, 501, 19.99, TxnDate="2026-08-31"),
        sale(702, 501, 1250, TxnDate="2026-09-01", Balance=1250),
        sale(703, 501, 0.05, TxnDate="2026-02-28"),
    ]
    receipt = sale(801, 501, 75.5, TxnDate="2026-11-01", DocNumber="R-12")
    books(server, customer(501), Invoice=invoices, SalesReceipt=[receipt])
    synced(house)
    found = {
        (item["tracking_number"], item["processed_at_foreign"][:10], Decimal(str(item["order_total"])))
        for item in orders(server).values()
    }
    assert found == {
        ("F-701", "2026-08-31", Decimal("19.99")),
        ("F-702", "2026-09-01", Decimal("1250")),
        ("F-703", "2026-02-28", Decimal("0.05")),
        ("R-12", "2026-11-01", Decimal("75.5")),
    }
    assert {item["customer"]["email_address"] for item in orders(server).values()} == {"zoe501@fictive.example"}
    assert contacts(server)["zoe501@fictive.example"]["stats"]["ecommerce_data"]["number_of_orders"] == 4


@pytest.mark.row("M-07")
def test_everything_goes_to_the_chosen_audience_and_the_other_stays_as_it_was(house, server):
    server.load("mailchimp", list_id="empty00001", members=[{"email_address": "ancien@fictive.example"}])
    before = server.state("mailchimp")["members"]["empty00001"]
    books(server, customer(501), customer(502), Invoice=[sale(701, 501)])
    synced(house, audience="empty00002")
    assert set(contacts(server, "empty00002")) == {"zoe501@fictive.example", "zoe502@fictive.example"}
    assert server.state("mailchimp")["members"]["empty00001"] == before
    assert store(server)["store"]["list_id"] == "empty00002"


@pytest.mark.row("M-08")
@pytest.mark.row("M-09")
def test_a_new_address_makes_one_tagged_contact_and_a_known_one_is_updated_and_keeps_its_tags(house, server):
    known = {
        "email_address": "Zoe501@Fictive.example", "status": "subscribed", "tags": ["Infolettre"],
        "merge_fields": {"FNAME": "Z.", "LNAME": "F."},
    }  # fmt: skip
    server.load("mailchimp", list_id="empty00002", members=[known])
    books(server, customer(501), customer(502))
    synced(house)
    found = contacts(server)
    assert len(found) == 2
    assert tags(found["zoe502@fictive.example"]) == {"QuickBooks Online"}
    old = next(item for address, item in found.items() if address.lower() == "zoe501@fictive.example")
    assert old["merge_fields"]["LNAME"] == "Fictive 501"
    assert old["status"] == "subscribed"
    assert "Infolettre" in tags(old)
    house.run()
    assert len(contacts(server)) == 2


@pytest.mark.row("M-10")
@pytest.mark.parametrize("count", [2, 40])
def test_non_subscribed_means_that_no_new_contact_is_subscribed(house, server, count):
    people = [customer(500 + at) for at in range(count)]
    books(server, *people, Invoice=[sale(800 + at, 500 + at) for at in range(count)])
    synced(house, status_if_new="transactional")
    assert {item["status"] for item in contacts(server).values()} == {"transactional"}
    assert len(contacts(server)) == count
    assert not any(item["opt_in_status"] for item in store(server)["customers"])


@pytest.mark.row("M-11")
def test_subscribed_needs_a_recorded_consent_basis(house, server):
    house.pair()
    problems = integrations.save_settings(
        house.integration, {"status_if_new": "subscribed", "consent_basis": "", "consent_note": "", "consent_date": ""},
        house.ann,
    )  # fmt: skip
    assert set(problems) == {"consent_basis", "consent_note", "consent_date"}
    house.integration.refresh_from_db()
    assert house.integration.settings["status_if_new"] == "transactional"
    assert integrations.save_settings(house.integration, SUBSCRIBED, house.ann) == {}
    house.integration.refresh_from_db()
    assert house.integration.settings["consent_basis"] == "express"
    assert house.integration.settings["consent_date"] == "2026-01-15"


@pytest.mark.row("M-11")
def test_who_unsubscribed_is_never_subscribed_again(house, server):
    left = {
        "email_address": "zoe501@fictive.example",
        "status": "unsubscribed",
        "unsubscribe_reason": "Trop de courriels",
    }
    server.load("mailchimp", list_id="empty00002", members=[left])
    books(server, customer(501), customer(502), Invoice=[sale(701, 501), sale(702, 502)])
    house.pair(SUBSCRIBED)
    house.run()
    server.load("quickbooks", Customer=[{"Id": "501", "PrimaryPhone": {"FreeFormNumber": "514 555-0177"}}])
    house.run()
    assert contacts(server)["zoe501@fictive.example"]["status"] == "unsubscribed"
    assert contacts(server)["zoe502@fictive.example"]["status"] == "subscribed"
    leaves = {"email_address": "zoe502@fictive.example", "status": "unsubscribed", "unsubscribe_reason": "Non merci"}
    server.load("mailchimp", list_id="empty00002", members=[leaves])
    server.load("quickbooks", Customer=[{"Id": "502", "PrimaryPhone": {"FreeFormNumber": "514 555-0178"}}],
                Invoice=[sale(703, 502)])  # fmt: skip
    house.run()
    assert contacts(server)["zoe502@fictive.example"]["status"] == "unsubscribed"


@pytest.mark.row("M-11")
def test_who_leaves_between_plan_and_approval_is_not_subscribed_again(house, server):
    here = {"email_address": "zoe501@fictive.example", "status": "subscribed", "merge_fields": {"FNAME": "Z."}}
    server.load("mailchimp", list_id="empty00002", members=[here])
    books(server, customer(501), customer(502))
    house.pair(SUBSCRIBED)
    run = house.run(approve=False)
    gone = [{"email_address": f"zoe{number}@fictive.example", "status": "unsubscribed"} for number in (501, 502)]
    server.load("mailchimp", list_id="empty00002", members=gone)
    house.finish(run)
    house.run()
    assert {item["status"] for item in contacts(server).values()} == {"unsubscribed"}


@pytest.mark.row("M-13")
def test_of_three_companies_the_one_picked_is_stored_with_id_and_name(house, server):
    connection = house.connect("quickbooks", realm="9130000000000003")
    assert connection.account_id == "9130000000000003"
    assert connection.account_name == "Café du Coin Imaginaire enr. (fictif)"
    assert connection.state == "connected"


@pytest.mark.row("M-22")
def test_a_new_phone_number_in_quickbooks_shows_after_the_next_run(house, server):
    books(server, customer(501))
    synced(house)
    server.load("quickbooks", Customer=[{"Id": "501", "PrimaryPhone": {"FreeFormNumber": "514 555-0188"}}])
    run = house.run()
    assert run.state == "done"
    assert contacts(server)["zoe501@fictive.example"]["merge_fields"]["PHONE"] == "514-555-0188"


def disconnected(house):
    """Disconnect, and let the worker finish."""
    run = house.finish(integrations.disconnect(house.integration, house.ann))
    house.integration.refresh_from_db()
    assert run.state == "done", (run.state, run.reason_code, run.counts)
    return run


@pytest.mark.row("M-23")
def test_after_disconnecting_no_call_is_made_to_mailchimp(house, server):
    books(server, customer(501))
    synced(house)
    assert integrations.set_automatic(house.integration, True, house.ann) == []
    disconnected(house)
    seen = len(server.calls("mailchimp"))
    server.load("quickbooks", Customer=[{"Id": "501", "PrimaryPhone": {"FreeFormNumber": "514 555-0188"}}])
    house.integration.runs.model.objects.update(wake_at=None)
    ticking.tick()
    for run in house.integration.runs.all():
        tasks.work(run.pk)
    with pytest.raises(SyncError) as refused:
        runs.start(house.integration, user=house.ann)
    assert refused.value.code == "INTEGRATION-DISCONNECTED"
    assert len(server.calls("mailchimp")) == seen
    assert contacts(server)["zoe501@fictive.example"]["merge_fields"]["PHONE"] == "514-555-0501"


@pytest.mark.row("M-24")
@pytest.mark.row("M-25")
@pytest.mark.row("M-26")
def test_disconnecting_removes_the_orders_keeps_the_contacts_and_leaves_the_books_alone(house, server):
    people = [customer(500 + at) for at in range(10)]
    books(server, *people, Invoice=[sale(700 + at, 500 + at) for at in range(4)])
    synced(house)
    assert len(orders(server)) == 4
    kept, held = contacts(server), book_of(server)
    run = disconnected(house)
    assert orders(server) == {}
    assert store(server) == {}
    removed = run.changes.filter(entity="sale", action="remove", state="done")
    assert sorted(removed.values_list("title", flat=True)) == ["F-700", "F-701", "F-702", "F-703"]
    after = contacts(server)
    assert len(after) == 10
    for address, contact in kept.items():
        for name in ("status", "merge_fields", "tags", "full_name", "contact_id"):
            assert after[address][name] == contact[name], (address, name)
    assert written(server, "quickbooks") == []
    assert book_of(server) == held
    assert house.integration.state == "disconnected"
