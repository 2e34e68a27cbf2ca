"""The QuickBooks connector over HTTP against its stand-in; every request it sends is held against the vendor's schema,
and every real document is read.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
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
from tests.account import Account

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
_NO_BODY = {"query", "cdc", "companyinfo", "preferences", "vendor", "employee"}


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


class Books(Account):
    """An account that renews as the vendor wants it: one at a time, the newest token kept."""

    def __init__(self, url: str, grant: Grant) -> None:
        hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], url)
        super().__init__(grant, renewed=lambda used: auth.refresh(PlainHttp(), hosts, APP, used))
        self.renewals = 0
        self._lock = threading.Lock()

    def renew(self, used: Grant) -> Grant:
        with self._lock:
            if self.current is used:
                self.renewals += 1
                return super().renew(used)
            return self.current


class Company:
    """The stand-in with a connected company."""

    def __init__(self, url: str, realm: str = "") -> None:
        self.url = url
        self.hosts = fill_hosts(CONNECTOR.environments["local_sandbox"], url)
        grant, realm = self.connect(realm)
        self.realm = realm
        self.account = Books(url, grant)
        self.api = Api(CONNECTOR, self.hosts, self.account, {"account_id": realm}, deadline_seconds=20)

    def connect(self, realm: str = "") -> tuple[Grant, str]:
        page = (
            auth.authorize_url(self.hosts, APP, REDIRECT, "state-1") + "&auto=1" + (f"&realm={realm}" if realm else "")
        )
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

    def set(self, resource: str, **document: Any) -> None:
        """Change the company's own documents, as its bookkeeper would in the settings."""
        self.control("load/quickbooks", {resource: [document], "realm": self.realm})

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
        removal = Write("1", "remove", made["Id"], {}, "y")
        assert resource.find(company.api, removal) is not None, "it still stands"
        stub = resource.remove(company.api, made["Id"], {"SyncToken": changed["SyncToken"]}, f"remove-{name}")
        assert resource.parse(stub).gone
        assert resource.find(company.api, removal) is None, "nothing stands any more"


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
    voiding = Write("1", "void", made["Id"], {}, "void")
    assert resource.find and resource.find(company.api, voiding) is not None
    resource.void(company.api, made["Id"], {"SyncToken": made["SyncToken"]}, "void")
    assert resource.find(company.api, voiding) is None
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


# Documents in the books' own words

MODES = {"ignore_request_ids": False, "query_lag_seconds": 0, "closing_password": False}


@pytest.fixture
def modes(company: Company) -> Iterator[Callable[..., None]]:
    """Sets how the stand-in misbehaves, and sets it right again."""
    yield lambda **told: company.control("configure/quickbooks", told)
    company.control("configure/quickbooks", MODES)


def items_of(company: Company, *kinds: str) -> list[dict[str, Any]]:
    rows = merged(company.read(wanted=frozenset({"items"})))["items"]
    return [row for row in rows if row["Active"] and row["Type"] in kinds]


def buyer_of(company: Company, name: str = "Acheteuse Inventée", **more: Any) -> str:
    create = CONNECTOR.resource("customers").create
    assert create
    return str(create(company.api, customer(name, **more), f"buyer-{name}")["Id"])


def posted(company: Company, buyer: str, **more: Any) -> dict[str, Any]:
    """A target document: two goods, shipping and a discount on items of their own, TPS and TVQ as charged."""
    goods, other, shipping, discount = (row["Id"] for row in items_of(company, "Service", "NonInventory")[:4])
    lines = [
        {"kind": "item", "product": Ref("product", "items", goods), "quantity": Decimal(3)}
        | {"unit_price": Decimal("33.33"), "amount": Decimal("100.00"), "tax_code": "1", "class_id": "3"},
        {"kind": "item", "item_id": other, "amount": Decimal("20.00"), "tax_code": "4", "name": "Exonéré"},
        {"kind": "shipping", "item_id": shipping, "amount": Decimal("10.00"), "tax_code": "1", "name": "Livraison"},
        {"kind": "discount", "item_id": discount, "amount": Decimal("-5.00"), "tax_code": "1", "name": "Rabais"},
        {"kind": "note", "name": "Merci"},
    ]
    return {
        "number": "BO-1001",
        "date": date(2026, 11, 2),
        "contact_id": buyer,
        "currency": "CAD",
        "exchange_rate": Decimal(1),
        "memo": "order 1001",
        "email": "zoe@example.com",
        "prices_include_tax": False,
        "lines": lines,
        "taxes": [
            {"rate_id": "1", "percent": Decimal(5), "net": Decimal("105.00"), "amount": Decimal("5.26")},
            {"rate_id": "2", "percent": Decimal("9.975"), "net": Decimal("105.00"), "amount": Decimal("10.46")},
        ],
        "tax_total": Decimal("15.72"),
        "total": Decimal("140.72"),
        "location_id": "1",
        "account_id": "5",
        "method_id": "2",
        **more,
    }


