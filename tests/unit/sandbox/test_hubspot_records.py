"""Records of the HubSpot stand-in: what is refused, what is unique, merged, archived, and what batches answer."""

import json

import pytest

from tests.unit.sandbox.hubspot_desk import Desk


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def problems(body):
    """The JSON list at the end of a validation message."""
    return {row["name"]: row["error"] for row in json.loads(body["message"].partition("valid: ")[2])}


def test_a_record_is_created_read_changed_and_cleared(desk):
    made = desk.add("contacts", email="Ann@Example.com", firstname="Ann", phone="+1 415 555 0100")
    assert made["properties"]["email"] == "ann@example.com"
    id = made["id"]
    shown = desk.ok("GET", f"/contacts/{id}")
    assert set(shown["properties"]) == {
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    }
    assert shown["properties"]["lastname"] is None
    desk.sandbox.clock.advance(60)
    changed = desk.ok("PATCH", f"/contacts/{id}", {"properties": {"firstname": "", "lastname": "Lee", "fax": None}})
    assert changed["properties"]["lastname"] == "Lee"
    assert changed["updatedAt"] > made["updatedAt"]
    asked = desk.ok("GET", f"/contacts/{id}?properties=firstname,lastname,nothing_like_it")["properties"]
    assert (asked["firstname"], asked["lastname"], "nothing_like_it" in asked) == (None, "Lee", False)


def test_values_are_text_on_reads_whatever_was_written(desk):
    made = desk.add("invoices", hs_currency="CAD", hs_invoice_billable=False, hs_invoice_date=1793836800000)
    assert made["properties"]["hs_invoice_billable"] == "false"
    assert made["properties"]["hs_invoice_date"] == "2026-11-05T00:00:00Z"
    assert desk.add("products", name="Tile", price=12.5)["properties"]["price"] == "12.5"
    assert desk.add("products", name="Tile", price="1500.00")["properties"]["price"] == "1500.00"


def test_everything_wrong_with_a_write_is_named_and_nothing_is_written(desk):
    body = {
        "properties": {"nope": "1", "hs_object_id": "5", "email": "a b", "lifecyclestage": "friend", "city": "Lévis"}
    }
    refused = desk.refused("POST", "/contacts", body, fits=True)
    assert problems(refused) == {
        "nope": "PROPERTY_DOESNT_EXIST",
        "hs_object_id": "READ_ONLY_VALUE",
        "email": "INVALID_EMAIL",
        "lifecyclestage": "INVALID_OPTION",
    }
    assert refused["category"] == "VALIDATION_ERROR"
    assert desk.ok("GET", "/contacts")["results"] == []
    made = desk.add("contacts", firstname="Ann")
    desk.refused("PATCH", f"/contacts/{made['id']}", {"properties": {"firstname": "Bo", "nope": "1"}}, fits=True)
    assert desk.ok("GET", f"/contacts/{made['id']}")["properties"]["firstname"] == "Ann"


