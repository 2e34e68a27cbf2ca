"""What a recipe says of records that are gone can be done at the other side."""

import pytest

from bridge import registry
from connectors.contract import Recipe, RecipeFlow

FLOWS = [
    pytest.param(recipe, flow, id=f"{recipe.key}:{flow.entity}")
    for recipe in registry.recipes().values()
    for flow in recipe.flows
    if flow.removes != "never"
]


@pytest.mark.parametrize(("recipe", "flow"), FLOWS)
def test_every_target_can_be_voided_or_removed_as_its_flow_says(recipe: Recipe, flow: RecipeFlow) -> None:
    for side in flow.directions:
        connector = registry.connector(getattr(recipe, side))
        for name in getattr(flow, side):
            assert getattr(connector.resource(name), flow.removes) is not None, f"{name} of {connector.key}"
