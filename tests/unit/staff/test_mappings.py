"""Mappings: both names and ids, what waits, nothing used unseen; and the step before runs begin by themselves."""

import re
from datetime import date

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Flow, Integration, Membership, Question, ReferenceList, Run, ValueMap
from bridge.jobs import integrations as work
from bridge.jobs import values
from tests import corner_shop, factories
from tests.unit.jobs.conftest import house, server  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

CHOICES = [("1", "TPS/TVQ QC"), ("2", "TPS"), ("9", "Hors champ")]


@pytest.fixture
def shop(monkeypatch, settings):
    """The shop, known to the registry."""
    with corner_shop.open_shop(monkeypatch, settings) as opened:
        yield opened


@pytest.fixture
def person():
    """A person of the house."""
    return factories.staff(first_name="Ann", last_name="Invented")


@pytest.fixture
def ann(client: Client, person) -> Client:
    """The same, signed in."""
    client.force_login(person)
    return client


@pytest.fixture
def pair(shop) -> Integration:
    """A shop and books whose lists were read."""
    owner = factories.organization()
    left = factories.connection(owner, "corner_shop")
    right = factories.connection(owner, "quickbooks")
    made = Integration.objects.create(
        organization=owner,
        recipe="corner_shop_books",
        left=left,
        right=right,
        state="active",
        settings={"payments": "off"},
    )
    Flow.objects.create(integration=made, entity="sale")
    for key in ("tax_codes", "payment_methods", "classes"):
        offer(right, key, *CHOICES)
    return made


def offer(at, key, *choices, **facts):
    """A list as it was last read."""
    rows = [{"id": one, "label": label, "active": True, "gone": False, "facts": facts} for one, label in choices]
    ReferenceList.objects.update_or_create(
        connection=at, key=key, defaults={"choices": rows, "read_at": timezone.now()}
    )


def value(of, key, kind="tax", source_label="", **more):
    """One value met in a record of today."""
    label = source_label or f"Tax {key}"
    told = {"taxes": [(key, "5", label)]} if kind == "tax" else {"method" if kind == "payment_method" else "store": key}
    factories.record(
        of.left, "orders", date=factories.today(), number=key, document=corner_shop.order(key, **{"taxes": (), **told})
    )
    return ValueMap.objects.create(integration=of, kind=kind, source_key=key, source_label=label, **more)


def hold(of, key, number=1, kind="tax"):
    """Records that wait for a value."""
    run = factories.run(of, state="held")
    return [
        factories.change(
            run, entity="sale", state="held", code="TAX-OF-SHOP", params={"map": kind, "key": key},
            source=factories.record(of.left, "orders", document={}), resource="sales_receipts",
        )
        for _ in range(number)
    ]  # fmt: skip


def words(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text)


def address(of, kind="tax") -> str:
    return reverse("admin:mapping", args=[of.pk, kind])


def field(row) -> str:
    return f"target-{row.pk}"


# what is shown


def test_a_value_is_shown_with_its_key_its_target_with_its_id_its_state_as_a_word_and_what_waits(ann, pair):
    value(pair, "TPS", target_id="2", target_label="TPS", confirmed=True)
    value(pair, "TVQ")
    hold(pair, "TVQ", 3)
    page = ann.get(address(pair))
    told = words(page)
    assert "Tax TPS TPS" in told and "TPS (2)" in told and "Mapped" in told and "Missing" in told
    row = page.content.decode().split('id="field-target-')[1]
    assert "Tax TVQ" in row and ">3</a>" in row, "what holds most comes first"
    assert f"{reverse('admin:held')}?integration={pair.pk}" in row
    assert "3 records wait for these values" in told


def test_each_state_is_a_word_of_its_own(ann, pair, person):
    value(pair, "A")
    value(pair, "B", target_id="2", target_label="TPS")
    value(pair, "C", target_id="2", target_label="TPS", confirmed=True)
    value(pair, "D", target_id="7", target_label="Old code", confirmed=True, target_gone=True)
    asked = value(pair, "E")
    values.ask_accountant(asked, person)
    told = words(ann.get(address(pair)))
    for word in ("Missing", "Suggested", "Mapped", "Target inactive", "Asked"):
        assert word in told
    assert "Old code (7)" in told


