"""Asking the client from the desks: about a pair, about planned documents; the answer is theirs alone."""

import pytest
from django.urls import reverse

from bridge.hub.models import Candidate, Change, Exclusion, Membership, Question
from bridge.jobs import questions
from tests import factories
from tests.unit.jobs.test_duplicates import candidate, customer
from tests.unit.jobs.test_duplicates import member as letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    """A signed-in person of the house."""
    client.force_login(factories.staff(email="ann@house.example"))
    return client


@pytest.fixture
def plan():
    """A plan of three documents, of a client with one manager and one who may only look."""
    run = factories.run(state="planned")
    factories.many_changes(run, 3, entity="sale", state="planned", action="create")
    manager = member(run.integration, "carla", "manager")
    member(run.integration, "leo", "viewer")
    return run, manager


def member(integration, name, role):
    """Return a person of a client in a role."""
    made = factories.client_person(integration.organization, email=f"{name}@client.example", first_name=name.title())
    Membership.objects.filter(user=made).update(role=role)
    return made


def ask(desk, run, *ids, **more):
    url = reverse("admin:run_plan_act", args=[run.pk])
    return desk.post(url, {"do": "ask", "change": ids, **more}, follow=True)


def test_chosen_lines_are_shown_with_whom_to_ask_before_anybody_is_asked(desk, plan):
    run, manager = plan
    page = ask(desk, run, *run.changes.values_list("pk", flat=True)[:2]).content.decode()
    assert not Question.objects.exists()
    assert page.count('name="change"') == 2
    assert f'value="{manager.pk}"' in page
    assert "Leo" not in page, "who may only look cannot answer"


def test_a_yes_of_the_client_approves_just_the_lines_they_were_asked_about(desk, plan):
    run, manager = plan
    first, second, third = run.changes.order_by("pk")
    ask(desk, run, first.pk, second.pk, asked="yes", to=str(manager.pk), due_on="2099-01-31")
    question = Question.objects.get()
    assert (question.asked_of, question.due_on.isoformat()) == (manager, "2099-01-31")
    questions.answer(question, questions.POST, manager)
    states = dict(run.changes.values_list("pk", "state"))
    assert states == {first.pk: "ready", second.pk: "ready", third.pk: "planned"}


def test_a_no_leaves_them_out_with_the_question_as_the_reason(desk, plan):
    run, manager = plan
    line = run.changes.first()
    ask(desk, run, line.pk, asked="yes", to="", due_on="2099-01-31")
    question = Question.objects.get()
    assert question.asked_of is None
    questions.answer(question, questions.LEAVE_OUT, manager)
    assert Exclusion.objects.get().record_id == line.source_id


def test_lines_that_wait_no_more_are_asked_about_no_more(desk, plan):
    run, _ = plan
    line = run.changes.first()
    Change.objects.filter(pk=line.pk).update(state="done")
    page = ask(desk, run, line.pk, asked="yes", to="", due_on="2099-01-31")
    assert not Question.objects.exists()
    assert page.redirect_chain


def test_a_client_without_people_is_not_asked_and_the_way_to_invite_somebody_is_shown(desk):
    run = factories.run(state="planned")
    factories.many_changes(run, 1, state="planned")
    page = ask(desk, run, run.changes.get().pk, asked="yes", to="", due_on="2099-01-31").content.decode()
    assert not Question.objects.exists()
    assert reverse("admin:hub_organization_change", args=[run.integration.organization_id]) in page


def test_a_pair_is_asked_about_once_and_says_so_until_the_answer(desk):
    integration = factories.integration()
    pair = candidate(integration, customer(integration.left), letter(integration.right, given="Janet"))
    manager = member(pair.integration, "carla", "manager")
    url = reverse("admin:duplicate_ask", args=[pair.pk])
    assert desk.post(url).status_code == 200
    assert not Question.objects.exists(), "the first press shows the form"
    for _ in range(2):
        desk.post(url, {"asked": "yes", "to": "", "due_on": "2099-01-31"})
    question = Question.objects.get()
    shown = desk.get(reverse("admin:duplicate", args=["between", pair.pk])).content.decode()
    assert "an answer is wanted by" in shown and "Ask the client…" not in shown
    questions.answer(question, Candidate.Decision.NEVER, manager)
    pair.refresh_from_db()
    assert (pair.decision, pair.decided_by) == (Candidate.Decision.NEVER, manager)
