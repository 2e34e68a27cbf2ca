"""Filters of both ways, recommended sets, and deleting the sync of one entity."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from bridge.engine.filters import failing, passes
from bridge.hub.models import Change, Conflict, Link, MappingRule, Run
from bridge.jobs import custom, filtering, flowing, integrations, ruling
from connectors.contract import AuthorizationExpired, SettingInvalid
from tests import corner_crm, factories

BACK = dict(corner_crm.RECOMMENDED.back)


def flow_of(pair, entity="contact"):
    found = pair.flows.get(entity=entity)
    found.integration = pair
    return found


def two_way(pair):
    assert filtering.apply_preset(flow_of(pair), corner_crm.RECOMMENDED, None) == []
    return flow_of(pair)


# filters


@pytest.mark.row("H-20")
@pytest.mark.row("H-24")
def test_who_has_an_invoice_made_there_or_a_payment_of_a_known_day_goes_and_nobody_else(
    pair, people, django_assert_max_num_queries
):
    flow = two_way(pair)
    with django_assert_max_num_queries(12):
        count = filtering.count_filter(flow, BACK, back=True)
    assert (count.inside, count.outside, count.total) == (2, 3, 5)
    assert [row.remote_id for row in count.samples_in] == ["A", "B"]
    row, why = count.samples_out[0]
    assert row.remote_id == "C"
    assert [(item["field"], item["passed"]) for item in why] == [
        ("sales.source", False),
        ("payments.created_at", False),
    ]
    row, why = count.samples_out[1]
    assert row.remote_id == "D" and why[0]["have"] == ["bridge"]


def test_each_way_counts_the_records_of_its_own_source(pair, people):
    factories.record(pair.left, "customers", document={"Id": "1", "DisplayName": "Jane Invented", "Active": True})
    flow = two_way(pair)
    assert filtering.count_filter(flow, {}).total == 1
    assert filtering.count_filter(flow, {}, back=True).total == 5
    flow.direction = "left"
    assert filtering.count_filter(flow, {}).total == 5


def test_what_is_gone_or_merged_is_not_counted(pair, people):
    factories.record(pair.right, "contacts", document={"id": "x", "name": "Gone"}, gone=True)
    factories.record(pair.right, "contacts", document={"id": "y", "name": "Merged"}, merged_into="A")
    factories.record(pair.right, "contacts", document={})
    assert filtering.count_filter(two_way(pair), {}, back=True).total == 5


@pytest.mark.row("H-26")
def test_what_is_dated_before_the_start_is_counted_apart_unless_it_is_linked(pair):
    flow = flow_of(pair, "sale")
    flow.start_date = date(2026, 3, 1)
    documents = {
        day: factories.record(
            pair.left, "invoices", document={"Id": day, "TxnDate": day, "TotalAmt": 1, "Line": []}, number=day
        )
        for day in ("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02")
    }
    twin = factories.record(pair.right, "invoices")
    factories.link(pair, documents["2026-02-27"], twin, "sale")
    count = filtering.count_filter(flow, {})
    assert (count.inside, count.early, count.outside) == (3, 1, 0)


def test_values_that_records_and_presets_tell_are_offered(pair, people):
    seen = filtering.count_filter(two_way(pair), BACK, back=True).seen
    assert seen["sales.source"] == ["bridge", "crm"]
    fresh = filtering.count_filter(flow_of(pair), {}, back=True).seen
    assert fresh["sales.source"] == ["crm"]


def test_a_filter_is_stored_for_its_own_way(pair):
    flow = two_way(pair)
    tree = {"field": "email", "test": "known"}
    assert filtering.save_filter(flow, tree, None, back=True) == []
    flow.refresh_from_db()
    assert (flow.filter, flow.filter_back, flow.rules_version) == ({}, tree, 3)
    assert filtering.save_filter(flow, tree, None) == []
    flow.refresh_from_db()
    assert flow.filter == tree and flow.rules_version == 4


def test_a_filter_cannot_ask_about_records_that_side_does_not_have(pair):
    flow = two_way(pair)
    tree = {"all": [{"field": "email", "test": "known"}, {"not": {"field": "sales.source", "test": "known"}}]}
    (problem,) = filtering.save_filter(flow, tree, None)
    assert (problem.code, problem.path) == ("FILTER-UNKNOWN-FIELD", "all.1.not")
    assert flow.filter == {}
    assert filtering.save_filter(flow, tree, None, back=True) == []


@pytest.mark.row("H-20")
def test_a_filter_asks_about_a_field_people_added_where_the_account_has_such_fields(pair, people):
    for letter, tier in (("A", "Gold"), ("B", "silver")):
        row = people[letter]
        row.document = {**row.document, "custom": {"tier": tier}}
        row.save(update_fields=["document"])
    flow = two_way(pair)
    tree = {"field": "custom.tier", "test": "equals", "value": "gold"}
    count = filtering.count_filter(flow, tree, back=True)
    assert (count.inside, count.outside) == (1, 4)
    assert [row.remote_id for row in count.samples_in] == ["A"]
    assert count.sentence.en == "A record goes only if “tier” is “gold”."
    assert filtering.count_filter(flow, {"not": tree}, back=True).inside == 4, "not told is not gold"
    assert filtering.count_filter(flow, {"field": "custom.tier", "test": "unknown"}, back=True).inside == 3
    assert filtering.save_filter(flow, tree, None, back=True) == []
    for wrong, back in ((tree, False), ({**tree, "field": "custom."}, True), ({**tree, "test": "greater"}, True)):
        (problem,) = filtering.save_filter(flow, wrong, None, back=back)
        assert problem.code in ("FILTER-UNKNOWN-FIELD", "FILTER-TEST-KIND")


@pytest.mark.parametrize(
    ("tree", "values", "blamed"),
    [
        ({"all": [{"field": "a", "test": "known"}, {"field": "b", "test": "known"}]}, {"a": 1}, ["b"]),
        ({"any": [{"field": "a", "test": "known"}, {"field": "b", "test": "known"}]}, {}, ["a", "b"]),
        ({"any": [{"field": "a", "test": "known"}, {"field": "b", "test": "known"}]}, {"a": 1}, []),
        ({"not": {"any": [{"field": "a", "test": "known"}, {"field": "b", "test": "known"}]}}, {"b": 1}, ["b"]),
        ({"not": {"all": [{"field": "a", "test": "known"}, {"field": "b", "test": "known"}]}}, {"a": 1, "b": 1},
         ["a", "b"]),
        ({"all": [{"any": [{"field": "a", "test": "known"}]}, {"not": {"field": "b", "test": "known"}}]},
         {"a": 1, "b": 1}, ["b"]),
        ({}, {}, []),
    ],
)  # fmt: skip
def test_just_the_conditions_that_keep_a_record_out_are_named(tree, values, blamed):
    found = failing(tree, values)
    assert [item["field"] for item in found] == blamed
    assert passes(tree, values) is not bool(found)


# recommended sets


@pytest.mark.row("H-13")
@pytest.mark.row("H-22")
def test_a_recommended_set_sets_direction_and_both_filters_in_one_version(pair):
    flow = flow_of(pair)
    assert flow.direction == "right" and not filtering.is_applied(flow, corner_crm.RECOMMENDED)
    assert filtering.apply_preset(flow, corner_crm.RECOMMENDED, None) == []
    flow.refresh_from_db()
    assert (flow.direction, flow.filter, flow.filter_back) == ("both", {}, BACK)
    assert flow.start_date is None and flow.rules_version == 2
    assert filtering.is_applied(flow, corner_crm.RECOMMENDED)


@pytest.mark.row("H-25")
@pytest.mark.row("H-26")
@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-11-21T07:59:00+00:00", date(2026, 11, 20)), ("2026-11-21T08:00:00+00:00", date(2026, 11, 21))],
)
def test_from_today_is_the_day_where_the_client_is(pair, monkeypatch, now, day):
    monkeypatch.setattr(timezone, "now", lambda: datetime.fromisoformat(now))
    flow = flow_of(pair, "sale")
    filtering.apply_preset(flow, corner_crm.FROM_TODAY, None)
    flow.refresh_from_db()
    assert (flow.direction, flow.start_date) == ("right", day)
    assert ZoneInfo(pair.organization.time_zone).key == "America/Vancouver"


def test_a_set_that_does_not_begin_today_leaves_the_start_date(pair):
    flow = flow_of(pair)
    flow.start_date = date(2026, 1, 1)
    flow.save()
    filtering.apply_preset(flow, corner_crm.RECOMMENDED, None)
    flow.refresh_from_db()
    assert flow.start_date == date(2026, 1, 1)


# deleting


@pytest.mark.row("H-19")
def test_a_deleted_sync_leaves_links_and_the_ledger_and_can_be_set_up_from_scratch(pair, people, person):
    flow = two_way(pair)
    left = factories.record(pair.left, "customers", document={"Id": "1", "DisplayName": "A Invented"})
    link = factories.link(pair, left, people["A"])
    conflict = Conflict.objects.create(link=link, field="email")
    run = factories.run(pair, state=Run.State.DONE)
    done = factories.change(run, flow=flow, state=Change.State.DONE, source=left, target=people["A"])
    held = factories.change(run, flow=flow, state=Change.State.HELD, source=factories.record(pair.left))
    other = factories.change(run, state=Change.State.HELD, entity="sale", source=factories.record(pair.left))
    flowing.delete_flow(flow, person)
    assert not pair.flows.filter(entity="contact").exists() and pair.flows.filter(entity="sale").exists()
    assert not MappingRule.objects.filter(flow__integration=pair, flow__entity="contact").exists()
    assert Link.objects.filter(pk=link.pk).exists() and not Conflict.objects.filter(pk=conflict.pk).exists()
    for row, state in ((done, "done"), (held, "superseded"), (other, "held")):
        row.refresh_from_db()
        assert row.state == state
    assert done.entity == "contact" and done.flow is None and held.code == "flow-deleted"
    fresh = flowing.set_up_flow(pair, "contact", person)
    assert (fresh.is_on, fresh.direction, fresh.filter_back, fresh.first_done_at) == (False, "right", {}, None)
    assert fresh.rules.count() == 3 and fresh.planned_rules_version == 0
    assert flowing.set_up_flow(pair, "contact", person).pk == fresh.pk


@pytest.mark.row("H-19")
def test_nothing_is_deleted_under_an_open_run(pair):
    flow = flow_of(pair)
    factories.run(pair)
    with pytest.raises(SettingInvalid) as refused:
        flowing.delete_flow(flow, None)
    assert refused.value.code == "RUN-OPEN" and pair.flows.filter(pk=flow.pk).exists()


def test_what_all_else_hangs_on_cannot_be_deleted(db):
    made = integrations.create(factories.organization(), "quickbooks_mailchimp", None)
    flow = made.flows.get(entity="shop")
    with pytest.raises(SettingInvalid) as refused:
        flowing.delete_flow(flow, None)
    assert refused.value.code == "FLOW-NEEDED"


# fields of the account's own


def rule(**values):
    given = {"transform": "copy", "when": "always", "on_conflict": "source", "toward": "right"}
    return {**given, **values}


@pytest.mark.row("H-30")
def test_a_rule_writes_to_a_field_of_the_accounts_own_where_there_are_any(pair):
    sale = flow_of(pair, "sale")
    assert ruling.save_rule(sale, rule(source="memo", target="custom.cost_centre"), None) == []
    assert ruling.save_rule(sale, rule(source="due_date", target="custom.due"), None) == []
    long = "custom." + "x" * 100  # as long as vendors let such names be
    assert ruling.save_rule(sale, rule(source="number", target=long), None) == []
    assert sale.rules.filter(target=long).exists()
    assert ruling.rule_problems(pair) == []
    contact = flow_of(pair)
    assert ruling.save_rule(contact, rule(source="custom.branch", target="email", toward="left"), None) == []
    for wrong in (
        rule(source="name", target="custom.branch", toward="left"),
        rule(source="custom.branch", target="name"),
        rule(source="name", target="custom."),
        rule(source="sales.source", target="name"),
        rule(source="name", target="custom." + "x" * 200),
        rule(source="name", target="name", toward="up"),
    ):
        assert ruling.save_rule(contact, wrong, None), wrong
    (problem,) = ruling.save_rule(sale, rule(source="number", target="total", toward="left"), None)
    assert (problem.path, problem.code) == ("toward", "RULE-BAD-CHOICE")


@pytest.mark.row("H-30")
def test_a_value_arrives_in_a_field_of_the_accounts_own(pair):
    from bridge.engine.model import Pair
    from bridge.engine.plan import plan
    from bridge.jobs.context import pin, spec
    from connectors.contract import Record

    sale = flow_of(pair, "sale")
    assert ruling.save_rule(sale, rule(source="memo", target="custom.cost_centre"), None) == []
    recipe = corner_crm.RECIPE
    made = spec(recipe, pin(pair), "sale", "right", corner_crm.CONNECTOR.resource("invoices"))
    source = Record("invoices", "1", {"number": "1", "memo": "North shop"}, {})
    (decision,) = plan([Pair(source=source)], made)
    assert decision.action == "create" and decision.after["custom.cost_centre"] == "North shop"


@pytest.mark.row("H-30")
def test_fields_are_listed_fresh_and_made_over_there(pair, crm, person):
    (place,) = custom.places(flow_of(pair))
    assert (place.side, place.may_make, place.listed, place.read_at) == ("right", True, [], None)
    assert custom.refresh(place) == 1
    assert [(item.id, item.label) for item in place.listed] == [("cost_centre", "Cost centre")]
    assert custom.make(place, "  Sales   branch ", person) == "custom.sales_branch"
    assert crm.fields["sales_branch"] == "Sales branch"
    assert [item.label for item in place.listed] == ["Cost centre", "Sales branch"]
    for label, code in (("cost CENTRE", "CUSTOM-TAKEN"), ("  ", "CUSTOM-LABEL"), ("x" * 81, "CUSTOM-LABEL")):
        with pytest.raises(SettingInvalid) as refused:
            custom.make(place, label, person)
        assert refused.value.code == code
    with pytest.raises(AuthorizationExpired):
        custom.make(place, "Forbidden", person)
    assert len(place.listed) == 2 and len(crm.fields) == 2
