"""Orders of the store, made of invoices and sales receipts.

A line needs a product that is there, a whole quantity and a unit price; totals are sent as the books have them. The
vendor has no place for a document's number, so it travels as `tracking_number`, which is shown only in shipping mails,
and no order of ours is ever marked shipped.
Source: https://mailchimp.com/developer/marketing/api/ecommerce-orders/, read 2026-11-21.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.contract import (
    Api,
    Outcome,
    OutcomeUnknown,
    Payload,
    Raw,
    RecordRejected,
    Ref,
    Resource,
    Text,
    Values,
    Write,
)
from connectors.contract.normal import split_emails
from connectors.contract.parsing import instant
from connectors.mailchimp.batches import Answer, Item, Op, Script, Step, body_of, bulk, error_of, written
from connectors.mailchimp.errors import EXISTS, NOT_FOUND, PRODUCT_UNKNOWN
from connectors.mailchimp.shop import CATCH_ALL, add_catch_all, maybe, read_place, write_place
from connectors.mailchimp.wire import (
    amount,
    cut,
    day,
    filled,
    maybe_amount,
    member_hash,
    moment,
    reference_id,
    segment,
    setting,
    shows,
    source_of,
    words,
)

KEPT = (
    "id", "customer", "store_id", "financial_status", "fulfillment_status", "currency_code", "order_total",
    "discount_total", "tax_total", "shipping_total", "processed_at_foreign", "cancelled_at_foreign",
    "updated_at_foreign", "shipping_address", "billing_address", "lines", "tracking_number",
)  # fmt: skip
_PATH = "/ecommerce/stores/{store}/orders"
_MOST_LINES = 1000

# Kinds of lines that are totals of an order here, or no money at all.
_NO_LINES = frozenset({"discount", "shipping", "tax", "note"})

STATUSES = {
    "paid": "paid",
    "partially_paid": "partially_paid",
    "open": "pending",
    "void": "cancelled",
    "refunded": "refunded",
    "partially_refunded": "partially_refunded",
}
_CANCELLED = {"financial_status": "cancelled"}
_CANONICAL = {
    "paid": "paid",
    "partially_paid": "partially_paid",
    "pending": "open",
    "cancelled": "void",
    "refunded": "refunded",
    "partially_refunded": "partially_refunded",
}


# Reading


def read(raw: Raw) -> Values:
    """Canonical values of an order; what an answer leaves out is not told."""
    values: Values = {}
    if isinstance(raw.get("customer"), Mapping):
        values["contact"] = Ref("contact", "customers", str(raw["customer"].get("id", "")))
    for ours, theirs in (("number", "tracking_number"), ("currency", "currency_code")):
        if theirs in raw:
            values[ours] = filled(raw[theirs])
    for ours, theirs in (
        ("total", "order_total"),
        ("tax_total", "tax_total"),
        ("discount_total", "discount_total"),
        ("shipping_total", "shipping_total"),
    ):
        if theirs in raw:
            values[ours] = maybe_amount(raw[theirs])
    if "processed_at_foreign" in raw:
        values["date"] = day(raw["processed_at_foreign"])
    if "financial_status" in raw:
        status = filled(raw["financial_status"])
        values["status"] = _CANONICAL.get(status, status) if status else None
    for name in ("billing_address", "shipping_address"):
        if name in raw:
            values[name] = read_place(raw[name])
    if "lines" in raw:
        values["lines"] = [_read_line(line) for line in raw["lines"]]
    return values


def _read_line(line: Mapping[str, Any]) -> dict[str, Any]:
    quantity, price = amount(line.get("quantity") or 0), amount(line.get("price") or 0)
    product = str(line.get("product_id", ""))
    return {
        "id": str(line.get("id", "")),
        "kind": "item",
        "product": None if product == CATCH_ALL else Ref("product", "products", product),
        "name": filled(line.get("product_title")),
        "quantity": quantity,
        "unit_price": price,
        "amount": quantity * price - amount(line.get("discount") or 0),
    }


# Writing


def chosen_id(values: Mapping[str, Any], context: Mapping[str, str]) -> str:
    """ "invoice-<id>" or "receipt-<id>": the kind of document and the id it has in the books."""
    resource, remote_id = source_of(values, context)
    return f"{resource.removesuffix('s').removeprefix('sales_')}-{remote_id}"


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The body for canonical values; on a change just what is named."""
    payload: Payload = {}
    if action == "create":
        payload["id"] = chosen_id(values, context)
        payload["currency_code"] = str(values.get("currency") or setting(context, "currency"))
    elif values.get("currency"):
        payload["currency_code"] = str(values["currency"])
    if "contact" in values or action == "create":
        payload["customer"] = customer(values)
    payload.update(_totals(values, action))
    if values.get("date"):
        payload["processed_at_foreign"] = moment(values["date"])
    if "number" in values:
        payload["tracking_number"] = words(values["number"])
    payload.update(_status(values, action))
    for name in ("billing_address", "shipping_address"):
        place = write_place(values.get(name))
        if place:
            payload[name] = place
    if "lines" in values or action == "create":
        payload["lines"] = lines(values)
    return payload


