"""Stock as the store keeps it: per source, in the legacy item, less what open orders reserve."""

import json

import pytest

from tests.unit.sandbox.magento_desk import Desk

ROWS = "inventory/source-items"


@pytest.fixture
def desk():
    desk = Desk()
    desk.load(
        products=[
            {"id": 1, "sku": "TABL-011", "updated_at": "2026-01-01 00:00:00"},
            {"id": 2, "sku": "SVC/POSE 1", "updated_at": "2026-01-01 00:00:00"},
            {"id": 3, "sku": "ENS-SAM", "type_id": "bundle", "updated_at": "2026-01-01 00:00:00"},
        ],
        sourceItems=[
            {"sku": "TABL-011", "source_code": "default", "quantity": 10, "status": 1},
            {"sku": "TABL-011", "source_code": "quebec", "quantity": 4, "status": 1},
        ],
    )
    yield desk
    desk.close()


def push(desk, *rows, expect=200):
    names = ("sku", "source_code", "quantity", "status")
    body = {"sourceItems": [dict(zip(names, row, strict=False)) for row in rows]}
    answer = desk.call("POST", ROWS, body)
    assert answer.status == expect, answer.body
    return json.loads(answer.body)


def held(desk, sku="TABL-011"):
    rows = desk.get(ROWS, ("sku", "eq", sku))["items"]
    return {row["source_code"]: (row["quantity"], row["status"]) for row in rows}


def test_quantities_are_absolute_and_a_repeat_changes_nothing(desk):
    for _ in range(2):
        assert push(desk, ("TABL-011", "default", 7.5, 1)) == []
        assert held(desk) == {"default": (7.5, 1), "quebec": (4, 1)}


def test_a_new_pair_is_made_and_the_case_of_a_sku_does_not_matter(desk):
    push(desk, ("svc/pose 1", "quebec", 2, 1))
    assert held(desk, "SVC/POSE 1") == {"quebec": (2, 1)}
    assert len(held(desk, "svc/pose 1")) == 1


def test_one_bad_row_leaves_all_the_others_alone(desk):
    body = push(desk, ("TABL-011", "default", 1, 1), ("TABL-011", "nowhere", 1, 1), expect=400)
    assert body["errors"][0]["parameters"] == {"code": "nowhere"}
    push(desk, ("TABL-011", "default", 1, 1), ("NOBODY", "default", 1, 1), expect=404)
    push(desk, ("TABL-011", "default", 1, 1), ("ENS-SAM", "default", 1, 1), expect=400)
    for wrong in (
        ("TABL-011", "default", -1, 1),
        ("TABL-011", "default", "many", 1),
        ("TABL-011", "default", 1, 2),
        ("", "default", 1, 1),
    ):
        push(desk, wrong, expect=400)
    assert held(desk)["default"] == (10, 1)


def test_input_limits_allow_twenty_rows(desk):
    rows = [("TABL-011", "default", number, 1) for number in range(21)]
    with desk.configured(input_limits=True):
        assert push(desk, *rows, expect=400)["parameters"]["max"] == 20
        push(desk, *rows[:20])
    push(desk, *rows)


def test_the_legacy_item_and_the_default_source_are_one(desk):
    push(desk, ("TABL-011", "default", 0, 0), ("TABL-011", "quebec", 9, 1))
    item = desk.ok("GET", "stockItems/TABL-011")
    assert (item["qty"], item["is_in_stock"]) == (0, False)
    assert desk.ok("PUT", "products/TABL-011/stockItems/1", {"stockItem": {"qty": 42, "is_in_stock": True}}) == 1
    assert held(desk) == {"default": (42, 1), "quebec": (9, 1)}
    assert desk.ok("GET", "products/TABL-011")["extension_attributes"]["stock_item"]["qty"] == 42


def test_stock_does_not_touch_the_time_of_the_product(desk):
    push(desk, ("TABL-011", "default", 3, 1))
    desk.ok("PUT", "products/TABL-011/stockItems/1", {"stockItem": {"qty": 4}})
    assert desk.ok("GET", "products/TABL-011")["updated_at"] == "2026-01-01 00:00:00"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("products/NOBODY/stockItems/1", {"stockItem": {"qty": 1}}, 404),
        ("products/TABL-011/stockItems/2", {"stockItem": {"qty": 1}}, 404),
        ("products/TABL-011/stockItems/1", {"stockItem": {}}, 400),
        ("products/TABL-011/stockItems/1", {"stockItem": {"qty": "many"}}, 400),
        ("products/TABL-011/stockItems/1", {"stockItem": {"qty": 1, "is_in_stock": "yes"}}, 400),
        ("products/TABL-011/stockItems/1", {"qty": 1}, 400),
    ],
)
def test_a_legacy_write_that_means_nothing_is_refused(desk, path, body, status):
    assert desk.refused("PUT", path, body)[0] == status
    assert held(desk)["default"] == (10, 1)


