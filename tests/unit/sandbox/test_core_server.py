"""The sandbox server: control calls, the call log, and faults as a caller meets them."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from connectors.sandbox import server

PING = "/quickbooks/.well-known/openid_sandbox_configuration"


@pytest.fixture(scope="module")
def address():
    with server.background("empty") as url:
        yield url


@pytest.fixture
def http(address):
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{address}/_sandbox/reset", json={"world": "empty"}).raise_for_status()
        yield session
        session.post(f"{address}/_sandbox/faults", json=[]).raise_for_status()


def control(http, address, name, body=None, expect=200):
    url = f"{address}/_sandbox/{name}"
    answer = http.get(url) if body is None else http.post(url, json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


def test_health_names_world_and_vendors(http, address):
    told = control(http, address, "health")
    assert (told["ok"], told["world"]) == (True, "empty")
    assert {"mailchimp", "quickbooks"} <= set(told["vendors"])


def test_health_names_the_pages_vendors_have_for_people_and_they_open(http, address):
    screens = control(http, address, "health")["screens"]
    assert {"hubspot", "highlevel", "magento"} <= set(screens) and "quickbooks" not in screens
    for path in screens.values():
        answer = http.get(f"{address}{path}")
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"), path


def test_reset_takes_a_named_world_and_refuses_others(http, address):
    control(http, address, "reset", {"world": "demo"})
    assert len(control(http, address, "state/quickbooks")["companies"]["9130000000000001"]["Customer"]) >= 250
    control(http, address, "reset", {"world": "empty"})
    assert "Customer" not in control(http, address, "state/quickbooks")["companies"]["9130000000000001"]
    assert "narnia" in control(http, address, "reset", {"world": "narnia"}, expect=400)["error"]


def test_documents_are_loaded_into_the_company_that_is_named(http, address):
    body = {"realm": "9130000000000002", "Customer": [{"DisplayName": "Invented Buyer"}]}
    assert control(http, address, "load/quickbooks", body) == {"loaded": {"Customer": 1}}
    companies = control(http, address, "state/quickbooks")["companies"]
    assert [c["DisplayName"] for c in companies["9130000000000002"]["Customer"]] == ["Invented Buyer"]
    assert "Customer" not in companies["9130000000000001"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("load/quickbooks", {"Unicorn": [{}]}),
        ("load/quickbooks", {"realm": "1", "Customer": []}),
        ("load/nobody", {"Customer": []}),
        ("configure/quickbooks", {"colour": "blue"}),
        ("faults", [{"kind": "explode"}]),
        ("faults", [{"kind": "delay", "path": "("}]),
        ("faults", {"kind": "delay"}),
    ],
)
def test_a_control_call_that_cannot_be_done_says_why(http, address, name, body):
    assert control(http, address, name, body, expect=400)["error"]


def test_the_clock_moves_for_all_vendors(http, address):
    before = control(http, address, "clock")["now"]
    after = control(http, address, "clock", {"advance_seconds": 86_400})["now"]
    assert after[:10] > before[:10]
    control(http, address, "reset", {"world": "empty"})
    assert control(http, address, "clock")["now"][:13] == before[:13]


def test_every_call_is_logged_with_totals(http, address):
    http.get(address + PING + "?a=1")
    http.post(address + "/quickbooks/oauth2/v1/tokens/bearer", data={"x": "y"})
    http.get(address + "/mailchimp/3.0/ping")
    told = control(http, address, "calls?vendor=quickbooks")
    assert told["total"] == 2
    first, second = told["calls"]
    assert (first["method"], first["path"], first["query"], first["status"]) == (
        "GET",
        PING.removeprefix("/quickbooks"),
        "a=1",
        200,
    )
    assert (second["status"], len(second["digest"]), first["digest"]) == (401, 16, "")
    assert control(http, address, "calls")["total"] == 3
    assert len(control(http, address, "calls?limit=1")["calls"]) == 1


def test_unknown_prefixes_and_control_calls_are_not_found(http, address):
    assert http.get(address + "/acme/x").status_code == 404
    control(http, address, "dance", expect=404)


# Faults


def strike(http, address, **fault):
    control(http, address, "faults", [{"vendor": "quickbooks", "times": 1, **fault}])


def consent(http, address):
    """A call that leaves a trace when it is handled: each consent makes a new code."""
    query = "client_id=sandbox-client&response_type=code&scope=com.intuit.quickbooks.accounting&auto=1"
    return http.get(
        f"{address}/quickbooks/connect/oauth2?{query}&redirect_uri=http://localhost/b", allow_redirects=False
    )


def load_one(http, address):
    """A customer made over the wire, through a token of its own."""
    code = consent(http, address).headers["Location"].partition("code=")[2].partition("&")[0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/b"}
    app = ("sandbox-client", "sandbox-secret")
    token = http.post(f"{address}/quickbooks/oauth2/v1/tokens/bearer", data=form, auth=app).json()["access_token"]

    def make(name):
        return http.post(
            f"{address}/quickbooks/v3/company/9130000000000001/customer",
            json={"DisplayName": name},
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        )

    return make


def customers(http, address):
    company = control(http, address, "state/quickbooks")["companies"]["9130000000000001"]
    return [row["DisplayName"] for row in company.get("Customer", [])]


def test_drop_before_cuts_and_does_nothing(http, address):
    make = load_one(http, address)
    strike(http, address, kind="drop_before", method="POST", path="/customer$")
    with pytest.raises(requests.ConnectionError):
        make("Perdue")
    assert customers(http, address) == []
    assert make("Retrouvée").status_code == 200


def test_drop_after_does_the_work_and_then_cuts(http, address):
    make = load_one(http, address)
    strike(http, address, kind="drop_after", method="POST", path="/customer$")
    with pytest.raises(requests.ConnectionError):
        make("Faite quand même")
    assert customers(http, address) == ["Faite quand même"]
    assert control(http, address, "calls?limit=1")["calls"][0]["status"] == 0


def test_truncate_promises_more_than_it_sends(http, address):
    strike(http, address, kind="truncate")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        http.get(address + PING, timeout=5)
    assert http.get(address + PING).json()


def test_html_looks_like_success_and_is_no_answer(http, address):
    strike(http, address, kind="html")
    answer = http.get(address + PING)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    ("status", "trace"),
    [(401, b"003200"), (403, b"003100"), (429, b"<IntuitResponse"), (500, b'"10000"'), (503, b"<html>")],
)
def test_a_played_status_speaks_as_the_vendor_does(http, address, status, trace):
    strike(http, address, kind="status", status=status, headers={"Retry-After": "7"})
    answer = http.get(address + PING)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert trace in answer.content


def test_delay_and_drip_take_their_time_and_answer_in_full(http, address):
    whole = http.get(address + PING).content
    for kind in ("delay", "drip"):
        strike(http, address, kind=kind, seconds=0.2)
        began = time.perf_counter()
        assert http.get(address + PING).content == whole
        assert time.perf_counter() - began >= 0.19


def test_slow_calls_do_not_hold_up_others(http, address):
    control(http, address, "faults", [{"kind": "delay", "seconds": 0.3}])
    began = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: requests.get(address + PING, timeout=5).status_code, range(8)))
    assert found == [200] * 8
    assert time.perf_counter() - began < 1.2


def test_a_rate_strikes_the_same_calls_for_the_same_seed(http, address):
    def pattern(seed):
        control(http, address, "faults", [{"kind": "status", "status": 500, "rate": 0.3, "seed": seed}])
        return [http.get(address + PING).status_code for _ in range(40)]

    first = pattern(1)
    assert pattern(1) == first
    assert pattern(2) != first
    assert 3 <= first.count(500) <= 22


def test_times_path_method_and_vendor_bound_a_fault(http, address):
    control(
        http,
        address,
        "faults",
        [
            {
                "kind": "status",
                "status": 500,
                "times": 2,
                "vendor": "quickbooks",
                "method": "get",
                "path": "^/.well-known",
            }
        ],
    )
    assert http.get(address + "/mailchimp/3.0/ping").status_code != 500
    assert http.get(address + "/quickbooks/v3/company/1/query").status_code == 401
    assert [http.get(address + PING).status_code for _ in range(3)] == [500, 500, 200]
    assert control(http, address, "faults")["faults"][0]["hits"] == 2
    control(http, address, "faults", [])
    assert control(http, address, "faults") == {"faults": []}


def test_a_lasting_vendor_fault_is_listed_until_cleared(http, address):
    told = control(http, address, "faults", [{"kind": "lossy", "vendor": "quickbooks", "rate": 0.5}])
    assert [fault["kind"] for fault in told["faults"]] == ["lossy"]
    assert control(http, address, "faults", [])["faults"] == []


def test_a_vendor_fault_reaches_the_vendor(http, address):
    make = load_one(http, address)
    control(http, address, "faults", [{"kind": "expire_tokens", "vendor": "quickbooks"}])
    assert make("Trop tard").status_code == 401
    assert control(http, address, "faults", [{"kind": "lag", "vendor": "quickbooks"}], expect=400)["error"]
