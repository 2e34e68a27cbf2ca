"""Rows S of the acceptance list, over HTTP: a garage’s invoices, payments, refunds and parts."""

import pytest

from bridge import registry
from bridge.hub.models import Change, Run
from bridge.jobs import guide, imports, integrations, runs, values
from tests.sandbox import small_garage as g
from tests.sandbox.small_garage import NAMES, REALM, books, garage, kept, lines, money, only, order, synced, work
from tests.sandbox.small_world import plain


@pytest.fixture
def shop(house, server):
    g.items(server)
    server.load("shopmonkey", customers=[g.customer(1)])
    return house


def sent(server, since=0):
    """What was written to the garage."""
    calls = server.calls("shopmonkey")[since:]
    return [f"{call['method']} {call['path']}" for call in calls
            if call["method"] in ("POST", "PUT", "PATCH", "DELETE") and "search" not in call["path"]]  # fmt: skip


# invoices


@pytest.mark.row("S-01")
def test_an_invoice_goes_to_the_books_once_with_its_lines_and_total(shop, server):
    work(server, order(1001))
    g.pair(shop, {"number_prefix": "SM-"})
    synced(shop)
    invoice = only(books(server, "Invoice"))
    (made,) = garage(server)["orders"]
    assert invoice["DocNumber"] == "SM-1001"
    assert money(invoice["TotalAmt"]) == money(made["totalCostCents"]) / 100
    assert lines(invoice) == [("2001", money(200)), ("2002", money(80))]
    synced(shop)
    only(books(server, "Invoice"))


@pytest.mark.row("S-01")
def test_an_estimate_stays_out_until_it_is_an_invoice(shop, server):
    work(server, order(1001, invoice=False))
    g.pair(shop)
    run = synced(shop)
    assert books(server, "Invoice") == [] and books(server, "Customer") == []
    assert kept(run)["sale", "1001"] == "QBSM-NOT-INVOICED"
    work(server, {"id": "o1001", "invoice": True})
    synced(shop)
    only(books(server, "Invoice"))
    only(books(server, "Customer"))


@pytest.mark.row("S-02")
def test_a_payment_lowers_the_balance_by_its_amount(shop, server):
    work(server, order(1001, pay=10_000, paymentType="Cash"))
    g.pair(shop)
    synced(shop)
    invoice = only(books(server, "Invoice"))
    assert money(invoice["Balance"]) == money(invoice["TotalAmt"]) - 100
    payment = only(books(server, "Payment"))
    assert payment["DepositToAccountRef"]["value"] == "5"


KINDS = {
    "part": (pytest.mark.row("S-12"), {"parts": [g.PART]}),
    "tire": (pytest.mark.row("S-13"), {"tires": [g.TIRE]}),
    "subcontract": (pytest.mark.row("S-14"), {"subcontracts": [g.SUBCONTRACT]}),
    "epa": (pytest.mark.row("S-15"), {"parts": [g.PART], "epaPercent": 1}),
    "shop_supplies": (pytest.mark.row("S-16"), {"labors": [g.LABOR], "shopSuppliesPercent": 5}),
    "fee": (pytest.mark.row("S-17"), {"labors": [g.LABOR], "fees": [g.FEE]}),
}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=told[0]) for kind, told in KINDS.items()])
def test_a_line_of_each_kind_goes_to_the_item_of_its_kind(shop, server, kind):
    work(server, order(1001, {"name": "Travail", **KINDS[kind][1]}))
    g.pair(shop)
    synced(shop)
    invoice = only(books(server, "Invoice"))
    assert NAMES[kind][0] in {name for name, _ in lines(invoice)}
    assert money(invoice["TotalAmt"]) == money(only(garage(server)["orders"])["totalCostCents"]) / 100


@pytest.mark.row("S-20")
def test_a_kind_without_an_item_holds_that_invoice_only_until_it_is_mapped(shop, server):
    work(server, order(1001), order(1002, {"name": "Pneus", "tires": [g.TIRE]}))
    g.pair(shop, without=("tire",))
    run = synced(shop, "held")
    assert kept(run)["sale", "1002"] == "LINE-TIRE-UNMAPPED"
    change = run.changes.get(code="LINE-TIRE-UNMAPPED")
    told = registry.catalogue()[change.code].what
    assert (told.en, plain(told.fr)) == ("Map Tire to an item.", "Associez « Pneu » à un article.")
    assert only(books(server, "Invoice"))["DocNumber"] == "1001"
    shop.map("line_kind", tire=NAMES["tire"][0])
    synced(shop)
    assert {row["DocNumber"] for row in books(server, "Invoice")} == {"1001", "1002"}


