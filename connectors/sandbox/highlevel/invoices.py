"""Invoices: their life from draft to paid or void, and the calls about them.

Source: GoHighLevel/highlevel-api-docs:apps/invoices.json and docs/webhook events/Invoice*.md, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Document, Response
from connectors.sandbox.highlevel import money, payments
from connectors.sandbox.highlevel.call import Call
from connectors.sandbox.highlevel.place import Location, shown
from connectors.sandbox.highlevel.wire import (
    Refusal,
    Shape,
    answer,
    cents,
    is_day,
    no_contact,
    nobody_serves,
    parse_moment,
    query_count,
    query_day,
    query_text,
    trace,
    unfit,
)

STATUSES = ("draft", "sent", "payment_processing", "paid", "void", "partially_paid")
OPEN = ("sent", "payment_processing", "partially_paid")
MODES = ("cash", "card", "cheque", "bank_transfer", "other")
ALT: Mapping[str, Shape] = {"altId": Shape(needed=True), "altType": Shape(needed=True, choices=("location",))}
TAX = {
    "_id": Shape(needed=True),
    "name": Shape(needed=True),
    "rate": Shape("number", needed=True),
    "calculation": Shape(choices=("exclusive",)),
    "description": Shape(),
    "taxId": Shape(),
}
LINE = {
    "name": Shape(needed=True),
    "description": Shape(),
    "productId": Shape(),
    "priceId": Shape(),
    "currency": Shape(needed=True, least=3, most=3),
    "amount": Shape("number", needed=True),
    "qty": Shape("number", needed=True),
    "taxes": Shape("list", inner=TAX),
    "automaticTaxCategoryId": Shape(),
    "isSetupFeeItem": Shape("flag"),
    "type": Shape(choices=("one_time", "recurring")),
    "taxInclusive": Shape("flag"),
}
ADDRESS = {name: Shape() for name in ("addressLine1", "addressLine2", "city", "state", "countryCode", "postalCode")}
DISCOUNT = {
    "value": Shape("number"),
    "type": Shape(needed=True, choices=("percentage", "fixed")),
    "validOnProductIds": Shape("list", row=Shape()),
}
CONTACT = {
    "id": Shape(needed=True),
    "name": Shape(needed=True),
    "phoneNo": Shape(needed=True),
    "email": Shape(needed=True),
    "companyName": Shape(),
    "additionalEmails": Shape("list", inner={"email": Shape(needed=True)}),
    "address": Shape("thing", inner=ADDRESS),
    "customFields": Shape("list"),
}
MAILS = Shape("list", row=Shape())
CREATE: Mapping[str, Shape] = {
    **ALT,
    "name": Shape(needed=True),
    "businessDetails": Shape(
        "thing",
        needed=True,
        inner={
            "logoUrl": Shape(), "name": Shape(), "phoneNo": Shape(), "website": Shape(),
            "address": Shape("thing", inner=ADDRESS), "customValues": MAILS,
        },
    ),
    "currency": Shape(needed=True, least=3, most=3),
    "items": Shape("list", needed=True, least=1, inner=LINE),
    "discount": Shape("thing", needed=True, inner=DISCOUNT),
    "termsNotes": Shape(),
    "title": Shape(),
    "contactDetails": Shape("thing", needed=True, inner=CONTACT),
    "invoiceNumber": Shape(),
    "issueDate": Shape(needed=True, day=True),
    "dueDate": Shape(day=True),
    "sentTo": Shape(
        "thing",
        needed=True,
        inner={
            "email": Shape("list", needed=True, row=Shape()), "emailCc": MAILS, "emailBcc": MAILS, "phoneNo": MAILS,
        },
    ),
    "liveMode": Shape("flag", needed=True),
    "automaticTaxesEnabled": Shape("flag"),
    "paymentSchedule": Shape("thing"),
    "lateFeesConfiguration": Shape("thing"),
    "tipsConfiguration": Shape("thing"),
    "invoiceNumberPrefix": Shape(),
    "paymentMethods": Shape("thing"),
    "attachments": Shape("list"),
    "miscellaneousCharges": Shape("thing"),
}  # fmt: skip
SEND: Mapping[str, Shape] = {
    **ALT,
    "userId": Shape(needed=True),
    "action": Shape(needed=True, choices=("sms_and_email", "send_manually", "email", "sms")),
    "liveMode": Shape("flag", needed=True),
    "sentFrom": Shape("thing"),
    "autoPayment": Shape("thing"),
}
RECORD: Mapping[str, Shape] = {
    **ALT,
    "mode": Shape(needed=True, choices=MODES),
    "card": Shape("thing", inner={"brand": Shape(needed=True), "last4": Shape(needed=True)}),
    "cheque": Shape("thing", inner={"number": Shape(needed=True)}),
    "notes": Shape(needed=True),
    "amount": Shape("number"),
    "meta": Shape("thing"),
    "paymentScheduleIds": MAILS,
    "fulfilledAt": Shape(),
}
EDITED = (
    "name", "title", "invoiceNumber", "invoiceNumberPrefix", "currency", "contactDetails", "issueDate", "dueDate",
    "discount", "invoiceItems", "termsNotes", "liveMode", "businessDetails",
)  # fmt: skip


def serve(call: Call, parts: list[str]) -> Response:
    """`/invoices/…`; `parts` is what follows."""
    right = "invoices.readonly" if call.method == "GET" else "invoices.write"
    match call.method, parts:
        case "GET", [""]:
            call.need(right)
            return _list(call)
        case "POST", [""]:
            call.need(right)
            body = call.body(CREATE)
            return answer(shown(create(call.at(body["altId"]), body)))
        case "GET", ["generate-invoice-number"]:
            call.need(right)
            return answer({"invoiceNumber": call.alternative(typed=True).next_number()})
        case "GET", ["settings"]:
            call.need(right)
            location = call.alternative(typed=True)
            told = {"title": "INVOICE", "termsNote": "", "invoiceNumberPrefix": location.invoice_prefix}
            return answer({"altId": location.id, "altType": "location", **told})
        case "GET", [id]:
            call.need(right)
            return answer(shown(known(call.alternative(typed=True), id)))
        case "POST", [id, "send"]:
            call.need(right)
            return _send(call, id)
        case "POST", [id, "record-payment"]:
            call.need(right)
            return _record(call, id)
        case "POST", [id, "void"]:
            call.need(right)
            location = call.at(call.body(ALT)["altId"])
            return answer(shown(void(location, known(location, id))))
    raise nobody_serves(call.request)


def known(location: Location, id: str) -> Document:
    """An invoice of a location. Raises `Refusal` (404): deleted ones are gone."""
    if id not in location.invoices:
        raise Refusal(404, "Invoice not found")
    return location.invoices[id]


# Reading


def _list(call: Call) -> Response:
    limit, offset = query_count(call.request, "limit", None), query_count(call.request, "offset", None)
    status = query_text(call.request, "status", (*STATUSES, "overdue"))
    mode = query_text(call.request, "paymentMode", ("default", "live", "test"))
    first, last = (query_day(call.request, name, exact=True) for name in ("startAt", "endAt"))
    query_text(call.request, "sortField", ("issueDate",))
    rising = query_text(call.request, "sortOrder", ("ascend", "descend")) == "ascend"
    location = call.alternative(typed=True)
    dated, today = location.world.settings.invoice_dates, location.today()
    rows: Iterable[Document] = location.invoices.values()
    if status:
        rows = (row for row in rows if _has_status(row, status, today))
    if mode in ("live", "test"):
        rows = (row for row in rows if row["liveMode"] == (mode == "live"))
    if first:
        rows = (row for row in rows if row[dated][:10] >= first)
    if last:
        rows = (row for row in rows if row[dated][:10] <= last)
    if call.arg("contactId"):
        rows = (row for row in rows if row["contactDetails"].get("id") == call.arg("contactId"))
    if call.arg("search"):
        rows = (row for row in rows if _has(row, str(call.arg("search")).lower()))
    by_day = call.arg("sortField") is not None
    found = sorted(rows, key=lambda row: (row["issueDate"] if by_day else row["createdAt"], row["_id"]))
    found = found if rising else found[::-1]
    page = [shown(row) for row in found[offset : offset + limit]]
    return answer({"invoices": location.world.kept(page), "total": len(found), "traceId": trace()})


def _has_status(row: Document, status: str, today: str) -> bool:
    """`overdue` is no status of its own: open, and past its due date."""
    if status == "overdue":
        return row["status"] in OPEN and bool(row.get("dueDate")) and row["dueDate"] < today
    return bool(row["status"] == status)


def _has(row: Document, word: str) -> bool:
    contact = row["contactDetails"]
    values = (
        row["_id"],
        row["name"],
        row["invoiceNumber"],
        *(contact.get(name) for name in ("name", "email", "phoneNo")),
    )
    return any(word in str(value or "").lower() for value in values)


# Writing


def create(location: Location, body: Document, id: str = "") -> Document:
    """A draft out of a checked body. Raises `Refusal`."""
    contact = body["contactDetails"]
    if contact["id"] not in location.contacts:
        raise no_contact(contact["id"])
    now = location.now()
    invoice: Document = {
        "_id": id or location.long_id(),
        "status": "draft",
        "liveMode": body["liveMode"],
        "amountPaid": money.ZERO,
        "altId": location.id,
        "altType": "location",
        "name": body["name"],
        "title": body.get("title", "INVOICE"),
        "businessDetails": body["businessDetails"],
        "invoiceNumber": body.get("invoiceNumber") or location.next_number(),
        "invoiceNumberPrefix": body.get("invoiceNumberPrefix", location.invoice_prefix),
        "currency": body["currency"],
        "contactDetails": {**details(location.contacts[contact["id"]]), **contact},
        "issueDate": body["issueDate"],
        "dueDate": body.get("dueDate"),
        "discount": body["discount"],
        "invoiceItems": _lines(location, body["items"], body["currency"]),
        "automaticTaxesEnabled": body.get("automaticTaxesEnabled", False),
        "automaticTaxesCalculated": False,
        "termsNotes": body.get("termsNotes"),
        "createdAt": now,
        "updatedAt": now,
    }
    return keep(location, invoice, "InvoiceCreate")


def _lines(location: Location, items: list[Document], currency: str) -> list[Document]:
    blank: Document = {"productId": None, "priceId": None, "description": None, "currency": currency, "taxes": []}
    more = {"taxInclusive": False, "type": "one_time"}
    found = [{"_id": location.long_id(), **blank, **more, **item} for item in items]
    return [{**line, "taxes": [{"description": None, **tax} for tax in line["taxes"] or []]} for line in found]


def keep(location: Location, invoice: Document, *events: str) -> Document:
    """Work out the sums, keep the invoice, tell of it."""
    sums = money.add_up(invoice["invoiceItems"], invoice.get("discount"), location.world.settings.tax_rounding)
    due = money.ZERO if invoice["status"] == "void" else max(money.ZERO, sums.total - cents(invoice["amountPaid"]))
    invoice = {
        **invoice,
        "total": sums.total,
        "amountDue": due,
        "totalSummary": {"subTotal": sums.subtotal, "discount": sums.discount, "tax": sums.tax},
    }
    return store(location, invoice, *events)


def store(location: Location, invoice: Document, *events: str) -> Document:
    """Keep an invoice as it is, and tell of it."""
    location.invoices[invoice["_id"]] = invoice
    location.take_number(invoice["invoiceNumber"])
    for event in events:
        location.world.tell(location, event, shown(invoice))
    return invoice


def send(location: Location, invoice: Document) -> Document:
    """Mark a draft as sent; one that was sent before stays as it is. Raises `Refusal`."""
    if invoice["status"] == "void":
        raise Refusal(400, "A void invoice cannot be sent")
    if invoice["status"] != "draft":
        return invoice
    return keep(location, {**invoice, "status": "sent", "updatedAt": location.now()}, "InvoiceSent")


def _send(call: Call, id: str) -> Response:
    body = call.body(SEND)
    location = call.at(body["altId"])
    if body["userId"] not in location.users:
        raise Refusal(400, f"User with id {body['userId']} not found")
    invoice = send(location, known(location, id))
    told: Document = {"invoice": shown(invoice), "smsData": None, "emailData": None}
    if body["action"] != "send_manually":
        location.messages.append({"invoiceId": id, "action": body["action"], "at": location.now()})
        told["emailData" if "email" in body["action"] else "smsData"] = {"status": "queued"}
    return answer(told)


def pay(location: Location, invoice: Document, body: Document) -> tuple[Document, Document]:
    """Take money for a sent invoice; the invoice and the transaction. Raises `Refusal`."""
    if invoice["status"] not in OPEN:
        raise Refusal(400, f"A payment cannot be recorded on an invoice in status {invoice['status']}")
    due = cents(invoice["amountDue"])
    amount = cents(body.get("amount", due))
    if not 0 < amount <= due:
        raise Refusal(400, "The amount must be more than 0 and not more than the amount due")
    at = body.get("fulfilledAt")
    moment_of = parse_moment(at) if at is not None else location.world.now()
    if moment_of is None:
        raise unfit("fulfilledAt must be a valid ISO 8601 date string")
    paid = cents(invoice["amountPaid"]) + amount
    status = "paid" if amount == due else "partially_paid"
    event = "InvoicePaid" if status == "paid" else "InvoicePartiallyPaid"
    invoice = keep(location, {**invoice, "amountPaid": paid, "status": status, "updatedAt": location.now()}, event)
    return invoice, payments.of_invoice(location, invoice, amount, moment_of, body)


def _record(call: Call, id: str) -> Response:
    body = call.body(RECORD)
    location = call.at(body["altId"])
    invoice, _ = pay(location, known(location, id), {**body, "provider": "manual"})
    return answer({"success": True, "invoice": shown(invoice)})


def void(location: Location, invoice: Document) -> Document:
    """Void an invoice, for good. Raises `Refusal`."""
    if invoice["status"] in ("void", "paid"):
        raise Refusal(400, f"An invoice in status {invoice['status']} cannot be voided")
    return keep(location, {**invoice, "status": "void", "updatedAt": location.now()}, "InvoiceVoid")


def edit(location: Location, invoice: Document, told: Mapping[str, Any]) -> Document:
    """Change an invoice as its editor would: also after it was sent or paid in part, never after. Raises `Refusal`."""
    changed = {name: told[name] for name in EDITED if name in told}
    if "items" in told:
        changed["invoiceItems"] = told["items"]
    if not changed:
        return invoice
    if invoice["status"] in ("paid", "void"):
        raise Refusal(400, f"An invoice in status {invoice['status']} cannot be edited")
    for name in ("issueDate", "dueDate"):
        if name in changed and not is_day(changed[name]) and (changed[name] is not None or name == "issueDate"):
            raise unfit(f"{name} must be formatted as YYYY-MM-DD")
    if "invoiceItems" in changed:
        currency = str(changed.get("currency", invoice["currency"]))
        changed["invoiceItems"] = _lines(location, changed["invoiceItems"], currency)
    if "contactDetails" in changed:
        changed["contactDetails"] = {**invoice["contactDetails"], **changed["contactDetails"]}
    invoice = keep(location, {**invoice, **changed, "updatedAt": location.now()})
    events = ["InvoiceUpdate"]
    if invoice["status"] == "partially_paid" and not invoice["amountDue"]:
        invoice, events = {**invoice, "status": "paid"}, ["InvoiceUpdate", "InvoicePaid"]
    return store(location, invoice, *events)


def delete(location: Location, invoice: Document) -> None:
    """Delete an invoice, for good."""
    del location.invoices[invoice["_id"]]
    location.world.tell(location, "InvoiceDelete", shown(invoice))


def details(contact: Document) -> Document:
    """What an invoice says of its contact."""
    address = {
        "addressLine1": contact.get("address1"),
        "city": contact.get("city"),
        "state": contact.get("state"),
        "countryCode": contact.get("country"),
        "postalCode": contact.get("postalCode"),
    }
    return {
        "id": contact["id"],
        "name": contact.get("contactName"),
        "email": contact.get("email"),
        "phoneNo": contact.get("phone"),
        "companyName": contact.get("companyName"),
        "address": address,
        "additionalEmails": [],
        "customFields": [],
    }


def paid_part(invoice: Document) -> Decimal:
    """What was paid so far."""
    return cents(invoice["amountPaid"])
