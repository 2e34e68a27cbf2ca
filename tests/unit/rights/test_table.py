"""The table of rights: complete, agreed with by every view, and the only thing that gives a right."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission

from bridge.hub import rights
from bridge.hub.models import Change, Membership, Organization
from bridge.portal import frame
from tests import factories
from tests.unit.rights import routes

ROLES = [key for key, _label in rights.STAFF_ROLES]


def label(model):
    return model._meta.label_lower


@pytest.mark.fault("S07")
def test_every_model_has_a_row_and_every_row_a_model():
    assert set(rights.MODELS) == {label(model) for model in apps.get_models()}


@pytest.mark.fault("S07")
def test_every_page_of_the_desk_has_a_row_and_every_row_a_page():
    names = {route.name.removeprefix("admin:") for route in routes.all_routes() if route.is_desk_page}
    assert names == set(rights.PAGES) - {"index"}


def test_every_page_of_the_portal_has_a_row_and_every_row_a_page():
    found = {
        route.name.removeprefix("portal:"): route.callback.post_right
        for route in routes.all_routes()
        if route.name.startswith("portal:") and hasattr(route.callback, "post_right")
    }
    assert found == dict(rights.PORTAL)


def test_every_right_that_is_asked_for_is_somebodys():
    asked = {right for row in rights.PAGES.values() for right in (row.open, row.act) if right}
    for route in routes.all_routes():
        asked.update(filter(None, getattr(route.callback, "rights", ())))
    assert [right for right in sorted(asked) if not rights.roles_with(right)] == []


def test_no_view_asks_for_more_than_the_table_promises():
    """Both are asked for: the row by the site, the view's own right by the view. A role passes both or neither."""
    wrong = []
    for route in routes.all_routes():
        own = getattr(route.callback, "rights", None)
        row = rights.PAGES.get(route.name.removeprefix("admin:"))
        if own is None or row is None:
            continue
        for right, mine in ((row.open, own[0]), (row.act, own[1])):
            if right and mine and not rights.roles_with(right) <= rights.roles_with(mine):
                wrong.append((route.name, right, mine))
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.django_db
def test_a_person_holds_what_the_column_says_and_nothing_else(role):
    person = factories.office(role)
    person.groups.add(Group.objects.create(name="Everything"))
    Group.objects.get().permissions.set(Permission.objects.all())
    person.user_permissions.set(Permission.objects.all())
    for model, actions in rights.MODELS.items():
        app, _dot, name = model.partition(".")
        for action in {*actions, "view", "add", "change", "delete", "import", "export", "approve", "undo"}:
            assert person.has_perm(f"{app}.{action}_{name}") == (role in actions.get(action, ())), (model, action)
    assert not person.has_module_perms("django_q") and not person.has_perm("hub.rule_everything")


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"is_active": False}, {"is_staff": False}, {"staff_role": ""}])
def test_a_role_counts_only_for_somebody_who_works_here(values):
    person = factories.office("owner")
    for name, value in values.items():
        setattr(person, name, value)
    person.save()
    assert not person.has_perm("hub.view_run") and not person.get_all_permissions()
    factories.organization()
    assert not Organization.objects.for_user(person).exists()


def test_the_roles_of_clients_are_those_of_memberships():
    assert set(rights.MEMBER_ROLES) == set(Membership.Role.values)
    assert {role: frame.RIGHTS[role] for role in rights.MEMBER_ROLES} == {
        "viewer": frozenset(),
        "accountant": frozenset({"answer", "connect"}),
        "manager": frozenset({"answer", "connect", "revoke", "people"}),
    }


@pytest.mark.fault("S09")
def test_the_desk_holds_only_what_has_rights_in_the_table():
    registered = {label(model) for model in admin.site._registry}
    own = {"hub.user", "hub.organization", "hub.vendorapp", "hub.reportplan"}
    assert registered == own | {"hub.record", "hub.change"}
    assert all(rights.MODELS[name].get("view") for name in registered)


@pytest.mark.fault("S09")
@pytest.mark.django_db
@pytest.mark.parametrize("model", [name for name, row in rights.MODELS.items() if not name.startswith("hub.")])
def test_what_libraries_keep_has_no_address_on_the_desk(client, model):
    client.force_login(factories.staff())
    app, _dot, name = model.partition(".")
    for tail in ("", "add/", "1/change/", "1/delete/", "1/"):
        for call in (client.get, client.post):
            answer = call(f"/admin/{app}/{name}/{tail}", {"confirmed": "yes", "post": "yes"})
            assert answer.status_code == 404, (model, tail)


# whose rows


@pytest.mark.django_db
def test_somebody_who_looks_after_some_clients_sees_only_those():
    mine, theirs = factories.organization(), factories.organization()
    person = factories.office("owner", mine)
    here, there = factories.run(factories.integration(mine)), factories.run(factories.integration(theirs))
    factories.change(here), factories.change(there)
    assert list(Organization.objects.for_user(person)) == [mine]
    assert [row.run_id for row in Change.objects.for_user(person)] == [here.pk]
    person.organizations.clear()
    assert not Organization.objects.for_user(person).exists(), "looking after nobody is not looking after all"
    person.sees_all = True
    assert Organization.objects.for_user(person).count() == 2


@pytest.mark.django_db
def test_somebody_of_the_office_who_is_also_a_clients_sees_that_client_too():
    mine, theirs = factories.organization(), factories.organization()
    person = factories.office("viewer", mine)
    Membership.objects.create(user=person, organization=theirs)
    assert set(Organization.objects.for_user(person)) == {mine, theirs}
