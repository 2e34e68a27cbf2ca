"""Rows O-06 to O-41 that are about products and stock, asserted on what each side holds afterwards."""

from decimal import Decimal

import pytest

from bridge.hub.models import Link
from bridge.jobs import connections, runs
from tests.house import SALES_FLOWS
from tests.sandbox.small_shop import (
    CHAIR,
    LAMP,
    OTHER,
    SKUS,
    TABLE,
    book,
    buyer,
    cart,
    furnish,
    item,
    kept,
    lines,
    money,
    noted,
    only,
    pair,
    product,
    sell,
    synced,
)
from tests.sandbox.small_world import explained, written

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNTS = {
    "create_items": "yes", "income_account": "8", "expense_account": "11", "income_account_tracked": "7",
    "expense_account_tracked": "10", "asset_account_tracked": "4",
}  # fmt: skip
WITH_PRODUCTS = (*SALES_FLOWS, "product")
STOCK = ("stock_level",)


@pytest.fixture(autouse=True)
def quick(server, settings):
    """Passwords cost nothing, and the shop keeps sources again afterwards."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield
    server.control("POST", "configure/magento", {"msi": True})


def items(server):
    """The items of the books by SKU; those without one by name."""
    return {row.get("Sku") or row["Name"]: row for row in book(server, "Item")}


def stocked(server, **quantities):
    """Let both sides count these SKUs: (in the books, in the shop)."""
    known = {sku: at for at, (sku, _, _) in enumerate((CHAIR, TABLE, LAMP), 1)}
    found = []
    for sku, (books_have, shop_has) in quantities.items():
        sku = sku.replace("_", "-")
        number = known.get(sku) or 100 + len(found)
        if sku not in known:
            server.load("magento", products=[product(number, sku)])
        found.append(
            item(SKUS.get(sku, str(2000 + number)), sku, f"Article {sku}", Type="Inventory", TrackQtyOnHand=True,
                 QtyOnHand=books_have, InvStartDate="2020-01-01", AssetAccountRef={"value": "4"},
                 ExpenseAccountRef={"value": "10"})
        )  # fmt: skip
        server.load("magento", stockItems={sku: {"qty": shop_has, "is_in_stock": shop_has > 0}},
                    sourceItems=[{"sku": sku, "source_code": "default", "quantity": shop_has, "status": int(shop_has > 0)}])  # fmt: skip
    server.load("quickbooks", Item=found)


def in_shop(server):
    """What the shop has in its main source, by SKU."""
    rows = server.state("magento")["sourceItems"]
    return {row["sku"]: Decimal(str(row["quantity"])) for row in rows if row["source_code"] == "default"}


@pytest.mark.row("O-06")
def test_a_new_product_becomes_one_item(house, server):
    furnish(server, items=False)
    pair(house, {**ACCOUNTS, "products_scope": "all"}, ("product",))
    synced(house)
    found = items(server)
    assert {sku for sku in SKUS if sku in found} == set(SKUS)
    assert (found["CH-1"]["Name"], money(found["CH-1"]["UnitPrice"])) == (CHAIR[1], Decimal(100))
    server.control("POST", "clock", {"advance_seconds": 60})
    server.load("magento", products=[product(50, "NEUF-1", "Nouveauté")])
    synced(house)
    synced(house)
    assert [row["Name"] for row in book(server, "Item") if row.get("Sku") == "NEUF-1"] == ["Nouveauté"]


@pytest.mark.row("O-07")
@pytest.mark.parametrize("msi", [True, False], ids=["sources", "one stock"])
def test_a_quantity_of_the_books_shows_in_the_shop(house, server, msi):
    furnish(server)
    server.control("POST", "configure/magento", {"msi": msi})
    stocked(server, CH_1=(7, 3), TA_1=(5, 5))
    pair(house, {}, STOCK)
    synced(house)
    if msi:
        assert in_shop(server) == {"CH-1": 7, "TA-1": 5}
    held = {row["sku"]: row["extension_attributes"]["stock_item"]["qty"] for row in server.state("magento")["products"]}
    assert held["CH-1"] == 7 and held["TA-1"] == 5
    assert written(server, "quickbooks") == []
    before = len(written(server, "magento"))
    synced(house)
    assert len(written(server, "magento")) == before


@pytest.mark.row("O-07")
def test_what_was_sold_and_not_shipped_is_not_taken_off_twice(house, server):
    furnish(server)
    stocked(server, CH_1=(7, 9), TA_1=(5, 5))
    sell(server, cart(("CH-1", 2), then=["invoice"], **buyer(1)))
    pair(house, {}, STOCK)
    run = synced(house)
    assert in_shop(server)["CH-1"] == 9
    told = set(run.changes.filter(state="done").values_list("title", flat=True))
    assert told == {"Article CH-1", "Article TA-1"}, "by name, not by number"


@pytest.mark.row("O-07")
def test_what_the_books_have_not_taken_off_yet_is_not_added(house, server):
    """A sale that is posted in this very run, or held, is still in the books' number."""
    furnish(server)
    stocked(server, CH_1=(7, 7), TA_1=(5, 5))
    sell(server, cart(("CH-1", 2), then=["invoice"], **buyer(1)), cart("TA-1", surcharge="3.50", **buyer(2)))
    pair(house, {}, (*SALES_FLOWS, *STOCK))
    synced(house, "held")
    assert in_shop(server) == {"CH-1": 7, "TA-1": 5}, "as many as the books had, less nothing, plus nothing"
    assert money(items(server)["CH-1"]["QtyOnHand"]) == 5
    server.control("POST", "clock", {"advance_seconds": 3600})
    synced(house, "held")
    assert in_shop(server) == {"CH-1": 7, "TA-1": 5}, "the books took two off, and the shop will when it ships"


