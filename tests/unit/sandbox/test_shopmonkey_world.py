"""World `demo`: an invented garage with every case that makes books hard, beside the books of the same garage."""

from connectors.sandbox.core import Clock, Sandbox
from connectors.sandbox.quickbooks import QuickBooksStandIn
from connectors.sandbox.shopmonkey import ShopmonkeyStandIn
from connectors.sandbox.shopmonkey.money import IN_TOTAL
from connectors.sandbox.shopmonkey.world import GARAGE, OTTAWA, RIVERS, SPRINGVALE
from tests.unit.sandbox.shopmonkey_desk import Desk

BOOKS = "9130000000000004"


def garage(world="demo"):
    desk = Desk(world)
    try:
        return desk.held()
    finally:
        desk.close()


def test_the_garage_has_hundreds_of_orders_of_every_hard_case():
    held = garage()
    orders, payments = held["orders"], held["payments"]
    services = [one for many in held["services"].values() for one in many]
    live = [one for one in orders if one["invoiced"] and not one["readOnly"]]
    assert len(orders) >= 300 and len(live) >= 200
    cases = {
        "estimate": any(one["status"] == "Estimate" and not one["archived"] for one in orders),
        "repair order with a deposit": any(one["status"] == "RepairOrder" and one["paidCostCents"] for one in orders),
        "archived": any(one["archived"] for one in orders),
        "deleted": any(one["deleted"] for one in orders),
        "history of another system": any(one["readOnly"] and len(one["id"]) == 24 for one in orders),
        "walk-in": any(one["customerId"] is None for one in live),
        "unpaid": any(one["paidCostCents"] == 0 for one in live),
        "paid in part": any(0 < one["paidCostCents"] < one["totalCostCents"] for one in live),
        "paid": any(one["paid"] for one in live),
        "paid too much": any((one["remainingCostCents"] or 0) < 0 for one in orders),
        "opened again after payment": any(one["paid"] and not one["invoiced"] for one in orders),
        "due after days": any(one["paymentDueDate"] for one in live),
        "number as text": any(isinstance(one["number"], str) for one in live),
        "number as integer": any(isinstance(one["number"], int) for one in live),
        "date that is a word": any(one["dueDate"] == "empty" for one in live),
        "harmonized tax": any(one["hstCents"] for one in live),
        "federal and provincial tax": any(one["gstCents"] and one["pstCents"] for one in live),
        "no tax": any(one["taxCents"] == 0 for one in live),
        "surcharge": any(one["transactionalFeeTotalCents"] for one in live),
        "fixed price": any(one["pricing"] == "FixedPrice" for one in services),
        "lump sum": any(one["lumpSum"] for one in services),
        "declined": any(one["authorizationStatus"] == "Declined" for one in services),
        "discount of a service": any(one["discountPercent"] or one["discountCents"] for one in services),
        "discount of a line": any(line["discountCents"] for one in services for line in one["parts"]),
        "fee by percent": any(fee["feeType"] == "PercentService" for one in services for fee in one["fees"]),
        "tire fees": any(line["wasteTireFee"] for one in services for line in one["tires"]),
        "excise on tires": any(line["federalExciseTaxCents"] for one in services for line in one["tires"]),
        "subcontract": any(one["subcontracts"] for one in services),
        "untaxed line": any(not line["taxable"] for one in services for line in one["parts"]),
        "supplies at their cap": any(one["shopSuppliesCents"] == 4500 for one in live),
        "refund in part": any(one["refunded"] and one["refundedAmountCents"] < one["amountCents"] for one in payments),
        "refund in full": any(one["refunded"] and one["refundedAmountCents"] == one["amountCents"] for one in payments),
        "transfer": any(one["transactionType"] == "Transfer" for one in payments),
        "processing": any(one["status"] == "processing" and one["recordedDate"] is None for one in payments),
        "several orders at once": sum(1 for one in payments if one["bulk"] and one["statementId"]) >= 3,
        "deposit": any(one["deposit"] for one in payments),
        "customer deleted": any(one["deleted"] for one in held["customers"]),
        "customer without e-mail": any(not one["emails"] for one in held["customers"]),
        "customer with two": any(len(one["emails"]) == 2 for one in held["customers"]),
        "part deleted": any(one["deleted"] for one in held["inventory_parts"]),
    }
    assert [name for name, found in cases.items() if not found] == []
    assert {one["locationId"] for one in live} == {RIVERS, OTTAWA}
    kinds = (
        "laborCents",
        "partsCents",
        "tiresCents",
        "subcontractsCents",
        "feesCents",
        "epaCents",
        "shopSuppliesCents",
    )
    assert all(sum(1 for one in live if one[kind]) >= 20 for kind in kinds)


