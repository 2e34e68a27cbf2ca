"""Two-way flows: what the other way would do with the same two records, so that the two never work against each other.

A rule and a rule of the other way are *mutual* where each writes what the other reads: both keep one and the same thing
in step. Of mutual rules only one may write at a time; what it wrote comes back as an echo, told by its content.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from bridge.engine.filters import passes
from bridge.engine.kinds import NOT_TOLD, day_in, frozen, kinds_of, number, same_value, thawed
from bridge.engine.model import CannotMap, FlowSpec, LinkState, Pair, Rule, Verdict
from bridge.engine.transforms import REGISTRY, apply
from connectors.contract import Record

Winner = Literal["source", "target", "ask"]
Values = Mapping[str, Any]
MIRRORED: Mapping[str, Winner] = {"source": "target", "target": "source", "ask": "ask"}
REPEATS = 3  # this many times the same value went this way and was answered by the other: the next time is a loop
BRISK = 2  # an answer comes within as many runs; what comes later may well be a person's
DEEP = 4  # a write made of our own write, made of our own write …: two ways there and back


# -- rules that belong together ------------------------------------------------------------------------------------


def outputs(values: Values, flow: FlowSpec, creating: bool = False) -> dict[str, tuple[Any, Rule]]:
    """Return what the rules make of a record, by target field; a later row wins where it has something to say.

    Rules for new records count only where one is made: what they once filled in is no value to be kept in step.
    """
    maps, writable, kinds = flow.value_maps, flow.writable, kinds_of(flow.entity)
    found: dict[str, tuple[Any, Rule]] = {}
    for rule in flow.rules:
        if rule.toward != flow.direction or rule.target not in writable or (rule.when == "create" and not creating):
            continue
        value = apply(rule, values, maps, kinds.get(rule.target, ""))
        if value is NOT_TOLD or (rule.target in found and value in (None, "")):
            continue
        found[rule.target] = (value, rule)
    return found


@lru_cache(maxsize=2048)
def reads(rule: Rule) -> frozenset[str]:
    """Return the fields a rule reads; a part of an address stands for the whole."""
    transform = REGISTRY.get(rule.transform)
    others = transform.others(rule.argument) if transform else ()
    return frozenset(_whole(name) for name in (rule.source, *others) if name)


def _whole(name: str) -> str:
    return name if name.startswith("custom.") else name.partition(".")[0]


@lru_cache(maxsize=256)
def _partners(
    rules: tuple[Rule, ...], direction: str, others: tuple[Rule, ...], writable: frozenset[str]
) -> Mapping[Rule, tuple[Rule, ...]]:
    back = [rule for rule in others if rule.toward != direction and rule.target in writable]
    return {
        rule: tuple(other for other in back if rule.target in reads(other) and other.target in reads(rule))
        for rule in rules
        if rule.toward == direction
    }


def partners(flow: FlowSpec) -> Mapping[Rule, tuple[Rule, ...]]:
    """Return, for each rule of a flow's way, the rules of the other way it is mutual with."""
    back = flow.back
    return _partners(flow.rules, flow.direction, back.rules, back.writable) if back else {}


def partner_field(flow: FlowSpec, name: str) -> str:
    """Return the field of the source that target field `name` is kept in step with; "" where there is none."""
    for rule, others in partners(flow).items():
        if rule.target == name and rule.when != "create" and others:
            return others[-1].target
    return ""


# -- echoes --------------------------------------------------------------------------------------------------------


def alike(kind: str, one: Any, other: Any) -> bool:
    """Tell whether one value may be what a vendor made of another: trimmed, cut off, in other case or punctuation,
    rounded. For values that a vendor took without saying what it kept.
    """
    if same_value(kind, one, other):
        return True
    if kind in ("money", "number"):
        left, right = number(one), number(other)
        return left is not None and right is not None and abs(left - right) < Decimal("0.01")
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(alike("text", one.get(key), other.get(key)) for key in {*one, *other})
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    left_bare, right_bare = _bare(one), _bare(other)
    shorter, longer = sorted((left_bare, right_bare), key=len)
    return left_bare == right_bare or (len(shorter) >= 8 and longer.startswith(shorter))


