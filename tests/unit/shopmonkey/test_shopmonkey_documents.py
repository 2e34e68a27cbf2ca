"""Documents of a garage in canonical form: the vendor's samples, and what field reports say of them."""

from decimal import Decimal

import pytest

from connectors.contract import Record, RecordRejected, Ref, SettingInvalid
from connectors.shopmonkey import CONNECTOR, customers, inventory, lines, taxes
from connectors.shopmonkey.payments import share
from connectors.shopmonkey.wire import cents, moment, to_cents
from connectors.shopmonkey.writing import holds
from tests.contracts import SHOPMONKEY
from tests.garage import comes_to

CASES = SHOPMONKEY.data("fixtures.json", {}, parse_float=Decimal)
samples = SHOPMONKEY.needed
PLACES = {row["id"]: row for row in CASES.get("locations", ())}


def sale(number: int) -> Record:
    row = next(item for item in CASES["orders"] if item["number"] == number)
    services = CASES["servicesByOrderId"][row["id"]]
    raw = {**row, "_location": PLACES[row["locationId"]], **({"_services": services} if row["invoiced"] else {})}
    return CONNECTOR.resource("orders").parse(raw)


def amounts(values, kind):
    return [line["amount"] for line in values["lines"] if line["kind"] == kind]


@samples
@pytest.mark.parametrize("number", [1001, 1002, 1004, 1005, 1006])
def test_the_samples_invoices_add_up(number):
    values = sale(number).values
    assert comes_to(values) == values["total"]
    assert sum((tax["amount"] for tax in values["taxes"]), Decimal(0)) == values["tax_total"]


@samples
def test_each_kind_of_charge_is_a_line_of_its_kind():
    values = sale(1001).values
    assert amounts(values, "labor") == [Decimal("300.00")] and amounts(values, "part") == [Decimal("180.00")]
    assert amounts(values, "fee") == [Decimal("5.00")] and amounts(values, "epa") == [Decimal("4.80")]
    assert amounts(values, "shop_supplies") == [Decimal("24.00")]
    part = next(line for line in values["lines"] if line["kind"] == "part")
    assert (part["quantity"], part["unit_price"], part["sku"]) == (4, Decimal("45.00"), "BP-1001")
    assert part["product"] == Ref("product", "parts", "92276658-1e27-41c0-8a6a-63ec24ede6a4")
    # 8.25 % of the part and the shop supplies: which lines were taxed is told nowhere, and found from the sum.
    taxed = {line["kind"]: line["tax_amount"] for line in values["lines"] if line["tax_amount"]}
    assert taxed == {"part": Decimal("14.85"), "shop_supplies": Decimal("1.98")}
    assert values["taxes"] == [
        {"code": "Tax 8.25%", "title": "Tax", "percent": Decimal("8.25"), "amount": Decimal("16.83")}
    ]


@samples
def test_tires_and_subcontracts_are_lines_of_their_kind():
    values = sale(1002).values
    assert amounts(values, "tire") == [Decimal("600.00")] and amounts(values, "subcontract") == [Decimal("200.00")]
    assert values["taxes"] == [] and values["tax_total"] == 0


@samples
def test_a_discount_of_a_line_is_beside_its_price():
    (line,) = sale(1004).values["lines"]
    assert (line["amount"], line["discount"], line["unit_price"]) == (
        Decimal("100.00"),
        Decimal("10.00"),
        Decimal("50.00"),
    )
    assert sale(1004).values["discount_total"] == Decimal("10.00")


@samples
def test_declined_work_is_left_out():
    values = sale(1005).values
    assert amounts(values, "labor") == [Decimal("120.00")] and values["total"] == Decimal("120.00")


@samples
def test_two_taxes_of_canada_stay_two():
    values = sale(1006).values
    assert [(tax["code"], tax["amount"]) for tax in values["taxes"]] == [
        ("GST 5%", Decimal("5.00")),
        ("PST 7%", Decimal("7.00")),
    ]
    assert (values["currency"], values["location"]) == ("CAD", "Toronto Shop")


