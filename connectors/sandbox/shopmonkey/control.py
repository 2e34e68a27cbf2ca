"""What a person (or a test) does in the vendor's screens: add and edit, authorize, invoice, pay, refund, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.shopmonkey import orders, people
from connectors.sandbox.shopmonkey.shop import PERMISSIONS, Company, Key
from connectors.sandbox.shopmonkey.wire import is_whole

ACTS = ("authorize", "invoice", "estimate", "repair", "pay", "archived", "deleted")
PAYS = ("paymentType", "paymentMode", "provider", "deposit", "checkNumber", "cardType", "cardDigits", "status", "note")
PLAIN = (
    "locations", "vehicles", "vendors", "workflow_statuses", "tax_configs", "payment_terms", "inventory_parts",
    "inventory_tires", "inventory_labors", "inventory_fees", "webhooks",
)  # fmt: skip


def load(company: Company, resource: str, document: Document) -> Document:
    """Take one document in the vendor's shape; a known id is an edit. Raises `SandboxError` or `Refusal`.

    `orders` take acts beside the members of a row, `refunds` and `transfers` are acts on a charge, `keys` make, change
    or revoke an API key.
    """
    if resource in PLAIN:
        return _plain(company, resource, document)
    if resource not in _TAKES:
        raise SandboxError(f"shopmonkey cannot load {resource!r}; known: {', '.join((*PLAIN, *_TAKES))}")
    return _TAKES[resource](company, document)


def _plain(company: Company, table: str, document: Document) -> Document:
    old = company[table].get(str(document.get("id")))
    if old is not None and document.get("deleted") and not old.get("deleted"):
        document = {"deletedDate": company.world.stamp(), **document}
    return company.put(table, {**old, **document} if old else company.fill(table, document))


def _customer(company: Company, document: Document) -> Document:
    id = str(document.get("id") or "")
    if id in company["customers"]:
        return people.change(company, id, {name: document[name] for name in document if name != "id"})
    return people.add(company, document)


def _order(company: Company, document: Document) -> Document:
    id = str(document.get("id") or "")
    if id not in company["orders"]:
        acts: Document = {name: document[name] for name in ("authorize", "invoice", "pay") if name in document}
        told = {name: value for name, value in document.items() if name not in acts and name not in PAYS[:3]}
        row = orders.add(company, told)
        return act(company, row["id"], {**document, **acts}) if acts else row
    plain = {name: value for name, value in document.items() if name not in (*ACTS, *PAYS, "services", "id")}
    if plain:
        orders.refresh(company, id, **plain)
    for service in document.get("services", ()):
        orders.put_service(company, {"orderId": id, **service})
    return act(company, id, document)


def act(company: Company, id: str, told: Mapping[str, Any]) -> Document:
    """Do what is asked of an order, in the order life takes."""
    if told.get("authorize") or told.get("repair"):
        orders.authorize(company, id)
    if told.get("estimate"):
        orders.estimate(company, id)
    if told.get("invoice"):
        orders.invoice(company, id)
    if told.get("pay"):
        amount = told["pay"] if is_whole(told["pay"]) else None
        more = {name: told[name] for name in PAYS if name in told}
        orders.pay(company, {"orderId": id, "amountCents": amount, **more})
    if "archived" in told:
        company.edit("orders", id, archived=bool(told["archived"]))
    if told.get("deleted") and not company["orders"][id]["deleted"]:
        orders.remove(company, id)
    return company["orders"][id]


def _service(company: Company, document: Document) -> Document:
    id = str(document.get("id") or "")
    told = {name: value for name, value in document.items() if name not in ("decline", "authorize")}
    if id not in company["services"] and str(document.get("orderId")) not in company["orders"]:
        raise SandboxError(f"shopmonkey has no order {document.get('orderId')!r}")
    row = orders.put_service(company, told) if set(told) - {"id"} else company["services"][id]
    if document.get("decline"):
        orders.decline(company, row["id"])
    elif document.get("authorize"):
        company.edit("services", row["id"], authorizationStatus="Authorized", deferredReason=None, deferredDate=None)
        orders.refresh(company, row["orderId"])
    return company["services"][row["id"]]


def _payment(company: Company, document: Document) -> Document:
    old = company["payments"].get(str(document.get("id")))
    if old is None:
        if document.get("orderId") in company["orders"] and document.get("transactionType", "Charge") == "Charge":
            return orders.pay(company, document, settles=False)
        return company.put("payments", company.fill("payments", document))
    changes = {name: value for name, value in document.items() if name != "settle"}
    if document.get("settle"):
        changes |= {"status": "succeeded", "recordedDate": company.world.stamp()}
    return company.put("payments", {**old, **changes})


def settle(company: Company, rows: Iterable[Document]) -> None:
    """Let the orders take up payments that were loaded: each once, when all are there."""
    charges = company["payments"]
    touched = [(row["orderId"], charges.get(row["chargeId"] or "", {}).get("orderId")) for row in rows]
    for order in dict.fromkeys(id for both in touched for id in both):
        if order in company["orders"]:
            orders.settle(company, order)


def _refund(company: Company, document: Document) -> Document:
    reason = str(document.get("refundReason") or "RequestedByCustomer")
    return orders.refund(company, _charge(company, document), document.get("amountCents"), reason)


def _transfer(company: Company, document: Document) -> Document:
    order = str(document.get("orderId"))
    if order not in company["orders"]:
        raise SandboxError(f"shopmonkey has no order {order!r}")
    return orders.transfer(company, _charge(company, document), order, document["amountCents"])


def _charge(company: Company, document: Document) -> str:
    id = str(document.get("chargeId"))
    if id not in company["payments"]:
        raise SandboxError(f"shopmonkey has no payment {id!r}")
    return id


def _key(company: Company, document: Document) -> Document:
    secret = str(document["key"])
    key = company.keys.get(secret) or Key(company.new_id(), secret, str(document.get("name") or "Key"))
    unknown = set(document.get("permissions", ())) - set(PERMISSIONS)
    if unknown:
        raise SandboxError(
            f"shopmonkey knows no permission {', '.join(sorted(unknown))}; known: {', '.join(PERMISSIONS)}"
        )
    if "permissions" in document:
        key.permissions = frozenset(document["permissions"])
    if "locationIds" in document:
        key.locations = frozenset(str(one) for one in document["locationIds"])
    key.revoked = bool(document.get("revoked", key.revoked))
    company.keys[secret] = key
    return key_shown(key)


def key_shown(key: Key) -> Document:
    """A key without its secret."""
    return {
        "id": key.id,
        "name": key.name,
        "permissions": sorted(key.permissions),
        "locationIds": sorted(key.locations),
        "revoked": key.revoked,
    }


_TAKES: Mapping[str, Callable[[Company, Document], Document]] = {
    "customers": _customer,
    "orders": _order,
    "services": _service,
    "payments": _payment,
    "refunds": _refund,
    "transfers": _transfer,
    "keys": _key,
}


def state(company: Company) -> Document:
    """Everything a company holds; of keys and webhooks without their secrets."""
    held: Document = {name: list(rows.values()) for name, rows in company.tables.items()}
    held["services"] = {id: company.services_of(id) for id in company["orders"]}
    held["webhooks"] = [{**row, "secret": None} for row in company["webhooks"].values()]
    return {"id": company.id, "name": company.name, "keys": [key_shown(key) for key in company.keys.values()], **held}
