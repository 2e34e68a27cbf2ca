"""Several buyers of one organization may be one customer of the books; nothing else is ever shared because of that."""

from types import SimpleNamespace

import pytest

from bridge import registry
from bridge.engine.model import FlowSpec
from bridge.engine.posting import policy
from bridge.jobs.context import composed

POSTED = [flow for flow in registry.recipe("quickbooks_magento").flows if flow.posting]


def planned(flow, allow_shared=False, **settings):
    """The flow as it is planned under these settings."""
    poster = SimpleNamespace(policy=policy(settings, {}), declared=flow)
    return composed(FlowSpec(flow.entity, "left", (), match_on=flow.match_on, allow_shared=allow_shared), poster)


@pytest.mark.row("O-17")
@pytest.mark.parametrize("flow", POSTED, ids=lambda flow: flow.entity)
def test_only_buyers_share_and_only_where_organizations_are_the_customers(flow):
    assert planned(flow, customer="company").allow_shared is (flow.entity == "contact")
    for customer in ("person", "generic"):
        assert not planned(flow, customer=customer).allow_shared


@pytest.mark.parametrize("flow", POSTED, ids=lambda flow: flow.entity)
@pytest.mark.parametrize("items_by", ["sku", "name"])
def test_what_is_found_by_name_does_not_share_for_that(flow, items_by):
    found = planned(flow, customer="company", items_by=items_by)
    if flow.entity == "product":
        assert found.match_on == (items_by,)
    assert found.allow_shared is (flow.entity == "contact")


def test_a_wrong_setting_shares_nothing():
    flow = next(flow for flow in POSTED if flow.entity == "contact")
    poster = SimpleNamespace(policy=None, declared=flow)
    assert not composed(FlowSpec("contact", "left", (), match_on=("email",)), poster).allow_shared
