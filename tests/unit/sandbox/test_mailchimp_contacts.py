"""Contacts of the Mailchimp stand-in: consent, addresses, merge fields, tags, listings."""

import pytest

from tests.unit.sandbox.mailchimp_desk import FIRST, SECOND, Desk

MEMBERS = f"/lists/{FIRST}/members"


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def arrive(desk, email, **more):
    desk.vendor.load("members", [{"list_id": FIRST, "email_address": email, **more}])


@pytest.mark.parametrize("status", ["subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived"])
def test_status_if_new_leaves_the_status_of_a_known_contact(desk, status):
    arrive(desk, "ann@example.com", status=status)
    desk.put("Ann@example.com", merge_fields={"FNAME": "Ann"})
    found = desk.member("ann@example.com")
    assert (found["status"], found["merge_fields"]["FNAME"]) == (status, "Ann")


@pytest.mark.parametrize("status", ["subscribed", "unsubscribed", "pending", "transactional", "cleaned"])
def test_a_new_contact_gets_the_status_if_new(desk, status):
    assert desk.put("new@example.com", status_if_new=status)["status"] == status


def test_a_new_contact_without_any_status_is_refused(desk):
    _, title, body = desk.refused("PUT", f"{MEMBERS}/new@example.com", {"email_address": "new@example.com"})
    assert title == "Invalid Resource"
    assert body["errors"][0]["field"] == "status_if_new"