@samples
def test_estimates_have_no_lines_and_deleted_orders_are_gone():
    assert sale(1003).values["status"] == "estimate" and "lines" not in sale(1003).values
    assert sale(1007).values["contact"] is None
    assert sale(1008).gone and not sale(1007).gone


@samples
def test_a_day_is_the_day_where_the_shop_is():
    # Invoiced at 21:15 UTC on the second of March, which is the afternoon in Detroit; five hours later it is the third there.
    row = next(item for item in CASES["orders"] if item["number"] == 1001)
    late = {**row, "invoicedDate": "2026-03-03T03:30:00.000Z", "_location": PLACES[row["locationId"]]}
    assert CONNECTOR.resource("orders").parse(late).values["date"].isoformat() == "2026-03-02"


@samples
def test_payments_are_told_apart_by_what_they_are():
    found = {row["receiptNumber"]: CONNECTOR.resource("payments").parse({**row, "_location": PLACES[row["locationId"]]})
             for row in CASES["payments"]}  # fmt: skip
    told = {
        number: (item.values["kind"], item.values["status"], item.values["method"]) for number, item in found.items()
    }
    assert told[5000] == ("payment", "succeeded", "Card-Stripe")
    assert told[5001] == ("deposit", "succeeded", "Cash")
    assert told[5002] == ("payment", "succeeded", "Check")
    assert told[5004] == ("payment", "processing", "Card-Stripe")
    assert found[5000].values["memo"].startswith("Visa ····4242")


@samples
def test_customers_and_stock_are_read():
    maria = CONNECTOR.resource("customers").parse(CASES["customers"][0])
    assert (maria.values["name"], maria.values["email"]) == ("Maria Lopez", "maria.lopez@example.com")
    assert maria.values["phone"] == maria.values["mobile"] == "+15175550111"
    pads, _, retired = (CONNECTOR.resource("parts").parse(row) for row in CASES["inventoryParts"])
    assert (pads.values["price"], pads.values["cost"], pads.values["quantity"]) == (
        Decimal("45.00"),
        Decimal("26.00"),
        12,
    )
    assert retired.gone and not pads.gone
    assert CONNECTOR.resource("tires").parse(CASES["inventoryTires"][0]).values["sku"] == "T-225-65-17"


# arithmetic nobody published


def service(**more):
    return {"id": "s", "name": "Essai", "authorizationStatus": "Authorized", "totalCents": 0, **more}


def labor(cents_, **more):
    return {"id": f"l{cents_}", "name": "Heures", "hours": 1, "rateCents": cents_, "discountValueType": "Percent",
            "discountPercent": 0, "taxable": True, **more}  # fmt: skip


def tire(**more):
    return {"id": "t", "name": "Pneu", "quantity": 4, "retailCostCents": 10000, "discountValueType": "Percent",
            "discountPercent": 0, "taxable": True, **more}  # fmt: skip


def order(*services, **more):
    return {"id": "o", "totalCostCents": 0, "_services": list(services), **more}


def of(*services, **more):
    return lines.of_order(order(*services, **more))


@pytest.mark.parametrize(("kind", "place"), [("tire", "calculatedTiresCents"), ("fee", "calculatedFeeCents")])
@pytest.mark.parametrize(("extra", "amount"), [(1800, "18.00"), (450, "4.50")])
def test_tire_fees_are_found_per_tire_or_per_line_in_whichever_sum_holds_them(kind, place, extra, amount):
    sums = {"calculatedTiresCents": 40000, "calculatedFeeCents": 0}
    sums[place] += extra
    found = of(service(tires=[tire(wasteTireFee=250, federalExciseTaxCents=200)], **sums))
    assert [(line["kind"], line["amount"]) for line in found if "fees" in line["id"]] == [(kind, Decimal(amount))]
    assert [line["amount"] for line in found if line["id"] == "t"] == [Decimal("400.00")]


