"""The recipe QuickBooks with Mailchimp, planned by the engine over invented people."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bridge.engine.catalogue import ENGINE_CATALOGUE
from bridge.engine.filters import check_tree
from bridge.engine.model import FlowSpec, LinkState, Pair, Rule
from bridge.engine.plan import plan, plan_pair
from bridge.engine.transforms import check_rule
from connectors.contract import ENTITIES, RecipeFlow, Record, Ref, Text, entity_fields
from connectors.mailchimp import CONNECTOR
from connectors.recipes import RECIPES
from connectors.recipes.quickbooks_mailchimp import RECIPE, context

SETTINGS = {
    "audience": "abc",
    "status_if_new": "subscribed",
    "shared_email": "hold",
    "foreign_currency": "hold",
    "currency": "CAD",
}


def rules_of(flow: RecipeFlow) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            str(place),
            rule.source,
            rule.target,
            rule.transform,
            rule.argument,
            rule.when,
            rule.on_conflict,
            rule.toward,
        )
        for place, rule in enumerate(flow.rules)
    )


def spec(entity: str, **settings: str) -> FlowSpec:
    flow = RECIPE.flow(entity)
    return FlowSpec(
        entity=entity,
        direction="right",
        rules=rules_of(flow),
        match_on=flow.match_on,
        exclusions=flow.exclusions,
        settings={**SETTINGS, **settings},
        writable=frozenset(rule.target for rule in flow.rules),
        removes=flow.removes,
        allow_shared=settings.get("shared_email") == "share",
    )


def customer(remote_id: str = "1", **values: Any) -> Record:
    told = {
        "name": "Ann Fictive",
        "given_name": "Ann",
        "family_name": "Fictive",
        "company": None,
        "email": "Ann@courriel.example",
        "phone": "514 555-0100",
        "mobile": None,
        "address": {
            "line1": "1, rue Inventée",
            "city": "Lévis",
            "region": "QC",
            "postcode": "G6V 1A1",
            "country": "CA",
        },
        "active": True,
    }
    return Record("customers", remote_id, {**told, **values})


def member(status: str, email: str = "ann@courriel.example") -> Record:
    return CONNECTOR.resource("members").parse(
        {"id": "h", "contact_id": "c1", "email_address": email, "status": status}
    )


def invoice(**values: Any) -> Record:
    told = {
        "document": "invoice",
        "number": "1001",
        "date": date(2026, 10, 5),
        "contact": Ref("contact", "customers", "1"),
        "currency": "CAD",
        "total": Decimal("114.98"),
        "tax_total": Decimal("14.98"),
        "discount_total": Decimal(0),
        "shipping_total": Decimal(0),
        "status": "open",
        "lines": [{"id": "1", "kind": "item", "product": None, "quantity": Decimal(1), "amount": Decimal("100.00")}],
    }
    return Record("invoices", "130", {**told, **values})


def texts(thing: Any, seen: set[int] | None = None) -> Iterator[Text]:
    """Every sentence in a recipe or connector."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, Text):
        yield thing
    elif isinstance(thing, dict):
        for item in thing.values():
            yield from texts(item, seen)
    elif isinstance(thing, tuple | list):
        for item in thing:
            yield from texts(item, seen)
    elif hasattr(thing, "__dataclass_fields__"):
        for name in thing.__dataclass_fields__:
            yield from texts(getattr(thing, name), seen)


# The shape of the recipe


def test_the_recipe_is_listed_and_carries_its_beta_label() -> None:
    assert RECIPE in RECIPES and RECIPE.one_to_one


@pytest.mark.row("M-17")
def test_the_pair_is_labelled_beta() -> None:
    assert RECIPE.beta is True


@pytest.mark.row("M-04")
def test_nothing_can_flow_toward_the_books() -> None:
    for flow in RECIPE.flows:
        assert flow.directions == ("right",)
        assert {rule.toward for rule in flow.rules} == {"right"}


def test_every_rule_fits_its_fields_and_every_resource_its_entity() -> None:
    for flow in RECIPE.flows:
        writable = frozenset(rule.target for rule in flow.rules)
        for rule in rules_of(flow):
            assert check_rule(rule, flow.entity, flow.entity, writable) == []
        for preset in flow.presets:
            assert check_tree(preset.tree, flow.entity) == []
        for name in flow.right:
            assert CONNECTOR.resource(name).entity == flow.entity
            assert name in CONNECTOR.feed_of(name).resources
        assert set(flow.at_end) <= set(entity_fields(flow.entity))
    assert [flow.entity for flow in RECIPE.flows] == [
        name for name in ENTITIES if name in {f.entity for f in RECIPE.flows}
    ]