@pytest.mark.parametrize(
    "leaving",
    [
        {"status": "unsubscribed", "unsubscribe_reason": "Trop de courriels"},
        {"status": "cleaned"},
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_nobody_who_left_or_bounced_is_subscribed_by_a_program(desk, leaving, method):
    arrive(desk, "gone@example.com", **leaving)
    body = {"email_address": "gone@example.com", "status": "subscribed"}
    _, title, _ = desk.refused(method, f"{MEMBERS}/gone@example.com", body)
    assert title == "Member In Compliance State"
    assert desk.member("gone@example.com")["status"] == leaving["status"]


def test_a_status_sent_for_someone_an_admin_unsubscribed_goes_through(desk):
    arrive(desk, "out@example.com", status="unsubscribed")
    desk.ok("PATCH", f"{MEMBERS}/out@example.com", {"status": "subscribed"})
    assert desk.member("out@example.com")["status"] == "subscribed"


def test_pending_is_open_to_someone_who_left_but_subscribed_stays_closed(desk):
    arrive(desk, "gone@example.com", status="unsubscribed", unsubscribe_reason="Assez")
    desk.ok("PATCH", f"{MEMBERS}/gone@example.com", {"status": "pending"})
    _, title, _ = desk.refused("PATCH", f"{MEMBERS}/gone@example.com", {"status": "subscribed"})
    assert title == "Member In Compliance State"


def test_archiving_does_not_wash_off_that_the_person_left(desk):
    arrive(desk, "gone@example.com", status="unsubscribed", unsubscribe_reason="Assez")
    desk.ok("DELETE", f"{MEMBERS}/gone@example.com")
    _, title, _ = desk.refused("PATCH", f"{MEMBERS}/gone@example.com", {"status": "subscribed"})
    assert title == "Member In Compliance State"


def test_archived_contacts_are_listed_only_when_asked_for(desk):
    desk.put("here@example.com")
    desk.put("away@example.com")
    desk.ok("DELETE", f"{MEMBERS}/away@example.com")
    listed = desk.ok("GET", MEMBERS)
    assert [member["email_address"] for member in listed["members"]] == ["here@example.com"]
    assert listed["total_items"] == 1
    archived = desk.ok("GET", f"{MEMBERS}?status=archived")
    assert [member["email_address"] for member in archived["members"]] == ["away@example.com"]
    assert desk.member("away@example.com")["status"] == "archived"


def test_a_permanently_deleted_contact_can_never_be_imported_again(desk):
    desk.put("erased@example.com")
    desk.ok("POST", f"{MEMBERS}/erased@example.com/actions/delete-permanent")
    assert desk.refused("GET", f"{MEMBERS}/erased@example.com")[0] == 404
    for method, path in (("PUT", f"{MEMBERS}/erased@example.com"), ("POST", MEMBERS)):
        body = {"email_address": "ERASED@example.com", "status_if_new": "subscribed", "status": "subscribed"}
        assert desk.refused(method, path, body)[1] == "Forgotten Email Not Subscribed"


def test_a_member_answers_to_hash_address_and_contact_id(desk):
    made = desk.put("Ann.Lee@Example.COM")
    assert made["id"] == "ac22d1dff811ced3068af057a3ed7029"
    assert made["email_address"] == "Ann.Lee@Example.COM"
    for key in (made["id"], "ann.lee@example.com", made["contact_id"]):
        assert desk.ok("GET", f"{MEMBERS}/{key}")["web_id"] == made["web_id"]


def test_a_rename_moves_the_hash_and_keeps_contact_id_tags_and_status(desk):
    before = desk.put("old@example.com", tags=["Salon"])
    after = desk.ok("PATCH", f"{MEMBERS}/old@example.com", {"email_address": "new@example.com"})
    assert after["id"] != before["id"]
    assert (after["contact_id"], after["tags"]) == (before["contact_id"], before["tags"])
    assert desk.refused("GET", f"{MEMBERS}/{before['id']}")[0] == 404
    desk.ok("DELETE", f"{MEMBERS}/new@example.com")
    assert desk.member("new@example.com")["status"] == "archived"


def test_a_rename_to_a_taken_address_names_the_field_and_the_deleted_one(desk):
    desk.put("one@example.com")
    desk.put("two@example.com")
    desk.ok("DELETE", f"{MEMBERS}/two@example.com")
    _, title, body = desk.refused("PATCH", f"{MEMBERS}/one@example.com", {"email_address": "two@example.com"})
    assert (title, body["errors"][0]["field"]) == ("Invalid Resource", "email address")
    assert "Deleted" in body["errors"][0]["message"]


@pytest.mark.parametrize(
    "email", ["noreply@example.com", "bo@example.invalid", "not an address", "a@b", "x@@example.com"]
)
def test_addresses_that_look_fake_are_refused(desk, email):
    status, title, body = desk.refused("POST", MEMBERS, {"email_address": email, "status": "subscribed"})
    assert (status, title) == (400, "Invalid Resource")
    assert "looks fake or invalid" in body["detail"]


def test_an_address_seen_in_many_audiences_is_held_back(desk):
    desk.vendor.configure({"busy_addresses": ["busy@example.com"]})
    body = {"email_address": "busy@example.com", "status": "subscribed"}
    assert "a lot of lists very recently" in desk.refused("POST", MEMBERS, body)[2]["detail"]


FULL = {"addr1": "1, rue Inventée", "city": "Lévis", "state": "QC", "zip": "G6V 1A1"}


@pytest.mark.parametrize("missing", ["addr1", "city", "state", "zip"])
@pytest.mark.parametrize("left", [None, ""])
def test_an_incomplete_address_refuses_the_whole_member(desk, missing, left):
    address = {name: value for name, value in FULL.items() if name != missing}
    if left is not None:
        address[missing] = left
    body = {"email_address": "a@example.com", "status_if_new": "subscribed", "merge_fields": {"ADDRESS": address}}
    _, title, problem = desk.refused("PUT", f"{MEMBERS}/a@example.com?skip_merge_validation=true", body)
    assert (title, problem["detail"]) == ("Invalid Resource", "Your merge fields were invalid.")
    assert problem["errors"] == [{"field": "ADDRESS", "message": "Please enter a complete address"}]
    assert desk.refused("GET", f"{MEMBERS}/a@example.com")[0] == 404


def test_a_complete_address_is_kept_with_us_as_the_country_left_out(desk):
    assert desk.put("a@example.com", merge_fields={"ADDRESS": FULL})["merge_fields"]["ADDRESS"]["country"] == "US"
    cleared = desk.put("a@example.com", merge_fields={"ADDRESS": ""})
    assert cleared["merge_fields"]["ADDRESS"] == ""


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("number", 12.5, "douze"),
        ("date", "2026-11-05", "novembre"),
        ("birthday", "12/31", "31/12"),
        ("zip", "05099", "G6V 1A1"),
        ("url", "https://example.com", "example"),
        ("radio", "oui", "peut-être"),
        ("dropdown", "non", "?"),
        ("phone", "514-555-0100", "514 555 0100"),
        ("text", "é" * 127, "é" * 128),
    ],
)
def test_merge_values_are_checked_by_type(desk, kind, good, bad):
    options = {"choices": ["oui", "non"], "phone_format": "US"}
    desk.vendor.load("merge_fields", [{"tag": "PROBE", "name": "Probe", "type": kind, "options": options}])
    assert desk.put("a@example.com", merge_fields={"PROBE": good})["merge_fields"]["PROBE"] == good
    body = {"email_address": "a@example.com", "merge_fields": {"PROBE": bad}}
    problem = desk.refused("PUT", f"{MEMBERS}/a@example.com", body)[2]
    assert problem["errors"][0]["field"] == "PROBE"


@pytest.mark.parametrize("value", [None, ["x"], True])
def test_a_merge_value_is_text_a_number_or_an_address(desk, value):
    body = {"email_address": "a@example.com", "status_if_new": "subscribed", "merge_fields": {"FNAME": value}}
    assert desk.refused("PUT", f"{MEMBERS}/a@example.com", body)[0] == 400


