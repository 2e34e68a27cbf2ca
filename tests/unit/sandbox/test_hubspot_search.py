"""Searching at the HubSpot stand-in, its limits, and the limits of calls."""

import json

import pytest

from tests.unit.sandbox.hubspot_desk import Desk

MS = 1793872800000  # 2026-11-05T10:00:00Z, where the desk's clock begins
KEY = "pat-na1-SECRET-atelier-boreal-0001"


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def people(desk):
    """Three contacts by first name."""
    rows = {
        "Ann": {
            "email": "ann@example.com",
            "phone": "514 555-0101",
            "lifecyclestage": "lead",
            "company": "Les Amis inc.",
        },
        "Bo": {"email": "bo@example.com", "lifecyclestage": "customer"},
        "Zoé": {"company": "Amis du Lac"},
    }
    return {name: desk.add("contacts", firstname=name, **more)["id"] for name, more in rows.items()}


FILTERS = [
    (("email", "EQ", "ANN@example.com"), {"Ann"}),
    (("email", "NEQ", "ann@example.com"), {"Bo"}),
    (("email", "HAS_PROPERTY"), {"Ann", "Bo"}),
    (("email", "NOT_HAS_PROPERTY"), {"Zoé"}),
    (("firstname", "IN", "ann", "zoé"), {"Ann", "Zoé"}),
    (("firstname", "IN", "Ann"), set()),  # values of IN must be in lower case
    (("firstname", "NOT_IN", "ann"), {"Bo", "Zoé"}),
    (("lifecyclestage", "EQ", "lead"), {"Ann"}),
    (("lifecyclestage", "EQ", "LEAD"), set()),  # options are compared as they are
    (("lifecyclestage", "IN", "lead", "customer"), {"Ann", "Bo"}),
    (("company", "CONTAINS_TOKEN", "amis"), {"Ann", "Zoé"}),
    (("company", "CONTAINS_TOKEN", "ami"), set()),
    (("company", "CONTAINS_TOKEN", "am*"), {"Ann", "Zoé"}),
    (("company", "NOT_CONTAINS_TOKEN", "lac"), {"Ann"}),
    (("firstname", "GT", "Ann"), {"Bo", "Zoé"}),
    (("firstname", "LTE", "bo"), {"Ann", "Bo"}),
]


@pytest.mark.parametrize(
    ("one", "expected"), FILTERS, ids=lambda part: str(sorted(part) if isinstance(part, set) else part)
)
def test_each_operator_finds_what_it_should(desk, people, one, expected):
    names = {id: name for name, id in people.items()}
    assert {names[row["id"]] for row in desk.find("contacts", one)["results"]} == expected


def test_groups_are_alternatives_and_filters_go_together(desk, people):
    def group(*filters):
        return {"filters": [{"propertyName": n, "operator": o, "value": v} for n, o, v in filters]}

    body = {"filterGroups": [group(("firstname", "EQ", "ann"), ("company", "CONTAINS_TOKEN", "lac"))]}
    assert desk.ok("POST", "/contacts/search", body)["total"] == 0
    body["filterGroups"].append(group(("firstname", "EQ", "bo")))
    assert [row["id"] for row in desk.ok("POST", "/contacts/search", body)["results"]] == [people["Bo"]]
    top = {"filters": [{"propertyName": "firstname", "operator": "EQ", "value": "zoé"}]}
    assert [row["id"] for row in desk.ok("POST", "/contacts/search", top)["results"]] == [people["Zoé"]]


def test_numbers_and_times_are_compared_as_such(desk):
    ids = [desk.add("products", name=f"P{price}", price=price)["id"] for price in ("9", "10", "100")]
    assert [row["id"] for row in desk.find("products", ("price", "GT", "9.5"))["results"]] == ids[1:]
    assert [row["id"] for row in desk.find("products", ("price", "BETWEEN", "9", "10.0"))["results"]] == ids[:2]
    now = int(desk.sandbox.clock.now().timestamp() * 1000)
    window = ("hs_lastmodifieddate", "BETWEEN", str(MS), str(now + 1000))
    assert desk.find("products", window)["total"] == 3
    assert desk.find("products", ("hs_lastmodifieddate", "LT", str(MS)))["total"] == 0
    desk.refused("POST", "/products/search", filtered("hs_lastmodifieddate", "GT", "2026-11-05"), fits=True)


