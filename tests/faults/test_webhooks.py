"""Deliveries through the real HTTP server: forged, replayed, shuffled, doubled, dropped, too big, and with no database."""

import base64
import hashlib
import hmac
import json
import time

import pytest
import requests

from connectors.sandbox.mailchimp.hooks import signature as mailchimp_signature
from connectors.sandbox.quickbooks.events import signature as quickbooks_signature
from tests.house import free_port

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

VERIFIER, HOOK = "SECRET-verifier-of-the-tests", "SECRET-hook-of-the-tests-123"
COMPANY = "9130000000000001"


@pytest.fixture
def web(stage):
    """The application behind its production server, and the pair with its webhook secrets."""
    from bridge.hub.models import VendorApp

    stage.load(40, 40)
    stage.pair()
    app = VendorApp.objects.get(vendor="quickbooks")
    app.webhook_secrets = [VERIFIER]
    app.save()
    right = stage.house.integration.right
    right.webhook_secret = HOOK
    right.save()
    port = free_port()
    stage.hub.start(
        "-m", "gunicorn", "bridge.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4", log="web",
    )  # fmt: skip
    stage.url = f"http://127.0.0.1:{port}"

    def up():
        try:
            return requests.get(f"{stage.url}/hooks/mailchimp/{right.path_secret}/", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    stage.wait_for(up, 40)
    return stage


def events(count=1, start=0, realm=COMPANY, customer="1"):
    return json.dumps(
        [
            {
                "specversion": "1.0", "id": f"event-{start + n}", "source": "intuit.test",
                "type": "qbo.customer.updated.v1", "time": "2026-11-20T10:00:00.000Z", "intuitentityid": customer,
                "intuitaccountid": realm, "data": {},
            }
            for n in range(count)
        ]
    ).encode()  # fmt: skip


def post(web, body, signature, vendor="quickbooks", header="intuit-signature", path="", **headers):
    named = {} if signature is None else {header: signature}
    return requests.post(
        f"{web.url}/hooks/{vendor}/{path}", data=body, timeout=20,
        headers={"Content-Type": "application/json", **named, **headers},
    )  # fmt: skip


def stored():
    from bridge.hub.models import InboxEvent

    return InboxEvent.objects.count()


def quickbooks_forgeries(body):
    def made(key, what=body, hashed=hashlib.sha256):
        return base64.b64encode(hmac.new(key.encode(), what, hashed).digest()).decode()

    good = made(VERIFIER)
    return {
        "no header": None,
        "an empty header": "",
        "another secret": made("another"),
        "an empty secret": made(""),
        "another body": made(VERIFIER, body + b" "),
        "hexadecimal": hmac.new(VERIFIER.encode(), body, hashlib.sha256).hexdigest(),
        "another algorithm": made(VERIFIER, hashed=hashlib.sha1),
        "cut short": good[:-4],
        "something after it": good + "AAAA",
        "another case": good.swapcase(),
        "the secret itself": VERIFIER,
        "a plain digest": base64.b64encode(hashlib.sha256(VERIFIER.encode() + body).digest()).decode(),
    }


def mailchimp_forgeries(body):
    now = int(time.time())
    good = mailchimp_signature(HOOK, now, body)
    return {
        "no header": None,
        "an empty header": "",
        "another secret": mailchimp_signature("another", now, body),
        "an empty secret": mailchimp_signature("", now, body),
        "another body": mailchimp_signature(HOOK, now, body + b"&x=1"),
        "an old time": mailchimp_signature(HOOK, now - 3600, body),
        "a time to come": mailchimp_signature(HOOK, now + 3600, body),
        "another time than signed": good.replace(f"t={now}", f"t={now - 1}"),
        "no time": good.partition(",")[2],
        "two times": f"t={now - 3600},{good}",
        "another version": good.replace("v1=", "v0="),
        "the secret itself": f"t={now},v1={HOOK}",
    }


@pytest.mark.fault("F04")
def test_no_forged_delivery_is_taken_and_a_true_one_is(web):
    body = events()
    for what, signature in quickbooks_forgeries(body).items():
        assert post(web, body, signature).status_code == 401, what
    form = b"type=unsubscribe&fired_at=2026-11-20+10%3A00%3A00&data%5Bemail%5D=client1%40essai1.example.com"
    secret = web.house.integration.right.path_secret
    for what, signature in mailchimp_forgeries(form).items():
        answer = post(web, form, signature, "mailchimp", "X-Mailchimp-Signature", f"{secret}/")
        assert answer.status_code == 401, what
    assert stored() == 0
    assert post(web, body, quickbooks_signature(VERIFIER, body)).status_code == 200
    true = mailchimp_signature(HOOK, int(time.time()), form)
    assert post(web, form, true, "mailchimp", "X-Mailchimp-Signature", f"{secret}/").status_code == 200
    wrong_door = post(web, form, true, "mailchimp", "X-Mailchimp-Signature", "x" * 32 + "/")
    assert wrong_door.status_code == 404
    assert stored() == 2


@pytest.mark.fault("F04")
@pytest.mark.fault("F13")
def test_without_a_secret_everything_is_refused_and_while_it_changes_both_hold(web):
    from bridge.hub.models import VendorApp

    app = VendorApp.objects.get(vendor="quickbooks")
    app.webhook_secrets = []
    app.save()
    body = events()
    assert post(web, body, quickbooks_signature("", body)).status_code == 401
    assert post(web, body, None).status_code == 401
    assert stored() == 0
    app.webhook_secrets = ["the new one", VERIFIER]
    app.save()
    for number, secret in enumerate(("the new one", VERIFIER)):
        body = events(start=number)
        assert post(web, body, quickbooks_signature(secret, body)).status_code == 200
    assert stored() == 2


@pytest.mark.fault("F01")
@pytest.mark.fault("F05")
@pytest.mark.fault("F09")
def test_a_delivery_replayed_ten_times_is_one_event_and_its_raw_bytes_are_what_counts(web):
    from bridge.hub.models import Intake

    body = b" " + events(3).replace(b'"data": {}', '"data": {"note": "é\\u00e9"}'.encode()) + b"\n"
    for _ in range(10):
        assert post(web, body, quickbooks_signature(VERIFIER, body)).status_code == 200
    assert stored() == 3
    assert sum(Intake.objects.values_list("doubled", flat=True)) == 27


@pytest.mark.fault("F10")
@pytest.mark.fault("F16")
def test_an_event_of_nobody_is_acknowledged_and_holds_up_no_other(web):
    from bridge.hub.models import InboxEvent

    both = json.dumps(json.loads(events(realm="9139999999999999")) + json.loads(events(start=5))).encode()
    assert post(web, both, quickbooks_signature(VERIFIER, both)).status_code == 200
    assert sorted(InboxEvent.objects.values_list("state", "remote_id")) == [("new", "1"), ("nobody", "")]


@pytest.mark.fault("F11")
def test_what_is_too_big_or_broken_is_refused_before_it_costs_anything(web):
    big = b"[" + b" " * 1_100_000 + b"]"
    assert post(web, big, quickbooks_signature(VERIFIER, big)).status_code == 413
    in_parts = requests.post(f"{web.url}/hooks/quickbooks/", data=iter([big[:600_000], big[600_000:]]), timeout=20)
    assert in_parts.status_code == 413
    for broken in (b"{", b"[" * 50_000, b'"text"', b"\xff\xfe"):
        assert post(web, broken, quickbooks_signature(VERIFIER, broken)).status_code == 400, broken[:10]
    assert stored() == 0


@pytest.mark.fault("F11")
def test_a_delivery_sent_in_chunks_of_no_told_length_is_taken_as_any_other(web):
    body = events(3)
    signed = quickbooks_signature(VERIFIER, body)
    in_parts = iter([body[:10], body[10:200], body[200:]])
    assert post(web, in_parts, signed).status_code == 200
    assert stored() == 3
    assert post(web, iter([body[:10], b" ", body[10:]]), signed).status_code == 401


@pytest.mark.fault("F12")
def test_the_vendors_question_before_it_delivers_is_answered_and_does_nothing(web):
    secret = web.house.integration.right.path_secret
    assert requests.get(f"{web.url}/hooks/mailchimp/{secret}/", timeout=10).status_code == 200
    assert requests.get(f"{web.url}/hooks/mailchimp/{'y' * 32}/", timeout=10).status_code == 404
    assert requests.get(f"{web.url}/hooks/mailchimp/", timeout=10).status_code == 404
    assert requests.get(f"{web.url}/hooks/nobody/", timeout=10).status_code == 404
    assert stored() == 0


@pytest.mark.fault("F07")
def test_two_hundred_deliveries_are_each_answered_within_the_vendors_patience(web):
    session = requests.Session()
    taken = []
    for number in range(200):
        body = events(1, start=number)
        began = time.perf_counter()
        answer = session.post(
            f"{web.url}/hooks/quickbooks/", data=body, timeout=20,
            headers={"intuit-signature": quickbooks_signature(VERIFIER, body)},
        )  # fmt: skip
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200
    taken.sort()
    assert stored() == 200
    assert taken[197] < 0.2, f"p50 {taken[100] * 1000:.0f} ms, p99 {taken[197] * 1000:.0f} ms"


@pytest.mark.fault("F08")
@pytest.mark.fault("H01")
def test_with_the_database_away_the_vendor_is_told_to_come_again(web):
    from django.db import connection

    body = events()
    signed = quickbooks_signature(VERIFIER, body)
    assert post(web, body, signed).status_code == 200
    connection.close()
    name = web.hub.name
    web.hub.admin(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608
    )
    try:
        later = events(start=1)
        answers = [post(web, later, quickbooks_signature(VERIFIER, later)).status_code for _ in range(3)]
    finally:
        web.hub.admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert answers == [503] * 3
    assert post(web, later, quickbooks_signature(VERIFIER, later)).status_code == 200
    assert stored() == 2


@pytest.mark.fault("F02")
@pytest.mark.fault("F03")
@pytest.mark.parametrize("form", ["cloudevents", "legacy"])
def test_doubled_shuffled_and_dropped_deliveries_end_in_the_right_state_after_one_sweep(web, form):
    from bridge.hub.models import InboxEvent, Integration, Run
    from bridge.jobs import webhooks

    first = web.house.run()
    assert first.state in ("done", "held"), first.reason_code
    Integration.objects.update(automatic=True, state="active")
    web.server.control("POST", "configure/quickbooks", {
        "webhook_url": f"{web.url}/hooks/quickbooks/", "verifier_token": VERIFIER, "webhook_form": form,
        "webhook_drop": 0.2, "webhook_double": 0.5, "webhook_shuffle": True, "webhook_seed": 4,
    })  # fmt: skip
    for turn in range(3):
        for number in range(1, 41):
            web.server.load("quickbooks", Customer=[{"Id": str(number), "GivenName": f"Nom{number}x{turn}"}])
    web.wait_for(lambda: stored() > 20 and not web.server.control("GET", "hooks")["waiting"], 30)
    assert all(hook["status"] == 200 for hook in web.server.control("GET", "hooks")["deliveries"])
    while (pk := InboxEvent.objects.filter(state="new").values_list("pk", flat=True).first()) is not None:
        webhooks.process(pk)
    assert not InboxEvent.objects.filter(state="new").exists()
    begun = Run.objects.filter(trigger="webhook")
    assert begun.count() == 1, "many hints make one run"
    web.house.finish(begun.get())
    web.house.run()
    audience = web.house.integration.settings["audience"]
    there = {
        row["email_address"]: row["merge_fields"]["FNAME"] for row in web.server.state("mailchimp")["members"][audience]
    }
    assert {there[row["PrimaryEmailAddr"]["Address"]] for row in web.customers} == {f"Nom{n}x2" for n in range(1, 41)}
