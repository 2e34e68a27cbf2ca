"""Value maps: what records name is listed, nothing unconfirmed is used, and a decision frees exactly what waits for it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bridge.hub.models import Change, Integration, Membership, Question, User, ValueMap
from bridge.jobs import integrations, runs, tasks, values
from connectors.contract import SettingInvalid
from tests import factories
from tests.corner_shop import order

pytestmark = pytest.mark.django_db(transaction=True)


def row(house, kind, key):
    """The map of one value."""
    return ValueMap.objects.select_related("integration", "question").get(
        integration=house.integration, kind=kind, source_key=key
    )


def target(house, kind, name):
    """The id of a choice by its name."""
    return next(item.id for item in values.targets(house.integration, kind) if item.label == name)


def held(house):
    """Numbers of the orders that wait."""
    rows = Change.objects.filter(integration=house.integration, state=Change.State.HELD)
    return {change.source.number for change in rows.select_related("source")}


def planned(run):
    """Numbers of the orders a run would send."""
    return {change.source.number for change in run.changes.filter(state="planned").select_related("source")}


def planned_first(house, shop, *orders):
    """Read the shop's orders, make the first plan and close it."""
    shop.orders = list(orders)
    run = house.run(approve=False)
    if run.state == "planned":
        runs.approve_rest_not(run, house.ann)
    for kind in ("payment_method", "tax", "class"):
        values.refresh(house.integration, kind)
    return run


# what is met


@pytest.mark.row("O-37")
def test_every_tax_of_the_last_90_days_of_orders_is_listed_and_none_older(house, shop):
    today = factories.today()
    planned_first(
        house,
        shop,
        order(1),
        order(2),
        order(3, taxes=(("TVH", "13"),), day=(today - timedelta(days=89)).isoformat()),
        order(4, taxes=(), day=(today - timedelta(days=3)).isoformat()),
        order(5, taxes=(("TVP", "7"),), day=(today - timedelta(days=95)).isoformat()),
    )
    found = {item.key: item for item in values.seen(house.integration, "tax")}
    assert set(found) == {"TPS+TVQ", "TVH", "none"}
    assert (found["TPS+TVQ"].count, found["TPS+TVQ"].last_on) == (2, today)
    assert found["TPS+TVQ"].percents == (Decimal("5"), Decimal("9.975"))
    assert {item.key for item in values.seen(house.integration, "tax", days=100)} == {*found, "TVP"}
    listed = {item.source_key: item for item in house.integration.value_maps.filter(kind="tax")}
    assert set(listed) == set(found)
    assert listed["TPS+TVQ"].seen_count == 2 and listed["TVH"].source_label == "TVH 13 %"


def test_a_run_lists_what_it_read_before_anyone_opens_a_page(house, shop):
    shop.orders = [order(1, method="cash")]
    house.run(approve=False)
    assert row(house, "payment_method", "cash").in_use


def test_methods_nobody_used_yet_come_from_the_shops_own_list_and_wait_for_nobody(house, shop):
    planned_first(house, shop, order(1, method="card"))
    paypal = row(house, "payment_method", "paypal")
    assert (paypal.source_label, paypal.in_use, paypal.seen_count) == ("PayPal Express", False, 0)
    assert row(house, "payment_method", "card").in_use


def test_a_value_nobody_names_any_more_is_no_longer_in_the_way(house, shop):
    planned_first(house, shop, order(1, method="cheque"))
    assert values.unmapped(house.integration)["payment_method"] == 1
    house.integration.left.records.update(date=factories.today() - timedelta(days=200))
    Change.objects.all().delete()
    values.look(house.integration, again=True)
    assert not row(house, "payment_method", "cheque").in_use
    assert values.unmapped(house.integration) == {}


def test_looking_twice_finds_the_same_and_asks_nothing_of_the_records(house, shop, django_assert_max_num_queries):
    planned_first(house, shop, *(order(number) for number in range(30)))
    values.look(house.integration)
    before = list(house.integration.value_maps.values_list("source_key", "seen_count", "target_id"))
    with django_assert_max_num_queries(20):
        values.look(house.integration)
    assert list(house.integration.value_maps.values_list("source_key", "seen_count", "target_id")) == before


