"""A shop's orders and payments into the books, beside a loop that writes them one by one. `run.py --pair shop`.

As a module it is one measured process (`python -m benchmarks.shop OPTIONS`): connect, read, plan, write. Prints JSON.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from benchmarks.hub import Meter, forget_limits, spent
from benchmarks.shop_world import DISCOUNT, ONLINE, SHIPPING, books, buyer, chunks, lines
from tests.house import CLIENT, SECRET, Server

COMPANY = "9130000000000001"
A_MINUTE = 500  # calls the vendor takes
BACK = "http://localhost/back"


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
    print(json.dumps(_first_sync(options["orders"])))


def _first_sync(orders: int) -> dict[str, Any]:
    from django.db.models import Count

    from bridge.hub.models import Change, VendorCall
    from bridge.jobs import runs
    from tests.house import House

    server = Server.__new__(Server)
    server.url, server.session = os.environ["BRIDGE_SANDBOX_URL"], requests.Session()
    house = House(server)
    house.shop_pair({"shipping_item": SHIPPING, "discount_item": DISCOUNT})
    house.map("tax", **{"CA-QC-TPS+CA-QC-TVQ": "1", "CA-ON-TVH": "5", "none": "4"})
    house.map("payment_method", stripe_payments=ONLINE)
    planning = _metered_planning(runs)
    with Meter() as reading:
        run = runs.start(house.integration, user=house.ann, enqueue=False)
        run = house.finish(run, approve=False, seconds=3600)
    with Meter() as writing:
        runs.approve(run, house.ann)
        run = house.finish(run, approve=False, seconds=7200)
    states = dict(run.changes.order_by().values_list("state").annotate(n=Count("pk")))
    made = run.changes.filter(state=Change.State.DONE, action="create")
    calls = VendorCall.objects.filter(run=run).order_by()
    return {
        "state": run.state, "states": states, "reason": run.reason_code,
        "written": dict(made.order_by().values_list("entity").annotate(n=Count("pk"))),
        "sent_again": made.filter(attempts__gt=1).count(),
        "throttled": run.changes.filter(error_code__in=("QBO-LATER", "QBO-3001", "BUDGET-SPENT")).count(),
        "calls": dict(calls.values_list("connection__vendor").annotate(n=Count("pk"))),
        "refused_calls": calls.filter(status=429).count(),
        "read_and_plan_seconds": round(reading.seconds, 1), "read_and_plan_cpu": round(reading.cpu, 1),
        "plan_cpu_ms_per_order": round(planning["cpu"] * 1000 / orders, 2),
        "write_seconds": round(writing.seconds, 1), "write_cpu": round(writing.cpu, 1),
        "seconds": round(reading.seconds + writing.seconds, 1),
    }  # fmt: skip


def _metered_planning(runs: Any) -> Counter[str]:
    """Count the CPU of planning, apart from the reading before it."""
    found: Counter[str] = Counter()
    plan = runs.plan

    def metered(*args: Any) -> Any:
        began = spent()
        try:
            return plan(*args)
        finally:
            found["cpu"] += spent() - began  # type: ignore[assignment]

    runs.plan = metered
    return found


# The loop beside it


class Loop:
    """A script as one would write it first: a kept connection, one record per call, nothing looked up."""

    def __init__(self, server: Server, company: str = COMPANY) -> None:
        self.session = requests.Session()
        self.session.headers.update(
            {"Authorization": f"Bearer {_token(server, company)}", "Accept": "application/json"}
        )
        self.url = f"{server.url}/quickbooks/v3/company/{company}"
        self.calls = 0

    def write(self, kind: str, body: dict[str, Any]) -> Any:
        """Create one record."""
        answer = self.session.post(f"{self.url}/{kind.lower()}", json=body, timeout=60)
        answer.raise_for_status()
        self.calls += 1
        return answer.json()[kind]

    def order(self, number: int, customer: str) -> None:
        """Create an order's invoice and its payment."""
        sold = [_line(line["sku"], line["quantity"]) for line in lines(number)]
        body = {"CustomerRef": {"value": customer}, "DocNumber": f"LOOP-{number}", "Line": sold,
                "GlobalTaxCalculation": "TaxExcluded"}  # fmt: skip
        made = self.write("Invoice", body)
        paid = {"Amount": made["TotalAmt"], "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}
        self.write("Payment", {"CustomerRef": {"value": customer}, "TotalAmt": made["TotalAmt"], "Line": [paid]})


def _line(sku: str, quantity: int) -> dict[str, Any]:
    number = int(sku.rpartition("-")[2])
    price = 9 + number
    detail = {
        "ItemRef": {"value": str(900 + number)},
        "Qty": quantity,
        "UnitPrice": price,
        "TaxCodeRef": {"value": "1"},
    }
    return {"Amount": price * quantity, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def _token(server: Server, company: str) -> str:
    """Sign in as an app does, with the consent given at once."""
    asked = {"client_id": CLIENT, "response_type": "code", "scope": "com.intuit.quickbooks.accounting",
             "redirect_uri": BACK, "state": "loop", "auto": "1", "realm": company}  # fmt: skip
    page = requests.get(f"{server.url}/quickbooks/connect/oauth2", params=asked, allow_redirects=False, timeout=60)
    code = parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    url = f"{server.url}/quickbooks/oauth2/v1/tokens/bearer"
    answer = requests.post(url, data=form, auth=(CLIENT, SECRET), timeout=60)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def loop(server: Server, slice_size: int) -> float:
    """Return the seconds one call of the loop takes, over a slice of customers and their orders."""
    script = Loop(server)
    began = time.monotonic()
    for number in range(1, slice_size + 1):
        who = buyer(number)
        body = {"DisplayName": f"Loop {number}", "PrimaryEmailAddr": {"Address": f"loop-{who['email']}"}}
        customer = str(script.write("Customer", body)["Id"])
        for at in range(2):
            script.order(number * 2 + at, customer)
    return (time.monotonic() - began) / script.calls


# Both


def measure(kind: str, latency: float, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table: the hub and the loop beside it, both under the vendor's limits or both without."""
    from benchmarks.run import hub

    server = Server("empty")
    try:
        server.load("quickbooks", **books())
        if latency:
            server.faults({"kind": "delay", "seconds": latency, "path": "/(rest|v3)/"})
        per_call = loop(server, options.slice)
        server.reset("empty")
        server.load("quickbooks", **books())
        for part in chunks(options.orders, options.buyers):
            server.load("magento", **part)
        for vendor in ("quickbooks", "magento"):
            server.control("POST", f"configure/{vendor}", {"rate_limits": not options.no_limits})
        if latency:
            server.faults({"kind": "delay", "seconds": latency, "path": "/(rest|v3)/"})
        asked = {"orders": options.orders, "limits": not options.no_limits, "timeout": 10_000}
        found = hub(server, kind, asked, module="benchmarks.shop")
        throttles = [row for row in server.control("GET", "calls?limit=1")["totals"] if row["status"] == 429]
    finally:
        server.close()
    documents = sum(found["written"].values())
    per_call = per_call if options.no_limits else max(per_call, 60 / A_MINUTE)
    alone = documents * per_call
    return {
        "database": kind, "latency_ms": int(latency * 1000), "limits": not options.no_limits, "orders": options.orders,
        "documents": documents, "calls": sum(found["calls"].values()), "seconds": found["seconds"],
        "documents_per_call": round(documents / max(1, sum(found["calls"].values())), 1),
        "loop_seconds": round(alone, 1), "times_faster": round(alone / found["seconds"], 1),
        "plan_cpu_ms": found["plan_cpu_ms_per_order"], "throttled_answers": sum(row["count"] for row in throttles),
        "details": found,
    }  # fmt: skip


def told(row: dict[str, Any]) -> str:
    """One line for a person."""
    return (
        f"{row['database']:10} {row['latency_ms']:4} ms  {'limits' if row['limits'] else 'no limits':9} "
        f"{row['orders']} orders = {row['documents']} documents in {row['seconds']} s, {row['calls']} calls = "
        f"{row['documents_per_call']} a call  loop {row['loop_seconds']} s = {row['times_faster']} times  "
        f"planning {row['plan_cpu_ms']} ms an order  429: {row['throttled_answers']}"
    )


if __name__ == "__main__":
    main()
