"""Reconciliation from what is stored: both sides per day, kind and currency, to the cent."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q

from bridge import registry
from bridge.engine.reconcile import Difference, Document, Reconciliation, reconcile
from bridge.engine.taxkeys import TaxKeys
from bridge.hub.models import Change, Connection, Flow, Integration, Link, Run
from bridge.hub.models import Record as Row
from bridge.jobs import rates
from bridge.jobs.context import context_of, scope_of
from connectors.contract import RecipeFlow, freeze

ZERO = Decimal(0)
AROUND = timedelta(days=7)  # documents a little beyond the period show a wrong date as what it is
NOT_LIVE = {"void", "cancelled", "draft", "deleted"}
SHOWN = 200


ENTITIES = ("sale", "refund")
Numbers = Mapping[tuple[bool, str, str], str]  # whether a refund, number and currency -> kind


def source_side(integration: Integration) -> str:
    """Return the side sales come from: what is missing, or twice, is so on the other one."""
    flow = next((item for item in integration.flows.all() if item.entity == "sale"), None)
    return "right" if flow is not None and flow.direction == Flow.Direction.LEFT else "left"


def reconciliation(
    integration: Integration, start: date | None = None, end: date | None = None, *, one_by_one: bool = False
) -> Reconciliation:
    """Compare both sides' documents between two days, both counted (None: all that is stored). `one_by_one`: their
    taxes too, where the books tell them; every document is read for that.

    Left is left, whichever way sales go; "missing", "extra" and "doubled" are said of the side they go to. A document
    without a twin is of the kind its number has at the source, so that one booked twice is seen as that.
    """
    near = source_side(integration)
    far = "left" if near == "right" else "right"
    flows = [flow for flow in registry.recipe(integration.recipe).flows if flow.entity in ENTITIES]
    twins, kinds = _links(integration, near, far, start, end)
    context = context_of(integration)
    keys = rates.keys_of(integration) if one_by_one else None

    def documents(side: str, kinds: dict[str, str], numbers: Numbers) -> list[Document]:
        connection = getattr(integration, side)
        return [
            item for flow in flows
            for item in _documents(connection, flow, getattr(flow, side), context, kinds, numbers, start, end, keys)
        ]  # fmt: skip

    sources = documents(near, {}, {})
    # Orders and refunds are numbered apart, and often alike.
    numbers = {(item.is_refund, item.number, item.currency): item.kind for item in sources if item.number}
    targets = documents(far, kinds, numbers)
    held, out = _held(integration)
    if any(flow.posting for flow in flows):
        sources = [item for item in sources if item.remote_id in twins or item.remote_id not in out]
        targets = _posted(targets, set(twins.values()))
    found = reconcile(sources, targets, twins, held, (start or date.min, end or date.max))
    return found if near == "left" else _turned(found)


def _turned(found: Reconciliation) -> Reconciliation:
    """Return a comparison with its sides changed about: differences are left less right again."""
    return Reconciliation(
        days=tuple(replace(day, left=day.right, right=day.left) for day in found.days),
        differences=tuple(
            replace(item, left=item.right, right=item.left, amount=-item.amount, tax=-item.tax)
            for item in found.differences
        ),
        balance={currency: -amount for currency, amount in found.balance.items()},
        tax_balance={currency: -amount for currency, amount in found.tax_balance.items()},
        unexplained={currency: -amount for currency, amount in found.unexplained.items()},
        taxes=tuple(
            replace(item, left_count=item.right_count, left=item.right, right_count=item.left_count, right=item.left)
            for item in found.taxes
        ),
    )


def _links(
    integration: Integration, near: str, far: str, start: date | None, end: date | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return, by key of a source document, its twin, and by key of that the source's kind; of a period just the links
    with an end in it.
    """
    twins: dict[str, str] = {}
    kinds: dict[str, str] = {}
    links = Link.objects.filter(integration=integration, entity__in=ENTITIES)
    if start and end:
        window = (start - AROUND, end + AROUND)
        links = links.filter(Q(**{f"{near}__date__range": window}) | Q(**{f"{far}__date__range": window}))
    pairs = links.values_list(f"{near}__resource", f"{near}__remote_id", f"{far}__resource", f"{far}__remote_id")
    for resource, remote_id, twin_resource, twin_id in pairs.iterator(chunk_size=5000):
        twins[f"{resource}:{remote_id}"] = f"{twin_resource}:{twin_id}"
        kinds[f"{twin_resource}:{twin_id}"] = resource
    return twins, kinds


