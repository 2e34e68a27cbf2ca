"""Deciding about records that may be the same: linked, kept apart for good, put off, taken back, split again.

A decision is claimed by a filtered UPDATE, so of two people who decide at once one is told that the other was faster.
Nothing here speaks to a vendor; what a decision changes is planned by the next run, as all writes are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from bridge.engine.match import Part, compare, score
from bridge.hub.models import Candidate, Change, Double, Integration, Link, Run, User
from bridge.hub.models import Record as Row
from bridge.jobs import runs
from bridge.jobs.merged import absorbed
from bridge.jobs.records import parsed, touch
from connectors.contract import SettingInvalid, SyncError

Decision = Candidate.Decision
Pair = Candidate | Double

WAITING = (Decision.OPEN, Decision.LATER)
PUT_OFF = timedelta(days=30)
AT_ONCE = 500  # decided by one press; more would keep the page waiting
DOCUMENTS = ("sale", "payment", "refund")
_SENDING = (Change.State.SENDING, Change.State.UNKNOWN)
_NOT_SENT = (Change.State.PLANNED, Change.State.READY, Change.State.HELD, Change.State.REJECTED)


# comparing


def compared(left: Row, right: Row) -> tuple[tuple[Part, ...], Decimal] | None:
    """Return the parts of two records as they are now and their score; None where one cannot be read."""
    one, other = parsed(left), parsed(right)
    if one is None or other is None:
        return None
    parts = compare(one, other)
    return parts, Decimal(str(score(parts)))


def stored_parts(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Return parts as they are kept: weights as text, for nothing stored is a float."""
    return [
        {"name": part.name, "left": part.left, "right": part.right, "weight": str(round(part.weight, 3)),
         "note": part.note}
        for part in parts
    ]  # fmt: skip


def suspect(left: Row, right: Row, entity: str) -> Double | None:
    """Put two records of one account before a person; None where that makes no sense. Decided ones stay decided."""
    one, other = sorted((left, right), key=lambda row: row.pk)
    same_place = (one.connection_id, one.resource, one.scope) == (other.connection_id, other.resource, other.scope)
    if one.pk == other.pk or not same_place or any(row.gone or row.merged_into for row in (one, other)):
        return None
    known = Double.objects.filter(left=one, right=other).first()
    if known:
        return known
    parts, points = compared(one, other) or ((), Decimal(0))
    made, _ = Double.objects.get_or_create(
        left=one,
        right=other,
        defaults={
            "connection_id": one.connection_id, "entity": entity, "score": points, "parts": stored_parts(parts),
        },
    )  # fmt: skip
    return made


# deciding


def decide(pair: Pair, decision: str, user: User | None, until: date | None = None) -> None:
    """Keep a person's decision about two records: "same" links them, "never" is for good, "later" is asked again.

    SettingInvalid: somebody was faster, or the two cannot be linked any more. Two records of one account are not
    linked but merged, see `merging.merge`.
    """
    if decision not in (Decision.SAME, Decision.NEVER, Decision.LATER):
        raise ValueError(decision)
    if decision == Decision.SAME and isinstance(pair, Double):
        raise SettingInvalid("MERGE-SURVIVOR")
    with transaction.atomic():
        claim(pair)
        if isinstance(pair, Candidate) and decision == Decision.SAME:
            _link(pair, user)
        keep(pair, decision, user, until or (timezone.localdate() + PUT_OFF))
        if isinstance(pair, Candidate) and decision != Decision.LATER:
            if decision == Decision.SAME:
                _settle_rivals(pair, user)
            touch([pair.left_id, pair.right_id])


def claim(pair: Pair) -> None:
    """Take hold of a pair nobody has decided; call inside a transaction. SettingInvalid: someone was faster."""
    rows = type(pair).objects.filter(pk=pair.pk, decision__in=WAITING)
    if not rows.update(decided_at=timezone.now()):
        now = type(pair).objects.filter(pk=pair.pk).select_related("decided_by").first()
        raise SettingInvalid(
            "DUPLICATE-DECIDED",
            params={"who": str((now and now.decided_by) or "–"), "what": now.get_decision_display() if now else "–"},
        )


def keep(pair: Pair, decision: str, user: User | None, until: date | None = None) -> None:
    """Write a decision down, with who took it: saved row by row, so that the history has it."""
    pair.decision, pair.decided_by, pair.decided_at = decision, user, timezone.now()
    pair.until = until if decision == Decision.LATER else None
    pair.save(update_fields=["decision", "decided_by", "decided_at", "until"])


