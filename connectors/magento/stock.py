"""Stock of single products: read with what is sold and not yet shipped, written as absolute quantities.

Two systems exist. Where sources are kept (the usual case), a quantity belongs to a product and a source, and many go in
one call; in older stores it belongs to the product alone. Writing says in stock or out of stock along with the number:
a quantity without it may hide a product or sell one that is not there. Where backorders are allowed a product without
stock stays for sale.

The store reserves at the order and takes off when it ships, books take off when the document is posted: what was sold
and not shipped must be added to the books' number, or it is taken off twice. `unshipped` says how many those are.

Sources: magento/inventory:InventoryApi/; AdobeDocs/commerce-webapi:src/pages/rest/tutorials/inventory/ (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.contract import (
    Api,
    Bulk,
    Outcome,
    Page,
    Payload,
    Raw,
    RecordRejected,
    Ref,
    Resource,
    SyncError,
    Text,
    Values,
    Write,
)
from connectors.contract.resources import Cursor
from connectors.magento.errors import NOT_FOUND, ROUTE, SIZE
from connectors.magento.products import SIMPLE
from connectors.magento.sales import parent_of, unshipped
from connectors.magento.stores import Stores
from connectors.magento.wire import ZERO, Test, day, everything, extra, lots, number, numbered, segment, text

BATCH = 100
LIMITED = 20  # objects in one call where the store limits its input
MSI = "Magento_InventoryApi"
OPEN_STATES = "new,pending_payment,processing,payment_review,holded"
_PRODUCT = "items[id,sku,name,type_id,status,updated_at,extension_attributes[stock_item]],total_count"
_OPEN = (
    "items[entity_id,store_id,created_at,items[item_id,parent_item_id,product_id,product_type,is_virtual,qty_ordered,qty_canceled,"
    "qty_refunded,qty_shipped]],total_count"
)


def modules(api: Api) -> frozenset[str]:
    """The modules of the store."""
    found = api.get("/V1/modules", any_shape=True).get("answer")
    return frozenset(str(name) for name in found) if isinstance(found, list) else frozenset()


def keeps_sources(api: Api) -> bool:
    """Tell whether stock is kept by source. Pinned settings (`stock_by_source`: true or false) save the question."""
    told = api.context.get("stock_by_source", "")
    return told == "true" if told in ("true", "false") else MSI in modules(api)


def source_of(context: Mapping[str, str]) -> str:
    """The source this account's stock is read from and written to; shops with a single one call it "default"."""
    return context.get("stock_source", "") or "default"


# reading


