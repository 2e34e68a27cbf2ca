"""Carts become orders with everything that follows, and what happens to orders later is consistent to the cent."""

import random
from decimal import Decimal

import pytest

from connectors.sandbox.core import SandboxError
from tests.unit.sandbox.magento_desk import Desk
from tests.unit.sandbox.test_magento_world import counting_rows, identity, money


@pytest.fixture
def desk():
    """The demo world; ids go on behind its orders."""
    desk = Desk("demo")
    desk.last = desk.vendor.shop.next_id("orders") - 1
    yield desk
    desk.close()


def order(desk, number=1):
    return desk.ok("GET", f"orders/{desk.last + number}")


def documents(desk, path, number=1):
    return desk.get(path, ("order_id", "eq", str(desk.last + number)))["items"]


def test_a_cart_becomes_an_order_with_its_invoice_and_its_transaction(desk):
    cart = {
        "lines": [{"sku": "TABL-011", "quantity": 2}, {"sku": "LIVR-301"}],
        "method": "stripe_payments",
        "shipping": "10.00",
        "email": "theo@example.com",
        "then": ["invoice", "ship"],
    }
    assert desk.load(carts=[cart]) == {"carts": 1}
    made = order(desk)
    assert (made["state"], made["customer_email"], made["created_at"]) == (
        "complete",
        "theo@example.com",
        "2026-11-05 15:00:00",
    )
    # 1,098.00 with both taxes, 34.95 with the TPS alone, 10.00 of shipping with both.
    assert (made["subtotal"], made["tax_amount"]) == (1132.95, 167.68)
    assert made["grand_total"] == made["total_paid"] == 1310.63
    invoice = documents(desk, "invoices")[0]
    assert (invoice["grand_total"], invoice["increment_id"]) == (1310.63, "000000319")
    assert documents(desk, "transactions")[0]["txn_id"] == invoice["transaction_id"]


def test_every_type_of_product_can_be_put_into_a_cart(desk):
    skus = ("TABL-01", "ENS-SAM", "COFFRET-CADEAU", "SERIE-CADRES", "SRV-02", "PDF-401", "Bon-cadeau")
    desk.load(carts=[{"lines": [{"sku": sku}], "then": ["invoice"]} for sku in skus])
    types = [[item["product_type"] for item in order(desk, at + 1)["items"]] for at in range(len(skus))]
    assert types == [
        ["configurable", "simple"],
        ["bundle", "simple", "simple"],
        ["bundle", "simple", "simple", "simple"],
        ["simple"] * 3,
        ["virtual"],
        ["downloadable"],
        ["virtual"],
    ]
    assert order(desk, 1)["items"][0]["sku"] == "TABL-011"
    assert [len(counting_rows(order(desk, at))) for at in (1, 2, 3)] == [1, 2, 1]


def test_an_order_goes_on_by_events(desk):
    desk.load(carts=[{"lines": [{"sku": "CHAI-022", "quantity": 3}], "method": "paypal_express", "shipping": 5}])
    number = desk.last + 1
    assert order(desk)["state"] == "new"
    desk.sandbox.clock.advance(3600)
    desk.load(events=[{"order_id": number, "event": "invoice", "quantities": {"0": 2}}])
    partly = order(desk)
    assert (partly["state"], partly["updated_at"]) == ("processing", "2026-11-05 16:00:00")
    assert 0 < partly["total_paid"] < partly["grand_total"]
    desk.load(events=[{"order_id": number, "event": "invoice"}, {"order_id": number, "event": "ship"}])
    assert order(desk)["total_due"] == 0
    desk.load(events=[{"order_id": number, "event": "refund", "quantities": {"0": 1}, "withheld": 4}])
    assert order(desk)["state"] == "complete"
    desk.load(events=[{"order_id": number, "event": "refund", "given": 4}])
    assert (order(desk)["state"], order(desk)["total_refunded"]) == ("closed", order(desk)["total_paid"])
    assert len(documents(desk, "invoices")) == len(documents(desk, "creditmemos")) == 2
    assert [one["txn_type"] for one in documents(desk, "transactions")] == ["capture"] * 2 + ["refund"] * 2


