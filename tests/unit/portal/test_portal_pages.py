"""What the client's pages say: how things stand, what needs them, what moved and what differs, in plain words."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bridge.hub.models import Change, Comment, Connection, Integration, Organization, Question
from bridge.jobs import activity, totals
from tests import factories
from tests.unit.portal.conftest import TODAY, document, person

pytestmark = pytest.mark.django_db
MONTH = activity.month_of(TODAY)


def words(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"[\s\u202f]+", " ", text).replace("&#x27;", "'").replace("&nbsp;", " ")


def at(place, tail="") -> str:
    return f"/portal/{place.organization.pk}/{tail}"


def sheet(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ","))


@pytest.fixture
def calm(mine):
    """The same client with nothing asked, nothing waiting and nothing that differs."""
    mine.question.delete()
    Change.objects.filter(state="held").delete()
    mine.integration.left.records.filter(number=f"{mine.secret}-2").delete()
    mine.integration.right.records.filter(resource="orders").update(amount=Decimal("100.00"))
    return mine


# Home


def test_in_order_is_said_only_when_nothing_waits_nothing_differs_and_all_was_read(carla, calm):
    assert "Everything is in order up to" in words(carla.get(at(calm)))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda it: it.integration.right.records.filter(resource="orders").update(amount=1), "1 amount differs. Your office"),
        (lambda it: factories.change(it.integration.runs.first(), state="held", code="x"), "1 record waits. Your office"),
        (lambda it: factories.change(it.integration.runs.first(), state="unknown"), "1 record waits. Your office"),
        (lambda it: it.integration.runs.update(state="incomplete"), "Nothing needs you, but we are behind"),
        (lambda it: it.integration.runs.update(state="interrupted"), "Nothing needs you, but we are behind"),
        (
            lambda it: Integration.objects.update(last_good_at=timezone.now() - timedelta(days=3)),
            "Nothing needs you, but we are behind",
        ),
        (lambda it: Integration.objects.update(last_good_at=None), "The first pass is being prepared"),
        (lambda it: Integration.objects.update(state="disconnected"), "Nothing is connected yet"),
        (lambda it: Connection.objects.filter(pk=it.connection.pk).update(state="attention"), "1 thing needs you"),
    ],
)  # fmt: skip
def test_anything_else_is_told_as_it_is(carla, calm, spoil, told):
    spoil(calm)
    page = words(carla.get(at(calm)))
    assert told in page and "Everything is in order" not in page


def test_what_needs_the_client_is_counted_and_leads_to_its_page(carla, mine):
    Connection.objects.filter(pk=mine.connection.pk).update(state="attention")
    page = carla.get(at(mine))
    assert "2 things need you" in words(page) and "1 question for you" in words(page)
    assert f'href="{at(mine, "questions/")}"' in page.content.decode()
    assert f'href="{at(mine, f"connections/{mine.connection.pk}/connect/")}"' in page.content.decode()


def test_every_page_says_as_of_when_with_the_zone(carla, mine):
    for tail in ("", "questions/", "moved/", "differences/", "reports/", "connections/", "people/", "activity/"):
        assert re.search(r"As of \d+ \w+\.? \d{4}, \d\d:\d\d E[SD]T", words(carla.get(at(mine, tail)))), tail


def test_pages_without_anything_say_what_will_appear_and_when(client):
    owner = Organization.objects.create(name="Tout neuf (inventé)")
    client.force_login(person(owner, "manager"))
    for tail, told in {
        "": "from the first day your accounts are connected",
        "questions/": "it stands here, and you get a mail",
        "moved/": "Once your accounts are, everything that moves",
        "differences/": "Once invoices or orders are connected",
        "reports/": "Once your accounts are connected, a report of every week",
        "connections/": "When your office contact has prepared one",
        "activity/": "No decision has been taken yet",
    }.items():
        assert told in words(client.get(f"/portal/{owner.pk}/{tail}")), tail


def test_both_sides_of_the_month_are_the_figures_of_reconciliation_and_of_the_list_behind_them(mine):
    """Left out, void, gone, older, in another currency, refunds, booked twice: counted as reconciliation counts them."""
    pair = mine.integration
    run = pair.runs.first()
    out = document(pair, "left", "out", "7.00")
    factories.change(run, entity="sale", source=out, state="skipped", code="FILTERED")
    document(pair, "left", "void", "11.00", status="void")
    document(pair, "left", "gone", "13.00", gone=True)
    document(pair, "left", "old", "17.00", day=MONTH[0] - timedelta(days=1))
    document(pair, "left", "usd", "19.00", currency="USD")
    document(pair, "right", "alone", "23.00")
    found = totals.reconciliation(pair, *MONTH)
    for side in ("left", "right"):
        told = activity.sums(activity.documents(pair, side, *MONTH))
        sums: dict[str, list] = {}
        for day in found.days:
            one = getattr(day, side)
            kept = sums.setdefault(day.currency, [0, Decimal(0)])
            kept[0] += one.count
            kept[1] += one.total
        assert {key: [item.count, item.total] for key, item in told.items()} == {
            key: value for key, value in sums.items() if value[0]
        }
    assert activity.sums(activity.documents(pair, "left", *MONTH))["USD"].total == Decimal(19)


def test_posted_documents_are_counted_as_reconciliation_counts_them(mine):
    """Where orders are posted, the books' own documents are not counted, and one booked twice is."""
    shop = factories.connection(mine.organization, "magento")
    books = factories.connection(mine.organization, "quickbooks")
    pair = factories.integration(mine.organization, recipe="quickbooks_magento", left=books, right=shop)
    pair.flows.filter(entity="sale").update(direction="left")

    def paper(where, resource, number, amount, **more):
        return factories.record(
            where, resource, number=number, date=TODAY, amount=Decimal(amount), currency="CAD", **more
        )

    sold = paper(shop, "orders", "10", "114.98")
    booked = paper(books, "invoices", "10", "114.98")
    paper(books, "invoices", "10", "114.98")
    paper(books, "invoices", "own", "999.00")
    factories.link(pair, booked, sold, entity="sale")
    left_out = paper(shop, "orders", "11", "5.00")
    run = factories.run(pair, state="done")
    factories.change(run, entity="sale", source=left_out, state="skipped", code="FILTERED", toward="left")
    waits = paper(shop, "orders", "12", "6.00")
    factories.change(run, entity="sale", source=waits, state="held", code="TAX-UNMAPPED", toward="left")
    found = totals.reconciliation(pair, *MONTH)
    for side, wanted in (("left", (2, Decimal("229.96"))), ("right", (2, Decimal("120.98")))):
        told = activity.sums(activity.documents(pair, side, *MONTH))["CAD"]
        assert (told.count, told.total) == wanted
        days = [getattr(day, side) for day in found.days]
        assert (told.count, told.total) == (sum(day.count for day in days), sum(day.total for day in days))


