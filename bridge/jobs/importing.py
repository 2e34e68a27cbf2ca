"""What planning has to know of one-time imports: what they go by instead of a flow, and what they make of decisions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bridge import registry
from bridge.engine.kinds import frozen, kinds_of
from bridge.engine.model import Decision
from bridge.hub.models import Flow, Link, Run
from connectors.contract import OneTimeImport, Recipe, Resource

MADE = "imported"  # why a link is there that an import made, with the record at its end
BY_FILE = "IMPORT-BY-FILE"


def can_create(resource: Resource) -> bool:
    """Tell whether a connector can make such records by the vendor's interface."""
    return resource.create is not None or (resource.bulk is not None and "create" in resource.bulk.actions)


def flow_of(run: Run, entity: str) -> Flow:
    """Return the flow a run plans. An import's is made for the occasion: nothing of it is stored, and it always begins
    where its own run has come to.
    """
    if not run.pinned.get("import"):
        found: Flow = run.integration.flows.get(entity=entity)
        return found
    kept = run.pinned["flows"][entity]
    return Flow(
        integration=run.integration, entity=entity, direction=kept["direction"],
        planned_through=run.pinned.get("through") or {}, planned_rules_version=kept["planned_before"],
        first_done_at=run.started_at,
    )  # fmt: skip


def stays_out(run: Run, entity: str, links: Iterable[str]) -> frozenset[str]:
    """Return which of these links (ids as text) an import made whose records are none of the flow's business."""
    recipe = registry.recipe(run.integration.recipe)
    if not any(item.flow.entity == entity and not item.comes_back for item in recipe.imports):
        return frozenset()
    rows = Link.objects.filter(pk__in=[int(pk) for pk in links], why=MADE).values_list("pk", flat=True)
    return frozenset(str(pk) for pk in rows)


@dataclass(frozen=True, slots=True)
class Importing:
    """One import being planned: marks what it makes, or leaves it to a file where the vendor lets nobody make it."""

    spec: OneTimeImport
    target: Resource

    @classmethod
    def of(cls, run: Run, recipe: Recipe, target: Resource) -> "Importing | None":
        """Return the import a run is, if it is one."""
        key = run.pinned.get("import")
        return cls(registry.recipe(recipe.key).one_time(key), target) if key else None

    def marked(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Return the decisions with what is made marked as imported; nothing is ever removed or voided."""
        return [self._marked(item) for item in decisions]

    def _marked(self, item: Decision) -> Decision:
        if item.action in ("void", "remove"):
            return replace(item, action="skip", code="SOURCE-GONE", before={}, after={}, sent={})
        if item.action != "create":
            return item
        after = {**item.after, **self._mark(item.after)}
        if not can_create(self.target):
            return replace(item, action="hold", code=BY_FILE, after=after, sent={})
        return replace(item, code=MADE, after=after)

    def _mark(self, after: Mapping[str, Any]) -> dict[str, Any]:
        kinds = kinds_of(self.target.entity)
        found = {name: frozen(value, kinds.get(name, "")) for name, value in self.spec.mark.items()}
        for name, value in found.items():
            if kinds.get(name) == "tags" and after.get(name):
                found[name] = [*after[name], *(tag for tag in value or () if tag not in after[name])]
        return found
