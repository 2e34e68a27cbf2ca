"""Writing: bodies from canonical values, and the calls that carry them, one by one or thirty at a time.

All writes are POSTs under a request id, which makes a repeat of the same bytes harmless. Updates name the version they
were made for (`SyncToken` in the payload or in the `Write`); without one the present version is read first. `Line` is
never sparse: the lines sent become all the lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.contract import (
    Api,
    Bulk,
    Outcome,
    OutcomeUnknown,
    Payload,
    Raw,
    RecordRejected,
    SyncError,
    VendorUnavailable,
    Write,
)
from connectors.quickbooks import wire
from connectors.quickbooks.documents import SHIPPING, is_void
from connectors.quickbooks.errors import item_error, sound
from connectors.quickbooks.query import ANY_STATE, Where, select
from connectors.quickbooks.reading import CENT, money

BATCH = 30
_OWN = frozenset({"Id", "SyncToken", "sparse"})

# Bodies


def put_text(payload: Payload, wire_name: str, values: Mapping[str, Any], name: str, action: str) -> None:
    """Set a text field told in `values`. An empty text empties the field in an update and is left out of a create."""
    if name in values:
        value = values[name]
        if value or action != "create":
            payload[wire_name] = value or ""


def put_inner(payload: Payload, wire_name: str, inner: str, values: Mapping[str, Any], name: str, action: str) -> None:
    """Set a text that sits in an object of its own."""
    if name in values and (values[name] or action != "create"):
        payload[wire_name] = {inner: values[name] or ""}


def put_address(payload: Payload, wire_name: str, address: Mapping[str, Any] | None, action: str) -> None:
    """Set an address; it is replaced as a whole."""
    parts = (
        ("line1", "Line1"),
        ("line2", "Line2"),
        ("city", "City"),
        ("region", "CountrySubDivisionCode"),
        ("postcode", "PostalCode"),
        ("country", "Country"),
    )
    found = {there: address.get(here) or "" for here, there in parts} if address else {"Line1": ""}
    if action == "create":
        found = {name: value for name, value in found.items() if value}
    if found:
        payload[wire_name] = found


def put_common(payload: Payload, values: Mapping[str, Any], action: str) -> None:
    """Set what all transactions have: customer, date, note, and the currency where the caller tells it."""
    if values.get("contact"):
        payload["CustomerRef"] = {"value": values["contact"].remote_id}
    if values.get("date"):
        day: date = values["date"]
        payload["TxnDate"] = day.isoformat()
    put_text(payload, "PrivateNote", values, "memo", action)


def document(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """Return a sales document's body.

    Settings used: multi_currency ("true": send the currency), tax_calculation (GlobalTaxCalculation, outside the US),
    class_id, department_id, discount_account, default_item (for lines that name no product).
    """
    payload: Payload = {}
    put_common(payload, values, action)
    put_text(payload, "DocNumber", values, "number", action)
    if values.get("currency") and context.get("multi_currency") == "true":
        payload["CurrencyRef"] = {"value": values["currency"]}
    if "lines" in values:
        payload["Line"] = _lines(values, context)
        if context.get("tax_calculation"):
            payload["GlobalTaxCalculation"] = context["tax_calculation"]
        if values.get("tax_total"):
            payload["TxnTaxDetail"] = {"TotalTax": values["tax_total"]}
    if action == "create":
        for setting, name in (("class_id", "ClassRef"), ("department_id", "DepartmentRef")):
            if context.get(setting):
                payload[name] = {"value": context[setting]}
    return payload


def _lines(values: Mapping[str, Any], context: Mapping[str, str]) -> list[Payload]:
    """Sold lines and notes first, then shipping, then the discount, as the vendor orders them."""
    shipping, discount = values.get("shipping_total"), values.get("discount_total")
    found: list[Payload] = []
    for line in values["lines"] or ():
        kind, amount = line.get("kind"), line.get("amount")
        if kind == "shipping":
            shipping = amount if shipping is None else shipping
        elif kind == "discount":
            discount = abs(amount) if discount is None else discount
        elif kind == "note":
            note = {"Description": line.get("name") or " ", "DetailType": "DescriptionOnly"}
            found.append({**note, "DescriptionLineDetail": {}})
        elif kind != "tax":
            found.append(_sold(line, context))
    if shipping:
        found.append(_detail(shipping, "SalesItemLineDetail", {"ItemRef": {"value": SHIPPING}}))
    if discount:
        detail: Payload = {"PercentBased": False}
        if context.get("discount_account"):
            detail["DiscountAccountRef"] = {"value": context["discount_account"]}
        found.append(_detail(discount, "DiscountLineDetail", detail))
    return found


def _sold(line: Mapping[str, Any], context: Mapping[str, str]) -> Payload:
    product = line["product"].remote_id if line.get("product") else context.get("default_item")
    if not product:
        # Without an item the vendor takes the line for a comment and drops its amount.
        raise RecordRejected("QBO-LINE-ITEM", params={"line": line.get("name") or ""}, field="lines")
    detail: Payload = {"ItemRef": {"value": product}}
    quantity, price, amount = line.get("quantity"), line.get("unit_price"), line["amount"]
    # Quantity and price must come to the amount exactly; a total that does not is carried by the amount alone.
    if quantity is not None and price is not None and _cents(quantity * price) == amount:
        detail |= {"Qty": quantity, "UnitPrice": price}
    if line.get("tax_code"):
        detail["TaxCodeRef"] = {"value": line["tax_code"]}
    found = _detail(amount, "SalesItemLineDetail", detail)
    if line.get("name"):
        found["Description"] = line["name"]
    return found


def _detail(amount: Decimal, kind: str, detail: Payload) -> Payload:
    return {"Amount": amount, "DetailType": kind, kind: detail}


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


# What came back


def differs(payload: Mapping[str, Any], raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the wire fields the vendor kept otherwise than they were sent."""
    return tuple(name for name, sent in payload.items() if name not in _OWN and not _kept(name, sent, raw.get(name)))


