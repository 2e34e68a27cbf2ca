"""The audit's chain of seals: an entry that is changed, taken away or slipped in between shows.

The seal of an entry is an HMAC-SHA256 over the seal before it and the entry as the database gives it back, with a key
derived from BRIDGE_KEYS: who can write to the database but has no key cannot make one. What happened after the newest
seal, and a tail cut off together with its seals, cannot show: the newest digest is there to be kept elsewhere.
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditlog.models import LogEntry
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from bridge.hub import vault
from bridge.hub.documents import encode
from bridge.hub.models import AuditSeal, Heartbeat

MOST = 2000  # entries sealed at once
LOT = 500
# Not the actor's id: who leaves the office is taken from the row, the address stays.
_TOLD = (
    "id", "content_type__app_label", "content_type__model", "object_pk", "object_repr", "action", "changes",
    "actor_email", "remote_addr", "timestamp",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look along the chain found.

    `sealed` entries have a seal and `waiting` none yet; `broken` are ids of entries whose content does not fit,
    `missing` of those that are gone; `unknown_keys` are keys no longer in the ring, without which nothing can be said.
    `newest` is the last digest, "" where nothing is sealed.
    """

    sealed: int
    waiting: int
    broken: tuple[int, ...]
    missing: tuple[int, ...]
    unknown_keys: tuple[str, ...]
    newest: str

    @property
    def is_whole(self) -> bool:
        """Whether every sealed entry is there as it was sealed."""
        return not (self.broken or self.missing or self.unknown_keys)


def seal_new() -> int:
    """Seal the entries that have no seal, oldest first; returns how many. Any number of beats at once do no harm."""
    with transaction.atomic():
        _one_at_a_time()
        entries = _unsealed().order_by("id").values(*_TOLD)[:MOST]
        before = AuditSeal.objects.order_by("-pk").values_list("digest", flat=True).first() or ""
        key, fresh = next(iter(vault.ring())), []
        for entry in entries:
            before = _digest(key, before, entry)
            fresh.append(AuditSeal(entry=entry["id"], key=key, digest=before))
        AuditSeal.objects.bulk_create(fresh, batch_size=LOT)
    return len(fresh)


def check() -> Checked:
    """Walk along the whole chain."""
    sealed, before, broken, missing, unknown = 0, "", [], [], []
    for seal, entry in _walk():
        sealed += 1
        if seal.key not in vault.ring():
            unknown.append(seal.key)
        elif entry is None:
            missing.append(seal.entry)
        elif not hmac.compare_digest(_digest(seal.key, before, entry), seal.digest):
            broken.append(seal.entry)
        before = seal.digest
    return Checked(sealed, _unsealed().count(), tuple(broken), tuple(missing), tuple(dict.fromkeys(unknown)), before)


def reseal() -> int:
    """Seal the chain anew with the first key of the ring, if it is whole; returns how many seals were made anew.

    A chain that is not whole stays as it is: new seals would hide what happened to it.
    """
    newest = next(iter(vault.ring()))
    with transaction.atomic():
        _one_at_a_time()
        if not AuditSeal.objects.exclude(key=newest).exists() or not check().is_whole:
            return 0
        before, changed = "", []
        for seal, entry in _walk():
            before = _digest(newest, before, entry or {})
            seal.key, seal.digest = newest, before
            changed.append(seal)
        AuditSeal.objects.bulk_update(changed, ["key", "digest"], batch_size=LOT)
    return len(changed)


def _one_at_a_time() -> None:
    """Hold a row until the transaction ends: two chains would each be broken in the eyes of the other."""
    Heartbeat.objects.get_or_create(name="audit seals", defaults={"beat_at": timezone.now()})
    Heartbeat.objects.select_for_update().get(name="audit seals")
    Heartbeat.objects.filter(name="audit seals").update(beat_at=timezone.now())


def _unsealed() -> Any:
    return LogEntry.objects.filter(~Q(Exists(AuditSeal.objects.filter(entry=OuterRef("id")))))


def _walk() -> Iterator[tuple[AuditSeal, Mapping[str, Any] | None]]:
    last = 0
    while lot := list(AuditSeal.objects.filter(pk__gt=last).order_by("pk")[:LOT]):
        ids = [seal.entry for seal in lot]
        found = {row["id"]: row for row in LogEntry.objects.filter(id__in=ids).values(*_TOLD)}
        for seal in lot:
            yield seal, found.get(seal.entry)
        last = lot[-1].pk


def _digest(key: str, before: str, entry: Mapping[str, Any]) -> str:
    told = [entry.get(name) for name in _TOLD[:-1]]
    at = entry["timestamp"].timestamp() if entry else ""
    return vault.mac(key, "audit seals", f"{before}\n{encode([*told, f'{at}'])}".encode())