def _link(pair: Candidate, user: User | None) -> Link:
    """Link the two; a shared link of the very same two becomes their own."""
    rows = Row.objects.in_bulk([pair.left_id, pair.right_id])
    if any(row.gone or row.merged_into for row in rows.values()):
        raise SettingInvalid("DUPLICATE-GONE", params={"name": _name_of_gone(rows.values())})
    links = Link.objects.filter(integration=pair.integration_id)
    taken = (
        links.filter(Q(left=pair.left_id) | Q(right=pair.right_id), shared=False)
        .exclude(left=pair.left_id, right=pair.right_id)
        .select_related("left", "right")
        .first()
    )
    if taken:
        raise SettingInvalid("DUPLICATE-TAKEN", params={"left": str(taken.left), "right": str(taken.right)})
    by = {"made_by": Link.Maker.PERSON, "made_by_user": user, "why": "person", "shared": False}
    try:
        with transaction.atomic():
            made, fresh = links.get_or_create(
                integration_id=pair.integration_id, left_id=pair.left_id, right_id=pair.right_id,
                defaults={"entity": pair.entity, **by},
            )  # fmt: skip
            if not fresh and made.shared:
                links.filter(pk=made.pk).update(**by)
    except IntegrityError as error:
        raise SettingInvalid("DUPLICATE-TAKEN", params={"left": str(pair.left), "right": str(pair.right)}) from error
    return made


def _name_of_gone(rows: Iterable[Row]) -> str:
    return next((str(row) for row in rows if row.gone or row.merged_into), "")


def _settle_rivals(pair: Candidate, user: User | None) -> None:
    """Other candidates of the two are answered too; what they propose may be the same thing twice in one account."""
    for other in _others(pair).filter(decision__in=WAITING).select_related("left__connection", "right__connection"):
        keep(other, Decision.MOOT, user)
        if other.left_id == pair.left_id:
            suspect(pair.right, other.right, pair.entity)
        else:
            suspect(pair.left, other.left, pair.entity)


def _others(pair: Candidate) -> Any:
    near = Q(left=pair.left_id) | Q(right=pair.right_id)
    return Candidate.objects.filter(near, integration=pair.integration_id).exclude(pk=pair.pk)


def replan(integration: Integration, user: User | None) -> Run | None:
    """Begin the run that plans what was decided; None where one is open: what was touched waits for the next one."""
    try:
        return runs.start(integration, "person", user)
    except SettingInvalid:
        return None


@dataclass(slots=True)
class Decided:
    """What became of many pairs decided at once: how many, and which were refused, with code and params."""

    count: int = 0
    refused: list[tuple[Pair, str, dict[str, object]]] = field(default_factory=list)


def decide_many(pairs: Sequence[Pair], decision: str, user: User | None, until: date | None = None) -> Decided:
    """Decide about many pairs, each in its own commit. Where two of them want the same record, neither is linked."""
    told = Decided()
    wanted: Counter[tuple[str, int]] = Counter()
    if decision == Decision.SAME:
        for pair in pairs:
            wanted.update((("left", pair.left_id), ("right", pair.right_id)))
    for pair in pairs:
        if wanted["left", pair.left_id] > 1 or wanted["right", pair.right_id] > 1:
            told.refused.append((pair, "DUPLICATE-CONTESTED", {}))
            continue
        try:
            decide(pair, decision, user, until)
            told.count += 1
        except SyncError as error:
            told.refused.append((pair, error.code, error.params))
    return told


# taking back


def take_back(pair: Pair, user: User | None) -> None:
    """Ask again about two records. A link made by this decision goes, as long as nothing was written by it."""
    if isinstance(pair, Double) and pair.decision == Decision.SAME:
        raise SettingInvalid("MERGE-STANDS")
    with transaction.atomic():
        decided = type(pair).objects.filter(pk=pair.pk, decision=pair.decision).exclude(decision=Decision.OPEN)
        if not decided.update(decided_at=timezone.now()):
            raise SettingInvalid("DUPLICATE-OPEN")
        if isinstance(pair, Candidate):
            if pair.decision == Decision.SAME:
                _unlink_unwritten(pair)
            touch([pair.left_id, pair.right_id])
        keep(pair, Decision.OPEN, user)
        if isinstance(pair, Candidate):
            _reopen_rivals(pair.integration_id, pair.left_id, pair.right_id, user)


def _unlink_unwritten(pair: Candidate) -> None:
    link = Link.objects.filter(
        integration=pair.integration_id, left=pair.left_id, right=pair.right_id, shared=False
    ).first()
    if link is None:
        return
    _not_busy(link)
    if written_by(link):
        raise SettingInvalid("DUPLICATE-WRITTEN", params={"left": str(pair.left), "right": str(pair.right)})
    _close_open(link)
    link.delete()


