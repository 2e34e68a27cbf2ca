"""Webhook intake under load: the production web server, PostgreSQL, signed deliveries over kept connections.

A load client in a process of its own sends deliveries of one event at a steady rate, whatever the answers take, as a
vendor does: what is answered late was late from the moment it was due. Afterwards each delivery answered 200 must be in
the inbox. Run by `make bench`; alone: `python -m benchmarks.intake`.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from benchmarks.run import database
from tests.house import ROOT, free_port

VERIFIER, COMPANY = "SECRET-verifier-of-the-benchmark", "9130000000000001"
TICKS = os.sysconf("SC_CLK_TCK")
WANTED = ((300, 30), (1000, 20))  # deliveries a second, for so many seconds


def body(number: int) -> bytes:
    """Return one delivery with one event of its own."""
    return json.dumps(
        [{"specversion": "1.0", "id": f"event-{number}", "source": "intuit.bench", "type": "qbo.customer.updated.v1",
          "time": "2026-11-20T10:00:00.000Z", "intuitentityid": str(number % 5000), "intuitaccountid": COMPANY,
          "data": {}}]
    ).encode()  # fmt: skip


def request(number: int) -> bytes:
    """Return the bytes of one signed delivery."""
    content = body(number)
    signed = base64.b64encode(hmac.new(VERIFIER.encode(), content, hashlib.sha256).digest()).decode()
    return (
        f"POST /hooks/quickbooks/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"intuit-signature: {signed}\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode() + content


# the load client


class Line:
    """One kept connection: a delivery at a time, as vendors send them."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number, self.due, self.kept = 0, 0.0, b""

    def answered(self) -> int | None:
        """Return the status of the answer, None while it has not come whole; ConnectionError when it never will."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        data = self.kept + data if self.kept else data
        if not data.endswith(b"\r\n\r\n"):  # our answers have no body
            self.kept = data
            return None
        self.kept = b""
        return int(data[9:12])


def load(port: int, rate: int, seconds: int, lines: int, first: int) -> dict[str, Any]:
    """Send at a steady rate; a delivery due while all lines are taken waits in line, and its time counts from then.

    Sockets, epoll and bytes made before: a client that costs as much as the server measures itself.
    """
    total = rate * seconds
    ready = [request(first + n) for n in range(total)]  # signing is the vendor's work, not to be measured
    poll = select.epoll()
    taken, acknowledged, others = [], [], Counter[str]()
    idle: deque[Line] = deque()  # taken in turn: the server closes what it has not heard from in two seconds
    busy: dict[int, Line] = {}

    def open_line() -> None:
        line = Line(port)
        poll.register(line.socket.fileno(), select.EPOLLIN)
        idle.append(line)

    for _ in range(lines):
        open_line()
    next_one, clock, used = 0, time.monotonic, os.times()
    began = clock()
    while next_one < total or busy:
        now = clock()
        while next_one < total and idle and (due := began + next_one / rate) <= now:
            line = idle.popleft()
            line.number, line.due = next_one, due
            line.socket.send(ready[next_one])
            busy[line.socket.fileno()] = line
            next_one += 1
        wait = began + next_one / rate - now if next_one < total and idle else 30.0
        for number, _event in poll.poll(max(wait, 0.0)):
            line = busy[number]
            try:
                status = line.answered()
            except OSError as error:
                others[type(error).__name__] += 1
                poll.unregister(number)
                line.socket.close()
                del busy[number]
                open_line()
                continue
            if status is None:
                continue
            taken.append(clock() - line.due)
            del busy[number]
            idle.append(line)
            if status == 200:
                acknowledged.append(first + line.number)
            else:
                others[str(status)] += 1
    spent, after = clock() - began, os.times()
    taken.sort()
    return {
        "rate": rate, "seconds": round(spent, 2), "sent": total, "per_second": round(len(acknowledged) / spent),
        "p50_ms": round(taken[len(taken) // 2] * 1000, 1), "p99_ms": round(taken[len(taken) * 99 // 100] * 1000, 1),
        "acknowledged": acknowledged, "others": others,
        "client_cpu": round(after.user + after.system - used.user - used.system, 2),
    }  # fmt: skip


# the server beside it


def _spent(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/stat") as text:
            fields = text.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as text:
        return [int(word) for word in text.read().split()]


@contextmanager
def served(address: str, folder: str) -> Iterator[tuple[int, int]]:
    """Serve the application as the Procfile does; yields its port and the process id of the server."""
    environment = {
        **os.environ, "DATABASE_URL": address, "BRIDGE_DATA_DIR": folder, "BRIDGE_LOG": "ERROR",
        "DJANGO_SETTINGS_MODULE": "bridge.settings",
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", PREPARE], env=environment, cwd=ROOT, check=True)
    port = free_port()
    command = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:"))
    words = command.partition(":")[2].replace("127.0.0.1:8000", f"127.0.0.1:{port}").split()
    server = subprocess.Popen([sys.executable, "-m", *words], env=environment, cwd=ROOT)
    try:
        for _ in range(400):
            try:
                if requests.get(f"http://127.0.0.1:{port}/hooks/nobody/", timeout=2).status_code == 404:
                    break
            except requests.RequestException:
                time.sleep(0.1)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(30)


PREPARE = f"""
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0); call_command("createcachetable", verbosity=0)
from bridge.hub.models import Connection, Organization, VendorApp
app = VendorApp(vendor="quickbooks", environment="local_sandbox"); app.webhook_secrets = ["{VERIFIER}"]; app.save()
owner = Organization.objects.create(name="Atelier d’essai (fictif)")
Connection.objects.create(organization=owner, vendor="quickbooks", environment="local_sandbox",
                          account_id="{COMPANY}", state="connected")
