"""Find: what a person has in hand (a number, an address, an amount, an id) leads to the record and its state."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bridge.staff import find
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


def found(client: Client, q: str) -> str:
    return re.sub(r"\s+", " ", client.get(reverse("admin:find"), {"q": q}, follow=True).content.decode())


@pytest.fixture
def invoice():
    pair = factories.integration()
    return factories.record(
        pair.left, "invoices", name="Émile Inventé", number="F-1042", remote_id="7781", amount=Decimal("1234.50"),
        currency="CAD", email_key="emile@invented.example", name_key="emile invente",
    )  # fmt: skip


@pytest.mark.parametrize(
    "q",
    [
        "F-1042",
        "f-1042",
        "7781",
        "emile@invented.example",
        "1234.50",
        "1 234,50",
        "1\u00a0234,50 $",
        "$1,234.50",
        "émile",
        "emile",
    ],
)
def test_a_record_is_found_by_what_a_person_has_in_hand(ann, invoice, q):
    assert reverse("admin:record", args=[invoice.pk]) in found(ann, q)


@pytest.mark.parametrize("q", ["F-9999", "1234.51", "other@invented.example", "12345"])
def test_what_is_not_there_is_not_found_and_says_how_to_ask(ann, invoice, q):
    page = found(ann, q)
    assert reverse("admin:record", args=[invoice.pk]) not in page
    assert "Nothing was found" in page


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.5"),
        ("1 234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("12,5", "12.5"),
        ("1\u202f234,50\u00a0$", "1234.50"),
        ("1\u2009234,50 CAD", "1234.50"),
        ("CA$1,234.50", "1234.50"),
        ("\u2212$12.50", "-12.50"),
        ("1,234", None),
        ("x", None),
    ],
)
def test_amounts_are_read_as_written_and_never_guessed(text, amount):
    assert find.amount_of(text) == (Decimal(amount) if amount else None)


@pytest.mark.parametrize("q", ["epinette", "ÉPINETTE", "Épinette  d’ete", "epinette d'été", "coeur", "CŒUR"])
def test_a_product_is_found_whatever_accents_case_and_apostrophes(ann, q):
    pair = factories.integration(recipe="quickbooks_magento")
    item = factories.record(pair.left, "items", name="Bûche d’épinette d’été « Cœur »")
    assert reverse("admin:record", args=[item.pk]) in found(ann, q)


def test_signs_of_patterns_are_only_signs(ann):
    pair = factories.integration(recipe="quickbooks_magento")
    item = factories.record(pair.left, "items", name="Boulon (M8) [acier] 5.5+")
    assert reverse("admin:record", args=[item.pk]) in found(ann, "(m8) [acier] 5.5+")
    assert reverse("admin:record", args=[item.pk]) not in found(ann, "boul.n")


def test_support_finds_only_at_clients_it_looks_after(invoice):
    mine = factories.integration()
    there = factories.record(mine.left, "invoices", name="F-7", number="F-7", amount=Decimal("1234.50"), currency="CAD")
    client = Client()
    client.force_login(factories.office("support", mine.organization))
    page = found(client, "1\u202f234,50")
    assert reverse("admin:record", args=[there.pk]) in page
    assert reverse("admin:record", args=[invoice.pk]) not in page


def test_the_state_and_cause_stand_beside_the_record(ann, invoice):
    pair = invoice.connection.integrations_left.get()
    run = factories.run(pair, state="held")
    factories.change(run, source=invoice, entity="sale", state="superseded", code="new")
    factories.change(run, source=invoice, entity="sale", state="held", code="CONTACT-NO-EMAIL")
    page = found(ann, "F-1042")
    assert "has no e-mail address" in page
    assert ">Held<" in page.replace("</svg>", "</svg>>")


def test_a_runs_number_leads_there_at_once(ann):
    run = factories.run()
    answer = ann.get(reverse("admin:find"), {"q": f"#{run.pk}"})
    assert answer["Location"] == reverse("admin:run_page", args=[run.pk])
    assert f"Run #{run.pk}" in found(ann, str(run.pk))


def test_a_trace_id_of_the_vendor_leads_to_what_was_sent(ann):
    run = factories.run()
    factories.change(run, state="done", request_id="trace-0815", title="Traced one")
    factories.call(run.integration.right, run, request_id="trace-0815", path="/lists/members")
    page = found(ann, "trace-0815")
    assert "Traced one" in page
    assert "/lists/members" in page


def test_an_empty_question_finds_nothing_and_is_no_error(ann, invoice):
    page = found(ann, "  ")
    assert reverse("admin:record", args=[invoice.pk]) not in page
    assert "Nothing was found" not in page


def test_fifty_records_take_as_few_questions_as_one(ann):
    pair = factories.integration()
    run = factories.run(pair)
    for number in range(50):
        factories.change(run, source=factories.record(pair.left, name=f"Jane Many {number}"), action="update")
    found(ann, "Jane Many")
    with CaptureQueriesContext(connection) as asked:
        page = found(ann, "Jane Many")
    assert page.count("Jane Many") >= 50
    assert len(asked) < 20