def _reopen_rivals(integration_id: int, left_id: int, right_id: int, user: User | None) -> None:
    """What was only settled by another decision is open again, unless a link settles it still."""
    rivals = Candidate.objects.filter(
        Q(left=left_id) | Q(right=right_id), integration=integration_id, decision=Decision.MOOT
    )
    for rival in rivals:
        linked = Link.objects.filter(
            Q(left=rival.left_id) | Q(right=rival.right_id), integration=integration_id, shared=False
        )
        if not linked.exists():
            keep(rival, Decision.OPEN, user)


# splitting


@dataclass(frozen=True, slots=True)
class Split:
    """What taking a link apart means: what was written by it, who shares its twin, what is planned and falls away."""

    written: Sequence[Change]
    followers: Sequence[Link]
    planned: int = 0


def effects(link: Link) -> Split:
    """Return what taking this link apart would leave behind. Writes nothing."""
    return Split(written_by(link), _followers(link), _between(link).filter(state__in=_NOT_SENT).count())


def split(link: Link, user: User | None) -> Split:
    """Take a wrong link apart and remember that these two are never the same; nothing is written at either side.

    Records merged into one of the two lose their share of it; others who share it keep theirs, and write nothing.
    """
    with transaction.atomic():
        _not_busy(link)
        told = Split(written_by(link), _followers(link))
        closed = _close_open(link)
        merged = absorbed([link.left_id, link.right_id])
        of_merged = Q(left__in=merged[link.left_id], right=link.right_id)
        of_merged |= Q(left=link.left_id, right__in=merged[link.right_id])
        Link.objects.filter(of_merged, integration=link.integration_id, shared=True).delete()
        if not Link.objects.filter(pk=link.pk).delete()[0]:
            raise SettingInvalid("LINK-GONE")
        _never(link, user)
        _reopen_rivals(link.integration_id, link.left_id, link.right_id, user)
        touch(sorted({link.left_id, link.right_id, *(item.left_id for item in told.followers),
                      *(item.right_id for item in told.followers)}))  # fmt: skip
    return Split(told.written, told.followers, closed)


def _never(link: Link, user: User | None) -> None:
    found = compared(link.left, link.right)
    parts, points = found or ((), Decimal(0))
    pair, _ = Candidate.objects.get_or_create(
        integration_id=link.integration_id, left_id=link.left_id, right_id=link.right_id,
        defaults={"entity": link.entity, "score": points, "parts": stored_parts(parts)},
    )  # fmt: skip
    keep(pair, Decision.NEVER, user)


def written_by(link: Link) -> list[Change]:
    """Return what was sent between the two, and documents of either that were sent while the link stood."""
    done = Change.objects.filter(integration=link.integration_id, state=Change.State.DONE, undo_of__isnull=True)
    ends = (link.left_id, link.right_id)
    of_either = Q()
    for row in (link.left, link.right):
        of_either |= Q(source__connection=row.connection_id, source__party=row.remote_id)
    between = done.filter(source__in=ends, target__in=ends, action__in=("create", "update", "void"))
    papers = done.filter(of_either, entity__in=DOCUMENTS, settled_at__gte=link.made_at)
    rows = Change.objects.filter(Q(pk__in=between.values("pk")) | Q(pk__in=papers.values("pk")))
    return list(rows.select_related("run", "target", "source", "connection").order_by("-id"))


def _followers(link: Link) -> list[Link]:
    near = Q(left=link.left_id) | Q(right=link.right_id)
    found = Link.objects.filter(near, integration=link.integration_id, shared=True).exclude(pk=link.pk)
    return list(found.select_related("left", "right"))


def _between(link: Link) -> Any:
    """Changes of either record in this integration that were never sent: planned on the strength of the link."""
    return Change.objects.filter(
        Q(source__in=(link.left_id, link.right_id)) & Q(target__in=(link.left_id, link.right_id)),
        integration=link.integration_id,
    )


def _not_busy(link: Link) -> None:
    if _between(link).filter(state__in=_SENDING).exists():
        raise SettingInvalid("DUPLICATE-BUSY", params={"left": str(link.left), "right": str(link.right)})


def _close_open(link: Link) -> int:
    return int(
        _between(link).filter(state__in=_NOT_SENT).update(state=Change.State.SUPERSEDED, settled_at=timezone.now())
    )


def undo_written(integration: Integration, changes: Iterable[int], user: User | None) -> Run:
    """Plan to take back what a wrong link wrote; it waits for approval. What cannot be is listed with its reason."""
    lines = Change.objects.filter(integration=integration, pk__in=list(changes), state=Change.State.DONE)
    return runs.undo_lines(integration, lines, user)
