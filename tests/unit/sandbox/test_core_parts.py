"""Tables keep their order, the clock jumps, and webhooks arrive in order and signed."""

import asyncio
import base64
import hashlib
import hmac
import json
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiohttp import web

from connectors.sandbox import worlds
from connectors.sandbox.core import Clock, Request, Sandbox, Table, decode, encode
from tests.unit.sandbox.quickbooks_desk import Desk

START = datetime(2026, 10, 15, 15, tzinfo=UTC)


def test_money_keeps_its_digits_through_json():
    assert encode({"a": Decimal("100.00"), "b": Decimal("0.1")}) == b'{"a":100.00,"b":0.1}'
    assert decode(b'{"a":100.10,"b":7}') == {"a": Decimal("100.10"), "b": 7}
    assert str(decode(b"[100.10]")[0]) == "100.10"


def test_a_table_gives_back_a_copy_and_its_bytes():
    table = Table("name")
    table.put("1", {"x": 1}, name="a")
    table.get("1")["x"] = 2
    assert table.get("1") == {"x": 1}
    assert table.raws(["1"]) == [b'{"x":1}']
    assert table.get("2") is None
    with pytest.raises(KeyError):
        table.put("1", {}, colour="blue")


def test_an_order_stays_right_through_random_changes():
    dice = random.Random(5)
    table, truth = Table("rank", id_key=int), {}
    for step in range(4000):
        id = str(dice.randrange(300))
        if dice.random() < 0.3:
            assert table.delete(id) == (truth.pop(id, "gone") != "gone")
        else:
            truth[id] = dice.choice([None, *range(20)])
            table.put(id, {}, rank=truth[id])
        if step % 7 == 0:
            expected = sorted(truth, key=lambda id: (truth[id] is not None, truth[id] or 0, int(id)))
            assert table.ids("rank") == expected
            assert table.ids("rank", descending=True) == expected[::-1]
            assert table.ids("rank", offset=3, limit=5) == expected[3:8]
            between = [id for id in expected if truth[id] is not None and 5 <= truth[id] <= 9]
            assert table.ids("rank", low=5, high=9) == between
            assert table.ids("id", where=("rank", 7)) == sorted((i for i in truth if truth[i] == 7), key=int)
            assert table.find("rank", 7) == table.ids("id", where=("rank", 7))
    assert len(table) == len(truth)


def test_a_request_gives_first_values_and_its_form():
    request = Request("POST", "/", {"a": ["1", "2"]}, {}, b"x=1&y=&x=3")
    assert (request.arg("a"), request.arg("b", "none")) == ("1", "none")
    assert request.form() == {"x": "1", "y": ""}
    with pytest.raises(ValueError):
        request.json()


def test_the_clock_starts_where_it_is_told_and_jumps():
    clock = Clock(START)
    clock.advance(3600)
    assert 3600 <= (clock.now() - START).total_seconds() < 3660
    clock.reset()
    assert (clock.now() - START).total_seconds() < 60


def test_invented_people_are_plainly_so_and_always_the_same():
    people = worlds.people()
    assert len(people) >= 250
    assert len({person.key for person in people}) == len(people)
    assert all(not person.email or person.email.endswith(".example") for person in people)
    assert all("555-01" in person.phone for person in (*people, *worlds.us_people()))
    emails = [person.email for person in people if person.email]
    assert len(emails) < len(people)
    assert len(set(emails)) < len(emails)
    assert any(not person.family_name.isascii() for person in people)
    worlds.people.cache_clear()
    assert worlds.people() == people


# Webhooks


