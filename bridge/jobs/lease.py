"""The right to work on a run, for a while. Whoever lost it can change nothing any more (fault A05)."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from bridge.hub.models import Run


class Lost(Exception):
    """Another worker took over: leave quietly."""


class Stopped(Exception):
    """A person asked this run to stop."""


class Lease:
    """One worker's hold on one run, numbered: every state change checks the number."""

    def __init__(self, run: Run, fence: int, until: float) -> None:
        self.run, self.fence = run, fence
        self._slice_ends = until  # monotonic
        self._renew_at = time.monotonic() + settings.LEASE_SECONDS / 3
        self.progress: Callable[[Run], None] | None = None

    @classmethod
    def take(cls, run_id: int, slice_seconds: float | None = None) -> "Lease | None":
        """Take the lease of an open run nobody works on; None when somebody does."""
        now = timezone.now()
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        won = Run.objects.filter(free, pk=run_id, state__in=Run.WORKING).update(
            fence=F("fence") + 1, lease_until=now + timedelta(seconds=settings.LEASE_SECONDS), starts=F("starts") + 1
        )
        if not won:
            return None
        run = Run.objects.select_related("integration__left", "integration__right", "integration__organization").get(
            pk=run_id
        )
        seconds = settings.RUN_SLICE_SECONDS if slice_seconds is None else slice_seconds
        return cls(run, run.fence, time.monotonic() + seconds)

    def _mine(self) -> Any:
        return Run.objects.filter(pk=self.run.pk, fence=self.fence)

    def check(self) -> None:
        """Raise Lost unless this run is still ours. Inside a transaction it holds the run's row to the end of it."""
        rows = self._mine()
        if connection.in_atomic_block:
            rows = rows.select_for_update()
        if not rows.values_list("pk", flat=True).first():
            raise Lost(self.run.pk)

    def hold(self) -> None:
        """Inside a transaction: keep this run ours to its end, and note that it moved. Raises Lost."""
        if not self._mine().update(starts=0):
            raise Lost(self.run.pk)

    def save(self, **fields: Any) -> None:
        """Set columns of the run, if it is still ours. That is progress: the count of fruitless starts begins anew."""
        if not self._mine().update(**fields, starts=0):
            raise Lost(self.run.pk)
        for name, value in fields.items():
            setattr(self.run, name, value)
        if self.progress:
            self.progress(self.run)

    def renew(self) -> None:
        """Hold on a little longer when a third of the time is gone."""
        if time.monotonic() < self._renew_at:
            return
        self._renew_at = time.monotonic() + settings.LEASE_SECONDS / 3
        if not self._mine().update(lease_until=timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)):
            raise Lost(self.run.pk)

    def goes_on(self) -> bool:
        """Renew, and tell whether this slice has time left. Raises Lost, or Stopped when a person asked for it."""
        self.renew()
        asked = self._mine().values_list("stop_asked", flat=True).first()
        if asked is None:
            raise Lost(self.run.pk)
        if asked:
            raise Stopped(self.run.pk)
        return time.monotonic() < self._slice_ends

    def give_back(self) -> None:
        """Free the run for the next slice."""
        self._mine().update(lease_until=None)
