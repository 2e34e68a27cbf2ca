"""HighLevel's refusals, webhooks, signatures and sums: what they stand for."""

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    VendorUnavailable,
    entity_fields,
)
from connectors.highlevel import CONNECTOR, errors, refunds, webhooks
from connectors.highlevel.catalogue import CATALOGUE
from connectors.highlevel.lines import discounted, item_of, lines_of, scaled
from connectors.highlevel.wire import share
from connectors.sandbox.highlevel.keys import public_keys, signatures
from tests.contracts import HIGHLEVEL

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
have = HIGHLEVEL.needed
RESPONSES = HIGHLEVEL.data("samples.json", {"requests": [], "responses": []})["responses"]
FIXTURES = HIGHLEVEL.data("fixtures.json", {})
TPS = {"name": "TPS", "rate": 5}
TVQ = {"name": "TVQ", "rate": Decimal("9.975")}


def said(status: int, message: Any, headers: dict[str, str] | None = None, **more: Any) -> Any:
    body = json.dumps({"statusCode": status, "message": message, "traceId": "t-1", **more}).encode()
    return errors.classify(status, headers or {}, body)


# Refusals


@pytest.mark.parametrize(
    ("status", "message", "raises", "code"),
    [
        (400, "Contact with id x not found", RecordRejected, "HL-NOT-FOUND"),
        (400, "Workflow with id w not found", RecordRejected, "HL-WORKFLOW"),
        (400, "The workflow is not published", RecordRejected, "HL-WORKFLOW"),
        (400, "Anything else", RecordRejected, "HL-REFUSED"),
        (401, "Invalid token: access token is invalid", AuthorizationExpired, "HL-TOKEN"),
        (401, "The token is not authorized for this scope.", SettingInvalid, "HL-SCOPE"),
        (401, "version header was not found.", ContractBroken, "HL-OUR-FAULT"),
        (403, "The token does not have access to this location.", SettingInvalid, "HL-PLACE"),
        (404, "Invoice not found", RecordRejected, "HL-NOT-FOUND"),
        (404, "Cannot GET /nowhere", ContractBroken, "HL-OUR-FAULT"),
        (422, ["property locationId should not exist"], RecordRejected, "HL-INVALID"),
        (429, "Too Many Requests", RateLimited, "HL-BUSY"),
        (500, "Internal server error", VendorUnavailable, "HL-DOWN"),
        (418, "I am a teapot", ContractBroken, "HL-UNEXPECTED"),
    ],
)
def test_a_refusal_is_what_its_words_say(status: int, message: Any, raises: type, code: str) -> None:
    error = said(status, message)
    assert type(error) is raises and error.code == code and error.request_id in ("t-1", "")


def test_a_refused_duplicate_names_who_is_there() -> None:
    error = said(
        400, "This location does not allow duplicated contacts.", meta={"contactId": "c1", "matchingField": "email"}
    )
    assert error.code == "HL-DUPLICATE" and error.params["existing"] == "c1" and error.field == "email"


def test_a_page_of_the_network_is_a_failure_and_nothing_else() -> None:
    assert type(errors.classify(522, {}, b"<html>522</html>")) is VendorUnavailable


def test_the_end_of_the_day_is_told_by_the_vendor_s_clock() -> None:
    headers = {"x-ratelimit-daily-remaining": "0", "date": "Sat, 21 Nov 2026 22:30:00 GMT"}
    error = said(429, "Too Many Requests", headers)
    assert error.code == "HL-DAILY" and error.params["until"] == "2026-11-22 00:00 UTC"
    assert error.retry_after == 5400


@have
def test_every_refusal_among_the_samples_is_known() -> None:
    for row in RESPONSES:
        if row["status"] >= 400 and row["operation"] != "get-access-token":
            error = errors.classify(row["status"], {}, json.dumps(row["body"]).encode())
            assert error.code not in ("HL-UNEXPECTED", "HL-OUR-FAULT"), row


def test_every_code_is_explained_in_both_languages() -> None:
    explained = {entry.code: entry for entry in CATALOGUE}
    assert {row.code for row in errors.ROWS} <= explained.keys()
    for entry in CATALOGUE:
        for words in (entry.what, entry.why, entry.cure):
            assert words.en and words.fr and words.en != words.fr and "@" not in words.en + words.fr