def test_a_kind_is_wanted_only_while_its_setting_and_its_flow_say_so(house):
    assert [item.kind for item in values.kinds(house.integration)] == ["payment_method", "tax", "class"]
    assert not integrations.save_settings(house.integration, {"payments": "off"}, house.ann)
    assert [item.kind for item in values.kinds(house.integration)] == ["tax", "class"]
    house.integration.flows.update(is_on=False)
    assert values.kinds(house.integration) == []


# the lists


def test_a_list_is_read_fresh_and_kept_with_names_and_ids(house, server):
    told = values.refresh(house.integration, "tax")
    found = {item.label: item for item in values.targets(house.integration, "tax")}
    assert told.count == len(found) and "Détaxé" in found and found["Détaxé"].id
    assert values.percents_of(found["TPS/TVQ QC - 9,975"].facts) == (Decimal("5"), Decimal("9.975"))
    assert values.read_at(house.integration, "tax") is not None


def test_a_target_made_inactive_is_marked_used_no_more_and_comes_back(house, shop, server):
    planned_first(house, shop, order(1))
    chosen = target(house, "payment_method", "Chèque")
    values.set_target(row(house, "payment_method", "card"), chosen, house.ann)
    server.load("quickbooks", PaymentMethod=[{"Id": chosen, "Name": "Chèque", "Active": False}])
    values.refresh(house.integration, "payment_method")
    assert row(house, "payment_method", "card").state == ValueMap.State.GONE
    assert runs.pin(house.integration)["value_maps"] == {}, "a target that is gone is not written"
    assert values.unmapped(house.integration)["payment_method"] == 1
    with pytest.raises(SettingInvalid, match="MAP-TARGET-GONE"):
        values.set_target(row(house, "payment_method", "card"), chosen, house.ann)
    server.load("quickbooks", PaymentMethod=[{"Id": chosen, "Name": "Chèque", "Active": True}])
    values.refresh(house.integration, "payment_method")
    assert row(house, "payment_method", "card").state == ValueMap.State.ACCEPTED


def test_a_choice_that_left_the_list_is_kept_and_marked(house, shop, monkeypatch):
    from bridge.jobs import connections
    from connectors.contract import Choice

    first = [Choice("1", "One"), Choice("2", "Two")]
    monkeypatch.setattr(connections, "choices", lambda *args: first)
    values.refresh(house.integration, "tax")
    monkeypatch.setattr(connections, "choices", lambda *args: [Choice("1", "One"), Choice("3", "Three")])
    told = values.refresh(house.integration, "tax")
    assert (told.count, told.new, told.gone) == (2, 1, 1)
    assert {item.id: item.gone for item in values.targets(house.integration, "tax")} == {
        "1": False,
        "3": False,
        "2": True,
    }


def test_an_account_that_does_not_answer_leaves_the_list_as_it_was(house, shop, server):
    from connectors.contract import SyncError

    values.refresh(house.integration, "tax")
    before = values.targets(house.integration, "tax")
    server.faults({"vendor": "quickbooks", "kind": "status", "status": 503, "rate": 1.0})
    try:
        with pytest.raises(SyncError):
            values.refresh(house.integration, "tax")
    finally:
        server.faults()
    assert values.targets(house.integration, "tax") == before


def test_a_run_reads_lists_that_are_older_than_a_day_and_no_others(house, shop):
    shop.orders = [order(1)]
    house.run(approve=False)
    assert row(house, "tax", "TPS+TVQ").state == ValueMap.State.SUGGESTED, "suggestions stand beside the first plan"
    read = values.read_at(house.integration, "tax")
    house.run(approve=False)
    assert values.read_at(house.integration, "tax") == read
    house.integration.right.lists.update(read_at=timezone.now() - timedelta(hours=25))
    house.run(approve=False)
    assert values.read_at(house.integration, "tax") > read


def test_a_list_that_cannot_be_read_does_not_end_the_run(house, shop, monkeypatch):
    from bridge.jobs import connections
    from connectors.contract import VendorUnavailable

    def closed(*args):
        raise VendorUnavailable("SHOP-DOWN")

    monkeypatch.setattr(connections, "choices", closed)
    shop.orders = [order(1)]
    assert house.run(approve=False).state == "held"
    assert row(house, "tax", "TPS+TVQ").state == ValueMap.State.MISSING


# suggestions


