"""Mailchimp Marketing API 3.0: contacts of an audience, and one store with products and orders."""

from connectors.contract import Connector, Limits, Text
from connectors.mailchimp.account import REFERENCES, diagnose, identify
from connectors.mailchimp.auth import API_KEY, ENVIRONMENTS, OAUTH, base_url, headers
from connectors.mailchimp.catalogue import CATALOGUE
from connectors.mailchimp.customers import CUSTOMERS
from connectors.mailchimp.errors import ROWS, classify
from connectors.mailchimp.feeds import FEEDS
from connectors.mailchimp.members import MEMBERS
from connectors.mailchimp.orders import ORDERS
from connectors.mailchimp.products import PRODUCTS
from connectors.mailchimp.shop import STORES
from connectors.mailchimp.webhooks import WEBHOOKS

CONNECTOR = Connector(
    key="mailchimp",
    label=Text("Mailchimp", "Mailchimp"),
    environments=ENVIRONMENTS,
    resources=(STORES, MEMBERS, PRODUCTS, CUSTOMERS, ORDERS),
    feeds=FEEDS,
    sign_in=(OAUTH, API_KEY),
    headers=headers,
    base_url=base_url,
    classify=classify,
    identify=identify,
    # Ten connections for all programs of a person together: half of them leaves room. No rate is published, and a
    # throttle answer names no time.
    limits=Limits(concurrency=5, pause_seconds=30.0),
    errors=ROWS,
    catalogue=CATALOGUE,
    diagnose=diagnose,
    references=REFERENCES,
    webhooks=WEBHOOKS,
)