def test_every_reason_has_its_words_once() -> None:
    codes = [entry.code for entry in (*ENGINE_CATALOGUE, *CONNECTOR.catalogue, *RECIPE.catalogue)]
    assert len(codes) == len(set(codes))
    named = {item.code for flow in RECIPE.flows for item in flow.exclusions} | {item.code for item in RECIPE.checks}
    assert named <= set(codes)


def test_french_is_there_and_typeset() -> None:
    found = [*texts(RECIPE), *texts(CONNECTOR)]
    assert len(found) > 150
    for words in found:
        assert words.en.strip() and words.fr.strip()
        assert not re.search(r"[^\u00a0\s]([:;?!»])(\s|$)|[^\u00a0]%", words.fr), words.fr
        assert not re.search(r"«[^\u00a0]", words.fr), words.fr
        assert "'" not in words.fr and "'" not in words.en, words
        assert set(re.findall(r"\{(\w+)\}", words.en)) == set(re.findall(r"\{(\w+)\}", words.fr)), words


# Who goes, and as what


@pytest.mark.row("M-05")
def test_name_address_mail_and_phone_are_planned_for_a_customer() -> None:
    decision = plan_pair(Pair(customer()), spec("contact"))
    assert decision.action == "create"
    payload = CONNECTOR.resource("members").payload(decision.after, "create", {"status_if_new": "transactional"})
    assert payload["email_address"] == "Ann@courriel.example"
    assert payload["merge_fields"]["FNAME"] == "Ann" and payload["merge_fields"]["LNAME"] == "Fictive"
    assert payload["merge_fields"]["PHONE"] == "514-555-0100"
    assert payload["merge_fields"]["ADDRESS"]["city"] == "Lévis"


def test_a_company_goes_by_its_display_name_and_a_mobile_stands_in() -> None:
    source = customer(given_name=None, family_name=None, name="Essai inc.", phone=None, mobile="514 555-0199")
    after = plan_pair(Pair(source), spec("contact")).after
    assert after["given_name"] == "Essai inc." and "555" in after["phone"] and after["phone"].endswith("0199")
    assert plan_pair(Pair(customer(mobile="514 555-0199")), spec("contact")).after["phone"].endswith("0100")


@pytest.mark.parametrize(
    ("values", "action", "code"),
    [
        ({"email": None}, "skip", "CONTACT-NO-EMAIL"),
        ({"email": "  "}, "skip", "CONTACT-NO-EMAIL"),
        ({"email": "a@courriel.example, b@courriel.example"}, "hold", "CONTACT-EMAIL-SEVERAL"),
        ({"email": "a@courriel.example;b@courriel.example"}, "hold", "CONTACT-EMAIL-SEVERAL"),
        ({"email": "ann(at)courriel.example"}, "hold", "CONTACT-EMAIL-INVALID"),
        ({"email": "none@none.com"}, "hold", "QBMC-EMAIL-MADE-UP"),
        ({"email": "no-email@test.com"}, "hold", "QBMC-EMAIL-MADE-UP"),
        ({"active": False}, "skip", "SOURCE-INACTIVE"),
        ({"name": "N" * 100, "given_name": "👩‍👩‍👧 عائلة"}, "create", "new"),
        ({"email": "test@courriel.example"}, "create", "new"),
    ],
)
def test_who_cannot_be_a_contact_is_kept_back_with_the_reason(values: Any, action: str, code: str) -> None:
    decision = plan_pair(Pair(customer(**values)), spec("contact"))
    assert (decision.action, decision.code) == (action, code)


@pytest.mark.row("M-11")
@pytest.mark.parametrize(
    ("status", "code"),
    [("unsubscribed", "QBMC-UNSUBSCRIBED"), ("cleaned", "QBMC-BOUNCED"), ("archived", "QBMC-ARCHIVED")],
)
@pytest.mark.parametrize("linked", [False, True])
def test_who_left_is_left_alone(status: str, code: str, linked: bool) -> None:
    there = member(status)
    pair = Pair(customer(), LinkState("1", {}, {}), there) if linked else Pair(customer(), twins=(there,))
    decision = plan_pair(pair, spec("contact"))
    assert (decision.action, decision.code) == ("skip", code)


