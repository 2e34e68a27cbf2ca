"""Orders, invoices and credit memos as the store's interface tells them.

Source: schema 2.4.8 and the payloads of AdobeDocs/commerce-webapi order-create-order.md, order-create-invoice.md,
order-issue-refund.md; read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.magento.money import (
    AMOUNTS,
    NOTHING,
    ZERO,
    Both,
    Rate,
    Twice,
    minus,
    plain,
    plus,
    together,
    write,
)
from connectors.sandbox.magento.sale import Paper, Part, Row, Sale
from connectors.sandbox.magento.shop import stamp

TITLES = {
    "checkmo": "Chèque ou mandat",
    "banktransfer": "Virement bancaire",
    "stripe_payments": "Carte de crédit (Stripe)",
    "paypal_express": "PayPal Express",
    "cashondelivery": "Paiement à la livraison",
    "free": "Aucun paiement requis",
}
CARRIERS = {"flatrate_flatrate": "Tarif fixe - Livraison", "freeshipping_freeshipping": "Livraison gratuite - Gratuit"}
COUNTERS = ("invoiced", "canceled", "refunded", "shipped")
# (name of the total, name of the amount it adds up)
SUMMED = (
    ("subtotal", "subtotal"),
    ("tax", "tax_amount"),
    ("shipping", "shipping_amount"),
    ("discount", "discount_amount"),
)


def order(sale: Sale) -> Document:
    """The order as the store tells it now."""
    tops = [line for line in sale.rows if line.parent is None]
    document: Document = {
        "entity_id": sale.id,
        "increment_id": sale.number,
        "state": sale.state,
        "status": sale.status,
        "created_at": stamp(sale.at),
        "updated_at": stamp(sale.changed_at or sale.at),
        "store_id": sale.view.id,
        "store_name": sale.view.name,
        **_currencies(sale),
        **_customer(sale),
        **_money(sale),
        "total_item_count": len(tops),
        "total_qty_ordered": sum(line.quantity for line in tops),
        "is_virtual": int(sale.virtual),
        "email_sent": 1,
        "quote_id": sale.id + 1000,
        "protect_code": f"{sale.id:06x}b0rea1",
        "remote_ip": "203.0.113.7",
        "weight": sum(line.good.weight * line.quantity for line in tops),
        "billing_address_id": sale.address_ids[0],
        "items": _items(sale),
        "billing_address": _address(sale, "billing"),
        "payment": _payment(sale),
        "status_histories": [],
        "extension_attributes": _extensions(sale),
        **_progress(sale),
        **sale.extra,
    }
    if not sale.virtual:
        document["shipping_description"] = CARRIERS[sale.terms.carrier]
    if sale.terms.coupon:
        document.update(coupon_code=sale.terms.coupon, discount_description=sale.terms.coupon)
    return document


def invoice(sale: Sale, paper: Paper) -> Document:
    """An invoice in state 2 (paid)."""
    document = _paper(sale, paper)
    document["can_void_flag"] = 0
    document["total_qty"] = sum(part.quantity for part in paper.parts if part.row.parent is None)
    if paper.transaction_id:
        document["transaction_id"] = paper.transaction_id
    return document


def credit_memo(sale: Sale, paper: Paper) -> Document:
    """A credit memo in state 2 (refunded); with `invoice_id` and `transaction_id` the gateway gave the money back."""
    document = _paper(sale, paper)
    given, withheld = paper.adjustments
    write(document, "adjustment", minus(given, withheld))
    write(document, "adjustment_positive", given)
    write(document, "adjustment_negative", withheld)
    for line in document["items"]:
        line["base_cost"] = None
    if paper.invoice_id:
        document.update(invoice_id=paper.invoice_id, transaction_id=paper.transaction_id)
    return document


# Invoices and credit memos


def _paper(sale: Sale, paper: Paper) -> Document:
    document: Document = {
        "entity_id": paper.id,
        "increment_id": paper.number,
        "order_id": sale.id,
        "state": 2,
        "created_at": stamp(paper.at),
        "updated_at": stamp(paper.at),
        "store_id": sale.view.id,
        "billing_address_id": sale.address_ids[0],
        "email_sent": 1,
        **_currencies(sale),
        **_totals(paper.rows(), paper.shipping),
    }
    write(document, "grand_total", paper.total())
    document["items"] = [_paper_row(sale, paper, part) for part in paper.parts]
    document["comments"] = []
    if paper.gift_card != NOTHING:
        document["extension_attributes"] = write({}, "gift_cards_amount", paper.gift_card)
    return document


def _paper_row(sale: Sale, paper: Paper, part: Part) -> Document:
    """A row of an invoice or credit memo; variants and a dynamic bundle's own row come without money."""
    line = part.row
    document: Document = {
        "entity_id": sale.numbers.next(f"{paper.kind} rows"),
        "parent_id": paper.id,
        "order_item_id": line.id,
        "product_id": line.good.id,
        "sku": line.sku,
        "name": line.good.name,
        "qty": part.quantity,
    }
    write(document, "price", line.price)
    if not line.counts:
        return document
    write(document, "price_incl_tax", line.price_incl)
    for name in AMOUNTS:
        write(document, name, part.money.amount(name))
    return document


