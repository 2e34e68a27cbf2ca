"""Taxes one by one: the shop's rates and the books' are told under the same words, by what the taxes are mapped to."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from bridge.hub.models import Connection, Flow, Integration, ReferenceList, ValueMap
from bridge.jobs import totals
from tests import corner_shop, factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 5)
RATES = [{"id": "1", "name": "TPS", "percent": 5}, {"id": "2", "name": "TVQ", "percent": 9.975}]


@pytest.fixture
def pair(monkeypatch, settings):
    """A shop whose two taxes are one code of the books."""
    with corner_shop.open_shop(monkeypatch, settings):
        owner = factories.organization()
        left = factories.connection(owner, "corner_shop")
        right = factories.connection(owner, "quickbooks", facts={"currency": "CAD", "country": "CA"})
        made = Integration.objects.create(
            organization=owner, recipe="corner_shop_money", left=left, right=right, state="active"
        )
        for entity in ("sale", "refund"):
            Flow.objects.create(integration=made, entity=entity, direction="right")
        ReferenceList.objects.create(
            connection=right, key="tax_codes", read_at=factories.hours_ago(1),
            choices=[{"id": "9", "label": "TPS/TVQ", "facts": {"rates": RATES}}],
        )  # fmt: skip
        ValueMap.objects.create(
            integration=made, kind="tax", source_key="QC-TPS+QC-TVQ", target_id="9", confirmed=True,
            facts={"percents": [5, Decimal("9.975")]},
        )  # fmt: skip
        yield made


def sold(pair, number, tps="5.00", tvq="9.98"):
    """An order of the shop and its receipt in the books; the books' own rates are given beside."""
    tax = Decimal(tps) + Decimal(tvq)
    total = 100 + tax
    taxes = [
        {"code": "QC-TPS", "percent": "5", "title": "TPS", "amount": "5.00"},
        {"code": "QC-TVQ", "percent": "9.975", "title": "TVQ", "amount": "9.98"},
    ]
    order = {**corner_shop.order(number, day=DAY.isoformat()), "taxes": taxes}
    receipt = {
        "Id": str(number), "TxnDate": DAY.isoformat(), "TotalAmt": total, "DocNumber": f"W-{number}", "Line": [],
        "TxnTaxDetail": {
            "TotalTax": tax,
            "TaxLine": [
                {"Amount": Decimal(amount), "TaxLineDetail": {"TaxRateRef": {"value": rate}}}
                for rate, amount in (("1", tps), ("2", tvq))
            ],
        },
    }  # fmt: skip
    said = {"number": f"W-{number}", "date": DAY, "currency": "CAD"}
    one = factories.record(pair.left, "orders", document=order, amount=Decimal("114.98"), tax=Decimal("14.98"), **said)
    other = factories.record(pair.right, "sales_receipts", document=receipt, amount=total, tax=tax, **said)
    factories.link(pair, one, other, entity="sale")


def month(pair):
    found = totals.month(pair, 2026, 10)
    return found, {row.tax: (row.left, row.right) for row in found.taxes}


def test_each_tax_has_one_word_and_both_sides_sums(client, pair):
    sold(pair, 1)
    sold(pair, 2)
    found, taxes = month(pair)
    assert found.even
    assert taxes == {"TPS": (Decimal("10.00"),) * 2, "TVQ": (Decimal("19.96"),) * 2}
    client.force_login(factories.staff())
    page = client.get(reverse("admin:reconciliation", args=[pair.pk], query={"month": "2026-10"})).content.decode()
    assert "Taxes one by one" in page and page.count("$19.96") == 2


def test_the_right_sum_under_the_wrong_taxes_is_named(pair):
    sold(pair, 1, "9.98", "5.00")
    found, _ = month(pair)
    assert [item.code for item in found.differences] == ["RECON-RATES"]


def test_books_that_find_the_rates_themselves_are_not_asked_for_them(client, pair):
    sold(pair, 1, "9.98", "5.00")
    Connection.objects.filter(pk=pair.right_id).update(facts={"currency": "CAD", "automated_tax": True})
    pair.refresh_from_db()
    found, taxes = month(pair)
    assert found.even and set(taxes) == {""}
    client.force_login(factories.staff())
    page = client.get(reverse("admin:reconciliation", args=[pair.pk], query={"month": "2026-10"})).content.decode()
    assert "Taxes one by one" not in page


def test_a_document_that_cannot_be_read_leaves_the_others_taxes_told(pair):
    sold(pair, 1)
    one = factories.record(
        pair.left, "orders", document={"taxes": 1}, number="W-9", date=DAY, currency="CAD", amount=Decimal(5),
        tax=Decimal(1),
    )  # fmt: skip
    assert one.pk
    _, taxes = month(pair)
    assert taxes["TPS"] == (Decimal("5.00"),) * 2 and taxes[""] == (Decimal("1"), Decimal(0))


def test_an_order_and_a_refund_of_one_number_are_kept_apart(pair):
    """Shops number both from 1; what only the books have is not taken for the other kind."""
    said = {"number": "1", "date": DAY, "currency": "CAD", "amount": Decimal(10)}
    factories.record(pair.left, "orders", **said)
    factories.record(pair.left, "returns", **said)
    factories.record(pair.right, "sales_receipts", **said)
    found = totals.reconciliation(pair)
    assert [(item.kind, item.left.kind) for item in found.differences] == [("refund", "returns")]
