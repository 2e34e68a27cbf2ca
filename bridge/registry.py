"""Connectors and recipes by key, loaded from settings.CONNECTORS and settings.RECIPES. Knows no vendor by name."""

from functools import cache
from importlib import import_module

from django.conf import settings

from connectors.contract import STAGES, Connector, Explanation, Hosts, Recipe, RecipeFlow, entity_fields


@cache
def connectors() -> dict[str, Connector]:
    """Return all connectors by key."""
    found = [import_module(path).CONNECTOR for path in settings.CONNECTORS]
    return {item.key: item for item in found}


@cache
def recipes() -> dict[str, Recipe]:
    """Return all recipes by key."""
    return {item.key: item for path in settings.RECIPES for item in import_module(path).RECIPES}


def connector(key: str) -> Connector:
    """Return one connector; KeyError when settings do not name it."""
    return connectors()[key]


def recipe(key: str) -> Recipe:
    """Return one recipe; KeyError when settings do not name it."""
    return recipes()[key]


def hosts(key: str, environment: str) -> Hosts:
    """Return where a vendor lives in an environment, the local sandbox moved to BRIDGE_SANDBOX_URL."""
    found = connector(key).environments[environment]

    def place(text: str) -> str:
        return text.replace("{sandbox}", settings.BRIDGE_SANDBOX_URL)

    return Hosts(
        api=place(found.api),
        authorize=place(found.authorize),
        token=place(found.token),
        revoke=place(found.revoke),
        extra={name: place(text) for name, text in found.extra.items()},
        public_only=found.public_only,
    )


@cache
def catalogue() -> dict[str, Explanation]:
    """Return every explained code of engine, connectors and recipes."""
    from bridge.engine.catalogue import ENGINE_CATALOGUE
    from bridge.hub.catalogue import HUB_CATALOGUE
    from connectors.transport.catalogue import CATALOGUE

    parts = [ENGINE_CATALOGUE, HUB_CATALOGUE, CATALOGUE, *(item.catalogue for item in connectors().values())]
    parts += [item.catalogue for item in recipes().values()]
    return {entry.code: entry for part in parts for entry in part}


def problems() -> list[str]:
    """Return what does not fit together: unknown vendors, resources, entities, fields, unexplained codes."""
    try:
        known = connectors()
        found = []
        for recipe in recipes().values():
            for side, vendor in (("left", recipe.left), ("right", recipe.right)):
                if vendor not in known:
                    found.append(f"{recipe.key} names {vendor!r}, which settings.CONNECTORS does not hold.")
                    continue
                for flow in flows_of(recipe):
                    for resource in getattr(flow, side):
                        found += _resource_problems(recipe, known[vendor], flow.entity, resource)
            for flow in flows_of(recipe):
                fields = entity_fields(flow.entity)
                found += [
                    f"{recipe.key} maps {rule.source!r} to {rule.target!r} of {flow.entity}, which is no field."
                    for rule in flow.rules
                    if rule.source not in fields or rule.target not in fields
                ]
                found += [
                    f"{recipe.key} gives the reason {item.code} without a text."
                    for item in flow.exclusions
                    if item.code not in catalogue()
                ]
        for vendor in known.values():
            explained = catalogue()
            found += [
                f"{vendor.key} raises {row.code} without a text." for row in vendor.errors if row.code not in explained
            ]
        return found
    except ImportError as error:
        return [f"A connector does not load: {error}"]


def flows_of(recipe: Recipe) -> tuple[RecipeFlow, ...]:
    """Return what may flow by a recipe: its flows, and those of its one-time imports."""
    return (*recipe.flows, *(item.flow for item in recipe.imports))


def _resource_problems(recipe: Recipe, vendor: Connector, entity: str, name: str) -> list[str]:
    if entity not in STAGES:
        return [f"{recipe.key} has a flow of {entity!r}, which is no entity."]
    try:
        resource = vendor.resource(name)
        vendor.feed_of(name)
    except KeyError as error:
        return [f"{recipe.key}: {error.args[0]}"]
    if resource.entity != entity:
        return [f"{recipe.key} uses {vendor.key}.{name} for {entity}, but it is a {resource.entity}."]
    return []
