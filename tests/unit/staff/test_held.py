"""Held: a cause is listed once with its cure, however many records wait for it, and all of them are retried together."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bridge.hub.models import Change, Conflict, HeldCause, Notice, Run
from bridge.jobs import notices
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


# who looks after a cause, and when


def care(browser, do, *causes, **told):
    return browser.post(reverse("admin:held_care"), {"do": do, "cause": causes, **told}, follow=True)


def listed(browser, **query) -> str:
    """The rows of the page; "" where it lists nothing."""
    page = text_of(browser.get(reverse("admin:held"), query))
    return page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""


def stay(**values):
    """A client's run with one record held for CODE."""
    run = factories.run(factories.integration(factories.organization(**values)), state="held")
    factories.change(run, state="held", code=CODE)
    return run


def test_causes_are_assigned_together_and_each_finds_their_own(ann):
    run = stay()
    factories.change(run, state="held", code="SEVERAL-MATCHES")
    factories.change(run, state="held", code="MAYBE-MATCH")
    sam = factories.office("support", first_name="Sam", last_name="Finder", email="sam@house.example")
    page = text_of(care(ann, "assign", CODE, "SEVERAL-MATCHES", person=sam.pk))
    assert "2 causes are now with Sam Finder." in page
    assert listed(ann).count("Sam Finder") == 2 and listed(ann).count("Nobody yet") == 1
    assert "MAYBE-MATCH" in listed(ann, assigned="nobody") and CODE not in listed(ann, assigned="nobody")
    assert listed(ann, assigned="me") == ""
    assert CODE in listed(ann, assigned=sam.pk) and "MAYBE-MATCH" not in listed(ann, assigned=sam.pk)
    browser = Client()
    browser.force_login(sam)
    assert CODE in listed(browser, assigned="me") and "MAYBE-MATCH" not in listed(browser, assigned="me")
    care(ann, "assign", CODE, person="")
    assert listed(ann).count("Sam Finder") == 1


def test_a_record_held_later_for_the_same_cause_goes_to_the_same_person(ann):
    run = stay()
    sam = factories.office("operator")
    care(ann, "assign", CODE, person=sam.pk)
    Change.objects.all().delete()
    assert listed(ann) == ""
    factories.change(run, state="held", code=CODE)
    assert CODE in listed(ann, assigned=sam.pk)


def test_the_home_says_how_many_are_yours(client):
    sam = factories.office("operator")
    run = stay()
    factories.change(run, state="held", code="SEVERAL-MATCHES")
    HeldCause.objects.create(integration=run.integration, cause=CODE, assigned_to=sam)
    client.force_login(sam)
    assert "1 of them yours" in text_of(client.get("/admin/"))


def test_a_cause_put_off_is_nowhere_asked_about_before_its_day(ann):
    run = stay()
    until = run.integration.organization.today + timedelta(days=3)
    assert "1 cause is put off until" in text_of(care(ann, "later", CODE, until=until.isoformat()))
    assert listed(ann) == "" and CODE in listed(ann, state="later")
    assert (
        reverse("admin:held") not in text_of(ann.get("/admin/")).split("What needs a person")[1].split("</section")[0]
    )
    page = text_of(ann.get(of_cause()))
    assert "Nothing of this cause waits now: all of it is put off." in page and "Put off for now (1)" in page
    assert "put off until" in text_of(ann.get(of_cause() + "?state=later"))
    factories.change(run, state="held", code=CODE)
    assert listed(ann) == "", "what comes later joins it"
    assert "1 cause waits again." in text_of(care(ann, "now", CODE, state="later"))
    assert CODE in listed(ann)


def test_it_is_back_on_its_day_where_the_client_is(ann):
    """The two are 25 hours apart: on any instant the eastern one is at least a day ahead."""
    east, west = stay(time_zone="Pacific/Kiritimati"), stay(time_zone="Pacific/Pago_Pago")
    for run in (east, west):
        HeldCause.objects.create(integration=run.integration, cause=CODE, until=east.integration.organization.today)
    here = {"organization": east.integration.organization_id}
    assert CODE in listed(ann, **here) and "back since" in listed(ann, **here)
    assert listed(ann, organization=west.integration.organization_id) == ""
    assert "Put off for now (1)" in text_of(ann.get(reverse("admin:held")))


@pytest.mark.parametrize("days", [-1, 0, 400, None])
def test_a_day_that_makes_no_sense_is_refused_and_nothing_is_put_off(ann, days):
    run = stay()
    until = "" if days is None else (run.integration.organization.today + timedelta(days=days)).isoformat()
    assert "HELD-CARE-DAY" in text_of(care(ann, "later", CODE, until=until))
    assert not HeldCause.objects.exists() and CODE in listed(ann)


def test_who_does_not_see_a_client_cannot_be_given_what_it_holds(ann):
    mine, theirs = stay(), stay()
    limited = factories.office("operator", mine.integration.organization, first_name="Lim", last_name="Ited")
    page = text_of(care(ann, "assign", CODE, person=limited.pk))
    assert "HELD-CARE-PERSON" in page and str(theirs.integration.organization) in page
    assert not HeldCause.objects.exists(), "all or nothing"
    care(ann, "assign", CODE, person=limited.pk, organization=mine.integration.organization_id)
    assert [care.integration_id for care in HeldCause.objects.all()] == [mine.integration_id]
    assert "not for every client" in listed(ann)


@pytest.mark.parametrize("who", ["client", "gone", "roleless"])
def test_only_people_of_the_office_are_offered_and_taken(ann, who):
    run = stay()
    person = {
        "client": lambda: factories.client_person(run.integration.organization),
        "gone": lambda: factories.office("owner", is_active=False),
        "roleless": lambda: factories.office(""),
    }[who]()
    assert f'<option value="{person.pk}"' not in text_of(ann.get(reverse("admin:held")))
    assert care(ann, "assign", CODE, person=person.pk).status_code == 404
    assert not HeldCause.objects.exists()


