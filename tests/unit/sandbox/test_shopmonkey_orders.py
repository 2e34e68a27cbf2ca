"""Orders of the stand-in: sums in cents, the way from estimate to invoice and back, money that comes and goes."""

from decimal import Decimal

import pytest

from connectors.sandbox.core import SandboxError
from connectors.sandbox.shopmonkey.money import IN_TOTAL
from connectors.sandbox.shopmonkey.world import OTTAWA, SPRINGVALE, SPRINGVALE_KEY
from tests.unit.sandbox.shopmonkey_desk import Desk, work


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def flat(desk, **config):
    """A tax set-up of our own in the place of the company's."""
    base = {"epaPercent": 0, "shopSuppliesServicePercent": 0, "gstPercent": 0, "pstPercent": 0}
    rows = [one for one in desk.held()["tax_configs"] if one["locationId"] == desk.place]
    desk.load("tax_configs", {"id": rows[-1]["id"], **base, **config})


def part(price, quantity=1, **more):
    return {"name": "Part", "quantity": quantity, "retailCostCents": price, "taxable": True, **more}


def sums(order, *names):
    return tuple(order[name] for name in names)


# Sums


def test_every_kind_of_line_stands_in_its_own_sum_and_all_add_up(desk):
    service = {
        "name": "Everything",
        "labors": [{"name": "Work", "hours": 1.5, "rateCents": 10000, "taxable": True}],
        "parts": [part(2000, 2)],
        "tires": [{"name": "Tire", "quantity": 4, "retailCostCents": 15000, "taxable": True, "wasteTireFee": 450}],
        "subcontracts": [{"name": "Alignment", "retailCostCents": 9900, "costCents": 5000, "taxable": True}],
        "fees": [{"name": "Oil", "amountCents": 395}],
    }
    order = desk.order(service)
    assert sums(order, "laborCents", "partsCents", "tiresCents", "subcontractsCents", "feesCents") == (
        15000, 4000, 61800, 9900, 395,
    )  # fmt: skip
    # EPA is 1 % of parts here, shop supplies 5 % of labor; both are taxed.
    assert sums(order, "epaCents", "shopSuppliesCents") == (40, 750)
    # 914.90 is taxed: 5 % is 45.745, 9.975 % is 91.261275, each rounded half up.
    assert sums(order, "gstCents", "pstCents", "hstCents") == (4575, 9126, 0)
    assert order["taxCents"] == order["gstCents"] + order["pstCents"]
    assert order["totalCostCents"] == sum(order[name] for name in IN_TOTAL)
    found = desk.services(order["id"])[0]
    assert found["totalCents"] == order["totalCostCents"]
    assert found["gstPercent"] == 5


def test_the_harmonized_tax_and_the_us_tax_stand_where_they_belong(desk):
    order = desk.order(work(), locationId=OTTAWA)
    assert sums(order, "gstCents", "pstCents", "hstCents") == (0, 0, 1365)  # of labor and 5 % supplies
    desk.vendor.configure({"tax_cents_in_canada": False})
    again = desk.read(order["id"])
    assert (again["taxCents"], again["totalCostCents"]) == (0, order["totalCostCents"])
    other = Desk(key=SPRINGVALE_KEY, company=SPRINGVALE)
    order = other.order(work())
    assert sums(order, "taxCents", "gstCents", "hstCents") == (630, 0, 0)
    other.close()


@pytest.mark.parametrize(
    ("line", "net", "off"),
    [
        ({"discountPercent": 10}, 9000, 1000),
        ({"discountPercent": Decimal("33.333")}, 6667, 3333),
        ({"discountValueType": "FixedCents", "discountCents": 250, "discountPercent": 50}, 9750, 250),
        ({"discountCents": 250}, 10000, 0),  # the type says percent, and there is none
    ],
)
def test_the_discount_of_a_line_is_off_its_sum_once(line, net, off, desk):
    flat(desk)
    order = desk.order({"name": "S", "parts": [part(5000, 2, **line)]})
    assert sums(order, "partsCents", "discountCents", "totalCostCents") == (net, off, net)


