"""Audience webhooks of the Mailchimp stand-in: the GET check, what is told to whom, signatures."""

import hashlib
import hmac
import time

import pytest
from aiohttp import web

from tests.unit.sandbox.mailchimp_desk import FIRST, Desk

EVENTS = {"subscribe": True, "unsubscribe": True, "profile": True, "cleaned": True, "upemail": True}
MEMBERS = f"/lists/{FIRST}/members"


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def hooked(desk, **sources):
    body = {"url": "http://127.0.0.1:9/hook", "events": EVENTS, "sources": sources or {"user": True, "admin": True}}
    return desk.ok("POST", f"/lists/{FIRST}/webhooks", body)


def by_person(desk, email, **more):
    desk.vendor.load("members", [{"list_id": FIRST, "email_address": email, **more}])


def types(desk):
    return [fields["type"] for fields in desk.posted()]


def listen(desk, status):
    """A web address on loopback that answers GET with the status, and those who asked."""
    asked = []

    async def answer(request):
        asked.append(request.method)
        return web.Response(status=status)

    async def start():
        app = web.Application()
        app.router.add_get("/hook", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, runner.addresses[0][1]

    runner, port = desk.loop.run_until_complete(start())
    return runner, f"http://127.0.0.1:{port}/hook", asked


@pytest.mark.parametrize(("status", "taken"), [(200, True), (404, False), (302, False)])
def test_a_hook_is_stored_only_when_its_address_answers_get_with_200(desk, status, taken):
    desk.vendor.configure({"webhook_check": True})
    runner, url, asked = listen(desk, status)
    try:
        code, _ = desk.call("POST", f"/lists/{FIRST}/webhooks", {"url": url, "events": EVENTS})
    finally:
        desk.loop.run_until_complete(runner.cleanup())
    assert asked == ["GET"]
    assert (code == 200) == taken
    assert desk.ok("GET", f"/lists/{FIRST}/webhooks")["total_items"] == (1 if taken else 0)


def test_a_hook_nobody_answers_for_is_refused(desk):
    desk.vendor.configure({"webhook_check": True})
    runner, url, _ = listen(desk, 200)
    desk.loop.run_until_complete(runner.cleanup())
    problem = desk.refused("POST", f"/lists/{FIRST}/webhooks", {"url": url, "events": EVENTS})[2]
    assert problem["errors"][0]["field"] == "url"


def test_the_same_address_twice_is_refused(desk):
    hooked(desk)
    problem = desk.refused("POST", f"/lists/{FIRST}/webhooks", {"url": "http://127.0.0.1:9/hook"})[2]
    assert problem["errors"][0]["message"] == "Sorry, you can't set up multiple WebHooks for one URL"


def test_the_signing_secret_is_shown_once(desk):
    made = hooked(desk)
    assert made["signing_enabled"] and made["signing_secret"].startswith("SECRET-")
    again = desk.ok("GET", f"/lists/{FIRST}/webhooks/{made['id']}")
    assert "signing_secret" not in again


def test_deliveries_are_signed_over_their_raw_form_body(desk):
    secret = hooked(desk)["signing_secret"]
    by_person(desk, "a@example.com", status="subscribed")
    url, body, headers, _ = desk.sandbox.posted[0]
    stamp, mark = headers["X-Mailchimp-Signature"].split(",")
    at = stamp.removeprefix("t=")
    assert abs(time.time() - int(at)) < 300
    expected = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert (url, mark) == ("http://127.0.0.1:9/hook", f"v1={expected}")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert b"data%5Bemail%5D=a%40example.com" in body


def test_without_signing_there_is_no_signature(desk):
    desk.vendor.configure({"webhook_signing": False})
    assert hooked(desk)["signing_enabled"] is False
    by_person(desk, "a@example.com", status="subscribed")
    assert "X-Mailchimp-Signature" not in desk.sandbox.posted[0][2]


def test_our_own_writes_come_back_only_when_the_api_is_a_source(desk):
    made = hooked(desk)
    desk.put("a@example.com")
    assert types(desk) == []
    desk.ok("PATCH", f"/lists/{FIRST}/webhooks/{made['id']}", {"sources": {"api": True}})
    desk.put("b@example.com")
    assert types(desk) == ["subscribe"]


def test_what_people_do_is_told_as_its_event(desk):
    by_person(desk, "a@example.com", status="subscribed")
    hooked(desk)
    by_person(desk, "a@example.com", merge_fields={"FNAME": "Ann"})
    by_person(desk, "a@example.com", status="unsubscribed", unsubscribe_reason="Assez")
    by_person(desk, "b@example.com", status="subscribed")
    by_person(desk, "b@example.com", status="cleaned")
    by_person(desk, "c@example.com", status="subscribed")
    contact = desk.member("c@example.com")["contact_id"]
    by_person(desk, "d@example.com", contact_id=contact)
    told = desk.posted()
    assert [fields["type"] for fields in told] == [
        "profile",
        "unsubscribe",
        "subscribe",
        "cleaned",
        "subscribe",
        "upemail",
    ]
    assert told[0]["data[merges][FNAME]"] == "Ann"
    assert (told[1]["data[action]"], told[1]["data[reason]"]) == ("unsub", "manual")
    assert (told[5]["data[old_email]"], told[5]["data[new_email]"]) == ("c@example.com", "d@example.com")
    assert told[0]["fired_at"] == "2026-11-05 10:00:00"


def test_archiving_in_the_product_is_told_as_a_delete(desk):
    by_person(desk, "a@example.com", status="subscribed")
    hooked(desk)
    by_person(desk, "a@example.com", status="archived")
    assert [(f["type"], f["data[action]"]) for f in desk.posted()] == [("unsubscribe", "delete")]


def test_only_chosen_events_are_told(desk):
    body = {"url": "http://127.0.0.1:9/hook", "events": {"cleaned": True}, "sources": {"user": True, "admin": True}}
    desk.ok("POST", f"/lists/{FIRST}/webhooks", body)
    by_person(desk, "a@example.com", status="subscribed")
    assert types(desk) == []


def test_a_source_that_is_off_is_silent(desk):
    hooked(desk, user=True)
    by_person(desk, "a@example.com", status="subscribed")
    assert types(desk) == []
    by_person(desk, "a@example.com", status="unsubscribed", unsubscribe_reason="Assez")
    assert types(desk) == ["unsubscribe"]


def test_duplicates_come_on_a_switch(desk):
    hooked(desk)
    desk.vendor.configure({"webhook_duplicates": True})
    by_person(desk, "a@example.com", status="subscribed")
    first, second = desk.sandbox.posted
    assert first[1] == second[1]


def test_a_deleted_hook_is_told_nothing(desk):
    made = hooked(desk)
    desk.ok("DELETE", f"/lists/{FIRST}/webhooks/{made['id']}")
    by_person(desk, "a@example.com", status="subscribed")
    assert types(desk) == []
