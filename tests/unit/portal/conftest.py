"""Two clients that know nothing of each other, each with something of every kind, and people in every role."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bridge.hub.models import (
    Candidate,
    Comment,
    Connection,
    Integration,
    Membership,
    Organization,
    Question,
    Report,
    User,
)
from bridge.jobs import activity, reports
from tests import factories

TODAY = factories.today()


@dataclass
class Place:
    """One client with rows of every kind."""

    organization: Organization
    integration: Integration
    connection: Connection
    question: Question
    member: Membership
    report: Report
    secret: str  # a word that stands in this client's data only

    def ids(self) -> dict[str, Any]:
        """Return a value of each argument an address of the portal can have."""
        return {
            "organization": self.organization.pk,
            "integration": self.integration.pk,
            "public_id": self.connection.public_id,
        }


def furnish(name: str, secret: str) -> Place:
    """Make a client: a pair, documents on both sides, what moved, what waits, a question, a comment, people."""
    owner = factories.organization(name=name, currency="CAD")
    pair = factories.integration(
        owner, recipe="quickbooks_magento", right=factories.connection(owner, "magento"),
        last_good_at=timezone.now(), automatic=True,
    )  # fmt: skip
    Connection.objects.filter(pk=pair.left_id).update(account_name=f"Books {secret}", connected_at=timezone.now())
    Connection.objects.filter(pk=pair.right_id).update(account_name=f"Letters {secret}")
    pair.refresh_from_db()
    jane = factories.record(pair.left, "customers", name=f"Jane {secret}", name_key=f"jane {secret}".lower())
    run = factories.run(pair, state="done", finished_at=timezone.now())
    sent = document(pair, "left", f"{secret}-1", "100.00", party=jane.remote_id)
    twin = document(pair, "right", f"{secret}-1", "90.00")
    factories.link(pair, sent, twin, entity="sale")
    factories.change(
        run, entity="sale", source=sent, target=twin, title=f"Invoice {secret}", amount=Decimal("100"), currency="CAD",
        state="done", settled_at=timezone.now(), approved_by=factories.staff(), approved_at=timezone.now(),
    )  # fmt: skip
    held = document(pair, "left", f"{secret}-2", "50.00", party=jane.remote_id)
    factories.change(
        run, entity="sale", source=held, title=f"Held {secret}", amount=Decimal("50"), currency="CAD", state="held",
        code="TAX-UNMAPPED", params={"key": f"TPS {secret}", "map": "tax"},
    )  # fmt: skip
    question = Question.objects.create(
        integration=pair, code="map:tax", asked_of=None, due_on=TODAY,
        text={"en": f"What is {secret}?", "fr": f"Qu’est-ce que {secret} ?"},
        choices=[{"value": "1", "en": f"This {secret}", "fr": f"Ceci {secret}"}, {"value": "2", "en": "B", "fr": "B"}],
    )  # fmt: skip
    pair.value_maps.create(kind="tax", source_key=f"TPS {secret}", question=question)
    right = factories.record(pair.right, "buyers", name=f"J. {secret}")
    Candidate.objects.create(
        integration=pair, entity="contact", left=jane, right=right, score="0.5", decision="same",
        decided_by=factories.staff(first_name=f"Zoé {secret}"), decided_at=timezone.now(),
    )  # fmt: skip
    member = Membership.objects.create(
        organization=owner, user=User.objects.create_user(f"{secret}@client.example".lower()), role="manager"
    )
    Comment.objects.create(
        organization=owner, integration=pair, question=question, text=f"Hm {secret}", user=member.user
    )
    first, last = activity.month_of(TODAY)
    report = reports.ask(owner, first, last, member.user)
    reports.make(report.pk)
    report.refresh_from_db()
    return Place(owner, pair, pair.left, question, member, report, secret)


def document(pair: Integration, side: str, number: str, amount: str, **more: Any) -> Any:
    """Return a document of this month on one side."""
    at = getattr(pair, side)
    day = more.pop("day", TODAY)
    return factories.record(
        at, "invoices" if side == "left" else "orders", number=number, name=number, date=day, amount=Decimal(amount),
        currency=more.pop("currency", "CAD"), **more,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def quick(settings):
    """What pages keep for a while is kept in memory, anew for each test."""
    from django.core.cache import cache

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def mine() -> Place:
    """The client of Carla."""
    return furnish("Atelier Inventé", "Ptarmigan")


@pytest.fixture
def theirs() -> Place:
    """The client of Dan."""
    return furnish("Dépanneur Inventé", "Wolverine")


def person(of: Organization, role: str, **values: Any) -> User:
    """Return somebody of a client, in a role."""
    made = factories.client_person(of, **values)
    Membership.objects.filter(user=made).update(role=role)
    return made


@pytest.fixture
def carla(client: Client, mine: Place) -> Client:
    """A manager, signed in."""
    client.force_login(person(mine.organization, "manager", first_name="Carla", last_name="Fictive"))
    return client
