"""The HighLevel connector against its stand-in; every request it makes and every answer it gets is held against the
vendor's contract.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    AuthorizationExpired,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    Ref,
    SettingInvalid,
    VendorUnavailable,
)
from connectors.contract.money import lines_add_up
from connectors.highlevel import CONNECTOR, auth, reviews
from connectors.sandbox.server import background
from connectors.transport import Api, PlainHttp
from connectors.transport import api as transport
from tests.account import Account
from tests.contract.highlevel_bench import APP, ATELIER, BACK, PINECREST, REVIEW, SETTINGS, Bench, read, write

CONTACTS, INVOICES = CONNECTOR.resource("contacts"), CONNECTOR.resource("invoices")
RECEIPTS, PAYMENTS = CONNECTOR.resource("receipts"), CONNECTOR.resource("invoice_payments")
REFUNDS, REVIEWS = CONNECTOR.resource("refunds"), CONNECTOR.resource("review_requests")
PRODUCTS, SUBSCRIPTIONS = CONNECTOR.resource("products"), CONNECTOR.resource("subscriptions")
TPS = {"_id": "64a0c0ffee000000000000a5", "name": "TPS", "rate": 5, "calculation": "exclusive"}
TVQ = {"_id": "64a0c0ffee000000000000a9", "name": "TVQ", "rate": 9.975, "calculation": "exclusive"}
MAIL = "ondine@inventee.example"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with background("empty") as url:
        yield url


@pytest.fixture
def bench(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The stand-in, empty and well-behaved; nothing said in the test may break the contract."""
    found = Bench(sandbox)
    found.control("reset", {"world": "empty"})
    found.control("faults", [])
    found.configure(**SETTINGS)
    whole = transport.exchange

    def watched(sessions: Any, request: Any, seconds: float, most: int) -> Any:
        answer = None
        try:
            answer = whole(sessions, request, seconds, most)
            return answer
        finally:
            found.watch(request, answer)

    monkeypatch.setattr(transport, "exchange", watched)
    monkeypatch.setattr("connectors.transport.plain.exchange", watched)
    yield found
    assert found.complaints == []


@pytest.fixture
def api(bench: Bench) -> Iterator[Api]:
    api, _ = bench.connect()
    with api:
        yield api


def person(**more: Any) -> dict[str, Any]:
    return {
        "source": Ref("contact", "customers", "12"),
        "name": "Ondine Trucmuche",
        "given_name": "Ondine",
        "family_name": "Trucmuche",
        "company": "Trucmuche inc. (fictif)",
        "email": MAIL,
        "phone": "514 555-0100",
        "address": {"line1": "1, rue Inventée", "line2": "Bureau 4", "city": "Montréal", "region": "QC",
                    "postcode": "H1H 1H1", "country": "CA"},
        **more,
    }  # fmt: skip


def made(api: Api, values: dict[str, Any], resource: Any = CONTACTS) -> dict[str, Any]:
    one = write(resource, values, api.context)
    found: dict[str, Any] = resource.create(api, one.payload, one.key)
    return found


def item(name: str = "Table", amount: Any = 100, **more: Any) -> dict[str, Any]:
    return {"name": name, "amount": amount, "qty": 1, "currency": "CAD", "taxes": [TPS, TVQ], **more}


def invoice(bench: Bench, **more: Any) -> str:
    """A sent invoice of the location's only contact."""
    name = f"64a0c0ffee0000000000{len(bench.state()['invoices']) + 1:04d}"
    bench.load("invoices", {"_id": name, "contact": MAIL, "items": [item()], **more})
    bench.load("invoices", {"_id": name, "send": True})
    return name


# Signing in


def test_a_code_becomes_a_grant_that_names_its_location_and_its_rights(bench: Bench) -> None:
    grant, account = auth.exchange(PlainHttp(), bench.hosts, APP, BACK, bench.callback())
    assert account == ATELIER and grant.expires_in == 86399 and grant.refresh_token
    assert auth.scopes_of(grant) == set(auth.SCOPES)
    assert grant.access_token not in repr(grant)
    api, _ = bench.connect()
    with api:
        found = CONNECTOR.identify(api)
    assert found.account_id == ATELIER and found.facts["currency"] == "CAD"
    assert found.facts["time_zone"] == "America/Toronto" and found.facts["missing_scopes"] == []
    assert found.facts["invoices_count"] == 0 and found.facts["features"] == ["reviews"]


def test_a_refresh_token_works_once_and_its_second_use_asks_a_person(bench: Bench) -> None:
    grant = bench.grant()
    fresh = auth.refresh(PlainHttp(), bench.hosts, APP, grant)
    assert fresh.refresh_token != grant.refresh_token and fresh.extra == grant.extra
    with pytest.raises(AuthorizationExpired, match="HL-GRANT-GONE"):
        auth.refresh(PlainHttp(), bench.hosts, APP, grant)
    assert auth.refresh(PlainHttp(), bench.hosts, APP, fresh).access_token != fresh.access_token