def read_stock(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Pages of the stock of all single products, in full every time: a change of stock leaves no trace to ask for."""
    if "stock" not in wanted:
        return
    state: dict[str, Any] = deepcopy(cursor or {})
    after = int((state.get("stock") or {}).get("after") or 0)
    by_source, waiting = keeps_sources(api), unshipped_by_product(api)
    tests: list[list[Test]] = [[("type_id", "in", ",".join(SIMPLE))]]
    if after:
        tests.append([("entity_id", "gt", after)])
    for rows in everything(api, "/V1/products", "entity_id", tests, _PRODUCT, identity="id"):
        documents = with_stock(api, rows, by_source, waiting)
        after = max(int(row["id"]) for row in rows)
        yield Page({"stock": documents}, {**state, "stock": {"after": after}})
    yield Page({"stock": []}, {**state, "stock": {"after": 0}}, ends=frozenset({"stock"}))


def unshipped_by_product(api: Api) -> dict[str, Decimal]:
    """How many of each product are ordered and not yet shipped, over the orders that are open."""
    tests: list[list[Test]] = [[("state", "in", OPEN_STATES)]]
    if api.context.get("order_statuses"):
        tests.append([("status", "in", api.context["order_statuses"])])
    since = api.context.get("orders_since", "")[:10]
    if since:
        early = date.fromisoformat(since) - timedelta(days=1)
        tests.append([("created_at", "gteq", f"{early} 00:00:00")])
    stores = Stores.read(api) if since else None
    found: dict[str, Decimal] = {}
    for rows in everything(api, "/V1/orders", "entity_id", tests, _OPEN):
        for order in rows:
            dated = day(order.get("created_at"), stores.zone(order)) if stores else None
            if dated and dated.isoformat() < since:
                continue
            for product, quantity in _waiting(order.get("items") or ()):
                found[product] = found.get(product, ZERO) + quantity
    return found


def _waiting(items: Sequence[Raw]) -> Iterator[tuple[str, Decimal]]:
    """Product and quantity of what is still to be shipped; what stands for others hands it to its parts."""
    by_id = {str(item.get("item_id")): item for item in items}
    for item in items:
        if item.get("product_type") not in SIMPLE or not item.get("product_id"):
            continue
        whole = by_id.get(parent_of(item))
        if whole is None:
            yield str(item["product_id"]), unshipped(item)
        elif whole.get("product_type") == "configurable":
            yield str(item["product_id"]), unshipped(whole)  # the whole keeps the count of what was shipped
        else:
            per_whole = number(item.get("qty_ordered")) / (number(whole.get("qty_ordered")) or 1)
            yield str(item["product_id"]), min(unshipped(item), unshipped(whole) * per_whole)


def with_stock(api: Api, rows: Sequence[Raw], by_source: bool, waiting: Mapping[str, Decimal] | None) -> list[Raw]:
    """The stock documents of some products. None of what the store does not tell is made up."""
    source = source_of(api.context)
    kept = source_items(api, [str(row.get("sku")) for row in rows], source) if by_source else {}
    documents = []
    for row in rows:
        stock = extra(row).get("stock_item")
        if not by_source and not isinstance(stock, Mapping):
            stock = stock_item(api, str(row.get("sku")))
        item = kept.get(_sku(row.get("sku")), {}) if by_source else stock or {}
        document: Raw = {
            "id": row["id"],
            "sku": row.get("sku"),
            "name": row.get("name"),
            "type_id": row.get("type_id"),
            "updated_at": row.get("updated_at"),
            "source_code": source if by_source else None,
            "quantity": item.get("quantity" if by_source else "qty"),
            "status": item.get("status" if by_source else "is_in_stock"),
            "manage_stock": stock.get("manage_stock") if isinstance(stock, Mapping) else None,
        }
        if waiting is not None:
            document["unshipped"] = waiting.get(str(row["id"]), ZERO)
        documents.append({key: value for key, value in document.items() if value is not None})
    return documents


def _sku(value: Any) -> str:
    """A SKU as the store compares it: without regard to capitals."""
    return str(value or "").strip().casefold()


def source_items(api: Api, skus: Sequence[str], source: str) -> dict[str, Raw]:
    """What a source has of some products, by their SKU. A SKU with a comma cannot be listed and is asked for alone."""
    found: dict[str, Raw] = {}
    groups = [[("sku", "in", ",".join(lot))] for lot in lots([sku for sku in skus if "," not in sku])]
    groups += [[("sku", "eq", sku)] for sku in skus if "," in sku]
    for group in groups:
        tests: list[list[Test]] = [list(group), [("source_code", "eq", source)]]
        for row in numbered(api, "/V1/inventory/source-items", tests, "sku"):
            found[_sku(row.get("sku"))] = row
    return found


def stock_item(api: Api, sku: str) -> Raw | None:
    """The stock item of one product; None where the store has none or does not take the SKU in a path."""
    try:
        return api.get(f"/V1/stockItems/{segment(sku)}")
    except SyncError as error:
        if error.code in (NOT_FOUND, ROUTE):
            return None
        raise


def parse(raw: Raw) -> Values:
    """The stock level's canonical values; a quantity of what is not counted is unknown."""
    tracked = raw.get("manage_stock")
    values: Values = {
        "product": Ref("product", "products", str(raw["id"])),
        "sku": text(raw.get("sku")),
        "quantity": number(raw["quantity"]) if raw.get("quantity") is not None and tracked is not False else None,
        "tracked": bool(tracked) if tracked is not None else raw.get("quantity") is not None,
        "source": text(raw.get("source_code")),
    }
    if raw.get("name"):
        values["name"] = text(raw["name"])
    if "unshipped" in raw:
        values["unshipped"] = number(raw["unshipped"])
    return values


# writing


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The number to set. There is no less than nothing in a store: books that owe stock set zero."""
    quantity = values.get("quantity")
    if quantity is None:
        raise RecordRejected("MAG-QUANTITY", field="quantity")
    return {"quantity": max(ZERO, Decimal(quantity))}


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Set the quantity of one product. May be repeated: it is absolute."""
    outcome = send(api, [Write(key, "update", remote_id, payload, key)])[0]
    if outcome.error:
        raise outcome.error
    return outcome.raw or {}


def send(api: Api, writes: Sequence[Write]) -> list[Outcome]:
    """Set many quantities; a refused one does not take the others with it. SKUs are read now: they may have changed."""
    products = {str(row["id"]): row for row in _by_id(api, [str(write.remote_id) for write in writes])}
    by_source = keeps_sources(api)
    outcomes: dict[str, Outcome] = {}
    ready: list[tuple[Write, Raw]] = []
    for write in writes:
        product = products.get(str(write.remote_id))
        if product is None:
            gone = RecordRejected(NOT_FOUND, params={"said": f"product {write.remote_id}"})
            outcomes[write.change] = Outcome(write.change, error=gone)
        else:
            ready.append((write, product))
    if by_source:
        outcomes |= _send_sources(api, ready)
    else:
        outcomes |= {write.change: _send_one(api, write, product) for write, product in ready}
    return [outcomes[write.change] for write in writes]


def _by_id(api: Api, ids: Sequence[str]) -> list[Raw]:
    tests: list[list[Test]] = [[("entity_id", "in", ",".join(ids))]]
    return [
        row for rows in everything(api, "/V1/products", "entity_id", tests, _PRODUCT, identity="id") for row in rows
    ]


def _send_sources(api: Api, ready: Sequence[tuple[Write, Raw]]) -> dict[str, Outcome]:
    """Send to a source, and read back what it kept: the answer itself is an empty list."""
    errors: dict[str, SyncError] = {}
    source = source_of(api.context)
    items = {
        write.change: {
            "sku": str(product["sku"]),
            "source_code": source,
            "quantity": write.payload["quantity"],
            "status": int(_for_sale(api, product, write.payload["quantity"])),
        }
        for write, product in ready
    }
    _post(api, list(items), items, errors)
    done = [(write, product) for write, product in ready if write.change not in errors]
    kept = (
        {str(raw["id"]): raw for raw in with_stock(api, [product for _, product in done], True, None)} if done else {}
    )
    outcomes = {change: Outcome(change, error=error) for change, error in errors.items()}
    for write, _ in done:
        raw = kept[str(write.remote_id)]
        same = number(raw.get("quantity")) == number(write.payload["quantity"])
        outcomes[write.change] = Outcome(write.change, write.remote_id, raw, differs=() if same else ("quantity",))
    return outcomes


def _post(api: Api, changes: Sequence[str], items: Mapping[str, Payload], errors: dict[str, SyncError]) -> None:
    """Send in one call; where the store limits its input in smaller ones, and where it refuses one by one half."""
    if not changes:
        return
    try:
        body = {"sourceItems": [items[change] for change in changes]}
        api.post("/V1/inventory/source-items", body, any_shape=True)
    except RecordRejected as error:
        if len(changes) == 1:
            errors[changes[0]] = error
            return
        step = LIMITED if error.code == SIZE and len(changes) > LIMITED else (len(changes) + 1) // 2
        for at in range(0, len(changes), step):
            _post(api, changes[at : at + step], items, errors)


def _for_sale(api: Api, product: Raw, quantity: Decimal) -> bool:
    """Tell whether a product with this quantity can be bought: with some of it, or where it may be ordered without."""
    if quantity > 0:
        return True
    stock = extra(product).get("stock_item")
    if not isinstance(stock, Mapping):
        stock = stock_item(api, str(product.get("sku")))
    return bool(stock and number(stock.get("backorders")))


def _send_one(api: Api, write: Write, product: Raw) -> Outcome:
    """Set the one quantity a product has in an older store."""
    sku, quantity = str(product["sku"]), write.payload["quantity"]
    try:
        stock = stock_item(api, sku)
        if not stock or not stock.get("item_id"):
            raise RecordRejected(NOT_FOUND, params={"said": sku})
        on_sale = quantity > 0 or bool(number(stock.get("backorders")))
        body = {"stockItem": {"qty": quantity, "is_in_stock": on_sale}}
        path = f"/V1/products/{segment(sku)}/stockItems/{int(stock['item_id'])}"
        api.put(path, body, any_shape=True)
        raw = with_stock(api, [{**product, "extension_attributes": {}}], False, None)[0]
    except SyncError as error:
        return Outcome(write.change, error=error)
    same = number(raw.get("quantity")) == number(quantity)
    return Outcome(write.change, write.remote_id, raw, differs=() if same else ("quantity",))


def fetch(api: Api, remote_id: str) -> Raw:
    """The stock of one product as it is now."""
    rows = _by_id(api, [remote_id])
    if not rows:
        raise RecordRejected(NOT_FOUND, params={"said": f"product {remote_id}"})
    return with_stock(api, rows, keeps_sources(api), None)[0]


STOCK = Resource(
    name="stock",
    entity="stock_level",
    label=Text("Stock", "Stock"),
    read=parse,
    remote_id="id",
    match_on=("sku",),
    build=build,
    update=update,
    fetch=fetch,
    bulk=Bulk(size=BATCH, send=send, actions=frozenset({"update"})),
    repeat="harmless",
    page_size=BATCH,
)