def made(company: Company, name: str, values: dict[str, Any], key: str = "made") -> dict[str, Any]:
    resource = CONNECTOR.resource(name)
    assert resource.create
    return resource.create(company.api, resource.payload(values, "create", {}), f"{key}-{name}")


def stored(company: Company, entity: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{company.url}/_sandbox/state/quickbooks", timeout=30)
    found: list[dict[str, Any]] = decode(answer.content)["companies"][company.realm].get(entity, [])
    return found


@pytest.mark.row("O-05")
@pytest.mark.row("C-13")
def test_a_document_in_the_books_words_comes_to_its_total_to_the_cent(company: Company) -> None:
    values = posted(company, buyer_of(company))
    for name in ("invoices", "sales_receipts", "credit_memos", "refund_receipts"):
        raw = made(company, name, values)
        assert raw["TotalAmt"] == Decimal("140.72") and raw["DocNumber"] == "BO-1001", name
        taxes = {
            line["TaxLineDetail"]["TaxRateRef"]["value"]: line["Amount"] for line in raw["TxnTaxDetail"]["TaxLine"]
        }
        assert taxes == {"1": Decimal("5.26"), "2": Decimal("10.46")}, "as charged, not as computed"
        assert raw["DepartmentRef"]["value"] == "1"
        assert raw["Line"][0]["SalesItemLineDetail"]["ClassRef"]["value"] == "3"
        assert raw["Line"][0]["SalesItemLineDetail"]["Qty"] == 3
        read = CONNECTOR.resource(name).parse(raw).values
        assert lines_add_up(read) and read["total"] == values["total"], name
        if name in ("sales_receipts", "refund_receipts"):
            assert (raw["DepositToAccountRef"]["value"], raw["PaymentMethodRef"]["value"]) == ("5", "2")


def test_what_was_written_is_read_back_in_the_same_words(company: Company) -> None:
    """So that a bookkeeper's later change of any of it can be told."""
    buyer = buyer_of(company)
    values = posted(company, buyer, due_date=date(2026, 12, 2), terms_id="2")
    same = ("number", "date", "memo", "email", "prices_include_tax", "taxes", "tax_total", "total", "location_id")
    for name, more in (
        ("invoices", ("due_date", "terms_id")),
        ("sales_receipts", ("account_id", "method_id")),
        ("credit_memos", ()),
        ("refund_receipts", ("account_id", "method_id")),
    ):
        read = CONNECTOR.resource(name).parse(made(company, name, values)).values
        assert {key: read[key] for key in (*same, *more)} == {key: values[key] for key in (*same, *more)}, name
        assert read["contact"] == Ref("contact", "customers", buyer)
        lines = [line for line in read["lines"] if line["kind"] != "note"]
        told = [(line["amount"], line["tax_code"], line["class_id"]) for line in lines]
        assert told == [(line["amount"], line["tax_code"], line.get("class_id")) for line in values["lines"][:4]]
    paid = {"contact_id": buyer, "total": Decimal("5.00"), "number": "ch_1", "account_id": "5", "method_id": "3"}
    read = CONNECTOR.resource("payments").parse(made(company, "payments", paid)).values
    assert {key: read[key] for key in ("total", "number", "account_id", "method_id")} == {
        key: paid[key] for key in ("total", "number", "account_id", "method_id")
    }


def test_prices_with_tax_inside_are_written_net_and_gross(company: Company) -> None:
    item = items_of(company, "NonInventory")[0]["Id"]
    line = {"kind": "item", "item_id": item, "amount": Decimal("10.61"), "tax_amount": Decimal("1.59"), "tax_code": "1"}
    values = {"contact_id": buyer_of(company), "prices_include_tax": True, "lines": [line], "number": "BO-1002"}
    raw = made(company, "sales_receipts", values)
    assert raw["TotalAmt"] == Decimal("12.20") and raw["TxnTaxDetail"]["TotalTax"] == Decimal("1.59")
    assert raw["Line"][0]["Amount"] == Decimal("10.61")


@pytest.mark.row("C-13")
@pytest.mark.parametrize("engine", [True, False])
def test_a_us_company_keeps_the_tax_that_was_charged(company: Company, engine: bool) -> None:
    us = Company(company.url, "9130000000000002")
    us.set("Preferences", TaxPrefs={"PartnerTaxEnabled": engine})
    facts = CONNECTOR.identify(us.api).facts
    assert (facts["country"], facts["automated_tax"], facts["home_currency"]) == ("US", engine, "USD")
    item = items_of(us, "NonInventory")[0]["Id"]
    lines = [
        {"kind": "item", "item_id": item, "amount": Decimal("100.00"), "tax_code": "TAX"},
        {"kind": "gift_card", "item_id": item, "amount": Decimal("-10.00"), "tax_code": "NON"},
    ]
    values = {"contact_id": buyer_of(us), "lines": lines, "number": "BO-1", "tax_total": Decimal("6.25")}
    raw = made(
        us, "invoices", {**values, "prices_include_tax": True, "taxes": [{"rate_id": "9", "amount": Decimal(1)}]}
    )
    assert raw["TotalAmt"] == Decimal("96.25") and "GlobalTaxCalculation" not in raw
    untaxed = made(us, "invoices", {**values, "number": "BO-2", "tax_total": Decimal(0)}, "untaxed")
    assert untaxed["TotalAmt"] == Decimal("90.00"), "nothing was charged, so nothing is added"
    us.api.close()


def test_a_document_in_another_currency_is_booked_at_its_own_rate(company: Company) -> None:
    company.set("Preferences", CurrencyPrefs={"MultiCurrencyEnabled": True})
    company.set("CompanyCurrency", Code="USD", Name="United States Dollar", Active=True)
    resource = CONNECTOR.resource("customers")
    assert resource.create
    values = {"name": "Friend Abroad", "email": "friend@example.com", "currency": "USD"}
    buyer = resource.create(company.api, resource.payload(values, "create", {"multi_currency": "true"}), "abroad")
    assert buyer["CurrencyRef"]["value"] == "USD"
    more = {"currency": "USD", "exchange_rate": Decimal("1.3712")}
    raw = made(company, "invoices", posted(company, buyer["Id"], **more))
    assert (raw["TotalAmt"], raw["ExchangeRate"]) == (Decimal("140.72"), Decimal("1.3712"))
    assert raw["HomeTotalAmt"] == Decimal("192.96")
    with pytest.raises(RecordRejected) as caught:
        made(company, "invoices", posted(company, buyer_of(company), **more, number="BO-1003"), "home")
    assert caught.value.code == "QBO-6000"


@pytest.mark.row("O-30")
@pytest.mark.row("O-31")
def test_a_payment_in_the_books_words_lands_in_its_clearing_account(company: Company) -> None:
    buyer = buyer_of(company)
    invoice = made(company, "invoices", posted(company, buyer))
    applied = [{"document": Ref("sale", "invoices", invoice["Id"]), "amount": Decimal("100.00")}]
    values = {"contact_id": buyer, "number": "ch_1", "date": date(2026, 11, 3), "memo": "order 1001"}
    raw = made(company, "payments", {**values, "total": Decimal("110.00"), "applied": applied, "account_id": "5"})
    assert (raw["UnappliedAmt"], raw["DepositToAccountRef"]["value"]) == (Decimal("10.00"), "5")
    fetch = CONNECTOR.resource("invoices").fetch
    assert fetch and fetch(company.api, invoice["Id"])["Balance"] == Decimal("40.72")


@pytest.mark.row("O-29")
@pytest.mark.row("O-35")
def test_items_of_each_kind_are_made_with_their_accounts_and_keep_the_bookkeepers(company: Company) -> None:
    resource = CONNECTOR.resource("items")
    assert resource.create and resource.update
    context = {"income_account": "7", "expense_account": "10", "asset_account": "4", "stock_start": "2026-01-01"}
    kinds = (
        ("Service", {"kind": "service"}),
        ("NonInventory", {"tracked": False}),
        ("Inventory", {"tracked": True, "quantity": Decimal(7)}),
    )
    for kind, more in kinds:
        values = {"name": f"Nouveau: {kind}", "sku": f"N-{kind}", "price": Decimal("9.95"), **more}
        raw = resource.create(company.api, resource.payload(values, "create", context), f"item-{kind}")
        assert raw["Type"] == kind and raw["IncomeAccountRef"]["value"] == "7"
        company.set("Item", Id=raw["Id"], IncomeAccountRef={"value": "8", "name": "Services rendus"})
        again = resource.payload({**values, "price": Decimal("10.95"), "income_account_id": "7"}, "update", context)
        changed = resource.update(company.api, raw["Id"], again, f"again-{kind}")
        assert changed["UnitPrice"] == Decimal("10.95") and changed["IncomeAccountRef"]["value"] == "8"
        stock = CONNECTOR.resource("stock_levels").parse(changed).values
        assert (stock["quantity"], stock["tracked"]) == ((7, True) if kind == "Inventory" else (None, False))


@pytest.mark.row("O-07")
def test_stock_comes_with_the_items_without_a_call_of_its_own(company: Company) -> None:
    both = frozenset({"items", "stock_levels"})
    calls = company.calls_of(lambda: company.read(wanted=frozenset({"items"})))
    pages: list[Page] = []
    assert company.calls_of(lambda: pages.extend(company.read(wanted=both))) == calls
    found = merged(pages)
    assert [row["Id"] for row in found["stock_levels"]] == [row["Id"] for row in found["items"]]
    assert pages[-1].ends == both and pages[-1].expected["stock_levels"] == len(found["items"])
    item = next(row for row in found["items"] if row.get("TrackQtyOnHand") and row["Active"])
    line = {"kind": "item", "item_id": item["Id"], "quantity": Decimal(2), "unit_price": Decimal(5), "tax_code": "4"}
    company.control("clock", {"advance_seconds": 600})
    values = {"contact_id": buyer_of(company), "lines": [{**line, "amount": Decimal("10.00")}], "number": "BO-7"}
    made(company, "invoices", {**values, "prices_include_tax": False})
    news: list[Page] = []
    assert company.calls_of(lambda: news.extend(company.read(pages[-1].cursor, both))) == 1
    (row,) = merged(news)["stock_levels"]
    stock = CONNECTOR.resource("stock_levels").parse(row).values
    assert stock["product"] == Ref("product", "items", item["Id"])
    assert stock["quantity"] == item["QtyOnHand"] - 2


def test_who_first_wants_stock_later_has_all_of_it_and_the_other_loses_nothing(company: Company) -> None:
    items, stock = frozenset({"items"}), frozenset({"stock_levels"})
    first = company.read(wanted=items)
    assert "stock_levels" not in merged(first)
    later = company.read(first[-1].cursor, stock)
    assert later[-1].ends == stock | items
    assert len(merged(later)["stock_levels"]) == len(merged(first)["items"])
    company.control("clock", {"advance_seconds": 600})
    company.set("Item", Id=merged(first)["items"][0]["Id"], Description="changé")
    # Read for stock alone, the change reaches items too: the cursor moves for both.
    news = merged(company.read(later[-1].cursor, stock))
    assert len(news["stock_levels"]) == len(news["items"]) == 1


def test_a_stock_reading_cut_off_after_each_page_arrives(company: Company) -> None:
    wanted = frozenset({"items", "stock_levels", "customers"})
    whole = {name: {row["Id"] for row in rows} for name, rows in merged(company.read(wanted=wanted)).items()}
    cursor: Any = company.read(wanted=frozenset({"items"}))[-1].cursor
    found: dict[str, set[str]] = {name: set() for name in whole}
    for _ in range(30):
        pages = CONNECTOR.feed_of("stock_levels").read(company.api, cursor, wanted)
        page = next(pages)
        pages.close()  # type: ignore[attr-defined]
        cursor = json.loads(json.dumps(page.cursor))
        for name, rows in page.documents.items():
            found[name] |= {row["Id"] for row in rows}
        if found == whole:
            break
    assert found == whole


def test_a_credit_memo_takes_new_lines_in_a_whole_update(company: Company) -> None:
    values = posted(company, buyer_of(company))
    raw = made(company, "credit_memos", values)
    resource = CONNECTOR.resource("credit_memos")
    assert resource.update
    fewer = resource.payload(
        {"lines": values["lines"][:1], "prices_include_tax": False, "memo": "changed"}, "update", {}
    )
    changed = resource.update(company.api, raw["Id"], {**fewer, "SyncToken": raw["SyncToken"]}, "fewer")
    assert changed["TotalAmt"] == Decimal("114.98"), "taxes were made anew for the line that is left"
    assert changed["DocNumber"] == "BO-1001" and changed["PrivateNote"] == "changed"


def test_voids_travel_together_too(company: Company) -> None:
    buyer = buyer_of(company)
    kinds = {name: made(company, name, posted(company, buyer)) for name in ("invoices", "sales_receipts")}
    paid = {"contact_id": buyer, "total": Decimal("5.00"), "number": "ch_1"}
    kinds["payments"] = made(company, "payments", paid)
    for name, raw in kinds.items():
        resource = CONNECTOR.resource(name)
        assert resource.bulk and "void" in resource.bulk.actions
        write = Write("1", "void", raw["Id"], {}, f"void-{name}", version=raw["SyncToken"])
        (outcome,) = resource.bulk.send(company.api, [write])  # type: ignore[misc]
        assert outcome.error is None and outcome.raw["TotalAmt"] == 0, name
        assert resource.parse(outcome.raw).values.get("status", "void") == "void"
    for name in ("credit_memos", "refund_receipts", "customers", "items"):
        bulk = CONNECTOR.resource(name).bulk
        assert bulk and "void" not in bulk.actions


# What a vendor that keeps no promise does to a lost answer


def _many(company: Company, buyer: str) -> list[Write]:
    resource = CONNECTOR.resource("invoices")
    values = posted(company, buyer)
    bodies = [resource.payload({**values, "number": f"BO-{2000 + at}"}, "create", {}) for at in range(30)]
    return [Write(str(at), "create", None, payload, f"k{at}") for at, payload in enumerate(bodies)]


@pytest.mark.fault("A01")
@pytest.mark.parametrize("lag", [0, 60])
def test_a_lost_batch_sent_again_is_made_once_although_request_ids_are_ignored(
    company: Company, modes: Callable[..., None], lag: int
) -> None:
    bulk = CONNECTOR.resource("invoices").bulk
    assert bulk
    writes = _many(company, buyer_of(company))
    modes(ignore_request_ids=True, query_lag_seconds=lag)
    before = len(stored(company, "Invoice"))
    company.fault(method="POST", path="/batch", kind="drop_after", times=1)
    with pytest.raises(OutcomeUnknown):
        bulk.send(company.api, writes)
    outcomes: Any = bulk.send(company.api, writes)
    assert [outcome.error for outcome in outcomes] == [None] * 30
    rows = {row["Id"]: row for row in stored(company, "Invoice")}
    assert len(rows) == before + 30
    assert [rows[outcome.remote_id]["DocNumber"] for outcome in outcomes] == [w.payload["DocNumber"] for w in writes]


@pytest.mark.fault("A01")
@pytest.mark.parametrize(
    "name", ["invoices", "sales_receipts", "credit_memos", "refund_receipts", "customers", "items"]
)
def test_a_lost_write_sent_again_is_made_once_although_request_ids_are_ignored(
    company: Company, modes: Callable[..., None], name: str
) -> None:
    resource = CONNECTOR.resource(name)
    values = (
        posted(company, buyer_of(company)) if name not in ("customers", "items") else {"name": "Perdue", "sku": "P"}
    )
    if name == "customers":
        values |= {"email": "perdue@example.com"}
    payload = resource.payload(values, "create", {"income_account": "7"})
    modes(ignore_request_ids=True, query_lag_seconds=60)
    company.fault(method="POST", kind="drop_after", times=1)
    assert resource.create and resource.find
    with pytest.raises(OutcomeUnknown):
        resource.create(company.api, payload, "lost")
    again = resource.create(company.api, payload, "lost")
    entity = SOURCES[name].entity
    names = {"BO-1001", "Perdue"}
    same = [
        row["Id"]
        for row in stored(company, entity)
        if names & {row.get("DocNumber"), row.get("DisplayName", row.get("Name"))}
    ]
    assert same == [again["Id"]]
    company.control("clock", {"advance_seconds": 61})
    found = resource.find(company.api, Write("1", "create", None, payload, "lost"))
    assert found is not None and found["Id"] == again["Id"]


@pytest.mark.fault("A01")
@pytest.mark.parametrize("ignores", [True, False])
def test_lost_part_payments_sent_again_are_made_once(
    company: Company, modes: Callable[..., None], ignores: bool
) -> None:
    """Nothing guards a part payment but the look before it goes again: its number is not unique, and there is more to
    pay.
    """
    buyer = buyer_of(company)
    invoice = made(company, "invoices", posted(company, buyer))
    resource = CONNECTOR.resource("payments")
    assert resource.bulk
    applied = [{"document": Ref("sale", "invoices", invoice["Id"]), "amount": Decimal("1.00")}]
    values = {"contact_id": buyer, "total": Decimal("1.00"), "applied": applied}
    bodies = [resource.payload({**values, "number": f"ch_{at}"}, "create", {}) for at in range(30)]
    writes = [Write(str(at), "create", None, payload, f"k{at}") for at, payload in enumerate(bodies)]
    modes(ignore_request_ids=ignores)
    before = len(stored(company, "Payment"))
    company.fault(method="POST", path="/batch", kind="drop_after", times=1)
    with pytest.raises(OutcomeUnknown):
        resource.bulk.send(company.api, writes)
    outcomes: list[Any] = []
    again = [replace(write, again=True) for write in writes]
    assert company.calls_of(lambda: outcomes.extend(resource.bulk.send(company.api, again))) == 1  # type: ignore[union-attr, arg-type]
    rows = {row["Id"]: row for row in stored(company, "Payment")}
    assert len(rows) == before + 30
    assert [rows[outcome.remote_id]["PaymentRefNum"] for outcome in outcomes] == [f"ch_{at}" for at in range(30)]


@pytest.mark.fault("A01")
@pytest.mark.row("O-19")
def test_a_lost_batch_without_numbers_of_ours_is_known_again_by_its_notes(
    company: Company, modes: Callable[..., None]
) -> None:
    """Where the books number documents themselves, the order's number is in the note and nowhere else."""
    resource = CONNECTOR.resource("sales_receipts")
    values = {key: value for key, value in posted(company, buyer_of(company)).items() if key != "number"}
    bodies = [resource.payload({**values, "memo": f"order {at}"}, "create", {}) for at in range(30)]
    writes = [Write(str(at), "create", None, payload, f"k{at}") for at, payload in enumerate(bodies)]
    modes(ignore_request_ids=True)
    before = len(stored(company, "SalesReceipt"))
    company.fault(method="POST", path="/batch", kind="drop_after", times=1)
    assert resource.bulk and resource.find
    with pytest.raises(OutcomeUnknown):
        resource.bulk.send(company.api, writes)
    outcomes: Any = resource.bulk.send(company.api, [replace(write, again=True) for write in writes])
    rows = {row["Id"]: row for row in stored(company, "SalesReceipt")}
    assert len(rows) == before + 30
    assert [rows[outcome.remote_id]["PrivateNote"] for outcome in outcomes] == [f"order {at}" for at in range(30)]
    assert len({row["DocNumber"] for row in rows.values()}) == len(rows), "the books numbered each"
    found = resource.find(company.api, writes[7])
    assert found is not None and found["Id"] == outcomes[7].remote_id


@pytest.mark.fault("A01")
def test_what_never_arrived_goes_again_and_what_is_half_seen_waits(
    company: Company, modes: Callable[..., None]
) -> None:
    buyer = buyer_of(company)
    bulk, writes = CONNECTOR.resource("invoices").bulk, _many(company, buyer)
    assert bulk
    again = [replace(write, again=True) for write in writes]
    modes(ignore_request_ids=True)
    company.fault(method="POST", path="/batch", kind="drop_before", times=1)
    with pytest.raises(OutcomeUnknown):
        bulk.send(company.api, writes)
    outcomes: Any = bulk.send(company.api, again)
    assert {outcome.error for outcome in outcomes} == {None}
    last = outcomes[-1]
    remove = CONNECTOR.resource("invoices").remove
    assert remove
    remove(company.api, last.remote_id, {}, "gone")
    half: Any = bulk.send(company.api, again)
    assert [outcome.remote_id for outcome in half[:-1]] == [outcome.remote_id for outcome in outcomes[:-1]]
    assert isinstance(half[-1].error, OutcomeUnknown), "part of a batch is never sent under another request id"


def test_deleting_twice_is_the_same_as_once(company: Company, modes: Callable[..., None]) -> None:
    resource = CONNECTOR.resource("credit_memos")
    raw = made(company, "credit_memos", posted(company, buyer_of(company)))
    modes(ignore_request_ids=True)
    assert resource.remove and resource.bulk
    for _ in range(2):
        stub = resource.remove(company.api, raw["Id"], {"SyncToken": raw["SyncToken"]}, "gone")
        assert resource.parse(stub).gone
    write = Write("1", "remove", raw["Id"], {"SyncToken": raw["SyncToken"]}, "gone")
    (outcome,) = resource.bulk.send(company.api, [write])  # type: ignore[misc]
    assert outcome.error is None and outcome.raw == stub


@pytest.mark.fault("E05")
def test_a_lost_payment_is_seen_on_what_it_paid_although_searches_lag(
    company: Company, modes: Callable[..., None]
) -> None:
    buyer = buyer_of(company)
    invoice = made(company, "invoices", posted(company, buyer))
    resource = CONNECTOR.resource("payments")
    applied = [{"document": Ref("sale", "invoices", invoice["Id"]), "amount": invoice["TotalAmt"]}]
    values = {"contact_id": buyer, "number": "ch_9", "total": invoice["TotalAmt"], "applied": applied}
    payload = resource.payload(values, "create", {})
    modes(ignore_request_ids=True, query_lag_seconds=60)
    company.fault(method="POST", path="/payment", kind="drop_after", times=1)
    assert resource.create and resource.find
    with pytest.raises(OutcomeUnknown):
        resource.create(company.api, payload, "pay")
    write = Write("1", "create", None, payload, "pay")
    seen = resource.find(company.api, write)
    assert seen is not None
    assert resource.create(company.api, payload, "pay")["Id"] == seen["Id"], "nothing is left to pay, so it was paid"
    other = resource.payload({**values, "number": "ch_10"}, "create", {})
    with pytest.raises(RecordRejected) as caught:
        resource.create(company.api, other, "pay-10")
    assert caught.value.code == "QBO-6000"
    assert resource.find(company.api, Write("2", "create", None, other, "pay-10")) is None


def test_what_lagging_searches_do_not_show_is_there_when_they_have_settled(
    company: Company, modes: Callable[..., None]
) -> None:
    resource = CONNECTOR.resource("sales_receipts")
    modes(query_lag_seconds=60)
    payload = resource.payload(posted(company, buyer_of(company)), "create", {})
    write = Write("1", "create", None, payload, "late")
    assert resource.create and resource.find
    raw = resource.create(company.api, payload, "late")
    assert resource.find(company.api, write) is None
    assert resource.settle.total_seconds() >= 60 + 60 + 120, "a search is trusted only after it can have caught up"
    company.control("clock", {"advance_seconds": 61})
    found = resource.find(company.api, write)
    assert found is not None and found["Id"] == raw["Id"]


# Refusals


def _closed(company: Company) -> dict[str, Any]:
    company.set("Preferences", AccountingInfoPrefs={"BookCloseDate": "2026-11-30"})
    return {}


def _small(company: Company) -> dict[str, Any]:
    pairs = [{"Name": "OfferingSku", "Value": "QuickBooks Online Essentials"}]
    company.set("CompanyInfo", NameValue=pairs)
    return {}


def _ended(company: Company) -> dict[str, Any]:
    company.set("CompanyInfo", NameValue=[{"Name": "SubscriptionStatus", "Value": "SUSPENDED"}])
    return {}


def _inactive(company: Company) -> dict[str, Any]:
    remove = CONNECTOR.resource("customers").remove
    assert remove
    gone = buyer_of(company, "Partie")
    remove(company.api, gone, {}, "gone")
    return {"contact_id": gone}


def _held(company: Company) -> dict[str, Any]:
    made(company, "invoices", posted(company, buyer_of(company, "Autre"), number="BO-1001"), "held")
    return {}


REFUSALS: tuple[tuple[str, Callable[[Company], dict[str, Any]], str], ...] = (
    ("closed books", _closed, "QBO-6200"),
    ("a plan without locations", _small, "QBO-5020"),
    ("a subscription that ended", _ended, "QBO-6190"),
    ("an inactive customer", _inactive, "QBO-610"),
    ("a number of another customer", _held, "QBO-NUMBER-HELD"),
    ("an unknown tax code", lambda company: {"lines": [_line(company, tax_code="77")], "taxes": []}, "QBO-2500"),
    ("no tax code", lambda company: {"lines": [_line(company, tax_code=None)]}, "QBO-6000"),
    ("a rate of no code", lambda company: {"lines": [_line(company, tax_code="5")]}, "QBO-TAX"),
    ("an unknown item", lambda company: {"lines": [_line(company, item_id="99999")], "taxes": []}, "QBO-2500"),
    ("an income account for money", lambda company: {"account_id": "7"}, "QBO-ACCOUNT"),
    (
        "a currency the company has not",
        lambda company: {"currency": "USD", "exchange_rate": Decimal("1.3")},
        "QBO-5020",
    ),
    (
        "more taken off than is sold",
        lambda company: {"lines": [_line(company, amount=Decimal(-9))], "taxes": [], "tax_total": Decimal(0)},
        "QBO-6000",
    ),
)


def _line(company: Company, **more: Any) -> dict[str, Any]:
    item = items_of(company, "NonInventory")[0]["Id"]
    return {"kind": "item", "item_id": item, "amount": Decimal("10.00"), "tax_code": "1", **more}


@pytest.mark.parametrize(("why", "prepare", "code"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refused_document_is_refused_with_a_code_that_has_a_cure(
    company: Company, why: str, prepare: Callable[[Company], dict[str, Any]], code: str
) -> None:
    values = posted(company, buyer_of(company))
    values |= prepare(company)
    name = "sales_receipts" if "money" in why else "invoices"
    with pytest.raises(SyncError) as caught:
        made(company, name, values, "refused")
    assert caught.value.code == code, caught.value
    assert caught.value.then == ("ask" if code == "QBO-6190" else "reject")
    (entry,) = [entry for entry in CONNECTOR.catalogue if entry.code == code]
    for words in (entry.what, entry.why, entry.cure):
        for text in (words.en, words.fr):
            filled = text.format_map({"vendor_code": "", "detail": "", **caught.value.params})
            assert "{" not in filled


def test_closed_books_with_a_password_are_closed_books(company: Company, modes: Callable[..., None]) -> None:
    modes(closing_password=True)
    values = posted(company, buyer_of(company)) | _closed(company)
    with pytest.raises(RecordRejected) as caught:
        made(company, "invoices", values)
    assert (caught.value.code, caught.value.params["vendor_code"]) == ("QBO-6200", "6210")


@pytest.mark.row("O-24")
def test_tax_codes_come_with_what_they_are_made_of(company: Company) -> None:
    entry = {"TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0, "TaxRateRef": {"value": "1"}}
    upon = {"TaxTypeApplicable": "TaxOnAmountPlusTax", "TaxOrder": 1, "TaxRateRef": {"value": "2"}}
    company.set("TaxCode", Name="Ancienne", Taxable=True, SalesTaxRateList={"TaxRateDetail": [upon, entry]})
    codes = {choice.label: choice.facts for choice in _reference("tax_codes", company)}
    both: Any = codes["TPS/TVQ QC - 9,975"]
    assert [(rate["id"], rate["percent"], rate["on"]) for rate in both["rates"]] == [
        ("1", Decimal(5), "amount"),
        ("2", Decimal("9.975"), "amount"),
    ]
    assert both["percent"] == Decimal("14.975") and codes["Exonéré"]["percent"] == 0
    old: Any = codes["Ancienne"]
    assert [rate["on"] for rate in old["rates"]] == ["amount", "amount_and_tax"]
    assert old["percent"] == Decimal("15.47375")


def test_lists_to_choose_from_hold_the_right_kinds(company: Company) -> None:
    types = {
        "income_accounts": {"Income"},
        "expense_accounts": {"Cost of Goods Sold", "Expense"},
        "asset_accounts": {"Other Current Asset"},
        "deposit_accounts": {"Bank", "Other Current Asset"},
    }
    for key, wanted in types.items():
        assert {choice.facts["type"] for choice in _reference(key, company)} == wanted, key
    customers = _reference("customers", company)
    assert len(customers) >= 250 and any(choice.facts.get("email") for choice in customers)


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
    explained = {entry.code: entry for entry in CONNECTOR.catalogue}
    thens = {"wait": {"wait"}, "refresh": {"ask"}, "reconnect": {"ask"}, "refetch": {"reject"}}
    for entry in catalogue:
        body = json.dumps({"Fault": {"Error": [{"code": entry["code"], "Message": "m", "Detail": "d"}]}}).encode()
        error = classify(entry["http"][0], {}, body)
        assert error.code in explained and error.code != "QBO-UNKNOWN", entry
        assert error.then in thens.get(entry["action"], {"stop", "reject", "ask", "look"}), (entry, error.then)
        words = explained[error.code]
        for text in (words.what, words.why, words.cure):
            for said in (text.en, text.fr):
                assert said.format_map(error.params), "a sentence asks for what this refusal does not tell"


def test_statements_travel_whole(company: Company) -> None:
    """What leaves in an address comes out of it as it was written."""
    CONNECTOR.resource("customers").find(company.api, Write("1", "create", None, customer("A & B + 'c' %20"), "k"))  # type: ignore[misc]
    calls = requests.get(f"{company.url}/_sandbox/calls?vendor=quickbooks", timeout=10).json()["calls"]
    statement = unquote(re.search(r"query=([^&]*)", calls[-1]["query"]).group(1))  # type: ignore[union-attr]
    assert "DisplayName = 'A & B + \\'c\\' %20'" in statement
