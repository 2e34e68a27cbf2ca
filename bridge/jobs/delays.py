"""How long a change takes from one side to the other: by the vendor's clock when it happened, by ours when it was
written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.hub.models import Change, Integration, Run

PROMISED = timedelta(minutes=10)
LATELY = timedelta(days=7)
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Delays:
    """Delays of what was written lately without a person being asked first."""

    count: int
    median: timedelta
    nearly_all: timedelta  # 95 of 100 took no longer
    longest: timedelta
    slowest: Change

    @property
    def is_kept(self) -> bool:
        """Tell whether nearly all came within what is promised."""
        return self.nearly_all <= PROMISED


def delay_of(change: Change) -> timedelta | None:
    """Return how long a written change was on its way; None where the vendor did not say when it happened.

    Vendors' clocks go ahead of ours now and then: less than nothing counts as nothing.
    """
    if change.settled_at is None or change.happened_at is None or change.state != Change.State.DONE:
        return None
    return max(timedelta(0), change.settled_at - change.happened_at)


def lately(integration: Integration, now: datetime) -> Delays | None:
    """Return the delays of the last seven days; None when nothing was written by itself.

    Runs a person began or approved count from the person's doing, not from the vendor's: they are left out.
    """
    rows = (
        Change.objects.filter(
            integration=integration, state=Change.State.DONE, action__in=(Change.Action.CREATE, Change.Action.UPDATE),
            settled_at__gte=now - LATELY, happened_at__isnull=False, approved_by__isnull=True, undo_of__isnull=True,
            run__trigger__in=("schedule", "webhook"), run__kind=Run.Kind.SYNC,
        )
        .only("settled_at", "happened_at", "state", "title", "run", "source")
        .order_by("-settled_at")[:MOST]
    )  # fmt: skip
    found = sorted(((delay, row.pk, row) for row in rows if (delay := delay_of(row)) is not None), key=lambda x: x[:2])
    if not found:
        return None
    count = len(found)
    return Delays(
        count=count,
        median=found[(count - 1) // 2][0],
        nearly_all=found[min(count - 1, (count * 95 + 99) // 100 - 1)][0],
        longest=found[-1][0],
        slowest=found[-1][2],
    )
