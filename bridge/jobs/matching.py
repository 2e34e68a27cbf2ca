"""What another way of finding items would mean for the products that are linked already."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge import registry
from bridge.hub.models import Integration, Link
from bridge.hub.models import Record as Row
from bridge.jobs.context import settings_of
from connectors.contract import RecipeFlow

SETTING = "items_by"  # "sku" or "name": which column of the books a product's SKU is compared with
COLUMNS = {"sku": "number", "name": "name"}
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Effect:
    """What the new way would find for linked products: the item they have, another one, or none. Links stay anyway.

    `examples` are (SKU, name of its item, name of what would be found or "") of the first few that differ.
    """

    same: int = 0
    other: int = 0
    none: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)


def effect(integration: Integration, by: str) -> Effect | None:
    """Return what finding items by `by` would change; None where it is no change or nothing is linked."""
    flow = next((item for item in registry.recipe(integration.recipe).flows if item.posting == "product"), None)
    if flow is None or by not in COLUMNS or by == settings_of(integration).get(SETTING):
        return None
    far = flow.directions[0]
    near = "right" if far == "left" else "left"
    links = Link.objects.filter(integration=integration, entity=flow.entity).select_related(near, far).order_by("id")
    linked = [(getattr(link, near).number, getattr(link, far)) for link in links]
    return _compared(linked, _found(integration, flow, far, by, [sku for sku, _ in linked])) if linked else None


def _found(integration: Integration, flow: RecipeFlow, far: str, by: str, skus: Sequence[str]) -> dict[str, list[Row]]:
    column, found = COLUMNS[by], defaultdict(list)
    rows = Row.objects.filter(
        connection=getattr(integration, far), resource__in=getattr(flow, far), gone=False, **{f"{column}__in": skus}
    )
    for row in rows.only("name", "number"):
        found[getattr(row, column)].append(row)
    return found


def _compared(linked: Sequence[tuple[str, Row]], found: dict[str, list[Row]]) -> Effect:
    counted = {"same": 0, "other": 0, "none": 0}
    examples = []
    for sku, item in linked:
        rows = found.get(sku, [])
        kind = "none" if not rows else "same" if [row.pk for row in rows] == [item.pk] else "other"
        counted[kind] += 1
        if kind != "same" and len(examples) < SHOWN:
            examples.append((sku, item.name, ", ".join(row.name for row in rows)))
    return Effect(**counted, examples=examples)
