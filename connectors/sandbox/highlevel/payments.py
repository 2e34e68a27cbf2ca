"""Orders, transactions and subscriptions: what is kept, what lists and single reads show, how money is taken.

Lists give summaries, single reads the whole; only the single read of a transaction says `qboSynced`.
Source: GoHighLevel/highlevel-api-docs:apps/payments.json and docs/webhook events/OrderCreate.md, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.core import Document, Response, SandboxError
from connectors.sandbox.highlevel import money
from connectors.sandbox.highlevel.call import Call
from connectors.sandbox.highlevel.place import Drawer, Location, shown
from connectors.sandbox.highlevel.wire import (
    Refusal,
    answer,
    cents,
    moment,
    nobody_serves,
    query_count,
    query_day,
    query_text,
    trace,
)

PAID = ("paid", "unpaid", "refunded", "partially_paid")
SIZE = 10
# The four ways to buy that the vendor's own books integration speaks of, and where each comes from.
SOURCES: dict[str, tuple[str, str | None, str]] = {
    "order_form": ("funnel", "two_step_order_form", "Formulaire de commande"),
    "subscription": ("funnel", "one_step_order_form", "Abonnement"),
    "checkout": ("membership", None, "Espace membres"),
    "calendar": ("calendar", None, "Calendrier de rendez-vous"),
    "store": ("website", "store", "Boutique en ligne"),
    "payment_link": ("payment_link", None, "Lien de paiement"),
}
CHARGED_BY = "stripe"


def serve(call: Call, parts: list[str]) -> Response:
    """`/payments/…`; `parts` is what follows."""
    if call.method != "GET" or parts[0] not in ("orders", "transactions", "subscriptions") or len(parts) > 2:
        raise nobody_serves(call.request)
    call.need(f"payments/{parts[0]}.readonly")
    match parts:
        case ["orders"]:
            paid = query_text(call.request, "paymentStatus", PAID)
            location = call.alternative(typed=False)
            return _list(call, location, location.orders, order_row, _order_tests(call, paid))
        case ["orders", id]:
            location = call.alternative(typed=False)
            return answer(whole_order(location, _known(location.orders, id, "Order")))
        case ["transactions"]:
            location = call.alternative(typed=True)
            return _list(call, location, location.transactions, transaction_row, _transaction_tests(call))
        case ["transactions", id]:
            location = call.alternative(typed=True)
            return answer(whole_transaction(_known(location.transactions, id, "Transaction")))
        case ["subscriptions"]:
            location = call.alternative(typed=True)
            return _list(call, location, location.subscriptions, subscription_row, _subscription_tests(call))
        case ["subscriptions", id]:
            location = call.alternative(typed=True)
            return answer(shown(_known(location.subscriptions, id, "Subscription")))
    raise nobody_serves(call.request)


def _known(drawer: Drawer, id: str, what: str) -> Document:
    if id not in drawer:
        raise Refusal(404, f"{what} not found")
    return drawer[id]


# Lists

Test = Callable[[Document], bool]


def _list(
    call: Call, location: Location, drawer: Drawer, row: Callable[[Document], Document], tests: list[Test]
) -> Response:
    """Newest first; `startAt` and `endAt` test the day of creation (UTC)."""
    limit, offset = query_count(call.request, "limit", SIZE), query_count(call.request, "offset", 0)
    first, last = (query_day(call.request, name, exact=False) for name in ("startAt", "endAt"))
    mode = call.arg("paymentMode")
    rows: Iterable[Document] = drawer.values()
    if first:
        rows = (one for one in rows if one["createdAt"][:10] >= first)
    if last:
        rows = (one for one in rows if one["createdAt"][:10] <= last)
    if mode in ("live", "test"):
        rows = (one for one in rows if one["liveMode"] == (mode == "live"))
    for name in ("contactId", "entityId"):
        if call.arg(name):
            rows = _equal(rows, name, call.arg(name))
    if call.arg("search"):
        word = str(call.arg("search")).lower()
        rows = [one for one in rows if word in _searched(one)]
    found = sorted(
        (one for one in rows if all(test(one) for test in tests)),
        key=lambda one: (one["createdAt"], one["_id"]),
        reverse=True,
    )
    page = [row(one) for one in found[offset : offset + limit]]
    return answer({"data": location.world.kept(page), "totalCount": len(found)})


def _equal(rows: Iterable[Document], name: str, wanted: str | None) -> list[Document]:
    return [one for one in rows if one.get(name) == wanted]


def _searched(one: Document) -> str:
    source = one.get("source") or one.get("entitySource") or {}
    person = one.get("contactSnapshot") or {}
    return " ".join(str(value or "") for value in (one["_id"], source.get("name"), *_person(person))).lower()


def _order_tests(call: Call, paid: str | None) -> list[Test]:
    status, source = call.arg("status"), call.arg("sourceId")
    tests: list[Test] = []
    if status:
        tests.append(lambda one: bool(one["status"] == status))
    if paid:
        tests.append(lambda one: payment_status(one) == paid)
    if source:
        tests.append(lambda one: (one.get("source") or {}).get("id") == source)
    return tests


def _transaction_tests(call: Call) -> list[Test]:
    kind, below, subscription = (
        call.arg(name) for name in ("entitySourceType", "entitySourceSubType", "subscriptionId")
    )
    tests: list[Test] = []
    if kind:
        tests.append(lambda one: (one.get("entitySource") or {}).get("type") == kind)
    if below:
        tests.append(lambda one: (one.get("entitySource") or {}).get("subType") == below)
    if subscription:
        tests.append(lambda one: one.get("subscriptionId") == subscription)
    return tests


def _subscription_tests(call: Call) -> list[Test]:
    kind, id = call.arg("entitySourceType"), call.arg("id")
    tests: list[Test] = []
    if kind:
        tests.append(lambda one: (one.get("entitySource") or {}).get("type") == kind)
    if id:
        tests.append(lambda one: id in (one["_id"], one.get("subscriptionId")))
    return tests


def payment_status(order: Document) -> str:
    """What the filter `paymentStatus` tests."""
    if order.get("paymentStatus") or order.get("_paymentStatus"):
        return str(order.get("paymentStatus") or order.get("_paymentStatus"))
    return "paid" if order["status"] == "completed" else "unpaid"


# What reads show


def _person(snapshot: Document) -> tuple[str | None, str | None]:
    names = (snapshot.get("firstName"), snapshot.get("lastName"))
    return " ".join(name for name in names if name) or None, snapshot.get("email")


def _common(one: Document, *names: str) -> Document:
    """The members a list row shares with the single read."""
    name, mail = _person(one.get("contactSnapshot") or {})
    found = {key: one[key] for key in ("_id", "altId", "altType", "contactId", *names) if key in one}
    return {**found, "contactName": name, "contactEmail": mail}


def order_row(order: Document) -> Document:
    """An order in a list: sums, no lines."""
    sums, source = order.get("amountSummary") or {}, order.get("source") or {}
    kinds = [(item.get("price") or {}).get("type") for item in order.get("items", [])]
    coupon = order.get("coupon") or {}
    shared = ("currency", "amount", "status", "liveMode", "createdAt", "updatedAt", "fulfillmentStatus")
    return {
        **_common(order, *shared),
        "subtotal": sums.get("subtotal", order["amount"]),
        "discount": sums.get("discount", money.ZERO),
        "totalProducts": len(kinds),
        "onetimeProducts": sum(kind != "recurring" for kind in kinds),
        "recurringProducts": sum(kind == "recurring" for kind in kinds),
        "sourceType": source.get("type", "manual"),
        "sourceSubType": source.get("subType"),
        "sourceName": source.get("name"),
        "sourceId": source.get("id"),
        "sourceMeta": source.get("meta", {}),
        "couponCode": coupon.get("code"),
    }


def whole_order(location: Location, order: Document) -> Document:
    """An order by itself, with its lines."""
    found = shown(order)
    if not location.world.settings.order_taxes:
        sums = found.get("amountSummary") or {}
        found["amountSummary"] = {name: value for name, value in sums.items() if name not in ("tax", "shipping")}
        found.pop("taxSummary", None)
    return found


def _from_source(one: Document) -> Document:
    source = one.get("entitySource") or {}
    return {
        "entitySourceType": source.get("type", "manual"),
        "entitySourceName": source.get("name"),
        "entitySourceId": source.get("id"),
        "entitySourceMeta": source.get("meta", {}),
    }


def transaction_row(one: Document) -> Document:
    """A transaction in a list: with the time of the charge and the card, without `qboSynced`."""
    shared = (
        "currency", "amount", "status", "liveMode", "entityType", "entityId", "subscriptionId",
        "chargeId", "chargeSnapshot", "createdAt", "updatedAt", "amountRefunded",
    )  # fmt: skip
    provider = one.get("paymentProvider") or {}
    return {
        **_common(one, *shared),
        **_from_source(one),
        "entitySourceSubType": (one.get("entitySource") or {}).get("subType"),
        "paymentProviderType": provider.get("type"),
        "paymentProviderConnectedAccount": (provider.get("connectedAccount") or {}).get("accountId"),
        "mergedFromContactId": one.get("mergedFromContactId"),
        "paymentMethod": one.get("_paymentMethod"),
        "fulfilledAt": one.get("_fulfilledAt") or one["createdAt"],
    }


def whole_transaction(one: Document) -> Document:
    """A transaction by itself."""
    return {**shown(one), "traceId": trace()}


def subscription_row(one: Document) -> Document:
    """A subscription in a list."""
    shared = (
        "currency", "amount", "status", "liveMode", "entityType", "entityId", "subscriptionId", "subscriptionSnapshot",
        "createdAt", "updatedAt",
    )  # fmt: skip
    provider = (one.get("paymentProvider") or {}).get("type")
    return {**_common(one, *shared), **_from_source(one), "paymentProviderType": provider}


# Taking money


def snapshot(contact: Document) -> Document:
    """The contact as a sale remembers it."""
    names = ("id", "locationId", "firstName", "lastName", "email", "phone", "country")
    return {name: contact.get(name) for name in names}


def of_invoice(location: Location, invoice: Document, amount: Decimal, at: datetime, told: Document) -> Document:
    """The transaction of a payment on an invoice."""
    contact = location.contacts.get(invoice["contactDetails"].get("id", ""))
    is_manual = told.get("provider", "manual") == "manual"
    number = f"{invoice.get('invoiceNumberPrefix') or ''}{invoice['invoiceNumber']}"
    return charge(
        location,
        contact,
        {
            "currency": invoice["currency"],
            "amount": amount,
            "liveMode": invoice["liveMode"],
            "entityType": "invoice",
            "entityId": invoice["_id"],
            "entitySource": {"type": "invoice", "subType": None, "id": invoice["_id"], "name": number, "meta": {}},
            "invoiceId": invoice["_id"],
            "paymentProvider": _provider("manual" if is_manual else told["provider"]),
            "_paymentMethod": {"mode": told["mode"]} if is_manual and "mode" in told else _card(),
        },
        at,
    )


def _provider(kind: str) -> Document:
    if kind == "manual":
        return {"type": "manual"}
    return {"type": kind, "connectedAccount": {"_id": "5f1e0c2b9a7d4c3b2a190807", "accountId": "acct_fictif"}}


def _card() -> Document:
    return {"card": {"brand": "visa", "last4": "4242"}}


def charge(location: Location, contact: Document | None, told: Document, at: datetime) -> Document:
    """A transaction; `told` overrides what is filled in. No event tells of it."""
    when = moment(at)
    one: Document = {
        "_id": location.long_id(),
        "altId": location.id,
        "altType": "location",
        "contactId": contact["id"] if contact else None,
        "contactSnapshot": snapshot(contact) if contact else None,
        "status": "succeeded",
        "liveMode": True,
        "createdAt": when,
        "updatedAt": when,
        "chargeId": None,
        "chargeSnapshot": {},
        "invoiceId": None,
        "subscriptionId": None,
        "paymentProvider": _provider(CHARGED_BY),
        "meta": {},
        "markAsTest": False,
        "isParent": False,
        "amountRefunded": money.ZERO,
        "receiptId": location.long_id(),
        "qboSynced": False,
        "qboResponse": None,
        "_fulfilledAt": when,
        "_paymentMethod": _card(),
        **told,
    }
    if one["paymentProvider"]["type"] != "manual" and one["chargeId"] is None:
        one["chargeId"] = f"ch_{location.short_id()}"
    location.transactions[one["_id"]] = one
    return one


def sell(location: Location, contact: Document, told: Document, at: datetime) -> Document:
    """A purchase of one of the kinds, paid at once: an order, its transaction, a subscription where it renews.

    `told`: `kind`, `items` `[{name, amount, qty?, taxes?, taxInclusive?, productId?, priceId?, type?}]` or `amount`;
    what is no `recurring` line of a subscription is paid once, with its first charge; optional `discount`,
    `coupon`, `shipping`, `currency`, `liveMode`, `source`, `status` of the charge, `qboSynced`. Gives ids.
    """
    kind = str(told.get("kind", "order_form"))
    if kind not in SOURCES:
        raise SandboxError(f"highlevel has no payment kind {kind!r}; known: {', '.join(SOURCES)}")
    type_, below, name = SOURCES[kind]
    given = told.get("source") or {}
    source = {"type": type_, "subType": below, "id": location.short_id(), "name": name, "meta": {}, **given}
    currency, is_live = told.get("currency", location.currency), bool(told.get("liveMode", True))
    lines = told.get("items") or [{"name": name, "amount": told["amount"], "qty": 1}]
    lines = [{"qty": 1, "taxes": [], "taxInclusive": False, **line} for line in lines]
    sums = money.add_up(lines, told.get("discount"), location.world.settings.tax_rounding)
    shipping = cents(told.get("shipping", 0))
    status = str(told.get("status", "succeeded"))
    when = moment(at)
    order: Document = {
        "_id": location.long_id(),
        "altId": location.id,
        "altType": "location",
        "contactId": contact["id"],
        "contactSnapshot": snapshot(contact),
        "currency": currency,
        "amount": sums.total + shipping,
        "status": "completed" if status == "succeeded" else "pending",
        "fulfillmentStatus": "unfulfilled",
        "liveMode": is_live,
        "amountSummary": {
            "subtotal": sums.subtotal, "discount": sums.discount, "tax": sums.tax, "shipping": shipping,
        },
        "taxSummary": sums.taxes,
        "source": source,
        "items": [_item(location, line, currency, kind) for line in lines],
        "coupon": {"code": told["coupon"], "_id": location.long_id()} if told.get("coupon") else None,
        "markAsTest": not is_live,
        "automaticTaxesCalculated": False,
        "createdAt": when,
        "updatedAt": when,
    }  # fmt: skip
    location.orders[order["_id"]] = order
    location.world.tell(location, "OrderCreate", shown(order))
    ids = {"order": order["_id"]}
    subscription = _subscribe(location, order, at) if kind == "subscription" else None
    shared = ("liveMode", "currency", "amount", "markAsTest")
    one: Document = {name: order[name] for name in shared} | {
        "status": status,
        "entityType": "order",
        "entityId": order["_id"],
        "entitySource": source,
        "subscriptionId": subscription["subscriptionId"] if subscription else None,
    }
    if told.get("qboSynced"):
        one |= {"qboSynced": True, "qboResponse": {"domain": "QBO", "Id": "1", "TotalAmt": order["amount"]}}
    ids["transaction"] = charge(location, contact, one, at)["_id"]
    return ids | ({"subscription": subscription["_id"]} if subscription else {})


def _item(location: Location, line: Document, currency: str, kind: str) -> Document:
    renews = line.get("type") or ("recurring" if kind == "subscription" else "one_time")
    price = {"_id": line.get("priceId") or location.long_id(), "name": line["name"], "amount": line["amount"]}
    product = {"_id": line.get("productId") or location.long_id(), "name": line["name"], "productType": "SERVICE"}
    return {
        "_id": location.long_id(),
        "name": line["name"],
        "qty": line["qty"],
        "product": product,
        "price": {**price, "currency": currency, "type": renews},
        "taxes": line["taxes"],
        "taxInclusive": line["taxInclusive"],
    }


def _subscribe(location: Location, order: Document, at: datetime) -> Document:
    when = moment(at)
    shared = ("altId", "altType", "contactId", "contactSnapshot", "currency", "liveMode", "markAsTest")
    again = [item for item in order["items"] if item["price"]["type"] == "recurring"]
    lines = [{**item, "amount": item["price"]["amount"]} for item in again]
    part = money.add_up(lines, None, location.world.settings.tax_rounding).total
    one: Document = {
        "_id": location.long_id(),
        **{name: order[name] for name in shared},
        "amount": order["amount"] if len(again) == len(order["items"]) else part,
        "coupon": None,
        "status": "active",
        "entityType": "order",
        "entityId": order["_id"],
        "entitySource": order["source"],
        "subscriptionId": f"sub_{location.short_id()}",
        "subscriptionSnapshot": {},
        "paymentProvider": {"type": CHARGED_BY},
        "createdAt": when,
        "updatedAt": when,
        "meta": {},
        "recurringProduct": {"product": {"name": (again or order["items"])[0]["name"]}},
        "canceledAt": None,
    }
    location.subscriptions[one["_id"]] = one
    return one


def renew(
    location: Location, id: str, at: datetime, status: str = "succeeded", entity: str = "order", amount: object = None
) -> Document:
    """The next charge of a subscription: a new transaction on the same order, or on the subscription itself."""
    one = location.subscriptions.get(id)
    if one is None:
        raise SandboxError(f"highlevel has no subscription {id!r}")
    location.subscriptions[id] = {**one, "updatedAt": moment(at)}
    shared = (
        "currency",
        "amount",
        "liveMode",
        "entityType",
        "entityId",
        "entitySource",
        "subscriptionId",
        "markAsTest",
    )
    told = {name: one[name] for name in shared if name in one}
    if entity == "subscription":
        told |= {"entityType": entity, "entityId": id}
    if amount is not None:
        told["amount"] = cents(amount)
    return charge(location, location.contacts.get(one["contactId"]), {**told, "status": status}, at)


def refund(location: Location, id: str, amount: object) -> Document:
    """Give money back: the amount refunded grows, no date of its own is kept."""
    one = location.transactions.get(id)
    if one is None:
        raise SandboxError(f"highlevel has no transaction {id!r}")
    given = cents(one.get("amountRefunded") or 0) + cents(amount)
    if cents(amount) <= 0 or given > cents(one["amount"]):
        raise SandboxError("a refund must be more than 0 and, all together, not more than was paid")
    status = "refunded" if given == cents(one["amount"]) else one["status"]
    one = {**one, "amountRefunded": given, "status": status, "updatedAt": location.now()}
    location.transactions[id] = one
    order = location.orders.get(one.get("entityId", ""))
    if order is not None and status == "refunded":
        location.orders[order["_id"]] = {**order, "_paymentStatus": "refunded", "updatedAt": location.now()}
    return one