def test_a_wrong_secret_and_a_spent_code_are_ours_to_mend(bench: Bench) -> None:
    callback = bench.callback()
    grant, _ = auth.exchange(PlainHttp(), bench.hosts, APP, BACK, callback)
    with pytest.raises(SettingInvalid, match="HL-SIGN-IN"):
        auth.exchange(PlainHttp(), bench.hosts, APP, BACK, callback)
    with pytest.raises(SettingInvalid, match="HL-SIGN-IN"):
        auth.refresh(PlainHttp(), bench.hosts, replace(APP, client_secret="wrong"), grant)
    with pytest.raises(SettingInvalid, match="HL-CONSENT-REFUSED"):
        auth.exchange(PlainHttp(), bench.hosts, APP, BACK, {"error": "access_denied"})


def test_a_whole_agency_is_refused_by_name_where_it_has_several_locations(bench: Bench) -> None:
    with pytest.raises(SettingInvalid, match="HL-AGENCY") as refused:
        auth.exchange(PlainHttp(), bench.hosts, APP, BACK, bench.callback("agency"))
    assert refused.value.params["count"] != 1


def test_an_agency_s_pair_is_kept_although_the_token_of_its_location_is_late(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "SCOPES", (*auth.SCOPES, "oauth.readonly", "oauth.write"))
    bench.grant()  # the location is installed
    callback = bench.callback("agency")
    whole = auth._grant

    def of_one(status: int, body: dict[str, Any], used: Any) -> Any:
        return whole(status, {**body, "approvedLocations": [ATELIER]} if "approvedLocations" in body else body, used)

    monkeypatch.setattr(auth, "_grant", of_one)
    grant, account = auth.exchange(PlainHttp(), bench.hosts, APP, BACK, callback)
    assert account == ATELIER and grant.extra["agency"]["approved"] == [ATELIER]
    bench.control(
        "faults", [{"vendor": "highlevel", "kind": "status", "status": 503, "path": "locationToken", "times": 1}]
    )
    late = auth.refresh(PlainHttp(), bench.hosts, APP, grant)
    assert late.extra["unmade"] and late.expires_in == auth.SOON and late.refresh_token != grant.refresh_token
    there = auth.refresh(PlainHttp(), bench.hosts, APP, late)
    assert "unmade" not in there.extra and there.refresh_token == late.refresh_token
    again = auth.refresh(PlainHttp(), bench.hosts, APP, there)
    assert again.refresh_token != there.refresh_token


def test_access_that_ran_out_is_renewed_once_and_a_withdrawn_one_asks_a_person(bench: Bench) -> None:
    api, account = bench.connect()
    with api:
        bench.control("faults", [{"vendor": "highlevel", "kind": "expire_tokens"}])
        assert CONNECTOR.identify(api).account_id == ATELIER
        bench.control("faults", [{"vendor": "highlevel", "kind": "revoke"}])
        with pytest.raises(AuthorizationExpired):
            CONNECTOR.identify(api)


def test_a_missing_right_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    callback = bench.callback()
    monkeypatch.setattr(auth, "SCOPES", (*auth.SCOPES, "users.readonly"))
    with pytest.raises(SettingInvalid, match="HL-SCOPES-MISSING") as refused:
        auth.exchange(PlainHttp(), bench.hosts, APP, BACK, callback)
    assert refused.value.params["scopes"] == "users.readonly"


def test_the_connection_check_says_who_answers_and_what_to_see_to(bench: Bench, api: Api) -> None:
    assert {found.level for found in CONNECTOR.diagnose(api)} == {"ok"}
    bench.configure(allow_duplicate_contact=True)
    bench.load("contacts", {"email": MAIL})
    bench.load("payments", {"contact": MAIL, "amount": 20, "qboSynced": True})
    levels = {found.code: found.level for found in CONNECTOR.diagnose(api)}
    assert levels["HL-CHECK-DUPLICATES"] == "warning" and levels["HL-CHECK-OWN"] == "warning"


def test_workflows_are_offered_and_drafts_are_marked(api: Api) -> None:
    (reference,) = [one for one in CONNECTOR.references if one.key == "workflows"]
    found = {one.id: one.active for one in reference.read(api)}
    assert found[REVIEW] is True and list(found.values()).count(False) == 1


# Private integration tokens

PIT = "pit-SECRET-atelier-boreal-0001"