def test_orders_of_the_demo_world_go_on_too_and_keep_their_comments(desk):
    pending = desk.ids("orders", ("status", "eq", "pending"))[0]
    desk.ok("POST", f"orders/{pending}/comments", {"statusHistory": {"comment": "Vu"}})
    desk.load(events=[{"order_id": pending, "event": "cancel"}])
    told = desk.ok("GET", f"orders/{pending}")
    assert (told["state"], told["status"], told["status_histories"][0]["comment"]) == ("canceled", "canceled", "Vu")


def test_numbers_go_on_behind_loaded_documents(desk):
    desk.load(
        orders=[{"entity_id": 9000, "increment_id": "000009000", "items": [{"item_id": 70_000, "sku": "TABL-011"}]}]
    )
    desk.load(carts=[{"lines": [{"sku": "TABL-011"}]}])
    made = desk.ok("GET", "orders/9001")
    assert (made["increment_id"], made["items"][0]["item_id"]) == ("000009001", 70_001)


@pytest.mark.parametrize(
    "body",
    [
        {"carts": [{"lines": []}]},
        {"carts": [{"lines": [{"sku": "NOBODY"}]}]},
        {"carts": [{"lines": [{"sku": "TABL-011"}], "colour": "blue"}]},
        {"carts": [{"lines": [{"sku": "TABL-011"}], "at": "yesterday"}]},
        {"carts": [{"lines": [{"sku": "TABL-011"}], "then": ["refund"]}]},
        {"carts": [{"lines": [{"sku": "TABL-011"}], "then": ["invoice", "invoice"]}]},
        {"events": [{"order_id": 99_999, "event": "ship"}]},
        {"events": [{"order_id": 1, "event": "vanish"}]},
    ],
)
def test_what_cannot_be_done_is_refused(desk, body):
    with pytest.raises(SandboxError):
        desk.vendor.load_all(body)


@pytest.mark.parametrize("seed", range(4))
def test_any_order_adds_up_to_the_cent_in_both_currencies(desk, seed):
    dice = random.Random(seed)
    goods = [product["sku"] for product in desk.vendor.shop.documents("products") if product["status"] == 1]
    carts = [cart(dice, goods) for _ in range(150)]
    desk.load(carts=carts)
    for at, asked in enumerate(carts):
        made = order(desk, at + 1)
        for base in ("", "base_"):
            surcharge = Decimal(str(asked.get("surcharge", 0)))
            if not base:
                surcharge = round(surcharge * Decimal(str(asked.get("rate", 1))), 2)
            assert money(made, f"{base}grand_total") - identity(made, base) == surcharge
            papers = documents(desk, "invoices", at + 1), documents(desk, "creditmemos", at + 1)
            for made_papers, name in zip(papers, ("total_paid", "total_refunded"), strict=True):
                assert sum(money(one, f"{base}grand_total") for one in made_papers) == money(made, base + name)


def cart(dice, goods):
    one = {
        "lines": [{"sku": sku, "quantity": dice.randrange(1, 8)} for sku in dice.sample(goods, dice.randrange(1, 5))],
        "region": dice.choice(("QC", "ON", "NB", "AB")),
        "store_id": dice.choice((1, 3)),
        "shipping": str(Decimal(dice.randrange(0, 4000)) / 100),
        "discount_percent": dice.choice((0, 0, 5, 10, "33.3")),
        "method": dice.choice(("stripe_payments", "checkmo")),
        "then": dice.choice(([], ["invoice"], [{"event": "invoice", "quantities": {"0": 1}}, "invoice"], ["invoice", "ship", {"event": "refund", "quantities": {"0": 1}}, "refund"])),
    }  # fmt: skip
    if one["then"] and len(one["then"]) == 2 and len(one["lines"]) == 1 and one["lines"][0]["quantity"] == 1:
        one["then"] = ["invoice"]
    if dice.random() < 0.3:
        one |= {"currency": "USD", "rate": "0.7312"}
    if dice.random() < 0.2:
        one |= {"gift_card": "7.77"}
    if dice.random() < 0.2:
        one |= {"surcharge": "1.99"}
    return one
