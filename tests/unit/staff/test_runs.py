"""Runs: the list never calls a run done that holds anything, the page says what was written and what was not."""

import csv
import io
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from bridge.hub.models import Change, Run
from bridge.jobs import runs as work
from bridge.staff import desk
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


def address(name: str, run: Run) -> str:
    return reverse(f"admin:{name}", args=[run.pk])


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def ended(run: Run) -> Run:
    """Let a run end as the machinery ends it: counted, and in the state its counts ask for."""
    told = work.counts(run)
    state = Run.State.HELD if told["waiting"] else Run.State.DONE
    Run.objects.filter(pk=run.pk).update(state=state, counts=told, finished_at=factories.hours_ago(0))
    run.refresh_from_db()
    return run


def test_the_list_of_runs_asks_the_same_few_questions_for_one_as_for_fifty(ann):
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert ann.get(reverse("admin:runs")).status_code == 200
        return len(found)

    factories.run()
    ann.get(reverse("admin:runs"))
    few = asked()
    for _ in range(49):
        factories.call(factories.connection(), factories.run())
    assert asked() <= few
    assert few < 30


def test_the_list_shows_who_started_a_run_and_how_many_it_sent_and_holds(ann):
    run = factories.run(user=factories.staff(first_name="Sam", last_name="Invented"))
    for state in ("done", "done", "held", "rejected"):
        factories.change(run, state=state)
    factories.call(run.integration.right, run)
    ended(run)
    page = text_of(ann.get(reverse("admin:runs")))
    assert "Sam Invented" in page
    row = page.split("<tbody>")[1]
    assert re.search(r"state=done\">2</a>", row)
    assert re.search(r"#held\">2</a>", row)
    assert ">Done<" not in row


def test_the_list_is_narrowed_by_client_and_state(ann):
    run, other = factories.run(state="done"), factories.run(state="stopped")
    for query in (
        {"organization": run.integration.organization_id},
        {"integration": run.integration_id},
        {"state": "done"},
    ):
        page = text_of(ann.get(reverse("admin:runs"), query))
        assert address("run_page", run) in page
        assert address("run_page", other) not in page


def test_an_empty_list_says_what_will_appear(ann):
    assert "Runs appear here as soon as one is planned" in text_of(ann.get(reverse("admin:runs")))


@pytest.mark.row("M-18")
def test_a_finished_run_counts_and_lists_contacts_created_and_updated_with_links(ann):
    run = factories.run()
    made = [factories.change(run, state="done", source=factories.record(run.integration.left)) for _ in range(3)]
    changed = factories.change(run, action="update", state="done", remote_id="abc", before={"given_name": "J"})
    ended(run)
    page = text_of(ann.get(address("run_page", run)))
    listed = re.search(r'href="([^"]+action=create)">3</a>', page)
    assert listed, "the number of created contacts must open their list"
    rows = text_of(ann.get(listed.group(1).replace("&amp;", "&")))
    for change in made:
        assert change.title in rows
        assert reverse("admin:record", args=[change.source_id]) in rows
    assert changed.title not in rows
    assert re.search(r'href="[^"]+action=update">1</a>', page)


@pytest.mark.row("M-19")
def test_contacts_are_reviewed_by_tag_exactly_those_created_with_it(ann):
    run = factories.run()
    tagged = [
        factories.change(run, state="done", after={"email": f"t{n}@invented.example", "tags": ["QuickBooks", "Ménage"]})
        for n in range(10)
    ]
    others = [
        factories.change(run, state="done", after={"email": "a@invented.example", "tags": ["QuickBooks Desktop"]}),
        factories.change(run, action="update", state="done", after={"tags": ["QuickBooks"]}),
        factories.change(run, state="done"),
    ]
    page = text_of(ann.get(reverse("admin:changes"), {"run": run.pk, "tag": "QuickBooks"}))
    assert all(change.title in page for change in tagged)
    assert not any(f">{change.title}<" in page for change in others)
    assert "10 lines match" in page
    assert "QuickBooks (10)" in text_of(ann.get(address("run_page", run)))


def test_progress_counts_what_is_settled_of_what_was_approved(ann):
    run = factories.run(state="applying")
    for state in ("done", "done", "rejected", "ready", "held", "skipped"):
        factories.change(run, state=state)
    page = text_of(ann.get(address("run_progress", run)))
    assert 'data-percent="75"' in page
    assert "3 of 4" in page
    assert 'data-open="yes"' in page
    assert "<html" not in page


def test_progress_of_reading_is_unknown_until_a_vendor_gives_a_count(ann):
    run = factories.run(state="reading", statement=[_line(seen={"customers": 40}, expected={})])
    assert 'data-percent=""' in text_of(ann.get(address("run_progress", run)))
    Run.objects.filter(pk=run.pk).update(statement=[_line(seen={"customers": 40}, expected={"customers": 160})])
    assert 'data-percent="25"' in text_of(ann.get(address("run_progress", run)))


def _line(seen: dict, expected: dict) -> dict:
    return {"side": "left", "feed": "all", "seen": seen, "expected": expected, "unreadable": [], "notes": [], "ends": [],
            "pages": 1, "first": True, "done": False}  # fmt: skip


def test_a_page_in_the_middle_of_work_is_right_without_scripts(ann):
    run = factories.run(state="applying")
    factories.change(run, state="sending")
    page = text_of(ann.get(address("run_page", run)))
    assert "Writing what was approved" in page
    assert "Reload to see how far it is" in page
    assert 'aria-live="polite"' in page
    assert "<script>" not in page  # nothing inline: the content policy forbids it


