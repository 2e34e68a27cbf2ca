"""Merging where the vendor merges by call: planned, approved, carried out once, and followed to the survivor's new id."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bridge.hub.models import Change, Link, Merge, Record, Run, VendorApp
from bridge.jobs import merging, runs
from connectors.contract import SettingInvalid
from tests.house import CLIENT, SECRET


def contact(number, **properties):
    return {"id": str(number), "properties": properties}


@pytest.fixture
def crm(house):
    """Two contacts of one person in the CRM, the customer in the books linked to the first of them."""
    from bridge.jobs import integrations

    app, _ = VendorApp.objects.get_or_create(
        vendor="hubspot", environment="local_sandbox", defaults={"client_id": CLIENT}
    )
    app.secret = SECRET
    app.save()
    house.server.load("quickbooks", Customer=[{
        "Id": "901", "DisplayName": "Ana Inventée", "GivenName": "Ana", "FamilyName": "Inventée", "Active": True,
        "PrimaryEmailAddr": {"Address": "ana@example.com"},
    }])  # fmt: skip
    house.server.load("hubspot", contacts=[
        contact(901, firstname="Ana", lastname="Inventée", email="ana@example.com"),
        contact(902, firstname="Anna", lastname="Inventée", email="anna@example.com", phone="514-555-0103"),
    ])  # fmt: skip
    books, crm = house.connect("quickbooks"), house.connect("hubspot")
    house.integration = integrations.create(house.organization, "quickbooks_hubspot", house.ann)
    integrations.attach(house.integration, "left", books)
    integrations.attach(house.integration, "right", crm)
    house.integration.refresh_from_db()
    house.integration.flows.exclude(entity="contact").update(is_on=False)
    house.integration.flows.filter(entity="contact").update(is_on=True, direction="right", filter={}, filter_back={})
    house.run()
    return house


def contacts(house):
    """The living contacts of the CRM, by id."""
    crm = house.integration.right.account_id
    (account,) = (item for item in house.server.state("hubspot")["accounts"] if str(item["portal"]) == crm)
    rows = account["records"]["contacts"]
    return {row["id"]: row["properties"] for row in rows if not row.get("archived")}


def ends(house):
    rows = Record.objects.filter(connection=house.integration.right, resource="contacts")
    return rows.get(remote_id="901"), rows.get(remote_id="902")


def merges_called(house):
    return [call for call in house.server.calls("hubspot") if call["path"].endswith("/merge")]


@pytest.fixture
def planned(crm):
    """The two merged in the hub, and the merge at the vendor planned."""
    keep, drop = ends(crm)
    made = merging.merge(keep, drop, crm.ann)
    assert not merges_called(crm), "the hub alone merged: nothing was said to the vendor"
    return crm, made, merging.prepare(made, crm.ann)


def test_a_merge_at_the_vendor_waits_for_approval_and_is_carried_out_once(planned):
    house, made, run = planned
    assert (run.kind, run.state) == (Run.Kind.MERGE, Run.State.PLANNED)
    runs.work(run.pk)
    assert not merges_called(house)
    with pytest.raises(SettingInvalid) as error:
        merging.prepare(made, house.ann)
    assert error.value.code == "MERGE-PLANNED"

    run = house.finish(run)
    assert run.state == Run.State.DONE
    assert len(merges_called(house)) == 1
    (survivor,) = contacts(house)
    assert survivor not in ("901", "902"), "this vendor gives the survivor an id of its own"
    made.refresh_from_db()
    assert made.vendor == Merge.Vendor.SEEN
    link = Link.objects.get(shared=False)
    assert link.right.remote_id == survivor
    assert set(Record.objects.exclude(merged_into="").values_list("remote_id", "merged_into")) == {
        ("901", survivor), ("902", survivor),
    }  # fmt: skip

    house.run()
    after = contacts(house)
    assert list(after) == [survivor]
    assert Link.objects.get(shared=False).right.remote_id == survivor
    assert not Change.objects.filter(action="create", state="done", settled_at__gt=run.started_at).exists()
    with pytest.raises(SettingInvalid) as error:
        merging.unmerge(made, house.ann)
    assert error.value.code == "MERGE-THERE"


def test_a_merge_that_is_not_sent_yet_can_be_taken_back(planned):
    house, made, run = planned
    merging.unmerge(made, house.ann)
    house.finish(run)
    assert not merges_called(house)
    assert len(contacts(house)) == 2
    assert Link.objects.get().right.remote_id == "901"


@pytest.mark.fault("E05")
def test_an_answer_lost_in_transit_does_not_merge_twice(planned):
    house, made, run = planned
    house.server.faults(
        {"vendor": "hubspot", "method": "POST", "path": "/contacts/merge$", "kind": "drop_after", "times": 1}
    )
    runs.approve(run, house.ann)
    runs.work(run.pk)
    change = Change.objects.get(action="merge")
    assert change.state == Change.State.UNKNOWN
    Change.objects.filter(pk=change.pk).update(
        claimed_at=timezone.now() - timedelta(minutes=5), retry_at=timezone.now()
    )
    Run.objects.filter(pk=run.pk).update(wake_at=timezone.now())
    run = house.finish(run)
    change.refresh_from_db()
    assert (change.state, change.resolution) == (Change.State.DONE, "found and adopted")
    assert len(merges_called(house)) == 1
    made.refresh_from_db()
    assert made.vendor == Merge.Vendor.SEEN
    house.run()
    (survivor,) = contacts(house)
    assert Record.objects.get(remote_id=survivor).gone is False


def test_a_merge_that_never_arrived_is_sent_again(planned):
    house, _made, run = planned
    house.server.faults(
        {"vendor": "hubspot", "method": "POST", "path": "/contacts/merge$", "kind": "drop_before", "times": 1}
    )
    runs.approve(run, house.ann)
    runs.work(run.pk)
    change = Change.objects.get(action="merge")
    Change.objects.filter(pk=change.pk).update(
        claimed_at=timezone.now() - timedelta(minutes=5), retry_at=timezone.now()
    )
    Run.objects.filter(pk=run.pk).update(wake_at=timezone.now())
    run = house.finish(run)
    change.refresh_from_db()
    assert change.state == Change.State.DONE
    assert len(contacts(house)) == 1
