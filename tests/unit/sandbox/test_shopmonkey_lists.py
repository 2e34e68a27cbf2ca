"""Listings as this vendor gives them: filters it heeds, what it ignores in silence, what it leaves out, who may look."""

import json
import random
from urllib.parse import urlencode

import pytest

from connectors.sandbox.shopmonkey.world import GARAGE, OTTAWA, OTTAWA_KEY, READING_KEY, RIVERS, SPRINGVALE_KEY, VERMONT
from tests.unit.sandbox.shopmonkey_desk import Desk, work


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def fill(desk, count, **more):
    """So many orders, a day apart, from the first of March on."""
    days = [f"2026-{3 + at // 28:02d}-{1 + at % 28:02d}T15:00:00.000Z" for at in range(count)]
    desk.load("orders", *({"id": f"order-{at:04d}", "createdDate": day, **more} for at, day in enumerate(days)))


def ids(rows):
    return {row["id"] for row in rows}


# Filters


def test_bare_operators_and_equality_filter(desk):
    fill(desk, 40)
    desk.load("orders", {"id": "order-0003", "name": "Special job"}, {"id": "order-0004", "archived": True})
    window = {"createdDate": {"gte": "2026-03-10T00:00:00Z", "lt": "2026-03-12T15:00:00.000Z"}}
    assert ids(desk.page("order", window)[0]) == {"order-0009", "order-0010"}
    assert ids(desk.page("order", {"id": {"in": ["order-0001", "order-0007", "x"]}})[0]) == {"order-0001", "order-0007"}
    assert ids(desk.page("order", {"name": {"contains": "special"}})[0]) == {"order-0003"}
    assert ids(desk.page("order", {"archived": True})[0]) == {"order-0004"}
    assert desk.page("order", {"customerId": None})[1]["total"] == 40
    assert desk.page("order", {"invoicedDate": {"gte": "2026-01-01T00:00:00Z"}})[1]["total"] == 0
    assert ids(desk.page("order", {"number": "1008"})[0]) == {"order-0007"}
    assert desk.page("order", {"totalCostCents": {"lte": 0}})[1]["total"] == 40


def test_other_spellings_are_ignored_with_the_whole_table_and_a_success(desk):
    fill(desk, 5)
    for where in ({"createdDate": {"$gte": "2026-03-03T00:00:00Z"}}, {"createdate": "2026"}, {"lines": []}):
        rows, meta = desk.page("order", where, fits=False)
        assert (len(rows), meta["total"]) == (5, 5)
    assert len(desk.page("order", page=2, offset=3, fits=False)[0]) == 5
    assert len(desk.search("customer", page=2, filters={}, fits=False)[0]) == 0


@pytest.mark.parametrize("query", ["orderby=%7B%7D", "where=x", "where=[]", "limit=0", "limit=x", "skip=-1",
                                   "orderBy=%7B%22id%22%3A%22up%22%7D"])  # fmt: skip
def test_what_makes_no_sense_is_refused(query, desk):
    desk.refused("GET", f"/order?{query}")


def test_a_filter_can_be_switched_off_whole_or_by_name(desk):
    fill(desk, 6)
    desk.load("orders", {"id": "order-0002", "archived": True})
    where = {"archived": True, "id": {"in": ["order-0002", "order-0003"]}}
    assert ids(desk.page("order", where)[0]) == {"order-0002"}
    desk.vendor.configure({"ignore_filters": ["order.archived"]})
    assert ids(desk.page("order", where)[0]) == {"order-0002", "order-0003"}
    desk.vendor.configure({"ignore_filters": ["order"]})
    assert desk.page("order", where)[1]["total"] == 6


# Pages


def test_more_than_a_hundred_rows_are_never_given_and_the_total_is_honest(desk):
    desk.watched = False
    fill(desk, 130)
    rows, meta = desk.page("order", limit=500, fits=False)
    assert (len(rows), meta["total"]) == (100, 130)
    rest, _ = desk.page("order", limit=100, skip=100)
    assert ids(rows) | ids(rest) == {f"order-{at:04d}" for at in range(130)}
    desk.vendor.configure({"page_limit": 20})
    assert len(desk.page("order")[0]) == 20


def test_has_more_lies_unless_told_otherwise(desk):
    fill(desk, 3)
    assert desk.page("order")[1]["hasMore"] is True
    assert desk.page("order", limit=2)[1]["hasMore"] is False
    desk.vendor.configure({"has_more_lies": False})
    assert desk.page("order")[1]["hasMore"] is False
    assert desk.page("order", limit=2)[1]["hasMore"] is True