def test_who_looks_after_some_clients_is_offered_those_who_do_so_too_and_their_owners(client):
    run = stay()
    home = run.integration.organization
    me = factories.office("operator", home)
    home.owner = factories.staff(last_name="Owner")
    home.save()
    beside = factories.office("support", home, last_name="Beside")
    elsewhere = factories.office("owner", factories.organization(), last_name="Elsewhere")
    client.force_login(me)
    page = text_of(client.get(reverse("admin:held")))
    offered = [person for person in (me, home.owner, beside, elsewhere) if f'<option value="{person.pk}"' in page]
    assert offered == [me, home.owner, beside]
    assert care(client, "assign", CODE, person=elsewhere.pk).status_code == 404


def test_somebody_who_left_is_still_named_and_said_to_be_gone(ann):
    run = stay()
    left = factories.office("owner", is_active=False, first_name="Lea", last_name="Left")
    HeldCause.objects.create(integration=run.integration, cause=CODE, assigned_to=left)
    assert "Lea Left" in listed(ann) and "(works here no more)" in listed(ann)


def test_another_clients_causes_are_neither_shown_nor_touched(client):
    mine, theirs = stay(), stay()
    client.force_login(factories.office("operator", mine.integration.organization))
    care(client, "later", CODE, until=(factories.today() + timedelta(days=9)).isoformat())
    assert [item.integration_id for item in HeldCause.objects.all()] == [mine.integration_id]
    care(client, "later", CODE, until=(factories.today() + timedelta(days=9)).isoformat(),
         organization=theirs.integration.organization_id)  # fmt: skip
    assert HeldCause.objects.count() == 1


def test_nothing_ticked_changes_nothing_and_says_so(ann):
    stay()
    assert "Nothing was ticked" in text_of(care(ann, "assign", person=""))
    assert not HeldCause.objects.exists()


def test_what_is_put_off_is_not_retried_with_the_rest(ann):
    awake, asleep = stay(), stay()
    HeldCause.objects.create(
        integration=asleep.integration, cause=CODE, until=asleep.integration.organization.today + timedelta(days=2)
    )
    ann.post(reverse("admin:held_retry", args=[CODE]))
    assert Change.objects.get(run=awake).retry_at is not None
    assert Change.objects.get(run=asleep).retry_at is None


def test_the_history_tells_who_gave_what_to_whom_and_until_when(ann):
    run = stay()
    sam = factories.office("operator", first_name="Sam", last_name="Finder")
    care(ann, "assign", CODE, person=sam.pk)
    until = run.integration.organization.today + timedelta(days=3)
    care(ann, "later", CODE, until=until.isoformat())
    page = text_of(ann.get(reverse("admin:audit"), {"model": "heldcause"})).split("<tbody>")[-1]
    assert "<ins>Sam Finder</ins>" in page and f"<ins>{until.isoformat()}</ins>" in page
    assert "Ann Invented" in page and str(run.integration.organization) in page
    assert "has no e-mail address" in page and f"<ins>{CODE}</ins>" not in page, "the cause is told in words"


def test_a_viewer_sees_who_looks_after_it_and_cannot_change_it(client):
    run = stay()
    sam = factories.office("operator", first_name="Sam", last_name="Finder")
    HeldCause.objects.create(integration=run.integration, cause=CODE, assigned_to=sam)
    client.force_login(factories.office("viewer"))
    for address in (reverse("admin:held"), of_cause()):
        page = text_of(client.get(address))
        assert "Sam Finder" in page and reverse("admin:held_care") not in page
    assert client.post(reverse("admin:held_care"), {"do": "assign", "cause": CODE}).status_code == 403


def test_many_assigned_causes_of_many_clients_cost_no_more_queries_than_one(ann):
    def questions():
        counts = []
        for address in (reverse("admin:held"), of_cause(), "/admin/"):
            ann.get(address)
            with CaptureQueriesContext(connection) as asked:
                ann.get(address)
            counts.append(len(asked))
        return counts

    def cared():
        run = stay()
        HeldCause.objects.create(
            integration=run.integration, cause=CODE, assigned_to=factories.office("operator"), until=factories.today()
        )

    cared()
    few = questions()
    for _ in range(6):
        cared()
    assert questions() == few and max(few) < 30


def test_mails_about_a_cause_go_to_whom_it_is_assigned_and_stop_while_it_is_put_off():
    run = stay()
    Run.objects.filter(pk=run.pk).update(finished_at=factories.hours_ago(0))
    sam = factories.office("operator")
    factories.office("operator")
    item = HeldCause.objects.create(integration=run.integration, cause=CODE, assigned_to=sam)
    notices.tick()
    told = Notice.objects.filter(cause="held")
    assert {notice.user for notice in told} == {sam}
    told.delete()
    item.until = run.integration.organization.today + timedelta(days=1)
    item.save()
    notices.tick()
    assert not told.exists()


def test_a_clients_open_items_leave_out_what_is_put_off(ann):
    run = stay(name="Quiet Client")
    row = f'<a class="link" href="{reverse("admin:index")}?organization={run.integration.organization_id}">1</a>'
    assert row in text_of(ann.get(reverse("admin:hub_organization_changelist")))
    until = run.integration.organization.today + timedelta(days=1)
    HeldCause.objects.create(integration=run.integration, cause=CODE, until=until)
    assert row not in text_of(ann.get(reverse("admin:hub_organization_changelist")))
