"""Writes: what they refuse, what they compute, and that balances always add up."""

from decimal import Decimal

import pytest

from tests.unit.sandbox.quickbooks_desk import US, Desk


def owed(desk, customer):
    return desk.again("Customer", customer)["Balance"]


def amount(value):
    return Decimal(str(value))


# Names and tokens


def test_a_customer_made_from_a_name_alone_gets_the_vendors_defaults():
    made = Desk().customer("Émilie Exemple")
    assert made["FullyQualifiedName"] == made["PrintOnCheckName"] == "Émilie Exemple"
    assert (made["Taxable"], made["Job"], made["Balance"], made["Active"]) == (True, False, 0, True)
    assert (made["SyncToken"], made["PreferredDeliveryMethod"], made["CurrencyRef"]["value"]) == ("0", "Print", "CAD")


def test_a_name_is_unique_over_customers_and_vendors_in_any_case():
    desk = Desk()
    first = desk.customer("Marie Fictive")
    desk.made("vendor", {"DisplayName": "Bois Inventé"})
    clash = desk.post("customer", {"DisplayName": "marie fictive"})
    assert desk.code(clash) == "6240"
    assert f"Id={first['Id']}" in desk.body(clash)["Fault"]["Error"][0]["Detail"]
    assert desk.code(desk.post("customer", {"DisplayName": "BOIS INVENTÉ"})) == "6240"
    assert desk.code(desk.post("customer", {"DisplayName": "a:b"})) == "6000"
    assert desk.code(desk.post("customer", {"CompanyName": "Sans nom"})) == "6080"


