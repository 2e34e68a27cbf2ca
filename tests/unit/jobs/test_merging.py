"""Merging two records of one account inside the hub, and taking it back: exactly as it was."""

import threading

import pytest
from django.db import connections, models
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Candidate, Change, Conflict, Double, Link, Merge, Record, Run
from bridge.jobs import duplicates, merging, store
from bridge.jobs.merged import absorbed
from tests import factories
from tests.unit.jobs.test_duplicates import candidate, customer, member, refused

pytestmark = pytest.mark.django_db
Decision = Candidate.Decision
TABLES = (Record, Link, Candidate, Double, Conflict)
BOOKKEEPING = {"touched", "decided_at"}  # when a record is to be looked at, and when an answer was last given


@pytest.fixture
def pair():
    return factories.integration()


@pytest.fixture
def ann():
    return factories.staff()


def everything():
    """All records, links, questions and conflicts, column by column."""
    found = {}
    for model in TABLES:
        columns = [item.attname for item in model._meta.concrete_fields if item.attname not in BOOKKEEPING]
        found[model.__name__] = {row.pk: {name: getattr(row, name) for name in columns} for row in model.objects.all()}
    return found


def double(one, other, **values):
    left, right = sorted((one, other), key=lambda row: row.pk)
    return Double.objects.create(
        connection=left.connection, entity="contact", left=left, right=right, score="0.9", **values
    )


def of_both(pair):
    """Two customers, each linked to a contact of its own, with memories, a conflict and open questions."""
    keep, drop = customer(pair.left), customer(pair.left, name="J. Roe", email="j@roe.example")
    one, two = member(pair.right), member(pair.right, email="j@roe.example", given="J.")
    factories.link(pair, keep, one, sent={"right": {"given_name": "Jane"}}, kept={"right": {"given_name": "Jane"}})
    link = factories.link(pair, drop, two, sent={"right": {"given_name": "J."}}, agreed_at=timezone.now(), why="new")
    Conflict.objects.create(link=link, field="phone", agreed="1", left="2", right="3")
    candidate(pair, drop, member(pair.right, email="x@roe.example"))
    candidate(pair, drop, member(pair.right, email="y@roe.example"), decision=Decision.NEVER)
    double(drop, customer(pair.left, name="Jane B. Roe"))
    return keep, drop


def only_dropped(pair):
    """The link hangs on the dropped one alone."""
    keep, drop = customer(pair.left), customer(pair.left)
    factories.link(pair, drop, member(pair.right), sent={"right": {"given_name": "Jane"}}, made_by="rule", why="new")
    return keep, drop


def only_kept(pair):
    keep, drop = customer(pair.left), customer(pair.left)
    factories.link(pair, keep, member(pair.right))
    return keep, drop


def shared_ways(pair):
    """A follower of the dropped one, and a link of the survivor that stands in the way."""
    keep, drop = customer(pair.left), customer(pair.left)
    own, follower = member(pair.right), member(pair.right)
    factories.link(pair, drop, own)
    factories.link(pair, drop, follower, shared=True)
    in_the_way = factories.link(pair, keep, follower, shared=True)
    Conflict.objects.create(link=in_the_way, field="phone", agreed="1", left="2", right="3")
    return keep, drop


def dropped_follows(pair):
    """The dropped one shares the twin of a third customer."""
    keep, drop, leader = (customer(pair.left) for _ in range(3))
    twin = member(pair.right)
    factories.link(pair, leader, twin)
    factories.link(pair, drop, twin, shared=True)
    return keep, drop


def on_the_other_side(pair):
    """Two contacts of the right account, each with a customer."""
    keep, drop = member(pair.right), member(pair.right)
    factories.link(pair, customer(pair.left), keep)
    factories.link(pair, customer(pair.left), drop)
    return keep, drop


