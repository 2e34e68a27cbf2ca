"""The figures of a report, read from what is stored: what moved, both sides, what waits, what differs.

Everything is asked of the database as it stands now, in one view of it where the database can give one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Count, F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone, translation

from bridge.hub import formats, voice
from bridge.hub.models import Change, Integration, Organization
from bridge.jobs import activity, totals
from bridge.jobs.reports_data import ZERO, Cause, Differing, Moved, Pair, Sides, Told, Waiting, two
from connectors.contract import Text

LISTED = 100  # records that wait, or differ, told one by one; all of them stand on the pages
CHANGED = (Change.Action.UPDATE,)
ADDED = (Change.Action.CREATE,)
REMOVED = (Change.Action.VOID, Change.Action.REMOVE, Change.Action.MERGE)
RECOGNIZED = (Change.Action.LINK, Change.Action.FOLLOW)
WAITS = (*activity.STUCK, Change.State.PLANNED)
_CAUSE = Coalesce(NullIf(F("error_code"), Value("")), F("code"))


def gather(organization: Organization, kind: str, first: date, last: date, now: datetime | None = None) -> Told:
    """Return what there is to say of an organization between two days, both counted, in the client's time zone."""
    now = now or timezone.now()
    zone = ZoneInfo(organization.time_zone)
    pairs = Integration.objects.filter(organization=organization, left__isnull=False, right__isnull=False)
    pairs = pairs.exclude(state=Integration.State.DISCONNECTED).select_related("left", "right", "organization")
    with timezone.override(zone), one_view():
        return Told(
            organization=organization.name, time_zone=organization.time_zone, currency=organization.currency, kind=kind,
            first=first, last=last, made_at=now, is_over=last < timezone.localdate(now),
            pairs=tuple(_pair(item, first, last, zone) for item in pairs.order_by("pk")),
        )  # fmt: skip


