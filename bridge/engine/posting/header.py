"""What all posted documents share: number, date, customer, currency, note, class and location."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bridge.engine.model import CannotMap
from bridge.engine.posting.numbers import number_of, reference_of
from bridge.engine.posting.policy import Books, Policy
from bridge.engine.posting.sheet import Warnings
from bridge.engine.wording import french
from connectors.contract import Ref

_RATE = Decimal("0.0000000001")
_NOTES = {
    "order": ("Order {number}", "Commande {number}"),
    "refund": ("Refund {number} of order {order}", "Remboursement {number} de la commande {order}"),
    "payment": ("Payment {number} of order {order}", "Paiement {number} de la commande {order}"),
    "dated": ("Dated {date}", "En date du {date}"),
    "cancelled": ("Cancelled in the shop", "Annulée dans la boutique"),
}


def note(policy: Policy, key: str, **marks: object) -> str:
    """Return a sentence for the note of a document, in the policy's language."""
    pair = _NOTES[key]
    return (french(pair[1]) if policy.language == "fr" else pair[0]).format(**marks)


def common(
    values: Mapping[str, Any],
    policy: Policy,
    books: Books,
    notes: list[str],
    warnings: Warnings,
    *,
    reference: bool = False,
) -> dict[str, Any]:
    """Return the header of a document. CannotMap for a customer, currency, date or number it cannot have.

    `reference`: its number only refers to the source's, and no sequence of the books gives it.
    """
    found: dict[str, Any] = {"currency": currency_of(values, books)}
    if reference:
        number = reference_of(values.get("number"), policy, books)
    else:
        number = number_of(values.get("number"), policy, books)
        if not number:
            _unnumbered(values, policy, books, warnings)
    if number:
        found["number"] = number
    found["date"] = date_of(values, policy, books, notes, warnings)
    found |= customer_of(values, policy, books)
    found |= rate_of(values, books, warnings)
    found["memo"] = memo_of(notes, values.get("memo"), books)
    return found


def memo_of(notes: list[str], told: object, books: Books) -> str:
    """Return the note of a document: what is said of it, then what the source tells that is not in it already."""
    memo = " · ".join(notes)
    if told and str(told) not in memo.replace("·", " ").split():
        memo = f"{memo} · {told}" if memo else str(told)
    return memo[: books.longest_memo]


def _unnumbered(values: Mapping[str, Any], policy: Policy, books: Books, warnings: Warnings) -> None:
    """Say where a number will not be what the policy wants."""
    if policy.number == "books" and books.custom_numbers:
        warnings.append(("NUMBER-LEFT-EMPTY", {"number": str(values.get("number") or "")}))
    elif policy.number == "source" and not books.custom_numbers:
        warnings.append(("NUMBER-BY-BOOKS", {"number": str(values.get("number") or "")}))


def currency_of(values: Mapping[str, Any], books: Books) -> str:
    """Return a document's currency, if the books have it."""
    currency = values.get("currency")
    if not currency:
        raise CannotMap("CURRENCY-NOT-TOLD")
    if currency == books.home_currency:
        return str(currency)
    if not books.multi_currency:
        raise CannotMap("CURRENCY-SINGLE", currency=currency, home=books.home_currency)
    if books.currencies and currency not in books.currencies:
        raise CannotMap("CURRENCY-NOT-IN-BOOKS", currency=currency)
    return str(currency)


def rate_of(values: Mapping[str, Any], books: Books, warnings: Warnings) -> dict[str, Decimal]:
    """Return the exchange rate of a foreign document; nothing where only the books can know it."""
    currency = values["currency"]
    if currency == books.home_currency:
        return {}
    rate = values.get("exchange_rate")
    if isinstance(rate, Decimal) and rate > 0 and values.get("home_currency") == books.home_currency:
        return {"exchange_rate": rate if rate == rate.quantize(_RATE) else rate.quantize(_RATE)}
    warnings.append(("RATE-BY-BOOKS", {"currency": currency}))
    return {}


