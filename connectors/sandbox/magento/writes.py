"""What may be written over REST: order comments, legacy stock items, source items; and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.magento.reads import number
from connectors.sandbox.magento.shop import Settings, Shop
from connectors.sandbox.magento.wire import NO_PRODUCT, Refusal, invalid, no_entity, required, wrong_type

MAX_ARRAY = 20
COMPOSITE = ("configurable", "bundle", "grouped")
STATUSES = {
    "new": ("pending",),
    "pending_payment": ("pending_payment",),
    "processing": ("processing", "fraud", "en_preparation"),
    "complete": ("complete",),
    "closed": ("closed",),
    "canceled": ("canceled",),
    "holded": ("holded",),
    "payment_review": ("payment_review", "fraud"),
}


def member(body: Any, name: str, kind: type) -> Any:
    """A required part of a request body, of the right type."""
    if not isinstance(body, Mapping) or name not in body:
        raise required(name)
    if not isinstance(body[name], kind):
        raise wrong_type(body[name], kind.__name__)
    return body[name]


def comment(shop: Shop, id: str, body: Any) -> bool:
    """Add to the history of an order. It moves `updated_at`: a reader meets its own comment as a change."""
    said = member(body, "statusHistory", dict)
    order = shop.tables["orders"].get(str(number(id)))
    if order is None:
        raise no_entity("entity_id", int(id))
    text = said.get("comment")
    if not isinstance(text, str):
        raise required("comment") if text is None else wrong_type(text, "string")
    status = said.get("status") or order.get("status")
    if status not in (*STATUSES.get(order.get("state", ""), ()), order.get("status")):
        raise invalid("The status %status does not belong to the state of the order.", status=status)
    history = order.setdefault("status_histories", [])
    history.insert(0, _history(shop, order, said, text, str(status)))
    order["status"] = status
    order["updated_at"] = shop.now()
    shop.put("orders", order)
    return True


def _history(shop: Shop, order: Document, said: Document, text: str, status: str) -> Document:
    entity = 1 + max((int(one["entity_id"]) for one in order["status_histories"]), default=order["entity_id"] * 100)
    return {
        "comment": text,
        "created_at": shop.now(),
        "entity_id": entity,
        "entity_name": "order",
        "is_customer_notified": int(said.get("is_customer_notified") or 0),
        "is_visible_on_front": int(said.get("is_visible_on_front") or 0),
        "parent_id": order["entity_id"],
        "status": status,
    }


# Stock


def stock_item(shop: Shop, sku: str) -> Document:
    """The legacy stock item of a product."""
    document = shop.product(sku)
    if document is None:
        raise Refusal(404, NO_PRODUCT)
    found: Document = document.get("extension_attributes", {}).get("stock_item")
    if found is None:
        raise no_entity("productSku", sku)
    return found


def put_stock_item(shop: Shop, settings: Settings, sku: str, item_id: str, body: Any) -> int:
    """Set the legacy quantity; with MSI on, that is the source `default`. Answers the item's id."""
    wanted = member(body, "stockItem", dict)
    present = stock_item(shop, sku)
    if not item_id.isdigit() or int(item_id) != present["item_id"]:
        raise no_entity("itemId", item_id)
    if "qty" not in wanted:
        raise required("qty")
    quantity = _quantity(wanted["qty"])
    if "is_in_stock" in wanted and not isinstance(wanted["is_in_stock"], bool):
        raise wrong_type(wanted["is_in_stock"], "bool")
    in_stock = bool(wanted.get("is_in_stock", present["is_in_stock"]))
    _set_legacy(shop, sku, quantity, in_stock)
    if settings.msi:
        _set_source(shop, sku, "default", quantity, int(in_stock))
    return int(present["item_id"])