@contextmanager
def one_view() -> Iterator[None]:
    """Let all questions see one state of the database, where nobody is kept waiting for that."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def both(words: Callable[[], str]) -> Text:
    """Return what a function says, in both languages."""
    said = []
    for language in ("en", "fr"):
        with translation.override(language):
            said.append(str(words()))
    return Text(*said)


def _pair(item: Integration, first: date, last: date, zone: ZoneInfo) -> Pair:
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    day = last + timedelta(days=1)
    end = datetime(day.year, day.month, day.day, tzinfo=zone)
    waiting = item.changes.filter(state__in=WAITS, created_at__lt=end)
    causes = _causes(waiting)
    found = Pair(
        name=both(lambda: voice.pair(item)), left=both(lambda: voice.account(item.left)),
        right=both(lambda: voice.account(item.right)), as_of=item.last_good_at,
        has_documents=activity.has_documents(item),
        moved=_moved(item.changes.filter(settled_at__gte=start, settled_at__lt=end)),
        causes=causes, waiting=_waiting(waiting), waiting_count=sum(one.count for one in causes),
    )  # fmt: skip
    if not found.has_documents or item.last_good_at is None:
        return found
    sides = _sides(item, first, last)
    compared = totals.reconciliation(item, first, last)
    return replace(
        found, sides=sides, differing=_differing(item, compared), differing_count=len(compared.differences),
        unexplained=_unexplained(sides, compared),
    )  # fmt: skip


# What moved


def _moved(changes: "QuerySet[Change]") -> tuple[Moved, ...]:
    """Return what was settled, by kind. What was undone since is told as undone, and counts as nothing else."""
    rows = changes.filter(state__in=(Change.State.DONE, Change.State.UNDONE)).order_by()
    kinds: dict[str, dict[str, Any]] = {}
    for entity, action, state, currency, count, money in (
        rows.values("entity", "action", "state", "currency")
        .annotate(n=Count("pk"), money=Sum("amount"))
        .values_list("entity", "action", "state", "currency", "n", "money")
    ):
        row = kinds.setdefault(
            entity, {"added": 0, "changed": 0, "removed": 0, "recognized": 0, "undone": 0, "amounts": {}}
        )
        row[_column(action, state)] += count
        if action in ADDED and state == Change.State.DONE and money is not None and currency:
            row["amounts"][currency] = row["amounts"].get(currency, ZERO) + money
    return tuple(
        Moved(kind=_kind(entity), **{**row, "amounts": dict(sorted(row["amounts"].items()))})
        for entity, row in sorted(kinds.items())
    )


def _column(action: str, state: str) -> str:
    if state == Change.State.UNDONE:
        return "undone"
    names = {**dict.fromkeys(ADDED, "added"), **dict.fromkeys(REMOVED, "removed")}
    return names.get(action, "recognized" if action in RECOGNIZED else "changed")


def _kind(entity: str) -> Text:
    return both(lambda: voice.kind(entity))


# What waits


def _causes(waiting: "QuerySet[Change]") -> tuple[Cause, ...]:
    """Return why records wait, the most frequent cause first; states that need no code of their own count as one."""
    rows = waiting.order_by().annotate(cause=_CAUSE).values("state", "cause", "currency")
    found: dict[tuple[str, str], tuple[int, dict[str, Decimal]]] = {}
    for row in rows.annotate(n=Count("pk"), money=Sum("amount")):
        own = row["state"] in (Change.State.PLANNED, Change.State.UNKNOWN)
        key = (row["state"] if own else Change.State.HELD, "" if own else row["cause"])
        count, amounts = found.get(key, (0, {}))
        if row["money"] is not None and row["currency"]:
            amounts = {**amounts, row["currency"]: amounts.get(row["currency"], ZERO) + row["money"]}
        found[key] = (count + row["n"], amounts)
    told = [_cause(waiting, state, code, count, amounts) for (state, code), (count, amounts) in found.items()]
    return tuple(sorted(told, key=lambda one: (-one.count, one.words.en)))


def _cause(waiting: "QuerySet[Change]", state: str, code: str, count: int, amounts: dict[str, Decimal]) -> Cause:
    change = Change(state=state, code=code)
    if count == 1 and code:
        # Of a single record its own words are told, names and all.
        change = waiting.annotate(cause=_CAUSE).filter(cause=code).first() or change
    words, cure, who = _why(change)
    return Cause(words, cure, who, count, dict(sorted(amounts.items())))


def _why(change: Change) -> tuple[Text, Text, str]:
    return _reason(lambda: voice.why(change))


def _reason(ask: Callable[[], voice.Told | None]) -> tuple[Text, Text, str]:
    """Return a reason in both languages, and who acts; nothing where there is none."""
    told = ask()
    if told is None:
        return Text("", ""), Text("", ""), voice.OFFICE
    return both(lambda: getattr(ask(), "words", "")), both(lambda: getattr(ask(), "cure", "")), told.who


def _waiting(waiting: "QuerySet[Change]") -> tuple[Waiting, ...]:
    heavy = ("before", "after", "sent", "trace", "payload", "source__document")
    found = []
    for change in waiting.select_related("source").defer(*heavy).order_by("-pk")[:LISTED]:
        source = change.source
        words, _cure, who = _why(change)
        found.append(
            Waiting(
                kind=_kind(change.entity), name=change.title or (source.name if source else ""),
                number=source.number if source else "", date=source.date if source else None, amount=change.amount,
                currency=change.currency, words=words, who=who,
            )
        )  # fmt: skip
    return tuple(found)


# Both sides


def _sides(item: Integration, first: date, last: date) -> tuple[Sides, ...]:
    left = activity.sums(activity.documents(item, "left", first, last))
    right = activity.sums(activity.documents(item, "right", first, last))
    none = activity.Side(0, ZERO)
    found = []
    for currency in sorted({*left, *right}):
        one, other = left.get(currency, none), right.get(currency, none)
        found.append(Sides(currency, one.count, one.total, other.count, other.total))
    return tuple(found)


def _unexplained(sides: tuple[Sides, ...], compared: Any) -> dict[str, Decimal]:
    """Return what the documents that differ do not make up of the difference; {} as it should be."""
    rest = {one.currency: one.difference for one in sides}
    for item in compared.differences:
        rest[item.currency] = rest.get(item.currency, ZERO) - item.net
    return {currency: amount for currency, amount in sorted(rest.items()) if amount}


def _differing(item: Integration, compared: Any) -> tuple[Differing, ...]:
    far = item.right if totals.source_side(item) == "left" else item.left
    params = totals.reasons(item, compared)
    found = []
    for one in compared.differences[:LISTED]:
        document = one.left or one.right
        why, _cure, who = _reason(partial(_said, one, params.get(document.remote_id) or {}))
        found.append(
            Differing(
                what=both(partial(_what, one.kind, far)),
                number=document.number, date=document.date, left=one.left.total if one.left else None,
                right=one.right.total if one.right else None, amount=one.net, currency=one.currency, why=why, who=who,
            )
        )  # fmt: skip
    return tuple(found)


def _what(kind: str, far: Any) -> str:
    return voice.difference(kind, voice.system(far))


def _said(one: Any, params: dict[str, Any]) -> voice.Told | None:
    """Return why a document differs; by how much is said in the formats of the language now spoken."""
    by = one.tax if one.code == "RECON-TAX" else one.amount
    return voice.reason(one.code, {**one.params, "amount": formats.money(two(abs(by)), one.currency), **params})