def customer(values: Mapping[str, Any]) -> Payload:
    """The buyer: named by the hash of the address, and never opting in (false to true would subscribe)."""
    person = values.get("contact_values") or {}
    emails = split_emails(str(person.get("email") or ""))
    if not emails:
        raise RecordRejected("MC-NO-EMAIL", field="contact")
    found: Payload = {"id": member_hash(emails[0]), "email_address": emails[0], "opt_in_status": False}
    for ours, theirs in (("given_name", "first_name"), ("family_name", "last_name"), ("company", "company")):
        if person.get(ours):
            found[theirs] = words(person[ours])
    return found


def _totals(values: Mapping[str, Any], action: str) -> Payload:
    found: Payload = {}
    if "total" in values:
        found["order_total"] = amount(values["total"] or 0)
    elif action == "create":
        raise RecordRejected("MC-AMOUNT", params={"value": ""}, field="total")
    for ours in ("tax_total", "discount_total", "shipping_total"):
        if ours in values:
            found[ours] = amount(values[ours] or 0)
        elif action == "create" and ours != "tax_total":
            kind = ours.removesuffix("_total")
            found.update({ours: total} if (total := _sum_of(values, kind)) else {})
    return found


def _sum_of(values: Mapping[str, Any], kind: str) -> Decimal:
    """What the lines of a kind add up to, where the document does not say it itself; a discount counts as positive."""
    rows = [line for line in values.get("lines") or () if line.get("kind") == kind]
    total = sum((amount(line.get("amount") or 0) for line in rows), Decimal(0))
    return abs(total) if kind == "discount" else total


def _status(values: Mapping[str, Any], action: str) -> Payload:
    if action == "void":
        status = "cancelled"
    elif values.get("status"):
        status = STATUSES.get(str(values["status"]).lower(), "pending")
    elif action == "create" or "balance" in values:
        status = _by_balance(values)
    else:
        return {}
    found = {"financial_status": status} if status else {}
    at = values.get("updated_at") or values.get("date")
    if status == "cancelled" and at:
        found["cancelled_at_foreign"] = moment(at)
    return found


def _by_balance(values: Mapping[str, Any]) -> str:
    """Open, partly or wholly paid, told by the balance; "" when that is not known."""
    balance, total = maybe_amount(values.get("balance")), maybe_amount(values.get("total"))
    if balance is None or total is None:
        return ""
    return "paid" if balance <= 0 else ("pending" if balance >= total else "partially_paid")


def lines(values: Mapping[str, Any]) -> list[Payload]:
    """Order lines. A document without any still needs one, of what it comes to before tax and shipping."""
    found: list[Payload] = []
    for place, line in enumerate(values.get("lines") or (), start=1):
        if line.get("kind") not in _NO_LINES:
            found.append(_line(line, str(line.get("id") or place)))
    if not found and values.get("total") is not None:
        taken = [amount(values.get(name) or 0) for name in ("tax_total", "shipping_total")]
        price = amount(values["total"]) - sum(taken, Decimal(0)) + amount(values.get("discount_total") or 0)
        found.append(_priced("1", CATCH_ALL, 1, max(price, Decimal(0))))
    return found


def _line(line: Mapping[str, Any], name: str) -> Payload:
    """One line: whole quantities as they are, others as one piece at the line's amount, reductions as a discount."""
    product = reference_id(line.get("product")) or CATCH_ALL
    quantity, price = maybe_amount(line.get("quantity")), maybe_amount(line.get("unit_price"))
    comes_to = maybe_amount(line.get("amount"))
    if comes_to is None:
        comes_to = (quantity or Decimal(0)) * (price or Decimal(0))
    if comes_to < 0:
        return {**_priced(name, product, 1, Decimal(0)), "discount": -comes_to}
    whole = quantity is not None and quantity >= 1 and quantity == quantity.to_integral_value()
    if whole and price is not None and quantity is not None and quantity * price == comes_to:
        return _priced(name, product, int(quantity), price)
    return _priced(name, product, 1, comes_to)


