"""Documents from outside: in the vendor's own shape, what is missing filled in, what is known changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.magento.shop import KINDS, Shop, without_nulls

TIMED = ("orders", "invoices", "creditmemos", "products", "customers")
NUMBERED = ("orders", "invoices", "creditmemos")


def load_document(shop: Shop, name: str, given: Document) -> None:
    """Add a document, or change one that is there.

    With a time of its own (`created_at` or `updated_at`) a document is whole and replaces what is there; without one
    it is an edit by the store's people: only the named fields change, and `updated_at` moves. None takes a field away.
    """
    kind = KINDS[name]
    document = dict(given)
    id_known = kind.number_id and document.get(kind.id) is not None
    held = shop.tables[name].get(str(document[kind.id])) if id_known else None
    if held is not None and not ({"created_at", "updated_at"} & document.keys()):
        document = {**held, **document}
        if name in TIMED:
            document["updated_at"] = shop.now()
    if kind.number_id and not id_known:
        document[kind.id] = shop.next_id(name)
    _fill(shop, name, document)
    shop.publish(name, without_nulls(document))


def _fill(shop: Shop, name: str, document: Document) -> None:
    if name in TIMED:
        document.setdefault("created_at", document.get("updated_at", shop.now()))
        document.setdefault("updated_at", document["created_at"])
    if name == "transactions":
        document.setdefault("created_at", shop.now())
        document.setdefault("parent_txn_id", None)
        document.setdefault("child_transactions", [])
    if name in NUMBERED:
        document.setdefault("increment_id", f"{document['entity_id']:09d}")
        document.setdefault("store_id", 1)
    if name == "orders":
        _fill_order(shop, document)
    if name == "products":
        _fill_product(document)


def _fill_order(shop: Shop, order: Document) -> None:
    order.setdefault("state", "new")
    order.setdefault("status", "pending" if order["state"] == "new" else order["state"])
    order.setdefault("status_histories", [])
    for at, row in enumerate(order.setdefault("items", [])):
        row.setdefault("item_id", shop.last_item + at + 1)
        row.setdefault("order_id", order["entity_id"])


def _fill_product(product: Document) -> None:
    product.setdefault("name", product.get("sku", ""))
    product.setdefault("type_id", "simple")
    product.setdefault("status", 1)
    product.setdefault("custom_attributes", [])
    inside = product.setdefault("extension_attributes", {})
    inside.setdefault("stock_item", new_stock_item(product["id"], 0, managed=product["type_id"] == "simple"))


def new_stock_item(product_id: int, quantity: int, *, managed: bool = True) -> Document:
    """A legacy stock item with the settings of the store."""
    return {
        "item_id": product_id,
        "product_id": product_id,
        "stock_id": 1,
        "qty": quantity,
        "is_in_stock": quantity > 0 or not managed,
        "is_qty_decimal": False,
        "show_default_notification_message": False,
        "use_config_min_qty": True,
        "min_qty": 0,
        "use_config_min_sale_qty": 1,
        "min_sale_qty": 1,
        "use_config_max_sale_qty": True,
        "max_sale_qty": 10000,
        "use_config_backorders": True,
        "backorders": 0,
        "use_config_notify_stock_qty": True,
        "notify_stock_qty": 1,
        "use_config_qty_increments": True,
        "qty_increments": 0,
        "use_config_enable_qty_inc": True,
        "enable_qty_increments": False,
        "use_config_manage_stock": managed,
        "manage_stock": managed,
        "low_stock_date": None,
        "is_decimal_divided": False,
        "stock_status_changed_auto": 0,
    }


def load_whole(shop: Shop, name: str, value: Any) -> int:
    """Resources that are no lists of documents with an id: currency, stock items by SKU, module names."""
    if name == "modules":
        shop.modules = [str(one) for one in value]
        return len(shop.modules)
    if name == "currency":
        for one in value if isinstance(value, list) else [value]:
            shop.currency = {**shop.currency, **one}
        return 1
    pairs: Iterable[tuple[Any, Any]]
    pairs = value.items() if isinstance(value, dict) else ((one.get("sku"), one) for one in value)
    return sum(_load_stock_item(shop, str(sku), item) for sku, item in pairs)


def _load_stock_item(shop: Shop, sku: str, item: Document) -> int:
    product = shop.product(sku)
    if product is None:
        raise SandboxError(f"stockItems: magento has no product {sku!r}")
    held = product["extension_attributes"].setdefault("stock_item", new_stock_item(product["id"], 0))
    held.update({name: value for name, value in item.items() if name != "sku"})
    shop.put("products", product)
    return 1
