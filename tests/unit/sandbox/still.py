"""What the desks share: a clock that stands still, and a sandbox that keeps webhooks instead of sending them."""

from datetime import UTC, datetime

from connectors.sandbox.core import Clock, Sandbox


class StillClock(Clock):
    """Goes only where a test moves it: what a test reads off it does not depend on how busy the machine is."""

    def now(self):
        return self.started_at


class KeptPost(Sandbox):
    """Keeps webhooks in `posted`: address, body, headers and how to send one again."""

    def __init__(self):
        super().__init__(StillClock(datetime(2026, 11, 5, 10, tzinfo=UTC)))
        self.posted = []

    def hook(self, url, body, headers, **more):
        self.posted.append((url, body, headers, more))