def private(bench: Bench, token: str = PIT, **values: str) -> tuple[Api, Account]:
    """An account connected with a token, and what a person gives beside it."""
    given = auth.private_grant(token, bench.hosts)
    grant, location = auth.placed(given, {"location": ATELIER, **values})
    account = Account(grant)
    told = {"account_id": location, **grant.extra["context"], "location_zone": "America/Toronto"}
    return Api(CONNECTOR, bench.hosts, account, told, deadline_seconds=20), account


def test_a_private_token_reads_and_writes_like_an_app_and_is_not_renewed(bench: Bench) -> None:
    bench.load("contacts", {"email": MAIL})
    invoice(bench)
    api, account = private(bench, user="usrAliceFictive00001")
    with api:
        found = CONNECTOR.identify(api)
        assert (found.account_id, found.facts["user"]) == (ATELIER, "usrAliceFictive00001")
        assert found.facts["missing_scopes"] == [] and found.facts["features"] == ["reviews"]
        assert account.current.expires_in is None and account.current.refresh_token is None
        assert PIT not in repr(account.current)
        assert len(read(api, None, "contacts", "invoices", "receipts", "subscriptions")[0]["invoices"]) == 1
        made(api, person(email="autre@inventee.example"))
        assert {found.level for found in CONNECTOR.diagnose(api)} == {"ok"}
        bench.load("private_tokens", {"token": "pit-another-000000000"})
        with pytest.raises(AuthorizationExpired):
            CONNECTOR.identify(api)


def test_what_is_given_beside_a_token_is_looked_at_before_it_is_used(bench: Bench) -> None:
    with pytest.raises(SettingInvalid, match="HL-PRIVATE-SHAPE"):
        auth.private_grant("sk-0123456789abcdef0123", bench.hosts)
    grant = auth.private_grant(PIT, bench.hosts)
    page = f"https://app.example.com/v2/location/{ATELIER}/payments/invoices"
    assert auth.placed(grant, {"location": page})[1] == ATELIER
    for values, code, field in (
        ({"location": "https://app.example.com/"}, "HL-PRIVATE-LOCATION", "location"),
        ({}, "HL-PRIVATE-LOCATION", "location"),
        ({"location": ATELIER, "user": "Alice Fictive"}, "HL-PRIVATE-USER", "user"),
    ):
        with pytest.raises(SettingInvalid, match=code) as refused:
            auth.placed(grant, values)
        assert refused.value.field == field
    api, _ = private(bench, location=PINECREST)
    with api, pytest.raises(SettingInvalid, match="HL-PLACE"):
        CONNECTOR.identify(api)


def test_the_check_finds_which_rights_a_token_lacks_and_that_it_is_old(bench: Bench) -> None:
    few = ["locations.readonly", "contacts.readonly", "invoices.readonly", "payments/transactions.readonly"]
    bench.load("private_tokens", {"token": "pit-few-rights-000000", "scopes": few})
    api, account = private(bench, "pit-few-rights-000000")
    with api:
        found = CONNECTOR.diagnose(api)
        missing = {one.params["scope"] for one in found if one.code == "HL-SCOPES-MISSING"}
        assert missing == {"payments/orders.readonly", "payments/subscriptions.readonly", "products.readonly",
                           "workflows.readonly"}  # fmt: skip
        assert next(one for one in found if one.code == "HL-CHECK-PRIVATE").level == "ok"
    told = {"account_id": ATELIER, "location": ATELIER, "private_since": "2026-01-01"}
    with Api(CONNECTOR, bench.hosts, Account(account.current), told, deadline_seconds=20) as api:
        (old,) = [one for one in CONNECTOR.diagnose(api) if one.code == "HL-CHECK-PRIVATE"]
        assert old.level == "warning" and old.params["days"] > 300


# Contacts


def test_a_contact_is_there_and_back_again(api: Api) -> None:
    record = CONTACTS.parse(CONTACTS.fetch(api, made(api, person())["id"]))
    for name in ("email", "given_name", "family_name", "company"):
        assert record.values[name] == person()[name]
    assert record.values["phone"] == "+15145550100"
    assert record.values["address"]["line1"] == "1, rue Inventée, Bureau 4"
    assert record.raw["source"].startswith("QuickBooks ")


def test_a_second_create_meets_the_contact_with_its_address_whatever_its_case(bench: Bench, api: Api) -> None:
    first = made(api, person())
    again = made(api, person(email=MAIL.upper()))
    assert first["id"] == again["id"] and len(bench.state()["contacts"]) == 1


def test_a_shared_phone_number_makes_no_two_people_one(bench: Bench, api: Api) -> None:
    first = made(api, person())
    with pytest.raises(RecordRejected, match="HL-DUPLICATE") as refused:
        made(api, person(email="eloi@inventee.example", given_name="Éloi"))
    assert refused.value.params["existing"] == first["id"] and refused.value.field == "phone"
    assert [row["firstName"] for row in bench.state()["contacts"]] == ["Ondine"]


