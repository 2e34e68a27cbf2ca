"""Payments received, and what they are applied to. The links live here, never on the invoice.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/payment (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, Ref, Resource, Text, Values
from connectors.quickbooks import bodies, names, wire, writing
from connectors.quickbooks.documents import put_aside, rate
from connectors.quickbooks.reading import changed_at, contact, day, is_stub, money, ref_id, ref_name, text

_RESOURCES = {"Invoice": ("sale", "invoices"), "CreditMemo": ("refund", "credit_memos")}
_TYPES = {"invoices": "Invoice", "credit_memos": "CreditMemo"}


def parse(raw: Raw) -> Values:
    """A payment's canonical values.

    `applied` lines have id (type and number of the linked document), kind (its type), document (Ref, or None for kinds
    we do not read) and amount.
    """
    if is_stub(raw):
        return {}
    get = raw.get
    values: Values = {
        "document": "payment",
        "number": text(get("PaymentRefNum")),
        "date": day(get("TxnDate")),
        "contact": contact(raw),
        "total": money(get("TotalAmt")),
        "memo": text(get("PrivateNote")),
        "method": ref_name(raw, "PaymentMethodRef") or ref_id(raw, "PaymentMethodRef"),
        "unapplied": money(get("UnappliedAmt")),
        "applied": [applied for line in get("Line") or [] for applied in _applied(line)],
        **rate(raw),
        **put_aside(raw),
    }
    currency = ref_id(raw, "CurrencyRef")
    if currency:
        values["currency"] = currency
    return values


def _applied(line: Raw) -> list[dict[str, Any]]:
    found = []
    for link in line.get("LinkedTxn") or []:
        kind, number = link.get("TxnType"), str(link.get("TxnId"))
        known = _RESOURCES.get(kind)
        found.append(
            {
                "id": f"{kind} {number}",
                "kind": kind,
                "document": Ref(*known, number) if known else None,
                "amount": money(line.get("Amount")),
            }
        )
    return found


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """A payment's body. `applied` is written as a whole: links left out are undone.

    RecordRejected QBO-APPLIED: it is to pay something that is not there, or that takes no payment.
    """
    payload: Payload = {}
    bodies.put_common(payload, values, action, context)
    bodies.put_text(payload, "PaymentRefNum", values, "number", action)
    if values.get("total") is not None:
        payload["TotalAmt"] = values["total"]
    if values.get("applied") is not None:
        payload["Line"] = [_line(item) for item in values["applied"]]
    chosen = bodies.own_choices(values, context)
    bodies.put_chosen(payload, "DepositToAccountRef", values, "account_id", action, chosen.get("deposit_account"))
    bodies.put_ref(payload, "PaymentMethodRef", values.get("method_id"))
    return payload


def _line(item: Mapping[str, Any]) -> Payload:
    document: Ref | None = item.get("document")
    kind = _TYPES.get(document.resource) if document else None
    if document is None or kind is None:
        raise RecordRejected("QBO-APPLIED", params={"amount": str(item.get("amount", ""))}, field="applied")
    return {"Amount": item["amount"], "LinkedTxn": [{"TxnId": document.remote_id, "TxnType": kind}]}


def beside(api: Api, payload: Payload) -> list[Raw]:
    """The payments that hang on what this one is to pay, read by their ids: no search index delays them. None where
    that is gone.
    """
    links = [link for line in payload.get("Line") or () for link in line["LinkedTxn"]]
    if not links:
        return []
    try:
        paid = wire.one(api, links[0]["TxnType"].lower(), links[0]["TxnType"], str(links[0]["TxnId"]))
    except RecordRejected as error:
        if error.code == "QBO-610":
            return []
        raise
    ids = {str(link.get("TxnId")) for link in paid.get("LinkedTxn") or () if link.get("TxnType") == "Payment"}
    return [wire.one(api, "payment", "Payment", remote_id) for remote_id in sorted(ids)]


KIND = writing.Kind(
    "payments", "Payment", "payment", natural_key="PaymentRefNum", lists=False, voids=True, beside=beside
)

PAYMENTS = Resource(
    name="payments",
    entity="payment",
    label=Text("Payments", "Paiements"),
    read=parse,
    wires=names.PAYMENT,
    remote_id="Id",
    changed_at=changed_at,
    version="SyncToken",
    is_gone=is_stub,
    build=build,
    create=KIND.create,
    update=KIND.update,
    void=KIND.void_by_update,
    remove=KIND.delete,
    fetch=KIND.fetch,
    find=KIND.find,
    bulk=KIND.bulk(),
    settle=writing.SETTLE,
    repeat="keyed",
    open_in_vendor="https://qbo.intuit.com/app/recvpayment?txnId={id}",
)
