"""The settings of an installation that also knows the corner shop of the tests."""

from bridge.settings import *  # noqa: F403
from bridge.settings import CONNECTORS, RECIPES

CONNECTORS = [*CONNECTORS, "tests.corner_shop"]
RECIPES = [*RECIPES, "tests.corner_shop"]
