"""The QuickBooks connector over HTTP against its stand-in; every request it sends is held against the vendor's schema,
and every real document is read.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema
import pytest
import requests

from connectors.contract import (
    App,
    AuthorizationExpired,
    Grant,
    OutcomeUnknown,
    Page,
    RecordRejected,
    Ref,
    StaleVersion,
    SyncError,
    Write,
)
from connectors.contract.money import lines_add_up, lines_total
from connectors.quickbooks import CONNECTOR, auth
from connectors.quickbooks.errors import classify
from connectors.quickbooks.feed import SOURCES
from connectors.sandbox.server import background
from connectors.transport import Api, PlainHttp, decode, encode, fill_hosts
from connectors.transport import api as transport

pytestmark = pytest.mark.contracts
APP = App("sandbox-client", "sandbox-secret")
REDIRECT = "http://localhost:8000/connect/quickbooks"
ALL = frozenset(SOURCES)
PATHS = {
    "customer": "Customer",
    "item": "Item",
    "invoice": "Invoice",
    "salesreceipt": "SalesReceipt",
    "payment": "Payment",
    "creditmemo": "CreditMemo",
    "refundreceipt": "RefundReceipt",
}
_NO_BODY = {"query", "cdc", "companyinfo", "preferences"}


class Contract:
    """Request bodies held against the vendor's schema."""

    def __init__(self, folder: Path) -> None:
        self.definitions = json.loads((folder / "schema.json").read_text())["$defs"]

    def violations(self, name: str, document: Any) -> list[str]:
        schema = {"$ref": f"#/$defs/{name}", "$defs": self.definitions}
        found = jsonschema.Draft202012Validator(schema).iter_errors(document)
        return [f"{name}{error.json_path}: {error.message[:200]}" for error in found]

    def complaints(self, method: str, url: str, body: bytes | None) -> list[str]:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        resource = parts.path.split("/v3/company/")[1].split("/")[1]
        found = [] if query.get("minorversion") == ["75"] else ["no minor version"]
        if method == "GET":
            known = resource in _NO_BODY or resource in PATHS
            return found if known else [*found, f"unknown path {resource}"]
        if not 1 <= len(query.get("requestid", [""])[0]) <= 50:
            found.append("no request id")
        document = json.loads(body or b"null")
        if resource == "batch":
            if len(query["requestid"][0]) > 36 or len(document["BatchItemRequest"]) > 30:
                found.append("batch out of bounds")
            return found + self.violations("BatchRequest", document)
        name = PATHS[resource]
        return found + self.violations(self._definition(name, query, document), document)

    @staticmethod
    def _definition(name: str, query: dict[str, list[str]], document: dict[str, Any]) -> str:
        if "operation" in query and query["operation"] != ["update"]:
            return "IdAndToken"
        if query.get("include") == ["void"]:
            return f"{name}SparseUpdate"
        if "Id" not in document:
            return f"{name}Create"
        return f"{name}SparseUpdate" if document.get("sparse") else f"{name}Update"


class Account:
    """An account without shared state that renews as the vendor wants it: one at a time, the newest token kept."""

    def __init__(self, url: str, grant: Grant) -> None:
        self.current, self.renewals = grant, 0
        self._hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], url)
        self._lock = threading.Lock()
        self.calls: list[Any] = []

    def grant(self) -> Grant:
        return self.current

    def renew(self, used: Grant) -> Grant:
        with self._lock:
            if self.current is used:
                self.renewals += 1
                self.current = auth.refresh(PlainHttp(), self._hosts, APP, used)
            return self.current

    @contextmanager
    def slot(self, bucket: str) -> Iterator[None]:
        yield

    def throttled(self, seconds: float) -> None:
        pass

    def allow(self) -> None:
        pass

    def feedback(self, up: bool) -> None:
        pass

    def record(self, call: Any) -> None:
        self.calls.append(call)