@pytest.mark.parametrize(
    ("kind", "values", "name", "code"),
    [
        ("products", {"name": "T", "price": "cheap"}, "price", "INVALID_LONG"),
        ("deals", {"dealname": "D", "dealstage": "nowhere"}, "dealstage", "INVALID_OPTION"),
        ("deals", {"dealname": "D", "dealstage": "closedwon", "closedate": "soon"}, "closedate", "INVALID_DATE"),
        ("invoices", {"hs_currency": "GBP"}, "hs_currency", "INVALID_OPTION"),
        ("invoices", {"hs_currency": "CAD", "hs_invoice_billable": "perhaps"}, "hs_invoice_billable", "INVALID_OPTION"),
        ("invoices", {"hs_currency": "CAD", "hs_balance_due": "5"}, "hs_balance_due", "READ_ONLY_VALUE"),
        ("line_items", {"name": "L", "price": "-1"}, "price", "INVALID_LONG"),
        ("line_items", {"hs_product_id": "12345"}, "hs_product_id", "INVALID_OPTION"),
        ("notes", {"hs_timestamp": "1793836800000", "hs_note_body": "x" * 65537}, "hs_note_body", "VALUE_TOO_LONG"),
        ("contacts", {"email": "a@example.com, b@example.com"}, "email", "INVALID_EMAIL"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(desk, kind, values, name, code):
    assert problems(desk.refused("POST", f"/{kind}", {"properties": values}, fits=True)) == {name: code}


@pytest.mark.parametrize(
    ("kind", "values", "lacking"),
    [
        ("contacts", {"phone": "1"}, {"email", "firstname", "lastname"}),
        ("deals", {"dealname": "D"}, {"dealstage"}),
        ("invoices", {"hs_title": "T"}, {"hs_currency"}),
        ("commerce_payments", {"hs_initial_amount": "5"}, {"hs_initiated_date"}),
        ("notes", {"hs_note_body": "B"}, {"hs_timestamp"}),
    ],
)
def test_what_a_record_cannot_do_without_is_named(desk, kind, values, lacking):
    refused = desk.refused("POST", f"/{kind}", {"properties": values}, fits=True)
    assert set(refused["context"]["properties"]) == lacking


def test_an_address_belongs_to_one_contact_first_or_second(desk):
    ann = desk.add("contacts", email="ann@example.com", hs_additional_emails="ann.lee@example.com;lee@example.com")
    for address in ("ANN@example.com", "lee@example.com"):
        refused = desk.refused("POST", "/contacts", {"properties": {"email": address}}, status=409, fits=True)
        assert refused["message"] == f"Contact already exists. Existing ID: {ann['id']}"
        assert refused["category"] == "CONFLICT"
        assert desk.ok("GET", f"/contacts/{address}?idProperty=email")["id"] == ann["id"]
    bo = desk.add("contacts", email="bo@example.com")
    desk.refused("PATCH", f"/contacts/{bo['id']}", {"properties": {"email": "lee@example.com"}}, status=409, fits=True)
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"hs_additional_emails": ""}})
    desk.ok("PATCH", f"/contacts/{bo['id']}", {"properties": {"email": "lee@example.com"}})


def test_an_old_address_can_stay_as_a_second_one(desk):
    ann = desk.add("contacts", email="ann@example.com")
    desk.vendor.configure({"keep_old_email": True})
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"email": "new@example.com"}})
    desk.refused("POST", "/contacts", {"properties": {"email": "ann@example.com"}}, status=409, fits=True)
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"email": "ann@example.com"}})
    shown = desk.ok("GET", f"/contacts/{ann['id']}?properties=hs_additional_emails,email")["properties"]
    assert (shown["email"], shown["hs_additional_emails"]) == ("ann@example.com", "new@example.com")


def test_a_property_of_ones_own_can_be_unique(desk):
    desk.unique("contacts")
    ann = desk.add("contacts", firstname="Ann", qbo_id="1:17")
    refused = desk.refused(
        "POST", "/contacts", {"properties": {"firstname": "B", "qbo_id": "1:17"}}, status=409, fits=True
    )
    assert ann["id"] in refused["message"]
    assert desk.ok("GET", "/contacts/1:17?idProperty=qbo_id")["id"] == ann["id"]
    changed = desk.ok("PATCH", "/contacts/1:17?idProperty=qbo_id", {"properties": {"lastname": "Lee"}})
    assert changed["id"] == ann["id"]
    desk.refused("GET", "/contacts/Lee?idProperty=lastname", fits=True)


def test_lifecycle_moves_forward_only_unless_cleared(desk):
    ann = desk.add("contacts", firstname="Ann", lifecyclestage="customer")
    path = f"/contacts/{ann['id']}"
    back = {"properties": {"lifecyclestage": "lead"}}
    assert desk.ok("PATCH", path, back)["properties"]["lifecyclestage"] == "customer"
    desk.ok("PATCH", path, {"properties": {"lifecyclestage": ""}})
    assert desk.ok("PATCH", path, back)["properties"]["lifecyclestage"] == "lead"


