"""Flows of an integration: made, deleted, and the ways that records go in them."""

import logging
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Change, Conflict, Flow, Integration, MappingRule, Run, User
from bridge.jobs.plan import towards
from connectors.contract import RecipeFlow, SettingInvalid

Side = Literal["left", "right"]
log = logging.getLogger("bridge.jobs.flowing")


def make_flow(integration: Integration, declared: RecipeFlow, user: User | None) -> Flow:
    """Make a flow with the defaults and the rules of its recipe."""
    flow = Flow.objects.create(
        integration=integration,
        entity=declared.entity,
        direction=declared.directions[0],
        filter=dict(declared.default_filter),
        filter_back=dict(declared.default_back),
        cadence_minutes=declared.cadence_minutes,
        is_on=declared.starts_on,
    )
    for position, rule in enumerate(declared.rules):
        MappingRule.objects.create(
            flow=flow, source=rule.source, target=rule.target, transform=rule.transform,
            argument=rule.argument, when=rule.when, on_conflict=rule.on_conflict, toward=rule.toward,
            note=rule.note.say(integration.organization.language) if rule.note else "", position=position,
            created_by=user,
        )  # fmt: skip
    return flow


def delete_flow(flow: Flow, user: User | None) -> None:
    """Delete the sync of one entity: settings, rules and filters go, what waited is closed and open conflicts with it;
    links, records and the ledger stay (H-19). SettingInvalid while a run is open, or where the recipe cannot do
    without it.
    """
    integration = flow.integration
    declared = registry.recipe(integration.recipe).flow(flow.entity)
    if not declared.optional:
        raise SettingInvalid("FLOW-NEEDED")
    waiting = (Change.State.PLANNED, Change.State.READY, Change.State.HELD, Change.State.REJECTED)
    with transaction.atomic():
        Integration.objects.select_for_update().get(pk=integration.pk)
        if integration.runs.filter(state__in=Run.OPEN).exists():
            raise SettingInvalid("RUN-OPEN", params={"integration": str(integration)})
        Change.objects.filter(integration=integration, entity=flow.entity, state__in=waiting).update(
            state=Change.State.SUPERSEDED, code="flow-deleted", settled_at=timezone.now()
        )
        Conflict.objects.filter(
            link__integration=integration, link__entity=flow.entity, decision=Conflict.Decision.OPEN
        ).delete()
        flow.delete()
    log.info("flow deleted integration=%s entity=%s user=%s", integration.pk, flow.entity, user and user.pk)


def set_up_flow(integration: Integration, entity: str, user: User | None) -> Flow:
    """Make a deleted flow from the recipe again, off until a person turns it on where it can be off; KeyError when the
    recipe has none. Its first run waits for a person like any first run, and finds the links that are still there.
    """
    declared = registry.recipe(integration.recipe).flow(entity)
    with transaction.atomic():
        Integration.objects.select_for_update().get(pk=integration.pk)
        if flow := integration.flows.filter(entity=entity).first():
            return flow
        flow = make_flow(integration, declared, user)
        if declared.optional:
            flow.is_on = False
            flow.save(update_fields=["is_on"])
    return flow


def resources(flow: Flow, toward: str = "right") -> tuple[Any, Any]:
    """Return the first source and target resource of a flow."""
    recipe = registry.recipe(flow.integration.recipe)
    declared = recipe.flow(flow.entity)
    if declared.inside:
        vendor, names = getattr(recipe, declared.inside), getattr(declared, declared.inside)
        resource = registry.connector(vendor).resource(names[0])
        return resource, resource
    left = registry.connector(recipe.left).resource(declared.left[0])
    right = registry.connector(recipe.right).resource(declared.right[0])
    return (left, right) if toward == "right" else (right, left)


def possible_ways(flow: Flow) -> tuple[str, ...]:
    """Return the sides that the recipe lets this flow write to, in one direction or another."""
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    return tuple(side for side in ("right", "left") if any(side in towards(item) for item in declared.directions))


def toward_of(flow: Flow, back: bool = False) -> str:
    """Return the side that what passes the filter goes to; `back`: the second filter of a two-way flow."""
    return "left" if back else towards(flow.direction)[0]


def source_side(flow: Flow, back: bool = False) -> Side:
    """Return the side whose records a filter looks at."""
    inside = registry.recipe(flow.integration.recipe).flow(flow.entity).inside
    return inside or ("left" if toward_of(flow, back) == "right" else "right")


def told_beside(flow: Flow, back: bool = False) -> frozenset[str]:
    """Return the names of the associated records this filter may ask about."""
    declared, side = registry.recipe(flow.integration.recipe).flow(flow.entity), source_side(flow, back)
    return frozenset(item.name for item in declared.associated if item.side == side)


def new_version(flow: Flow) -> None:
    """Count a change of what a flow goes by: its next plan waits for approval."""
    flow.rules_version += 1
    flow.save(update_fields=["rules_version"])