def test_values_nobody_used_of_late_are_in_nobodys_way(ann, pair):
    ValueMap.objects.create(integration=pair, kind="tax", source_key="OLD", in_use=False)
    value(pair, "NEW")
    assert "Not used of late" in words(ann.get(address(pair)))
    assert "To do (1)" in words(ann.get(address(pair)))


def test_search_ignores_accents_and_case_and_looks_at_both_sides(ann, pair):
    value(pair, "A", source_label="Détaxé")
    value(pair, "B", target_id="9", target_label="Hors champ", confirmed=True)
    assert "Détaxé" in words(ann.get(address(pair), {"text": "DETAXE"}))
    assert "Tax B" in words(ann.get(address(pair), {"text": "hors CHAMP"}))
    assert "Tax B" not in words(ann.get(address(pair), {"text": "detaxe"}))
    assert "No value fits" in words(ann.get(address(pair), {"text": "nothing like it"}))
    assert "Détaxé" not in words(ann.get(address(pair), {"state": "accepted"}))


def test_the_pages_open_in_both_languages_with_few_questions_however_long_the_list(ann, person, pair):
    def asked(where) -> int:
        with CaptureQueriesContext(database) as found:
            assert ann.get(where).status_code == 200, where
        return len(found)

    row = value(pair, "A", target_id="2", target_label="TPS")
    pages = [
        address(pair),
        reverse("admin:mapping_value", args=[pair.pk, row.pk]),
        reverse("admin:mappings_all"),
        reverse("admin:readiness", args=[pair.pk]),
        reverse("admin:integration", args=[pair.pk]),
        *(reverse("admin:setup", args=[pair.pk, step]) for step in ("value_maps", "automatic", "first_run")),
    ]
    for language in ("en", "fr"):
        person.language = language
        person.save(update_fields=["language"])
        for where in pages:
            assert asked(where) < 45
            assert f'<html lang="{language}"' in ann.get(where).content.decode()
    few = asked(address(pair))
    for number in range(60):
        ValueMap.objects.create(integration=pair, kind="tax", source_key=f"K{number}")
    assert asked(address(pair)) <= few


def test_the_first_page_is_the_kind_with_most_to_do(ann, pair):
    value(pair, "main", kind="class")
    assert ann.get(reverse("admin:mappings", args=[pair.pk]))["Location"] == address(pair, "class")
    assert ann.get(address(pair, "no_such_kind")).status_code == 404


def test_an_integration_without_maps_says_so_and_is_not_listed(ann, pair):
    other = factories.integration()
    assert "maps no values" in words(ann.get(reverse("admin:mappings", args=[other.pk])))
    told = words(ann.get(reverse("admin:mappings_all")))
    assert str(pair.organization) in told and str(other.organization) not in told


def test_a_long_list_of_choices_is_typed_into_and_names_that_are_not_unique_need_their_id(ann, pair):
    offer(pair.right, "tax_codes", *((str(number), f"Code {number}") for number in range(100)), ("x", "Code 7"))
    row = value(pair, "A")
    page = ann.get(address(pair)).content.decode()
    assert page.count("<datalist") == 1 and '<option value="Code 7 (x)">' in page
    answer = ann.post(address(pair), {field(row): "Code 7"}, follow=True)
    assert "“Code 7” is not in the list" in words(answer)
    row.refresh_from_db()
    assert row.target_id == ""
    ann.post(address(pair), {field(row): "Code 7 (x)"})
    row.refresh_from_db()
    assert row.target_id == "x"
    ann.post(address(pair), {field(row): "code 8"})
    row.refresh_from_db()
    assert row.target_id == "8"


# deciding


