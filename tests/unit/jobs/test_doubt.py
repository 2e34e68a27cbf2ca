"""What was sent once and waits to be sent again is never forgotten: a run that ends leaves it to be looked for."""

import pytest
from django.utils import timezone

from bridge.hub.models import Run
from bridge.jobs import runs
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines():
    """A run with a line that never left, and one that left and was to be sent again."""
    run = factories.run(state=Run.State.APPLYING)
    fresh = factories.change(run, source=factories.record(run.integration.left), state="ready", action="create")
    sent = factories.change(
        run, source=factories.record(run.integration.left), state="ready", action="create", attempts=1,
        claimed_at=timezone.now(), resolution="sent again",
    )  # fmt: skip
    return run, fresh, sent


def states(*changes):
    for change in changes:
        change.refresh_from_db()
    return [change.state for change in changes]


def test_a_plan_that_is_closed_forgets_only_what_never_left(lines):
    run, fresh, sent = lines
    assert runs.close_plan(run) == 1
    assert states(fresh, sent) == ["superseded", "unknown"]


def test_the_next_run_takes_over_what_may_be_there_and_looks_for_it(lines):
    run, fresh, sent = lines
    Run.objects.filter(pk=run.pk).update(state=Run.State.INTERRUPTED)
    later = runs.start(run.integration, "schedule", enqueue=False)
    assert states(fresh, sent) == ["superseded", "unknown"]
    assert (fresh.run_id, sent.run_id) == (run.pk, later.pk)


def test_a_person_cannot_hold_back_what_has_left(lines):
    run, fresh, sent = lines
    assert runs.hold(run, None, [fresh.pk, sent.pk], "Wait") == 1
    assert states(fresh, sent) == ["held", "ready"]
