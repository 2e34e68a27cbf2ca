"""A shop's record explains itself, although its writes go to the books."""

from decimal import Decimal

import pytest
from django.urls import reverse

from bridge.hub.models import Record
from bridge.jobs.explain import why
from tests.sandbox.small_shop import buyer, cart, furnish, only, pair, sell, synced
from tests.sandbox.small_world import words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop(server, house):
    furnish(server)


def told(order):
    return Record.objects.get(resource="orders", remote_id=str(order["entity_id"]))


def test_an_order_says_what_the_next_run_would_do_with_it(house, server):
    order = only(sell(server, cart("CH-1", **buyer(1))))
    pair(house)
    waiting = house.run(approve=False)
    integration, decision = only(why(told(order)).next)
    assert (integration, decision.action) == (house.integration, "create")
    assert Decimal(decision.after["total"]) == Decimal(str(order["grand_total"]))
    house.finish(waiting)
    assert only(why(told(order)).next)[1].action == "none"


def test_a_held_order_says_so_with_amounts_as_its_reader_writes_them(house, server, client):
    order = only(sell(server, cart("CH-1", surcharge="3.50", **buyer(1))))
    pair(house)
    synced(house, state="held")
    house.ann.language = "fr"
    house.ann.save()
    client.force_login(house.ann)
    page = words(client.get(reverse("admin:record", args=[told(order).pk])))
    assert "3,50 reste inexpliqué" in page
    assert "3.50" not in page.split("Telle que le fournisseur")[0]
