"""A person at the stand-in's own screens: contacts, invoices, payments, in both languages; what they do is told."""

from urllib.parse import urlencode

import pytest

from connectors.sandbox.highlevel.world import ATELIER
from tests.unit.sandbox.highlevel_desk import FORM, Desk


@pytest.fixture
def desk():
    desk = Desk()
    desk.vendor.configure({"webhook_url": "http://127.0.0.1:9/hooks"})
    desk.load("contacts", {"id": "ann", "firstName": "Ann", "lastName": "<Lee>", "email": "ann@example.com"})
    desk.load("invoices", {"_id": "inv", "contact": "ann", "items": [{"name": "Table", "amount": 100, "qty": 1}]})
    desk.agency()
    desk.posted()
    yield desk
    desk.close()


def see(desk, path, language="en"):
    answer = desk.send("GET", path, headers={"accept-language": language})
    assert answer.status == 200, answer.body
    return answer.body.decode()


def do(desk, path, status=303, **form):
    answer = desk.send("POST", f"/app/{ATELIER}/{path}", urlencode(form).encode(), {"content-type": FORM})
    assert answer.status == status, answer.body
    return answer


@pytest.mark.parametrize(("language", "word"), [("en", "Invoices"), ("fr", "Factures")])
def test_lists_show_what_is_there_and_say_when_nothing_is(language, word, desk):
    assert "Atelier Boréal" in see(desk, "/app", language)
    page = see(desk, f"/app/{ATELIER}/invoices", language)
    assert word in page and "CC-000101" in page and f'lang="{language}"' in page
    assert "&lt;Lee&gt;" in see(desk, f"/app/{ATELIER}/contacts", language)
    assert ("Nothing here yet." if language == "en" else "Rien pour l’instant.") in see(
        desk, f"/app/{ATELIER}/sales", language
    )
    assert "ann@example.com" not in see(desk, f"/app/{ATELIER}/contacts?q=nobody", language)
    assert "ann@example.com" in see(desk, f"/v2/location/{ATELIER}/contacts/detail/ann", language)


def test_an_invoice_is_edited_sent_paid_and_told(desk):
    lines = "Table; 2; 100,50\nLamp; 1; 30"
    do(desk, "invoices/inv", do="save", number="F-7", issueDate="2026-11-01", dueDate="2026-12-01", lines=lines)
    do(desk, "invoices/inv", do="send")
    do(desk, "invoices/inv", do="pay", amount="31")
    held = desk.held()["invoices"][0]
    assert (held["invoiceNumber"], held["status"], str(held["total"]), str(held["amountDue"])) == (
        "F-7",
        "partially_paid",
        "231.00",
        "200.00",
    )
    do(desk, "invoices/inv", do="pay", amount="200.00")
    refused = do(desk, "invoices/inv", status=400, do="void")
    assert b'role="alert"' in refused.body
    assert [event["type"] for event in desk.posted()] == [
        "InvoiceUpdate",
        "InvoiceSent",
        "InvoicePartiallyPaid",
        "InvoicePaid",
    ]


def test_a_new_invoice_is_a_draft_that_can_be_voided_or_deleted(desk):
    do(desk, "contacts/ann", do="new_invoice", line="Chaise; 1; 50")
    draft = desk.held()["invoices"][-1]
    assert draft["status"] == "draft"
    do(desk, f"invoices/{draft['_id']}", do="void")
    do(desk, f"invoices/{draft['_id']}", do="delete")
    assert [event["type"] for event in desk.posted()] == ["InvoiceCreate", "InvoiceVoid", "InvoiceDelete"]


@pytest.mark.parametrize("kind", ["order_form", "subscription", "checkout", "calendar"])
def test_a_payment_of_each_kind_is_taken(kind, desk):
    do(desk, "contacts/ann", do="sell", kind=kind, amount="49,99")
    assert str(desk.held()["transactions"][0]["amount"]) == "49.99"
    assert "49.99" in see(desk, f"/app/{ATELIER}/sales")


def test_a_contact_is_added_edited_and_deleted(desk):
    do(desk, "contacts/new", do="save", firstName="Ben", lastName="", email="ben@example.com", country="CA")
    ben = desk.held()["contacts"][-1]
    assert (ben["contactName"], ben["lastName"]) == ("Ben", None)
    do(desk, f"contacts/{ben['id']}", do="save", email="other@example.com")
    do(desk, f"contacts/{ben['id']}", do="delete")
    assert [event["type"] for event in desk.posted()] == ["ContactCreate", "ContactUpdate", "ContactDelete"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("contacts/ann", {"do": "save", "email": "nope"}),
        ("contacts/ann", {"do": "sell", "kind": "calendar", "amount": "free"}),
        ("contacts/ann", {"do": "sell", "kind": "gift", "amount": "1"}),
        ("contacts/ann", {"do": "new_invoice", "line": "Chaise"}),
        ("invoices/inv", {"do": "save", "number": "1", "issueDate": "soon", "lines": "x; 1; 1"}),
        ("invoices/inv", {"do": "save", "number": "1", "issueDate": "2026-11-01", "lines": ""}),
        ("invoices/inv", {"do": "pay", "amount": "1"}),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(path, form, desk):
    before = desk.held()
    answer = do(desk, path, status=400, **form)
    assert b'role="alert"' in answer.body
    assert {**desk.held(), "now": 0} == {**before, "now": 0}


@pytest.mark.parametrize("path", ["contacts/none", "invoices/none", "sales/none", "ships", "invoices/inv/more"])
def test_other_addresses_are_none(path, desk):
    assert desk.send("GET", f"/app/{ATELIER}/{path}").status == 404
    assert desk.send("GET", "/app/nowhere/invoices").status == 404
    assert desk.send("GET", "/v2/location/x").status == 404
