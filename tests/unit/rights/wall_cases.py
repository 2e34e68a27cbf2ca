"""The portal behind the database's own wall: run on PostgreSQL by `test_wall.py`, in a process and database of its own."""

from contextlib import contextmanager

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from bridge.hub import rights, wall
from bridge.hub.models import (
    Change,
    Comment,
    Connection,
    Integration,
    Link,
    Membership,
    Organization,
    Question,
    Record,
    ReferenceList,
    Report,
    ReportPlan,
    Run,
    User,
    ValueMap,
)
from bridge.hub.models.people import Scoped
from bridge.jobs import questions
from bridge.portal import frame
from tests import factories
from tests.unit.portal.conftest import TODAY
from tests.unit.rights import samples
from tests.unit.rights.routes import all_routes
from tests.unit.rights.test_walk import address, ask, values

pytestmark = pytest.mark.django_db

# Tables that belong to no client: our own registrations with vendors, the machine.
NOBODYS = {"VendorApp", "Budget", "Slot", "Intake", "Heartbeat", "Instance", "AuditSeal"}


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
    before = rows_of(theirs)
    assert leaks(mine, theirs, role) == []
    assert rows_of(theirs) == before


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


def rows_of(world):
    """Return all rows of a client that can be written from the portal, and its people."""
    found = {}
    for model in apps.get_app_config("hub").get_models():
        path = getattr(model._default_manager.all(), "path", None)
        if path is not None and (model._meta.db_table in wall.WRITES or model is Organization):
            mine = model._default_manager.filter(**{path or "pk": world.place.organization.pk})
            found[model._meta.object_name] = list(mine.order_by("pk").values_list())
    return found


def test_a_write_that_forgot_its_filter_changes_one_client_only(mine, theirs):
    carla, before, own = samples.member(mine, "manager"), rows_of(theirs), rows_of(mine)
    with wall.behind(carla, mine.place.organization.pk, acting=True):
        assert one_value("SELECT current_user") == wall.ACTS
        assert Question.objects.update(answer="wrong") == Question.objects.count() > 0
        assert ValueMap.objects.update(target_id="wrong") and Change.objects.update(title="wrong")
        assert Record.objects.update(touched=7) and Connection.objects.update(read_seq=7)
        assert Membership.objects.exclude(user=carla)._raw_delete("default")
        assert Question.objects.filter(pk=theirs.place.question.pk).update(answer="wrong") == 0
        assert Membership.objects.filter(pk=theirs.place.member.pk)._raw_delete("default") == 0
    assert len(before) > 9 and rows_of(theirs) == before
    assert rows_of(mine) != own


