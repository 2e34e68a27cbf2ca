"""Canaries: every secret of the sandbox is a marked word, and it is found nowhere outside what is sealed."""

import contextlib

import pytest

from tests.faults.checker import CANARY, Findings, leaks
from tests.faults.stage import Workers

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.fault("S20")
@pytest.mark.fault("B15")
def test_after_a_run_full_of_faults_no_secret_is_in_the_database_a_log_or_an_admin_page(stage):
    from django.test import Client
    from django.urls import NoReverseMatch, reverse

    from bridge.hub.models import VendorCall

    stage.load(40, 80)
    stage.pair()
    # The vendor repeats the token in its refusals: the likeliest way for one to reach a log.
    stage.server.faults(
        {"kind": "expire_tokens", "vendor": "quickbooks"},
        {"kind": "status", "status": 400, "rate": 0.1, "seed": 1, "path": "/(3.0|v3)/"},
        {"kind": "html", "rate": 0.1, "seed": 2, "path": "/(3.0|v3)/"},
        {"kind": "truncate", "rate": 0.1, "seed": 3, "path": "/(3.0|v3)/"},
    )
    workers = Workers(stage.hub, 2, BRIDGE_LOG="DEBUG")
    try:
        workers.wait_ready()
        with contextlib.suppress(AssertionError):  # it need not come to an end under so much fire
            stage.drive(stage.start(), 15)
    finally:
        workers.close()
    stage.server.faults()
    assert VendorCall.objects.exclude(error_code="").exists(), "nothing went wrong: the test shows nothing"
    found = Findings()
    leaks(found, stage.hub)
    assert not found.leaked, found.leaked
    client = Client()
    client.force_login(stage.house.ann, backend="allauth.account.auth_backends.AuthenticationBackend")
    seen = 0
    for path in pages(NoReverseMatch, reverse):
        answer = client.get(path, follow=True)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            seen += 1
            assert not CANARY.search(answer.content.decode()), path
    assert seen >= 10, f"only {seen} pages could be looked at"


def pages(missing, reverse):
    """Return the address of every list, and of the first row of each, in the admin."""
    from django.contrib import admin

    yield "/admin/"
    for model, _ in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        try:
            yield reverse(f"{name}_changelist")
            row = model._default_manager.order_by("-pk").first()
            if row is not None:
                yield reverse(f"{name}_change", args=[row.pk])
        except missing:
            continue


@pytest.mark.fault("S20")
def test_twin_the_scan_finds_a_secret_that_was_written_down(stage):
    from bridge.hub.models import Heartbeat
    from bridge.jobs import ticking

    ticking.beat("leak", "SECRET-at-0123456789abcdef")
    (stage.hub.folder / "leak.log").write_text("token SECRET-rt-0123456789abcdef\n")
    assert Heartbeat.objects.filter(name="leak").exists()
    found = Findings()
    leaks(found, stage.hub)
    assert len(found.leaked) == 2