def test_the_brand_is_a_setting_of_the_installation() -> None:
    code = "from connectors.highlevel import CONNECTOR as c; print(c.label.en, c.environments['live'].authorize)"
    names = {"BRIDGE_HIGHLEVEL_BRAND": "Fictif CRM", "BRIDGE_HIGHLEVEL_CONSENT_URL": "https://consent.fictif.example/"}
    told = subprocess.run(
        [sys.executable, "-c", code], env=names, capture_output=True, text=True, check=True
    ).stdout.strip()  # fmt: skip
    assert told == "Fictif CRM https://consent.fictif.example/"
    assert CONNECTOR.label.en == "CrocoClick"
    assert CONNECTOR.environments["live"].authorize.startswith("https://marketplace.leadconnectorhq.com/")


# Webhooks


def own_key() -> tuple[Ed25519PrivateKey, str]:
    private = Ed25519PrivateKey.generate()
    return private, private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


STAND_IN = {row["algorithm"]: row["public_key_pem"] for row in public_keys()}
BODY = json.dumps({"type": "InvoiceSent", "locationId": "loc", "webhookId": "w-1", "_id": "i-1",
                   "timestamp": "2026-11-21T10:00:00.000Z"}).encode()  # fmt: skip


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_the_current_signature_counts_with_a_key_we_know() -> None:
    headers, keys = lower(signatures(BODY, "current")), [STAND_IN["Ed25519"]]
    assert webhooks.verify(BODY, headers, keys, NOW)
    assert not webhooks.verify(BODY + b" ", headers, keys, NOW)
    assert not webhooks.verify(BODY, headers, ["sandbox-verifier"], NOW), "the vendor's own key did not sign this"
    _, other = own_key()
    assert not webhooks.verify(BODY, headers, [other], NOW)
    private, pem = own_key()
    mine = {webhooks.CURRENT: base64.b64encode(private.sign(BODY)).decode()}
    assert webhooks.verify(BODY, mine, [STAND_IN["Ed25519"], pem], NOW), "one of two keys while one is replaced"


def test_the_retired_signature_counts_only_where_somebody_put_its_key() -> None:
    headers = lower(signatures(BODY, "legacy"))
    assert not webhooks.verify(BODY, headers, [STAND_IN["Ed25519"]], NOW)
    assert webhooks.verify(BODY, headers, [STAND_IN["RSA-SHA256"]], NOW)
    both = lower(signatures(BODY, "both"))
    assert not webhooks.verify(BODY, {**both, webhooks.CURRENT: "AAAA"}, list(STAND_IN.values()), NOW)
    assert not webhooks.verify(BODY, {}, list(STAND_IN.values()), NOW)


def test_the_vendor_s_published_key_is_the_one_we_hold() -> None:
    if HIGHLEVEL.have:
        told = HIGHLEVEL.data("webhook-public-keys.json")["keys"]
        assert next(row["public_key_pem"] for row in told if row["algorithm"] == "Ed25519") == webhooks.VENDOR_KEY
    assert webhooks._key(webhooks.VENDOR_KEY) is not None


@pytest.mark.parametrize(
    ("told", "resource", "name", "kind"),
    [
        ({"type": "InvoiceSent", "_id": "i"}, "invoices", "i", "updated"),
        ({"type": "InvoiceVoid", "_id": "i"}, "invoices", "i", "voided"),
        ({"type": "InvoiceDelete", "_id": "i"}, "invoices", "i", "deleted"),
        ({"type": "ContactCreate", "id": "c"}, "contacts", "c", "created"),
        ({"type": "ContactTagUpdate", "id": "c"}, "contacts", "c", "updated"),
        ({"type": "OrderStatusUpdate", "_id": "o"}, "receipts", "o", "updated"),
        ({"type": "PriceUpdate", "_id": "x", "product": "p"}, "products", "p", "updated"),
        ({"type": "UNINSTALL"}, None, "", "UNINSTALL"),
        ({"type": "SomethingNew", "id": "n"}, None, "n", "SomethingNew"),
    ],
)
def test_an_event_is_a_hint_at_one_record(told: dict[str, Any], resource: str | None, name: str, kind: str) -> None:
    (event,) = webhooks.parse(json.dumps({**told, "locationId": "loc", "webhookId": "w"}).encode(), {})
    assert (event.resource, event.remote_id, event.kind, event.account_id) == (resource, name, kind, "loc")