class Company:
    """The stand-in with a connected company."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], url)
        grant, realm = self.connect()
        self.realm = realm
        self.account = Account(url, grant)
        self.api = Api(CONNECTOR, self.hosts, self.account, {"account_id": realm}, deadline_seconds=20)

    def connect(self) -> tuple[Grant, str]:
        page = auth.authorize_url(self.hosts, APP, REDIRECT, "state-1") + "&auto=1"
        answer = requests.get(page, allow_redirects=False, timeout=10)
        back = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        assert back["state"] == "state-1"
        grant, realm = auth.exchange(PlainHttp(), self.hosts, APP, REDIRECT, back)
        assert realm
        return grant, realm

    def control(self, name: str, data: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=data, timeout=20)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def fault(self, **fault: Any) -> None:
        self.control("faults", [{"vendor": "quickbooks", **fault}])

    def read(self, cursor: Any = None, wanted: frozenset[str] = ALL) -> list[Page]:
        return list(CONNECTOR.feed_of("customers").read(self.api, cursor, wanted))

    def calls_of(self, action: Callable[[], Any]) -> int:
        before = len(self.account.calls)
        action()
        return len(self.account.calls) - before


@pytest.fixture(scope="module")
def contract(contracts: Path) -> Contract:
    return Contract(contracts / "quickbooks")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with background("demo") as url:
        yield url


@pytest.fixture
def company(server: str, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A connected company in the demo world; each of its requests must fit the contract."""
    requests.post(f"{server}/_sandbox/reset", json={"world": "demo"}, timeout=60).raise_for_status()
    complaints: list[str] = []
    prepare = transport.prepare

    def watched(method: str, url: str, headers: Any, data: bytes | None) -> Any:
        if "/v3/company/" in url:
            complaints.extend(contract.complaints(method, url, data))
        return prepare(method, url, headers, data)

    monkeypatch.setattr(transport, "prepare", watched)
    made = Company(server)
    yield made
    made.api.close()
    assert not complaints, complaints[:5]


