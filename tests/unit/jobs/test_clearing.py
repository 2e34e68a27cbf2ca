"""Clearing accounts: what payments should have put into each is held against what the books have there."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from bridge.hub.models import Flow, Integration, ReferenceList, ValueMap
from bridge.jobs import clearing
from tests import corner_shop, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(monkeypatch, settings):
    """A shop that takes cards and PayPal, each with an account of its own."""
    with corner_shop.open_shop(monkeypatch, settings):
        owner = factories.organization()
        left = factories.connection(owner, "corner_shop")
        right = factories.connection(owner, "quickbooks", facts={"currency": "CAD"})
        made = Integration.objects.create(
            organization=owner, recipe="corner_shop_money", left=left, right=right, state="active"
        )
        for entity in ("sale", "payment", "refund"):
            Flow.objects.create(integration=made, entity=entity)
        for key, account in (("card", "35"), ("paypal", "36")):
            ValueMap.objects.create(
                integration=made, kind="payment_method", source_key=key, target_id=account, confirmed=True
            )
        yield made


def taken(pair, number, method, total, day=5, resource="captures", **more):
    """A payment the shop took, or a refund it made."""
    on = date(2026, 10, day)
    document = {
        "id": number, "number": number, "date": on.isoformat(), "total": total, "currency": "CAD", "method": method,
        "order": f"o{number}", **more,
    }  # fmt: skip
    return factories.record(pair.left, resource, number=number, date=on, amount=Decimal(total), document=document)


def booked(pair, number, account, total, day=5, resource="payments"):
    """What the books have for it."""
    on = date(2026, 10, day)
    document = {
        "Id": number, "TxnDate": on.isoformat(), "TotalAmt": Decimal(total), "PaymentRefNum": number,
        "DocNumber": number, "DepositToAccountRef": {"value": account}, "Line": [],
    }  # fmt: skip
    return factories.record(pair.right, resource, number=number, date=on, amount=Decimal(total), document=document)


def both(pair, number, method, account, total, entity="payment", resources=("captures", "payments")):
    one, other = (
        taken(pair, number, method, total, resource=resources[0]),
        booked(pair, number, account, total, resource=resources[1]),
    )
    factories.link(pair, one, other, entity=entity)
    return one, other


def accounts(pair):
    return {item.account: item for item in clearing.accounts(pair, 2026, 10)}


@pytest.mark.row("O-31")
def test_each_methods_money_is_expected_and_booked_in_its_own_account(pair):
    both(pair, "P-1", "card", "35", "114.98")
    both(pair, "P-2", "paypal", "36", "20.00")
    both(pair, "R-1", "card", "35", "14.98", "refund", ("returns", "refund_receipts"))
    found = accounts(pair)
    assert (found["35"].expected, found["35"].booked) == (Decimal("100.00"), Decimal("100.00"))
    assert (found["36"].expected, found["36"].booked) == (Decimal("20.00"), Decimal("20.00"))
    assert not any(item.strays for item in found.values())


def test_what_is_not_booked_booked_elsewhere_or_a_cent_off_is_named(pair):
    taken(pair, "P-1", "card", "10")
    both(pair, "P-2", "card", "36", "20")
    both(pair, "P-3", "paypal", "36", "30")
    one, other = both(pair, "P-4", "card", "35", "40")
    other.document = {**other.document, "TotalAmt": Decimal("40.01")}
    other.save()
    booked(pair, "P-5", "35", "5")  # the books' own business, in an account of ours
    booked(pair, "P-6", "77", "5")  # and in another one
    found = accounts(pair)
    strays = {(item.account, stray.kind, stray.amount) for item in found.values() for stray in item.strays}
    assert strays == {
        ("35", "missing", Decimal("10")),
        ("35", "account", Decimal("20")),
        ("36", "account", Decimal("-20")),
        ("35", "amount", Decimal("-0.01")),
    }
    assert all(item.unexplained == 0 for item in found.values())
    assert (found["35"].others_count, found["35"].others) == (1, Decimal("5")), "counted, and held against nothing"
    assert "77" not in found


def test_what_is_booked_twice_for_one_payment_is_ours_and_is_named(pair):
    both(pair, "P-1", "card", "35", "10")
    again = booked(pair, "P-1b", "35", "10")
    again.document = {**again.document, "PaymentRefNum": "P-1"}
    again.save()
    found = accounts(pair)["35"]
    assert [(stray.kind, stray.amount) for stray in found.strays] == [("doubled", Decimal("-10"))]
    assert (found.others_count, found.unexplained) == (0, 0)


def test_the_page_says_what_others_booked_in_an_account(client, pair):
    client.force_login(factories.staff())
    sale = factories.record(
        pair.left, "orders", date=date(2026, 10, 5), amount=Decimal("10"), number="W-1", currency="CAD"
    )
    assert sale.pk
    both(pair, "P-1", "card", "35", "10")
    booked(pair, "X-1", "35", "7.25")
    page = client.get(reverse("admin:reconciliation", args=[pair.pk], query={"month": "2026-10"})).content.decode()
    assert "1 by others: $7.25" in page and "Booked, not expected" not in page


def test_a_method_without_an_account_is_money_nobody_chose_a_place_for(pair):
    taken(pair, "P-1", "cheque", "10")
    assert accounts(pair)[""].expected == Decimal("10")


def test_a_credit_moves_no_money_and_a_refund_of_the_gateway_does(pair):
    taken(pair, "R-1", "card", "10", resource="returns", online=False)
    taken(pair, "R-2", "card", "4", resource="returns", online=True)
    assert accounts(pair)["35"].expected == Decimal("-4")


def test_a_payment_booked_with_its_sale_goes_by_the_sale(pair):
    taken(pair, "P-1", "card", "10")
    sale = factories.record(
        pair.left, "orders", remote_id="oP-1", document=corner_shop.order(1), date=date(2026, 10, 5)
    )
    receipt = booked(pair, "S-1", "35", "10", resource="sales_receipts")
    factories.link(pair, sale, receipt, entity="sale")
    found = accounts(pair)["35"]
    assert (found.expected, found.booked, found.strays) == (Decimal("10"), Decimal("10"), ())


def test_without_payments_of_their_own_the_sales_say_how_they_were_paid(pair):
    pair.flows.filter(entity="payment").update(is_on=False)
    sale = factories.record(
        pair.left, "orders", date=date(2026, 10, 5), amount=Decimal("114.98"),
        document=corner_shop.order(1, "paypal", day="2026-10-05"),
    )  # fmt: skip
    factories.link(pair, sale, booked(pair, "S-1", "36", "114.98", resource="sales_receipts"), entity="sale")
    found = accounts(pair)["36"]
    assert (found.expected, found.booked, found.strays) == (Decimal("114.98"), Decimal("114.98"), ())


def test_an_integration_that_records_no_payments_has_no_clearing_accounts(pair):
    both(pair, "P-1", "card", "35", "10")
    Integration.objects.filter(pk=pair.pk).update(settings={"payments": "off"})
    pair.refresh_from_db()
    assert clearing.accounts(pair, 2026, 10) == ()


def test_the_page_shows_them_by_name_with_what_is_off(client, pair):
    client.force_login(factories.staff())
    rows = [{"id": "35", "label": "Cartes à recevoir"}]
    ReferenceList.objects.create(
        connection=pair.right, key="payment_methods", choices=rows, read_at=factories.hours_ago(1)
    )
    factories.record(pair.left, "orders", date=date(2026, 10, 5), amount=Decimal("10"), number="W-1", currency="CAD")
    lost = taken(pair, "P-9", "card", "10")
    page = client.get(reverse("admin:reconciliation", args=[pair.pk], query={"month": "2026-10"})).content.decode()
    assert "Cartes à recevoir (35)" in page and "Not booked – " in page
    assert reverse("admin:record", args=[lost.pk]) in page
