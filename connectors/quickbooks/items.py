"""Products and services, seen as products.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Payload, Raw, Resource, Text, Values
from connectors.quickbooks import writing
from connectors.quickbooks.customers import clean_name
from connectors.quickbooks.reading import changed_at, is_gone, is_stub, money, text

KINDS = {
    "Service": "service",
    "NonInventory": "non_inventory",
    "Inventory": "inventory",
    "Category": "category",
    "Group": "bundle",
}
_TYPES = {"service": "Service", "non_inventory": "NonInventory", "inventory": "Inventory"}


def parse(raw: Raw) -> Values:
    """An item's canonical values. `price` is in the home currency; `quantity` is told for tracked stock only."""
    if is_stub(raw):
        return {}
    get = raw.get
    whole, kind = get("FullyQualifiedName") or "", get("Type")
    return {
        "name": text(get("Name")),
        "sku": text(get("Sku")),
        "kind": KINDS.get(kind, kind) if kind else None,
        "description": text(get("Description")),
        "price": money(get("UnitPrice")),
        "active": get("Active", True),
        "quantity": money(get("QtyOnHand")) if get("TrackQtyOnHand") else None,
        "category": whole.rpartition(":")[0] or None,  # the parent's own reference often comes without its name
    }


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """An item's body. Accounts for new items come from the settings income_account and expense_account."""
    payload: Payload = {}
    if values.get("name"):
        payload["Name"] = clean_name(values["name"])
    for name, wire in (("sku", "Sku"), ("description", "Description")):
        writing.put_text(payload, wire, values, name, action)
    if values.get("price") is not None:
        payload["UnitPrice"] = values["price"]
    if "active" in values and action != "create":
        payload["Active"] = bool(values["active"])
    if action == "create":
        # Stock is the vendor's to count; an item made by us does not track it unless it is asked for by name.
        payload["Type"] = _TYPES.get(str(values.get("kind")), "NonInventory")
        for setting, wire in (("income_account", "IncomeAccountRef"), ("expense_account", "ExpenseAccountRef")):
            if context.get(setting):
                payload[wire] = {"value": context[setting]}
    return payload


KIND = writing.Kind("items", "Item", "item", natural_key="Name")

ITEMS = Resource(
    name="items",
    entity="product",
    label=Text("Products and services", "Produits et services"),
    read=parse,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_gone,
    match_on=("sku", "name"),
    build=build,
    create=KIND.create,
    update=KIND.update,
    remove=KIND.deactivate,
    fetch=KIND.fetch,
    find=KIND.find,
    bulk=KIND.bulk(),
    repeat="keyed",
)
