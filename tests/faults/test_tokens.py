"""One door for tokens: one refresh however many knock, and a grant that is gone asks for a person once."""

import pytest

from tests.faults.checker import Findings, leaks
from tests.faults.stage import Workers

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

ROUNDS = 200
TOKENS = "/oauth2/v1/tokens/bearer"


def token_calls(server):
    return [call for call in server.calls("quickbooks") if call["path"] == TOKENS]


def api_calls(server):
    return [call for call in server.calls("quickbooks") if call["path"].startswith("/v3/")]


def expire(server):
    server.faults({"kind": "expire_tokens", "vendor": "quickbooks"})
    server.faults()


@pytest.fixture
def strict(stage):
    """A vendor that rotates at every refresh and ends everything when an old token is used."""
    stage.server.control(
        "POST", "configure/quickbooks", {"refresh_rotation_seconds": 0, "revoke_on_concurrent_use": True}
    )
    return stage


@pytest.mark.fault("C01")
@pytest.mark.fault("C06")
def test_eight_processes_seeing_a_token_end_make_one_refresh_two_hundred_times(strict):
    connection = strict.house.connect("quickbooks")
    before = len(token_calls(strict.server))
    racers = strict.hub.start("-m", "tests.faults.racers", str(connection.pk), str(ROUNDS), log="racers")
    assert racers.wait(180) == 0, strict.hub.logs()[-2000:]
    made = token_calls(strict.server)[before:]
    assert [call["status"] for call in made] == [200] * ROUNDS
    grant = strict.server.state("quickbooks")["grants"][-1]
    assert grant["alive"]
    connection.refresh_from_db()
    assert connection.state == "connected"


@pytest.mark.fault("C03")
def test_killed_between_a_new_token_and_its_keeping_a_person_is_asked_and_nothing_loops(strict):
    strict.load(20, 20)
    strict.pair()
    expire(strict.server)
    run = strict.start()
    workers = Workers(strict.hub, 1, BRIDGE_CRASH="after_token:1")
    try:
        workers.wait_ready()
        strict.wait_for(lambda: workers.deaths >= 1, 30)
        alone = len(token_calls(strict.server))
    finally:
        workers.close()
    workers = Workers(strict.hub, 2)
    try:
        strict.wait_for(lambda: strict.left().state == "attention", 30)
        strict.wait_for(lambda: not strict.fresh(run).is_open, 30)
    finally:
        workers.close()
    assert len(token_calls(strict.server)) - alone <= 2
    calls = len(api_calls(strict.server))
    strict.house.sign_in(strict.left())
    again = strict.house.run()
    assert again.state in ("done", "held"), again.reason_code
    assert len(api_calls(strict.server)) > calls
    assert strict.orders_there() == 20


@pytest.mark.fault("C04")
def test_a_grant_revoked_in_mid_run_stops_all_calls_and_goes_on_after_reconnecting(stage, mailoutbox):
    from bridge.hub.models import Change
    from bridge.jobs import runs, ticking

    stage.load(60, 120)
    stage.pair()
    run = runs.start(stage.house.integration, user=stage.house.ann, enqueue=False)
    while not stage.fresh(run).statement:
        runs.work(run.pk, slice_seconds=0)
    stage.server.faults({"kind": "revoke", "vendor": "quickbooks"})
    stage.server.faults()
    before = len(stage.server.calls("quickbooks"))
    run = stage.house.finish(run)
    assert run.state == "interrupted"
    assert stage.left().state == "attention"
    assert len(stage.server.calls("quickbooks")) - before <= 4
    before = len(stage.server.calls("quickbooks"))
    for _ in range(3):
        ticking.tick()
    assert len(stage.server.calls("quickbooks")) == before
    stage.house.sign_in(stage.left())
    run = stage.house.run()
    assert run.state in ("done", "held"), run.reason_code
    assert stage.orders_there() == 120
    assert not Change.objects.filter(state__in=("sending", "unknown")).exists()


@pytest.mark.fault("C05")
def test_a_vendor_that_always_says_401_is_asked_at_most_four_times(stage):
    stage.load(5, 5)
    stage.pair()
    before = len(api_calls(stage.server))
    stage.server.faults({"kind": "status", "status": 401, "vendor": "quickbooks", "path": "^/v3/"})
    run = stage.house.run()
    assert run.state == "interrupted"
    assert stage.left().state == "attention"
    assert len(api_calls(stage.server)) - before <= 4


@pytest.mark.fault("C07")
@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "html"}, {"kind": "drop_before"}])
def test_a_token_endpoint_that_fails_takes_no_connection_away(stage, fault):
    from bridge.jobs import runs

    stage.load(5, 5)
    stage.pair()
    kept = stage.left().sealed_grant
    expire(stage.server)
    stage.server.faults({**fault, "vendor": "quickbooks", "path": TOKENS})
    run = runs.start(stage.house.integration, user=stage.house.ann, enqueue=False)
    runs.work(run.pk, slice_seconds=5)
    run.refresh_from_db()
    assert run.is_open
    assert run.wake_at is not None
    assert stage.left().state == "connected"
    assert stage.left().sealed_grant == kept
    stage.server.faults()
    type(run).objects.filter(pk=run.pk).update(wake_at=None)
    run = stage.house.finish(run)
    assert run.state in ("done", "held"), run.reason_code
    assert stage.orders_there() == 5


@pytest.mark.fault("C10")
def test_reconnecting_another_company_is_refused_with_both_names(stage):
    from connectors.contract import SettingInvalid

    stage.pair()
    before = stage.left()
    with pytest.raises(SettingInvalid) as refusal:
        stage.house.sign_in(before, realm="9130000000000002")
    assert refusal.value.code == "SIGNIN-WRONG-ACCOUNT"
    assert "Boréal" in refusal.value.params["wanted"] and "Pinecrest" in refusal.value.params["found"]
    after = stage.left()
    assert (after.account_id, after.sealed_grant) == (before.account_id, before.sealed_grant)


@pytest.mark.fault("C12")
def test_a_replayed_callback_is_refused_every_time_and_changes_nothing(stage):
    from urllib.parse import parse_qs, urlsplit

    import requests

    from bridge.jobs import connections
    from connectors.contract import SettingInvalid

    house = stage.house
    connection = connections.create(house.organization, "quickbooks", "local_sandbox", house.ann)
    url = connections.authorize_url(connection, house.ann, "session")
    answer = requests.get(url, params={"auto": "1"}, allow_redirects=False, timeout=20)
    back = {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    state = back.pop("state")
    connections.finish_sign_in(state, back, house.ann, "session")
    connection.refresh_from_db()
    kept, calls = connection.sealed_grant, len(token_calls(stage.server))
    for _ in range(5):
        with pytest.raises(SettingInvalid) as refusal:
            connections.finish_sign_in(state, back, house.ann, "session")
        assert refusal.value.code == "SIGNIN-STATE"
    connection.refresh_from_db()
    assert connection.sealed_grant == kept
    assert len(token_calls(stage.server)) == calls
    found = Findings()
    leaks(found, stage.hub)
    assert not found.leaked
