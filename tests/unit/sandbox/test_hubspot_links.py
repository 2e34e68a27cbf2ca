"""Links between records of the HubSpot stand-in: both directions, the right ids, nothing by itself."""

import pytest

from tests.unit.sandbox.hubspot_desk import Desk


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def trio(desk):
    """A contact, a deal and an invoice that know nothing of each other."""
    return {
        "contacts": desk.add("contacts", firstname="Ann")["id"],
        "deals": desk.add("deals", dealname="D", dealstage="closedwon")["id"],
        "invoices": desk.add("invoices", hs_currency="CAD")["id"],
    }


def of(desk, kind, id, to):
    """Linked ids and their type ids."""
    rows = desk.ok("GET", f"/{kind}/{id}/associations/{to}")["results"]
    return {row["toObjectId"]: sorted(type["typeId"] for type in row["associationTypes"]) for row in rows}


PAIRS = [
    ("contacts", "invoices", 178, 177),
    ("invoices", "deals", 175, 176),
    ("contacts", "deals", 4, 3),
]


@pytest.mark.parametrize(("one", "other", "there", "back"), PAIRS)
def test_a_default_link_is_seen_from_both_ends_with_the_id_of_its_direction(desk, trio, one, other, there, back):
    body = desk.ok("PUT", f"/{one}/{trio[one]}/associations/default/{other}/{trio[other]}")
    assert [row["associationSpec"]["associationTypeId"] for row in body["results"]] == [there, back]
    assert of(desk, one, trio[one], other) == {int(trio[other]): [there]}
    assert of(desk, other, trio[other], one) == {int(trio[one]): [back]}
    desk.ok("DELETE", f"/{other}/{trio[other]}/associations/{one}/{trio[one]}")
    assert of(desk, one, trio[one], other) == {}


def test_nothing_links_an_invoice_with_a_deal_by_itself(desk, trio):
    desk.ok("PUT", f"/deals/{trio['deals']}/associations/default/contacts/{trio['contacts']}")
    invoice = desk.add("invoices", [(177, trio["contacts"])], hs_currency="CAD")
    assert of(desk, "invoices", invoice["id"], "deals") == {}
    both = [(177, trio["contacts"]), (175, trio["deals"])]
    invoice = desk.add("invoices", both, hs_currency="CAD")
    assert of(desk, "deals", trio["deals"], "invoices") == {int(invoice["id"]): [176]}


def link(number, category="HUBSPOT_DEFINED"):
    return {"associationCategory": category, "associationTypeId": number}


def test_a_type_of_the_wrong_direction_is_refused(desk, trio):
    path = f"/invoices/{trio['invoices']}/associations/contacts/{trio['contacts']}"
    desk.refused("PUT", path, [link(178)], fits=True)
    desk.refused("PUT", path, [])
    body = {
        "properties": {"hs_currency": "CAD"},
        "associations": [{"to": {"id": trio["contacts"]}, "types": [link(178)]}],
    }
    desk.refused("POST", "/invoices", body, fits=True)
    gone = {"properties": {"hs_currency": "CAD"}, "associations": [{"to": {"id": "404404"}, "types": [link(177)]}]}
    desk.refused("POST", "/invoices", gone, status=404, fits=True)
    assert len(desk.ok("GET", "/invoices")["results"]) == 1


def test_products_and_notes_of_invoices_have_no_link(desk, trio):
    product = desk.add("products", name="Tile")
    desk.refused("PUT", f"/products/{product['id']}/associations/default/deals/{trio['deals']}", fits=True)
    note = desk.add("notes", [(214, trio["deals"]), (202, trio["contacts"])], hs_timestamp="2026-11-05T10:00:00Z")
    assert of(desk, "notes", note["id"], "deals") == {int(trio["deals"]): [214]}
    desk.refused("PUT", f"/notes/{note['id']}/associations/default/invoices/{trio['invoices']}", fits=True)


def test_a_label_is_a_link_with_more_to_it(desk, trio):
    body = {"name": "latest_invoice", "label": "Latest invoice", "inverseLabel": "Latest for"}
    made = desk.ok("POST", "/crm/associations/2026-09/invoices/deals/labels", body)["results"]
    own = made[0]["typeId"]
    path = f"/invoices/{trio['invoices']}/associations/deals/{trio['deals']}"
    answer = desk.ok("PUT", path, [link(own, "USER_DEFINED")])
    assert answer["labels"] == ["Latest invoice"]
    rows = desk.ok("GET", f"/deals/{trio['deals']}/associations/invoices")["results"]
    assert {type["label"] for type in rows[0]["associationTypes"]} == {None, "Latest for"}
    known = desk.ok("GET", "/crm/associations/2026-09/invoices/deals/labels")["results"]
    assert {row["typeId"] for row in known} == {175, own}
    inputs = {
        "inputs": [
            {"from": {"id": trio["invoices"]}, "to": {"id": trio["deals"]}, "types": [link(own, "USER_DEFINED")]}
        ]
    }
    desk.ok("POST", "/crm/associations/2026-09/invoices/deals/batch/labels/archive", inputs)
    assert of(desk, "invoices", trio["invoices"], "deals") == {int(trio["deals"]): [175]}
    desk.ok("PUT", path, [link(own, "USER_DEFINED")])
    inputs["inputs"][0]["types"] = [link(175)]
    desk.ok("POST", "/crm/associations/2026-09/invoices/deals/batch/labels/archive", inputs)
    assert of(desk, "deals", trio["deals"], "invoices") == {}