def _currencies(sale: Sale) -> Document:
    base = sale.view.base
    return {
        "base_currency_code": base,
        "global_currency_code": base,
        "store_currency_code": base,
        "order_currency_code": sale.terms.currency or base,
        "base_to_global_rate": 1,
        "base_to_order_rate": plain(sale.terms.rate),
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
    }


def _totals(rows: Both, ship: Both) -> Document:
    """Amounts all three documents have. The discount is negative; tax and discount include those of shipping."""
    told: Document = {}
    write(told, "subtotal", rows.amount("row_total"))
    write(told, "subtotal_incl_tax", rows.amount("row_total_incl_tax"))
    write(told, "discount_amount", minus(NOTHING, (rows + ship).amount("discount_amount")))
    write(told, "tax_amount", (rows + ship).amount("tax_amount"))
    write(told, "discount_tax_compensation_amount", rows.amount("discount_tax_compensation_amount"))
    write(told, "shipping_amount", ship.amount("row_total"))
    write(told, "shipping_tax_amount", ship.amount("tax_amount"))
    write(told, "shipping_incl_tax", ship.amount("row_total_incl_tax"))
    return told


# The order's blocks


def _customer(sale: Sale) -> Document:
    """A guest is told by the e-mail alone."""
    buyer = sale.buyer
    told: Document = {
        "customer_email": buyer.address.email,
        "customer_is_guest": int(buyer.id is None),
        "customer_group_id": buyer.group_id,
        "customer_note_notify": 1,
    }
    if buyer.id is None:
        return told
    return {
        **told,
        "customer_id": buyer.id,
        "customer_firstname": buyer.address.given_name,
        "customer_lastname": buyer.address.family_name,
    }


def _money(sale: Sale) -> Document:
    told = _totals(sale.goods(), sale.shipping)
    write(told, "shipping_discount_amount", sale.shipping.amount("discount_amount"))
    base, own = sale.shipping.amount("discount_tax_compensation_amount")
    told["shipping_discount_tax_compensation_amount"] = plain(own)
    told["base_shipping_discount_tax_compensation_amnt"] = plain(base)
    write(told, "grand_total", sale.grand_total())
    return write(told, "total_due", minus(sale.grand_total(), sale.paid()))


def _progress(sale: Sale) -> Document:
    """What has been invoiced, refunded and cancelled; what never happened is absent."""
    told: Document = {}
    if sale.invoices:
        write(told, "total_paid", sale.paid())
        write(told, "total_invoiced", sale.paid())
        _sums(told, sale.invoices, "invoiced")
    if sale.memos:
        write(told, "total_refunded", sale.refunded())
        for name, online in (("online", True), ("offline", False)):
            if sale.refunded(online=online) != NOTHING:
                write(told, f"total_{name}_refunded", sale.refunded(online=online))
        _sums(told, sale.memos, "refunded")
        _adjusted(told, sale.memos)
    if any(line.canceled for line in sale.rows):
        _canceled(told, sale)
    return told


def _sums(told: Document, papers: Sequence[Paper], word: str) -> None:
    totals = [_totals(paper.rows(), paper.shipping) for paper in papers]
    for name, amount in SUMMED:
        base = sum((Decimal(one[f"base_{amount}"]) for one in totals), ZERO)
        write(told, f"{name}_{word}", (base, sum((Decimal(one[amount]) for one in totals), ZERO)))


