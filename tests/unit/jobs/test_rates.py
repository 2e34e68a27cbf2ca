"""A vendor counts calls over any stretch of time, not by the minutes of our clock."""

import itertools
import time

import pytest

from bridge.jobs import account


def taken(rate, count):
    times = []
    for _ in range(count):
        rate.take()
        times.append(time.monotonic())
    return times


@pytest.mark.fault("D14")
@pytest.mark.parametrize("begins", [0.1, 0.9])
def test_no_stretch_of_a_second_holds_more_calls_than_allowed_wherever_it_begins(begins):
    time.sleep((begins - time.time()) % 1)
    times = taken(account._Rate(f"rate-{begins}", "", 4, 1.0, 1.0), 9)
    assert all(later - first >= 1.0 for first, later in zip(times, itertools.islice(times, 4, None), strict=False))


def test_an_account_opened_again_remembers_what_it_has_just_used():
    first = taken(account._Rate("rate-again", "", 3, 1.0, 1.0), 3)
    again = taken(account._Rate("rate-again", "", 3, 1.0, 1.0), 1)
    assert again[0] - first[0] >= 1.0


@pytest.mark.django_db
def test_what_another_process_used_of_a_minute_still_counts_in_the_next(monkeypatch):
    rate = account._Rate("rate-other", "batch", 40, 60.0, 1.0)
    account.Budget.objects.create(key=rate.key, window=rate._window - 1, used=40)
    monkeypatch.setattr(account.time, "time", lambda: rate._window * 60.0 + 15)
    assert account._Rate("rate-other", "batch", 40, 60.0, 1.0)._before == 30
