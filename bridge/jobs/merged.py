"""What a person merged stays merged: a vendor that does not know it yet goes on telling of both records."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bridge.hub.models import Link, Merge
from bridge.hub.models import Record as Row
from bridge.jobs.records import touch
from connectors.contract import Record


def stay(connection_id: int, resource: str, scope: str, records: Sequence[Record], now: datetime) -> None:
    """Point dropped records just read at their survivor again, and note which merges the vendor now knows of.

    Call after the records are stored, in the same transaction. One query for a page where nothing was ever merged.
    """
    standing = Merge.objects.filter(connection_id=connection_id, state=Merge.State.DONE, drop__resource=resource)
    dropped = {
        remote_id: (drop_id, keep)
        for remote_id, drop_id, keep in standing.filter(drop__scope=scope).values_list(
            "drop__remote_id", "drop_id", "keep__remote_id"
        )
    }
    if not dropped:
        return
    told = {record.remote_id: record for record in records if record.remote_id in dropped}
    for remote_id, record in told.items():
        if not record.merged_into:
            drop_id, keep = dropped[remote_id]
            Row.objects.filter(pk=drop_id).exclude(merged_into=keep).update(merged_into=keep)
    known = [dropped[remote_id][0] for remote_id, record in told.items() if record.gone or record.merged_into]
    if known:
        standing.filter(drop_id__in=known, seen_at__isnull=True).update(vendor=Merge.Vendor.SEEN, seen_at=now)


def absorbed(record_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return, for each of these records, the rows merged into it, directly or through another one."""
    found: dict[int, list[int]] = {pk: [] for pk in record_ids}
    owners = {pk: pk for pk in found}
    wave = list(found)
    while wave:
        pairs = Merge.objects.filter(keep_id__in=wave, state=Merge.State.DONE).values_list("keep_id", "drop_id")
        wave = []
        for keep_id, drop_id in pairs:
            if drop_id in owners:
                continue
            owners[drop_id] = owners[keep_id]
            found[owners[drop_id]].append(drop_id)
            wave.append(drop_id)
    return found


def done_there(answers: Mapping[int, str], now: datetime) -> None:
    """Note merges that were just carried out at the vendor: change -> id of the survivor, which may be a new one.

    Call inside the transaction that settles the changes, once the vendor's answer is stored.
    """
    if not answers:
        return
    for row in Merge.objects.filter(change_id__in=list(answers)).select_related("keep", "drop"):
        survivor = answers[row.change_id]
        Row.objects.filter(pk=row.drop_id).update(gone=True, merged_into=survivor)
        Merge.objects.filter(pk=row.pk).update(vendor=Merge.Vendor.SEEN, seen_at=now)
        touched = [row.keep_id, row.drop_id]
        if survivor != row.keep.remote_id:
            touched += _renamed(row, survivor, now)
        touch(touched)


def _renamed(row: Merge, survivor: str, now: datetime) -> list[int]:
    """Let the record under its new id take the place of the one that was kept: links, and the history by way of a
    merge of its own.
    """
    keep = row.keep
    Row.objects.filter(pk=keep.pk).update(gone=True, merged_into=survivor)
    fresh = Row.objects.filter(
        connection_id=keep.connection_id, resource=keep.resource, scope=keep.scope, remote_id=survivor
    ).first()
    if fresh is None:
        return []  # not read yet: the link follows when it is
    for near in ("left", "right"):
        taken = Link.objects.filter(**{near: fresh}).values("integration_id")
        Link.objects.filter(**{near: keep}).exclude(integration__in=taken).update(**{near: fresh})
    Merge.objects.create(
        connection_id=row.connection_id, entity=row.entity, keep=fresh, drop=keep, user=row.user, change=row.change,
        vendor=Merge.Vendor.SEEN, seen_at=now,
    )  # fmt: skip
    return [fresh.pk]
