"""Workers to be killed: `python -m tests.faults.worker COUNT WRITER`.

The parent loads the application once and forks COUNT workers; for each that dies it forks another, as a cluster does. A
worker takes due runs through the queue's own entry point until it is killed. It says "busy" and "idle" with its pid, so
that a test knows whom it kills. BRIDGE_TEST_LOT makes batches small, so that there are many moments to be killed at.
"""

import ctypes
import os
import signal
import sys
import time

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
    from tests.faults import naive

    work = {"bridge": bridge, "send_then_note": naive.send_then_note, "note_then_send": naive.note_then_send}[writer]
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
