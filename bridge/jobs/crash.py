"""Named points at which a test may kill this process. Without the variable they cost one dictionary look-up."""

import os
import random
import signal

_POINT, _, _RATE = os.environ.get("BRIDGE_CRASH", "").partition(":")


def crash_point(name: str) -> None:
    """Kill this very process, as a power cut would, when a test asked for it at this point."""
    if _POINT and name == _POINT and random.random() < float(_RATE or 1):  # noqa: S311 - a fault, not a secret
        os.kill(os.getpid(), signal.SIGKILL)
