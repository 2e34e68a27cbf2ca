"""The demo world: an invented shop with every hard case, its documents consistent to the cent."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connectors.sandbox.core import Clock, Sandbox, SandboxError
from connectors.sandbox.magento import MagentoStandIn
from connectors.sandbox.magento.money import Rate, row, share, split
from connectors.sandbox.quickbooks import QuickBooksStandIn
from connectors.sandbox.quickbooks.world import QUEBEC
from tests.unit.sandbox.magento_desk import NOW

CENT = Decimal("0.01")
BASES = ("", "base_")
MONEY = ("row_total", "tax_amount", "discount_amount", "discount_tax_compensation_amount")


@pytest.fixture(scope="module")
def shop():
    vendor = MagentoStandIn(Sandbox(Clock(NOW)))
    vendor.reset("demo")
    return vendor.shop


@pytest.fixture(scope="module")
def orders(shop):
    return list(shop.documents("orders"))


@pytest.fixture(scope="module")
def invoices(shop):
    return list(shop.documents("invoices"))


@pytest.fixture(scope="module")
def memos(shop):
    return list(shop.documents("creditmemos"))


def money(document, name):
    return Decimal(str(document.get(name, 0)))


def identity(document, base=""):
    """The grand total as the fields explain it."""
    gift = money(document.get("extension_attributes", {}), f"{base}gift_cards_amount")
    shipping_back = f"{base}shipping_discount_tax_compensation_{'amnt' if base else 'amount'}"
    names = ("subtotal", "shipping_amount", "tax_amount", "discount_amount", "discount_tax_compensation_amount")
    total = sum(money(document, base + name) for name in names) + money(document, shipping_back)
    return total - gift + money(document, f"{base}adjustment")


def counting_rows(order):
    """Rows whose money is in the totals: a dynamic bundle's parts, else the row without a parent."""
    dynamic = {
        item["parent_item_id"] for item in order["items"] if "parent_item_id" in item and money(item, "row_total")
    }
    return [
        item
        for item in order["items"]
        if item["item_id"] not in dynamic and ("parent_item_id" not in item or item["parent_item_id"] in dynamic)
    ]


@pytest.mark.parametrize("base", BASES)
def test_every_order_adds_up_but_for_the_surcharge_no_field_explains(orders, base):
    left = Counter(money(order, f"{base}grand_total") - identity(order, base) for order in orders)
    assert set(left) == {Decimal(0), Decimal("3.50")}
    assert 1 <= left[Decimal("3.50")] <= 12


@pytest.mark.parametrize("base", BASES)
def test_rows_and_shipping_make_up_the_totals_of_their_order(orders, base):
    for order in orders:
        rows = counting_rows(order)
        sums = {name: sum(money(item, base + name) for item in rows) for name in MONEY}
        assert sums["row_total"] == money(order, f"{base}subtotal")
        assert sums["tax_amount"] + money(order, f"{base}shipping_tax_amount") == money(order, f"{base}tax_amount")
        shipping_off = money(order, f"{base}shipping_discount_amount")
        assert sums["discount_amount"] + shipping_off == -money(order, f"{base}discount_amount")
        assert sums[MONEY[3]] == money(order, f"{base}{MONEY[3]}")


def test_taxes_by_rate_add_up_to_the_tax_of_the_order(orders):
    for order in orders:
        told = order["extension_attributes"]
        by_rate = Counter({tax["code"]: money(tax, "amount") for tax in told["applied_taxes"]})
        by_item = Counter()
        for entry in told["item_applied_taxes"]:
            for tax in entry["applied_taxes"]:
                by_item[tax["code"]] += money(tax, "amount")
        assert sum(by_rate.values()) == money(order, "tax_amount")
        assert by_rate == by_item