def test_an_invoice_turned_back_and_edited_is_followed_when_it_is_one_again(shop, server):
    work(server, order(1001))
    g.pair(shop)
    synced(shop)
    work(server, {"id": "o1001", "estimate": True})
    run = synced(shop, "held")
    assert kept(run)["sale", "1001"] == "QBSM-REOPENED"
    before = only(books(server, "Invoice"))["TotalAmt"]
    work(server, {"id": "o1001", "services": [{**g.PLAIN, "name": "Pneus", "tires": [g.TIRE]}]})
    work(server, {"id": "o1001", "authorize": True, "invoice": True})
    synced(shop)
    assert money(only(books(server, "Invoice"))["TotalAmt"]) > money(before)


# payments and refunds


def test_a_deposit_waits_for_its_invoice_by_default(shop, server):
    work(server, order(1001, invoice=False, pay=5_000, deposit=True, paymentType="Cash"))
    g.pair(shop)
    synced(shop)
    assert books(server, "Payment") == [] and books(server, "Customer") == []
    work(server, {"id": "o1001", "invoice": True})
    synced(shop)
    invoice = only(books(server, "Invoice"))
    assert money(invoice["Balance"]) == money(invoice["TotalAmt"]) - 50


def test_a_deposit_may_go_at_once_and_is_applied_when_the_invoice_comes(shop, server):
    work(server, order(1001, invoice=False, pay=5_000, deposit=True, paymentType="Cash"))
    g.pair(shop, {"deposits": "unapplied"})
    synced(shop)
    payment = only(books(server, "Payment"))
    assert money(payment["UnappliedAmt"]) == 50
    work(server, {"id": "o1001", "invoice": True})
    synced(shop)
    synced(shop)
    invoice = only(books(server, "Invoice"))
    assert money(only(books(server, "Payment"))["UnappliedAmt"]) == 0
    assert money(invoice["Balance"]) == money(invoice["TotalAmt"]) - 50


def test_a_refund_goes_to_the_items_of_its_kinds(shop, server):
    work(server, order(1001, pay=True, paymentType="Cash"))
    (charge,) = garage(server)["payments"]
    server.load("shopmonkey", refunds=[{"chargeId": charge["id"], "amountCents": 10_000}])
    g.pair(shop)
    synced(shop)
    found = only([*books(server, "CreditMemo"), *books(server, "RefundReceipt")])
    assert money(found["TotalAmt"]) == 100
    assert {name for name, _ in lines(found)} <= {"2001", "2002"}


def test_a_line_so_small_that_a_tax_rounds_to_nothing_is_taxed_like_its_neighbours(shop, server):
    small = {**g.PART, "name": "Rondelle", "quantity": 1, "retailCostCents": 7}
    work(server, order(1001, {"name": "Freins", "parts": [g.PART, small]}))
    g.pair(shop)
    synced(shop)
    assert set(shop.integration.value_maps.filter(kind="tax", in_use=True).values_list("source_key", flat=True)) == {
        "GST 5%+PST 9.975%"
    }
    assert (
        money(only(books(server, "Invoice"))["TotalAmt"])
        == money(only(garage(server)["orders"])["totalCostCents"]) / 100
    )


def test_money_moved_between_orders_waits_for_a_person(shop, server):
    work(server, order(1001, pay=True, paymentType="Cash"), order(1002))
    charge = only(garage(server)["payments"])
    server.load("shopmonkey", transfers=[{"chargeId": charge["id"], "orderId": "o1002", "amountCents": 1_000}])
    g.pair(shop)
    run = synced(shop, "held")
    assert "QBSM-TRANSFER" in kept(run).values()


# bad input


