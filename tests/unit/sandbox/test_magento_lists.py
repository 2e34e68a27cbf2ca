"""searchCriteria, paging, projection and errors, as the store's interface has them."""

import json
from urllib.parse import quote

import pytest

from connectors.sandbox.core import SandboxError
from tests.unit.sandbox.magento_desk import Desk, criteria


def order(entity_id, **more):
    return {
        "entity_id": entity_id,
        "customer_email": f"acheteur{entity_id}@example.com",
        "grand_total": 10 * entity_id,
        "base_grand_total": 10 * entity_id,
        "created_at": f"2026-03-{entity_id:02d} 12:00:00",
        "updated_at": f"2026-04-{10 - entity_id:02d} 12:00:00",
        "state": "new" if entity_id % 2 else "processing",
        "items": [{"item_id": entity_id * 10 + n, "sku": f"S-{n}", "qty_ordered": n} for n in (1, 2)],
        **more,
    }


@pytest.fixture
def desk():
    desk = Desk()
    desk.load(orders=[*(order(number) for number in range(1, 9)), order(9, coupon_code="Été10")])
    yield desk
    desk.close()


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (("entity_id", "eq", "3"), [3]),
        (("entity_id", "neq", "3"), [1, 2, 4, 5, 6, 7, 8, 9]),
        (("grand_total", "gt", "70"), [8, 9]),
        (("grand_total", "gteq", "70.00"), [7, 8, 9]),
        (("grand_total", "moreq", "80"), [8, 9]),
        (("grand_total", "lt", "20"), [1]),
        (("grand_total", "lteq", "20"), [1, 2]),
        (("created_at", "from", "2026-03-08"), [8, 9]),
        (("created_at", "to", "2026-03-02 12:00:00"), [1, 2]),
        (("entity_id", "in", "2,4,77"), [2, 4]),
        (("entity_id", "nin", "1,2,3,4,5,6,7,8"), [9]),
        (("state", "eq", "PROCESSING"), [2, 4, 6, 8]),
        (("customer_email", "like", "%EUR3@%"), [3]),
        (("customer_email", "nlike", "%r_@%"), []),
        (("coupon_code", "null", ""), [1, 2, 3, 4, 5, 6, 7, 8]),
        (("coupon_code", "notnull", ""), [9]),
        (("coupon_code", "neq", "other"), [9]),
        (("coupon_code", "eq", "été10"), [9]),
    ],
)
def test_each_operator_finds_what_the_database_would(desk, condition, found):
    assert desk.ids("orders", condition, sort=(("entity_id", "ASC"),)) == found


def test_sets_are_searched_in_lists(desk):
    assert desk.ids("taxRules/search", ("tax_rate_ids", "finset", "1"), id="id") == [1, 2]
    assert desk.ids("taxRules/search", ("tax_rate_ids", "nfinset", "1"), id="id") == [3, 4]


@pytest.mark.parametrize("spelling", ["filter_groups", "filterGroups"])
def test_groups_are_anded_and_filters_in_one_ored_in_either_spelling(desk, spelling):
    either = [("entity_id", "eq", "1"), ("entity_id", "eq", "2")]
    assert desk.ids("orders", either, ("state", "eq", "new"), spelling=spelling) == [1]


def test_equality_is_what_no_operator_means(desk):
    query = "searchCriteria[filter_groups][0][filters][0][field]=entity_id&searchCriteria[filter_groups][0][filters][0][value]=4"
    assert [
        row["entity_id"] for row in desk.ok("GET", f"orders?{query.replace('[', '%5B').replace(']', '%5D')}")["items"]
    ] == [4]


def test_sorting_follows_the_directions_and_is_descending_without_one(desk):
    dated = [row["updated_at"] for row in desk.get("orders", sort=(("updated_at", "ASC"),))["items"]]
    assert dated == sorted(dated)
    assert desk.ids("orders", sort=(("entity_id", None),)) == list(range(9, 0, -1))
    by_state = desk.ids("orders", sort=(("state", "ASC"), ("entity_id", "DESC")))
    assert by_state == [9, 7, 5, 3, 1, 8, 6, 4, 2]


