"""Limits of calls: a burst in ten seconds, searches in one, calls in a day.

Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines, read 2026-11-21.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.sandbox.hubspot.account import BURST, LINK_BURST, Account
from connectors.sandbox.hubspot.wire import Refusal

WINDOW = 10.0


def refusal(policy: str) -> Refusal:
    """429 of a policy: `DAILY`, `SECONDLY` or `TEN_SECONDLY_ROLLING`. The category is left out, as seen."""
    more: dict[str, object] = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": str(uuid.uuid4())}
    return Refusal(429, f"You have reached your {policy.lower()} limit.", "", more=more)


def count(account: Account, *, is_search: bool, is_link: bool, is_service_key: bool) -> Mapping[str, str]:
    """Count a call and give the headers that tell of it. Raises `Refusal` when limits are on and one is passed."""
    settings = account.world.settings
    seconds = account.world.clock.now().timestamp()
    enforced = settings.rate_limits
    if is_search:
        # Searches have a limit of their own and say nothing about it.
        if _full(account.searches, seconds, 1.0, settings.search_per_second) and enforced:
            raise refusal("SECONDLY")
        _use_day(account, seconds, enforced and is_service_key)
        account.searches.append(seconds)
        return {}
    most = BURST[account.tier] if is_service_key else settings.oauth_burst
    if _full(account.calls, seconds, WINDOW, most) and enforced:
        raise refusal("TEN_SECONDLY_ROLLING")
    if is_link and _full(account.link_calls, seconds, WINDOW, LINK_BURST[account.tier]) and enforced:
        raise refusal("TEN_SECONDLY_ROLLING")
    used = _use_day(account, seconds, enforced and (is_service_key or settings.daily_calls > 0))
    account.calls.append(seconds)
    if is_link:
        account.link_calls.append(seconds)
    headers = {
        "X-HubSpot-RateLimit-Max": str(most),
        "X-HubSpot-RateLimit-Remaining": str(max(0, most - len(account.calls))),
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    }
    if is_service_key:
        headers["X-HubSpot-RateLimit-Daily"] = str(account.daily())
        headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, account.daily() - used))
    return headers


def _full(times: deque[float], now: float, window: float, most: int) -> bool:
    while times and not now - window < times[0] <= now:
        times.popleft()
    return len(times) >= most


def _use_day(account: Account, seconds: float, enforced: bool) -> int:
    """Calls used today, in the account's own time zone, this one included."""
    today = datetime.fromtimestamp(seconds, UTC).astimezone(account.zone).date().isoformat()
    day, used = account.day
    used = used if day == today else 0
    if enforced and used >= account.daily():
        raise refusal("DAILY")
    account.day = (today, used + 1)
    return used + 1
