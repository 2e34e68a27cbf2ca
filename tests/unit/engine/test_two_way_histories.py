"""Random histories of two systems that people edit, and of a bridge whose writes get lost: both end in step."""

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from bridge.engine.two_way import alike

from .two_systems import KINDS, RULES, Bridge, both, house
from .two_systems import rule as way

STEPS = 60
SHRINK = bool(os.environ.get("BRIDGE_SHRINK"))  # find the shortest history that goes wrong: takes minutes
MUTUAL = ("email", "given_name", "company", "phone")
WORDS: dict[str, list[Any]] = {
    "email": [None, *(f"person{n}@example.com" for n in range(4)), " Person1@Example.com "],
    "given_name": [None, "Ann", "Ève-Marguerite de la Fiction", "bob ", "BOB", "Zoé"],
    "company": [None, "acme inc", "ACME INC", "Boulangerie de l’Érable inventée", "Fiction"],
    "phone": [None, "514-555-0101", "(514) 555-0102", "438.555.0103", "x"],
    "notes": [None, "a", "b", " c "],
    "tags": [None, ["x"], ["x", "y"], ["Z"]],
}
SHOUTING = (
    way("given_name", "right", transform="upper", on_conflict="source"),
    way("given_name", "left", on_conflict="target"),
    *both("email"),
    way("company", "right", transform="truncate", argument="5", on_conflict="source"),
    way("company", "left", transform="title", on_conflict="target"),
)  # fmt: skip


class History:
    """What happens to the two systems, and how much of it was a change of somebody's."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge, self.changes = bridge, 0

    def live(self, side: str) -> list[str]:
        return [item.remote_id for item in self.bridge.systems[side].live()]

    def create(self, side: str, values: dict[str, Any]) -> None:
        self.bridge.systems[side].create(values)
        self.changes += 1

    def edit(self, side: str, at: int, name: str, value: Any) -> None:
        if not (ids := self.live(side)):
            return
        system, remote_id = self.bridge.systems[side], ids[at % len(ids)]
        before = system.records[remote_id]
        self.changes += system.edit(remote_id, **{name: value}) != before

    def merge(self, side: str, at: int) -> None:
        if len(ids := self.live(side)) < 2:
            return
        loser, survivor = ids[at % len(ids)], ids[(at + 1) % len(ids)]
        self.bridge.systems[side].merge(loser, survivor)
        self.changes += 3

    def delete(self, side: str, at: int) -> None:
        if ids := self.live(side):
            self.bridge.systems[side].delete(ids[at % len(ids)])
            self.changes += 1

    def run(self, right: str = "", left: str = "") -> None:
        self.bridge.systems["right"].fault, self.bridge.systems["left"].fault = right, left
        self.bridge.run()
        for system in self.bridge.systems.values():
            system.fault = ""

    def decide(self, at: int, winner: str) -> None:
        if keys := sorted(self.bridge.conflicts):
            self.bridge.decide(keys[at % len(keys)], winner, "514-555-0199")
            self.changes += 1

    def ends_in_step(self) -> None:
        """Two passes without a fault, and then there is nothing left to do."""
        bridge = self.bridge
        self.run()
        self.run()
        before = {side: system.writes for side, system in bridge.systems.items()}
        assert bridge.run() == 0, "a third pass still has something to write"
        assert {side: system.writes for side, system in bridge.systems.items()} == before
        assert bridge.run() == 0
        assert not bridge.stopped, bridge.stopped
        assert sum(before.values()) <= 2 * self.changes, (before, self.changes)
        self._in_step()
        self._nothing_twice()

    def _in_step(self) -> None:
        bridge = self.bridge
        rules = {item.target for item in bridge.flows["right"].rules}
        asked = {(left, right, name) for left, right, name in bridge.conflicts}
        for link in bridge.links:
            one = bridge.systems["left"].records[link.left]
            other = bridge.systems["right"].records[link.right]
            if one.gone or other.gone:
                continue
            for name in rules & set(MUTUAL):
                if (link.left, link.right, name) in asked:
                    continue
                pair = one.values.get(name), other.values.get(name)
                assert alike(KINDS[name], *pair) or _cut(*pair), (name, pair, link)

    def _nothing_twice(self) -> None:
        bridge = self.bridge
        for side, system in bridge.systems.items():
            ends = [getattr(link, side) for link in bridge.links]
            assert len(ends) == len(set(ends))
            ours = [remote_id for key, remote_id in system.made.items() if key.startswith("key-")]
            followed = {item.merged_into for item in system.records.values() if item.merged_into}
            lost = [item for item in ours if item not in ends and not system.records[item].gone]
            assert not set(lost) - followed, "a record was made and forgotten: it would be made again"


def _cut(one: Any, other: Any) -> bool:
    """One is the start of the other: a system cuts what is too long for it."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return long.startswith(short)


