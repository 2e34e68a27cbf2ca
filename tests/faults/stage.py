"""A client, its worlds, and the machinery around them: processes to kill, runs to drive to their end."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from tests.house import ROOT, House, Server

FIRST_DAY = date(2026, 1, 5)


@dataclass
class Hub:
    """A database of one test, and the environment that points a process at it."""

    name: str
    url: str
    env: dict[str, str]
    folder: Path
    admin: Callable[..., None]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str, log: str = "worker", **env: str) -> subprocess.Popen[str]:
        """Start a Python process on this database; what it says goes to a log file, its stdout to us."""
        out = (self.folder / f"{log}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT, env={**self.env, **env}, stdout=subprocess.PIPE, stderr=out, text=True, start_new_session=True,
        )  # fmt: skip
        out.close()
        self.processes.append(process)
        return process

    def logs(self) -> str:
        """Return all that processes of this test logged."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """End every process of this test, with what it started."""
        for process in self.processes:
            end(process)


def end(process: subprocess.Popen[str]) -> None:
    """End a process and its group; only ones we started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    if process.stdout:
        process.stdout.close()


class Workers:
    """Worker processes of one parent that forks a new one for each that dies. Any of them may be killed."""

    def __init__(self, hub: Hub, count: int = 3, writer: str = "bridge", **env: str) -> None:
        self.alive: dict[int, bool] = {}  # pid -> it works on something
        self.kills: list[tuple[int, bool]] = []
        self.deaths = 0
        self._lock = threading.Lock()
        self.process = hub.start("-m", "tests.faults.worker", str(count), writer, **env)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self.process.stdout
        with contextlib.suppress(ValueError):
            for line in self.process.stdout:
                word, _, pid = line.strip().partition(" ")
                if not pid.isdigit():
                    continue
                with self._lock:
                    if word == "dead":
                        self.alive.pop(int(pid), None)
                        self.deaths += 1
                    else:
                        self.alive[int(pid)] = word == "busy"

    def wait_ready(self, seconds: float = 30) -> None:
        """Wait until the first worker is there."""
        end_at = time.monotonic() + seconds
        while not self.alive and time.monotonic() < end_at:
            time.sleep(0.02)
        assert self.alive, "no worker came up"

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL one worker, any; a little more often one that works on something."""
        with self._lock:
            if not self.alive:
                return
            busy = sorted(pid for pid, works in self.alive.items() if works)
            pid = dice.choice(busy if busy and dice.random() < 0.4 else sorted(self.alive))
            working = self.alive.pop(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills.append((pid, working))

    def close(self) -> None:
        """End them all."""
        end(self.process)
        self._reader.join(5)


class Stage:
    """One client with two accounts, and a world of a known size behind them."""

    def __init__(self, hub: Hub, house: House, server: Server) -> None:
        self.hub, self.house, self.server = hub, house, server
        self.customers: list[dict[str, Any]] = []
        self.documents: list[dict[str, Any]] = []
        self.interrupted: list[tuple[str, str]] = []

    def load(self, customers: int, documents: int) -> None:
        """Put customers with an address each, and documents that share them, into the books."""
        self.server.load("quickbooks", Item=[item(n) for n in range(1, 21)])
        self.customers = [customer(n) for n in range(1, customers + 1)]
        self.server.load("quickbooks", Customer=self.customers)
        self.documents = [document(n, customers) for n in range(1, documents + 1)]
        self.server.load("quickbooks", Invoice=[row for row in self.documents if int(row["Id"]) % 2])
        self.server.load("quickbooks", SalesReceipt=[row for row in self.documents if not int(row["Id"]) % 2])

    def pair(self) -> Any:
        """Connect both sides and set the pair up."""
        return self.house.pair()

    def start(self) -> Any:
        """Begin a run for the workers to find."""
        from bridge.jobs import runs

        return runs.start(self.house.integration, user=self.house.ann)

    def drive(self, run: Any, seconds: float, meanwhile: Callable[[], None] | None = None) -> Any:
        """Let workers carry a run to its end; approve what waits, and begin anew after an interruption.

        That is what the schedule and a person at the screen do, nothing else.
        """
        from bridge.jobs import runs

        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at:
            run.refresh_from_db()
            if run.state == run.State.PLANNED:
                runs.approve(run, self.house.ann)
            elif run.state in (run.State.INTERRUPTED, run.State.INCOMPLETE):
                self.interrupted.append((run.state, run.reason_code))
                run = self.start()
            elif not run.is_open:
                return run
            if meanwhile:
                meanwhile()
            else:
                time.sleep(0.05)
        raise AssertionError(
            f"run {run.pk} is still {run.state} after {seconds} s: {run.reason_code} {run.reason_params}; before it {self.interrupted[-5:]}"
        )

    def wait_for(self, claim: Callable[[], bool], seconds: float) -> None:
        """Wait until something is so."""
        end_at = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < end_at, f"not so after {seconds} s; {self.hub.logs()[-1500:]}"
            time.sleep(0.05)

    def fresh(self, row: Any) -> Any:
        """Return a row as it is now."""
        row.refresh_from_db()
        return row

    def left(self) -> Any:
        """Return the connection to the books as it is now."""
        from bridge.hub.models import Connection

        return Connection.objects.get(pk=self.house.integration.left_id)

    def orders_there(self) -> int:
        """Return how many orders the other side holds."""
        return sum(len(store["orders"]) for store in self.server.state("mailchimp")["stores"].values())

    def drive_to_rest(self, run: Any, seconds: float) -> Any:
        """Let workers go on until the run is over, or has nothing left but what must be looked for later."""
        from bridge.hub.models import Change

        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at:
            run.refresh_from_db()
            states = set(run.changes.filter(state__in=Change.IN_FLIGHT).values_list("state", flat=True))
            if not run.is_open or not states - {"unknown"} and not run.lease_until:
                return run
            time.sleep(0.1)
        raise AssertionError(f"run {run.pk} is still {run.state} with {states} after {seconds} s")

    def let_settle(self, run: Any, seconds: float = 60, vendors_too: bool = False) -> Any:
        """Work a run to its end in this process, pretending for what must be looked for later that it is later.

        A vendor is given minutes before a lost write is looked for: so long no test should sleep. `vendors_too`: their
        clock moves by as much, for those whose searches are behind.
        """
        from bridge.hub.models import Change, Run
        from bridge.jobs import runs

        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at:
            run.refresh_from_db()
            if not run.is_open:
                return run
            if run.wake_at and run.wake_at > timezone.now():
                going = run.changes.filter(state__in=("ready", "sending")).exists()
                if not going or run.wake_at > timezone.now() + timedelta(seconds=20):
                    long_ago = timezone.now() - timedelta(hours=2)
                    waiting = Change.objects.filter(run=run, state="unknown", attempts__gt=1)
                    if waiting.update(claimed_at=long_ago, retry_at=long_ago) and vendors_too:
                        self.server.control("POST", "clock", {"advance_seconds": 240})
                    Run.objects.filter(pk=run.pk).update(wake_at=None)
                time.sleep(0.2)
            runs.work(run.pk, slice_seconds=20)
        raise AssertionError(f"run {run.pk} is still {run.state} after {seconds} s")


def item(number: int) -> dict[str, Any]:
    """One thing the invented company sells."""
    return {
        "Id": str(900 + number), "Name": f"Invented thing {number}", "Type": "Service", "UnitPrice": 10 + number,
        "IncomeAccountRef": {"value": "1"},
    }  # fmt: skip


def customer(number: int) -> dict[str, Any]:
    """One invented customer with an address of its own."""
    return {
        "Id": str(number), "DisplayName": f"Client Inventé {number}", "GivenName": f"Prénom{number}",
        "FamilyName": "Inventé", "PrimaryEmailAddr": {"Address": f"client{number}@essai{number % 50}.example.com"},
    }  # fmt: skip


def document(number: int, customers: int) -> dict[str, Any]:
    """One sale of one line; its number names it wherever it goes."""
    price, count = 10 + number % 20, 1 + number % 3
    total = price * count
    detail = {"ItemRef": {"value": str(901 + number % 20)}, "Qty": count, "UnitPrice": price}
    return {
        "Id": str(10_000 + number), "DocNumber": f"ESSAI-{number}",
        "TxnDate": (FIRST_DAY + timedelta(days=number % 300)).isoformat(),
        "CustomerRef": {"value": str(1 + number % customers)},
        "Line": [
            {"Id": "1", "LineNum": 1, "Amount": total, "Description": f"Thing {number}",
             "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail},
            {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": 0}, "TotalAmt": total, "Balance": 0,
    }  # fmt: skip
