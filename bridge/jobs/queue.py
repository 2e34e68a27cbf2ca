"""Ringing the bell: queue a task once the transaction is committed. What is due stands in our tables, not in the
queue.
"""

from django.db import transaction
from django_q.tasks import async_task


def ring(name: str, row_id: int) -> None:
    """Queue `bridge.jobs.tasks.<name>(row_id)` on commit. A lost bell harms nothing: the tick finds the work."""
    transaction.on_commit(lambda: async_task(f"bridge.jobs.tasks.{name}", row_id))