def test_a_required_field_refuses_members_unless_validation_is_skipped(desk):
    desk.vendor.load("merge_fields", [{"tag": "COMPANY", "name": "Company", "type": "text", "required": True}])
    body = {"email_address": "a@example.com", "status_if_new": "subscribed"}
    assert desk.refused("PUT", f"{MEMBERS}/a@example.com", body)[2]["errors"][0]["field"] == "COMPANY"
    desk.ok("PUT", f"{MEMBERS}/a@example.com?skip_merge_validation=true", body)


def test_unknown_merge_tags_are_passed_over_and_deleted_fields_vanish(desk):
    assert "NOPE" not in desk.put("a@example.com", merge_fields={"NOPE": "x", "LNAME": "Lee"})["merge_fields"]
    desk.ok("DELETE", f"/lists/{FIRST}/merge-fields/2")
    assert "LNAME" not in desk.member("a@example.com")["merge_fields"]


def test_a_renamed_merge_tag_keeps_its_values(desk):
    desk.put("a@example.com", merge_fields={"LNAME": "Lee"})
    desk.ok("PATCH", f"/lists/{FIRST}/merge-fields/2", {"name": "Nom", "tag": "NOM"})
    assert desk.member("a@example.com")["merge_fields"]["NOM"] == "Lee"


def test_a_merge_tag_is_taken_only_once(desk):
    body = {"name": "Again", "type": "text", "tag": "fname"}
    assert desk.refused("POST", f"/lists/{FIRST}/merge-fields", body)[2]["errors"][0]["field"] == "tag"


def test_tags_add_and_take_off_only_what_is_named(desk):
    desk.put("a@example.com", tags=["Fidèle", "Salon"])
    wish = {"tags": [{"name": "QuickBooks", "status": "active"}, {"name": "salon", "status": "inactive"}]}
    desk.ok("POST", f"{MEMBERS}/a@example.com/tags", {**wish, "is_syncing": True})
    found = desk.ok("GET", f"{MEMBERS}/a@example.com/tags")
    assert [tag["name"] for tag in found["tags"]] == ["Fidèle", "QuickBooks"]
    assert [tag["name"] for tag in desk.ok("GET", f"/lists/{FIRST}/tag-search?name=quick")["tags"]] == ["QuickBooks"]


def test_tag_names_do_not_care_about_case(desk):
    first = desk.put("a@example.com", tags=["QuickBooks"])["tags"]
    assert desk.put("b@example.com", tags=["quickbooks"])["tags"] == first


def test_batch_subscribe_answers_200_with_errors_by_row(desk):
    arrive(desk, "old@example.com", status="subscribed")
    rows = [
        {"email_address": "new@example.com", "status": "transactional"},
        {"email_address": "old@example.com", "status": "subscribed"},
        {"email_address": "noreply@example.com", "status": "subscribed"},
        {"status": "subscribed"},
    ]
    result = desk.ok("POST", f"/lists/{FIRST}", {"members": rows, "update_existing": False})
    assert (result["total_created"], result["total_updated"], result["error_count"]) == (1, 0, 3)
    assert result["errors"][0]["error_code"] == "ERROR_CONTACT_EXISTS"


def test_update_existing_applies_the_status_and_so_resubscribes(desk):
    arrive(desk, "out@example.com", status="unsubscribed")
    arrive(desk, "gone@example.com", status="unsubscribed", unsubscribe_reason="Assez")
    rows = [{"email_address": name, "status": "subscribed"} for name in ("out@example.com", "gone@example.com")]
    result = desk.ok("POST", f"/lists/{FIRST}", {"members": rows, "update_existing": True})
    assert (result["total_updated"], result["error_count"]) == (1, 1)
    assert desk.member("out@example.com")["status"] == "subscribed"
    assert desk.member("gone@example.com")["status"] == "unsubscribed"


def test_sync_tags_wipes_the_tags_of_a_known_contact(desk):
    desk.put("a@example.com", tags=["Fidèle"])
    rows = [{"email_address": "a@example.com", "status": "subscribed", "tags": ["Salon"]}]
    desk.ok("POST", f"/lists/{FIRST}", {"members": rows, "update_existing": True, "sync_tags": True})
    assert [tag["name"] for tag in desk.member("a@example.com")["tags"]] == ["Salon"]


def test_changes_are_listed_in_order_after_the_given_moment_only(desk):
    for place in range(3):
        desk.put(f"m{place}@example.com")
        desk.sandbox.clock.advance(60)
    moment = desk.member("m1@example.com")["last_changed"].replace("+", "%2B")
    query = f"{MEMBERS}?since_last_changed={moment}&sort_field=last_changed&sort_dir=ASC"
    assert [m["email_address"] for m in desk.ok("GET", query)["members"]] == ["m2@example.com"]
    desk.put("m0@example.com", merge_fields={"FNAME": "Zoé"})
    assert [m["email_address"] for m in desk.ok("GET", query)["members"]] == ["m2@example.com", "m0@example.com"]


