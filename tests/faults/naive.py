"""Writers as they are written before anyone has pulled the plug: they show that the checker can see what goes wrong.

Both read the orders a plan has ready and create them under ids of their own making. Neither claims a change, sends a
key, or looks whether an order is there already. One notes a page after sending it, the other before.
"""

import contextlib
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

PAGE = 10


class Naive:
    """A session with the account, and the address its orders go to."""

    def __init__(self) -> None:
        import requests
        from django.conf import settings

        from bridge.hub.models import Connection

        connection = Connection.objects.get(vendor="mailchimp")
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {connection.grant['access_token']}"
        stores = f"{settings.BRIDGE_SANDBOX_URL}/mailchimp/3.0/ecommerce/stores"
        store = self.session.get(stores, timeout=10).json()["stores"][0]["id"]
        product = self.session.get(f"{stores}/{store}/products", timeout=10).json()["products"][0]["id"]
        self.url, self.product = f"{stores}/{store}/orders", str(product)

    def send(self, change: Any) -> bool:
        """Create one order. An error is a failure, says the naive writer, and will be tried again."""
        import requests

        amount = float(change.amount)
        line = {"id": "1", "product_id": self.product, "product_variant_id": self.product, "quantity": 1}
        body = {
            "id": uuid.uuid4().hex,
            "customer": {"id": "everyone", "email_address": "everyone@essai.example.com", "opt_in_status": False},
            "currency_code": "CAD",
            "order_total": amount,
            "tracking_number": change.source.number,
            "lines": [{**line, "price": amount}],
        }
        with contextlib.suppress(requests.RequestException):
            return bool(self.session.post(self.url, json=body, timeout=10).ok)
        return False


def _each_page(work: Callable[[Naive, Sequence[Any]], None]) -> None:
    from bridge.hub.models import Change

    naive = Naive()
    while True:
        ready = Change.objects.filter(resource="orders", state="ready").select_related("source")
        rows = list(ready.order_by("id")[:PAGE])
        if rows:
            work(naive, rows)
        time.sleep(0.01 if rows else 0.1)


def send_then_note() -> None:
    """Send a page, then note that it was sent."""
    from bridge.hub.models import Change

    def work(naive: Naive, rows: Sequence[Any]) -> None:
        done = [row.pk for row in rows if naive.send(row)]
        Change.objects.filter(pk__in=done).update(state="done")

    _each_page(work)


def note_then_send() -> None:
    """Note a page as sent, then send it."""
    from bridge.hub.models import Change

    def work(naive: Naive, rows: Sequence[Any]) -> None:
        Change.objects.filter(pk__in=[row.pk for row in rows]).update(state="done")
        for row in rows:
            naive.send(row)

    _each_page(work)
