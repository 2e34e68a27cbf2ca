"""What the store holds: one table per resource, the settings of the store, and faults only it can play."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from connectors.sandbox.core import Clock, Document, SandboxError, Table
from connectors.sandbox.magento.sale import Numbers, Sale

# Names that mean the id column beside its own.
ID_NAMES = ("entity_id", "id", "tax_calculation_rate_id", "tax_calculation_rule_id")
ADMIN = "Magento_Backend::admin"
STORES = "Magento_Backend::store"


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource: where its id is, who may read it, which columns can be filtered and what they hold."""

    name: str
    id: str
    acl: str
    columns: Mapping[str, str] = field(default_factory=dict)
    strict: str = "sql"
    inventory: bool = False
    number_id: bool = True

    def is_id(self, column: str) -> bool:
        """Whether a column is the number the documents are kept under."""
        return self.number_id and (column == self.id or (column in ID_NAMES and column in self.columns))

    def indexed(self) -> list[str]:
        """The columns beside the id."""
        return [column for column in self.columns if not self.is_id(column)]


_MOMENTS = {"created_at": "date", "updated_at": "date"}
_DOCUMENT = {
    **_MOMENTS,
    "entity_id": "number",
    "increment_id": "text",
    "store_id": "number",
    "grand_total": "number",
    "base_grand_total": "number",
    "order_currency_code": "text",
    "base_currency_code": "text",
    "billing_address_id": "number",
}
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "orders",
            "entity_id",
            "Magento_Sales::actions_view",
            {
                **_DOCUMENT,
                **dict.fromkeys(
                    ("state", "status", "customer_email", "customer_firstname", "customer_lastname"), "text"
                ),
                **dict.fromkeys(("customer_id", "customer_is_guest", "customer_group_id", "is_virtual"), "number"),
                **dict.fromkeys(("total_due", "total_paid", "total_refunded", "subtotal", "tax_amount"), "number"),
                **dict.fromkeys(("coupon_code", "original_increment_id", "relation_parent_id"), "text"),
                **dict.fromkeys(("quote_id", "shipping_amount", "discount_amount", "edit_increment"), "number"),
            },
        ),
        Kind(
            "invoices",
            "entity_id",
            "Magento_Sales::sales_invoice",
            {**_DOCUMENT, "order_id": "number", "state": "number", "transaction_id": "text"},
        ),
        Kind(
            "creditmemos",
            "entity_id",
            "Magento_Sales::sales_creditmemo",
            {**_DOCUMENT, **dict.fromkeys(("order_id", "state", "invoice_id"), "number"), "transaction_id": "text"},
        ),
        Kind(
            "transactions",
            "transaction_id",
            "Magento_Sales::transactions_fetch",
            {
                **dict.fromkeys(("transaction_id", "order_id", "payment_id", "parent_id", "is_closed"), "number"),
                **dict.fromkeys(("txn_id", "parent_txn_id", "txn_type"), "text"),
                "created_at": "date",
            },
        ),
        Kind(
            "products",
            "id",
            "Magento_Catalog::products",
            {
                **_MOMENTS,
                **dict.fromkeys(("entity_id", "id", "attribute_set_id", "price", "weight"), "number"),
                **dict.fromkeys(("status", "visibility", "tax_class_id", "cost", "special_price"), "number"),
                **dict.fromkeys(("sku", "name", "type_id", "url_key", "description", "short_description"), "text"),
            },
            strict="eav",
        ),
        Kind(
            "customers",
            "id",
            "Magento_Customer::customer",
            {
                **_MOMENTS,
                **dict.fromkeys(("entity_id", "id", "group_id", "store_id", "website_id"), "number"),
                **dict.fromkeys(("email", "firstname", "lastname", "taxvat", "created_in"), "text"),
            },
            strict="eav",
        ),
        Kind(
            "customerGroups",
            "id",
            "Magento_Customer::group",
            {"id": "number", "code": "text", "tax_class_id": "number", "tax_class_name": "text"},
        ),
        Kind(
            "taxRates",
            "id",
            "Magento_Tax::manage_tax",
            {
                **dict.fromkeys(("id", "tax_calculation_rate_id", "rate", "tax_region_id"), "number"),
                **dict.fromkeys(("code", "tax_country_id", "tax_postcode", "region_name"), "text"),
            },
        ),
        Kind(
            "taxRules",
            "id",
            "Magento_Tax::manage_tax",
            {
                **dict.fromkeys(("id", "tax_calculation_rule_id", "priority", "position"), "number"),
                "code": "text",
                **dict.fromkeys(("tax_rate_ids", "customer_tax_class_ids", "product_tax_class_ids"), "list"),
            },
        ),
        Kind(
            "taxClasses",
            "class_id",
            "Magento_Tax::manage_tax",
            {"class_id": "number", "class_name": "text", "class_type": "text"},
        ),
        Kind(
            "sourceItems",
            "key",
            "Magento_InventoryApi::source",
            {"sku": "text", "source_code": "text", "quantity": "number", "status": "number"},
            inventory=True,
            number_id=False,
        ),
        Kind(
            "sources",
            "source_code",
            "Magento_InventoryApi::source",
            {"source_code": "text", "name": "text", "enabled": "number", "country_id": "text"},
            inventory=True,
            number_id=False,
        ),
        Kind(
            "stocks",
            "stock_id",
            "Magento_InventoryApi::stock",
            {"stock_id": "number", "name": "text"},
            inventory=True,
        ),
        Kind(
            "stockSourceLinks",
            "key",
            "Magento_InventoryApi::stock_source_link",
            {"stock_id": "number", "source_code": "text", "priority": "number"},
            inventory=True,
            number_id=False,
        ),
        Kind("storeConfigs", "id", STORES, {"id": "number", "code": "text"}),
        Kind("storeViews", "id", STORES, {"id": "number", "code": "text"}),
        Kind("storeGroups", "id", STORES, {"id": "number", "code": "text"}),
        Kind("websites", "id", STORES, {"id": "number", "code": "text"}),
    )
}
# These really come as null; anything else that is empty is left out of the JSON.
NULLS = frozenset(
    (
        "account_status",
        "cc_last4",
        "additional_information",
        "base_cost",
        "parent_txn_id",
        "comment",
        "status",
        "is_customer_notified",
        "low_stock_date",
        "price",
        "price_type",
    )
)