def test_a_suggestion_is_found_by_percent_or_name_and_used_by_nobody(house, shop):
    planned_first(house, shop, order(1), order(2, method="cheque", taxes=()))
    tax = row(house, "tax", "TPS+TVQ")
    assert (tax.state, tax.target_label) == (ValueMap.State.SUGGESTED, "TPS/TVQ QC - 9,975")
    assert row(house, "tax", "none").state == ValueMap.State.MISSING
    assert runs.pin(house.integration)["value_maps"] == {}


def test_accepting_all_takes_suggestions_only_and_notes_who(house, shop):
    planned_first(house, shop, order(1), order(2, taxes=()))
    assert values.accept_all(house.integration, "tax", house.ann) == 1
    tax = row(house, "tax", "TPS+TVQ")
    assert (tax.state, tax.decided_by) == (ValueMap.State.ACCEPTED, house.ann)
    assert values.accept_all(house.integration, "tax", house.ann) == 0
    assert runs.pin(house.integration)["value_maps"] == {"tax": {"TPS+TVQ": tax.target_id}}


# deciding frees what waits


@pytest.mark.row("O-24")
def test_an_unmapped_value_holds_its_records_by_name_and_the_others_go(house, shop):
    planned_first(house, shop, order(1, method="card"), order(2, method="cheque"))
    values.set_target(row(house, "payment_method", "card"), target(house, "payment_method", "Visa"), house.ann)
    run = values.replan(house.integration, house.ann)
    run = house.finish(run, approve=False)
    assert planned(run) == {"W-1"}
    change = Change.objects.get(integration=house.integration, state="held")
    assert (change.code, change.params["value"]) == ("VALUE-NOT-MAPPED", "cheque")
    assert values.waiting(house.integration) == {("payment_method", "cheque"): 1}


def test_a_map_frees_exactly_the_records_that_wait_for_it(house, shop):
    planned_first(
        house, shop, *(order(number, method="cheque") for number in (1, 2)), order(3, method="gift"),
        order(4, total="0", method="card"),
    )  # fmt: skip
    assert values.waiting(house.integration) == {
        ("payment_method", "cheque"): 2,
        ("payment_method", "gift"): 1,
        ("tax", "none"): 1,
    }
    version = Integration.objects.get(pk=house.integration.pk).maps_version
    assert values.set_target(row(house, "payment_method", "cheque"), target(house, "payment_method", "Visa"), house.ann)
    due = Change.objects.filter(integration=house.integration, retry_at__lte=timezone.now())
    assert {change.source.number for change in due} == {"W-1", "W-2"}
    assert Integration.objects.get(pk=house.integration.pk).maps_version == version + 1
    run = house.finish(values.replan(house.integration, house.ann, "payment_method"), approve=False)
    assert planned(run) == {"W-1", "W-2"}
    assert held(house) == {"W-3", "W-4"}
    assert not [item for item in run.brakes if item["code"] == "BRAKE-RULES-CHANGED"]


def test_a_first_run_of_which_all_is_held_leaves_the_next_one_the_first(house, shop):
    planned_first(house, shop, order(1, method="cheque"))
    assert held(house) == {"W-1"}
    values.set_target(row(house, "payment_method", "cheque"), target(house, "payment_method", "Visa"), house.ann)
    run = house.finish(values.replan(house.integration, house.ann), approve=False)
    assert run.state == "planned" and [item["code"] for item in run.brakes] == ["BRAKE-FIRST-RUN"]


def test_what_is_planned_already_is_not_planned_again_by_a_map(house, shop):
    planned_first(house, shop, order(1, method="card"), order(2, method="cheque"))
    values.set_target(row(house, "payment_method", "card"), target(house, "payment_method", "Visa"), house.ann)
    first = house.finish(values.replan(house.integration, house.ann), approve=False)
    assert planned(first) == {"W-1"}
    values.set_target(row(house, "payment_method", "card"), target(house, "payment_method", "MasterCard"), house.ann)
    change = first.changes.get(state="planned")
    assert change.after["method_id"] == target(house, "payment_method", "Visa"), "what was shown is what is sent"


def test_a_record_that_misses_one_value_after_another_says_the_one_it_waits_for_now(house, shop):
    planned_first(house, shop, order(1, method="cheque"))
    shop.orders = [{**order(1, method="gift"), "total": "99.00"}]
    house.run(approve=False)
    assert values.waiting(house.integration) == {("payment_method", "gift"): 1}


