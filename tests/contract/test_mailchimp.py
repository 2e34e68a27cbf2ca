"""The Mailchimp connector against its stand-in; every request it makes is held against the vendor's contract."""

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema
import pytest
import requests

from connectors.contract import (
    App,
    AuthorizationExpired,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    Ref,
    Resource,
    SettingInvalid,
    SyncError,
    Ticket,
    Write,
)
from connectors.mailchimp import CONNECTOR, auth, batches
from connectors.mailchimp.members import merge_tags_of
from connectors.mailchimp.wire import member_hash
from connectors.sandbox.server import background
from connectors.transport import Api, PlainHttp, fill_hosts
from connectors.transport import api as transport
from tests.account import Account
from tests.contracts import MAILCHIMP

KEY = "SECRET-sandbox-atelier-boreal-us19"
AUDIENCE, OTHER_AUDIENCE = "empty00001", "empty00002"
STORE = f"qbo-4620816365-{AUDIENCE}"
CONTEXT = {
    "account_id": "f1c7000000000000000000001",
    "audience": AUDIENCE,
    "store": STORE,
    "status_if_new": "transactional",
    "tag": "QuickBooks Online",
    "currency": "CAD",
    "platform": "QuickBooks Online",
    "country": "CA",
    "language": "fr",
}


# The stand-in keeps its switches when its world is reset.
DEFAULTS = {
    "batch_seconds": 0.02,
    "dc": "us19",
    "dc_in_path": False,
    "fake_addresses": [],
    "role": "owner",
    "webhook_check": True,
    "wrong_dc": False,
}


# The contract