@pytest.mark.row("M-08")
@pytest.mark.parametrize("status", ["subscribed", "transactional", "pending"])
def test_who_is_there_is_updated_and_not_made_again(status: str) -> None:
    decision = plan_pair(Pair(customer(), twins=(member(status),)), spec("contact"))
    assert decision.action == "update" and decision.target_id == "c1" and "consent" not in decision.after


@pytest.mark.row("M-10")
def test_consent_is_only_ever_lowered_and_only_for_new_contacts() -> None:
    kind = CONNECTOR.resource("members")
    for consent, chosen, becomes in [
        (None, "subscribed", "subscribed"),
        ("none", "subscribed", "transactional"),
        ("granted", "transactional", "transactional"),
        ("withdrawn", "subscribed", "transactional"),
    ]:
        values = {"consent": consent} if consent else {}
        decision = plan_pair(Pair(customer(**values)), spec("contact"))
        assert kind.payload(decision.after, "create", {"status_if_new": chosen})["status_if_new"] == becomes
    there = Pair(customer(consent="granted"), LinkState("1", {}, {}), member("transactional"))
    assert "consent" not in plan_pair(there, spec("contact")).after


def test_a_hundred_customers_keep_their_own_consent() -> None:
    pairs = []
    for place in range(100):
        values = {"email": f"p{place}@courriel.example", **({"consent": "none"} if 10 <= place < 40 else {})}
        twins = (member("unsubscribed", f"p{place}@courriel.example"),) if place < 10 else ()
        pairs.append(Pair(customer(str(place), **values), twins=twins))
    decisions = list(plan(pairs, spec("contact")))
    made = [item for item in decisions if item.action == "create"]
    kind = CONNECTOR.resource("members")
    statuses = [kind.payload(item.after, "create", {"status_if_new": "subscribed"})["status_if_new"] for item in made]
    assert len(made) == 90 and statuses.count("transactional") == 30
    assert sum(item.code == "QBMC-UNSUBSCRIBED" for item in decisions) == 10


@pytest.mark.parametrize(("choice", "second"), [("hold", "hold"), ("share", "follow")])
def test_two_customers_with_one_address_are_held_or_share_one_contact(choice: str, second: str) -> None:
    pairs = [Pair(customer("1")), Pair(customer("2", email="ANN@courriel.example"))]
    decisions = list(plan(pairs, spec("contact", shared_email=choice)))
    assert [item.action for item in decisions] == ["create", second]


def test_categories_are_no_products() -> None:
    item = Record("items", "5", {"name": "Tuiles", "kind": "category"})
    assert plan_pair(Pair(item), spec("product")).code == "QBMC-CATEGORY"
    assert (
        plan_pair(Pair(Record("items", "6", {"name": "Tuile", "kind": "service"})), spec("product")).action == "create"
    )


@pytest.mark.parametrize(
    ("values", "action", "code"),
    [
        ({}, "create", "new"),
        ({"status": "void", "total": Decimal(0), "tax_total": Decimal(0), "lines": []}, "skip", "QBMC-VOID"),
        ({"contact": None}, "skip", "QBMC-NO-CUSTOMER"),
        ({"currency": "USD"}, "hold", "QBMC-CURRENCY"),
        ({"total": Decimal("114.985")}, "hold", "AMOUNT-PRECISION"),
        ({"lines": [{"kind": "item", "amount": Decimal("100.005")}]}, "hold", "AMOUNT-PRECISION"),
        ({"total": Decimal("114.97")}, "hold", "LINES-DO-NOT-ADD-UP"),
        ({"total": Decimal("-5.00")}, "hold", "QBMC-NEGATIVE"),
    ],
)
def test_a_sale_that_cannot_go_says_why(values: Any, action: str, code: str) -> None:
    decision = plan_pair(Pair(invoice(**values)), spec("sale"))
    assert (decision.action, decision.code) == (action, code)


def test_foreign_sales_go_when_the_setting_lets_them() -> None:
    assert plan_pair(Pair(invoice(currency="USD")), spec("sale", foreign_currency="send")).action == "create"


def test_a_deleted_document_removes_its_order() -> None:
    gone = Record("invoices", "130", {}, gone=True)
    there = Record("orders", "invoice-130", {"total": Decimal("114.98")})
    assert plan_pair(Pair(gone, LinkState("1", {}, {}), there), spec("sale")).action == "remove"