def filtered(name, operator, value):
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": operator, "value": value}]}]}


def test_a_link_is_the_only_thing_that_can_be_asked_of_other_records(desk, people):
    made = desk.add("invoices", [(177, people["Ann"])], hs_currency="CAD")
    assert [row["id"] for row in desk.find("contacts", ("associations.invoice", "EQ", made["id"]))["results"]] == [
        people["Ann"]
    ]
    assert desk.find("invoices", ("associations.contacts", "EQ", people["Bo"]))["total"] == 0
    desk.refused("POST", "/contacts/search", filtered("associations.invoices.hs_invoice_source", "EQ", "x"), fits=True)
    desk.refused("POST", "/contacts/search", filtered("associations.invoices", "NEQ", made["id"]), fits=True)


def test_the_query_looks_at_the_usual_fields(desk, people):
    assert [row["id"] for row in desk.find("contacts", query="AMIS")["results"]] == [people["Ann"], people["Zoé"]]
    assert [row["id"] for row in desk.find("contacts", query="0101")["results"]] == [people["Ann"]]
    assert desk.find("contacts", query="lead")["total"] == 0


def test_results_come_oldest_first_or_in_one_order_asked_for(desk, people):
    def names(**more):
        return [row["properties"]["firstname"] for row in desk.find("contacts", **more)["results"]]

    assert names() == ["Ann", "Bo", "Zoé"]
    assert names(sorts=[{"propertyName": "firstname", "direction": "DESCENDING"}]) == ["Zoé", "Bo", "Ann"]
    assert names(sorts=["-hs_object_id"]) == ["Zoé", "Bo", "Ann"]
    desk.refused("POST", "/contacts/search", {"sorts": [{"propertyName": "nothing"}]}, fits=True)


def test_pages_by_id_reach_everything_though_all_share_one_moment(desk):
    rows = [{"properties": {"name": f"P{at}"}} for at in range(100)]
    for _ in range(5):
        desk.ok("POST", "/products/batch/create", {"inputs": rows})
    seen, last = [], "0"
    while True:
        page = desk.find("products", ("hs_object_id", "GT", last), sorts=[{"propertyName": "hs_object_id"}], limit=200)[
            "results"
        ]
        if not page:
            break
        seen += [row["id"] for row in page]
        last = seen[-1]
    assert len(seen) == len(set(seen)) == 500


REFUSED = {
    "201 rows": {"limit": 201},
    "past the ten thousandth": {"after": "10000", "limit": 1},
    "across the ten thousandth": {"after": "9900", "limit": 200},
    "a position that is none": {"after": "next"},
    "six groups": {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}] * 6},
    "seven filters": {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 7}]},
    "nineteen filters": {
        "filterGroups": [
            {"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * count} for count in (6, 6, 6, 1)
        ]
    },
    "two sort rules": {"sorts": ["email", "firstname"]},
    "no such operator": {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "SINCE"}]}]},
    "no such property": {"filterGroups": [{"filters": [{"propertyName": "nope", "operator": "HAS_PROPERTY"}]}]},
    "no value": {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ"}]}]},
    "no high value": {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "BETWEEN", "value": "1"}]}]},
    "no values": {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "IN"}]}]},
    "3,001 characters": {"query": "x" * (3001 - len('{"query":""}'))},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_search_past_a_limit_is_refused(desk, name):
    assert desk.refused("POST", "/contacts/search", REFUSED[name])["category"] == "VALIDATION_ERROR"


def test_a_search_of_exactly_three_thousand_characters_is_answered(desk):
    assert desk.find("contacts", query="x" * (3000 - len('{"filterGroups":[],"query":""}')))["total"] == 0


