"""From the books' own words to bodies, and knowing our own work again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import OutcomeUnknown, RecordRejected, Ref, Write
from connectors.quickbooks import CONNECTOR
from connectors.quickbooks.sameness import is_marked, same_document, same_listed

D = Decimal
ITEM = Ref("product", "items", "11")


def sold(amount: str, **more: Any) -> dict[str, Any]:
    return {"id": "l1", "kind": "item", "product": ITEM, "name": "Chaise", "amount": D(amount), "tax_code": "1", **more}


def sale(*lines: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "document": "invoice",
        "number": "BO-1001",
        "date": date(2026, 11, 2),
        "contact": Ref("contact", "customers", "63"),
        "prices_include_tax": False,
        "lines": list(lines),
        **more,
    }


def body(resource: str, values: Mapping[str, Any], action: str = "create", **context: str) -> dict[str, Any]:
    return dict(CONNECTOR.resource(resource).payload(values, action, context))


def details(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [line["SalesItemLineDetail"] for line in payload["Line"]]


# Lines


@pytest.mark.row("O-14")
@pytest.mark.row("O-15")
def test_shipping_and_discount_on_items_of_their_own_are_sold_lines_with_their_sign() -> None:
    lines = [
        sold("30.00"),
        {"kind": "shipping", "item_id": "21", "name": "Livraison", "amount": D("10.00"), "tax_code": "1"},
        {"kind": "discount", "item_id": "22", "name": "Rabais", "amount": D("-5.00"), "tax_code": "1"},
        {"kind": "gift_card", "item_id": "23", "name": "Carte-cadeau", "amount": D("-2.00"), "tax_code": "4"},
    ]
    payload = body("invoices", sale(*lines, shipping_total=D("10.00"), discount_total=D("5.00")))
    assert [(line["Amount"], line["SalesItemLineDetail"]["ItemRef"]["value"]) for line in payload["Line"]] == [
        (D("30.00"), "11"),
        (D("10.00"), "21"),
        (D("-5.00"), "22"),
        (D("-2.00"), "23"),
    ]
    assert {line["DetailType"] for line in payload["Line"]} == {"SalesItemLineDetail"}


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "kept"),
    [
        ("3", "10.10", "30.30", ("3", "10.10")),
        ("3", "3.33", "10.00", ("3", "3.3333333")),
        ("-2", "5", "-10.00", ("-2", "5")),
        ("7", None, "0.05", ("7", "0.0071429")),
        ("2.5", "4", "10.01", ("2.5", "4.0040000")),
        ("1000000", "0.01", "10000.01", None),
        ("0", "5", "0.00", None),
        (None, "5", "5.00", None),
    ],
)
def test_quantity_and_price_come_to_the_amount_or_stay_away(
    quantity: str | None, price: str | None, amount: str, kept: tuple[str, str] | None
) -> None:
    line = sold(amount, quantity=quantity and D(quantity), unit_price=price and D(price))
    (detail,) = details(body("invoices", sale(line)))
    assert (detail.get("Qty"), detail.get("UnitPrice")) == ((D(kept[0]), D(kept[1])) if kept else (None, None))


@pytest.mark.row("O-20")
@pytest.mark.row("O-21")
def test_class_location_terms_and_dates_go_where_the_document_says() -> None:
    line = sold("1.00", class_id="3", date=date(2026, 11, 1))
    values = sale(line, class_id="2", location_id="5", terms_id="4", due_date=date(2026, 12, 2))
    payload = body("invoices", values, class_id="9", location_id="9", terms_id="9")
    assert details(payload)[0]["ClassRef"] == {"value": "3"}
    assert details(payload)[0]["ServiceDate"] == "2026-11-01"
    assert [payload[name]["value"] for name in ("ClassRef", "DepartmentRef", "SalesTermRef")] == ["2", "5", "4"]
    assert (payload["TxnDate"], payload["DueDate"]) == ("2026-11-02", "2026-12-02")
    loose = sale(line, document=None)
    settings = body("invoices", loose, class_id="7", location_id="8", terms_id="9")
    assert [settings[name]["value"] for name in ("ClassRef", "DepartmentRef", "SalesTermRef")] == ["7", "8", "9"]
    later = body("invoices", loose, "update", class_id="7", location_id="8", terms_id="9")
    made = body("invoices", sale(line), class_id="7", location_id="8", terms_id="9")
    for payload in (later, made):
        assert not payload.keys() & {"ClassRef", "DepartmentRef", "SalesTermRef"}, "what is left out is left out"


@pytest.mark.row("O-11")
def test_a_line_without_an_item_is_put_on_the_default_one_or_held() -> None:
    line = sold("1.00", product=None)
    loose = sale(line, document=None)
    assert details(body("invoices", loose, default_item="30"))[0]["ItemRef"] == {"value": "30"}
    with pytest.raises(RecordRejected) as caught:
        body("invoices", sale(line), default_item="30")
    assert caught.value.code == "QBO-LINE-ITEM" and caught.value.params == {"line": "Chaise"}


@pytest.mark.row("O-12")
def test_a_number_of_more_than_21_characters_is_refused_before_it_leaves() -> None:
    assert body("invoices", sale(number="Mag-12345678901234567"))["DocNumber"] == "Mag-12345678901234567"
    for resource in ("invoices", "sales_receipts", "credit_memos", "refund_receipts"):
        with pytest.raises(RecordRejected) as caught:
            body(resource, sale(number="Mag-123456789012345678"))
        assert caught.value.code == "QBO-NUMBER-LONG"
        assert caught.value.params == {"number": "Mag-123456789012345678", "length": 22, "most": 21}


@pytest.mark.row("O-19")
def test_without_a_number_none_is_sent_and_the_books_give_theirs() -> None:
    assert "DocNumber" not in body("invoices", {name: value for name, value in sale().items() if name != "number"})


def test_a_memo_is_cut_at_what_the_books_keep() -> None:
    assert body("invoices", sale(memo="m" * 4001))["PrivateNote"] == "m" * 4000
    assert body("payments", {"memo": None}, "update")["PrivateNote"] == ""


@pytest.mark.row("O-18")
def test_the_customer_may_be_named_by_the_books_own_id() -> None:
    values = {**sale(sold("1.00")), "contact": None, "contact_id": "77"}
    assert body("sales_receipts", values)["CustomerRef"] == {"value": "77"}


# Taxes

RATES = [
    {"rate_id": "1", "percent": D("5"), "net": D("100.00"), "amount": D("5.00")},
    {"rate_id": "2", "percent": D("9.975"), "net": D("100.00"), "amount": D("9.98")},
    {"rate_id": "1", "percent": D("5"), "net": D("20.00"), "amount": D("1.00")},
]


@pytest.mark.row("C-13")
def test_taxes_travel_as_charged_with_each_rate_once() -> None:
    payload = body("invoices", sale(sold("120.00"), taxes=RATES, tax_total=D("15.98")))
    assert payload["GlobalTaxCalculation"] == "TaxExcluded"
    assert payload["TxnTaxDetail"]["TotalTax"] == D("15.98")
    told = [
        (
            line["TaxLineDetail"]["TaxRateRef"]["value"],
            line["Amount"],
            line["TaxLineDetail"]["NetAmountTaxable"],
            line["TaxLineDetail"]["TaxPercent"],
        )
        for line in payload["TxnTaxDetail"]["TaxLine"]
    ]
    assert told == [("1", D("6.00"), D("120.00"), D("5")), ("2", D("9.98"), D("100.00"), D("9.975"))]


def test_the_taxes_given_are_not_changed_by_adding_them_up() -> None:
    before = [dict(rate) for rate in RATES]
    body("invoices", sale(sold("120.00"), taxes=RATES))
    assert before == RATES


@pytest.mark.row("C-13")
def test_a_us_company_gets_a_total_and_marks_and_nothing_else() -> None:
    values = sale(sold("100.00", tax_code="TAX"), taxes=RATES, tax_total=D("6.25"), prices_include_tax=True)
    payload = body("invoices", values)
    assert payload["TxnTaxDetail"] == {"TotalTax": D("6.25")} and "GlobalTaxCalculation" not in payload
    untaxed = body("invoices", sale(sold("100.00", tax_code=None), tax_total=D(0)), country="US")
    assert untaxed["TxnTaxDetail"] == {"TotalTax": D(0)} and "GlobalTaxCalculation" not in untaxed


@pytest.mark.parametrize(
    ("lines", "more", "calculation"),
    [
        ([{"tax_amount": D("1.50")}], {}, "TaxInclusive"),
        ([{"tax_amount": D("1.50")}, {}], {}, "TaxExcluded"),
        ([{"tax_code": None}], {}, "NotApplicable"),
        ([{"tax_code": None}], {"tax_total": D("1.00")}, "TaxInclusive"),
        ([{"tax_amount": D("1.50")}], {"prices_include_tax": False}, "TaxExcluded"),
    ],
)
def test_how_amounts_relate_to_tax_is_said_only_as_far_as_it_is_known(
    lines: list[dict[str, Any]], more: dict[str, Any], calculation: str
) -> None:
    values = sale(*(sold("10.00", **line) for line in lines), **{"prices_include_tax": True, **more})
    payload = body("invoices", values)
    assert payload["GlobalTaxCalculation"] == calculation
    gross = [detail.get("TaxInclusiveAmt") for detail in details(payload)]
    assert gross == (
        [D("11.50")] if "tax_amount" in lines[0] and calculation == "TaxInclusive" else [None] * len(lines)
    )
    assert "TxnTaxDetail" not in payload or calculation != "NotApplicable"


def test_what_the_document_does_not_say_comes_from_the_setting() -> None:
    values = {name: value for name, value in sale(sold("1.00")).items() if name != "prices_include_tax"}
    assert body("invoices", values, tax_calculation="TaxExcluded")["GlobalTaxCalculation"] == "TaxExcluded"
    assert "GlobalTaxCalculation" not in body("invoices", values)


# Currency, money, addresses


def test_currency_and_rate_go_only_to_companies_of_several() -> None:
    home = body("invoices", sale(currency="CAD", exchange_rate=D(1)))
    assert not home.keys() & {"CurrencyRef", "ExchangeRate"}
    abroad = body("invoices", sale(currency="USD", exchange_rate=D("1.37")))
    assert (abroad["CurrencyRef"], abroad["ExchangeRate"]) == ({"value": "USD"}, D("1.37"))
    several = body("payments", {"currency": "CAD", "exchange_rate": D(1)}, multi_currency="true")
    assert (several["CurrencyRef"], several["ExchangeRate"]) == ({"value": "CAD"}, D(1))


@pytest.mark.row("O-31")
@pytest.mark.parametrize("resource", ["sales_receipts", "refund_receipts", "payments"])
def test_money_goes_to_the_account_of_its_method(resource: str) -> None:
    told = body(resource, {"account_id": "35", "method_id": "2"}, deposit_account="1")
    assert (told["DepositToAccountRef"], told["PaymentMethodRef"]) == ({"value": "35"}, {"value": "2"})
    assert body(resource, {}, deposit_account="1")["DepositToAccountRef"] == {"value": "1"}
    assert "DepositToAccountRef" not in body(resource, {}, "update", deposit_account="1")


def test_a_document_carries_its_address_and_where_to_write() -> None:
    place = {"line1": "1, rue Inventée", "city": "Laval", "region": "QC", "postcode": "H7A 0A1", "country": "CA"}
    payload = body("invoices", sale(email="ana@example.com", billing_address=place, shipping_address={"city": "Laval"}))
    assert payload["BillEmail"] == {"Address": "ana@example.com"}
    assert payload["BillAddr"]["CountrySubDivisionCode"] == "QC" and payload["ShipAddr"] == {"City": "Laval"}


@pytest.mark.row("O-30")
def test_a_payment_is_applied_to_documents_that_take_payments() -> None:
    applied = [
        {"document": Ref("sale", "invoices", "7"), "amount": D("5.00")},
        {"document": Ref("refund", "credit_memos", "8"), "amount": D("1.00")},
    ]
    lines = body("payments", {"total": D("4.00"), "applied": applied})["Line"]
    assert [line["LinkedTxn"][0]["TxnType"] for line in lines] == ["Invoice", "CreditMemo"]
    for wrong in (Ref("sale", "sales_receipts", "7"), None):
        with pytest.raises(RecordRejected) as caught:
            body("payments", {"applied": [{"document": wrong, "amount": D("5.00")}]})
        assert caught.value.code == "QBO-APPLIED"


# Items


@pytest.mark.row("O-29")
def test_a_tracked_and_an_untracked_item_each_get_their_own_accounts() -> None:
    product = {"name": "Chaise", "sku": "CH-1", "price": D("30.00"), "cost": D("12.00"), "taxable": True}
    accounts = {
        "income_account": "7",
        "expense_account": "10",
        "income_account_tracked": "17",
        "expense_account_tracked": "20",
        "asset_account": "4",
        "stock_start": "2026-03-01",
    }
    plain = body("items", {**product, "tracked": False}, **accounts)
    assert plain == {
        "Name": "Chaise",
        "Sku": "CH-1",
        "UnitPrice": D("30.00"),
        "PurchaseCost": D("12.00"),
        "Taxable": True,
        "Type": "NonInventory",
        "IncomeAccountRef": {"value": "7"},
        "ExpenseAccountRef": {"value": "10"},
    }
    counted = body("items", {**product, "tracked": True, "quantity": D(4)}, **accounts)
    assert (counted["Type"], counted["TrackQtyOnHand"], counted["QtyOnHand"]) == ("Inventory", True, D(4))
    assert counted["InvStartDate"] == "2026-03-01"
    refs = ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef")
    assert [counted[name]["value"] for name in refs] == ["17", "20", "4"]
    named = body("items", {**product, "tracked": True, "asset_account_id": "44", "income_account_id": "77"}, **accounts)
    assert [named[name]["value"] for name in refs] == ["77", "20", "44"]
    service = body("items", {**product, "kind": "service"}, **accounts)
    assert service["Type"] == "Service" and "AssetAccountRef" not in service


@pytest.mark.row("O-35")
def test_an_update_of_an_item_never_touches_accounts_type_or_stock() -> None:
    values = {
        "name": "Chaise",
        "price": D("31.00"),
        "tracked": True,
        "kind": "inventory",
        "quantity": D(9),
        "income_account_id": "7",
        "expense_account_id": "10",
        "asset_account_id": "4",
        "active": True,
    }
    payload = body("items", values, "update", income_account="7", expense_account="10", asset_account="4")
    assert payload == {"Name": "Chaise", "UnitPrice": D("31.00"), "Active": True}


@pytest.mark.parametrize(
    ("tracked", "accounts"),
    [(True, {"income_account": "7", "expense_account": "10"}), (True, {"asset_account": "4"}), (False, {})],
)
def test_an_item_without_its_accounts_is_held_by_name(tracked: bool, accounts: dict[str, str]) -> None:
    with pytest.raises(RecordRejected) as caught:
        body("items", {"name": "Chaise", "tracked": tracked}, **accounts)
    assert (caught.value.code, caught.value.params) == ("QBO-ITEM-ACCOUNT", {"name": "Chaise"})


def test_stock_is_told_for_counted_items_and_unknown_for_others() -> None:
    stock = CONNECTOR.resource("stock_levels")
    raw = {
        "Id": "11", "SyncToken": "0", "Name": "Chaise", "Sku": "CH-1", "Type": "Inventory", "TrackQtyOnHand": True,
        "QtyOnHand": 0,
    }  # fmt: skip
    values = {"product": ITEM, "name": "Chaise", "quantity": D(0), "tracked": True, "sku": "CH-1"}
    assert stock.parse(raw).values == values
    loose = stock.parse({**raw, "TrackQtyOnHand": False}).values
    assert (loose["quantity"], loose["tracked"]) == (None, False)
    assert stock.parse({**raw, "Active": False}).gone and stock.create is None


# Our own work


SENT = {
    "DocNumber": "BO-1",
    "CustomerRef": {"value": "63"},
    "TxnDate": "2026-11-02",
    "Line": [
        {
            "Amount": D("10.00"),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "Qty": D(1)},
        }
    ],
    "BillAddr": {"Line1": "1, rue Inventée"},
    "TxnTaxDetail": {
        "TotalTax": D("1.50"),
        "TaxLine": [{"Amount": D("1.50"), "TaxLineDetail": {"TaxRateRef": {"value": "1"}}}],
    },
}


def kept(**more: Any) -> dict[str, Any]:
    """What the vendor made of it."""
    line = {**SENT["Line"][0], "Id": "1", "LineNum": 1}  # type: ignore[index]
    tax = {"Amount": D("1.5"), "DetailType": "TaxLineDetail"}
    return {
        **SENT,
        "Id": "900",
        "SyncToken": "0",
        "CustomerRef": {"value": "63", "name": "Ana"},
        "Line": [line, {"Amount": D("10"), "DetailType": "SubTotalLineDetail"}],
        "BillAddr": {"Line1": "Ana", "Line2": "1, rue Inventée"},
        "TxnTaxDetail": {
            "TotalTax": D("1.5"),
            "TaxLine": [{**tax, "TaxLineDetail": {"TaxRateRef": {"value": "1"}, "TaxPercent": 15}}],
        },
        "TotalAmt": D("11.5"),
        **more,
    }


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        ({}, True),
        ({"PrivateNote": "a bookkeeper's word"}, True),
        ({"DocNumber": "BO-2"}, False),
        ({"CustomerRef": {"value": "64"}}, False),
        ({"TxnDate": "2026-11-03"}, False),
        ({"TxnTaxDetail": {"TotalTax": D("1.51")}}, False),
        ({"Line": [{"Amount": D("10.01"), "DetailType": "SalesItemLineDetail"}]}, False),
    ],
)
def test_a_document_is_ours_when_all_that_counts_in_it_is_what_we_sent(change: dict[str, Any], ours: bool) -> None:
    assert same_document(SENT, kept(**change)) is ours


def test_another_item_or_another_tax_rate_on_the_same_amount_is_not_ours() -> None:
    raw = kept()
    raw["Line"][0]["SalesItemLineDetail"] = {"ItemRef": {"value": "2"}, "Qty": D(1)}
    assert not same_document(SENT, raw)
    raw = kept()
    raw["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"] = {"TaxRateRef": {"value": "2"}}
    assert not same_document(SENT, raw)


def test_a_namesake_with_details_we_never_sent_is_somebody_else() -> None:
    sent = {"DisplayName": "Ana", "PrimaryEmailAddr": {"Address": "ana@example.com"}}
    assert same_listed(sent, {**sent, "Id": "1", "Active": True, "Taxable": True})
    assert not same_listed(sent, {**sent, "CompanyName": "Ana inc."})
    assert not same_listed(sent, {**sent, "PrimaryEmailAddr": {"Address": "other@example.com"}})
    assert not same_listed(sent, {**sent, "Active": False})


class Shelf:
    """An `Api` with documents to be read by id or found by a query, and one refusal for every write."""

    context: Mapping[str, str] = {}

    def __init__(self, refusal: RecordRejected, held: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.refusal = refusal
        self.held = dict(held or {})
        self.found: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def gather(self, calls: Iterable[Callable[[], Any]]) -> Iterator[Any]:
        return (call() for call in calls)

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, bucket: str = "") -> dict[str, Any]:
        if path == "/query":
            statement = (params or {})["query"]
            self.asked.append(statement)
            entity = statement.split("FROM ")[1].split()[0]
            rows = [raw for raw in self.found if raw["kind"] == entity]
            return {"QueryResponse": {entity: rows} if rows else {}}
        self.asked.append(path)
        if path not in self.held:
            raise RecordRejected("QBO-610")
        raw = self.held[path]
        return {raw["kind"]: raw}

    def post(self, path: str, *args: Any, **more: Any) -> dict[str, Any]:
        raise self.refusal


def taken(resource: str, payload: Mapping[str, Any], shelf: Shelf) -> Any:
    create = CONNECTOR.resource(resource).create
    assert create
    return create(shelf, dict(payload), "key")  # type: ignore[arg-type]


NUMBER_TAKEN = RecordRejected("QBO-6140", params={"number": "BO-1", "type": "Invoice", "transaction": "900"})


@pytest.mark.fault("D12")
def test_a_number_held_by_our_own_first_try_is_taken_up_by_its_id() -> None:
    shelf = Shelf(NUMBER_TAKEN, {"/invoice/900": {**kept(), "kind": "Invoice"}})
    assert taken("invoices", SENT, shelf)["Id"] == "900"
    assert shelf.asked == ["/invoice/900"], "no search was needed"


@pytest.mark.fault("D12")
def test_a_number_held_by_another_document_is_refused_and_says_by_which() -> None:
    other = {**kept(TotalAmt=D("99.00"), TxnDate="2026-10-01"), "kind": "Invoice"}
    for shelf in (Shelf(NUMBER_TAKEN, {"/invoice/900": other}), Shelf(RecordRejected("QBO-6140"))):
        shelf.found = [other]
        with pytest.raises(RecordRejected) as caught:
            taken("invoices", SENT, shelf)
        assert caught.value.code == "QBO-NUMBER-HELD"
        told = {name: caught.value.params[name] for name in ("number", "id", "date", "total", "holder")}
        assert told == {"number": "BO-1", "id": "900", "date": "2026-10-01", "total": "99.00", "holder": "Ana"}


@pytest.mark.fault("D12")
@pytest.mark.parametrize(("kind", "code"), [("Vendor", "QBO-NAME-VENDOR"), ("Employee", "QBO-NAME-EMPLOYEE")])
@pytest.mark.parametrize("told", [{"id": "5"}, {}])
def test_a_name_held_by_a_vendor_or_employee_says_so(kind: str, code: str, told: dict[str, str]) -> None:
    holder = {"Id": "5", "DisplayName": "ANA", "kind": kind}
    # A customer of the same number stands beside it: ids are unique within a kind only.
    beside = {"Id": "5", "DisplayName": "Somebody", "kind": "Customer"}
    shelf = Shelf(RecordRejected("QBO-6240", params=told), {"/customer/5": beside, f"/{kind.lower()}/5": holder})
    shelf.found = [holder]
    with pytest.raises(RecordRejected) as caught:
        taken("customers", {"DisplayName": "Ana", "PrimaryEmailAddr": {"Address": "ana@example.com"}}, shelf)
    assert (caught.value.code, caught.value.params["holder"], caught.value.params["id"]) == (code, "ANA", "5")


def test_a_name_alone_proves_nobody() -> None:
    payload = {"DisplayName": "Ana"}
    shelf = Shelf(
        RecordRejected("QBO-6240", params={"id": "5"}), {"/customer/5": {**payload, "Id": "5", "kind": "Customer"}}
    )
    with pytest.raises(RecordRejected) as caught:
        taken("customers", payload, shelf)
    assert caught.value.code == "QBO-NAME-CUSTOMER"


def test_an_unnamed_refusal_stays_what_it_was() -> None:
    with pytest.raises(RecordRejected) as caught:
        taken("customers", {"DisplayName": "Ana"}, Shelf(RecordRejected("QBO-6240")))
    assert caught.value.code == "QBO-6240"


@pytest.mark.fault("E05")
def test_a_number_used_by_another_document_is_not_made_again_after_a_lost_answer() -> None:
    shelf = Shelf(NUMBER_TAKEN)
    shelf.found = [{**kept(TxnDate="2026-10-01"), "kind": "Invoice"}]
    find = CONNECTOR.resource("invoices").find
    assert find
    with pytest.raises(RecordRejected) as caught:
        find(shelf, Write("1", "create", None, dict(SENT), "k"))  # type: ignore[arg-type]
    assert caught.value.code == "QBO-NUMBER-HELD"


def test_a_document_without_any_mark_of_ours_is_never_taken_for_ours() -> None:
    bare = {name: value for name, value in SENT.items() if name != "DocNumber"}
    assert is_marked(SENT) and not is_marked(bare) and is_marked({**bare, "PrivateNote": "BO-1"})
    shelf = Shelf(NUMBER_TAKEN)
    shelf.found = [{**kept(), "kind": "Invoice"}]
    find = CONNECTOR.resource("invoices").find
    assert find
    with pytest.raises(OutcomeUnknown, match="QBO-AMBIGUOUS"):
        find(shelf, Write("1", "create", None, bare, "k"))  # type: ignore[arg-type]
    noted = {**bare, "PrivateNote": "BO-1"}
    shelf.found = [{**kept(PrivateNote="BO-1"), "kind": "Invoice"}]
    found = find(shelf, Write("1", "create", None, noted, "k"))  # type: ignore[arg-type]
    assert found and found["Id"] == "900"


def test_a_payment_for_something_gone_keeps_the_refusal_it_got() -> None:
    applied = [{"document": Ref("sale", "invoices", "7"), "amount": D("5.00")}]
    payload = body("payments", {"number": "ch_1", "contact_id": "63", "total": D("5.00"), "applied": applied})
    refusal = RecordRejected("QBO-6000", params={"detail": "more than the open balance"})
    with pytest.raises(RecordRejected) as caught:
        taken("payments", payload, Shelf(refusal))
    assert caught.value.code == "QBO-6000"
    raw = {**payload, "Id": "50", "SyncToken": "0", "kind": "Payment", "UnappliedAmt": 0}
    paid = {"Id": "7", "kind": "Invoice", "LinkedTxn": [{"TxnId": "50", "TxnType": "Payment"}]}
    shelf = Shelf(refusal, {"/invoice/7": paid, "/payment/50": raw})
    assert taken("payments", payload, shelf)["Id"] == "50"
    other = Shelf(refusal, {"/invoice/7": paid, "/payment/50": {**raw, "PaymentRefNum": "ch_2"}})
    with pytest.raises(RecordRejected):
        taken("payments", payload, other)