def test_an_automatic_integration_looks_at_once(house, shop):
    planned_first(house, shop, order(1, method="cheque"))
    later = timezone.now() + timedelta(hours=1)
    rows = Integration.objects.filter(pk=house.integration.pk)
    rows.update(automatic=True, state=Integration.State.ACTIVE, next_run_at=later)
    values.set_target(row(house, "tax", "TPS+TVQ"), target(house, "tax", "Détaxé"), house.ann)
    assert rows.get().next_run_at == later, "nothing waits for this one"
    values.set_target(row(house, "payment_method", "cheque"), target(house, "payment_method", "Chèque"), house.ann)
    assert rows.get().next_run_at <= timezone.now()


def test_a_target_that_is_not_in_the_list_is_refused(house, shop):
    planned_first(house, shop, order(1))
    with pytest.raises(SettingInvalid, match="MAP-TARGET-UNKNOWN"):
        values.set_target(row(house, "tax", "TPS+TVQ"), "no-such-code", house.ann)
    assert not row(house, "tax", "TPS+TVQ").confirmed


def test_saying_the_same_twice_is_no_news(house, shop):
    planned_first(house, shop, order(1))
    chosen = target(house, "tax", "Détaxé")
    assert values.set_target(row(house, "tax", "TPS+TVQ"), chosen, house.ann)
    assert not values.set_target(row(house, "tax", "TPS+TVQ"), chosen, house.ann)


def test_a_decision_taken_back_holds_the_next_records_and_leaves_a_history(house, shop):
    planned_first(house, shop, order(1, method="card"))
    visa, master = (target(house, "payment_method", name) for name in ("Visa", "MasterCard"))
    for chosen in (visa, master):
        values.set_target(row(house, "payment_method", "card"), chosen, house.ann)
    assert values.clear(row(house, "payment_method", "card"), house.ann)
    assert not values.clear(row(house, "payment_method", "card"), house.ann)
    told = [(item.was, item.becomes) for item in values.history(row(house, "payment_method", "card"))]
    assert told[0] == ("MasterCard", "")
    assert told[1:3] == [("Visa", "MasterCard"), (told[2][0], "Visa")]
    shop.orders.append(order(2, method="card"))
    house.run(approve=False)
    assert "W-2" in held(house)


def test_there_is_nothing_to_replan_while_nothing_that_waits_is_mapped(house, shop):
    planned_first(house, shop, order(1, method="cheque"))
    with pytest.raises(SettingInvalid, match="MAP-NOTHING-WAITS"):
        values.replan(house.integration, house.ann)


# asking


@pytest.fixture
def accountant(house):
    """The client's accountant."""
    person = User.objects.create_user("marc@client.example", first_name="Marc", last_name="Fictif", language="fr")
    Membership.objects.create(organization=house.organization, user=person, role=Membership.Role.ACCOUNTANT)
    other = User.objects.create_user("ada@client.example", first_name="Ada")
    Membership.objects.create(organization=house.organization, user=other)
    return person


@pytest.mark.row("O-33")
def test_the_question_goes_to_the_named_contact_and_the_flow_waits_for_the_answer(house, shop, accountant):
    planned_first(house, shop, order(1, method="card"))
    values.set_target(row(house, "payment_method", "card"), target(house, "payment_method", "Visa"), house.ann)
    assert values.accountants(house.integration)[0] == accountant
    question = values.ask_accountant(row(house, "payment_method", "card"), house.ann, accountant)
    assert (question.asked_of, question.asked_by) == (accountant, house.ann)
    assert "card" in question.text["fr"] and question.text["fr"] != question.text["en"]
    assert {"value": target(house, "payment_method", "Visa"), "en": "Visa", "fr": "Visa"} in question.choices
    assert question.due_on > factories.today()
    assert row(house, "payment_method", "card").state == ValueMap.State.ASKED
    assert runs.pin(house.integration)["value_maps"] == {}, "what is asked about is not used meanwhile"
    house.run(approve=False)
    assert held(house) == {"W-1"}
    assert values.ask_accountant(row(house, "payment_method", "card"), house.ann) == question, "asked once"

    values.answer(question, target(house, "payment_method", "MasterCard"), accountant)
    answered = row(house, "payment_method", "card")
    assert (answered.state, answered.target_label, answered.decided_by) == ("accepted", "MasterCard", accountant)
    run = house.finish(values.replan(house.integration, house.ann), approve=False)
    assert planned(run) == {"W-1"}
    with pytest.raises(SettingInvalid, match="MAP-ANSWERED"):
        values.answer(Question.objects.get(), target(house, "payment_method", "Visa"), accountant)


