"""What paths, payloads and the engine need to know of an integration, pinned for one run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bridge import registry
from bridge.engine.model import FlowSpec, Rule
from bridge.hub.models import Connection, Integration, Run
from connectors.contract import CUSTOM, Recipe, RecipeFlow, Resource


def recipe_of(run: Run) -> Recipe:
    """Return the recipe as a run goes by it: a one-time import knows just what it declares for its entity."""
    recipe = registry.recipe(run.integration.recipe)
    key = run.pinned.get("import")
    if not key:
        return recipe
    flow = recipe.one_time(key).flow
    # What comes back is the business of the flow of that entity: its rules tell which fields that is about.
    back = [rule for item in recipe.flows if item.entity == flow.entity for rule in item.rules]
    known = {rule.toward for rule in flow.rules}
    return replace(recipe, flows=(replace(flow, rules=(*flow.rules, *(r for r in back if r.toward not in known))),))


def settings_of(integration: Integration) -> dict[str, str]:
    """Return the settings as text, defaults of the recipe filled in."""
    recipe = registry.recipe(integration.recipe)
    given = {item.key: item.default for item in recipe.settings}
    given.update({key: str(value) for key, value in (integration.settings or {}).items()})
    return given


def context_of(integration: Integration, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return settings plus what the recipe derives from both accounts (a store's id, a currency)."""
    values = dict(settings or settings_of(integration))
    recipe = registry.recipe(integration.recipe)
    if recipe.context and integration.left and integration.right:
        values.update(recipe.context(values, facts_of(integration.left), facts_of(integration.right)))
    return values


def facts_of(connection: Connection) -> dict[str, Any]:
    """Return what an account told about itself; its id, name and environment included."""
    known = {
        "account_id": connection.account_id,
        "account_name": connection.account_name,
        "environment": connection.environment,
    }
    return {**known, **(connection.facts or {})}


def pin(integration: Integration) -> dict[str, Any]:
    """Return settings, rules and value maps as they are now: a run keeps to them to its end (fault H07)."""
    flows: dict[str, Any] = {}
    for flow in integration.flows.filter(is_on=True).prefetch_related("rules"):
        flows[flow.entity] = {
            "direction": flow.direction,
            "filter": flow.filter or {},
            "filter_back": flow.filter_back or {},
            "start_date": flow.start_date.isoformat() if flow.start_date else None,
            "brakes": flow.brakes or {},
            "approval": flow.approval,
            "rules_version": flow.rules_version,
            "planned_before": flow.planned_rules_version,
            "rules": [
                {
                    "id": str(rule.pk),
                    "source": rule.source,
                    "target": rule.target,
                    "transform": rule.transform,
                    "argument": rule.argument,
                    "when": rule.when,
                    "on_conflict": rule.on_conflict,
                    "toward": rule.toward,
                    "version": flow.rules_version,
                }
                for rule in flow.rules.all()
            ],
        }
    maps: dict[str, dict[str, str]] = {}
    for row in integration.value_maps.filter(confirmed=True, target_gone=False).exclude(target_id=""):
        maps.setdefault(row.kind, {})[row.source_key] = row.target_id
    settings = settings_of(integration)
    return {
        "settings": settings,
        "settings_version": integration.settings_version,
        "context": context_of(integration, settings),
        "flows": flows,
        "value_maps": maps,
        "maps_version": integration.maps_version,
        "time_zone": integration.organization.time_zone,
    }


def spec(recipe: Recipe, pinned: Mapping[str, Any], entity: str, direction: str, target: Resource) -> FlowSpec:
    """Return the engine's view of one flow and direction, from what was pinned."""
    from datetime import date

    declared, kept = recipe.flow(entity), pinned["flows"][entity]
    return FlowSpec(
        entity=entity,
        direction=direction,  # type: ignore[arg-type]
        rules=tuple(Rule(**rule) for rule in kept["rules"]),
        filter=filter_toward(kept, direction),
        match_on=match_fields(declared, pinned["settings"]),
        exclusions=declared.exclusions,
        start_date=date.fromisoformat(kept["start_date"]) if kept["start_date"] else None,
        settings=pinned["context"],
        value_maps=pinned["value_maps"],
        writable=writable(target, declared.rules),
        removes=declared.removes,
        disputed=declared.disputed,
        allow_shared=pinned["settings"].get("shared_" + declared.match_on[0]) == "share"
        if declared.match_on
        else False,
        zone=pinned.get("time_zone", ""),
    )


def match_fields(declared: RecipeFlow, settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the fields whose equality makes a clear match, as the settings go by."""
    chosen = settings.get(declared.match_by) if declared.match_by else ""
    return (chosen,) if chosen else declared.match_on


def filter_toward(kept: Mapping[str, Any], direction: str) -> Mapping[str, Any]:
    """Return the filter of what goes this way: a two-way flow has one for each."""
    back = kept["direction"] == "both" and direction == "left"
    found: Mapping[str, Any] = kept.get("filter_back" if back else "filter") or {}
    return found


def composed(flow: FlowSpec, poster: Any) -> FlowSpec:
    """Return a flow whose target values are composed from whole records, found by what the settings go by."""
    match_on = flow.match_on
    if poster.policy and poster.declared.posting == "product":
        match_on = ("name",) if poster.policy.items_by in ("name", "title") else ("sku",)
    # Several buyers of one organization are one customer; nothing else is ever shared because of that.
    company = poster.declared.posting == "contact" and poster.policy and poster.policy.customer == "company"
    if company:
        match_on = ("name",)
    return replace(flow, compose=poster, match_on=match_on, allow_shared=flow.allow_shared or bool(company))


class Writable(frozenset[str]):
    """Canonical fields a rule may write, and with them whatever an account's people added where they may."""

    custom = False

    def __contains__(self, name: object) -> bool:
        """Tell whether a field may be written."""
        return super().__contains__(name) or (self.custom and isinstance(name, str) and name.startswith(CUSTOM))


def writable(target: Resource, rules: Any) -> Writable:
    """Return the canonical fields a rule may write at this resource."""
    named = {item.name for item in target.fields if item.write}
    found = Writable(named or {rule.target for rule in rules})
    found.custom = target.custom is not None
    return found


def sides(run: Run) -> tuple[Connection, Connection]:
    """Return the left and right connection of a run."""
    integration = run.integration
    if integration.left is None or integration.right is None:
        from connectors.contract import SettingInvalid

        raise SettingInvalid("INTEGRATION-UNFINISHED", params={"integration": str(integration)})
    return integration.left, integration.right


def scope_of(connection: Connection, resource: str, context: Mapping[str, str]) -> str:
    """Return what the records of a resource belong to inside an account ("" is the account itself)."""
    feed = registry.connector(connection.vendor).feed_of(resource)
    return str(context.get(feed.scope, "")) if feed.scope else ""


def flows_in_order(pinned: Mapping[str, Any], only: list[str]) -> list[str]:
    """Return the entities of a run, parents first."""
    from connectors.contract import STAGES

    return [entity for entity in STAGES if entity in pinned["flows"] and (not only or entity in only)]
