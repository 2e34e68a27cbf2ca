"""Reports from being due to being kept: once each, never changed, mailed to the chosen in their language."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import close_old_connections, connection
from django.utils import timezone, translation

from bridge.hub.models import Letter, Membership, Report, ReportPlan
from bridge.jobs import letters, reports, reports_data, reports_tables, ticking
from connectors.contract import ContractBroken, SettingInvalid
from tests import factories
from tests.unit.reports.conftest import FIRST, LAST, furnish

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What a worker's death looks like from the inside: nothing after it runs."""


def dies_at(monkeypatch, module, point: str):
    def crash(name: str) -> None:
        if name == point:
            raise Killed

    monkeypatch.setattr(module, "crash_point", crash)


def plan_of(books, **values) -> ReportPlan:
    plan = ReportPlan.objects.create(organization=books.organization, **values)
    ReportPlan.objects.filter(pk=plan.pk).update(started_on=date(2026, 1, 1))
    plan.refresh_from_db()
    return plan


def at(year: int, month: int, day: int, hour: int = 17) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


# asking


def test_a_report_of_any_period_is_made_and_kept(books):
    report = books.kept()
    assert report.is_made and report.digest and report.asked_by == books.manager
    assert reports.told(report).pairs[0].sides[0].difference == 60
    assert reports.make(report.pk) == "nothing to do"


def test_pressed_twice_it_is_one_report(books):
    one = reports.ask(books.organization, FIRST, LAST, books.manager)
    assert reports.ask(books.organization, FIRST, LAST, books.manager) == one
    reports.make(one.pk)
    assert reports.ask(books.organization, FIRST, LAST, books.manager) != one, "figures may have moved since"


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (LAST, FIRST, "REPORT-PERIOD"),
        (date(2024, 1, 1), date(2026, 1, 1), "REPORT-LONG"),
        (date(2126, 1, 1), date(2126, 1, 2), "REPORT-AHEAD"),
    ],
)
def test_a_period_that_is_none_is_refused_with_the_cure(books, first, last, code):
    from bridge import registry

    with pytest.raises(SettingInvalid, match=code):
        reports.ask(books.organization, first, last, books.manager)
    entry = registry.catalogue()[code]
    assert entry.what.fr and entry.cure.fr and entry.cure.en


def test_a_kept_report_never_changes(books):
    report = books.kept()
    before = reports.told(report)
    with pytest.raises(TypeError):
        report.save()
    books.pair.changes.all().delete()
    report.refresh_from_db()
    assert reports.told(report) == before
    content = report.content
    content["pairs"][0]["sides"][0]["left"] = "9999.00"
    Report.objects.filter(pk=report.pk).update(content=content)
    report.refresh_from_db()
    with pytest.raises(ContractBroken, match="REPORT-CHANGED"):
        reports.told(report)


# due


@pytest.mark.parametrize(
    ("now", "weekday", "period"),
    [
        (at(2026, 11, 23), 0, (date(2026, 11, 16), date(2026, 11, 22))),  # Monday noon: the week before
        (at(2026, 11, 23, 10), 0, (date(2026, 11, 9), date(2026, 11, 15))),  # Monday 5:00: not before six
        (at(2026, 11, 22), 0, (date(2026, 11, 9), date(2026, 11, 15))),
        (at(2026, 11, 25), 2, (date(2026, 11, 18), date(2026, 11, 24))),
        (at(2027, 1, 1), 4, (date(2026, 12, 25), date(2026, 12, 31))),
    ],
)
def test_a_weekly_report_covers_the_seven_days_before_its_day(books, now, weekday, period):
    plan = plan_of(books, weekday=weekday, month_day=None)
    assert reports.due(plan, now) == [("week", *period)]


@pytest.mark.parametrize(
    ("now", "day", "period"),
    [
        (at(2026, 12, 1), 1, (date(2026, 11, 1), date(2026, 11, 30))),
        (at(2026, 12, 4), 5, (date(2026, 10, 1), date(2026, 10, 31))),
        (at(2026, 12, 5), 5, (date(2026, 11, 1), date(2026, 11, 30))),
        (at(2026, 3, 28), 28, (date(2026, 2, 1), date(2026, 2, 28))),
        (at(2027, 1, 1), 1, (date(2026, 12, 1), date(2026, 12, 31))),
    ],
)
def test_a_monthly_report_covers_the_month_before(books, now, day, period):
    plan = plan_of(books, weekday=None, month_day=day)
    assert reports.due(plan, now) == [("month", *period)]


def test_of_the_time_before_the_schedule_nothing_is_told(books):
    plan = plan_of(books)
    plan.started_on = date(2026, 11, 18)
    assert reports.due(plan, at(2026, 11, 23)) == []
    assert [kind for kind, *_ in reports.due(plan, at(2026, 11, 30))] == ["week"]
    assert [kind for kind, *_ in reports.due(plan, at(2026, 12, 1))] == ["week", "month"]


def test_every_client_in_use_has_a_schedule_and_nobody_gets_mail_unasked(books):
    idle = factories.organization()
    reports.tick()
    plan = ReportPlan.objects.get()
    assert (plan.organization, plan.weekday, plan.month_day, plan.readers.count()) == (books.organization, 0, 1, 0)
    assert not ReportPlan.objects.filter(organization=idle).exists()
    assert "failed" not in ticking.tick()


