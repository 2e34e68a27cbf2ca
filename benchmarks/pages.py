"""Open the pages of an office with 200 clients and a million records, and time them: `python -m benchmarks.pages`.

One small client is synced for real against the sandbox; its rows are then copied as often as wanted, each copy a client
with accounts, records, links, runs and lines of its own. PostgreSQL by default. Pages are asked for in one process,
through all of Django, with the queries counted; nothing else is in the way.
"""

import argparse
import json
import os
import subprocess
import sys

from benchmarks.run import database
from benchmarks.world import chunks
from tests.house import ROOT, Server


def main() -> None:
    """Fill a database and print a line per page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--organizations", type=int, default=200)
    parser.add_argument("--customers", type=int, default=1_250, help="of each client, and as many sales")
    parser.add_argument("--times", type=int, default=20, help="how often each page is asked for")
    options = parser.parse_args()
    server = Server("empty")
    try:
        for part in chunks(options.customers, options.customers, 10):
            server.load("quickbooks", **part)
        with database(options.database) as (address, folder):
            environment = {
                **os.environ, "DATABASE_URL": address, "BRIDGE_DATA_DIR": folder, "BRIDGE_SANDBOX_URL": server.url,
                "PYTHONPATH": str(ROOT), "BRIDGE_LOG": "ERROR", "DJANGO_SETTINGS_MODULE": "bridge.settings",
                "BRIDGE_STAFF_SECOND_STEP": "0",
            }  # fmt: skip
            command = [sys.executable, "-m", "benchmarks.pages_inside", json.dumps(vars(options))]
            done = subprocess.run(command, env=environment, cwd=ROOT)
    finally:
        server.close()
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
