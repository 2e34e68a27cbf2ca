"""The plan page: what would be written is shown before anything is, and only what was approved goes."""

import re
import time
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bridge.hub.models import Change, Exclusion, Run
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


@pytest.fixture
def viewer(client: Client) -> Client:
    """A person of the house who may only look."""
    person = factories.office()
    client.force_login(person)
    return client


def plan_url(run: Run) -> str:
    return reverse("admin:run_plan", args=[run.pk])


def decide_url(run: Run) -> str:
    return reverse("admin:run_plan_act", args=[run.pk])


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_plan_of_5000_lines_opens_in_under_two_seconds_and_thirty_queries(ann):
    run = factories.run()
    factories.many_changes(run, 5000)
    ann.get(plan_url(run))  # templates are compiled once a process, not once a page
    with CaptureQueriesContext(
        connection,
    ) as asked:
        began = time.perf_counter()
        answer = ann.get(plan_url(run))
        took = time.perf_counter() - began
    assert answer.status_code == 200
    assert took < 2
    assert len(asked) < 30
    assert answer.content.count(b'name="change"') == 100


def test_the_list_leaves_documents_payloads_and_traces_in_the_database(ann):
    run = factories.run()
    factories.many_changes(run, 3)
    with CaptureQueriesContext(connection) as asked:
        ann.get(plan_url(run))
    for query in asked:
        for column in ('"document"', '"payload"', '"trace"', '"hub_change"."sent"'):
            assert column not in query["sql"].split(" FROM ")[0], query["sql"]


def test_each_line_says_in_words_what_was_and_what_becomes(ann):
    run = factories.run()
    factories.change(
        run,
        action="update",
        before={"given_name": "Jan", "address": {"city": "Laval", "country": "CA"}},
        after={"given_name": "Jane", "address": {"city": "Québec", "country": "CA"}, "phone": None},
    )
    page = text_of(ann.get(plan_url(run)))
    assert '<span class="diff-word">was</span> <del>Jan</del>' in page
    assert '<span class="diff-word">becomes</span> <ins>Jane</ins>' in page
    assert "<dt>Business address (city)</dt>" in page
    assert "<del>Laval</del>" in page
    assert "(country)" not in page  # what stays is not said


def test_a_name_with_markup_is_shown_as_text(ann):
    run = factories.run()
    factories.change(run, title="<script>x</script>", after={"given_name": "<b>J</b>"})
    page = text_of(ann.get(plan_url(run)))
    assert "<script>x" not in page
    assert "&lt;b&gt;J" in page


@pytest.mark.row("M-15")
def test_nothing_is_approved_before_the_second_word(ann):
    run = factories.run()
    change = factories.change(run)
    answer = ann.post(decide_url(run), {"do": "approve", "all": "yes"})
    change.refresh_from_db()
    assert change.state == Change.State.PLANNED
    assert "What is approved is what is sent" in text_of(answer)


def test_exactly_the_chosen_lines_are_approved(ann):
    run = factories.run()
    chosen = [factories.change(run) for _ in range(3)]
    others = [factories.change(run) for _ in range(2)]
    ann.post(decide_url(run), {"do": "approve", "change": [item.pk for item in chosen], "confirmed": "yes"})
    ready = set(Change.objects.filter(run=run, state=Change.State.READY).values_list("pk", flat=True))
    assert ready == {item.pk for item in chosen}
    assert Change.objects.filter(pk__in=[item.pk for item in others], state=Change.State.PLANNED).count() == 2


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({"action": "update"}, 3),
        ({"entity": "sale"}, 3),
        ({"entity": "contact", "action": "create"}, 2),
        ({"all": "yes"}, 0),
    ],
)
def test_lines_are_approved_by_action_by_entity_or_all(ann, chosen, left):
    run = factories.run()
    factories.change(run)
    factories.change(run)
    factories.change(run, action="update")
    factories.change(run, entity="sale", resource="orders")
    ann.post(decide_url(run), {"do": "approve", "confirmed": "yes", **chosen})
    assert Change.objects.filter(run=run, state=Change.State.PLANNED).count() == left


