"""Marking records to be looked at again."""

from collections.abc import Sequence

from bridge.hub.models import Connection
from bridge.hub.models import Record as Row


def touch(source_ids: Sequence[int]) -> None:
    """Make the next run look at these records again."""
    for connection in Connection.objects.filter(records__in=source_ids).distinct().order_by("pk"):
        locked = Connection.objects.select_for_update().only("read_seq").get(pk=connection.pk)
        Connection.objects.filter(pk=connection.pk).update(read_seq=locked.read_seq + 1)
        Row.objects.filter(pk__in=source_ids, connection=connection).update(touched=locked.read_seq + 1)