def test_an_archived_record_is_listed_apart_and_frees_its_address(desk):
    ann, bo = desk.add("contacts", email="ann@example.com"), desk.add("contacts", email="bo@example.com")
    for _ in range(2):
        desk.ok("DELETE", f"/contacts/{ann['id']}")
    assert [row["id"] for row in desk.ok("GET", "/contacts")["results"]] == [bo["id"]]
    (gone,) = desk.ok("GET", "/contacts?archived=true")["results"]
    assert (gone["id"], gone["archived"], "archivedAt" in gone) == (ann["id"], True, True)
    desk.refused("GET", f"/contacts/{ann['id']}", status=404, fits=True)
    desk.refused("PATCH", f"/contacts/{ann['id']}", {"properties": {"city": "Lévis"}}, status=404, fits=True)
    assert desk.ok("GET", f"/contacts/{ann['id']}?archived=true")["id"] == ann["id"]
    assert desk.find("contacts")["total"] == 1
    assert desk.add("contacts", email="ann@example.com")["id"] != ann["id"]
    desk.ok("DELETE", "/contacts/404404")


def test_merging_makes_a_new_record_to_which_both_ids_lead(desk):
    desk.unique("contacts")
    ann = desk.add("contacts", email="ann@example.com", firstname="Ann", qbo_id="1:1")
    twin = desk.add("contacts", email="anne@example.com", firstname="Anne", city="Lévis", qbo_id="1:2")
    deal = desk.add("deals", [(3, twin["id"])], dealname="D", dealstage="closedwon")
    merged = desk.ok("POST", "/contacts/merge", {"primaryObjectId": ann["id"], "objectIdToMerge": twin["id"]})
    assert merged["id"] not in (ann["id"], twin["id"])
    values = merged["properties"]
    assert (values["firstname"], values["city"], values["qbo_id"]) == ("Ann", "Lévis", "1:1")
    assert values["hs_merged_object_ids"] == f"{ann['id']};{twin['id']}"
    for id in (ann["id"], twin["id"]):
        assert desk.ok("GET", f"/contacts/{id}")["id"] == merged["id"]
    changed = desk.ok("PATCH", f"/contacts/{twin['id']}", {"properties": {"zip": "G6V"}})
    assert changed["id"] == merged["id"]
    read = desk.ok(
        "POST", "/contacts/batch/read", {"inputs": [{"id": ann["id"]}, {"id": twin["id"]}], "properties": []}
    )
    assert [row["id"] for row in read["results"]] == [merged["id"]]
    desk.refused("POST", "/contacts", {"properties": {"email": "anne@example.com"}}, status=409, fits=True)
    linked = desk.ok("GET", f"/deals/{deal['id']}/associations/contacts")["results"]
    assert [row["toObjectId"] for row in linked] == [int(merged["id"])]
    assert [row["id"] for row in desk.ok("GET", "/contacts")["results"]] == [merged["id"]]
    again = desk.add("contacts", firstname="Third")
    last = desk.ok("POST", "/contacts/merge", {"primaryObjectId": again["id"], "objectIdToMerge": ann["id"]})
    assert desk.ok("GET", f"/contacts/{twin['id']}")["id"] == last["id"]


def test_the_beta_keeps_the_primary_id(desk):
    desk.vendor.configure({"keep_primary_id": True})
    ann, twin = desk.add("contacts", email="a@example.com"), desk.add("contacts", email="b@example.com")
    merged = desk.ok("POST", "/contacts/merge", {"primaryObjectId": ann["id"], "objectIdToMerge": twin["id"]})
    assert merged["id"] == ann["id"]
    assert desk.ok("GET", f"/contacts/{twin['id']}")["id"] == ann["id"]


def test_a_person_deleted_for_good_cannot_come_back_by_mistake(desk):
    desk.add("contacts", email="ann@example.com")
    desk.ok("POST", "/contacts/gdpr-delete", {"objectId": "ann@example.com", "idProperty": "email"})
    assert desk.ok("GET", "/contacts?archived=true")["results"] == []
    refused = desk.refused("POST", "/contacts", {"properties": {"email": "ann@example.com"}}, fits=True)
    assert problems(refused) == {"email": "GDPR_BLOCKED"}