def test_taxes_are_what_the_rates_say_to_the_cent(orders):
    """Checked from outside: net after discount times the rate, one cent of rounding per row."""
    for order in orders:
        net = {
            item["item_id"]: money(item, "row_total") - money(item, "discount_amount") + money(item, MONEY[3])
            for item in order["items"]
        }
        for entry in order["extension_attributes"]["item_applied_taxes"]:
            base = net.get(
                entry.get("item_id"), money(order, "shipping_amount") - money(order, "shipping_discount_amount")
            )
            for tax in entry["applied_taxes"]:
                assert abs(money(tax, "amount") - base * money(tax, "percent") / 100) <= CENT


@pytest.mark.parametrize("base", BASES)
def test_invoices_add_up_and_make_what_is_paid(orders, invoices, base):
    by_order = Counter()
    for invoice in invoices:
        by_order[invoice["order_id"]] += money(invoice, f"{base}grand_total")
        rest = money(invoice, f"{base}grand_total") - identity(invoice, base)
        assert rest in (Decimal(0), Decimal("3.50"))
        assert sum(money(line, f"{base}row_total") for line in invoice["items"]) == money(invoice, f"{base}subtotal")
    for order in orders:
        assert money(order, f"{base}total_paid") == by_order[order["entity_id"]]
        assert money(order, f"{base}total_due") == money(order, f"{base}grand_total") - by_order[order["entity_id"]]
        if all(item["qty_invoiced"] == item["qty_ordered"] for item in order["items"]):
            assert money(order, f"{base}total_due") == 0


@pytest.mark.parametrize("base", BASES)
def test_credit_memos_add_up_and_make_what_is_refunded(orders, memos, base):
    by_order, online = Counter(), Counter()
    for memo in memos:
        by_order[memo["order_id"]] += money(memo, f"{base}grand_total")
        if "invoice_id" in memo:
            online[memo["order_id"]] += money(memo, f"{base}grand_total")
        assert money(memo, f"{base}grand_total") == identity(memo, base)
    for order in orders:
        assert money(order, f"{base}total_refunded") == by_order[order["entity_id"]]
        assert money(order, f"{base}total_online_refunded") == online[order["entity_id"]]
        assert by_order[order["entity_id"]] <= money(order, f"{base}total_paid")
        assert (order["state"] == "closed") == (0 < by_order[order["entity_id"]] == money(order, f"{base}total_paid"))


def test_quantities_never_exceed_what_was_ordered(orders):
    for order in orders:
        for item in order["items"]:
            assert item["qty_invoiced"] + item["qty_canceled"] <= item["qty_ordered"]
            assert item["qty_refunded"] <= item["qty_invoiced"]
            assert item["qty_shipped"] <= item["qty_invoiced"]


def test_gateway_payments_have_transactions_that_invoices_and_memos_name(shop, orders, invoices, memos):
    transactions = {one["txn_id"]: one for one in shop.documents("transactions")}
    method = {order["entity_id"]: order["payment"]["method"] for order in orders}
    named = [one for one in (*invoices, *memos) if "transaction_id" in one]
    assert {one["transaction_id"] for one in named} == set(transactions)
    for one in named:
        transaction = transactions[one["transaction_id"]]
        assert (transaction["order_id"], transaction["created_at"]) == (one["order_id"], one["created_at"])
        assert method[one["order_id"]] in ("stripe_payments", "paypal_express")
    for transaction in transactions.values():
        if transaction["txn_type"] == "refund":
            assert transactions[transaction["parent_txn_id"]]["order_id"] == transaction["order_id"]


