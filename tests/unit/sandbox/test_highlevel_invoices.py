"""Invoices of the stand-in: sums with TPS and TVQ, the life from draft to paid or void, lists, edits by hand."""

from decimal import Decimal

import pytest

from connectors.sandbox.core import SandboxError, encode
from connectors.sandbox.highlevel.money import add_up
from tests.unit.sandbox.highlevel_desk import TAXES, VERSION, Desk


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def ann(desk):
    return desk.add(firstName="Ann", lastName="Lee", email="ann@example.com")


TPS, TVQ = TAXES[0], {**TAXES[1], "rate": Decimal("9.975")}
LINES = [("100.00", 1), ("33.33", 3), ("0.99", 7)]


def lines(*rows, taxes=(TPS, TVQ), **more):
    return [{"amount": Decimal(amount), "qty": quantity, "taxes": list(taxes), **more} for amount, quantity in rows]


@pytest.mark.parametrize(
    ("rows", "discount", "rounding", "wanted"),
    [
        (lines(*LINES), None, "document", "206.92 0.00 30.99 237.91"),
        (lines(("0.10", 1), ("0.10", 1)), None, "document", "0.20 0.00 0.03 0.23"),
        (lines(("0.10", 1), ("0.10", 1)), None, "line", "0.20 0.00 0.04 0.24"),
        (lines(*LINES), {"type": "percentage", "value": 10}, "document", "206.92 20.69 27.89 214.12"),
        (lines(*LINES), {"type": "fixed", "value": 25}, "document", "206.92 25.00 27.25 209.17"),
        (lines(("10", 1)), {"type": "fixed", "value": 25}, "document", "10.00 10.00 0.00 0.00"),
        (lines(("114.98", 1), taxInclusive=True), None, "document", "114.98 0.00 14.98 114.98"),
        (lines(("100", 1), taxes=()), None, "document", "100.00 0.00 0.00 100.00"),
        ([], None, "document", "0.00 0.00 0.00 0.00"),
    ],
)
def test_sums_add_up(rows, discount, rounding, wanted):
    sums = add_up(rows, discount, rounding)
    assert " ".join(map(str, (sums.subtotal, sums.discount, sums.tax, sums.total))) == wanted
    assert sums.tax == sum((row["amount"] for row in sums.taxes), Decimal(0))


def test_a_discount_for_some_products_leaves_the_others_alone():
    rows = [*lines(("100", 1), productId="p"), *lines(("100", 1), productId="q")]
    sums = add_up(rows, {"type": "percentage", "value": 50, "validOnProductIds": ["p"]})
    assert (sums.discount, sums.total) == (Decimal("50.00"), Decimal("172.46"))


def test_an_invoice_goes_from_draft_to_sent_to_partly_paid_to_paid(desk, ann):
    draft = desk.draft(ann, ("Table", 100, 1), ("Chair", 50, 2))
    assert (draft["status"], draft["total"], draft["amountDue"]) == ("draft", 229.95, 229.95)
    assert draft["totalSummary"] == {"subTotal": 200.0, "discount": 0.0, "tax": 29.95}
    assert draft["invoiceNumber"] == "000101"
    path = {"mode": "cash", "notes": "x", "amount": 29.95}
    told = {"altId": desk.location, "altType": "location", **path}
    desk.refused("POST", f"/invoices/{draft['_id']}/record-payment", told, status=400, fits=True)
    sent = desk.mark_sent(draft)
    assert (sent["status"], desk.mark_sent(draft)["status"]) == ("sent", "sent")
    assert desk.held()["messages"] == []
    part = desk.act(draft, "record-payment", **path)["invoice"]
    assert (part["status"], part["amountPaid"], part["amountDue"]) == ("partially_paid", 29.95, 200.0)
    over = {**told, "amount": 200.01}
    desk.refused("POST", f"/invoices/{draft['_id']}/record-payment", over, status=400, fits=True)
    paid = desk.act(draft, "record-payment", mode="cheque", notes="x", cheque={"number": "7"})["invoice"]
    assert (paid["status"], paid["amountPaid"], paid["amountDue"]) == ("paid", 229.95, 0.0)
    rows = desk.ok("GET", desk.alt("/payments/transactions", entityId=draft["_id"]))["data"]
    assert sorted(row["amount"] for row in rows) == [29.95, 200.0]
    assert {(row["entityType"], row["paymentProviderType"]) for row in rows} == {("invoice", "manual")}
    desk.refused(
        "POST", f"/invoices/{draft['_id']}/void", {"altId": desk.location, "altType": "location"}, status=400, fits=True
    )