def test_saving_maps_by_id_notes_who_and_frees_what_waits(ann, person, pair):
    row = value(pair, "TVQ")
    waiting = hold(pair, "TVQ", 2)
    other = hold(pair, "TVH")
    answer = ann.post(address(pair), {field(row): "2"}, follow=True)
    assert "1 value saved" in words(answer)
    row.refresh_from_db()
    assert (row.target_id, row.target_label, row.confirmed, row.decided_by) == ("2", "TPS", True, person)
    for change in (*waiting, *other):
        change.refresh_from_db()
    assert all(change.retry_at for change in waiting) and not any(change.retry_at for change in other)
    assert "Look again at 2 records" in words(answer)
    started = ann.post(reverse("admin:mapping_again", args=[pair.pk, "tax"]))
    run = Run.objects.exclude(state="held").get()
    assert started["Location"] == reverse("admin:run_page", args=[run.pk])


def test_saving_never_accepts_a_suggestion_nobody_ticked(ann, pair):
    row = value(pair, "TPS", target_id="2", target_label="TPS")
    ann.post(address(pair), {field(row): "2", "do": "save"})
    row.refresh_from_db()
    assert row.state == "suggested"


def test_suggestions_are_accepted_ticked_singly_or_all(ann, pair):
    one, two, three, missing = (
        value(pair, key, target_id=target, target_label="x")
        for key, target in zip("ABCD", ("1", "2", "9", ""), strict=True)
    )
    ann.post(address(pair), {"do": "accept", "value": [one.pk]})
    ann.post(address(pair), {"do": f"accept:{two.pk}"})
    states = dict(pair.value_maps.filter(kind="tax").values_list("source_key", "confirmed"))
    assert states == {"A": True, "B": True, "C": False, "D": False}
    answer = ann.post(address(pair), {"do": "accept_all"}, follow=True)
    assert "1 value saved" in words(answer)
    missing.refresh_from_db()
    assert not missing.confirmed
    assert "No suggestion was chosen" in words(ann.post(address(pair), {"do": "accept"}, follow=True))
    three.refresh_from_db()
    assert three.target_label == "Hors champ", "the name is the list's, not the guess's"


def test_a_target_that_is_not_offered_is_refused_at_its_field_and_what_was_typed_stays(ann, pair):
    offer(pair.right, "tax_codes", *((str(number), f"Code {number}") for number in range(70)))
    good, bad = value(pair, "A"), value(pair, "B")
    answer = ann.post(address(pair), {field(good): "Code 5 (5)", field(bad): "Code of old"})
    page = answer.content.decode()
    assert f'href="#field-target-{bad.pk}"' in page and 'value="Code of old"' in page
    good.refresh_from_db()
    assert good.target_id == "5", "the others are saved"


def test_emptying_a_target_takes_the_decision_back(ann, pair):
    row = value(pair, "A", target_id="2", target_label="TPS", confirmed=True)
    ann.post(address(pair), {field(row): ""})
    row.refresh_from_db()
    assert (row.target_id, row.confirmed) == ("", False)


def test_history_tells_who_made_what_of_it_and_leads_back(ann, person, pair):
    row = value(pair, "A")
    for target in ("1", "2"):
        ann.post(address(pair), {field(row): target})
    place = reverse("admin:mapping_value", args=[pair.pk, row.pk])
    told = words(ann.get(place))
    assert "Ann Invented" in told and "was TPS/TVQ QC becomes TPS" in told and "Back to TPS/TVQ QC" in told
    ann.post(place, {"do": "back", "target": "1"})
    row.refresh_from_db()
    assert (row.target_id, row.confirmed) == ("1", True)


# asking


@pytest.mark.row("O-33")
def test_the_accountant_is_asked_in_both_languages_and_the_answer_maps(ann, person, pair):
    marc = factories.client_person(pair.organization, first_name="Marc", last_name="Fictif")
    Membership.objects.filter(user=marc).update(role="accountant")
    factories.client_person(pair.organization, first_name="Zoé")
    Integration.objects.filter(pk=pair.pk).update(settings={"payments": "on"})
    row = value(pair, "card", kind="payment_method")
    place = reverse("admin:mapping_value", args=[pair.pk, row.pk])
    page = ann.get(place).content.decode()
    assert page.index("Marc Fictif") < page.index(">Zoé")
    assert 'lang="fr">Modes de paiement' in page
    ann.post(place, {"do": "ask", "to": marc.pk, "due_on": "2026-12-01"})
    question = Question.objects.get()
    assert (question.asked_of, question.due_on, question.asked_by) == (marc, date(2026, 12, 1), person)
    assert "Asked" in words(ann.get(address(pair, "payment_method")))
    assert "1 Dec 2026" in words(ann.get(place))
    ann.post(place, {"do": "answer", "answer": "9"})
    row.refresh_from_db()
    assert (row.target_id, row.state) == ("9", "accepted")
    assert "answered by Ann Invented" in words(ann.get(place))


