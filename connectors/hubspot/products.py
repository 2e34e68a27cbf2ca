"""Products of the library. The SKU is not unique here: only our own mark is.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/products/guide, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Payload, Raw, Resource, Text, Values
from connectors.hubspot.history import edits_of
from connectors.hubspot.properties import MARK, custom_fields, read_custom, write_custom
from connectors.hubspot.records import Kind, archived
from connectors.hubspot.wire import amount, number, our_mark, text, told, value_of, words

# The vendor's word for the kind of a product, and ours.
KINDS = {"inventory": "inventory", "non_inventory": "non_inventory", "service": "service"}


def read(raw: Raw) -> Values:
    """A product's canonical values. One whose price goes by tiers says so by its kind, and has no price."""
    if archived(raw):
        return {}
    values: Values = {}
    for ours, theirs in (("name", "name"), ("sku", "hs_sku"), ("description", "description")):
        known, value = told(raw, theirs)
        if known:
            values[ours] = text(value)
    for ours, theirs in (("price", "price"), ("cost", "hs_cost_of_goods_sold")):
        known, value = told(raw, theirs)
        if known:
            values[ours] = amount(value)
    if is_tiered(raw):
        values["kind"], values["price"] = "tiered", None
    else:
        known, value = told(raw, "hs_product_type")
        if known:
            values["kind"] = KINDS.get(str(value or "").lower(), text(value))
    values["active"] = True
    return {**values, **read_custom("products", raw)}


def is_tiered(raw: Raw) -> bool:
    """Whether the price depends on the quantity."""
    return str(value_of(raw, "hs_pricing_model") or "flat").lower() not in ("flat", "")


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The properties named in `values`; the kind is told once."""
    sent: dict[str, str] = {}
    for ours, theirs in (("name", "name"), ("sku", "hs_sku"), ("description", "description")):
        if ours in values:
            sent[theirs] = words(values[ours])
    for ours, theirs in (("price", "price"), ("cost", "hs_cost_of_goods_sold")):
        if ours in values:
            sent[theirs] = number(values[ours])
    write_custom(values, sent)
    if action == "create":
        sent = {name: value for name, value in sent.items() if value}
        sent |= {MARK: mark} if (mark := our_mark(values, context)) else {}
    return {"properties": sent}


KIND = Kind("products")
WIRES = {
    "name": "name",
    "sku": "hs_sku",
    "description": "description",
    "price": "price",
    "cost": "hs_cost_of_goods_sold",
    "kind": "hs_product_type",
}

PRODUCTS = Resource(
    name="products",
    entity="product",
    label=Text("Products", "Produits"),
    read=read,
    changed_at=lambda raw: value_of(raw, "hs_lastmodifieddate") or raw.get("updatedAt"),
    is_gone=archived,
    match_on=("sku",),
    build=build,
    create=KIND.create,
    update=KIND.update,
    remove=KIND.archive,
    fetch=KIND.fetch,
    find=KIND.find,
    bulk=KIND.bulk(),
    repeat="harmless",  # a second create meets our mark
    open_in_vendor="https://app.hubspot.com/contacts/{account}/record/0-7/{id}",
    custom=custom_fields("products"),
    wires=WIRES,
    edits=edits_of("products", WIRES),
)
