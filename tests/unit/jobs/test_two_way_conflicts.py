"""Deciding conflicts: only the field goes, only to the side that gives in, and only for values a person saw."""

import pytest
from django.db import transaction

from bridge.hub.models import Change, Conflict, Exclusion, Flow, Link, Record, Run
from bridge.jobs import conflicts, explain
from bridge.jobs.records import touch
from connectors.contract import SettingInvalid
from tests import address_books

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair(monkeypatch, settings, transactional_db):
    """A client with two books and one person in both, in step."""
    settings.Q_CLUSTER["sync"] = False
    with address_books.open_books(monkeypatch, settings) as (north, south):
        found = address_books.Pair(north, south)
        north.put(email="ann@example.com", given_name="Ann", phone="514 555-0101")
        found.run()
        yield found


def both_change(pair, left="514 555-0111", right="438 555-0122", number="001"):
    """The phone changes on both sides, the notes on one."""
    pair.north.put(f"n{number}", phone=left, notes="north says")
    pair.south.put(f"s{number}", phone=right)
    pair.run()
    return Conflict.objects.filter(decision="open").last()


def finish(pair, run):
    """Work the run a decision began, approving what a changed rule asks about."""
    from tests.house import House

    house = House.__new__(House)
    house.ann, house.integration = pair.ann, pair.integration
    return house.finish(run)


def test_memo_flows_phone_waits_and_choosing_a_side_writes_only_the_phone_there(pair):
    conflict = both_change(pair)
    assert pair.south.people["s001"]["notes"] == "north says", "what only one side changed goes on"
    assert pair.north.people["n001"]["phone"] == "514 555-0111"
    told = conflicts.decide([conflict], "left", pair.ann)
    assert told.count == 1 and len(told.runs) == 1
    before = pair.writes()
    run = finish(pair, told.runs[0])
    assert pair.writes() == (before[0], before[1] + 1)
    (line,) = run.changes.filter(state=Change.State.DONE)
    assert line.after == {"phone": "514 555-0111"} and line.toward == "right"
    assert pair.south.people["s001"]["phone"] == "+1 (514) 555-0111"
    pair.quiet()
    conflict.refresh_from_db()
    assert conflict.decided_by == pair.ann and not Conflict.objects.filter(decision="open").exists()


def test_the_other_side_may_win_and_then_this_one_is_written(pair):
    told = conflicts.decide([both_change(pair)], "right", pair.ann)
    finish(pair, told.runs[0])
    assert pair.north.people["n001"]["phone"] == "+1 (438) 555-0122"
    pair.quiet()


def test_a_typed_value_goes_to_both_sides(pair):
    told = conflicts.decide([both_change(pair)], "value", pair.ann, " 418 555-0133 ")
    finish(pair, told.runs[0])
    assert pair.north.people["n001"]["phone"] == "418 555-0133"
    assert pair.south.people["s001"]["phone"] == "+1 (418) 555-0133"
    pair.quiet()


def test_a_value_that_came_after_the_decision_is_not_overwritten(pair):
    conflict = both_change(pair)
    told = conflicts.decide([conflict], "left", pair.ann)
    pair.south.put("s001", phone="450 555-0144")
    finish(pair, told.runs[0])
    assert pair.south.people["s001"]["phone"] == "+1 (450) 555-0144"
    again = Conflict.objects.get(decision="open")
    assert again.right == "+1 (450) 555-0144" and again.pk != conflict.pk
    conflict.refresh_from_db()
    assert conflict.settled_at, "the old decision is spent"


def test_a_decision_counts_once_and_not_for_the_next_time(pair):
    told = conflicts.decide([both_change(pair)], "left", pair.ann)
    finish(pair, told.runs[0])
    pair.run()
    again = both_change(pair, "514 555-0155", "438 555-0166")
    assert again is not None and again.decision == "open"
    assert (again.left, again.right) == ("514 555-0155", "+1 (438) 555-0166")


