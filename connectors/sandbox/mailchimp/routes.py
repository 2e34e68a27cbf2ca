"""Which operation answers which path.

Source: the vendor's published interface description 3.0.91, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from connectors.sandbox.core import Document
from connectors.sandbox.mailchimp import audiences, batches, segments, shops
from connectors.sandbox.mailchimp.wire import Call

Answer: TypeAlias = Document | None
Operation: TypeAlias = Callable[[Call], Answer | Awaitable[Answer]]

_MEMBER = "lists/*/members/*"
_SEGMENT = "lists/*/segments/*"
_STORE = "ecommerce/stores/*"

ROUTES: dict[str, dict[str, Operation]] = {
    "lists": {"GET": audiences.lists_list},
    "lists/*": {"GET": audiences.lists_get, "POST": audiences.lists_batch_subscribe},
    "lists/*/members": {"GET": audiences.members_list, "POST": audiences.members_create},
    _MEMBER: {
        "GET": audiences.members_get,
        "PUT": audiences.members_upsert,
        "PATCH": audiences.members_update,
        "DELETE": audiences.members_archive,
    },
    f"{_MEMBER}/actions/delete-permanent": {"POST": audiences.members_delete_permanent},
    f"{_MEMBER}/tags": {"GET": audiences.member_tags_list, "POST": audiences.member_tags_update},
    "lists/*/tag-search": {"GET": audiences.tags_search},
    "lists/*/segments": {"GET": segments.segments_list, "POST": segments.segments_create},
    _SEGMENT: {
        "GET": segments.segments_get,
        "PATCH": segments.segments_update,
        "POST": segments.segments_change_members,
        "DELETE": segments.segments_delete,
    },
    f"{_SEGMENT}/members": {"GET": segments.segment_members_list, "POST": segments.segment_members_add},
    f"{_SEGMENT}/members/*": {"DELETE": segments.segment_members_remove},
    "lists/*/merge-fields": {"GET": audiences.merge_fields_list, "POST": audiences.merge_fields_create},
    "lists/*/merge-fields/*": {
        "GET": audiences.merge_fields_get,
        "PATCH": audiences.merge_fields_update,
        "DELETE": audiences.merge_fields_delete,
    },
    "lists/*/webhooks": {"GET": audiences.webhooks_list, "POST": audiences.webhooks_create},
    "lists/*/webhooks/*": {
        "GET": audiences.webhooks_get,
        "PATCH": audiences.webhooks_update,
        "DELETE": audiences.webhooks_delete,
    },
    "batches/*": {"GET": batches.batches_get, "DELETE": batches.batches_delete},
    "search-members": {"GET": audiences.search_members},
    "ecommerce/orders": {"GET": shops.account_orders_list},
    "ecommerce/stores": {"GET": shops.stores_list, "POST": shops.stores_create},
    _STORE: {"GET": shops.stores_get, "PATCH": shops.stores_update, "DELETE": shops.stores_delete},
    f"{_STORE}/customers": {"GET": shops.customers_list, "POST": shops.customers_create},
    f"{_STORE}/customers/*": {
        "GET": shops.customers_get,
        "PUT": shops.customers_upsert,
        "PATCH": shops.customers_update,
        "DELETE": shops.customers_delete,
    },
    f"{_STORE}/products": {"GET": shops.products_list, "POST": shops.products_create},
    f"{_STORE}/products/*": {
        "GET": shops.products_get,
        "PUT": shops.products_upsert,
        "PATCH": shops.products_update,
        "DELETE": shops.products_delete,
    },
    f"{_STORE}/products/*/variants": {"GET": shops.variants_list, "POST": shops.variants_create},
    f"{_STORE}/products/*/variants/*": {
        "GET": shops.variants_get,
        "PUT": shops.variants_upsert,
        "PATCH": shops.variants_update,
        "DELETE": shops.variants_delete,
    },
    f"{_STORE}/orders": {"GET": shops.orders_list, "POST": shops.orders_create},
    f"{_STORE}/orders/*": {"GET": shops.orders_get, "PATCH": shops.orders_update, "DELETE": shops.orders_delete},
    f"{_STORE}/orders/*/lines": {"GET": shops.order_lines_list, "POST": shops.order_lines_create},
    f"{_STORE}/orders/*/lines/*": {
        "GET": shops.order_lines_get,
        "PATCH": shops.order_lines_update,
        "DELETE": shops.order_lines_delete,
    },
}


class Router:
    """Finds an operation by walking the path, segment by segment; a fixed name wins over a value."""

    def __init__(self, routes: dict[str, dict[str, Operation]]) -> None:
        self._root: dict[str, object] = {}
        for pattern, operations in routes.items():
            at = self._root
            for part in pattern.split("/"):
                at = at.setdefault(part, {})  # type: ignore[assignment]
            at[""] = operations

    def find(self, path: str) -> tuple[dict[str, Operation] | None, list[str]]:
        """The operations of a path by method (None when there is no such path), and the values in the path."""
        at: dict[str, object] = self._root
        args: list[str] = []
        for part in path.strip("/").split("/"):
            below = at.get(part) if part else None
            if below is None:
                below = at.get("*") if part else None
                args.append(part)
            if not isinstance(below, dict):
                return None, []
            at = below
        operations = at.get("")
        return (operations, args) if isinstance(operations, dict) else (None, [])