def test_cents_of_rounding_are_on_the_largest_line():
    found = of(service(labors=[labor(3333), labor(6667)], calculatedLaborCents=10001))
    assert [line["amount"] for line in found] == [Decimal("33.33"), Decimal("66.68")]


def test_a_discount_of_the_whole_service_is_shared_out():
    found = of(service(labors=[labor(3000), labor(7000)], calculatedLaborCents=9000))
    assert [(line["amount"], line["discount"]) for line in found] == [
        (Decimal("30.00"), Decimal("3.00")), (Decimal("70.00"), Decimal("7.00")),
    ]  # fmt: skip


def test_a_price_above_its_lines_raises_them():
    found = of(service(labors=[labor(3000), labor(7000)], calculatedLaborCents=20000, lumpSum=True))
    assert [line["amount"] for line in found] == [Decimal("60.00"), Decimal("140.00")]
    assert all(line["quantity"] * line["unit_price"] == line["amount"] for line in found)


def test_a_sum_no_line_explains_is_a_line():
    (line,) = of(service(calculatedSubcontractsCents=5000))
    assert (line["kind"], line["amount"], line["name"]) == ("subcontract", Decimal("50.00"), "Essai")


def test_the_orders_own_sums_have_the_last_word():
    found = of(service(labors=[labor(5000)], calculatedLaborCents=5000), laborCents=5001, partsCents=700)
    assert {line["kind"]: line["amount"] for line in found} == {"labor": Decimal("50.01"), "part": Decimal("7.00")}


def test_a_card_surcharge_is_a_fee_only_where_it_explains_the_total():
    one = service(labors=[labor(5000)], calculatedLaborCents=5000)
    inside, outside = (of(one, totalCostCents=total, transactionalFeeTotalCents=150) for total in (5150, 5000))
    assert [line["kind"] for line in inside] == ["labor", "fee"] and [line["kind"] for line in outside] == ["labor"]


def test_services_nobody_authorised_count_where_only_they_make_the_total():
    sure = service(labors=[labor(5000)], totalCents=5000)
    old = service(authorizationStatus="NotAuthorized", labors=[labor(2000)], totalCents=2000)
    assert len(of(sure, old, totalCostCents=7000)) == 2 and len(of(sure, old, totalCostCents=5000)) == 1


@pytest.mark.parametrize(("fee", "amount"), [
    ({"feeType": "FixedCents", "amountCents": 500, "percent": 0}, "5.00"),
    ({"feeType": "PercentService", "amountCents": 0, "percent": 10}, "20.00"),
    ({"feeType": "PercentLineItem", "amountCents": 0, "percentValue": 10, "laborId": "l5000"}, "5.00"),
    ({"feeType": "PercentService", "amountCents": 0, "percent": 10, "subtotalCents": 1234}, "12.34"),
])  # fmt: skip
def test_a_fee_is_fixed_or_a_percentage_of_what_it_is_on(fee, amount):
    found = of(service(labors=[labor(5000), labor(15000)], fees=[{"id": "f", "name": "Frais", **fee}]))
    assert [line["amount"] for line in found if line["kind"] == "fee"] == [Decimal(amount)]


def test_hours_and_rates_may_be_multiplied():
    for kind, quantity, price in (("Hours", Decimal("1.5"), Decimal(50)), ("Rate", Decimal(1), Decimal(75))):
        (line,) = of(service(labors=[labor(5000, multiplier=Decimal("1.5"), multiplierType=kind)]))
        assert (line["amount"], line["quantity"], line["unit_price"]) == (Decimal("75.00"), quantity, price)


