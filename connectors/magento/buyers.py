"""Buyers, seen as contacts. A buyer is an e-mail address in small letters; guests and members are the same here.

There is no list of them: they are told by the orders, and the newest order of an address has the last word. Two
addresses are two buyers, whoever is behind them.
"""

from __future__ import annotations

from typing import Any

from connectors.contract import Raw, Resource, Text, Values
from connectors.magento.wire import address, email, extra, store, text

_ADDRESS = ("street", "city", "region", "region_code", "postcode", "country_id")


def of_order(order: Raw) -> Raw | None:
    """The buyer an order names; None without an e-mail address."""
    who = email(order.get("customer_email"))
    if not who:
        return None
    billing = order.get("billing_address") or {}
    company = extra(order).get("company_order_attributes") or {}
    told: Raw = {
        "id": who,
        "order_id": order.get("entity_id"),
        "ordered_at": order.get("created_at"),
        "updated_at": order.get("updated_at"),
        "customer_id": order.get("customer_id"),
        "group_id": order.get("customer_group_id"),
        "firstname": order.get("customer_firstname") or billing.get("firstname"),
        "lastname": order.get("customer_lastname") or billing.get("lastname"),
        "company": company.get("company_name") or billing.get("company"),
        "telephone": billing.get("telephone"),
        "vat_id": billing.get("vat_id") or order.get("customer_taxvat"),
        "currency": order.get("order_currency_code"),
        "locale": store(order).get("locale"),
        "address": {key: billing[key] for key in _ADDRESS if billing.get(key)},
    }
    return {key: value for key, value in told.items() if value not in (None, "", {})}


def parse(raw: Raw) -> Values:
    """The contact's canonical values. `name` is the person, else the organization, else the address."""
    given, family, company = text(raw.get("firstname")), text(raw.get("lastname")), text(raw.get("company"))
    person = " ".join(part for part in (given, family) if part)
    locale: Any = raw.get("locale")
    return {
        "name": person or company or raw["id"],
        "given_name": given,
        "family_name": family,
        "company": company,
        "email": raw["id"],
        "phone": text(raw.get("telephone")),
        "address": address(raw.get("address")),
        "currency": text(raw.get("currency")),
        "language": str(locale)[:2] if locale else None,
    }


BUYERS = Resource(
    name="buyers",
    entity="contact",
    label=Text("Buyers", "Acheteurs"),
    read=parse,
    remote_id="id",
    changed_at="updated_at",
    match_on=("email",),
    page_size=100,
)
