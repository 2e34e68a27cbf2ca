"""The HubSpot connector against its stand-in; every request it makes and every answer it gets is held against the
vendor's contract.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    AuthorizationExpired,
    OutcomeUnknown,
    RecordRejected,
    Ref,
    SettingInvalid,
    VendorUnavailable,
    Write,
)
from connectors.hubspot import CONNECTOR, auth, feeds
from connectors.hubspot.properties import ensure
from connectors.sandbox.server import background
from connectors.transport import Api, PlainHttp
from connectors.transport import api as transport
from tests.contract.hubspot_bench import (
    APP,
    BACK,
    PORTAL,
    REALM,
    SMALL_PORTAL,
    TEST_PORTAL,
    Account,
    Bench,
    read,
    writes,
)

CONTACTS, PRODUCTS = CONNECTOR.resource("contacts"), CONNECTOR.resource("products")
INVOICES, PAYMENTS = CONNECTOR.resource("invoices"), CONNECTOR.resource("payments")
DEALS, NOTES = CONNECTOR.resource("deals"), CONNECTOR.resource("payment_notes")


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
    found.control(
        "configure/hubspot",
        {"lose_answers": 0, "search_lag_seconds": 0.0, "rotate_refresh_tokens": False, "keep_primary_id": False},
    )
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
def connected(bench: Bench) -> Iterator[tuple[Api, Account]]:
    api, account = bench.connect()
    with api:
        yield api, account


@pytest.fixture
def api(connected: tuple[Api, Account]) -> Api:
    return connected[0]


def person(place: int, **more: Any) -> dict[str, Any]:
    return {
        "source": Ref("contact", "customers", str(100 + place)),
        "email": f"zoe.{place}@example.com",
        "given_name": "Zoé",
        "family_name": f"Fictive {place}",
        "company": None,
        "phone": "514 555-0100",
        "address": {
            "line1": "1, rue Inventée",
            "line2": "Bureau 4",
            "city": "Montréal",
            "region": "QC",
            "postcode": "H1H 1H1",
            "country": "CA",
        },
        **more,
    }


def item(place: int, **more: Any) -> dict[str, Any]:
    return {
        "source": Ref("product", "items", str(200 + place)),
        "name": f"Article {place}",
        "sku": f"A-{place}",
        "price": Decimal("12.50"),
        "cost": None,
        **more,
    }


def sent(api: Api, resource: Any, values: list[dict[str, Any]], action: Any = "create") -> list[Any]:
    outcomes = resource.bulk.send(api, writes(resource, values, api.context, action))
    return sorted(outcomes, key=lambda outcome: int(outcome.change))


# Signing in


def test_a_code_becomes_a_grant_that_names_its_account_and_its_rights(bench: Bench) -> None:
    grant, account = auth.exchange(PlainHttp(), bench.hosts, APP, BACK, bench.callback())
    assert account == PORTAL
    assert grant.expires_in == 1800 and grant.refresh_token
    assert set(auth.SCOPES) <= auth.scopes_of(grant)
    assert grant.access_token not in repr(grant) and len(grant.access_token) > 300
    api, _ = bench.connect()
    with api:
        identity = CONNECTOR.identify(api)
    assert identity.account_id == PORTAL and identity.name == f"{PORTAL}.example"
    assert identity.facts["currency"] == "CAD" and identity.facts["time_zone"] == "America/Toronto"
    assert identity.facts["account_type"] == "STANDARD" and identity.facts["sandbox"] is False


def test_a_test_account_says_that_it_is_one(bench: Bench) -> None:
    api, _ = bench.connect(TEST_PORTAL)
    with api:
        facts = CONNECTOR.identify(api).facts
        found = {finding.code: finding.level for finding in CONNECTOR.diagnose(api)}
    assert facts["account_type"] == "DEVELOPER_TEST" and facts["sandbox"] is True
    assert found["HS-CHECK-KIND"] == "warning"


@pytest.mark.row("H-06")
def test_every_right_that_is_missing_is_named_before_anything_moves(bench: Bench) -> None:
    api, account = bench.connect(SMALL_PORTAL)
    with api:
        facts = CONNECTOR.identify(api).facts
        findings = CONNECTOR.diagnose(api)
    assert facts["missing_scopes"] == []
    assert facts["missing_optional_scopes"] == list(auth.OPTIONAL)
    named = {finding.params["scope"] for finding in findings if "scope" in finding.params}
    assert named == set(auth.OPTIONAL)
    assert not [call for call in account.calls if not call.startswith("GET")]


def test_a_grant_without_a_right_we_need_is_refused_by_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    callback = bench.callback()
    monkeypatch.setattr(auth, "SCOPES", (*auth.SCOPES, "crm.objects.subscriptions.read"))
    with pytest.raises(SettingInvalid, match="HS-SCOPES-MISSING") as refused:
        auth.exchange(PlainHttp(), bench.hosts, APP, BACK, callback)
    assert refused.value.params["scopes"] == "crm.objects.subscriptions.read"


def test_a_spent_code_and_a_wrong_secret_are_ours_and_a_withdrawn_token_asks_a_person(bench: Bench) -> None:
    callback = bench.callback()
    grant, _ = auth.exchange(PlainHttp(), bench.hosts, APP, BACK, callback)
    with pytest.raises(SettingInvalid, match="HS-SIGN-IN"):
        auth.exchange(PlainHttp(), bench.hosts, APP, BACK, callback)
    from dataclasses import replace

    with pytest.raises(SettingInvalid, match="HS-SIGN-IN"):
        auth.refresh(PlainHttp(), bench.hosts, replace(APP, client_secret="wrong"), grant)
    fresh = auth.refresh(PlainHttp(), bench.hosts, APP, grant)
    assert fresh.access_token != grant.access_token and fresh.extra == grant.extra
    auth.revoke(PlainHttp(), bench.hosts, APP, fresh)
    auth.revoke(PlainHttp(), bench.hosts, APP, fresh)
    with pytest.raises(AuthorizationExpired, match="HS-GRANT-GONE"):
        auth.refresh(PlainHttp(), bench.hosts, APP, fresh)


def test_a_refused_consent_is_told_plainly(bench: Bench) -> None:
    with pytest.raises(SettingInvalid, match="HS-CONSENT-REFUSED"):
        auth.exchange(PlainHttp(), bench.hosts, APP, BACK, {"error": "access_denied"})


def test_access_that_ran_out_is_renewed_once_and_the_call_repeated(bench: Bench) -> None:
    api, _ = bench.connect()
    with api:
        bench.control("faults", [{"vendor": "hubspot", "kind": "expire_tokens"}])
        assert CONNECTOR.identify(api).account_id == PORTAL
        bench.control("faults", [{"vendor": "hubspot", "kind": "revoke"}])
        with pytest.raises(AuthorizationExpired):
            CONNECTOR.identify(api)


# Contacts


def test_a_contact_is_there_and_back_again(api: Api) -> None:
    outcome = sent(api, CONTACTS, [person(1)])[0]
    assert outcome.error is None
    record = CONTACTS.parse(CONTACTS.fetch(api, outcome.remote_id))
    for name in ("email", "given_name", "family_name", "phone", "address"):
        assert record.values[name] == person(1)[name]
    assert record.values["company"] is None and record.values["name"] == "Zoé Fictive 1"
    assert record.raw["properties"]["qbo_id"] == f"{REALM}:101"
    answered = CONTACTS.parse(outcome.raw)
    assert {name: answered.values[name] for name in answered.values if name != "created_at"} == {
        name: record.values[name] for name in answered.values if name != "created_at"
    }


def test_our_properties_are_made_once_in_a_group_of_our_own(bench: Bench) -> None:
    for _ in range(2):
        api, account = bench.connect()
        with api:
            sent(api, CONTACTS, [person(_)])
    assert len(bench.bodies("/groups")) == 1
    assert bench.bodies("/groups")[0]["label"] == "Bridge (QuickBooks)"
    made = [row for body in bench.bodies("contacts/batch/create") for row in body["inputs"] if "fieldType" in row]
    assert [row["name"] for row in made] == ["qbo_id"] and made[0]["hasUniqueValue"] is True
    assert made[0]["groupName"] == "bridge"


def test_a_property_of_our_name_that_is_not_ours_is_told_and_nothing_is_written(bench: Bench, api: Api) -> None:
    body = {
        "name": "qbo_id",
        "label": "Old",
        "type": "number",
        "fieldType": "number",
        "groupName": "contactinformation",
    }
    api.post("/crm/properties/2026-09/contacts", body)
    with pytest.raises(SettingInvalid, match="HS-PROPERTY-TAKEN"):
        sent(api, CONTACTS, [person(1)])
    assert "HS-PROPERTY-TAKEN" in {finding.code for finding in CONNECTOR.diagnose(api) if finding.level == "blocker"}
    assert bench.held("contacts") == []


def test_one_bad_row_is_refused_alone(api: Api) -> None:
    bad = person(2, email="zoe@@example")
    values = [person(1), person(2), person(3)]
    todo = writes(CONTACTS, values, api.context)
    todo[1].payload["properties"]["email"] = bad["email"]
    outcomes = {outcome.change: outcome for outcome in CONTACTS.bulk.send(api, todo)}
    assert [outcomes[change].error is None for change in "123"] == [True, False, True]
    assert outcomes["2"].error.code == "HS-EMAIL-INVALID" and outcomes["2"].error.field == "email"


def test_a_repeated_create_after_a_lost_answer_makes_no_second_contact(bench: Bench, api: Api) -> None:
    ensure(api, "contacts")
    todo = writes(CONTACTS, [person(1), person(2)], api.context)
    bench.control("configure/hubspot", {"lose_answers": 1})
    with pytest.raises(OutcomeUnknown):
        CONTACTS.bulk.send(api, todo)
    assert len(bench.held("contacts")) == 2
    assert CONTACTS.parse(CONTACTS.find(api, todo[0])).values["email"] == "zoe.1@example.com"
    again = {outcome.change: outcome for outcome in CONTACTS.bulk.send(api, todo)}
    assert all(outcome.error is None for outcome in again.values())
    single = CONTACTS.create(api, todo[0].payload, "k")
    assert single["id"] == again["1"].remote_id
    assert len(bench.held("contacts")) == 2


def test_a_lost_answer_about_our_properties_leaves_no_record_in_doubt(bench: Bench, api: Api) -> None:
    bench.control("configure/hubspot", {"lose_answers": 1})
    with pytest.raises(VendorUnavailable):
        sent(api, CONTACTS, [person(1)])
    assert bench.held("contacts") == []
    assert sent(api, CONTACTS, [person(1)])[0].error is None


def test_a_repeat_that_says_something_else_makes_the_first_one_say_it(bench: Bench, api: Api) -> None:
    sent(api, CONTACTS, [person(1, phone="514 555-0101")])
    outcome = sent(api, CONTACTS, [person(1, phone="514 555-0102")])[0]
    assert outcome.error is None
    assert CONTACTS.parse(CONTACTS.fetch(api, outcome.remote_id)).values["phone"] == "514 555-0102"
    assert len(bench.held("contacts")) == 1


def test_a_secondary_address_names_the_contact_that_has_it(bench: Bench, api: Api) -> None:
    bench.load("contacts", {"properties": {"email": "ann@example.com", "firstname": "Ann", "lastname": "Lee",
                                           "hs_additional_emails": "lee@example.com"}})  # fmt: skip
    outcomes = sent(api, CONTACTS, [person(1, email="LEE@example.com"), person(2, email="ann@example.com")])
    first, second = (outcome.error for outcome in outcomes)
    assert isinstance(first, RecordRejected) and first.code == "HS-EMAIL-SECONDARY"
    assert first.params["contact"] == "Ann Lee" and first.params["email"] == "lee@example.com"
    assert second.code == "HS-EMAIL-TAKEN" and second.params["existing"] == first.params["existing"]
    with pytest.raises(RecordRejected, match="HS-EMAIL-SECONDARY"):
        CONTACTS.create(api, CONTACTS.payload(person(3, email="lee@example.com"), "create", api.context), "k")


def test_two_customers_with_one_address_in_one_batch_cost_neither_the_other(api: Api) -> None:
    values = [person(1), person(2, email="Zoe.1@example.com"), person(3)]
    errors = [outcome.error for outcome in sent(api, CONTACTS, values)]
    assert errors[0] is None and errors[2] is None and errors[1].code == "HS-EMAIL-TAKEN"


def test_a_firm_without_an_address_keeps_its_name_and_nobody_at_all_is_refused(api: Api) -> None:
    firm = {"source": Ref("contact", "customers", "7"), "company": "Toitures Fictives inc.", "given_name": None}
    outcome = sent(api, CONTACTS, [firm])[0]
    assert CONTACTS.parse(CONTACTS.fetch(api, outcome.remote_id)).values["name"] == "Toitures Fictives inc."
    with pytest.raises(RecordRejected, match="HS-CONTACT-NAMELESS"):
        CONTACTS.payload({"source": Ref("contact", "customers", "8"), "phone": "1"}, "create", api.context)


def test_an_emptied_value_is_emptied_there(api: Api) -> None:
    made = sent(api, CONTACTS, [person(1)])[0]
    change = {"phone": None, "address": None, "remote_id": made.remote_id}
    outcome = sent(api, CONTACTS, [change], "update")[0]
    assert outcome.error is None
    values = CONTACTS.parse(CONTACTS.fetch(api, made.remote_id)).values
    assert values["phone"] is None and values["address"] is None and values["email"] == "zoe.1@example.com"
    answered = CONTACTS.parse(outcome.raw).values
    assert answered["phone"] is None and answered["address"] is None


def test_an_update_of_a_merged_contact_answers_with_the_survivor(bench: Bench, api: Api) -> None:
    one, two = sent(api, CONTACTS, [person(1), person(2)])
    survivor = api.post("/crm/objects/2026-09/contacts/merge",
                        {"primaryObjectId": one.remote_id, "objectIdToMerge": two.remote_id})  # fmt: skip
    raw = CONTACTS.update(api, one.remote_id, {"properties": {"phone": "514 555-0109"}}, "k")
    assert raw["id"] == survivor["id"] != one.remote_id
    stub = CONTACTS.parse(CONTACTS.fetch(api, one.remote_id))
    assert stub.remote_id == one.remote_id and stub.merged_into == survivor["id"] and stub.gone


def test_a_rule_of_the_accounts_administrator_refuses_one_record_in_its_own_words(bench: Bench, api: Api) -> None:
    bench.load("rules", {"objectType": "contacts", "property": "phone", "pattern": r"\+.*",
                         "message": "Use the international form."})  # fmt: skip
    outcomes = sent(api, CONTACTS, [person(1), person(2, phone="+1 514 555-0100")])
    assert outcomes[0].error.code == "HS-RULE" and outcomes[0].error.field == "phone"
    assert "Use the international form." in outcomes[0].error.detail
    assert outcomes[1].error is None


def test_an_archived_contact_is_gone_and_archiving_again_is_harmless(api: Api) -> None:
    made = sent(api, CONTACTS, [person(1)])[0]
    write = Write("1", "remove", made.remote_id, {}, "k")
    assert CONTACTS.find(api, write) is not None
    for _ in range(2):
        CONTACTS.remove(api, made.remote_id, {}, "k")
    assert CONTACTS.find(api, write) is None
    assert CONTACTS.parse(CONTACTS.fetch(api, made.remote_id)).gone
    with pytest.raises(RecordRejected, match="HS-NOT-FOUND"):
        CONTACTS.fetch(api, "999")


# Products


def test_a_product_is_there_and_back_again_and_a_repeat_makes_no_second(bench: Bench, api: Api) -> None:
    outcomes = sent(api, PRODUCTS, [item(1), item(2, sku="A-1")])
    assert [outcome.error for outcome in outcomes] == [None, None]  # a SKU is not unique there
    values = PRODUCTS.parse(PRODUCTS.fetch(api, outcomes[0].remote_id)).values
    assert values["price"] == Decimal("12.50") and values["sku"] == "A-1" and values["cost"] is None
    assert values["active"] is True
    again = sent(api, PRODUCTS, [item(1, price=Decimal("13.00"))])[0]
    assert again.remote_id == outcomes[0].remote_id
    assert PRODUCTS.parse(PRODUCTS.fetch(api, again.remote_id)).values["price"] == Decimal("13.00")
    assert len(bench.held("products")) == 2


def test_a_product_priced_by_tiers_says_so_and_has_no_price(bench: Bench, api: Api) -> None:
    bench.load("products", {"properties": {"name": "Bulk tile", "price": "3", "hs_pricing_model": "volume"}})
    found, _, _ = read(api, None, "products")
    values = PRODUCTS.parse(found["products"][0]).values
    assert values["kind"] == "tiered" and values["price"] is None


# Reading


def people(bench: Bench, count: int, start: int = 1) -> None:
    bench.load(
        "contacts",
        *({"properties": {"email": f"p{n}@example.com", "lastname": f"P{n}"}} for n in range(start, start + count)),
    )


def emails(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row["properties"]["email"]) for row in rows if "properties" in row)


def test_everything_is_read_once_and_then_nothing_costs_one_search(
    bench: Bench, connected: tuple[Api, Account]
) -> None:
    api, account = connected
    people(bench, 560)
    found, cursor, pages = read(api, None, "contacts")
    assert len(found["contacts"]) == 560 == len({row["id"] for row in found["contacts"]})
    assert pages[-1].ends == {"contacts"} and [len(page.documents["contacts"]) for page in pages] == [500, 60]
    assert account.counted()["GET /crm/objects/2026-09/contacts"] == 6
    _, cursor, _ = read(api, cursor, "contacts")  # looks for archived ones, once in a while
    account.counted()
    for _ in range(3):
        found, cursor, _ = read(api, cursor, "contacts")
        assert found == {}
        assert account.counted() == {"POST /crm/objects/2026-09/contacts/search": 1}


def test_a_cursor_goes_on_in_the_middle_of_the_first_reading(bench: Bench, api: Api) -> None:
    people(bench, 560)
    first, cursor, _ = read(api, None, "contacts", pages=1)
    rest, cursor, pages = read(api, cursor, "contacts")
    assert emails(first["contacts"] + rest["contacts"]) == sorted(f"p{n}@example.com" for n in range(1, 561))
    assert pages[-1].ends == {"contacts"}


def test_what_changed_is_read_and_what_did_not_is_not(bench: Bench, api: Api) -> None:
    people(bench, 20)
    found, cursor, _ = read(api, None, "contacts")
    bench.control("clock", {"advance_seconds": 3600})
    some = found["contacts"][4]
    bench.load("contacts", {"id": some["id"], "properties": {"phone": "514 555-0142"}})
    people(bench, 1, start=99)
    _, cursor, _ = read(api, cursor, "contacts")
    bench.load("contacts", {"id": some["id"], "properties": {"phone": "514 555-0143"}})
    found, cursor, _ = read(api, cursor, "contacts")
    assert [row["properties"]["phone"] for row in found["contacts"]] == ["514 555-0143"]
    found, _, _ = read(api, cursor, "contacts")
    assert found == {}


def test_a_mass_change_of_one_moment_is_read_whole_and_can_be_cut_off(bench: Bench, api: Api) -> None:
    people(bench, 5)
    _, cursor, _ = read(api, None, "contacts")
    bench.control("clock", {"advance_seconds": 3600})
    people(bench, 450, start=100)
    seen: dict[str, Any] = {}
    for _ in range(12):  # a reader that is cut off after every page still arrives
        found, cursor, pages = read(api, cursor, "contacts", pages=1)
        seen.update({row["id"]: row for row in found.get("contacts", [])})
        if "window" not in cursor["contacts"] and not found:
            break
    assert {f"p{n}@example.com" for n in range(100, 550)} <= set(emails(list(seen.values())))
    found, _, _ = read(api, cursor, "contacts")
    assert found == {}


def test_an_index_that_lags_hides_nothing_for_good(bench: Bench, api: Api) -> None:
    people(bench, 3)
    _, cursor, _ = read(api, None, "contacts")
    bench.control("configure/hubspot", {"search_lag_seconds": 120.0})
    people(bench, 2, start=50)
    found, cursor, _ = read(api, cursor, "contacts")
    assert "p50@example.com" not in emails(found.get("contacts", []))
    bench.control("clock", {"advance_seconds": 121})
    bench.control("configure/hubspot", {"search_lag_seconds": 0.0})
    people(bench, 1, start=60)
    found, cursor, _ = read(api, cursor, "contacts")
    assert set(emails(found["contacts"])) >= {"p50@example.com", "p51@example.com", "p60@example.com"}


def test_a_merge_is_told_by_the_survivor(bench: Bench, api: Api) -> None:
    one, two = sent(api, CONTACTS, [person(1), person(2)])
    _, cursor, _ = read(api, None, "contacts")
    body = {"primaryObjectId": one.remote_id, "objectIdToMerge": two.remote_id}
    survivor = str(api.post("/crm/objects/2026-09/contacts/merge", body)["id"])
    found, cursor, _ = read(api, cursor, "contacts")
    records = {record.remote_id: record for record in map(CONTACTS.parse, found["contacts"])}
    assert records.keys() == {one.remote_id, two.remote_id, survivor}
    assert records[one.remote_id].merged_into == records[two.remote_id].merged_into == survivor
    assert not records[survivor].gone and records[one.remote_id].values == {}


def test_what_was_archived_is_told_within_its_time(
    bench: Bench, connected: tuple[Api, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, account = connected
    made = sent(api, CONTACTS, [person(1), person(2)])
    sent(api, PRODUCTS, [item(1)])
    names = ("contacts", "products")
    _, cursor, _ = read(api, None, *names)
    for _ in names:
        _, cursor, _ = read(api, cursor, *names)
    CONTACTS.remove(api, made[0].remote_id, {}, "k")
    account.counted()
    _, cursor, _ = read(api, cursor, *names)
    assert not [call for call in account.counted() if call.startswith("GET")]  # not due yet
    now = feeds.time.time
    monkeypatch.setattr(feeds.time, "time", lambda: now() + feeds.ARCHIVED_SECONDS + 1)
    gone = []
    for _ in names:
        found, cursor, _ = read(api, cursor, *names)
        gone += [record for record in map(CONTACTS.parse, found.get("contacts", [])) if record.gone]
        listed = [call for call in account.counted() if call.startswith("GET /crm/objects")]
        assert len(listed) == 1  # one kind in a run
    assert [record.remote_id for record in gone] == [made[0].remote_id] and gone[0].values == {}


# Invoices, deals, notes


def sale(place: int, contact: str | None, **more: Any) -> dict[str, Any]:
    return {
        "source": Ref("sale", "invoices", str(300 + place)),
        "number": f"10{place:02d}",
        "date": date(2026, 11, 5),
        "due_date": date(2026, 12, 5),
        "contact": Ref("contact", "contacts", contact) if contact else None,
        "currency": "CAD",
        "subtotal": Decimal("100.10"),
        "discount_total": Decimal("10.10"),
        "tax_total": Decimal("13.48"),
        "total": Decimal("103.48"),
        "balance": Decimal("103.48"),
        "status": "open",
        "memo": "Merci",
        "lines": [
            line("Tuile <b>", "2", "25.00", "50.00"),
            line("Pose", "3", "16.70", "50.10"),
            {**line("Note", "1", "0", "0"), "kind": "note", "amount": None},
        ],
        **more,
    }


def line(name: str, quantity: str, price: str, amount: str, product: str | None = None) -> dict[str, Any]:
    return {
        "id": None,
        "kind": "item",
        "product": Ref("product", "products", product) if product else None,
        "name": name,
        "quantity": Decimal(quantity),
        "unit_price": Decimal(price),
        "amount": Decimal(amount),
        "tax_code": None,
    }


SHOWN = ("number", "date", "due_date", "currency", "subtotal", "discount_total", "tax_total", "total", "balance",
         "status", "memo")  # fmt: skip


@pytest.mark.row("H-04")
def test_an_invoice_of_the_books_has_the_same_number_total_tax_and_balance(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    tile = sent(api, PRODUCTS, [item(1)])[0].remote_id
    values = [sale(1, ann, lines=[line("Tuile", "2", "25.00", "50.00", tile), line("Pose", "3", "16.70", "50.10")])]
    values += [sale(n, ann) for n in range(2, 12)]
    outcomes = sent(api, INVOICES, values)
    assert [outcome.error for outcome in outcomes] == [None] * 11
    record = INVOICES.parse(INVOICES.fetch(api, outcomes[0].remote_id))
    assert record == INVOICES.parse(outcomes[0].raw)
    assert {name: record.values[name] for name in SHOWN} == {name: values[0][name] for name in SHOWN}
    assert record.values["contact"] == Ref("contact", "contacts", ann) and record.values["source"] == "bridge"
    lines = record.values["lines"]
    assert [(one["kind"], one["amount"], one["discount"]) for one in lines] == [
        ("item", Decimal("50.00"), Decimal("10.10")),
        ("item", Decimal("50.10"), None),
        ("tax", Decimal("13.48"), None),
    ]
    assert lines[0]["product"] == Ref("product", "products", tile) and lines[0]["sku"] == "A-1"
    # Said once more it changes nothing: what HubSpot filled in is not taken away.
    bench.sent.clear()
    again = sent(api, INVOICES, values)
    assert [outcome.remote_id for outcome in again] == [outcome.remote_id for outcome in outcomes]
    assert not [path for _, path, _ in bench.sent if "line_items/batch/" in path and not path.endswith("read")]
    # What HubSpot works out of the lines is what the books say.
    held = {row["id"]: row["properties"] for row in bench.held("invoices")}
    assert held[outcomes[0].remote_id]["hs_amount_billed"] == "103.48"
    assert {row["hs_invoice_billable"] for row in held.values()} == {"false"}
    assert {row["hs_invoice_status"] for row in held.values()} == {"open"}
    assert held[outcomes[0].remote_id]["hs_number"] == "1001"


@pytest.mark.row("H-29")
def test_no_invoice_is_ever_linked_to_a_deal(bench: Bench, api: Api) -> None:
    bench.load("deals", {"properties": {"dealname": "Toit", "dealstage": "contractsent"}})
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    made = sent(api, INVOICES, [sale(1, ann)])[0].remote_id
    sent(api, INVOICES, [{**sale(1, ann), "remote_id": made, "total": Decimal(1)}], "update")
    links = bench.state()["associations"]
    assert not [one for one in links if one["from"].startswith("invoices/") and one["to"].startswith("deals/")]
    assert not [path for _, path, _ in bench.sent if "deals" in path and "invoices" in path]


def test_amounts_of_the_books_are_met_by_the_lines_whatever_they_hold(bench: Bench, api: Api) -> None:
    cases = [
        # lines that are no price times quantity, a negative line, shipping in the total alone, and nothing at all
        ([line("A", "3", "0.333", "1.00")], {"total": "1.00", "tax_total": "0", "discount_total": "0"}),
        ([line("A", "1", "20.00", "20.00"), line("Retour", "1", "-5.00", "-5.00")],
         {"total": "15.00", "tax_total": "0", "discount_total": "0"}),
        ([line("A", "2", "10.00", "20.00")], {"total": "29.95", "tax_total": "2.95", "discount_total": "0"}),
        ([line("A", "2", "10.00", "20.00"), line("B", "1", "5.00", "5.00")],
         {"total": "1.00", "tax_total": "0", "discount_total": "24.00"}),
        ([], {"total": "0", "tax_total": "0", "discount_total": "0"}),
    ]  # fmt: skip
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    values = [
        sale(n, ann, lines=lines, **{name: Decimal(value) for name, value in sums.items()})
        for n, (lines, sums) in enumerate(cases)
    ]
    outcomes = sent(api, INVOICES, values)
    assert [outcome.error for outcome in outcomes] == [None] * len(cases)
    held = {row["id"]: Decimal(row["properties"].get("hs_amount_billed") or 0) for row in bench.held("invoices")}
    assert [held[outcome.remote_id] for outcome in outcomes] == [Decimal(sums["total"]) for _, sums in cases]


@pytest.mark.row("H-31")
def test_a_paid_invoice_says_so_once(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    made = sent(api, INVOICES, [sale(1, ann)])[0].remote_id
    said = []
    for change in (
        {"balance": Decimal("50.00"), "status": "partially_paid"},
        {"balance": Decimal("40.00")},
        {"balance": Decimal(0), "status": "paid"},
        {"balance": Decimal(0), "status": "paid"},
    ):
        outcome = sent(api, INVOICES, [{**change, "remote_id": made}], "update")[0]
        assert outcome.error is None
        said.append(INVOICES.parse(outcome.raw).values["status"])
    assert said == ["partially_paid", "partially_paid", "paid", "paid"]
    row = api.get(f"/crm/objects/2026-09/invoices/{made}", {"propertiesWithHistory": "qbo_status"})
    history = [value["value"] for value in row["propertiesWithHistory"]["qbo_status"]]
    assert history == ["paid", "partly_paid", "open"]
    assert INVOICES.parse(INVOICES.fetch(api, made)).values["lines"][0]["amount"] == Decimal("50.00")


def test_an_edited_invoice_keeps_its_lines_in_step_and_its_customer(bench: Bench, api: Api) -> None:
    ann, dan = (outcome.remote_id for outcome in sent(api, CONTACTS, [person(1), person(2)]))
    made = sent(api, INVOICES, [sale(1, ann)])[0].remote_id
    before = INVOICES.parse(INVOICES.fetch(api, made)).values["lines"]
    change = {"remote_id": made, "lines": [line("Pose", "1", "70.00", "70.00")], "subtotal": Decimal("70.00"),
              "discount_total": Decimal(0), "tax_total": Decimal("10.48"), "total": Decimal("80.48"),
              "contact": Ref("contact", "contacts", dan)}  # fmt: skip
    values = INVOICES.parse(sent(api, INVOICES, [change], "update")[0].raw).values
    assert [(one["name"], one["kind"], one["amount"]) for one in values["lines"]] == [
        ("Pose", "item", Decimal("70.00")),
        ("Taxes", "tax", Decimal("10.48")),
    ]
    assert values["lines"][0]["id"] == before[0]["id"] and values["contact"].remote_id == dan
    held = bench.held("invoices")[0]["properties"]
    assert held["hs_amount_billed"] == "80.48" and held["hs_invoice_status"] == "open"
    assert len(bench.held("line_items")) == 2
    # A change of the tax alone moves the tax line alone.
    sent(api, INVOICES, [{"remote_id": made, "tax_total": Decimal("0.52"), "total": Decimal("70.52")}], "update")
    assert bench.held("invoices")[0]["properties"]["hs_amount_billed"] == "70.52"


@pytest.mark.parametrize("step", ["invoices/batch/create", "line_items/batch/create", "invoices/batch/update"])
def test_an_invoice_cut_off_at_any_step_is_finished_and_not_made_twice(bench: Bench, api: Api, step: str) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    ensure(api, "invoices")
    todo = writes(INVOICES, [sale(1, ann), sale(2, ann)], api.context)
    fault = {"vendor": "hubspot", "path": f"/{step}$", "kind": "drop_after", "times": 1}
    bench.control("faults", [fault])
    told = INVOICES.bulk.send
    with pytest.raises(OutcomeUnknown):
        told(api, todo)
    bench.control("faults", [])
    found = [INVOICES.find(api, write) for write in todo]
    assert all(raw is None for raw in found) or step == "invoices/batch/update"
    outcomes = told(api, todo)
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert len(bench.held("invoices")) == 2 and len(bench.held("line_items")) == 6
    assert {row["properties"]["hs_amount_billed"] for row in bench.held("invoices")} == {"103.48"}
    assert all(INVOICES.find(api, write) for write in todo)


def test_a_line_whose_product_was_archived_is_written_without_it(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    gone = sent(api, PRODUCTS, [item(1)])[0].remote_id
    PRODUCTS.remove(api, gone, {}, "k")
    outcome = sent(api, INVOICES, [sale(1, ann, lines=[line("Tuile", "1", "100.10", "100.10", gone)])])[0]
    assert outcome.error is None
    lines = INVOICES.parse(outcome.raw).values["lines"]
    assert lines[0]["product"] is None and lines[0]["name"] == "Tuile"


def test_a_voided_invoice_stays_and_says_so_and_a_removed_one_goes_where_it_may(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    one, two, three = (outcome.remote_id for outcome in sent(api, INVOICES, [sale(n, ann) for n in (1, 2, 3)]))
    raw = INVOICES.void(api, one, {}, "k")
    assert INVOICES.parse(raw).values["status"] == "void"
    assert INVOICES.find(api, Write("1", "void", one, {}, "k")) is None
    INVOICES.remove(api, two, {}, "k")
    assert INVOICES.parse(INVOICES.fetch(api, two)).gone
    bench.control("configure/hubspot", {"allow_invoice_delete": False})
    INVOICES.remove(api, three, {}, "k")
    bench.control("configure/hubspot", {"allow_invoice_delete": True})
    assert INVOICES.parse(INVOICES.fetch(api, three)).values["status"] == "void"


def test_invoices_made_in_hubspot_are_told_from_ours(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    sent(api, INVOICES, [sale(1, ann)])
    bench.load("invoices", {"id": "9001", "properties": {"hs_currency": "CAD", "hs_invoice_status": "draft"}})
    found, cursor, _ = read(api, None, "invoices")
    sources = {record.remote_id: record.values["source"] for record in map(INVOICES.parse, found["invoices"])}
    assert sorted(sources.values()) == ["bridge", "hubspot"] and sources["9001"] == "hubspot"
    assert INVOICES.parse(next(row for row in found["invoices"] if row["id"] == "9001")).values["contact"] is None
    # A link made later moves no date, and is found all the same.
    api.put("/crm/objects/2026-09/invoices/9001/associations/contacts/" + ann,
            [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 177}], any_shape=True)  # fmt: skip
    found, cursor, _ = read(api, cursor, "invoices")
    linked = {record.remote_id: record.values["contact"] for record in map(INVOICES.parse, found["invoices"])}
    assert linked["9001"] == Ref("contact", "contacts", ann)


@pytest.mark.row("H-30")
def test_a_property_of_the_accounts_own_is_written_and_read_and_can_be_made(bench: Bench, api: Api) -> None:
    assert INVOICES.custom.listed(api) == []
    name = INVOICES.custom.make(api, "Centre de coûts")
    assert name == "centre_de_couts" and INVOICES.custom.make(api, "centre de coûts") == name
    assert INVOICES.custom.listed(api) == [(name, "Centre de coûts")]
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    outcome = sent(api, INVOICES, [sale(1, ann, **{f"custom.{name}": "Toiture"})])[0]
    assert outcome.error is None
    found, _, _ = read(api, None, "invoices")
    assert INVOICES.parse(found["invoices"][0]).values[f"custom.{name}"] == "Toiture"
    assert "qbo_id" not in dict(INVOICES.custom.listed(api))


def test_a_property_added_later_is_read_back_to_when_it_was_not_known(
    bench: Bench, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(api, CONTACTS, [person(1), person(2)])
    _, cursor, _ = read(api, None, "contacts")
    other, _ = bench.connect()
    with other:
        name = CONTACTS.custom.make(other, "Secteur")
    some = bench.held("contacts")[0]["id"]
    bench.load("contacts", {"id": some, "properties": {name: "Nord"}})
    _, cursor, _ = read(api, cursor, "contacts")  # not asked for yet
    now = feeds.time.time
    monkeypatch.setattr(feeds.time, "time", lambda: now() + feeds.CUSTOM_SECONDS + 1)
    later, _ = bench.connect()
    with later:
        found, _, _ = read(later, cursor, "contacts")
    told = {record.remote_id: record.values for record in map(CONTACTS.parse, found["contacts"])}
    assert told[some][f"custom.{name}"] == "Nord"


def deal(bench: Bench, api: Api, *invoices: str, name: str = "Toit") -> str:
    made = api.post("/crm/objects/2026-09/deals", {"properties": {"dealname": name, "dealstage": "contractsent"}})
    for invoice in invoices:
        attach(api, made["id"], invoice)
    return str(made["id"])


def attach(api: Api, deal_id: str, invoice: str) -> None:
    api.put(f"/crm/objects/2026-09/deals/{deal_id}/associations/invoices/{invoice}",
            [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 176}], any_shape=True)  # fmt: skip


def test_a_deals_invoices_are_read_anew_though_a_link_moves_no_date(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    one, two = (outcome.remote_id for outcome in sent(api, INVOICES, [sale(1, ann), sale(2, ann)]))
    mine = deal(bench, api, one)
    deal(bench, api, name="Autre")
    found, cursor, pages = read(api, None, "deals")
    told = {record.remote_id: record.values for record in map(DEALS.parse, found["deals"])}
    assert told[mine]["invoices"] == [Ref("sale", "invoices", one)] and pages[-1].ends == {"deals"}
    found, cursor, _ = read(api, cursor, "deals")
    attach(api, mine, two)
    found, cursor, _ = read(api, cursor, "deals")
    assert [row["id"] for row in found["deals"]] == [mine]
    assert [ref.remote_id for ref in DEALS.parse(found["deals"][0]).values["invoices"]] == sorted([one, two], key=int)
    found, cursor, _ = read(api, cursor, "deals")
    assert found == {}


@pytest.mark.row("H-32")
def test_a_deal_shows_what_is_said_about_its_newest_invoice(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    one = sent(api, INVOICES, [sale(1, ann)])[0].remote_id
    mine = deal(bench, api, one)
    values = {"newest_number": "1001", "newest_date": date(2026, 3, 5), "newest_due_date": date(2026, 4, 5),
              "newest_total": Decimal("113.48"), "newest_balance": Decimal("13.48"),
              "newest_status": "partially_paid", "newest_currency": "CAD", "name": "not ours to say"}  # fmt: skip
    outcome = sent(api, DEALS, [{**values, "remote_id": mine}], "update")[0]
    assert outcome.error is None
    told = DEALS.parse(outcome.raw).values
    assert {name: told[name] for name in values if name != "name"} == {
        name: value for name, value in values.items() if name != "name"
    }
    assert told["name"] == "Toit" and told["invoices"] == [Ref("sale", "invoices", one)]
    cleared = sent(api, DEALS, [{**dict.fromkeys(values), "remote_id": mine}], "update")[0]
    assert {value for name, value in DEALS.parse(cleared.raw).values.items() if name.startswith("newest_")} == {None}


def note(place: int, *deals: str, **more: Any) -> dict[str, Any]:
    return {
        "source": Ref("payment", "payments", str(400 + place)),
        "date": date(2026, 11, 5),
        "total": Decimal("1234.50"),
        "currency": "CAD",
        "method": "check",
        "number": "CHQ-7",
        "memo": "1001 & <b>",
        "deal_ids": list(deals),
        **more,
    }


@pytest.mark.row("H-05")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_payment_is_noted_on_its_deals_with_date_amount_and_method(bench: Bench, language: str) -> None:
    api, _ = bench.connect(language=language)
    with api:
        one, two, three = (deal(bench, api, name=name) for name in "abc")
        outcomes = sent(api, NOTES, [note(1, one, two), note(2, two)])
        assert [outcome.error for outcome in outcomes] == [None, None]
        row = next(row for row in bench.held("notes") if row["id"] == outcomes[0].remote_id)
        body = row["properties"]["hs_note_body"]
        for words in {
            "fr": ("5 novembre 2026", "1\u00a0234,50\u00a0CAD", "Chèque", "1001 &amp; &lt;b&gt;", "CHQ-7"),
            "en": ("November 5, 2026", "1,234.50\u00a0CAD", "Cheque", "1001 &amp; &lt;b&gt;", "CHQ-7"),
        }[language]:
            assert words in body
        assert row["properties"]["hs_timestamp"].startswith("2026-11-05")
        record = NOTES.parse(NOTES.fetch(api, outcomes[0].remote_id))
        wanted = {name: value for name, value in note(1, one, two).items() if name != "source"}
        assert record.values == {**wanted, "deal_ids": sorted([one, two])}
        # A change says only what changed; the rest of the note stays.
        change = {"total": Decimal("1000"), "deal_ids": [two, three], "remote_id": record.remote_id}
        raw = sent_one(api, NOTES, change)
        assert NOTES.parse(raw).values == {**wanted, "total": Decimal("1000"), "deal_ids": sorted([two, three])}
        assert NOTES.parse(NOTES.fetch(api, record.remote_id)).values == NOTES.parse(raw).values
        NOTES.remove(api, record.remote_id, {}, "k")
        assert [row["id"] for row in bench.held("notes")] == [outcomes[1].remote_id]


def sent_one(api: Api, resource: Any, change: dict[str, Any]) -> Any:
    write = writes(resource, [change], api.context, "update")[0]
    return resource.update(api, write.remote_id, write.payload, write.key)


def test_a_note_whose_answer_was_lost_is_found_among_those_of_its_deals(bench: Bench, api: Api) -> None:
    one, two = (deal(bench, api, name=name) for name in "ab")
    todo = writes(NOTES, [note(1, one, two), note(2, one)], api.context)
    assert [NOTES.find(api, write) for write in todo] == [None, None]
    bench.control("configure/hubspot", {"lose_answers": 1})
    with pytest.raises(OutcomeUnknown):
        NOTES.bulk.send(api, todo)
    found = [NOTES.find(api, write) for write in todo]
    assert [NOTES.parse(raw).values["deal_ids"] for raw in found] == [sorted([one, two]), [one]]
    assert NOTES.find(api, writes(NOTES, [note(3, one)], api.context)[0]) is None


def test_payments_taken_in_hubspot_name_their_invoice_and_contact(bench: Bench, api: Api) -> None:
    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    one = sent(api, INVOICES, [sale(1, ann)])[0].remote_id
    links = [{"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]}
             for to, kind in ((ann, 387), (one, 542))]  # fmt: skip
    bench.load("commerce_payments", {"properties": {"hs_initial_amount": "20.00", "hs_currency_code": "CAD",
               "hs_initiated_date": "2026-11-06T15:00:00Z", "hs_payment_method_type": "check"},
               "associations": links})  # fmt: skip
    found, _, _ = read(api, None, "payments")
    values = PAYMENTS.parse(found["payments"][0]).values
    assert values["total"] == Decimal("20.00") and values["date"] == date(2026, 11, 6) and values["method"] == "check"
    assert values["contact"] == Ref("contact", "contacts", ann) and values["sale"] == Ref("sale", "invoices", one)
    assert values["created_at"] is not None
    assert PAYMENTS.parse(PAYMENTS.fetch(api, found["payments"][0]["id"])).values == values


def test_an_account_without_invoices_is_read_all_the_same(bench: Bench) -> None:
    api, account = bench.connect(SMALL_PORTAL)
    with api:
        found, cursor, pages = read(api, None, "contacts", "invoices", "payments", "payment_notes")
        ends = frozenset().union(*(page.ends for page in pages))
        assert ends == {"contacts", "invoices", "payments", "payment_notes"}
        assert found.get("invoices") == [] and [page.note for page in pages if page.note]
    # Where it is not known what was granted, a refusal says it.
    bare, _ = bench.connect(SMALL_PORTAL, scopes="")
    with bare:
        _, _, pages = read(bare, None, "invoices")
        assert "crm.objects.invoices.read" in pages[0].note
        with pytest.raises(SettingInvalid, match="HS-SCOPE") as refused:
            bare.post("/crm/objects/2026-09/invoices", {"properties": {"hs_currency": "USD"}})
        assert "crm.objects.invoices.write" in str(refused.value.params["scopes"])


def test_a_thousand_new_contacts_take_ten_calls_and_three(bench: Bench, connected: tuple[Api, Account]) -> None:
    api, account = connected
    bench.watch = lambda request, answer: None  # type: ignore[method-assign] - the rows are many and all alike
    todo = writes(CONTACTS, [person(n) for n in range(1000)], api.context)
    for at in range(0, 1000, 100):
        outcomes = CONTACTS.bulk.send(api, todo[at : at + 100])
        assert all(outcome.error is None for outcome in outcomes)
    assert sum(account.counted().values()) == 10 + 3  # ten batches; properties asked for, a group and a property made


def test_two_contacts_are_made_one_and_the_survivor_is_told_whole(api: Api) -> None:
    one, two = sent(api, CONTACTS, [person(1), person(2, phone=None)])
    survivor = CONTACTS.parse(CONTACTS.merge(api, one.remote_id, two.remote_id))
    assert survivor.values["phone"] == "514 555-0100" and not survivor.gone
    assert survivor.values["other_emails"] == ["zoe.2@example.com"]
    for old in (one.remote_id, two.remote_id):
        assert CONTACTS.parse(CONTACTS.fetch(api, old)).merged_into == survivor.remote_id


def test_an_update_that_has_nothing_to_say_answers_with_what_is_there(api: Api) -> None:
    one, two = sent(api, CONTACTS, [person(1), person(2)])
    changes = [{"email": "no address at all", "remote_id": one.remote_id}, {"phone": "1", "remote_id": two.remote_id}]
    outcomes = sent(api, CONTACTS, changes, "update")
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert CONTACTS.parse(outcomes[0].raw).values["email"] == "zoe.1@example.com"


def test_lines_of_an_earlier_try_that_land_late_do_not_stay(
    bench: Bench, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.hubspot import invoices

    ann = sent(api, CONTACTS, [person(1)])[0].remote_id
    whole = invoices.put

    def twice(api: Api, wanted: Any) -> Any:
        monkeypatch.setattr(invoices, "put", whole)
        whole(api, wanted)
        return whole(api, wanted)

    monkeypatch.setattr(invoices, "put", twice)
    outcome = sent(api, INVOICES, [sale(1, ann)])[0]
    assert outcome.error is None and len(bench.held("line_items")) == 3
    assert bench.held("invoices")[0]["properties"]["hs_amount_billed"] == "103.48"
    assert len(INVOICES.parse(outcome.raw).values["lines"]) == 3