def test_the_discount_of_a_service_is_spread_over_its_kinds(desk):
    flat(desk, gstPercent=5)
    order = desk.order({**work(rate=10001), "parts": [part(5000)], "discountPercent": 10})
    assert sums(order, "laborCents", "partsCents", "discountCents") == (9001, 4500, 1500)
    assert order["gstCents"] == round(13501 * 0.05)


def test_hours_may_be_multiplied_and_lines_untaxed(desk):
    flat(desk, taxPercent=10)
    labor = {
        "name": "Hard",
        "hours": Decimal("1.25"),
        "rateCents": 11800,
        "multiplier": Decimal("1.5"),
        "taxable": False,
    }
    order = desk.order({"name": "S", "labors": [labor], "parts": [part(1000)]})
    assert sums(order, "laborCents", "taxCents") == (22125, 100)


def test_fees_are_fixed_or_a_share_and_never_taxed(desk):
    flat(desk, taxPercent=10)
    fees = [
        {"name": "Fixed", "amountCents": 500},
        {"name": "Of all", "feeType": "PercentService", "percent": Decimal("2.5")},
        {
            "name": "Of the part",
            "feeType": "PercentLineItem",
            "percent": 10,
            "lineItemEntity": "Part",
            "partId": "p-01",
        },
    ]
    order = desk.order({**work(), "parts": [part(2000, id="p-01")], "fees": fees})
    assert sums(order, "feesCents", "taxCents") == (500 + 300 + 200, 1200)
    assert [fee["subtotalCents"] for fee in desk.services(order["id"])[0]["fees"]] == [500, 300, 200]
    desk.vendor.configure({"fee_subtotals": False})
    order = desk.act(order["id"], services=[{"id": desk.services(order["id"])[0]["id"], "note": "again"}])
    assert [fee["subtotalCents"] for fee in desk.services(order["id"])[0]["fees"]] == [500, None, None]
    assert order["feesCents"] == 1000


def test_a_fixed_price_rules_although_its_lines_say_otherwise(desk):
    flat(desk)
    order = desk.order({**work(), "parts": [part(5000)], "pricing": "FixedPrice", "fixedPriceCents": 9900})
    assert sums(order, "laborCents", "partsCents", "totalCostCents") == (6600, 3300, 9900)


def test_shop_supplies_stop_at_the_cap_of_the_order(desk):
    order = desk.order(work(hours=6), work(hours=6))
    assert order["shopSuppliesCents"] == 4500
    assert [one["calculatedShopSuppliesCents"] for one in desk.services(order["id"])] == [3000, 1500]


def test_what_the_state_puts_on_tires_counts_each_tire(desk):
    flat(desk)
    tire = {"name": "T", "quantity": 4, "retailCostCents": 10000, "wasteTireFee": 450, "federalExciseTaxCents": 215}
    told = {"name": "Tires", "tires": [tire]}
    assert sums(desk.order(told), "tiresCents", "feesCents") == (42660, 0)
    desk.vendor.configure({"waste_tire": "fees"})
    assert sums(desk.order(told), "tiresCents", "feesCents", "totalCostCents") == (40860, 1800, 42660)


def test_an_exempt_customer_pays_no_tax(desk):
    desk.load("customers", {"id": "free", "companyName": "Exempt", "taxExempt": True})
    assert desk.order(work(), customerId="free")["taxCents"] == 0


def test_a_surcharge_is_told_beside_the_total_or_within_it(desk):
    told = {"surchargingEnabled": True, "transactionalFeeTotalCents": 240}
    flat(desk)
    assert desk.order(work(), **told)["totalCostCents"] == 10000
    desk.vendor.configure({"surcharge_in_total": True})
    assert desk.order(work(), **told)["totalCostCents"] == 10240


# Life


