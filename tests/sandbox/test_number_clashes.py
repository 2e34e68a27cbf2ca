"""Numbers are tried in the books before the first document is written."""

import pytest

from bridge.jobs import integrations
from tests.sandbox.small_shop import buyer, cart, furnish, only, pair, sell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop(server, house):
    furnish(server)


def clash(integration):
    return [item for item in integrations.readiness(integration) if item.code == "NUMBER-CLASHES"]


def invoice(number):
    line = {
        "Amount": 10, "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }  # fmt: skip
    return {
        "Id": "7001",
        "DocNumber": number,
        "TxnDate": "2026-01-05",
        "CustomerRef": {"value": "9001"},
        "Line": [line],
    }


@pytest.mark.row("O-12")
def test_a_number_the_books_already_use_is_told_before_anything_is_written(house, server):
    order = only(sell(server, cart("CH-1", **buyer(1))))
    server.load("quickbooks", Customer=[{"Id": "9001", "DisplayName": "Zacharie Imaginé"}])
    server.load("quickbooks", Invoice=[invoice(f"Mag-{order['increment_id']}")])
    pair(house, {"number_prefix": "Mag-"})
    house.run(approve=False)
    found = only(clash(house.integration))
    assert found.params["count"] == 1
    assert found.params["number"] == f"Mag-{order['increment_id']}"


def test_another_prefix_ends_the_clash_and_a_long_one_is_told(house, server):
    sell(server, cart("CH-1", **buyer(1)))
    pair(house, {"number_prefix": "Mag-"})
    house.run(approve=False)
    assert clash(house.integration) == []
    house.integration.settings = {**house.integration.settings, "number_prefix": "Boutique-en-ligne-"}
    house.integration.save()
    assert "21" in only(clash(house.integration)).text.say("fr", **only(clash(house.integration)).params)


def test_numbers_the_books_give_themselves_cannot_clash(house, server):
    order = only(sell(server, cart("CH-1", **buyer(1))))
    server.load("quickbooks", Customer=[{"Id": "9001", "DisplayName": "Zacharie Imaginé"}])
    server.load("quickbooks", Invoice=[invoice(order["increment_id"])])
    pair(house, {"number": "books"})
    house.run(approve=False)
    assert clash(house.integration) == []