def test_batches_read_make_and_take_away_links(desk, trio):
    base = "/crm/associations/2026-09/invoices/deals/batch"
    pair = {"from": {"id": trio["invoices"]}, "to": {"id": int(trio["deals"])}}
    missing = {"from": {"id": "404404"}, "to": {"id": trio["deals"]}}
    status, body = desk.call("POST", f"{base}/create", {"inputs": [{**pair, "types": [link(175)]}]})
    assert (status, body["results"][0]["toObjectId"]) == (201, trio["deals"])
    status, body = desk.call("POST", f"{base}/associate/default", {"inputs": [pair]})
    assert (status, len(body["results"])) == (200, 2)
    status, body = desk.call("POST", f"{base}/create", {"inputs": [{**missing, "types": [link(175)]}]})
    assert (status, body["numErrors"]) == (207, 1)
    status, body = desk.call("POST", f"{base}/read", {"inputs": [{"id": trio["invoices"]}, {"id": "404404"}]})
    assert status == 207
    assert body["results"][0]["to"][0]["associationTypes"][0]["typeId"] == 175
    assert body["errors"][0]["context"]["fromObjectId"] == ["404404"]
    status, body = desk.call("POST", f"{base}/read", {"inputs": [{"id": trio["invoices"]}]})
    assert status == 200
    desk.ok("POST", f"{base}/archive", {"inputs": [{"from": {"id": trio["invoices"]}, "to": [{"id": trio["deals"]}]}]})
    assert of(desk, "invoices", trio["invoices"], "deals") == {}


def test_long_lists_of_links_come_in_pages(desk, trio):
    ids = [desk.add("invoices", [(175, trio["deals"])], hs_currency="CAD")["id"] for _ in range(5)]
    seen, after = [], ""
    while after is not None:
        page = desk.ok("GET", f"/deals/{trio['deals']}/associations/invoices?limit=2{after}")
        seen += [str(row["toObjectId"]) for row in page["results"]]
        after = f"&after={page['paging']['next']['after']}" if "paging" in page else None
    assert seen == ids
    desk.refused("GET", f"/deals/{trio['deals']}/associations/invoices?limit=501")
    inside = desk.ok("GET", f"/deals/{trio['deals']}?associations=invoices,contacts")["associations"]
    assert [row["id"] for row in inside["invoices"]["results"]] == ids
    assert inside["invoices"]["results"][0]["type"] == "deal_to_invoice"
    assert "contacts" not in inside


def test_type_ids_work_in_place_of_names(desk, trio):
    desk.ok("PUT", f"/0-53/{trio['invoices']}/associations/default/0-3/{trio['deals']}", fits=False)
    assert desk.ok("GET", f"/0-3/{trio['deals']}", fits=False)["id"] == trio["deals"]
    assert of(desk, "invoices", trio["invoices"], "deals") == {int(trio["deals"]): [175]}


def test_links_of_archived_records_are_not_shown(desk, trio):
    desk.ok("PUT", f"/invoices/{trio['invoices']}/associations/default/deals/{trio['deals']}")
    desk.ok("DELETE", f"/invoices/{trio['invoices']}")
    assert of(desk, "deals", trio["deals"], "invoices") == {}
    desk.refused("GET", f"/invoices/{trio['invoices']}/associations/deals", status=404, fits=True)
    desk.vendor.load("invoices", [{"id": trio["invoices"], "archived": False}])
    assert of(desk, "deals", trio["deals"], "invoices") == {int(trio["invoices"]): [176]}


def test_a_line_item_has_one_parent(desk, trio):
    line = desk.add("line_items", [(410, trio["invoices"])], name="Work", price="5")
    desk.refused("PUT", f"/line_items/{line['id']}/associations/default/deals/{trio['deals']}", fits=True)
    both = [
        {"to": {"id": trio["invoices"]}, "types": [link(410)]},
        {"to": {"id": trio["deals"]}, "types": [link(20)]},
    ]
    desk.refused("POST", "/line_items", {"properties": {"name": "Work"}, "associations": both}, fits=True)
    desk.ok("PUT", f"/line_items/{line['id']}/associations/default/invoices/{trio['invoices']}")


def test_links_want_the_rights_on_what_they_link(desk, trio):
    token = desk.connect(scope="oauth crm.objects.contacts.read", optional="crm.objects.deals.read")["access_token"]
    path = f"/contacts/{trio['contacts']}/associations"
    desk.ok("GET", f"{path}/deals", token=token)
    refused = desk.refused("PUT", f"{path}/default/deals/{trio['deals']}", status=403, token=token, fits=True)
    assert refused["category"] == "MISSING_SCOPES"