@pytest.mark.parametrize("what", ["comment", "member", "moved member", "run", "report", "moved question"])
def test_no_row_is_made_for_another_client_or_moved_there(mine, theirs, what):
    carla, here, there = samples.member(mine, "manager"), mine.place, theirs.place
    Membership.objects.create(user=carla, organization=there.organization, role="viewer")  # even where one may look
    attempts = {
        "comment": lambda: Comment.objects.create(organization=there.organization, text="x", user=carla),
        "member": lambda: Membership.objects.create(organization=there.organization, user=here.member.user),
        "moved member": lambda: Membership.objects.filter(user=carla).update(organization=there.organization),
        "run": lambda: Run.objects.create(integration=there.integration),
        "report": lambda: Report.objects.create(
            organization=there.organization, kind="asked", first=TODAY, last=TODAY, asked_by=carla
        ),
        "moved question": lambda: Question.objects.update(integration=there.integration),
    }
    before = rows_of(theirs)
    with (
        wall.behind(carla, here.organization.pk, acting=True),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        attempts[what]()
    assert rows_of(theirs) == before


def test_who_acts_writes_no_grant_no_person_and_the_audit_in_their_own_name_only(mine):
    carla, ann = samples.member(mine, "manager"), factories.staff()
    kept = {
        "content_type": ContentType.objects.get_for_model(Question),
        "object_pk": "1",
        "object_repr": "x",
        "action": 1,
    }
    LogEntry.objects.create(actor=ann, **kept)
    before = LogEntry.objects.count()
    with wall.behind(carla, mine.place.organization.pk, acting=True):
        for attempt in (
            lambda: User.objects.filter(pk=carla.pk).update(is_staff=True),
            lambda: Organization.objects.update(note="x"),
            lambda: Connection.objects.update(state="connected"),
            lambda: Integration.objects.update(automatic=True),
            lambda: Change.objects.all()._raw_delete("default"),
            lambda: LogEntry.objects.create(actor=ann, **kept),
            lambda: LogEntry.objects.update(actor=carla),
            lambda: one_value("SELECT count(*) FROM mfa_authenticator"),
            lambda: one_value("SELECT count(*) FROM hub_vendorapp"),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                attempt()
        assert not LogEntry.objects.exists()
        LogEntry.objects.create(actor=carla, **kept)
        assert [entry.actor for entry in LogEntry.objects.all()] == [carla]
        with wall.outside("a test"):
            assert LogEntry.objects.count() == before + 1
        assert one_value("SELECT current_user") == wall.ACTS
    assert LogEntry.objects.count() == before + 1


def test_while_a_page_is_made_nothing_is_changed(mine):
    carla, here = samples.member(mine, "manager"), mine.place.organization.pk
    with wall.behind(carla, here), pytest.raises(RuntimeError), wall.behind(carla, here, acting=True):
        pass


def test_a_client_answers_comments_invites_and_chooses_behind_the_wall(mine, theirs, monkeypatch):
    """What is pressed on the pages is written by the role that acts, and arrives."""
    taken = []
    real = wall.behind
    monkeypatch.setattr(
        wall, "behind", lambda *told, **more: (taken.append(more.get("acting", False)), real(*told, **more))[1]
    )
    here, asked = mine.place.organization.pk, mine.place.question.pk
    zoe = samples.member(mine, "accountant")
    pair = mine.rows["candidate"]
    about = questions.ask_pair(pair, None)
    ReferenceList.objects.create(
        connection=pair.integration.left, key="tax_codes", read_at=timezone.now(),
        choices=[{"id": "1", "label": "TPS", "active": True, "gone": False, "facts": {}}],
    )  # fmt: skip
    Integration.objects.filter(pk=pair.integration_id).update(state="active", automatic=True)
    run = mine.rows["run"]
    asks = []
    for number in range(2):
        source = factories.record(pair.integration.left, "invoices", number=f"L{number}")
        line = factories.change(run, entity="sale", source=source, title=f"Line {number}")
        asks.append((line, questions.ask_lines([line], None)))
    browser = samples.signed_in(samples.member(mine, "manager"))

    def press(page, *args, **body):
        taken.clear()
        answer = browser.post(reverse(f"portal:{page}", args=[here, *args]), body)
        assert answer.status_code == 302 and any(taken), page

    for (line, question), value in zip(asks, (questions.POST, questions.LEAVE_OUT), strict=True):
        press("question_answer", question.pk, answer=value)
        line.refresh_from_db()
        assert line.state == ("ready" if value == questions.POST else "skipped"), value
    Run.objects.update(state="done")
    press("question_answer", about.pk, answer="same")
    pair.refresh_from_db()
    assert pair.decision == "same" and Link.objects.filter(left=pair.left, right=pair.right).exists()
    press("question_comment", asked, text="Said behind the wall")
    press("question_pass", asked, to=zoe.pk)
    Run.objects.update(state="done")
    runs = Run.objects.count()
    press("question_answer", asked, answer="1")
    assert Question.objects.get(pk=asked).value_maps.get().target_id == "1" and Run.objects.count() == runs + 1
    press("question_mails", mails="no")
    press("report_ask", first="2026-01-01", last="2026-01-31")
    press("report_plan", weekday="0", month_day="", readers=Membership.objects.get(user=zoe).pk)
    press("people", email="new@client.example", name="Zed", role="viewer", language="fr")
    press("member_remove", Membership.objects.get(user__email="new@client.example").pk, confirmed="yes")
    assert Comment.objects.filter(text="Said behind the wall").exists()
    assert Question.objects.get(pk=asked).asked_of == zoe
    assert Membership.objects.filter(question_mails=False).count() == 1
    assert Report.objects.filter(first="2026-01-01").exists()
    assert ReportPlan.objects.get(organization=here).readers.get().user == zoe
    assert User.objects.filter(email="new@client.example", memberships=None).exists()
    dan = User.objects.filter(memberships__organization=theirs.place.organization).first()
    press("people", email=dan.email, name="", role="viewer", language="fr")
    assert dan.memberships.count() == 2, "somebody another client has may be invited too"


def test_of_people_a_client_sees_its_own_those_its_pages_name_and_the_office(mine, theirs):
    carla, dan = samples.member(mine, "viewer"), samples.member(theirs, "viewer")
    office = set(User.objects.filter(is_staff=True))
    left, stranger = factories.client_person(mine.place.organization), User.objects.create_user("eve@nobody.example")
    Comment.objects.create(
        organization=mine.place.organization, integration=mine.place.integration, text="Hm", user=left
    )
    Membership.objects.filter(user=left).delete()
    with wall.behind(carla, mine.place.organization.pk):
        seen = set(User.objects.all())
        assert [one.user for one in Comment.objects.filter(text="Hm")] == [left], "who left is still named"
        assert not User.objects.filter(email=dan.email).exists()
    assert {carla, left, mine.place.member.user} | office <= seen
    assert not seen & {dan, theirs.place.member.user, stranger}
    with wall.behind(carla, theirs.place.organization.pk):
        assert set(User.objects.exclude(is_staff=True)) == {carla}


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
