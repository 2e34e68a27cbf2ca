"""HubSpot's refusals, webhooks and documents: what they stand for."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import (
    CUSTOM,
    AuthorizationExpired,
    ContractBroken,
    RateLimited,
    RecordRejected,
    Ref,
    SettingInvalid,
    VendorUnavailable,
    entity_fields,
    freeze,
)
from connectors.hubspot import CONNECTOR, auth, errors, notes, webhooks
from connectors.hubspot.catalogue import CATALOGUE
from connectors.hubspot.lines import difference, items_of, told_lines, wanted_lines
from connectors.hubspot.places import read_address, write_address
from connectors.hubspot.properties import slug
from connectors.hubspot.statuses import engine_word, own_word, status_word
from connectors.hubspot.wire import shows
from tests.contracts import HUBSPOT

have = HUBSPOT.needed
ERRORS = HUBSPOT.data("errors.json", {"errors": []})["errors"]
HOOKS = HUBSPOT.data("webhooks.json", {"signature_vectors": [], "events": {}})
SAMPLES = HUBSPOT.data("samples.json", {"responses": []})


def body(**members: Any) -> bytes:
    return json.dumps({"status": "error", "message": "words", "correlationId": "c-1", **members}).encode()


# Refusals

# What the contract says is to be done -> the class that does it. "re-fetch" and "ignore" are acted on by the callers.
DONE = {
    "fix": (RecordRejected, ContractBroken),
    "refresh": (AuthorizationExpired,),
    "refresh-then-reconnect": (AuthorizationExpired,),
    "reconnect": (AuthorizationExpired,),
    "configuration": (SettingInvalid,),
    "person": (SettingInvalid, VendorUnavailable),
    "re-fetch": (RecordRejected,),
    "ignore": (RecordRejected,),
    "retry": (RateLimited, VendorUnavailable),
    "pause": (RateLimited,),
}


def answers(row: dict[str, Any]) -> list[tuple[int, dict[str, str], bytes]]:
    """The answers a row of the vendor's table stands for."""
    category = str(row["category"] or "")
    if "policyName" in category:
        policy = category.rsplit("policyName ", 1)[1]
        return [(row["status"], {}, body(errorType="RATE_LIMIT", policyName=policy))]
    if row["status"] == 404 and not category:
        return [(404, {}, b""), (404, {}, b"<html>Not Found</html>")]
    if row["status"] >= 520:
        return [(row["status"], {}, b"<html>edge</html>")]
    return [(row["status"], {}, body(category=category or None))]


@have
@pytest.mark.parametrize("row", ERRORS, ids=lambda row: f"{row['status']} {row['category']}")
def test_every_row_of_the_vendors_table_is_classified_as_it_says(row: dict[str, Any]) -> None:
    if row["action"] == "per-row":
        error = errors.row_error({"status": "error", "category": "VALIDATION_ERROR", "message": "no"})
        assert isinstance(error, RecordRejected)
        return
    if "token endpoint" in row["when"]:
        for word in re.findall(r"[A-Za-z_]{6,}", row["category"].replace("error=", " ").replace("status=", " ")):
            found = auth._refused(row["status"], {"status": word} if word.isupper() else {"error": word})
            assert isinstance(found, DONE[row["action"]]), word
        return
    for status, headers, text in answers(row):
        assert isinstance(CONNECTOR.classify(status, headers, text), DONE[row["action"]]), row


def test_what_no_row_names_is_our_fault_and_loud() -> None:
    assert isinstance(CONNECTOR.classify(418, {}, body()), ContractBroken)


def test_every_code_has_its_words_and_every_word_its_french() -> None:
    codes = {entry.code for entry in CATALOGUE}
    assert {row.code for row in errors.ROWS} <= codes
    folder = Path(errors.__file__).parent
    raised = {code for file in folder.glob("*.py") for code in re.findall(r'"(HS-[A-Z-]+)"', file.read_text())}
    findings = {code for code in raised if code.startswith("HS-CHECK-")}
    assert raised - findings <= codes
    for entry in CATALOGUE:
        for said in (entry.what, entry.why, entry.cure):
            assert said.en != said.fr or entry.code in ("HS-DOWN",), entry.code
            assert "'" not in said.fr and "..." not in said.fr
            assert set(re.findall(r"\{\w+\}", said.en)) == set(re.findall(r"\{\w+\}", said.fr))


