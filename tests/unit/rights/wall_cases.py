"""The portal behind the database's own wall: run on PostgreSQL by `test_wall.py`, in a process and database of its own."""

from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from bridge.hub import rights, wall
from bridge.hub.models import Change, Membership, Organization, Record, Run, User
from bridge.hub.models.people import Scoped
from bridge.portal import frame
from tests import factories
from tests.unit.rights import samples
from tests.unit.rights.routes import all_routes
from tests.unit.rights.test_walk import address, ask, values

pytestmark = pytest.mark.django_db

# Tables that belong to no client: people, our own registrations with vendors, the machine.
NOBODYS = {"User", "VendorApp", "Budget", "Slot", "Intake", "Heartbeat", "Instance", "AuditSeal"}


@pytest.fixture(autouse=True)
def quick(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"


@pytest.fixture
def mine():
    return samples.world("Atelier Inventé", "Ptarmigan")


@pytest.fixture
def theirs():
    return samples.world("Dépanneur Inventé", "Wolverine")


@pytest.fixture
def no_filters(monkeypatch):
    """The portal as if every one of its filters by person and organization had been forgotten."""
    monkeypatch.setattr(Scoped, "for_user", lambda self, user: self)
    monkeypatch.setattr(frame.Visit, "rows", lambda self, model: model._default_manager.all())


def one_value(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def test_every_table_that_leads_to_a_client_is_behind_the_wall():
    models = {model._meta.object_name: model for model in apps.get_app_config("hub").get_models()}
    assert {name for name, model in models.items() if not wall.condition(model)} == NOBODYS & set(models)
    assert wall.is_built()
    for table in wall.walled():
        forced = one_value(
            "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table
        )
        assert forced, table


def test_a_second_build_changes_nothing():
    assert wall.build() == 0


def portal_routes():
    return [route for route in all_routes() if route.name.removeprefix("portal:") in rights.PORTAL]


def leaks(mine, theirs, role):
    """Ask for every page of the portal with every sort of id; return what showed or changed the other client."""
    browser = samples.signed_in(samples.member(mine, role))
    found = []
    for route in portal_routes():
        own, other = values(route, mine, "own"), values(route, theirs, "own")
        for told in (own, other, {**other, "organization": own["organization"]}):
            for method in ("get", "post"):
                answer = ask(browser, method, address(route, told))
                good = answer.status_code < 500 if told == own else answer.status_code in (403, 404, 405)
                if theirs.secret in answer.seen or not good:
                    found.append((route.name, method, "own" if told == own else "foreign", answer.status_code))
    return found


@pytest.mark.parametrize("role", rights.MEMBER_ROLES)
def test_nothing_leaks_with_every_filter_of_ours_forgotten(mine, theirs, no_filters, role):
    assert leaks(mine, theirs, role) == []


def test_without_the_wall_the_same_walk_finds_leaks(mine, theirs, no_filters, monkeypatch):
    @contextmanager
    def open_field(*_args, **_more):
        yield

    monkeypatch.setattr(wall, "behind", open_field)
    assert len(leaks(mine, theirs, "manager")) > 10


def test_ones_own_pages_are_whole(mine):
    browser = samples.signed_in(samples.member(mine, "manager"))
    for name in ("home", "questions", "moved", "connections", "people", "activity", "moved_csv"):
        answer = ask(browser, "get", reverse(f"portal:{name}", args=[mine.place.organization.pk]))
        assert answer.status_code == 200, name
        assert mine.secret.lower() in answer.seen.lower() or name == "home", name


def test_the_office_sees_and_changes_everything_before_and_after(mine, theirs):
    browser = samples.signed_in(samples.member(mine, "manager"))
    ask(browser, "get", reverse("portal:home", args=[mine.place.organization.pk]))
    assert one_value("SELECT current_user") != wall.PORTAL
    assert Organization.objects.count() == 2 and Run.objects.count() == 4
    assert Organization.objects.update(note="x") == 2


def test_the_portals_role_reads_and_writes_nothing_but_what_is_kept_a_while(mine):
    person = samples.member(mine, "manager")
    with wall.behind(person, mine.place.organization.pk):
        assert one_value("SELECT current_user") == wall.PORTAL
        for attempt in (
            lambda: Organization.objects.update(note="x"),
            lambda: User.objects.update(is_staff=True),
            lambda: one_value("SELECT count(*) FROM hub_vendorapp"),
            lambda: one_value("SELECT count(*) FROM mfa_authenticator"),
            lambda: one_value("SELECT count(*) FROM django_session"),
            lambda: one_value("SELECT count(*) FROM auditlog_logentry"),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                attempt()


def test_the_wall_asks_the_database_who_belongs_where(mine, theirs):
    person, here, there = samples.member(mine, "viewer"), mine.place.organization.pk, theirs.place.organization.pk
    seen = {}
    for asked in (here, there, None, 10**30):
        with wall.behind(person, asked):
            seen[asked] = set(Record.objects.values_list("connection__organization", flat=True))
    assert seen == {here: {here}, there: set(), None: {here}, 10**30: set()}
    User.objects.filter(pk=person.pk).update(is_active=False)
    with wall.behind(person, here):
        assert not Change.objects.exists()


def test_looking_as_a_client_opens_that_client_only_and_only_to_whom_it_is_given(mine, theirs):
    here, there = mine.place.organization, theirs.place.organization
    limited, free = factories.office("viewer", here), factories.office("viewer")
    for person, where, good in ((limited, here, True), (limited, there, False), (free, there, True)):
        with wall.behind(person, where.pk, seeing=True):
            assert Run.objects.exists() == good
        with wall.behind(person, where.pk):
            assert not Run.objects.exists()
    Membership.objects.create(user=limited, organization=there)
    with wall.behind(limited, there.pk):
        assert Run.objects.exists()


def test_a_database_user_who_owns_nothing_works_unhampered_and_may_pass_through(mine, theirs):
    """As where tables belong to one user, and Bridge runs as another."""
    person = samples.member(mine, "manager")
    for line in (
        "CREATE ROLE bridge_case_app NOLOGIN", f"GRANT {wall.DOOR} TO bridge_case_app",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO bridge_case_app", "SET LOCAL SESSION AUTHORIZATION bridge_case_app",
    ):  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(line)
    assert Organization.objects.count() == 2 and Organization.objects.update(note="y") == 2
    plan = Record.objects.filter(name_key__startswith="ja").explain()
    assert "current_setting" not in plan, "the office pays nothing for the wall"
    with wall.behind(person, mine.place.organization.pk):
        assert list(Organization.objects.all()) == [mine.place.organization]
        assert "= ANY" in Record.objects.all().explain()
    assert Organization.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_role_ends_with_the_request_also_after_an_error():
    place = samples.world("Atelier Inventé", "Ptarmigan").place
    person = factories.client_person(place.organization)
    with pytest.raises(ZeroDivisionError), wall.behind(person, place.organization.pk):
        assert one_value("SELECT current_user") == wall.PORTAL
        raise ZeroDivisionError
    assert one_value("SELECT current_user") != wall.PORTAL
    assert not one_value("SELECT coalesce(current_setting('bridge.organizations', true), '')")
    browser = samples.signed_in(person)
    answer = browser.get(reverse("portal:moved_csv", args=[place.organization.pk]))
    assert "Ptarmigan" in b"".join(answer.streaming_content).decode()
    assert one_value("SELECT current_user") != wall.PORTAL
