"""A client with figures one can check by hand, in November 2026."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bridge.hub.models import Change, Connection, Integration, Membership, Organization, Report, User
from bridge.jobs import reports
from bridge.jobs.reports_data import Told
from bridge.jobs.reports_gather import gather
from tests import factories

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


@dataclass
class Books:
    """One client: three orders of which two are in the books, one of these with another amount; one more waits."""

    organization: Organization
    pair: Integration
    manager: User
    word: str = "Ptarmigan"  # that stands in this client's data only

    def told(self, kind: str = "month", now: datetime = NOON) -> Told:
        """Return the figures of November as of an instant."""
        return gather(self.organization, kind, FIRST, LAST, now)

    def kept(self) -> Report:
        """Return a made report of November."""
        report = reports.ask(self.organization, FIRST, LAST, self.manager)
        assert reports.make(report.pk) == "made"
        report.refresh_from_db()
        return report


def paper(pair: Integration, side: str, number: str, amount: str, **more: Any) -> Any:
    """Return a document of November on one side: an order on the left, an invoice on the right."""
    at = getattr(pair, side)
    return factories.record(
        at, "invoices" if side == "left" else "orders", number=number, name=f"Document {number}",
        **{"date": date(2026, 11, 10), "amount": Decimal(amount), "currency": "CAD", **more},
    )  # fmt: skip


def furnish(name: str = "Atelier Inventé", word: str = "Ptarmigan") -> Books:
    """Make the client."""
    owner = factories.organization(name=name, currency="CAD", owner=factories.staff())
    pair = factories.integration(owner, last_good_at=NOON, automatic=True)
    Connection.objects.filter(pk=pair.left_id).update(account_name=f"Livres {word}")
    Connection.objects.filter(pk=pair.right_id).update(account_name=f"=Boutique {word}")
    pair.refresh_from_db()
    run = factories.run(pair, state="done", finished_at=NOON)
    for number, there in (("1", "1234.50"), ("2", "90.00")):
        source, target = (
            paper(pair, "left", number, "1234.50" if number == "1" else "100"),
            paper(pair, "right", number, there),
        )
        factories.link(pair, source, target, entity="sale")
        factories.change(
            run, entity="sale", action="create", source=source, target=target, title=f"Order {number}",
            amount=source.amount, currency="CAD", state="done", settled_at=NOON,
        )  # fmt: skip
    held = paper(pair, "left", "3", "50")
    factories.change(
        run, entity="sale", source=held, title=f"=HYPERLINK({word})", amount=Decimal(50), currency="CAD", state="held",
        code="TAX-UNMAPPED", params={"key": "TPS", "map": "tax"},
    )  # fmt: skip
    factories.change(run, entity="contact", action="update", state="done", settled_at=NOON)
    factories.change(run, entity="contact", action="link", state="done", settled_at=NOON)
    manager = factories.client_person(owner, first_name="Carla", last_name="Fictive", language="fr")
    Membership.objects.filter(user=manager).update(role="manager")
    Change.objects.filter(integration=pair).update(created_at=NOON)
    return Books(owner, pair, manager, word)


@pytest.fixture
def books() -> Books:
    """The client of Carla."""
    return furnish()


@pytest.fixture
def carla(client: Client, books: Books) -> Client:
    """Her manager, signed in; she reads French."""
    client.force_login(books.manager)
    return client


@pytest.fixture(autouse=True)
def quick(settings):
    """What pages keep for a while is kept in memory, anew for each test."""
    from django.core.cache import cache

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.BRIDGE_BASE_URL = "https://bridge.example"
    cache.clear()
