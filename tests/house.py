"""A house to test in: a sandbox server, an invented client, two connected accounts, and runs worked to their end."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

ROOT = Path(__file__).resolve().parent.parent
CLIENT, SECRET = "sandbox-client", "sandbox-secret"


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The sandbox server as a process of its own, on loopback, ended by `close`."""

    def __init__(self, world: str = "empty") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.session = requests.Session()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "connectors.sandbox", "--port", str(self.port), "--world", world],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(requests.RequestException):
                if self.session.get(f"{self.url}/_sandbox/health", timeout=1).ok:
                    return
            if self.process.poll() is not None:
                raise RuntimeError("the sandbox server did not start")
            time.sleep(0.05)
        raise RuntimeError("the sandbox server did not answer")

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.session.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call and return its answer."""
        answer = self.session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def reset(self, world: str = "empty") -> None:
        """Start again from a named world, without faults."""
        self.control("POST", "faults", [])
        self.control("POST", "reset", {"world": world})

    def load(self, vendor: str, **resources: Any) -> Any:
        """Add or edit documents."""
        return self.control("POST", f"load/{vendor}", resources)

    def state(self, vendor: str) -> Any:
        """Return all a vendor holds."""
        return self.control("GET", f"state/{vendor}")

    def calls(self, vendor: str) -> list[Any]:
        """Return the calls a vendor saw, oldest first."""
        return self.control("GET", f"calls?vendor={vendor}")["calls"]

    def faults(self, *faults: Any) -> None:
        """Replace the faults."""
        self.control("POST", "faults", list(faults))


SHOP_KEYS = {
    "consumer_key": "sandbox-consumer",
    "consumer_secret": "SECRET-sandbox-consumer-secret",
    "access_token": "SECRET-sandbox-access-token",
    "token_secret": "SECRET-sandbox-access-token-secret",
}
SALES_FLOWS = ("contact", "sale", "payment", "refund")
SINCE = "2020-01-01"


class House:
    """One client with a company that keeps books and an account that gets its customers."""

    def __init__(self, server: Server, audience: str = "", world: str = "empty") -> None:
        from bridge.hub.models import Organization, User, VendorApp

        self.server = server
        self.ann = User.objects.create_superuser("ann@bridge.test", "correct horse battery", language="en")
        self.organization = Organization.objects.create(name="Atelier d’essai (fictif)")
        for vendor in ("quickbooks", "mailchimp", "hubspot", "highlevel"):
            app = VendorApp(vendor=vendor, environment="local_sandbox", client_id=CLIENT)
            app.secret = SECRET
            app.save()
        self.integration: Any = None

    def connect(self, vendor: str, **query: str) -> Any:
        """Connect an account as a person would: consent page, return, grant."""
        from bridge.jobs import connections

        connection = connections.create(self.organization, vendor, "local_sandbox", self.ann)
        return self.sign_in(connection, **query)

    def sign_in(self, connection: Any, **query: str) -> Any:
        """Go to the consent page of a connection and come back."""
        from bridge.jobs import connections

        url = connections.authorize_url(connection, self.ann, "session")
        answer = requests.get(url, params={"auto": "1", **query}, allow_redirects=False, timeout=20)
        back = {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
        connection, _ = connections.finish_sign_in(back.pop("state"), back, self.ann, "session")
        return connection

    def pair(self, settings: dict[str, str] | None = None, **query: str) -> Any:
        """Connect both sides and set the pair up, ready for a first run."""
        from bridge.jobs import integrations

        books = self.connect("quickbooks", **query)
        letters = self.connect("mailchimp")
        self.integration = integrations.create(self.organization, "quickbooks_mailchimp", self.ann)
        integrations.attach(self.integration, "left", books)
        integrations.attach(self.integration, "right", letters)
        problems = integrations.save_settings(self.integration, {**self.settings(), **(settings or {})}, self.ann)
        assert not problems, problems
        self.integration.refresh_from_db()
        return self.integration

    def crm_pair(self, *flows: str, presets: bool = True, settings: dict[str, str] | None = None, **query: str) -> Any:
        """Connect a company and a CRM both ways, with the recommended sets of the flows that are on."""
        from bridge.jobs import integrations

        books, crm = self.connect("quickbooks", **query), self.connect("hubspot")
        self.integration = integrations.create(self.organization, "quickbooks_hubspot", self.ann)
        integrations.attach(self.integration, "left", books)
        integrations.attach(self.integration, "right", crm)
        problems = integrations.save_settings(self.integration, settings or {}, self.ann)
        assert not problems, problems
        self.integration.refresh_from_db()
        if flows:
            self.integration.flows.exclude(entity__in=flows).update(is_on=False)
            self.integration.flows.filter(entity__in=flows).update(is_on=True)
        if presets:
            self.recommended(*flows)
        return self.integration

    def recommended(self, *entities: str) -> None:
        """Apply the recommended set of each flow, as one click does."""
        from bridge import registry
        from bridge.jobs import filtering

        recipe = registry.recipe(self.integration.recipe)
        for flow in self.integration.flows.all():
            for preset in recipe.flow(flow.entity).presets:
                if preset.key == "recommended" and (not entities or flow.entity in entities):
                    assert filtering.apply_preset(flow, preset, self.ann) == []

    def shop(self) -> Any:
        """Connect the simulator's shop with the four values of its ready integration."""
        from bridge.jobs import connections

        connection = connections.create(self.organization, "magento", "local_sandbox", self.ann)
        connections.give_address(connection, f"{self.server.url}/magento")
        return connections.sign_in_with_values(connection, SHOP_KEYS, self.ann)

    def shop_pair(self, settings: dict[str, str] | None = None, flows: tuple[str, ...] = (), **query: str) -> Any:
        """Connect a company and a shop and set their pair up: everything mapped that can be guessed."""
        from bridge.jobs import integrations, values

        books, shop = self.connect("quickbooks", **query), self.shop()
        self.integration = integrations.create(self.organization, "quickbooks_magento", self.ann)
        integrations.attach(self.integration, "left", books)
        integrations.attach(self.integration, "right", shop)
        problems = integrations.save_settings(self.integration, {"orders_since": SINCE, **(settings or {})}, self.ann)
        assert not problems, problems
        self.integration.refresh_from_db()
        self.integration.flows.exclude(entity__in=flows or SALES_FLOWS).update(is_on=False)
        self.integration.flows.filter(entity__in=flows or SALES_FLOWS).update(is_on=True)
        for spec in values.kinds(self.integration):
            values.refresh(self.integration, spec.kind)
        return self.integration

    def map(self, kind: str, **targets: str) -> None:
        """Decide what values become, by the target's name or id."""
        from bridge.hub.models import ValueMap
        from bridge.jobs import values

        offered = {item.label: item.id for item in values.targets(self.integration, kind)}
        for key, target in targets.items():
            row, _ = ValueMap.objects.get_or_create(integration=self.integration, kind=kind, source_key=key)
            values.set_target(row, offered.get(target, target), self.ann)

    def settings(self) -> dict[str, str]:
        """Return settings that fit the empty and the demo world."""
        lists = self.server.state("mailchimp")["lists"]
        chosen = lists[1] if len(lists) > 1 else lists[0]
        return {"audience": str(chosen["id"]), "status_if_new": "transactional"}

    def run(self, approve: bool = True, **options: Any) -> Any:
        """Work one run to its end (or to its plan) in this process."""
        from bridge.jobs import runs

        run = runs.start(self.integration, user=self.ann, enqueue=False, **options)
        return self.finish(run, approve)

    def finish(self, run: Any, approve: bool = True, seconds: float = 120) -> Any:
        """Work a run until it is over or waits for a person."""
        from django.utils import timezone

        from bridge.jobs import runs

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            run.refresh_from_db()
            if run.state == run.State.PLANNED:
                if not approve:
                    return run
                runs.approve(run, self.ann)
                continue
            if run.state not in run.WORKING:
                return run
            if run.wake_at and run.wake_at > timezone.now():
                time.sleep(min(0.2, (run.wake_at - timezone.now()).total_seconds()))
                continue
            runs.work(run.pk, slice_seconds=60)
        raise AssertionError(f"run {run.pk} is still {run.state}: {run.reason_code} {run.counts}")