def test_every_hard_case_is_there(orders, invoices, memos):
    def some(test, enough=2):
        found = [order for order in orders if test(order)]
        assert len(found) >= enough
        return found

    types = Counter(item["product_type"] for order in orders for item in order["items"])
    assert {"simple", "virtual", "configurable", "bundle", "downloadable"} <= set(types)
    some(lambda o: o["customer_is_guest"] and "customer_id" not in o, 10)
    some(lambda o: o["is_virtual"] and "method" not in o["extension_attributes"]["shipping_assignments"][0]["shipping"])
    bundles = [[i for i in o["items"] if i["product_type"] == "bundle"] for o in orders]
    with_parts = {
        bool(any(money(i, "row_total") for i in o["items"] if "parent_item_id" in i))
        for o, b in zip(orders, bundles, strict=True)
        if b
    }
    assert with_parts == {True, False}
    some(lambda o: 0 < money(o, "total_invoiced") < money(o, "grand_total") and o["state"] == "processing")
    some(lambda o: o["state"] == "closed")
    some(lambda o: 0 < money(o, "total_refunded") < money(o, "total_paid"))
    assert [m for m in memos if not m["items"] and m["adjustment_positive"]]
    assert [m for m in memos if m["adjustment_negative"]]
    assert {"invoice_id" in m for m in memos} == {True, False}
    some(lambda o: o["state"] == "canceled" and not money(o, "total_paid"))
    some(lambda o: any(i["qty_canceled"] for i in o["items"]) and money(o, "total_paid"))
    some(lambda o: o["increment_id"] == f"{o.get('original_increment_id')}-1")
    some(lambda o: money(o, "discount_amount") < 0 and "coupon_code" in o, 10)
    some(lambda o: money(o, "discount_tax_compensation_amount"))
    some(lambda o: money(o, "shipping_discount_amount"))
    some(lambda o: money(o["extension_attributes"], "gift_cards_amount"))
    some(lambda o: o["order_currency_code"] == "USD" and o["base_currency_code"] == "CAD")
    some(lambda o: o["state"] == "holded")
    some(lambda o: o["status"] == "en_preparation")
    some(lambda o: money(o, "grand_total") == 0 and o["payment"]["method"] == "free")
    some(lambda o: not o["extension_attributes"]["applied_taxes"])
    some(lambda o: "company_order_attributes" in o["extension_attributes"])
    assert max(Counter(invoice["order_id"] for invoice in invoices).values()) == 2


def test_the_world_is_as_large_and_varied_as_a_demo_needs(shop, orders):
    products = Counter(product["type_id"] for product in shop.documents("products"))
    assert sum(products.values()) >= 60
    assert set(products) == {"simple", "virtual", "configurable", "bundle", "grouped", "downloadable"}
    assert len(orders) >= 300
    methods = Counter(order["payment"]["method"] for order in orders)
    assert {"checkmo", "banktransfer", "stripe_payments", "paypal_express", "free", "cashondelivery"} == set(methods)
    codes = {tax["code"] for order in orders for tax in order["extension_attributes"]["applied_taxes"]}
    assert (
        codes == {"CA-QC-TPS", "CA-QC-TVQ", "CA-ON-TVH", "CA-NB-TVH"} == {r["code"] for r in shop.documents("taxRates")}
    )
    assert {order["store_id"] for order in orders} == {1, 2, 3}


def test_orders_run_over_four_months_up_to_today_and_never_beyond(shop, orders):
    first, last = (min(o["created_at"] for o in orders), max(o["created_at"] for o in orders))
    assert first.startswith("2026-07-")
    assert last.startswith("2026-11-05")
    now = NOW.strftime("%Y-%m-%d %H:%M:%S")
    for name in ("orders", "invoices", "creditmemos", "transactions"):
        assert max(one.get("updated_at", one["created_at"]) for one in shop.documents(name)) <= now
    numbers = [order["entity_id"] for order in sorted(orders, key=lambda one: (one["created_at"], one["entity_id"]))]
    assert numbers == sorted(numbers)