def test_lists_go_by_id_in_pages_of_a_hundred_at_most(desk):
    ids = [desk.add("products", name=f"P{at}")["id"] for at in range(7)]
    first = desk.ok("GET", "/products?limit=3")
    second = desk.ok("GET", f"/products?limit=3&after={first['paging']['next']['after']}")
    third = desk.ok("GET", f"/products?limit=3&after={second['paging']['next']['after']}")
    assert [row["id"] for page in (first, second, third) for row in page["results"]] == ids
    assert "paging" not in third
    desk.refused("GET", "/products?limit=101")
    desk.refused("GET", "/products?limit=51&propertiesWithHistory=name")
    desk.refused("GET", "/products?limit=0")
    desk.refused("GET", "/products?after=x", fits=True)


def test_history_tells_what_a_value_was(desk):
    ann = desk.add("contacts", firstname="Ann")
    desk.sandbox.clock.advance(60)
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"firstname": "Anne"}})
    shown = desk.ok("GET", f"/contacts/{ann['id']}?propertiesWithHistory=firstname,lastname")
    told = shown["propertiesWithHistory"]["firstname"]
    assert [row["value"] for row in told] == ["Anne", "Ann"]
    assert told[0]["timestamp"] > told[1]["timestamp"]
    assert shown["propertiesWithHistory"]["lastname"] == []


# Batches


def test_one_bad_row_refuses_a_batch_without_trace_ids(desk):
    rows = [{"properties": {"email": "a@example.com"}}, {"properties": {"email": "bad"}}, {"properties": {"nope": "1"}}]
    refused = desk.refused("POST", "/contacts/batch/create", {"inputs": rows}, fits=True)
    assert problems(refused) == {"email": "INVALID_EMAIL"}
    assert desk.ok("GET", "/contacts")["results"] == []


def test_with_trace_ids_every_row_stands_for_itself(desk):
    rows = [
        {"objectWriteTraceId": "t1", "properties": {"email": "a@example.com"}},
        {"objectWriteTraceId": "t2", "properties": {"email": "bad"}},
        {"objectWriteTraceId": "t3", "properties": {"email": "A@example.com"}},
        {"objectWriteTraceId": "t4", "properties": {"firstname": "Four"}},
    ]
    status, body = desk.call("POST", "/contacts/batch/create", {"inputs": rows})
    assert (status, body["numErrors"]) == (207, 2)
    assert {row["objectWriteTraceId"] for row in body["results"]} == {"t1", "t4"}
    assert {row["context"]["objectWriteTraceId"][0]: row["category"] for row in body["errors"]} == {
        "t2": "VALIDATION_ERROR",
        "t3": "CONFLICT",
    }
    assert [row["objectWriteTraceId"] for row in body["results"]] != ["t1", "t4"]  # no order is promised


def test_a_batch_refuses_the_same_address_twice_and_more_than_a_hundred_rows(desk):
    twice = [{"properties": {"email": "a@example.com"}}, {"properties": {"email": "A@example.com "}}]
    desk.refused("POST", "/contacts/batch/create", {"inputs": twice}, fits=True)
    many = [{"properties": {"firstname": str(at)}} for at in range(101)]
    desk.refused("POST", "/contacts/batch/create", {"inputs": many})
    same = [{"objectWriteTraceId": "t", "properties": {"firstname": "A"}}] * 2
    desk.refused("POST", "/contacts/batch/create", {"inputs": same}, fits=True)
    assert desk.ok("GET", "/contacts")["results"] == []


def test_a_batch_refuses_an_own_unique_value_twice_before_anything_is_stored(desk):
    desk.unique("products")
    rows = [{"properties": {"name": name, "qbo_id": "1:5"}} for name in ("A", "B")]
    desk.refused("POST", "/products/batch/create", {"inputs": rows}, fits=True)
    assert desk.ok("GET", "/products")["results"] == []


def test_a_batch_read_names_what_it_did_not_find(desk):
    ann = desk.add("contacts", email="ann@example.com", hs_additional_emails="lee@example.com")
    inputs = {
        "inputs": [{"id": "lee@example.com"}, {"id": "no@example.com"}],
        "idProperty": "email",
        "properties": ["phone"],
    }
    status, body = desk.call("POST", "/contacts/batch/read", inputs)
    assert status == 207
    assert [row["id"] for row in body["results"]] == [ann["id"]]
    assert body["errors"][0]["context"]["ids"] == ["no@example.com"]
    assert "associations" not in body["results"][0]


