"""Real runs that meet records they are not sure about, and what a person's decision about them does to the next one."""

import pytest

from bridge.hub.models import Candidate, Change, Double, Link, Record, VendorApp
from bridge.jobs import duplicates, merging
from tests.house import CLIENT, SECRET

Decision = Candidate.Decision


def customer(number, name, email):
    given, _, family = name.rpartition(" ")
    return {"Id": str(number), "DisplayName": name, "GivenName": given, "FamilyName": family, "Active": True,
            "PrimaryEmailAddr": {"Address": email}}  # fmt: skip


def contact(number, name, email):
    given, _, family = name.rpartition(" ")
    return {"id": str(number), "properties": {"firstname": given, "lastname": family, "email": email}}


@pytest.fixture
def pair(house):
    """Books and a CRM, contacts going to the CRM; `load` fills both, then runs are worked."""
    from bridge.jobs import integrations

    app, _ = VendorApp.objects.get_or_create(
        vendor="hubspot", environment="local_sandbox", defaults={"client_id": CLIENT}
    )
    app.secret = SECRET
    app.save()

    def load(customers, contacts):
        house.server.load("quickbooks", Customer=customers)
        house.server.load("hubspot", contacts=contacts)
        books, crm = house.connect("quickbooks"), house.connect("hubspot")
        house.integration = integrations.create(house.organization, "quickbooks_hubspot", house.ann)
        integrations.attach(house.integration, "left", books)
        integrations.attach(house.integration, "right", crm)
        house.integration.refresh_from_db()
        house.integration.flows.exclude(entity="contact").update(is_on=False)
        house.integration.flows.filter(entity="contact").update(is_on=True, direction="both", filter={}, filter_back={})
        return house

    return load


def row(house, side, remote_id):
    resource = "customers" if side == "left" else "contacts"
    return Record.objects.get(connection=getattr(house.integration, side), resource=resource, remote_id=str(remote_id))


def there(house):
    """How many customers and contacts both vendors have now."""
    crm = house.integration.right.account_id
    (account,) = (item for item in house.server.state("hubspot")["accounts"] if str(item["portal"]) == crm)
    contacts = [item for item in account["records"]["contacts"] if not item.get("archived")]
    return Record.objects.filter(connection=house.integration.left, resource="customers", gone=False).count(), len(
        contacts
    )


def created():
    return Change.objects.filter(action="create", state=Change.State.DONE).count()


def test_one_contact_that_two_customers_match_is_linked_to_one_and_the_two_are_merged(pair):
    house = pair(
        [customer(901, "Ana Inventée", "ana@example.com"), customer(902, "Anna Inventée", "ana@example.com")],
        [contact(901, "Ana Inventée", "ana@example.com")],
    )
    house.run()
    before = there(house)
    right = row(house, "right", 901)
    asked = list(Candidate.objects.filter(right=right).order_by("left__remote_id"))
    assert [item.left.remote_id for item in asked] == ["901", "902"], "a person is asked about both"
    assert not Link.objects.exists() and not created()

    duplicates.decide(asked[0], Decision.SAME, house.ann)
    assert Candidate.objects.get(pk=asked[1].pk).decision == Decision.MOOT
    double = Double.objects.get()
    assert {double.left.remote_id, double.right.remote_id} == {"901", "902"}
    made = merging.merge(row(house, "left", 901), row(house, "left", 902), house.ann)
    for _ in range(2):
        house.run()
        assert there(house) == before
        assert not created()
    assert not Change.objects.filter(state__in=(Change.State.HELD, Change.State.REJECTED)).exists()
    assert Link.objects.get(shared=False).left.remote_id == "901"

    merging.unmerge(made, house.ann)
    house.run()
    assert there(house) == before, "two again, the second one waits for a person and makes no contact of its own"
    assert Change.objects.filter(source=row(house, "left", 902), state=Change.State.HELD).exists()


def links():
    return sorted(Link.objects.values_list("left__name", "right__remote_id", "shared"))


def test_two_contacts_of_one_person_with_a_customer_each_are_merged_on_both_sides_and_parted_again(pair):
    house = pair(
        [customer(901, "Omar Fictif", "omar@example.com")],
        [contact(901, "Omar Fictif", "omar@example.com"), contact(902, "O. Fictif", "fictif@example.com")],
    )
    house.run()
    house.run()
    assert links() == [("O. Fictif", "902", False), ("Omar Fictif", "901", False)]
    before, made = there(house), created()

    first = merging.merge(row(house, "right", 901), row(house, "right", 902), house.ann)
    double = Double.objects.get()
    assert double.connection == house.integration.left, "their customers may be one too: a person is asked"
    keep = Link.objects.get(right__remote_id="901", shared=False).left
    drop = double.right if double.left_id == keep.pk else double.left
    second = merging.merge(keep, drop, house.ann)
    for _ in range(2):
        house.run()
        assert (there(house), created()) == (before, made), "nothing is made anew while both wait for the vendors"
    assert not Change.objects.filter(state__in=(Change.State.HELD, Change.State.REJECTED)).exists()

    merging.unmerge(second, house.ann)
    merging.unmerge(first, house.ann)
    assert links() == [("O. Fictif", "902", False), ("Omar Fictif", "901", False)]
    house.run()
    assert (there(house), created()) == (before, made)


def test_never_these_two_is_respected_by_every_later_run(pair):
    house = pair(
        [customer(901, "Ana Inventée", "ana@example.com"), customer(902, "Anna Inventée", "ana@example.com")],
        [contact(901, "Ana Inventée", "ana@example.com")],
    )
    house.run()
    assert Candidate.objects.count() == 2
    for item in Candidate.objects.all():
        duplicates.decide(item, Decision.NEVER, house.ann)
    for _ in range(2):
        house.run()
        assert not Link.objects.exists() and not created()
        assert set(Candidate.objects.values_list("decision", flat=True)) == {Decision.NEVER}
    assert set(Change.objects.filter(state=Change.State.HELD).values_list("code", flat=True)) == {"NEVER-MATCH"}
