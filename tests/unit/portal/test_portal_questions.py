"""An answer becomes a decision with the client's name, and what waited for it goes on with the next run."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.test import Client

from bridge.hub.models import (
    Candidate,
    Change,
    Comment,
    Exclusion,
    Integration,
    Link,
    Membership,
    Question,
    Run,
    User,
    ValueMap,
)
from bridge.jobs import duplicates, questions, runs, tasks, values
from connectors.contract import SettingInvalid
from tests import factories
from tests.corner_shop import order
from tests.unit.jobs.conftest import house, server, shop  # noqa: F401 - fixtures
from tests.unit.portal.conftest import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(house, shop):  # noqa: F811
    """Two orders wait for a payment method nobody has mapped; the client was asked where it goes."""
    shop.orders = [order(1, method="card"), order(2, method="card")]
    run = house.run(approve=False)
    if run.state == "planned":
        runs.approve_rest_not(run, house.ann)
    for kind in ("payment_method", "tax"):
        values.refresh(house.integration, kind)
    values.accept_all(house.integration, "tax", house.ann)
    tax = ValueMap.objects.get(integration=house.integration, kind="tax", source_key="TPS+TVQ")
    if not tax.confirmed:
        values.set_target(tax, values.targets(house.integration, "tax")[0].id, house.ann)
    row = ValueMap.objects.get(integration=house.integration, kind="payment_method", source_key="card")
    Integration.objects.filter(pk=house.integration.pk).update(state="active", automatic=True)
    return values.ask_accountant(row, house.ann)


def sign_in(of, role="manager", **more) -> tuple[Client, User]:
    who = person(of, role, **more)
    client = Client()
    client.force_login(who)
    return client, who


def at(question, tail="") -> str:
    return f"/portal/{question.integration.organization_id}/questions/{question.pk}/{tail}"


def target(question, label) -> str:
    return next(item["value"] for item in question.choices if item["en"] == label)


def test_a_clients_answer_plans_the_waiting_orders_within_one_run(house, asked):  # noqa: F811
    waiting = set(questions.behind(asked).values_list("source__number", flat=True))
    assert waiting == {"W-1", "W-2"}
    client, marc = sign_in(house.organization, "accountant", first_name="Marc", last_name="Fictif", language="en")
    page = client.get(at(asked)).content.decode()
    assert "W-1" in page and "W-2" in page and "2 records wait ($229.96)" in page

    answer = client.post(at(asked, "answer/"), {"answer": target(asked, "Visa")}, follow=True)
    assert "2 records that waited go on now" in answer.content.decode()
    run = house.integration.runs.first()
    assert run.user == marc and run.is_open
    house.finish(run, approve=False)
    planned = run.changes.filter(state__in=("planned", "ready", "done")).values_list("source__number", flat=True)
    assert set(planned) == waiting
    asked.refresh_from_db()
    row = asked.value_maps.get()
    assert (asked.answered_by, row.decided_by, row.target_label, row.confirmed) == (marc, marc, "Visa", True)
    entry = LogEntry.objects.get_for_object(row).filter(changes__has_key="target_id").first()
    assert entry.actor == marc
    told = client.get(f"/portal/{house.organization.pk}/activity/").content.decode()
    assert "Marc Fictif" in told and "Visa" in told


def test_of_two_answers_the_first_holds_and_the_second_is_told(house, asked):  # noqa: F811
    one, _ = sign_in(house.organization, language="en")
    other, _ = sign_in(house.organization, "accountant", language="en")
    another = next(item["value"] for item in asked.choices if item["en"] != "Visa")
    one.post(at(asked, "answer/"), {"answer": target(asked, "Visa")})
    late = other.post(at(asked, "answer/"), {"answer": another}, follow=True)
    assert "already" in late.content.decode()
    assert asked.value_maps.get().target_label == "Visa"


@pytest.mark.parametrize("value", ["", "999999", "'; drop table", "x" * 5000])
def test_what_was_not_offered_is_no_answer(house, asked, value):  # noqa: F811
    client, _ = sign_in(house.organization, language="en")
    answer = client.post(at(asked, "answer/"), {"answer": value}, follow=True)
    asked.refresh_from_db()
    assert answer.status_code == 200 and asked.answered_at is None


def test_a_pair_nobody_runs_by_itself_waits_for_the_office(house, asked):  # noqa: F811
    Integration.objects.filter(pk=house.integration.pk).update(state="setup", automatic=False)
    client, _ = sign_in(house.organization, language="en")
    before = house.integration.runs.count()
    answer = client.post(at(asked, "answer/"), {"answer": target(asked, "Visa")}, follow=True)
    assert "when the office starts the next pass" in answer.content.decode()
    assert house.integration.runs.count() == before


def test_a_question_is_passed_to_the_accountant_who_gets_a_mail_in_their_language(house, asked, settings):  # noqa: F811
    settings.Q_CLUSTER = {**settings.Q_CLUSTER}
    client, _ = sign_in(house.organization, language="en")
    marc = person(house.organization, "accountant", email="marc@client.example", language="fr")
    viewer = person(house.organization, "viewer", email="vera@client.example")
    assert [item.pk for item in questions.may_be_asked(asked, viewer)][0] == marc.pk
    refused = client.post(at(asked, "pass/"), {"to": viewer.pk}, follow=True)
    assert "cannot answer" in refused.content.decode()
    client.post(at(asked, "pass/"), {"to": marc.pk})
    asked.refresh_from_db()
    assert asked.asked_of == marc
    mail.outbox.clear()
    tasks.question(asked.pk)
    assert mail.outbox[0].to == ["marc@client.example"] and mail.outbox[0].subject.startswith("Une question")
    stranger = person(factories.organization(), "accountant", email="x@other.example")
    assert "cannot answer" in client.post(at(asked, "pass/"), {"to": stranger.pk}, follow=True).content.decode()


def test_comments_stay_with_the_question_for_both_houses(house, asked):  # noqa: F811
    client, carla = sign_in(house.organization, language="en")
    client.post(at(asked, "comment/"), {"text": "  <b>Ask</b> my sister  "})
    client.post(at(asked, "comment/"), {"text": "   "})
    kept = Comment.objects.get()
    assert (kept.text, kept.user, kept.question) == ("<b>Ask</b> my sister", carla, asked)
    page = client.get(at(asked)).content.decode()
    assert "&lt;b&gt;Ask&lt;/b&gt; my sister" in page and "<b>Ask</b>" not in page
    ann = Client()
    ann.force_login(house.ann)
    row = asked.value_maps.get()
    office = f"/admin/integrations/{house.integration.pk}/mappings/value/{row.pk}/"
    assert "&lt;b&gt;Ask&lt;/b&gt; my sister" in ann.get(office).content.decode()


# the two other kinds


@pytest.fixture
def pair(db):
    """A pair of accounts where two records may be the same."""
    made = factories.integration(state=Integration.State.ACTIVE)
    left = factories.record(made.left, "customers", name="Jane Roe")
    right = factories.record(made.right, "members", name="J. Roe")
    return Candidate.objects.create(integration=made, entity="contact", left=left, right=right, score="0.7")


@pytest.mark.parametrize(("value", "linked"), [("same", 1), ("never", 0)])
def test_are_these_two_the_same_is_decided_by_the_client(pair, value, linked):
    question = questions.ask_pair(pair, factories.staff())
    assert questions.ask_pair(pair, factories.staff()) == question
    client, carla = sign_in(pair.integration.organization, language="en")
    page = client.get(at(question)).content.decode()
    assert "Jane Roe" in page and "Yes, the same" in page
    client.post(at(question, "answer/"), {"answer": value})
    pair.refresh_from_db()
    assert (pair.decision, pair.decided_by) == (value, carla)
    assert Link.objects.filter(integration=pair.integration).count() == linked
    question.refresh_from_db()
    assert question.answered_by == carla


def test_a_pair_that_was_decided_meanwhile_is_not_decided_again(pair):
    question = questions.ask_pair(pair, None)
    ann = factories.staff()
    duplicates.decide(pair, "never", ann)
    client, _ = sign_in(pair.integration.organization, language="en")
    client.post(at(question, "answer/"), {"answer": "same"})
    pair.refresh_from_db()
    assert (pair.decision, pair.decided_by) == ("never", ann)


@pytest.fixture
def lines(pair):
    """Three old documents in a plan that waits."""
    run = factories.run(pair.integration)
    found = []
    for number in range(3):
        day = factories.today() - timedelta(days=400 + number)
        source = factories.record(pair.integration.left, "invoices", number=str(number), date=day)
        found.append(factories.change(run, entity="sale", source=source, title=f"Old {number}"))
    return found


def test_old_documents_go_when_the_client_says_so_and_the_approval_has_their_name(lines):
    question = questions.ask_lines(lines[:2], factories.staff())
    assert "2 documents, dated" in question.text["en"] and "2 documents, datés" in question.text["fr"]
    client, carla = sign_in(question.integration.organization)
    client.post(at(question, "answer/"), {"answer": questions.POST})
    states = {line.title: Change.objects.get(pk=line.pk) for line in lines}
    assert [states[f"Old {n}"].state for n in range(3)] == ["ready", "ready", "planned"]
    assert states["Old 0"].approved_by == carla and states["Old 2"].approved_by is None


def test_old_documents_stay_out_when_the_client_says_so(lines):
    question = questions.ask_lines(lines[:2], factories.staff())
    client, carla = sign_in(question.integration.organization)
    client.post(at(question, "answer/"), {"answer": questions.LEAVE_OUT})
    assert Exclusion.objects.filter(user=carla).count() == 2
    assert Change.objects.get(pk=lines[2].pk).state == "planned"


def test_nothing_is_asked_about_lines_that_do_not_wait(lines):
    Change.objects.update(state="done")
    with pytest.raises(SettingInvalid) as told:
        questions.ask_lines(Change.objects.all(), None)
    assert told.value.code == "QUESTION-NO-LINES"


def test_a_late_question_says_so(pair):
    question = questions.ask_pair(pair, None, due_on=factories.today() - timedelta(days=1))
    client, _ = sign_in(pair.integration.organization, language="en")
    assert "Was due" in client.get(at(question)).content.decode()
    assert Question.objects.count() == 1 and Membership.objects.count() == 1


# what no longer stands


def unknown_kind(question):
    Question.objects.filter(pk=question.pk).update(code="map:flavour")
    question.value_maps.update(kind="flavour")


def unknown_code(question):
    Question.objects.filter(pk=question.pk).update(code="riddle:1")


def no_values(question):
    question.value_maps.all().delete()


STALE = [
    (unknown_kind, "ne passe plus d’un côté à l’autre", "no longer brought from one side"),
    (no_values, "ne passe plus d’un côté à l’autre", "no longer brought from one side"),
    (unknown_code, "Une autre version de Bridge", "another version of Bridge"),
]


@pytest.mark.parametrize(("spoil", "french", "english"), STALE, ids=["kind", "values", "code"])
def test_a_question_that_no_longer_stands_says_so_and_takes_no_answer(house, asked, spoil, french, english):  # noqa: F811
    spoil(asked)
    for language, words in (("fr", french), ("en", english)):
        client, _ = sign_in(house.organization, email=f"{language}@client.example", language=language)
        for address in (at(asked), f"/portal/{house.organization.pk}/questions/"):
            page = client.get(address)
            assert page.status_code == 200 and words in page.content.decode()
            assert 'name="answer"' not in page.content.decode()
        answer = client.post(at(asked, "answer/"), {"answer": target(asked, "Visa")}, follow=True)
        assert answer.status_code == 200 and words in answer.content.decode()
        assert "Thank you" not in answer.content.decode() and "Merci" not in answer.content.decode()
    asked.refresh_from_db()
    assert asked.answered_at is None and not ValueMap.objects.filter(confirmed=True, kind="flavour").exists()
    marc = person(house.organization, "accountant")
    with pytest.raises(SettingInvalid) as told:
        questions.pass_on(asked, marc, house.ann)
    assert told.value.code.startswith("QUESTION-")


@pytest.mark.parametrize("spoil", [spoil for spoil, _fr, _en in STALE], ids=["kind", "values", "code"])
def test_the_beat_withdraws_it_in_nobodys_name_and_only_it(house, asked, spoil):  # noqa: F811
    assert questions.withdraw_over() == 0
    spoil(asked)
    assert questions.withdraw_over() == 1 and questions.withdraw_over() == 0
    asked.refresh_from_db()
    assert asked.answered_at and (asked.answer, asked.answered_by) == ("", None)
    client, carla = sign_in(house.organization, language="en")
    assert not questions.waiting(carla).exists()
    pages = [
        client.get(address).content.decode() for address in (at(asked), f"/portal/{house.organization.pk}/questions/")
    ]
    assert all("no longer" in page for page in pages)
    assert "Answered" not in client.get(f"/portal/{house.organization.pk}/activity/").content.decode()


def test_of_a_pair_the_office_decided_the_client_reads_who_did(pair):
    question = questions.ask_pair(pair, None)
    ann = factories.staff(first_name="Ann", last_name="Inventée")
    duplicates.decide(pair, "never", ann)
    client, _ = sign_in(pair.integration.organization, language="fr")
    assert "Ann Inventée en a décidé entre-temps" in client.get(at(question)).content.decode()
    assert questions.withdraw_over() == 1
    pair.delete()
    assert "n’est plus là" in client.get(at(question)).content.decode()


def test_documents_that_went_meanwhile_are_asked_about_no_more(lines):
    question = questions.ask_lines(lines[:2], None)
    Change.objects.filter(pk__in=[lines[0].pk, lines[1].pk]).update(state="superseded")
    assert questions.withdraw_over() == 0, "an open run may be planning them anew"
    client, _ = sign_in(question.integration.organization, language="en")
    assert "None of these documents waits any more" in client.get(at(question)).content.decode()
    Run.objects.update(state="done")
    assert questions.withdraw_over() == 1
    Change.objects.filter(pk=lines[0].pk).update(state="planned")
    assert "None of these documents waits any more" in client.get(at(question)).content.decode(), (
        "withdrawn is withdrawn"
    )
