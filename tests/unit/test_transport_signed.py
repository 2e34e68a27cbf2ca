"""Signed calls: each with a nonce of its own, refused ones signed anew once, none carried to another address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    Grant,
    Hosts,
    OutcomeUnknown,
    Setting,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)
from connectors.transport import Api, PlainHttp, Signer, decode
from connectors.transport.answers import BadAnswer
from tests.unit.test_transport import FakeAccount, Peer, always, classify, connector, in_turn, ok

SECRET = "CANARY-consumer-secret-0123456789"
HTML = b"<!doctype html><title>Sign in</title>"


def sign(grant: Grant, method: str, url: str) -> dict[str, str]:
    return {"Authorization": Signer("key", SECRET, "token", "CANARY-token-secret").header(method, url)}


def page_or(status: int, headers: Any, body: bytes) -> SyncError:
    return SettingInvalid("T-PAGE") if status == 200 else classify(status, headers, body)


def signing(peer: Peer) -> tuple[Api, FakeAccount]:
    made = replace(
        connector(),
        headers=lambda grant: {},
        sign=sign,
        classify=page_or,
        address=Setting(key="base_url", label=Text("Address", "Adresse")),
    )
    account = FakeAccount()
    return Api(made, Hosts(peer.url), account, {"account_id": "42"}), account


@pytest.fixture
def world() -> Iterator[Any]:
    made: list[Any] = []

    def make(handler: Any) -> tuple[Api, Peer, FakeAccount]:
        peer = Peer(handler)
        api, account = signing(peer)
        made.extend([api, peer])
        return api, peer, account

    yield make
    for item in made:
        item.close()


def nonces(peer: Peer) -> list[str]:
    return [re.search(rb'oauth_nonce="([^"]+)"', request)[1].decode() for request in peer.requests]  # type: ignore[index]


def test_a_refused_signature_is_made_anew_once_and_its_repeat_has_a_fresh_nonce(world):
    api, peer, account = world(in_turn(ok(b"{}", status="401 No"), ok(b'{"a":1}')))
    assert api.get("/things") == {"a": 1}
    assert len(set(nonces(peer))) == 2 and account.renewals == 0


def test_a_signature_refused_twice_asks_for_a_person(world):
    api, peer, account = world(always(ok(b"{}", status="401 No")))
    with pytest.raises(AuthorizationExpired):
        api.post("/things", {"a": 1})
    assert len(peer.requests) == 2 and account.renewals == 0


def test_a_read_that_is_tried_again_is_signed_again(world):
    api, peer, _ = world(in_turn(ok(b"{}", status="503 No"), ok(b"{}", status="503 No"), ok(b'{"a":1}')))
    assert api.get("/things") == {"a": 1}
    assert len(set(nonces(peer))) == 3


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("write", [False, True])
def test_a_signed_call_is_never_carried_to_another_address(world, status, write):
    target = Peer(always(ok(b'{"a":1}')))
    extra = f"Location: {target.url}/v1/42/things?oauth_token=CANARY\r\n"
    api, peer, _ = world(always(ok(b"", status=status, extra=extra)))
    with pytest.raises(SettingInvalid) as refused:
        api.post("/things", {"a": 1}) if write else api.get("/things")
    assert refused.value.code == "ADDRESS-MOVED"
    assert refused.value.params["where"] == "http://127.0.0.1/v1/42/things"
    assert "CANARY" not in str(refused.value)
    assert target.requests == [] and len(peer.requests) == 1
    target.close()


def test_a_page_instead_of_data_is_named_by_the_vendors_own_table(world):
    api, peer, _ = world(always(ok(HTML)))
    with pytest.raises(SettingInvalid) as refused:
        api.get("/things")
    assert refused.value.code == "T-PAGE" and len(peer.requests) == 1


def test_a_page_after_a_write_says_nothing_of_it(world):
    api, _, _ = world(always(ok(HTML)))
    with pytest.raises(OutcomeUnknown):
        api.post("/things", {"a": 1})


def test_secrets_of_a_signature_are_in_no_repr_and_no_header():
    signer = Signer("key", SECRET, "token", "CANARY-token-secret")
    assert "CANARY" not in repr(signer)
    assert "CANARY" not in signer.header("GET", "https://shop.example.com/rest/V1/orders?a=b%20c")


@pytest.mark.parametrize(("body", "value"), [(b"[]", []), (b'["a"]', ["a"]), (b"7", 7), (b"true", True), (b'"x"', "x")])
def test_lists_and_single_values_are_taken_where_a_path_asks_for_them(world, body, value):
    api, _, _ = world(always(ok(body)))
    assert api.get("/things", any_shape=True) == {"answer": value}
    assert api.post("/things", {}, any_shape=True) == {"answer": value}
    assert api.put("/things", {}, any_shape=True) == {"answer": value}


def test_elsewhere_a_list_is_still_no_answer(world):
    api, _, _ = world(always(ok(b"[]")))
    with pytest.raises(ContractBroken):
        api.get("/things")
    with pytest.raises(BadAnswer):
        decode(b"[1]")
    assert decode(b'{"a":1}', any_shape=True) == {"a": 1}


def test_an_answer_of_a_sign_in_may_be_a_form():
    peer = Peer(in_turn(ok(b"oauth_token=abc&oauth_token_secret=d%2Fe\n"), ok(HTML), ok(b"a = b")))
    http = PlainHttp()
    assert http.call("POST", peer.url)[1] == {"oauth_token": "abc", "oauth_token_secret": "d/e"}
    assert http.call("POST", peer.url)[1] == {}
    assert http.call("POST", peer.url)[1] == {}
    peer.close()


def test_the_store_is_not_asked_for_more_while_it_is_down(world):
    api, peer, _ = world(always(ok(b"{}", status="503 No")))
    with pytest.raises(VendorUnavailable):
        api.get("/things")
    assert len(peer.requests) == 3