def test_the_figure_opens_a_list_of_exactly_those_documents(carla, mine):
    page = carla.get(at(mine))
    link = re.search(rf'href="({at(mine)}documents/{mine.integration.pk}/left/[^"]*)"', page.content.decode()).group(1)
    listed = carla.get(link.replace("&amp;", "&"))
    assert len(listed.context["papers"]) == 2 and "$150.00" in words(page) and "$150.00" in words(listed)
    assert f"Jane {mine.secret}" in words(listed)


# What moved


def test_what_moved_shows_both_numbers_the_customer_and_the_reason_in_words(carla, mine):
    page = words(carla.get(at(mine, "moved/")))
    assert f"Invoice {mine.secret}" in page and f"Jane {mine.secret}" in page and f"{mine.secret}-1" in page
    assert "Sent" in page and "Waiting" in page and "$50.00" in page
    assert "It is not decided yet how one of its taxes is recorded." in page and "TAX-UNMAPPED" not in page


@pytest.mark.parametrize("text", ["Ptarmigan-2", "held ptarm", "50", "50.00", "$50.00", "50,00", "50,00\xa0$", "JANE"])
def test_a_record_is_found_by_number_name_customer_and_amount(carla, mine, text):
    found = carla.get(at(mine, "moved/"), {"q": text})
    titles = {line.name for day in found.context["days"] for line in day.lines}
    assert f"Held {mine.secret}" in titles
    assert (f"Invoice {mine.secret}" in titles) == (text == "JANE")