def test_upsert_creates_or_changes_and_says_which(desk):
    desk.unique("products")
    tile = desk.add("products", name="Tile", price="1", qbo_id="1:5")
    rows = [
        {"id": "1:5", "idProperty": "qbo_id", "objectWriteTraceId": "a", "properties": {"price": "2"}},
        {"id": "1:6", "idProperty": "qbo_id", "objectWriteTraceId": "b", "properties": {"name": "Brick"}},
    ]
    body = desk.ok("POST", "/products/batch/upsert", {"inputs": rows})
    by_trace = {row["objectWriteTraceId"]: row for row in body["results"]}
    assert (by_trace["a"]["new"], by_trace["b"]["new"]) == (False, True)
    assert by_trace["a"]["id"] == tile["id"]
    assert (by_trace["a"]["properties"]["name"], by_trace["a"]["properties"]["price"]) == ("Tile", "2")
    assert by_trace["b"]["properties"]["qbo_id"] == "1:6"
    again = desk.ok("POST", "/products/batch/upsert", {"inputs": rows})
    assert [row["new"] for row in again["results"]] == [False, False]
    not_unique = [{"id": "Tile", "idProperty": "name", "properties": {"price": "2"}}]
    desk.refused("POST", "/products/batch/upsert", {"inputs": not_unique}, fits=True)


def test_batch_update_and_archive(desk):
    ids = [desk.add("products", name=f"P{at}")["id"] for at in range(3)]
    rows = [{"id": id, "objectWriteTraceId": id, "properties": {"price": "9"}} for id in (*ids, "404404")]
    status, body = desk.call("POST", "/products/batch/update", {"inputs": rows})
    assert (status, len(body["results"])) == (207, 3)
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["404404"]
    desk.ok("POST", "/products/batch/archive", {"inputs": [{"id": ids[0]}, {"id": "404404"}]})
    assert [row["id"] for row in desk.ok("GET", "/products")["results"]] == ids[1:]


# Invoices and payments


def invoice(desk, *lines, **values):
    contact = desk.add("contacts", firstname="Ann")
    made = desk.add("invoices", [(177, contact["id"])], hs_currency="CAD", **values)
    for line in lines:
        desk.add("line_items", [(410, made["id"])], **line)
    return made["id"]


def amounts(desk, id):
    names = "hs_amount_billed,hs_amount_paid,hs_balance_due,hs_invoice_status,hs_number"
    shown = desk.ok("GET", f"/invoices/{id}?properties={names}")["properties"]
    return tuple(shown[name] for name in names.split(",")[:4])


def test_an_invoice_adds_up_from_its_lines(desk):
    tile = desk.add("products", name="Tile", price="12.50", hs_sku="T1")
    id = invoice(
        desk,
        {"hs_product_id": tile["id"], "quantity": "3"},
        {"name": "Work", "price": "100", "quantity": "0.5", "hs_discount_percentage": "10"},
        {"name": "Box", "price": "5", "quantity": "2", "discount": "1"},
    )
    assert amounts(desk, id)[:3] == ("90.50", "0.00", "90.50")
    lines = desk.ok("GET", f"/invoices/{id}/associations/line_items")["results"]
    copied = desk.ok("GET", f"/line_items/{lines[0]['toObjectId']}?properties=name,hs_sku,amount")["properties"]
    assert (copied["name"], copied["hs_sku"], copied["amount"]) == ("Tile", "T1", "37.50")
    desk.ok("PATCH", f"/products/{tile['id']}", {"properties": {"price": "99"}})
    assert amounts(desk, id)[0] == "90.50"
    desk.ok("PATCH", f"/line_items/{lines[0]['toObjectId']}", {"properties": {"quantity": "1"}})
    assert amounts(desk, id)[0] == "65.50"
    desk.ok("DELETE", f"/line_items/{lines[0]['toObjectId']}")
    assert amounts(desk, id)[0] == "53.00"
    desk.ok("DELETE", f"/invoices/{id}")
    assert desk.ok("GET", "/line_items")["results"] == []