def test_a_range_on_the_sorted_column_with_ties_loses_nobody(desk):
    desk.load(orders=[order(number, updated_at="2026-04-05 12:00:00") for number in range(20, 26)])
    found = desk.ids(
        "orders", ("updated_at", "gteq", "2026-04-05 12:00:00"), sort=(("updated_at", "ASC"), ("entity_id", "ASC"))
    )
    assert found == [5, 20, 21, 22, 23, 24, 25, 4, 3, 2, 1]


def test_pages_give_every_row_once_and_none_past_the_end(desk):
    pages = [desk.get("orders", size=4, page=page) for page in (1, 2, 3, 4)]
    assert [[row["entity_id"] for row in page["items"]] for page in pages] == [[1, 2, 3, 4], [5, 6, 7, 8], [9], []]
    assert {page["total_count"] for page in pages} == {9}
    assert pages[1]["search_criteria"] == {"filter_groups": [], "page_size": 4, "current_page": 2}
    assert desk.ids("orders", size=4, page=0) == [1, 2, 3, 4]
    assert len(desk.ids("orders")) == 9


def test_older_stores_repeat_the_last_page_for_ever(desk):
    with desk.configured(repeat_last_page=True):
        assert desk.ids("orders", size=4, page=3) == desk.ids("orders", size=4, page=99) == [9]


def test_a_store_may_count_wrongly_or_say_null(desk):
    with desk.configured(total_count_off_by=-7):
        assert desk.get("orders", size=4)["total_count"] == 2
    with desk.configured(items_null_when_empty=True):
        assert desk.get("orders", ("entity_id", "eq", "77"))["items"] is None
    assert desk.get("orders", ("entity_id", "eq", "77"))["items"] == []


def test_a_change_between_pages_is_seen_at_once(desk):
    assert desk.get("orders", ("state", "eq", "new"), size=2)["total_count"] == 5
    desk.load(orders=[{"entity_id": 1, "state": "canceled"}])
    assert desk.get("orders", ("state", "eq", "new"), size=2)["total_count"] == 4


def test_without_criteria_a_list_is_refused_and_with_an_empty_key_it_is_whole(desk):
    status, body = desk.refused("GET", "orders?searchCriterion=")
    assert (status, body["parameters"]) == (400, {"fieldName": "searchCriteria"})
    assert desk.ok("GET", "orders?searchCriteria=")["total_count"] == 9


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("orders", criteria(size="ten"), 400),
        ("orders", criteria(("entity_id", "equals", "1")), 400),
        ("orders", criteria(sort=(("entity_id", "SIDEWAYS"),)), 400),
        ("orders", criteria(("billing_address", "eq", "1")), 500),
        ("orders", criteria(sort=(("nothing", "ASC"),)), 500),
        ("orders", criteria(("id", "eq", "1")), 500),
        ("transactions", criteria(sort=(("entity_id", "ASC"),)), 500),
        ("orders", criteria(("updated_at", "gteq", "yesterday")), 500),
        ("products", criteria(("nothing", "eq", "1")), 400),
    ],
)
def test_criteria_that_cannot_be_used_are_refused(desk, path, query, status):
    told, body = desk.refused("GET", f"{path}?{query}")
    assert told == status
    assert ("Report ID: webapi-" in body["message"]) == (status == 500)


def test_input_limits_bound_pages_and_give_them_a_size(desk):
    with desk.configured(input_limits=True):
        assert desk.refused("GET", f"orders?{criteria(size=301)}")[0] == 400
        assert desk.get("orders", size=300)["total_count"] == 9
        assert desk.ok("GET", "orders?searchCriteria=")["search_criteria"]["page_size"] == 20


