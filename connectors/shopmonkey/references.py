"""Lists to choose from: locations, the kinds of lines, and the ways of paying that were used."""

from __future__ import annotations

from connectors.contract import Api, Choice, Reference, SettingInvalid, Text
from connectors.shopmonkey.lines import KINDS
from connectors.shopmonkey.payments import METHODS, method
from connectors.shopmonkey.shop import locations
from connectors.shopmonkey.wire import CURRENCIES, FORBIDDEN, PAYMENTS, address, rows, text

KIND_LABELS = {
    "labor": "Labor",
    "part": "Part",
    "tire": "Tire",
    "subcontract": "Subcontract",
    "fee": "Fees",
    "shop_supplies": "Shop Supplies",
    "epa": "EPA",
}


def places(api: Api) -> list[Choice]:
    """The locations the key sees, with currency and time zone."""
    return [
        Choice(
            str(row["id"]),
            text(row.get("name")) or str(row["id"]),
            {
                "country": text(row.get("country")),
                "currency": CURRENCIES.get(str(row.get("country") or "").upper()),
                "time_zone": text(row.get("timezone")),
                "city": (address(row) or {}).get("city"),
            },
        )
        for row in locations(api)
    ]


def line_kinds(api: Api) -> list[Choice]:
    """The kinds of lines an order may have."""
    return [Choice(kind, KIND_LABELS[kind]) for kind in KINDS]


def payment_methods(api: Api) -> list[Choice]:
    """The ways of paying there are, and those seen that go through a provider."""
    seen: dict[str, int] = dict.fromkeys(METHODS, 0)
    try:
        found, _ = rows(api, PAYMENTS, {}, order="desc")
    except SettingInvalid as error:
        if error.code != FORBIDDEN:
            raise
        found = []
    for row in found:
        if told := method(row):
            seen[told] = seen.get(told, 0) + 1
    return [Choice(name, name.replace("-", " – "), {"count": count}) for name, count in seen.items()]


REFERENCES = (
    Reference("locations", Text("Locations", "Emplacements"), places),
    Reference("line_kinds", Text("Kinds of lines", "Sortes de lignes"), line_kinds),
    Reference("payment_methods", Text("Payment methods", "Modes de paiement"), payment_methods),
)
