"""A garage's and an agency's papers into the books, beside a script that reads and writes them one by one.

`run.py --pair garage` and `--pair agency`. As a module it is one measured process (`python -m benchmarks.papers
OPTIONS`): connect, read, plan, write. Prints JSON.
"""

import argparse
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from benchmarks.hub import Meter, forget_limits
from benchmarks.shop import A_MINUTE, COMPANY, Loop
from tests.faults.garage_stage import AgencyStage, GarageStage
from tests.house import Server
from tests.sandbox import small_agency, small_garage

_ID = re.compile(r"/(?=[^/]*\d)(?!v\d)[^/]+")
PLACE_TOKEN = "pit-SECRET-atelier-boreal-0001"  # noqa: S105 - invented, of the stand-in


# The measured process


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
    if not options["limits"]:
        forget_limits()
    print(json.dumps(_first_sync(options["pair"])))


def _first_sync(pair: str) -> dict[str, Any]:
    from django.db.models import Count

    from bridge.hub.models import Change, VendorCall
    from bridge.jobs import runs
    from tests.house import House

    server = Server.__new__(Server)
    server.url, server.session = os.environ["BRIDGE_SANDBOX_URL"], requests.Session()
    house = House(server)
    PAIRS[pair].stage(None, house, server).pair()  # type: ignore[arg-type]
    with Meter() as reading:
        run = runs.start(house.integration, user=house.ann, enqueue=False)
        run = house.finish(run, approve=False, seconds=3600)
    with Meter() as writing:
        runs.approve(run, house.ann)
        run = house.finish(run, approve=False, seconds=7200)
    made = run.changes.filter(state=Change.State.DONE, action="create").order_by()
    calls = VendorCall.objects.filter(run=run).order_by()
    kinds = Counter(_kind(*call) for call in calls.values_list("connection__vendor", "method", "path"))
    return {
        "state": run.state, "reason": run.reason_code,
        "states": dict(run.changes.order_by().values_list("state").annotate(n=Count("pk"))),
        "written": dict(made.values_list("entity").annotate(n=Count("pk"))),
        "calls": dict(calls.values_list("connection__vendor").annotate(n=Count("pk"))),
        "calls_by_kind": dict(kinds.most_common()),
        "read_and_plan_seconds": round(reading.seconds, 1), "read_and_plan_cpu": round(reading.cpu, 1),
        "write_seconds": round(writing.seconds, 1), "write_cpu": round(writing.cpu, 1),
        "seconds": round(reading.seconds + writing.seconds, 1), "cpu": round(reading.cpu + writing.cpu, 2),
    }  # fmt: skip


def _kind(vendor: str, method: str, path: str) -> str:
    """A call without the id it is about, so that calls of one kind can be counted."""
    return f"{vendor} {method} {_ID.sub('/*', path)}"


# The script beside it


def _loop_garage(server: Server, count: int) -> Iterator[str]:
    """Read the lines of each order, which no list brings. The lists themselves, and what to do when they leave rows
    out, it is given for nothing: it knows what there is.
    """
    headers = {"Authorization": f"Bearer {small_garage.KEY}"}
    with requests.Session() as session:
        for number in range(1, count + 1):
            url = f"{server.url}/shopmonkey/v3/order/o{number}/service"
            session.get(url, headers=headers, timeout=60).raise_for_status()
            yield "read"


def _loop_agency(server: Server, count: int) -> Iterator[str]:
    """Read each charge by itself, which alone tells whether it was posted already."""
    headers = {"Authorization": f"Bearer {PLACE_TOKEN}", "Version": "2021-07-28"}
    asked = {"altId": small_agency.PLACE, "altType": "location"}
    charges = small_agency.place(server)["transactions"][:count]
    with requests.Session() as session:
        for charge in charges:
            url = f"{server.url}/highlevel/payments/transactions/{charge['_id']}"
            session.get(url, params=asked, headers=headers, timeout=60).raise_for_status()
            yield "read"


