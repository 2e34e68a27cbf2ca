"""Invoices, seen as sales: from draft over sent and paid to void. Amounts are in units of the currency.

One that came from the books (a past invoice, imported once) carries a mark in its notes and tells so as `source`. To
make one takes several calls: a draft, marked as sent without a message, then its payments. Each is looked for before it
is made, so that a repeat goes on where the last one ended.
Source: GoHighLevel/highlevel-api-docs:apps/invoices.json, docs/webhook events/Invoice*.md, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, Ref, Resource, SettingInvalid, Text, Values, Write
from connectors.contract.normal import normal_email
from connectors.highlevel.brand import APP
from connectors.highlevel.contacts import located
from connectors.highlevel.errors import NOT_FOUND
from connectors.highlevel.lines import discounted, item_of, lines_of, united
from connectors.highlevel.wire import TEST, ZERO, address, moment, money, number, plain_day, text

DELETED = "_deleted"
PAGE = 100
DRAFT, SENT, VOID, PAID = "draft", "sent", "void", "paid"
IMPORTED = "imported"
MARK = "Bridge import "  # and the company's and the invoice's ids, in the notes of what came from the books
_ADDRESS = ("addressLine1", "addressLine2", "city", "state", "postalCode", "countryCode")
ALT = {"altType": "location"}


def read(raw: Raw) -> Values:
    """The sale's canonical values. `status` is the vendor's own, or "test" for what was made in test mode."""
    if raw.get(DELETED):
        return {}
    currency = str(raw.get("currency") or "")
    who, sums = raw.get("contactDetails") or {}, raw.get("totalSummary") or {}
    items = [item_of(item, at) for at, item in enumerate(raw.get("invoiceItems") or (), 1) if isinstance(item, Mapping)]
    discounted(items, raw.get("discount") or {})
    told = {name: money(sums[name], currency) if sums.get(name) is not None else None for name in sums}
    lines = lines_of(items, currency, told.get("discount"), None, told.get("tax"))
    contact, email = str(who.get("id") or ""), text(who.get("email"))
    return {
        "document": "invoice",
        "number": number_of(raw),
        "date": plain_day(raw.get("issueDate")),
        "due_date": plain_day(raw.get("dueDate")),
        "created_at": moment(raw.get("createdAt")),
        "updated_at": moment(raw.get("updatedAt")),
        "status": TEST if raw.get("liveMode") is False else text(raw.get("status")),
        "contact": Ref("contact", "contacts", contact) if contact else None,
        "email": normal_email(email) or email,
        "currency": currency or None,
        "total": money(raw.get("total"), currency),
        "subtotal": told.get("subTotal"),
        "discount_total": sum((line["discount"] for line in lines), ZERO),
        "tax_total": sum((line["tax_amount"] for line in lines), ZERO),
        "balance": money(raw.get("amountDue"), currency),
        "paid": money(raw.get("amountPaid"), currency),
        "prices_include_tax": any(item.inclusive for item in items),
        "billing_address": address(who.get("address"), _ADDRESS),
        "memo": text(raw.get("name")),
        "lines": lines,
        "taxes": united(lines),
        "source": IMPORTED if MARK in str(raw.get("termsNotes") or "") else "invoice",
    }


def number_of(raw: Mapping[str, Any]) -> str | None:
    """The number as people see it: text, though the vendor may write it as a number."""
    told = raw.get("invoiceNumber")
    if isinstance(told, Decimal) and told == told.to_integral_value():
        told = int(told)
    return text(f"{raw.get('invoiceNumberPrefix') or ''}{'' if told is None else told}")


def fetch(api: Api, remote_id: str) -> Raw:
    """One invoice as it is now."""
    from connectors.highlevel.place import marked

    return marked(api, api.get(f"/invoices/{remote_id}", {"altId": located(api), **ALT}))


# Writing: past invoices of the books, imported once


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """What the invoice is to say. RecordRejected: the vendor wants an address for whom it is."""
    source = values.get("source")
    name = source.remote_id if isinstance(source, Ref) else ""
    contact, told = values.get("contact"), values.get("contact_values") or {}
    email = normal_email(str(values.get("email") or told.get("email") or ""))
    if not isinstance(contact, Ref) or not email:
        raise RecordRejected("HL-INVOICE-NO-ADDRESS", params={"number": str(values.get("number") or "")}, field="email")
    issued = values.get("date")
    payload: Payload = {
        "mark": f"{MARK}{context.get('realm', '')}:{name}",
        "number": str(values.get("number") or ""),
        "contact": contact.remote_id,
        "email": email,
        "name": str(told.get("name") or email),
        "currency": str(values.get("currency") or ""),
        "issued": issued.isoformat() if isinstance(issued, date) else "",
        "due": values["due_date"].isoformat() if isinstance(values.get("due_date"), date) else "",
        "total": str(values.get("total") or 0),
        "paid": str((values.get("total") or ZERO) - (values.get("balance") or ZERO)),
        "status": str(values.get("status") or ""),
        "user": context.get("user", ""),
        "title": f"QuickBooks {values.get('number') or ''}".strip(),
    }
    return payload


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Make the invoice, mark it as sent without sending anything, and record what was paid; what is done is kept."""
    if not payload["user"]:
        raise SettingInvalid("HL-SETTING-MISSING", params={"setting": "user"}, field="user")
    made = _marked(api, payload) or dict(api.post("/invoices/", _body(api, payload)))
    path, alt = f"/invoices/{made['_id']}", {"altId": located(api), **ALT}
    if made.get("status") == DRAFT:
        sent = {**alt, "userId": payload["user"], "action": "send_manually", "liveMode": True}
        made = dict(api.post(f"{path}/send", sent).get("invoice") or made)
    if payload["status"] == VOID and made.get("status") != VOID:
        made = dict(api.post(f"{path}/void", alt))
    left = number(payload["paid"]) - number(made.get("amountPaid"))
    if payload["status"] != VOID and left > 0 and made.get("status") != PAID:
        body = {**alt, "mode": "other", "notes": payload["mark"], "amount": left}
        if payload["issued"]:
            body["fulfilledAt"] = f"{payload['issued']}T12:00:00.000Z"
        made = dict(api.post(f"{path}/record-payment", body).get("invoice") or made)
    return made


