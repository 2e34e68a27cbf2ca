"""Clearing accounts from what is stored: what the source's payments put in each, and what the books have there."""

from collections.abc import Iterator, Mapping, Set
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Q

from bridge import registry
from bridge.engine.clearing import Account, Movement, clearing
from bridge.hub.models import Connection, Integration, Link
from bridge.hub.models import Record as Row
from bridge.jobs import values
from bridge.jobs.context import context_of, facts_of, scope_of
from bridge.jobs.totals import AROUND, NOT_LIVE
from connectors.contract import Record, Ref

MAP = "payment_method"  # the kind of value map whose targets are the accounts money passes through
LINKED = ("payment", "refund", "sale")


class Told(NamedTuple):
    """One document: its key, date, currency (the company's own where it names none) and canonical record."""

    key: str
    date: date
    currency: str
    record: Record


def accounts(integration: Integration, year: int, month: int) -> tuple[Account, ...]:
    """Compare one calendar month; () for an integration that books no payments, or maps their methods to no account."""
    if not any(item.kind == MAP for item in values.kinds(integration)):
        return ()
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    spec = values.kind_of(integration, MAP)
    near, far = ("right", "left") if spec.side == "left" else ("left", "right")
    chosen = dict(integration.value_maps.filter(kind=MAP, confirmed=True).values_list("source_key", "target_id"))
    window = (first - AROUND, last + AROUND)
    twins = _twins(integration, near, far, window)
    booked = list(_booked(integration, far, window))
    expected = list(_expected(integration, near, window, chosen))
    expected += _paid_back(integration, near, window, chosen, twins, {item.remote_id for item in booked})
    return clearing(expected, booked, twins, (first, last))


def sides(integration: Integration) -> tuple[Connection | None, Connection | None]:
    """Return the account that takes payments and the one that books them."""
    return values.ends(integration, values.kind_of(integration, MAP))


def names(integration: Integration) -> dict[str, str]:
    """Return what the accounts are called; "" is where methods without an account would go."""
    return {item.id: item.label for item in values.targets(integration, MAP)}


def _pays_apart(integration: Integration) -> bool:
    """Tell whether payments are records of their own; else the sales say how they were paid."""
    return integration.flows.filter(entity="payment", is_on=True).exists()


def _expected(
    integration: Integration, side: str, window: tuple[date, date], chosen: Mapping[str, str]
) -> Iterator[Movement]:
    """Yield what came in: payments, or sales where those are booked with their payment."""
    if _pays_apart(integration):
        for told in _told(integration, side, "payment", window):
            given = told.record.values
            yield from _movement(told, given.get("total"), given.get("method"), chosen)
    else:
        for told in _told(integration, side, "sale", window):
            given = told.record.values
            yield from _movement(told, given.get("paid", given.get("total")), given.get("payment_method"), chosen)


def _paid_back(
    integration: Integration, side: str, window: tuple[date, date], chosen: Mapping[str, str],
    twins: Mapping[str, str], booked: Set[str],
) -> Iterator[Movement]:  # fmt: skip
    """Yield what went out: refunds booked with an account, and those paid back that are not booked. A credit moves
    no money.
    """
    for told in _told(integration, side, "refund", window):
        given = told.record.values
        if twins[told.key] in booked if told.key in twins else given.get("online"):
            method = given.get("method") or _method_of_sale(integration, side, told.record)
            yield from _movement(told, -(given.get("total") or 0), method, chosen)


def _movement(told: Told, amount: Any, method: Any, chosen: Mapping[str, str]) -> Iterator[Movement]:
    if amount:
        account = chosen.get(str(method or "none"), "")
        yield Movement(account, told.currency, told.date, amount, _number(told.record), told.key)


def _booked(integration: Integration, side: str, window: tuple[date, date]) -> Iterator[Movement]:
    for entity, sign in (("payment", 1), ("sale", 1), ("refund", -1)):
        for told in _told(integration, side, entity, window):
            account, total = told.record.values.get("account_id"), told.record.values.get("total")
            if account and total:
                yield Movement(str(account), told.currency, told.date, sign * total, _number(told.record), told.key)


def _told(integration: Integration, side: str, entity: str, window: tuple[date, date]) -> Iterator[Told]:
    """Yield the living dated records of one side and entity, those of flows that are off too: they may be booked."""
    connection = getattr(integration, side)
    context = context_of(integration)
    facts = facts_of(connection) if connection else {}
    home = str(facts.get("home_currency") or facts.get("currency") or "")
    flow = next((item for item in registry.recipe(integration.recipe).flows if item.entity == entity), None)
    for name in getattr(flow, side) if connection and flow else ():
        resource = registry.connector(connection.vendor).resource(name)
        rows = Row.objects.filter(
            connection=connection, resource=name, scope=scope_of(connection, name, context), gone=False,
            date__range=window, amount__isnull=False,
        ).exclude(status__in=NOT_LIVE)  # fmt: skip
        for row in rows.only("remote_id", "document", "date").order_by("id").iterator(chunk_size=500):
            try:
                record = resource.parse(row.document)
            except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
                continue  # planning says so, with the record's name
            yield Told(f"{name}:{row.remote_id}", row.date, record.values.get("currency") or home, record)


def _number(record: Record) -> str:
    return str(record.values.get("number") or "")


def _method_of_sale(integration: Integration, side: str, record: Record) -> Any:
    """A refund goes back the way the sale was paid, where it says nothing else."""
    ref = record.values.get("sale")
    if not isinstance(ref, Ref):
        return None
    connection = getattr(integration, side)
    row = Row.objects.filter(connection=connection, resource=ref.resource, remote_id=ref.remote_id).first()
    resource = registry.connector(connection.vendor).resource(ref.resource)
    return resource.parse(row.document).values.get("payment_method") if row else None


def _twins(integration: Integration, near: str, far: str, window: tuple[date, date]) -> dict[str, str]:
    """Return which booked movement stands for which expected one; a payment booked with its sale goes by the sale."""
    links = Link.objects.filter(integration=integration, entity__in=LINKED)
    links = links.filter(Q(**{f"{near}__date__range": window}) | Q(**{f"{far}__date__range": window}))
    found: dict[str, str] = {}
    for resource, one, other_resource, other in links.values_list(
        f"{near}__resource", f"{near}__remote_id", f"{far}__resource", f"{far}__remote_id"
    ).iterator(chunk_size=5000):
        found[f"{resource}:{one}"] = f"{other_resource}:{other}"
    if _pays_apart(integration):
        for told in _told(integration, near, "payment", window):
            ref = told.record.values.get("sale")
            twin = found.get(f"{ref.resource}:{ref.remote_id}") if isinstance(ref, Ref) else None
            if twin and told.key not in found:
                found[told.key] = twin
    return found
