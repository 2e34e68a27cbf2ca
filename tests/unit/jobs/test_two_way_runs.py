"""Runs of a flow that goes both ways, between two address books over HTTP."""

import pytest

from bridge.hub.models import Candidate, Change, Conflict, Link, Record, Run
from bridge.jobs import explain, runs
from tests import address_books

pytestmark = pytest.mark.django_db(transaction=True)
HELD = (Change.State.HELD, Change.State.REJECTED)


@pytest.fixture
def pair(monkeypatch, settings, transactional_db):
    """A client with two books, nobody in them yet."""
    settings.Q_CLUSTER["sync"] = False
    with address_books.open_books(monkeypatch, settings) as (north, south):
        yield address_books.Pair(north, south)


def held(pair):
    """Codes of what waits."""
    lines = Change.objects.filter(integration=pair.integration, state__in=HELD)
    return sorted(line.error_code or line.code for line in lines)


@pytest.mark.row("H-03")
def test_what_changes_on_either_side_is_on_the_other_after_the_next_run(pair):
    pair.north.put(email="ann@example.com", given_name="Ann", phone="514 555-0101")
    pair.south.put(email="bob@example.com", given_name="Bob", notes="theirs")
    pair.run()
    assert pair.south.person(email="ann@example.com")["phone"] == "+1 (514) 555-0101"
    assert pair.north.person(email="bob@example.com")["given_name"] == "Bob"
    assert Link.objects.count() == 2
    pair.quiet()
    pair.south.put(pair.south.person(email="ann@example.com")["id"], phone="438 555-0102")
    pair.north.put(pair.north.person(email="bob@example.com")["id"], given_name="Bobby")
    pair.run()
    assert pair.north.person(email="ann@example.com")["phone"] == "+1 (438) 555-0102"
    assert pair.south.person(email="bob@example.com")["given_name"] == "Bobby"
    pair.quiet()


def test_two_fields_of_one_person_changed_on_different_sides_both_flow(pair):
    one = pair.north.put(email="ann@example.com", given_name="Ann", phone="514 555-0101", company="Fiction")
    pair.run()
    other = pair.south.person(email="ann@example.com")["id"]
    pair.north.put(one, phone="514 555-0199")
    pair.south.put(other, company="Autre fiction")
    before = pair.writes()
    pair.run()
    assert pair.south.people[other]["phone"] == "+1 (514) 555-0199"
    assert pair.north.people[one]["company"] == "Autre fiction"
    assert pair.writes() == (before[0] + 1, before[1] + 1)
    pair.quiet()


def test_a_first_run_links_who_is_on_both_sides_once_and_fills_what_is_empty(pair):
    pair.north.put(email="Ann@Example.com ", given_name="Ann", phone="514 555-0101")
    pair.south.put(email="ann@example.com", company="Fiction")
    pair.run()
    assert Link.objects.count() == 1 and len(pair.north.people) == len(pair.south.people) == 1
    assert pair.north.people["n001"]["company"] == "Fiction"
    assert pair.south.people["s001"]["given_name"] == "Ann"
    pair.quiet()


def test_where_both_differ_at_first_sight_the_owner_of_the_field_wins_and_the_rest_is_asked(pair):
    pair.north.put(email="ann@example.com", given_name="Ann", company="North inc.", phone="514 555-0101")
    pair.south.put(email="ann@example.com", given_name="Annie", company="South inc.", phone="438 555-0102")
    pair.run()
    pair.run()
    north, south = pair.north.people["n001"], pair.south.people["s001"]
    assert (north["given_name"], south["given_name"]) == ("Ann", "Ann")
    assert (north["company"], south["company"]) == ("South inc.", "South inc.")
    assert (north["phone"], south["phone"]) == ("514 555-0101", "+1 (438) 555-0102"), "asked, never overwritten"
    (conflict,) = Conflict.objects.filter(decision="open")
    assert (conflict.field, conflict.left, conflict.right) == ("phone", "514 555-0101", "+1 (438) 555-0102")
    assert conflict.facts["left"]["changed_at"] and conflict.facts["right"]["changed_at"]
    assert held(pair) == ["CONFLICT"]
    pair.quiet()


