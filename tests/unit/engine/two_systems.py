"""Two invented systems in memory, and a bridge between them made of nothing but the engine's own functions.

The systems trim, cut and reformat what they are given, lose answers, merge and delete records. The bridge reads them,
plans the way to the right and then the way to the left, writes, and remembers, in the order the jobs do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.engine.kinds import frozen, kinds_of, thawed
from bridge.engine.match import normal_email
from bridge.engine.model import Decision, FlowSpec, LinkState, Pair, Rule, Verdict
from bridge.engine.plan import agreed_of, plan, remember
from bridge.engine.two_way import Turn, echo, loops, moved, partner_field
from connectors.contract import Record

KINDS = kinds_of("contact")
FIELDS = ("email", "given_name", "company", "phone", "notes", "tags")


def rule(name: str, toward: str, **more: Any) -> Rule:
    return Rule(f"{toward}:{name}", name, name, toward=toward, **more)  # type: ignore[arg-type]


def both(name: str, right: str = "ask", left: str = "ask", **more: Any) -> tuple[Rule, Rule]:
    return rule(name, "right", on_conflict=right, **more), rule(name, "left", on_conflict=left, **more)


# E-mail and phone ask, the left owns first names, the right owns companies, notes only go to the right.
RULES = (
    *both("email"),
    *both("phone"),
    *both("given_name", "source", "target"),
    *both("company", "target", "source"),
    rule("notes", "right"),
    *both("tags"),
)


def ways(rules: tuple[Rule, ...] = RULES, **more: Any) -> dict[str, FlowSpec]:
    """Both ways of a flow, each knowing the other."""
    found = {}
    for toward in ("right", "left"):
        targets = frozenset(item.target for item in rules if item.toward == toward)
        found[toward] = FlowSpec("contact", toward, rules, match_on=("email",), writable=targets, **more)  # type: ignore[arg-type]
    return {
        "right": replace(found["right"], back=found["left"]),
        "left": replace(found["left"], back=found["right"]),
    }


def trimmed(name: str, value: Any) -> Any:
    """The left system trims, lowers addresses and cuts names at twelve characters."""
    if not isinstance(value, str):
        return value
    value = " ".join(value.split())
    return (
        value.lower() if name == "email" else value[:12].strip() if name in ("given_name", "company") else value
    ) or None


def formatted(name: str, value: Any) -> Any:
    """The right system writes phone numbers and companies its own way."""
    if not isinstance(value, str):
        return value
    if name == "phone" and len(digits := "".join(c for c in value if c.isdigit())) == 10:
        return f"+1 ({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    return (value.strip().title() if name == "company" else value.strip()) or None


class Lost(Exception):
    """No answer came; whether the write landed, nobody knows."""


@dataclass
class System:
    """One vendor: its records by id."""

    side: str
    keeps: Callable[[str, Any], Any]
    answers: bool = True  # tells with a write what it made of it
    records: dict[str, Record] = field(default_factory=dict)
    writes: int = 0
    made: dict[str, str] = field(default_factory=dict)  # our key -> id: what `find` looks for
    fault: str = ""  # of the next write: "before" nothing lands, "after" it lands and the answer is lost

    def create(self, values: Mapping[str, Any], key: str = "") -> Record:
        """Make a record, as a person or, with a key, as we do."""
        remote_id = f"{self.side[0]}{len(self.records) + 1}"
        whole = dict.fromkeys(FIELDS) | self._kept(values)
        self.records[remote_id] = Record(f"{self.side}s", remote_id, whole)
        self.made[key or remote_id] = remote_id
        return self.records[remote_id]

    def edit(self, remote_id: str, **values: Any) -> Record:
        record = self.records[remote_id]
        self.records[remote_id] = replace(record, values={**record.values, **self._kept(values)})
        return self.records[remote_id]

    def _kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.keeps(name, value) for name, value in values.items()}

    def delete(self, remote_id: str) -> None:
        self.records[remote_id] = replace(self.records[remote_id], gone=True)

    def merge(self, loser: str, survivor: str) -> None:
        """The survivor takes over what it does not have itself."""
        lost, kept = self.records[loser], self.records[survivor]
        taken = {name: value for name, value in lost.values.items() if kept.values.get(name) is None}
        self.edit(survivor, **taken)
        self.records[loser] = replace(lost, gone=True, merged_into=survivor)

    def live(self) -> list[Record]:
        return [item for item in self.records.values() if not item.gone]

    def write(self, decision: Decision, key: str) -> tuple[str, Record | None]:
        """Take a write; the id, and the record where this vendor tells."""
        fault, self.fault = self.fault, ""
        if fault == "before":
            raise Lost
        values = {name: thawed(value, KINDS.get(name, "")) for name, value in decision.after.items()}
        self.writes += 1
        if decision.action == "create":
            record = self.create(values, key)
        else:
            record = self.edit(str(decision.target_id), **values)
        if fault == "after":
            raise Lost
        return record.remote_id, record if self.answers else None


@dataclass
class Linked:
    """A link as the hub remembers it."""

    left: str
    right: str
    sent: dict[str, dict[str, Any]] = field(default_factory=lambda: {"right": {}, "left": {}})
    kept: dict[str, dict[str, Any]] = field(default_factory=lambda: {"right": {}, "left": {}})
    turns: list[Turn] = field(default_factory=list)

    def state(self, toward: str) -> LinkState:
        other = _other(toward)
        return LinkState(
            "l", self.sent[toward], self.kept[toward], back_sent=self.sent[other], back_kept=self.kept[other]
        )


def _other(toward: str) -> str:
    return "left" if toward == "right" else "right"


@dataclass
class Unsure:
    """A write whose answer was lost."""

    toward: str
    decision: Decision
    key: str
    source: Record


class Bridge:
    """What reads, plans, writes and remembers."""

    def __init__(self, left: System, right: System, flows: Mapping[str, FlowSpec] | None = None) -> None:
        self.systems = {"left": left, "right": right}
        self.flows = dict(flows or ways())
        self.links: list[Linked] = []
        self.conflicts: dict[tuple[str, str, str], tuple[Any, Any, Any]] = {}  # (left, right, right's field)
        self.verdicts: dict[tuple[str, str, str], Verdict] = {}  # as seen from the left
        self.unsure: list[Unsure] = []
        self.stopped: dict[tuple[str, str], Any] = {}
        self.told: dict[tuple[str, str], Decision] = {}  # (side, id) -> what was last decided
        self.keys = 0
        self.runs = 0

    # one pass

    def run(self) -> int:
        """Make one pass and return how many writes were planned."""
        self.runs += 1
        self._settle_unsure()
        seen = {side: dict(system.records) for side, system in self.systems.items()}
        self._follow_survivors(seen)
        self.conflicts = {}
        planned = [
            (toward, decision, source) for toward in ("right", "left") for decision, source in self._plan(toward, seen)
        ]
        for toward, decision, source in planned:
            self._carry_out(toward, decision, source)
        return sum(decision.action in ("create", "update") for _, decision, _ in planned)

    def _settle_unsure(self) -> None:
        """Look for what was lost: adopt what is there, send again what is not."""
        waiting, self.unsure = self.unsure, []
        for item in waiting:
            system = self.systems[item.toward]
            if item.decision.action == "create" and item.key in system.made:
                record = system.records[system.made[item.key]]
                self._remember(item.toward, item.decision, item.source, record.remote_id, record, adopted=True)
            else:
                self._send(item.toward, item.decision, item.source, item.key)

    def _follow_survivors(self, seen: Mapping[str, Mapping[str, Record]]) -> None:
        for link in self.links:
            for side in ("left", "right"):
                survivor = seen[side][getattr(link, side)].merged_into
                if survivor and not self._link_of(side, survivor):
                    setattr(link, side, survivor)

    def _link_of(self, side: str, remote_id: str) -> Linked | None:
        return next((link for link in self.links if getattr(link, side) == remote_id), None)

    def _plan(self, toward: str, seen: Mapping[str, Mapping[str, Record]]) -> list[tuple[Decision, Record]]:
        near, far, flow = _other(toward), toward, self.flows[toward]
        free = [record for record in seen[near].values() if not self._busy(near, record.remote_id)]
        pairs = [self._pair(toward, record, seen[near], seen[far]) for record in free]
        found = []
        for decision, pair in zip(plan(pairs, flow), pairs, strict=True):
            self.told[near, pair.source.remote_id] = decision
            if pair.link and decision.conflicts and pair.target:
                self._note(toward, pair, decision)
            found.append((self._without_loops(decision, pair, flow), pair.source))
        return found

    def _busy(self, side: str, remote_id: str) -> bool:
        """A write of this pair is on its way: nobody knows what the other side has."""
        link = self._link_of(side, remote_id)
        ends = {("left", link.left), ("right", link.right)} if link else {(side, remote_id)}
        return any((_other(item.toward), item.source.remote_id) in ends for item in self.unsure)

    def _pair(self, toward: str, record: Record, near: Mapping[str, Record], far: Mapping[str, Record]) -> Pair:
        side, other = _other(toward), toward
        link = self._link_of(side, record.remote_id)
        if link:
            return Pair(
                record, link.state(toward), far[getattr(link, other)], verdicts=self._verdicts(toward, link),
            )  # fmt: skip
        email = normal_email(str(record.values.get("email") or ""))
        twins = [item for item in far.values() if not item.gone and email and _email(item) == email]
        free = [item for item in twins if not self._link_of(other, item.remote_id)]
        taken = next((found for item in twins if (found := self._link_of(other, item.remote_id))), None)
        mates = [
            item for item in near.values()
            if item.remote_id != record.remote_id and not item.gone and email and _email(item) == email
            and not self._link_of(side, item.remote_id)
        ]  # fmt: skip
        sending = {item.source.remote_id for item in self.unsure if item.toward == side}
        expected = any(item.toward == side and item.decision.action == "create" for item in self.unsure) or any(
            item.remote_id in sending for item in twins
        )
        return Pair(
            record, twins=tuple(free or twins), rival=getattr(taken, side) if taken and not free else None,
            mates=tuple(mates), expected=expected,
        )  # fmt: skip

    def _verdicts(self, toward: str, link: Linked) -> dict[str, Verdict]:
        found = {}
        for (left, right, name), verdict in self.verdicts.items():
            if (left, right) != (link.left, link.right):
                continue
            if toward == "right":
                found[name] = verdict
            else:
                turned = {"source": "target", "target": "source", "value": "value"}[verdict.winner]
                partner = partner_field(self.flows["right"], name)
                found[partner] = Verdict(turned, verdict.target, verdict.source, verdict.value)  # type: ignore[arg-type]
        return found

    def _note(self, toward: str, pair: Pair, decision: Decision) -> None:
        assert pair.target
        for name, (agreed, near, have) in decision.conflicts.items():
            if toward == "right":
                self.conflicts[pair.source.remote_id, pair.target.remote_id, name] = (agreed, near, have)
            else:
                self.conflicts[pair.target.remote_id, pair.source.remote_id, name] = (agreed, have, near)

    def _without_loops(self, decision: Decision, pair: Pair, flow: FlowSpec) -> Decision:
        link = self._link_of(_other(flow.direction), pair.source.remote_id)
        if decision.action != "update" or not link or not pair.target:
            return decision
        found = loops(flow, decision.after, link.turns, pair.source.values, pair.target.values)
        for name, rules in found.items():
            self.stopped[pair.source.remote_id, name] = rules
        after = {name: value for name, value in decision.after.items() if name not in found}
        sent = {name: value for name, value in decision.sent.items() if name not in found}
        return replace(decision, action="update" if after else "hold", after=after, sent=sent)

    # writing and remembering

    def _carry_out(self, toward: str, decision: Decision, source: Record) -> None:
        if decision.action in ("create", "update"):
            self.keys += 1
            self._send(toward, decision, source, f"key-{self.keys}")
        elif decision.action == "link" or (decision.action == "none" and decision.sent):
            record = self.systems[toward].records[str(decision.target_id)]
            self._remember(toward, decision, source, record.remote_id, record)

    def _send(self, toward: str, decision: Decision, source: Record, key: str) -> None:
        try:
            remote_id, record = self.systems[toward].write(decision, key)
        except Lost:
            self.unsure.append(Unsure(toward, decision, key, source))
            return
        self._remember(toward, decision, source, remote_id, record)

    def _remember(
        self, toward: str, decision: Decision, source: Record, remote_id: str, record: Record | None,
        adopted: bool = False,
    ) -> None:  # fmt: skip
        near = _other(toward)
        link = self._link_of(near, source.remote_id)
        if link is None:
            ends = {near: source.remote_id, toward: remote_id}
            if self._link_of(toward, remote_id):
                return  # somebody else's by now
            link = Linked(**ends)
            self.links.append(link)
        state = LinkState("l", link.sent[toward], link.kept[toward])
        values = record.values if record else {}
        sent, kept = remember(decision, state, values, "contact", adopted)
        if record is None:
            kept = {name: value for name, value in kept.items() if name not in decision.sent}
        link.sent[toward], link.kept[toward] = sent, kept
        target = {name: thawed(value, KINDS.get(name, "")) for name, value in decision.after.items()} | values
        edited = moved(decision.sent, decision.after, agreed_of(decision.params), values, "contact")
        told = {name: value for name, value in {**decision.sent, **decision.after}.items() if name not in edited}
        back_sent, back_kept = echo(self.flows[toward], told, target, source.values, adopted)
        link.sent[near] = {**link.sent[near], **back_sent}
        link.kept[near] = {**link.kept[near], **back_kept}
        if decision.action in ("create", "update"):
            link.turns.append(Turn(toward, dict(decision.after), self.runs))

    # what a person does

    def decide(self, key: tuple[str, str, str], winner: str, value: Any = None) -> None:
        """Pick "source" (the left) or "target" (the right), or give a value."""
        _, left, right = self.conflicts[key]
        self.verdicts[key] = Verdict(winner, left, right, frozen(value, KINDS.get(key[2], "")))  # type: ignore[arg-type]

    def pair_values(self, name: str) -> list[tuple[Any, Any]]:
        """Both sides' values of a field, of all links whose records are there."""
        found = []
        for link in self.links:
            one, other = self.systems["left"].records[link.left], self.systems["right"].records[link.right]
            if not (one.gone or other.gone):
                found.append((one.values.get(name), other.values.get(name)))
        return found


def _email(record: Record) -> str | None:
    return normal_email(str(record.values.get("email") or ""))


def house(rules: tuple[Rule, ...] = RULES, answers: bool = True, **more: Any) -> Bridge:
    """Two empty systems and a bridge between them."""
    return Bridge(System("left", trimmed, answers), System("right", formatted, answers), ways(rules, **more))