def _per_write(server: Server, company: str, item: str, count: int) -> float:
    """Return the seconds a call of a script takes that writes a customer, an invoice and its payment at a time."""
    script = Loop(server, company)
    began = time.monotonic()
    for number in range(1, count + 1):
        customer = str(script.write("Customer", {"DisplayName": f"Loop {number}"})["Id"])
        detail = {"ItemRef": {"value": item}, "Qty": 1, "UnitPrice": 100, "TaxCodeRef": {"value": "1"}}
        line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        body = {"CustomerRef": {"value": customer}, "DocNumber": f"LOOP-{number}", "Line": [line, line]}
        made = script.write("Invoice", {**body, "GlobalTaxCalculation": "TaxExcluded"})
        paid = {"Amount": made["TotalAmt"], "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}
        script.write("Payment", {"CustomerRef": {"value": customer}, "TotalAmt": made["TotalAmt"], "Line": [paid]})
    return (time.monotonic() - began) / script.calls


# Both


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair to measure: its world, how a script reads it, and what a script must read one by one."""

    name: str
    vendor: str
    stage: Any
    read: Any
    company: str
    item: str
    reads_a_minute: int = 0  # calls its stand-in takes of a key, where it says so

    def singles(self, stage: Any) -> int:
        """How many papers have no list that tells all of them, so that each costs a call of whoever reads them."""
        if self.name == "garage":
            return len(stage.garage()["orders"])
        place = stage.place()
        return len(place["transactions"]) + len(place["orders"])

    def _world(self, server: Server, options: argparse.Namespace, latency: float, orders: int, *, limits: bool) -> Any:
        server.reset("empty")
        stage = self.stage(None, None, server)
        stage.load(options.buyers, orders)
        for vendor in ("quickbooks", self.vendor):
            server.control("POST", f"configure/{vendor}", {"rate_limits": limits})
        if limits and self.reads_a_minute:
            server.control("POST", "configure/shopmonkey", {"calls_per_minute": self.reads_a_minute})
        delay = {"kind": "delay", "seconds": latency, "path": "/(v3|invoices|payments|contacts)/"}
        lossy = {"kind": "lossy", "vendor": self.vendor, "rate": options.lossy}
        server.faults(*([delay] if latency else []), *([lossy] if options.lossy else []))
        return stage

    def measure(self, kind: str, latency: float, options: argparse.Namespace) -> dict[str, Any]:
        """One line of the table: the hub, with the script beside it in the same run."""
        from benchmarks.run import hub

        server = Server("empty")
        try:
            self._world(server, options, latency, options.slice, limits=False)
            per_write = _per_write(server, self.company, self.item, options.slice)
            began = time.monotonic()
            per_read = sum(1 for _ in self.read(server, options.slice))
            per_read_seconds = (time.monotonic() - began) / per_read
            stage = self._world(server, options, latency, options.orders, limits=not options.no_limits)
            singles = self.singles(stage)
            asked = {"pair": self.name, "limits": not options.no_limits, "timeout": 10_000}
            found = hub(server, kind, asked, module="benchmarks.papers")
        finally:
            server.close()
        found["script_ms_a_read"], found["script_ms_a_write"] = (
            round(1000 * seconds, 1) for seconds in (per_read_seconds, per_write)
        )
        if not options.no_limits:  # of what they are allowed, a script can use all
            per_write = max(per_write, 60 / A_MINUTE)
            per_read_seconds = max(per_read_seconds, 60 / self.reads_a_minute if self.reads_a_minute else 0)
        documents, calls = sum(found["written"].values()), sum(found["calls"].values())
        alone = documents * per_write + singles * per_read_seconds
        writing = documents * per_write
        return {
            "database": kind, "latency_ms": int(latency * 1000), "limits": not options.no_limits,
            "pair": self.name, "lossy": options.lossy, "orders": options.orders, "documents": documents, "calls": calls,
            "calls_per_document": round(calls / max(1, documents), 2), "singles": singles,
            "seconds": found["seconds"], "loop_seconds": round(alone, 1),
            "times_faster": round(alone / found["seconds"], 1),
            "writing_times_faster": round(writing / found["write_seconds"], 1),
            "cpu_ms_per_document": round(found["cpu"] * 1000 / max(1, documents), 1), "details": found,
        }  # fmt: skip

    def told(self, row: dict[str, Any]) -> str:
        """One line for a person."""
        lossy = f" (lists leave out {row['lossy']:.0%})" if row["lossy"] else ""
        return (
            f"{row['database']:10} {row['latency_ms']:4} ms  {'limits' if row['limits'] else 'no limits':9} "
            f"{self.name}{lossy} {row['orders']} orders = {row['documents']} documents in {row['seconds']} s, "
            f"{row['calls']} calls = "
            f"{row['calls_per_document']} a document ({row['singles']} read one by one: no list tells them)  "
            f"script {row['loop_seconds']} s = {row['times_faster']} times, writing alone "
            f"{row['writing_times_faster']} times  CPU {row['cpu_ms_per_document']} ms a document"
        )


GARAGE = Pair("garage", "shopmonkey", GarageStage, _loop_garage, small_garage.REALM, "2001", 300)
AGENCY = Pair("agency", "highlevel", AgencyStage, _loop_agency, COMPANY, "1001")
PAIRS = {pair.name: pair for pair in (GARAGE, AGENCY)}

if __name__ == "__main__":
    main()
