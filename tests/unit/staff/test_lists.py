"""The read-only lists of the admin: quick on big tables, filters that are questions, nothing to edit."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
LISTS = ("admin:hub_record_changelist", "admin:hub_change_changelist")


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_few_questions_and_loads_no_document(ann, name):
    factories.many_changes(factories.run(), 60)
    ann.get(reverse(name))
    with CaptureQueriesContext(connection) as asked:
        assert ann.get(reverse(name)).status_code == 200
    assert len(asked) < 30
    for query in asked:
        assert not re.search(r'"(document|payload|trace)"', query["sql"].split(" FROM ")[0]), query["sql"]


def test_records_are_asked_whether_they_are_linked_held_or_gone(ann):
    pair = factories.integration()
    linked, held, gone = (factories.record(pair.left, name=name) for name in ("Linked One", "Held One", "Gone One"))
    factories.link(pair, linked, factories.record(pair.right, "members", name="Twin"))
    factories.change(factories.run(pair), source=held, state="held")
    gone.gone = True
    gone.save(update_fields=["gone"])
    for query, seen in (
        ({"linked": "yes"}, "Linked One"),
        ({"held": "yes"}, "Held One"),
        ({"gone_there": "yes"}, "Gone One"),
    ):
        page = text_of(ann.get(reverse("admin:hub_record_changelist"), query))
        assert set(re.findall(r"(Linked|Held|Gone) One", page)) == {seen.split()[0]}, query
    page = text_of(ann.get(reverse("admin:hub_record_changelist"), {"linked": "no"}))
    assert "Linked One" not in page
    assert "Held One" in page


def test_changes_are_asked_whether_they_wait_for_a_person(ann):
    run = factories.run()
    factories.change(run, title="Waiting One")
    factories.change(run, title="Written One", state="done")
    assert "Written One" not in text_of(ann.get(reverse("admin:hub_change_changelist"), {"waits": "yes"}))
    assert "Waiting One" not in text_of(ann.get(reverse("admin:hub_change_changelist"), {"written": "yes"}))


def test_nothing_can_be_added_changed_or_deleted(ann):
    change = factories.change(factories.run())
    for address in (
        "/admin/hub/record/add/",
        "/admin/hub/change/add/",
        f"/admin/hub/change/{change.pk}/delete/",
        f"/admin/hub/change/{change.pk}/change/",
    ):
        assert ann.post(address, {"post": "yes"}).status_code in (403, 404), address
    change.refresh_from_db()


def test_a_row_leads_to_why(ann):
    record = factories.record(factories.connection())
    assert reverse("admin:record", args=[record.pk]) in text_of(ann.get(reverse("admin:hub_record_changelist")))
    answer = ann.get(reverse("admin:hub_record_change", args=[record.pk]))
    assert answer["Location"] == reverse("admin:record", args=[record.pk])
