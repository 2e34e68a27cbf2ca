"""The demo accounts of the HubSpot stand-in, its screens, control calls and injected errors."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from connectors.sandbox.core import Clock, Sandbox, SandboxError
from connectors.sandbox.quickbooks import QuickBooksStandIn
from tests.unit.sandbox.hubspot_desk import PORTAL, SMALL_PORTAL, Desk

BOOKS = "9130000000000001"


@pytest.fixture(scope="module")
def demo():
    desk = Desk("demo")
    yield desk
    desk.close()


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def account(desk, portal=PORTAL):
    return next(one for one in desk.vendor.state()["accounts"] if one["portal"] == portal)


def live(told, kind):
    return [row for row in told["records"][kind] if not row["archived"]]


def linked(told, kind, to_kind):
    """By record of a type, the records of another it is linked with."""
    found = {}
    for row in told["associations"]:
        if row["from"].startswith(f"{kind}/") and row["to"].startswith(f"{to_kind}/"):
            found.setdefault(row["from"].split("/")[1], set()).add(row["to"].split("/")[1])
    return found


def test_the_demo_account_has_enough_of_everything(demo):
    told = account(demo)
    least = {"contacts": 400, "products": 60, "invoices": 120, "deals": 40, "commerce_payments": 30, "notes": 10}
    assert all(len(live(told, kind)) >= count for kind, count in least.items())
    lines = linked(told, "invoices", "line_items")
    assert all(row["id"] in lines for row in live(told, "invoices"))
    assert len(told["merged"]) == 10
    assert len(told["records"]["contacts"]) - len(live(told, "contacts")) == 8


def books():
    vendor = QuickBooksStandIn(Sandbox(Clock(datetime(2026, 11, 5, 10, tzinfo=UTC))))
    vendor.reset("demo")
    return vendor.state()["companies"][BOOKS]


def test_people_and_wares_are_those_of_the_books_differently_written(demo):
    told, company = account(demo), books()
    by_email = {row["properties"].get("email"): row["properties"] for row in live(told, "contacts")}
    customers = {}
    for one in company["Customer"]:
        for address in (one.get("PrimaryEmailAddr") or {}).get("Address", "").split(","):
            customers.setdefault(address.strip().lower(), []).append(one)
    customers.pop("", None)
    common = set(customers) & set(by_email)
    assert len(common) >= 150
    assert sum(len(customers[email]) > 1 for email in common) >= 5  # one contact, two customers
    names = [(customers[e][0], by_email[e]) for e in common]
    assert sum(c["GivenName"] != p.get("firstname") for c, p in names) >= 10
    assert sum(c["PrimaryPhone"]["FreeFormNumber"] != p.get("phone") for c, p in names) >= 50
    second = {a for p in by_email.values() for a in p.get("hs_additional_emails", "").split(";")}
    assert len(second & set(customers)) >= 8
    assert sum("email" not in row["properties"] for row in live(told, "contacts")) >= 20
    assert len(set(by_email) - set(customers)) >= 150
    assert len(set(customers) - set(by_email)) >= 15
    skus = {row["properties"].get("hs_sku") for row in live(told, "products")} - {None}
    assert len(skus & {item.get("Sku") for item in company["Item"]}) == 56
    assert len(skus - {item.get("Sku") for item in company["Item"]}) >= 4


def test_the_filter_of_invoices_made_here_or_payments_has_members_of_every_kind(demo):
    told = account(demo)
    source = {row["id"]: row["properties"].get("hs_invoice_source") for row in live(told, "invoices")}
    invoices, payments = linked(told, "contacts", "invoices"), linked(told, "contacts", "commerce_payments")
    contacts = {row["id"] for row in live(told, "contacts")}
    made_here = {id for id in contacts if "HUBSPOT" in {source.get(one) for one in invoices.get(id, ())}}
    paid = {id for id in contacts if id in payments}
    others = {id for id in contacts if id in invoices} - made_here - paid
    assert len(made_here - paid) >= 10
    assert len(paid - made_here) >= 10
    assert len(made_here & paid) >= 10
    assert len(others) >= 10
    assert set(source.values()) == {"HUBSPOT", "data_sync", "QUICKBOOKS_INTEGRATION"}


def test_amounts_of_the_demo_invoices_agree_with_lines_and_payments(demo):
    told = account(demo)
    amount = {row["id"]: float(row["properties"]["amount"]) for row in told["records"]["line_items"]}
    paid = {row["id"]: float(row["properties"]["hs_initial_amount"]) for row in told["records"]["commerce_payments"]}
    lines, payments = linked(told, "invoices", "line_items"), linked(told, "invoices", "commerce_payments")
    for row in live(told, "invoices"):
        billed = sum(amount[id] for id in lines[row["id"]])
        due = billed - sum(paid[id] for id in payments.get(row["id"], ()))
        assert float(row["properties"]["hs_amount_billed"]) == pytest.approx(billed, abs=0.005)
        assert float(row["properties"]["hs_balance_due"]) == pytest.approx(due, abs=0.005)


def test_the_same_world_comes_out_each_time_and_lies_in_the_past(demo):
    again = Desk("demo")
    start = again.sandbox.clock.started_at
    first, second = account(demo), account(again)
    for kind in first["records"]:
        assert [row["id"] for row in first["records"][kind]] == [row["id"] for row in second["records"][kind]]
        for row, other in zip(first["records"][kind], second["records"][kind], strict=True):
            own = {n: v for n, v in row["properties"].items() if n not in STAMPS}
            assert own == {n: v for n, v in other["properties"].items() if n not in STAMPS}
            assert datetime.fromisoformat(row["updatedAt"]) <= start
    again.close()


STAMPS = {
    "createdate",
    "hs_createdate",
    "lastmodifieddate",
    "hs_lastmodifieddate",
    "hs_invoice_date",
    "hs_due_date",
    "closedate",
    "hs_timestamp",
    "hs_initiated_date",
}


def test_the_small_account_is_another_company_without_invoices(demo):
    told = account(demo, SMALL_PORTAL)
    assert told["payments"] is False
    assert len(live(told, "contacts")) >= 50
    assert told["records"]["invoices"] == []


# Screens


def look(desk, path, lang="en", form=None):
    from connectors.sandbox.core import Request

    headers = {"accept-language": lang}
    address, _, query = path.partition("?")
    words = {name: [value] for name, _, value in (part.partition("=") for part in query.split("&") if part)}
    body = urlencode(form).encode() if form is not None else b""
    request = Request("POST" if form is not None else "GET", address, words, headers, body, "http://x/hubspot")
    return desk.loop.run_until_complete(desk.vendor.handle(request))


def test_a_person_finds_a_contact_and_changes_it_by_hand(desk):
    desk.vendor.configure({"webhook_url": "http://127.0.0.1:9/hooks", "webhook_linger_seconds": 3600})
    ann = desk.add("contacts", email="ann@example.com", firstname="Ann", lastname="<Lee>")
    desk.add("contacts", email="bo@example.com")
    desk.posted()
    page = look(desk, f"/app/{PORTAL}/contacts?q=lee").body.decode()
    assert f"/app/{PORTAL}/contacts/{ann['id']}" in page
    assert "bo@example.com" not in page
    assert "<Lee>" not in page
    form = look(desk, f"/app/{PORTAL}/contacts/{ann['id']}", lang="fr").body.decode()
    assert 'lang="fr"' in form
    assert "Prénom" in form
    done = look(desk, f"/app/{PORTAL}/contacts/{ann['id']}", form={"phone": "514 555-0101", "do": "save"})
    assert (done.status, "saved=1" in done.headers["Location"]) == (303, True)
    assert desk.ok("GET", f"/contacts/{ann['id']}?properties=phone")["properties"]["phone"] == "514 555-0101"
    assert [event["changeSource"] for event in desk.posted()] == ["CRM_UI"]


def test_a_wrong_value_is_shown_with_the_form_and_not_kept(desk):
    ann = desk.add("contacts", email="ann@example.com")
    page = look(desk, f"/app/{PORTAL}/contacts/{ann['id']}", form={"email": "nope", "do": "save"})
    assert page.status == 400
    assert "Email address nope is invalid" in page.body.decode()
    assert 'value="nope"' in page.body.decode()
    assert desk.ok("GET", f"/contacts/{ann['id']}")["properties"]["email"] == "ann@example.com"


def test_a_person_adds_deletes_restores_links_and_takes_a_payment(desk):
    done = look(desk, f"/app/{PORTAL}/contacts/new", form={"email": "new@example.com", "firstname": "New"})
    id = done.headers["Location"].rpartition("/")[2].partition("?")[0]
    path = f"/app/{PORTAL}/contacts/{id}"
    deal = desk.add("deals", dealname="D", dealstage="closedwon")
    look(desk, path, form={"do": "link", "kind": "deals", "other": deal["id"]})
    assert [row["toObjectId"] for row in desk.ok("GET", f"/contacts/{id}/associations/deals")["results"]] == [
        int(deal["id"])
    ]
    assert "D" in look(desk, path).body.decode()
    look(desk, path, form={"do": "unlink", "kind": "deals", "other": deal["id"]})
    assert desk.ok("GET", f"/contacts/{id}/associations/deals")["results"] == []
    assert look(desk, path, form={"do": "link", "kind": "deals", "other": "404"}).status == 400
    look(desk, path, form={"do": "archive"})
    assert desk.ok("GET", f"/contacts/{id}?archived=true")["archived"] is True
    look(desk, path, form={"do": "restore"})
    invoice = desk.add("invoices", [(177, id)], hs_currency="CAD")
    desk.add("line_items", [(410, invoice["id"])], name="Work", price="40")
    paying = f"/app/{PORTAL}/invoices/{invoice['id']}"
    look(desk, paying, form={"do": "save", "hs_invoice_status": "open"})
    look(desk, paying, form={"do": "pay", "amount": "40,00"})
    shown = desk.ok("GET", f"/invoices/{invoice['id']}?properties=hs_invoice_status,hs_invoice_source,hs_balance_due")
    assert shown["properties"]["hs_invoice_status"] == "paid"
    assert len(desk.ok("GET", f"/contacts/{id}/associations/commerce_payments")["results"]) == 1
    assert look(desk, paying, form={"do": "pay", "amount": "much"}).status == 400


@pytest.mark.parametrize("kind", ["contacts", "deals", "products", "invoices", "commerce_payments", "notes"])
def test_every_list_and_form_of_the_demo_can_be_opened(demo, kind):
    row = live(account(demo), kind)[-1]["id"]
    page = look(demo, f"/app/{PORTAL}/{kind}")
    assert page.status == 200
    assert f'href="http://x/hubspot/app/{PORTAL}/{kind}/{row}"' in page.body.decode()
    for lang in ("en", "fr"):
        form = look(demo, f"/app/{PORTAL}/{kind}/{row}", lang)
        assert form.status == 200
        assert f'lang="{lang}"' in form.body.decode()


def test_the_products_own_address_of_a_record_opens_its_form(demo):
    row = live(account(demo), "contacts")[0]["id"]
    assert look(demo, f"/contacts/{PORTAL}/record/0-1/{row}").status == 200
    assert look(demo, f"/app/{PORTAL}/contacts/404404").status == 404
    assert look(demo, "/app/99/contacts").status == 404
    assert str(SMALL_PORTAL) in look(demo, "/app").body.decode()


# Control


def test_loading_edits_merges_deletes_and_links_as_a_person_would(desk):
    load = desk.vendor.load
    assert (
        load(
            "contacts", [{"id": "501", "properties": {"email": "ann@example.com"}, "createdAt": "2026-01-02T00:00:00Z"}]
        )
        == 1
    )
    assert desk.ok("GET", "/contacts/501")["createdAt"] == "2026-01-02T00:00:00.000Z"
    load("contacts", [{"id": "501", "properties": {"city": "Lévis"}}, {"id": "502", "properties": {"firstname": "B"}}])
    load("deals", [{"id": "601", "properties": {"dealname": "D", "dealstage": "closedwon"}}])
    load("associations", [{"from": {"type": "contacts", "id": "501"}, "to": {"type": "deals", "id": "601"}}])
    assert len(desk.ok("GET", "/deals/601/associations/contacts")["results"]) == 1
    load("contacts", [{"id": "502", "merge_into": "501"}])
    merged = desk.ok("GET", "/contacts/502?properties=city,email")
    assert merged["properties"]["city"] == "Lévis"
    load("contacts", [{"id": merged["id"], "forget": True}])
    desk.refused("GET", "/contacts/501", status=404, fits=True)
    load("invoices", [{"id": "9001", "properties": {"hs_currency": "CAD", "hs_invoice_source": "data_sync"}}])
    assert (
        desk.ok("GET", "/invoices/9001?properties=hs_invoice_source")["properties"]["hs_invoice_source"] == "data_sync"
    )


@pytest.mark.parametrize(
    ("resource", "document"),
    [
        ("cats", {}),
        ("contacts", {"properties": {"nope": "1"}}),
        ("contacts", {"id": "five", "properties": {"firstname": "A"}}),
        ("contacts", {"portal": 5, "properties": {"firstname": "A"}}),
        ("payments", {"invoice": "404"}),
        ("account", {"colour": "blue"}),
    ],
    ids=str,
)
def test_what_cannot_be_loaded_is_said(desk, resource, document):
    with pytest.raises(SandboxError):
        desk.vendor.load(resource, [document])


@pytest.mark.parametrize("settings", [{"nope": 1}, {"rate_limits": "yes"}, {"oauth_burst": 1.5}], ids=str)
def test_settings_are_checked(desk, settings):
    with pytest.raises(SandboxError):
        desk.vendor.configure(settings)


# Injected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 423, 429, 477, 500, 502, 503, 504])
def test_injected_errors_speak_as_the_vendor_does(desk, status):
    path = "/crm/objects/2026-09/contacts"
    answer = desk.vendor.error_response(status, desk_request(path))
    desk.check("GET", path, b"", answer, fits=False)
    assert answer.status == status
    assert ("Retry-After" in answer.headers) == (status == 477)
    if status == 429:
        assert json.loads(answer.body)["policyName"] == "TEN_SECONDLY_ROLLING"
        search = desk.vendor.error_response(429, desk_request(f"{path}/search"))
        assert json.loads(search.body)["policyName"] == "SECONDLY"


def desk_request(path):
    from connectors.sandbox.core import Request

    return Request("GET", path)


@pytest.mark.parametrize("status", [520, 521, 522, 523, 524, 525, 526])
def test_errors_of_the_edge_are_pages(desk, status):
    answer = desk.vendor.error_response(status, desk_request("/crm/objects/2026-09/contacts"))
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_write_can_be_done_and_its_answer_lost(desk):
    desk.vendor.configure({"lose_answers": 1})
    body = {"properties": {"firstname": "Ann"}}
    desk.ok("GET", "/contacts")
    desk.refused("POST", "/contacts", body, status=504, fits=True)
    assert len(desk.ok("GET", "/contacts")["results"]) == 1
    desk.ok("POST", "/contacts", body)