class Receiver:
    """A web address that notes what arrives and answers with the statuses it is given, then 200."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.arrived = []

    async def __aenter__(self):
        app = web.Application()
        app.router.add_post("/hook", self.take)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def take(self, request):
        self.arrived.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def wait(self, count):
        for _ in range(300):
            if len(self.arrived) >= count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"only {len(self.arrived)} of {count} arrived")


def test_a_refused_webhook_holds_back_the_next_until_it_is_taken():
    async def play():
        sandbox = Sandbox(Clock(START))
        async with Receiver(500, 500) as receiver:
            sandbox.hook(receiver.url, b"one", {}, ladder=(10, 20))
            sandbox.hook(receiver.url, b"two", {}, ladder=(10, 20))
            await receiver.wait(1)
            await asyncio.sleep(0.05)
            assert [body for body, _ in receiver.arrived] == [b"one"]
            sandbox.clock.advance(10)
            await receiver.wait(2)
            sandbox.clock.advance(20)
            await receiver.wait(4)
            assert [body for body, _ in receiver.arrived] == [b"one", b"one", b"one", b"two"]
            await asyncio.sleep(0.02)
            assert sandbox.waiting() == 0
            await sandbox.close()

    asyncio.run(play())


def test_a_delivery_is_given_up_after_its_ladder_and_the_next_goes_on():
    async def play():
        sandbox = Sandbox(Clock(START))
        async with Receiver(500, 500) as receiver:
            sandbox.hook(receiver.url, b"one", {}, ladder=(0.01,))
            sandbox.hook(receiver.url, b"two", {}, ladder=(0.01,))
            await receiver.wait(3)
            assert [body for body, _ in receiver.arrived] == [b"one", b"one", b"two"]
            await sandbox.close()

    asyncio.run(play())


def test_an_address_nobody_answers_harms_nobody():
    async def play():
        sandbox = Sandbox(Clock(START))
        sandbox.hook("http://127.0.0.1:9/hook", b"x", {}, ladder=(3600,))
        await asyncio.sleep(0.05)
        assert sandbox.waiting() == 1
        sandbox.forget_hooks()
        assert sandbox.waiting() == 0
        await sandbox.close()

    asyncio.run(play())


def notices(desk, act, **settings):
    """What QuickBooks would post about `act`: (body, headers) pairs."""
    posts = []
    desk.vendor.sandbox.hook = lambda url, body, headers, **rest: posts.append((body, headers))
    desk.vendor.configure({"webhook_url": "http://127.0.0.1:9/h", "verifier_token": "v-1", **settings})
    act()
    desk.vendor.sender.flush()
    return posts


def test_quickbooks_notices_are_signed_over_the_raw_bytes():
    desk = Desk()
    ((body, headers),) = notices(desk, lambda: desk.customer("Une Cliente"))
    expected = base64.b64encode(hmac.new(b"v-1", body, hashlib.sha256).digest()).decode()
    assert headers["intuit-signature"] == expected
    (event,) = json.loads(body)
    assert (event["type"], event["intuitaccountid"], event["data"]) == ("qbo.customer.created.v1", desk.realm, {})


def test_quickbooks_tells_of_updates_voids_deletes_and_merges():
    desk = Desk()
    one, two = desk.customer("Une"), desk.customer("Deux")
    invoice, other = desk.invoice(one), desk.invoice(one)

    def act():
        desk.vendor.load("Customer", [{"Id": one["Id"], "Notes": "x"}, {"Id": two["Id"], "merge_into": one["Id"]}])
        desk.made("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="void")
        desk.made("invoice", {"Id": other["Id"], "SyncToken": "0"}, operation="delete")

    ((body, _),) = notices(desk, act)
    told = [(e["type"], e["intuitentityid"], e["data"]) for e in json.loads(body)]
    assert told == [
        ("qbo.customer.updated.v1", one["Id"], {}),
        ("qbo.customer.merged.v1", one["Id"], {"deletedid": two["Id"]}),
        ("qbo.invoice.voided.v1", invoice["Id"], {}),
        ("qbo.invoice.deleted.v1", other["Id"], {}),
    ]


def test_quickbooks_post_can_be_lost_doubled_and_shuffled():
    def types(**settings):
        desk = Desk()
        posts = notices(desk, lambda: [desk.customer(f"Cliente {n}") for n in range(40)], **settings)
        return [event["intuitentityid"] for body, _ in posts for event in json.loads(body)]

    straight = types()
    assert straight == [str(n + 1) for n in range(40)]
    assert len(types(webhook_drop=0.5)) < 35
    assert len(types(webhook_double=0.5)) > 45
    shuffled = types(webhook_shuffle=True)
    assert shuffled != straight
    assert sorted(shuffled, key=int) == straight
    assert types(webhook_drop=1) == []


def test_quickbooks_without_an_address_keeps_no_notices():
    desk = Desk()
    desk.customer()
    assert notices(desk, lambda: None) == []
