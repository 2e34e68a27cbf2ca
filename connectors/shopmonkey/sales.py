"""Orders, seen as sales. Estimate, repair order and invoice are one record; `invoiced` makes it a document.

Lines come with a call for each order, so only orders that are invoiced have them. An invoice may be turned back into an
estimate and edited: it is then a sale of status "estimate" without lines, and nothing is deleted because of it.

Sources: shopmonkeyus/eds order schema (2024-11); https://help.shopmonkey.io articles 8833435, 8833531 (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import Api, ContractBroken, Raw, Ref, Resource, Text, Values
from connectors.shopmonkey import lines, taxes
from connectors.shopmonkey.shop import noted
from connectors.shopmonkey.wire import ZERO, cents, currency, day, location, moment, one, read, segment, text

STATUSES = {"Estimate": "estimate", "RepairOrder": "repair_order", "Invoice": "invoice"}
_TRIMMED = frozenset(
    ("profitability", "conversationId", "messageCount", "messagedDate", "shopUnreadMessageCount", "appointmentDates",
     "assignedTechnicianIds", "recommendation", "complaint", "labels", "sentToCarfax")
)  # fmt: skip
GOODS_AND_SUPPLIES = (*lines.GOODS, "shop_supplies")


def is_invoice(raw: Mapping[str, Any]) -> bool:
    """Tell whether an order is invoiced and stands."""
    return raw.get("invoiced") is True and not raw.get("deleted")


def parse(raw: Raw) -> Values:
    """The sale's canonical values. A stub that only says an order is deleted tells nothing else."""
    if "totalCostCents" not in raw:
        return {}
    money = currency(raw)
    who = text(raw.get("customerId"))
    head = taxes.of_header(raw)
    values: Values = {
        "number": text(raw.get("number")),
        "date": day(raw, "invoicedDate", "orderCreatedDate", "createdDate"),
        "due_date": day(raw, "paymentDueDate", "dueDate"),
        "created_at": moment(raw.get("createdDate")),
        "updated_at": moment(raw.get("updatedDate")) or moment(raw.get("createdDate")),
        "status": status(raw),
        "source": "imported" if raw.get("readOnly") or raw.get("imported") else "shopmonkey",
        "contact": Ref("contact", "customers", who) if who else None,
        "currency": money,
        "home_currency": money,
        "total": cents(raw["totalCostCents"]),
        "subtotal": sum((cents(raw.get(lines.GROUPS[kind][2])) for kind in GOODS_AND_SUPPLIES), ZERO),
        "tax_total": sum(head.values(), ZERO),
        "paid": cents(raw.get("paidCostCents")),
        "balance": _balance(raw),
        "store": text(raw.get("locationId")),
        "location": text(location(raw).get("name")),
        "prices_include_tax": False,
        "memo": " · ".join(part for part in _memo(raw) if part) or None,
    }
    if "_services" in raw:
        found = lines.of_order(raw, str(raw.get("_fixed_price") or "spread"))
        values["lines"] = found
        values["taxes"] = taxes.summed(found)
        values["discount_total"] = sum((item["discount"] for item in found), ZERO)
    return values


def status(raw: Mapping[str, Any]) -> str:
    """Where an order is in its life; what is invoiced is an invoice, whatever the newer field says."""
    if raw.get("invoiced") is True:
        return "invoice"
    told = str(raw.get("status") or "")
    if told == "Invoice" or not told:
        return "repair_order" if moment(raw.get("repairOrderDate")) or raw.get("authorized") else "estimate"
    return STATUSES.get(told, told)


def _balance(raw: Raw) -> Any:
    if raw.get("remainingCostCents") is not None:
        return cents(raw["remainingCostCents"])
    return max(ZERO, cents(raw.get("totalCostCents")) - cents(raw.get("paidCostCents")))


def _memo(raw: Raw) -> tuple[str | None, ...]:
    purchase = text(raw.get("purchaseOrderNumber"))
    return (
        text(raw.get("coalescedName")) or text(raw.get("name")),
        text(raw.get("generatedVehicleName")),
        f"PO {purchase}" if purchase else None,
    )


def is_gone(raw: Raw) -> bool:
    """Tell whether the vendor says that the order is deleted."""
    return raw.get("deleted") is True


def trimmed(raw: Raw) -> Raw:
    """The order without what no one here needs and what changes by itself."""
    return {key: value for key, value in raw.items() if key not in _TRIMMED}


def with_services(api: Api, order: Raw, services: list[Raw] | None = None) -> Raw:
    """The order with its services, each as it is now.

    Both are read in two calls: where their totals differ, both are read once more, as somebody may have been at work.
    """
    told = services_of(api, str(order["id"])) if services is None else services
    found = {**order, "_services": told}
    if lines.total_of(lines.counted(found)) == cents(order.get("totalCostCents")):
        return found
    again = {**order, **trimmed(one(api, f"/order/{segment(order['id'])}"))}
    return {**again, "_services": services_of(api, str(order["id"]))} if is_invoice(again) else again


def services_of(api: Api, order_id: str) -> list[Raw]:
    """The services of an order, with their lines: the only way to read these."""
    path = f"/order/{segment(order_id)}/service"
    data = read(path, lambda: api.get(path)).get("data")
    if not isinstance(data, list):
        raise ContractBroken("ANSWER-SHAPE", detail="services were answered without a list")
    return [item for item in data if isinstance(item, dict)]


def completed(api: Api, order: Raw) -> Callable[[], Raw]:
    """A call that brings an order as it is stored: with its services once it is invoiced."""
    clean = trimmed(order)
    return (lambda: with_services(api, clean)) if is_invoice(order) else (lambda: clean)


def fetch(api: Api, remote_id: str) -> Raw:
    """An order as it is now."""
    order = noted(api, one(api, f"/order/{segment(remote_id)}"))
    return completed(api, {**order, **fixed(api)})()


def fixed(api: Api) -> Raw:
    """What documents are told of how services of fixed price are to be shown, where it is not the usual way."""
    told = api.context.get("fixed_price", "")
    return {"_fixed_price": told} if told == "service" else {}


ORDERS = Resource(
    name="orders",
    entity="sale",
    label=Text("Orders", "Commandes"),
    read=parse,
    changed_at=lambda raw: moment(raw.get("updatedDate")) or moment(raw.get("createdDate")),
    is_gone=is_gone,
    fetch=fetch,
    page_size=100,
)
