"""Run the worker, and restart it when it falls deaf."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, close_old_connections, connection
from django.utils import timezone
from redis import RedisError

from bridge import registry
from bridge.hub.models import Heartbeat
from bridge.hub.vault import VaultClosed
from bridge.jobs import instance, queue, ticking
from connectors.contract import SyncError

AWAY = (Error, RedisError, OSError)  # the database or the broker does not answer


DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def _end_with_us() -> None:
    """In the child: be told to end when the watcher is gone, however it went. Only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGTERM)


class Command(BaseCommand):
    help = (
        "Run a worker cluster and restart it when its heartbeat stops. Any number may run, on any number of machines."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--deaf-seconds", type=float, default=40, help="silence after which it is restarted")
        parser.add_argument("--beat-seconds", type=float, default=10, help="how often it is asked for a sign of life")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            instance.check()
        except VaultClosed as error:
            raise CommandError(f"No worker starts here: {error}") from error
        except SyncError as error:
            told = registry.catalogue().get(error.code)
            said = f"{told.what.say('en', **error.params)} {told.cure.say('en', **error.params)}" if told else error
            raise CommandError(f"No worker starts here. {said}") from error
        ticking.ensure_schedule()
        self._child: subprocess.Popen[bytes] | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        while True:
            self._begin()
            self._guard(options["deaf_seconds"], options["beat_seconds"])
            self._kill()

    def _begin(self) -> None:
        self.stdout.write("worker: begin")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "django", "qcluster"],
            env={"DJANGO_SETTINGS_MODULE": "bridge.settings", **os.environ, "PYTHONPATH": os.getcwd()},
            start_new_session=True,
            preexec_fn=_end_with_us,
        )

    def _guard(self, deaf_seconds: float, beat_seconds: float) -> None:
        """Return when the cluster ended or shows no sign of life. A restart loses nothing: work is in our tables."""
        heard = time.monotonic()
        asked = timezone.now()
        while self._child is not None and self._child.poll() is None:
            close_old_connections()
            with contextlib.suppress(*AWAY):  # a database that restarts is no deaf worker
                queue.ring("canary", int(time.time()))
                asked = timezone.now()
                ticking.ensure_schedule()  # one malformed row beside ours would stop every schedule
            end = time.monotonic() + beat_seconds
            while time.monotonic() < end and self._child.poll() is None:
                time.sleep(0.2)
            try:
                beat = Heartbeat.objects.filter(name="worker").values_list("beat_at", flat=True).first()
            except AWAY:  # wait, do not restart
                connection.close()
                heard = time.monotonic()
                continue
            if beat and beat >= asked - timedelta(seconds=beat_seconds):
                heard = time.monotonic()
            if time.monotonic() - heard > deaf_seconds:
                self.stderr.write("worker: deaf, restarting")
                return
        self.stderr.write("worker: ended")
        time.sleep(1)

    def _kill(self) -> None:
        """End the whole process group: a cluster whose main process died leaves orphans."""
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(8)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(5)

    def _end(self, number: int, frame: Any) -> None:
        self._kill()
        sys.exit(0)