def test_a_person_of_another_client_cannot_be_asked(ann, pair):
    stranger = factories.client_person(factories.organization())
    row = value(pair, "A")
    ann.post(reverse("admin:mapping_value", args=[pair.pk, row.pk]), {"do": "ask", "to": stranger.pk})
    assert Question.objects.get().asked_of is None


# lists read anew


@pytest.mark.django_db(transaction=True)
def test_lists_are_refreshed_without_a_reload_and_what_was_typed_stays(client, house, server):  # noqa: F811
    client.force_login(house.ann)
    integration = house.integration
    row = ValueMap.objects.create(integration=integration, kind="tax", source_key="TPS")
    where = reverse("admin:mapping_refresh", args=[integration.pk, "tax"])
    assert "not read yet" in words(client.get(address(integration)))
    part = client.post(where, {}, headers={"HX-Request": "true"})
    text = part.content.decode()
    offered = values.targets(integration, "tax")
    assert len(offered) > 3
    assert part.status_code == 200 and "<html" not in text and 'id="values"' in text
    assert 'hx-swap-oob="true"' in text and f"List read: {len(offered)} choices" in words(part)
    assert "TPS/TVQ QC - 9,975" in text
    row.refresh_from_db()
    chosen = next(item.id for item in values.targets(integration, "tax") if item.label == "Exonéré")
    server.load("quickbooks", TaxCode=[{"Id": "77", "Name": "Nouveau", "Active": True, "Taxable": True}])
    again = client.post(where, {field(row): chosen}, headers={"HX-Request": "true"})
    assert "1 new" in words(again)
    assert f'<option value="{chosen}" selected>' in again.content.decode()
    row.refresh_from_db()
    assert row.target_id != chosen, "typed is not saved"
    assert client.post(where, {"next": address(integration)})["Location"] == address(integration)


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_not_there_is_told_on_the_page_and_the_list_stays(client, house, server):  # noqa: F811
    client.force_login(house.ann)
    values.refresh(house.integration, "tax")
    before = values.targets(house.integration, "tax")
    where = reverse("admin:mapping_refresh", args=[house.integration.pk, "tax"])
    house.integration.right.__class__.objects.update(state="paused")
    part = client.post(where, {}, headers={"HX-Request": "true"})
    assert part.status_code == 200 and "MAP-NOT-CONNECTED" in words(part)
    assert values.targets(house.integration, "tax") == before


@pytest.mark.row("O-22")
def test_classes_are_asked_about_only_where_there_are_some_and_why_not_is_said(client, pair, person, monkeypatch):
    from bridge.jobs import connections
    from connectors.contract import Choice

    read, offered = [], []
    monkeypatch.setattr(connections, "choices", lambda *args: read.append(args[1]) or list(offered))
    client.force_login(person)
    place = reverse("admin:setup", args=[pair.pk, "settings"])
    told = client.get(place)
    assert 'name="class_id"' not in told.content.decode()
    assert f"Class of sales – {pair.right}" in words(told) and "has none of these" in words(told)
    assert read == ["classes"], "a list is read once, however many settings choose from it"
    offered.append(Choice("5", "Online"))
    told = client.get(place)
    assert 'name="class_id" value="5"' in told.content.decode() and "has none of these" not in words(told)
    offer(pair.right, "classes")
    assert "has none of these to choose from" in words(client.get(address(pair, "class")))


# rights


