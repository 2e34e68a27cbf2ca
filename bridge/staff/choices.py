"""What people call the values of choice fields: documents, states, consent. What has no words is shown as it is."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

WORDS: Mapping[str, Any] = {
    # documents
    "invoice": _("Invoice"),
    "sales_receipt": _("Sales receipt"),
    "credit_memo": _("Credit memo"),
    "refund_receipt": _("Refund receipt"),
    "payment": _("Payment"),
    "deposit": _("Deposit"),
    "transfer": _("Transfer"),
    "estimate": _("Quote"),
    "repair_order": _("Repair order"),
    # states of a document
    "draft": _("draft"),
    "open": _("open"),
    "sent": _("sent to the customer"),
    "partially_paid": _("paid in part"),
    "paid": _("paid"),
    "void": _("void"),
    "pending": _("pending"),
    "processing": _("being processed"),
    "complete": _("complete"),
    "closed": _("closed"),
    "canceled": _("cancelled"),
    "succeeded": _("succeeded"),
    "failed": _("failed"),
    # consent
    "granted": _("given"),
    "asked": _("asked for"),
    "withdrawn": _("withdrawn"),
    "unknown": _("not known"),
    # products
    "inventory": _("stock item"),
    "non_inventory": _("item without stock"),
    "service": _("service"),
    "bundle": _("bundle"),
    "category": _("category"),
}