def _bare(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if char.isalnum())


def unmoved(kind: str, name: str, have: Any, sent: Values, kept: Values) -> bool:
    """Tell whether a side still has what it kept of our last write; nothing, where we never wrote."""
    if name in kept:
        return same_value(kind, have, kept[name])
    return alike(kind, have, sent[name]) if name in sent else have is None


def blind(name: str, sent: Values, kept: Values) -> bool:
    """Tell whether a field was written to a vendor that did not say what it made of it."""
    return name in sent and name not in kept


def moved(sent: Values, after: Values, agreed: Values, values: Values, entity: str) -> frozenset[str]:
    """Return the fields a decision settled without writing them, and which the target has otherwise by now: somebody
    edited them between the plan and the answer. That is news, not what the target made of our word.

    `agreed` is what the target had when it was planned, where that was not what was wanted.
    """
    kinds = kinds_of(entity)
    return frozenset(
        name for name, want in sent.items()
        if name not in after and name in values
        and not alike(kinds.get(name, ""), agreed.get(name, want), frozen(values[name], kinds.get(name, "")))
    )  # fmt: skip


# -- the other way ---------------------------------------------------------------------------------------------------


class Counter:
    """The other way of a two-way flow, for one pair: what it has to say about each field of this way."""

    def __init__(self, pair: Pair, flow: FlowSpec, link: LinkState, target: Record) -> None:
        assert flow.back  # noqa: S101 - only two-way flows have one
        self.link, self.near = link, pair.source.values
        self.mutual = partners(flow)
        self.kinds = kinds_of(flow.entity)
        self.is_open = _is_open(pair, flow.back, target, link)
        self.says: Mapping[str, tuple[Any, Rule]] = {}
        if self.is_open:
            try:
                self.says = outputs(target.values, flow.back)
            except CannotMap:
                self.is_open = False  # a record that waits says nothing

    def value(self, name: str) -> Any:
        """Return what the source has in a field now, frozen; NOT_TOLD where it does not tell."""
        return frozen(self.near[name], self.kinds.get(name, "")) if name in self.near else NOT_TOLD

    def news(self, rule: Rule) -> Rule | bool:
        """Return the mutual rule that would write, too; False where the other way has nothing new to say; True where
        it cannot say anything about this field at all.
        """
        dumb = True
        for other in self.mutual.get(rule, ()):
            said = self.says.get(other.target)
            if said is None or said[1] != other:
                continue
            have = self.value(other.target)
            if other.when == "if_empty" and have is not None:
                continue
            dumb = False
            if self._is_news(other, said[0], have):
                return other
        return dumb

    def _is_news(self, other: Rule, value: Any, have: Any) -> bool:
        name, kind = other.target, self.kinds.get(other.target, "")
        want, link = frozen(value, kind), self.link
        if have is not NOT_TOLD and same_value(kind, want, have):
            return False
        if name not in link.back_sent:
            return want is not None
        return not same_value(kind, want, link.back_sent[name])

    def echoes(self, rule: Rule) -> bool:
        """Tell whether what a rule has to say is only what the other way wrote here, as this side keeps it."""
        fields = {other.target for other in self.mutual.get(rule, ())}
        return bool(fields) and fields >= reads(rule) and all(self._is_echo(rule, name) for name in fields)

    def _is_echo(self, rule: Rule, name: str) -> bool:
        link, kind, have = self.link, self.kinds.get(name, ""), self.value(name)
        if have is NOT_TOLD:
            return False
        if blind(name, link.back_sent, link.back_kept):
            return alike(kind, have, link.back_sent[name])
        known = rule.target not in link.sent and name in link.back_kept
        return known and same_value(kind, have, link.back_kept[name])


