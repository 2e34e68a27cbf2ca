"""Every page about runs and records, in both languages: one heading, real tables, no script in the page."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from bridge.hub.models import Intake
from bridge.staff import desk, simulators
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(monkeypatch) -> list[str]:
    """Pages with something on each of them."""
    monkeypatch.setattr(
        simulators.sandbox, "get_faults", lambda: [{"kind": "delay", "vendor": "mailchimp", "seconds": 2}]
    )
    monkeypatch.setattr(simulators.sandbox, "calls", lambda vendor, limit: [])
    pair = factories.integration()
    run = factories.run(pair, brakes=[{"entity": "contact", "code": "BRAKE-FIRST-RUN", "params": {"writes": 3}}])
    record = factories.record(pair.left, "customers", number="F-1", amount=Decimal("12.5"), currency="CAD")
    factories.link(pair, record, factories.record(pair.right, "members", document={"id": "1"}))
    factories.change(
        run, source=record, action="update", before={"given_name": "J"}, amount=Decimal("2"), currency="CAD"
    )
    factories.change(run, state="held", code="CONTACT-NO-EMAIL")
    factories.change(run, state="done", settled_at=timezone.now())
    factories.call(pair.left, run)
    factories.event(pair.left, state="failed")
    Intake.objects.create(vendor="mailchimp", day=timezone.now().date(), accepted=1)
    return [
        reverse("admin:runs"),
        reverse("admin:run_page", args=[run.pk]),
        reverse("admin:run_plan", args=[run.pk]),
        reverse("admin:changes") + f"?run={run.pk}",
        reverse("admin:record", args=[record.pk]),
        reverse("admin:held"),
        reverse("admin:held_cause", args=["CONTACT-NO-EMAIL"]),
        reverse("admin:health"),
        reverse("admin:events"),
        reverse("admin:audit"),
        reverse("admin:audit") + "?book=writes",
        reverse("admin:simulators"),
        reverse("admin:find") + "?q=F-1",
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_has_one_heading_and_tables_a_screen_reader_can_follow(client: Client, addresses, language):
    client.force_login(factories.staff(language=language))
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        page = answer.content.decode()
        main = page.split("<main")[1].split("</main>")[0]
        assert re.search(rf'<html[^>]+lang="{language}', page), address
        assert main.count("<h1") == 1, address
        assert "<script" not in main, address
        assert " style=" not in main, address
        for table in re.findall(r"<table.*?</table>", main, re.DOTALL):
            assert "<caption" in table, address
            assert all("scope=" in head for head in re.findall(r"<th\b[^>]*>", table)), address
        for field in re.findall(r'<(?:select|input)\b[^>]*\bid="([^"]+)"', main):
            assert f'for="{field}"' in main, (address, field)
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", main, re.DOTALL):
            assert "csrfmiddlewaretoken" in form, address


def test_a_client_gets_into_none_of_them(client: Client, addresses):
    client.force_login(factories.client_person(factories.organization()))
    assert {client.get(address).status_code for address in addresses} == {302}


def test_an_address_that_changes_is_told_by_its_parts_and_a_new_one_whole():
    one, other = {"city": "Laval", "country": "CA"}, {"city": "Québec", "country": "CA"}
    (part,) = desk.field_changes("contact", {"address": one}, {"address": other})
    assert (part.label, part.was, part.becomes) == ("Business address (city)", "Laval", "Québec")
    (whole,) = desk.field_changes("contact", {}, {"address": other})
    assert (whole.was, whole.becomes) == (None, "Québec, CA")


def test_false_and_zero_are_values_and_not_nothing():
    assert desk.shown(False) == "no"
    assert desk.shown("0", "money") == "0.00"
    assert desk.shown(0, "number") == "0"
    assert [desk.shown(value) for value in (None, "", [], {})] == [None] * 4


@pytest.mark.parametrize(
    ("language", "value", "kind", "words"),
    [
        ("en", "partially_paid", "choice", "paid in part"),
        ("fr", "sales_receipt", "choice", "Reçu de vente"),
        ("fr", "en_preparation", "choice", "en_preparation"),  # a shop's own word
        ("en", "2026-03-20T21:25:22+00:00", "instant", "20 Mar 2026, 17:25 EDT"),
        ("fr", "2026-03-20T21:25:22+00:00", "instant", "20 mars 2026, 17 h 25 HAE"),
        ("en", "soon", "instant", "soon"),
        ("fr", [{"name": "Miel", "amount": "5"}], "lines", "1 ligne : Miel = 5,00"),
    ],
)
def test_values_of_ours_are_told_in_words(language, value, kind, words):
    with translation.override(language), timezone.override("America/Toronto"):
        assert re.sub(r"\s", " ", desk.shown(value, kind)) == words


def test_fields_a_reason_names_are_called_as_people_call_them():
    with translation.override("fr"):
        told = desk.explained("CONFLICT", {"fields": ["family_name", "phone", "x_ours"]}, "contact").what
    assert "Nom de famille, Téléphone, x_ours" in told and "family_name" not in told


def test_a_mark_nothing_fills_becomes_an_ellipsis():
    assert "{" not in desk.explained("CONTACT-EMAIL-SHARED").what
    assert "a@invented.example" in desk.explained("CONTACT-EMAIL-SHARED", {"email": "a@invented.example"}).what


def test_a_code_nobody_has_explained_stands_for_itself():
    assert desk.explained("NEVER-WRITTEN").what == "NEVER-WRITTEN"
    assert desk.explained("") is None


def test_a_way_back_leads_only_to_our_own_pages(rf):
    for wanted in ("https://invented.example/", "//invented.example", "javascript:alert(1)", ""):
        assert desk.next_url(rf.post("/", {"next": wanted}), "/home/") == "/home/"
    assert desk.next_url(rf.post("/", {"next": "/admin/runs/?page=2"}), "/home/") == "/admin/runs/?page=2"
