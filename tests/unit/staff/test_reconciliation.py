"""Reconciliation: both sides of a month to the cent, and the very documents that make up a difference."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bridge.staff import reconciliation
from tests import factories

pytestmark = pytest.mark.django_db
MONTH = "2026-10"


@pytest.fixture
def person():
    """A person of the house."""
    return factories.staff()


@pytest.fixture
def ann(client: Client, person) -> Client:
    """The same, signed in."""
    client.force_login(person)
    return client


@pytest.fixture
def pair():
    """An integration whose books and shop hold the same three documents of October."""
    made = factories.integration()
    for day, number, total, tax in ((1, "A-1", "114.98", "14.98"), (1, "A-2", "50", "0"), (15, "A-3", "10.50", "0.50")):
        both(made, day, number, total, tax)
    return made


def left(pair, day, number, total, tax="0", **more):
    """A document on the left."""
    return document(pair.left, "invoices", day, number, total, tax, **more)


def right(pair, day, number, total, tax="0", **more):
    """A document on the right."""
    return document(pair.right, "orders", day, number, total, tax, **more)


def document(at, resource, day, number, total, tax, **more):
    on = day if isinstance(day, date) else date(2026, 10, day)
    amounts = {"amount": Decimal(total), "tax": Decimal(tax), "currency": "CAD"}
    return factories.record(at, resource, number=number, date=on, **{**amounts, **more})


def both(pair, day, number, total, tax="0"):
    """The same document on both sides, linked."""
    one, other = left(pair, day, number, total, tax), right(pair, day, number, total, tax)
    factories.link(pair, one, other, entity="sale")
    return one, other


def place(pair, **query) -> str:
    return reverse("admin:reconciliation", args=[pair.pk], query={"month": MONTH, **query})


def sheet(ann, pair, **query):
    answer = ann.get(reverse("admin:reconciliation_csv", args=[pair.pk], query={"month": MONTH, **query}))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ","))


def words(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text)


def test_a_month_that_ties_out_says_so_with_both_sides_totals(ann, pair):
    told = words(ann.get(place(pair)))
    assert "CAD: both sides are the same; the difference is $0.00." in told
    assert told.count("$175.48") == 2, "the month's total, once per side"
    assert told.count("$15.48") == 2, "and its taxes"
    assert "Nothing differs" in told and "Differs" not in told.split("Day by day")[0].split("The month")[1]


def test_five_planted_faults_are_named_and_nothing_else_is(ann, pair):
    left(pair, 3, "MISSING", "20")
    both(pair, 4, "TWICE", "30")
    right(pair, 4, "TWICE", "30")
    one, other = both(pair, 5, "CENT", "40")
    other.amount = Decimal("40.01")
    other.save()
    one, other = both(pair, 6, "DATE", "50")
    other.date = date(2026, 10, 7)
    other.save()
    one, other = both(pair, 8, "TAX", "60", "5")
    other.tax = Decimal("6")
    other.save()
    rows = sheet(ann, pair, what="documents")
    numbers = [f"{pair.left} – Number", f"{pair.right} – Number"]
    found = {(next(row[name] for name in numbers if row[name]), row["Cause"]) for row in rows}
    assert found == {
        ("MISSING", "Missing in Mailchimp"),
        ("TWICE", "Twice in Mailchimp"),
        ("CENT", "Amount differs"),
        ("DATE", "Date differs"),
        ("TAX", "Tax differs"),
    }
    page = words(ann.get(place(pair)))
    assert "CAD: the sides differ by -$10.01; 5 documents make up all of it." in page
    assert all(number in page for number, _ in found)


def test_what_goes_the_other_way_is_told_of_the_side_it_goes_to(ann, pair):
    pair.flows.filter(entity="sale").update(direction="left")
    record = right(pair, 3, "WAITS-1", "20")
    run = factories.run(pair, state="held")
    factories.change(run, entity="sale", toward="left", source=record, state="held", code="QBMC-NEGATIVE")
    both(pair, 4, "TWICE", "30")
    left(pair, 4, "TWICE", "30")
    rows = {row["Cause"]: row for row in sheet(ann, pair, what="documents")}
    assert set(rows) == {"Missing in QuickBooks Online", "Twice in QuickBooks Online"}
    waits = rows["Missing in QuickBooks Online"]
    assert (waits["Code"], Decimal(waits["Difference"])) == ("QBMC-NEGATIVE", Decimal("-20"))
    assert waits[f"{pair.right} – Number"] == "WAITS-1"
    assert Decimal(rows["Twice in QuickBooks Online"]["Difference"]) == Decimal("30")
    assert "the sides differ by $10.00; 2 documents make up all of it" in words(ann.get(place(pair)))


def test_each_difference_leads_to_its_record_with_the_reason_and_the_cure(ann, pair):
    record = left(pair, 3, "HELD-1", "20")
    run = factories.run(pair, state="held")
    factories.change(run, entity="sale", source=record, state="held", code="QBMC-NEGATIVE", params={"total": "-20"})
    page = ann.get(place(pair))
    assert reverse("admin:record", args=[record.pk]) in page.content.decode()
    assert "QBMC-NEGATIVE" in words(page) and "-20" in words(page)


def test_days_are_compared_each_by_itself_with_counts_totals_and_taxes(ann, pair):
    left(pair, 15, "A-4", "1.10", "0.10")
    rows = {row["Date"]: row for row in sheet(ann, pair)}
    assert set(rows) == {"2026-10-01", "2026-10-15"}
    ours, theirs = str(pair.left), str(pair.right)
    first, uneven = rows["2026-10-01"], rows["2026-10-15"]
    assert (first[f"{ours} – number"], first[f"{theirs} – number"], first["Difference"]) == ("2", "2", "0.00000")
    assert Decimal(uneven["Difference"]) == Decimal("1.10")
    assert Decimal(uneven["Difference of tax"]) == Decimal("0.10")
    assert (uneven[f"{ours} – number"], uneven[f"{theirs} – number"]) == ("2", "1")
    assert [row["Date"] for row in sheet(ann, pair, only="uneven")] == ["2026-10-15"]


def test_months_do_not_mix_and_their_neighbours_are_a_press_away(ann, pair):
    left(pair, date(2026, 11, 2), "NOV-1", "999")
    told = words(ann.get(place(pair)))
    assert "NOV-1" not in told
    page = ann.get(place(pair, month="2026-11")).content.decode()
    assert "NOV-1" in page and "month=2026-10" in page and "month=2026-12" in page
    assert (
        reconciliation.Month(2026, 1).before.text == "2025-12"
        and reconciliation.Month(2026, 12).after.text == "2027-01"
    )


def test_a_month_nobody_can_read_is_the_present_one_of_the_client(ann, pair):
    for wrong in ("", "2026-13", "x", "99999-01", "2026-"):
        assert ann.get(place(pair, month=wrong)).status_code == 200


def test_currencies_are_never_added_together(ann, pair):
    left(pair, 9, "USD-1", "20", currency="USD")
    told = words(ann.get(place(pair)))
    assert "USD: the sides differ by US$20.00; 1 document makes up all of it." in told
    assert "CAD: both sides are the same" in told
    assert {row["Currency"] for row in sheet(ann, pair, currency="USD")} == {"USD"}


def test_void_documents_count_on_neither_side(ann, pair):
    left(pair, 9, "VOID-1", "20", status="void")
    assert "VOID-1" not in words(ann.get(place(pair)))


def test_the_chart_says_in_words_and_figures_what_it_draws(ann, pair):
    left(pair, 3, "MISSING", "20")
    page = ann.get(place(pair))
    assert "4 documents this month, of which 1 differ or are missing." in words(page)
    assert page.content.decode().count('class="series-1"') == 1


def test_an_empty_month_says_what_will_appear(ann, pair):
    assert "No document of this month was read" in words(ann.get(place(pair, month="2020-01")))


def test_both_languages_open_and_many_differences_take_few_questions(ann, person, pair):
    def asked() -> int:
        with CaptureQueriesContext(database) as found:
            assert ann.get(place(pair)).status_code == 200
        return len(found)

    left(pair, 3, "M-0", "20")
    asked()
    few = asked()
    for number in range(1, 60):
        left(pair, 3, f"M-{number}", "20")
    assert asked() <= few < 30
    person.language = "fr"
    person.save(update_fields=["language"])
    page = ann.get(place(pair)).content.decode()
    assert '<html lang="fr"' in page and "octobre 2026" in page
    rows = ann.get(reverse("admin:reconciliation_csv", args=[pair.pk], query={"month": MONTH}))
    assert b";20,00000;" in b"".join(rows.streaming_content).replace(b"1200,", b"20,")


def test_a_number_that_looks_like_a_formula_stays_words(ann, pair):
    left(pair, 3, "=1+1", "20")
    (row,) = sheet(ann, pair, what="documents")
    assert row[f"{pair.left} – Number"] == "'=1+1"


def test_rights_and_unfinished_integrations(client, pair):
    person = factories.staff(is_superuser=False)
    client.force_login(person)
    assert client.get(place(pair)).status_code == 403
    person.staff_role = "viewer"
    person.save()
    client.force_login(person)  # a change of role ends sessions
    assert client.get(place(pair)).status_code == 200
    pair.right = None
    pair.save()
    assert client.get(place(pair)).status_code == 404