class Contract:
    """Requests held against the vendor's description; batch operations one by one."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"\Z"), item) for path, item in document["paths"].items()
        ]
        self.paths.sort(key=lambda pair: pair[0].pattern.count("[^/]+"))

    def complaints(self, method: str, path: str, query: dict[str, str], body: Any, form: bool = False) -> list[str]:
        """What does not fit, with the call it is about."""
        item = next((item for pattern, item in self.paths if pattern.match(path)), None)
        if item is None or method.lower() not in item:
            return [f"{method} {path}: no such operation"]
        operation = item[method.lower()]
        found = list(self._query(operation, query))
        if "requestBody" in operation:
            kind = "application/x-www-form-urlencoded" if form else "application/json"
            found += self._schema(operation["requestBody"]["content"][kind]["schema"], body)
        elif body is not None:
            found.append("a body where none is taken")
        for row in (body or {}).get("operations", []) if path == "/batches" else []:
            inner = json.loads(row["body"]) if "body" in row else None
            found += self.complaints(row["method"], row["path"], row.get("params", {}), inner)
        return [f"{method} {path}: {text}" for text in found]

    def _query(self, operation: dict[str, Any], query: dict[str, str]) -> Iterator[str]:
        known = {item["name"]: item["schema"] for item in operation.get("parameters", []) if item["in"] == "query"}
        for name, value in query.items():
            schema = known.get(name)
            if schema is None:
                yield f"unknown parameter {name}"
            elif schema["type"] == "integer" and not value.isdecimal():
                yield f"{name} is no whole number"
            elif schema["type"] == "boolean" and value not in ("true", "false"):
                yield f"{name} is no boolean"
            elif "enum" in schema and value not in schema["enum"]:
                yield f"{name} may not be {value}"
            elif "maximum" in schema and int(value) > schema["maximum"]:
                yield f"{name} is above {schema['maximum']}"

    def _schema(self, schema: dict[str, Any], body: Any) -> list[str]:
        whole = {**schema, "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(whole)
        return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(body)]


@pytest.fixture(scope="module")
def contract() -> Contract | None:
    return Contract(MAILCHIMP.data(MAILCHIMP.description)) if MAILCHIMP.have else None


# The stand-in


@dataclass
class Vendor:
    """The stand-in, an account at it, and what was sent."""

    url: str
    contract: Contract | None
    complaints: list[str] = field(default_factory=list)
    bodies: list[tuple[str, str, Any]] = field(default_factory=list)

    def control(self, name: str, data: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=data, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.url}/_sandbox/state/mailchimp", timeout=10).json()
        return found

    def raw(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/mailchimp/3.0{path}", json=body, auth=("any", KEY), timeout=10)
        return answer.json() if answer.content else {}

    def members(self, audience: str = AUDIENCE, status: str = "") -> dict[str, Any]:
        asked = f"/lists/{audience}/members?count=1000" + (f"&status={status}" if status else "")
        return {row["email_address"]: row for row in self.raw("GET", asked)["members"]}

    def connect(self, **context: str) -> tuple[Api, Account]:
        hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], self.url)
        account = Account(auth.grant_from_key(KEY, hosts), "MC-TOKEN")
        return Api(CONNECTOR, hosts, account, {**CONTEXT, **context}, deadline_seconds=10), account

    def watch(self, request: Any) -> None:
        """Hold one request of the connector against the contract."""
        parts = urlsplit(request.url)
        path = unquote(re.sub(r"\A/mailchimp(/us\d+)?(/3\.0)?", "", parts.path)) or "/"
        if "/batch-results/" in path or "_sandbox" in path:
            assert "Authorization" not in request.headers, "a link was asked for with credentials"
            return
        form = "urlencoded" in request.headers.get("Content-Type", "")
        body = None
        if request.body:
            text = request.body.decode() if isinstance(request.body, bytes) else request.body
            body = {key: values[0] for key, values in parse_qs(text).items()} if form else json.loads(text)
        self.bodies.append((request.method, path, body))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if self.contract:
            self.complaints += self.contract.complaints(request.method, path, query, body, form)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with background("empty") as url:
        yield url


@pytest.fixture
def vendor(sandbox: str, contract: Contract | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """The stand-in, empty and well-behaved; no request of the test may break the contract."""
    found = Vendor(sandbox, contract)
    found.control("reset", {"world": "empty"})
    found.control("faults", [])
    found.control("configure/mailchimp", DEFAULTS)
    whole, lock = transport.exchange, threading.Lock()

    def watched(sessions: Any, request: Any, seconds: float, most: int) -> Any:
        with lock:
            found.watch(request)
        return whole(sessions, request, seconds, most)

    monkeypatch.setattr(transport, "exchange", watched)
    monkeypatch.setattr("connectors.transport.plain.exchange", watched)
    yield found
    assert found.complaints == []


@pytest.fixture
def api(vendor: Vendor) -> Iterator[Api]:
    found, _ = vendor.connect()
    with found:
        yield found


def resource(name: str) -> Resource:
    return CONNECTOR.resource(name)


def person(place: int, **more: Any) -> dict[str, Any]:
    return {
        "email": f"Zoe.{place}@courriel.example",
        "given_name": "Zoé",
        "family_name": f"Fictive {place}",
        "phone": "514 555-0100",
        "address": {
            "line1": "1, rue Inventée",
            "city": "Montréal",
            "region": "QC",
            "postcode": "H1H 1H1",
            "country": "CA",
        },
        **more,
    }


def product(place: int, **more: Any) -> dict[str, Any]:
    return {
        "source": {"resource": "items", "id": str(place)},
        "name": f"Article {place}",
        "sku": f"A-{place}",
        "price": Decimal("12.50"),
        **more,
    }


def sale(place: int, **more: Any) -> dict[str, Any]:
    return {
        "source": {"resource": "invoices", "id": str(place)},
        "number": f"10{place}",
        "date": date(2026, 10, 5),
        "contact": Ref("contact", "members", "c"),
        "contact_values": person(place),
        "currency": "CAD",
        "total": Decimal("28.74"),
        "tax_total": Decimal("3.74"),
        "status": "open",
        "lines": [
            {
                "id": "1",
                "kind": "item",
                "product": Ref("product", "products", "1"),
                "quantity": Decimal(2),
                "unit_price": Decimal("12.50"),
                "amount": Decimal("25.00"),
            }
        ],
        **more,
    }


def writes(name: str, values: Sequence[dict[str, Any]], action: Any = "create", ids: Sequence[str] = ()) -> list[Write]:
    kind = resource(name)
    return [
        Write(str(place), action, ids[place] if ids else None, kind.payload(item, action, CONTEXT), f"k{place}")
        for place, item in enumerate(values)
    ]


def settle(api: Api, name: str, todo: Sequence[Write]) -> dict[str, Any]:
    """Send writes in bulk and ask until all are settled; tickets go through JSON as they would through a table."""
    bulk = resource(name).bulk
    assert bulk and bulk.poll
    outcomes, tickets = [], []
    for at in range(0, len(todo), bulk.size):
        answer = bulk.send(api, todo[at : at + bulk.size])
        if isinstance(answer, Ticket):
            tickets.append(answer)
        else:
            outcomes += answer
    until = time.monotonic() + 20
    while tickets:
        assert time.monotonic() < until
        time.sleep(0.03)
        tickets = [Ticket(json.loads(json.dumps(ticket.state))) for ticket in tickets]
        following = []
        for ticket, answer in zip(tickets, bulk.poll(api, tickets), strict=True):
            if answer is None or isinstance(answer, Ticket):
                following.append(answer or ticket)
            else:
                outcomes += answer
        tickets = following
    assert sorted(item.change for item in outcomes) == sorted(item.change for item in todo)
    return {item.change: item for item in outcomes}


def open_store(api: Api) -> None:
    kind = resource("stores")
    kind.create(
        api, kind.payload({"name": "Atelier Fictif", "currency": "CAD", "language": "fr"}, "create", CONTEXT), "k"
    )


def read(api: Api, feed: str, cursor: Any, *names: str) -> tuple[dict[str, list[Any]], Any, frozenset[str], str]:
    found: dict[str, list[Any]] = {}
    ends: frozenset[str] = frozenset()
    note = ""
    for item in next(one for one in CONNECTOR.feeds if one.name == feed).read(api, cursor, frozenset(names)):
        for name, rows in item.documents.items():
            found.setdefault(name, []).extend(rows)
        cursor, ends, note = item.cursor, ends | item.ends, item.note or note
    return found, cursor, ends, note


@pytest.mark.contracts
def test_the_contract_is_there_and_refuses_what_it_should(contract: Contract | None) -> None:
    if contract is None:
        pytest.skip(f"no contract data at {MAILCHIMP.folder}: requests were not held against it")
    assert contract.complaints("GET", "/lists/a/members", {"count": "1001"}, None)
    assert contract.complaints("PUT", "/lists/a/members/b", {}, {"status_if_new": "archived", "email_address": "a@b"})
    row = {"method": "POST", "path": "/ecommerce/stores/s/orders", "body": json.dumps({"id": "1"})}
    assert contract.complaints("POST", "/batches", {}, {"operations": [row]})
    assert contract.complaints("GET", "/ping", {}, None) == []


# Signing in


def test_a_code_becomes_a_grant_that_does_not_end_and_knows_its_account(vendor: Vendor) -> None:
    hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], vendor.url)
    app = App("sandbox-client", "sandbox-secret")
    back = "http://127.0.0.1:9/back"
    url = auth.authorize_url(hosts, app, back, "state-1") + "&auto=1"
    answer = requests.get(url, allow_redirects=False, timeout=10)
    callback = {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    assert callback["state"] == "state-1"
    grant, _ = auth.exchange(PlainHttp(), hosts, app, back, callback)
    assert grant.expires_in is None and grant.refresh_token is None
    assert grant.extra["dc"] == "us19"
    assert grant.access_token not in repr(grant)
    with Api(CONNECTOR, hosts, Account(grant, "MC-TOKEN"), CONTEXT) as found:
        assert CONNECTOR.identify(found).name == "Compte vide (fictif)"
    with pytest.raises(SettingInvalid, match="MC-SIGN-IN"):
        auth.exchange(PlainHttp(), hosts, app, back, callback)  # the code is spent


def test_a_moved_account_is_found_again_by_asking_once_where_it_is(vendor: Vendor) -> None:
    vendor.control("configure/mailchimp", {"dc_in_path": True})
    hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], vendor.url)
    app = App("sandbox-client", "sandbox-secret")
    url = auth.authorize_url(hosts, app, "http://127.0.0.1:9/back", "s") + "&auto=1"
    location = requests.get(url, allow_redirects=False, timeout=10).headers["Location"]
    code = {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}
    account = Account(auth.exchange(PlainHttp(), hosts, app, "http://127.0.0.1:9/back", code)[0])
    account.renewed = lambda used: auth.renew(PlainHttp(), hosts, app, used)
    vendor.control("configure/mailchimp", {"dc": "us21"})
    with Api(CONNECTOR, hosts, account, CONTEXT) as found:
        assert CONNECTOR.identify(found).account_id == CONTEXT["account_id"]
        assert account.current.extra["dc"] == "us21"
        vendor.control("faults", [{"vendor": "mailchimp", "kind": "revoke"}])
        with pytest.raises(AuthorizationExpired):
            CONNECTOR.identify(found)


def test_a_withdrawn_key_asks_for_a_person(vendor: Vendor, api: Api) -> None:
    vendor.control("configure/mailchimp", {"wrong_dc": True})
    with pytest.raises(AuthorizationExpired, match="MC-TOKEN"):
        CONNECTOR.identify(api)
    vendor.control("configure/mailchimp", {"wrong_dc": False})


def test_an_empty_403_is_a_throttle_and_not_a_withdrawn_access(vendor: Vendor, api: Api) -> None:
    vendor.control("faults", [{"vendor": "mailchimp", "path": "/ping", "kind": "status", "status": 429}])
    with pytest.raises(RateLimited):
        api.get("/ping")
    assert isinstance(CONNECTOR.classify(403, {}, b""), RateLimited)


def test_the_check_names_what_is_in_the_way(vendor: Vendor) -> None:
    vendor.control("configure/mailchimp", {"role": "viewer"})
    found, _ = vendor.connect(audience="gone000001")
    with found:
        levels = {item.code: item.level for item in CONNECTOR.diagnose(found)}  # type: ignore[misc]
    assert levels["MC-CHECK-ROLE"] == "blocker" and levels["MC-AUDIENCE-GONE"] == "blocker"
    vendor.control("configure/mailchimp", {"role": "owner"})
    found, _ = vendor.connect()
    with found:
        assert {item.level for item in CONNECTOR.diagnose(found)} == {"ok"}  # type: ignore[misc]


def test_choices_tell_what_helps_to_choose(vendor: Vendor, api: Api) -> None:
    lists = {reference.key: reference.read(api) for reference in CONNECTOR.references}
    assert {choice.id: choice.facts["members"] for choice in lists["audiences"]} == {AUDIENCE: 0, OTHER_AUDIENCE: 0}
    assert "PHONE:phone_us" in merge_tags_of(lists["merge_fields"])
    assert lists["tags"] == []


# Contacts


def test_a_new_contact_arrives_whole_with_its_tag_and_the_chosen_status(vendor: Vendor, api: Api) -> None:
    kind = resource("members")
    raw = kind.create(api, kind.payload(person(1), "create", CONTEXT), "k")  # type: ignore[misc]
    record = kind.parse(raw)
    assert record.values["consent"] == "none" and record.values["tags"] == ["QuickBooks Online"]
    there = vendor.members()["Zoe.1@courriel.example"]
    assert there["status"] == "transactional"
    assert [tag["name"] for tag in there["tags"]] == ["QuickBooks Online"]
    assert there["merge_fields"]["PHONE"] == "514-555-0100"
    assert there["merge_fields"]["ADDRESS"]["city"] == "Montréal"
    assert record.remote_id == there["contact_id"]


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned", "transactional", "archived"])
def test_no_write_ever_raises_a_status(vendor: Vendor, status: str) -> None:
    email = person(1)["email"]
    first = "subscribed" if status == "archived" else status
    vendor.raw("POST", f"/lists/{AUDIENCE}/members", {"email_address": email, "status": first})
    if status == "archived":
        vendor.raw("DELETE", f"/lists/{AUDIENCE}/members/{member_hash(email)}")
    found, _ = vendor.connect(status_if_new="subscribed")
    kind = resource("members")
    with found:
        payload = kind.payload(person(1), "create", found.context)
        raw = kind.create(found, payload, "k")  # type: ignore[misc]
        kind.update(
            found, kind.parse(raw).remote_id, kind.payload({"phone": "5145550111"}, "update", found.context), "k"
        )  # type: ignore[misc]
        settle(found, "members", [Write(str(place), "create", None, payload, "k") for place in range(3)])
    assert email in vendor.members(status=status)
    assert all("status" not in (body or {}) for method, path, body in vendor.bodies if "/members" in path)


def test_consent_lowers_the_status_of_a_new_contact_and_never_raises_it() -> None:
    kind = resource("members")
    subscribed = {**CONTEXT, "status_if_new": "subscribed"}
    assert kind.payload(person(1), "create", subscribed)["status_if_new"] == "subscribed"
    assert kind.payload(person(1, consent="none"), "create", subscribed)["status_if_new"] == "transactional"
    assert kind.payload(person(1, consent="granted"), "create", CONTEXT)["status_if_new"] == "transactional"
    assert "status" not in json.dumps(kind.payload(person(1, consent="granted"), "update", subscribed))


def test_many_contacts_travel_in_batches_and_each_tells_its_own_outcome(vendor: Vendor, api: Api) -> None:
    vendor.control("configure/mailchimp", {"fake_addresses": ["zoe.7@courriel.example"]})
    people = [person(place) for place in range(1, 41)]
    found = settle(api, "members", writes("members", people))
    refused = found.pop("6")
    assert isinstance(refused.error, RecordRejected) and refused.error.code == "MC-EMAIL-FAKE"
    assert all(outcome.error is None and outcome.raw for outcome in found.values())
    there = vendor.members()
    assert len(there) == 39
    assert {tuple(tag["name"] for tag in row["tags"]) for row in there.values()} == {("QuickBooks Online",)}


def test_a_contact_known_before_keeps_its_tags_and_is_not_doubled(vendor: Vendor, api: Api) -> None:
    email = person(1)["email"]
    vendor.raw(
        "POST",
        f"/lists/{AUDIENCE}/members",
        {"email_address": email.upper(), "status": "subscribed", "tags": ["Fidèle"]},
    )
    kind = resource("members")
    kind.create(api, kind.payload(person(1), "create", CONTEXT), "k")  # type: ignore[misc]
    there = vendor.members()
    assert len(there) == 1
    (row,) = there.values()
    assert {tag["name"] for tag in row["tags"]} == {"Fidèle", "QuickBooks Online"} and row["status"] == "subscribed"


@pytest.mark.parametrize("many", [False, True])
def test_a_field_the_audience_refuses_does_not_keep_the_person_out(vendor: Vendor, many: bool) -> None:
    found, _ = vendor.connect(merge_tags="FNAME:text,LNAME:text,PHONE:phone,ADDRESS:address")
    kind = resource("members")
    with found:
        people = [person(place, phone="+33 1 23 45 67 89") for place in range(3)]
        if many:
            todo = [
                Write(str(place), "create", None, kind.payload(item, "create", found.context), "k")
                for place, item in enumerate(people)
            ]
            outcomes = settle(found, "members", todo)
            assert {outcome.differs for outcome in outcomes.values()} == {("merge_fields.PHONE",)}
            assert all(outcome.error is None for outcome in outcomes.values())
        else:
            kind.create(found, kind.payload(people[0], "create", found.context), "k")  # type: ignore[misc]
    rows = vendor.members()
    assert len(rows) == (3 if many else 1)
    assert all(row["merge_fields"]["PHONE"] == "" and row["tags"] for row in rows.values())


def test_a_permanently_deleted_person_is_refused_by_name(vendor: Vendor, api: Api) -> None:
    kind = resource("members")
    kind.create(api, kind.payload(person(1), "create", CONTEXT), "k")  # type: ignore[misc]
    vendor.raw("POST", f"/lists/{AUDIENCE}/members/{member_hash(person(1)['email'])}/actions/delete-permanent")
    with pytest.raises(RecordRejected, match="MC-FORGOTTEN"):
        kind.create(api, kind.payload(person(1), "create", CONTEXT), "k")  # type: ignore[misc]
    assert kind.find(api, writes("members", [person(1)])[0]) is None  # type: ignore[misc]


def test_a_new_address_renames_the_contact_and_a_taken_one_is_refused(vendor: Vendor, api: Api) -> None:
    kind = resource("members")
    ids = [
        kind.parse(kind.create(api, kind.payload(person(place), "create", CONTEXT), "k")).remote_id for place in (1, 2)
    ]  # type: ignore[misc]
    raw = kind.update(api, ids[0], kind.payload({"email": "Neuve@courriel.example"}, "update", CONTEXT), "k")  # type: ignore[misc]
    assert kind.parse(raw).remote_id == ids[0] and raw["email_address"] == "Neuve@courriel.example"
    with pytest.raises(RecordRejected, match="MC-EMAIL-TAKEN"):
        kind.update(api, ids[0], kind.payload({"email": person(2)["email"]}, "update", CONTEXT), "k")  # type: ignore[misc]


def test_a_half_made_contact_is_not_taken_for_a_whole_one(vendor: Vendor, api: Api) -> None:
    kind = resource("members")
    vendor.raw("POST", f"/lists/{AUDIENCE}/members", {"email_address": person(1)["email"], "status": "transactional"})
    write = writes("members", [person(1)])[0]
    assert kind.find(api, write) is None  # type: ignore[misc]
    kind.create(api, write.payload, "k")  # type: ignore[misc]
    assert kind.find(api, write) is not None  # type: ignore[misc]


# Reading contacts


def test_a_full_reading_finds_every_status_once_and_proves_it(vendor: Vendor, api: Api) -> None:
    settle(api, "members", writes("members", [person(place) for place in range(1005)]))
    vendor.raw("DELETE", f"/lists/{AUDIENCE}/members/{member_hash(person(3)['email'])}")
    found, cursor, ends, note = read(api, "members", None, "members")
    assert len({row["id"] for row in found["members"]}) == 1005 == len(found["members"])
    assert ends == {"members"} and note == ""
    kind = resource("members")
    assert [kind.parse(row).values["consent"] for row in found["members"] if kind.parse(row).gone] == ["archived"]


def test_nothing_new_takes_two_calls_and_a_change_is_seen_once_more(vendor: Vendor) -> None:
    found, account = vendor.connect()
    with found:
        settle(found, "members", writes("members", [person(place) for place in range(30)]))
        _, cursor, _, _ = read(found, "members", None, "members")
        vendor.control("clock", {"advance_seconds": 3})
        account.calls.clear()
        _, cursor, ends, _ = read(found, "members", cursor, "members")
        assert account.calls == ["GET /lists/{audience}/members"] * 2 and ends == {"members"}
        vendor.raw("PATCH", f"/lists/{AUDIENCE}/members/{member_hash(person(4)['email'])}", {"status": "unsubscribed"})
        changed, cursor, _, _ = read(found, "members", cursor, "members")
        kind = resource("members")
        by_mail = {row["email_address"]: kind.parse(row) for row in changed["members"]}
        assert by_mail[person(4)["email"]].values["consent"] == "withdrawn"
        vendor.raw("DELETE", f"/lists/{AUDIENCE}/members/{member_hash(person(5)['email'])}")
        changed, cursor, _, _ = read(found, "members", cursor, "members")
        assert {kind.parse(row).values["email"] for row in changed["members"] if kind.parse(row).gone} == {
            person(5)["email"]
        }


def test_a_listing_that_leaves_people_out_is_not_called_complete(
    vendor: Vendor, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(api, "members", writes("members", [person(place) for place in range(60)]))
    whole = Api.get

    def lossy(self: Api, path: str, params: Any = None, **more: Any) -> Any:
        answer = whole(self, path, params, **more)
        if path.endswith("/members"):
            answer["members"] = answer["members"][:-2]
        return answer

    monkeypatch.setattr(Api, "get", lossy)
    found, cursor, ends, note = read(api, "members", None, "members")
    assert len(found["members"]) == 58
    assert ends == frozenset() and "60 counted, 58 seen" in note and "members" not in cursor


def test_a_vanished_audience_stops_and_asks(vendor: Vendor) -> None:
    found, _ = vendor.connect(audience="gone000001")
    with found, pytest.raises(SettingInvalid, match="MC-AUDIENCE-GONE"):
        read(found, "members", None, "members")


# The store


def test_a_store_opens_quietly_with_its_catch_all_and_once_only(vendor: Vendor, api: Api) -> None:
    open_store(api)
    open_store(api)
    (store,) = vendor.raw("GET", "/ecommerce/stores")["stores"]
    assert store["id"] == STORE and store["is_syncing"] is True and store["list_id"] == AUDIENCE
    (product_there,) = vendor.raw("GET", f"/ecommerce/stores/{STORE}/products")["products"]
    assert product_there["id"] == "qbo-other"
    kind = resource("stores")
    kind.update(api, STORE, kind.payload({"importing": False}, "update", CONTEXT), "k")  # type: ignore[misc]
    assert vendor.raw("GET", f"/ecommerce/stores/{STORE}")["is_syncing"] is False


def test_a_store_of_another_audience_is_not_taken_over(vendor: Vendor, api: Api) -> None:
    vendor.raw(
        "POST",
        "/ecommerce/stores",
        {"id": STORE, "list_id": OTHER_AUDIENCE, "name": "Ailleurs", "currency_code": "CAD"},
    )
    with pytest.raises(SettingInvalid, match="MC-STORE-ELSEWHERE"):
        open_store(api)


def test_a_store_without_its_catch_all_is_only_half_made(vendor: Vendor, api: Api) -> None:
    kind = resource("stores")
    write = Write("1", "create", STORE, kind.payload({"name": "A", "currency": "CAD"}, "create", CONTEXT), "k")
    assert kind.find(api, write) is None  # type: ignore[misc]
    vendor.raw("POST", "/ecommerce/stores", write.payload)
    assert kind.find(api, write) is None  # type: ignore[misc]
    kind.create(api, write.payload, "k")  # type: ignore[misc]
    assert kind.find(api, write) is not None  # type: ignore[misc]


def test_removing_the_store_takes_its_orders_and_leaves_the_contacts(vendor: Vendor, api: Api) -> None:
    open_store(api)
    settle(api, "members", writes("members", [person(place) for place in range(4)]))
    settle(api, "products", writes("products", [product(place) for place in (1, 2, 3)]))
    settle(api, "orders", writes("orders", [sale(place) for place in range(4)]))
    before = {mail: row["merge_fields"] for mail, row in vendor.members().items()}
    kind = resource("stores")
    kind.remove(api, STORE, {}, "k")  # type: ignore[misc]
    kind.remove(api, STORE, {}, "k")  # type: ignore[misc]
    assert vendor.raw("GET", "/ecommerce/orders")["total_items"] == 0
    assert {mail: row["merge_fields"] for mail, row in vendor.members().items()} == before


def test_products_sent_twice_are_there_once_with_the_newest_price(vendor: Vendor, api: Api) -> None:
    open_store(api)
    settle(api, "products", writes("products", [product(place) for place in range(1, 5)]))
    again = settle(
        api, "products", writes("products", [product(place, price=Decimal("9.99")) for place in range(1, 5)])
    )
    assert all(outcome.error is None for outcome in again.values())
    found, _, ends, _ = read(api, "store", None, "products")
    values = {row["id"]: resource("products").parse(row).values for row in found["products"]}
    assert len(values) == 5 and values["3"]["price"] == Decimal("9.99") and values["3"]["sku"] == "A-3"
    assert "products" in ends


@pytest.mark.parametrize("many", [False, True])
def test_an_order_sent_twice_is_there_once(vendor: Vendor, api: Api, many: bool) -> None:
    open_store(api)
    settle(api, "products", writes("products", [product(place) for place in (1, 2, 3)]))
    kind = resource("orders")
    for total in ("28.74", "30.00"):
        todo = writes("orders", [sale(place, total=Decimal(total)) for place in range(3)])
        if many:
            outcomes = settle(api, "orders", todo)
            assert {outcome.remote_id for outcome in outcomes.values()} == {f"invoice-{place}" for place in range(3)}
        else:
            for write in todo:
                kind.create(api, write.payload, "k")  # type: ignore[misc]
    orders = vendor.raw("GET", "/ecommerce/orders")
    assert orders["total_items"] == 3
    assert {row["order_total"] for row in orders["orders"]} == {30}
    values = kind.parse(orders["orders"][0]).values
    assert values["date"] == date(2026, 10, 5) and values["status"] == "open"
    assert {kind.parse(row).values["number"] for row in orders["orders"]} == {"100", "101", "102"}


@pytest.mark.parametrize("many", [False, True])
def test_changed_lines_arrive_one_by_one_and_dropped_ones_go(vendor: Vendor, api: Api, many: bool) -> None:
    open_store(api)
    settle(api, "products", writes("products", [product(place) for place in (1, 2, 3)]))
    settle(api, "orders", writes("orders", [sale(place) for place in range(3)]))
    line = {"kind": "item", "quantity": Decimal(1), "unit_price": Decimal("5.00"), "amount": Decimal("5.00")}
    lines = [{**line, "id": "2", "product": None}, {**line, "id": "3", "product": Ref("product", "products", "2")}]
    change = {"lines": lines, "total": Decimal("10.00"), "tax_total": Decimal(0), "status": "paid"}
    ids = [f"invoice-{place}" for place in range(3)]
    todo = writes("orders", [change] * 3, "update", ids)
    if many:
        outcomes = settle(api, "orders", todo)
        shown = [outcome.raw for outcome in outcomes.values()]
    else:
        shown = [resource("orders").update(api, write.remote_id, write.payload, "k") for write in todo]  # type: ignore[misc,arg-type]
    for raw in (*shown, *vendor.raw("GET", "/ecommerce/orders")["orders"]):
        assert {(row["id"], row["product_id"]) for row in raw["lines"]} == {("2", "qbo-other"), ("3", "2")}
        assert raw["order_total"] == 10 and raw["financial_status"] == "paid"


def test_a_vanished_catch_all_is_put_back_for_the_order_that_needs_it(vendor: Vendor, api: Api) -> None:
    open_store(api)
    vendor.raw("DELETE", f"/ecommerce/stores/{STORE}/products/qbo-other")
    kind = resource("orders")
    kind.create(api, kind.payload(sale(1, lines=[]), "create", CONTEXT), "k")  # type: ignore[misc]
    assert vendor.raw("GET", "/ecommerce/orders")["total_items"] == 1


def test_orders_are_voided_and_removed_and_removing_twice_is_removing_once(vendor: Vendor, api: Api) -> None:
    open_store(api)
    settle(api, "products", writes("products", [product(place) for place in (1, 2, 3)]))
    settle(api, "orders", writes("orders", [sale(place) for place in range(6)]))
    ids = [f"invoice-{place}" for place in range(6)]
    settle(api, "orders", [Write(name, "void", name, {}, "k") for name in ids[:3]])
    resource("orders").void(api, ids[3], {}, "k")  # type: ignore[misc]
    states = {row["id"]: row["financial_status"] for row in vendor.raw("GET", "/ecommerce/orders")["orders"]}
    assert [states[name] for name in ids] == ["cancelled"] * 4 + ["pending"] * 2
    for _ in range(2):
        gone = settle(api, "orders", [Write(name, "remove", name, {}, "k") for name in ids])
        assert all(outcome.error is None for outcome in gone.values())
    assert vendor.raw("GET", "/ecommerce/orders")["total_items"] == 0


def test_orders_never_opt_anybody_in_and_count_for_the_right_contact(vendor: Vendor, api: Api) -> None:
    open_store(api)
    settle(api, "products", writes("products", [product(place) for place in (1, 2, 3)]))
    settle(api, "members", writes("members", [person(place) for place in (1, 2, 3)]))
    settle(api, "orders", writes("orders", [sale(place, contact_values=person(1)) for place in (1, 2, 3)]))
    there = vendor.members()
    assert there[person(1)["email"]]["stats"]["ecommerce_data"]["number_of_orders"] == 3
    assert {row["status"] for row in there.values()} == {"transactional"}


def test_a_store_read_once_is_not_read_again(vendor: Vendor) -> None:
    found, account = vendor.connect()
    with found:
        open_store(found)
        _, cursor, ends, _ = read(found, "store", None, "stores", "products", "orders")
        assert ends == {"stores", "products", "orders"}
        account.calls.clear()
        assert read(found, "store", cursor, "stores", "products", "orders")[0] == {}
        assert account.calls == []
        more, _, _, _ = read(found, "store", cursor, "stores", "customers")
        assert more == {"customers": []} or "customers" in more


# Batches


def test_many_open_tickets_are_asked_about_with_one_call(vendor: Vendor) -> None:
    found, account = vendor.connect()
    kind = resource("members")
    assert kind.bulk and kind.bulk.poll
    with found:
        tickets = [
            kind.bulk.send(found, writes("members", [person(at + place) for place in range(3)])) for at in (0, 10, 20)
        ]
        account.calls.clear()
        assert all(isinstance(ticket, Ticket) for ticket in tickets)
        kind.bulk.poll(found, tickets)  # type: ignore[arg-type]
        assert [call for call in account.calls if call.startswith("GET /batches")] == ["GET /batches"]
        account.calls.clear()
        kind.bulk.poll(found, tickets[:1])  # type: ignore[arg-type]
        assert [call.split("/")[1] for call in account.calls if "batches/" in call] == ["batches"]


def test_an_expired_link_is_asked_for_again(vendor: Vendor, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    download = Api.download

    def once_dead(self: Api, url: str, max_bytes: int = 200_000_000) -> bytes:
        asked.append(url)
        return download(self, url.replace("Signature=", "Signature=0") if len(asked) == 1 else url, max_bytes)

    monkeypatch.setattr(Api, "download", once_dead)
    found = settle(api, "members", writes("members", [person(place) for place in range(3)]))
    assert all(outcome.error is None for outcome in found.values()) and len(asked) == 3


def test_an_operation_missing_in_the_archive_is_unknown_and_not_done(
    vendor: Vendor, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = batches.read_archive
    monkeypatch.setattr(batches, "read_archive", lambda data: {k: v for k, v in whole(data).items() if k != "1"})
    found = settle(api, "members", writes("members", [person(place) for place in range(3)]))
    assert isinstance(found["1"].error, OutcomeUnknown)
    assert found["0"].error is None and found["2"].error is None


def test_a_forgotten_batch_leaves_every_write_to_be_looked_up(vendor: Vendor, api: Api) -> None:
    kind = resource("members")
    assert kind.bulk and kind.bulk.poll
    ticket = kind.bulk.send(api, writes("members", [person(place) for place in range(3)]))
    assert isinstance(ticket, Ticket)
    for name in ticket.state["batches"]:
        vendor.raw("DELETE", f"/batches/{name}")
    (outcomes,) = kind.bulk.poll(api, [ticket])
    assert all(isinstance(outcome.error, OutcomeUnknown) for outcome in outcomes)  # type: ignore[union-attr]


def test_a_lost_answer_to_a_batch_leads_to_nothing_twice(vendor: Vendor, api: Api) -> None:
    open_store(api)
    settle(api, "products", writes("products", [product(place) for place in (1, 2, 3)]))
    vendor.control(
        "faults", [{"vendor": "mailchimp", "method": "POST", "path": "/batches$", "kind": "drop_after", "times": 1}]
    )
    todo = writes("orders", [sale(place) for place in range(5)])
    with pytest.raises(SyncError):
        resource("orders").bulk.send(api, todo)  # type: ignore[union-attr]
    time.sleep(0.3)
    found = settle(api, "orders", todo)
    assert all(outcome.error is None for outcome in found.values())
    assert vendor.raw("GET", "/ecommerce/orders")["total_items"] == 5
    assert resource("orders").find(api, todo[0]) is not None  # type: ignore[misc]


# Webhooks


def test_a_hook_is_made_signed_and_removed(vendor: Vendor, api: Api) -> None:
    vendor.control("configure/mailchimp", {"webhook_check": False})
    hooks = CONNECTOR.webhooks
    assert hooks and hooks.subscribe and hooks.unsubscribe
    name, secret = hooks.subscribe(api, "http://127.0.0.1:9/hooks/abc")
    assert name and secret
    assert hooks.subscribe(api, "http://127.0.0.1:9/hooks/abc") == (name, "")
    sources = vendor.raw("GET", f"/lists/{AUDIENCE}/webhooks")["webhooks"][0]["sources"]
    assert sources["api"] is False
    hooks.unsubscribe(api, name)
    hooks.unsubscribe(api, name)
    assert vendor.raw("GET", f"/lists/{AUDIENCE}/webhooks")["webhooks"] == []
