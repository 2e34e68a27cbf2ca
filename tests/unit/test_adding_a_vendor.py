"""The page on adding a vendor, followed word for word: its files are built and a pair is synced with them."""

import json
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module, invalidate_caches
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.house import House, Server
from tests.sandbox.small_world import books, customer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-vendor.md"
BLOCK = re.compile(r"```python\n# (connectors/\S+\.py)\n(.*?)```", re.DOTALL)


class Lantern(ThreadingHTTPServer):
    """The invented vendor, as the page describes it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Counter)
        self.people, self.calls, self.lock = {}, [], threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/lantern/v1"


class Counter(BaseHTTPRequestHandler):
    """Its desk."""

    protocol_version = "HTTP/1.1"

    def _answer(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args):
        """Say nothing."""

    def _serve(self):
        parts = urlsplit(self.path)
        path, query = parts.path.removeprefix("/lantern/v1"), {k: v[0] for k, v in parse_qs(parts.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        with self.server.lock:
            self.server.calls.append((self.command, path))
            if self.headers.get("Authorization") != "Bearer lk_0123456789":
                return self._answer(401, {"error": "no such key"})
            if path == "/me":
                return self._answer(200, {"id": "77", "name": "Ann's address book"})
            if self.command == "GET":
                return self._answer(200, self._listing(query))
            return self._answer(*self._write(path, body))

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - names the server looks for

    def _listing(self, query):
        rows = [row for row in self.server.people.values() if row["changed_at"] >= query.get("changed_since", "")]
        if "email" in query:
            rows = [row for row in rows if row["email"] == query["email"]]
        rows = [row for row in sorted(rows, key=lambda row: row["id"]) if row["id"] > query.get("after", "")]
        return {"people": rows[:2], "next": rows[1]["id"] if len(rows) > 2 else None}

    def _write(self, path, body):
        people = self.server.people
        number = path.rpartition("/")[2] if self.command == "PATCH" else f"{len(people) + 1:04d}"
        if any(row["email"] == body.get("email") and row["id"] != number for row in people.values()):
            return 409, {"error": "address taken", "field": "email"}
        blank = {"id": number, "email": "", "first": "", "last": "", "phone": ""}
        stamp = f"2026-11-21T10:00:{len(self.server.calls) % 60:02d}Z"
        people[number] = {**people.get(number, blank), **body, "changed_at": stamp}
        return 200, people[number]


@pytest.fixture
def lantern(tmp_path, monkeypatch, settings):
    """The page's files, loaded beside ours, and its two lines."""
    import connectors
    import connectors.recipes
    from bridge import registry

    files = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(files) == 5, [name for name, _ in files]
    for name, code in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path / "connectors")])
    monkeypatch.setattr(
        connectors.recipes, "__path__", [*connectors.recipes.__path__, str(tmp_path / "connectors" / "recipes")]
    )
    invalidate_caches()
    vendor = Lantern()
    module = import_module("connectors.lantern")
    here = replace(module.ENVIRONMENTS["local_sandbox"], api=vendor.url)
    environments = {**module.ENVIRONMENTS, "local_sandbox": here}
    monkeypatch.setattr(module, "CONNECTOR", replace(module.CONNECTOR, environments=environments))
    recipe = import_module("connectors.recipes.quickbooks_lantern").RECIPE
    monkeypatch.setattr(connectors.recipes, "RECIPES", (*connectors.recipes.RECIPES, recipe))
    settings.CONNECTORS = [*settings.CONNECTORS, "connectors.lantern"]
    caches = (registry.connectors, registry.recipes, registry.catalogue)
    for cache in caches:
        cache.cache_clear()
    yield vendor
    vendor.shutdown()
    vendor.server_close()
    for cache in caches:
        cache.cache_clear()


def test_the_vendor_of_the_page_fits(lantern):
    from bridge import registry

    assert "lantern" in registry.connectors() and "quickbooks_lantern" in registry.recipes()
    assert registry.problems() == []


@pytest.mark.django_db(transaction=True)
def test_the_pair_of_the_page_is_planned_synced_and_then_in_step(lantern, settings):
    from bridge.hub.models import Change
    from bridge.jobs import connections, integrations

    server = Server()
    try:
        settings.BRIDGE_SANDBOX_URL = server.url
        server.reset("empty")
        house = House(server)
        books(server, *(customer(number) for number in range(501, 506)), customer(506, None))
        left = house.connect("quickbooks")
        right = connections.create(house.organization, "lantern", "local_sandbox", house.ann)
        connections.sign_in_with_key(right, "lk_0123456789", house.ann)
        right.refresh_from_db()
        assert right.account_name == "Ann's address book"
        house.integration = integrations.create(house.organization, "quickbooks_lantern", house.ann)
        integrations.attach(house.integration, "left", left)
        integrations.attach(house.integration, "right", right)

        run = house.run(approve=False)
        assert run.state == "planned", (run.state, run.reason_code)
        assert not lantern.people, "nothing is written before a person has seen the plan"
        house.finish(run)
        assert {row["email"] for row in lantern.people.values()} == {f"zoe{n}@fictive.example" for n in range(501, 506)}
        seen = len(lantern.calls)
        again = house.run()
        assert again.changes.filter(state=Change.State.DONE).count() == 0
        assert all(method == "GET" for method, _ in lantern.calls[seen:])
    finally:
        server.close()