def test_a_line_of_a_tax_group_adds_its_tax_to_the_invoice(desk):
    desk.vendor.load("account", [{"tax_rates": {"1": "14.975"}}])
    id = invoice(
        desk,
        {"name": "Work", "price": "100", "quantity": "1", "hs_tax_rate_group_id": "1"},
        {"name": "Book", "price": "10", "quantity": "1"},
    )
    assert amounts(desk, id)[0] == "124.98"


def test_a_billable_invoice_opens_with_a_contact_and_a_line_and_is_paid_by_payments(desk):
    bare = desk.add("invoices", hs_currency="CAD")
    opening = {"properties": {"hs_invoice_status": "open"}}
    desk.refused("PATCH", f"/invoices/{bare['id']}", opening, fits=True)
    id = invoice(desk, {"name": "Work", "price": "40", "quantity": "1"})
    assert desk.ok("PATCH", f"/invoices/{id}", opening)["properties"]["hs_number"] == "INV-1001"
    refused = desk.refused("PATCH", f"/invoices/{id}", {"properties": {"hs_invoice_status": "paid"}}, fits=True)
    assert problems(refused) == {"hs_invoice_status": "INVALID_OPTION"}
    desk.refused("PATCH", f"/invoices/{id}", {"properties": {"hs_number": "5"}}, fits=True)
    payment = {"hs_initiated_date": "2026-11-05T00:00:00Z", "hs_latest_status": "succeeded", "hs_currency_code": "CAD"}
    first = desk.add("commerce_payments", [(542, id)], hs_initial_amount="15", **payment)
    assert amounts(desk, id) == ("40.00", "15.00", "25.00", "open")
    desk.add("commerce_payments", [(542, id)], hs_initial_amount="25", **payment)
    assert amounts(desk, id) == ("40.00", "40.00", "0.00", "paid")
    desk.refused("DELETE", f"/invoices/{id}", fits=True)
    desk.ok("PATCH", f"/commerce_payments/{first['id']}", {"properties": {"hs_latest_status": "failed"}})
    assert amounts(desk, id) == ("40.00", "25.00", "15.00", "open")


def test_a_record_only_invoice_takes_number_and_status_as_they_are(desk):
    id = invoice(desk, hs_invoice_billable="false", hs_number="1037", hs_invoice_status="paid")
    shown = desk.ok("GET", f"/invoices/{id}?properties=hs_number,hs_invoice_status,hs_invoice_source,hs_invoice_link")
    values = shown["properties"]
    assert (values["hs_number"], values["hs_invoice_status"]) == ("1037", "paid")
    assert (values["hs_invoice_source"], values["hs_invoice_link"]) == (None, None)
    desk.vendor.configure({"allow_invoice_delete": False})
    other = invoice(desk, hs_invoice_billable="false")
    desk.refused("DELETE", f"/invoices/{other}", fits=True)


def test_payments_are_refused_where_they_are_not_set_up(desk):
    desk.vendor.load("account", [{"payments": False}])
    payment = {"hs_initial_amount": "5", "hs_initiated_date": "2026-11-05T00:00:00Z"}
    desk.refused("POST", "/commerce_payments", {"properties": payment}, status=403, fits=True)
    desk.refused("GET", "/commerce_payments", status=403, fits=True)
    desk.ok("GET", "/invoices")


def test_a_payment_processed_by_the_vendor_cannot_be_changed(desk):
    payment = {
        "hs_initial_amount": "5",
        "hs_initiated_date": "2026-11-05T00:00:00Z",
        "hs_processor_type": "hs_payments",
    }
    made = desk.add("commerce_payments", **payment)
    change = {"properties": {"hs_reference_number": "1"}}
    desk.refused("PATCH", f"/commerce_payments/{made['id']}", change, fits=True)
    desk.refused("DELETE", f"/commerce_payments/{made['id']}", fits=True)


# Definitions


