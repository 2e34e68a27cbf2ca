"""The recipe of a garage as plain data and functions."""

from datetime import date
from decimal import Decimal

import pytest

from bridge import registry
from bridge.engine.model import CannotMap
from bridge.engine.posting import Books, TaxCode, policy, post_payment, post_sale
from bridge.engine.posting.sheet import LINE_KINDS, unmapped_code
from connectors.contract import Ref
from connectors.recipes.quickbooks_shopmonkey import LINES, RECIPE
from connectors.recipes.sales_values import seen_kinds, seen_paid, seen_store

ORDER, CLIENT = Ref("sale", "orders", "o1"), Ref("contact", "customers", "c1")
BOOKS = Books(
    home_currency="CAD", country="CA", linked={("customers", "c1"): ("customers", "7")},
    tax_codes={"1": TaxCode((("11", Decimal(5)),)), "4": TaxCode()},
)  # fmt: skip
SETTINGS = {"items_by": "kind", "language": "en"}
MAPS = {
    "line_kind": {kind: f"item-{kind}" for kind in LINE_KINDS},
    "tax": {"GST 5%": "1", "none": "4"},
    "payment_method": {"Cash": "3"},
}


def line(kind, amount="100.00", **more):
    tax = Decimal(amount) * 5 / 100
    return {"id": kind, "kind": kind, "name": kind, "quantity": Decimal(1), "unit_price": Decimal(amount),
            "amount": Decimal(amount), "discount": Decimal(0), "tax_amount": tax,
            "taxes": [{"code": "GST 5%", "title": "GST", "percent": Decimal(5), "amount": tax}], **more}  # fmt: skip


def sale(*lines, **more):
    net = sum((item["amount"] for item in lines), Decimal(0))
    tax = sum((item["tax_amount"] for item in lines), Decimal(0))
    return {"number": "1001", "date": date(2026, 11, 3), "status": "invoice", "contact": CLIENT, "currency": "CAD",
            "total": net + tax, "subtotal": net, "tax_total": tax, "lines": list(lines), **more}  # fmt: skip


def posted(told, settings=None, maps=MAPS, books=BOOKS):
    return post_sale(told, policy({**SETTINGS, **(settings or {})}, maps), books)


def test_the_recipe_fits_its_connectors_and_each_of_its_codes_is_explained():
    assert registry.problems() == []
    codes = [item.code for flow in registry.flows_of(RECIPE) for item in flow.exclusions]
    codes += [item.code for item in RECIPE.checks] + [unmapped_code(kind) for kind in LINES]
    assert [code for code in codes if code not in registry.catalogue()] == []


def test_the_seven_kinds_have_the_names_and_types_the_vendor_suggests():
    told = {wanted.name: wanted.kind for wanted in LINES.values()}
    assert told.pop("Shopmonkey Labor") == "service"
    assert set(told) == {
        f"Shopmonkey {name}" for name in ("Part", "Tire", "Subcontract", "EPA", "Shop Supplies", "Fees")
    }
    assert set(told.values()) == {"non_inventory"} and set(LINES) == set(LINE_KINDS)


def test_the_steps_stand_in_the_vendors_order_and_only_the_import_is_optional():
    assert [step.key for step in RECIPE.guide] == ["connect", "items", "tax_agency", "map", "import"]
    assert [step.key for step in RECIPE.guide if step.optional] == ["import"]
    assert all(step.link is None or step.link[1].startswith("https://") for step in RECIPE.guide)


@pytest.mark.parametrize("kind", sorted(LINE_KINDS))
def test_a_line_goes_to_the_item_of_its_kind(kind):
    (found,) = posted(sale(line(kind))).values["lines"]
    assert found["item_id"] == f"item-{kind}"


@pytest.mark.parametrize("kind", sorted(LINE_KINDS))
def test_a_kind_without_an_item_holds_and_names_it_in_both_languages(kind):
    maps = {**MAPS, "line_kind": {name: item for name, item in MAPS["line_kind"].items() if name != kind}}
    with pytest.raises(CannotMap) as told:
        posted(sale(line(kind)), maps=maps)
    assert (told.value.code, told.value.params["map"], told.value.params["key"]) == (
        unmapped_code(kind),
        "line_kind",
        kind,
    )
    what = registry.catalogue()[told.value.code].what
    assert LINE_KINDS[kind][0] in what.en and LINE_KINDS[kind][1] in what.fr


def test_linked_parts_are_the_item_they_are_and_others_the_item_of_their_kind():
    books = Books(**{**{name: getattr(BOOKS, name) for name in ("home_currency", "country", "linked", "tax_codes")},
                     "item_skus": {"FR-1": ("77",), "FR-2": ("78", "79")}})  # fmt: skip
    lines = [line("part", sku="FR-1"), line("part", sku="FR-2"), line("labor", sku="FR-1")]
    items = [item["item_id"] for item in posted(sale(*lines), {"linked_items": "yes"}, books=books).values["lines"]]
    assert items == ["77", "item-part", "item-labor"]
    items = [item["item_id"] for item in posted(sale(*lines), books=books).values["lines"]]
    assert items == ["item-part", "item-part", "item-labor"]


