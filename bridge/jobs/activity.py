"""What happened to a client's records, and what people decided, as the client's own pages tell it.

Everything starts from rows the person may see; both lists are questions to the database, paged by who shows them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from heapq import merge
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from bridge import registry
from bridge.engine.match import normal_name
from bridge.hub.models import (
    Candidate,
    Change,
    Comment,
    Conflict,
    Connection,
    Exclusion,
    Integration,
    Link,
    Membership,
    Organization,
    Question,
    Record,
    TermsAcceptance,
    User,
    ValueMap,
)
from bridge.jobs import questions, totals
from bridge.jobs.context import context_of, scope_of

DOCUMENTS = ("sale", "refund")
NAMED = 50  # people of one name whose documents are looked for

# What moved

SENT = (Change.State.DONE,)
ON_ITS_WAY = (Change.State.READY, Change.State.SENDING, Change.State.UNKNOWN)
WAITING = (Change.State.PLANNED, Change.State.HELD)
NOT_SENT = (Change.State.REJECTED,)
LEFT_OUT = (Change.State.SKIPPED,)
STATES: Mapping[str, tuple[str, ...]] = {
    "sent": SENT,
    "going": ON_ITS_WAY,
    "waiting": WAITING,
    "not_sent": NOT_SENT,
    "left_out": LEFT_OUT,
    "taken_back": (Change.State.UNDONE,),
}
SHOWN_UNASKED = (*SENT, *ON_ITS_WAY, *WAITING, *NOT_SENT, Change.State.UNDONE)
STUCK = (Change.State.HELD, Change.State.REJECTED, Change.State.UNKNOWN)  # waits for somebody


def live(user: Any, organization: Organization) -> "QuerySet[Integration]":
    """Return the pairs of an organization that are in use."""
    rows = Integration.objects.for_user(user).filter(organization=organization, left__isnull=False, right__isnull=False)
    return rows.exclude(state=Integration.State.DISCONNECTED).select_related("left", "right", "organization")


def moved(user: Any, organization: Organization) -> "QuerySet[Change]":
    """Return what moved, waits or was left out, newest first; `at` is when it was settled, else planned."""
    rows = Change.objects.for_user(user).filter(integration__organization=organization)
    rows = rows.exclude(state=Change.State.SUPERSEDED).exclude(integration__state=Integration.State.DISCONNECTED)
    return rows.annotate(at=Coalesce("settled_at", "created_at")).order_by("-at", "-pk")


def search(rows: "QuerySet[Change]", organization: Organization, text: str) -> "QuerySet[Change]":
    """Keep what has this number, name or amount; accents and case do not matter for names."""
    text = text.strip()[:100]
    found = Q(title__icontains=text) | Q(source__number__iexact=text) | Q(target__number__iexact=text)
    found |= Q(source__name__icontains=text)
    if name := normal_name(text):
        found |= Q(source__name_key__icontains=name)
        people = Record.objects.filter(
            connection__organization=organization, resource__in=_contact_resources(), name_key__icontains=name
        )
        for connection, party in people.values_list("connection_id", "remote_id")[:NAMED]:
            found |= Q(source__connection=connection, source__party=party)
    if (amount := amount_of(text)) is not None:
        found |= Q(amount=amount)
    return rows.filter(found)


def amount_of(text: str) -> Decimal | None:
    """Return an amount as people write it: 1 234,50 $ or $1,234.50; a lone 1,234 is not guessed."""
    plain = "".join(text.split()).strip("$€")
    head, comma, tail = plain.rpartition(",")
    if comma and "." not in plain and len(tail) in (1, 2) and "," not in head:
        plain = f"{head}.{tail}"
    elif comma and "." in tail:
        plain = plain.replace(",", "")
    elif comma:
        return None
    with suppress(InvalidOperation):
        value = Decimal(plain)
        return value if value.is_finite() and abs(value) < Decimal(10) ** 13 else None
    return None


def parties(changes: Iterable[Change]) -> dict[tuple[int, str], str]:
    """Return whom documents are for: names by (connection, remote id), with one question for all of them."""
    wanted: dict[int, set[str]] = {}
    for change in changes:
        if change.source is not None and change.source.party:
            wanted.setdefault(change.source.connection_id, set()).add(change.source.party)
    return names_of(wanted)


def names_of(wanted: Mapping[int, Iterable[str]]) -> dict[tuple[int, str], str]:
    """Return the names of contacts by (connection, remote id)."""
    asked = Q(pk__in=[])
    for connection, ids in wanted.items():
        asked |= Q(connection=connection, remote_id__in=list(ids))
    rows = Record.objects.filter(asked, resource__in=_contact_resources()) if wanted else Record.objects.none()
    return {(pk, remote): name for pk, remote, name in rows.values_list("connection_id", "remote_id", "name")}


def _contact_resources() -> set[str]:
    return {
        name
        for recipe in registry.recipes().values()
        for flow in recipe.flows
        if flow.entity == "contact"
        for name in (*flow.left, *flow.right)
    }


# Both sides of a month


@dataclass(frozen=True, slots=True)
class Side:
    """What one side has of a month, in one currency: documents, and what they come to, refunds taken off."""

    count: int
    total: Decimal


def client_month(organization: Organization, now: datetime | None = None) -> tuple[date, date]:
    """Return the first and last day of the month it is where the client is."""
    today = timezone.localdate(now, timezone=ZoneInfo(organization.time_zone))
    return month_of(today)


def month_of(day: date) -> tuple[date, date]:
    """Return the first and last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def has_documents(integration: Integration) -> bool:
    """Tell whether documents are kept in step here."""
    return bool(_flows(integration)) and any(flow.entity == "sale" and flow.is_on for flow in integration.flows.all())