def test_a_sale_without_a_customer_needs_one_for_all_of_them(shop, server):
    work(server, order(1001, buyer=None))
    server.load("quickbooks", realm=REALM, Customer=[{"Id": "900", "DisplayName": "Client de passage"}])
    g.pair(shop)
    assert kept(synced(shop, "held"))["sale", "1001"] == "CUSTOMER-NOT-TOLD"
    assert not integrations.save_settings(shop.integration, {"generic_customer_id": "900"}, shop.ann)
    shop.integration.refresh_from_db()
    synced(shop)
    assert only(books(server, "Invoice"))["CustomerRef"]["value"] == "900"


@pytest.mark.parametrize("number", ["1001", 1001])
def test_an_order_number_may_be_text_or_a_number(shop, server, number):
    server.control("POST", "configure/shopmonkey", {"number_kind": "text" if number == "1001" else "integer"})
    work(server, order(1001))
    g.pair(shop)
    synced(shop)
    assert only(books(server, "Invoice"))["DocNumber"] == "1001"
    server.control("POST", "configure/shopmonkey", {"number_kind": "kept"})


def test_an_inactive_item_holds_what_needs_it(shop, server):
    g.pair(shop)
    server.load("quickbooks", realm=REALM, Item=[{"Id": "2002", "Active": False}])
    values.refresh(shop.integration, "line_kind")
    work(server, order(1001))
    assert kept(synced(shop, "held"))["sale", "1001"] == "LINE-PART-UNMAPPED"


def test_a_deleted_order_voids_its_document_and_one_never_invoiced_writes_nothing(shop, server):
    work(server, order(1001), order(1002, invoice=False))
    g.pair(shop)
    synced(shop)
    work(server, {"id": "o1002", "deleted": True}, {"id": "o1001", "deleted": True})
    run = synced(shop)
    assert list(run.changes.filter(state="done").values_list("action", flat=True)) == ["void"]
    assert money(only(books(server, "Invoice"))["TotalAmt"]) == 0


def test_customers_without_an_address_or_with_several_go_to_the_books(shop, server):
    emails = [{"email": "b@fictive.example", "primary": True}, {"email": "c@fictive.example", "primary": False}]
    server.load("shopmonkey", customers=[g.customer(2, emails=[]), g.customer(3, emails=emails)])
    work(server, order(1002, buyer="c2"), order(1003, buyer="c3"))
    g.pair(shop)
    synced(shop)
    told = {row["DisplayName"]: (row.get("PrimaryEmailAddr") or {}).get("Address") for row in books(server, "Customer")}
    assert told == {"Zoé Fictive 2": None, "Zoé Fictive 3": "b@fictive.example"}


def test_a_key_taken_back_ends_the_run_and_says_who_must_act(shop, server):
    g.pair(shop)
    server.load("shopmonkey", keys=[{"key": g.KEY, "revoked": True}])
    run = shop.run()
    assert (run.state, run.reason_code) == (Run.State.INTERRUPTED, "CONNECTION-ATTENTION")
    shop.integration.right.refresh_from_db()
    assert shop.integration.right.state == "attention"


# imports


def goods(server):
    part = {"Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 7, "InvStartDate": "2026-01-01",
            "AssetAccountRef": {"value": "8"}, "ExpenseAccountRef": {"value": "9"}}  # fmt: skip
    stock = [g.item(str(3000 + n), f"Pièce {n}", "Inventory", Sku=f"PX-{n}", **{**part, "UnitPrice": 10 + n})
             for n in range(1, 16)]  # fmt: skip
    loose = [g.item(str(3100 + n), f"Article {n}", "NonInventory", Sku=f"NX-{n}") for n in range(1, 16)]
    people = [{"Id": str(n), "DisplayName": f"Léa Inventée {n}", "GivenName": "Léa", "FamilyName": f"Inventée {n}",
               "PrimaryEmailAddr": {"Address": f"lea{n}@inventee.example"}} for n in range(1, 21)]  # fmt: skip
    server.load("quickbooks", realm=REALM, Item=[*stock, *loose], Customer=people)


def brought(house, key):
    return house.finish(imports.start(house.integration, key, house.ann, enqueue=False))


def done(run):
    rows = list(run.changes.filter(state=Change.State.DONE).values_list("action", flat=True))
    return {action: rows.count(action) for action in set(rows)}


