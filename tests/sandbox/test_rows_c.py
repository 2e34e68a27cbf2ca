"""Rows C of the acceptance list, over HTTP: customers, invoices, receipts and review requests between a sub-account and
a company.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from bridge.hub.models import Change, Conflict, Link, Run
from bridge.jobs import filtering, imports, integrations, runs
from tests.sandbox.small_agency import (
    FLOWS,
    MAIL,
    PINECREST,
    REVIEW,
    VERMONT,
    act,
    agency_pair,
    ago,
    amount,
    bill,
    book,
    bought,
    furnish,
    line,
    person,
    place,
    sent,
)
from tests.sandbox.small_shop import item
from tests.sandbox.small_world import book_of, books, customer, explained, kept_back, sale, written

pytestmark = pytest.mark.usefixtures("empty")
TODAY = date.today()


@pytest.fixture
def empty(house, server):
    server.control(
        "POST", "configure/highlevel", {"allow_duplicate_contact": False, "lose_answers": 0, "rate_limits": False}
    )
    furnish(server)


def customers(server):
    return {row["DisplayName"]: row for row in book_of(server).get("Customer", ())}


def skipped(run):
    return {change.title: change.code for change in Change.objects.filter(run=run, state="skipped")}


def done(run: Run) -> int:
    return run.changes.filter(state=Change.State.DONE).count()


# C-01, C-03 … C-06: customers and money


@pytest.mark.row("C-01")
def test_one_contact_one_invoice_and_one_payment_are_one_of_each_in_the_books(house, server):
    server.load("highlevel", contacts=[person(1)], payments=[bought(contact="ondine1@inventee.example")])
    sent(server, bill(1, "ondine1@inventee.example"))
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert list(customers(server)) == ["Ondine Inventée 1"]
    assert len(book(server, "Invoice")) == len(book(server, "SalesReceipt")) == 1
    assert done(house.run()) == 0, "a second run has nothing to do"


@pytest.mark.row("C-03")
def test_a_customer_is_made_only_for_somebody_who_bought(house, server):
    server.load("highlevel", contacts=[person(1), person(2)])
    agency_pair(house)
    run = house.run()
    assert customers(server) == {} and set(skipped(run).values()) == {"FILTERED"}
    server.load("highlevel", payments=[bought(contact="ondine2@inventee.example")])
    assert house.run().state == "done"
    assert list(customers(server)) == ["Ondine Inventée 2"]


@pytest.mark.row("C-04")
def test_a_customer_with_the_address_in_other_letters_is_found_and_updated(house, server):
    books(server, customer(7, "a@inventee.example", GivenName="Ann"))
    server.load("highlevel", contacts=[person(1, "A@Inventee.example", firstName="Anne", phone="+15145550133")])
    server.load("highlevel", payments=[bought(contact="A@Inventee.example")])
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    (found,) = customers(server).values()
    assert found["Id"] == "7" and found["GivenName"] == "Anne", "names are the agency's to say"
    assert book(server, "SalesReceipt").popitem()[1]["CustomerRef"]["value"] == "7"


@pytest.mark.row("C-05")
def test_each_of_the_four_ways_to_pay_is_a_sales_receipt_of_its_amount_and_day(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)])
    kinds = ("order_form", "subscription", "checkout", "calendar")
    server.load(
        "highlevel",
        payments=[bought(kind, items=[line(amount=10 + n)], at=ago(5 + n)) for n, kind in enumerate(kinds)],
    )
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    here = {(amount(one["amount"]), one["createdAt"][:10]) for one in place(server)["transactions"]}
    there = {(amount(one["TotalAmt"]), one["TxnDate"]) for one in book(server, "SalesReceipt").values()}
    assert {total for total, _ in here} == {total for total, _ in there} and len(there) == 4
    for (_, made), (_, day) in zip(sorted(here), sorted(there), strict=True):
        assert abs(date.fromisoformat(made) - date.fromisoformat(day)) <= timedelta(days=1), (
            "the sub-account's calendar"
        )
    assert {one["DepositToAccountRef"]["value"] for one in book(server, "SalesReceipt").values()} == {"5"}


@pytest.mark.row("C-05")
def test_each_renewal_is_a_receipt_and_a_failed_one_is_none(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought("subscription", items=[line(amount=29.95)])])
    agency_pair(house)
    house.run()
    name = place(server)["subscriptions"][0]["_id"]
    server.load("highlevel", renewals=[{"subscription": name}, {"subscription": name, "status": "failed"}])
    run = house.run()
    assert len(book(server, "SalesReceipt")) == 2 and "QBHL-NOT-PAID" in skipped(run).values()


@pytest.mark.row("C-05")
def test_each_charge_of_a_subscription_is_one_receipt_whatever_it_says_it_is_of(house, server):
    club = [line("Atelier", "29.95"), line("Cours", "40.00", type="one_time")]
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought("subscription", items=club, at=ago(65))])
    name = place(server)["subscriptions"][0]["_id"]
    renewals = [{"subscription": name, "at": ago(35)}, {"subscription": name, "at": ago(5), "entity": "subscription"}]
    server.load("highlevel", renewals=renewals)
    agency_pair(house)
    for _ in range(2):
        run = house.run()
        assert run.state == "done", kept_back(run)
    charges = {f"R-{one['_id'][-8:].upper()}": one for one in place(server)["transactions"]}
    found = book(server, "SalesReceipt")
    assert {number: amount(one["TotalAmt"]) for number, one in found.items()} == {
        number: amount(one["amount"]) for number, one in charges.items()
    }
    items = sorted(
        [one["SalesItemLineDetail"]["ItemRef"]["value"] for one in row["Line"] if "SalesItemLineDetail" in one]
        for row in found.values()
    )
    assert items == [["1002"], ["1002"], ["1002", "1001"]], "what recurs is on its own item each time"


@pytest.mark.row("C-03")
def test_whose_subscription_runs_may_be_asked_about_in_a_filter(house, server):
    server.load("highlevel", contacts=[person(n) for n in (1, 2, 3)])
    server.load("highlevel", payments=[bought("subscription", f"ondine{n}@inventee.example") for n in (1, 2)])
    ended = next(one for one in place(server)["subscriptions"] if one["contactId"] == person(2)["id"])
    server.load("highlevel", subscriptions=[{"_id": ended["_id"], "status": "canceled"}])
    integration = agency_pair(house, "contact")
    active = {"field": "subscriptions.status", "test": "equals", "value": "active"}
    flow = integration.flows.get(entity="contact")
    assert filtering.save_filter(flow, active, house.ann, back=True) == []
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert list(customers(server)) == ["Ondine Inventée 1"]


@pytest.mark.row("C-06")
def test_a_day_s_receipts_come_to_the_same_to_the_cent(house, server):
    server.load("highlevel", contacts=[person(n) for n in range(1, 8)])
    odd = [
        bought(kind, f"ondine{1 + n % 7}@inventee.example", at="2026-11-02T15:00:00Z", **more)
        for n, (kind, more) in enumerate(
            [
                ("order_form", {"items": [line(amount="0.33", quantity=7), line("Atelier", "19.99")]}),
                (
                    "checkout",
                    {"items": [line(amount="33.33", quantity=3)], "discount": {"type": "percentage", "value": 10}},
                ),
                ("calendar", {"amount": "75.01"}),
                ("store", {"items": [line(amount="12.49", quantity=3)], "shipping": "7.55"}),
                ("order_form", {"items": [line(amount=849, taxInclusive=True)]}),
                (
                    "payment_link",
                    {"items": [line(taxes=[]), line("Atelier", "0.07")], "discount": {"type": "fixed", "value": 5}},
                ),
                ("subscription", {"items": [line(amount="29.95")]}),
            ]
        )
    ]
    server.load("highlevel", payments=odd)
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    here = sum(amount(one["amount"]) for one in place(server)["transactions"])
    there = [one for one in book(server, "SalesReceipt").values() if one["TxnDate"] == "2026-11-02"]
    assert len(there) == len(odd) and sum(amount(one["TotalAmt"]) for one in there) == here


def test_what_the_platform_s_own_integration_posted_and_tests_stay_out_with_the_reason(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)])
    server.load(
        "highlevel", payments=[bought(qboSynced=True), bought("checkout", liveMode=False), bought("calendar", amount=0)]
    )
    agency_pair(house)
    run = house.run()
    codes = {change.code for change in Change.objects.filter(run=run, state="skipped", entity="sale")}
    assert codes == {"QBHL-POSTED", "QBHL-TEST", "SALES-NOTHING"} and book(server, "SalesReceipt") == {}
    for change in Change.objects.filter(run=run, state="skipped", entity="sale"):
        explained(change.code, change.params)


# C-07 … C-13: invoices in step


@pytest.mark.row("C-07")
def test_an_invoice_goes_once_it_is_sent_and_once(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)], invoices=[bill(1)])
    agency_pair(house)
    run = house.run()
    assert book(server, "Invoice") == {} and "QBHL-STATUS" in skipped(run).values()
    server.load("highlevel", invoices=[act(1, send=True)])
    assert house.run().state == "done"
    assert done(house.run()) == 0
    (number,) = book(server, "Invoice")
    assert number == f"CC-{place(server)['invoices'][0]['invoiceNumber']}"


@pytest.fixture
def posted(house, server):
    """A company with the one invoice of a contact in step."""
    server.load("highlevel", contacts=[person(1, MAIL)])
    sent(server, bill(1, items=[line(), line("Atelier", 40)], issueDate="2026-11-02", dueDate="2026-12-02"))
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    return run


def change_it(house, server, **edit):
    """Edit the invoice there, run, and return what the books hold."""
    server.load("highlevel", invoices=[act(1, **edit)])
    run = house.run()
    assert run.state == "done", kept_back(run)
    (found,) = book(server, "Invoice").values()
    return found


@pytest.mark.row("C-08")
def test_a_new_number_is_the_number_in_the_books(house, server, posted):
    assert change_it(house, server, invoiceNumber="7007")["DocNumber"] == "CC-7007"


@pytest.mark.row("C-09")
def test_paid_in_part_and_then_in_full_and_void_are_so_in_the_books(house, server, posted):
    total = amount(place(server)["invoices"][0]["total"])
    assert amount(change_it(house, server, pay=60)["Balance"]) == total - 60
    assert amount(change_it(house, server, pay=True)["Balance"]) == 0
    payments = book(server, "Payment").values()
    assert sum(amount(one["TotalAmt"]) for one in payments) == total and len(payments) == 2
    sent(server, bill(2))
    house.run()
    server.load("highlevel", invoices=[act(2, void=True)])
    run = house.run()
    assert run.state in ("done", "held"), kept_back(run)
    voided = [one for one in book(server, "Invoice").values() if amount(one["TotalAmt"]) == 0]
    assert len(voided) == 1


@pytest.mark.row("C-10")
def test_a_new_due_date_is_the_same_day_of_the_calendar(house, server, posted):
    assert change_it(house, server, dueDate="2027-01-31", issueDate="2026-11-01")["DueDate"] == "2027-01-31"
    assert book(server, "Invoice").popitem()[1]["TxnDate"] == "2026-11-01"


@pytest.mark.row("C-11")
def test_a_changed_price_is_the_total_to_the_cent(house, server, posted):
    found = change_it(house, server, items=[line(amount="133.33"), line("Atelier", 40)])
    assert amount(found["TotalAmt"]) == amount(place(server)["invoices"][0]["total"]) == Decimal("199.29")


@pytest.mark.row("C-12")
def test_a_line_added_and_one_removed_are_the_lines_in_order(house, server, posted):
    names = ["Atelier", "Cours", "Suivi"]
    found = change_it(house, server, items=[line("Atelier", 40), line(), line("Suivi", 25)])
    sold = [one["Description"] for one in found["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    assert sold == names


@pytest.mark.row("C-13")
def test_in_canada_each_line_has_its_tax_code_and_the_total_fits_with_discounts(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)])
    discount = {"type": "percentage", "value": 10}
    sent(server, bill(1, items=[line(amount="33.33", quantity=3), line("Atelier", 20, taxes=[])], discount=discount))
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    (found,) = book(server, "Invoice").values()
    assert amount(found["TotalAmt"]) == amount(place(server)["invoices"][0]["total"])
    codes = [one["SalesItemLineDetail"]["TaxCodeRef"]["value"] for one in found["Line"] if "SalesItemLineDetail" in one]
    assert set(codes) == {"1", "4"} and len(codes) == 4, "two sold lines and what the discount takes off each kind"


US_TAX = [{"_id": "64a0c0ffee000000000000b6", "name": "VT sales tax", "rate": 6, "calculation": "exclusive"}]


@pytest.mark.row("C-13")
@pytest.mark.parametrize("rule", ["auto", "fold"])
def test_in_the_us_tax_follows_the_rule_chosen_and_the_total_fits(house, server, rule):
    server.control(
        "POST",
        "load/quickbooks",
        {"realm": VERMONT, "Item": [item(one, "", one) for one in ("1902", "1904", "1905", "1906", "1907", "1901")]},
    )
    server.control("POST", "load/highlevel", {"location": PINECREST, "contacts": [person(1, MAIL, country="US")]})
    sold = {"name": "Garden design", "amount": "95.49", "qty": 3, "currency": "USD", "taxes": US_TAX}
    one = bill(1, items=[sold, {**sold, "name": "Trowel", "amount": "14.25"}], discount={"type": "fixed", "value": 25})
    server.control("POST", "load/highlevel", {"location": PINECREST, "invoices": [one, act(1, send=True)]})
    agency_pair(house, settings={"tax": rule}, realm=VERMONT, location=PINECREST)
    run = house.run()
    assert run.state in ("done", "held") and not {"held", "rejected"} & set(run.counts["states"]), kept_back(run)
    (found,) = book(server, "Invoice", VERMONT).values()
    assert amount(found["TotalAmt"]) == amount(place(server, PINECREST)["invoices"][0]["total"])
    taxed = amount(found.get("TxnTaxDetail", {}).get("TotalTax", 0))
    assert (taxed > 0) == (rule == "auto")
    lines = [one for one in found["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    assert len(lines) == (3 if rule == "auto" else 2), "folded, the discount is inside the prices"


# C-02, C-14 … C-18: whose word counts, what is old


@pytest.mark.row("C-02")
def test_what_the_bookkeeper_changed_in_a_document_stands(house, server, posted):
    (one,) = book(server, "Invoice").values()
    server.load("quickbooks", Invoice=[{"Id": one["Id"], "DueDate": "2027-03-01"}])
    found = change_it(house, server, dueDate="2027-01-31", invoiceNumber="7007")
    assert found["DueDate"] == "2027-03-01", "the books' word counts for what was edited there"
    assert found["DocNumber"] == "CC-7007", "the rest flows"
    assert not Conflict.objects.filter(settled_at__isnull=True).exists()


@pytest.fixture
def linked(house, server):
    """A customer who bought, in step on both sides."""
    books(server, customer(7, MAIL, DisplayName="Ondine Inventée", GivenName="Ondine", FamilyName="Inventée"))
    server.load("highlevel", contacts=[person(1, MAIL, lastName="Inventée")], payments=[bought()])
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert done(house.run()) == 0
    return Link.objects.get(entity="contact")


@pytest.mark.row("C-02")
def test_an_address_is_the_books_and_a_phone_number_the_agency_s(house, server, linked):
    server.load("quickbooks", Customer=[{"Id": "7", "BillAddr": {"Line1": "9, rue des Livres", "City": "Québec"},
                                         "PrimaryPhone": {"FreeFormNumber": "418 555-0101"}}])  # fmt: skip
    server.load("highlevel", contacts=[{"id": person(1)["id"], "address1": "5, rue du CRM", "phone": "+14185550102"}])
    run = house.run()
    assert run.state == "done", kept_back(run)
    contact, found = place(server)["contacts"][0], customers(server)["Ondine Inventée"]
    assert contact["address1"] == "9, rue des Livres" and found["BillAddr"]["Line1"] == "9, rue des Livres"
    assert contact["phone"] == "+14185550102" and found["PrimaryPhone"]["FreeFormNumber"] == "+14185550102"


@pytest.mark.row("C-30")
def test_an_address_changed_on_both_sides_is_put_before_a_person(house, server, linked):
    server.load("quickbooks", Customer=[{"Id": "7", "PrimaryEmailAddr": {"Address": "livres@inventee.example"}}])
    server.load("highlevel", contacts=[{"id": person(1)["id"], "email": "crm@inventee.example"}])
    house.run()
    (conflict,) = Conflict.objects.filter(settled_at__isnull=True)
    assert conflict.field == "email"
    assert place(server)["contacts"][0]["email"] == "crm@inventee.example"
    assert customers(server)["Ondine Inventée"]["PrimaryEmailAddr"]["Address"] == "livres@inventee.example"


@pytest.mark.row("C-14")
def test_what_was_made_before_the_first_day_stays_out_with_that_reason(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought(at=ago(40))])
    sent(server, bill(1))
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    agency_pair(house, settings={"since": tomorrow, "before": "leave"})
    run = house.run()
    lines = Change.objects.filter(run=run, state="skipped", entity="sale")
    assert {change.code for change in lines} == {"QBHL-BEFORE"} and lines.count() == 2
    assert {change.params["since"] for change in lines} == {tomorrow}
    assert book(server, "Invoice") == book(server, "SalesReceipt") == {}
    assert kept_back(run)


@pytest.mark.row("C-31")
def test_what_is_there_before_activation_is_counted_and_asked_about(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought()])
    sent(server, bill(1), bill(2))
    integration = agency_pair(house)
    told = {item.code: item for item in integrations.readiness(integration)}["QBHL-CHECK-BEFORE"]
    said = told.text.say("en", **told.params)
    assert "2 invoices and 1 payments" in said and told.level == "ok"
    integration.settings = {**integration.settings, "before": ""}
    integration.save(update_fields=["settings"])
    told = {item.code: item for item in integrations.readiness(integration)}["QBHL-CHECK-BEFORE"]
    assert told.level == "blocker" and "Say what is to become" in told.text.say("en", **told.params)
    assert "before" in {item.key for item in integrations.missing_settings(integration)}


@pytest.mark.row("C-15")
def test_forty_customers_are_contacts_found_by_address(house, server):
    books(server, *(customer(n, f"zoe{n}@fictive.example") for n in range(1, 41)))
    server.load("highlevel", contacts=[person(1, "ZOE7@fictive.example"), person(2, "zoe9@fictive.example")])
    agency_pair(house, "contact")
    run = house.run()
    assert run.state == "done", kept_back(run)
    found = place(server)["contacts"]
    assert len(found) == 40 and {one["email"].lower() for one in found} == {
        f"zoe{n}@fictive.example" for n in range(1, 41)
    }


@pytest.mark.row("C-16")
def test_a_new_customer_is_a_contact_when_the_next_run_ends_and_the_delay_is_shown(house, server, client):
    agency_pair(house, "contact")
    house.run()
    books(server, customer(8, "zoe8@fictive.example"))
    assert house.run(trigger="schedule").state == "done"
    assert [one["email"] for one in place(server)["contacts"]] == ["zoe8@fictive.example"]
    house.integration.refresh_from_db()
    client.force_login(house.ann)
    said = client.get(reverse("admin:integration", args=[house.integration.pk])).content.decode()
    assert "On time" in said or "Late" in said, "what the delay really is"


def old_invoice(number: int, buyer: int, **fields):
    return sale(number, buyer, 100, TxnDate="2019-06-01", DueDate="2019-07-01", CurrencyRef={"value": "CAD"}, **fields)


@pytest.mark.row("C-17")
@pytest.mark.row("C-18")
def test_past_invoices_come_over_once_when_asked_for_and_never_go_back(house, server):
    books(server, customer(7, MAIL), Invoice=[old_invoice(31, 7, Balance=40), old_invoice(32, 7)])
    agency_pair(house, settings={"import_invoices": "yes"})
    assert house.run().state == "done"
    run = house.integration.runs.get(kind=Run.Kind.IMPORT)
    run = house.finish(run, approve=False)
    assert run.state == Run.State.PLANNED and place(server)["invoices"] == [], "its plan waits first"
    run = house.finish(run)
    assert run.state == "done", kept_back(run)
    made = {one["invoiceNumber"]: one for one in place(server)["invoices"]}
    assert {number: one["status"] for number, one in made.items()} == {"F-31": "partially_paid", "F-32": "paid"}
    assert all("Bridge import" in one["termsNotes"] for one in made.values()) and place(server)["messages"] == []
    before = len(server.calls("quickbooks"))
    server.load("highlevel", invoices=[{"_id": made["F-31"]["_id"], "dueDate": "2027-12-31"}])
    run = house.run()
    assert written(server, "quickbooks", before) == []
    line_ = Change.objects.filter(source__remote_id=made["F-31"]["_id"], entity="sale").order_by("-id").first()
    assert line_.code in ("QBHL-IMPORTED", "IMPORTED-STAYS")
    explained(line_.code, line_.params)
    assert house.integration.runs.filter(kind=Run.Kind.IMPORT).count() == 1, "once"
    again = house.finish(imports.start(house.integration, "invoices", house.ann, enqueue=False))
    assert done(again) == 0 and len(place(server)["invoices"]) == 2


@pytest.mark.row("C-22")
def test_with_both_switches_off_neither_happens_and_each_can_be_turned_on_later(house, server):
    books(server, customer(7, MAIL), Invoice=[old_invoice(31, 7)])
    agency_pair(house, *FLOWS, "review")
    house.run()
    house.run()
    assert not house.integration.runs.filter(kind=Run.Kind.IMPORT).exists()
    assert place(server)["invoices"] == [] and all(one["tags"] == [] for one in place(server)["contacts"])
    house.integration.refresh_from_db()
    assert not integrations.save_settings(house.integration, {"import_invoices": "yes"}, house.ann)
    house.run()
    assert house.integration.runs.filter(kind=Run.Kind.IMPORT).count() == 1


# C-19, C-20: review requests


def reviewed(house, server, **settings):
    books(server, customer(7, MAIL), customer(8, "deux@inventee.example"))
    server.load("quickbooks", Invoice=[sale(41, 7, 100, TxnDate=TODAY.isoformat(), Balance=100)])
    agency_pair(house, "contact", "review", settings={"reviews": "yes", **settings})
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert asked(server) == []
    server.load("quickbooks", Invoice=[{"Id": "41", "Balance": 0}])
    run = house.run()
    assert run.state == "done", kept_back(run)


def asked(server):
    return [one["email"] for one in place(server)["contacts"] if "bridge-review" in one["tags"]]


@pytest.mark.row("C-19")
def test_the_first_paid_invoice_asks_once_and_the_second_not_again(house, server):
    reviewed(house, server)
    assert asked(server) == [MAIL]
    calls = [call for call in written(server, "highlevel") if call.endswith("/tags")]
    server.load("quickbooks", Invoice=[sale(42, 7, 50, TxnDate=TODAY.isoformat())])
    house.run()
    house.run()
    assert [call for call in written(server, "highlevel") if call.endswith("/tags")] == calls and len(calls) == 1


@pytest.mark.row("C-19")
def test_by_workflow_a_contact_is_enrolled_once(house, server):
    reviewed(house, server, review_by="workflow", review_workflow=REVIEW)
    house.run()
    contact = next(one["id"] for one in place(server)["contacts"] if one["email"] == MAIL)
    assert place(server)["enrolment_counts"] == {f"{contact} {REVIEW}": 1}


@pytest.mark.row("C-19")
def test_off_asks_nobody(house, server):
    reviewed(house, server, reviews="no")
    assert asked(server) == []


@pytest.mark.row("C-19")
def test_a_tag_somebody_took_away_asks_nobody_again(house, server):
    reviewed(house, server)
    contact = next(one for one in place(server)["contacts"] if one["email"] == MAIL)
    server.load("highlevel", contacts=[{"id": contact["id"], "tags": []}])
    server.load("quickbooks", Invoice=[sale(42, 7, 50, TxnDate=TODAY.isoformat())])
    house.run()
    assert asked(server) == []


# Bad input


def test_a_contact_without_an_address_pays_and_is_a_customer_by_name(house, server):
    server.load("highlevel", contacts=[person(1, None, phone="+15145550177")])
    server.load("highlevel", payments=[bought(contact=person(1)["id"])])
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert list(customers(server)) == ["Ondine Inventée 1"] and len(book(server, "SalesReceipt")) == 1


def test_a_deleted_invoice_is_voided_in_the_books(house, server, posted):
    server.load("highlevel", invoices=[act(1, deleted=True)])
    house.run()
    (found,) = book(server, "Invoice").values()
    assert amount(found["TotalAmt"]) == 0


def test_a_payment_waits_for_its_invoice_and_is_carried_in_the_run_that_brings_it(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)])
    sent(server, bill(1, items=[line("Inconnu")]))
    server.load("highlevel", invoices=[act(1, pay=True)])
    agency_pair(house, settings={"default_item": ""})
    run = house.run()
    codes = set(kept_back(run).values())
    assert "ITEM-UNMAPPED" in codes and codes & {"PARENT-HELD", "PARENT-MISSING"}
    house.map("item", Inconnu="1001")
    run = house.run()
    assert run.state == "done", kept_back(run)
    (found,) = book(server, "Invoice").values()
    assert amount(found["Balance"]) == 0 and len(book(server, "Payment")) == 1


def test_money_given_back_is_one_refund_receipt_that_grows(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought(items=[line(), line("Atelier", 20)])])
    agency_pair(house)
    house.run()
    name = place(server)["transactions"][0]["_id"]
    for part, whole in ((20, "20.00"), ("30.33", "50.33")):
        server.load("highlevel", refunds=[{"transaction": name, "amount": part}])
        run = house.run()
        assert run.state == "done", kept_back(run)
        assert [amount(one["TotalAmt"]) for one in book(server, "RefundReceipt").values()] == [Decimal(whole)]
    server.load("highlevel", transactions=[{"_id": name, "amountRefunded": 0, "status": "refunded"}])
    house.run()
    assert "QBHL-REFUND-AMOUNT" in {change.code for change in Change.objects.filter(state="held", entity="refund")}


def given_back(server):
    return sorted(amount(one["TotalAmt"]) for one in book(server, "RefundReceipt").values())


@pytest.mark.parametrize("lost", ["drop_after", "drop_before"])
def test_each_part_given_back_is_in_the_books_once_although_answers_are_lost(house, server, lost):
    """Of a receipt and of an invoice's payment: the sum is right to the cent after each part, and stays so."""
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought(items=[line(), line("Atelier", 20)])])
    sent(server, bill(1))
    server.load("highlevel", invoices=[act(1, pay=True)])
    agency_pair(house)
    run = house.run()
    assert run.state == "done", kept_back(run)
    charges = {one["entityType"]: one["_id"] for one in place(server)["transactions"]}
    sums = dict.fromkeys(charges, Decimal(0))
    for part in ("0.01", "33.33", "7.77"):
        for kind, name in charges.items():
            server.load("highlevel", refunds=[{"transaction": name, "amount": part}])
            sums[kind] += Decimal(part)
        fault = {"vendor": "quickbooks", "method": "POST", "path": "refundreceipt|batch", "kind": lost, "times": 1}
        server.faults(fault)
        run = house.run()
        assert server.control("GET", "faults")["faults"][0]["hits"] == 1
        server.faults()
        assert run.state == "done", kept_back(run)
        assert given_back(server) == sorted(sums.values())
        assert done(house.run()) == 0
    receipts = {one["_id"]: one for one in place(server)["transactions"]}
    rest = amount(receipts[charges["order"]]["amount"]) - sums["order"]
    server.load("highlevel", refunds=[{"transaction": charges["order"], "amount": str(rest)}])
    run = house.run()
    assert run.state == "done", kept_back(run)
    assert given_back(server) == sorted([sums["invoice"], amount(receipts[charges["order"]]["amount"])]), "all of it"