def _body(api: Api, payload: Payload) -> Payload:
    line = {
        "name": payload["title"], "currency": payload["currency"], "amount": Decimal(payload["total"]), "qty": 1,
    }  # fmt: skip
    phone = ""
    body: Payload = {
        "altId": located(api),
        **ALT,
        "name": payload["title"][:40],
        "businessDetails": {"name": api.context.get("location_name") or payload["title"]},
        "currency": payload["currency"],
        "items": [line],
        "discount": {"type": "fixed", "value": 0},
        "termsNotes": payload["mark"],
        "contactDetails": {
            "id": payload["contact"], "name": payload["name"], "phoneNo": phone, "email": payload["email"],
        },
        "invoiceNumber": payload["number"],
        "invoiceNumberPrefix": "",
        "issueDate": payload["issued"],
        "sentTo": {"email": [payload["email"]]},
        "liveMode": True,
    }  # fmt: skip
    if payload["due"]:
        body["dueDate"] = payload["due"]
    return body


def _marked(api: Api, payload: Payload) -> Raw | None:
    """The invoice that carries this mark already."""
    asked = {"altId": located(api), **ALT, "limit": str(PAGE), "offset": "0", "contactId": payload["contact"]}
    for row in api.get("/invoices/", asked).get("invoices") or ():
        if payload["mark"] in str(row.get("termsNotes") or ""):
            return dict(row)
    return None


def find(api: Api, write: Write) -> Raw | None:
    """What a lost write made, whole."""
    found = _marked(api, write.payload) if write.payload.get("mark") else None
    return found if found and found.get("status") != DRAFT else None


def gone(error: RecordRejected) -> bool:
    """Whether a refusal says that there is no such invoice."""
    return error.code == NOT_FOUND


INVOICES = Resource(
    name="invoices",
    entity="sale",
    label=Text("Invoices", "Factures"),
    read=read,
    remote_id="_id",
    changed_at="updatedAt",
    is_gone=lambda raw: bool(raw.get(DELETED)),
    match_on=("number",),
    document="invoice",
    build=build,
    create=create,
    fetch=fetch,
    find=find,
    repeat="harmless",  # what carries our mark is gone on with
    page_size=PAGE,
    open_in_vendor=f"{APP}/v2/location/{{account}}/payments/invoices/{{id}}",
)