def test_every_order_adds_up_to_the_cent_and_what_was_paid_too():
    held = garage()
    for order in held["orders"]:
        assert order["totalCostCents"] == sum(order[name] for name in IN_TOTAL), order["number"]
        assert order["taxCents"] == order["gstCents"] + order["pstCents"] + order["hstCents"], order["number"]
        counted = [
            one for one in held["services"][order["id"]]
            if one["authorizationStatus"] != "Declined" and not one["deferredReason"]
        ]  # fmt: skip
        assert order["totalCostCents"] == sum(one["totalCents"] for one in counted), order["number"]
        assert order["remainingCostCents"] == order["totalCostCents"] - order["paidCostCents"], order["number"]
    signs = {"Charge": 1, "Refund": -1, "Transfer": 0}
    moved = sum(
        signs[one["transactionType"]] * one["amountCents"] for one in held["payments"] if one["status"] == "succeeded"
    )
    assert moved == sum(one["paidCostCents"] for one in held["orders"])


def test_nothing_lies_in_the_future_and_the_world_is_the_same_each_time():
    first, second = garage(), garage()
    for table in ("orders", "payments", "customers"):
        assert all(one["createdDate"] < "2026-11-05T10:00:00" for one in first[table])
    assert [one["totalCostCents"] for one in first["orders"]] == [one["totalCostCents"] for one in second["orders"]]
    assert [one["id"] for one in first["orders"]] == [one["id"] for one in second["orders"]]


def test_the_garage_and_its_books_know_the_same_people_and_parts():
    held = garage()
    books = QuickBooksStandIn(Sandbox(Clock()))
    books.reset("demo")
    company = books.state()["companies"][BOOKS]
    assert company["CompanyInfo"]["CompanyName"] == held["name"]
    theirs = {one["PrimaryEmailAddr"]["Address"].lower() for one in company["Customer"] if "PrimaryEmailAddr" in one}
    mine = {one["email"].lower() for row in held["customers"] for one in row["emails"]}
    assert len(theirs & mine) >= 60 and mine - theirs and theirs - mine
    numbers = {one["number"] for one in held["inventory_parts"]}
    skus = {one["Sku"] for one in company["Item"] if one.get("Sku")}
    assert len(numbers & skus) >= 20 and numbers - skus and skus - numbers
    names = {one["Name"] for one in company["Item"]}
    assert {f"Shopmonkey {one}" for one in ("Labor", "Part", "Subcontract", "Shop Supplies", "Fees")} <= names
    assert not names & {"Shopmonkey Tire", "Shopmonkey EPA"}


def test_an_empty_world_has_the_same_companies_with_nothing_in_them():
    stand_in = ShopmonkeyStandIn(Sandbox())
    found = {one["id"]: one for one in stand_in.state()["companies"]}
    assert set(found) == {GARAGE, SPRINGVALE}
    for one in found.values():
        assert one["locations"] and one["tax_configs"] and one["keys"]
        assert not one["orders"] and not one["customers"] and not one["inventory_parts"] and not one["payments"]


def test_the_shop_in_us_dollars_speaks_english_and_pays_one_tax():
    desk = Desk("demo", company=SPRINGVALE)
    held = desk.held()
    desk.close()
    names = [one["name"] for many in held["services"].values() for one in many]
    names += [line["name"] for many in held["services"].values() for one in many for line in one["parts"]]
    names += [one["name"] for table in ("inventory_parts", "inventory_labors", "inventory_fees") for one in held[table]]
    assert all(name.isascii() for name in names), sorted({name for name in names if not name.isascii()})
    assert {(one["gstCents"], one["pstCents"], one["hstCents"]) for one in held["orders"]} == {(0, 0, 0)}
    assert any(one["taxCents"] for one in held["orders"])