def test_lines_of_another_run_are_not_touched(ann):
    run, other = factories.run(), factories.run()
    foreign = factories.change(other)
    ann.post(decide_url(run), {"do": "approve", "change": [foreign.pk], "confirmed": "yes"})
    foreign.refresh_from_db()
    assert foreign.state == Change.State.PLANNED


def test_holding_a_line_asks_for_a_reason_and_keeps_it(ann):
    run = factories.run()
    change = factories.change(run)
    answer = ann.post(decide_url(run), {"do": "hold", "change": [change.pk], "confirmed": "yes", "reason": "  "})
    change.refresh_from_db()
    assert change.state == Change.State.PLANNED
    assert "Say why" in text_of(answer)
    ann.post(decide_url(run), {"do": "hold", "change": [change.pk], "confirmed": "yes", "reason": "Ask the owner"})
    change.refresh_from_db()
    assert change.state == Change.State.HELD
    assert change.error_params["reason"] == "Ask the owner"


def test_leaving_out_for_ever_is_remembered_with_who_and_why(ann):
    run = factories.run()
    change = factories.change(run, source=factories.record(run.integration.left))
    ann.post(decide_url(run), {"do": "exclude", "change": [change.pk], "confirmed": "yes", "reason": "A test account"})
    kept = Exclusion.objects.get(record=change.source)
    assert (kept.reason, kept.integration_id) == ("A test account", run.integration_id)
    assert kept.user is not None
    change.refresh_from_db()
    assert change.state == Change.State.SKIPPED


def test_closing_a_plan_sends_nothing_of_what_waits(ann):
    run = factories.run()
    change = factories.change(run)
    ann.post(decide_url(run), {"do": "close"})
    change.refresh_from_db()
    assert change.state == Change.State.PLANNED
    ann.post(decide_url(run), {"do": "close", "confirmed": "yes"})
    change.refresh_from_db()
    assert change.state == Change.State.SUPERSEDED


def test_a_reading_of_the_page_decides_nothing(ann):
    run = factories.run()
    change = factories.change(run)
    assert ann.get(decide_url(run), {"do": "approve", "all": "yes", "confirmed": "yes"}).status_code == 405
    change.refresh_from_db()
    assert change.state == Change.State.PLANNED


def test_a_forged_post_without_the_token_is_refused():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.staff())
    run = factories.run()
    change = factories.change(run)
    assert strict.post(decide_url(run), {"do": "approve", "all": "yes", "confirmed": "yes"}).status_code == 403
    change.refresh_from_db()
    assert change.state == Change.State.PLANNED


def test_who_may_only_look_sees_no_button_and_is_refused(viewer):
    run = factories.run()
    change = factories.change(run, source=factories.record(run.integration.left))
    page = text_of(viewer.get(plan_url(run)))
    assert change.title in page
    assert 'name="do"' not in page
    assert 'name="change"' not in page
    assert viewer.post(decide_url(run), {"do": "approve", "all": "yes", "confirmed": "yes"}).status_code == 403


def test_a_client_does_not_get_in(client):
    run = factories.run()
    client.force_login(factories.client_person(run.integration.organization))
    assert client.get(plan_url(run)).status_code == 302


def test_bill_impact_counts_the_contacts_that_would_be_added(ann):
    run = factories.run()
    for consent in ("granted", "granted", "none"):
        factories.change(run, after={"email": "a@invented.example", "consent": consent})
    factories.change(run, action="skip", state="skipped", code="EXCLUDED-BY-PERSON")
    factories.change(run, action="update")
    page = text_of(ann.get(plan_url(run)))
    assert f"+3 billable contacts at {run.integration.right}" in page
    assert "2 with marketing consent" in page
    assert "1 without marketing consent" in page