def test_what_is_not_there_is_not_found_and_left_out_is_found_by_those_who_look(carla, mine):
    run = mine.integration.runs.first()
    factories.change(run, state="skipped", code="FILTERED", title="Old test customer")
    assert "Old test customer" not in words(carla.get(at(mine, "moved/")))
    assert "Old test customer" in words(carla.get(at(mine, "moved/"), {"q": "test customer"}))
    assert "Old test customer" in words(carla.get(at(mine, "moved/"), {"state": "left_out"}))
    assert "Nothing fits this search." in words(carla.get(at(mine, "moved/"), {"q": "nowhere"}))


def test_days_keep_what_happened_on_them(carla, mine):
    Change.objects.filter(state="done").update(settled_at=timezone.now() - timedelta(days=10))
    day = (factories.today() - timedelta(days=9)).isoformat()
    assert f"Invoice {mine.secret}" not in words(carla.get(at(mine, "moved/"), {"first": day}))
    found = words(carla.get(at(mine, "moved/"), {"last": day}))
    assert f"Invoice {mine.secret}" in found and f"Held {mine.secret}" not in found
    assert carla.get(at(mine, "moved/"), {"first": "no day", "last": "2026-13-45"}).status_code == 200


def test_the_sheet_speaks_the_readers_language(client, mine):
    reader = person(mine.organization, "viewer", language="fr")
    client.force_login(reader)
    rows = sheet(client.get(at(mine, "moved.csv")))
    held = next(row for row in rows if f"Held {mine.secret}" in row)
    assert "50,00" in held and "CAD" in held and len(rows) == 3
    reader.language = "en"
    reader.save()
    assert "50.00" in next(row for row in sheet(client.get(at(mine, "moved.csv"))) if f"Held {mine.secret}" in row)
    only = sheet(client.get(at(mine, "moved.csv"), {"state": "sent"}))
    assert len(only) == 2


def test_a_name_that_looks_like_a_formula_runs_nothing_in_a_spreadsheet(carla, mine):
    factories.change(mine.integration.runs.first(), title="=HYPERLINK(1)", state="done", settled_at=timezone.now())
    rows = sheet(carla.get(at(mine, "moved.csv")))
    assert any("'=HYPERLINK(1)" in row for row in rows)


# Differences


def test_a_difference_tells_both_amounts_its_cause_and_who_acts_and_can_be_talked_about(carla, mine):
    page = carla.get(at(mine, "differences/"))
    told = words(page)
    assert "The amount differs" in told and "$100.00" in told and "$90.00" in told and "$10.00" in told
    assert "Not yet in Magento" in told and "Your office contact" in told
    key = next(line.key for pair in page.context["pairs"] for line in pair.lines if line.item.kind == "amount")
    address = at(mine, f"differences/{mine.integration.pk}/comment/")
    carla.post(address, {"about": key, "text": "The customer paid 10 less."})
    kept = Comment.objects.get(about=key)
    assert kept.text == "The customer paid 10 less." and kept.organization == mine.organization
    assert "The customer paid 10 less." in words(carla.get(at(mine, "differences/")))


def test_nothing_is_said_about_documents_that_do_not_differ(carla, mine):
    address = at(mine, f"differences/{mine.integration.pk}/comment/")
    before = Comment.objects.count()
    carla.post(address, {"about": "invoices:1|orders:2", "text": "x"})
    carla.post(address, {"about": "", "text": ""})
    assert Comment.objects.count() == before


@pytest.mark.parametrize("month", ["2026-13", "x", "99999-1", "-", "1999-01", "２０２６-１１"])
def test_a_month_that_is_none_is_the_present_one(carla, mine, month):
    page = carla.get(at(mine, "differences/"), {"month": month})
    assert page.status_code == 200 and page.context["month"].text in (f"{TODAY:%Y-%m}", "2026-11")


