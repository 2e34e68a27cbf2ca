"""What records that name another one tell of it: a filter asks about a contact's invoices and payments."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bridge.hub.models import Connection
from bridge.hub.models import Record as Row
from connectors.contract import Associated, RecipeFlow, Record

Parse = Callable[[Row, Connection], Record | None]


def asked_about(declared: RecipeFlow, side: str, tree: Mapping[str, Any]) -> list[Associated]:
    """Return the associated records of `side` that a filter has conditions on."""
    return [item for item in declared.associated if item.side == side and asks_about(tree, item.name)]


def asks_about(tree: Mapping[str, Any], name: str) -> bool:
    """Tell whether a filter has a condition on what associated records of this name tell."""
    if "field" in tree:
        return str(tree["field"]).partition(".")[0] == name
    inside = [*tree.get("all", ()), *tree.get("any", ()), *([tree["not"]] if "not" in tree else [])]
    return any(asks_about(item, name) for item in inside)


def with_associated(
    connection: Connection, sources: Mapping[int, Record | None], item: Associated, parse: Parse
) -> dict[int, Record | None]:
    """Return the sources with what the records that name them tell: one query for all of them."""
    ids = {record.remote_id for record in sources.values() if record}
    rows = Row.objects.filter(connection=connection, resource=item.resource, party__in=ids, gone=False)
    told: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows.order_by("id"):
        record = parse(row, connection)
        if record is not None:
            told[row.party].append(record.values)
    return {
        pk: record and replace(record, values={**record.values, item.name: told.get(record.remote_id, [])})
        for pk, record in sources.items()
    }
