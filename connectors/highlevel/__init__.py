"""HighLevel, sold as CrocoClick and under other names: contacts, invoices, payments, products, review requests."""

from connectors.contract import Connector, Limits, Text
from connectors.highlevel.auth import ENVIRONMENTS, OAUTH, PRIVATE_TOKEN, base_url, headers
from connectors.highlevel.brand import NAME
from connectors.highlevel.catalogue import CATALOGUE
from connectors.highlevel.contacts import CONTACTS
from connectors.highlevel.errors import ROWS, classify
from connectors.highlevel.feeds import FEEDS
from connectors.highlevel.invoices import INVOICES
from connectors.highlevel.payments import INVOICE_PAYMENTS
from connectors.highlevel.place import REFERENCES, diagnose, identify
from connectors.highlevel.products import PRODUCTS
from connectors.highlevel.receipts import RECEIPTS
from connectors.highlevel.refunds import REFUNDS
from connectors.highlevel.reviews import REVIEW_REQUESTS
from connectors.highlevel.subscriptions import SUBSCRIPTIONS
from connectors.highlevel.webhooks import WEBHOOKS

CONNECTOR = Connector(
    key="highlevel",
    label=Text(NAME, NAME),
    environments=ENVIRONMENTS,
    resources=(CONTACTS, PRODUCTS, INVOICES, RECEIPTS, INVOICE_PAYMENTS, REFUNDS, SUBSCRIPTIONS, REVIEW_REQUESTS),
    feeds=FEEDS,
    sign_in=(OAUTH, PRIVATE_TOKEN),
    headers=headers,
    base_url=base_url,
    classify=classify,
    identify=identify,
    # Per location a hundred calls in ten seconds and two hundred thousand a day; some are left for others.
    limits=Limits(concurrency=8, rates=((90, 10.0), (190_000, 86_400.0)), pause_seconds=10.0),
    errors=ROWS,
    catalogue=CATALOGUE,
    diagnose=diagnose,
    references=REFERENCES,
    webhooks=WEBHOOKS,
    # Access lasts a day; it is renewed well before, since a refusal could be many other things.
    refresh_before_seconds=3 * 3600.0,
)