@pytest.mark.row("M-22")
def test_a_changed_phone_and_a_paid_invoice_are_planned_alone() -> None:
    flow = spec("contact")
    first = plan_pair(Pair(customer()), flow)
    link = LinkState("1", first.sent, first.after)
    there = Record("members", "c1", {**first.after, "consent": "none"})
    assert plan_pair(Pair(customer(), link, there), flow).action == "none"
    changed = plan_pair(Pair(customer(phone="514 555-0111"), link, there), flow)
    assert changed.action == "update" and set(changed.after) == {"phone"}


# Settings, context, checks


def test_the_store_belongs_to_one_company_and_one_audience() -> None:
    left = {"account_id": "4620816365", "currency": "CAD", "country": "CA"}
    found = context({"audience": "ABC123"}, left, {})
    assert found["store"] == "qbo-4620816365-abc123" and found["currency"] == "CAD"
    assert "store" not in context({}, left, {}) and "store" not in context({"audience": "a"}, {}, {})


def test_the_audiences_fields_reach_the_connector() -> None:
    fields = [
        {"id": "FNAME", "facts": {"type": "text"}},
        {"id": "PHONE", "facts": {"type": "phone", "phone_format": "US"}},
    ]
    for told in (fields, {"abc": fields}):
        assert context({"audience": "abc"}, {}, {"merge_fields": told})["merge_tags"] == "FNAME:text,PHONE:phone_us"
    assert context({"audience": "abc", "merge_tags": "FNAME:text"}, {}, {})["merge_tags"] == "FNAME:text"


@pytest.mark.row("M-11")
@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({"status_if_new": "transactional"}, "ok"),
        ({"status_if_new": "subscribed"}, "blocker"),
        ({"consent_basis": "express", "consent_note": "case cochée", "consent_date": "hier"}, "blocker"),
        ({"consent_basis": "express", "consent_note": "case cochée", "consent_date": "2020-01-01"}, "ok"),
        ({"consent_basis": "implied", "consent_note": "achats", "consent_date": "2024-01-01"}, "blocker"),
        ({"consent_basis": "implied", "consent_note": "achats", "consent_date": "2026-01-01"}, "ok"),
    ],
)
def test_subscribing_needs_a_recorded_consent_that_has_not_ended(settings: dict[str, str], level: str) -> None:
    check = next(item for item in RECIPE.checks if item.code == "QBMC-CHECK-CONSENT")
    given = {"status_if_new": "subscribed", **settings}
    assert check.test({"today": "2026-11-21"}, given).level == level


def test_the_readiness_check_lists_just_what_is_missing() -> None:
    facts = {"left": {"currency": "CAD"}, "right": {"role": "author"}}
    levels = {item.code: item.test(facts, {"status_if_new": "transactional"}).level for item in RECIPE.checks}
    assert levels == {
        "QBMC-CHECK-AUDIENCE": "blocker",
        "QBMC-CHECK-STATUS": "ok",
        "QBMC-CHECK-CONSENT": "ok",
        "QBMC-CHECK-CURRENCY": "ok",
        "QBMC-CHECK-ROLE": "blocker",
    }


def test_settings_that_offer_choices_have_them_and_consent_is_asked_only_for_subscribed() -> None:
    for item in RECIPE.settings:
        assert item.kind != "choice" or item.choices or item.choices_from in {ref.key for ref in CONNECTOR.references}
        assert not item.default or not item.choices or item.default in dict(item.choices)
        assert (item.needs == ("status_if_new", "subscribed")) is item.key.startswith("consent_")


# Words


@pytest.mark.row("M-21")
def test_segments_automations_and_campaigns_are_explained_in_both_languages() -> None:
    topics = {topic.key: topic for topic in RECIPE.help}
    for key in ("segments", "automations", "campaigns"):
        assert len(topics[key].body.fr) > 200 and topics[key].links
    assert "notes de crédit" in topics["what-moves"].body.fr


@pytest.mark.row("M-20")
def test_the_next_steps_lead_to_campaigns_and_segments() -> None:
    addresses = " ".join(address for _, address in RECIPE.next_steps)
    assert "/campaigns/" in addresses and "/segments/" in addresses


@pytest.mark.row("M-27")
def test_disconnecting_says_its_four_effects_and_removes_the_store_alone() -> None:
    assert len(RECIPE.disconnect.effects) == 4
    assert RECIPE.disconnect.removes == ("shop",) and set(RECIPE.disconnect.carries) == {"sale", "product"}
