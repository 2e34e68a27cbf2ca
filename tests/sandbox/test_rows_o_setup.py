"""Rows O-01 to O-44 about setting up and letting run: pages through the client, the vendors being the sandbox."""

import re
import time
from datetime import date, timedelta

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, Integration, Question, Run, TermsAcceptance
from bridge.jobs import integrations, matching, notices, runs, tasks, ticking
from connectors.contract import SyncError
from tests import factories
from tests.house import SALES_FLOWS, SHOP_KEYS
from tests.sandbox.small_shop import (
    ITEMS,
    SKUS,
    book,
    buyer,
    cart,
    furnish,
    item,
    kept,
    money,
    only,
    pair,
    sell,
    synced,
)
from tests.sandbox.small_world import contacts, links, plain, words
from tests.sandbox.test_rows_m_screens import LANGUAGES, connect_side, said, speaks

pytestmark = pytest.mark.django_db(transaction=True)
RECIPE = registry.recipe("quickbooks_magento")
PAGE, ANSWER, GLANCE = 20.0, 10.0, 3.0  # seconds a trained person needs to open a page, to answer, to pass over a line


@pytest.fixture(autouse=True)
def quick(settings):
    """Passwords cost nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def desk(house, client):
    """Ann at her desk."""
    client.force_login(house.ann)
    return client


def new_shop_pair(desk, house):
    """Begin a set-up by its page; returns its number."""
    answer = desk.post(reverse("admin:integration_new"), {"organization": house.organization.pk, "recipe": RECIPE.key})
    assert answer.status_code == 302, words(answer)
    return Integration.objects.get(recipe=RECIPE.key).pk


def connect_shop(desk, house, pk):
    """Make the shop's account on its side of the set-up, and give the four values of its integration."""
    step = reverse("admin:setup", args=[pk, "connect_right"])
    answer = desk.post(step, {"do": "new", "environment": "local_sandbox"})
    page = answer["Location"]
    answer = desk.post(page, {"by": "values", "base_url": f"{house.server.url}/magento", "next": step, **SHOP_KEYS})
    assert answer.status_code == 302, words(answer)


def step_page(desk, pk, step):
    """One step of the set-up."""
    return desk.get(reverse("admin:setup", args=[pk, step]))


def setting(key):
    """A setting of the recipe."""
    return next(item for item in RECIPE.settings if item.key == key)


def answers(page):
    """What the settings page has chosen, with what must be typed."""
    given = {item.key: (checked_in(field_of(page, item.key)) or [""])[0] for item in RECIPE.settings}
    return {**given, "orders_since": "2020-01-01", "order_statuses": "processing,complete", **ITEMS}


def field_of(page, key):
    """The part of the settings page that asks for one setting; "" where it is not asked."""
    parts = page.content.decode().split('<div class="field" id="field-')
    return next((part for part in parts if part.startswith(f'{key}"')), "")


def checked_in(part):
    """The value that stands checked in a part of a page."""
    return re.findall(r'value="([^"]*)" checked', part)


@pytest.mark.row("O-01")
def test_a_company_in_france_is_told_that_quickbooks_is_not_offered_there(house, server, desk):
    server.load("quickbooks", CompanyInfo=[{"Country": "FR"}])
    pk = new_shop_pair(desk, house)
    connect_side(desk, pk, "left")
    connect_shop(desk, house, pk)
    company = Connection.objects.get(vendor="quickbooks")
    told = {"fr": "plus offert en France", "en": "not been offered in France"}
    account = {"fr": "plus offert en France", "en": "no longer offered in France"}
    for language in LANGUAGES:
        speaks(house, language)
        assert told[language] in words(desk.get(reverse("admin:readiness", args=[pk])))
        page = desk.post(reverse("admin:connection_check", args=[company.pk]), follow=True)
        assert account[language] in words(page)
    found = integrations.automatic_blockers(Integration.objects.get(pk=pk))
    assert "QBMG-CHECK-COUNTRY" in {item.code for item in found}


@pytest.mark.row("O-01")
def test_a_canadian_company_is_told_of_currency_and_taxes(house, server):
    furnish(server)
    told = {item.code: item.level for item in integrations.readiness(pair(house))}
    assert told["QBMG-CHECK-COUNTRY"] == "ok" and told["QBMG-CHECK-CURRENCY"] == "ok"