def test_a_refused_value_is_told_with_its_field_in_the_vendors_words() -> None:
    listed = [{"isValid": False, "message": "Email address x is invalid", "error": "INVALID_EMAIL", "name": "email"}]
    message = f"Property values were not valid: {json.dumps(listed)}"
    error = CONNECTOR.classify(400, {}, body(category="VALIDATION_ERROR", message=message))
    assert error.code == "HS-EMAIL-INVALID" and error.field == "email"
    assert error.detail == "Property values were not valid | Email address x is invalid"
    assert error.request_id == "c-1"


def test_the_scopes_of_a_403_are_named_wherever_they_stand() -> None:
    inside = [{"message": "needed", "context": {"requiredGranularScopes": ["crm.objects.deals.write"]}}]
    error = CONNECTOR.classify(403, {}, body(category="MISSING_SCOPES", errors=inside))
    assert isinstance(error, SettingInvalid) and error.params["scopes"] == "crm.objects.deals.write"
    error = CONNECTOR.classify(403, {}, body(category="MISSING_SCOPES", context={"requiredScopes": ["tickets"]}))
    assert error.params["scopes"] == "tickets"


@pytest.mark.parametrize(
    ("status", "headers", "more", "seconds"),
    [
        (429, {}, {"policyName": "SECONDLY"}, 1),
        (429, {}, {"policyName": "TEN_SECONDLY_ROLLING"}, 10),
        (429, {"retry-after": "7"}, {"policyName": "SECONDLY"}, 7),
        (429, {}, {"policyName": "DAILY"}, 900),
        (429, {}, {}, 10),
        (423, {}, {}, 2),
        (477, {"retry-after": "600"}, {}, 600),
        (477, {}, {}, 60),
    ],
)
def test_each_throttle_says_how_long_to_wait(status: int, headers: Any, more: Any, seconds: float) -> None:
    error = CONNECTOR.classify(status, headers, body(**more))
    assert isinstance(error, RateLimited) and error.retry_after == seconds


def test_a_conflict_names_the_record_that_is_there() -> None:
    error = CONNECTOR.classify(409, {}, body(category="CONFLICT", message="Contact already exists. Existing ID: 501"))
    assert error.code == "HS-CONFLICT" and error.params["existing"] == "501"
    error = errors.row_error({"category": "CONFLICT", "message": "Contact already exists. Existing ID: 9"})
    assert error.code == "HS-CONFLICT" and error.params["existing"] == "9"


def test_no_secret_stays_in_what_is_kept_of_an_error() -> None:
    token = "pat-na1-" + "a1b2c3d4" * 5
    error = CONNECTOR.classify(401, {}, body(message=f"The token access_token={token} is not known"))
    assert token not in str(error) + repr(error.params)


# Webhooks


