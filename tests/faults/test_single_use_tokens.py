"""A refresh token that works once, with nothing to fall back on: one door holds, whoever dies in it."""

import pytest

from bridge.jobs import runs, ticking
from tests.faults.stage import Workers
from tests.sandbox.small_agency import agency_pair, furnish, person, place

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

ROUNDS = 200
TOKENS = "/oauth/token"


def token_calls(server):
    return [call for call in server.calls("highlevel") if call["path"] == TOKENS]


def api_calls(server):
    return [call for call in server.calls("highlevel") if not call["path"].startswith(("/oauth", "/v2/"))]


def expire(server):
    server.faults({"kind": "expire_tokens", "vendor": "highlevel"})
    server.faults()


@pytest.fixture
def strict(stage):
    """A vendor that ends everything when an old token is used."""
    stage.server.control("POST", "configure/highlevel", {"revoke_on_reuse": True, "refresh_grace_seconds": 0.0})
    yield stage
    stage.server.control("POST", "configure/highlevel", {"revoke_on_reuse": False})


@pytest.mark.fault("C01")
def test_eight_processes_two_hundred_ends_of_a_token_and_each_key_is_used_once(strict):
    connection = strict.house.connect("highlevel")
    before = len(token_calls(strict.server))
    racers = strict.hub.start("-m", "tests.faults.racers", str(connection.pk), str(ROUNDS), log="racers")
    assert racers.wait(180) == 0, strict.hub.logs()[-2000:]
    made = token_calls(strict.server)[before:]
    assert [call["status"] for call in made] == [200] * ROUNDS
    connection.refresh_from_db()
    assert connection.state == "connected"


@pytest.mark.fault("C01")
def test_two_who_refresh_without_the_door_lose_the_connection(strict):
    """The twin: what the test above would see of a naive door, so that its passing means something."""
    from bridge import registry
    from bridge.jobs.account import app_of, hosts_of, loaded
    from connectors.contract import AuthorizationExpired, OAuth2
    from connectors.transport import PlainHttp

    connection = strict.house.connect("highlevel")
    way = next(way for way in registry.connector("highlevel").sign_in if isinstance(way, OAuth2))
    used = loaded(connection)
    way.refresh(PlainHttp(), hosts_of(connection), app_of(connection), used)
    with pytest.raises(AuthorizationExpired):
        way.refresh(PlainHttp(), hosts_of(connection), app_of(connection), used)
    assert [call["status"] for call in token_calls(strict.server)[-2:]] == [200, 401]


@pytest.mark.fault("C03")
def test_killed_between_the_answer_and_its_keeping_nothing_is_lost_for_good_and_a_person_is_told(strict):
    house, server = strict.house, strict.server
    furnish(server)
    server.load("highlevel", contacts=[person(n) for n in range(1, 21)])
    agency_pair(house, "contact")
    house.integration.flows.update(filter_back={})
    expire(server)
    run = runs.start(house.integration, user=house.ann, enqueue=False)
    workers = Workers(strict.hub, 1, BRIDGE_CRASH="after_token:1")
    try:
        workers.wait_ready()
        strict.wait_for(lambda: workers.deaths >= 1, 60)
        alone = len(token_calls(server))
    finally:
        workers.close()
    workers = Workers(strict.hub, 2)
    try:
        strict.wait_for(lambda: fresh(house.integration.right).state == "attention", 60)
        strict.wait_for(lambda: not fresh(run).is_open, 60)
    finally:
        workers.close()
    right = fresh(house.integration.right)
    assert right.reason_code == "HL-GRANT-GONE"
    assert len(token_calls(server)) - alone <= 2, "nothing loops"
    quiet = len(api_calls(server)) + len(token_calls(server))
    for _ in range(3):
        ticking.tick()
    assert len(api_calls(server)) + len(token_calls(server)) == quiet
    house.sign_in(right)
    again = house.run()
    assert again.state in ("done", "held"), again.reason_code
    assert len(place(server)["contacts"]) == 20
    assert len(server.state("quickbooks")["companies"]["9130000000000001"]["Customer"]) == 20


def fresh(row):
    row.refresh_from_db()
    return row
