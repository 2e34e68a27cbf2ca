"""Audit: every change of a setting and every write at a vendor, with who, when, old and new; never to be edited."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from auditlog.context import set_actor
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Candidate, Conflict, Flow, Question, User
from connectors.contract import Text
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff(email="ann@house.example"))
    return client


def audit(client: Client, **query) -> str:
    return re.sub(r"\s+", " ", client.get(reverse("admin:audit"), query).content.decode()).split("<tbody>")[-1]


def test_a_changed_setting_is_shown_with_who_and_from_what_to_what(ann):
    sam = factories.staff(first_name="Sam", last_name="Invented")
    flow = factories.integration().flows.first()
    with set_actor(sam):
        flow.cadence_minutes = 15
        flow.save()
    page = audit(ann, model="flow", person=sam.pk)
    assert "Sam Invented" in page
    assert "every (minutes)" in page
    assert "<del>60</del>" in page
    assert "<ins>15</ins>" in page


def test_a_setting_of_another_client_is_not_among_those_of_one(ann):
    mine, theirs = factories.integration(), factories.integration()
    for integration, minutes in ((mine, 76543), (theirs, 98765)):
        flow = integration.flows.first()
        flow.cadence_minutes = minutes
        flow.save()
    page = audit(ann, organization=mine.organization_id)
    assert "<ins>76543</ins>" in page
    assert "<ins>98765</ins>" not in page


def test_a_rule_a_flow_and_a_connection_all_count_as_the_clients(ann):
    integration = factories.integration()
    factories.rule(integration.flows.first(), note="A note kept in history")
    page = audit(ann, organization=integration.organization_id)
    assert "A note kept in history" in page
    assert integration.left.account_name in page


def test_days_narrow_what_is_shown(ann):
    organization = factories.organization(name="Yesterday Garage")
    LogEntry.objects.filter(object_repr="Yesterday Garage").update(timestamp=factories.hours_ago(48))
    factories.organization(name="Today Garage")
    today = factories.today()
    page = audit(ann, first=today.isoformat())
    assert "Today Garage" in page
    assert organization.name not in page
    page = audit(ann, last=(today - timedelta(days=1)).isoformat())
    assert organization.name in page
    assert "Today Garage" not in page


def test_a_date_nobody_can_read_is_not_an_error(ann):
    assert ann.get(reverse("admin:audit"), {"first": "2026-13-45", "person": "x"}).status_code == 200


def test_a_write_at_a_vendor_shows_account_rules_version_run_and_fields(ann):
    run = factories.run()
    person = factories.staff(first_name="Sam", last_name="Invented")
    factories.change(
        run, action="update", state="done", settled_at=timezone.now(), approved_by=person, rules_version=7,
        before={"given_name": "Jan"}, after={"given_name": "Jane"},
    )  # fmt: skip
    page = audit(ann, book="writes")
    for words in ("Sam Invented", str(run.integration.right), "rules version 7", "<del>Jan</del>", "<ins>Jane</ins>"):
        assert words in page
    assert reverse("admin:run_page", args=[run.pk]) in page


def test_what_was_only_planned_or_left_out_is_no_write(ann):
    run = factories.run()
    factories.change(run, title="Only planned")
    factories.change(run, title="Left out", action="skip", state="skipped", settled_at=timezone.now())
    page = audit(ann, book="writes")
    assert "Only planned" not in page
    assert "Left out" not in page


def test_the_audit_cannot_be_edited(ann):
    before = LogEntry.objects.count()
    entry = LogEntry.objects.first() or LogEntry.objects.create()
    for address in (f"/admin/auditlog/logentry/{entry.pk}/delete/", f"/admin/auditlog/logentry/{entry.pk}/change/"):
        assert ann.post(address, {"post": "yes"}).status_code in (403, 404)
    ann.post(reverse("admin:audit"), {"action": "delete"})
    assert LogEntry.objects.filter(pk=entry.pk).exists()
    assert LogEntry.objects.count() >= before


def test_no_secret_is_ever_in_the_audit(ann):
    connection = factories.connection()
    connection.grant = {"access_token": "top-secret-token"}
    connection.account_name = "Renamed Books"
    connection.save()
    everything = " ".join(str(row) for row in LogEntry.objects.values_list("changes", "serialized_data"))
    assert "Renamed Books" in everything
    assert "sealed_grant" not in everything
    assert connection.sealed_grant not in everything


def test_the_download_keeps_the_filters_and_holds_no_formula(ann):
    sam = factories.staff()
    with set_actor(sam):
        factories.organization(name="=cmd()")
    with set_actor(None):
        factories.organization(name="Not Sam's")
    answer = ann.get(reverse("admin:audit_csv"), {"person": sam.pk})
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows[0][0] == "When"
    assert any(row[5] == "'=cmd()" for row in rows[1:])
    assert "Not Sam's" not in text
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_what_only_points_to_a_row_is_not_told_as_its_field(ann):
    integration = factories.integration()
    page = audit(ann, model="integration", organization=integration.organization_id)
    assert "QuickBooks Online and Mailchimp" in page
    assert ".None" not in page


def change(row, **values):
    """Change a row as a person would, and return it."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row


