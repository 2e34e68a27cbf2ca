"""Rows H of the acceptance list, over HTTP: customers and contacts both ways, invoices, deals and payments."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Change, Connection, Integration, Link, Record, Run
from bridge.jobs import connections, integrations
from tests import factories
from tests.sandbox.small_crm import TODAY, associate, by, contact, customer, linked, paid, records, taxed
from tests.sandbox.small_world import book_of, books, written

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture
def empty(server):
    server.reset("empty")


def held(code: str = "") -> list[Change]:
    rows = Change.objects.filter(state__in=("held", "rejected", "unknown"))
    return [row for row in rows.order_by("id") if not code or row.reason == code]


def done(run: Run) -> int:
    return run.changes.filter(state=Change.State.DONE).count()


def customers(server) -> dict[str, dict]:
    return {row["DisplayName"]: row for row in book_of(server).get("Customer", ())}


def sent(server, since: int = 0) -> list[str]:
    """What was written to the CRM, after the first `since` of them; searches and batch reads write nothing."""
    return [call for call in written(server, "hubspot") if not call.endswith(("/search", "/batch/read"))][since:]


# connecting


@pytest.mark.row("H-01")
def test_the_pair_is_offered_to_every_client(house, client):
    client.force_login(house.ann)
    said = client.get(reverse("admin:integration_new")).content.decode()
    assert "QuickBooks Online and HubSpot" in said


@pytest.mark.row("H-02")
def test_after_consent_on_both_sides_both_accounts_show_by_name(house, client):
    house.crm_pair("contact")
    client.force_login(house.ann)
    said = client.get(reverse("admin:integration", args=[house.integration.pk])).content.decode()
    assert house.integration.left.account_name in said
    assert house.integration.right.account_name in said
    assert house.integration.right.account_name.endswith(".example"), "HubSpot calls an account by its domain"
    assert house.integration.right.state == Connection.State.CONNECTED


@pytest.mark.row("H-06")
def test_a_missing_right_is_named_before_any_data_moves(house, server):
    books_, crm_ = house.connect("quickbooks"), house.connect("hubspot", account="24100003")
    house.integration = integrations.create(house.organization, "quickbooks_hubspot", house.ann)
    integrations.attach(house.integration, "left", books_)
    integrations.attach(house.integration, "right", crm_)
    connections.check(crm_)
    house.integration.refresh_from_db()
    found = [item for item in integrations.readiness(house.integration) if item.level != "ok"]
    said = " ".join(item.text.say("en", **item.params) for item in found)
    assert "crm.objects.invoices" in said
    assert sent(server) == []


@pytest.mark.row("H-10")
def test_exactly_these_pairs_of_objects_can_be_chosen(house):
    house.crm_pair()
    flows = {flow.entity for flow in house.integration.flows.all()}
    assert {"contact", "product", "sale"} <= flows
    assert flows == {"contact", "product", "sale", "payment", "deal"}, "payments and deals show invoices, no more"


# contacts both ways


@pytest.mark.row("H-03")
def test_a_field_changed_on_either_side_reaches_the_other_by_the_next_run(house, server):
    books(server, customer(1, "zoe@fictive.example"))
    server.load("hubspot", contacts=[contact(501, "zoe@fictive.example", firstname="Zoé", lastname="Fictive 1")])
    house.crm_pair("contact", presets=False)
    house.integration.flows.filter(entity="contact").update(direction="both", filter_back={})
    assert house.run().state == "done"
    server.load("quickbooks", Customer=[{"Id": "1", "GivenName": "Zoélie"}])
    house.run()
    assert records(server, "contacts")["501"]["firstname"] == "Zoélie"
    server.load("hubspot", contacts=[{"id": "501", "properties": {"phone": "418 555-0177"}}])
    house.run()
    assert customers(server)["Fictive 1"]["PrimaryPhone"]["FreeFormNumber"] == "418 555-0177"
    assert done(house.run()) == 0, "nothing bounces"


@pytest.mark.row("H-22")
def test_the_recommended_set_for_contacts_is_two_way_and_its_filter_holds_for_linked_ones_too(house, server):
    books(server, customer(1, "zoe@fictive.example"))
    house.crm_pair("contact")
    assert house.integration.flows.get(entity="contact").direction == "both"
    house.run()
    (name,) = records(server, "contacts")
    before = len(server.calls("quickbooks"))
    server.load("hubspot", contacts=[{"id": name, "properties": {"phone": "418 555-0177"}}])
    run = house.run()
    assert written(server, "quickbooks", before) == []
    assert [row.code for row in run.changes.filter(toward="left")] == ["FILTERED"]


@pytest.mark.row("H-23")
def test_all_customers_are_in_the_crm(house, server):
    books(server, *(customer(n, f"zoe{n}@fictive.example" if n % 5 else "") for n in range(1, 51)))
    house.crm_pair("contact")
    run = house.run()
    assert run.state == "done", held()
    assert len(records(server, "contacts")) == 50
    assert done(house.run()) == 0


@pytest.mark.row("H-24")
@pytest.mark.row("H-20")
def test_a_contact_goes_to_the_books_with_an_invoice_made_here_or_a_payment(house, server):
    server.load("hubspot", contacts=[contact(n, f"ondine{n}@inventee.example") for n in (501, 502, 503)])
    server.load(
        "hubspot",
        invoices=[
            {"id": "801", "properties": {"hs_currency": "CAD", "hs_invoice_source": "HUBSPOT"}},
            {"id": "802", "properties": {"hs_currency": "CAD", "hs_invoice_source": "data_sync"}},
        ],
        commerce_payments=[
            {"id": "901", "properties": {"hs_initial_amount": "20.00", "hs_initiated_date": "2026-11-01T10:00:00Z",
                                         "hs_currency_code": "CAD"}},
        ],
    )  # fmt: skip
    associate(server, ("invoices", "801"), ("contacts", "501"))
    associate(server, ("commerce_payments", "901"), ("contacts", "502"))
    associate(server, ("invoices", "802"), ("contacts", "503"))
    house.crm_pair("contact")
    run = house.run()
    assert run.state == "done", held()
    assert set(customers(server)) == {"Ondine Inventée 501", "Ondine Inventée 502"}
    (out,) = run.changes.filter(state=Change.State.SKIPPED, toward="left")
    assert out.code == "FILTERED"
    assert {row["field"] for row in out.trace if not row["passed"]} == {"sales.source", "payments.created_at"}


def test_an_invoice_made_later_lets_its_contact_in(house, server):
    server.load("hubspot", contacts=[contact(501, "ondine@inventee.example")])
    house.crm_pair("contact")
    house.run()
    assert customers(server) == {}
    server.load("hubspot", invoices=[{"id": "801", "properties": {"hs_currency": "CAD", "hs_invoice_source": "HUBSPOT"},
                                      "associations": [{"to": {"id": "501"}, "types": [
                                          {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 177}]}]}])  # fmt: skip
    house.run()
    assert set(customers(server)) == {"Ondine Inventée 501"}


@pytest.mark.row("H-21")
def test_needless_contacts_do_not_become_customers(house, server):
    server.load("hubspot", contacts=[contact(n, f"ondine{n}@inventee.example") for n in range(501, 601)])
    server.load("hubspot", invoices=[{"id": str(n + 300), "properties": {"hs_currency": "CAD",
                                      "hs_invoice_source": "HUBSPOT"}} for n in (501, 502, 503)])  # fmt: skip
    for number in (501, 502, 503):
        associate(server, ("invoices", str(number + 300)), ("contacts", str(number)))
    house.crm_pair("contact")
    house.run()
    assert len(customers(server)) == 3


@pytest.mark.row("H-20")
def test_a_property_people_added_decides_who_goes_and_a_later_change_of_it_counts(house, server):
    server.load("hubspot", properties=[{"objectType": "contacts", "name": "tier", "label": "Tier", "type": "string",
                                        "fieldType": "text"}])  # fmt: skip
    server.load("hubspot", contacts=[contact(501, "un@inventee.example", tier="Gold"),
                                     contact(502, "deux@inventee.example", tier="Silver")])  # fmt: skip
    house.crm_pair("contact")
    house.integration.flows.update(filter_back={"field": "custom.tier", "test": "equals", "value": "gold"})
    house.run()
    assert set(customers(server)) == {"Ondine Inventée 501"}
    (out,) = Change.objects.filter(code="FILTERED")
    assert (out.params["field"], out.params["have"]) == ("custom.tier", "Silver")
    server.load("hubspot", contacts=[{"id": "502", "properties": {"tier": "Gold"}}])
    house.run()
    assert set(customers(server)) == {"Ondine Inventée 501", "Ondine Inventée 502"}


@pytest.mark.row("H-14")
def test_after_the_first_run_every_record_has_a_state(house, server):
    server.reset("demo")
    house.crm_pair("contact", "product")
    run = house.run()
    assert run.state in ("done", "held"), run.reason_code
    integration = house.integration
    for connection, resource, near in (
        (integration.left, "customers", "left"),
        (integration.right, "contacts", "right"),
    ):
        rows = Record.objects.filter(connection=connection, resource=resource, gone=False, merged_into="")
        in_step = rows.filter(**{f"links_{near}__integration": integration})
        told = rows.filter(changes_out__integration=integration)
        assert rows.exclude(pk__in=in_step).exclude(pk__in=told).count() == 0, "none is unlisted"
    again = house.run()
    assert done(again) == 0, [str(row) for row in again.changes.filter(state="done")]


# what HubSpot refuses


def test_a_second_address_of_a_contact_is_the_same_person_not_a_refusal(house, server):
    books(server, customer(1, "zoe.b@fictive.example"))
    server.load("hubspot", contacts=[contact(501, "zoe@fictive.example", hs_additional_emails="zoe.b@fictive.example",
                                             firstname="Zoé", lastname="Fictive 1")])  # fmt: skip
    house.crm_pair("contact")
    house.run()
    assert Link.objects.get().right.remote_id == "501"
    assert len(records(server, "contacts")) == 1


def test_one_contact_for_two_customers_waits_for_a_person(house, server):
    books(server, customer(1, "zoe@fictive.example"), customer(2, "zoe@fictive.example"))
    server.load("hubspot", contacts=[contact(501, "zoe@fictive.example")])
    house.crm_pair("contact")
    run = house.run()
    assert run.state == "held"
    assert Link.objects.count() == 0
    assert {row.reason for row in held()} <= {"SEVERAL-SOURCES", "SEVERAL-MATCHES"}


def test_somebody_of_the_same_name_is_put_before_a_person_not_made_twice(house, server):
    books(server, customer(1))
    server.load("hubspot", contacts=[contact(501, firstname="Zoé", lastname="Fictive 1", phone="418 555-0177")])
    server.load("quickbooks", Customer=[{"Id": "1", "PrimaryPhone": {"FreeFormNumber": "(418) 555-0177"}}])
    house.crm_pair("contact")
    house.run()
    assert len(records(server, "contacts")) == 1
    assert held("MAYBE-MATCH")


def test_a_rule_of_an_administrator_holds_its_record_and_no_other(house, server):
    books(server, customer(1, "zoe@fictive.example"), customer(2, "ondine@fictive.example", CompanyName="Boréal"))
    server.load("hubspot", rules=[{"objectType": "contacts", "property": "company", "required": True,
                                   "message": "Une entreprise est exigée."}])  # fmt: skip
    house.crm_pair("contact")
    run = house.run()
    assert set(by(server, "contacts", "email")) == {"ondine@fictive.example"}
    (refused,) = run.changes.filter(state=Change.State.REJECTED)
    assert "entreprise" in refused.error_detail


# products


@pytest.mark.row("H-27")
@pytest.mark.row("H-11")
def test_every_active_item_is_in_the_crm_and_none_is_written_back(house, server):
    items = [{"Id": str(n), "Name": f"Chaise {n}", "Type": "Service", "UnitPrice": n, "Sku": f"CH-{n}"}
             for n in range(901, 911)]  # fmt: skip
    server.load("quickbooks", Item=items)
    server.load("quickbooks", Item=[{"Id": "910", "Active": False}])
    server.load("hubspot", products=[{"id": "601", "properties": {"name": "Tabouret", "hs_sku": "TA-1", "price": "9"}}])
    house.crm_pair("contact", "product")
    assert house.integration.flows.get(entity="contact").direction == "both"
    assert house.integration.flows.get(entity="product").direction == "right"
    before = len(server.calls("quickbooks"))
    house.run()
    assert set(by(server, "products", "hs_sku")) == {f"CH-{n}" for n in range(901, 910)} | {"TA-1"}
    assert written(server, "quickbooks", before) == []


# invoices


@pytest.fixture
def invoiced(house, server):
    """A customer with one open invoice, in step."""
    books(server, customer(1, "zoe@fictive.example"), Invoice=[taxed(101, 1)])
    house.crm_pair()
    assert house.run().state == "done", [(row.entity, row.reason, row.error_detail) for row in held()]
    return house


def invoice(server, number: str = "F-101"):
    return by(server, "invoices", "qbo_number")[number]


@pytest.mark.row("H-04")
def test_an_invoice_has_its_number_total_tax_and_balance_to_the_cent(invoiced, server):
    found = invoice(server)
    figures = {name: Decimal(found[name]) for name in ("qbo_total", "qbo_tax", "qbo_balance", "qbo_subtotal")}
    assert figures == {"qbo_total": Decimal("114.98"), "qbo_tax": Decimal("14.98"), "qbo_balance": Decimal("114.98"),
                       "qbo_subtotal": Decimal("100")}  # fmt: skip
    assert len(records(server, "invoices")) == 1
    assert found["hs_invoice_billable"] == "false", "HubSpot is not to number, mail or collect it"
    (pair,) = linked(server, "invoices", "contacts")
    assert records(server, "contacts")[pair[1]]["email"] == "zoe@fictive.example"
    assert done(invoiced.run()) == 0


@pytest.mark.row("H-25")
def test_an_invoice_edited_in_the_crm_writes_nothing_to_the_books(invoiced, server):
    (name,) = records(server, "invoices")
    before = len(server.calls("quickbooks"))
    server.load("hubspot", invoices=[{"id": name, "properties": {"hs_comments": "Merci !"}}])
    invoiced.run()
    assert written(server, "quickbooks", before) == []


@pytest.mark.row("H-26")
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])  # never the same day in both
def test_invoices_before_the_day_the_set_was_applied_stay_out(house, server, zone):
    house.organization.time_zone = zone
    house.organization.save(update_fields=["time_zone"])
    earliest = timezone.localdate(timezone=ZoneInfo(zone))
    house.crm_pair()
    day = house.integration.flows.get(entity="sale").start_date
    assert day in (earliest, timezone.localdate(timezone=ZoneInfo(zone)))
    books(
        server, customer(1, "zoe@fictive.example"),
        Invoice=[taxed(101, 1, day=day.isoformat()), taxed(102, 1, day=(day - timedelta(days=1)).isoformat())],
    )  # fmt: skip
    run = house.run()
    assert set(by(server, "invoices", "qbo_number")) == {"F-101"}
    (out,) = run.changes.filter(entity="sale", state=Change.State.SKIPPED)
    assert out.code == "BEFORE-START"


@pytest.mark.row("H-29")
def test_an_invoice_is_on_no_deal_until_a_person_puts_it_there(invoiced, server):
    server.load("hubspot", deals=[{"id": "701", "properties": {"dealname": "Rénovation", "pipeline": "default",
                                                               "dealstage": "appointmentscheduled"}}])  # fmt: skip
    run = invoiced.run()
    assert linked(server, "invoices", "deals") == set()
    (said,) = run.changes.filter(entity="deal")
    assert (said.state, said.code) == (Change.State.SKIPPED, "HSQB-DEAL-NO-INVOICE")


@pytest.mark.row("H-31")
def test_paid_changes_the_status_once(invoiced, server):
    (name,) = records(server, "invoices")
    assert invoice(server)["qbo_status"] == "open"
    server.load("quickbooks", Invoice=[{"Id": "101", "Balance": 0}])
    invoiced.run()
    assert invoice(server)["qbo_status"] == "paid"
    before = len(sent(server))
    invoiced.run()
    invoiced.run()
    assert sent(server, before) == []


def test_an_invoice_whose_customer_is_kept_out_waits_and_says_why(house, server):
    books(server, customer(1, "zoe@fictive.example, comptes@fictive.example"), Invoice=[taxed(101, 1)])
    house.crm_pair()
    house.run()
    assert records(server, "invoices") == {}
    assert [row.reason for row in held() if row.entity == "sale"] == ["PARENT-HELD"]


# deals


def deal(server, name: str = "701") -> dict:
    return records(server, "deals")[name]


def make_deal(server) -> None:
    server.load("hubspot", deals=[{"id": "701", "properties": {"dealname": "Rénovation", "pipeline": "default",
                                                               "dealstage": "appointmentscheduled"}}])  # fmt: skip


@pytest.mark.row("H-32")
@pytest.mark.parametrize("order", [("F-101", "F-102"), ("F-102", "F-101")])
def test_a_deal_shows_its_newest_invoice_whatever_comes_first(house, server, order):
    later = (factories.today() + timedelta(days=4)).isoformat()
    books(server, customer(1, "zoe@fictive.example"), Invoice=[taxed(101, 1), taxed(102, 1, day=later)])
    make_deal(server)
    house.crm_pair()
    house.run()
    named = {found["qbo_number"]: name for name, found in records(server, "invoices").items()}
    for number in order:
        associate(server, ("invoices", named[number]), ("deals", "701"))
        house.run()
    assert deal(server)["qbo_invoice_number"] == "F-102"
    assert Decimal(deal(server)["qbo_invoice_total"]) == Decimal("114.98")
    server.load("quickbooks", Invoice=[{"Id": "102", "Balance": 0}])
    house.run()
    house.run()
    assert Decimal(deal(server)["qbo_invoice_balance"]) == 0, "what changes on the invoice shows on the deal"


@pytest.mark.row("H-05")
def test_a_payment_is_noted_on_the_deal_of_its_invoice(invoiced, server):
    make_deal(server)
    (name,) = records(server, "invoices")
    associate(server, ("invoices", name), ("deals", "701"))
    invoiced.run()
    server.load("quickbooks", Payment=[paid(201, 1, 101)])
    invoiced.run()
    (note,) = records(server, "notes").values()
    assert "50,00" in note["hs_note_body"]
    assert "Visa" in note["hs_note_body"]
    assert note["hs_timestamp"][:10] == TODAY
    ((_, where),) = linked(server, "notes", "deals")
    assert where == "701"
    assert done(invoiced.run()) == 0, "told once"


def test_a_payment_is_noted_once_its_invoice_is_put_on_a_deal(invoiced, server):
    server.load("quickbooks", Payment=[paid(201, 1, 101)])
    run = invoiced.run()
    assert run.changes.get(entity="payment").code == "HSQB-NO-DEAL"
    make_deal(server)
    (name,) = records(server, "invoices")
    associate(server, ("invoices", name), ("deals", "701"))
    invoiced.run()
    assert len(records(server, "notes")) == 1


@pytest.mark.row("H-08")
def test_numbers_people_type_are_warned_about_where_the_connection_is_checked(house, server):
    house.crm_pair("contact")
    Connection.objects.filter(pk=house.integration.left_id).update(
        facts={**(house.integration.left.facts or {}), "custom_numbers": True}
    )
    house.integration = Integration.objects.get()
    (found,) = [item for item in integrations.readiness(house.integration) if item.code == "HSQB-CHECK-NUMBERS"]
    assert found.level == "warning"
    assert "numérotation" in found.text.say("fr") or "numéros" in found.text.say("fr").lower()


def test_a_new_pair_begins_with_the_filter_that_keeps_an_address_book_out_of_the_books(house, server):
    server.load("hubspot", contacts=[contact(n, f"ondine{n}@inventee.example") for n in range(501, 506)])
    house.crm_pair("contact", presets=False)
    assert house.integration.flows.get(entity="contact").direction == "both"
    house.run()
    assert customers(server) == {}
