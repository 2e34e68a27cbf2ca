"""Credit memos (credit kept for later) and refund receipts (money given back), seen as refunds. Amounts are positive.

Neither can be voided through the API: they are deleted, or the opposite is booked.

Sources: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/creditmemo, …/refundreceipt
(read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Payload, Raw, Resource, Text, Values
from connectors.quickbooks import bodies, writing
from connectors.quickbooks.documents import all_lines, document, put_aside
from connectors.quickbooks.reading import changed_at, is_stub, money, ref_id, ref_name


def _shared(raw: Raw, kind: str) -> Values:
    return {
        **document(raw, kind),
        "lines": all_lines(raw),
        "method": ref_name(raw, "PaymentMethodRef") or ref_id(raw, "PaymentMethodRef"),
    }


def parse_credit_memo(raw: Raw) -> Values:
    """A credit memo's canonical values; `balance` is the credit still to be used."""
    if is_stub(raw):
        return {}
    remaining = raw.get("RemainingCredit", raw.get("Balance"))
    return {**_shared(raw, "credit_memo"), "balance": money(remaining)}


def parse_refund_receipt(raw: Raw) -> Values:
    """A refund receipt's canonical values; nothing stays open."""
    if is_stub(raw):
        return {}
    return {**_shared(raw, "refund_receipt"), **put_aside(raw), "balance": money(raw.get("Balance", 0))}


def build_credit_memo(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """A credit memo's body from the fields in `values`."""
    return bodies.document(values, action, context)


def build_refund_receipt(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """A refund receipt's body; the account the money leaves is told by account_id, or else by the setting
    refund_account or deposit_account.
    """
    payload = bodies.document(values, action, context)
    chosen = bodies.own_choices(values, context)
    accounts = (chosen.get("refund_account"), chosen.get("deposit_account"))
    bodies.put_chosen(payload, "DepositToAccountRef", values, "account_id", action, *accounts)
    bodies.put_ref(payload, "PaymentMethodRef", values.get("method_id"))
    return payload


CREDIT_MEMO = writing.Kind(
    "credit_memos", "CreditMemo", "creditmemo", natural_key="DocNumber", lists=False, sparse=False
)
REFUND_RECEIPT = writing.Kind("refund_receipts", "RefundReceipt", "refundreceipt", natural_key="DocNumber", lists=False)

CREDIT_MEMOS = Resource(
    name="credit_memos",
    document="credit_memo",
    entity="refund",
    label=Text("Credit memos", "Notes de crédit"),
    read=parse_credit_memo,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_stub,
    match_on=("number",),
    build=build_credit_memo,
    create=CREDIT_MEMO.create,
    update=CREDIT_MEMO.update,
    remove=CREDIT_MEMO.delete,
    fetch=CREDIT_MEMO.fetch,
    find=CREDIT_MEMO.find,
    bulk=CREDIT_MEMO.bulk(),
    settle=writing.SETTLE,
    repeat="keyed",
    open_in_vendor="https://qbo.intuit.com/app/creditmemo?txnId={id}",
)

REFUND_RECEIPTS = Resource(
    name="refund_receipts",
    document="refund_receipt",
    entity="refund",
    label=Text("Refund receipts", "Reçus de remboursement"),
    read=parse_refund_receipt,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_stub,
    match_on=("number",),
    build=build_refund_receipt,
    create=REFUND_RECEIPT.create,
    update=REFUND_RECEIPT.update,
    remove=REFUND_RECEIPT.delete,
    fetch=REFUND_RECEIPT.fetch,
    find=REFUND_RECEIPT.find,
    bulk=REFUND_RECEIPT.bulk(),
    settle=writing.SETTLE,
    repeat="keyed",
    open_in_vendor="https://qbo.intuit.com/app/refundreceipt?txnId={id}",
)
