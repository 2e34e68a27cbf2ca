"""HubSpot CRM: contacts, products, invoices, deals, payments, and notes about payments."""

from connectors.contract import Connector, Limits, Text
from connectors.hubspot.account import REFERENCES, diagnose, identify
from connectors.hubspot.auth import ENVIRONMENTS, OAUTH, base_url, headers
from connectors.hubspot.catalogue import CATALOGUE
from connectors.hubspot.contacts import CONTACTS
from connectors.hubspot.deals import DEALS
from connectors.hubspot.errors import ROWS, classify
from connectors.hubspot.feeds import FEEDS
from connectors.hubspot.invoices import INVOICES
from connectors.hubspot.notes import PAYMENT_NOTES
from connectors.hubspot.payments import PAYMENTS
from connectors.hubspot.products import PRODUCTS
from connectors.hubspot.webhooks import WEBHOOKS

CONNECTOR = Connector(
    key="hubspot",
    label=Text("HubSpot", "HubSpot"),
    environments=ENVIRONMENTS,
    resources=(CONTACTS, PRODUCTS, INVOICES, PAYMENTS, DEALS, PAYMENT_NOTES),
    feeds=FEEDS,
    sign_in=(OAUTH,),
    headers=headers,
    base_url=base_url,
    classify=classify,
    identify=identify,
    # For each account 110 calls in ten seconds, and five searches a second for all its apps together.
    limits=Limits(concurrency=8, rates=((110, 10.0),), buckets={"search": ((5, 1.0),)}, pause_seconds=10.0),
    errors=ROWS,
    catalogue=CATALOGUE,
    diagnose=diagnose,
    references=REFERENCES,
    webhooks=WEBHOOKS,
    # Access lasts half an hour; a refusal is not to be the signal to renew it.
    refresh_before_seconds=300.0,
)