@pytest.mark.row("S-03")
@pytest.mark.row("S-23")
@pytest.mark.row("S-25")
@pytest.mark.row("S-26")
def test_customers_and_both_kinds_of_items_are_imported_matched_and_nothing_else_touched(shop, server):
    goods(server)
    local = [g.customer(n, emails=[{"email": f"ici{n}@fictive.example", "primary": True}]) for n in range(2, 6)]
    known = g.customer(6, emails=[{"email": "lea1@inventee.example", "primary": True}])
    server.load("shopmonkey", customers=[*local, known],
                inventory_parts=[{"id": "p1", "name": "Pièce d’ici", "number": "PX-1", "locationId": g.RIVERS,
                                  "quantity": 3, "retailCostCents": 500}])  # fmt: skip
    g.pair(shop)
    told = {key: done(brought(shop, key)) for key in ("customers", "inventory", "non-inventory")}
    assert told["customers"].pop("create") == 19 and told["inventory"].pop("create") == 14
    assert told["non-inventory"] == {"create": 15}
    people, parts = garage(server)["customers"], {row["number"]: row for row in garage(server)["inventory_parts"]}
    assert len([row for row in people if not row["deleted"]]) == 25
    assert len(parts) == 30
    assert parts["PX-2"]["quantity"] == 7 and parts["PX-1"]["quantity"] == 3, "a quantity is told once, to what is new"
    assert not {"SHOPMONKEY PART"} & {row["name"].upper() for row in parts.values()}
    before = len(server.calls("shopmonkey"))
    assert [done(brought(shop, key)) for key in ("customers", "inventory", "non-inventory")] == [{}, {}, {}]
    assert sent(server, before) == []
    assert not [call for call in sent(server) if call.startswith(("DELETE", "PATCH"))]
    work(server, order(1001))
    synced(shop)


@pytest.mark.row("S-23")
def test_invoices_go_without_any_import(shop, server):
    work(server, order(1001))
    g.pair(shop)
    synced(shop)
    assert not Run.objects.filter(kind=Run.Kind.IMPORT).exists()


def test_where_parts_cannot_be_made_the_plan_becomes_a_file(shop, server, client):
    goods(server)
    server.control("POST", "configure/shopmonkey", {"inventory_create": False})
    g.pair(shop)
    run = brought(shop, "inventory")
    assert run.state in (Run.State.HELD, Run.State.INTERRUPTED)
    rows = list(imports.exported(run))
    assert rows[0][:2] == ["Part Name", "Part Number"] and len(rows) == 16
    server.control("POST", "configure/shopmonkey", {"inventory_create": True})


# inventory


@pytest.mark.row("S-27")
def test_inventory_is_off_by_default_and_follows_the_books_once_it_is_on(shop, server):
    goods(server)
    part = {"id": "p1", "name": "Pièce 1", "number": "PX-1", "locationId": g.RIVERS, "quantity": 3,
            "retailCostCents": 1100}  # fmt: skip
    server.load("shopmonkey", inventory_parts=[part])
    g.pair(shop, {"linked_items": "yes"})
    flow = shop.integration.flows.get(entity="stock_level")
    assert not flow.is_on
    synced(shop)
    assert only(garage(server)["inventory_parts"])["quantity"] == 3
    flow.is_on = True
    flow.save(update_fields=["is_on"])
    shop.run()
    assert only(garage(server)["inventory_parts"])["quantity"] == 7
    server.load("quickbooks", realm=REALM, Item=[{"Id": "3001", "QtyOnHand": 9}])
    shop.run()
    assert only(garage(server)["inventory_parts"])["quantity"] == 9
    work(server, order(1001, {"name": "Frein", "parts": [{**g.PART, "partNumber": "PX-1", "inventoryPartId": "p1"}]}))
    shop.run()
    assert ("3001", money(80)) in lines(only(books(server, "Invoice"))), "a linked part is sold as the item it is"


# the set-up