def test_settings_are_told_one_by_one_by_their_labels_and_choices(ann):
    integration = factories.integration(recipe="quickbooks_magento", settings={"document": "invoice"})
    change(integration, settings={
        "document": "sales_receipt", "shipping_item": "58", "shipping_item_label": "Livraison", "of_old": "1",
    })  # fmt: skip
    page = audit(ann, model="integration", organization=integration.organization_id).split("<tr>")[1]
    for label, value in (("Orders become", "Sales receipts"), ("Item for shipping", "Livraison (58)"), ("of_old", "1")):
        assert f"<dt>{label}</dt>" in page and f"<ins>{value}</ins>" in page, label
    assert "<del>Invoices</del>" in page
    assert "{" not in page and "shipping_item" not in page


def test_a_secret_setting_is_told_as_changed_and_never_shown(ann, monkeypatch):
    recipe = registry.recipe("quickbooks_magento")
    secret = replace(recipe.settings[0], key="word", kind="secret", label=Text("Word", "Mot"))
    monkeypatch.setitem(registry.recipes(), recipe.key, replace(recipe, settings=(secret,)))
    integration = factories.integration(recipe="quickbooks_magento", settings={"word": "first-secret"})
    change(integration, settings={"word": "second-secret"})
    page = audit(ann, model="integration", organization=integration.organization_id)
    assert "Word" in page and "-secret" not in page


def test_rules_filters_and_decisions_are_told_in_words(ann):
    ann_person = User.objects.get(is_staff=True)
    flow = factories.integration().flows.get(entity="contact")
    change(flow, filter={"field": "email", "test": "known"}, is_on=False)
    factories.rule(flow, "given_name", "given_name", transform="copy")
    for language, told in (
        ("en", ("First name → First name", "<del>yes</del>", "<ins>no</ins>")),
        ("fr", ("Prénom → Prénom", "<del>oui</del>", "<ins>non</ins>")),
    ):
        change(ann_person, language=language)
        page = audit(ann, organization=flow.integration.organization_id)
        assert all(one in page for one in told), (language, [one for one in told if one not in page])
        assert '"test"' not in page and "True" not in page


def test_possible_doubles_are_told_by_name(ann):
    integration = factories.integration()
    left = factories.record(integration.left, name="Ann Lee")
    right = factories.record(integration.right, "members", name="Anne Lee")
    Candidate.objects.create(integration=integration, entity="contact", left=left, right=right, score="0.8")
    page = audit(ann, organization=integration.organization_id, model="candidate")
    assert "Ann Lee ≈ Anne Lee" in page and "<ins>Ann Lee</ins>" in page


def test_conflicts_are_told_by_field_and_record(ann):
    integration = factories.integration()
    left = factories.record(integration.left, name="Ann Lee")
    right = factories.record(integration.right, "members", name="Anne Lee")
    Conflict.objects.create(link=factories.link(integration, left, right), field="given_name", toward="right")
    page = audit(ann, model="conflict")
    assert "First name – Ann Lee" in page and "<ins>Ann Lee = Anne Lee</ins>" in page
    assert "given_name" not in page


def test_a_page_of_history_asks_few_questions_however_long(ann, django_assert_max_num_queries):
    integration = factories.integration()
    flow = integration.flows.first()
    for at in range(40):
        factories.rule(flow, f"field_{at}", note=f"note {at}")
        left = factories.record(integration.left, name=f"Ann {at}")
        right = factories.record(integration.right, "members", name=f"Anne {at}")
        Candidate.objects.create(integration=integration, entity="contact", left=left, right=right, score="0.8")
    with django_assert_max_num_queries(30):
        audit(ann)


def test_a_history_of_a_kind_that_no_longer_exists_is_still_shown(ann):
    flow = factories.integration().flows.first()
    entry = LogEntry.objects.get_for_object(flow).first()
    entry.changes = {"a_field_of_old": ["1", "2"]}
    entry.save()
    Flow.objects.filter(pk=flow.pk).delete()
    assert "a_field_of_old" in audit(ann, model="flow")


def test_a_question_is_told_by_its_words_and_its_answer_by_its_label(ann):
    question = Question.objects.create(
        integration=factories.integration(), code="map:tax", text={"en": "What is TPS?", "fr": "Qu’est-ce que TPS ?"},
        choices=[{"value": "5", "en": "GST", "fr": "TPS"}, {"value": "7", "en": "Exempt", "fr": "Exonéré"}],
    )  # fmt: skip
    question.answer = "7"
    question.save()
    page = audit(ann, model="question")
    assert "What is TPS?" in page and "<ins>Exempt</ins>" in page
    assert "map:tax" not in page


def test_a_flow_that_a_rule_names_is_called_as_people_call_it(ann):
    factories.rule(factories.integration().flows.get(entity="contact"))
    page = audit(ann, model="mappingrule")
    assert "QuickBooks Online and Mailchimp · Contact" in page and "quickbooks_mailchimp" not in page
