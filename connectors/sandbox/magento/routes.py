"""Which operation answers which path, and the resource an integration must be allowed for it.

Sources: magento/magento2 app/code/Magento/*/etc/webapi.xml, magento/inventory */etc/webapi.xml; read 2026-11-21.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.magento.shop import ADMIN, KINDS


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `action` names what is done, `kind` with which resource."""

    action: str
    acl: str
    kind: str = ""
    inventory: bool = False


def _list(kind: str) -> Route:
    return Route("list", KINDS[kind].acl, kind, KINDS[kind].inventory)


def _one(kind: str) -> Route:
    return Route("one", KINDS[kind].acl, kind)


def _all(kind: str) -> Route:
    return Route("all", KINDS[kind].acl, kind)


STOCK = "Magento_CatalogInventory::cataloginventory"
ASSIGN = "Magento_InventoryApi::stock_source_item_assign"
ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "orders"): _list("orders"),
    ("GET", "orders/items"): Route("order_items", KINDS["orders"].acl),
    ("GET", "orders/*"): _one("orders"),
    ("GET", "orders/*/comments"): Route("comments", KINDS["orders"].acl),
    ("POST", "orders/*/comments"): Route("comment", "Magento_Sales::comment"),
    ("GET", "invoices"): _list("invoices"),
    ("GET", "invoices/*"): _one("invoices"),
    ("GET", "creditmemos"): _list("creditmemos"),
    ("GET", "creditmemo/*"): _one("creditmemos"),
    ("GET", "transactions"): _list("transactions"),
    ("GET", "transactions/*"): _one("transactions"),
    ("GET", "products"): _list("products"),
    ("GET", "products/*"): Route("product", KINDS["products"].acl),
    ("GET", "stockItems/*"): Route("stock_item", STOCK),
    ("PUT", "products/*/stockItems/*"): Route("put_stock_item", STOCK),
    ("GET", "inventory/source-items"): _list("sourceItems"),
    ("POST", "inventory/source-items"): Route("put_source_items", ASSIGN, inventory=True),
    ("GET", "inventory/sources"): _list("sources"),
    ("GET", "inventory/stocks"): _list("stocks"),
    ("GET", "inventory/stock-source-links"): _list("stockSourceLinks"),
    ("GET", "inventory/stock-resolver/*/*"): Route("stock_resolver", KINDS["stocks"].acl, inventory=True),
    ("GET", "inventory/get-product-salable-quantity/*/*"): Route(
        "salable", "Magento_InventorySalesApi::stock", inventory=True
    ),
    ("GET", "bulk/*/status"): Route("bulk", "Magento_Logging::system_magento_logging_bulk_operations"),
    ("GET", "bulk/*/detailed-status"): Route("bulk", "Magento_Logging::system_magento_logging_bulk_operations"),
    ("GET", "bulk/*/operation-status/*"): Route("bulk", "Magento_Logging::system_magento_logging_bulk_operations"),
    ("GET", "customers/search"): _list("customers"),
    ("GET", "customers/*"): _one("customers"),
    ("GET", "customerGroups/search"): _list("customerGroups"),
    ("GET", "customerGroups/*"): _one("customerGroups"),
    ("GET", "taxRules/search"): _list("taxRules"),
    ("GET", "taxRules/*"): _one("taxRules"),
    ("GET", "taxRates/search"): _list("taxRates"),
    ("GET", "taxRates/*"): _one("taxRates"),
    ("GET", "taxClasses/search"): _list("taxClasses"),
    ("GET", "store/storeConfigs"): _all("storeConfigs"),
    ("GET", "store/storeViews"): _all("storeViews"),
    ("GET", "store/storeGroups"): _all("storeGroups"),
    ("GET", "store/websites"): _all("websites"),
    ("GET", "directory/currency"): Route("currency", ADMIN),
    ("GET", "modules"): Route("modules", ADMIN),
}
ASYNC_ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "inventory/source-items"): Route("bulk_source_items", ASSIGN, inventory=True),
    ("PUT", "products/byProductSku/stockItems/byItemId"): Route("bulk_stock_items", STOCK),
}


def find(routes: dict[tuple[str, str], Route], method: str, parts: list[str]) -> tuple[Route | None, list[str]]:
    """The operation of a path (segments decoded) and the values in it; a fixed name wins over a value."""
    best: tuple[int, Route, list[str]] | None = None
    for (verb, pattern), route in routes.items():
        wanted = pattern.split("/")
        if verb != method or len(wanted) != len(parts):
            continue
        if all(name in ("*", part) for name, part in zip(wanted, parts, strict=True)):
            values = [part for name, part in zip(wanted, parts, strict=True) if name == "*"]
            if best is None or len(values) < best[0]:
                best = len(values), route, values
    return (best[1], best[2]) if best else (None, [])
