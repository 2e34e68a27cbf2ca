"""QuickBooks with HubSpot: who goes, what a deal shows, which payments are noted."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bridge.engine.filters import check_tree, passes
from connectors.contract import ENTITIES, Made, Record, Ref
from connectors.recipes.quickbooks_hubspot import (
    CATALOGUE,
    RECIPE,
    context,
    newest_invoice,
    payment_note,
)


class Books:
    """What is known over there, as a recipe may ask."""

    def __init__(self, invoices: Iterable[Record] = (), deals: Iterable[Record] = (), twins: Any = None) -> None:
        self.invoices = {item.remote_id: item for item in invoices}
        self.deals, self.twins = list(deals), twins or {}

    def twin(self, ref: Ref) -> Record | None:
        return self.twins.get((ref.resource, ref.remote_id))

    def named(self, resource: str, remote_ids: Iterable[str]) -> list[Record]:
        return [self.invoices[name] for name in remote_ids if name in self.invoices]

    def naming(self, resource: str, ref: Ref) -> list[Record]:
        return [deal for deal in self.deals if ref in deal.values.get("invoices", ())]


def invoice(remote_id: str, day: int, source: str = "bridge", **more: Any) -> Record:
    values = {
        "number": f"10{remote_id}", "date": date(2026, 3, day), "due_date": date(2026, 4, day), "source": source,
        "total": Decimal("114.98"), "balance": Decimal("14.98"), "status": "partially_paid", "currency": "CAD",
    }  # fmt: skip
    return Record("invoices", remote_id, {**values, **more})


def deal(remote_id: str, *invoices: str, **more: Any) -> Record:
    return Record("deals", remote_id, {"invoices": [Ref("sale", "invoices", name) for name in invoices], **more})


@pytest.mark.row("H-32")
@pytest.mark.parametrize("order", [("1", "5"), ("5", "1")])
def test_a_deal_shows_the_newest_invoice_in_whatever_order_they_come(order: tuple[str, str]) -> None:
    known = Books([invoice("1", 1), invoice("5", 5, total=Decimal("20.00"))])
    made = newest_invoice(deal("7", *order), known, {})
    assert made.values["newest_date"] == date(2026, 3, 5)
    assert made.values["newest_number"] == "105"
    assert made.values["newest_total"] == Decimal("20.00")


def test_of_two_invoices_of_one_day_the_later_made_counts() -> None:
    made = newest_invoice(deal("7", "99", "100"), Books([invoice("99", 5), invoice("100", 5)]), {})
    assert made.values["newest_number"] == "10100"


@pytest.mark.row("H-29")
def test_a_deal_without_synced_invoices_is_left_alone_and_says_so() -> None:
    made = newest_invoice(deal("7", "2"), Books([invoice("2", 2, source="hubspot")]), {})
    assert (made.action, made.warnings[0][0]) == ("skip", "HSQB-DEAL-NO-INVOICE")


def test_a_deal_whose_last_invoice_was_taken_off_shows_none() -> None:
    made = newest_invoice(deal("7", newest_number="105"), Books(), {})
    assert made.action == "write"
    assert set(made.values.values()) == {None}


def payment(*paid: str) -> Record:
    applied = [{"kind": "Invoice", "document": Ref("sale", "invoices", name), "amount": Decimal(5)} for name in paid]
    values = {"date": date(2026, 3, 9), "total": Decimal("5.00"), "currency": "CAD", "method": "Visa", "number": "P9"}
    return Record("payments", "9", {**values, "applied": applied})


@pytest.mark.row("H-05")
def test_a_payment_is_noted_on_every_deal_of_its_invoices() -> None:
    twins = {("invoices", "41"): invoice("1", 1), ("invoices", "42"): invoice("5", 5)}
    known = Books(deals=[deal("70", "1"), deal("71", "1", "5"), deal("72", "9")], twins=twins)
    made = payment_note(payment("41", "42"), known, {})
    assert made.values["deal_ids"] == ["70", "71"]
    assert made.values["memo"] == "101, 105"
    assert (made.values["total"], made.values["method"]) == (Decimal("5.00"), "Visa")


@pytest.mark.row("H-29")
@pytest.mark.parametrize(
    ("twins", "code"),
    [({}, "HSQB-PAYMENT-NO-INVOICE"), ({("invoices", "41"): invoice("1", 1)}, "HSQB-NO-DEAL")],
)
def test_a_payment_without_a_deal_says_why_it_is_not_noted(twins: Any, code: str) -> None:
    made = payment_note(payment("41"), Books(twins=twins), {})
    assert (made.action, made.warnings[0][0]) == ("skip", code)


def test_every_reason_has_its_words() -> None:
    known = {item.code for item in CATALOGUE}
    named = {item.code for flow in RECIPE.flows for item in flow.exclusions if item.code.startswith("HSQB-")}
    named |= {"HSQB-DEAL-NO-INVOICE", "HSQB-NO-DEAL", "HSQB-PAYMENT-NO-INVOICE"}
    assert named == known


def test_recommended_filters_are_filters_of_their_flow() -> None:
    presets = [(flow.entity, preset) for flow in RECIPE.flows for preset in flow.presets]
    assert {entity for entity, _ in presets} == {"contact", "product", "sale"}
    for entity, preset in presets:
        assert check_tree(dict(preset.tree), entity) == []
        assert check_tree(dict(preset.back), entity) == []
        assert preset.direction in RECIPE.flow(entity).directions


@pytest.mark.row("H-24")
def test_either_an_invoice_made_in_hubspot_or_a_payment_lets_a_contact_in() -> None:
    tree = RECIPE.flow("contact").presets[0].back
    with_invoice = {"sales": [{"source": "bridge"}, {"source": "hubspot"}], "payments": []}
    with_payment = {"sales": [], "payments": [{"created_at": date(2026, 3, 1)}]}
    neither = {"sales": [{"source": "bridge"}], "payments": [{"created_at": None}]}
    assert passes(tree, with_invoice)
    assert passes(tree, with_payment)
    assert not passes(tree, neither)
    assert not passes(tree, {})


@pytest.mark.row("H-25")
def test_invoices_go_one_way_only() -> None:
    assert RECIPE.flow("sale").directions == ("right",)


def test_rules_name_fields_of_their_entity() -> None:
    for flow in RECIPE.flows:
        names = {item.name for item in ENTITIES[flow.entity]}
        assert {rule.source for rule in flow.rules} | {rule.target for rule in flow.rules} <= names


def test_made_values_are_fields_of_their_entity() -> None:
    names = {item.name for item in ENTITIES["deal"]}
    made: Made = newest_invoice(deal("7", "1"), Books([invoice("1", 1)]), {})
    assert set(made.values) <= names


@pytest.mark.row("H-07")
@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ({"environment": "vendor_sandbox"}, {"account_type": "STANDARD"}, "blocker"),
        ({"environment": "vendor_sandbox"}, {"account_type": "DEVELOPER_TEST"}, "ok"),
        ({"environment": "live"}, {"account_type": "STANDARD"}, "ok"),
        ({"environment": "local_sandbox"}, {"account_type": "STANDARD", "environment": "local_sandbox"}, "ok"),
    ],
)
def test_a_test_company_never_meets_a_live_account(left: Any, right: Any, level: str) -> None:
    check = next(item for item in RECIPE.checks if item.code == "HSQB-CHECK-SANDBOX")
    assert check.test({"left": left, "right": right}, {}).level == level


@pytest.mark.row("H-08")
def test_custom_numbers_are_warned_about() -> None:
    check = next(item for item in RECIPE.checks if item.code == "HSQB-CHECK-NUMBERS")
    assert check.test({"left": {"custom_numbers": True}, "right": {}}, {}).level == "warning"
    assert check.test({"left": {"custom_numbers": False}, "right": {}}, {}).level == "ok"


@pytest.mark.row("H-06")
def test_a_missing_right_is_named_before_any_data_moves() -> None:
    check = next(item for item in RECIPE.checks if item.code == "HSQB-CHECK-SCOPES")
    found = check.test({"left": {}, "right": {"missing_scopes": ["crm.objects.invoices.write"]}}, {})
    assert found.level == "blocker"
    assert found.params["scopes"] == "crm.objects.invoices.write"


def test_bodies_learn_whose_ids_ours_are() -> None:
    found = context({"note_language": "en"}, {"account_id": "4620", "currency": "CAD"}, {"currency": "CAD"})
    assert found["realm"] == "4620"
    assert found["language"] == "en"
    assert found["currencies"] == "CAD"
