"""E-commerce of the Mailchimp stand-in, and what it does to the audience."""

import json
from decimal import Decimal

import pytest

from connectors.sandbox.core import decode
from tests.unit.sandbox.mailchimp_desk import FIRST, SECOND, Desk, order

ANN = {"id": "c1", "email_address": "ann@example.com", "opt_in_status": False}


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def shop(desk):
    shop = desk.shop()
    desk.ok("PUT", f"{shop}/customers/c1", ANN)
    return shop


def bought(desk, email="ann@example.com"):
    data = desk.member(email)["stats"]["ecommerce_data"]
    return data["number_of_orders"], data["total_revenue"]


@pytest.mark.parametrize(("opt_in", "status"), [(True, "subscribed"), (False, "transactional")])
def test_a_customer_joins_the_audience_by_the_opt_in(desk, shop, opt_in, status):
    customer = {**ANN, "id": "c2", "email_address": "bo@example.com", "opt_in_status": opt_in, "first_name": "Bo"}
    desk.ok("PUT", f"{shop}/customers/c2", customer)
    found = desk.member("bo@example.com")
    assert (found["status"], found["merge_fields"]["FNAME"]) == (status, "Bo")


def test_with_double_opt_in_the_customer_is_only_pending(desk):
    desk.vendor.load("lists", [{"id": FIRST, "double_optin": True}])
    shop = desk.shop()
    desk.ok("POST", f"{shop}/customers", {**ANN, "opt_in_status": True})
    assert desk.member("ann@example.com")["status"] == "pending"


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned", "archived", "transactional", "subscribed"])
def test_creating_a_customer_leaves_the_status_of_a_known_contact(desk, shop, status):
    desk.vendor.load("members", [{"list_id": FIRST, "email_address": "bo@example.com", "status": status}])
    customer = {"id": "c2", "email_address": "Bo@example.com", "opt_in_status": True}
    desk.ok("PUT", f"{shop}/customers/c2", customer)
    assert desk.member("bo@example.com")["status"] == status


def test_opt_in_from_false_to_true_subscribes_and_back_does_nothing(desk, shop):
    desk.ok("PATCH", f"{shop}/customers/c1", {"opt_in_status": True})
    assert desk.member("ann@example.com")["status"] == "subscribed"
    desk.ok("PATCH", f"{shop}/customers/c1", {"opt_in_status": False})
    assert desk.member("ann@example.com")["status"] == "subscribed"


def test_opt_in_does_not_bring_back_someone_who_left(desk, shop):
    gone = {"email_address": "ann@example.com", "status": "unsubscribed", "unsubscribe_reason": "Assez"}
    desk.vendor.load("members", [{"list_id": FIRST, **gone}])
    desk.ok("PUT", f"{shop}/customers/c1", {**ANN, "opt_in_status": True})
    assert desk.member("ann@example.com")["status"] == "unsubscribed"


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_customer_id_over_fifty_characters_is_an_odd_404(desk, shop, method):
    long_id = "x" * 51
    path = f"{shop}/customers/{long_id}" if method == "PUT" else f"{shop}/customers"
    assert desk.refused(method, path, {**ANN, "id": long_id})[:2] == (404, "Resource Not Found")
    desk.ok("PUT", f"{shop}/customers/{'x' * 50}", {**ANN, "id": "x" * 50})


def test_the_address_of_a_customer_is_fixed(desk, shop):
    answer = desk.ok("PUT", f"{shop}/customers/c1", {**ANN, "email_address": "other@example.com"})
    assert answer["email_address"] == "ann@example.com"


def test_forgotten_and_fake_addresses_are_refused_for_customers_too(desk, shop):
    desk.put("erased@example.com")
    desk.ok("POST", f"/lists/{FIRST}/members/erased@example.com/actions/delete-permanent")
    erased = {**ANN, "id": "c9", "email_address": "erased@example.com"}
    assert desk.refused("PUT", f"{shop}/customers/c9", erased)[1] == "Forgotten Email Not Subscribed"
    fake = {**ANN, "id": "c9", "email_address": "noreply@example.com"}
    assert desk.refused("PUT", f"{shop}/customers/c9", fake)[1] == "Invalid Resource"


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ({"product_id": "nope"}, "A product with the provided ID does not exist in the account for this list."),
        (
            {"product_variant_id": "nope"},
            "A product variant with the provided ID does not exist in the account for this list.",
        ),
    ],
)
def test_an_order_for_an_unknown_product_or_variant_is_refused_whole(desk, shop, line, detail):
    body = order()
    body["lines"].append({**body["lines"][0], "id": "2", **line})
    status, title, problem = desk.refused("POST", f"{shop}/orders", body)
    assert (status, title, problem["detail"]) == (400, "Bad Request", detail)
    assert desk.ok("GET", f"{shop}/orders")["total_items"] == 0