@pytest.mark.row("O-02")
@pytest.mark.parametrize("first", ["left", "right"])
def test_with_one_side_connected_the_other_is_asked_for_first(house, server, desk, first):
    pk = new_shop_pair(desk, house)
    if first == "left":
        connect_side(desk, pk, "left")
    else:
        connect_shop(desk, house, pk)
    other = "right" if first == "left" else "left"
    missing = registry.connector(getattr(RECIPE, other)).label
    why = {"en": f"Connect {missing.en}.", "fr": f"Connectez {missing.fr}."}
    for language in LANGUAGES:
        speaks(house, language)
        page = desk.get(reverse("admin:integration", args=[pk]))
        assert plain(why[language]) in words(page)
        assert reverse("admin:setup", args=[pk, f"connect_{other}"]) in links(page)
    speaks(house, "en")
    todo = integrations.blocking(integrations.steps(Integration.objects.get(pk=pk)))
    assert todo[0].key == f"connect_{other}"
    page = desk.get(reverse("admin:setup", args=[pk, "settings"]))
    assert "Connect the account first" in words(page)
    assert desk.post(reverse("admin:integration_run", args=[pk])).status_code == 302
    assert not Run.objects.exists()


@pytest.mark.row("O-03")
def test_the_wizard_ends_with_a_written_order_in_a_few_steps(house, server, desk):
    """Ten minutes are enough: each page, each answer and each glance at a setting is counted with what it takes."""
    furnish(server)
    order = only(sell(server, cart(shipping="10.00", **buyer(1))))
    begun, seconds = time.monotonic(), 0.0
    pk = new_shop_pair(desk, house)
    seconds += PAGE + 2 * ANSWER
    connect_side(desk, pk, "left", realm="9130000000000001")
    connect_shop(desk, house, pk)
    seconds += 4 * PAGE + (1 + 5) * ANSWER  # a consent on one side, five values pasted on the other
    page = step_page(desk, pk, "settings")
    given = answers(page)
    answer = desk.post(reverse("admin:setup", args=[pk, "settings"]), given)
    assert answer.status_code == 302, words(answer)
    seconds += PAGE + (2 + len(ITEMS)) * ANSWER + len(RECIPE.settings) * GLANCE
    desk.post(reverse("admin:setup", args=[pk, "first_run"]))
    run = Run.objects.get()
    tasks.work(run.pk)
    made = Integration.objects.get(pk=pk)
    for row in made.value_maps.filter(kind__in=("tax", "payment_method"), in_use=True, confirmed=False):
        do = {"do": f"accept:{row.pk}"} if row.target_id else {"do": "save", f"target-{row.pk}": "5"}
        desk.post(reverse("admin:mapping", args=[pk, row.kind]), do)
        row.refresh_from_db()
        assert row.confirmed, (row.kind, row.source_key, row.target_id)
        seconds += PAGE + ANSWER
    runs.stop(run, house.ann)
    house.integration = made
    run = house.run(approve=False)
    desk.post(reverse("admin:run_plan_act", args=[run.pk]), {"do": "approve", "all": "yes", "confirmed": "yes"})
    house.finish(run, approve=False)
    assert money(only(book(server, "Invoice"))["TotalAmt"]) == money(order["grand_total"])
    seconds += 4 * PAGE
    assert seconds + (time.monotonic() - begun) < 600


@pytest.mark.row("O-08")
def test_a_third_account_is_set_up_beside_with_settings_and_runs_of_its_own(house, server):
    furnish(server)
    sell(server, cart(**buyer(1)))
    sales = pair(house, {"number_prefix": "A-"})
    synced(house)
    letters = integrations.create(house.organization, "quickbooks_mailchimp", house.ann)
    integrations.attach(letters, "left", sales.left)
    integrations.attach(letters, "right", house.connect("mailchimp"))
    assert integrations.save_settings(letters, house.settings(), house.ann) == {}
    letters.refresh_from_db()
    sales.refresh_from_db()
    assert "number_prefix" not in letters.settings and "audience" not in sales.settings
    assert sales.settings["number_prefix"] == "A-"
    house.integration = letters
    run = synced(house)
    assert set(contacts(server)) == {"client1@fictive.example"}
    assert (sales.runs.count(), letters.runs.count()) == (1, 1) and run.integration_id == letters.pk
    assert len(book(server, "Invoice")) == 1