def test_a_bare_invoice_is_an_event_too_and_the_same_one_again_is_known() -> None:
    body = json.dumps({"_id": "i", "altId": "loc", "invoiceItems": [], "updatedAt": "2026-11-21T10:00:00Z"}).encode()
    (one,), (other,) = webhooks.parse(body, {}), webhooks.parse(body, {})
    assert (one.resource, one.remote_id, one.account_id) == ("invoices", "i", "loc")
    assert one.unique_id == other.unique_id
    with pytest.raises(ContractBroken):
        webhooks.parse(b"[]", {})
    with pytest.raises(ContractBroken):
        webhooks.parse(b"\xff", {})


# Sums


def worth(lines: list[dict[str, Any]]) -> Decimal:
    return sum((line["amount"] - line["discount"] + line["tax_amount"] for line in lines), Decimal(0))


def item(amount: str, quantity: int = 1, **more: Any) -> Any:
    return item_of(
        {"_id": "x", "name": "X", "amount": Decimal(amount), "qty": quantity, "taxes": [TPS, TVQ], **more}, 1
    )


def test_the_document_s_own_tax_is_shared_out_to_the_cent() -> None:
    items = [item("0.33", 7), item("19.99"), item("5", taxes=[])]
    discounted(items, {"type": "percentage", "value": 10})
    lines = lines_of(items, "CAD", Decimal("2.73"), None, Decimal("3.01"))
    assert sum(line["tax_amount"] for line in lines) == Decimal("3.01")
    assert sum(line["discount"] for line in lines) == Decimal("2.73")
    assert lines[2]["tax_amount"] == 0


def test_a_price_with_tax_inside_comes_to_what_was_asked_for() -> None:
    for amount in ("100", "0.99", "849", "33.33"):
        (line,) = lines_of([item(amount, taxInclusive=True)], "CAD", None, None, None)
        assert line["amount"] + line["tax_amount"] == Decimal(amount)
        assert line["tax_amount"] == sum(tax["amount"] for tax in line["taxes"])


def test_a_discount_for_some_products_is_borne_by_those() -> None:
    items = [item("100", productId="a"), item("50", productId="b")]
    discounted(items, {"type": "fixed", "value": 20, "validOnProductIds": ["b"]})
    assert [line["discount"] for line in lines_of(items, "CAD", Decimal(20), None, None)] == [0, Decimal("20.00")]


def test_a_part_of_a_document_is_in_proportion_and_just_that_part() -> None:
    lines = lines_of([item("100"), item("33.33", 3)], "CAD", None, None, None)
    for part in ("20.00", "0.01", "199.99"):
        found = scaled(lines, Decimal(part), worth(lines), "CAD")
        assert worth(found) == Decimal(part)
    assert worth(scaled(lines, worth(lines), worth(lines), "CAD")) == worth(lines)


def test_shares_come_to_the_whole() -> None:
    for whole in ("10.00", "-0.05", "0.01", "0"):
        parts = share(Decimal(whole), [Decimal(1), Decimal(1), Decimal(1)], "CAD")
        assert sum(parts) == Decimal(whole)
    assert share(Decimal(100), [Decimal(1), Decimal(2)], "JPY") == [33, 67]


# Documents


@have
@pytest.mark.parametrize("name", ["invoices", "receipts", "invoice_payments", "refunds", "contacts"])
def test_what_is_read_are_fields_of_the_contract(name: str) -> None:
    resource = CONNECTOR.resource(name)
    source = {"receipts": "transactions", "invoice_payments": "transactions", "refunds": "transactions"}.get(name, name)
    known = set(entity_fields(resource.entity))
    rows = json.loads(json.dumps(FIXTURES[source]), parse_float=Decimal)
    assert rows
    for row in rows:
        values = resource.parse(row).values
        assert set(values) <= known


def test_money_given_back_is_told_by_amount_or_by_status() -> None:
    assert refunds.is_refunded({"amountRefunded": Decimal("0.01")}) and refunds.is_refunded({"status": "refunded"})
    assert not refunds.is_refunded({"amountRefunded": 0, "status": "succeeded"})
