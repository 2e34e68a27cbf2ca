"""The Conflicts desk: three values side by side, one decision at a time, many, or a rule for good."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Conflict, Flow, MappingRule, Run
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


@pytest.fixture
def pair():
    """A pair whose contacts go both ways, phones asked about."""
    owner = factories.organization()
    found = factories.integration(owner, recipe="quickbooks_hubspot", right=factories.connection(owner, "hubspot"))
    flow = found.flows.get(entity="contact")
    Flow.objects.filter(pk=flow.pk).update(direction="both")
    for toward in ("right", "left"):
        MappingRule.objects.create(flow=flow, source="phone", target="phone", toward=toward, on_conflict="ask")
    return found


@pytest.fixture
def phone(pair):
    return conflict(pair)


def conflict(pair, name="Jane Roe", field="phone", left="514-555-0101", right="514-555-0102", **more):
    link = factories.link(
        pair, factories.record(pair.left, "customers", name=name), factories.record(pair.right, "contacts", name=name)
    )
    facts = {"left": {"changed_at": "2026-11-20T10:00:00+00:00"}, "right": {"noticed_at": "2026-11-20T11:00:00+00:00"}}
    return Conflict.objects.create(
        link=link, field=field, twin_field=field, agreed="514-555-0100", left=left, right=right, facts=facts, **more
    )


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def url(row, name="conflict"):
    return reverse(f"admin:{name}", args=[row.pk])


def test_the_list_shows_agreed_left_and_right_with_who_and_when_grouped_by_field(ann, pair, phone):
    conflict(pair, "Luc Fictif", field="company", left="Acme", right="ACME")
    page = text_of(ann.get(reverse("admin:conflicts")))
    assert "514-555-0100" in page and "2 conflicts" in page
    assert re.search(r"514-555-010<mark>1</mark>", page) and re.search(r"514-555-010<mark>2</mark>", page)
    assert "changed there" in page and "the system told us" in page
    assert "only spelled otherwise" in page
    assert page.index("Company") < page.index("Phone") or page.index("Phone") < page.index("Company")


def test_an_empty_list_says_what_it_is_empty_of_and_filters_narrow(ann, pair):
    assert "No conflict waits" in text_of(ann.get(reverse("admin:conflicts")))
    conflict(pair)
    assert "No conflict matches" in text_of(ann.get(reverse("admin:conflicts") + "?field=email"))
    assert "1 conflict" in text_of(ann.get(reverse("admin:conflicts") + f"?integration={pair.pk}&field=phone"))
    for nonsense in ("?integration=99999999999999999999", "?older=x&entity=%00", "?page=-1", "?field=" + "x" * 5000):
        assert ann.get(reverse("admin:conflicts") + nonsense).status_code == 200


def test_one_press_decides_one_field_and_can_be_taken_back(ann, phone):
    answer = ann.post(url(phone, "conflict_decide"), {"do": "left"}, follow=True)
    phone.refresh_from_db()
    assert phone.decision == "left" and phone.decided_by is not None
    assert "1 conflict decided" in text_of(answer) and "Take back" in text_of(answer)
    ann.post(url(phone, "conflict_decide"), {"do": "back"})
    phone.refresh_from_db()
    assert phone.decision == "open" and phone.decided_by is None


def test_a_value_may_be_typed_and_nonsense_is_refused_in_words(ann, pair, phone):
    ann.post(url(phone, "conflict_decide"), {"do": "value", "value": "418-555-0199"})
    phone.refresh_from_db()
    assert (phone.decision, phone.value) == ("value", "418-555-0199")
    mail = conflict(pair, "Luc", field="email", left="a@example.com", right="b@example.com")
    page = text_of(ann.post(url(mail, "conflict_decide"), {"do": "value", "value": "nothing"}, follow=True))
    assert "CONFLICT-VALUE" in page
    page = text_of(ann.post(url(mail, "conflict_decide"), {"do": "nobody"}, follow=True))
    assert "CONFLICT-WINNER" in page


def test_deciding_many_first_names_the_number_and_then_does_it(ann, pair):
    rows = [conflict(pair, f"Person {n}") for n in range(3)]
    page = text_of(ann.post(reverse("admin:conflicts_bulk"), {"do": "right", "pick": [rows[0].pk, rows[1].pk]}))
    assert "2 conflicts" in page and not Conflict.objects.exclude(decision="open").exists()
    answer = ann.post(
        reverse("admin:conflicts_bulk"), {"do": "right", "pick": [rows[0].pk, rows[1].pk], "confirmed": "yes"}
    )
    assert answer.status_code == 302
    assert list(Conflict.objects.order_by("pk").values_list("decision", flat=True)) == ["right", "right", "open"]
    ann.post(reverse("admin:conflicts_bulk"), {"do": "left", "all": "1", "field": "phone", "confirmed": "yes"})
    assert Conflict.objects.filter(decision="left").count() == 1
    page = text_of(ann.post(reverse("admin:conflicts_bulk"), {"do": "left"}, follow=True))
    assert "Nothing was chosen" in page


def test_make_it_a_rule_says_what_changes_and_changes_it(ann, pair, phone):
    conflict(pair, "Luc")
    flow = pair.flows.get(entity="contact")
    page = text_of(ann.post(url(phone, "conflict_rule"), {"winner": "left"}))
    assert "2 open conflicts" in page and "mapping rule" in page
    flow.refresh_from_db()
    before = flow.rules_version
    ann.post(url(phone, "conflict_rule"), {"winner": "left", "confirmed": "yes"})
    flow.refresh_from_db()
    says = dict(flow.rules.filter(target="phone").values_list("toward", "on_conflict"))
    assert flow.rules_version > before
    assert says == {"right": "source", "left": "target"}
    assert set(Conflict.objects.values_list("decision", flat=True)) == {"left"}


def test_of_two_people_the_second_is_told(ann, phone):
    ann.post(url(phone, "conflict_decide"), {"do": "left"})
    page = text_of(ann.post(url(phone, "conflict_decide"), {"do": "right"}, follow=True))
    assert "CONFLICT-DECIDED" in page
    phone.refresh_from_db()
    assert phone.decision == "left"


def test_who_may_only_look_sees_no_buttons_and_is_refused(client, pair, phone):
    looker = factories.office(email="look@bridge.test")
    client.force_login(looker)
    page = text_of(client.get(reverse("admin:conflicts")))
    assert 'value="left"' not in page
    assert client.post(url(phone, "conflict_decide"), {"do": "left"}).status_code == 403
    assert client.post(url(phone, "conflict_rule"), {"winner": "left"}).status_code == 403
    assert client.post(reverse("admin:conflicts_bulk"), {"do": "left", "all": "1"}).status_code == 403
    client.force_login(factories.staff(email="none@bridge.test", is_superuser=False))
    assert client.get(reverse("admin:conflicts")).status_code == 403


def test_a_page_costs_the_same_number_of_queries_for_one_conflict_and_for_many(ann, pair):
    conflict(pair)
    with CaptureQueriesContext(connection) as few:
        ann.get(reverse("admin:conflicts"))
    for n in range(12):
        conflict(pair, f"Person {n}")
    with CaptureQueriesContext(connection) as many:
        ann.get(reverse("admin:conflicts"))
    assert len(many) <= len(few) + 1, [item["sql"][:120] for item in many]


def test_today_and_the_menu_lead_to_the_desk_and_french_is_spoken(ann, pair, phone):
    page = text_of(ann.get(reverse("admin:index")))
    assert "field changed on both sides" in page and reverse("admin:conflicts") in page
    assert ann.get(url(phone)).status_code == 200
    assert ann.get(reverse("admin:conflict", args=[999])).status_code == 404


def test_a_settled_conflict_is_shown_with_how_it_ended(ann, phone):
    Conflict.objects.filter(pk=phone.pk).update(decision="agreed", decided_at=timezone.now(), settled_at=timezone.now())
    page = text_of(ann.get(url(phone)))
    assert "Both came to agree" in page and "It is settled" in page
    assert not Run.objects.exists()


def test_a_conflict_that_closed_itself_says_why_and_that_it_may_be_asked_anew(ann, phone):
    reason = {"code": "FILTERED", "params": {}}
    now = timezone.now()
    Conflict.objects.filter(pk=phone.pk).update(decision="moot", decided_at=now, settled_at=now, reason=reason)
    page = text_of(ann.get(url(phone)))
    assert "Nothing to decide any more" in page and "Your filter leaves this record out" in page
    assert "asked anew" in page and 'name="do"' not in page
    assert "0 conflicts" in text_of(ann.get(reverse("admin:conflicts")))


def test_who_changed_a_value_is_said_as_the_vendor_tells_it_and_that_it_is_not_told_otherwise(ann, phone):
    who, way = {"en": "user 42", "fr": "utilisateur 42"}, {"en": "by an import", "fr": "par une importation"}
    Conflict.objects.filter(pk=phone.pk).update(facts={**phone.facts, "right": {"who": who, "way": way}, "asked": True})
    for address in (url(phone), reverse("admin:conflicts")):
        page = text_of(ann.get(address))
        assert "by user 42 by an import" in page
        assert "by whom is not told by QuickBooks" in page and "not told by HubSpot" not in page
    Conflict.objects.filter(pk=phone.pk).update(facts=phone.facts)
    assert "HubSpot is asked by the next run" in text_of(ann.get(url(phone)))
    Conflict.objects.filter(pk=phone.pk).update(facts={**phone.facts, "asked": True})
    assert "by whom is not told by HubSpot" in text_of(ann.get(url(phone)))
