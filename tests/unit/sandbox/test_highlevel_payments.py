"""Sales of the stand-in: the four kinds of payment, renewals, refunds, what lists leave out, the demo world."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.sandbox.core import Clock, Sandbox, SandboxError, encode
from connectors.sandbox.highlevel import HighLevelStandIn
from connectors.sandbox.highlevel.world import ATELIER, CAFE, PINECREST
from connectors.sandbox.quickbooks import QuickBooksStandIn
from tests.unit.sandbox.highlevel_desk import VERSION, Desk

TPS = {"_id": "tps", "name": "TPS", "rate": 5, "calculation": "exclusive"}
TVQ = {"_id": "tvq", "name": "TVQ", "rate": Decimal("9.975"), "calculation": "exclusive"}


@pytest.fixture
def desk():
    desk = Desk()
    desk.load("contacts", {"id": "ann", "firstName": "Ann", "lastName": "Lee", "email": "ann@example.com"})
    yield desk
    desk.close()


def listed(desk, kind, **more):
    return desk.ok("GET", desk.alt(f"/payments/{kind}", **{"limit": 100, "offset": 0, **more}))


@pytest.mark.parametrize(
    ("kind", "source", "below"),
    [
        ("order_form", "funnel", "two_step_order_form"),
        ("subscription", "funnel", "one_step_order_form"),
        ("checkout", "membership", None),
        ("calendar", "calendar", None),
    ],
)
def test_each_kind_of_payment_is_an_order_with_its_charge(kind, source, below, desk):
    item = {"name": "Cours", "amount": Decimal("80"), "qty": 2, "taxes": [TPS, TVQ]}
    told = {"kind": kind, "contact": "ann@example.com", "items": [item], "at": "2026-10-30T23:30:00Z"}
    desk.load("payments", {**told, "discount": {"type": "fixed", "value": 10}, "coupon": "DIX"})
    order, charge = listed(desk, "orders")["data"][0], listed(desk, "transactions")["data"][0]
    assert (order["sourceType"], order["sourceSubType"]) == (source, below)
    assert (order["subtotal"], order["discount"], order["amount"], order["couponCode"]) == (160.0, 10.0, 172.46, "DIX")
    assert (charge["amount"], charge["entityId"], charge["fulfilledAt"]) == (
        172.46,
        order["_id"],
        "2026-10-30T23:30:00.000Z",
    )
    assert (charge["contactName"], charge["contactEmail"]) == ("Ann Lee", "ann@example.com")
    assert "items" not in order and "qboSynced" not in charge
    whole = desk.ok("GET", desk.alt(f"/payments/orders/{order['_id']}"))
    assert whole["amountSummary"] == {"subtotal": 160.0, "discount": 10.0, "tax": 22.46, "shipping": 0.0}
    assert [row["amount"] for row in whole["taxSummary"]] == [7.5, 14.96]
    assert whole["items"][0]["price"]["type"] == ("recurring" if kind == "subscription" else "one_time")
    assert desk.ok("GET", desk.alt(f"/payments/transactions/{charge['_id']}"))["qboSynced"] is False
    assert listed(desk, "subscriptions")["totalCount"] == (kind == "subscription")


def test_a_renewal_is_a_new_charge_on_the_same_order(desk):
    desk.load("payments", {"kind": "subscription", "contact": "ann", "amount": 29})
    one = listed(desk, "subscriptions")["data"][0]
    desk.load("renewals", {"subscription": one["_id"], "at": "2026-12-05T10:00:00Z"})
    charges = listed(desk, "transactions", subscriptionId=one["subscriptionId"])["data"]
    assert len(charges) == 2 and len({charge["entityId"] for charge in charges}) == 1
    assert listed(desk, "orders")["totalCount"] == 1
    whole = desk.ok("GET", desk.alt(f"/payments/subscriptions/{one['_id']}"))
    assert whole["status"] == "active" and whole["subscriptionId"] == one["subscriptionId"]


def test_refunds_add_up_on_the_charge_and_leave_no_date(desk):
    desk.load("payments", {"kind": "calendar", "contact": "ann", "amount": 60})
    id = listed(desk, "transactions")["data"][0]["_id"]
    desk.load("refunds", {"transaction": id, "amount": 20})
    desk.load("refunds", {"transaction": id, "amount": Decimal("15.50")})
    row = listed(desk, "transactions")["data"][0]
    assert (row["amountRefunded"], row["status"]) == (35.5, "succeeded")
    with pytest.raises(SandboxError):
        desk.load("refunds", {"transaction": id, "amount": 25})
    desk.load("refunds", {"transaction": id, "amount": Decimal("24.50")})
    assert listed(desk, "transactions")["data"][0]["status"] == "refunded"
    assert listed(desk, "orders", paymentStatus="refunded")["totalCount"] == 1
    assert listed(desk, "orders", paymentStatus="paid")["totalCount"] == 0


def test_lists_filter_by_day_kind_and_mode(desk):
    for at, kind in enumerate(("calendar", "order_form", "checkout", "store")):
        told = {"kind": kind, "contact": "ann", "amount": 10 + at, "at": f"2026-10-{10 + at}T12:00:00Z"}
        desk.load("payments", {**told, "liveMode": at != 3})
    assert [row["amount"] for row in listed(desk, "transactions")["data"]] == [13.0, 12.0, 11.0, 10.0]
    assert listed(desk, "transactions", startAt="2026-10-11", endAt="2026-10-12")["totalCount"] == 2
    assert listed(desk, "transactions", entitySourceType="calendar")["totalCount"] == 1
    assert listed(desk, "transactions", entitySourceSubType="store")["totalCount"] == 1
    assert listed(desk, "transactions", paymentMode="test")["totalCount"] == 1
    assert listed(desk, "orders", search="lee")["totalCount"] == 4
    assert len(desk.ok("GET", desk.alt("/payments/orders", limit=3, offset=2))["data"]) == 2
    desk.refused("GET", desk.alt("/payments/orders/none"), status=404)
    desk.refused("GET", desk.alt("/payments/orders", startAt="yesterday"))
    desk.refused("POST", "/payments/orders", {}, status=404)


def test_orders_may_hide_their_taxes(desk):
    desk.vendor.configure({"order_taxes": False})
    desk.load(
        "payments", {"kind": "calendar", "contact": "ann", "items": [{"name": "x", "amount": 10, "taxes": [TPS]}]}
    )
    id = listed(desk, "orders")["data"][0]["_id"]
    whole = desk.ok("GET", desk.alt(f"/payments/orders/{id}"))
    assert whole["amountSummary"] == {"subtotal": 10.0, "discount": 0.0} and "taxSummary" not in whole


def test_products_and_prices_are_listed(desk):
    desk.load(
        "products",
        {"_id": "p1", "name": "Cours", "productType": "DIGITAL"},
        {"_id": "p2", "name": "Table", "productType": "PHYSICAL"},
    )
    desk.load(
        "prices", {"_id": "q1", "product": "p1", "name": "Cours", "type": "one_time", "currency": "CAD", "amount": 10}
    )
    place = f"locationId={desk.location}"
    found = desk.ok("GET", f"/products/?{place}&search=cou")
    assert ([row["_id"] for row in found["products"]], found["total"]) == (["p1"], [{"total": 1}])
    assert desk.ok("GET", f"/products/p2?{place}")["name"] == "Table"
    assert desk.ok("GET", f"/products/p1/price?{place}")["total"] == 1
    desk.refused("GET", f"/products/none?{place}", status=404)
    headers = {"authorization": "Bearer pit-SECRET-atelier-boreal-0001", "version": VERSION}
    fields = desk.send("GET", f"/locations/{desk.location}/customFields", headers=headers)
    assert b"contact.quickbooks_id" in fields.body


# World demo


@pytest.fixture(scope="module")
def demo():
    vendor = HighLevelStandIn(Sandbox(Clock(datetime(2026, 11, 5, 10, tzinfo=UTC))))
    vendor.reset("demo")
    return {one["id"]: one for one in vendor.state()["locations"]}


def test_the_demo_world_holds_what_the_books_pair_needs(demo):
    atelier = demo[ATELIER]
    assert len(atelier["contacts"]) >= 250
    assert {one["status"] for one in atelier["invoices"]} == {"draft", "sent", "partially_paid", "paid", "void"}
    sources = Counter((one["source"]["type"], one["source"]["subType"]) for one in atelier["orders"])
    for kind in (
        ("funnel", "two_step_order_form"),
        ("funnel", "one_step_order_form"),
        ("membership", None),
        ("calendar", None),
    ):
        assert sources[kind] >= 8, kind
    charges = atelier["transactions"]
    assert any(one["qboSynced"] for one in charges) and any(not one["liveMode"] for one in charges)
    assert any(one["amountRefunded"] for one in charges) and any(one["status"] == "failed" for one in charges)
    names = {tax["name"] for one in atelier["invoices"] for line in one["invoiceItems"] for tax in line["taxes"]}
    assert names == {"TPS", "TVQ"}
    assert demo[PINECREST]["contacts"] and not demo[CAFE]["contacts"]


def test_invoices_of_the_demo_world_add_up_and_agree_with_their_charges(demo):
    for place in demo.values():
        for one in place["invoices"]:
            sums = one["totalSummary"]
            assert one["total"] == sums["subTotal"] - sums["discount"] + sums["tax"]
            paid = sum((row["amount"] for row in place["transactions"] if row["invoiceId"] == one["_id"]), Decimal(0))
            assert paid == one["amountPaid"]
            assert one["status"] == "void" or one["amountDue"] == one["total"] - paid


def test_contacts_of_the_demo_world_meet_customers_of_the_books(demo):
    books = QuickBooksStandIn(Sandbox(Clock(datetime(2026, 11, 5, 10, tzinfo=UTC))))
    books.reset("demo")
    customers = books.state()["companies"]["9130000000000001"]["Customer"]
    known = {one.get("PrimaryEmailAddr", {}).get("Address", "").lower() for one in customers} - {""}
    mails = [one["email"] for one in demo[ATELIER]["contacts"]]
    assert sum(bool(mail) and mail.lower() in known for mail in mails) >= 150
    assert sum(mail is None for mail in mails) >= 20
    assert sum(bool(mail) and mail.endswith("@perso.example") for mail in mails) >= 10
    assert any(mail and mail != mail.lower() for mail in mails)


def test_the_demo_world_is_the_same_each_time(demo):
    again = HighLevelStandIn(Sandbox(Clock(datetime(2026, 11, 5, 10, tzinfo=UTC))))
    again.reset("demo")
    again.reset("demo")
    for place in again.state()["locations"]:
        mine, theirs = dict(place), dict(demo[place["id"]])
        mine.pop("now"), theirs.pop("now")
        assert encode(mine) == encode(theirs)
    with pytest.raises(SandboxError):
        again.reset("mars")


def test_lists_and_reads_of_the_demo_world_fit_the_contract():
    desk = Desk("demo")
    try:
        for kind in ("orders", "transactions", "subscriptions"):
            for row in listed(desk, kind, limit=1000)["data"][::9]:
                desk.ok("GET", desk.alt(f"/payments/{kind}/{row['_id']}"))
        found = desk.ok("GET", desk.alt("/invoices/", limit=1000, offset=0))
        assert found["total"] == len(found["invoices"]) > 100
        assert desk.find(size=500)["total"] == len(desk.held()["contacts"])
        for product in desk.ok("GET", f"/products/?locationId={desk.location}")["products"]:
            assert desk.ok("GET", f"/products/{product['_id']}/price?locationId={desk.location}")["total"] == 1
        assert len(desk.ok("GET", f"/workflows/?locationId={desk.location}")["workflows"]) == 3
    finally:
        desk.close()