def test_fields_cut_rows_down_to_what_is_wanted(desk):
    body = desk.get("orders", size=2, fields=quote("items[entity_id,items[sku,nothing]],total_count"))
    assert body["items"][0] == {"entity_id": 1, "items": [{"sku": "S-1"}, {"sku": "S-2"}]}
    assert (len(body["items"]), body["total_count"], set(body)) == (2, 9, {"items", "total_count"})
    cut = desk.get("orders", size=1, fields=quote("search_criteria[page_size],items[state,grand_total]"))
    assert cut == {"search_criteria": {"page_size": 1}, "items": [{"state": "new", "grand_total": 10}]}
    assert desk.ok("GET", "orders/3?fields=entity_id,state") == {"entity_id": 3, "state": "new"}
    assert {"id", "code"} == set(desk.ok("GET", "store/storeViews?fields=id,code")[0])
    assert desk.ok("GET", "orders/3?fields=entity_id%5B") == []


def test_empty_keys_are_left_out_but_those_the_vendor_sends_as_null(desk):
    desk.load(orders=[order(30, customer_id=None, payment={"method": "checkmo", "cc_last4": None, "po_number": None})])
    told = desk.ok("GET", "orders/30")
    assert "customer_id" not in told
    assert told["payment"] == {"method": "checkmo", "cc_last4": None}


def test_order_lines_are_listed_across_orders(desk):
    assert desk.ids("orders/items", ("order_id", "eq", "3"), id="item_id") == [31, 32]
    assert desk.get("orders/items", ("sku", "eq", "s-2"), size=5)["total_count"] == 9
    found = desk.ids("orders/items", ("qty_ordered", "gt", "1"), sort=(("item_id", "DESC"),), size=2, id="item_id")
    assert found == [92, 82]


def test_lists_may_lack_the_tax_blocks_of_the_single_read(desk):
    desk.load(orders=[order(40, extension_attributes={"applied_taxes": [], "payment_additional_info": []})])
    with desk.configured(list_without_taxes=True):
        row = desk.get("orders", ("entity_id", "eq", "40"))["items"][0]
        assert row["extension_attributes"] == {"payment_additional_info": []}
    assert "applied_taxes" in desk.ok("GET", "orders/40")["extension_attributes"]


# Addresses and what stands in front


def test_store_codes_scope_the_path_and_all_is_for_writing(desk):
    assert desk.call("GET", "modules", store="").status == 200
    assert desk.call("GET", "modules", store="en/").status == 200
    assert desk.refused("GET", "modules", store="nowhere/")[0] == 404
    assert desk.refused("GET", "modules", store="all/") == (
        400,
        {"message": "Cannot perform GET operation with store code 'all'"},
    )
    body = {"statusHistory": {"comment": "Vu"}}
    assert desk.ok("POST", "orders/1/comments", body, store="all/") is True


@pytest.mark.parametrize(
    ("settings", "status", "kind"),
    [
        ({"maintenance": True}, 503, "text/html"),
        ({"html_403": True}, 403, "text/html"),
        ({"html_404": True}, 404, "text/html"),
        ({"login_wall": True}, 200, "text/html"),
        ({"masked_500": True}, 500, "application/json"),
        ({"moved_to": "https://www.boutique.example"}, 301, "text/html"),
    ],
)
def test_modes_answer_as_servers_do(desk, settings, status, kind):
    with desk.configured(**settings):
        answer = desk.call("GET", "modules")
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)
    if status == 301:
        assert answer.headers["Location"] == "https://www.boutique.example/magento/rest/default/V1/modules"


def test_outside_the_interface_is_a_page_and_inside_it_json(desk):
    assert desk.raw("GET", "/magento/somewhere").headers["Content-Type"].startswith("text/html")
    assert desk.refused("GET", "unknown") == (404, {"message": "Request does not match any route."})
    assert desk.call("PATCH", "modules").status == 405
    target = "/magento/rest/V1/modules"
    header = {"Authorization": desk.sign("GET", target), "Accept": "text/csv"}
    assert desk.raw("GET", target, b"", header).status == 406