def _kept(name: str, sent: Any, found: Any) -> bool:
    if name == "Line":
        return _amounts(sent) == _amounts(found or [])
    if isinstance(sent, Mapping):
        there = found if isinstance(found, Mapping) else {}
        # The label of a reference is the vendor's own.
        return all(_kept(key, value, there.get(key)) for key, value in sent.items() if key != "name")
    if sent in ("", None):
        return found in ("", None)
    if isinstance(sent, Decimal | int) and not isinstance(sent, bool):
        return money(found) == sent
    return bool(sent == found)


def _amounts(lines: Sequence[Mapping[str, Any]]) -> list[Decimal]:
    """Amounts of the lines that count, in order; subtotals and comments are the vendor's to add."""
    skipped = ("SubTotalLineDetail", "DescriptionOnly")
    return [money(line.get("Amount")) or Decimal(0) for line in lines if line.get("DetailType") not in skipped]


# Calls


@dataclass(frozen=True, slots=True)
class Kind:
    """One entity on the write side. `lists`: it can only be made inactive; `sparse`: it takes partial updates."""

    resource: str
    entity: str
    path: str
    natural_key: str
    lists: bool = True
    sparse: bool = True

    def fetch(self, api: Api, remote_id: str) -> Raw:
        """Read one, inactive or not. RecordRejected QBO-610: it is deleted or never was."""
        return wire.one(api, self.path, self.entity, remote_id)

    def create(self, api: Api, payload: Payload, key: str) -> Raw:
        """Make one."""
        return wire.send(api, self.path, self.entity, payload, key)

    def update(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Change the fields in `payload`. StaleVersion: somebody else changed it since."""
        if self.sparse:
            body = {**payload, **self._version(api, remote_id, payload), "sparse": True}
        else:
            # The vendor documents whole updates only: what is left out would be emptied.
            present = self.fetch(api, remote_id)
            body = {**present, **payload, "Id": remote_id, "sparse": False}
        return self._own(wire.send(api, self.path, self.entity, body, key), remote_id)

    def deactivate(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Make a list object inactive; the vendor deletes none. Its name gets a suffix there."""
        return self.update(api, remote_id, {**_version_only(payload), "Active": False}, key)

    def delete(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Delete a transaction for good; answers the stub that is left."""
        body = self._version(api, remote_id, payload)
        return self._own(wire.send(api, self.path, self.entity, body, key, {"operation": "delete"}), remote_id)

    def void_by_operation(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Void an invoice: it stays, with all amounts zero and its payments set free."""
        body = self._version(api, remote_id, payload)
        return self._own(wire.send(api, self.path, self.entity, body, key, {"operation": "void"}), remote_id)

    def void_by_update(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Void a sales receipt or a payment."""
        body = {**self._version(api, remote_id, payload), "sparse": True}
        query = {"operation": "update", "include": "void"}
        return self._own(wire.send(api, self.path, self.entity, body, key, query), remote_id)

    def _version(self, api: Api, remote_id: str, payload: Payload) -> Payload:
        token = payload.get("SyncToken")
        if token is None:
            token = self.fetch(api, remote_id)["SyncToken"]
        return {"Id": remote_id, "SyncToken": token}

    def _own(self, raw: Raw, remote_id: str) -> Raw:
        """The answer, if it is about what was asked."""
        if str(raw.get("Id")) != remote_id:
            raise OutcomeUnknown("QBO-OTHER-OBJECT", params={"asked": remote_id, "id": str(raw.get("Id"))})
        return raw

    # Looking for what a lost write may have done

    def find(self, api: Api, write: Write) -> Raw | None:
        """Return what a lost write left behind, None when it left nothing.

        A created object counts as ours only when all we sent is in it. OutcomeUnknown QBO-AMBIGUOUS: several fit.
        """
        if write.action != "create":
            return self._landed(api, write)
        found = [raw for raw in self._candidates(api, write.payload) if not differs(write.payload, raw)]
        if len(found) > 1:
            ids = ", ".join(str(raw["Id"]) for raw in found[:10])
            raise OutcomeUnknown("QBO-AMBIGUOUS", params={"ids": ids, "count": len(found)})
        return found[0] if found else None

    def _landed(self, api: Api, write: Write) -> Raw | None:
        remote_id = write.remote_id or ""
        try:
            raw = self.fetch(api, remote_id)
        except RecordRejected as error:
            if write.action == "remove" and error.code == "QBO-610":
                return {"domain": "QBO", "status": "Deleted", "Id": remote_id}
            raise
        landed = {
            "update": lambda: not differs(write.payload, raw),
            "remove": lambda: self.lists and raw.get("Active") is False,
            "void": lambda: is_void(raw),
        }[write.action]()
        return raw if landed else None

    def _candidates(self, api: Api, payload: Payload) -> list[Raw]:
        where = [ANY_STATE] if self.lists else []
        if payload.get(self.natural_key):
            where.append(Where(self.natural_key, "=", payload[self.natural_key]))
        else:
            # No number of ours: the customer's documents of that day, newest first by their own ids.
            if payload.get("CustomerRef"):
                where.append(Where("CustomerRef", "=", payload["CustomerRef"]["value"]))
            if payload.get("TxnDate"):
                where.append(Where("TxnDate", "=", payload["TxnDate"]))
        return wire.rows(wire.ask(api, select(self.entity, where, order="Id DESC")), self.entity)

    # Thirty at a time

    def bulk(self) -> Bulk:
        """Return how many of these travel together."""
        actions = {"create", "remove", *(("update",) if self.sparse else ())}
        return Bulk(size=BATCH, send=self._send_batch, actions=frozenset(actions))

    def _send_batch(self, api: Api, writes: Sequence[Write]) -> list[Outcome]:
        """Send up to thirty writes in one call; each succeeds or fails on its own.

        A repeat is harmless only as the same writes in the same order: the request id is made of their keys.
        """
        tokens = self._tokens(api, writes)
        items = [self._item(str(index), write, tokens) for index, write in enumerate(writes)]
        query = {"requestid": _batch_key(writes), "minorversion": wire.MINOR_VERSION}
        raw = sound(api.post("/batch", {"BatchItemRequest": items}, query, bucket="batch"))
        answers = {item.get("bId"): item for item in raw.get("BatchItemResponse") or []}
        return [self._outcome(write, answers.get(str(index))) for index, write in enumerate(writes)]

    def _item(self, batch_id: str, write: Write, tokens: Mapping[str, str]) -> Payload:
        if write.action == "create":
            return {"bId": batch_id, "operation": "create", self.entity: write.payload}
        remote_id = write.remote_id or ""
        own = {"Id": remote_id, "SyncToken": tokens.get(remote_id, "")}
        if write.action == "update":
            body = {**write.payload, **own, "sparse": True}
        elif self.lists:
            body = {**own, "Active": False, "sparse": True}
        else:
            return {"bId": batch_id, "operation": "delete", self.entity: own}
        return {"bId": batch_id, "operation": "update", self.entity: body}

    def _tokens(self, api: Api, writes: Sequence[Write]) -> dict[str, str]:
        """Versions by id: those the writes name, and one query for the rest."""
        found: dict[str, str] = {}
        missing: list[str] = []
        for write in writes:
            if write.action == "create" or not write.remote_id:
                continue
            version = write.version or write.payload.get("SyncToken")
            if version is None:
                missing.append(write.remote_id)
            else:
                found[write.remote_id] = str(version)
        if missing:
            where = [Where("Id", "IN", missing), *([ANY_STATE] if self.lists else [])]
            for raw in wire.rows(wire.ask(api, select(self.entity, where)), self.entity):
                found[str(raw["Id"])] = str(raw["SyncToken"])
        return found

    def _outcome(self, write: Write, item: Raw | None) -> Outcome:
        if item is None:
            return Outcome(write.change, write.remote_id, error=OutcomeUnknown("QBO-BATCH-ITEM"))
        error = item_error(item)
        if error:
            return Outcome(write.change, write.remote_id, error=_unsure(error))
        raw = item.get(self.entity)
        if not isinstance(raw, dict) or (write.remote_id and str(raw.get("Id")) != write.remote_id):
            return Outcome(write.change, write.remote_id, error=OutcomeUnknown("QBO-BATCH-ITEM"))
        kept = () if write.action == "remove" else differs(write.payload, raw)
        return Outcome(write.change, str(raw["Id"]), raw, differs=kept)


def _version_only(payload: Payload) -> Payload:
    return {"SyncToken": payload["SyncToken"]} if "SyncToken" in payload else {}


def _unsure(error: SyncError) -> SyncError:
    """A server error inside a batch may have come after the write."""
    if isinstance(error, VendorUnavailable):
        return OutcomeUnknown(error.code, params=error.params, detail=error.detail)
    return error


def _batch_key(writes: Sequence[Write]) -> str:
    return hashlib.sha256("\n".join(write.key for write in writes).encode()).hexdigest()[:32]
