"""Payments, deposits, refunds and transfers: one list, told apart by `transactionType`. Amounts are always positive.

An online payment that is still being processed has no recorded date. A deposit is taken before its order is invoiced. A
transfer moves money from one order to another; how is not described, so it is for a person. A refund names the charge
it gives back and no lines: the order's lines are shared out over what came back, each tax in proportion.

Source: shopmonkeyus/go-datamodel:v3/payment.go; https://shopmonkey.dev (payment search; read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import Api, Raw, RecordRejected, Ref, Resource, SettingInvalid, Text, Values
from connectors.shopmonkey import lines, sales, taxes
from connectors.shopmonkey.recent import Recent
from connectors.shopmonkey.shop import noted
from connectors.shopmonkey.wire import (
    NOT_FOUND,
    ZERO,
    cents,
    currency,
    day,
    location,
    moment,
    one,
    rows,
    segment,
    spread,
    text,
)
from connectors.shopmonkey.wire import PAYMENTS as LIST

METHODS = ("Card", "Cash", "Check", "Other")
BY_HAND = (None, "", "Manual")
_DROPPED = frozenset(("providerData", "userData", "cardConfirmation", "cardName"))


def is_refund(raw: Mapping[str, Any]) -> bool:
    """Tell whether a row gives money back."""
    return raw.get("transactionType") == "Refund"


def trimmed(raw: Raw) -> Raw:
    """The row without card data nobody here needs."""
    return {key: value for key, value in raw.items() if key not in _DROPPED}


def method(raw: Mapping[str, Any]) -> str | None:
    """How it was paid; where a provider took it with its name, since that is another account: "Card-Stripe"."""
    kind, provider = text(raw.get("paymentType")), raw.get("provider")
    return f"{kind}-{provider}" if kind and provider not in BY_HAND else kind


def _head(raw: Raw) -> Values:
    who, order = text(raw.get("payerId")), text(raw.get("orderId"))
    money = currency(raw)
    return {
        "number": text(raw.get("receiptNumber")),
        "date": day(raw, "recordedDate", "createdDate"),
        "contact": Ref("contact", "customers", who) if who else None,
        "sale": Ref("sale", "orders", order) if order else None,
        "currency": money,
        "home_currency": money,
        "total": cents(raw.get("amountCents")),
        "method": method(raw),
        "memo": " · ".join(part for part in _memo(raw) if part) or None,
    }


def _memo(raw: Raw) -> tuple[str | None, ...]:
    digits, check = text(raw.get("cardDigits")), text(raw.get("checkNumber"))
    card = " ".join(part for part in (text(raw.get("cardType")), f"····{digits}" if digits else None) if part)
    return card or None, f"#{check}" if check else None, text(location(raw).get("name")), text(raw.get("note"))


def parse(raw: Raw) -> Values:
    """The payment's canonical values."""
    return {**_head(raw), "kind": kind(raw), "status": status(raw), "created_at": moment(raw.get("createdDate"))}


def kind(raw: Mapping[str, Any]) -> str:
    """What a row is; one of a kind we do not know keeps its name, and no rule of ours takes it for money."""
    told = str(raw.get("transactionType") or "")
    if told == "Charge":
        return "deposit" if raw.get("deposit") is True else "payment"
    return told.lower() or "unknown"


def status(raw: Mapping[str, Any]) -> str:
    """Whether the money came. Rows of before this field was told are recorded when they have a date."""
    told = text(raw.get("status"))
    if told:
        return told.lower()
    return "succeeded" if moment(raw.get("recordedDate")) else "processing"


def parse_refund(raw: Raw) -> Values:
    """The refund's canonical values; the feed has put the order, with its services, beside the row."""
    values = {**_head(raw), "online": raw.get("provider") not in BY_HAND, "prices_include_tax": False}
    order = raw.get("_order")
    if isinstance(order, Mapping) and "_services" in order:
        found = share(lines.of_order(dict(order)), values["total"])
        if found:
            values["lines"] = found
            values["taxes"] = taxes.summed(found)
            values["tax_total"] = sum((item["tax_amount"] for item in found), ZERO)
            values["subtotal"] = sum((item["amount"] for item in found), ZERO)
    return values


def share(whole: list[taxes.Line], total: Decimal) -> list[taxes.Line]:
    """An order's lines, shared out so that with their taxes they come to `total`; none where they come to nothing."""
    gross = [taxes.net(item) + item["tax_amount"] for item in whole]
    if not sum(gross, ZERO):
        return []
    found = []
    for item, weight, part in zip(whole, gross, spread(total, gross), strict=True):
        if not part:
            continue
        tax = spread(part, [taxes.net(item), *(one["amount"] for one in item["taxes"])]) if weight else [part]
        told = [{**one, "amount": amount} for one, amount in zip(item["taxes"], tax[1:], strict=True)]
        more = {"product": item["product"], "sku": item["sku"], "taxes": told}
        more["tax_amount"] = sum((one["amount"] for one in told), ZERO)
        kept = lines.line(item["id"], item["kind"], item["name"], tax[0], **more)
        kept.pop("taxable")
        found.append(kept)
    return found


def fetch(api: Api, remote_id: str) -> Raw:
    """One row as it is now. There is no route for one: it is searched by its id, and held against it."""
    for _ in range(8):  # a search leaves rows out, too
        found, total = rows(api, LIST, {"id": remote_id})
        mine = next((row for row in found if str(row.get("id")) == remote_id), None)
        if mine is not None:
            row = noted(api, trimmed(mine))
            return beside(api, row)
        if total == 0:
            break
    raise RecordRejected(NOT_FOUND, params={"said": f"payment {remote_id}"})


def beside(api: Api, row: Raw, recent: Recent | None = None) -> Raw:
    """The row, a refund with its order, whose lines it gives back; without the right to read that, without it.

    An order `recent` knows is not asked for again, and one that is, is kept there for the next refund.
    """
    order = text(row.get("orderId"))
    if not is_refund(row) or not order:
        return row
    if recent is not None and (known := recent.get(order)) is not None:
        return {**row, "_order": known}
    try:
        found = sales.with_services(api, sales.trimmed(one(api, f"/order/{segment(order)}")))
    except (RecordRejected, SettingInvalid):
        return row
    if recent is not None:
        recent.keep(found)
    return {**row, "_order": found}


PAYMENTS = Resource(
    name="payments",
    entity="payment",
    label=Text("Payments", "Paiements"),
    read=parse,
    changed_at=lambda raw: moment(raw.get("updatedDate")) or moment(raw.get("createdDate")),
    fetch=fetch,
    page_size=100,
)

REFUNDS = Resource(
    name="refunds",
    entity="refund",
    label=Text("Refunds", "Remboursements"),
    read=parse_refund,
    changed_at=lambda raw: moment(raw.get("updatedDate")) or moment(raw.get("createdDate")),
    fetch=fetch,
    page_size=100,
)
