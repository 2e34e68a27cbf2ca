"""The Shopmonkey connector against its stand-in; every request it makes is held against the vendor's contract."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.contract import (
    AuthorizationExpired,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    VendorUnavailable,
    Write,
)
from connectors.shopmonkey import CONNECTOR, customers, inventory, payments, webhooks
from connectors.transport import api as transport
from tests.contracts import SHOPMONKEY
from tests.garage import (
    CAPITAL,
    COMPANY,
    OTTAWA,
    READ_ONLY,
    RIVIERES,
    SALES,
    Garage,
    comes_to,
    order,
    running,
    service,
)

pytestmark = [pytest.mark.contracts, SHOPMONKEY.needed]


@pytest.fixture(scope="module")
def server() -> Iterator[Garage]:
    with running() as garage:
        yield garage


@pytest.fixture
def garage(server: Garage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Garage]:
    """A fresh garage; what was sent to it must fit the contract when the test is over."""
    made = Garage(server.url)
    made.reset()
    real = transport.exchange

    def recorded(sessions: Any, request: Any, *rest: Any) -> Any:
        made.sent.append(request)
        return real(sessions, request, *rest)

    monkeypatch.setattr(transport, "exchange", recorded)
    yield made
    assert [text for request in different(made.sent) for text in complaints(request)] == []


@pytest.fixture
def demo(garage: Garage) -> Garage:
    garage.reset("demo")
    return garage


def different(sent: list[Any]) -> list[Any]:
    """The requests, those that differ only by an id in the path once: hundreds of orders are read in the same way."""
    found = {}
    for request in sent:
        path = re.sub(r"/[0-9a-f-]{24,36}(?=/|$)", "/{id}", urlsplit(request.url).path)
        found[request.method, path, urlsplit(request.url).query, request.body] = request
    return list(found.values())


def complaints(request: Any) -> list[str]:
    """What of a request does not fit the contract."""
    parts = urlsplit(request.url)
    if parts.path.rsplit("/", 1)[-1].startswith("search-by-"):
        return []  # the other public name of a search; the contract has one of them
    address = f"{parts.path.removeprefix('/shopmonkey')}?{parts.query}"
    return SHOPMONKEY.misfits(request.method, address, request.body, kind=request.headers.get("Content-Type", ""))


def customer(garage: Garage, **more: Any) -> str:
    person = {"customerType": "Customer", "firstName": "Ada", "lastName": "Fictive", **more}
    garage.load(customers=[person])
    return next(row["id"] for row in garage.state["customers"] if row["lastName"] == person["lastName"])


# whose key it is


def test_a_key_tells_its_company_and_locations(garage):
    found = CONNECTOR.identify(garage.api())
    assert found.account_id == COMPANY
    assert {item["id"] for item in found.facts["locations"]} == {RIVIERES, CAPITAL}
    assert (found.facts["currency"], found.facts["time_zone"]) == ("CAD", "America/Toronto")
    assert "SECRET" not in repr(found)


def test_a_key_of_one_location_sees_only_that(garage):
    found = CONNECTOR.identify(garage.api(OTTAWA))
    assert found.facts["only_location"] == CAPITAL


def test_the_check_is_green_for_a_key_that_may_read(garage):
    found = CONNECTOR.diagnose(garage.api(READ_ONLY))
    assert {item.level for item in found} == {"ok"}


def test_the_check_names_the_permission_a_key_lacks(garage):
    garage.load(keys=[{"key": "smk-SECRET-invented-few-0009", "permissions": ["order:read", "location:read"]}])
    found = CONNECTOR.diagnose(garage.api("smk-SECRET-invented-few-0009"))
    said = [item.text.say("fr", **item.params) for item in found if item.code == "SM-FORBIDDEN"]
    assert [item.level for item in found if item.code == "SM-FORBIDDEN"] == ["blocker", "warning", "warning", "warning"]
    assert "Customers: read" in said[0] and "Clients" in said[0]


@pytest.mark.parametrize("key", ["smk-SECRET-never-made-0000", "smk-SECRET-garage-point-mort-0001"])
def test_a_wrong_or_revoked_key_needs_a_person(garage, key):
    if key.endswith("mort-0001"):
        garage.control("faults", [{"kind": "revoke", "key": key}])
    with pytest.raises(AuthorizationExpired) as error:
        CONNECTOR.identify(garage.api(key))
    assert error.value.code == "SM-KEY"


def test_what_is_no_key_is_refused_before_any_call(garage):
    for text in ("", "short", "two words are no key at all", "Bearer "):
        with pytest.raises(SettingInvalid) as error:
            garage.api(text)
        assert error.value.code == "SM-KEY-SHAPE"


def test_the_lists_to_choose_from_are_read(demo):
    lists = {item.key: item.read(demo.api()) for item in CONNECTOR.references}
    assert {item.id for item in lists["locations"]} == {RIVIERES, CAPITAL}
    assert [item.id for item in lists["line_kinds"]] == [
        "labor", "part", "tire", "subcontract", "fee", "shop_supplies", "epa",
    ]  # fmt: skip
    assert {"Card", "Cash", "Check", "Other"} <= {item.id for item in lists["payment_methods"]}


# reading


def test_all_there_is_is_read_and_adds_up(demo):
    found, state = demo.read(*SALES), demo.state
    assert found.ends == set(SALES) and found.missing == {} and found.notes == []
    assert set(found["orders"]) == {row["id"] for row in state["orders"]}
    assert set(found["customers"]) == {row["id"] for row in state["customers"]}
    assert set(found["payments"]) | set(found["refunds"]) == {row["id"] for row in state["payments"]}
    assert found.expected == {"orders": len(state["orders"]), "customers": len(state["customers"])}
    sales = [item.values for item in found["orders"].values() if item.values["status"] == "invoice"]
    assert len(sales) > 250
    for values in sales:
        if "lines" in values:
            assert comes_to(values) == values["total"], values["number"]
            assert sum((tax["amount"] for tax in values["taxes"]), Decimal(0)) == values["tax_total"]
    kinds = {line["kind"] for values in sales for line in values.get("lines", ())}
    assert kinds == {"labor", "part", "tire", "subcontract", "fee", "shop_supplies", "epa"}


@pytest.mark.parametrize(
    "switch",
    [
        {"waste_tire": "fees"},
        {"tax_cents_in_canada": False},
        {"number_kind": "integer"},
        {"number_kind": "text"},
        {"surcharge_in_total": True},
        {"shuffle": True, "has_more_lies": True},
    ],
    ids=str,
)
def test_unpublished_arithmetic_does_not_unbalance_a_sale(garage, switch):
    garage.configure(**switch)
    garage.control("reset", {"world": "demo"})
    found = garage.read("orders", locations=CAPITAL)
    sales = [item.values for item in found["orders"].values() if "lines" in item.values]
    assert sales
    for values in sales:
        assert comes_to(values) == values["total"], values["number"]
        assert isinstance(values["number"], str)


def test_a_fixed_price_is_one_line_where_that_is_wished(garage):
    part = {"name": "Filtre (inventé)", "quantity": 1, "retailCostCents": 1500, "taxable": True}
    fixed = service("Forfait hiver", pricing="FixedPrice", fixedPriceCents=9900, parts=[part])
    garage.load(orders=[order(services=[fixed])])
    spread, one = garage.read("orders"), garage.read("orders", fixed_price="service")
    (several,), (single,) = (
        [item.values for item in reading["orders"].values()] for reading in (spread, one)
    )  # fmt: skip
    assert {line["kind"] for line in several["lines"]} >= {"labor", "part"}
    goods = [line for line in single["lines"] if line["kind"] == "labor"]
    assert [(line["name"], line["amount"]) for line in goods] == [("Forfait hiver", Decimal("99.00"))]
    assert comes_to(several) == comes_to(single) == several["total"]


def test_declined_work_is_in_no_line(garage):
    declined = service("Courroie (inventée)", "6", authorizationStatus="Declined", deferredReason="Declined")
    garage.load(orders=[order(services=[service(), declined])])
    (values,) = (item.values for item in garage.read("orders")["orders"].values())
    assert [line["amount"] for line in values["lines"] if line["kind"] == "labor"] == [Decimal("100.00")]
    assert comes_to(values) == values["total"]


def test_lines_are_only_asked_for_of_orders_that_moved(garage):
    garage.load(orders=[order() for _ in range(12)])
    first = garage.read("orders")
    asked = [path for path in garage.paths if path.endswith("/service")]
    assert len(asked) == 12
    moved = next(iter(first["orders"]))
    garage.load(orders=[{"id": moved, "services": [service("Ajout (inventé)")]}])
    garage.sent.clear()
    later = garage.read("orders", cursor=first.cursor)
    assert [path for path in garage.paths if path.endswith("/service")] == [f"/shopmonkey/v3/order/{moved}/service"]
    assert set(later["orders"]) == {moved}
    assert comes_to(later["orders"][moved].values) == later["orders"][moved].values["total"]
    garage.sent.clear()
    assert garage.read("orders", cursor=later.cursor)["orders"] == {}
    assert not [path for path in garage.paths if path.endswith("/service")]


@pytest.mark.parametrize("ignored", [[], ["order.updatedDate"], ["order.invoicedDate"]], ids=str)
def test_an_invoice_turned_back_into_an_estimate_is_noticed(garage, ignored):
    garage.load(orders=[order() for _ in range(3)])
    garage.configure(ignore_filters=ignored)
    first = garage.read("orders")
    back = next(iter(first["orders"]))
    garage.load(orders=[{"id": back, "estimate": True}])
    later = garage.read("orders", cursor=first.cursor)
    assert later["orders"][back].values["status"] != "invoice"
    assert not later["orders"][back].gone and "lines" not in later["orders"][back].values


def test_a_new_invoice_of_an_old_order_is_met_without_the_filter_on_changes(garage):
    old = {"createdDate": "2026-01-05T15:00:00.000Z", "updatedDate": "2026-01-06T15:00:00.000Z"}
    garage.load(orders=[order(invoice=False), {"locationId": RIVIERES, **old}])
    garage.configure(ignore_filters=["order.updatedDate"])
    first = garage.read("orders")
    one = next(row["id"] for row in garage.state["orders"] if row["createdDate"] > "2026-02")
    assert first["orders"][one].values["status"] != "invoice"
    garage.load(orders=[{"id": one, "invoice": True}])
    later = garage.read("orders", cursor=first.cursor)
    assert later["orders"][one].values["status"] == "invoice" and later["orders"][one].values["lines"]
    assert any("updatedDate is ignored" in note for note in later.notes)


@pytest.mark.parametrize("ignored", [["order.createdDate"], ["order"], ["order.locationId"]], ids=str)
def test_a_list_whose_filter_is_ignored_is_read_as_a_whole(demo, ignored):
    demo.configure(ignore_filters=ignored)
    found = demo.read("orders", locations=CAPITAL)
    expected = {row["id"] for row in demo.state["orders"] if row["locationId"] == CAPITAL}
    assert set(found["orders"]) == expected and found.ends == {"orders"}


def test_a_list_that_is_cut_short_is_read_in_smaller_windows(demo):
    demo.configure(page_limit=20)
    found = demo.read("customers")
    assert set(found["customers"]) == {row["id"] for row in demo.state["customers"]}
    assert found.ends == {"customers"}


def test_only_the_chosen_locations_are_read(demo):
    found = demo.read("orders", "payments", locations=CAPITAL)
    assert {item.values["store"] for item in found["orders"].values()} == {CAPITAL}
    more = demo.read("orders", cursor=found.cursor, locations=f"{CAPITAL},{RIVIERES}")
    assert {item.values["store"] for item in more["orders"].values()} >= {RIVIERES}


def test_a_first_reading_goes_on_where_it_was_interrupted(demo):
    with demo.api() as api:
        pages = CONNECTOR.feeds[0].read(api, None, frozenset({"orders"}))
        begun = [next(pages) for _ in range(3)]
    early = {str(row["id"]) for page in begun for row in page.documents["orders"]}
    rest = demo.read("orders", cursor=json.loads(json.dumps(begun[-1].cursor)))
    assert early | set(rest["orders"]) == {row["id"] for row in demo.state["orders"]}
    assert rest.ends == {"orders"} and len(rest["orders"]) < len(demo.state["orders"])


def test_what_the_key_may_not_read_is_passed_over_but_never_taken_for_read(garage):
    garage.load(keys=[{"key": "smk-SECRET-invented-few-0009", "permissions": ["order:read", "location:read"]}])
    garage.load(orders=[order()])
    found = garage.read(*SALES, key="smk-SECRET-invented-few-0009")
    assert found["orders"] and found.ends == {"orders"}
    assert found.missing == {"customers": 0, "payments": 0, "refunds": 0}
    assert "payments: SM-FORBIDDEN Payments: read" in found.notes


def test_money_back_is_shared_out_over_the_lines_it_came_from(garage):
    garage.load(orders=[order(pay=True, paymentType="Card")])
    (charge,) = garage.state["payments"]
    garage.load(refunds=[{"chargeId": charge["id"], "amountCents": 5000}])
    found = garage.read(*SALES)
    (refund,) = (item.values for item in found["refunds"].values())
    (paid,) = (item.values for item in found["payments"].values())
    assert paid["total"] == found["orders"][paid["sale"].remote_id].values["total"]
    assert refund["total"] == Decimal("50.00") == sum(
        line["amount"] + line["tax_amount"] for line in refund["lines"]
    )  # fmt: skip
    assert refund["subtotal"] + refund["tax_total"] == refund["total"]
    assert {line["kind"] for line in refund["lines"]} == {"labor", "shop_supplies"}


def test_a_payment_being_processed_comes_again_when_it_is_done(garage):
    garage.load(
        orders=[order(pay=True, paymentType="Card", paymentMode="Online", provider="Stripe", status="processing")]
    )
    first = garage.read("payments")
    (one,) = first["payments"].values()
    assert (one.values["status"], one.values["kind"], one.values["method"]) == ("processing", "payment", "Card-Stripe")
    garage.load(payments=[{"id": one.remote_id, "settle": True}])
    later = garage.read("payments", cursor=first.cursor)
    assert later["payments"][one.remote_id].values["status"] == "succeeded"


def test_stock_is_read_in_full_each_time(demo):
    first = demo.read("parts", "tires", "stock", feed="inventory")
    again = demo.read("parts", "tires", "stock", feed="inventory", cursor=first.cursor)
    state = demo.state
    assert set(first["parts"]) == set(again["parts"]) == {row["id"] for row in state["inventory_parts"]}
    assert set(first["tires"]) == set(again["tires"]) == {row["id"] for row in state["inventory_tires"]}
    assert set(first["stock"]) == set(first["parts"])
    assert all(again["parts"][row["id"]].gone for row in state["inventory_parts"] if row["deleted"])


def test_one_record_is_fetched_as_it_stands(garage):
    garage.load(orders=[order(pay=True, paymentType="Cash")])
    (row,), (paid,) = garage.state["orders"], garage.state["payments"]
    sale = CONNECTOR.resource("orders").parse(CONNECTOR.resource("orders").fetch(garage.api(), row["id"]))
    assert comes_to(sale.values) == sale.values["total"] and sale.values["currency"] == "CAD"
    garage.lose(0.6)
    payment = CONNECTOR.resource("payments").parse(payments.fetch(garage.api(), paid["id"]))
    assert payment.values["total"] == sale.values["total"]
    with pytest.raises(RecordRejected) as error:
        payments.fetch(garage.api(), "no-such-payment")
    assert error.value.code == "SM-NOT-FOUND"


# trouble


def test_an_answer_that_is_no_success_is_asked_for_again(garage):
    garage.load(orders=[order()])
    garage.configure(odd_success_calls=2)
    assert len(garage.read("orders")["orders"]) == 1
    garage.configure(odd_success_calls=50)
    with pytest.raises(VendorUnavailable) as error:
        garage.read("orders")
    assert error.value.code == "SM-NOT-SUCCESS"


def test_the_firewall_is_not_taken_for_a_missing_permission(garage):
    garage.configure(firewall_calls=10)
    with pytest.raises(VendorUnavailable) as error:
        garage.read("orders")
    assert error.value.code == "SM-FIREWALL" and error.value.retry_after == 300


def test_a_call_that_hangs_is_given_up(garage):
    garage.configure(hang_calls=5, hang_seconds=3)
    with pytest.raises(VendorUnavailable) as error:
        CONNECTOR.identify(garage.api(seconds=0.3))
    assert error.value.code == "CALL-TIMEOUT"


def test_the_rate_is_read_from_the_headers_and_a_fifth_of_it_left_alone(garage):
    garage.configure(rate_limits=True, calls_per_minute=10)
    api = garage.api()
    for _ in range(10):
        CONNECTOR.references[0].read(api)
    assert set(garage.account.paces) == {(8, 60.0)}
    with pytest.raises(RateLimited) as error:
        CONNECTOR.references[0].read(api)
    assert error.value.code == "SM-BUSY" and error.value.retry_after and garage.account.rests == [
        error.value.retry_after
    ]  # fmt: skip


# writing

PERSON = {"given_name": "Béa", "family_name": "Inventée", "email": "bea@example.test", "phone": "+18195550123"}


def made(garage: Garage, values: dict[str, Any] = PERSON, key: str = "key-1", **context: str) -> Any:
    api = garage.api(**context)
    return customers.create(api, customers.build(values, "create", api.context), key)


def test_a_customer_is_added_and_read_back(garage):
    record = CONNECTOR.resource("customers").parse(made(garage))
    assert {name: record.values[name] for name in PERSON} == PERSON
    assert record.values["name"] == "Béa Inventée" and len(garage.state["customers"]) == 1


def test_somebody_of_that_address_is_not_added_twice(garage):
    made(garage)
    with pytest.raises(RecordRejected) as error:
        made(garage, {**PERSON, "family_name": "Autre"}, key="key-2")
    assert error.value.code == "SM-EXISTS" and error.value.params["by"] == "email"
    assert len(garage.state["customers"]) == 1


@pytest.mark.parametrize("routes", ["nested", "flat", "both"])
def test_a_customer_a_lossy_search_hides_is_found_all_the_same(garage, routes):
    garage.configure(search_routes=routes)
    made(garage)
    garage.lose(0.41)
    for values in (PERSON, {**PERSON, "email": "other@example.test"}, {"given_name": "Béa", "family_name": "Inventée"}):
        with pytest.raises(RecordRejected) as error:
            made(garage, values, key="key-2")
        assert error.value.code == "SM-EXISTS"


def test_an_addition_sent_again_answers_with_the_one_it_made(garage):
    first, again = made(garage), made(garage)
    assert first["id"] == again["id"] and len(garage.state["customers"]) == 1


def test_a_lost_addition_is_found_by_its_mark(garage):
    garage.control("faults", [{"kind": "drop_after", "method": "POST", "path": "/customer$", "times": 1}])
    payload = customers.build(PERSON, "create", {})
    with pytest.raises(OutcomeUnknown):
        customers.create(garage.api(), payload, "key-1")
    found = customers.find(garage.api(), Write("1", "create", None, payload, "key-1"))
    assert found and found["id"] == garage.state["customers"][0]["id"]
    other = customers.build({**PERSON, "given_name": "Zoé", "email": "zoe@example.test"}, "create", {})
    assert customers.find(garage.api(), Write("2", "create", None, other, "key-2")) is None


def test_a_change_keeps_what_it_does_not_name(garage):
    one = customer(
        garage,
        emails=[{"email": "ada@example.test", "primary": True}, {"email": "second@example.test"}],
        phoneNumbers=[{"number": "+18195550111", "primary": True}],
        note="fidèle",
    )
    payload = customers.build({"email": "new@example.test", "family_name": "Fictive-Nouvelle"}, "update", {})
    record = CONNECTOR.resource("customers").parse(customers.update(garage.api(), one, payload, "k"))
    assert record.values["email"] == "new@example.test"
    assert record.values["other_emails"] == ["second@example.test"]
    assert (record.values["phone"], record.values["notes"]) == ("+18195550111", "fidèle")
    assert record.values["family_name"] == "Fictive-Nouvelle"


def test_a_field_that_did_not_take_is_named(garage):
    garage.configure(ignore_writes=["note"])
    one = customer(garage)
    with pytest.raises(RecordRejected) as error:
        customers.update(garage.api(), one, customers.build({"notes": "Nouveau"}, "update", {}), "k")
    assert (error.value.code, error.value.params["fields"], error.value.field) == ("SM-NOT-TAKEN", "note", "note")


def test_a_key_that_may_only_read_says_which_permission_writing_needs(garage):
    api = garage.api(READ_ONLY)
    with pytest.raises(SettingInvalid) as error:
        customers.create(api, customers.build(PERSON, "create", {}), "k")
    assert error.value.code == "SM-FORBIDDEN" and error.value.params["permission"] == "Customers: write"
    assert garage.state["customers"] == []


PART = {"name": "Filtre à huile (inventé)", "sku": "FH-1", "price": Decimal("15.00"), "cost": Decimal("6.005"),
        "taxable": True, "quantity": Decimal("4")}  # fmt: skip


def stocked(garage: Garage, values: dict[str, Any] = PART, key: str = "key-1", **context: str) -> Any:
    context = context or {"location": RIVIERES}
    api = garage.api(**context)
    return inventory.create(api, inventory.build(values, "create", api.context), key)


def test_a_part_is_added_once_for_each_location(garage):
    record = CONNECTOR.resource("parts").parse(stocked(garage))
    assert (record.values["price"], record.values["cost"]) == (Decimal("15.00"), Decimal("6.01"))
    assert (record.values["quantity"], record.values["sku"]) == (4, "FH-1")
    garage.lose(0.41)
    with pytest.raises(RecordRejected) as error:
        stocked(garage, key="key-2")
    assert error.value.code == "SM-EXISTS"
    stocked(garage, key="key-3", location=CAPITAL)
    assert len(garage.state["inventory_parts"]) == 2


def test_a_part_goes_nowhere_while_no_location_is_chosen(garage):
    with pytest.raises(SettingInvalid) as error:
        stocked(garage, fixed_price="spread")
    assert error.value.code == "SM-LOCATION-MISSING"
    assert stocked(garage, locations=f"{CAPITAL},{RIVIERES}")["locationId"] == CAPITAL


def test_an_account_that_takes_no_parts_says_so(garage):
    record = stocked(garage)
    garage.configure(inventory_create=False)
    for write in (
        lambda: stocked(garage, {**PART, "sku": "FH-2"}),
        lambda: inventory.update_stock(garage.api(), record["id"], {"quantity": Decimal(1)}, "k"),
    ):
        with pytest.raises(RecordRejected) as error:
            write()
        assert error.value.code == "SM-NO-ROUTE"


def test_a_price_change_leaves_the_quantity_alone(garage):
    record = stocked(garage)
    body = inventory.build({"price": Decimal("16.50"), "quantity": Decimal(99)}, "update", {})
    changed = inventory.update(garage.api(), record["id"], body, "k")
    assert (changed["retailCostCents"], changed["quantity"]) == (1650, 4)
    level = inventory.update_stock(
        garage.api(), record["id"], inventory.build_stock({"quantity": Decimal("2.5")}, "", {}), ""
    )
    assert CONNECTOR.resource("stock").parse(level).values["quantity"] == Decimal("2.5")


def test_nothing_is_ever_deleted(demo):
    demo.read(*SALES)
    demo.read("parts", "tires", "stock", feed="inventory")
    assert not [request for request in demo.sent if request.method in ("DELETE", "PATCH")]


# notices


def test_a_subscription_is_made_and_ended(garage):
    made_id, secret = webhooks.subscribe(garage.api(), "https://bridge.example.test/hooks/shopmonkey/abc/")
    (kept,) = garage.state["webhooks"]
    assert kept["id"] == made_id and set(kept["triggers"]) == set(webhooks.TRIGGERS) and secret
    webhooks.unsubscribe(garage.api(), made_id)
    assert garage.state["webhooks"] == []
