"""Products, each with its first price. Read only: what is sold is named in the books.

Source: GoHighLevel/highlevel-api-docs:apps/products.json, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Raw, Resource, Text, Values
from connectors.highlevel.wire import number, text

PRICE = "_price"  # what the feed puts beside a product
KINDS = {"SERVICE": "service", "DIGITAL": "service", "PHYSICAL": "goods"}


def read(raw: Raw) -> Values:
    """The product's canonical values."""
    price = raw.get(PRICE)
    price = price if isinstance(price, Mapping) else {}
    return {
        "name": text(raw.get("name")),
        "sku": text(price.get("sku")),
        "kind": KINDS.get(str(raw.get("productType") or ""), "service"),
        "description": text(raw.get("description")),
        "price": number(price["amount"]) if price.get("amount") is not None else None,
        "currency": text(price.get("currency")),
        "taxable": raw.get("isTaxesEnabled") is not False,
        "tracked": False,
    }


PRODUCTS = Resource(
    name="products",
    entity="product",
    label=Text("Products", "Produits"),
    read=read,
    remote_id="_id",
    changed_at="updatedAt",
    match_on=("name",),
)