def test_totals_of_both_sides_are_shown_with_what_makes_up_the_difference(ann):
    run = factories.run(
        state="done",
        reconciliation={
            "totals": [
                {"kind": "invoices", "currency": "CAD", "left_count": 3, "left_total": "30.00", "left_tax": "3.90",
                 "right_count": 2, "right_total": "20.00", "right_tax": "2.60", "difference": "10.00"}
            ],
            "differences": [
                {"kind": "missing", "code": "FILTERED", "amount": "10.00", "currency": "CAD",
                 "left": {"id": "invoices:7", "number": "1007", "date": "2026-10-01", "total": "10.00"}, "right": None}
            ],
            "difference_count": 1,
        },
    )  # fmt: skip
    page = text_of(ann.get(address("run_page", run)))
    assert "$30.00" in page
    assert "$20.00" in page
    assert "1007" in page
    assert "missing on the other side" in page


def test_held_lines_are_grouped_by_cause_and_lead_to_their_records(ann):
    run = factories.run(state="held")
    for _ in range(3):
        factories.change(run, state="held", code="CONTACT-NO-EMAIL")
    page = text_of(ann.get(address("run_page", run)))
    assert re.search(rf'held/CONTACT-NO-EMAIL/\?run={run.pk}">3</a>', page)


def test_stopping_asks_first(ann):
    run = factories.run()
    change = factories.change(run)
    answer = ann.post(address("run_stop", run))
    run.refresh_from_db()
    assert run.state == Run.State.PLANNED
    assert "nothing more is sent" in text_of(answer)
    ann.post(address("run_stop", run), {"confirmed": "yes"})
    run.refresh_from_db()
    change.refresh_from_db()
    assert (run.state, change.state) == (Run.State.STOPPED, Change.State.SUPERSEDED)


def test_retrying_takes_up_what_this_run_holds_in_a_new_run(ann):
    run = factories.run(state="held")
    failed = factories.change(run, state="rejected", error_code="X")
    answer = ann.post(address("run_retry", run))
    failed.refresh_from_db()
    assert failed.retry_at is not None
    started = Run.objects.order_by("-id").first()
    assert started.pk != run.pk
    assert answer["Location"] == address("run_page", started)


def test_a_retry_while_another_run_is_open_is_refused_in_words(ann):
    run = factories.run(state="held")
    factories.change(run, state="rejected", error_code="X")
    factories.run(run.integration, state="reading")
    page = text_of(ann.post(address("run_retry", run), follow=True))
    assert "RUN-OPEN" in page
    assert Run.objects.filter(integration=run.integration).count() == 2


def test_undoing_makes_a_plan_that_waits_and_writes_nothing(ann):
    run = factories.run(state="done")
    target = factories.record(run.integration.right, "members")
    factories.change(run, state="done", action="update", target=target, before={"given_name": "J"})
    ann.post(address("run_undo", run))
    assert Run.objects.count() == 1
    answer = ann.post(address("run_undo", run), {"confirmed": "yes"})
    reversal = Run.objects.get(undo_of=run)
    assert reversal.state == Run.State.PLANNED
    assert answer["Location"] == address("run_plan", reversal)
    assert "J" in reversal.changes.get().after.values()


def test_who_may_only_look_sees_no_button_and_is_refused(client):
    person = factories.office()
    client.force_login(person)
    run = factories.run(state="held")
    factories.change(run, state="rejected")
    page = text_of(client.get(address("run_page", run)))
    for name in ("run_stop", "run_retry", "run_undo"):
        assert address(name, run) not in page
        assert client.post(address(name, run), {"confirmed": "yes"}).status_code == 403
    assert Run.objects.count() == 1


def rows_of(answer, delimiter: str) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:]), delimiter=delimiter))


def test_a_download_holds_every_line_and_no_formula(ann):
    run = factories.run()
    factories.change(run, title='=HYPERLINK("http://invented.example")', amount=Decimal("-12.5"), currency="CAD")
    factories.change(run, title="@SUM(A1)", after={"given_name": "+1", "family_name": "=2"})
    rows = rows_of(ann.get(address("run_csv", run)), ",")
    assert len(rows) == 3
    assert rows[1][3] == '\'=HYPERLINK("http://invented.example")'
    assert Decimal(rows[1][6]) == Decimal("-12.5")  # a negative number stays a number
    assert rows[2][3] == "'@SUM(A1)"
    assert not any(cell[:1] in "=+@" for row in rows for cell in row if cell)


def test_a_french_download_opens_in_french_excel(client):
    client.force_login(factories.staff(language="fr"))
    run = factories.run()
    factories.change(run, amount=Decimal("1234.5"), currency="CAD", title="Émile Inventé")
    rows = rows_of(client.get(address("run_csv", run)), ";")
    assert rows[1][6].rstrip("0") == "1234,5"
    assert rows[1][3] == "Émile Inventé"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
def test_text_that_a_spreadsheet_would_run_is_quoted(text):
    assert desk.safe_cell(text) == "'" + text


def test_numbers_are_not_quoted():
    assert desk.safe_cell(Decimal("-3.10")) == "-3.10"
    assert desk.safe_cell(-3) == "-3"


def test_amounts_inside_values_follow_the_language():
    with translation.override("fr"):
        assert desk.shown("1234.5", "money") == "1\u00a0234,50"
    with translation.override("en"):
        assert desk.shown("1234.5", "money") == "1,234.50"


def test_a_list_counts_no_further_than_it_must(monkeypatch):
    monkeypatch.setattr(desk, "MANY", 3)
    run = factories.run()
    for _ in range(6):
        factories.change(run)
    assert desk.NearPaginator(Change.objects.order_by("id"), 2).count == 4