def test_an_order_lives_from_estimate_to_invoice_and_back(desk):
    order = desk.order(work(), work("More"))
    assert sums(order, "status", "authorized", "invoiced", "updatedDate") == (
        "Estimate",
        False,
        False,
        order["updatedDate"],
    )
    order = desk.act(order["id"], authorize=True)
    assert (order["status"], order["authorized"]) == ("RepairOrder", True) and order["repairOrderDate"]
    order = desk.act(order["id"], invoice=True)
    assert (
        (order["status"], order["invoiced"]) == ("Invoice", True) and order["invoicedDate"] and order["completedDate"]
    )
    version = order["meta"]["version"]
    order = desk.act(order["id"], estimate=True)
    assert (order["status"], order["invoiced"], order["invoicedDate"]) == ("Estimate", False, None)
    first = desk.services(order["id"])[0]
    desk.load("services", {"id": first["id"], "labors": [{**first["labors"][0], "hours": 2}]})
    order = desk.act(order["id"], invoice=True)
    assert order["laborCents"] == 30000 and order["meta"]["version"] > version


def test_an_invoice_falls_due_by_the_term_of_its_customer(desk):
    terms = {one["name"]: one["id"] for one in desk.held()["payment_terms"]}
    desk.load("customers", {"id": "fleet", "companyName": "Flotte", "paymentTermId": terms["Net 30"]})
    order = desk.order(work(), customerId="fleet")
    assert sums(order, "paymentTermId", "paymentDueDate") == (terms["Net 30"], None)
    order = desk.act(order["id"], authorize=True, invoice=True)
    assert (order["invoicedDate"][:10], order["paymentDueDate"][:10]) == ("2026-11-05", "2026-12-05")
    assert desk.act(order["id"], estimate=True)["paymentDueDate"] is None


def test_an_invoice_is_of_what_was_agreed_only(desk):
    order = desk.order(work(), work("Belt", hours=6))
    both = desk.services(order["id"])
    assert order["laborCents"] == 70000
    desk.load("services", {"id": both[1]["id"], "decline": True})
    assert desk.read(order["id"])["laborCents"] == 10000
    desk.load("services", {"orderId": order["id"], "name": "Wash", **work("Wash")})
    desk.act(order["id"], invoice=True)
    found = {one["name"]: one for one in desk.services(order["id"])}
    assert {name: (one["authorizationStatus"], one["deferredReason"]) for name, one in found.items()} == {
        "Brakes": ("NotAuthorized", "InvoicedNotAuthorized"),
        "Belt": ("Declined", "Declined"),
        "Wash": ("NotAuthorized", "InvoicedNotAuthorized"),
    }
    assert desk.read(order["id"])["totalCostCents"] == 0
    desk.load("services", {"id": found["Wash"]["id"], "authorize": True})
    assert sums(desk.read(order["id"]), "laborCents", "deferredServiceCount") == (10000, 2)


def test_deleted_and_archived_orders_stay_to_be_read(desk):
    order = desk.order(work())
    assert desk.act(order["id"], archived=True)["archived"] is True
    gone = desk.act(order["id"], deleted=True)
    assert gone["deleted"] is True and gone["deletedDate"]
    assert desk.page("order", {"deleted": True})[1]["total"] == 1
    with pytest.raises(SandboxError):
        desk.act(order["id"], invoice=True)


# Money


def paid(desk, *means, hours=1):
    order = desk.order(work(hours=hours), authorize=True, invoice=True)
    for told in means:
        desk.act(order["id"], **told)
    return desk.read(order["id"])


def test_an_order_is_paid_when_all_of_it_came(desk):
    flat(desk)
    order = paid(desk, {"pay": 4000, "paymentType": "Check", "checkNumber": "77"})
    assert sums(order, "paidCostCents", "remainingCostCents", "paid", "fullyPaidDate") == (4000, 6000, False, None)
    order = desk.act(order["id"], pay=True, paymentType="Card")
    assert sums(order, "paidCostCents", "remainingCostCents", "paid") == (10000, 0, True) and order["fullyPaidDate"]
    rows = desk.payments(order["id"])
    assert [(row["amountCents"], row["paymentType"], row["transactionType"]) for row in rows] == [
        (4000, "Check", "Charge"), (6000, "Card", "Charge"),
    ]  # fmt: skip
    assert rows[1]["receiptNumber"] == rows[0]["receiptNumber"] + 1


def test_a_deposit_is_taken_before_the_invoice(desk):
    flat(desk)
    order = desk.order(work())
    order = desk.act(order["id"], pay=3000, deposit=True)
    assert sums(order, "invoiced", "paidCostCents", "remainingCostCents") == (False, 3000, 7000)
    assert desk.payments(order["id"])[0]["deposit"] is True


