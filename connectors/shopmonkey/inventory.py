"""Stock items: parts and tires, seen as products, and the quantity of parts as a stock level, by location.

Parts can be added and changed where the account offers it (no published page says so); tires cannot. A quantity is only
written as a stock level, absolutely: never along with a price.

Sources: shopmonkeyus/go-datamodel:v3/inventorypart.go, inventorytire.go; https://shopmonkey.dev (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, Ref, Resource, SettingInvalid, Text, Values, Write
from connectors.shopmonkey import writing
from connectors.shopmonkey.shop import noted
from connectors.shopmonkey.wire import (
    NOT_FOUND,
    cents,
    currency,
    location,
    moment,
    number,
    one,
    rows,
    segment,
    text,
    to_cents,
)
from connectors.shopmonkey.wire import PARTS as LIST

PATH, TIRE_PATH = "/inventory_part", "/inventory_tire"
SWEEPS = 8


def parse(raw: Raw) -> Values:
    """The product's canonical values."""
    return {
        "name": text(raw.get("name")),
        "sku": text(raw.get("number")) or text(raw.get("partNumber")),
        "kind": "inventory",
        "description": text(raw.get("note")),
        "price": cents(raw.get("retailCostCents")),
        "cost": cents(raw["wholesaleCostCents"]) if raw.get("wholesaleCostCents") is not None else None,
        "currency": currency(raw),
        "active": raw.get("deleted") is not True,
        "quantity": number(raw["quantity"]) if raw.get("quantity") is not None else None,
        "tracked": True,
        "taxable": raw.get("taxable") is True,
    }


def parse_stock(raw: Raw) -> Values:
    """The stock level's canonical values. What is promised to open orders is not taken off the quantity."""
    return {
        "product": Ref("product", "parts", str(raw["id"])),
        "sku": text(raw.get("number")),
        "name": text(raw.get("name")),
        "quantity": number(raw["quantity"]) if raw.get("quantity") is not None else None,
        "unshipped": Decimal(0),
        "tracked": True,
        "source": text(location(raw).get("name")) or text(raw.get("locationId")),
    }


def is_gone(raw: Raw) -> bool:
    """Tell whether the vendor says that the item is deleted."""
    return raw.get("deleted") is True


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The body. A new part needs a name, a number and a location; its quantity is told once."""
    payload: Payload = {}
    name, sku = text(values.get("name")), text(values.get("sku"))
    if action == "create":
        if not (name or sku):
            raise RecordRejected("SM-NAME-MISSING", field="name")
        quantity = values.get("quantity")
        payload = {
            "name": name or sku,
            "number": sku or name,
            "quantity": quantity if quantity is not None else 0,
            "retailCostCents": max(0, to_cents(values.get("price") or Decimal(0))),
            "wholesaleCostCents": max(0, to_cents(values.get("cost") or Decimal(0))),
            "locationId": place(context),
        }
    else:
        payload = {wire: told for wire, told in (("name", name), ("number", sku)) if told}
        for field, wire in (("price", "retailCostCents"), ("cost", "wholesaleCostCents")):
            if values.get(field) is not None:
                payload[wire] = max(0, to_cents(values[field]))
    if values.get("taxable") is not None:
        payload["taxable"] = bool(values["taxable"])
    if "description" in values:
        payload["note"] = text(values["description"])
    return payload


def place(context: Mapping[str, str]) -> str:
    """The location new parts go to. SettingInvalid SM-LOCATION-MISSING: several, and none is chosen."""
    chosen = [item.strip() for item in context.get("locations", "").split(",") if item.strip()]
    told = context.get("location") or (chosen[0] if chosen else context.get("only_location", ""))
    if not told:
        raise SettingInvalid("SM-LOCATION-MISSING", field="location")
    return told


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Add a part unless the location has one of its number; answers with what was kept."""
    return writing.create(api, PATH, payload, key, there(api, payload, key))


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Change a part and read it back. A 404 says that it is gone, or that there is no such call: reading it tells."""
    try:
        return writing.update(api, PATH, remote_id, payload)
    except RecordRejected as error:
        if error.code != NOT_FOUND:
            raise
        fetch(api, remote_id)  # raises where it is gone
        raise writing.no_route(error) from None


def there(api: Api, payload: Payload, key: str = "") -> tuple[Raw, str] | None:
    """The part of this number at this location; the one made by the write with this key before all others."""
    where = {"number": payload["number"], "locationId": payload["locationId"]}
    met: dict[str, Raw] = {}
    for _ in range(SWEEPS):  # a search leaves rows out
        some, total = rows(api, LIST, where)
        met |= {str(row["id"]): row for row in some}
        if total is None or len(met) >= total:
            break
    same = [row for row in met.values() if _same(row, payload) and row.get("deleted") is not True]
    ours = next((row for row in same if writing.is_ours(row, key)), None)
    return (ours or same[0], "number") if same else None


def _same(row: Raw, payload: Payload) -> bool:
    number_told = (text(row.get("number")) or "").casefold()
    return number_told == str(payload["number"]).casefold() and row.get("locationId") == payload["locationId"]


def find(api: Api, write: Write) -> Raw | None:
    """What a lost write left behind, if it says what was sent."""
    if write.action != "create":
        return writing.shown(fetch(api, write.remote_id or ""), write.payload)
    found = there(api, write.payload, write.key)
    return writing.adopted(found, write)


def fetch(api: Api, remote_id: str) -> Raw:
    """A part as it is now."""
    return noted(api, one(api, f"{PATH}/{segment(remote_id)}"))


def fetch_tire(api: Api, remote_id: str) -> Raw:
    """A tire as it is now."""
    return noted(api, one(api, f"{TIRE_PATH}/{segment(remote_id)}"))


def build_stock(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The number to set."""
    quantity = values.get("quantity")
    if quantity is None:
        raise RecordRejected("SM-QUANTITY", field="quantity")
    return {"quantity": Decimal(quantity)}


def update_stock(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Set the quantity of a part and read it back. May be repeated: it is absolute."""
    return update(api, remote_id, payload, key)


_ITEM: dict[str, Any] = {
    "entity": "product",
    "changed_at": lambda raw: moment(raw.get("updatedDate")) or moment(raw.get("createdDate")),
    "is_gone": is_gone,
    "match_on": ("sku", "name"),
    "page_size": 100,
}

PARTS = Resource(
    name="parts",
    label=Text("Parts", "Pièces"),
    read=parse,
    build=build,
    create=create,
    update=update,
    fetch=fetch,
    find=find,
    repeat="look_first",
    wires={"name": "name", "sku": "number", "price": "retailCostCents", "cost": "wholesaleCostCents",
           "quantity": "quantity", "taxable": "taxable", "description": "note"},
    **_ITEM,
)  # fmt: skip

TIRES = Resource(name="tires", label=Text("Tires", "Pneus"), read=parse, fetch=fetch_tire, **_ITEM)

STOCK = Resource(
    name="stock",
    entity="stock_level",
    label=Text("Stock of parts", "Stock des pièces"),
    read=parse_stock,
    is_gone=is_gone,
    match_on=("sku",),
    build=build_stock,
    update=update_stock,
    fetch=fetch,
    repeat="harmless",
    page_size=100,
)
