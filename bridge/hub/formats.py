"""Money, numbers, dates and names as the person now served reads them: `1 234,50 $` or `$1,234.50`."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import format_currency, format_decimal
from django.utils import timezone
from django.utils.translation import get_language

LOCALES = {"fr": "fr_CA", "en": "en_CA"}


def language() -> str:
    """Return the language of the person now served: "en" or "fr"."""
    return (get_language() or "en")[:2]


def locale() -> str:
    """Return the same as Babel names it."""
    return LOCALES.get(language(), "en_CA")


def number(value: Any) -> str:
    """Return a number as the language writes it: 1 234,5 or 1,234.5; "" for None."""
    return "" if value is None else format_decimal(value, locale=locale())


def money(amount: Any, currency: str = "") -> str:
    """Return an amount with its currency: 1 234,50 $ or $1,234.50; without a currency the bare number."""
    if amount is None or amount == "":
        return ""
    value = Decimal(str(amount))
    if not currency:
        return format_decimal(value, "#,##0.00##", locale=locale())
    return format_currency(value, currency, locale=locale())


def day(value: date | datetime | None) -> str:
    """Return a date in words, 21 Nov 2026; "" for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return format_date(value, "d MMM y", locale=locale())


def month(value: date) -> str:
    """Return a month in words: November 2026, novembre 2026."""
    return format_date(value, "LLLL y", locale=locale())


def instant(moment: datetime) -> str:
    """Return date and time in the person's zone, with the zone said: 19 Nov 2026, 14:05 EST."""
    local = timezone.localtime(moment)
    text = format_datetime(local, "d MMM y, HH:mm" if language() == "en" else "d MMM y, HH 'h' mm", locale=locale())
    return f"{text} {get_timezone_name(local, width='short', locale=locale())}"
