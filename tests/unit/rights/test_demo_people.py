"""The people of the demo: an owner in each language, somebody of support, and a client of each organization."""

import pytest
from django.urls import reverse

from bridge.hub.models import Membership, Organization, User
from bridge.jobs.management.commands import demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """Everybody the demo makes."""
    demo.Command()._people()


def test_the_demo_has_owners_support_and_two_clients_of_different_organizations(people):
    roles = {user.email: user.staff_role for user in User.objects.filter(is_staff=True)}
    assert roles == {"ann@bridge.example": "owner", "anne@bridge.example": "owner", "sam@bridge.example": "support"}
    assert not User.objects.filter(is_superuser=True).exists(), "the administrator is for the installation"
    clients = {row.user.email: (row.user.language, row.organization_id) for row in Membership.objects.all()}
    assert [clients["carla@boreal.example"][0], clients["dan@northwind.example"][0]] == ["fr", "en"]
    assert len({organization for _language, organization in clients.values()}) == 2


def test_each_signs_in_to_their_own_world(client, people):
    worlds = {}
    for email, *_rest in demo.PEOPLE:
        client.force_login(User.objects.get(email=email))
        answer = client.get("/", follow=True)
        assert answer.status_code == 200
        worlds[email] = answer.request["PATH_INFO"]
        client.logout()
    homes = {row.user.email: reverse("portal:home", args=[row.organization_id]) for row in Membership.objects.all()}
    assert worlds == {
        "ann@bridge.example": "/admin/", "anne@bridge.example": "/admin/", "sam@bridge.example": reverse("admin:find"),
        **homes,
    }  # fmt: skip
    assert Organization.objects.count() >= 2