def _priced(name: str, product: str, quantity: int, price: Decimal) -> Payload:
    return {
        "id": cut(name, 50),
        "product_id": product,
        "product_variant_id": product,
        "quantity": quantity,
        "price": price,
    }


# One at a time


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Add the order; one of this id that is there is brought up to date, a catch-all product that vanished put back."""
    for attempt in (1, 2):
        try:
            return written(api.post(_PATH, payload), KEPT)
        except RecordRejected as error:
            if error.code == EXISTS:
                break
            if error.code != PRODUCT_UNKNOWN or attempt == 2 or not _uses_catch_all(payload):
                raise
            add_catch_all(api, {"id": setting(api.context, "store")})
    return update(api, str(payload["id"]), _change_of(payload), key)


def _uses_catch_all(payload: Payload) -> bool:
    return any(line["product_id"] == CATCH_ALL for line in payload.get("lines", ()))


def _change_of(payload: Payload) -> Payload:
    """The body of a change with the same content as that of a new order; id and buyer cannot change."""
    return {name: value for name, value in payload.items() if name not in ("id", "customer")}


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Change an order, its lines one by one: `lines` in a change are not the sure way."""
    _same_buyer(payload)
    path = f"{_PATH}/{segment(remote_id)}"
    body = {name: value for name, value in payload.items() if name != "lines"}
    if "lines" in payload:
        told = api.get(f"{path}/lines", {"count": _MOST_LINES})
        for op in _line_ops("", path, payload["lines"], told.get("lines", ())):
            _carry_out(api, op)
    if body:
        api.patch(path, body)
    return fetch(api, remote_id)


def _same_buyer(payload: Payload) -> None:
    if "customer" in payload:
        raise RecordRejected("MC-ORDER-BUYER", field="contact")


def _carry_out(api: Api, op: Op) -> None:
    if op.method == "POST":
        api.post(op.path, op.body)
    elif op.method == "PATCH":
        api.patch(op.path, op.body or {})
    else:
        api.delete(op.path)


def _line_ops(prefix: str, path: str, wanted: Sequence[Payload], have: Sequence[Mapping[str, Any]]) -> list[Op]:
    """Operations that turn the lines an order has into those wanted; equal ones are left alone. New ones come first."""
    now = {str(line.get("id")): line for line in have}
    ops: list[Op] = []
    for line in wanted:
        name, at = str(line["id"]), f"{path}/lines/{segment(str(line['id']))}"
        if name not in now:
            ops.append(Op("", "POST", f"{path}/lines", line))
        elif not shows(now[name], {"discount": Decimal(0), **_numbers(line)}):
            body = {"discount": Decimal(0), **{key: value for key, value in line.items() if key != "id"}}
            ops.append(Op("", "PATCH", at, body))
    gone = now.keys() - {str(line["id"]) for line in wanted}
    ops += [Op("", "DELETE", f"{path}/lines/{segment(name)}") for name in sorted(gone)]
    return [Op(f"{prefix}~{place}", op.method, op.path, op.body) for place, op in enumerate(ops, start=1)]


def _numbers(line: Payload) -> Payload:
    """The line with its figures as decimals, so that 3 and 3.00 compare alike."""
    return {
        key: amount(value) if isinstance(value, int | Decimal) else value for key, value in line.items() if key != "id"
    }


