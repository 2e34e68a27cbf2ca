"""Segments of the Mailchimp stand-in: tags in bulk, and conditions worked out when somebody looks."""

import pytest

from tests.unit.sandbox.mailchimp_desk import FIRST, Desk, order

SEGMENTS = f"/lists/{FIRST}/segments"


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def saved(desk, *conditions, match="all"):
    body = {"name": "Choix", "options": {"match": match, "conditions": list(conditions)}}
    return desk.ok("POST", SEGMENTS, body)["id"]


def emails(desk, segment, query=""):
    return [m["email_address"] for m in desk.ok("GET", f"{SEGMENTS}/{segment}/members?count=100{query}")["members"]]


MORE_THAN_ONE = {"condition_type": "EcommNumber", "field": "ecomm_orders", "op": "greater", "value": 1}


def test_a_segment_on_two_orders_or_more_returns_that_contact(desk):
    shop = desk.shop()
    for name in ("deux", "un"):
        desk.put(f"{name}@example.com")
        customer = {"id": name, "email_address": f"{name}@example.com", "opt_in_status": False}
        desk.ok("PUT", f"{shop}/customers/{name}", customer)
    desk.ok("POST", f"{shop}/orders", order("o1", {"id": "deux"}))
    desk.ok("POST", f"{shop}/orders", order("o2", {"id": "deux"}))
    desk.ok("POST", f"{shop}/orders", order("o3", {"id": "un"}))
    segment = saved(desk, MORE_THAN_ONE)
    assert emails(desk, segment) == ["deux@example.com"]
    assert desk.ok("GET", f"{SEGMENTS}/{segment}")["member_count"] == 1
    desk.ok("DELETE", f"{shop}/orders/o2")
    assert emails(desk, segment) == []


def test_a_cancelled_order_does_not_count(desk):
    shop = desk.shop()
    desk.put("a@example.com")
    customer = {"id": "c1", "email_address": "a@example.com", "opt_in_status": False}
    desk.ok("POST", f"{shop}/orders", order("o1", customer))
    desk.ok("POST", f"{shop}/orders", order("o2"))
    segment = saved(desk, MORE_THAN_ONE)
    assert emails(desk, segment) == ["a@example.com"]
    cancel = {"financial_status": "cancelled", "cancelled_at_foreign": "2026-11-06T10:00:00+00:00"}
    desk.ok("PATCH", f"{shop}/orders/o2", cancel)
    assert emails(desk, segment) == []


def test_those_who_cannot_be_mailed_are_shown_only_when_included(desk):
    for status in ("subscribed", "transactional", "unsubscribed", "cleaned", "archived"):
        document = {"email_address": f"{status}@example.com", "status": status, "tags": ["QuickBooks"]}
        desk.vendor.load("members", [{"list_id": FIRST, **document}])
    tag = desk.ok("GET", f"/lists/{FIRST}/tag-search?name=Quick")["tags"][0]["id"]
    assert emails(desk, tag) == ["subscribed@example.com"]
    everyone = "&include_transactional=true&include_unsubscribed=true&include_cleaned=true"
    assert len(emails(desk, tag, everyone)) == 4


def test_conditions_on_tags_and_names_combine(desk):
    desk.put("a@example.com", tags=["QuickBooks"], merge_fields={"FNAME": "Zoé"})
    desk.put("b@example.com", tags=["QuickBooks"])
    desk.put("c@example.com", merge_fields={"FNAME": "Zoé"})
    tag = desk.member("a@example.com")["tags"][0]["id"]
    tagged = {"condition_type": "StaticSegment", "field": "static_segment", "op": "static_is", "value": tag}
    named = {"condition_type": "TextMerge", "field": "FNAME", "op": "is", "value": "zoé"}
    assert emails(desk, saved(desk, tagged, named)) == ["a@example.com"]
    assert len(emails(desk, saved(desk, tagged, named, match="any"))) == 3


def test_a_condition_the_vendor_does_not_know_is_refused(desk):
    body = {"name": "X", "options": {"conditions": [{"field": "ecomm_orders", "op": "at least", "value": 2}]}}
    assert desk.refused("POST", SEGMENTS, body)[1] == "Invalid Resource"


def test_bulk_tagging_tells_unknown_addresses_inside_a_200(desk):
    desk.put("a@example.com")
    tag = desk.ok("POST", SEGMENTS, {"name": "QuickBooks", "static_segment": []})["id"]
    change = {"members_to_add": ["a@example.com", "who@example.com"], "members_to_remove": []}
    result = desk.ok("POST", f"{SEGMENTS}/{tag}", change)
    assert (result["total_added"], result["error_count"]) == (1, 1)
    assert result["errors"][0]["email_addresses"] == ["who@example.com"]
    result = desk.ok("POST", f"{SEGMENTS}/{tag}", {"members_to_remove": ["a@example.com"]})
    assert result["total_removed"] == 1
    assert desk.member("a@example.com")["tags"] == []


def test_tags_and_segments_are_told_apart_by_type(desk):
    desk.put("a@example.com", tags=["QuickBooks"])
    segment = saved(desk, MORE_THAN_ONE)
    assert [s["name"] for s in desk.ok("GET", f"{SEGMENTS}?type=static")["segments"]] == ["QuickBooks"]
    assert [s["id"] for s in desk.ok("GET", f"{SEGMENTS}?type=saved")["segments"]] == [segment]
    assert [s["id"] for s in desk.ok("GET", f"{SEGMENTS}?exclude_type=static")["segments"]] == [segment]


def test_the_members_of_a_saved_segment_cannot_be_set(desk):
    desk.put("a@example.com")
    path = f"{SEGMENTS}/{saved(desk, MORE_THAN_ONE)}/members"
    assert desk.refused("POST", path, {"email_address": "a@example.com"})[0] == 400


def test_deleting_a_tag_leaves_its_contacts(desk):
    tag = desk.put("a@example.com", tags=["QuickBooks"])["tags"][0]["id"]
    desk.ok("DELETE", f"{SEGMENTS}/{tag}")
    assert desk.member("a@example.com")["tags"] == []
    assert desk.refused("GET", f"{SEGMENTS}/{tag}")[0] == 404