SHAPES = (of_both, only_dropped, only_kept, shared_ways, dropped_follows, on_the_other_side)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_undoing_a_merge_restores_both_records_and_links(pair, ann, shape):
    keep, drop = shape(pair)
    double(keep, drop)
    before = everything()
    made = merging.merge(keep, drop, ann)
    assert everything() != before
    merging.unmerge(Merge.objects.get(pk=made.pk), ann)
    assert everything() == before
    made.refresh_from_db()
    assert (made.state, made.undone_by) == (Merge.State.UNDONE, ann)


def test_the_only_link_becomes_the_survivors_own_and_documents_still_find_their_way(pair, ann):
    keep, drop = only_dropped(pair)
    made = merging.merge(keep, drop, ann)
    own, shared = Link.objects.get(left=keep), Link.objects.get(left=drop)
    assert (own.shared, own.sent, own.right_id) == (False, {}, shared.right_id)
    assert shared.shared
    drop.refresh_from_db()
    assert drop.merged_into == keep.remote_id
    assert made.moved == {"links": 1, "shared": 0, "questions": 0, "planned": 0}
    assert absorbed([keep.pk]) == {keep.pk: [drop.pk]}


def test_of_two_twins_the_survivor_keeps_its_own_and_a_person_is_asked_about_the_other(pair, ann):
    keep, drop = of_both(pair)
    own = Link.objects.get(left=keep)
    other = Link.objects.get(left=drop).right
    merging.merge(keep, drop, ann)
    assert Link.objects.get(left=keep, shared=False) == own
    assert Link.objects.get(left=keep, right=other).shared
    assert Link.objects.get(left=drop).right_id == own.right_id
    asked = Double.objects.get(connection=pair.right)
    assert {asked.left_id, asked.right_id} == {own.right_id, other.pk}
    assert asked.decision == Decision.OPEN


def test_questions_and_never_move_to_the_survivor(pair, ann):
    keep, drop = of_both(pair)
    merging.merge(keep, drop, ann)
    assert list(Candidate.objects.filter(left=keep).order_by("pk").values_list("decision", flat=True)) == [
        "open", "never",
    ]  # fmt: skip
    assert not Candidate.objects.filter(left=drop).exists()
    asked = Double.objects.get(connection=pair.left)
    assert keep.pk in (asked.left_id, asked.right_id)
    assert drop.pk not in (asked.left_id, asked.right_id)


def test_what_was_planned_is_planned_anew_and_what_was_sent_stays_in_the_ledger(pair, ann):
    keep, drop = only_dropped(pair)
    run = factories.run(pair)
    planned = factories.change(run, source=drop, action="update")
    sent = factories.change(run, source=drop, state="done", settled_at=timezone.now())
    made = merging.merge(keep, drop, ann)
    planned.refresh_from_db()
    sent.refresh_from_db()
    assert planned.state == "superseded"
    assert (sent.state, sent.source_id) == ("done", drop.pk)
    assert made.moved["planned"] == 1
    keep.refresh_from_db()
    drop.refresh_from_db()
    assert keep.touched == drop.touched > 0


def test_the_dropped_record_is_not_planned_any_more(pair, ann):
    from bridge.jobs.explain import why

    keep, drop = only_kept(pair)
    merging.merge(keep, drop, ann)
    drop.refresh_from_db()
    ((_, decision),) = why(drop).next
    assert (decision.action, decision.code) == ("skip", "SOURCE-MERGED")


def reread(row, **changed):
    """The vendor tells of a record again."""
    resource = registry.connector(row.connection.vendor).resource(row.resource)
    records, bad = store.parse_all(resource, [{**row.document, **changed}])
    assert not bad
    store.store(row.connection, resource, row.scope, records, 7, timezone.now())
    row.refresh_from_db()


def test_a_vendor_that_still_tells_of_both_does_not_part_them(pair, ann):
    keep, drop = only_kept(pair)
    made = merging.merge(keep, drop, ann)
    reread(drop, Notes="edited there", SyncToken="1")
    assert drop.document["Notes"] == "edited there"
    assert drop.merged_into == keep.remote_id
    made.refresh_from_db()
    assert made.vendor == Merge.Vendor.BY_HAND

    merging.unmerge(made, ann)
    reread(drop, Notes="edited again", SyncToken="2")
    assert drop.merged_into == ""


