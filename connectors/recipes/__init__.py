"""Pairs of vendors, as data. Each module holds one recipe; `RECIPES` is what the registry loads."""

from connectors.contract import Recipe
from connectors.recipes.quickbooks_highlevel import RECIPE as QUICKBOOKS_HIGHLEVEL
from connectors.recipes.quickbooks_hubspot import RECIPE as QUICKBOOKS_HUBSPOT
from connectors.recipes.quickbooks_magento import RECIPE as QUICKBOOKS_MAGENTO
from connectors.recipes.quickbooks_mailchimp import RECIPE as QUICKBOOKS_MAILCHIMP
from connectors.recipes.quickbooks_shopmonkey import RECIPE as QUICKBOOKS_SHOPMONKEY

RECIPES: tuple[Recipe, ...] = (
    QUICKBOOKS_MAILCHIMP,
    QUICKBOOKS_MAGENTO,
    QUICKBOOKS_HUBSPOT,
    QUICKBOOKS_SHOPMONKEY,
    QUICKBOOKS_HIGHLEVEL,
)