def test_a_refund_is_a_row_of_its_own_and_marks_its_charge(desk):
    flat(desk)
    order = paid(desk, {"pay": True})
    charge = desk.payments(order["id"])[0]
    desk.load("refunds", {"chargeId": charge["id"], "amountCents": 2500})
    rows = {row["transactionType"]: row for row in desk.payments(order["id"])}
    assert sums(rows["Refund"], "amountCents", "chargeId", "orderId") == (2500, charge["id"], order["id"])
    assert sums(rows["Charge"], "refunded", "refundedAmountCents") == (True, 2500)
    assert sums(desk.read(order["id"]), "paidCostCents", "remainingCostCents", "paid") == (7500, 2500, False)
    desk.load("refunds", {"chargeId": charge["id"]})
    assert desk.read(order["id"])["paidCostCents"] == 0
    with pytest.raises(SandboxError):
        desk.load("refunds", {"chargeId": charge["id"]})


def test_a_transfer_moves_money_from_one_order_to_another(desk):
    flat(desk)
    first, second = paid(desk, {"pay": True}), paid(desk)
    charge = desk.payments(first["id"])[0]
    desk.load("transfers", {"chargeId": charge["id"], "orderId": second["id"], "amountCents": 1500})
    assert sums(desk.read(first["id"]), "paidCostCents", "paid") == (8500, False)
    assert desk.read(second["id"])["paidCostCents"] == 1500
    assert desk.payments(second["id"])[0]["transactionType"] == "Transfer"


def test_an_online_payment_counts_when_it_has_succeeded(desk):
    flat(desk)
    order = paid(desk, {"pay": True, "status": "processing", "paymentMode": "Online", "provider": "Stripe"})
    row = desk.payments(order["id"])[0]
    assert (order["paidCostCents"], row["recordedDate"], row["status"]) == (0, None, "processing")
    desk.load("payments", {"id": row["id"], "settle": True})
    assert desk.read(order["id"])["paid"] is True
    assert desk.search("integration/payment", where={"recordedDate": {"gte": "2026-01-01T00:00:00Z"}})[1]["total"] == 1


def test_an_invoice_made_smaller_after_it_was_paid_owes_money_back(desk):
    flat(desk)
    order = paid(desk, {"pay": True}, {"estimate": True}, hours=2)
    service = desk.services(order["id"])[0]
    desk.load("services", {"id": service["id"], "labors": [{**service["labors"][0], "hours": 1}]})
    order = desk.act(order["id"], invoice=True)
    assert sums(order, "totalCostCents", "paidCostCents", "remainingCostCents", "paid") == (10000, 20000, -10000, True)


@pytest.mark.parametrize(
    ("resource", "document"),
    [
        ("robots", {}),
        ("payments", {"orderId": "ord-1", "amountCents": -5}),
        ("payments", {"orderId": "ord-1", "amountCents": 1.5}),
        ("refunds", {"chargeId": "none"}),
        ("transfers", {"chargeId": "none", "orderId": "ord-1"}),
        ("transfers", {"chargeId": "none", "orderId": "none"}),
        ("services", {"orderId": "none"}),
        ("orders", "text"),
        ("keys", {"key": "k", "permissions": ["everything"]}),
        ("customers", {"emails": "text"}),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_plain_words(resource, document, desk):
    desk.load("orders", {"id": "ord-1", "services": [work()]})
    with pytest.raises(SandboxError):
        desk.load(resource, document)


def test_load_and_switches_name_what_they_do_not_know(desk):
    for options in ({"company": "none"}, {"planet": "mars"}):
        with pytest.raises(SandboxError):
            desk.vendor.load_with("orders", [{}], options)
    for settings in ({"nothing": 1}, {"shuffle": "yes"}, {"number_kind": "roman"}):
        with pytest.raises(SandboxError):
            desk.vendor.configure(settings)
    with pytest.raises(SandboxError):
        desk.vendor.reset("narnia")
    with pytest.raises(SandboxError):
        desk.vendor.fault("lossy", {"path": "("})