def test_a_merge_done_at_the_vendor_is_noticed(pair, ann):
    keep, drop = only_kept(pair)
    made = merging.merge(keep, drop, ann)
    reread(drop, Active=False, SyncToken="1")
    made.refresh_from_db()
    assert (made.vendor, drop.gone, drop.merged_into) == (Merge.Vendor.SEEN, True, keep.remote_id)
    assert made.seen_at


# what must not be


def test_nothing_is_merged_into_itself(pair, ann):
    keep = customer(pair.left)
    refused("MERGE-SELF", merging.merge, keep, keep, ann)


def test_nothing_is_merged_across_accounts_or_kinds(pair, ann):
    keep = customer(pair.left)
    refused("MERGE-ACROSS", merging.merge, keep, member(pair.right), ann)
    refused("MERGE-ACROSS", merging.merge, keep, customer(factories.integration().left), ann)
    refused("MERGE-ACROSS", merging.merge, keep, factories.record(pair.left, "items"), ann)
    assert not Merge.objects.exists()


def test_a_record_is_merged_once(pair, ann):
    keep, drop = only_kept(pair)
    merging.merge(keep, drop, ann)
    third = customer(pair.left)
    refused("MERGE-ALREADY", merging.merge, third, drop, ann)
    refused("MERGE-ALREADY", merging.merge, drop, third, ann)
    refused("MERGE-ALREADY", merging.merge, keep, drop, ann)
    assert Merge.objects.count() == 1


def test_what_the_vendor_merged_by_itself_is_merged_here_the_same_way_and_no_other(pair, ann):
    keep, drop = of_both(pair)
    Record.objects.filter(pk=drop.pk).update(gone=True, merged_into=keep.remote_id)
    drop.refresh_from_db()
    before = everything()
    refused("MERGE-ALREADY", merging.merge, customer(pair.left), drop, ann)
    Record.objects.latest("pk").delete()
    made = merging.merge(keep, drop, ann)
    assert (made.vendor, Link.objects.filter(left=keep, shared=False).count()) == (Merge.Vendor.SEEN, 1)
    merging.unmerge(made, ann)
    assert everything() == before


def test_nothing_is_merged_into_a_record_that_is_gone(pair, ann):
    keep, drop = only_kept(pair)
    Record.objects.filter(pk=keep.pk).update(gone=True)
    refused("DUPLICATE-GONE", merging.merge, keep, drop, ann)


def test_never_these_two_are_not_merged(pair, ann):
    keep, drop = only_kept(pair)
    double(keep, drop, decision=Decision.NEVER, decided_by=ann)
    refused("MERGE-NEVER", merging.merge, keep, drop, ann)


def test_nothing_is_merged_under_a_write(pair, ann):
    keep, drop = only_kept(pair)
    factories.change(factories.run(pair), source=drop, action="update", state="unknown")
    refused("DUPLICATE-BUSY", merging.merge, keep, drop, ann)
    assert not Merge.objects.exists()


def test_a_merge_is_taken_back_once(pair, ann):
    keep, drop = only_kept(pair)
    made = merging.merge(keep, drop, ann)
    merging.unmerge(made, ann)
    refused("MERGE-UNDONE", merging.unmerge, made, ann)
    merging.merge(keep, drop, ann)
    assert Merge.objects.count() == 2


def test_merges_of_the_same_records_are_taken_back_in_turn(pair, ann):
    keep, drop = of_both(pair)
    before = everything()
    first = merging.merge(keep, drop, ann)
    third = customer(pair.left, name="Jane Third")
    second = merging.merge(third, keep, ann)
    assert set(absorbed([third.pk])[third.pk]) == {keep.pk, drop.pk}
    refused("MERGE-NEWER", merging.unmerge, first, ann)
    merging.unmerge(second, ann)
    third.delete()
    merging.unmerge(first, ann)
    assert everything() == before