def _is_open(pair: Pair, back: FlowSpec, target: Record, link: LinkState) -> bool:
    """Tell whether the other way may write these two records at all."""
    if pair.back_excluded or target.gone or target.merged_into or link.shared:
        return False
    if back.filter and not passes(back.filter, target.values, back.zone):
        return False
    dated = day_in(target.values.get("date"), back.zone)
    if pair.link is None and back.start_date is not None and dated is not None and dated < back.start_date:
        return False
    try:
        return all(reason.test(target.values, pair.source.values, back.settings) is None for reason in back.exclusions)
    except (KeyError, ValueError, AttributeError, ArithmeticError):
        return False


def winner(rule: Rule, other: Rule) -> Winner:
    """Return whose value stands where both sides changed. Two rules that contradict each other ask a person."""
    here, there = rule.on_conflict, MIRRORED[other.on_conflict]
    return here if here == there else "ask"


def holds(verdict: Verdict, kind: str, near: Any, have: Any) -> bool:
    """Tell whether a person's decision is about what both sides say now: the side that loses has not moved since."""
    seen_target = same_value(kind, have, verdict.target)
    seen_source = same_value(kind, near, verdict.source)
    if verdict.winner == "value":
        given = verdict.value
        return (seen_target or same_value(kind, have, given)) and (seen_source or same_value(kind, near, given))
    return seen_target if verdict.winner == "source" else seen_source


def said_with(rule: Rule, flow: FlowSpec, values: Values, name: str, value: Any) -> Any:
    """Return what a rule would make of a record once its field `name` has a value (both frozen)."""
    kinds = kinds_of(flow.entity)
    told = apply(
        rule, {**values, name: thawed(value, kinds.get(name, ""))}, flow.value_maps, kinds.get(rule.target, "")
    )
    return None if told is NOT_TOLD else frozen(told, kinds.get(rule.target, ""))


