"""Contacts of the stand-in: upsert and duplicates, search and its pages, tags, workflows, merging."""

import pytest

from connectors.sandbox.core import SandboxError
from connectors.sandbox.highlevel.world import CAFE, OLD, REVIEW
from tests.unit.sandbox.highlevel_desk import Desk


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def test_a_taken_address_or_number_is_refused_with_whose_it_is(desk):
    ann = desk.add(firstName="Ann", email="Ann@Example.com", phone="(514) 555-0101")
    assert (ann["email"], ann["phone"], ann["contactName"]) == ("ann@example.com", "+15145550101", "Ann")
    for field, value in (("email", "ANN@example.com"), ("phone", "+1 514-555-0101")):
        told = {"locationId": desk.location, field: value}
        refused = desk.refused("POST", "/contacts/", told, status=400, fits=True)
        assert refused["meta"] == {"contactId": ann["id"], "matchingField": field}
    other = desk.add(email="other@example.com")
    desk.refused("PUT", f"/contacts/{other['id']}", {"email": "ann@example.com"}, status=400, fits=True)
    desk.ok("PUT", f"/contacts/{ann['id']}", {"email": "ann@example.com", "firstName": "Anne"})


def test_a_location_may_allow_duplicates(desk):
    desk.vendor.configure({"allow_duplicate_contact": True})
    first = desk.add(email="ann@example.com")
    desk.sandbox.clock.advance(1)
    second = desk.add(email="ann@example.com")
    assert first["id"] != second["id"]
    desk.sandbox.clock.advance(1)
    told = {"locationId": desk.location, "email": "ann@example.com", "createNewIfDuplicateAllowed": True}
    assert desk.ok("POST", "/contacts/upsert", told)["new"] is True
    told.pop("createNewIfDuplicateAllowed")
    again = desk.ok("POST", "/contacts/upsert", told)
    assert (again["new"], again["contact"]["id"]) == (False, first["id"])
    place = desk.ok("GET", f"/locations/{desk.location}")["location"]
    assert place["settings"]["allowDuplicateContact"] is True


def test_upsert_meets_by_address_then_number_and_overwrites_the_tags(desk):
    ann = desk.add(email="ann@example.com", phone="+15145550101", tags=["a", "B"])
    assert ann["tags"] == ["a", "b"]
    told = {"locationId": desk.location, "email": "Ann@example.com", "lastName": "Lee", "tags": ["c"]}
    met = desk.ok("POST", "/contacts/upsert", told)
    assert (met["new"], met["contact"]["id"], met["contact"]["tags"]) == (False, ann["id"], ["c"])
    by_number = {"locationId": desk.location, "phone": "514 555 0101", "email": "new@example.com"}
    met = desk.ok("POST", "/contacts/upsert", by_number)
    assert (met["new"], met["contact"]["email"]) == (False, "new@example.com")
    fresh = desk.ok("POST", "/contacts/upsert", {"locationId": desk.location, "email": "ben@example.com"})
    assert fresh["new"] is True
    for _ in range(2):
        assert desk.ok("POST", f"/contacts/{ann['id']}/tags", {"tags": ["D"]})["tags"] == ["c", "d"]
    told = desk.vendor.state()["locations"][0]["taggings"]
    assert [(one["tag"], one["added"]) for one in told] == [("d", True), ("d", False)], "given twice, it is there once"


