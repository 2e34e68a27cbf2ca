"""Measure Bridge beside a one-by-one loop over the same sandbox, in the same run. `make bench`; options: --help."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from benchmarks import crm, papers, shop
from benchmarks.world import chunks, customer, sale
from tests.house import ROOT, Server

PAIRS: dict[str, Any] = {"shop": shop, "crm": crm, "garage": papers.GARAGE, "agency": papers.AGENCY}
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://root@127.0.0.1:5432")


@contextlib.contextmanager
def database(kind: str) -> Iterator[tuple[str, str]]:
    """Yield a fresh database's address and a data folder; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/bench.sqlite3", folder
            return
        import psycopg

        name = f"bridge_bench_{os.getpid()}"
        with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as link:
            link.execute(f'DROP DATABASE IF EXISTS "{name}"')  # type: ignore[arg-type]
            link.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        try:
            yield f"{POSTGRES}/{name}", folder
        finally:
            with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as link:
                link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]


def hub(server: Server, kind: str, options: dict[str, Any], module: str = "benchmarks.hub") -> dict[str, Any]:
    """Run the hub in a process of its own and return what it measured."""
    with database(kind) as (address, folder):
        environment = {
            **os.environ, "DATABASE_URL": address, "BRIDGE_DATA_DIR": folder, "BRIDGE_SANDBOX_URL": server.url,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), "BRIDGE_LOG": "ERROR",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", module, json.dumps(options)],
            env=environment, cwd=ROOT, capture_output=True, text=True, timeout=options.get("timeout", 1800),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return json.loads(done.stdout.strip().splitlines()[-1])


def loop(server: Server, slice_size: int) -> dict[str, float]:
    """Write customers and sales one call each, as a simple script would; records per second over a slice."""
    session = requests.Session()
    key = "SECRET-sandbox-atelier-boreal-us19"
    base = f"{server.url}/mailchimp/3.0"
    session.auth = ("any", key)
    lists = session.get(f"{base}/lists", timeout=60).json()["lists"]
    audience = lists[-1]["id"]
    session.post(
        f"{base}/ecommerce/stores",
        json={"id": "loop", "list_id": audience, "name": "Loop", "currency_code": "CAD"}, timeout=60,
    )  # fmt: skip
    session.post(
        f"{base}/ecommerce/stores/loop/products",
        json={"id": "1", "title": "One", "variants": [{"id": "1", "title": "One"}]}, timeout=60,
    )  # fmt: skip
    from hashlib import md5

    began = time.monotonic()
    for number in range(1, slice_size + 1):
        person = customer(number)
        email = f"loop-{person['PrimaryEmailAddr']['Address']}"
        name = md5(email.lower().encode(), usedforsecurity=False).hexdigest()
        session.put(
            f"{base}/lists/{audience}/members/{name}",
            json={"email_address": email, "status_if_new": "transactional",
                  "merge_fields": {"FNAME": person["GivenName"], "LNAME": person["FamilyName"]}}, timeout=60,
        ).raise_for_status()  # fmt: skip
    contacts = time.monotonic() - began
    began = time.monotonic()
    for number in range(1, slice_size + 1):
        document = sale(number, slice_size, 10)
        email = f"loop-client{number % slice_size + 1}@exemple.example"
        session.post(
            f"{base}/ecommerce/stores/loop/orders",
            json={"id": str(number), "currency_code": "CAD", "order_total": document["TotalAmt"],
                  "customer": {"id": str(number), "email_address": email, "opt_in_status": False},
                  "lines": [{"id": "1", "product_id": "1", "product_variant_id": "1", "quantity": 1,
                             "price": document["TotalAmt"]}]}, timeout=60,
        ).raise_for_status()  # fmt: skip
    return {"contacts_per_second": slice_size / contacts, "sales_per_second": slice_size / (time.monotonic() - began)}


def measure(kind: str, latency: float, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table: the hub and the loop beside it."""
    server = Server("empty")
    try:
        for part in chunks(options.customers, options.sales, options.items):
            server.load("quickbooks", **part)
        if latency:
            server.faults({"kind": "delay", "seconds": latency})
        beside = loop(server, options.slice)
        server.faults()
        server.reset("empty")
        for part in chunks(options.customers, options.sales, options.items):
            server.load("quickbooks", **part)
        if latency:
            server.faults({"kind": "delay", "seconds": latency})
        asked = {"customers": options.customers, "more": not options.first_only, "limits": not options.no_limits}
        found = hub(server, kind, asked)
    finally:
        server.close()
    total = options.customers + options.sales + options.items
    alone = options.customers / beside["contacts_per_second"] + (options.sales + options.items) / beside[
        "sales_per_second"
    ]  # fmt: skip
    first = found["first"]
    return {
        "database": kind, "latency_ms": int(latency * 1000), "records": total, "calls": first["calls"],
        "seconds": first["seconds"], "records_per_second": round(total / first["seconds"]),
        "loop_seconds": round(alone, 1), "times_faster": round(alone / first["seconds"], 1),
        "cpu_per_1000": round(first["cpu"] / total * 1000, 3), "peak_mb": first["peak_mb"], "details": found,
    }  # fmt: skip


def measure_pair(pair: Any, options: argparse.Namespace) -> None:
    """Print one line per database and latency for another pair than that of letters."""
    rows = []
    for kind in options.database or ["sqlite"]:
        for latency in options.latency if options.latency is not None else [0.05]:
            rows.append(pair.measure(kind, latency, options))
            print(pair.told(rows[-1]), json.dumps(rows[-1]["details"]), sep="\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


def main() -> None:
    """Print one line per database and latency, and everything as JSON at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--sales", type=int, default=30_000)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--slice", type=int, default=100, help="records the loop writes of each kind")
    parser.add_argument("--latency", type=float, action="append", help="seconds per call; may be given again")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--first-only", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--pair",
        choices=["letters", *PAIRS],
        default="letters",
        help="shop, garage, agency: sales into the books; crm: contacts both ways",
    )
    parser.add_argument("--orders", type=int, default=5_000, help="of shop, garage, agency; most with a payment")
    parser.add_argument("--people", type=int, default=10_000, help="of the CRM's pair, on each side")
    parser.add_argument("--buyers", type=int, default=1_000, help="of shop, garage, agency")
    parser.add_argument("--lossy", type=float, default=0.0, help="of garage: share of rows each list leaves out")
    parser.add_argument("--no-limits", action="store_true", help="all but crm: nobody keeps to the vendors' rates")
    options = parser.parse_args()
    if options.pair != "letters":
        measure_pair(PAIRS[options.pair], options)
        return
    rows = []
    for kind in options.database or ["sqlite", "postgresql"]:
        for latency in options.latency if options.latency is not None else [0.0, 0.05, 0.2]:
            row = measure(kind, latency, options)
            rows.append(row)
            told = row["details"]
            print(
                f"{row['database']:10} {row['latency_ms']:4} ms  {row['records']:6} records in {row['seconds']:7.1f} s"
                f" = {row['records_per_second']:5}/s  {row['calls']:4} calls  loop {row['loop_seconds']:8.1f} s"
                f" = {row['times_faster']:6.1f} times  cpu {row['cpu_per_1000']:.2f} s/1000  {row['peak_mb']} MB",
                flush=True,
            )
            for name in ("second", "nothing", "ten_changed"):
                if name in told:
                    part = told[name]
                    calls, written = part["calls"], part["written"]
                    print(
                        f"           {name:12} {part['seconds']:6.2f} s  {calls} calls  {written} written", flush=True
                    )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