def make_all() -> None:
    for pk in Report.objects.filter(state="asked").values_list("pk", flat=True):
        reports.make(pk)


def test_due_ones_are_made_once_however_often_it_beats(books):
    plan = plan_of(books)
    plan.readers.add(Membership.objects.get(user=books.manager))
    for _ in range(3):
        reports.tick()
        make_all()
        make_all()
    assert sorted(Report.objects.values_list("kind", flat=True)) == ["month", "week"]
    assert Letter.objects.filter(kind="report").count() == 2
    for _ in range(2):
        for letter in Letter.objects.all():
            letters.send(letter.pk)
    assert len(mail.outbox) == 2 and {item.to[0] for item in mail.outbox} == {books.manager.email}


@pytest.mark.django_db(transaction=True)
def test_many_beats_and_workers_at_once_make_one_report_and_one_mail(books):
    plan = plan_of(books, weekday=None)
    plan.readers.add(Membership.objects.get(user=books.manager))
    gate = threading.Barrier(4)
    wrong: list[BaseException] = []

    def beat() -> None:
        try:
            gate.wait(30)
            reports.tick()
            make_all()
            for pk in Letter.objects.values_list("pk", flat=True):
                letters.send(pk)
        except BaseException as error:
            wrong.append(error)
        finally:
            close_old_connections()
            connection.close()

    racers = [threading.Thread(target=beat) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(120)
    for pk in letters.due():
        letters.send(pk)
    assert not wrong, wrong
    assert Report.objects.filter(state="made").count() == Report.objects.count() == 1
    assert Letter.objects.count() == len(mail.outbox) == 1


@pytest.mark.parametrize("point", ["report_gathered", "report_made"])
def test_a_worker_that_dies_leaves_work_another_finishes(books, monkeypatch, point):
    plan = plan_of(books, weekday=None)
    plan.readers.add(Membership.objects.get(user=books.manager))
    reports.tick()
    report = Report.objects.get()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        dies_at(patch, reports, point)
        reports.make(report.pk)
    assert reports.make(report.pk) == "nothing to do", "the lease holds"
    Report.objects.filter(pk=report.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    reports.make(report.pk)
    report.refresh_from_db()
    assert report.is_made and Letter.objects.filter(report=report).count() == 1


def test_a_report_that_cannot_be_made_waits_longer_each_time_and_is_seen(books, monkeypatch):
    report = reports.ask(books.organization, FIRST, LAST, books.manager)

    def broken(*_given):
        raise ValueError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(reports, "gather", broken)
        waits = []
        for _ in range(4):
            Report.objects.filter(pk=report.pk).update(lease_until=None)
            with pytest.raises(ValueError, match="broken"):
                reports.make(report.pk)
            report.refresh_from_db()
            waits.append(report.wake_at - timezone.now())
    assert waits == sorted(waits) and waits[-1] > timedelta(minutes=7)
    from bridge.jobs import health

    assert [item.pk for item in health.snapshot().late_reports] == [report.pk]
    Report.objects.filter(pk=report.pk).update(lease_until=None)
    assert reports.make(report.pk) == "made"


# mailed


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_mail_is_in_the_readers_language_with_the_files(books, language):
    with translation.override(language):
        title = reports_tables.title_of("month", FIRST, LAST)
    books.manager.language = language
    books.manager.save()
    plan = plan_of(books, weekday=None)
    plan.readers.add(Membership.objects.get(user=books.manager))
    Report(organization=books.organization, kind="month", first=FIRST, last=LAST).save()
    make_all()
    assert letters.send(Letter.objects.get().pk) == 1
    (found,) = mail.outbox
    money = {"fr": "1\xa0384,50\xa0$", "en": "$1,384.50"}[language]
    (html,) = [part for part, kind in found.alternatives if kind == "text/html"]
    for words in (found.body, html):
        assert money in words and title in words
        assert f"https://bridge.example/portal/{books.organization.pk}/reports/" in words
    assert f'<html lang="{language}">' in html and found.subject.startswith(" ".join(title.split()))
    names = {name: content for name, content, _kind in found.attachments}
    stem = f"bridge-{books.organization.pk}-2026-11-01-2026-11-30"
    assert set(names) == {f"{stem}.pdf", f"{stem}.csv"} and names[f"{stem}.pdf"][:5] == b"%PDF-"


def test_who_no_longer_sees_the_client_gets_nothing(books):
    plan = plan_of(books, weekday=None)
    plan.readers.add(Membership.objects.get(user=books.manager))
    Report(organization=books.organization, kind="month", first=FIRST, last=LAST).save()
    make_all()
    Membership.objects.all().delete()
    letter = Letter.objects.get()
    assert letters.send(letter.pk) == 0 and not mail.outbox
    letter.refresh_from_db()
    assert letter.state == "needless" and plan.readers.count() == 0


def test_readers_are_people_of_this_client_only(books):
    other = furnish("Dépanneur Inventé", "Wolverine")
    plan = plan_of(books, weekday=None)
    plan.readers.add(Membership.objects.get(user=other.manager))
    report = Report(organization=books.organization, kind="month", first=FIRST, last=LAST)
    assert reports.readers(report) == []


def test_figures_told_are_of_one_client(books):
    other = furnish("Dépanneur Inventé", "Wolverine")
    assert "Wolverine" not in str(reports_data.to_content(books.told()))
    assert "Wolverine" in str(reports_data.to_content(other.told()))
