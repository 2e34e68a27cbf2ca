"""One beat without a worker, for cron."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from bridge.hub.models import InboxEvent, Run
from bridge.jobs import runs, ticking, webhooks


class Command(BaseCommand):
    help = "Find what is due and work it, without a worker. Meant for cron on a machine without `watch`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=50, help="stop after this many seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        end = timezone.now() + timedelta(seconds=options["seconds"])
        said = ticking.tick()
        for pk in InboxEvent.objects.filter(state=InboxEvent.State.NEW).values_list("pk", flat=True)[:200]:
            webhooks.process(pk)
        worked = 0
        for run in Run.objects.filter(state__in=Run.WORKING).order_by("wake_at", "id"):
            left = (end - timezone.now()).total_seconds()
            if left <= 0:
                break
            if run.wake_at is None or run.wake_at <= timezone.now():
                runs.work(run.pk, slice_seconds=min(20.0, left))
                worked += 1
        self.stdout.write(f"tick {said}, {worked} runs worked")
