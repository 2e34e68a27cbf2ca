"""Reconciliation from what is stored: both sides per day, kind and currency, to the cent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bridge import registry
from bridge.engine.reconcile import Difference, Document, Reconciliation, reconcile
from bridge.hub.models import Change, Connection, Integration, Link, Run
from bridge.hub.models import Record as Row
from bridge.jobs.context import context_of, scope_of
from connectors.contract import RecipeFlow

ZERO = Decimal(0)
AROUND = timedelta(days=7)  # documents a little beyond the period show a wrong date as what it is
NOT_LIVE = {"void", "cancelled", "draft", "deleted"}
SHOWN = 200


ENTITIES = ("sale", "refund")


def reconciliation(integration: Integration, start: date | None = None, end: date | None = None) -> Reconciliation:
    """Compare both sides' documents between two days, both counted (None: all that is stored).

    A document without a twin is of the kind its number has on the left, so that one booked twice is seen as that.
    """
    flows = [flow for flow in registry.recipe(integration.recipe).flows if flow.entity in ENTITIES]
    by_left, kinds = _links(integration)
    held = _held(integration)
    context = context_of(integration)
    left = [
        item for flow in flows
        for item in _documents(integration.left, flow, flow.left, context, {}, {}, start, end)
    ]  # fmt: skip
    numbers = {(item.number, item.currency): item.kind for item in left if item.number}
    right = [
        item for flow in flows
        for item in _documents(integration.right, flow, flow.right, context, kinds, numbers, start, end)
    ]  # fmt: skip
    found = reconcile(left, right, by_left, held, (start or date.min, end or date.max))
    return replace(found, differences=tuple(_waiting(item, held) for item in found.differences))


def _links(integration: Integration) -> tuple[dict[str, str], dict[str, str]]:
    """Return, by key of a document, its twin on the right, and by key of that its kind."""
    by_left: dict[str, str] = {}
    kinds: dict[str, str] = {}
    links = Link.objects.filter(integration=integration, entity__in=ENTITIES)
    pairs = links.values_list("left__resource", "left__remote_id", "right__resource", "right__remote_id")
    for left_resource, left_id, right_resource, right_id in pairs.iterator(chunk_size=5000):
        by_left[f"{left_resource}:{left_id}"] = f"{right_resource}:{right_id}"
        kinds[f"{right_resource}:{right_id}"] = left_resource
    return by_left, kinds


def _held(integration: Integration) -> dict[str, str]:
    """Return the reason each document waits for, by its key."""
    held: dict[str, str] = {}
    waiting = Change.objects.filter(integration=integration, entity__in=ENTITIES, source__isnull=False).order_by("id")
    for resource, remote_id, state, code, error in waiting.exclude(
        state__in=(Change.State.DONE, Change.State.SUPERSEDED)
    ).values_list("source__resource", "source__remote_id", "state", "code", "error_code"):
        if state != Change.State.PLANNED:
            held[f"{resource}:{remote_id}"] = error or code
    return held


def _waiting(item: Difference, held: dict[str, str]) -> Difference:
    """A document on the right only may wait to go left: then that is why."""
    code = held.get(item.right.remote_id) if item.right and item.left is None else None
    return replace(item, code=code) if code else item


def _documents(
    connection: Connection | None,
    flow: RecipeFlow,
    resources: tuple[str, ...],
    context: Any,
    kinds: dict[str, str],
    numbers: dict[tuple[str, str], str],
    start: date | None,
    end: date | None,
) -> Iterator[Document]:
    if connection is None:
        return
    for name in resources:
        scope = scope_of(connection, name, context)
        rows = Row.objects.filter(
            connection=connection, resource=name, scope=scope, gone=False, amount__isnull=False, date__isnull=False
        )
        if start:
            rows = rows.filter(date__gte=start - AROUND)
        if end:
            rows = rows.filter(date__lte=end + AROUND)
        columns = rows.values_list("remote_id", "date", "currency", "amount", "tax", "number", "status")
        for remote_id, day, currency, amount, tax, number, status in columns.iterator(chunk_size=5000):
            key = f"{name}:{remote_id}"
            yield Document(
                date=day, kind=kinds.get(key) or numbers.get((number, currency)) or name, currency=currency,
                total=amount, tax=tax or ZERO, number=number, remote_id=key,
                state="void" if status in NOT_LIVE else "live", is_refund=flow.entity == "refund",
            )  # fmt: skip


def month(integration: Integration, year: int, number: int) -> Reconciliation:
    """Compare one calendar month."""
    first = date(year, number, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return reconciliation(integration, first, last)


def as_json(found: Reconciliation) -> dict[str, Any]:
    """Return a comparison as plain data: totals by kind and currency, uneven days, what makes up each difference."""
    sums: dict[tuple[str, str], list[Any]] = {}
    for day in found.days:
        row = sums.setdefault((day.kind, day.currency), [0, ZERO, ZERO, 0, ZERO, ZERO])
        for offset, total in ((0, day.left), (3, day.right)):
            row[offset] += total.count
            row[offset + 1] += total.total
            row[offset + 2] += total.tax
    return {
        "totals": [
            {"kind": kind, "currency": currency, "left_count": row[0], "left_total": cents(row[1]),
             "left_tax": cents(row[2]), "right_count": row[3], "right_total": cents(row[4]),
             "right_tax": cents(row[5]), "difference": cents(row[1] - row[4])}
            for (kind, currency), row in sorted(sums.items())
        ],
        "uneven_days": [
            {"date": day.date.isoformat(), "kind": day.kind, "currency": day.currency,
             "left": cents(day.left.total), "right": cents(day.right.total), "difference": cents(day.difference)}
            for day in found.days
            if not day.even
        ][:SHOWN],
        "differences": [
            {"kind": item.kind, "code": item.code, "amount": cents(item.amount), "currency": item.currency,
             "left": _named(item.left), "right": _named(item.right)}
            for item in found.differences[:SHOWN]
        ],
        "difference_count": len(found.differences),
        "unexplained": {currency: cents(amount) for currency, amount in found.unexplained.items()},
    }  # fmt: skip


def cents(amount: Decimal) -> str:
    """Return an amount as text with at least two decimals and no trailing zeros beyond them."""
    amount = amount.quantize(Decimal("0.00001")).normalize()
    exponent = amount.as_tuple().exponent
    return str(amount if isinstance(exponent, int) and exponent < -2 else amount.quantize(Decimal("0.01")))


def _named(item: Document | None) -> dict[str, str] | None:
    if item is None:
        return None
    return {"id": item.remote_id, "number": item.number, "date": item.date.isoformat(), "total": cents(item.total)}


def of_run(run: Run) -> dict[str, Any] | None:
    """Return the comparison of everything stored, for a run that moved documents; None where it moved none."""
    if not run.changes.filter(entity="sale", state=Change.State.DONE).exists():
        return None
    return as_json(reconciliation(run.integration))
