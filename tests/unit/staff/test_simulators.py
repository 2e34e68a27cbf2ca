"""Simulators: what is switched on is what was asked for, what was on stays on, and a fresh world asks first."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bridge.staff import simulators
from connectors.contract import VendorUnavailable
from tests import factories

pytestmark = pytest.mark.django_db


class Stage:
    """Stands where `bridge.jobs.sandbox` stands, and remembers what it was told."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []
        self.told: list[tuple[str, Any]] = []

    def get_faults(self) -> list[dict[str, Any]]:
        return [{"hits": 3, "times": None, **fault} for fault in self.faults]

    def set_faults(self, faults: list[dict[str, Any]]) -> None:
        self.faults = [dict(fault) for fault in faults]

    def clock(self, seconds: float) -> None:
        self.told.append(("clock", seconds))

    def reset(self, world: str) -> None:
        self.told.append(("reset", world))

    def screens(self, vendors) -> dict[str, str]:
        return {"hubspot": "http://127.0.0.1:9/hubspot/app"} if "hubspot" in vendors else {}

    def calls(self, vendor: str, limit: int) -> list[dict[str, Any]]:
        return [{"at": "10:00", "method": "GET", "path": f"/first/{vendor}", "status": 200, "milliseconds": 1},
                {"at": "10:01", "method": "GET", "path": f"/second/{vendor}", "status": None, "milliseconds": 2}]  # fmt: skip


@pytest.fixture
def stage(monkeypatch) -> Stage:
    made = Stage()
    monkeypatch.setattr(simulators, "sandbox", made)
    return made


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house, with an account at a simulator."""
    client.force_login(factories.staff())
    factories.connection(vendor="mailchimp")
    return client


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def act(client: Client, **told: Any):
    return client.post(reverse("admin:simulators_act"), told, follow=True)


def test_without_an_account_at_a_simulator_there_is_no_such_page(client, stage):
    client.force_login(factories.staff())
    factories.connection(vendor="mailchimp", environment="live")
    assert client.get(reverse("admin:simulators")).status_code == 404
    assert client.post(reverse("admin:simulators_act"), {"do": "clear"}).status_code == 404


def test_a_fault_is_switched_on_as_asked_and_those_before_it_stay(ann, stage):
    act(ann, do="fault", vendor="mailchimp", kind="drop_after", rate="100")
    act(
        ann,
        do="fault",
        vendor="mailchimp",
        kind="status",
        status="429",
        rate="30",
        times="5",
        method="POST",
        path="/batches",
    )
    assert [fault["kind"] for fault in stage.faults] == ["drop_after", "status"]
    assert stage.faults[1] == {"kind": "status", "vendor": "mailchimp", "status": 429, "rate": 0.3, "times": 5,
                               "method": "POST", "path": "/batches"}  # fmt: skip
    assert all("hits" not in fault for fault in stage.faults)


def test_what_is_on_is_told_in_words(ann, stage):
    stage.faults = [{"kind": "drop_after", "vendor": "mailchimp", "rate": 0.3}]
    page = text_of(ann.get(reverse("admin:simulators")))
    assert "Carry the call out, then lose the answer</th>" in page
    assert "30%" in page


def test_one_fault_is_switched_off_and_the_others_stay(ann, stage):
    stage.faults = [{"kind": "delay", "vendor": "mailchimp"}, {"kind": "html", "vendor": "mailchimp"}]
    act(ann, do="off", place="0")
    assert [fault["kind"] for fault in stage.faults] == ["html"]
    act(ann, do="off", place="7")
    assert [fault["kind"] for fault in stage.faults] == ["html"]
    act(ann, do="clear")
    assert stage.faults == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": "no such"}, "Choose a vendor"),
        ({"vendor": "quickbooks"}, "Choose a vendor"),
        ({"rate": "0"}, "is not a number between"),
        ({"rate": "many"}, "is not a number between"),
        ({"times": "-1"}, "is not a number between"),
        ({"path": "("}, "must be a pattern"),
    ],
)
def test_what_cannot_be_read_switches_nothing_on(ann, stage, wrong, words):
    page = text_of(act(ann, **{"do": "fault", "vendor": "mailchimp", "kind": "delay", "rate": "100", **wrong}))
    assert words in page
    assert stage.faults == []


def test_the_clock_goes_forward_by_known_steps_only(ann, stage):
    act(ann, do="clock", seconds="86400")
    act(ann, do="clock", seconds="-5")
    assert stage.told == [("clock", 86400)]


def test_a_fresh_world_asks_first(ann, stage):
    page = text_of(act(ann, do="reset", world="empty"))
    assert stage.told == []
    assert "Everything the simulators hold is thrown away" in page
    act(ann, do="reset", world="empty", confirmed="yes")
    act(ann, do="reset", world="../etc", confirmed="yes")
    assert stage.told == [("reset", "empty")]


def test_calls_are_listed_newest_first(ann, stage):
    page = text_of(ann.get(reverse("admin:simulators")))
    assert page.index("/second/mailchimp") < page.index("/first/mailchimp")


def test_a_simulator_that_does_not_run_is_said_and_breaks_nothing(ann, stage, monkeypatch):
    def silent() -> list[Any]:
        raise VendorUnavailable("CALL-REFUSED")

    monkeypatch.setattr(stage, "get_faults", silent)
    page = text_of(ann.get(reverse("admin:simulators")))
    assert "The simulator does not answer." in page
    assert "the simulators behave" not in page
    assert act(ann, do="fault", vendor="mailchimp", kind="delay").status_code == 200


def test_who_may_only_look_is_refused(client, stage):
    person = factories.office()
    client.force_login(person)
    factories.connection(vendor="mailchimp")
    assert 'name="do"' not in text_of(client.get(reverse("admin:simulators")))
    assert client.post(reverse("admin:simulators_act"), {"do": "clear"}).status_code == 403


@pytest.mark.parametrize("status", ["423", "477", "521", "526"])
def test_errors_of_crowded_and_moving_accounts_and_of_the_edge_can_be_played(ann, stage, status):
    assert f"<option>{status}</option>" in ann.get(reverse("admin:simulators")).content.decode()
    act(ann, do="fault", vendor="mailchimp", kind="status", status=status)
    assert stage.faults[0]["status"] == int(status)


def test_stand_ins_with_screens_of_their_own_are_one_press_away(ann, stage):
    address = "http://127.0.0.1:9/hubspot/app"
    assert address not in ann.get(reverse("admin:simulators")).content.decode()
    factories.connection(vendor="hubspot")
    page = text_of(ann.get(reverse("admin:simulators")))
    assert f'href="{address}"' in page and "Open the simulator of HubSpot" in page
