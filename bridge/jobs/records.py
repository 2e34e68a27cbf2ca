"""Stored records: read in canonical form, and marked to be looked at again."""

from collections.abc import Sequence

from django.db.models import F

from bridge import registry
from bridge.hub.models import Change, Connection, Run
from bridge.hub.models import Record as Row
from connectors.contract import Record


def parsed(row: Row, connection: Connection | None = None) -> Record | None:
    """Return a stored document in canonical form; None where it can no longer be read. `connection`: saves a query
    where the row's own is at hand.
    """
    try:
        return registry.connector((connection or row.connection).vendor).resource(row.resource).parse(row.document)
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
        return None


def touch(source_ids: Sequence[int]) -> None:
    """Make the next run look at these records again."""
    for connection in Connection.objects.filter(records__in=source_ids).distinct().order_by("pk"):
        locked = Connection.objects.select_for_update().only("read_seq").get(pk=connection.pk)
        Connection.objects.filter(pk=connection.pk).update(read_seq=locked.read_seq + 1)
        Row.objects.filter(pk__in=source_ids, connection=connection).update(touched=locked.read_seq + 1)


def on_their_way(run: Run, ids: Sequence[int]) -> set[int]:
    """Return which of these records a change of this run still leads to from the other side: they are linked, or will
    be, although no change of their own says so.
    """
    on_the_way = (Change.State.PLANNED, *Change.IN_FLIGHT)
    rows = Change.objects.filter(target_id__in=ids, state__in=on_the_way, source__isnull=False)
    rows = rows.exclude(source_id=F("target_id")).values_list("integration_id", "target_id")
    return {pk for owner, pk in rows if owner == run.integration_id and pk}