def test_a_plus_sign_that_was_not_encoded_is_refused(desk):
    assert desk.refused("GET", f"{MEMBERS}?since_last_changed=2026-11-01T00:00:00+00:00")[0] == 400


def test_paging_and_fields_cut_the_answer(desk):
    for place in range(12):
        desk.put(f"m{place:02d}@example.com")
    assert len(desk.ok("GET", MEMBERS)["members"]) == 10
    page = desk.ok(
        "GET", f"{MEMBERS}?count=5&offset=10&fields=members.email_address,members.merge_fields.FNAME,total_items"
    )
    assert page == {
        "members": [{"email_address": f"m{place}@example.com", "merge_fields": {"FNAME": ""}} for place in (10, 11)],
        "total_items": 12,
    }
    without = desk.ok("GET", f"{MEMBERS}?count=1&exclude_fields=members.stats,list_id")
    assert "list_id" not in without
    assert "stats" not in without["members"][0]
    assert "email_address" in without["members"][0]
    assert desk.refused("GET", f"{MEMBERS}?count=1001")[0] == 400


def test_fields_without_rows_answers_only_the_total(desk):
    desk.put("a@example.com")
    assert desk.ok("GET", f"{MEMBERS}?fields=total_items&count=1") == {"total_items": 1}


def test_unsubscribed_since_goes_with_its_status(desk):
    arrive(desk, "out@example.com", status="unsubscribed")
    since = "unsubscribed_since=2026-11-05T09:00:00Z"
    assert desk.refused("GET", f"{MEMBERS}?{since}")[0] == 400
    assert desk.ok("GET", f"{MEMBERS}?status=unsubscribed&{since}")["total_items"] == 1


def test_list_counts_follow_the_contacts(desk):
    for email, status in (("a", "subscribed"), ("b", "unsubscribed"), ("c", "cleaned"), ("d", "transactional")):
        arrive(desk, f"{email}@example.com", status=status)
    desk.put("e@example.com")
    desk.ok("DELETE", f"{MEMBERS}/e@example.com")
    stats = desk.ok("GET", f"/lists/{FIRST}?include_total_contacts=true")["stats"]
    counted = (stats["member_count"], stats["unsubscribe_count"], stats["cleaned_count"], stats["total_contacts"])
    assert counted == (1, 1, 1, 3)


def test_search_finds_by_address_and_name_within_the_list(desk):
    desk.put("ann.lee@example.com", merge_fields={"FNAME": "Ann", "LNAME": "Lee"})
    desk.put("ann.lee@example.com", list_id=SECOND)
    found = desk.ok("GET", f"/search-members?query=ann.lee%40example.com&list_id={FIRST}")
    assert found["exact_matches"]["total_items"] == 1
    assert desk.ok("GET", "/search-members?query=ann%20lee")["full_search"]["total_items"] == 1


def test_an_edit_by_a_person_changes_and_stamps_the_contact(desk):
    desk.put("a@example.com", merge_fields={"FNAME": "Ann"})
    desk.sandbox.clock.advance(60)
    arrive(desk, "a@example.com", merge_fields={"FNAME": "Anne"})
    after = desk.member("a@example.com")
    assert (after["merge_fields"]["FNAME"], after["last_changed"]) == ("Anne", "2026-11-05T10:01:00+00:00")
    assert desk.ok("GET", MEMBERS)["total_items"] == 1


def test_while_listings_lag_a_change_shows_late_and_then_does(desk):
    desk.put("old@example.com", merge_fields={"FNAME": "Avant"})
    desk.vendor.fault("lag", {"seconds": 60})
    desk.put("old@example.com", merge_fields={"FNAME": "Après"})
    desk.put("new@example.com")
    listed = desk.ok("GET", MEMBERS)["members"]
    assert [(m["email_address"], m["merge_fields"]["FNAME"]) for m in listed] == [("old@example.com", "Avant")]
    assert desk.member("old@example.com")["merge_fields"]["FNAME"] == "Après"
    desk.sandbox.clock.advance(61)
    assert [m["merge_fields"]["FNAME"] for m in desk.ok("GET", MEMBERS)["members"]] == ["Après", ""]


def test_a_lossy_listing_leaves_some_out_until_it_is_cleared(desk):
    for place in range(60):
        desk.put(f"m{place}@example.com")
    desk.vendor.fault("lossy", {"rate": 0.3, "seed": 4})
    assert 20 < desk.ok("GET", MEMBERS)["total_items"] < 60
    desk.vendor.fault("clear", {})
    assert desk.ok("GET", MEMBERS)["total_items"] == 60