def test_orders_are_sorted_by_id_only_other_tables_by_what_is_asked(desk):
    days = ["2026-03-03T00:00:00.000Z", "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"]
    desk.load("orders", *({"id": f"id-{letter}", "createdDate": day} for letter, day in zip("bca", days, strict=True)))
    assert [row["id"] for row in desk.page("order", orderBy={"id": "desc"})[0]] == ["id-c", "id-b", "id-a"]
    assert [row["id"] for row in desk.page("order", orderBy={"createdDate": "asc"})[0]] == ["id-b", "id-c", "id-a"]
    desk.load("customers", {"lastName": "Roy"}, {"lastName": "Abel"}, {"companyName": "Flotte"})
    found, _ = desk.search("customer", orderBy={"lastName": "asc"})
    assert [row["lastName"] for row in found] == [None, "Abel", "Roy"]


def test_a_lossy_listing_leaves_rows_out_at_random_and_tells_the_true_total(desk):
    desk.watched = False
    fill(desk, 100)
    assert desk.vendor.fault("lossy", {"rate": 0.41, "seed": 7})
    seen, counts = set(), []
    for _ in range(12):
        rows, meta = desk.page("order", limit=100)
        assert meta["total"] == 100
        counts.append(len(rows))
        seen |= ids(rows)
    assert max(counts) < 80 and min(counts) > 35 and len(set(counts)) > 1
    assert len(seen) == 100
    assert desk.read("order-0005")["id"] == "order-0005"
    again = Desk()
    again.watched = False
    fill(again, 100)
    again.vendor.fault("lossy", {"rate": 0.41, "seed": 7})
    assert len(again.page("order", limit=100)[0]) == counts[0]
    again.close()


def test_loss_can_be_kept_to_some_paths_and_ends_when_faults_are_cleared(desk):
    desk.watched = False
    fill(desk, 60)
    desk.load("customers", *({"lastName": f"Roy {at}"} for at in range(60)))
    desk.vendor.fault("lossy", {"rate": 0.9, "path": "/order$"})
    assert len(desk.page("order", limit=100)[0]) < 30
    assert len(desk.search("customer", limit=100)[0]) == 60
    desk.vendor.fault("clear", {})
    assert len(desk.page("order", limit=100)[0]) == 60


def test_shuffled_listings_come_in_another_order_each_time(desk):
    fill(desk, 30)
    desk.vendor.configure({"shuffle": True})
    first, second = ([row["id"] for row in desk.page("order")[0]] for _ in range(2))
    assert first != second and set(first) == set(second)


def test_lists_learn_late_of_changes_and_single_reads_at_once(desk):
    fill(desk, 2)
    desk.vendor.fault("lag", {"seconds": 60})
    desk.load("orders", {"id": "order-0001", "name": "New name"}, {"id": "newcomer"})
    assert desk.read("order-0001")["name"] == "New name"
    assert {row["id"]: row["name"] for row in desk.page("order")[0]} == {"order-0000": None, "order-0001": None}
    desk.sandbox.clock.advance(61)
    assert {row["id"]: row["name"] for row in desk.page("order")[0]}["order-0001"] == "New name"
    assert desk.page("order")[1]["total"] == 3


def test_an_order_number_is_an_integer_or_a_text_as_the_switch_says(desk):
    desk.load("orders", {"id": "one0", "number": 1001}, {"id": "two0", "number": "OT-7"})
    assert [desk.read(id)["number"] for id in ("one0", "two0")] == [1001, "OT-7"]
    desk.vendor.configure({"number_kind": "text"})
    assert [row["number"] for row in desk.page("order")[0]] == ["1001", "OT-7"]


# Keys


def test_a_key_sees_its_company_its_locations_and_what_it_was_given(desk):
    fill(desk, 2)
    desk.load("orders", {"id": "ottawa", "locationId": OTTAWA})
    assert desk.page("order")[1]["total"] == 3
    assert ids(desk.page("order", locationId=OTTAWA)[0]) == {"ottawa"}
    assert ids(desk.page("order", key=OTTAWA_KEY)[0]) == {"ottawa"}
    desk.refused("GET", "/order/order-0001", status=404, key=OTTAWA_KEY)
    assert ids(desk.page("location", key=OTTAWA_KEY)[0]) == {OTTAWA}
    assert desk.ok("GET", "/auth/api_key/status", key=OTTAWA_KEY)["locationIds"] == [OTTAWA]
    assert ids(desk.page("location", key=SPRINGVALE_KEY)[0]) == {VERMONT}
    assert desk.page("order", key=SPRINGVALE_KEY)[1]["total"] == 0
    told = {"customerType": "Customer", "firstName": "Ann"}
    desk.refused("POST", "/customer", told, status=403, key=READING_KEY, fits=True)
    assert desk.ok("POST", "/customer", told, key=OTTAWA_KEY)["locationIds"] == [OTTAWA]