@pytest.mark.row("O-11")
def test_an_unknown_item_is_posted_on_the_default_one_with_a_warning(house, server):
    furnish(server, items=False)
    order = only(sell(server, cart("CH-1", **buyer(1))))
    pair(house, {"default_item": OTHER})
    run = synced(house)
    document = only(book(server, "Invoice"))
    assert lines(document) == [(OTHER, Decimal(100))] and money(document["TotalAmt"]) == money(order["grand_total"])
    assert noted(run) == {order["increment_id"]: ["ITEM-DEFAULT"]}


@pytest.mark.row("O-11")
def test_without_a_default_item_the_order_waits_until_it_is_mapped(house, server):
    furnish(server, items=False)
    server.load("quickbooks", Item=[item(SKUS["LA-1"], *LAMP)])
    unknown, known = sell(server, cart("CH-1", **buyer(1)), cart("LA-1", **buyer(2)))
    pair(house)
    run = synced(house, "held")
    assert kept(run)["sale", unknown["increment_id"]] == "ITEM-UNMAPPED"
    assert only(book(server, "Invoice"))["DocNumber"] == known["increment_id"]
    house.map("item", **{"CH-1": "Lampe"})
    synced(house)
    assert {row["DocNumber"] for row in book(server, "Invoice")} == {unknown["increment_id"], known["increment_id"]}


@pytest.mark.row("O-25")
def test_two_products_with_one_sku_are_both_named_and_orders_with_it_wait(house, server):
    furnish(server)
    twice, fine = sell(server, cart("CH-1", **buyer(1)), cart("LA-1", **buyer(2)))
    server.load("magento", products=[product(77, "CH-1", "Une autre chaise")])
    sell(server, cart("CH-1", **buyer(3)))
    order = max((row for row in server.state("magento")["orders"]), key=lambda row: row["entity_id"])
    server.load(
        "magento", orders=[{"entity_id": order["entity_id"], "items": [{**order["items"][0], "product_id": 77}]}]
    )
    pair(house, {"products_scope": "all"}, WITH_PRODUCTS)
    told = {one.code: one for one in connections.check(house.integration.right)}["MAG-SKU-TWICE"]
    assert told.level == "warning" and "CH-1" in told.text.say("fr", **told.params)
    run = synced(house, "held")
    held = kept(run)
    for number in (twice["increment_id"], order["increment_id"]):
        assert held["sale", number] == "SKU-SHARED"
    change = run.changes.get(entity="sale", title=twice["increment_id"])
    assert {part.strip() for part in change.params["ids"].split(",")} == {"1", "77"}
    assert only(book(server, "Invoice"))["DocNumber"] == fine["increment_id"]


