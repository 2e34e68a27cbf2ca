"""Why did this one (not) go through? Everything known of a record, and what the next run would do with it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from bridge import registry
from bridge.engine.model import Decision
from bridge.engine.plan import plan_pair
from bridge.hub.models import Change, Connection, Integration, Link, Record, Run, User, VendorCall
from bridge.jobs import store
from bridge.jobs.account import opened
from bridge.jobs.context import context_of, pin
from bridge.jobs.plan import Desk, refs_of, towards
from bridge.jobs.records import touch
from connectors.contract import SyncError, freeze


@dataclass(frozen=True, slots=True)
class ChainItem:
    """One record this one stands on, or that stands on it, with its state."""

    entity: str
    record: Record | None
    label: str
    state: str
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Why:
    """Everything a person needs to understand one record."""

    record: Record
    links: Sequence[Link]
    chain: Sequence[ChainItem]
    changes: Sequence[Change]
    next: Sequence[tuple[Integration, Decision]]
    calls: Sequence[VendorCall]


def why(record: Record) -> Why:
    """Return links, chain, decisions, the next run's effect and the calls made for a record."""
    links = list(Link.objects.filter(Q(left=record) | Q(right=record)).select_related("left", "right", "integration"))
    changes = list(
        Change.objects.filter(Q(source=record) | Q(target=record))
        .select_related("run", "approved_by", "integration", "connection", "target", "source")
        .order_by("-id")[:50]
    )
    return Why(record, links, _chain(record, links), changes, _next(record), _calls(changes))


def _integrations(record: Record) -> list[Integration]:
    connection = record.connection
    return list(
        Integration.objects.filter(Q(left=connection) | Q(right=connection))
        .exclude(state=Integration.State.DISCONNECTED)
        .select_related("left", "right", "organization")
    )


def _next(record: Record) -> list[tuple[Integration, Decision]]:
    """Ask the pure planner what it would decide now, with the rules as they are now. Writes nothing."""
    found = []
    for integration in _integrations(record):
        if integration.left is None or integration.right is None:
            continue
        toward = "right" if integration.left_id == record.connection_id else "left"
        entity = _entity(integration, record, "left" if toward == "right" else "right")
        flow = integration.flows.filter(entity=entity, is_on=True).first() if entity else None
        if flow is None or toward not in towards(flow.direction):
            continue
        run = Run(integration=integration, pinned=pin(integration))
        desk = Desk(run, flow, toward)
        pairs, by_key = desk.pairs([record])
        for pair in pairs:
            decision = plan_pair(pair, desk.spec)
            rows = desk._parents_known([(record, decision)])
            found.append((integration, desk._with_parents(record, desk._why_missing(rows[0][1]))))
    return found


def _entity(integration: Integration, record: Record, side: str) -> str | None:
    recipe = registry.recipe(integration.recipe)
    for flow in recipe.flows:
        if record.resource in getattr(flow, side):
            return flow.entity
    return None


def _chain(record: Record, links: Sequence[Link]) -> list[ChainItem]:
    """Follow the records this one names (customer, items), and show where each stands."""
    resource = registry.connector(record.connection.vendor).resource(record.resource)
    try:
        values = freeze(resource.parse(record.document).values) or {}
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return []
    named = {(ref["resource"], ref["id"], ref["ref"]) for ref in refs_of(values)}
    for line in values.get("lines") or []:
        if isinstance(line, Mapping):
            named |= {(ref["resource"], ref["id"], ref["ref"]) for ref in refs_of(line)}
    items = []
    for name, remote_id, entity in sorted(named):
        row = Record.objects.filter(connection=record.connection, resource=name, remote_id=remote_id).first()
        items.append(_chain_item(entity, row, remote_id))
    items.append(_chain_item(resource.entity, record, record.remote_id))
    return items


def _chain_item(entity: str, row: Record | None, remote_id: str) -> ChainItem:
    if row is None:
        return ChainItem(entity, None, remote_id, "unknown")
    if Link.objects.filter(Q(left=row) | Q(right=row)).exists():
        return ChainItem(entity, row, str(row), "linked")
    last = Change.objects.filter(source=row).order_by("-id").first()
    if last is None:
        return ChainItem(entity, row, str(row), "new")
    return ChainItem(entity, row, str(row), last.state, last.reason, last.error_params or last.params)


def _calls(changes: Sequence[Change]) -> list[VendorCall]:
    """Return the calls made while this record's changes were under way, masked as all calls are."""
    found: list[VendorCall] = []
    for change in changes[:5]:
        if change.claimed_at and change.settled_at:
            found += VendorCall.objects.filter(
                run=change.run, connection=change.connection,
                started_at__gte=change.claimed_at, started_at__lte=change.settled_at,
            ).order_by("started_at")[:10]  # fmt: skip
    return found


def unlink(link: Link, user: User | None) -> None:
    """Part two records; both stay as they are, and the next run looks at the source again."""
    ids = [link.left_id, link.right_id]
    link.delete()
    _touch(ids)


def relink(link: Link, other: Record, user: User | None) -> Link:
    """Let the left record stand for another one on the right."""
    link.right = other
    link.sent, link.kept = {}, {}
    link.made_by, link.made_by_user, link.why = Link.Maker.PERSON, user, "person"
    link.save()
    _touch([link.left_id])
    return link


def fetch_again(record: Record) -> Record | None:
    """Read one record anew from its vendor; None where it is not there any more."""
    connection = record.connection
    resource = registry.connector(connection.vendor).resource(record.resource)
    if resource.fetch is None:
        return record
    integration = next(iter(_integrations(record)), None)
    context = context_of(integration) if integration else {}
    try:
        with opened(connection, context) as (api, _):
            raw = resource.fetch(api, record.remote_id)
    except SyncError as error:
        if error.then == "reject":
            return None
        raise
    row = store.remember(connection, resource, record.scope, raw)
    _touch([record.pk])
    return row


def _touch(ids: list[int]) -> None:
    from django.db import transaction

    with transaction.atomic():
        touch(ids)


def find(user: Any, text: str, most: int = 50) -> dict[str, list[Any]]:
    """Find records, runs and connections by number, name, e-mail, amount or id, within what a person may see."""
    from decimal import Decimal, InvalidOperation

    from bridge.engine.match import normal_email, normal_name

    text = text.strip()
    if not text:
        return {"records": [], "runs": [], "connections": []}
    condition = Q(number__iexact=text) | Q(remote_id=text) | Q(name__icontains=text)
    if email := normal_email(text):
        condition |= Q(email_key=email)
    if name := normal_name(text):
        condition |= Q(name_key__icontains=name)
    plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").strip("$")
    with suppress(InvalidOperation):
        condition |= Q(amount=Decimal(plain.replace(",", ".") if plain.count(",") == 1 else plain))
    runs = Run.objects.for_user(user).filter(pk=int(text.lstrip("#"))) if text.lstrip("#").isdigit() else []
    return {
        "records": list(Record.objects.for_user(user).filter(condition).select_related("connection__organization")
                        .defer("document").order_by("-id")[:most]),
        "runs": list(runs)[:10],
        "connections": list(Connection.objects.for_user(user).filter(
            Q(account_name__icontains=text) | Q(account_id=text))[:10]),
    }  # fmt: skip
