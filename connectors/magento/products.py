"""Products. One that can be sold by itself has stock of its own; configurables, bundles and groups stand for others.

A SKU may change, the id stays: the id is ours. Products come from the catalogue where that is read, else from the
orders that name them; those are marked as sold, and so are catalogue products when only sold ones are read.

Source: AdobeDocs/commerce-webapi:src/openapi/admin-schema-2.4.8.yaml (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.contract import Raw, Resource, Text, Values
from connectors.magento.sales import rows
from connectors.magento.wire import extra, number, plain, store, text

FIELDS = (
    "items[id,sku,name,price,status,visibility,type_id,created_at,updated_at,custom_attributes,"
    "extension_attributes[stock_item]],total_count"
)
_KEPT = frozenset(("tax_class_id", "cost", "short_description"))
# Types that are sold by themselves; the others stand for these.
SIMPLE = ("simple", "virtual", "downloadable")


def attributes(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The custom attributes of a product by code."""
    found = raw.get("custom_attributes") or ()
    return {str(item.get("attribute_code")): item.get("value") for item in found if isinstance(item, Mapping)}


def trimmed(raw: Raw) -> Raw:
    """A product of the catalogue without texts and pictures."""
    kept = [item for item in raw.get("custom_attributes") or () if item.get("attribute_code") in _KEPT]
    return {**raw, "custom_attributes": kept}


def of_order(order: Raw) -> Iterator[Raw]:
    """The products an order's lines name, as far as it tells them; prices are net and of the base currency."""
    for row in rows(order.get("items") or ()):
        item = row.product
        if not item.get("product_id"):
            continue
        yield {
            "id": item["product_id"],
            "sku": row.money.get("sku"),
            "name": row.name,
            "type_id": item.get("product_type"),
            "price": row.money.get("base_price"),
            "updated_at": order.get("updated_at"),
            "_currency": order.get("base_currency_code"),
            "_sold": True,
            "_order": order.get("entity_id"),
        }


def parse(raw: Raw) -> Values:
    """The product's canonical values; what an order does not tell of it has no key."""
    more = attributes(raw)
    stock = extra(raw).get("stock_item")
    values: Values = {
        "name": text(raw.get("name")),
        "sku": text(raw.get("sku")),
        "kind": text(raw.get("type_id")),
        "price": number(raw["price"]) if raw.get("price") is not None else None,
        "currency": text(raw.get("_currency")) or text(store(raw).get("currency")),
    }
    if raw.get("_sold"):
        values["sold"] = True
    if "status" in raw:
        values["active"] = raw["status"] == 1
    if "custom_attributes" in raw:
        values["description"] = plain(more.get("short_description"))
        values["cost"] = number(more["cost"]) if more.get("cost") not in (None, "") else None
        values["tax_class"] = text(more.get("tax_class_id"))
        values["taxable"] = values["tax_class"] not in (None, "0")
    if isinstance(stock, Mapping):
        values["tracked"] = bool(stock.get("manage_stock"))
        values["quantity"] = number(stock["qty"]) if stock.get("manage_stock") and "qty" in stock else None
    elif raw.get("type_id") not in ("simple", None):
        values["tracked"] = False
    return values


PRODUCTS = Resource(
    name="products",
    entity="product",
    label=Text("Products", "Produits"),
    read=parse,
    remote_id="id",
    changed_at="updated_at",
    match_on=("sku", "name"),
    page_size=100,
)