def test_an_update_changes_only_what_it_names_and_refuses_what_it_does_not_know(desk):
    ann = desk.add(firstName="Ann", lastName="Lee", email="ann@example.com", companyName="Lee Ltd", country="CA")
    desk.sandbox.clock.advance(5)
    changed = desk.ok("PUT", f"/contacts/{ann['id']}", {"firstName": "Anne", "city": None})["contact"]
    assert (changed["contactName"], changed["companyName"]) == ("Anne Lee", "Lee Ltd")
    assert changed["dateUpdated"] > ann["dateUpdated"]
    same = desk.ok("PUT", f"/contacts/{ann['id']}", {"firstName": "Anne"})["contact"]
    assert same["dateUpdated"] == changed["dateUpdated"]
    for wrong in ({"companyName": "X"}, {"locationId": desk.location}, {"emailAddress": "x"}):
        refused = desk.refused("PUT", f"/contacts/{ann['id']}", wrong)
        assert refused["message"] == [f"property {next(iter(wrong))} should not exist"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nope"},
        {"country": "Canada"},
        {"tags": "x"},
        {"tags": [1]},
        {"dnd": "yes"},
        {"firstName": 7},
        {"customFields": ["x"]},
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_reasons(wrong, desk):
    refused = desk.refused("POST", "/contacts/", {"locationId": desk.location, **wrong})
    assert refused["statusCode"] == 422 and len(refused["message"]) == 1
    assert refused["message"][0].startswith(next(iter(wrong)))


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(body, desk):
    assert desk.raw("POST", "/contacts/", body, fits=False).status in (400, 422)
    assert desk.raw("POST", "/contacts/search", body, fits=False).status in (400, 422)


def test_custom_fields_are_kept_by_id_or_key_and_unknown_ones_passed_over(desk):
    fields = [{"id": "cfQuickbooksId000001", "field_value": "58"}, {"key": "imported_from", "fieldValue": "books"}]
    ann = desk.add(email="ann@example.com", customFields=[*fields, {"id": "unknown", "field_value": "x"}])
    assert ann["customFields"] == [
        {"id": "cfQuickbooksId000001", "value": "58"},
        {"id": "cfImported0000000002", "value": "books"},
    ]
    gone = desk.ok(
        "PUT", f"/contacts/{ann['id']}", {"customFields": [{"id": "cfQuickbooksId000001", "field_value": ""}]}
    )
    assert [one["id"] for one in gone["contact"]["customFields"]] == ["cfImported0000000002"]
    found = desk.find({"field": "customFields.cfImported0000000002", "operator": "eq", "value": "BOOKS"})
    assert found["total"] == 1


def test_another_locations_contact_is_not_for_this_token(desk):
    desk.vendor.load_with("contacts", [{"id": "foreign", "email": "f@example.com"}], {"location": CAFE})
    desk.refused("GET", "/contacts/foreign", status=403)
    desk.refused("POST", "/contacts/", {"locationId": CAFE}, status=403, fits=True)
    assert desk.refused("GET", "/contacts/nobody", status=400)["message"] == "Contact with id nobody not found"
    desk.refused("GET", "/contacts", status=404)


# Search


def crowd(desk, count):
    desk.load(
        "contacts",
        *({"email": f"p{at:03d}@example.com", "dateAdded": stamp(at), "dateUpdated": stamp(at)} for at in range(count)),
    )


def stamp(at):
    return f"2026-10-01T00:{at // 60:02d}:{at % 60:02d}.000Z"


def test_search_filters_groups_and_orders(desk):
    crowd(desk, 20)
    desk.load("contacts", {"email": None, "firstName": "No", "dateAdded": stamp(30), "dateUpdated": stamp(30)})
    rule = {"field": "dateUpdated", "operator": "range", "value": {"gte": stamp(5), "lt": stamp(8)}}
    rising = [{"field": "dateUpdated", "direction": "asc"}]
    mails = [row["email"] for row in desk.find(rule, sort=rising)["contacts"]]
    assert mails == [f"p{at:03d}@example.com" for at in (5, 6, 7)]
    either = {
        "group": "OR",
        "filters": [
            {"field": "email", "operator": "eq", "value": "P003@example.com"},
            {"field": "email", "operator": "not_exists"},
        ],
    }
    assert desk.find(either)["total"] == 2
    assert desk.find({"field": "email", "operator": "contains", "value": "p01"})["total"] == 10
    assert desk.find({"field": "email", "operator": "not_contains", "value": "p01"})["total"] == 11
    assert desk.find({"field": "email", "operator": "not_eq", "value": "p003@example.com"})["total"] == 20
    assert desk.find(query="p004")["total"] == 1


def test_both_ways_through_the_pages_meet_everybody_once(desk):
    crowd(desk, 57)
    rising = [{"field": "dateUpdated", "direction": "asc"}]
    pages = [desk.find(size=10, page=at, sort=rising)["contacts"] for at in range(1, 7)]
    by_page = [row["id"] for page in pages for row in page]
    assert len(set(by_page)) == 57
    by_cursor, after = [], None
    while True:
        rows = desk.find(size=10, sort=rising, **({"searchAfter": after} if after else {}))["contacts"]
        if not rows:
            break
        by_cursor += [row["id"] for row in rows]
        after = rows[-1]["searchAfter"]
    assert by_cursor == by_page
    falling, after = [], None
    while rows := desk.find(size=10, **({"searchAfter": after} if after else {}))["contacts"]:
        falling += [row["id"] for row in rows]
        after = rows[-1]["searchAfter"]
    assert sorted(falling) == sorted(by_page)


def test_page_reaches_no_further_than_the_wall(desk):
    desk.vendor.configure({"page_wall": 20})
    crowd(desk, 30)
    assert len(desk.find(size=10, page=2)["contacts"]) == 10
    body = {"locationId": desk.location, "pageLimit": 10, "page": 3}
    desk.refused("POST", "/contacts/search", body, status=400, fits=True)
    last = desk.find(size=10, page=2)["contacts"][-1]["searchAfter"]
    assert len(desk.find(size=10, searchAfter=last)["contacts"]) == 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"pageLimit": 501},
        {"pageLimit": 0},
        {"pageLimit": "20"},
        {"page": 0},
        {"surprise": 1},
        {"query": "x" * 76},
        {"filters": [{"field": "email", "operator": "like", "value": "x"}]},
        {"filters": [{"field": "email"}]},
        {"filters": ["x"]},
        {"filters": [{"group": "XOR", "filters": []}]},
        {"filters": [{"field": "dateUpdated", "operator": "range", "value": "x"}]},
        {"sort": [{"field": "email", "direction": "up"}]},
        {"searchAfter": []},
    ],
)
def test_a_search_that_does_not_fit_is_refused(wrong, desk):
    crowd(desk, 2)
    desk.refused("POST", "/contacts/search", {"locationId": desk.location, "pageLimit": 20} | wrong)


