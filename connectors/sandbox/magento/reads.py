"""Lists by searchCriteria, and single documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Document, Response, Table, encode
from connectors.sandbox.magento import criteria as search
from connectors.sandbox.magento.criteria import Criteria, Filter
from connectors.sandbox.magento.shop import KINDS, Kind, Settings, Shop
from connectors.sandbox.magento.wire import (
    JSON,
    NO_PRODUCT,
    Refusal,
    Tree,
    answer,
    invalid,
    masked,
    no_entity,
    parse_fields,
    project,
    project_raw,
    wrong_type,
)

Query = Mapping[str, Sequence[str]]
TAX_BLOCKS = ("applied_taxes", "item_applied_taxes", "taxes", "additional_itemized_taxes")
_KEPT = 64


class Reader:
    """Answers list calls. The ids found by one set of criteria are kept until the table changes: pages are cheap."""

    def __init__(self, shop: Shop, settings: Settings) -> None:
        self._shop = shop
        self._settings = settings
        self._found: dict[tuple[str, int, Criteria], list[str]] = {}

    def listing(self, name: str, query: Query) -> Response:
        """One page of a resource."""
        asked = search.parse(query, input_limits=self._settings.input_limits)
        kind, table = KINDS[name], self._shop.tables[name]
        found = self._ids(kind, table, asked)
        page = self._thinned(self._page(found, asked))
        tree = wanted_fields(query)
        if not (self._settings.list_without_taxes and name == "orders"):
            if tree is None:
                return self._raw(table.raws(page), asked, len(found))
            if wanted := tree.get("items"):
                # Rows are cut out of their bytes; what is left to cut is the envelope.
                raws = [project_raw(raw, wanted) for raw in table.raws(page)]
                return self.answer(raws, asked, len(found), {**tree, "items": None})
        rows = [self._row(name, table.get(id) or {}) for id in page]
        return self.answer(rows, asked, len(found), tree)

    def rows(self, rows: list[Document], columns: Mapping[str, str], query: Query) -> Response:
        """One page out of rows that have no table of their own (order lines, comments)."""
        asked = search.parse(query, input_limits=self._settings.input_limits)
        tests = [_group_test(group, columns, "sql") for group in asked.groups]
        found = [row for row in rows if all(test(row.get) for test in tests)]
        for field, down in reversed(asked.sorts):
            _known(field, columns, "sql")
            found.sort(key=lambda row, name=field: _rank(row.get(name)), reverse=down)  # type: ignore[misc]
        return self.answer(self._thinned(self._page(found, asked)), asked, len(found), wanted_fields(query))

    def answer(self, rows: list[Document], asked: Criteria, total: int, tree: Tree | None) -> Response:
        """The envelope around rows, with the faults a store may play on it, and of it what `fields` wants."""
        items: list[Document] | None = rows
        if not rows and self._settings.items_null_when_empty:
            items = None
        body: Document = {"items": items, "search_criteria": asked.echo(), "total_count": self._total(total)}
        return cut(body, tree)

    def _raw(self, rows: list[bytes], asked: Criteria, total: int) -> Response:
        """The same from stored bytes: nothing is decoded."""
        items = b"[" + b",".join(rows) + b"]"
        if not rows and self._settings.items_null_when_empty:
            items = b"null"
        tail = b',"search_criteria":' + encode(asked.echo()) + b',"total_count":' + encode(self._total(total)) + b"}"
        return Response(200, b'{"items":' + items + tail, JSON)

    def _total(self, total: int) -> int:
        return max(0, total + self._settings.total_count_off_by)

    def _row(self, name: str, document: Document) -> Document:
        if name == "orders" and self._settings.list_without_taxes and "extension_attributes" in document:
            told = document["extension_attributes"]
            document["extension_attributes"] = {key: told[key] for key in told if key not in TAX_BLOCKS}
        return document

    def _ids(self, kind: Kind, table: Table, asked: Criteria) -> list[str]:
        key = kind.name, self._shop.versions[kind.name], replace(asked, page=0, page_size=None)
        found = self._found.get(key)
        if found is None:
            found = _select(kind, table, asked)
            while len(self._found) >= _KEPT:
                del self._found[next(iter(self._found))]
            self._found[key] = found
        return found

    def _page(self, found: list[Any], asked: Criteria) -> list[Any]:
        """Page 0 is page 1; past the end comes nothing, or the last page again as older stores do."""
        size = asked.page_size
        if size is None:
            return found
        page = max(1, asked.page)
        last = max(1, -(-len(found) // size))
        if page > last and self._settings.repeat_last_page:
            page = last
        return found[(page - 1) * size : page * size]

    def _thinned(self, rows: list[Any]) -> list[Any]:
        faults = self._shop.faults
        if not faults.lossy_rate:
            return rows
        return [row for row in rows if faults.dice.random() >= faults.lossy_rate]


def _select(kind: Kind, table: Table, asked: Criteria) -> list[str]:
    """Ids in order. A range on the column sorted by is cut out of the index; the rest is looked at row by row."""
    sorts = [(_known(field, kind.columns, kind.strict), down) for field, down in asked.sorts] or [(kind.id, False)]
    first, down = sorts[0]
    tie_by_id = len(sorts) == 2 and kind.is_id(sorts[1][0]) and sorts[1][1] == down
    groups = list(asked.groups)
    if len(sorts) == 1 or tie_by_id or kind.is_id(first):
        groups = [group for group in groups if not _is_low_end(group, first, kind) or group[0].operator == "gt"]
        column = "id" if kind.is_id(first) or first == kind.id else first
        ids = table.ids(column, descending=down, low=_low_end(asked, first, kind))
    else:
        ids = table.ids("id")
        for field, backwards in reversed(sorts):
            ids.sort(key=lambda id, name=field: _rank(_cell(kind, table, id, name)), reverse=backwards)  # type: ignore[misc]
    tests = [_group_test(group, kind.columns, kind.strict) for group in groups]
    if not tests:
        return ids
    return [id for id in ids if all(test(_getter(kind, table, id)) for test in tests)]


def _low_end(asked: Criteria, field: str, kind: Kind) -> str | None:
    """The low end of the index worth looking at, for `updated_at gteq …` sorted by `updated_at`."""
    lows = [search.moment(group[0].value) for group in asked.groups if _is_low_end(group, field, kind)]
    return max(lows, default=None)


def _is_low_end(group: Sequence[Filter], field: str, kind: Kind) -> bool:
    """Whether a group is one bound from below on a date that is sorted by: the index answers it."""
    if len(group) != 1 or kind.columns.get(field) != "date" or group[0].field != field:
        return False
    return group[0].operator in ("gt", "gteq", "from", "moreq")


def _cell(kind: Kind, table: Table, id: str, field: str) -> Any:
    return int(id) if kind.is_id(field) else table.value(id, field)


def _getter(kind: Kind, table: Table, id: str) -> Callable[[str], Any]:
    return lambda field: _cell(kind, table, id, field)


def _rank(value: Any) -> tuple[bool, Any]:
    if isinstance(value, (int, float, Decimal)):
        return value is not None, Decimal(str(value))
    return value is not None, str(value).lower()


def _known(field: str, columns: Mapping[str, str], strict: str) -> str:
    """A column that is there. The catalogue says which is not; elsewhere the database fails and nobody shows why."""
    if field in columns:
        return field
    if strict == "eav":
        raise invalid("Invalid attribute name: %name", name=field)
    raise masked()


def _group_test(group: Sequence[Filter], columns: Mapping[str, str], strict: str) -> Callable[[Any], bool]:
    tests = [(_known(one.field, columns, strict), search.matcher(one, columns[one.field])) for one in group]
    return lambda get: any(test(get(field)) for field, test in tests)


# Single documents and projection


def wanted_fields(query: Query) -> Tree | None:
    """What `fields` asks for; None when it is not there."""
    if "fields" not in query:
        return None
    return parse_fields(query["fields"][0]) or {}


def shown(body: Any, query: Query) -> Response:
    """An answer with only the fields the query wants."""
    return cut(body, wanted_fields(query))


def cut(body: Any, tree: Tree | None) -> Response:
    """An answer with only the wanted fields. A projection that cannot be read leaves an empty list."""
    if tree is None:
        return answer(body)
    return answer(project(body, tree) if tree else [])


def number(text: str, field: str = "id") -> int:
    """An id out of the path. Raises `Refusal` for what is none."""
    if not text.isdigit():
        raise wrong_type(text, "int")
    return int(text)


def one(shop: Shop, name: str, id: str, query: Query, field: str = "id") -> Response:
    """A document by its number."""
    wanted = number(id)
    raw = shop.tables[name].raw(str(wanted))
    if raw is None:
        raise no_entity(field, wanted)
    if "fields" in query:
        return shown(shop.tables[name].get(str(wanted)), query)
    return Response(200, raw, JSON)


def product(shop: Shop, sku: str, query: Query) -> Response:
    """A product by its SKU."""
    if query.get("storeId", ["0"])[0] and not query.get("storeId", ["0"])[0].isdigit():
        raise wrong_type(query["storeId"][0], "int")
    document = shop.product(sku)
    if document is None:
        raise Refusal(404, NO_PRODUCT)
    return shown(document, query)


def order_items(shop: Shop, reader: Reader, query: Query) -> Response:
    """Lines across orders. Calls for the lines of one order do not look at the others."""
    asked = search.parse(query)
    order_ids = {
        group[0].value for group in asked.groups if len(group) == 1 and group[0].field == "order_id" and _exact(group)
    }
    table = shop.tables["orders"]
    ids = [id for id in order_ids if id in table] if order_ids else table.ids("id")
    rows = [row for id in ids for row in (table.get(id) or {}).get("items", ())]
    return reader.rows(rows, ITEM_COLUMNS, query)


def _exact(group: Sequence[Filter]) -> bool:
    return group[0].operator == "eq"


ITEM_COLUMNS = {
    **dict.fromkeys(("item_id", "order_id", "parent_item_id", "product_id", "store_id", "quote_item_id"), "number"),
    **dict.fromkeys(("qty_ordered", "qty_shipped", "qty_refunded", "qty_canceled", "qty_invoiced"), "number"),
    **dict.fromkeys(("price", "row_total", "tax_amount", "is_virtual"), "number"),
    **dict.fromkeys(("sku", "name", "product_type"), "text"),
    **dict.fromkeys(("created_at", "updated_at"), "date"),
}


def comments(shop: Shop, reader: Reader, id: str) -> Response:
    """The history of an order; this list takes no criteria."""
    document = shop.tables["orders"].get(str(number(id)))
    if document is None:
        raise no_entity("entity_id", int(id))
    rows = document.get("status_histories", [])
    return answer({"items": rows, "search_criteria": {"filter_groups": []}, "total_count": len(rows)})