def _adjusted(told: Document, memos: Sequence[Paper]) -> None:
    for at, name in enumerate(("adjustment_positive", "adjustment_negative")):
        total = NOTHING
        for paper in memos:
            total = plus(total, paper.adjustments[at])
        if total != NOTHING:
            write(told, name, total)


def _canceled(told: Document, sale: Sale) -> None:
    """Shipping is cancelled with the whole order only: the first invoice took it."""
    rows = together(line.money.share(line.invoiced, line.canceled, line.quantity) for line in sale.rows if line.counts)
    ship = Both() if sale.invoices else sale.shipping
    write(told, "total_canceled", minus(sale.grand_total(), sale.paid()))
    write(told, "subtotal_canceled", rows.amount("row_total"))
    write(told, "tax_canceled", (rows + ship).amount("tax_amount"))
    write(told, "shipping_canceled", ship.amount("row_total"))


def _payment(sale: Sale) -> Document:
    method, last4 = sale.terms.method, f"{4000 + sale.id % 1000}"
    card = method == "stripe_payments"
    told: Document = {
        "entity_id": sale.id,
        "parent_id": sale.id,
        "method": method,
        "account_status": None,
        "additional_information": [TITLES[method], *([f"xxxx-{last4}", "Visa"] if card else [])],
        "cc_last4": last4 if card else None,
    }
    write(told, "amount_ordered", sale.grand_total())
    write(told, "shipping_amount", sale.shipping.amount("row_total"))
    if sale.invoices:
        write(told, "amount_paid", sale.paid())
    if sale.memos:
        write(told, "amount_refunded", sale.refunded())
    if card:
        told["cc_type"] = "VI"
    if sale.transactions:
        told["last_trans_id"] = sale.transactions[-1]["txn_id"]
    if sale.terms.po_number:
        told["po_number"] = sale.terms.po_number
    return told


def _address(sale: Sale, kind: str) -> Document:
    """The address with its ids; what is empty is not told."""
    one = sale.buyer.address
    told: Document = {
        "firstname": one.given_name,
        "lastname": one.family_name,
        "street": list(one.street),
        "city": one.city,
        "region": one.region,
        "region_code": one.region_code,
        "region_id": one.region_id,
        "postcode": one.postcode,
        "country_id": one.country,
        "telephone": one.phone,
        "email": one.email,
        "address_type": kind,
        "entity_id": sale.address_ids[kind == "shipping"],
        "parent_id": sale.id,
    }
    return told | {name: value for name, value in (("company", one.company), ("vat_id", one.vat_id)) if value}


def _extensions(sale: Sale) -> Document:
    told: Document = {
        "shipping_assignments": [_assignment(sale)],
        "payment_additional_info": [{"key": "method_title", "value": TITLES[sale.terms.method]}],
        "applied_taxes": _applied_taxes(sale),
        "item_applied_taxes": _item_applied_taxes(sale),
    }
    if told["applied_taxes"]:
        told["converting_from_quote"] = True
    if sale.terms.gift_card:
        write(told, "gift_cards_amount", sale.terms.twice(sale.terms.gift_card))
    if sale.buyer.business and sale.buyer.address.company:
        told["company_order_attributes"] = {
            "company_id": sale.buyer.id or 0,
            "company_name": sale.buyer.address.company,
            "order_id": sale.id,
            "extension_attributes": {},
        }
    return told


def _assignment(sale: Sale) -> Document:
    """How it is sent, with the rows as they were when placed. A virtual order has no address and no method here."""
    total: Document = {}
    write(total, "shipping_amount", sale.shipping.amount("row_total"))
    write(total, "shipping_tax_amount", sale.shipping.amount("tax_amount"))
    write(total, "shipping_incl_tax", sale.shipping.amount("row_total_incl_tax"))
    write(total, "shipping_discount_amount", sale.shipping.amount("discount_amount"))
    how: Document = {"total": total}
    if not sale.virtual:
        how.update(address=_address(sale, "shipping"), method=sale.terms.carrier)
    return {"shipping": how, "items": [_item(sale, line, fresh=True) for line in sale.rows]}


# Taxes