def test_a_refund_that_shrinks_or_came_to_nothing_is_followed(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought(), bought("checkout")])
    agency_pair(house)
    name, other = (one["_id"] for one in place(server)["transactions"])
    server.load("highlevel", refunds=[{"transaction": one, "amount": 20} for one in (name, other)])
    house.run()
    assert given_back(server) == [Decimal(20), Decimal(20)]
    for left, sums in (("12.34", ["12.34", "20"]), (0, ["0", "20"]), ("7.01", ["7.01", "20"])):
        server.load("highlevel", transactions=[{"_id": name, "amountRefunded": left}])
        run = house.run()
        assert run.state == "done", kept_back(run)
        found = [one for one in given_back(server) if one]
        assert found == [Decimal(one) for one in sums if one != "0"], left
        assert done(house.run()) == 0


def test_parts_given_back_while_nothing_was_read_are_one_sum_and_reading_all_anew_adds_nothing(house, server):
    from bridge.hub.models import Cursor

    server.load("highlevel", contacts=[person(1, MAIL)], payments=[bought()])
    agency_pair(house)
    house.run()
    name = place(server)["transactions"][0]["_id"]
    server.load("highlevel", refunds=[{"transaction": name, "amount": part} for part in ("10.10", "0.05", "3")])
    house.run()
    assert given_back(server) == [Decimal("13.15")]
    Cursor.objects.all().delete()
    run = house.run()
    assert run.state == "done" and done(run) == 0, kept_back(run)
    assert given_back(server) == [Decimal("13.15")]


def test_the_used_up_day_puts_a_run_off_and_says_until_when(house, server):
    server.load("highlevel", contacts=[person(1, MAIL)])
    agency_pair(house, "contact")
    server.control("POST", "configure/highlevel", {"rate_limits": True, "daily_calls": 1})
    run = runs.start(house.integration, user=house.ann, enqueue=False)
    runs.work(run.pk)
    run.refresh_from_db()
    assert run.is_open and run.reason_code == "HL-DAILY" and run.reason_params["until"].endswith("00:00 UTC")
    explained(run.reason_code, run.reason_params)


def test_a_revoked_key_ends_the_run_and_tells_a_person(house, server):
    agency_pair(house, "contact")
    house.run()
    server.faults({"vendor": "highlevel", "kind": "revoke"})
    run = house.run()
    assert run.state == Run.State.INTERRUPTED and run.reason_code in ("HL-GRANT-GONE", "HL-TOKEN")
    house.integration.right.refresh_from_db()
    assert house.integration.right.state == "attention"