def _posted(targets: list[Document], written: set[str]) -> list[Document]:
    """Return what was posted, and what has the number of something posted: the books' other documents are their own."""

    def same(item: Document) -> tuple[str, str, str]:
        return item.remote_id.partition(":")[0], item.number, item.currency

    kinds = {same(item): item.kind for item in targets if item.remote_id in written and item.number}
    return [
        item if item.remote_id in written else replace(item, kind=kinds[same(item)])
        for item in targets
        if item.remote_id in written or same(item) in kinds
    ]


def _held(integration: Integration) -> tuple[dict[str, str], set[str]]:
    """Return the reason each document waits for, by its key, and the documents that are not meant to go."""
    held: dict[str, str] = {}
    out: set[str] = set()
    waiting = Change.objects.filter(integration=integration, entity__in=ENTITIES, source__isnull=False).order_by("id")
    for resource, remote_id, state, code, error in waiting.exclude(
        state__in=(Change.State.DONE, Change.State.SUPERSEDED)
    ).values_list("source__resource", "source__remote_id", "state", "code", "error_code"):
        key = f"{resource}:{remote_id}"
        out.discard(key)
        if state == Change.State.SKIPPED:
            out.add(key)
        if state != Change.State.PLANNED:
            held[key] = error or code
    return held, out


def _documents(
    connection: Connection | None,
    flow: RecipeFlow,
    resources: tuple[str, ...],
    context: Any,
    kinds: dict[str, str],
    numbers: Numbers,
    start: date | None,
    end: date | None,
    keys: TaxKeys | None,
) -> Iterator[Document]:
    if connection is None:
        return
    is_refund = flow.entity == "refund"
    first, last = start or date.min, end or date.max
    for name in resources:
        scope = scope_of(connection, name, context)
        rows = Row.objects.filter(
            connection=connection, resource=name, scope=scope, gone=False, amount__isnull=False, date__isnull=False
        )
        if start:
            rows = rows.filter(date__gte=start - AROUND)
        if end:
            rows = rows.filter(date__lte=end + AROUND)
        resource = registry.connector(connection.vendor).resource(name)
        columns = ["remote_id", "date", "currency", "amount", "tax", "number", "status"]
        found = rows.values_list(*columns, *(["document"] if keys else []))
        for remote_id, day, currency, amount, tax, number, status, *more in found.iterator(chunk_size=2000):
            key = f"{name}:{remote_id}"
            yield Document(
                date=day, kind=kinds.get(key) or numbers.get((is_refund, number, currency)) or name, currency=currency,
                total=amount, tax=tax or ZERO, number=number, remote_id=key,
                state="void" if status in NOT_LIVE else "live", is_refund=is_refund,
                rates=rates.of(resource, more[0], keys) if keys and tax and first <= day <= last else (),
            )  # fmt: skip


def month(integration: Integration, year: int, number: int) -> Reconciliation:
    """Compare one calendar month."""
    first = date(year, number, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return reconciliation(integration, first, last, one_by_one=True)


def reasons(integration: Integration, found: Reconciliation) -> dict[str, Any]:
    """Return what fills the sentence of each held document's reason, by its key."""
    near = source_side(integration)
    keys = {item.remote_id for one in found.differences[:SHOWN] if (item := getattr(one, near))}
    changes = Change.objects.filter(
        integration=integration, entity__in=ENTITIES,
        source__resource__in={key.partition(":")[0] for key in keys},
        source__remote_id__in={key.partition(":")[2] for key in keys},
    ).order_by("id")  # fmt: skip
    columns = ("source__resource", "source__remote_id", "params", "error_code", "error_params")
    return {
        f"{resource}:{remote_id}": error_params if error else params
        for resource, remote_id, params, error, error_params in changes.values_list(*columns)
    }


def as_json(found: Reconciliation, told: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a comparison as plain data: totals by kind and currency, uneven days, what makes up each difference.

    `told`: see `reasons`.
    """
    known = told or {}

    def params(item: Difference) -> Any:
        keys = [one.remote_id for one in (item.left, item.right) if one]
        return freeze({**item.params, **next((known[key] for key in keys if known.get(key)), {})})

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
             "params": params(item), "left": _named(item.left), "right": _named(item.right)}
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
    found = reconciliation(run.integration)
    return as_json(found, reasons(run.integration, found))