def _taxed(sale: Sale) -> list[tuple[Document, tuple[Rate, ...], Both]]:
    """What was taxed: a head saying which row (or shipping), its rates, its money."""
    found: list[tuple[Document, tuple[Rate, ...], Both]] = [
        ({"type": "product", "item_id": line.id}, line.rates, line.money)
        for line in sale.rows
        if line.counts and line.money.base.tax_amount
    ]
    if sale.shipping.base.tax_amount:
        found.append(({"type": "shipping"}, sale.shipping_rates, sale.shipping))
    return found


def _applied_taxes(sale: Sale) -> list[Document]:
    """One entry for each rate, over rows and shipping."""
    sums: dict[str, tuple[Rate, Twice]] = {}
    for _, rates, money in _taxed(sale):
        for rate, base, own in zip(rates, money.base.taxes, money.own.taxes, strict=True):
            sums[rate.code] = rate, plus(sums.get(rate.code, (rate, NOTHING))[1], (base, own))
    return [_applied(rate, amount) for rate, amount in sums.values()]


def _item_applied_taxes(sale: Sale) -> list[Document]:
    return [
        {
            **head,
            "applied_taxes": [
                _applied(rate, (base, own))
                for rate, base, own in zip(rates, money.base.taxes, money.own.taxes, strict=True)
            ],
        }
        for head, rates, money in _taxed(sale)
    ]


def _applied(rate: Rate, amount: Twice) -> Document:
    named = {"code": rate.code, "title": rate.title, "percent": plain(rate.percent)}
    told = write(dict(named), "amount", amount)
    return {**told, "extension_attributes": {"rates": [named]}}


# Rows of the order


def _items(sale: Sale) -> list[Document]:
    """All rows; what is inside a parent repeats the parent's row."""
    items = {line.id: _item(sale, line) for line in sale.rows}
    for item in items.values():
        if "parent_item_id" in item:
            item["parent_item"] = dict(items[item["parent_item_id"]])
    return list(items.values())


def _item(sale: Sale, line: Row, *, fresh: bool = False) -> Document:
    """A row of the order; `fresh` is how it looked when placed."""
    good = line.good
    document: Document = {
        "created_at": stamp(sale.at),
        "updated_at": stamp(sale.at),
        "item_id": line.id,
        "order_id": sale.id,
        "store_id": sale.view.id,
        "sku": line.sku,
        "name": good.name,
        "product_id": good.id,
        "product_type": good.type,
        "is_qty_decimal": 0,
        "is_virtual": int(good.virtual),
        "free_shipping": 0,
        "no_discount": 0,
        "qty_ordered": line.quantity,
        **{f"qty_{name}": 0 if fresh else getattr(line, name) for name in COUNTERS},
        "quote_item_id": line.id + 100,
        "weight": good.weight,
        "row_weight": good.weight * line.quantity,
    }
    write(document, "price", line.price)
    write(document, "original_price", sale.terms.twice(good.price) if line.bare else line.price)
    _item_money(document, line, fresh)
    if good.type == "configurable":
        chosen = {"option_id": "93", "option_value": good.parts[0][0].id}
        document["product_option"] = {"extension_attributes": {"configurable_item_options": [chosen]}}
    if line.parent is not None:
        document["parent_item_id"] = line.parent.id
    return document


def _item_money(document: Document, line: Row, fresh: bool) -> None:
    """Amounts of a row; one that only says what is inside its parent has fewer of them."""
    if not line.bare:
        write(document, "price_incl_tax", line.price_incl)
    for name in AMOUNTS:
        if not (line.bare and name in ("row_total_incl_tax", "discount_tax_compensation_amount")):
            write(document, name, line.money.amount(name))
    taxed = bool(line.money.base.tax_amount)
    document["tax_percent"] = plain(sum((rate.percent for rate in line.rates), ZERO)) if taxed else 0
    document["discount_percent"] = plain(line.discount_percent)
    for word, total in (("invoiced", "row_invoiced"), ("refunded", "amount_refunded")):
        done = 0 if fresh else getattr(line, word)
        part = line.money.share(0, done, line.quantity)
        write(document, total, part.amount("row_total"))
        if word == "invoiced" or done:
            write(document, f"tax_{word}", part.amount("tax_amount"))
            write(document, f"discount_{word}", part.amount("discount_amount"))
