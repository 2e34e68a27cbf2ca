"""Money of documents: how fine a currency is, and rounding as books do it."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bridge.engine.model import CannotMap

ZERO = Decimal(0)
HUNDRED = Decimal(100)
_QUANTA = (Decimal(1), Decimal("0.1"), Decimal("0.01"), Decimal("0.001"), Decimal("0.0001"))
# ISO 4217; what is not named here has two decimals.
_NONE = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_THREE = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def decimals(currency: str) -> int:
    """Return how many decimals amounts in a currency have."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def quantum(currency: str, most: int) -> Decimal:
    """Return the smallest amount of a currency in books that keep at most `most` decimals."""
    return _QUANTA[min(decimals(currency), most)]


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """Return the amount to the unit, halves away from zero."""
    return amount.quantize(unit, ROUND_HALF_UP)


def amount_of(values: Mapping[str, Any], name: str, unit: Decimal) -> Decimal:
    """Return a rounded amount of a line or document; nothing told is 0. CannotMap where it is not an amount."""
    found = values.get(name)
    if found is None:
        return ZERO
    if isinstance(found, Decimal) and found.is_finite():
        return found.quantize(unit, ROUND_HALF_UP)
    if isinstance(found, int) and not isinstance(found, bool):
        return Decimal(found).quantize(unit)
    raise CannotMap("NO-TEXT-FOR-AMOUNT", field=name)


def exact(values: Mapping[str, Any], name: str, unit: Decimal) -> Decimal:
    """Return an amount that must be told and must not be finer than the unit; it is never rounded."""
    if values.get(name) is None:
        raise CannotMap("NO-TEXT-FOR-AMOUNT", field=name)
    found = amount_of(values, name, unit)
    if found != values[name]:
        raise CannotMap("AMOUNT-TOO-FINE", amount=shown(values[name]), unit=shown(unit))
    return found


def split(amount: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Return the amount in parts by weight that add up to it; what rounding leaves goes to the heaviest."""
    whole = sum(weights, ZERO)
    if not whole:
        return [amount, *(ZERO for _ in weights[1:])]
    parts = [rounded(amount * weight / whole, unit) for weight in weights]
    heaviest = max(range(len(weights)), key=lambda at: weights[at])
    parts[heaviest] += amount - sum(parts, ZERO)
    return parts


def shown(amount: Decimal) -> str:
    """Return an amount as text for a sentence: plain digits, at least as many decimals as it has."""
    return format(amount, "f")