def test_a_lost_answer_is_found_by_address_by_number_and_by_mark(bench: Bench, api: Api) -> None:
    for change in ({}, {"email": None}, {"email": None, "phone": None}):
        values = person(**change)
        one = write(CONTACTS, values, api.context)
        bench.control("reset", {"world": "empty"})
        bench.configure(lose_answers=1)
        with pytest.raises(OutcomeUnknown):
            CONTACTS.create(api, one.payload, one.key)
        found = CONTACTS.find(api, one)
        assert found and found["id"] == bench.state()["contacts"][0]["id"]
        bench.load("contacts", {"id": found["id"], "deleted": True})
        assert CONTACTS.find(api, one) is None


def test_an_update_changes_what_it_names_and_leaves_tags_alone(bench: Bench, api: Api) -> None:
    name = made(api, person())["id"]
    bench.load("contacts", {"id": name, "tags": ["fidèle"]})
    one = write(CONTACTS, {"remote_id": name, "phone": None, "company": "Autre"}, api.context, "update")
    assert "companyName" not in one.payload, "the vendor takes no company in a change"
    raw = CONTACTS.update(api, name, one.payload, one.key)
    assert raw["phone"] is None and raw["tags"] == ["fidèle"] and raw["firstName"] == "Ondine"
    assert CONTACTS.find(api, one) is not None
    gone = write(CONTACTS, {"remote_id": "nobody00000000000000", "phone": "1"}, api.context, "update")
    with pytest.raises(RecordRejected, match="HL-NOT-FOUND"):
        CONTACTS.update(api, "nobody00000000000000", gone.payload, gone.key)
    assert CONTACTS.find(api, gone) is None


def test_contacts_are_read_once_and_then_as_they_change_beyond_ten_thousand_rows_too(bench: Bench, api: Api) -> None:
    bench.configure(page_wall=600)
    bench.load("contacts", *({"email": f"p{n}@inventee.example", "firstName": f"P{n}"} for n in range(620)))
    found, cursor, pages = read(api, None, "contacts")
    assert len({row["id"] for row in found["contacts"]}) == 620 and len(pages) == 2
    assert pages[-1].ends == {"contacts"} and pages[0].expected == {"contacts": 620}
    bench.load("contacts", {"id": found["contacts"][3]["id"], "phone": "+15145550199"})
    found, _, _ = read(api, cursor, "contacts")
    assert found["contacts"][-1]["phone"] == "+15145550199"


def test_a_list_that_leaves_rows_out_is_not_called_whole(bench: Bench, api: Api) -> None:
    bench.load("contacts", *({"email": f"p{n}@inventee.example"} for n in range(40)))
    bench.control("faults", [{"vendor": "highlevel", "kind": "lossy", "rate": 0.4, "seed": 3}])
    _, _, pages = read(api, None, "contacts")
    assert pages[-1].ends == frozenset() and "40 counted" in pages[-1].note


def test_names_in_small_letters_are_told_as_they_are(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL, "firstName": "Ondine", "lastName": "McÉlan"})
    bench.configure(lowercase_names=True)
    (row,) = read(api, None, "contacts")[0]["contacts"]
    assert CONTACTS.parse(row).values["name"] == "Ondine McÉlan"


# Invoices


def test_an_invoice_tells_its_sums_to_the_cent_and_its_lines_add_up(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL, "firstName": "Ondine"})
    for discount in (
        {"type": "percentage", "value": 10},
        {"type": "fixed", "value": 25},
        {"type": "fixed", "value": 0},
    ):
        for items in (
            [item(amount=33.33, qty=3), item("Chaise", 19.99)],
            [item(amount=849, taxInclusive=True)],
            [item(amount=0.07, qty=7), item("Service", 75, taxes=[])],
        ):
            name = invoice(bench, items=items, discount=discount)
            raw = INVOICES.fetch(api, name)
            values = INVOICES.parse(raw).values
            assert values["total"] == raw["total"] and values["status"] == "sent"
            told = sum(line["amount"] - line["discount"] + line["tax_amount"] for line in values["lines"])
            assert told == values["total"], raw
            for line in values["lines"]:
                assert sum((tax["amount"] for tax in line["taxes"]), Decimal(0)) == line["tax_amount"]
            assert lines_add_up({**values, "lines": values["lines"]}) or discount["value"]