def test_what_is_kept_of_a_month_is_forgotten_when_something_was_read(carla, mine):
    assert "The amount differs" in words(carla.get(at(mine, "differences/")))
    mine.integration.right.records.filter(resource="orders").update(amount=Decimal("100.00"))
    factories.run(mine.integration, state="done", finished_at=timezone.now())
    assert "The amount differs" not in words(carla.get(at(mine, "differences/")))


# All pages


def test_money_always_has_its_currency_in_the_readers_way(client, mine):
    mine.integration.left.records.filter(number=f"{mine.secret}-1").update(amount=Decimal("1234.5"))
    reader = person(mine.organization, "viewer", language="fr")
    client.force_login(reader)
    assert "1 284,50 $" in words(client.get(at(mine))).replace("\xa0", " ")
    reader.language = "en"
    reader.save()
    assert "$1,284.50" in words(client.get(at(mine)))


def test_no_page_says_a_code_an_error_or_a_role_of_ours(carla, mine):
    run = mine.integration.runs.first()
    factories.change(
        run, state="rejected", code="new", error_code="QBO-VALUE", error_detail="ValidationFault 2010 <xml>",
        error_params={"detail": "ValidationFault 2010", "vendor_code": "2010"}, title="Refused one",
    )  # fmt: skip
    Connection.objects.filter(pk=mine.connection.pk).update(state="attention", reason_code="QBO-GRANT-GONE")
    for tail in ("", "questions/", "moved/", "differences/", "connections/", "activity/"):
        page = carla.get(at(mine, tail)).content.decode()
        for raw in ("QBO-", "ValidationFault", "2010", "TAX-UNMAPPED", "quickbooks_mailchimp", "{", "}}"):
            assert raw not in re.sub(r"<(script|style).*?</\1>", "", page, flags=re.S), (tail, raw)


@pytest.mark.parametrize(
    "tail",
    ["", "questions/", "moved/", "differences/", "reports/", "connections/", "people/", "activity/", "moved.csv"],
)
def test_pages_ask_little_of_the_database(carla, mine, tail, django_assert_max_num_queries):
    run = mine.integration.runs.first()
    factories.many_changes(
        run, 60, entity="contact", state="held", code="TAX-UNMAPPED", params={"map": "tax", "key": "y"}
    )
    with django_assert_max_num_queries(30):
        answer = carla.get(at(mine, tail))
        if answer.streaming:
            b"".join(answer.streaming_content)


def test_the_start_leads_to_the_one_organization_and_lets_people_of_several_choose(client, mine, theirs):
    carla = person(mine.organization, "viewer")
    client.force_login(carla)
    assert client.get("/portal/")["Location"] == at(mine)
    person(theirs.organization, "viewer", email="both@client.example")
    theirs.organization.memberships.create(user=carla, role="accountant")
    page = words(client.get("/portal/"))
    assert mine.organization.name in page and theirs.organization.name in page
    assert "Other organizations" in words(client.get(at(mine)))


def test_a_question_among_staff_is_none_of_the_clients(carla, mine):
    Question.objects.create(
        integration=mine.integration, code="help:connect", text={"en": "Hidden plea", "fr": "Caché"}
    )
    asked = Question.objects.create(
        integration=mine.integration, code="help:connect", text={"en": "Open plea", "fr": "Ouvert"},
        asked_of=mine.member.user,
    )  # fmt: skip
    page = words(carla.get(at(mine, "questions/")))
    assert "Hidden plea" not in page and "Open plea" in page
    hidden = Question.objects.exclude(pk=asked.pk).get(code="help:connect")
    assert carla.get(at(mine, f"questions/{hidden.pk}/")).status_code == 404
    assert "Hidden plea" not in words(carla.get(at(mine, "activity/")))


def test_staff_without_an_organization_go_to_their_desk(client):
    client.force_login(factories.staff())
    assert client.get("/portal/", follow=True).redirect_chain[-1][0] == "/admin/"
