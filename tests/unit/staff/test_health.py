"""Health: a silent beat is said loudly, stuck runs can be freed, webhooks acted on again, dates seen in time."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Heartbeat, InboxEvent, Intake
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def health(client: Client) -> str:
    return text_of(client.get(reverse("admin:health")))


def beat(hours: float) -> None:
    Heartbeat.objects.update_or_create(name="tick", defaults={"beat_at": factories.hours_ago(hours)})


def test_a_beat_that_never_came_is_said(ann):
    assert "The beat has never come." in health(ann)


def test_an_old_beat_is_said_with_its_age_and_the_cure(ann):
    beat(2)
    page = health(ann)
    assert "The beat is late" in page
    assert "2 hours ago" in page
    assert "manage.py watch" in page


def test_a_fresh_beat_raises_no_alarm(ann):
    beat(0)
    page = health(ann)
    assert "The beat is late" not in page
    assert "On time" in page


def test_a_stuck_run_is_listed_and_can_be_freed(ann):
    run = factories.run(state="applying", starts=4, lease_until=factories.hours_ago(1))
    assert reverse("admin:health_release", args=[run.pk]) in health(ann)
    ann.post(reverse("admin:health_release", args=[run.pk]))
    run.refresh_from_db()
    assert (run.lease_until, run.starts) == (None, 0)
    assert run.wake_at is not None


def test_a_run_that_has_ended_is_not_freed(ann):
    run = factories.run(state="done", starts=4)
    page = text_of(ann.post(reverse("admin:health_release", args=[run.pk]), follow=True))
    assert "not under way any more" in page
    run.refresh_from_db()
    assert run.starts == 4


def test_a_healthy_run_is_not_called_stuck(ann):
    factories.run(state="reading", lease_until=timezone.now() + timedelta(minutes=1))
    assert "No run is stuck." in health(ann)


def test_consents_that_run_out_are_listed_nearest_first(ann):
    far = factories.connection(account_name="Far Books", refresh_expires_at=timezone.now() + timedelta(days=90))
    near = factories.connection(account_name="Near Books", hard_expires_at=timezone.now() + timedelta(days=5))
    gone = factories.connection(account_name="Gone Books", refresh_expires_at=factories.hours_ago(1))
    page = health(ann).split('id="dates-h"')[1]
    assert page.index(gone.account_name) < page.index(near.account_name) < page.index(far.account_name)
    assert page.count("Soon") == 1
    assert page.count("Run out") == 1


def test_deliveries_refused_are_counted(ann):
    Intake.objects.create(vendor="mailchimp", day=timezone.now().date(), accepted=4, refused=3, doubled=1)
    page = health(ann).split('id="hooks-h"')[1]
    assert "Refused in these days</dt><dd>3" in page


def test_calls_are_counted_and_projected_to_the_month(ann):
    at = factories.connection(account_name="Busy Books")
    for _ in range(3):
        factories.call(at)
    page = health(ann).split('id="budget-h"')[1]
    row = page.split("Busy Books")[1].split("</tr>")[0]
    today, month, forecast = re.findall(r'<td class="num"[^>]*><span>([\d,]+)</span></td>', row)[:3]
    assert (today, month) == ("3", "3")
    assert int(forecast.replace(",", "")) >= 3, "on the last day no more are to come"


@pytest.mark.parametrize("state", ["failed", "unknown", "nobody"])
def test_a_webhook_can_be_acted_on_again(ann, state):
    event = factories.event(factories.connection(), state=state, attempts=3)
    ann.post(reverse("admin:events_replay"), {"event": event.pk})
    event.refresh_from_db()
    assert (event.state, event.attempts, event.replayed_count) == (InboxEvent.State.NEW, 0, 1)


def test_all_failed_webhooks_are_replayed_and_no_other(ann):
    at = factories.connection()
    failed = [factories.event(at, state="failed") for _ in range(3)]
    done = factories.event(at, state="done")
    assert "Replay all 3" in text_of(ann.get(reverse("admin:events"), {"state": "failed"}))
    ann.post(reverse("admin:events_replay"), {"state": "failed"})
    assert InboxEvent.objects.filter(pk__in=[item.pk for item in failed], replayed_count=1).count() == 3
    done.refresh_from_db()
    assert done.replayed_count == 0


def test_a_replay_of_nothing_changes_nothing(ann):
    event = factories.event(factories.connection(), state="failed")
    assert "No event was chosen" in text_of(ann.post(reverse("admin:events_replay"), follow=True))
    event.refresh_from_db()
    assert event.replayed_count == 0


def test_who_may_only_look_is_refused(client):
    person = factories.office()
    client.force_login(person)
    run = factories.run(state="applying", starts=4)
    event = factories.event(factories.connection(), state="failed")
    page = health(client)
    assert f"#{run.pk}" in page
    assert "<button" not in page.split('id="stuck-h"')[1].split("</section>")[0]
    assert client.post(reverse("admin:health_release", args=[run.pk])).status_code == 403
    assert client.post(reverse("admin:events_replay"), {"event": event.pk}).status_code == 403