def test_open_invoices_are_read_again_by_name_and_deleted_ones_are_told_as_gone(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    old = invoice(bench, issueDate="2020-01-15", dueDate="2020-02-15")
    new = invoice(bench)
    found, cursor, pages = read(api, None, "invoices")
    assert {row["_id"] for row in found["invoices"]} == {old, new} and pages[-1].ends == {"invoices"}
    bench.load("invoices", {"_id": old, "pay": True})
    found, cursor, _ = read(api, cursor, "invoices")
    assert {row["_id"]: row["status"] for row in found["invoices"]} == {old: "paid", new: "sent"}
    bench.load("invoices", {"_id": new, "deleted": True})
    found, cursor, _ = read(api, cursor, "invoices")
    assert INVOICES.parse(found["invoices"][-1]).gone
    assert cursor["invoices"]["open"] == {}


def test_a_number_is_text_whatever_it_is_written_as(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    raw = INVOICES.fetch(api, invoice(bench))
    assert INVOICES.parse({**raw, "invoiceNumber": 7, "invoiceNumberPrefix": ""}).values["number"] == "7"
    assert INVOICES.parse({**raw, "invoiceNumber": Decimal("7.0"), "invoiceNumberPrefix": None}).values["number"] == "7"
    assert INVOICES.parse({**raw, "invoiceNumber": "007"}).values["number"] == "CC-007"


def imported(contact: str, **more: Any) -> dict[str, Any]:
    return {
        "source": Ref("sale", "invoices", "31"),
        "contact": Ref("contact", "contacts", contact),
        "contact_values": {"email": MAIL, "name": "Ondine"},
        "number": "1042",
        "date": date(2025, 3, 4),
        "due_date": date(2025, 4, 3),
        "currency": "CAD",
        "total": Decimal("114.98"),
        "balance": Decimal("14.98"),
        "status": "partially_paid",
        **more,
    }


def test_a_past_invoice_is_made_without_a_message_and_its_payments_with_it(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    contact = bench.state()["contacts"][0]["id"]
    raw = made(api, imported(contact), INVOICES)
    values = INVOICES.parse(raw).values
    assert (values["status"], values["balance"], values["source"]) == ("partially_paid", Decimal("14.98"), "imported")
    assert values["number"] == "1042" and values["date"] == date(2025, 3, 4)
    state = bench.state()
    assert state["messages"] == [] and len(state["transactions"]) == 1
    made(api, imported(contact), INVOICES)
    state = bench.state()
    assert len(state["invoices"]) == 1 and len(state["transactions"]) == 1


def test_a_past_invoice_broken_off_anywhere_is_gone_on_with(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    contact = bench.state()["contacts"][0]["id"]
    one = write(INVOICES, imported(contact, balance=Decimal(0), status="paid"), api.context)
    for _ in range(3):
        bench.configure(lose_answers=1)
        with pytest.raises(OutcomeUnknown):
            INVOICES.create(api, one.payload, one.key)
    INVOICES.create(api, one.payload, one.key)
    state = bench.state()
    assert [row["status"] for row in state["invoices"]] == ["paid"] and len(state["transactions"]) == 1
    assert INVOICES.find(api, one)["status"] == "paid"


def test_a_past_void_invoice_is_void_there_too_and_one_without_address_is_refused(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    contact = bench.state()["contacts"][0]["id"]
    raw = made(api, imported(contact, status="void", balance=Decimal(0)), INVOICES)
    assert raw["status"] == "void" and bench.state()["transactions"] == []
    with pytest.raises(RecordRejected, match="HL-INVOICE-NO-ADDRESS"):
        made(api, imported(contact, contact_values={}), INVOICES)


# Money


def sold(bench: Bench, kind: str = "order_form", **more: Any) -> None:
    told = {} if "amount" in more else {"items": [item("Cours", 149.99)]}
    bench.load("payments", {"kind": kind, "contact": MAIL, **told, **more})


def test_each_way_to_buy_is_a_sale_with_its_lines_taxes_and_day(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    kinds = ("order_form", "subscription", "checkout", "calendar")
    for kind in kinds:
        sold(bench, kind, at="2026-11-02T03:30:00Z")
    sold(bench, "store", items=[item(amount=10, qty=3)], shipping=5, discount={"type": "percentage", "value": 10})
    found, cursor, pages = read(api, None, "receipts", "invoice_payments", "refunds")
    values = [RECEIPTS.parse(row).values for row in found["receipts"]]
    assert {row["source"] for row in values} == {*kinds, "website"}
    assert pages[-1].ends == {"receipts", "invoice_payments", "refunds"}
    for row in values:
        told = sum(line["amount"] - line["discount"] + line["tax_amount"] for line in row["lines"])
        assert told == row["total"] and row["posted_by"] is None
        assert row["payment_method"] == "stripe" and row["document"] == "sales_receipt"
    by = {row["source"]: row for row in values}
    assert by["calendar"]["date"] == date(2026, 11, 1), "half past three in London is the evening before in Toronto"
    assert [line["kind"] for line in by["website"]["lines"]] == ["item", "shipping"]
    assert by["order_form"]["taxes"][0]["code"] == "TPS"
    assert read(api, cursor, "receipts")[0]["receipts"], "the newest days are listed again"


def test_orders_without_taxes_in_their_lines_share_them_out(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    sold(bench, items=[item(amount=33.33), item("Guide", 12.5, qty=2)])
    (row,) = read(api, None, "receipts")[0]["receipts"]
    for line in row["_order"]["items"]:
        line.pop("taxes")
    values = RECEIPTS.parse(row).values
    assert sum(line["tax_amount"] for line in values["lines"]) == row["_order"]["amountSummary"]["tax"]


def test_each_renewal_is_a_sale_of_its_own_on_the_same_order(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    sold(bench, "subscription")
    name = bench.state()["subscriptions"][0]["_id"]
    bench.load("renewals", {"subscription": name}, {"subscription": name, "status": "failed"})
    found = [RECEIPTS.parse(row).values for row in read(api, None, "receipts")[0]["receipts"]]
    assert sorted(row["status"] for row in found) == ["failed", "succeeded", "succeeded"]
    assert len({row["number"] for row in found}) == 3 and {row["source"] for row in found} == {"subscription"}
    assert {row["subscription"] for row in found} == {bench.state()["subscriptions"][0]["subscriptionId"]}


def test_a_renewal_that_names_its_subscription_is_a_sale_with_the_same_lines(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    sold(bench, "subscription")
    (one,) = bench.state()["subscriptions"]
    bench.load("renewals", *({"subscription": one["_id"], "entity": "subscription"} for _ in range(2)))
    rows = read(api, None, "receipts")[0]["receipts"]
    found = [RECEIPTS.parse(row).values for row in rows]
    assert sorted(row["entityType"] for row in rows) == ["order", "subscription", "subscription"]
    assert {row["subscription"] for row in found} == {one["subscriptionId"]}
    assert {row["source"] for row in found} == {"subscription"}
    lines = [[(line["name"], line["amount"], line["tax_amount"]) for line in row["lines"]] for row in found]
    assert lines[0] == lines[1] == lines[2] and len(lines[0]) == 1
    bench.load("subscriptions", {"_id": one["_id"], "deleted": True})
    found = [RECEIPTS.parse(row).values for row in read(api, None, "receipts")[0]["receipts"]]
    assert all(row["total"] == sum(line["amount"] + line["tax_amount"] for line in row["lines"]) for row in found)
    assert len([row for row in found if row["lines"][0]["taxes"]]) == 1, "what nobody tells any more is one line"


def test_what_recurs_in_an_order_is_what_its_renewals_are_for(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    sold(bench, "subscription", items=[item("Club", 40), item("Inscription", 100, type="one_time")])
    (one,) = bench.state()["subscriptions"]
    bench.load("renewals", {"subscription": one["_id"]}, {"subscription": one["_id"], "amount": "39.50"})
    found = [RECEIPTS.parse(row).values for row in read(api, None, "receipts")[0]["receipts"]]
    by_total = {row["total"]: [(line["name"], line["tax_amount"]) for line in row["lines"]] for row in found}
    tax = Decimal("5.99")
    assert by_total[Decimal("45.99")] == [("Club", tax)]
    assert by_total[Decimal("39.50")] == [("Club", Decimal(0))], "a price that changed is one line of that name"
    assert [name for name, _ in by_total[Decimal("160.97")]] == ["Club", "Inscription"]
    for row in found:
        assert row["total"] == sum(line["amount"] - line["discount"] + line["tax_amount"] for line in row["lines"])


def test_subscriptions_are_read_whole_then_the_newest_and_once_a_day_all(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    for number in range(103):
        sold(bench, "subscription", amount=10 + number, at=f"2026-03-{1 + number % 28:02d}T12:00:00Z")
    found, cursor, pages = read(api, None, "subscriptions")
    assert len({row["_id"] for row in found["subscriptions"]}) == len(found["subscriptions"]) == 103
    assert len(pages) == 2 and pages[-1].ends == {"subscriptions"} and pages[0].expected == {"subscriptions": 103}
    one = bench.state()["subscriptions"][0]
    values = SUBSCRIPTIONS.parse(next(row for row in found["subscriptions"] if row["_id"] == one["_id"])).values
    assert values["number"] == one["subscriptionId"] and values["status"] == "active"
    assert values["contact"] == Ref("contact", "contacts", bench.state()["contacts"][0]["id"])
    assert (values["amount"], values["currency"]) == (Decimal("10.00"), "CAD")
    single = api.get(f"/payments/subscriptions/{one['_id']}", {"altId": ATELIER, "altType": "location"})
    assert {**SUBSCRIPTIONS.parse(single).values, "name": values["name"]} == values
    bench.load("subscriptions", {"_id": one["_id"], "status": "canceled", "canceledAt": "2026-11-01T00:00:00Z"})
    sold(bench, "subscription", amount=1, liveMode=False)
    found, cursor, _ = read(api, cursor, "subscriptions")
    assert len(found["subscriptions"]) < 103, "the newest days"
    assert "test" in {SUBSCRIPTIONS.parse(row).values["status"] for row in found["subscriptions"]}
    cursor["subscriptions"]["far"] = "2026-11-01"
    found, _, _ = read(api, cursor, "subscriptions")
    assert "canceled" in {SUBSCRIPTIONS.parse(row).values["status"] for row in found["subscriptions"]}


def test_what_the_vendor_s_own_integration_posted_and_what_is_a_test_says_so(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    sold(bench, qboSynced=True)
    sold(bench, "checkout", liveMode=False)
    found = {
        row["source"]: row for raw in read(api, None, "receipts")[0]["receipts"] if (row := RECEIPTS.parse(raw).values)
    }
    assert found["order_form"]["posted_by"] == "1" and found["checkout"]["status"] == "test"


def test_charges_from_before_the_first_day_are_listed_and_not_asked_about(bench: Bench) -> None:
    bench.load("contacts", {"email": MAIL})
    sold(bench, at="2025-01-10T15:00:00Z")
    sold(bench, "checkout", at="2026-11-02T15:00:00Z")
    api, account = bench.connect(since="2026-01-01")
    with api:
        found, cursor, _ = read(api, None, "receipts")
        assert len(found["receipts"]) == 2
        assert len([call for call in account.calls if "/payments/orders/" in call]) == 1
        assert ["_order" in row for row in found["receipts"]] == [True, False]
    earlier, account = bench.connect(since="2025-01-01")
    with earlier:
        found, _, _ = read(earlier, cursor, "receipts")
    assert all("_order" in row for row in found["receipts"]), "an earlier first day reads what was passed over"


def test_a_payment_of_an_invoice_names_it_and_how_it_was_paid(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    name = invoice(bench)
    bench.load(
        "invoices", {"_id": name, "pay": 50, "provider": "manual", "mode": "cheque", "at": "2026-11-03T12:00:00Z"}
    )
    bench.load("invoices", {"_id": name, "pay": True})
    found = [PAYMENTS.parse(row).values for row in read(api, None, "invoice_payments")[0]["invoice_payments"]]
    assert {row["method"]: row["total"] for row in found} == {"cheque": Decimal("50.00"), "stripe": Decimal("64.98")}
    assert {row["sale"] for row in found} == {Ref("sale", "invoices", name)}


def test_a_refund_grows_with_its_charge_and_is_one(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    sold(bench, items=[item(amount=100), item("Guide", 20)])
    name = bench.state()["transactions"][0]["_id"]
    for part, whole in ((20, Decimal("20.00")), (30, Decimal("50.00"))):
        bench.load("refunds", {"transaction": name, "amount": part})
        (row,) = read(api, None, "refunds")[0]["refunds"]
        values = REFUNDS.parse(row).values
        assert values["total"] == whole and values["sale"] == Ref("sale", "receipts", name)
        assert sum(line["amount"] - line["discount"] + line["tax_amount"] for line in values["lines"]) == whole
        assert values["tax_total"] > 0
    bench.load("refunds", {"transaction": name, "amount": "87.97"})
    (row,) = read(api, None, "refunds")[0]["refunds"]
    assert REFUNDS.parse(row).values["total"] == RECEIPTS.parse(row).values["total"]


def test_a_merged_contact_is_told_by_its_charges(bench: Bench, api: Api) -> None:
    bench.configure(allow_duplicate_contact=True)
    bench.load("contacts", {"email": MAIL}, {"email": "autre@inventee.example"})
    first, second = (row["id"] for row in bench.state()["contacts"])
    sold(bench)
    bench.load("contacts", {"id": first, "merge_into": second})
    found, _, _ = read(api, None, "contacts", "receipts")
    assert CONTACTS.parse(found["contacts"][-1]).merged_into == second
    assert RECEIPTS.parse(found["receipts"][0]).values["contact"] == Ref("contact", "contacts", second)


def test_products_come_with_their_first_price(bench: Bench, api: Api) -> None:
    bench.load("products", {"_id": "p" * 24, "name": "Table", "productType": "PHYSICAL"})
    bench.load(
        "prices",
        {"product": "p" * 24, "name": "Table", "type": "one_time", "currency": "CAD", "amount": 849, "sku": "M-1"},
    )
    found, _, pages = read(api, None, "products", feed=1)
    values = PRODUCTS.parse(found["products"][0]).values
    assert (values["name"], values["sku"], values["price"]) == ("Table", "M-1", Decimal(849))
    assert pages[-1].ends == {"products"}


# Review requests


def asking(bench: Bench, **context: str) -> tuple[Any, Any]:
    bench.load("contacts", {"email": MAIL, "firstName": "Ondine"})
    name = bench.state()["contacts"][0]["id"]
    api, _ = bench.connect(reviews="yes", **context)
    return api, write(REVIEWS, {"remote_id": name, "asked": True}, api.context, "update")


def ask(api: Api, one: Any) -> Any:
    return REVIEWS.update(api, one.remote_id, one.payload, one.key)


def test_a_tag_is_given_once_however_often_its_answer_is_lost(bench: Bench) -> None:
    api, one = asking(bench, review_by="tag", review_tag="avis")
    with api:
        bench.configure(lose_answers=1)
        with pytest.raises(OutcomeUnknown):
            ask(api, one)
        assert REVIEWS.find(api, one) is not None
        assert REVIEWS.parse(ask(api, one)).values["asked"] is True
        assert len(bench.bodies("/tags")) == 1
        other = write(REVIEWS, {"remote_id": one.remote_id, "asked": True}, {"review_tag": "autre"}, "update")
        ask(api, other)
        assert len(bench.bodies("/tags")) == 1, "another tag in the settings asks nobody again"
        (row,) = read(api, None, "review_requests")[0]["review_requests"]
    assert row["asked"] is True and bench.state()["contacts"][0]["tags"] == ["avis", "bridge-review-asked"]


def test_a_workflow_gets_a_contact_once_and_in_doubt_a_person_looks(bench: Bench) -> None:
    api, one = asking(bench, review_by="workflow", review_workflow=REVIEW)
    fault = {"vendor": "highlevel", "kind": "status", "path": "/workflow/", "times": 1}
    with api:
        assert REVIEWS.find(api, one) is None, "never begun: it may go"
        bench.control("faults", [{**fault, "status": 429}])
        with pytest.raises(RateLimited):
            ask(api, one)
        bench.load("contacts", {"id": one.remote_id, "tags": []})  # a person, who saw that it was not sent
        bench.control("faults", [{**fault, "status": 502}])
        with pytest.raises(OutcomeUnknown):
            ask(api, one)
        with pytest.raises(RecordRejected, match="HL-REVIEW-UNSURE"):
            REVIEWS.find(api, one)
        with pytest.raises(RecordRejected, match="HL-REVIEW-UNSURE"):
            ask(api, one)
        bench.load("contacts", {"id": one.remote_id, "tags": []})
        ask(api, one)
        assert REVIEWS.find(api, one) is not None
        ask(api, one)
    assert list(bench.state()["enrolment_counts"].values()) == [1]


def test_who_wants_no_messages_is_not_asked(bench: Bench) -> None:
    api, one = asking(bench)
    bench.load("contacts", {"id": one.remote_id, "dnd": True})
    with api, pytest.raises(RecordRejected, match="HL-REVIEW-UNREACHABLE"):
        ask(api, one)
    with pytest.raises(SettingInvalid, match="HL-SETTING-MISSING"):
        reviews.build({"asked": True}, "update", {"review_by": "workflow"})


def test_a_draft_workflow_is_named(bench: Bench) -> None:
    api, one = asking(bench, review_by="workflow", review_workflow="2c0ffee0-0000-4000-8000-000000000002")
    with api, pytest.raises(RecordRejected, match="HL-WORKFLOW"):
        ask(api, one)


def test_who_was_asked_is_read_where_reviews_are_on_and_not_else(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"email": MAIL})
    found, cursor, pages = read(api, None, "contacts", "review_requests")
    assert "review_requests" not in found and "review_requests" in pages[-1].ends
    on, _ = bench.connect(reviews="yes")
    with on:
        found, _, _ = read(on, cursor, "contacts", "review_requests")
    assert [row["asked"] for row in found["review_requests"]] == [False]


# Limits


def test_the_used_up_day_says_when_it_goes_on(bench: Bench, api: Api) -> None:
    bench.configure(rate_limits=True, daily_calls=1)
    with pytest.raises(RateLimited) as refused:
        for _ in range(3):
            CONNECTOR.identify(api)
    assert refused.value.code == "HL-DAILY" and str(refused.value.params["until"]).endswith("00:00 UTC")
    assert refused.value.retry_after and refused.value.retry_after > 0


def test_a_used_up_burst_waits_as_long_as_it_is(bench: Bench, api: Api) -> None:
    bench.configure(rate_limits=True, burst_calls=1)
    with pytest.raises(RateLimited) as refused:
        for _ in range(3):
            CONNECTOR.identify(api)
    assert refused.value.code == "HL-BUSY" and refused.value.retry_after == 10.0


def test_an_edge_page_is_no_refusal(bench: Bench, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport.time, "sleep", lambda seconds: None)
    bench.control("faults", [{"vendor": "highlevel", "kind": "status", "status": 522, "times": 9}])
    with pytest.raises(VendorUnavailable, match="HL-EDGE"):
        CONNECTOR.identify(api)
