"""The lines of an invoice. A line item belongs to one invoice only and goes with it.

The vendor works an invoice's amount out of its lines. So that what its people see is what the books say, shipping and
taxes are lines of their own, and a discount is taken off the lines one after the other; the exact figures are in our
own properties beside. A line whose price times quantity is not its amount to the cent is one piece at its amount.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/line-items/guide, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.contract import Api, Payload, Raw, RecordRejected, Ref, SyncError, Text
from connectors.hubspot.links import LINE_INVOICE, to
from connectors.hubspot.records import post_batch
from connectors.hubspot.wire import ROWS, amount, lots, number, objects, reference_id, shows, text, value_of, words

CENT = Decimal("0.01")
ZERO = Decimal(0)
NAMES = ("name", "quantity", "price", "hs_product_id", "hs_sku", "discount")
NAME_MAX = 255
TAX, SHIPPING = "qbo-tax", "qbo-shipping"
_KINDS = {TAX: "tax", SHIPPING: "shipping"}
_LABELS = {TAX: Text("Taxes", "Taxes"), SHIPPING: Text("Shipping and other", "Livraison et autres")}
_OFF = frozenset({"discount", "gift_card", "store_credit"})  # what is taken off, told with either sign

Line = dict[str, str]  # the properties of one line item, "" for what is empty


def cents(value: Decimal) -> Decimal:
    """To the cent, as bills are."""
    return value.quantize(CENT, ROUND_HALF_UP)


# Reading


def read_lines(raw: Raw) -> list[dict[str, Any]]:
    """An invoice's lines in canonical form: amounts before discount, the discount beside."""
    return [_read(line) for line in sorted(raw.get("lines") or (), key=_place)]


def _place(line: Raw) -> tuple[int, int]:
    """Items in the order in which they were made, then shipping, then taxes."""
    return (None, SHIPPING, TAX).index(_group(value_of(line, "hs_sku"))), int(line["id"])


def _read(line: Raw) -> dict[str, Any]:
    price, quantity = amount(value_of(line, "price")) or ZERO, amount(value_of(line, "quantity"))
    gross = cents(price * (Decimal(1) if quantity is None else quantity))
    net = amount(value_of(line, "amount"))
    product, sku = text(value_of(line, "hs_product_id")), text(value_of(line, "hs_sku"))
    return {
        "id": str(line["id"]),
        "kind": _KINDS.get(str(sku), "item"),
        "product": Ref("product", "products", product) if product else None,
        "name": text(value_of(line, "name")),
        "sku": sku,
        "quantity": quantity,
        "unit_price": price,
        "amount": gross,
        "discount": gross - net if net is not None and net != gross else None,
    }


# What is wanted


def told_lines(lines: Sequence[Mapping[str, Any]]) -> list[Payload]:
    """The lines of a document as they travel in a payload: text only. Notes have no amount and stay behind."""
    found = []
    for line in lines:
        worth = amount(line.get("amount"))
        if line.get("kind") in ("note", "tax", "shipping") or worth is None:
            continue
        told: Payload = {"name": words(line.get("name"))[:NAME_MAX], "amount": number(worth)}
        if line.get("kind") in _OFF or worth < 0:
            found.append({"off": number(abs(worth))})
            continue
        for ours in ("quantity", "unit_price"):
            if line.get(ours) is not None:
                told[ours] = number(line[ours])
        if product := reference_id(line.get("product")):
            told["product"] = product
        if line.get("sku"):
            told["sku"] = words(line["sku"])
        found.append(told)
    return found


def items_of(told: Sequence[Payload]) -> tuple[list[Line], Decimal]:
    """Line items before any discount, and what was told to be taken off."""
    off = sum((Decimal(line["off"]) for line in told if "off" in line), ZERO)
    return [_item(line) for line in told if "off" not in line], off


def _item(line: Payload) -> Line:
    worth = Decimal(str(line["amount"]))
    quantity, price = amount(line.get("quantity")), amount(line.get("unit_price"))
    fits = quantity is not None and price is not None and price >= 0 and cents(quantity * price) == worth
    return {
        **dict.fromkeys(NAMES, ""),
        "name": str(line.get("name") or ""),
        "quantity": number(quantity) if fits else "1",
        "price": number(price) if fits else number(worth),
        "hs_product_id": str(line.get("product") or ""),
        "hs_sku": str(line.get("sku") or ""),
    }


def present_items(lines: Sequence[Raw]) -> list[Line]:
    """The items an invoice has now, without their discount; taxes and shipping of ours are no items."""
    found = []
    for line in lines:
        if value_of(line, "hs_sku") in _KINDS:
            continue
        found.append({name: str(value_of(line, name) or "") for name in NAMES} | {"discount": ""})
    return found