def _flows(integration: Integration) -> list[Any]:
    return [flow for flow in registry.recipe(integration.recipe).flows if flow.entity in DOCUMENTS]


def documents(integration: Integration, side: str, first: date, last: date) -> "QuerySet[Record]":
    """Return the documents of one side between two days, as reconciliation counts them (see `totals`).

    Where documents are posted, the other side counts what was posted, and what has the number of something posted;
    the source counts all but what is meant to stay out. `is_refund` and `twinned` are told with each.
    """
    connection: Connection = getattr(integration, side)
    context, flows = context_of(integration), _flows(integration)
    where, refunds = Q(pk__in=[]), set()
    for flow in flows:
        for name in getattr(flow, side):
            where |= Q(resource=name, scope=scope_of(connection, name, context))
            refunds |= {name} if flow.entity == "refund" else set()
    rows = Record.objects.filter(
        where, connection=connection, gone=False, amount__isnull=False, date__range=(first, last)
    ).exclude(status__in=totals.NOT_LIVE)
    links = Link.objects.filter(integration=integration, entity__in=DOCUMENTS, **{side: OuterRef("pk")})
    rows = rows.annotate(
        is_refund=Case(When(resource__in=refunds, then=Value(True)), default=Value(False)), twinned=Exists(links)
    )
    if any(flow.posting for flow in flows):
        if side == totals.source_side(integration):
            rows = rows.annotate(decided=_last_state(integration))
            rows = rows.filter(Q(twinned=True) | ~Q(decided=Change.State.SKIPPED))
        else:
            same = Link.objects.filter(
                **{f"{side}__{name}": OuterRef(name) for name in ("resource", "number", "currency")},
                **{f"{side}__gone": False},
                integration=integration, entity__in=DOCUMENTS,
            )  # fmt: skip
            rows = rows.filter(Q(twinned=True) | (Exists(same) & ~Q(number="")))
    return rows


def _last_state(integration: Integration) -> Any:
    """What was last decided about a record that is not settled; "" for nothing."""
    rows = Change.objects.filter(integration=integration, entity__in=DOCUMENTS, source=OuterRef("pk"))
    rows = rows.exclude(state__in=(Change.State.DONE, Change.State.SUPERSEDED))
    return Coalesce(Subquery(rows.order_by("-pk").values("state")[:1]), Value(""))


def sums(rows: "QuerySet[Record]") -> dict[str, Side]:
    """Return count and total by currency; refunds are taken off the total."""
    found: dict[str, Side] = {}
    told = rows.order_by().values("currency", "is_refund").annotate(n=Count("pk"), money=Sum("amount"))
    for row in told:
        kept = found.get(row["currency"], Side(0, Decimal(0)))
        money = -row["money"] if row["is_refund"] else row["money"]
        found[row["currency"]] = Side(kept.count + row["n"], kept.total + money)
    return found


def per_day(rows: "QuerySet[Record]") -> dict[date, tuple[int, int]]:
    """Return, by day, how many documents are on both sides and how many are not."""
    told = rows.order_by().values("date", "twinned").annotate(n=Count("pk"))
    found: dict[date, tuple[int, int]] = {}
    for row in told:
        both, one = found.get(row["date"], (0, 0))
        found[row["date"]] = (both + row["n"], one) if row["twinned"] else (both, one + row["n"])
    return found