def test_comments_are_kept_and_move_the_order(desk):
    before = desk.ok("GET", "orders/3")["updated_at"]
    desk.sandbox.clock.advance(60)
    assert (
        desk.ok("POST", "orders/3/comments", {"statusHistory": {"comment": "Facture M-3", "status": "pending"}}) is True
    )
    after = desk.ok("GET", "orders/3")
    assert (before, after["updated_at"]) == ("2026-04-07 12:00:00", "2026-11-05 15:01:00")
    assert desk.ok("GET", "orders/3/comments")["items"][0]["comment"] == "Facture M-3"
    assert (
        desk.refused("POST", "orders/3/comments", {"statusHistory": {"comment": "x", "status": "complete"}})[0] == 400
    )
    assert desk.refused("POST", "orders/3/comments", {"comment": "x"})[0] == 400


# Control


def test_a_loaded_edit_moves_the_time_and_a_whole_document_brings_its_own(desk):
    desk.load(orders=[{"entity_id": 2, "state": "canceled", "status": "canceled"}])
    told = desk.ok("GET", "orders/2")
    assert (told["state"], told["updated_at"], told["grand_total"]) == ("canceled", "2026-11-05 15:00:00", 20)
    desk.load(orders=[order(2)])
    assert desk.ok("GET", "orders/2")["updated_at"] == "2026-04-08 12:00:00"


def test_what_is_missing_in_a_load_is_filled_in(desk):
    desk.load(orders=[{"customer_email": "a@example.com", "grand_total": 5, "items": [{"sku": "S-1"}]}])
    told = desk.ok("GET", "orders/10")
    assert (told["increment_id"], told["state"], told["status"]) == ("000000010", "new", "pending")
    assert told["items"][0]["order_id"] == 10
    assert told["items"][0]["item_id"] == 93


@pytest.mark.parametrize(
    "body", [{"baskets": []}, {"orders": 5}, {"orders": [{"items": [{"sku": 1}], "entity_id": "x"}]}]
)
def test_a_load_that_cannot_be_understood_is_refused(desk, body):
    with pytest.raises(SandboxError):
        desk.vendor.load_all(body)


def test_a_setting_nobody_knows_is_refused_with_the_known_ones(desk):
    with pytest.raises(SandboxError, match="repeat_last_page"):
        desk.vendor.configure({"colour": "blue"})
    with pytest.raises(SandboxError, match="bool"):
        desk.vendor.configure({"msi": "perhaps"})


def test_lag_publishes_late_with_the_time_it_had(desk):
    desk.vendor.fault("lag", {"seconds": 120})
    desk.load(orders=[order(50, updated_at="2026-11-05 15:00:00")])
    assert desk.ids("orders", ("entity_id", "eq", "50")) == []
    desk.sandbox.clock.advance(121)
    assert desk.get("orders", ("entity_id", "eq", "50"))["items"][0]["updated_at"] == "2026-11-05 15:00:00"
    desk.load(orders=[order(51)])
    desk.vendor.fault("clear", {})
    assert desk.call("GET", "orders/51").status == 200


def test_lossy_lists_leave_rows_out_and_still_count_them(desk):
    desk.vendor.fault("lossy", {"rate": 0.5, "seed": 3})
    page = desk.get("orders")
    assert 0 < len(page["items"]) < page["total_count"] == 9
    assert not desk.vendor.fault("expire_tokens", {})


def test_too_many_calls_in_a_second_are_throttled_when_limits_are_on(desk):
    with desk.configured(rate_limits=True):
        seen = [desk.call("GET", "modules") for _ in range(30)]
    assert {answer.status for answer in seen} == {200, 429}
    assert json.loads(seen[-1].body)["message"] == "Too Many Requests"
