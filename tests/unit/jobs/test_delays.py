"""How long changes take: what counts, and what is said of them."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.hub.models import Change
from bridge.jobs.delays import Delays, delay_of

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def change(seconds: float | None, state: str = Change.State.DONE) -> Change:
    happened = None if seconds is None else AT - timedelta(seconds=seconds)
    return Change(state=state, settled_at=AT, happened_at=happened)


@pytest.mark.parametrize(
    ("given", "seconds"), [(change(7), 7), (change(-3), 0), (change(None), None), (change(7, Change.State.HELD), None)]
)
def test_a_delay_is_never_less_than_nothing_and_unknown_is_not_nothing(given, seconds):
    found = delay_of(given)
    assert found == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(("minutes", "kept"), [(9, True), (10, True), (11, False)])
def test_ten_minutes_are_promised(minutes, kept):
    some = timedelta(minutes=minutes)
    assert Delays(1, some, some, some, Change()).is_kept is kept
