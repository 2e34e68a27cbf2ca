"""What each object type asks of its records beyond the values themselves.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/*/guide, read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from connectors.sandbox.hubspot import money
from connectors.sandbox.hubspot.account import Account, Author, Record
from connectors.sandbox.hubspot.links import End, Wanted, linked
from connectors.sandbox.hubspot.values import forward_only
from connectors.sandbox.hubspot.wire import Refusal, bad, invalid_values, property_moment

Values = dict[str, str]
_TAG = re.compile(r"<[^>]*>")
FIRST_INVOICE = 1001
FIRST_PAYMENT = 500_001
OWN_PROCESSORS = ("hs_payments", "byo_stripe")


def missing(what: str, names: Sequence[str]) -> Refusal:
    """Properties a record of this type cannot do without."""
    words = f"Error creating {what.upper()}. Some required properties were not set."
    return Refusal(400, words, context={"properties": list(names)})


def _need(what: str, values: Mapping[str, str], *names: str) -> None:
    absent = [name for name in names if not values.get(name)]
    if absent:
        raise missing(what, absent)


# Creating: fill in what the vendor fills in, refuse what it refuses


def _new_contact(account: Account, values: Values, wanted: Sequence[Wanted], author: Author) -> None:
    if not any(values.get(name) for name in ("email", "firstname", "lastname")):
        raise missing("contact", ["email", "firstname", "lastname"])
    for address in (values.get("email", ""), *values.get("hs_additional_emails", "").split(";")):
        if address and address.lower() in account.shelf("contacts").blocked:
            words = f"{address} belongs to a person whose data was deleted for good"
            raise invalid_values([("email", "GDPR_BLOCKED", words)])


def _new_deal(account: Account, values: Values, wanted: Sequence[Wanted], author: Author) -> None:
    if len(account.pipelines) == 1:
        values["pipeline"] = values.get("pipeline") or next(iter(account.pipelines))
    _need("deal", values, "dealname", "dealstage", "pipeline")
    _check_stage(account, values)


def _check_stage(account: Account, values: Mapping[str, str]) -> None:
    stages = account.pipelines.get(values.get("pipeline", ""), ())
    stage = values.get("dealstage", "")
    if stage and stage not in stages:
        words = f"{stage} is not a stage of the pipeline {values.get('pipeline')}"
        raise invalid_values([("dealstage", "INVALID_OPTION", words)])


def _new_product(account: Account, values: Values, wanted: Sequence[Wanted], author: Author) -> None:
    if wanted:
        raise bad("Products cannot be associated with other records")


def _new_line(account: Account, values: Values, wanted: Sequence[Wanted], author: Author) -> None:
    _copy_product(account, values)
    _check_price(values)
    parents = {link.to for link in wanted if link.to.kind in ("invoices", "deals")}
    if len(parents) > 1:
        raise bad("A line item belongs to one record only")
    values["amount"] = money.line_amount(values)


def _copy_product(account: Account, values: Values) -> None:
    id = values.get("hs_product_id")
    if not id:
        return
    product = account.shelf("products").find(id)
    if product is None or product.archived is not None:
        raise invalid_values([("hs_product_id", "INVALID_OPTION", f"There is no product {id}")])
    for name in ("name", "price", "hs_sku", "description", "recurringbillingfrequency"):
        if name not in values and product.values.get(name):
            values[name] = product.values[name]


def _check_price(values: Mapping[str, str]) -> None:
    if Decimal(values.get("price") or "0") < 0:
        raise invalid_values([("price", "INVALID_LONG", "price cannot be less than 0")])


def _new_invoice(account: Account, values: Values, wanted: Sequence[Wanted], author: Author) -> None:
    _need("invoice", values, "hs_currency")
    now = property_moment(account.now())
    for name, value in (("hs_invoice_status", "draft"), ("hs_invoice_billable", "true")):
        values[name] = values.get(name) or value
    values["hs_invoice_date"] = values.get("hs_invoice_date") or now
    values["hs_due_date"] = values.get("hs_due_date") or now
    source = "HUBSPOT" if author.is_person else account.world.settings.api_invoice_source
    if source and "hs_invoice_source" not in values:
        values["hs_invoice_source"] = source
    linked_kinds = {link.to.kind for link in wanted}
    _check_invoice(account, {}, values, linked_kinds, author)
    values.update(money.invoice_amounts(account, Record("0", values, 0, 0)))


def _check_invoice(
    account: Account, old: Mapping[str, str], new: Values, linked_kinds: set[str], author: Author
) -> None:
    """Number, status and links of an invoice after a write; `new` is the whole of it."""
    is_billable = new.get("hs_invoice_billable") != "false"
    status = new.get("hs_invoice_status", "")
    if is_billable and author.is_person and status == "open" and not new.get("hs_number"):
        _open(account, new)
    if not is_billable or author.is_person:
        return
    if new.get("hs_number", "") != old.get("hs_number", ""):
        raise invalid_values([("hs_number", "READ_ONLY_VALUE", "The number of a billable invoice cannot be set.")])
    if status == old.get("hs_invoice_status", ""):
        return
    if status == "paid":
        words = "A billable invoice is paid by payments; its status cannot be set to paid."
        raise invalid_values([("hs_invoice_status", "INVALID_OPTION", words)])
    if status == "open":
        lacking = [what for what in ("contacts", "line_items") if what not in linked_kinds]
        if lacking:
            raise bad(f"The invoice cannot be opened without: {', '.join(lacking)}")
        _open(account, new)


def _open(account: Account, values: Values) -> None:
    number = account.number("invoice", FIRST_INVOICE)
    values.setdefault("hs_number", f"INV-{number}")
    base = f"https://{account.world.settings.ui_domain}/invoices/{account.portal}/{number}"
    values["hs_invoice_link"], values["hs_pdf_download_link"] = base, f"{base}.pdf"


def _new_payment(account: Account, values: Values, wanted: Sequence[Wanted], author: Author) -> None:
    _need("commerce payment", values, "hs_initial_amount", "hs_initiated_date")
    if Decimal(values["hs_initial_amount"]) < 0:
        raise invalid_values([("hs_initial_amount", "INVALID_LONG", "hs_initial_amount cannot be less than 0")])
    values.setdefault("hs_currency_code", account.currency)
    values.setdefault("hs_payment_id", f"pay_{account.number('payment', FIRST_PAYMENT)}")
    values.setdefault("hs_payment_source_app", "HubSpot" if author.is_person else account.world.settings.app_name)


def _new_note(account: Account, values: Values, wanted: Sequence[Wanted], author: Author) -> None:
    _need("note", values, "hs_timestamp")
    _preview(values)


def _preview(values: Values) -> None:
    body = values.get("hs_note_body", "")
    values["hs_body_preview_html"] = (
        f"<html><head></head><body>{_TAG.sub('', body)[:200]}</body></html>" if body else ""
    )


# Changing: `changes` may be corrected and added to


def _changed_contact(account: Account, record: Record, changes: Values, author: Author) -> None:
    if "lifecyclestage" in changes:
        changes["lifecyclestage"] = forward_only(record.values.get("lifecyclestage", ""), changes["lifecyclestage"])
    if "email" not in changes:
        return
    old, new = record.values.get("email", ""), changes["email"]
    more = changes.get("hs_additional_emails", record.values.get("hs_additional_emails", ""))
    kept = [address for address in more.split(";") if address and address.lower() != new.lower()]
    if account.world.settings.keep_old_email and old and new and old.lower() != new.lower() and old not in kept:
        kept.append(old)
    if ";".join(kept) != more:
        changes["hs_additional_emails"] = ";".join(kept)


def _changed_deal(account: Account, record: Record, changes: Values, author: Author) -> None:
    if changes.keys() & {"dealstage", "pipeline"}:
        _check_stage(account, {**record.values, **changes})


def _changed_line(account: Account, record: Record, changes: Values, author: Author) -> None:
    after = {**record.values, **changes}
    _check_price(after)
    changes["amount"] = money.line_amount(after)


def _changed_invoice(account: Account, record: Record, changes: Values, author: Author) -> None:
    one = End("invoices", record.id)
    linked_kinds = {kind for kind in ("contacts", "line_items") if linked(account, one, kind)}
    after = {**record.values, **changes}
    _check_invoice(account, record.values, after, linked_kinds, author)
    changes.update({name: value for name, value in after.items() if record.values.get(name, "") != value})


def _changed_payment(account: Account, record: Record, changes: Values, author: Author) -> None:
    if record.values.get("hs_processor_type") in OWN_PROCESSORS and not author.is_person:
        raise bad("Payments processed by HubSpot cannot be changed")


def _changed_note(account: Account, record: Record, changes: Values, author: Author) -> None:
    if "hs_note_body" in changes:
        _preview(changes)


Fill = Callable[[Account, Values, Sequence[Wanted], Author], None]
Correct = Callable[[Account, Record, Values, Author], None]

ON_CREATE: Mapping[str, Fill] = {
    "contacts": _new_contact,
    "deals": _new_deal,
    "products": _new_product,
    "line_items": _new_line,
    "invoices": _new_invoice,
    "commerce_payments": _new_payment,
    "notes": _new_note,
}
ON_CHANGE: Mapping[str, Correct] = {
    "contacts": _changed_contact,
    "deals": _changed_deal,
    "line_items": _changed_line,
    "invoices": _changed_invoice,
    "commerce_payments": _changed_payment,
    "notes": _changed_note,
}


def check_removal(account: Account, kind: str, record: Record, author: Author) -> None:
    """Raises `Refusal` for what may not be deleted."""
    if kind == "invoices" and not author.is_person:
        if not account.world.settings.allow_invoice_delete:
            raise bad("Deleting invoices is not allowed in this account; void the invoice instead")
        if record.values.get("hs_invoice_status") not in ("draft", "open"):
            raise bad("Only draft and open invoices can be deleted")
    if kind == "commerce_payments" and record.values.get("hs_processor_type") in OWN_PROCESSORS:
        raise bad("Payments processed by HubSpot cannot be deleted")
