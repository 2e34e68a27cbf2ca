"""Today: what needs a person stands first and leads there in one click; what is incomplete is never shown as done."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Change, Connection, Integration, Run
from bridge.staff.charts import Bar, Chart
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


def words(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text)


def tiles(answer) -> dict[str, str]:
    """Words of each tile by where it leads."""
    found = re.findall(r'<a class="tile[^"]*" href="([^"]*)">(.*?)</a>', answer.content.decode(), re.S)
    return {address: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inside)).strip() for address, inside in found}


def test_an_empty_house_says_what_to_do_first(ann):
    page = ann.get("/admin/")
    assert "Nothing is connected yet" in words(page)
    assert reverse("admin:integration_new") in page.content.decode()


def test_a_quiet_house_says_that_nothing_waits(ann):
    factories.integration()
    page = ann.get("/admin/")
    assert tiles(page) == {} and "Nothing waits for you" in words(page)


def test_each_need_leads_to_its_place_in_one_click(ann):
    plan = factories.run(state="planned")
    held = factories.run(state="held")
    factories.change(held, state="held", code="CONTACT-NO-EMAIL")
    factories.change(held, state="rejected", code="new", error_code="OUTCOME-UNKNOWN")
    lost = factories.connection(state="attention")
    broken = factories.run(state="interrupted", finished_at=timezone.now())
    found = tiles(ann.get("/admin/"))
    assert found[reverse("admin:run_plan", args=[plan.pk])].startswith("1 plan to approve")
    assert found[reverse("admin:held")].startswith("2 records held")
    assert found[reverse("admin:connection", args=[lost.pk])].startswith("1 account to reconnect")
    assert found[reverse("admin:run_page", args=[broken.pk])].startswith("1 run that did not finish")


def test_a_run_whose_worker_is_gone_is_called_out(ann):
    run = factories.run(state="applying", lease_until=factories.hours_ago(1))
    assert reverse("admin:run_page", args=[run.pk]) in tiles(ann.get("/admin/"))


def test_a_run_that_holds_something_is_never_called_done(ann):
    factories.run(state="held", counts={"waiting": 3}, finished_at=timezone.now())
    told = words(ann.get("/admin/"))
    assert "Done with 3 held" in told and "Success" not in told


def test_differences_with_a_known_cause_are_not_counted_twice(ann):
    explained = {"code": "PARENT-HELD", "kind": "missing"}
    run = factories.run(state="held", reconciliation={"differences": [explained], "unexplained": {"CAD": "0.00"}})
    address = reverse("admin:run_page", args=[run.pk])
    assert address not in tiles(ann.get("/admin/"))
    Run.objects.filter(pk=run.pk).update(
        reconciliation={"differences": [explained, {"code": "", "kind": "amount"}], "unexplained": {"CAD": "0.01"}}
    )
    assert tiles(ann.get("/admin/"))[address].startswith("1 document that does not tie out")


def test_only_the_newest_reconciliation_counts(ann):
    pair = factories.integration()
    old = factories.run(pair, state="done", reconciliation={"differences": [{"code": ""}], "unexplained": {}})
    factories.run(pair, state="done", reconciliation={"differences": [], "unexplained": {"CAD": "0.00"}})
    assert reverse("admin:run_page", args=[old.pk]) not in tiles(ann.get("/admin/"))


def test_what_a_disconnected_integration_held_needs_nobody(ann):
    pair = factories.integration(state=Integration.State.DISCONNECTED)
    factories.change(factories.run(pair, state="done"), state="held", code="CONTACT-NO-EMAIL")
    assert reverse("admin:held") not in tiles(ann.get("/admin/"))


def test_filters_by_client_system_and_owner_leave_the_others_out(ann):
    mine = factories.organization(owner=factories.User.objects.get())
    own, other = factories.run(factories.integration(mine)), factories.run()
    every = tiles(ann.get("/admin/"))
    assert any(text.startswith("2 plans to approve") for text in every.values())
    for query in ({"organization": mine.pk}, {"mine": "1"}):
        found = tiles(ann.get("/admin/", query))
        assert reverse("admin:run_plan", args=[own.pk]) in found and len(found) == 1
    assert reverse("admin:run_plan", args=[other.pk]) in tiles(
        ann.get("/admin/", {"organization": other.integration.organization_id})
    )
    assert ann.get("/admin/", {"organization": "x", "vendor": "nobody"}).status_code == 200


def test_the_day_a_consent_ends_is_announced_in_time(ann):
    soon = timezone.now() + timedelta(days=20)
    factories.connection(account_name="Books that end", hard_expires_at=soon)
    factories.connection(account_name="Books that last", hard_expires_at=timezone.now() + timedelta(days=900))
    told = words(ann.get("/admin/")).split("Dates ahead")[1].split("Runs of the last")[0]
    assert "Books that end" in told and "Books that last" not in told


def test_the_chart_says_in_words_what_it_draws(ann):
    run = factories.run(state="done")
    for action in ("create", "create", "update"):
        factories.change(run, state="done", action=action, settled_at=timezone.now())
    factories.change(run, state="done", settled_at=factories.hours_ago(24 * 30))
    page = ann.get("/admin/")
    assert "3 records written in 14 days" in words(page)
    body = page.content.decode()
    assert body.count("<rect") == 2 and "<table" in body.split("Records written per day", 1)[1]


def test_bars_fill_the_field_and_zeros_draw_nothing():
    chart = Chart("t", "s", ("a", "b"), (Bar("1", (30, 10)), Bar("2", (0, 0)), Bar("3", (5, 0))), "Day")
    assert chart.highest == 40
    assert [(part.series, part.height) for part in chart.segments] == [(0, 75.0), (1, 25.0), (0, 12.5)]
    assert min(part.y for part in chart.segments) == 0


def test_today_stays_quick_with_many_clients(ann, django_assert_max_num_queries):
    for _ in range(12):
        run = factories.run(state="held", counts={"waiting": 1})
        factories.change(run, state="held", code="CONTACT-NO-EMAIL", amount=Decimal("1.00"), currency="CAD")
    with django_assert_max_num_queries(30):
        ann.get("/admin/")


def test_staff_without_rights_see_no_line_they_may_not_open():
    client = Client()
    client.force_login(factories.staff(is_superuser=False))
    body = client.get("/admin/").content.decode()
    menu = body.split('id="menu"')[1].split("</nav>")[0]
    assert reverse("admin:connections") not in menu and reverse("admin:help") in menu
    assert Change.objects.count() == 0 and Connection.objects.count() == 0
