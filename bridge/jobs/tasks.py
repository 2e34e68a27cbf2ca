"""The queue's entry points: thin, ids only, safe to run twice, one guard at the edge."""

import logging
from collections.abc import Callable
from functools import wraps

from django.db import close_old_connections

from bridge.hub.logs import redact

log = logging.getLogger("bridge.jobs.tasks")


def guarded(task: Callable[[int], str]) -> Callable[[int], str]:
    """Let nothing but a short word leave a task: results and tracebacks are stored by the queue."""

    @wraps(task)
    def run(row_id: int) -> str:
        close_old_connections()
        try:
            return task(row_id)
        except Exception as error:  # the one broad guard: the row says what is due, the tick tries again
            log.exception("task failed task=%s id=%s error=%s", task.__name__, row_id, redact(type(error).__name__))
            return "failed"

    return run


@guarded
def work(run_id: int) -> str:
    """Work one slice of a run."""
    from bridge.jobs import runs

    return runs.work(run_id)


@guarded
def intake(event_id: int) -> str:
    """Act on one webhook event."""
    from bridge.jobs import webhooks

    return webhooks.process(event_id)


@guarded
def question(question_id: int) -> str:
    """Send a question to those it is asked of."""
    from bridge.jobs import notices

    return str(notices.question_asked(question_id))


@guarded
def search_doubles(search_id: int) -> str:
    """Work one slice of a search for doubles inside an account."""
    from bridge.jobs import doubles

    return doubles.work(search_id)


@guarded
def mapping_file(file_id: int) -> str:
    """Check, carry out or take back one uploaded mapping file."""
    from bridge.jobs import mapping_files

    return mapping_files.work(file_id)


@guarded
def report(report_id: int) -> str:
    """Make one report."""
    from bridge.jobs import reports

    return reports.make(report_id)


@guarded
def letter(letter_id: int) -> str:
    """Send one mail."""
    from bridge.jobs import letters

    return str(letters.send(letter_id))


@guarded
def canary(number: int) -> str:
    """Show that a worker takes tasks from the queue."""
    from bridge.jobs import ticking

    ticking.beat("worker", str(number))
    return "ok"


def tick() -> str:
    """Find what is due. Called each minute by the queue's only schedule, and by `manage.py tick`."""
    from bridge.jobs import ticking

    close_old_connections()
    return ticking.tick()


@guarded
def sign_in_link(link_id: int) -> str:
    """Mail a sign-in link somebody asked for; 0 where nobody has the address."""
    from bridge.jobs import links

    return links.send(link_id)
