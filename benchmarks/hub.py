"""One measured process: connect, first run, a run with nothing to do, a run after ten changes. Prints JSON."""

import json
import os
import resource
import sys
import time
from typing import Any


def spent() -> float:
    """Return the CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """Wall and CPU time of one part."""

    def __enter__(self) -> "Meter":
        self.began, self.cpu = time.monotonic(), spent()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds, self.cpu = time.monotonic() - self.began, spent() - self.cpu


def forget_limits() -> None:
    """Call as fast as a stand-in without limits answers."""
    from django.conf import settings

    settings.SANDBOX_KEEPS_RATES = False


def main() -> None:
    """Measure against the sandbox named by BRIDGE_SANDBOX_URL, in the database named by DATABASE_URL."""
    options = json.loads(sys.argv[1])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
    import django

    django.setup()
    import logging

    logging.disable(logging.INFO)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    if not options.get("limits", True):
        forget_limits()
    from bridge.hub.models import Change, Record
    from tests.house import House, Server

    server = Server.__new__(Server)
    server.url = os.environ["BRIDGE_SANDBOX_URL"]
    import requests

    server.session = requests.Session()
    house = House(server)
    house.pair()
    found: dict[str, Any] = {}

    def measured(name: str) -> Any:
        with Meter() as meter:
            run = house.run()
        found[name] = {
            "seconds": round(meter.seconds, 2),
            "cpu": round(meter.cpu, 2),
            "calls": run.calls.count(),
            "written": run.changes.filter(state=Change.State.DONE).count(),
            "state": run.state,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        return run

    run = measured("first")
    found["records"] = Record.objects.count()
    found["waiting"] = run.counts["waiting"]
    if options.get("more", True):
        measured("second")
        measured("nothing")
        number = options["customers"]
        server.load(
            "quickbooks",
            Customer=[
                {"Id": str(n), "PrimaryPhone": {"FreeFormNumber": f"(450) 555-{n:04d}"}}
                for n in range(number - 9, number + 1)
            ],
        )
        measured("ten_changed")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
