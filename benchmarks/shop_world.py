"""A large invented shop: goods on both sides, and orders in a few words; the stand-in's till does the arithmetic."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

GOODS = 40
SHIPPING, DISCOUNT = "990", "991"
ONLINE = "5"  # the company's account for what arrives online
FIRST = date(2026, 1, 5)


def sku(number: int) -> str:
    """What a thing is called on both sides."""
    return f"INV-{number:03d}"


def product(number: int) -> dict[str, Any]:
    """One thing as the shop has it."""
    return {
        "id": number, "sku": sku(number), "name": f"Article inventé {number}", "price": float(f"{9 + number}.95"),
        "type_id": "simple", "weight": 1, "custom_attributes": [{"attribute_code": "tax_class_id", "value": "2"}],
    }  # fmt: skip


def item(number: str, name: str, code: str = "") -> dict[str, Any]:
    """One item as the books have it."""
    known = {"Id": number, "Name": name, "Type": "NonInventory", "UnitPrice": 10, "IncomeAccountRef": {"value": "7"}}
    return {**known, "Sku": code} if code else known


def buyer(number: int) -> dict[str, str]:
    """One buyer with an address and a name of their own."""
    return {
        "email": f"client{number}@exemple-{number % 97}.example", "given_name": f"Prénom{number}",
        "family_name": f"Inventé {number}", "street": f"{number} rue des Essais",
    }  # fmt: skip


def lines(number: int) -> list[dict[str, Any]]:
    """What one order holds: one to three things."""
    return [{"sku": sku(1 + (number * 7 + at * 11) % GOODS), "quantity": 1 + at} for at in range(1 + number % 3)]


def cart(number: int, buyers: int) -> dict[str, Any]:
    """One order of one of the buyers, paid and shipped; every fifth with a discount, every fourth to Ontario."""
    day = FIRST + timedelta(days=number % 300)
    return {
        "lines": lines(number), "at": f"{day} 15:00:00", "region": "ON" if not number % 4 else "QC",
        "shipping": "10.00", "method": "stripe_payments", "then": ["invoice", "ship"],
        **({"discount_percent": "10"} if not number % 5 else {}), **buyer(1 + number % buyers),
    }  # fmt: skip


def books() -> dict[str, list[dict[str, Any]]]:
    """What the company has before the first order: items, and its own numbers on documents."""
    goods = [item(str(900 + n), f"Article inventé {n}", sku(n)) for n in range(1, GOODS + 1)]
    return {
        "Item": [*goods, item(SHIPPING, "Livraison"), item(DISCOUNT, "Remise")],
        "Preferences": [{"SalesFormsPrefs": {"CustomTxnNumbers": True}}],
    }


def chunks(orders: int, buyers: int, size: int = 500) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Yield loads for the shop: its goods, then its orders."""
    yield {"products": [product(n) for n in range(1, GOODS + 1)]}
    for start in range(1, orders + 1, size):
        yield {"carts": [cart(n, buyers) for n in range(start, min(orders, start + size - 1) + 1)]}