def test_the_question_reaches_the_contact_in_their_own_language_with_the_choices(house, shop, accountant, mailoutbox):
    planned_first(house, shop, order(1, method="card"))
    question = values.ask_accountant(row(house, "payment_method", "card"), house.ann, accountant)
    assert tasks.question(question.pk) == "1"
    (mail,) = mailoutbox
    assert mail.to == [accountant.email] and mail.reply_to == [house.ann.email]
    assert "Modes de paiement" in mail.body and "– Chèque (" in mail.body
    values.answer(question, target(house, "payment_method", "Visa"), accountant)
    assert tasks.question(question.pk) == "0", "what is answered is not asked again"


def test_an_answer_that_was_not_offered_is_refused(house, shop, accountant):
    planned_first(house, shop, order(1))
    question = values.ask_accountant(row(house, "tax", "TPS+TVQ"), house.ann, accountant)
    with pytest.raises(SettingInvalid, match="MAP-TARGET-UNKNOWN"):
        values.answer(question, "drop table", accountant)
    assert row(house, "tax", "TPS+TVQ").state == ValueMap.State.ASKED


def test_staff_who_decide_meanwhile_close_the_question(house, shop):
    planned_first(house, shop, order(1))
    values.ask_accountant(row(house, "tax", "TPS+TVQ"), house.ann)
    assert values.accept_all(house.integration, "tax", house.ann) == 0, "what is asked is no suggestion"
    values.set_target(row(house, "tax", "TPS+TVQ"), target(house, "tax", "Détaxé"), house.ann)
    question = Question.objects.get()
    assert (question.answer, question.answered_by) == (target(house, "tax", "Détaxé"), house.ann)


def test_without_choices_nothing_is_asked(house, shop):
    planned_first(house, shop, order(1))
    house.integration.right.lists.all().delete()
    with pytest.raises(SettingInvalid, match="MAP-NO-CHOICES"):
        values.ask_accountant(row(house, "tax", "TPS+TVQ"), house.ann)
    assert not Question.objects.exists()


# automatic sync


def codes(findings):
    return {item.code for item in findings}


@pytest.mark.row("O-43")
def test_automatic_sync_is_refused_until_the_terms_are_accepted_by_name_date_and_version(house, shop):
    planned_first(house, shop, order(1))
    house.integration.flows.update(first_done_at=timezone.now())
    for item in house.integration.value_maps.filter(in_use=True):
        values.set_target(item, values.targets(house.integration, item.kind)[0].id, house.ann)
    assert "TERMS-NOT-ACCEPTED" in codes(integrations.set_automatic(house.integration, True, house.ann))
    house.integration.refresh_from_db()
    assert not house.integration.automatic
    with pytest.raises(SettingInvalid):
        integrations.accept_terms(house.integration, "  ", "fr", house.ann)
    given = integrations.accept_terms(house.integration, "Ann Invented", "fr", house.ann)
    assert (given.name, given.version, given.user, given.language) == ("Ann Invented", "test-1", house.ann, "fr")
    assert given.accepted_at.date() == timezone.now().date()
    assert integrations.set_automatic(house.integration, True, house.ann) == []
    house.integration.refresh_from_db()
    assert house.integration.automatic


def test_a_yes_to_an_older_text_does_not_count(house):
    given = integrations.accept_terms(house.integration, "Ann Invented", "en", house.ann)
    assert integrations.acceptance(house.integration) == given
    type(given).objects.filter(pk=given.pk).update(version="test-0")
    assert integrations.acceptance(house.integration) is None


def test_values_without_a_target_keep_automatic_sync_off_and_the_first_plan_possible(house, shop):
    planned_first(house, shop, order(1))
    integrations.accept_terms(house.integration, "Ann Invented", "en", house.ann)
    steps = integrations.steps(house.integration)
    todo = next(step for step in steps if step.key == "value_maps")
    assert not todo.done and "Payment methods (1)" in todo.why.en and "Taxes (1)" in todo.why.fr
    assert integrations.may_plan(steps)
    house.integration.flows.update(first_done_at=timezone.now())
    assert codes(integrations.set_automatic(house.integration, True, house.ann)) == {"STEP-VALUE_MAPS"}
