"""Documents of a shop in canonical form: to the cent, each thing once, unknown where nothing is told."""

import random
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from connectors.contract import ENTITIES, Ref, freeze
from connectors.magento import CONNECTOR
from connectors.magento.buyers import of_order
from connectors.magento.products import of_order as products_of
from connectors.magento.wire import spread

D = Decimal


def item(number: int, **more: Any) -> dict[str, Any]:
    return {
        "item_id": number,
        "product_id": 100 + number,
        "product_type": "simple",
        "sku": f"SKU-{number}",
        "name": f"Thing {number}",
        "qty_ordered": 1,
        "qty_shipped": 0,
        "qty_refunded": 0,
        "qty_canceled": 0,
        "price": D("10.00"),
        "row_total": D("10.00"),
        "discount_amount": 0,
        "tax_amount": 0,
        **more,
    }


def order(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {
        "entity_id": 7,
        "increment_id": "000000007",
        "state": "processing",
        "status": "processing",
        "created_at": "2026-03-01 12:00:00",
        "updated_at": "2026-03-01 12:00:00",
        "store_id": 1,
        "base_currency_code": "CAD",
        "order_currency_code": "CAD",
        "base_to_order_rate": 1,
        "customer_email": "Zoé.Tremblay@Fictive.Example ",
        "items": list(items),
        "payment": {"method": "checkmo"},
        "extension_attributes": {},
    }
    made |= more
    if "grand_total" not in made:
        made["grand_total"] = sum((D(str(one.get("row_total", 0))) for one in items), D(0))
    return made


def applied(code: str, percent: str, amount: str, *rates: tuple[str, str]) -> dict[str, Any]:
    inside = [{"code": name, "title": name, "percent": D(value)} for name, value in rates]
    made = {"code": code, "title": code, "percent": D(percent), "amount": D(amount)}
    return {**made, "extension_attributes": {"rates": inside}} if inside else made


def sale(raw: dict[str, Any]) -> dict[str, Any]:
    return CONNECTOR.resource("orders").parse(raw).values


def come_to(values: Any) -> Decimal:
    return sum((line["amount"] - line["discount"] + line["tax_amount"] for line in values["lines"]), D(0))


def kinds(values: Any) -> list[tuple[str, Decimal]]:
    return [(line["kind"], line["amount"]) for line in values["lines"]]


# taxes


def test_rates_that_come_as_one_are_told_apart_to_the_cent():
    rates = (("TPS", "5"), ("TVQ", "9.975"))
    both = applied("TPS-TVQ", "14.975", "14.98", *rates)
    values = sale(
        order(
            item(1, row_total=D("100.00"), tax_amount=D("14.98"), tax_percent=D("14.975")),
            grand_total=D("114.98"),
            tax_amount=D("14.98"),
            extension_attributes={
                "applied_taxes": [both],
                "item_applied_taxes": [{"type": "product", "item_id": 1, "applied_taxes": [both]}],
            },
        )
    )
    assert [(tax["code"], tax["amount"]) for tax in values["taxes"]] == [("TPS", D("5.00")), ("TVQ", D("9.98"))]
    assert values["lines"][0]["taxes"] == values["taxes"]


def test_taxes_that_are_told_for_the_whole_alone_are_found_for_the_lines():
    values = sale(
        order(
            item(1, row_total=D("100.00"), tax_amount=D("14.98"), tax_percent=D("14.975")),
            item(2, row_total=D("20.00"), tax_amount=D("1.00"), tax_percent=D(5)),
            item(3, row_total=D("9.00")),
            grand_total=D("144.98"),
            tax_amount=D("15.98"),
            extension_attributes={"applied_taxes": [applied("TPS", "5", "6.00"), applied("TVQ", "9.975", "9.98")]},
        )
    )
    told = [[(tax["code"], tax["amount"]) for tax in line["taxes"]] for line in values["lines"]]
    assert told == [[("TPS", D("5.00")), ("TVQ", D("9.98"))], [("TPS", D("1.00"))], []]


def test_a_tax_that_fits_no_rate_is_not_guessed():
    values = sale(
        order(
            item(1, row_total=D("100.00"), tax_amount=D("7.00"), tax_percent=D(7)),
            grand_total=D("107.00"),
            tax_amount=D("7.00"),
            extension_attributes={"applied_taxes": [applied("A", "5", "5"), applied("B", "9", "2")]},
        )
    )
    assert values["lines"][0]["taxes"] == [] and come_to(values) == D("107.00")


def test_shipping_has_its_own_taxes_and_discount():
    tps, tvq = applied("TPS", "5", "0.45"), applied("TVQ", "9.975", "0.90")
    values = sale(
        order(
            item(1, row_total=D("10.00"), discount_amount=D("1.00")),
            grand_total=D("19.35"),
            tax_amount=D("1.35"),
            discount_amount=D("-2.00"),
            shipping_amount=D("10.00"),
            shipping_tax_amount=D("1.35"),
            shipping_discount_amount=D("1.00"),
            extension_attributes={
                "applied_taxes": [tps, tvq],
                "item_applied_taxes": [{"type": "shipping", "applied_taxes": [tps, tvq]}],
            },
        )
    )
    shipping = values["lines"][1]
    assert (shipping["kind"], shipping["amount"], shipping["discount"]) == ("shipping", D("10.00"), D("1.00"))
    assert [tax["code"] for tax in shipping["taxes"]] == ["TPS", "TVQ"]
    assert come_to(values) == values["total"] and values["discount_total"] == D("2.00")


# lines


def test_a_variant_is_the_product_and_its_parent_has_the_money():
    values = sale(
        order(
            item(1, product_type="configurable", sku="SHIRT-M", name="Shirt", qty_shipped=1),
            item(2, parent_item_id=1, sku="SHIRT-M", name="Shirt-M", price=0, row_total=0),
        )
    )
    (line,) = values["lines"]
    assert line["product"] == Ref("product", "products", "102") and line["name"] == "Shirt-M"
    assert line["sku"] == "SHIRT-M" and line["amount"] == D("10.00") and line["unshipped"] == 0


def test_the_parts_of_a_bundle_count_or_the_bundle_never_both():
    parts = [item(n, parent_item_id=1, row_total=D(total)) for n, total in ((2, "7.00"), (3, "3.00"))]
    dynamic = order(item(1, product_type="bundle", row_total=D("10.00")), *parts, grand_total=D("10.00"))
    assert kinds(sale(dynamic)) == [("item", D("7.00")), ("item", D("3.00"))]
    free = [item(n, parent_item_id=1, row_total=0, price=0) for n in (2, 3)]
    fixed = order(item(1, product_type="bundle", row_total=D("10.00")), *free, grand_total=D("10.00"))
    (line,) = sale(fixed)["lines"]
    assert line["product"].remote_id == "101" and line["amount"] == D("10.00")


def test_discounts_on_the_parts_of_a_bundle_come_to_that_of_the_order():
    values = sale(
        order(
            item(1, product_type="bundle", row_total=D("10.00")),
            item(2, parent_item_id=1, row_total=D("7.00"), discount_amount=D("0.70")),
            item(3, parent_item_id=1, row_total=D("3.00"), discount_amount=D("0.30")),
            discount_amount=D("-1.00"),
            grand_total=D("9.00"),
        )
    )
    assert come_to(values) == D("9.00") and values["discount_total"] == D("1.00")


def test_a_discount_no_line_tells_is_shared_out_over_all():
    values = sale(
        order(
            item(1, row_total=D("20.00")), item(2, row_total=D("10.00")), discount_amount=D("-1.00"), grand_total=D(29)
        )
    )
    assert [line["discount"] for line in values["lines"]] == [D("0.67"), D("0.33")]
    assert come_to(values) == D("29.00")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"gift_cards_amount": D("4.00")}, ("gift_card", D("-4.00"))),
        ({"customer_balance_amount": D("4.00")}, ("store_credit", D("-4.00"))),
        ({"reward_currency_amount": D("4.00")}, ("store_credit", D("-4.00"))),
    ],
)
def test_what_was_paid_otherwise_is_a_line_of_its_own(more, expected):
    values = sale(order(item(1), grand_total=D("6.00"), extension_attributes=more))
    assert kinds(values)[-1] == expected and come_to(values) == D("6.00")


