"""Addresses of calls stay short enough for a web server, whatever a page of orders names."""

from types import SimpleNamespace
from urllib.parse import urlencode

from connectors.magento import feeds

LONGEST = 8000  # letters of an address a common web server takes


class Shop:
    """A shop that answers a search by ids, and keeps the lengths of what it was asked."""

    def __init__(self):
        self.lengths, self.context = [], {}

    def get(self, path, query, **more):
        self.lengths.append(len(path) + len(urlencode(query)))
        ids = str(query["searchCriteria[filter_groups][0][filters][0][value]"]).split(",")
        after = int(query.get("searchCriteria[filter_groups][1][filters][0][value]", 0))
        size = int(query["searchCriteria[pageSize]"])
        left = sorted(int(one) for one in ids if int(one) > after)
        rows = [{"id": one, "sku": f"S-{one}", "name": "Chose"} for one in left[:size]]
        return {"items": rows, "total_count": len(left)}


def test_a_page_of_orders_that_sold_two_thousand_products_asks_in_lots():
    shop, stores = Shop(), SimpleNamespace(home=lambda row: row)
    named = {str(one): {"id": one} for one in range(1_000_000, 1_002_000)}
    found = feeds._sold(shop, named, stores)
    assert len(found) == 2000 and all(row["_sold"] for row in found)
    assert max(shop.lengths) < LONGEST


def test_a_page_that_sold_nothing_asks_nothing():
    shop = Shop()
    assert feeds._sold(shop, {}, SimpleNamespace(home=lambda row: row)) == []
    assert shop.lengths == []
