"""Bad credentials and bad answers: what cannot go on says why and what to do; once mended, all of it arrives, once."""

import contextlib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.utils import timezone

from bridge.hub.models import Change, Connection, Run, VendorApp
from bridge.jobs import connections, integrations, runs
from connectors.contract import SyncError
from connectors.transport import Api
from tests.sandbox.small_world import (
    books,
    contacts,
    customer,
    explained,
    kept_back,
    orders,
    sale,
    store,
    total_of,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(server, settings):
    """Batches are worked off at once and passwords cost nothing; the tests here are about neither."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0, "role": "owner"})
    yield
    server.faults()
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0.3, "role": "owner"})


def world(server, people=2):
    """A few customers, each with a sale of 100."""
    books(
        server,
        *[customer(501 + at) for at in range(people)],
        Invoice=[sale(701 + at, 501 + at) for at in range(people)],
    )


def all_there(server, people=2):
    """Everything of `world` arrived, and once."""
    assert set(contacts(server)) == {f"zoe{501 + at}@fictive.example" for at in range(people)}
    assert set(orders(server)) == {f"invoice-{701 + at}" for at in range(people)}
    assert total_of(server) == 100 * people
    assert len(store(server)["customers"]) == people


def slice_of(run, seconds=30.0):
    """Let the worker do one slice, whether its time has come or not."""
    Run.objects.filter(pk=run.pk).update(wake_at=None)
    Change.objects.filter(run=run, state__in=("ready", "unknown")).update(retry_at=None)
    runs.work(run.pk, slice_seconds=seconds)
    run.refresh_from_db()
    return run


def to_the_end(house, run, seconds=30.0):
    """Work a run whose pauses are cut short; short slices leave out the waits inside one, too."""
    for _ in range(80):
        if run.state == Run.State.PLANNED:
            runs.approve(run, house.ann)
            run.refresh_from_db()
        if run.state not in Run.WORKING:
            return run
        slice_of(run, seconds)
        if seconds < 1:
            Run.objects.filter(pk=run.pk).update(starts=0)
    raise AssertionError(f"run {run.pk} is still {run.state}: {run.reason_code}")


def begin(house):
    """Start a run without working it."""
    return runs.start(house.integration, user=house.ann, enqueue=False)


# Signing in


def refused(code, work):
    """The work is refused with this code, which has its words."""
    with pytest.raises(SyncError) as error:
        work()
    assert error.value.code == code
    explained(code, error.value.params)


@pytest.mark.parametrize(("vendor", "code"), [("quickbooks", "QBO-CLIENT"), ("mailchimp", "MC-SIGN-IN")])
def test_a_wrong_client_secret_is_named_and_the_right_one_connects(house, vendor, code):
    app = VendorApp.objects.get(vendor=vendor)
    app.secret = "not the secret"
    app.save()
    connection = connections.create(house.organization, vendor, "local_sandbox", house.ann)
    refused(code, lambda: house.sign_in(connection))
    connection.refresh_from_db()
    assert connection.state == Connection.State.NEW and not connection.sealed_grant
    app.secret = "sandbox-secret"
    app.save()
    assert house.sign_in(connection).state == "connected"


@pytest.mark.parametrize(
    ("key", "code"), [("no key at all", "MC-KEY-SHAPE"), ("SECRET-sandbox-somebody-elses-us19", "SIGNIN-KEY-REFUSED")]
)
def test_a_wrong_key_is_named_and_the_right_one_connects(house, key, code):
    connection = connections.create(house.organization, "mailchimp", "local_sandbox", house.ann)
    refused(code, lambda: connections.sign_in_with_key(connection, key, house.ann))
    connection.refresh_from_db()
    assert connection.state == Connection.State.NEW and not connection.sealed_grant
    connections.sign_in_with_key(connection, "SECRET-sandbox-atelier-boreal-us19", house.ann)
    assert connection.state == "connected"


@pytest.mark.parametrize(
    ("vendor", "answer"), [("quickbooks", {"answer": "cancel"}), ("mailchimp", {"decision": "cancel"})]
)
def test_consent_refused_leaves_the_account_unconnected_and_can_be_given_later(house, vendor, answer):
    connection = connections.create(house.organization, vendor, "local_sandbox", house.ann)
    url = urlsplit(connections.authorize_url(connection, house.ann, "session"))
    form = {key: values[0] for key, values in parse_qs(url.query).items()}
    page = requests.post(url._replace(query="").geturl(), {**form, **answer}, allow_redirects=False, timeout=20)
    back = {key: values[0] for key, values in parse_qs(urlsplit(page.headers["Location"]).query).items()}
    assert back["error"] == "access_denied"
    refused("SIGNIN-REFUSED", lambda: connections.finish_sign_in(back.pop("state"), back, house.ann, "session"))
    connection.refresh_from_db()
    assert connection.state == Connection.State.NEW
    assert house.sign_in(connection).state == "connected"


def test_another_company_on_reconnect_is_refused_and_the_first_stays_connected(house, server):
    world(server)
    house.pair()
    books_side = house.integration.left
    refused("SIGNIN-WRONG-ACCOUNT", lambda: house.sign_in(books_side, realm="9130000000000002"))
    books_side.refresh_from_db()
    assert (books_side.account_id, books_side.state) == ("9130000000000001", "connected")
    assert house.run().state == "done"
    all_there(server)
    house.sign_in(books_side, realm="9130000000000001")
    assert house.run().state == "done"


# Grants that end


def test_expired_access_is_renewed_without_anybody_noticing(house, server):
    world(server)
    house.pair()
    server.faults({"kind": "expire_tokens", "vendor": "quickbooks"})
    assert house.run().state == "done"
    all_there(server)
    assert house.integration.left.state == "connected"


@pytest.mark.parametrize("vendor", ["quickbooks", "mailchimp"])
@pytest.mark.parametrize("when", ["reading", "writing"])
def test_a_withdrawn_grant_asks_for_a_person_and_after_the_reconnect_nothing_is_missing(house, server, vendor, when):
    world(server)
    house.pair()
    side = house.integration.left if vendor == "quickbooks" else house.integration.right
    run = begin(house)
    if when == "writing":
        slice_of(run)
        assert run.state == Run.State.PLANNED
    server.faults({"kind": "revoke", "vendor": vendor})
    run = to_the_end(house, run)
    side.refresh_from_db()
    if vendor == "quickbooks" and when == "writing":
        assert run.state == "done"  # the books are only read: the plan could be carried out
        run = to_the_end(house, begin(house))
        side.refresh_from_db()
    assert run.state == Run.State.INTERRUPTED
    assert side.state == Connection.State.ATTENTION
    explained(run.reason_code, run.reason_params)
    explained(side.reason_code, side.reason_params)
    with contextlib.suppress(SyncError):
        assert to_the_end(house, begin(house)).reason_code == "CONNECTION-ATTENTION"
    house.sign_in(side)
    run = to_the_end(house, begin(house))
    assert run.state == "done", (run.reason_code, kept_back(run))
    all_there(server)


def test_a_role_without_the_right_to_write_is_named_before_and_after_and_nothing_is_lost(house, server):
    world(server)
    server.control("POST", "configure/mailchimp", {"role": "viewer"})
    house.pair()
    found = {item.code: item.level for item in integrations.readiness(house.integration)}
    assert found["QBMC-CHECK-ROLE"] == "blocker"
    explained("QBMC-CHECK-ROLE", {"role": "viewer"})
    run = to_the_end(house, begin(house))
    assert run.state == Run.State.INTERRUPTED and run.reason_code == "MC-FORBIDDEN"
    explained(run.reason_code, run.reason_params)
    assert contacts(server) == {}
    server.control("POST", "configure/mailchimp", {"role": "owner"})
    house.sign_in(house.integration.right)
    run = to_the_end(house, begin(house))
    assert run.state == "done", (run.reason_code, kept_back(run))
    all_there(server)


def test_a_grant_without_the_accounting_right_is_refused_with_the_way_out(house, server):
    connection = connections.create(house.organization, "quickbooks", "local_sandbox", house.ann)
    url = connections.authorize_url(connection, house.ann, "session").replace(
        "com.intuit.quickbooks.accounting", "openid"
    )
    page = requests.get(url, params={"auto": "1"}, allow_redirects=False, timeout=20)
    back = {key: values[0] for key, values in parse_qs(urlsplit(page.headers["Location"]).query).items()}
    with pytest.raises(SyncError) as error:
        connections.finish_sign_in(back.pop("state"), back, house.ann, "session")
    explained(error.value.code, error.value.params)
    connection.refresh_from_db()
    assert connection.state == Connection.State.NEW
    assert house.sign_in(connection).state == "connected"


# Answers that are none

READS = {
    "books": {"vendor": "quickbooks", "method": "GET", "path": "/query"},
    "contacts": {"vendor": "mailchimp", "method": "GET", "path": "/members"},
}


@pytest.mark.parametrize("where", READS)
@pytest.mark.parametrize("kind", ["html", "truncate", "status"])
def test_an_answer_that_is_no_answer_is_asked_for_again(house, server, where, kind):
    world(server)
    house.pair()
    server.faults({**READS[where], "kind": kind, "status": 503, "times": 1})
    run = to_the_end(house, begin(house))
    assert run.state == "done", (run.reason_code, kept_back(run))
    all_there(server)


@pytest.mark.parametrize("where", READS)
@pytest.mark.parametrize("kind", ["html", "truncate", "shape", "huge"])
def test_answers_that_stay_bad_are_named_and_once_they_are_good_everything_arrives(
    house, server, where, kind, monkeypatch
):
    world(server)
    house.pair()
    monkeypatch.setattr("connectors.transport.api.READ_TRIES", 1)
    if kind == "huge":
        monkeypatch.setitem(Api.__init__.__kwdefaults__, "max_bytes", 20)
    else:
        server.faults({**READS[where], "kind": "status" if kind == "shape" else kind, "status": 200})
    run = begin(house)
    slice_of(run)
    assert run.state in (Run.State.READING, Run.State.INTERRUPTED)
    explained(run.reason_code, run.reason_params)
    run = to_the_end(house, run)
    assert run.state == Run.State.INTERRUPTED
    explained(run.reason_code, run.reason_params)
    assert written(server, "mailchimp") == []
    server.faults()
    monkeypatch.undo()
    for connection in (house.integration.left, house.integration.right):
        connection.refresh_from_db()
        assert connection.state == "connected"
    run = to_the_end(house, begin(house))
    assert run.state == "done", (run.reason_code, kept_back(run))
    all_there(server)


@pytest.mark.parametrize(
    ("kind", "people"),
    [("html", 2), ("truncate", 2), ("shape", 2), ("drop_after", 2), ("html", 4), ("drop_after", 4)],
    ids=["html", "truncated", "shape", "lost", "html-of-a-batch", "lost-of-a-batch"],
)
def test_a_write_whose_answer_is_no_answer_is_found_out_about_and_happens_once(house, server, kind, people):
    world(server, people)
    house.pair()
    fault = {"vendor": "mailchimp", "kind": "status" if kind == "shape" else kind, "status": 200, "times": 1}
    paths = (("POST", r"/batches"),) if people > 2 else (("PUT", "/members"), ("POST", "/orders"))
    server.faults(*[{**fault, "method": method, "path": path} for method, path in paths])
    run = to_the_end(house, begin(house), 0.2)
    assert all(fault["hits"] for fault in server.control("GET", "faults")["faults"])
    if run.state == "held":  # what could not be found out is with a person, in words
        back = kept_back(run)
        assert back
        server.faults()
        run = runs.retry(house.integration, house.ann)
        run = to_the_end(house, run)
    assert run.state == "done", (run.reason_code, kept_back(run))
    all_there(server, people)


# Clocks


@pytest.mark.parametrize("seconds", [600, -600], ids=["ahead", "behind"])
def test_a_vendor_clock_ten_minutes_off_misses_no_change(house, server, seconds):
    server.control("POST", "clock", {"advance_seconds": seconds})
    world(server)
    house.pair()
    assert house.run().state == "done"
    all_there(server)
    server.load("quickbooks", Customer=[{"Id": "501", "PrimaryPhone": {"FreeFormNumber": "514 555-0177"}}],
                Invoice=[sale(709, 502, 7)])  # fmt: skip
    run = house.run()
    assert run.state == "done", (run.reason_code, kept_back(run))
    assert contacts(server)["zoe501@fictive.example"]["merge_fields"]["PHONE"] == "514-555-0177"
    assert "invoice-709" in orders(server)
    side = house.integration.left
    side.refresh_from_db()
    assert abs(side.clock_skew_seconds - seconds) < 60
    assert "CLOCK-SKEW" in {item.code for item in connections.check(side)}
    explained("CLOCK-SKEW", {"seconds": seconds})
    assert side.grant_expires_at > timezone.now()
    assert house.run().counts["changed"] == 0
