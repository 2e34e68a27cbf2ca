"""A person at the stand-in's own screens: an order authorized, invoiced, paid, refunded, opened again; in both languages."""

from urllib.parse import urlencode

import pytest

from connectors.sandbox.shopmonkey.world import GARAGE
from tests.unit.sandbox.shopmonkey_desk import Desk, work


@pytest.fixture
def desk():
    desk = Desk()
    desk.load(
        "customers", {"id": "ann", "firstName": "Ann", "lastName": "<Lee>", "emails": [{"email": "a@example.com"}]}
    )
    desk.load("orders", {"id": "ord-1", "customerId": "ann", "services": [work("Freins", rate=1000000), work("Belt")]})
    desk.load("inventory_parts", {"number": "FR-1", "name": "Plaquettes", "quantity": 3, "retailCostCents": 8995})
    yield desk
    desk.close()


def see(desk, path="", language="en", status=200):
    answer = desk.send("GET", f"/app{path}", headers={"accept-language": language})
    assert answer.status == status, answer.body
    return answer.body.decode()


def do(desk, status=303, **form):
    answer = desk.send("POST", f"/app/{GARAGE}/orders/ord-1", urlencode(form).encode())
    assert answer.status == status, answer.body
    return answer


@pytest.mark.parametrize(("language", "orders", "total"), [
    ("en", "Orders", "$11,664.22"), ("fr", "Commandes", "11\u00a0664,22\u00a0$"),
])  # fmt: skip
def test_lists_show_what_is_there(language, orders, total, desk):
    assert "Garage Point-Mort" in see(desk, "", language)
    page = see(desk, f"/{GARAGE}/orders", language)
    assert orders in page and total in page and f'lang="{language}"' in page and "&lt;Lee&gt;" in page
    assert "a@example.com" in see(desk, f"/{GARAGE}/customers", language)
    assert "Plaquettes" in see(desk, f"/{GARAGE}/inventory_parts", language)
    assert "Plaquettes" not in see(desk, f"/{GARAGE}/inventory_parts?q=nothing", language)
    assert "Freins" in see(desk, f"/{GARAGE}/orders/ord-1", language)


def test_an_order_is_worked_by_hand_from_estimate_to_refund(desk):
    belt = desk.services("ord-1")[1]
    do(desk, do="decline", service=belt["id"])
    do(desk, do="authorize")
    do(desk, do="invoice")
    order = desk.read("ord-1")
    assert (order["status"], order["laborCents"]) == ("Invoice", 1000000)
    do(desk, do="pay", amount="1 000,50", means="Card")
    assert desk.read("ord-1")["paidCostCents"] == 100050
    do(desk, do="pay", amount="1,000.25", means="Card")
    assert desk.read("ord-1")["paidCostCents"] == 200075
    charge = desk.payments("ord-1")[0]
    do(desk, do="refund", charge=charge["id"])
    assert desk.read("ord-1")["paidCostCents"] == 100025
    do(desk, do="estimate")
    assert desk.read("ord-1")["status"] == "Estimate"
    do(desk, do="delete")
    page = see(desk, f"/{GARAGE}/orders/ord-1")
    assert desk.read("ord-1")["deleted"] is True and "Deleted" in page
    assert not any(f'value="{act}"' in page for act in ("invoice", "pay", "decline", "delete"))


@pytest.mark.parametrize("amount", ["", "x", "-5", "0", "NaN", "1e99", "Infinity", "--1"])
def test_an_amount_that_is_none_is_answered_with_a_word(amount, desk):
    assert b'role="alert"' in do(desk, 400, do="pay", amount=amount).body
    assert desk.read("ord-1")["paidCostCents"] == 0


def test_buttons_of_other_orders_and_strange_addresses_do_nothing(desk):
    desk.load("orders", {"id": "ord-2", "services": [work()], "pay": True})
    charge = desk.payments("ord-2")[0]
    for form in ({"do": "refund", "charge": charge["id"]}, {"do": "decline"}, {"do": "explode"}, {}):
        do(desk, 400, **form)
    assert desk.read("ord-2")["paid"] is True
    for path in ("/none", f"/{GARAGE}/robots", f"/{GARAGE}/orders/none", f"/{GARAGE}/orders/ord-1/x"):
        see(desk, path, status=404)