def test_email_changed_on_both_sides_is_a_conflict_and_one_that_ends_by_itself(pair):
    one = pair.north.put(email="ann@example.com", given_name="Ann")
    pair.run()
    pair.north.put(one, email="ann.one@example.com", given_name="Anne")
    pair.south.put("s001", email="ann.two@example.com")
    pair.run()
    assert pair.south.people["s001"]["given_name"] == "Anne", "the other fields go on"
    (conflict,) = Conflict.objects.filter(decision="open")
    assert (conflict.agreed, conflict.left, conflict.right) == (
        "ann@example.com", "ann.one@example.com", "ann.two@example.com",
    )  # fmt: skip
    pair.south.put("s001", email="ann.one@example.com")
    pair.run()
    conflict.refresh_from_db()
    assert conflict.decision == "agreed" and held(pair) == []
    pair.quiet()


def test_an_emptied_field_is_emptied_on_the_other_side(pair):
    pair.north.put(email="ann@example.com", phone="514 555-0101", company="Fiction")
    pair.run()
    pair.south.put("s001", company="")
    pair.north.put("n001", phone="")
    pair.run()
    assert not pair.north.people["n001"]["company"] and not pair.south.people["s001"]["phone"]
    pair.quiet()


def test_two_who_could_be_one_are_asked_about_whichever_side_they_are_on(pair):
    pair.north.put(email="ann@example.com", given_name="Ann")
    pair.south.put(email="ann@example.com", given_name="Ann A.")
    pair.south.put(email="ann@example.com", given_name="Ann B.")
    pair.south.put(email="bob@example.com", given_name="Bob")
    pair.north.put(email="bob@example.com", given_name="Bob A.")
    pair.north.put(email="bob@example.com", given_name="Bob B.")
    pair.run()
    assert Link.objects.count() == 0 and pair.writes() == (0, 0)
    assert {(item.left.remote_id, item.right.remote_id) for item in Candidate.objects.all()} == {
        ("n001", "s001"), ("n001", "s002"), ("n002", "s003"), ("n003", "s003"),
    }  # fmt: skip
    pair.quiet()


@pytest.mark.parametrize("how", ["after", "before"])
def test_a_lost_answer_makes_nobody_twice_and_sends_nothing_back(pair, how):
    pair.north.put(given_name="Nemo", phone="514 555-0101")  # no address: nothing to be matched on
    pair.south.loses, pair.south.lose = how, 1
    pair.run()
    pair.run()
    pair.run()
    assert len(pair.south.people) == len(pair.north.people) == 1
    assert pair.north.writes == 0 and Link.objects.count() == 1
    pair.quiet()


def test_what_may_be_a_lost_write_of_ours_is_not_made_on_the_other_side(pair):
    pair.north.put(given_name="Nemo")
    pair.run()
    pair.south.put(given_name="Other")
    lost = Change.objects.get(action="create", toward="right")
    Change.objects.filter(pk=lost.pk).update(state=Change.State.UNKNOWN, run=None or lost.run)
    Link.objects.all().delete()
    run = runs.start(pair.integration, user=pair.ann, enqueue=False)
    Change.objects.filter(pk=lost.pk).update(retry_at="2099-01-01T00:00:00Z", claimed_at="2099-01-01T00:00:00Z")
    runs.work(run.pk, slice_seconds=2)
    assert "TWIN-ON-ITS-WAY" in held(pair)
    assert len(pair.north.people) == 1
    Change.objects.filter(pk=lost.pk).update(retry_at=None, claimed_at="2026-11-01T00:00:00Z")
    Run.objects.filter(pk=run.pk).update(wake_at=None)
    runs.work(run.pk, slice_seconds=20)
    pair.run()
    assert len(pair.south.people) == len(pair.north.people) == 2
    pair.quiet()


