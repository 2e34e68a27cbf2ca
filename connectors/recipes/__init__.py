"""Pairs of vendors, as data. Each module holds one recipe; `RECIPES` is what the registry loads."""

from connectors.contract import Recipe
from connectors.recipes.quickbooks_magento import RECIPE as QUICKBOOKS_MAGENTO
from connectors.recipes.quickbooks_mailchimp import RECIPE as QUICKBOOKS_MAILCHIMP

RECIPES: tuple[Recipe, ...] = (QUICKBOOKS_MAILCHIMP, QUICKBOOKS_MAGENTO)