def test_who_may_only_look_sees_no_form_and_is_refused(client, pair):
    person = factories.office()
    client.force_login(person)
    row = value(pair, "A", target_id="2", target_label="TPS", confirmed=True)
    page = client.get(address(pair)).content.decode()
    assert "<select" not in page.split("<tbody>")[1] and "TPS (2)" in page
    for name, args in (
        ("mapping", [pair.pk, "tax"]),
        ("mapping_refresh", [pair.pk, "tax"]),
        ("mapping_again", [pair.pk, "tax"]),
        ("mapping_value", [pair.pk, row.pk]),
        ("setup", [pair.pk, "automatic"]),
    ):
        assert client.post(reverse(f"admin:{name}", args=args), {"do": "save"}).status_code == 403, name
    person.staff_role = ""
    person.save()
    client.force_login(person)  # a change of role ends sessions
    assert client.get(address(pair)).status_code == 403


def test_a_value_of_another_integration_is_not_found(ann, pair):
    row = value(pair, "A")
    other = factories.integration(pair.organization)
    assert ann.get(reverse("admin:mapping_value", args=[other.pk, row.pk])).status_code == 404


# before runs begin by themselves


@pytest.mark.row("O-38")
def test_the_sync_step_has_start_date_cadence_and_consent_of_its_own(ann, pair):
    place = reverse("admin:setup", args=[pair.pk, "automatic"])
    page = ann.get(place).content.decode()
    for name in ("sale-start_date", "sale-cadence_minutes", 'name="accept"'):
        assert name in page
    answer = ann.post(place, {"sale-start_date": "2026-03-01", "sale-cadence_minutes": "2"})
    assert 'href="#field-sale-cadence_minutes"' in answer.content.decode() and 'value="2"' in answer.content.decode()
    flow = pair.flows.get()
    assert flow.start_date is None, "nothing is stored of a form that is refused"
    ann.post(place, {"sale-start_date": "2026-03-01", "sale-cadence_minutes": "60"})
    after = pair.flows.get()
    assert (after.start_date, after.cadence_minutes) == (date(2026, 3, 1), 60)
    assert after.rules_version == flow.rules_version + 1


@pytest.mark.row("O-43")
def test_the_switch_is_closed_until_the_terms_are_accepted_with_a_name(ann, person, pair):
    place = reverse("admin:setup", args=[pair.pk, "automatic"])
    pair.flows.update(first_done_at=timezone.now())
    assert "We sync by ourselves." in words(ann.get(place))
    ann.post(reverse("admin:integration_automatic", args=[pair.pk]), {"on": "1"})
    pair.refresh_from_db()
    assert not pair.automatic, "a forged post is refused too"
    refused = ann.post(place, {"accept": "no", "name": ""})
    assert 'href="#field-accept"' in refused.content.decode() and 'href="#field-name"' in refused.content.decode()
    assert work.acceptance(pair) is None
    ann.post(place, {"accept": ["no", "yes"], "name": "Carla Fictive"})
    given = work.acceptance(pair)
    assert (given.name, given.version, given.user) == ("Carla Fictive", "test-1", person)
    told = words(ann.get(place))
    assert "Carla Fictive" in told and "text test-1" in told
    ann.post(reverse("admin:integration_automatic", args=[pair.pk]), {"on": "1"})
    pair.refresh_from_db()
    assert pair.automatic


def test_readiness_is_red_with_a_cure_and_a_way_there_and_green_when_mended(ann, pair):
    row = value(pair, "A")
    place = reverse("admin:readiness", args=[pair.pk])
    told = ann.get(place)
    assert "2 things are in the way of automatic runs" in words(told)
    assert "Values still to be mapped: Taxes (1)" in words(told) and "Open the step Sync" in words(told)
    assert reverse("admin:mappings", args=[pair.pk]) in told.content.decode()
    work.accept_terms(pair, "Ann Invented", "en", None)
    ann.post(address(pair), {field(row): "2"})
    after = words(ann.get(place))
    assert "Nothing is in the way" in after and "In the way" not in after
    assert "The shop has orders" in after


def test_an_unmapped_value_is_in_the_way_of_automatic_runs_but_not_of_the_first_plan(ann, pair):
    value(pair, "A")
    page = ann.get(reverse("admin:integration", args=[pair.pk])).content.decode()
    assert "why-not" not in page
    assert "Values still to be mapped" in page
