"""Customers with their addresses and numbers, which are rows of their own."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.sandbox.core import Document
from connectors.sandbox.shopmonkey.shapes import EMAIL, PHONE, Table
from connectors.sandbox.shopmonkey.shop import Company
from connectors.sandbox.shopmonkey.wire import unfit

LEAST_DIGITS = 7


def add(company: Company, told: Document) -> Document:
    """A new customer. Nothing is unique: the same person may be here twice."""
    row = company.fill("customers", {name: told[name] for name in told if name not in ("emails", "phoneNumbers")})
    row["locationIds"] = row["locationIds"] or [company.home()]
    row["country"] = row["country"] or company["locations"][row["locationIds"][0]]["country"]
    return company.put("customers", row | _addresses(company, row, told))


def change(company: Company, id: str, told: Document) -> Document:
    """Change what is named. A list of addresses replaces the one there is; those that stay keep their rows."""
    row = {**company["customers"][id], **told}
    return company.put("customers", row | _addresses(company, row, told, company["customers"][id]))


def nameless(row: Document) -> bool:
    return not any(row.get(name) for name in ("firstName", "lastName", "companyName"))


def need_name(row: Document) -> None:
    """Raises `Refusal` (400) when nobody could say who it is."""
    if nameless(row):
        raise unfit(["one of firstName, lastName, companyName is required"])


def _addresses(company: Company, row: Document, told: Document, old: Document | None = None) -> Document:
    found: Document = {}
    for name, shape, member in (("emails", EMAIL, "email"), ("phoneNumbers", PHONE, "number")):
        if name in told:
            before = {one[member]: one for one in (old or {}).get(name, ())}
            rows = [_address(company, row, shape, before.get(one[member], {}), one) for one in told[name] or ()]
            if rows and not any(one["primary"] for one in rows):
                rows[0] = {**rows[0], "primary": True}
            found[name] = rows
    return found


def _address(company: Company, row: Document, shape: Table, old: Document, told: Document) -> Document:
    blank: Document = {
        "id": company.new_id(),
        "createdDate": company.world.stamp(),
        "updatedDate": None,
        "companyId": company.id,
        **shape.blank(),
        "locationId": (row["locationIds"] or [company.home()])[0],
        "customerId": row["id"],
        "meta": {"userId": "", "sessionId": "", "version": 1},
    }
    return {**blank, **old, **told, "customerId": row["id"]}


def by_email(rows: Iterable[Document], wanted: Iterable[str]) -> list[Document]:
    """Customers with one of these addresses, whatever its case."""
    sought = {one.strip().lower() for one in wanted}
    return [row for row in rows if any(one["email"].strip().lower() in sought for one in row["emails"])]


def by_phone(rows: Iterable[Document], wanted: Iterable[str]) -> list[Document]:
    """Customers with one of these numbers, by their digits."""
    sought = {_digits(one) for one in wanted}
    sought = {one for one in sought if len(one) >= LEAST_DIGITS}
    return [row for row in rows if any(_digits(one["number"]) in sought for one in row["phoneNumbers"])]


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal())[-10:]
