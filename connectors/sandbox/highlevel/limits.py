"""Limits of calls, per location: a burst in ten seconds, and calls in a day (UTC).

Source: GoHighLevel/highlevel-api-docs:docs/oauth/Authorization.md, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.highlevel.place import Location, Settings
from connectors.sandbox.highlevel.wire import Refusal


def count(location: Location) -> Mapping[str, str]:
    """Count a call and give the headers that tell of it; an enforced limit that is passed raises `Limited`."""
    settings = location.world.settings
    now = location.world.now()
    seconds, today = now.timestamp(), now.date().isoformat()
    times = location.calls
    while times and not seconds - settings.burst_seconds < times[0] <= seconds:
        times.popleft()
    used = location.day[1] if location.day[0] == today else 0
    if settings.rate_limits and (len(times) >= settings.burst_calls or used >= settings.daily_calls):
        raise Limited(_headers(settings, len(times), used))
    times.append(seconds)
    location.day = (today, used + 1)
    return _headers(settings, len(times), used + 1)


def used_up(location: Location) -> Mapping[str, str]:
    """The headers of an answer that says the burst is over."""
    settings = location.world.settings
    return _headers(settings, settings.burst_calls, location.day[1])


class Limited(Refusal):
    """429, with the headers that say which limit it was."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(429, "Too Many Requests")
        self.headers = headers


def _headers(settings: Settings, lately: int, today: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit-Daily": str(settings.daily_calls),
        "X-RateLimit-Daily-Remaining": str(max(0, settings.daily_calls - today)),
        "X-RateLimit-Interval-Milliseconds": str(int(settings.burst_seconds * 1000)),
        "X-RateLimit-Max": str(settings.burst_calls),
        "X-RateLimit-Remaining": str(max(0, settings.burst_calls - lately)),
    }
