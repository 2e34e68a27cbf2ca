"""The demonstration's webhooks: what is changed at a stand-in arrives by its own signed delivery at our address."""

import os
import subprocess
import sys
import time

import pytest
import requests

from bridge.hub.models import InboxEvent, Integration, Run, VendorApp
from bridge.jobs import integrations, webhooks
from bridge.jobs.management.commands import demo
from tests.house import ROOT, free_port
from tests.sandbox.small_agency import MAIL, act, agency_pair, bill, book, furnish, person

WITH_HOOKS = ("quickbooks", "hubspot", "highlevel")


@pytest.fixture
def demonstration(house, server, live_server, settings):
    """The demonstration's own set-up of webhooks, with our address on a real server."""
    settings.BRIDGE_BASE_URL = live_server.url
    yield demo.Command()
    for vendor in WITH_HOOKS:
        server.control("POST", f"configure/{vendor}", {"webhook_url": ""})
    server.control("POST", "configure/highlevel", {"webhook_signatures": "both"})


def delivered(server, count):
    """The statuses our address answered, once that many deliveries to the agency's were made and none waits."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        told = server.control("GET", "hooks")
        found = [one["status"] for one in told["deliveries"] if one["url"].endswith("/hooks/highlevel/")]
        if len(found) >= count and not told["waiting"]:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(found)} of {count} deliveries: {told}")


@pytest.mark.row("C-07")
def test_an_invoice_sent_on_the_stand_in_s_screen_is_told_signed_and_goes(house, server, demonstration):
    furnish(server)
    server.load("highlevel", contacts=[person(1, MAIL)], invoices=[bill(1)])
    agency_pair(house)
    assert house.run().state == "done" and book(server, "Invoice") == {}
    house.integration.refresh_from_db()
    integrations.accept_terms(house.integration, "Ann Inventée", "fr", house.ann)
    assert integrations.set_automatic(house.integration, True, house.ann) == []
    demonstration._hooks()
    server.load("highlevel", invoices=[act(1, send=True)])
    assert set(delivered(server, 1)) == {200}
    event = InboxEvent.objects.filter(vendor="highlevel", resource="invoices").latest("pk")
    assert event.connection == house.integration.right
    webhooks.process(event.pk)
    house.finish(Run.objects.get(integration=house.integration, trigger="webhook"))
    assert len(book(server, "Invoice")) == 1


def test_what_the_stand_in_did_not_sign_is_refused_and_its_keys_are_kept_once(house, server, demonstration):
    agency_pair(house, "contact")
    demonstration._hooks()
    demonstration._hooks()
    keys = VendorApp.objects.get(vendor="highlevel").webhook_secrets
    assert len(keys) == len(set(keys)) == len(server.state("highlevel")["webhook_keys"])
    assert not VendorApp.objects.get(vendor="hubspot").webhook_secrets, "who signs with the app's secret has no keys"
    server.control("POST", "configure/highlevel", {"webhook_signatures": "none"})
    server.load("highlevel", contacts=[person(2)])
    assert set(delivered(server, 1)) == {401}
    assert not InboxEvent.objects.filter(vendor="highlevel").exists()
    assert Integration.objects.get().runs.count() == 0


@pytest.mark.slow
def test_the_whole_demonstration_starts_without_a_notice_that_nobody_takes(tmp_path):
    """The stand-ins hear of our address once it answers; from then on what changes there arrives."""
    ours, theirs = (f"http://localhost:{free_port()}", f"http://127.0.0.1:{free_port()}")
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    told = {"BRIDGE_DATA_DIR": str(tmp_path / "data"), "BRIDGE_BASE_URL": ours, "BRIDGE_SANDBOX_URL": theirs,
            "BRIDGE_PRODUCTION": "0"}  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env={**inherited, **told}, stdout=out, stderr=out
        )
        try:
            end = time.monotonic() + 180
            while b"Bridge runs." not in log.read_bytes():
                assert process.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.2)
            new = {"contacts": [person(90, MAIL, location="locPinecrestGarden02")]}
            assert requests.post(f"{theirs}/_sandbox/load/highlevel", json=new, timeout=20).ok
            found = []
            while not found and time.monotonic() < end:
                found = requests.get(f"{theirs}/_sandbox/hooks", timeout=20).json()["deliveries"]
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait(30)
    assert {one["status"] for one in found} == {200}
    assert b"given_up" not in log.read_bytes()
