"""Two invented address books on loopback, with their connectors and a recipe that keeps them in step both ways.

They are stubborn in their own way: the north one trims names and lowers addresses, the south one formats phone numbers.
Both can lose an answer after a write has landed, merge people and delete them.
"""

import json
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

from connectors.contract import (
    ApiKey,
    AuthorizationExpired,
    Connector,
    Explanation,
    Feed,
    Field,
    Grant,
    Hosts,
    Identity,
    Limits,
    Page,
    Recipe,
    RecipeFlow,
    RecordRejected,
    Resource,
    RuleSpec,
    Setting,
    Text,
    VendorUnavailable,
)

NAMES = ("email", "given_name", "family_name", "company", "phone", "notes")
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def trims(name, value):
    """The north book trims, and lowers addresses."""
    if not isinstance(value, str):
        return value
    return value.strip().lower() if name == "email" else value.strip()


def formats(name, value):
    """The south book writes phone numbers its own way."""
    digits = "".join(char for char in value if char.isdigit()) if name == "phone" and value else ""
    return f"+1 ({digits[:3]}) {digits[3:6]}-{digits[6:]}" if len(digits) == 10 else value


class Book(ThreadingHTTPServer):
    """One address book. `lose`: so many writes land without an answer."""

    daemon_threads = True

    def __init__(self, key, keeps):
        super().__init__(("127.0.0.1", 0), _Counter)
        self.key, self.keeps, self.people, self.calls, self.lose = key, keeps, {}, [], 0
        self.lock, self.clock, self.loses = threading.RLock(), 0, "after"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def writes(self):
        """How many writes came in."""
        return sum(method in ("POST", "PATCH") for method, _ in self.calls)

    def put(self, number="", **values):
        """Add or change somebody, as a person would in the book's own screens."""
        with self.lock:
            number = number or f"{self.key[0]}{len(self.people) + 1:03d}"
            self.clock += 1
            kept = {name: self.keeps(name, value) for name, value in values.items()}
            blank = {**dict.fromkeys(NAMES), "id": number, "gone": False, "merged_into": None, "mark": ""}
            stamp = {"seq": self.clock, "changed_at": (START + timedelta(seconds=self.clock)).isoformat()}
            self.people[number] = {**blank, **self.people.get(number, {}), **kept, **stamp}
            return number

    def merge(self, loser, survivor):
        """Two were the same: one is left."""
        self.put(survivor, **{name: self.people[survivor][name] or self.people[loser][name] for name in NAMES})
        self.put(loser, gone=True, merged_into=survivor)

    def person(self, **values):
        """The one person who has these values."""
        (found,) = [row for row in self.people.values() if values.items() <= row.items()]
        return found