def test_a_product_embedded_in_the_line_is_made_first(desk, shop):
    body = order()
    product = {"id": "p9", "title": "Neuf", "variants": [{"id": "p9", "title": "Neuf"}]}
    body["lines"][0] |= {"product_id": "p9", "product_variant_id": "p9", "product": product}
    assert desk.ok("POST", f"{shop}/orders", body)["lines"][0]["product_title"] == "Neuf"
    assert desk.ok("GET", f"{shop}/products/p9")["title"] == "Neuf"


def test_ids_are_taken_only_once(desk, shop):
    desk.ok("POST", f"{shop}/orders", order())
    store = {"id": "s1", "list_id": SECOND, "name": "X", "currency_code": "CAD"}
    product = {"id": "p1", "title": "X", "variants": [{"id": "p1", "title": "X"}]}
    line = order()["lines"][0]
    for path, body in (
        ("/ecommerce/stores", store),
        (f"{shop}/customers", ANN),
        (f"{shop}/products", product),
        (f"{shop}/products/p1/variants", {"id": "p1", "title": "X"}),
        (f"{shop}/orders", order()),
        (f"{shop}/orders/o1/lines", line),
    ):
        status, title, problem = desk.refused("POST", path, body)
        assert (status, title) == (400, "Bad Request"), path
        assert "already exists" in problem["detail"]


@pytest.mark.parametrize("quantity", [2.5, "2", None, True])
def test_quantities_are_whole_numbers(desk, shop, quantity):
    body = order()
    body["lines"][0]["quantity"] = quantity
    assert desk.refused("POST", f"{shop}/orders", body)[1] == "Invalid Resource"


def test_three_point_zero_is_not_a_whole_number_on_the_wire(desk, shop):
    raw = json.dumps(order()).replace('"quantity": 2', '"quantity": 2.0').encode()
    problem = desk.refused("POST", f"{shop}/orders", raw)[2]
    assert problem["errors"][0]["field"] == "lines.item:0.quantity"


def test_an_order_may_bring_its_whole_customer(desk, shop):
    whole = {"id": "c7", "email_address": "new@example.com", "opt_in_status": False, "company": "Neuf inc."}
    made = desk.ok("POST", f"{shop}/orders", order("o7", whole))
    assert (made["customer"]["company"], made["customer"]["orders_count"]) == ("Neuf inc.", 1)
    assert desk.member("new@example.com")["status"] == "transactional"
    opted = {**whole, "opt_in_status": True}
    desk.ok("POST", f"{shop}/orders", order("o8", opted))
    assert desk.member("new@example.com")["status"] == "subscribed"


def test_an_order_for_an_unknown_customer_by_id_alone_is_refused(desk, shop):
    assert desk.refused("POST", f"{shop}/orders", order(customer={"id": "nobody"}))[0] == 400


def test_what_a_contact_bought_follows_its_orders(desk, shop):
    desk.ok("POST", f"{shop}/orders", order("o1", total=10))
    desk.ok("POST", f"{shop}/orders", order("o2", total="20.50"))
    assert bought(desk) == (2, 30.5)
    desk.ok("PATCH", f"{shop}/orders/o2", {"order_total": 25})
    assert bought(desk) == (2, 35)
    desk.ok("DELETE", f"{shop}/orders/o1")
    assert bought(desk) == (1, 25)
    customer = desk.ok("GET", f"{shop}/customers/c1")
    assert (customer["orders_count"], customer["total_spent"]) == (1, 25)


def test_a_renamed_contact_keeps_its_purchases(desk, shop):
    desk.ok("PATCH", f"/lists/{FIRST}/members/ann@example.com", {"email_address": "anne@example.com"})
    desk.ok("POST", f"{shop}/orders", order())
    assert bought(desk, "anne@example.com") == (1, 25)


def test_money_keeps_its_own_digits(desk, shop):
    raw = json.dumps(order()).replace('"order_total": 25', '"order_total": 1234567.10').encode()
    answer = desk.raw("POST", "/3.0" + f"{shop}/orders", raw)
    assert decode(answer.body)["order_total"] == Decimal("1234567.10")
    assert b"1234567.10" in answer.body


def test_a_patch_matches_lines_by_id_and_replaces_promos(desk, shop):
    promo = {"code": "ÉTÉ", "type": "fixed", "amount_discounted": 5}
    desk.ok("POST", f"{shop}/orders", order(promos=[promo, {**promo, "code": "HIVER"}]))
    more = {"id": "2", "product_id": "p1", "product_variant_id": "p1", "quantity": 1, "price": 3}
    body = {"lines": [{"id": "1", "quantity": 4}, more], "promos": [promo]}
    changed = desk.ok("PATCH", f"{shop}/orders/o1", body)
    assert [(line["id"], line["quantity"]) for line in changed["lines"]] == [("1", 4), ("2", 1)]
    assert [p["code"] for p in changed["promos"]] == ["ÉTÉ"]
    assert desk.refused("PATCH", f"{shop}/orders/o1", {"lines": [{"id": "3", "quantity": 1}]})[0] == 400