def test_a_walk_in_is_the_one_customer_chosen_for_them_or_held():
    told = sale(line("labor"), contact=None)
    with pytest.raises(CannotMap) as error:
        posted(told)
    assert error.value.code == "CUSTOMER-NOT-TOLD"
    assert posted(told, {"generic_customer_id": "900"}).values["contact_id"] == "900"


def payment(settings, books=BOOKS):
    told = {"number": "P-1", "date": date(2026, 11, 1), "contact": CLIENT, "sale": ORDER, "currency": "CAD",
            "total": Decimal(50), "method": "Cash"}  # fmt: skip
    return post_payment(told, {"number": "1001", "total": Decimal(105), "currency": "CAD"},
                        policy({**SETTINGS, **settings}, MAPS), books)  # fmt: skip


def test_a_deposit_waits_or_goes_unapplied_as_the_setting_says():
    with pytest.raises(CannotMap) as told:
        payment({})
    assert told.value.code == "PARENT-MISSING"
    found = payment({"deposits": "unapplied"})
    assert found.values["applied"] == []
    assert found.warnings[0] == ("DEPOSIT-UNAPPLIED", {"parent_key": "orders:o1"})
    there = Books(**{**{name: getattr(BOOKS, name) for name in ("home_currency", "country", "tax_codes")},
                     "linked": {**BOOKS.linked, ("orders", "o1"): ("invoices", "9")}})  # fmt: skip
    assert payment({"deposits": "unapplied"}, there).values["applied"] == [{"document": ORDER, "amount": Decimal(50)}]


REASONS = {(flow.entity, item.code): item for flow in RECIPE.flows for item in flow.exclusions}


@pytest.mark.parametrize(
    ("entity", "code", "source", "target", "applies"),
    [
        ("sale", "QBSM-NOT-INVOICED", {"status": "estimate"}, None, True),
        ("sale", "QBSM-NOT-INVOICED", {"status": "invoice"}, None, False),
        ("sale", "QBSM-REOPENED", {"status": "estimate"}, {}, True),
        ("sale", "QBSM-REOPENED", {"status": "invoice"}, {}, False),
        ("sale", "QBSM-REOPENED", {"status": "estimate"}, None, False),
        ("sale", "QBSM-MIGRATED", {"source": "imported"}, None, True),
        ("sale", "BEFORE-START", {"date": date(2025, 12, 31)}, None, True),
        ("sale", "BEFORE-START", {"date": date(2026, 1, 1)}, None, False),
        ("payment", "QBSM-TRANSFER", {"kind": "transfer"}, None, True),
        ("payment", "QBSM-PROCESSING", {"status": "processing"}, None, True),
        ("payment", "QBSM-PROCESSING", {"status": "succeeded"}, None, False),
        ("contact", "QBSM-NOT-BILLED", {"sales": [{"status": "estimate"}]}, None, True),
        ("contact", "QBSM-NOT-BILLED", {"sales": [{"status": "invoice"}]}, None, False),
        ("stock_level", "QBSM-STOCK-UNLINKED", {}, {}, True),
    ],
)
def test_who_stays_out_and_why(entity, code, source, target, applies):
    found = REASONS[entity, code].test(source, target, {"orders_since": "2026-01-01", "linked_items": "no"})
    assert (found is not None) == applies


def test_the_plan_of_the_books_must_be_plus_or_higher_and_an_unknown_one_is_not_refused():
    check = next(item for item in RECIPE.checks if item.code == "QBSM-CHECK-PLAN")
    told = {plan: check.test({"left": {"plan": plan}}, {}).level for plan in
            ("QuickBooks Online Plus", "QuickBooks Online Advanced", "QuickBooks Online Essentials", "")}  # fmt: skip
    assert list(told.values()) == ["ok", "ok", "blocker", "ok"] and check.first


def test_an_import_writes_nothing_over_what_the_garage_has_and_never_the_books():
    for item in RECIPE.imports:
        assert item.flow.directions == ("right",) and item.flow.removes == "never" and item.columns
        assert {rule.toward for rule in item.flow.rules} == {"right"}
        assert {rule.on_conflict for rule in item.flow.rules if rule.when == "always"} == {"target"}


def test_values_seen_in_sales_are_those_that_are_mapped():
    told = sale(line("labor"), line("labor"), line("tire"), store="s1", location="Trois-Rivières")
    assert {item.key for item in seen_kinds(told)} == {"labor", "tire"}
    assert [tuple(item)[:2] for item in seen_store(told)] == [("s1", "Trois-Rivières")]
    assert [item.key for item in seen_paid({"total": Decimal(5)})] == ["none"]
