"""E-commerce: stores, customers, products, variants, orders, lines, and what they do to the audience.

Source: https://mailchimp.com/developer/marketing/docs/e-commerce/, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

from connectors.sandbox.core import Document, decode, encode
from connectors.sandbox.mailchimp import people, schemas
from connectors.sandbox.mailchimp.account import Audience, Customer, Member, Store
from connectors.sandbox.mailchimp.checks import validate
from connectors.sandbox.mailchimp.people import Intent
from connectors.sandbox.mailchimp.wire import Call, bad_request, invalid, iso, not_found

LONGEST_CUSTOMER_ID = 50
CUSTOMER_DETAILS = ("company", "first_name", "last_name", "address", "sms_phone_number")
STORE_DETAILS = (
    "name",
    "platform",
    "domain",
    "is_syncing",
    "email_address",
    "currency_code",
    "money_format",
    "primary_locale",
    "timezone",
    "phone",
    "address",
)
PRODUCT_TEXTS = ("title", "handle", "url", "description", "type", "vendor", "image_url", "published_at_foreign")
VARIANT_DETAILS = ("title", "url", "sku", "price", "inventory_quantity", "image_url", "backorders", "visibility")
LINE_MONEY = ("price", "discount")
# The vendor fills in its own attribution, whatever is sent.
ORDER_KEPT = (
    *(name for name in schemas.ORDER_TEXTS if name != "campaign_id"),
    *schemas.ORDER_MONEY,
    "currency_code",
    "tracking_code",
    "shipping_address",
    "billing_address",
)


def amount(value: Any) -> Decimal:
    """Money as it was written: a JSON number or numeric text."""
    return value if isinstance(value, Decimal) else Decimal(str(value).strip())


# Stores


def store_of(call: Call) -> Store:
    """The store named in the path, or 404."""
    store = call.account.stores.get(call.args[0])
    if store is None:
        raise not_found()
    return store


def show_store(store: Store) -> Document:
    """A store as an answer shows it."""
    return {
        "id": store.id,
        "list_id": store.audience.id,
        **store.details,
        "list_is_active": True,
        "created_at": iso(store.created),
        "updated_at": iso(store.updated),
    }


def stores_list(call: Call) -> Document:
    """Stores of the account."""
    found = list(call.account.stores.values())
    return call.page("stores", found, len(found), lambda store, _: show_store(store))


def stores_create(call: Call) -> Document:
    """Open a store for one audience, for good: the audience can never be changed."""
    body = validate(schemas.STORE_CREATE, call.data())
    if body["id"] in call.account.stores:
        raise bad_request("A store with the provided ID already exists in the account.")
    audience = call.account.audiences.get(body["list_id"])
    if audience is None:
        raise invalid(("list_id", "The list_id provided does not exist."))
    return show_store(open_store(audience, body))


def open_store(audience: Audience, body: Document) -> Store:
    """Make the store."""
    now = audience.account.world.now()
    details: Document = {"platform": "", "domain": "", "is_syncing": False, "email_address": "", "timezone": ""}
    details |= {name: body[name] for name in STORE_DETAILS if name in body}
    store = Store(body["id"], audience, details, now, now)
    audience.account.stores[store.id] = store
    return store


def stores_get(call: Call) -> Document:
    """One store."""
    return show_store(store_of(call))


def stores_update(call: Call) -> Document:
    """Change a store; a `list_id` in the body is passed over."""
    store = store_of(call)
    body = validate(schemas.STORE_PATCH, call.data())
    store.details |= {name: body[name] for name in STORE_DETAILS if name in body}
    store.updated = call.account.world.now()
    return show_store(store)


def stores_delete(call: Call) -> None:
    """Remove the store with all it holds, at once; contacts stay and lose only their purchases."""
    store = store_of(call)
    for customer in store.customers.values():
        if customer.orders:
            people.count_order(store.audience, customer.member, -customer.orders, -customer.spent, _currency(store))
    del call.account.stores[store.id]


def _currency(store: Store) -> str:
    return str(store.details["currency_code"])


# Customers


def customer_of(call: Call, store: Store) -> Customer:
    """The customer named in the path, or 404."""
    customer = store.customers.get(call.args[1])
    if customer is None:
        raise not_found()
    return customer


def show_customer(customer: Customer) -> Document:
    """A customer as an answer shows it."""
    details: Document = decode(customer.details)
    return {
        "id": customer.id,
        "email_address": customer.email,
        "opt_in_status": customer.opt_in,
        "company": "",
        "first_name": "",
        "last_name": "",
        "orders_count": customer.orders,
        "total_spent": customer.spent,
        **details,
        "created_at": iso(customer.created),
        "updated_at": iso(customer.updated),
    }


def customers_list(call: Call) -> Document:
    """Customers of the store."""
    store = store_of(call)
    found: Iterable[Customer] = store.customers.values()
    total = len(store.customers)
    if email := call.query.get("email_address"):
        matching = [customer for customer in found if customer.email.lower() == email.lower()]
        found, total = matching, len(matching)
    page = call.page("customers", found, total, lambda customer, _: show_customer(customer))
    return {**page, "store_id": store.id}


def customers_create(call: Call) -> Document:
    """Add a customer."""
    store = store_of(call)
    body = validate(schemas.CUSTOMER_WRITE, call.data())
    _check_id(body["id"])
    if body["id"] in store.customers:
        raise bad_request("A customer with the provided ID already exists in the account for this list.")
    return show_customer(add_customer(store, body))


def _check_id(customer_id: str) -> None:
    if len(customer_id) > LONGEST_CUSTOMER_ID:
        raise not_found()


def add_customer(store: Store, body: Document) -> Customer:
    """Take a customer in. An address the audience does not know is added to it; a known contact keeps its status."""
    audience, email = store.audience, body["email_address"].strip()
    people.check_not_forgotten(audience, email)
    member = audience.find(email)
    if member is None:
        member = _join(audience, body)
    elif member.status == "archived" and audience.account.world.settings.archived_returns:
        people.set_status(audience, member, people.joined(audience, body), "api")
    now = audience.account.world.now()
    details = encode({name: body[name] for name in CUSTOMER_DETAILS if name in body})
    customer = Customer(body["id"], email, body["opt_in_status"], member.web_id, now, now, details)
    store.customers[customer.id] = customer
    return customer


def _join(audience: Audience, body: Document) -> Member:
    tags = {field["tag"] for field in audience.merge_fields.values()}
    names = (("FNAME", "first_name"), ("LNAME", "last_name"))
    values = {tag: body[name] for tag, name in names if tag in tags and body.get(name)}
    member = {"email_address": body["email_address"], "merge_fields": values}
    return people.write(audience, None, member, Intent(if_new=people.joined(audience, body), skip_required=True))


def change_customer(store: Store, customer: Customer, body: Document) -> Customer:
    """Change a customer. The address is fixed; opt-in from false to true subscribes, back to false does nothing."""
    member = store.audience.by_number(customer.member)
    opts_in = body.get("opt_in_status") is True and not customer.opt_in
    if opts_in and member is not None and not member.own_choice and member.status != "subscribed":
        people.set_status(store.audience, member, people.joined(store.audience, body), "api")
    customer.opt_in = body.get("opt_in_status", customer.opt_in)
    given = {name: body[name] for name in CUSTOMER_DETAILS if name in body}
    customer.details = encode({**decode(customer.details), **given})
    customer.updated = store.audience.account.world.now()
    return customer


def customers_get(call: Call) -> Document:
    """One customer."""
    return show_customer(customer_of(call, store_of(call)))


def customers_upsert(call: Call) -> Document:
    """Add or change a customer."""
    store = store_of(call)
    body = validate(schemas.CUSTOMER_WRITE, call.data())
    _check_id(call.args[1])
    _check_id(body["id"])
    if body["id"] != call.args[1]:
        raise invalid(("id", "The id in the body differs from the one in the path."))
    customer = store.customers.get(body["id"])
    if customer is None:
        return show_customer(add_customer(store, body))
    return show_customer(change_customer(store, customer, body))


def customers_update(call: Call) -> Document:
    """Change a customer."""
    store = store_of(call)
    customer = customer_of(call, store)
    return show_customer(change_customer(store, customer, validate(schemas.CUSTOMER_PATCH, call.data())))


def customers_delete(call: Call) -> None:
    """Remove a customer with the orders; the contact stays."""
    store = store_of(call)
    customer = customer_of(call, store)
    for order_id in [id for id, (owner, _) in store.orders.items() if owner == customer.id]:
        remove_order(store, order_id)
    del store.customers[customer.id]


# Products and variants


def product_of(call: Call, store: Store) -> Document:
    """The product named in the path, or 404."""
    product = store.products.get(call.args[1])
    if product is None:
        raise not_found()
    return product


def show_product(store: Store, product: Document) -> Document:
    """A product as an answer shows it."""
    return {**product, "variants": list(product["variants"].values()), "currency_code": _currency(store)}


def _variant(store: Store, old: Document | None, body: Document) -> Document:
    """A variant after taking `body` in."""
    now = iso(store.audience.account.world.now())
    variant: Document = old or {
        "id": str(body["id"]),
        "title": "",
        "url": "",
        "sku": "",
        "price": 0,
        "inventory_quantity": 0,
        "image_url": "",
        "backorders": "",
        "visibility": "",
        "created_at": now,
    }
    given = {name: body[name] for name in VARIANT_DETAILS if name in body}
    if "price" in given:
        given["price"] = amount(given["price"])
    return {**variant, **given, "updated_at": now}


def save_product(store: Store, body: Document) -> Document:
    """Add a product or take changes into it; variants are matched by id, those not named stay."""
    product_id = str(body["id"])
    product = store.products.get(product_id)
    if product is None:
        product = {"id": product_id, **dict.fromkeys(PRODUCT_TEXTS, ""), "images": [], "variants": {}}
        store.products[product_id] = product
    product |= {name: body[name] for name in PRODUCT_TEXTS if name in body}
    if "images" in body:
        product["images"] = [_image(image) for image in body["images"]]
    for variant in body.get("variants", []):
        variant_id = str(variant["id"])
        product["variants"][variant_id] = _variant(store, product["variants"].get(variant_id), variant)
    if not product["variants"]:  # a product is sold as something: itself, when no variant says otherwise
        product["variants"][product_id] = _variant(store, None, {"id": product_id, "title": product["title"]})
    return product


def _image(image: Document) -> Document:
    variant_ids = [str(variant_id) for variant_id in image.get("variant_ids", [])]
    return {"id": image.get("id", ""), "url": image.get("url", ""), "variant_ids": variant_ids}


def products_list(call: Call) -> Document:
    """Products of the store."""
    store = store_of(call)
    found = store.products.values()
    page = call.page("products", found, len(found), lambda product, _: show_product(store, product))
    return {**page, "store_id": store.id}


def products_create(call: Call) -> Document:
    """Add a product."""
    store = store_of(call)
    body = validate(schemas.PRODUCT_CREATE, call.data())
    if str(body["id"]) in store.products:
        raise bad_request("A product with the provided ID already exists in the account for this list.")
    return show_product(store, save_product(store, body))


def products_get(call: Call) -> Document:
    """One product."""
    store = store_of(call)
    return show_product(store, product_of(call, store))


def products_upsert(call: Call) -> Document:
    """Add or change a product; a new one needs a title."""
    store = store_of(call)
    body = validate(schemas.PRODUCT_PUT, call.data())
    _check_same_id(call.args[1], body["id"])
    _check_title(store, body)
    return show_product(store, save_product(store, body))


def _check_same_id(in_path: str, in_body: Any) -> None:
    if str(in_body) != in_path:
        raise invalid(("id", "The id in the body differs from the one in the path."))


def _check_title(store: Store, body: Document) -> None:
    if str(body["id"]) not in store.products and "title" not in body:
        raise invalid(("title", "Required fields were not provided: title"))


def products_update(call: Call) -> Document:
    """Change a product; variants named in the body must carry their id."""
    store = store_of(call)
    product = product_of(call, store)
    body = validate(schemas.PRODUCT_PATCH, call.data())
    for place, variant in enumerate(body.get("variants", [])):
        if "id" not in variant:
            raise invalid((f"variants.item:{place}", "Required fields were not provided: id"))
    return show_product(store, save_product(store, {**body, "id": product["id"]}))


def products_delete(call: Call) -> None:
    """Remove a product; lines of past orders keep its id and lose its title."""
    store = store_of(call)
    del store.products[product_of(call, store)["id"]]


def _variant_of(call: Call, product: Document) -> Document:
    variant: Document | None = product["variants"].get(call.args[2])
    if variant is None:
        raise not_found()
    return variant


def variants_list(call: Call) -> Document:
    """Variants of a product."""
    store = store_of(call)
    product = product_of(call, store)
    found = product["variants"].values()
    page = call.page("variants", found, len(found), lambda variant, _: dict(variant))
    return {**page, "store_id": store.id, "product_id": product["id"]}


def variants_create(call: Call) -> Document:
    """Add a variant."""
    store = store_of(call)
    product = product_of(call, store)
    body = validate(schemas.VARIANT_WRITE, call.data())
    if str(body["id"]) in product["variants"]:
        raise bad_request("A product variant with the provided ID already exists in the account for this list.")
    return _keep_variant(store, product, body)


def _keep_variant(store: Store, product: Document, body: Document) -> Document:
    variant_id = str(body["id"])
    variant = _variant(store, product["variants"].get(variant_id), body)
    product["variants"][variant_id] = variant
    return variant


def variants_get(call: Call) -> Document:
    """One variant."""
    return dict(_variant_of(call, product_of(call, store_of(call))))


def variants_upsert(call: Call) -> Document:
    """Add or change a variant."""
    store = store_of(call)
    product = product_of(call, store)
    body = validate(schemas.VARIANT_WRITE, call.data())
    _check_same_id(call.args[2], body["id"])
    return _keep_variant(store, product, body)


def variants_update(call: Call) -> Document:
    """Change a variant."""
    store = store_of(call)
    product = product_of(call, store)
    variant = _variant_of(call, product)
    body = validate(schemas.VARIANT_PATCH, call.data())
    return _keep_variant(store, product, {**body, "id": variant["id"]})


def variants_delete(call: Call) -> None:
    """Remove a variant; the last one stays, since a product has at least one."""
    product = product_of(call, store_of(call))
    variant = _variant_of(call, product)
    if len(product["variants"]) == 1:
        raise bad_request("A product must have at least one variant.")
    del product["variants"][variant["id"]]


# Orders


def _kept(body: Document) -> Document:
    """The parts of an order that are stored as sent; money becomes numbers."""
    order = {name: body[name] for name in ORDER_KEPT if name in body}
    for name in schemas.ORDER_MONEY:
        if name in order:
            order[name] = amount(order[name])
    if "promos" in body:
        order["promos"] = [
            {**promo, "amount_discounted": amount(promo["amount_discounted"])} for promo in body["promos"]
        ]
    if "cart_id" in body:
        order["cart_id"] = str(body["cart_id"])
    return order


def _line(body: Document) -> Document:
    line: Document = {
        name: body[name] for name in ("id", "product_id", "product_variant_id", "quantity") if name in body
    }
    return {**line, **{name: amount(body[name]) for name in LINE_MONEY if name in body}}


def _check_line(store: Store, line: Document) -> None:
    """Product and variant must be in this store; one embedded in the line is made first."""
    if "product" in line:
        _check_title(store, line["product"])
        save_product(store, line["product"])
    product = store.products.get(line["product_id"])
    if product is None:
        raise bad_request("A product with the provided ID does not exist in the account for this list.")
    if line["product_variant_id"] not in product["variants"]:
        raise bad_request("A product variant with the provided ID does not exist in the account for this list.")


def _check_lines(store: Store, lines: list[Document]) -> None:
    if len({line["id"] for line in lines}) < len(lines):
        raise bad_request("An order line with the provided ID already exists in the account for this list.")
    for line in lines:
        _check_line(store, line)


def show_order(store: Store, customer_id: str, order: Document) -> Document:
    """An order as an answer shows it, with its customer and the titles of what was bought."""
    return {
        **order,
        "store_id": store.id,
        "campaign_id": "",
        "customer": show_customer(store.customers[customer_id]),
        "lines": [show_line(store, line) for line in order["lines"]],
    }


def show_line(store: Store, line: Document) -> Document:
    """A line with the titles its product and variant have now."""
    product = store.products.get(line["product_id"])
    variant = product["variants"].get(line["product_variant_id"]) if product else None
    return {
        **line,
        "product_title": product["title"] if product else "",
        "product_variant_title": variant["title"] if variant else "",
        "image_url": product["image_url"] if product else "",
        "discount": line.get("discount", 0),
    }


def _count(store: Store, customer: Customer, order: Document, sign: int) -> None:
    """Add an order to, or take it from, what customer and contact have bought; a cancelled one counts nothing."""
    if order.get("cancelled_at_foreign"):
        return
    revenue = sign * amount(order["order_total"])
    customer.orders += sign
    customer.spent += revenue
    people.count_order(store.audience, customer.member, sign, revenue, order["currency_code"])


def store_order(store: Store, customer: Customer, order: Document) -> None:
    """Keep an order, in place of an earlier one with its id."""
    if order["id"] in store.orders:
        remove_order(store, order["id"])
    store.orders[order["id"]] = (customer.id, encode(order))
    _count(store, customer, order, 1)


def remove_order(store: Store, order_id: str) -> None:
    """Forget an order and what it counted."""
    customer_id, raw = store.orders.pop(order_id)
    _count(store, store.customers[customer_id], decode(raw), -1)


def order_customer(store: Store, body: Document) -> Customer:
    """The customer an order names: by id alone when known, whole when new or to be changed."""
    _check_id(body["id"])
    customer = store.customers.get(body["id"])
    if customer is not None:
        return change_customer(store, customer, body) if len(body) > 1 else customer
    if "email_address" not in body or "opt_in_status" not in body:
        raise bad_request("A customer with the provided ID does not exist in the account for this list.")
    return add_customer(store, body)


def orders_list(call: Call) -> Document:
    """Orders of the store; there is no way to ask for changed ones."""
    store = store_of(call)
    found, total = _orders([store], call)
    return {**call.page("orders", found, total, _show_row), "store_id": store.id}


def account_orders_list(call: Call) -> Document:
    """Orders of all stores."""
    found, total = _orders(list(call.account.stores.values()), call)
    return call.page("orders", found, total, _show_row)


def _orders(stores: list[Store], call: Call) -> tuple[Iterable[tuple[Store, str, bytes]], int]:
    """Orders the query asks for. None is attributed to a campaign or an outreach: those filters find nothing."""
    if call.query.get("campaign_id") or call.query.get("outreach_id") or call.flag("has_outreach"):
        return [], 0
    rows: Iterator[tuple[Store, str, bytes]] = chain.from_iterable(
        ((store, owner, raw) for owner, raw in store.orders.values()) for store in stores
    )
    if customer_id := call.query.get("customer_id"):
        found = [row for row in rows if row[1] == customer_id]
        return found, len(found)
    return rows, sum(len(store.orders) for store in stores)


def _show_row(row: tuple[Store, str, bytes], wanted: frozenset[str] | None) -> Document:
    store, customer_id, raw = row
    order: Document = decode(raw)
    if wanted is not None and not wanted & {"customer", "lines", "store_id", "campaign_id"}:
        return order
    return show_order(store, customer_id, order)


def orders_create(call: Call) -> Document:
    """Add an order. Products first: an unknown one refuses the whole order."""
    store = store_of(call)
    body = validate(schemas.ORDER_CREATE, call.data())
    if body["id"] in store.orders:
        raise bad_request("An order with the provided ID already exists in the account for this list.")
    _check_lines(store, body["lines"])
    customer = order_customer(store, body["customer"])
    order = {"id": body["id"], **_kept(body), "lines": [_line(line) for line in body["lines"]]}
    store_order(store, customer, order)
    return show_order(store, customer.id, order)


def order_of(call: Call, store: Store) -> tuple[Customer, Document]:
    """The order named in the path with its customer, or 404."""
    row = store.orders.get(call.args[1])
    if row is None:
        raise not_found()
    return store.customers[row[0]], decode(row[1])


def orders_get(call: Call) -> Document:
    """One order."""
    store = store_of(call)
    customer, order = order_of(call, store)
    return show_order(store, customer.id, order)


def orders_update(call: Call) -> Document:
    """Change an order: promos are replaced as a whole, lines are matched by id and others stay."""
    store = store_of(call)
    customer, order = order_of(call, store)
    body = validate(schemas.ORDER_PATCH, call.data())
    lines = {line["id"]: line for line in order["lines"]}
    for place, given in enumerate(body.get("lines", [])):
        line = _changed_line(store, lines, given, f"lines.item:{place}")
        lines[line["id"]] = line
    if "customer" in body:
        change_customer(store, customer, body["customer"])
    changed = {**order, **_kept(body), "lines": list(lines.values())}
    _replace_order(store, customer, changed)
    return show_order(store, customer.id, changed)


def _changed_line(store: Store, lines: Document, given: Document, at: str) -> Document:
    line: Document = {**lines.get(given.get("id", ""), {}), **_line(given)}
    missing = [name for name in ("id", "product_id", "product_variant_id", "quantity", "price") if name not in line]
    if missing:
        raise invalid((at, f"Required fields were not provided: {', '.join(missing)}"))
    _check_line(store, line)
    return line


def _replace_order(store: Store, customer: Customer, order: Document) -> None:
    """Put a changed order where the old one was; listings keep their order."""
    _count(store, customer, decode(store.orders[order["id"]][1]), -1)
    store.orders[order["id"]] = (customer.id, encode(order))
    _count(store, customer, order, 1)


def orders_delete(call: Call) -> None:
    """Remove an order."""
    store = store_of(call)
    _, order = order_of(call, store)
    remove_order(store, order["id"])


# Lines


def order_lines_list(call: Call) -> Document:
    """Lines of an order."""
    store = store_of(call)
    _, order = order_of(call, store)
    found = order["lines"]
    page = call.page("lines", found, len(found), lambda line, _: show_line(store, line))
    return {**page, "store_id": store.id, "order_id": order["id"]}


def _find_line(call: Call, order: Document) -> Document:
    for line in order["lines"]:
        if line["id"] == call.args[2]:
            found: Document = line
            return found
    raise not_found()


def order_lines_create(call: Call) -> Document:
    """Add a line."""
    store = store_of(call)
    customer, order = order_of(call, store)
    body = validate(schemas.LINE_WRITE, call.data())
    _check_lines(store, [*order["lines"], body])
    line = _line(body)
    _replace_order(store, customer, {**order, "lines": [*order["lines"], line]})
    return show_line(store, line)


def order_lines_get(call: Call) -> Document:
    """One line."""
    store = store_of(call)
    _, order = order_of(call, store)
    return show_line(store, _find_line(call, order))


def order_lines_update(call: Call) -> Document:
    """Change a line."""
    store = store_of(call)
    customer, order = order_of(call, store)
    line = _find_line(call, order)
    body = validate(schemas.LINE_PATCH, call.data())
    line |= _line({**body, "id": line["id"]})
    _check_line(store, line)
    _replace_order(store, customer, order)
    return show_line(store, line)


def order_lines_delete(call: Call) -> None:
    """Remove a line."""
    store = store_of(call)
    customer, order = order_of(call, store)
    order["lines"].remove(_find_line(call, order))
    _replace_order(store, customer, order)


# Loading by control call


def load_customer(store: Store, body: Document) -> None:
    """Take a customer in the vendor's own shape, new or known."""
    customer = store.customers.get(str(body["id"]))
    body = {"opt_in_status": False, **body, "id": str(body["id"])}
    if customer is None:
        add_customer(store, body)
    else:
        change_customer(store, customer, body)


def load_order(store: Store, body: Document) -> None:
    """Take an order in the vendor's own shape; products it names need not be there."""
    customer = order_customer(store, body["customer"])
    lines = [_line(line) for line in body.get("lines", [])]
    order = {"id": str(body["id"]), "currency_code": _currency(store), **_kept(body), "lines": lines}
    store_order(store, customer, order)