@pytest.mark.row("O-10")
@pytest.mark.parametrize("language", LANGUAGES)
def test_blank_advanced_options_apply_their_defaults_and_are_shown_as_such(house, server, desk, language):
    furnish(server)
    order = only(sell(server, cart(**buyer(1))))
    made = pair(house)
    speaks(house, language)
    page = step_page(desk, made.pk, "settings")
    for one in RECIPE.settings:
        if one.choices and one.default:
            part = field_of(page, one.key)
            chosen = dict(one.choices)[one.default]
            assert checked_in(part) == [one.default], one.key
            mark = re.search(r'value="([^"]*)" checked><span>[^<]*<span class="muted small">', part)
            assert mark and mark[1] == one.default and said(chosen, language) in plain(part), one.key
    synced(house)
    document = only(book(server, "Invoice"))
    assert document["DocNumber"] == order["increment_id"] and document["CustomerRef"]["name"] == "Zoé Inventée 1"
    assert document["GlobalTaxCalculation"] == "TaxExcluded" and money(document["Balance"]) == 0
    assert "ClassRef" not in document and "DepartmentRef" not in document


@pytest.mark.row("O-22")
@pytest.mark.parametrize("language", LANGUAGES)
def test_class_and_location_are_shown_only_where_the_books_have_some(house, server, desk, language):
    furnish(server)
    made = pair(house)
    speaks(house, language)
    page = step_page(desk, made.pk, "settings")
    assert "Boutique" in field_of(page, "class_id") and "Trois-Rivières" in field_of(page, "location_id")
    gone = {kind: [{"Id": row["Id"], "status": "Deleted"} for row in book(server, kind)]
            for kind in ("Class", "Department")}  # fmt: skip
    server.load("quickbooks", **gone)
    page = step_page(desk, made.pk, "settings")
    assert field_of(page, "class_id") == field_of(page, "location_id") == ""
    absent = page.content.decode().split('id="absent"')[1]
    for key in ("class_id", "location_id"):
        assert said(setting(key).label, language) in absent
    assert str(made.left) in absent


@pytest.mark.row("O-23")
@pytest.mark.parametrize("language", LANGUAGES)
def test_help_asked_for_at_any_step_is_filed_with_where_the_person_was(house, server, desk, language):
    furnish(server)
    sell(server, cart(**buyer(1)))
    made = pair(house)
    run = house.run(approve=False)
    speaks(house, language)
    for step in ("connect_left", "connect_right", "settings", "flows", "value_maps", "first_run", "automatic"):
        address = reverse("admin:help_request", args=[made.pk, step])
        assert address in links(step_page(desk, made.pk, step))
    address = reverse("admin:help_request", args=[made.pk, "settings"])
    assert desk.post(address, {"confirmed": "yes", "reason": " "}).status_code == 200
    assert not Question.objects.exists()
    asked = "Quel article pour la livraison ?"
    assert desk.post(address, {"confirmed": "yes", "reason": asked}).status_code == 302
    filed = Question.objects.get()
    assert (filed.asked_by, filed.code, filed.integration) == (house.ann, "help:settings", made)
    names = {"fr": "Choisir les réglages", "en": "Choose the settings"}
    for part in (asked, names[language], str(made.left), str(made.right), str(run.pk)):
        assert part in filed.text[language]
    listed = desk.get(reverse("admin:help"))
    assert asked in words(listed) and reverse("admin:setup", args=[made.pk, "settings"]) in links(listed)
    desk.post(reverse("admin:help_close", args=[filed.pk]), {"answer": "L’article 4"})
    filed.refresh_from_db()
    assert (filed.answer, filed.answered_by) == ("L’article 4", house.ann) and filed.answered_at
    assert asked not in words(desk.get(reverse("admin:help")))


@pytest.mark.row("O-27")
@pytest.mark.parametrize("language", LANGUAGES)
def test_another_way_of_finding_items_shows_its_effect_on_links_before_it_is_saved(house, server, desk, language):
    """The chair has its SKU as a name at another item, the lamp at none."""
    furnish(server)
    server.load("quickbooks", Item=[item("1701", "", "CH-1")])
    made = pair(house, {"products_scope": "all"}, (*SALES_FLOWS, "product"))
    synced(house)
    linked = dict(made.links.filter(entity="product").values_list("right__number", "left__remote_id"))
    assert linked == SKUS
    speaks(house, language)
    address = reverse("admin:setup", args=[made.pk, "settings"])
    given = {**answers(desk.get(address)), "items_by": "name"}
    page = desk.post(address, given)
    made.refresh_from_db()
    assert page.status_code == 200 and made.settings["items_by"] == "sku"
    told = words(page)
    assert "CH-1" in told and "LA-1" in told and re.search(r"\b1\b.*\b2\b", told)
    assert matching.effect(made, "name") == matching.Effect(
        0, 1, 2, [("CH-1", "Chaise inventée", "CH-1"), ("TA-1", "Table inventée", ""), ("LA-1", "Lampe", "")]
    )
    answer = desk.post(address, {**given, "confirmed": "yes"})
    assert answer.status_code == 302, words(answer)
    made.refresh_from_db()
    assert made.settings["items_by"] == "name" and matching.effect(made, "name") is None
    assert dict(made.links.filter(entity="product").values_list("right__number", "left__remote_id")) == linked


