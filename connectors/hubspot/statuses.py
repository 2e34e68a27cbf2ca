"""The status of an invoice: in the engine's words, in our property, and in the vendor's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

# Any word for it -> our property's. "Overdue" depends on the day it is read: a workflow would fire for nothing.
_WORDS = {
    "open": "open",
    "overdue": "open",
    "partly_paid": "partly_paid",
    "partially_paid": "partly_paid",
    "paid": "paid",
    "void": "void",
    "voided": "void",
}
# Our property's -> the engine's, the vendor's.
_ENGINE = {"partly_paid": "partially_paid"}
VENDORS = {"open": "open", "partly_paid": "open", "paid": "paid", "void": "voided", "": "draft"}


def status_word(status: Any) -> str:
    """What our property says: open, partly_paid, paid or void; "" clears. An unknown word is open."""
    return "" if status in (None, "") else _WORDS.get(str(status).lower(), "open")


def engine_word(status: Any) -> str | None:
    """What our property says, in the engine's words."""
    word = str(status or "").lower()
    return _ENGINE.get(word, word) or None


def own_word(status: Any, paid: Decimal | None, balance: Decimal | None) -> str | None:
    """What an invoice made in HubSpot is, in the engine's words: a draft stays one."""
    word = str(status or "").lower()
    if word == "open" and paid and paid > 0 and balance and balance > 0:
        return "partially_paid"
    return {"voided": "void"}.get(word, word) or None