@pytest.mark.row("O-26")
@pytest.mark.row("O-27")
@pytest.mark.parametrize(("by", "wanted"), [("name", "1501"), ("sku", "1502")])
def test_a_sku_is_looked_up_by_name_or_by_sku_as_chosen(house, server, by, wanted):
    furnish(server)
    server.load("magento", products=[product(9, "AB-1", "Banc")])
    server.load("quickbooks", Item=[item("1501", "autre", "AB-1"), item("1502", "AB-1", "Banc inventé")])
    sell(server, cart("AB-1", **buyer(1)))
    pair(house, {"items_by": by})
    synced(house)
    assert lines(only(book(server, "Invoice"))) == [(wanted, Decimal(100))]


@pytest.mark.row("O-28")
@pytest.mark.row("O-41")
def test_only_products_of_an_order_are_created_and_then_its_document(house, server):
    furnish(server, items=False)
    order = only(sell(server, cart("CH-1", "LA-1", **buyer(1))))
    pair(house, ACCOUNTS, WITH_PRODUCTS)
    synced(house)
    found = items(server)
    assert {"CH-1", "LA-1"} <= found.keys() and "TA-1" not in found
    document = only(book(server, "Invoice"))
    assert [one for one, _ in lines(document)] == [found["CH-1"]["Id"], found["LA-1"]["Id"]]
    assert money(document["TotalAmt"]) == money(order["grand_total"])
    sell(server, cart("TA-1", **buyer(2)))
    server.control("POST", "clock", {"advance_seconds": 60})
    synced(house)
    assert "TA-1" in items(server) and len(book(server, "Invoice")) == 2


@pytest.mark.row("O-06")
def test_products_of_one_name_become_items_told_apart_by_their_sku(house, server):
    furnish(server, items=False)
    same = [product(70 + at, f"BALLE-{color}", "Balle 55 cm") for at, color in enumerate(("BLEU", "VERT"))]
    taken, unsure = product(80, "CADRE-2", "Cadre"), product(81, "VASE-1", "Vase")
    server.load("magento", products=[*same, taken, unsure])
    server.load("quickbooks", Item=[item("1601", "CADRE-1", "Cadre"), item("1602", "", "Vase")])
    pair(house, {**ACCOUNTS, "products_scope": "all"}, ("product",))
    run = synced(house, "held")
    names = {sku: row["Name"] for sku, row in items(server).items()}
    assert (names["BALLE-BLEU"], names["BALLE-VERT"]) == ("Balle 55 cm (BALLE-BLEU)", "Balle 55 cm (BALLE-VERT)")
    assert names["CADRE-2"] == "Cadre (CADRE-2)" and names["CADRE-1"] == "Cadre"
    told = run.changes.get(title="Cadre").params["warnings"]
    assert [one["code"] for one in told] == ["ITEM-NAME-SHARED"]
    explained("ITEM-NAME-SHARED", told[0]["params"])
    # An item without an SKU may be the same product: a person says so.
    assert "VASE-1" not in names and kept(run)["product", "Vase"] == "QBO-NAME-ITEM"


@pytest.mark.row("O-17")
def test_where_buyers_of_one_organization_share_a_customer_products_still_share_no_item(house, server):
    furnish(server, items=False)
    server.load("magento", products=[product(90, "DEUX-1", "Un"), product(91, "DEUX 1", "Autre")])
    server.load("quickbooks", Item=[item("1701", "", "DEUX-1")])
    order = cart("CH-1", company="Inventée ltée")
    sell(server, {**order, **buyer(1)}, {**order, **buyer(2)})
    wishes = {**ACCOUNTS, "products_scope": "all", "customer": "company", "create_items": "no", "items_by": "name"}
    pair(house, wishes, ("contact", "product"))
    run = house.run()
    links = Link.objects.filter(integration=run.integration)
    customers = links.filter(entity="contact").values_list("left__remote_id", flat=True)
    assert len(customers) == 2 and len(set(customers)) == 1
    taken = list(links.filter(entity="product").values_list("left__remote_id", flat=True))
    assert taken == ["1701"], "two products of the shop are one item of the books"