def test_the_index_learns_of_changes_late(desk):
    ann = desk.add("contacts", email="ann@example.com", firstname="Ann")
    desk.vendor.configure({"search_lag_seconds": 30})
    bo = desk.add("contacts", email="bo@example.com")
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"firstname": "Anne"}})
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"firstname": "Anna"}})

    def seen():
        return {row["id"]: row["properties"]["firstname"] for row in desk.find("contacts")["results"]}

    assert seen() == {ann["id"]: "Ann"}
    assert desk.ok("GET", f"/contacts/{ann['id']}")["properties"]["firstname"] == "Anna"
    assert len(desk.ok("GET", "/contacts")["results"]) == 2
    desk.sandbox.clock.advance(31)
    assert seen() == {ann["id"]: "Anna", bo["id"]: None}
    desk.ok("DELETE", f"/contacts/{bo['id']}")
    assert bo["id"] in seen()
    desk.sandbox.clock.advance(31)
    assert bo["id"] not in seen()


def test_the_lag_can_be_a_fault_too_and_lists_can_lose_rows(desk):
    for at in range(40):
        desk.add("products", name=f"P{at}")
    assert desk.vendor.fault("lag", {"seconds": 30})
    desk.add("products", name="New")
    assert desk.find("products")["total"] == 40
    assert desk.vendor.fault("clear", {})
    assert desk.vendor.fault("lossy", {"rate": 0.5, "seed": 1})
    assert 5 < len(desk.ok("GET", "/products?limit=100")["results"]) < 36
    assert desk.vendor.fault("clear", {})
    assert len(desk.ok("GET", "/products?limit=100")["results"]) == 41


# Limits of calls


def test_five_searches_a_second_for_the_account_and_not_a_word_about_it(desk):
    desk.vendor.configure({"rate_limits": True})
    path = "/crm/objects/2026-09/contacts/search"
    desk.sandbox.clock.advance(5)
    answers = [desk.raw("POST", path, {}, token=KEY if at % 2 else None) for at in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert not any("ratelimit" in name.lower() for answer in answers for name in answer.headers)
    assert (json.loads(answers[-1].body)["policyName"], json.loads(answers[-1].body)["errorType"]) == (
        "SECONDLY",
        "RATE_LIMIT",
    )
    desk.sandbox.clock.advance(1)
    assert desk.raw("POST", path, {}).status == 200


def test_a_hundred_and_ten_calls_in_ten_seconds(desk):
    desk.vendor.configure({"rate_limits": True})
    path = "/crm/objects/2026-09/contacts"
    first = desk.raw("GET", path)
    assert first.headers["X-HubSpot-RateLimit-Max"] == "110"
    assert first.headers["X-HubSpot-RateLimit-Remaining"] == "109"
    assert "X-HubSpot-RateLimit-Daily" not in first.headers
    desk.is_strict = False
    answers = [desk.raw("GET", path) for _ in range(110)]
    assert [answer.status for answer in answers[-2:]] == [200, 429]
    assert json.loads(answers[-1].body)["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "Retry-After" not in answers[-1].headers
    desk.sandbox.clock.advance(10)
    assert desk.raw("GET", path).status == 200


def test_a_day_ends_at_midnight_of_the_account(desk):
    desk.vendor.configure({"rate_limits": True, "daily_calls": 3})
    path = "/crm/objects/2026-09/contacts"
    assert [desk.raw("GET", path).status for _ in range(4)] == [200, 200, 200, 429]
    refused = json.loads(desk.raw("GET", path).body)
    assert refused["policyName"] == "DAILY"
    # It is five in the morning in Montréal: nineteen hours to go.
    desk.sandbox.clock.advance(18.9 * 3600)
    token = desk.connect()["access_token"]
    assert desk.raw("GET", path, token=token).status == 429
    desk.sandbox.clock.advance(0.2 * 3600)
    assert desk.raw("GET", path, token=token).status == 200


def test_without_limits_nothing_is_refused(desk):
    desk.is_strict = False
    assert {desk.raw("POST", "/crm/objects/2026-09/contacts/search", {}).status for _ in range(20)} == {200}
