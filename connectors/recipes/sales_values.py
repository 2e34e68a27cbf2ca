"""What the sales of any source name and the books call something else: taxes, ways of paying, kinds of line, stores."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import SeenValue, Text, ValueMapSpec
from connectors.recipes.words import text

Given = Mapping[str, Any]
Seen = Callable[[Given], Iterator[SeenValue]]


def seen_taxes(values: Given) -> Iterator[SeenValue]:
    """The combinations of rates that lines of a sale carry; "none" for lines without tax."""
    for line in values.get("lines") or ():
        told = {str(tax["code"]): tax for tax in line.get("taxes") or ()}
        taxes = [told[code] for code in sorted(told)]
        if line.get("kind") in ("note", "gift_card", "store_credit"):
            continue
        if taxes:
            label = " + ".join(str(tax.get("title") or tax["code"]) for tax in taxes)
            percents = [tax.get("percent") for tax in taxes]
            whole = tuple(item for item in percents if item is not None)
            yield SeenValue("+".join(sorted(told)), label, whole if len(whole) == len(percents) else ())
        elif line.get("amount"):
            yield SeenValue("none", "0 %", (Decimal(0),))


def seen_kinds(values: Given) -> Iterator[SeenValue]:
    """The kinds of the lines of a sale."""
    for kind in {str(line["kind"]) for line in values.get("lines") or () if line.get("kind")}:
        yield SeenValue(kind)


def seen_paid(values: Given) -> Iterator[SeenValue]:
    """How a payment was made; "none" where nobody told."""
    if values.get("total"):
        yield SeenValue(str(values.get("method") or "none"))


def seen_store(values: Given) -> Iterator[SeenValue]:
    """Where a sale was made."""
    if values.get("store"):
        yield SeenValue(str(values["store"]), str(values.get("location") or ""))


def tax_map(seen: Seen, note: Text) -> ValueMapSpec:
    """Which tax code of the books a combination of taxes becomes."""
    return ValueMapSpec(
        kind="tax",
        label=text("Taxes", "Taxes"),
        targets="tax_codes",
        side="left",
        entities=("sale", "refund"),
        seen=seen,
        suggest=("percent", "name"),
        help=note,
    )


def payment_maps(seen: Seen, note: Text, entities: tuple[str, ...] = ("sale",)) -> tuple[ValueMapSpec, ValueMapSpec]:
    """Where the money of a way of paying arrives, and what the books call it; only while payments go across."""
    return (
        ValueMapSpec(
            kind="payment_method",
            label=text("Clearing accounts", "Comptes de compensation"),
            targets="deposit_accounts",
            side="left",
            entities=entities,
            seen=seen,
            sources="payment_methods",
            needs=("payments", "on"),
            help=note,
        ),
        ValueMapSpec(
            kind="method",
            label=text("Payment methods", "Modes de paiement"),
            targets="payment_methods",
            side="left",
            required=False,
            entities=entities,
            seen=seen,
            sources="payment_methods",
            needs=("payments", "on"),
        ),
    )


ITEM_MAP = ValueMapSpec(
    kind="item", label=text("Items", "Articles"), targets="items", side="left", required=False, suggest=("name",)
)