def test_lines_can_be_added_changed_and_removed_one_by_one(desk, shop):
    desk.ok("POST", f"{shop}/orders", order())
    line = {"id": "2", "product_id": "p1", "product_variant_id": "p1", "quantity": 1, "price": "3.25"}
    assert desk.ok("POST", f"{shop}/orders/o1/lines", line)["price"] == 3.25
    assert desk.ok("PATCH", f"{shop}/orders/o1/lines/2", {"quantity": 9})["quantity"] == 9
    desk.ok("DELETE", f"{shop}/orders/o1/lines/1")
    assert [row["id"] for row in desk.ok("GET", f"{shop}/orders/o1")["lines"]] == ["2"]
    assert desk.refused("GET", f"{shop}/orders/o1/lines/1")[0] == 404


def test_put_on_an_order_is_not_offered(desk, shop):
    desk.ok("POST", f"{shop}/orders", order())
    assert desk.refused("PUT", f"{shop}/orders/o1", order())[:2] == (405, "Method Not Allowed")


def test_deleting_a_store_takes_its_data_at_once_and_leaves_the_contacts(desk, shop):
    desk.put("bo@example.com", tags=["Fidèle"])
    desk.ok("POST", f"{shop}/orders", order())
    desk.ok("DELETE", shop)
    assert desk.refused("GET", f"{shop}/orders")[0] == 404
    assert bought(desk) == (0, 0)
    assert [tag["name"] for tag in desk.member("bo@example.com")["tags"]] == ["Fidèle"]
    assert desk.ok("GET", "/ecommerce/orders")["total_items"] == 0


def test_a_store_belongs_to_its_audience_for_good(desk, shop):
    assert desk.ok("PATCH", shop, {"list_id": SECOND, "is_syncing": False})["list_id"] == FIRST


def test_a_store_for_an_unknown_audience_is_refused(desk):
    body = {"id": "x", "list_id": "nowhere", "name": "X", "currency_code": "CAD"}
    assert desk.refused("POST", "/ecommerce/stores", body)[2]["errors"][0]["field"] == "list_id"


def test_orders_are_listed_by_customer_and_across_stores(desk, shop):
    other = desk.shop("s2", SECOND)
    desk.ok("POST", f"{shop}/orders", order("o1"))
    desk.ok("POST", f"{shop}/orders", order("o2", {**ANN, "id": "c2"}))
    desk.ok("POST", f"{other}/orders", order("o3", ANN))
    assert [o["id"] for o in desk.ok("GET", f"{shop}/orders?customer_id=c2")["orders"]] == ["o2"]
    assert [o["store_id"] for o in desk.ok("GET", "/ecommerce/orders")["orders"]] == ["s1", "s1", "s2"]
    slim = desk.ok("GET", f"{shop}/orders?fields=orders.id,orders.order_total,total_items")
    assert slim == {"orders": [{"id": "o1", "order_total": 25}, {"id": "o2", "order_total": 25}], "total_items": 2}


def test_numbers_as_product_ids_become_text(desk, shop):
    made = desk.ok("PUT", f"{shop}/products/5", {"id": 5, "title": "Cinq"})
    assert (made["id"], made["variants"][0]["id"]) == ("5", "5")
    assert desk.refused("PUT", f"{shop}/products/0", {"id": 0, "title": "Zéro"})[0] == 400
    assert desk.refused("PUT", f"{shop}/products/6", {"id": 6})[0] == 400


def test_e_commerce_data_can_bring_an_archived_contact_back_on_a_switch(desk, shop):
    desk.vendor.configure({"archived_returns": True})
    desk.vendor.load("members", [{"list_id": FIRST, "email_address": "bo@example.com", "status": "archived"}])
    desk.ok("PUT", f"{shop}/customers/c2", {**ANN, "id": "c2", "email_address": "bo@example.com"})
    assert desk.member("bo@example.com")["status"] == "transactional"


def test_loaded_documents_fill_a_store_and_show_in_the_state(desk):
    desk.vendor.load("stores", [{"id": "s9", "list_id": FIRST, "name": "Neuf"}])
    desk.vendor.load("products", [{"id": "p1", "title": "Tuile"}])
    desk.vendor.load("customers", [{**ANN, "first_name": "Ann"}])
    desk.vendor.load("orders", [{**order(), "store_id": "s9"}])
    held = desk.vendor.state()["stores"]["s9"]
    counted = tuple(len(held[name]) for name in ("customers", "products", "orders"))
    assert (held["store"]["name"], counted) == ("Neuf", (1, 1, 1))
    assert bought(desk) == (1, 25)
