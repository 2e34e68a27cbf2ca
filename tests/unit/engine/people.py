"""Short ways to make records, flows and their ends for the engine's tests. All people are invented."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bridge.engine.model import Decision, FlowSpec, LinkState, Pair, Rule
from bridge.engine.plan import remember
from connectors.contract import Record

NAMES = ("name", "email", "phone", "notes", "tags", "balance")


def customer(remote_id: str = "c1", **values: Any) -> Record:
    return Record("customers", remote_id, values)


def member(remote_id: str = "m1", **values: Any) -> Record:
    return Record("members", remote_id, values)


def flow(*rules: Rule, **more: Any) -> FlowSpec:
    rules = rules or tuple(Rule(name, name, name) for name in NAMES)
    base = FlowSpec("contact", "right", rules, match_on=("email",), writable=frozenset(rule.target for rule in rules))
    return replace(base, **more)


def linked(sent: Mapping[str, Any], kept: Mapping[str, Any] | None = None, **more: Any) -> LinkState:
    return LinkState("l1", sent, sent if kept is None else kept, **more)


def carry_out(decision: Decision, pair: Pair, entity: str = "contact", keeps: Any = lambda name, value: value) -> Pair:
    """Do to the target what was decided, as an obedient vendor would, and remember it; `keeps` may trim or round."""
    target = pair.target or next((t for t in pair.twins if t.remote_id == decision.target_id), None)
    if decision.action not in ("create", "update", "link", "none", "conflict"):
        return pair
    if decision.action == "create":
        target = member("new")
    assert target is not None
    values = {**target.values, **{name: keeps(name, value) for name, value in decision.after.items()}}
    target = replace(target, values=values)
    sent, kept = remember(decision, pair.link, values, entity)
    return replace(pair, link=LinkState("l1", sent, kept), target=target, twins=())