def test_a_payment_keeps_the_day_it_was_made(desk, ann):
    invoice = desk.mark_sent(desk.draft(ann))
    told = {"mode": "bank_transfer", "notes": "x", "fulfilledAt": "2026-10-15T12:00:00.000Z"}
    desk.act(invoice, "record-payment", **told)
    row = desk.ok("GET", desk.alt("/payments/transactions"))["data"][0]
    assert row["fulfilledAt"] == "2026-10-15T12:00:00.000Z"
    bad = {"altId": desk.location, "altType": "location", **told, "fulfilledAt": "soon"}
    other = desk.mark_sent(desk.draft(ann))
    desk.refused("POST", f"/invoices/{other['_id']}/record-payment", bad, fits=True)
    assert desk.invoice(other["_id"])["status"] == "sent"


def test_sending_needs_a_person_of_the_location_and_only_mails_when_asked(desk, ann):
    draft = desk.draft(ann)
    told = {"altId": desk.location, "altType": "location", "action": "email", "liveMode": True}
    desk.refused("POST", f"/invoices/{draft['_id']}/send", {**told, "userId": "x"}, status=400, fits=True)
    user = desk.held()["users"][0]
    desk.ok("POST", f"/invoices/{draft['_id']}/send", {**told, "userId": user})
    assert [one["action"] for one in desk.held()["messages"]] == ["email"]


def test_void_and_delete_are_final(desk, ann):
    invoice = desk.mark_sent(desk.draft(ann))
    voided = desk.act(invoice, "void")
    assert (voided["status"], voided["amountDue"], voided["total"]) == ("void", 0.0, 114.98)
    for act in ({"send": True}, {"pay": True}, {"invoiceNumber": "9"}, {"void": True}):
        with pytest.raises(SandboxError):
            desk.load("invoices", {"_id": invoice["_id"], **act})
    desk.load("invoices", {"_id": invoice["_id"], "deleted": True})
    desk.refused("GET", desk.alt(f"/invoices/{invoice['_id']}"), status=404)
    assert desk.ok("GET", desk.alt("/invoices/", limit=10, offset=0))["total"] == 0


def test_a_person_edits_number_dates_and_lines_until_it_is_paid(desk, ann):
    invoice = desk.mark_sent(desk.draft(ann, ("Table", 100, 1), ("Chair", 50, 2)))
    id = invoice["_id"]
    desk.load("invoices", {"_id": id, "pay": Decimal("114.98")})
    desk.sandbox.clock.advance(60)
    items = [
        {"name": "Lamp", "amount": Decimal("30"), "qty": 1, "taxes": [TPS, TVQ]},
        *reversed(invoice["invoiceItems"]),
    ]
    desk.load("invoices", {"_id": id, "invoiceNumber": "F-77", "dueDate": "2027-01-31", "items": items})
    now = desk.invoice(id)
    assert [line["name"] for line in now["invoiceItems"]] == ["Lamp", "Chair", "Table"]
    assert (now["invoiceNumber"], now["dueDate"], now["status"]) == ("F-77", "2027-01-31", "partially_paid")
    assert (now["total"], now["amountDue"]) == (264.44, 149.46)
    assert now["updatedAt"] > invoice["updatedAt"]
    desk.load(
        "invoices", {"_id": id, "items": [{"name": "Lamp", "amount": Decimal("100"), "qty": 1, "taxes": [TPS, TVQ]}]}
    )
    assert desk.invoice(id)["status"] == "paid"
    with pytest.raises(SandboxError):
        desk.load("invoices", {"_id": id, "invoiceNumber": "F-78"})


def test_a_new_invoice_by_hand_can_be_sent_and_paid_at_once(desk, ann):
    desk.load("invoices", {"contact": "ann@example.com", "items": lines(("100", 1)) and [
        {"name": "Table", "amount": Decimal("100"), "qty": 1, "taxes": [TPS]}], "send": True, "pay": True})  # fmt: skip
    found = desk.held()["invoices"][0]
    assert (found["status"], str(found["total"]), found["contactDetails"]["email"]) == (
        "paid",
        "105.00",
        "ann@example.com",
    )


def test_numbers_go_on_behind_the_highest(desk, ann):
    desk.draft(ann, invoiceNumber="000500")
    assert desk.ok("GET", desk.alt("/invoices/generate-invoice-number"))["invoiceNumber"] == "000501"
    desk.draft(ann, invoiceNumber="A-9")
    assert desk.draft(ann)["invoiceNumber"] == "000501"
    assert desk.ok("GET", desk.alt("/invoices/settings"))["invoiceNumberPrefix"] == "CC-"


