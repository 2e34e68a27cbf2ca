"""Held: a cause is listed once with its cure, however many records wait for it, and all of them are retried together."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bridge.hub.models import Change, Conflict, Run
from tests import factories

pytestmark = pytest.mark.django_db
CODE = "CONTACT-NO-EMAIL"


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def of_cause(code: str = CODE) -> str:
    return reverse("admin:held_cause", args=[code])


def test_the_same_cause_is_listed_once_with_number_money_and_cure(ann):
    run = factories.run(state="held")
    for _ in range(40):
        factories.change(run, state="held", code=CODE, amount=Decimal("2.50"), currency="CAD")
    page = text_of(ann.get(reverse("admin:held")))
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    assert body.count("<tr>") == 1
    assert ">40</a>" in body
    assert "$100.00" in body
    assert "Add an address at the source" in body


def test_what_the_vendor_said_last_is_the_cause_not_why_it_was_planned(ann):
    run = factories.run(state="held")
    factories.change(run, state="rejected", code="new", error_code="OUTCOME-UNKNOWN")
    page = text_of(ann.get(reverse("admin:held")))
    assert "OUTCOME-UNKNOWN" in page
    assert of_cause("new") not in page


def test_causes_with_most_records_come_first_and_old_ones_show_their_age(ann):
    run = factories.run(state="held")
    factories.change(run, state="held", code="SEVERAL-MATCHES")
    for _ in range(2):
        change = factories.change(run, state="held", code=CODE)
    Change.objects.filter(pk=change.pk).update(created_at=factories.hours_ago(72))
    body = text_of(ann.get(reverse("admin:held"))).split("<tbody>")[1]
    assert body.index(CODE) < body.index("SEVERAL-MATCHES")
    assert "3 days ago" in body


def test_disconnected_integrations_hold_nothing_any_more(ann):
    run = factories.run(factories.integration(state="disconnected"), state="held")
    factories.change(run, state="held", code=CODE)
    assert "Nothing is held" in text_of(ann.get(reverse("admin:held")))


def test_a_cause_lists_its_records_each_with_its_own_sentence(ann):
    run = factories.run(state="held")
    for mail in ("a@invented.example", "b@invented.example"):
        factories.change(run, state="held", code="CONTACT-EMAIL-SHARED", params={"email": mail, "rival": "7"})
    factories.change(run, state="held", code=CODE, title="Of another cause")
    page = text_of(ann.get(of_cause("CONTACT-EMAIL-SHARED")))
    assert "have the address a@invented.example" in page
    assert "have the address b@invented.example" in page
    assert "Of another cause" not in page
    assert "{email}" not in page


def test_a_cause_nobody_knows_is_not_found(ann):
    assert ann.get(of_cause("NO-SUCH-CODE")).status_code == 404


def test_a_cause_that_is_empty_now_says_so(ann):
    assert "Nothing waits for this cause any more" in text_of(ann.get(of_cause()))


def test_one_press_retries_all_records_of_a_cause_and_no_other(ann):
    run = factories.run(state="held")
    wanted = [factories.change(run, state="rejected", code="new", error_code=CODE) for _ in range(3)]
    other = factories.change(run, state="rejected", code="new", error_code="SEVERAL-MATCHES")
    answer = ann.post(reverse("admin:held_retry", args=[CODE]))
    for change in wanted:
        change.refresh_from_db()
        assert change.retry_at is not None
    other.refresh_from_db()
    assert other.retry_at is None
    started = Run.objects.order_by("-id").first()
    assert answer["Location"] == reverse("admin:run_page", args=[started.pk])


def test_a_cause_of_two_clients_is_retried_for_the_one_chosen(ann):
    first, second = factories.run(state="held"), factories.run(state="held")
    factories.change(first, state="rejected", error_code=CODE)
    untouched = factories.change(second, state="rejected", error_code=CODE)
    ann.post(reverse("admin:held_retry", args=[CODE]), {"organization": first.integration.organization_id})
    untouched.refresh_from_db()
    assert untouched.retry_at is None
    assert Run.objects.filter(integration=first.integration).count() == 2
    assert Run.objects.filter(integration=second.integration).count() == 1


def test_an_open_run_is_told_and_nothing_is_promised(ann):
    run = factories.run(state="held")
    factories.change(run, state="rejected", error_code=CODE)
    factories.run(run.integration, state="reading")
    page = text_of(ann.post(reverse("admin:held_retry", args=[CODE]), follow=True))
    assert "RUN-OPEN" in page
    assert "looked at again" not in page


def test_a_reading_retries_nothing(ann):
    assert ann.get(reverse("admin:held_retry", args=[CODE])).status_code == 405


def test_who_may_only_look_is_refused(client):
    person = factories.office()
    client.force_login(person)
    run = factories.run(state="held")
    factories.change(run, state="rejected", error_code=CODE)
    assert reverse("admin:held_retry", args=[CODE]) not in text_of(client.get(reverse("admin:held")))
    assert client.post(reverse("admin:held_retry", args=[CODE])).status_code == 403


def test_many_causes_and_records_take_few_questions(ann):
    run = factories.run(state="held")
    for number in range(30):
        factories.change(run, state="held", code=f"CODE-{number}")
    ann.get(reverse("admin:held"))
    with CaptureQueriesContext(connection) as asked:
        ann.get(reverse("admin:held"))
    assert len(asked) < 15


def disputed(run, code="CONFLICT", **values):
    """A line held because somebody changed a field on both sides."""
    pair = run.integration
    link = factories.link(pair, factories.record(pair.left), factories.record(pair.right, "members"))
    found = Conflict.objects.create(link=link, field="phone", agreed=None, left="1", right="2")
    return found, factories.change(run, state="held", code=code, source=link.left, **values)


def test_a_line_held_by_a_conflict_leads_to_it_from_held_run_and_record(ann):
    run = factories.run(state="planned")
    conflict, change = disputed(run)
    other, _ = disputed(factories.run(state="planned"))
    there = reverse("admin:conflict", args=[conflict.pk])
    page = text_of(ann.get(of_cause("CONFLICT") + f"?run={run.pk}"))
    assert f'href="{there}"' in page and "decide about Phone" in page and reverse("admin:conflicts") in page
    assert reverse("admin:conflict", args=[other.pk]) not in page
    for address in (
        reverse("admin:run_plan", args=[run.pk]),
        reverse("admin:changes") + f"?run={run.pk}&state=held",
        reverse("admin:record", args=[change.source_id]),
        reverse("admin:record", args=[conflict.link.right_id]),
    ):
        assert f'href="{there}"' in text_of(ann.get(address)), address
    Conflict.objects.filter(pk=conflict.pk).update(decision="left")
    assert f'href="{there}"' not in text_of(ann.get(of_cause("CONFLICT")))


def test_who_may_not_see_conflicts_is_not_led_to_one(client):
    looker = factories.office("support", email="look@bridge.test")
    client.force_login(looker)
    disputed(factories.run(state="held"))
    page = text_of(client.get(of_cause("CONFLICT")))
    assert "Changed on both sides" not in page and reverse("admin:conflicts") not in page


def test_lines_with_many_conflicts_cost_no_more_queries_than_with_one(ann):
    run = factories.run(state="held")
    disputed(run)
    ann.get(of_cause("CONFLICT"))  # what the first page of a process looks up once is not counted
    with CaptureQueriesContext(connection) as few:
        ann.get(of_cause("CONFLICT"))
    for _ in range(9):
        disputed(run)
    with CaptureQueriesContext(connection) as many:
        ann.get(of_cause("CONFLICT"))
    assert len(many) <= len(few), [item["sql"][:90] for item in many]
