"""Real QuickBooks documents, synced to Mailchimp over HTTP: each arrives to the cent or says why it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.hub.models import Change, Record
from bridge.jobs import totals
from tests.sandbox.small_world import explained, kept_back, orders, written

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.contracts]

US = "9130000000000002"
KINDS = ("Customer", "Item", "Invoice", "SalesReceipt")
SALES = {"Invoice": "invoice", "SalesReceipt": "receipt"}
# Why a real sale or customer may stay behind; anything else is a fault of ours.
REASONS = {
    "CONTACT-NO-EMAIL", "CONTACT-EMAIL-SEVERAL", "CONTACT-EMAIL-SHARED", "CONTACT-EMAIL-INVALID", "SOURCE-INACTIVE",
    "QBMC-VOID", "QBMC-NO-CUSTOMER", "QBMC-CATEGORY", "QBMC-EMAIL-MADE-UP", "MC-EMAIL-FAKE", "PARENT-LEFT-OUT",
    "PARENT-HELD", "PARENT-MISSING", "LINES-DO-NOT-ADD-UP", "QBMC-CURRENCY", "AMOUNT-PRECISION",
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(server, settings):
    """Batches are worked off at once and passwords cost nothing; the tests here are about neither."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0})
    yield
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0.3})


def documents(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every customer, item, invoice and sales receipt anywhere in a file, in order."""
    if isinstance(node, dict):
        for name, value in node.items():
            for item in value if isinstance(value, list) else [value]:
                if name in KINDS and isinstance(item, dict) and "Id" in item and item.get("status") != "Deleted":
                    yield name, item
        for value in node.values():
            yield from documents(value)
    elif isinstance(node, list):
        for value in node:
            yield from documents(value)


def whole(document: dict[str, Any]) -> bool:
    """Tell whether this is a stored document and not a request or a chosen few columns."""
    return "MetaData" in document and "SyncToken" in document


def answers(path: Path) -> Any:
    """The answers of a recording, or the objects of a converted file."""
    told = json.loads(path.read_text())
    return [item["response"] for item in told["interactions"]] if "interactions" in told else told["objects"]


def recorded(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What the recorded company holds: of each document its newest form."""
    found: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
    for path in sorted((folder / "recorded").glob("*.json")):
        for kind, document in documents(answers(path)):
            known = found[kind].get(document["Id"])
            if whole(document) and (not known or int(known["SyncToken"]) <= int(document["SyncToken"])):
                found[kind][document["Id"]] = document
    return found


def converted(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What the converted files hold: each is a company of its own, so every id gets the number of its file in front."""
    found: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
    for number, path in enumerate(sorted((folder / "fixtures").glob("*.json")), start=1):
        for kind, document in documents(answers(path)):
            if whole(document):
                own = renumbered(document, f"{number:03d}")
                found[kind][own["Id"]] = own
    return found


def renumbered(document: dict[str, Any], mark: str) -> dict[str, Any]:
    """The same document with its own id, and those of customer and items it names, marked."""

    def turned(node: Any) -> Any:
        if isinstance(node, list):
            return [turned(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            name: {**value, "value": mark + value["value"]}
            if name in ("CustomerRef", "ItemRef") and str(value.get("value", "")).isdigit()
            else turned(value)
            for name, value in node.items()
        }

    return {**turned(document), "Id": mark + document["Id"]}


def invented(held: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Customers the documents name and no file shows, with invented addresses, so that their sales can go."""
    named = {
        document["CustomerRef"]["value"]: document["CustomerRef"].get("name", "")
        for kind in SALES
        for document in held[kind].values()
        if document.get("CustomerRef")
    }
    return [
        {"Id": pk, "DisplayName": f"{name} {pk}", "PrimaryEmailAddr": {"Address": f"client{pk}@inventee.example"}}
        for pk, name in named.items()
        if pk not in held["Customer"]
    ]


def cents(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


@pytest.mark.parametrize("source", [recorded, converted], ids=["recorded", "converted"])
def test_real_documents_arrive_to_the_cent_or_say_why_and_a_second_run_writes_nothing(
    house, server, real_books, source
):
    held = source(real_books)
    assert sum(map(len, held.values())) > 20
    customers = [*held["Customer"].values(), *invented(held)]
    sales = {f"{name}-{pk}": document for kind, name in SALES.items() for pk, document in held[kind].items()}
    assert len(sales) > 5
    taken = server.load(
        "quickbooks", realm=US, Customer=customers, Item=list(held["Item"].values()),
        Invoice=list(held["Invoice"].values()), SalesReceipt=list(held["SalesReceipt"].values()),
    )  # fmt: skip
    assert taken
    house.pair({"foreign_currency": "send"}, realm=US)
    run = house.run()
    assert run.state in ("done", "held"), (run.state, run.reason_code, run.reason_params)
    assert [item for line in run.statement for item in line["unreadable"]] == []

    arrived = orders(server)
    assert set(arrived) <= set(sales)
    for pk, order in arrived.items():
        assert cents(order["order_total"]) == cents(sales[pk]["TotalAmt"]), pk
        tax = (sales[pk].get("TxnTaxDetail") or {}).get("TotalTax")
        assert cents(order.get("tax_total")) == cents(tax), pk
        assert order["processed_at_foreign"][:10] == sales[pk]["TxnDate"], pk
        assert order["tracking_number"] == sales[pk].get("DocNumber", ""), pk
    assert len(arrived) >= len(sales) // 2, sorted(set(sales) - set(arrived))

    # Whatever stayed behind has a reason we know, in words.
    assert set(kept_back(run).values()) <= REASONS, kept_back(run)
    behind = {}
    for change in Change.objects.filter(integration=house.integration, entity="sale").select_related("source"):
        name = {"invoices": "invoice", "sales_receipts": "receipt"}[change.source.resource]
        if change.state != Change.State.DONE:
            code = change.error_code or change.code
            explained(code, change.error_params if change.error_code else change.params)
            behind[f"{name}-{change.source.remote_id}"] = code
    assert set(arrived) | set(behind) == set(sales), sorted(set(sales) - set(arrived) - set(behind))

    # What arrived and what stayed behind make up the books, to the cent.
    total = sum((cents(item["TotalAmt"]) for item in sales.values()), Decimal(0))
    sent = sum((cents(order["order_total"]) for order in arrived.values()), Decimal(0))
    missing = sum((cents(sales[pk]["TotalAmt"]) for pk in set(behind) - set(arrived)), Decimal(0))
    assert sent + missing == total
    compared = totals.as_json(totals.reconciliation(house.integration))
    assert all(Decimal(amount) == 0 for amount in compared["unexplained"].values()), compared
    known = Record.objects.filter(connection=house.integration.left, resource__in=("invoices", "sales_receipts"))
    assert known.count() == len(sales)

    seen = len(server.calls("mailchimp"))
    again = house.run()
    assert again.counts["changed"] == 0
    assert written(server, "mailchimp", seen) == []
    assert written(server, "quickbooks") == []
    assert orders(server) == arrived
