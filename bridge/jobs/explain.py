"""Why did this one (not) go through? Everything known of a record, and what the next run would do with it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q

from bridge import registry
from bridge.engine.match import normal_email, normal_name
from bridge.engine.model import Decision
from bridge.engine.plan import plan_pair
from bridge.hub.models import Change, Connection, Integration, Link, Record, Run, User, VendorCall
from bridge.jobs import store
from bridge.jobs.account import opened
from bridge.jobs.context import context_of, pin
from bridge.jobs.merged import absorbed
from bridge.jobs.plan import Desk, refs_of, towards
from bridge.jobs.records import touch
from bridge.jobs.two_way import make_moot
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
    """Return links, chain, decisions, the next run's effect and the calls made for a record.

    What was decided about records merged into it is part of its history.
    """
    family = [record.pk, *absorbed([record.pk])[record.pk]]
    links = list(Link.objects.filter(Q(left=record) | Q(right=record)).select_related("left", "right", "integration"))
    changes = list(
        Change.objects.filter(Q(source__in=family) | Q(target__in=family))
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


def relink(link: Link, other: Record, user: User | None) -> Link:
    """Let the left record stand for another one on the right."""
    link.right = other
    link.sent, link.kept = {}, {}
    link.made_by, link.made_by_user, link.why = Link.Maker.PERSON, user, "person"
    link.save()
    make_moot(link.conflicts.filter(settled_at__isnull=True), "relinked")  # it was about the other record
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


MOST_LOOKED_AT = 2000  # of those that answer to one name; beyond that a search is no search


def find(user: Any, text: str, most: int = 50) -> dict[str, list[Any]]:
    """Find records, runs and connections by number, name, e-mail, amount or id, within what a person may see."""
    text = text.strip()
    if not text:
        return {"records": [], "runs": [], "connections": []}
    found: set[int] = set()
    # One question for each way to name a record, each along its own index: all at once would look at every record, and
    # so would asking for the newest first.
    connections = list(Connection.objects.for_user(user).values_list("pk", flat=True))
    for condition in _ways(text, connections):
        rows = Record.objects.for_user(user).filter(condition).order_by()
        found.update(rows.values_list("pk", flat=True)[:MOST_LOOKED_AT])
    newest = sorted(found, reverse=True)[:most]
    records = Record.objects.filter(pk__in=newest).select_related("connection__organization").defer("document")
    runs = Run.objects.for_user(user).filter(pk=int(text.lstrip("#"))) if text.lstrip("#").isdecimal() else []
    return {
        "records": list(records.order_by("-id")),
        "runs": list(runs)[:10],
        "connections": list(Connection.objects.for_user(user).filter(
            Q(account_name__icontains=text) | Q(account_id=text))[:10]),
    }  # fmt: skip


def _ways(text: str, connections: Sequence[int]) -> Iterator[Q]:
    """Yield each way in which records may be meant by a text."""
    yield Q(number__in={text, text.upper(), text.lower()})
    yield Q(remote_id=text)
    if email := normal_email(text):
        yield Q(email_key=email)
    # Names are looked for by parts, which need letters to tell anything.
    if len(name := normal_name(text)) >= 3 and any(sign.isalpha() for sign in name):
        yield Q(name_key__contains=name) & ~Q(name_key="")
        yield Q(name__iregex=loosely(text), connection__in=connections, resource__in=_named_resources())
    plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").strip("$")
    with suppress(InvalidOperation):
        yield Q(amount=Decimal(plain.replace(",", ".") if plain.count(",") == 1 else plain))


def _spellings() -> dict[str, str]:
    found: dict[str, str] = {}
    for sign in map(chr, range(0xC0, 0x180)):  # the accented letters of Latin scripts
        base = unicodedata.normalize("NFKD", sign)[0].lower()
        if base.isascii() and base.isalpha():
            found[base] = found.get(base, base + base.upper()) + sign
    return found


_SPELLINGS = _spellings()


def loosely(text: str) -> str:
    """Return a pattern, for both databases, of a text whatever its accents, case, blanks and apostrophes."""
    unaccented = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    parts = []
    for sign in " ".join(unaccented.split()):
        if unicodedata.combining(sign):
            continue
        if sign == " ":
            parts.append("[\\s\u00a0\u202f]+")
        elif sign in "'’":
            parts.append("['’]")
        else:
            parts.append(f"[{_SPELLINGS[sign]}]" if sign in _SPELLINGS else re.escape(sign))
    pattern = "".join(parts)
    for letters, joined in (("oe", "œŒ"), ("ae", "æÆ")):
        both = f"[{_SPELLINGS[letters[0]]}][{_SPELLINGS[letters[1]]}]"
        pattern = pattern.replace(both, f"(?:{both}|[{joined}])")
    return pattern


def _named_resources() -> set[str]:
    """Return the resources whose records go by a name of their own and have no match key made of it."""
    return {
        resource.name for connector in registry.connectors().values() for resource in connector.resources
        if resource.entity in ("product", "shop", "deal")
    }  # fmt: skip
