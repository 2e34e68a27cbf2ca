"""Products and services, seen as products.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.contract import Payload, Raw, RecordRejected, Ref, Resource, Text, Values
from connectors.quickbooks import bodies, names, writing
from connectors.quickbooks.customers import clean_name
from connectors.quickbooks.reading import changed_at, is_gone, is_stub, money, ref_id, text

KINDS = {
    "Service": "service",
    "NonInventory": "non_inventory",
    "Inventory": "inventory",
    "Category": "category",
    "Group": "bundle",
}
NAME_MAX = 100
_ACCOUNTS = (
    ("income_account_id", "IncomeAccountRef"),
    ("expense_account_id", "ExpenseAccountRef"),
    ("asset_account_id", "AssetAccountRef"),
)
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
        "tracked": get("TrackQtyOnHand", False),
        "cost": money(get("PurchaseCost")),
        "taxable": get("Taxable"),
        "income_account_id": ref_id(raw, "IncomeAccountRef"),
        "expense_account_id": ref_id(raw, "ExpenseAccountRef"),
        "asset_account_id": ref_id(raw, "AssetAccountRef"),
        "category": whole.rpartition(":")[0] or None,  # the parent's own reference often comes without its name
    }


def parse_stock(raw: Raw) -> Values:
    """The stock of an item; `quantity` None where it is not counted, which is not none left."""
    if is_stub(raw):
        return {}
    tracked = raw.get("TrackQtyOnHand", False)
    return {
        "product": Ref("product", "items", str(raw["Id"])),
        "name": text(raw.get("Name")),
        "quantity": money(raw.get("QtyOnHand")) if tracked else None,
        "tracked": tracked,
        "sku": text(raw.get("Sku")),
    }


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """An item's body. Type, accounts and stock are told once, when it is made: afterwards they are the bookkeeper's.

    Settings used where the product does not say: income_account, expense_account, asset_account (and the same with
    _tracked for items whose stock is counted), stock_start (the day from which stock is counted; documents dated before
    it are refused, so it should be no later than the first sale). RecordRejected QBO-ITEM-ACCOUNT: one is missing.
    """
    payload: Payload = {}
    if values.get("name"):
        payload["Name"] = clean_name(values["name"])[:NAME_MAX]
    for name, wire in (("sku", "Sku"), ("description", "Description")):
        bodies.put_text(payload, wire, values, name, action)
    for name, wire in (("price", "UnitPrice"), ("cost", "PurchaseCost"), ("taxable", "Taxable")):
        if values.get(name) is not None:
            payload[wire] = values[name]
    if "active" in values and action != "create":
        payload["Active"] = bool(values["active"])
    if action == "create":
        payload |= _made(values, context)
    return payload


def _made(values: Mapping[str, Any], context: Mapping[str, str]) -> Payload:
    """What only a new item tells. It counts its stock when the product says so."""
    kind = _TYPES.get(str(values.get("kind")), "NonInventory")
    tracked = values["tracked"] if values.get("tracked") is not None else kind == "Inventory"
    if tracked:
        kind = "Inventory"
    elif kind == "Inventory":
        kind = "NonInventory"
    payload: Payload = {"Type": kind}
    for name, wire in _ACCOUNTS if tracked else _ACCOUNTS[:2]:
        setting = name.removesuffix("_id")
        bodies.put_ref(payload, wire, values.get(name) or _setting(context, setting, tracked=tracked))
    if tracked:
        payload |= _stock(values, context)
    needed = [wire for _, wire in _ACCOUNTS] if tracked else []
    missing = [wire for wire in needed if wire not in payload]
    if missing or not payload.keys() & {"IncomeAccountRef", "ExpenseAccountRef"}:
        raise RecordRejected("QBO-ITEM-ACCOUNT", params={"name": values.get("name") or ""}, field="accounts")
    return payload


def _setting(context: Mapping[str, str], name: str, *, tracked: bool) -> str | None:
    return (context.get(f"{name}_tracked") if tracked else None) or context.get(name)


def _stock(values: Mapping[str, Any], context: Mapping[str, str]) -> Payload:
    """Counted from a day on, with what is there then; unknown is none."""
    start = (context.get("stock_start") or context.get("start_date") or "")[:10]
    return {
        "TrackQtyOnHand": True,
        "QtyOnHand": values["quantity"] if values.get("quantity") is not None else Decimal(0),
        "InvStartDate": start or date.today().isoformat(),
    }


KIND = writing.Kind("items", "Item", "item", natural_key="Name")

ITEMS = Resource(
    name="items",
    entity="product",
    label=Text("Products and services", "Produits et services"),
    read=parse,
    wires=names.ITEM,
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

STOCK_LEVELS = Resource(
    name="stock_levels",
    entity="stock_level",
    label=Text("Stock levels", "Niveaux de stock"),
    read=parse_stock,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_gone,
    match_on=("sku",),
)
