"""Brakes: the unusual waits for a person, the usual does not."""

from decimal import Decimal

import pytest

from bridge.engine.brakes import Counts, Limits, brakes, wipe
from bridge.engine.catalogue import ENGINE_CATALOGUE

EXPLAINED = {item.code: item for item in ENGINE_CATALOGUE}
HELD = {
    "BRAKE-FIRST-RUN",
    "BRAKE-REMOVALS",
    "BRAKE-UPDATES",
    "BRAKE-EMPTY-READING",
    "BRAKE-RULES-CHANGED",
    "BRAKE-CREATES",
    "BRAKE-AMOUNT",
}

TABLE = [
    (Counts(linked=1000, updates=5, read=1000, read_before=1000), Limits(), []),
    (Counts(first_run=True), Limits(), []),
    (Counts(first_run=True, creates=1), Limits(), ["BRAKE-FIRST-RUN"]),
    (Counts(first_run=True, creates=1), Limits(first_run=False), []),
    (Counts(rules_changed=True, updates=1, linked=100, read=100), Limits(), ["BRAKE-RULES-CHANGED"]),
    (Counts(rules_changed=True, linked=100, read=100), Limits(), []),
    (Counts(linked=100, removals=10, read=90), Limits(), []),
    (Counts(linked=100, removals=11, read=89), Limits(), ["BRAKE-REMOVALS"]),
    (Counts(linked=1000, removals=50, read=950), Limits(), []),
    (Counts(linked=1000, removals=51, read=949), Limits(), ["BRAKE-REMOVALS"]),
    (Counts(linked=100, updates=30, read=100), Limits(), []),
    (Counts(linked=100, updates=31, read=100), Limits(), ["BRAKE-UPDATES"]),
    (Counts(linked=3, updates=3, read=3), Limits(), []),
    (Counts(linked=3, updates=3, read=3), Limits(updates_min=0), ["BRAKE-UPDATES"]),
    (Counts(linked=100, updates=40, read=100), Limits(updates_share=Decimal("0.05")), ["BRAKE-UPDATES"]),
    (Counts(read=0, read_before=10), Limits(), ["BRAKE-EMPTY-READING"]),
    (Counts(read=0, read_before=9), Limits(), []),
    (Counts(creates=6, read=6), Limits(creates_max=5), ["BRAKE-CREATES"]),
    (Counts(creates=5, read=5), Limits(creates_max=5), []),
    (Counts(creates=1, read=1, amount_max=Decimal("100.01")), Limits(amount_max=Decimal(100)), ["BRAKE-AMOUNT"]),
    (Counts(creates=1, read=1, amount_max=Decimal("100.00")), Limits(amount_max=Decimal(100)), []),
    (Counts(linked=20, removals=20, read=0, read_before=20), Limits(), ["BRAKE-EMPTY-READING", "BRAKE-REMOVALS"]),
]


@pytest.mark.fault("E11")
@pytest.mark.parametrize(("counts", "limits", "codes"), TABLE)
def test_what_brakes(counts, limits, codes):
    found = brakes(counts, limits)
    assert [brake.code for brake in found] == codes
    for brake in found:
        for text in (EXPLAINED[brake.code].what, EXPLAINED[brake.code].why, EXPLAINED[brake.code].cure):
            assert "{" not in text.say("fr", **brake.params)


def test_every_brake_is_tried_above():
    assert {code for _, _, codes in TABLE for code in codes} == HELD


@pytest.mark.row("O-36")
@pytest.mark.parametrize(
    ("falls", "blocked"),
    [
        ([(5, 4)] * 50, False),
        ([(5, 0)] * 3 + [(5, 4)] * 47, False),
        ([(5, 0)] * 4 + [(5, 5)] * 20, True),
        ([(5, 0)] * 5 + [(5, 5)] * 45, False),
        ([(5, 0)] * 6 + [(5, 5)] * 44, True),
        ([(100, 10)] * 4, True),
        ([(100, 10)] * 3, False),
        ([(100, 60)] * 40, False),
        ([(0, 0)] * 40, False),
        ([], False),
    ],
)
def test_quantities_that_would_empty_the_other_side_block(falls, blocked):
    found = wipe([(Decimal(before), Decimal(after)) for before, after in falls], Limits())
    assert (found is not None) is blocked


def test_what_blocks_says_how_much_would_go():
    found = wipe([(Decimal("2.5"), Decimal(0))] * 4, Limits())
    assert found.params == {"items": 4, "units": "10", "of": 4}
    assert EXPLAINED[found.code]
