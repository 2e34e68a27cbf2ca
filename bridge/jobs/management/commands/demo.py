"""A running system to look at, with invented people and the local stand-ins of the vendors."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bridge import registry
from bridge.hub.models import (
    Connection,
    Environment,
    Integration,
    Membership,
    Organization,
    Question,
    Run,
    User,
    ValueMap,
    VendorApp,
)
from bridge.jobs import connections, filtering, integrations, runs, sandbox
from bridge.jobs import values as mapping
from connectors.contract import Choice, SyncError

PASSWORD = "demo-bridge-2026"  # noqa: S105 - printed on the screen, for invented people on one machine
PEOPLE = (
    ("ann@bridge.example", "Ann", "Demo", "en", "owner"),
    ("anne@bridge.example", "Anne", "Démo", "fr", "owner"),
    ("carla@boreal.example", "Carla", "Démo", "fr", ""),
    ("dan@northwind.example", "Dan", "Demo", "en", ""),
    ("sam@bridge.example", "Sam", "Demo", "en", "support"),
)
ORGANIZATIONS = (
    ("Atelier Boréal (fictif)", "fr", "CA", "CAD", "America/Toronto"),
    ("Northwind Garden Supply (fictional)", "en", "US", "USD", "America/New_York"),
)
# Another company and another account on the stand-ins' consent pages, for the second client.
OTHERS = "&realm=9130000000000002&account=24100002"


class Command(BaseCommand):
    help = "Set up and run everything locally: web, worker and stand-ins. Safe to run again; Ctrl-C ends it."
    requires_system_checks: list[str] = []
    asks = False  # something is left for the client to answer

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--setup-only", action="store_true", help="set everything up, then end")
        parser.add_argument("--fresh", action="store_true", help="forget the demo's data first (SQLite only)")
        parser.add_argument("--no-run", action="store_true", help="make no first plan")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for one local machine; BRIDGE_PRODUCTION is on.")
        settings.SANDBOX_KEEPS_RATES = os.environ.get("BRIDGE_SANDBOX_KEEPS_RATES", "0") not in ("", "0")
        if options["fresh"]:
            self._forget()
        self._children: list[subprocess.Popen[bytes]] = []
        try:
            self._serve_sandbox()
            self._tables()
            self._people()
            self.asks = True
            self._connect(not options["no_run"])
            self.asks = False
            self._connect_other(not options["no_run"])
            self._ask()
            if options["setup_only"]:
                self._hooks()
            else:
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
        for email, given, family, language, role in PEOPLE:
            if not User.objects.filter(email=email).exists():
                User.objects.create_user(
                    email, PASSWORD, first_name=given, last_name=family, language=language, is_staff=bool(role),
                    staff_role=role,
                )  # fmt: skip
        for name, language, country, currency, zone in ORGANIZATIONS:
            Organization.objects.get_or_create(
                name=name,
                defaults={"language": language, "country": country, "currency": currency, "time_zone": zone,
                          "owner": User.objects.get(email=PEOPLE[0][0])},
            )  # fmt: skip
        for (name, *_rest), (email, *_names) in zip(ORGANIZATIONS, PEOPLE[2:4], strict=True):
            Membership.objects.get_or_create(
                organization=Organization.objects.get(name=name), user=User.objects.get(email=email),
                defaults={"role": Membership.Role.MANAGER},
            )  # fmt: skip
        for vendor in registry.connectors():
            app, made = VendorApp.objects.get_or_create(
                vendor=vendor, environment=Environment.LOCAL_SANDBOX, defaults={"client_id": "sandbox-client"}
            )
            if made or not app.sealed_secret:
                app.secret = "sandbox-secret"  # noqa: S105 - the stand-ins' own, public by design
                app.webhook_secrets = ["sandbox-verifier"]
                app.save()

    def _hooks(self) -> None:
        """Let the stand-ins send their notices here, where they know how, and believe those that sign with keys."""
        for vendor, connector in registry.connectors().items():
            if connector.webhooks and not connector.webhooks.per_connection:
                address = f"{settings.BRIDGE_BASE_URL}/hooks/{vendor}/"
                for told in ({"webhook_url": address, "verifier_token": "sandbox-verifier"}, {"webhook_url": address}):
                    with contextlib.suppress(SyncError):  # some share a word, some sign with keys
                        sandbox.configure(vendor, told)
                        break
                self._believe(vendor)

    def _believe(self, vendor: str) -> None:
        """Take a stand-in's own public keys for the secrets of its app, where it says that it signs with keys."""
        told = [str(key["public_key_pem"]) for key in sandbox.state(vendor).get("webhook_keys", ())]
        app = VendorApp.objects.get(vendor=vendor, environment=Environment.LOCAL_SANDBOX)
        if told and app.webhook_secrets != told:
            app.webhook_secrets = told
            app.save()

    def _connect(self, first_plan: bool) -> None:
        """Put the first organization's pairs together and plan them."""
        first = Organization.objects.get(name=ORGANIZATIONS[0][0])
        for recipe in registry.recipes().values():
            organization = self._client(recipe) or first
            if Integration.objects.filter(organization=organization, recipe=recipe.key).exists():
                continue
            self.stdout.write(f"Connecting {recipe.label.en} …")
            try:
                self._pair(organization, recipe, first_plan)
            except SyncError as error:
                self.stderr.write(f"  not connected: {error}")

    def _client(self, recipe: Any) -> Organization | None:
        """Return the client of its own that a recipe's demonstration wants, if any."""
        if recipe.demo.client is None:
            return None
        name, language, country, currency, zone = recipe.demo.client
        found, made = Organization.objects.get_or_create(
            name=name,
            defaults={"language": language, "country": country, "currency": currency, "time_zone": zone,
                      "owner": User.objects.get(email=PEOPLE[0][0])},
        )  # fmt: skip
        if made:
            Membership.objects.get_or_create(
                organization=found, user=User.objects.get(email=PEOPLE[2][0]),
                defaults={"role": Membership.Role.MANAGER},
            )  # fmt: skip
        return found

    def _connect_other(self, first_plan: bool) -> None:
        """Give the second client the first pair whose accounts are free; the others are left to set up by hand."""
        organization, user = Organization.objects.get(name=ORGANIZATIONS[1][0]), User.objects.get(email=PEOPLE[0][0])
        own = [recipe.key for recipe in registry.recipes().values() if recipe.demo.client]
        if Integration.objects.filter(organization=organization).exclude(recipe__in=own).exists():
            return
        for recipe in registry.recipes().values():
            if recipe.demo.client:
                continue
            try:
                for vendor in (recipe.left, recipe.right):
                    if not Connection.objects.filter(organization=organization, vendor=vendor).exists():
                        self._sign_in(organization, vendor, user, OTHERS)
            except (SyncError, KeyError):
                Connection.objects.filter(organization=organization, state=Connection.State.NEW).delete()
                continue
            self.stdout.write(f"Connecting {recipe.label.en}, for the second client …")
            self._pair(organization, recipe, first_plan, edits=False)
            return

    def _ask(self) -> None:
        """Ask the first client one thing that waits for an answer, where there is something to ask."""
        client, user = Organization.objects.get(name=ORGANIZATIONS[0][0]), User.objects.get(email=PEOPLE[0][0])
        rows = ValueMap.objects.filter(integration__organization=client, confirmed=False).select_related("integration")
        if Question.objects.filter(integration__organization=client).exists():
            return
        waiting = {pair.pk: mapping.waiting(pair) for pair in Integration.objects.filter(organization=client)}
        count = {row.pk: waiting[row.integration_id].get((row.kind, row.source_key), 0) for row in rows}
        # One that records wait for, so that its answer lets them go; best where one answer is the likely one.
        for row in sorted(rows, key=lambda row: (not count[row.pk], not row.target_id, -count[row.pk], row.pk)):
            with contextlib.suppress(SyncError):
                mapping.ask_accountant(row, user, User.objects.get(email=PEOPLE[2][0]))
                return

    def _pair(self, organization: Organization, recipe: Any, first_plan: bool, edits: bool = True) -> None:
        user = User.objects.get(email=PEOPLE[0][0])
        integration = integrations.create(organization, recipe.key, user)
        for side in ("left", "right"):
            vendor = getattr(recipe, side)
            connection = Connection.objects.filter(
                organization=organization, vendor=vendor, state=Connection.State.CONNECTED
            ).first() or self._sign_in(organization, vendor, user, recipe.demo.chosen, recipe.demo.key)
            integrations.attach(integration, side, connection)
            connections.check(connection)
        self._settings(integration, recipe, user)
        self._maps(integration, recipe, user)
        self._flows(integration, recipe, user)
        if first_plan:
            run = self._work(runs.start(integration, user=user, plan_only=True, enqueue=False))
            self.stdout.write(f"  first plan: {sum(run.counts.get('states', {}).values())} lines, {run.state}")
            if recipe.demo.in_step:
                self._in_step(integration, recipe, run, user, edits)

    def _flows(self, integration: Integration, recipe: Any, user: User) -> None:
        """Apply the recommended sets the recipe names, and let dated records go back as far as it says."""
        for flow in integration.flows.all():
            for preset in recipe.flow(flow.entity).presets:
                if recipe.demo.presets.get(flow.entity) == preset.key:
                    filtering.apply_preset(flow, preset, user)
            if recipe.demo.days and flow.start_date:
                flow.start_date -= timedelta(days=recipe.demo.days)
                flow.save(update_fields=["start_date"])

    def _work(self, run: Run) -> Run:
        while run.state in run.WORKING:
            runs.work(run.pk)
            run.refresh_from_db()
        return run

    def _in_step(self, integration: Integration, recipe: Any, run: Run, user: User, edits: bool) -> None:
        """Write what was planned, let two people change the same thing, and look again: from now on it runs by
        itself.
        """
        if run.state == Run.State.PLANNED:
            runs.approve(run, user)
            run = self._work(run)
        integration.refresh_from_db()
        if edits and recipe.demo.edits and run.state in (Run.State.DONE, Run.State.HELD):
            links = integration.links.filter(entity="contact", shared=False).exclude(conflicts__isnull=False)
            link = links.select_related("left", "right").order_by("pk").first()
            if link:
                left, right = recipe.demo.edits(link.left.document, link.right.document)
                sandbox.load(recipe.left, left)
                sandbox.load(recipe.right, right)
            run = self._work(runs.start(integration, user=user, enqueue=False))
        integration.refresh_from_db()
        if recipe.terms and not integrations.acceptance(integration):
            integrations.accept_terms(integration, f"{user.first_name} {user.last_name}", user.language, user)
        blockers = integrations.set_automatic(integration, True, user)
        self.stdout.write(f"  in step: {run.state}; {integration.links.count()} links")
        if blockers:
            self.stdout.write(f"  not by itself yet: {', '.join(item.code for item in blockers)}")

    def _sign_in(
        self, organization: Organization, vendor: str, user: User, chosen: str = "", key: str = ""
    ) -> Connection:
        connection = connections.create(organization, vendor, Environment.LOCAL_SANDBOX, user)
        if connections.key_of(connection) and key:
            return connections.sign_in_with_key(connection, key, user)
        if way := connections.values_of(connection):
            return connections.sign_in_with_values(connection, way.simulator, user)
        url = connections.authorize_url(connection, user, "demo")
        answer = requests.get(f"{url}&auto=1{chosen}", allow_redirects=False, timeout=20)
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
                if self.asks and recipe.demo.asked.get(spec.kind) == key:
                    continue
                row, _ = ValueMap.objects.get_or_create(integration=integration, kind=spec.kind, source_key=key)
                mapping.set_target(row, offered.get(target, target), user)

    # processes

    def _easier(self) -> dict[str, str]:
        """What is different in a demonstration, unless the environment says otherwise: one step for the office, the
        stand-in's own sign-in, and no waiting for rates of vendors that are none.
        """
        return {
            "BRIDGE_STAFF_SECOND_STEP": "0",
            "BRIDGE_SANDBOX_KEEPS_RATES": "0",
            "INTUIT_SIGN_IN_CLIENT_ID": "sandbox-client",
            "INTUIT_SIGN_IN_CLIENT_SECRET": "sandbox-secret",
            "INTUIT_SIGN_IN_DISCOVERY": f"{settings.BRIDGE_SANDBOX_URL}/quickbooks/.well-known/openid_configuration/",
        }

    def _start(self, *words: str) -> None:
        self._run("manage.py", *words)

    def _run(self, *words: str) -> None:
        environment = {**self._easier(), **os.environ, "DJANGO_SETTINGS_MODULE": "bridge.settings",
                       "PYTHONUNBUFFERED": "1"}  # fmt: skip
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
        self._wait_for_web()
        self._hooks()
        self.stdout.write(
            "\n".join(
                [
                    "",
                    "  Bridge runs.",
                    f"  Open      {settings.BRIDGE_BASE_URL}/",
                    f"  Sign in   {PEOPLE[0][0]} (English) or {PEOPLE[1][0]} (français), password {PASSWORD}",
                    f"  Clients   {PEOPLE[2][0]} (français) and {PEOPLE[3][0]} (English), the same password",
                    f"  Support   {PEOPLE[4][0]} (English), the same password",
                    "            (one step for the office here; a real installation asks for a second one)",
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

    def _wait_for_web(self) -> None:
        """Return once our pages answer: a notice sent before is refused, and a stand-in gives up on it aloud."""
        end = time.monotonic() + 60
        while time.monotonic() < end and self._children[-1].poll() is None:
            with contextlib.suppress(requests.RequestException):
                requests.get(f"{settings.BRIDGE_BASE_URL}/accounts/login/", timeout=10)
                return
            time.sleep(0.2)

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