def void(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Cancel an order."""
    return update(api, remote_id, {**payload, **_CANCELLED}, key)


def remove(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Remove an order. One that is not there is removed."""
    try:
        return api.delete(f"{_PATH}/{segment(remote_id)}")
    except RecordRejected as error:
        if error.code != NOT_FOUND:
            raise
        return {}


def fetch(api: Api, remote_id: str) -> Raw:
    """One order with its lines."""
    return api.get(f"{_PATH}/{segment(remote_id)}", {"fields": ",".join(KEPT)})


def find(api: Api, write: Write) -> Raw | None:
    """The order as a lost write wanted it. A change of lines counts as not there: sending it again does no harm."""
    name = str(write.remote_id or write.payload.get("id", ""))
    raw = maybe(lambda: fetch(api, name))
    if write.action == "remove":
        return None if raw else {"id": name}
    if raw is None or (write.action != "create" and "lines" in write.payload):
        return None
    payload = {key: value for key, value in write.payload.items() if not key.endswith("_foreign")}
    return raw if shows(raw, payload) else None


# Many at once: orders whose lines change are first asked for the lines they have.


def start(context: Mapping[str, str], items: Sequence[Item]) -> Step:
    """One operation for each order; for a change of lines that is the question which ones there are."""
    return Step(stage="write", ops=[_first_op(context, item) for item in items], items=list(items))


def _base(context: Mapping[str, str]) -> str:
    return f"/ecommerce/stores/{segment(setting(context, 'store'))}/orders"


def _first_op(context: Mapping[str, str], item: Item) -> Op:
    base = _base(context)
    if item.action == "create":
        return Op(item.change, "POST", base, item.payload)
    path = f"{base}/{segment(item.remote_id)}"
    if item.action == "remove":
        return Op(item.change, "DELETE", path)
    if item.action == "void":
        return Op(item.change, "PATCH", path, {**item.payload, **_CANCELLED})
    _same_buyer(item.payload)
    if "lines" in item.payload:
        return Op(item.change, "GET", f"{path}/lines", params={"count": str(_MOST_LINES)})
    return Op(item.change, "PATCH", path, item.payload)


def advance(context: Mapping[str, str], stage: str, items: Sequence[Item], answers: Mapping[str, Answer]) -> Step:
    """What follows: the lines of an order that is there already, then their changes, then the order itself."""
    step = Step(stage="write")
    for item in items:
        answer = answers.get(item.change)
        if item.raw.get("lines_written"):
            _after_lines(context, step, item, answers)
        elif item.action == "create" and (error := error_of(answer)) and error.code == EXISTS:
            again = Item(item.change, "update", str(item.payload["id"]), _change_of(item.payload))
            step.items.append(again)
            step.ops.append(_first_op(context, again))
        elif item.action == "update" and "lines" in item.payload and not error_of(answer):
            _write_lines(context, step, item, body_of(answer))
        else:
            step.outcomes.append(_outcome(item, answer))
    return step


def _write_lines(context: Mapping[str, str], step: Step, item: Item, told: Raw) -> None:
    """Queue the changes of the lines; when they are equal the order itself comes at once."""
    path = f"{_base(context)}/{segment(item.remote_id)}"
    ops = _line_ops(item.change, path, item.payload["lines"], told.get("lines", ()))
    if not ops:
        _write_order(context, step, item)
        return
    step.ops += ops
    step.items.append(item.with_raw({"lines_written": [op.id for op in ops]}))


def _after_lines(context: Mapping[str, str], step: Step, item: Item, answers: Mapping[str, Answer]) -> None:
    for name in item.raw["lines_written"]:
        error = error_of(answers.get(name))
        if error:
            step.outcomes.append(item.failed(error))
            return
    _write_order(context, step, item)


def _write_order(context: Mapping[str, str], step: Step, item: Item) -> None:
    """The order without its lines, last, so that the answer shows them as they are now."""
    body = {name: value for name, value in item.payload.items() if name != "lines"}
    last = Item(item.change, "update", item.remote_id, body)
    step.items.append(last)
    step.ops.append(_first_op(context, last))


def _outcome(item: Item, answer: Answer | None) -> Outcome:
    error = error_of(answer)
    if item.action == "remove" and (error is None or error.code == NOT_FOUND):
        return item.done(None, item.remote_id)
    if error:
        return item.failed(error)
    try:
        raw = written(body_of(answer), KEPT)
    except OutcomeUnknown as unknown:
        return item.failed(unknown)
    return item.done(raw, str(raw["id"]))


SCRIPT = Script("orders", start, advance)

ORDERS = Resource(
    name="orders",
    entity="sale",
    label=Text("Orders", "Commandes"),
    read=read,
    changed_at=lambda raw: instant(raw.get("updated_at_foreign")),
    build=build,
    create=create,
    update=update,
    void=void,
    remove=remove,
    fetch=fetch,
    find=find,
    chosen_id=chosen_id,
    bulk=bulk(SCRIPT, size=1000, actions=frozenset({"create", "update", "void", "remove"})),
    repeat="harmless",
)
