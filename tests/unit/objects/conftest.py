"""A client whose books and address book are connected and make a pair both ways; records are put in by hand."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import corner_crm, factories


@pytest.fixture
def crm(monkeypatch, settings):
    """The address book, known to the registry."""
    with corner_crm.open_crm(monkeypatch, settings) as opened:
        yield opened


@pytest.fixture
def person(db):
    """A person of the house."""
    return factories.staff()


@pytest.fixture
def pair(crm, person):
    """The integration, with nothing read yet."""
    from bridge.jobs import integrations

    owner = factories.organization(time_zone="America/Vancouver")
    right = factories.connection(owner, "corner_crm")
    right.grant = {"access_token": "a-key"}
    right.grant_expires_at = timezone.now() + timedelta(days=30)
    right.save()
    made = integrations.create(owner, "quickbooks_corner_crm", person)
    integrations.attach(made, "left", factories.connection(owner, "quickbooks"))
    integrations.attach(made, "right", right)
    return made


@pytest.fixture
def people(pair):
    """Contacts A (an invoice made there), B (a payment whose date is known), C (neither), D (an invoice of ours), and
    E (a payment whose date nobody knows).
    """
    made = {}
    for letter in "ABCDE":
        document = {"id": letter, "name": f"{letter} Invented", "email": f"{letter.lower()}@invented.example"}
        made[letter] = factories.record(
            pair.right, "contacts", remote_id=letter, document=document, name=document["name"]
        )
    for number, (party, source) in enumerate((("A", "crm"), ("A", "bridge"), ("D", "bridge"))):
        document = {
            "id": str(number), "number": f"I-{number}", "date": "2026-03-01", "total": "10.00", "source": source,
            "contact": party,
        }  # fmt: skip
        factories.record(pair.right, "invoices", remote_id=str(number), document=document, party=party)
    for party, created in (("B", "2026-03-02T10:00:00Z"), ("E", None)):
        document = {"id": f"p{party}", "total": "10.00", "created_at": created, "contact": party}
        factories.record(pair.right, "payments", remote_id=f"p{party}", document=document, party=party)
    return made
