"""From QuickBooks documents to canonical values and back, and reading that trusts no listing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import ContractBroken, OutcomeUnknown, RecordRejected, Ref, Write
from connectors.contract.money import lines_add_up, lines_total
from connectors.quickbooks import CONNECTOR
from connectors.quickbooks.countries import two_letters
from connectors.quickbooks.query import Where, count, literal, select
from connectors.quickbooks.sameness import differs

META = {"CreateTime": "2026-01-02T03:04:05-08:00", "LastUpdatedTime": "2026-02-03T04:05:06-08:00"}
CUSTOMER = {
    "Id": "63",
    "SyncToken": "2",
    "MetaData": META,
    "DisplayName": " Ana  Invented ",
    "GivenName": "Ana",
    "PrimaryEmailAddr": {"Address": "ana@example.com, b@example.com"},
    "Mobile": {"FreeFormNumber": "514 555-0100"},
    "BillAddr": {"Id": "9", "Line1": "1 Rue", "Line2": "App. 2", "Line4": "x", "City": "Laval", "Country": "CAN"},
    "Balance": Decimal("10.50"),
    "CurrencyRef": {"value": "CAD"},
    "Active": True,
}


def line(amount: str, item: str = "1", **detail: Any) -> dict[str, Any]:
    inner = {"ItemRef": {"value": item, "name": "Pneu"}, "TaxCodeRef": {"value": "5"}, **detail}
    return {"Id": "1", "Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": inner}


def invoice(**more: Any) -> dict[str, Any]:
    return {
        "Id": "7",
        "SyncToken": "0",
        "MetaData": META,
        "DocNumber": "1038",
        "TxnDate": "2026-02-01",
        "DueDate": "2026-03-03",
        "CustomerRef": {"value": "63"},
        "CurrencyRef": {"value": "CAD"},
        "Line": [
            line("345.00", Qty=Decimal(15), UnitPrice=23),
            {"Amount": Decimal(345), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
            line("5.00", "SHIPPING_ITEM_ID"),
            {"Amount": Decimal("34.50"), "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": Decimal("22.43")},
        "TotalAmt": Decimal("337.93"),
        "Balance": Decimal("337.93"),
        **more,
    }


def test_a_customer_is_read_with_empty_for_what_is_absent() -> None:
    record = CONNECTOR.resource("customers").parse(CUSTOMER)
    assert record.values == {
        "name": "Ana  Invented",
        "given_name": "Ana",
        "family_name": None,
        "company": None,
        "email": "ana@example.com, b@example.com",
        "phone": None,
        "mobile": "514 555-0100",
        "address": {
            "line1": "1 Rue",
            "line2": "App. 2, x",
            "city": "Laval",
            "region": None,
            "postcode": None,
            "country": "CA",
        },
        "website": None,
        "notes": None,
        "active": True,
        "balance": Decimal("10.50"),
        "created_at": datetime(2026, 1, 2, 11, 4, 5, tzinfo=UTC),
        "currency": "CAD",
    }
    assert (record.version, record.gone) == ("2", False)
    assert record.changed_at == datetime(2026, 2, 3, 12, 5, 6, tzinfo=UTC)


def test_inactive_and_deleted_are_gone_and_a_stub_tells_nothing() -> None:
    customers, invoices = CONNECTOR.resource("customers"), CONNECTOR.resource("invoices")
    assert customers.parse({**CUSTOMER, "Active": False}).gone
    stub = invoices.parse({"domain": "QBO", "status": "Deleted", "Id": "9"})
    assert stub.gone and stub.values == {} and stub.version is None
    with pytest.raises(KeyError):
        customers.parse({"DisplayName": "nobody"})


def test_an_invoice_tells_lines_and_totals_apart_and_they_add_up() -> None:
    values = CONNECTOR.resource("invoices").parse(invoice()).values
    assert [(item["kind"], item["amount"], item["quantity"], item["unit_price"]) for item in values["lines"]] == [
        ("item", Decimal("345.00"), 15, 23)
    ]
    assert values["lines"][0]["product"] == Ref("product", "items", "1") and values["lines"][0]["tax_code"] == "5"
    assert (values["shipping_total"], values["discount_total"], values["tax_total"]) == (
        Decimal("5.00"),
        Decimal("34.50"),
        Decimal("22.43"),
    )
    assert values["contact"] == Ref("contact", "customers", "63") and values["date"] == date(2026, 2, 1)
    assert values["status"] == "open" and lines_add_up(values) and "billing_address" not in values
    assert not lines_add_up({**values, "total": Decimal("337.92")})


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"Balance": Decimal("100")}, "partially_paid"),
        ({"Balance": Decimal("0")}, "paid"),
        ({"Balance": 0, "TotalAmt": 0, "PrivateNote": "Voided - note"}, "void"),
        ({"Balance": 0, "TotalAmt": 0, "PrivateNote": "Annulé"}, "void"),
        ({"Balance": 0, "TotalAmt": 0, "PrivateNote": "free"}, "paid"),
        ({"PrivateNote": "Voided by phone, then kept"}, "open"),
    ],
)
def test_a_status_follows_from_balance_total_and_note(more: dict[str, Any], status: str) -> None:
    assert CONNECTOR.resource("invoices").parse(invoice(**more)).values["status"] == status


def test_a_refund_keeps_discount_and_shipping_among_its_lines_and_adds_up() -> None:
    for name in ("credit_memos", "refund_receipts"):
        values = CONNECTOR.resource(name).parse(invoice(RemainingCredit=Decimal("3"))).values
        assert [item["kind"] for item in values["lines"]] == ["item", "shipping", "discount"]
        assert lines_add_up(values)
    assert lines_total({"lines": [{"kind": "discount", "amount": Decimal(-3)}, {"kind": "note", "amount": 9}]}) == -3


def test_a_payment_tells_what_it_is_applied_to() -> None:
    raw = {
        "Id": "1",
        "TotalAmt": 100,
        "UnappliedAmt": Decimal("15.5"),
        "TxnDate": "2026-02-01",
        "Line": [
            {"Amount": Decimal("60.00"), "LinkedTxn": [{"TxnId": "7", "TxnType": "Invoice"}]},
            {"Amount": Decimal("24.50"), "LinkedTxn": [{"TxnId": "8", "TxnType": "JournalEntry"}]},
        ],
    }
    values = CONNECTOR.resource("payments").parse(raw).values
    assert [item["document"] for item in values["applied"]] == [Ref("sale", "invoices", "7"), None]
    assert values["unapplied"] == Decimal("15.5") and values["total"] == Decimal(100)


def test_an_item_tells_its_category_and_stock() -> None:
    raw = {"Id": "3", "Name": "Pneu", "FullyQualifiedName": "Auto:Hiver:Pneu", "Type": "Inventory"}
    values = CONNECTOR.resource("items").parse({**raw, "TrackQtyOnHand": True, "QtyOnHand": 4}).values
    assert (values["category"], values["quantity"], values["kind"]) == ("Auto:Hiver", Decimal(4), "inventory")
    assert CONNECTOR.resource("items").parse({**raw, "QtyOnHand": 4}).values["quantity"] is None


def test_countries_come_to_two_letters_or_to_nothing() -> None:
    words = ("USA", "us", "Canada", "CAN", "FRA", "United Kingdom", "UK", "ZAF", "DEU", "Nowhere land", "XQ1")
    assert [two_letters(word) for word in words] == [
        *("US", "US", "CA", "CA", "FR", "GB", "GB", "ZA", "DE"),
        *(None, None),
    ]


@pytest.mark.fault("S37")
def test_values_cannot_leave_their_quotes() -> None:
    assert literal("O'Brien\\' OR Id = '1") == "'O\\'Brien\\\\\\' OR Id = \\'1'"
    assert literal(True) == "true" and literal("") == "' '" and literal(Decimal("1E+2")) == "'100'"
    assert select("Customer", [Where("Active", "IN", (True, False)), Where("Id", "IN", ["1", "2"])], order="Id") == (
        "SELECT * FROM Customer WHERE Active IN (true, false) AND Id IN ('1', '2') ORDERBY Id"
        " STARTPOSITION 1 MAXRESULTS 1000"
    )
    assert count("Invoice") == "SELECT COUNT(*) FROM Invoice"


# Writing


def test_an_update_names_just_what_changes_and_empties_with_an_empty_text() -> None:
    resource = CONNECTOR.resource("customers")
    assert resource.payload({"email": None, "notes": ""}, "update", {}) == {
        "Notes": "",
        "PrimaryEmailAddr": {"Address": ""},
    }
    assert resource.payload({"name": " A:b\t c ", "email": None, "balance": 5, "active": True}, "create", {}) == {
        "DisplayName": "A b c"
    }


def test_a_sale_is_written_so_that_it_comes_to_its_total() -> None:
    values = {
        "lines": [
            {"kind": "item", "product": Ref("product", "items", "1"), "name": "A", "amount": Decimal("10.00")}
            | {"quantity": Decimal(3), "unit_price": Decimal("3.33"), "tax_code": "5"},
            {"kind": "labor", "product": None, "name": "B", "amount": Decimal("5.00")},
            {"kind": "tax", "amount": Decimal("1.00")},
        ],
        "shipping_total": Decimal("4.00"),
        "discount_total": Decimal("2.00"),
        "tax_total": Decimal("1.00"),
    }
    body = CONNECTOR.resource("invoices").payload(values, "create", {"default_item": "2", "discount_account": "86"})
    kinds = [(item["Amount"], item["DetailType"]) for item in body["Line"]]
    assert kinds == [
        (Decimal("10.00"), "SalesItemLineDetail"),
        (Decimal("5.00"), "SalesItemLineDetail"),
        (Decimal("4.00"), "SalesItemLineDetail"),
        (Decimal("2.00"), "DiscountLineDetail"),
    ]
    first = body["Line"][0]["SalesItemLineDetail"]
    assert first == {
        "ItemRef": {"value": "1"},
        "TaxCodeRef": {"value": "5"},
        "Qty": 3,
        "UnitPrice": Decimal("3.3333333"),
    }
    assert body["TxnTaxDetail"] == {"TotalTax": Decimal("1.00")}
    with pytest.raises(RecordRejected) as caught:
        CONNECTOR.resource("invoices").payload(values, "create", {})
    assert caught.value.code == "QBO-LINE-ITEM" and caught.value.params == {"line": "B"}


@pytest.mark.fault("D08")
def test_what_the_vendor_kept_otherwise_is_named() -> None:
    sent = {"DisplayName": "A", "Notes": "", "UnitPrice": Decimal("1.10"), "Line": [line("5.00")], "SyncToken": "0"}
    kept = {"DisplayName": "A", "UnitPrice": Decimal("1.1"), "Line": [line("5"), {"DetailType": "SubTotalLineDetail"}]}
    assert differs(sent, kept) == ()
    assert differs(sent, {**kept, "DisplayName": "B", "Notes": "x", "Line": []}) == ("DisplayName", "Notes", "Line")
    assert differs({"CustomerRef": {"value": "1", "name": "x"}}, {"CustomerRef": {"value": "1"}}) == ()
    assert differs({"CustomerRef": {"value": "1"}}, {"CustomerRef": {"value": "2"}}) == ("CustomerRef",)


# Reading, with a vendor that lies

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


class Books:
    """An `Api` over rows of one entity that obeys windows, orders and positions, and has the cap."""

    def __init__(self, entity: str, stamps: Iterable[datetime]) -> None:
        self.entity = entity
        self.now = datetime.now(UTC)
        self.rows = [self.row(str(number), at) for number, at in enumerate(stamps)]
        self.gone: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.backwards = False
        self.hidden = 0
        self.finer = False
        self.context: Mapping[str, str] = {}

    @staticmethod
    def row(number: str, at: datetime) -> dict[str, Any]:
        return {"Id": number, "SyncToken": "0", "MetaData": {"LastUpdatedTime": at.isoformat()}, "Name": number}

    def gather(self, calls: Iterable[Callable[[], Any]]) -> Iterator[Any]:
        return (call() for call in calls)

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, bucket: str = "") -> dict[str, Any]:
        assert params is not None
        time_now = self.now.isoformat()
        if path == "/cdc":
            since = datetime.fromisoformat(params["changedSince"])
            self.asked.append(f"cdc {since.isoformat()}")
            found = [row for row in self.rows + self.gone if self.at(row) >= since][:1000]
            entity_block = {self.entity: found} if found else {}
            return {"CDCResponse": [{"QueryResponse": [entity_block, {}]}], "time": time_now}
        statement = params["query"]
        self.asked.append(statement)
        if "COUNT" in statement:
            return {"QueryResponse": {"totalCount": len(self.rows)}, "time": time_now}
        rows = self.rows[: len(self.rows) - self.hidden]
        for sign, text in re.findall(r"LastUpdatedTime (>=|<) '([^']+)'", statement):
            edge = datetime.fromisoformat(text)
            rows = [row for row in rows if (self.at(row) >= edge) == (sign == ">=")]
        rows = sorted(rows, key=self.at if "ORDERBY MetaData" in statement else lambda row: row["Id"])
        if self.backwards:
            rows.reverse()
        start = int(statement.split("STARTPOSITION ")[1].split()[0])
        page = rows[start - 1 : start + 999]
        return {"QueryResponse": {self.entity: page} if page else {}, "time": time_now}

    def at(self, row: dict[str, Any]) -> datetime:
        """The time inside, finer than the one shown where the books hide a part of it."""
        shown = datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"])
        return shown + timedelta(milliseconds=int(row["Id"]) % 1000) if self.finer else shown


def read(books: Books, name: str, cursor: Any = None) -> tuple[list[str], list[Any]]:
    pages = list(CONNECTOR.feed_of(name).read(books, cursor, frozenset({name})))  # type: ignore[arg-type]
    return [row["Id"] for page in pages for row in page.documents.get(name, ())], pages


@pytest.mark.parametrize("same", [1, 2, 7, 999, 1000, 1001, 2500])
def test_windows_miss_and_double_nothing_however_many_share_a_second(same: int) -> None:
    books = Books("Invoice", [BEGIN + timedelta(seconds=number // same) for number in range(4200)])
    ids, pages = read(books, "invoices")
    assert sorted(ids, key=int) == [str(number) for number in range(4200)]
    assert pages[-1].ends == {"invoices"} and pages[-1].expected == {"invoices": 4200}


def test_stamps_finer_than_shown_lose_nothing() -> None:
    books = Books("Invoice", [BEGIN + timedelta(seconds=number // 1500) for number in range(4200)])
    books.finer = True
    ids, pages = read(books, "invoices")
    assert sorted(ids, key=int) == [str(number) for number in range(4200)] and pages[-1].ends


@pytest.mark.fault("D20")
def test_rows_out_of_order_end_the_reading_loudly() -> None:
    books = Books("Invoice", [BEGIN + timedelta(seconds=number) for number in range(2500)])
    books.backwards = True
    with pytest.raises(ContractBroken, match="QBO-ORDER"):
        read(books, "invoices")
    assert len(books.asked) < 6


def test_a_listing_that_comes_short_of_the_count_is_not_called_whole() -> None:
    books = Books("Invoice", [BEGIN + timedelta(seconds=number) for number in range(50)])
    books.hidden = 3
    _, pages = read(books, "invoices")
    assert not pages[-1].ends and pages[-1].note == "invoices: 47 of 50 came"


def test_what_was_read_of_the_overlap_does_not_come_again() -> None:
    books = Books("Invoice", [BEGIN])
    books.rows += [books.row("fresh", books.now - timedelta(minutes=1))]
    ids, pages = read(books, "invoices")
    assert len(ids) == 2
    books.now += timedelta(seconds=20)
    again, pages = read(books, "invoices", pages[-1].cursor)
    assert again == []
    books.rows[-1] = {**books.rows[-1], "SyncToken": "1"}
    changed, _ = read(books, "invoices", pages[-1].cursor)
    assert changed == ["fresh"]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_vendor_clock_ten_minutes_off_loses_nothing(minutes: int) -> None:
    books = Books("Invoice", [BEGIN])
    books.now += timedelta(minutes=minutes)
    _, pages = read(books, "invoices")
    books.rows.append(books.row("new", books.now + timedelta(seconds=1)))
    books.now += timedelta(seconds=60)
    assert read(books, "invoices", pages[-1].cursor)[0] == ["new"]


def test_a_type_over_the_cap_alone_is_read_by_windows_with_the_deletions_that_are_told() -> None:
    books = Books("Invoice", [BEGIN])
    _, pages = read(books, "invoices")
    start = books.now
    books.rows += [books.row(f"n{number}", start + timedelta(seconds=number)) for number in range(2300)]
    books.now = start + timedelta(seconds=2400)
    gone = {"Id": "late", "status": "Deleted", "MetaData": {"LastUpdatedTime": (books.now).isoformat()}}
    books.gone.append(gone)
    ids, pages = read(books, "invoices", pages[-1].cursor)
    assert {f"n{number}" for number in range(2300)} | {"late"} <= set(ids)
    assert "may be missing" in pages[-1].note and not pages[-1].ends
    books.now += timedelta(hours=1)
    assert read(books, "invoices", pages[-1].cursor)[0] in ([], ["late"])


def test_a_batch_left_without_an_answer_for_one_item_says_so() -> None:
    class Half:
        context: Mapping[str, str] = {}

        def post(self, *args: Any, **more: Any) -> dict[str, Any]:
            return {"BatchItemResponse": [{"bId": "0", "Customer": {"Id": "5", "DisplayName": "A"}}]}

    bulk = CONNECTOR.resource("customers").bulk
    assert bulk is not None
    writes = [Write(str(n), "create", None, {"DisplayName": "AB"[n]}, f"k{n}") for n in range(2)]
    first, second = bulk.send(Half(), writes)  # type: ignore[arg-type, misc]
    assert first.remote_id == "5" and first.error is None
    assert isinstance(second.error, OutcomeUnknown)


def test_reading_documents_is_cheap() -> None:
    """At most 25 µs for a customer and 60 µs for an invoice of three lines on a free core; four times that here."""
    bill = invoice(Line=[line("1.00"), line("2.00"), line("3.00")])
    for name, raw, most in (("customers", CUSTOMER, 25), ("invoices", bill, 60)):
        resource = CONNECTOR.resource(name)
        best = min(_micros(lambda: resource.parse(raw)) for _ in range(5))  # noqa: B023 - used at once
        assert best < most * 4, f"{name}: {best:.1f} µs"


def _micros(action: Callable[[], Any], rounds: int = 300) -> float:
    began = time.thread_time()
    for _ in range(rounds):
        action()
    return (time.thread_time() - began) / rounds * 1e6