def test_a_key_that_was_taken_back_is_refused_at_once(desk):
    desk.load("keys", {"key": "smk-mine", "name": "Mine"})
    assert desk.ok("GET", "/auth/api_key/status", key="smk-mine")["companyId"] == GARAGE
    desk.load("keys", {"key": "smk-mine", "revoked": True})
    desk.refused("GET", "/auth/api_key/status", status=401, key="smk-mine", fits=True)
    assert desk.vendor.fault("revoke", {})
    desk.refused("GET", "/order", status=401, fits=True)
    desk.vendor.fault("clear", {})
    desk.page("order")
    assert desk.vendor.fault("expire_tokens", {}) is False
    assert "smk-" not in json.dumps(desk.vendor.state(), default=str)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic x", "Bearer smk-SECRET"])
def test_without_a_key_nobody_comes_in(header, desk):
    assert desk.send("GET", "/v3/order", headers={"authorization": header}).status == 401


def test_the_rolling_minute_is_counted_told_and_enforced(desk):
    assert "X-RateLimit-Limit-Minute" not in desk.raw("GET", "/location").headers
    desk.vendor.configure({"rate_limits": True, "calls_per_minute": 3})
    left = [desk.raw("GET", "/location").headers["X-RateLimit-Remaining-Minute"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    answer = desk.raw("GET", "/location")
    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert answer.headers["X-RateLimit-Limit-Minute"] == "3"
    assert desk.raw("GET", "/location", key=OTTAWA_KEY).status == 200
    desk.sandbox.clock.advance(int(answer.headers["Retry-After"]))
    assert desk.raw("GET", "/location").status == 200


# Troubles on a switch


def test_the_edge_turns_callers_away_with_a_page(desk):
    desk.vendor.configure({"firewall_calls": 2})
    statuses = [desk.raw("GET", "/location").status for _ in range(3)]
    assert statuses == [403, 403, 200]


def test_a_success_may_say_it_was_none(desk):
    desk.vendor.configure({"odd_success_calls": 1})
    answer = desk.send("GET", "/v3/location", headers={"authorization": f"Bearer {desk.key}"})
    assert (answer.status, json.loads(answer.body)["success"]) == (200, False)
    assert desk.raw("GET", "/location").status == 200


def test_a_call_may_hang(desk):
    desk.vendor.configure({"hang_calls": 1, "hang_seconds": 0.0})
    assert desk.raw("GET", "/location").status == 200
    assert desk.vendor.state()["settings"]["hang_calls"] == 0


def test_troubles_by_rate_follow_their_seed(desk):
    desk.vendor.configure({"firewall_rate": 0.5, "trouble_seed": 3})
    found = [desk.raw("GET", "/location").status for _ in range(20)]
    dice = random.Random(3)
    assert found == [403 if dice.random() < 0.5 else 200 for _ in range(20)]


# Routes


def test_search_routes_are_served_where_the_switch_says(desk):
    desk.load("customers", {"firstName": "Ann", "emails": [{"email": "Ann@Example.com"}]})
    wanted = {"emails": ["ann@example.com"]}
    assert len(desk.ok("POST", "/customer/email/search", wanted)) == 1
    desk.refused("POST", "/customer/search-by-email", wanted, status=404)
    desk.vendor.configure({"search_routes": "flat"})
    assert len(desk.ok("POST", "/customer/search-by-email", wanted)) == 1
    desk.refused("POST", "/customer/email/search", wanted, status=404)
    desk.vendor.configure({"search_routes": "both"})
    assert len(desk.ok("POST", "/customer/email/search", wanted)) == 1


def test_unlisted_routes_and_uncertain_ones_are_on_switches(desk):
    desk.refused("GET", "/tax_config", status=404)
    desk.vendor.configure({"unlisted_routes": True, "customer_list": False, "inventory_create": False})
    rows, _ = desk.page("tax_config", {"locationId": RIVERS})
    assert [(row["gstPercent"], row["pstPercent"]) for row in rows] == [(5, 9.975)]
    assert {row["name"] for row in desk.page("payment_term")[0]} >= {"Net 30"}
    assert desk.ok("GET", f"/tax_config/{rows[0]['id']}") == rows[0]
    assert desk.raw("GET", "/customer", fits=False).status == 404
    part = {"name": "Belt", "number": "B-1", "quantity": 1, "retailCostCents": 1, "wholesaleCostCents": 1}
    desk.refused("POST", "/inventory_part", {**part, "locationId": RIVERS}, status=404, fits=True)


def test_nothing_can_be_deleted_but_webhooks(desk):
    desk.load("customers", {"id": "cust", "firstName": "Ann"})
    order = desk.order(work())
    for address in ("/customer/cust", f"/order/{order['id']}", "/inventory_part/x", "/customer"):
        desk.refused("DELETE", address, {}, status=404)
    assert desk.ok("GET", "/customer/cust")["deleted"] is False


# Writes


def test_a_customer_is_made_and_changed_as_told_and_the_rest_is_ignored(desk):
    told = {
        "customerType": "Customer",
        "firstName": "Zoé",
        "emails": [{"email": "zoe@example.com", "x": 1}],
        "vip": True,
    }
    made = desk.ok("POST", "/customer", told, fits=False)
    assert made["emails"][0]["primary"] is True and "vip" not in made and "x" not in made["emails"][0]
    address = made["emails"][0]["id"]
    both = [{"email": "new@example.com", "primary": True}, {"email": "zoe@example.com"}]
    changed = desk.ok("PUT", f"/customer/{made['id']}", {"city": "Lévis", "emails": both})
    assert [one["email"] for one in changed["emails"]] == ["new@example.com", "zoe@example.com"]
    assert changed["emails"][1]["id"] == address
    assert (changed["firstName"], changed["city"], changed["meta"]["version"]) == ("Zoé", "Lévis", 2)
    assert changed["updatedDate"] is not None and made["updatedDate"] is None
    assert desk.ok("GET", f"/customer/{made['id']}") == changed


def test_a_write_may_leave_a_member_as_it_was_and_say_it_succeeded(desk):
    desk.vendor.configure({"ignore_writes": ["externalId", "taxExempt"]})
    made = desk.ok("POST", "/customer", {"customerType": "Fleet", "companyName": "Flotte", "externalId": "qbo-1"})
    assert made["externalId"] is None
    same = desk.ok("PUT", f"/customer/{made['id']}", {"taxExempt": True})
    assert (same["taxExempt"], same["meta"]["version"]) == (False, 1)


@pytest.mark.parametrize("told", [{"customerType": "Customer"}, {"customerType": "Customer", "firstName": 7},
                                  {"customerType": "Customer", "firstName": "A", "emails": [{}]},
                                  {"customerType": "Customer", "firstName": "A", "emails": [{"email": "none"}]},
                                  {"customerType": "Customer", "firstName": "A", "locationIds": ["mars"]}])  # fmt: skip
def test_a_customer_that_cannot_be_is_refused(told, desk):
    assert desk.refused("POST", "/customer", told)["data"]["errors"]
    assert desk.held()["customers"] == []


def test_a_part_is_made_and_changed_at_its_location(desk):
    part = {"name": "Belt", "number": "B-1", "quantity": 2, "retailCostCents": 100, "wholesaleCostCents": 60}
    desk.refused("POST", "/inventory_part", {**part, "locationId": "mars"}, fits=True)
    made = desk.ok("POST", "/inventory_part", {**part, "locationId": OTTAWA, "metadata": {"qbo": "19"}})
    desk.ok("PUT", f"/inventory_part/{made['id']}", {"quantity": 5})
    found, meta = desk.search("inventory_part", where={"number": "B-1", "deleted": False})
    assert (found[0]["quantity"], found[0]["metadata"], meta["total"]) == (5, {"qbo": "19"}, 1)
    desk.refused("PUT", f"/inventory_part/{made['id']}", {"quantity": 9}, status=404, key=SPRINGVALE_KEY, fits=True)


def test_webhooks_are_made_changed_and_taken_away(desk):
    told = {"name": "hub", "url": "https://hub.example/in", "triggers": ["Order"]}
    made = desk.ok("POST", "/webhook", told)
    assert made["secret"].startswith("whsec_") and made["enabled"] is True
    desk.refused("POST", "/webhook", told, fits=True)
    desk.refused("POST", "/webhook", {**told, "name": "b", "url": "http://hub.example/in"})
    desk.ok("POST", "/webhook", {**told, "name": "c", "url": "http://127.0.0.1:8000/in"}, fits=False)
    assert desk.ok("PUT", f"/webhook/{made['id']}", {"enabled": False})["enabled"] is False
    assert desk.page("webhook")[1]["total"] == 2
    desk.ok("DELETE", f"/webhook/{made['id']}", {})
    desk.refused("GET", f"/webhook/{made['id']}", status=404, fits=True)
    headers = {"authorization": f"Bearer {desk.key}", "content-type": "application/json"}
    other = desk.held()["webhooks"][0]["id"]
    assert desk.send("DELETE", f"/v3/webhook/{other}", b"", headers).status == 400
    assert desk.send("DELETE", f"/v3/webhook/{other}", b"{}", headers).status == 200


def test_a_page_of_an_address_with_everything_is_answered(desk):
    fill(desk, 3)
    query = {"where": json.dumps({"archived": False}), "orderBy": json.dumps({"id": "asc"}), "limit": 2, "skip": 1}
    answer = desk.raw("GET", f"/order?{urlencode({**query, 'locationId': RIVERS})}")
    assert [row["id"] for row in json.loads(answer.body)["data"]] == ["order-0001", "order-0002"]