def test_a_write_that_is_not_json_is_refused(desk):
    target = f"/magento/rest/V1/{ROWS}"
    for kind, body in (("text/plain", b"{}"), ("application/json", b"{")):
        headers = {"Authorization": desk.sign("POST", target), "Content-Type": kind}
        assert desk.raw("POST", target, body, headers).status == 400


def test_without_msi_only_the_legacy_item_is_there(desk):
    with desk.configured(msi=False):
        assert not [name for name in desk.ok("GET", "modules") if "Inventory" in name and "Catalog" not in name]
        assert desk.refused("GET", f"{ROWS}?searchCriteria=")[0] == 404
        assert push(desk, ("TABL-011", "default", 1, 1), expect=404)
        desk.ok("PUT", "products/TABL-011/stockItems/1", {"stockItem": {"qty": 5}})
    assert held(desk)["default"] == (10, 1)
    assert "Magento_InventoryApi" in desk.ok("GET", "modules")


def test_open_orders_reserve_until_shipped_cancelled_or_refunded(desk):
    line = {"item_id": 1, "sku": "TABL-011", "product_type": "simple", "qty_ordered": 5}

    def salable(state="processing", **counts):
        desk.load(
            orders=[{"entity_id": 1, "created_at": "2026-03-01 00:00:00", "state": state, "items": [line | counts]}]
        )
        return desk.ok("GET", "inventory/get-product-salable-quantity/TABL-011/1")

    assert salable() == 9
    assert salable(qty_shipped=3) == 12
    assert salable(qty_shipped=3, qty_canceled=2) == 14
    assert salable(state="canceled") == 14
    assert desk.refused("GET", "inventory/get-product-salable-quantity/TABL-011/9")[0] == 404
    assert desk.refused("GET", "inventory/get-product-salable-quantity/NOBODY/1")[0] == 404


def test_a_configurable_reserves_its_variant_once(desk):
    rows = [
        {"item_id": 1, "sku": "TABL-011", "product_type": "configurable", "qty_ordered": 2},
        {"item_id": 2, "sku": "TABL-011", "product_type": "simple", "qty_ordered": 2, "parent_item_id": 1},
    ]
    desk.load(orders=[{"entity_id": 1, "state": "processing", "items": rows}])
    assert desk.ok("GET", "inventory/get-product-salable-quantity/TABL-011/1") == 12


def test_the_stock_of_a_website_is_found(desk):
    assert desk.ok("GET", "inventory/stock-resolver/website/base")["stock_id"] == 1
    assert desk.refused("GET", "inventory/stock-resolver/website/nowhere")[0] == 404


def bulk(desk, path, body, method="POST"):
    target = f"/magento/rest/all/async/bulk/V1/{path}"
    headers = {"Authorization": desk.sign(method, target), "Content-Type": "application/json"}
    answer = desk.raw(method, target, json.dumps(body).encode(), headers)
    return answer.status, json.loads(answer.body)


def test_an_asynchronous_push_is_accepted_and_its_rows_succeed_or_fail_alone(desk):
    row = {"sku": "TABL-011", "source_code": "default", "quantity": 6, "status": 1}
    status, told = bulk(desk, ROWS, [{"sourceItems": [row]}, {"sourceItems": [row | {"source_code": "nowhere"}]}])
    assert (status, [one["status"] for one in told["request_items"]]) == (202, ["accepted"] * 2)
    number = told["bulk_uuid"]
    assert [one["status"] for one in desk.ok("GET", f"bulk/{number}/status")["operations_list"]] == [1, 3]
    assert desk.ok("GET", f"bulk/{number}/operation-status/3") == 1
    assert held(desk)["default"] == (6, 1)
    legacy = [{"productSku": "TABL-011", "itemId": 1, "stockItem": {"qty": 8}}]
    assert bulk(desk, "products/byProductSku/stockItems/byItemId", legacy, "PUT")[0] == 202
    assert held(desk)["default"] == (8, 1)


def test_without_a_consumer_asynchronous_work_stays_open(desk):
    row = {"sku": "TABL-011", "source_code": "default", "quantity": 6, "status": 1}
    with desk.configured(bulk_consumer=False):
        _, told = bulk(desk, ROWS, [{"sourceItems": [row]}])
    assert desk.ok("GET", f"bulk/{told['bulk_uuid']}/detailed-status")["operations_list"][0]["status"] == 4
    assert held(desk)["default"] == (10, 1)


def test_two_products_may_hold_one_sku_and_the_list_shows_both(desk):
    desk.load(products=[{"id": 9, "sku": "tabl-011", "name": "Copie"}])
    assert desk.ids("products", ("sku", "eq", "TABL-011"), id="id") == [1, 9]


def test_a_renamed_sku_keeps_its_id(desk):
    desk.load(products=[{"id": 1, "sku": "TABL-01X"}])
    assert desk.refused("GET", "products/TABL-011")[0] == 404
    assert desk.ok("GET", "products/tabl-01x")["id"] == 1
