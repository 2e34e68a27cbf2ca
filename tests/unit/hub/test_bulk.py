"""Bulk statements keep what the ORM would have kept."""

from decimal import Decimal

import pytest
from django.utils import timezone

from bridge.hub import bulk
from bridge.hub.models import Connection, Organization, Record

COLUMNS = [
    "connection",
    "resource",
    "scope",
    "remote_id",
    "document",
    "name",
    "amount",
    "fingerprint",
    "read_at",
    "number",
    "tax",
    "currency",
    "status",
    "party",
    "email_key",
    "phone_key",
    "name_key",
    "version",
    "gone",
    "merged_into",
    "touched",
    "date",
    "changed_at",
]
UNIQUE = ["connection", "resource", "scope", "remote_id"]


@pytest.fixture
def connection_row(db):
    organization = Organization.objects.create(name="Essai")
    return Connection.objects.create(organization=organization, vendor="v", environment="live", account_id="1")


def row(connection_row, remote_id, fingerprint="a", **over):
    values = {
        "connection": connection_row.pk,
        "resource": "things",
        "scope": "",
        "remote_id": remote_id,
        "document": {"amount": Decimal("100.00"), "name": 'Éloïse "x" \\ \n\t', "nul": "a\x00b"},
        "name": "Éloïse",
        "amount": Decimal("12.34500"),
        "fingerprint": fingerprint,
        "read_at": timezone.now(),
        "number": "",
        "tax": None,
        "currency": "CAD",
        "status": "",
        "party": "",
        "email_key": "",
        "phone_key": "",
        "name_key": "",
        "version": "",
        "gone": False,
        "merged_into": "",
        "touched": 1,
        "date": None,
        "changed_at": None,
    }
    values.update(over)
    return [values[name] for name in COLUMNS]


def test_rows_come_back_as_they_went_in(connection_row):
    bulk.upsert(Record, COLUMNS, [row(connection_row, "1"), row(connection_row, "2")], UNIQUE, "fingerprint")
    record = Record.objects.get(remote_id="1")
    assert record.document["amount"] == Decimal("100.00")
    assert str(record.document["amount"]) == "100.00"
    assert record.document["name"] == 'Éloïse "x" \\ \n\t'
    assert record.document["nul"] == "ab"
    assert record.amount == Decimal("12.345")


def test_an_unchanged_row_is_left_alone_and_a_changed_one_is_not(connection_row):
    bulk.upsert(Record, COLUMNS, [row(connection_row, "1"), row(connection_row, "2")], UNIQUE, "fingerprint")
    again = [row(connection_row, "1", touched=2), row(connection_row, "2", fingerprint="b", name="Zoé", touched=2)]
    bulk.upsert(Record, COLUMNS, again, UNIQUE, "fingerprint")
    assert list(Record.objects.order_by("remote_id").values_list("touched", "name")) == [(1, "Éloïse"), (2, "Zoé")]


def test_an_update_meets_only_the_rows_it_may(connection_row):
    bulk.insert(Record, COLUMNS, [row(connection_row, str(n)) for n in range(900)])
    rows = [(record.pk, {"n": record.pk}, timezone.now()) for record in Record.objects.only("pk")]
    Record.objects.filter(remote_id="5").update(fingerprint="other")
    met = bulk.update(Record, "id", ["document", "changed_at"], rows, 't."fingerprint" = %s', ["a"])
    assert len(met) == 899
    assert Record.objects.get(remote_id="7").document == {"n": Record.objects.get(remote_id="7").pk}
    assert Record.objects.get(remote_id="5").changed_at is None


def test_what_is_there_already_can_be_ignored(connection_row):
    bulk.insert(Record, COLUMNS, [row(connection_row, "1")])
    bulk.insert_ignoring(Record, COLUMNS, [row(connection_row, "1", name="other"), row(connection_row, "2")])
    assert Record.objects.count() == 2
    assert Record.objects.get(remote_id="1").name == "Éloïse"
