"""Whether what the vendor holds is what was sent: by field, and as a whole, to know our own work again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.quickbooks.reading import money

_OWN = frozenset({"Id", "SyncToken", "sparse"})
# Addresses of documents come back as loose lines, and how amounts relate to tax is a matter of showing them.
_LOOSE = frozenset({"BillAddr", "ShipAddr", "GlobalTaxCalculation"})
# What tells one person or firm from another of the same name.
_TELLING = ("PrimaryEmailAddr", "PrimaryPhone", "Mobile", "BillAddr", "CompanyName", "GivenName", "FamilyName")


def differs(payload: Mapping[str, Any], raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the wire fields the vendor kept otherwise than they were sent."""
    return tuple(name for name, sent in payload.items() if name not in _OWN and not _kept(name, sent, raw.get(name)))


def same_document(payload: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
    """Tell whether a transaction is the one that was sent: all that counts in it is kept."""
    return not set(differs(payload, raw)) - _LOOSE


def same_listed(payload: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
    """Tell whether a customer or item is the one that was sent, both ways: a namesake with an e-mail address we never
    sent is somebody else.
    """
    if differs(payload, raw) or raw.get("Active") is False:
        return False
    return all(bool(raw.get(name)) <= bool(payload.get(name)) for name in _TELLING)


def is_marked(payload: Mapping[str, Any]) -> bool:
    """Tell whether a transaction carries something of ours to be known by, beyond customer, day and amount."""
    return any(payload.get(name) for name in ("DocNumber", "PaymentRefNum", "PrivateNote"))


def is_telling(payload: Mapping[str, Any]) -> bool:
    """Tell whether a customer is more than a name, which two people may share."""
    return any(payload.get(name) for name in ("PrimaryEmailAddr", "PrimaryPhone", "Mobile", "BillAddr"))


def _kept(name: str, sent: Any, found: Any) -> bool:
    if name == "Line":
        return _lines(sent) == _lines(found or [])
    if name == "TaxLine":
        return _taxes(sent) == _taxes(found or [])
    if isinstance(sent, Mapping):
        there = found if isinstance(found, Mapping) else {}
        # The label of a reference is the vendor's own.
        return all(_kept(key, value, there.get(key)) for key, value in sent.items() if key != "name")
    if sent in ("", None):
        return found in ("", None)
    if isinstance(sent, Decimal | int) and not isinstance(sent, bool):
        return money(found) == sent
    return bool(sent == found)


def _lines(lines: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Amount with item or linked document of the lines that count, in order; subtotals and comments are the vendor's
    to add.
    """
    skipped = ("SubTotalLineDetail", "DescriptionOnly")
    return [_line(line) for line in lines if line.get("DetailType") not in skipped]


def _line(line: Mapping[str, Any]) -> tuple[Any, ...]:
    item = ((line.get("SalesItemLineDetail") or {}).get("ItemRef") or {}).get("value")
    links = [(link.get("TxnType"), str(link.get("TxnId"))) for link in line.get("LinkedTxn") or ()]
    return money(line.get("Amount")) or Decimal(0), item, tuple(links)


def _taxes(lines: Sequence[Mapping[str, Any]]) -> dict[Any, Decimal | None]:
    """Amounts by rate."""
    return {
        ((line.get("TaxLineDetail") or {}).get("TaxRateRef") or {}).get("value"): money(line.get("Amount"))
        for line in lines
    }