def test_of_two_people_who_decide_at_once_one_is_told(pair):
    conflict = both_change(pair)
    conflicts.decide([conflict], "left", pair.ann)
    with pytest.raises(SettingInvalid) as refused:
        conflicts.decide([conflict], "right", pair.ann)
    assert refused.value.code == "CONFLICT-DECIDED"
    conflict.refresh_from_db()
    assert conflict.decision == "left"


def test_a_decision_can_be_taken_back_until_it_is_carried_out(pair):
    conflict = both_change(pair)
    told = conflicts.decide([conflict], "left", pair.ann)
    conflicts.take_back(conflict, pair.ann)
    finish(pair, told.runs[0])
    conflict.refresh_from_db()
    assert conflict.decision == "open"
    assert pair.south.people["s001"]["phone"] == "+1 (438) 555-0122"
    told = conflicts.decide([conflict], "left", pair.ann)
    finish(pair, told.runs[0])
    pair.run()
    with pytest.raises(SettingInvalid):
        conflicts.take_back(conflict, pair.ann)


def test_always_for_this_field_changes_the_rules_and_decides_what_is_open(pair):
    conflict = both_change(pair)
    version = pair.flow.rules_version
    asked = conflicts.as_rule(conflict, "right")
    assert asked.waiting == 1 and len(asked.rules) == 2
    told = conflicts.make_rule(conflict, "right", pair.ann)
    assert pair.flow.rules_version > version
    says = dict(pair.flow.rules.filter(target="phone").values_list("toward", "on_conflict"))
    assert says == {"right": "target", "left": "source"}
    finish(pair, told.runs[0])
    assert pair.north.people["n001"]["phone"] == "+1 (438) 555-0122"
    pair.north.put("n001", phone="514 555-0177")
    pair.south.put("s001", phone="438 555-0188")
    pair.run()
    assert pair.north.people["n001"]["phone"] == "+1 (438) 555-0188", "nobody is asked again"
    assert not Conflict.objects.filter(decision="open").exists()
    pair.quiet()


def test_many_are_decided_together_with_one_run(pair):
    for number in (2, 3, 4):
        pair.north.put(email=f"p{number}@example.com", phone="514 555-0101")
    pair.run()
    for number in (1, 2, 3, 4):
        both_change(pair, number=f"00{number}")
    told = conflicts.decide(conflicts.open_conflicts(pair.ann), "left", pair.ann)
    assert told.count == 4 and len(told.runs) == 1
    finish(pair, told.runs[0])
    phones = {row["phone"] for row in pair.south.people.values()}
    assert phones == {"+1 (514) 555-0111"}
    pair.quiet()


def test_what_cannot_be_in_the_field_is_refused(pair):
    conflict = both_change(pair)
    conflict.field = "email"
    with pytest.raises(SettingInvalid) as refused:
        conflicts.decide([conflict], "value", pair.ann, "no address")
    assert refused.value.code == "CONFLICT-VALUE"
    with pytest.raises(SettingInvalid):
        conflicts.decide([conflict], "value", pair.ann, "  ")
    with pytest.raises(SettingInvalid):
        conflicts.decide([conflict], "both", pair.ann)


def test_while_a_run_is_open_the_next_one_carries_the_decision_out(pair):
    conflict = both_change(pair)
    open_run = Run.objects.create(integration=pair.integration, trigger="person", state="planned", pinned={})
    told = conflicts.decide([conflict], "left", pair.ann)
    assert told.count == 1 and not told.runs and told.waits[0].code == "RUN-OPEN"
    Run.objects.filter(pk=open_run.pk).update(state="stopped")
    pair.run()
    assert pair.south.people["s001"]["phone"] == "+1 (514) 555-0111"


def test_a_flow_of_one_way_asks_too_and_the_target_may_keep_its_own(pair):
    pair.integration.flows.update(direction="right")
    conflict = both_change(pair)
    assert conflict.twin_field == ""
    told = conflicts.decide([conflict], "right", pair.ann)
    finish(pair, told.runs[0])
    assert pair.south.people["s001"]["phone"] == "+1 (438) 555-0122"
    assert pair.north.people["n001"]["phone"] == "514 555-0111"
    pair.quiet()
    assert not Conflict.objects.filter(decision="open").exists()