def newest_reading(integrations: Iterable[Integration]) -> datetime | None:
    """Return up to when all pairs in use are known to be in step; None where one never was."""
    times = [item.last_good_at for item in integrations]
    return min(times) if times and all(times) else None


# What people decided


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: when, who, which kind, and the row it is about."""

    at: datetime
    who: User | None
    kind: str
    row: Any
    count: int = 1


_Source = Callable[[Any, Organization], Iterator[Decision]]


def decisions(user: Any, organization: Organization, most: int | None = None) -> Iterator[Decision]:
    """Yield what people decided for an organization, newest first."""
    found = merge(
        *(source(user, organization) for source in SOURCES), key=lambda item: (item.at, item.kind), reverse=True
    )
    return islice(found, most) if most is not None else found


def _rows(rows: Any, at: str, who: str, kind: str) -> Iterator[Decision]:
    for row in rows.order_by(f"-{at}", "-pk").iterator(chunk_size=200):
        yield Decision(getattr(row, at), getattr(row, who), kind, row)


def _answers(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = questions.for_clients(user).filter(integration__organization=organization, answered_at__isnull=False)
    rows = rows.exclude(answer="", answered_by__isnull=True)  # withdrawn: nobody answered
    return _rows(rows.select_related("answered_by", "integration"), "answered_at", "answered_by", "answer")


def _asked(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = questions.for_clients(user).filter(integration__organization=organization)
    return _rows(rows.select_related("asked_by", "integration"), "asked_at", "asked_by", "question")


def _values(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = ValueMap.objects.for_user(user).filter(integration__organization=organization, decided_at__isnull=False)
    asked = Question.objects.filter(pk=OuterRef("question"), answered_at__isnull=False, answer=OuterRef("target_id"))
    rows = rows.exclude(Exists(asked))
    return _rows(rows.select_related("decided_by", "integration"), "decided_at", "decided_by", "value")


def _pairs(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = Candidate.objects.for_user(user).filter(integration__organization=organization, decided_at__isnull=False)
    rows = rows.filter(decision__in=(Candidate.Decision.SAME, Candidate.Decision.NEVER), decided_by__isnull=False)
    rows = rows.select_related("decided_by", "left", "right").defer("left__document", "right__document")
    return _rows(rows, "decided_at", "decided_by", "pair")


def _conflicts(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = Conflict.objects.for_user(user).filter(
        link__integration__organization=organization, decided_at__isnull=False, decided_by__isnull=False
    )
    return _rows(rows.select_related("decided_by", "link__left", "link__right"), "decided_at", "decided_by", "conflict")


def _exclusions(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = Exclusion.objects.for_user(user).filter(integration__organization=organization)
    return _rows(rows.select_related("user", "record").defer("record__document"), "made_at", "user", "left_out")


def _terms(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = TermsAcceptance.objects.for_user(user).filter(integration__organization=organization)
    return _rows(rows.select_related("user", "integration"), "accepted_at", "user", "terms")


def _comments(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = Comment.objects.for_user(user).filter(organization=organization)
    return _rows(rows.select_related("user", "question"), "made_at", "user", "comment")


def _connected(user: Any, organization: Organization) -> Iterator[Decision]:
    rows = Connection.objects.for_user(user).filter(organization=organization, connected_at__isnull=False)
    return _rows(rows.select_related("connected_by"), "connected_at", "connected_by", "connected")


def _approvals(user: Any, organization: Organization) -> Iterator[Decision]:
    """Approvals, one for each plan and person, with how many lines."""
    lines = Change.objects.for_user(user).filter(
        integration__organization=organization, approved_by__isnull=False, approved_at__isnull=False
    )
    told = lines.order_by().values("run", "approved_by").annotate(at=Max("approved_at"), n=Count("pk"))
    found = list(told.order_by("-at")[:500])
    people = User.objects.in_bulk({row["approved_by"] for row in found})
    for row in found:
        yield Decision(row["at"], people.get(row["approved_by"]), "approval", row["run"], row["n"])


SOURCES: tuple[_Source, ...] = (
    _answers, _asked, _values, _pairs, _conflicts, _exclusions, _terms, _comments, _connected, _approvals,
)  # fmt: skip


def seen_by(user: Any, organization: Organization) -> "QuerySet[Membership]":
    """Return who of the client can see its pages, managers first."""
    rows = Membership.objects.for_user(user).filter(organization=organization, user__is_active=True)
    return rows.select_related("user").order_by(F("role").asc(), "user__email")


def near_side(integration: Integration) -> str:
    """Return the side documents come from."""
    return totals.source_side(integration)