def merged(pages: list[Page]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for page in pages:
        for name, rows in page.documents.items():
            found.setdefault(name, []).extend(rows)
    return found


# Signing in


def test_a_grant_is_renewed_when_refused_and_ends_when_revoked(company: Company) -> None:
    company.fault(kind="expire_tokens")
    assert CONNECTOR.identify(company.api).name
    assert company.account.renewals == 1
    auth.revoke(PlainHttp(), company.hosts, APP, company.account.current)
    with pytest.raises(AuthorizationExpired) as caught:
        CONNECTOR.identify(company.api)
    assert caught.value.code == "QBO-GRANT-GONE"
    auth.revoke(PlainHttp(), company.hosts, APP, company.account.current)


def test_a_code_serves_once(company: Company) -> None:
    answer = requests.get(
        auth.authorize_url(company.hosts, APP, REDIRECT, "s") + "&auto=1", allow_redirects=False, timeout=10
    )
    back = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    auth.exchange(PlainHttp(), company.hosts, APP, REDIRECT, back)
    with pytest.raises(AuthorizationExpired) as caught:
        auth.exchange(PlainHttp(), company.hosts, APP, REDIRECT, back)
    assert caught.value.code == "QBO-CODE-GONE"
    wrong = App("sandbox-client", "not the secret")
    with pytest.raises(SyncError) as refused:
        auth.refresh(PlainHttp(), company.hosts, wrong, company.account.current)
    assert refused.value.code == "QBO-CLIENT"


def test_identity_and_findings_tell_what_the_company_allows(company: Company) -> None:
    identity = CONNECTOR.identify(company.api)
    assert identity.account_id == company.realm
    assert {"country", "currency", "plan", "subscription", "multi_currency", "custom_numbers"} <= set(identity.facts)
    assert CONNECTOR.diagnose is not None
    findings = CONNECTOR.diagnose(company.api)
    explained = {entry.code for entry in CONNECTOR.catalogue}
    assert findings and {finding.code for finding in findings} <= explained
    assert not [finding for finding in findings if finding.level == "blocker"]


# Reading


def test_a_first_reading_brings_every_object_once_and_counts_them(company: Company) -> None:
    pages = company.read()
    found = merged(pages)
    assert set().union(*(page.ends for page in pages)) == ALL
    for name, rows in found.items():
        ids = [row["Id"] for row in rows]
        assert len(ids) == len(set(ids)), name
        expected = next((page.expected[name] for page in pages if name in page.expected), None)
        assert expected == len(ids), name
        for row in rows:
            assert CONNECTOR.resource(name).parse(row).remote_id == row["Id"]
    assert len(found["customers"]) >= 250 and any(row["Active"] is False for row in found["customers"])
    for name in ("invoices", "sales_receipts", "credit_memos", "refund_receipts"):
        for row in found[name]:
            values = CONNECTOR.resource(name).parse(row).values
            assert lines_add_up(values), (name, row["Id"], lines_total(values), values["total"])


def test_with_nothing_to_do_a_reading_takes_one_call_and_brings_nothing(company: Company) -> None:
    wanted = frozenset({"customers", "items", "invoices", "sales_receipts", "payments", "credit_memos"})
    cursor = company.read(wanted=wanted)[-1].cursor
    again: list[Page] = []
    assert company.calls_of(lambda: again.extend(company.read(cursor, wanted))) == 1
    assert not merged(again) and not any(page.ends for page in again)
    assert json.loads(json.dumps(again[-1].cursor)) == again[-1].cursor


def test_changes_deletions_and_inactive_ones_come_with_the_next_reading(company: Company) -> None:
    wanted = frozenset({"customers", "invoices"})
    pages = company.read(wanted=wanted)
    found = merged(pages)
    company.control("clock", {"advance_seconds": 3600})
    customers, invoices = CONNECTOR.resource("customers"), CONNECTOR.resource("invoices")
    free = next(row for row in found["customers"] if row["Active"] and not row["Balance"])
    unpaid = next(row for row in found["invoices"] if row["TotalAmt"] and row["Balance"] == row["TotalAmt"])
    paid = next(row for row in found["invoices"] if row["TotalAmt"] and not row["Balance"])
    assert customers.remove and invoices.remove and invoices.void
    customers.remove(company.api, free["Id"], {}, "key-1")
    invoices.remove(company.api, unpaid["Id"], {"SyncToken": unpaid["SyncToken"]}, "key-2")
    invoices.void(company.api, paid["Id"], {}, "key-3")
    news = merged(company.read(pages[-1].cursor, wanted))
    seen = {row["Id"]: customers.parse(row) for row in news["customers"]}
    assert seen[free["Id"]].gone and seen[free["Id"]].values["active"] is False
    bills = {row["Id"]: invoices.parse(row) for row in news["invoices"]}
    assert bills[unpaid["Id"]].gone and bills[unpaid["Id"]].values == {}
    assert not bills[paid["Id"]].gone and bills[paid["Id"]].values["status"] == "void"


@pytest.mark.fault("E")
def test_a_reading_cut_off_anywhere_goes_on_from_its_cursor(company: Company) -> None:
    whole = {name: {row["Id"] for row in rows} for name, rows in merged(company.read()).items()}
    cursor: Any = None
    found: dict[str, set[str]] = {name: set() for name in ALL}
    for _ in range(60):
        pages = CONNECTOR.feed_of("customers").read(company.api, cursor, ALL)
        page = next(pages)
        pages.close()  # type: ignore[attr-defined]
        cursor = json.loads(json.dumps(page.cursor))
        for name, rows in page.documents.items():
            found[name] |= {row["Id"] for row in rows}
        if found == {**{name: set() for name in ALL}, **whole}:
            break
    assert {name: ids for name, ids in found.items() if ids} == whole


def test_a_cursor_older_than_the_look_back_is_read_in_full(company: Company) -> None:
    wanted = frozenset({"items"})
    cursor = company.read(wanted=wanted)[-1].cursor
    company.control("clock", {"advance_seconds": 31 * 86400})
    pages = company.read(cursor, wanted)
    assert pages[-1].ends == wanted and len(merged(pages)["items"]) >= 60


def test_more_than_the_cap_changes_lose_nothing(company: Company) -> None:
    wanted = frozenset({"customers", "invoices"})
    pages = company.read(wanted=wanted)
    company.control("clock", {"advance_seconds": 7200})
    many = [{"DisplayName": f"Client inventé {number:05d}"} for number in range(1300)]
    company.control("load/quickbooks", {"Customer": many})
    invoice = merged(pages)["invoices"][0]
    remove = CONNECTOR.resource("invoices").remove
    assert remove is not None
    remove(company.api, invoice["Id"], {}, "gone")
    news = merged(company.read(pages[-1].cursor, wanted))
    names = {row["DisplayName"] for row in news["customers"]}
    assert {item["DisplayName"] for item in many} <= names
    assert [row["Id"] for row in news["invoices"] if row.get("status") == "Deleted"] == [invoice["Id"]]


def test_more_rows_of_one_second_than_a_page_all_come(company: Company) -> None:
    stamp = {"CreateTime": "2026-01-05T08:00:00-08:00", "LastUpdatedTime": "2026-01-05T08:00:00-08:00"}
    many = [{"DisplayName": f"Même seconde {number:05d}", "MetaData": stamp} for number in range(2300)]
    company.control("load/quickbooks", {"Customer": many})
    pages = company.read(wanted=frozenset({"customers"}))
    rows = merged(pages)["customers"]
    together = [row for row in rows if row["DisplayName"].startswith("Même seconde")]
    assert len({row["MetaData"]["LastUpdatedTime"] for row in together}) == 1, "the world did not keep the stamps"
    assert len(together) == len({row["Id"] for row in together}) == 2300
    assert len(rows) == len({row["Id"] for row in rows}) and pages[-1].ends


def test_reference_lists_hold_choices(company: Company) -> None:
    for reference in CONNECTOR.references:
        choices = reference.read(company.api)
        assert choices or reference.key in ("classes", "departments"), reference.key
        assert all(choice.id and choice.label for choice in choices)


def test_the_company_feed_brings_both_documents(company: Company) -> None:
    feed = CONNECTOR.feed_of("preferences")
    (page,) = feed.read(company.api, None, frozenset(feed.resources))
    shop = CONNECTOR.resource("company_info").parse(page.documents["company_info"][0])
    assert shop.values["name"] and shop.values["country"]
    prefs = CONNECTOR.resource("preferences").parse(page.documents["preferences"][0])
    assert prefs.values["currency"] and page.ends == frozenset(feed.resources)


# Writing


def customer(name: str, **more: Any) -> dict[str, Any]:
    values = {
        "name": name,
        "given_name": "Zoé",
        "family_name": "D'Été",
        "email": "zoe@example.com",
        "phone": "+1 514 555-0100",
        "address": {
            "line1": "1, rue Inventée",
            "city": "Montréal",
            "region": "QC",
            "postcode": "H2X 1Y4",
            "country": "CA",
        },
        "notes": "",
        **more,
    }
    return CONNECTOR.resource("customers").payload(values, "create", {})


@pytest.mark.fault("S37")
@pytest.mark.parametrize("name", ["O'Brien' OR Active = 'x", "PG&E 100% + #1", "Back\\slash \\' end\\", "Élan 🚗 שלום"])
def test_any_name_is_written_and_found_again(company: Company, name: str) -> None:
    resource = CONNECTOR.resource("customers")
    assert resource.create and resource.find
    payload = customer(name)
    write = Write("1", "create", None, payload, "key-a")
    assert resource.find(company.api, write) is None
    made = resource.create(company.api, payload, "key-a")
    assert made["DisplayName"] == name
    found = resource.find(company.api, write)
    assert found is not None and found["Id"] == made["Id"]
    other = Write("2", "create", None, {**payload, "GivenName": "Léa"}, "key-b")
    assert resource.find(company.api, other) is None, "somebody else's customer of that name was taken for ours"


@pytest.mark.fault("D03")
def test_a_write_whose_answer_was_lost_is_made_once_under_its_key(company: Company) -> None:
    resource = CONNECTOR.resource("customers")
    assert resource.create and resource.find
    payload = customer("Garage Perdu")
    company.fault(method="POST", path="/customer", kind="drop_after", times=1)
    with pytest.raises(OutcomeUnknown):
        resource.create(company.api, payload, "same-key")
    found = resource.find(company.api, Write("1", "create", None, payload, "same-key"))
    again = resource.create(company.api, payload, "same-key")
    assert found is not None and again["Id"] == found["Id"]


@pytest.mark.fault("D13")
def test_an_update_changes_what_it_names_and_refuses_a_stale_version(company: Company) -> None:
    resource = CONNECTOR.resource("customers")
    assert resource.create and resource.update and resource.fetch
    made = resource.create(company.api, customer("Atelier Mouvant"), "k1")
    body = resource.payload({"phone": None, "company": "Atelier inc."}, "update", {})
    changed = resource.update(company.api, made["Id"], {**body, "SyncToken": made["SyncToken"]}, "k2")
    values = resource.parse(changed).values
    assert values["phone"] is None and values["company"] == "Atelier inc." and values["given_name"] == "Zoé"
    with pytest.raises(StaleVersion) as caught:
        resource.update(company.api, made["Id"], {"Notes": "x", "SyncToken": made["SyncToken"]}, "k3")
    assert caught.value.code == "QBO-5010"
    assert resource.update(company.api, made["Id"], {"Notes": "y"}, "k4")["Notes"] == "y"


@pytest.mark.fault("D12")
def test_a_name_in_use_is_refused_by_its_code_with_the_other_id(company: Company) -> None:
    resource = CONNECTOR.resource("customers")
    assert resource.create and resource.fetch
    made = resource.create(company.api, customer("Nom Unique"), "k1")
    with pytest.raises(RecordRejected) as caught:
        resource.create(company.api, customer("nom unique", email="lea@example.com"), "k2")
    assert caught.value.code == "QBO-NAME-CUSTOMER" and caught.value.request_id
    assert (caught.value.params["id"], caught.value.params["holder"]) == (made["Id"], "Nom Unique")
    with pytest.raises(RecordRejected) as gone:
        resource.fetch(company.api, "99999999")
    assert gone.value.code == "QBO-610"


def sale_of(company: Company, **more: Any) -> dict[str, Any]:
    found = merged(company.read(wanted=frozenset({"customers", "items"})))
    buyer = next(row for row in found["customers"] if row["Active"])
    item = next(row for row in found["items"] if row["Active"] and row["Type"] in ("Service", "NonInventory"))
    line = {
        "kind": "item",
        "product": Ref("product", "items", item["Id"]),
        "name": "Pièce",
        "quantity": Decimal(3),
        "unit_price": Decimal("10.10"),
        "amount": Decimal("30.30"),
        "tax_code": None,
    }
    odd = {**line, "quantity": Decimal(3), "unit_price": Decimal("3.33"), "amount": Decimal("10.00")}
    return {
        "contact": Ref("contact", "customers", buyer["Id"]),
        "date": date(2026, 11, 2),
        "memo": "invented order 1",
        "lines": [line, odd, {"kind": "note", "name": "Merci"}],
        **more,
    }


def test_documents_of_every_kind_are_written_read_changed_and_ended(company: Company) -> None:
    accounts = {choice.label: choice for choice in _reference("deposit_accounts", company)}
    taxes = [choice for choice in _reference("tax_codes", company) if choice.active]
    account = next(iter(accounts.values())).id
    sale = sale_of(company)
    tax = next((choice.id for choice in taxes if choice.id not in ("TAX", "NON")), None)
    country = CONNECTOR.identify(company.api).facts["country"]
    for line in sale["lines"]:
        line["tax_code"] = tax if country != "US" else "NON"
    context = {"deposit_account": account, **({"tax_calculation": "TaxExcluded"} if country != "US" else {})}
    for name in ("invoices", "sales_receipts", "credit_memos", "refund_receipts"):
        resource = CONNECTOR.resource(name)
        assert resource.create and resource.update and resource.remove and resource.find
        payload = resource.payload(sale, "create", context)
        made = resource.create(company.api, payload, f"create-{name}")
        values = resource.parse(made).values
        assert lines_add_up(values) and values["memo"] == "invented order 1", name
        assert sum(line["amount"] or 0 for line in values["lines"]) == Decimal("40.30")
        found = resource.find(company.api, Write("1", "create", None, payload, "x"))
        assert found is not None and found["Id"] == made["Id"]
        changed = resource.update(company.api, made["Id"], {"PrivateNote": "changed"}, f"update-{name}")
        assert changed["PrivateNote"] == "changed" and changed["TotalAmt"] == made["TotalAmt"]
        stub = resource.remove(company.api, made["Id"], {"SyncToken": changed["SyncToken"]}, f"remove-{name}")
        assert resource.parse(stub).gone
        removed = resource.find(company.api, Write("1", "remove", made["Id"], {}, "y"))
        assert removed is not None and removed["status"] == "Deleted"


def _reference(key: str, company: Company) -> Any:
    return next(item for item in CONNECTOR.references if item.key == key).read(company.api)


def test_a_payment_pays_an_invoice_and_a_void_sets_it_free(company: Company) -> None:
    found = merged(company.read(wanted=frozenset({"invoices"})))["invoices"]
    invoice = next(row for row in found if row["TotalAmt"] and row["Balance"] == row["TotalAmt"])
    resource = CONNECTOR.resource("payments")
    assert resource.create and resource.void
    amount = Decimal(invoice["TotalAmt"])
    values = {
        "contact": Ref("contact", "customers", invoice["CustomerRef"]["value"]),
        "date": date(2026, 11, 3),
        "total": amount,
        "applied": [{"document": Ref("sale", "invoices", invoice["Id"]), "amount": amount}],
    }
    made = resource.create(company.api, resource.payload(values, "create", {}), "pay")
    read = resource.parse(made).values
    assert read["applied"][0]["document"] == Ref("sale", "invoices", invoice["Id"]) and not read["unapplied"]
    invoices = CONNECTOR.resource("invoices")
    assert invoices.fetch
    assert invoices.parse(invoices.fetch(company.api, invoice["Id"])).values["status"] == "paid"
    resource.void(company.api, made["Id"], {"SyncToken": made["SyncToken"]}, "void")
    assert invoices.parse(invoices.fetch(company.api, invoice["Id"])).values["status"] == "open"


@pytest.mark.fault("D07")
def test_thirty_writes_travel_together_and_each_has_its_own_end(company: Company) -> None:
    resource = CONNECTOR.resource("customers")
    assert resource.bulk and resource.create
    taken = resource.create(company.api, customer("Déjà pris"), "k0")
    writes = [Write(str(n), "create", None, customer(f"Lot {n:02d}"), f"key-{n}") for n in range(28)]
    writes.append(Write("28", "create", None, customer("Déjà pris", email="lea@example.com"), "key-28"))
    writes.append(Write("29", "update", taken["Id"], {"Notes": "mis à jour"}, "key-29"))
    outcomes: list[Any] = []
    calls = company.calls_of(lambda: outcomes.extend(resource.bulk.send(company.api, writes)))  # type: ignore[union-attr, arg-type]
    assert calls == 3, "one for the missing version, one for the batch, one to see who has the name"
    assert [outcome.change for outcome in outcomes] == [str(n) for n in range(30)]
    assert all(outcome.error is None and outcome.raw and not outcome.differs for outcome in outcomes[:28])
    assert isinstance(outcomes[28].error, RecordRejected) and outcomes[28].error.code == "QBO-NAME-CUSTOMER"
    assert outcomes[29].raw["Notes"] == "mis à jour"
    again = resource.bulk.send(company.api, writes[:28] + writes[28:])
    assert [item.remote_id for item in again] == [item.remote_id for item in outcomes]  # type: ignore[union-attr]


# Real documents


def _real(contracts: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """(where, entity, document) of everything recorded or converted; numbers as the wire decoder gives them."""
    found: list[tuple[str, str, dict[str, Any]]] = []

    def walk(where: str, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                walk(where, item)
        elif isinstance(value, dict):
            for name, inner in value.items():
                rows = inner if isinstance(inner, list) else [inner]
                if name in {source.entity for source in SOURCES.values()}:
                    found.extend((where, name, row) for row in rows if isinstance(row, dict) and "Id" in row)
                elif name not in ("request",):
                    walk(where, inner)

    for folder in ("recorded", "fixtures"):
        for path in sorted((contracts / "quickbooks" / folder).glob("*.json")):
            walk(f"{folder}/{path.name}", decode(path.read_bytes()))
    return found


def test_every_real_document_is_read(contracts: Path) -> None:
    names = {source.entity: name for name, source in SOURCES.items()}
    seen: dict[str, int] = {}
    for where, entity, raw in _real(contracts):
        record = CONNECTOR.resource(names[entity]).parse(raw)
        assert record.remote_id == str(raw["Id"]), where
        assert record.gone == (raw.get("status") == "Deleted" or raw.get("Active") is False), where
        encode(dict(record.raw))
        seen[entity] = seen.get(entity, 0) + 1
    assert set(seen) >= {"Customer", "Invoice", "SalesReceipt", "Payment", "CreditMemo", "RefundReceipt", "Item"}
    assert sum(seen.values()) > 150


def test_recorded_documents_add_up_to_the_cent(contracts: Path) -> None:
    """Recorded ones; the converted fixtures were edited by their authors."""
    names = {source.entity: name for name, source in SOURCES.items()}
    checked = 0
    for where, entity, raw in _real(contracts):
        if where.startswith("recorded/") and entity in ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"):
            values = CONNECTOR.resource(names[entity]).parse(raw).values
            if values.get("status") == "void" or not values:
                continue
            assert lines_add_up(values), (where, raw["Id"], lines_total(values), values["total"])
            checked += 1
    assert checked > 10


def test_the_tax_inclusive_bundle_with_a_discount_adds_up(contracts: Path) -> None:
    path = contracts / "quickbooks" / "fixtures" / "invoice_with_bundle_line_item.json"
    raw = decode(path.read_bytes())["objects"][0]["Invoice"]
    values = CONNECTOR.resource("invoices").parse(raw).values
    assert lines_add_up(values) and values["total"] == Decimal("9.6")
    assert [line["kind"] for line in values["lines"]] == ["note", "item", "item"]


def test_every_recorded_refusal_is_known(contracts: Path) -> None:
    checked = []
    for path in sorted((contracts / "quickbooks" / "recorded").glob("*.json")):
        for exchange in json.loads(path.read_text())["interactions"]:
            answer = exchange["response"]
            if answer["status"] >= 400:
                body = answer["body"]
                raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                error = classify(answer["status"], answer["headers"], raw)
                assert error.code != "QBO-UNKNOWN", path.name
                assert error.request_id or "intuit-tid" not in answer["headers"], path.name
                checked.append(error.code)
    assert {"QBO-3200", "QBO-6240", "QBO-REQUEST"} <= set(checked)


def test_every_catalogued_vendor_code_has_a_row_and_an_explanation(contracts: Path) -> None:
    catalogue = json.loads((contracts / "quickbooks" / "errors.json").read_text())["errors"]
    explained = {entry.code for entry in CONNECTOR.catalogue}
    thens = {"wait": {"wait"}, "refresh": {"ask"}, "reconnect": {"ask"}, "refetch": {"reject"}}
    for entry in catalogue:
        body = json.dumps({"Fault": {"Error": [{"code": entry["code"], "Message": "m", "Detail": "d"}]}}).encode()
        error = classify(entry["http"][0], {}, body)
        assert error.code in explained and error.code != "QBO-UNKNOWN", entry
        assert error.then in thens.get(entry["action"], {"stop", "reject", "ask", "look"}), (entry, error.then)


def test_statements_travel_whole(company: Company) -> None:
    """What leaves in an address comes out of it as it was written."""
    CONNECTOR.resource("customers").find(company.api, Write("1", "create", None, customer("A & B + 'c' %20"), "k"))  # type: ignore[misc]
    calls = requests.get(f"{company.url}/_sandbox/calls?vendor=quickbooks", timeout=10).json()["calls"]
    statement = unquote(re.search(r"query=([^&]*)", calls[-1]["query"]).group(1))  # type: ignore[union-attr]
    assert "DisplayName = 'A & B + \\'c\\' %20'" in statement
