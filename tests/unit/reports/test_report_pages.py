"""The pages of reports: kept, made on demand, downloaded by those who may, and when they come by themselves."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from bridge.hub import pdf
from bridge.hub.models import Membership, Report, ReportPlan
from bridge.jobs import reports
from tests import factories
from tests.unit.reports.conftest import furnish

pytestmark = pytest.mark.django_db


def words(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"[\s\u202f\u00a0]+", " ", text).replace("&nbsp;", " ")


def at(books, tail="") -> str:
    return f"/portal/{books.organization.pk}/reports/{tail}"


def sign_in(books, role="manager", language="en") -> Client:
    user = factories.client_person(books.organization, language=language)
    Membership.objects.filter(user=user).update(role=role)
    client = Client()
    client.force_login(user)
    return client


def test_a_client_makes_a_report_sees_it_and_downloads_it(books):
    client = sign_in(books)
    answer = client.post(at(books, "ask/"), {"first": "2026-11-01", "last": "2026-11-30"})
    report = Report.objects.get()
    assert answer["Location"] == at(books, f"{report.pk}/")
    assert "is being made" in words(client.get(answer["Location"]))
    assert client.get(at(books, f"{report.pk}/report.pdf")).status_code == 404
    reports.make(report.pk)
    page = words(client.get(answer["Location"]))
    for told in ("$1,384.50", "$1,324.50", "$60.00", "2 documents differ.", "Totals of both sides", "7 min"):
        assert told in page, told
    assert report.first.strftime("%Y") in words(client.get(at(books)))
    for ending, kind, head in (
        ("pdf", "application/pdf", b"%PDF-"), ("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbf"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
    ):  # fmt: skip
        found = client.get(at(books, f"{report.pk}/report.{ending}"))
        assert found.status_code == 200 and found["Content-Type"] == kind and found.content.startswith(head)
        assert f"bridge-{books.organization.pk}-2026-11-01-2026-11-30.{ending}" in found["Content-Disposition"]
        assert found["Cache-Control"].startswith(("no-store", "max-age=0"))


def test_each_reads_the_same_report_in_their_own_language(books):
    report = books.kept()
    french, english = sign_in(books, language="fr"), sign_in(books)
    assert "1 384,50 $" in words(french.get(at(books, f"{report.pk}/")))
    assert "$1,384.50" in words(english.get(at(books, f"{report.pk}/")))
    assert b";1384,50;" in french.get(at(books, f"{report.pk}/report.csv")).content
    assert b",1384.50," in english.get(at(books, f"{report.pk}/report.csv")).content


@pytest.mark.parametrize("tail", ["", "report.pdf", "report.csv", "report.xlsx"])
def test_another_clients_report_is_not_found(books, tail):
    other = furnish("Dépanneur Inventé", "Wolverine")
    theirs = other.kept()
    client = sign_in(books)
    assert client.get(at(books, f"{theirs.pk}/{tail}")).status_code == 404
    assert client.get(at(other, f"{theirs.pk}/{tail}")).status_code == 404
    assert client.get(at(books, f"999999/{tail}")).status_code == 404
    assert Client().get(at(books, f"{theirs.pk}/{tail}")).status_code == 302


def test_a_viewer_reads_and_downloads_but_asks_for_nothing(books):
    report = books.kept()
    client = sign_in(books, "viewer")
    page = client.get(at(books)).content.decode()
    assert 'action="/portal' not in page and client.get(at(books, f"{report.pk}/report.csv")).status_code == 200
    assert client.post(at(books, "ask/"), {"first": "2026-11-01", "last": "2026-11-02"}).status_code == 403
    assert client.post(at(books, "plan/"), {"weekday": "1"}).status_code == 403
    accountant = sign_in(books, "accountant")
    assert accountant.post(at(books, "ask/"), {"first": "2026-11-01", "last": "2026-11-02"}).status_code == 302
    assert accountant.post(at(books, "plan/"), {"weekday": "1"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"first": "2026-11-30", "last": "2026-11-01"}, "The last day is before the first one."),
        ({"first": "2020-01-01", "last": "2026-11-01"}, "longer than 366 days"),
        ({"first": "2126-01-01", "last": "2126-01-02"}, "not begun yet"),
        ({"first": "soon", "last": "2026-13-45"}, "year-month-day"),
        ({}, "year-month-day"),
    ],
)
def test_a_period_that_is_none_says_why_and_keeps_what_was_typed(books, given, told):
    client = sign_in(books)
    answer = client.post(at(books, "ask/"), given)
    assert answer.status_code == 200 and told in words(answer) and not Report.objects.exists()
    assert given.get("first", "") in answer.content.decode()


def test_a_manager_says_when_reports_come_and_to_whom(books):
    client = sign_in(books)
    mine = Membership.objects.get(user=books.manager)
    given = {"weekday": "4", "month_day": "28", "readers": [mine.pk]}
    page = words(client.post(at(books, "plan/"), given, follow=True))
    plan = ReportPlan.objects.get()
    assert "The next report comes as you said." in page
    assert (plan.organization, plan.weekday, plan.month_day) == (books.organization, 4, 28)
    assert [row.pk for row in plan.readers.all()] == [mine.pk]
    client.post(at(books, "plan/"), {"weekday": "", "month_day": ""})
    plan.refresh_from_db()
    assert (plan.weekday, plan.month_day, plan.readers.count()) == (None, None, 0)
    assert "No report comes by itself." in words(sign_in(books, "viewer").get(at(books)))


@pytest.mark.parametrize("bad", [{"weekday": "7"}, {"month_day": "31"}, {"month_day": "0"}, {"readers": ["x"]}])
def test_a_schedule_that_cannot_be_is_refused(books, bad):
    client = sign_in(books)
    assert client.post(at(books, "plan/"), {"weekday": "1", "month_day": "1", **bad}).status_code == 200
    assert not ReportPlan.objects.exists()


def test_nobody_of_another_client_can_be_made_a_reader(books):
    other = furnish("Dépanneur Inventé", "Wolverine")
    theirs = Membership.objects.get(user=other.manager)
    given = {"weekday": "1", "month_day": "1", "readers": [theirs.pk]}
    assert sign_in(books).post(at(books, "plan/"), given).status_code == 200
    assert not ReportPlan.objects.exists()


def test_where_pdf_cannot_be_made_the_page_says_so_and_offers_the_rest(books, monkeypatch):
    report = books.kept()
    client = sign_in(books)
    monkeypatch.setattr(pdf, "available", lambda: False)
    page = client.get(at(books, f"{report.pk}/")).content.decode()
    assert "report.pdf" not in page and "report.csv" in page and "PDF cannot be made on this installation" in page
    answer = client.get(at(books, f"{report.pk}/report.pdf"), follow=True)
    assert "The spreadsheets have the same figures." in words(answer)


# the office


@pytest.fixture
def desk(books) -> Client:
    client = Client()
    client.force_login(books.organization.owner)
    return client


def test_the_office_sets_a_schedule_with_people_of_that_client_only(books, desk):
    other = furnish("Dépanneur Inventé", "Wolverine")
    mine, theirs = (Membership.objects.get(user=item.manager) for item in (books, other))
    desk.post(
        reverse("admin:hub_reportplan_add"), {"organization": books.organization.pk, "weekday": 0, "month_day": 1}
    )
    plan = ReportPlan.objects.get()
    page = reverse("admin:hub_reportplan_change", args=[plan.pk])
    shown = desk.get(page).content.decode()
    assert books.manager.email in shown or str(mine) in shown
    assert str(theirs) not in shown
    desk.post(page, {"weekday": 2, "month_day": 5, "readers": [mine.pk]})
    plan.refresh_from_db()
    assert (plan.weekday, plan.month_day, [row.pk for row in plan.readers.all()]) == (2, 5, [mine.pk])
    assert desk.post(page, {"weekday": 2, "month_day": 5, "readers": [theirs.pk]}).status_code == 200
    assert [row.pk for row in plan.readers.all()] == [mine.pk]
    assert books.organization.name in desk.get(reverse("admin:hub_reportplan_changelist")).content.decode()
    assert desk.post(reverse("admin:hub_reportplan_delete", args=[plan.pk]), {"post": "yes"}).status_code == 403


def test_a_run_on_paper_says_what_its_page_says(books, desk, tmp_path):
    from bridge.jobs import totals
    from tests.unit.reports.test_report_files import text_of

    run = books.pair.runs.get()
    run.reconciliation = totals.of_run(run)
    run.save()
    page = desk.get(reverse("admin:run_page", args=[run.pk])).content.decode()
    assert reverse("admin:run_pdf", args=[run.pk]) in page
    answer = desk.get(reverse("admin:run_pdf", args=[run.pk]))
    assert answer["Content-Type"] == "application/pdf"
    said = text_of(answer.content, tmp_path)
    for told in (f"Run #{run.pk}", books.organization.name, "Totals of both sides", "Held or not sent, by cause"):
        assert told in said, told
    assert "$1,384.50" in said and "$1,384.50" in words(desk.get(reverse("admin:run_page", args=[run.pk])))


def test_a_run_of_which_nothing_is_known_yet_is_a_paper_too(books, desk, tmp_path):
    from tests.unit.reports.test_report_files import text_of

    run = factories.run(books.pair, state="interrupted", reason_code="RUN-STUCK")
    said = text_of(desk.get(reverse("admin:run_pdf", args=[run.pk])).content, tmp_path)
    assert "Nothing was planned in this run." in said


def test_without_pango_staff_are_told_what_to_install(books, desk, monkeypatch):
    monkeypatch.setattr(pdf, "available", lambda: False)
    answer = desk.get(reverse("admin:run_pdf", args=[books.pair.runs.get().pk]), follow=True)
    assert "libpangoft2-1.0-0" in words(answer)