def test_a_product_tax_is_a_line_where_just_that_explains_the_total():
    told = item(1, weee_tax_applied_row_amount=D("0.50"))
    assert kinds(sale(order(told, grand_total=D("10.50"))))[-1] == ("fee", D("0.50"))
    assert [kind for kind, _ in kinds(sale(order(told, grand_total=D("10.00"))))] == ["item"]


def test_what_nothing_explains_is_left_over():
    values = sale(order(item(1), grand_total=D("13.50")))
    assert values["total"] - come_to(values) == D("3.50")


@pytest.mark.parametrize(
    ("currency", "told", "kept"),
    [
        ("CAD", "10.0050", "10.01"),
        ("CAD", "10.0049", "10.00"),
        ("JPY", "1000.5", "1001"),
        ("KWD", "1.2345", "1.235"),
        ("CAD", "-0.0050", "-0.01"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(currency, told, kept):
    values = sale(order(item(1, row_total=D(told)), order_currency_code=currency, base_currency_code=currency))
    assert values["lines"][0]["amount"] == D(kept) and str(values["lines"][0]["amount"]) == kept


def test_one_family_of_currencies_is_used_and_the_rate_told():
    values = sale(order(item(1, base_row_total=D("13.50")), base_to_order_rate=D("0.74"), order_currency_code="USD"))
    assert (values["currency"], values["home_currency"], values["total"]) == ("USD", "CAD", D("10.00"))
    assert values["exchange_rate"] == D("1.351351351")
    unknown = order(item(1), base_to_order_rate=0, order_currency_code="USD", base_grand_total=D("13.50"))
    assert sale(unknown)["exchange_rate"] == D("1.35")


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({}, 3),
        ({"qty_shipped": 1}, 2),
        ({"qty_shipped": 2, "qty_refunded": 1}, 1),
        ({"qty_refunded": 2}, 1),
        ({"qty_canceled": 3}, 0),
        ({"qty_shipped": 3, "qty_refunded": 3}, 0),
        ({"is_virtual": 1}, 0),
        ({"product_type": "downloadable"}, 0),
    ],
)
def test_what_is_still_to_be_shipped(told, left):
    values = sale(order(item(1, qty_ordered=3, **told)))
    assert values["lines"][0]["unshipped"] == left


def test_an_order_without_lines_and_a_rounding_over_many_are_kept_as_they_are():
    assert sale(order(grand_total=D("0.00")))["lines"] == []
    values = sale(order(*(item(n, row_total=D("3.3333")) for n in range(1, 4)), grand_total=D("10.00")))
    assert values["total"] - come_to(values) == D("0.01")


@pytest.mark.row("O-40")
def test_a_cancelled_order_is_gone_and_an_edited_one_has_its_own_number():
    record = CONNECTOR.resource("orders").parse(order(item(1), state="canceled", status="canceled"))
    assert record.gone and record.values["status"] == "canceled"
    edited = order(item(1), increment_id="000000007-1", original_increment_id="000000007", edit_increment=1)
    assert sale(edited)["number"] == "000000007-1"
    assert not CONNECTOR.resource("orders").parse(order(item(1), state="closed", status="closed")).gone


def test_prices_with_tax_are_known_by_what_only_such_shops_write():
    assert sale(order(item(1)))["prices_include_tax"] is False
    with_tax = item(1, price=D("9.5652"), price_incl_tax=D("11.00"))
    assert sale(order(with_tax))["prices_include_tax"] is True
    assert sale(order(item(1, discount_tax_compensation_amount=D("0.13"))))["prices_include_tax"] is True


def test_values_are_those_the_contract_names_and_of_their_kinds():
    fields = {entity: {item.name: item.kind for item in rows} for entity, rows in ENTITIES.items()}
    invoice = {"entity_id": 3, "order_id": 7, "state": 2, "order_currency_code": "CAD", "grand_total": 10}
    memo = {**invoice, "items": [], "created_at": "2026-03-01 12:00:00"}
    documents = {
        "orders": order(item(1)),
        "buyers": of_order(order(item(1))),
        "captures": invoice,
        "credit_memos": memo,
        "products": {"id": 1, "sku": "A", "type_id": "simple", "status": 1, "custom_attributes": []},
        "stock": {"id": 1, "sku": "A", "quantity": 3},
    }
    extra = {"refund": {"discount_total", "shipping_total"}}
    for name, raw in documents.items():
        resource = CONNECTOR.resource(name)
        record = resource.parse(raw)
        known = set(fields[resource.entity]) | extra.get(resource.entity, set())
        assert set(record.values) <= known, (name, set(record.values) - known)
        freeze(record.values)


@pytest.mark.parametrize("missing", ["entity_id", "order_currency_code"])
def test_a_document_without_an_id_or_a_currency_is_not_one_of_ours(missing):
    raw = order(item(1))
    del raw[missing]
    with pytest.raises(KeyError):
        CONNECTOR.resource("orders").parse(raw)


# generated orders


def half_up(value: Decimal, digits: int) -> Decimal:
    return value.quantize(D(1).scaleb(-digits), ROUND_HALF_UP)


def generated(dice: random.Random) -> dict[str, Any]:
    """An order as a store computes it, by its own identity; written without the connector."""
    currency, digits = dice.choice([("CAD", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)])
    cent = D(1).scaleb(-digits)
    rates = dice.choice([[], [("TPS", D(5)), ("TVQ", D("9.975"))], [("TVH", D(13))], [("TVA", D(20))]])
    percent = sum((rate for _, rate in rates), D(0))
    inclusive = dice.random() < 0.4 and percent
    rows, taxes = [], []

    def tax_of(net: Decimal) -> tuple[Decimal, list[dict[str, Any]]]:
        parts = [half_up(net * rate / 100, digits) for _, rate in rates]
        told = [applied(code, str(rate), str(part)) for (code, rate), part in zip(rates, parts, strict=True)]
        return sum(parts, D(0)), told

    for number in range(1, dice.randint(1, 6) + 1):
        net = cent * dice.randint(1, 50_000)
        share = D(dice.choice([0, 0, 10, 33, 100])) / 100
        gross = half_up(net * (1 + percent / 100) * share, digits) if inclusive else half_up(net * share, digits)
        kept = half_up(net * share, digits)
        tax, told = tax_of(net - kept)
        rows.append(
            item(
                number,
                row_total=net,
                tax_amount=tax,
                tax_percent=percent,
                discount_amount=gross,
                discount_tax_compensation_amount=gross - kept,
            )
        )
        taxes.append({"type": "product", "item_id": number, "applied_taxes": told})
    shipping = cent * dice.choice([0, 500, 1234])
    shipping_discount = half_up(shipping * dice.choice([D(0), D("0.5"), D(1)]), digits)
    shipping_tax, told = tax_of(shipping - shipping_discount)
    taxes.append({"type": "shipping", "applied_taxes": told})
    gift = cent * dice.choice([0, 0, 100])
    sums: dict[str, Decimal] = {}
    for part in taxes:
        for tax in part["applied_taxes"]:
            sums[tax["code"]] = sums.get(tax["code"], D(0)) + tax["amount"]
    subtotal = sum((row["row_total"] for row in rows), D(0))
    tax_amount = sum((row["tax_amount"] for row in rows), D(0)) + shipping_tax
    discount = sum((row["discount_amount"] for row in rows), D(0)) + shipping_discount
    compensation = sum((row["discount_tax_compensation_amount"] for row in rows), D(0))
    return order(
        *rows,
        order_currency_code=currency,
        base_currency_code=currency,
        subtotal=subtotal,
        tax_amount=tax_amount,
        discount_amount=-discount,
        discount_tax_compensation_amount=compensation,
        shipping_amount=shipping,
        shipping_tax_amount=shipping_tax,
        shipping_discount_amount=shipping_discount,
        grand_total=subtotal + shipping + tax_amount - discount + compensation - gift,
        extension_attributes={
            "gift_cards_amount": gift,
            "applied_taxes": [applied(code, str(rate), str(sums.get(code, D(0)))) for code, rate in rates],
            "item_applied_taxes": taxes,
        },
    )


def test_two_thousand_generated_orders_add_up_to_the_cent():
    seed = random.SystemRandom().randrange(10**9)
    dice = random.Random(seed)
    for number in range(2000):
        raw = generated(dice)
        values = sale(raw)
        where = f"seed {seed}, order {number}"
        assert come_to(values) == values["total"], where
        assert sum((line["tax_amount"] for line in values["lines"]), D(0)) == values["tax_total"], where
        by_line = sum((tax["amount"] for line in values["lines"] for tax in line["taxes"]), D(0))
        assert by_line == values["tax_total"] == sum((tax["amount"] for tax in values["taxes"]), D(0)), where
        assert all(line["discount"] >= 0 for line in values["lines"]), where


def test_parts_come_to_the_whole():
    dice = random.Random(5)
    for _ in range(500):
        whole = D(dice.randint(-500, 50_000)) / 100
        weights = [D(dice.randint(0, 1000)) / 7 for _ in range(dice.randint(1, 9))]
        if any(weights):
            assert sum(spread(whole, weights, "CAD"), D(0)) == whole


# refunds


def refund(memo: dict[str, Any], of: dict[str, Any]) -> dict[str, Any]:
    base = {"entity_id": 5, "order_id": 7, "increment_id": "000000005", "created_at": "2026-03-02 12:00:00"}
    made = {**base, "order_currency_code": "CAD", "base_currency_code": "CAD", "state": 2, "_order": of, **memo}
    return CONNECTOR.resource("credit_memos").parse(made).values


def test_a_refund_gives_back_its_share_of_each_tax():
    both = [applied("TPS", "5", "5.00"), applied("TVQ", "9.975", "9.98")]
    of = order(
        item(1, row_total=D("100.00"), tax_amount=D("14.98"), tax_percent=D("14.975")),
        grand_total=D("114.98"),
        extension_attributes={
            "applied_taxes": both,
            "item_applied_taxes": [{"type": "product", "item_id": 1, "applied_taxes": both}],
        },
    )
    rows = [
        {"order_item_id": 1, "product_id": 101, "sku": "SKU-1", "qty": 1, "row_total": D(50), "tax_amount": D("7.49")}
    ]
    values = refund({"items": rows, "grand_total": D("57.49"), "tax_amount": D("7.49"), "subtotal": D(50)}, of)
    assert come_to(values) == D("57.49")
    assert [(tax["code"], tax["amount"]) for tax in values["taxes"]] == [("TPS", D("2.50")), ("TVQ", D("4.99"))]


def test_a_refund_of_an_adjustment_alone_has_a_line_for_it():
    values = refund({"items": [], "adjustment_positive": D("5.00"), "grand_total": D("5.00")}, order(item(1)))
    assert kinds(values) == [("fee", D("5.00"))] and come_to(values) == D("5.00")


def test_a_refund_gives_back_shipping_and_its_discount():
    rows = [{"order_item_id": 1, "product_id": 101, "qty": 1, "row_total": D("10.00"), "discount_amount": D("1.00")}]
    memo = {"items": rows, "shipping_amount": D("5.00"), "discount_amount": D("-3.00"), "grand_total": D("12.00")}
    values = refund(memo, order(item(1)))
    assert [(line["kind"], line["discount"]) for line in values["lines"]] == [
        ("item", D("1.00")),
        ("shipping", D("2.00")),
    ]
    assert come_to(values) == D("12.00")


def test_a_refunded_bundle_counts_by_its_parts_and_a_variant_as_itself():
    of = order(
        item(1, product_type="bundle"),
        item(2, parent_item_id=1),
        item(3, product_type="configurable", sku="V"),
        item(4, parent_item_id=3, sku="V", name="Variant"),
    )
    rows = [
        {"order_item_id": 1, "product_id": 101, "qty": 1, "price": 0},
        {"order_item_id": 2, "product_id": 102, "qty": 1, "row_total": D("7.00")},
        {"order_item_id": 3, "product_id": 103, "sku": "V", "qty": 1, "row_total": D("4.00")},
        {"order_item_id": 4, "product_id": 104, "sku": "V", "name": "Variant", "qty": 1, "price": 0},
    ]
    values = refund({"items": rows, "grand_total": D("11.00")}, of)
    assert [(line["product"].remote_id, line["amount"]) for line in values["lines"]] == [
        ("102", D("7.00")),
        ("104", D("4.00")),
    ]
    rows[0]["row_total"] = D("7.00")
    again = refund({"items": rows, "grand_total": D("11.00")}, of)
    assert come_to(again) == D("11.00"), "a store that tells the whole too does not double it"


def test_rows_that_were_not_taken_back_are_no_lines():
    rows = [{"order_item_id": 1, "product_id": 101, "qty": 0, "row_total": 0}]
    assert refund({"items": rows, "grand_total": 0}, order(item(1)))["lines"] == []


# payments, buyers, products


def test_a_payment_is_dated_by_its_capture_in_the_stores_zone():
    raw = {
        "entity_id": 3, "order_id": 7, "state": 2, "order_currency_code": "CAD", "grand_total": D("10"),
        "created_at": "2026-03-05 12:00:00", "_store": {"time_zone": "America/Toronto"},
        "_transaction": {"created_at": "2026-03-02 03:00:00"}, "_order": {"customer_email": "A@B.example"},
    }  # fmt: skip
    values = CONNECTOR.resource("captures").parse(raw).values
    assert values["date"] == date(2026, 3, 1) and values["contact"] == Ref("contact", "buyers", "a@b.example")


def test_a_buyer_is_an_address_in_small_letters():
    buyer = of_order(order(item(1), billing_address={"firstname": "Zo&eacute;", "lastname": " Tremblay "}))
    values = CONNECTOR.resource("buyers").parse(buyer).values
    assert values["email"] == "zoé.tremblay@fictive.example" and values["name"] == "Zoé Tremblay"
    assert of_order(order(item(1), customer_email="  ")) is None
    nameless = of_order(order(item(1), billing_address={"company": "Atelier &amp; Fils"}))
    assert CONNECTOR.resource("buyers").parse(nameless).values["name"] == "Atelier & Fils"


def test_products_of_an_order_are_marked_as_sold_and_say_no_more_than_they_know():
    raw = next(products_of(order(item(1, base_price=D("9.00")))))
    values = CONNECTOR.resource("products").parse(raw).values
    assert values == {
        "name": "Thing 1", "sku": "SKU-1", "kind": "simple", "price": D("9.00"), "currency": "CAD", "sold": True,
    }  # fmt: skip


def test_a_product_of_the_catalogue_tells_cost_tax_and_stock():
    raw = {
        "id": 5, "sku": "A", "name": "Affirm&trade; Bottle ", "type_id": "simple", "status": 2, "price": D("7"),
        "custom_attributes": [
            {"attribute_code": "cost", "value": "3.5000"}, {"attribute_code": "tax_class_id", "value": "0"},
            {"attribute_code": "short_description", "value": "<p>Holds <b>water</b></p>"},
        ],
        "extension_attributes": {"stock_item": {"manage_stock": True, "qty": 4}},
    }  # fmt: skip
    values = CONNECTOR.resource("products").parse(raw).values
    assert values["name"] == "Affirm™ Bottle" and values["cost"] == D("3.5") and values["active"] is False
    assert values["taxable"] is False and values["description"] == "Holds water"
    assert values["tracked"] is True and values["quantity"] == 4