class _Counter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Say nothing."""

    def _serve(self):
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        book = self.server
        with book.lock:
            book.calls.append((self.command, parts.path))
            if self.command == "GET":
                return self._answer(self._read(parts.path, query))
            losing = book.lose > 0
            book.lose -= losing
            if losing and book.loses == "before":
                return self._cut()
            number = parts.path.rpartition("/")[2] if self.command == "PATCH" else ""
            row = book.people[book.put(number, **body)]
            return self._cut() if losing else self._answer(row)

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - names the server looks for

    def _read(self, path, query):
        book = self.server
        if path == "/me":
            return {"id": f"{book.key}-1", "name": f"{book.key.title()} book"}
        rows = sorted(book.people.values(), key=lambda row: row["seq"])
        if "mark" in query:
            return {"people": [row for row in rows if row["mark"] == query["mark"]]}
        if "id" in query:
            return {"people": [row for row in rows if row["id"] == query["id"]]}
        return {"people": [row for row in rows if row["seq"] > int(query.get("after", 0))]}

    def _cut(self):
        self.close_connection = True
        self.connection.close()

    def _answer(self, body):
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _read_people(api, cursor, wanted):
    rows = api.get("/people", {"after": str((cursor or {}).get("after", 0))})["people"]
    newest = max([int((cursor or {}).get("after", 0)), *(row["seq"] for row in rows)])
    yield Page({"people": rows}, cursor={"after": newest}, ends=frozenset(wanted))


def _build(values, action, context):
    body = {name: value for name, value in values.items() if name in NAMES}
    return {**body, "mark": values["source"].remote_id} if action == "create" else body


def _find(api, write):
    if write.action == "create":
        rows = api.get("/people", {"mark": write.payload["mark"]})["people"]
        return rows[0] if rows else None
    rows = api.get("/people", {"id": write.remote_id})["people"]
    same = rows and all(formats(key, rows[0].get(key)) == formats(key, trims(key, value))
                        for key, value in write.payload.items())  # fmt: skip
    return rows[0] if same else None


def _classify(status, headers, body):
    known = {401: AuthorizationExpired, 404: RecordRejected}
    return known.get(status, VendorUnavailable)("BOOK-DOWN", params={"status": status})


def _connector(key, label, url):
    people = Resource(
        name="people",
        entity="contact",
        label=Text("People", "Personnes"),
        fields=tuple(Field(name, name, read=lambda value: value, write=lambda value: value) for name in NAMES),
        changed_at="changed_at",
        is_gone=lambda raw: bool(raw["gone"]),
        merged_into=lambda raw: raw["merged_into"],
        match_on=("email",),
        build=_build,
        create=lambda api, payload, mark: api.post("/people", payload),
        update=lambda api, remote_id, payload, mark: api.patch(f"/people/{remote_id}", payload),
        find=_find,
        repeat="look_first",
        settle=timedelta(0),
    )
    return Connector(
        key=key,
        label=label,
        environments={"local_sandbox": Hosts(api=url)},
        resources=(people,),
        feeds=(Feed("people", ("people",), _read_people),),
        sign_in=(
            ApiKey(
                setting=Setting("api_key", Text("Key", "Clé"), "secret"),
                grant=lambda given, hosts: Grant(access_token=given),
            ),
        ),
        headers=lambda grant: {"Authorization": f"Bearer {grant.access_token}"},
        base_url=lambda hosts, grant, account_id: hosts.api,
        classify=_classify,
        identify=lambda api: Identity(str(api.get("/me")["id"]), str(api.get("/me")["name"])),
        limits=Limits(concurrency=2),
        catalogue=(
            Explanation(
                "BOOK-DOWN",
                Text("The book does not answer.", "Le carnet ne répond pas."),
                Text("It told us so.", "Il nous l’a dit."),
                Text("Wait.", "Attendez."),
            ),
        ),
    )


def both(name, right="ask", left="ask", **more):
    """The same field both ways."""
    return (
        RuleSpec(name, name, on_conflict=right, toward="right", **more),
        RuleSpec(name, name, on_conflict=left, toward="left", **more),
    )


CONTACT = RecipeFlow(
    entity="contact",
    label=Text("People", "Personnes"),
    left=("people",),
    right=("people",),
    directions=("both", "right", "left"),
    rules=(
        *both("email"),
        *both("phone"),
        *both("given_name", "source", "target"),
        *both("company", "target", "source"),
        RuleSpec("notes", "notes"),
    ),
    match_on=("email",),
    optional=True,
    sentence=Text("People are the same in both.", "Les gens sont les mêmes dans les deux."),
)
RECIPE = Recipe(
    key="north_south",
    label=Text("North and south", "Nord et sud"),
    left="north",
    right="south",
    flows=(CONTACT,),
)
RECIPES: tuple[Recipe, ...] = (RECIPE,)


@contextmanager
def open_books(monkeypatch, settings):
    """Both books running, their vendors and the recipe known to the registry."""
    from bridge import registry

    found = {}
    for key, label, keeps in (
        ("north", Text("North book", "Carnet du nord"), trims),
        ("south", Text("South book", "Carnet du sud"), formats),
    ):
        book = found[key] = Book(key, keeps)
        module = ModuleType(f"tests.book_{key}")
        module.CONNECTOR = _connector(key, label, book.url)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.CONNECTORS = [*settings.CONNECTORS, "tests.book_north", "tests.book_south"]
    settings.RECIPES = [*settings.RECIPES, "tests.address_books"]
    caches = (registry.connectors, registry.recipes, registry.catalogue)
    for cache in caches:
        cache.cache_clear()
    try:
        yield found["north"], found["south"]
    finally:
        for book in found.values():
            book.shutdown()
            book.server_close()
        for cache in caches:
            cache.cache_clear()


class Pair:
    """A client whose two books are connected."""

    def __init__(self, north, south):
        from bridge.hub.models import Organization, User
        from bridge.jobs import connections, integrations

        self.north, self.south = north, south
        self.ann = User.objects.create_superuser("ann@bridge.test", "correct horse battery", language="en")
        self.organization = Organization.objects.create(name="Atelier d’essai (fictif)")
        self.integration = integrations.create(self.organization, "north_south", self.ann)
        for side, vendor in (("left", "north"), ("right", "south")):
            connection = connections.create(self.organization, vendor, "local_sandbox", self.ann)
            connections.sign_in_with_key(connection, "a-key", self.ann)
            connection.refresh_from_db()
            integrations.attach(self.integration, side, connection)

    @property
    def flow(self):
        return self.integration.flows.get(entity="contact")

    def run(self, approve=True, **options):
        """Work one run to its end, approving its plan."""
        from tests.house import House

        house = House.__new__(House)
        house.ann, house.integration = self.ann, self.integration
        return house.run(approve, **options)

    def writes(self):
        """How many writes each book got so far."""
        return self.north.writes, self.south.writes

    def quiet(self):
        """Run twice; fail if either wrote anything."""
        before = self.writes()
        self.run()
        self.run()
        assert self.writes() == before, "a run with nothing new wrote something"

    def set_rule(self, target, toward, **values):
        """Change a mapping rule, which makes a new version of the rules."""
        from bridge.jobs import ruling

        rule = self.flow.rules.get(target=target, toward=toward)
        kept = {name: getattr(rule, name) for name in ("source", "target", "transform", "argument", "when")}
        problems = ruling.save_rule(self.flow, {"id": rule.pk, **kept, **values}, self.ann)
        assert not problems, problems