def test_making_a_customer_inactive_marks_and_frees_the_name():
    desk = Desk()
    made = desk.customer("Théo Modèle")
    off = desk.made("customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    assert off["DisplayName"] == "Théo Modèle (deleted)"
    same = desk.made("customer", {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Active": False})
    assert same["SyncToken"] == "1"
    assert desk.customer("Théo Modèle")["Id"] != made["Id"]


def test_a_balance_forbids_making_a_customer_inactive():
    desk = Desk()
    customer = desk.customer()
    desk.invoice(customer)
    token = desk.again("Customer", customer)["SyncToken"]
    refused = desk.post("customer", {"Id": customer["Id"], "SyncToken": token, "sparse": True, "Active": False})
    assert desk.code(refused) == "6220"


def test_a_stale_token_is_refused_and_a_change_of_nothing_keeps_it():
    desk = Desk()
    made = desk.customer(Notes="a")
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "a"}
    unchanged = desk.made("customer", body)
    assert (unchanged["SyncToken"], unchanged["MetaData"]) == ("0", made["MetaData"])
    assert desk.made("customer", {**body, "Notes": "b"})["SyncToken"] == "1"
    assert desk.code(desk.post("customer", {**body, "Notes": "c"})) == "5010"


def test_sparse_leaves_and_full_empties_what_is_not_named():
    desk = Desk()
    made = desk.customer(Notes="a", CompanyName="Fictif inc.")
    sparse = desk.made("customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "CompanyName": ""})
    assert (sparse.get("Notes"), "CompanyName" in sparse) == ("a", False)
    full = desk.made("customer", {"Id": made["Id"], "SyncToken": "1", "DisplayName": "Autre"})
    assert "Notes" not in full
    assert (full["DisplayName"], full["FullyQualifiedName"], full["Active"]) == ("Autre", "Autre", True)


@pytest.mark.parametrize(
    ("resource", "body", "code"),
    [
        ("customer", {"DisplayName": "x", "Mood": "good"}, "2010"),
        ("customer", {"DisplayName": "x", "BillAddr": {"Street": "1"}}, "2010"),
        ("customer", {"DisplayName": "x", "Active": "yes"}, "2010"),
        ("customer", {"DisplayName": "x", "GivenName": "g" * 101}, "2050"),
        ("customer", {"DisplayName": "x", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
        ("customer", {"DisplayName": "x", "PreferredDeliveryMethod": "Pigeon"}, "2170"),
        ("invoice", {"CustomerRef": {"value": "1"}}, "2020"),
        ("invoice", {"TxnDate": "01/02/2026", "CustomerRef": {"value": "1"}, "Line": []}, "2060"),
        ("invoice", {"DocNumber": "1" * 22}, "2050"),
        ("refundreceipt", {"CustomerRef": {"value": "1"}, "Line": [{"DetailType": "DescriptionOnly"}]}, "2020"),
        ("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": "much"}, "2080"),
        ("item", {"Name": "x", "Type": "Service"}, "2020"),
        ("item", {"Name": "x", "Type": "Inventory", "IncomeAccountRef": {"value": "7"}}, "2020"),
        ("item", {"Name": "x", "Type": "Service", "IncomeAccountRef": {"value": "999"}}, "2500"),
        ("term", {"Name": "x"}, "2020"),
    ],
)
def test_what_the_vendor_refuses_is_refused_with_its_code(resource, body, code):
    assert desk_code(resource, body) == code


def desk_code(resource, body):
    desk = Desk()
    return desk.code(desk.post(resource, body))


def test_unreadable_json_is_an_unsupported_property():
    desk = Desk()
    assert desk.code(desk.post("customer", b"{not json")) == "2010"


# Sales documents


def test_quebec_taxes_are_made_on_the_sum_per_rate():
    desk = Desk()
    item, customer = desk.service(), desk.customer()
    lines = [desk.line(item["Id"], "10.05", "1"), desk.line(item["Id"], "10.05", "1"), desk.line(item["Id"], "5", "4")]
    made = desk.made("invoice", desk.sale(customer, *lines))
    taxes = [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]]
    # 20.10 at 5 % is 1.005, at 9.975 % is 2.004975.
    assert taxes == [1.01, 2.0]
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"], made["Balance"]) == (3.01, 28.11, 28.11)
    assert [line["Amount"] for line in made["Line"] if line["DetailType"] == "SubTotalLineDetail"] == [25.1]


def test_a_discount_comes_off_before_quebec_taxes():
    desk = Desk()
    item, customer = desk.service(), desk.customer()
    off = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    made = desk.made("invoice", desk.sale(customer, desk.line(item["Id"], "200", "2"), off))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (9.0, 189.0)


def test_a_us_document_is_taxed_before_the_discount_unless_told_otherwise():
    desk = Desk(realm=US)
    item, customer = desk.service(), desk.customer()
    off = {"Amount": 34.5, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}
    body = desk.sale(customer, desk.line(item["Id"], "345", "TAX"), off, TxnTaxDetail={"TxnTaxCodeRef": {"value": "1"}})
    assert desk.made("invoice", body)["TotalAmt"] == 331.2
    assert desk.made("invoice", {**body, "ApplyTaxAfterDiscount": True})["TotalAmt"] == 329.13
    forced = desk.made("invoice", {**body, "TxnTaxDetail": {"TotalTax": 22.43}})
    assert (forced["TxnTaxDetail"]["TotalTax"], forced["TotalAmt"]) == (22.43, 332.93)
    assert desk.code(desk.post("invoice", desk.sale(customer, desk.line(item["Id"], "1", "1")))) == "6100"


def test_tax_inside_the_price_is_gross_less_net():
    desk = Desk()
    item, customer = desk.service(), desk.customer()
    line = desk.line(item["Id"], "10.61", "1", TaxInclusiveAmt=12.2)
    made = desk.made("salesreceipt", desk.sale(customer, line, GlobalTaxCalculation="TaxInclusive"))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (1.59, 12.2)


def test_amounts_must_be_price_times_quantity():
    desk = Desk()
    item, customer = desk.service(), desk.customer()
    good = desk.line(item["Id"], "7.96", UnitPrice=0.5306667, Qty=15)
    bad = desk.line(item["Id"], "7.97", UnitPrice=0.5306667, Qty=15)
    assert desk.made("invoice", desk.sale(customer, good))["Line"][0]["Amount"] == 7.96
    assert desk.code(desk.post("invoice", desk.sale(customer, bad))) == "6070"


def test_a_canadian_line_needs_a_tax_code():
    desk = Desk()
    item, customer = desk.service(), desk.customer()
    line = {"Amount": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": item["Id"]}}}
    assert desk.code(desk.post("invoice", desk.sale(customer, line))) == "6000"
    assert desk.code(desk.post("invoice", {"CustomerRef": {"value": "1"}, "Line": [line]})) == "2020"


def test_numbers_are_given_counted_and_not_used_twice():
    desk = Desk()
    customer = desk.customer()
    first, second = desk.invoice(customer), desk.invoice(customer)
    assert int(second["DocNumber"]) == int(first["DocNumber"]) + 1
    item = desk.rows("select * from Item")[0]
    body = desk.sale(customer, desk.line(item["Id"], "1"), DocNumber=first["DocNumber"])
    clash = desk.post("invoice", body)
    assert desk.code(clash) == "6140"
    assert f"TxnId={first['Id']}" in desk.body(clash)["Fault"]["Error"][0]["Detail"]
    assert desk.post("invoice", body, include="allowduplicatedocnum").status == 200
    desk.vendor.load("Preferences", [{"SalesFormsPrefs": {"CustomTxnNumbers": True}}])
    assert "DocNumber" not in desk.invoice(customer)


def test_nothing_is_written_into_a_closed_period():
    desk = Desk()
    customer = desk.customer()
    invoice = desk.invoice(customer, TxnDate="2026-09-30")
    desk.vendor.load("Preferences", [{"AccountingInfoPrefs": {"BookCloseDate": "2026-09-30"}}])
    item = desk.rows("select * from Item")[0]
    late = desk.sale(customer, desk.line(item["Id"], "1"), TxnDate="2026-09-30")
    assert desk.code(desk.post("invoice", late)) == "6200"
    assert desk.code(desk.post("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="delete")) == "6200"
    assert desk.post("invoice", {**late, "TxnDate": "2026-10-01"}).status == 200


def test_changing_lines_keeps_those_sent_with_their_id():
    desk = Desk()
    customer = desk.customer()
    invoice = desk.invoice(customer)
    old = invoice["Line"][0]
    item = old["SalesItemLineDetail"]["ItemRef"]["value"]
    body = {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "Line": [old, desk.line(item, "50", "4")]}
    changed = desk.made("invoice", body)
    assert [line.get("Id") for line in changed["Line"]] == ["1", "2", None]
    assert (changed["TotalAmt"], changed["SyncToken"], owed(desk, customer)) == (150, "1", 150)
    fewer = desk.made("invoice", {**body, "SyncToken": "1", "Line": [desk.line(item, "30", "4")]})
    assert [line.get("Id") for line in fewer["Line"]] == ["3", None]
    assert owed(desk, customer) == 30
    memo = desk.made("invoice", {"Id": invoice["Id"], "SyncToken": "2", "sparse": True, "PrivateNote": "x"})
    assert (memo["TotalAmt"], memo["Line"]) == (30, fewer["Line"])


def test_voiding_an_invoice_empties_it_and_frees_its_payment():
    desk = Desk()
    customer = desk.customer()
    invoice = desk.invoice(customer, PrivateNote="commande 7")
    payment = desk.body(desk.pay(customer, 60, (60, invoice, "Invoice")))["Payment"]
    void = desk.made("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="void")
    assert (void["TotalAmt"], void["Balance"], void["LinkedTxn"], void["SyncToken"]) == (0, 0, [], "1")
    assert void["PrivateNote"].startswith("Voided")
    assert desk.again("Payment", payment)["UnappliedAmt"] == 60
    assert owed(desk, customer) == -60


def test_a_deleted_document_is_gone_and_its_effect_with_it():
    desk = Desk()
    customer = desk.customer()
    invoice = desk.invoice(customer)
    stub = desk.made("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="delete")
    assert stub == {"domain": "QBO", "status": "Deleted", "Id": invoice["Id"]}
    assert desk.code(desk.get(f"invoice/{invoice['Id']}")) == "610"
    assert owed(desk, customer) == 0
    feed = desk.body(desk.get("cdc", entities="Invoice", changedSince=desk.ago(hours=1)))
    assert feed["CDCResponse"][0]["QueryResponse"][0]["Invoice"][0]["status"] == "Deleted"


def test_an_invoice_moves_its_customers_time_but_not_its_token():
    desk = Desk()
    customer = desk.customer()
    desk.vendor.sandbox.clock.advance(90)
    desk.invoice(customer)
    after = desk.again("Customer", customer)
    assert after["SyncToken"] == customer["SyncToken"]
    assert after["MetaData"]["LastUpdatedTime"] > customer["MetaData"]["LastUpdatedTime"]
    assert after["Balance"] == 100


def test_stock_follows_sales_and_returns():
    desk = Desk()
    customer = desk.customer()
    item = desk.made(
        "item",
        {
            "Name": "Table",
            "Type": "Inventory",
            "TrackQtyOnHand": True,
            "QtyOnHand": 10,
            "InvStartDate": "2026-01-01",
            "AssetAccountRef": {"value": "4"},
            "IncomeAccountRef": {"value": "7"},
            "ExpenseAccountRef": {"value": "10"},
        },
    )
    line = desk.line(item["Id"], "30", "4", UnitPrice=10, Qty=3)
    receipt = desk.made("salesreceipt", desk.sale(customer, line))
    assert desk.again("Item", item)["QtyOnHand"] == 7
    desk.made(
        "creditmemo",
        desk.sale(customer, {**line, "Amount": 10, "SalesItemLineDetail": {**line["SalesItemLineDetail"], "Qty": 1}}),
    )
    assert desk.again("Item", item)["QtyOnHand"] == 8
    desk.made(
        "salesreceipt", {"Id": receipt["Id"], "SyncToken": "0", "sparse": True}, operation="update", include="void"
    )
    assert desk.again("Item", item)["QtyOnHand"] == 11
    assert desk.code(desk.post("invoice", desk.sale(customer, line, TxnDate="2025-12-31"))) == "6270"
    assert desk.again("Item", item)["QtyOnHand"] == 11


# Payments


def test_a_payment_settles_what_it_names_and_keeps_the_rest():
    desk = Desk()
    customer = desk.customer()
    one, two = desk.invoice(customer, "100"), desk.invoice(customer, "50")
    payment = desk.body(desk.pay(customer, 130, (100, one, "Invoice"), (20, two, "Invoice")))["Payment"]
    assert payment["UnappliedAmt"] == 10
    assert [desk.again("Invoice", d)["Balance"] for d in (one, two)] == [0, 30]
    assert desk.again("Invoice", one)["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert owed(desk, customer) == 20
    desk.made("payment", {"Id": payment["Id"], "SyncToken": "0"}, operation="delete")
    assert [desk.again("Invoice", d)["Balance"] for d in (one, two)] == [100, 50]
    assert owed(desk, customer) == 150


def test_a_credit_memo_is_applied_by_a_payment_of_nothing():
    desk = Desk()
    customer = desk.customer()
    invoice = desk.invoice(customer, "100")
    item = desk.rows("select * from Item")[0]
    memo = desk.made("creditmemo", desk.sale(customer, desk.line(item["Id"], "40", "4")))
    assert (memo["Balance"], memo["RemainingCredit"], owed(desk, customer)) == (40, 40, 60)
    assert desk.pay(customer, 0, (40, invoice, "Invoice"), (40, memo, "CreditMemo")).status == 200
    assert (desk.again("Invoice", invoice)["Balance"], desk.again("CreditMemo", memo)["RemainingCredit"]) == (60, 0)
    assert owed(desk, customer) == 60


def test_a_refused_payment_changes_nothing():
    desk = Desk()
    customer, other = desk.customer(), desk.customer("Autre")
    invoice = desk.invoice(customer, "100")
    assert desk.code(desk.pay(customer, 200, (150, invoice, "Invoice"))) == "6000"
    assert desk.code(desk.pay(customer, 10, (50, invoice, "Invoice"))) == "6000"
    assert desk.code(desk.pay(other, 50, (50, invoice, "Invoice"))) == "6000"
    assert desk.code(desk.pay(customer, 200, (60, invoice, "Invoice"), (60, invoice, "Invoice"))) == "6000"
    assert (desk.again("Invoice", invoice)["Balance"], owed(desk, customer)) == (100, 100)
    assert not desk.rows("select * from Payment")


def test_a_full_update_of_a_payment_without_lines_unlinks_the_invoice():
    desk = Desk()
    customer = desk.customer()
    invoice = desk.invoice(customer)
    payment = desk.body(desk.pay(customer, 100, (100, invoice, "Invoice")))["Payment"]
    body = {"Id": payment["Id"], "SyncToken": "0", "CustomerRef": payment["CustomerRef"], "TotalAmt": 100}
    assert desk.made("payment", body)["UnappliedAmt"] == 100
    assert desk.again("Invoice", invoice)["Balance"] == 100
    assert owed(desk, customer) == 0


def test_the_demo_worlds_balances_add_up_to_the_cent():
    desk = Desk("demo")
    for books in desk.vendor.companies.values():
        owing = {customer["Id"]: Decimal(0) for customer in books.tables["Customer"].documents()}
        for entity, field, sign in (
            ("Invoice", "Balance", 1),
            ("CreditMemo", "Balance", -1),
            ("Payment", "UnappliedAmt", -1),
        ):
            for document in books.tables[entity].documents():
                owing[document["CustomerRef"]["value"]] += sign * amount(document[field])
        for customer in books.tables["Customer"].documents():
            assert amount(customer["Balance"]) == owing[customer["Id"]], customer["DisplayName"]


def test_the_demo_worlds_totals_are_lines_less_discount_plus_tax():
    desk = Desk("demo")
    rates = {"1": Decimal("5"), "2": Decimal("9.975")}
    for entity in ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"):
        for document in desk.books.tables[entity].documents():
            sold = sum(amount(n["Amount"]) for n in document["Line"] if n["DetailType"] == "SalesItemLineDetail")
            off = sum(amount(n["Amount"]) for n in document["Line"] if n["DetailType"] == "DiscountLineDetail")
            assert amount(document["TotalAmt"]) == sold - off + amount(document["TxnTaxDetail"]["TotalTax"])
            for line in document["TxnTaxDetail"].get("TaxLine", []):
                detail = line["TaxLineDetail"]
                exact = amount(detail["NetAmountTaxable"]) * rates[detail["TaxRateRef"]["value"]] / 100
                assert abs(amount(line["Amount"]) - exact) <= Decimal("0.005")


def test_the_demo_world_is_as_rich_as_promised_and_the_same_each_time():
    one, two = Desk("demo"), Desk("demo")
    tables = one.books.tables
    assert len(tables["Customer"]) >= 250
    assert len(tables["Item"]) >= 60
    assert sum(len(tables[name]) for name in ("Invoice", "SalesReceipt", "Payment", "CreditMemo")) >= 900
    customers = list(tables["Customer"].documents())
    emails = [(c.get("PrimaryEmailAddr") or {}).get("Address") for c in customers]
    assert emails.count(None) > 5
    assert any("," in email for email in emails if email)
    assert len({e for e in emails if e}) < len([e for e in emails if e])
    assert any(not c["Active"] for c in customers)
    invoices = list(tables["Invoice"].documents())
    assert any(i.get("PrivateNote", "").startswith("Voided") for i in invoices)
    assert any(0 < i["Balance"] < i["TotalAmt"] for i in invoices)
    assert any(i["Balance"] == 0 < i["TotalAmt"] for i in invoices)
    assert {i["Type"] for i in tables["Item"].documents()} == {"Service", "NonInventory", "Inventory", "Category"}
    assert one.vendor.state()["companies"] == two.vendor.state()["companies"]


# Repeats and batches


def test_the_same_request_id_gives_the_first_answer_and_acts_once():
    desk = Desk()
    first = desk.post("customer", {"DisplayName": "Une Cliente"}, requestid="r-1")
    again = desk.post("customer", {"DisplayName": "Une Cliente"}, requestid="r-1")
    assert again.body == first.body
    assert len(desk.rows("select * from Customer")) == 1
    assert desk.code(desk.post("customer", {"DisplayName": "Une Cliente"}, requestid="r-2")) == "6240"
    assert desk.code(desk.post("customer", {"DisplayName": "x"}, requestid="r" * 51)) == "2130"


def test_a_batch_answers_each_item_for_itself():
    desk = Desk()
    items = [
        {"bId": "a", "operation": "create", "Customer": {"DisplayName": "Une Cliente"}},
        {"bId": "b", "operation": "create", "Customer": {"DisplayName": "UNE CLIENTE"}},
        {"bId": "c", "operation": "create", "Customer": {"DisplayName": "Deux", "Mood": 1}},
        {"bId": "d", "Query": "select count(*) from Customer"},
        {"bId": "e", "operation": "delete", "Invoice": {"Id": "77", "SyncToken": "0"}},
    ]
    answer = desk.post("batch", {"BatchItemRequest": items}, requestid="b-1")
    parts = {part["bId"]: part for part in desk.body(answer)["BatchItemResponse"]}
    assert answer.status == 200
    assert parts["a"]["Customer"]["DisplayName"] == "Une Cliente"
    assert [parts[k]["Fault"]["Error"][0]["code"] for k in "bce"] == ["6240", "2010", "610"]
    assert parts["d"]["QueryResponse"] == {"totalCount": 1}
    assert desk.post("batch", {"BatchItemRequest": items}, requestid="b-1").body == answer.body
    assert desk.code(desk.post("batch", {"BatchItemRequest": items * 7})) == "1040"


def test_texts_can_be_french_but_codes_stay():
    desk = Desk()
    desk.customer("Une Cliente")
    desk.vendor.configure({"french_messages": True})
    clash = desk.post("customer", {"DisplayName": "Une Cliente"})
    assert desk.code(clash) == "6240"
    assert desk.body(clash)["Fault"]["Error"][0]["Message"] == "Ce nom existe déjà"


def test_a_lapsed_subscription_can_be_read_but_not_written():
    desk = Desk()
    desk.vendor.load("CompanyInfo", [{"NameValue": [{"Name": "SubscriptionStatus", "Value": "EXPIRED"}]}])
    assert desk.code(desk.post("customer", {"DisplayName": "x"})) == "6190"
    assert desk.rows("select * from Customer") == []


# Behind the interface


def test_a_bookkeepers_edit_counts_as_a_change():
    desk = Desk()
    made = desk.customer("Avant")
    desk.vendor.sandbox.clock.advance(90)
    desk.vendor.load("customers", [{"Id": made["Id"], "DisplayName": "Après", "PrimaryPhone": {"FreeFormNumber": "1"}}])
    after = desk.again("Customer", made)
    assert (after["DisplayName"], after["FullyQualifiedName"], after["SyncToken"]) == ("Après", "Après", "1")
    assert after["MetaData"]["LastUpdatedTime"] > made["MetaData"]["LastUpdatedTime"]
    assert desk.customer("Avant")["Id"] != made["Id"]


def test_a_merge_moves_documents_and_balance_to_the_survivor():
    desk = Desk()
    loser, survivor = desk.customer("Perdante"), desk.customer("Gagnante")
    invoice = desk.invoice(loser)
    desk.vendor.load("Customer", [{"Id": loser["Id"], "merge_into": survivor["Id"]}])
    assert desk.code(desk.get(f"customer/{loser['Id']}")) == "610"
    assert desk.again("Invoice", invoice)["CustomerRef"] == {"value": survivor["Id"], "name": "Gagnante"}
    assert owed(desk, survivor) == 100


def test_a_bookkeeper_can_move_and_delete_documents():
    desk = Desk()
    one, two = desk.customer("Une"), desk.customer("Deux")
    invoice = desk.invoice(one)
    desk.vendor.load("Invoice", [{"Id": invoice["Id"], "CustomerRef": {"value": two["Id"]}}])
    assert (owed(desk, one), owed(desk, two)) == (0, 100)
    desk.vendor.load("Invoice", [{"Id": invoice["Id"], "status": "Deleted"}])
    assert owed(desk, two) == 0
    assert desk.code(desk.get(f"invoice/{invoice['Id']}")) == "610"


def test_a_loaded_document_keeps_what_it_says():
    desk = Desk()
    row = {
        "Id": "900",
        "SyncToken": "7",
        "DisplayName": "Chargée",
        "MetaData": {"CreateTime": "2020-01-01T00:00:00-08:00", "LastUpdatedTime": "2020-01-02T00:00:00-08:00"},
    }
    desk.vendor.load("Customer", [row])
    held = desk.body(desk.get("customer/900"))["Customer"]
    assert {name: held[name] for name in row} == row
    assert int(desk.customer("Suivante")["Id"]) == 901