def echo(
    flow: FlowSpec, told: Values, target: Values, source: Values, adopted: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the (sent, kept) of the other way once this way has settled these target fields: what comes back of them
    is no news.

    `told` are the frozen values by target field as they were settled, `target` what the target has now, `source` what
    the source had when this was decided. What the target has beyond what it was told is news all the same, and so is
    what it has instead where the record was found after a lost answer (`adopted`): a person may have been there first.
    """
    sent: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    kinds = kinds_of(flow.entity)
    for rule, others in partners(flow).items():
        name = rule.target
        if (
            name not in told
            or name not in target
            or not _is_answer(kinds.get(name, ""), told[name], target[name], adopted)
        ):
            continue
        for other in others:
            kind = kinds.get(other.target, "")
            try:
                value = apply(other, target, flow.value_maps, kind)
            except CannotMap:
                continue
            if value is NOT_TOLD or other.when == "create":
                continue
            sent[other.target] = frozen(value, kind)
            if other.target in source:
                kept[other.target] = frozen(source[other.target], kind)
    return sent, kept


def said(flow: FlowSpec, target: Values, source: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the (sent, kept) of the other way for a record that has nothing but what it was made with: all it says."""
    kinds = kinds_of(flow.entity)
    try:
        told = outputs(target, flow.back) if flow.back else {}
    except CannotMap:
        return {}, {}
    sent = {name: frozen(value, kinds.get(name, "")) for name, (value, _) in told.items()}
    return sent, {name: frozen(source[name], kinds.get(name, "")) for name in sent if name in source}


def _is_answer(kind: str, told: Any, value: Any, adopted: bool) -> bool:
    """Tell whether what a target has is what it made of what it was told."""
    have = frozen(value, kind)
    if told is None or adopted:
        return alike(kind, told, have)
    return True


# -- loops -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """One write of the recent past to one of a pair's records: which way, the frozen values written, and in which run
    of the integration (counted in order).
    """

    toward: str
    after: Values
    run: int = 0


def loops(
    flow: FlowSpec, after: Values, turns: Sequence[Turn], source: Values, target: Values
) -> dict[str, tuple[Rule, Rule]]:
    """Return the fields whose write would only keep a loop going, each with the two rules that feed it.

    Either the same value went this way before, again and again, and the other way answered each time; or the value is
    made of what we wrote ourselves, which was made of what we wrote. `turns` are oldest first.
    """
    if not turns or flow.back is None:
        return {}
    rules = {rule.target: rule for rule in flow.rules if rule.toward == flow.direction and rule.when != "create"}
    found: dict[str, tuple[Rule, Rule]] = {}
    for name, value in after.items():
        rule = rules.get(name)
        if rule is None:
            continue
        other = _feeding(flow.back, rule)
        if other and (_repeats(flow, rule, value, turns) or _depth(flow, rule, value, turns, (source, target)) >= DEEP):
            found[name] = (rule, other)
    return found


def _feeding(back: FlowSpec, rule: Rule) -> Rule | None:
    """Return a rule of the other way that writes what this one reads; the mutual one first."""
    found = [other for other in back.rules if other.toward == back.direction and other.target in reads(rule)]
    return next((other for other in found if rule.target in reads(other)), found[0] if found else None)


def _repeats(flow: FlowSpec, rule: Rule, value: Any, turns: Sequence[Turn]) -> bool:
    """Tell whether a value went this way again and again, each time answered by the other way and sent once more."""
    kind, name = kinds_of(flow.entity).get(rule.target, ""), rule.target
    answered, sent_in, answer_in = 0, 0, 0
    for turn in turns:
        if turn.toward != flow.direction:
            if sent_in and turn.run - sent_in <= BRISK and not reads(rule).isdisjoint(turn.after):
                answered, sent_in, answer_in = answered + 1, 0, turn.run
        elif name in turn.after:
            if not same_value(kind, turn.after[name], value) or turn.run - (answer_in or turn.run) > BRISK:
                answered = 0
            sent_in = turn.run if same_value(kind, turn.after[name], value) else 0
    return answered >= REPEATS


def _depth(flow: FlowSpec, rule: Rule, value: Any, turns: Sequence[Turn], sides: tuple[Values, Values]) -> int:
    """Return how many writes of ours in a row a value is made of, each from the one before."""
    assert flow.back  # noqa: S101 - only two-way flows come here
    ways, end, depth = (flow, flow.back), len(turns), 0
    while depth < DEEP:
        way, back = ways[depth % 2], ways[(depth + 1) % 2]
        at = _last(turns[:end], back.direction, rule)
        if at is None or not _made_of(way, rule, value, turns[at].after, sides[depth % 2]):
            return depth
        depth += 1
        name = next(item for item in sorted(reads(rule)) if item in turns[at].after)
        before = next((item for item in back.rules if item.toward == back.direction and item.target == name), None)
        if before is None:
            return depth
        value, rule, end = turns[at].after[name], before, at
    return depth


def _last(turns: Sequence[Turn], toward: str, rule: Rule) -> int | None:
    """Return the newest turn that wrote something a rule reads."""
    for at in range(len(turns) - 1, -1, -1):
        if turns[at].toward == toward and not reads(rule).isdisjoint(turns[at].after):
            return at
    return None


def _made_of(flow: FlowSpec, rule: Rule, value: Any, written: Values, rest: Values) -> bool:
    kinds = kinds_of(flow.entity)
    values = {**rest, **{name: thawed(item, kinds.get(name, "")) for name, item in written.items()}}
    kind = kinds.get(rule.target, "")
    try:
        told = apply(rule, values, flow.value_maps, kind)
        return told is not NOT_TOLD and same_value(kind, frozen(told, kind), value)
    except (CannotMap, TypeError):
        return False