def test_searches_learn_late_and_reads_by_id_at_once(desk):
    desk.vendor.configure({"search_lag_seconds": 5})
    ann = desk.add(email="ann@example.com", firstName="Ann")
    assert desk.find()["total"] == 0
    assert desk.ok("GET", f"/contacts/{ann['id']}")["contact"]["firstName"] == "Ann"
    desk.sandbox.clock.advance(3)
    desk.ok("PUT", f"/contacts/{ann['id']}", {"firstName": "Anne"})
    desk.sandbox.clock.advance(3)
    assert desk.find()["contacts"][0]["firstName"] == "Ann"
    desk.sandbox.clock.advance(3)
    assert desk.find()["contacts"][0]["firstName"] == "Anne"
    desk.load("contacts", {"id": ann["id"], "deleted": True})
    assert desk.find()["total"] == 1
    desk.refused("GET", f"/contacts/{ann['id']}", status=400)
    desk.sandbox.clock.advance(6)
    assert desk.find()["total"] == 0


def test_searches_may_show_names_in_lower_case_with_the_originals_beside(desk):
    desk.vendor.configure({"lowercase_names": True})
    ann = desk.add(email="ann@example.com", firstName="Ann", lastName="LEE")
    row = desk.find()["contacts"][0]
    assert (row["firstName"], row["firstNameRaw"], row["lastNameRaw"]) == ("ann", "Ann", "LEE")
    assert desk.ok("GET", f"/contacts/{ann['id']}")["contact"]["firstName"] == "Ann"