def test_lists_filter_and_page(desk, ann):
    other = desk.add(email="other@example.com", firstName="Other")
    made = [
        desk.draft(ann if at % 2 else other, ("Table", 100, 1), issueDate=f"2026-10-{at + 1:02d}", liveMode=at != 5)
        for at in range(9)
    ]
    desk.mark_sent(made[0])

    def ids(**more):
        told = {"limit": 100, "offset": 0, **more}
        return [row["_id"] for row in desk.ok("GET", desk.alt("/invoices/", **told))["invoices"]]

    by_day = {"sortField": "issueDate", "sortOrder": "ascend"}
    assert ids(**by_day) == [one["_id"] for one in made]
    assert ids(**by_day, limit=2, offset=3) == [one["_id"] for one in made[3:5]]
    assert ids(**by_day, startAt="2026-10-03", endAt="2026-10-04") == [one["_id"] for one in made[2:4]]
    assert ids(status="sent") == [made[0]["_id"]]
    assert ids(paymentMode="test") == [made[5]["_id"]]
    assert len(ids(contactId=ann["id"])) == 4
    assert ids(search="000103") == [made[2]["_id"]]
    assert ids(status="overdue") == []
    desk.sandbox.clock.advance(40 * 86_400)
    desk.token = desk.connect()["access_token"]
    assert ids(status="overdue") == [made[0]["_id"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": None},
        {"offset": None},
        {"limit": "many"},
        {"limit": "-1"},
        {"status": "open"},
        {"startAt": "2026-03-01T00:00:00Z"},
        {"endAt": "2026-02-30"},
        {"sortField": "total"},
        {"altType": "company"},
        {"altId": None},
    ],
)
def test_a_list_that_is_not_asked_for_rightly_is_refused(wrong, desk):
    told = {"limit": 100, "offset": 0, **wrong}
    address = desk.alt("/invoices/", **{name: value for name, value in told.items() if value is not None})
    if wrong.get("altId", "") is None:
        address = address.replace(f"altId={desk.location}&", "")
    desk.refused("GET", address)


def test_addresses_are_taken_exactly(desk):
    desk.refused("GET", desk.alt("/invoices", limit=1, offset=0), status=404)
    desk.refused("GET", "/workflows", status=404)
    desk.refused("DELETE", "/invoices/x", status=404)
    desk.refused("GET", "/invoices/?altId=elsewhere&altType=location&limit=1&offset=0", status=403)


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"items": [{"name": "x", "currency": "CAD", "amount": "1.00", "qty": 1}]},
        {"items": [{"name": "x", "amount": 1, "qty": 1}]},
        {"currency": "DOLLAR"},
        {"discount": {"type": "half"}},
        {"issueDate": "05/11/2026"},
        {"sentTo": {}},
        {"liveMode": "yes"},
        {"contactDetails": {"id": "x", "name": "x", "email": None, "phoneNo": ""}},
        {"altType": "company"},
    ],
)
def test_an_invoice_that_does_not_fit_is_refused(wrong, desk, ann):
    body = {
        "altId": desk.location, "altType": "location", "name": "n", "businessDetails": {}, "currency": "CAD",
        "items": [{"name": "x", "currency": "CAD", "amount": 1, "qty": 1}], "discount": {"type": "fixed"},
        "contactDetails": {"id": ann["id"], "name": "x", "email": "", "phoneNo": ""}, "issueDate": "2026-11-05",
        "sentTo": {"email": []}, "liveMode": True,
    }  # fmt: skip
    assert desk.raw("POST", "/invoices/", body).status == 200
    desk.refused("POST", "/invoices/", body | wrong)
    unknown = {**body["contactDetails"], "id": "nobody"}
    desk.refused("POST", "/invoices/", {**body, "contactDetails": unknown}, status=400, fits=True)


def test_answers_can_be_lost_after_the_work_is_done(desk, ann):
    desk.vendor.configure({"lose_answers": 1})
    told = {"locationId": desk.location, "email": "lost@example.com"}
    assert desk.raw("POST", "/contacts/search", {"locationId": desk.location, "pageLimit": 1}).status == 200
    headers = {"authorization": f"Bearer {desk.token}", "version": VERSION}
    assert desk.send("POST", "/contacts/", encode(told), headers).status == 504
    assert desk.find({"field": "email", "operator": "eq", "value": "lost@example.com"})["total"] == 1
