"""What a body must be: known members of the right kind, everything unknown silently left aside.

Source: contracts/shopmonkey (CustomerCreate, InventoryPartCreate, WebhookCreate), read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors.sandbox.core import Document
from connectors.sandbox.shopmonkey.wire import is_number, is_whole, unfit

_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TRIGGERS = (
    "Appointment", "Customer", "Inspection", "Inventory", "Message", "Order", "Payment", "PurchaseOrder", "User",
    "Vehicle", "Vendor",
)  # fmt: skip


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_named(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_price(value: object) -> bool:
    return is_whole(value) and int(str(value)) >= 0


def _is_percent(value: object) -> bool:
    return is_number(value) and 0 <= float(str(value)) <= 100  # noqa: PLR2004 - a percentage


def _is_country(value: object) -> bool:
    return isinstance(value, str) and len(value) == 2  # noqa: PLR2004 - ISO 3166 alpha-2


def _is_thing(value: object) -> bool:
    return isinstance(value, dict)


def _is_mail(value: object) -> bool:
    return isinstance(value, str) and bool(_MAIL.fullmatch(value))


def _is_phone(value: object) -> bool:
    return isinstance(value, str) and len(value) >= 5  # noqa: PLR2004 - the contract's least


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_secure(value: object) -> bool:
    """An https address; plain http only to this machine, where the hub of a demonstration listens."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def _one_of(*choices: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in choices


def _are_triggers(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one in TRIGGERS for one in value)


@dataclass(frozen=True, slots=True)
class Body:
    """The members of a body. `nullable` may be null; `needed` must be there when a record is made."""

    members: Mapping[str, Callable[[object], bool]]
    nullable: frozenset[str] = frozenset()
    needed: tuple[str, ...] = ()
    rows: Mapping[str, Body] = field(default_factory=dict)

    def fit(self, body: Document, *, making: bool, strict: bool, ignored: Sequence[str] = ()) -> Document:
        """The members that are heeded. Raises `Refusal` (400)."""
        problems = list(self._problems(body, making=making, strict=strict))
        if not making and not body:
            problems.append("nothing to change")
        if problems:
            raise unfit(problems)
        return {
            name: self._kept(name, value)
            for name, value in body.items()
            if self._is_known(name) and name not in ignored
        }

    def _is_known(self, name: str) -> bool:
        return name in self.members or name in self.rows

    def _kept(self, name: str, value: object) -> object:
        if name not in self.rows or not isinstance(value, list):
            return value
        return [{part: held for part, held in row.items() if part in self.rows[name].members} for row in value]

    def _problems(self, body: Document, *, making: bool, strict: bool, at: str = "") -> Iterable[str]:
        if making:
            yield from (f"{at}{name} is required" for name in self.needed if name not in body)
        for name, value in body.items():
            if name in self.rows:
                yield from self._row_problems(name, value, strict=strict, at=at)
            elif name not in self.members:
                if strict:
                    yield f"{at}{name} is not known"
            elif value is None:
                if name not in self.nullable:
                    yield f"{at}{name} must not be null"
            elif not self.members[name](value):
                yield f"{at}{name} is not valid"

    def _row_problems(self, name: str, value: object, *, strict: bool, at: str) -> Iterable[str]:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            yield f"{at}{name} must be a list of objects"
            return
        for number, row in enumerate(value):
            yield from self.rows[name]._problems(row, making=True, strict=strict, at=f"{at}{name}[{number}].")


_WORDS = "firstName lastName companyName address1 address2 city state postalCode note website externalId paymentTermId"
CUSTOMER = Body(
    {
        **dict.fromkeys(_WORDS.split(), _is_text),
        "customerType": _one_of("Customer", "Fleet"),
        "country": _is_country,
        "taxExempt": _is_flag,
        "discountPercent": _is_percent,
        "marketingOptIn": _is_flag,
        "preferredContactMethod": _one_of("SMS", "Email", "All"),
        "locationIds": _are_texts,
        "customFields": _is_thing,
        "metadata": _is_thing,
    },
    nullable=frozenset([*_WORDS.split(), "country", "preferredContactMethod", "customFields", "metadata"]),
    needed=("customerType",),
    rows={
        "emails": Body({"email": _is_mail, "primary": _is_flag, "subscribed": _is_flag}, needed=("email",)),
        "phoneNumbers": Body(
            {
                "number": _is_phone,
                "country": _is_text,
                "primary": _is_flag,
                "type": _one_of("Mobile", "Landline", "VoIP", "Other"),
                "userDefinedType": _one_of("Mobile", "Work", "Home", "Office", "Fax", "VoIP", "Landline", "Other"),
            },
            needed=("number",),
        ),
    },
)
PART = Body(
    {
        "name": _is_named,
        "number": _is_named,
        "quantity": is_number,
        "retailCostCents": _is_price,
        "wholesaleCostCents": _is_price,
        "taxable": _is_flag,
        **dict.fromkeys(("note", "binLocation", "categoryId", "vendorId", "locationId"), _is_text),
        "metadata": _is_thing,
    },
    nullable=frozenset({"note", "binLocation", "categoryId", "vendorId", "metadata"}),
    needed=("name", "number", "quantity", "retailCostCents", "wholesaleCostCents", "locationId"),
)
WEBHOOK = Body(
    {
        "name": _is_named,
        "url": _is_secure,
        "triggers": _are_triggers,
        "enabled": _is_flag,
        "locationId": _is_text,
        "secret": _is_text,
    },
    nullable=frozenset({"locationId", "secret"}),
    needed=("name", "url", "triggers"),
)
EMAILS = Body({"emails": lambda value: _are_texts(value) and bool(value)}, needed=("emails",))
PHONES = Body({}, needed=("phoneNumbers",), rows={"phoneNumbers": Body({"number": _is_phone}, needed=("number",))})
NOTHING = Body({})
