"""Workers to be killed: `python -m tests.faults.worker COUNT WRITER`.

The parent loads the application once and forks COUNT workers; for each that dies it forks another, as a cluster does. A
worker takes due runs through the queue's own entry point until it is killed. It says "busy" and "idle" with its pid, so
that a test knows whom it kills. BRIDGE_TEST_LOT makes batches small, so that there are many moments to be killed at;
BRIDGE_TEST_SETTLE is the seconds a lost write may stay out of sight, and makes other waits short too;
BRIDGE_TEST_PACE=free forgets the vendors' rates.
"""

import ctypes
import os
import signal
import sys
import time
from datetime import timedelta

import django

PR_SET_PDEATHSIG = 1


def say(word: str, pid: int | None = None) -> None:
    os.write(1, f"{word} {pid or os.getpid()}\n".encode())


def small_lots(size: int) -> None:
    """Let at most `size` writes travel together."""
    from bridge import registry

    for connector in registry.connectors().values():
        for resource in connector.resources:
            if resource.bulk and resource.bulk.size > size:
                object.__setattr__(resource.bulk, "size", size)


def settle_in(seconds: float) -> None:
    """Look for lost writes after so many seconds, and let an account that fails rest for one or two."""
    from bridge import registry
    from bridge.jobs import account, apply

    for connector in registry.connectors().values():
        for resource in connector.resources:
            object.__setattr__(resource, "settle", timedelta(seconds=seconds))
    account.CIRCUIT_SECONDS, apply.BACKOFF = 2.0, timedelta(seconds=1)


def free_pace() -> None:
    """Call as often as a stand-in without limits allows: small lots need more calls than a vendor would take."""
    from bridge import registry

    for connector in registry.connectors().values():
        object.__setattr__(connector.limits, "rates", ())
        object.__setattr__(connector.limits, "buckets", {})


def bridge() -> None:
    """Work due runs for ever, by the task the queue would call."""
    from django.db.models import Q
    from django.utils import timezone

    from bridge.hub.models import Run
    from bridge.jobs import tasks

    while True:
        now = timezone.now()
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        awake = Q(wake_at__isnull=True) | Q(wake_at__lte=now)
        due = Run.objects.filter(free, awake, state__in=Run.WORKING)
        for pk in list(due.values_list("pk", flat=True)):
            say("busy")
            tasks.work(pk)
            say("idle")
        time.sleep(0.05)


def main(count: int, writer: str) -> None:
    django.setup()
    if os.environ.get("BRIDGE_TEST_LOT"):
        small_lots(int(os.environ["BRIDGE_TEST_LOT"]))
    if os.environ.get("BRIDGE_TEST_SETTLE"):
        settle_in(float(os.environ["BRIDGE_TEST_SETTLE"]))
    if os.environ.get("BRIDGE_TEST_PACE") == "free":
        free_pace()
    from tests.faults import naive, shop_stage

    work = {
        "bridge": bridge, "send_then_note": naive.send_then_note, "note_then_send": naive.note_then_send,
        **shop_stage.WRITERS,
    }[writer]  # fmt: skip
    parent = os.getpid()
    children = 0
    while True:
        while children < count:
            pid = os.fork()
            if not pid:
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != parent:
                    os._exit(1)
                say("idle")
                try:
                    work()
                finally:
                    os._exit(0)
            children += 1
        pid, _ = os.wait()
        children -= 1
        say("dead", pid)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