def test_some_orders_fall_on_another_day_in_the_shop_than_in_utc(orders):
    zone = ZoneInfo("America/Toronto")
    moments = [datetime.strptime(o["created_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for o in orders]
    assert sum(moment.date() != moment.astimezone(zone).date() for moment in moments) >= 5


def test_at_least_thirty_products_are_items_of_the_books_and_some_are_unknown_there(shop):
    books = QuickBooksStandIn(Sandbox(Clock(NOW)))
    books.reset("demo")
    items = list(books.companies[QUEBEC].tables["Item"].documents())
    skus, names = {item.get("Sku") for item in items}, {item["Name"] for item in items}
    products = list(shop.documents("products"))
    assert sum(product["sku"] in skus for product in products) >= 30
    assert sum(product["sku"] in names for product in products) >= 3
    assert sum(product["sku"] not in skus | names for product in products) >= 10
    sold = {item["sku"] for order in shop.documents("orders") for item in counting_rows(order)}
    assert len(sold & skus) >= 30
    assert sold - skus - names
    customers = {
        customer.get("PrimaryEmailAddr", {}).get("Address", "").lower()
        for customer in books.companies[QUEBEC].tables["Customer"].documents()
    }
    assert sum(customer["email"].lower() in customers for customer in shop.documents("customers")) >= 50


def test_awkward_names_and_skus_are_there(shop):
    products = {product["sku"]: product for product in shop.documents("products")}
    assert "SVC/POSE 1" in products
    names = [product["name"] for product in products.values()]
    assert any("&trade;" in name for name in names)
    assert any(name != name.strip() for name in names)
    assert any(product["status"] == 2 for product in products.values())
    assert {"É", "é", "ç"} & set("".join(c["firstname"] + c["lastname"] for c in shop.documents("customers")))


def test_a_tax_rate_can_be_in_two_rules(shop):
    uses = Counter(rate for rule in shop.documents("taxRules") for rate in rule["tax_rate_ids"])
    assert uses[1] == 2


def test_the_same_day_brings_the_same_world():
    made = []
    for _ in range(2):
        vendor = MagentoStandIn(Sandbox(Clock(NOW)))
        vendor.reset("demo")
        vendor.reset("empty")
        vendor.reset("demo")
        state = vendor.state()
        made.append({name: state[name] for name in ("orders", "invoices", "creditmemos", "products", "customers")})
    assert made[0] == made[1]


def test_the_empty_world_has_a_store_but_nothing_sold():
    vendor = MagentoStandIn(Sandbox(Clock(NOW)))
    state = vendor.state()
    assert not state["orders"] and not state["products"] and not state["customers"]
    assert len(state["taxRates"]) == 4 and len(state["storeViews"]) == 4
    with pytest.raises(SandboxError):
        vendor.reset("narnia")


# Arithmetic


def rate(percent):
    return Rate(1, "R", "R", Decimal(percent), "CA", "QC", 76)


def test_prices_with_tax_give_part_of_a_discount_back():
    """60.00 with 20 % tax and 10 % off, as in the published payload: 50 - 6 + 1 + 9 = 54."""
    one = row(Decimal(60), 1, (rate(20),), Decimal(10), inclusive=True)
    assert (one.row_total, one.tax_amount, one.discount_amount, one.discount_tax_compensation_amount) == (50, 9, 6, 1)
    assert one.paid() == 54


def test_tax_is_rounded_half_up_for_each_rate():
    one = row(Decimal("549.00"), 1, (rate(5), rate("9.975")), Decimal(0), inclusive=False)
    assert one.taxes == (Decimal("27.45"), Decimal("54.76"))
    assert row(Decimal("0.10"), 1, (rate(5),), Decimal(0), inclusive=False).tax_amount == CENT


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 11])
def test_shares_of_a_row_add_up_to_it(pieces):
    whole = row(Decimal("33.33"), pieces, (rate(5), rate("9.975")), Decimal(7), inclusive=True)
    parts = [share(whole, done, 1, pieces) for done in range(pieces)]
    assert sum(part.paid() for part in parts) == whole.paid()
    assert sum(part.tax_amount for part in parts) == whole.tax_amount


def test_a_split_loses_no_cent():
    assert sum(split(Decimal("0.07"), [Decimal(5), Decimal("9.975"), Decimal(1)])) == Decimal("0.07")