def wanted_lines(
    items: Sequence[Line], off: Decimal, tax: Decimal | None, total: Decimal | None, language: str
) -> list[Line]:
    """All line items of an invoice: they come to its total, where one is told."""
    worth = sum((_worth(item) for item in items), ZERO)
    tax = tax or ZERO
    rest = ZERO if total is None else total - (worth - off + tax)
    if rest < 0:
        off, rest = off - rest, ZERO
    found = _discounted(items, off)
    for sku, extra in ((SHIPPING, rest), (TAX, tax)):
        if extra > 0:
            line = {"name": _LABELS[sku].say(language), "quantity": "1", "price": number(extra), "hs_sku": sku}
            found.append({**dict.fromkeys(NAMES, ""), **line})
    return found


def _worth(item: Line) -> Decimal:
    return cents(Decimal(item["price"] or "0") * Decimal(item["quantity"] or "1"))


def _discounted(items: Sequence[Line], off: Decimal) -> list[Line]:
    """The items with `off` taken from them, in their order, none below nothing. The vendor's discount is on each piece,
    so a line that has one is one piece.
    """
    found = []
    for item in items:
        worth = _worth(item)
        part = min(off, worth)
        off -= part
        if part > 0 and Decimal(item["quantity"] or "1") != 1:
            item = {**item, "name": _pieces(item), "quantity": "1", "price": number(worth)}
        found.append({**item, "discount": number(part)} if part > 0 else item)
    return found


def _pieces(item: Line) -> str:
    suffix = f" ({item['quantity']} × {item['price']})"
    return f"{item['name'][: NAME_MAX - len(suffix)]}{suffix}"


# Writing


@dataclass(slots=True)
class Difference:
    """What is to be done to the lines of one invoice."""

    create: list[Line] = field(default_factory=list)
    update: list[tuple[str, Line]] = field(default_factory=list)
    archive: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.archive)


def difference(present: Sequence[Raw], wanted: Sequence[Line]) -> Difference:
    """Line by line in their order, taxes and shipping by what they are."""
    found = Difference()
    for group in (None, SHIPPING, TAX):
        have = [line for line in present if _group(value_of(line, "hs_sku")) == group]
        want = [line for line in wanted if _group(line["hs_sku"]) == group]
        for line, goal in zip(have, want, strict=False):
            said = _said(goal)
            if not shows(line, said):
                found.update.append((str(line["id"]), said))
        found.create += want[len(have) :]
        found.archive += [str(line["id"]) for line in have[len(want) :]]
    return found


def _said(goal: Line) -> Line:
    """What a line that is there is to say: a SKU that nobody told is the product's, which the vendor fills in."""
    if goal["hs_product_id"] and not goal["hs_sku"]:
        return {name: value for name, value in goal.items() if name != "hs_sku"}
    return goal


def _group(sku: Any) -> str | None:
    return str(sku) if sku in _KINDS else None


def put(api: Api, wanted: Mapping[str, Difference]) -> dict[str, SyncError]:
    """Carry out what is to be done, many invoices at a time, and return what was refused, by invoice."""
    refused: dict[str, SyncError] = {}
    creates = [(invoice, line) for invoice, one in wanted.items() for line in one.create]
    updates = [(invoice, line, remote_id) for invoice, one in wanted.items() for remote_id, line in one.update]
    for lot in lots(creates, ROWS):
        _put(api, "create", [(invoice, line, "") for invoice, line in lot], refused)
    for later in lots(updates, ROWS):
        _put(api, "update", later, refused)
    for ids in lots([remote_id for one in wanted.values() for remote_id in one.archive], ROWS):
        api.post(objects("line_items", "/batch/archive"), {"inputs": [{"id": remote_id} for remote_id in ids]})
    return refused


def _put(api: Api, verb: str, rows: Sequence[tuple[str, Line, str]], refused: dict[str, SyncError]) -> None:
    """One call; lines whose product is not to be had go again without it."""
    inputs = [_input(str(place), verb, *row) for place, row in enumerate(rows)]
    try:
        found = post_batch(api, "line_items", verb, inputs)
    except RecordRejected as error:
        for invoice, _, _ in rows:
            refused.setdefault(invoice, error)
        return
    again = []
    for place, row in enumerate(rows):
        answer = found[str(place)]
        if not isinstance(answer, SyncError):
            continue
        if answer.field == "hs_product_id" and row[1].get("hs_product_id"):
            again.append((row[0], {**row[1], "hs_product_id": ""}, row[2]))
        else:
            refused.setdefault(row[0], answer)
    if again:
        _put(api, verb, again, refused)


def _input(trace: str, verb: str, invoice: str, line: Line, remote_id: str) -> Payload:
    if verb == "create":
        filled = {name: value for name, value in line.items() if value}
        return {"objectWriteTraceId": trace, "properties": filled, "associations": [to(invoice, LINE_INVOICE)]}
    return {"objectWriteTraceId": trace, "id": remote_id, "properties": dict(line)}