@pytest.mark.row("S-04")
@pytest.mark.row("S-09")
@pytest.mark.row("S-18")
def test_five_steps_say_what_is_done_and_automatic_runs_wait_for_the_fourth(house, server):
    g.items(server, "tire", "epa")
    server.load("shopmonkey", customers=[g.customer(1)])
    made = g.pair(house, mapped=False)
    guide.refresh(made)
    steps = {item.spec.key: item for item in guide.guide(made)}
    assert list(steps) == ["connect", "items", "tax_agency", "map", "import"]
    assert {key: item.done for key, item in steps.items()} == {
        "connect": True, "items": False, "tax_agency": True, "map": False, "import": False,
    }  # fmt: skip
    assert steps["items"].why.en == "Still to create: Shopmonkey Tire (Non-inventory), Shopmonkey EPA (Non-inventory)."
    rows = {row.source_key: row for row in made.value_maps.filter(kind="line_kind")}
    assert {key: row.target_id for key, row in rows.items() if row.target_id} == {
        key: NAMES[key][0] for key in NAMES if key not in ("tire", "epa")
    }, "the suggested names are chosen, to be confirmed"
    assert not any(row.confirmed for row in rows.values())
    blockers = {item.code for item in integrations.set_automatic(made, True, house.ann)}
    assert {"GUIDE-ITEMS", "GUIDE-MAP"} <= blockers and "GUIDE-IMPORT" not in blockers


@pytest.mark.row("S-09")
def test_missing_items_are_made_after_a_plan_and_can_be_chosen_at_once(house, server):
    g.items(server, "labor", "tire")
    server.load("shopmonkey", customers=[g.customer(1)])
    made = g.pair(house, {"income_account": "7"}, mapped=False)
    before = len(books(server, "Item"))
    run = guide.make(made, "line_kind", house.ann)
    assert (run.state, len(books(server, "Item"))) == (Run.State.PLANNED, before)
    runs.approve(run, house.ann)
    assert house.finish(run).state == Run.State.DONE
    found = {row["Name"]: row for row in books(server, "Item")}
    assert found["Shopmonkey Labor"]["Type"] == "Service" and found["Shopmonkey Tire"]["Type"] == "NonInventory"
    assert found["Shopmonkey Tire"]["IncomeAccountRef"]["value"] == "7"
    steps = {item.spec.key: item for item in guide.guide(made)}
    assert steps["items"].done
    rows = made.value_maps.filter(kind="line_kind", source_key__in=("labor", "tire"))
    assert {row.target_id for row in rows} == {found["Shopmonkey Labor"]["Id"], found["Shopmonkey Tire"]["Id"]}
    made.refresh_from_db()
    assert made.next_run_at is None


@pytest.mark.row("S-19")
def test_without_a_tax_agency_the_step_is_to_do_and_taxed_invoices_are_held(shop, server):
    state = server.state("quickbooks")["companies"][REALM]
    gone = [{"Id": row["Id"], "status": "Deleted"} for row in state["TaxAgency"]]
    server.load("quickbooks", realm=REALM, TaxAgency=gone)
    work(server, order(1001))
    made = g.pair(shop)
    made.value_maps.filter(kind="tax").update(confirmed=False, target_id="")
    guide.refresh(made)
    step = {item.spec.key: item for item in guide.guide(made)}["tax_agency"]
    assert not step.done and step.spec.link[1].startswith("https://qbo.intuit.com/")
    run = synced(shop, "held")
    assert kept(run)["sale", "1001"] == "TAX-UNMAPPED"
    assert books(server, "Invoice") == []


@pytest.mark.row("S-05")
def test_a_lower_plan_is_said_before_the_set_up_and_makes_no_plan(shop, server):
    server.load(
        "quickbooks",
        realm=REALM,
        CompanyInfo=[{"NameValue": [{"Name": "OfferingSku", "Value": "QuickBooks Online Simple Start"}]}],
    )
    made = g.pair(shop)
    step = next(iter(guide.guide(made)))
    assert not step.done and "Simple Start" in step.why.en and "Simple Start" in step.why.fr
    (first, *_rest) = integrations.blocking(integrations.steps(made))
    assert first.key == "connect_left" and "Plus" in first.why.en


@pytest.mark.row("S-11")
def test_another_type_than_expected_is_said(shop, server):
    made = g.pair(shop)
    shop.map("line_kind", labor=NAMES["part"][0])
    found = {item.key: item.other_type for item in guide.targets(made, values.kind_of(made, "line_kind"))}
    assert found["labor"] == "NonInventory" and found["part"] == ""