def delivered(vector: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    return vector["raw_body"].encode(), {**headers, ":method": vector["method"], ":address": vector["uri"]}


def at(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


@have
@pytest.mark.parametrize("vector", HOOKS["signature_vectors"], ids=lambda vector: vector["name"])
def test_a_delivery_is_proven_as_the_contract_says(vector: dict[str, Any]) -> None:
    raw, headers = delivered(vector)
    secret = [vector["client_secret"]]
    now = at(vector.get("valid_when_now_ms_is") or vector.get("timestamp_ms") or 1793876400000)
    good = not vector.get("must_be_rejected") and "X-HubSpot-Signature-v3" in vector["headers"]
    assert webhooks.verify(raw, headers, secret, now) is good
    assert webhooks.verify(raw, headers, ["old", *secret], now) is good
    if not good:
        return
    assert not webhooks.verify(raw, headers, ["another"], now) and not webhooks.verify(raw, headers, [], now)
    assert not webhooks.verify(raw, headers, [""], now)
    assert not webhooks.verify(raw, {**headers, ":address": vector["uri"] + "x"}, secret, now)
    assert not webhooks.verify(raw, {**headers, ":method": "PUT"}, secret, now)
    stamp = int(vector["timestamp_ms"])
    for away in (-300_001, 300_001):
        assert not webhooks.verify(raw, headers, secret, at(stamp + away))
    for written in ("", "x", "-1", "9" * 30, "１７９３８７６４００００００"):
        assert not webhooks.verify(raw, {**headers, webhooks.TIME: written}, secret, now)


@have
def test_an_older_signature_proves_nothing_beside_a_missing_new_one() -> None:
    vector = HOOKS["signature_vectors"][0]
    raw, headers = delivered(vector)
    headers.pop(webhooks.SIGNATURE)
    assert not webhooks.verify(raw, headers, [vector["client_secret"]], at(vector["timestamp_ms"]))


def parse(*rows: dict[str, Any]) -> list[tuple[str | None, str, str]]:
    return [(event.resource, event.remote_id, event.kind) for event in webhooks.parse(json.dumps(rows).encode(), {})]


EXPECTED = {
    "contact.creation": [],  # our own: made by the app itself
    "contact.propertyChange": [("contacts", "501", "updated")],
    "contact.deletion": [("contacts", "501", "archived")],
    "contact.merge": [("contacts", "503", "updated"), ("contacts", "501", "archived"), ("contacts", "502", "archived")],
    "contact.privacyDeletion": [("contacts", "501", "deleted")],
    "object.creation (invoice)": [("invoices", "9001", "created")],
    "object.propertyChange (product)": [("products", "701", "updated")],
    "object.associationChange": [("deals", "601", "updated")],
}


@have
@pytest.mark.parametrize("name", HOOKS["events"])
def test_each_kind_of_event_points_at_what_to_read_again(name: str) -> None:
    assert parse(HOOKS["events"][name]) == EXPECTED[name]


@have
def test_a_delivery_in_any_order_and_sent_twice_is_the_same_events() -> None:
    change = HOOKS["events"]["contact.propertyChange"]
    rows = [
        {**change, "eventId": n, "occurredAt": change["occurredAt"] + n % 3, "propertyName": f"p{n}"} for n in range(9)
    ]
    first, again = (webhooks.parse(json.dumps(some).encode(), {}) for some in (rows, rows[::-1]))
    assert [event.unique_id for event in first] == [event.unique_id for event in again] and len(first) == 1
    assert first[0].at == at(change["occurredAt"] + 2) and first[0].account_id == "123456"


def test_unknown_kinds_are_kept_and_what_is_no_delivery_is_refused() -> None:
    assert parse({"subscriptionType": "ticket.creation", "objectId": 1, "portalId": 2, "eventId": 3}) == [
        (None, "1", "created")
    ]
    assert parse({"subscriptionType": "contact.somethingNew", "objectId": 1}, {}) == [
        (None, "1", "somethingNew"), (None, "", "unknown"),
    ]  # fmt: skip
    for text in (b"", b"{}", b"[", b"\xff", b"[" * 100_000):
        with pytest.raises(ContractBroken):
            webhooks.parse(text, {})
    assert webhooks.parse(b'[1, null, "x", {"objectId": {}}]', {})[0].resource is None


# Documents


def records_of(sample: dict[str, Any]) -> tuple[str, list[dict[str, Any]]] | None:
    kinds = {"contacts": "contacts", "products": "products", "invoices": "invoices", "deals": "deals",
             "commerce_payments": "payments", "notes": "payment_notes"}  # fmt: skip
    for prefix, name in kinds.items():
        if sample["operation"].startswith(f"{prefix}_") and sample["accepted"] and sample["status"] < 300:
            told = sample.get("json") or {}
            rows = told.get("results", [told] if "properties" in told else [])
            return name, [row for row in rows if "properties" in row]
    return None


SHOWN = [sample for sample in SAMPLES["responses"] if (found := records_of(sample)) and found[1]]


@have
def test_the_samples_show_every_kind() -> None:
    assert {records_of(sample)[0] for sample in SHOWN} == {resource.name for resource in CONNECTOR.resources}  # type: ignore[index]


@have
@pytest.mark.parametrize("sample", SHOWN, ids=lambda sample: f"{sample['operation']}: {sample['name']}")
def test_a_sample_is_read_into_known_fields(sample: dict[str, Any]) -> None:
    name, rows = records_of(sample) or ("", [])
    resource = CONNECTOR.resource(name)
    known = entity_fields(resource.entity)
    for row in rows:
        record = resource.parse(row)
        assert record.remote_id == row["id"] and (record.changed_at is None or record.changed_at.tzinfo)
        assert {field for field in record.values if not field.startswith(CUSTOM)} <= known.keys()
        freeze(record.values)


def test_what_is_not_told_is_not_empty() -> None:
    resource = CONNECTOR.resource("contacts")
    bare = resource.parse({"id": "1", "properties": {"phone": None}}).values
    assert bare == {"phone": None, "name": None}
    assert resource.parse({"id": "1", "archived": True, "properties": {"phone": "1"}}).values == {}
    assert CONNECTOR.resource("invoices").parse({"id": "1", "properties": {}}).values == {
        "document": "invoice", "source": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ({"qbo_id": "1:2", "hs_invoice_source": "HUBSPOT"}, "bridge"),
        ({"hs_invoice_source": "HUBSPOT"}, "hubspot"),
        ({"hs_invoice_source": "HubSpot"}, "hubspot"),
        ({"hs_invoice_source": "data_sync"}, "data_sync"),
        ({"hs_invoice_source": "Legacy_QuickBooks"}, "legacy_quickbooks"),
        ({"hs_invoice_source": None, "hs_object_source": "CRM_UI"}, "hubspot"),
        ({"hs_invoice_source": None, "hs_object_source": "INTEGRATION"}, "integration"),
        ({"hs_invoice_source": None}, None),
    ],
)
@pytest.mark.row("H-24")
def test_where_an_invoice_was_made(written: dict[str, Any], source: str | None) -> None:
    assert CONNECTOR.resource("invoices").parse({"id": "1", "properties": written}).values["source"] == source


@pytest.mark.parametrize(
    ("address", "written"),
    [
        (("1, rue Inventée", "Bureau 4", "CA"), ("1, rue Inventée, Bureau 4", "Canada")),
        (("12 Made-up Street", "Suite 300", "US"), ("12 Made-up Street, Suite 300", "United States")),
        (("12 Made-up Street", "#5", "GB"), ("12 Made-up Street, #5", "United Kingdom")),
        (("12, rue Fictive", None, "QA"), ("12, rue Fictive", "QA")),
    ],
)
def test_an_address_comes_back_as_it_went(address: tuple[str, str | None, str], written: tuple[str, str]) -> None:
    whole = {"line1": address[0], "line2": address[1], "city": "X", "region": None, "postcode": None,
             "country": address[2]}  # fmt: skip
    sent = write_address(whole)
    assert (sent["address"], sent["country"]) == written
    assert read_address({"properties": sent}) == (True, whole)


def test_countries_as_people_write_them() -> None:
    for said, code in (("canada", "CA"), ("États-Unis", "US"), ("us", "US"), ("Atlantis", "Atlantis")):
        assert (read_address({"properties": {"country": said}})[1] or {})["country"] == code


def test_names_of_properties_are_made_of_labels() -> None:
    for label, name in (("Centre de coûts", "centre_de_couts"), ("2e ligne", "field_2e_ligne"), ("—", "field")):
        assert slug(label) == name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", slug(label))


def test_statuses_there_and_back() -> None:
    assert [status_word(word) for word in ("open", "overdue", "partially_paid", "paid", "void", None, "new")] == [
        "open", "open", "partly_paid", "paid", "void", "", "open",
    ]  # fmt: skip
    assert engine_word("partly_paid") == "partially_paid" and engine_word("") is None
    assert own_word("open", Decimal(5), Decimal(5)) == "partially_paid" and own_word("voided", None, None) == "void"


# Lines and notes


def test_the_lines_of_an_invoice_come_to_its_total_whatever_is_taken_off() -> None:
    """Seeded: a thousand invoices of odd quantities, discounts, taxes and shipping."""
    import random

    dice = random.Random(20261121)
    for _ in range(1000):
        lines = []
        for _ in range(dice.randint(1, 6)):
            quantity, price = (
                Decimal(dice.randint(1, 9)) / dice.choice((1, 3, 8)),
                Decimal(dice.randint(0, 99999)) / 100,
            )
            quantity = quantity.quantize(Decimal("0.0001"))
            amount = (quantity * price).quantize(Decimal("0.01")) + dice.choice((0, 0, Decimal("0.01")))
            lines.append({"kind": "item", "name": "x", "quantity": quantity, "unit_price": price, "amount": amount})
        worth = sum(line["amount"] for line in lines)
        off = (worth * dice.randint(0, 100) / 100).quantize(Decimal("0.01"))
        tax, shipping = Decimal(dice.randint(0, 5000)) / 100, Decimal(dice.randint(0, 3000)) / 100
        total = worth - off + tax + shipping
        items, more = items_of(json.loads(json.dumps(told_lines(lines))))
        made = wanted_lines(items, off + more, tax, total, "fr")
        assert sum(_billed(line) for line in made) == total
        assert all(Decimal(line["price"]) >= 0 and Decimal(line["discount"] or 0) >= 0 for line in made)
        present = [{"id": str(n), "properties": dict(line)} for n, line in enumerate(made)]
        assert not difference(present, made)


def _billed(line: dict[str, str]) -> Decimal:
    """As the vendor works it out."""
    unit = Decimal(line["price"]) - Decimal(line["discount"] or 0)
    return (unit * Decimal(line["quantity"])).quantize(Decimal("0.01"), "ROUND_HALF_UP")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "said",
    [
        {"date": "2026-08-01", "total": "1234567.80", "currency": "CAD", "method": "cash", "memo": "1001, 1002"},
        {"date": "2026-02-28", "total": "0.50", "currency": "USD", "method": "Interac <b>", "number": "a & b: c"},
        {"date": "2026-12-31", "total": "12.00"},
    ],
)
def test_a_note_says_what_can_be_read_back(language: str, said: dict[str, str]) -> None:
    note = notes.Note(language=language, mark="1:2").changed(said)
    body = notes.body_of(note)
    assert notes.note_of(body) == note
    assert "<b>" not in body and notes.note_of("<p>Call her back</p>") is None