@dataclass(slots=True)
class Settings:
    """How this store behaves; `configure` changes them by name."""

    msi: bool = True
    input_limits: bool = False
    maintenance: bool = False
    masked_500: bool = False
    html_403: bool = False
    html_404: bool = False
    login_wall: bool = False
    moved_to: str = ""
    repeat_last_page: bool = False
    total_count_off_by: int = 0
    items_null_when_empty: bool = False
    list_without_taxes: bool = False
    encoded_slash_refused: bool = False
    bearer: bool = False
    seen_scheme: str = ""
    denied_resources: tuple[str, ...] = ()
    rate_limits: bool = False
    bulk_consumer: bool = True

    def change(self, name: str, value: object) -> None:
        """Set one. Raises `SandboxError` for a name or a kind of value it does not know."""
        known = {one.name for one in fields(self)}
        if name not in known:
            raise SandboxError(f"magento has no setting {name!r}; known: {', '.join(sorted(known))}")
        present = getattr(self, name)
        if isinstance(present, tuple):
            if not isinstance(value, (list, tuple)):
                raise SandboxError(f"{name} must be a list")
            setattr(self, name, tuple(str(one) for one in value))
        elif isinstance(present, bool) is not isinstance(value, bool) or not isinstance(value, type(present)):
            raise SandboxError(f"{name} must be {type(present).__name__}, not {value!r}")
        else:
            setattr(self, name, value)


@dataclass(slots=True)
class Faults:
    """`lag`: what changes in the store shows up in answers later. `lossy`: rows are left out of pages."""

    lag_seconds: float = 0.0
    lossy_rate: float = 0.0
    dice: random.Random = field(default_factory=random.Random)


