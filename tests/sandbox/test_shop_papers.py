"""What happens to an order after it is posted: paid in parts, refunded, edited, touched by a bookkeeper, closed over."""

from decimal import Decimal

import pytest

from bridge.hub.models import Conflict
from tests.sandbox.small_shop import (
    REFUND,
    SKUS,
    at,
    book,
    buyer,
    cart,
    furnish,
    happens,
    kept,
    lines,
    memo,
    money,
    noted,
    only,
    orders,
    pair,
    sell,
    synced,
)
from tests.sandbox.small_world import written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop(server, house, settings):
    """Three products known on both sides."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    furnish(server)


def memos(server):
    """The credit memos of the shop."""
    return server.state("magento")["creditmemos"]


def nothing_more(house, server):
    """One more run writes nothing."""
    before = len(written(server, "quickbooks"))
    synced(house)
    assert len(written(server, "quickbooks")) == before


def test_an_order_invoiced_in_two_parts_is_one_invoice_with_two_payments(house, server):
    order = only(sell(server, cart(("CH-1", 2), "LA-1", shipping="10.00", then=[], **buyer(1))))
    happens(server, order, "invoice", quantities={"0": 1})
    pair(house)
    synced(house)
    (first,) = book(server, "Payment")
    assert 0 < money(first["TotalAmt"]) < money(order["grand_total"])
    document = only(book(server, "Invoice"))
    assert money(document["TotalAmt"]) == money(order["grand_total"])
    assert money(document["Balance"]) == money(order["grand_total"]) - money(first["TotalAmt"])
    happens(server, order, "invoice")
    synced(house)
    assert sum(money(row["TotalAmt"]) for row in book(server, "Payment")) == money(order["grand_total"])
    assert money(only(book(server, "Invoice"))["Balance"]) == 0
    nothing_more(house, server)


@pytest.mark.parametrize("payments", ["on", "off"])
def test_a_refund_is_a_receipt_where_money_went_back_and_a_credit_memo_where_none_was_recorded(house, server, payments):
    order = only(sell(server, cart(("CH-1", 2), shipping="10.00", then=["invoice", "ship"], **buyer(1))))
    pair(house, {"payments": payments})
    synced(house)
    happens(server, order, "refund", quantities={"0": 1})
    synced(house)
    made = only(book(server, "RefundReceipt" if payments == "on" else "CreditMemo"))
    assert money(made["TotalAmt"]) == money(only(memos(server))["grand_total"])
    assert lines(made)[0] == (SKUS["CH-1"], Decimal(100))
    assert order["increment_id"] in memo(made)
    nothing_more(house, server)


def test_a_refund_with_a_fee_withheld_and_one_with_more_given_come_to_the_shops_totals(house, server):
    kept_back, given = sell(
        server, cart(("CH-1", 2), then=["invoice"], **buyer(1)), cart("TA-1", then=["invoice"], **buyer(2))
    )
    pair(house)
    synced(house)
    happens(server, kept_back, "refund", quantities={"0": 1}, withheld="5.00")
    happens(server, given, "refund", quantities={}, given="12.34")
    synced(house)
    assert sorted(money(row["TotalAmt"]) for row in book(server, "RefundReceipt", "CreditMemo")) == sorted(
        money(row["grand_total"]) for row in memos(server)
    )
    nothing_more(house, server)


def test_goods_that_do_not_come_back_are_refunded_on_their_own_item(house, server):
    order = only(sell(server, cart(then=["invoice"], **buyer(1))))
    pair(house, {"restock": "no", "refund_item": REFUND})
    synced(house)
    happens(server, order, "refund")
    synced(house)
    made = only(book(server, "RefundReceipt", "CreditMemo"))
    assert lines(made) == [(REFUND, Decimal(100))] and money(made["TotalAmt"]) == money(order["grand_total"])


def test_an_order_partly_cancelled_after_posting_keeps_the_shops_total_and_shows_what_is_not_paid(house, server):
    order = only(sell(server, cart(("CH-1", 2), then=[], **buyer(1))))
    happens(server, order, "invoice", quantities={"0": 1})
    pair(house)
    synced(house)
    happens(server, order, "cancel")
    synced(house)
    document = only(book(server, "Invoice"))
    now = next(row for row in orders(server) if row["entity_id"] == order["entity_id"])
    assert money(document["TotalAmt"]) == money(now["grand_total"])
    assert money(document["Balance"]) == money(now["grand_total"]) - money(now["total_paid"]) > 0


def test_a_document_a_bookkeeper_touched_is_not_overwritten(house, server):
    order = only(sell(server, cart(then=[], **buyer(1))))
    pair(house, {"order_statuses": "pending,processing"})
    synced(house)
    document = only(book(server, "Invoice"))
    server.control("POST", "clock", {"advance_seconds": 60})
    server.load("quickbooks", Invoice=[{"Id": document["Id"], "PrivateNote": "Vu avec le comptable"}])
    server.load("magento", orders=[{"entity_id": order["entity_id"], "customer_note": "Sonner deux fois"}])
    run = house.run()
    assert memo(only(book(server, "Invoice"))) == "Vu avec le comptable"
    conflict = Conflict.objects.get(decision="open")
    assert conflict.field == "memo" and run.state in ("done", "held")
    before = len(written(server, "quickbooks"))
    house.run()
    assert len(written(server, "quickbooks")) == before


def test_what_the_shop_changes_and_nobody_touched_follows(house, server):
    order = only(sell(server, cart(then=[], **buyer(1))))
    pair(house, {"order_statuses": "pending,processing"})
    synced(house)
    server.control("POST", "clock", {"advance_seconds": 60})
    server.load("magento", orders=[{"entity_id": order["entity_id"], "customer_note": "Sonner deux fois"}])
    synced(house)
    assert "Sonner deux fois" in memo(only(book(server, "Invoice")))
    nothing_more(house, server)


@pytest.mark.parametrize(
    ("rule", "code"), [("hold", "BOOKS-CLOSED"), ("ask", "BOOKS-CLOSED-ASK"), ("first_open_day", "")]
)
def test_an_order_of_a_closed_period_waits_or_moves_to_the_first_open_day_with_its_date_in_the_memo(
    house, server, rule, code
):
    closed = {"AccountingInfoPrefs": {"BookCloseDate": "2026-06-30"}}
    server.load("quickbooks", Preferences=[closed])
    old, new = sell(server, cart(at=at("2026-06-12T12:00:00-04:00"), **buyer(1)),
                    cart(at=at("2026-07-02T12:00:00-04:00"), **buyer(2)))  # fmt: skip
    pair(house, {"closed_books": rule})
    run = synced(house, "held" if code else "done")
    dated = {row["DocNumber"]: row["TxnDate"] for row in book(server, "Invoice")}
    assert dated.pop(new["increment_id"]) == "2026-07-02"
    if code:
        assert dated == {} and kept(run)["sale", old["increment_id"]] == code
    else:
        assert dated == {old["increment_id"]: "2026-07-01"}
        moved = next(row for row in book(server, "Invoice") if row["DocNumber"] == old["increment_id"])
        assert "2026-06-12" in memo(moved)
        assert "BOOKS-CLOSED-MOVED" in noted(run)[old["increment_id"]]


def test_an_order_in_dollars_reaches_a_company_that_keeps_them(house, server):
    server.load("quickbooks", Preferences=[{"CurrencyPrefs": {"MultiCurrencyEnabled": True}}],
                CompanyCurrency=[{"Code": "USD", "Name": "United States Dollar", "Active": True}])  # fmt: skip
    order = only(sell(server, cart(currency="USD", rate="0.73", country="US", region="AB", **buyer(1))))
    pair(house)
    synced(house)
    document = only(book(server, "Invoice"))
    assert (document["CurrencyRef"]["value"], money(document["TotalAmt"])) == ("USD", money(order["grand_total"]))
    assert money(only(book(server, "Payment"))["TotalAmt"]) == money(order["grand_total"])
    assert only(book(server, "Customer"))["CurrencyRef"]["value"] == "USD"


def test_a_customer_with_the_number_of_somebody_elses_invoice_keeps_his_own_currency(house, server):
    """Books count each kind by itself: the same number is a customer here and a document there."""
    server.load("quickbooks", Preferences=[{"CurrencyPrefs": {"MultiCurrencyEnabled": True}}],
                CompanyCurrency=[{"Code": "USD", "Name": "United States Dollar", "Active": True}])  # fmt: skip
    dollars = only(sell(server, cart(currency="USD", rate="0.73", country="US", region="AB", then=[], **buyer(1))))
    pair(house, {"order_statuses": "pending,processing,complete,closed"})
    synced(house)
    number = only(book(server, "Invoice"))["Id"]
    second = {"Id": number, "DisplayName": "Zoé Inventée 2", "CurrencyRef": {"value": "CAD"},
              "PrimaryEmailAddr": {"Address": buyer(2)["email"]}}  # fmt: skip
    server.load("quickbooks", Customer=[second])
    home = only(sell(server, cart(then=[], **buyer(2))))
    synced(house)
    happens(server, dollars, "invoice")
    happens(server, home, "invoice")
    synced(house)
    paid = sorted(money(row["TotalAmt"]) for row in book(server, "Payment"))
    assert paid == sorted(money(one["grand_total"]) for one in (dollars, home))


def test_a_gift_card_a_surcharge_and_free_orders_come_to_their_totals(house, server):
    card, fee, free = sell(
        server, cart(gift_card="20.00", **buyer(1)), cart(surcharge="3.50", **buyer(2)),
        cart(discount_percent="100", **buyer(3)),
    )  # fmt: skip
    assert money(free["grand_total"]) == 0
    pair(house, {"unexplained": "fee"})
    run = synced(house)
    totals = {row["DocNumber"]: money(row["TotalAmt"]) for row in book(server, "Invoice")}
    assert totals == {one["increment_id"]: money(one["grand_total"]) for one in (card, fee, free)}
    assert noted(run)[fee["increment_id"]] == ["FEE-UNEXPLAINED"]


# American companies: their lines say taxable or not, and the tax is told as one sum.


US = "9130000000000002"


@pytest.fixture
def american(server, house):
    """An American company with the same items; how it keeps taxes is given when it is paired."""
    accounts = {row["Name"]: row["Id"] for row in book(server, "Account", company=US)}
    goods = [
        {"Id": SKUS[sku], "Name": sku, "Sku": sku, "Type": "NonInventory", "IncomeAccountRef": {"value": account}}
        for account in (accounts["Services"],) for sku in SKUS
    ]  # fmt: skip
    server.load("quickbooks", realm=US, Item=goods)

    def company(**taxes):
        prefs = {"SalesFormsPrefs": {"CustomTxnNumbers": True}, "TaxPrefs": taxes}
        server.load("quickbooks", realm=US, Preferences=[prefs])
        return house.shop_pair({"payments": "off"}, ("contact", "sale"), realm=US)

    return company


def in_dollars(number, **more):
    """A taxed order in American dollars."""
    return cart("CH-1", currency="USD", rate="1", **buyer(number), **more)


@pytest.mark.parametrize("engine", [True, False], ids=["automated", "classic"])
def test_american_books_get_taxable_lines_and_the_tax_the_shop_charged(house, server, american, engine):
    order = only(sell(server, in_dollars(1)))
    assert money(order["tax_amount"]) > 0
    american(UsingSalesTax=True, PartnerTaxEnabled=engine)
    synced(house)
    document = only(book(server, "Invoice", company=US))
    codes = [
        row["SalesItemLineDetail"]["TaxCodeRef"]["value"] for row in document["Line"] if "SalesItemLineDetail" in row
    ]
    assert codes == ["TAX"]
    assert money(document["TotalAmt"]) == money(order["grand_total"])
    assert money(document["TxnTaxDetail"]["TotalTax"]) == money(order["tax_amount"])


def test_american_books_without_sales_tax_hold_an_order_that_charged_some(house, server, american):
    order = only(sell(server, in_dollars(1)))
    american(UsingSalesTax=False)
    run = synced(house, "held")
    assert kept(run)["sale", order["increment_id"]] == "TAX-NOT-KEPT"
    assert book(server, "Invoice", company=US) == []
