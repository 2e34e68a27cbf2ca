"""Somebody of the office looks at a client's pages: nothing can be changed, it is noted, and it ends by itself."""

import time

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from bridge.hub import rights
from bridge.hub.models import Comment
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of():
    """A client with one pair."""
    pair = factories.integration()
    return pair.organization


def begin(client, organization):
    return client.post(reverse("admin:see_as", args=[organization.pk]), {"confirmed": "yes"})


def home(client, organization):
    return client.get(reverse("portal:home", args=[organization.pk]))


@pytest.mark.fault("S10")
def test_looking_as_a_client_is_asked_about_noted_and_shown_as_such(client, client_of):
    ann = factories.office("viewer")
    client.force_login(ann)
    asked = client.get(reverse("admin:see_as", args=[client_of.pk]))
    assert "Nothing can be changed from there" in asked.content.decode()
    assert home(client, client_of).status_code == 404, "a question is not yet an answer"
    answer = begin(client, client_of)
    assert answer["Location"] == reverse("portal:home", args=[client_of.pk])
    page = home(client, client_of)
    assert page.status_code == 200 and "You see these pages as" in page.content.decode()
    entry = LogEntry.objects.get(action=LogEntry.Action.ACCESS)
    assert (entry.actor, entry.object_pk) == (ann, str(client_of.pk)) and "seen_as_client" in entry.changes_dict


@pytest.mark.fault("S10")
def test_every_write_is_refused_with_a_sentence_also_for_an_owner(client, client_of):
    client.force_login(factories.office("owner"))
    begin(client, client_of)
    pair = client_of.pk
    answer = client.post(reverse("portal:people", args=[pair]), {"email": "new@client.example", "role": "manager"})
    assert answer.status_code == 403
    assert "nothing can be changed from here" in answer.content.decode()
    assert not client_of.memberships.exists() and not Comment.objects.exists()


def test_it_ends_by_itself(client, client_of, monkeypatch, settings):
    settings.STAFF_IDLE_SECONDS = 2 * rights.SEEING_SECONDS  # else the session itself would be over
    client.force_login(factories.office())
    begin(client, client_of)
    later = time.time() + rights.SEEING_SECONDS + 1
    monkeypatch.setattr("bridge.portal.frame.time.time", lambda: later)
    assert home(client, client_of).status_code == 404
    assert rights.SEEING_AS not in client.session


def test_going_back_ends_it_and_is_noted(client, client_of):
    client.force_login(factories.office("viewer"))
    begin(client, client_of)
    answer = client.post(reverse("see_as_end"))
    assert answer["Location"] == reverse("admin:hub_organization_change", args=[client_of.pk])
    assert home(client, client_of).status_code == 404
    assert LogEntry.objects.filter(action=LogEntry.Action.ACCESS).count() == 2


def test_only_clients_one_looks_after_and_one_at_a_time(client, client_of):
    mine = factories.organization()
    client.force_login(factories.office("viewer", mine))
    assert begin(client, client_of).status_code == 404
    assert begin(client, mine).status_code == 302
    assert home(client, client_of).status_code == 404 and home(client, mine).status_code == 200


def test_a_role_that_may_not_look_any_more_sees_nothing_from_the_next_request_on(client, client_of):
    person = factories.office()
    client.force_login(person)
    begin(client, client_of)
    type(person).objects.filter(pk=person.pk).update(staff_role="support")
    assert home(client, client_of).status_code in (302, 404)
    client.force_login(factories.office("support"))
    assert begin(client, client_of).status_code == 403


def test_the_audit_tells_that_somebody_looked(client, client_of):
    ann = factories.office("owner", first_name="Ann")
    client.force_login(ann)
    begin(client, client_of)
    page = client.get(reverse("admin:audit")).content.decode()
    assert "Seen as the client" in page and "Opened" in page