def test_another_rate_is_another_tax():
    told = [taxes.tax("pst", Decimal(percent), Decimal(1))["code"] for percent in ("9.975", "9.9750", "10")]
    assert told == ["PST 9.975%", "PST 9.975%", "PST 10%"]


def test_what_goes_back_comes_to_the_cent_with_its_taxes():
    tax = {"gstPercent": 5, "gstCents": 500, "pstPercent": Decimal("9.975"), "pstCents": 998}
    found = of(
        service(labors=[labor(10000)], calculatedLaborCents=10000, totalCents=11498, **tax), totalCostCents=11498
    )
    for total in ("114.98", "50.00", "0.01", "33.33"):
        back = share(found, Decimal(total))
        assert sum((line["amount"] + line["tax_amount"] for line in back), Decimal(0)) == Decimal(total)
        assert all(sum(tax["amount"] for tax in line["taxes"]) == line["tax_amount"] for line in back)


# the wire


def test_cents_are_exact_both_ways():
    assert [cents(value) for value in (0, 1, 12345, None, -5)] == [
        Decimal(text) for text in ("0", ".01", "123.45", "0", "-.05")
    ]
    assert [to_cents(Decimal(text)) for text in ("0.005", "123.45", "-1", "0")] == [1, 12345, -100, 0]


@pytest.mark.parametrize("value", [None, "", "empty", "no date", 7])
def test_what_is_no_date_is_none(value):
    assert moment(value) is None


@pytest.mark.parametrize(("told", "sent", "alike"), [
    ("Ada@Example.test", "ada@example.test", True), ("+1 (819) 555-0123", "+18195550123", True), ("a  b", "a b", True),
    (None, "", True), ("", None, True), ("x", None, False), (Decimal("4.0"), 4, True), (4, 5, False), (True, 1, True),
    ("+18195550123", "+18195550124", False), ([{"email": "a@b.test", "primary": True}], [{"email": "A@b.test"}], True),
    ([], [{"email": "a@b.test"}], False), ("Rue 1234567", "Rue 1234568", False),
])  # fmt: skip
def test_what_was_kept_is_held_against_what_was_sent(told, sent, alike):
    assert holds(told, sent) is alike


# bodies


def test_a_new_customer_is_a_person_or_a_fleet():
    person = customers.build(
        {"given_name": "Ada", "family_name": "Fictive", "company": "Inventions"}, "create", {"location": "L"}
    )
    fleet = customers.build({"company": "Inventions"}, "create", {})
    named = customers.build({"name": "Ada Fictive"}, "create", {})
    assert (person["customerType"], person["locationIds"]) == ("Customer", ["L"]) and fleet["customerType"] == "Fleet"
    assert (named["firstName"], named["lastName"]) == ("Ada", "Fictive")
    with pytest.raises(RecordRejected) as error:
        customers.build({"email": "a@b.test"}, "create", {})
    assert error.value.code == "SM-NAME-MISSING"


def test_what_is_emptied_is_emptied_and_what_is_not_told_stays():
    body = customers.build({"notes": None, "email": None, "phone": "+18195550123", "address": None}, "update", {})
    assert body["note"] is None and body["emails"] == [] and body["address1"] is None and "firstName" not in body
    assert body["phoneNumbers"] == [{"number": "+18195550123", "primary": True}]


def test_a_part_needs_a_place_and_a_name():
    body = inventory.build({"name": "Filtre", "price": Decimal("15")}, "create", {"only_location": "L"})
    assert body == {"name": "Filtre", "number": "Filtre", "quantity": 0, "retailCostCents": 1500,
                    "wholesaleCostCents": 0, "locationId": "L"}  # fmt: skip
    with pytest.raises(RecordRejected):
        inventory.build({"price": Decimal(1)}, "create", {"only_location": "L"})
    with pytest.raises(SettingInvalid):
        inventory.build({"name": "Filtre"}, "create", {})
    with pytest.raises(RecordRejected):
        inventory.build_stock({"quantity": None}, "update", {})