def test_a_conflict_of_a_record_that_is_filtered_out_closes_itself_and_says_why(pair):
    conflict = both_change(pair)
    refused = {"field": "notes", "test": "not_equals", "value": "north says"}
    pair.integration.flows.update(filter=refused, filter_back={"field": "given_name", "test": "equals", "value": "Bo"})
    Flow.objects.update(planned_rules_version=0)
    pair.run()
    conflict.refresh_from_db()
    assert (conflict.decision, conflict.reason["code"]) == ("moot", "FILTERED")
    assert conflict.reason["params"]["field"] == "notes" and conflict.settled_at
    assert not Conflict.objects.filter(decision="open").exists()
    assert (pair.north.people["n001"]["phone"], pair.south.people["s001"]["phone"]) == (
        "514 555-0111", "+1 (438) 555-0122",
    )  # fmt: skip
    pair.integration.flows.update(filter={}, filter_back={})
    Flow.objects.update(planned_rules_version=0)
    pair.run()
    again = Conflict.objects.get(decision="open")
    assert (again.left, again.right) == ("514 555-0111", "+1 (438) 555-0122"), "back in, it is asked anew"


def left_out(pair):
    for row in Record.objects.filter(remote_id__in=("n001", "s001")):
        Exclusion.objects.create(integration=pair.integration, record=row, reason="a double", user=pair.ann)
        with transaction.atomic():
            touch([row.pk])
    return "EXCLUDED-BY-PERSON"


def deleted_here(pair):
    pair.north.put("n001", gone=True)
    return "source-gone"


def deleted_there(pair):
    pair.south.put("s001", gone=True)
    return "TARGET-GONE"


def turned_to_one_way(pair):
    Conflict.objects.update(toward="left")
    pair.integration.flows.update(direction="right")
    for side in ("north", "south"):
        getattr(pair, side).put(f"{side[0]}001", phone="514 555-0199")
    return "way-off"


@pytest.mark.parametrize("change", [left_out, deleted_here, deleted_there, turned_to_one_way])
def test_a_conflict_of_two_that_no_longer_meet_closes_itself_and_says_why(pair, change):
    conflict = both_change(pair)
    code = change(pair)
    pair.run()
    conflict.refresh_from_db()
    assert (conflict.decision, conflict.reason["code"]) == ("moot", code)
    assert not Conflict.objects.filter(decision="open").exists()


def test_a_decision_about_a_record_left_out_meanwhile_is_not_carried_out_when_it_comes_back(pair):
    conflict = both_change(pair)
    told = conflicts.decide([conflict], "left", pair.ann)
    left_out(pair)
    finish(pair, told.runs[0])
    conflict.refresh_from_db()
    assert (conflict.decision, conflict.reason["code"]) == ("left", "EXCLUDED-BY-PERSON") and conflict.settled_at
    Exclusion.objects.all().delete()
    with transaction.atomic():
        touch([conflict.link.left_id])
    pair.run()
    assert pair.south.people["s001"]["phone"] == "+1 (438) 555-0122"
    assert Conflict.objects.get(decision="open").pk != conflict.pk


def test_linking_a_record_to_another_one_closes_what_was_asked_about_the_first(pair):
    pair.south.put(email="other@example.com", given_name="Ann")
    conflict = both_change(pair)
    Link.objects.filter(right__remote_id="s002").delete()
    explain.relink(conflict.link, Record.objects.get(remote_id="s002"), pair.ann)
    conflict.refresh_from_db()
    assert (conflict.decision, conflict.reason["code"]) == ("moot", "relinked")


def test_an_edit_made_between_plan_and_write_is_news_and_not_what_the_other_side_made_of_ours(pair):
    pair.integration.flows.update(approval="always")
    pair.north.put("n001", notes="north says")
    run = pair.run(approve=False)
    pair.south.put("s001", company="Boulangerie inventée")
    finish(pair, run)
    assert pair.south.people["s001"]["notes"] == "north says", "the write went, and its answer tells the whole record"
    pair.run()
    assert pair.north.people["n001"]["company"] == "Boulangerie inventée"
    pair.quiet()
