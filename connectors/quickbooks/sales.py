"""Invoices and sales receipts, seen as sales.

An invoice asks for money; a sales receipt says it was received at once. Neither has a status field.

Sources: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice, …/salesreceipt
(read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Payload, Raw, Resource, Text, Values
from connectors.contract.parsing import instant
from connectors.quickbooks import bodies, names, writing
from connectors.quickbooks.documents import document, is_void, lines_and_totals, put_aside
from connectors.quickbooks.reading import changed_at, day, is_stub, money, ref_id, ref_name


def _status(raw: Raw, values: Values) -> str:
    if is_void(raw):
        return "void"
    balance, total = values["balance"], values["total"]
    if not balance:
        return "paid"
    return "partially_paid" if total is not None and balance < total else "open"


def _shared(raw: Raw, kind: str) -> Values:
    return {
        **document(raw, kind),
        **lines_and_totals(raw),
        "class_name": ref_name(raw, "ClassRef"),
        "location": ref_name(raw, "DepartmentRef"),
        "updated_at": instant(changed_at(raw)),
    }


def parse_invoice(raw: Raw) -> Values:
    """An invoice's canonical values; `status` follows from balance and total."""
    if is_stub(raw):
        return {}
    values = _shared(raw, "invoice")
    values["due_date"] = day(raw.get("DueDate"))
    values["terms_id"] = ref_id(raw, "SalesTermRef")
    values["balance"] = money(raw.get("Balance"))
    values["status"] = _status(raw, values)
    return values


def parse_sales_receipt(raw: Raw) -> Values:
    """A sales receipt's canonical values: paid, unless it was voided."""
    if is_stub(raw):
        return {}
    values = {**_shared(raw, "sales_receipt"), **put_aside(raw)}
    values["due_date"] = None
    values["balance"] = money(raw.get("Balance", 0))
    values["status"] = "void" if is_void(raw) else "paid"
    return values


def build_invoice(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """An invoice's body from the fields in `values`; terms may come from the setting terms_id."""
    payload = bodies.document(values, action, context)
    if values.get("due_date"):
        payload["DueDate"] = values["due_date"].isoformat()
    chosen = bodies.own_choices(values, context)
    bodies.put_chosen(payload, "SalesTermRef", values, "terms_id", action, chosen.get("terms_id"))
    return payload


def build_sales_receipt(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """A sales receipt's body; where the money went is told by account_id, or else by the setting deposit_account."""
    payload = bodies.document(values, action, context)
    chosen = bodies.own_choices(values, context)
    bodies.put_chosen(payload, "DepositToAccountRef", values, "account_id", action, chosen.get("deposit_account"))
    bodies.put_ref(payload, "PaymentMethodRef", values.get("method_id"))
    return payload


INVOICE = writing.Kind("invoices", "Invoice", "invoice", natural_key="DocNumber", lists=False, voids=True)
SALES_RECEIPT = writing.Kind(
    "sales_receipts", "SalesReceipt", "salesreceipt", natural_key="DocNumber", lists=False, voids=True
)

INVOICES = Resource(
    name="invoices",
    document="invoice",
    entity="sale",
    label=Text("Invoices", "Factures"),
    read=parse_invoice,
    wires=names.INVOICE,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_stub,
    match_on=("number",),
    build=build_invoice,
    create=INVOICE.create,
    update=INVOICE.update,
    void=INVOICE.void_by_operation,
    remove=INVOICE.delete,
    fetch=INVOICE.fetch,
    find=INVOICE.find,
    bulk=INVOICE.bulk(),
    settle=writing.SETTLE,
    repeat="keyed",
    open_in_vendor="https://qbo.intuit.com/app/invoice?txnId={id}",
)

SALES_RECEIPTS = Resource(
    name="sales_receipts",
    document="sales_receipt",
    entity="sale",
    label=Text("Sales receipts", "Reçus de vente"),
    read=parse_sales_receipt,
    wires=names.SALE,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_stub,
    match_on=("number",),
    build=build_sales_receipt,
    create=SALES_RECEIPT.create,
    update=SALES_RECEIPT.update,
    void=SALES_RECEIPT.void_by_update,
    remove=SALES_RECEIPT.delete,
    fetch=SALES_RECEIPT.fetch,
    find=SALES_RECEIPT.find,
    bulk=SALES_RECEIPT.bulk(),
    settle=writing.SETTLE,
    repeat="keyed",
    open_in_vendor="https://qbo.intuit.com/app/salesreceipt?txnId={id}",
)
