"""Deciding about records that may be the same: linked by a person, kept apart for good, put off, split again."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.utils import timezone

from bridge.hub.models import Candidate, Change, Double, Exclusion, Link, Run
from bridge.jobs import duplicates, plan, runs
from bridge.jobs.context import pin
from bridge.jobs.explain import why
from connectors.contract import SyncError
from tests import factories

pytestmark = pytest.mark.django_db
Decision = Candidate.Decision


def customer(at, name="Jane Roe", email="jane@roe.example", **values):
    """A customer of the books, its keys as reading makes them."""
    number = str(next(factories._next))
    given, _, family = name.rpartition(" ")
    document = {"Id": number, "DisplayName": name, "GivenName": given, "FamilyName": family, "Active": True,
                "SyncToken": "0"}  # fmt: skip
    if email:
        document["PrimaryEmailAddr"] = {"Address": email}
    return factories.record(
        at, "customers", remote_id=number, document=document, name=name, email_key=email,
        name_key=" ".join(sorted(name.lower().split())), **values,
    )  # fmt: skip


def member(at, email="jane@roe.example", given="Jane", family="Roe", **values):
    """A contact of the newsletter."""
    number = f"m{next(factories._next)}"
    document = {"id": number, "contact_id": number, "email_address": email, "status": "transactional",
                "merge_fields": {"FNAME": given, "LNAME": family}}  # fmt: skip
    return factories.record(
        at, "members", remote_id=number, document=document, name=f"{given} {family}", email_key=email,
        name_key=" ".join(sorted(f"{given} {family}".lower().split())), **values,
    )  # fmt: skip


def candidate(pair, left, right, score="0.75", **values):
    return Candidate.objects.create(
        integration=pair, entity="contact", left=left, right=right, score=Decimal(score), **values
    )


def refused(code, do, *args, **kwargs):
    with pytest.raises(SyncError) as error:
        do(*args, **kwargs)
    assert error.value.code == code
    return error.value


@pytest.fixture
def pair():
    return factories.integration()


@pytest.fixture
def ann():
    return factories.staff()


@pytest.fixture
def asked(pair):
    """A candidate of two records nobody has linked."""
    return candidate(pair, customer(pair.left), member(pair.right))


def test_same_links_the_two_by_the_person_who_said_so(asked, ann):
    duplicates.decide(asked, Decision.SAME, ann)
    link = Link.objects.get(integration=asked.integration)
    assert (link.left_id, link.right_id, link.shared) == (asked.left_id, asked.right_id, False)
    assert (link.made_by, link.made_by_user, link.why) == (Link.Maker.PERSON, ann, "person")
    asked.refresh_from_db()
    assert (asked.decision, asked.decided_by) == (Decision.SAME, ann)


def test_what_was_decided_is_looked_at_by_the_next_run(asked, ann):
    before = asked.left.touched, asked.right.touched
    duplicates.decide(asked, Decision.SAME, ann)
    asked.left.refresh_from_db()
    asked.right.refresh_from_db()
    assert asked.left.touched > before[0]
    assert asked.right.touched > before[1]
    run = duplicates.replan(asked.integration, ann)
    assert run.is_open
    assert duplicates.replan(asked.integration, ann) is None, "one run at a time; the next one finds what was touched"


def test_a_decision_is_in_the_history_with_its_author(asked, ann):
    from auditlog.context import set_actor
    from auditlog.models import LogEntry

    with set_actor(ann):
        duplicates.decide(asked, Decision.NEVER, ann)
    entry = LogEntry.objects.get_for_object(asked).latest("id")
    assert entry.changes["decision"] == ["open", "never"]
    assert entry.actor == ann


def test_other_candidates_of_a_linked_record_are_settled_and_their_records_suspected(pair, ann):
    left, one, other = customer(pair.left), member(pair.right), member(pair.right, given="Janie")
    right_one = candidate(pair, left, one)
    rival = candidate(pair, left, other)
    duplicates.decide(right_one, Decision.SAME, ann)
    rival.refresh_from_db()
    assert rival.decision == Decision.MOOT
    double = Double.objects.get()
    assert {double.left_id, double.right_id} == {one.pk, other.pk}
    assert double.decision == Decision.OPEN and double.parts

    duplicates.take_back(right_one, ann)
    rival.refresh_from_db()
    assert rival.decision == Decision.OPEN
    assert not Link.objects.exists()


def test_the_reverse_two_customers_of_one_contact_become_suspects_too(pair, ann):
    one, other, right = customer(pair.left), customer(pair.left, name="J. Roe"), member(pair.right)
    chosen = candidate(pair, one, right)
    candidate(pair, other, right)
    duplicates.decide(chosen, Decision.SAME, ann)
    double = Double.objects.get()
    assert {double.left_id, double.right_id} == {one.pk, other.pk}
    assert double.connection == pair.left


def test_a_record_linked_meanwhile_is_not_linked_twice(asked, pair, ann):
    other = member(pair.right, email="other@roe.example")
    factories.link(pair, asked.left, other)
    refused("DUPLICATE-TAKEN", duplicates.decide, asked, Decision.SAME, ann)
    asked.refresh_from_db()
    assert asked.decision == Decision.OPEN
    assert Link.objects.count() == 1


def test_a_record_that_is_gone_is_not_linked(asked, ann):
    asked.right.gone = True
    asked.right.save()
    refused("DUPLICATE-GONE", duplicates.decide, asked, Decision.SAME, ann)


def test_the_second_of_two_decisions_is_told_who_was_faster(asked, ann):
    bob = factories.staff(first_name="Bob")
    stale = Candidate.objects.get(pk=asked.pk)
    duplicates.decide(asked, Decision.NEVER, ann)
    error = refused("DUPLICATE-DECIDED", duplicates.decide, stale, Decision.SAME, bob)
    assert "Ann" in error.params["who"]
    assert not Link.objects.exists()


def test_later_is_asked_again_on_its_day(asked, ann):
    day = factories.today() + timedelta(days=5)
    duplicates.decide(asked, Decision.LATER, ann, until=day)
    asked.refresh_from_db()
    assert (asked.decision, asked.until) == (Decision.LATER, day)
    duplicates.decide(asked, Decision.NEVER, ann)
    asked.refresh_from_db()
    assert (asked.decision, asked.until) == (Decision.NEVER, None)


def planned(pair, row):
    """What the next plan decides about a source record, with the rules as they are."""
    return [decision for _, decision in why(row).next]


def test_never_is_respected_by_the_next_plan_and_can_be_taken_back(asked, ann):
    flow = asked.integration.flows.get(entity="contact")
    for name in ("email", "given_name"):
        factories.rule(flow, name, name)
    (before,) = planned(asked.integration, asked.left)
    assert before.action in ("link", "update"), before.code
    duplicates.decide(asked, Decision.NEVER, ann)
    (barred,) = planned(asked.integration, asked.left)
    assert (barred.action, barred.code) == ("hold", "NEVER-MATCH")
    duplicates.take_back(asked, ann)
    (after,) = planned(asked.integration, asked.left)
    assert (after.action, after.target_id) == (before.action, asked.right.remote_id)


def test_many_at_once_leave_pairs_that_want_the_same_record_to_a_person(pair, ann):
    clear = [candidate(pair, customer(pair.left), member(pair.right)) for _ in range(3)]
    left = customer(pair.left)
    contested = [candidate(pair, left, member(pair.right)) for _ in range(2)]
    told = duplicates.decide_many([*clear, *contested], Decision.SAME, ann)
    assert told.count == 3
    assert [code for _, code, _ in told.refused] == ["DUPLICATE-CONTESTED"] * 2
    assert Link.objects.count() == 3
    assert not Link.objects.filter(left=left).exists()


def test_taking_back_same_is_refused_once_something_was_written(asked, pair, ann):
    duplicates.decide(asked, Decision.SAME, ann)
    factories.change(
        factories.run(pair, state="done"), source=asked.left, target=asked.right, action="update", state="done",
        settled_at=timezone.now(),
    )  # fmt: skip
    refused("DUPLICATE-WRITTEN", duplicates.take_back, asked, ann)
    assert Link.objects.count() == 1


# splitting


@pytest.fixture
def wrong(pair):
    """A wrong link, by which the right record was overwritten."""
    left, right = customer(pair.left), member(pair.right)
    link = factories.link(pair, left, right)
    run = factories.run(pair, state="done")
    factories.change(
        run, source=left, target=right, remote_id=right.remote_id, action="update", state="done", title=right.name,
        before={"given_name": "Janet"}, after={"given_name": "Jane"}, settled_at=timezone.now(),
    )  # fmt: skip
    return link


def test_split_takes_the_link_apart_and_never_suggests_the_two_again(wrong, ann):
    told = duplicates.split(wrong, ann)
    assert not Link.objects.exists()
    pair = Candidate.objects.get()
    assert (pair.decision, pair.decided_by, pair.left_id) == (Decision.NEVER, ann, wrong.left_id)
    assert [change.after for change in told.written] == [{"given_name": "Jane"}]
    (decision,) = planned(wrong.integration, wrong.left)
    assert decision.code == "NEVER-MATCH"


def test_what_a_wrong_link_wrote_can_be_planned_back_and_waits_for_approval(wrong, ann):
    told = duplicates.split(wrong, ann)
    run = duplicates.undo_written(wrong.integration, [change.pk for change in told.written], ann)
    assert (run.kind, run.state) == (Run.Kind.UNDO, Run.State.PLANNED)
    (line,) = run.changes.all()
    assert (line.action, line.after, line.state) == ("update", {"given_name": "Janet"}, "planned")
    assert [item["code"] for item in run.brakes] == ["UNDO-SPLIT"]


def test_split_lists_documents_sent_for_either_while_the_link_stood(wrong, pair, ann):
    paper = factories.record(pair.left, "invoices", party=wrong.left.remote_id)
    older = factories.record(pair.left, "invoices", party=wrong.left.remote_id)
    run = factories.run(pair, state="done")
    sent = factories.change(run, entity="sale", source=paper, state="done", settled_at=timezone.now())
    factories.change(run, entity="sale", source=older, state="done", settled_at=wrong.made_at - timedelta(days=1))
    written = duplicates.effects(wrong).written
    assert sent in written
    assert len(written) == 2


def test_what_was_planned_on_a_wrong_link_is_not_sent(wrong, pair, ann):
    line = factories.change(factories.run(pair), source=wrong.left, target=wrong.right, action="update")
    told = duplicates.split(wrong, ann)
    line.refresh_from_db()
    assert (line.state, told.planned) == ("superseded", 1)


def test_a_link_in_use_is_not_split_under_a_write(wrong, pair, ann):
    factories.change(factories.run(pair), source=wrong.left, target=wrong.right, action="update", state="sending")
    refused("DUPLICATE-BUSY", duplicates.split, wrong, ann)
    assert Link.objects.count() == 1


def test_those_who_share_the_twin_of_a_split_link_keep_it(wrong, pair, ann):
    follower = factories.link(pair, customer(pair.left), wrong.right, shared=True)
    told = duplicates.split(wrong, ann)
    assert told.followers == [follower]
    assert Link.objects.get() == follower


def test_splitting_twice_says_that_the_link_is_gone(wrong, ann):
    duplicates.split(wrong, ann)
    refused("LINK-GONE", duplicates.split, wrong, ann)


def test_excluded_records_stay_excluded_whatever_is_decided(asked, pair, ann):
    Exclusion.objects.create(integration=pair, record=asked.left, reason="A test account", user=ann)
    duplicates.decide(asked, Decision.SAME, ann)
    (decision,) = planned(pair, asked.left)
    assert decision.code == "EXCLUDED-BY-PERSON"


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_decide_at_once_one_wins_and_the_other_is_told():
    pair, ann, bob = factories.integration(), factories.staff(), factories.staff(first_name="Bob")
    asked = candidate(pair, customer(pair.left), member(pair.right))
    barrier, told = threading.Barrier(2), []

    def person(user, decision):
        mine = Candidate.objects.get(pk=asked.pk)
        barrier.wait()
        try:
            duplicates.decide(mine, decision, user)
            told.append(decision)
        except SyncError as error:
            told.append(error.code)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=person, args=args) for args in ((ann, Decision.SAME), (bob, Decision.NEVER))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked.refresh_from_db()
    assert "DUPLICATE-DECIDED" in told
    assert asked.decision in told
    assert Link.objects.exists() == (asked.decision == Decision.SAME)
    assert connection.is_usable()


def test_a_plan_notes_a_decided_pair_again_without_opening_it(asked, ann):
    duplicates.decide(asked, Decision.NEVER, ann)
    run = runs.start(asked.integration, "person", ann, enqueue=False)
    desk = plan.Desk(Run(integration=asked.integration, pinned=pin(asked.integration)),
                     asked.integration.flows.get(entity="contact"), "right")  # fmt: skip
    assert desk._never([asked.left_id]) == {asked.left_id: frozenset({asked.right.remote_id})}
    assert run.pk and Candidate.objects.get().decision == Decision.NEVER
    assert not Change.objects.exists()