@pytest.mark.row("O-29")
def test_tracked_and_untracked_items_each_get_their_own_accounts(house, server):
    furnish(server, items=False)
    server.load("magento", products=[product(60, "SVC-1", "Montage", type_id="virtual")])
    pair(house, {**ACCOUNTS, "products_scope": "all"}, ("product",))
    synced(house)
    found = items(server)
    tracked, untracked = found["CH-1"], found["SVC-1"]
    assert (tracked["Type"], tracked["TrackQtyOnHand"]) == ("Inventory", True)
    names = ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef")
    assert [tracked[name]["value"] for name in names] == ["7", "10", "4"]
    assert untracked["Type"] != "Inventory" and "AssetAccountRef" not in untracked
    assert [untracked[name]["value"] for name in names[:2]] == ["8", "11"]


@pytest.mark.row("O-34")
@pytest.mark.parametrize("scope", ["sold", "all"])
def test_unsold_products_are_created_only_where_all_are_wanted(house, server, scope):
    furnish(server, items=False)
    sell(server, cart("CH-1", **buyer(1)))
    pair(house, {**ACCOUNTS, "products_scope": scope}, WITH_PRODUCTS)
    synced(house)
    assert {sku for sku in SKUS if sku in items(server)} == ({"CH-1"} if scope == "sold" else set(SKUS))


@pytest.mark.row("O-35")
def test_accounts_changed_in_the_books_stay_when_the_product_syncs_again(house, server):
    furnish(server, items=False)
    pair(house, {**ACCOUNTS, "products_scope": "all"}, ("product",))
    synced(house)
    made = items(server)["CH-1"]
    server.load("quickbooks", Item=[{"Id": made["Id"], "IncomeAccountRef": {"value": "9"}}])
    server.control("POST", "clock", {"advance_seconds": 60})
    server.load("magento", products=[{"id": 1, "price": 120}])
    synced(house)
    after = items(server)["CH-1"]
    assert money(after["UnitPrice"]) == 120 and after["IncomeAccountRef"]["value"] == "9"


@pytest.mark.row("O-36")
def test_a_stock_plan_that_would_empty_the_shop_is_blocked_and_says_how_many(house, server):
    furnish(server)
    skus = [f"S_{at}" for at in range(6)]
    stocked(server, **dict.fromkeys(skus, (0, 12)))
    pair(house, {}, STOCK)
    run = house.run(approve=False)
    held = run.changes.filter(state="held")
    assert {change.code for change in held} == {"STOCK-WOULD-WIPE"} and held.count() == 6
    assert (held[0].params["items"], held[0].params["units"]) == (6, "72")
    explained("STOCK-WOULD-WIPE", held[0].params)
    assert runs.approve(run, house.ann) == 0
    synced(house, "held")
    assert {in_shop(server)[sku.replace("_", "-")] for sku in skus} == {Decimal(12)}
    assert written(server, "magento") == []


@pytest.mark.row("O-36")
def test_once_the_books_have_counted_the_stock_goes(house, server):
    furnish(server)
    skus = [f"S_{at}" for at in range(6)]
    stocked(server, **dict.fromkeys(skus, (0, 12)))
    pair(house, {}, STOCK)
    house.run(approve=False)
    counted = [{"Id": row["Id"], "QtyOnHand": 11} for row in book(server, "Item") if "QtyOnHand" in row]
    server.load("quickbooks", Item=counted)
    synced(house)
    assert {in_shop(server)[sku.replace("_", "-")] for sku in skus} == {Decimal(11)}