def test_a_link_made_meanwhile_stands_in_the_way_of_taking_back(pair, ann):
    keep, drop = only_dropped(pair)
    made = merging.merge(keep, drop, ann)
    moved = Link.objects.get(left=keep)
    duplicates.split(moved, ann)
    factories.link(pair, customer(pair.left), moved.right)
    error = refused("UNMERGE-TAKEN", merging.unmerge, made, ann)
    assert error.params["right"] == str(moved.right)
    made.refresh_from_db()
    assert made.state == Merge.State.DONE


def test_a_merge_can_be_taken_back_after_its_link_was_split(pair, ann):
    keep, drop = only_dropped(pair)
    was = Link.objects.get()
    made = merging.merge(keep, drop, ann)
    duplicates.split(Link.objects.get(left=keep), ann)
    merging.unmerge(made, ann)
    now = Link.objects.get()
    assert (now.pk, now.left_id, now.sent, now.made_at) == (was.pk, drop.pk, was.sent, was.made_at)


def test_splitting_a_link_takes_the_share_of_what_was_merged_into_it(pair, ann):
    keep, drop = only_kept(pair)
    merging.merge(keep, drop, ann)
    assert Link.objects.filter(left=drop, shared=True).exists()
    duplicates.split(Link.objects.get(left=keep), ann)
    assert not Link.objects.exists()


def test_what_was_written_since_is_listed(pair, ann):
    keep, drop = only_kept(pair)
    made = merging.merge(keep, drop, ann)
    run = factories.run(pair, state="done")
    since = factories.change(run, source=keep, state="done", settled_at=timezone.now())
    assert list(merging.written_since(made)) == [since]


def test_what_moves_is_told_before(pair, ann):
    keep, drop = of_both(pair)
    Record.objects.filter(pk=drop.pk).update(
        document={**drop.document, "PrimaryPhone": {"FreeFormNumber": "514-555-0101"}}
    )
    drop.refresh_from_db()
    factories.record(pair.left, "invoices", party=drop.remote_id)
    factories.change(factories.run(pair, state="done"), source=drop, state="done")
    told = merging.effects(keep, drop)
    assert (told.links, told.shared, told.questions, told.history, told.documents) == (0, 1, 3, 1, 1)
    assert told.lacking == ["phone"]
    assert not told.by_call


def test_the_suggested_survivor_is_the_one_that_is_linked_then_named_by_more_documents(pair):
    one, other = customer(pair.left), customer(pair.left)
    assert merging.survivor(one, other) == one
    factories.record(pair.left, "invoices", party=other.remote_id)
    assert merging.survivor(one, other) == other
    factories.link(pair, one, member(pair.right))
    assert merging.survivor(one, other) == one


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_the_two_ways_round_one_is_done():
    pair, ann = factories.integration(), factories.staff()
    one, other = only_dropped(pair)
    barrier, told = threading.Barrier(2), []

    def person(keep, drop):
        barrier.wait()
        try:
            told.append(merging.merge(keep, drop, ann).pk)
        except merging.SettingInvalid as error:
            told.append(error.code)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=person, args=args) for args in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Merge.objects.count() == 1
    assert "MERGE-ALREADY" in told
    assert Record.objects.exclude(merged_into="").count() == 1


def test_every_column_of_a_link_is_remembered():
    """A column added later must not be lost by a merge and its undoing."""
    assert set(merging.columns_of(Link)) | {"id"} == {item.attname for item in Link._meta.concrete_fields}
    assert not [item for item in Link._meta.get_fields() if isinstance(item, models.ManyToManyField)]


def test_where_the_vendor_has_no_call_nothing_is_planned_there(pair, ann):
    keep, drop = only_kept(pair)
    made = merging.merge(keep, drop, ann)
    refused("MERGE-BY-HAND", merging.prepare, made, ann)
    assert not Run.objects.exists() and not Change.objects.exists()
    assert registry.connector("quickbooks").resource("customers").merge_steps