def date_of(values: Mapping[str, Any], policy: Policy, books: Books, notes: list[str], warnings: Warnings) -> date:
    """Return the date a document gets. In a closed period: held, asked about, or the first open day with the true date
    in the note.
    """
    told = values.get("date")
    if not isinstance(told, date):
        raise CannotMap("DATE-NOT-TOLD")
    closed = books.closed_until
    if closed is None or told > closed:
        return told
    marks = {"date": told.isoformat(), "closed": closed.isoformat()}
    if policy.closed_books == "hold":
        raise CannotMap("BOOKS-CLOSED", **marks)
    if policy.closed_books == "ask":
        raise CannotMap("BOOKS-CLOSED-ASK", **marks)
    opened = closed + timedelta(days=1)
    notes.append(note(policy, "dated", date=told.isoformat()))
    warnings.append(("BOOKS-CLOSED-MOVED", {**marks, "opened": opened.isoformat()}))
    return opened


def customer_of(values: Mapping[str, Any], policy: Policy, books: Books) -> dict[str, Any]:
    """Return who the document is for: the buyer (as the source's record, turned by its link) or the one generic
    customer.
    """
    if policy.customer == "generic":
        if not policy.generic_customer_id:
            raise CannotMap("CUSTOMER-NOT-SET")
        _same_currency(values, policy.generic_customer_id, books)
        return {"contact_id": policy.generic_customer_id}
    contact = values.get("contact")
    if not isinstance(contact, Ref) and policy.generic_customer_id:  # a walk-in, where there is a customer for them
        _same_currency(values, policy.generic_customer_id, books)
        return {"contact_id": policy.generic_customer_id}
    if not isinstance(contact, Ref):
        raise CannotMap("CUSTOMER-NOT-TOLD")
    want(contact, books)
    twin = books.linked.get((contact.resource, contact.remote_id))
    if twin:
        _same_currency(values, twin[1], books)
    return {"contact": contact}


def want(parent: Ref, books: Books) -> None:
    """Hold a document whose parent is not in the books and is not on its way there."""
    if not books.knows(parent.resource, parent.remote_id):
        key = f"{parent.resource}:{parent.remote_id}"
        raise CannotMap("PARENT-MISSING", parent=parent.remote_id, entity=parent.entity, cause="", parent_key=key)


def _same_currency(values: Mapping[str, Any], contact_id: str, books: Books) -> None:
    theirs = books.contact_currencies.get(contact_id)
    if theirs and theirs != values["currency"]:
        raise CannotMap("CUSTOMER-CURRENCY", customer=contact_id, currency=values["currency"], theirs=theirs)


def places(store: object, policy: Policy, books: Books, warnings: Warnings) -> tuple[str, str]:
    """Return class and location of a document, by its store or else the default; "" where the books keep none."""
    class_id = policy.mapped("class", store) or policy.class_id
    location = policy.mapped("location", store) or policy.location_id
    if class_id and not books.classes:
        warnings.append(("CLASS-NOT-KEPT", {}))
        class_id = ""
    if location and not books.locations:
        warnings.append(("LOCATION-NOT-KEPT", {}))
        location = ""
    return class_id, location


def account_of(values: Mapping[str, Any], method: object, policy: Policy) -> dict[str, str]:
    """Return the clearing account and payment method that a shop's method ("none" where it tells none) is mapped to.
    CannotMap METHOD-UNMAPPED without account.
    """
    key = str(method or "none")
    account = policy.mapped("payment_method", key)
    if not account:
        raise CannotMap(
            "METHOD-UNMAPPED", map="payment_method", key=key, total=str(values["total"]), currency=values["currency"]
        )
    found = {"account_id": account}
    if method_id := policy.mapped("method", key):
        found["method_id"] = method_id
    return found
