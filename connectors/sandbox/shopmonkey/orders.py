"""Orders: estimate, repair order and invoice are one row, with its services and their lines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.shopmonkey import money
from connectors.sandbox.shopmonkey.shapes import LINES
from connectors.sandbox.shopmonkey.shop import Company, Settings
from connectors.sandbox.shopmonkey.wire import moment, parse_moment

DEFERRED = "InvoicedNotAuthorized"
NOTHING: Document = {}


def add(company: Company, told: Document) -> Document:
    """A new order; `services` may be among what is told. Sums are made unless its total is told."""
    services = told.get("services") or []
    document = {name: value for name, value in told.items() if name != "services"}
    location = str(document.get("locationId") or company.home())
    stamp = document.get("createdDate") or company.world.stamp()
    document = {"locationId": location, "orderCreatedDate": stamp, "workflowStatusDate": stamp, **document}
    document.setdefault("number", company.next_number(location))
    document.setdefault("publicId", f"pub{document['number']}")
    document.setdefault("taxConfigId", _tax_config(company, location))
    document.setdefault("generatedCustomerName", customer_name(company, document.get("customerId")))
    buyer = company["customers"].get(str(document.get("customerId")), NOTHING)
    document.setdefault("paymentTermId", buyer.get("paymentTermId"))
    row = company.fill("orders", document)
    if "coalescedName" not in document:
        row["coalescedName"] = row["name"] or (services[0].get("name") if services else None)
    is_told = "totalCostCents" in told
    company.put("orders", row)
    for at, service in enumerate(services):
        put_service(company, {"orderId": row["id"], "ordinal": at, **service}, is_told=True)
    if not is_told:
        refresh(company, row["id"])
    return company["orders"][row["id"]]


def _tax_config(company: Company, location: str) -> str | None:
    configs = [one for one in company["tax_configs"].values() if one["locationId"] == location]
    return configs[-1]["id"] if configs else None


def customer_name(company: Company, id: object) -> str | None:
    found = company["customers"].get(str(id))
    if found is None:
        return None
    person = " ".join(part for part in (found["firstName"], found["lastName"]) if part)
    return found["companyName"] or person or None


# Services


def put_service(company: Company, told: Document, *, is_told: bool = False) -> Document:
    """Add or change a service with its lines; `is_told`: its sums are as told."""
    old = company["services"].get(str(told.get("id")))
    order = company["orders"][old["orderId"] if old else told["orderId"]]
    told = {**told, "locationId": order["locationId"]}
    row = {**old, **told} if old else company.fill("services", {**_rates(company, order), **told})
    for kind, shape in LINES.items():
        row[kind] = [_line(company, row, shape.blank(), line) for line in row[kind] or ()]
    row = {**row, **{kind: [_priced(kind, line) for line in row[kind]] for kind in LINES}}
    company.put("services", row)
    if not is_told:
        refresh(company, order["id"])
    return company["services"][row["id"]]


def _rates(company: Company, order: Document) -> Document:
    """What the tax set-up of an order says a new service begins with."""
    config = _config(company, order)
    return {
        "epaPercent": config.get("epaPercent", 0),
        "shopSuppliesPercent": config.get("shopSuppliesServicePercent", 0),
        "shopSuppliesCents": config.get("shopSuppliesServiceCents", 0),
        "shopSuppliesValueType": config.get("shopSuppliesServiceType", "Percent"),
    }


def _config(company: Company, order: Document) -> Document:
    return company["tax_configs"].get(order["taxConfigId"] or "", NOTHING)


def _line(company: Company, service: Document, blank: Document, told: Document) -> Document:
    stamp = company.world.stamp()
    return {
        "id": str(told.get("id") or company.new_id()),
        "createdDate": stamp,
        "updatedDate": None,
        "companyId": company.id,
        **blank,
        "orderId": service["orderId"],
        "serviceId": service["id"],
        "locationId": service["locationId"],
        "meta": {"userId": "", "sessionId": "", "version": 1},
        **{name: value for name, value in told.items() if name != "id"},
    }


def _priced(kind: str, line: Document) -> Document:
    """A line with the amounts that follow: of a fixed fee its sum, of a percent discount its cents."""
    if kind == "fees":
        return {**line, "subtotalCents": line["amountCents"]} if line["feeType"] == "FixedCents" else line
    if line["discountValueType"] == "Percent" and line["discountPercent"]:
        return {**line, "discountCents": money.discount(kind, line)}
    return line


# Sums


def refresh(company: Company, id: str, **changes: Any) -> Document:
    """Add everything up anew, with changes of the header; nothing is told when nothing changes."""
    order = {**company["orders"][id], **changes}
    config, settings = _config(company, order), company.world.settings
    buyer = company["customers"].get(order["customerId"] or "", {})
    left = config.get("shopSuppliesMaxCapCents") if config.get("shopSuppliesConfig") == "OrderCap" else None
    for service in company.services_of(id):
        sums = money.service_sums(
            service, config, exempt=bool(buyer.get("taxExempt")), left=left, waste_tire=settings.waste_tire
        )
        fees = [_counted_fee(fee, service, sums, settings) for fee in service["fees"]]
        company.put("services", {**service, **sums, "fees": fees})
        if left is not None and money.counts(service, invoiced=order["invoiced"]):
            left -= sums["calculatedShopSuppliesCents"]
    services = company.services_of(id)
    order |= money.order_sums(services, invoiced=order["invoiced"])
    order["deferredServiceCount"] = sum(1 for one in services if one["deferredReason"])
    if order["surchargingEnabled"] and settings.surcharge_in_total:
        order["totalCostCents"] += order["transactionalFeeTotalCents"]
    return company.put("orders", order | _paid(company, order))


def _counted_fee(fee: Document, service: Document, sums: Document, settings: Settings) -> Document:
    """A fee with its amount, where the vendor tells it."""
    whole = sum(sums[name] for name in money.SUMS.values())
    amount = money.fee_cents(fee, service, whole, settings.waste_tire)
    is_told = settings.fee_subtotals or fee["feeType"] == "FixedCents"
    return {**fee, "subtotalCents": amount if is_told else None}


def settle(company: Company, id: str) -> Document:
    """Take up what was paid, leaving the sums as they are."""
    order = company["orders"][id]
    return company.put("orders", order | _paid(company, order))


def _paid(company: Company, order: Document) -> Document:
    paid = money.paid_cents(company.payments_of(order["id"]), order["id"], company["payments"])
    total = order["totalCostCents"]
    is_paid = total > 0 and paid >= total
    when = (order["fullyPaidDate"] or company.world.stamp()) if is_paid else None
    # An order nobody has paid on keeps what was told of its rest, null included.
    rest = total - paid if paid or order["remainingCostCents"] is not None or total else None
    return {"paidCostCents": paid, "remainingCostCents": rest, "paid": is_paid, "fullyPaidDate": when}


def shown(company: Company, order: Document) -> Document:
    """An order as reads give it."""
    settings = company.world.settings
    kind, found = settings.number_kind, order["number"]
    if kind == "text":
        order = {**order, "number": str(found)}
    elif kind == "integer" and str(found).isdecimal():
        order = {**order, "number": int(found)}
    if not settings.tax_cents_in_canada and any(order[tax] for tax in ("gstCents", "pstCents", "hstCents")):
        order = {**order, "taxCents": 0}
    return order


# Acts of people


def authorize(company: Company, id: str) -> Document:
    """The customer agrees: what was not declined is authorized, and the estimate becomes a repair order."""
    stamp = company.world.stamp()
    for service in company.services_of(id):
        if service["authorizationStatus"] == "NotAuthorized":
            company.edit("services", service["id"], authorizationStatus="Authorized")
    order = company["orders"][id]
    status = "Invoice" if order["invoiced"] else "RepairOrder"
    dates = {"authorizedDate": order["authorizedDate"] or stamp, "repairOrderDate": order["repairOrderDate"] or stamp}
    return refresh(company, id, authorized=True, status=status, **dates)


def decline(company: Company, service_id: str) -> Document:
    service = company["services"][service_id]
    changes = {"authorizationStatus": "Declined", "deferredReason": "Declined", "deferredDate": company.world.stamp()}
    company.edit("services", service_id, **changes)
    return refresh(company, service["orderId"])


def invoice(company: Company, id: str) -> Document:
    """An invoice of what was agreed; what was not is put off."""
    order, stamp = company["orders"][id], company.world.stamp()
    if order["deleted"]:
        raise SandboxError(f"order {order['number']} is deleted")
    for service in company.services_of(id):
        if service["authorizationStatus"] != "Authorized" and not service["deferredReason"]:
            company.edit("services", service["id"], deferredReason=DEFERRED, deferredDate=stamp)
    done = {"completedDate": order["completedDate"] or stamp, "invoicedDate": order["invoicedDate"] or stamp}
    done |= {"paymentDueDate": order["paymentDueDate"] or _due(company, order["paymentTermId"], done["invoicedDate"])}
    return refresh(company, id, invoiced=True, status="Invoice", workflowStatusDate=stamp, **done)


def _due(company: Company, term: str | None, invoiced: object) -> str | None:
    """When an invoice falls due by its payment term."""
    days, begins = company["payment_terms"].get(term or "", NOTHING).get("days"), parse_moment(invoiced)
    return None if days is None or begins is None else moment(begins + timedelta(days=days))


def estimate(company: Company, id: str) -> Document:
    """An invoice turned back into an estimate, to be edited."""
    for service in company.services_of(id):
        if service["deferredReason"] == DEFERRED and service["authorizationStatus"] != "Declined":
            company.edit("services", service["id"], deferredReason=None, deferredDate=None)
    undone = {"invoicedDate": None, "paymentDueDate": None, "updatedSinceSignedInvoice": True}
    return refresh(company, id, invoiced=False, status="Estimate", **undone)


def remove(company: Company, id: str) -> Document:
    stamp = company.world.stamp()
    return company.edit("orders", id, deleted=True, deletedDate=stamp, deletedReason="Deleted by a person")


# Payments


def pay(company: Company, told: Document, *, settles: bool = True) -> Document:
    """Money taken on an order (a charge), in the vendor's shape; without an amount all that is left.

    `settles`: the order takes it up at once.
    """
    order = company["orders"][str(told["orderId"])]
    amount = told.get("amountCents")
    if amount is None:
        amount = order["remainingCostCents"] if order["remainingCostCents"] is not None else order["totalCostCents"]
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise SandboxError(f"a payment is a whole number of cents above 0, not {amount!r}")
    stamp = company.world.stamp()
    document = {
        "locationId": order["locationId"],
        "payerId": order["customerId"],
        "receiptNumber": company.next_receipt(),
        "recordedDate": None if told.get("status") == "processing" else stamp,
        **told,
        "amountCents": amount,
    }
    row = company.put("payments", company.fill("payments", document))
    if settles:
        settle(company, order["id"])
    return row


def refund(company: Company, charge: str, amount: int | None = None, reason: str = "RequestedByCustomer") -> Document:
    """Give back all or part of a charge; a refund is a row of its own with a positive amount."""
    paid = company["payments"][charge]
    rest = paid["amountCents"] - (paid["refundedAmountCents"] or 0)
    amount = rest if amount is None else amount
    if paid["transactionType"] != "Charge" or not 0 < amount <= rest:
        raise SandboxError(f"{rest} cents of payment {charge} can be refunded, not {amount}")
    same = ("locationId", "orderId", "payerId", "paymentType", "paymentMode", "provider", "cardType", "cardDigits")
    document = {name: paid[name] for name in same}
    more = {"transactionType": "Refund", "amountCents": amount, "chargeId": charge, "refundReason": reason}
    row = (
        pay(company, {**document, **more})
        if paid["orderId"]
        else company.put("payments", company.fill("payments", document | more))
    )
    company.edit("payments", charge, refunded=True, refundedAmountCents=(paid["refundedAmountCents"] or 0) + amount)
    return row


def transfer(company: Company, charge: str, order: str, amount: int) -> Document:
    """Move money of a charge to another order."""
    paid = company["payments"][charge]
    more = {"transactionType": "Transfer", "amountCents": amount, "chargeId": charge, "orderId": order}
    row = pay(company, {**more, "paymentType": paid["paymentType"], "payerId": paid["payerId"]})
    settle(company, paid["orderId"])
    return row