@pytest.mark.row("O-32")
def test_saved_edits_make_a_new_version_with_its_author(house, server, desk):
    furnish(server)
    made = pair(house)
    page = step_page(desk, made.pk, "settings")
    given = {**answers(page), "number_prefix": "Web-"}
    before = made.settings_version
    answer = desk.post(reverse("admin:setup", args=[made.pk, "settings"]), given)
    assert answer.status_code == 302, words(answer)
    made.refresh_from_db()
    assert made.settings_version == before + 1 and made.settings["number_prefix"] == "Web-"
    entry = LogEntry.objects.get_for_object(made).filter(changes__has_key="settings_version").latest("id")
    assert entry.actor == house.ann and entry.changes["settings_version"] == [str(before), str(before + 1)]
    assert "Web-" in entry.changes["settings"][1] and "Web-" not in entry.changes["settings"][0]
    told = words(desk.get(reverse("admin:audit")))
    assert "Prefix of numbers" in told and "Web-" in told, "the setting by its name, not a piece of JSON"


@pytest.mark.row("O-33")
def test_a_question_about_a_clearing_account_goes_to_the_named_contact_and_the_payments_wait(house, server, desk):
    furnish(server)
    order = only(sell(server, cart(method="banktransfer", **buyer(1))))
    made = pair(house)
    carla = factories.client_person(house.organization, email="carla@client.example")
    run = synced(house, "held")
    assert set(kept(run).values()) == {"METHOD-UNMAPPED"}
    row = made.value_maps.get(kind="payment_method", source_key="banktransfer")
    page = reverse("admin:mapping_value", args=[made.pk, row.pk])
    assert "carla@client.example" in desk.get(page).content.decode() or "Carla" in words(desk.get(page))
    desk.post(page, {"do": "ask", "to": carla.pk})
    question = Question.objects.get()
    assert (question.asked_of, question.asked_by, question.answered_at) == (carla, house.ann, None)
    assert notices.question_asked(question.pk) == 1 and mail.outbox[-1].to == ["carla@client.example"]
    assert set(question.text) == {"en", "fr"} and question.due_on > factories.today()
    synced(house, "held")
    assert book(server, "Payment") == []
    assert integrations.unmapped_kinds(made) == ["payment_method"]
    desk.post(page, {"do": "answer", "answer": "1"})
    synced(house)
    paid = only(book(server, "Payment"))
    assert paid["DepositToAccountRef"]["value"] == "1" and money(paid["TotalAmt"]) == money(order["grand_total"])


@pytest.mark.row("O-37")
def test_every_tax_of_the_last_90_days_is_listed_with_its_target(house, server, desk):
    furnish(server)
    old = (timezone.now() - timedelta(days=120)).strftime("%Y-%m-%d %H:%M:%S")
    sell(server, cart(**buyer(1)), cart(region="ON", **buyer(2)), cart(region="AB", **buyer(3)),
         cart(region="NB", at=old, **buyer(4)))  # fmt: skip
    made = pair(house)
    house.run(approve=False)
    page = desk.get(reverse("admin:mapping", args=[made.pk, "tax"]))
    told = words(page)
    for source, target in (("TPS + TVQ", "TPS/TVQ QC - 9,975"), ("TVH Ontario", "TVH ON")):
        assert source in told and target in told
    in_use = set(made.value_maps.filter(kind="tax", in_use=True).values_list("source_key", flat=True))
    # The old one is counted no more, but a held order still waits for it.
    assert {"CA-QC-TPS+CA-QC-TVQ", "CA-ON-TVH", "none"} <= in_use
    assert made.value_maps.get(kind="tax", source_key="CA-NB-TVH").seen_count == 0