def test_properties_and_groups_are_made_read_changed_and_archived(desk):
    base = "/crm/properties/2026-09/contacts"
    assert desk.unique("contacts")["hasUniqueValue"] is True
    assert "qbo_id" in {row["name"] for row in desk.ok("GET", base)["results"]}
    again = desk.refused("POST", base, PROPERTY, status=409, fits=True)
    assert again["category"] == "OBJECT_ALREADY_EXISTS"
    refused = desk.refused("POST", base, {**PROPERTY, "name": "other", "groupName": "nowhere"}, fits=True)
    assert "nowhere" in refused["message"]
    assert desk.ok("PATCH", f"{base}/qbo_id", {"label": "QBO"})["label"] == "QBO"
    desk.refused("PATCH", f"{base}/email", {"label": "Mail"}, fits=True)
    desk.ok("DELETE", f"{base}/qbo_id")
    refused = desk.refused("POST", "/contacts", {"properties": {"firstname": "A", "qbo_id": "1"}}, fits=True)
    assert problems(refused) == {"qbo_id": "PROPERTY_DOESNT_EXIST"}
    desk.refused("GET", f"{base}/qbo_id", status=404, fits=True)
    assert desk.ok("GET", f"{base}/qbo_id?archived=true")["archived"] is True
    assert desk.ok("POST", base, PROPERTY)["archived"] is False
    source = desk.ok("GET", "/crm/properties/2026-09/invoices/hs_invoice_source")
    assert "data_sync" in {option["value"] for option in source["options"]}
    assert source["modificationMetadata"]["readOnlyValue"] is True
    status, body = desk.call(
        "POST", f"{base}/batch/read", {"archived": False, "inputs": [{"name": "email"}, {"name": "x"}]}
    )
    assert (status, [row["name"] for row in body["results"]]) == (207, ["email"])


PROPERTY = {
    "groupName": "quickbooks",
    "name": "qbo_id",
    "label": "QuickBooks id",
    "type": "string",
    "fieldType": "text",
    "hasUniqueValue": True,
}


def test_an_account_has_ten_unique_properties_at_most(desk):
    for at in range(10):
        desk.unique("products", f"own_{at}")
    refused = desk.refused("POST", "/crm/properties/2026-09/products", {**PROPERTY, "name": "own_10"}, fits=True)
    assert "10" in refused["message"]


def test_an_own_date_wants_midnight(desk):
    desk.unique("contacts")
    body = {**PROPERTY, "name": "since", "type": "date", "fieldType": "date", "hasUniqueValue": False}
    desk.ok("POST", "/crm/properties/2026-09/contacts", body)
    assert desk.add("contacts", firstname="A", since="2026-11-05")["properties"]["since"] == "2026-11-05"
    assert desk.add("contacts", firstname="B", since=1793836800000)["properties"]["since"] == "2026-11-05"
    late = {"properties": {"firstname": "C", "since": "1793836800001"}}
    assert problems(desk.refused("POST", "/contacts", late, fits=True)) == {"since": "INVALID_DATE"}


def test_properties_of_one_account_are_not_those_of_another(desk):
    desk.unique("contacts")
    other = Desk(portal=24100002)
    other.vendor = desk.vendor
    other.token = other.connect(24100002)["access_token"]
    assert "qbo_id" not in {row["name"] for row in other.ok("GET", "/crm/properties/2026-09/contacts")["results"]}
    names = {row["name"] for row in other.ok("GET", "/crm/properties/2026-09/products")["results"]}
    assert "hs_price_eur" in names
    assert "hs_price_eur" not in {row["name"] for row in desk.ok("GET", "/crm/properties/2026-09/products")["results"]}
    other.close()


def test_rules_of_an_administrator_bind_every_write(desk):
    rule = {"objectType": "contacts", "property": "phone", "pattern": r"\+1\d{10}", "message": "Phones begin with +1"}
    desk.vendor.load("rules", [rule, {"objectType": "contacts", "property": "lastname", "required": True}])
    refused = desk.refused("POST", "/contacts", {"properties": {"firstname": "A", "phone": "514"}}, fits=True)
    assert problems(refused) == {"phone": "PROPERTY_VALIDATION_RULE", "lastname": "REQUIRED_VALUE"}
    assert "Phones begin with +1" in refused["message"]
    ann = desk.add("contacts", lastname="Lee", phone="+15145550100")
    desk.refused("PATCH", f"/contacts/{ann['id']}", {"properties": {"lastname": ""}}, fits=True)
    desk.ok("PATCH", f"/contacts/{ann['id']}", {"properties": {"firstname": "Ann"}})