def test_a_payment_without_a_date_has_no_place_in_a_timeline() -> None:
    with pytest.raises(RecordRejected, match="HS-REQUIRED"):
        notes.properties_of(notes.Note(mark="1:2"))


def test_a_body_never_says_more_than_it_was_told() -> None:
    context = {"realm": "9", "currency": "CAD"}
    build = {resource.name: resource.build for resource in CONNECTOR.resources if resource.build}
    assert build["contacts"]({"phone": "1"}, "update", context) == {"properties": {"phone": "1"}}
    assert build["products"]({"price": None}, "update", context) == {"properties": {"price": ""}}
    assert build["invoices"]({"balance": Decimal(0), "status": "paid"}, "update", context) == {
        "properties": {"qbo_balance": "0", "qbo_status": "paid", "hs_invoice_status": "paid"}
    }
    assert build["deals"]({"newest_date": date(2026, 3, 5), "name": "x"}, "update", context) == {
        "properties": {"qbo_invoice_date": "2026-03-05"}
    }
    assert build["payment_notes"]({"total": Decimal("5.00")}, "update", context) == {"said": {"total": "5.00"}}
    with pytest.raises(SettingInvalid, match="HS-SETTING-MISSING"):
        build["products"]({"name": "x", "source": Ref("product", "items", "1")}, "create", {})


