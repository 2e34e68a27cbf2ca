"""What a person (or a test) does in the vendor's screens: add and edit, send, pay, void, delete, merge, refund."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.highlevel import contacts, invoices, payments
from connectors.sandbox.highlevel.place import Drawer, Location, shown
from connectors.sandbox.highlevel.wire import is_number, moment, parse_moment

CONTACT_KEYS = {*contacts.CREATE, "id", "type", "dateAdded", "dateUpdated", "contactName", "searchAfter", "businessId"}


def load(location: Location, resource: str, document: Document) -> Document:
    """Take one document; what was made or changed. Raises `Refusal` or `SandboxError`.

    In the vendor's own shape: `contacts`, `invoices`, `orders`, `transactions`, `subscriptions`, `products`, `prices`,
    `workflows`, `custom_fields`, `users`. Acts: `payments` (a purchase), `renewals`, `refunds`.
    """
    if resource not in _TAKES:
        raise SandboxError(f"highlevel cannot load {resource!r}; known: {', '.join(_TAKES)}")
    return _TAKES[resource](location, document)


# Contacts


def _contact(location: Location, document: Document) -> Document:
    """A known id is edited: named fields change; `deleted`, `merge_into`. An unknown one, or none, is added."""
    id = str(document.get("id") or "")
    if id in location.contacts:
        return _edit_contact(location, location.contacts[id], document)
    if "merge_into" in document or document.get("deleted"):
        raise SandboxError(f"highlevel has no contact {id!r}")
    now = location.now()
    blank: Document = dict.fromkeys(contacts.KEPT)
    blank |= {"dnd": False, "tags": [], "customFields": [], "source": "manual", "type": "lead"}
    names = [document.get(name) for name in ("firstName", "lastName")]
    blank |= {"contactName": " ".join(name for name in names if name) or None, "dateAdded": now, "dateUpdated": now}
    contact = {"id": id or location.short_id(), "locationId": location.id, **blank, **_members(document, "id")}
    contact["locationId"] = location.id
    location.put_contact(contact)
    location.world.tell(location, "ContactCreate", contact)
    return contact


def _members(document: Document, *but: str) -> Document:
    """A document without our own members."""
    own = {*but, "location", "merge_into", "deleted"}
    return {name: value for name, value in document.items() if name not in own}


def _edit_contact(location: Location, contact: Document, document: Document) -> Document:
    if document.get("deleted"):
        location.drop_contact(contact["id"])
        location.world.tell(location, "ContactDelete", contact)
        return contact
    if "merge_into" in document:
        return merge(location, contact, str(document["merge_into"]))
    unknown = set(_members(document)) - CONTACT_KEYS
    if unknown:
        raise SandboxError(f"contacts have no {', '.join(sorted(unknown))}")
    body = {name: value for name, value in document.items() if name in contacts.CREATE}
    return contacts.change(location, contact, body)


def merge(location: Location, contact: Document, into: str) -> Document:
    """The contact goes up in another; what was sold to it says so."""
    if into not in location.contacts or into == contact["id"]:
        raise SandboxError(f"highlevel cannot merge into {into!r}")
    old, kept = contact["id"], location.contacts[into]
    for drawer in (location.orders, location.transactions, location.subscriptions):
        for id, one in drawer.items():
            if one.get("contactId") == old:
                drawer[id] = {**one, "contactId": into, "updatedAt": location.now()}
                if drawer is location.transactions:
                    drawer[id]["mergedFromContactId"] = old
    for id, invoice in location.invoices.items():
        if invoice["contactDetails"].get("id") == old:
            told = {**invoice["contactDetails"], "id": into}
            location.invoices[id] = {**invoice, "contactDetails": told, "updatedAt": location.now()}
    filled = {name: contact[name] for name in contacts.KEPT if contact.get(name) and not kept.get(name)}
    filled["tags"] = [*kept["tags"], *contact["tags"]]
    location.drop_contact(old)
    location.merged[old] = into
    location.world.tell(location, "ContactDelete", contact)
    return contacts.change(location, kept, filled)


# Invoices


def _invoice(location: Location, document: Document) -> Document:
    """A known id is edited: fields, then `send`, `pay` (an amount, or true for the rest), `void`, `deleted`.

    `updatedAt` beside a known id, or `total` beside an unknown one, says that it is a whole document, kept as it is.
    Without them a new one is a draft (`contact`, `items`, …) whose sums are worked out.
    """
    id = str(document.get("_id") or "")
    known = location.invoices.get(id)
    if (known is not None and "updatedAt" in document) or (known is None and "total" in document):
        whole = {**_members(document), "altId": location.id, "altType": "location"}
        whole.setdefault("_id", location.long_id())
        event = "InvoiceUpdate" if known else "InvoiceCreate"
        return invoices.store(location, whole, event)
    invoice = invoices.edit(location, known, document) if known else _new_invoice(location, document)
    if document.get("send"):
        invoice = invoices.send(location, invoice)
    if document.get("pay"):
        invoice = _pay(location, invoice, document)
    if document.get("void"):
        invoice = invoices.void(location, invoice)
    if document.get("deleted"):
        invoices.delete(location, invoice)
    return invoice


def _new_invoice(location: Location, document: Document) -> Document:
    contact = person(location, document.get("contact") or (document.get("contactDetails") or {}).get("id"))
    body = {
        "name": document.get("name", "Facture"),
        "businessDetails": location.business(),
        "currency": location.currency,
        "discount": {"type": "percentage", "value": 0},
        "issueDate": location.today(),
        "liveMode": True,
        **_members(document, "_id", "contact", "send", "pay", "void"),
        "contactDetails": {**invoices.details(contact), **(document.get("contactDetails") or {})},
        "items": document.get("items") or document.get("invoiceItems") or [],
    }
    return invoices.create(location, body, str(document.get("_id") or ""))


def _pay(location: Location, invoice: Document, document: Document) -> Document:
    told: Document = {"provider": document.get("provider", payments.CHARGED_BY), "mode": document.get("mode", "card")}
    if is_number(document["pay"]):
        told["amount"] = document["pay"]
    if "at" in document:
        told["fulfilledAt"] = document["at"]
    return invoices.pay(location, invoice, told)[0]


def person(location: Location, who: object) -> Document:
    """A contact by id or by address. Raises `SandboxError`."""
    found = location.contacts.get(str(who))
    if found is None and who:
        found = next(iter(location.contacts_by("email", str(who))), None)
    if found is None:
        raise SandboxError(f"highlevel has no contact {who!r} in {location.id}")
    return found


# Money


def _when(location: Location, document: Document) -> datetime:
    at = document.get("at")
    found = location.world.now() if at is None else parse_moment(at)
    if found is None:
        raise SandboxError(f"at: {at!r} is no time")
    return found


def _payment(location: Location, document: Document) -> Document:
    return payments.sell(location, person(location, document.get("contact")), document, _when(location, document))


def _renewal(location: Location, document: Document) -> Document:
    status = str(document.get("status", "succeeded"))
    entity, amount = str(document.get("entity", "order")), document.get("amount")
    return payments.renew(location, str(document["subscription"]), _when(location, document), status, entity, amount)


def _refund(location: Location, document: Document) -> Document:
    return payments.refund(location, str(document["transaction"]), document["amount"])


# Other documents


def _drawer(name: str, key: str, event: str = "") -> Callable[[Location, Document], Document]:
    """Take documents of a drawer: a known id is edited, `deleted` removes, others are added."""

    def take(location: Location, document: Document) -> Document:
        drawer: Drawer = getattr(location, name)
        id = str(document.get(key) or location.long_id())
        known = drawer.get(id)
        if document.get("deleted"):
            if known is None:
                raise SandboxError(f"highlevel has no {name} {id!r}")
            del drawer[id]
            found, verb = known, "Delete"
        else:
            stamps = {"createdAt": location.now(), "updatedAt": location.now()} if name in _STAMPED else {}
            if known is not None:
                stamps.pop("createdAt", None)
            told = {"locationId": location.id} if name in _LOCATED else {}
            told = {"altId": location.id, "altType": "location"} if name in _ALTERNATIVE else told
            found = {**(known or {}), **stamps, **_members(document), **told, key: id}
            drawer[id], verb = found, "Create" if known is None else "Update"
        if event:
            verb = "StatusUpdate" if event == "Order" and verb == "Update" else verb
            location.world.tell(location, f"{event}{verb}", shown(found))
        return found

    return take


_ALTERNATIVE = ("orders", "transactions", "subscriptions")
_LOCATED = ("products", "prices", "workflows")
_STAMPED = (*_ALTERNATIVE, "products", "workflows")


def _user(location: Location, document: Document) -> Document:
    location.users.append(str(document["id"]))
    return document


def _private_token(location: Location, document: Document) -> Document:
    scopes = document.get("scopes")
    location.rotate(
        str(document["token"]), bool(document.get("later")), None if scopes is None else frozenset(map(str, scopes))
    )
    return document


_TAKES: Mapping[str, Callable[[Location, Document], Document]] = {
    "contacts": _contact,
    "invoices": _invoice,
    "payments": _payment,
    "renewals": _renewal,
    "refunds": _refund,
    "orders": _drawer("orders", "_id", "Order"),
    "transactions": _drawer("transactions", "_id"),
    "subscriptions": _drawer("subscriptions", "_id"),
    "products": _drawer("products", "_id", "Product"),
    "prices": _drawer("prices", "_id", "Price"),
    "workflows": _drawer("workflows", "id"),
    "custom_fields": _drawer("custom_fields", "id"),
    "users": _user,
    "private_tokens": _private_token,
}


def state(location: Location) -> dict[str, Any]:
    """Everything a location holds."""
    counts: dict[str, int] = {}
    for one in location.enrolments:
        key = f"{one['contactId']} {one['workflowId']}"
        counts[key] = counts.get(key, 0) + 1
    drawers = ("contacts", "invoices", "orders", "transactions", "subscriptions", "products", "prices", "workflows")
    return {
        "id": location.id,
        "name": location.name,
        "companyId": location.company_id,
        "users": location.users,
        **{name: list(getattr(location, name).values()) for name in drawers},
        "custom_fields": list(location.custom_fields.values()),
        "enrolments": location.enrolments,
        "enrolment_counts": counts,
        "taggings": location.taggings,
        "messages": location.messages,
        "merged": location.merged,
        "now": moment(location.world.now()),
    }