def machine(answers: bool = True, rules: Any = RULES) -> type[RuleBasedStateMachine]:
    """A state machine over two systems; `answers`: they tell what they made of a write."""
    sides, places = st.sampled_from(["left", "right"]), st.integers(0, 7)
    names = st.sampled_from(sorted({item.target for item in rules}))
    records = st.fixed_dictionaries({"email": st.sampled_from(WORDS["email"])}, optional={
        name: st.sampled_from(values) for name, values in WORDS.items() if name != "email"
    })  # fmt: skip

    class Machine(RuleBasedStateMachine):
        ended = steps = 0  # of all histories together: how many were played to their end, and how much happened

        def __init__(self) -> None:
            super().__init__()
            self.history = History(house(rules, answers))

        def check_invariants(self, *told: Any, **more: Any) -> None:
            type(self).steps += 1  # asked after each step
            super().check_invariants(*told, **more)

        @rule(side=sides, values=records)
        def somebody_adds(self, side: str, values: dict[str, Any]) -> None:
            if len(self.history.live(side)) < 8:
                self.history.create(side, values)

        @rule(side=sides, at=places, name=names, data=st.data())
        def somebody_edits(self, side: str, at: int, name: str, data: Any) -> None:
            self.history.edit(side, at, name, data.draw(st.sampled_from(WORDS[name])))

        @rule(at=places, name=names, data=st.data())
        def both_edit(self, at: int, name: str, data: Any) -> None:
            for side in ("left", "right"):
                self.history.edit(side, at, name, data.draw(st.sampled_from(WORDS[name])))

        @rule(side=sides, at=places)
        def somebody_merges(self, side: str, at: int) -> None:
            self.history.merge(side, at)

        @rule(side=sides, at=places)
        def somebody_deletes(self, side: str, at: int) -> None:
            self.history.delete(side, at)

        @rule(right=st.sampled_from(["", "", "before", "after"]), left=st.sampled_from(["", "", "before", "after"]))
        def a_run(self, right: str, left: str) -> None:
            self.history.run(right, left)

        @precondition(lambda self: self.history.bridge.conflicts)
        @rule(at=places, winner=st.sampled_from(["source", "target", "value"]))
        def somebody_decides(self, at: int, winner: str) -> None:
            self.history.decide(at, winner)

        def teardown(self) -> None:
            self.history.ends_in_step()
            type(self).ended += 1

    return Machine


def _histories(count: int, **more: Any) -> None:
    chosen = settings(
        max_examples=count, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink) if SHRINK else (Phase.generate,),
    )  # fmt: skip
    made = machine(**more)
    run_state_machine_as_test(made, settings=chosen)
    assert made.ended >= count and made.steps >= 0.8 * STEPS * count, (made.ended, made.steps)  # type: ignore[attr-defined]


@pytest.mark.parametrize("answers", [True, False], ids=["told what is kept", "told nothing"])
def test_two_systems_end_in_step_whatever_happens_to_them(answers):
    _histories(50, answers=answers)


def test_rules_that_are_not_each_others_inverse_end_in_step_too():
    _histories(40, rules=SHOUTING)


@pytest.mark.slow
@pytest.mark.parametrize("answers", [True, False], ids=["told what is kept", "told nothing"])
def test_two_thousand_histories_end_in_step(answers):
    _histories(1000, answers=answers)


@pytest.mark.parametrize("answers", [True, False], ids=["told what is kept", "told nothing"])
def test_an_edit_made_while_a_write_was_lost_is_not_taken_for_what_the_other_side_made_of_ours(answers):
    history = History(house(answers=answers))
    left, right = history.bridge.systems.values()
    history.create("left", {"email": "person1@example.com", "company": "Fiction", "tags": ["x"]})
    history.run()
    history.edit("left", 0, "tags", ["y"])
    history.run(right="after")
    history.edit("right", 0, "company", "acme inc")
    history.ends_in_step()
    assert [item.values["company"] for item in (*left.live(), *right.live())] == ["Acme Inc", "Acme Inc"]


def test_a_thousand_edits_on_both_sides_and_then_silence():
    chance = random.Random(20261121)
    history = History(house())
    for number in range(40):
        history.create(chance.choice(["left", "right"]), {"email": f"person{number}@example.com", "given_name": "Ann"})
    history.run()
    for step in range(1000):
        name = chance.choice(["given_name", "company", "phone", "notes", "tags"])
        history.edit(chance.choice(["left", "right"]), chance.randrange(40), name, chance.choice(WORDS[name]))
        if step % 25 == 0:
            history.run()
    history.ends_in_step()
    assert len(history.bridge.links) == 40