def test_a_record_merged_away_leaves_its_link_to_the_survivor(pair):
    pair.north.put(email="ann@example.com", given_name="Ann")
    pair.run()
    pair.north.put(given_name="Ann the survivor", phone="514 555-0104")
    pair.integration.flows.update(filter={"field": "email", "test": "known"})
    pair.run()
    pair.north.merge("n001", "n002")
    pair.run()
    pair.run()
    link = Link.objects.get()
    assert (link.left.remote_id, link.right.remote_id) == ("n002", "s001")
    assert pair.south.people["s001"]["given_name"] == "Ann the survivor"
    assert pair.south.people["s001"]["phone"] == "+1 (514) 555-0104"
    assert len(pair.south.people) == 1
    pair.quiet()


def test_what_is_gone_on_one_side_stays_on_the_other_and_is_said(pair):
    pair.north.put(email="ann@example.com", given_name="Ann")
    pair.run()
    pair.north.put("n001", gone=True)
    pair.run()
    assert not pair.south.people["s001"]["gone"]
    codes = set(Change.objects.filter(integration=pair.integration).values_list("code", flat=True))
    assert {"SOURCE-GONE", "TARGET-GONE"} & codes
    pair.quiet()


def test_records_parted_and_linked_to_others_follow_the_new_link(pair):
    pair.north.put(email="ann@example.com", given_name="Ann")
    pair.run()
    pair.south.put(given_name="Another", phone="514 555-0105")
    pair.integration.flows.update(filter_back={"field": "email", "test": "known"})
    pair.run()
    link = Link.objects.get()
    explain.relink(link, Record.objects.get(remote_id="s002"), pair.ann)
    pair.run()
    assert pair.south.people["s002"]["email"] == "ann@example.com"
    pair.run()  # the address we wrote lets it pass the filter of the other way
    assert pair.north.people["n001"]["phone"] == "+1 (514) 555-0105"
    assert pair.south.people["s002"]["given_name"] == "Ann"


@pytest.mark.row("H-17")
@pytest.mark.row("H-18")
def test_a_flow_turned_off_writes_nothing_and_finds_what_changed_meanwhile_when_on_again(pair):
    pair.north.put(email="ann@example.com", given_name="Ann")
    pair.run()
    pair.integration.flows.update(is_on=False)
    pair.north.put("n001", phone="514 555-0106")
    pair.south.put("s001", company="Fiction")
    pair.south.put(email="eve@example.com")
    pair.quiet()
    pair.set_rule("notes", "right", note="edited while off")
    pair.integration.flows.update(is_on=True)
    pair.run()
    assert pair.south.people["s001"]["phone"] == "+1 (514) 555-0106"
    assert pair.north.people["n001"]["company"] == "Fiction"
    assert pair.north.person(email="eve@example.com")
    pair.quiet()


def test_undoing_what_a_run_wrote_is_not_undone_by_the_other_way(pair):
    pair.north.put(email="ann@example.com", given_name="Ann")
    pair.run()
    pair.north.put("n001", phone="514 555-0107")
    run = pair.run()
    reversal = runs.undo(run, pair.ann)
    runs.approve(reversal, pair.ann)
    runs.work(reversal.pk, slice_seconds=20)
    assert not pair.south.people["s001"]["phone"]
    pair.run()
    assert pair.north.people["n001"]["phone"] == "514 555-0107"
    pair.quiet()


def test_rules_that_undo_each_other_are_stopped_and_named(pair):
    """The north book keeps what it is told in lower case, but only some time after it has answered."""
    pair.north.put(email="ann@example.com", company="Fiction")
    pair.run()

    def settle(book, change):
        for row in list(book.people.values()):
            if row["company"] and change(row["company"]) != row["company"]:
                book.put(row["id"], company=change(row["company"]))

    for _ in range(20):
        settle(pair.south, str.upper)
        settle(pair.north, str.lower)
        pair.run()
    before = pair.writes()
    for _ in range(3):
        settle(pair.south, str.upper)
        settle(pair.north, str.lower)
        pair.run()
    assert pair.writes() == before, "the loop goes on"
    line = Change.objects.get(integration=pair.integration, state=Change.State.HELD, code="LOOP-STOPPED")
    assert line.params["fields"] == ["company"] and line.params["one"] and line.params["other"]