class Shop:
    """The tables and what keeps them consistent. `versions` counts changes, so that a cached answer knows its age."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tables = {
            name: Table(*kind.indexed(), id_key=int if kind.number_id else str) for name, kind in KINDS.items()
        }
        self.versions = dict.fromkeys(KINDS, 0)
        self.modules: list[str] = []
        self.currency: Document = {}
        self.faults = Faults()
        self.last_item = 0
        self._last = dict.fromkeys(KINDS, 0)
        self.numbers = Numbers()
        self.sales: dict[int, Sale] = {}
        self.skus: dict[str, str] = {}
        self._late: list[tuple[float, str, Document]] = []

    def now(self) -> str:
        """The vendor's present moment as it writes it: UTC, to the second."""
        return stamp(self.clock.now())

    def put(self, name: str, document: Document) -> None:
        """Insert or replace; keeps the lookup by SKU."""
        kind, table = KINDS[name], self.tables[name]
        id = key_of(kind, document)
        if name == "orders":
            self.last_item = max([self.last_item, *(int(row["item_id"]) for row in document.get("items", ()))])
        if name == "products":
            self._index_sku(id, document)
        if kind.number_id:
            self._last[name] = max(self._last[name], int(id))
        table.put(id, document, **{column: _value(kind, document, column) for column in kind.indexed()})
        self.versions[name] += 1

    def publish(self, name: str, document: Document) -> None:
        """A change by the store's own people: seen at once, or after the played lag."""
        if self.faults.lag_seconds:
            self._late.append((self.clock.now().timestamp() + self.faults.lag_seconds, name, document))
        else:
            self.put(name, document)

    def settle(self, *, everything: bool = False) -> None:
        """Show what is due."""
        if not self._late:
            return
        now = self.clock.now().timestamp()
        due = [one for one in self._late if everything or one[0] <= now]
        self._late = [one for one in self._late if one not in due]
        for _, name, document in due:
            self.put(name, document)

    def next_id(self, name: str) -> int:
        """A number nobody has yet, late documents included."""
        late = (int(document[KINDS[name].id]) for _, kind, document in self._late if kind == name)
        return max([self._last[name], *late]) + 1

    def product(self, sku: str) -> Document | None:
        """The product with this SKU, without regard to case; with two of them, the first."""
        id = self.skus.get(sku.strip().lower())
        return None if id is None else self.tables["products"].get(id)

    def _index_sku(self, id: str, document: Document) -> None:
        table, sku = self.tables["products"], str(document.get("sku", "")).strip().lower()
        before = str(table.value(id, "sku") or "").strip().lower() if id in table else sku
        if before != sku and self.skus.get(before) == id:
            del self.skus[before]
            others = [other for other in table.find("sku", table.value(id, "sku")) if other != id]
            if others:
                self.skus[before] = others[0]
        self.skus.setdefault(sku, id)

    def documents(self, name: str) -> Iterator[Document]:
        return self.tables[name].documents()


def key_of(kind: Kind, document: Document) -> str:
    """The id a document is kept under; stock rows have two parts."""
    if kind.name == "sourceItems":
        return f"{str(document['sku']).lower()}\n{document['source_code']}"
    if kind.name == "stockSourceLinks":
        return f"{document['stock_id']}\n{document['source_code']}"
    return str(document[kind.id])


def _value(kind: Kind, document: Document, column: str) -> Any:
    value = document.get(column)
    if value is None and kind.strict == "eav":
        value = attribute(document, column)
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    if isinstance(value, bool):
        return int(value)
    return str(value) if kind.columns[column] in ("text", "date") and value is not None else value


def attribute(document: Document, code: str) -> Any:
    """A value among the custom attributes."""
    return next((one["value"] for one in document.get("custom_attributes", ()) if one["attribute_code"] == code), None)


def stamp(moment: datetime) -> str:
    """A time as the store writes it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def without_nulls(value: Any) -> Any:
    """The document without the keys the vendor leaves out when they are empty."""
    if isinstance(value, list):
        return [without_nulls(row) for row in value]
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(inner) for name, inner in value.items() if inner is not None or name in NULLS}