"""


def measure(kind: str, rate: int, seconds: int, lines: int) -> dict[str, Any]:
    """Return one line: what was sent, answered and stored, how long answers took, and who used which CPU."""
    with database(kind) as (address, folder), served(address, folder) as (port, pid):
        warm = _client(port, 50, 2, lines, 10_000_000)
        web = {child: _spent(child) for child in _children(pid)}
        servers = _backends(address)
        found = _client(port, rate, seconds, lines, 0)
        found["web_cpu"] = round(sum(_spent(child) - before for child, before in web.items()), 2)
        found["database_cpu"] = round(sum(_spent(one) - servers.get(one, 0.0) for one in _backends(address)), 2)
        kept = _kept(address)
        found["lost"] = len((set(found["acknowledged"]) | set(warm["acknowledged"])) - kept)
        found["acknowledged"] = len(found["acknowledged"])
        for name in ("web", "database", "client"):
            found[f"{name}_us"] = round(found.pop(f"{name}_cpu") / found["sent"] * 1_000_000)
        found["load"] = os.getloadavg()[0]
    return {"database": kind, **found}


def _client(port: int, rate: int, seconds: int, lines: int, first: int) -> dict[str, Any]:
    options = json.dumps([port, rate, seconds, lines, first])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.intake", "--client", options],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds * 10 + 60,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout)


def _asked(address: str, sql: str) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(address) as link:
        return link.execute(sql).fetchall()  # type: ignore[arg-type]


def _backends(address: str) -> dict[int, float]:
    rows = _asked(address, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    return {pid: _spent(pid) for (pid,) in rows}


def _kept(address: str) -> set[int]:
    rows = _asked(address, "SELECT unique_id FROM hub_inboxevent")
    return {int(unique_id.removeprefix("event-")) for (unique_id,) in rows}


def told(row: dict[str, Any]) -> str:
    """Return one line for people."""
    return (
        f"{row['rate']:5}/s wanted  {row['per_second']:5}/s taken in  p50 {row['p50_ms']} ms  p99 {row['p99_ms']} ms  "
        f"{row['acknowledged']} of {row['sent']} acknowledged, {row['lost']} of them lost, others {row['others']}  "
        f"CPU µs each: web {row['web_us']}, database {row['database_us']}, client {row['client_us']}  "
        f"load {row['load']:.1f}"
    )


def main() -> None:
    """Print one line for each rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, action="append", help="deliveries a second; may be given again")
    parser.add_argument("--seconds", type=int, help="how long; by default 30 s at 300/s and 20 s at any other rate")
    parser.add_argument("--lines", type=int, default=32, help="kept connections of the client")
    parser.add_argument("--client", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        print(json.dumps(load(*json.loads(options.client))))
        return
    usual = dict(WANTED)
    for rate in options.rate or usual:
        print(told(measure("postgresql", rate, options.seconds or usual.get(rate, 20), options.lines)), flush=True)


if __name__ == "__main__":
    main()
