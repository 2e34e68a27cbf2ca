"""Contacts both ways: how many calls a first sync costs beyond reading, and a run with nothing to do."""

import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.world import customer
from tests.house import Server

BOTH = 0.6  # of each side's people, how many are on the other side too
SIZE = 2_000


def contact(number: int) -> dict[str, Any]:
    """One contact; the same number as a customer is the same person, without phone and company."""
    told = customer(number)
    return {
        "properties": {
            "email": told["PrimaryEmailAddr"]["Address"], "firstname": told["GivenName"],
            "lastname": told["FamilyName"], "jobtitle": "Invention pour mesurer " * 8,
        },
    }  # fmt: skip


def world(people: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (vendor, documents) in loads: as many people on each side, most of them on both."""
    apart = people - int(people * BOTH)
    for start in range(1, people + 1, SIZE):
        stop = min(people, start + SIZE - 1)
        yield "quickbooks", {"Customer": [customer(n) for n in range(start, stop + 1)]}
        yield "hubspot", {"contacts": [contact(n + apart) for n in range(start, stop + 1)]}


def one_by_one(server: Server, slice_size: int) -> float:
    """Return how many contacts a second a script writes that looks each one up, then creates it."""
    import time

    import requests

    session = requests.Session()
    account = next(item for item in server.state("hubspot")["accounts"] if str(item["portal"]) == "24100001")
    assert account, "the stand-in has no account"
    session.headers["Authorization"] = "Bearer pat-na1-SECRET-atelier-boreal-0001"
    base = f"{server.url}/hubspot/crm/objects/2026-09/contacts"
    began = time.monotonic()
    for number in range(1, slice_size + 1):
        told = contact(900_000 + number)["properties"]
        filters = [{"filters": [{"propertyName": "email", "operator": "EQ", "value": told["email"]}]}]
        session.post(f"{base}/search", json={"filterGroups": filters, "limit": 1}, timeout=60).raise_for_status()
        session.post(base, json={"properties": told}, timeout=60).raise_for_status()
    return slice_size / (time.monotonic() - began)


def measure(kind: str, latency: float, options: Any) -> dict[str, Any]:
    """One line of the table: the hub, with the script beside it in the same run."""
    from benchmarks.run import hub

    server = Server("empty")
    try:
        server.faults(*([{"kind": "delay", "seconds": latency}] if latency else []))
        alone = one_by_one(server, options.slice)
        server.faults()
        server.reset("empty")
        for vendor, documents in world(options.people):
            server.load(vendor, **documents)
        server.faults(*([{"kind": "delay", "seconds": latency}] if latency else []))
        found = hub(server, kind, {"timeout": 3600}, module="benchmarks.crm")
    finally:
        server.close()
    first = found["first"]
    return {
        "database": kind, "latency_ms": int(latency * 1000), "people": options.people, "written": first["written"],
        "calls": first["there"], "beyond_reading": first["beyond_reading"], "nothing": found["nothing"]["calls"],
        "seconds": first["seconds"], "loop_seconds": round(first["written"] / alone, 1),
        "times_faster": round(first["written"] / alone / first["seconds"], 1), "details": found,
    }  # fmt: skip


def told(row: dict[str, Any]) -> str:
    """Return one line of the table in words."""
    return (
        f"{row['database']:10} {row['latency_ms']:4} ms  {row['people']} people on each side: {row['written']} written"
        f" in {row['seconds']} s; HubSpot calls {row['calls']}, of them {row['beyond_reading']} beyond reading; one by"
        f" one {row['loop_seconds']} s = {row['times_faster']} times; nothing to do {row['nothing']} calls"
    )


def main() -> None:
    """Measure against the sandbox named by BRIDGE_SANDBOX_URL, in the database named by DATABASE_URL."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
    import django

    django.setup()
    import logging

    logging.disable(logging.INFO)
    import requests
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from benchmarks.hub import Meter
    from bridge.hub.models import Change
    from bridge.jobs import runs
    from tests.house import House

    server = Server.__new__(Server)
    server.url = os.environ["BRIDGE_SANDBOX_URL"]
    server.session = requests.Session()
    house = House(server)
    house.crm_pair("contact", presets=False)
    house.integration.flows.filter(entity="contact").update(direction="both", filter_back={})
    found: dict[str, Any] = {}
    for name in ("first", "second", "third", "nothing"):
        if name == "third":
            server.control("POST", "clock", {"advance_seconds": 600})  # until then what was just written is read again
        with Meter() as meter:
            begun = runs.start(house.integration, user=house.ann, enqueue=False)
            run = house.finish(begun, seconds=3600)
        there = [line for line in run.calls.values_list("connection__vendor", "method", "path") if line[0] == "hubspot"]
        reading = [line for line in there if line[1] == "GET" or line[2].endswith(("/search", "/read"))]
        found[name] = {
            "seconds": round(meter.seconds, 2), "cpu": round(meter.cpu, 2), "calls": run.calls.count(),
            "there": len(there), "beyond_reading": len(there) - len(reading),
            "written": run.changes.filter(state=Change.State.DONE, action__in=("create", "update")).count(),
            "linked": run.changes.filter(state=Change.State.DONE, action="link").count(), "state": run.state,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
    sys.exit(0)
