"""Searching one account for the same contact twice: in slices, resumable, and never asking again what was decided."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bridge.hub.models import Candidate, Double, DoubleSearch, Record
from bridge.jobs import doubles, tasks, ticking
from tests import factories
from tests.unit.jobs.test_duplicates import customer, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def books():
    return factories.connection()


@pytest.fixture
def ann():
    return factories.staff()


def searched(books, ann, **options):
    """A search worked to its end."""
    search = doubles.begin(books, ann)
    for _ in range(50):
        if doubles.work(search.pk, **options) == "done":
            break
    search.refresh_from_db()
    return search


def found():
    return {(row.left.name, row.right.name) for row in Double.objects.select_related("left", "right")}


def test_the_same_person_twice_is_found_with_parts(books, ann):
    customer(books, "Jane Roe")
    customer(books, "Jane Roe", phone_key="15145550101")
    customer(books, "Omar Poe", "omar@poe.example")
    search = searched(books, ann)
    assert found() == {("Jane Roe", "Jane Roe")}
    double = Double.objects.get()
    assert {"email", "given_name"} <= {part["name"] for part in double.parts}
    assert double.left_id < double.right_id
    assert (search.state, search.seen, search.total, search.found) == ("done", 3, 3, 1)
    assert search.finished_at


def test_another_accounts_records_are_never_compared(books, ann):
    customer(books)
    customer(factories.connection())
    searched(books, ann)
    assert not Double.objects.exists()


def test_gone_and_merged_records_are_left_out(books, ann):
    customer(books)
    customer(books, gone=True)
    customer(books, merged_into="9")
    assert searched(books, ann).total == 1
    assert not Double.objects.exists()


def test_a_key_that_many_share_makes_no_pairs_and_is_counted(books, ann):
    for number in range(doubles.COMMON + 1):
        customer(books, f"Person{number} Invented{number}", "info@reception.example")
    search = searched(books, ann)
    assert (search.compared, search.common) == (0, 1)
    assert not Double.objects.exists()


def test_what_was_decided_is_not_asked_again(books, ann):
    customer(books)
    customer(books)
    searched(books, ann)
    Double.objects.update(decision=Candidate.Decision.NEVER)
    again = searched(books, ann)
    assert again.found == 0
    assert Double.objects.get().decision == "never"


def test_a_search_goes_on_where_a_slice_ended_and_finds_the_same(books, ann, monkeypatch):
    monkeypatch.setattr(doubles, "CHUNK", 3)
    for number in range(10):
        customer(books, f"Jane Roe{number % 5}", f"jane{number % 5}@roe.example")
    search = doubles.begin(books, ann)
    states = [doubles.work(search.pk, slice_seconds=0) for _ in range(5)]
    assert states == ["more", "more", "more", "done", "busy"]
    search.refresh_from_db()
    assert (search.seen, search.found) == (10, 5)
    assert Double.objects.count() == 5


def test_one_search_at_a_time_and_a_second_worker_does_nothing(books, ann):
    search = doubles.begin(books, ann)
    refused("DOUBLE-SEARCH-OPEN", doubles.begin, books, ann)
    DoubleSearch.objects.filter(pk=search.pk).update(lease_until=timezone.now() + timedelta(minutes=1))
    assert doubles.work(search.pk) == "busy"


def test_a_search_whose_worker_died_is_taken_up_by_the_beat(books, ann, monkeypatch):
    customer(books)
    customer(books)
    search = doubles.begin(books, ann)
    DoubleSearch.objects.filter(pk=search.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    rung = []
    monkeypatch.setattr(ticking.queue, "ring", lambda name, pk: rung.append((name, pk)))
    ticking.due_searches()
    assert rung == [("search_doubles", search.pk)]
    assert tasks.search_doubles.__wrapped__(search.pk) == "done"
    assert Double.objects.count() == 1
    ticking.due_searches()
    assert len(rung) == 1


def test_a_stopped_search_ends_and_keeps_what_it_found(books, ann, monkeypatch):
    monkeypatch.setattr(doubles, "CHUNK", 2)
    for number in range(6):
        customer(books, f"Jane Roe{number // 2}", f"jane{number // 2}@roe.example")
    search = doubles.begin(books, ann)
    doubles.work(search.pk, slice_seconds=0)
    doubles.stop(search)
    assert doubles.work(search.pk) == "busy"
    search.refresh_from_db()
    assert (search.state, Double.objects.count()) == ("stopped", 1)


def test_documents_are_loaded_only_of_records_that_share_a_key(books, ann):
    for number in range(60):
        customer(books, f"Person{number} Invented{number}", f"person{number}@invented.example")
    search = doubles.begin(books, ann)
    with CaptureQueriesContext(connection) as asked:
        doubles.work(search.pk)
    assert not [row for row in asked if '"hub_record"."document"' in row["sql"]]
    assert len(asked) < 25
    assert Record.objects.count() == 60