@pytest.mark.row("O-38")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sync_tab_has_start_date_cadence_and_consent(house, server, desk, language):
    furnish(server)
    made = pair(house)
    speaks(house, language)
    page = step_page(desk, made.pk, "automatic")
    body = page.content.decode()
    for name in ("sale-start_date", "sale-cadence_minutes", 'name="accept"', 'name="name"'):
        assert name in body
    for paragraph in RECIPE.terms.paragraphs:
        assert said(paragraph, language) in words(page)
    given = {f"{flow.entity}-cadence_minutes": "60" for flow in made.flows.filter(is_on=True)}
    desk.post(reverse("admin:setup", args=[made.pk, "automatic"]), {**given, "sale-start_date": "2026-03-01"})
    assert made.flows.get(entity="sale").start_date == date(2026, 3, 1)


@pytest.mark.row("O-39")
def test_saving_one_flow_leaves_the_others_as_they_were(house, server, desk):
    furnish(server)
    made = pair(house)
    names = ("is_on", "direction", "start_date", "cadence_minutes", "approval", "brakes", "filter", "rules_version")
    before = {row["entity"]: row for row in made.flows.values("entity", *names)}
    address = reverse("admin:setup", args=[made.pk, "flows"])
    given = {"entity": "payment", "is_on": "", "cadence_minutes": "240", "approval": "always", "direction": "left"}
    assert desk.post(address, given).status_code == 302
    after = {row["entity"]: row for row in made.flows.values("entity", *names)}
    assert after["payment"]["is_on"] is False and after["payment"]["cadence_minutes"] == 240
    assert {key: row for key, row in after.items() if key != "payment"} == {
        key: row for key, row in before.items() if key != "payment"
    }
    body = desk.get(address).content.decode()
    assert all(reverse("admin:setup_flow", args=[made.pk, flow.entity]) in body for flow in RECIPE.flows)
    assert desk.post(address, {**given, "is_on": "1"}).status_code == 302
    assert made.flows.get(entity="payment").is_on


@pytest.mark.row("O-43")
def test_automatic_sync_is_refused_until_the_terms_are_accepted_and_the_yes_is_kept(house, server, desk):
    furnish(server)
    sell(server, cart(**buyer(1)))
    made = pair(house)
    synced(house)
    switch, step = (
        reverse("admin:integration_automatic", args=[made.pk]),
        reverse("admin:setup", args=[made.pk, "automatic"]),
    )
    page = desk.post(switch, {"on": "1"}, follow=True)
    assert "The terms of automatic sync are not accepted yet." in words(page)
    made.refresh_from_db()
    assert not made.automatic
    assert desk.post(step, {"accept": "yes", "name": " "}).status_code == 200
    assert not TermsAcceptance.objects.exists()
    desk.post(step, {"accept": "yes", "name": "Ann Inventée"})
    given = TermsAcceptance.objects.get()
    assert (given.name, given.version, given.user) == ("Ann Inventée", RECIPE.terms.version, house.ann)
    assert abs(given.accepted_at - timezone.now()) < timedelta(minutes=1)
    desk.post(switch, {"on": "1"})
    made.refresh_from_db()
    assert made.automatic


@pytest.mark.row("O-44")
def test_once_an_hour_one_run_begins_and_never_two_at_once(house, server):
    furnish(server)
    sell(server, cart(**buyer(1)))
    made = pair(house)
    synced(house)
    integrations.accept_terms(made, "Ann Inventée", "fr", house.ann)
    assert integrations.set_automatic(made, True, house.ann) == []
    ticking.tick()
    run = made.runs.get(trigger="schedule")
    house.finish(run)
    made.refresh_from_db()
    assert timedelta(minutes=59) < made.next_run_at - timezone.now() <= timedelta(minutes=61)
    ticking.tick()
    assert made.runs.filter(trigger="schedule").count() == 1
    hour_passes(made)
    for _ in range(3):
        ticking.tick()
    assert made.runs.filter(trigger="schedule").count() == 2
    hour_passes(made)
    ticking.tick()  # the second is still open
    assert made.runs.filter(trigger="schedule").count() == 2
    with pytest.raises(SyncError) as refused:
        runs.start(made, "person", house.ann)
    assert refused.value.code == "RUN-OPEN"


def hour_passes(made):
    """What is due in an hour is due now."""
    made.refresh_from_db()
    Integration.objects.filter(pk=made.pk).update(next_run_at=made.next_run_at - timedelta(minutes=61))