def test_what_the_stand_in_signs_is_proven_and_points_at_what_happened() -> None:
    from tests.unit.sandbox.hubspot_desk import PORTAL, Desk

    desk = Desk()
    try:
        address = "https://bridge.example.com/hooks/hubspot/"
        desk.vendor.configure({"webhook_url": address, "webhook_linger_seconds": 3600, "client_secret": "s-3cret"})
        desk.vendor.load("contacts", [{"id": "501", "properties": {"email": "ann@example.com"}}])
        desk.vendor.load("contacts", [{"id": "501", "properties": {"phone": "514 555-0100"}}])
        desk.add("contacts", email="ours@example.com")
        desk.vendor._post.flush()
        found = []
        for url, body, headers, _ in desk.sandbox.posted:
            told = {name.lower(): value for name, value in headers.items()}
            told |= {":method": "POST", ":address": url}
            now = at(told[webhooks.TIME])
            assert webhooks.verify(body, told, ["s-3cret"], now)
            assert not webhooks.verify(body + b" ", told, ["s-3cret"], now)
            found += webhooks.parse(body, told)
        assert {(event.account_id, event.resource, event.remote_id, event.kind) for event in found} == {
            (str(PORTAL), "contacts", "501", "created"),
            (str(PORTAL), "contacts", "501", "updated"),
        }
    finally:
        desk.close()


@pytest.mark.parametrize(
    ("name", "have", "wanted", "same"),
    [
        ("zip", "007", "7", False),
        ("lastname", "lee", "Lee", False),
        ("email", "ann@example.com", "Ann@Example.com", True),
        ("price", "12.5", "12.50", True),
        ("phone", None, "", True),
        ("hs_invoice_date", "2026-11-05T12:00:00Z", "2026-11-05T12:00:00.000Z", True),
        ("qbo_date", "2026-11-05", "2026-11-06", False),
        ("qbo_date", None, "2026-11-06", False),
        ("price", None, "0", False),
    ],
)
def test_what_counts_as_the_same_value(name: str, have: str | None, wanted: str, same: bool) -> None:
    assert shows({"properties": {name: have}}, {name: wanted}) is same
