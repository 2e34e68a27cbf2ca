"""Looking for twins: second addresses count as the first, and alike is put before a person, never linked."""

import pytest
from django.utils import timezone

from bridge.engine.match import match
from bridge.hub.models import Alias, Connection, Organization
from bridge.jobs import store
from connectors.contract import Field, Record, Resource

pytestmark = pytest.mark.django_db

PEOPLE = Resource(
    name="people", entity="contact", label="People",
    fields=(Field("name", "name"), Field("email", "email"), Field("other_emails", "others")),
)  # fmt: skip


@pytest.fixture
def connection():
    organization = Organization.objects.create(name="Maison d’essai (fictive)")
    return Connection.objects.create(organization=organization, vendor="hubspot", environment="local_sandbox")


def keep(connection, *documents):
    records, bad = store.parse_all(PEOPLE, documents)
    assert not bad
    store.store(connection, PEOPLE, "", records, 1, timezone.now())


def kept():
    return set(Alias.objects.values_list("record__remote_id", "value"))


def test_other_addresses_are_kept_as_keys_and_follow_the_contact(connection):
    keep(connection, {"id": "1", "name": "Zoé", "email": "zoe@fictive.example", "others": ["Zoe.B@Fictive.example"]})
    assert kept() == {("1", "zoe.b@fictive.example")}
    keep(connection, {"id": "1", "name": "Zoé", "email": "zoe@fictive.example", "others": ["z@fictive.example"]})
    assert kept() == {("1", "z@fictive.example")}
    keep(connection, {"id": "1", "name": "Zoé B", "email": "zoe@fictive.example"})
    assert kept() == {("1", "z@fictive.example")}, "not told is not empty"
    keep(connection, {"id": "1", "name": "Zoé B", "email": "zoe@fictive.example", "others": None})
    assert kept() == set()


def test_what_is_no_address_is_no_key(connection):
    keep(connection, {"id": "1", "name": "Zoé", "email": None, "others": ["aucun", ""]})
    assert kept() == set()


def test_a_second_address_matches_as_the_first_does():
    source = Record("customers", "7", {"email": "Zoe.B@fictive.example"})
    twin = Record("people", "1", {"email": "zoe@fictive.example", "other_emails": ["zoe.b@fictive.example"]})
    other = Record("people", "2", {"email": "ondine@fictive.example"})
    assert match(source, [twin, other], ("email",)).target_id == "1"
    assert (
        match(source, [twin, Record("people", "3", {"email": "zoe.b@fictive.example"})], ("email",)).kind == "several"
    )