def test_money_is_summed_by_currency_and_what_is_left_out_counts_for_nothing(ann):
    run = factories.run()
    factories.change(run, entity="sale", amount=Decimal("10.10"), currency="CAD")
    factories.change(run, entity="sale", amount=Decimal("0.20"), currency="CAD")
    factories.change(run, entity="sale", amount=Decimal("5"), currency="USD")
    factories.change(
        run, entity="sale", action="skip", state="skipped", amount=Decimal("99"), currency="CAD", code="FILTERED"
    )
    page = text_of(ann.get(plan_url(run)))
    assert "$10.30" in page
    assert "US$5.00" in page
    assert "$109" not in page


def test_a_brake_is_explained_with_its_cure(ann):
    run = factories.run(brakes=[{"entity": "contact", "code": "BRAKE-FIRST-RUN", "params": {}}])
    factories.change(run)
    page = text_of(ann.get(plan_url(run)))
    assert "BRAKE-FIRST-RUN" in page
    assert "Why this plan waits for a person" in page
    assert "What to do:" in page


def test_a_reading_with_gaps_is_never_called_complete(ann):
    run = factories.run(
        statement=[
            {"side": "left", "feed": "all", "seen": {"customers": 7}, "expected": {"customers": 10}, "unreadable": [],
             "notes": [], "ends": ["customers"], "pages": 1, "first": True, "done": True}
        ]
    )  # fmt: skip
    page = text_of(ann.get(plan_url(run)))
    assert "Incomplete: at least 3 missing" in page
    assert ">Complete<" not in page


def test_filters_narrow_the_lines(ann):
    run = factories.run()
    factories.change(run, title="Ann Invented")
    factories.change(run, title="Bob Invented", action="update")
    factories.change(run, title="Carl Invented", state="held", code="CONTACT-NO-EMAIL")
    for query, seen in (
        ({"text": "bob"}, "Bob"),
        ({"action": "update"}, "Bob"),
        ({"state": "held"}, "Carl"),
        ({"code": "CONTACT-NO-EMAIL"}, "Carl"),
    ):
        lines = text_of(ann.get(plan_url(run), query)).split('id="lines"')[1]
        shown = set(re.findall(r"(Ann|Bob|Carl) Invented", lines))
        assert shown == {seen}, query


def test_a_line_planned_anew_is_shown_once_as_it_is_now(ann):
    run = factories.run()
    record = factories.record(run.integration.left)
    factories.change(run, title="Ann Before", state="superseded", source=record, code="CONTACT-NO-EMAIL")
    factories.change(run, title="Ann Now", state="held", source=record, code="CONTACT-NO-EMAIL")
    factories.change(run, title="Bob Closed", state="superseded", source=factories.record(run.integration.left))
    changes = reverse("admin:changes")
    for address, more in (
        (plan_url(run), {}),
        (changes, {"run": run.pk}),
        (changes, {"integration": run.integration_id}),
    ):
        page = text_of(ann.get(address, more))
        assert "Ann Now" in page and "Ann Before" not in page, address
        assert "Bob Closed" in page, "what was never planned anew is still told"
        assert "Ann Before" in text_of(ann.get(address, {**more, "state": "superseded"}))


def test_an_empty_plan_says_what_it_is_empty_of(ann):
    page = text_of(ann.get(plan_url(factories.run())))
    assert "both sides agree, so there is nothing to write" in page
    assert page.count("<h1") == 1


def test_what_new_contacts_get_beyond_their_values_is_said_before_anything_is_approved(ann):
    run = factories.run()
    run.pinned = {**run.pinned, "settings": {"tag": "Clients QBO", "status_if_new": "transactional"}}
    run.save(update_fields=["pinned"])
    assert "gets the tag" not in text_of(ann.get(plan_url(run)))
    factories.many_changes(run, 1)
    page = text_of(ann.get(plan_url(run)))
    assert "gets the tag “Clients QBO” and the status “Non-subscribed: did not opt in”." in page
