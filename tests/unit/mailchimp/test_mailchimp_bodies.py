"""What is sent to Mailchimp for a contact, a product, an order: tables of cases."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import RecordRejected, Ref, SettingInvalid
from connectors.mailchimp import CONNECTOR, members, orders, products, shop
from connectors.mailchimp.wire import cut, member_hash

CONTEXT = {
    "audience": "abc",
    "store": "qbo-1-abc",
    "status_if_new": "transactional",
    "currency": "CAD",
    "country": "CA",
    "platform": "QuickBooks Online",
}
ADDRESS = {"line1": "1, rue Inventée", "city": "Lévis", "region": "QC", "postcode": "G6V 1A1", "country": "CA"}


def test_the_name_of_a_member_is_made_of_the_lower_cased_address() -> None:
    assert member_hash(" Ann.Lee@Example.COM ") == member_hash("ann.lee@example.com")
    assert member_hash("ann.lee@example.com") == "ac22d1dff811ced3068af057a3ed7029"


@pytest.mark.parametrize("missing", ["line1", "city", "region", "postcode"])
def test_an_incomplete_address_is_left_out_whole(missing: str) -> None:
    assert members.write_address({**ADDRESS, missing: " "}) is None
    assert "merge_fields" not in members.build({"address": {**ADDRESS, missing: None}}, "update", CONTEXT)


def test_a_country_is_never_left_to_the_vendor_to_guess() -> None:
    unknown = {**ADDRESS, "country": None}
    assert members.write_address(unknown) is None
    written = members.write_address(unknown, "CA")
    assert written and written["country"] == "CA"


def test_a_long_first_line_runs_on_into_an_empty_second_one() -> None:
    written = members.write_address(
        {**ADDRESS, "line1": "12345, boulevard de la Très-Longue-Promenade-Imaginaire, bureau 200"}
    )
    assert written and len(written["addr1"]) <= 45 and written["addr2"].endswith("bureau 200")


@pytest.mark.parametrize(
    ("phone", "kind", "sent"),
    [
        ("(514) 555-0100", "phone_us", "514-555-0100"),
        ("+1 514 555 0100", "phone_us", "514-555-0100"),
        ("+33 1 23 45 67 89", "phone_us", None),
        ("+33 1 23 45 67 89", "phone", "+33 1 23 45 67 89"),
        ("", "phone_us", ""),
    ],
)
def test_a_phone_travels_as_its_field_wants_it_or_not_at_all(phone: str, kind: str, sent: str | None) -> None:
    assert members.write_phone(phone, kind) == sent


def test_only_fields_the_audience_has_are_sent() -> None:
    values = {
        "given_name": "Ann",
        "family_name": "Fictive",
        "company": "Essai inc.",
        "phone": "5145550100",
        "address": ADDRESS,
    }
    few = members.build(values, "update", {**CONTEXT, "merge_tags": "FNAME:text,MMERGE7:text,ADDRESS:text"})
    assert few["merge_fields"] == {"FNAME": "Ann", "ADDRESS": "1, rue Inventée, Lévis, QC, G6V 1A1, CA"}
    chosen = {**CONTEXT, "merge_tags": "FNAME:text,MMERGE7:text", "company_field": "MMERGE7"}
    assert members.build(values, "update", chosen)["merge_fields"] == {"FNAME": "Ann", "MMERGE7": "Essai inc."}


def test_what_is_told_empty_clears_and_what_is_not_told_is_left_alone() -> None:
    assert members.build({"family_name": None}, "update", CONTEXT) == {"merge_fields": {"LNAME": ""}}
    assert members.build({}, "update", CONTEXT) == {}


def test_texts_are_cut_between_characters() -> None:
    assert cut("é" * 200) == "é" * 127
    assert cut("👩‍👩‍👧 famille", 9).encode().decode() == cut("👩‍👩‍👧 famille", 9)


def test_a_new_contact_needs_a_chosen_status() -> None:
    with pytest.raises(SettingInvalid, match="MC-SETTING-MISSING"):
        members.build({"email": "a@courriel.example"}, "create", {})


def test_the_tags_of_the_fields_tell_how_numbers_are_written() -> None:
    told = [
        {"id": "PHONE", "facts": {"type": "phone", "phone_format": "US"}},
        {"id": "FNAME", "facts": {"type": "text"}},
    ]
    assert members.merge_tags_of(told) == "PHONE:phone_us,FNAME:text"


# Products


def test_a_product_without_a_name_goes_by_its_sku_or_id() -> None:
    source = {"resource": "items", "id": "7"}
    assert products.build({"source": source, "name": " ", "sku": "S"}, "create", CONTEXT)["title"] == "S"
    assert products.build({"source": source}, "create", CONTEXT)["title"] == "7"
    assert "title" not in products.build({"name": None}, "update", CONTEXT)


# Orders


def order(**more: Any) -> dict[str, Any]:
    return {
        "source": {"resource": "invoices", "id": "130"},
        "date": "2026-10-05",
        "contact": {"ref": "contact", "resource": "members", "id": "c1"},
        "contact_values": {"email": "Ann.Fictive@courriel.example", "given_name": "Ann"},
        "total": "114.98",
        "tax_total": "14.98",
        "lines": [],
        **more,
    }


def line(**more: Any) -> dict[str, Any]:
    return {"id": "1", "kind": "item", "product": None, "quantity": "1", "unit_price": "10", "amount": "10", **more}


@pytest.mark.parametrize(("resource", "name"), [("invoices", "invoice-130"), ("sales_receipts", "receipt-130")])
def test_an_order_is_named_after_its_document(resource: str, name: str) -> None:
    assert orders.build(order(source={"resource": resource, "id": "130"}), "create", CONTEXT)["id"] == name
    assert orders.chosen_id({"source": Ref("sale", resource, "130")}, {}) == name
    assert orders.chosen_id({}, {"source_resource": resource, "source_id": "130"}) == name


def test_the_buyer_never_opts_in_and_is_named_by_the_address() -> None:
    buyer = orders.build(order(), "create", CONTEXT)["customer"]
    assert buyer["opt_in_status"] is False
    assert buyer["id"] == member_hash("ann.fictive@courriel.example") and len(buyer["id"]) <= 50


def test_an_order_without_an_address_to_put_it_under_is_refused_by_name() -> None:
    with pytest.raises(RecordRejected, match="MC-NO-EMAIL"):
        orders.build(order(contact_values={}), "create", CONTEXT)


@pytest.mark.parametrize(
    ("given", "quantity", "price"),
    [
        (line(quantity="3", unit_price="12.50", amount="37.50"), 3, "12.50"),
        (line(quantity="1.5", unit_price="10", amount="15.00"), 1, "15.00"),
        (line(quantity="3", unit_price="3.3333333", amount="10.00"), 1, "10.00"),
        (line(quantity="0", unit_price="10", amount="0"), 1, "0"),
        (line(quantity=None, unit_price=None, amount="8.25"), 1, "8.25"),
    ],
)
def test_quantities_are_whole_and_a_line_comes_to_its_amount(given: Any, quantity: int, price: str) -> None:
    (sent,) = orders.build(order(lines=[given]), "create", CONTEXT)["lines"]
    assert type(sent["quantity"]) is int and sent["quantity"] == quantity
    assert sent["price"] == Decimal(price) and isinstance(sent["price"], Decimal)
    assert sent["product_id"] == sent["product_variant_id"] == shop.CATCH_ALL


def test_a_reduction_travels_as_a_discount_and_totals_are_no_lines() -> None:
    rows = [
        line(
            id="1", amount="100.00", unit_price="100.00", product={"ref": "product", "resource": "products", "id": "5"}
        ),
        line(id="2", amount="-10.00", unit_price="-10.00"),
        line(id="3", kind="shipping", amount="5.00"),
        line(id="4", kind="note", amount=None),
    ]
    body = orders.build(order(lines=rows), "create", CONTEXT)
    assert [(row["product_id"], row["price"], row.get("discount")) for row in body["lines"]] == [
        ("5", Decimal("100.00"), None),
        ("qbo-other", Decimal(0), Decimal("10.00")),
    ]
    assert body["shipping_total"] == Decimal("5.00") and body["order_total"] == Decimal("114.98")


def test_an_order_always_has_a_line() -> None:
    (only,) = orders.build(order(lines=[]), "create", CONTEXT)["lines"]
    assert only["price"] == Decimal("100.00")


@pytest.mark.parametrize(
    ("status", "sent"),
    [("open", "pending"), ("partially_paid", "partially_paid"), ("paid", "paid"), ("void", "cancelled")],
)
def test_the_state_of_a_document_becomes_the_state_of_its_order(status: str, sent: str) -> None:
    body = orders.build(order(status=status), "create", CONTEXT)
    assert body["financial_status"] == sent
    assert ("cancelled_at_foreign" in body) is (status == "void")
    assert "fulfillment_status" not in body
    back = CONNECTOR.resource("orders").parse({"id": "x", "financial_status": sent})
    assert back.values["status"] == status


def test_an_order_carries_its_true_day_in_every_time_zone_of_the_client() -> None:
    body = orders.build(order(), "create", CONTEXT)
    at = datetime.fromisoformat(body["processed_at_foreign"])
    assert at.astimezone(UTC).date() == date(2026, 10, 5)
    assert CONNECTOR.resource("orders").parse({"id": "x", **body}).values["date"] == date(2026, 10, 5)


def test_a_change_sends_just_what_changed() -> None:
    assert orders.build({"status": "paid"}, "update", CONTEXT) == {"financial_status": "paid"}
    assert orders.build({"total": "5.00", "number": "77"}, "update", CONTEXT) == {
        "order_total": Decimal("5.00"),
        "tracking_number": "77",
    }


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "douze"])
def test_an_amount_that_is_none_is_refused_by_name(amount: str) -> None:
    with pytest.raises(RecordRejected, match="MC-AMOUNT"):
        orders.build(order(total=amount), "create", CONTEXT)


# Reading


def test_absence_is_not_emptiness() -> None:
    kind = CONNECTOR.resource("members")
    record = kind.parse(
        {"id": "h", "contact_id": "c", "email_address": "a@courriel.example", "merge_fields": {"FNAME": ""}}
    )
    assert record.values["given_name"] is None and "phone" not in record.values and record.remote_id == "c"
    assert kind.parse({"id": "h"}).remote_id == "h"
    with pytest.raises(KeyError):
        kind.parse({"email_address": "a@courriel.example"})


@pytest.mark.parametrize(
    ("status", "consent"),
    [
        ("subscribed", "granted"),
        ("pending", "asked"),
        ("unsubscribed", "withdrawn"),
        ("cleaned", "bounced"),
        ("transactional", "none"),
        ("archived", "archived"),
        ("brand-new", "unknown"),
    ],
)
def test_every_status_tells_the_consent_and_only_archived_is_gone(status: str, consent: str) -> None:
    record = CONNECTOR.resource("members").parse({"id": "h", "status": status})
    assert record.values["consent"] == consent and record.gone is (status == "archived")
