"""Mapping rules of flows: what is wrong with one, and each change as a new version."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from bridge import registry
from bridge.engine.model import Problem, Rule
from bridge.engine.transforms import check_rule
from bridge.hub.models import Flow, Integration, MappingRule, User
from bridge.jobs import filtering, flowing
from bridge.jobs.context import writable
from connectors.contract import CUSTOM


def rule_problems(integration: Integration) -> list[tuple[Flow, Problem]]:
    """Return what is wrong with the rules and filters of the flows that are on."""
    found: list[tuple[Flow, Problem]] = []
    for flow in integration.flows.filter(is_on=True).prefetch_related("rules"):
        flow.integration = integration
        found += [(flow, problem) for problem in filtering.check_filter(flow, flow.filter or {})]
        if flow.direction == "both":
            found += [(flow, problem) for problem in filtering.check_filter(flow, flow.filter_back or {}, back=True)]
        for rule in flow.rules.all():
            found += [(flow, problem) for problem in _check_rule(flow, engine_rule(rule))]
    return found


def engine_rule(rule: MappingRule) -> Rule:
    """Return a rule as the engine takes it."""
    return Rule(
        id=str(rule.pk or ""), source=rule.source, target=rule.target, transform=rule.transform,
        argument=rule.argument, when=rule.when, on_conflict=rule.on_conflict, toward=rule.toward,
    )  # fmt: skip


def _check_rule(flow: Flow, rule: Rule) -> list[Problem]:
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    source, target = flowing.resources(flow, rule.toward)
    problems = list(check_rule(rule, flow.entity, flow.entity, writable(target, declared.rules)))
    if rule.source.startswith(CUSTOM) and source.custom is None:
        problems.append(Problem("source", "RULE-UNKNOWN-FIELD", {"field": rule.source}))
    longest = MappingRule._meta.get_field("source").max_length or 0
    for name in ("source", "target"):
        if len(getattr(rule, name)) > longest:
            problems.append(Problem(name, "RULE-LONG-FIELD", {"field": getattr(rule, name), "most": longest}))
    return problems


def problems_of_rule(flow: Flow, rule: MappingRule) -> list[Problem]:
    """Return what is wrong with a rule of a flow, saved or not."""
    if rule.toward not in flowing.possible_ways(flow):
        return [Problem("toward", "RULE-BAD-CHOICE", {"value": rule.toward})]
    return _check_rule(flow, engine_rule(rule))


def save_rule(flow: Flow, values: Mapping[str, Any], user: User | None) -> list[Problem]:
    """Add or change one rule; [] when stored, else what is wrong with it. A change makes a new version of the rules."""
    rule = flow.rules.filter(pk=values["id"]).first() if values.get("id") else MappingRule(flow=flow, created_by=user)
    if rule is None:
        return [Problem("id", "RULE-UNKNOWN", {})]
    for name in ("source", "target", "transform", "argument", "when", "on_conflict", "note", "toward"):
        if name in values:
            setattr(rule, name, str(values[name]).strip())
    if problems := problems_of_rule(flow, rule):
        return problems
    if rule.pk is None:
        rule.position = flow.rules.count()
    try:
        with transaction.atomic():
            rule.save()
            flowing.new_version(flow)
    except IntegrityError:
        return [Problem("target", "RULE-TWICE", {"field": rule.target})]
    return []


def delete_rule(rule: MappingRule, user: User | None) -> None:
    """Take a rule away; what it wrote stays."""
    with transaction.atomic():
        flow = rule.flow
        rule.delete()
        flowing.new_version(flow)
