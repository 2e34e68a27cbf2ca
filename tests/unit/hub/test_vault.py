"""Secrets open only where they were sealed, and never reach a log."""

import base64
import logging
import os

import pytest
from django.core.checks import Error
from django.core.management import call_command

from bridge.hub import checks, vault
from bridge.hub.logs import Redact, redact
from bridge.hub.models import Connection, Organization, VendorApp


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


def test_what_is_sealed_opens_again_and_shows_nothing():
    sealed = vault.seal({"access_token": "SECRET-abc", "n": 1}, "connection:1:grant")
    assert "SECRET" not in sealed
    assert vault.unseal(sealed, "connection:1:grant") == {"access_token": "SECRET-abc", "n": 1}


@pytest.mark.fault("S21")
@pytest.mark.parametrize("harm", ["moved", "cut", "changed", "planted", "other key", "other version", "emptied"])
def test_what_was_not_sealed_for_this_place_stays_shut(harm, settings):
    place = "connection:1:grant"
    sealed = vault.seal("token", place)
    head, body = sealed.rsplit(":", 1)
    blob = bytearray(base64.b64decode(body))
    if harm == "moved":
        place = "connection:2:grant"
    elif harm == "cut":
        sealed = f"{head}:{base64.b64encode(bytes(blob[:-3])).decode()}"
    elif harm == "changed":
        blob[20] ^= 1
        sealed = f"{head}:{base64.b64encode(bytes(blob)).decode()}"
    elif harm == "planted":
        sealed = f"{head}:{base64.b64encode(b'a token in clear, nicely long').decode()}"
    elif harm == "other key":
        settings.BRIDGE_KEYS = key("other")
    elif harm == "other version":
        sealed = sealed.replace("v1:", "v2:", 1)
    else:
        sealed = "v1::"
    with pytest.raises(vault.VaultClosed) as refusal:
        vault.unseal(sealed, place)
    assert "token" not in str(refusal.value).replace("grant", "")


@pytest.mark.parametrize("ring", ["", "a", "a:short", f"a:{base64.b64encode(b'x' * 32).decode()}", "a:%%%"])
@pytest.mark.fault("S22")
def test_a_ring_that_is_none_or_weak_is_refused_with_a_cure(ring, settings):
    settings.BRIDGE_KEYS = ring
    found = checks.keys_open(None)
    assert [type(item) for item in found] == [Error]
    assert found[0].id == "bridge.E001" and found[0].hint


@pytest.mark.fault("S23")
def test_keys_rotate_and_the_old_one_can_go(db, settings, capsys):
    old, new = key("2026a"), key("2027a")
    settings.BRIDGE_KEYS = old
    organization = Organization.objects.create(name="Essai (fictif)")
    connection = Connection(organization=organization, vendor="v", environment="live", account_id="1")
    connection.grant = {"access_token": "SECRET-one"}
    connection.save()
    app = VendorApp(vendor="v", environment="live", client_id="c")
    app.secret, app.webhook_secrets = "SECRET-two", ["SECRET-three", "SECRET-four"]
    app.save()
    settings.BRIDGE_KEYS = f"{new},{old}"
    call_command("rotate_keys")
    assert "0 left" in capsys.readouterr().out
    settings.BRIDGE_KEYS = new
    assert Connection.objects.get().grant == {"access_token": "SECRET-one"}
    assert VendorApp.objects.get().secret == "SECRET-two"
    assert VendorApp.objects.get().webhook_secrets == ["SECRET-three", "SECRET-four"]


@pytest.mark.fault("S20")
@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer canaryCANARY1234567890",
        "Authorization: Basic canaryCANARY1234567890==",
        '{"refresh_token": "canaryCANARY1234"}',
        "client_secret=canaryCANARY&grant_type=x",
        "GET /connect/x/callback/?code=canaryCANARY1234567890abcdefgh&state=y",
        "Unauthorized: /hooks/somebody/canaryCANARY/",
        "Service Unavailable: /health/canaryCANARY/",
        "key canary 0123456789abcdef0123456789abcdef-us19",
    ],
)
def test_a_log_line_hides_secrets_and_keeps_the_rest(line):
    shown = redact(line)
    assert "canaryCANARY" not in shown and "0123456789abcdef0123" not in shown
    assert "[hidden]" in shown


def test_codes_and_states_of_ours_stay_readable_and_lines_stay_one():
    assert redact("run ended state=done code=RUN-OPEN") == "run ended state=done code=RUN-OPEN"
    assert "\n" not in redact("name=Éloïse\nINFO forged line")


def test_a_traceback_in_a_log_hides_secrets():
    try:
        raise ValueError("refused: access_token=canaryCANARY1234")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed %s", ("now",), sys.exc_info())
    assert Redact().filter(record)
    assert "canaryCANARY" not in record.exc_text and "ValueError" in record.exc_text
