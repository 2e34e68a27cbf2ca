"""Batch operations of the Mailchimp stand-in."""

import asyncio
import json

import pytest

from tests.unit.sandbox.mailchimp_desk import BASE, FIRST, Desk, order


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def member_put(place):
    email = f"m{place}@example.com"
    body = json.dumps({"email_address": email, "status_if_new": "transactional"})
    return {"method": "PUT", "path": f"/lists/{FIRST}/members/{email}", "operation_id": f"m{place}", "body": body}


def test_a_batch_passes_through_its_stages(desk):
    desk.vendor.configure({"batch_seconds": 0.2})
    batch = desk.ok("POST", "/batches", {"operations": [member_put(1)]})
    assert (batch["status"], batch["completed_at"], batch["response_body_url"]) == ("pending", "", "")
    seen = ["pending"]
    while seen[-1] != "finished":
        desk.loop.run_until_complete(asyncio.sleep(0.005))
        status = desk.ok("GET", f"/batches/{batch['id']}")["status"]
        if status != seen[-1]:
            seen.append(status)
    assert seen == ["pending", "preprocessing", "started", "finalizing", "finished"]


def test_finished_says_nothing_about_success_the_rows_do(desk):
    bad = {"method": "POST", "path": f"/lists/{FIRST}/members", "operation_id": "bad", "body": "{}"}
    lost = {"method": "GET", "path": "/lists/nowhere", "operation_id": "lost"}
    batch, rows = desk.batch([member_put(1), bad, lost])
    assert (batch["total_operations"], batch["finished_operations"], batch["errored_operations"]) == (3, 3, 2)
    assert [rows[name]["status_code"] for name in ("m1", "bad", "lost")] == [200, 400, 404]
    assert json.loads(rows["bad"]["response"])["title"] == "Invalid Resource"
    assert json.loads(rows["m1"]["response"])["status"] == "transactional"


def test_operations_take_their_parameters(desk):
    desk.put("a@example.com")
    get = {"method": "GET", "path": f"/lists/{FIRST}/members", "operation_id": "g"}
    _, rows = desk.batch([{**get, "params": {"count": 1, "fields": "total_items"}}])
    assert json.loads(rows["g"]["response"]) == {"total_items": 1}


def test_the_path_of_an_operation_is_decoded_like_that_of_a_call(desk):
    desk.put("a@example.com")
    path = f"/lists/{FIRST}/members/a%40example.com?fields=email_address"
    _, rows = desk.batch([{"method": "GET", "path": path, "operation_id": "g"}])
    assert json.loads(rows["g"]["response"]) == {"email_address": "a@example.com"}


def test_operations_run_in_no_promised_order(desk):
    batch, _ = desk.batch([member_put(place) for place in range(60)])
    order_of_rows = [row["operation_id"] for row in desk.rows(batch["response_body_url"])]
    assert order_of_rows != [f"m{place}" for place in range(60)]
    assert sorted(order_of_rows) == sorted(f"m{place}" for place in range(60))


def test_an_order_in_the_same_batch_as_its_product_may_come_too_early(desk):
    shop = desk.shop()
    desk.ok("PUT", f"{shop}/customers/c1", {"id": "c1", "email_address": "a@example.com", "opt_in_status": False})
    operations = []
    for place in range(20):
        product = {"id": f"q{place}", "title": "T", "variants": [{"id": f"q{place}", "title": "T"}]}
        body = order(f"o{place}")
        body["lines"][0] |= {"product_id": f"q{place}", "product_variant_id": f"q{place}"}
        for kind, data in (("products", product), ("orders", body)):
            operations.append(
                {"method": "POST", "path": f"{shop}/{kind}", "operation_id": f"{kind}{place}", "body": json.dumps(data)}
            )
    batch, _ = desk.batch(operations)
    assert 0 < batch["errored_operations"] < 20


def test_large_results_are_spread_over_several_files(desk):
    _, rows = desk.batch([{"method": "GET", "path": "/ping", "operation_id": str(place)} for place in range(1000)])
    assert len(rows) == 1000


def test_at_most_a_thousand_operations_and_a_json_text_as_body(desk):
    ping = {"method": "GET", "path": "/ping"}
    assert desk.refused("POST", "/batches", {"operations": [ping] * 1001})[0] == 400
    assert desk.refused("POST", "/batches", {"operations": [{**ping, "body": {}}]})[0] == 400


def test_at_most_five_hundred_batches_wait_at_once(desk):
    desk.vendor.configure({"batch_seconds": 30.0})
    for _ in range(500):
        desk.ok("POST", "/batches", {"operations": [{"method": "GET", "path": "/ping"}]})
    assert desk.refused("POST", "/batches", {"operations": [{"method": "GET", "path": "/ping"}]})[0] == 429


def test_the_result_link_needs_no_credentials_and_refuses_them(desk):
    batch, _ = desk.batch([member_put(1)])
    address = batch["response_body_url"].removeprefix(BASE)
    assert desk.raw("GET", address, key=None).status == 200
    assert desk.raw("GET", address).status == 400
    assert desk.raw("GET", address.replace("Signature=", "Signature=0"), key=None).status == 403


def test_the_result_link_expires_and_asking_again_gives_a_fresh_one(desk):
    batch, _ = desk.batch([member_put(1)])
    old = batch["response_body_url"].removeprefix(BASE)
    desk.sandbox.clock.advance(601)
    assert desk.raw("GET", old, key=None).status == 403
    fresh = desk.ok("GET", f"/batches/{batch['id']}")["response_body_url"]
    assert len(desk.rows(fresh)) == 1
    desk.sandbox.clock.advance(8 * 86400)
    assert desk.refused("GET", f"/batches/{batch['id']}")[0] == 404


def test_a_stopped_batch_runs_nothing_more(desk):
    desk.vendor.configure({"batch_seconds": 0.05})
    batch = desk.ok("POST", "/batches", {"operations": [member_put(1)]})
    desk.ok("DELETE", f"/batches/{batch['id']}")
    desk.loop.run_until_complete(asyncio.sleep(0.1))
    assert desk.ok("GET", f"/lists/{FIRST}/members")["total_items"] == 0
    assert desk.refused("GET", f"/batches/{batch['id']}")[0] == 404


def test_other_calls_are_answered_while_a_batch_runs(desk):
    batch = desk.ok("POST", "/batches", {"operations": [member_put(place) for place in range(1000)]})
    between = set()
    while desk.ok("GET", f"/batches/{batch['id']}")["status"] != "finished":
        between.add(desk.ok("GET", f"/batches/{batch['id']}")["finished_operations"])
        desk.loop.run_until_complete(asyncio.sleep(0))
    assert len([count for count in between if 0 < count < 1000]) > 3
