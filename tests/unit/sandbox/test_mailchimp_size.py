"""The Mailchimp stand-in stays small and fast, so that a benchmark measures the hub and not the sandbox."""

import json
import time
import tracemalloc

import pytest

from tests.unit.sandbox.mailchimp_desk import FIRST, Desk, order

MEMBERS = f"/lists/{FIRST}/members"


@pytest.fixture(scope="module")
def desk():
    desk = Desk()
    people = [
        {
            "email_address": f"person{place}@example.com",
            "status": "transactional" if place % 3 else "subscribed",
            "merge_fields": {"FNAME": f"Prénom{place}", "LNAME": f"Nom{place}", "PHONE": "514-555-0100"},
        }
        for place in range(20_000)
    ]
    desk.vendor.load("members", [{"list_id": FIRST, **person} for person in people])
    yield desk
    desk.close()


def cpu(action):
    """Best of five, in seconds of processor time: what the code needs, not what the machine was doing."""
    taken = []
    for _ in range(5):
        began = time.process_time()
        action()
        taken.append(time.process_time() - began)
    return min(taken)


def test_a_page_of_a_thousand_with_fields_takes_under_sixty_milliseconds(desk):
    query = (
        "count=1000&offset=5000&fields=members.id,members.email_address,members.status,members.merge_fields,total_items"
    )
    page = f"{MEMBERS}?{query}&sort_field=last_changed&sort_dir=ASC"
    assert len(desk.ok("GET", page)["members"]) == 1000

    def after_a_write():
        desk.put("person1@example.com", merge_fields={"FNAME": "Zoé"})
        desk.raw("GET", f"/3.0{page}")

    assert cpu(after_a_write) < 0.06


def test_a_thousand_orders_in_a_batch_take_well_under_a_third_of_a_second(desk):
    shop = desk.shop()
    desk.ok("PUT", f"{shop}/customers/c1", {"id": "c1", "email_address": "person1@example.com", "opt_in_status": False})
    turns = iter(range(5))

    def run():
        turn = next(turns)
        operations = [
            {
                "method": "POST",
                "path": f"{shop}/orders",
                "operation_id": str(place),
                "body": json.dumps(order(f"o{turn}-{place}")),
            }
            for place in range(1000)
        ]
        batch, _ = desk.batch(operations)
        assert batch["errored_operations"] == 0

    assert cpu(run) < 0.3


def held_by(action):
    """Bytes still held after the action."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_a_contact_and_an_order_each_take_less_than_a_kilobyte_of_memory():
    desk = Desk()
    desk.vendor.load("stores", [{"id": "s1", "list_id": FIRST}])
    desk.vendor.load("customers", [{"id": "c1", "email_address": "c1@example.com"}])
    tagged = {"list_id": FIRST, "status": "subscribed", "tags": ["QuickBooks"], "merge_fields": {"FNAME": "Prénom"}}
    people = [{**tagged, "email_address": f"person{place}@example.com"} for place in range(5000)]
    orders = [order(f"o{place}") for place in range(5000)]
    for resource, documents in (("members", people), ("orders", orders)):
        assert held_by(lambda: desk.vendor.load(resource, documents)) / 5000 < 1000, resource  # noqa: B023
    desk.close()
