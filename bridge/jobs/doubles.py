"""Looking for the same contact twice inside one account: in the background, in slices, over blocks of shared keys.

Two records are compared when they share an e-mail address, a phone number or a name in normal form. A key that very
many share (a reception's address) says nothing and would make millions of pairs: it is counted and passed over.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from bridge import registry
from bridge.engine.match import MAYBE_FROM, compare, score
from bridge.hub.models import Connection, Double, DoubleSearch, User
from bridge.hub.models import Record as Row
from bridge.jobs import queue
from bridge.jobs.duplicates import stored_parts
from bridge.jobs.records import parsed
from connectors.contract import SettingInvalid

log = logging.getLogger("bridge.jobs.doubles")

CHUNK = 200
SLICE_SECONDS = 15.0
LEASE = timedelta(minutes=2)
COMMON = 25  # a key shared by more records than this is nobody's own
ASK_FROM = Decimal(str(MAYBE_FROM))
KEYS = ("email_key", "phone_key", "name_key")
_State = DoubleSearch.State


def resources_of(connection: Connection, entity: str = "contact") -> list[str]:
    """Return the resources of an account that hold this entity."""
    found = registry.connector(connection.vendor).resources
    return [item.name for item in found if item.entity == entity]


def searchable(connection: Connection, entity: str = "contact") -> bool:
    """Tell whether the account holds any such record at all."""
    return _rows(connection, entity).exists()


def _rows(connection: Connection, entity: str) -> Any:
    return Row.objects.filter(
        connection=connection, resource__in=resources_of(connection, entity), gone=False, merged_into=""
    )


def begin(connection: Connection, user: User | None, entity: str = "contact") -> DoubleSearch:
    """Begin a search and ring for a worker. SettingInvalid when one is under way."""
    try:
        with transaction.atomic():
            made = DoubleSearch.objects.create(
                connection=connection, entity=entity, user=user, total=_rows(connection, entity).count()
            )
            queue.ring("search_doubles", made.pk)
    except IntegrityError as error:
        raise SettingInvalid("DOUBLE-SEARCH-OPEN", params={"account": str(connection)}) from error
    return made


def stop(search: DoubleSearch) -> None:
    """End a search; what it found stays."""
    DoubleSearch.objects.filter(pk=search.pk, state=_State.RUNNING).update(
        state=_State.STOPPED, finished_at=timezone.now(), lease_until=None
    )


def work(search_id: int, slice_seconds: float = SLICE_SECONDS) -> str:
    """Work one slice of a search and ring for the next; a second worker finds it taken. May be called twice."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    taken = DoubleSearch.objects.filter(free, pk=search_id, state=_State.RUNNING).update(lease_until=now + LEASE)
    if not taken:
        return "busy"
    search = DoubleSearch.objects.select_related("connection").get(pk=search_id)
    end = time.monotonic() + slice_seconds
    while True:
        if not _chunk(search):
            return "done"
        if time.monotonic() >= end:
            break
    DoubleSearch.objects.filter(pk=search.pk, state=_State.RUNNING).update(lease_until=None)
    queue.ring("search_doubles", search.pk)
    return "more"


def due() -> list[int]:
    """Return searches nobody works on: their bell was lost or their worker died."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
    return list(DoubleSearch.objects.filter(free, state=_State.RUNNING).values_list("pk", flat=True))


def _chunk(search: DoubleSearch) -> bool:
    """Compare the next records with those behind them; False at the end. What is found and how far it came commit
    together, so that a worker who dies in between loses nothing and finds nothing twice.
    """
    here = _rows(search.connection, search.entity).filter(pk__gt=search.position).order_by("pk")
    rows = [_Keyed(*row) for row in here.values_list(*_KEYED)[:CHUNK]]
    pairs, common = _pairs(search, rows)
    found = _compared(pairs)
    is_over = len(rows) < CHUNK
    with transaction.atomic():
        now = {
            "position": rows[-1].pk if rows else search.position,
            "seen": search.seen + len(rows),
            "compared": search.compared + len(pairs),
            "common": search.common + common,
            "lease_until": timezone.now() + LEASE,
        }
        if is_over:
            now |= {"state": _State.DONE, "finished_at": timezone.now(), "lease_until": None}
        mine = DoubleSearch.objects.filter(pk=search.pk, position=search.position, state=_State.RUNNING)
        if not mine.update(**now):
            return False  # stopped, or another worker went on
        now["found"] = search.found + _kept(search, found)
        DoubleSearch.objects.filter(pk=search.pk).update(found=now["found"])
    for name, value in now.items():
        setattr(search, name, value)
    return not is_over


class _Keyed(NamedTuple):
    """A record's keys, without its document: most records share none of them."""

    pk: int
    resource: str
    scope: str
    email_key: str
    phone_key: str
    name_key: str


_KEYED = _Keyed._fields


def _pairs(search: DoubleSearch, rows: Sequence[_Keyed]) -> tuple[set[tuple[int, int]], int]:
    """Return the pairs of these records with later ones that share a key, and how many keys are too common to tell.

    A common key is counted with the first record that has it.
    """
    pairs: set[tuple[int, int]] = set()
    common = 0
    for key in KEYS:
        blocks = _blocks(search, key, {value for row in rows if (value := getattr(row, key))})
        for row in rows:
            block = blocks.get((row.resource, row.scope, getattr(row, key)), [])
            if len(block) > COMMON:
                common += block[0] == row.pk
                continue
            pairs |= {(row.pk, other) for other in block if other > row.pk}
    return pairs, common


def _blocks(search: DoubleSearch, key: str, wanted: Iterable[str]) -> dict[tuple[str, str, str], list[int]]:
    values = list(wanted)
    found: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    if values:
        rows = _rows(search.connection, search.entity).filter(**{f"{key}__in": values}).order_by("pk")
        for resource, scope, value, pk in rows.values_list("resource", "scope", key, "pk"):
            found[resource, scope, value].append(pk)
    return found


Found = tuple[int, int, Decimal, list[dict[str, object]]]


def _compared(pairs: Collection[tuple[int, int]]) -> list[Found]:
    """Return the pairs that may be the same, with score and parts. Documents are loaded for those that share a key."""
    rows = Row.objects.select_related("connection").in_bulk({pk for pair in pairs for pk in pair})
    records = {pk: parsed(row) for pk, row in rows.items()}
    found = []
    for left, right in sorted(pairs):
        one, other = records.get(left), records.get(right)
        if one is None or other is None:
            continue
        parts = compare(one, other)
        points = Decimal(str(round(score(parts), 3)))
        if points >= ASK_FROM:
            found.append((left, right, points, stored_parts(parts)))
    return found


def _kept(search: DoubleSearch, found: Sequence[Found]) -> int:
    """Store pairs not known yet and return how many; a decision taken before is never asked again."""
    known = set(Double.objects.filter(left__in=[left for left, *_ in found]).values_list("left_id", "right_id"))
    fresh = [
        Double(
            connection=search.connection, entity=search.entity, left_id=left, right_id=right, score=points, parts=parts
        )
        for left, right, points, parts in found
        if (left, right) not in known
    ]
    Double.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)
