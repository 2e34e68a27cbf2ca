"""Rows O-04 to O-42 that are about sales: a shop's orders in the books, asserted on what the company holds."""

from decimal import Decimal

import pytest

from bridge.jobs import integrations
from tests.sandbox.small_shop import (
    DISCOUNT,
    ITEMS,
    METHODS,
    SHIPPING,
    SKUS,
    TAXES,
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
    pair,
    sell,
    synced,
)
from tests.sandbox.small_world import explained, written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop(server, house, settings):
    """Three products known on both sides."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    furnish(server)


@pytest.mark.row("O-04")
def test_with_only_sales_chosen_no_product_and_no_stock_call_is_made(house, server):
    sell(server, cart(**buyer(1)))
    pair(house)
    synced(house)
    assert only(book(server, "Invoice"))["DocNumber"]
    asked = [call["path"] for call in server.calls("magento")]
    assert asked
    assert not [path for path in asked if "product" in path or "stock" in path.lower() or "inventory" in path]
    assert not [call for call in written(server, "quickbooks") if call.endswith("/item")]
    assert written(server, "magento") == []


@pytest.mark.row("O-05")
def test_a_complete_order_becomes_one_document_of_the_same_total_and_stays_one(house, server):
    order = only(sell(server, cart(("CH-1", 2), "LA-1", shipping="10.00", then=["invoice", "ship"], **buyer(1))))
    assert order["status"] == "complete"
    pair(house)
    synced(house)
    for _ in range(2):
        document = only(book(server, "Invoice", "SalesReceipt"))
        assert money(document["TotalAmt"]) == money(order["grand_total"])
        assert money(document["TxnTaxDetail"]["TotalTax"]) == money(order["tax_amount"])
        assert document["CustomerRef"]["name"] == "Zoé Inventée 1"
        before = len(written(server, "quickbooks"))
        synced(house)
        assert len(written(server, "quickbooks")) == before


@pytest.mark.row("O-09")
def test_only_orders_of_the_chosen_statuses_go_all_as_sales_receipts(house, server):
    new, paid, sent, held, gone = sell(
        server, cart(then=[], **buyer(1)), cart(**buyer(2)), cart(then=["invoice", "ship"], **buyer(3)),
        cart(then=["hold"], **buyer(4)), cart(then=["cancel"], **buyer(5)),
    )  # fmt: skip
    assert [one["status"] for one in (new, paid, sent, held, gone)] == [
        "pending", "processing", "complete", "holded", "canceled",
    ]  # fmt: skip
    pair(house, {"order_statuses": "processing, complete", "document": "sales_receipt"})
    run = synced(house)
    assert {row["DocNumber"] for row in book(server, "SalesReceipt")} == {paid["increment_id"], sent["increment_id"]}
    assert book(server, "Invoice", "Payment") == []
    left_out = kept(run)
    assert left_out["sale", new["increment_id"]] == left_out["sale", held["increment_id"]] == "SALES-STATUS"
    assert ("sale", gone["increment_id"]) in left_out
    assert left_out["payment", only_payment(server, paid)] == "SALES-IN-RECEIPT"


def only_payment(server, order):
    """The number of the one invoice of an order in the shop."""
    found = [row for row in server.state("magento")["invoices"] if row["order_id"] == order["entity_id"]]
    return only(found)["increment_id"]


@pytest.mark.row("O-12")
def test_the_prefix_stands_before_the_number_and_one_too_long_is_refused_with_the_reason(house, server):
    short, long = sell(server, cart(**buyer(1)), cart(**buyer(2)))
    edit = [{"entity_id": short["entity_id"], "increment_id": "1234"},
            {"entity_id": long["entity_id"], "increment_id": "123456789012345678"}]  # fmt: skip
    server.load("magento", orders=edit)
    pair(house, {"number_prefix": "Mag-"})
    run = house.run(approve=False)
    assert kept(run)["sale", "123456789012345678"] == "NUMBER-TOO-LONG"
    planned = run.changes.get(title="123456789012345678", entity="sale")
    assert planned.state == "held" and planned.params["length"] == 22
    assert run.changes.get(title="1234", entity="sale").after["number"] == "Mag-1234"
    house.finish(run)
    assert only(book(server, "Invoice"))["DocNumber"] == "Mag-1234"


@pytest.mark.row("O-12")
def test_a_number_of_exactly_21_characters_goes(house, server):
    order = only(sell(server, cart(**buyer(1))))
    server.load("magento", orders=[{"entity_id": order["entity_id"], "increment_id": "12345678901234567"}])
    pair(house, {"number_prefix": "Mag-"})
    synced(house)
    assert only(book(server, "Invoice"))["DocNumber"] == "Mag-12345678901234567"


@pytest.mark.row("O-14")
def test_shipping_is_one_line_on_its_item(house, server):
    sell(server, cart(shipping="10.00", **buyer(1)))
    pair(house)
    synced(house)
    assert lines(only(book(server, "Invoice"))) == [(SKUS["CH-1"], Decimal(100)), (SHIPPING, Decimal(10))]


@pytest.mark.row("O-15")
@pytest.mark.parametrize("store_id", [1, 3], ids=["prices without tax", "prices with tax"])
def test_a_discount_is_on_its_item_and_the_total_is_right(house, server, store_id):
    order = only(sell(server, cart(discount_percent="5", coupon="CINQ", store_id=store_id, **buyer(1))))
    pair(house)
    synced(house)
    document = only(book(server, "Invoice"))
    (_, goods), (named, discount) = lines(document)
    assert named == DISCOUNT
    if store_id == 1:
        assert (goods, discount) == (Decimal(100), Decimal(-5))
    assert money(document["TotalAmt"]) == money(order["grand_total"])
    assert goods + discount + money(document["TxnTaxDetail"]["TotalTax"]) == money(order["grand_total"])


@pytest.mark.row("O-16")
def test_by_default_the_customer_is_the_person_who_ordered(house, server):
    sell(server, cart(email="jane.roe@fictive.example", given_name="Jane", family_name="Roe", company="Roe Ltd"))
    pair(house)
    synced(house)
    assert only(book(server, "Invoice"))["CustomerRef"]["name"] == "Jane Roe"
    assert only(book(server, "Customer"))["PrimaryEmailAddr"]["Address"] == "jane.roe@fictive.example"


@pytest.mark.row("O-17")
def test_the_organization_is_the_customer_and_without_one_the_person_with_a_word_about_it(house, server):
    jane, john = sell(
        server, cart(email="jane.roe@fictive.example", given_name="Jane", family_name="Roe", company="Roe Ltd"),
        cart(email="john@fictive.example", given_name="John", family_name="Alone"),
    )  # fmt: skip
    pair(house, {"customer": "company"})
    run = synced(house)
    named = {row["DocNumber"]: row["CustomerRef"]["name"] for row in book(server, "Invoice")}
    assert named == {jane["increment_id"]: "Roe Ltd", john["increment_id"]: "John Alone"}
    assert noted(run) == {"John Alone": ["COMPANY-NOT-TOLD"]}


@pytest.mark.row("O-17")
def test_two_people_of_one_organization_are_one_customer(house, server):
    sell(
        server, cart(email="jane.roe@fictive.example", given_name="Jane", family_name="Roe", company="Roe Ltd"),
        cart(email="rick.roe@fictive.example", given_name="Rick", family_name="Roe", company="Roe Ltd"),
    )  # fmt: skip
    pair(house, {"customer": "company"})
    synced(house)
    assert only(book(server, "Customer"))["DisplayName"] == "Roe Ltd"
    assert {row["CustomerRef"]["name"] for row in book(server, "Invoice")} == {"Roe Ltd"}


@pytest.mark.row("O-18")
def test_twenty_orders_on_one_generic_customer_make_no_other(house, server):
    server.load("quickbooks", Customer=[{"Id": "777", "DisplayName": "Magento"}])
    sell(server, *[cart(**buyer(at_)) for at_ in range(20)])
    pair(house, {"customer": "generic", "generic_customer_id": "777"})
    synced(house)
    assert only(book(server, "Customer"))["DisplayName"] == "Magento"
    found = book(server, "Invoice")
    assert len(found) == 20 and {row["CustomerRef"]["value"] for row in found} == {"777"}
    assert {row["CustomerRef"]["value"] for row in book(server, "Payment")} == {"777"}


@pytest.mark.row("O-19")
def test_with_the_books_own_numbers_the_shops_is_kept_in_the_memo_and_here(house, server):
    furnish(server, numbers=False)
    order = only(sell(server, cart(**buyer(1))))
    pair(house, {"number": "books"})
    run = synced(house)
    document = only(book(server, "Invoice"))
    assert document["DocNumber"] and document["DocNumber"] != order["increment_id"]
    assert order["increment_id"] in memo(document)
    change = run.changes.get(entity="sale")
    assert change.title == order["increment_id"] and change.target.number == document["DocNumber"]


@pytest.mark.row("O-19")
@pytest.mark.parametrize(("own", "number"), [(True, "books"), (False, "source"), (True, "source"), (False, "books")])
def test_the_readiness_says_who_will_number_the_documents(house, server, own, number):
    """A company with custom numbers gives none itself: the two settings must fit each other."""
    furnish(server, numbers=own)
    told = {item.code: item for item in integrations.readiness(pair(house, {"number": number}))}
    assert told["QBMG-CHECK-NUMBERS"].level == ("ok" if own == (number == "source") else "warning")


@pytest.mark.row("O-13")
def test_two_stores_are_told_apart_by_their_prefix_and_equal_ones_are_refused(house, server):
    order = only(sell(server, cart(**buyer(1))))
    first = pair(house, {"number_prefix": "A-"})
    synced(house)
    second = integrations.create(house.organization, first.recipe, house.ann)
    integrations.attach(second, "left", first.left)
    integrations.attach(second, "right", other_shop(house, server))
    for equal in ("A-", "a-"):
        problems = integrations.save_settings(second, {"orders_since": "2020-01-01", "number_prefix": equal}, house.ann)
        assert problems["number_prefix"].code == "PREFIX-TAKEN"
        explained("PREFIX-TAKEN", problems["number_prefix"].params)
        assert str(first.right) == problems["number_prefix"].params["other"]
    given = {**ITEMS, "orders_since": "2020-01-01", "number_prefix": "B-"}
    assert integrations.save_settings(second, given, house.ann) == {}
    second.refresh_from_db()
    second.flows.filter(entity__in=("product", "stock_level")).update(is_on=False)
    house.integration = second
    house.map("tax", **TAXES)
    house.map("payment_method", **METHODS)
    synced(house)
    number = order["increment_id"]
    assert sorted(row["DocNumber"] for row in book(server, "Invoice")) == [f"A-{number}", f"B-{number}"]
    assert len(book(server, "Customer")) == 1


def other_shop(house, server):
    """The shop moved to another name: another one as far as anybody can tell, with orders of the same numbers."""
    names = ("base_url", "base_link_url", "secure_base_url", "secure_base_link_url")
    moved = [{"id": at_, **dict.fromkeys(names, "https://deuxieme.example/")} for at_ in (1, 2, 3)]
    server.load("magento", storeConfigs=moved)
    return house.shop()


@pytest.mark.row("O-20")
def test_every_line_has_the_chosen_class(house, server):
    sell(server, cart("CH-1", "LA-1", shipping="10.00", **buyer(1)))
    online = next(row for row in book(server, "Class") if row["Name"] == "Web")
    pair(house, {"class_id": online["Id"]})
    synced(house)
    rows = [row for row in only(book(server, "Invoice"))["Line"] if row["DetailType"] == "SalesItemLineDetail"]
    assert len(rows) == 3
    assert {row["SalesItemLineDetail"]["ClassRef"]["value"] for row in rows} == {online["Id"]}


@pytest.mark.row("O-20")
def test_a_company_with_classes_by_document_gets_one_on_the_document(house, server):
    prefs = {"AccountingInfoPrefs": {"ClassTrackingPerTxn": True, "ClassTrackingPerTxnLine": False}}
    server.load("quickbooks", Preferences=[prefs])
    sell(server, cart(**buyer(1)))
    online = next(row for row in book(server, "Class") if row["Name"] == "Web")
    pair(house, {"class_id": online["Id"]})
    synced(house)
    assert only(book(server, "Invoice"))["ClassRef"]["value"] == online["Id"]


@pytest.mark.row("O-21")
def test_the_document_has_the_chosen_location(house, server):
    sell(server, cart(**buyer(1)))
    place = book(server, "Department")[0]
    pair(house, {"location_id": place["Id"]})
    synced(house)
    assert only(book(server, "Invoice"))["DepartmentRef"]["value"] == place["Id"]


@pytest.mark.row("O-24")
def test_an_order_with_an_unmapped_tax_waits_and_names_it_while_the_others_go(house, server):
    quebec, brunswick, ontario = sell(
        server, cart(**buyer(1)), cart(region="NB", **buyer(2)), cart(region="ON", **buyer(3))
    )
    pair(house)
    run = synced(house, "held")
    assert kept(run)["sale", brunswick["increment_id"]] == "TAX-UNMAPPED"
    waits = run.changes.get(entity="sale", state="held")
    assert waits.params["key"] == "CA-NB-TVH" and waits.params["map"] == "tax"
    assert {row["DocNumber"] for row in book(server, "Invoice")} == {quebec["increment_id"], ontario["increment_id"]}


@pytest.mark.row("O-24")
def test_once_the_tax_is_mapped_the_order_that_waited_goes_by_itself(house, server):
    server.load("quickbooks", **brunswick_code())
    order = only(sell(server, cart(region="NB", **buyer(2))))
    pair(house)
    synced(house, "held")
    assert book(server, "Invoice") == []
    house.map("tax", **{"CA-NB-TVH": "TVH NB"})
    synced(house)
    assert money(only(book(server, "Invoice"))["TotalAmt"]) == money(order["grand_total"])
    assert money(only(book(server, "Payment"))["TotalAmt"]) == money(order["grand_total"])


def brunswick_code():
    """A tax code of 15 % as the accountant would add it."""
    rate = {"Id": "90", "Name": "TVH NB", "Active": True, "RateValue": 15, "AgencyRef": {"value": "1"},
            "EffectiveTaxRate": [{"RateValue": 15, "EffectiveDate": "2016-07-01"}]}  # fmt: skip
    named = {"TaxRateDetail": [{"TaxRateRef": {"value": "90"}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}]}
    code = {"Id": "91", "Name": "TVH NB", "Active": True, "Taxable": True, "TaxGroup": True, "SalesTaxRateList": named,
            "PurchaseTaxRateList": named}  # fmt: skip
    return {"TaxRate": [rate], "TaxCode": [code]}


@pytest.mark.row("O-30")
@pytest.mark.parametrize("recorded", [True, False])
def test_paid_invoices_have_a_payment_only_where_payments_are_recorded(house, server, recorded):
    order = only(sell(server, cart(**buyer(1))))
    pair(house, {"payments": "on" if recorded else "off"})
    synced(house)
    document = only(book(server, "Invoice"))
    if recorded:
        paid = only(book(server, "Payment"))
        assert money(paid["TotalAmt"]) == money(order["grand_total"]) and money(document["Balance"]) == 0
        assert paid["Line"][0]["LinkedTxn"] == [{"TxnId": document["Id"], "TxnType": "Invoice"}]
    else:
        assert book(server, "Payment") == [] and money(document["Balance"]) == money(order["grand_total"])


@pytest.mark.row("O-31")
def test_each_payment_is_in_the_account_of_its_method_and_an_unmapped_one_waits(house, server):
    card, paypal, odd = sell(
        server, cart(**buyer(1)), cart(method="paypal_express", **buyer(2)), cart(method="cashondelivery", **buyer(3))
    )
    pair(house)
    run = synced(house, "held")
    accounts = {
        invoice["DocNumber"]: payment["DepositToAccountRef"]["value"]
        for invoice in book(server, "Invoice")
        for payment in book(server, "Payment")
        if payment["Line"][0]["LinkedTxn"][0]["TxnId"] == invoice["Id"]
    }
    assert accounts == {card["increment_id"]: "5", paypal["increment_id"]: "1"}
    waits = run.changes.get(state="held")
    assert (waits.entity, waits.code, waits.params["key"]) == ("payment", "METHOD-UNMAPPED", "cashondelivery")
    assert kept(run)
    invoice = next(row for row in book(server, "Invoice") if row["DocNumber"] == odd["increment_id"])
    assert money(invoice["Balance"]) == money(odd["grand_total"])


@pytest.mark.row("O-40")
@pytest.mark.parametrize("rule", ["void", "flag"])
def test_a_pending_order_cancelled_later_voids_or_marks_its_document(house, server, rule):
    order = only(sell(server, cart(then=[], **buyer(1))))
    pair(house, {"order_statuses": "pending,processing", "cancellations": rule})
    synced(house)
    assert money(only(book(server, "Invoice"))["TotalAmt"]) == money(order["grand_total"])
    happens(server, order, "cancel")
    run = synced(house)
    document = only(book(server, "Invoice"))
    if rule == "void":
        assert run.changes.get(entity="sale").action == "void"
        assert money(document["TotalAmt"]) == 0 and "Voided" in memo(document)
    else:
        assert money(document["TotalAmt"]) == money(order["grand_total"])
        assert "Annulée dans la boutique" in memo(document)
    before = len(written(server, "quickbooks"))
    synced(house)
    assert len(written(server, "quickbooks")) == before


@pytest.mark.row("O-42")
def test_orders_go_from_the_start_date_on_in_the_shops_own_time_zone(house, server):
    early, late = sell(
        server,
        cart(at=at("2026-02-28T23:59:00-05:00"), **buyer(1)),
        cart(at=at("2026-03-01T00:01:00-05:00"), **buyer(2)),
    )
    pair(house, {"orders_since": "2026-03-01"})
    run = synced(house)
    document = only(book(server, "Invoice"))
    assert (document["DocNumber"], document["TxnDate"]) == (late["increment_id"], "2026-03-01")
    assert kept(run).get(("sale", early["increment_id"])) == "BEFORE-START"
    server.load("magento", orders=[{"entity_id": early["entity_id"], "customer_note": "Laisser à la porte"}])
    synced(house)
    assert only(book(server, "Invoice"))["DocNumber"] == late["increment_id"]


@pytest.mark.row("O-16")
def test_a_second_buyer_of_one_name_is_told_apart_by_the_address_and_the_plan_says_so(house, server):
    first, second, third = (
        only(sell(server, cart("CH-1", email=f"j{number}@fictive.example", given_name=given, family_name="Homonyme")))
        for number, given in enumerate(("Jean", "jean", "Jeanne"))
    )
    pair(house)
    run = synced(house)
    names = {row["PrimaryEmailAddr"]["Address"]: row["DisplayName"] for row in book(server, "Customer")}
    assert names["j0@fictive.example"] == "Jean Homonyme"
    assert names["j1@fictive.example"] == "jean Homonyme (j1@fictive.example)"
    assert names["j2@fictive.example"] == "Jeanne Homonyme"
    assert "CUSTOMER-NAME-SHARED" in noted(run)["jean Homonyme"]
    assert len(book(server, "Invoice")) == 3 == len({first["entity_id"], second["entity_id"], third["entity_id"]})
    before = len(written(server, "quickbooks"))
    synced(house)
    assert len(written(server, "quickbooks")) == before


@pytest.mark.row("O-16")
def test_a_person_may_want_to_decide_about_buyers_of_one_name(house, server):
    for number in range(2):
        sell(server, cart("CH-1", email=f"j{number}@fictive.example", given_name="Jean", family_name="Homonyme"))
    pair(house, {"same_name": "hold"})
    run = synced(house, "held")
    assert kept(run)["contact", "Jean Homonyme"] == "QBO-NAME-CUSTOMER"
    assert len(book(server, "Invoice")) == 1
