"""Bad input from a shop: each piece is held or refused with a code and its cure, and the other orders go on."""

from decimal import Decimal

import pytest

from bridge.hub.models import Connection, Run
from bridge.jobs import connections, integrations
from connectors.contract import SyncError
from tests.house import SHOP_KEYS, Server
from tests.sandbox.small_shop import (
    LAMP,
    SHIPPING,
    SKUS,
    book,
    buyer,
    cart,
    furnish,
    item,
    kept,
    money,
    only,
    orders,
    pair,
    product,
    sell,
    synced,
)
from tests.sandbox.small_world import explained, written

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = buyer(99)
SHOP = {
    "repeat_last_page": False, "total_count_off_by": 0, "items_null_when_empty": False, "html_403": False,
    "html_404": False, "login_wall": False, "maintenance": False, "masked_500": False, "moved_to": "",
    "denied_resources": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(server, house, settings):
    """Three products known on both sides, passwords that cost nothing, and a shop that behaves again afterwards."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    server.control("POST", "configure/magento", SHOP)
    furnish(server)
    yield
    server.control("POST", "configure/magento", SHOP)


def invoices(server):
    """The totals of the invoices in the books by number."""
    return {row["DocNumber"]: money(row["TotalAmt"]) for row in book(server, "Invoice")}


def edit(server, order, **fields):
    """Somebody, or an extension, changes an order in the shop."""
    server.load("magento", orders=[{"entity_id": order["entity_id"], **fields}])


def one_waits(house, server, bad, good, code):
    """Work a run: the bad order waits with this code and its words, the good one is in the books to the cent."""
    run = synced(house, "held")
    assert kept(run)["sale", bad["increment_id"]] == code
    assert invoices(server) == {good["increment_id"]: money(good["grand_total"])}
    return run


# What is not mapped


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (cart(region="NB", **buyer(1)), "TAX-UNMAPPED"),
        (cart("XX-9", **buyer(1)), "ITEM-UNMAPPED"),
    ],
    ids=["tax", "item"],
)
def test_an_order_with_something_unmapped_waits_and_the_others_go(house, server, bad, code):
    server.load("magento", products=[product(31, "XX-9")])
    bad, good = sell(server, bad, cart(**GOOD))
    pair(house)
    one_waits(house, server, bad, good, code)


def test_a_sales_receipt_with_an_unmapped_method_waits_and_the_others_go(house, server):
    bad, good = sell(server, cart(method="cashondelivery", **buyer(1)), cart(**GOOD))
    pair(house, {"document": "sales_receipt"})
    run = synced(house, "held")
    assert kept(run)["sale", bad["increment_id"]] == "METHOD-UNMAPPED"
    assert only(book(server, "SalesReceipt"))["DocNumber"] == good["increment_id"]


@pytest.mark.parametrize("setting", ["shipping_item", "discount_item", "gift_card_item", "fee_item"])
def test_an_order_that_needs_an_item_nobody_chose_waits(house, server, setting):
    codes = {
        "shipping_item": ({"shipping": "10.00"}, "SHIPPING-ITEM-MISSING"),
        "discount_item": ({"discount_percent": "5"}, "DISCOUNT-ITEM-MISSING"),
        "gift_card_item": ({"gift_card": "20.00"}, "GIFT-CARD-ITEM-MISSING"),
        "fee_item": ({"surcharge": "3.50"}, "FEE-ITEM-MISSING"),
    }
    given, code = codes[setting]
    bad, good = sell(server, cart(**given, **buyer(1)), cart(**GOOD))
    pair(house, {setting: "", "unexplained": "fee"})
    one_waits(house, server, bad, good, code)


def test_a_difference_nothing_explains_holds_the_order_with_its_parts(house, server):
    bad, good = sell(server, cart(surcharge="3.50", **buyer(1)), cart(**GOOD))
    pair(house)
    run = one_waits(house, server, bad, good, "TOTAL-DIFFERS")
    assert run.changes.get(entity="sale", state="held").params["difference"] == "3.50"


# Items


def test_two_items_of_the_books_with_one_sku_hold_the_order_until_one_is_chosen(house, server):
    server.load("quickbooks", Item=[item("1801", LAMP[0], "Lampe, autre")])
    bad, good = sell(server, cart("LA-1", **buyer(1)), cart(**GOOD))
    pair(house)
    run = one_waits(house, server, bad, good, "ITEM-SEVERAL")
    assert set(run.changes.get(entity="sale", state="held").params["ids"].split(", ")) == {SKUS["LA-1"], "1801"}
    house.map("item", **{"LA-1": "Lampe, autre"})
    synced(house)
    assert len(invoices(server)) == 2


def test_an_item_deleted_in_the_books_holds_its_order(house, server):
    first = only(sell(server, cart("LA-1", **GOOD)))
    pair(house)
    synced(house)
    server.load("quickbooks", Item=[{"Id": SKUS["LA-1"], "Active": False}])
    bad, good = sell(server, cart("LA-1", **buyer(1)), cart(**GOOD))
    run = synced(house, "held")
    assert kept(run)["sale", bad["increment_id"]] == "ITEM-UNMAPPED"
    assert set(invoices(server)) == {first["increment_id"], good["increment_id"]}


def test_the_item_for_shipping_deleted_in_the_books_stops_only_orders_with_shipping(house, server):
    bad, good = sell(server, cart(shipping="10.00", **buyer(1)), cart(**GOOD))
    pair(house)
    server.load("quickbooks", Item=[{"Id": SHIPPING, "Active": False}])
    run = synced(house, "held")
    assert kept(run)["sale", bad["increment_id"]] == "QBO-610"
    assert set(invoices(server)) == {good["increment_id"]}


# Orders


def test_an_order_without_lines_waits(house, server):
    bad, good = sell(server, cart(**buyer(1)), cart(**GOOD))
    edit(server, bad, items=[])
    pair(house)
    one_waits(house, server, bad, good, "SALE-NO-LINES")


def with_rebate(order, told):
    """The order with a negative line of an extension, whose total tells of it or does not."""
    row = {**order["items"][0], "item_id": 9001, "sku": "LA-1", "product_id": 3, "name": "Rabais d’une extension"}
    row |= {name: 0 for name in row if "tax" in name and isinstance(row[name], int | float)}
    row |= dict.fromkeys(("price", "base_price", "row_total", "base_row_total"), -10)
    fields = {"items": [*order["items"], row]}
    if told:
        fields |= {name: order[name] - 10 for name in ("grand_total", "base_grand_total", "subtotal", "base_subtotal")}
    return fields


def test_an_order_with_a_negative_line_goes_when_its_total_tells_of_it(house, server):
    order = only(sell(server, cart(then=[], **buyer(1))))
    edit(server, order, **with_rebate(order, told=True))
    pair(house, {"order_statuses": "pending"})
    synced(house)
    assert invoices(server) == {order["increment_id"]: money(order["grand_total"]) - 10}


def test_an_order_with_a_negative_line_its_total_does_not_tell_of_waits(house, server):
    bad, good = sell(server, cart(**buyer(1)), cart(**GOOD))
    edit(server, bad, **with_rebate(bad, told=False))
    pair(house)
    run = one_waits(house, server, bad, good, "TOTAL-DIFFERS")
    assert run.changes.get(entity="sale", state="held").params["difference"] == "10.00"


def test_an_order_with_a_negative_total_waits(house, server):
    bad, good = sell(server, cart(then=[], **buyer(1)), cart(**GOOD))
    row = {
        **bad["items"][0],
        "row_total": -100,
        "base_row_total": -100,
        "price": -100,
        "tax_amount": 0,
        "tax_percent": 0,
    }
    edit(server, bad, items=[row], grand_total=-100, base_grand_total=-100, tax_amount=0, subtotal=-100,
         extension_attributes={**bad["extension_attributes"], "applied_taxes": [], "item_applied_taxes": []})  # fmt: skip
    pair(house, {"order_statuses": "pending,processing"})
    one_waits(house, server, bad, good, "TOTAL-NEGATIVE")


def test_an_order_in_a_currency_the_company_does_not_have_waits(house, server):
    bad, good = sell(server, cart(currency="USD", rate="0.73", **buyer(1)), cart(**GOOD))
    pair(house)
    one_waits(house, server, bad, good, "CURRENCY-SINGLE")


# Numbers


def test_a_number_another_customers_document_has_is_not_used_twice(house, server):
    bad, good = sell(server, cart(**buyer(1)), cart(**GOOD))
    line = {"Id": "1", "Amount": 10, "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": SKUS["CH-1"]}, "Qty": 1, "UnitPrice": 10}}  # fmt: skip
    server.load("quickbooks", Customer=[{"Id": "41", "DisplayName": "Autre Cliente"}],
                Invoice=[{"Id": "4100", "DocNumber": bad["increment_id"], "TxnDate": "2026-01-05", "TotalAmt": 10,
                          "Balance": 10, "CustomerRef": {"value": "41", "name": "Autre Cliente"}, "Line": [line]}])  # fmt: skip
    pair(house)
    run = synced(house, "held")
    assert kept(run)["sale", bad["increment_id"]] == "NUMBER-TAKEN"
    assert invoices(server) == {bad["increment_id"]: Decimal(10), good["increment_id"]: money(good["grand_total"])}


def test_a_number_too_long_waits(house, server):
    bad, good = sell(server, cart(**buyer(1)), cart(**GOOD))
    edit(server, bad, increment_id="1234567890123456789012")
    pair(house)
    run = synced(house, "held")
    assert kept(run)["sale", "1234567890123456789012"] == "NUMBER-TOO-LONG"
    assert set(invoices(server)) == {good["increment_id"]}


# Customers


def test_orders_of_a_customer_deleted_in_the_books_wait_and_are_explained(house, server):
    first = only(sell(server, cart(**buyer(1))))
    pair(house)
    synced(house)
    gone = only(book(server, "Customer"))
    server.load("quickbooks", Customer=[{"Id": gone["Id"], "Active": False}])
    bad, good = sell(server, cart(**buyer(1)), cart(**GOOD))
    run = synced(house, "held")
    assert kept(run)["sale", bad["increment_id"]] == "QBO-610"
    assert set(invoices(server)) == {first["increment_id"], good["increment_id"]}


# The shop itself


@pytest.mark.parametrize(
    ("environment", "address"),
    [("live", "http://boutique.example"), ("live", "https://127.0.0.1/boutique"), ("live", "https://169.254.169.254"),
     ("live", "pas une adresse"), ("local_sandbox", "http://192.0.2.1/boutique")],
)  # fmt: skip
def test_an_address_that_is_no_shops_is_refused_and_not_called(house, server, environment, address):
    connection = connections.create(house.organization, "magento", environment, house.ann)
    with pytest.raises(SyncError) as refused:
        connections.give_address(connection, address)
    assert refused.value.field == "base_url"
    explained(refused.value.code, refused.value.params)
    connection.refresh_from_db()
    assert connection.base_url == "" and server.calls("magento") == []


def test_behind_a_wrong_address_nothing_is_connected(house, server):
    server.control("POST", "configure/magento", {"html_404": True})
    connection = connections.create(house.organization, "magento", "local_sandbox", house.ann)
    with pytest.raises(SyncError) as refused:
        connections.sign_in_with_values(connection, SHOP_KEYS, house.ann)
    assert refused.value.code == "MAG-ROUTE"
    explained(refused.value.code, refused.value.params)
    connection.refresh_from_db()
    assert connection.state != Connection.State.CONNECTED


def broken_run(house):
    """Work a run that cannot be done now; returns it and the code it waits or ended with."""
    from bridge.jobs import runs

    run = runs.start(house.integration, user=house.ann, enqueue=False)
    runs.work(run.pk, slice_seconds=60)
    run.refresh_from_db()
    explained(run.reason_code, run.reason_params)
    return run


@pytest.mark.parametrize(
    ("setting", "code", "state"),
    [
        ({"html_403": True}, "MAG-FORBIDDEN", Run.State.INTERRUPTED),
        ({"html_404": True}, "MAG-ROUTE", Run.State.INTERRUPTED),
        ({"login_wall": True}, "MAG-PAGE", Run.State.INTERRUPTED),
        ({"moved_to": "https://ailleurs.example"}, "ADDRESS-MOVED", Run.State.INTERRUPTED),
        ({"denied_resources": ["Magento_Sales::actions_view"]}, "MAG-ACL", Run.State.INTERRUPTED),
        ({"maintenance": True}, "MAG-MAINTENANCE", Run.State.READING),
        ({"masked_500": True}, "MAG-INTERNAL", Run.State.READING),
    ],
    ids=lambda told: next(iter(told)) if isinstance(told, dict) else "",
)
def test_a_shop_that_does_not_answer_as_one_stops_the_run_with_its_cure_and_nothing_is_lost(
    house, server, setting, code, state
):
    order = only(sell(server, cart(**buyer(1))))
    pair(house)
    server.control("POST", "configure/magento", setting)
    run = broken_run(house)
    assert (run.reason_code, run.state) == (code, state)
    assert book(server, "Invoice") == []
    server.control("POST", "configure/magento", {name: SHOP[name] for name in setting})
    if state == Run.State.READING:
        Run.objects.filter(pk=run.pk).update(wake_at=None)
        house.finish(run)
    else:
        house.integration.refresh_from_db()
        synced(house)
    assert invoices(server) == {order["increment_id"]: money(order["grand_total"])}


def test_a_revoked_integration_asks_for_a_new_connection(house, settings):
    own = Server()  # what is revoked stays so: not at the server all other tests use
    try:
        settings.BRIDGE_SANDBOX_URL, house.server = own.url, own
        furnish(own)
        sell(own, cart(**buyer(1)))
        pair(house)
        own.faults({"kind": "revoke", "vendor": "magento"})
        run = broken_run(house)
    finally:
        own.close()
    assert run.state == Run.State.INTERRUPTED and run.reason_code == "MAG-TOKEN"
    house.integration.right.refresh_from_db()
    assert house.integration.right.state == Connection.State.ATTENTION
    blockers = {step.key for step in integrations.blocking(integrations.steps(house.integration))}
    assert blockers == {"connect_right"}


def test_without_the_right_to_see_invoices_the_orders_go_and_the_payments_are_said_to_be_missing(house, server):
    order = only(sell(server, cart(**buyer(1))))
    pair(house)
    server.control("POST", "configure/magento", {"denied_resources": ["Magento_Sales::sales_invoice"]})
    run = house.run()
    assert invoices(server) == {order["increment_id"]: money(order["grand_total"])} and book(server, "Payment") == []
    notes = [note for line in run.statement for note in line["notes"]]
    assert any("MAG-ACL" in note and "Magento_Sales::sales_invoice" in note for note in notes)
    server.control("POST", "configure/magento", {"denied_resources": []})
    synced(house)
    assert len(book(server, "Payment")) == 1


@pytest.mark.parametrize(
    "setting",
    [
        {"repeat_last_page": True},
        {"total_count_off_by": 7},
        {"total_count_off_by": -3},
        {"items_null_when_empty": True},
    ],
    ids=["repeats its last page", "counts too many", "counts too few", "null for nothing"],
)
def test_a_shop_that_repeats_or_miscounts_is_read_whole_once(house, server, setting):
    sold = sell(server, *[cart(**buyer(at)) for at in range(7)])
    pair(house)
    server.control("POST", "configure/magento", setting)
    run = house.run()
    assert run.state in ("done", "incomplete"), (run.state, run.reason_code)
    assert invoices(server) == {one["increment_id"]: money(one["grand_total"]) for one in sold}
    before = len(written(server, "quickbooks"))
    house.run()
    assert len(written(server, "quickbooks")) == before and len(orders(server)) == 7