def test_the_lookup_of_duplicates_gives_the_oldest_or_nobody(desk):
    ann = desk.add(email="ann@example.com", phone="+15145550101")
    path = f"/contacts/search/duplicate?locationId={desk.location}"
    assert desk.ok("GET", f"{path}&email=ANN%40example.com")["contact"]["id"] == ann["id"]
    assert desk.ok("GET", f"{path}&number=%2B15145550101")["contact"]["id"] == ann["id"]
    assert desk.ok("GET", f"{path}&email=nobody%40example.com")["contact"] is None
    desk.refused("GET", path)


def test_the_old_list_goes_on_behind_the_last_row(desk):
    crowd(desk, 25)
    path = f"/contacts/?locationId={desk.location}&limit=10"
    first = desk.ok("GET", path)
    meta = first["meta"]
    second = desk.ok("GET", f"{path}&startAfter={meta['startAfter']}&startAfterId={meta['startAfterId']}")
    assert not {row["id"] for row in first["contacts"]} & {row["id"] for row in second["contacts"]}
    desk.refused("GET", f"/contacts/?locationId={desk.location}&limit=101")


def test_a_lossy_list_leaves_some_out(desk):
    crowd(desk, 50)
    desk.vendor.fault("lossy", {"rate": 0.5, "seed": 3})
    assert 5 < len(desk.find()["contacts"]) < 45
    desk.vendor.fault("clear", {})
    assert len(desk.find()["contacts"]) == 50


# Workflows


def test_each_enrolment_in_a_published_workflow_is_counted(desk):
    ann = desk.add(email="ann@example.com")
    path = f"/contacts/{ann['id']}/workflow"
    assert desk.ok("POST", f"{path}/{REVIEW}", {"eventStartTime": "2026-11-05T10:00:00+00:00"}) == {"succeded": True}
    assert desk.held()["enrolment_counts"] == {f"{ann['id']} {REVIEW}": 1}
    desk.ok("POST", f"{path}/{REVIEW}", {})
    assert desk.held()["enrolment_counts"] == {f"{ann['id']} {REVIEW}": 2}
    desk.refused("POST", f"{path}/{OLD}", {}, status=400, fits=True)
    desk.refused("POST", f"{path}/none", {}, status=400, fits=True)
    desk.refused("POST", f"/contacts/none/workflow/{REVIEW}", {}, status=400, fits=True)
    desk.refused("POST", f"{path}/{REVIEW}", {"eventStartTime": "tomorrow"})
    assert len(desk.held()["enrolments"]) == 2


# By hand


def test_merged_contacts_leave_their_sales_to_the_one_that_stays(desk):
    ann, twin = desk.add(email="ann@example.com"), desk.add(email="twin@example.com", firstName="Twin", tags=["t"])
    invoice = desk.draft(twin)
    desk.load("payments", {"kind": "calendar", "contact": twin["id"], "amount": 60})
    desk.load("contacts", {"id": twin["id"], "merge_into": ann["id"]})
    desk.refused("GET", f"/contacts/{twin['id']}", status=400)
    row = desk.ok("GET", desk.alt("/payments/transactions"))["data"][0]
    assert (row["contactId"], row["mergedFromContactId"]) == (ann["id"], twin["id"])
    assert desk.invoice(invoice["_id"])["contactDetails"]["id"] == ann["id"]
    kept = desk.ok("GET", f"/contacts/{ann['id']}")["contact"]
    assert (kept["email"], kept["firstName"], kept["tags"]) == ("ann@example.com", "Twin", ["t"])


def test_what_cannot_be_loaded_is_refused_with_words(desk):
    for resource, document in (
        ("spaceships", {}),
        ("contacts", {"id": "x", "merge_into": "y"}),
        ("payments", {"contact": "nobody", "amount": 1}),
        ("renewals", {"subscription": "none"}),
        ("refunds", {"transaction": "none", "amount": 1}),
        ("invoices", {"_id": "none", "contact": "nobody"}),
        ("app", {"install": True}),
    ):
        with pytest.raises(SandboxError):
            desk.load(resource, document)
    with pytest.raises(SandboxError):
        desk.vendor.load_with("contacts", [{}], {"location": "nowhere"})