def _quantity(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise wrong_type(value, "float")
    return Decimal(value)


def _set_legacy(shop: Shop, sku: str, quantity: Decimal, in_stock: bool) -> None:
    """Stock does not touch `updated_at` of the product."""
    document = shop.product(sku)
    if document is None:
        return
    document["extension_attributes"]["stock_item"].update(qty=plain(quantity), is_in_stock=in_stock)
    shop.put("products", document)


def _set_source(shop: Shop, sku: str, source: str, quantity: Decimal, status: int) -> None:
    document = shop.product(sku)
    shown = document["sku"] if document else sku
    row = {"sku": shown, "source_code": source, "quantity": plain(quantity), "status": status}
    shop.put("sourceItems", row)


def plain(value: Decimal) -> int | Decimal:
    """A number as PHP writes it: no trailing zeros."""
    whole = value.to_integral_value()
    return int(whole) if whole == value else value.normalize()


def put_source_items(shop: Shop, settings: Settings, body: Any) -> list[object]:
    """Set physical quantities: absolute, all or none, a pair of SKU and source made where there is none."""
    rows = member(body, "sourceItems", list)
    if settings.input_limits and len(rows) > MAX_ARRAY:
        kind = "\\Magento\\InventoryApi\\Api\\Data\\SourceItemInterface"
        raise invalid('Maximum items of type "%type" is %max', type=kind, max=MAX_ARRAY)
    if not rows:
        raise Refusal(400, "Input data is empty")
    errors = [error for row in rows for error in _row_errors(shop, row)]
    if errors:
        raise Refusal(400, "Validation Failed", errors=errors)
    _check_products(shop, rows)
    for row in rows:
        _set_source(shop, row["sku"], row["source_code"], _quantity(row["quantity"]), row["status"])
        if row["source_code"] == "default":
            _set_legacy(shop, row["sku"], _quantity(row["quantity"]), row["status"] == 1)
    return []


def _row_errors(shop: Shop, row: Any) -> list[Document]:
    if not isinstance(row, Mapping):
        raise wrong_type(row, "Magento\\InventoryApi\\Api\\Data\\SourceItemInterface")
    found: list[Document] = []
    for name in ("sku", "source_code"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            found.append({"message": '"%field" can not be empty.', "parameters": {"field": name}})
    quantity = row.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, (int, Decimal)) or quantity < 0:
        found.append({"message": '"%field" should be numeric.', "parameters": {"field": "quantity"}})
    if row.get("status") not in (0, 1) or isinstance(row.get("status"), bool):
        message = '"%field" should a known status.'
        found.append({"message": message, "parameters": {"field": "status"}})
    source = row.get("source_code")
    if isinstance(source, str) and source.strip() and source not in shop.tables["sources"]:
        message = 'Source with code "%code" does not exist.'
        found.append({"message": message, "parameters": {"code": source}})
    return found


def _check_products(shop: Shop, rows: list[Document]) -> None:
    unknown = [row["sku"] for row in rows if shop.product(row["sku"]) is None]
    if unknown:
        names = ", ".join(unknown)
        raise Refusal(404, "Following products with requested skus were not found: %1", [names])
    for row in rows:
        kind = (shop.product(row["sku"]) or {}).get("type_id")
        if kind in COMPOSITE:
            message = 'Source items cannot be saved for the product type "%type".'
            raise Refusal(400, "Validation Failed", errors=[{"message": message, "parameters": {"type": kind}}])


def salable(shop: Shop, sku: str, stock_id: str) -> int | Decimal:
    """Physical quantity over the stock's sources, less what open orders have reserved."""
    stock = number(stock_id)
    if str(stock) not in shop.tables["stocks"]:
        raise no_entity("stock_id", stock)
    if shop.product(sku) is None:
        raise Refusal(404, "The product %1 does not exist.", [sku])
    sources = {row["source_code"] for row in shop.documents("stockSourceLinks") if row["stock_id"] == stock}
    table = shop.tables["sourceItems"]
    rows = (table.get(f"{sku.lower()}\n{source}") for source in sources)
    physical = sum((Decimal(row["quantity"]) for row in rows if row and row["status"] == 1), Decimal(0))
    return plain(physical - reserved(shop, sku))


def reserved(shop: Shop, sku: str) -> Decimal:
    """Ordered and neither shipped, cancelled nor refunded, over all open orders; of composites the parts count."""
    total, wanted = Decimal(0), sku.lower()
    for order in shop.documents("orders"):
        if order.get("state") in ("canceled", "closed", "complete"):
            continue
        for line in order.get("items", ()):
            if str(line["sku"]).lower() == wanted and line.get("product_type") not in COMPOSITE:
                total += _open(line)
    return total


def _open(line: Document) -> Decimal:
    gone = sum(Decimal(line.get(name) or 0) for name in ("qty_shipped", "qty_canceled", "qty_refunded"))
    return max(Decimal(0), Decimal(line.get("qty_ordered") or 0) - gone)


def resolve_stock(shop: Shop, kind: str, code: str) -> Document:
    """The stock of a sales channel; only websites are channels."""
    for stock in shop.documents("stocks"):
        channels = stock.get("extension_attributes", {}).get("sales_channels", ())
        if any(channel == {"type": kind, "code": code} for channel in channels):
            return stock
    raise Refusal(404, "No linked stock found")
