"""A running system to look at, with invented people and the local stand-ins of the vendors."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bridge import registry
from bridge.hub.models import Connection, Environment, Integration, Membership, Organization, User, ValueMap, VendorApp
from bridge.jobs import connections, integrations, runs, sandbox
from bridge.jobs import values as mapping
from connectors.contract import Choice, SyncError

PASSWORD = "demo-bridge-2026"  # noqa: S105 - printed on the screen, for invented people on one machine
PEOPLE = (
    ("ann@bridge.example", "Ann", "Demo", "en", True),
    ("anne@bridge.example", "Anne", "Démo", "fr", True),
    ("carla@boreal.example", "Carla", "Démo", "fr", False),
)
ORGANIZATIONS = (
    ("Atelier Boréal (fictif)", "fr", "CA", "CAD", "America/Toronto"),
    ("Northwind Garden Supply (fictional)", "en", "US", "USD", "America/New_York"),
)


class Command(BaseCommand):
    help = "Set up and run everything locally: web, worker and stand-ins. Safe to run again; Ctrl-C ends it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--setup-only", action="store_true", help="set everything up, then end")
        parser.add_argument("--fresh", action="store_true", help="forget the demo's data first (SQLite only)")
        parser.add_argument("--no-run", action="store_true", help="make no first plan")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for one local machine; BRIDGE_PRODUCTION is on.")
        if options["fresh"]:
            self._forget()
        self._children: list[subprocess.Popen[bytes]] = []
        try:
            self._serve_sandbox()
            self._tables()
            self._people()
            self._hooks()
            self._connect(not options["no_run"])
            if not options["setup_only"]:
                self._serve()
        finally:
            self._end()

    # parts

    def _forget(self) -> None:
        """Remove the local database file; another database is not ours to remove."""
        database = settings.DATABASES["default"]
        if not database["ENGINE"].endswith("sqlite3"):
            raise CommandError("--fresh forgets only the local SQLite file; this is another database.")
        for ending in ("", "-wal", "-shm"):
            Path(f"{database['NAME']}{ending}").unlink(missing_ok=True)
        self.stdout.write("Fresh start …")

    def _tables(self) -> None:
        self.stdout.write("Tables …")
        call_command("migrate", verbosity=0, interactive=False)

    def _people(self) -> None:
        self.stdout.write("People and organizations …")
        for email, given, family, language, staff in PEOPLE:
            if not User.objects.filter(email=email).exists():
                User.objects.create_user(
                    email, PASSWORD, first_name=given, last_name=family, language=language, is_staff=staff,
                    is_superuser=staff,
                )  # fmt: skip
        for name, language, country, currency, zone in ORGANIZATIONS:
            Organization.objects.get_or_create(
                name=name,
                defaults={"language": language, "country": country, "currency": currency, "time_zone": zone,
                          "owner": User.objects.get(email=PEOPLE[0][0])},
            )  # fmt: skip
        Membership.objects.get_or_create(
            organization=Organization.objects.get(name=ORGANIZATIONS[0][0]),
            user=User.objects.get(email=PEOPLE[2][0]),
            defaults={"role": Membership.Role.MANAGER},
        )
        for vendor in registry.connectors():
            app, made = VendorApp.objects.get_or_create(
                vendor=vendor, environment=Environment.LOCAL_SANDBOX, defaults={"client_id": "sandbox-client"}
            )
            if made or not app.sealed_secret:
                app.secret = "sandbox-secret"  # noqa: S105 - the stand-ins' own, public by design
                app.webhook_secrets = ["sandbox-verifier"]
                app.save()

    def _hooks(self) -> None:
        """Let the stand-ins send their notices here, where they know how."""
        for vendor, connector in registry.connectors().items():
            if connector.webhooks and not connector.webhooks.per_connection:
                address = f"{settings.BRIDGE_BASE_URL}/hooks/{vendor}/"
                with contextlib.suppress(SyncError):
                    sandbox.configure(vendor, {"webhook_url": address, "verifier_token": "sandbox-verifier"})

    def _connect(self, first_plan: bool) -> None:
        """Put the first organization's pairs together and plan them; the second one is left to set up by hand."""
        organization = Organization.objects.get(name=ORGANIZATIONS[0][0])
        for recipe in registry.recipes().values():
            if Integration.objects.filter(organization=organization, recipe=recipe.key).exists():
                continue
            self.stdout.write(f"Connecting {recipe.label.en} …")
            try:
                self._pair(organization, recipe, first_plan)
            except SyncError as error:
                self.stderr.write(f"  not connected: {error}")

    def _pair(self, organization: Organization, recipe: Any, first_plan: bool) -> None:
        user = User.objects.get(email=PEOPLE[0][0])
        integration = integrations.create(organization, recipe.key, user)
        for side in ("left", "right"):
            vendor = getattr(recipe, side)
            connection = Connection.objects.filter(
                organization=organization, vendor=vendor, state=Connection.State.CONNECTED
            ).first() or self._sign_in(organization, vendor, user)
            integrations.attach(integration, side, connection)
            connections.check(connection)
        self._settings(integration, recipe, user)
        self._maps(integration, recipe, user)
        if first_plan:
            run = runs.start(integration, user=user, plan_only=True, enqueue=False)
            while run.state in run.WORKING:
                runs.work(run.pk)
                run.refresh_from_db()
            self.stdout.write(f"  first plan: {sum(run.counts.get('states', {}).values())} lines, {run.state}")

    def _sign_in(self, organization: Organization, vendor: str, user: User) -> Connection:
        connection = connections.create(organization, vendor, Environment.LOCAL_SANDBOX, user)
        if way := connections.values_of(connection):
            return connections.sign_in_with_values(connection, way.simulator, user)
        url = connections.authorize_url(connection, user, "demo")
        answer = requests.get(f"{url}&auto=1", allow_redirects=False, timeout=20)
        back = {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
        return connections.finish_sign_in(back.pop("state"), back, user, "demo")[0]

    def _settings(self, integration: Integration, recipe: Any, user: User) -> None:
        """Choose what the recipe says for the stand-ins; where a list is needed besides, its last one (a fresh
        audience, an empty store).
        """
        values = {}
        lists: dict[tuple[str, str], list[Choice]] = {}
        for item in recipe.settings:
            wanted = recipe.demo.settings.get(item.key)
            if item.choices_from and (wanted or item.required):
                key = (item.side, item.choices_from)
                if key not in lists:
                    lists[key] = connections.choices(getattr(integration, item.side), item.choices_from)
                chosen = next((one for one in lists[key] if wanted in (one.id, one.label)), None)
                if chosen := chosen or (lists[key][-1] if lists[key] and not wanted else None):
                    values[item.key], values[f"{item.key}_label"] = chosen.id, chosen.label
            elif wanted:
                values[item.key] = wanted
            elif item.default:
                values[item.key] = item.default
            elif item.choices and item.required:
                values[item.key] = item.choices[-1][0]
        problems = integrations.save_settings(integration, values, user)
        if problems:
            self.stderr.write(f"  settings: {sorted(problems)}")

    def _maps(self, integration: Integration, recipe: Any, user: User) -> None:
        """Decide the value maps as the recipe says for the stand-ins."""
        for spec in mapping.kinds(integration):
            mapping.refresh(integration, spec.kind)
            offered = {item.label: item.id for item in mapping.targets(integration, spec.kind)}
            for key, target in recipe.demo.maps.get(spec.kind, {}).items():
                row, _ = ValueMap.objects.get_or_create(integration=integration, kind=spec.kind, source_key=key)
                mapping.set_target(row, offered.get(target, target), user)

    # processes

    def _start(self, *words: str) -> None:
        self._run("manage.py", *words)

    def _run(self, *words: str) -> None:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bridge.settings", "PYTHONUNBUFFERED": "1"}
        self._children.append(subprocess.Popen([sys.executable, *words], env=environment, start_new_session=True))

    def _serve_sandbox(self) -> None:
        if sandbox.health():
            self.stdout.write(f"Sandbox already on {settings.BRIDGE_SANDBOX_URL}")
            return
        here = urlsplit(settings.BRIDGE_SANDBOX_URL)
        if here.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise CommandError(f"No sandbox answers on {settings.BRIDGE_SANDBOX_URL}.")
        self.stdout.write("Sandbox …")
        self._start("sandbox", "--port", str(here.port or 9100))
        end = time.monotonic() + 60
        while not sandbox.health():
            if time.monotonic() > end or self._children[-1].poll() is not None:
                raise CommandError(f"The sandbox did not start on {settings.BRIDGE_SANDBOX_URL}.")
            time.sleep(0.2)

    def _serve(self) -> None:
        here = urlsplit(settings.BRIDGE_BASE_URL)
        self._start("watch")
        self._run(
            "-m", "gunicorn", "bridge.wsgi", "--bind", f"{here.hostname}:{here.port or 8000}", "--threads", "8",
            "--log-level", "warning",
        )  # fmt: skip
        self.stdout.write(
            "\n".join(
                [
                    "",
                    "  Bridge runs.",
                    f"  Open      {settings.BRIDGE_BASE_URL}/",
                    f"  Sign in   {PEOPLE[0][0]} (English) or {PEOPLE[1][0]} (français), password {PASSWORD}",
                    f"  Client    {PEOPLE[2][0]}, the same password",
                    f"  Vendors   {settings.BRIDGE_SANDBOX_URL}/ (stand-ins; switch faults on under Simulators)",
                    "  A first plan waits for your approval on “Today”. Ctrl-C ends everything.",
                    "",
                ]
            )
        )
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with contextlib.suppress(KeyboardInterrupt):
            while all(child.poll() is None for child in self._children):
                time.sleep(0.5)
            self.stderr.write("A process ended; stopping the others.")

    def _end(self) -> None:
        for child in self._children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGTERM)
        for child in self._children:
            try:
                child.wait(12)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
